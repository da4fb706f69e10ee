//! Where the errors of all floors meet. `server/status.rs` turns each into HTTP, once.

use thiserror::Error as ThisError;

use crate::spec::{AssetRef, DeliveryType, OneLine};
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
    #[error("no origin has {}", OneLine(&.0.to_string()))]
    NotFound(AssetRef),
    /// A picture that a URL names beside its own is nowhere.
    #[error("no origin has {}, which the URL names", OneLine(&.0.to_string()))]
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
    /// Whether the same question may have another answer soon: an origin that fails or is slow.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        match self {
            Self::Origin(error) | Self::Remote { error, .. } => matches!(
                error,
                origin::Error::Denied { .. }
                    | origin::Error::Unreachable { .. }
                    | origin::Error::Upstream { .. }
                    | origin::Error::Timeout { .. }
            ),
            Self::Dialect(_)
            | Self::Plan(_)
            | Self::NotFound(_)
            | Self::UnknownImage(_)
            | Self::Render(_) => false,
        }
    }

    /// Whether the same source and the same specification would fail in the same way again.
    #[must_use]
    pub const fn is_lasting(&self) -> bool {
        match self {
            Self::Plan(_) => true,
            Self::Render(error) => matches!(
                error,
                render::Error::UnknownFormat
                    | render::Error::BadSource { .. }
                    | render::Error::OverLimit { .. }
                    | render::Error::NoCodec { .. }
                    | render::Error::NoTool { .. }
            ),
            Self::Dialect(_)
            | Self::NotFound(_)
            | Self::UnknownImage(_)
            | Self::Remote { .. }
            | Self::Origin(_) => false,
        }
    }

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
