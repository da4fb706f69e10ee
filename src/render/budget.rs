//! What one job may spend: time, until someone loses interest, and pixels.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::apart::Workers;
use super::error::Error;
use crate::plan::Size;

/// Sizes checked before anything is allocated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Most pixels of a source as stored.
    pub source_pixels: u64,
    /// Longest side of a source, in pixels.
    pub source_side: u32,
    /// Most pixels of the picture after any step.
    pub picture_pixels: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            source_pixels: 100_000_000,
            source_side: 65_535,
            picture_pixels: 100_000_000,
        }
    }
}

impl Limits {
    /// Whether a source of this size may be decoded.
    ///
    /// # Errors
    ///
    /// [`Error::OverLimit`] naming the side or the pixel count.
    pub fn source(&self, size: Size) -> Result<(), Error> {
        let side = u64::from(self.source_side);
        within("source width in pixels", u64::from(size.width), side)?;
        within("source height in pixels", u64::from(size.height), side)?;
        within("source size in pixels", size.pixels(), self.source_pixels)
    }

    /// Whether a picture of this size may be made.
    ///
    /// # Errors
    ///
    /// [`Error::OverLimit`] naming the pixel count.
    pub fn picture(&self, size: Size) -> Result<(), Error> {
        within("picture size in pixels", size.pixels(), self.picture_pixels)
    }
}

pub(super) fn within(what: &'static str, value: u64, limit: u64) -> Result<(), Error> {
    if value > limit {
        return Err(Error::OverLimit { what, value, limit });
    }
    Ok(())
}

/// What one job may spend. Clones share the cancel flag; checking costs one atomic load, and a look
/// at the clock where there is a deadline.
#[derive(Clone, Debug, Default)]
pub struct Budget {
    cancelled: Arc<AtomicBool>,
    deadline: Option<Instant>,
    limits: Limits,
    workers: Option<Arc<Workers>>,
}

impl Budget {
    /// No deadline, the default limits.
    #[must_use]
    pub fn unlimited() -> Self {
        Self::default()
    }

    /// At most this long from now.
    #[must_use]
    pub fn lasting(time: Duration) -> Self {
        Self {
            deadline: now().checked_add(time),
            ..Self::default()
        }
    }

    /// With other limits.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// With processes for codecs that cannot be asked to stop; without them they work where they are called.
    #[must_use]
    pub fn with_workers(mut self, workers: Option<Arc<Workers>>) -> Self {
        self.workers = workers;
        self
    }

    /// Who starts processes for codecs.
    pub(super) fn workers(&self) -> Option<&Workers> {
        self.workers.as_deref()
    }

    /// The sizes allowed.
    #[must_use]
    pub const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Stops the job, and every clone of this budget, at its next check.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    /// Whether to go on.
    ///
    /// # Errors
    ///
    /// [`Error::Cancelled`] or [`Error::Timeout`].
    pub fn check(&self) -> Result<(), Error> {
        if self.cancelled.load(Ordering::Relaxed) {
            return Err(Error::Cancelled);
        }
        match self.deadline {
            Some(deadline) if now() >= deadline => Err(Error::Timeout),
            _ => Ok(()),
        }
    }
}

/// The clock, for deadlines and timings only: no picture depends on it.
#[allow(
    clippy::disallowed_methods,
    reason = "deadlines and timings are measured here and nowhere else on this floor"
)]
pub(super) fn now() -> Instant {
    Instant::now()
}
