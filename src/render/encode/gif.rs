//! GIF, one frame with its own palette.

use gif::{Encoder, Frame};

use super::sides16;
use crate::render::error::Error;
use crate::render::raster::{Layout, Raster};
use crate::spec::Format;

/// Effort of the palette search, 1 (slowest) to 30.
const SPEED: i32 = 10;

pub(super) fn encode(raster: Raster) -> Result<Vec<u8>, Error> {
    let bad = |error: gif::EncodingError| Error::encoder(Format::Gif, error);
    let (width, height) = sides16(raster.size())?;
    let raster = raster.into_colour();
    let frame = match raster.layout() {
        Layout::Rgba => {
            let mut pixels = raster.into_pixels();
            // The format knows only seen and unseen; half decides.
            let (rgba, _) = pixels.as_chunks_mut::<4>();
            for [.., alpha] in rgba {
                *alpha = if *alpha < 128 { 0 } else { 255 };
            }
            Frame::from_rgba_speed(width, height, &mut pixels, SPEED)
        }
        _ => Frame::from_rgb_speed(width, height, raster.pixels(), SPEED),
    };
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, width, height, &[]).map_err(bad)?;
    encoder.write_frame(&frame).map_err(bad)?;
    drop(encoder);
    Ok(file)
}
