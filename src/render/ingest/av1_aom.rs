//! AV1 pictures by libaom.

use super::{Frame, Plane};
use crate::render::budget::Budget;
use crate::render::codec_aom;
use crate::render::error::Error;
use crate::spec::Format;

pub(in crate::render::ingest) fn decode(data: &[u8], budget: &Budget) -> Result<Frame, Error> {
    let picture = codec_aom::decode(data, budget.limits())
        .map_err(|reason| Error::bad(Format::Avif, reason))?;
    Ok(Frame {
        size: picture.size,
        depth: picture.depth,
        halved: picture.halved,
        full: picture.full,
        primaries: picture.primaries,
        transfer: picture.transfer,
        matrix: picture.matrix,
        planes: picture
            .planes
            .into_iter()
            .map(|(bytes, stride)| Plane { bytes, stride })
            .collect(),
    })
}
