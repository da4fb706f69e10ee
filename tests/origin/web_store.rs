//! A real HTTP server on loopback over a folder, which answers as a delivery service does: for an asset
//! in every format, whatever number the URL carries, with validators and ranges.

use std::collections::hash_map::DefaultHasher;
use std::convert::Infallible;
use std::hash::{Hash as _, Hasher as _};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use cldgate::grammar::params::is_format;
use cldgate::origin::percent_decode;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};

use super::loopback::Loopback;

/// A running server. It stops when it is dropped.
pub struct WebStore {
    pub base: String,
    state: Arc<State>,
    _running: Loopback,
}

struct State {
    root: PathBuf,
    asked: AtomicU64,
    delay: Mutex<Duration>,
}

impl WebStore {
    /// Over `<root>/<asset type>/upload/<public ID>.<format>`.
    pub fn start(root: &Path) -> Self {
        let state = Arc::new(State {
            root: root.to_owned(),
            asked: AtomicU64::new(0),
            delay: Mutex::default(),
        });
        let own = state.clone();
        let running = Loopback::start(service_fn(move |request| {
            let state = own.clone();
            async move { Ok::<_, Infallible>(state.answer(&request).await) }
        }));
        Self {
            base: format!("http://{}", running.address),
            state,
            _running: running,
        }
    }

    /// How many requests there were.
    pub fn asked(&self) -> u64 {
        self.state.asked.load(Ordering::SeqCst)
    }

    /// Every answer waits this long.
    pub fn delay(&self, delay: Duration) {
        *self.state.delay.lock().expect("not poisoned") = delay;
    }
}

impl State {
    async fn answer(&self, request: &Request<Incoming>) -> Response<Full<Bytes>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let delay = *self.delay.lock().expect("not poisoned");
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        let file = percent_decode(request.uri().path()).and_then(|path| self.file(&path));
        let Some((file, bytes)) = file.and_then(|file| Some((file.clone(), read(&file)?))) else {
            return status(404).body(Full::default()).expect("an answer");
        };
        let header = |name: &str| Some(request.headers().get(name)?.to_str().expect("text"));
        let mut hash = DefaultHasher::new();
        bytes.hash(&mut hash);
        let etag = format!("\"{:016x}\"", hash.finish());
        let modified = std::fs::metadata(&file).and_then(|meta| meta.modified());
        let modified = httpdate::fmt_http_date(modified.expect("a time"));
        let answer = |code: u16| {
            status(code)
                .header("etag", &etag)
                .header("last-modified", &modified)
                .header("content-type", media(&file))
        };
        if header("if-none-match") == Some(&etag) {
            return answer(304).body(Full::default()).expect("an answer");
        }
        let is_same = header("if-range").is_none_or(|condition| condition == etag);
        let length = bytes.len();
        let range = header("range").filter(|_| is_same).map(range);
        let answer = match range {
            None => answer(200).body(bytes.into()),
            Some(part) => answer(206)
                .header(
                    "content-range",
                    format!("bytes {}-{}/{length}", part.start, part.end - 1),
                )
                .body(bytes.slice(part).into()),
        };
        answer.expect("an answer")
    }

    /// The file that answers for a path: by its very name, else in any format.
    fn file(&self, path: &str) -> Option<PathBuf> {
        let mut parts = path.strip_prefix('/')?.splitn(3, '/');
        let (asset_type, delivery_type) = (parts.next()?, parts.next()?);
        let mut id = parts.next()?;
        if let Some((first, rest)) = id.split_once('/')
            && let Some(number) = first.strip_prefix('v')
            && number.parse::<u64>().is_ok()
        {
            id = rest;
        }
        if id.split('/').any(|part| ["", ".", ".."].contains(&part)) {
            return None;
        }
        let exact = self.root.join(asset_type).join(delivery_type).join(id);
        if exact.is_file() || asset_type == "raw" {
            return Some(exact);
        }
        let leaf = exact.file_name()?.to_str()?.to_owned();
        let cut = leaf.rsplit_once('.').map(|(name, _)| name.to_owned());
        let stems = std::iter::once(leaf).chain(cut);
        stems.into_iter().find_map(|stem| {
            let names = std::fs::read_dir(exact.parent()?).ok()?;
            let names = names.filter_map(|name| name.ok()?.file_name().into_string().ok());
            let mut formats: Vec<String> = names
                .filter(|name| {
                    let rest = name.strip_prefix(&stem);
                    rest.and_then(|rest| rest.strip_prefix('.'))
                        .is_some_and(is_format)
                })
                .collect();
            formats.sort();
            Some(exact.with_file_name(formats.first()?))
        })
    }
}

fn read(file: &Path) -> Option<Bytes> {
    std::fs::read(file).ok().map(Bytes::from)
}

fn status(code: u16) -> hyper::http::response::Builder {
    Response::builder().status(code)
}

/// `bytes=<first>-<last>`.
fn range(text: &str) -> Range<usize> {
    let (first, last) = text
        .strip_prefix("bytes=")
        .and_then(|range| range.split_once('-'))
        .expect("a range");
    first.parse().expect("a number")..last.parse::<usize>().expect("a number") + 1
}

fn media(file: &Path) -> &'static str {
    match file.extension().and_then(|extension| extension.to_str()) {
        Some("png") => "image/png",
        Some("jpg") => "image/jpeg",
        Some("gif") => "image/gif",
        _ => "application/octet-stream",
    }
}
