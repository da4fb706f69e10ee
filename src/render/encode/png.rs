//! PNG, as many samples a pixel as the picture has, or as few as were asked for.

use std::borrow::Cow;
use std::io::Write as _;

use flate2::write::ZlibEncoder;
use png::{BitDepth, ColorType, Compression, Encoder, Filter, Writer, chunk};

use super::animated::rgba;
use super::palette::{MOST, Palette};
use crate::plan::{Encode, PngKind, Size};
use crate::render::budget::Budget;
use crate::render::error::Error;
use crate::render::raster::{Layout, Raster};
use crate::render::watched::Watched;
use crate::spec::Format;

/// Bytes that are compressed between two looks at the budget.
const BETWEEN_GLANCES: usize = 1 << 16;

pub(super) fn encode(raster: &Raster, how: &Encode, budget: &Budget) -> Result<Vec<u8>, Error> {
    let raster = match how.png {
        PngKind::AsIs => Cow::Borrowed(raster),
        PngKind::Colour => raster.as_colour(),
        PngKind::Rgba => Cow::Owned(raster.clone().into_rgba()),
        PngKind::Palette => {
            let mut pixels = Vec::new();
            rgba(raster, &mut pixels);
            budget.check()?;
            let palette = Palette::learnt(&pixels, MOST);
            return indexed(&pixels, raster.size(), palette, budget);
        }
        PngKind::PaletteIfExact => match exact(raster, budget) {
            Some(file) => return file,
            None => Cow::Borrowed(raster),
        },
    };
    let colour = match raster.layout() {
        Layout::Grey => ColorType::Grayscale,
        Layout::Rgb => ColorType::Rgb,
        Layout::Rgba | Layout::Cmyk => ColorType::Rgba,
    };
    // The slower settings take thirty times as long for one file in a hundred less.
    write(
        raster.size(),
        (colour, BitDepth::Eight),
        budget,
        |encoder| {
            encoder.set_filter(Filter::Adaptive);
        },
        |writer| writer.write_image_data(raster.pixels()),
    )
}

/// With a palette, where the picture has no more colours than a palette holds.
pub(super) fn exact(raster: &Raster, budget: &Budget) -> Option<Result<Vec<u8>, Error>> {
    let palette = Palette::exact(raster, MOST)?;
    let mut pixels = Vec::new();
    rgba(raster, &mut pixels);
    Some(indexed(&pixels, raster.size(), palette, budget))
}

/// A palette of colours with their alpha, and the places of the pixels in it.
fn indexed(
    pixels: &[[u8; 4]],
    size: Size,
    mut palette: Palette,
    budget: &Budget,
) -> Result<Vec<u8>, Error> {
    let places = palette.places(pixels, budget)?;
    let colours = palette.colours();
    let (depth, bits) = match colours.len() {
        0..=2 => (BitDepth::One, 1),
        3..=4 => (BitDepth::Two, 2),
        5..=16 => (BitDepth::Four, 4),
        _ => (BitDepth::Eight, 8),
    };
    let packed = if bits == 8 {
        places
    } else {
        packed(&places, size.width as usize, bits)
    };
    let row = (size.width as usize * bits).div_ceil(8);
    let data = compressed(&packed, row, budget)?;
    let rgb: Vec<[u8; 3]> = colours.iter().map(|&[r, g, b, _]| [r, g, b]).collect();
    let alpha: Vec<u8> = colours.iter().map(|&[.., a]| a).collect();
    write(
        size,
        (ColorType::Indexed, depth),
        budget,
        |encoder| {
            encoder.set_palette(rgb.into_flattened());
            if alpha.iter().any(|&a| a != 255) {
                encoder.set_trns(alpha);
            }
        },
        |writer| writer.write_chunk(chunk::IDAT, &data),
    )
}

/// Rows of places compressed, as the `png` crate does it in one piece. Places in a palette are no amounts: the difference of
/// neighbours says nothing, but rows repeat, so nothing is predicted.
fn compressed(data: &[u8], row: usize, budget: &Budget) -> Result<Vec<u8>, Error> {
    const UNPREDICTED: u8 = 0;
    let bad = |error| Error::encoder(Format::Png, error);
    let row = row.max(1);
    let mut zlib = ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    for rows in data.chunks(row * (BETWEEN_GLANCES / row).max(1)) {
        budget.check()?;
        for line in rows.chunks(row) {
            zlib.write_all(&[UNPREDICTED]).map_err(bad)?;
            zlib.write_all(line).map_err(bad)?;
        }
    }
    zlib.finish().map_err(bad)
}

/// Several places in a byte, the first in the upper bits; every row begins with a new byte.
fn packed(places: &[u8], width: usize, bits: usize) -> Vec<u8> {
    let rows = places.chunks(width.max(1));
    rows.flat_map(|row| {
        row.chunks(8 / bits).map(|several| {
            let filled = several.iter().fold(0, |byte, place| byte << bits | place);
            filled << (8 - bits * several.len())
        })
    })
    .collect()
}

type File<'a> = Watched<'a, &'a mut Vec<u8>>;

/// The file around what `data` writes.
fn write(
    size: Size,
    (colour, depth): (ColorType, BitDepth),
    budget: &Budget,
    adjust: impl FnOnce(&mut Encoder<'_, File<'_>>),
    data: impl FnOnce(&mut Writer<File<'_>>) -> Result<(), png::EncodingError>,
) -> Result<Vec<u8>, Error> {
    let bad = |error: png::EncodingError| Error::encoder(Format::Png, error);
    let mut file = Vec::with_capacity(1024);
    let watched = Watched::new(&mut file, budget);
    let mut encoder = Encoder::new(watched, size.width, size.height);
    encoder.set_color(colour);
    encoder.set_depth(depth);
    encoder.set_compression(Compression::Fast);
    adjust(&mut encoder);
    let mut writer = encoder.write_header().map_err(bad)?;
    let written = data(&mut writer).and_then(|()| writer.finish());
    budget.check()?;
    written.map_err(bad)?;
    Ok(file)
}
