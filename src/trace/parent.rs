//! W3C Trace Context: the trace that a caller's request is part of, and how it is told to others.

use std::fmt;
use std::sync::Arc;

/// Longest `tracestate` that is passed on, in bytes; a longer one is left out.
const MAX_STATE: usize = 512;

/// Names a trace; never 0.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TraceId(u128);

/// Names a span within its trace; never 0.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SpanId(u64);

impl TraceId {
    /// One that nobody else has, for practical purposes. No secret depends on it.
    pub(super) fn random() -> Self {
        Self(fastrand::u128(1..))
    }
}

impl SpanId {
    /// As [`TraceId::random`].
    pub(super) fn random() -> Self {
        Self(fastrand::u64(1..))
    }
}

impl fmt::Display for TraceId {
    /// 32 hex digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Display for SpanId {
    /// 16 hex digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The caller's span.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parent {
    /// Its trace.
    pub trace: TraceId,
    /// The span itself.
    pub span: SpanId,
    /// Whether the caller records it.
    pub sampled: bool,
    /// `tracestate`, passed on as it is.
    pub state: Option<Arc<str>>,
}

impl Parent {
    /// Reads `traceparent` with its `tracestate`. `None` for what is no such header: the request then begins a trace of its own.
    #[must_use]
    pub fn read(traceparent: &str, state: Option<&str>) -> Option<Self> {
        let mut parts = traceparent.trim().split('-');
        let (version, trace, span, flags) =
            (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let version = hex(version, 2)?;
        // Later versions may add parts behind these four; this one has none, and 255 will never be one.
        if version == 255 || (version == 0 && parts.next().is_some()) {
            return None;
        }
        let (trace, span) = (hex(trace, 32)?, hex(span, 16)?);
        let span = u64::try_from(span).ok()?;
        (trace != 0 && span != 0).then_some(Self {
            trace: TraceId(trace),
            span: SpanId(span),
            sampled: hex(flags, 2)? & 1 == 1,
            state: state
                .map(str::trim)
                .filter(|state| (1..=MAX_STATE).contains(&state.len()))
                .map(Into::into),
        })
    }
}

/// A number of exactly so many hex digits in small letters, as the header has them.
fn hex(text: &str, digits: usize) -> Option<u128> {
    let sound = text.len() == digits
        && text
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    sound.then(|| u128::from_str_radix(text, 16).ok()).flatten()
}

/// `traceparent` of a span.
pub(super) fn print(trace: TraceId, span: SpanId, sampled: bool) -> String {
    format!("00-{trace}-{span}-{:02x}", u8::from(sampled))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    const SPAN: &str = "00f067aa0ba902b7";

    #[test]
    fn what_a_caller_sends_is_read_and_printed_alike() {
        for flags in ["00", "01"] {
            let text = format!("00-{TRACE}-{SPAN}-{flags}");
            let parent = Parent::read(&text, None).unwrap();
            assert_eq!(parent.sampled, flags == "01");
            assert_eq!(print(parent.trace, parent.span, parent.sampled), text);
        }
        // Flags that are not known yet mean nothing here.
        let parent = Parent::read(&format!("00-{TRACE}-{SPAN}-fe"), None).unwrap();
        assert!(!parent.sampled);
        let later = format!("cc-{TRACE}-{SPAN}-01-what-the-future-brings");
        assert!(Parent::read(&later, None).unwrap().sampled);
    }

    #[test]
    fn what_is_no_parent_begins_a_trace() {
        let zero = "0".repeat(32);
        for text in [
            String::new(),
            "00".to_owned(),
            format!("00-{TRACE}-{SPAN}"),
            format!("00-{TRACE}-{SPAN}-01-more"),
            format!("ff-{TRACE}-{SPAN}-01"),
            format!("00-{zero}-{SPAN}-01"),
            format!("00-{TRACE}-0000000000000000-01"),
            format!("00-{}-{SPAN}-01", TRACE.to_uppercase()),
            format!("00-{TRACE}-{SPAN}-1"),
            format!("00-{TRACE}0-{SPAN}-01"),
            format!("0x-{TRACE}-{SPAN}-01"),
            format!("00-+{}-{SPAN}-01", &TRACE[1..]),
            "é".repeat(40),
        ] {
            assert_eq!(Parent::read(&text, None), None, "{text}");
        }
    }

    #[test]
    fn the_state_is_bounded() {
        let read = |state: &str| {
            let text = format!("00-{TRACE}-{SPAN}-01");
            Parent::read(&text, Some(state)).unwrap().state
        };
        assert_eq!(read("a=1,b=2").as_deref(), Some("a=1,b=2"));
        assert_eq!(read(""), None);
        assert_eq!(read(&"x".repeat(MAX_STATE + 1)), None);
    }
}
