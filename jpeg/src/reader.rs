//! The entropy-coded bytes of a scan as bits.
//!
//! Stuffed zeros are taken out once, into a window of constant size, so that memory does not grow with
//! the file and the bit reader needs no branch: it loads eight bytes, always.

use crate::marker::{find_marker, first_ff};
use crate::walk::Source;

/// Bytes of the window. Fits the first-level cache beside the tables.
const WINDOW: usize = 1 << 14;

/// More than one MCU can take: ten blocks of 64 symbols of at most 28 bits, and a load beyond them.
const MCU_BYTES: usize = 2560;

/// The window's bytes; zeros follow the end of a segment.
pub(crate) type Data = [u8; WINDOW];

/// The bits that come next: `count` of them, from the top of `word` down.
#[derive(Clone, Copy, Default)]
pub(crate) struct Bits {
    pub word: u64,
    pub count: u32,
    next: usize,
}

impl Bits {
    /// At least 56 bits are there afterwards. Bits below `count` are those of the next bytes, which
    /// the next call puts at the same place again.
    #[inline(always)]
    pub fn refill(&mut self, data: &Data) {
        // The mask changes nothing: the window is left by less than its padding. It spares the check.
        let at = self.next & (WINDOW - 1);
        let at = at.min(WINDOW - 8);
        if let Some(&bytes) = data.get(at..).and_then(<[u8]>::first_chunk::<8>) {
            self.word |= u64::from_be_bytes(bytes) >> (self.count & 63);
        }
        self.next += (63_u32.wrapping_sub(self.count) >> 3) as usize;
        self.count |= 56;
    }

    /// The next `n` bits, 1 to 16, as a number.
    #[inline(always)]
    pub fn peek(&self, n: u32) -> usize {
        (self.word >> (64 - n)) as usize
    }

    /// Leaves `n` bits behind, at most as many as are there.
    #[inline(always)]
    pub fn skip(&mut self, n: u32) {
        self.word <<= n;
        self.count = self.count.wrapping_sub(n);
    }

    /// Takes the next `n` bits, 0 to 16.
    #[inline(always)]
    pub fn take(&mut self, n: u32) -> u32 {
        let bits = ((self.word >> 1) >> (63 - n)) as u32;
        self.skip(n);
        bits
    }
}

/// Walks through the entropy-coded segments of a scan.
pub(crate) struct Reader<'a> {
    file: &'a [u8],
    /// The first byte of the file that is not in the window yet.
    at: usize,
    data: Box<Data>,
    /// Bytes of the window that are the file's.
    end: usize,
    /// The segment goes no further than the window: a marker or the end of the file stands at `at`.
    ended: bool,
    pub bits: Bits,
    /// Something was not as it should be.
    pub damaged: bool,
}

impl<'a> Reader<'a> {
    /// A reader that stands nowhere; [`begin`](Self::begin) comes next.
    pub fn new(file: &'a [u8]) -> Self {
        Self {
            file,
            at: file.len(),
            data: Box::new([0; WINDOW]),
            end: 0,
            ended: true,
            bits: Bits::default(),
            damaged: false,
        }
    }

    /// Starts with the segment whose first byte is `at`.
    pub fn begin(&mut self, at: usize) {
        self.at = at;
        self.end = 0;
        self.ended = false;
        self.bits = Bits::default();
        self.fill();
    }

    /// Where the file goes on: at the marker behind the segment when that is in the window already,
    /// before it otherwise.
    pub fn position(&self) -> usize {
        self.at
    }

    /// Leaves the segment without having read it; it starts at `at`.
    pub fn leave(&mut self, at: usize) {
        self.at = at;
    }

    pub fn data(&self) -> &Data {
        &self.data
    }

    #[cold]
    fn slide(&mut self) {
        let from = self.bits.next.min(self.end);
        self.data.copy_within(from..self.end, 0);
        self.end -= from;
        self.bits.next -= from;
        self.fill();
    }

    /// Fills the window from the file as far as the segment goes.
    fn fill(&mut self) {
        const FULL: usize = WINDOW - MCU_BYTES - 8;
        while self.end < FULL {
            let rest = self.file.get(self.at..).unwrap_or_default();
            let room = rest.len().min(FULL - self.end);
            let (plain, _) = rest.split_at(room);
            let plain = plain.split_at(first_ff(plain)).0;
            if let Some(target) = self.data.get_mut(self.end..self.end + plain.len()) {
                target.copy_from_slice(plain);
            }
            self.end += plain.len();
            self.at += plain.len();
            if plain.len() == room {
                if room == rest.len() {
                    return self.finish();
                }
                continue;
            }
            // An FF: fill bytes, a stuffed zero, or a marker.
            let ones = rest
                .iter()
                .skip(plain.len())
                .take_while(|&&byte| byte == 0xFF)
                .count();
            match rest.get(plain.len() + ones) {
                Some(0) => {
                    if let Some(byte) = self.data.get_mut(self.end) {
                        *byte = 0xFF;
                    }
                    self.end += 1;
                    self.at += ones + 1;
                }
                Some(_) => {
                    self.at += ones - 1;
                    return self.finish();
                }
                None => {
                    self.at = self.file.len();
                    return self.finish();
                }
            }
        }
    }

    fn finish(&mut self) {
        self.ended = true;
        if let Some(rest) = self.data.get_mut(self.end..) {
            rest.fill(0);
        }
    }

    /// A segment without bits: whoever reads it is at its end at once.
    fn empty(&mut self, at: usize) {
        self.damaged = true;
        self.at = at;
        self.end = 0;
        self.bits = Bits::default();
        self.finish();
    }
}

impl Source for Reader<'_> {
    #[inline(always)]
    fn ready(&mut self) {
        if self.bits.next + MCU_BYTES > self.end && !self.ended {
            self.slide();
        }
    }

    fn restart(&mut self, expected: u8) {
        match resync(self.file, self.at, expected, &mut self.damaged) {
            Segment::At(at) => self.begin(at),
            Segment::None(at) => self.empty(at),
        }
    }

    #[inline(always)]
    fn spent(&self) -> bool {
        self.bits.next * 8 > self.end * 8 + self.bits.count as usize
    }

    fn damage(&mut self) {
        self.damaged = true;
    }
}

/// Where a segment of a scan begins.
pub(crate) enum Segment {
    At(usize),
    /// Nowhere: the file goes on here.
    None(usize),
}

/// Finds the segment behind restart marker `expected` (0 to 7), which should stand at `at`. When
/// another one comes, does what libjpeg does: a marker a little too early stays where it is and the
/// segment is empty, one a little too late is passed by, and any other restart marker is taken for
/// the right one.
pub(crate) fn resync(file: &[u8], mut at: usize, expected: u8, damaged: &mut bool) -> Segment {
    loop {
        let Some((marker, found)) = find_marker(file, at) else {
            return Segment::None(file.len());
        };
        // Fill bytes may stand before any marker.
        let between = file.get(at..found).unwrap_or_default();
        *damaged |= between.iter().any(|&byte| byte != 0xFF);
        at = found + 2;
        match marker {
            0xD0..=0xD7 => match (marker - 0xD0).wrapping_sub(expected) & 7 {
                0 => return Segment::At(at),
                1 | 2 => return Segment::None(found),
                6 | 7 => *damaged = true,
                _ => {
                    *damaged = true;
                    return Segment::At(at);
                }
            },
            // No marker that anyone writes.
            0x01..=0xBF => *damaged = true,
            _ => return Segment::None(found),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(reader: &mut Reader<'_>, n: usize) -> Vec<u8> {
        (0..n)
            .map(|_| {
                reader.ready();
                let mut bits = reader.bits;
                bits.refill(reader.data());
                let byte = bits.take(8) as u8;
                reader.bits = bits;
                byte
            })
            .collect()
    }

    #[test]
    fn stuffed_zeros_are_taken_out_and_markers_end_a_segment() {
        let file = [1, 0xFF, 0, 2, 0xFF, 0xFF, 0, 3, 0xFF, 0xD0, 4, 0xFF, 0xD9];
        let mut reader = Reader::new(&file);
        reader.begin(0);
        assert_eq!(bytes(&mut reader, 5), [1, 0xFF, 2, 0xFF, 3]);
        assert!(!reader.spent());
        assert_eq!(bytes(&mut reader, 1), [0], "zeros follow the end");
        assert!(reader.spent());
        reader.restart(0);
        assert_eq!(bytes(&mut reader, 1), [4]);
        assert!(!reader.damaged);
        reader.restart(1);
        assert!(reader.damaged, "the end of the picture is no restart");
    }

    #[test]
    fn fill_bytes_before_a_restart_marker_are_no_damage_wherever_the_window_ends() {
        for length in WINDOW - MCU_BYTES - 20..WINDOW - MCU_BYTES + 4 {
            let mut file = vec![7; length];
            file.extend([0xFF, 0xFF, 0xFF, 0xD0, 9, 0xFF, 0xD9]);
            let mut reader = Reader::new(&file);
            reader.begin(0);
            assert_eq!(bytes(&mut reader, length), vec![7; length]);
            reader.restart(0);
            assert_eq!(bytes(&mut reader, 1), [9]);
            assert!(!reader.damaged, "{length}");
        }
    }

    #[test]
    fn a_long_segment_slides_through_the_window() {
        let plain: Vec<u8> = (0..100_000_u32).map(|n| (n * 7 % 256) as u8).collect();
        let stuffed: Vec<u8> = plain
            .iter()
            .flat_map(|&byte| [Some(byte), (byte == 0xFF).then_some(0)])
            .flatten()
            .collect();
        let mut reader = Reader::new(&stuffed);
        reader.begin(0);
        assert_eq!(bytes(&mut reader, plain.len()), plain);
        assert!(!reader.spent());
    }
}
