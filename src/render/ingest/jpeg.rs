//! JPEG, reduced inside the decoder where the plan allows.

use cldgate_jpeg::Scale;

use super::{Decoded, Picture, Request};
use crate::plan::Facts;
use crate::render::budget::Budget;
use crate::render::error::Error;
use crate::render::probe;
use crate::render::raster::{ColourSpace, Planes};
use crate::spec::Format;

/// Every Huffman-coded block costs at least a bit, and the largest unit of blocks covers 16x16
/// pixels or, rarely, four times that: a file with fewer bytes a pixel than this has nothing to
/// show for its size.
const PIXELS_PER_BYTE: u64 = 8192;

/// Bytes that planes and coefficients may take for each pixel that a source may have: three components of
/// 16-bit coefficients and their planes.
const BYTES_PER_PIXEL: u64 = 9;

pub(super) fn decode(
    bytes: &[u8],
    facts: &Facts,
    request: &Request,
    budget: &Budget,
) -> Result<Decoded, Error> {
    if facts.size.pixels() / PIXELS_PER_BYTE > facts.bytes && !is_arithmetic(bytes) {
        return Err(Error::bad(
            Format::Jpeg,
            "file is far too short for its size",
        ));
    }
    let part = cldgate_jpeg::Request {
        columns: (request.left, request.left + request.size.width),
        rows: (request.top, request.top + request.size.height),
        scale: match request.shrink {
            8.. => Scale::Eighth,
            4..8 => Scale::Quarter,
            2..4 => Scale::Half,
            _ => Scale::Full,
        },
        colour_alike: false,
        memory: budget
            .limits()
            .source_pixels
            .saturating_mul(BYTES_PER_PIXEL),
    };
    let mut stop = || budget.check().is_err();
    match cldgate_jpeg::decode(bytes, &part, &mut stop) {
        Ok(mut picture) => {
            let (width, height) = picture.size;
            if (width, height) != (facts.size.width, facts.size.height) {
                return Err(Error::bad(Format::Jpeg, "size differs between headers"));
            }
            let (profile, damaged) = (picture.profile.take(), picture.damaged);
            let planes = Planes::new(picture)
                .ok_or_else(|| Error::bad(Format::Jpeg, "planes are not as large as they say"))?;
            Ok(Decoded {
                picture: Picture::Planar(planes),
                colours: ColourSpace::of_profile(profile),
                damaged,
            })
        }
        Err(error) => {
            budget.check()?;
            Err(Error::bad(Format::Jpeg, error))
        }
    }
}

/// Whether the frame is arithmetic-coded: an even picture of any size takes a few bytes then.
fn is_arithmetic(bytes: &[u8]) -> bool {
    probe::jpeg_segments(bytes).any(|(marker, _)| matches!(marker, 0xC9 | 0xCA))
}
