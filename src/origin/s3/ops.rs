//! The calls: list, head, get, delete.

use std::ops::Range;
use std::time::Duration;

use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_sdk_s3::operation::list_objects_v2::{ListObjectsV2Error, ListObjectsV2Output};
use aws_sdk_s3::primitives::DateTime;
use aws_sdk_s3::types::EncodingType;
use bytes::Bytes;
use futures_util::stream;

use super::Client;
use super::body::Body;
use super::bounded::{Bounded, is_too_long};
use super::fault::Failed;
use crate::origin::calls::Call;
use crate::origin::patience::{pause, soon};
use crate::origin::spelling::percent_decode;
use crate::origin::store::{Begin, Depth, Object, Page, whole_seconds};
use crate::origin::{Error, Found, Keeping, Pieces};

/// Keys a page: the most that S3 gives.
const PAGE: i32 = 1000;

impl Client {
    /// One page of the keys below a prefix.
    ///
    /// # Errors
    /// [`Error::Denied`], [`Error::Upstream`], [`Error::Unreachable`], [`Error::Timeout`]. That
    /// nothing is there is no error.
    pub async fn list(&self, prefix: &str, depth: Depth, from: &Begin) -> Result<Page, Error> {
        let asked = async {
            let answer = match self.ask(prefix, depth, from, None).await {
                // A key may hold characters that XML cannot: then the page must come encoded. Not at
                // once, for some stores say that they encode and do not.
                Err(error) if is_unreadable(&error) && !is_too_long(&*error) => {
                    self.ask(prefix, depth, from, Some(EncodingType::Url)).await
                }
                answer => answer,
            };
            answer.map_err(|error| self.fault(Call::List, prefix, &error))
        };
        let answer = self.brief(prefix, asked).await?;
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
                keeping: None,
            })
        });
        let folders = answer.common_prefixes().iter();
        let next = answer.next_continuation_token().filter(|_| is_truncated);
        if let (Begin::Token(token), Some(next)) = (from, next)
            && token == next
        {
            return Err(self.upstream(prefix, "a listing that does not go on".to_owned()));
        }
        Ok(Page {
            objects: objects.collect(),
            folders: folders.filter_map(|p| Some(plain(p.prefix()?))).collect(),
            next: next.map(ToOwned::to_owned),
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
        let request = request.customize().interceptor(Bounded::Pages);
        request.send().await.map_err(Box::new)
    }

    /// What is known of an object.
    ///
    /// # Errors
    /// [`Error::NotFound`], and what [`Client::list`] has.
    pub async fn head(&self, key: &str) -> Result<Object, Error> {
        let bucket = &self.config.bucket;
        let request = self.sdk().await.head_object().bucket(bucket).key(key);
        let asked = async {
            let answer = request.send().await;
            answer.map_err(|error| self.fault(Call::Head, key, &error))
        };
        let answer = self.brief(key, asked).await?;
        Ok(Object {
            key: key.to_owned(),
            bytes: answer
                .content_length()
                .and_then(|length| u64::try_from(length).ok())
                .ok_or_else(|| self.upstream(key, "no length was told".to_owned()))?,
            modified: answer.last_modified().and_then(time),
            etag: answer.e_tag().map(ToOwned::to_owned),
            // `Expires` stands beside no time at which it was sent.
            keeping: Keeping::read(answer.cache_control(), None, None),
        })
    }

    /// All bytes of an object that was found.
    ///
    /// # Errors
    /// [`Error::Changed`] when it is another by now, [`Error::Upstream`] when it is cut short, and
    /// what [`Client::head`] has.
    pub async fn read(&self, found: &Found) -> Result<Bytes, Error> {
        let deadline = soon(self.config.patience.total);
        for repetition in 0.. {
            let left = deadline.saturating_duration_since(soon(Duration::ZERO));
            let read = async {
                let answer = self.get(&found.key, None).await?;
                self.same(found, &answer)?;
                Body::new(self, &found.key, answer, found.bytes)
                    .whole()
                    .await
            };
            match self.call(&found.key, Some(left), read).await {
                // What the SDK repeats are answers that do not begin.
                Err(Failed::Cut(_)) if repetition < self.config.patience.retries => {
                    tokio::time::sleep(pause(repetition)).await;
                }
                read => return Ok(read?),
            }
        }
        Err(self.timeout(&found.key))
    }

    /// A range of the bytes of an object that was found, in pieces.
    ///
    /// # Errors
    /// As for [`Client::read`]; what goes wrong later is an item of the stream.
    pub async fn open(&self, found: &Found, range: Range<u64>) -> Result<Pieces, Error> {
        let key = &*found.key;
        let whole = range == (0..found.bytes);
        let asked = async {
            let answer = self.get(key, (!whole).then_some(&range)).await?;
            self.same(found, &answer)?;
            Ok(answer)
        };
        let answer = self.brief(key, asked).await?;
        let length = range.end.saturating_sub(range.start);
        let body = Body::new(self, key, answer, length);
        Ok(Box::pin(stream::try_unfold(body, |mut body| async move {
            Ok(body.next().await?.map(|piece| (piece, body)))
        })))
    }

    /// Holds an answer against what was found.
    fn same(&self, found: &Found, answer: &GetObjectOutput) -> Result<(), Failed> {
        if object(&found.key, answer, found.bytes).is(found) {
            Ok(())
        } else {
            Err(Failed::Call(self.changed(&found.key)))
        }
    }

    /// An answer that begins well: the whole, or just the range, which is not empty.
    async fn get(&self, key: &str, range: Option<&Range<u64>>) -> Result<GetObjectOutput, Failed> {
        let bucket = &self.config.bucket;
        let request = self.sdk().await.get_object().bucket(bucket).key(key);
        let place = range.map(|range| format!("{}-{}", range.start, range.end.saturating_sub(1)));
        let answer = request
            .set_range(place.as_ref().map(|place| format!("bytes={place}")))
            .send()
            .await
            .map_err(|error| self.fault(Call::Get, key, &error))?;
        if let Some(place) = place {
            let told = answer.content_range().and_then(|told| {
                let (told, _) = told.strip_prefix("bytes ")?.split_once('/')?;
                Some(told)
            });
            let reason = match told {
                Some(told) if told == place => return Ok(answer),
                Some(_) => "another range was sent than the one asked for",
                None => "the whole was sent for a range",
            };
            return Err(Failed::Call(self.upstream(key, reason.to_owned())));
        }
        Ok(answer)
    }

    /// All bytes of an object whatever it is, up to `limit` of them.
    ///
    /// # Errors
    /// [`Error::TooLarge`], and what [`Client::read`] has.
    pub async fn fetch(&self, key: &str, limit: u64) -> Result<Bytes, Error> {
        let read = async {
            let answer = self.get(key, None).await?;
            let told = answer.content_length().and_then(|n| u64::try_from(n).ok());
            let refused = |error| Err(Failed::Call(error));
            let Some(bytes) = told else {
                return refused(self.upstream(key, "no length was told".to_owned()));
            };
            if bytes > limit {
                return refused(Error::TooLarge {
                    origin: self.name.clone(),
                    key: key.into(),
                    bytes,
                    limit,
                });
            }
            Body::new(self, key, answer, bytes).whole().await
        };
        self.brief(key, read).await
    }

    /// Removes an object. That it is not there is no error.
    ///
    /// # Errors
    /// As for [`Client::put`].
    pub async fn remove(&self, key: &str) -> Result<(), Error> {
        let bucket = &self.config.bucket;
        let request = self.sdk().await.delete_object().bucket(bucket).key(key);
        let asked = async {
            let answer = request.send().await;
            answer.map_err(|error| self.fault(Call::Delete, key, &error))
        };
        match self.brief(key, asked).await {
            Err(error) if error.is_not_found() => Ok(()),
            done => done.map(|_| ()),
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
        keeping: Keeping::read(answer.cache_control(), None, None),
    }
}

fn time(time: &DateTime) -> Option<std::time::SystemTime> {
    whole_seconds(time.secs())
}
