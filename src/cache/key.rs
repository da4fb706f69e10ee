//! What identifies a result.

use sha2::{Digest, Sha256};

/// Part of every key: rises whenever the same plan begins to give other bytes, so that results of an
/// older engine are never served as this one's.
const ENGINE: &str = "cldgate 1";

/// Everything that the bytes of a result depend on.
#[derive(Clone, Copy, Debug)]
pub struct KeyParts<'a> {
    /// Name of the origin that answered.
    pub origin: &'a str,
    /// Key of the object inside it.
    pub object: &'a str,
    /// What identifies the object's bytes.
    pub etag: &'a str,
    /// The specification's line.
    pub spec: &'a str,
    /// What was negotiated with this client: formats, width and pixel ratio where they matter.
    pub client: &'a str,
    /// The owner's rules that shape a result: default quality, limits, writable formats.
    pub rules: &'a str,
}

/// Identifies a result: equal meanings of equal sources for equal clients share one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DerivedKey([u8; 32]);

impl DerivedKey {
    /// The key of these parts.
    #[must_use]
    pub fn new(parts: &KeyParts<'_>) -> Self {
        let mut hash = Sha256::new();
        for part in [
            ENGINE,
            parts.origin,
            parts.object,
            parts.etag,
            parts.spec,
            parts.client,
            parts.rules,
        ] {
            // Lengths keep neighbouring parts apart.
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part.as_bytes());
        }
        Self(hash.finalize().into())
    }

    /// The first 16 bytes as 32 hex digits: a strong `ETag` for the result, known before it is made.
    #[must_use]
    pub fn etag(&self) -> String {
        self.0
            .iter()
            .take(16)
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}
