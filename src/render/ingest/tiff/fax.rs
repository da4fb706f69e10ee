//! Rows of black and white in CCITT codes: modified Huffman, group 3 (1D and 2D), group 4.

use std::borrow::Cow;
use std::convert::Infallible;
use std::io::{self, Read};

use fax::BitReader;
use fax::maps::{Mode, black, mode, white};

use super::bad;
use super::page::Page;
use crate::render::error::Error;

/// Marks between rows that end a page.
const END_MARKS: usize = 6;

/// How rows follow one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Coding {
    /// Each begins with a byte of its own.
    ByBytes,
    /// Each behind a mark; with two dimensions a bit says which a row has.
    Group3 { two_dimensions: bool },
    /// Each by what differs from the row above.
    Group4,
}

/// Rows of bits, 1 for black.
pub(super) struct Rows<'a> {
    bits: Bits<'a>,
    coding: Coding,
    width: u32,
    /// Where colours change in the row above, beginning with white.
    above: Vec<u32>,
    row: Vec<u8>,
    at: usize,
}

impl<'a> Rows<'a> {
    pub fn new(page: &Page<'_>, data: Cow<'a, [u8]>) -> Result<Self, Error> {
        if page.bits != 1 || page.samples != 1 {
            return Err(bad("a fax has one bit for each pixel"));
        }
        let coding = match page.compression {
            2 => Coding::ByBytes,
            3 => Coding::Group3 {
                two_dimensions: page.group3_options & 1 == 1,
            },
            _ => Coding::Group4,
        };
        Ok(Self {
            bits: Bits { data, at: 0 },
            coding,
            width: page.chunk.width,
            above: Vec::new(),
            row: Vec::new(),
            at: 0,
        })
    }

    /// The next row's changes of colour; `None` behind the last.
    fn changes(&mut self) -> Option<Vec<u32>> {
        let ends = self.bits.is_at_end();
        match self.coding {
            _ if ends => None,
            Coding::ByBytes => {
                self.bits.align();
                one_dimension(&mut self.bits, self.width)
            }
            Coding::Group3 { two_dimensions } => {
                // Some writers leave the marks out; several without rows between them end the page.
                let (mut marks, mut alone) = (0, true);
                while self.bits.pass_mark() {
                    alone = !two_dimensions || self.bits.take() == Some(true);
                    marks += 1;
                    if marks == END_MARKS {
                        return None;
                    }
                }
                if alone {
                    one_dimension(&mut self.bits, self.width)
                } else {
                    two_dimensions_row(&mut self.bits, &self.above, self.width)
                }
            }
            Coding::Group4 => two_dimensions_row(&mut self.bits, &self.above, self.width),
        }
    }
}

impl Read for Rows<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.at == self.row.len() {
            let Some(changes) = self.changes() else {
                return Ok(0);
            };
            self.row.clear();
            self.row.resize(self.width.div_ceil(8) as usize, 0);
            for run in changes.chunks(2) {
                if let [from, rest @ ..] = run {
                    let to = rest.first().copied().unwrap_or(self.width);
                    blacken(&mut self.row, *from, to);
                }
            }
            self.above = changes;
            self.at = 0;
        }
        let left = self.row.get(self.at..).unwrap_or_default();
        let length = left.len().min(into.len());
        if let (Some(into), Some(left)) = (into.get_mut(..length), left.get(..length)) {
            into.copy_from_slice(left);
        }
        self.at += length;
        Ok(length)
    }
}

/// Sets the bits of some columns.
fn blacken(row: &mut [u8], from: u32, to: u32) {
    let (first, last) = ((from / 8) as usize, (to / 8) as usize);
    let (head, tail) = (0xffu8 >> (from % 8), !(0xffu8 >> (to % 8)));
    if first == last {
        if let Some(byte) = row.get_mut(first) {
            *byte |= head & tail;
        }
        return;
    }
    if let Some(byte) = row.get_mut(first) {
        *byte |= head;
    }
    if let Some(between) = row.get_mut(first + 1..last) {
        between.fill(0xff);
    }
    if let Some(byte) = row.get_mut(last) {
        *byte |= tail;
    }
}

/// A run of one colour: codes of 64 and more until one of less.
fn run(bits: &mut Bits<'_>, is_black: bool) -> Option<u32> {
    let mut sum = 0u32;
    loop {
        let part = if is_black {
            black::decode(bits)
        } else {
            white::decode(bits)
        };
        let part = u32::from(part?);
        sum = sum.checked_add(part)?;
        if part < 64 {
            return Some(sum);
        }
        if bits.is_at_end() {
            return None;
        }
    }
}

/// Adds a change of colour. Two at one place are none.
fn change(changes: &mut Vec<u32>, column: u32) {
    if changes.last() == Some(&column) {
        changes.pop();
    } else {
        changes.push(column);
    }
}

fn one_dimension(bits: &mut Bits<'_>, width: u32) -> Option<Vec<u32>> {
    let mut changes = Vec::new();
    let (mut column, mut is_black) = (0u32, false);
    while column < width {
        column = column.checked_add(run(bits, is_black)?)?.min(width);
        change(&mut changes, column);
        is_black = !is_black;
    }
    Some(changes)
}

fn two_dimensions_row(bits: &mut Bits<'_>, above: &[u32], width: u32) -> Option<Vec<u32>> {
    let mut changes: Vec<u32> = Vec::new();
    let (mut column, mut is_black) = (0u32, false);
    let mut begun = false;
    // Changes above that lie left of the column are never looked at again.
    let mut seen = 0;
    while column < width {
        // The first change above, right of the column, to the colour that is not the current one.
        while seen > 0 && above.get(seen - 1).is_some_and(|&at| at > column) {
            seen -= 1;
        }
        while above
            .get(seen)
            .is_some_and(|&at| at < column || (begun && at == column))
        {
            seen += 1;
        }
        // Changes to black are those with even numbers.
        let next = seen + usize::from((seen % 2 == 1) != is_black);
        let first = above.get(next).copied().unwrap_or(width);
        match mode::decode(bits)? {
            Mode::Pass => column = above.get(next + 1).copied().unwrap_or(width),
            Mode::Horizontal => {
                for is_black in [is_black, !is_black] {
                    column = column.checked_add(run(bits, is_black)?)?.min(width);
                    change(&mut changes, column);
                }
            }
            Mode::Vertical(delta) => {
                let to = first.checked_add_signed(delta.into())?.min(width);
                if to < column {
                    return None;
                }
                column = to;
                change(&mut changes, column);
                is_black = !is_black;
            }
            Mode::Extension | Mode::EOF => return None,
        }
        begun = true;
    }
    Some(changes)
}

/// The bits of a chunk, the highest of a byte first. Behind the end there are zeros.
struct Bits<'a> {
    data: Cow<'a, [u8]>,
    /// In bits.
    at: usize,
}

impl Bits<'_> {
    fn is_at_end(&self) -> bool {
        self.at / 8 >= self.data.len()
    }

    fn align(&mut self) {
        self.at = self.at.div_ceil(8) * 8;
    }

    fn take(&mut self) -> Option<bool> {
        let bit = self.peek(1)?;
        self.at += 1;
        Some(bit == 1)
    }

    /// Passes a mark between rows: eleven or more zeros and a one.
    fn pass_mark(&mut self) -> bool {
        if self.peek(11) != Some(0) {
            return false;
        }
        let start = self.at;
        while !self.is_at_end() {
            if self.take() == Some(true) {
                return true;
            }
        }
        self.at = start;
        false
    }
}

impl BitReader for Bits<'_> {
    type Error = Infallible;

    fn peek(&self, bits: u8) -> Option<u16> {
        let byte = |n: usize| -> u32 { self.data.get(n).copied().unwrap_or(0).into() };
        let first = self.at / 8;
        let three = byte(first) << 16 | byte(first + 1) << 8 | byte(first + 2);
        let shift = 24u32.checked_sub((self.at % 8) as u32 + u32::from(bits))?;
        let mask = (1u32 << bits) - 1;
        u16::try_from(three >> shift & mask).ok()
    }

    fn consume(&mut self, bits: u8) -> Result<(), Self::Error> {
        self.at += usize::from(bits);
        Ok(())
    }

    fn bits_to_byte_boundary(&self) -> u8 {
        ((8 - self.at % 8) % 8) as u8
    }
}
