//! Runs of one colour, in bitmaps of 4, 8 and 24 bits.

use super::Bitmap;
use crate::render::budget::Budget;
use crate::render::error::Error;

/// Commands between two looks at the budget.
const GLANCE: usize = 1 << 14;

/// Draws what the runs say, as far as they go.
pub(super) fn draw(
    bitmap: &Bitmap<'_>,
    pixels: &mut [[u8; 4]],
    budget: &Budget,
) -> Result<(), Error> {
    let (width, height) = (bitmap.size.width as usize, bitmap.size.height as usize);
    let mut runs = Runs {
        bitmap,
        data: bitmap.data,
    };
    let (mut x, mut y) = (0, 0);
    for command in 0.. {
        if command % GLANCE == 0 {
            budget.check()?;
        }
        if y >= height {
            break;
        }
        let Some([count, value]) = runs.take() else {
            break;
        };
        let row = pixels.get_mut(y * width..(y + 1) * width);
        let row = row.unwrap_or_default();
        match (count, value) {
            (0, 0) => (x, y) = (0, y + 1),
            (0, 1) => break,
            (0, 2) => {
                let Some([right, up]) = runs.take() else {
                    break;
                };
                x += usize::from(right);
                y += usize::from(up);
            }
            (0, count) => {
                let Some(literal) = runs.literal(count.into()) else {
                    break;
                };
                let room = row.get_mut(x.min(width)..).unwrap_or_default();
                room.iter_mut()
                    .zip(literal)
                    .for_each(|(to, pixel)| *to = pixel);
                x += usize::from(count);
            }
            (count, value) => {
                let Some(colours) = runs.colours(value) else {
                    break;
                };
                let room = row.get_mut(x.min(width)..).unwrap_or_default();
                let run = room.iter_mut().take(count.into()).enumerate();
                run.for_each(|(n, to)| *to = colours[n % 2]);
                x += usize::from(count);
            }
        }
    }
    Ok(())
}

struct Runs<'a> {
    bitmap: &'a Bitmap<'a>,
    data: &'a [u8],
}

impl Runs<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.data.split_first_chunk()?;
        self.data = rest;
        Some(*taken)
    }

    /// The colours that take turns in a run: two of 4 bits, or one.
    fn colours(&mut self, value: u8) -> Option<[[u8; 4]; 2]> {
        Some(match self.bitmap.bits {
            4 => [value >> 4, value & 15].map(|index| self.bitmap.colour(index)),
            8 => [self.bitmap.colour(value); 2],
            _ => {
                let [g, r] = self.take()?;
                [[r, g, value, 255]; 2]
            }
        })
    }

    /// Pixels as they are, and what fills them up to whole words.
    fn literal(&mut self, count: usize) -> Option<Vec<[u8; 4]>> {
        let length = (count * self.bitmap.bits).div_ceil(8);
        let (stored, rest) = self.data.split_at_checked(length)?;
        self.data = rest.get(length % 2..).unwrap_or_default();
        let colour = |n: usize, bits: usize| {
            let byte = stored.get(n * bits / 8).copied().unwrap_or(0);
            match (bits, n % 2) {
                (4, 0) => self.bitmap.colour(byte >> 4),
                (4, _) => self.bitmap.colour(byte & 15),
                _ => self.bitmap.colour(byte),
            }
        };
        Some(match self.bitmap.bits {
            24 => {
                let (pixels, _) = stored.as_chunks::<3>();
                pixels.iter().map(|&[b, g, r]| [r, g, b, 255]).collect()
            }
            bits => (0..count).map(|n| colour(n, bits)).collect(),
        })
    }
}
