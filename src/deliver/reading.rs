//! Which reading of a URL has an asset: one that leaves the types out has several.

use std::sync::Arc;

use super::{Endpoint, Error, find};
use crate::origin::{Found, Origin};
use crate::spec::AssetRef;

/// The first of an asset and `others`, likeliest first, that an origin of the endpoint has.
///
/// # Errors
/// [`Error::NotFound`] with the likeliest when no origin has any, else as for [`find`].
pub async fn find_reading(
    endpoint: &Endpoint,
    asset: &AssetRef,
    others: &[AssetRef],
    host: Option<&str>,
) -> Result<(AssetRef, Arc<dyn Origin>, Found), Error> {
    for reading in std::iter::once(asset).chain(others) {
        match find(endpoint, reading, host).await {
            Ok((origin, found)) => return Ok((reading.clone(), origin, found)),
            Err(Error::NotFound(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Err(Error::NotFound(asset.clone()))
}
