//! The index of a backup bucket: every asset's newest version in one sorted file, so that a cold asset
//! needs no listing.
//!
//! | module | what |
//! | --- | --- |
//! | [`self`] | what an entry is, and the order of entries |
//! | `block` | entries to bytes and back |
//! | `reader` | from an asset to its newest version, in microseconds |
//! | `writer` | a file from entries in order |
//! | `walk` | the bucket's keys to entries, resumable |
//!
//! The file: a head that says of which bucket it is and when the walk began; blocks of front-coded
//! entries, each with a checksum; a table with the first asset of each block; a tail that says where
//! the table is. Only the table is held in memory, a block is read where it is needed.

mod block;
mod reader;
mod walk;
mod writer;

use std::cmp::Ordering;
use std::path::PathBuf;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use thiserror::Error as ThisError;

pub use reader::{Index, Watched};
pub use walk::{Progress, Walk};
pub use writer::Writer;

use super::locate::Leaf;
use super::store::Object;

/// The first bytes of the file; the last of them is the version of its form.
const MAGIC: &[u8; 8] = b"cldgidx1";
/// The last bytes of the file.
const END: &[u8; 8] = b"cldgend1";

/// Of which place an index is, and of when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The bucket.
    pub bucket: String,
    /// The folder inside it: empty, or with a trailing slash.
    pub folder: String,
    /// When the walk began, in seconds since 1970: later versions are not in the index.
    pub began: u64,
}

/// A stored version of an asset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// The last part of its key.
    pub leaf: Leaf,
    /// Its length.
    pub bytes: u64,
    /// When it was written, in whole seconds.
    pub modified: Option<SystemTime>,
    /// Changes whenever the bytes change. 32 hex digits.
    pub etag: Box<str>,
}

impl Stored {
    /// `None` where what follows the prefix is no version.
    #[must_use]
    pub fn read(object: &Object, prefix: &str) -> Option<Self> {
        Some(Self {
            leaf: Leaf::read(object.key.strip_prefix(prefix)?)?,
            etag: object.identity(),
            bytes: object.bytes,
            modified: object.modified,
        })
    }
}

/// Why there is no index.
#[derive(Debug, ThisError)]
#[allow(missing_docs, reason = "the messages are the documentation")]
pub enum Error {
    #[error("index {}: {reason}", path.display())]
    Io {
        path: PathBuf,
        reason: std::io::Error,
    },
    #[error("index {}: damaged: {what}", path.display())]
    Damaged { path: PathBuf, what: &'static str },
    #[error("index {}: it is of {found}, not of {wanted}", path.display())]
    Elsewhere {
        path: PathBuf,
        found: String,
        wanted: String,
    },
    #[error("the store does not list its keys in the order of their bytes: {0} comes too late")]
    Disorder(String),
    #[error(transparent)]
    Origin(#[from] super::Error),
}

/// The order of entries. An asset comes behind those in the folder of its name: then the keys of a
/// bucket, in their order, give entries in theirs, however the versions of an asset and its folder lie
/// between each other, and no sorting is needed.
fn order(a: &str, b: &str) -> Ordering {
    // UTF-8 has no byte 255.
    let end = [b'/', 255];
    a.bytes().chain(end).cmp(b.bytes().chain(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_asset_comes_behind_its_folder() {
        let sorted = ["a-b", "a/15", "a/b/c", "a/b", "a", "a0", "b"];
        for pair in sorted.windows(2) {
            let [one, other] = pair else { unreachable!() };
            assert_eq!(order(one, other), Ordering::Less, "{one} {other}");
        }
    }
}
