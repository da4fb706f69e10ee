//! Which origin answers for an asset.

use std::sync::Arc;

use super::{Endpoint, Error};
use crate::origin::{Found, Origin};
use crate::spec::AssetRef;

/// The first origin of the endpoint that has the asset. Only "not found" moves on to the next: an
/// origin that fails must not look like one that does not have it.
///
/// # Errors
/// [`Error::NotFound`] when none has it, [`Error::Origin`] when one could not be asked.
pub async fn find(
    endpoint: &Endpoint,
    asset: &AssetRef,
) -> Result<(Arc<dyn Origin>, Found), Error> {
    for origin in &endpoint.origins {
        match origin.find(asset).await {
            Ok(found) => return Ok((origin.clone(), found)),
            Err(error) if error.is_not_found() => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Error::NotFound(asset.clone()))
}
