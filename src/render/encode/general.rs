//! BMP and ICO, by one crate.

use std::borrow::Cow;
use std::io::Cursor;

use image::codecs::{bmp::BmpEncoder, ico::IcoEncoder};
use image::{ExtendedColorType, ImageEncoder};

use crate::render::budget::Budget;
use crate::render::error::Error;
use crate::render::raster::{Layout, Raster};
use crate::render::watched::Watched;
use crate::spec::Format;

pub(super) fn encode(raster: &Raster, format: Format, budget: &Budget) -> Result<Vec<u8>, Error> {
    // Icons are stored with their transparency, whether they use it or not.
    let raster = if format == Format::Ico {
        Cow::Owned(raster.clone().into_rgba())
    } else {
        Cow::Borrowed(raster)
    };
    let colour = match raster.layout() {
        Layout::Grey => ExtendedColorType::L8,
        Layout::Rgb => ExtendedColorType::Rgb8,
        Layout::Rgba | Layout::Cmyk => ExtendedColorType::Rgba8,
    };
    let (width, height) = (raster.size().width, raster.size().height);
    let mut file = Watched::new(Cursor::new(Vec::new()), budget);
    let written = match format {
        Format::Bmp => {
            BmpEncoder::new(&mut file).write_image(raster.pixels(), width, height, colour)
        }
        Format::Ico => {
            IcoEncoder::new(&mut file).write_image(raster.pixels(), width, height, colour)
        }
        _ => return Err(Error::NoCodec { format }),
    };
    budget.check()?;
    written.map_err(|error| Error::encoder(format, error))?;
    Ok(file.into_inner().into_inner())
}
