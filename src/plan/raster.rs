//! A plan for pixels: every number settled, nothing left to decide but how to be fast.

use super::effect::{EffectStep, Travel};
use super::facts::Size;
use super::frames::Frames;
use super::overlay::Layer;
use crate::spec::{Chroma, Colour, Format, Metadata, Progressive, Turn};

/// What the renderer does, in order.
#[derive(Clone, Debug, PartialEq)]
pub struct RasterPlan {
    /// The size of the source as stored.
    pub source: Size,
    /// The part of it that the first step works on.
    pub window: Window,
    /// Which of its frames become the result; the steps are done on each.
    pub frames: Frames,
    /// The steps, each on the output of the one before.
    pub steps: Vec<Step>,
    /// How the result is written.
    pub encode: Encode,
    /// How far a decoder may go ahead of the first resampling.
    pub scaling: Scaling,
}

/// How much of a resize a decoder that makes smaller pictures (JPEG) may do itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Scaling {
    /// It leaves a resize of at least 2 along each side: within a point of SSIMULACRA2 of decoding everything.
    #[default]
    Quality,
    /// It leaves none where it can: a third of the time less, ten times less for progressive files where an eighth is enough, and about
    /// ten points.
    Fast,
}

impl Scaling {
    /// Source pixels for each pixel made that must be left to the first resampling, along each side.
    #[must_use]
    pub const fn margin(self) -> f64 {
        match self {
            Self::Quality => 2.0,
            Self::Fast => 1.0,
        }
    }
}

impl RasterPlan {
    /// The size after the last step.
    #[must_use]
    pub fn output(&self) -> Size {
        self.steps
            .iter()
            .fold(self.window.size, |size, step| step.size_after(size))
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
    let scale = match steps.first() {
        Some(Step::Resample { from, to }) => {
            (from.width / f64::from(to.width)).min(from.height / f64::from(to.height))
        }
        _ => 1.0,
    };
    let scale = scale / margin;
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
    /// The motion over the picture, if it is one.
    #[must_use]
    pub fn travel(&self) -> Option<&Travel> {
        match self {
            Self::Effect(effect) => match &**effect {
                EffectStep::Travel(travel) => Some(travel),
                _ => None,
            },
            _ => None,
        }
    }

    /// The step, where it is a motion held at one of its frames.
    #[must_use]
    pub fn standing(&self, frame: u32) -> Self {
        match self.travel() {
            Some(travel) => Self::Effect(Box::new(EffectStep::Travel(travel.standing(frame)))),
            None => self.clone(),
        }
    }

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

/// Whole pixels of a stored picture, inside it. What lies outside is never looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Left edge.
    pub left: u32,
    /// Top edge.
    pub top: u32,
    /// Its size.
    pub size: Size,
}

impl Window {
    /// All of a picture.
    #[must_use]
    pub const fn whole(size: Size) -> Self {
        Self {
            left: 0,
            top: 0,
            size,
        }
    }

    /// A region of the window as a region of the picture.
    #[must_use]
    pub fn outside(self, region: Region) -> Region {
        Region {
            x: region.x + f64::from(self.left),
            y: region.y + f64::from(self.top),
            ..region
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

    /// The part of it inside another, which it meets.
    #[must_use]
    pub fn inside(self, other: Self) -> Self {
        let (x, y) = (self.x.max(other.x), self.y.max(other.y));
        Self {
            x,
            y,
            width: (self.x + self.width).min(other.x + other.width) - x,
            height: (self.y + self.height).min(other.y + other.height) - y,
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
    /// How good the result shall look, on the scale of SSIMULACRA2 (0 to 100): the encoder then takes the quality at
    /// which this picture looks so, and [`quality`](Self::quality) only where it has no way to tell.
    pub aim: Option<u8>,
    /// How colour is sampled.
    pub chroma: Chroma,
    /// Whether the file shows while it arrives.
    pub progressive: Progressive,
    /// What of the source's metadata is kept.
    pub metadata: Metadata,
    /// Behind transparency where the format has none.
    pub background: Colour,
    /// The colours that the samples mean.
    pub colours: Colours,
    /// The colour profile is written into the file even where it is sRGB, which goes without saying.
    pub profile: bool,
    /// The samples of a PNG.
    pub png: PngKind,
    /// The samples of a TIFF.
    pub tiff: TiffKind,
    /// What hardly shows may be left out, where the format has no quality of its own (GIF).
    pub lossy: bool,
    /// Dots per inch, noted in the file where the format can.
    pub density: Option<u16>,
    /// The format was chosen for the client: JPEG or PNG, which every client shows, may take its place where that file is much
    /// smaller.
    pub or_plain: bool,
    /// The renderer's number of a picture whose outline is written into the file as a clipping path, where the
    /// format can.
    pub path: Option<usize>,
    /// How the result is written instead where nothing in it turns out to be transparent, though it
    /// may have been.
    pub opaque: Option<Box<Encode>>,
}

impl Encode {
    /// A format and a quality, everything else plain: half-size colour up to [`FULL_CHROMA_ABOVE`], no
    /// metadata, white behind transparency, sRGB.
    #[must_use]
    pub fn new(format: Format, quality: u8) -> Self {
        Self {
            format,
            quality,
            aim: None,
            chroma: if quality > FULL_CHROMA_ABOVE {
                Chroma::Full
            } else {
                Chroma::Half
            },
            progressive: Progressive::Off,
            metadata: Metadata::Strip,
            background: Colour::WHITE,
            colours: Colours::Srgb,
            profile: false,
            png: PngKind::AsIs,
            tiff: TiffKind::Plain,
            lossy: false,
            density: None,
            or_plain: false,
            path: None,
            opaque: None,
        }
    }
}

/// Above this quality colour is sampled in full unless the URL says otherwise.
pub const FULL_CHROMA_ABOVE: u8 = 90;

/// The colours that the samples of a result mean.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Colours {
    /// sRGB, whatever the source had.
    #[default]
    Srgb,
    /// The source's inks where it has inks and the format can hold them, else sRGB.
    KeepInks,
    /// The source's own, with its profile, where the format can hold both.
    Copy,
    /// Inks where the format can hold them, else sRGB.
    Inks,
}

/// The samples of a TIFF.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TiffKind {
    /// Eight bits each, not compressed.
    #[default]
    Plain,
    /// Eight bits each, compressed by LZW.
    Lzw,
    /// Black and white, a bit a pixel, compressed as CCITT group 4.
    Group4,
}

/// The samples of a PNG.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PngKind {
    /// As many as the picture needs: grey, RGB or RGBA.
    #[default]
    AsIs,
    /// A palette of at most 256 colours.
    Palette,
    /// A palette where the picture has no more colours than that.
    PaletteIfExact,
    /// RGB, or RGBA where something is transparent.
    Colour,
    /// RGBA.
    Rgba,
}
