//! Originals of distant origins, bounded by bytes: ten sizes of one photo cost one download.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{DefaultHashBuilder, OptionsBuilder, Weighter};

use super::{Flights, Joined, Purge};
use crate::origin::{Error, Found, Origin};
use crate::trace;

/// A typical original, to size the index by.
const TYPICAL: u64 = 1 << 20;

/// Which bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Id {
    origin: Box<str>,
    object: Box<str>,
    etag: Box<str>,
    /// For purges.
    public_id: Box<str>,
}

#[derive(Clone)]
struct ByBytes;

impl Weighter<Id, Bytes> for ByBytes {
    fn weight(&self, id: &Id, bytes: &Bytes) -> u64 {
        (bytes.len() + id.object.len() + id.public_id.len() + 256) as u64
    }
}

/// An original's bytes.
#[derive(Clone, Debug)]
pub struct Original {
    /// All of them.
    pub bytes: Bytes,
    /// Read from the origin for this call.
    pub downloaded: bool,
}

/// Originals that were read lately, and those being read.
pub struct Originals {
    cache: Cache<Id, Bytes, ByBytes>,
    flights: Flights<Id, Result<Bytes, Error>>,
}

impl Originals {
    /// Holds at most `bytes`; 0: none, and those who ask at once still share one download.
    #[must_use]
    pub fn new(bytes: u64) -> Self {
        let items = usize::try_from(bytes / TYPICAL)
            .unwrap_or(usize::MAX)
            .clamp(16, 1 << 16);
        let mut options = OptionsBuilder::new();
        // One part: each part of a divided cache could only hold an original of its own size.
        options
            .estimated_items_capacity(items)
            .weight_capacity(bytes)
            .shards(1);
        let cache = match options.build() {
            Ok(options) => Cache::with_options(
                options,
                ByBytes,
                DefaultHashBuilder::default(),
                DefaultLifecycle::default(),
            ),
            // All that it asks for is set above.
            Err(_) => Cache::with_weighter(items, bytes, ByBytes),
        };
        Self {
            cache,
            flights: Flights::new(),
        }
    }

    /// All bytes of an original of an asset, from here or from its origin. A local origin is read
    /// each time: the system keeps its files already.
    ///
    /// # Errors
    /// As [`Origin::read`].
    pub async fn read(
        &self,
        origin: &Arc<dyn Origin>,
        found: &Found,
        public_id: &str,
        limit: u64,
    ) -> Result<Original, Error> {
        let now = |bytes| Original {
            bytes,
            downloaded: true,
        };
        if origin.is_local() || found.bytes > limit {
            return origin.read(found, limit).await.map(now);
        }
        let id = Id {
            origin: origin.name().into(),
            object: found.key.clone(),
            etag: found.etag.clone(),
            public_id: public_id.into(),
        };
        let kept = |bytes| Original {
            bytes,
            downloaded: false,
        };
        if let Some(bytes) = self.cache.get(&id) {
            return Ok(kept(bytes));
        }
        let (theirs, found) = (origin.clone(), found.clone());
        let trace = trace::current();
        let read = || trace::within(trace, async move { theirs.read(&found, limit).await });
        match self.flights.join(id.clone(), read).await {
            Joined::Made(Ok(bytes)) => {
                self.cache.insert(id, bytes.clone());
                Ok(now(bytes))
            }
            Joined::Shared(Ok(bytes)) => Ok(kept(bytes)),
            Joined::Made(Err(error)) | Joined::Shared(Err(error)) => Err(error),
            Joined::Lost => Err(Error::Upstream {
                origin: id.origin,
                key: id.object,
                reason: "the download was stopped".into(),
            }),
        }
    }

    /// Drops what a purge names. An endpoint's originals are not told from others': all go.
    pub fn purge(&self, purge: &Purge) -> u64 {
        let before = self.cache.len();
        if purge.is_by_asset() || purge.endpoints.is_empty() {
            self.cache.retain(|id, _| !purge.takes_asset(&id.public_id));
        } else {
            self.cache.clear();
        }
        before.saturating_sub(self.cache.len()) as u64
    }

    /// Originals held.
    #[must_use]
    pub fn len(&self) -> usize {
        self.cache.len()
    }

    /// Whether none is held.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.cache.is_empty()
    }

    /// Bytes held.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.cache.weight()
    }
}

impl fmt::Debug for Originals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Originals")
            .field("entries", &self.len())
            .field("bytes", &self.bytes())
            .finish()
    }
}
