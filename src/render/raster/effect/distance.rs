//! How far every pixel is from a shape.

use super::Raster;
use super::soft::ROWS_A_LOOK;
use crate::render::budget::Budget;
use crate::render::error::Error;

/// Farther than anything that is asked.
const FAR: f32 = 1e9;

/// Exact distances from the middle of each pixel to that of the nearest for which `inside` holds, row by
/// row; of a grey picture. `beyond`: what lies outside the picture counts as inside.
pub(super) fn distances(
    mask: &Raster,
    inside: impl Fn(u8) -> bool,
    beyond: bool,
    budget: &Budget,
) -> Result<Vec<f32>, Error> {
    let width = mask.size.width as usize;
    // Along columns first: a pixel's distance is one more than that of the one above or below.
    let mut field: Vec<f32> = mask
        .pixels
        .iter()
        .map(|&v| if inside(v) { 0.0 } else { FAR })
        .collect();
    let edge = if beyond { 0.0 } else { FAR };
    budget.check()?;
    sweep(&mut field.chunks_exact_mut(width), width, edge);
    budget.check()?;
    sweep(&mut field.chunks_exact_mut(width).rev(), width, edge);
    // Then along rows: the lower envelope of parabolas that stand on those distances.
    let mut envelope = Envelope::default();
    let mut out = vec![0.0; width];
    for (y, row) in field.chunks_exact_mut(width).enumerate() {
        if y % ROWS_A_LOOK == 0 {
            budget.check()?;
        }
        envelope.build(row, beyond);
        envelope.read(&mut out);
        row.copy_from_slice(&out);
    }
    Ok(field)
}

fn sweep(rows: &mut dyn Iterator<Item = &mut [f32]>, width: usize, edge: f32) {
    let mut above = vec![edge; width];
    for row in rows {
        for (v, above) in row.iter_mut().zip(&mut above) {
            let next = *above + 1.0;
            if next < *v {
                *v = next;
            }
            *above = *v;
        }
    }
}

/// Parabolas in the order of their feet, and from where on each is the lowest.
#[derive(Default)]
struct Envelope {
    feet: Vec<(f32, f32)>,
    starts: Vec<f32>,
}

impl Envelope {
    fn build(&mut self, row: &[f32], beyond: bool) {
        self.feet.clear();
        self.starts.clear();
        if beyond {
            self.push(-1.0, 0.0);
        }
        for (x, &v) in row.iter().enumerate() {
            if v < FAR {
                self.push(x as f32, v * v);
            }
        }
        if beyond {
            self.push(row.len() as f32, 0.0);
        }
    }

    fn push(&mut self, x: f32, height: f32) {
        let mut start = f32::NEG_INFINITY;
        while let (Some(&(foot, low)), Some(&from)) = (self.feet.last(), self.starts.last()) {
            start = ((height + x * x) - (low + foot * foot)) / (2.0 * (x - foot));
            if start > from {
                break;
            }
            self.feet.pop();
            self.starts.pop();
            start = f32::NEG_INFINITY;
        }
        self.feet.push((x, height));
        self.starts.push(start);
    }

    fn read(&self, out: &mut [f32]) {
        let mut at = 0;
        for (x, out) in out.iter_mut().enumerate() {
            let x = x as f32;
            while self.starts.get(at + 1).is_some_and(|&start| start <= x) {
                at += 1;
            }
            *out = self
                .feet
                .get(at)
                .map_or(FAR, |&(foot, low)| ((x - foot) * (x - foot) + low).sqrt());
        }
    }
}
