//! `[cache]`: what is kept, and where.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Serialize, Serializer};

use super::problem::Fault;
use super::section::{Section, Value};
use super::store::{self, Access, Bucket};
use super::unit::{Bytes, Time};
use super::value as v;
use crate::cache;
use crate::origin::Patience;

/// Bytes of results in a folder where nothing else is said.
const STORE_SIZE: Bytes = Bytes(10 << 30);

/// `[cache]`: results that are kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cache {
    /// Bytes of results in memory.
    pub memory: Bytes,
    /// Where results outlive a restart; `None`: nowhere.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub store: Option<StorePlace>,
    /// Bytes of distant originals in memory.
    pub originals: Bytes,
    /// How long beyond its time a look-up is told while it is made anew.
    pub stale_while_revalidate: Time,
    /// How long beyond its time a look-up is told where the origin fails.
    pub stale_if_error: Time,
}

/// Where results outlive a restart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum StorePlace {
    /// A folder of this machine.
    Folder {
        /// Its path.
        #[serde(rename = "store")]
        path: PathBuf,
        /// Bytes of results in it.
        #[serde(rename = "store_size")]
        size: Bytes,
    },
    /// A folder of a bucket, shared by many gateways.
    Bucket {
        /// Which.
        #[serde(rename = "store")]
        url: StoreUrl,
        /// How it is reached.
        #[serde(flatten)]
        access: Access,
    },
}

/// `s3://bucket/folder`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreUrl {
    /// Name of the bucket.
    pub bucket: String,
    /// Without slashes around it; empty: the whole bucket.
    pub folder: String,
}

impl fmt::Display for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}", self.bucket)?;
        if !self.folder.is_empty() {
            write!(f, "/{}", self.folder)?;
        }
        Ok(())
    }
}

impl Serialize for StoreUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl StorePlace {
    /// The bucket and the folder in it, with its slash; `None` on a disk.
    #[must_use]
    pub fn bucket(&self) -> Option<(Bucket, String)> {
        match self {
            Self::Folder { .. } => None,
            Self::Bucket { url, access } => {
                let bucket = Bucket {
                    bucket: url.bucket.clone(),
                    access: access.clone(),
                };
                let folder = match &*url.folder {
                    "" => String::new(),
                    folder => format!("{folder}/"),
                };
                Some((bucket, folder))
            }
        }
    }
}

/// What `store` says.
enum Written {
    Folder(PathBuf),
    Bucket(StoreUrl),
}

/// Reads the section, all of whose keys have defaults.
pub(super) fn read(mut section: Section<'_, '_>, folder: &Path) -> Cache {
    let memory = section.or("memory", v::bytes, Bytes(256 << 20));
    let written = section.get("store", |value| place(value, folder));
    let size = section.or("store_size", v::bytes, STORE_SIZE);
    let access = store::access(&mut section, folder, Patience::of_results());
    let is_bucket = matches!(written, Some(Written::Bucket(_)));
    // What is wrong with `store` itself is told already.
    if !is_bucket && (written.is_some() || !section.has("store")) {
        store::only_for_buckets(&section, "without a bucket: store = \"s3://bucket/folder\"");
    }
    if is_bucket && section.has("store_size") {
        let fault = Fault::new("`store_size` means nothing for a bucket");
        let hint = "a lifecycle rule of the bucket removes what is old";
        section.wrong(Some("store_size"), fault.hint(hint));
    }
    let cache = Cache {
        memory,
        store: written.map(|written| match written {
            Written::Folder(path) => StorePlace::Folder { path, size },
            Written::Bucket(url) => StorePlace::Bucket { url, access },
        }),
        originals: section.or("originals", v::bytes, Bytes(128 << 20)),
        stale_while_revalidate: section.or(
            "stale_while_revalidate",
            |value| v::time(value, 0, 86_400),
            Time::seconds(0),
        ),
        stale_if_error: section.or(
            "stale_if_error",
            |value| v::time(value, 0, 30 * 86_400),
            Time::seconds(86_400),
        ),
    };
    section.finish();
    cache
}

/// A folder, which is made when the first result is kept, or a bucket. That it cannot be written is
/// no mistake of the file: the gateway then works without it and says so.
fn place(value: &Value<'_>, folder: &Path) -> v::Read<Written> {
    let text = v::text(value)?;
    if text.is_empty() {
        return Err(
            Fault::new("is empty").hint("leave the key out to keep results in memory alone")
        );
    }
    match text.split_once("://") {
        None => Ok(Written::Folder(folder.join(text))),
        Some(("s3", rest)) => url(rest).map(Written::Bucket),
        Some(_) => Err(Fault::new("names a place that is not known").hint(
            "a folder, store = \"/var/cache/cldgate\", or a bucket, store = \"s3://bucket/folder\"",
        )),
    }
}

/// What stands behind `s3://`.
fn url(rest: &str) -> v::Read<StoreUrl> {
    let (bucket, folder) = rest.split_once('/').unwrap_or((rest, ""));
    if !store::is_bucket_name(bucket) {
        return Err(
            Fault::new("must be s3:// and the name of a bucket: 3 to 63 lower-case letters, digits, `-` and `.`")
                .hint("store = \"s3://bucket/folder\"; another host goes into `endpoint`"),
        );
    }
    let folder = folder.trim_matches('/');
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte);
    let parts = || folder.split('/');
    if folder.len() >= cache::Bucket::MAX_FOLDER
        || !folder.bytes().all(plain)
        || parts().any(|part| part.starts_with('.'))
        || (!folder.is_empty() && parts().any(str::is_empty))
    {
        return Err(Fault::new(
            "must name a folder of at most 255 letters, digits, `-`, `_`, `.` and `/`",
        ));
    }
    Ok(StoreUrl {
        bucket: bucket.to_owned(),
        folder: folder.to_owned(),
    })
}
