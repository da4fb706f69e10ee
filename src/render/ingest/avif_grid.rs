//! A picture in tiles: each is decoded and its planes are laid into those of the whole.

use super::av1::{self, Frame, Plane};
use crate::plan::Size;
use crate::render::budget::Budget;
use crate::render::error::Error;
use crate::render::probe::bmff::Grid;
use crate::spec::Format;

/// Decodes all tiles, which must be alike and cover the picture as the standard has it.
pub(super) fn decode(grid: &Grid<'_>, budget: &Budget) -> Result<Frame, Error> {
    budget.limits().source(grid.size)?;
    let mut whole: Option<Frame> = None;
    let mut tile_size = None;
    for (n, data) in (0_u32..).zip(&grid.tiles) {
        budget.check()?;
        let tile = av1::decode(data, budget)?;
        if *tile_size.get_or_insert(tile.size) != tile.size {
            return Err(bad("tiles of the grid differ"));
        }
        let whole = match &mut whole {
            Some(whole) => whole,
            none => none.insert(empty(grid, &tile, budget)?),
        };
        if !alike(whole, &tile) {
            return Err(bad("tiles of the grid differ"));
        }
        let (column, row) = (n % grid.columns, n / grid.columns);
        lay(
            whole,
            &tile,
            (column * tile.size.width, row * tile.size.height),
        );
    }
    whole.ok_or_else(|| bad("grid without tiles"))
}

fn bad(reason: &'static str) -> Error {
    Error::bad(Format::Avif, reason)
}

/// Bytes of a sample.
const fn width_of(frame: &Frame) -> usize {
    if frame.depth > 8 { 2 } else { 1 }
}

fn alike(a: &Frame, b: &Frame) -> bool {
    (a.depth, a.halved, a.planes.len(), a.full, a.matrix)
        == (b.depth, b.halved, b.planes.len(), b.full, b.matrix)
}

/// The size of a plane of a picture.
fn plane_size(frame: &Frame, size: Size, plane: usize) -> (usize, usize) {
    let side = |n: u32, halved: bool| match plane > 0 && halved {
        true => n.div_ceil(2) as usize,
        false => n as usize,
    };
    (
        side(size.width, frame.halved.0),
        side(size.height, frame.halved.1),
    )
}

/// Room for the whole picture, once its first tile is known.
fn empty(grid: &Grid<'_>, tile: &Frame, budget: &Budget) -> Result<Frame, Error> {
    let covers = |tiles: u32, tile: u32, side: u32| {
        let (tiles, tile, side) = (u64::from(tiles), u64::from(tile), u64::from(side));
        tiles * tile >= side && (tiles - 1) * tile < side
    };
    let Size { width, height } = tile.size;
    if !covers(grid.columns, width, grid.size.width) || !covers(grid.rows, height, grid.size.height)
    {
        return Err(bad("tiles of the grid do not cover it"));
    }
    let odd = |halved: bool, side: u32, tiles: u32| halved && tiles > 1 && side % 2 == 1;
    if odd(tile.halved.0, width, grid.columns) || odd(tile.halved.1, height, grid.rows) {
        return Err(bad("colours of neighbouring tiles overlap"));
    }
    // What hangs over is decoded too.
    let decoded = Size::new(
        width.saturating_mul(grid.columns),
        height.saturating_mul(grid.rows),
    );
    budget.limits().source(decoded)?;
    let planes = (0..tile.planes.len()).map(|n| {
        let (width, height) = plane_size(tile, grid.size, n);
        let stride = width * width_of(tile);
        Plane {
            bytes: vec![0; stride * height],
            stride,
        }
    });
    Ok(Frame {
        size: grid.size,
        planes: planes.collect(),
        ..*tile
    })
}

/// Lays a tile into the picture; what hangs over is cut.
fn lay(whole: &mut Frame, tile: &Frame, (left, top): (u32, u32)) {
    let bytes = width_of(whole);
    let halved = whole.halved;
    for (n, (to, from)) in whole.planes.iter_mut().zip(&tile.planes).enumerate() {
        let at = |side: u32, halved: bool| match n > 0 && halved {
            true => side as usize / 2,
            false => side as usize,
        };
        let (width, height) = plane_size(tile, tile.size, n);
        let start = at(left, halved.0) * bytes;
        let rows = to.bytes.chunks_exact_mut(to.stride.max(1));
        let tile_rows = from.bytes.chunks(from.stride.max(1));
        for (row, line) in rows.skip(at(top, halved.1)).zip(tile_rows).take(height) {
            let Some(room) = row.get_mut(start..) else {
                continue;
            };
            let line = line.get(..width * bytes).unwrap_or(line);
            for (to, from) in room.iter_mut().zip(line) {
                *to = *from;
            }
        }
    }
}
