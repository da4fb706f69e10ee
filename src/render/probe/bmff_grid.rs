//! Pictures that are put together from tiles.

use std::borrow::Cow;

use super::super::bytes::{be16, be32};
use super::Meta;
use crate::plan::Size;

/// Most tiles; browsers take as many.
const MOST_TILES: usize = 256 * 256;
/// Most bytes of tables that are walked to find all tiles, each of which is looked for from their
/// beginning.
const MOST_WALKED: usize = 1 << 28;

/// Tiles of one size, row by row. The last ones of rows and columns may hang over.
#[derive(Debug)]
pub(in crate::render) struct Grid<'a> {
    pub size: Size,
    pub columns: u32,
    pub rows: u32,
    /// AV1 data of each, row by row.
    pub tiles: Vec<Cow<'a, [u8]>>,
}

impl<'a> Grid<'a> {
    /// The grid that an item describes.
    pub(super) fn read(meta: &Meta<'a>, file: &'a [u8], item: u32) -> Option<Self> {
        let (size, columns, rows) = shape(&meta.data(file, item)?)?;
        let items = tiles(meta, item, columns, rows)?;
        Self::of(meta, file, items, (size, columns, rows))
    }

    /// The alpha of a grid that has none of its own and whose tiles have.
    pub(super) fn alpha_of_tiles(meta: &Meta<'a>, file: &'a [u8], item: u32) -> Option<Self> {
        let (size, columns, rows) = shape(&meta.data(file, item)?)?;
        let items = tiles(meta, item, columns, rows)?;
        let items = items.into_iter().map(|tile| meta.alpha(tile));
        Self::of(
            meta,
            file,
            items.collect::<Option<_>>()?,
            (size, columns, rows),
        )
    }

    fn of(
        meta: &Meta<'a>,
        file: &'a [u8],
        items: Vec<u32>,
        (size, columns, rows): (Size, u32, u32),
    ) -> Option<Self> {
        // Pieces that are joined are copied: all of them together stay within the length of the
        // file.
        let mut joined = 0_usize;
        let tiles = items.into_iter().map(|tile| match meta.kind(tile)? {
            b"av01" => {
                let data = meta.data(file, tile)?;
                if let Cow::Owned(data) = &data {
                    joined = joined.checked_add(data.len())?;
                }
                (joined <= file.len()).then_some(data)
            }
            _ => None,
        });
        Some(Self {
            size,
            columns,
            rows,
            tiles: tiles.collect::<Option<_>>()?,
        })
    }
}

/// Size, columns and rows, as the grid's own data say.
fn shape(data: &[u8]) -> Option<(Size, u32, u32)> {
    let [version, flags, rows, columns] = *data.first_chunk::<4>()?;
    let (width, height) = match flags & 1 {
        0 => (be16(data, 4)?.into(), be16(data, 6)?.into()),
        _ => (be32(data, 4)?, be32(data, 8)?),
    };
    let there = version == 0 && width > 0 && height > 0;
    there.then(|| {
        (
            Size::new(width, height),
            u32::from(columns) + 1,
            u32::from(rows) + 1,
        )
    })
}

/// The items of the tiles: just as many as the grid has places.
fn tiles(meta: &Meta<'_>, item: u32, columns: u32, rows: u32) -> Option<Vec<u32>> {
    let places = usize::try_from(columns * rows).ok()?;
    let walked = meta.table_bytes().checked_mul(places)?;
    if places > MOST_TILES || walked > MOST_WALKED {
        return None;
    }
    let links = meta.links(b"dimg").filter(|&(from, _)| from == item);
    let items: Vec<_> = links.map(|(_, to)| to).take(places + 1).collect();
    (items.len() == places).then_some(items)
}
