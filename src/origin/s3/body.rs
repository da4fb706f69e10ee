//! An object's bytes as they come, whose number is known: neither cut short nor too many in silence.

use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_sdk_s3::primitives::ByteStream;
use bytes::{Bytes, BytesMut};

use super::Client;
use super::fault::Failed;
use crate::origin::Error;

/// Bytes that are set aside for a body before it has come.
const MAX_AHEAD: usize = 4 << 20;

/// A body whose length is known.
pub(super) struct Body {
    client: Box<str>,
    key: Box<str>,
    stream: ByteStream,
    left: u64,
}

impl Body {
    pub(super) fn new(client: &Client, key: &str, answer: GetObjectOutput, length: u64) -> Self {
        Self {
            client: client.name.clone(),
            key: key.into(),
            stream: answer.body,
            left: length,
        }
    }

    /// The next piece; `None` at the end, when all bytes have come.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        match self.stream.try_next().await {
            Ok(Some(piece)) => match self.left.checked_sub(piece.len() as u64) {
                Some(left) => {
                    self.left = left;
                    Ok(Some(piece))
                }
                None => Err(self.broken("more bytes came than were announced")),
            },
            Ok(None) if self.left == 0 => Ok(None),
            Ok(None) => Err(self.broken("the body was cut short")),
            Err(_) => Err(self.broken("the body was cut short or stood still")),
        }
    }

    /// All that is left.
    pub(super) async fn whole(mut self) -> Result<Bytes, Failed> {
        let length = usize::try_from(self.left).unwrap_or(usize::MAX);
        // What was announced is not believed before it comes.
        let mut bytes = BytesMut::with_capacity(length.min(MAX_AHEAD));
        while let Some(piece) = self.next().await.map_err(Failed::Cut)? {
            bytes.extend_from_slice(&piece);
        }
        Ok(bytes.freeze())
    }

    fn broken(&self, reason: &str) -> Error {
        Error::Upstream {
            origin: self.client.clone(),
            key: self.key.clone(),
            reason: format!("{reason}, {} bytes are missing", self.left).into(),
        }
    }
}
