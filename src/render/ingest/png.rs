//! PNG: every kind brought to 8 bits, row by row as far as rows are needed.

use std::io::Cursor;

use png::{ColorType, Decoder, DecodingError, Transformations};

use super::{Decoded, Packed, Request, buffer, raster};
use crate::plan::{Facts, Size};
use crate::render::budget::Budget;
use crate::render::error::Error;
use crate::render::raster::Layout;
use crate::spec::Format;

/// Rows between two looks at the budget.
const BAND: usize = 64;

fn bad(error: DecodingError) -> Error {
    Error::bad(Format::Png, error)
}

pub(super) fn decode(
    bytes: &[u8],
    facts: &Facts,
    request: &Request,
    budget: &Budget,
) -> Result<Decoded, Error> {
    let mut decoder = Decoder::new(Cursor::new(bytes));
    decoder.set_ignore_text_chunk(true);
    decoder.set_transformations(Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().map_err(bad)?;
    let info = reader.info();
    if info.size() != (facts.size.width, facts.size.height) {
        return Err(Error::bad(Format::Png, "size differs between headers"));
    }
    let interlaced = info.interlaced;
    let profile = match info.srgb {
        Some(_) => None,
        None => info.icc_profile.as_ref().map(|profile| profile.to_vec()),
    };
    let (kind, _) = reader.output_color_type();
    // Grey with alpha is rare enough to be widened afterwards.
    let (layout, samples) = match kind {
        ColorType::Grayscale => (Layout::Grey, 1),
        ColorType::GrayscaleAlpha => (Layout::Rgba, 2),
        ColorType::Rgb => (Layout::Rgb, 3),
        ColorType::Rgba => (Layout::Rgba, 4),
        ColorType::Indexed => return Err(Error::bad(Format::Png, "palette was not expanded")),
    };
    let (top, size) = if interlaced {
        (0, facts.size)
    } else {
        // Rows above the part needed are decoded and dropped, rows below it never read.
        (
            request.top,
            Size::new(facts.size.width, request.size.height),
        )
    };
    let mut pixels = buffer(Format::Png, size, layout)?;
    let stride = facts.size.width as usize * samples;
    pixels.truncate(stride * size.height as usize);
    if interlaced {
        reader.next_frame(&mut pixels).map_err(bad)?;
    } else {
        let mut dropped = vec![0; stride];
        for n in 0..top as usize {
            if n % BAND == 0 {
                budget.check()?;
            }
            reader.read_row(&mut dropped).map_err(bad)?;
        }
        for (n, row) in pixels.chunks_exact_mut(stride).enumerate() {
            if n % BAND == 0 {
                budget.check()?;
            }
            reader.read_row(row).map_err(bad)?;
        }
    }
    if kind == ColorType::GrayscaleAlpha {
        let (pairs, _) = pixels.as_chunks::<2>();
        let wide: Vec<[u8; 4]> = pairs.iter().map(|&[v, a]| [v, v, v, a]).collect();
        pixels = wide.into_flattened();
    }
    let packed = Packed {
        raster: raster(Format::Png, size, layout, pixels)?,
        origin: (0.0, f64::from(top)),
        scale: (1.0, 1.0),
    };
    Ok(Decoded::packed(packed, profile))
}
