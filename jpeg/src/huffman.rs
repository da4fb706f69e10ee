//! Huffman tables, laid out for the questions that a scaled decoder asks.

use crate::reader::Bits;

/// Bits of a code that a table is looked up with. Longer codes are rare and found by their length.
const LOOKUP: u32 = 11;
const ENTRIES: usize = 1 << LOOKUP;

/// Most bits of a value. Samples of eight bits never have more than 11; with 12 any two symbols,
/// codes of 16 bits included, take no more than the 56 bits of a refill. A code for more, which
/// some tables name and no sound file uses, is taken for one that is not there.
const LARGEST: u32 = 12;

/// One symbol: how far it moves in the block, how many bits hold its value, how many bits it takes
/// with them. Packed into 16 bits, because four tables share the first-level cache.
///
/// An end of block is a move of 64: it leaves the block like any move too far, without a question.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(crate) struct Symbol(u16);

impl Symbol {
    fn new(advance: u32, size: u32, total: u32) -> Self {
        Self((advance << 9 | size << 5 | total) as u16)
    }

    /// Coefficients before the one that this symbol is about; 64 for the end of the block.
    #[inline(always)]
    pub fn advance(self) -> usize {
        usize::from(self.0 >> 9)
    }

    /// Bits of the value, 0 to 12.
    #[inline(always)]
    pub fn size(self) -> u32 {
        u32::from(self.0 >> 5 & 15)
    }

    /// Bits of code and value, at most 28.
    #[inline(always)]
    pub fn total(self) -> u32 {
        u32::from(self.0 & 31)
    }

    /// Takes the symbol's bits and gives its value.
    #[inline(always)]
    pub fn value(self, bits: &mut Bits) -> i32 {
        let (size, total) = (self.size(), self.total());
        let word = bits.word << (total - size);
        bits.skip(total);
        // A leading 0 means a negative value, counted from the least one.
        let value = ((word >> 1) >> (63 - size)) as i32;
        let negative = ((word as i64 >> 63) as i32) + 1;
        value - (((1 << size) - 1) & -negative)
    }
}

/// Several whole symbols at once, of coefficients that nobody needs.
#[derive(Clone, Copy, Default)]
pub(crate) struct Leap(u16);

impl Leap {
    /// A leap that fits nowhere, for codes longer than the table.
    const NONE: Self = Self(63 << 5);

    /// Coefficients moved; 64 more when the block ends with it.
    #[inline(always)]
    pub fn advance(self) -> usize {
        usize::from(self.0 >> 5)
    }

    /// Bits of all the codes and values, at most 23.
    #[inline(always)]
    pub fn total(self) -> u32 {
        u32::from(self.0 & 31)
    }
}

/// What a file says about a table: how many codes of each length, and their symbols in order.
#[derive(Clone)]
pub(crate) struct Spec {
    counts: [u8; 16],
    symbols: Vec<u8>,
}

impl Spec {
    /// `None` when the lengths do not make a prefix code.
    pub fn new(counts: [u8; 16], symbols: &[u8]) -> Option<Self> {
        let mut free = 1_u32;
        for &count in &counts {
            free = (free * 2).checked_sub(u32::from(count))?;
        }
        Some(Self {
            counts,
            symbols: symbols.to_vec(),
        })
    }
}

/// What a symbol's byte means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Class {
    /// The size of a difference.
    Dc,
    /// A run of zeros and a size; without a size the end of the block, or sixteen zeros.
    Ac,
    /// The same in a progressive scan, where what has no size may be the end of many blocks: the byte
    /// is kept as it is, run in `advance`.
    ProgressiveAc,
}

/// A table ready for use.
pub(crate) struct Table {
    /// By the next bits; empty where the code is longer.
    symbols: [Symbol; ENTRIES],
    /// By the next bits; only for [`Class::Ac`].
    leaps: Box<[Leap; ENTRIES]>,
    /// For codes of 12 to 16 bits: the first code behind those of this length, in 16 bits, and what
    /// to add to a code to find its symbol.
    long: [(u32, i32); 5],
    /// The first code of more than 11 bits, in 16 bits: what is below and has no symbol is no code.
    long_start: u32,
    long_symbols: Vec<Symbol>,
}

impl Table {
    /// `None` when a symbol cannot be one of this class.
    pub fn new(spec: &Spec, class: Class) -> Option<Self> {
        let mut table = Self {
            symbols: [Symbol::default(); ENTRIES],
            leaps: Box::new([Leap::NONE; ENTRIES]),
            long: [(0, 0); 5],
            long_start: 0,
            long_symbols: Vec::new(),
        };
        let mut code = 0_u32;
        let mut symbols = spec.symbols.iter();
        for (length, &count) in (1..=16_u32).zip(&spec.counts) {
            let first = code;
            let first_long = table.long_symbols.len();
            if length == LOOKUP + 1 {
                table.long_start = code << (16 - length);
            }
            for &byte in symbols.by_ref().take(count.into()) {
                let symbol = symbol(byte, length, class)?;
                if length <= LOOKUP {
                    let start = (code << (LOOKUP - length)) as usize;
                    let end = start + (1 << (LOOKUP - length));
                    if let Some(entries) = table.symbols.get_mut(start..end) {
                        entries.fill(symbol);
                    }
                } else {
                    table.long_symbols.push(symbol);
                }
                code += 1;
            }
            if let Some(long) = length
                .checked_sub(LOOKUP + 1)
                .and_then(|n| table.long.get_mut(n as usize))
            {
                *long = (code << (16 - length), first_long as i32 - first as i32);
            }
            code <<= 1;
        }
        if class == Class::Ac {
            table.fill_leaps();
        }
        Some(table)
    }

    /// Strings symbols together as long as their codes lie inside the bits looked up with. The value
    /// bits of the last may lie outside: how many there are is known.
    fn fill_leaps(&mut self) {
        for (index, leap) in self.leaps.iter_mut().enumerate() {
            let (mut advance, mut total) = (0, 0);
            while total < LOOKUP {
                let rest = index << total & (ENTRIES - 1);
                let symbol = self.symbols.get(rest).copied().unwrap_or_default();
                let code = symbol.total().wrapping_sub(symbol.size());
                let ends = symbol.advance() == 64;
                let moved = if ends { 64 } else { symbol.advance() + 1 };
                if symbol == Symbol::default() || total + code > LOOKUP || advance + moved > 127 {
                    break;
                }
                // Past 63 only an end of block may bring it: there the flag would be read as a move.
                if !ends && advance + moved > 63 {
                    break;
                }
                advance += moved;
                total += symbol.total();
                if ends {
                    break;
                }
            }
            if total > 0 {
                *leap = Leap((advance << 5) as u16 | total as u16);
            }
        }
    }

    /// The next symbol, whose bits are not taken yet. At least 28 bits must be there.
    #[inline(always)]
    pub fn symbol(&self, bits: &Bits, bad: &mut bool) -> Symbol {
        let symbol = self
            .symbols
            .get(bits.peek(LOOKUP))
            .copied()
            .unwrap_or_default();
        if symbol == Symbol::default() {
            return self.long_symbol(bits, bad);
        }
        symbol
    }

    /// As many symbols as can be passed by at once.
    #[inline(always)]
    pub fn leap(&self, bits: &Bits) -> Leap {
        self.leaps
            .get(bits.peek(LOOKUP))
            .copied()
            .unwrap_or(Leap::NONE)
    }

    #[cold]
    #[inline(never)]
    fn long_symbol(&self, bits: &Bits, bad: &mut bool) -> Symbol {
        let code = bits.peek(16) as u32;
        let long = (LOOKUP + 1..=16).zip(&self.long);
        let found = long
            .filter(|_| code >= self.long_start)
            .find(|&(_, &(behind, _))| code < behind)
            .map(|(length, &(_, offset))| (code >> (16 - length)) as i32 + offset)
            .and_then(|index| usize::try_from(index).ok())
            .and_then(|index| self.long_symbols.get(index))
            .filter(|&&symbol| symbol != Symbol::default());
        if let Some(&symbol) = found {
            return symbol;
        }
        // No code begins so. As libjpeg has it: a zero, and on behind it.
        *bad = true;
        Symbol::new(64, 0, 16)
    }
}

fn symbol(byte: u8, length: u32, class: Class) -> Option<Symbol> {
    let (run, size) = (u32::from(byte >> 4), u32::from(byte & 15));
    Some(match class {
        Class::Dc if run > 0 => return None,
        _ if size > LARGEST => Symbol::default(),
        Class::Dc => Symbol::new(0, size, length + size),
        Class::ProgressiveAc if size == 0 => Symbol::new(run, 0, length),
        Class::Ac if size == 0 && run < 15 => Symbol::new(64, 0, length),
        Class::Ac | Class::ProgressiveAc => Symbol::new(run, size, length + size),
    })
}
