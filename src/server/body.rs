//! Bodies: from memory whole, from an origin in pieces.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use hyper::body::{Frame, SizeHint};
use thiserror::Error as ThisError;

use crate::origin::{self, Pieces};

/// A response's body.
pub enum Body {
    /// From memory; empty for answers without one.
    Whole(Bytes),
    /// From an origin, at constant memory. Exactly `left` bytes are still to come.
    Pieces {
        /// Where they come from.
        pieces: Pieces,
        /// Bytes that were promised and have not been sent.
        left: u64,
    },
}

/// Why a body breaks off. The connection is cut, so that nobody takes a part for the whole.
#[derive(Debug, ThisError)]
#[allow(missing_docs, reason = "the messages are the documentation")]
pub enum Error {
    #[error(transparent)]
    Origin(#[from] origin::Error),
    #[error("original ended {left} bytes early")]
    Short { left: u64 },
    #[error("original is longer than it was when it was found")]
    Long,
}

impl Body {
    /// Nothing.
    #[must_use]
    pub const fn empty() -> Self {
        Self::Whole(Bytes::new())
    }
}

impl hyper::body::Body for Body {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        match self.get_mut() {
            Self::Whole(bytes) if bytes.has_remaining() => {
                Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes)))))
            }
            Self::Whole(_) => Poll::Ready(None),
            Self::Pieces { pieces, left } => pieces.as_mut().poll_next(context).map(|piece| {
                let result = follow(piece, left);
                if let Some(Err(error)) = &result {
                    tracing::warn!(%error, "an original broke off while it was sent");
                }
                result.map(|piece| piece.map(Frame::data))
            }),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(bytes) => bytes.is_empty(),
            // Its end has to be seen, to tell a whole from a part.
            Self::Pieces { .. } => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(match self {
            Self::Whole(bytes) => bytes.len() as u64,
            Self::Pieces { left, .. } => *left,
        })
    }
}

/// Holds the pieces against the length that was promised.
fn follow(
    piece: Option<Result<Bytes, origin::Error>>,
    left: &mut u64,
) -> Option<Result<Bytes, Error>> {
    match piece {
        Some(Ok(bytes)) => match left.checked_sub(bytes.len() as u64) {
            Some(rest) => {
                *left = rest;
                Some(Ok(bytes))
            }
            None => Some(Err(Error::Long)),
        },
        Some(Err(error)) => Some(Err(error.into())),
        None if *left == 0 => None,
        None => Some(Err(Error::Short { left: *left })),
    }
}

#[cfg(test)]
mod tests {
    use futures_util::stream;
    use http_body_util::BodyExt as _;

    use super::*;

    async fn read(pieces: Vec<&'static str>, left: u64) -> Result<Bytes, Error> {
        let pieces = pieces.into_iter().map(|piece| Ok(Bytes::from(piece)));
        let body = Body::Pieces {
            pieces: Box::pin(stream::iter(pieces)),
            left,
        };
        body.collect()
            .await
            .map(http_body_util::Collected::to_bytes)
    }

    #[tokio::test]
    async fn a_length_that_was_promised_is_kept_or_the_body_fails() {
        assert_eq!(
            read(vec!["ab", "c"], 3).await.ok(),
            Some(Bytes::from("abc"))
        );
        assert!(matches!(
            read(vec!["ab"], 3).await,
            Err(Error::Short { left: 1 })
        ));
        assert!(matches!(read(vec!["ab", "cd"], 3).await, Err(Error::Long)));
    }
}
