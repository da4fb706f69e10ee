//! The productions of a delivery URL, in the order of `cloudinary.abnf`: the anatomy first, then its components.

mod anatomy;
mod component;
mod scope;

use smallvec::SmallVec;

use crate::ast::{AssetType, Component, DeliveryType, DeliveryUrl, Head, RawPath, Span};
use crate::error::{ErrorKind, Fault, Parsed, SyntaxError};
use crate::text::{UrlText, offset};

/// Where the path carries the cloud name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum HeadRule<'o> {
    /// Told from the host's form: shared hosts carry it in the path, `<cloud>-res.cloudinary.com` in the host; for
    /// other hosts and bare paths the segments decide.
    #[default]
    Guess,
    /// It is the first segment.
    FromPath,
    /// The path has none.
    Absent,
    /// It is this one. The path has none, or begins with just this.
    Fixed(&'o str),
}

/// What bounds the work that one URL can cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the URL as given; [`Limits::HARD_URL_BYTES`] holds whatever is set here.
    pub url_bytes: usize,
    /// Components of the chain.
    pub components: usize,
    /// Parameters of one component.
    pub params: usize,
    /// Layers and conditions inside each other.
    pub nesting: usize,
    /// Operators of one expression.
    pub operators: usize,
}

impl Limits {
    /// The longest URL that can be read at all.
    pub const HARD_URL_BYTES: usize = 64 * 1024;
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            url_bytes: 8192,
            components: 256,
            params: 256,
            nesting: 32,
            operators: 128,
        }
    }
}

/// How a URL shall be read.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options<'o> {
    /// A path that the decoded path must begin with and that is no part of the URL's language, such as `/cdn`.
    pub prefix: &'o str,
    /// Where the cloud name is, after the prefix.
    pub head: HeadRule<'o>,
    /// Asset and delivery type, where prefix and head already say them: the path then goes on after them.
    pub types: Option<(AssetType, DeliveryType)>,
    /// What is too much.
    pub limits: Limits,
}

/// A URL in its parts, the components not yet read.
#[derive(Debug, Clone, PartialEq)]
pub struct Anatomy<'a> {
    /// Everything around the chain.
    pub head: Head<'a>,
    /// The components as written, decoded once.
    pub components: SmallVec<[&'a str; 8]>,
    /// The asset asked for.
    pub asset: RawPath<'a>,
}

/// Cuts a URL into its parts without reading its components: what can be said of a URL even when a value in it is wrong.
///
/// # Errors
/// Where the path is no delivery URL, or the URL is too long.
pub fn split<'a>(text: &'a UrlText<'a>, options: &Options<'a>) -> Result<Anatomy<'a>, SyntaxError> {
    guard(text, &options.limits)
        .and_then(|()| anatomy::split(text, options))
        .map_err(|fault| located(*fault, text))
}

/// Reads a delivery URL.
///
/// # Errors
/// The first thing that the service would refuse too, with its place. See [`ErrorKind`].
pub fn parse<'a>(
    text: &'a UrlText<'a>,
    options: &Options<'a>,
) -> Result<DeliveryUrl<'a>, SyntaxError> {
    let read = || -> Parsed<DeliveryUrl<'a>> {
        guard(text, &options.limits)?;
        let Anatomy {
            head,
            components,
            asset,
        } = anatomy::split(text, options)?;
        let chain = chain(text.path(), &components, &options.limits)?;
        Ok(DeliveryUrl { head, chain, asset })
    };
    read().map_err(|fault| located(*fault, text))
}

/// A stored transformation: a chain without a URL around it.
#[derive(Debug, Clone, PartialEq)]
pub struct Chain<'a> {
    /// Its components.
    pub components: Vec<Component<'a>>,
    /// A format name after the last slash, which sets the format.
    pub extension: Option<&'a str>,
}

/// Reads a chain by itself, as named transformations are stored. Take the text from [`UrlText::chain`].
///
/// # Errors
/// As for [`parse`]; every segment must be a component, but for a format name at the end.
pub fn parse_chain<'a>(text: &'a UrlText<'a>, limits: &Limits) -> Result<Chain<'a>, SyntaxError> {
    let read = || -> Parsed<Chain<'a>> {
        guard(text, limits)?;
        let path: &'a str = text.path();
        let mut segments: SmallVec<[&'a str; 8]> = path
            .split('/')
            .filter(|segment| !segment.is_empty())
            .collect();
        let extension = segments
            .last()
            .copied()
            .filter(|last| crate::params::is_format(last));
        if extension.is_some() {
            segments.pop();
        }
        Ok(Chain {
            components: chain(path, &segments, limits)?,
            extension,
        })
    };
    read().map_err(|fault| located(*fault, text))
}

fn chain<'a>(path: &'a str, segments: &[&'a str], limits: &Limits) -> Parsed<Vec<Component<'a>>> {
    if let Some(first) = segments.get(limits.components) {
        return fault(
            ErrorKind::TooManyComponents,
            span_in(path, first),
            "",
            "more components than allowed",
        );
    }
    let mut chain = Vec::with_capacity(segments.len());
    for &segment in segments {
        chain.push(component::read(path, segment, limits)?);
    }
    scope::link(&mut chain, limits)?;
    Ok(chain)
}

fn guard(text: &UrlText<'_>, limits: &Limits) -> Parsed<()> {
    let whole = text.whole_path_span();
    if text.raw().len() > limits.url_bytes.min(Limits::HARD_URL_BYTES) {
        return fault(
            ErrorKind::UrlTooLong,
            Span { start: 0, end: 0 },
            "",
            "the URL has more bytes than allowed",
        );
    }
    match text.path().bytes().position(|byte| byte == 0) {
        Some(at) => {
            let at = Span {
                start: offset(at),
                end: offset(at + 1).min(whole.end),
            };
            fault(
                ErrorKind::ControlCharacter,
                at,
                "",
                "a zero byte cannot be part of a path",
            )
        }
        None => Ok(()),
    }
}

fn fault<T>(kind: ErrorKind, at: Span, found: &str, expected: &'static str) -> Parsed<T> {
    Err(Box::new(Fault {
        kind,
        at,
        key: None,
        found: found.to_owned(),
        expected,
        hint: None,
    }))
}

fn located(fault: Fault, text: &UrlText<'_>) -> SyntaxError {
    let span = text.raw_span(fault.at);
    SyntaxError::new(fault, span, text.raw())
}

/// Where a slice of the path lies in it. Only called with slices of the path.
fn span_in(path: &str, slice: &str) -> Span {
    let start = (slice.as_ptr() as usize)
        .saturating_sub(path.as_ptr() as usize)
        .min(path.len());
    let end = start.saturating_add(slice.len()).min(path.len());
    Span {
        start: offset(start),
        end: offset(end),
    }
}
