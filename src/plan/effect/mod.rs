//! Effects with every number settled: what the renderer's kernels take.
//!
//! Shares are of one, lengths in pixels, angles in degrees. How the words of a specification become
//! these numbers is the business of [`settle`].

mod edges;
mod look;
mod settle;
mod travel;
mod warp;

use super::facts::Size;
use crate::spec::{Colour, ColourVision, Kernel, Morph, OutlineMode, Scene};

pub(super) use settle::{blurred_fill, settle, trim};
pub use travel::{Sight, Travel};
pub(super) use warp::turned;

/// How a part of a picture is made unrecognizable.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Veil {
    /// A Gaussian blur of this standard deviation in pixels.
    Blur(f64),
    /// Squares of this side in pixels.
    Cells(u32),
}

/// One effect over pixels. The size stays as it is unless [`EffectStep::size_after`] says otherwise.
#[derive(Clone, Debug, PartialEq)]
pub enum EffectStep {
    /// Each pixel by its own colour alone. Neighbours in a chain are done in one pass.
    Point(Point),
    /// Colours brought into balance as measured on the picture, mixed in by a share.
    Balance {
        /// What is balanced.
        what: Balance,
        /// Of the result, 0 to 1.
        share: f64,
    },
    /// Shadows lifted, mixed in by a share; the bias (-1 to 1) moves what counts as shadow.
    FillLight {
        /// Of the result, 0 to 1.
        share: f64,
        /// Positive reaches into brighter parts.
        bias: f64,
    },
    /// Sepia tone; the threshold is a share of full light.
    Sepia {
        /// 0 to 1.
        level: f64,
    },
    /// Light mapped to colours, after its histogram is flattened where asked.
    Tint {
        /// Of the result, 0 to 1.
        share: f64,
        /// Whether the histogram is flattened first.
        equalize: bool,
        /// Colours by light (0 to 1), ascending; the first stands at 0, the last at 1.
        gradient: Box<[(f64, Colour)]>,
    },
    /// A Gaussian blur, in a part of the picture or in all of it.
    Blur {
        /// Standard deviation in pixels, above 0.
        sigma: f64,
        /// `None`: everywhere.
        area: Option<Rect>,
    },
    /// Parts made unrecognizable, each softly towards its edges: ovals where they are blurred.
    Veil {
        /// How.
        veil: Veil,
        /// Where.
        areas: Box<[Rect]>,
    },
    /// What a blur of `sigma` takes away, added `amount` times.
    Sharpen {
        /// Standard deviation in pixels, above 0.
        sigma: f64,
        /// 1 doubles the difference.
        amount: f64,
    },
    /// Squares of one colour.
    Pixelate {
        /// The side of a square, at least 1.
        cell: u32,
        /// `None`: everywhere.
        area: Option<Rect>,
    },
    /// The most common tone around each pixel.
    OilPaint {
        /// How far is looked, at least 1.
        radius: u32,
    },
    /// Flat colours under drawn lines.
    Cartoon {
        /// Strength of the lines, 0 to 1.
        lines: f64,
        /// Tones left of each channel, at least 2; `None`: black lines on white.
        tones: Option<u32>,
    },
    /// Shapes grown or shrunk.
    Morphology {
        /// What is done.
        method: Morph,
        /// How often.
        iterations: u32,
        /// The shape probed with.
        kernel: Kernel,
        /// Its radius.
        radius: f64,
    },
    /// Two tones a channel by a fixed pattern, numbered 0 to 18.
    Dither {
        /// Its number.
        pattern: u8,
    },
    /// Few colours in smooth areas.
    Posterize {
        /// How many colours.
        colours: u32,
        /// Areas of fewer pixels are merged into their surroundings.
        speckle: u32,
        /// How strongly texture is smoothed away first, in pixels.
        sigma: f64,
    },
    /// Darker towards the corners.
    Vignette {
        /// What is taken at the corners, 0 to 1.
        level: f64,
    },
    /// Stripes where red and green differ.
    Stripes {
        /// 0 to 1.
        strength: f64,
    },
    /// Opacity falls towards edges.
    Fade(Fade),
    /// One colour replaced by another.
    ReplaceColour {
        /// The new one.
        to: Colour,
        /// The old one; `None`: the most prominent of the picture.
        from: Option<Colour>,
        /// A distance in CIE L*a*b*.
        tolerance: f64,
    },
    /// One colour, wherever it is, made transparent.
    MakeTransparent {
        /// `None`: that of the edges.
        colour: Option<Colour>,
        /// A share of the largest distance of two colours.
        tolerance: f64,
    },
    /// A uniform background made transparent, as far as it reaches in from the edges.
    KeyBackground {
        /// Its colour; `None`: that of the edges.
        colour: Option<Colour>,
        /// A lit screen: all of its colour goes, its shine on the subject too.
        screen: bool,
    },
    /// Flat graphics recoloured to another background.
    Theme {
        /// The background wanted.
        colour: Colour,
        /// 0 recolours everything, 1 what looks drawn, 2 nothing.
        sensitivity: f64,
    },
    /// Small red spots made grey.
    RedEye,
    /// A line along the edge of what is opaque.
    Outline {
        /// On which side.
        mode: OutlineMode,
        /// Its width.
        width: u32,
        /// How softly it ends: a standard deviation, 0 for not at all.
        sigma: f64,
        /// Its colour.
        colour: Colour,
    },
    /// A soft silhouette behind the picture; the canvas grows to hold it.
    Shadow {
        /// Standard deviation of its edge.
        sigma: f64,
        /// Its colour.
        colour: Colour,
        /// Where it lies from the picture, to the right and down.
        offset: (i32, i32),
        /// What the canvas grows by: left, top, right, bottom.
        grow: [u32; 4],
    },
    /// A shadow on the ground behind what is opaque.
    DropShadow {
        /// Where a point one pixel above the ground falls, to the right and down.
        cast: (f64, f64),
        /// How much softer it is at its end: pixels of standard deviation a pixel of height.
        spread: f64,
    },
    /// Every pixel taken from elsewhere in a plane.
    Warp(Box<Warp>),
    /// Bent along an arc.
    Arc(Arc),
    /// Cut along the path that the source's file carries.
    Clip(Outline),
    /// A still in motion; where the result does not move, its first frame.
    Travel(Travel),
    /// Edges of one colour cut off; how far only the pixels tell.
    Trim {
        /// The colour; `None`: that of the corners.
        colour: Option<Colour>,
        /// A share of the largest distance of two colours.
        tolerance: f64,
        /// What is left, where the pixels have been looked at already.
        size: Option<Size>,
    },
}

/// A path that encloses what is kept of a picture.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outline {
    /// What lies inside an even number of loops is outside; otherwise loops that run the same way add up.
    pub even_odd: bool,
    /// What is enclosed is left out instead.
    pub inverted: bool,
    /// Closed loops. A plan has none: they stand in the file, and the renderer finds them there.
    pub loops: Vec<Vec<Knot>>,
}

/// A point of a path with the control points of the curves before and after it: across and down, in
/// shares of the sides of the stored picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Knot {
    /// Of the curve that ends here.
    pub before: (f64, f64),
    /// The point itself.
    pub at: (f64, f64),
    /// Of the curve that begins here.
    pub after: (f64, f64),
}

/// What a pixel becomes by its own colour alone.
#[derive(Clone, Debug, PartialEq)]
pub enum Point {
    /// Each channel from its other end.
    Negate,
    /// Light alone.
    Grey,
    /// Black below this share of full light, white from it on.
    BlackWhite(f64),
    /// HSL lightness multiplied.
    Lightness(f64),
    /// HSB value multiplied; never past full.
    Value(f64),
    /// HSL saturation multiplied.
    Saturation(f64),
    /// HSL saturation raised where it is low: `s + k (1 - s) s`.
    Vibrance(f64),
    /// HSL hue turned by degrees.
    Hue(f64),
    /// Shares of full light added to red, green and blue.
    Offset([f64; 3]),
    /// Each channel to the power of one over this.
    Gamma(f64),
    /// An S-shaped curve of this steepness, above 0; `flatten`: its inverse.
    Sigmoid {
        /// Steepness at the middle.
        strength: f64,
        /// Less contrast instead of more.
        flatten: bool,
    },
    /// Distance from the middle multiplied.
    Slope(f64),
    /// A colour mixed in by a share.
    Mix {
        /// The colour; its alpha says nothing.
        colour: Colour,
        /// 0 to 1.
        share: f64,
    },
    /// Rows give red, green, blue and alpha from those and one.
    Matrix(Box<[[f64; 5]; 4]>),
    /// Opaque from this alpha on, transparent below.
    OpacityThreshold(u8),
}

impl Point {
    /// Rows for red, green and blue; alpha is kept.
    #[must_use]
    pub fn matrix(rows: [[f64; 3]; 3]) -> Self {
        let [r, g, b] = rows.map(|[r, g, b]| [r, g, b, 0.0, 0.0]);
        Self::Matrix(Box::new([r, g, b, [0.0, 0.0, 0.0, 1.0, 0.0]]))
    }

    /// Whether an opaque picture may become translucent.
    #[must_use]
    pub fn makes_alpha(&self) -> bool {
        match self {
            Self::Matrix(rows) => {
                let [r, g, b, a] = &**rows;
                *a != [0.0, 0.0, 0.0, 1.0, 0.0] || [r, g, b].iter().any(|row| row[3] != 0.0)
            }
            _ => false,
        }
    }

    /// The three-by-three matrix that imitates a kind of sight. Common approximations; the service
    /// does not publish its own.
    #[must_use]
    pub fn sight(vision: ColourVision) -> Self {
        match vision {
            ColourVision::Protanopia => Self::matrix([
                [0.567, 0.433, 0.0],
                [0.558, 0.442, 0.0],
                [0.0, 0.242, 0.758],
            ]),
            ColourVision::Deuteranopia => {
                Self::matrix([[0.625, 0.375, 0.0], [0.7, 0.3, 0.0], [0.0, 0.3, 0.7]])
            }
            ColourVision::Deuteranomaly => {
                Self::matrix([[0.8, 0.2, 0.0], [0.258, 0.742, 0.0], [0.0, 0.142, 0.858]])
            }
            ColourVision::Tritanopia => {
                Self::matrix([[0.95, 0.05, 0.0], [0.0, 0.433, 0.567], [0.0, 0.475, 0.525]])
            }
            ColourVision::Tritanomaly => Self::matrix([
                [0.967, 0.033, 0.0],
                [0.0, 0.733, 0.267],
                [0.0, 0.183, 0.817],
            ]),
            ColourVision::ConeMonochromacy => Self::matrix([
                [0.618, 0.32, 0.062],
                [0.163, 0.775, 0.062],
                [0.163, 0.32, 0.516],
            ]),
            ColourVision::RodMonochromacy => Self::Grey,
        }
    }
}

/// What is measured and balanced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Balance {
    /// Mean light to the middle, by a power.
    Brightness,
    /// Each channel stretched to the full range.
    Colour,
    /// All channels stretched alike to the full range.
    Contrast,
    /// All of it, for a scene.
    All(Scene),
}

/// How opacity falls towards edges. Distances are from the edges of `area`; 0 leaves an edge alone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fade {
    /// The part of the picture that fades.
    pub area: Rect,
    /// How far in it fades: left, top, right, bottom.
    pub depth: [f64; 4],
    /// The power of the ramp; 1 is straight, 0 no fade at all.
    pub power: f64,
    /// Into what lies beside the area, instead of into nothing.
    pub into_padding: bool,
}

/// A rectangle of whole pixels inside a picture, never empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rect {
    /// Its left column.
    pub left: u32,
    /// Its top row.
    pub top: u32,
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
}

impl Rect {
    /// All of a picture.
    #[must_use]
    pub const fn whole(size: Size) -> Self {
        Self {
            left: 0,
            top: 0,
            width: size.width,
            height: size.height,
        }
    }
}

/// A projective map. What it finds outside the picture is transparent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Warp {
    /// The size of the result.
    pub size: Size,
    /// From a point of the result, `(x, y, 1)`, to three numbers: the point of the input is the first
    /// two over the third. Pixel centres lie at halves.
    pub back: [[f64; 3]; 3],
}

/// A picture bent so that its rows become parts of circles.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Arc {
    /// The size of the result.
    pub size: Size,
    /// The centre of the circles in the result.
    pub centre: (f64, f64),
    /// The radius of the top row's upper edge.
    pub radius: f64,
    /// The angle of the arc, above 0.
    pub angle: f64,
    /// The arc hangs down instead of standing up.
    pub hanging: bool,
}

impl EffectStep {
    /// The size of the picture after the effect. Of a [`Trim`](Self::Trim) only the most is known.
    #[must_use]
    pub fn size_after(&self, before: Size) -> Size {
        let grown = |[left, top, right, bottom]: [u32; 4]| {
            Size::new(
                before.width.saturating_add(left).saturating_add(right),
                before.height.saturating_add(top).saturating_add(bottom),
            )
        };
        match self {
            Self::Warp(warp) => warp.size,
            Self::Arc(arc) => arc.size,
            Self::Travel(travel) => travel.size,
            Self::Shadow { grow, .. } => grown(*grow),
            Self::Outline {
                mode: OutlineMode::Both | OutlineMode::Outer | OutlineMode::Fill,
                width,
                ..
            } => grown([*width; 4]),
            Self::Trim { size, .. } => size.unwrap_or(before),
            _ => before,
        }
    }

    /// Whether the picture may have transparent pixels after the effect, when it may before.
    #[must_use]
    pub fn alpha_after(&self, before: bool) -> bool {
        let opaque = matches!(self, Self::Point(Point::OpacityThreshold(0)));
        before && !opaque
            || match self {
                Self::Point(point) => point.makes_alpha(),
                Self::Clip(_) => true,
                Self::Fade(fade) => !fade.into_padding,
                Self::ReplaceColour { to, .. } => to.a < 255,
                Self::MakeTransparent { .. }
                | Self::KeyBackground { .. }
                | Self::Outline { .. }
                | Self::Shadow { .. }
                | Self::Warp(_)
                | Self::Arc(_) => true,
                _ => false,
            }
    }
}
