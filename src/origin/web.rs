//! A web server that holds originals: another delivery service, or a folder that is served.
//!
//! It is asked for the asset alone, `<base_url>/<asset type>/<delivery type>/[v<n>/]<public_id>.<ext>`,
//! without components and signature; what is to be made of it is made here. A base URL that ends in
//! the two types already gets the rest of the path.

mod client;
mod head;
mod remote;
mod upstream;

use std::num::NonZeroUsize;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use lru::LruCache;
use reqwest::Url;
use reqwest::header::HeaderMap;

pub(super) use client::Client;
pub use client::{plain_header, secret_header};
pub(super) use remote::{Ask, Remote};
pub use upstream::{Forwarded, Upstream};

use super::growing::growing;
use super::guard::{Guard, HostEntry};
use super::locate::{self, is_plain};
use super::once::{Finder, LookUp};
use super::patience::Patience;
use super::spelling::percent_encode;
use super::{Answer, Candidate, Error, Found, ListingLife, Origin, Pieces, Reached};
use crate::spec::{AssetRef, AssetType, DeliveryType};

/// Host names whose views are kept; a host that comes again finds its look-ups forgotten.
const MAX_VIEWS: NonZeroUsize = at_least_one(256);

const fn at_least_one(n: usize) -> NonZeroUsize {
    match NonZeroUsize::new(n) {
        Some(n) => n,
        None => NonZeroUsize::MIN,
    }
}

/// How a web server is asked.
#[derive(Clone, Debug)]
pub struct WebRules {
    /// Where paths start.
    pub base: Url,
    /// The `Host` header is the one that the client sent, instead of the base URL's.
    pub forward_host: bool,
    /// Headers of the owner's, for the base URL's own scheme, host and port alone.
    pub headers: HeaderMap,
    /// How long it may take.
    pub patience: Patience,
    /// How long a look-up is believed.
    pub life: ListingLife,
}

/// A web server that holds originals.
#[derive(Debug)]
pub struct WebServer(Arc<View>);

/// The server as it looks under one host name.
#[derive(Debug)]
struct View {
    place: Arc<Place>,
    host: Option<Box<str>>,
    finder: Finder,
}

#[derive(Debug)]
struct Place {
    remote: Arc<Remote>,
    base: Url,
    covered: Option<(AssetType, DeliveryType)>,
    forward_host: bool,
    life: ListingLife,
    views: Mutex<LruCache<Box<str>, Arc<WebServer>>>,
}

impl WebServer {
    /// # Errors
    /// When the system has no roots of trust for encrypted connections.
    pub fn new(name: &str, rules: WebRules) -> Result<Self, reqwest::Error> {
        let guard = Guard {
            own: HostEntry::of(&rules.base).into_iter().collect(),
            ..Guard::default()
        };
        let client = Client::new(guard, rules.patience, Some(&rules.base), rules.headers)?;
        let place = Place {
            remote: Arc::new(Remote::new(name, client)),
            covered: locate::covered(rules.base.path()),
            base: rules.base,
            forward_host: rules.forward_host,
            life: rules.life,
            views: Mutex::new(growing(MAX_VIEWS)),
        };
        Ok(Self::view(Arc::new(place), None))
    }

    fn view(place: Arc<Place>, host: Option<Box<str>>) -> Self {
        Self(Arc::new(View {
            finder: Finder::new(place.life),
            place,
            host,
        }))
    }

    /// The same server, asked for URLs as they were sent.
    #[must_use]
    pub fn upstream(&self) -> Upstream {
        let place = &self.0.place;
        let mut base = place.base.clone();
        if place.covered.is_some()
            && let Ok(mut segments) = base.path_segments_mut()
        {
            segments.pop_if_empty().pop().pop();
        }
        Upstream::new(place.remote.clone(), base, place.life)
    }
}

impl Place {
    /// Where the asset lies; `None` where this server can never hold it.
    fn url(&self, asset: &AssetRef) -> Option<Url> {
        let types = (asset.asset_type, asset.delivery_type);
        let held =
            !matches!(asset.delivery_type, DeliveryType::Fetch) && is_plain(&asset.public_id);
        if !held || self.covered.is_some_and(|covered| covered != types) {
            return None;
        }
        let mut path = String::new();
        if self.covered.is_none() {
            path = format!("{}/{}/", types.0.word(), types.1.word());
        }
        if let Some(version) = asset.version {
            path = format!("{path}v{version}/");
        }
        path.push_str(&asset.public_id);
        if let Some(extension) = &asset.extension {
            path = format!("{path}.{extension}");
        }
        Some(below(&self.base, &path))
    }
}

/// The URL of what has this name below another. Everything that a URL or a delivery service would
/// read as more than a name is encoded; pushed as segments, line breaks and tabs would be left out.
pub(super) fn below(base: &Url, name: &str) -> Url {
    let mut url = base.clone();
    let folder = url.path().trim_end_matches('/');
    let path = format!("{folder}/{}", percent_encode(name, "%20"));
    url.set_path(&path);
    url
}

impl View {
    fn ask(&self, url: Url) -> Ask {
        Ask {
            host: self.host.clone(),
            ..Ask::plain(url)
        }
    }

    fn look(&self, asset: &AssetRef) -> LookUp {
        let remote = self.place.remote.clone();
        match self.place.url(asset) {
            Some(url) => {
                let ask = self.ask(url);
                Box::pin(remote.look(ask))
            }
            None => {
                let error = Error::NotFound {
                    origin: remote.name.clone(),
                    key: asset.to_string().into(),
                };
                Box::pin(async move { Err(error) })
            }
        }
    }

    fn found(&self, found: &Found) -> Result<Ask, Error> {
        asked(&self.place.remote.name, found).map(|url| self.ask(url))
    }
}

/// The URL that was found; keys of this kind of origin are URLs.
pub(super) fn asked(origin: &str, found: &Found) -> Result<Url, Error> {
    Url::parse(&found.key).map_err(|error| Error::Upstream {
        origin: origin.into(),
        key: found.key.clone(),
        reason: error.to_string().into(),
    })
}

impl Origin for WebServer {
    fn name(&self) -> &str {
        &self.0.place.remote.name
    }

    fn candidates(&self, asset: &AssetRef) -> Vec<Candidate> {
        let url = self.0.place.url(asset).into_iter();
        url.map(|url| Candidate::Get(url.into())).collect()
    }

    fn for_host(&self, host: Option<&str>) -> Option<Arc<dyn Origin>> {
        let host = host.filter(|_| self.0.place.forward_host)?;
        let place = &self.0.place;
        let mut views = place.views.lock().unwrap_or_else(PoisonError::into_inner);
        let host: Box<str> = host.to_ascii_lowercase().into();
        let view = views.get_or_insert(host.clone(), || {
            Arc::new(Self::view(place.clone(), Some(host)))
        });
        Some(view.clone())
    }

    fn find<'a>(&'a self, asset: &'a AssetRef) -> Answer<'a, Found> {
        Box::pin(self.0.finder.find(asset, || self.0.look(asset)))
    }

    fn read<'a>(&'a self, found: &'a Found, limit: u64) -> Answer<'a, Bytes> {
        Box::pin(async move {
            let ask = self.0.found(found)?;
            self.0.place.remote.read(&ask, found, limit).await
        })
    }

    fn open<'a>(&'a self, found: &'a Found, range: Range<u64>) -> Answer<'a, Pieces> {
        Box::pin(async move {
            let ask = self.0.found(found)?;
            self.0.place.remote.open(&ask, found, range).await
        })
    }

    fn reach(&self) -> BoxFuture<'_, Vec<Reached>> {
        let place = &self.0.place;
        Box::pin(async move { vec![place.remote.reach(&place.base).await] })
    }

    fn out_of_order(&self) -> usize {
        self.0.place.remote.out_of_order()
    }

    fn forget(&self, asset: &AssetRef) {
        self.0.finder.forget(asset);
        let views = self.0.place.views.lock();
        for (_, view) in views.unwrap_or_else(PoisonError::into_inner).iter() {
            view.0.finder.forget(asset);
        }
    }
}
