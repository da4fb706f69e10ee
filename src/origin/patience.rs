//! How long an origin may take, and how often it is asked.

use std::time::{Duration, Instant};

use super::breaker::BreakerRule;

/// Longest pause before a request is repeated.
const MAX_PAUSE: Duration = Duration::from_secs(1);

/// How long a server may take, and how often it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// For a connection, with its name looked up and its encryption agreed on.
    pub connect: Duration,
    /// For the head of an answer, connecting included; for a pause inside a body.
    pub first_byte: Duration,
    /// For everything but streaming, repetitions included.
    pub total: Duration,
    /// How often a request is repeated that broke off or met a server out of order.
    pub retries: u32,
    /// Requests to one host or bucket at the same time; more wait, as long as for a connection.
    pub at_once: usize,
    /// When the server is left alone.
    pub breaker: BreakerRule,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(3),
            first_byte: Duration::from_secs(10),
            total: Duration::from_secs(60),
            retries: 2,
            at_once: 256,
            breaker: BreakerRule::default(),
        }
    }
}

impl Patience {
    /// For a bucket, whose objects are read by a renderer that waits: half as long for the whole.
    #[must_use]
    pub fn of_buckets() -> Self {
        Self {
            total: Duration::from_secs(30),
            ..Self::default()
        }
    }

    /// For a bucket that holds results, without which everything goes on: no longer than making most
    /// of them would take.
    #[must_use]
    pub fn of_results() -> Self {
        Self {
            connect: Duration::from_millis(500),
            first_byte: Duration::from_secs(1),
            total: Duration::from_secs(3),
            retries: 1,
            ..Self::default()
        }
    }

    /// The same server, asked by somebody who has time.
    #[must_use]
    pub fn without_hurry(self) -> Self {
        Self {
            connect: self.connect.max(Duration::from_secs(2)),
            first_byte: self.first_byte.max(Duration::from_secs(5)),
            total: self.total.max(Duration::from_secs(10)),
            retries: self.retries.max(2),
            ..self
        }
    }
}

/// The moment after a time.
#[allow(
    clippy::disallowed_methods,
    reason = "time-outs are measured by the clock"
)]
pub(super) fn soon(after: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(after).unwrap_or(now)
}

/// Before the n-th repetition: a random part of a time that doubles, so that gateways do not ask
/// all at once.
pub(super) fn pause(n: u32) -> Duration {
    let most = Duration::from_millis(50).saturating_mul(1 << n.min(10));
    most.min(MAX_PAUSE).mul_f64(fastrand::f64())
}
