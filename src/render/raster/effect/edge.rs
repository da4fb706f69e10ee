//! What follows the edge of a shape: outlines and shadows.

use super::distance::distances;
use super::simd::{byte, wide};
use super::soft::ROWS_A_LOOK;
use super::{Layout, Raster, over, scale};
use crate::plan::Size;
use crate::render::budget::Budget;
use crate::render::error::Error;
use crate::spec::{Colour, OutlineMode};

/// From this alpha on a pixel belongs to the shape.
const SHAPE: u8 = 128;
/// How dark a dropped shadow is. Assumed.
const DROPPED_OPACITY: f32 = 0.6;
/// Standard deviation of a dropped shadow's edge where it touches the ground, in pixels. Assumed.
const TOUCHING_SIGMA: f64 = 0.8;

impl Raster {
    /// A line along the edge of what is opaque. The canvas grows by the width where the line lies outside.
    pub(super) fn outlined(
        self,
        mode: OutlineMode,
        width: u32,
        sigma: f64,
        colour: Colour,
        budget: &Budget,
    ) -> Result<Self, Error> {
        let grows = !matches!(mode, OutlineMode::Inner | OutlineMode::InnerFill);
        let picture = if grows {
            self.grown([width; 4])
        } else {
            self.into_rgba()
        };
        let shape = picture.opacity();
        let reach = width as f32;
        let mut out = picture;
        if grows {
            let far = distances(&shape, |v| v >= SHAPE, false, reach + 1.0, budget)?;
            let wider = shape
                .of_same_size(
                    far.iter()
                        .zip(&shape.pixels)
                        .map(|(&far, &own)| own.max(coverage(reach + 0.5 - far))),
                )
                .blurred(sigma, budget)?;
            out = if mode == OutlineMode::Fill {
                wider.coloured(colour)
            } else {
                out.placed_over(&wider, colour, budget)?
            };
        }
        match mode {
            OutlineMode::Both | OutlineMode::Inner => {
                let far = distances(&shape, |v| v < SHAPE, true, reach + 1.0, budget)?;
                let ring = shape
                    .of_same_size(far.iter().map(|&far| {
                        if far <= 0.0 {
                            255
                        } else {
                            coverage(reach + 0.5 - far)
                        }
                    }))
                    .blurred(sigma, budget)?;
                // Only inside the shape: outside lies the other half of the line, or nothing.
                let ring = shape.of_same_size(
                    ring.pixels
                        .iter()
                        .zip(&shape.pixels)
                        .map(|(&ring, &own)| scale(ring, own)),
                );
                out.covered(&ring, colour, budget)
            }
            OutlineMode::InnerFill => Ok(shape.coloured(colour)),
            OutlineMode::Outer | OutlineMode::Fill => Ok(out),
        }
    }

    /// A soft silhouette under the picture.
    pub(super) fn shadowed(
        self,
        sigma: f64,
        colour: Colour,
        (x, y): (i32, i32),
        grow: [u32; 4],
        budget: &Budget,
    ) -> Result<Self, Error> {
        let picture = self.grown(grow);
        let silhouette = picture.opacity().moved(x, y).blurred(sigma, budget)?;
        picture.placed_over(&silhouette, colour, budget)
    }

    /// The silhouette laid on the ground behind the picture, softer the farther it falls.
    pub(super) fn with_dropped_shadow(
        self,
        (cast_x, cast_y): (f64, f64),
        spread: f64,
        budget: &Budget,
    ) -> Result<Self, Error> {
        const FLATTEST: f64 = 0.02;
        let picture = self.into_rgba();
        let shape = picture.opacity();
        let Some(content) = picture.content(Some(Colour::TRANSPARENT), 0.0) else {
            return Ok(picture);
        };
        if cast_x.hypot(cast_y) < FLATTEST {
            return Ok(picture);
        }
        let cast_y = if cast_y.abs() < FLATTEST {
            FLATTEST.copysign(cast_y)
        } else {
            cast_y
        };
        let ground = f64::from(content.top + content.height);
        let most = f64::from(content.height);
        let far = shape.clone().blurred(spread * most, budget)?;
        let near = shape
            .clone()
            .blurred(TOUCHING_SIGMA.min(spread * most), budget)?;
        let (width, height) = (shape.size.width as usize, shape.size.height as usize);
        let mut shadow = vec![0; shape.pixels.len()];
        for (y, row) in shadow.chunks_exact_mut(width).enumerate() {
            if y % ROWS_A_LOOK == 0 {
                budget.check()?;
            }
            let high = (y as f64 + 0.5 - ground) / cast_y;
            if high < 0.0 || high > most + 3.0 * spread * most {
                continue;
            }
            let from_y = ground - high - 0.5;
            let share = (high / most).clamp(0.0, 1.0) as f32;
            if from_y < 0.0 || from_y as usize >= height {
                continue;
            }
            let start = from_y as usize * width;
            for (x, out) in row.iter_mut().enumerate() {
                let from_x = x as f64 - cast_x * high;
                if from_x < 0.0 || from_x as usize >= width {
                    continue;
                }
                let at = start + from_x as usize;
                let (near, far) = (f32::from(near.pixels[at]), f32::from(far.pixels[at]));
                *out = ((near + (far - near) * share) * DROPPED_OPACITY) as u8;
            }
        }
        let shadow = shape.of_same_size(shadow.into_iter());
        // Taking the nearest pixel leaves steps; the least blur hides them.
        let shadow = shadow.blurred(TOUCHING_SIGMA, budget)?;
        picture.placed_over(&shadow, Colour::BLACK, budget)
    }

    /// On a larger transparent canvas: more at the left, the top, the right, the bottom.
    fn grown(self, [left, top, right, bottom]: [u32; 4]) -> Self {
        let size = Size::new(
            self.size.width.saturating_add(left).saturating_add(right),
            self.size.height.saturating_add(top).saturating_add(bottom),
        );
        let at = |n: u32| i32::try_from(n).unwrap_or(i32::MAX);
        self.on_clear_canvas(size, at(left), at(top))
    }

    /// Alpha as a grey picture.
    fn opacity(&self) -> Self {
        let pixels = match self.layout {
            Layout::Rgba => {
                let mut alphas = vec![0; self.pixels.len() / 4];
                alphas_of(self.pixels.as_chunks::<4>().0, &mut alphas);
                alphas
            }
            _ => vec![255; self.size.width as usize * self.size.height as usize],
        };
        Self {
            size: self.size,
            layout: Layout::Grey,
            pixels,
        }
    }

    fn of_same_size(&self, samples: impl Iterator<Item = u8>) -> Self {
        Self {
            size: self.size,
            layout: Layout::Grey,
            pixels: samples.collect(),
        }
    }

    /// A grey picture moved inside its own size, nothing coming in from outside.
    fn moved(&self, x: i32, y: i32) -> Self {
        let mut out = Self::filled(self.size, Layout::Grey, Colour::BLACK);
        out.draw(self, x, y);
        out
    }

    /// A grey picture as the alpha of a colour.
    fn coloured(&self, colour: Colour) -> Self {
        let Colour { r, g, b, a } = colour;
        let pixels = super::super::flat(self.pixels.iter().map(|&v| [r, g, b, scale(v, a)]));
        Self {
            size: self.size,
            layout: Layout::Rgba,
            pixels,
        }
    }

    /// Over a silhouette of the same size in a colour.
    fn placed_over(
        mut self,
        silhouette: &Self,
        colour: Colour,
        budget: &Budget,
    ) -> Result<Self, Error> {
        self.each_beside(silhouette, budget, |pixel, &share| match pixel[3] {
            255 => {}
            0 => *pixel = painted(colour, share),
            _ => *pixel = over(*pixel, painted(colour, share)),
        })?;
        Ok(self)
    }

    /// Under a silhouette of the same size in a colour.
    fn covered(
        mut self,
        silhouette: &Self,
        colour: Colour,
        budget: &Budget,
    ) -> Result<Self, Error> {
        self.each_beside(silhouette, budget, |pixel, &share| {
            if share > 0 {
                *pixel = over(painted(colour, share), *pixel);
            }
        })?;
        Ok(self)
    }

    /// Every pixel of an RGBA picture with the one of a grey picture of the same size.
    fn each_beside(
        &mut self,
        grey: &Self,
        budget: &Budget,
        change: impl Fn(&mut [u8; 4], &u8),
    ) -> Result<(), Error> {
        let band = grey.stride().max(1) * ROWS_A_LOOK;
        let pixels = self.pixels.as_chunks_mut::<4>().0;
        for (pixels, grey) in pixels.chunks_mut(band).zip(grey.pixels.chunks(band)) {
            budget.check()?;
            for (pixel, share) in pixels.iter_mut().zip(grey) {
                change(pixel, share);
            }
        }
        Ok(())
    }
}

wide! {
    fn alphas_of(pixels: &[[u8; 4]], alphas: &mut [u8]) {
        for (alpha, pixel) in alphas.iter_mut().zip(pixels) {
            *alpha = pixel[3];
        }
    }
}

/// A colour of less opacity.
fn painted(colour: Colour, share: u8) -> [u8; 4] {
    [colour.r, colour.g, colour.b, scale(share, colour.a)]
}

/// How much of a pixel a line covers whose edge lies this far beyond its near side.
fn coverage(over: f32) -> u8 {
    byte(over * 255.0)
}
