//! BMP, and the bitmaps of icons: headers from OS/2 1.x to version 5, up to 32 bits, with and
//! without runs. Broken files are read as far as Chromium reads them.

mod header;
mod runs;

pub(super) use header::Bitmap;
use header::Coding;

use super::{Decoded, buffer, raster};
use crate::plan::{Facts, Size};
use crate::render::budget::Budget;
use crate::render::error::Error;
use crate::render::raster::{ColourSpace, Layout};
use crate::spec::Format;

/// Rows between two looks at the budget.
const GLANCE: usize = 64;

/// Bytes of the header of a file, before that of its bitmap.
const FILE_HEADER: usize = 14;

fn bad(reason: impl std::fmt::Display) -> Error {
    Error::bad(Format::Bmp, reason)
}

/// Size and alpha.
pub(in crate::render) fn describe(bytes: &[u8]) -> Result<(Size, bool), Error> {
    let bitmap = Bitmap::of_file(bytes)?;
    Ok((bitmap.size, bitmap.has_alpha()))
}

pub(super) fn decode(bytes: &[u8], facts: &Facts, budget: &Budget) -> Result<Decoded, Error> {
    let bitmap = Bitmap::of_file(bytes)?;
    if bitmap.size != facts.size {
        return Err(bad("size differs between headers"));
    }
    let rows = bitmap.rows();
    if rows == 0 {
        return Err(bad("file ends before its picture"));
    }
    let whole = rows == bitmap.size.height;
    let layout = if bitmap.has_alpha() || !whole {
        Layout::Rgba
    } else {
        Layout::Rgb
    };
    let pixels = bitmap.draw(layout, budget)?;
    let raster = raster(Format::Bmp, bitmap.size, layout, pixels)?;
    Ok(Decoded {
        damaged: !whole,
        ..Decoded::whole(raster, ColourSpace::of_profile(bitmap.profile))
    })
}

impl Bitmap<'_> {
    /// Rows that the file holds. Runs leave out what they like.
    pub fn rows(&self) -> u32 {
        if self.coding == Coding::Runs {
            return self.size.height;
        }
        // The last row may end with its last pixel.
        let last = (self.size.width as usize * self.bits).div_ceil(8);
        let rows = match self.data.len().checked_sub(last) {
            Some(before) => before / self.stride() + 1,
            None => 0,
        };
        u32::try_from(rows).map_or(self.size.height, |rows| rows.min(self.size.height))
    }

    /// Pixels from the top row on, in RGB or RGBA. What is missing is transparent.
    pub fn draw(&self, layout: Layout, budget: &Budget) -> Result<Vec<u8>, Error> {
        budget.limits().source(self.size)?;
        let (width, height) = (self.size.width as usize, self.size.height as usize);
        let stride = width * layout.bytes();
        let mut pixels = buffer(Format::Bmp, self.size, layout)?;
        let mut put = |n: usize, row: &[[u8; 4]]| {
            let place = if self.top_down { n } else { height - 1 - n };
            let into = pixels.chunks_exact_mut(stride).nth(place);
            let into = into
                .into_iter()
                .flat_map(|row| row.chunks_exact_mut(layout.bytes()));
            for (to, pixel) in into.zip(row) {
                to.iter_mut().zip(pixel).for_each(|(to, part)| *to = *part);
            }
        };
        match self.coding {
            Coding::Plain => {
                let mut row = vec![[0; 4]; width];
                let stored = self.data.chunks(self.stride()).take(self.rows() as usize);
                for (n, stored) in stored.enumerate() {
                    if n % GLANCE == 0 {
                        budget.check()?;
                    }
                    self.row(stored, &mut row);
                    put(n, &row);
                }
            }
            Coding::Runs => {
                // What runs leave out is black.
                let mut drawn = vec![[0, 0, 0, 255]; width * height];
                runs::draw(self, &mut drawn, budget)?;
                for (n, row) in drawn.chunks_exact(width).enumerate() {
                    put(n, row);
                }
            }
        }
        Ok(pixels)
    }

    fn row(&self, row: &[u8], into: &mut [[u8; 4]]) {
        match self.bits {
            24 => {
                for (pixel, bgr) in into.iter_mut().zip(row.as_chunks::<3>().0) {
                    let [b, g, r] = *bgr;
                    *pixel = [r, g, b, 255];
                }
            }
            16 => {
                for (pixel, value) in into.iter_mut().zip(row.as_chunks::<2>().0) {
                    *pixel = self.masks.pixel(u16::from_le_bytes(*value).into());
                }
            }
            32 => {
                for (pixel, value) in into.iter_mut().zip(row.as_chunks::<4>().0) {
                    *pixel = self.masks.pixel(u32::from_le_bytes(*value));
                }
            }
            bits => {
                let mask = u8::MAX >> (8 - bits);
                for (n, pixel) in into.iter_mut().enumerate() {
                    let at = n * bits;
                    let byte = row.get(at / 8).copied().unwrap_or(0);
                    *pixel = self.colour(byte >> (8 - bits - at % 8) & mask);
                }
            }
        }
    }
}
