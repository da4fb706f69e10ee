//! Results in memory, bounded by bytes.

use std::fmt;
use std::sync::Arc;

use quick_cache::Weighter;
use quick_cache::sync::Cache;

use super::DerivedKey;

/// Bytes that an entry costs beside its body: key, pointers, headers.
const OVERHEAD: u64 = 200;

/// A typical result, to size the index by.
const TYPICAL: u64 = 20 << 10;

/// Anything that knows how many bytes it holds.
pub trait Weigh {
    /// Bytes of the body.
    fn weight(&self) -> u64;
}

#[derive(Clone)]
struct ByBytes;

impl<V: Weigh> Weighter<DerivedKey, Arc<V>> for ByBytes {
    fn weight(&self, _: &DerivedKey, value: &Arc<V>) -> u64 {
        value.weight() + OVERHEAD
    }
}

/// Results by key. A scan over many cold results does not push the hot ones out.
pub struct Memory<V: Weigh> {
    cache: Cache<DerivedKey, Arc<V>, ByBytes>,
}

impl<V: Weigh> Memory<V> {
    /// Holds at most `bytes`.
    #[must_use]
    pub fn new(bytes: u64) -> Self {
        let items = usize::try_from(bytes / TYPICAL)
            .unwrap_or(usize::MAX)
            .clamp(64, 1 << 22);
        Self {
            cache: Cache::with_weighter(items, bytes, ByBytes),
        }
    }

    /// The result, if it is held.
    #[must_use]
    pub fn get(&self, key: &DerivedKey) -> Option<Arc<V>> {
        self.cache.get(key)
    }

    /// Keeps a result. One that is larger than the whole cache is not kept.
    pub fn put(&self, key: DerivedKey, value: Arc<V>) {
        self.cache.insert(key, value);
    }

    /// Results held.
    #[must_use]
    pub fn len(&self) -> usize {
        self.cache.len()
    }

    /// Whether nothing is held.
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

impl<V: Weigh> fmt::Debug for Memory<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory")
            .field("entries", &self.len())
            .field("bytes", &self.bytes())
            .finish()
    }
}
