//! PNG, as many samples a pixel as the picture has.

use png::{BitDepth, ColorType, Compression, Encoder, Filter};

use crate::render::error::Error;
use crate::render::raster::{Layout, Raster};
use crate::spec::Format;

pub(super) fn encode(raster: &Raster) -> Result<Vec<u8>, Error> {
    let bad = |error: png::EncodingError| Error::encoder(Format::Png, error);
    let mut file = Vec::with_capacity(raster.pixels().len() / 2 + 1024);
    let mut encoder = Encoder::new(&mut file, raster.size().width, raster.size().height);
    encoder.set_color(match raster.layout() {
        Layout::Grey => ColorType::Grayscale,
        Layout::Rgb => ColorType::Rgb,
        Layout::Rgba | Layout::Cmyk => ColorType::Rgba,
    });
    encoder.set_depth(BitDepth::Eight);
    // The slower settings take thirty times as long for one file in a hundred less.
    encoder.set_compression(Compression::Fast);
    encoder.set_filter(Filter::Adaptive);
    let mut writer = encoder.write_header().map_err(bad)?;
    writer.write_image_data(raster.pixels()).map_err(bad)?;
    writer.finish().map_err(bad)?;
    Ok(file)
}
