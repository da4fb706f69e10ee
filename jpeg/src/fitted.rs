//! The shortest Huffman codes for symbols that come as often as was counted, as JPEG allows them: of at most
//! 16 bits, and none of ones alone.

/// How often each symbol comes.
pub(crate) type Counts = [u32; 256];

/// Longest code that a file may have.
const LONGEST: usize = 16;

/// A table made for a file.
pub(crate) struct Fitted {
    /// Codes of 1 to 16 bits.
    lengths: [u8; LONGEST],
    /// Symbols, shortest code first.
    symbols: Vec<u8>,
    /// Code and its bits by symbol; no bits for what does not come.
    codes: [(u16, u8); 256],
}

impl Fitted {
    /// `None` when nothing was counted.
    pub fn new(counts: &Counts) -> Option<Self> {
        let mut used: Vec<(u32, u8)> = (0..=u8::MAX)
            .zip(counts)
            .filter(|&(_, &count)| count > 0)
            .map(|(symbol, &count)| (count, symbol))
            .collect();
        if used.is_empty() {
            return None;
        }
        used.sort_unstable();
        let lengths = lengths(&used.iter().map(|&(count, _)| count).collect::<Vec<_>>());
        let symbols: Vec<u8> = used.iter().rev().map(|&(_, symbol)| symbol).collect();
        let mut codes = [(0, 0); 256];
        let (mut code, mut next) = (0_u16, symbols.iter());
        for (bits, &count) in (1..).zip(&lengths) {
            for &symbol in next.by_ref().take(count.into()) {
                if let Some(entry) = codes.get_mut(usize::from(symbol)) {
                    *entry = (code, bits);
                }
                code = code.wrapping_add(1);
            }
            code <<= 1;
        }
        Some(Self {
            lengths,
            symbols,
            codes,
        })
    }

    /// Code and its bits.
    #[inline(always)]
    pub fn code(&self, symbol: u8) -> (u16, u8) {
        self.codes
            .get(usize::from(symbol))
            .copied()
            .unwrap_or_default()
    }

    /// What a file says about the table, behind its class and slot.
    pub fn payload(&self) -> impl Iterator<Item = u8> + '_ {
        self.lengths.iter().chain(&self.symbols).copied()
    }
}

/// How many codes of each length the symbols get, whose counts are given in ascending order.
fn lengths(counts: &[u32]) -> [u8; LONGEST] {
    // One more, that never comes: it takes the code of ones alone, which is the last of the longest.
    let leaves: Vec<u64> = std::iter::once(0)
        .chain(counts.iter().map(|&count| count.into()))
        .collect();
    let mut of_length = [0_u16; 64];
    for depth in depths(&leaves) {
        if let Some(count) = of_length.get_mut(depth.min(63)) {
            *count += 1;
        }
    }
    shorten(&mut of_length);
    if let Some(longest) = of_length.iter_mut().rev().find(|count| **count > 0) {
        *longest -= 1;
    }
    std::array::from_fn(|n| {
        let count = of_length.get(n + 1).copied().unwrap_or(0);
        u8::try_from(count).unwrap_or(u8::MAX)
    })
}

/// The depth of every leaf in the tree of least weight; weights in ascending order. Joined nodes come out
/// in ascending order too, so the lightest two are always at the head of one of two queues.
fn depths(weights: &[u64]) -> Vec<usize> {
    let leaves = weights.len();
    let nodes = 2 * leaves - 1;
    let mut weights = weights.to_vec();
    let mut parents = vec![0; nodes];
    let (mut leaf, mut joined) = (0, leaves);
    for parent in leaves..nodes {
        let mut sum = 0;
        for _ in 0..2 {
            let light = weights.get(leaf).copied().filter(|_| leaf < leaves);
            let heavy = weights.get(joined).copied();
            let lightest = match (light, heavy) {
                (Some(light), Some(heavy)) if heavy < light => &mut joined,
                (Some(_), _) => &mut leaf,
                (None, _) => &mut joined,
            };
            sum += weights.get(*lightest).copied().unwrap_or(0);
            if let Some(node) = parents.get_mut(*lightest) {
                *node = parent;
            }
            *lightest += 1;
        }
        weights.push(sum);
    }
    let mut depths = vec![0; nodes];
    for node in (0..nodes.saturating_sub(1)).rev() {
        let above = parents.get(node).and_then(|&parent| depths.get(parent));
        let depth = above.copied().unwrap_or(0) + 1;
        if let Some(entry) = depths.get_mut(node) {
            *entry = depth;
        }
    }
    depths.truncate(leaves);
    depths
}

/// Moves codes that are too long up the tree (ITU-T T.81, figure K.3): a pair becomes one code a bit shorter, and
/// its other half hangs below the longest code that has room.
fn shorten(of_length: &mut [u16; 64]) {
    for length in (LONGEST + 1..64).rev() {
        while of_length[length] > 0 {
            let Some(shorter) = (1..length - 1).rev().find(|&n| of_length[n] > 0) else {
                return;
            };
            of_length[length] -= 2;
            of_length[length - 1] += 1;
            of_length[shorter] -= 1;
            of_length[shorter + 1] += 2;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Codes are a prefix code without the one of ones alone, and those that come often are not longer.
    fn check(counts: &Counts) -> u64 {
        let fitted = Fitted::new(counts).unwrap();
        let mut share = 0_u64;
        let mut bits_in_all = 0;
        for (symbol, &count) in (0..=u8::MAX).zip(counts) {
            let (code, bits) = fitted.code(symbol);
            assert_eq!(count > 0, bits > 0);
            if bits == 0 {
                continue;
            }
            assert!(
                bits <= 16 && u32::from(code) < (1 << bits) - 1,
                "{code:b} of {bits}"
            );
            share += 1 << (16 - bits);
            bits_in_all += u64::from(count) * u64::from(bits);
            for (other, &more) in (0..=u8::MAX).zip(counts) {
                assert!(more <= count || fitted.code(other).1 <= bits);
            }
        }
        assert!(share < 1 << 16);
        bits_in_all
    }

    #[test]
    fn one_symbol_takes_a_bit() {
        let mut counts = [0; 256];
        counts[7] = 1000;
        assert_eq!(check(&counts), 1000);
    }

    #[test]
    fn lengths_follow_counts() {
        let mut counts = [0; 256];
        counts[..6].copy_from_slice(&[45, 13, 12, 16, 9, 5]);
        // The classic example: 224 bits; here the code of ones is not given away.
        assert_eq!(check(&counts), 224 + 5);
    }

    #[test]
    fn all_alike_and_very_unlike() {
        assert_eq!(check(&[1; 256]), 255 * 8 + 9);
        let mut steep = [0; 256];
        let (mut a, mut b) = (1, 1);
        for count in steep.iter_mut().take(40) {
            *count = a;
            (a, b) = (b, a + b);
        }
        check(&steep);
    }

    #[test]
    fn nothing_has_no_table() {
        assert!(Fitted::new(&[0; 256]).is_none());
    }
}
