//! One component: its parameters, told apart from folders and from commas inside texts.

use smallvec::SmallVec;

use super::{Limits, fault, span_in};
use crate::ast::{BranchScope, Component, LayerScope, Param};
use crate::error::{ErrorKind, Fault, Parsed};
use crate::params::{KeySet, PARAMS, ParamKey, Shape};
use crate::value::{self, Wrong};

/// Whether a segment before the last is a component and not a folder.
///
/// The documented rule is one to three characters and an underscore. A key that is not known makes a folder, unless
/// a known one stands beside it: no URL that works is read differently for it, and folders such as `my_path` work.
pub(super) fn looks_like_one(segment: &str) -> bool {
    known_key(segment).is_some()
        || (segment.as_bytes().contains(&b',')
            && segment.split(',').any(|piece| known_key(piece).is_some()))
}

/// The key that a piece begins with and where its value begins: 2 in `c_fill`, 1 in `$name_value`.
fn known_key(piece: &str) -> Option<(ParamKey, usize)> {
    let at = match *piece.as_bytes() {
        [b'$', ..] => return Some((ParamKey::Variable, 1)),
        [_, b'_', ..] => 1,
        [_, _, b'_', ..] => 2,
        [_, _, _, b'_', ..] => 3,
        _ => return None,
    };
    Some((ParamKey::from_spelling(piece.get(..at)?)?, at + 1))
}

/// What is before the first comma, and what is after it.
fn first_piece(text: &str) -> (&str, &str) {
    let end = text
        .bytes()
        .position(|byte| byte == b',')
        .unwrap_or(text.len());
    (
        text.get(..end).unwrap_or(""),
        text.get(end + 1..).unwrap_or(""),
    )
}

/// Reads a segment at the end of the chain: components are large, so it is filled in where it stays.
///
/// Gives whether the component has to do with others: with layers or conditions.
pub(super) fn read<'a>(
    chain: &mut Vec<Component<'a>>,
    path: &'a str,
    segment: &'a str,
    limits: &Limits,
) -> Parsed<bool> {
    chain.push(Component {
        text: segment,
        span: span_in(path, segment),
        params: SmallVec::new(),
        keys: KeySet::default(),
        layer: LayerScope::None,
        branch: BranchScope::None,
    });
    let Some(Component { params, keys, .. }) = chain.last_mut() else {
        return Ok(false);
    };
    let mut linked = false;
    let mut rest = segment;
    while !rest.is_empty() {
        let (mut piece, mut after) = first_piece(rest);
        if piece.is_empty() {
            rest = after;
            continue;
        }
        let Some((key, value_at)) = known_key(piece) else {
            return Err(unknown(path, piece));
        };
        match key {
            ParamKey::Overlay | ParamKey::Underlay => {
                linked = true;
                (piece, after) = whole_text(rest, piece, after);
            }
            ParamKey::If => {
                linked = true;
                (piece, after) = whole_string(rest, piece, after);
            }
            ParamKey::Variable => (piece, after) = whole_string(rest, piece, after),
            ParamKey::Flags => {
                linked |= piece.len() > "fl_layer".len() && piece.contains("layer_apply")
            }
            _ => {}
        }
        if params.len() >= limits.params {
            let message = "more parameters in one component than allowed";
            return fault(ErrorKind::TooManyParams, span_in(path, piece), "", message);
        }
        let value = piece.get(value_at..).unwrap_or("");
        match value::read(key, value, limits.operators) {
            Ok(value) => {
                keys.insert(key);
                params.push(Param {
                    key,
                    value,
                    text: piece,
                    span: span_in(path, piece),
                });
            }
            Err(wrong) => return Err(refused(path, piece, key, value, *wrong)),
        }
        rest = after;
    }
    Ok(linked)
}

#[cold]
fn refused(path: &str, piece: &str, key: ParamKey, value: &str, wrong: Wrong<'_>) -> Box<Fault> {
    let found = if wrong.kind == ErrorKind::InvalidValue {
        value
    } else {
        wrong.at
    };
    let at = if wrong.at.is_empty() { piece } else { wrong.at };
    let meant = || Some(format!("did you mean `{}`?", meant_value(key, value)?));
    Box::new(Fault {
        kind: wrong.kind,
        at: span_in(path, at),
        key: Some(key),
        found: found.to_owned(),
        expected: wrong.expected,
        hint: wrong.hint.or_else(meant),
    })
}

/// What was probably meant by a value: a unit or a space too many, a semicolon for a comma.
fn meant_value(key: ParamKey, value: &str) -> Option<String> {
    if value.len() > 64 {
        return None;
    }
    let spelling = key.spelling();
    if let Some((own, next)) = value.split_once(';')
        && known_key(next).is_some()
    {
        return Some(format!("{spelling}_{own},{next}"));
    }
    let trimmed = value.trim();
    let percent = trimmed
        .strip_suffix('%')
        .filter(|_| key.shape() == Shape::Side);
    let share = percent.and_then(|percent| percent.parse::<f64>().ok());
    let meant = match share {
        Some(percent) => format!("{:?}", percent / 100.0),
        None => trimmed
            .trim_end_matches("px")
            .trim_end_matches('%')
            .to_owned(),
    };
    let reads = meant != value && value::read(key, &meant, 0).is_ok();
    reads.then(|| format!("{spelling}_{meant}"))
}

/// A text layer takes the pieces after it that are no parameters: its text had commas.
fn whole_text<'a>(rest: &'a str, piece: &'a str, after: &'a str) -> (&'a str, &'a str) {
    let (_, source) = piece.split_once('_').unwrap_or(("", ""));
    if !source.starts_with("text:") && !source.starts_with("subtitles:") {
        return (piece, after);
    }
    let mut end = piece.len();
    let mut at = end;
    while let Some(tail) = rest.get(at + 1..) {
        let next = tail.split_once(',').map_or(tail, |(next, _)| next);
        if known_key(next).is_some() {
            break;
        }
        at += 1 + next.len();
        if !next.is_empty() {
            end = at;
        }
        if at >= rest.len() {
            break;
        }
    }
    (
        rest.get(..end).unwrap_or(piece),
        rest.get(end + 1..).unwrap_or(""),
    )
}

/// A string `!…!` that a comma cut in two is taken whole, where it ends at all.
fn whole_string<'a>(rest: &'a str, piece: &'a str, after: &'a str) -> (&'a str, &'a str) {
    if piece.bytes().filter(|&byte| byte == b'!').count() % 2 == 0 {
        return (piece, after);
    }
    match after.find('!') {
        Some(mark) => {
            let from = piece.len() + 1 + mark;
            let end = rest
                .get(from..)
                .and_then(|tail| tail.find(','))
                .map_or(rest.len(), |comma| from + comma);
            (
                rest.get(..end).unwrap_or(piece),
                rest.get(end + 1..).unwrap_or(""),
            )
        }
        None => (piece, after),
    }
}

#[cold]
fn unknown(path: &str, piece: &str) -> Box<Fault> {
    Box::new(Fault {
        kind: ErrorKind::UnknownParam,
        at: span_in(path, piece),
        key: None,
        found: piece.to_owned(),
        expected: "not a parameter: no known key with an underscore",
        hint: meant(piece).map(|meant| format!("did you mean `{meant}`?")),
    })
}

/// What was probably meant: a long name for a key, another separator, a space too many.
fn meant(piece: &str) -> Option<String> {
    if piece.len() > 64 {
        return None;
    }
    let trimmed = piece.trim();
    if trimmed.len() < piece.len() && known_key(trimmed).is_some() {
        return Some(trimmed.to_owned());
    }
    let by_name = PARAMS.iter().find_map(|row| {
        let value = trimmed
            .strip_prefix(row.long_name)?
            .strip_prefix(['_', '-', '=', ':'])?;
        Some(format!("{}_{value}", row.spelling))
    });
    by_name.or_else(|| {
        let (key, value) = trimmed.split_once(['-', '=', ':'])?;
        ParamKey::from_spelling(key).map(|key| format!("{}_{value}", key.spelling()))
    })
}
