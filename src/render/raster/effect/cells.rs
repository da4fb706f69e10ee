//! What repeats over the picture: squares of one colour, and patterns of thresholds.

use super::{Layout, Raster};
use crate::render::budget::Budget;
use crate::render::error::Error;

impl Raster {
    /// Squares of their mean colour, from the top left corner; those at the far edges may be cut.
    pub(super) fn pixelated(mut self, cell: u32, budget: &Budget) -> Result<Self, Error> {
        let cell = cell.max(1) as usize;
        match self.layout {
            Layout::Grey => squares::<1>(&mut self, cell, budget)?,
            Layout::Rgb => squares::<3>(&mut self, cell, budget)?,
            _ => squares::<4>(&mut self, cell, budget)?,
        }
        Ok(self)
    }

    /// Black or white in every channel, by a pattern of thresholds laid over the picture.
    pub(super) fn dithered(self, pattern: u8, budget: &Budget) -> Result<Self, Error> {
        let map = pattern_of(pattern);
        let mut picture = self;
        let (width, stride) = (picture.layout.bytes(), picture.stride());
        let colours = width.min(3);
        for (y, row) in picture.pixels.chunks_exact_mut(stride).enumerate() {
            if y % super::soft::ROWS_A_LOOK == 0 {
                budget.check()?;
            }
            let thresholds = map.row(y);
            for (pixel, &threshold) in row.chunks_exact_mut(width).zip(thresholds.iter().cycle()) {
                for v in pixel.iter_mut().take(colours) {
                    let level = u32::from(*v) * u32::from(map.divisor) / 255;
                    *v = if level >= u32::from(threshold) {
                        255
                    } else {
                        0
                    };
                }
            }
        }
        Ok(picture)
    }
}

/// Sums of a square: of its colours by their alpha, of alpha, and its pixels.
type Sums = ([u32; 4], u32);

fn squares<const N: usize>(
    picture: &mut Raster,
    cell: usize,
    budget: &Budget,
) -> Result<(), Error> {
    let width = picture.size.width as usize;
    let mut sums: Vec<Sums> = vec![([0; 4], 0); width.div_ceil(cell)];
    let (pixels, _) = picture.pixels.as_chunks_mut::<N>();
    // At most 200 x 200 pixels of 255 x 255 each: within 32 bits.
    for band in pixels.chunks_mut(width * cell) {
        budget.check()?;
        sums.fill(([0; 4], 0));
        for row in band.chunks_exact(width) {
            for (sum, square) in sums.iter_mut().zip(row.chunks(cell)) {
                for pixel in square {
                    add(sum, pixel);
                }
            }
        }
        for row in band.chunks_exact_mut(width) {
            for (sum, square) in sums.iter().zip(row.chunks_mut(cell)) {
                square.fill(mean(sum));
            }
        }
    }
    Ok(())
}

fn add<const N: usize>((sums, count): &mut Sums, pixel: &[u8; N]) {
    let alpha = if N == 4 { u32::from(pixel[N - 1]) } else { 1 };
    for (sum, &v) in sums.iter_mut().zip(pixel).take(3) {
        *sum = sum.wrapping_add(u32::from(v).wrapping_mul(alpha));
    }
    sums[3] = sums[3].wrapping_add(alpha);
    *count += 1;
}

fn mean<const N: usize>((sums, count): &Sums) -> [u8; N] {
    let weight = sums[3].max(1);
    let mut pixel = [0; N];
    for (v, sum) in pixel.iter_mut().zip(sums).take(3) {
        *v = ((u64::from(*sum) + u64::from(weight) / 2) / u64::from(weight)) as u8;
    }
    if N == 4 {
        let count = (*count).max(1);
        pixel[N - 1] = ((sums[3] + count / 2) / count) as u8;
    }
    pixel
}

/// A square of thresholds, each from 1 to one less than the divisor.
struct Pattern {
    side: usize,
    divisor: u16,
    thresholds: Vec<u16>,
}

impl Pattern {
    fn row(&self, y: usize) -> &[u16] {
        let start = y % self.side * self.side;
        &self.thresholds[start..start + self.side]
    }
}

/// The patterns by their numbers, as image tools have them: plain, checks, dispersed dots of 2, 3, 4
/// and 8, halftone dots at an angle and upright, and circles of black or white.
#[rustfmt::skip]
fn pattern_of(number: u8) -> Pattern {
    let (divisor, thresholds): (u16, &[u8]) = match number {
        0 => (2, &[1]),
        1 => (3, &[1, 2, 2, 1]),
        2 => (5, &[1, 3, 4, 2]),
        3 => (10, &[3, 7, 4, 6, 1, 9, 2, 8, 5]),
        4 => (17, &[1, 9, 3, 11, 13, 5, 15, 7, 4, 12, 2, 10, 16, 8, 14, 6]),
        5 => return dispersed(),
        6 => (9, &[4, 2, 7, 5, 3, 1, 8, 6, 7, 5, 4, 2, 8, 6, 3, 1]),
        7 => (19, &[
            14, 13, 10, 8, 2, 3, 16, 18, 12, 7, 1, 4, 15, 17, 11, 9, 6, 5,
            8, 2, 3, 14, 13, 10, 7, 1, 4, 16, 18, 12, 9, 6, 5, 15, 17, 11,
        ]),
        8 => (33, &[
            13, 7, 8, 14, 17, 21, 22, 18, 6, 1, 3, 9, 28, 31, 29, 23,
            5, 2, 4, 10, 27, 32, 30, 24, 16, 12, 11, 15, 20, 26, 25, 19,
            17, 21, 22, 18, 13, 7, 8, 14, 28, 31, 29, 23, 6, 1, 3, 9,
            27, 32, 30, 24, 5, 2, 4, 10, 20, 26, 25, 19, 16, 12, 11, 15,
        ]),
        9 => (17, &[7, 13, 11, 4, 12, 16, 14, 8, 10, 15, 6, 2, 5, 9, 3, 1]),
        10 => (37, &[
            7, 17, 27, 14, 9, 4, 21, 29, 33, 31, 18, 11, 24, 32, 36, 34, 25, 22,
            19, 30, 35, 28, 20, 10, 8, 15, 26, 16, 6, 2, 5, 13, 23, 12, 3, 1,
        ]),
        11 => (65, &[
            7, 21, 33, 43, 36, 19, 9, 4, 16, 27, 51, 55, 49, 29, 14, 11,
            31, 47, 57, 61, 59, 45, 35, 23, 41, 53, 60, 64, 62, 52, 40, 38,
            37, 44, 58, 63, 56, 46, 30, 22, 15, 28, 48, 54, 50, 26, 17, 10,
            8, 18, 34, 42, 39, 20, 6, 2, 5, 13, 25, 32, 24, 12, 3, 1,
        ]),
        12 => return dot(16),
        13 => (26, &[
            1, 21, 16, 15, 4, 5, 17, 20, 19, 14, 6, 21, 25, 24, 12,
            7, 18, 22, 23, 11, 2, 8, 9, 10, 3,
        ]),
        14 => (26, &[
            25, 21, 10, 11, 22, 20, 9, 6, 7, 12, 19, 5, 1, 2, 13,
            18, 8, 4, 3, 14, 24, 17, 16, 15, 23,
        ]),
        15 => (37, &[
            1, 5, 14, 13, 12, 4, 6, 22, 28, 27, 21, 11, 15, 29, 35, 34, 26, 20,
            16, 30, 36, 33, 25, 19, 7, 23, 31, 32, 24, 10, 2, 8, 17, 18, 9, 3,
        ]),
        16 => (37, &[
            36, 32, 23, 24, 25, 33, 31, 15, 9, 10, 16, 26, 22, 8, 2, 3, 11, 17,
            21, 7, 1, 4, 12, 18, 30, 14, 6, 5, 13, 27, 35, 29, 20, 19, 28, 34,
        ]),
        17 => (50, &[
            3, 9, 18, 28, 17, 8, 2, 10, 24, 33, 39, 32, 23, 7, 19, 34, 44, 48, 43, 31, 16,
            25, 40, 45, 49, 47, 38, 27, 20, 35, 41, 46, 42, 29, 15, 11, 21, 36, 37, 30, 22, 6,
            4, 12, 13, 26, 14, 5, 1,
        ]),
        _ => (50, &[
            47, 41, 32, 22, 33, 44, 48, 40, 26, 17, 11, 18, 27, 43, 31, 16, 6, 2, 7, 19, 34,
            25, 10, 5, 1, 3, 12, 23, 30, 15, 9, 4, 8, 20, 35, 39, 29, 14, 13, 21, 28, 42,
            46, 38, 37, 24, 36, 45, 49,
        ]),
    };
    Pattern {
        side: thresholds.len().isqrt(),
        divisor,
        thresholds: thresholds.iter().map(|&n| n.into()).collect(),
    }
}

/// The eight by eight ordered pattern: bits of place, interleaved from the last.
fn dispersed() -> Pattern {
    let place = |x: u16, y: u16| {
        (0..3).fold(0, |sum, bit| {
            let (x, y) = (x >> bit & 1, y >> bit & 1);
            sum << 2 | (x ^ y) << 1 | y
        })
    };
    Pattern {
        side: 8,
        divisor: 65,
        thresholds: (0..8)
            .flat_map(|y| (0..8).map(move |x| place(x, y) + 1))
            .collect(),
    }
}

/// An upright dot that grows from its middle.
fn dot(side: u16) -> Pattern {
    let middle = f64::from(side - 1) / 2.0;
    let far = |n: u16| {
        let (x, y) = (f64::from(n % side) - middle, f64::from(n / side) - middle);
        // Of pixels as far, the one that comes first around the middle.
        x.hypot(y) + y.atan2(x) * 1e-3
    };
    let mut places: Vec<u16> = (0..side * side).collect();
    places.sort_by(|&a, &b| far(a).total_cmp(&far(b)));
    let mut thresholds = vec![0; usize::from(side * side)];
    for (&place, threshold) in places.iter().rev().zip(1..) {
        thresholds[usize::from(place)] = threshold;
    }
    Pattern {
        side: side.into(),
        divisor: side * side + 1,
        thresholds,
    }
}
