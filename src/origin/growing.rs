//! What is remembered, up to a number of entries, takes memory as it fills.

use std::hash::Hash;
use std::num::NonZeroUsize;

use lru::LruCache;

/// An LRU cache of at most `most` entries. [`LruCache::new`] takes the whole table at once, and entries lie anywhere in it: with
/// room for 65,536 a few hundred entries touch two megabytes.
#[must_use]
pub fn growing<K: Hash + Eq, V>(most: NonZeroUsize) -> LruCache<K, V> {
    let mut cache = LruCache::unbounded();
    cache.resize(most);
    cache
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bound_holds() {
        let mut cache = growing(NonZeroUsize::MIN.saturating_add(2));
        for n in 0..10 {
            cache.put(n, ());
        }
        let left: Vec<_> = cache.iter().map(|(n, ())| *n).collect();
        assert_eq!(left, [9, 8, 7]);
    }
}
