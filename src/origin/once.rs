//! One look-up per asset, however many ask at once.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared, WeakShared};

use super::{Error, Found, ListingLife, Listings};
use crate::spec::AssetRef;

/// A look-up that does not depend on who started it.
pub type LookUp = BoxFuture<'static, Result<Found, Error>>;

/// Look-ups under way beyond which those that were given up are swept out.
const SWEEP: usize = 1024;

/// What was found lately, and what is being looked for now.
pub struct Finder {
    listings: Listings,
    looking: Mutex<HashMap<AssetRef, WeakShared<LookUp>>>,
}

impl Finder {
    /// Nothing is known.
    #[must_use]
    pub fn new(life: ListingLife) -> Self {
        Self {
            listings: Listings::new(life),
            looking: Mutex::default(),
        }
    }

    /// What is remembered; else the answer of the look-up under way; else of `look`, which then is
    /// the one under way. It is given up when nobody waits for it any more.
    ///
    /// # Errors
    /// Those of the look-up.
    pub async fn find(
        &self,
        asset: &AssetRef,
        look: impl FnOnce() -> LookUp,
    ) -> Result<Found, Error> {
        if let Some(known) = self.listings.get(asset) {
            return known;
        }
        let looking = self.board(asset, look);
        let result = looking.clone().await;
        self.listings.put(asset, &result);
        self.leave(asset, looking);
        result
    }

    /// Forgets one asset in all its versions and formats.
    pub fn forget(&self, asset: &AssetRef) {
        self.listings.forget(asset);
    }

    fn board(&self, asset: &AssetRef, look: impl FnOnce() -> LookUp) -> Shared<LookUp> {
        let mut all = self.lock();
        if let Some(looking) = all.get(asset).and_then(WeakShared::upgrade) {
            return looking;
        }
        if all.len() >= SWEEP {
            all.retain(|_, looking| looking.upgrade().is_some());
        }
        let looking = look().shared();
        if let Some(weak) = looking.downgrade() {
            all.insert(asset.clone(), weak);
        }
        looking
    }

    fn leave(&self, asset: &AssetRef, looking: Shared<LookUp>) {
        let mut all = self.lock();
        drop(looking);
        if all.get(asset).is_some_and(|weak| weak.upgrade().is_none()) {
            all.remove(asset);
        }
    }

    /// The map stays whole when a holder panics: each change is a single step.
    fn lock(&self) -> MutexGuard<'_, HashMap<AssetRef, WeakShared<LookUp>>> {
        self.looking.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Finder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Finder")
            .field("listings", &self.listings)
            .field("looking", &self.lock().len())
            .finish()
    }
}
