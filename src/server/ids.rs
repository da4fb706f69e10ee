//! Request IDs.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

/// Request IDs: 32 hex digits, unlike any other for practical purposes. No secret depends on them.
#[derive(Debug)]
pub(super) struct Ids {
    seed: u64,
    next: AtomicU64,
}

impl Ids {
    pub(super) fn new() -> Self {
        Self {
            seed: RandomState::new().hash_one("request ids"),
            next: AtomicU64::new(0),
        }
    }

    pub(super) fn next(&self) -> [u8; 32] {
        let n = self.next.fetch_add(1, Ordering::Relaxed);
        // A bijective mix, so that neighbours look nothing alike and none repeats.
        let mut mixed = n.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ self.seed;
        mixed = (mixed ^ (mixed >> 31)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mut id = [b'0'; 32];
        let (first, last) = id.split_at_mut(16);
        hex(self.seed, first);
        hex(mixed ^ (mixed >> 29), last);
        id
    }
}

/// Sixteen hex digits.
fn hex(number: u64, out: &mut [u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for (place, digit) in (0..16).rev().zip(out) {
        *digit = DIGITS[(number >> (4 * place) & 15) as usize];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn request_ids_differ() {
        let ids = Ids::new();
        let all: std::collections::BTreeSet<_> = (0..10_000).map(|_| ids.next()).collect();
        assert_eq!(all.len(), 10_000);
        assert!(all.iter().flatten().all(u8::is_ascii_hexdigit));
    }
}
