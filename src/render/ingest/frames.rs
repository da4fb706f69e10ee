//! Animations: one frame after the other on one canvas, so that memory does not grow with their number.

use super::{gif, png, webp};
use crate::plan::{Facts, Size};
use crate::render::budget::Budget;
use crate::render::error::Error;
use crate::render::raster::ColourSpace;

/// One frame as it is seen: the whole canvas.
pub(in crate::render) struct Shown<'a> {
    /// RGBA, rows without padding.
    pub canvas: &'a [[u8; 4]],
    /// Milliseconds that it is shown.
    pub delay: u32,
}

/// The frames of an animation, in order.
pub(in crate::render) trait Animation {
    /// The next frame; `None` behind the last.
    fn next(&mut self) -> Result<Option<Shown<'_>>, Error>;

    /// How often all frames are played; 0 for ever. Known once the first frame is.
    fn plays(&self) -> u16;

    /// What its samples mean.
    fn colours(&self) -> ColourSpace;

    /// Whether something was missing in a frame that was shown.
    fn damaged(&self) -> bool {
        false
    }
}

/// Opens a source with several frames. Its size is within the limits already.
pub(in crate::render) fn animation<'a>(
    bytes: &'a [u8],
    facts: &Facts,
    budget: &'a Budget,
) -> Result<Box<dyn Animation + 'a>, Error> {
    Ok(match facts.format {
        crate::spec::Format::Gif => Box::new(gif::Gif::open(bytes, facts.size, budget)?),
        crate::spec::Format::WebP => Box::new(webp::WebP::open(bytes, facts.size)?),
        crate::spec::Format::Png => Box::new(png::Apng::open(bytes, facts.size)?),
        #[cfg(any(feature = "rav1e", feature = "aom"))]
        crate::spec::Format::Avif => Box::new(super::avif::Avis::open(bytes, facts.size, budget)?),
        format => return Err(Error::bad(format, "no animation of this format is read")),
    })
}

/// Where a frame lies on its canvas, cut to it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Place {
    pub left: usize,
    pub top: usize,
    pub width: usize,
    pub height: usize,
}

impl Place {
    /// The part of a frame of `width` pixels a row that lies on the canvas, row by row, together with
    /// the pixels of the canvas that it covers.
    pub fn rows<'c, 'f, T>(
        self,
        canvas: &'c mut [[u8; 4]],
        size: Size,
        frame: &'f [T],
    ) -> impl Iterator<Item = (&'c mut [[u8; 4]], &'f [T])> {
        let wide = size.width as usize;
        let seen = self.width.min(wide.saturating_sub(self.left));
        canvas
            .chunks_exact_mut(wide.max(1))
            .skip(self.top)
            .zip(frame.chunks_exact(self.width.max(1)))
            .take(self.height)
            .filter_map(move |(row, line)| {
                Some((row.get_mut(self.left..self.left + seen)?, line.get(..seen)?))
            })
    }

    /// Makes the place transparent.
    pub fn clear(self, canvas: &mut [[u8; 4]], size: Size) {
        let wide = size.width as usize;
        let seen = self.width.min(wide.saturating_sub(self.left));
        let rows = canvas.chunks_exact_mut(wide.max(1)).skip(self.top);
        for row in rows.take(self.height) {
            if let Some(row) = row.get_mut(self.left..self.left + seen) {
                row.fill([0; 4]);
            }
        }
    }
}
