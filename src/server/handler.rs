//! One request to one response: methods, conditions, ranges, and a line in the log.

use std::borrow::Cow;
use std::hash::{BuildHasher as _, RandomState};
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use arc_swap::{ArcSwap, ArcSwapOption};
use bytes::Bytes;
use hyper::header::{
    ACCEPT, ALLOW, CACHE_CONTROL, CONTENT_RANGE, COOKIE, HOST, HeaderName, HeaderValue,
};
use hyper::http::request::Parts;
use hyper::{HeaderMap, Method, Response, StatusCode};

use super::body::Body;
use super::conditional::{self, Part};
use super::headers::{self, X_CACHE, X_REQUEST_ID};
use super::limit::Limits;
use super::metrics::Metrics;
use super::reload;
use super::status::{Failure, NO_STORE};
use super::telemetry::loggable;
use crate::config::Config;
use crate::deliver::{Delivered, Error, Gateway, Request};
use crate::dialect;
use crate::grammar;
use crate::plan::Hints;

const METHODS: &str = "GET, HEAD, OPTIONS";

/// How long a browser may believe a preflight, in seconds.
const PREFLIGHT_AGE: &str = "86400";

/// Who is at the other end of the connection; put beside each request of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer(pub(super) IpAddr);

/// Everything that a request is answered from.
#[derive(Debug)]
pub struct App {
    /// Swapped as a whole when the configuration is read again.
    pub(super) gateway: ArcSwap<Gateway>,
    /// Swapped with it.
    pub(super) limits: ArcSwap<Limits>,
    pub(super) metrics: Metrics,
    /// Who does reloads, once somebody does.
    pub(super) reloads: ArcSwapOption<reload::Requests>,
    access_log: bool,
    ids: Ids,
}

/// Request IDs: 32 hex digits, unlike any other for practical purposes. No secret depends on them.
#[derive(Debug)]
struct Ids {
    seed: u64,
    next: AtomicU64,
}

impl Ids {
    fn new() -> Self {
        Self {
            seed: RandomState::new().hash_one("request ids"),
            next: AtomicU64::new(0),
        }
    }

    fn next(&self) -> String {
        let n = self.next.fetch_add(1, Ordering::Relaxed);
        // A bijective mix, so that neighbours look nothing alike and none repeats.
        let mut mixed = n.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ self.seed;
        mixed = (mixed ^ (mixed >> 31)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        format!("{:016x}{:016x}", self.seed, mixed ^ (mixed >> 29))
    }
}

impl App {
    /// Answers from a gateway made of this configuration.
    #[must_use]
    pub fn new(gateway: Gateway, config: &Config) -> Self {
        Self {
            gateway: ArcSwap::from_pointee(gateway),
            limits: ArcSwap::from_pointee(Limits::new(config)),
            metrics: Metrics::default(),
            reloads: ArcSwapOption::empty(),
            access_log: config.log.access,
            ids: Ids::new(),
        }
    }

    /// Answers a request's head; bodies of requests are never read.
    pub async fn respond(&self, request: &Parts) -> Response<Body> {
        let start = Instant::now();
        let gateway = self.gateway.load_full();
        let target = request
            .uri
            .path_and_query()
            .map_or("/", |target| target.as_str());
        let host = host(request);
        let path = target.split('?').next().unwrap_or_default();
        let endpoint = gateway
            .endpoint(host, path)
            .map_or("", |endpoint| &*endpoint.name);
        let peer = request.extensions.get().map(|Peer(address)| *address);
        let mut response = match self.limits.load().check(endpoint, peer, &request.headers) {
            Ok(()) => answer(&gateway, request, host, target).await,
            Err(wait) => refuse(&Failure::too_many(wait), &request.method),
        };

        let id = self.ids.next();
        if let Ok(value) = HeaderValue::from_str(&id) {
            response.headers_mut().insert(X_REQUEST_ID, value);
        }
        let status = response.status();
        self.metrics.answered(endpoint, status, start.elapsed());
        if self.access_log {
            let headers = response.headers();
            let cache = headers.get(X_CACHE).and_then(|value| value.to_str().ok());
            let bytes = hyper::body::Body::size_hint(response.body()).lower();
            let ms = start.elapsed().as_micros() / 1000;
            tracing::info!(
                target: "access",
                method = request.method.as_str(),
                target = %loggable(target),
                status = status.as_u16(),
                bytes,
                ms = u64::try_from(ms).unwrap_or(u64::MAX),
                cache = cache.unwrap_or("-"),
                endpoint,
                id,
            );
        }
        response
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

async fn answer(
    gateway: &Gateway,
    request: &Parts,
    host: Option<&str>,
    target: &str,
) -> Response<Body> {
    if request.method == Method::OPTIONS {
        return preflight();
    }
    if request.method != Method::GET && request.method != Method::HEAD {
        let failure = Failure::new(StatusCode::METHOD_NOT_ALLOWED, "method not allowed");
        let mut response = refuse(&failure, &request.method);
        response
            .headers_mut()
            .insert(ALLOW, HeaderValue::from_static(METHODS));
        return response;
    }
    let longest = grammar::Limits::default().url_bytes;
    if target.len() > longest {
        let reason = format!("URL is longer than {longest} bytes");
        return refuse(
            &Failure::new(StatusCode::URI_TOO_LONG, reason),
            &request.method,
        );
    }
    let address = request
        .extensions
        .get::<Peer>()
        .map(|peer| peer.0.to_string());
    let cookies = cookies(&request.headers);
    let asked = Request {
        host,
        target,
        hints: hints(&request.headers),
        client: dialect::Client {
            now: SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .ok()
                .map(|since| since.as_secs()),
            address: address.as_deref(),
            cookies: cookies.as_deref(),
        },
    };
    let mut result = attempt(gateway, &asked, request).await;
    if matches!(&result, Err(error) if error.is_outdated()) {
        // A new version came between looking and reading. Once more is enough; twice is trouble.
        result = attempt(gateway, &asked, request).await;
    }
    result.unwrap_or_else(|error| fail(gateway, &asked, &error, &request.method))
}

async fn attempt(
    gateway: &Gateway,
    asked: &Request<'_>,
    request: &Parts,
) -> Result<Response<Body>, Error> {
    let delivered = gateway.deliver(asked).await?;
    let result = success(&delivered, request).await;
    if matches!(&result, Err(error) if error.is_outdated()) {
        delivered.origin.forget(&delivered.asset);
    }
    result
}

/// All cookies; HTTP/2 may send each in a header of its own.
fn cookies(headers: &HeaderMap) -> Option<Cow<'_, str>> {
    let mut all = headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok());
    let first = all.next()?;
    Some(all.fold(Cow::Borrowed(first), |joined, next| {
        Cow::Owned(format!("{joined}; {next}"))
    }))
}

fn hints(headers: &HeaderMap) -> Hints {
    let first = |names: &[HeaderName]| {
        names
            .iter()
            .find_map(|name| headers.get(name)?.to_str().ok())
    };
    const DPR: [HeaderName; 2] = [
        HeaderName::from_static("sec-ch-dpr"),
        HeaderName::from_static("dpr"),
    ];
    const WIDTH: [HeaderName; 2] = [
        HeaderName::from_static("sec-ch-width"),
        HeaderName::from_static("width"),
    ];
    Hints::read(first(&[ACCEPT]), first(&DPR), first(&WIDTH))
}

async fn success(delivered: &Delivered, request: &Parts) -> Result<Response<Body>, Error> {
    let validators = headers::validators(delivered);
    let mut headers = headers::caching(delivered);
    if conditional::not_modified(&request.headers, validators) {
        return Ok(respond(StatusCode::NOT_MODIFIED, headers, Body::empty()));
    }
    headers::content(&mut headers, delivered);
    let length = headers::length(delivered);
    // A range is part of the meaning of GET alone.
    let part = match request.method {
        Method::GET => conditional::part(&request.headers, validators, length),
        _ => Part::Whole,
    };
    let (status, range) = match part {
        Part::Whole => (StatusCode::OK, 0..length),
        Part::Range(range) => {
            let last = range.end.saturating_sub(1);
            content_range(
                &mut headers,
                &format!("bytes {}-{last}/{length}", range.start),
            );
            (StatusCode::PARTIAL_CONTENT, range)
        }
        Part::Nowhere => {
            let reason = "range outside the file";
            let failure = Failure::new(StatusCode::RANGE_NOT_SATISFIABLE, reason);
            let mut response = refuse(&failure, &request.method);
            content_range(response.headers_mut(), &format!("bytes */{length}"));
            return Ok(response);
        }
    };
    let sent = range.end.saturating_sub(range.start);
    headers::set_length(&mut headers, sent);
    let body = if request.method == Method::HEAD || sent == 0 {
        Body::empty()
    } else if let Some(rendered) = headers::rendered(delivered) {
        let at = |n: u64| {
            usize::try_from(n)
                .unwrap_or(usize::MAX)
                .min(rendered.body.len())
        };
        Body::Whole(rendered.body.slice(at(range.start)..at(range.end)))
    } else {
        Body::Pieces {
            pieces: delivered.origin.open(&delivered.found, range).await?,
            left: sent,
        }
    };
    Ok(respond(status, headers, body))
}

fn content_range(headers: &mut HeaderMap, range: &str) {
    if let Ok(value) = HeaderValue::from_str(range) {
        headers.insert(CONTENT_RANGE, value);
    }
}

/// The answer to an error of the road. What a client may not know goes to the log.
fn fail(gateway: &Gateway, asked: &Request<'_>, error: &Error, method: &Method) -> Response<Body> {
    let path = asked.target.split('?').next().unwrap_or_default();
    let endpoint = gateway.endpoint(asked.host, path);
    let failure = Failure::of(
        error,
        endpoint.map(|endpoint| endpoint.outage).unwrap_or_default(),
    );
    if failure.status.is_server_error() || failure.cache_control == NO_STORE {
        tracing::warn!(%error, target = %loggable(asked.target), "request failed");
    }
    refuse(&failure, method)
}

/// An error with its reason in a header and as a line of text.
pub(super) fn refuse(failure: &Failure, method: &Method) -> Response<Body> {
    let mut headers = headers::failure(failure);
    let text = Bytes::from(format!("{}\n", failure.reason));
    headers::set_length(&mut headers, text.len() as u64);
    let body = if method == Method::HEAD {
        Body::empty()
    } else {
        Body::Whole(text)
    };
    respond(failure.status, headers, body)
}

/// Any page may ask for anything that is served here.
fn preflight() -> Response<Body> {
    let mut headers = headers::common();
    for (name, value) in [
        ("access-control-allow-methods", METHODS),
        ("access-control-allow-headers", "*"),
        ("access-control-max-age", PREFLIGHT_AGE),
        ("allow", METHODS),
    ] {
        headers.insert(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        );
    }
    headers.insert(
        CACHE_CONTROL,
        HeaderValue::from_static("public, max-age=86400"),
    );
    respond(StatusCode::NO_CONTENT, headers, Body::empty())
}

pub(super) fn respond(status: StatusCode, headers: HeaderMap, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
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

    #[test]
    fn request_ids_differ() {
        let ids = Ids::new();
        let all: std::collections::BTreeSet<String> = (0..10_000).map(|_| ids.next()).collect();
        assert_eq!(all.len(), 10_000);
        assert!(all.iter().all(|id| id.len() == 32));
    }
}
