//! Signature, components, version, public ID: where each part begins and ends.

use std::borrow::Cow;

use smallvec::SmallVec;

use super::{Anatomy, Options, component, fault, head, span_in};
use crate::ast::{AssetType, DeliveryType, Form, Head, RawPath, Signature, Span, Version};
use crate::error::{ErrorKind, Parsed};
use crate::params::is_format;
use crate::text::{UrlText, cut_last};

/// The segments of a path and how many of them are read.
pub(super) struct Walk<'a> {
    path: &'a str,
    segments: SmallVec<[&'a str; 16]>,
    pub(super) at: usize,
}

impl<'a> Walk<'a> {
    pub(super) fn rest(&self) -> &[&'a str] {
        self.segments.get(self.at..).unwrap_or(&[])
    }

    pub(super) fn peek(&self, ahead: usize) -> Option<&'a str> {
        self.segments.get(self.at + ahead).copied()
    }

    pub(super) fn span(&self, slice: &str) -> Span {
        span_in(self.path, slice)
    }

    /// The place where something is missing: the end of the path.
    pub(super) fn end(&self) -> Span {
        self.span(self.path.get(self.path.len()..).unwrap_or(""))
    }
}

pub(super) fn split<'a>(text: &'a UrlText<'a>, options: &Options<'a>) -> Parsed<Anatomy<'a>> {
    let path = text.path();
    let mut walk = Walk {
        path,
        segments: segments(path),
        at: 0,
    };
    for expected in options
        .prefix
        .split('/')
        .filter(|segment| !segment.is_empty())
    {
        if walk.peek(0) != Some(expected) {
            return fault(
                ErrorKind::WrongPrefix,
                text.whole_path_span(),
                "",
                "the path does not begin with the prefix",
            );
        }
        walk.at += 1;
    }
    let (cloud_name, cloud_in_path) = head::cloud(&mut walk, text, options)?;
    let (asset_type, delivery_type, form) = match options.types {
        Some((asset, delivery)) => (asset, delivery, Form::Given),
        None => head::types(&mut walk)?,
    };
    let signature = signature(&mut walk);
    let mut components = SmallVec::new();
    let mut version = None;
    while let [segment, _, ..] = *walk.rest() {
        if delivery_type.takes_url() && is_url_start(segment) {
            break;
        }
        if is_version(segment) {
            let number = segment
                .get(1..)
                .and_then(|digits| digits.parse().ok())
                .unwrap_or(u64::MAX);
            version = Some(Version {
                number,
                text: segment,
                span: walk.span(segment),
            });
            walk.at += 1;
            break;
        }
        if !component::looks_like_one(segment) {
            break;
        }
        components.push(segment);
        walk.at += 1;
    }
    let token = text.query.and_then(|query| {
        query
            .split('&')
            .find_map(|item| item.strip_prefix("__cld_token__="))
            .filter(|token| !token.is_empty())
    });
    let mut head = Head {
        scheme: text.scheme,
        host: text.host,
        cloud_name,
        cloud_in_path,
        asset_type,
        delivery_type,
        form,
        signature,
        version,
        seo_suffix: None,
        query: text.query,
        token,
    };
    let asset = asset(&mut walk, &mut head)?;
    Ok(Anatomy {
        head,
        components,
        asset,
    })
}

/// The segments of a path that are not empty.
fn segments(path: &str) -> SmallVec<[&str; 16]> {
    let mut segments = SmallVec::new();
    let mut start = 0;
    let ends = path
        .bytes()
        .enumerate()
        .filter(|&(_, byte)| byte == b'/')
        .map(|(at, _)| at);
    for end in ends.chain([path.len()]) {
        if let Some(segment) = path.get(start..end)
            && end > start
        {
            segments.push(segment);
        }
        start = end + 1;
    }
    segments
}

/// `s--` 8 or 32 characters `--`. Other lengths are taken too, as signatures that no check will accept.
fn signature<'a>(walk: &mut Walk<'a>) -> Option<Signature<'a>> {
    let [segment, _, ..] = *walk.rest() else {
        return None;
    };
    let text = segment.strip_prefix("s--")?.strip_suffix("--")?;
    let proper = text
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    if text.is_empty() || !proper {
        return None;
    }
    walk.at += 1;
    Some(Signature {
        text,
        span: walk.span(segment),
    })
}

pub(super) fn is_version(segment: &str) -> bool {
    segment.strip_prefix('v').is_some_and(|digits| {
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// `http:`, `https:`, `ftp:`
fn is_url_start(segment: &str) -> bool {
    ["http:", "https:", "ftp:"]
        .iter()
        .any(|scheme| segment.eq_ignore_ascii_case(scheme))
}

/// What is left: the public ID with extension and suffix, or the remote.
fn asset<'a>(walk: &mut Walk<'a>, head: &mut Head<'a>) -> Parsed<RawPath<'a>> {
    let Some((first, last)) = walk.peek(0).zip(walk.rest().last().copied()) else {
        return fault(
            ErrorKind::MissingPublicId,
            walk.end(),
            "",
            "a public ID is missing",
        );
    };
    let from = walk.span(first).start;
    if head.delivery_type == DeliveryType::Fetch
        || (head.delivery_type.takes_url() && is_url_start(first))
    {
        let tail = walk.path.get(from as usize..).unwrap_or("");
        let span = walk.span(tail);
        let url = with_query(whole_url(tail), head.query);
        return Ok(match head.delivery_type {
            DeliveryType::Fetch => RawPath {
                public_id: Cow::Borrowed(""),
                extension: None,
                remote: Some(url),
                text: tail,
                span,
            },
            _ => RawPath {
                public_id: url,
                extension: None,
                remote: None,
                text: tail,
                span,
            },
        });
    }
    let mut id_end = walk.span(last).end;
    let mut last = last;
    let mut extension = None;
    if head.asset_type != AssetType::Raw
        && let Some((name, after)) = cut_last(last, b'.')
        && !name.is_empty()
        && is_format(after)
    {
        extension = Some(after);
        last = name;
    }
    let mut count = walk.rest().len();
    if head.form == Form::Seo && count > 1 {
        head.seo_suffix = Some(last);
        count -= 1;
        last = walk.peek(count - 1).unwrap_or("");
        id_end = walk.span(last).end;
    }
    let span = Span {
        start: from,
        end: id_end,
    };
    let to = walk.span(last).end;
    let joined = walk.path.get(from as usize..to as usize).unwrap_or("");
    let public_id = if joined.as_bytes().windows(2).any(|pair| pair == b"//") {
        let segments = walk
            .rest()
            .iter()
            .take(count.saturating_sub(1))
            .copied()
            .chain([last]);
        Cow::Owned(segments.collect::<Vec<_>>().join("/"))
    } else {
        Cow::Borrowed(joined)
    };
    Ok(RawPath {
        public_id,
        extension,
        remote: None,
        text: walk.path.get(from as usize..id_end as usize).unwrap_or(""),
        span,
    })
}

/// Gives back the second slash that proxies take away: `https:/host` for `https://host`.
fn whole_url(tail: &str) -> Cow<'_, str> {
    match tail.split_once(":/") {
        Some((scheme, rest))
            if !rest.starts_with('/')
                && ["http", "https", "ftp"]
                    .iter()
                    .any(|known| scheme.eq_ignore_ascii_case(known)) =>
        {
            Cow::Owned(format!("{scheme}://{rest}"))
        }
        _ => Cow::Borrowed(tail),
    }
}

/// An unescaped query belongs to the remote, but for what SDKs and tokens add.
fn with_query<'a>(url: Cow<'a, str>, query: Option<&str>) -> Cow<'a, str> {
    let own = |item: &&str| {
        !item.is_empty() && !matches!(item.split('=').next(), Some("_a" | "__cld_token__"))
    };
    let mut items = query
        .into_iter()
        .flat_map(|query| query.split('&'))
        .filter(own)
        .peekable();
    if items.peek().is_none() {
        return url;
    }
    let mut url = url.into_owned();
    let mut separator = if url.contains('?') { '&' } else { '?' };
    for item in items {
        url.push(separator);
        url.push_str(item);
        separator = '&';
    }
    Cow::Owned(url)
}
