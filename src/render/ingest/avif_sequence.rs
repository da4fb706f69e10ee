//! AVIF pictures shown one after the other: each may build on those before it, so one decoder is
//! given them all.

use super::super::frames::{Animation, Shown};
use super::av1::Decoder;
use super::pixels;
use crate::plan::Size;
use crate::render::budget::Budget;
use crate::render::error::Error;
use crate::render::probe::bmff::{Avif, Colours, Samples};
use crate::render::raster::{ColourSpace, Layout};
use crate::spec::Format;

/// An animation being played.
pub(in crate::render::ingest) struct Avis<'a> {
    /// As coded, and what is shown of that.
    sizes: (Size, Size),
    colour: (Samples<'a>, Decoder<'a>),
    alpha: Option<(Samples<'a>, Decoder<'a>)>,
    colours: Colours<'a>,
    /// What the samples of the last frame mean.
    space: ColourSpace,
    budget: &'a Budget,
    plays: u16,
    canvas: Vec<[u8; 4]>,
}

impl<'a> Avis<'a> {
    pub fn open(bytes: &'a [u8], size: Size, budget: &'a Budget) -> Result<Self, Error> {
        let file = Avif::read(bytes)?;
        let sequence = file
            .sequence
            .ok_or_else(|| Error::bad(Format::Avif, "no such frame"))?;
        let alpha = sequence.alpha.map(|alpha| {
            let decoder = Decoder::open(budget)?;
            Ok::<_, Error>((alpha.samples(), decoder))
        });
        Ok(Self {
            sizes: (file.coded, size),
            colour: (sequence.colour.samples(), Decoder::open(budget)?),
            alpha: alpha.transpose()?,
            colours: file.colours,
            space: ColourSpace::Srgb,
            budget,
            plays: sequence.plays,
            canvas: Vec::new(),
        })
    }
}

impl Animation for Avis<'_> {
    fn next(&mut self) -> Result<Option<Shown<'_>>, Error> {
        let bad = |reason: &str| Error::bad(Format::Avif, reason);
        let cut = || bad("frame is not in the file");
        let (samples, decoder) = &mut self.colour;
        let Some(sample) = samples.next() else {
            return Ok(None);
        };
        let colour = decoder.picture(sample.data.ok_or_else(cut)?)?;
        let alpha = match &mut self.alpha {
            None => None,
            Some((samples, decoder)) => {
                let data = samples.next().and_then(|sample| sample.data);
                Some(decoder.picture(data.ok_or_else(cut)?)?)
            }
        };
        let (layout, pixels, space) =
            pixels(colour, alpha, &self.colours, self.sizes, false, self.budget)?;
        self.space = space;
        self.canvas.clear();
        match layout {
            Layout::Grey => self.canvas.extend(pixels.iter().map(|&v| [v, v, v, 255])),
            Layout::Rgb => {
                let (rgb, _) = pixels.as_chunks::<3>();
                self.canvas
                    .extend(rgb.iter().map(|&[r, g, b]| [r, g, b, 255]));
            }
            Layout::Rgba | Layout::Cmyk => self.canvas.extend(pixels.as_chunks::<4>().0),
        }
        Ok(Some(Shown {
            canvas: &self.canvas,
            delay: sample.milliseconds,
        }))
    }

    fn plays(&self) -> u16 {
        self.plays
    }

    fn colours(&self) -> ColourSpace {
        self.space.clone()
    }
}
