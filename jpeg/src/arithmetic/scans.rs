//! Scans of arithmetic-coded frames, sequential and progressive.

use super::coder::Coder;
use super::models::{Before, Models};
use crate::block::{self, Steps};
use crate::error::Error;
use crate::kernels::{Job, Kernels};
use crate::plane::Canvas;
use crate::progressive::{Precision, Store};
use crate::sequential::draw;
use crate::walk::{Visitor, Walk};

/// A component of a sequential scan.
pub(crate) struct Part<'a> {
    pub canvas: &'a mut Canvas,
    pub steps: &'a Steps,
    /// Slots of its tables.
    pub tables: (usize, usize),
    pub before: Before,
}

/// A sequential scan that is about to be decoded.
pub(crate) struct Scan<'a, 'f> {
    pub parts: Vec<Part<'a>>,
    pub models: Box<Models>,
    pub walk: Walk<'a, Coder<'f>>,
}

impl Job for Scan<'_, '_> {
    type Output = Result<(), Error>;

    #[inline(always)]
    fn run<K: Kernels>(self, kernels: K) -> Result<(), Error> {
        let Self {
            parts,
            models,
            walk,
        } = self;
        walk.run(&mut Blocks {
            parts,
            models,
            kernels,
        })
    }
}

struct Blocks<'a, K> {
    parts: Vec<Part<'a>>,
    models: Box<Models>,
    kernels: K,
}

impl<K: Kernels> Visitor<Coder<'_>> for Blocks<'_, K> {
    #[inline(always)]
    fn block(&mut self, part: usize, column: u32, row: u32, coder: &mut Coder<'_>) {
        let Some(part) = self.parts.get_mut(part) else {
            return;
        };
        let (dc, ac) = part.tables;
        self.models.mean(coder, dc, &mut part.before);
        if !part.canvas.contains(column, row) {
            self.models.details(coder, ac, (1, 63), |_, _| {});
            return;
        }
        let scale = part.canvas.scale;
        let mut block = [0; 128];
        let mut last = 0;
        let (steps, places) = (part.steps, scale.places());
        block::store(&mut block, places, steps, 0, part.before.mean);
        self.models.details(coder, ac, (1, 63), |k, value| {
            block::store(&mut block, places, steps, k, value);
            last = if k <= scale.last_coefficient() {
                k
            } else {
                last
            };
        });
        draw(self.kernels, part.canvas, column, row, &block, last == 0);
    }

    fn restart(&mut self) {
        self.models.forget();
        self.parts
            .iter_mut()
            .for_each(|part| part.before = Before::default());
    }
}

/// A scan of first coefficients in a progressive frame.
pub(crate) struct Means<'a> {
    /// For each component the slot of its table and its coefficients.
    pub parts: Vec<(usize, &'a mut Store)>,
    pub before: [Before; 4],
    pub models: Box<Models>,
    pub precision: Precision,
}

impl Visitor<Coder<'_>> for Means<'_> {
    fn block(&mut self, part: usize, column: u32, row: u32, coder: &mut Coder<'_>) {
        let (Some((table, store)), Some(before)) =
            (self.parts.get_mut(part), self.before.get_mut(part))
        else {
            return;
        };
        let Precision { refining, low } = self.precision;
        let mean = store.mean(column, row);
        if refining {
            let bit = i16::from(coder.even()).wrapping_shl(low);
            if let Some(mean) = mean {
                *mean |= bit;
            }
        } else {
            self.models.mean(coder, *table, before);
            if let Some(mean) = mean {
                *mean = (before.mean as i16).wrapping_shl(low);
            }
        }
    }

    fn restart(&mut self) {
        self.models.forget();
        self.before = [Before::default(); 4];
    }
}

/// A scan of the other coefficients of one component in a progressive frame.
pub(crate) struct Details<'a> {
    pub table: usize,
    pub store: &'a mut Store,
    /// First and last coefficient, in zigzag order.
    pub band: (usize, usize),
    pub models: Box<Models>,
    pub precision: Precision,
}

impl Visitor<Coder<'_>> for Details<'_> {
    fn block(&mut self, _part: usize, column: u32, row: u32, coder: &mut Coder<'_>) {
        let Precision { refining, low } = self.precision;
        let Some((values, present)) = self.store.block(column, row) else {
            return;
        };
        if !refining {
            self.models
                .details(coder, self.table, self.band, |k, value| {
                    *present |= 1 << (k & 63);
                    if let Some(place) = values.get_mut(k) {
                        *place = (value as i16).wrapping_shl(low);
                    }
                });
            return;
        }
        let (first, last) = self.band;
        let Some(mut kind) = self.models.kind(self.table) else {
            return;
        };
        let bit = 1_i16.wrapping_shl(low);
        // Up to here the block was known not to have ended.
        let known = (first..=last).rev().find(|k| *present >> k & 1 == 1);
        let mut k = first;
        while k <= last {
            if known.is_none_or(|known| k > known) && kind.ended(coder, k) {
                return;
            }
            loop {
                if *present >> k & 1 == 1 {
                    if kind.grows(coder, k)
                        && let Some(value) = values.get_mut(k)
                    {
                        *value = value.wrapping_add(if *value < 0 { -bit } else { bit });
                    }
                    break;
                }
                if kind.is_there(coder, k) {
                    let negative = coder.even();
                    *present |= 1 << k;
                    if let Some(value) = values.get_mut(k) {
                        *value = if negative { -bit } else { bit };
                    }
                    break;
                }
                k += 1;
                if k > last {
                    return coder.give_up();
                }
            }
            k += 1;
        }
    }

    fn restart(&mut self) {
        self.models.forget();
    }
}
