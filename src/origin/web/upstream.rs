//! A delivery service that is asked for URLs as they were sent, for what cannot be rendered here.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use reqwest::Url;
use reqwest::header::HeaderMap;

use super::super::once::Finder;
use super::super::{Answer, Candidate, Error, Found, ListingLife, Origin, Pieces};
use super::asked;
use super::remote::{Ask, Remote};
use crate::spec::{AssetRef, AssetType, DeliveryType};

/// A service that renders.
#[derive(Clone, Debug)]
pub struct Upstream {
    remote: Arc<Remote>,
    /// Before the path below the endpoint's prefix.
    base: Url,
    finder: Arc<Finder>,
}

impl Upstream {
    pub(super) fn new(remote: Arc<Remote>, base: Url, life: ListingLife) -> Self {
        Self {
            remote,
            base,
            finder: Arc::new(Finder::new(life)),
        }
    }

    /// What the service makes of a path and query below the endpoint's prefix, with nothing in them
    /// changed, for a client that sends `headers`: what the answer may depend on, and nothing more.
    ///
    /// # Errors
    /// [`Error::Forbidden`] for a path that would leave the base URL.
    pub fn forward(&self, target: &str, headers: HeaderMap) -> Result<Forwarded, Error> {
        let base = self.base.as_str().trim_end_matches('/');
        let url = Url::parse(&format!("{base}{target}")).ok();
        let inside = url.filter(|url| {
            url.origin() == self.base.origin() && url.path().starts_with(self.base.path())
        });
        let url = inside.ok_or_else(|| Error::Forbidden {
            origin: self.remote.name.clone(),
            key: target.into(),
            reason: "the path leaves the base URL",
        })?;
        Ok(Forwarded {
            remote: self.remote.clone(),
            finder: self.finder.clone(),
            ask: Ask {
                extra: headers,
                ..Ask::plain(url)
            },
        })
    }
}

/// One URL at the service. Its only object is what the service makes of that URL, whatever asset is
/// asked for.
pub struct Forwarded {
    remote: Arc<Remote>,
    finder: Arc<Finder>,
    ask: Ask,
}

impl fmt::Debug for Forwarded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Forwarded").field(&self.ask).finish()
    }
}

impl Origin for Forwarded {
    fn name(&self) -> &str {
        &self.remote.name
    }

    fn renders(&self) -> bool {
        true
    }

    fn candidates(&self, _: &AssetRef) -> Vec<Candidate> {
        vec![Candidate::Get(self.ask.url.as_str().into())]
    }

    fn find<'a>(&'a self, _: &'a AssetRef) -> Answer<'a, Found> {
        Box::pin(async move {
            // Look-ups are remembered by asset; this one is the URL with what the client shows.
            let asset = AssetRef {
                asset_type: AssetType::Raw,
                delivery_type: DeliveryType::Fetch,
                public_id: self.ask.key(),
                extension: None,
                version: None,
            };
            let look = || {
                let look: super::super::once::LookUp =
                    Box::pin(self.remote.clone().look(self.ask.clone()));
                look
            };
            self.finder.find(&asset, look).await
        })
    }

    /// The service's answer as it is now; `found` is whatever it is wanted for.
    fn read<'a>(&'a self, found: &'a Found, limit: u64) -> Answer<'a, Bytes> {
        Box::pin(async move {
            let own = match asked(&self.remote.name, found) {
                Ok(url) if url == self.ask.url => found.clone(),
                _ => self.remote.clone().look(self.ask.clone()).await?,
            };
            self.remote.read(&self.ask, &own, limit).await
        })
    }

    fn open<'a>(&'a self, found: &'a Found, range: Range<u64>) -> Answer<'a, Pieces> {
        Box::pin(self.remote.open(&self.ask, found, range))
    }

    fn out_of_order(&self) -> usize {
        self.remote.out_of_order()
    }

    fn forget(&self, _: &AssetRef) {}
}
