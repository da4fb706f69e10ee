//! One maker per key, however many ask at once.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;
use std::future::Future;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::sync::watch;
use tokio::task::AbortHandle;

/// What is being made right now.
///
/// The maker runs in a task of its own, so that it does not depend on the request that started it.
/// It is stopped when the last request that waits for it has gone.
pub struct Flights<K, V> {
    flying: Arc<Mutex<HashMap<K, Weak<Flight<V>>>>>,
}

struct Flight<V> {
    landed: watch::Receiver<Option<V>>,
    maker: Mutex<Option<AbortHandle>>,
}

impl<V> Drop for Flight<V> {
    fn drop(&mut self) {
        // The last one who waited has gone; a maker that has landed does not notice.
        if let Some(maker) = lock(&self.maker).take() {
            maker.abort();
        }
    }
}

/// How a result was come by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Joined<V> {
    /// This request started the maker.
    Made(V),
    /// Another request had started it.
    Shared(V),
    /// The maker died without a result.
    Lost,
}

impl<K: Clone + Eq + Hash + Send + 'static, V: Clone + Send + Sync + 'static> Flights<K, V> {
    /// Nothing is being made.
    #[must_use]
    pub fn new() -> Self {
        Self {
            flying: Arc::default(),
        }
    }

    /// Waits for the result of `key`, starting `make` when nobody has. Dropping the returned future
    /// stops the maker if nobody else waits.
    pub async fn join<F, M>(&self, key: K, make: M) -> Joined<V>
    where
        F: Future<Output = V> + Send + 'static,
        M: FnOnce() -> F,
    {
        let (flight, first) = self.board(key, make);
        let mut landed = flight.landed.clone();
        let result = landed
            .wait_for(Option::is_some)
            .await
            .ok()
            .and_then(|value| value.clone());
        drop(flight);
        match result {
            Some(value) if first => Joined::Made(value),
            Some(value) => Joined::Shared(value),
            None => Joined::Lost,
        }
    }

    /// How many results are being made.
    #[must_use]
    pub fn len(&self) -> usize {
        lock(&self.flying).len()
    }

    /// Whether nothing is being made.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether somebody waits for the result of `key` already.
    #[must_use]
    pub fn is_flying(&self, key: &K) -> bool {
        lock(&self.flying)
            .get(key)
            .is_some_and(|flight| flight.strong_count() > 0)
    }

    /// Nobody joins what is being made now: who comes after this starts anew. Those who wait already
    /// get what they wait for.
    pub fn close(&self) {
        lock(&self.flying).clear();
    }

    fn board<F, M>(&self, key: K, make: M) -> (Arc<Flight<V>>, bool)
    where
        F: Future<Output = V> + Send + 'static,
        M: FnOnce() -> F,
    {
        let mut flying = lock(&self.flying);
        let slot = flying.entry(key.clone());
        if let Entry::Occupied(slot) = &slot
            && let Some(flight) = slot.get().upgrade()
        {
            return (flight, false);
        }
        let (land, landed) = watch::channel(None);
        let flight = Arc::new(Flight {
            landed,
            maker: Mutex::new(None),
        });
        slot.insert_entry(Arc::downgrade(&flight));
        drop(flying);

        let work = make();
        let leave = Leave {
            flying: self.flying.clone(),
            key,
            flight: Arc::downgrade(&flight),
        };
        let task = tokio::spawn(async move {
            let value = work.await;
            // Off the board first: who comes after this finds the result in the cache.
            drop(leave);
            land.send_replace(Some(value));
        });
        *lock(&flight.maker) = Some(task.abort_handle());
        (flight, true)
    }
}

/// Takes a flight off the board, however its maker ends.
struct Leave<K: Eq + Hash, V> {
    flying: Arc<Mutex<HashMap<K, Weak<Flight<V>>>>>,
    key: K,
    flight: Weak<Flight<V>>,
}

impl<K: Eq + Hash, V> Drop for Leave<K, V> {
    fn drop(&mut self) {
        let mut flying = lock(&self.flying);
        // A new flight may have started for this key since ours was given up.
        if flying
            .get(&self.key)
            .is_some_and(|flight| flight.ptr_eq(&self.flight))
        {
            flying.remove(&self.key);
        }
    }
}

/// The maps stay whole when a holder panics: each change is a single step.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<K: Clone + Eq + Hash + Send + 'static, V: Clone + Send + Sync + 'static> Default
    for Flights<K, V>
{
    fn default() -> Self {
        Self::new()
    }
}

impl<K, V> fmt::Debug for Flights<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flights")
            .field("flying", &lock(&self.flying).len())
            .finish()
    }
}
