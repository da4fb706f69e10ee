//! Every kind of origin on ground of its own, with the same assets in its own layout.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use cldgate::origin::guard::HostEntry;
use cldgate::origin::{
    Backup, Call, Calls, Fetch, FetchRules, HeaderMap, Layout, ListingLife, Mapping, Origin,
    Patience, Plain, Store, Url, VersionRule, WebRules, WebServer, s3,
};
use cldgate::spec::{AssetRef, AssetType, DeliveryType};

use super::s3_server::S3Server;
use super::web_store::WebStore;
use crate::gateway::scratch;

/// The kinds of origin, each over every place that it may stand on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    BackupFolder,
    BackupBucket,
    S3,
    Folder,
    LibraryFolder,
    LibraryBucket,
    /// A delivery service.
    WebServer,
    /// URLs in paths.
    FetchUrl,
    /// Folders of public IDs that stand for URLs.
    FetchFolder,
}

impl Kind {
    pub const fn is_backup(self) -> bool {
        matches!(self, Self::BackupFolder | Self::BackupBucket)
    }

    /// Whether a server of others says what is there.
    pub const fn is_remote(self) -> bool {
        matches!(self, Self::WebServer | Self::FetchUrl | Self::FetchFolder)
    }

    const fn is_bucket(self) -> bool {
        matches!(self, Self::BackupBucket | Self::S3 | Self::LibraryBucket)
    }
}

/// An origin and the folder that its objects are in, on disk in every case: the servers keep theirs
/// in a folder too.
pub struct Ground {
    pub kind: Kind,
    pub root: PathBuf,
    pub server: Option<S3Server>,
    web: Option<WebStore>,
    pub calls: Arc<Calls>,
}

/// Nothing is remembered for long.
pub const SHORT: Duration = Duration::from_millis(50);

pub fn life() -> ListingLife {
    ListingLife::default()
}

pub fn forgetful() -> ListingLife {
    ListingLife {
        found: Duration::ZERO,
        missing: Duration::ZERO,
        ..life()
    }
}

impl Ground {
    pub fn new(kind: Kind) -> Self {
        let server = kind.is_bucket().then(S3Server::start);
        let root = match &server {
            Some(server) => server.bucket(),
            None => scratch("origin"),
        };
        let web = kind
            .is_remote()
            .then(|| WebStore::start(&root.join("inner")));
        Self {
            kind,
            root,
            server,
            web,
            calls: Arc::default(),
        }
    }

    /// An image as this kind of origin is asked for it.
    pub fn image(&self, id: &str, extension: Option<&str>) -> AssetRef {
        self.asset(AssetType::Image, id, extension)
    }

    /// An asset as this kind of origin is asked for it.
    pub fn asset(&self, asset_type: AssetType, id: &str, extension: Option<&str>) -> AssetRef {
        let kind = asset_type.word();
        match self.kind {
            Kind::FetchFolder => asset(asset_type, &format!("{kind}/{id}"), extension),
            Kind::FetchUrl => {
                let dot = if extension.is_some() { "." } else { "" };
                let file = format!("{id}{dot}{}", extension.unwrap_or_default());
                let base = &self.web.as_ref().expect("a server").base;
                AssetRef {
                    delivery_type: DeliveryType::Fetch,
                    ..asset(asset_type, &format!("{base}/{kind}/upload/{file}"), None)
                }
            }
            _ => asset(asset_type, id, extension),
        }
    }

    /// Every answer of a server waits this long.
    pub fn delay(&self, delay: Duration) {
        if let Some(server) = &self.server {
            server.delay(delay);
        }
        if let Some(web) = &self.web {
            web.delay(delay);
        }
    }

    pub fn store(&self) -> Store {
        match &self.server {
            Some(server) => {
                let client = s3::Client::new("origin", server.config());
                Store::bucket(client, self.calls.clone())
            }
            None => Store::folder("origin", &self.root, self.calls.clone()),
        }
    }

    /// The origin over everything below `inner/`.
    pub fn origin(&self, life: ListingLife) -> Box<dyn Origin> {
        match self.kind {
            Kind::BackupFolder | Kind::BackupBucket => Box::new(Backup::new(
                self.store(),
                "/inner/res/acme/",
                VersionRule::Newest,
                life,
            )),
            Kind::Folder | Kind::S3 => {
                Box::new(Plain::new(self.store(), "inner", Layout::Any, life))
            }
            Kind::LibraryFolder | Kind::LibraryBucket => {
                Box::new(Plain::new(self.store(), "inner/", Layout::Typed, life))
            }
            Kind::WebServer | Kind::FetchUrl | Kind::FetchFolder => self.remote(life),
        }
    }

    fn remote(&self, life: ListingLife) -> Box<dyn Origin> {
        let base = &self.web.as_ref().expect("a server").base;
        let url = |path: &str| Url::parse(&format!("{base}{path}")).expect("a URL");
        let host = base.strip_prefix("http://").expect("a host");
        let rules = FetchRules {
            patience: Patience::default(),
            life,
            ..FetchRules::default()
        };
        let fetch = match self.kind {
            Kind::WebServer => {
                let rules = WebRules {
                    base: url(""),
                    forward_host: false,
                    headers: HeaderMap::new(),
                    patience: Patience::default(),
                    life,
                };
                return Box::new(WebServer::new("origin", rules).expect("an origin"));
            }
            Kind::FetchFolder => FetchRules {
                mappings: ["image", "video", "raw"]
                    .map(|kind| Mapping {
                        folder: kind.into(),
                        url: url(&format!("/{kind}/upload/")),
                    })
                    .into(),
                ..rules
            },
            _ => FetchRules {
                hosts: vec![HostEntry::read(host).expect("an entry")],
                private_addresses: true,
                ..rules
            },
        };
        Box::new(Fetch::new("origin", fetch).expect("an origin"))
    }

    /// Stores an asset where this kind of origin keeps it. `format` is empty for raw files.
    pub fn put(&self, asset_type: AssetType, id: &str, format: &str, bytes: &[u8]) {
        put(
            &self.root,
            &self.key(asset_type, id, format, 1_600_000_000),
            bytes,
        );
    }

    pub fn key(&self, asset_type: AssetType, id: &str, format: &str, version: u64) -> String {
        let dot = if format.is_empty() { "" } else { "." };
        let kind = asset_type.word();
        match self.kind {
            Kind::BackupFolder | Kind::BackupBucket => {
                format!("inner/res/acme/{kind}/upload/{id}/{version}{dot}{format}")
            }
            Kind::Folder | Kind::S3 => format!("inner/{id}{dot}{format}"),
            Kind::LibraryFolder
            | Kind::LibraryBucket
            | Kind::WebServer
            | Kind::FetchUrl
            | Kind::FetchFolder => format!("inner/{kind}/upload/{id}{dot}{format}"),
        }
    }

    /// Calls to the store or server so far.
    pub fn asked(&self) -> u64 {
        match &self.web {
            Some(web) => web.asked(),
            None => Call::ALL.into_iter().map(|call| self.calls.get(call)).sum(),
        }
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        if self.server.is_none() {
            let _removed = fs::remove_dir_all(&self.root);
        }
    }
}

pub fn put(root: &Path, key: &str, bytes: &[u8]) {
    let path = root.join(key);
    fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
    fs::write(path, bytes).expect("written");
}

pub fn asset(asset_type: AssetType, id: &str, extension: Option<&str>) -> AssetRef {
    AssetRef {
        asset_type,
        delivery_type: DeliveryType::Upload,
        public_id: id.into(),
        extension: extension.map(Into::into),
        version: None,
    }
}

pub fn image(id: &str, extension: Option<&str>) -> AssetRef {
    asset(AssetType::Image, id, extension)
}

pub fn versioned(id: &str, extension: Option<&str>, version: u64) -> AssetRef {
    AssetRef {
        version: Some(version),
        ..image(id, extension)
    }
}
