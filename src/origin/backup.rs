//! A backup bucket mirrored into a folder:
//! `<folder>/<image|video>/<type>/<public_id>/<version>.<format>`, raw files
//! `<folder>/raw/<type>/<public_id with extension>/<version>`.

use std::ops::Range;
use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::folder::{self, FileMeta};
use super::locate::{self, BackupLayout, Leaf};
use super::{Answer, Candidate, Error, Found, ListingLife, Listings, Origin, Pieces};
use crate::spec::{AssetRef, Format};

/// Versions of one asset that are looked at; more than this in one folder is refused.
const MAX_VERSIONS: usize = 100_000;

/// Which stored version answers a URL.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum VersionRule {
    /// Always the newest, whatever number the URL carries, as the original service does.
    #[default]
    Newest,
    /// The one that the URL names where it exists, else the newest.
    AsAsked,
}

/// A local mirror of a backup bucket.
#[derive(Debug)]
pub struct BackupFolder {
    name: Box<str>,
    root: PathBuf,
    layout: BackupLayout,
    rule: VersionRule,
    listings: Listings,
}

impl BackupFolder {
    /// `root` is the folder that stands for the bucket, `folder` the path inside it.
    #[must_use]
    pub fn new(
        name: &str,
        root: PathBuf,
        folder: &str,
        rule: VersionRule,
        life: ListingLife,
    ) -> Self {
        Self {
            name: name.into(),
            root,
            layout: BackupLayout::new(folder),
            rule,
            listings: Listings::new(life),
        }
    }

    async fn look(&self, asset: &AssetRef) -> Result<Found, Error> {
        for prefix in self.layout.prefixes(asset) {
            let leaves = self.leaves(&prefix).await?;
            let asked = asset.version.filter(|_| self.rule == VersionRule::AsAsked);
            let Some(leaf) = locate::choose(&leaves, asked, asset.extension.as_deref()) else {
                continue;
            };
            let key = format!("{prefix}{}", leaf.name());
            let meta = folder::stat(&self.name, &self.root.join(&key), &key).await?;
            return Ok(found(key, leaf, &meta));
        }
        Err(self.missing(asset))
    }

    /// The versions in one folder of the mirror; none when there is no such folder.
    async fn leaves(&self, prefix: &str) -> Result<Vec<Leaf>, Error> {
        let mut leaves = Vec::new();
        let names =
            folder::names(&self.name, &self.root.join(prefix), prefix, MAX_VERSIONS).await?;
        leaves.extend(names.iter().filter_map(|name| Leaf::read(name)));
        Ok(leaves)
    }

    fn missing(&self, asset: &AssetRef) -> Error {
        Error::NotFound {
            origin: self.name.clone(),
            key: asset.to_string().into(),
        }
    }

    fn path(&self, found: &Found) -> PathBuf {
        self.root.join(Path::new(&*found.key))
    }
}

fn found(key: String, leaf: &Leaf, meta: &FileMeta) -> Found {
    Found {
        etag: meta.etag(&key),
        key: key.into(),
        extension: leaf.extension.clone(),
        version: Some(leaf.version),
        bytes: meta.bytes,
        modified: meta.modified,
    }
}

impl Origin for BackupFolder {
    fn name(&self) -> &str {
        &self.name
    }

    fn candidates(&self, asset: &AssetRef) -> Vec<Candidate> {
        let prefixes = self.layout.prefixes(asset);
        let first = prefixes.into_iter().next();
        first
            .map(
                |prefix| match (self.rule, asset.version, &asset.extension) {
                    (VersionRule::AsAsked, Some(version), Some(extension))
                        if version > 1 && Format::from_extension(extension).is_some() =>
                    {
                        vec![
                            Candidate::Get(format!("{prefix}{version}.{extension}")),
                            Candidate::List(prefix),
                        ]
                    }
                    _ => vec![Candidate::List(prefix)],
                },
            )
            .unwrap_or_default()
    }

    fn find<'a>(&'a self, asset: &'a AssetRef) -> Answer<'a, Found> {
        Box::pin(async move {
            if let Some(known) = self.listings.get(asset) {
                return known;
            }
            let result = self.look(asset).await;
            self.listings.put(asset, &result);
            result
        })
    }

    fn read<'a>(&'a self, found: &'a Found, limit: u64) -> Answer<'a, Bytes> {
        Box::pin(async move { folder::read(&self.name, &self.path(found), found, limit).await })
    }

    fn open<'a>(&'a self, found: &'a Found, range: Range<u64>) -> Answer<'a, Pieces> {
        Box::pin(async move { folder::open(&self.name, &self.path(found), found, range).await })
    }

    fn is_local(&self) -> bool {
        true
    }

    fn forget(&self, asset: &AssetRef) {
        self.listings.forget(asset);
    }
}
