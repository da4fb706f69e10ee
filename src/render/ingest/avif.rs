//! AVIF: the container is read by the prober, the samples by an AV1 decoder.

#[path = "avif_grid.rs"]
mod grid;
#[path = "avif_sequence.rs"]
mod sequence;

pub(super) use sequence::Avis;

use super::av1::{self, Frame};
use super::yuv;
use super::{Decoded, Request, raster};
use crate::plan::{Facts, Size};
use crate::render::budget::Budget;
use crate::render::error::Error;
use crate::render::probe::bmff::{Avif, Coded, Colours};
use crate::render::raster::{ColourSpace, Layout};
use crate::spec::Format;

pub(super) fn decode(
    bytes: &[u8],
    facts: &Facts,
    request: &Request,
    budget: &Budget,
) -> Result<Decoded, Error> {
    let file = Avif::read(bytes)?;
    let colour = coded(&file.colour, budget)?;
    let alpha = match &file.alpha {
        None => None,
        Some(alpha) => Some(coded(alpha, budget)?),
    };
    budget.check()?;
    let sizes = (file.coded, facts.size);
    let keeps = request.keeps_colours;
    let (layout, pixels, space) = pixels(colour, alpha, &file.colours, sizes, keeps, budget)?;
    Ok(Decoded::whole(
        raster(Format::Avif, facts.size, layout, pixels)?,
        space,
    ))
}

/// The planes of a picture, put together where it is stored in tiles.
fn coded(coded: &Coded<'_>, budget: &Budget) -> Result<Frame, Error> {
    match coded {
        Coded::Whole(data) => av1::decode(data, budget),
        Coded::Grid(tiles) => grid::decode(tiles, budget),
        Coded::Not(reason) => Err(Error::bad(Format::Avif, reason)),
    }
}

/// Pixels and what they mean, of the sizes that the container names: as coded, and what is shown of
/// that, from the top left.
fn pixels(
    mut colour: Frame,
    mut alpha: Option<Frame>,
    colours: &Colours<'_>,
    (coded, shown): (Size, Size),
    keeps_colours: bool,
    budget: &Budget,
) -> Result<(Layout, Vec<u8>, ColourSpace), Error> {
    let bad = |reason: &str| Error::bad(Format::Avif, reason);
    if colour.size != coded {
        return Err(bad("size differs between container and picture"));
    }
    if alpha.as_ref().is_some_and(|alpha| alpha.size != coded) {
        return Err(bad("alpha has another size than the picture"));
    }
    colour.size = shown;
    if let Some(alpha) = &mut alpha {
        alpha.size = shown;
    }
    let Colours {
        premultiplied,
        matrix,
        numbers,
        profile,
        peak,
    } = *colours;
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
    let mut deep = match (colour.depth > 8 && !keeps_colours) || space.is_hdr() {
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
    Ok((layout, pixels, space))
}
