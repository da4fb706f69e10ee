//! Which reading of a URL has an asset: one that leaves the types out has several.

use std::sync::Arc;

use super::{Endpoint, Error, find};
use crate::dialect::Delivery;
use crate::origin::{Found, Origin};
use crate::spec::AssetRef;

/// The first reading whose asset an origin of the endpoint has.
///
/// # Errors
/// [`Error::NotFound`] with the likeliest reading when no origin has any, else as for [`find`].
pub async fn find_reading(
    endpoint: &Endpoint,
    delivery: &Delivery,
) -> Result<(AssetRef, Arc<dyn Origin>, Found), Error> {
    let readings = std::iter::once(&delivery.asset).chain(&delivery.others);
    for asset in readings {
        match find(endpoint, asset).await {
            Ok((origin, found)) => return Ok((asset.clone(), origin, found)),
            Err(Error::NotFound(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Err(Error::NotFound(delivery.asset.clone()))
}
