//! Host, cloud name, types, signature, version, public ID: where each part begins and ends.

use std::borrow::Cow;

use smallvec::SmallVec;

use super::{Anatomy, HeadRule, Options, component, fault, span_in};
use crate::ast::{AssetType, DeliveryType, Form, Head, RawPath, Signature, Span, Version};
use crate::error::{ErrorKind, Fault, Parsed};
use crate::params::{is_format, nearest};
use crate::text::UrlText;

/// The words that stand for both types, an ID and a caption.
const SEO: &[(&str, AssetType, DeliveryType)] = &[
    ("images", AssetType::Image, DeliveryType::Upload),
    ("private_images", AssetType::Image, DeliveryType::Private),
    (
        "authenticated_images",
        AssetType::Image,
        DeliveryType::Authenticated,
    ),
    ("videos", AssetType::Video, DeliveryType::Upload),
    ("files", AssetType::Raw, DeliveryType::Upload),
];

/// The segments of a path and how many of them are read.
struct Walk<'a> {
    path: &'a str,
    segments: SmallVec<[&'a str; 16]>,
    at: usize,
}

impl<'a> Walk<'a> {
    fn rest(&self) -> &[&'a str] {
        self.segments.get(self.at..).unwrap_or(&[])
    }

    fn peek(&self, ahead: usize) -> Option<&'a str> {
        self.segments.get(self.at + ahead).copied()
    }

    fn span(&self, slice: &str) -> Span {
        span_in(self.path, slice)
    }

    /// The place where something is missing: the end of the path.
    fn end(&self) -> Span {
        self.span(self.path.get(self.path.len()..).unwrap_or(""))
    }
}

pub(super) fn split<'a>(text: &'a UrlText<'a>, options: &Options<'a>) -> Parsed<Anatomy<'a>> {
    let path = text.path();
    let mut walk = Walk {
        path,
        segments: path
            .split('/')
            .filter(|segment| !segment.is_empty())
            .collect(),
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
    let (cloud_name, cloud_in_path) = cloud(&mut walk, text, options)?;
    let (asset_type, delivery_type, form) = match options.types {
        Some((asset, delivery)) => (asset, delivery, Form::Given),
        None => types(&mut walk)?,
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

/// The cloud name, and whether it was a segment.
fn cloud<'a>(
    walk: &mut Walk<'a>,
    text: &'a UrlText<'a>,
    options: &Options<'a>,
) -> Parsed<(Option<&'a str>, bool)> {
    let rule = match options.head {
        HeadRule::Guess => guess(walk, text, options)?,
        rule => rule,
    };
    match rule {
        HeadRule::Absent | HeadRule::Guess => Ok((None, false)),
        HeadRule::Fixed(name) => {
            let repeated = walk.peek(0) == Some(name) && walk.peek(1).is_some_and(begins_types);
            walk.at += usize::from(repeated);
            Ok((Some(name), repeated))
        }
        HeadRule::FromPath => {
            let Some(first) = walk.peek(0) else {
                return fault(
                    ErrorKind::MissingCloudName,
                    walk.end(),
                    "",
                    "the first segment must be the cloud name",
                );
            };
            if AssetType::from_word(first).is_some()
                && walk
                    .peek(1)
                    .is_some_and(|word| DeliveryType::from_word(word).is_some())
            {
                return Err(Box::new(Fault {
                    kind: ErrorKind::MissingCloudName,
                    at: walk.span(first),
                    key: None,
                    found: first.to_owned(),
                    expected: "the first segment must be the cloud name",
                    hint: Some(format!("put it before `{first}`: /<cloud name>/{first}/…")),
                }));
            }
            walk.at += 1;
            Ok((Some(first), true))
        }
    }
}

fn guess<'a>(
    walk: &Walk<'a>,
    text: &'a UrlText<'a>,
    options: &Options<'a>,
) -> Parsed<HeadRule<'a>> {
    let host = text
        .host
        .map(|host| host.split_once(':').map_or(host, |(name, _)| name));
    match host.map(kind_of_host) {
        Some(HostKind::Shared) => Ok(HeadRule::FromPath),
        Some(HostKind::Private(cloud)) => Ok(HeadRule::Fixed(cloud)),
        other => {
            let begins = |ahead: usize| match (walk.peek(ahead), walk.peek(ahead + 1)) {
                (Some(word), Some(next)) if AssetType::from_word(word).is_some() => {
                    DeliveryType::from_word(next).is_some()
                }
                (Some(word), Some(_)) => begins_types(word),
                _ => false,
            };
            if options.types.is_some() || begins(0) {
                Ok(HeadRule::Absent)
            } else if begins(1) || other.is_none() {
                Ok(HeadRule::FromPath)
            } else if walk
                .peek(0)
                .is_some_and(|first| AssetType::from_word(first).is_some() || starts_root(first))
            {
                // A misspelt delivery type, or the short form of a host of one's own.
                Ok(HeadRule::Absent)
            } else {
                let near = [0, 1]
                    .into_iter()
                    .find_map(|ahead| misspelt_asset(walk, ahead));
                match near {
                    Some(fault) => Err(fault),
                    None => fault(
                        ErrorKind::NotDeliveryUrl,
                        text.whole_path_span(),
                        "",
                        "not a delivery URL: no segments such as image/upload",
                    ),
                }
            }
        }
    }
}

fn starts_root(segment: &str) -> bool {
    component::looks_like_one(segment) || is_version(segment)
}

enum HostKind<'a> {
    /// The cloud name is in the path.
    Shared,
    /// The host is the cloud's own.
    Private(&'a str),
    /// Somebody's host.
    Other,
}

fn kind_of_host(host: &str) -> HostKind<'_> {
    if matches!(
        host,
        "cloudinary-a.akamaihd.net" | "d3jpl91pxevbkh.cloudfront.net"
    ) {
        return HostKind::Shared;
    }
    let Some(name) = host.strip_suffix(".cloudinary.com") else {
        return HostKind::Other;
    };
    // A shard's number says nothing.
    let name = match name.rsplit_once('-') {
        Some((name, shard))
            if !shard.is_empty() && shard.bytes().all(|byte| byte.is_ascii_digit()) =>
        {
            name
        }
        _ => name,
    };
    match name.strip_suffix("-res") {
        Some(cloud) if !cloud.is_empty() => HostKind::Private(cloud),
        _ if name == "res" => HostKind::Shared,
        _ => HostKind::Other,
    }
}

/// Whether a word begins one of the forms of section "types".
fn begins_types(word: &str) -> bool {
    AssetType::from_word(word).is_some() || word == "iu" || SEO.iter().any(|(seo, ..)| *seo == word)
}

/// Asset and delivery type, in whichever form.
fn types(walk: &mut Walk<'_>) -> Parsed<(AssetType, DeliveryType, Form)> {
    let Some(first) = walk.peek(0) else {
        return fault(
            ErrorKind::MissingPublicId,
            walk.end(),
            "",
            "a public ID is missing",
        );
    };
    if let (Some(asset), Some(second)) = (AssetType::from_word(first), walk.peek(1)) {
        return match DeliveryType::from_word(second) {
            Some(delivery) => {
                walk.at += 2;
                Ok((asset, delivery, Form::Typed))
            }
            None => Err(unknown_type(
                walk,
                ErrorKind::UnknownDeliveryType,
                second,
                "a delivery type such as `upload` or `fetch`",
                nearest(second, DeliveryType::ALL.iter().map(|known| known.as_str())),
            )),
        };
    }
    if walk.rest().len() > 1 {
        if let Some(&(_, asset, delivery)) = SEO.iter().find(|(word, ..)| *word == first) {
            walk.at += 1;
            // One guide writes `images/upload/<id>/<suffix>`.
            if walk.peek(0) == Some("upload") && walk.rest().len() > 2 {
                walk.at += 1;
            }
            return Ok((asset, delivery, Form::Seo));
        }
        if first == "iu" {
            walk.at += 1;
            return Ok((AssetType::Image, DeliveryType::Upload, Form::Short));
        }
    }
    match misspelt_asset(walk, 0) {
        Some(fault) => Err(fault),
        None => Ok((AssetType::Image, DeliveryType::Upload, Form::Root)),
    }
}

/// `imgae/upload`: a word near an asset type with a delivery type after it.
fn misspelt_asset(walk: &Walk<'_>, ahead: usize) -> Option<Box<Fault>> {
    let (word, next) = (walk.peek(ahead)?, walk.peek(ahead + 1)?);
    DeliveryType::from_word(next)?;
    let near = nearest(
        &word.to_ascii_lowercase(),
        ["image", "video", "raw"].into_iter(),
    )?;
    Some(unknown_type(
        walk,
        ErrorKind::UnknownAssetType,
        word,
        "an asset type: `image`, `video` or `raw`",
        Some(near),
    ))
}

fn unknown_type(
    walk: &Walk<'_>,
    kind: ErrorKind,
    found: &str,
    expected: &'static str,
    near: Option<&str>,
) -> Box<Fault> {
    Box::new(Fault {
        kind,
        at: walk.span(found),
        key: None,
        found: found.to_owned(),
        expected,
        hint: near.map(|near| format!("did you mean `{near}`?")),
    })
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

fn is_version(segment: &str) -> bool {
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
                span,
            },
            _ => RawPath {
                public_id: url,
                extension: None,
                remote: None,
                span,
            },
        });
    }
    let mut id_end = walk.span(last).end;
    let mut last = last;
    let mut extension = None;
    if head.asset_type != AssetType::Raw {
        if let Some((name, after)) = last.rsplit_once('.')
            && !name.is_empty()
            && is_format(after)
        {
            extension = Some(after);
            last = name;
        }
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
    let public_id = if joined.contains("//") {
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
