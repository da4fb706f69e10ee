//! A request as far as this floor reads it.

use std::borrow::Cow;

use hyper::header::{ACCEPT, COOKIE, HOST, HeaderName};
use hyper::http::request::Parts;
use hyper::{HeaderMap, Method};

use super::front::{self, Front};
use crate::deliver::Request;
use crate::dialect;
use crate::plan::Hints;

/// A request as far as this floor looks at it.
pub(super) struct Asked<'a> {
    pub parts: &'a Parts,
    pub host: Option<&'a str>,
    pub target: &'a str,
}

impl<'a> Asked<'a> {
    pub fn of(parts: &'a Parts) -> Self {
        Self {
            parts,
            host: host(parts),
            target: parts
                .uri
                .path_and_query()
                .map_or("/", |target| target.as_str()),
        }
    }

    /// Whether it asks for a picture and not about how to ask.
    pub fn reads(&self) -> bool {
        self.parts.method == Method::GET || self.parts.method == Method::HEAD
    }

    pub fn path(&self) -> &'a str {
        self.target.split('?').next().unwrap_or_default()
    }

    pub fn key(&self) -> front::Key {
        Front::key(self.host, self.target, &self.parts.headers)
    }

    pub fn request(&self, client: dialect::Client<'a>) -> Request<'a> {
        Request {
            host: self.host,
            target: self.target,
            hints: hints(&self.parts.headers),
            client,
        }
    }
}

/// The host that was asked, without its port.
fn host(request: &Parts) -> Option<&str> {
    let authority = match request.uri.authority() {
        Some(authority) => authority.as_str(),
        None => request.headers.get(HOST)?.to_str().ok()?,
    };
    let end = match authority.rfind(']') {
        Some(bracket) => bracket + 1,
        None => authority.find(':').unwrap_or(authority.len()),
    };
    authority.get(..end)
}

/// All cookies; HTTP/2 may send each in a header of its own.
pub(super) fn cookies(headers: &HeaderMap) -> Option<Cow<'_, str>> {
    let mut all = headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok());
    let first = all.next()?;
    Some(all.fold(Cow::Borrowed(first), |joined, next| {
        Cow::Owned(format!("{joined}; {next}"))
    }))
}

/// Every header that a success may depend on, in the order of [`hints`].
pub(super) const HINTS: [HeaderName; 5] = [
    ACCEPT,
    HeaderName::from_static("sec-ch-dpr"),
    HeaderName::from_static("dpr"),
    HeaderName::from_static("sec-ch-width"),
    HeaderName::from_static("width"),
];

fn hints(headers: &HeaderMap) -> Hints {
    let values = HINTS
        .each_ref()
        .map(|name| headers.get(name)?.to_str().ok());
    let [accept, sec_dpr, dpr, sec_width, width] = values;
    Hints::read(accept, sec_dpr.or(dpr), sec_width.or(width))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(uri: &str, host: &str) -> Parts {
        let request = hyper::Request::builder()
            .uri(uri)
            .header(HOST, host)
            .body(());
        request.unwrap().into_parts().0
    }

    #[test]
    fn hosts_lose_their_port() {
        for (uri, header, expected) in [
            ("/a", "example.com", "example.com"),
            ("/a", "example.com:8080", "example.com"),
            ("/a", "[::1]:8080", "[::1]"),
            ("/a", "[::1]", "[::1]"),
            ("http://other.example:1/a", "example.com", "other.example"),
        ] {
            assert_eq!(host(&parts(uri, header)), Some(expected));
        }
    }
}
