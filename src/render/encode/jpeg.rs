//! JPEG.

use jpeg_encoder::{ChromaSubsamplingMethod, ColorType, Encoder, SamplingFactor};

use super::sides16;
use crate::plan::Encode;
use crate::render::budget::Budget;
use crate::render::error::Error;
use crate::render::raster::{Layout, Raster};
use crate::render::watched::Watched;
use crate::spec::{Chroma, Format, Progressive};

pub(super) fn encode(raster: &Raster, how: &Encode, budget: &Budget) -> Result<Vec<u8>, Error> {
    let (width, height) = sides16(raster.size())?;
    // About what a photograph takes at the usual qualities; grows where that is too little.
    let mut file = Vec::with_capacity(raster.pixels().len() / 8 + 1024);
    let watched = Watched::new(&mut file, budget);
    let mut encoder = Encoder::new(watched, how.quality.clamp(1, 100));
    encoder.set_sampling_factor(match how.chroma {
        Chroma::Half => SamplingFactor::F_2_2,
        Chroma::Full => SamplingFactor::F_1_1,
    });
    // By default it takes one pixel of four for a sample of colour: two to three points of SSIMULACRA2 less.
    encoder.set_chroma_subsampling_method(ChromaSubsamplingMethod::Average);
    // Its own optimised tables come with one scan for each component: a file that some decoders misread. The
    // standard's tables give the one scan that all read, and its codes are shortened below. Progressive files have such
    // scans anyway.
    encoder.set_optimized_huffman_tables(how.progressive != Progressive::Off);
    // Progressive files of this encoder are larger than sequential ones: only when asked for.
    match how.progressive {
        Progressive::Off => {}
        Progressive::Semi => encoder.set_progressive_scans(2),
        Progressive::On => encoder.set_progressive(true),
        Progressive::Steep => encoder.set_progressive_scans(8),
    }
    let layout = match raster.layout() {
        Layout::Grey => ColorType::Luma,
        Layout::Rgb => ColorType::Rgb,
        Layout::Rgba => ColorType::Rgba,
        Layout::Cmyk => ColorType::Cmyk,
    };
    let written = encoder.encode(raster.pixels(), width, height, layout);
    budget.check()?;
    written.map_err(|error| Error::encoder(Format::Jpeg, error))?;
    if how.progressive == Progressive::Off {
        let shorter = cldgate_jpeg::recode(&file, &mut || budget.check().is_err());
        budget.check()?;
        file = shorter.unwrap_or(file);
    }
    Ok(file)
}
