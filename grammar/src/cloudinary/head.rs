//! What stands before the transformation: the cloud name, from path or host, and the types in all their forms.

use super::anatomy::{Walk, is_version};
use super::{HeadRule, Options, component, fault};
use crate::ast::{AssetType, DeliveryType, Form};
use crate::error::{ErrorKind, Fault, Parsed};
use crate::params::nearest;
use crate::text::{UrlText, cut, cut_last};

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

/// The cloud name, and whether it was a segment.
pub(super) fn cloud<'a>(
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
            // Components and versions stand before the ID: what is before them is no folder.
            let repeated = walk.peek(0) == Some(name)
                && walk
                    .peek(1)
                    .is_some_and(|next| begins_types(next) || starts_root(next));
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
        .map(|host| cut(host, b':').map_or(host, |(name, _)| name));
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
            // `image/uplod`: the types are there, one of them misspelt.
            let almost = || {
                walk.peek(0).and_then(AssetType::from_word).is_some()
                    && walk.peek(1).and_then(near_delivery_type).is_some()
            };
            if options.types.is_some() || begins(0) || (!begins(1) && almost()) {
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

fn near_delivery_type(word: &str) -> Option<&'static str> {
    nearest(word, DeliveryType::ALL.iter().map(|known| known.as_str()))
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
    const RETIRED: [&str; 2] = ["cloudinary-a.akamaihd.net", "d3jpl91pxevbkh.cloudfront.net"];
    if RETIRED.iter().any(|known| host.eq_ignore_ascii_case(known)) {
        return HostKind::Shared;
    }
    let Some(name) = without_suffix(host, ".cloudinary.com") else {
        return HostKind::Other;
    };
    // A shard's number says nothing.
    let name = match cut_last(name, b'-') {
        Some((name, shard))
            if !shard.is_empty() && shard.bytes().all(|byte| byte.is_ascii_digit()) =>
        {
            name
        }
        _ => name,
    };
    match without_suffix(name, "-res") {
        Some(cloud) if !cloud.is_empty() => HostKind::Private(cloud),
        _ if name.eq_ignore_ascii_case("res") => HostKind::Shared,
        _ => HostKind::Other,
    }
}

/// Host names have no case.
fn without_suffix<'h>(host: &'h str, suffix: &str) -> Option<&'h str> {
    let (name, end) = host.split_at_checked(host.len().checked_sub(suffix.len())?)?;
    end.eq_ignore_ascii_case(suffix).then_some(name)
}

/// Whether a word begins one of the forms of section "types".
fn begins_types(word: &str) -> bool {
    AssetType::from_word(word).is_some() || word == "iu" || SEO.iter().any(|(seo, ..)| *seo == word)
}

/// Asset and delivery type, in whichever form.
pub(super) fn types(walk: &mut Walk<'_>) -> Parsed<(AssetType, DeliveryType, Form)> {
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
                near_delivery_type(second),
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
