//! Values to the specification's numbers, lengths, colours and expressions.

use super::component::{decimal, nearest};
use crate::grammar::value::{
    Arg, Colour as WrittenColour, Expr as Written, Name, Operand, Operator as WrittenOperator,
    Ratio as WrittenRatio, decode_again,
};
use crate::grammar::{Number, Value};
use crate::spec::{Amount, Colour, Decimal, Expr, Fact, Ink, Length, Operator, Ratio, Side};

/// An expression in native words. Recursion is bounded by the grammar's limit on operators.
pub(super) fn expr(written: &Written<'_>, current: Option<Fact>) -> Expr {
    match written {
        Written::Operand(operand) => self::operand(operand, current),
        Written::Binary(binary) => Expr::binary(
            expr(&binary.left, current),
            operator(binary.operator),
            expr(&binary.right, current),
        ),
        Written::ToInteger(inner) => Expr::Whole(Box::new(expr(inner, current))),
        Written::ToNumber(inner) => Expr::Numeric(Box::new(expr(inner, current))),
        Written::IsDefined(name) => Expr::Defined((*name).into(), true),
        Written::IsUndefined(name) => Expr::Defined((*name).into(), false),
    }
}

/// An expression as the specification keeps it.
pub(super) fn boxed(written: &Written<'_>, current: Option<Fact>) -> Box<Expr> {
    Box::new(expr(written, current))
}

fn operand(operand: &Operand<'_>, current: Option<Fact>) -> Expr {
    match *operand {
        Operand::Number(number) => Expr::Number(saturated(number)),
        Operand::Ratio(ratio) => fraction(ratio).map_or_else(
            || {
                Expr::binary(
                    Expr::Number(saturated(ratio.width)),
                    Operator::Divide,
                    Expr::Number(saturated(ratio.height)),
                )
            },
            Expr::Ratio,
        ),
        Operand::Text(text) => Expr::Text(decode_again(text).into()),
        Operand::Word(text) => Expr::Text(text.into()),
        Operand::Name(name) => Expr::Fact(fact(name)),
        Operand::Variable(name) => Expr::Variable(name.into()),
        Operand::Context(key) => Expr::Context(key.into()),
        Operand::Metadata(field) => Expr::Metadata(field.into()),
        Operand::Reference(id) => Expr::Picture(id.replace(':', "/").into()),
        // What the key itself has now: documented for sides only by examples, assumed elsewhere.
        Operand::Own => current.map_or(Expr::Current, Expr::Fact),
    }
}

const fn operator(written: WrittenOperator) -> Operator {
    match written {
        WrittenOperator::Add => Operator::Add,
        WrittenOperator::Sub => Operator::Subtract,
        WrittenOperator::Mul => Operator::Multiply,
        WrittenOperator::Div => Operator::Divide,
        WrittenOperator::Mod => Operator::Modulo,
        WrittenOperator::Pow => Operator::Power,
        WrittenOperator::Eq => Operator::Equal,
        WrittenOperator::Ne => Operator::NotEqual,
        WrittenOperator::Lt => Operator::Less,
        WrittenOperator::Gt => Operator::Greater,
        WrittenOperator::Lte => Operator::AtMost,
        WrittenOperator::Gte => Operator::AtLeast,
        WrittenOperator::In => Operator::In,
        WrittenOperator::Nin => Operator::NotIn,
        WrittenOperator::And => Operator::And,
        WrittenOperator::Or => Operator::Or,
    }
}

const fn fact(name: Name) -> Fact {
    match name {
        Name::Width => Fact::Width,
        Name::Height => Fact::Height,
        Name::AspectRatio => Fact::Ratio,
        Name::InitialWidth | Name::OriginalWidth => Fact::SourceWidth,
        Name::InitialHeight | Name::OriginalHeight => Fact::SourceHeight,
        Name::InitialAspectRatio => Fact::SourceRatio,
        Name::TrimmedAspectRatio => Fact::TrimmedRatio,
        Name::CurrentPage => Fact::Page,
        Name::PageCount => Fact::Pages,
        Name::PageX => Fact::PageX,
        Name::PageY => Fact::PageY,
        Name::FaceCount => Fact::Faces,
        Name::CustomCount => Fact::CustomBoxes,
        Name::RegionCount => Fact::Regions,
        Name::RegionNames => Fact::RegionNames,
        Name::PageNames => Fact::PageNames,
        Name::InitialDensity => Fact::SourceDensity,
        Name::IllustrationScore => Fact::Illustration,
        Name::Tags => Fact::Tags,
        Name::ContextKeys => Fact::ContextKeys,
        Name::MetadataIds => Fact::MetadataFields,
        Name::Duration => Fact::Duration,
        Name::InitialDuration => Fact::SourceDuration,
        Name::PreviewDuration => Fact::PreviewDuration,
        Name::AudioFrequency => Fact::SourceSampleRate,
        Name::FrameRate => Fact::FrameRate,
        Name::InitialFrameRate => Fact::SourceFrameRate,
        Name::X => Fact::X,
        Name::Y => Fact::Y,
    }
}

/// A number, or the nearest that fits into the specification's units.
pub(super) fn saturated(number: Number) -> Decimal {
    decimal(number).unwrap_or_else(|| {
        Decimal::from_billionths(if number.mantissa < 0 {
            i64::MIN
        } else {
            i64::MAX
        })
    })
}

/// Two sides as a ratio; `None` where one is not above zero or too large.
fn fraction(ratio: WrittenRatio) -> Option<Ratio> {
    let side = |number: Number, other: Number| -> Option<u64> {
        let mantissa = u64::try_from(number.mantissa).ok()?;
        let zeros = u32::from(other.decimals.saturating_sub(number.decimals));
        mantissa.checked_mul(10_u64.checked_pow(zeros)?)
    };
    Ratio::new(
        side(ratio.width, ratio.height)?,
        side(ratio.height, ratio.width)?,
    )
}

/// A number or an expression; `None` for a value of any other shape.
pub(super) fn amount(value: &Value<'_>) -> Option<Amount> {
    match value {
        Value::Number(number) => Some(Amount::Fixed(saturated(*number))),
        Value::Expr(written) => Some(amount_of(written, None)),
        _ => None,
    }
}

/// An expression that may be only a number.
pub(super) fn amount_of(written: &Written<'_>, current: Option<Fact>) -> Amount {
    match literal(written) {
        Some(number) => Amount::Fixed(saturated(number)),
        None => Amount::Expr(boxed(written, current)),
    }
}

/// An effect's argument: a number or an expression.
pub(super) fn argument(arg: &Arg<'_>) -> Option<Amount> {
    match arg.number() {
        Some(number) => Some(Amount::Fixed(saturated(number))),
        None => Some(Amount::Expr(boxed(&arg.expr()?, None))),
    }
}

/// An expression that is only a number.
pub(super) fn literal(written: &Written<'_>) -> Option<Number> {
    match written {
        Written::Operand(Operand::Number(number)) => Some(*number),
        _ => None,
    }
}

/// A length: without a dot pixels, with one a share, or an expression, whose result is pixels
/// (assumed for results below one).
pub(super) fn length(value: &Value<'_>, current: Fact) -> Option<Length> {
    match value {
        Value::Number(number) => pixels_or_share(*number),
        Value::Expr(Written::Operand(Operand::Name(name))) if source_side(*name).is_some() => {
            source_side(*name)
        }
        Value::Expr(written) => Some(Length::Expr(boxed(written, Some(current)))),
        _ => None,
    }
}

/// A length among the arguments of an effect.
pub(super) fn length_argument(arg: &Arg<'_>) -> Option<Length> {
    match arg.number() {
        Some(number) => pixels_or_share(number),
        None => Some(Length::Expr(boxed(&arg.expr()?, None))),
    }
}

fn pixels_or_share(number: Number) -> Option<Length> {
    if number.dotted {
        decimal(number).map(Length::Share)
    } else {
        Some(Length::Px(
            i32::try_from(nearest(number)).unwrap_or(i32::MAX),
        ))
    }
}

const fn source_side(name: Name) -> Option<Length> {
    match name {
        Name::InitialWidth | Name::OriginalWidth => Some(Length::Source(Side::Width)),
        Name::InitialHeight | Name::OriginalHeight => Some(Length::Source(Side::Height)),
        _ => None,
    }
}

/// A colour, or the variable that holds it.
pub(super) fn ink(colour: &WrittenColour<'_>) -> Ink {
    match (colour, colour.rgba()) {
        (WrittenColour::Variable(name), _) => Ink::Variable((*name).into()),
        (_, Some([r, g, b, a])) => Ink::Colour(Colour { r, g, b, a }),
        (_, None) => Ink::Colour(Colour::TRANSPARENT),
    }
}

/// The colour that a text names, as the value of a variable does.
#[must_use]
pub fn colour(text: &str) -> Option<Colour> {
    ink(&WrittenColour::read(text)?).colour()
}
