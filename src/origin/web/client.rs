//! Asking a web server: guarded, bounded in time, again where that may help, and not at all while
//! the server rests.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use lru::LruCache;
use reqwest::header::{HOST, HeaderMap, HeaderName, HeaderValue, LOCATION};
use reqwest::{StatusCode, Url};

use super::super::Error;
use super::super::growing::growing;
use super::super::guard::{Guard, Refused};
use super::super::lane::{Lane, RESTING, Shut, Turn};
use super::super::patience::{Patience, pause, soon};
use super::at_least_one;
use super::remote::Ask;
use crate::trace;

/// Redirects that are followed.
const MAX_REDIRECTS: usize = 5;

/// Hosts whose state is remembered.
const MAX_LANES: NonZeroUsize = at_least_one(1024);

/// Bytes of headers over HTTP/2; over HTTP/1.1 hyper has bounds of its own.
const MAX_HEADERS: u32 = 64 << 10;

/// The trace that a request is part of, and what other systems keep of it.
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// Who asks, for the logs of whoever answers.
const USER_AGENT: &str = concat!(
    "Mozilla/5.0 (compatible; cldgate/",
    env!("CARGO_PKG_VERSION"),
    ")"
);

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    Forbidden(Refused),
    NotFound,
    Denied,
    Timeout,
    /// No connection: refused, unknown name, no agreement on encryption.
    Unreachable(Box<str>),
    /// An answer that makes no sense, broke off, or says that the server is out of order.
    Broken {
        reason: Box<str>,
        again: bool,
    },
    /// Left alone after too many failures.
    Resting,
    TooLarge {
        bytes: u64,
        limit: u64,
    },
    Changed,
}

impl Fault {
    pub(super) fn broken(reason: impl Into<Box<str>>) -> Self {
        Self::Broken {
            reason: reason.into(),
            again: true,
        }
    }

    /// Whether asking once more may help.
    const fn again(&self) -> bool {
        matches!(
            self,
            Self::Unreachable(_) | Self::Broken { again: true, .. }
        )
    }

    /// Whether the server failed. What is wrong with one asset alone (a loop of redirects, a status
    /// 400) is no failure: a few odd URLs must not close the way to all others.
    const fn is_failure(&self) -> bool {
        matches!(self, Self::Timeout) || self.again()
    }

    pub(super) fn told(self, origin: &str, key: &str) -> Error {
        let (origin, key) = (origin.into(), key.into());
        match self {
            Self::Forbidden(refused) => Error::Forbidden {
                origin,
                key,
                reason: refused.reason(),
            },
            Self::NotFound => Error::NotFound { origin, key },
            Self::Denied => Error::Denied {
                origin,
                key,
                reason: "it answers that we may not".into(),
            },
            Self::Timeout => Error::Timeout { origin, key },
            Self::Unreachable(reason) => Error::Unreachable {
                origin,
                key,
                reason,
            },
            Self::Broken { reason, .. } => Error::Upstream {
                origin,
                key,
                reason,
            },
            Self::Resting => Error::Unreachable {
                origin,
                key,
                reason: RESTING.into(),
            },
            Self::TooLarge { bytes, limit } => Error::TooLarge {
                origin,
                key,
                bytes,
                limit,
            },
            Self::Changed => Error::Changed { origin, key },
        }
    }
}

/// A server that answered well: 200, 206 or 304.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) response: reqwest::Response,
    /// Until when a body that is read as a whole must have come.
    pub(super) deadline: Instant,
}

/// Asks one origin's servers.
#[derive(Debug)]
pub(in crate::origin) struct Client {
    http: reqwest::Client,
    guard: Arc<Guard>,
    pub(super) patience: Patience,
    /// Where `secrets` go, and nowhere else.
    home: Option<(String, String, u16)>,
    secrets: HeaderMap,
    /// By host: one that fails does not hold up the others.
    lanes: Mutex<LruCache<Box<str>, Lane>>,
}

/// Attempts at one URL, until one succeeds, asking again is of no use, or the total time is over.
#[derive(Debug)]
pub(super) struct Attempts {
    lane: Lane,
    patience: Patience,
    /// Until when a body that is read as a whole must have come.
    pub(super) deadline: Instant,
    left: u32,
}

impl From<Shut> for Fault {
    fn from(shut: Shut) -> Self {
        match shut {
            Shut::Resting => Self::Resting,
            Shut::Full => Self::Timeout,
        }
    }
}

impl Attempts {
    /// Waits for a place among those who ask the host.
    pub(super) async fn begin(&self) -> Result<Turn, Fault> {
        Ok(self.lane.enter().await?)
    }

    /// Takes note of what came of an attempt. `None`: it is time for the next one.
    pub(super) async fn end<T>(
        &mut self,
        turn: Turn,
        result: Result<T, Fault>,
    ) -> Option<Result<T, Fault>> {
        turn.end(result.as_ref().is_err_and(Fault::is_failure));
        let pause = pause(self.patience.retries.saturating_sub(self.left));
        match result {
            Err(fault) if fault.again() && self.left > 0 && soon(pause) < self.deadline => {
                self.left -= 1;
                tokio::time::sleep(pause).await;
                None
            }
            result => Some(result),
        }
    }
}

struct Resolver(Arc<Guard>);

impl reqwest::dns::Resolve for Resolver {
    fn resolve(&self, name: reqwest::dns::Name) -> reqwest::dns::Resolving {
        let guard = self.0.clone();
        Box::pin(async move {
            let addresses = guard.resolve(name.as_str()).await?;
            let all: reqwest::dns::Addrs = Box::new(addresses.into_iter());
            Ok(all)
        })
    }
}

impl Client {
    /// `secrets` go to the scheme, host and port of `home` alone, whatever is redirected where.
    pub(in crate::origin) fn new(
        guard: Guard,
        patience: Patience,
        home: Option<&Url>,
        secrets: HeaderMap,
    ) -> Result<Self, reqwest::Error> {
        let guard = Arc::new(guard);
        let http = reqwest::Client::builder()
            .user_agent(USER_AGENT)
            .redirect(reqwest::redirect::Policy::none())
            // A proxy would resolve names itself, past the guard.
            .no_proxy()
            .dns_resolver(Resolver(guard.clone()))
            .connect_timeout(patience.connect)
            .pool_idle_timeout(Duration::from_secs(30))
            .http2_max_header_list_size(MAX_HEADERS)
            .build()?;
        Ok(Self {
            http,
            guard,
            patience,
            home: home.and_then(place),
            secrets,
            lanes: Mutex::new(growing(MAX_LANES)),
        })
    }

    /// Whether a URL may be asked at all.
    pub(super) fn check(&self, url: &Url) -> Result<(), Fault> {
        self.guard.check(url).map_err(Fault::Forbidden)
    }

    /// The status that a server answers with.
    pub(super) async fn knock(&self, url: &Url) -> Result<u16, Fault> {
        self.check(url)?;
        let deadline = soon(self.patience.total);
        let response = self.hop(url, &HeaderMap::new(), None, deadline).await?;
        match response.status().as_u16() {
            401 | 407 => Err(Fault::Denied),
            status if status >= 500 => Err(lasting(format!("status {status}"))),
            status => Ok(status),
        }
    }

    /// One GET with its redirects, and with `extra` instead of the headers in `ask`.
    pub(super) async fn once(
        &self,
        ask: &Ask,
        extra: &HeaderMap,
        deadline: Instant,
    ) -> Result<Reply, Fault> {
        let host = ask.host.as_deref();
        let response = self.follow(&ask.url, extra, host, deadline).await?;
        Ok(Reply { response, deadline })
    }

    fn lane(&self, url: &Url) -> Lane {
        let host: Box<str> = url.authority().into();
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        let lane = lanes.get_or_insert(host, || Lane::new(&self.patience));
        lane.clone()
    }

    /// Hosts that failed too often and have not been found back yet.
    pub(super) fn out_of_order(&self) -> usize {
        let lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        lanes.iter().filter(|(_, lane)| lane.is_open()).count()
    }

    /// Attempts at a URL: see [`Attempts`].
    pub(super) fn attempts(&self, url: &Url) -> Result<Attempts, Fault> {
        self.check(url)?;
        Ok(Attempts {
            lane: self.lane(url),
            patience: self.patience,
            deadline: soon(self.patience.total),
            left: self.patience.retries,
        })
    }

    async fn follow(
        &self,
        url: &Url,
        extra: &HeaderMap,
        host: Option<&str>,
        deadline: Instant,
    ) -> Result<reqwest::Response, Fault> {
        let mut url = url.clone();
        for _ in 0..=MAX_REDIRECTS {
            self.check(&url)?;
            let response = self.hop(&url, extra, host, deadline).await?;
            let status = response.status();
            if !is_redirect(status) {
                return judge(status, response);
            }
            let next = response.headers().get(LOCATION);
            let next = next.and_then(|location| location.to_str().ok());
            url = next
                .and_then(|location| url.join(location).ok())
                .ok_or_else(|| lasting(format!("status {status} without a usable Location")))?;
            url.set_fragment(None);
        }
        Err(lasting("too many redirects"))
    }

    async fn hop(
        &self,
        url: &Url,
        extra: &HeaderMap,
        host: Option<&str>,
        deadline: Instant,
    ) -> Result<reqwest::Response, Fault> {
        let mut request = self.http.get(url.clone()).headers(extra.clone());
        if self.home.is_some() && place(url) == self.home {
            request = request.headers(self.secrets.clone());
            if let Some(host) = host.and_then(|host| HeaderValue::from_str(host).ok()) {
                request = request.header(HOST, host);
            }
        }
        let mut span = trace::call("GET");
        if let Some(context) = span.context() {
            request = request.header(TRACEPARENT, context.traceparent());
            if let Some(state) = context.tracestate() {
                request = request.header(TRACESTATE, state);
            }
        }
        let limit = deadline.min(soon(self.patience.first_byte));
        let answer = match tokio::time::timeout_at(limit.into(), request.send()).await {
            Err(_) => Err(Fault::Timeout),
            Ok(Err(error)) => Err(fault(&error)),
            Ok(Ok(response)) => Ok(response),
        };
        if span.is_recorded() {
            tell(&mut span, url, &answer);
        }
        answer
    }
}

/// What a trace tells of a request. A path or a query may hold a secret of the server's: they are left out.
fn tell(span: &mut trace::Open, url: &Url, answer: &Result<reqwest::Response, Fault>) {
    span.set("http.request.method", "GET");
    span.set(
        "server.address",
        url.host_str().unwrap_or_default().to_owned(),
    );
    if let Some(port) = url.port_or_known_default() {
        span.set("server.port", u64::from(port));
    }
    match answer {
        Ok(response) => {
            let status = response.status();
            span.set("http.response.status_code", u64::from(status.as_u16()));
            if status.is_client_error() || status.is_server_error() {
                span.set("error.type", status.as_str().to_owned());
                span.fail();
            }
        }
        Err(fault) => {
            let timeout = matches!(fault, Fault::Timeout);
            span.set("error.type", if timeout { "timeout" } else { "_OTHER" });
            span.fail();
        }
    }
}

/// A fault that asking again does not mend.
pub(super) fn lasting(reason: impl Into<Box<str>>) -> Fault {
    Fault::Broken {
        reason: reason.into(),
        again: false,
    }
}

fn place(url: &Url) -> Option<(String, String, u16)> {
    Some((
        url.scheme().to_owned(),
        url.host_str()?.to_owned(),
        url.port_or_known_default()?,
    ))
}

const fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

/// What a status that is no redirect means for whoever wants the object.
fn judge(status: StatusCode, response: reqwest::Response) -> Result<reqwest::Response, Fault> {
    match status.as_u16() {
        200 | 206 | 304 => Ok(response),
        404 | 410 => Err(Fault::NotFound),
        401 | 403 | 407 => Err(Fault::Denied),
        408 | 504 => Err(Fault::Timeout),
        412 | 416 => Err(Fault::Changed),
        500 | 502 | 503 => Err(Fault::broken(format!("status {status}"))),
        _ => Err(lasting(format!("status {status}"))),
    }
}

/// What went wrong before there was an answer. URLs are left out: a query may hold a secret.
pub(super) fn fault(error: &reqwest::Error) -> Fault {
    let mut reason = String::new();
    let mut next: Option<&(dyn std::error::Error + 'static)> = std::error::Error::source(error);
    while let Some(inner) = next {
        if let Some(refused) = inner.downcast_ref::<Refused>() {
            return Fault::Forbidden(*refused);
        }
        reason = inner.to_string();
        next = inner.source();
    }
    if error.is_timeout() {
        return Fault::Timeout;
    }
    let reason: Box<str> = reason.chars().take(200).collect::<String>().into();
    if error.is_connect() {
        Fault::Unreachable(reason)
    } else {
        Fault::broken(reason)
    }
}

/// A header that may be told.
#[must_use]
pub fn plain_header(name: &'static str, value: &str) -> Option<(HeaderName, HeaderValue)> {
    let value = HeaderValue::from_str(value).ok()?;
    Some((HeaderName::from_static(name), value))
}

/// A header of the owner's; its value is never printed.
#[must_use]
pub fn secret_header(name: &str, value: &str) -> Option<(HeaderName, HeaderValue)> {
    let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
    let mut value = HeaderValue::from_str(value).ok()?;
    value.set_sensitive(true);
    Some((name, value))
}
