//! Laying a picture down another way: mirrors and quarter turns, no sample changed.

use super::{Layout, Raster};
use crate::plan::Size;
use crate::render::budget::Budget;
use crate::render::error::Error;
use crate::spec::Turn;

/// Rows that are laid down between two looks at the budget, and the sides of the blocks in which columns become rows: a block's
/// pixels stay in the cache until all of them are used.
const BLOCK: usize = 32;

impl Raster {
    pub(in crate::render) fn turned(self, turn: Turn, budget: &Budget) -> Result<Self, Error> {
        if turn.quarters.is_multiple_of(4) && !turn.mirror {
            return Ok(self);
        }
        let pixels = match self.layout {
            Layout::Grey => laid::<1>(&self.pixels, self.size, turn, budget),
            Layout::Rgb => laid::<3>(&self.pixels, self.size, turn, budget),
            Layout::Rgba | Layout::Cmyk => laid::<4>(&self.pixels, self.size, turn, budget),
        }?;
        Ok(Self {
            size: self.size.turned(turn),
            pixels,
            ..self
        })
    }
}

fn laid<const N: usize>(
    bytes: &[u8],
    size: Size,
    turn: Turn,
    budget: &Budget,
) -> Result<Vec<u8>, Error> {
    let (pixels, _) = bytes.as_chunks::<N>();
    let mut out = vec![[0; N]; pixels.len()];
    let mirror = turn.mirror;
    match turn.quarters % 4 {
        0 => rows(pixels, &mut out, size, (false, mirror), budget),
        2 => rows(pixels, &mut out, size, (true, !mirror), budget),
        1 => columns(pixels, &mut out, size, (mirror, true), budget),
        _ => columns(pixels, &mut out, size, (!mirror, false), budget),
    }?;
    Ok(out.into_flattened())
}

/// Rows as rows: the last first or not, and each from its end or not.
fn rows<const N: usize>(
    pixels: &[[u8; N]],
    out: &mut [[u8; N]],
    size: Size,
    (last_first, from_end): (bool, bool),
    budget: &Budget,
) -> Result<(), Error> {
    let (width, height) = (size.width as usize, size.height as usize);
    for (y, row) in out.chunks_exact_mut(width.max(1)).enumerate() {
        if y % BLOCK == 0 {
            budget.check()?;
        }
        let y = if last_first { height - 1 - y } else { y };
        let source = &pixels[y * width..(y + 1) * width];
        row.copy_from_slice(source);
        if from_end {
            row.reverse();
        }
    }
    Ok(())
}

/// Columns as rows: the last first or not, and each from its end or not.
fn columns<const N: usize>(
    pixels: &[[u8; N]],
    out: &mut [[u8; N]],
    size: Size,
    (last_first, from_end): (bool, bool),
    budget: &Budget,
) -> Result<(), Error> {
    let (width, height) = (size.width as usize, size.height as usize);
    for (band, rows) in out.chunks_mut((height * BLOCK).max(1)).enumerate() {
        budget.check()?;
        for from in (0..height).step_by(BLOCK) {
            let to = (from + BLOCK).min(height);
            let top = if from_end { height - to } else { from };
            for (n, row) in rows.chunks_exact_mut(height).enumerate() {
                let x = band * BLOCK + n;
                let x = if last_first { width - 1 - x } else { x };
                let column = pixels.iter().skip(top * width + x).step_by(width);
                let part = row[from..to].iter_mut();
                if from_end {
                    part.rev().zip(column).for_each(|(to, from)| *to = *from);
                } else {
                    part.zip(column).for_each(|(to, from)| *to = *from);
                }
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where a pixel goes, told once more and slowly.
    fn place(x: u32, y: u32, size: Size, turn: Turn) -> (u32, u32, Size) {
        let (mut x, mut y, mut size) = (x, y, size);
        if turn.mirror {
            x = size.width - 1 - x;
        }
        for _ in 0..turn.quarters {
            (x, y) = (size.height - 1 - y, x);
            size = Size::new(size.height, size.width);
        }
        (x, y, size)
    }

    #[test]
    fn every_pixel_goes_to_its_place() {
        // Sides that are no multiples of a block, and one block less than a side.
        for size in [Size::new(71, 45), Size::new(32, 33), Size::new(1, 90)] {
            let count = size.width * size.height;
            let pixels: Vec<u8> = (0..count)
                .flat_map(|n| [n as u8, (n >> 8) as u8, 7])
                .collect();
            let picture = Raster::new(size, Layout::Rgb, pixels.clone()).unwrap();
            for (quarters, mirror) in (0..4).flat_map(|q| [(q, false), (q, true)]) {
                let turn = Turn { quarters, mirror };
                let turned = picture.clone().turned(turn, &Budget::unlimited()).unwrap();
                for (x, y) in (0..size.height).flat_map(|y| (0..size.width).map(move |x| (x, y))) {
                    let (to_x, to_y, to_size) = place(x, y, size, turn);
                    assert_eq!(turned.size(), to_size);
                    let from = (y * size.width + x) as usize * 3;
                    let to = (to_y * to_size.width + to_x) as usize * 3;
                    assert_eq!(turned.pixels()[to..to + 3], pixels[from..from + 3]);
                }
            }
        }
    }

    #[test]
    fn a_turn_stops_with_its_budget() {
        let picture = Raster::new(Size::new(9, 9), Layout::Grey, vec![0; 81]).unwrap();
        let budget = Budget::unlimited();
        budget.cancel();
        for quarters in [1, 2] {
            let turn = Turn {
                quarters,
                mirror: false,
            };
            let stopped = picture.clone().turned(turn, &budget);
            assert_eq!(stopped.err(), Some(Error::Cancelled));
        }
    }
}
