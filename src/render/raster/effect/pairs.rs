//! Pixels of a row in pairs: one of each pair taken, or two rows put together.

/// Every second pixel, from the first on.
pub(super) fn every_second<const N: usize>(from: &[u16], to: &mut [u16]) {
    let pixels = from.as_chunks::<N>().0.iter().step_by(2);
    for (to, from) in to.as_chunks_mut::<N>().0.iter_mut().zip(pixels) {
        *to = *from;
    }
}

/// Pixels that lie in turns in the one and in the other.
pub(super) fn in_turns<const N: usize, T: Copy>(left: &[T], right: &[T], out: &mut [T]) {
    let (left, right) = (left.as_chunks::<N>().0, right.as_chunks::<N>().0);
    let pairs = out.as_chunks_mut::<N>().0.as_chunks_mut::<2>().0;
    for ((pair, left), right) in pairs.iter_mut().zip(left).zip(right) {
        *pair = [*left, *right];
    }
}

/// The same for pixels of three bytes: four of each are three words of four bytes, and both together three
/// of eight.
pub(super) fn threes_in_turns(left: &[u8], right: &[u8], out: &mut [u8]) {
    let four = |bytes: &[u8; 12]| {
        let word = |at: usize| {
            let [a, b, c, d] = [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]];
            u64::from(u32::from_le_bytes([a, b, c, d]))
        };
        let (first, second, third) = (word(0), word(4), word(8));
        let pixel = |v: u64| v & 0x00ff_ffff;
        [
            pixel(first),
            pixel(first >> 24 | second << 8),
            pixel(second >> 16 | third << 16),
            third >> 8,
        ]
    };
    let (blocks, rest) = out.as_chunks_mut::<24>();
    let (lefts, left_rest) = left.as_chunks::<12>();
    let (rights, right_rest) = right.as_chunks::<12>();
    for ((out, left), right) in blocks.iter_mut().zip(lefts).zip(rights) {
        let ([a, b, c, d], [e, f, g, h]) = (four(left), four(right));
        let (first, second) = (a | e << 24, b | f << 24);
        let (third, fourth) = (c | g << 24, d | h << 24);
        let words = [
            first | second << 48,
            second >> 16 | third << 32,
            third >> 32 | fourth << 16,
        ];
        for (out, word) in out.as_chunks_mut::<8>().0.iter_mut().zip(words) {
            *out = word.to_le_bytes();
        }
    }
    in_turns::<3, u8>(left_rest, right_rest, rest);
}
