//! Entries to bytes and back. An entry's ID is written as what it does not share with the one before.

use std::time::{Duration, UNIX_EPOCH};

use xxhash_rust::xxh3::xxh3_64;

use super::Stored;
use crate::origin::locate::Leaf;

/// Entries a block: one look-up reads about two kilobytes.
pub(super) const ENTRIES: usize = 32;
/// Bytes before a block's entries: their length and their checksum.
pub(super) const HEAD: usize = 4 + 8;
/// Bytes of a block that can only be damage.
pub(super) const MAX_BYTES: usize = 1 << 20;
/// Bytes of an identity.
const ETAG: usize = 16;

/// Entries on their way into a block.
#[derive(Debug, Default)]
pub(super) struct Encoder {
    bytes: Vec<u8>,
    entries: usize,
    first: String,
    last: String,
}

impl Encoder {
    pub(super) const fn entries(&self) -> usize {
        self.entries
    }

    /// The first ID of the block.
    pub(super) fn first(&self) -> &str {
        &self.first
    }

    /// Adds an entry; entries come in order.
    pub(super) fn add(&mut self, id: &str, stored: &Stored) {
        if self.entries == 0 {
            self.first = id.to_owned();
            self.last.clear();
        }
        let shared = shared(&self.last, id);
        let rest = id.as_bytes().get(shared..).unwrap_or_default();
        number(&mut self.bytes, shared as u64);
        text(&mut self.bytes, rest);
        text(&mut self.bytes, stored.leaf.name.as_bytes());
        number(&mut self.bytes, stored.bytes);
        let seconds = stored
            .modified
            .and_then(|time| time.duration_since(UNIX_EPOCH).ok())
            .map_or(0, |since| since.as_secs().saturating_add(1));
        number(&mut self.bytes, seconds);
        self.bytes.extend_from_slice(&packed(&stored.etag));
        self.last = id.to_owned();
        self.entries += 1;
    }

    /// The block with its head; the encoder is empty again.
    pub(super) fn finish(&mut self) -> Vec<u8> {
        let length = u32::try_from(self.bytes.len()).unwrap_or(u32::MAX);
        let mut block = Vec::with_capacity(HEAD + self.bytes.len());
        block.extend_from_slice(&length.to_le_bytes());
        block.extend_from_slice(&xxh3_64(&self.bytes).to_le_bytes());
        block.append(&mut self.bytes);
        self.entries = 0;
        block
    }
}

fn shared(a: &str, b: &str) -> usize {
    a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count()
}

/// Seven bits a byte, lowest first; the top bit says that more follow.
pub(super) fn number(bytes: &mut Vec<u8>, mut number: u64) {
    loop {
        let low = u8::try_from(number & 0x7f).unwrap_or(0);
        number >>= 7;
        if number == 0 {
            bytes.push(low);
            return;
        }
        bytes.push(low | 0x80);
    }
}

pub(super) fn text(bytes: &mut Vec<u8>, text: &[u8]) {
    number(bytes, text.len() as u64);
    bytes.extend_from_slice(text);
}

fn packed(hex: &str) -> [u8; ETAG] {
    let mut packed = [0; ETAG];
    for (byte, pair) in packed.iter_mut().zip(hex.as_bytes().chunks_exact(2)) {
        let text = std::str::from_utf8(pair).unwrap_or("00");
        *byte = u8::from_str_radix(text, 16).unwrap_or(0);
    }
    packed
}

/// The length of a block's entries, and their checksum.
pub(super) fn head(bytes: &[u8; HEAD]) -> (usize, u64) {
    let [a, b, c, d, sum @ ..] = *bytes;
    (
        u32::from_le_bytes([a, b, c, d]) as usize,
        u64::from_le_bytes(sum),
    )
}

/// Whether a block's entries are what was written.
pub(super) fn is_whole(entries: &[u8], sum: u64) -> bool {
    xxh3_64(entries) == sum
}

/// Bytes that are read from front to back. Every method gives `None` where they end too early.
pub(super) struct Decoder<'a>(pub(super) &'a [u8]);

impl<'a> Decoder<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    pub(super) fn number(&mut self) -> Option<u64> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let [byte] = *self.take(1)? else {
                return None;
            };
            number |= u64::from(byte & 0x7f).checked_shl(shift)?;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    pub(super) fn text(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.number()?).ok()?;
        self.take(length)
    }

    /// The next entry; `id` is the one before and becomes this one's.
    pub(super) fn entry(&mut self, id: &mut Vec<u8>) -> Option<Entry<'a>> {
        let shared = usize::try_from(self.number()?).ok()?;
        if shared > id.len() {
            return None;
        }
        id.truncate(shared);
        id.extend_from_slice(self.text()?);
        Some(Entry {
            name: self.text()?,
            bytes: self.number()?,
            seconds: self.number()?,
            etag: self.take(ETAG)?,
        })
    }
}

/// An entry, undecoded.
pub(super) struct Entry<'a> {
    name: &'a [u8],
    bytes: u64,
    seconds: u64,
    etag: &'a [u8],
}

impl Entry<'_> {
    pub(super) fn stored(&self) -> Option<Stored> {
        let seconds = self.seconds.checked_sub(1).map(Duration::from_secs);
        Some(Stored {
            leaf: Leaf::read(std::str::from_utf8(self.name).ok()?)?,
            bytes: self.bytes,
            modified: match seconds {
                Some(seconds) => UNIX_EPOCH.checked_add(seconds),
                None => None,
            },
            etag: self
                .etag
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect::<String>()
                .into(),
        })
    }
}
