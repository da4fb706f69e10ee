//! Every pixel of the result taken from somewhere else: turned, sheared, with moved corners, bent.
//!
//! Between pixels a bicubic filter looks at the sixteen around, colours weighted by alpha; outside the
//! picture all is transparent, so that edges are smooth. Where a picture shrinks by a map, that leaves
//! some aliasing: maps of this kind rarely do.

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
        let mut sum = [0.0_f32; 4];
        for (y, down) in (top..).zip(down) {
            if y < 0 || y >= self.height {
                continue;
            }
            let row = (y * self.width) as usize;
            for (x, across) in (left..).zip(across) {
                if x < 0 || x >= self.width {
                    continue;
                }
                let Some([r, g, b, a]) = self.pixels.get(row + x as usize) else {
                    continue;
                };
                let weight = across * down * f32::from(*a);
                sum[0] += weight * f32::from(*r);
                sum[1] += weight * f32::from(*g);
                sum[2] += weight * f32::from(*b);
                sum[3] += weight;
            }
        }
        let [r, g, b, a] = sum;
        if a < 0.5 {
            return [0; 4];
        }
        let sample = |v: f32| v.round().clamp(0.0, 255.0) as u8;
        [sample(r / a), sample(g / a), sample(b / a), sample(a)]
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
