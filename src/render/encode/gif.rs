//! GIF, one frame with its own palette.

use std::borrow::Cow;

use gif::{Encoder, Frame};

use super::animated::rgba;
use super::palette::{MOST, Palette};
use super::sides16;
use crate::render::budget::Budget;
use crate::render::error::Error;
use crate::render::raster::Raster;
use crate::render::watched::Watched;
use crate::spec::Format;

pub(super) fn encode(raster: &Raster, budget: &Budget) -> Result<Vec<u8>, Error> {
    let bad = |error: gif::EncodingError| Error::encoder(Format::Gif, error);
    let (width, height) = sides16(raster.size())?;
    let mut pixels = Vec::new();
    rgba(raster, &mut pixels);
    // The format knows only seen and unseen; half decides. What is unseen has a place behind the colours.
    let seen: Vec<[u8; 4]> = pixels
        .iter()
        .filter(|[.., alpha]| *alpha >= 128)
        .map(|&[r, g, b, _]| [r, g, b, 255])
        .collect();
    let clear = seen.len() < pixels.len();
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
        palette: Some(colours.into_flattened()),
        transparent,
        buffer: Cow::Owned(buffer),
        ..Frame::default()
    };
    let mut file = Vec::new();
    let watched = Watched::new(&mut file, budget);
    let mut encoder = Encoder::new(watched, width, height, &[]).map_err(bad)?;
    let written = encoder.write_frame(&frame);
    budget.check()?;
    written.map_err(bad)?;
    drop(encoder);
    Ok(file)
}
