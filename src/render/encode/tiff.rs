//! TIFF: plain, compressed by LZW, or black and white by CCITT group 4.

use std::io::Cursor;

use fax::encoder::Encoder as Fax;
use fax::{Color, VecWriter};
use tiff::TiffResult;
use tiff::encoder::colortype::{Gray8, RGB8, RGBA8};
use tiff::encoder::{Compression, Predictor, TiffEncoder};
use tiff::tags::Tag;

use crate::plan::{Encode, Paint};
use crate::render::budget::{Budget, within};
use crate::render::error::Error;
use crate::render::raster::{Layout, Raster};
use crate::render::watched::Watched;
use crate::spec::Format;

/// The longest row that the encoder counts rightly.
const LONGEST_ROW: u64 = 32_767;
/// Light from which a pixel is white, of 255: the middle. Assumed.
const WHITE_FROM: u32 = 128;
/// Shares of red, green and blue in light, in thousandths.
const LIGHT: [u32; 3] = [299, 587, 114];
/// Rows between two looks at the budget.
const GLANCE: usize = 64;

/// The value of [`Tag::ExtraSamples`] for alpha that is not multiplied into the colours.
const STRAIGHT: u16 = 2;

/// Eight bits a sample, as they are.
pub(super) fn plain(raster: &Raster, budget: &Budget) -> Result<Vec<u8>, Error> {
    encode(raster, (Compression::Uncompressed, Predictor::None), budget)
}

/// Eight bits a sample, compressed by LZW over differences.
pub(super) fn lzw(raster: &Raster, budget: &Budget) -> Result<Vec<u8>, Error> {
    encode(raster, (Compression::Lzw, Predictor::Horizontal), budget)
}

fn encode(
    raster: &Raster,
    how: (Compression, Predictor),
    budget: &Budget,
) -> Result<Vec<u8>, Error> {
    let mut file = Watched::new(Cursor::new(Vec::new()), budget);
    let written = write(raster, how, &mut file);
    budget.check()?;
    written.map_err(|error| Error::encoder(Format::Tiff, error))?;
    Ok(file.into_inner().into_inner())
}

fn write(
    raster: &Raster,
    (compression, predictor): (Compression, Predictor),
    file: &mut Watched<'_, Cursor<Vec<u8>>>,
) -> TiffResult<()> {
    let mut encoder = TiffEncoder::new(file)?
        .with_compression(compression)
        .with_predictor(predictor);
    let (width, height) = (raster.size().width, raster.size().height);
    match raster.layout() {
        Layout::Grey => encoder.write_image::<Gray8>(width, height, raster.pixels()),
        Layout::Rgb => encoder.write_image::<RGB8>(width, height, raster.pixels()),
        Layout::Rgba | Layout::Cmyk => {
            let mut image = encoder.new_image::<RGBA8>(width, height)?;
            // Without it readers may take the fourth sample for anything.
            image
                .encoder()
                .write_tag(Tag::ExtraSamples, [STRAIGHT].as_slice())?;
            image.write_data(raster.pixels())
        }
    }
}

/// One bit a pixel.
pub(super) fn group4(raster: &Raster, how: &Encode, budget: &Budget) -> Result<Vec<u8>, Error> {
    let size = raster.size();
    within("width of a group 4 row", size.width.into(), LONGEST_ROW)?;
    let width = u16::try_from(size.width).unwrap_or(u16::MAX);
    let mut behind = how.background;
    behind.a = 255;
    let opaque = raster.clone().flattened(Paint::Colour(behind));
    let channels = match opaque.layout() {
        Layout::Grey => 1,
        Layout::Rgb => 3,
        Layout::Rgba | Layout::Cmyk => 4,
    };
    let mut fax = Fax::new(VecWriter::new());
    let rows = opaque.pixels().chunks_exact(usize::from(width) * channels);
    for (n, row) in rows.enumerate() {
        if n % GLANCE == 0 {
            budget.check()?;
        }
        let colours = row.chunks_exact(channels).map(|pixel| {
            if light(pixel) < WHITE_FROM {
                Color::Black
            } else {
                Color::White
            }
        });
        let Ok(()) = fax.encode_line(colours, width);
    }
    let Ok(bits) = fax.finish();
    Ok(fax::tiff::wrap(&bits.finish(), size.width, size.height))
}

fn light(pixel: &[u8]) -> u32 {
    match pixel {
        [r, g, b, ..] => {
            let parts = [*r, *g, *b].into_iter().zip(LIGHT);
            parts.map(|(v, share)| u32::from(v) * share).sum::<u32>() / 1000
        }
        [v, ..] => u32::from(*v),
        [] => 0,
    }
}
