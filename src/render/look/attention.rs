//! Where the eye goes, by four things that a photograph is looked at for.
//!
//! The picture is read in cells. A cell draws the eye by its *contrast* with the picture's mean colour
//! (after Achanta and others, "Frequency-tuned salient region detection", 2009), by how it differs
//! from the cells *around* it (centre and surround, after Itti, Koch and Niebur, 1998), by its *detail*
//! (mean gradient) and by the *warm* colours of skin. Colours are compared in a cheap opponent space:
//! light, red against green, blue against yellow.

use crate::plan::Attention;
use crate::render::raster::Raster;

/// Pixels along each side of a cell.
const CELL: usize = 8;

/// What each of the four counts; each is brought to 0…1 over the picture before.
const CONTRAST: f32 = 0.9;
const AROUND: f32 = 0.8;
const DETAIL: f32 = 1.0;
const WARM: f32 = 0.5;

/// Cells around a cell, on each side, that it is compared with.
const REACH: usize = 4;

/// How much less the rim counts than the middle: photographers put little there.
const RIM: f32 = 0.35;

/// One cell: mean opponent colour, mean gradient, share of warm pixels.
#[derive(Clone, Copy, Default)]
struct Cell {
    colour: [f32; 3],
    detail: f32,
    warm: f32,
}

/// Weights over an RGB picture; `None` when it is smaller than a cell.
pub(super) fn of(picture: &Raster) -> Option<Attention> {
    let (columns, rows, cells) = cells(picture);
    if cells.is_empty() {
        return None;
    }
    let mean = mean(cells.iter());
    let contrast = scaled(cells.iter().map(|cell| distance(cell.colour, mean)));
    let around = scaled((0..cells.len()).map(|at| {
        let (column, row) = (at % columns, at / columns);
        let near = neighbours(&cells, columns, rows, column, row);
        cells
            .get(at)
            .map_or(0.0, |cell| distance(cell.colour, near))
    }));
    let detail = scaled(cells.iter().map(|cell| cell.detail.sqrt()));
    let parts = contrast.iter().zip(&around).zip(&detail).zip(&cells);
    let weights = parts
        .enumerate()
        .map(|(at, (((contrast, around), detail), cell))| {
            let strength =
                CONTRAST * contrast + AROUND * around + DETAIL * detail + WARM * cell.warm;
            // Squared, so that a crowd of dull cells does not outvote a few that stand out.
            strength * strength * middle(at % columns, columns).min(middle(at / columns, rows))
        });
    Attention::new(columns, weights.collect())
}

/// 1 in the middle half of a side, falling to `1 - RIM` at its ends.
#[allow(clippy::cast_precision_loss, reason = "a few hundred cells at most")]
fn middle(at: usize, count: usize) -> f32 {
    let off = ((at as f32 + 0.5) / count as f32 - 0.5).abs() * 2.0;
    1.0 - RIM * ((off - 0.5) * 2.0).max(0.0)
}

/// Brought to 0…1 by the largest.
fn scaled(values: impl Iterator<Item = f32>) -> Vec<f32> {
    let mut values: Vec<f32> = values.collect();
    let most = values.iter().copied().fold(f32::EPSILON, f32::max);
    values.iter_mut().for_each(|value| *value /= most);
    values
}

fn distance(a: [f32; 3], b: [f32; 3]) -> f32 {
    let squares = a.iter().zip(b).map(|(a, b)| (a - b) * (a - b));
    squares.sum::<f32>().sqrt()
}

#[allow(clippy::cast_precision_loss, reason = "a few thousand cells at most")]
fn mean<'a>(cells: impl Iterator<Item = &'a Cell>) -> [f32; 3] {
    let mut sum = [0.0; 3];
    let mut count = 0_usize;
    for cell in cells {
        for (sum, value) in sum.iter_mut().zip(cell.colour) {
            *sum += value;
        }
        count += 1;
    }
    sum.map(|sum| sum / count.max(1) as f32)
}

fn neighbours(cells: &[Cell], columns: usize, rows: usize, column: usize, row: usize) -> [f32; 3] {
    let left = column.saturating_sub(REACH);
    let right = (column + REACH + 1).min(columns);
    let lines = row.saturating_sub(REACH)..(row + REACH + 1).min(rows);
    mean(lines.flat_map(|line| {
        let line = cells.get(line * columns + left..line * columns + right);
        line.unwrap_or_default()
    }))
}

/// The picture in cells; the rest of a side that fills no cell is left out.
fn cells(picture: &Raster) -> (usize, usize, Vec<Cell>) {
    let stride = picture.stride();
    let (columns, rows) = (stride / 3 / CELL, picture.size().height as usize / CELL);
    if columns == 0 || rows == 0 || picture.layout().bytes() != 3 {
        return (0, 0, Vec::new());
    }
    let mut cells = vec![Cell::default(); columns * rows];
    let lines: Vec<&[u8]> = picture.pixels().chunks_exact(stride).collect();
    for (band, out) in lines
        .chunks_exact(CELL)
        .zip(cells.chunks_exact_mut(columns))
    {
        let mut above: Option<&[[u8; 3]]> = None;
        for line in band {
            let (line, _) = line.as_chunks::<3>();
            let before = above.unwrap_or(line);
            for ((pixels, over), cell) in line
                .chunks_exact(CELL)
                .zip(before.chunks_exact(CELL))
                .zip(out.iter_mut())
            {
                add(cell, pixels, over);
            }
            above = Some(line);
        }
        out.iter_mut().for_each(Cell::finish);
    }
    (columns, rows, cells)
}

/// Adds one line of a cell, with the line over it for the gradient.
fn add(cell: &mut Cell, pixels: &[[u8; 3]], over: &[[u8; 3]]) {
    let mut before: Option<f32> = None;
    for (&[r, g, b], &[or, og, ob]) in pixels.iter().zip(over) {
        let (r, g, b) = (f32::from(r), f32::from(g), f32::from(b));
        let light = light(r, g, b);
        let [sum_light, sum_red, sum_blue] = &mut cell.colour;
        *sum_light += light;
        *sum_red += r - g;
        *sum_blue += b - (r + g) / 2.0;
        let across = (light - before.unwrap_or(light)).abs();
        let down = (light - self::light(or.into(), og.into(), ob.into())).abs();
        cell.detail += across + down;
        before = Some(light);
        // Skin of every shade lies in one cone: red over green over blue, neither pale nor black.
        if r > g && g > b * 0.9 && r - b > 20.0 && r > 60.0 && (r - g) < 100.0 && g > r * 0.45 {
            cell.warm += 1.0;
        }
    }
}

fn light(r: f32, g: f32, b: f32) -> f32 {
    0.299 * r + 0.587 * g + 0.114 * b
}

impl Cell {
    /// Sums to means.
    #[allow(clippy::cast_precision_loss, reason = "64 pixels")]
    fn finish(&mut self) {
        let count = (CELL * CELL) as f32;
        self.colour = self.colour.map(|sum| sum / count);
        self.detail /= count;
        self.warm /= count;
    }
}
