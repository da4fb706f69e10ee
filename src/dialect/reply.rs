//! What a vendor's clients expect back: the words of the `X-Cld-Error` header.

use super::{Error, SignatureFault};
use crate::grammar::{ErrorKind, SyntaxError};
use crate::spec::AssetRef;

/// The reason, in the words that existing clients and log filters know.
#[must_use]
pub fn reason(error: &Error) -> String {
    match error {
        Error::Syntax(error) => syntax(error),
        Error::Unsupported { parameter, .. } => {
            format!("Invalid transformation component - {parameter}")
        }
        Error::Conflict { parameter, .. } => {
            format!("Invalid transformation component - {parameter}")
        }
        Error::AutoGravity { .. } => {
            "Use auto gravity only with crop, fill, lfill, fill_pad or thumb".to_owned()
        }
        Error::UnknownTransformation { name } => format!("Unknown transformation {name}"),
        Error::Signature(SignatureFault::Missing | SignatureFault::NoSecret) => {
            "deny or ACL failure".to_owned()
        }
        Error::Signature(SignatureFault::Wrong) => "Invalid signature".to_owned(),
        Error::UnknownEndpoint { .. } => "Resource not found".to_owned(),
    }
}

/// The reason for an asset that is not there.
#[must_use]
pub fn not_found(asset: &AssetRef) -> String {
    format!("Resource not found - {}", asset.public_id)
}

/// The reason for a layer's source that is not there.
#[must_use]
pub fn no_layer(asset: &AssetRef) -> String {
    format!(
        "Unknown or invalid referenced image {} of type {}",
        asset.public_id,
        asset.delivery_type.word()
    )
}

fn syntax(error: &SyntaxError) -> String {
    let place = error.span();
    let at = format!("(at {} in the URL)", place.start);
    match (error.kind(), error.key()) {
        (ErrorKind::InvalidValue, Some(key)) => {
            format!(
                "Invalid {} in transformation: {} {at}",
                key.long_name(),
                error.found()
            )
        }
        (ErrorKind::UnknownParam | ErrorKind::UnknownEffect | ErrorKind::InvalidArgument, _) => {
            format!("Invalid transformation component - {} {at}", error.found())
        }
        _ => format!("Invalid Transformation - {error} {at}"),
    }
}
