//! One span: open while what it tells of goes on, handed to the tracer when it is dropped.

#![allow(
    clippy::disallowed_methods,
    reason = "a span says when something began and ended"
)]

use std::borrow::Cow;
use std::future::Future;
use std::time::{Duration, Instant, SystemTime};

use smallvec::SmallVec;

use super::{Context, SpanId, TraceId, within};

/// A value of an attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A text.
    Text(Cow<'static, str>),
    /// A number.
    Number(i64),
    /// Yes or no.
    Flag(bool),
    /// Texts in an order.
    List(Vec<Cow<'static, str>>),
}

impl From<&'static str> for Value {
    fn from(text: &'static str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self::Number(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

/// Whose work a span tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Ours alone.
    Internal,
    /// An answer to a request from outside.
    Server,
    /// A request to somebody else.
    Client,
}

/// A finished span.
#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    /// Its trace.
    pub trace: TraceId,
    /// Its own name in the trace.
    pub id: SpanId,
    /// What it is a part of; `None`: the trace begins with it.
    pub parent: Option<SpanId>,
    /// `tracestate` of its trace.
    pub state: Option<std::sync::Arc<str>>,
    /// What was done.
    pub name: &'static str,
    /// Whose work it was.
    pub kind: Kind,
    /// When it began.
    pub start: SystemTime,
    /// When it ended, not before it began.
    pub end: SystemTime,
    /// What is known of it. Nothing in here is a secret.
    pub attributes: SmallVec<[(&'static str, Value); 8]>,
    /// It failed, through a fault of ours or of those we ask.
    pub failed: bool,
}

/// A span that goes on; it ends when it is dropped.
#[derive(Debug)]
pub struct Open {
    /// Where its children are put.
    context: Option<Context>,
    /// What will be handed over; `None` where nobody records.
    record: Option<Box<Record>>,
}

#[derive(Debug)]
struct Record {
    began: Instant,
    span: Span,
}

/// Now.
pub(super) fn clock() -> Instant {
    Instant::now()
}

impl Open {
    /// Nobody asks for it.
    pub(super) const fn nothing() -> Self {
        Self {
            context: None,
            record: None,
        }
    }

    /// Not recorded, but other services are told of the trace.
    pub(super) const fn unrecorded(context: Context) -> Self {
        Self {
            context: Some(context),
            record: None,
        }
    }

    pub(super) fn begin(
        context: Context,
        parent: Option<SpanId>,
        name: &'static str,
        kind: Kind,
        began: Instant,
    ) -> Self {
        if !context.sampled {
            return Self::unrecorded(context);
        }
        let now = SystemTime::now();
        let start = now.checked_sub(began.elapsed()).unwrap_or(now);
        let span = Span {
            trace: context.trace,
            id: context.span,
            parent,
            state: context.state.clone(),
            name,
            kind,
            start,
            end: start,
            attributes: SmallVec::new(),
            failed: false,
        };
        Self {
            context: Some(context),
            record: Some(Box::new(Record { began, span })),
        }
    }

    /// Whether it is worth finding out what is known of it.
    #[must_use]
    pub const fn is_recorded(&self) -> bool {
        self.record.is_some()
    }

    /// Its place in the trace, for work that another task or thread does.
    #[must_use]
    pub fn context(&self) -> Option<Context> {
        self.context.clone()
    }

    /// Notes what is known. No secrets.
    pub fn set(&mut self, key: &'static str, value: impl Into<Value>) {
        if let Some(record) = &mut self.record {
            record.span.attributes.push((key, value.into()));
        }
    }

    /// Another name, where what was done is known only at its end.
    pub fn rename(&mut self, name: &'static str) {
        if let Some(record) = &mut self.record {
            record.span.name = name;
        }
    }

    /// Notes that it failed.
    pub fn fail(&mut self) {
        if let Some(record) = &mut self.record {
            record.span.failed = true;
        }
    }

    /// Ends it without a trace: there was nothing to tell.
    pub fn discard(mut self) {
        self.record = None;
    }

    /// Does work as a part of it.
    pub async fn within<F: Future>(&self, work: F) -> F::Output {
        within(self.context.clone(), work).await
    }

    /// Parts of it that have ended, one after the other and the last of them now.
    pub fn parts(&self, parts: &[(&'static str, Duration)]) {
        let (Some(context), Some(_)) = (&self.context, &self.record) else {
            return;
        };
        let mut end = SystemTime::now();
        for (name, took) in parts.iter().rev() {
            let start = end.checked_sub(*took).unwrap_or(end);
            context.tracer.finished(Span {
                trace: context.trace,
                id: SpanId::random(),
                parent: Some(context.span),
                state: context.state.clone(),
                name,
                kind: Kind::Internal,
                start,
                end,
                attributes: SmallVec::new(),
                failed: false,
            });
            end = start;
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        if let (Some(context), Some(record)) = (&self.context, self.record.take()) {
            let Record { began, mut span } = *record;
            // By the steady clock, so that no span ends before it began.
            span.end = span.start + began.elapsed();
            context.tracer.finished(span);
        }
    }
}
