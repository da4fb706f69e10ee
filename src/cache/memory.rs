//! Results in memory, bounded by bytes.

use std::fmt;

use quick_cache::Weighter;
use quick_cache::sync::Cache;

use super::purge::Verdict;
use super::{DerivedKey, Purge, Record};

/// Bytes that an entry costs beside its record: key, pointers, the index.
const OVERHEAD: u64 = 128;

/// A typical result, to size the index by.
const TYPICAL: u64 = 8 << 10;

#[derive(Clone)]
struct ByBytes;

impl Weighter<DerivedKey, Record> for ByBytes {
    fn weight(&self, _: &DerivedKey, record: &Record) -> u64 {
        record.len() + OVERHEAD
    }
}

/// Results by key. A scan over many cold results does not push the hot ones out.
pub struct Memory {
    cache: Cache<DerivedKey, Record, ByBytes>,
}

impl Memory {
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
    pub fn get(&self, key: &DerivedKey) -> Option<Record> {
        self.cache.get(key)
    }

    /// Keeps a result. One that is larger than the whole cache is not kept.
    pub fn put(&self, key: DerivedKey, record: Record) {
        self.cache.insert(key, record);
    }

    /// Drops what a purge names; how many results that were.
    pub fn purge(&self, purge: &Purge) -> u64 {
        let assets = purge.assets();
        let before = self.len();
        self.cache.retain(|key, record| {
            purge.judge(key, &assets) == Verdict::Stays || !purge.takes_record(record)
        });
        before.saturating_sub(self.len()) as u64
    }

    /// Bytes that it may hold.
    #[must_use]
    pub fn capacity(&self) -> u64 {
        self.cache.capacity()
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

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory")
            .field("entries", &self.len())
            .field("bytes", &self.bytes())
            .finish()
    }
}
