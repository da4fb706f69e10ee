//! BMP, and the bitmaps of icons: every header from OS/2 1.x to version 5, in any depth up to 32 bits, with or
//! without runs. What is lenient here is as Chrome has it.

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
    let Drawn { pixels, rows } = bitmap.draw(budget)?;
    if rows == 0 {
        return Err(bad("file ends before its picture"));
    }
    let whole = rows == bitmap.size.height as usize;
    let (layout, pixels) = if bitmap.has_alpha() || !whole {
        (Layout::Rgba, pixels.into_flattened())
    } else {
        let rgb = pixels.iter().flat_map(|&[r, g, b, _]| [r, g, b]);
        (Layout::Rgb, rgb.collect())
    };
    let raster = raster(Format::Bmp, bitmap.size, layout, pixels)?;
    Ok(Decoded {
        damaged: !whole,
        ..Decoded::whole(raster, ColourSpace::of_profile(bitmap.profile))
    })
}

/// What there is of a bitmap, from the top row on. What is missing is transparent.
pub(super) struct Drawn {
    pub pixels: Vec<[u8; 4]>,
    /// Rows that the file holds.
    pub rows: usize,
}

impl Bitmap<'_> {
    pub fn draw(&self, budget: &Budget) -> Result<Drawn, Error> {
        budget.limits().source(self.size)?;
        let (width, height) = (self.size.width as usize, self.size.height as usize);
        let bytes = buffer(Format::Bmp, self.size, Layout::Rgba)?;
        let mut pixels: Vec<[u8; 4]> = bytes.as_chunks().0.to_vec();
        drop(bytes);
        let rows = match self.coding {
            Coding::Plain => self.plain(&mut pixels, budget)?,
            Coding::Runs => {
                // What runs leave out is black.
                pixels.fill([0, 0, 0, 255]);
                runs::draw(self, &mut pixels, budget)?;
                height
            }
        };
        if !self.top_down {
            for row in 0..height / 2 {
                let (upper, lower) = pixels.split_at_mut((height - 1 - row) * width);
                if let (Some(a), Some(b)) = (
                    upper.get_mut(row * width..(row + 1) * width),
                    lower.get_mut(..width),
                ) {
                    a.swap_with_slice(b);
                }
            }
        }
        Ok(Drawn { pixels, rows })
    }

    /// Rows as they are stored; how many there are.
    fn plain(&self, pixels: &mut [[u8; 4]], budget: &Budget) -> Result<usize, Error> {
        let width = self.size.width as usize;
        let stride = self.stride();
        let stored = self.data.chunks(stride).take(self.size.height as usize);
        let mut rows = 0;
        for (row, into) in stored.zip(pixels.chunks_exact_mut(width)) {
            if rows % GLANCE == 0 {
                budget.check()?;
            }
            // The last row may end with its last pixel.
            if row.len() * 8 < width * self.bits {
                break;
            }
            self.row(row, into);
            rows += 1;
        }
        Ok(rows)
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
