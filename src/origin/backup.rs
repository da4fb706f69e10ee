//! A backup bucket, or a local mirror of one:
//! `<folder>/<image|video>/<type>/<public_id>/<version>.<format>`, raw files
//! `<folder>/raw/<type>/<public_id with extension>/<version>`.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use lru::LruCache;

use super::growing::growing;
use super::index::{Stored, Watched};
use super::listing::{LookUps, Outcome, lock};
use super::locate::{self, BackupLayout, Leaf};
use super::spelling::Worked;
use super::store::{Begin, Depth, Object, OnStore, Store};
use super::{Answer, Candidate, Error, Found, ListingLife};
use crate::spec::AssetRef;

/// Pages of one asset's versions that are looked through; more is refused.
const MAX_PAGES: usize = 100;

/// Versions of one asset that are remembered, newest first, where a URL may ask for an old one.
const MAX_VERSIONS: usize = 64;

/// Prefixes that are remembered as newer than the index.
const MAX_OUTDATED: usize = 65_536;

/// Which stored version answers a URL.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum VersionRule {
    /// Always the newest, whatever number the URL carries, as the original service does.
    #[default]
    Newest,
    /// The one that the URL names where it exists, else the newest.
    AsAsked,
}

/// A backup bucket.
#[derive(Debug)]
pub struct Backup {
    store: Store,
    layout: BackupLayout,
    rule: VersionRule,
    worked: Worked,
    /// The versions below each prefix.
    listings: LookUps<Box<str>, Versions>,
    /// Keys that were asked for by name.
    named: LookUps<Box<str>, Option<Object>>,
    index: Option<Watched>,
    /// Prefixes of which the index is known to be behind.
    outdated: Mutex<LruCache<Box<str>, ()>>,
}

impl Stored {
    fn found(&self, prefix: &str) -> Found {
        Found {
            key: format!("{prefix}{}", self.leaf.name).into(),
            extension: self.leaf.extension.clone(),
            version: Some(self.leaf.version),
            bytes: self.bytes,
            modified: self.modified,
            etag: self.etag.clone(),
            keeping: None,
        }
    }
}

/// The versions below a prefix.
#[derive(Clone, Debug)]
struct Versions {
    /// Newest first.
    list: Arc<[Stored]>,
    /// Out of the index, and not from the bucket itself.
    indexed: bool,
}

impl Outcome for Versions {
    fn is_found(&self) -> bool {
        !self.list.is_empty()
    }
}

impl Backup {
    /// `folder` is the path inside the store, in any spelling.
    #[must_use]
    pub fn new(store: Store, folder: &str, rule: VersionRule, life: ListingLife) -> Self {
        Self {
            store,
            layout: BackupLayout::new(folder),
            rule,
            worked: Worked::default(),
            listings: LookUps::new(life),
            named: LookUps::new(life),
            index: None,
            outdated: Mutex::new(growing(
                NonZeroUsize::new(MAX_OUTDATED).unwrap_or(NonZeroUsize::MIN),
            )),
        }
    }

    /// Asks an index before the bucket.
    #[must_use]
    pub fn with_index(self, index: Watched) -> Self {
        Self {
            index: Some(index),
            ..self
        }
    }

    /// The version that answers before the newest. 1 is what SDKs write where they know none.
    fn asked(&self, asset: &AssetRef) -> Option<u64> {
        asset
            .version
            .filter(|version| self.rule == VersionRule::AsAsked && *version > 1)
    }

    async fn look(&self, asset: &AssetRef) -> Result<Found, Error> {
        let asked = self.asked(asset);
        let deadline = self.store.deadline();
        let places = self.layout.prefixes(asset, &self.worked);
        if let (Some(version), Some(first)) = (asked, places.first())
            && let Some(found) = Box::pin(self.by_name(asset, version, &first.prefix)).await?
        {
            return Ok(found);
        }
        for place in places {
            let versions = self.versions(&place.prefix, asset.version, deadline);
            let versions = versions.await?;
            let leaves = versions.iter().map(|stored| &stored.leaf);
            let Some(chosen) = locate::choose(leaves, asked, asset.extension.as_deref()) else {
                continue;
            };
            self.worked.remember(place.spelling, &asset.public_id);
            if let Some(stored) = versions.iter().find(|stored| stored.leaf == *chosen) {
                return Ok(stored.found(&place.prefix));
            }
        }
        Err(Error::NotFound {
            origin: self.store.name().into(),
            key: asset.to_string().into(),
        })
    }

    /// The version that the URL names, asked for by its key: a listing is saved where it is there.
    async fn by_name(
        &self,
        asset: &AssetRef,
        version: u64,
        prefix: &str,
    ) -> Result<Option<Found>, Error> {
        let Some(leaf) = Leaf::named(asset, version) else {
            return Ok(None);
        };
        let key: Box<str> = format!("{prefix}{leaf}").into();
        let object = self.named.get_or(&key, || async {
            match self.store.head(&key).await {
                Ok(object) => Ok(Some(object)),
                Err(error) if error.is_not_found() => Ok(None),
                // Some stores answer so for what is not there; the listing tells.
                Err(Error::Denied { .. }) => Ok(None),
                Err(error) => Err(error),
            }
        });
        let stored = object
            .await?
            .and_then(|object| Stored::read(&object, prefix));
        Ok(stored.map(|stored| stored.found(prefix)))
    }

    /// The versions below a prefix, newest first; none when there is no such asset. A number in the
    /// URL that is greater than those of the index tells that the index is behind.
    async fn versions(
        &self,
        prefix: &str,
        url: Option<u64>,
        deadline: Option<Instant>,
    ) -> Result<Arc<[Stored]>, Error> {
        let key: Box<str> = prefix.into();
        let look = || async {
            if let Some(versions) = self.indexed(prefix) {
                return Ok(versions);
            }
            // Rare and large: what is known shall not carry it along.
            let list = Box::pin(self.list(prefix, deadline)).await?;
            Ok(Versions {
                list,
                indexed: false,
            })
        };
        let versions = self.listings.get_or(&key, look).await?;
        let newest = versions.list.first().map(|stored| stored.leaf.version);
        // The index has no old versions either.
        let wants_other = match self.rule {
            VersionRule::Newest => url > newest,
            VersionRule::AsAsked => url > Some(1) && url != newest,
        };
        let is_behind = versions.indexed && wants_other;
        if !is_behind {
            return Ok(versions.list);
        }
        self.distrust(prefix);
        Ok(self.listings.get_or(&key, look).await?.list)
    }

    fn indexed(&self, prefix: &str) -> Option<Versions> {
        let index = self.index.as_ref()?;
        if lock(&self.outdated).contains(prefix) {
            return None;
        }
        let list = index.get(prefix);
        (!list.is_empty()).then(|| Versions {
            list: list.into(),
            indexed: true,
        })
    }

    /// The index is not asked about this prefix any more.
    fn distrust(&self, prefix: &str) {
        if self.index.is_some() {
            lock(&self.outdated).put(prefix.into(), ());
        }
        self.listings.forget(&prefix.into());
    }

    async fn list(&self, prefix: &str, deadline: Option<Instant>) -> Result<Arc<[Stored]>, Error> {
        let mut versions: Vec<Stored> = Vec::new();
        let mut begin = Begin::First;
        for _ in 0..MAX_PAGES {
            self.store.in_time(deadline, prefix)?;
            let page = self.store.list(prefix, Depth::Level, begin).await?;
            let is_past = is_past_versions(&page.folders, prefix);
            let read = page.objects.into_iter();
            versions.extend(read.filter_map(|object| Stored::read(&object, prefix)));
            self.keep_newest(&mut versions);
            match page.next.filter(|_| !is_past) {
                Some(token) => begin = Begin::Token(token),
                None => return Ok(versions.into()),
            }
        }
        Err(Error::Upstream {
            origin: self.store.name().into(),
            key: prefix.into(),
            reason: format!("more than {MAX_PAGES} pages of versions").into(),
        })
    }

    /// Sorts, newest first, and drops what can never answer.
    fn keep_newest(&self, versions: &mut Vec<Stored>) {
        versions.sort_by(|a, b| {
            let newest_first = b.leaf.version.cmp(&a.leaf.version);
            newest_first.then_with(|| a.leaf.name.cmp(&b.leaf.name))
        });
        match self.rule {
            VersionRule::AsAsked => versions.truncate(MAX_VERSIONS),
            VersionRule::Newest => {
                let newest = versions.first().map(|stored| stored.leaf.version);
                versions.retain(|stored| Some(stored.leaf.version) == newest);
            }
        }
    }
}

/// Whether the rest of a listing can hold no version, for it comes in the order of its bytes: names of
/// versions begin with a digit. An ID may be the folder of a hundred thousand others.
fn is_past_versions(folders: &[String], prefix: &str) -> bool {
    let last = folders
        .last()
        .and_then(|folder| folder.strip_prefix(prefix));
    last.is_some_and(|name| name.bytes().next().is_some_and(|first| first > b'9'))
}

impl OnStore for Backup {
    fn store(&self) -> &Store {
        &self.store
    }

    fn candidates(&self, asset: &AssetRef) -> Vec<Candidate> {
        let Some(place) = self.layout.prefixes(asset, &self.worked).into_iter().next() else {
            return Vec::new();
        };
        let prefix = place.prefix;
        let asked = self.asked(asset);
        let named = asked.and_then(|version| Leaf::named(asset, version));
        let get = named.map(|leaf| Candidate::Get(format!("{prefix}{leaf}")));
        get.into_iter().chain([Candidate::List(prefix)]).collect()
    }

    fn find<'a>(&'a self, asset: &'a AssetRef) -> Answer<'a, Found> {
        Box::pin(self.look(asset))
    }

    fn forget(&self, asset: &AssetRef) {
        for place in self.layout.prefixes(asset, &self.worked) {
            self.distrust(&place.prefix);
            self.named.forget_all(|key| key.starts_with(&place.prefix));
        }
    }
}
