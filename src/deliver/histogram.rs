//! How long things take, counted in fixed steps.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Upper ends of the steps, in milliseconds: from a cache hit to the longest rendering allowed.
pub const STEPS_MS: [u64; 14] = [
    1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 30_000,
];

/// Durations by step. Counting is one addition to a step and one to the sum.
#[derive(Debug, Default)]
pub struct Histogram {
    /// One for each of [`STEPS_MS`], and one for what is longer.
    steps: [AtomicU64; STEPS_MS.len() + 1],
    micros: AtomicU64,
}

/// What a histogram held at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// Durations up to each of [`STEPS_MS`], and all of them: each number includes those before it.
    pub up_to: [u64; STEPS_MS.len() + 1],
    /// All durations together.
    pub sum: Duration,
}

impl Histogram {
    /// Counts one duration.
    pub fn observe(&self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let step = STEPS_MS.partition_point(|&end| micros > end * 1_000);
        if let Some(step) = self.steps.get(step) {
            step.fetch_add(1, Ordering::Relaxed);
        }
        self.micros.fetch_add(micros, Ordering::Relaxed);
    }

    /// What has been counted so far.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let mut all = 0;
        let up_to = self.steps.each_ref().map(|step| {
            all += step.load(Ordering::Relaxed);
            all
        });
        Snapshot {
            up_to,
            sum: Duration::from_micros(self.micros.load(Ordering::Relaxed)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_falls_into_the_step_that_ends_with_it() {
        let histogram = Histogram::default();
        for ms in [0, 1, 2, 3, 30_000, 30_001, 90_000] {
            histogram.observe(Duration::from_millis(ms));
        }
        let Snapshot { up_to, sum } = histogram.snapshot();
        assert_eq!(up_to[..3], [2, 3, 4]);
        assert_eq!(up_to[STEPS_MS.len() - 1..], [5, 7]);
        assert_eq!(sum, Duration::from_millis(150_007));
    }
}
