//! Which reading of a URL has an asset: one that leaves the types out has several.

use std::sync::Arc;

use super::{Endpoint, Error, Located, Lookups};
use crate::spec::AssetRef;

/// The first of an asset and `others`, likeliest first, that an origin of the endpoint has.
///
/// # Errors
/// [`Error::NotFound`] with the likeliest when no origin has any, else as for [`Lookups::locate`].
pub async fn find_reading(
    endpoint: &Arc<Endpoint>,
    asset: &AssetRef,
    others: &[AssetRef],
    host: Option<&str>,
) -> Result<(AssetRef, Located), Error> {
    for reading in std::iter::once(asset).chain(others) {
        match Lookups::locate(endpoint, reading, host).await {
            Ok(located) => return Ok((reading.clone(), located)),
            Err(Error::NotFound(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Err(Error::NotFound(asset.clone()))
}
