//! AVIF by libaom, the container by a crate of its own.

use avif_serialize::Aviffy;
use avif_serialize::constants::MatrixCoefficients;

use super::planes::Yuv;
use crate::plan::Encode;
use crate::render::budget::Budget;
use crate::render::codec_aom::{self, Colour, Planes, Settings};
use crate::render::error::Error;
use crate::render::raster::{Layout, Raster};
use crate::spec::{Chroma, Format};

/// 0 (slowest) to 9. 8 takes four times as long for files a few bytes in a hundred smaller.
const SPEED: u8 = 9;

/// The encoder's quantizer for a quality: 100 is without loss in its own planes, 1 almost nothing.
fn quantizer(quality: u8) -> u8 {
    let coarse = 100 - u32::from(quality.clamp(1, 100));
    u8::try_from((coarse * 63 + 50) / 100).unwrap_or(63)
}

pub(super) fn encode(raster: &Raster, how: &Encode, budget: &Budget) -> Result<Vec<u8>, Error> {
    let bad = |reason: String| Error::encoder(Format::Avif, reason);
    let raster = raster.as_colour();
    let size = raster.size();
    let halved = how.chroma == Chroma::Half;
    let settings = Settings {
        quantizer: quantizer(how.quality),
        speed: SPEED,
    };
    let yuv = Yuv::new(&raster, halved);
    let planes = Planes {
        size,
        light: &yuv.light,
        colour: Some(Colour {
            blue: &yuv.blue,
            red: &yuv.red,
            halved,
        }),
    };
    budget.check()?;
    let colour = codec_aom::encode(&planes, settings).map_err(bad)?;
    let alpha = if raster.layout() == Layout::Rgba {
        budget.check()?;
        let (pixels, _) = raster.pixels().as_chunks::<4>();
        let light: Vec<u8> = pixels.iter().map(|&[.., a]| a).collect();
        let planes = Planes {
            size,
            light: &light,
            colour: None,
        };
        Some(codec_aom::encode(&planes, settings).map_err(bad)?)
    } else {
        None
    };
    let mut container = Aviffy::new();
    container
        .set_matrix_coefficients(MatrixCoefficients::Bt601)
        .set_full_color_range(true)
        .set_chroma_subsampling((halved, halved))
        .set_seq_profile(u8::from(!halved));
    Ok(container.to_vec(&colour, alpha.as_deref(), size.width, size.height, 8))
}
