//! A bare hyper server that sends the same bytes for every request: what HTTP itself costs here.
//!
//! `cargo bench --profile release --bench bare -- ADDRESS BODY [HEADERS]`. `BODY` is a file,
//! `HEADERS` one with a header a line. `benches/hit.py` starts it beside the gateway.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a measurement that cannot go on has failed: it stops and says where"
)]

use std::convert::Infallible;

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{HeaderName, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{HeaderMap, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn headers(text: &str) -> HeaderMap {
    text.lines()
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| {
            let name = HeaderName::from_bytes(name.as_bytes()).expect("a name");
            (name, HeaderValue::from_str(value).expect("a value"))
        })
        .collect()
}

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1).filter(|a| a != "--bench");
    let address = arguments.next().expect("an address");
    let body = Bytes::from(std::fs::read(arguments.next().expect("a body")).expect("readable"));
    let headers = arguments.next().map_or_else(HeaderMap::new, |file| {
        headers(&std::fs::read_to_string(file).expect("readable"))
    });
    let listener = TcpListener::bind(address).await.expect("an address");
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            continue;
        };
        let _set = stream.set_nodelay(true);
        let (body, headers) = (body.clone(), headers.clone());
        tokio::spawn(async move {
            let answer = service_fn(move |_| {
                let mut response = Response::new(Full::new(body.clone()));
                *response.headers_mut() = headers.clone();
                async move { Ok::<_, Infallible>(response) }
            });
            let served = http1::Builder::new().serve_connection(TokioIo::new(stream), answer);
            let _ended = served.await;
        });
    }
}
