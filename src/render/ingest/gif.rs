//! GIF: the first frame on its canvas.

use std::num::NonZeroU64;

use gif::{ColorOutput, DecodeOptions, DecodingError, MemoryLimit};

use super::{Decoded, buffer, raster};
use crate::plan::Facts;
use crate::render::budget::Budget;
use crate::render::error::Error;
use crate::render::raster::Layout;
use crate::spec::Format;

fn bad(error: DecodingError) -> Error {
    Error::bad(Format::Gif, error)
}

pub(super) fn decode(bytes: &[u8], facts: &Facts, budget: &Budget) -> Result<Decoded, Error> {
    let most = NonZeroU64::new(budget.limits().source_pixels).unwrap_or(NonZeroU64::MIN);
    let mut options = DecodeOptions::new();
    options.set_color_output(ColorOutput::Indexed);
    options.set_memory_limit(MemoryLimit::Bytes(most));
    let mut decoder = options.read_info(bytes).map_err(bad)?;
    let global = decoder.global_palette().map(<[u8]>::to_vec);
    let frame = decoder
        .read_next_frame()
        .map_err(bad)?
        .ok_or_else(|| Error::bad(Format::Gif, "no frame"))?;
    let palette = frame
        .palette
        .as_deref()
        .or(global.as_deref())
        .ok_or_else(|| Error::bad(Format::Gif, "no palette"))?;
    let (palette, _) = palette.as_chunks::<3>();
    let clear = frame.transparent;
    // An index past the palette shows nothing, like the transparent one.
    let colour = |index: u8| match palette.get(usize::from(index)) {
        Some(&[r, g, b]) if clear != Some(index) => [r, g, b, 255],
        _ => [0; 4],
    };
    let mut colours = [[0; 4]; 256];
    for (index, slot) in (0..=u8::MAX).zip(&mut colours) {
        *slot = colour(index);
    }
    let size = facts.size;
    let mut pixels = buffer(Format::Gif, size, Layout::Rgba)?;
    let (canvas, _) = pixels.as_chunks_mut::<4>();
    let rows = canvas
        .chunks_exact_mut(size.width as usize)
        .skip(frame.top.into());
    let lines = frame.buffer.chunks_exact(usize::from(frame.width).max(1));
    for (row, line) in rows.zip(lines) {
        for (pixel, &index) in row.iter_mut().skip(frame.left.into()).zip(line) {
            *pixel = *colours.get(usize::from(index)).unwrap_or(&[0; 4]);
        }
    }
    let raster = raster(Format::Gif, size, Layout::Rgba, pixels)?;
    Ok(Decoded::whole(raster.without_idle_alpha(), None))
}
