//! Sharpening: what a blur takes away, added again.

use super::simd::{byte, wide};
use super::soft::{self, Taps};
use super::{Layout, Raster};
use crate::render::budget::Budget;
use crate::render::error::Error;

impl Raster {
    /// Adds `amount` times what a blur of `sigma` pixels takes away. Alpha stays as it is, and the mean
    /// around a pixel is that of what is visible.
    pub(super) fn sharpened(
        mut self,
        sigma: f64,
        amount: f64,
        budget: &Budget,
    ) -> Result<Self, Error> {
        let (layout, stride) = (self.layout, self.stride());
        let amount = amount as f32;
        let taps = Taps::gaussian(sigma);
        soft::convolve(&mut self, &taps, budget, |picture, y, row| {
            let pixels = &mut picture.pixels[y * stride..(y + 1) * stride];
            if layout == Layout::Rgba {
                let pixels = pixels.as_chunks_mut::<4>().0;
                sharpen_visible(row.as_chunks::<4>().0, pixels, amount);
            } else {
                sharpen(row, pixels, amount);
            }
        })?;
        Ok(self)
    }
}

wide! {
    fn sharpen(soft: &[u16], pixels: &mut [u8], amount: f32) {
        for (sample, soft) in pixels.iter_mut().zip(soft) {
            let (v, mean) = (f32::from(*sample), f32::from(*soft) * (1.0 / 64.0));
            *sample = byte(v + amount * (v - mean));
        }
    }

    fn sharpen_visible(soft: &[[u16; 4]], pixels: &mut [[u8; 4]], amount: f32) {
        for (pixel, soft) in pixels.iter_mut().zip(soft) {
            let a = f32::from(soft[3]);
            let by = 255.0 / if a > 1.0 { a } else { 1.0 };
            let edge = |v: u8, mean: u16| {
                let v = f32::from(v);
                byte(v + amount * (v - f32::from(mean) * by))
            };
            let [r, g, b, _] = pixel;
            *r = edge(*r, soft[0]);
            *g = edge(*g, soft[1]);
            *b = edge(*b, soft[2]);
        }
    }
}
