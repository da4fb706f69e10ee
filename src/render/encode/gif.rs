//! GIF, one frame with its own palette.

use gif::{Encoder, Frame};

use super::sides16;
use crate::render::error::Error;
use crate::render::raster::{Layout, Raster};
use crate::spec::Format;

/// Effort of the palette search: from 1, where every pixel is looked at, to 10, where every tenth is.
/// Small pictures have too few pixels to leave any out.
fn speed(pixels: u64) -> i32 {
    const PIXELS_A_STEP: u64 = 50_000;
    i32::try_from(pixels / PIXELS_A_STEP)
        .unwrap_or(10)
        .clamp(1, 10)
}

pub(super) fn encode(raster: &Raster) -> Result<Vec<u8>, Error> {
    let bad = |error: gif::EncodingError| Error::encoder(Format::Gif, error);
    let (width, height) = sides16(raster.size())?;
    let raster = raster.as_colour();
    let speed = speed(raster.size().pixels());
    let frame = match raster.layout() {
        Layout::Rgba => {
            let mut pixels = raster.pixels().to_vec();
            // The format knows only seen and unseen; half decides.
            let (rgba, _) = pixels.as_chunks_mut::<4>();
            for [.., alpha] in rgba {
                *alpha = if *alpha < 128 { 0 } else { 255 };
            }
            Frame::from_rgba_speed(width, height, &mut pixels, speed)
        }
        _ => Frame::from_rgb_speed(width, height, raster.pixels(), speed),
    };
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, width, height, &[]).map_err(bad)?;
    encoder.write_frame(&frame).map_err(bad)?;
    drop(encoder);
    Ok(file)
}
