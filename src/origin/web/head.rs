//! What the head of an answer says about an object: its length, its type, what identifies it.

use std::time::SystemTime;

use reqwest::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, DATE, ETAG,
    EXPIRES, HeaderMap, HeaderName, HeaderValue, LAST_MODIFIED, TRANSFER_ENCODING,
};
use reqwest::{Response, StatusCode, Version};
use sha2::{Digest as _, Sha256};

use super::client::{Fault, lasting};
use crate::origin::Keeping;

/// Bytes of a validator that is remembered; those in the wild have some dozens.
const MAX_VALIDATOR: usize = 1024;

/// The head of a whole answer (200) or a part (206).
#[derive(Clone, Debug)]
pub(super) struct Head {
    /// Bytes of the whole object; `None` when only the end of the body tells.
    pub(super) bytes: Option<u64>,
    /// First byte of the body inside the object.
    pub(super) start: u64,
    pub(super) etag: Option<HeaderValue>,
    pub(super) modified: Option<HeaderValue>,
    pub(super) keeping: Option<Keeping>,
    media: Option<String>,
}

impl Head {
    /// Refuses answers whose bytes are not the object's, or whose end could not be told from a cut.
    pub(super) fn read(response: &Response) -> Result<Self, Fault> {
        let headers = response.headers();
        let encoded = text(headers, &CONTENT_ENCODING);
        if encoded.is_some_and(|encoding| !encoding.eq_ignore_ascii_case("identity")) {
            return Err(lasting("a compressed answer where none was asked for"));
        }
        let chunked = headers.contains_key(TRANSFER_ENCODING);
        let length = text(headers, &CONTENT_LENGTH)
            .filter(|_| !chunked)
            .and_then(|length| length.parse().ok());
        let framed = length.is_some() || chunked || response.version() >= Version::HTTP_2;
        if !framed {
            return Err(lasting(
                "an answer without a length: a cut could not be told from its end",
            ));
        }
        let (start, bytes) = if response.status() == StatusCode::PARTIAL_CONTENT {
            let range = text(headers, &CONTENT_RANGE).and_then(content_range);
            let (start, total) = range.ok_or_else(|| lasting("a part without its place"))?;
            (start, Some(total))
        } else {
            (0, length)
        };
        Ok(Self {
            bytes,
            start,
            etag: validator(headers, &ETAG),
            modified: validator(headers, &LAST_MODIFIED),
            keeping: keeping(headers),
            media: text(headers, &CONTENT_TYPE).map(|media| {
                let media = media.split(';').next().unwrap_or_default();
                media.trim().to_ascii_lowercase()
            }),
        })
    }

    /// Whether it tells one state of the object from another.
    pub(super) const fn is_versioned(&self) -> bool {
        self.etag.is_some() || self.modified.is_some()
    }

    /// 32 hex digits that change with the object. Without a validator they change with `otherwise`.
    pub(super) fn identity(&self, key: &str, otherwise: u64) -> Box<str> {
        let mut hash = Sha256::new();
        let mut add = |part: &[u8]| {
            // Lengths keep neighbouring parts apart.
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        };
        add(key.as_bytes());
        add(&self.bytes.unwrap_or_default().to_le_bytes());
        match (&self.etag, &self.modified) {
            (Some(etag), _) => add(etag.as_bytes()),
            (None, Some(modified)) => add(modified.as_bytes()),
            (None, None) => add(&otherwise.to_le_bytes()),
        }
        let digest = hash.finalize();
        let hex = digest.iter().take(16).map(|byte| format!("{byte:02x}"));
        hex.collect::<String>().into()
    }

    /// When the server says that the object was changed.
    pub(super) fn changed(&self) -> Option<SystemTime> {
        httpdate::parse_http_date(self.modified.as_ref()?.to_str().ok()?).ok()
    }

    /// The extension of what was sent: by its media type for pictures, else by its path.
    pub(super) fn extension(&self, path: &str) -> Option<Box<str>> {
        let leaf = path.rsplit('/').next().unwrap_or_default();
        let named = leaf
            .rsplit_once('.')
            .map(|(_, extension)| extension)
            .filter(|extension| {
                (1..=8).contains(&extension.len())
                    && extension.bytes().all(|byte| byte.is_ascii_alphanumeric())
            });
        let media = self.media.as_deref().unwrap_or_default();
        match (picture(media), named) {
            // Both spellings of one format: the one in the path.
            (Some(told), Some(named)) if same(told, named) => Some(named.into()),
            (Some(told), _) => Some(told.into()),
            (None, Some(named)) => Some(named.into()),
            (None, None) => film(media).map(Into::into),
        }
    }
}

/// A validator to remember: a copy, for the header as it came holds the whole head in memory. One of
/// an absurd length is none.
fn validator(headers: &HeaderMap, name: &HeaderName) -> Option<HeaderValue> {
    let value = headers.get(name)?.as_bytes();
    HeaderValue::from_bytes(value)
        .ok()
        .filter(|value| value.len() <= MAX_VALIDATOR)
}

/// What a head says about how long its object may be kept; that of a 304 too.
pub(super) fn keeping(headers: &HeaderMap) -> Option<Keeping> {
    let said = headers.get_all(CACHE_CONTROL).iter();
    let said = said.filter_map(|value| value.to_str().ok());
    Keeping::read(said, text(headers, &EXPIRES), text(headers, &DATE))
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// `bytes <first>-<last>/<total>` to first and total.
fn content_range(text: &str) -> Option<(u64, u64)> {
    let (range, total) = text.strip_prefix("bytes ")?.split_once('/')?;
    let (first, _) = range.split_once('-')?;
    Some((first.trim().parse().ok()?, total.trim().parse().ok()?))
}

fn same(a: &str, b: &str) -> bool {
    use crate::spec::Format;
    Format::from_extension(a).is_some_and(|format| Format::from_extension(b) == Some(format))
}

/// The extension for a picture's media type.
fn picture(media: &str) -> Option<&'static str> {
    Some(match media {
        "image/jpeg" | "image/jpg" | "image/pjpeg" => "jpg",
        "image/png" => "png",
        "image/webp" => "webp",
        "image/avif" => "avif",
        "image/gif" => "gif",
        "image/jxl" => "jxl",
        "image/bmp" | "image/x-ms-bmp" => "bmp",
        "image/tiff" => "tiff",
        "image/x-icon" | "image/vnd.microsoft.icon" => "ico",
        "image/heic" | "image/heif" => "heic",
        "image/svg+xml" => "svg",
        "application/pdf" => "pdf",
        _ => return None,
    })
}

/// The extension for the media types of video and sound that are common.
fn film(media: &str) -> Option<&'static str> {
    Some(match media {
        "video/mp4" => "mp4",
        "video/webm" => "webm",
        "video/quicktime" => "mov",
        "video/ogg" => "ogv",
        "video/x-matroska" => "mkv",
        "audio/mpeg" => "mp3",
        "audio/mp4" => "m4a",
        "audio/ogg" => "ogg",
        "audio/wav" | "audio/x-wav" => "wav",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(media: &str, etag: Option<&'static str>) -> Head {
        Head {
            bytes: Some(3),
            start: 0,
            etag: etag.map(HeaderValue::from_static),
            keeping: None,
            modified: None,
            media: Some(media.to_owned()),
        }
    }

    #[test]
    fn types_win_over_names_for_pictures() {
        for (media, path, extension) in [
            ("image/jpeg", "/a/b.jpeg", Some("jpeg")),
            ("image/webp", "/a/b.jpg", Some("webp")),
            ("image/png", "/a/b", Some("png")),
            ("text/html", "/a/b.jpg", Some("jpg")),
            ("application/octet-stream", "/v1.2/clip.mp4", Some("mp4")),
            ("video/mp4", "/a/clip", Some("mp4")),
            ("application/octet-stream", "/v1.2/clip", None),
            ("", "/a/b.not an extension", None),
        ] {
            let found = head(media, None).extension(path);
            assert_eq!(found.as_deref(), extension, "{media} {path}");
        }
    }

    #[test]
    fn identities_follow_the_validators() {
        let plain = head("image/png", Some("\"1\""));
        assert_eq!(plain.identity("k", 1), plain.identity("k", 2));
        assert_eq!(plain.identity("k", 1).len(), 32);
        assert_ne!(plain.identity("k", 1), plain.identity("l", 1));
        let other = head("image/png", Some("\"2\""));
        assert_ne!(plain.identity("k", 1), other.identity("k", 1));
        let none = head("image/png", None);
        assert_ne!(none.identity("k", 1), none.identity("k", 2));
    }

    #[test]
    fn places_of_parts_are_read() {
        assert_eq!(content_range("bytes 5-9/100"), Some((5, 100)));
        for text in ["bytes */100", "bytes 5-9/*", "items 1-2/3", ""] {
            assert_eq!(content_range(text), None, "{text}");
        }
    }
}
