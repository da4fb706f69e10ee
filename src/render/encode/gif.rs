//! GIF, one frame.

use std::borrow::Cow;

use gif::{Encoder, Frame};
use weezl::{BitOrder, LzwStatus};

use super::animated::rgba;
use super::palette::{MOST, Palette};
use super::sides16;
use crate::render::budget::Budget;
use crate::render::error::Error;
use crate::render::raster::Raster;
use crate::render::watched::Watched;
use crate::spec::Format;

/// Pixels that are compressed between two looks at the budget.
const BETWEEN_GLANCES: usize = 1 << 17;

pub(super) fn encode(raster: &Raster, budget: &Budget) -> Result<Vec<u8>, Error> {
    let bad = |error: gif::EncodingError| Error::encoder(Format::Gif, error);
    let (width, height) = sides16(raster.size())?;
    let mut pixels = Vec::new();
    rgba(raster, &mut pixels);
    budget.check()?;
    // The format knows only seen and unseen; half decides. What is unseen has a place behind the colours.
    let seen: Vec<[u8; 4]> = pixels
        .iter()
        .filter(|[.., alpha]| *alpha >= 128)
        .map(|&[r, g, b, _]| [r, g, b, 255])
        .collect();
    let clear = seen.len() < pixels.len();
    budget.check()?;
    let mut palette = Palette::learnt(&seen, MOST - usize::from(clear));
    let mut places = palette.places(&seen, budget)?.into_iter();
    let mut colours: Vec<[u8; 3]> = palette
        .colours()
        .iter()
        .map(|&[r, g, b, _]| [r, g, b])
        .collect();
    let transparent = clear.then(|| u8::try_from(colours.len()).unwrap_or(u8::MAX));
    let buffer: Vec<u8> = match transparent {
        None => places.collect(),
        Some(unseen) => {
            colours.push([0; 3]);
            let place = |&[.., alpha]: &[u8; 4]| match alpha {
                128.. => places.next().unwrap_or(unseen),
                _ => unseen,
            };
            pixels.iter().map(place).collect()
        }
    };
    let frame = Frame {
        width,
        height,
        transparent,
        buffer: Cow::Owned(compressed(&buffer, budget)?),
        ..Frame::default()
    };
    let mut file = Vec::new();
    let watched = Watched::new(&mut file, budget);
    // In the head and not beside the frame, where Pillow shows a palette of all greys as black.
    let palette = colours.into_flattened();
    let mut encoder = Encoder::new(watched, width, height, &palette).map_err(bad)?;
    let written = encoder.write_lzw_pre_encoded_frame(&frame);
    budget.check()?;
    written.map_err(bad)?;
    drop(encoder);
    Ok(file)
}

/// Places in a palette compressed, behind the bits that the longest of them has, as the `gif` crate does it in one piece.
fn compressed(places: &[u8], budget: &Budget) -> Result<Vec<u8>, Error> {
    let longest = places.iter().max().map_or(0, |&place| u32::from(place));
    // The format has no shorter codes than those of four colours.
    let colours = (longest + 1).max(4).next_power_of_two();
    let bits = u8::try_from(colours.trailing_zeros()).unwrap_or(8);
    let mut out = vec![bits];
    let mut encoder = weezl::encode::Encoder::new(BitOrder::Lsb, bits);
    for some in places.chunks(BETWEEN_GLANCES) {
        budget.check()?;
        let mut left = some;
        while !left.is_empty() {
            let (taken, _) = step(&mut encoder, left, &mut out)?;
            left = left.get(taken..).unwrap_or_default();
        }
    }
    encoder.finish();
    while !step(&mut encoder, &[], &mut out)?.1 {}
    Ok(out)
}

/// Compresses some; how many places were taken, and whether all is written.
fn step(
    encoder: &mut weezl::encode::Encoder,
    places: &[u8],
    out: &mut Vec<u8>,
) -> Result<(usize, bool), Error> {
    let mut piece = [0; 1 << 12];
    let step = encoder.encode_bytes(places, &mut piece);
    let bad = |reason: &dyn std::fmt::Display| Error::encoder(Format::Gif, reason);
    let done = match step.status.map_err(|error| bad(&error))? {
        LzwStatus::Ok => false,
        LzwStatus::Done => true,
        LzwStatus::NoProgress => return Err(bad(&"it does not go on")),
    };
    out.extend(piece.iter().take(step.consumed_out));
    Ok((step.consumed_in, done))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compressed_in_steps_is_as_compressed_at_once() {
        for (length, most) in [(0, 1), (1, 1), (1000, 3), (300_000, 17), (300_000, 256)] {
            let mut n = 1_u32;
            let places: Vec<u8> = (0..length)
                .map(|_| {
                    n = n.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    ((n >> 16) % most) as u8
                })
                .collect();
            let mut frame = Frame {
                buffer: Cow::Borrowed(&places),
                ..Frame::default()
            };
            frame.make_lzw_pre_encoded();
            let steps = compressed(&places, &Budget::unlimited()).unwrap();
            assert!(steps == *frame.buffer, "{length} pixels of {most} colours");
        }
    }
}
