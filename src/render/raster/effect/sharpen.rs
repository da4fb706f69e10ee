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
        let stride = self.stride();
        let amount = amount as f32;
        let mut pixels = vec![0; self.pixels.len()];
        let layout = self.layout;
        let source = &self.pixels;
        soft::convolve(&self, &Taps::gaussian(sigma), budget, |y, row| {
            let at = y * stride..(y + 1) * stride;
            let (from, to) = (&source[at.clone()], &mut pixels[at]);
            if layout == Layout::Rgba {
                let (from, to) = (from.as_chunks::<4>().0, to.as_chunks_mut::<4>().0);
                sharpen_visible(row.as_chunks::<4>().0, from, to, amount);
            } else {
                sharpen(row, from, to, amount);
            }
        })?;
        self.pixels = pixels;
        Ok(self)
    }
}

wide! {
    fn sharpen(soft: &[u16], from: &[u8], to: &mut [u8], amount: f32) {
        for ((to, from), soft) in to.iter_mut().zip(from).zip(soft) {
            let (v, mean) = (f32::from(*from), f32::from(*soft) * (1.0 / 64.0));
            *to = byte(v + amount * (v - mean));
        }
    }

    fn sharpen_visible(soft: &[[u16; 4]], from: &[[u8; 4]], to: &mut [[u8; 4]], amount: f32) {
        for ((to, from), soft) in to.iter_mut().zip(from).zip(soft) {
            let a = f32::from(soft[3]);
            let by = 255.0 / if a > 1.0 { a } else { 1.0 };
            let edge = |v: u8, mean: u16| {
                let v = f32::from(v);
                byte(v + amount * (v - f32::from(mean) * by))
            };
            *to = [
                edge(from[0], soft[0]),
                edge(from[1], soft[1]),
                edge(from[2], soft[2]),
                from[3],
            ];
        }
    }
}
