//! Rows of a PNG as far as there are any: a file that ends early or is damaged shows what came
//! before, as in browsers.

use std::borrow::Cow;
use std::io::Cursor;

use flate2::Crc;
use png::{InterlaceInfo, Reader};

use super::bad;
use super::wide::Wide;
use crate::render::budget::Budget;
use crate::render::error::Error;
use crate::render::probe::{be16, png_chunks};
use crate::render::raster::Layout;
use crate::spec::Format;

/// Rows between two looks at the budget.
pub(super) const BAND: usize = 64;
/// Bytes before the first chunk.
const SIGNATURE: usize = 8;

pub(super) type Source<'a> = Reader<Cursor<&'a [u8]>>;

/// The part of a picture that is read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    /// Rows above it.
    pub top: usize,
    /// Its rows.
    pub rows: usize,
    /// Bytes of a row.
    pub stride: usize,
    /// Bytes of a pixel.
    pub samples: usize,
    /// Rows come in seven passes, and the part is the whole picture.
    pub interlaced: bool,
}

/// How far a picture could be read.
pub(super) struct Seen {
    /// Rows of the whole picture that have pixels, from its top.
    pub rows: usize,
    /// Why not all of those that were wanted.
    pub broken: Option<Error>,
}

/// Where rows go: pixels of 8 bits a sample, through a wide row where the file has 16.
type Target<'t> = (&'t mut [u8], Option<&'t mut Wide>);

/// Reads a part into pixels that are zero. `open` starts anew at the beginning of the file, with or
/// without checksums.
pub(super) fn read<'a>(
    reader: Source<'a>,
    open: impl Fn(bool) -> Result<Source<'a>, Error>,
    part: Part,
    (pixels, mut wide): Target<'_>,
    budget: &Budget,
) -> Result<Seen, Error> {
    let target = (&mut *pixels, wide.as_deref_mut());
    let seen = once(reader, || open(true), part, target, budget)?;
    if seen.rows > 0 || seen.broken.is_none() {
        return Ok(seen);
    }
    // The pixels may be there for all that, behind a checksum that is wrong.
    let target = (pixels, wide);
    let again = once(open(false)?, || open(false), part, target, budget)?;
    Ok(Seen {
        broken: again.broken.or(seen.broken),
        ..again
    })
}

fn once<'a>(
    mut reader: Source<'a>,
    open: impl Fn() -> Result<Source<'a>, Error>,
    part: Part,
    (pixels, wide): Target<'_>,
    budget: &Budget,
) -> Result<Seen, Error> {
    if !part.interlaced {
        return in_order(&mut reader, part, (pixels, wide), budget);
    }
    let mut target = (pixels, wide);
    let put = png::expand_interlaced_row;
    let seen = in_passes(&mut reader, part, &mut target, put, budget)?;
    if seen.broken.is_none() {
        return Ok(seen);
    }
    // Until the later passes come, each pixel stands for those around it.
    target.0.fill(0);
    let put = png::splat_interlaced_row;
    in_passes(&mut open()?, part, &mut target, put, budget)
}

fn in_order(
    reader: &mut Source<'_>,
    part: Part,
    (pixels, mut wide): Target<'_>,
    budget: &Budget,
) -> Result<Seen, Error> {
    let mut seen = Seen {
        rows: 0,
        broken: None,
    };
    let mut take = |row: &mut [u8]| {
        if seen.rows.is_multiple_of(BAND) {
            budget.check()?;
        }
        match reader.read_row(row) {
            Ok(Some(_)) => seen.rows += 1,
            Ok(None) => seen.broken = Some(Error::bad(Format::Png, "rows are missing")),
            Err(error) => seen.broken = Some(bad(error)),
        }
        Ok(seen.broken.is_none())
    };
    let stored = wide.as_ref().map_or(part.stride, |wide| wide.row.len());
    let mut dropped = vec![0; stored];
    for _ in 0..part.top {
        if !take(&mut dropped)? {
            return Ok(seen);
        }
    }
    for row in pixels.chunks_exact_mut(part.stride) {
        let whole = match &mut wide {
            None => take(row)?,
            Some(wide) => {
                let whole = take(&mut wide.row)?;
                wide.narrow(row);
                whole
            }
        };
        if !whole {
            break;
        }
    }
    Ok(seen)
}

/// Puts a row of a pass into the picture: pixels, stride, row, where it belongs, bits of a pixel.
type Put = fn(&mut [u8], usize, &[u8], &png::Adam7Info, u8);

fn in_passes(
    reader: &mut Source<'_>,
    part: Part,
    (pixels, wide): &mut Target<'_>,
    put: Put,
    budget: &Budget,
) -> Result<Seen, Error> {
    let bits = u8::try_from(part.samples * 8).unwrap_or(u8::MAX);
    let (first, all) = passes(part);
    // A row of a pass at 8 bits a sample, where the file has 16.
    let mut narrow = vec![0; wide.as_ref().map_or(0, |_| part.stride)];
    for n in 0..all {
        if n % BAND == 0 {
            budget.check()?;
        }
        let broken = match reader.next_interlaced_row() {
            Ok(Some(row)) => match row.interlace() {
                InterlaceInfo::Adam7(info) => {
                    let data = match wide {
                        None => row.data(),
                        Some(wide) => narrowed(wide, row.data(), part, &mut narrow),
                    };
                    put(pixels, part.stride, data, info, bits);
                    continue;
                }
                InterlaceInfo::Null(_) => Error::bad(Format::Png, "row of no pass"),
            },
            Ok(None) => Error::bad(Format::Png, "rows are missing"),
            Err(error) => bad(error),
        };
        // The first pass has a row for each eight of the picture.
        let rows = if n < first { n * 8 } else { part.rows };
        return Ok(Seen {
            rows: rows.min(part.rows),
            broken: Some(broken),
        });
    }
    Ok(Seen {
        rows: part.rows,
        broken: None,
    })
}

/// A row of a pass brought to 8 bits.
fn narrowed<'n>(wide: &mut Wide, data: &[u8], part: Part, narrow: &'n mut [u8]) -> &'n [u8] {
    let length = data.len().min(wide.row.len());
    if let (Some(row), Some(data)) = (wide.row.get_mut(..length), data.get(..length)) {
        row.copy_from_slice(data);
    }
    let width = part.stride / part.samples.max(1);
    let pixels = length / (wide.row.len() / width.max(1)).max(1);
    wide.narrow_first(pixels, narrow);
    narrow.get(..pixels * part.samples).unwrap_or_default()
}

/// Rows of the first of the seven passes, and of all of them.
fn passes(part: Part) -> (usize, usize) {
    // First column and distance of columns, the same for rows.
    const PASSES: [[usize; 4]; 7] = [
        [0, 8, 0, 8],
        [4, 8, 0, 8],
        [0, 4, 4, 8],
        [2, 4, 0, 4],
        [0, 2, 2, 4],
        [1, 2, 0, 2],
        [0, 1, 1, 2],
    ];
    let width = part.stride / part.samples.max(1);
    let rows = |[left, _, top, apart]: [usize; 4]| match width > left {
        true => part.rows.saturating_sub(top).div_ceil(apart),
        false => 0,
    };
    (rows(PASSES[0]), PASSES.into_iter().map(rows).sum())
}

/// Pixels with alpha, of which only the first `seen` are there.
pub(super) fn opened(pixels: &[u8], layout: Layout, seen: usize) -> Vec<u8> {
    let bytes = layout.bytes();
    let mut open = vec![0; pixels.len() / bytes * 4];
    let pairs = open.chunks_exact_mut(4).zip(pixels.chunks_exact(bytes));
    for (open, pixel) in pairs.take(seen) {
        match (open, pixel) {
            ([r, g, b, a], &[v]) => [*r, *g, *b, *a] = [v, v, v, 255],
            ([r, g, b, a], &[red, green, blue]) => [*r, *g, *b, *a] = [red, green, blue, 255],
            (open, pixel) => open.copy_from_slice(pixel),
        }
    }
    open
}

/// The file with a transparent grey that has no more bits than its samples: decoders are to ignore
/// the others, which this one compares.
pub(super) fn masked(bytes: &[u8]) -> Cow<'_, [u8]> {
    fixed(bytes).map_or(Cow::Borrowed(bytes), Cow::Owned)
}

fn fixed(bytes: &[u8]) -> Option<Vec<u8>> {
    const GREY: u8 = 0;
    let (_, header) = png_chunks(bytes).next()?;
    let (&depth, &colour) = (header.get(8)?, header.get(9)?);
    if colour != GREY || depth >= 8 {
        return None;
    }
    let mut start = SIGNATURE;
    for (name, body) in png_chunks(bytes) {
        match name {
            b"IDAT" => break,
            b"tRNS" => {
                let grey = be16(body, 0)?;
                let kept = grey & ((1 << depth) - 1);
                if kept == grey {
                    break;
                }
                let mut chunk = [name, &kept.to_be_bytes(), body.get(2..)?].concat();
                let mut sum = Crc::new();
                sum.update(&chunk);
                chunk.extend(sum.sum().to_be_bytes());
                let mut file = bytes.to_vec();
                file.get_mut(start + 4..)?
                    .get_mut(..chunk.len())?
                    .copy_from_slice(&chunk);
                return Some(file);
            }
            _ => start = start.checked_add(body.len())?.checked_add(12)?,
        }
    }
    None
}
