//! What a store's refusals mean.

use std::error::Error as StdError;

use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};

use super::Client;
use super::bounded::is_too_long;
use super::ops::is_unreadable;
use crate::origin::Error;
use crate::origin::calls::Call;

/// Characters of a store's own message that are told.
const MAX_MESSAGE: usize = 200;

/// What S3 leaves open, as its manual says: without the right to list, a missing key is a 403.
const MAYBE_MISSING: &str =
    "; where s3:ListBucket is not allowed S3 answers so for a missing key too";

/// A call that came to nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Failed {
    /// It alone: the store is there and says no.
    Call(Error),
    /// The store is out of order, and the SDK has asked again in vain.
    Store(Error),
    /// The body broke off: asking again may help.
    Cut(Error),
}

impl Failed {
    /// Whether it tells against the store.
    pub(super) const fn is_outage(&self) -> bool {
        matches!(self, Self::Store(_) | Self::Cut(_))
    }
}

impl From<Failed> for Error {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::Call(error) | Failed::Store(error) | Failed::Cut(error) => error,
        }
    }
}

impl Client {
    /// An error of the SDK as one of ours.
    pub(super) fn fault<E>(
        &self,
        call: Call,
        key: &str,
        error: &SdkError<E, HttpResponse>,
    ) -> Failed
    where
        E: ProvideErrorMetadata + StdError + 'static,
    {
        let told = self.told(call, key, error);
        let is_outage = match error.raw_response() {
            // Refusals and nonsense may be about one key alone; a few odd URLs must not close the way
            // to all others.
            Some(answer) => answer.status().is_server_error(),
            None => !matches!(told, Error::Denied { .. }),
        };
        if is_outage {
            Failed::Store(told)
        } else {
            Failed::Call(told)
        }
    }

    /// The SDK's own text is not told: it may quote headers.
    fn told<E>(&self, call: Call, key: &str, error: &SdkError<E, HttpResponse>) -> Error
    where
        E: ProvideErrorMetadata + StdError + 'static,
    {
        match error {
            _ if is_too_long(error) => {
                self.upstream(key, "an answer longer than any should be".to_owned())
            }
            _ if is_unreadable(error) => {
                self.upstream(key, "an answer that cannot be read".to_owned())
            }
            SdkError::TimeoutError(_) => self.timeout(key),
            SdkError::DispatchFailure(failure) if failure.is_timeout() => self.timeout(key),
            SdkError::DispatchFailure(failure) => match failure.as_connector_error() {
                Some(connector) if is_unconnected(connector) => {
                    self.unreachable(key, &innermost(connector))
                }
                Some(connector) if connector.is_io() || connector.is_timeout() => {
                    self.upstream(key, innermost(connector))
                }
                Some(connector) => self.identity(key, connector),
                None => self.upstream(key, "the connection failed".to_owned()),
            },
            SdkError::ServiceError(refusal) => self.refusal(
                call,
                key,
                refusal.raw(),
                refusal.err().code(),
                refusal.err().message(),
            ),
            SdkError::ResponseError(answer) => {
                let status = answer.raw().status().as_u16();
                self.upstream(key, format!("an answer {status} that cannot be read"))
            }
            other => self.identity(key, other),
        }
    }

    /// What went wrong before anything was sent: usually credentials that are not to be had.
    fn identity(&self, key: &str, error: &(dyn StdError + 'static)) -> Error {
        let reason = innermost(error);
        if reason.to_lowercase().contains("credential") {
            let hint =
                "no credentials in the standard chain; name them with access_key and secret_key";
            return self.denied(key, format!("{hint} ({reason})"));
        }
        self.upstream(key, reason)
    }

    fn refusal(
        &self,
        call: Call,
        key: &str,
        answer: &HttpResponse,
        code: Option<&str>,
        message: Option<&str>,
    ) -> Error {
        let status = answer.status().as_u16();
        let told = in_words(status, code, message);
        match (status, code) {
            (_, Some("NoSuchBucket")) => {
                let bucket = &self.config.bucket;
                self.upstream(key, format!("there is no bucket {bucket} ({told})"))
            }
            (404, _) | (_, Some("NoSuchKey" | "NotFound")) => Error::NotFound {
                origin: self.name.clone(),
                key: key.into(),
            },
            (301 | 307 | 400, _) if answer.headers().get("x-amz-bucket-region").is_some() => {
                let region = answer.headers().get("x-amz-bucket-region");
                let region = region.unwrap_or_default();
                self.upstream(
                    key,
                    format!("the bucket is in region {region}: region = \"{region}\""),
                )
            }
            (401 | 403, _) | (_, Some("ExpiredToken" | "InvalidToken")) => {
                self.denied(key, format!("{told}{}", hint(call, code)))
            }
            (408 | 504, _) | (_, Some("RequestTimeout")) => self.timeout(key),
            _ => self.upstream(key, told),
        }
    }

    pub(super) fn timeout(&self, key: &str) -> Error {
        Error::Timeout {
            origin: self.name.clone(),
            key: key.into(),
        }
    }

    pub(super) fn unreachable(&self, key: &str, reason: &str) -> Error {
        Error::Unreachable {
            origin: self.name.clone(),
            key: key.into(),
            reason: reason.into(),
        }
    }

    pub(super) fn upstream(&self, key: &str, reason: String) -> Error {
        Error::Upstream {
            origin: self.name.clone(),
            key: key.into(),
            reason: reason.into(),
        }
    }

    pub(super) fn changed(&self, key: &str) -> Error {
        Error::Changed {
            origin: self.name.clone(),
            key: key.into(),
        }
    }

    fn denied(&self, key: &str, reason: String) -> Error {
        Error::Denied {
            origin: self.name.clone(),
            key: key.into(),
            reason: reason.into(),
        }
    }
}

/// What to do about a refusal.
fn hint(call: Call, code: Option<&str>) -> &'static str {
    match (code, call) {
        (Some("SignatureDoesNotMatch"), _) => "; the secret key is wrong",
        (Some("InvalidAccessKeyId"), _) => "; the access key is unknown there",
        (Some("ExpiredToken" | "InvalidToken"), _) => "; the credentials are not valid any more",
        (Some("RequestTimeTooSkewed"), _) => "; the clock of this machine is wrong",
        (_, Call::List) => "; s3:ListBucket is needed on the bucket",
        (_, Call::Head | Call::Get) => MAYBE_MISSING,
        (_, Call::Put) => "; s3:PutObject is needed",
        (_, Call::Delete) => "; s3:DeleteObject is needed",
    }
}

/// Status, code and message, in one line and cut short. A HEAD's answer has no code.
fn in_words(status: u16, code: Option<&str>, message: Option<&str>) -> String {
    let mut told = format!("answer {status}");
    for part in [code, message].into_iter().flatten() {
        let clean = part.chars().map(|c| if c.is_control() { ' ' } else { c });
        told.push_str(", ");
        told.extend(clean.take(MAX_MESSAGE));
    }
    told
}

/// Whether there was no connection: no such name, nobody there, no agreement on encryption.
fn is_unconnected(error: &(dyn StdError + 'static)) -> bool {
    cause::<hyper_util::client::legacy::Error>(error).is_some_and(|error| error.is_connect())
}

/// The first of an error and its causes that is of a kind.
pub(super) fn cause<'a, E: StdError + 'static>(
    error: &'a (dyn StdError + 'static),
) -> Option<&'a E> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        next = error.source();
    }
    None
}

/// The cause at the bottom: "connection refused" rather than "dispatch failure".
fn innermost(error: &(dyn StdError + 'static)) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    let text = cause.to_string();
    text.chars().take(MAX_MESSAGE).collect()
}
