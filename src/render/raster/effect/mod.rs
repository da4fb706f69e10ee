//! Effects: one file a family.
//!
//! | file | what |
//! | --- | --- |
//! | [`point`], `tone`, `hue` | each pixel by its own colour, several effects in one pass |
//! | [`balance`] | what is measured on the picture first |
//! | [`soft`], `pairs`, [`sharpen`] | blur, and what is made of it |
//! | [`cells`] | pixelation, dithering |
//! | [`veil`] | faces made unrecognizable |
//! | [`fade`] | what depends on the place: vignette, fading, stripes |
//! | [`warp`], `bicubic` | turning, shearing, moving corners, bending |
//! | [`clip`] | cutting along the path in the file |
//! | [`key`], `lab` | colours found by likeness: replaced, made transparent, cut off |
//! | [`shape`] | erosion and dilation |
//! | [`edge`] | outlines and shadows |
//! | [`paint`] | oil, cartoon, few colours |
//!
//! Colours under full transparency mean nothing; no effect lets them bleed into what is seen.

mod balance;
mod bicubic;
mod cells;
mod clip;
mod distance;
mod edge;
mod fade;
mod hue;
mod key;
pub(super) mod lab;
mod paint;
mod pairs;
mod point;
mod shape;
mod sharpen;
mod soft;
mod tone;
mod veil;
mod warp;

use super::{Layout, Raster, Table, mix, over, scale, simd};
use crate::plan::{EffectStep, Step};
use crate::render::budget::Budget;
use crate::render::error::Error;

impl Raster {
    /// The steps in order; effects that look at one pixel at a time are done together.
    ///
    /// # Errors
    ///
    /// As [`Raster::apply`].
    pub fn apply_all(mut self, steps: &[Step], budget: &Budget) -> Result<Self, Error> {
        let mut rest = steps;
        while let [step, tail @ ..] = rest {
            let points = point::leading(rest);
            if points.len() > 1 {
                self = self.pointed(&points, budget)?;
                rest = rest.get(points.len()..).unwrap_or_default();
            } else {
                self = self.apply(step, budget)?;
                rest = tail;
            }
        }
        Ok(self)
    }

    pub(super) fn affected(self, effect: &EffectStep, budget: &Budget) -> Result<Self, Error> {
        if let EffectStep::Point(point) = effect {
            return self.pointed(&[point], budget);
        }
        self.without_hidden_colours().measured(effect, budget)
    }

    /// Colours under full transparency become one, so that nothing depends on them.
    fn without_hidden_colours(mut self) -> Self {
        if self.layout == Layout::Rgba {
            for pixel in self.pixels.as_chunks_mut::<4>().0 {
                if pixel[3] == 0 {
                    *pixel = [0; 4];
                }
            }
        }
        self
    }

    /// Effects that look at more than one pixel.
    fn measured(self, effect: &EffectStep, budget: &Budget) -> Result<Self, Error> {
        match effect {
            EffectStep::Point(point) => self.pointed(&[point], budget),
            EffectStep::Balance { what, share } => self.balanced(*what, *share, budget),
            EffectStep::FillLight { share, bias } => self.filled_with_light(*share, *bias, budget),
            EffectStep::Sepia { level } => self.sepia(*level, budget),
            EffectStep::Tint {
                share,
                equalize,
                gradient,
            } => self.tinted(*share, *equalize, gradient, budget),
            EffectStep::Blur { sigma, area } => match area {
                None => self.blurred(*sigma, budget),
                Some(area) => self.within(*area, |part| part.blurred(*sigma, budget)),
            },
            EffectStep::Veil { veil, areas } => self.veiled(*veil, areas, budget),
            EffectStep::Sharpen { sigma, amount } => self.sharpened(*sigma, *amount, budget),
            EffectStep::Pixelate { cell, area } => match area {
                None => self.pixelated(*cell, budget),
                Some(area) => self.within(*area, |part| part.pixelated(*cell, budget)),
            },
            EffectStep::OilPaint { radius } => self.oil_painted(*radius, budget),
            EffectStep::Cartoon { lines, tones } => self.cartooned(*lines, *tones, budget),
            EffectStep::Morphology {
                method,
                iterations,
                kernel,
                radius,
            } => self.morphed(*method, *iterations, *kernel, *radius, budget),
            EffectStep::Dither { pattern } => self.dithered(*pattern, budget),
            EffectStep::Posterize {
                colours,
                speckle,
                sigma,
            } => self.posterized(*colours, *speckle, *sigma, budget),
            EffectStep::Vignette { level } => self.vignetted(*level, budget),
            EffectStep::Stripes { strength } => self.striped(*strength, budget),
            EffectStep::Fade(fade) => self.faded_towards_edges(*fade, budget),
            EffectStep::ReplaceColour {
                to,
                from,
                tolerance,
            } => self.recoloured(*to, *from, *tolerance, budget),
            EffectStep::MakeTransparent { colour, tolerance } => {
                self.without_colour(*colour, *tolerance, budget)
            }
            EffectStep::KeyBackground { colour, screen } => {
                self.without_background(*colour, *screen, budget)
            }
            EffectStep::Theme {
                colour,
                sensitivity,
            } => self.themed(*colour, *sensitivity, budget),
            EffectStep::RedEye => self.without_red_eyes(budget),
            EffectStep::Outline {
                mode,
                width,
                sigma,
                colour,
            } => self.outlined(*mode, *width, *sigma, *colour, budget),
            EffectStep::Shadow {
                sigma,
                colour,
                offset,
                grow,
            } => self.shadowed(*sigma, *colour, *offset, *grow, budget),
            EffectStep::DropShadow { cast, spread } => {
                self.with_dropped_shadow(*cast, *spread, budget)
            }
            EffectStep::Clip(outline) => self.clipped(outline, budget),
            // Not moving, it stands at its beginning; `render::travel` knows the other frames.
            EffectStep::Travel(travel) => {
                let from = travel.region(0, self.size);
                self.resampled(from, travel.size)
            }
            EffectStep::Warp(warp) => self.warped(warp, budget),
            EffectStep::Arc(arc) => self.arced(arc, budget),
            EffectStep::Trim {
                colour, tolerance, ..
            } => Ok(self.trimmed(*colour, *tolerance)),
        }
    }
}
