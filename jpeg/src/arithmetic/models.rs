//! Which decisions make a number (ITU-T T.81, F.1.4), and what is remembered of each kind of them.

use super::coder::{Bin, Coder};

/// Tables that a scan may name.
const TABLES: usize = 16;

/// What a file says about how numbers are told apart; the standard's values until it does.
#[derive(Clone)]
pub(crate) struct Conditioning {
    /// For differences of means: up to which size they are taken for none, and for small.
    small: [(u8, u8); TABLES],
    /// For the other coefficients: up to which one the first kind of large values is.
    early: [u8; TABLES],
}

impl Default for Conditioning {
    fn default() -> Self {
        Self {
            small: [(0, 1); TABLES],
            early: [5; TABLES],
        }
    }
}

impl Conditioning {
    /// Reads a pair out of a segment; `None` when it cannot be.
    pub fn read(&mut self, place: u8, value: u8) -> Option<()> {
        let slot = usize::from(place & 15);
        match place >> 4 {
            0 => {
                let (low, high) = (value & 15, value >> 4);
                if low > high {
                    return None;
                }
                *self.small.get_mut(slot)? = (low, high);
            }
            1 => *self.early.get_mut(slot)? = value,
            _ => return None,
        }
        Some(())
    }
}

/// What is remembered in a scan, from one restart marker to the next.
pub(crate) struct Models {
    conditioning: Conditioning,
    means: [[Bin; 64]; TABLES],
    details: [[Bin; 256]; TABLES],
}

/// The mean before: its value, and which bins the next difference begins with.
#[derive(Clone, Copy, Default)]
pub(crate) struct Before {
    pub mean: i32,
    bins: usize,
}

/// Bins of the decisions how large a difference is, and of the bits below; those of coefficients.
const MEANS_LARGE: usize = 20;
const EARLY_LARGE: usize = 189;
const LATE_LARGE: usize = 217;
const BITS_BEHIND: usize = 14;
/// No number is as large.
const TOO_LARGE: i32 = 0x8000;

fn bit(coder: &mut Coder<'_>, bins: &mut [Bin], at: usize) -> bool {
    bins.get_mut(at).is_some_and(|bin| coder.bit(bin))
}

impl Models {
    pub fn new(conditioning: Conditioning) -> Box<Self> {
        Box::new(Self {
            conditioning,
            means: [[0; 64]; TABLES],
            details: [[0; 256]; TABLES],
        })
    }

    /// Forgets what was seen.
    pub fn forget(&mut self) {
        self.means = [[0; 64]; TABLES];
        self.details = [[0; 256]; TABLES];
    }

    /// The next mean of a component.
    pub fn mean(&mut self, coder: &mut Coder<'_>, table: usize, before: &mut Before) {
        let (Some(bins), Some(&(low, high))) = (
            self.means.get_mut(table),
            self.conditioning.small.get(table),
        ) else {
            return;
        };
        let first = before.bins;
        if !bit(coder, bins, first) {
            before.bins = 0;
            return;
        }
        let negative = bit(coder, bins, first + 1);
        let mut at = first + 2 + usize::from(negative);
        let mut size = 0;
        if bit(coder, bins, at) {
            at = MEANS_LARGE;
            size = size_of(coder, bins, 1, &mut at);
        }
        let kind = match size {
            _ if size < 1 << low >> 1 => 0,
            _ if size > 1 << high >> 1 => 12,
            _ => 4,
        };
        before.bins = if kind > 0 {
            kind + 4 * usize::from(negative)
        } else {
            0
        };
        let difference = with_bits(coder, bins, size, at, negative);
        before.mean = before.mean.wrapping_add(difference);
    }

    /// Coefficients of a block in a band that is new, given to `put` with their places.
    pub fn details(
        &mut self,
        coder: &mut Coder<'_>,
        table: usize,
        (first, last): (usize, usize),
        mut put: impl FnMut(usize, i32),
    ) {
        let Some(mut kind) = self.kind(table) else {
            return;
        };
        let mut k = first;
        while k <= last && !kind.ended(coder, k) {
            while !kind.is_there(coder, k) {
                k += 1;
                if k > last {
                    return coder.give_up();
                }
            }
            put(k, kind.value(coder, k));
            k += 1;
        }
    }

    pub fn kind(&mut self, table: usize) -> Option<Kind<'_>> {
        Some(Kind {
            bins: self.details.get_mut(table)?,
            early: usize::from(*self.conditioning.early.get(table)?),
        })
    }
}

/// The bins of a table of coefficients.
pub(crate) struct Kind<'a> {
    bins: &'a mut [Bin; 256],
    early: usize,
}

impl Kind<'_> {
    /// Whether the block ends before coefficient `k`.
    pub fn ended(&mut self, coder: &mut Coder<'_>, k: usize) -> bool {
        bit(coder, self.bins, 3 * k - 3)
    }

    /// Whether coefficient `k`, zero so far, is not.
    pub fn is_there(&mut self, coder: &mut Coder<'_>, k: usize) -> bool {
        bit(coder, self.bins, 3 * k - 2)
    }

    /// Whether coefficient `k`, not zero so far, has the next bit.
    pub fn grows(&mut self, coder: &mut Coder<'_>, k: usize) -> bool {
        bit(coder, self.bins, 3 * k - 1)
    }

    /// A value that is not zero.
    fn value(&mut self, coder: &mut Coder<'_>, k: usize) -> i32 {
        let negative = coder.even();
        let mut at = 3 * k - 1;
        let mut size = 0;
        if bit(coder, self.bins, at) {
            size = 1;
            if bit(coder, self.bins, at) {
                at = if k <= self.early {
                    EARLY_LARGE
                } else {
                    LATE_LARGE
                };
                size = size_of(coder, self.bins, 2, &mut at);
            }
        }
        with_bits(coder, self.bins, size, at, negative)
    }
}

/// The highest bit of a number, a decision for each doubling; leaves `at` at the last one's bin.
fn size_of(coder: &mut Coder<'_>, bins: &mut [Bin], mut size: i32, at: &mut usize) -> i32 {
    while bit(coder, bins, *at) {
        size <<= 1;
        if size >= TOO_LARGE {
            coder.give_up();
            return 0;
        }
        *at += 1;
    }
    size
}

/// The number of one more than that size and the bits below it.
fn with_bits(coder: &mut Coder<'_>, bins: &mut [Bin], size: i32, at: usize, negative: bool) -> i32 {
    let mut value = size;
    let mut place = size >> 1;
    while place > 0 {
        if bit(coder, bins, at + BITS_BEHIND) {
            value |= place;
        }
        place >>= 1;
    }
    if negative { -value - 1 } else { value + 1 }
}
