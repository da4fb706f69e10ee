//! What depends on where a pixel lies: darkening, fading, stripes.

use super::simd::wide;
use super::soft::ROWS_A_LOOK;
use super::{Layout, Raster, mix, scale};
use crate::plan::Fade;
use crate::render::budget::Budget;
use crate::render::error::Error;

/// A vignette begins at this share of the way to the corners. Assumed.
const VIGNETTE_FROM: f64 = 0.5;
/// Width of a stripe and of the gap after it, in pixels. Assumed.
const STRIPE: usize = 4;

impl Raster {
    /// Darkens along ellipses towards the corners, smoothly.
    pub(super) fn vignetted(mut self, level: f64, budget: &Budget) -> Result<Self, Error> {
        let (width, height) = (self.size.width as usize, self.size.height as usize);
        // Squares of the distance from the middle as shares of half a side: 1 at the edge.
        let squares = |side: usize| {
            (0..side).map(move |n| {
                let far = (n as f64 + 0.5) * 2.0 / side as f64 - 1.0;
                far * far
            })
        };
        // What is left of the light, by the square of the distance in 1024ths of the corner's.
        let left: Vec<u8> = (0..=1024)
            .map(|n| {
                let far = (f64::from(n) / 1024.0).sqrt();
                let t = ((far - VIGNETTE_FROM) / (1.0 - VIGNETTE_FROM)).clamp(0.0, 1.0);
                let taken = level * t * t * (3.0 - 2.0 * t);
                ((1.0 - taken).clamp(0.0, 1.0) * 255.0).round() as u8
            })
            .collect();
        let across: Vec<f64> = squares(width).collect();
        let mut lights = vec![0; width];
        let (samples, stride) = (self.layout.bytes(), self.stride());
        let rows = self.pixels.chunks_exact_mut(stride);
        for (y, (row, down)) in rows.zip(squares(height)).enumerate() {
            if y % ROWS_A_LOOK == 0 {
                budget.check()?;
            }
            for (light, &across) in lights.iter_mut().zip(&across) {
                let at = ((across + down) * 512.0) as usize;
                *light = left.get(at).copied().unwrap_or(0);
            }
            match samples {
                1 => dim::<1>(row.as_chunks_mut().0, &lights),
                3 => dim::<3>(row.as_chunks_mut().0, &lights),
                _ => dim::<4>(row.as_chunks_mut().0, &lights),
            }
        }
        Ok(self)
    }

    /// Opacity falls towards the edges of an area, or the area falls into what lies beside it.
    pub(super) fn faded_towards_edges(self, fade: Fade, budget: &Budget) -> Result<Self, Error> {
        let area = fade.area;
        let [left, top, right, bottom] = fade.depth;
        let across = ramp(area.width, left, right, fade.power);
        let down = ramp(area.height, top, bottom, fade.power);
        if !fade.into_padding {
            return self.faded_away((area.left, area.top), &across, &down, budget);
        }
        let mut picture = self.into_colour();
        let (samples, stride) = (picture.layout.bytes(), picture.stride());
        let beside = picture.clone();
        let rows = picture.pixels.chunks_exact_mut(stride);
        for (n, (row, &down)) in rows.skip(area.top as usize).zip(&down).enumerate() {
            if n % ROWS_A_LOOK == 0 {
                budget.check()?;
            }
            let y = area.top + n as u32;
            let pixels = row.chunks_exact_mut(samples).skip(area.left as usize);
            for (x, (pixel, &across)) in (area.left..).zip(pixels.zip(&across)) {
                let side = |at: u32, start: u32, length: u32| {
                    if at - start < length / 2 {
                        start.checked_sub(1)
                    } else {
                        Some(start + length)
                    }
                };
                if across < 255
                    && let Some(at) = side(x, area.left, area.width)
                    && let Some(padding) = beside.pixel(at, y)
                {
                    blend(pixel, padding, across);
                }
                if down < 255
                    && let Some(at) = side(y, area.top, area.height)
                    && let Some(padding) = beside.pixel(x, at)
                {
                    blend(pixel, padding, down);
                }
            }
        }
        Ok(picture)
    }

    /// Opacity by a share for every column and every row, from a corner on.
    fn faded_away(
        self,
        (left, top): (u32, u32),
        across: &[u8],
        down: &[u8],
        budget: &Budget,
    ) -> Result<Self, Error> {
        let mut picture = self.into_rgba();
        let stride = picture.stride();
        let rows = picture.pixels.chunks_exact_mut(stride);
        for (n, (row, &down)) in rows.skip(top as usize).zip(down).enumerate() {
            if n % ROWS_A_LOOK == 0 {
                budget.check()?;
            }
            let pixels = row.as_chunks_mut().0;
            hide(
                pixels.get_mut(left as usize..).unwrap_or_default(),
                across,
                down,
            );
        }
        Ok(picture)
    }

    /// Diagonal stripes over what is rather red one way, over what is rather green the other way.
    pub(super) fn striped(self, strength: f64, budget: &Budget) -> Result<Self, Error> {
        if self.layout == Layout::Grey {
            return Ok(self);
        }
        let mut picture = self;
        let amplitude = strength.sqrt();
        let (samples, stride) = (picture.layout.bytes(), picture.stride());
        for (y, row) in picture.pixels.chunks_exact_mut(stride).enumerate() {
            if y % ROWS_A_LOOK == 0 {
                budget.check()?;
            }
            for (x, pixel) in row.chunks_exact_mut(samples).enumerate() {
                let [r, g, b, ..] = pixel else { continue };
                // Falling stripes need a sum that grows along both sides, rising ones a difference.
                let (redder, along) = (
                    *r > *g,
                    if *r > *g {
                        x + y
                    } else {
                        x + STRIPE * 2 * y - y
                    },
                );
                if (along / STRIPE).is_multiple_of(2) {
                    continue;
                }
                let differ = f64::from(r.abs_diff(*g)) / 255.0;
                let left = 1.0 - amplitude * differ * if redder { 1.0 } else { 0.75 };
                for v in [r, g, b] {
                    *v = (f64::from(*v) * left).round() as u8;
                }
            }
        }
        Ok(picture)
    }

    fn pixel(&self, x: u32, y: u32) -> Option<&[u8]> {
        if x >= self.size.width || y >= self.size.height {
            return None;
        }
        let samples = self.layout.bytes();
        let at = (y as usize * self.size.width as usize + x as usize) * samples;
        self.pixels.get(at..at + samples)
    }
}

wide! {
    fn dim<const N: usize>(pixels: &mut [[u8; N]], lights: &[u8]) {
        for (pixel, light) in pixels.iter_mut().zip(lights) {
            pixel[0] = scale(pixel[0], *light);
            if N > 2 {
                pixel[1] = scale(pixel[1], *light);
                pixel[2] = scale(pixel[2], *light);
            }
        }
    }

    fn hide(pixels: &mut [[u8; 4]], across: &[u8], down: u8) {
        for (pixel, across) in pixels.iter_mut().zip(across) {
            pixel[3] = scale(pixel[3], scale(*across, down));
        }
    }
}

/// What is left of opacity along one side, from both ends in.
fn ramp(side: u32, from_start: f64, from_end: f64, power: f64) -> Vec<u8> {
    let length = f64::from(side);
    (0..side)
        .map(|n| {
            let at = f64::from(n) + 0.5;
            let one = |far: f64, depth: f64| {
                if depth > 0.0 {
                    (far / depth).min(1.0)
                } else {
                    1.0
                }
            };
            let share = one(at, from_start).min(one(length - at, from_end));
            (share.powf(power) * 255.0).round() as u8
        })
        .collect()
}

fn blend(pixel: &mut [u8], padding: &[u8], share: u8) {
    for (v, p) in pixel.iter_mut().zip(padding) {
        *v = mix(*p, *v, share);
    }
}
