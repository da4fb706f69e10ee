//! Chunks that are WebP files.

use std::io::{Cursor, Read};

use super::bad;
use super::page::Page;
use crate::plan::Size;
use crate::render::budget::Budget;
use crate::render::codec_webp::{self as codec, Part};
use crate::render::error::Error;

pub(super) fn open<'a>(
    page: &Page<'_>,
    bytes: &[u8],
    chunk: Size,
    budget: &Budget,
) -> Result<Box<dyn Read + 'a>, Error> {
    if page.bits != 8 || page.planar || !matches!(page.samples, 3 | 4) {
        return Err(bad("unsupported: WebP of other than RGB or RGBA"));
    }
    let features = codec::features(bytes).map_err(bad)?;
    budget.limits().source(features.size)?;
    let same = features.size.width == chunk.width && features.size.height <= page.chunk.height;
    if !same || features.animated {
        return Err(bad("a WebP in it has another size than its tile or strip"));
    }
    let whole = Part {
        left: 0,
        top: 0,
        size: features.size,
    };
    let pixels = usize::try_from(features.size.pixels()).map_err(bad)?;
    let mut pixels = vec![0; pixels * page.samples];
    codec::decode(bytes, whole, features.size, page.samples == 4, &mut pixels).map_err(bad)?;
    Ok(Box::new(Cursor::new(pixels)))
}
