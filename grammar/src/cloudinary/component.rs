//! One component: its parameters, told apart from folders and from commas inside texts.

use smallvec::SmallVec;

use super::{Limits, fault, span_in};
use crate::ast::{BranchScope, Component, LayerScope, Param};
use crate::error::{ErrorKind, Fault, Parsed};
use crate::params::{PARAMS, ParamKey};
use crate::value;

/// Whether a segment before the last is a component and not a folder.
///
/// The documented rule is one to three characters and an underscore. A key that is not known makes a folder, unless
/// a known one stands beside it: no URL that works is read differently for it, and folders such as `my_path` work.
pub(super) fn looks_like_one(segment: &str) -> bool {
    let mut tokens = segment.split(',').filter(|token| !token.is_empty());
    match tokens.next() {
        Some(first) if known_key(first).is_some() => true,
        Some(_) => tokens.any(|token| known_key(token).is_some()),
        None => !segment.is_empty(),
    }
}

/// The key of a piece and its value: `c_fill`, or `$name_value`.
fn known_key(piece: &str) -> Option<(ParamKey, &str)> {
    if let Some(assignment) = piece.strip_prefix('$') {
        return Some((ParamKey::Variable, assignment));
    }
    let at = piece
        .as_bytes()
        .iter()
        .take(4)
        .position(|&byte| byte == b'_')?;
    let key = ParamKey::from_spelling(piece.get(..at)?)?;
    Some((key, piece.get(at + 1..)?))
}

pub(super) fn read<'a>(path: &'a str, segment: &'a str, limits: &Limits) -> Parsed<Component<'a>> {
    let mut params: SmallVec<[Param<'a>; 4]> = SmallVec::new();
    let mut rest = segment;
    while !rest.is_empty() {
        let (mut piece, mut after) = rest.split_once(',').unwrap_or((rest, ""));
        if piece.is_empty() {
            rest = after;
            continue;
        }
        let Some((key, _)) = known_key(piece) else {
            return Err(unknown(path, piece));
        };
        (piece, after) = match key {
            ParamKey::Overlay | ParamKey::Underlay => whole_text(rest, piece, after),
            ParamKey::Variable | ParamKey::If => whole_string(rest, piece, after),
            _ => (piece, after),
        };
        let Some((key, value)) = known_key(piece) else {
            return Err(unknown(path, piece));
        };
        if params.len() >= limits.params {
            return fault(
                ErrorKind::TooManyParams,
                span_in(path, piece),
                "",
                "more parameters in one component than allowed",
            );
        }
        match value::read(key, value, limits.operators) {
            Ok(read) => params.push(Param {
                key,
                value: read,
                text: piece,
                span: span_in(path, piece),
            }),
            Err(wrong) => {
                let found = if wrong.kind == ErrorKind::InvalidValue {
                    value
                } else {
                    wrong.at
                };
                let at = if wrong.at.is_empty() { piece } else { wrong.at };
                return Err(Box::new(Fault {
                    kind: wrong.kind,
                    at: span_in(path, at),
                    key: Some(key),
                    found: found.to_owned(),
                    expected: wrong.expected,
                    hint: wrong.hint,
                }));
            }
        }
        rest = after;
    }
    Ok(Component {
        text: segment,
        span: span_in(path, segment),
        params,
        layer: LayerScope::None,
        branch: BranchScope::None,
    })
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
