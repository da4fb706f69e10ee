//! Results that cannot be made, remembered for a while: a broken picture is decoded once, not once a
//! request.

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use lru::LruCache;

use super::DerivedKey;
use crate::origin::growing;

/// Failures remembered.
const MOST: NonZeroUsize = match NonZeroUsize::new(4096) {
    Some(most) => most,
    None => NonZeroUsize::MIN,
};

/// How long one is believed.
const LIFE: Duration = Duration::from_secs(60);

/// Why results could not be made.
pub struct Failures<E> {
    known: Mutex<LruCache<DerivedKey, (Instant, E)>>,
}

impl<E: Clone> Failures<E> {
    /// None known.
    #[must_use]
    pub fn new() -> Self {
        Self {
            known: Mutex::new(growing(MOST)),
        }
    }

    fn lock(&self) -> MutexGuard<'_, LruCache<DerivedKey, (Instant, E)>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Why this result could not be made a short while ago.
    #[must_use]
    pub fn get(&self, key: &DerivedKey) -> Option<E> {
        let mut known = self.lock();
        let (since, error) = known.get(key)?;
        if since.elapsed() < LIFE {
            return Some(error.clone());
        }
        known.pop(key);
        None
    }

    /// Remembers a failure that would come again.
    pub fn put(&self, key: DerivedKey, error: E) {
        self.lock().put(key, (Instant::now(), error));
    }

    /// Forgets all of them.
    pub fn clear(&self) {
        self.lock().clear();
    }
}

impl<E: Clone> Default for Failures<E> {
    fn default() -> Self {
        Self::new()
    }
}

impl<E> fmt::Debug for Failures<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Failures").finish_non_exhaustive()
    }
}
