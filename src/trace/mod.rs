//! Traces: what a request waited for, as spans that an exporter sends to a collector.
//!
//! A request that is traced has a [`Context`], which is current while its future is polled: whoever works for it opens a child with
//! [`child`], and what is open ends when it is dropped. Work that another task or thread does takes its context along. Without a
//! [`Tracer`] there is no context, and all of this does nothing.
//!
//! Finished spans go through a bounded channel; what does not fit is dropped and counted. Nobody waits for a collector.

mod parent;
mod span;

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use tokio::sync::{mpsc, oneshot};

pub use parent::{Parent, SpanId, TraceId};
pub use span::{Kind, Open, Span, Value};

/// Finished spans that wait for the exporter: some five megabytes.
pub const QUEUE: usize = 8192;

tokio::task_local! {
    static CURRENT: Option<Context>;
}

/// Parts of a whole in a [`Share`].
const WHOLE: u32 = 1_000_000;

/// A part of all traces, in millionths: 0 to 1,000,000.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share(u32);

impl Share {
    /// All of them.
    pub const ALL: Self = Self(WHOLE);

    /// Of a number from 0 to 1; `None` outside.
    #[must_use]
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the range is checked"
    )]
    pub fn of(ratio: f64) -> Option<Self> {
        let fits = (0.0..=1.0).contains(&ratio);
        fits.then(|| Self((ratio * f64::from(WHOLE)).round() as u32))
    }

    /// As a number from 0 to 1.
    #[must_use]
    pub fn ratio(self) -> f64 {
        f64::from(self.0) / f64::from(WHOLE)
    }

    fn takes(self) -> bool {
        fastrand::u32(0..WHOLE) < self.0
    }
}

impl serde::Serialize for Share {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.ratio())
    }
}

/// What the exporter receives.
#[derive(Debug)]
pub enum Message {
    /// A finished span.
    Span(Box<Span>),
    /// Whoever asked wants to know when everything before this is sent or given up.
    Flush(oneshot::Sender<()>),
}

/// Decides which requests are traced, and hands finished spans to the exporter.
#[derive(Debug)]
pub struct Tracer {
    share: Share,
    queue: mpsc::Sender<Message>,
    counts: Arc<Counts>,
}

/// What became of spans since the start.
#[derive(Debug, Default)]
pub struct Counts {
    /// Taken by the collector.
    pub sent: AtomicU64,
    /// Lost: the queue was full, or the collector did not take them.
    pub dropped: AtomicU64,
}

impl Tracer {
    /// A tracer of this share of the requests that come without a decision of their own, and what it hands out.
    #[must_use]
    pub fn new(share: Share) -> (Arc<Self>, mpsc::Receiver<Message>) {
        let (queue, receiver) = mpsc::channel(QUEUE);
        let tracer = Self {
            share,
            queue,
            counts: Arc::default(),
        };
        (Arc::new(tracer), receiver)
    }

    /// What became of spans so far.
    #[must_use]
    pub const fn counts(&self) -> &Arc<Counts> {
        &self.counts
    }

    /// The span of a whole request that began at `start`. A caller's own decision is followed, recorded or not; without one the
    /// share decides.
    #[must_use]
    pub fn root(
        self: &Arc<Self>,
        name: &'static str,
        parent: Option<Parent>,
        start: Instant,
    ) -> Open {
        let (trace, sampled) = match &parent {
            Some(parent) => (parent.trace, parent.sampled),
            None => (TraceId::random(), self.share.takes()),
        };
        let (parent, state) = match parent {
            Some(parent) => (Some(parent.span), parent.state),
            None => (None, None),
        };
        let context = Context {
            tracer: self.clone(),
            trace,
            span: SpanId::random(),
            sampled,
            state,
        };
        Open::begin(context, parent, name, Kind::Server, start)
    }

    /// Waits until what was finished before this is sent or given up.
    pub async fn flush(&self) {
        let (done, heard) = oneshot::channel();
        if self.queue.send(Message::Flush(done)).await.is_ok() {
            // An exporter that has gone has nothing left to send.
            let _flushed = heard.await;
        }
    }

    fn finished(&self, span: Span) {
        if self.queue.try_send(Message::Span(Box::new(span))).is_err() {
            self.counts.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// A place in a trace: where children are put, and what other services are told.
#[derive(Clone, Debug)]
pub struct Context {
    tracer: Arc<Tracer>,
    trace: TraceId,
    span: SpanId,
    sampled: bool,
    /// What other systems wrote into `tracestate`.
    state: Option<Arc<str>>,
}

impl Context {
    /// The trace.
    #[must_use]
    pub const fn trace(&self) -> TraceId {
        self.trace
    }

    /// `traceparent` for a service that is asked from here.
    #[must_use]
    pub fn traceparent(&self) -> String {
        parent::print(self.trace, self.span, self.sampled)
    }

    /// `tracestate` for it, as it came.
    #[must_use]
    pub fn tracestate(&self) -> Option<&str> {
        self.state.as_deref()
    }

    fn child(&self, name: &'static str, kind: Kind, start: Instant) -> Open {
        if !self.sampled {
            return Open::unrecorded(self.clone());
        }
        let context = Self {
            span: SpanId::random(),
            ..self.clone()
        };
        Open::begin(context, Some(self.span), name, kind, start)
    }
}

/// The context of whoever is being worked for.
#[must_use]
pub fn current() -> Option<Context> {
    CURRENT.try_with(Clone::clone).ok().flatten()
}

/// Opens a child of the current span.
#[must_use]
pub fn child(name: &'static str) -> Open {
    child_of(current().as_ref(), name)
}

/// Opens a child of the current span for a request to another service.
#[must_use]
pub fn call(name: &'static str) -> Open {
    match current() {
        Some(context) => context.child(name, Kind::Client, span::clock()),
        None => Open::nothing(),
    }
}

/// Opens a child of a span, for work that another task or thread does.
#[must_use]
pub fn child_of(context: Option<&Context>, name: &'static str) -> Open {
    child_since(context, name, span::clock())
}

/// As [`child_of`], of what began at `start`.
#[must_use]
pub fn child_since(context: Option<&Context>, name: &'static str, start: Instant) -> Open {
    match context {
        Some(context) => context.child(name, Kind::Internal, start),
        None => Open::nothing(),
    }
}

/// Does work for a context.
pub async fn within<F: Future>(context: Option<Context>, work: F) -> F::Output {
    CURRENT.scope(context, work).await
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn received(receiver: &mut mpsc::Receiver<Message>) -> Span {
        match receiver.recv().await {
            Some(Message::Span(span)) => *span,
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn children_know_their_parent_wherever_they_are_opened() {
        let (tracer, mut spans) = Tracer::new(Share::ALL);
        let root = tracer.root("GET", None, span::clock());
        let context = root.context();
        within(root.context(), async {
            let outer = child("outer");
            outer.within(async { drop(child("inner")) }).await;
        })
        .await;
        std::thread::spawn(move || drop(child_of(context.as_ref(), "elsewhere")))
            .join()
            .unwrap();
        drop(root);
        let mut all = Vec::new();
        for _ in 0..4 {
            all.push(received(&mut spans).await);
        }
        let names: Vec<_> = all.iter().map(|span| span.name).collect();
        assert_eq!(names, ["inner", "outer", "elsewhere", "GET"]);
        let [inner, outer, elsewhere, root] = &all[..] else {
            panic!("four spans");
        };
        assert_eq!(inner.parent, Some(outer.id));
        assert_eq!(outer.parent, Some(root.id));
        assert_eq!(elsewhere.parent, Some(root.id));
        assert_eq!(root.parent, None);
        assert!(all.iter().all(|span| span.trace == root.trace));
        assert!(all.iter().all(|span| span.start <= span.end));
    }

    #[tokio::test]
    async fn without_a_tracer_nothing_is_made() {
        assert!(current().is_none());
        let open = child("nothing");
        assert!(!open.is_recorded());
        assert!(open.context().is_none());
    }

    #[tokio::test]
    async fn the_caller_decides_and_then_the_share() {
        let (tracer, mut spans) = Tracer::new(Share::of(0.0).unwrap());
        let from = |flags: &str| {
            let text = format!("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-{flags}");
            Parent::read(&text, Some("vendor=1"))
        };
        drop(tracer.root("none", None, span::clock()));
        let unsampled = tracer.root("no", from("00"), span::clock());
        // Other services are told all the same, under the caller's own trace.
        within(unsampled.context(), async {
            let context = call("GET").context().unwrap();
            let told = context.traceparent();
            assert!(told.starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-"));
            assert!(told.ends_with("-00"), "{told}");
            assert_eq!(context.tracestate(), Some("vendor=1"));
        })
        .await;
        drop(unsampled);
        drop(tracer.root("yes", from("01"), span::clock()));
        let only = received(&mut spans).await;
        assert_eq!(only.name, "yes");
        assert_eq!(only.parent.unwrap().to_string(), "00f067aa0ba902b7");
        assert!(spans.try_recv().is_err());
    }

    #[tokio::test]
    async fn what_does_not_fit_is_counted() {
        let (tracer, spans) = Tracer::new(Share::ALL);
        for _ in 0..QUEUE + 5 {
            drop(tracer.root("GET", None, span::clock()));
        }
        assert_eq!(tracer.counts().dropped.load(Ordering::Relaxed), 5);
        drop(spans);
        drop(tracer.root("GET", None, span::clock()));
        assert_eq!(tracer.counts().dropped.load(Ordering::Relaxed), 6);
        tracer.flush().await;
    }

    #[test]
    fn shares_are_read_as_ratios() {
        for (ratio, millionths) in [(0.0, 0), (0.1, 100_000), (1.0, WHOLE)] {
            assert_eq!(Share::of(ratio).unwrap().0, millionths);
        }
        for wrong in [-0.1, 1.1, f64::NAN, f64::INFINITY] {
            assert_eq!(Share::of(wrong), None);
        }
    }
}
