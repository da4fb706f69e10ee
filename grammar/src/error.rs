//! What is wrong with a URL, where, and what was probably meant.

use std::fmt;
use std::ops::Range;

use crate::params::ParamKey;

/// Why a URL is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The URL has more bytes than allowed.
    UrlTooLong,
    /// The chain has more components than allowed.
    TooManyComponents,
    /// A component has more parameters than allowed.
    TooManyParams,
    /// Layers and conditions are nested deeper than allowed.
    TooDeep,
    /// An expression has more operators than allowed.
    ExpressionTooLong,
    /// The path is none of the forms of a delivery URL.
    NotDeliveryUrl,
    /// A shared host needs the cloud name as the first segment.
    MissingCloudName,
    /// The path does not begin with the prefix that was asked for.
    WrongPrefix,
    /// `imagee/upload`: no such asset type.
    UnknownAssetType,
    /// `image/uplod`: no such delivery type.
    UnknownDeliveryType,
    /// Nothing is left for the public ID.
    MissingPublicId,
    /// A control character in the path.
    ControlCharacter,
    /// A piece of a component that is no known key with a value.
    UnknownParam,
    /// A value that its key does not take.
    InvalidValue,
    /// `e_` with a name that no effect has.
    UnknownEffect,
    /// An effect's argument of the wrong kind.
    InvalidArgument,
    /// An expression that cannot be read.
    InvalidExpression,
    /// A `$` without a proper name.
    InvalidVariable,
    /// A layer that names no source.
    InvalidLayer,
    /// `fl_layer_apply` without a layer before it.
    ApplyWithoutLayer,
    /// `if_else` without a condition before it.
    ElseWithoutIf,
}

/// A URL that cannot be read: the place, the reason, and a hint where one is known.
///
/// `Display` prints one line of reason; with `{:#}` the URL follows with a caret under the place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxError {
    inner: Box<Inner>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Inner {
    kind: ErrorKind,
    span: Range<usize>,
    key: Option<ParamKey>,
    found: String,
    expected: &'static str,
    hint: Option<String>,
    url: String,
}

impl SyntaxError {
    pub(crate) fn new(fault: Fault, span: Range<usize>, url: &str) -> Self {
        let Fault {
            kind,
            key,
            found,
            expected,
            hint,
            ..
        } = fault;
        Self {
            inner: Box::new(Inner {
                kind,
                span,
                key,
                found,
                expected,
                hint,
                url: url.to_owned(),
            }),
        }
    }

    /// The kind of mistake.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.inner.kind
    }

    /// The place, in bytes of the URL as given.
    #[must_use]
    pub fn span(&self) -> Range<usize> {
        self.inner.span.clone()
    }

    /// The parameter whose value is wrong; its [`long_name`](ParamKey::long_name) is the one vendor messages use.
    #[must_use]
    pub fn key(&self) -> Option<ParamKey> {
        self.inner.key
    }

    /// What stands there, percent-decoded: the value without its key for [`ErrorKind::InvalidValue`].
    #[must_use]
    pub fn found(&self) -> &str {
        &self.inner.found
    }

    /// What should stand there.
    #[must_use]
    pub fn expected(&self) -> &'static str {
        self.inner.expected
    }

    /// What was probably meant, as a question or advice.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        self.inner.hint.as_deref()
    }

    /// The reason in one line, without the hint.
    #[must_use]
    pub fn message(&self) -> String {
        let Inner {
            kind,
            key,
            found,
            expected,
            ..
        } = &*self.inner;
        let found: String = found
            .chars()
            .take(80)
            .map(|c| if c.is_control() { '\u{fffd}' } else { c })
            .collect();
        let quoted = if found.is_empty() {
            String::new()
        } else {
            format!(" `{found}`")
        };
        match (kind, key) {
            (ErrorKind::UnknownEffect, _) => format!("unknown effect{quoted}"),
            (kind, Some(key)) if kind.expects() => {
                format!(
                    "invalid {}{quoted}: expected {expected}",
                    key.long_name().replace('_', " ")
                )
            }
            (kind, None) if kind.expects() => format!("found{quoted}, expected {expected}"),
            _ if found.is_empty() => (*expected).to_owned(),
            _ => format!("`{found}`: {expected}"),
        }
    }

    /// The URL as given.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.inner.url
    }

    /// The URL around the place, and a line with carets under it. Long URLs are cut on both sides.
    #[must_use]
    pub fn caret(&self) -> String {
        const BEFORE: usize = 60;
        const AFTER: usize = 40;
        let url = self.url();
        let start = floor_char(url, self.inner.span.start);
        let end = floor_char(url, self.inner.span.end).max(start);
        let from = floor_char(url, start.saturating_sub(BEFORE));
        let to = floor_char(
            url,
            end.min(start.saturating_add(BEFORE)).saturating_add(AFTER),
        );
        let cut = |range: Range<usize>| -> String {
            let text = url.get(range).unwrap_or("");
            text.chars()
                .map(|c| if c.is_control() { '\u{fffd}' } else { c })
                .collect()
        };
        let lead = if from > 0 { "…" } else { "" };
        let tail = if to < url.len() { "…" } else { "" };
        let pad = lead.chars().count() + cut(from..start).chars().count();
        let width = cut(start..end.min(to)).chars().count().max(1);
        format!(
            "{lead}{}{tail}\n{}{}",
            cut(from..to),
            " ".repeat(pad),
            "^".repeat(width)
        )
    }
}

fn floor_char(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

impl ErrorKind {
    /// Whether [`SyntaxError::expected`] names what should stand there, instead of telling what is wrong.
    fn expects(self) -> bool {
        matches!(
            self,
            Self::UnknownAssetType
                | Self::UnknownDeliveryType
                | Self::InvalidValue
                | Self::InvalidArgument
                | Self::InvalidExpression
                | Self::InvalidLayer
        )
    }
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message())?;
        if let Some(hint) = self.hint() {
            write!(f, "; {hint}")?;
        }
        if f.alternate() {
            write!(f, "\n{}", self.caret())?;
        }
        Ok(())
    }
}

impl std::error::Error for SyntaxError {}

/// A mistake found while reading, before it is tied to the URL.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) kind: ErrorKind,
    pub(crate) at: crate::ast::Span,
    pub(crate) key: Option<ParamKey>,
    pub(crate) found: String,
    pub(crate) expected: &'static str,
    pub(crate) hint: Option<String>,
}

/// What the productions return: boxed, since faults are rare and results are moved often.
pub(crate) type Parsed<T> = Result<T, Box<Fault>>;
