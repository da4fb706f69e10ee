//! Pixels to a file: one file here for each format.

mod aim;
pub(super) mod animated;
mod apng;
#[cfg(feature = "aom")]
#[path = "avif_aom.rs"]
mod avif;
#[cfg(all(feature = "rav1e", not(feature = "aom")))]
#[path = "avif_rav1e.rs"]
mod avif;
mod general;
mod gif;
mod gif_animated;
mod jpeg;
mod learn;
mod palette;
mod plain;
#[cfg(feature = "aom")]
mod planes;
mod png;
mod tiff;
mod webp;
mod webp_animated;

use super::apart;
use super::budget::{Budget, within};
use super::error::Error;
use super::raster::{Layout, Raster};
use crate::plan::{Encode, Paint, Size, TiffKind};
use crate::spec::Format;

/// Whether this build can write a format.
pub(super) const fn can_write(format: Format) -> bool {
    match format {
        Format::Jpeg
        | Format::Png
        | Format::WebP
        | Format::Gif
        | Format::Bmp
        | Format::Tiff
        | Format::Ico => true,
        Format::Avif => cfg!(any(feature = "rav1e", feature = "aom")),
        Format::Jxl | Format::Heic | Format::Svg | Format::Pdf | Format::Other(_) => false,
    }
}

/// Whether a picture of this size can be written at all, before it is made.
pub(super) fn check(format: Format, size: Size) -> Result<(), Error> {
    if !can_write(format) {
        return Err(Error::NoCodec { format });
    }
    let longest = u64::from(format.max_side());
    within("output width in pixels", size.width.into(), longest)?;
    within("output height in pixels", size.height.into(), longest)
}

/// A picture as a file.
pub(super) struct Written {
    pub format: Format,
    pub file: Vec<u8>,
}

/// Writes a picture, flattened first where the format has no transparency, in the quality it needs to look as asked. The format is
/// another one than asked for only where [`Encode::or_plain`] lets it be.
pub(super) fn encode(raster: Raster, how: &Encode, budget: &Budget) -> Result<Written, Error> {
    // The profile put into the file is one of three colours.
    let raster = if how.profile {
        raster.into_colour()
    } else {
        raster
    };
    let raster = if how.format.has_alpha() || raster.layout() != Layout::Rgba {
        raster
    } else {
        let mut behind = how.background;
        behind.a = 255;
        raster.flattened(Paint::Colour(behind))
    };
    let file = write(&raster, how, budget)?;
    if let Some(plain) = plain::instead(&raster, how, file.len(), budget)? {
        return Ok(plain);
    }
    Ok(Written {
        format: how.format,
        file,
    })
}

/// As [`encode`], in this very format; the picture has the samples that it can have.
pub(super) fn write(raster: &Raster, how: &Encode, budget: &Budget) -> Result<Vec<u8>, Error> {
    let how = &Encode {
        quality: aim::quality(raster, how),
        ..how.clone()
    };
    if let Some(file) = apart::written(raster, how, budget)? {
        return Ok(file);
    }
    match how.format {
        Format::Jpeg => jpeg::encode(raster, how, budget),
        Format::Png => png::encode(raster, how, budget),
        Format::WebP => webp::encode(raster, how, budget),
        Format::Gif => gif::encode(raster, budget),
        #[cfg(any(feature = "rav1e", feature = "aom"))]
        Format::Avif => avif::encode(raster, how, budget),
        Format::Tiff if how.tiff == TiffKind::Lzw => tiff::lzw(raster, budget),
        Format::Tiff if how.tiff == TiffKind::Group4 => tiff::group4(raster, how, budget),
        Format::Tiff => tiff::plain(raster, budget),
        Format::Bmp | Format::Ico => general::encode(raster, how.format, budget),
        format => Err(Error::NoCodec { format }),
    }
}

/// The sides as 16-bit numbers, for the formats that store them so.
fn sides16(size: Size) -> Result<(u16, u16), Error> {
    let side = |what, n: u32| {
        u16::try_from(n).map_err(|_| Error::OverLimit {
            what,
            value: n.into(),
            limit: u16::MAX.into(),
        })
    };
    Ok((
        side("output width in pixels", size.width)?,
        side("output height in pixels", size.height)?,
    ))
}
