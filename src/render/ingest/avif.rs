//! AVIF: the container is read by the prober, the samples by an AV1 decoder.

use super::av1::{self, Frame};
use super::yuv;
use super::{Decoded, Request, raster};
use crate::plan::Facts;
use crate::render::budget::Budget;
use crate::render::error::Error;
use crate::render::probe::bmff::{Avif, Colours};
use crate::render::raster::{ColourSpace, Layout};
use crate::spec::Format;

pub(super) fn decode(
    bytes: &[u8],
    facts: &Facts,
    request: &Request,
    budget: &Budget,
) -> Result<Decoded, Error> {
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
        numbers,
        profile,
        peak,
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
    let colour = match numbers {
        Some((primaries, transfer)) => Frame {
            primaries,
            transfer,
            ..colour
        },
        None => colour,
    };
    let space = match profile {
        Some(_) => ColourSpace::of_profile(profile),
        // As Chromium has it.
        None if colour.matrix == yuv::BY_PRIMARIES => ColourSpace::Srgb,
        None => ColourSpace::of_avif(colour.primaries, colour.transfer)
            .with_peak(peak.0.filter(|peak| *peak > 0.0).or(peak.1)),
    };
    let grey = colour.planes.len() == 1;
    // What a curve spreads is not rounded to eight bits before.
    let mut deep = match (colour.depth > 8 && !request.keeps_colours) || space.is_hdr() {
        true => space.deep(grey),
        false => None,
    };
    let space = match deep {
        Some(_) => ColourSpace::Srgb,
        None => space,
    };
    let (layout, pixels) = match &alpha {
        None if grey && deep.is_none() => (Layout::Grey, yuv::light(&colour, 0)),
        None => (Layout::Rgb, yuv::rgb(&colour, None, deep.as_mut(), budget)?),
        Some(alpha) => {
            let alpha = yuv::Alpha {
                frame: alpha,
                premultiplied,
            };
            let pixels = yuv::rgb(&colour, Some(alpha), deep.as_mut(), budget)?;
            (Layout::Rgba, pixels)
        }
    };
    Ok(Decoded::whole(
        raster(Format::Avif, facts.size, layout, pixels)?,
        space,
    ))
}
