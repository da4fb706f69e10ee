//! Room for originals that are being rendered: an original is only read once its bytes fit beside the others'.
//!
//! Renderings wait in a queue with their originals in memory; without a bound on those a hundred waiting pictures of fifty megabytes
//! would be five gigabytes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::render::Error;

/// What permits count.
const UNIT: u64 = 1024;

/// Bounded bytes, and a bounded line of those who wait for them.
#[derive(Debug)]
pub struct Admission {
    room: Arc<Semaphore>,
    units: u32,
    waiting: AtomicUsize,
    line: usize,
    refused: AtomicU64,
}

/// Counts one who waits, as long as he does.
struct Waiting<'a>(&'a AtomicUsize);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Admission {
    /// So many bytes, and so many who may wait for some of them.
    #[must_use]
    pub fn new(bytes: u64, line: usize) -> Self {
        let units = u32::try_from(bytes / UNIT).unwrap_or(u32::MAX);
        let most = u32::try_from(Semaphore::MAX_PERMITS).unwrap_or(u32::MAX);
        let units = units.min(most);
        Self {
            room: Arc::new(Semaphore::new(units as usize)),
            units,
            waiting: AtomicUsize::new(0),
            line,
            refused: AtomicU64::new(0),
        }
    }

    /// Originals for which there was no room in time.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// Bytes taken now.
    #[must_use]
    pub fn taken(&self) -> u64 {
        let free = self.room.available_permits() as u64;
        u64::from(self.units).saturating_sub(free) * UNIT
    }

    /// Room for an original, until the permit is dropped. Who came first is served first.
    ///
    /// # Errors
    /// [`Error::OverLimit`] when there will never be as much room, [`Error::Busy`] when too many wait already or the wait takes longer than
    /// `patience`.
    pub async fn enter(
        &self,
        bytes: u64,
        patience: Duration,
    ) -> Result<OwnedSemaphorePermit, Error> {
        let units = u32::try_from(bytes.div_ceil(UNIT)).unwrap_or(u32::MAX);
        if units > self.units {
            return Err(Error::OverLimit {
                what: "memory of the originals in bytes",
                value: bytes,
                limit: u64::from(self.units) * UNIT,
            });
        }
        if let Ok(permit) = self.room.clone().try_acquire_many_owned(units) {
            return Ok(permit);
        }
        let queued = self.waiting.fetch_add(1, Ordering::Relaxed);
        let _waiting = Waiting(&self.waiting);
        let busy = || {
            self.refused.fetch_add(1, Ordering::Relaxed);
            Err(Error::Busy { queued })
        };
        if queued >= self.line {
            return busy();
        }
        let room = self.room.clone().acquire_many_owned(units);
        match tokio::time::timeout(patience, room).await {
            Ok(Ok(permit)) => Ok(permit),
            // The semaphore is never closed.
            Ok(Err(_)) | Err(_) => busy(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_millis(20);

    #[tokio::test]
    async fn room_is_bounded_and_given_back() {
        let admission = Admission::new(100 * UNIT, 1);
        let first = admission.enter(70 * UNIT, SOON).await.unwrap();
        assert_eq!(admission.taken(), 70 * UNIT);
        let refused = admission.enter(40 * UNIT, SOON).await;
        assert_eq!(refused.err(), Some(Error::Busy { queued: 0 }));
        let (second, ()) =
            tokio::join!(admission.enter(40 * UNIT, Duration::from_secs(60)), async {
                let crowded = admission.enter(40 * UNIT, SOON).await;
                assert_eq!(crowded.err(), Some(Error::Busy { queued: 1 }));
                drop(first);
            });
        assert!(second.is_ok());
        assert_eq!(admission.refused(), 2);
        drop(second);
        assert_eq!(admission.taken(), 0);
    }

    #[tokio::test]
    async fn what_never_fits_is_refused() {
        let refused = Admission::new(10 * UNIT, 9).enter(11 * UNIT, SOON).await;
        assert!(matches!(refused, Err(Error::OverLimit { .. })));
    }
}
