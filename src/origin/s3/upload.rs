//! The calls that write. A large file goes in parts: a store takes no more than 5 GB in one, and what
//! breaks off near the end of a part costs that part.

use std::future::Future;
use std::path::Path;

use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::primitives::{ByteStream, Length};
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::Client;
use super::fault::Failed;
use super::ops::is_unreadable;
use crate::origin::Error;
use crate::origin::calls::Call;

/// Bytes of a file beyond which it goes in parts.
const WHOLE: u64 = 32 << 20;
/// Bytes of a part, unless there would be too many of them.
const PART: u64 = 16 << 20;
/// The most parts that S3 takes, by its manual.
const MAX_PARTS: u64 = 10_000;
/// The largest object that S3 takes, by its manual.
const MAX_OBJECT: u64 = 5 << 40;
/// Parts that are on their way at the same time; each is read from the file as it is sent.
const AT_ONCE: usize = 4;

/// A piece of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Part {
    /// From 1.
    number: i32,
    offset: u64,
    bytes: u64,
}

/// A file's parts, all but the last of one size.
fn parts(bytes: u64) -> impl Iterator<Item = Part> {
    let size = PART.max(bytes.div_ceil(MAX_PARTS));
    (1..).zip(0..bytes.div_ceil(size)).map(move |(number, n)| {
        let offset = n.saturating_mul(size);
        Part {
            number,
            offset,
            bytes: size.min(bytes.saturating_sub(offset)),
        }
    })
}

impl Client {
    /// Writes an object from memory.
    ///
    /// # Errors
    /// [`Error::Denied`], [`Error::Upstream`], [`Error::Unreachable`], [`Error::Timeout`].
    pub async fn put(&self, key: &str, bytes: Bytes) -> Result<(), Error> {
        let bucket = &self.config.bucket;
        let request = self.sdk().await.put_object().bucket(bucket).key(key);
        let sent = async {
            let sent = request.body(ByteStream::from(bytes)).send().await;
            sent.map_err(|error| self.fault(Call::Put, key, &error))
        };
        self.brief(key, sent).await?;
        Ok(())
    }

    /// Writes an object from memory unless there is one with this key already. Whether it was written;
    /// a store that does not know the condition writes it in any case.
    ///
    /// # Errors
    /// As for [`Client::put`].
    pub async fn put_new(&self, key: &str, bytes: Bytes) -> Result<bool, Error> {
        let bucket = &self.config.bucket;
        let request = self.sdk().await.put_object().bucket(bucket).key(key);
        let request = request.if_none_match("*");
        let body = ByteStream::from(bytes.clone());
        let sent = async {
            match request.body(body).send().await {
                Ok(_) => Ok(Some(true)),
                Err(error) => match error.raw_response().map(|answer| answer.status().as_u16()) {
                    // It is there, or is being written by somebody else at this moment.
                    Some(409 | 412) => Ok(Some(false)),
                    Some(501) => Ok(None),
                    _ => Err(self.fault(Call::Put, key, &error)),
                },
            }
        };
        match self.brief(key, sent).await? {
            Some(written) => Ok(written),
            None => self.put(key, bytes).await.map(|()| true),
        }
    }

    /// Writes an object from a file, which is not held in memory. Readers see the old object or the
    /// new one, never a part.
    ///
    /// # Errors
    /// As for [`Client::put`]; [`Error::TooLarge`], and when the file cannot be read.
    pub async fn put_file(&self, key: &str, file: &Path) -> Result<(), Error> {
        let unreadable = |error: std::io::Error| self.upstream(key, error.to_string());
        let bytes = tokio::fs::metadata(file).await.map_err(unreadable)?.len();
        if bytes > MAX_OBJECT {
            return Err(Error::TooLarge {
                origin: self.name.clone(),
                key: key.into(),
                bytes,
                limit: MAX_OBJECT,
            });
        }
        if bytes > WHOLE {
            return self.put_parts(key, file, bytes).await;
        }
        let body = ByteStream::from_path(file).await;
        let body = body.map_err(|error| self.upstream(key, error.to_string()))?;
        let request = self.sdk().await.put_object().bucket(&self.config.bucket);
        let request = request.key(key).body(body).customize();
        let sent = request.config_override(self.unhurried()).send();
        self.upload(key, sent).await?;
        Ok(())
    }

    async fn put_parts(&self, key: &str, file: &Path, bytes: u64) -> Result<(), Error> {
        let bucket = &self.config.bucket;
        let begun = self.sdk().await.create_multipart_upload();
        let begun = self
            .upload(key, begun.bucket(bucket).key(key).send())
            .await?;
        let id = begun
            .upload_id()
            .ok_or_else(|| self.upstream(key, "an upload without a name".to_owned()))?;
        let sent = match self.send_parts(key, file, bytes, id).await {
            Ok(parts) => self.join_parts(key, bytes, id, parts).await,
            Err(error) => Err(error),
        };
        if sent.is_err() {
            let end = self.sdk().await.abort_multipart_upload();
            let end = end.bucket(bucket).key(key).upload_id(id).send();
            if let Err(error) = self.upload(key, end).await {
                // The first error is the one to tell.
                tracing::warn!(%error, "what was sent of a file may be left in the bucket");
            }
        }
        sent
    }

    async fn send_parts(
        &self,
        key: &str,
        file: &Path,
        bytes: u64,
        id: &str,
    ) -> Result<Vec<CompletedPart>, Error> {
        let sent = stream::iter(parts(bytes)).map(|part| self.send_part(key, file, part, id));
        sent.buffered(AT_ONCE).try_collect().await
    }

    async fn send_part(
        &self,
        key: &str,
        file: &Path,
        part: Part,
        id: &str,
    ) -> Result<CompletedPart, Error> {
        let body = ByteStream::read_from().path(file).offset(part.offset);
        let body = body.length(Length::Exact(part.bytes)).build().await;
        let body = body.map_err(|error| self.upstream(key, error.to_string()))?;
        let request = self.sdk().await.upload_part().bucket(&self.config.bucket);
        let request = request.key(key).upload_id(id).part_number(part.number);
        let request = request.body(body).customize();
        let sent = request.config_override(self.unhurried()).send();
        let sent = self.upload(key, sent).await?;
        let done = CompletedPart::builder().part_number(part.number);
        Ok(done.set_e_tag(sent.e_tag().map(ToOwned::to_owned)).build())
    }

    async fn join_parts(
        &self,
        key: &str,
        bytes: u64,
        id: &str,
        parts: Vec<CompletedPart>,
    ) -> Result<(), Error> {
        let count = parts.len();
        let all = CompletedMultipartUpload::builder().set_parts(Some(parts));
        let end = self.sdk().await.complete_multipart_upload();
        let end = end.bucket(&self.config.bucket).key(key).upload_id(id);
        let end = end.multipart_upload(all.build());
        let sent = async {
            match end.send().await {
                Ok(_) => Ok(true),
                Err(error) if is_unreadable(&error) => Ok(false),
                Err(error) => match self.fault(Call::Put, key, &error) {
                    Failed::Call(Error::NotFound { .. }) => Ok(false),
                    failed => Err(failed),
                },
            }
        };
        if self.call(key, None, sent).await? {
            return Ok(());
        }
        // Some stores put the parts together and say so in words of their own; or the answer was lost,
        // and the upload is gone when it is asked for again. An object of as many parts and bytes is
        // this one.
        let stored = self.head(key).await?;
        let etag = stored.etag.unwrap_or_default();
        let has_parts = etag.trim_matches('"').ends_with(&format!("-{count}"));
        if stored.bytes == bytes && has_parts {
            Ok(())
        } else {
            Err(self.upstream(key, "the parts were not put together".to_owned()))
        }
    }

    /// A large file takes as long as it takes; one that stands still is given up all the same.
    fn unhurried(&self) -> aws_sdk_s3::config::Builder {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(self.config.patience.connect)
            .disable_read_timeout()
            .disable_operation_timeout()
            .build();
        aws_sdk_s3::Config::builder().timeout_config(timeouts)
    }

    async fn upload<T, E>(
        &self,
        key: &str,
        sent: impl Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    ) -> Result<T, Error>
    where
        E: aws_sdk_s3::error::ProvideErrorMetadata + std::error::Error + 'static,
    {
        let sent = async {
            let sent = sent.await;
            sent.map_err(|error| self.fault(Call::Put, key, &error))
        };
        Ok(self.call(key, None, sent).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cover_a_file_and_never_are_too_many() {
        for bytes in [1, PART, PART + 1, 3 * PART, 1 << 37, MAX_OBJECT] {
            let all: Vec<Part> = parts(bytes).collect();
            assert!(all.len() as u64 <= MAX_PARTS, "{bytes}");
            let mut end = 0;
            for (part, number) in all.iter().zip(1..) {
                assert_eq!((part.number, part.offset), (number, end), "{bytes}");
                assert!(part.bytes > 0, "{bytes}");
                end += part.bytes;
            }
            assert_eq!(end, bytes);
        }
    }
}
