//! A circuit breaker: an origin that keeps failing is left alone for a while, and asked again by
//! itself, one request first.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// When an origin is left alone, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BreakerRule {
    /// Failures in a row after which it rests; 0: never.
    pub failures: u32,
    /// The first rest; each further one is twice as long.
    pub rest: Duration,
    /// The longest rest.
    pub longest: Duration,
}

impl Default for BreakerRule {
    fn default() -> Self {
        Self {
            failures: 5,
            rest: Duration::from_secs(1),
            longest: Duration::from_secs(30),
        }
    }
}

/// Counts the failures of one origin.
#[derive(Debug)]
pub struct Breaker {
    rule: BreakerRule,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Failures in a row.
    failures: u32,
    /// Rests in a row.
    rests: u32,
    resting_until: Option<Instant>,
    /// Somebody is finding out whether it is back.
    probing: bool,
}

impl State {
    /// While it rests, and while one finds out whether it is back.
    fn is_shut(&self, now: Instant) -> bool {
        let resting = self.resting_until;
        resting.is_some_and(|until| self.probing || now < until)
    }
}

/// Leave to ask, until a verdict. Dropped without one (the client went away), nothing is learned.
#[derive(Debug)]
pub struct Pass {
    breaker: Arc<Breaker>,
    probe: bool,
}

impl Breaker {
    /// An origin that has not failed yet.
    #[must_use]
    pub fn new(rule: BreakerRule) -> Self {
        Self {
            rule,
            state: Mutex::default(),
        }
    }

    /// Leave to ask; `None` while the origin rests.
    #[must_use]
    #[allow(clippy::disallowed_methods, reason = "a rest is measured by the clock")]
    pub fn admit(self: &Arc<Self>) -> Option<Pass> {
        let mut state = self.lock();
        if state.is_shut(Instant::now()) {
            return None;
        }
        let probe = state.resting_until.is_some();
        state.probing = probe;
        Some(Pass {
            breaker: self.clone(),
            probe,
        })
    }

    /// Whether nobody may ask now.
    #[must_use]
    #[allow(clippy::disallowed_methods, reason = "a rest is measured by the clock")]
    pub fn is_shut(&self) -> bool {
        self.lock().is_shut(Instant::now())
    }

    /// Whether the last that is known of the origin is that it fails: from the first rest on until one has found it back.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.lock().resting_until.is_some()
    }

    #[allow(clippy::disallowed_methods, reason = "a rest is measured by the clock")]
    fn failed(&self, probe: bool) {
        let mut state = self.lock();
        state.failures = state.failures.saturating_add(1);
        let due = self.rule.failures > 0 && state.failures >= self.rule.failures;
        // Answers that were on their way when the rest began do not prolong it.
        if !probe && (!due || state.resting_until.is_some()) {
            return;
        }
        let doubled = self.rule.rest.saturating_mul(1 << state.rests.min(16));
        // Up to a quarter longer, so that gateways do not come back all at once.
        let rest = doubled
            .min(self.rule.longest)
            .mul_f64(1.0 + fastrand::f64() / 4.0);
        state.rests = state.rests.saturating_add(1);
        state.resting_until = Instant::now().checked_add(rest);
    }

    /// The state stays whole when a holder panics: nothing in between can fail.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pass {
    /// The origin answered, if only to say that it does not have the asset.
    pub fn succeeded(self) {
        *self.breaker.lock() = State::default();
    }

    /// The origin did not answer, or not with sense.
    pub fn failed(self) {
        self.breaker.failed(self.probe);
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        if self.probe {
            self.breaker.lock().probing = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn breaker(rest: Duration) -> Arc<Breaker> {
        Arc::new(Breaker::new(BreakerRule {
            failures: 3,
            rest,
            longest: Duration::from_secs(60),
        }))
    }

    #[test]
    fn failures_in_a_row_open_it() {
        let breaker = breaker(Duration::from_secs(60));
        for _ in 0..2 {
            breaker.admit().unwrap().failed();
        }
        breaker.admit().unwrap().succeeded();
        for _ in 0..3 {
            assert!(!breaker.is_shut() && !breaker.is_open());
            breaker.admit().unwrap().failed();
        }
        assert!(breaker.is_shut() && breaker.is_open());
        assert!(breaker.admit().is_none());
    }

    #[test]
    fn one_request_at_a_time_finds_out_whether_it_is_back() {
        let breaker = breaker(Duration::ZERO);
        for _ in 0..3 {
            breaker.admit().unwrap().failed();
        }
        let probe = breaker.admit().unwrap();
        assert!(breaker.admit().is_none(), "one at a time");
        assert!(breaker.is_open(), "nobody has found it back yet");
        drop(probe);
        let probe = breaker
            .admit()
            .expect("a probe that was given up frees its place");
        probe.failed();
        let probe = breaker.admit().unwrap();
        assert!(breaker.is_shut(), "still one at a time");
        probe.succeeded();
        assert!(!breaker.is_open());
        let _one = breaker.admit().unwrap();
        assert!(breaker.admit().is_some());
    }
}
