//! Where the errors of all floors meet. `server/status.rs` turns each into HTTP, once.

use thiserror::Error as ThisError;

use crate::spec::{AssetRef, DeliveryType};
use crate::{dialect, origin, plan, render};

/// Why a request is not answered with a picture.
#[derive(Clone, Debug, ThisError)]
pub enum Error {
    /// The URL: what it says, or what it may.
    #[error(transparent)]
    Dialect(#[from] dialect::Error),
    /// The numbers: too large, or nothing left.
    #[error(transparent)]
    Plan(#[from] plan::Error),
    /// No origin of the endpoint has the asset.
    #[error("no origin has {0}")]
    NotFound(AssetRef),
    /// A picture that a URL names beside its own is nowhere.
    #[error("no origin has {0}, which the URL names")]
    UnknownImage(AssetRef),
    /// A remote picture is not to be had.
    #[error("{error}")]
    Remote {
        /// Its URL.
        url: Box<str>,
        /// Why.
        error: origin::Error,
    },
    /// The original is not to be had.
    #[error(transparent)]
    Origin(#[from] origin::Error),
    /// The pixels.
    #[error(transparent)]
    Render(#[from] render::Error),
}

impl Error {
    /// Whether what was found was not there any more when it was read, so that asking again may help.
    #[must_use]
    pub const fn is_outdated(&self) -> bool {
        matches!(self, Self::Origin(error) if error.is_outdated())
    }

    /// An origin's failure, told about an asset: remote pictures have words of their own.
    #[must_use]
    pub fn of(asset: &AssetRef, error: origin::Error) -> Self {
        let refused = matches!(error, origin::Error::Forbidden { .. });
        if asset.delivery_type == DeliveryType::Fetch && !refused {
            Self::Remote {
                url: asset.public_id.clone(),
                error,
            }
        } else {
            Self::Origin(error)
        }
    }
}
