//! A success, ready to be sent as often as it is asked for: whole, as a part, or as "not modified".

use std::ops::Range;
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use hyper::header::{
    ACCEPT_RANGES, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE,
    IF_MODIFIED_SINCE, IF_NONE_MATCH, RANGE,
};
use hyper::http::request::Parts;
use hyper::{HeaderMap, Method, Response, StatusCode};

use super::body::Body;
use super::conditional::{self, Part, Validators};
use super::handler::{refuse, respond};
use super::headers::{self, SERVER_TIMING};
use super::status::Failure;
use crate::deliver::{Delivered, Error};
use crate::origin::{Found, Origin};

/// A success with all of its headers.
#[derive(Debug)]
pub(super) struct Answer {
    /// Of the whole body.
    headers: HeaderMap,
    etag: Box<str>,
    modified: Option<SystemTime>,
    content: Content,
}

#[derive(Debug)]
enum Content {
    Whole(Bytes),
    /// Streamed from its origin, each time anew.
    Original {
        origin: Arc<dyn Origin>,
        found: Found,
    },
}

/// What a request gets.
enum Decided<'a> {
    Done(Response<Body>),
    /// A range of an original, which has to be opened first.
    Open {
        status: StatusCode,
        headers: HeaderMap,
        origin: &'a Arc<dyn Origin>,
        found: &'a Found,
        range: Range<u64>,
    },
}

/// What describes a body, and has no place where none is sent.
const OF_THE_BODY: [hyper::header::HeaderName; 5] = [
    CONTENT_TYPE,
    CONTENT_LENGTH,
    CONTENT_DISPOSITION,
    ACCEPT_RANGES,
    SERVER_TIMING,
];

impl Answer {
    pub(super) fn of(delivered: &Delivered) -> Self {
        let mut headers = headers::caching(delivered);
        headers::content(&mut headers, delivered);
        headers::set_length(&mut headers, headers::length(delivered));
        let content = match headers::rendered(delivered) {
            Some(rendered) => Content::Whole(rendered.body.clone()),
            None => Content::Original {
                origin: delivered.origin.clone(),
                found: delivered.found.clone(),
            },
        };
        Self {
            headers,
            etag: delivered.etag.clone(),
            modified: headers::validators(delivered).modified,
            content,
        }
    }

    /// Whether it is a picture of ours and not a stored file.
    pub(super) const fn is_picture(&self) -> bool {
        matches!(self.content, Content::Whole(_))
    }

    /// Bytes of the whole body.
    pub(super) fn length(&self) -> u64 {
        match &self.content {
            Content::Whole(bytes) => bytes.len() as u64,
            Content::Original { found, .. } => found.bytes,
        }
    }

    /// Bytes that it holds in memory, about.
    pub(super) fn weight(&self) -> u64 {
        // A header takes a little more than 100 bytes in its map.
        let headers = 128 * self.headers.capacity() as u64;
        let body = match &self.content {
            Content::Whole(bytes) => bytes.len() as u64,
            Content::Original { .. } => 0,
        };
        headers + body + 512
    }

    /// The response to one request, where nothing has to be waited for: a body from memory, or none.
    pub(super) fn respond_at_once(&self, request: &Parts) -> Option<Response<Body>> {
        let asked = &request.headers;
        let plain = !asked.contains_key(IF_NONE_MATCH)
            && !asked.contains_key(IF_MODIFIED_SINCE)
            && !asked.contains_key(RANGE);
        if plain
            && request.method == Method::GET
            && let Content::Whole(bytes) = &self.content
        {
            let body = Body::Whole(bytes.clone());
            return Some(respond(StatusCode::OK, self.headers.clone(), body));
        }
        match self.respond_to_conditions(request) {
            Decided::Done(response) => Some(response),
            Decided::Open { .. } => None,
        }
    }

    /// The response to one request.
    ///
    /// # Errors
    /// An original that cannot be opened.
    pub(super) async fn respond(&self, request: &Parts) -> Result<Response<Body>, Error> {
        match self.respond_to_conditions(request) {
            Decided::Done(response) => Ok(response),
            Decided::Open {
                status,
                headers,
                origin,
                found,
                range,
            } => {
                let left = range.end.saturating_sub(range.start);
                let pieces = origin.open(found, range).await?;
                Ok(respond(status, headers, Body::Pieces { pieces, left }))
            }
        }
    }

    fn respond_to_conditions(&self, request: &Parts) -> Decided<'_> {
        let own = Validators {
            etag: &self.etag,
            modified: self.modified,
        };
        let mut headers = self.headers.clone();
        if conditional::not_modified(&request.headers, own) {
            for name in OF_THE_BODY {
                headers.remove(name);
            }
            return Decided::Done(respond(StatusCode::NOT_MODIFIED, headers, Body::empty()));
        }
        let length = self.length();
        // A range is part of the meaning of GET alone.
        let part = match request.method {
            Method::GET => conditional::part(&request.headers, own, length),
            _ => Part::Whole,
        };
        let (status, range) = match part {
            Part::Whole => (StatusCode::OK, 0..length),
            Part::Range(range) => {
                let last = range.end.saturating_sub(1);
                let told = format!("bytes {}-{last}/{length}", range.start);
                headers::put(&mut headers, CONTENT_RANGE, &told);
                (StatusCode::PARTIAL_CONTENT, range)
            }
            Part::Nowhere => return Decided::Done(nowhere(request, length)),
        };
        let sent = range.end.saturating_sub(range.start);
        headers::set_length(&mut headers, sent);
        if request.method == Method::HEAD || sent == 0 {
            return Decided::Done(respond(status, headers, Body::empty()));
        }
        match &self.content {
            Content::Whole(bytes) => {
                let at = |n: u64| usize::try_from(n).unwrap_or(usize::MAX).min(bytes.len());
                let body = Body::Whole(bytes.slice(at(range.start)..at(range.end)));
                Decided::Done(respond(status, headers, body))
            }
            Content::Original { origin, found } => Decided::Open {
                status,
                headers,
                origin,
                found,
                range,
            },
        }
    }
}

/// A range that lies outside the body.
fn nowhere(request: &Parts, length: u64) -> Response<Body> {
    let failure = Failure::new(StatusCode::RANGE_NOT_SATISFIABLE, "range outside the file");
    let mut response = refuse(&failure, request);
    let told = format!("bytes */{length}");
    headers::put(response.headers_mut(), CONTENT_RANGE, &told);
    response
}
