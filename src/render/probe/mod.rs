//! Facts from the first bytes, without decoding a pixel.
//!
//! The format is what the bytes say, never what a name says. Containers are walked block by block,
//! so the cost is the number of blocks and not the number of pixels, and no offset in a file is
//! followed out of it.

pub(super) mod bmff;
mod bytes;
mod drawing;
mod exif;
mod gif;
mod jpeg;
mod png;
mod tiff;
mod webp;

pub(super) use bytes::{be16, be32, le16, le32};
pub(super) use drawing::text as drawing_text;
pub(super) use jpeg::segments as jpeg_segments;
pub(super) use png::chunks as png_chunks;
pub(super) use tiff::{
    Directory as TiffDirectory, Values as TiffValues, first as first_in_tiff,
    photoshop as photoshop_in_tiff,
};
pub(super) use webp::{chunks as webp_chunks, profile as webp_profile};

use super::error::Error;
use super::ingest;
use crate::plan::{Facts, Size};
use crate::spec::{Format, Turn};

/// What a container tells about its picture; [`probe`] completes it to [`Facts`].
#[derive(Clone, Copy, Debug)]
struct Header {
    size: Size,
    orientation: Turn,
    alpha: bool,
    frames: u32,
}

/// One picture that stands as it is seen.
const fn upright((size, alpha): (Size, bool)) -> Header {
    Header {
        size,
        orientation: Turn::NONE,
        alpha,
        frames: 1,
    }
}

/// What the bytes are and what they show.
///
/// # Errors
///
/// [`Error::UnknownFormat`] when no magic number fits, [`Error::NoCodec`] for a format that is known
/// and cannot be read here, [`Error::BadSource`] when the header is damaged. Limits are not checked
/// here: what is too large can still be described.
pub fn probe(bytes: &[u8]) -> Result<Facts, Error> {
    let format = sniff(bytes).ok_or(Error::UnknownFormat)?;
    let header = match format {
        Format::Jpeg => jpeg::header(bytes),
        Format::Png => png::header(bytes),
        Format::Gif => gif::header(bytes),
        Format::WebP => webp::header(bytes),
        Format::Avif => avif(bytes),
        Format::Bmp => ingest::describe_bmp(bytes).map(upright),
        Format::Ico => ingest::describe_ico(bytes).map(upright),
        Format::Tiff => ingest::describe_tiff(bytes).map(|(size, alpha)| Header {
            size,
            orientation: tiff::orientation(bytes),
            alpha,
            frames: tiff::count(bytes),
        }),
        Format::Jxl => ingest::describe_jxl(bytes).map(|(size, alpha, frames)| Header {
            frames,
            ..upright((size, alpha))
        }),
        Format::Svg => ingest::describe_svg(bytes).map(|size| upright((size, true))),
        _ => Err(Error::NoCodec { format }),
    }?;
    Ok(Facts {
        format,
        size: header.size,
        orientation: header.orientation,
        alpha: header.alpha,
        frames: header.frames,
        bytes: bytes.len() as u64,
    })
}

/// The format that the first bytes belong to.
#[must_use]
pub fn sniff(bytes: &[u8]) -> Option<Format> {
    let starts = |magic: &[u8]| bytes.starts_with(magic);
    if starts(b"\xFF\xD8\xFF") {
        return Some(Format::Jpeg);
    }
    if starts(b"\x89PNG\r\n\x1A\n") {
        return Some(Format::Png);
    }
    if starts(b"GIF87a") || starts(b"GIF89a") {
        return Some(Format::Gif);
    }
    if starts(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        return Some(Format::WebP);
    }
    if bytes.get(4..8) == Some(b"ftyp") {
        return bmff::brand(bytes);
    }
    // The second pair is BigTIFF, with offsets of eight bytes.
    if starts(b"II*\0")
        || starts(b"MM\0*")
        || starts(b"II+\0\x08\0\0\0")
        || starts(b"MM\0+\0\x08\0\0")
    {
        return Some(Format::Tiff);
    }
    if starts(b"\0\0\x01\0") {
        return Some(Format::Ico);
    }
    if starts(b"\xFF\x0A") || starts(b"\0\0\0\x0CJXL \r\n\x87\n") {
        return Some(Format::Jxl);
    }
    if starts(b"%PDF-") {
        return Some(Format::Pdf);
    }
    // Two letters are little to go by: the header's own size must fit as well.
    if starts(b"BM") && matches!(le32(bytes, 14), Some(12 | 16..=64 | 108 | 124)) {
        return Some(Format::Bmp);
    }
    drawing::is_drawing(bytes).then_some(Format::Svg)
}

fn avif(bytes: &[u8]) -> Result<Header, Error> {
    let file = bmff::Avif::read(bytes)?;
    Ok(Header {
        size: file.size,
        orientation: file.turn,
        alpha: file.alpha.is_some(),
        frames: file.frames,
    })
}

/// A file of pages that are pictures of their own, as one that begins with a page, counted from 1; `None`
/// when it is no such file or there is no such page.
#[must_use]
pub fn at_page(bytes: &[u8], page: u32) -> Option<Vec<u8>> {
    let page = usize::try_from(page.checked_sub(1)?).ok()?;
    (page > 0 && sniff(bytes) == Some(Format::Tiff))
        .then(|| tiff::beginning_with(bytes, page))
        .flatten()
}

/// A size from a header; no picture is empty.
fn size(format: Format, width: u32, height: u32) -> Result<Size, Error> {
    if width == 0 || height == 0 {
        return Err(Error::bad(format, "header names an empty picture"));
    }
    Ok(Size::new(width, height))
}
