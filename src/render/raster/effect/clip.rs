//! A picture cut along a path.

use resvg::tiny_skia::{FillRule, Mask, Path, PathBuilder, Transform};

use super::super::Raster;
use crate::plan::{Outline, Size};
use crate::render::budget::Budget;
use crate::render::error::Error;

/// Rows between two looks at the budget.
const GLANCE: usize = 64;

impl Raster {
    /// What lies outside becomes transparent; the edge is smooth.
    pub(super) fn clipped(self, outline: &Outline, budget: &Budget) -> Result<Self, Error> {
        budget.check()?;
        let size = self.size();
        let (Some(path), Some(mut mask)) =
            (path(outline, size), Mask::new(size.width, size.height))
        else {
            return Ok(self);
        };
        let rule = if outline.even_odd {
            FillRule::EvenOdd
        } else {
            FillRule::Winding
        };
        mask.fill_path(&path, rule, true, Transform::identity());
        if outline.inverted {
            mask.invert();
        }
        let mut picture = self.into_rgba();
        let stride = picture.stride().max(1);
        let rows = picture.pixels.chunks_exact_mut(stride);
        let covers = mask.data().chunks_exact(size.width.max(1) as usize);
        for (n, (row, cover)) in rows.zip(covers).enumerate() {
            if n % GLANCE == 0 {
                budget.check()?;
            }
            for (pixel, &cover) in row.as_chunks_mut::<4>().0.iter_mut().zip(cover) {
                let alpha = (u16::from(pixel[3]) * u16::from(cover) + 127) / 255;
                pixel[3] = u8::try_from(alpha).unwrap_or(u8::MAX);
            }
        }
        Ok(picture)
    }
}

/// The path in pixels.
fn path(outline: &Outline, size: Size) -> Option<Path> {
    #[allow(
        clippy::cast_possible_truncation,
        reason = "the painter works in single precision"
    )]
    let place = |(x, y): (f64, f64)| {
        (
            (x * f64::from(size.width)) as f32,
            (y * f64::from(size.height)) as f32,
        )
    };
    let mut path = PathBuilder::new();
    for knots in &outline.loops {
        let Some(first) = knots.first() else { continue };
        let (x, y) = place(first.at);
        path.move_to(x, y);
        let following = knots.iter().skip(1).chain([first]);
        for (from, to) in knots.iter().zip(following) {
            let ((x1, y1), (x2, y2), (x, y)) = (place(from.after), place(to.before), place(to.at));
            path.cubic_to(x1, y1, x2, y2, x, y);
        }
        path.close();
    }
    path.finish()
}
