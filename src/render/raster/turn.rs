//! Laying a picture down another way: mirrors and quarter turns, no sample changed.

use super::{Layout, Raster};
use crate::plan::Size;
use crate::spec::Turn;

impl Raster {
    pub(in crate::render) fn turned(self, turn: Turn) -> Self {
        if turn.quarters.is_multiple_of(4) && !turn.mirror {
            return self;
        }
        let pixels = match self.layout {
            Layout::Grey => laid::<1>(&self.pixels, self.size, turn),
            Layout::Rgb => laid::<3>(&self.pixels, self.size, turn),
            Layout::Rgba | Layout::Cmyk => laid::<4>(&self.pixels, self.size, turn),
        };
        Self {
            size: self.size.turned(turn),
            pixels,
            ..self
        }
    }
}

fn laid<const N: usize>(bytes: &[u8], size: Size, turn: Turn) -> Vec<u8> {
    let (pixels, _) = bytes.as_chunks::<N>();
    let width = size.width as usize;
    let mut out: Vec<[u8; N]> = Vec::with_capacity(pixels.len());
    let rows = || pixels.chunks_exact(width);
    // A column of the input, top to bottom.
    let column = |x: usize| pixels.iter().skip(x).step_by(width);
    match (turn.quarters % 4, turn.mirror) {
        (0, false) => out.extend(pixels),
        (0, true) => rows().for_each(|row| out.extend(row.iter().rev())),
        (2, false) => out.extend(pixels.iter().rev()),
        (2, true) => rows().rev().for_each(|row| out.extend(row)),
        (1, false) => (0..width).for_each(|x| out.extend(column(x).rev())),
        (1, true) => (0..width).rev().for_each(|x| out.extend(column(x).rev())),
        (_, false) => (0..width).rev().for_each(|x| out.extend(column(x))),
        (_, true) => (0..width).for_each(|x| out.extend(column(x))),
    }
    out.into_flattened()
}
