//! The room where every picture is the same: rows of 8-bit samples, one step after the other.

mod backdrop;
mod canvas;
mod colour;
mod effect;
mod overlay;
mod planes;
mod resample;
mod round;
mod simd;
mod table;
mod turn;

use std::borrow::Cow;

use super::budget::Budget;
use super::error::Error;
use crate::plan::{Paint, Size, Step};
use crate::spec::Colour;

pub(super) use colour::{Coded, ColourSpace, Deep, luminance, narrow, to_srgb};
pub(super) use planes::Planes;
pub(super) use table::Table;

/// What the samples of a pixel are, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// One: light.
    Grey,
    /// Three, opaque.
    Rgb,
    /// Four, alpha straight (not multiplied into the others).
    Rgba,
    /// Four: ink, 255 for all of it. Only between a decoder and [`to_srgb`].
    Cmyk,
}

impl Layout {
    /// Bytes a pixel.
    pub const fn bytes(self) -> usize {
        match self {
            Self::Grey => 1,
            Self::Rgb => 3,
            Self::Rgba | Self::Cmyk => 4,
        }
    }
}

/// A picture in memory: rows without padding, top to bottom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Raster {
    size: Size,
    layout: Layout,
    pixels: Vec<u8>,
}

impl Raster {
    /// Takes the pixels; `None` when their count is not `size` times the bytes of a pixel.
    pub fn new(size: Size, layout: Layout, pixels: Vec<u8>) -> Option<Self> {
        (Some(pixels.len()) == buffer_len(size, layout)).then_some(Self {
            size,
            layout,
            pixels,
        })
    }

    pub const fn size(&self) -> Size {
        self.size
    }

    pub const fn layout(&self) -> Layout {
        self.layout
    }

    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    pub fn into_pixels(self) -> Vec<u8> {
        self.pixels
    }

    /// Bytes a row.
    pub fn stride(&self) -> usize {
        self.size.width as usize * self.layout.bytes()
    }

    /// Grey, RGB or RGBA as RGB or RGBA: where a step paints, three colours are needed.
    pub fn into_colour(self) -> Self {
        match self.layout {
            Layout::Grey => {
                let pixels = flat(self.pixels.iter().map(|&v| [v; 3]));
                Self {
                    layout: Layout::Rgb,
                    pixels,
                    ..self
                }
            }
            _ => self,
        }
    }

    /// As [`into_colour`](Self::into_colour), without a copy of what is RGB or RGBA already.
    pub fn as_colour(&self) -> Cow<'_, Self> {
        match self.layout {
            Layout::Grey => Cow::Owned(self.clone().into_colour()),
            _ => Cow::Borrowed(self),
        }
    }

    /// With an alpha sample, opaque where there was none.
    pub fn into_rgba(self) -> Self {
        let pixels = match self.layout {
            Layout::Grey => flat(self.pixels.iter().map(|&v| [v, v, v, 255])),
            Layout::Rgb => with_alpha(&self.pixels, 255),
            Layout::Rgba | Layout::Cmyk => return self,
        };
        Self {
            layout: Layout::Rgba,
            pixels,
            ..self
        }
    }

    /// Without an alpha sample that says nothing.
    pub fn without_idle_alpha(self) -> Self {
        if self.layout != Layout::Rgba {
            return self;
        }
        let (rgba, _) = self.pixels.as_chunks::<4>();
        if rgba.iter().any(|&[.., a]| a != 255) {
            return self;
        }
        let pixels = flat(rgba.iter().map(|&[r, g, b, _]| [r, g, b]));
        Self {
            layout: Layout::Rgb,
            pixels,
            ..self
        }
    }

    /// One step. Sizes are checked before anything is allocated.
    ///
    /// # Errors
    ///
    /// [`Error::OverLimit`] when the step would make a picture over the limits.
    pub fn apply(self, step: &Step, budget: &Budget) -> Result<Self, Error> {
        budget.check()?;
        budget.limits().picture(step.size_after(self.size))?;
        Ok(match *step {
            Step::Effect(ref effect) => self.affected(effect, budget)?,
            Step::Turn(turn) => self.turned(turn, budget)?,
            Step::Resample { from, to } => self.resampled(from, to)?,
            Step::Canvas {
                size,
                left,
                top,
                fill,
            } => self.on_canvas(size, left, top, fill, budget)?,
            Step::Round(rounding) => self.rounded(rounding, budget)?,
            Step::Border {
                width,
                colour,
                corners,
            } => self.bordered(width, colour, corners),
            Step::Opacity(opacity) => self.faded(opacity),
            Step::Flatten(paint) => self.on_paint(paint, budget)?,
            // What these need beside the picture, `render::follow` has.
            Step::Overlay(_) | Step::ColourTable { .. } => self,
        })
    }

    /// Multiplies the opacity.
    fn faded(self, opacity: u8) -> Self {
        if opacity == 255 {
            return self;
        }
        if self.layout == Layout::Rgb {
            return Self {
                layout: Layout::Rgba,
                pixels: with_alpha(&self.pixels, opacity),
                ..self
            };
        }
        let mut faded = self.into_rgba();
        fade(faded.pixels.as_chunks_mut::<4>().0, opacity);
        faded
    }

    /// Puts a colour behind everything transparent.
    pub fn flattened(self, paint: Paint) -> Self {
        if self.layout != Layout::Rgba {
            return self;
        }
        let behind = self.paint(paint);
        if behind.a == 255 {
            let (rgba, _) = self.pixels.as_chunks::<4>();
            let mut pixels = vec![0; rgba.len() * 3];
            let colour = [behind.r, behind.g, behind.b];
            put_before(rgba, pixels.as_chunks_mut().0, colour);
            return Self {
                layout: Layout::Rgb,
                pixels,
                ..self
            };
        }
        let mut flat = self;
        let (rgba, _) = flat.pixels.as_chunks_mut::<4>();
        for pixel in rgba {
            *pixel = over(*pixel, [behind.r, behind.g, behind.b, behind.a]);
        }
        flat
    }

    /// The colour that a paint stands for on this picture.
    fn paint(&self, paint: Paint) -> Colour {
        match paint {
            Paint::Colour(colour) => colour,
            Paint::Own(own) => self
                .own_colours(&own)
                .first()
                .copied()
                .unwrap_or(Colour::WHITE),
            Paint::EdgeColour | Paint::Blurred { .. } | Paint::Continued => self.edge_colour(),
        }
    }
}

/// RGB as RGBA, all of one alpha.
fn with_alpha(rgb: &[u8], alpha: u8) -> Vec<u8> {
    let mut out = vec![[0; 4]; rgb.len() / 3];
    put_with_alpha(rgb, &mut out, alpha);
    out.into_flattened()
}

fn put_with_alpha(rgb: &[u8], out: &mut [[u8; 4]], alpha: u8) {
    // Four pixels are three words, and four.
    let (fours, rest) = rgb.as_chunks::<12>();
    let (to, to_rest) = out.as_chunks_mut::<4>();
    widen(fours, to, u32::from(alpha) << 24);
    for (to, &[r, g, b]) in to_rest.iter_mut().zip(rest.as_chunks::<3>().0) {
        *to = [r, g, b, alpha];
    }
}

simd::wide! {
    fn widen(fours: &[[u8; 12]], to: &mut [[[u8; 4]; 4]], alpha: u32) {
        for (to, from) in to.iter_mut().zip(fours) {
            let [a, b, c, d, e, f, g, h, i, j, k, l] = *from;
            let first = u32::from_le_bytes([a, b, c, d]);
            let second = u32::from_le_bytes([e, f, g, h]);
            let third = u32::from_le_bytes([i, j, k, l]);
            let colours = [first, first >> 24 | second << 8, second >> 16 | third << 16, third >> 8];
            *to = colours.map(|v| (v & 0x00ff_ffff | alpha).to_le_bytes());
        }
    }

    fn put_before(pixels: &[[u8; 4]], out: &mut [[u8; 3]], behind: [u8; 3]) {
        for (out, pixel) in out.iter_mut().zip(pixels) {
            let alpha = pixel[3];
            *out = [
                mix(behind[0], pixel[0], alpha),
                mix(behind[1], pixel[1], alpha),
                mix(behind[2], pixel[2], alpha),
            ];
        }
    }

    fn fade(pixels: &mut [[u8; 4]], opacity: u8) {
        for pixel in pixels {
            pixel[3] = scale(pixel[3], opacity);
        }
    }
}

/// Pixels as bytes.
fn flat<const N: usize>(pixels: impl Iterator<Item = [u8; N]>) -> Vec<u8> {
    pixels.collect::<Vec<_>>().into_flattened()
}

/// Bytes of a picture, where they can be counted.
pub(super) fn buffer_len(size: Size, layout: Layout) -> Option<usize> {
    usize::try_from(size.pixels())
        .ok()?
        .checked_mul(layout.bytes())
}

/// `a * b / 255`, rounded.
#[inline(always)]
pub(super) fn scale(a: u8, b: u8) -> u8 {
    part_of(u16::from(a).wrapping_mul(u16::from(b)))
}

/// `bottom` covered by `top` with an opacity of `alpha`.
#[inline(always)]
fn mix(bottom: u8, top: u8, alpha: u8) -> u8 {
    let above = u16::from(top).wrapping_mul(u16::from(alpha));
    let below = u16::from(bottom).wrapping_mul(u16::from(!alpha));
    part_of(above.wrapping_add(below))
}

/// `n / 255`, rounded; of at most 255 * 255, so that nothing here leaves 16 bits.
#[inline(always)]
fn part_of(n: u16) -> u8 {
    let n = n.wrapping_add(128);
    (n.wrapping_add(n >> 8) >> 8) as u8
}

/// One straight-alpha pixel over another.
pub(super) fn over(top: [u8; 4], bottom: [u8; 4]) -> [u8; 4] {
    let [.., top_alpha] = top;
    let [.., bottom_alpha] = bottom;
    let seen = scale(bottom_alpha, 255 - top_alpha);
    let alpha = u32::from(top_alpha) + u32::from(seen);
    if alpha == 0 {
        return [0; 4];
    }
    let mut out = [u8::try_from(alpha).unwrap_or(255); 4];
    for ((out, t), b) in out.iter_mut().zip(top).zip(bottom).take(3) {
        let sum = u32::from(t) * u32::from(top_alpha) + u32::from(b) * u32::from(seen);
        *out = u8::try_from((sum + alpha / 2) / alpha).unwrap_or(255);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_and_mixtures_are_rounded_to_the_nearest() {
        for a in 0..=255_u8 {
            for b in 0..=255_u8 {
                // Halves cannot occur: 255 is odd.
                let exact = (f64::from(a) * f64::from(b) / 255.0).round();
                assert_eq!(f64::from(scale(a, b)), exact, "{a} times {b}");
                for top in [0, 1, 77, 128, 254, 255_u8] {
                    let sum = f64::from(top) * f64::from(b) + f64::from(a) * f64::from(255 - b);
                    assert_eq!(
                        f64::from(mix(a, top, b)),
                        (sum / 255.0).round(),
                        "{top} over {a} by {b}"
                    );
                }
            }
        }
    }

    /// Against the formula in 64-bit floats: as it is seen a sample is at most one step off.
    #[test]
    fn a_pixel_over_another_is_what_the_formula_says() {
        let steps = [0, 1, 2, 3, 50, 127, 128, 200, 253, 254, 255_u8];
        for (top_alpha, bottom_alpha) in steps
            .iter()
            .flat_map(|&a| steps.iter().map(move |&b| (a, b)))
        {
            for (top, bottom) in steps
                .iter()
                .flat_map(|&a| steps.iter().map(move |&b| (a, b)))
            {
                let [out, .., alpha] = over([top, 0, 0, top_alpha], [bottom, 0, 0, bottom_alpha]);
                let seen = f64::from(bottom_alpha) * f64::from(255 - top_alpha) / 255.0;
                let exact_alpha = f64::from(top_alpha) + seen;
                let exact = f64::from(top) * f64::from(top_alpha) + f64::from(bottom) * seen;
                let off = (f64::from(out) * f64::from(alpha) - exact).abs() / 255.0;
                assert!(
                    (f64::from(alpha) - exact_alpha).abs() <= 0.5 && off <= 1.0,
                    "{top}/{top_alpha} over {bottom}/{bottom_alpha}: {out}/{alpha}"
                );
            }
        }
    }
}
