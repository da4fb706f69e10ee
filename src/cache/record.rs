//! A result as every tier keeps it: one buffer, the same bytes in memory, in a file and in a bucket.
//!
//! ```text
//!  0  8  magic, with the layout's number
//!  8  8  XXH3-64 of everything behind it
//! 16 24  key
//! 40  8  when it was made, milliseconds since 1970
//! 48  4  bytes of the owner's part
//! 52  4  bytes of the description
//! 56  8  bytes of the body
//! 64     owner, description, body
//! ```
//!
//! Numbers are little-endian. The owner's part is the endpoint's name and every public ID that takes
//! part, each ended by a byte that no UTF-8 text holds; the description is the business of the
//! floor above.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use xxhash_rust::xxh3::Xxh3Default;

use super::DerivedKey;

const MAGIC: &[u8; 8] = b"cldgate\x01";

/// Bytes before the owner's part.
pub(super) const HEAD: usize = 64;

/// Where what the checksum covers begins.
const COVERED: usize = 16;

/// Ends each text of the owner's part.
const END: u8 = 0xff;

/// Longest owner's part and longest description; what is longer is damage.
const MAX_PART: usize = 1 << 16;

/// To whom a result belongs, for a purge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner<'a> {
    /// The endpoint's name.
    pub endpoint: &'a str,
    /// The asset's public ID, then those of its layers.
    pub public_ids: Vec<&'a str>,
}

/// A result in its buffer. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Record {
    bytes: Bytes,
}

/// The numbers of the head.
#[derive(Clone, Copy)]
struct Head {
    sum: u64,
    made: u64,
    owner: usize,
    description: usize,
    body: usize,
}

impl Record {
    /// Puts a result into its buffer, all of it copied once.
    #[must_use]
    pub fn new(
        key: &DerivedKey,
        made: SystemTime,
        owner: &Owner<'_>,
        description: &[u8],
        body: &[u8],
    ) -> Self {
        let mut names = Vec::with_capacity(64);
        for text in std::iter::once(&owner.endpoint).chain(&owner.public_ids) {
            // A chain has few layers; whatever goes beyond the bound is purged with the rest by name
            // of the others.
            if names.len() + text.len() < MAX_PART {
                names.extend_from_slice(text.as_bytes());
                names.push(END);
            }
        }
        let description = description
            .get(..description.len().min(MAX_PART))
            .unwrap_or_default();
        let millis = made
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_millis();
        // Exactly as long as it gets, so that nothing is copied when it is shared.
        let mut bytes = Vec::with_capacity(HEAD + names.len() + description.len() + body.len());
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&[0; 8]);
        bytes.extend_from_slice(&key.to_bytes());
        bytes.extend_from_slice(&u64::try_from(millis).unwrap_or(u64::MAX).to_le_bytes());
        for part in [names.len(), description.len()] {
            bytes.extend_from_slice(&u32::try_from(part).unwrap_or(u32::MAX).to_le_bytes());
        }
        bytes.extend_from_slice(&(body.len() as u64).to_le_bytes());
        bytes.extend_from_slice(&names);
        bytes.extend_from_slice(description);
        bytes.extend_from_slice(body);
        let sum = sum(&bytes).to_le_bytes();
        if let Some(place) = bytes.get_mut(8..COVERED) {
            place.copy_from_slice(&sum);
        }
        Self {
            bytes: bytes.into(),
        }
    }

    /// A record that was written somewhere, if it is whole, undamaged, and the one asked for.
    #[must_use]
    pub fn open(key: &DerivedKey, bytes: Bytes) -> Option<Self> {
        let head = head(&bytes)?;
        let length = HEAD
            .checked_add(head.owner)?
            .checked_add(head.description)?
            .checked_add(head.body)?;
        let whole = bytes.len() == length
            && bytes.get(16..40)? == key.to_bytes()
            && sum(&bytes) == head.sum;
        whole.then_some(Self { bytes })
    }

    /// The owner told by the first bytes of a record, as many as [`Record::owner_length`] says.
    #[must_use]
    pub fn owner_of(bytes: &[u8]) -> Option<Owner<'_>> {
        let head = head(bytes)?;
        owner(bytes.get(HEAD..HEAD.checked_add(head.owner)?)?)
    }

    /// How many first bytes tell the owner, by the head alone.
    #[must_use]
    pub fn owner_length(bytes: &[u8]) -> Option<usize> {
        HEAD.checked_add(head(bytes)?.owner)
    }

    /// To whom it belongs.
    #[must_use]
    pub fn owner(&self) -> Option<Owner<'_>> {
        Self::owner_of(&self.bytes)
    }

    /// When it was made.
    #[must_use]
    pub fn made(&self) -> SystemTime {
        let millis = head(&self.bytes).map_or(0, |head| head.made);
        UNIX_EPOCH
            .checked_add(Duration::from_millis(millis))
            .unwrap_or(UNIX_EPOCH)
    }

    /// What the floor above wrote about it.
    #[must_use]
    pub fn description(&self) -> &[u8] {
        let place = head(&self.bytes).map(|head| {
            let start = HEAD.saturating_add(head.owner);
            start..start.saturating_add(head.description)
        });
        place
            .and_then(|place| self.bytes.get(place))
            .unwrap_or_default()
    }

    /// The file that clients get; shares the buffer.
    #[must_use]
    pub fn body(&self) -> Bytes {
        let length = head(&self.bytes).map_or(0, |head| head.body);
        let start = self.bytes.len().saturating_sub(length);
        self.bytes.slice(start..)
    }

    /// The whole buffer, as it is written.
    #[must_use]
    pub const fn as_bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// Bytes of the whole buffer.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.bytes.len() as u64
    }

    /// Never: a record has a head.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }
}

fn sum(bytes: &[u8]) -> u64 {
    let mut hash = Xxh3Default::new();
    hash.update(bytes.get(COVERED..).unwrap_or_default());
    hash.digest()
}

fn head(bytes: &[u8]) -> Option<Head> {
    let u64_at = |at: usize| Some(u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?));
    let u32_at = |at: usize| Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?));
    if bytes.get(..8)? != MAGIC {
        return None;
    }
    let part = |at| {
        let length = usize::try_from(u32_at(at)?).ok()?;
        (length <= MAX_PART).then_some(length)
    };
    Some(Head {
        sum: u64_at(8)?,
        made: u64_at(40)?,
        owner: part(48)?,
        description: part(52)?,
        body: usize::try_from(u64_at(56)?).ok()?,
    })
}

fn owner(bytes: &[u8]) -> Option<Owner<'_>> {
    let mut texts = bytes.split_inclusive(|byte| *byte == END).map(|text| {
        text.strip_suffix(&[END])
            .and_then(|text| std::str::from_utf8(text).ok())
    });
    let endpoint = texts.next()??;
    Some(Owner {
        endpoint,
        public_ids: texts.collect::<Option<_>>()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::KeyParts;

    fn key(object: &str) -> DerivedKey {
        DerivedKey::new(&KeyParts::of("a", object))
    }

    fn record() -> Record {
        let owner = Owner {
            endpoint: "demo",
            public_ids: vec!["folder/żaba", "logo\n"],
        };
        let made = UNIX_EPOCH + Duration::from_millis(1_700_000_000_123);
        Record::new(&key("1"), made, &owner, b"about", b"the picture")
    }

    #[test]
    fn what_was_put_in_comes_out() {
        let written = record();
        let read = Record::open(&key("1"), written.as_bytes().clone()).unwrap();
        assert_eq!(read.body(), Bytes::from("the picture"));
        assert_eq!(read.description(), b"about");
        assert_eq!(
            read.made(),
            UNIX_EPOCH + Duration::from_millis(1_700_000_000_123)
        );
        let owner = read.owner().unwrap();
        assert_eq!(
            (owner.endpoint, owner.public_ids),
            ("demo", vec!["folder/żaba", "logo\n"])
        );
        assert_eq!(
            Record::owner_length(read.as_bytes()),
            Some(HEAD + 5 + 13 + 6)
        );
    }

    #[test]
    fn damage_anywhere_is_seen() {
        let whole = record().as_bytes().to_vec();
        for at in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 1;
            assert!(
                Record::open(&key("1"), damaged.into()).is_none(),
                "byte {at}"
            );
        }
        for length in 0..whole.len() {
            let cut = Bytes::copy_from_slice(&whole[..length]);
            assert!(Record::open(&key("1"), cut).is_none(), "{length} bytes");
        }
        let mut longer = whole.clone();
        longer.push(0);
        assert!(Record::open(&key("1"), longer.into()).is_none());
        assert!(
            Record::open(&key("2"), whole.into()).is_none(),
            "another key"
        );
    }
}
