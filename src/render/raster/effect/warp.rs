//! Every pixel of the result taken from somewhere else: turned, sheared, with moved corners, bent.
//!
//! Between pixels a bicubic filter looks at the sixteen around, colours weighted by alpha; outside the
//! picture all is transparent, so that edges are smooth. Where a picture shrinks by a map, that leaves
//! some aliasing: maps of this kind rarely do. The result is made tile by tile, because a row of a turned
//! picture crosses many rows of the other.

use super::bicubic::{NOWHERE, View};
use super::simd::wide;
use super::soft::{self, ROWS_A_LOOK};
use super::{Layout, Raster};
use crate::plan::{Arc, Size, Warp};
use crate::render::budget::Budget;
use crate::render::error::Error;

/// Pixels of a row that are looked up together: what a tile of so many by 32 shows of the source stays in
/// the first-level cache.
const TILE: usize = 64;

/// Where the pixels of one row of a tile come from, in 256ths; the middle of the first pixel is at 0.
struct Places {
    x: [i32; TILE],
    y: [i32; TILE],
}

impl Raster {
    pub(super) fn warped(self, warp: &Warp, budget: &Budget) -> Result<Self, Error> {
        let [[a, b, c], [d, e, f], [g, h, i]] = warp.back;
        let straight = g == 0.0 && h == 0.0 && i == 1.0;
        // A tile's offsets in 65536ths fit 32 bits.
        if straight && a.abs() < 64.0 && d.abs() < 64.0 {
            return self.gathered(warp.size, budget, |x, y, places| {
                let (x, y) = (x as f64 + 0.5, y as f64 + 0.5);
                let from = [a * x + b * y + c, d * x + e * y + f];
                straight_on(places, from, [a, d]);
            });
        }
        self.gathered(warp.size, budget, |x, y, places| {
            each_place(places, x, y, |x, y| {
                let w = g * x + h * y + i;
                // Beyond the horizon nothing is seen.
                (w > 1e-9).then(|| ((a * x + b * y + c) / w, (d * x + e * y + f) / w))
            });
        })
    }

    pub(super) fn arced(self, arc: &Arc, budget: &Budget) -> Result<Self, Error> {
        let width = f64::from(self.size.width);
        let height = f64::from(self.size.height);
        let full = f64::from(arc.size.height);
        self.gathered(arc.size, budget, |x, y, places| {
            each_place(places, x, y, |x, y| {
                let y = if arc.hanging { full - y } else { y };
                let (dx, dy) = (x - arc.centre.0, arc.centre.1 - y);
                // Clockwise from straight up; a hanging arc is a standing one upside down.
                let turn = dx.atan2(dy);
                let along = (turn / arc.angle + 0.5) * width;
                let deep = arc.radius - dx.hypot(dy);
                let inside = turn.abs() <= arc.angle / 2.0 + 0.01;
                let deep = if arc.hanging { height - deep } else { deep };
                inside.then_some((along, deep))
            });
        })
    }

    /// Pixels from the places that a function gives for a row of a tile, which begins at `x`, `y`.
    fn gathered(
        self,
        size: Size,
        budget: &Budget,
        places: impl Fn(usize, usize, &mut Places),
    ) -> Result<Self, Error> {
        let source = self.into_rgba();
        let opaque = source.pixels.as_chunks::<4>().0.iter().all(|p| p[3] == 255);
        let weighed = if opaque {
            Vec::new()
        } else {
            soft::premultiplied(&source, budget)?
        };
        let view = View {
            pixels: &source.pixels,
            weighed: &weighed,
            width: i32::try_from(source.size.width).unwrap_or(i32::MAX),
            height: i32::try_from(source.size.height).unwrap_or(i32::MAX),
        };
        let width = size.width as usize;
        let mut pixels = vec![[0; 4]; width * size.height as usize];
        let mut from = Places {
            x: [NOWHERE; TILE],
            y: [NOWHERE; TILE],
        };
        for (band, rows) in pixels.chunks_mut(width * ROWS_A_LOOK).enumerate() {
            budget.check()?;
            for left in (0..width).step_by(TILE) {
                for (y, row) in rows.chunks_exact_mut(width).enumerate() {
                    let to = (left + TILE).min(width);
                    places(left, band * ROWS_A_LOOK + y, &mut from);
                    view.gather(&from.x, &from.y, &mut row[left..to]);
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

/// Places along a straight line: the first, in pixels, and the way to the next.
fn straight_on(places: &mut Places, from: [f64; 2], step: [f64; 2]) {
    let fixed = |v: f64| ((v - 0.5) * 65536.0).round() as i64;
    let parts = from.map(|v| {
        let v = fixed(v);
        // 256ths, and what is below them.
        (i32::try_from(v >> 8).unwrap_or(NOWHERE), (v & 255) as i32)
    });
    let step = step.map(|v| (v * 65536.0).round() as i32);
    count_on(&mut places.x, parts[0].0, parts[0].1, step[0]);
    count_on(&mut places.y, parts[1].0, parts[1].1, step[1]);
}

/// The place of every pixel of a row by a function of its middle.
fn each_place(
    places: &mut Places,
    left: usize,
    y: usize,
    place: impl Fn(f64, f64) -> Option<(f64, f64)>,
) {
    // Where nothing is seen lies farther off than this. It makes what is cut to a whole number positive.
    const FAR: f64 = 1024.0 * 256.0;
    let y = y as f64 + 0.5;
    let fixed = |v: f64| ((v - 0.5) * 256.0 + FAR + 0.5) as i32 - FAR as i32;
    for (x, (to_x, to_y)) in (left..).zip(places.x.iter_mut().zip(&mut places.y)) {
        (*to_x, *to_y) = match place(x as f64 + 0.5, y) {
            Some((x, y)) if x.abs() < FAR && y.abs() < FAR => (fixed(x), fixed(y)),
            _ => (NOWHERE, NOWHERE),
        };
    }
}

wide! {
    fn count_on(places: &mut [i32; TILE], from: i32, below: i32, step: i32) {
        for (n, place) in (0_i32..).zip(places) {
            *place = from.wrapping_add(below.wrapping_add(n.wrapping_mul(step)) >> 8);
        }
    }
}
