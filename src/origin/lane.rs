//! The way to one host or bucket: so many go it at the same time, and nobody while the server rests.
//!
//! A server that hangs holds up those who ask it, and nobody else: they are bounded in number, and
//! after a few failures nobody is sent there at all until one has found out that it is back.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::breaker::{Breaker, Pass};
use super::patience::Patience;

/// The way to one host or bucket.
#[derive(Clone, Debug)]
pub(super) struct Lane {
    breaker: Arc<Breaker>,
    room: Arc<Semaphore>,
    /// How long one waits for room.
    wait: Duration,
}

/// Why nobody may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shut {
    /// The server failed too often and is left alone for a while.
    Resting,
    /// As many as may be are on their way, and none came back in time.
    Full,
}

/// What is said while a server rests.
pub(super) const RESTING: &str = "it failed too often and is left alone for a while";

/// Leave for one request. Dropped without a verdict (the client went away), nothing is learned.
#[derive(Debug)]
pub(super) struct Turn {
    pass: Pass,
    _room: OwnedSemaphorePermit,
}

impl Lane {
    pub(super) fn new(patience: &Patience) -> Self {
        Self {
            breaker: Arc::new(Breaker::new(patience.breaker)),
            room: Arc::new(Semaphore::new(patience.at_once.min(Semaphore::MAX_PERMITS))),
            wait: patience.connect,
        }
    }

    /// As [`Breaker::is_open`].
    pub(super) fn is_open(&self) -> bool {
        self.breaker.is_open()
    }

    /// Waits for room.
    pub(super) async fn enter(&self) -> Result<Turn, Shut> {
        // At once, for room may be short just because the server hangs.
        if self.breaker.is_shut() {
            return Err(Shut::Resting);
        }
        let room = tokio::time::timeout(self.wait, self.room.clone().acquire_owned()).await;
        let Ok(Ok(room)) = room else {
            return Err(Shut::Full);
        };
        // Once more: those who went before may have found out meanwhile.
        let pass = self.breaker.admit().ok_or(Shut::Resting)?;
        Ok(Turn { pass, _room: room })
    }
}

impl Turn {
    /// The server answered, if only to refuse; or it did not, or not with sense.
    pub(super) fn end(self, failed: bool) {
        if failed {
            self.pass.failed();
        } else {
            self.pass.succeeded();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::breaker::BreakerRule;
    use super::*;

    #[tokio::test]
    async fn those_who_wait_for_room_are_told_when_the_server_has_failed() {
        let lane = Lane::new(&Patience {
            at_once: 1,
            connect: Duration::from_secs(60),
            breaker: BreakerRule {
                failures: 1,
                rest: Duration::from_secs(60),
                longest: Duration::from_secs(60),
            },
            ..Patience::default()
        });
        let first = lane.enter().await.expect("room");
        let second = lane.clone();
        let second = tokio::spawn(async move { second.enter().await.map(|_| ()) });
        tokio::task::yield_now().await;
        first.end(true);
        assert_eq!(second.await.expect("an answer"), Err(Shut::Resting));
    }

    #[tokio::test]
    async fn who_finds_no_room_is_told() {
        let lane = Lane::new(&Patience {
            at_once: 1,
            connect: Duration::from_millis(10),
            ..Patience::default()
        });
        let first = lane.enter().await.expect("room");
        assert!(matches!(lane.enter().await, Err(Shut::Full)));
        first.end(false);
        assert!(lane.enter().await.is_ok());
    }
}
