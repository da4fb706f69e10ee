//! Answers of the last second, by the very bytes of the request: a hot picture costs one look-up
//! instead of a walk down the whole road.
//!
//! An answer lives here for [`LIFE`], so whatever changes below (a new version, a reload, a look-up
//! that ages) is seen that much later; a purge empties it.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hyper::HeaderMap;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use smallvec::SmallVec;

use super::answer::Answer;
use super::asked::HINTS;
use super::metrics::Answers;
use crate::deliver::Endpoint;

/// How long an answer is given without a look below.
pub(super) const LIFE: Duration = Duration::from_secs(1);

/// A typical answer, to size the index by.
const TYPICAL: u64 = 24 << 10;

/// Larger bodies cost more to send than to find.
const MAX_BODY: u64 = 1 << 20;

/// An answer with what is told about it.
#[derive(Debug)]
pub(super) struct Ready {
    pub(super) answer: Answer,
    pub(super) endpoint: Arc<Endpoint>,
    pub(super) answers: Arc<Answers>,
    /// Notes by level, for the counters.
    pub(super) notes: [u64; 3],
    pub(super) until: Instant,
}

/// The bytes of a request that its answer depends on.
pub(super) type Key = SmallVec<[u8; 384]>;

#[derive(Clone)]
struct ByBytes;

impl Weighter<Box<[u8]>, Arc<Ready>> for ByBytes {
    fn weight(&self, key: &Box<[u8]>, ready: &Arc<Ready>) -> u64 {
        ready.answer.weight() + key.len() as u64
    }
}

/// Answers by request.
pub(super) struct Front {
    cache: Cache<Box<[u8]>, Arc<Ready>, ByBytes>,
}

impl Front {
    /// Holds at most `bytes`, bodies included.
    pub(super) fn new(bytes: u64) -> Self {
        let items = usize::try_from(bytes / TYPICAL)
            .unwrap_or(usize::MAX)
            .clamp(16, 1 << 16);
        Self {
            cache: Cache::with_weighter(items, bytes, ByBytes),
        }
    }

    /// The key of a request: host, target and every header that an answer may depend on, each
    /// behind its length.
    pub(super) fn key(host: Option<&str>, target: &str, headers: &HeaderMap) -> Key {
        let mut key = Key::new();
        let mut add = |part: Option<&[u8]>| {
            let length = part.map_or(u32::MAX, |part| {
                u32::try_from(part.len()).unwrap_or(u32::MAX - 1)
            });
            key.extend_from_slice(&length.to_le_bytes());
            key.extend_from_slice(part.unwrap_or_default());
        };
        add(host.map(str::as_bytes));
        add(Some(target.as_bytes()));
        for name in &HINTS {
            add(headers.get(name).map(hyper::header::HeaderValue::as_bytes));
        }
        key
    }

    /// The answer, while it may be given.
    pub(super) fn get(&self, key: &[u8], now: Instant) -> Option<Arc<Ready>> {
        self.cache.get(key).filter(|ready| now < ready.until)
    }

    /// Keeps an answer.
    pub(super) fn put(&self, key: &[u8], ready: Ready) {
        if ready.answer.length() <= MAX_BODY {
            self.cache.insert(key.into(), Arc::new(ready));
        }
    }

    /// Forgets everything.
    pub(super) fn clear(&self) {
        self.cache.clear();
    }
}

impl fmt::Debug for Front {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Front")
            .field("answers", &self.cache.len())
            .field("bytes", &self.cache.weight())
            .finish()
    }
}
