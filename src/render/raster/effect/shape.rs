//! Shapes grown, shrunk or smeared by a probe of any form.
//!
//! A probe is a set of runs, one or two a row. The largest sample of a run is the larger of two powers of
//! two that cover it, and those are kept for the rows around the one at hand: the cost of a pixel is two
//! looks a run, over whole rows at once. Shrinking is growing of the negative.

use super::simd::wide;
use super::soft::{ROWS_A_LOOK, Rows, narrow};
use super::{Layout, Raster};
use crate::render::budget::Budget;
use crate::render::error::Error;
use crate::spec::{Kernel, Morph};

/// Pixels of a probe in one row: how far down, from where to where along.
type Run = (isize, isize, isize);

impl Raster {
    pub(super) fn morphed(
        self,
        method: Morph,
        iterations: u32,
        kernel: Kernel,
        radius: f64,
        budget: &Budget,
    ) -> Result<Self, Error> {
        let runs = runs(kernel, radius);
        let mut picture = self;
        for _ in 0..iterations {
            picture = match method {
                Morph::Dilate => {
                    picture.hide_invisible(0);
                    picture.dilated(&runs, budget)?
                }
                Morph::Erode => {
                    picture.hide_invisible(255);
                    picture.invert();
                    let mut grown = picture.dilated(&runs, budget)?;
                    grown.invert();
                    grown
                }
                Morph::Convolve => picture.averaged(&runs, budget)?,
            };
        }
        Ok(picture)
    }

    /// Colours under full transparency become one that never wins.
    fn hide_invisible(&mut self, v: u8) {
        if self.layout == Layout::Rgba {
            for pixel in self.pixels.as_chunks_mut::<4>().0 {
                if pixel[3] == 0 {
                    *pixel = [v, v, v, 0];
                }
            }
        }
    }

    fn invert(&mut self) {
        for v in &mut self.pixels {
            *v = 255 - *v;
        }
    }

    fn dilated(mut self, runs: &[Run], budget: &Budget) -> Result<Self, Error> {
        let samples = self.layout.bytes();
        let (stride, height) = (self.stride(), self.size.height as usize);
        let reach = extent(runs);
        let mut rows = Lookups::new(stride, height, samples, reach, runs);
        let mut pixels = vec![0; self.pixels.len()];
        for (y, out) in pixels.chunks_exact_mut(stride).enumerate() {
            if y % ROWS_A_LOOK == 0 {
                budget.check()?;
            }
            rows.reach(&self.pixels, y);
            for &(down, from, to) in runs {
                let Some(row) = y.checked_add_signed(down).filter(|&row| row < height) else {
                    continue;
                };
                let (a, b) = rows.pair(row, from, to);
                larger_of(out, a, b);
            }
        }
        self.pixels = pixels;
        Ok(self)
    }

    /// The mean under the probe, colours weighted by alpha.
    fn averaged(mut self, runs: &[Run], budget: &Budget) -> Result<Self, Error> {
        let samples = self.layout.bytes();
        let (stride, height) = (self.stride(), self.size.height as usize);
        let reach = extent(runs);
        let edge = reach * samples;
        let count: usize = runs.iter().map(|&(_, a, b)| (b - a + 1) as usize).sum();
        let kept = (2 * reach + 1).min(height);
        // Sums from the left, so that a run is the difference of two.
        let mut sums = vec![vec![0_u32; stride + 2 * edge + samples]; kept];
        let (mut row, mut read) = (vec![0_u16; stride], 0);
        let mut all = vec![0_u64; stride];
        let mut mean = vec![0_u16; stride];
        let mut pixels = vec![0; self.pixels.len()];
        for y in 0..height {
            if y % ROWS_A_LOOK == 0 {
                budget.check()?;
            }
            while read < (y + reach + 1).min(height) {
                self.row(read, &mut row);
                sum_from_left(&row, &mut sums[read % kept], edge, samples);
                read += 1;
            }
            all.fill(0);
            for &(down, from, to) in runs {
                let row = (y as isize + down).clamp(0, height as isize - 1) as usize;
                let sums = &sums[row % kept];
                let start = |x: isize| (edge as isize + x * samples as isize) as usize;
                let (low, high) = (&sums[start(from)..], &sums[start(to + 1)..]);
                for ((all, low), high) in all.iter_mut().zip(low).zip(high) {
                    *all += u64::from(high.wrapping_sub(*low));
                }
            }
            for (mean, all) in mean.iter_mut().zip(&all) {
                *mean = (*all / count.max(1) as u64) as u16;
            }
            narrow(
                self.layout,
                &mean,
                &mut pixels[y * stride..(y + 1) * stride],
            );
        }
        self.pixels = pixels;
        Ok(self)
    }
}

/// Sums of a row with its outermost pixels going on at both sides; they wrap, differences do not.
fn sum_from_left(row: &[u16], sums: &mut [u32], edge: usize, samples: usize) {
    let last = row.len() - samples;
    for at in samples..sums.len() {
        let x = (at - samples) as isize - edge as isize;
        let x = if x < 0 {
            (at - samples) % samples
        } else if x as usize >= row.len() {
            last + (at - samples) % samples
        } else {
            x as usize
        };
        sums[at] = sums[at - samples].wrapping_add(row[x].into());
    }
}

/// The largest samples of 1, 2, 4, 8… pixels from each pixel on, for the rows around the one at hand.
struct Lookups {
    rows: Vec<Vec<Vec<u8>>>,
    stride: usize,
    height: usize,
    samples: usize,
    reach: usize,
    read: usize,
}

impl Lookups {
    fn new(stride: usize, height: usize, samples: usize, reach: usize, runs: &[Run]) -> Self {
        let longest = runs.iter().map(|&(_, a, b)| b - a + 1).max().unwrap_or(1);
        let levels = longest.max(1).ilog2() as usize + 1;
        let kept = (2 * reach + 1).min(height);
        let length = stride + 2 * reach * samples;
        Self {
            rows: vec![vec![vec![0; length]; levels]; kept],
            stride,
            height,
            samples,
            reach,
            read: 0,
        }
    }

    fn reach(&mut self, pixels: &[u8], y: usize) {
        let kept = self.rows.len();
        while self.read < (y + self.reach + 1).min(self.height) {
            let edge = self.reach * self.samples;
            let levels = &mut self.rows[self.read % kept];
            let start = self.read * self.stride;
            levels[0][edge..edge + self.stride]
                .copy_from_slice(&pixels[start..start + self.stride]);
            for level in 1..levels.len() {
                let (below, here) = levels.split_at_mut(level);
                let (below, here) = (&below[level - 1], &mut here[0]);
                let shift = (1 << (level - 1)) * self.samples;
                here.copy_from_slice(below);
                larger(here, below.get(shift..).unwrap_or_default());
            }
            self.read += 1;
        }
    }

    /// Two rows whose larger samples are those of the run at each pixel.
    fn pair(&self, row: usize, from: isize, to: isize) -> (&[u8], &[u8]) {
        let level = (to - from + 1).max(1).ilog2() as usize;
        let levels = &self.rows[row % self.rows.len()];
        let at = |x: isize| {
            let start = (self.reach as isize + x) as usize * self.samples;
            &levels[level][start..start + self.stride]
        };
        (at(from), at(to + 1 - (1 << level)))
    }
}

wide! {
    fn larger(out: &mut [u8], a: &[u8]) {
        for (out, a) in out.iter_mut().zip(a) {
            *out = if *a > *out { *a } else { *out };
        }
    }

    fn larger_of(out: &mut [u8], a: &[u8], b: &[u8]) {
        for ((out, a), b) in out.iter_mut().zip(a).zip(b) {
            let v = if *a > *b { *a } else { *b };
            *out = if v > *out { v } else { *out };
        }
    }
}

/// How far the probe reaches in any direction.
fn extent(runs: &[Run]) -> usize {
    let far = |&(down, from, to): &Run| down.abs().max(from.abs()).max(to.abs());
    runs.iter().map(far).max().unwrap_or(0) as usize
}

/// The rows of a probe. Pixels belong to it whose middle lies within the radius of its own.
fn runs(kernel: Kernel, radius: f64) -> Vec<Run> {
    let reach = radius.floor() as isize;
    let inside = |x: isize, y: isize| {
        let far = (x as f64).hypot(y as f64);
        let (x, y) = (x.abs(), y.abs());
        match kernel {
            Kernel::Square => true,
            Kernel::Diamond => x + y <= reach,
            Kernel::Octagon => x + y <= reach + reach / 2,
            Kernel::Disk => far <= radius,
            Kernel::Plus => x == 0 || y == 0,
            Kernel::Cross => x == y,
            Kernel::Ring => far <= radius && far > radius - 1.0,
        }
    };
    let mut runs = Vec::new();
    for y in -reach..=reach {
        let mut open: Option<isize> = None;
        for x in -reach..=reach + 1 {
            let here = x <= reach && inside(x, y);
            match (open, here) {
                (None, true) => open = Some(x),
                (Some(from), false) => {
                    runs.push((y, from, x - 1));
                    open = None;
                }
                _ => {}
            }
        }
    }
    runs
}
