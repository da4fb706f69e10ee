//! Photographs as if painted or drawn: oil, cartoon, a few colours.

use super::balance::is_seen;
use super::simd::byte;
use super::soft::ROWS_A_LOOK;
use super::{Raster, scale};
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
        let samples = picture.layout.bytes();
        // Colours and a one, to be added up together; pixels that are not seen count for nothing.
        let light = picture.light();
        let pixels = picture.pixels.chunks_exact(samples);
        let colours: Vec<(u8, [u8; 4])> = pixels
            .zip(&light.pixels)
            .map(|(pixel, &v)| {
                let tone = (usize::from(v) * TONES / 256) as u8;
                match *pixel {
                    [_, _, _, 0] => (tone, [0; 4]),
                    [r, g, b, ..] => (tone, [r, g, b, 1]),
                    _ => (tone, [v, v, v, 1]),
                }
            })
            .collect();
        let mut out = picture;
        let (width, height) = (out.size.width as usize, out.size.height as usize);
        let (stride, radius) = (out.stride(), radius as usize);
        for (y, row) in out.pixels.chunks_exact_mut(stride).enumerate() {
            if y % 8 == 0 {
                budget.check()?;
            }
            let from = y.saturating_sub(radius) * width;
            let band = &colours[from..(y + radius + 1).min(height) * width];
            let mut around = Around::default();
            for x in 0..radius.min(width) {
                around.add(band.iter().skip(x).step_by(width));
            }
            for (x, pixel) in row.chunks_exact_mut(samples).enumerate() {
                if x + radius < width {
                    around.add(band.iter().skip(x + radius).step_by(width));
                }
                if let Some(left) = x.checked_sub(radius + 1) {
                    around.take(band.iter().skip(left).step_by(width));
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
                super::tone::sample(0.4 + 0.6 * lines)
            } else {
                255
            };
            let (band, lines) = (picture.stride() * ROWS_A_LOOK, drawn.stride() * ROWS_A_LOOK);
            let bands = picture.pixels.chunks_mut(band);
            for (band, lines) in bands.zip(drawn.pixels.chunks(lines)) {
                budget.check()?;
                for (pixel, &line) in band.chunks_exact_mut(samples).zip(lines) {
                    if line > 0 {
                        let left = 255 - scale(line, strength);
                        for v in pixel.iter_mut().take(3) {
                            *v = scale(*v, left);
                        }
                    }
                }
            }
        }
        Ok(picture)
    }

    /// Where a line would be drawn: 255 in its middle.
    fn lines(&self, strength: f64, budget: &Budget) -> Result<Self, Error> {
        let light = self.light();
        let sigma = LINE_SIGMA.0 + (LINE_SIGMA.1 - LINE_SIGMA.0) * strength;
        let narrow = light.clone().blurred_exactly(sigma, budget)?;
        let mut wide = light.blurred_exactly(sigma * LINE_RATIO, budget)?;
        // Fainter edges are drawn where the lines are strong.
        let from = LINE_FROM + 3.0 * (1.0 - strength as f32);
        let band = wide.stride() * ROWS_A_LOOK;
        let bands = wide.pixels.chunks_mut(band);
        for (wide, narrow) in bands.zip(narrow.pixels.chunks(band)) {
            budget.check()?;
            for (wide, &narrow) in wide.iter_mut().zip(narrow) {
                let darker = f32::from(*wide) - f32::from(narrow);
                let t = ((darker - from) / (LINE_FULL - LINE_FROM)).clamp(0.0, 1.0);
                *wide = (t * t * (3.0 - 2.0 * t) * 255.0) as u8;
            }
        }
        Ok(wide)
    }

    /// Smooths along what is alike and stops at edges: a first-order recursive filter in the domain
    /// where distance grows with difference, along rows and columns, twice. `edge` is the share of full
    /// light that counts as much as `reach` pixels.
    fn smoothed(mut self, reach: f32, edge: f32, budget: &Budget) -> Result<Self, Error> {
        let samples = self.layout.bytes();
        let (width, height) = (self.size.width as usize, self.size.height as usize);
        let mut field: Vec<[f32; 4]> = Vec::with_capacity(width * height);
        for band in self.pixels.chunks(self.stride() * ROWS_A_LOOK) {
            budget.check()?;
            let pixels = band.chunks_exact(samples);
            field.extend(pixels.map(|pixel| match *pixel {
                [r, g, b, ..] => [r, g, b, 0].map(f32::from),
                _ => [pixel.first().copied().map_or(0.0, f32::from); 4],
            }));
        }
        // How different neighbours are, before anything is smoothed.
        let mut across = vec![0; field.len()];
        let mut down = vec![0; field.len()];
        let mut above: Option<&[[f32; 4]]> = None;
        let rows = across
            .chunks_exact_mut(width)
            .zip(down.chunks_exact_mut(width));
        for (y, (row, (across, down))) in field.chunks_exact(width).zip(rows).enumerate() {
            if y % ROWS_A_LOOK == 0 {
                budget.check()?;
            }
            differences(&row[1..], row, &mut across[1..]);
            if let Some(above) = above {
                differences(row, above, down);
            }
            above = Some(row);
        }
        for pass in 0..2 {
            // Half as far each time, so that stripes of the first pass vanish in the second.
            let sigma = reach * 3.0_f32.sqrt() * 2.0_f32.powi(1 - pass) / 15.0_f32.sqrt();
            let log = -(2.0_f32.sqrt()) / sigma;
            // How much of a neighbour goes over, by the difference to it.
            let shares: Vec<f32> = (0..=3 * 255_u16)
                .map(|sum| (log * (1.0 + reach / (edge * 255.0 * 3.0) * f32::from(sum))).exp())
                .collect();
            let rows = field.chunks_mut(width * ROWS_A_LOOK);
            for (rows, across) in rows.zip(across.chunks(width * ROWS_A_LOOK)) {
                budget.check()?;
                let (fours, rest) = (
                    rows.chunks_exact_mut(width * 4),
                    across.chunks_exact(width * 4),
                );
                for (rows, across) in fours.zip(rest) {
                    smooth_along(rows, across, width, &shares);
                }
                let left = rows.len() / width % 4;
                let from = rows.len() - left * width;
                let rest = rows[from..].chunks_exact_mut(width);
                for (row, across) in rest.zip(across[from..].chunks_exact(width)) {
                    smooth_along(row, across, width, &shares);
                }
            }
            for y in 1..height {
                if y % ROWS_A_LOOK == 0 {
                    budget.check()?;
                }
                let (above, here) = field.split_at_mut(y * width);
                let down = &down[y * width..(y + 1) * width];
                blend_rows(&mut here[..width], &above[(y - 1) * width..], down, &shares);
            }
            for y in (0..height - 1).rev() {
                if y % ROWS_A_LOOK == 0 {
                    budget.check()?;
                }
                let (here, below) = field.split_at_mut((y + 1) * width);
                let down = &down[(y + 1) * width..(y + 2) * width];
                blend_rows(&mut here[y * width..], &below[..width], down, &shares);
            }
        }
        let band = self.stride() * ROWS_A_LOOK;
        let bands = self.pixels.chunks_mut(band);
        for (band, field) in bands.zip(field.chunks(width * ROWS_A_LOOK)) {
            budget.check()?;
            for (pixel, smooth) in band.chunks_exact_mut(samples).zip(field) {
                for (v, smooth) in pixel.iter_mut().zip(smooth).take(3) {
                    *v = byte(*smooth);
                }
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

/// Rows of one length smoothed forth and back, each sample towards its neighbour: several at once, because
/// each step of one row waits for the one before.
fn smooth_along(rows: &mut [[f32; 4]], across: &[u16], width: usize, shares: &[f32]) {
    let count = rows.len() / width.max(1);
    for x in 1..width {
        for n in 0..count {
            let at = n * width + x;
            let from = rows[at - 1];
            toward(&mut rows[at], from, shares[usize::from(across[at])]);
        }
    }
    for x in (0..width.saturating_sub(1)).rev() {
        for n in 0..count {
            let at = n * width + x;
            let from = rows[at + 1];
            toward(&mut rows[at], from, shares[usize::from(across[at + 1])]);
        }
    }
}

/// A row towards the one beside it.
fn blend_rows(row: &mut [[f32; 4]], beside: &[[f32; 4]], differences: &[u16], shares: &[f32]) {
    for ((to, from), far) in row.iter_mut().zip(beside).zip(differences) {
        toward(to, *from, shares[usize::from(*far)]);
    }
}

#[inline(always)]
fn toward(to: &mut [f32; 4], from: [f32; 4], share: f32) {
    for (to, from) in to.iter_mut().zip(from) {
        *to += (from - *to) * share;
    }
}

/// Sums of the differences of three channels that are whole numbers.
fn differences(a: &[[f32; 4]], b: &[[f32; 4]], out: &mut [u16]) {
    for ((out, a), b) in out.iter_mut().zip(a).zip(b) {
        let part = |n: usize| (a[n] - b[n]).abs();
        *out = (part(0) + part(1) + part(2)) as u16;
    }
}

/// Tones around a pixel: the sums of their colours and, behind them, how often each occurs.
#[derive(Default)]
struct Around {
    sums: [[i32; 4]; TONES],
    /// How often once more, in the order of tones: looked through for every pixel.
    counts: [i32; TONES],
}

impl Around {
    fn add<'a>(&mut self, column: impl Iterator<Item = &'a (u8, [u8; 4])>) {
        for (tone, colour) in column {
            let tone = usize::from(*tone).min(TONES - 1);
            let colour = colour.map(i32::from);
            for (sum, v) in self.sums[tone].iter_mut().zip(colour) {
                *sum = sum.wrapping_add(v);
            }
            self.counts[tone] = self.counts[tone].wrapping_add(colour[3]);
        }
    }

    fn take<'a>(&mut self, column: impl Iterator<Item = &'a (u8, [u8; 4])>) {
        for (tone, colour) in column {
            let tone = usize::from(*tone).min(TONES - 1);
            let colour = colour.map(i32::from);
            for (sum, v) in self.sums[tone].iter_mut().zip(colour) {
                *sum = sum.wrapping_sub(v);
            }
            self.counts[tone] = self.counts[tone].wrapping_sub(colour[3]);
        }
    }

    /// The mean colour of the most common tone, the lightest of those.
    fn most(&self) -> Option<[u8; 3]> {
        // A number that grows with the count, and with the tone where counts are the same.
        let mut ranks = [0_i32; TONES];
        for ((rank, count), tone) in ranks.iter_mut().zip(&self.counts).zip(0..) {
            *rank = count.wrapping_mul(32).wrapping_add(tone);
        }
        let best = ranks.iter().fold(0, |a: i32, &b| a.max(b));
        let [r, g, b, count] = self.sums[(best & 31) as usize];
        // A division in floating point is a quarter of one in whole numbers, and here as exact.
        let each = |sum: i32| ((sum as f32 + 0.25) / count as f32) as u8;
        (count > 0).then(|| [each(r), each(g), each(b)])
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
