//! Scans of sequential frames: straight from bits to samples, a row of MCUs at a time.

use crate::block::{self, Tables};
use crate::error::Error;
use crate::idct;
use crate::kernels::{Job, Kernels};
use crate::plane::Canvas;
use crate::reader::Reader;
use crate::scale::Scale;

/// A component of a scan.
pub(crate) struct Part<'a> {
    pub tables: Tables<'a>,
    /// Blocks of an MCU, across and down.
    pub sampling: (u32, u32),
    pub canvas: &'a mut Canvas,
    pub prediction: i32,
}

/// A scan that is about to be decoded.
pub(crate) struct Scan<'a, 'f> {
    pub parts: Vec<Part<'a>>,
    /// MCUs across, and rows of them.
    pub mcus: (u32, u32),
    /// MCUs between restart markers; 0 for none.
    pub interval: u32,
    pub reader: &'a mut Reader<'f>,
    /// Asked before every row of MCUs.
    pub stop: &'a mut dyn FnMut() -> bool,
}

impl Job for Scan<'_, '_> {
    type Output = Result<(), Error>;

    #[inline(always)]
    fn run<K: Kernels>(mut self, kernels: K) -> Result<(), Error> {
        // Nothing is read behind the last row that anyone asks for.
        let last = self
            .parts
            .iter()
            .map(|part| part.canvas.rows.1.div_ceil(part.sampling.1))
            .max()
            .unwrap_or(0)
            .min(self.mcus.1);
        let mut segment = Segment::new(self.interval);
        for row in 0..last {
            if (self.stop)() {
                return Err(Error::Stopped);
            }
            if segment.is_over() && self.interval == 0 {
                break;
            }
            self.row(kernels, row, &mut segment);
        }
        Ok(())
    }
}

/// How far the reader is between two restart markers.
pub(crate) struct Segment {
    interval: u32,
    left: u32,
    next_marker: u8,
    over: bool,
}

impl Segment {
    pub fn new(interval: u32) -> Self {
        Self {
            interval,
            left: interval,
            next_marker: 0,
            over: false,
        }
    }

    /// The bits ended before the segment's MCUs did.
    pub fn is_over(&self) -> bool {
        self.over
    }

    pub fn end(&mut self) {
        self.over = true;
    }

    /// Counts an MCU. `true` when a restart marker was passed before it, after which predictions start
    /// anew.
    #[inline(always)]
    pub fn next(&mut self, reader: &mut Reader<'_>) -> bool {
        if self.interval == 0 {
            return false;
        }
        if self.left > 0 {
            self.left -= 1;
            return false;
        }
        reader.restart(self.next_marker);
        self.next_marker = (self.next_marker + 1) & 7;
        self.left = self.interval - 1;
        self.over = false;
        true
    }
}

impl Scan<'_, '_> {
    #[inline(always)]
    fn row<K: Kernels>(&mut self, kernels: K, row: u32, segment: &mut Segment) {
        for mcu in 0..self.mcus.0 {
            if segment.next(self.reader) {
                self.parts.iter_mut().for_each(|part| part.prediction = 0);
            }
            if segment.is_over() {
                // What is missing stays grey, up to the next restart marker.
                if self.interval == 0 {
                    return;
                }
                continue;
            }
            self.reader.ready();
            for part in &mut self.parts {
                let (across, down) = part.sampling;
                for y in 0..down {
                    for x in 0..across {
                        part.block(kernels, self.reader, mcu * across + x, row * down + y);
                    }
                }
            }
            if self.reader.overrun() {
                self.reader.damaged = true;
                segment.end();
            }
        }
    }
}

impl Part<'_> {
    #[inline(always)]
    fn block<K: Kernels>(&mut self, kernels: K, reader: &mut Reader<'_>, column: u32, row: u32) {
        let mut bits = reader.bits;
        let mut bad = false;
        let data = reader.data();
        let tables = self.tables;
        let prediction = &mut self.prediction;
        let canvas = &mut *self.canvas;
        if canvas.contains(column, row) {
            let mut block = [0; 128];
            match canvas.scale {
                Scale::Eighth => {
                    block::decode(
                        Scale::Eighth,
                        &tables,
                        &mut bits,
                        data,
                        prediction,
                        &mut block,
                        &mut bad,
                    );
                    canvas.fill::<1>(column, row, idct::mean(&block));
                }
                Scale::Quarter => {
                    let last = block::decode(
                        Scale::Quarter,
                        &tables,
                        &mut bits,
                        data,
                        prediction,
                        &mut block,
                        &mut bad,
                    );
                    if last == 0 {
                        canvas.fill::<2>(column, row, idct::mean(&block));
                    } else {
                        canvas.put(column, row, &idct::quarter(&block));
                    }
                }
                Scale::Half => {
                    let last = block::decode(
                        Scale::Half,
                        &tables,
                        &mut bits,
                        data,
                        prediction,
                        &mut block,
                        &mut bad,
                    );
                    if last == 0 {
                        canvas.fill::<4>(column, row, idct::mean(&block));
                    } else {
                        canvas.put(column, row, &kernels.half(&block));
                    }
                }
                Scale::Full => {
                    let last = block::decode(
                        Scale::Full,
                        &tables,
                        &mut bits,
                        data,
                        prediction,
                        &mut block,
                        &mut bad,
                    );
                    if last == 0 {
                        canvas.fill::<8>(column, row, idct::mean(&block));
                    } else {
                        canvas.put(column, row, &kernels.full(&block));
                    }
                }
            }
        } else {
            block::pass_by(&tables, &mut bits, data, prediction, &mut bad);
        }
        reader.bits = bits;
        reader.damaged |= bad;
    }
}
