//! A plan for pixels: every number settled, nothing left to decide but how to be fast.

use super::effect::EffectStep;
use super::facts::Size;
use super::overlay::Layer;
use crate::spec::{Chroma, Colour, Format, Metadata, Progressive, Turn};

/// What the renderer does, in order.
#[derive(Clone, Debug, PartialEq)]
pub struct RasterPlan {
    /// The size of the source as stored, which the first step works on.
    pub source: Size,
    /// The steps, each on the output of the one before.
    pub steps: Vec<Step>,
    /// How the result is written.
    pub encode: Encode,
}

impl RasterPlan {
    /// The size after the last step.
    #[must_use]
    pub fn output(&self) -> Size {
        self.steps
            .iter()
            .fold(self.source, |size, step| step.size_after(size))
    }

    /// How much smaller the source may be decoded, as a power of two from 1 to 8: the largest
    /// reduction that leaves the first resampling at least `margin` times the pixels it needs along
    /// each side. 1 when the first thing done to the source is not a resampling.
    #[must_use]
    pub fn shrink(&self, margin: f64) -> u32 {
        shrink(&self.steps, margin)
    }
}

/// As [`RasterPlan::shrink`], for steps alone.
#[must_use]
pub fn shrink(steps: &[Step], margin: f64) -> u32 {
    let scale = steps.iter().find_map(|step| match step {
        Step::Turn(_) => None,
        Step::Resample { from, to } => {
            Some((from.width / f64::from(to.width)).min(from.height / f64::from(to.height)))
        }
        _ => Some(1.0),
    });
    let scale = scale.unwrap_or(1.0) / margin;
    [8, 4, 2]
        .into_iter()
        .find(|&n| f64::from(n) <= scale)
        .unwrap_or(1)
}

/// One step over pixels.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Lay the picture down another way.
    Turn(Turn),
    /// Cut `from` out of the input and scale it to `to`, in one pass. A `from` of whole pixels and
    /// of the same size as `to` is a plain cut.
    Resample {
        /// The region kept, in pixels of the input; always inside it.
        from: Region,
        /// The size it becomes.
        to: Size,
    },
    /// Put the picture on a canvas: it may be larger or smaller, and the picture may hang over.
    Canvas {
        /// The canvas.
        size: Size,
        /// Where the picture's left edge lies on it.
        left: i32,
        /// Where the picture's top edge lies on it.
        top: i32,
        /// What the rest is filled with.
        fill: Paint,
    },
    /// Round the corners.
    Round(Rounding),
    /// A line around the picture, following the corners where it names radii; grows the canvas by
    /// `width` on every side.
    Border {
        /// Pixels.
        width: u32,
        /// Its colour, blended where it is translucent.
        colour: Colour,
        /// The corners of the picture inside it.
        corners: Option<Rounding>,
    },
    /// Multiply the opacity, 0 to 255 for nothing to all.
    Opacity(u8),
    /// Put a colour behind everything transparent.
    Flatten(Paint),
    /// An effect.
    Effect(Box<EffectStep>),
    /// Lay another picture over or under.
    Overlay(Box<Layer>),
    /// Map colours by a table.
    ColourTable {
        /// The renderer's number of the table.
        source: usize,
    },
}

impl Step {
    /// The size of the picture after this step.
    #[must_use]
    pub fn size_after(&self, before: Size) -> Size {
        match *self {
            Self::Effect(ref effect) => effect.size_after(before),
            Self::Turn(turn) => before.turned(turn),
            Self::Resample { to, .. } => to,
            Self::Canvas { size, .. } => size,
            Self::Border { width, .. } => Size::new(
                before.width.saturating_add(width.saturating_mul(2)),
                before.height.saturating_add(width.saturating_mul(2)),
            ),
            Self::Overlay(ref layer) => layer.canvas,
            Self::Round(_) | Self::Opacity(_) | Self::Flatten(_) | Self::ColourTable { .. } => {
                before
            }
        }
    }
}

impl Step {
    /// Whether the picture may have transparent pixels after this step, when it may before.
    #[must_use]
    pub fn alpha_after(&self, before: bool) -> bool {
        match self {
            Self::Turn(_) | Self::Resample { .. } => before,
            Self::Canvas { fill, .. } => before || fill.is_clear(),
            Self::Round(rounding) => before || rounding.0.iter().any(|&(x, y)| x > 0.0 && y > 0.0),
            Self::Border {
                colour, corners, ..
            } => before || colour.a < 255 || corners.is_some(),
            Self::Opacity(level) => before || *level < 255,
            Self::Flatten(paint) => before && paint.is_clear(),
            Self::Effect(effect) => effect.alpha_after(before),
            // A canvas that grows, or a mask, leaves room for nothing.
            Self::Overlay(layer) => before || layer.may_open(),
            Self::ColourTable { .. } => before,
        }
    }
}

/// A rectangle in pixels with fractions, so that a resampling loses nothing to rounding.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Region {
    /// Left edge.
    pub x: f64,
    /// Top edge.
    pub y: f64,
    /// Above zero.
    pub width: f64,
    /// Above zero.
    pub height: f64,
}

impl Region {
    /// All of a picture.
    #[must_use]
    pub fn whole(size: Size) -> Self {
        Self {
            x: 0.0,
            y: 0.0,
            width: f64::from(size.width),
            height: f64::from(size.height),
        }
    }
}

/// What an area is painted with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Paint {
    /// One colour.
    Colour(Colour),
    /// The most common colour of the picture's outermost pixels.
    EdgeColour,
    /// Colours of the picture's own, in a gradient where there are several.
    Own(OwnColours),
    /// The picture itself, enlarged to cover the area, and blurred.
    Blurred {
        /// Standard deviation in pixels.
        sigma: f64,
        /// What its light is multiplied by.
        light: f64,
    },
    /// The picture's edges carried on, and blurred.
    Continued,
}

/// Colours found in a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnColours {
    /// From the edges alone; otherwise from the whole picture.
    pub edges: bool,
    /// Colours that stand out against those found.
    pub contrast: bool,
    /// 1, 2 or 4.
    pub count: u8,
    /// Where a gradient of two runs to.
    pub towards: Towards,
    /// The only colours to choose from, if any.
    pub palette: Palette,
}

/// Where a gradient runs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Towards {
    /// From the left.
    Right,
    /// From the top.
    Bottom,
    /// From the top left.
    BottomRight,
    /// From the bottom left.
    TopRight,
}

/// A few colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Palette {
    colours: [Colour; Self::MOST],
    count: usize,
}

impl Palette {
    /// More than these are left out.
    pub const MOST: usize = 8;

    /// The first of some colours.
    pub fn new(all: impl IntoIterator<Item = Colour>) -> Self {
        let mut palette = Self {
            colours: [Colour::TRANSPARENT; Self::MOST],
            count: 0,
        };
        for (place, colour) in palette.colours.iter_mut().zip(all) {
            *place = colour;
            palette.count += 1;
        }
        palette
    }

    /// Its colours.
    #[must_use]
    pub fn colours(&self) -> &[Colour] {
        self.colours.get(..self.count).unwrap_or_default()
    }
}

impl Paint {
    /// Whether what lies under it may be seen.
    #[must_use]
    pub const fn is_clear(&self) -> bool {
        matches!(self, Self::Colour(colour) if colour.a < 255)
    }
}

/// The corner radii of a picture, clockwise from the top left: `(horizontal, vertical)` in pixels,
/// each at most half the side.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rounding(pub [(f64, f64); 4]);

/// How the result is written: one format, every choice made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encode {
    /// The file format.
    pub format: Format,
    /// On the encoder's own scale, 1 to 100; 100 is lossless where the format can be.
    pub quality: u8,
    /// How colour is sampled.
    pub chroma: Chroma,
    /// Whether the file shows while it arrives.
    pub progressive: Progressive,
    /// What of the source's metadata is kept.
    pub metadata: Metadata,
    /// Behind transparency where the format has none.
    pub background: Colour,
}
