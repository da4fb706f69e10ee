//! What identifies a result.

use sha2::{Digest, Sha256};
use xxhash_rust::xxh3::xxh3_64;

/// Part of every key: rises whenever the same plan begins to give other bytes, so that results of an
/// older engine are never served as this one's.
const ENGINE: &str = "cldgate 3";

/// Everything that the bytes of a result depend on.
#[derive(Clone, Copy, Debug)]
pub struct KeyParts<'a> {
    /// Public ID of the asset.
    pub public_id: &'a str,
    /// Name of the origin that answered.
    pub origin: &'a str,
    /// Key of the object inside it.
    pub object: &'a str,
    /// What identifies the object's bytes.
    pub etag: &'a str,
    /// Other objects that take part, each with what identifies its bytes; empty for most.
    pub others: &'a [(&'a str, &'a str)],
    /// The specification's line.
    pub spec: &'a str,
    /// What was negotiated with this client: formats, width and pixel ratio where they matter.
    pub client: &'a str,
    /// The owner's rules that shape a result: default quality, limits, writable formats.
    pub rules: &'a str,
}

#[cfg(test)]
impl<'a> KeyParts<'a> {
    /// Of an object of an asset, everything else alike.
    pub fn of(public_id: &'a str, object: &'a str) -> Self {
        Self {
            public_id,
            origin: "o",
            object,
            etag: "e",
            others: &[],
            spec: "s",
            client: "",
            rules: "",
        }
    }
}

/// Identifies a result: equal meanings of equal sources for equal clients share one.
///
/// The asset stands before the result, so that all forms of an asset are found by name alone, in
/// memory, in a folder or in a bucket. The result's half is cut from a cryptographic hash: nobody
/// can write a URL that is answered with another URL's picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DerivedKey {
    asset: AssetHash,
    result: [u8; 16],
}

/// Half a key: which asset. Its lowest bit says whether others take part in the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AssetHash(u64);

impl AssetHash {
    /// Of an asset's public ID, whatever its type.
    #[must_use]
    pub fn of(public_id: &str) -> Self {
        Self(xxh3_64(public_id.as_bytes()) & !1)
    }
}

/// Letters of a key as text.
const TEXT: usize = 48;

impl DerivedKey {
    /// The key of these parts.
    #[must_use]
    pub fn new(parts: &KeyParts<'_>) -> Self {
        let mut hash = Sha256::new();
        let mut add = |part: &str| {
            // Lengths keep neighbouring parts apart.
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part.as_bytes());
        };
        for part in [
            ENGINE,
            parts.origin,
            parts.object,
            parts.etag,
            parts.spec,
            parts.client,
            parts.rules,
        ] {
            add(part);
        }
        for (object, etag) in parts.others {
            add(object);
            add(etag);
        }
        let digest: [u8; 32] = hash.finalize().into();
        let mut result = [0; 16];
        result.copy_from_slice(digest.first_chunk::<16>().unwrap_or(&[0; 16]));
        let AssetHash(asset) = AssetHash::of(parts.public_id);
        Self {
            asset: AssetHash(asset | u64::from(!parts.others.is_empty())),
            result,
        }
    }

    /// 32 hex digits: a strong `ETag` for the result, known before it is made.
    #[must_use]
    pub fn etag(&self) -> String {
        let mut text = String::with_capacity(32);
        hex(&self.result, &mut text);
        text
    }

    /// Whether this may be a result of the asset: surely not, or perhaps.
    #[must_use]
    pub fn may_be_of(&self, asset: AssetHash) -> bool {
        self.has_others() || self.asset == asset
    }

    /// Whether objects of other assets take part in the result.
    #[must_use]
    pub const fn has_others(&self) -> bool {
        self.asset.0 & 1 == 1
    }

    /// The asset's half as 16 hex digits: the beginning of [`DerivedKey::name`].
    #[must_use]
    pub fn asset_name(asset: AssetHash) -> String {
        format!("{:016x}", asset.0)
    }

    /// 48 hex digits, the asset's half before the result's.
    #[must_use]
    pub fn name(&self) -> String {
        let mut text = Self::asset_name(self.asset);
        text.reserve(TEXT);
        hex(&self.result, &mut text);
        text
    }

    /// The key with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        if name.len() != TEXT || !name.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        let (asset, result) = name.split_at_checked(16)?;
        Some(Self {
            asset: AssetHash(u64::from_str_radix(asset, 16).ok()?),
            result: u128::from_str_radix(result, 16).ok()?.to_be_bytes(),
        })
    }

    /// 24 bytes, for the head of a record.
    pub(super) fn to_bytes(self) -> [u8; 24] {
        let mut bytes = [0; 24];
        let (asset, result) = bytes.split_at_mut(8);
        asset.copy_from_slice(&self.asset.0.to_le_bytes());
        result.copy_from_slice(&self.result);
        bytes
    }

    /// Spreads keys evenly over 256 places.
    pub(super) const fn shard(&self) -> u8 {
        self.result[0]
    }
}

fn hex(bytes: &[u8], out: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for byte in bytes {
        for digit in [byte >> 4, byte & 15] {
            out.push(char::from(DIGITS[usize::from(digit)]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARTS: KeyParts<'_> = KeyParts {
        public_id: "folder/photo",
        origin: "photos",
        object: "res/demo/image/upload/folder/photo/1.jpg",
        etag: "0",
        others: &[],
        spec: "resize 10x10 cover @center",
        client: "",
        rules: "",
    };

    #[test]
    fn every_part_counts() {
        let base = DerivedKey::new(&PARTS);
        assert_eq!(base, DerivedKey::new(&PARTS));
        let others = [
            KeyParts {
                origin: "a",
                ..PARTS
            },
            KeyParts {
                object: "a",
                ..PARTS
            },
            KeyParts { etag: "1", ..PARTS },
            KeyParts {
                others: &[("logo", "1")],
                ..PARTS
            },
            KeyParts {
                others: &[("logo", "2")],
                ..PARTS
            },
            KeyParts { spec: "a", ..PARTS },
            KeyParts {
                client: "a",
                ..PARTS
            },
            KeyParts {
                rules: "a",
                ..PARTS
            },
            KeyParts {
                client: "ab",
                rules: "c",
                ..PARTS
            },
            KeyParts {
                client: "a",
                rules: "bc",
                ..PARTS
            },
        ];
        let mut all: Vec<_> = others.iter().map(DerivedKey::new).collect();
        all.push(base);
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), others.len() + 1);
    }

    #[test]
    fn a_name_begins_with_the_asset_and_is_read_back() {
        let asset = AssetHash::of(PARTS.public_id);
        let key = DerivedKey::new(&PARTS);
        assert!(key.name().starts_with(&DerivedKey::asset_name(asset)));
        assert!(key.name().ends_with(&key.etag()));
        assert!(key.may_be_of(asset) && !key.may_be_of(AssetHash::of("other")));
        let layered = DerivedKey::new(&KeyParts {
            others: &[("logo", "1")],
            ..PARTS
        });
        assert!(layered.may_be_of(AssetHash::of("logo")));
        for key in [key, layered] {
            assert_eq!(DerivedKey::from_name(&key.name()), Some(key));
        }
        for name in ["", "x", &"g".repeat(48), &"0".repeat(47), &"é".repeat(24)] {
            assert_eq!(DerivedKey::from_name(name), None, "{name}");
        }
    }
}
