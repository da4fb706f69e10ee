//! What is measured on the picture before its colours change.

use super::point::{Kernel, light_of};
use super::simd::wide;
use super::soft::ROWS_A_LOOK;
use super::tone::{self, Tables, sample};
use super::{Layout, Raster};
use crate::plan::{Balance, Point};
use crate::render::budget::Budget;
use crate::render::error::Error;
use crate::spec::{Colour, Scene};

/// Parts of all samples that a stretch sends past either end. Assumed.
const CONTRAST_CLIP: f64 = 0.005;
const COLOUR_CLIP: f64 = 0.001;
/// As image tools do after a sepia tone: at the dark end, at the light end.
const SEPIA_CLIP: (f64, f64) = (0.0015, 0.0005);
/// A power that brings mean light to the middle stays within this and its inverse. Assumed.
const MOST_GAMMA: f64 = 3.0;
/// Improvement: how much of the local contrast in 256ths, of more saturation, of lifted shadows indoors. Assumed.
const LOCAL_SHARE: i32 = 77;
const LOCAL_TILES: usize = 8;
const LOCAL_CLIP: f64 = 2.0;
const IMPROVED_SATURATION: f64 = 1.1;
const INDOOR_GAMMA: f64 = 1.15;
/// Shadows of a fill light are looked for in a blur of this part of the longer side. Assumed.
const FILL_BLUR: f64 = 1.0 / 60.0;

/// Pixels of a large picture that its colours are counted by, at least.
const COUNTED: usize = 1 << 19;

/// How often each sample occurs, channel by channel.
type Histograms = [[u32; 256]; 3];

impl Raster {
    /// Colours in balance, mixed in by a share.
    pub(super) fn balanced(
        self,
        what: Balance,
        share: f64,
        budget: &Budget,
    ) -> Result<Self, Error> {
        if share <= 0.0 {
            return Ok(self);
        }
        let counts = self.histograms(budget)?;
        let tables = match what {
            Balance::Contrast => {
                let all = together(&counts);
                let (low, high) = ends(&all, CONTRAST_CLIP, CONTRAST_CLIP);
                tone::same(move |v| mixed(v, stretched(v, low, high), share))
            }
            Balance::Colour => channel_stretch(&counts, COLOUR_CLIP, share),
            Balance::Brightness => {
                let power = 1.0 / middle_gamma(&self.light_histogram());
                tone::same(move |v| mixed(v, v.powf(power), share))
            }
            Balance::All(scene) => return self.improved(&counts, scene, share, budget),
        };
        self.passed(vec![Kernel::Tables(tables)], false, budget)
    }

    fn improved(
        self,
        counts: &Histograms,
        scene: Scene,
        share: f64,
        budget: &Budget,
    ) -> Result<Self, Error> {
        let before = (share < 1.0).then(|| self.clone());
        let gamma = match scene {
            Scene::Outdoor => 1.0,
            Scene::Indoor => INDOOR_GAMMA,
        };
        let stretch = channel_stretch(counts, CONTRAST_CLIP, 1.0);
        let lift = tone::same(|v| v.powf(1.0 / gamma));
        let picture = self.passed(
            vec![Kernel::Tables(stretch), Kernel::Tables(lift)],
            false,
            budget,
        )?;
        let picture = picture.with_local_contrast(budget)?;
        let picture = picture.pointed(&[&Point::Saturation(IMPROVED_SATURATION)], budget)?;
        match before {
            Some(before) => before.blended(&picture, share, budget),
            None => Ok(picture),
        }
    }

    /// Light equalized tile by tile, within limits, and added in part to every channel.
    fn with_local_contrast(self, budget: &Budget) -> Result<Self, Error> {
        let mut picture = self;
        let light = picture.light();
        let (width, height) = (light.size.width as usize, light.size.height as usize);
        if width < 2 * LOCAL_TILES || height < 2 * LOCAL_TILES {
            return Ok(picture);
        }
        let tables = tile_tables(&light);
        let stride = picture.stride();
        let layout = picture.layout;
        let across: Vec<_> = (0..width).map(|x| place(x, width)).collect();
        let mut between = vec![[0_u16; 256]; LOCAL_TILES];
        let mut more = vec![0_i16; width];
        let rows = picture.pixels.chunks_exact_mut(stride);
        for (y, (row, light)) in rows.zip(light.pixels.chunks_exact(width)).enumerate() {
            if y % ROWS_A_LOOK == 0 {
                budget.check()?;
            }
            // What every light becomes at this height, in 256ths, tile by tile.
            let (top, down) = place(y, height);
            let lower = (top + 1).min(LOCAL_TILES - 1) * LOCAL_TILES;
            for (n, table) in between.iter_mut().enumerate() {
                let (above, below) = (&tables[top * LOCAL_TILES + n], &tables[lower + n]);
                lie_between(table, above, below, down);
            }
            for ((more, &v), &(left, right)) in more.iter_mut().zip(light).zip(&across) {
                let at = |n: usize| i32::from(between[n.min(LOCAL_TILES - 1)][usize::from(v)]);
                let (near, far) = (at(left), at(left + 1));
                let aim = near + (((far - near) * i32::from(right)) >> 8);
                *more = (((aim - i32::from(v) * 256) * LOCAL_SHARE + (1 << 15)) >> 16) as i16;
            }
            match layout {
                Layout::Grey => lift::<1>(row.as_chunks_mut().0, &more),
                Layout::Rgb => lift::<3>(row.as_chunks_mut().0, &more),
                _ => lift::<4>(row.as_chunks_mut().0, &more),
            }
        }
        Ok(picture)
    }

    /// Shadows lifted: screened with what a blurred look finds dark.
    pub(super) fn filled_with_light(
        self,
        share: f64,
        bias: f64,
        budget: &Budget,
    ) -> Result<Self, Error> {
        let longer = self.size.width.max(self.size.height);
        let around = self
            .light()
            .blurred(f64::from(longer) * FILL_BLUR, budget)?;
        let mut masks = [0_u8; 256];
        for (n, mask) in (0..=255_u8).zip(&mut masks) {
            let dark = (1.0 - f64::from(n) / 255.0 + bias * 0.5).clamp(0.0, 1.0);
            *mask = sample(dark * dark * share);
        }
        let mut picture = self;
        let (samples, stride) = (picture.layout.bytes(), picture.stride());
        let width = picture.size.width as usize;
        let rows = picture.pixels.chunks_exact_mut(stride);
        for (y, (row, around)) in rows.zip(around.pixels.chunks_exact(width)).enumerate() {
            if y % ROWS_A_LOOK == 0 {
                budget.check()?;
            }
            for (pixel, &around) in row.chunks_exact_mut(samples).zip(around) {
                let mask = masks[usize::from(around)];
                for v in pixel.iter_mut().take(3) {
                    let light = super::scale(*v, mask);
                    *v = 255 - super::scale(255 - *v, 255 - light);
                }
            }
        }
        Ok(picture)
    }

    /// Sepia: light above the threshold goes to red first and to blue last; stretched and with a mild
    /// S-curve, as image tools do.
    pub(super) fn sepia(self, level: f64, budget: &Budget) -> Result<Self, Error> {
        let toned = |v: f64| {
            let red = if v > level { 1.0 } else { v + 1.0 - level };
            let green_from = 7.0 * level / 6.0;
            let green = if v > green_from {
                1.0
            } else {
                v + 1.0 - green_from
            };
            let blue_from = level / 6.0;
            let blue = if v < blue_from { 0.0 } else { v - blue_from };
            let floor = level / 7.0;
            [red, green.max(floor), blue.max(floor)]
        };
        let counts = self.light_histogram();
        // The histogram of what the tone makes of it.
        let mut toned_counts = [0; 256];
        for (n, count) in (0..=255_u8).zip(counts) {
            for v in toned(f64::from(n) / 255.0) {
                toned_counts[usize::from(sample(v))] += count / 3;
            }
        }
        let (low, high) = ends(&toned_counts, SEPIA_CLIP.0, SEPIA_CLIP.1);
        let mut tables: Box<Tables> = Box::new([[0; 256]; 3]);
        for n in 0..=255_u8 {
            let colour = toned(f64::from(n) / 255.0).map(|v| stretched(v, low, high));
            let top = colour.iter().fold(0.0_f64, |a, &b| a.max(b));
            let curved =
                top + 0.5 * (0.5 * ((std::f64::consts::PI * (top - 0.5)).sin() + 1.0) - top);
            for (table, v) in tables.iter_mut().zip(colour) {
                table[usize::from(n)] = sample(v * curved / top.max(1e-6));
            }
        }
        self.passed(vec![Kernel::Light(tables)], false, budget)
    }

    /// Light to colours of a gradient, mixed in by a share.
    pub(super) fn tinted(
        self,
        share: f64,
        equalize: bool,
        gradient: &[(f64, Colour)],
        budget: &Budget,
    ) -> Result<Self, Error> {
        let mut flat = [0.0; 256];
        if equalize {
            let counts = self.light_histogram();
            let all = counts.iter().map(|&n| u64::from(n)).sum::<u64>().max(1);
            let mut sum = 0;
            for (v, &count) in flat.iter_mut().zip(&counts) {
                *v = (sum as f64 + f64::from(count) / 2.0) / all as f64;
                sum += u64::from(count);
            }
        } else {
            for (n, v) in (0..=255_u8).zip(&mut flat) {
                *v = f64::from(n) / 255.0;
            }
        }
        let mut tables: Box<Tables> = Box::new([[0; 256]; 3]);
        for (n, &at) in flat.iter().enumerate() {
            for (table, v) in tables.iter_mut().zip(colour_at(gradient, at)) {
                table[n] = sample(v);
            }
        }
        let kernel = vec![Kernel::Light(tables)];
        if share >= 1.0 {
            return self.passed(kernel, false, budget);
        }
        let toned = self.clone().passed(kernel, false, budget)?;
        self.blended(&toned, share, budget)
    }

    /// Another picture of the same size mixed in.
    pub(super) fn blended(self, other: &Self, share: f64, budget: &Budget) -> Result<Self, Error> {
        let (mut picture, other) = match (self.layout, other.layout) {
            (a, b) if a == b => (self, std::borrow::Cow::Borrowed(other)),
            (_, Layout::Rgba) => (self.into_rgba(), std::borrow::Cow::Borrowed(other)),
            (Layout::Rgba, _) => (self, std::borrow::Cow::Owned(other.clone().into_rgba())),
            _ => (
                self.into_colour(),
                std::borrow::Cow::Owned(other.clone().into_colour()),
            ),
        };
        budget.check()?;
        let share = (share.clamp(0.0, 1.0) * 256.0).round() as u16;
        blend(&mut picture.pixels, &other.pixels, share);
        Ok(picture)
    }

    /// How often each light occurs in what is visible.
    fn light_histogram(&self) -> [u32; 256] {
        let mut counts = [0; 256];
        let mut light = vec![0; self.size.width as usize];
        for row in self.counted_rows() {
            match self.layout {
                Layout::Grey => light.copy_from_slice(row),
                Layout::Rgb => light_of::<3>(row.as_chunks().0, &mut light),
                _ => light_of::<4>(row.as_chunks().0, &mut light),
            }
            if self.layout == Layout::Rgba {
                for (pixel, &v) in row.as_chunks::<4>().0.iter().zip(&light) {
                    counts[usize::from(v)] += u32::from(pixel[3] > 0);
                }
            } else {
                for &v in &light {
                    counts[usize::from(v)] += 1;
                }
            }
        }
        counts
    }

    /// Rows that are enough to measure a picture by: all of a small one.
    fn counted_rows(&self) -> impl Iterator<Item = &[u8]> {
        let pixels = self.size.width as usize * self.size.height as usize;
        let rows = self.pixels.chunks_exact(self.stride().max(1));
        rows.step_by((pixels / COUNTED).max(1))
    }

    /// Of what is visible. Grey counts in the first channel alone.
    fn histograms(&self, budget: &Budget) -> Result<Histograms, Error> {
        budget.check()?;
        let mut counts = [[0; 256]; 3];
        for row in self.counted_rows() {
            match self.layout {
                Layout::Grey => {
                    for &v in row {
                        counts[0][usize::from(v)] += 1;
                    }
                }
                Layout::Rgb => {
                    for &[r, g, b] in row.as_chunks::<3>().0 {
                        counts[0][usize::from(r)] += 1;
                        counts[1][usize::from(g)] += 1;
                        counts[2][usize::from(b)] += 1;
                    }
                }
                _ => {
                    for &[r, g, b, a] in row.as_chunks::<4>().0 {
                        let seen = u32::from(a > 0);
                        counts[0][usize::from(r)] += seen;
                        counts[1][usize::from(g)] += seen;
                        counts[2][usize::from(b)] += seen;
                    }
                }
            }
        }
        if self.layout == Layout::Grey {
            counts[1] = counts[0];
            counts[2] = counts[0];
        }
        Ok(counts)
    }
}

wide! {
    fn lie_between(table: &mut [u16; 256], above: &[u8; 256], below: &[u8; 256], down: u16) {
        let up = 256_u16.wrapping_sub(down);
        for ((v, above), below) in table.iter_mut().zip(above).zip(below) {
            *v = u16::from(*above).wrapping_mul(up).wrapping_add(u16::from(*below).wrapping_mul(down));
        }
    }

    fn lift<const N: usize>(pixels: &mut [[u8; N]], more: &[i16]) {
        for (pixel, more) in pixels.iter_mut().zip(more) {
            let lifted = |v: u8| i16::from(v).wrapping_add(*more).clamp(0, 255) as u8;
            pixel[0] = lifted(pixel[0]);
            if N > 2 {
                pixel[1] = lifted(pixel[1]);
                pixel[2] = lifted(pixel[2]);
            }
        }
    }

    fn blend(to: &mut [u8], other: &[u8], share: u16) {
        let rest = 256_u16.wrapping_sub(share);
        for (to, other) in to.iter_mut().zip(other) {
            let sum = u16::from(*to).wrapping_mul(rest).wrapping_add(u16::from(*other).wrapping_mul(share));
            *to = (sum.wrapping_add(128) >> 8) as u8;
        }
    }
}

fn mixed(from: f64, to: f64, share: f64) -> f64 {
    from + (to - from) * share
}

fn stretched(v: f64, low: f64, high: f64) -> f64 {
    ((v - low) / (high - low)).clamp(0.0, 1.0)
}

fn channel_stretch(counts: &Histograms, clip: f64, share: f64) -> Box<Tables> {
    let mut tables = Box::new([[0; 256]; 3]);
    for (table, counts) in tables.iter_mut().zip(counts) {
        let (low, high) = ends(counts, clip, clip);
        for (n, v) in (0..=255_u8).zip(table.iter_mut()) {
            let at = f64::from(n) / 255.0;
            *v = sample(mixed(at, stretched(at, low, high), share));
        }
    }
    tables
}

fn together(counts: &Histograms) -> [u32; 256] {
    let mut all = [0; 256];
    for counts in counts {
        for (sum, n) in all.iter_mut().zip(counts) {
            *sum += n / 3;
        }
    }
    all
}

/// Where the samples begin and end when parts of them are left aside, as shares of full light. A
/// picture of one tone keeps it.
fn ends(counts: &[u32; 256], below: f64, above: f64) -> (f64, f64) {
    let all: u64 = counts.iter().map(|&n| u64::from(n)).sum();
    let low = reached(counts.iter().enumerate(), all as f64 * below);
    let high = reached(counts.iter().enumerate().rev(), all as f64 * above);
    match (low, high) {
        (Some(low), Some(high)) if high > low => (low, high),
        _ => (0.0, 1.0),
    }
}

/// The first sample at which more than `limit` have been passed.
fn reached<'a>(mut counts: impl Iterator<Item = (usize, &'a u32)>, limit: f64) -> Option<f64> {
    let mut sum = 0;
    counts
        .find(|&(_, &n)| {
            sum += u64::from(n);
            sum as f64 > limit
        })
        .map(|(at, _)| at as f64 / 255.0)
}

/// The power whose inverse brings the mean to the middle.
fn middle_gamma(counts: &[u32; 256]) -> f64 {
    let all: u64 = counts.iter().map(|&n| u64::from(n)).sum();
    let sum: u64 = (0..).zip(counts).map(|(v, &n)| v * u64::from(n)).sum();
    if sum == 0 {
        return 1.0;
    }
    let mean = (sum as f64 / (all as f64 * 255.0)).clamp(1e-3, 1.0 - 1e-3);
    (mean.ln() / 0.5_f64.ln()).clamp(1.0 / MOST_GAMMA, MOST_GAMMA)
}

/// The colour of a gradient, as shares of full light.
fn colour_at(gradient: &[(f64, Colour)], at: f64) -> [f64; 3] {
    let channels = |colour: &Colour| [colour.r, colour.g, colour.b].map(|v| f64::from(v) / 255.0);
    let next = gradient.iter().position(|(place, _)| *place > at);
    let next = next.unwrap_or(gradient.len());
    let before = next.checked_sub(1).and_then(|n| gradient.get(n));
    match (before, gradient.get(next)) {
        (Some((low, from)), Some((high, to))) => {
            let share = ((at - low) / (high - low)).clamp(0.0, 1.0);
            let (from, to) = (channels(from), channels(to));
            [0, 1, 2].map(|n| mixed(from[n], to[n], share))
        }
        (Some((_, only)), None) | (None, Some((_, only))) => channels(only),
        (None, None) => [at; 3],
    }
}

/// The tile whose middle lies before a pixel, and how far the pixel is towards the next, in 256ths.
fn place(at: usize, side: usize) -> (usize, u16) {
    let tile = side as f64 / LOCAL_TILES as f64;
    let n = ((at as f64 + 0.5) / tile - 0.5).clamp(0.0, (LOCAL_TILES - 1) as f64);
    (n as usize, (n.fract() * 256.0) as u16)
}

/// For each tile what its light becomes when its histogram is flattened, no slope above the clip.
fn tile_tables(light: &Raster) -> Vec<[u8; 256]> {
    let (width, height) = (light.size.width as usize, light.size.height as usize);
    let mut counts = vec![[0_u32; 256]; LOCAL_TILES * LOCAL_TILES];
    let starts = |side: usize, n: usize| (n * side).div_ceil(LOCAL_TILES);
    for (y, row) in light.pixels.chunks_exact(width).enumerate() {
        let tiles = y * LOCAL_TILES / height * LOCAL_TILES;
        for (n, counts) in counts[tiles..tiles + LOCAL_TILES].iter_mut().enumerate() {
            for &v in &row[starts(width, n)..starts(width, n + 1)] {
                counts[usize::from(v)] += 1;
            }
        }
    }
    counts
        .iter()
        .map(|counts| {
            let all = f64::from(counts.iter().sum::<u32>().max(1));
            let most = all * LOCAL_CLIP / 256.0;
            let over: f64 = counts.iter().map(|&n| (f64::from(n) - most).max(0.0)).sum();
            let mut sum = 0.0;
            counts.map(|n| {
                let n = f64::from(n).min(most) + over / 256.0;
                let v = sample((sum + n / 2.0) / all);
                sum += n;
                v
            })
        })
        .collect()
}

/// Which pixels of a row stand for something, by their alpha.
pub(super) fn is_seen(pixel: &[u8]) -> bool {
    pixel.get(3).is_none_or(|&a| a > 0)
}
