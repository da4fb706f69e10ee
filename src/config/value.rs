//! Values of the file to values of the program. A message completes "`key` …".

use std::net::SocketAddr;

use smallvec::SmallVec;

use super::Rate;
use super::problem::{Fault, nearest};
use super::secret::SecretName;
use super::section::Value;
use super::unit::{Bytes, Time};
use crate::plan::Scaling;
use crate::spec::{Format, Level, Quality};
use crate::trace::Share;

/// What one reader returns.
pub(super) type Read<T> = Result<T, Fault>;

fn expected<T>(what: &str, found: &Value<'_>) -> Read<T> {
    Err(Fault::new(format!(
        "must be {what}, found {}",
        found.type_str()
    )))
}

pub(super) fn text(value: &Value<'_>) -> Read<String> {
    match value.as_str() {
        Some(text) => Ok(text.to_owned()),
        None => expected("a text in quotes", value),
    }
}

/// What can stand before `=` in a query and in a cookie.
pub(super) fn token_name(value: &Value<'_>) -> Read<String> {
    let text = text(value)?;
    let sound = (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    if sound {
        Ok(text)
    } else {
        wrong_text("letters, digits, `_` and `-`", &text)
    }
}

pub(super) fn flag(value: &Value<'_>) -> Read<bool> {
    match value.as_bool() {
        Some(flag) => Ok(flag),
        None => expected("true or false", value),
    }
}

/// A whole number in a range.
pub(super) fn number(value: &Value<'_>, least: u64, most: u64) -> Read<u64> {
    let what = format!("a whole number from {least} to {most}");
    let Some(integer) = value.as_integer() else {
        return expected(&what, value);
    };
    u64::from_str_radix(integer.as_str(), integer.radix())
        .ok()
        .filter(|number| (least..=most).contains(number))
        .map_or_else(|| Err(Fault::new(format!("must be {what}"))), Ok)
}

/// A part of a whole: a number from 0 to 1.
pub(super) fn share(value: &Value<'_>) -> Read<Share> {
    const WHAT: &str = "a number from 0 to 1, such as 0.1";
    let written = match (value.as_float(), value.as_integer()) {
        (Some(float), _) => float.as_str(),
        (None, Some(integer)) if integer.radix() == 10 => integer.as_str(),
        _ => return expected(WHAT, value),
    };
    let share = written.parse().ok().and_then(Share::of);
    share.map_or_else(|| wrong_text(WHAT, written), Ok)
}

pub(super) fn bytes(value: &Value<'_>) -> Read<Bytes> {
    let what = "a size such as \"256MiB\"";
    if value.as_integer().is_some() {
        return number(value, 0, u64::MAX).map(Bytes);
    }
    match value.as_str() {
        Some(text) => Bytes::read(text).map_or_else(|| wrong_text(what, text), Ok),
        None => expected(what, value),
    }
}

/// A time in a range of seconds.
pub(super) fn time(value: &Value<'_>, least: u64, most: u64) -> Read<Time> {
    let what = format!(
        "a time from {} to {}, such as \"30s\"",
        Time::seconds(least),
        Time::seconds(most)
    );
    let Some(text) = value.as_str() else {
        return expected(&what, value);
    };
    Time::read(text)
        .filter(|time| (Time::seconds(least)..=Time::seconds(most)).contains(time))
        .map_or_else(|| wrong_text(&what, text), Ok)
}

/// What cannot be used is quoted, cut short; secrets never come here.
fn wrong_text<T>(what: &str, found: &str) -> Read<T> {
    let short: String = found
        .chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .take(60)
        .collect();
    Err(Fault::new(format!("must be {what}, found `{short}`")))
}

pub(super) fn address(value: &Value<'_>) -> Read<SocketAddr> {
    let what = "an address with a port, such as \"127.0.0.1:8080\"";
    let Some(text) = value.as_str() else {
        return expected(what, value);
    };
    text.parse().or_else(|_| {
        let hint = match text.strip_prefix("localhost") {
            Some(port) => Some(format!("write \"127.0.0.1{port}\"")),
            None if text.starts_with(':') => Some(format!("write \"0.0.0.0{text}\"")),
            None => None,
        };
        wrong_text(what, text).map_err(|fault: Fault| Fault { hint, ..fault })
    })
}

/// One of a few words.
pub(super) fn word<T: Copy>(value: &Value<'_>, words: &[(&str, T)]) -> Read<T> {
    let text = text(value)?;
    if let Some((_, meaning)) = words.iter().find(|(word, _)| *word == text) {
        return Ok(*meaning);
    }
    let all: Vec<String> = words
        .iter()
        .map(|(word, _)| format!("\"{word}\""))
        .collect();
    wrong_text(&format!("one of {}", all.join(", ")), &text).map_err(|fault: Fault| Fault {
        hint: nearest(&text, words.iter().map(|(word, _)| *word)),
        ..fault
    })
}

/// A list, each item with the same reader.
pub(super) fn list<T>(value: &Value<'_>, read: impl Fn(&Value<'_>) -> Read<T>) -> Read<Vec<T>> {
    match value.as_array() {
        Some(items) => items.iter().map(|item| read(item.get_ref())).collect(),
        None => expected("a list in square brackets", value),
    }
}

/// `{ env = "NAME" }` or `{ file = "path" }`. A secret written in its place is refused unseen.
pub(super) fn secret(value: &Value<'_>) -> Read<SecretName> {
    let named = "must name its secret: { env = \"NAME\" } or { file = \"path\" }";
    let Some(table) = value.as_table() else {
        return Err(Fault::new(named).hint("secrets are never written in this file"));
    };
    let one = |key: &str| table.get(key).and_then(|value| value.get_ref().as_str());
    let keys = table.iter().count();
    match (one("env"), one("file")) {
        (Some(name), None) if keys == 1 => Ok(SecretName::Env(name.to_owned())),
        (None, Some(path)) if keys == 1 => Ok(SecretName::File(path.into())),
        _ => Err(Fault::new(named)),
    }
}

/// 1 to 100, or `auto:good` and its likes.
pub(super) fn quality(value: &Value<'_>) -> Read<Quality> {
    let what =
        "a number from 1 to 100 or one of \"auto:best\", \"auto:good\", \"auto:eco\", \"auto:low\"";
    if value.as_integer().is_some() {
        let n = number(value, 1, 100)?;
        return Ok(Quality::Fixed(u8::try_from(n).unwrap_or(100)));
    }
    let Some(text) = value.as_str() else {
        return expected(what, value);
    };
    let level = match text {
        "auto" | "auto:good" => Level::Good,
        "auto:best" => Level::Best,
        "auto:eco" => Level::Eco,
        "auto:low" => Level::Low,
        _ => return wrong_text(what, text),
    };
    Ok(Quality::Auto {
        level,
        sensitive: false,
    })
}

/// How far decoders may go ahead of a resize.
pub(super) fn scaling(value: &Value<'_>) -> Read<Scaling> {
    const WHAT: &str = "\"quality\" or \"fast\"";
    match value.as_str() {
        Some("quality") => Ok(Scaling::Quality),
        Some("fast") => Ok(Scaling::Fast),
        Some(text) => wrong_text(WHAT, text),
        None => expected(WHAT, value),
    }
}

/// Formats that automatic choice may take, best first.
pub(super) fn modern_formats(
    value: &Value<'_>,
    writable: &[Format],
) -> Read<SmallVec<[Format; 4]>> {
    let formats = list(value, |item| {
        word(
            item,
            &[
                ("avif", Format::Avif),
                ("webp", Format::WebP),
                ("jxl", Format::Jxl),
            ],
        )
    })?;
    if let Some(format) = formats.iter().find(|format| !writable.contains(format)) {
        return Err(Fault::new(format!(
            "names {}, which this build cannot write",
            format.word()
        )));
    }
    Ok(formats.into())
}

/// Text that goes into a response header as it is.
pub(super) fn header(value: &Value<'_>) -> Read<String> {
    let text = text(value)?;
    if text.is_empty() || text.bytes().any(|byte| !(b' '..=b'~').contains(&byte)) {
        return Err(Fault::new("must be visible ASCII characters"));
    }
    Ok(text)
}

/// The name of a header.
pub(super) fn header_name(value: &Value<'_>) -> Read<String> {
    let name = text(value)?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if name.is_empty() || !name.bytes().all(plain) {
        return wrong_text("the name of a header, such as \"X-Forwarded-For\"", &name);
    }
    Ok(name)
}

/// How often something may happen: `100`, or `{ per_second = 100, burst = 500 }`.
pub(super) fn rate(value: &Value<'_>) -> Read<Rate> {
    const MOST: u64 = 1_000_000;
    let whole = |value: &Value<'_>| {
        number(value, 0, MOST).map(|number| u32::try_from(number).unwrap_or(u32::MAX))
    };
    let Some(table) = value.as_table() else {
        return Ok(Rate {
            per_second: whole(value)?,
            burst: 0,
        });
    };
    let mut rate = Rate::default();
    for (key, value) in table {
        let field = match &**key.get_ref() {
            "per_second" => &mut rate.per_second,
            "burst" => &mut rate.burst,
            other => {
                let mut fault = Fault::new(format!("has the unknown key `{other}`"));
                fault.hint = nearest(other, ["per_second", "burst"].into_iter());
                return Err(fault);
            }
        };
        *field = whole(value.get_ref())?;
    }
    Ok(rate)
}

/// An absolute base URL; the trailing slash is dropped.
pub(super) fn base_url(value: &Value<'_>) -> Read<String> {
    let text = text(value)?;
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    let plain = |rest: &&str| {
        !rest.is_empty()
            && !rest.starts_with('/')
            && rest
                .bytes()
                .all(|byte| byte.is_ascii_graphic() && !b"<>\"?#".contains(&byte))
    };
    match rest.filter(plain) {
        Some(_) => Ok(text.trim_end_matches('/').to_owned()),
        None => wrong_text("a URL such as \"https://www.example.com\"", &text),
    }
}

/// Empty, or path segments with a slash before each.
pub(super) fn prefix(value: &Value<'_>) -> Read<String> {
    let text = text(value)?;
    if text.is_empty() {
        return Ok(text);
    }
    let plain = |segment: &str| {
        !segment.is_empty()
            && segment
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    let bare = text.trim_matches('/');
    if !bare.split('/').all(plain) {
        return Err(Fault::new(
            "must be path segments of letters, digits, `-`, `_` and `.`, a slash before each",
        )
        .hint("write \"\" where URLs have nothing before the types"));
    }
    if text.len() != bare.len() + 1 || !text.starts_with('/') {
        return Err(Fault::new("must begin with a slash and not end with one")
            .hint(format!("write \"/{bare}\"")));
    }
    Ok(text)
}

/// A picture's public ID with its extension, folders before it.
pub(super) fn public_id(value: &Value<'_>) -> Read<String> {
    let text = text(value)?;
    if crate::origin::locate::is_plain(&text) && !text.starts_with('/') {
        Ok(text)
    } else {
        wrong_text("a public ID such as \"placeholders/avatar.png\"", &text)
    }
}

/// A host name in lower case, without scheme and port.
pub(super) fn host(value: &Value<'_>) -> Read<String> {
    let text = text(value)?.to_ascii_lowercase();
    let plain = text
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte));
    if text.is_empty() || !plain {
        return wrong_text("host names alone, without scheme, port and path", &text);
    }
    Ok(text)
}
