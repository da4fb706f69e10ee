//! Expressions to values: variables, what the picture says, and the operators between them.
//!
//! Numbers are floating point and precedence is the usual one, which the specification's trees
//! already have. What the service leaves open is decided here and listed in
//! `docs/compatibility.md`.

use std::collections::BTreeMap;

use thiserror::Error as ThisError;

use super::facts::Size;
use crate::spec::{Binary, Decimal, Expr, Fact, Length, Operator, Ratio};

/// Results for pixels go to the nearest whole number, halves away from zero. Assumed.
const HALF_GOES_AWAY_FROM_ZERO: bool = true;

/// Largest result of any operator; more is a mistake and no size. Well inside the exact range of
/// floating point.
const LARGEST: f64 = 1e12;

/// Two numbers that differ by no more than this are equal: what rounding does to `0.1 + 0.2`.
const SAME: f64 = 1e-9;

/// Longest text that a variable may hold, in bytes.
const LONGEST_TEXT: usize = 10_000;

/// Why an expression has no value.
#[derive(Clone, Debug, PartialEq, Eq, ThisError)]
#[allow(missing_docs, reason = "the messages are the documentation")]
pub enum Fault {
    #[error("division by zero in {0}")]
    DivisionByZero(Box<str>),
    #[error("{0} is too large")]
    TooLarge(Box<str>),
    #[error("variable ${0} has no value")]
    Undefined(Box<str>),
    #[error("\"{0}\" is no number")]
    NoNumber(Box<str>),
    #[error("\"{0}\" is no colour")]
    NoColour(Box<str>),
    #[error("{expression} works out to {value}, allowed is {allowed}")]
    OutOfRange {
        expression: Box<str>,
        value: Box<str>,
        allowed: &'static str,
    },
}

/// What an expression works out to.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    /// A number; 1 and 0 for what holds and what does not.
    Number(f64),
    /// A text; a colon parts the items of a list.
    Text(Box<str>),
}

impl Value {
    /// A number as it is written, without trailing zeros; a text as it is.
    pub fn text(&self) -> Box<str> {
        match self {
            Self::Number(number) => written(*number),
            Self::Text(text) => text.clone(),
        }
    }

    fn number(&self) -> Result<f64, Fault> {
        match self {
            Self::Number(number) => Ok(*number),
            Self::Text(text) => parsed(text).ok_or_else(|| Fault::NoNumber(text.clone())),
        }
    }

    fn holds(&self) -> bool {
        match self {
            Self::Number(number) => *number != 0.0,
            Self::Text(text) => !text.is_empty(),
        }
    }
}

/// A number with at most nine decimals, none of them idle.
fn written(number: f64) -> Box<str> {
    let fixed = format!("{number:.9}");
    let text = fixed.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0" } else { text }.into()
}

fn parsed(text: &str) -> Option<f64> {
    let number: f64 = text.trim().parse().ok()?;
    (number.is_finite() && number.abs() <= LARGEST).then_some(number)
}

/// The variables that have a value.
#[derive(Clone, Debug, Default)]
pub(super) struct Variables(BTreeMap<Box<str>, Value>);

impl Variables {
    pub fn set(&mut self, name: &str, value: Value) {
        self.0.insert(name.into(), value);
    }

    pub fn get(&self, name: &str) -> Result<&Value, Fault> {
        self.0
            .get(name)
            .ok_or_else(|| Fault::Undefined(name.into()))
    }
}

/// What an expression may look at when its step is reached.
#[derive(Clone, Copy, Debug)]
pub(super) struct View<'a> {
    /// Variables set before.
    pub variables: &'a Variables,
    /// Size of the step's input.
    pub input: Size,
    /// Size of the stored original after orientation.
    pub source: Size,
    /// The page at hand, counted from 1.
    pub page: u32,
    /// Pages or frames of the source.
    pub pages: u32,
    /// Faces in the source.
    pub faces: usize,
}

impl View<'_> {
    /// What an expression works out to; `current` is what the parameter itself is before the step.
    pub fn value(&self, expr: &Expr, current: Option<&Value>) -> Result<Value, Fault> {
        Ok(match expr {
            Expr::Number(number) => Value::Number(number.as_f64()),
            Expr::Ratio(ratio) => Value::Number(quotient(*ratio)),
            Expr::Text(text) | Expr::Picture(text) => Value::Text(bounded(text)?),
            Expr::Fact(fact) => self.fact(*fact),
            Expr::Variable(name) => self.variables.get(name)?.clone(),
            // Records are not kept here: every key is missing, and a missing key is an empty text.
            Expr::Context(_) | Expr::Metadata(_) => Value::Text("".into()),
            Expr::Current => current
                .cloned()
                .ok_or_else(|| Fault::Undefined("current".into()))?,
            Expr::Binary(binary) => self.binary(binary, current)?,
            Expr::Whole(inner) => Value::Number(leading(&self.value(inner, current)?).trunc()),
            Expr::Numeric(inner) => Value::Number(leading(&self.value(inner, current)?)),
            Expr::Defined(name, wanted) => truth(self.variables.get(name).is_ok() == *wanted),
        })
    }

    /// The number that an expression works out to.
    pub fn number(&self, expr: &Expr, current: Option<f64>) -> Result<f64, Fault> {
        self.value(expr, current.map(Value::Number).as_ref())?
            .number()
    }

    /// Whether a condition holds.
    pub fn holds(&self, condition: &Expr) -> Result<bool, Fault> {
        Ok(self.value(condition, None)?.holds())
    }

    fn fact(&self, fact: Fact) -> Value {
        let size = |size: Size| f64::from(size.width) / f64::from(size.height);
        Value::Number(match fact {
            Fact::Width => self.input.width.into(),
            Fact::Height => self.input.height.into(),
            // What trimming would leave is not known before there are pixels.
            Fact::Ratio | Fact::TrimmedRatio => size(self.input),
            Fact::SourceWidth => self.source.width.into(),
            Fact::SourceHeight => self.source.height.into(),
            Fact::SourceRatio => size(self.source),
            Fact::Page => self.page.into(),
            Fact::Pages => self.pages.into(),
            Fact::Faces => u32::try_from(self.faces).unwrap_or(u32::MAX).into(),
            Fact::PageX
            | Fact::PageY
            | Fact::CustomBoxes
            | Fact::Regions
            | Fact::SourceDensity
            | Fact::Illustration
            | Fact::Duration
            | Fact::SourceDuration
            | Fact::PreviewDuration
            | Fact::SourceSampleRate
            | Fact::FrameRate
            | Fact::SourceFrameRate
            | Fact::X
            | Fact::Y => 0.0,
            Fact::RegionNames
            | Fact::PageNames
            | Fact::Tags
            | Fact::ContextKeys
            | Fact::MetadataFields => return Value::Text("".into()),
        })
    }

    fn binary(&self, binary: &Binary, current: Option<&Value>) -> Result<Value, Fault> {
        let Binary {
            left,
            operator,
            right,
        } = binary;
        let first = self.value(left, current)?;
        // What the first side settles leaves the second alone: `isdef` guards what follows it.
        match operator {
            Operator::And if !first.holds() => return Ok(truth(false)),
            Operator::Or if first.holds() => return Ok(truth(true)),
            _ => {}
        }
        let second = self.value(right, current)?;
        let fault = |kind: fn(Box<str>) -> Fault| kind(binary.to_string().into());
        let number = match operator {
            Operator::And | Operator::Or => return Ok(truth(second.holds())),
            Operator::In => return Ok(truth(within(&first, &second))),
            Operator::NotIn => return Ok(truth(!within(&first, &second))),
            Operator::Equal => return Ok(truth(self.equal(binary, &first, &second))),
            Operator::NotEqual => return Ok(truth(!self.equal(binary, &first, &second))),
            Operator::Less => return Ok(truth(order(&first, &second).is_lt())),
            Operator::Greater => return Ok(truth(order(&first, &second).is_gt())),
            Operator::AtMost => return Ok(truth(order(&first, &second).is_le())),
            Operator::AtLeast => return Ok(truth(order(&first, &second).is_ge())),
            Operator::Add => first.number()? + second.number()?,
            Operator::Subtract => first.number()? - second.number()?,
            Operator::Multiply => first.number()? * second.number()?,
            Operator::Divide | Operator::Modulo => {
                let (n, by) = (first.number()?, second.number()?);
                if by == 0.0 {
                    return Err(fault(Fault::DivisionByZero));
                }
                if *operator == Operator::Divide {
                    n / by
                } else {
                    // The rest has the sign of the divisor. Assumed.
                    n - by * (n / by).floor()
                }
            }
            Operator::Power => {
                let (n, to) = (first.number()?, second.number()?);
                if n == 0.0 && to < 0.0 {
                    return Err(fault(Fault::DivisionByZero));
                }
                n.powf(to)
            }
        };
        if number.abs() <= LARGEST {
            Ok(Value::Number(number))
        } else {
            Err(fault(Fault::TooLarge))
        }
    }

    fn equal(&self, binary: &Binary, first: &Value, second: &Value) -> bool {
        let (Value::Number(first), Value::Number(second)) = (first, second) else {
            return first.text() == second.text();
        };
        // A ratio of whole pixels is hardly ever exactly the one asked for: it is the same within the
        // share that one pixel of the longer side is. Assumed.
        let same = if is_ratio(&binary.left) || is_ratio(&binary.right) {
            1.0 / f64::from(self.input.width.max(self.input.height))
        } else {
            SAME * first.abs().max(1.0)
        };
        (first - second).abs() <= same
    }
}

const fn is_ratio(expr: &Expr) -> bool {
    matches!(
        expr,
        Expr::Ratio(_) | Expr::Fact(Fact::Ratio | Fact::SourceRatio | Fact::TrimmedRatio)
    )
}

#[allow(clippy::cast_precision_loss)]
fn quotient(ratio: Ratio) -> f64 {
    ratio.width() as f64 / ratio.height() as f64
}

fn truth(holds: bool) -> Value {
    Value::Number(if holds { 1.0 } else { 0.0 })
}

fn bounded(text: &str) -> Result<Box<str>, Fault> {
    if text.len() > LONGEST_TEXT {
        return Err(Fault::TooLarge("a text".into()));
    }
    Ok(text.into())
}

/// The number that a text begins with; 0 where it begins with none. Assumed.
fn leading(value: &Value) -> f64 {
    match value {
        Value::Number(number) => *number,
        Value::Text(text) => {
            let text = text.trim_start();
            let mut dotted = false;
            let end = text
                .char_indices()
                .find(|&(at, c)| {
                    let point = c == '.' && !dotted;
                    dotted |= point;
                    !(c.is_ascii_digit() || point || (at == 0 && matches!(c, '-' | '+')))
                })
                .map_or(text.len(), |(at, _)| at);
            text.get(..end).and_then(parsed).unwrap_or(0.0)
        }
    }
}

/// Whether every item of one list is in the other.
fn within(items: &Value, list: &Value) -> bool {
    let (items, list) = (items.text(), list.text());
    items
        .split(':')
        .all(|item| !list.is_empty() && list.split(':').any(|other| other == item))
}

/// Numbers by size, texts letter by letter; a number beside a text is a text.
fn order(first: &Value, second: &Value) -> std::cmp::Ordering {
    match (first, second) {
        (Value::Number(first), Value::Number(second)) => first.total_cmp(second),
        _ => first.text().cmp(&second.text()),
    }
}

/// A number in billionths.
pub(super) fn decimal(number: f64, expr: &Expr) -> Result<Decimal, Fault> {
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)]
    {
        let scaled = (number * Decimal::SCALE as f64).round();
        if scaled.abs() < i64::MAX as f64 {
            return Ok(Decimal::from_billionths(scaled as i64));
        }
    }
    Err(Fault::TooLarge(expr.to_string().into()))
}

/// The nearest whole number.
pub(super) fn whole(number: f64, expr: &Expr) -> Result<i32, Fault> {
    let rounded = if HALF_GOES_AWAY_FROM_ZERO {
        number.round()
    } else {
        number.round_ties_even()
    };
    if rounded.abs() <= f64::from(i32::MAX) {
        #[allow(clippy::cast_possible_truncation)]
        Ok(rounded as i32)
    } else {
        Err(Fault::TooLarge(expr.to_string().into()))
    }
}

/// A result as a length. A lone variable that holds a number between zero and one is a share, as the
/// number itself would be; everything else is pixels. Assumed.
pub(super) fn length(number: f64, expr: &Expr, least: i32) -> Result<Length, Fault> {
    if matches!(expr, Expr::Variable(_)) && number > 0.0 && number < 1.0 {
        return decimal(number, expr).map(Length::Share);
    }
    let pixels = whole(number, expr)?;
    if pixels < least {
        return Err(out_of_range(
            expr,
            number,
            if least > 0 { "above 0" } else { "from 0 on" },
        ));
    }
    Ok(Length::Px(pixels))
}

/// A result as a ratio of two sides.
pub(super) fn ratio(number: f64, expr: &Expr) -> Result<Ratio, Fault> {
    /// Parts of one in which a ratio is kept.
    const PARTS: u64 = 1_000_000_000;
    /// Most by which one side may exceed the other.
    const MOST: f64 = 65_535.0;
    #[allow(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss
    )]
    let parts = if number.is_finite() && (1.0 / MOST..=MOST).contains(&number) {
        (number * PARTS as f64).round() as u64
    } else {
        0
    };
    Ratio::new(parts, PARTS)
        .ok_or_else(|| out_of_range(expr, number, "a ratio above 0, at most 65535"))
}

pub(super) fn out_of_range(expr: &Expr, value: f64, allowed: &'static str) -> Fault {
    Fault::OutOfRange {
        expression: expr.to_string().into(),
        value: written(value),
        allowed,
    }
}
