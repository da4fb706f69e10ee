//! Values that are no lists: one production for each shape of the table.

use super::{
    Assignment, BitRate, BitRates, Border, Expr, Fill, Gravity, Operand, Quality, QualityBase,
    Range, Read, Value, Words, Wrong, colour, expression, misspelt, number, wrong,
};
use crate::error::ErrorKind;
use crate::params::{CropMode, FORMATS, Place, is_format};
use crate::text::cut;

pub(super) fn auto(text: &str) -> Option<Words<'_>> {
    match text.strip_prefix("auto")? {
        "" => Some(Words::new("")),
        rest => rest.strip_prefix(':').map(Words::new),
    }
}

pub(super) fn side(text: &str, limit: usize) -> Read<'_, Value<'_>> {
    const EXPECTED: &str = "pixels, a decimal share, an expression or `auto`";
    if let Some(number) = number::whole(text) {
        return if number.mantissa > 0 {
            Ok(Value::Number(number))
        } else {
            wrong(text, "a size above zero")
        };
    }
    if let Some(words) = auto(text) {
        return Ok(Value::Auto(words));
    }
    expression::value(text, limit, EXPECTED).map(Value::Expr)
}

pub(super) fn number_or<'a>(
    text: &'a str,
    limit: usize,
    signed: bool,
    expected: &'static str,
) -> Read<'a, Value<'a>> {
    match number::whole(text) {
        Some(number) if signed || number.mantissa >= 0 => Ok(Value::Number(number)),
        Some(_) => wrong(text, expected),
        None => expression::value(text, limit, expected).map(Value::Expr),
    }
}

pub(super) fn factor(text: &str, limit: usize) -> Read<'_, Value<'_>> {
    const EXPECTED: &str = "a number above zero, an expression or `auto`";
    match number::whole(text) {
        Some(number) if number.mantissa > 0 => Ok(Value::Number(number)),
        Some(_) => wrong(text, EXPECTED),
        None => expression::value(text, limit, EXPECTED).map(Value::Expr),
    }
}

pub(super) fn ratio(text: &str, limit: usize) -> Read<'_, Value<'_>> {
    const EXPECTED: &str = "a ratio such as `16:9`, a number or an expression";
    if let Some(ratio) = number::whole_ratio(text) {
        let sound = ratio.width.mantissa > 0 && ratio.height.mantissa > 0;
        return if sound {
            Ok(Value::Ratio(ratio))
        } else {
            wrong(text, "a ratio of numbers above zero")
        };
    }
    match number::whole(text) {
        Some(number) if number.mantissa > 0 => Ok(Value::Number(number)),
        Some(_) => wrong(text, "a ratio above zero"),
        None => expression::value(text, limit, EXPECTED).map(Value::Expr),
    }
}

pub(super) fn background(text: &str) -> Read<'_, Value<'_>> {
    let (word, args) = cut(text, b':').unwrap_or((text, ""));
    let args = Words::new(args);
    Ok(match word {
        "auto" => Value::Fill(Fill::Auto(args)),
        "blurred" => Value::Fill(Fill::Blurred(args)),
        "gen_fill" => Value::Fill(Fill::GenFill(args)),
        _ => Value::Colour(colour::colour(text)?),
    })
}

pub(super) fn border(text: &str, limit: usize) -> Read<'_, Value<'_>> {
    const EXPECTED: &str = "`<width>px_solid_<colour>`";
    let Some((width, colour)) = text.split_once("_solid_") else {
        return wrong(text, EXPECTED);
    };
    let digits = width.strip_suffix("px").unwrap_or(width);
    let width = match number::whole(digits) {
        Some(number) if number.mantissa >= 0 => Expr::Operand(Operand::Number(number)),
        Some(_) => return wrong(digits, "a border width not below zero"),
        None => expression::value(digits, limit, EXPECTED)?,
    };
    Ok(Value::Border(Box::new(Border {
        width,
        colour: colour::colour(colour)?,
    })))
}

const QUALITY_OPTIONS: &[&str] = &[
    "best",
    "good",
    "eco",
    "low",
    "sensitive",
    "qmax",
    "420",
    "444",
    "422",
    "411",
];

pub(super) fn quality(text: &str, limit: usize) -> Read<'_, Value<'_>> {
    const EXPECTED: &str = "1 to 100, `auto`, `auto:best`, `auto:good`, `auto:eco` or `auto:low`";
    let (word, options) = cut(text, b':').unwrap_or((text, ""));
    let base = match word {
        "auto" => QualityBase::Auto,
        "jpegmini" => QualityBase::JpegMini,
        _ => match number::whole(word) {
            Some(number) if number.mantissa >= 0 => QualityBase::Level(number),
            Some(_) => return wrong(word, EXPECTED),
            None => match expression::value(word, limit, EXPECTED) {
                Ok(expr) => QualityBase::Expr(expr),
                Err(wrong) if word.starts_with('$') => return Err(wrong),
                Err(_) => return misspelt("q_", word, EXPECTED, ["auto", "jpegmini"].into_iter()),
            },
        },
    };
    let options = Words::new(options);
    for option in options.iter() {
        let known = option.starts_with(|c: char| c.is_ascii_digit() || c == '$')
            || option.starts_with("qmax_")
            || QUALITY_OPTIONS.contains(&option);
        if !known {
            return misspelt("q_auto:", option, EXPECTED, QUALITY_OPTIONS.iter().copied());
        }
    }
    Ok(Value::Quality(Quality { base, options }))
}

pub(super) fn format(text: &str, limit: usize) -> Read<'_, Value<'_>> {
    const EXPECTED: &str = "a format name or `auto`";
    if let Some(words) = auto(text) {
        return Ok(Value::Auto(words));
    }
    let name = cut(text, b':').map_or(text, |(name, _)| name);
    if is_format(name) {
        return Ok(Value::Format(text));
    }
    match expression::value(text, limit, EXPECTED) {
        Ok(expr @ (Expr::Binary(_) | Expr::Operand(Operand::Variable(_)))) => Ok(Value::Expr(expr)),
        _ => misspelt(
            "f_",
            text,
            EXPECTED,
            FORMATS.iter().copied().chain(["auto"]),
        ),
    }
}

pub(super) fn crop(text: &str) -> Read<'_, Value<'_>> {
    match CropMode::from_word(text) {
        Some(mode) => Ok(Value::Crop(mode)),
        None if text.starts_with('$') => expression::value(text, 0, "a crop mode").map(Value::Expr),
        None => misspelt(
            "c_",
            text,
            "a crop mode",
            CropMode::ALL.iter().map(|mode| mode.as_str()),
        ),
    }
}

pub(super) fn gravity(text: &str) -> Read<'_, Value<'_>> {
    if text.starts_with('$') {
        return expression::value(text, 0, "a gravity").map(Value::Expr);
    }
    let named = [
        (Place::Region, "region_!"),
        (Place::ClippingPath, "clipping_path_!"),
    ];
    for (place, prefix) in named {
        if let Some(name) = text.strip_prefix(prefix) {
            let end = name
                .find('!')
                .map_or(text.len(), |at| prefix.len() + at + 1);
            let args = text.get(end..).unwrap_or("").trim_start_matches(':');
            return Ok(Value::Gravity(Gravity {
                place,
                word: text.get(..end).unwrap_or(text),
                args: Words::new(args),
            }));
        }
    }
    let (word, args) = cut(text, b':').unwrap_or((text, ""));
    if !word.starts_with(char::is_alphabetic) {
        return wrong(
            text,
            "a direction such as `north_west`, `face`, `auto`, or the name of an object",
        );
    }
    let place = Place::from_word(word).unwrap_or(Place::Object);
    Ok(Value::Gravity(Gravity {
        place,
        word,
        args: Words::new(args),
    }))
}

pub(super) fn offset(text: &str, limit: usize) -> Read<'_, Value<'_>> {
    const EXPECTED: &str = "seconds, a percentage such as `35p`, an expression or `auto`";
    if let Some(number) = number::whole(text) {
        return Ok(Value::Number(number));
    }
    if let Some(number) = text.strip_suffix(['p', '%']).and_then(number::whole) {
        return Ok(Value::Percent(number));
    }
    if let Some(words) = auto(text) {
        return Ok(Value::Auto(words));
    }
    expression::value(text, limit, EXPECTED).map(Value::Expr)
}

pub(super) fn bit_rate(text: &str, limit: usize) -> Read<'_, Value<'_>> {
    const EXPECTED: &str = "bits per second such as `250000`, `500k` or `2m`, and `:constant`";
    let (rate, constant) = match cut(text, b':') {
        Some((rate, "constant")) => (rate, true),
        Some(("av", parts)) => return bit_rates(parts),
        Some((_, option)) => return misspelt("br_…:", option, EXPECTED, ["constant"].into_iter()),
        None => (text, false),
    };
    match bits(rate, constant) {
        Ok(rate) => Ok(Value::BitRate(rate)),
        Err(digits) if !constant && number::whole(digits).is_none() => {
            expression::value(text, limit, EXPECTED).map(Value::Expr)
        }
        Err(_) => wrong(rate, EXPECTED),
    }
}

/// A number above zero and its unit; the digits where it is none.
fn bits(rate: &str, constant: bool) -> Result<BitRate, &str> {
    let (digits, unit) = match rate.as_bytes().last() {
        Some(b'k' | b'K') => (rate.get(..rate.len() - 1).unwrap_or(""), 1_000),
        Some(b'm' | b'M') => (rate.get(..rate.len() - 1).unwrap_or(""), 1_000_000),
        _ => (rate, 1),
    };
    match number::whole(digits) {
        Some(number) if number.mantissa > 0 => Ok(BitRate {
            number,
            unit,
            constant,
        }),
        _ => Err(digits),
    }
}

/// `video_(value_2m;mode_cbr);audio_(value_128k)`, either alone too.
fn bit_rates(text: &str) -> Read<'_, Value<'_>> {
    const EXPECTED: &str =
        "`video_(value_2m;mode_cbr);audio_(value_128k)`, its modes `vbr` and `cbr`";
    let mut rates = BitRates {
        video: None,
        audio: None,
    };
    for part in text.split_inclusive(')') {
        let part = part.strip_prefix(';').unwrap_or(part);
        let of = |name: &str| {
            part.strip_prefix(name)
                .and_then(|rest| rest.strip_prefix("_("))
                .and_then(|rest| rest.strip_suffix(')'))
        };
        let (slot, items) = match (of("video"), of("audio")) {
            (Some(items), _) => (&mut rates.video, items),
            (None, Some(items)) => (&mut rates.audio, items),
            (None, None) => return wrong(part, EXPECTED),
        };
        let (mut rate, mut constant) = (None, false);
        for item in items.split(';') {
            match item.split_once('_') {
                Some(("value", value)) => rate = Some(value),
                Some(("mode", "cbr")) => constant = true,
                Some(("mode", "vbr")) => constant = false,
                _ => return wrong(item, EXPECTED),
            }
        }
        match rate.map(|rate| bits(rate, constant)) {
            Some(Ok(rate)) => *slot = Some(rate),
            Some(Err(digits)) => return wrong(digits, EXPECTED),
            None => return wrong(items, EXPECTED),
        }
    }
    if rates.video.is_none() && rates.audio.is_none() {
        return wrong(text, EXPECTED);
    }
    Ok(Value::BitRates(Box::new(rates)))
}

pub(super) fn frame_rate(text: &str, limit: usize) -> Read<'_, Value<'_>> {
    const EXPECTED: &str = "frames per second such as `25`, `24-30`, `24-` or `-30`";
    let end = |text: &'_ str| -> bool {
        text.is_empty() || text.starts_with('$') || number::whole(text).is_some()
    };
    match text.split_once('-') {
        Some((low, high)) if !(low.is_empty() && high.is_empty()) && end(low) && end(high) => {
            let read = |text| match text {
                "" => Ok(None),
                text => expression::value(text, limit, EXPECTED).map(Some),
            };
            Ok(Value::Range(Box::new(Range {
                low: read(low)?,
                high: read(high)?,
            })))
        }
        Some(_) => wrong(text, EXPECTED),
        None => number_or(text, limit, false, EXPECTED),
    }
}

pub(super) fn sampling(text: &str, limit: usize) -> Read<'_, Value<'_>> {
    const EXPECTED: &str = "a number of frames, or a time such as `2.3s`";
    match text.strip_suffix('s').and_then(number::whole) {
        Some(number) if number.mantissa > 0 => Ok(Value::Seconds(number)),
        Some(_) => wrong(text, EXPECTED),
        None => number_or(text, limit, false, EXPECTED),
    }
}

pub(super) fn condition(text: &str, limit: usize) -> Read<'_, Value<'_>> {
    match text {
        "else" => Ok(Value::Else),
        "end" => Ok(Value::End),
        _ => expression::condition(text, limit).map(Value::Condition),
    }
}

pub(super) fn assignment(text: &str, limit: usize) -> Read<'_, Value<'_>> {
    let refused = |at| {
        Err(Box::new(Wrong {
            kind: ErrorKind::InvalidVariable,
            at,
            expected: "a variable is `$name_value`, its name letters and digits after a letter",
            hint: None,
        }))
    };
    let Some((name, value)) = cut(text, b'_') else {
        return refused(text);
    };
    if !expression::is_variable_name(name) {
        return refused(name);
    }
    if value.is_empty() {
        return refused(text);
    }
    if value.bytes().filter(|&byte| byte == b'!').count() % 2 != 0 {
        let expected = "a text begun with `!` must end with one";
        return Err(Box::new(Wrong {
            kind: ErrorKind::InvalidVariable,
            at: value,
            expected,
            hint: None,
        }));
    }
    let value = expression::assigned(value, limit)?;
    Ok(Value::Assignment(Assignment {
        name,
        value: Box::new(value),
    }))
}
