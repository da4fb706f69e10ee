//! What an origin stands on: a folder or a bucket, which hold objects under keys with slashes.
//!
//! Every kind of origin is written once, over a [`Store`].

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use sha2::{Digest, Sha256};

use super::calls::{Call, Calls};
use super::disk::Disk;
use super::patience::soon;
use super::{Answer, Candidate, Error, Found, Keeping, Origin, Pieces, s3};
use crate::spec::AssetRef;

/// A folder or a bucket.
#[derive(Debug)]
pub struct Store {
    place: Place,
    calls: Arc<Calls>,
}

#[derive(Debug)]
enum Place {
    Folder(Disk),
    Bucket(Box<s3::Client>),
}

/// How deep a listing goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// The objects right below the prefix; deeper ones are told as folders.
    Level,
    /// Every object below the prefix.
    All,
}

/// Where a listing goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Begin {
    /// At its beginning.
    First,
    /// Behind this key.
    After(String),
    /// Where the page with this token ended.
    Token(String),
}

/// One page of a listing, in the order of the keys' bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Objects.
    pub objects: Vec<Object>,
    /// With [`Depth::Level`]: prefixes of deeper objects, each with its trailing slash.
    pub folders: Vec<String>,
    /// The token of the next page; `None`: this was the last.
    pub next: Option<String>,
}

/// What a store tells of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// Its key.
    pub key: String,
    /// Its length.
    pub bytes: u64,
    /// When it was written.
    pub modified: Option<SystemTime>,
    /// The store's own mark of the bytes, where it has one.
    pub etag: Option<String>,
    /// How long it may be kept, where the store says so; a listing does not.
    pub keeping: Option<Keeping>,
}

impl Object {
    /// Changes whenever the bytes change. 32 hex digits. A store's own mark is best; without one
    /// length and time must do.
    #[must_use]
    pub fn identity(&self) -> Box<str> {
        match &self.etag {
            Some(etag) => self.hash(etag.as_bytes()),
            None => self.identity_by_time(),
        }
    }

    fn identity_by_time(&self) -> Box<str> {
        let since = self
            .modified
            .and_then(|time| time.duration_since(UNIX_EPOCH).ok())
            .unwrap_or_default();
        self.hash(&since.as_nanos().to_le_bytes())
    }

    fn hash(&self, mark: &[u8]) -> Box<str> {
        let mut hash = Sha256::new();
        hash.update(self.key.as_bytes());
        hash.update(self.bytes.to_le_bytes());
        hash.update(mark);
        let digest = hash.finalize();
        digest
            .iter()
            .take(16)
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
            .into()
    }

    /// As an answer to a look-up.
    #[must_use]
    pub fn found(self) -> Found {
        let leaf = self.key.rsplit('/').next().unwrap_or_default();
        Found {
            etag: self.identity(),
            extension: leaf.rsplit_once('.').map(|(_, extension)| extension.into()),
            version: None,
            bytes: self.bytes,
            modified: self.modified,
            keeping: self.keeping,
            key: self.key.into(),
        }
    }

    /// Whether this is still the object that was found. Some stores tell their mark with the object
    /// and not in a listing, so length and time will do.
    pub(super) fn is(&self, found: &Found) -> bool {
        *self.key == *found.key
            && self.bytes == found.bytes
            && (found.etag == self.identity() || found.etag == self.identity_by_time())
    }
}

/// Whole seconds: a listing tells fractions of them, a header does not.
pub(super) fn whole_seconds(seconds: i64) -> Option<SystemTime> {
    UNIX_EPOCH.checked_add(Duration::from_secs(u64::try_from(seconds).ok()?))
}

impl Store {
    /// A folder on disk. `name` stands in errors.
    #[must_use]
    pub fn folder(name: &str, root: &Path, calls: Arc<Calls>) -> Self {
        Self {
            place: Place::Folder(Disk::new(name, root)),
            calls,
        }
    }

    /// A bucket.
    #[must_use]
    pub fn bucket(client: s3::Client, calls: Arc<Calls>) -> Self {
        Self {
            place: Place::Bucket(Box::new(client)),
            calls,
        }
    }

    /// The bucket, if it is one.
    #[must_use]
    pub const fn as_bucket(&self) -> Option<&s3::Client> {
        match &self.place {
            Place::Bucket(client) => Some(client),
            Place::Folder(_) => None,
        }
    }

    /// Whether it is a folder of this machine, whose files the system keeps in memory by itself.
    #[must_use]
    pub const fn is_local(&self) -> bool {
        matches!(self.place, Place::Folder(_))
    }

    /// Until when a look-up that begins now may go on making calls; `None`: to its end.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.as_bucket()
            .map(|client| soon(client.config().patience.total))
    }

    /// # Errors
    /// [`Error::Timeout`] when a look-up has gone on for too long.
    pub(super) fn in_time(&self, deadline: Option<Instant>, key: &str) -> Result<(), Error> {
        if deadline.is_some_and(|deadline| deadline < soon(Duration::ZERO)) {
            return Err(Error::Timeout {
                origin: self.name().into(),
                key: key.into(),
            });
        }
        Ok(())
    }

    /// The name that errors tell.
    #[must_use]
    pub fn name(&self) -> &str {
        match &self.place {
            Place::Folder(disk) => disk.name(),
            Place::Bucket(client) => client.name(),
        }
    }

    /// One page of the keys below a prefix: empty, or with a trailing slash where folders are meant.
    ///
    /// # Errors
    /// When the store cannot be asked or refuses. That nothing is there is no error.
    pub async fn list(&self, prefix: &str, depth: Depth, from: Begin) -> Result<Page, Error> {
        self.calls.count(Call::List);
        match &self.place {
            Place::Folder(disk) => disk.list(prefix, depth, from).await,
            Place::Bucket(client) => client.list(prefix, depth, &from).await,
        }
    }

    /// What is known of an object.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is none.
    pub async fn head(&self, key: &str) -> Result<Object, Error> {
        self.calls.count(Call::Head);
        match &self.place {
            Place::Folder(disk) => disk.head(key).await,
            Place::Bucket(client) => client.head(key).await,
        }
    }

    /// All bytes of an object that was found.
    ///
    /// # Errors
    /// [`Error::TooLarge`] above `limit` bytes, before asking; [`Error::NotFound`] when it has gone,
    /// [`Error::Changed`] when it is another by now.
    pub async fn read(&self, found: &Found, limit: u64) -> Result<Bytes, Error> {
        if found.bytes > limit {
            return Err(Error::TooLarge {
                origin: self.name().into(),
                key: found.key.clone(),
                bytes: found.bytes,
                limit,
            });
        }
        self.calls.count(Call::Get);
        match &self.place {
            Place::Folder(disk) => disk.read(found).await,
            Place::Bucket(client) => client.read(found).await,
        }
    }

    /// A range of the bytes of an object that was found, in pieces.
    ///
    /// # Errors
    /// As for [`Store::read`].
    pub async fn open(&self, found: &Found, range: Range<u64>) -> Result<Pieces, Error> {
        if range.is_empty() {
            return Ok(Box::pin(futures_util::stream::empty()));
        }
        self.calls.count(Call::Get);
        match &self.place {
            Place::Folder(disk) => disk.open(found, range).await,
            Place::Bucket(client) => client.open(found, range).await,
        }
    }

    /// Writes a file under a key; readers see the old object or the new one, never a part.
    ///
    /// # Errors
    /// When the file cannot be read or the store refuses.
    pub async fn put(&self, key: &str, file: &Path) -> Result<(), Error> {
        self.calls.count(Call::Put);
        match &self.place {
            Place::Folder(disk) => disk.put(key, file).await,
            Place::Bucket(client) => client.put_file(key, file).await,
        }
    }

    /// Removes an object. That it is not there is no error.
    ///
    /// # Errors
    /// When the store refuses.
    pub async fn remove(&self, key: &str) -> Result<(), Error> {
        self.calls.count(Call::Delete);
        match &self.place {
            Place::Folder(disk) => disk.remove(key).await,
            Place::Bucket(client) => client.remove(key).await,
        }
    }
}

/// An origin that stands on a store: it says where an asset lies, and the store does the rest.
pub(super) trait OnStore: Send + Sync + std::fmt::Debug {
    fn store(&self) -> &Store;

    /// As [`Origin::candidates`].
    fn candidates(&self, asset: &AssetRef) -> Vec<Candidate>;

    /// As [`Origin::find`].
    fn find<'a>(&'a self, asset: &'a AssetRef) -> Answer<'a, Found>;

    /// As [`Origin::forget`].
    fn forget(&self, asset: &AssetRef);
}

impl<T: OnStore> Origin for T {
    fn name(&self) -> &str {
        self.store().name()
    }

    fn candidates(&self, asset: &AssetRef) -> Vec<Candidate> {
        OnStore::candidates(self, asset)
    }

    fn find<'a>(&'a self, asset: &'a AssetRef) -> Answer<'a, Found> {
        OnStore::find(self, asset)
    }

    fn read<'a>(&'a self, found: &'a Found, limit: u64) -> Answer<'a, Bytes> {
        Box::pin(self.store().read(found, limit))
    }

    fn open<'a>(&'a self, found: &'a Found, range: Range<u64>) -> Answer<'a, Pieces> {
        Box::pin(self.store().open(found, range))
    }

    fn is_local(&self) -> bool {
        self.store().is_local()
    }

    fn out_of_order(&self) -> usize {
        let bucket = self.store().as_bucket();
        usize::from(bucket.is_some_and(s3::Client::is_out_of_order))
    }

    fn forget(&self, asset: &AssetRef) {
        OnStore::forget(self, asset);
    }
}
