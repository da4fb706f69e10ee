//! What goes wrong below a cache: counted always, logged once a minute, and stepped around.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Least time between two log lines about one store.
const QUIET: Duration = Duration::from_secs(60);

/// Failures in a row after which a thing is left alone for a while.
const PATIENCE: u32 = 8;

/// How long it is left alone.
const PAUSE: Duration = Duration::from_secs(5);

/// One thing that can fail.
pub(super) struct Trouble {
    /// As the log names it.
    what: &'static str,
    count: AtomicU64,
    state: Mutex<State>,
    said: Arc<Said>,
}

#[derive(Default)]
struct State {
    in_a_row: u32,
    paused_until: Option<Instant>,
}

/// When the log was told last, of all that can fail in one store.
#[derive(Default)]
pub(super) struct Said(Mutex<(Option<Instant>, u64)>);

impl Said {
    /// Whether the log may be told now, and of how many failures it was not told.
    fn may_say(&self, now: Instant) -> Option<u64> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (said, unsaid) = &mut *state;
        if said.is_some_and(|said| now.saturating_duration_since(said) < QUIET) {
            *unsaid += 1;
            return None;
        }
        *said = Some(now);
        Some(std::mem::take(unsaid))
    }
}

impl Trouble {
    /// `said` is shared by all that can fail in one store.
    pub(super) fn new(what: &'static str, said: &Arc<Said>) -> Self {
        Self {
            what,
            count: AtomicU64::new(0),
            state: Mutex::default(),
            said: said.clone(),
        }
    }

    /// Failures so far.
    pub(super) fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    /// Counts a failure.
    pub(super) fn report(&self, why: &dyn fmt::Display) {
        self.count.fetch_add(1, Ordering::Relaxed);
        let now = Instant::now();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.in_a_row += 1;
        if state.in_a_row >= PATIENCE {
            state.in_a_row = 0;
            state.paused_until = now.checked_add(PAUSE);
        }
        drop(state);
        if let Some(unsaid) = self.said.may_say(now) {
            tracing::warn!(reason = %why, also = unsaid, "{}: going on without it", self.what);
        }
    }

    /// Counts something that was not tried while it is left alone.
    pub(super) fn skip(&self) {
        self.count.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a success: patience begins anew.
    pub(super) fn relax(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.in_a_row = 0;
    }

    /// Whether it failed so often that it is left alone for now.
    pub(super) fn is_paused(&self) -> bool {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state
            .paused_until
            .is_some_and(|until| Instant::now() < until)
    }
}

impl fmt::Debug for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Trouble({}: {})", self.what, self.count())
    }
}
