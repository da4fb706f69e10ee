//! The body of an error: a picture where a picture was expected, JSON for programs, else a line of
//! text. The status, and the reason in a header, are the same for all of them.

use bytes::Bytes;
use hyper::HeaderMap;
use hyper::header::ACCEPT;

/// A transparent GIF of one pixel: a page with a missing picture keeps its shape.
const PIXEL: &[u8] = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff\x21\xf9\x04\x01\
\x00\x00\x00\x00\x2c\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02\x44\x01\x00\x3b";

/// Media ranges of `Accept` that are looked at.
const MAX_RANGES: usize = 32;

/// What a client wants to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Picture,
    Json,
    Text,
}

/// The first of the types that a client names decides; who names none of them reads text.
fn kind(headers: &HeaderMap) -> Kind {
    let accept = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok());
    let ranges = accept.unwrap_or_default().split(',').take(MAX_RANGES);
    for range in ranges {
        let media = range.split(';').next().unwrap_or_default().trim();
        match media.split_once('/') {
            Some(("image", _)) => return Kind::Picture,
            Some(("application", "json")) => return Kind::Json,
            Some(("text", _)) => return Kind::Text,
            _ => {}
        }
    }
    Kind::Text
}

/// Media type and body for a reason.
pub(super) fn body(headers: &HeaderMap, reason: &str) -> (&'static str, Bytes) {
    match kind(headers) {
        Kind::Picture => ("image/gif", Bytes::from_static(PIXEL)),
        Kind::Json => {
            let json = serde_json::json!({ "error": { "message": reason } });
            ("application/json", Bytes::from(format!("{json}\n")))
        }
        Kind::Text => (
            "text/plain; charset=utf-8",
            Bytes::from(format!("{reason}\n")),
        ),
    }
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    #[test]
    fn who_wants_what() {
        for (accept, expected) in [
            (
                "image/avif,image/webp,image/apng,image/*,*/*;q=0.8",
                Kind::Picture,
            ),
            ("image/gif", Kind::Picture),
            (
                "text/html,application/xhtml+xml,image/avif,*/*;q=0.8",
                Kind::Text,
            ),
            ("application/json, text/plain, */*", Kind::Json),
            ("*/*", Kind::Text),
            ("", Kind::Text),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT, HeaderValue::from_static(accept));
            assert_eq!(kind(&headers), expected, "{accept}");
        }
        assert_eq!(kind(&HeaderMap::new()), Kind::Text);
    }

    #[test]
    fn the_pixel_is_a_picture() {
        let facts = crate::render::probe(PIXEL).unwrap();
        assert_eq!((facts.size.width, facts.size.height), (1, 1));
    }
}
