//! Bytes to pixels: one question for every format.

#[cfg(any(feature = "rav1e", feature = "aom"))]
mod av1;
#[cfg(any(feature = "rav1e", feature = "aom"))]
mod avif;
mod bmp;
mod frames;
mod gif;
mod ico;
mod jpeg;
mod jxl;
mod png;
mod svg;
mod tiff;
mod webp;
#[cfg(any(feature = "rav1e", feature = "aom"))]
mod yuv;

pub(super) use bmp::describe as describe_bmp;
pub(super) use frames::{Animation, animation};
pub(super) use ico::describe as describe_ico;
pub(super) use jxl::describe as describe_jxl;
pub(super) use svg::{describe as describe_svg, lacks as lacks_of_svg, sanitized as sanitized_svg};
pub(super) use tiff::describe as describe_tiff;

use super::apart;
use super::budget::Budget;
use super::error::Error;
use super::raster::{ColourSpace, Layout, Planes, Raster, buffer_len};
use crate::plan::{Facts, Region, Size, Step, Window};
use crate::spec::Format;

/// What the first step needs of a source. A decoder gives at least this; it may give all.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Request {
    /// Left edge in stored pixels.
    pub left: u32,
    /// Top edge in stored pixels.
    pub top: u32,
    /// Size in stored pixels; inside the picture together with the edges.
    pub size: Size,
    /// How many times smaller the picture may be made along each side: 1, 2, 4 or 8.
    pub shrink: u32,
    /// Which frame, counted from 0.
    pub frame: u32,
    /// The region that the first resampling takes, in stored pixels, and what it makes of it: a drawing
    /// is drawn just so.
    pub exact: Option<(Region, Size)>,
    /// The result keeps the colour space of the source, so that its samples stay what they are.
    pub keeps_colours: bool,
}

impl Request {
    /// The whole pixels that a region touches, cut to the picture.
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to the sides, which are 32-bit"
    )]
    pub fn part(source: Size, region: Region, shrink: u32) -> Self {
        let span = |start: f64, length: f64, side: u32| {
            let last = f64::from(side);
            let from = start.floor().clamp(0.0, last - 1.0);
            let to = (start + length).ceil().clamp(from + 1.0, last);
            (from as u32, (to - from) as u32)
        };
        let (left, width) = span(region.x, region.width, source.width);
        let (top, height) = span(region.y, region.height, source.height);
        Self {
            left,
            top,
            size: Size::new(width, height),
            shrink,
            frame: 0,
            exact: None,
            keeps_colours: false,
        }
    }
}

/// What a decoder gives.
pub(super) struct Decoded {
    /// The picture, in the colours of the source.
    pub picture: Picture,
    /// What its samples mean.
    pub colours: ColourSpace,
    /// Something was missing and has been left as the decoder leaves it.
    pub damaged: bool,
}

/// Decoded samples, in one of two ways.
pub(super) enum Picture {
    /// Pixels.
    Packed(Packed),
    /// A plane for each component, each at its own resolution.
    Planar(Planes),
}

/// Pixels and where they lie.
pub(super) struct Packed {
    pub raster: Raster,
    /// Where the raster's left and top edges lie, in stored pixels.
    pub origin: (f64, f64),
    /// Pixels of the raster for each stored pixel, along each side; at most 1.
    pub scale: (f64, f64),
}

impl Decoded {
    /// The whole picture as it is stored.
    pub fn whole(raster: Raster, colours: ColourSpace) -> Self {
        let packed = Packed {
            raster,
            origin: (0.0, 0.0),
            scale: (1.0, 1.0),
        };
        Self::packed(packed, colours)
    }

    fn packed(packed: Packed, colours: ColourSpace) -> Self {
        Self {
            picture: Picture::Packed(packed),
            colours,
            damaged: false,
        }
    }
}

impl Picture {
    /// Cuts a region of the stored picture out and scales it.
    pub fn resampled(self, from: Region, to: Size, budget: &Budget) -> Result<Raster, Error> {
        match self {
            Self::Packed(packed) => {
                let from = packed.place(from);
                packed.raster.apply(&Step::Resample { from, to }, budget)
            }
            Self::Planar(planes) => {
                budget.check()?;
                budget.limits().picture(to)?;
                planes.resampled(from, to, budget)
            }
        }
    }

    /// Without what lies outside a window, so that no filter looks there. A window whose edges lie
    /// between samples of a reduced picture keeps the samples that they cut.
    pub fn through(self, window: Window, source: Size, budget: &Budget) -> Result<Self, Error> {
        if window == Window::whole(source) {
            return Ok(self);
        }
        let mut packed = self.into_packed(budget)?;
        let edges = packed.place(window.outside(Region::whole(window.size)));
        let part = Request::part(packed.raster.size(), edges, 1);
        let (left, top) = (f64::from(part.left), f64::from(part.top));
        let from = Region {
            x: left,
            y: top,
            ..Region::whole(part.size)
        };
        packed.raster = packed.raster.resampled(from, part.size)?;
        packed.origin.0 += left / packed.scale.0;
        packed.origin.1 += top / packed.scale.1;
        Ok(Self::Packed(packed))
    }

    /// Whether its samples are inks.
    pub fn is_inks(&self) -> bool {
        match self {
            Self::Packed(packed) => packed.raster.layout() == Layout::Cmyk,
            Self::Planar(planes) => planes.is_inks(),
        }
    }

    /// The picture as pixels.
    pub fn into_packed(self, budget: &Budget) -> Result<Packed, Error> {
        match self {
            Self::Packed(packed) => Ok(packed),
            Self::Planar(planes) => {
                let (raster, shown) = planes.into_raster(budget)?;
                let size = raster.size();
                Ok(Packed {
                    raster,
                    origin: (shown.x, shown.y),
                    scale: (
                        f64::from(size.width) / shown.width,
                        f64::from(size.height) / shown.height,
                    ),
                })
            }
        }
    }
}

impl Packed {
    /// Where a region of the stored picture lies in the raster.
    pub fn place(&self, region: Region) -> Region {
        let ((left, top), (x, y)) = (self.origin, self.scale);
        Region {
            x: (region.x - left) * x,
            y: (region.y - top) * y,
            width: region.width * x,
            height: region.height * y,
        }
    }
}

/// Decodes what is asked for. The source's size is within the limits already.
pub(super) fn decode(
    bytes: &[u8],
    facts: &Facts,
    request: &Request,
    budget: &Budget,
) -> Result<Decoded, Error> {
    let played = facts.format != Format::Jxl && request.frame > 0;
    if played || moves(facts.format, facts.frames) {
        return still(bytes, facts, request.frame, budget);
    }
    if let Some(decoded) = apart::read(bytes, facts, request, budget)? {
        return Ok(decoded);
    }
    match facts.format {
        Format::Jpeg => jpeg::decode(bytes, facts, request, budget),
        Format::Png => png::decode(bytes, facts, request, budget),
        Format::WebP => webp::decode(bytes, facts, request, budget),
        Format::Jxl => jxl::decode(bytes, facts, request, budget),
        Format::Svg => svg::decode(bytes, facts, request),
        #[cfg(any(feature = "rav1e", feature = "aom"))]
        Format::Avif => avif::decode(bytes, facts, request, budget),
        Format::Tiff => tiff::decode(bytes, facts, request, budget),
        Format::Bmp => bmp::decode(bytes, facts, budget),
        Format::Ico => ico::decode(bytes, facts, budget),
        format => Err(Error::NoCodec { format }),
    }
}

/// Whether a still is one frame of an animation to be played up to it. A PNG has its first picture apart.
const fn moves(format: Format, frames: u32) -> bool {
    match format {
        Format::Gif => true,
        Format::WebP => frames > 1,
        _ => false,
    }
}

/// One frame of an animation.
fn still(bytes: &[u8], facts: &Facts, frame: u32, budget: &Budget) -> Result<Decoded, Error> {
    let mut animation = animation(bytes, facts, budget)?;
    for _ in 0..frame {
        budget.check()?;
        animation.next()?;
    }
    let shown = animation.next()?;
    let shown = shown.ok_or_else(|| Error::bad(facts.format, "no such frame"))?;
    let pixels = shown.canvas.as_flattened().to_vec();
    let raster = raster(facts.format, facts.size, Layout::Rgba, pixels)?;
    Ok(Decoded {
        damaged: animation.damaged(),
        ..Decoded::whole(raster.without_idle_alpha(), animation.colours())
    })
}

/// A raster from what a decoder says and gives.
fn raster(format: Format, size: Size, layout: Layout, pixels: Vec<u8>) -> Result<Raster, Error> {
    Raster::new(size, layout, pixels).ok_or_else(|| {
        Error::bad(
            format,
            "the decoder gave another number of pixels than it said",
        )
    })
}

/// Zeroed bytes for a picture.
fn buffer(format: Format, size: Size, layout: Layout) -> Result<Vec<u8>, Error> {
    let length = buffer_len(size, layout)
        .ok_or_else(|| Error::bad(format, "picture does not fit into memory"))?;
    Ok(vec![0; length])
}
