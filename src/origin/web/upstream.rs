//! A delivery service that is asked for URLs as they were sent, for what cannot be rendered here.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use reqwest::Url;
use reqwest::header::HeaderMap;

use super::super::{Answer, Candidate, Error, Found, Origin, Pieces};
use super::asked;
use super::remote::{Ask, Remote};
use crate::spec::AssetRef;

/// A service, and what this client shows it.
#[derive(Clone, Debug)]
pub struct Upstream {
    remote: Arc<Remote>,
    /// Before the path below the endpoint's prefix.
    base: Url,
    extra: HeaderMap,
}

impl Upstream {
    pub(super) fn new(remote: Arc<Remote>, base: Url) -> Self {
        Self {
            remote,
            base,
            extra: HeaderMap::new(),
        }
    }

    /// For a client that sends these headers: what the answer may depend on, and nothing more.
    #[must_use]
    pub fn showing(&self, extra: HeaderMap) -> Self {
        Self {
            extra,
            ..self.clone()
        }
    }

    /// The service's own URL for a path and query below the endpoint's prefix, nothing in it changed.
    fn url(&self, target: &str) -> Result<Url, Error> {
        let base = self.base.as_str().trim_end_matches('/');
        let unusable = |reason: String| Error::Upstream {
            origin: self.remote.name.clone(),
            key: target.into(),
            reason: reason.into(),
        };
        let url = Url::parse(&format!("{base}{target}"));
        let url = url.map_err(|error| unusable(error.to_string()))?;
        // The path may not climb out of the base.
        if url.origin() == self.base.origin() && url.path().starts_with(self.base.path()) {
            Ok(url)
        } else {
            Err(unusable("the path leaves the base URL".to_owned()))
        }
    }

    /// What the service makes of a path and query.
    ///
    /// # Errors
    /// As [`Origin::find`].
    pub async fn ask(&self, target: &str) -> Result<Found, Error> {
        let ask = self.showing_ask(self.url(target)?);
        self.remote.clone().look(ask).await
    }

    fn showing_ask(&self, url: Url) -> Ask {
        Ask {
            extra: self.extra.clone(),
            ..Ask::plain(url)
        }
    }
}

/// Its objects are those that [`Upstream::ask`] found.
impl Origin for Upstream {
    fn name(&self) -> &str {
        &self.remote.name
    }

    fn candidates(&self, _: &AssetRef) -> Vec<Candidate> {
        Vec::new()
    }

    fn find<'a>(&'a self, asset: &'a AssetRef) -> Answer<'a, Found> {
        let error = Error::NotFound {
            origin: self.remote.name.clone(),
            key: asset.to_string().into(),
        };
        Box::pin(async move { Err(error) })
    }

    fn read<'a>(&'a self, found: &'a Found, limit: u64) -> Answer<'a, Bytes> {
        Box::pin(async move {
            let ask = self.showing_ask(asked(&self.remote.name, found)?);
            self.remote.read(&ask, found, limit).await
        })
    }

    fn open<'a>(&'a self, found: &'a Found, range: Range<u64>) -> Answer<'a, Pieces> {
        Box::pin(async move {
            let ask = self.showing_ask(asked(&self.remote.name, found)?);
            self.remote.open(&ask, found, range).await
        })
    }

    fn forget(&self, _: &AssetRef) {}
}
