//! Numbers and ratios, exact.

use std::fmt;

use nom::character::complete::{char, digit0, digit1};
use nom::combinator::{all_consuming, opt};
use nom::sequence::separated_pair;
use nom::{IResult, Parser};

/// A decimal number, exact: `mantissa / 10^decimals`, without trailing zeros after the dot.
///
/// A dot that was written counts: `w_1` is one pixel and `w_1.0` the whole width.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Number {
    /// The digits without the dot, with the sign.
    pub mantissa: i64,
    /// How many of them stand after the dot, at most 18.
    pub decimals: u8,
    /// Whether a dot was written.
    pub dotted: bool,
}

impl Number {
    /// A number without a dot.
    #[must_use]
    pub const fn integer(value: i64) -> Self {
        Self {
            mantissa: value,
            decimals: 0,
            dotted: false,
        }
    }

    /// The value where it has nothing after the dot, written or not.
    #[must_use]
    pub fn as_integer(self) -> Option<i64> {
        (self.decimals == 0).then_some(self.mantissa)
    }

    /// The nearest binary fraction; for display and for effects, not for sizes.
    #[must_use]
    pub fn to_f64(self) -> f64 {
        self.mantissa as f64 / 10f64.powi(i32::from(self.decimals))
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.mantissa < 0 { "-" } else { "" };
        let digits = self.mantissa.unsigned_abs();
        let places = u32::from(self.decimals.min(18));
        let unit = 10u64.pow(places);
        let (whole, rest) = (digits / unit, digits % unit);
        match (self.dotted, places) {
            (false, 0) => write!(f, "{sign}{whole}"),
            (true, 0) => write!(f, "{sign}{whole}.0"),
            (_, places) => write!(f, "{sign}{whole}.{rest:0width$}", width = places as usize),
        }
    }
}

/// Width to height.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ratio {
    /// Before the colon.
    pub width: Number,
    /// After it.
    pub height: Number,
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.width, self.height)
    }
}

/// `number = ["-"] (1*DIGIT ["." *DIGIT] / "." 1*DIGIT)`
///
/// Eighteen significant digits are kept; more after the dot are dropped, more before it are no number.
pub(crate) fn number(input: &str) -> IResult<&str, Number> {
    let (rest, (minus, whole)) = (opt(char('-')), digit0).parse(input)?;
    let (rest, fraction) = match rest.strip_prefix('.') {
        Some(after) if whole.is_empty() => digit1.map(Some).parse(after)?,
        Some(after) => digit0.map(Some).parse(after)?,
        None => (rest, None),
    };
    match assemble(minus.is_some(), whole, fraction) {
        Some(number) => Ok((rest, number)),
        None => Err(nom::Err::Error(nom::error::Error::new(
            input,
            nom::error::ErrorKind::Digit,
        ))),
    }
}

fn assemble(negative: bool, whole: &str, fraction: Option<&str>) -> Option<Number> {
    const SIGNIFICANT: usize = 18;
    if whole.is_empty() && fraction.is_none() {
        return None;
    }
    let whole = whole.trim_start_matches('0');
    let room = SIGNIFICANT.checked_sub(whole.len())?;
    let kept = fraction.unwrap_or("");
    let kept = kept
        .get(..kept.len().min(room))
        .unwrap_or("")
        .trim_end_matches('0');
    // At most eighteen digits: fits, no overflow.
    let mut mantissa = 0i64;
    for digit in whole.bytes().chain(kept.bytes()) {
        mantissa = mantissa * 10 + i64::from(digit - b'0');
    }
    let decimals = u8::try_from(kept.len()).ok()?;
    Some(Number {
        mantissa: if negative { -mantissa } else { mantissa },
        decimals,
        dotted: fraction.is_some(),
    })
}

/// `ratio = number ":" number`
pub(crate) fn ratio(input: &str) -> IResult<&str, Ratio> {
    separated_pair(number, char(':'), number)
        .map(|(width, height)| Ratio { width, height })
        .parse(input)
}

/// A text that is one number and nothing else.
pub(crate) fn whole(text: &str) -> Option<Number> {
    // Most numbers are a few digits: read at once, without the general way.
    if (1..=9).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit()) {
        let value = text
            .bytes()
            .fold(0i64, |value, digit| value * 10 + i64::from(digit - b'0'));
        return Some(Number::integer(value));
    }
    all_consuming(number)
        .parse(text)
        .ok()
        .map(|(_, number)| number)
}

/// A text that is one ratio and nothing else.
pub(crate) fn whole_ratio(text: &str) -> Option<Ratio> {
    all_consuming(ratio)
        .parse(text)
        .ok()
        .map(|(_, ratio)| ratio)
}
