//! A purge: every form of an asset out of every tier, for good.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};

use super::{Gateway, Lookups};
use crate::cache::{Purge, Unfinished};

/// Keeps a result that was begun before a purge from being kept after it.
#[derive(Debug, Default)]
pub struct Purges {
    /// Read while a result is put away, written while a purge begins.
    gate: RwLock<()>,
    count: AtomicU64,
}

impl Purges {
    /// How many purges have begun.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count.load(Ordering::Acquire)
    }

    fn begin(&self) {
        let _alone = self.gate.write().unwrap_or_else(PoisonError::into_inner);
        self.count.fetch_add(1, Ordering::AcqRel);
    }

    /// Runs `keep` unless a purge has begun since `count` was told.
    pub fn keep_since(&self, count: u64, keep: impl FnOnce()) {
        let _shared = self.gate.read().unwrap_or_else(PoisonError::into_inner);
        if self.count() == count {
            keep();
        }
    }
}

/// What a purge took away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Purged {
    /// Results in memory.
    pub memory: u64,
    /// Results in the derived store.
    pub store: u64,
    /// Originals.
    pub originals: u64,
    /// Remembered look-ups.
    pub lookups: u64,
}

impl Gateway {
    /// Takes away what is named, in all tiers; when this comes back, no request that begins later is
    /// answered with any of it.
    ///
    /// # Errors
    /// [`Unfinished`] when the derived store may still hold some of it; the rest is done.
    pub async fn purge(&self, purge: &Purge) -> Result<Purged, Unfinished> {
        let purge = &self.widened(purge);
        self.clear(purge, self.shared.store.purge(purge)).await
    }

    /// Does here what another gateway has done to the store that both share.
    ///
    /// # Errors
    /// [`Unfinished`] when what was written from here may still be in the store.
    pub async fn purge_after(&self, purge: &Purge) -> Result<Purged, Unfinished> {
        let purge = &self.widened(purge);
        self.clear(purge, self.shared.store.take_back(purge)).await
    }

    /// Clears everything above the derived store, before and after `store` clears that.
    async fn clear(
        &self,
        purge: &Purge,
        store: impl Future<Output = Result<u64, Unfinished>>,
    ) -> Result<Purged, Unfinished> {
        let shared = &self.shared;
        shared.purges.begin();
        shared.flights.close();
        shared.failures.clear();
        let lookups = self
            .endpoints
            .iter()
            .map(|endpoint| Lookups::purge(endpoint, purge))
            .sum();
        let originals = shared.originals.purge(purge);
        let store = store.await;
        // Once more: what was read from the store in the meantime is not put into memory now.
        shared.purges.begin();
        shared.flights.close();
        let memory = shared.memory.purge(purge);
        Ok(Purged {
            memory,
            store: store?,
            originals,
            lookups,
        })
    }

    /// Endpoints over one origin share results, which carry the name of whichever asked first: a
    /// purge of one takes all of them.
    fn widened(&self, purge: &Purge) -> Purge {
        let names = |name: &str| purge.takes_endpoint(name);
        let named = self
            .endpoints
            .iter()
            .filter(|endpoint| names(&endpoint.name));
        let origins: Vec<&str> = named
            .flat_map(|endpoint| endpoint.origins.iter().map(|origin| origin.name()))
            .collect();
        let mut wide = purge.clone();
        for endpoint in &self.endpoints {
            let shares = endpoint
                .origins
                .iter()
                .any(|origin| origins.contains(&origin.name()));
            if shares && !names(&endpoint.name) {
                wide.endpoints.push(endpoint.name.clone());
            }
        }
        wide
    }
}
