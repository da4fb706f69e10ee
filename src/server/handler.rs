//! One request to one response: methods, conditions, ranges, and a line in the log.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use arc_swap::{ArcSwap, ArcSwapOption};
use hyper::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue, VARY};
use hyper::http::request::Parts;
use hyper::{HeaderMap, Method, Response, StatusCode};

use super::answer::Answer;
use super::asked::{Asked, cookies};
use super::body::Body;
use super::front::{self, Front, Ready};
use super::headers::{self, X_CACHE, X_REQUEST_ID};
use super::ids::Ids;
use super::limit::Limits;
use super::metrics::{Answers, Metrics};
use super::refusal;
use super::reload;
use super::status::{Failure, NO_STORE};
use super::telemetry::loggable;
use super::traced;
use crate::cache::{Purge, Unfinished};
use crate::config::Config;
use crate::deliver::{CacheState, Delivered, Error, Gateway, Lookups, Purged, Request, Shared};
use crate::dialect::{self, Note, NoteLevel};
use crate::grammar;
use crate::render;
use crate::trace::{self, Open, TraceId, Tracer};

const METHODS: &str = "GET, HEAD, OPTIONS";

/// How long a browser may believe a preflight, in seconds.
const PREFLIGHT_AGE: &str = "86400";

/// The part of the memory for results that answers in front of it may take beside.
const FRONT_SHARE: u64 = 8;

/// Everything that a request is answered from.
#[derive(Debug)]
pub struct App {
    /// Swapped as a whole when the configuration is read again.
    pub(super) gateway: ArcSwap<Gateway>,
    /// Swapped with it.
    pub(super) limits: ArcSwap<Limits>,
    /// The same in all of them.
    shared: Arc<Shared>,
    front: Front,
    pub(super) metrics: Metrics,
    /// Who does reloads, once somebody does.
    pub(super) reloads: ArcSwapOption<reload::Requests>,
    access_log: bool,
    ids: Ids,
    /// Where traces are made.
    tracer: Option<Arc<Tracer>>,
}

/// Who asks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer {
    /// From where.
    pub(super) address: IpAddr,
    /// Over TLS.
    pub(super) secure: bool,
}

impl App {
    /// Answers from a gateway made of this configuration.
    #[must_use]
    pub fn new(gateway: Gateway, config: &Config) -> Self {
        Self {
            shared: gateway.shared.clone(),
            front: Front::new(gateway.shared.memory.capacity() / FRONT_SHARE),
            gateway: ArcSwap::from_pointee(gateway),
            limits: ArcSwap::from_pointee(Limits::new(config)),
            metrics: Metrics::default(),
            reloads: ArcSwapOption::empty(),
            access_log: config.log.access,
            ids: Ids::new(),
            tracer: None,
        }
    }

    /// Traces requests.
    #[must_use]
    pub(super) fn traced(self, tracer: Option<Arc<Tracer>>) -> Self {
        Self { tracer, ..self }
    }

    /// Where traces are made, if they are.
    pub(super) const fn tracer(&self) -> Option<&Arc<Tracer>> {
        self.tracer.as_ref()
    }

    /// Answers from another gateway from now on.
    pub(super) fn replace(&self, gateway: Gateway) {
        self.gateway.store(Arc::new(gateway));
        self.front.clear();
    }

    /// Takes away what is named, in all tiers. No request that begins after this has come back is
    /// answered with any of it.
    ///
    /// # Errors
    /// [`Unfinished`] when the derived store may still hold some of it; the rest is done.
    pub async fn purge(&self, purge: &Purge) -> Result<Purged, Unfinished> {
        let gateway = self.gateway.load_full();
        let purged = gateway.purge(purge).await;
        self.front.clear();
        purged
    }

    /// Does here what other gateways over the same derived store purge. Never ends.
    pub async fn follow(&self) {
        loop {
            let heard = self.shared.store.heard().await;
            let gateway = self.gateway.load_full();
            // What went wrong is counted and logged where it happened.
            let _purged = gateway.purge_after(&heard.purge).await;
            self.front.clear();
        }
    }

    /// Waits until every result that was made is kept in the derived store.
    pub async fn settle(&self) {
        self.shared.store.flush().await;
    }

    /// Results that wait to be kept in the derived store.
    #[must_use]
    pub fn waiting(&self) -> u64 {
        let counters = self.shared.store.counters();
        counters.map_or(0, |counters| counters.waiting)
    }

    /// Answers a request's head; bodies of requests are never read.
    pub async fn respond(&self, request: &Parts) -> Response<Body> {
        match self.respond_at_once(request, None) {
            Some(response) => response,
            None => self.respond_later(request, None).await,
        }
    }

    /// As [`App::respond`], where nothing has to be waited for: an answer of the last second.
    pub(super) fn respond_at_once(
        &self,
        request: &Parts,
        peer: Option<Peer>,
    ) -> Option<Response<Body>> {
        let start = Instant::now();
        let asked = Asked::of(request);
        let ready = self.ready(&asked, start)?;
        let mut response = ready.answer.respond_at_once(request)?;
        let span = self.open(request, peer, start);
        match self.limit(&ready.endpoint.name, peer, request) {
            Some(refused) => response = refused,
            None => self.count_ready(&ready),
        }
        self.finish(
            &asked,
            &mut response,
            start,
            &ready.endpoint.name,
            &ready.answers,
            span,
        );
        Some(response)
    }

    /// As [`App::respond`], where [`App::respond_at_once`] has nothing.
    pub(super) async fn respond_later(
        &self,
        request: &Parts,
        peer: Option<Peer>,
    ) -> Response<Body> {
        let start = Instant::now();
        let span = self.open(request, peer, start);
        let asked = Asked::of(request);
        let gateway = self.gateway.load_full();
        let endpoint = gateway.endpoint(asked.host, asked.path());
        let name = endpoint.map_or("", |endpoint| &*endpoint.name);
        let mut response = match self.limit(name, peer, request) {
            Some(refused) => refused,
            None => {
                let work = self.ready_or_made(&gateway, &asked, peer, start);
                match span.as_ref().and_then(Open::context) {
                    // In a place of its own: what is not traced shall not carry a wider future along.
                    Some(context) => Box::pin(trace::within(Some(context), work)).await,
                    None => work.await,
                }
            }
        };
        let answers = self.metrics.answers(name);
        self.finish(&asked, &mut response, start, name, &answers, span);
        response
    }

    async fn ready_or_made(
        &self,
        gateway: &Gateway,
        asked: &Asked<'_>,
        peer: Option<Peer>,
        start: Instant,
    ) -> Response<Body> {
        let ready = match self.ready(asked, start) {
            Some(ready) => self.give(gateway, &ready, asked).await,
            None => None,
        };
        match ready {
            Some(response) => response,
            None => self.answer(gateway, asked, peer, start).await,
        }
    }

    /// The span of a request, where traces are made.
    fn open(&self, request: &Parts, peer: Option<Peer>, start: Instant) -> Option<Open> {
        let secure = peer.is_some_and(|peer| peer.secure);
        let tracer = self.tracer.as_ref()?;
        Some(traced::open(tracer, request, secure, start))
    }

    /// What every response has in common, counted and logged.
    fn finish(
        &self,
        asked: &Asked<'_>,
        response: &mut Response<Body>,
        start: Instant,
        endpoint: &str,
        answers: &Answers,
        span: Option<Open>,
    ) {
        let id = self.ids.next();
        if let Ok(value) = HeaderValue::from_bytes(&id) {
            response.headers_mut().insert(X_REQUEST_ID, value);
        }
        self.metrics
            .answered(answers, response.status(), start.elapsed());
        if self.access_log {
            let trace = span.as_ref().filter(|span| span.is_recorded());
            let trace = trace.and_then(Open::context).map(|context| context.trace());
            log(asked, response, start, endpoint, &id, trace);
        }
        if let Some(span) = span {
            traced::close(span, response, asked.host, endpoint, &id);
        }
    }

    /// The answer of the last second, where there is one.
    fn ready(&self, asked: &Asked<'_>, now: Instant) -> Option<Arc<Ready>> {
        if !asked.reads() {
            return None;
        }
        self.front.get(&asked.key(), now)
    }

    /// The refusal of a request that comes too soon.
    fn limit(&self, endpoint: &str, peer: Option<Peer>, request: &Parts) -> Option<Response<Body>> {
        let limits = self.limits.load();
        let peer = peer.map(|peer| peer.address);
        let checked = limits.check(endpoint, peer, &request.headers);
        checked
            .err()
            .map(|wait| refuse(&Failure::too_many(wait), request))
    }

    /// Gives an answer that is ready; `None` when its original has changed in the meantime, so that it has
    /// to be looked for anew.
    async fn give(
        &self,
        gateway: &Gateway,
        ready: &Ready,
        asked: &Asked<'_>,
    ) -> Option<Response<Body>> {
        match ready.answer.respond(asked.parts).await {
            Ok(response) => {
                self.count_ready(ready);
                Some(response)
            }
            Err(error) if error.is_outdated() => None,
            Err(error) => Some(fail(gateway, asked, &error)),
        }
    }

    fn count_ready(&self, ready: &Ready) {
        let counters = &self.shared.counters;
        if ready.answer.is_picture() {
            counters.hits.fetch_add(1, Ordering::Relaxed);
        }
        for (counter, notes) in counters.notes.iter().zip(ready.notes) {
            if notes > 0 {
                counter.fetch_add(notes, Ordering::Relaxed);
            }
        }
    }

    async fn answer(
        &self,
        gateway: &Gateway,
        asked: &Asked<'_>,
        peer: Option<Peer>,
        now: Instant,
    ) -> Response<Body> {
        if let Some(refused) = refused(asked) {
            return refused;
        }
        let address = peer.map(|peer| peer.address.to_string());
        let cookies = cookies(&asked.parts.headers);
        let client = dialect::Client {
            now: SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .ok()
                .map(|since| since.as_secs()),
            address: address.as_deref(),
            cookies: cookies.as_deref(),
        };
        let request = asked.request(client);
        let mut result = self.attempt(gateway, asked, &request, now).await;
        if matches!(&result, Err(error) if error.is_outdated()) {
            // A new version came between looking and reading. Once more is enough; twice is trouble.
            result = Box::pin(self.attempt(gateway, asked, &request, now)).await;
        }
        result.unwrap_or_else(|error| fail(gateway, asked, &error))
    }

    async fn attempt(
        &self,
        gateway: &Gateway,
        asked: &Asked<'_>,
        request: &Request<'_>,
        now: Instant,
    ) -> Result<Response<Body>, Error> {
        let purges = self.shared.purges.count();
        let delivered = gateway.deliver(request).await?;
        let answer = Answer::of(&delivered);
        let response = answer.respond(asked.parts).await.inspect_err(|error| {
            if error.is_outdated() {
                let origin = &*delivered.origin;
                Lookups::forget(&delivered.endpoint, origin, &delivered.asset);
            }
        })?;
        if is_worth_keeping(&delivered) {
            let ready = Ready {
                answer,
                answers: self.metrics.answers(&delivered.endpoint.name),
                notes: by_level(&delivered.notes),
                endpoint: delivered.endpoint,
                until: now + front::LIFE,
            };
            self.shared
                .purges
                .keep_since(purges, || self.front.put(&asked.key(), ready));
        }
        Ok(response)
    }
}

/// Whether an answer may stand in front of the caches. What was asked for once may never be again:
/// only what a cache holds already is worth it. Where tokens decide, who asks is no part of the key.
fn is_worth_keeping(delivered: &Delivered) -> bool {
    let held = matches!(delivered.cache, CacheState::Hit | CacheState::Bypass);
    held && delivered.missing.is_none() && delivered.endpoint.rules.tokens.is_none()
}

/// Notes by level, as the counters have them.
fn by_level(notes: &[Note]) -> [u64; 3] {
    let of = |level| notes.iter().filter(|note| note.level == level).count() as u64;
    [
        of(NoteLevel::Ignored),
        of(NoteLevel::Approximated),
        of(NoteLevel::Unsupported),
    ]
}

fn log(
    asked: &Asked<'_>,
    response: &Response<Body>,
    start: Instant,
    endpoint: &str,
    id: &[u8],
    trace: Option<TraceId>,
) {
    let headers = response.headers();
    let cache = headers.get(X_CACHE).and_then(|value| value.to_str().ok());
    let bytes = hyper::body::Body::size_hint(response.body()).lower();
    let ms = start.elapsed().as_micros() / 1000;
    tracing::info!(
        target: "access",
        method = asked.parts.method.as_str(),
        target = %loggable(asked.target),
        status = response.status().as_u16(),
        bytes,
        ms = u64::try_from(ms).unwrap_or(u64::MAX),
        cache = cache.unwrap_or("-"),
        endpoint,
        id = std::str::from_utf8(id).unwrap_or_default(),
        trace = trace.map(tracing::field::display),
    );
}

/// The answer to what is no delivery at all.
fn refused(asked: &Asked<'_>) -> Option<Response<Body>> {
    if asked.parts.method == Method::OPTIONS {
        return Some(preflight());
    }
    if !asked.reads() {
        let failure = Failure::new(StatusCode::METHOD_NOT_ALLOWED, "method not allowed");
        let mut response = refuse(&failure, asked.parts);
        response
            .headers_mut()
            .insert(ALLOW, HeaderValue::from_static(METHODS));
        return Some(response);
    }
    let longest = grammar::Limits::default().url_bytes;
    (asked.target.len() > longest).then(|| {
        let reason = format!("URL is longer than {longest} bytes");
        refuse(&Failure::new(StatusCode::URI_TOO_LONG, reason), asked.parts)
    })
}

/// The answer to an error of the road. What a client may not know goes to the log.
fn fail(gateway: &Gateway, asked: &Asked<'_>, error: &Error) -> Response<Body> {
    let endpoint = gateway.endpoint(asked.host, asked.path());
    let failure = Failure::of(
        error,
        endpoint.map(|endpoint| endpoint.outage).unwrap_or_default(),
    );
    if matches!(error, Error::Render(render::Error::Busy { .. })) {
        // Counted (`cldgate_pool_refused_total`, `cldgate_originals_refused_total`): under load a line for each would cost more than refusing does.
        tracing::debug!(%error, target = %loggable(asked.target), "request refused");
    } else if failure.status.is_server_error() || failure.cache_control == NO_STORE {
        tracing::warn!(%error, target = %loggable(asked.target), "request failed");
    }
    refuse(&failure, asked.parts)
}

/// An error with its reason in a header, and in a body that the client can read.
pub(super) fn refuse(failure: &Failure, request: &Parts) -> Response<Body> {
    let mut headers = headers::failure(failure);
    let (media, bytes) = refusal::body(&request.headers, &failure.reason);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media));
    headers.insert(VARY, HeaderValue::from_static("Accept"));
    headers::set_length(&mut headers, bytes.len() as u64);
    let body = if request.method == Method::HEAD {
        Body::empty()
    } else {
        Body::Whole(bytes)
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
