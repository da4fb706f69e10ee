//! WebP.

use crate::plan::Encode;
use crate::render::budget::Budget;
use crate::render::codec_webp::{self, Settings};
use crate::render::error::Error;
use crate::render::raster::{Layout, Raster};
use crate::spec::Format;

/// Effort from 0 to 6. Method 2 takes a third of the time for about three bytes in a hundred more; of animations two thirds, for four.
const METHOD: u8 = 4;
/// Effort for lossless files, from 0 to 100.
const LOSSLESS_EFFORT: f32 = 50.0;
/// The quality at which the format stops losing anything.
const LOSSLESS: u8 = 100;

/// Of a still or a frame. `effort` is that for lossless files, from 0 to 100.
pub(super) fn settings(how: &Encode, effort: f32) -> Settings {
    let lossless = how.quality >= LOSSLESS;
    Settings {
        quality: if lossless {
            effort
        } else {
            f32::from(how.quality)
        },
        lossless,
        method: METHOD,
    }
}

pub(super) fn encode(raster: &Raster, how: &Encode, budget: &Budget) -> Result<Vec<u8>, Error> {
    let raster = raster.as_colour();
    let settings = settings(how, LOSSLESS_EFFORT);
    let alpha = raster.layout() == Layout::Rgba;
    codec_webp::encode(raster.size(), raster.pixels(), alpha, settings, budget).map_err(|reason| {
        match budget.check() {
            Err(stopped) => stopped,
            Ok(()) => Error::encoder(Format::WebP, reason),
        }
    })
}
