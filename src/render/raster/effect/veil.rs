//! Parts of a picture made unrecognizable: faces.

use super::simd::byte;
use super::{Layout, Raster, mix};
use crate::plan::{Rect, Veil};
use crate::render::budget::Budget;
use crate::render::error::Error;

/// From this share of the way to an oval's edge on the blur gives way to the picture.
const SOFT_FROM: f32 = 0.8;

impl Raster {
    /// Every area blurred, in an oval with a soft edge, or put into squares.
    pub(super) fn veiled(
        mut self,
        veil: Veil,
        areas: &[Rect],
        budget: &Budget,
    ) -> Result<Self, Error> {
        for area in areas {
            let part = self.part(*area);
            let (left, top) = (area.left, area.top);
            let part = match veil {
                Veil::Cells(cell) => part.pixelated(cell, budget)?,
                Veil::Blur(sigma) => {
                    let soft = part.clone().blurred(sigma, budget)?;
                    part.with_oval_of(&soft)
                }
            };
            let at = |n: u32| i32::try_from(n).unwrap_or(i32::MAX);
            if part.layout != self.layout {
                self = self.into_colour();
            }
            self.draw(&part, at(left), at(top));
        }
        Ok(self)
    }

    /// The middle of another picture of the same kind and size, in an oval that touches the sides.
    fn with_oval_of(mut self, other: &Self) -> Self {
        let samples = self.layout.bytes();
        let clear = self.layout == Layout::Rgba;
        let (width, height) = (self.size.width as usize, self.size.height as usize);
        let square = |n: usize, side: usize| {
            let far = (n as f32 + 0.5) * 2.0 / side as f32 - 1.0;
            far * far
        };
        let across: Vec<f32> = (0..width).map(|x| square(x, width)).collect();
        let stride = self.stride();
        let rows = self.pixels.chunks_exact_mut(stride);
        for (y, (row, soft)) in rows.zip(other.pixels.chunks_exact(stride)).enumerate() {
            let down = square(y, height);
            let pixels = row
                .chunks_exact_mut(samples)
                .zip(soft.chunks_exact(samples));
            for ((pixel, soft), across) in pixels.zip(&across) {
                let far = (across + down).sqrt();
                let share = byte((1.0 - far) / (1.0 - SOFT_FROM) * 255.0);
                // A colour that is not seen must not mix with one that is.
                if clear && (pixel[samples - 1] == 0 || soft[samples - 1] == 0) {
                    if share >= 128 {
                        pixel.copy_from_slice(soft);
                    }
                    continue;
                }
                for (v, soft) in pixel.iter_mut().zip(soft) {
                    *v = mix(*v, *soft, share);
                }
            }
        }
        self
    }
}
