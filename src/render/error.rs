//! What can go wrong between bytes and pixels.

use crate::plan::Size;
use crate::spec::Format;

/// Why a picture could not be rendered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The first bytes belong to no picture format known here.
    #[error("source is in no known picture format")]
    UnknownFormat,
    /// The file is damaged, cut short or made of parts that its format forbids.
    #[error("source {} cannot be read: {reason}", format.word())]
    BadSource {
        /// What the first bytes promise.
        format: Format,
        /// What the decoder says.
        reason: String,
    },
    /// What is asked for needs a tool that is not there.
    #[error("{what} cannot be made here")]
    NoTool {
        /// What is asked for.
        what: &'static str,
    },
    /// The format is known, but this build cannot read or write it.
    #[error("no {} codec in this build", format.word())]
    NoCodec {
        /// The format.
        format: Format,
    },
    /// The plan was made for another picture: the source changed between probing and rendering.
    #[error("source is {}x{}, but the plan expects {}x{}", found.width, found.height, planned.width, planned.height)]
    Mismatch {
        /// The size the plan was made for.
        planned: Size,
        /// The size of the source at hand.
        found: Size,
    },
    /// More than the limits allow.
    #[error("{what} is {value}, over the limit of {limit}")]
    OverLimit {
        /// What is too large: "source width in pixels", "picture size in pixels"…
        what: &'static str,
        /// How large it is.
        value: u64,
        /// How large it may be.
        limit: u64,
    },
    /// The encoder refused pixels that it should have taken.
    #[error("{} encoder failed: {reason}", format.word())]
    Encoder {
        /// The format asked for.
        format: Format,
        /// What the encoder says.
        reason: String,
    },
    /// The process that a codec ran in ended without an answer: it crashed, or somebody else ended it.
    #[error("{} codec ended without a result: {reason}", format.word())]
    CodecLost {
        /// The format that was read or written.
        format: Format,
        /// How it ended.
        reason: String,
    },
    /// The resampler refused sizes that were checked before.
    #[error("resampling failed: {reason}")]
    Resample {
        /// What it says.
        reason: String,
    },
    /// The queue of the render pool is full.
    #[error("render queue is full at {queued} jobs")]
    Busy {
        /// Jobs waiting.
        queued: usize,
    },
    /// The deadline passed.
    #[error("rendering took longer than its deadline")]
    Timeout,
    /// Nobody waits for the result any more, or the pool is shutting down.
    #[error("rendering was cancelled")]
    Cancelled,
    /// A job panicked outside any decoder; the worker lives on.
    #[error("render job crashed")]
    Crashed,
}

impl Error {
    /// A damaged source, from whatever the decoder says.
    pub(super) fn bad(format: Format, reason: impl std::fmt::Display) -> Self {
        // Decoders speak in sentences of their own; errors here start low and end without a stop.
        let text = reason.to_string();
        let text = text.trim().trim_end_matches('.');
        let mut chars = text.chars();
        let reason = match (chars.next(), chars.clone().next()) {
            (Some(first), Some(second)) if first.is_uppercase() && second.is_lowercase() => {
                first.to_lowercase().chain(chars).collect()
            }
            _ => text.to_owned(),
        };
        Self::BadSource { format, reason }
    }

    /// An encoder's refusal.
    pub(super) fn encoder(format: Format, reason: impl std::fmt::Display) -> Self {
        Self::Encoder {
            format,
            reason: reason.to_string(),
        }
    }
}
