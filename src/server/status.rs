//! What went wrong, as HTTP: the one place where an error becomes a status.

use std::time::Duration;

use hyper::StatusCode;

use crate::deliver::Error;
use crate::{dialect, origin, plan, render};

/// Not kept by anyone: the asset may be there the next time.
const NOT_NOW: &str = "private, no-cache, max-age=0";
const NO_STORE: &str = "no-store";

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
}

impl Failure {
    /// The answer to an error of the road.
    pub(super) fn of(error: &Error) -> Self {
        Self::new(status(error), reason(error))
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
            retry_after: (status == StatusCode::SERVICE_UNAVAILABLE).then_some(RETRY_AFTER),
        }
    }
}

/// No `_` arm anywhere here: a new failure does not compile before its status is chosen.
const fn status(error: &Error) -> StatusCode {
    match error {
        Error::Dialect(error) => match error {
            dialect::Error::Syntax(_)
            | dialect::Error::Unsupported { .. }
            | dialect::Error::Conflict { .. }
            | dialect::Error::AutoGravity { .. }
            | dialect::Error::UnknownTransformation { .. } => StatusCode::BAD_REQUEST,
            dialect::Error::Signature(_) => StatusCode::UNAUTHORIZED,
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
        Error::NotFound(_) => StatusCode::NOT_FOUND,
        Error::Origin(error) => match error {
            origin::Error::NotFound { .. } => StatusCode::NOT_FOUND,
            origin::Error::Forbidden { .. } => StatusCode::UNAUTHORIZED,
            origin::Error::TooLarge { .. } => StatusCode::BAD_REQUEST,
            origin::Error::Denied { .. } | origin::Error::Upstream { .. } => {
                StatusCode::BAD_GATEWAY
            }
            origin::Error::Timeout { .. } => StatusCode::GATEWAY_TIMEOUT,
        },
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
            | render::Error::Resample { .. }
            | render::Error::Crashed => StatusCode::INTERNAL_SERVER_ERROR,
        },
    }
}

/// What the client is told. Keys and reasons of origins are for the log alone.
fn reason(error: &Error) -> String {
    match error {
        Error::Dialect(error) => dialect::reply::reason(error),
        Error::Plan(plan::Error::NoLayer(asset)) => dialect::reply::no_layer(asset),
        Error::Plan(error) => error.to_string(),
        Error::NotFound(asset) => dialect::reply::not_found(asset),
        Error::Origin(error) => match error {
            origin::Error::NotFound { .. } => "Resource not found".to_owned(),
            origin::Error::Forbidden { reason, .. } => (*reason).to_owned(),
            origin::Error::TooLarge { .. } => "File size too large".to_owned(),
            origin::Error::Denied { .. } => "origin refuses access".to_owned(),
            origin::Error::Upstream { .. } => "origin cannot be read".to_owned(),
            origin::Error::Timeout { .. } => "origin did not answer in time".to_owned(),
        },
        Error::Render(error) => error.to_string(),
    }
}
