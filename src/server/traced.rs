//! The span of a request: what it is called, what is known of it, and nothing that opens doors.
//!
//! Attributes follow OpenTelemetry's conventions for HTTP servers; those of ours begin with `cldgate.`.

use std::sync::Arc;
use std::time::Instant;

use hyper::http::request::Parts;
use hyper::{HeaderMap, Method, Response, Version};

use super::body::Body;
use super::headers::X_CACHE;
use crate::origin::percent_decode;
use crate::trace::{Open, Parent, Tracer};

const TRACEPARENT: &str = "traceparent";
const TRACESTATE: &str = "tracestate";

/// Longest path that a span tells, in bytes.
const MAX_PATH: usize = 2048;

/// What stands before the URL of a remote layer, in Base64.
const REMOTE_LAYER: &str = "fetch:";

/// Stands for what is struck out.
const STRUCK: &str = "***";

/// Opens the span of a request that came at `start`, over TLS or not.
pub(super) fn open(tracer: &Arc<Tracer>, request: &Parts, secure: bool, start: Instant) -> Open {
    let method = match request.method {
        Method::GET => Some("GET"),
        Method::HEAD => Some("HEAD"),
        Method::OPTIONS => Some("OPTIONS"),
        Method::POST => Some("POST"),
        Method::PUT => Some("PUT"),
        Method::DELETE => Some("DELETE"),
        Method::PATCH => Some("PATCH"),
        Method::CONNECT => Some("CONNECT"),
        Method::TRACE => Some("TRACE"),
        _ => None,
    };
    let mut span = tracer.root(
        // Whatever else a client calls its method would be a name of its own.
        method.unwrap_or("HTTP"),
        parent(&request.headers),
        start,
    );
    if span.is_recorded() {
        span.set("http.request.method", method.unwrap_or("_OTHER"));
        span.set("url.scheme", if secure { "https" } else { "http" });
        span.set("url.path", path(request.uri.path()));
        let version = match request.version {
            Version::HTTP_2 => "2",
            Version::HTTP_10 => "1.0",
            _ => "1.1",
        };
        span.set("network.protocol.version", version);
    }
    span
}

/// What is known once the head of the answer is ready.
pub(super) fn close(
    mut span: Open,
    response: &Response<Body>,
    host: Option<&str>,
    endpoint: &str,
    id: &[u8],
) {
    if !span.is_recorded() {
        return;
    }
    let status = response.status();
    span.set("http.response.status_code", u64::from(status.as_u16()));
    if status.is_server_error() {
        span.set("error.type", status.as_str().to_owned());
        span.fail();
    }
    if let Some(bytes) = hyper::body::Body::size_hint(response.body()).exact() {
        span.set("http.response.body.size", bytes);
    }
    // What a client writes there is told only where it is a name that the owner has given.
    if !endpoint.is_empty() {
        span.set("cldgate.endpoint", endpoint.to_owned());
        if let Some(host) = host {
            span.set("server.address", host.chars().take(253).collect::<String>());
        }
    }
    let cache = response.headers().get(X_CACHE);
    if let Some(cache) = cache.and_then(|value| value.to_str().ok()) {
        span.set("cldgate.cache", cache.to_owned());
    }
    span.set(
        "cldgate.request_id",
        String::from_utf8_lossy(id).into_owned(),
    );
}

/// The caller's span, where it says so.
fn parent(headers: &HeaderMap) -> Option<Parent> {
    let mut all = headers.get_all(TRACEPARENT).iter();
    let (first, second) = (all.next()?, all.next());
    // Two are none: nobody knows which of them is meant.
    if second.is_some() {
        return None;
    }
    let state: Vec<_> = headers
        .get_all(TRACESTATE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .collect();
    Parent::read(first.to_str().ok()?, Some(&state.join(",")))
}

/// A path as a span may tell it: without signatures, and without users, passwords and queries of remote pictures' URLs, however they
/// are written. Encoded text is told decoded where something was struck out of it.
fn path(sent: &str) -> String {
    let mut end = sent.len().min(MAX_PATH);
    while !sent.is_char_boundary(end) {
        end -= 1;
    }
    let sent = sent.get(..end).unwrap_or_default();
    let mut told = String::with_capacity(sent.len());
    let mut remote = false;
    for (n, segment) in sent.split('/').enumerate() {
        if n > 0 {
            told.push('/');
        }
        // As often as the URL language decodes.
        let Some(once) = percent_decode(segment) else {
            told.push_str(STRUCK);
            continue;
        };
        let plain = percent_decode(&once).unwrap_or(once);
        let lower = plain.to_ascii_lowercase();
        remote |= lower.contains("http:") || lower.contains("https:");
        if plain.split('/').any(|part| part.starts_with("s--")) {
            told.push_str("s--***--");
            continue;
        }
        if let Some((before, _)) = lower.split_once(REMOTE_LAYER) {
            told.push_str(plain.get(..before.len()).unwrap_or_default());
            told.push_str(REMOTE_LAYER);
            told.push_str(STRUCK);
            continue;
        }
        let (shown, query) = match plain.split_once('?') {
            Some((shown, _)) => (shown, true),
            None => (&*plain, false),
        };
        match shown.rsplit_once('@').filter(|_| remote) {
            Some((_, host)) => {
                told.push_str(STRUCK);
                told.push('@');
                told.push_str(host);
            }
            None if query => told.push_str(shown),
            None => told.push_str(segment),
        }
        if query {
            told.push_str(STRUCK);
            break;
        }
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_path_tells_a_secret() {
        for (sent, told) in [
            (
                "/demo/image/upload/w_100/a.jpg",
                "/demo/image/upload/w_100/a.jpg",
            ),
            (
                "/demo/image/upload/s--Ab12_-34--/w_100/a.jpg",
                "/demo/image/upload/s--***--/w_100/a.jpg",
            ),
            (
                "/demo/image/authenticated/s%2D%2DAb12_-34%2D%2D/a.jpg",
                "/demo/image/authenticated/s--***--/a.jpg",
            ),
            (
                "/demo/image/fetch/w_10/https://h.example/a.jpg%3Ftoken%3Dx/y",
                "/demo/image/fetch/w_10/https://h.example/a.jpg***",
            ),
            (
                "/demo/image/fetch/https%3A//me:pw@h.example/a.jpg",
                "/demo/image/fetch/https%3A//***@h.example/a.jpg",
            ),
            (
                "/demo/image/fetch/https://me%3Apw%40h.example/a.jpg%253ftoken=x",
                "/demo/image/fetch/https://***@h.example/a.jpg***",
            ),
            (
                "/demo/image/fetch/https%3A%2F%2Fme:pw@h.example%2Fa.jpg",
                "/demo/image/fetch/***@h.example/a.jpg",
            ),
            (
                "/demo/image/upload%2F%73%2D%2DAb12_-34--/logo@2x.png",
                "/demo/image/s--***--/logo@2x.png",
            ),
            (
                "/demo/image/upload/l_fetch:aHR0cHM6Ly9oLz90b2tlbj14/fl_layer_apply/a.jpg",
                "/demo/image/upload/l_fetch:***/fl_layer_apply/a.jpg",
            ),
        ] {
            assert_eq!(path(sent), told);
        }
        assert_eq!(path(&"é".repeat(MAX_PATH)).len(), MAX_PATH);
    }
}
