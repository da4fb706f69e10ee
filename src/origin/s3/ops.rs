//! The calls: list, head, get, put, delete.

use std::ops::Range;
use std::path::Path;

use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_sdk_s3::operation::list_objects_v2::{ListObjectsV2Error, ListObjectsV2Output};
use aws_sdk_s3::primitives::{ByteStream, DateTime};
use aws_sdk_s3::types::EncodingType;
use bytes::{Bytes, BytesMut};
use futures_util::stream;

use super::Client;
use crate::origin::calls::Call;
use crate::origin::spelling::percent_decode;
use crate::origin::store::{Begin, Depth, Object, Page, whole_seconds};
use crate::origin::{Error, Found, Pieces};

/// Keys a page: the most that S3 gives.
const PAGE: i32 = 1000;
/// Bytes that are set aside for a body before it has come.
const MAX_AHEAD: usize = 4 << 20;

impl Client {
    /// One page of the keys below a prefix.
    ///
    /// # Errors
    /// [`Error::Denied`], [`Error::Upstream`], [`Error::Timeout`]. That nothing is there is no error.
    pub async fn list(&self, prefix: &str, depth: Depth, from: &Begin) -> Result<Page, Error> {
        let answer = match self.ask(prefix, depth, from, None).await {
            // A key may hold characters that XML cannot: then the page must come encoded. Not at
            // once, for some stores say that they encode and do not.
            Err(error) if is_unreadable(&error) => {
                self.ask(prefix, depth, from, Some(EncodingType::Url)).await
            }
            answer => answer,
        };
        let answer = answer.map_err(|error| self.fault(Call::List, prefix, &error))?;
        // Every listing says this, before its keys; the SDK takes half a listing for an empty one.
        let Some(is_truncated) = answer.is_truncated() else {
            return Err(self.upstream(prefix, "a listing that breaks off".to_owned()));
        };
        let is_encoded = answer.encoding_type() == Some(&EncodingType::Url);
        let plain = |text: &str| {
            if is_encoded {
                percent_decode(&text.replace('+', " ")).unwrap_or_else(|| text.to_owned())
            } else {
                text.to_owned()
            }
        };
        let objects = answer.contents().iter().filter_map(|entry| {
            Some(Object {
                key: plain(entry.key()?),
                bytes: u64::try_from(entry.size().unwrap_or(0)).unwrap_or(0),
                modified: entry.last_modified().and_then(time),
                etag: entry.e_tag().map(ToOwned::to_owned),
            })
        });
        let folders = answer.common_prefixes().iter();
        Ok(Page {
            objects: objects.collect(),
            folders: folders.filter_map(|p| Some(plain(p.prefix()?))).collect(),
            next: answer
                .next_continuation_token()
                .filter(|_| is_truncated)
                .map(ToOwned::to_owned),
        })
    }

    async fn ask(
        &self,
        prefix: &str,
        depth: Depth,
        from: &Begin,
        encoding: Option<EncodingType>,
    ) -> Result<ListObjectsV2Output, Box<SdkError<ListObjectsV2Error, HttpResponse>>> {
        let bucket = &self.config.bucket;
        let mut request = self
            .sdk()
            .await
            .list_objects_v2()
            .bucket(bucket)
            .prefix(prefix)
            .max_keys(PAGE)
            .set_encoding_type(encoding);
        if depth == Depth::Level {
            request = request.delimiter("/");
        }
        request = match from {
            Begin::First => request,
            Begin::After(key) => request.start_after(key),
            Begin::Token(token) => request.continuation_token(token),
        };
        request.send().await.map_err(Box::new)
    }

    /// What is known of an object.
    ///
    /// # Errors
    /// [`Error::NotFound`], and what [`Client::list`] has.
    pub async fn head(&self, key: &str) -> Result<Object, Error> {
        let bucket = &self.config.bucket;
        let request = self.sdk().await.head_object().bucket(bucket).key(key);
        let answer = request
            .send()
            .await
            .map_err(|error| self.fault(Call::Head, key, &error))?;
        Ok(Object {
            key: key.to_owned(),
            bytes: answer
                .content_length()
                .and_then(|length| u64::try_from(length).ok())
                .ok_or_else(|| self.upstream(key, "no length was told".to_owned()))?,
            modified: answer.last_modified().and_then(time),
            etag: answer.e_tag().map(ToOwned::to_owned),
        })
    }

    /// All bytes of an object that was found.
    ///
    /// # Errors
    /// [`Error::Changed`] when it is another by now, [`Error::Upstream`] when it is cut short, and
    /// what [`Client::head`] has.
    pub async fn read(&self, found: &Found) -> Result<Bytes, Error> {
        let key = &*found.key;
        let answer = self.get(key, None).await?;
        if !object(key, &answer, found.bytes).is(found) {
            return Err(self.changed(key));
        }
        self.whole(Body::new(self, key, answer.body, found.bytes))
            .await
    }

    async fn whole(&self, mut body: Body) -> Result<Bytes, Error> {
        let key = body.key.clone();
        let length = usize::try_from(body.left).unwrap_or(usize::MAX);
        let reading = async {
            // What was announced is not believed before it comes.
            let mut bytes = BytesMut::with_capacity(length.min(MAX_AHEAD));
            while let Some(piece) = body.next().await? {
                bytes.extend_from_slice(&piece);
            }
            Ok(bytes.freeze())
        };
        tokio::time::timeout(self.config.timeouts.total, reading)
            .await
            .unwrap_or_else(|_| Err(self.timeout(&key)))
    }

    /// A range of the bytes of an object that was found, in pieces.
    ///
    /// # Errors
    /// As for [`Client::read`]; what goes wrong later is an item of the stream.
    pub async fn open(&self, found: &Found, range: Range<u64>) -> Result<Pieces, Error> {
        let key = &*found.key;
        let whole = range == (0..found.bytes);
        let last = range.end.saturating_sub(1);
        let bytes = (!whole).then(|| format!("bytes={}-{last}", range.start));
        let answer = self.get(key, bytes).await?;
        if !object(key, &answer, found.bytes).is(found) {
            return Err(self.changed(key));
        }
        let length = range.end.saturating_sub(range.start);
        let body = Body::new(self, key, answer.body, length);
        Ok(Box::pin(stream::try_unfold(body, |mut body| async move {
            Ok(body.next().await?.map(|piece| (piece, body)))
        })))
    }

    async fn get(&self, key: &str, range: Option<String>) -> Result<GetObjectOutput, Error> {
        let bucket = &self.config.bucket;
        let request = self.sdk().await.get_object().bucket(bucket).key(key);
        let ranged = range.is_some();
        let answer = request
            .set_range(range)
            .send()
            .await
            .map_err(|error| self.fault(Call::Get, key, &error))?;
        if ranged && answer.content_range().is_none() {
            return Err(self.upstream(key, "the whole was sent for a range".to_owned()));
        }
        Ok(answer)
    }

    /// All bytes of an object whatever it is, up to `limit` of them.
    ///
    /// # Errors
    /// [`Error::TooLarge`], and what [`Client::read`] has.
    pub async fn fetch(&self, key: &str, limit: u64) -> Result<Bytes, Error> {
        let answer = self.get(key, None).await?;
        let told = answer.content_length().and_then(|n| u64::try_from(n).ok());
        let length = told.ok_or_else(|| self.upstream(key, "no length was told".to_owned()))?;
        if length > limit {
            return Err(Error::TooLarge {
                origin: self.name.clone(),
                key: key.into(),
                bytes: length,
                limit,
            });
        }
        self.whole(Body::new(self, key, answer.body, length)).await
    }

    /// Writes an object from memory.
    ///
    /// # Errors
    /// [`Error::Denied`], [`Error::Upstream`], [`Error::Timeout`].
    pub async fn put(&self, key: &str, bytes: Bytes) -> Result<(), Error> {
        let bucket = &self.config.bucket;
        let request = self.sdk().await.put_object().bucket(bucket).key(key);
        let sent = request.body(ByteStream::from(bytes)).send().await;
        sent.map(|_| ())
            .map_err(|error| self.fault(Call::Put, key, &error))
    }

    /// Writes an object from a file, which is not held in memory.
    ///
    /// # Errors
    /// As for [`Client::put`], and when the file cannot be read.
    pub async fn put_file(&self, key: &str, file: &Path) -> Result<(), Error> {
        let body = ByteStream::from_path(file)
            .await
            .map_err(|error| self.upstream(key, error.to_string()))?;
        // A large file takes as long as it takes; one that stands still is given up all the same.
        let patient = TimeoutConfig::builder()
            .connect_timeout(self.config.timeouts.connect)
            .disable_read_timeout()
            .disable_operation_timeout()
            .build();
        let patient = aws_sdk_s3::Config::builder().timeout_config(patient);
        let request = self.sdk().await.put_object().bucket(&self.config.bucket);
        let request = request.key(key).body(body).customize();
        let sent = request.config_override(patient).send().await;
        sent.map(|_| ())
            .map_err(|error| self.fault(Call::Put, key, &error))
    }

    /// Removes an object. That it is not there is no error.
    ///
    /// # Errors
    /// As for [`Client::put`].
    pub async fn remove(&self, key: &str) -> Result<(), Error> {
        let bucket = &self.config.bucket;
        let request = self.sdk().await.delete_object().bucket(bucket).key(key);
        match request.send().await {
            Ok(_) => Ok(()),
            Err(error) => match self.fault(Call::Delete, key, &error) {
                error if error.is_not_found() => Ok(()),
                error => Err(error),
            },
        }
    }
}

/// Whether a store answered well and in words that make no sense.
pub(super) fn is_unreadable<E>(error: &SdkError<E, HttpResponse>) -> bool {
    let answer = error.raw_response();
    answer.is_some_and(|answer| answer.status().is_success())
}

/// What an answer tells of its object; `bytes` where it does not tell its length. The length of the
/// whole stands in `Content-Range`, if there is one.
fn object(key: &str, answer: &GetObjectOutput, bytes: u64) -> Object {
    let whole = match answer.content_range() {
        Some(range) => range.rsplit('/').next().and_then(|n| n.parse().ok()),
        None => answer.content_length().and_then(|n| u64::try_from(n).ok()),
    };
    Object {
        key: key.to_owned(),
        bytes: whole.unwrap_or(bytes),
        modified: answer.last_modified().and_then(time),
        etag: answer.e_tag().map(ToOwned::to_owned),
    }
}

fn time(time: &DateTime) -> Option<std::time::SystemTime> {
    whole_seconds(time.secs())
}

/// A body whose length is known: neither cut short nor too long in silence.
struct Body {
    client: Box<str>,
    key: Box<str>,
    stream: ByteStream,
    left: u64,
}

impl Body {
    fn new(client: &Client, key: &str, stream: ByteStream, length: u64) -> Self {
        Self {
            client: client.name.clone(),
            key: key.into(),
            stream,
            left: length,
        }
    }

    /// The next piece; `None` at the end, when all bytes have come.
    async fn next(&mut self) -> Result<Option<Bytes>, Error> {
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

    fn broken(&self, reason: &str) -> Error {
        Error::Upstream {
            origin: self.client.clone(),
            key: self.key.clone(),
            reason: format!("{reason}, {} bytes are missing", self.left).into(),
        }
    }
}
