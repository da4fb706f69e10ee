//! The operators' listener: health, metrics, purges, and what the gateway understands of a URL.

use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use hyper::http::request::Parts;
use hyper::{HeaderMap, Method, Request, Response, StatusCode};

use super::body::Body;
use super::explain;
use super::handler::{App, respond};
use super::reload;
use crate::cache::Purge;
use crate::origin::percent_decode;

const TEXT: &str = "text/plain; charset=utf-8";
const METRICS: &str = "text/plain; version=0.0.4; charset=utf-8";
const JSON: &str = "application/json";

/// Most bytes of a purge's body.
const MAX_PURGE: usize = 1 << 20;

/// Answers an operator. `ready` turns false when the server begins to drain.
pub(super) async fn answer(
    app: &App,
    ready: &AtomicBool,
    request: Request<Incoming>,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    if parts.uri.path() == "/purge" {
        return purge(app, &parts, body).await;
    }
    if parts.method == Method::POST && parts.uri.path() == "/reload" {
        return reload(app).await;
    }
    look(app, ready, &parts)
}

async fn purge(app: &App, parts: &Parts, body: Incoming) -> Response<Body> {
    if parts.method != Method::POST {
        let mut response = page(
            StatusCode::METHOD_NOT_ALLOWED,
            TEXT,
            "purge with POST\n".into(),
        );
        response
            .headers_mut()
            .insert(ALLOW, HeaderValue::from_static("POST"));
        return response;
    }
    let wrong = |reason: String| page(StatusCode::BAD_REQUEST, TEXT, reason + "\n");
    let Ok(body) = Limited::new(body, MAX_PURGE).collect().await else {
        return wrong(format!("a purge has at most {MAX_PURGE} bytes"));
    };
    let purge: Purge = match serde_json::from_slice(&body.to_bytes()) {
        Ok(purge) => purge,
        Err(error) => return wrong(format!("{PURGE_SHAPE}: {error}")),
    };
    if purge.is_empty() {
        return wrong(format!("nothing is named: {PURGE_SHAPE}"));
    }
    let gateway = app.gateway.load_full();
    let unknown = purge
        .endpoints
        .iter()
        .find(|name| gateway.endpoints.iter().all(|own| own.name != **name));
    if let Some(name) = unknown {
        return wrong(format!("no endpoint has the name {name}"));
    }
    let done = match app.purge(&purge).await {
        Ok(done) => done,
        Err(error) => {
            tracing::error!(%error, "purged in part");
            return page(StatusCode::BAD_GATEWAY, TEXT, format!("{error}\n"));
        }
    };
    let json = serde_json::json!({
        "memory": done.memory,
        "store": done.store,
        "originals": done.originals,
        "lookups": done.lookups,
    });
    tracing::info!(%json, "purged");
    page(StatusCode::OK, JSON, format!("{json}\n"))
}

const PURGE_SHAPE: &str = r#"expected {"public_ids": ["…"], "prefixes": ["…"], "endpoints": ["…"]}, each of them optional"#;

fn look(app: &App, ready: &AtomicBool, request: &Parts) -> Response<Body> {
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
        "/metrics" => page(
            StatusCode::OK,
            METRICS,
            app.metrics
                .text(&gateway, app.tracer().map(|tracer| &**tracer.counts())),
        ),
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
            "here are /healthz, /readyz, /metrics, /explain?url=, POST /purge and POST /reload\n"
                .into(),
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
        value.to_owned()
    } else {
        percent_decode(value)?
    };
    (!value.is_empty()).then_some(value)
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
