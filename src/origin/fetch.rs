//! Remote pictures: a URL in the place of the public ID, or a folder that stands for a URL.
//!
//! Nothing may be fetched unless its host is on the owner's list, and never from a private network
//! unless he says so. A mapped folder (`remote_media/a/b.jpg`) is an owner's word for a place of
//! his, so that place may be reached as a base URL may.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use reqwest::Url;
use reqwest::header::HeaderMap;

use super::guard::{Guard, HostEntry};
use super::locate::is_plain;
use super::once::{Finder, LookUp};
use super::patience::Patience;
use super::web::{Ask, Client, Remote, asked, below};
use super::{Answer, Candidate, Error, Found, ListingLife, Origin, Pieces, Reached};
use crate::spec::{AssetRef, AssetType, DeliveryType, Format};

/// What may be fetched, and how.
#[derive(Clone, Debug, Default)]
pub struct FetchRules {
    /// The only hosts that a URL in a path may name; empty: none.
    pub hosts: Vec<HostEntry>,
    /// Whether these hosts may be in a private network.
    pub private_addresses: bool,
    /// Folders of public IDs, and the URL that each stands for.
    pub mappings: Vec<Mapping>,
    /// How long servers may take.
    pub patience: Patience,
    /// How long a look-up is believed.
    pub life: ListingLife,
}

/// A folder of public IDs that stands for a URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// Without slashes at its ends.
    pub folder: Box<str>,
    /// What the rest of the public ID is put behind.
    pub url: Url,
}

/// Remote pictures.
#[derive(Debug)]
pub struct Fetch {
    /// For URLs in paths.
    listed: Arc<Remote>,
    /// For mapped folders, with the reach that these have.
    mapped: Arc<Remote>,
    /// The longest folder first.
    mappings: Vec<Mapping>,
    finder: Finder,
}

impl Fetch {
    /// # Errors
    /// When the system has no roots of trust for encrypted connections.
    pub fn new(name: &str, rules: FetchRules) -> Result<Self, reqwest::Error> {
        let mut mappings = rules.mappings;
        mappings.sort_by_key(|mapping| std::cmp::Reverse(mapping.folder.len()));
        let places = mappings.iter().map(|mapping| &mapping.url);
        let mapped = Guard {
            own: places.filter_map(HostEntry::of).collect(),
            ..Guard::default()
        };
        let listed = Guard {
            own: Vec::new(),
            listed: Some(rules.hosts),
            private: rules.private_addresses,
        };
        let remote = |guard| {
            let client = Client::new(guard, rules.patience, None, HeaderMap::new())?;
            Ok::<_, reqwest::Error>(Arc::new(Remote::new(name, client)))
        };
        Ok(Self {
            listed: remote(listed)?,
            mapped: remote(mapped)?,
            mappings,
            finder: Finder::new(rules.life),
        })
    }

    /// Where the asset lies; `None` where it is neither a URL nor in a mapped folder.
    fn place(&self, asset: &AssetRef) -> Option<Result<(&Arc<Remote>, Url), Error>> {
        match asset.delivery_type {
            DeliveryType::Fetch => Some(self.url(asset).map(|url| (&self.listed, url))),
            DeliveryType::Upload => self.mapped_url(asset).map(|url| Ok((&self.mapped, url))),
            _ => None,
        }
    }

    /// The URL in the place of the public ID. It was decoded once; what HTTP forbids is encoded again.
    fn url(&self, asset: &AssetRef) -> Result<Url, Error> {
        let mut url = Url::parse(&asset.public_id).map_err(|_| Error::Forbidden {
            origin: self.listed.name.clone(),
            key: asset.public_id.clone(),
            reason: "remote URL cannot be read",
        })?;
        url.set_fragment(None);
        self.listed.check(&url)?;
        Ok(url)
    }

    fn mapped_url(&self, asset: &AssetRef) -> Option<Url> {
        let id = &asset.public_id;
        let (mapping, rest) = self.mappings.iter().find_map(|mapping| {
            let rest = id.strip_prefix(&*mapping.folder)?.strip_prefix('/')?;
            Some((mapping, rest))
        })?;
        if !is_plain(rest) {
            return None;
        }
        let file = match &asset.extension {
            Some(extension) => format!("{rest}.{extension}"),
            None => rest.to_owned(),
        };
        Some(below(&mapping.url, &file))
    }

    fn look(&self, asset: &AssetRef) -> LookUp {
        let missing = || Error::NotFound {
            origin: self.listed.name.clone(),
            key: asset.to_string().into(),
        };
        let place = self.place(asset).unwrap_or_else(|| Err(missing()));
        match place {
            Err(error) => Box::pin(async move { Err(error) }),
            Ok((remote, url)) => {
                let (remote, picture) = (remote.clone(), asset.asset_type == AssetType::Image);
                Box::pin(async move {
                    let mut found = remote.look(Ask::plain(url)).await?;
                    if picture {
                        // What is not even called a picture is looked into before it goes out.
                        found.extension = found
                            .extension
                            .filter(|extension| Format::from_extension(extension).is_some());
                    }
                    Ok(found)
                })
            }
        }
    }

    /// What was found, and by whom.
    fn found(&self, found: &Found) -> Result<(&Arc<Remote>, Ask), Error> {
        let url = asked(&self.listed.name, found)?;
        let mut mapped = self.mappings.iter();
        let mapped = mapped.any(|mapping| url.as_str().starts_with(mapping.url.as_str()));
        let remote = if mapped { &self.mapped } else { &self.listed };
        Ok((remote, Ask::plain(url)))
    }
}

impl Origin for Fetch {
    fn name(&self) -> &str {
        &self.listed.name
    }

    fn candidates(&self, asset: &AssetRef) -> Vec<Candidate> {
        let place = self.place(asset).and_then(Result::ok).into_iter();
        place.map(|(_, url)| Candidate::Get(url.into())).collect()
    }

    fn find<'a>(&'a self, asset: &'a AssetRef) -> Answer<'a, Found> {
        Box::pin(self.finder.find(asset, || self.look(asset)))
    }

    fn read<'a>(&'a self, found: &'a Found, limit: u64) -> Answer<'a, Bytes> {
        Box::pin(async move {
            let (remote, ask) = self.found(found)?;
            remote.read(&ask, found, limit).await
        })
    }

    fn open<'a>(&'a self, found: &'a Found, range: Range<u64>) -> Answer<'a, Pieces> {
        Box::pin(async move {
            let (remote, ask) = self.found(found)?;
            remote.open(&ask, found, range).await
        })
    }

    /// Mapped folders alone: listed hosts are not places of the owner's to be asked without need.
    fn reach(&self) -> BoxFuture<'_, Vec<Reached>> {
        Box::pin(async move {
            let mut all = Vec::with_capacity(self.mappings.len());
            for mapping in &self.mappings {
                all.push(self.mapped.reach(&mapping.url).await);
            }
            all
        })
    }

    fn out_of_order(&self) -> usize {
        self.listed.out_of_order() + self.mapped.out_of_order()
    }

    fn forget(&self, asset: &AssetRef) {
        self.finder.forget(asset);
    }
}
