//! The URL as text: cut into scheme, host, path and query, the path percent-decoded once.

use std::borrow::Cow;
use std::ops::Range;

use crate::ast::Span;

/// A URL and its decoded path. The tree borrows from it.
#[derive(Debug, Clone)]
pub struct UrlText<'u> {
    raw: &'u str,
    pub(crate) scheme: Option<&'u str>,
    pub(crate) host: Option<&'u str>,
    path_start: usize,
    pub(crate) raw_path: &'u str,
    pub(crate) query: Option<&'u str>,
    decoded: Cow<'u, str>,
    latin1: bool,
}

impl<'u> UrlText<'u> {
    /// Takes a full URL, a `//host/path` or a path, with or without a query, and decodes the path.
    ///
    /// Costs one allocation where the path has a percent sign, none where it has not. Nothing is refused here: length
    /// and content are checked when it is [parsed](crate::parse).
    #[must_use]
    pub fn new(raw: &'u str) -> Self {
        // Byte searches: this runs for every request, and general pattern searches cost more than all the rest.
        let colon = raw.bytes().position(|byte| byte == b':').unwrap_or(0);
        let (scheme, after) = match raw.split_at_checked(colon) {
            Some((scheme, rest)) if rest.starts_with("://") && is_scheme(scheme) => {
                (Some(scheme), rest.get(3..))
            }
            _ => (None, raw.strip_prefix("//").or_else(|| bare_host(raw))),
        };
        let (host, rest) = match after {
            Some(after) => {
                let end = after
                    .bytes()
                    .position(|byte| matches!(byte, b'/' | b'?' | b'#'))
                    .unwrap_or(after.len());
                after
                    .split_at_checked(end)
                    .map_or((None, raw), |(host, rest)| (Some(host), rest))
            }
            None => (None, raw),
        };
        let path_start = raw.len() - rest.len();
        // Searches for one byte run many at a time, and most URLs have neither a query nor a fragment.
        let bytes = rest.as_bytes();
        let (path, query) = match bytes.contains(&b'?').then(|| cut(rest, b'?')).flatten() {
            Some((path, query)) => (path, Some(query)),
            None => (rest, None),
        };
        let raw_path = if bytes.contains(&b'#') {
            without_fragment(path)
        } else {
            path
        };
        let query = query.map(|query| query.split_once('#').map_or(query, |(query, _)| query));
        let (decoded, latin1) = decode_path(raw_path);
        Self {
            raw,
            scheme,
            host,
            path_start,
            raw_path,
            query,
            decoded,
            latin1,
        }
    }

    /// Takes a chain of components without a URL around it, as named transformations are stored.
    #[must_use]
    pub fn chain(raw: &'u str) -> Self {
        let (decoded, latin1) = decode_path(raw);
        Self {
            raw,
            scheme: None,
            host: None,
            path_start: 0,
            raw_path: raw,
            query: None,
            decoded,
            latin1,
        }
    }

    /// The URL as given.
    #[must_use]
    pub fn raw(&self) -> &'u str {
        self.raw
    }

    /// The path as it was sent, without query and fragment.
    #[must_use]
    pub fn raw_path(&self) -> &'u str {
        self.raw_path
    }

    /// The path, decoded once; spans of the tree lie in it.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.decoded
    }

    /// Where a span of the decoded path lies in the URL as given.
    #[must_use]
    pub fn raw_span(&self, span: Span) -> Range<usize> {
        let (start, end) = (span.start as usize, span.end as usize);
        if matches!(self.decoded, Cow::Borrowed(_)) {
            return self.path_start + start..self.path_start + end;
        }
        let bytes = self.raw_path.as_bytes();
        let (mut at, mut decoded) = (0, 0);
        let (mut from, mut to) = (bytes.len(), bytes.len());
        while at <= bytes.len() {
            if decoded <= start {
                from = at;
            }
            if decoded >= end {
                to = at;
                break;
            }
            let Some(&byte) = bytes.get(at) else { break };
            let escaped = if byte == b'%' {
                hex_pair(bytes.get(at + 1..))
            } else {
                None
            };
            at += if escaped.is_some() { 3 } else { 1 };
            decoded += if self.latin1 && escaped.unwrap_or(byte) >= 0x80 {
                2
            } else {
                1
            };
        }
        self.path_start + from..self.path_start + to.max(from)
    }

    /// The bytes of the URL as given that a span of the decoded path stands for: what signatures are checked on.
    #[must_use]
    pub fn raw_slice(&self, span: Span) -> &'u str {
        self.raw.get(self.raw_span(span)).unwrap_or("")
    }

    /// The whole decoded path.
    pub(crate) fn whole_path_span(&self) -> Span {
        Span {
            start: 0,
            end: offset(self.decoded.len()),
        }
    }
}

/// A fragment is for browsers and never sent; a `#` in an earlier segment is somebody's unescaped text.
fn without_fragment(path: &str) -> &str {
    let last = path.rfind('/').map_or(0, |at| at + 1);
    let fragment = path.get(last..).and_then(|tail| tail.find('#'));
    fragment
        .and_then(|at| path.get(..last + at))
        .unwrap_or(path)
}

/// What stands before and after the first `mark`, which is ASCII. For short texts this is several times as fast as the
/// general search of the standard library.
pub(crate) fn cut(text: &str, mark: u8) -> Option<(&str, &str)> {
    let at = text.bytes().position(|byte| byte == mark)?;
    Some((text.get(..at)?, text.get(at + 1..)?))
}

/// As [`cut`], at the last `mark`.
pub(crate) fn cut_last(text: &str, mark: u8) -> Option<(&str, &str)> {
    let at = text.bytes().rposition(|byte| byte == mark)?;
    Some((text.get(..at)?, text.get(at + 1..)?))
}

pub(crate) fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.len() <= 16
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
}

/// A host of the service's own written without scheme and slashes.
fn bare_host(raw: &str) -> Option<&str> {
    let end = raw.find('/')?;
    raw.get(..end)
        .is_some_and(|host| host.ends_with(".cloudinary.com"))
        .then_some(raw)
}

fn hex_pair(bytes: Option<&[u8]>) -> Option<u8> {
    let [high, low, ..] = *bytes? else {
        return None;
    };
    let digit = |byte: u8| {
        char::from(byte)
            .to_digit(16)
            .and_then(|digit| u8::try_from(digit).ok())
    };
    Some(digit(high)? << 4 | digit(low)?)
}

fn decode_bytes(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match if byte == b'%' {
            hex_pair(bytes.get(at + 1..))
        } else {
            None
        } {
            Some(decoded) => {
                out.push(decoded);
                at += 3;
            }
            None => {
                out.push(byte);
                at += 1;
            }
        }
    }
    out
}

/// Decodes once. Bytes that are no UTF-8 are read as Latin-1, all of them: old clients escape so.
fn decode_path(path: &str) -> (Cow<'_, str>, bool) {
    if !path.as_bytes().contains(&b'%') {
        return (Cow::Borrowed(path), false);
    }
    match String::from_utf8(decode_bytes(path)) {
        Ok(decoded) => (Cow::Owned(decoded), false),
        Err(error) => (
            Cow::Owned(
                error
                    .as_bytes()
                    .iter()
                    .map(|&byte| char::from(byte))
                    .collect(),
            ),
            true,
        ),
    }
}

/// Free text as it is used: decoded a second time. It may hold percent signs of its own, and where the result is no
/// UTF-8 the text stays as it is.
#[must_use]
pub fn decode_again(text: &str) -> Cow<'_, str> {
    if !text.as_bytes().contains(&b'%') {
        return Cow::Borrowed(text);
    }
    String::from_utf8(decode_bytes(text)).map_or(Cow::Borrowed(text), Cow::Owned)
}
