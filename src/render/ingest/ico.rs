//! ICO: the largest picture of an icon, a PNG or a bitmap with a mask.

use super::bmp::Bitmap;
use super::{Decoded, Request, png, raster};
use crate::plan::{Facts, Region, Size};
use crate::render::budget::Budget;
use crate::render::error::Error;
use crate::render::probe::{le16, le32, probe};
use crate::render::raster::{ColourSpace, Layout};
use crate::spec::Format;

/// Bytes of the header, and of an entry.
const HEADER: usize = 6;
const ENTRY: usize = 16;

fn bad(reason: impl std::fmt::Display) -> Error {
    Error::bad(Format::Ico, reason)
}

/// A picture of an icon.
enum Shape<'a> {
    Png(&'a [u8], Box<Facts>),
    Bitmap(Bitmap<'a>),
}

impl Shape<'_> {
    const fn size(&self) -> Size {
        match self {
            Self::Png(_, facts) => facts.size,
            Self::Bitmap(bitmap) => bitmap.size,
        }
    }
}

/// Size and alpha.
pub(in crate::render) fn describe(bytes: &[u8]) -> Result<(Size, bool), Error> {
    let shape = largest(bytes)?;
    // A mask may leave out pixels of any bitmap.
    let alpha = match &shape {
        Shape::Png(_, facts) => facts.alpha,
        Shape::Bitmap(_) => true,
    };
    Ok((shape.size(), alpha))
}

pub(super) fn decode(bytes: &[u8], facts: &Facts, budget: &Budget) -> Result<Decoded, Error> {
    let shape = largest(bytes)?;
    if shape.size() != facts.size {
        return Err(bad("size differs between headers"));
    }
    match shape {
        Shape::Png(bytes, facts) => {
            budget.limits().source(facts.size)?;
            let whole = Request::part(facts.size, Region::whole(facts.size), 1);
            png::decode(bytes, &facts, &whole, budget)
        }
        Shape::Bitmap(bitmap) => {
            let colours = ColourSpace::of_profile(bitmap.profile);
            let rows = bitmap.rows();
            if rows == 0 {
                return Err(bad("file ends before its picture"));
            }
            let mut pixels = bitmap.draw(Layout::Rgba, budget).map_err(in_icon)?;
            mask(&bitmap, pixels.as_chunks_mut().0);
            let raster = raster(Format::Ico, bitmap.size, Layout::Rgba, pixels)?;
            Ok(Decoded {
                damaged: rows < bitmap.size.height,
                ..Decoded::whole(raster, colours)
            })
        }
    }
}

/// Errors of a bitmap name the file that it is in.
fn in_icon(error: Error) -> Error {
    match error {
        Error::BadSource { reason, .. } => bad(reason),
        other => other,
    }
}

/// The largest picture, of these the deepest, of these the first.
fn largest(bytes: &[u8]) -> Result<Shape<'_>, Error> {
    let count = le16(bytes, 4).map_or(0, usize::from);
    let entries = bytes.get(HEADER..).unwrap_or_default();
    let (entries, _) = entries.as_chunks::<ENTRY>();
    let mut entries: Vec<_> = entries.iter().take(count).collect();
    entries.sort_by_key(|entry| std::cmp::Reverse(rank(entry)));
    let mut fault = None;
    for entry in entries {
        match shape(bytes, entry) {
            Ok(shape) => return Ok(shape),
            Err(error) => fault = fault.or(Some(error)),
        }
    }
    Err(fault.unwrap_or_else(|| bad("icon without a picture")))
}

/// Pixels and depth, as an entry names them.
fn rank(entry: &[u8; ENTRY]) -> (u32, u32) {
    let [width, height, colours, ..] = *entry;
    let side = |side: u8| if side == 0 { 256 } else { u32::from(side) };
    let depth = match le16(entry, 6) {
        Some(bits @ 1..) => bits.into(),
        // Some writers count colours alone.
        _ => u32::from(colours.wrapping_sub(1))
            .checked_ilog2()
            .map_or(0, |n| n + 1),
    };
    (side(width) * side(height), depth)
}

fn shape<'a>(bytes: &'a [u8], entry: &[u8; ENTRY]) -> Result<Shape<'a>, Error> {
    // The length that an entry names is often wrong; what follows tells its own.
    let from = le32(entry, 12).and_then(|at| usize::try_from(at).ok());
    let stored = from
        .and_then(|from| bytes.get(from..))
        .filter(|stored| !stored.is_empty())
        .ok_or_else(|| bad("file ends before its picture"))?;
    if stored.starts_with(b"\x89PNG") {
        let facts = probe(stored)?;
        return Ok(Shape::Png(stored, Box::new(facts)));
    }
    Bitmap::of_icon(stored).map(Shape::Bitmap).map_err(in_icon)
}

/// Leaves out what a bitmap's mask leaves out. One with alpha of its own needs none.
fn mask(bitmap: &Bitmap<'_>, pixels: &mut [[u8; 4]]) {
    let (width, height) = (bitmap.size.width as usize, bitmap.size.height as usize);
    if bitmap.has_alpha() && pixels.iter().any(|&[.., alpha]| alpha != 0) {
        return;
    }
    let from = bitmap.stride().saturating_mul(height);
    let stored = bitmap.data.get(from..).unwrap_or_default();
    let rows = stored.chunks(width.div_ceil(32) * 4);
    for (n, row) in rows.take(height).enumerate() {
        let place = if bitmap.top_down { n } else { height - 1 - n };
        let into = pixels.chunks_exact_mut(width).nth(place);
        for (x, pixel) in into.into_iter().flatten().enumerate() {
            let bit = row
                .get(x / 8)
                .is_some_and(|byte| byte >> (7 - x % 8) & 1 == 1);
            let [.., alpha] = pixel;
            *alpha = if bit { 0 } else { 255 };
        }
    }
}
