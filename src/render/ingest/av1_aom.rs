//! AV1 pictures by libaom.

use super::{Frame, Plane, sizes};
use crate::render::budget::Budget;
use crate::render::codec_aom;
use crate::render::error::Error;
use crate::spec::Format;

pub(in crate::render::ingest) struct Decoder<'a> {
    aom: codec_aom::Decoder,
    budget: &'a Budget,
}

impl<'a> Decoder<'a> {
    pub fn open(budget: &'a Budget) -> Result<Self, Error> {
        let aom = codec_aom::Decoder::open().map_err(|reason| Error::bad(Format::Avif, reason))?;
        Ok(Self { aom, budget })
    }

    /// The picture that comes next.
    pub fn picture(&mut self, data: &[u8]) -> Result<Frame, Error> {
        self.budget.check()?;
        if sizes::too_many_frames(data) {
            return Err(Error::bad(Format::Avif, "too many frames in one picture"));
        }
        // libaom has no limit of its own.
        for size in sizes::named(data) {
            self.budget.limits().source(size)?;
        }
        let picture = self
            .aom
            .picture(data)
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
}
