//! Scans of sequential frames: straight from bits to samples.

use crate::block::{self, Tables};
use crate::error::Error;
use crate::idct;
use crate::kernels::{Job, Kernels};
use crate::plane::Canvas;
use crate::reader::Reader;
use crate::scale::Scale;
use crate::walk::{Visitor, Walk};

/// A component of a scan.
pub(crate) struct Part<'a> {
    pub tables: Tables<'a>,
    pub canvas: &'a mut Canvas,
    /// What the next DC coefficient is counted from.
    pub prediction: i32,
}

/// A scan that is about to be decoded.
pub(crate) struct Scan<'a, 'f> {
    pub parts: Vec<Part<'a>>,
    pub walk: Walk<'a, Reader<'f>>,
}

impl Job for Scan<'_, '_> {
    type Output = Result<(), Error>;

    #[inline(always)]
    fn run<K: Kernels>(self, kernels: K) -> Result<(), Error> {
        let parts = self.parts;
        self.walk.run(&mut Blocks { parts, kernels })
    }
}

struct Blocks<'a, K> {
    parts: Vec<Part<'a>>,
    kernels: K,
}

impl<K: Kernels> Visitor<Reader<'_>> for Blocks<'_, K> {
    #[inline(always)]
    fn block(&mut self, part: usize, column: u32, row: u32, reader: &mut Reader<'_>) {
        if let Some(part) = self.parts.get_mut(part) {
            part.block(self.kernels, column, row, reader);
        }
    }

    fn restart(&mut self) {
        self.parts.iter_mut().for_each(|part| part.prediction = 0);
    }
}

impl Part<'_> {
    #[inline(always)]
    fn block<K: Kernels>(&mut self, kernels: K, column: u32, row: u32, reader: &mut Reader<'_>) {
        let Self {
            tables,
            canvas,
            prediction,
        } = self;
        // Copied, so that they stay in registers.
        let mut bits = reader.bits;
        let mut bad = false;
        let data = reader.data();
        if canvas.contains(column, row) {
            let mut block = [0; 128];
            // Written out for each scale, so that each has code of its own.
            macro_rules! decode {
                ($scale:expr) => {
                    block::decode(
                        $scale, tables, &mut bits, data, prediction, &mut block, &mut bad,
                    )
                };
            }
            let last = match canvas.scale {
                Scale::Eighth => decode!(Scale::Eighth),
                Scale::Quarter => decode!(Scale::Quarter),
                Scale::Half => decode!(Scale::Half),
                Scale::Full => decode!(Scale::Full),
            };
            draw(kernels, canvas, column, row, &block, last == 0);
        } else {
            block::pass_by(tables, &mut bits, data, prediction, &mut bad);
        }
        reader.bits = bits;
        reader.damaged |= bad;
    }
}

/// Transforms a block and puts its samples in their place; `flat` says that it has only a mean.
#[inline(always)]
pub(crate) fn draw<K: Kernels>(
    kernels: K,
    canvas: &mut Canvas,
    column: u32,
    row: u32,
    block: &block::Coefficients,
    flat: bool,
) {
    let mean = idct::mean(block);
    match canvas.scale {
        Scale::Eighth => canvas.put(column, row, &[[mean]]),
        Scale::Quarter if flat => canvas.put(column, row, &[[mean; 2]; 2]),
        Scale::Quarter => canvas.put(column, row, &idct::quarter(block)),
        Scale::Half if flat => canvas.put(column, row, &[[mean; 4]; 4]),
        Scale::Half => canvas.put(column, row, &kernels.half(block)),
        Scale::Full if flat => canvas.put(column, row, &[[mean; 8]; 8]),
        Scale::Full => canvas.put(column, row, &kernels.full(block)),
    }
}
