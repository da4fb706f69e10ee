//! Every pixel of the result taken from somewhere else: turned, sheared, with moved corners, bent.
//!
//! Between pixels a bicubic filter looks at the sixteen around, colours weighted by alpha; outside the
//! picture all is transparent, so that edges are smooth. Where a picture shrinks by a map, that leaves
//! some aliasing: maps of this kind rarely do.

use super::simd::byte;
use super::soft::ROWS_A_LOOK;
use super::{Layout, Raster};
use crate::plan::{Arc, Size, Warp};
use crate::render::budget::Budget;
use crate::render::error::Error;

impl Raster {
    pub(super) fn warped(self, warp: &Warp, budget: &Budget) -> Result<Self, Error> {
        let [[a, b, c], [d, e, f], [g, h, i]] = warp.back;
        self.gathered(warp.size, budget, |x, y| {
            let w = g * x + h * y + i;
            // Beyond the horizon nothing is seen.
            (w > 1e-9).then(|| ((a * x + b * y + c) / w, (d * x + e * y + f) / w))
        })
    }

    pub(super) fn arced(self, arc: &Arc, budget: &Budget) -> Result<Self, Error> {
        let width = f64::from(self.size.width);
        let height = f64::from(self.size.height);
        let full = f64::from(arc.size.height);
        self.gathered(arc.size, budget, |x, y| {
            let y = if arc.hanging { full - y } else { y };
            let (dx, dy) = (x - arc.centre.0, arc.centre.1 - y);
            // Clockwise from straight up; a hanging arc is a standing one upside down.
            let turn = dx.atan2(dy);
            let along = (turn / arc.angle + 0.5) * width;
            let deep = arc.radius - dx.hypot(dy);
            let inside = turn.abs() <= arc.angle / 2.0 + 0.01;
            let deep = if arc.hanging { height - deep } else { deep };
            inside.then_some((along, deep))
        })
    }

    /// Pixels from the places that a function gives for their middles.
    fn gathered(
        self,
        size: Size,
        budget: &Budget,
        place: impl Fn(f64, f64) -> Option<(f64, f64)>,
    ) -> Result<Self, Error> {
        let source = self.into_rgba();
        let (from, _) = source.pixels.as_chunks::<4>();
        let view = View {
            pixels: from,
            width: i64::from(source.size.width),
            height: i64::from(source.size.height),
            opaque: from.iter().all(|pixel| pixel[3] == 255),
        };
        let width = size.width as usize;
        let mut pixels = vec![[0; 4]; width * size.height as usize];
        for (y, row) in pixels.chunks_exact_mut(width).enumerate() {
            if y % ROWS_A_LOOK == 0 {
                budget.check()?;
            }
            let y = y as f64 + 0.5;
            for (x, pixel) in row.iter_mut().enumerate() {
                if let Some((x, y)) = place(x as f64 + 0.5, y) {
                    *pixel = view.at(x, y);
                }
            }
        }
        Ok(Self {
            size,
            layout: Layout::Rgba,
            pixels: pixels.into_flattened(),
        })
    }
}

/// A picture to look into.
struct View<'a> {
    pixels: &'a [[u8; 4]],
    width: i64,
    height: i64,
    opaque: bool,
}

impl View<'_> {
    /// The colour at a point; pixel middles lie at halves.
    fn at(&self, x: f64, y: f64) -> [u8; 4] {
        let (x, y) = (x - 0.5, y - 0.5);
        if !(x > -2.0 && y > -2.0 && x < self.width as f64 + 1.0 && y < self.height as f64 + 1.0) {
            return [0; 4];
        }
        let (left, top) = (x.floor(), y.floor());
        let across = cubic((x - left) as f32);
        let down = cubic((y - top) as f32);
        let (left, top) = (left as i64 - 1, top as i64 - 1);
        let inside = left >= 0 && top >= 0 && left + 4 <= self.width && top + 4 <= self.height;
        let sum = match (inside, self.opaque) {
            (true, true) => self.inside::<true>(left, top, across, down),
            (true, false) => self.inside::<false>(left, top, across, down),
            _ => self.at_edge(left, top, across, down),
        };
        let [r, g, b, a] = sum;
        if a < 0.5 {
            return [0; 4];
        }
        [
            byte(r / a * 255.0),
            byte(g / a * 255.0),
            byte(b / a * 255.0),
            byte(a),
        ]
    }

    /// Sums of the sixteen pixels from `left`, `top` on, all of which there are: colours times alpha as
    /// a share of one, and alpha.
    fn inside<const OPAQUE: bool>(
        &self,
        left: i64,
        top: i64,
        across: [f32; 4],
        down: [f32; 4],
    ) -> [f32; 4] {
        let mut sum = [0.0_f32; 4];
        let mut start = (top * self.width + left) as usize;
        for down in down {
            let Some((row, _)) = self
                .pixels
                .get(start..)
                .and_then(|row| row.split_first_chunk::<4>())
            else {
                break;
            };
            for (pixel, across) in row.iter().zip(across) {
                let weight = across * down;
                let colours = pixel.map(f32::from);
                if OPAQUE {
                    for (sum, v) in sum.iter_mut().zip(colours) {
                        *sum += weight * v;
                    }
                } else {
                    let share = weight * colours[3] * (1.0 / 255.0);
                    for (sum, v) in sum
                        .iter_mut()
                        .zip([colours[0], colours[1], colours[2], 255.0])
                    {
                        *sum += share * v;
                    }
                }
            }
            start += self.width as usize;
        }
        sum
    }

    /// The same where some of the sixteen lie outside.
    fn at_edge(&self, left: i64, top: i64, across: [f32; 4], down: [f32; 4]) -> [f32; 4] {
        let mut sum = [0.0_f32; 4];
        for (y, down) in (top..).zip(down) {
            for (x, across) in (left..).zip(across) {
                if x < 0 || x >= self.width || y < 0 || y >= self.height {
                    continue;
                }
                let Some(pixel) = self.pixels.get((y * self.width + x) as usize) else {
                    continue;
                };
                let [r, g, b, a] = pixel.map(f32::from);
                let share = across * down * a * (1.0 / 255.0);
                for (sum, v) in sum.iter_mut().zip([r, g, b, 255.0]) {
                    *sum += share * v;
                }
            }
        }
        sum
    }
}

/// The weights of four neighbours in a row, the point lying `t` behind the second: Catmull and Rom's.
fn cubic(t: f32) -> [f32; 4] {
    let (t2, t3) = (t * t, t * t * t);
    [
        -0.5 * t3 + t2 - 0.5 * t,
        1.5 * t3 - 2.5 * t2 + 1.0,
        -1.5 * t3 + 2.0 * t2 + 0.5 * t,
        0.5 * t3 - 0.5 * t2,
    ]
}
