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
mod plain;

pub use crate::text::decode_again;
pub use colour::Colour;
pub use effect::{Arg, ArgIter, Effect, EffectHead};
pub use expression::{Binary, Expr, Name, Operand, Operator};
pub use layer::{Layer, LayerKind, TextPart, TextStyle};
pub use lists::{
    Angle, AngleStep, AngleWord, Corner, Flag, Flags, Names, PageItem, Pages, Radius, Words,
};
pub use number::{Number, Ratio};

use crate::error::ErrorKind;
use crate::params::{CropMode, ParamKey, Place, Shape, nearest};

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
    /// `f_`, other than `auto` or an expression: a format name as written.
    Format(&'a str),
    /// `fl_`
    Flags(Flags<'a>),
    /// `e_`
    Effect(Effect<'a>),
    /// `l_`, `u_`
    Layer(Box<Layer<'a>>),
    /// `br_`
    BitRate(BitRate),
    /// `br_av:…`
    BitRates(Box<BitRates>),
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

/// Bits per second of picture and sound apart, at least one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BitRates {
    /// Of the picture.
    pub video: Option<BitRate>,
    /// Of the sound.
    pub audio: Option<BitRate>,
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
        Shape::Side => plain::side(text, limit),
        Shape::Number => plain::number_or(text, limit, true, "a number or an expression"),
        Shape::Positive => plain::number_or(
            text,
            limit,
            false,
            "a number not below zero, or an expression",
        ),
        Shape::Factor => match plain::auto(text) {
            Some(words) => Ok(Value::Auto(words)),
            None => plain::factor(text, limit),
        },
        Shape::NumberOrSource => {
            plain::number_or(text, limit, false, "a number, or the value of the source")
        }
        Shape::Ratio => plain::ratio(text, limit),
        Shape::Angle => lists::angle(text, limit).map(Value::Angle),
        Shape::Radius => lists::radius(text, limit).map(Value::Radius),
        Shape::Colour => colour::colour(text).map(Value::Colour),
        Shape::Background => plain::background(text),
        Shape::Border => plain::border(text, limit),
        Shape::Quality => plain::quality(text, limit),
        Shape::Format => plain::format(text, limit),
        Shape::Crop => plain::crop(text),
        Shape::Gravity => plain::gravity(text),
        Shape::Effect => effect::effect(text, limit).map(Value::Effect),
        Shape::Flags => Ok(Value::Flags(Flags::new(text))),
        Shape::Layer => layer::layer(text).map(|layer| Value::Layer(Box::new(layer))),
        Shape::Offset => plain::offset(text, limit),
        Shape::BitRate => plain::bit_rate(text, limit),
        Shape::FrameRate => plain::frame_rate(text, limit),
        Shape::Sampling => plain::sampling(text, limit),
        Shape::Pages => Ok(Value::Pages(Pages::new(text))),
        Shape::AssetId => Ok(Value::AssetId(text)),
        Shape::Names => Ok(Value::Names(Names::new(text))),
        Shape::Words => Ok(Value::Words(Words::new(text))),
        Shape::Condition => plain::condition(text, limit),
        Shape::Assignment => plain::assignment(text, limit),
    }
}
