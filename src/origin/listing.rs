//! What was found lately, so that a hot asset costs its origin nothing, and a cold one that many ask
//! for at once costs it one look-up.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::hash::Hash;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use lru::LruCache;
use tokio::sync::OnceCell;

use super::growing::growing;
use super::{Error, Found};
use crate::spec::AssetRef;

/// How long a look-up is believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListingLife {
    /// An asset that was found: a new version is seen after this at the latest.
    pub found: Duration,
    /// An asset that was not: an upload is seen after this at the latest, 60 s at most.
    pub missing: Duration,
    /// How many look-ups are remembered.
    pub entries: NonZeroUsize,
}

impl Default for ListingLife {
    fn default() -> Self {
        Self {
            found: Duration::from_secs(30),
            missing: Duration::from_secs(10),
            entries: NonZeroUsize::new(65_536).unwrap_or(NonZeroUsize::MIN),
        }
    }
}

/// What came of a look-up that did not fail.
pub trait Outcome: Clone {
    /// Whether something was found.
    fn is_found(&self) -> bool;
}

impl<T: Clone> Outcome for Option<T> {
    fn is_found(&self) -> bool {
        self.is_some()
    }
}

impl<T: Clone, E: Clone> Outcome for Result<T, E> {
    fn is_found(&self) -> bool {
        self.is_ok()
    }
}

/// A look-up under way, shared by all who wait for it.
type Flight<V> = Arc<OnceCell<Result<V, Error>>>;

/// Look-ups of one origin: those of late, and those under way.
pub struct LookUps<K, V> {
    life: ListingLife,
    known: Mutex<LruCache<K, (Instant, V)>>,
    flying: Mutex<HashMap<K, Flight<V>>>,
}

#[allow(
    clippy::disallowed_methods,
    reason = "the age of a look-up is measured by the clock"
)]
impl<K: Clone + Eq + Hash, V: Outcome> LookUps<K, V> {
    /// Nothing is known.
    #[must_use]
    pub fn new(life: ListingLife) -> Self {
        Self {
            life,
            known: Mutex::new(growing(life.entries)),
            flying: Mutex::default(),
        }
    }

    /// What is remembered and still believed.
    pub fn get(&self, key: &K) -> Option<V> {
        let mut known = lock(&self.known);
        let (since, outcome) = known.get(key)?;
        let life = if outcome.is_found() {
            self.life.found
        } else {
            self.life.missing
        };
        (since.elapsed() < life).then(|| outcome.clone())
    }

    /// Remembers what was found, or that nothing is there.
    pub fn put(&self, key: K, outcome: V) {
        lock(&self.known).put(key, (Instant::now(), outcome));
    }

    /// Forgets one look-up.
    pub fn forget(&self, key: &K) {
        lock(&self.known).pop(key);
    }

    /// Forgets all look-ups of which `is_meant` is true.
    pub fn forget_all(&self, is_meant: impl Fn(&K) -> bool) {
        let mut known = lock(&self.known);
        let gone: Vec<K> = known
            .iter()
            .map(|(key, _)| key)
            .filter(|key| is_meant(key))
            .cloned()
            .collect();
        for key in gone {
            known.pop(&key);
        }
    }

    /// What is remembered, else what `look` finds. However many ask for one key at once, one looks;
    /// if that one is dropped, the next goes on. Failures reach all who wait and are not remembered.
    ///
    /// # Errors
    /// Those of `look`.
    pub async fn get_or<F>(&self, key: &K, look: impl FnOnce() -> F) -> Result<V, Error>
    where
        F: Future<Output = Result<V, Error>>,
    {
        if let Some(known) = self.get(key) {
            return Ok(known);
        }
        let waiting = self.board(key);
        let result = waiting.flight.get_or_init(|| async {
            let result = look().await;
            if let Ok(outcome) = &result {
                self.put(key.clone(), outcome.clone());
            }
            result
        });
        result.await.clone()
    }

    fn board(&self, key: &K) -> Waiting<'_, K, V> {
        let flight = lock(&self.flying).entry(key.clone()).or_default().clone();
        Waiting {
            looks: self,
            key: key.clone(),
            flight,
        }
    }
}

/// One who waits for a look-up. The first to leave after it has landed takes it off the board, the
/// last to leave in any case.
struct Waiting<'a, K: Eq + Hash, V> {
    looks: &'a LookUps<K, V>,
    key: K,
    flight: Flight<V>,
}

impl<K: Eq + Hash, V> Drop for Waiting<'_, K, V> {
    fn drop(&mut self) {
        let mut flying = lock(&self.looks.flying);
        // The board's and this one.
        let is_last = Arc::strong_count(&self.flight) <= 2;
        let is_same = flying
            .get(&self.key)
            .is_some_and(|flight| Arc::ptr_eq(flight, &self.flight));
        if is_same && (is_last || self.flight.initialized()) {
            flying.remove(&self.key);
        }
    }
}

impl<K, V> fmt::Debug for LookUps<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LookUps")
            .field("life", &self.life)
            .finish_non_exhaustive()
    }
}

/// The maps stay whole when a holder panics: each change is a single step.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Look-ups by asset.
#[derive(Debug)]
pub struct Listings(LookUps<AssetRef, Result<Found, Error>>);

impl Listings {
    /// An empty memory.
    #[must_use]
    pub fn new(life: ListingLife) -> Self {
        Self(LookUps::new(life))
    }

    /// What is remembered and still believed.
    pub fn get(&self, asset: &AssetRef) -> Option<Result<Found, Error>> {
        self.0.get(asset)
    }

    /// Remembers what was found, or that nothing is there. Failures are not remembered: the next
    /// request asks again.
    pub fn put(&self, asset: &AssetRef, result: &Result<Found, Error>) {
        if lasts(result) {
            self.0.put(asset.clone(), result.clone());
        }
    }

    /// What is remembered and still believed, else what `look` finds; see [`LookUps::get_or`].
    ///
    /// # Errors
    /// Those of `look`.
    pub async fn find<F>(&self, asset: &AssetRef, look: impl FnOnce() -> F) -> Result<Found, Error>
    where
        F: Future<Output = Result<Found, Error>>,
    {
        let outcome = self.0.get_or(asset, || async {
            let result = look().await;
            if lasts(&result) {
                Ok(result)
            } else {
                result.map(Ok)
            }
        });
        outcome.await?
    }

    /// Forgets one asset in all its versions and formats.
    pub fn forget(&self, asset: &AssetRef) {
        self.0.forget_all(|key| {
            key.public_id == asset.public_id && key.asset_type == asset.asset_type
        });
    }
}

/// Whether a look-up says something about the asset, not about the day.
fn lasts(result: &Result<Found, Error>) -> bool {
    match result {
        Ok(_) => true,
        Err(error) => error.is_not_found(),
    }
}
