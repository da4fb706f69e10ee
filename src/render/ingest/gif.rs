//! GIF: frames put on their canvas one after the other.

use std::num::NonZeroU64;

use gif::{
    ColorOutput, DecodeOptions, Decoder, DecodingError, DisposalMethod, MemoryLimit, Repeat,
};

use super::frames::{Animation, Place, Shown};
use crate::plan::Size;
use crate::render::budget::Budget;
use crate::render::error::Error;
use crate::render::raster::ColourSpace;
use crate::render::watched::Watched;
use crate::spec::Format;

/// Viewers show a frame that asks for less than this...
const SHORTEST_DELAY: u32 = 20;
/// ...for this long, in milliseconds.
const DEFAULT_DELAY: u32 = 100;

fn bad(error: DecodingError) -> Error {
    Error::bad(Format::Gif, error)
}

/// A GIF being played.
pub(super) struct Gif<'a> {
    decoder: Decoder<Watched<'a, &'a [u8]>>,
    budget: &'a Budget,
    size: Size,
    canvas: Vec<[u8; 4]>,
    /// The canvas as it was before a frame that leaves no trace.
    before: Vec<[u8; 4]>,
    /// What happens to the frame on the canvas before the next one comes.
    dispose: DisposalMethod,
    place: Place,
}

impl<'a> Gif<'a> {
    pub fn open(bytes: &'a [u8], size: Size, budget: &'a Budget) -> Result<Self, Error> {
        let most = NonZeroU64::new(budget.limits().source_pixels).unwrap_or(NonZeroU64::MIN);
        let mut options = DecodeOptions::new();
        options.set_color_output(ColorOutput::Indexed);
        options.set_memory_limit(MemoryLimit::Bytes(most));
        let decoder = options
            .read_info(Watched::new(bytes, budget))
            .map_err(bad)?;
        let pixels = usize::try_from(size.pixels())
            .map_err(|_| Error::bad(Format::Gif, "picture does not fit into memory"))?;
        Ok(Self {
            decoder,
            budget,
            size,
            canvas: vec![[0; 4]; pixels],
            before: Vec::new(),
            dispose: DisposalMethod::Keep,
            place: Place::default(),
        })
    }

    /// Takes the frame on the canvas away, as it asked for.
    fn dispose(&mut self) {
        match self.dispose {
            DisposalMethod::Any | DisposalMethod::Keep => {}
            // Browsers clear to nothing, whatever background colour the file names.
            DisposalMethod::Background => self.place.clear(&mut self.canvas, self.size),
            DisposalMethod::Previous => self.canvas.copy_from_slice(&self.before),
        }
    }
}

impl Animation for Gif<'_> {
    fn next(&mut self) -> Result<Option<Shown<'_>>, Error> {
        self.dispose();
        // Whatever comes of this frame, it is taken away no second time.
        self.dispose = DisposalMethod::Keep;
        let global = self.decoder.global_palette().map(<[u8]>::to_vec);
        let frame = self.decoder.read_next_frame();
        // A file that broke because the budget has ended is not a damaged one.
        self.budget.check()?;
        let Some(frame) = frame.map_err(bad)? else {
            return Ok(None);
        };
        let palette = frame
            .palette
            .as_deref()
            .or(global.as_deref())
            .ok_or_else(|| Error::bad(Format::Gif, "no palette"))?;
        let (palette, _) = palette.as_chunks::<3>();
        // An index past the palette shows nothing, like the transparent one.
        let mut colours = [None; 256];
        for ((index, slot), &[r, g, b]) in (0..=u8::MAX).zip(&mut colours).zip(palette) {
            *slot = (frame.transparent != Some(index)).then_some([r, g, b, 255]);
        }
        self.dispose = frame.dispose;
        self.place = Place {
            left: frame.left.into(),
            top: frame.top.into(),
            width: frame.width.into(),
            height: frame.height.into(),
        };
        if frame.dispose == DisposalMethod::Previous {
            self.before.clone_from(&self.canvas);
        }
        let rows = self.place.rows(&mut self.canvas, self.size, &frame.buffer);
        for (row, line) in rows {
            for (pixel, &index) in row.iter_mut().zip(line) {
                if let Some(Some(colour)) = colours.get(usize::from(index)) {
                    *pixel = *colour;
                }
            }
        }
        let delay = u32::from(frame.delay) * 10;
        Ok(Some(Shown {
            canvas: &self.canvas,
            delay: if delay < SHORTEST_DELAY {
                DEFAULT_DELAY
            } else {
                delay
            },
        }))
    }

    fn plays(&self) -> u16 {
        match self.decoder.repeat() {
            Repeat::Infinite => 0,
            Repeat::Finite(again) => again.saturating_add(1),
        }
    }

    fn colours(&self) -> ColourSpace {
        ColourSpace::of_profile(self.decoder.icc_profile())
    }
}
