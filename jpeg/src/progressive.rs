//! Scans of progressive frames: coefficients come in pieces and are kept until the last.
//!
//! Kept are only those that the scale needs, and for each block which of its coefficients are not zero,
//! without which the bits of a refining scan cannot be counted.

use crate::block::Steps;
use crate::error::Error;
use crate::huffman::Table;
use crate::kernels::{Job, Kernels};
use crate::plane::Canvas;
use crate::reader::{Bits, Data, Reader};
use crate::scale::{Scale, WASTE};
use crate::sequential::draw;
use crate::walk::{Visitor, Walk};

/// Coefficients of a component.
pub(crate) struct Store {
    /// Coefficients kept of each block, from the first in zigzag order.
    kept: usize,
    /// Blocks across, those that only fill MCUs too.
    across: usize,
    blocks: usize,
    /// As they are coded, not multiplied by the steps of quantisation.
    values: Vec<i16>,
    /// Bit `k` of a block: coefficient `k` is not zero. Nothing where only the first is kept.
    present: Vec<u64>,
    /// The first coefficient has all its bits.
    means_known: bool,
}

impl Store {
    /// For this many blocks across and down, without the room for them.
    pub fn new(scale: Scale, across: u32, down: u32) -> Self {
        Self {
            kept: scale.last_coefficient() + 1,
            across: across as usize,
            blocks: across as usize * down as usize,
            values: Vec::new(),
            present: Vec::new(),
            means_known: false,
        }
    }

    /// Whether no more than the mean of each block is kept.
    pub fn means_only(&self) -> bool {
        self.kept == 1
    }

    /// Notes that a scan of means has come.
    pub fn note_means(&mut self, precision: Precision) {
        self.means_known |= precision.low == 0;
    }

    /// Whether nothing that may still come is kept.
    pub fn is_finished(&self) -> bool {
        self.means_only() && self.means_known
    }

    /// Bytes that [`allocate`](Self::allocate) takes.
    pub fn bytes(&self) -> u64 {
        let marks = if self.means_only() { 0 } else { 8 };
        self.blocks as u64 * (self.kept as u64 * 2 + marks)
    }

    pub fn allocate(&mut self) -> Result<(), Error> {
        let values = self.blocks.checked_mul(self.kept).ok_or(Error::TooLarge)?;
        let marks = if self.means_only() { 0 } else { self.blocks };
        let refused = |_| Error::TooLarge;
        self.values.try_reserve_exact(values).map_err(refused)?;
        self.values.resize(values, 0);
        self.present.try_reserve_exact(marks).map_err(refused)?;
        self.present.resize(marks, 0);
        Ok(())
    }

    /// A block's coefficients and which of them are not zero.
    #[inline(always)]
    pub fn block(&mut self, column: u32, row: u32) -> Option<(&mut [i16], &mut u64)> {
        let index = row as usize * self.across + column as usize;
        let start = index * self.kept;
        let values = self.values.get_mut(start..start + self.kept)?;
        Some((values, self.present.get_mut(index)?))
    }

    /// The first coefficient of a block.
    #[inline(always)]
    pub fn mean(&mut self, column: u32, row: u32) -> Option<&mut i16> {
        let index = row as usize * self.across + column as usize;
        self.values.get_mut(index * self.kept)
    }
}

/// What a scan adds: bits from `low` on, the first time or, `refining`, to what is there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Precision {
    pub refining: bool,
    /// The place of the bit, 0 to 13.
    pub low: u32,
}

/// A scan of first coefficients.
pub(crate) struct Means<'a> {
    /// For each component its table, unless refining, and coefficients.
    pub parts: Vec<(Option<&'a Table>, &'a mut Store)>,
    pub predictions: [i32; 4],
    pub precision: Precision,
}

impl Visitor<Reader<'_>> for Means<'_> {
    #[inline(always)]
    fn block(&mut self, part: usize, column: u32, row: u32, reader: &mut Reader<'_>) {
        let (Some((table, store)), Some(prediction)) =
            (self.parts.get_mut(part), self.predictions.get_mut(part))
        else {
            return;
        };
        let low = self.precision.low;
        let mut bits = reader.bits;
        bits.refill(reader.data());
        // A first scan says all that is known; a refining one adds a bit.
        let (kept, value) = if let Some(table) = table {
            let symbol = table.symbol(&bits, &mut reader.damaged);
            *prediction = prediction.wrapping_add(symbol.value(&mut bits));
            (0, *prediction as i16)
        } else {
            (-1, bits.take(1) as i16)
        };
        reader.bits = bits;
        if let Some(mean) = store.mean(column, row) {
            *mean = *mean & kept | value.wrapping_shl(low);
        }
    }

    fn restart(&mut self) {
        self.predictions = [0; 4];
    }
}

/// A scan of the other coefficients of one component.
pub(crate) struct Details<'a> {
    pub table: &'a Table,
    pub store: &'a mut Store,
    /// First and last coefficient, in zigzag order.
    pub band: (u32, u32),
    pub precision: Precision,
    /// Blocks from here on that the scan says nothing new about.
    pub idle: u32,
}

impl Visitor<Reader<'_>> for Details<'_> {
    #[inline(always)]
    fn block(&mut self, _part: usize, column: u32, row: u32, reader: &mut Reader<'_>) {
        if self.idle > 0 && !self.precision.refining {
            self.idle -= 1;
            return;
        }
        let Some((values, present)) = self.store.block(column, row) else {
            return;
        };
        let mut bits = reader.bits;
        let mut bad = false;
        let mut block = Block {
            values,
            present,
            low: self.precision.low,
            data: reader.data(),
        };
        let (table, band, idle) = (self.table, self.band, &mut self.idle);
        if self.precision.refining {
            block.refine(table, band, idle, &mut bits, &mut bad);
        } else {
            block.begin(table, band, idle, &mut bits, &mut bad);
        }
        reader.bits = bits;
        reader.damaged |= bad;
    }

    fn restart(&mut self) {
        self.idle = 0;
    }
}

/// A block in a scan of details.
struct Block<'a> {
    values: &'a mut [i16],
    present: &'a mut u64,
    low: u32,
    data: &'a Data,
}

/// How many blocks end with a symbol without a value: this one and those that bits behind it count.
#[inline(always)]
fn ended(run: usize, bits: &mut Bits) -> u32 {
    let run = run as u32;
    (1 << run) + bits.take(run)
}

impl Block<'_> {
    #[inline(always)]
    fn set(&mut self, k: u32, value: i32) {
        *self.present |= 1 << k;
        if let Some(place) = self.values.get_mut(k as usize) {
            *place = (value as i16).wrapping_shl(self.low);
        }
    }

    /// The band's first bits.
    #[inline(always)]
    fn begin(
        &mut self,
        table: &Table,
        (first, last): (u32, u32),
        idle: &mut u32,
        bits: &mut Bits,
        bad: &mut bool,
    ) {
        let mut k = first;
        while k <= last {
            bits.refill(self.data);
            let symbol = table.symbol(bits, bad);
            let run = symbol.advance();
            if symbol.size() == 0 {
                bits.skip(symbol.total());
                if run != 15 {
                    *idle = if run < 15 { ended(run, bits) - 1 } else { 0 };
                    return;
                }
                k += 16;
                continue;
            }
            let value = symbol.value(bits);
            k += run as u32;
            if k < 64 {
                self.set(k, value);
            }
            k += 1;
        }
    }

    /// One more bit of what is there already, and what was too small so far.
    #[inline(always)]
    fn refine(
        &mut self,
        table: &Table,
        (first, last): (u32, u32),
        idle: &mut u32,
        bits: &mut Bits,
        bad: &mut bool,
    ) {
        let upto = |k: u32| u64::MAX >> (63 - k.min(63));
        let mut k = first;
        if *idle == 0 {
            while k <= last {
                bits.refill(self.data);
                let symbol = table.symbol(bits, bad);
                let run = symbol.advance();
                bits.skip(symbol.total() - symbol.size());
                let mut value = 0;
                if symbol.size() > 0 {
                    // The only value that was too small before this bit is one.
                    *bad |= symbol.size() > 1;
                    value = if bits.take(1) == 1 { 1 } else { -1 };
                } else if run != 15 {
                    *idle = if run < 15 { ended(run, bits) } else { 1 };
                    break;
                }
                // Zeros are counted, and what is not zero gets its bit on the way.
                let mut zeros = !*self.present & upto(last) & !(upto(k) >> 1);
                for _ in 0..run {
                    zeros &= zeros.wrapping_sub(1);
                }
                let place = if zeros == 0 {
                    last + 1
                } else {
                    zeros.trailing_zeros()
                };
                if place > k {
                    self.correct(!(upto(k) >> 1) & upto(place - 1), bits);
                }
                if value != 0 && place <= last {
                    self.set(place, value);
                }
                k = place + 1;
            }
        }
        if *idle > 0 {
            if k <= last {
                // A run of ended blocks reads nothing else: without this the word would run dry.
                bits.refill(self.data);
                self.correct(!(upto(k) >> 1) & upto(last), bits);
            }
            *idle -= 1;
        }
    }

    /// Reads a bit for each coefficient of `among` that is not zero. 26 bits must be there.
    #[inline(always)]
    fn correct(&mut self, among: u64, bits: &mut Bits) {
        let all = *self.present & among;
        let kept = u64::MAX >> (64 - self.values.len().clamp(1, 64));
        let count = all.count_ones();
        if count <= 26 {
            self.add(all & kept, bits.word);
            bits.skip(count);
            return;
        }
        // At most 63: two refills.
        let mut first = all;
        for _ in 0..count - 32.min(count) {
            first &= first - 1;
        }
        let later = first;
        let first = all & !later;
        for part in [first, later] {
            bits.refill(self.data);
            self.add(part & kept, bits.word);
            bits.skip(part.count_ones());
        }
    }

    /// Adds a bit of precision to coefficients where `word`, from the top down, says so.
    #[inline(always)]
    fn add(&mut self, mut coefficients: u64, mut word: u64) {
        let bit = 1_i16.wrapping_shl(self.low);
        while coefficients != 0 {
            let k = coefficients.trailing_zeros() as usize;
            coefficients &= coefficients - 1;
            // Twice the same scan adds its bit once.
            if word >> 63 == 1
                && let Some(value) = self.values.get_mut(k)
                && *value & bit == 0
            {
                *value = value.wrapping_add(if *value < 0 { -bit } else { bit });
            }
            word <<= 1;
        }
    }
}

/// A scan of details to be decoded, compiled for this processor.
pub(crate) struct DetailScan<'a, 'f> {
    pub details: Details<'a>,
    pub walk: Walk<'a, Reader<'f>>,
}

impl Job for DetailScan<'_, '_> {
    type Output = Result<(), Error>;

    #[inline(always)]
    fn run<K: Kernels>(mut self, _kernels: K) -> Result<(), Error> {
        self.walk.run(&mut self.details)
    }
}

/// A scan of means, likewise.
pub(crate) struct MeanScan<'a, 'f> {
    pub means: Means<'a>,
    pub walk: Walk<'a, Reader<'f>>,
}

impl Job for MeanScan<'_, '_> {
    type Output = Result<(), Error>;

    #[inline(always)]
    fn run<K: Kernels>(mut self, _kernels: K) -> Result<(), Error> {
        self.walk.run(&mut self.means)
    }
}

/// The blocks of a component to samples, when all scans are read.
pub(crate) struct Drawing<'a> {
    pub store: Store,
    pub steps: &'a Steps,
    pub canvas: &'a mut Canvas,
    pub stop: &'a mut dyn FnMut() -> bool,
}

impl Job for Drawing<'_> {
    type Output = Result<(), Error>;

    #[inline(always)]
    fn run<K: Kernels>(self, kernels: K) -> Result<(), Error> {
        let Self {
            mut store,
            steps,
            canvas,
            stop,
        } = self;
        let places = canvas.scale.places();
        let kept = u64::MAX >> (64 - store.kept);
        for row in canvas.rows.0..canvas.rows.1 {
            if stop() {
                return Err(Error::Stopped);
            }
            for column in canvas.columns.0..canvas.columns.1 {
                let mut block = [0; 128];
                if let Some(&mut mean) = store.mean(column, row) {
                    let ([first, ..], [step, ..]) = (&mut block, steps);
                    *first = mean.wrapping_mul(*step);
                }
                let mut there = 0;
                if let Some((values, &mut present)) = store.block(column, row) {
                    there = present & kept & !1;
                    let mut left = there;
                    while left != 0 {
                        let k = left.trailing_zeros() as usize;
                        left &= left - 1;
                        let value = values.get(k).copied().unwrap_or(0);
                        let step = steps.get(k).copied().unwrap_or(0);
                        let place = places.get(k).copied().unwrap_or(WASTE);
                        if let Some(coefficient) = block.get_mut(usize::from(place & 127)) {
                            *coefficient = value.wrapping_mul(step);
                        }
                    }
                }
                draw(kernels, canvas, column, row, &block, there == 0);
            }
        }
        Ok(())
    }
}
