//! The operators' listener: health, metrics, and what the gateway understands of a URL.

use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use hyper::http::request::Parts;
use hyper::{HeaderMap, Method, Response, StatusCode};

use super::body::Body;
use super::explain;
use super::handler::{App, respond};
use super::reload;

const TEXT: &str = "text/plain; charset=utf-8";
const METRICS: &str = "text/plain; version=0.0.4; charset=utf-8";
const JSON: &str = "application/json";

/// Answers an operator. `ready` turns false when the server begins to drain.
pub(super) async fn answer(app: &App, ready: &AtomicBool, request: &Parts) -> Response<Body> {
    if request.method == Method::POST && request.uri.path() == "/reload" {
        return reload(app).await;
    }
    if request.method != Method::GET && request.method != Method::HEAD {
        let mut response = page(
            StatusCode::METHOD_NOT_ALLOWED,
            TEXT,
            "method not allowed\n".into(),
        );
        response
            .headers_mut()
            .insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return response;
    }
    let gateway = app.gateway.load_full();
    let mut response = match request.uri.path() {
        "/healthz" => page(StatusCode::OK, TEXT, "ok\n".into()),
        "/readyz" if ready.load(Ordering::Relaxed) => page(StatusCode::OK, TEXT, "ready\n".into()),
        "/readyz" => page(StatusCode::SERVICE_UNAVAILABLE, TEXT, "draining\n".into()),
        "/metrics" => page(StatusCode::OK, METRICS, app.metrics.text(&gateway.shared)),
        "/explain" => match asked_url(request.uri.query().unwrap_or_default()) {
            Some(url) => {
                let explained = explain::explain(&gateway, &url);
                // Texts and numbers alone; the serializer has nothing to refuse.
                let json = serde_json::to_string(&explained).unwrap_or_default();
                page(StatusCode::OK, JSON, json + "\n")
            }
            None => page(
                StatusCode::BAD_REQUEST,
                TEXT,
                "write the URL as /explain?url=https%3A%2F%2F…\n".into(),
            ),
        },
        _ => page(
            StatusCode::NOT_FOUND,
            TEXT,
            "here are /healthz, /readyz, /metrics, /explain?url= and POST /reload\n".into(),
        ),
    };
    if request.method == Method::HEAD {
        *response.body_mut() = Body::empty();
    }
    response
}

/// Reads the configuration again and tells what came of it: every problem where there is one.
async fn reload(app: &App) -> Response<Body> {
    let asked = match &*app.reloads.load() {
        Some(requests) => reload::ask(requests).await,
        None => None,
    };
    match asked {
        Some(Ok(waiting)) if waiting.is_empty() => page(StatusCode::OK, TEXT, "reloaded\n".into()),
        Some(Ok(waiting)) => page(
            StatusCode::OK,
            TEXT,
            format!("reloaded; after a restart: {}\n", waiting.join(", ")),
        ),
        Some(Err(problems)) => page(StatusCode::CONFLICT, TEXT, format!("{problems}\n")),
        None => page(
            StatusCode::SERVICE_UNAVAILABLE,
            TEXT,
            "reloads wait already: try again\n".into(),
        ),
    }
}

/// The value of `url`, percent-decoded; it goes to the end of the query, so that a URL with a query
/// of its own may be pasted as it is.
fn asked_url(query: &str) -> Option<String> {
    let (_, value) = query.split_once("url=")?;
    let value = if value.contains("://") || value.starts_with('/') {
        Cow::Borrowed(value)
    } else {
        decode(value)?
    };
    (!value.is_empty()).then(|| value.into_owned())
}

/// One percent-decoding; `None` where the result would be no UTF-8.
fn decode(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains('%') {
        return Some(Cow::Borrowed(text));
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let digit = |byte: &u8| char::from(*byte).to_digit(16);
        if let (b'%', [high, low, after @ ..]) = (first, tail)
            && let (Some(high), Some(low)) = (digit(high), digit(low))
        {
            bytes.push(u8::try_from(high * 16 + low).unwrap_or_default());
            rest = after;
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    String::from_utf8(bytes).ok().map(Cow::Owned)
}

fn page(status: StatusCode, media: &'static str, text: String) -> Response<Body> {
    let mut headers = HeaderMap::with_capacity(2);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media));
    respond(status, headers, Body::Whole(Bytes::from(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_taken_encoded_and_plain() {
        for (query, url) in [
            (
                "url=/demo/image/upload/a%20b.jpg",
                Some("/demo/image/upload/a%20b.jpg"),
            ),
            ("url=%2Fdemo%2Fa%2520b.jpg", Some("/demo/a%20b.jpg")),
            (
                "url=https://h/x.jpg?a=1&b=2",
                Some("https://h/x.jpg?a=1&b=2"),
            ),
            ("url=https%3A%2F%2Fh%2Fx.jpg", Some("https://h/x.jpg")),
            ("url=%FF", None),
            ("url=", None),
            ("", None),
        ] {
            assert_eq!(asked_url(query).as_deref(), url, "{query}");
        }
    }
}
