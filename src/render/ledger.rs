//! The bytes that all renderings together may take at once.
//!
//! What a rendering takes is estimated from its plan, before anything is decoded. One that does not fit yet waits on its render thread,
//! in the order of arrival, so that many small pictures do not keep a large one out for ever.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::budget::Budget;
use super::error::Error;

/// How often one that waits looks whether it still may.
const GLANCE: Duration = Duration::from_millis(20);

/// Bytes in all and bytes taken.
#[derive(Debug)]
pub struct Ledger {
    total: u64,
    state: Mutex<State>,
    freed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    taken: u64,
    line: VecDeque<u64>,
    next: u64,
}

/// Bytes that one rendering has; given back when dropped.
#[derive(Debug)]
pub struct Share {
    ledger: Arc<Ledger>,
    bytes: u64,
}

impl Ledger {
    /// So many bytes for all.
    #[must_use]
    pub fn new(total: u64) -> Arc<Self> {
        Arc::new(Self {
            total,
            state: Mutex::default(),
            freed: Condvar::new(),
        })
    }

    /// Bytes taken now.
    #[must_use]
    pub fn taken(&self) -> u64 {
        self.lock().taken
    }

    /// Waits until so many bytes are free, and takes them. Blocks: for render threads.
    ///
    /// # Errors
    /// [`Error::OverLimit`] when there will never be as many; [`Error::Timeout`] and [`Error::Cancelled`] from the budget.
    pub fn take(self: &Arc<Self>, bytes: u64, budget: &Budget) -> Result<Share, Error> {
        if bytes > self.total {
            return Err(Error::OverLimit {
                what: "memory of the rendering in bytes",
                value: bytes,
                limit: self.total,
            });
        }
        let mut state = self.lock();
        let ticket = state.next;
        state.next += 1;
        state.line.push_back(ticket);
        loop {
            let first = state.line.front() == Some(&ticket);
            if first && state.taken + bytes <= self.total {
                state.line.pop_front();
                state.taken += bytes;
                drop(state);
                // The next in line may fit beside this one.
                self.freed.notify_all();
                return Ok(Share {
                    ledger: self.clone(),
                    bytes,
                });
            }
            if let Err(stopped) = budget.check() {
                state.line.retain(|&waiting| waiting != ticket);
                drop(state);
                self.freed.notify_all();
                return Err(stopped);
            }
            let waited = self.freed.wait_timeout(state, GLANCE);
            (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// The state; a panic while it was held leaves nothing half-done in it.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut state = self.ledger.lock();
        state.taken = state.taken.saturating_sub(self.bytes);
        drop(state);
        self.ledger.freed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_waits_and_comes_in_its_turn() {
        let ledger = Ledger::new(100);
        let first = ledger.take(60, &Budget::unlimited()).unwrap();
        let large = {
            let ledger = ledger.clone();
            std::thread::spawn(move || ledger.take(80, &Budget::unlimited()).unwrap())
        };
        while ledger.lock().line.is_empty() {
            std::thread::yield_now();
        }
        // Small enough, but somebody came before.
        let small = {
            let ledger = ledger.clone();
            std::thread::spawn(move || ledger.take(10, &Budget::unlimited()).unwrap())
        };
        while ledger.lock().line.len() < 2 {
            std::thread::yield_now();
        }
        assert_eq!(ledger.taken(), 60);
        drop(first);
        let (large, small) = (large.join().unwrap(), small.join().unwrap());
        assert_eq!(ledger.taken(), 90);
        drop((large, small));
        assert_eq!(ledger.taken(), 0);
    }

    #[test]
    fn who_gives_up_is_no_longer_in_the_way() {
        let ledger = Ledger::new(100);
        let _held = ledger.take(90, &Budget::unlimited()).unwrap();
        let late = ledger.take(50, &Budget::lasting(Duration::from_millis(30)));
        assert_eq!(late.err(), Some(Error::Timeout));
        assert!(ledger.take(10, &Budget::unlimited()).is_ok());
    }

    #[test]
    fn what_never_fits_is_refused_at_once() {
        let refused = Ledger::new(100).take(101, &Budget::unlimited());
        assert!(matches!(
            refused,
            Err(Error::OverLimit {
                value: 101,
                limit: 100,
                ..
            })
        ));
    }
}
