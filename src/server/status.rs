//! What went wrong, as HTTP: the one place where an error becomes a status.

use std::time::Duration;

use hyper::StatusCode;

use crate::deliver::{Error, Outage};
use crate::dialect::reply::OriginFault;
use crate::{dialect, origin, plan, render};

/// Not kept by anyone: the asset may be there the next time.
const NOT_NOW: &str = "private, no-cache, max-age=0";
pub(super) const NO_STORE: &str = "no-store";

/// A layer or a default image that is nowhere. No published source tells the status.
const UNKNOWN_IMAGE: StatusCode = StatusCode::BAD_REQUEST;

/// A remote server that answers neither with the picture nor with 404. No published source tells the
/// status.
const REMOTE_REFUSED: StatusCode = StatusCode::BAD_REQUEST;

/// Seconds after which a request that was refused for want of room may come again.
const RETRY_AFTER: u64 = 1;

/// An error's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) status: StatusCode,
    /// For `X-Cld-Error` and the body.
    pub(super) reason: String,
    pub(super) cache_control: &'static str,
    /// Seconds.
    pub(super) retry_after: Option<u64>,
    /// For the header that tells about origins, where the endpoint sends it.
    pub(super) origin_error: Option<String>,
}

impl Failure {
    /// The answer to an error of the road.
    pub(super) fn of(error: &Error, outage: Outage) -> Self {
        let failure = Self::new(status(error), reason(error));
        let fault = match outage {
            Outage::Told => None,
            Outage::Hidden => origin_fault(error),
        };
        let Some(fault) = fault else {
            return failure;
        };
        let hidden = if failure.status.is_server_error() {
            StatusCode::NOT_FOUND
        } else {
            failure.status
        };
        Self {
            status: hidden,
            // The outage stays an outage to caches.
            origin_error: Some(format!("{} - {}", fault.code(), failure.reason)),
            ..failure
        }
    }

    /// The answer to a client that asks more often than it may.
    pub(super) fn too_many(wait: Duration) -> Self {
        Self {
            retry_after: Some(wait.as_secs().saturating_add(1)),
            ..Self::new(StatusCode::TOO_MANY_REQUESTS, "too many requests")
        }
    }

    pub(super) fn new(status: StatusCode, reason: impl Into<String>) -> Self {
        Self {
            status,
            reason: reason.into(),
            cache_control: if status.is_server_error() {
                NO_STORE
            } else {
                NOT_NOW
            },
            origin_error: None,
            retry_after: (status == StatusCode::SERVICE_UNAVAILABLE).then_some(RETRY_AFTER),
        }
    }
}

/// What an error says about originals, for clients that want it as a code; `None` for what is no
/// origin's fault.
const fn origin_fault(error: &Error) -> Option<OriginFault> {
    Some(match error {
        Error::NotFound(_) => OriginFault::Missing,
        Error::Plan(plan::Error::OverLimit { .. })
        | Error::Render(render::Error::OverLimit { .. }) => OriginFault::Limit,
        Error::Origin(error) | Error::Remote { error, .. } => match error {
            origin::Error::NotFound { .. } => OriginFault::Missing,
            origin::Error::Denied { .. } => OriginFault::Refused,
            origin::Error::Unreachable { .. } => OriginFault::Unreachable,
            origin::Error::TooLarge { .. } => OriginFault::Limit,
            origin::Error::Upstream { .. }
            | origin::Error::Changed { .. }
            | origin::Error::Timeout { .. } => OriginFault::Other,
            origin::Error::Forbidden { .. } => return None,
        },
        Error::Dialect(_) | Error::Plan(_) | Error::Render(_) | Error::UnknownImage(_) => {
            return None;
        }
    })
}

/// No `_` arm anywhere here: a new failure does not compile before its status is chosen.
fn status(error: &Error) -> StatusCode {
    match error {
        Error::Dialect(error) => match error {
            dialect::Error::Syntax(_)
            | dialect::Error::Unsupported { .. }
            | dialect::Error::Conflict { .. }
            | dialect::Error::AutoGravity { .. }
            | dialect::Error::UnknownTransformation { .. } => StatusCode::BAD_REQUEST,
            dialect::Error::Signature(_) | dialect::Error::Token(_) => StatusCode::UNAUTHORIZED,
            dialect::Error::UnknownEndpoint { .. } => StatusCode::NOT_FOUND,
        },
        Error::Plan(error) => match error {
            plan::Error::OverLimit { .. }
            | plan::Error::EmptyRegion { .. }
            | plan::Error::NoSuchPage { .. }
            | plan::Error::NoLayer(_)
            | plan::Error::BadLayer { .. }
            | plan::Error::Expression(_) => StatusCode::BAD_REQUEST,
        },
        Error::NotFound(asset) if dialect::reply::is_too_long(asset) => StatusCode::BAD_REQUEST,
        Error::NotFound(_) => StatusCode::NOT_FOUND,
        Error::UnknownImage(_) => UNKNOWN_IMAGE,
        Error::Remote { error, .. } => match of_origin(error) {
            // What a remote server refuses us is the URL's fault, not an outage.
            StatusCode::BAD_GATEWAY if matches!(error, origin::Error::Denied { .. }) => {
                REMOTE_REFUSED
            }
            status => status,
        },
        Error::Origin(error) => of_origin(error),
        Error::Render(error) => match error {
            render::Error::UnknownFormat
            | render::Error::BadSource { .. }
            | render::Error::OverLimit { .. } => StatusCode::BAD_REQUEST,
            render::Error::NoTool { .. } | render::Error::NoCodec { .. } => {
                StatusCode::NOT_IMPLEMENTED
            }
            render::Error::Busy { .. } | render::Error::Cancelled => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            render::Error::Timeout => StatusCode::GATEWAY_TIMEOUT,
            render::Error::Mismatch { .. }
            | render::Error::Encoder { .. }
            | render::Error::CodecLost { .. }
            | render::Error::Resample { .. }
            | render::Error::Crashed => StatusCode::INTERNAL_SERVER_ERROR,
        },
    }
}

const fn of_origin(error: &origin::Error) -> StatusCode {
    match error {
        origin::Error::NotFound { .. } => StatusCode::NOT_FOUND,
        origin::Error::Forbidden { .. } => StatusCode::UNAUTHORIZED,
        origin::Error::TooLarge { .. } => StatusCode::BAD_REQUEST,
        origin::Error::Denied { .. }
        | origin::Error::Unreachable { .. }
        | origin::Error::Changed { .. }
        | origin::Error::Upstream { .. } => StatusCode::BAD_GATEWAY,
        origin::Error::Timeout { .. } => StatusCode::GATEWAY_TIMEOUT,
    }
}

/// What the client is told. Keys and reasons of origins are for the log alone.
fn reason(error: &Error) -> String {
    match error {
        Error::Dialect(error) => dialect::reply::reason(error),
        Error::Plan(plan::Error::NoLayer(asset)) => dialect::reply::no_layer(asset),
        Error::Plan(error) => error.to_string(),
        Error::NotFound(asset) => dialect::reply::not_found(asset),
        Error::UnknownImage(asset) => dialect::reply::no_layer(asset),
        Error::Remote { url, .. } => dialect::reply::loading(url),
        Error::Origin(error) => match error {
            origin::Error::NotFound { .. } => "Resource not found".to_owned(),
            origin::Error::Forbidden { reason, .. } => (*reason).to_owned(),
            origin::Error::TooLarge { .. } => "File size too large".to_owned(),
            origin::Error::Denied { .. } => "origin refuses access".to_owned(),
            origin::Error::Unreachable { .. } => "origin cannot be reached".to_owned(),
            origin::Error::Upstream { .. } | origin::Error::Changed { .. } => {
                "origin cannot be read".to_owned()
            }
            origin::Error::Timeout { .. } => "origin did not answer in time".to_owned(),
        },
        Error::Render(error) => error.to_string(),
    }
}
