//! Round corners and the line that follows them.

use super::simd::wide;
use super::{Layout, Raster, put_with_alpha, scale};
use crate::plan::{Rounding, Size};
use crate::render::budget::Budget;
use crate::render::error::Error;
use crate::spec::Colour;

/// Lines on which the curve is followed inside one row of pixels.
const LINES: u32 = 16;

impl Raster {
    /// Rounds the corners: what falls outside becomes transparent, what the curve cuts becomes
    /// transparent in part.
    pub(super) fn rounded(self, rounding: Rounding, budget: &Budget) -> Result<Self, Error> {
        let shape = Shape::new(self.size, rounding);
        let stride = self.stride().max(1);
        let mut mask = vec![0; self.size.width as usize];
        if self.layout != Layout::Rgb {
            let mut picture = self.into_rgba();
            let stride = picture.stride().max(1);
            for (y, row) in (0..).zip(picture.pixels.chunks_exact_mut(stride)) {
                budget.check()?;
                shape.cut_off(y, row.as_chunks_mut().0, &mut mask);
            }
            return Ok(picture);
        }
        // An opaque picture gets its alpha row by row, while the row is close at hand.
        let mut row = vec![[0; 4]; self.size.width as usize];
        let mut pixels = Vec::with_capacity(self.pixels.len() / 3 * 4);
        for (y, opaque) in (0..).zip(self.pixels.chunks_exact(stride)) {
            budget.check()?;
            put_with_alpha(opaque, &mut row, 255);
            shape.cut_off(y, &mut row, &mut mask);
            pixels.extend_from_slice(row.as_flattened());
        }
        Ok(Self {
            layout: Layout::Rgba,
            pixels,
            ..self
        })
    }

    /// A line around the picture; the canvas grows by `width` on every side. With `corners` the
    /// picture is rounded (if it is not already) and the line follows, its outer radii larger by its
    /// width.
    pub(super) fn bordered(self, width: u32, colour: Colour, corners: Option<Rounding>) -> Self {
        if width == 0 {
            return self;
        }
        let inner = self.size;
        let outer = Size::new(
            inner.width.saturating_add(width.saturating_mul(2)),
            inner.height.saturating_add(width.saturating_mul(2)),
        );
        let offset = i32::try_from(width).unwrap_or(i32::MAX);
        let opaque = colour.a == 255 && corners.is_none();
        let picture = if opaque {
            self.into_colour()
        } else {
            self.into_rgba()
        };
        let mut canvas = Self::filled(outer, picture.layout, colour);
        match corners {
            None => canvas.draw(&picture, offset, offset),
            Some(rounding) => canvas.frame(&picture, rounding, width),
        }
        canvas
    }

    /// Draws the picture into a canvas of the line's colour, both rounded. The canvas is RGBA.
    fn frame(&mut self, picture: &Self, rounding: Rounding, width: u32) {
        if self.layout != Layout::Rgba {
            return;
        }
        let grow = |r: f64| if r > 0.0 { r + f64::from(width) } else { 0.0 };
        let wider = Rounding(rounding.0.map(|(x, y)| (grow(x), grow(y))));
        let outside = Shape::new(self.size, wider);
        let inside = Shape::new(picture.size, rounding);
        let mut outer_mask = vec![0; self.size.width as usize];
        let mut inner_mask = vec![0; picture.size.width as usize];
        let (stride, picture_stride) = (self.stride().max(1), picture.stride().max(1));
        for (y, row) in (0..).zip(self.pixels.chunks_exact_mut(stride)) {
            let (row, _) = row.as_chunks_mut::<4>();
            outside.cut_off(y, row, &mut outer_mask);
            let Some(inner_y) = y.checked_sub(width).filter(|&y| y < picture.size.height) else {
                continue;
            };
            inside.mask(inner_y, &mut inner_mask);
            let start = inner_y as usize * picture_stride;
            let source = picture.pixels.get(start..).unwrap_or_default();
            let (source, _) = source.as_chunks::<4>();
            let target = row.iter_mut().skip(width as usize);
            for ((target, pixel), &mask) in target.zip(source).zip(&inner_mask) {
                *target = match (mask, pixel[3]) {
                    (255, 255) => *pixel,
                    _ => beside(*target, *pixel, mask),
                };
            }
        }
    }
}

wide! {
    fn masked(pixels: &mut [[u8; 4]], mask: &[u8]) {
        for (pixel, mask) in pixels.iter_mut().zip(mask) {
            pixel[3] = scale(pixel[3], *mask);
        }
    }
}

/// A pixel that the picture fills to the share `mask` and the line to the rest. The picture's alpha
/// may be cut by the same curve already, so it is capped by the mask and not multiplied again.
fn beside(line: [u8; 4], picture: [u8; 4], mask: u8) -> [u8; 4] {
    let [.., line_alpha] = line;
    let [.., picture_alpha] = picture;
    let line_share = u32::from(scale(line_alpha, 255 - mask));
    let picture_share = u32::from(picture_alpha.min(mask));
    let alpha = line_share + picture_share;
    if alpha == 0 {
        return [0; 4];
    }
    let mut out = [u8::try_from(alpha).unwrap_or(255); 4];
    for ((out, l), p) in out.iter_mut().zip(line).zip(picture).take(3) {
        let sum = u32::from(l) * line_share + u32::from(p) * picture_share;
        *out = u8::try_from((sum + alpha / 2) / alpha).unwrap_or(255);
    }
    out
}

/// A rectangle with elliptic corners.
struct Shape {
    size: Size,
    /// Top left, top right, bottom right, bottom left.
    corners: [(f64, f64); 4],
}

impl Shape {
    fn new(size: Size, rounding: Rounding) -> Self {
        let (w, h) = (f64::from(size.width), f64::from(size.height));
        let clean = |r: f64, most: f64| {
            if r.is_finite() {
                r.clamp(0.0, most)
            } else {
                0.0
            }
        };
        Self {
            size,
            corners: rounding.0.map(|(x, y)| (clean(x, w), clean(y, h))),
        }
    }

    /// Whether no corner reaches into the row.
    fn covers_row(&self, y: u32) -> bool {
        let (above, below) = (f64::from(y), f64::from(self.size.height - y - 1));
        let [tl, tr, br, bl] = self.corners;
        above >= tl.1.max(tr.1) && below >= br.1.max(bl.1)
    }

    /// Makes transparent what lies outside in a row. `mask` is as long as the row; what it holds does not count.
    fn cut_off(&self, y: u32, row: &mut [[u8; 4]], mask: &mut [u8]) {
        if !self.covers_row(y) {
            self.mask(y, mask);
            masked(row, mask);
        }
    }

    /// How much of each pixel of a row lies inside, 0 to 255.
    fn mask(&self, y: u32, mask: &mut [u8]) {
        mask.fill(255);
        if y >= self.size.height {
            return;
        }
        let [tl, tr, br, bl] = self.corners;
        let from_top = f64::from(y);
        let from_bottom = f64::from(self.size.height - y - 1);
        cut(mask, Side::Left, tl, from_top);
        cut(mask, Side::Left, bl, from_bottom);
        cut(mask, Side::Right, tr, from_top);
        cut(mask, Side::Right, br, from_bottom);
    }
}

/// Where a corner is in its row.
#[derive(Clone, Copy)]
enum Side {
    Left,
    Right,
}

/// Takes from the pixels of a row, counted from the corner's side, what lies outside the corner's
/// ellipse. `distance` is that of the row from the corner's edge.
fn cut(row: &mut [u8], side: Side, (rx, ry): (f64, f64), distance: f64) {
    if rx <= 0.0 || ry <= 0.0 || distance >= ry {
        return;
    }
    // Where the curve stands on each line, from the side.
    let mut edges = [0.0; LINES as usize];
    for (line, edge) in (0..LINES).zip(&mut edges) {
        let y = distance + (f64::from(line) + 0.5) / f64::from(LINES);
        let up = ((ry - y) / ry).clamp(0.0, 1.0);
        *edge = rx * (1.0 - (1.0 - up * up).sqrt());
    }
    // The curve goes outwards from line to line: before the last edge all is cut off, behind the first
    // nothing.
    let [first, .., last] = edges;
    let (outside, ends) = (pixels(last.floor()), pixels(first.min(rx).ceil()));
    let width = row.len();
    let all = match side {
        Side::Left => row.get_mut(..outside),
        Side::Right => row.get_mut(width.saturating_sub(outside)..),
    };
    all.unwrap_or_default().fill(0);
    for x in outside..ends {
        let place = match side {
            Side::Left => Some(x),
            Side::Right => width.checked_sub(x + 1),
        };
        let Some(value) = place.and_then(|place| row.get_mut(place)) else {
            break;
        };
        let behind = f64::from(u32::try_from(x).unwrap_or(u32::MAX)) + 1.0;
        let inside: f64 = edges
            .iter()
            .map(|edge| (behind - edge).clamp(0.0, 1.0))
            .sum();
        *value = scale(*value, share(inside / f64::from(LINES)));
    }
}

/// A whole number of pixels, which is not negative.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a radius, capped by the picture"
)]
const fn pixels(n: f64) -> usize {
    n as usize
}

/// A share of one as a share of 255.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "between 0 and 255 by the clamp"
)]
fn share(n: f64) -> u8 {
    (n.clamp(0.0, 1.0) * 255.0).round() as u8
}
