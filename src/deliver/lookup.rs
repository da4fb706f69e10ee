//! Which origin answers for an asset.

use std::sync::Arc;

use super::{Endpoint, Error};
use crate::origin::{self, Found, Origin};
use crate::spec::{AssetRef, AssetType, DeliveryType};

/// Which failures of an origin let the next one be asked. That an origin does not have the asset
/// always does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fallback {
    /// It refuses our credentials.
    pub denied: bool,
    /// It does not answer in time.
    pub timeout: bool,
    /// It cannot be reached, is out of order, or answers nonsense.
    pub failure: bool,
}

impl Fallback {
    const fn goes_on(self, error: &origin::Error) -> bool {
        match error {
            origin::Error::NotFound { .. } => true,
            origin::Error::Denied { .. } => self.denied,
            origin::Error::Timeout { .. } => self.timeout,
            origin::Error::Unreachable { .. }
            | origin::Error::Upstream { .. }
            | origin::Error::Changed { .. } => self.failure,
            origin::Error::Forbidden { .. } | origin::Error::TooLarge { .. } => false,
        }
    }
}

/// An asset that an origin has.
#[derive(Clone, Debug)]
pub(super) struct Hit {
    pub(super) asset: AssetRef,
    pub(super) origin: Arc<dyn Origin>,
    pub(super) found: Found,
}

/// The first origin of the endpoint that has the asset, as it looks to clients that ask for `host`.
///
/// # Errors
/// As [`find_any`].
pub(super) async fn find(
    endpoint: &Endpoint,
    asset: &AssetRef,
    host: Option<&str>,
) -> Result<Hit, Error> {
    find_any(endpoint, asset, &[], host).await
}

/// The first origin of the endpoint that has an asset or one of the `others` that its URL may mean as
/// well, likeliest first: each is asked for all of them before the next is, so that what the owner holds himself never waits for a service
/// behind it. Only "not found" moves on to the next, unless the endpoint says otherwise: an origin that
/// fails must not look like one that does not have it. If one failed and no other has the asset, the
/// failure is the answer.
///
/// # Errors
/// [`Error::NotFound`] with the likeliest when none has any, [`Error::Origin`] or [`Error::Remote`]
/// when one could not be asked.
pub(super) async fn find_any(
    endpoint: &Endpoint,
    likeliest: &AssetRef,
    others: &[AssetRef],
    host: Option<&str>,
) -> Result<Hit, Error> {
    let mut failed = None;
    let mut asked = false;
    'origins: for origin in &endpoint.origins {
        let origin = origin.for_host(host).unwrap_or_else(|| origin.clone());
        for asset in std::iter::once(likeliest).chain(others) {
            match origin.find(asset).await {
                Ok(found) => {
                    let asset = asset.clone();
                    return Ok(Hit {
                        asset,
                        origin,
                        found,
                    });
                }
                Err(error) if error.is_not_found() => asked |= fetches(&*origin, asset),
                Err(error) if endpoint.fallback.goes_on(&error) => {
                    tracing::warn!(%error, "the next origin is asked");
                    failed.get_or_insert_with(|| Error::of(asset, error));
                    continue 'origins;
                }
                Err(error) => return Err(Error::of(asset, error)),
            }
        }
    }
    match failed {
        Some(error) => Err(error),
        None if likeliest.delivery_type == DeliveryType::Fetch && !asked => {
            Err(origin::Error::Forbidden {
                origin: endpoint.name.clone(),
                key: likeliest.public_id.clone(),
                reason: "remote pictures are not fetched here",
            }
            .into())
        }
        None => Err(Error::NotFound(likeliest.clone())),
    }
}

/// Whether an origin could have fetched a remote picture.
fn fetches(origin: &dyn Origin, asset: &AssetRef) -> bool {
    asset.delivery_type == DeliveryType::Fetch && !origin.candidates(asset).is_empty()
}

/// What is shown for a missing picture: what the URL names, else what the endpoint does.
///
/// # Errors
/// [`Error::NotFound`] of the missing picture when nothing is named or the endpoint's is missing too,
/// [`Error::UnknownImage`] when the URL's is; those of [`find`] otherwise.
pub(super) async fn stand_in(
    endpoint: &Endpoint,
    missing: &AssetRef,
    named: Option<&AssetRef>,
    host: Option<&str>,
) -> Result<Hit, Error> {
    let absent = || Error::NotFound(missing.clone());
    if missing.asset_type != AssetType::Image {
        return Err(absent());
    }
    let asset = named
        .or(endpoint.default_image.as_ref())
        .ok_or_else(absent)?;
    match find(endpoint, asset, host).await {
        Ok(hit) => Ok(hit),
        Err(Error::NotFound(_)) if named.is_some() => Err(Error::UnknownImage(asset.clone())),
        Err(Error::NotFound(_)) => {
            let asset = asset.to_string();
            tracing::warn!(
                endpoint = &*endpoint.name,
                asset,
                "the default image is missing"
            );
            Err(absent())
        }
        Err(error) => Err(error),
    }
}
