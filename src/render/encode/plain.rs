//! Where the format was chosen for the client: whether JPEG or PNG is much smaller after all.
//!
//! Modern formats are smaller for nearly all pictures and not for all: drawings of a few colours are often smaller as PNG, and
//! noise as JPEG. Both take little time to write beside the modern ones, and every client shows them.

use super::{Written, png, write};
use crate::plan::Encode;
use crate::render::budget::Budget;
use crate::render::error::Error;
use crate::render::raster::{Layout, Raster};
use crate::spec::Format;

/// A file may be larger than a plain one by one part in so many; beyond that the plain one is delivered.
const MARGIN: usize = 10;

/// A JPEG is only tried where the modern file takes more bits a pixel than this: below, none was ever smaller
/// (`docs/performance.md`).
const DENSE: u64 = 1;

/// Pixels up to which a JPEG is always tried: the heads of files weigh more than the pictures in them.
const SMALL: u64 = 64 * 64;

/// The quality at which modern formats lose nothing, which JPEG cannot.
const LOSSLESS: u8 = 100;

/// The plain file, where it takes the place of one of `length` bytes. A JPEG only gives way to a PNG.
pub(super) fn instead(
    raster: &Raster,
    how: &Encode,
    length: usize,
    budget: &Budget,
) -> Result<Option<Written>, Error> {
    if !how.or_plain {
        return Ok(None);
    }
    budget.check()?;
    let limit = length - length / (MARGIN + 1);
    if let Some(file) = png::exact(raster, budget).transpose()?
        && file.len() < limit
    {
        return Ok(Some(Written {
            format: Format::Png,
            file,
        }));
    }
    let pixels = raster.size().pixels();
    let dense = length as u64 * 8 > pixels * DENSE || pixels <= SMALL;
    let is_jpeg = how.format == Format::Jpeg;
    if is_jpeg || !dense || raster.layout() == Layout::Rgba || how.quality >= LOSSLESS {
        return Ok(None);
    }
    let format = Format::Jpeg;
    let file = write(
        raster,
        &Encode {
            format,
            ..how.clone()
        },
        budget,
    )?;
    Ok((file.len() < limit).then_some(Written { format, file }))
}
