//! A media library: the owner's own uploads, in a folder or bucket that people can read too:
//! `<folder>/<asset type>/<delivery type>/<public_id>.<format>`, raw files under their whole name.
//!
//! One asset has one file. [`Library`] writes; a [`Plain`](super::Plain) origin over the same place
//! reads.

use std::path::Path;

use super::locate::is_plain;
use super::store::{Begin, Depth, Object, Store};
use super::{Error, plain};
use crate::spec::AssetRef;

/// The writing side of a media library.
#[derive(Debug)]
pub struct Library {
    store: Store,
    /// Empty, or with a trailing slash.
    folder: String,
}

impl Library {
    /// `folder` is the path inside the store, in any spelling.
    #[must_use]
    pub fn new(store: Store, folder: &str) -> Self {
        Self {
            store,
            folder: plain::folder(folder),
        }
    }

    /// Its name in the configuration.
    #[must_use]
    pub fn name(&self) -> &str {
        self.store.name()
    }

    /// The key without a format.
    fn stem(&self, asset: &AssetRef) -> Result<String, Error> {
        if !is_plain(&asset.public_id) {
            return Err(Error::Forbidden {
                origin: self.name().into(),
                key: asset.to_string().into(),
                reason: "a public ID is a path without empty parts, `.` and `..`",
            });
        }
        Ok(format!("{}{asset}", self.folder))
    }

    /// Stores a file as an asset, in the place of what it was before, whatever its format. The key.
    ///
    /// # Errors
    /// [`Error::Forbidden`] for an ID that is no path, else what the store says.
    pub async fn put(&self, asset: &AssetRef, file: &Path) -> Result<String, Error> {
        let stem = self.stem(asset)?;
        let key = match &asset.extension {
            Some(extension) => format!("{stem}.{}", extension.to_ascii_lowercase()),
            None => stem,
        };
        self.store.put(&key, file).await?;
        for old in self.stored(asset).await? {
            if old != key {
                self.store.remove(&old).await?;
            }
        }
        Ok(key)
    }

    /// Removes an asset in every format. The keys that were removed.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there was none, else as for [`Library::put`].
    pub async fn remove(&self, asset: &AssetRef) -> Result<Vec<String>, Error> {
        let stored = self.stored(asset).await?;
        if stored.is_empty() {
            return Err(Error::NotFound {
                origin: self.name().into(),
                key: asset.to_string().into(),
            });
        }
        for key in &stored {
            self.store.remove(key).await?;
        }
        Ok(stored)
    }

    /// The keys under which an asset is stored.
    async fn stored(&self, asset: &AssetRef) -> Result<Vec<String>, Error> {
        let stem = self.stem(asset)?;
        let stored = plain::stored(&self.store, asset.asset_type, &stem).await?;
        Ok(stored.into_iter().map(|object| object.key).collect())
    }

    /// One page of all that is stored below a prefix of `<asset type>/<delivery type>/<public_id>`,
    /// each with the key inside the library; and where the next page begins.
    ///
    /// # Errors
    /// What the store says.
    pub async fn page(
        &self,
        prefix: &str,
        begin: Begin,
    ) -> Result<(Vec<Object>, Option<Begin>), Error> {
        let below = format!("{}{prefix}", self.folder);
        let page = self.store.list(&below, Depth::All, begin).await?;
        let objects = page.objects.into_iter().filter_map(|object| {
            let key = object.key.strip_prefix(&self.folder)?.to_owned();
            Some(Object { key, ..object })
        });
        Ok((objects.collect(), page.next.map(Begin::Token)))
    }
}
