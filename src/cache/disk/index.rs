//! Which files a folder holds, least recently used first. The folder is the truth; this is only what
//! is needed to keep it within its size.

use lru::LruCache;

use crate::cache::DerivedKey;

/// Sizes by key, in the order of use. About 100 bytes a file.
pub(super) struct Index {
    files: LruCache<DerivedKey, u32>,
    bytes: u64,
}

/// A size, 4 GiB at most; nothing larger is stored.
fn small(bytes: u64) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

impl Index {
    pub(super) fn new() -> Self {
        Self {
            files: LruCache::unbounded(),
            bytes: 0,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.files.len()
    }

    pub(super) const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// A file was read or written: it is the most recent one.
    pub(super) fn touch(&mut self, key: DerivedKey, bytes: u64) {
        let before = self.files.put(key, small(bytes)).unwrap_or(0);
        self.bytes = self
            .bytes
            .saturating_sub(u64::from(before))
            .saturating_add(u64::from(small(bytes)));
    }

    /// A file has gone.
    pub(super) fn remove(&mut self, key: &DerivedKey) {
        let before = self.files.pop(key).unwrap_or(0);
        self.bytes = self.bytes.saturating_sub(u64::from(before));
    }

    /// The file that was not used for the longest time, no longer listed.
    pub(super) fn pop_oldest(&mut self) -> Option<DerivedKey> {
        let (key, bytes) = self.files.pop_lru()?;
        self.bytes = self.bytes.saturating_sub(u64::from(bytes));
        Some(key)
    }

    /// Puts files found in the folder, oldest first, behind those that are in use already.
    pub(super) fn adopt(&mut self, found: impl Iterator<Item = (DerivedKey, u32)>) {
        let mut used = std::mem::replace(self, Self::new());
        for (key, bytes) in found {
            if !used.files.contains(&key) {
                self.touch(key, u64::from(bytes));
            }
        }
        while let Some((key, bytes)) = used.files.pop_lru() {
            self.touch(key, u64::from(bytes));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::KeyParts;

    fn key(object: &str) -> DerivedKey {
        DerivedKey::new(&KeyParts::of("a", object))
    }

    #[test]
    fn what_is_not_used_goes_first() {
        let mut index = Index::new();
        index.touch(key("in use"), 5);
        index.adopt([(key("old"), 1), (key("newer"), 2), (key("in use"), 9)].into_iter());
        index.touch(key("old"), 3);
        assert_eq!((index.len(), index.bytes()), (3, 10));
        let order: Vec<_> = std::iter::from_fn(|| index.pop_oldest()).collect();
        assert_eq!(order, [key("newer"), key("in use"), key("old")]);
        assert_eq!(index.bytes(), 0);
    }
}
