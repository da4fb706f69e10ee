//! The exporter of traces: finished spans in batches to a collector, OTLP over HTTP as JSON.
//!
//! Written here and not taken from the `opentelemetry` crates (0.33: twelve packages more, prost and a derive macro among them, 25 seconds of CPU in
//! a clean build): their batch processor tells nobody how many spans it dropped, blocks a thread of its own, and needs an adapter to an HTTP client of
//! ours all the same. What is left of them then is the shape of one JSON document ([`otlp`]).
//!
//! A batch goes out when it is full or a second old. One that the collector does not take is dropped and counted, and nobody waits
//! for it: while the collector is away spans fill the bounded channel, and what does not fit is counted too.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use hyper::header::CONTENT_TYPE;
use tokio::sync::{mpsc, oneshot};

use super::otlp::{self, Resource};
use crate::config::Telemetry;
use crate::trace::{Counts, Message, Span, Tracer};

/// Most spans of one request.
const BATCH: usize = 512;

/// How long a span waits for others.
const PATIENCE: Duration = Duration::from_secs(1);

/// How long a collector may take to accept a batch.
const LIMIT: Duration = Duration::from_secs(5);

/// Least time between two log lines about a collector that does not take spans.
const QUIET: Duration = Duration::from_secs(60);

/// Where a collector takes traces, below its base URL.
const PATH: &str = "/v1/traces";

/// Starts an exporter, where the configuration names a collector. Needs a tokio runtime.
///
/// # Errors
/// When the system has no roots of trust for encrypted connections.
pub(super) fn start(config: &Telemetry) -> Result<Option<Arc<Tracer>>, reqwest::Error> {
    let Some(endpoint) = &config.endpoint else {
        return Ok(None);
    };
    let client = reqwest::Client::builder()
        .user_agent(concat!("cldgate/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .timeout(LIMIT)
        .build()?;
    let (tracer, spans) = Tracer::new(config.sample);
    let base = endpoint.strip_suffix(PATH).unwrap_or(endpoint);
    let exporter = Exporter {
        client,
        url: format!("{base}{PATH}"),
        resource: Resource {
            service: config.service_name.clone(),
            instance: format!("{:016x}", RandomState::new().hash_one("instance")),
        },
        counts: tracer.counts().clone(),
        said: None,
    };
    tokio::spawn(exporter.run(spans));
    Ok(Some(tracer))
}

struct Exporter {
    client: reqwest::Client,
    url: String,
    resource: Resource,
    counts: Arc<Counts>,
    /// When the log was told last that the collector does not take spans.
    said: Option<Instant>,
}

/// What a round of receiving ended with.
enum Filled {
    Batch,
    Flush(oneshot::Sender<()>),
    Closed,
}

impl Exporter {
    /// Ends when nobody can hand out a span any more.
    async fn run(mut self, mut spans: mpsc::Receiver<Message>) {
        let mut batch = Vec::with_capacity(BATCH);
        loop {
            let filled = fill(&mut spans, &mut batch).await;
            self.send(&mut batch).await;
            match filled {
                Filled::Batch => {}
                // Who asked may have given up waiting.
                Filled::Flush(done) => drop(done.send(())),
                Filled::Closed => return,
            }
        }
    }

    /// Sends a batch, or counts it as dropped. It is empty afterwards.
    async fn send(&mut self, batch: &mut Vec<Span>) {
        if batch.is_empty() {
            return;
        }
        let body = otlp::body(&self.resource, batch);
        let request = self
            .client
            .post(&self.url)
            .header(CONTENT_TYPE, "application/json")
            .body(body);
        let answered = match request.send().await {
            Ok(response) if response.status().is_success() => Ok(()),
            Ok(response) => Err(format!("status {}", response.status().as_u16())),
            Err(error) => Err(reason(&error)),
        };
        let count = batch.len() as u64;
        batch.clear();
        match answered {
            Ok(()) => {
                self.counts.sent.fetch_add(count, Ordering::Relaxed);
            }
            Err(reason) => {
                let dropped = self.counts.dropped.fetch_add(count, Ordering::Relaxed) + count;
                self.say(&reason, dropped);
            }
        }
    }

    fn say(&mut self, reason: &str, dropped: u64) {
        let now = Instant::now();
        if self
            .said
            .is_some_and(|said| now.saturating_duration_since(said) < QUIET)
        {
            return;
        }
        self.said = Some(now);
        tracing::warn!(
            reason,
            dropped,
            "the collector does not take traces: going on without"
        );
    }
}

/// Receives until the batch is full, its first span has waited long enough, or somebody wants it sent.
async fn fill(spans: &mut mpsc::Receiver<Message>, batch: &mut Vec<Span>) -> Filled {
    let mut due = None;
    while batch.len() < BATCH {
        let next = match due {
            None => spans.recv().await,
            Some(due) => match tokio::time::timeout_at(due, spans.recv()).await {
                Ok(next) => next,
                Err(_) => return Filled::Batch,
            },
        };
        match next {
            Some(Message::Span(span)) => batch.push(*span),
            Some(Message::Flush(done)) => return Filled::Flush(done),
            None => return Filled::Closed,
        }
        due.get_or_insert_with(|| tokio::time::Instant::now() + PATIENCE);
    }
    Filled::Batch
}

/// What went wrong, without the URL.
fn reason(error: &reqwest::Error) -> String {
    let mut reason = String::from("it cannot be asked");
    let mut next = std::error::Error::source(error);
    while let Some(inner) = next {
        reason = inner.to_string();
        next = inner.source();
    }
    if error.is_timeout() {
        reason = format!("no answer within {} seconds", LIMIT.as_secs());
    }
    reason.chars().take(200).collect()
}
