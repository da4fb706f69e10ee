//! Photographs as if painted or drawn: oil, cartoon, a few colours.

use super::Raster;
use super::balance::is_seen;
use super::soft::ROWS_A_LOOK;
use crate::plan::Point;
use crate::render::budget::Budget;
use crate::render::error::Error;

/// Tones that an oil painting tells apart.
const TONES: usize = 24;

/// Smoothing under a cartoon: how far it reaches, and which difference stops it. Assumed.
const CARTOON_REACH: f32 = 12.0;
const CARTOON_EDGE: f32 = 0.12;
const CARTOON_SATURATION: f64 = 1.35;
/// Lines are where a narrow blur is darker than a wide one: how much wider, and by how many steps.
const LINE_RATIO: f64 = 1.6;
const LINE_FROM: f32 = 1.0;
const LINE_FULL: f32 = 5.0;
/// Standard deviations of the narrow blur for the thinnest and the thickest lines. Assumed.
const LINE_SIGMA: (f64, f64) = (0.6, 2.2);
/// Of a drawing without colours: what is darker than this is black. Assumed.
const MONO_BLACK: u8 = 64;

/// Pixels that colours are chosen by, and rounds of choosing.
const SAMPLED: usize = 1 << 14;
const ROUNDS: usize = 10;
/// Softens the stairs at the borders of few colours, in pixels.
const POSTER_SIGMA: f64 = 0.5;

impl Raster {
    /// Each pixel becomes the mean of the most common tone around it.
    pub(super) fn oil_painted(self, radius: u32, budget: &Budget) -> Result<Self, Error> {
        let picture = self.into_colour();
        let tones: Vec<u8> = picture
            .light()
            .pixels
            .iter()
            .map(|&v| (usize::from(v) * TONES / 256) as u8)
            .collect();
        let mut out = picture.clone();
        let (width, samples) = (picture.size.width as usize, picture.layout.bytes());
        let (height, radius) = (picture.size.height as usize, radius as usize);
        let stride = picture.stride();
        for (y, row) in out.pixels.chunks_exact_mut(stride).enumerate() {
            if y % 8 == 0 {
                budget.check()?;
            }
            let rows = y.saturating_sub(radius)..(y + radius + 1).min(height);
            let mut around = Around::default();
            let column = |around: &mut Around, x: usize, sign: i32| {
                for y in rows.clone() {
                    let at = y * width + x;
                    let pixel = &picture.pixels[at * samples..(at + 1) * samples];
                    if is_seen(pixel) {
                        around.count(tones[at], pixel, sign);
                    }
                }
            };
            for x in 0..radius.min(width) {
                column(&mut around, x, 1);
            }
            for (x, pixel) in row.chunks_exact_mut(samples).enumerate() {
                if x + radius < width {
                    column(&mut around, x + radius, 1);
                }
                if let Some(left) = x.checked_sub(radius + 1) {
                    column(&mut around, left, -1);
                }
                if let Some(colour) = around.most() {
                    for (v, new) in pixel.iter_mut().zip(colour) {
                        *v = new;
                    }
                }
            }
        }
        Ok(out)
    }

    /// Smooth areas in few tones under dark lines; without tones: black lines on white.
    pub(super) fn cartooned(
        self,
        lines: f64,
        tones: Option<u32>,
        budget: &Budget,
    ) -> Result<Self, Error> {
        let picture = self.into_colour();
        let drawn = picture.lines(lines, budget)?;
        let mut picture = match tones {
            Some(tones) => {
                let steps = f64::from(tones.max(2) - 1);
                let flat = picture.smoothed(CARTOON_REACH, CARTOON_EDGE, budget)?;
                let flat = flat.pointed(&[&Point::Saturation(CARTOON_SATURATION)], budget)?;
                let table = super::tone::same(|v| (v * steps).round() / steps);
                flat.passed(vec![super::point::Kernel::Tables(table)], false, budget)?
            }
            None => {
                let dark = f64::from(MONO_BLACK) / 255.0;
                picture.pointed(&[&Point::BlackWhite(dark)], budget)?
            }
        };
        if lines > 0.0 {
            let samples = picture.layout.bytes();
            let strength = if tones.is_some() {
                0.4 + 0.6 * lines
            } else {
                1.0
            };
            for (pixel, &line) in picture.pixels.chunks_exact_mut(samples).zip(&drawn.pixels) {
                let left = 1.0 - f64::from(line) / 255.0 * strength;
                for v in pixel.iter_mut().take(3) {
                    *v = (f64::from(*v) * left).round() as u8;
                }
            }
        }
        Ok(picture)
    }

    /// Where a line would be drawn: 255 in its middle.
    fn lines(&self, strength: f64, budget: &Budget) -> Result<Self, Error> {
        let light = self.light();
        let sigma = LINE_SIGMA.0 + (LINE_SIGMA.1 - LINE_SIGMA.0) * strength;
        let narrow = light.clone().blurred(sigma, budget)?;
        let mut wide = light.blurred(sigma * LINE_RATIO, budget)?;
        // Fainter edges are drawn where the lines are strong.
        let from = LINE_FROM + 3.0 * (1.0 - strength as f32);
        for (wide, &narrow) in wide.pixels.iter_mut().zip(&narrow.pixels) {
            let darker = f32::from(*wide) - f32::from(narrow);
            let t = ((darker - from) / (LINE_FULL - LINE_FROM)).clamp(0.0, 1.0);
            *wide = (t * t * (3.0 - 2.0 * t) * 255.0) as u8;
        }
        Ok(wide)
    }

    /// Smooths along what is alike and stops at edges: a first-order recursive filter in the domain
    /// where distance grows with difference, along rows and columns, twice. `edge` is the share of full
    /// light that counts as much as `reach` pixels.
    fn smoothed(mut self, reach: f32, edge: f32, budget: &Budget) -> Result<Self, Error> {
        let samples = self.layout.bytes();
        let colours = samples.min(3);
        let (width, height) = (self.size.width as usize, self.size.height as usize);
        let mut field: Vec<[f32; 3]> = self
            .pixels
            .chunks_exact(samples)
            .map(|pixel| [0, 1, 2].map(|n| f32::from(pixel[n.min(colours - 1)])))
            .collect();
        let differ = |a: &[f32; 3], b: &[f32; 3]| {
            let sum: f32 = a.iter().zip(b).map(|(a, b)| (a - b).abs()).sum();
            1.0 + reach / (edge * 255.0 * 3.0) * sum
        };
        let across: Vec<f32> = (0..field.len())
            .map(|at| {
                if at % width == 0 {
                    f32::INFINITY
                } else {
                    differ(&field[at], &field[at - 1])
                }
            })
            .collect();
        let down: Vec<f32> = (0..field.len())
            .map(|at| {
                at.checked_sub(width)
                    .map_or(f32::INFINITY, |above| differ(&field[at], &field[above]))
            })
            .collect();
        for pass in 0..2 {
            // Half as far each time, so that stripes of the first pass vanish in the second.
            let sigma = reach * 3.0_f32.sqrt() * 2.0_f32.powi(1 - pass) / 15.0_f32.sqrt();
            let log = -(2.0_f32.sqrt()) / sigma;
            let toward = |to: &mut [f32; 3], from: [f32; 3], far: f32| {
                let share = (log * far).exp();
                for (to, from) in to.iter_mut().zip(from) {
                    *to += (from - *to) * share;
                }
            };
            for y in 0..height {
                if y % ROWS_A_LOOK == 0 {
                    budget.check()?;
                }
                let row = y * width;
                for at in row + 1..row + width {
                    let from = field[at - 1];
                    toward(&mut field[at], from, across[at]);
                }
                for at in (row..row + width - 1).rev() {
                    let from = field[at + 1];
                    toward(&mut field[at], from, across[at + 1]);
                }
            }
            for y in 1..height {
                if y % ROWS_A_LOOK == 0 {
                    budget.check()?;
                }
                for at in y * width..(y + 1) * width {
                    let from = field[at - width];
                    toward(&mut field[at], from, down[at]);
                }
            }
            for y in (0..height - 1).rev() {
                if y % ROWS_A_LOOK == 0 {
                    budget.check()?;
                }
                for at in y * width..(y + 1) * width {
                    let from = field[at + width];
                    toward(&mut field[at], from, down[at + width]);
                }
            }
        }
        for (pixel, smooth) in self.pixels.chunks_exact_mut(samples).zip(&field) {
            for (v, smooth) in pixel.iter_mut().zip(smooth).take(colours) {
                *v = smooth.round().clamp(0.0, 255.0) as u8;
            }
        }
        Ok(self)
    }

    /// The given number of colours, chosen for the picture, in areas without speckles.
    pub(super) fn posterized(
        self,
        colours: u32,
        speckle: u32,
        sigma: f64,
        budget: &Budget,
    ) -> Result<Self, Error> {
        let picture = self.into_colour();
        let smooth = picture.smoothed(1.0 + 4.0 * sigma as f32, 0.1, budget)?;
        let samples = smooth.layout.bytes();
        let palette = smooth.palette(colours as usize);
        if palette.is_empty() {
            return Ok(smooth);
        }
        let mut indices = Vec::with_capacity(smooth.pixels.len() / samples);
        for band in smooth.pixels.chunks(smooth.stride() * ROWS_A_LOOK) {
            budget.check()?;
            indices.extend(
                band.chunks_exact(samples)
                    .map(|pixel| nearest(&palette, pixel)),
            );
        }
        let passes = f64::from(speckle).sqrt().ceil() as usize;
        for _ in 0..passes.min(4) {
            budget.check()?;
            indices = without_speckles(&indices, smooth.size.width as usize);
        }
        let mut out = smooth;
        for (pixel, &index) in out.pixels.chunks_exact_mut(samples).zip(&indices) {
            for (v, colour) in pixel.iter_mut().zip(palette[usize::from(index)]) {
                *v = colour.round() as u8;
            }
        }
        out.blurred(POSTER_SIGMA, budget)
    }

    /// Colours that stand for the picture's: means, starting from the two farthest apart and then always
    /// the one that is served worst.
    fn palette(&self, count: usize) -> Vec<[f32; 3]> {
        let samples = self.layout.bytes();
        let all = self.pixels.len() / samples.max(1);
        let seen: Vec<[f32; 3]> = self
            .pixels
            .chunks_exact(samples)
            .step_by((all / SAMPLED).max(1))
            .filter(|pixel| is_seen(pixel))
            .map(|pixel| [0, 1, 2].map(|n| f32::from(pixel[n])))
            .collect();
        let Some(&first) = seen.first() else {
            return Vec::new();
        };
        let mut palette = vec![first];
        let mut worst: Vec<f32> = seen.iter().map(|colour| square(*colour, first)).collect();
        while palette.len() < count {
            let Some((at, &far)) = worst.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1))
            else {
                break;
            };
            if far < 4.0 {
                break;
            }
            let next = seen[at];
            palette.push(next);
            for (far, colour) in worst.iter_mut().zip(&seen) {
                *far = far.min(square(*colour, next));
            }
        }
        for _ in 0..ROUNDS {
            let mut sums = vec![([0.0; 3], 0.0); palette.len()];
            for colour in &seen {
                let at = usize::from(nearest_of(&palette, *colour));
                for (sum, v) in sums[at].0.iter_mut().zip(colour) {
                    *sum += v;
                }
                sums[at].1 += 1.0;
            }
            for (colour, (sum, count)) in palette.iter_mut().zip(&sums) {
                if *count > 0.0 {
                    *colour = sum.map(|sum| sum / count);
                }
            }
        }
        palette
    }
}

/// Tones around a pixel: how often each occurs, and the sums of its colours.
#[derive(Default)]
struct Around {
    counts: [i32; TONES],
    sums: [[i32; 3]; TONES],
}

impl Around {
    fn count(&mut self, tone: u8, pixel: &[u8], sign: i32) {
        let tone = usize::from(tone).min(TONES - 1);
        self.counts[tone] += sign;
        for (sum, &v) in self.sums[tone].iter_mut().zip(pixel) {
            *sum += sign * i32::from(v);
        }
    }

    /// The mean colour of the most common tone.
    fn most(&self) -> Option<[u8; 3]> {
        let (tone, &count) = self.counts.iter().enumerate().max_by_key(|&(_, n)| *n)?;
        (count > 0).then(|| self.sums[tone].map(|sum| (sum / count) as u8))
    }
}

fn square(a: [f32; 3], b: [f32; 3]) -> f32 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum()
}

fn nearest(palette: &[[f32; 3]], pixel: &[u8]) -> u8 {
    nearest_of(palette, [0, 1, 2].map(|n| f32::from(pixel[n])))
}

fn nearest_of(palette: &[[f32; 3]], colour: [f32; 3]) -> u8 {
    let mut best = (f32::INFINITY, 0);
    for (n, &other) in (0..).zip(palette) {
        let far = square(colour, other);
        if far < best.0 {
            best = (far, n);
        }
    }
    best.1
}

/// Each index becomes the most common of the nine around, its own where that is as common.
fn without_speckles(indices: &[u8], width: usize) -> Vec<u8> {
    let height = indices.len() / width.max(1);
    let mut out = indices.to_vec();
    for y in 0..height {
        let rows = [y.saturating_sub(1), y, (y + 1).min(height - 1)];
        let [above, here, below] = rows.map(|y| &indices[y * width..(y + 1) * width]);
        for x in 0..width {
            let own = here[x];
            let columns = [x.saturating_sub(1), x, (x + 1).min(width - 1)];
            let mut around = [own; 9];
            for (triple, row) in around.chunks_exact_mut(3).zip([above, here, below]) {
                for (v, x) in triple.iter_mut().zip(columns) {
                    *v = row[x];
                }
            }
            // Nearly always all are the same.
            if around.iter().any(|&v| v != own) {
                let count = |v: u8| around.iter().filter(|&&other| other == v).count();
                let best = around.iter().max_by_key(|&&v| (count(v), v == own, v));
                out[y * width + x] = best.copied().unwrap_or(own);
            }
        }
    }
    out
}
