//! What was found lately, so that a hot asset costs its origin nothing.

use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use lru::LruCache;

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

/// When an asset was looked up, and what came of it.
type LookUp = (Instant, Result<Found, Error>);

/// Remembered look-ups of one origin.
#[derive(Debug)]
pub struct Listings {
    life: ListingLife,
    known: Mutex<LruCache<AssetRef, LookUp>>,
}

#[allow(
    clippy::disallowed_methods,
    reason = "the age of a look-up is measured by the clock"
)]
impl Listings {
    /// An empty memory.
    #[must_use]
    pub fn new(life: ListingLife) -> Self {
        Self {
            life,
            known: Mutex::new(LruCache::new(life.entries)),
        }
    }

    /// What is remembered and still believed.
    pub fn get(&self, asset: &AssetRef) -> Option<Result<Found, Error>> {
        let mut known = self.known.lock().ok()?;
        let (since, result) = known.get(asset)?;
        let life = if result.is_ok() {
            self.life.found
        } else {
            self.life.missing
        };
        if since.elapsed() < life {
            Some(result.clone())
        } else {
            None
        }
    }

    /// Remembers what was found, or that nothing is there. Failures are not remembered: the next
    /// request asks again.
    pub fn put(&self, asset: &AssetRef, result: &Result<Found, Error>) {
        let lasting = match result {
            Ok(_) => true,
            Err(error) => error.is_not_found(),
        };
        if lasting && let Ok(mut known) = self.known.lock() {
            known.put(asset.clone(), (Instant::now(), result.clone()));
        }
    }

    /// Forgets one asset in all its versions and formats.
    pub fn forget(&self, asset: &AssetRef) {
        let Ok(mut known) = self.known.lock() else {
            return;
        };
        let gone: Vec<AssetRef> = known
            .iter()
            .map(|(key, _)| key)
            .filter(|key| key.public_id == asset.public_id && key.asset_type == asset.asset_type)
            .cloned()
            .collect();
        for key in gone {
            known.pop(&key);
        }
    }
}
