//! What was found last, for the time when an origin fails or is being asked again.
//!
//! An origin remembers a look-up itself for as long as it is believed (`found_for`). Beyond that the
//! last answer is told at once while the origin is asked in the background
//! (`stale-while-revalidate`), or where it cannot be asked at all (`stale-if-error`). This is the
//! only place where a result ages: keys hold the identity of the original's bytes, so a new version
//! is seen as soon as its look-up is made anew.

use std::fmt;
use std::future::Future;
use std::num::NonZeroUsize;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use lru::LruCache;

use super::lookup::{Hit, find_any};
use super::{Endpoint, Error};
use crate::cache::Purge;
use crate::origin::{Found, Origin, growing};
use crate::spec::{AssetRef, AssetType, DeliveryType, OneLine};

/// Answers that an endpoint remembers.
const MOST: NonZeroUsize = match NonZeroUsize::new(65_536) {
    Some(most) => most,
    None => NonZeroUsize::MIN,
};

/// After an origin has failed, how long what is known is told without asking again.
const RETRY: Duration = Duration::from_secs(5);

/// How long an answer is told beyond its time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Windows {
    /// While the origin is asked in the background.
    pub while_revalidate: Duration,
    /// Where the origin cannot be asked.
    pub if_error: Duration,
}

/// The answer of a look-up.
#[derive(Clone, Debug)]
pub struct Located {
    /// The reading that is there.
    pub asset: AssetRef,
    /// The origin that has the asset.
    pub origin: Arc<dyn Origin>,
    /// Its object.
    pub found: Found,
    /// Told beyond its time: the origin fails, or is being asked.
    pub stale: bool,
}

#[derive(Clone, Debug)]
struct Known {
    hit: Hit,
    /// When it was last true.
    since: Instant,
    /// After a failure: when to ask again.
    retry: Option<Instant>,
}

impl Known {
    fn told_stale(self) -> Located {
        located(self.hit, true)
    }
}

fn located(hit: Hit, stale: bool) -> Located {
    Located {
        asset: hit.asset,
        origin: hit.origin,
        found: hit.found,
        stale,
    }
}

/// What was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    asset: AssetRef,
    /// What its URL may mean as well; mostly nothing.
    others: Box<[AssetRef]>,
    /// The host that was asked for it, where origins differ by host.
    host: Option<Box<str>>,
}

impl Key {
    fn readings(&self) -> impl Iterator<Item = &AssetRef> {
        std::iter::once(&self.asset).chain(&self.others)
    }
}

type Answer = Result<Hit, Error>;
type Question = Pin<Box<dyn Future<Output = Answer> + Send>>;

/// An endpoint's last answers.
pub struct Lookups {
    windows: Windows,
    known: Mutex<LruCache<Key, Known>>,
}

impl Lookups {
    /// None known yet.
    #[must_use]
    pub fn new(windows: Windows) -> Self {
        Self {
            windows,
            known: Mutex::new(growing(MOST)),
        }
    }

    fn lock(&self) -> MutexGuard<'_, LruCache<Key, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers an answer, and what it means where the question failed.
    fn learn(&self, key: &Key, answer: Answer) -> Result<Located, Error> {
        let now = now();
        let mut known = self.lock();
        match answer {
            Ok(hit) => {
                let last = Known {
                    hit: hit.clone(),
                    since: now,
                    retry: None,
                };
                match known.get_mut(key) {
                    Some(known) => *known = last,
                    None => {
                        known.put(key.clone(), last);
                    }
                }
                Ok(located(hit, false))
            }
            Err(error) if error.is_transient() => {
                let last = known.get_mut(key).filter(|known| {
                    now.saturating_duration_since(known.since) < self.windows.if_error
                });
                let Some(last) = last else { return Err(error) };
                last.retry = now.checked_add(RETRY);
                tracing::debug!(%error, asset = %OneLine(&key.asset.to_string()), "told from the last look-up");
                Ok(last.clone().told_stale())
            }
            Err(error) => {
                // It was deleted, or may not be seen any more.
                known.pop(key);
                Err(error)
            }
        }
    }

    /// What is known and may be told without asking.
    fn while_failing(&self, key: &Key) -> Option<Located> {
        let now = now();
        let mut known = self.lock();
        let last = known.get(key)?;
        let failing = last.retry.is_some_and(|retry| now < retry)
            && now.saturating_duration_since(last.since) < self.windows.if_error;
        failing.then(|| last.clone().told_stale())
    }

    /// What is known and may be told while it is asked anew.
    fn while_asking(&self, key: &Key) -> Option<Located> {
        let mut known = self.lock();
        let last = known.get(key)?;
        let young = now().saturating_duration_since(last.since) < self.windows.while_revalidate;
        young.then(|| last.clone().told_stale())
    }

    /// Where an asset is, or one of the `others` that its URL may mean as well, as it looks to clients
    /// that ask for `host`.
    ///
    /// # Errors
    /// As [`find_any`], where nothing is known that may be told instead.
    pub async fn locate(
        endpoint: &Arc<Endpoint>,
        asset: &AssetRef,
        others: &[AssetRef],
        host: Option<&str>,
    ) -> Result<Located, Error> {
        let own = &endpoint.lookups;
        let key = Key {
            asset: asset.clone(),
            others: others.into(),
            host: host.map(Into::into),
        };
        if let Some(known) = own.while_failing(&key) {
            return Ok(known);
        }
        let mut question = ask(endpoint.clone(), key.clone());
        // An origin that remembers answers at once; one that does not has begun to look.
        if let Some(answer) = (&mut question).now_or_never() {
            return own.learn(&key, answer);
        }
        if let Some(known) = own.while_asking(&key) {
            let endpoint = endpoint.clone();
            tokio::spawn(async move {
                // A failure is counted where the origin is asked; the next request asks again.
                let _learned = endpoint.lookups.learn(&key, question.await);
            });
            return Ok(known);
        }
        own.learn(&key, question.await)
    }

    /// Forgets where an asset was, here and at its origin: it was not there any more when it was read.
    pub fn forget(endpoint: &Endpoint, origin: &dyn Origin, asset: &AssetRef) {
        let mut known = endpoint.lookups.lock();
        // Rare enough to look through all of them: one asset may be known for several hosts.
        let gone: Vec<Key> = known
            .iter()
            .map(|(key, _)| key)
            .filter(|key| key.readings().any(|own| own == asset))
            .cloned()
            .collect();
        for key in &gone {
            known.pop(key);
        }
        drop(known);
        origin.forget(asset);
    }

    /// Forgets what a purge names, and lets the origins forget it; how many answers that were.
    pub fn purge(endpoint: &Endpoint, purge: &Purge) -> u64 {
        let mut known = endpoint.lookups.lock();
        let all = purge.takes_endpoint(&endpoint.name);
        let takes = |asset: &AssetRef| purge.takes_asset(&asset.public_id);
        let meant = |key: &Key| all || key.readings().any(takes);
        let gone: Vec<Key> = known
            .iter()
            .map(|(key, _)| key)
            .filter(|key| meant(key))
            .cloned()
            .collect();
        for key in &gone {
            known.pop(key);
        }
        drop(known);
        let named = purge.public_ids.iter().flat_map(|id| of_all_types(id));
        let known = gone.iter().flat_map(Key::readings);
        for asset in named.chain(known.cloned()) {
            for origin in &endpoint.origins {
                origin.forget(&asset);
            }
        }
        gone.len() as u64
    }
}

/// The assets that a public ID may mean.
fn of_all_types(public_id: &str) -> impl Iterator<Item = AssetRef> {
    let types = [AssetType::Image, AssetType::Video, AssetType::Raw];
    types.into_iter().flat_map(move |asset_type| {
        let ways = [
            DeliveryType::Upload,
            DeliveryType::Private,
            DeliveryType::Authenticated,
            DeliveryType::Fetch,
        ];
        ways.map(|delivery_type| AssetRef {
            asset_type,
            delivery_type,
            public_id: public_id.into(),
            extension: None,
            version: None,
        })
    })
}

fn ask(endpoint: Arc<Endpoint>, key: Key) -> Question {
    let host = key.host;
    Box::pin(async move { find_any(&endpoint, &key.asset, &key.others, host.as_deref()).await })
}

#[allow(
    clippy::disallowed_methods,
    reason = "the age of an answer is measured by the clock"
)]
fn now() -> Instant {
    Instant::now()
}

impl fmt::Debug for Lookups {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lookups")
            .field("windows", &self.windows)
            .field("known", &self.lock().len())
            .finish()
    }
}
