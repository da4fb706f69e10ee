//! Objects behind URLs: looked at, read whole, streamed in ranges.
//!
//! Looking at an object asks for it whole. The answer waits for a moment in case it is read next
//! ([`Parked`]), so that a cold picture costs one request. When its look-up has grown old it is
//! asked for on the condition that it has changed, and usually no body comes.

use std::num::NonZeroUsize;
use std::ops::Range;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bytes::{Bytes, BytesMut};
use futures_util::stream;
use lru::LruCache;
use reqwest::header::{HeaderMap, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, RANGE};
use reqwest::{Response, StatusCode, Url};

use super::super::growing::growing;
use super::super::listing::lock;
use super::super::patience::soon;
use super::super::{Error, Found, Keeping, Pieces, Reached};
use super::at_least_one;
use super::client::{Client, Fault, Reply, fault, lasting};
use super::head::{Head, keeping};

/// Bytes of an answer that does not tell its length; it is held in memory until it is read.
const MAX_UNTOLD: u64 = 64 << 20;

/// Answers that wait to be read.
const MAX_PARKED: NonZeroUsize = at_least_one(64);

/// How long an answer waits to be read.
const PARKED_FOR: Duration = Duration::from_secs(5);

/// Objects whose validators are remembered.
const MAX_KNOWN: NonZeroUsize = at_least_one(16_384);

/// Bytes set aside before a body comes; it grows with what really comes.
const FIRST_ROOM: u64 = 1 << 20;

/// What is asked for, and how.
#[derive(Clone, Debug)]
pub(in crate::origin) struct Ask {
    pub(super) url: Url,
    /// Replaces the `Host` header.
    pub(super) host: Option<Box<str>>,
    /// Sent beside what the client always sends.
    pub(super) extra: HeaderMap,
}

impl Ask {
    pub(in crate::origin) fn plain(url: Url) -> Self {
        Self {
            url,
            host: None,
            extra: HeaderMap::new(),
        }
    }

    /// Tells apart what may be answered differently.
    pub(super) fn key(&self) -> Box<str> {
        let mut key = self.url.to_string();
        if let Some(host) = &self.host {
            key.push('\n');
            key.push_str(host);
        }
        for (name, value) in &self.extra {
            key.push('\n');
            key.push_str(name.as_str());
            key.push(':');
            key.push_str(&String::from_utf8_lossy(value.as_bytes()));
        }
        key.into()
    }
}

/// One origin's objects.
#[derive(Debug)]
pub(in crate::origin) struct Remote {
    pub(in crate::origin) name: Box<str>,
    client: Client,
    known: Mutex<LruCache<Box<str>, Known>>,
    parked: Mutex<LruCache<Box<str>, Parked>>,
}

/// What the last answer said.
#[derive(Clone, Debug)]
struct Known {
    head: Head,
    found: Found,
}

#[derive(Debug)]
struct Parked {
    answer: Answer,
    etag: Box<str>,
    until: Instant,
}

#[derive(Debug)]
enum Answer {
    Coming(Reply),
    Here(Bytes),
}

/// What came of a look.
#[derive(Debug)]
enum Seen {
    /// Another object than the one that is known, or the first.
    New(Box<Head>, Answer),
    /// Nothing has changed, but perhaps how long it may be kept.
    Same(Option<Keeping>),
}

impl Remote {
    pub(in crate::origin) fn new(name: &str, client: Client) -> Self {
        Self {
            name: name.into(),
            client,
            known: Mutex::new(growing(MAX_KNOWN)),
            parked: Mutex::new(growing(MAX_PARKED)),
        }
    }

    fn told(&self, fault: Fault, url: &Url) -> Error {
        fault.told(&self.name, &shown(url))
    }

    /// Whether a URL may be asked at all.
    pub(in crate::origin) fn check(&self, url: &Url) -> Result<(), Error> {
        self.client
            .check(url)
            .map_err(|fault| self.told(fault, url))
    }

    /// Whether a server answers for a URL at all, whatever it says; once, and without following it
    /// elsewhere.
    pub(in crate::origin) async fn reach(&self, url: &Url) -> Reached {
        let status = self.client.knock(url).await;
        Reached {
            place: shown(url),
            status: status.map_err(|fault| self.told(fault, url)),
        }
    }

    /// Hosts that failed too often and have not been found back yet.
    pub(in crate::origin) fn out_of_order(&self) -> usize {
        self.client.out_of_order()
    }

    /// What a URL holds now.
    pub(in crate::origin) async fn look(self: Arc<Self>, ask: Ask) -> Result<Found, Error> {
        let key = ask.key();
        let known = lock(&self.known).get(&key).cloned();
        let mut extra = ask.extra.clone();
        if let Some(Known { head, .. }) = &known {
            if let Some(etag) = &head.etag {
                extra.insert(IF_NONE_MATCH, etag.clone());
            } else if let Some(modified) = &head.modified {
                extra.insert(IF_MODIFIED_SINCE, modified.clone());
            }
        }
        let seen = self.see(&ask, &extra, known.is_some()).await;
        match (seen, known) {
            (Ok(Seen::New(head, answer)), _) => {
                let found = found(&ask.url, &key, &head);
                let fresh = Known {
                    head: *head,
                    found: found.clone(),
                };
                lock(&self.known).put(key.clone(), fresh);
                self.park(key, answer, &found);
                Ok(found)
            }
            (Ok(Seen::Same(keeping)), Some(mut known)) => {
                // What a 304 says stands for what was said before; one that says nothing leaves it.
                if keeping.is_some() && keeping != known.found.keeping {
                    known.found.keeping = keeping;
                    lock(&self.known).put(key, known.clone());
                }
                Ok(known.found)
            }
            (Ok(Seen::Same(_)), None) => Err(self.told(lasting("status 304 unasked"), &ask.url)),
            (Err(fault), _) => {
                if fault == Fault::NotFound {
                    lock(&self.known).pop(&key);
                }
                Err(self.told(fault, &ask.url))
            }
        }
    }

    /// All bytes of an object.
    pub(in crate::origin) async fn read(
        &self,
        ask: &Ask,
        found: &Found,
        limit: u64,
    ) -> Result<Bytes, Error> {
        if found.bytes > limit {
            let (bytes, limit) = (found.bytes, limit);
            return Err(self.told(Fault::TooLarge { bytes, limit }, &ask.url));
        }
        match self.unpark(&ask.key(), found) {
            Some(Answer::Here(bytes)) => return Ok(bytes),
            Some(Answer::Coming(reply)) => {
                if let Ok(bytes) = collect(reply, Some(found.bytes)).await {
                    return Ok(bytes);
                }
            }
            None => {}
        }
        let read = self.read_anew(ask, found).await;
        read.map_err(|fault| self.told(fault, &ask.url))
    }

    async fn see(&self, ask: &Ask, extra: &HeaderMap, known: bool) -> Result<Seen, Fault> {
        let mut attempts = self.client.attempts(&ask.url)?;
        loop {
            let turn = attempts.begin().await?;
            let seen = match self.client.once(ask, extra, attempts.deadline).await {
                Ok(reply) => see(reply, known).await,
                Err(fault) => Err(fault),
            };
            if let Some(seen) = attempts.end(turn, seen).await {
                return seen;
            }
        }
    }

    async fn read_anew(&self, ask: &Ask, found: &Found) -> Result<Bytes, Fault> {
        let mut attempts = self.client.attempts(&ask.url)?;
        loop {
            let turn = attempts.begin().await?;
            let reply = self.client.once(ask, &ask.extra, attempts.deadline).await;
            let reply = reply.and_then(|reply| {
                self.same(ask, found, &whole(&reply)?)?;
                Ok(reply)
            });
            let read = match reply {
                Ok(reply) => collect(reply, Some(found.bytes)).await,
                Err(fault) => Err(fault),
            };
            if let Some(read) = attempts.end(turn, read).await {
                return read;
            }
        }
    }

    /// A range of an object's bytes, in pieces.
    pub(in crate::origin) async fn open(
        &self,
        ask: &Ask,
        found: &Found,
        range: Range<u64>,
    ) -> Result<Pieces, Error> {
        let key = ask.key();
        let all = range == (0..found.bytes);
        // A partial range asks anew: throwing away what comes first may cost gigabytes.
        let parked = self.unpark(&key, found).filter(|_| all);
        let (name, shown) = (self.name.clone(), shown(&ask.url));
        let reply = match parked {
            Some(Answer::Here(bytes)) => return Ok(Box::pin(stream::iter([Ok(bytes)]))),
            Some(Answer::Coming(reply)) => Ok((reply, 0)),
            None => self.ask_range(ask, found, &range).await,
        };
        let (reply, start) = reply.map_err(|fault| fault.told(&name, &shown))?;
        let body = Streamed {
            response: reply.response,
            skip: range.start.saturating_sub(start),
            left: range.end.saturating_sub(range.start),
            pause: self.client.patience.first_byte,
        };
        Ok(Box::pin(stream::try_unfold(body, move |mut body| {
            let (name, shown) = (name.clone(), shown.clone());
            async move {
                let piece = body.next().await;
                let piece = piece.map_err(|fault| fault.told(&name, &shown))?;
                Ok(piece.map(|piece| (piece, body)))
            }
        })))
    }

    /// An answer that holds a range, and where its body starts inside the object.
    async fn ask_range(
        &self,
        ask: &Ask,
        found: &Found,
        range: &Range<u64>,
    ) -> Result<(Reply, u64), Fault> {
        let mut extra = ask.extra.clone();
        let all = *range == (0..found.bytes);
        if !all && range.start < range.end {
            let last = range.end.saturating_sub(1);
            let text = format!("bytes={}-{last}", range.start);
            extra.extend(
                HeaderValue::from_str(&text)
                    .ok()
                    .map(|value| (RANGE, value)),
            );
            let known = lock(&self.known).get(&ask.key()).cloned();
            // Only a strong validator may stand here.
            let strong = known
                .and_then(|known| known.head.etag)
                .filter(|etag| etag.as_bytes().starts_with(b"\""));
            extra.extend(strong.map(|etag| (IF_RANGE, etag)));
        }
        let mut attempts = self.client.attempts(&ask.url)?;
        loop {
            let turn = attempts.begin().await?;
            let reply = self.client.once(ask, &extra, attempts.deadline).await;
            let part = reply.and_then(|reply| {
                let head = Head::read(&reply.response)?;
                self.same(ask, found, &head)?;
                if head.start > range.start {
                    return Err(lasting("another part than the one asked for"));
                }
                Ok((reply, head.start))
            });
            if let Some(part) = attempts.end(turn, part).await {
                return part;
            }
        }
    }

    /// Holds an answer against what was found.
    fn same(&self, ask: &Ask, found: &Found, head: &Head) -> Result<(), Fault> {
        let same = if head.is_versioned() {
            head.bytes.is_none() || head.identity(&ask.key(), 0) == found.etag
        } else {
            // Nothing tells two states of such an object apart but their length.
            head.bytes.is_none_or(|bytes| bytes == found.bytes)
        };
        if same { Ok(()) } else { Err(Fault::Changed) }
    }

    fn park(self: &Arc<Self>, key: Box<str>, answer: Answer, found: &Found) {
        let parked = Parked {
            answer,
            etag: found.etag.clone(),
            until: soon(PARKED_FOR),
        };
        lock(&self.parked).put(key.clone(), parked);
        // Nobody may come for it: its connection must not stay open.
        let remote = Arc::downgrade(self);
        tokio::spawn(async move {
            tokio::time::sleep(PARKED_FOR).await;
            if let Some(remote) = remote.upgrade() {
                let mut parked = lock(&remote.parked);
                let over = soon(Duration::ZERO);
                if parked
                    .peek(&key)
                    .is_some_and(|waiting| waiting.until <= over)
                {
                    parked.pop(&key);
                }
            }
        });
    }

    fn unpark(&self, key: &str, found: &Found) -> Option<Answer> {
        let parked = lock(&self.parked).pop(key)?;
        let fits = parked.etag == found.etag && soon(Duration::ZERO) < parked.until;
        fits.then_some(parked.answer)
    }
}

/// A URL as errors and logs may tell it: a query may hold a secret.
fn shown(url: &Url) -> Box<str> {
    let mut url = url.clone();
    if url.query().is_some() {
        url.set_query(Some("***"));
    }
    url.as_str().into()
}

fn found(url: &Url, key: &str, head: &Head) -> Found {
    Found {
        key: url.as_str().into(),
        extension: head.extension(url.path()),
        version: None,
        bytes: head.bytes.unwrap_or_default(),
        modified: head.changed(),
        etag: head.identity(key, now()),
        keeping: head.keeping,
    }
}

#[allow(
    clippy::disallowed_methods,
    reason = "an object without validators is another one each time it is looked at"
)]
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    })
}

/// A whole answer's head; a part is not what was asked for.
fn whole(reply: &Reply) -> Result<Head, Fault> {
    if reply.response.status() == StatusCode::OK {
        Head::read(&reply.response)
    } else {
        let status = reply.response.status();
        Err(lasting(format!(
            "status {status} where the whole was asked for"
        )))
    }
}

async fn see(reply: Reply, conditional: bool) -> Result<Seen, Fault> {
    if reply.response.status() == StatusCode::NOT_MODIFIED && conditional {
        return Ok(Seen::Same(keeping(reply.response.headers())));
    }
    let mut head = whole(&reply)?;
    if head.bytes.is_some() {
        return Ok(Seen::New(Box::new(head), Answer::Coming(reply)));
    }
    let bytes = collect(reply, None).await?;
    head.bytes = Some(bytes.len() as u64);
    Ok(Seen::New(Box::new(head), Answer::Here(bytes)))
}

/// A whole body. `expected` bytes must come, or at most [`MAX_UNTOLD`].
async fn collect(mut reply: Reply, expected: Option<u64>) -> Result<Bytes, Fault> {
    let limit = expected.unwrap_or(MAX_UNTOLD);
    let room = expected.unwrap_or(0).min(FIRST_ROOM);
    let mut body = BytesMut::with_capacity(usize::try_from(room).unwrap_or(0));
    loop {
        let piece = tokio::time::timeout_at(reply.deadline.into(), reply.response.chunk());
        let piece = match piece.await {
            Err(_) => return Err(Fault::Timeout),
            Ok(piece) => piece.map_err(|error| fault(&error))?,
        };
        let Some(piece) = piece else { break };
        let bytes = (body.len() as u64).saturating_add(piece.len() as u64);
        if bytes > limit {
            return Err(match expected {
                Some(_) => Fault::broken("more bytes came than were told"),
                None => Fault::TooLarge { bytes, limit },
            });
        }
        body.extend_from_slice(&piece);
    }
    match expected {
        Some(expected) if (body.len() as u64) < expected => {
            let lack = expected.saturating_sub(body.len() as u64);
            Err(Fault::broken(format!("the body ended {lack} bytes early")))
        }
        _ => Ok(body.freeze()),
    }
}

/// A body on its way to a client.
struct Streamed {
    response: Response,
    /// Bytes before the range, sent by servers that know no ranges.
    skip: u64,
    /// Bytes still to come.
    left: u64,
    /// How long nothing may come.
    pause: Duration,
}

impl Streamed {
    async fn next(&mut self) -> Result<Option<Bytes>, Fault> {
        while self.left > 0 {
            let piece = tokio::time::timeout(self.pause, self.response.chunk()).await;
            let piece = piece.map_err(|_| Fault::Timeout)?;
            let Some(mut piece) = piece.map_err(|error| fault(&error))? else {
                let lack = self.left;
                return Err(Fault::broken(format!("the body ended {lack} bytes early")));
            };
            let skipped = self.skip.min(piece.len() as u64);
            self.skip -= skipped;
            let _before = piece.split_to(usize::try_from(skipped).unwrap_or(usize::MAX));
            piece.truncate(usize::try_from(self.left).unwrap_or(usize::MAX));
            if !piece.is_empty() {
                self.left -= piece.len() as u64;
                return Ok(Some(piece));
            }
        }
        Ok(None)
    }
}
