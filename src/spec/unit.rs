//! Units of the specification: integers in fixed units, so that specs compare, hash and print exactly.

use std::num::NonZeroU64;

use super::Expr;

/// A decimal number in billionths (nine digits behind the point), as `w_0.5` or `dpr_1.5` write it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Decimal(i64);

impl Decimal {
    /// One, the neutral factor.
    pub const ONE: Self = Self(1_000_000_000);
    /// Billionths in one.
    pub const SCALE: i64 = 1_000_000_000;

    /// From a count of billionths.
    #[must_use]
    pub const fn from_billionths(n: i64) -> Self {
        Self(n)
    }

    /// From `mantissa / 10^decimals`; digits beyond the ninth are cut. `None` when it does not fit
    /// (about ±9.2 thousand million).
    #[must_use]
    pub fn from_parts(mantissa: i64, decimals: u8) -> Option<Self> {
        let wide = i128::from(mantissa);
        let scaled = if decimals <= 9 {
            wide.checked_mul(10_i128.checked_pow(u32::from(9 - decimals))?)?
        } else {
            wide / 10_i128.checked_pow(u32::from(decimals - 9))?
        };
        i64::try_from(scaled).ok().map(Self)
    }

    /// The number in billionths.
    #[must_use]
    pub const fn billionths(self) -> i64 {
        self.0
    }

    /// The number as floating point, for arithmetic that ends in pixels.
    #[must_use]
    #[allow(clippy::cast_precision_loss)]
    pub fn as_f64(self) -> f64 {
        self.0 as f64 / Self::SCALE as f64
    }
}

/// A ratio of two sides, always above zero: `16:9`, or a decimal over a power of ten.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ratio {
    width: NonZeroU64,
    height: NonZeroU64,
}

impl Ratio {
    /// `width : height`, reduced; `None` when either side is zero.
    #[must_use]
    pub fn new(width: u64, height: u64) -> Option<Self> {
        let divisor = gcd(width, height).max(1);
        Some(Self {
            width: NonZeroU64::new(width / divisor)?,
            height: NonZeroU64::new(height / divisor)?,
        })
    }

    /// The width part of the reduced ratio.
    #[must_use]
    pub const fn width(self) -> u64 {
        self.width.get()
    }

    /// The height part of the reduced ratio.
    #[must_use]
    pub const fn height(self) -> u64 {
        self.height.get()
    }
}

const fn gcd(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// One side of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// Left to right.
    Width,
    /// Top to bottom.
    Height,
}

/// A length along one side of a step's input.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Length {
    /// Pixels; negative only in offsets.
    Px(i32),
    /// A share of the same side of the step's input: 0.5 is half, values above 1 enlarge.
    Share(Decimal),
    /// A share of the same side of the picture that a layer is laid on.
    OfBase(Decimal),
    /// A side of the stored original after orientation, constant through a chain (`iw`, `ih`).
    Source(Side),
    /// The width that the client says it will show (client hints), rounded up to a multiple of
    /// `step`; `fallback` pixels, or the input's width, when it says nothing.
    Shown {
        /// Granularity in pixels, at least 1.
        step: u32,
        /// Pixels when there is no hint.
        fallback: Option<u32>,
    },
    /// Pixels, known when the step is reached.
    Expr(Box<Expr>),
}

/// A percentage, 0 to 100.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Percent(u8);

impl Percent {
    /// `None` above 100.
    #[must_use]
    pub const fn new(n: u8) -> Option<Self> {
        if n <= 100 { Some(Self(n)) } else { None }
    }

    /// 0 to 100.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }
}

/// An angle in thousandths of a degree, clockwise, in the range -360000 to 360000.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Angle(pub i32);

/// A colour in sRGB with straight (not premultiplied) alpha.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Colour {
    /// Red, 0 to 255.
    pub r: u8,
    /// Green, 0 to 255.
    pub g: u8,
    /// Blue, 0 to 255.
    pub b: u8,
    /// Opacity, 0 (transparent) to 255 (opaque).
    pub a: u8,
}

impl Colour {
    /// Opaque white, the default behind transparency.
    pub const WHITE: Self = Self::rgb(255, 255, 255);
    /// Opaque black.
    pub const BLACK: Self = Self::rgb(0, 0, 0);
    /// Nothing at all.
    pub const TRANSPARENT: Self = Self {
        r: 0,
        g: 0,
        b: 0,
        a: 0,
    };

    /// An opaque colour.
    #[must_use]
    pub const fn rgb(r: u8, g: u8, b: u8) -> Self {
        Self { r, g, b, a: 255 }
    }
}

/// A colour, or what holds it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Ink {
    /// This one.
    Colour(Colour),
    /// The value of a variable, by its name.
    Variable(Box<str>),
}

impl Ink {
    /// The colour, where it is known already.
    #[must_use]
    pub const fn colour(&self) -> Option<Colour> {
        match self {
            Self::Colour(colour) => Some(*colour),
            Self::Variable(_) => None,
        }
    }
}

/// The nine fixed places of a box in a picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names are the documentation")]
pub enum Compass {
    NorthWest,
    North,
    NorthEast,
    West,
    #[default]
    Center,
    East,
    SouthWest,
    South,
    SouthEast,
}
