//! WebP, cropped and reduced inside the decoder where the plan allows.

use super::frames::{Animation, Shown};
use super::{Decoded, Packed, Request, buffer, raster};
use crate::plan::{Facts, Size};
use crate::render::budget::Budget;
use crate::render::codec_webp::{self, Part};
use crate::render::error::Error;
use crate::render::probe::webp_profile;
use crate::render::raster::{ColourSpace, Layout};
use crate::spec::Format;

/// An animation being played.
pub(super) struct WebP<'a> {
    bytes: &'a [u8],
    frames: codec_webp::Animation<'a>,
}

impl<'a> WebP<'a> {
    pub fn open(bytes: &'a [u8], size: Size) -> Result<Self, Error> {
        let frames = codec_webp::Animation::open(bytes, size)
            .map_err(|reason| Error::bad(Format::WebP, reason))?;
        Ok(Self { bytes, frames })
    }
}

impl Animation for WebP<'_> {
    fn next(&mut self) -> Result<Option<Shown<'_>>, Error> {
        let frame = self.frames.next();
        let frame = frame.map_err(|reason| Error::bad(Format::WebP, reason))?;
        Ok(frame.map(|(canvas, delay)| Shown { canvas, delay }))
    }

    fn plays(&self) -> u16 {
        self.frames.plays()
    }

    fn colours(&self) -> ColourSpace {
        ColourSpace::of_profile(webp_profile(self.bytes))
    }
}

/// Pixels beside the part asked for that its own colours are spread from.
const BESIDE: u32 = 2;

/// A still.
pub(super) fn decode(
    bytes: &[u8],
    facts: &Facts,
    request: &Request,
    budget: &Budget,
) -> Result<Decoded, Error> {
    let colours = ColourSpace::of_profile(webp_profile(bytes));
    let bad = |reason| Error::bad(Format::WebP, reason);
    let features = codec_webp::features(bytes).map_err(bad)?;
    if features.size != facts.size {
        return Err(Error::bad(Format::WebP, "size differs between headers"));
    }
    if features.animated {
        // With a single frame, that is: one of several is asked for elsewhere.
        return super::still(bytes, facts, 0, budget);
    }
    // The decoder cuts at even edges, where the halved colour planes have whole samples.
    let side = |start: u32, length: u32, whole: u32| {
        let first = start.saturating_sub(BESIDE) & !1;
        (first, (start + length + BESIDE).min(whole) - first)
    };
    let (left, width) = side(request.left, request.size.width, facts.size.width);
    let (top, height) = side(request.top, request.size.height, facts.size.height);
    let cut = Size::new(width, height);
    let out = Size::new(
        cut.width.div_ceil(request.shrink),
        cut.height.div_ceil(request.shrink),
    );
    let layout = if features.alpha {
        Layout::Rgba
    } else {
        Layout::Rgb
    };
    let mut pixels = buffer(Format::WebP, out, layout)?;
    let part = Part {
        left,
        top,
        size: cut,
    };
    codec_webp::decode(bytes, part, out, features.alpha, &mut pixels).map_err(bad)?;
    let scale = |out: u32, cut: u32| f64::from(out) / f64::from(cut);
    let packed = Packed {
        raster: raster(Format::WebP, out, layout, pixels)?,
        origin: (left.into(), top.into()),
        scale: (scale(out.width, cut.width), scale(out.height, cut.height)),
    };
    Ok(Decoded::packed(packed, colours))
}
