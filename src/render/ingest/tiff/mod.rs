//! TIFF and BigTIFF: strips and tiles of any width of samples, brought to 8 bits row by row.
//!
//! ```text
//! directory ─page─▶ chunks ─chunk, fax, jpeg─▶ bytes ─samples─▶ numbers ─colour─▶ pixels
//! ```
//!
//! Chunks are unpacked as they are read: 64-bit samples take no more memory than those of 8 bits.

mod chunk;
mod colour;
mod fax;
mod jpeg;
mod page;
mod samples;
mod webp;

use super::{Decoded, Request, buffer, raster};
use crate::plan::{Facts, Size};
use crate::render::budget::{Budget, Limits};
use crate::render::error::Error;
use crate::render::raster::{ColourSpace, Layout};
use crate::spec::Format;
use chunk::Given;
use page::{Colour, Page};

/// Rows between two looks at the budget.
const GLANCE: usize = 64;

/// Old-style JPEG.
const OLD_JPEG: u64 = 6;

/// Horizontal differences of whole numbers and of floating-point numbers.
const DIFFERENCES: u64 = 2;
const FLOAT_DIFFERENCES: u64 = 3;

fn bad(reason: impl std::fmt::Display) -> Error {
    Error::bad(Format::Tiff, reason)
}

/// Size and alpha of the first page.
pub(in crate::render) fn describe(bytes: &[u8]) -> Result<(Size, bool), Error> {
    let unlimited = Limits {
        source_pixels: u64::MAX,
        source_side: u32::MAX,
        picture_pixels: u64::MAX,
    };
    let page = Page::read(bytes, &unlimited)?;
    Ok((page.size, page.layout() == Layout::Rgba))
}

/// The first page.
pub(super) fn decode(
    bytes: &[u8],
    facts: &Facts,
    request: &Request,
    budget: &Budget,
) -> Result<Decoded, Error> {
    let page = Page::read(bytes, budget.limits())?;
    if page.size != facts.size {
        return Err(bad("size differs between headers"));
    }
    // Colours of L*a*b* are what they are; a profile beside them is for printing.
    let device = !matches!(page.colour, Colour::Lab { .. });
    let colours = ColourSpace::of_profile(page.profile.filter(|_| device));
    if page.compression == OLD_JPEG
        && let Some(decoded) = jpeg::old_whole(&page, bytes, request, budget)
    {
        return Ok(Decoded {
            colours,
            ..decoded?
        });
    }
    let mut picture = Canvas {
        pixels: buffer(Format::Tiff, page.size, page.layout())?,
        page: &page,
        raw: Vec::new(),
        samples: Vec::new(),
        spare: Vec::new(),
    };
    if matches!(
        page.colour,
        Colour::Grey {
            white_is_zero: true
        }
    ) && page.alpha.is_none()
    {
        picture.pixels.fill(255);
    }
    let (columns, rows) = page.grid();
    // What could not be read first, and whether anything could be.
    let (mut fault, mut shown) = (None, false);
    let mut damaged = false;
    for row in 0..rows {
        budget.check()?;
        for column in 0..columns {
            let read = picture.chunk(bytes, (column, row), budget);
            budget.check()?;
            match read {
                Ok(whole) => damaged |= !whole,
                Err(error) => {
                    fault.get_or_insert(error);
                    continue;
                }
            }
            shown = true;
        }
    }
    match fault {
        Some(error) if !shown => return Err(error),
        _ => {}
    }
    let pixels = picture.pixels;
    let raster = raster(Format::Tiff, page.size, page.layout(), pixels)?;
    Ok(Decoded {
        damaged: damaged || fault.is_some(),
        ..Decoded::whole(raster, colours)
    })
}

/// The picture as far as it is read.
struct Canvas<'a> {
    page: &'a Page<'a>,
    pixels: Vec<u8>,
    /// A row of a chunk as it is stored, its samples, and room for what is put in another order.
    raw: Vec<u8>,
    samples: Vec<f32>,
    spare: Vec<u8>,
}

impl Canvas<'_> {
    /// Reads a chunk; whether it was whole. `Err` when there is not a row of it.
    fn chunk(
        &mut self,
        bytes: &[u8],
        (column, row): (u32, u32),
        budget: &Budget,
    ) -> Result<bool, Error> {
        let page = self.page;
        let (left, top) = (column * page.chunk.width, row * page.chunk.height);
        let rows = page.chunk.height.min(page.size.height - top);
        let number = row as usize * page.grid().0 as usize + column as usize;
        let planes = self.planes_shown();
        let mut chunks = planes
            .iter()
            .map(|&plane| {
                let chunk = page
                    .chunk_bytes(bytes, plane, number)
                    .ok_or_else(|| bad("file ends before its picture"))?;
                // A tile is always whole; a strip ends with the picture.
                let height = if page.tiled { page.chunk.height } else { rows };
                let size = Size::new(page.chunk.width, height);
                Ok((plane, chunk::open(page, bytes, chunk, size, budget)?))
            })
            .collect::<Result<Vec<_>, Error>>()?;
        for down in 0..rows as usize {
            if down % GLANCE == 0 {
                budget.check()?;
            }
            if let Err(error) = self.row(&mut chunks, (left as usize, top as usize + down)) {
                if down == 0 {
                    return Err(error);
                }
                return Ok(false);
            }
        }
        Ok(chunks.iter().all(|(_, chunk)| !chunk.damaged))
    }

    /// The planes that are read: those of the colours, and that of the alpha where it is shown.
    fn planes_shown(&self) -> Vec<usize> {
        if !self.page.planar {
            return vec![0];
        }
        let alpha = self.page.alpha;
        let alpha = alpha.filter(|_| self.page.layout() == Layout::Rgba);
        (0..self.page.colour.samples())
            .chain(alpha.map(|alpha| alpha.sample))
            .collect()
    }

    /// Reads the next row of a chunk of every plane, and puts its pixels where they belong.
    fn row(
        &mut self,
        chunks: &mut [(usize, chunk::Chunk<'_>)],
        (left, top): (usize, usize),
    ) -> Result<(), Error> {
        let page = self.page;
        let bytes = page.layout().bytes();
        let stride = page.size.width as usize * bytes;
        let columns = (page.chunk.width as usize).min(page.size.width as usize - left);
        let from = top * stride + left * bytes;
        let given = chunks
            .first()
            .map_or(Given::Stored, |(_, chunk)| chunk.given);
        self.raw.resize(page.row_bytes(), 0);
        self.samples.resize(columns * page.samples, 0.0);
        let planes = chunks.len();
        for (plane, chunk) in chunks {
            chunk
                .rows
                .read_exact(&mut self.raw)
                .map_err(|error| match error.kind() {
                    std::io::ErrorKind::UnexpectedEof => bad("a strip or tile ends early"),
                    _ => bad(error),
                })?;
            let big_endian = self.restore()?;
            if planes == 1 && colour::is_plain(page, given) {
                let into = self.pixels.get_mut(from..from + columns * bytes);
                if let (Some(into), Some(row)) = (into, self.raw.get(..columns * bytes)) {
                    into.copy_from_slice(row);
                }
                return Ok(());
            }
            if page.planar {
                // One plane at a time beside the others.
                let mut one = vec![0.0; columns];
                samples::unpack(page, &self.raw, big_endian, &mut one);
                let places = self.samples.iter_mut().skip(*plane).step_by(page.samples);
                places.zip(one).for_each(|(to, sample)| *to = sample);
            } else {
                samples::unpack(page, &self.raw, big_endian, &mut self.samples);
            }
        }
        let samples = self.samples.get(..columns * page.samples);
        let into = self.pixels.get_mut(from..from + columns * bytes);
        if let (Some(samples), Some(into)) = (samples, into) {
            colour::pixels(page, given, samples, into);
        }
        Ok(())
    }

    /// Undoes what was done to a row before it was packed. Whether its numbers are big-endian then.
    fn restore(&mut self) -> Result<bool, Error> {
        let page = self.page;
        // Of other codings the entry says nothing.
        let differs = matches!(page.compression, 5 | 8 | 32946 | 50000 | 34925);
        match page.predictor {
            DIFFERENCES if differs => {
                samples::sum_differences(page, &mut self.raw, page.big_endian).map_err(bad)?;
            }
            FLOAT_DIFFERENCES if differs => {
                if page.kind != page::Kind::Float {
                    return Err(bad("floating-point differences of whole numbers"));
                }
                samples::sum_float_differences(page, &mut self.raw, &mut self.spare);
                return Ok(true);
            }
            _ => {}
        }
        Ok(page.big_endian)
    }
}
