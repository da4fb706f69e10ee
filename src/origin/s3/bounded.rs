//! How long an answer may be that is read as a whole: the SDK would read whatever comes.

use std::error::Error as StdError;

use aws_sdk_s3::config::interceptors::BeforeDeserializationInterceptorContextMut;
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_s3::primitives::SdkBody;
use http_body_util::{LengthLimitError, Limited};

use super::fault::cause;

/// Bytes of a page of 1000 keys: each of 1024 bytes at most, of which escapes may make six times as
/// many, and what is told of it.
const MAX_PAGE: usize = 8 << 20;

/// Bytes of a refusal.
const MAX_REFUSAL: usize = 64 << 10;

/// Which answers are bounded.
#[derive(Clone, Copy, Debug)]
pub(super) enum Bounded {
    /// Those that say why there is none. What is an object's is bounded where it is read.
    Refusals,
    /// Pages of a listing.
    Pages,
}

impl Intercept for Bounded {
    fn name(&self) -> &'static str {
        "Bounded"
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), Box<dyn StdError + Send + Sync>> {
        let answer = context.response_mut();
        let limit = match (self, answer.status().is_success()) {
            (Self::Refusals, false) => MAX_REFUSAL,
            (Self::Pages, true) => MAX_PAGE,
            (Self::Refusals, true) | (Self::Pages, false) => return Ok(()),
        };
        let body = std::mem::replace(answer.body_mut(), SdkBody::taken());
        *answer.body_mut() = SdkBody::from_body_1_x(Limited::new(body, limit));
        Ok(())
    }
}

/// Whether an answer was longer than it may be.
pub(super) fn is_too_long(error: &(dyn StdError + 'static)) -> bool {
    cause::<LengthLimitError>(error).is_some()
}
