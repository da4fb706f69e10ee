//! JPEG, reduced inside the decoder where the plan allows.

use std::io::ErrorKind;

use jpeg_decoder::{Decoder, Error as Refusal, PixelFormat};

use super::{Decoded, Request, raster};
use crate::plan::{Facts, Size};
use crate::render::budget::Budget;
use crate::render::error::Error;
use crate::render::probe::has_adobe_marker;
use crate::render::raster::Layout;
use crate::spec::Format;

/// Every block costs at least a bit, and the largest unit of blocks covers 16x16 pixels or, rarely,
/// four times that: a file with fewer bytes a pixel than this has nothing to show for its size.
const PIXELS_PER_BYTE: u64 = 8192;

pub(super) fn decode(
    bytes: &[u8],
    facts: &Facts,
    request: &Request,
    budget: &Budget,
) -> Result<Decoded, Error> {
    if facts.size.pixels() / PIXELS_PER_BYTE > facts.bytes {
        return Err(Error::bad(
            Format::Jpeg,
            "file is far too short for its size",
        ));
    }
    match scaled(bytes, facts, request, budget) {
        Err(Refusal::Io(error)) if error.kind() == ErrorKind::UnexpectedEof => {
            budget.check()?;
            // As libjpeg does: the end that is missing is put there, and what came before it shown.
            let mut ended = bytes.to_vec();
            ended.extend([0xFF, 0xD9]);
            scaled(&ended, facts, request, budget).map(|decoded| Decoded {
                damaged: true,
                ..decoded
            })
        }
        result => result,
    }
    .map_err(|error| Error::bad(Format::Jpeg, error))
}

fn scaled(
    bytes: &[u8],
    facts: &Facts,
    request: &Request,
    budget: &Budget,
) -> Result<Decoded, Refusal> {
    let mut decoder = Decoder::new(bytes);
    decoder.set_max_decoding_buffer_size(
        usize::try_from(budget.limits().source_pixels.saturating_mul(4)).unwrap_or(usize::MAX),
    );
    decoder.read_info()?;
    let full = facts.size;
    if request.shrink > 1 {
        let side = |n: u32| u16::try_from(n.div_ceil(request.shrink)).unwrap_or(u16::MAX);
        decoder.scale(side(full.width), side(full.height))?;
    }
    let mut pixels = decoder.decode()?;
    let info = decoder
        .info()
        .ok_or_else(|| Refusal::Format("no frame header".to_owned()))?;
    let size = Size::new(info.width.into(), info.height.into());
    // A block of 8 samples becomes 4, 2 or 1, so the scale is exact and only the last sample partial.
    let shrink = [1, 2, 4, 8]
        .into_iter()
        .find(|&n| size == Size::new(full.width.div_ceil(n), full.height.div_ceil(n)))
        .ok_or_else(|| Refusal::Format("size differs between headers".to_owned()))?;
    let layout = match info.pixel_format {
        PixelFormat::L8 => Layout::Grey,
        PixelFormat::L16 => {
            // Native byte order, from lossless files.
            let (samples, _) = pixels.as_chunks::<2>();
            pixels = samples
                .iter()
                .map(|&sample| u16::from_ne_bytes(sample).to_be_bytes()[0])
                .collect();
            Layout::Grey
        }
        PixelFormat::RGB24 => Layout::Rgb,
        PixelFormat::CMYK32 => {
            // The decoder takes inks as inverted, which only Adobe's files have them.
            if !has_adobe_marker(bytes) {
                pixels.iter_mut().for_each(|ink| *ink = !*ink);
            }
            Layout::Cmyk
        }
    };
    let scale = 1.0 / f64::from(shrink);
    Ok(Decoded {
        raster: raster(Format::Jpeg, size, layout, pixels)
            .map_err(|error| Refusal::Format(error.to_string()))?,
        origin: (0.0, 0.0),
        scale: (scale, scale),
        profile: decoder.icc_profile(),
        damaged: false,
    })
}
