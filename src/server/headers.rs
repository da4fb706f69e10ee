//! The headers of an answer.

use std::fmt::Write as _;
use std::time::Duration;

use hyper::HeaderMap;
use hyper::header::{
    ACCEPT_RANGES, ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, CACHE_CONTROL,
    CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE, ETAG, HeaderName, HeaderValue,
    LAST_MODIFIED, LINK, RETRY_AFTER, SERVER, VARY, X_CONTENT_TYPE_OPTIONS,
};

use super::conditional::{Validators, http_date};
use super::media;
use super::status::Failure;
use crate::deliver::{Body, CacheState, Delivered, Kept, Rendered};
use crate::dialect::{Note, reply};
use crate::spec::{AssetType, Format};

pub(super) const X_CACHE: HeaderName = HeaderName::from_static("x-cache");
pub(super) const X_CLD_ERROR: HeaderName = HeaderName::from_static("x-cld-error");
pub(super) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const NOTES: HeaderName = HeaderName::from_static("x-cldgate-notes");
const ORIGIN: HeaderName = HeaderName::from_static("x-cldgate-origin");
pub(super) const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");
const TIMING_ALLOW_ORIGIN: HeaderName = HeaderName::from_static("timing-allow-origin");

/// What scripts of other sites may read.
const EXPOSED: &str = "Content-Length, ETag, Server-Timing, X-Content-Type-Options, X-Cld-Error, \
                       X-Cache, X-Cldgate-Notes, X-Request-Id";

/// How long a picture that stands in for a missing one may be kept, and by the client alone: the
/// missing one may come.
const STAND_IN: &str = "private, max-age=60";

/// Bytes of a reason or of all notes together; proxies refuse longer headers.
const MAX_TEXT: usize = 500;

/// What every answer carries.
pub(super) fn common() -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(24);
    let any = || HeaderValue::from_static("*");
    headers.insert(SERVER, HeaderValue::from_static("cldgate"));
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, any());
    headers.insert(
        ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static(EXPOSED),
    );
    headers.insert(TIMING_ALLOW_ORIGIN, any());
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers
}

/// The picture of ours, where the answer is one.
pub(super) fn rendered(delivered: &Delivered) -> Option<&Rendered> {
    match &delivered.body {
        Body::Original => None,
        Body::Rendered(kept) => match &**kept {
            Kept::Original => None,
            Kept::Rendered(rendered) => Some(rendered),
        },
    }
}

/// Bytes of the whole body.
pub(super) fn length(delivered: &Delivered) -> u64 {
    rendered(delivered).map_or(delivered.found.bytes, |rendered| rendered.body.len() as u64)
}

/// What a client may compare with what it has.
pub(super) fn validators(delivered: &Delivered) -> Validators<'_> {
    Validators {
        etag: &delivered.etag,
        modified: match rendered(delivered) {
            Some(rendered) => Some(rendered.made),
            None => delivered.found.modified,
        },
    }
}

/// The headers of a success that a 304 carries too: caching, identity, how it came to be.
pub(super) fn caching(delivered: &Delivered) -> HeaderMap {
    let mut headers = common();
    match &delivered.missing {
        None => put(
            &mut headers,
            CACHE_CONTROL,
            &delivered
                .endpoint
                .cache_control(&delivered.asset, &delivered.found),
        ),
        Some(missing) => {
            headers.insert(CACHE_CONTROL, HeaderValue::from_static(STAND_IN));
            put(
                &mut headers,
                X_CLD_ERROR,
                &ascii(&reply::not_found(missing), MAX_TEXT),
            );
        }
    }
    put(&mut headers, ETAG, &format!("\"{}\"", delivered.etag));
    if let Some(date) = validators(delivered).modified.and_then(http_date) {
        put(&mut headers, LAST_MODIFIED, &date);
    }
    let varies = delivered.varies;
    let names = [
        (varies.accept, "Accept"),
        (varies.dpr, "Sec-CH-DPR, DPR"),
        (varies.width, "Sec-CH-Width, Width"),
    ];
    let names: Vec<&str> = names
        .iter()
        .filter(|(named, _)| *named)
        .map(|(_, name)| *name)
        .collect();
    if !names.is_empty() {
        put(&mut headers, VARY, &names.join(", "));
    }
    headers.insert(X_CACHE, HeaderValue::from_static(delivered.cache.word()));
    if delivered.endpoint.tell_origin {
        put(&mut headers, ORIGIN, delivered.origin.name());
    }
    if !delivered.notes.is_empty() {
        put(&mut headers, NOTES, &notes(&delivered.notes));
    }
    let canonical_base = delivered.endpoint.canonical(delivered.origin.name());
    if let Some(base) = canonical_base.filter(|_| delivered.missing.is_none()) {
        put(&mut headers, LINK, &canonical(base, delivered));
    }
    headers
}

/// Adds what describes the body.
pub(super) fn content(headers: &mut HeaderMap, delivered: &Delivered) {
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static(content_type(delivered)),
    );
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    put(headers, SERVER_TIMING, &server_timing(delivered));
    if let Some(name) = &delivered.attachment {
        put(headers, CONTENT_DISPOSITION, &disposition(name, delivered));
    }
}

/// Sets the length of the body that is sent.
pub(super) fn set_length(headers: &mut HeaderMap, length: u64) {
    headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
}

/// The headers of an error.
pub(super) fn failure(failure: &Failure) -> HeaderMap {
    let mut headers = common();
    headers.insert(
        CACHE_CONTROL,
        HeaderValue::from_static(failure.cache_control),
    );
    put(&mut headers, X_CLD_ERROR, &ascii(&failure.reason, MAX_TEXT));
    if let Some(text) = &failure.origin_error {
        let name = HeaderName::from_static(reply::ORIGIN_ERROR_HEADER);
        put(&mut headers, name, &ascii(text, MAX_TEXT));
    }
    if let Some(seconds) = failure.retry_after {
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    headers
}

/// Sets a header; text that no header can carry is left out, and none of ours is such.
pub(super) fn put(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

/// A text as a header can carry it: everything but visible ASCII percent-encoded, at most `limit`
/// bytes.
pub(super) fn ascii(text: &str, limit: usize) -> String {
    let mut out = String::with_capacity(text.len().min(limit));
    for byte in text.bytes() {
        let long = if (b' '..=b'~').contains(&byte) { 1 } else { 3 };
        if out.len() + long > limit {
            break;
        }
        if long == 1 {
            out.push(char::from(byte));
        } else {
            escape(byte, &mut out);
        }
    }
    out
}

fn escape(byte: u8, out: &mut String) {
    // Writing to a string does not fail.
    let _written = write!(out, "%{byte:02X}");
}

/// Percent-encodes everything but letters, digits and `keep`.
fn encode(text: &str, keep: &[u8]) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || keep.contains(&byte) {
            out.push(char::from(byte));
        } else {
            escape(byte, &mut out);
        }
    }
    out
}

fn content_type(delivered: &Delivered) -> &'static str {
    match rendered(delivered) {
        Some(rendered) if rendered.info => "application/json",
        Some(rendered) => rendered.format.media_type(),
        None => media::of_extension(extension(delivered)),
    }
}

/// The extension of the stored file; a raw file has it in its public ID.
fn extension(delivered: &Delivered) -> Option<&str> {
    delivered.found.extension.as_deref().or_else(|| {
        let leaf = delivered.asset.public_id.rsplit('/').next()?;
        leaf.rsplit_once('.').map(|(_, extension)| extension)
    })
}

/// The format's word, where the body is a picture.
fn format(delivered: &Delivered) -> Option<Format> {
    match rendered(delivered) {
        Some(rendered) => Some(rendered.format),
        None => extension(delivered).and_then(Format::from_extension),
    }
}

/// Sizes that clients read, and where the time went when the picture was made now.
fn server_timing(delivered: &Delivered) -> String {
    let mut out = String::with_capacity(160);
    let rendered = rendered(delivered);
    out.push_str("content-info;desc=\"");
    if let Some(rendered) = rendered {
        let size = rendered.size;
        let _written = write!(out, "width={},height={},", size.width, size.height);
    }
    let _written = write!(out, "bytes={}", length(delivered));
    if let Some(format) = format(delivered) {
        let _written = write!(out, ",format=\\\"{}\\\"", format.word());
    }
    if let Some(Rendered { source, .. }) = rendered {
        let _written = write!(
            out,
            ",owidth={},oheight={},obytes={},oformat=\\\"{}\\\"",
            source.size.width,
            source.size.height,
            source.bytes,
            source.format.word()
        );
    }
    out.push('"');
    if let (Some(rendered), CacheState::Miss) = (rendered, delivered.cache) {
        let ms = |time: Duration| time.as_secs_f64() * 1000.0;
        let timings = &rendered.timings;
        let _written = write!(
            out,
            ", decode;dur={:.1}, transform;dur={:.1}, encode;dur={:.1}",
            ms(timings.decode),
            ms(timings.transform),
            ms(timings.encode)
        );
    }
    out
}

fn notes(notes: &[Note]) -> String {
    let mut all = String::new();
    for note in notes {
        if !all.is_empty() {
            all.push_str("; ");
        }
        let _written = write!(
            all,
            "{} {}: {}",
            note.level.word(),
            note.parameter,
            note.message
        );
        if all.len() > MAX_TEXT {
            break;
        }
    }
    ascii(&all, MAX_TEXT)
}

/// Where the same picture stands without any transformation.
fn canonical(base: &str, delivered: &Delivered) -> String {
    let asset = &delivered.asset;
    let mut link = format!(
        "<{base}/{}",
        encode(&asset.public_id, b"-._~/!$&'()*+,;=:@")
    );
    if let Some(extension) = &asset.extension {
        let _written = write!(link, ".{extension}");
    }
    link.push_str(">; rel=\"canonical\"");
    link
}

/// `attachment` with a name that every file system takes, and the true name beside it where the two
/// differ. The extension of what is delivered is added; a raw file has its own.
fn disposition(name: &str, delivered: &Delivered) -> String {
    let own = delivered
        .asset
        .public_id
        .rsplit('/')
        .next()
        .unwrap_or_default();
    let stem = if name.is_empty() { own } else { name };
    let extension = match (rendered(delivered), delivered.asset.asset_type) {
        (Some(rendered), _) => Some(rendered.format.word()),
        (None, AssetType::Raw) if name.is_empty() => None,
        (None, _) => extension(delivered),
    };
    let full = match extension {
        Some(extension) => format!("{stem}.{extension}"),
        None => stem.to_owned(),
    };
    attachment(&full)
}

fn attachment(name: &str) -> String {
    let safe: String = name
        .chars()
        .map(|c| match c {
            '"' | '\\' | '/' | '%' => '_',
            ' '..='~' => c,
            _ => '_',
        })
        .collect();
    if safe == name {
        return format!("attachment; filename=\"{safe}\"");
    }
    let full = encode(name, b"-._~!$&+");
    format!("attachment; filename=\"{safe}\"; filename*=UTF-8''{full}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_for_saving_are_safe() {
        for (name, header) in [
            ("photo.jpg", "attachment; filename=\"photo.jpg\""),
            (
                "summer café.jpg",
                "attachment; filename=\"summer caf_.jpg\"; filename*=UTF-8''summer%20caf%C3%A9.jpg",
            ),
            (
                "a\"b\r\nX: y.jpg",
                "attachment; filename=\"a_b__X: y.jpg\"; filename*=UTF-8''a%22b%0D%0AX%3A%20y.jpg",
            ),
        ] {
            assert_eq!(attachment(name), header);
            assert!(HeaderValue::from_str(header).is_ok());
        }
    }

    #[test]
    fn text_fits_into_a_header() {
        assert_eq!(
            ascii("Resource not found - żaba\n", 99),
            "Resource not found - %C5%BCaba%0A"
        );
        assert_eq!(ascii("żaba", 5), "%C5");
        assert_eq!(ascii("abcdef", 3), "abc");
    }
}
