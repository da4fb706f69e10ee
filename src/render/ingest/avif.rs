//! AVIF: the container is read by the prober, the samples by an AV1 decoder.

use super::av1::{self, Frame};
use super::yuv;
use super::{Decoded, raster};
use crate::plan::Facts;
use crate::render::budget::Budget;
use crate::render::error::Error;
use crate::render::probe::bmff::{Avif, Colours};
use crate::render::raster::Layout;
use crate::spec::Format;

pub(super) fn decode(bytes: &[u8], facts: &Facts, budget: &Budget) -> Result<Decoded, Error> {
    let file = Avif::read(bytes)?;
    let bad = |reason: &str| Error::bad(Format::Avif, reason);
    let data = file
        .colour
        .ok_or_else(|| bad("picture is a grid of tiles, which is not supported"))?;
    let colour = av1::decode(&data, budget)?;
    if colour.size != facts.size {
        return Err(bad("size differs between container and picture"));
    }
    let alpha = match file.alpha {
        None => None,
        Some(data) => {
            budget.check()?;
            let alpha = av1::decode(&data, budget)?;
            if alpha.size != colour.size {
                return Err(bad("alpha has another size than the picture"));
            }
            Some(alpha)
        }
    };
    budget.check()?;
    let Colours {
        premultiplied,
        matrix,
        profile,
    } = file.colours;
    // What the container says of the colours goes before what the samples say.
    let colour = match matrix {
        Some((matrix, full)) => Frame {
            matrix,
            full,
            ..colour
        },
        None => colour,
    };
    let (layout, pixels) = match (&alpha, colour.planes.as_slice()) {
        (None, [_]) => (Layout::Grey, yuv::light(&colour, 0)),
        (None, _) => (Layout::Rgb, yuv::rgb(&colour, None, false)),
        (Some(alpha), _) => (Layout::Rgba, yuv::rgb(&colour, Some(alpha), premultiplied)),
    };
    Ok(Decoded::whole(
        raster(Format::Avif, facts.size, layout, pixels)?,
        profile.map(<[u8]>::to_vec),
    ))
}
