//! Values: what stands after a key. Types here, productions in the submodules.
//!
//! Lists are kept as the borrowed text they are, checked when the URL is read, and split again when they are walked:
//! an ordinary URL costs no allocation for them.

mod colour;
mod effect;
mod expression;
mod layer;
mod lists;
mod number;

pub use colour::Colour;
pub use effect::{Arg, ArgIter, Effect, EffectHead};
pub use expression::{Binary, Expr, Name, Operand, Operator};
pub use layer::{Layer, LayerKind, TextPart, TextStyle};
pub use lists::{
    Angle, AngleStep, AngleWord, Corner, Flag, Flags, Names, PageItem, Pages, Radius, Words,
};
pub use number::{Number, Ratio};

use crate::error::ErrorKind;
use crate::params::{CropMode, FORMATS, ParamKey, Place, Shape, is_format, nearest};

/// The value of a parameter. Which variants a key can have follows from its [`Shape`].
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    /// A plain number. Without a dot pixels, seconds, levels; with a dot a share for sides and offsets.
    Number(Number),
    /// `35p` or `35%`.
    Percent(Number),
    /// `2.3s`.
    Seconds(Number),
    /// `16:9`.
    Ratio(Ratio),
    /// A variable, a predefined value, or arithmetic with them.
    Expr(Expr<'a>),
    /// `auto`, with what follows its colon.
    Auto(Words<'a>),
    /// Words joined by colons, unchecked.
    Words(Words<'a>),
    /// `c_`
    Crop(CropMode),
    /// `g_`
    Gravity(Gravity<'a>),
    /// `a_`
    Angle(Angle<'a>),
    /// `r_`
    Radius(Radius<'a>),
    /// A colour.
    Colour(Colour<'a>),
    /// A background that is no plain colour.
    Fill(Fill<'a>),
    /// `bo_`
    Border(Box<Border<'a>>),
    /// `q_`
    Quality(Quality<'a>),
    /// `f_`, other than `auto`: a format name as written.
    Format(&'a str),
    /// `fl_`
    Flags(Flags<'a>),
    /// `e_`
    Effect(Effect<'a>),
    /// `l_`, `u_`
    Layer(Box<Layer<'a>>),
    /// `br_`
    BitRate(BitRate),
    /// `24-30`, with either end open.
    Range(Box<Range<'a>>),
    /// `pg_`
    Pages(Pages<'a>),
    /// The ID of an asset, colons for slashes.
    AssetId(&'a str),
    /// `t_`, `bl_`
    Names(Names<'a>),
    /// `if_<condition>`
    Condition(Expr<'a>),
    /// `if_else`
    Else,
    /// `if_end`
    End,
    /// `$name_value`
    Assignment(Assignment<'a>),
}

/// Where in a picture: a place and what follows its colon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gravity<'a> {
    /// The first word.
    pub place: Place,
    /// The first word as written: an object's name, or the `!name!` of a region with it.
    pub word: &'a str,
    /// What follows: a fallback, a focus, a level.
    pub args: Words<'a>,
}

/// A background made from the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fill<'a> {
    /// `auto:border:4:horizontal:palette_red_blue`
    Auto(Words<'a>),
    /// `blurred:intensity:brightness`
    Blurred(Words<'a>),
    /// `gen_fill:prompt_…`
    GenFill(Words<'a>),
}

/// A line around the picture; only solid ones exist.
#[derive(Debug, Clone, PartialEq)]
pub struct Border<'a> {
    /// In pixels.
    pub width: Expr<'a>,
    /// Its colour.
    pub colour: Colour<'a>,
}

/// How good the encoding shall be.
#[derive(Debug, Clone, PartialEq)]
pub struct Quality<'a> {
    /// The first word.
    pub base: QualityBase<'a>,
    /// `good`, `sensitive`, `420`, `444`, `qmax_20`.
    pub options: Words<'a>,
}

/// The first word of a quality.
#[derive(Debug, Clone, PartialEq)]
pub enum QualityBase<'a> {
    /// 1 to 100; the range is for the reader to check.
    Level(Number),
    /// Chosen per picture.
    Auto,
    /// An add-on.
    JpegMini,
    /// A variable or expression.
    Expr(Expr<'a>),
}

/// Bits per second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BitRate {
    /// Before the unit.
    pub number: Number,
    /// 1, 1000 (`k`) or 1000000 (`m`).
    pub unit: u32,
    /// Whether exactly that, instead of at most.
    pub constant: bool,
}

/// A range with at least one end.
#[derive(Debug, Clone, PartialEq)]
pub struct Range<'a> {
    /// Least.
    pub low: Option<Expr<'a>>,
    /// Greatest.
    pub high: Option<Expr<'a>>,
}

/// A variable and its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Assignment<'a> {
    /// Letters and digits, without the `$`.
    pub name: &'a str,
    /// Its value; [`Operand::Word`] where it is no expression.
    pub value: Box<Expr<'a>>,
}

/// A value that its key does not take.
#[derive(Debug)]
pub(crate) struct Wrong<'a> {
    pub(crate) kind: ErrorKind,
    /// A slice of the value: the place.
    pub(crate) at: &'a str,
    pub(crate) expected: &'static str,
    pub(crate) hint: Option<String>,
}

pub(crate) type Read<'a, T> = Result<T, Box<Wrong<'a>>>;

fn wrong<'a, T>(at: &'a str, expected: &'static str) -> Read<'a, T> {
    Err(Box::new(Wrong {
        kind: ErrorKind::InvalidValue,
        at,
        expected,
        hint: None,
    }))
}

fn misspelt<'a, T>(
    key: &str,
    at: &'a str,
    expected: &'static str,
    words: impl Iterator<Item = &'static str>,
) -> Read<'a, T> {
    let hint =
        nearest(&at.to_ascii_lowercase(), words).map(|word| format!("did you mean `{key}{word}`?"));
    Err(Box::new(Wrong {
        kind: ErrorKind::InvalidValue,
        at,
        expected,
        hint,
    }))
}

/// Reads the value of a key: `text` is what follows the underscore, or the `$`.
pub(crate) fn read<'a>(key: ParamKey, text: &'a str, limit: usize) -> Read<'a, Value<'a>> {
    if text.is_empty() {
        return wrong(text, "a value after the underscore");
    }
    match key.shape() {
        Shape::Side => side(text, limit),
        Shape::Number => number_or(text, limit, true, "a number or an expression"),
        Shape::Positive => number_or(
            text,
            limit,
            false,
            "a number not below zero, or an expression",
        ),
        Shape::Factor => match auto(text) {
            Some(words) => Ok(Value::Auto(words)),
            None => factor(text, limit),
        },
        Shape::NumberOrSource => {
            number_or(text, limit, false, "a number, or the value of the source")
        }
        Shape::Ratio => ratio(text, limit),
        Shape::Angle => lists::angle(text, limit).map(Value::Angle),
        Shape::Radius => lists::radius(text, limit).map(Value::Radius),
        Shape::Colour => colour::colour(text).map(Value::Colour),
        Shape::Background => background(text),
        Shape::Border => border(text, limit),
        Shape::Quality => quality(text, limit),
        Shape::Format => format(text),
        Shape::Crop => crop(text),
        Shape::Gravity => gravity(text),
        Shape::Effect => effect::effect(text, limit).map(Value::Effect),
        Shape::Flags => Ok(Value::Flags(Flags::new(text))),
        Shape::Layer => layer::layer(text).map(|layer| Value::Layer(Box::new(layer))),
        Shape::Offset => offset(text, limit),
        Shape::BitRate => bit_rate(text, limit),
        Shape::FrameRate => frame_rate(text, limit),
        Shape::Sampling => sampling(text, limit),
        Shape::Pages => Ok(Value::Pages(Pages::new(text))),
        Shape::AssetId => Ok(Value::AssetId(text)),
        Shape::Names => Ok(Value::Names(Names::new(text))),
        Shape::Words => Ok(Value::Words(Words::new(text))),
        Shape::Condition => condition(text, limit),
        Shape::Assignment => assignment(text, limit),
    }
}

fn auto(text: &str) -> Option<Words<'_>> {
    match text.strip_prefix("auto")? {
        "" => Some(Words::new("")),
        rest => rest.strip_prefix(':').map(Words::new),
    }
}

fn side(text: &str, limit: usize) -> Read<'_, Value<'_>> {
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

fn number_or<'a>(
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

fn factor(text: &str, limit: usize) -> Read<'_, Value<'_>> {
    const EXPECTED: &str = "a number above zero, an expression or `auto`";
    match number::whole(text) {
        Some(number) if number.mantissa > 0 => Ok(Value::Number(number)),
        Some(_) => wrong(text, EXPECTED),
        None => expression::value(text, limit, EXPECTED).map(Value::Expr),
    }
}

fn ratio(text: &str, limit: usize) -> Read<'_, Value<'_>> {
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

fn background(text: &str) -> Read<'_, Value<'_>> {
    let (word, args) = text.split_once(':').unwrap_or((text, ""));
    let args = Words::new(args);
    Ok(match word {
        "auto" => Value::Fill(Fill::Auto(args)),
        "blurred" => Value::Fill(Fill::Blurred(args)),
        "gen_fill" => Value::Fill(Fill::GenFill(args)),
        _ => Value::Colour(colour::colour(text)?),
    })
}

fn border(text: &str, limit: usize) -> Read<'_, Value<'_>> {
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

fn quality(text: &str, limit: usize) -> Read<'_, Value<'_>> {
    const EXPECTED: &str = "1 to 100, `auto`, `auto:best`, `auto:good`, `auto:eco` or `auto:low`";
    let (word, options) = text.split_once(':').unwrap_or((text, ""));
    let base = match word {
        "auto" => QualityBase::Auto,
        "jpegmini" => QualityBase::JpegMini,
        _ => match number::whole(word) {
            Some(number) if number.mantissa >= 0 => QualityBase::Level(number),
            Some(_) => return wrong(word, EXPECTED),
            None if word.starts_with('$') => {
                QualityBase::Expr(expression::value(word, limit, EXPECTED)?)
            }
            None => return misspelt("q_", word, EXPECTED, ["auto", "jpegmini"].into_iter()),
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

fn format(text: &str) -> Read<'_, Value<'_>> {
    if let Some(words) = auto(text) {
        return Ok(Value::Auto(words));
    }
    let name = text.split_once(':').map_or(text, |(name, _)| name);
    if is_format(name) {
        Ok(Value::Format(text))
    } else {
        misspelt(
            "f_",
            text,
            "a format name or `auto`",
            FORMATS.iter().copied().chain(["auto"]),
        )
    }
}

fn crop(text: &str) -> Read<'_, Value<'_>> {
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

fn gravity(text: &str) -> Read<'_, Value<'_>> {
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
    let (word, args) = text.split_once(':').unwrap_or((text, ""));
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

fn offset(text: &str, limit: usize) -> Read<'_, Value<'_>> {
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

fn bit_rate(text: &str, limit: usize) -> Read<'_, Value<'_>> {
    const EXPECTED: &str = "bits per second such as `250000`, `500k` or `2m`, and `:constant`";
    if text.starts_with('$') {
        return expression::value(text, limit, EXPECTED).map(Value::Expr);
    }
    let (rate, constant) = match text.split_once(':') {
        Some((rate, "constant")) => (rate, true),
        Some((_, option)) => return misspelt("br_…:", option, EXPECTED, ["constant"].into_iter()),
        None => (text, false),
    };
    let (digits, unit) = match rate.as_bytes().last() {
        Some(b'k' | b'K') => (rate.get(..rate.len() - 1).unwrap_or(""), 1_000),
        Some(b'm' | b'M') => (rate.get(..rate.len() - 1).unwrap_or(""), 1_000_000),
        _ => (rate, 1),
    };
    match number::whole(digits) {
        Some(number) if number.mantissa > 0 => Ok(Value::BitRate(BitRate {
            number,
            unit,
            constant,
        })),
        _ => wrong(rate, EXPECTED),
    }
}

fn frame_rate(text: &str, limit: usize) -> Read<'_, Value<'_>> {
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

fn sampling(text: &str, limit: usize) -> Read<'_, Value<'_>> {
    const EXPECTED: &str = "a number of frames, or a time such as `2.3s`";
    match text.strip_suffix('s').and_then(number::whole) {
        Some(number) if number.mantissa > 0 => Ok(Value::Seconds(number)),
        Some(_) => wrong(text, EXPECTED),
        None => number_or(text, limit, false, EXPECTED),
    }
}

fn condition(text: &str, limit: usize) -> Read<'_, Value<'_>> {
    match text {
        "else" => Ok(Value::Else),
        "end" => Ok(Value::End),
        _ => expression::condition(text, limit).map(Value::Condition),
    }
}

fn assignment(text: &str, limit: usize) -> Read<'_, Value<'_>> {
    let refused = |at| {
        Err(Box::new(Wrong {
            kind: ErrorKind::InvalidVariable,
            at,
            expected: "a variable is `$name_value`, its name letters and digits after a letter",
            hint: None,
        }))
    };
    let Some((name, value)) = text.split_once('_') else {
        return refused(text);
    };
    if !expression::is_variable_name(name) {
        return refused(name);
    }
    if value.is_empty() {
        return refused(text);
    }
    let value = expression::assigned(value, limit)?;
    Ok(Value::Assignment(Assignment {
        name,
        value: Box::new(value),
    }))
}
