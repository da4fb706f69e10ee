//! Where originals are: an asset reference to an object, its identity and its bytes.
//!
//! Finding and reading are two steps. [`Origin::find`] says which object answers for an asset (for a
//! backup bucket: which version is the newest) and what identifies its bytes; that identity is part
//! of the key of every result made from it, so a new version is never answered from an old result.
//! [`Origin::read`] and [`Origin::open`] then fetch bytes, whole for the renderer or as a range for
//! the client.
//!
//! | module | what |
//! | --- | --- |
//! | `store`, `disk`, [`s3`] | folder and bucket, alike |
//! | `backup` | a backup bucket |
//! | `plain` | files named as the public IDs are |
//! | `library` | a media library's writing side |
//! | [`index`] | a backup bucket's assets in one file |
//! | [`locate`], `spelling` | from a public ID to keys, in every spelling |
//! | `listing`, `growing` | look-ups that are remembered or under way, and caches of them |
//! | `web`, `fetch`, [`guard`] | what is asked over HTTP, and what may be |
//! | `patience`, `lane`, [`breaker`] | how long an origin may take, how many ask it at once, and when nobody does |
//! | `keeping` | how long an object may be kept, as its origin says |
//! | `calls` | how often each origin was asked |

mod backup;
pub mod breaker;
mod calls;
mod disk;
mod fetch;
mod growing;
pub mod guard;
pub mod index;
mod keeping;
mod lane;
mod library;
mod listing;
pub mod locate;
mod once;
mod patience;
mod plain;
pub mod s3;
mod spelling;
mod store;
mod web;

use std::fmt;
use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::stream::Stream;
use thiserror::Error as ThisError;

pub use backup::{Backup, VersionRule};
pub use calls::{Call, CallBook, Calls};
pub use fetch::{Fetch, FetchRules, Mapping};
pub use growing::growing;
pub use keeping::Keeping;
pub use library::Library;
pub use listing::{ListingLife, Listings, LookUps, Outcome};
pub use once::{Finder, LookUp};
pub use patience::Patience;
pub use plain::{Layout, Plain};
pub use reqwest::Url;
pub use reqwest::header::HeaderMap;
pub use spelling::{Spelling, Worked, percent_decode};
pub use store::{Begin, Depth, Object, Page, Store};
pub use web::{Forwarded, Upstream, WebRules, WebServer, plain_header, secret_header};

use crate::spec::{AssetRef, OneLine};

/// What an origin's method becomes: a future behind a trait object.
pub type Answer<'a, T> = BoxFuture<'a, Result<T, Error>>;

/// A place that holds originals.
pub trait Origin: Send + Sync + fmt::Debug {
    /// The name that the configuration gives it.
    fn name(&self) -> &str;

    /// What would be asked for this asset, in order, without asking. Empty when this kind of origin
    /// can never hold the asset.
    fn candidates(&self, asset: &AssetRef) -> Vec<Candidate>;

    /// This origin as it looks to clients that ask for a host name of ours; `None` where it looks the
    /// same to all.
    fn for_host(&self, _host: Option<&str>) -> Option<Arc<dyn Origin>> {
        None
    }

    /// Whether its objects are finished results, not originals.
    fn renders(&self) -> bool {
        false
    }

    /// Which object answers for an asset.
    ///
    /// # Errors
    /// [`Error::NotFound`] when this origin does not have it; any other error means that it could
    /// not be asked.
    fn find<'a>(&'a self, asset: &'a AssetRef) -> Answer<'a, Found>;

    /// All bytes of an object.
    ///
    /// # Errors
    /// [`Error::TooLarge`] above `limit` bytes, before reading; [`Error::NotFound`] when it has gone
    /// since it was found.
    fn read<'a>(&'a self, found: &'a Found, limit: u64) -> Answer<'a, Bytes>;

    /// A range of an object's bytes, in pieces, at constant memory.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it has gone since it was found.
    fn open<'a>(&'a self, found: &'a Found, range: Range<u64>) -> Answer<'a, Pieces>;

    /// Whether its objects are files of this machine, which the system keeps in memory by itself.
    fn is_local(&self) -> bool {
        false
    }

    /// Asks the servers behind it whether they are there, without an asset. Empty for kinds that are
    /// asked by other means.
    fn reach(&self) -> BoxFuture<'_, Vec<Reached>> {
        Box::pin(std::future::ready(Vec::new()))
    }

    /// Servers behind it that failed too often and have not been found back yet: hosts, or its bucket. 0 for kinds that ask no server.
    fn out_of_order(&self) -> usize {
        0
    }

    /// Forgets what was remembered about an asset (after a purge).
    fn forget(&self, asset: &AssetRef);
}

/// Whether a server is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reached {
    /// The URL that was asked.
    pub place: Box<str>,
    /// The status it answered with; an error when it did not, refuses us by name, or is out of order.
    pub status: Result<u16, Error>,
}

/// What an origin is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Candidate {
    /// All keys below this prefix.
    List(String),
    /// This key or URL.
    Get(String),
}

/// An object that answers for an asset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Key, path or URL inside the origin.
    pub key: Box<str>,
    /// Extension of the stored file; `None` where the leaf has none (raw files).
    pub extension: Option<Box<str>>,
    /// Version number where the layout has one.
    pub version: Option<u64>,
    /// Bytes.
    pub bytes: u64,
    /// When it was stored.
    pub modified: Option<SystemTime>,
    /// Changes whenever the bytes change. 32 hex digits.
    pub etag: Box<str>,
    /// How long it may be kept, where its origin says so.
    pub keeping: Option<Keeping>,
}

/// Bytes in pieces, each read when it is asked for. What goes wrong while reading is an item, so a
/// body is never cut short in silence.
pub type Pieces = Pin<Box<dyn Stream<Item = Result<Bytes, Error>> + Send>>;

/// Why an origin does not answer. `origin` is its name, `key` what it was asked. Keys come from URLs
/// and reasons from servers: the messages stay on one line whatever is in them.
#[derive(Clone, Debug, PartialEq, Eq, ThisError)]
#[allow(missing_docs, reason = "the messages are the documentation")]
pub enum Error {
    #[error("origin {origin}: no object for {}", OneLine(key))]
    NotFound { origin: Box<str>, key: Box<str> },
    #[error(
        "origin {origin}: access to {} is refused to us: {}",
        OneLine(key),
        OneLine(reason)
    )]
    Denied {
        origin: Box<str>,
        key: Box<str>,
        reason: Box<str>,
    },
    #[error("origin {origin}: {} may not be asked for: {reason}", OneLine(key))]
    Forbidden {
        origin: Box<str>,
        key: Box<str>,
        reason: &'static str,
    },
    #[error(
        "origin {origin}: {} has {bytes} bytes, over the limit of {limit}",
        OneLine(key)
    )]
    TooLarge {
        origin: Box<str>,
        key: Box<str>,
        bytes: u64,
        limit: u64,
    },
    #[error(
        "origin {origin}: reading {} failed: {}",
        OneLine(key),
        OneLine(reason)
    )]
    Upstream {
        origin: Box<str>,
        key: Box<str>,
        reason: Box<str>,
    },
    #[error(
        "origin {origin} cannot be reached for {}: {}",
        OneLine(key),
        OneLine(reason)
    )]
    Unreachable {
        origin: Box<str>,
        key: Box<str>,
        reason: Box<str>,
    },
    #[error("origin {origin}: {} has changed since it was found", OneLine(key))]
    Changed { origin: Box<str>, key: Box<str> },
    #[error("origin {origin}: no answer for {} in time", OneLine(key))]
    Timeout { origin: Box<str>, key: Box<str> },
}

impl Error {
    /// Whether the origin was asked and does not have the asset, so that the next one may be.
    #[must_use]
    pub const fn is_not_found(&self) -> bool {
        matches!(self, Self::NotFound { .. })
    }

    /// Whether what was found is not there any more, so that looking again may help.
    #[must_use]
    pub const fn is_outdated(&self) -> bool {
        matches!(self, Self::NotFound { .. } | Self::Changed { .. })
    }
}
