//! How far every pixel is from a shape.

use super::Raster;
use super::soft::ROWS_A_LOOK;
use crate::render::budget::Budget;
use crate::render::error::Error;

/// Farther than anything that is asked.
const FAR: f32 = 1e9;

/// Exact distances from the middle of each pixel to that of the nearest for which `inside` holds, row by
/// row; of a grey picture. Those above `reach` may come out as any number above it. `beyond`: what lies
/// outside the picture counts as inside.
pub(super) fn distances(
    mask: &Raster,
    inside: impl Fn(u8) -> bool,
    beyond: bool,
    reach: f32,
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
    for (y, row) in field.chunks_exact_mut(width).enumerate() {
        if y % ROWS_A_LOOK == 0 {
            budget.check()?;
        }
        // Most rows lie within the shape, or far from it.
        if !beyond && row.iter().all(|&v| v == 0.0) {
            continue;
        }
        envelope.build(row, beyond, reach);
        envelope.read(row, reach);
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
    fn build(&mut self, row: &[f32], beyond: bool, reach: f32) {
        self.feet.clear();
        self.starts.clear();
        if beyond {
            self.push(-1.0, 0.0);
        }
        let mut before = FAR;
        for (n, &v) in row.iter().enumerate() {
            // Between two feet on the ground a third one changes nothing for others: only the first and
            // the last of a run are needed, and those in it say so themselves.
            let after = row.get(n + 1).copied().unwrap_or(FAR);
            let within = v <= 0.0 && before <= 0.0 && after <= 0.0;
            if v <= reach && !within {
                self.push(n as f32, v * v);
            }
            before = v;
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

    /// Replaces the heights that the parabolas stand on by distances.
    fn read(&self, row: &mut [f32], reach: f32) {
        let grounded = |v: &f32| *v <= 0.0;
        let mut done = 0;
        for (n, (&(foot, low), &start)) in self.feet.iter().zip(&self.starts).enumerate() {
            let end = self.starts.get(n + 1).copied().unwrap_or(f32::INFINITY);
            // Pixels whose lowest parabola this is, as far as anybody asks.
            let from = start.max(foot - reach - 1.0).max(0.0).ceil() as usize;
            let to = (end.min(foot + reach + 1.0).floor() + 1.0).max(0.0) as usize;
            let (from, to) = (from.max(done).min(row.len()), to.min(row.len()));
            for v in &mut row[done.min(from)..from] {
                if !grounded(v) {
                    *v = FAR;
                }
            }
            for (x, v) in (from..to.max(from)).zip(&mut row[from..]) {
                let x = x as f32;
                if !grounded(v) {
                    *v = ((x - foot) * (x - foot) + low).sqrt();
                }
            }
            done = done.max(to);
        }
        for v in row.iter_mut().skip(done) {
            if !grounded(v) {
                *v = FAR;
            }
        }
    }
}
