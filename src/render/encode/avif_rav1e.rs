//! AVIF by rav1e: Rust only, and slow without its assembly.

use ravif::{AlphaColorMode, BitDepth, Encoder, Img, RGB8, RGBA8};

use crate::plan::Encode;
use crate::render::budget::Budget;
use crate::render::error::Error;
use crate::render::raster::{Layout, Raster};
use crate::spec::Format;

/// 1 (slowest) to 10. Each step down from 10 takes about two thirds longer; 8 takes three times as
/// long for files a tenth smaller.
const SPEED: u8 = 10;

pub(super) fn encode(raster: &Raster, how: &Encode, budget: &Budget) -> Result<Vec<u8>, Error> {
    budget.check()?;
    let quality = f32::from(how.quality.clamp(1, 100));
    let encoder = Encoder::new()
        .with_quality(quality)
        .with_alpha_quality(quality)
        .with_speed(SPEED)
        .with_bit_depth(BitDepth::Eight)
        .with_alpha_color_mode(AlphaColorMode::UnassociatedClean)
        // The render pool is what runs in parallel: one picture, one thread.
        .with_num_threads(Some(1));
    let raster = raster.as_colour();
    let (width, height) = (raster.size().width as usize, raster.size().height as usize);
    let file = match raster.layout() {
        Layout::Rgba => {
            let (pixels, _) = raster.pixels().as_chunks::<4>();
            let pixels: Vec<RGBA8> = pixels.iter().copied().map(RGBA8::from).collect();
            encoder.encode_rgba(Img::new(&pixels, width, height))
        }
        _ => {
            let (pixels, _) = raster.pixels().as_chunks::<3>();
            let pixels: Vec<RGB8> = pixels.iter().copied().map(RGB8::from).collect();
            encoder.encode_rgb(Img::new(&pixels, width, height))
        }
    }
    .map_err(|error| Error::encoder(Format::Avif, error))?;
    Ok(file.avif_file)
}
