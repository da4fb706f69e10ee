//! BMP, TIFF and ICO, which are rare and small: read whole, by one crate.

use std::io::Cursor;

use image::codecs::{bmp::BmpDecoder, ico::IcoDecoder, tiff::TiffDecoder};
use image::{DynamicImage, ImageDecoder, ImageError, ImageResult};

use super::{Decoded, raster};
use crate::plan::{Facts, Size};
use crate::render::budget::Budget;
use crate::render::error::Error;
use crate::render::raster::{ColourSpace, Layout};
use crate::render::watched::Watched;
use crate::spec::Format;

fn open<'a>(
    bytes: &'a [u8],
    format: Format,
    budget: &'a Budget,
) -> Result<Box<dyn ImageDecoder + 'a>, Error> {
    let file = Watched::new(Cursor::new(bytes), budget);
    let decoder: ImageResult<Box<dyn ImageDecoder>> = match format {
        Format::Bmp => BmpDecoder::new(file).map(|d| Box::new(d) as _),
        Format::Tiff => TiffDecoder::new(file).map(|d| Box::new(d) as _),
        Format::Ico => IcoDecoder::new(file).map(|d| Box::new(d) as _),
        _ => return Err(Error::NoCodec { format }),
    };
    decoder.map_err(|error| refusal(error, format))
}

fn refusal(error: ImageError, format: Format) -> Error {
    Error::bad(format, error)
}

/// Size and alpha, from the header. A panic of the decoder is an error like any other.
pub(in crate::render) fn describe(bytes: &[u8], format: Format) -> Result<(Size, bool), Error> {
    let describe = || {
        let budget = Budget::unlimited();
        let decoder = open(bytes, format, &budget)?;
        let (width, height) = decoder.dimensions();
        if width == 0 || height == 0 {
            return Err(Error::bad(format, "header names an empty picture"));
        }
        Ok((Size::new(width, height), decoder.color_type().has_alpha()))
    };
    crate::render::guarded(describe, || {
        Error::bad(format, "the decoder crashed on its header")
    })
}

pub(super) fn decode(bytes: &[u8], facts: &Facts, budget: &Budget) -> Result<Decoded, Error> {
    let format = facts.format;
    let mut decoder = open(bytes, format, budget)?;
    // Before the limits, which hold for samples: a profile may be larger than a small picture.
    let profile = decoder.icc_profile().ok().flatten();
    // The widest samples are four of 32 bits.
    const WIDEST: u64 = 16;
    let mut limits = image::Limits::no_limits();
    limits.max_alloc = Some(budget.limits().source_pixels.saturating_mul(WIDEST));
    decoder
        .set_limits(limits)
        .map_err(|error| refusal(error, format))?;
    let picture = DynamicImage::from_decoder(decoder);
    budget.check()?;
    let picture = picture.map_err(|error| refusal(error, format))?;
    let size = Size::new(picture.width(), picture.height());
    if size != facts.size {
        return Err(Error::bad(format, "size differs between headers"));
    }
    let colour = picture.color();
    let (layout, pixels) = if colour.has_alpha() {
        (Layout::Rgba, picture.into_rgba8().into_raw())
    } else if colour.has_color() {
        (Layout::Rgb, picture.into_rgb8().into_raw())
    } else {
        (Layout::Grey, picture.into_luma8().into_raw())
    };
    Ok(Decoded::whole(
        raster(format, size, layout, pixels)?,
        ColourSpace::of_profile(profile),
    ))
}
