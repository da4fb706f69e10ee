//! Where the eye goes: a grid over a picture, and the box that holds most of it.

use super::facts::Size;
use super::raster::{Region, Step};
use super::seen::place_before;

/// A grid over a picture: how much each cell draws the eye.
#[derive(Clone, Debug, PartialEq)]
pub struct Attention {
    columns: usize,
    /// Row by row; at least one cell.
    weights: Vec<f32>,
}

/// How much more a cell inside a face counts than the most interesting cell outside.
const FACE_WEIGHT: f32 = 3.0;

/// Steps along each axis in which the best place is looked for.
const TRIES: u32 = 48;

impl Attention {
    /// A grid of so many columns; `None` unless the rows are whole and there is one.
    #[must_use]
    pub fn new(columns: usize, weights: Vec<f32>) -> Option<Self> {
        let whole = columns > 0 && !weights.is_empty() && weights.len().is_multiple_of(columns);
        whole.then_some(Self { columns, weights })
    }

    fn rows(&self) -> usize {
        self.weights.len() / self.columns
    }

    /// With faces counted in.
    pub(super) fn with_faces(&self, faces: &[Region]) -> Self {
        let mut weights = self.weights.clone();
        let (columns, rows) = (as_f64(self.columns), as_f64(self.rows()));
        let most = weights.iter().copied().fold(f32::EPSILON, f32::max);
        for (row, line) in weights.chunks_exact_mut(self.columns).enumerate() {
            for (column, weight) in line.iter_mut().enumerate() {
                let (x, y) = ((as_f64(column) + 0.5) / columns, (as_f64(row) + 0.5) / rows);
                if faces.iter().any(|face| holds(face, x, y)) {
                    *weight += most * FACE_WEIGHT;
                }
            }
        }
        Self {
            columns: self.columns,
            weights,
        }
    }

    /// The weight inside a box given in shares; cells that it cuts count by the part inside.
    fn inside(&self, sums: &[f64], area: Region) -> f64 {
        let (columns, rows) = (as_f64(self.columns), as_f64(self.rows()));
        let at = |x: f64, y: f64| self.sum_to(sums, x * columns, y * rows);
        let (right, bottom) = (area.x + area.width, area.y + area.height);
        at(right, bottom) - at(area.x, bottom) - at(right, area.y) + at(area.x, area.y)
    }

    /// Sums of all cells above and to the left of each corner: one row and one column more than cells.
    fn sums(&self) -> Vec<f64> {
        let width = self.columns + 1;
        let mut sums = vec![0.0; width * (self.rows() + 1)];
        for (row, line) in self.weights.chunks_exact(self.columns).enumerate() {
            let mut along = 0.0;
            for (column, weight) in line.iter().enumerate() {
                along += f64::from(*weight);
                let above = sums.get(row * width + column + 1).copied().unwrap_or(0.0);
                if let Some(sum) = sums.get_mut((row + 1) * width + column + 1) {
                    *sum = above + along;
                }
            }
        }
        sums
    }

    /// The sum up to a point between corners.
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to the grid, which is small"
    )]
    fn sum_to(&self, sums: &[f64], x: f64, y: f64) -> f64 {
        let (x, y) = (
            x.clamp(0.0, as_f64(self.columns)),
            y.clamp(0.0, as_f64(self.rows())),
        );
        let (left, top) = (x.floor() as usize, y.floor() as usize);
        let (fx, fy) = (x - x.floor(), y - y.floor());
        let width = self.columns + 1;
        let corner = |column: usize, row: usize| {
            let (column, row) = (column.min(self.columns), row.min(self.rows()));
            sums.get(row * width + column).copied().unwrap_or(0.0)
        };
        let upper = corner(left, top) * (1.0 - fx) + corner(left + 1, top) * fx;
        let lower = corner(left, top + 1) * (1.0 - fx) + corner(left + 1, top + 1) * fx;
        upper * (1.0 - fy) + lower * fy
    }

    /// Where a box of this size (in shares) holds most of what draws the eye, its corner in shares.
    /// Among places that are equal the one nearest to the middle.
    pub(super) fn best(&self, width: f64, height: f64) -> (f64, f64) {
        let sums = self.sums();
        let (rest_x, rest_y) = ((1.0 - width).max(0.0), (1.0 - height).max(0.0));
        let tries = |rest: f64| if rest > 0.0 { TRIES } else { 0 };
        let mut best = (f64::MIN, (rest_x / 2.0, rest_y / 2.0));
        for row in 0..=tries(rest_y) {
            for column in 0..=tries(rest_x) {
                let x = rest_x * f64::from(column) / f64::from(TRIES);
                let y = rest_y * f64::from(row) / f64::from(TRIES);
                let area = Region {
                    x,
                    y,
                    width,
                    height,
                };
                let off = (x - rest_x / 2.0).abs() + (y - rest_y / 2.0).abs();
                let weight = self.inside(&sums, area) * (1.0 - MIDDLE * off);
                if weight > best.0 {
                    best = (weight, (x, y));
                }
            }
        }
        best.1
    }
}

/// What is lost for each whole side that a box lies from the middle: enough to settle ties.
const MIDDLE: f64 = 0.02;

impl Attention {
    /// The grid of what a step leaves, sampled from this one.
    pub(super) fn after(&self, step: &Step, before: Size, after: Size) -> Self {
        let (columns, rows) = (self.columns, self.rows());
        let sums = self.sums();
        let mut weights = Vec::with_capacity(self.weights.len());
        for row in 0..rows {
            for column in 0..columns {
                let cell = Region {
                    x: as_f64(column) / as_f64(columns),
                    y: as_f64(row) / as_f64(rows),
                    width: 1.0 / as_f64(columns),
                    height: 1.0 / as_f64(rows),
                };
                let source = place_before(&cell, step, before, after);
                #[allow(clippy::cast_possible_truncation, reason = "weights are small")]
                weights.push(self.inside(&sums, source).max(0.0) as f32);
            }
        }
        Self { columns, weights }
    }
}

fn holds(area: &Region, x: f64, y: f64) -> bool {
    (area.x..area.x + area.width).contains(&x) && (area.y..area.y + area.height).contains(&y)
}

/// Counts of cells are far below where a float loses whole numbers.
#[allow(clippy::cast_precision_loss, reason = "a few thousand at most")]
fn as_f64(n: usize) -> f64 {
    n as f64
}
