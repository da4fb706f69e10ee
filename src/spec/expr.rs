//! Expressions: what only the source, its record or an earlier step can settle.
//!
//! Printed infix with the fewest parentheses that keep the meaning: `(width + 20) * 2`.

use std::fmt::{self, Display, Formatter};

use super::{Decimal, Ratio};

/// A value to be worked out when its step is reached: numbers, facts and variables under operators.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Expr {
    /// A number. Lengths are in pixels, times in seconds.
    Number(Decimal),
    /// A ratio of two sides, above zero.
    Ratio(Ratio),
    /// A text. Where a list is asked for, a colon parts its items.
    Text(Box<str>),
    /// Something that the picture or its record says.
    Fact(Fact),
    /// The value of a [`Let`](super::Op::Let) before this step, by its name.
    Variable(Box<str>),
    /// The asset's free-form record under a key; always a text, empty where there is none.
    Context(Box<str>),
    /// The asset's structured record under a field.
    Metadata(Box<str>),
    /// Another asset's picture, by its public ID.
    Picture(Box<str>),
    /// What the parameter itself is before this step.
    Current,
    /// Two sides under an operator.
    Binary(Box<Binary>),
    /// A text read as a whole number.
    Whole(Box<Self>),
    /// A text read as a number.
    Numeric(Box<Self>),
    /// Whether a variable has a value (`true`), or has none (`false`).
    Defined(Box<str>, bool),
}

/// Two sides under an operator.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Binary {
    /// Left of the operator.
    pub left: Expr,
    /// The operator.
    pub operator: Operator,
    /// Right of it.
    pub right: Expr,
}

/// What the picture or its record says. Lengths are in pixels, times in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fact {
    /// Width of the step's input.
    Width,
    /// Height of the step's input.
    Height,
    /// Width over height of the step's input.
    Ratio,
    /// Width of the stored original after orientation.
    SourceWidth,
    /// Height of the stored original after orientation.
    SourceHeight,
    /// Width over height of the stored original.
    SourceRatio,
    /// Width over height after edges of one colour would be cut off.
    TrimmedRatio,
    /// The page at hand, counted from 1.
    Page,
    /// How many pages or frames the source has.
    Pages,
    /// Left edge of the page in its document.
    PageX,
    /// Top edge of the page in its document.
    PageY,
    /// How many faces the source shows.
    Faces,
    /// How many boxes are stored with the asset.
    CustomBoxes,
    /// How many named regions are stored with the asset.
    Regions,
    /// Their names.
    RegionNames,
    /// Names of the source's layers.
    PageNames,
    /// Dots per inch of the source.
    SourceDensity,
    /// How likely the source is drawn, 0 (a photograph) to 1.
    Illustration,
    /// The asset's tags.
    Tags,
    /// Keys of the asset's free-form record.
    ContextKeys,
    /// Fields of the asset's structured record.
    MetadataFields,
    /// Length of the step's input.
    Duration,
    /// Length of the source.
    SourceDuration,
    /// Length of a preview.
    PreviewDuration,
    /// Samples a second of the source's sound.
    SourceSampleRate,
    /// Frames a second of the step's input.
    FrameRate,
    /// Frames a second of the source.
    SourceFrameRate,
    /// The offset along the width in force.
    X,
    /// The offset along the height in force.
    Y,
}

impl Fact {
    /// The word in a printed expression.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Width => "width",
            Self::Height => "height",
            Self::Ratio => "ratio",
            Self::SourceWidth => "source-width",
            Self::SourceHeight => "source-height",
            Self::SourceRatio => "source-ratio",
            Self::TrimmedRatio => "trimmed-ratio",
            Self::Page => "page",
            Self::Pages => "pages",
            Self::PageX => "page-x",
            Self::PageY => "page-y",
            Self::Faces => "faces",
            Self::CustomBoxes => "custom-boxes",
            Self::Regions => "regions",
            Self::RegionNames => "region-names",
            Self::PageNames => "page-names",
            Self::SourceDensity => "source-density",
            Self::Illustration => "illustration",
            Self::Tags => "tags",
            Self::ContextKeys => "context-keys",
            Self::MetadataFields => "metadata-fields",
            Self::Duration => "duration",
            Self::SourceDuration => "source-duration",
            Self::PreviewDuration => "preview-duration",
            Self::SourceSampleRate => "source-sample-rate",
            Self::FrameRate => "frame-rate",
            Self::SourceFrameRate => "source-frame-rate",
            Self::X => "x",
            Self::Y => "y",
        }
    }
}

/// What joins two sides of an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names are the documentation")]
pub enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    /// The rest of a division.
    Modulo,
    Power,
    Equal,
    NotEqual,
    Less,
    Greater,
    AtMost,
    AtLeast,
    /// Every item of the left list is in the right one.
    In,
    /// Not [`In`](Self::In).
    NotIn,
    And,
    Or,
}

impl Operator {
    /// The sign in a printed expression.
    #[must_use]
    pub const fn sign(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Modulo => "%",
            Self::Power => "^",
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::Greater => ">",
            Self::AtMost => "<=",
            Self::AtLeast => ">=",
            Self::In => "in",
            Self::NotIn => "not-in",
            Self::And => "and",
            Self::Or => "or",
        }
    }

    /// How tightly it binds: 6 (powers) to 1 (`or`). Operators that bind alike go from the left.
    #[must_use]
    pub const fn precedence(self) -> u8 {
        match self {
            Self::Power => 6,
            Self::Multiply | Self::Divide | Self::Modulo => 5,
            Self::Add | Self::Subtract => 4,
            Self::Equal
            | Self::NotEqual
            | Self::Less
            | Self::Greater
            | Self::AtMost
            | Self::AtLeast
            | Self::In
            | Self::NotIn => 3,
            Self::And => 2,
            Self::Or => 1,
        }
    }
}

impl Expr {
    /// Two sides under an operator.
    #[must_use]
    pub fn binary(left: Self, operator: Operator, right: Self) -> Self {
        Self::Binary(Box::new(Binary {
            left,
            operator,
            right,
        }))
    }

    /// How tightly the whole holds together: 7 where there is no operator.
    fn precedence(&self) -> u8 {
        match self {
            Self::Binary(binary) => binary.operator.precedence(),
            _ => 7,
        }
    }
}

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Ratio(ratio) => ratio.fmt(f),
            Self::Text(text) => write!(f, "{text:?}"),
            Self::Fact(fact) => f.write_str(fact.word()),
            Self::Variable(name) => write!(f, "${name}"),
            Self::Context(key) => write!(f, "context[{key:?}]"),
            Self::Metadata(field) => write!(f, "metadata[{field:?}]"),
            Self::Picture(id) => write!(f, "picture[{id:?}]"),
            Self::Current => f.write_str("current"),
            Self::Binary(binary) => binary.fmt(f),
            Self::Whole(inner) => write!(f, "whole({inner})"),
            Self::Numeric(inner) => write!(f, "number({inner})"),
            Self::Defined(name, true) => write!(f, "defined(${name})"),
            Self::Defined(name, false) => write!(f, "undefined(${name})"),
        }
    }
}

impl Display for Binary {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let own = self.operator.precedence();
        let side = |f: &mut Formatter<'_>, side: &Expr, least: u8| {
            if side.precedence() < least {
                write!(f, "({side})")
            } else {
                side.fmt(f)
            }
        };
        side(f, &self.left, own)?;
        write!(f, " {} ", self.operator.sign())?;
        // From the left: the right side needs marks already where it binds alike.
        side(f, &self.right, own + 1)
    }
}

/// A number in the unit that its place names, or what works it out.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Amount {
    /// A number.
    Fixed(Decimal),
    /// Known when its step is reached.
    Expr(Box<Expr>),
}

impl Amount {
    /// A whole number.
    #[must_use]
    pub const fn whole(n: i32) -> Self {
        Self::Fixed(Decimal::from_billionths(n as i64 * Decimal::SCALE))
    }

    /// The number, where it is known already.
    #[must_use]
    pub const fn fixed(&self) -> Option<Decimal> {
        match self {
            Self::Fixed(number) => Some(*number),
            Self::Expr(_) => None,
        }
    }
}

impl Display for Amount {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(number) => number.fmt(f),
            Self::Expr(expr) => write!(f, "{{{expr}}}"),
        }
    }
}

/// An [`Amount`] of hundredths; printed with its sign `%`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Hundredths(pub Amount);

impl Display for Hundredths {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", self.0)
    }
}
