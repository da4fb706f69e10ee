//! One block of a sequential scan: bits to the coefficients that a scale needs.

use crate::huffman::Table;
use crate::reader::{Bits, Data};
use crate::scale::{Scale, WASTE};

/// Dequantised coefficients at the places that [`Scale::places`] names.
pub(crate) type Coefficients = [i16; 128];

/// Steps of quantisation in zigzag order; nothing behind the block.
pub(crate) type Steps = [i16; 128];

/// The tables of a component.
#[derive(Clone, Copy)]
pub(crate) struct Tables<'a> {
    pub dc: &'a Table,
    pub ac: &'a Table,
    pub steps: &'a Steps,
}

/// Decodes a block of which `scale` says what is needed. The coefficients must come as zeros; gives
/// the place in zigzag order of the last one that may not be zero any more.
#[inline(always)]
pub(crate) fn decode(
    scale: Scale,
    tables: &Tables<'_>,
    bits: &mut Bits,
    data: &Data,
    prediction: &mut i32,
    out: &mut Coefficients,
    bad: &mut bool,
) -> usize {
    bits.refill(data);
    difference(tables, bits, prediction, bad);
    let [step, ..] = tables.steps;
    let [dc, ..] = out;
    *dc = (*prediction as i16).wrapping_mul(*step);
    let needed = scale.last_coefficient();
    let places = scale.places();
    let (mut next, mut last) = (1, 0);
    if needed > 0 {
        let mut one = |bits: &mut Bits, next: &mut usize, last: &mut usize| {
            let symbol = tables.ac.symbol(bits, bad);
            let value = symbol.value(bits);
            let at = (*next + symbol.advance()) & 127;
            *last = if at <= needed { at } else { *last };
            store(out, places, tables.steps, at, value);
            *next = at + 1;
            *next > needed
        };
        // A refill is enough for two symbols, the difference being one.
        if !one(bits, &mut next, &mut last) {
            loop {
                bits.refill(data);
                if one(bits, &mut next, &mut last) || one(bits, &mut next, &mut last) {
                    break;
                }
            }
        }
    }
    pass(tables.ac, bits, data, next, bad);
    last
}

/// Decodes a block that nobody needs, but for the difference that later blocks count from.
#[inline(always)]
pub(crate) fn pass_by(
    tables: &Tables<'_>,
    bits: &mut Bits,
    data: &Data,
    prediction: &mut i32,
    bad: &mut bool,
) {
    bits.refill(data);
    difference(tables, bits, prediction, bad);
    pass(tables.ac, bits, data, 1, bad);
}

#[inline(always)]
fn difference(tables: &Tables<'_>, bits: &mut Bits, prediction: &mut i32, bad: &mut bool) {
    let symbol = tables.dc.symbol(bits, bad);
    *prediction = prediction.wrapping_add(symbol.value(bits));
}

/// Puts a dequantised coefficient in its place.
#[inline(always)]
pub(crate) fn store(
    out: &mut Coefficients,
    places: &[u8; 128],
    steps: &Steps,
    at: usize,
    value: i32,
) {
    let place = places.get(at & 127).copied().unwrap_or(WASTE);
    let step = steps.get(at & 127).copied().unwrap_or(0);
    if let Some(coefficient) = out.get_mut(usize::from(place & 127)) {
        *coefficient = (value as i16).wrapping_mul(step);
    }
}

/// Passes by the coefficients from `next` to the end of the block.
#[inline(always)]
fn pass(ac: &Table, bits: &mut Bits, data: &Data, mut next: usize, bad: &mut bool) {
    while next < 64 {
        bits.refill(data);
        // A refill is enough for two leaps of at most 23 bits, or one and a symbol of at most 28.
        for _ in 0..2 {
            let leap = ac.leap(bits);
            let behind = next + leap.advance();
            if (next + (leap.advance() & 63)) < 64 {
                bits.skip(leap.total());
                next = behind;
                if next >= 64 {
                    return;
                }
            } else {
                let symbol = ac.symbol(bits, bad);
                bits.skip(symbol.total());
                next += symbol.advance() + 1;
                break;
            }
        }
    }
}
