//! `[[origin]]`: a place that holds originals.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::check::{Names, name};
use super::patience::Patience;
use super::problem::Fault;
use super::secret::SecretName;
use super::section::Section;
use super::store::{self, Bucket, Store};
use super::unit::Time;
use super::value as v;
use super::web::{self, HeaderText};
use crate::origin::{ListingLife, VersionRule};

/// Seconds that an index is believed where the configuration says nothing else.
const INDEX_FOR: u64 = 86_400;

/// `[[origin]]`: a place that holds originals.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Origin {
    /// What endpoints, logs and headers call it.
    pub name: String,
    /// What it is, and where.
    #[serde(flatten)]
    pub kind: OriginKind,
    /// Base of canonical links, without a trailing slash.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub canonical_base_url: Option<String>,
    /// How long an asset that was found is believed to be the newest.
    pub found_for: Time,
    /// How long an asset that was not found is not looked for again.
    pub missing_for: Time,
}

/// What an origin is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum OriginKind {
    /// A backup bucket, or a local mirror of one.
    CloudinaryBackup {
        /// Where it is.
        #[serde(flatten)]
        store: Store,
        /// The folder inside it.
        folder: String,
        /// Which stored version answers.
        #[serde(serialize_with = "super::version_word")]
        version: VersionRule,
        /// The file that `cldgate index` makes.
        #[serde(skip_serializing_if = "Option::is_none")]
        index: Option<PathBuf>,
        /// How long after it was begun the index is believed.
        index_for: Time,
    },
    /// Files named as the public IDs are, in a bucket.
    S3 {
        /// Where they are.
        #[serde(flatten)]
        bucket: Bucket,
        /// The folder inside it.
        folder: String,
    },
    /// Files named as the public IDs are.
    Folder {
        /// Where public IDs start.
        path: PathBuf,
    },
    /// A web server that is asked for originals.
    WebServer {
        /// Where its paths start.
        base_url: String,
        /// The client's `Host` is sent on.
        forward_host: bool,
        /// Its token, for `Authorization`.
        #[serde(skip_serializing_if = "Option::is_none")]
        bearer: Option<SecretName>,
        /// How long it may take.
        #[serde(flatten)]
        patience: Patience,
        /// Sent with every request.
        #[serde(skip_serializing_if = "BTreeMap::is_empty")]
        headers: BTreeMap<String, HeaderText>,
    },
    /// Remote pictures.
    Fetch {
        /// The only hosts that URLs in paths may name.
        hosts: Vec<String>,
        /// Whether these may be in a private network.
        private_addresses: bool,
        /// How long servers may take.
        #[serde(flatten)]
        patience: Patience,
        /// Folders of public IDs and the URLs they stand for.
        #[serde(skip_serializing_if = "BTreeMap::is_empty")]
        auto_upload: BTreeMap<String, String>,
    },
    /// The owner's own uploads, looked at before every other origin.
    MediaLibrary {
        /// Where they are.
        #[serde(flatten)]
        store: Store,
        /// The folder inside it.
        folder: String,
        /// Every endpoint looks there, not only those that list it.
        everywhere: bool,
    },
}

/// The kinds that are here.
#[derive(Clone, Copy)]
enum Kind {
    Backup,
    S3,
    Folder,
    Library,
    WebServer,
    Fetch,
}

pub(super) fn read(
    mut section: Section<'_, '_>,
    folder: &Path,
    names: &mut Names,
) -> Option<Origin> {
    let name = name(&mut section, &mut names.origins);
    let kinds = [
        ("cloudinary_backup", Kind::Backup),
        ("s3", Kind::S3),
        ("folder", Kind::Folder),
        ("media_library", Kind::Library),
        ("web_server", Kind::WebServer),
        ("fetch", Kind::Fetch),
    ];
    let kind = section.need(
        "kind",
        |value| v::word(value, &kinds),
        "kind = \"cloudinary_backup\"",
    )?;
    if let (Kind::WebServer, Some(name)) = (kind, &name) {
        names.servers.insert(name.clone());
    }
    let life = ListingLife::default();
    let found_for = section.or(
        "found_for",
        |value| v::time(value, 0, 86_400),
        Time(life.found),
    );
    let missing_for = section.or(
        "missing_for",
        |value| v::time(value, 0, 60),
        Time(life.missing),
    );
    let canonical_base_url = section.get("canonical_base_url", v::base_url);
    let kind = match kind {
        Kind::Backup => backup(&mut section, folder),
        Kind::S3 => {
            let inside = section.or("folder", v::text, String::new());
            let bucket = store::need_bucket(&mut section, folder);
            bucket.map(|bucket| OriginKind::S3 {
                bucket,
                folder: inside,
            })
        }
        Kind::Folder => {
            store::directory(&mut section, folder).map(|path| OriginKind::Folder { path })
        }
        Kind::Library => {
            let inside = section.or("folder", v::text, String::new());
            let everywhere = section.or("everywhere", v::flag, false);
            let store = store::store(&mut section, folder);
            store.map(|store| OriginKind::MediaLibrary {
                store,
                folder: inside,
                everywhere,
            })
        }
        Kind::WebServer => web::server(&mut section, folder),
        Kind::Fetch => web::fetch(&mut section),
    };
    section.finish();
    Some(Origin {
        name: name?,
        kind: kind?,
        canonical_base_url,
        found_for,
        missing_for,
    })
}

fn backup(section: &mut Section<'_, '_>, folder: &Path) -> Option<OriginKind> {
    let rules = [
        ("newest", VersionRule::Newest),
        ("as_asked", VersionRule::AsAsked),
    ];
    let version = section.or(
        "version",
        |value| v::word(value, &rules),
        VersionRule::Newest,
    );
    let inside = section.or("folder", v::text, String::new());
    let index = section.get("index", v::text).map(|path| folder.join(path));
    let index_for = section.or(
        "index_for",
        |value| v::time(value, 0, 366 * 86_400),
        Time::seconds(INDEX_FOR),
    );
    let store = store::store(section, folder)?;
    if index.is_some() && matches!(store, Store::Folder { .. }) {
        let fault = Fault::new("`index` is for a `bucket`");
        section.wrong(
            Some("index"),
            fault.hint("a folder on disk answers as fast without one"),
        );
    }
    Some(OriginKind::CloudinaryBackup {
        store,
        folder: inside,
        version,
        index,
        index_for,
    })
}
