//! What a vendor's clients expect back: the words of the `X-Cld-Error` header.

use super::{Error, SignatureFault};
use crate::grammar::{ErrorKind, SyntaxError};
use crate::spec::{AssetRef, DeliveryType};

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
        Error::Signature(SignatureFault::Missing | SignatureFault::NoSecret) | Error::Token(_) => {
            "deny or ACL failure".to_owned()
        }
        Error::Signature(SignatureFault::Wrong) => "Invalid signature".to_owned(),
        Error::UnknownEndpoint { .. } => "Resource not found".to_owned(),
    }
}

/// Characters of a public ID, at most, that the service stores. Documented.
const LONGEST_ID: usize = 255;

/// Whether nothing can be stored under an asset's name: what is there is delivered all the same.
#[must_use]
pub fn is_too_long(asset: &AssetRef) -> bool {
    asset.delivery_type != DeliveryType::Fetch
        && asset.public_id.len() > LONGEST_ID
        && asset.public_id.chars().count() > LONGEST_ID
}

/// The reason for an asset that is not there.
#[must_use]
pub fn not_found(asset: &AssetRef) -> String {
    match asset.delivery_type {
        DeliveryType::Fetch => loading(&asset.public_id),
        _ if is_too_long(asset) => "public_id is too long".to_owned(),
        _ => format!("Resource not found - {}", asset.public_id),
    }
}

/// The reason for a remote picture that is not to be had.
#[must_use]
pub fn loading(url: &str) -> String {
    format!("Error in loading - {url}")
}

/// The header that tells ImageKit's clients why an original is not to be had.
pub const ORIGIN_ERROR_HEADER: &str = "ik-error";

/// Why an original is not to be had, in ImageKit's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OriginFault {
    /// No file at that path.
    Missing,
    /// Credentials, rights, or a firewall.
    Refused,
    /// No connection.
    Unreachable,
    /// A limit exceeded.
    Limit,
    /// Anything else.
    Other,
}

impl OriginFault {
    /// The code, which stands before a dash and the message.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Missing => "ENOENT",
            Self::Refused => "EACCES",
            Self::Unreachable => "ECONNREFUSED",
            Self::Limit => "ELIMIT",
            Self::Other => "UNIDENTIFIED",
        }
    }
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
