//! Numbers for operators, in Prometheus' text form.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use hyper::StatusCode;

use crate::deliver::histogram::{Histogram, STEPS_MS, Snapshot};
use crate::deliver::{Gateway, Shared};
use crate::dialect::NoteLevel;
use crate::origin::Call;
use crate::render::WorkerCounters;
use crate::trace;

/// Requests of one endpoint.
#[derive(Debug, Default)]
pub(super) struct Answers {
    /// By status class, 1xx to 5xx.
    classes: [AtomicU64; 5],
    /// Until the head of the answer was ready.
    took: Histogram,
}

/// What the server counts beside the floors below it.
#[derive(Debug, Default)]
pub(super) struct Metrics {
    /// By the endpoint's name; empty where none answers. Only names of the configuration come here.
    requests: RwLock<BTreeMap<Box<str>, Arc<Answers>>>,
    not_modified: AtomicU64,
    reloads: AtomicU64,
    reloads_refused: AtomicU64,
}

impl Metrics {
    /// Counts an answer of an endpoint, and the time until its head was ready.
    pub(super) fn answered(&self, answers: &Answers, status: StatusCode, took: Duration) {
        if status == StatusCode::NOT_MODIFIED {
            self.not_modified.fetch_add(1, Ordering::Relaxed);
        }
        let class = usize::from(status.as_u16() / 100).saturating_sub(1);
        answers.took.observe(took);
        if let Some(counter) = answers.classes.get(class) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Counts a reload of the configuration.
    pub(super) fn reloaded(&self, accepted: bool) {
        let counter = if accepted {
            &self.reloads
        } else {
            &self.reloads_refused
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// The counters of an endpoint.
    pub(super) fn answers(&self, endpoint: &str) -> Arc<Answers> {
        let known = self.requests.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(answers) = known.get(endpoint) {
            return answers.clone();
        }
        drop(known);
        let mut all = self
            .requests
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        all.entry(endpoint.into()).or_default().clone()
    }

    /// All numbers, of this and of the floors below.
    pub(super) fn text(&self, gateway: &Gateway, spans: Option<&trace::Counts>) -> String {
        let shared = &*gateway.shared;
        let mut page = Page(String::with_capacity(4096));
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        page.head(
            "cldgate_requests_total",
            "counter",
            "Requests by endpoint and status class.",
        );
        let all = self.requests.read().unwrap_or_else(PoisonError::into_inner);
        for (endpoint, answers) in all.iter() {
            let endpoint = escaped(endpoint);
            for (class, counter) in (1..).zip(&answers.classes) {
                let labels = format!("endpoint=\"{endpoint}\",status=\"{class}xx\"");
                if get(counter) > 0 {
                    page.row("cldgate_requests_total", &labels, get(counter));
                }
            }
        }
        page.head(
            "cldgate_request_seconds",
            "histogram",
            "Time until the head of an answer was ready, by endpoint.",
        );
        for (endpoint, answers) in all.iter() {
            let labels = format!("endpoint=\"{}\"", escaped(endpoint));
            page.histogram("cldgate_request_seconds", &labels, &answers.took);
        }
        drop(all);
        page.head(
            "cldgate_render_seconds",
            "histogram",
            "Time of each stage of a rendering.",
        );
        let stages = &shared.counters.stages;
        for (stage, histogram) in [
            ("queue", &stages.queue),
            ("origin", &stages.origin),
            ("decode", &stages.decode),
            ("transform", &stages.transform),
            ("encode", &stages.encode),
        ] {
            page.histogram(
                "cldgate_render_seconds",
                &format!("stage=\"{stage}\""),
                histogram,
            );
        }
        page.counter(
            "cldgate_not_modified_total",
            "Answers 304.",
            get(&self.not_modified),
        );
        let counters = &shared.counters;
        page.counter(
            "cldgate_renders_total",
            "Pictures rendered.",
            get(&counters.renders),
        );
        page.gauge(
            "cldgate_render_pixel_bytes",
            "Bytes that renderings are estimated to take for pixels now.",
            shared.ledger.taken(),
        );
        page.gauge(
            "cldgate_render_original_bytes",
            "Bytes of originals that are rendered or wait for it now.",
            shared.admission.taken(),
        );
        page.counter(
            "cldgate_originals_refused_total",
            "Renderings refused because their originals found no room in time.",
            shared.admission.refused(),
        );
        page.counter(
            "cldgate_coalesced_total",
            "Requests that waited for a picture which another had started.",
            get(&counters.coalesced),
        );
        page.counter(
            "cldgate_cache_hits_total",
            "Results found in memory.",
            get(&counters.hits),
        );
        page.counter(
            "cldgate_cache_misses_total",
            "Results not found in memory.",
            get(&counters.misses),
        );
        page.gauge(
            "cldgate_cache_bytes",
            "Bytes of results in memory.",
            shared.memory.bytes(),
        );
        page.gauge(
            "cldgate_cache_entries",
            "Results in memory.",
            shared.memory.len() as u64,
        );
        page.counter(
            "cldgate_cache_stale_total",
            "Requests answered from a look-up beyond its time.",
            get(&counters.stale),
        );
        page.counter(
            "cldgate_remembered_failures_total",
            "Requests refused because the same result could not be made a short while ago.",
            get(&counters.remembered_failures),
        );
        store(&mut page, shared);
        page.gauge(
            "cldgate_flights",
            "Results being made.",
            shared.flights.len() as u64,
        );
        page.counter(
            "cldgate_origin_reads_total",
            "Originals read from origins for rendering.",
            get(&counters.origin_reads),
        );
        page.counter(
            "cldgate_origin_bytes_total",
            "Bytes read from origins for rendering.",
            get(&counters.origin_bytes),
        );
        page.head(
            "cldgate_origin_requests_total",
            "counter",
            "Calls to origins by kind; one that is repeated counts once.",
        );
        for (origin, calls) in shared.origin_calls.all() {
            let origin = escaped(&origin);
            for call in Call::ALL {
                let labels = format!("origin=\"{origin}\",call=\"{}\"", call.word());
                if calls.get(call) > 0 {
                    page.row("cldgate_origin_requests_total", &labels, calls.get(call));
                }
            }
        }
        page.head(
            "cldgate_origin_out_of_order",
            "gauge",
            "Servers of an origin that failed too often and are left alone until one request has found them back.",
        );
        for origin in &gateway.origins {
            let labels = format!("origin=\"{}\"", escaped(origin.name()));
            let count = origin.out_of_order() as u64;
            page.row("cldgate_origin_out_of_order", &labels, count);
        }
        page.counter(
            "cldgate_upstream_total",
            "Requests for which another service was asked, because of what cannot be rendered here.",
            get(&counters.upstream),
        );
        let pool = shared.pool.counters();
        page.gauge(
            "cldgate_pool_queued",
            "Renderings waiting for a thread.",
            pool.queued,
        );
        page.gauge(
            "cldgate_pool_running",
            "Renderings on a thread.",
            pool.running,
        );
        page.counter(
            "cldgate_pool_done_total",
            "Renderings that left a thread.",
            pool.done,
        );
        page.counter(
            "cldgate_pool_refused_total",
            "Renderings refused because the queue was full.",
            pool.refused,
        );
        page.counter(
            "cldgate_pool_abandoned_total",
            "Renderings dropped because nobody waited any more.",
            pool.abandoned,
        );
        codecs(&mut page, shared);
        page.head(
            "cldgate_notes_total",
            "counter",
            "Parameters without their full effect.",
        );
        let levels = [
            NoteLevel::Ignored,
            NoteLevel::Approximated,
            NoteLevel::Unsupported,
        ];
        for (level, counter) in levels.into_iter().zip(&counters.notes) {
            let labels = format!("level=\"{}\"", level.word());
            page.row("cldgate_notes_total", &labels, get(counter));
        }
        if let Some(spans) = spans {
            page.counter(
                "cldgate_trace_spans_sent_total",
                "Spans of traces that the collector took.",
                get(&spans.sent),
            );
            page.counter(
                "cldgate_trace_spans_dropped_total",
                "Spans lost: too many waited, or the collector did not take them.",
                get(&spans.dropped),
            );
        }
        page.counter(
            "cldgate_reloads_total",
            "Configurations taken over while running.",
            get(&self.reloads),
        );
        page.counter(
            "cldgate_reloads_refused_total",
            "Broken configurations refused while running.",
            get(&self.reloads_refused),
        );
        page.0
    }
}

/// The processes of codecs, where there are any.
fn codecs(page: &mut Page, shared: &Shared) {
    let Some(workers) = &shared.workers else {
        return;
    };
    let WorkerCounters {
        started,
        killed,
        failed,
    } = workers.counters();
    page.counter(
        "cldgate_codec_processes_started_total",
        "Processes started for codecs that cannot be asked to stop.",
        started,
    );
    page.counter(
        "cldgate_codec_processes_killed_total",
        "Codec processes killed because nobody waited any more, or for too long.",
        killed,
    );
    page.counter(
        "cldgate_codec_processes_failed_total",
        "Codec processes that could not be started or ended without an answer.",
        failed,
    );
}

/// The derived store, where there is one, and the originals in memory.
fn store(page: &mut Page, shared: &Shared) {
    page.gauge(
        "cldgate_originals_bytes",
        "Bytes of distant originals in memory.",
        shared.originals.bytes(),
    );
    let Some(store) = shared.store.counters() else {
        return;
    };
    if let Some(held) = store.held {
        let help = "Results in the derived store.";
        page.gauge("cldgate_store_entries", help, held.entries);
        let help = "Bytes of results in the derived store.";
        page.gauge("cldgate_store_bytes", help, held.bytes);
    }
    let help = "Results waiting to be written.";
    page.gauge("cldgate_store_waiting", help, store.waiting);
    let help =
        "Of reading and writing the store, how many are left alone because they failed too often.";
    page.gauge("cldgate_store_out_of_order", help, store.out_of_order);
    for (name, help, value) in [
        ("hits", "Results served from the derived store.", store.hits),
        (
            "damaged",
            "Results found damaged and not served.",
            store.damaged,
        ),
        (
            "evicted",
            "Results removed to keep the store within its size.",
            store.evicted,
        ),
        (
            "read_errors",
            "Reads of the store that failed.",
            store.read_errors,
        ),
        (
            "write_errors",
            "Results that could not be kept.",
            store.write_errors,
        ),
    ] {
        page.counter(&format!("cldgate_store_{name}_total"), help, value);
    }
}

/// A label's value: the three characters that end it are escaped.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

/// The text that grows. Writing to it does not fail.
struct Page(String);

impl Page {
    fn head(&mut self, name: &str, kind: &str, help: &str) {
        let _written = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn row(&mut self, name: &str, labels: &str, value: u64) {
        let _written = writeln!(self.0, "{name}{{{labels}}} {value}");
    }

    fn histogram(&mut self, name: &str, labels: &str, histogram: &Histogram) {
        let Snapshot { up_to, sum } = histogram.snapshot();
        for (step, count) in STEPS_MS.iter().zip(up_to) {
            let (whole, rest) = (step / 1000, step % 1000);
            self.row(
                &format!("{name}_bucket"),
                &format!("{labels},le=\"{whole}.{rest:03}\""),
                count,
            );
        }
        let all = up_to.last().copied().unwrap_or(0);
        self.row(
            &format!("{name}_bucket"),
            &format!("{labels},le=\"+Inf\""),
            all,
        );
        let _written = writeln!(self.0, "{name}_sum{{{labels}}} {}", sum.as_secs_f64());
        self.row(&format!("{name}_count"), labels, all);
    }

    fn counter(&mut self, name: &str, help: &str, value: u64) {
        self.head(name, "counter", help);
        let _written = writeln!(self.0, "{name} {value}");
    }

    fn gauge(&mut self, name: &str, help: &str, value: u64) {
        self.head(name, "gauge", help);
        let _written = writeln!(self.0, "{name} {value}");
    }
}
