//! Files named as the public IDs are, in a folder or a bucket.

use super::locate::is_plain;
use super::spelling::Worked;
use super::store::{Begin, Depth, Object, OnStore, Store};
use super::{Answer, Candidate, Error, Found, ListingLife, Listings};
use crate::grammar::params::is_format;
use crate::spec::{AssetRef, AssetType};

/// Pages that are looked through for an asset in every format; more is refused.
const MAX_PAGES: usize = 10;

/// Where below the prefix an asset may lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// `<public_id>.<format>`, or as in [`Layout::Typed`].
    Any,
    /// `<asset type>/<delivery type>/<public_id>.<format>`.
    Typed,
}

/// Files named as the public IDs are: `<prefix><public_id>.<format>`, raw ones without a format
/// behind the ID.
#[derive(Debug)]
pub struct Plain {
    store: Store,
    /// Empty, or with a trailing slash.
    prefix: Box<str>,
    layout: Layout,
    worked: Worked,
    listings: Listings,
}

impl Plain {
    /// `prefix` is the folder of the store that public IDs are relative to, with or without slashes
    /// around it.
    #[must_use]
    pub fn new(store: Store, prefix: &str, layout: Layout, life: ListingLife) -> Self {
        Self {
            store,
            prefix: folder(prefix).into(),
            layout,
            worked: Worked::default(),
            listings: Listings::new(life),
        }
    }

    /// The keys without extension under which an asset may lie, in order, for one spelling of its ID.
    fn stems(&self, asset: &AssetRef, id: &str) -> Vec<String> {
        let typed = format!(
            "{}{}/{}/{id}",
            self.prefix,
            asset.asset_type.word(),
            asset.delivery_type.word()
        );
        match self.layout {
            Layout::Any => vec![format!("{}{id}", self.prefix), typed],
            Layout::Typed => vec![typed],
        }
    }

    async fn look(&self, asset: &AssetRef) -> Result<Found, Error> {
        if !is_plain(&asset.public_id) {
            return Err(self.missing(asset));
        }
        let deadline = self.store.deadline();
        for (spelling, id) in self.worked.spellings(&asset.public_id) {
            for stem in self.stems(asset, &id) {
                self.store.in_time(deadline, &stem)?;
                if let Some(object) = self.at(asset, &stem).await? {
                    self.worked.remember(spelling, &asset.public_id);
                    return Ok(object.found());
                }
            }
        }
        Err(self.missing(asset))
    }

    /// The object under one stem: in the format asked for, else in any.
    async fn at(&self, asset: &AssetRef, stem: &str) -> Result<Option<Object>, Error> {
        let exact = exact(asset, stem);
        match self.store.head(&exact).await {
            Ok(object) => Ok(Some(object)),
            Err(error) if error.is_not_found() && asset.asset_type == AssetType::Raw => Ok(None),
            Err(error) if error.is_not_found() => self.first(asset, stem).await,
            // Without the right to list, this may mean that there is no such key; a listing tells.
            Err(refused @ Error::Denied { .. }) => match self.first(asset, stem).await {
                Ok(Some(object)) if object.key == exact => Err(refused),
                Ok(other) => Ok(other),
                Err(_) => Err(refused),
            },
            Err(error) => Err(error),
        }
    }

    /// The first of what a listing has under one stem: the same one every time.
    async fn first(&self, asset: &AssetRef, stem: &str) -> Result<Option<Object>, Error> {
        let stored = stored(&self.store, asset.asset_type, stem).await?;
        Ok(stored.into_iter().next())
    }

    fn missing(&self, asset: &AssetRef) -> Error {
        Error::NotFound {
            origin: self.store.name().into(),
            key: asset.to_string().into(),
        }
    }
}

/// What a listing has under one stem: a raw file by its whole name, others in every format.
pub(super) async fn stored(
    store: &Store,
    asset_type: AssetType,
    stem: &str,
) -> Result<Vec<Object>, Error> {
    let prefix = match asset_type {
        AssetType::Raw => stem.to_owned(),
        AssetType::Image | AssetType::Video => format!("{stem}."),
    };
    let mut all = Vec::new();
    let mut begin = Begin::First;
    for _ in 0..MAX_PAGES {
        let page = store.list(&prefix, Depth::Level, begin).await?;
        all.extend(page.objects.into_iter().filter(|object| {
            let rest = object.key.strip_prefix(&prefix);
            rest.is_some_and(|rest| match asset_type {
                AssetType::Raw => rest.is_empty(),
                // Packed drawings are stored so, though no URL asks for that format.
                AssetType::Image | AssetType::Video => is_format(rest) || rest == "svgz",
            })
        }));
        match page.next {
            // The key that is just the prefix comes before all others.
            Some(token) if asset_type != AssetType::Raw => begin = Begin::Token(token),
            _ => return Ok(all),
        }
    }
    Err(Error::Upstream {
        origin: store.name().into(),
        key: prefix.into(),
        reason: format!("more than {MAX_PAGES} pages of formats").into(),
    })
}

/// The key with the extension as asked for.
fn exact(asset: &AssetRef, stem: &str) -> String {
    match &asset.extension {
        Some(extension) => format!("{stem}.{extension}"),
        None => stem.to_owned(),
    }
}

/// A folder in any spelling, with one trailing slash, or empty.
pub(super) fn folder(text: &str) -> String {
    match text.trim_matches('/') {
        "" => String::new(),
        bare => format!("{bare}/"),
    }
}

impl OnStore for Plain {
    fn store(&self) -> &Store {
        &self.store
    }

    fn candidates(&self, asset: &AssetRef) -> Vec<Candidate> {
        if !is_plain(&asset.public_id) {
            return Vec::new();
        }
        let stems = self.stems(asset, &asset.public_id).into_iter();
        stems
            .map(|stem| Candidate::Get(exact(asset, &stem)))
            .collect()
    }

    fn find<'a>(&'a self, asset: &'a AssetRef) -> Answer<'a, Found> {
        Box::pin(async move {
            // The version in a URL changes nothing here.
            let asset = AssetRef {
                version: None,
                ..asset.clone()
            };
            self.listings.find(&asset, || self.look(&asset)).await
        })
    }

    fn forget(&self, asset: &AssetRef) {
        self.listings.forget(asset);
    }
}
