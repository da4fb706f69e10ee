//! The binary decoder: bytes to decisions, each with a probability that adapts.

use crate::marker::find_marker;
use crate::reader::{Segment, resync};
use crate::walk::Source;

/// What is known about a kind of decision: a state in seven bits, and above them the likelier
/// value.
pub(crate) type Bin = u8;

/// The state of decisions that are even and stay so.
const EVEN: Bin = 113;

/// Where a less likely value changes which one is likelier.
const SWITCH: u8 = 0x80;

/// Table D.3: the size of the less likely part, the state behind a less likely value, and that
/// behind a likelier one.
#[rustfmt::skip]
const STATES: [(u16, u8, u8); 128] = states([
    (0x5A1D, 1 | SWITCH, 1), (0x2586, 14, 2), (0x1114, 16, 3), (0x080B, 18, 4), (0x03D8, 20, 5),
    (0x01DA, 23, 6), (0x00E5, 25, 7), (0x006F, 28, 8), (0x0036, 30, 9), (0x001A, 33, 10),
    (0x000D, 35, 11), (0x0006, 9, 12), (0x0003, 10, 13), (0x0001, 12, 13), (0x5A7F, 15 | SWITCH, 15),
    (0x3F25, 36, 16), (0x2CF2, 38, 17), (0x207C, 39, 18), (0x17B9, 40, 19), (0x1182, 42, 20),
    (0x0CEF, 43, 21), (0x09A1, 45, 22), (0x072F, 46, 23), (0x055C, 48, 24), (0x0406, 49, 25),
    (0x0303, 51, 26), (0x0240, 52, 27), (0x01B1, 54, 28), (0x0144, 56, 29), (0x00F5, 57, 30),
    (0x00B7, 59, 31), (0x008A, 60, 32), (0x0068, 62, 33), (0x004E, 63, 34), (0x003B, 32, 35),
    (0x002C, 33, 9), (0x5AE1, 37 | SWITCH, 37), (0x484C, 64, 38), (0x3A0D, 65, 39), (0x2EF1, 67, 40),
    (0x261F, 68, 41), (0x1F33, 69, 42), (0x19A8, 70, 43), (0x1518, 72, 44), (0x1177, 73, 45),
    (0x0E74, 74, 46), (0x0BFB, 75, 47), (0x09F8, 77, 48), (0x0861, 78, 49), (0x0706, 79, 50),
    (0x05CD, 48, 51), (0x04DE, 50, 52), (0x040F, 50, 53), (0x0363, 51, 54), (0x02D4, 52, 55),
    (0x025C, 53, 56), (0x01F8, 54, 57), (0x01A4, 55, 58), (0x0160, 56, 59), (0x0125, 57, 60),
    (0x00F6, 58, 61), (0x00CB, 59, 62), (0x00AB, 61, 63), (0x008F, 61, 32), (0x5B12, 65 | SWITCH, 65),
    (0x4D04, 80, 66), (0x412C, 81, 67), (0x37D8, 82, 68), (0x2FE8, 83, 69), (0x293C, 84, 70),
    (0x2379, 86, 71), (0x1EDF, 87, 72), (0x1AA9, 87, 73), (0x174E, 72, 74), (0x1424, 72, 75),
    (0x119C, 74, 76), (0x0F6B, 74, 77), (0x0D51, 75, 78), (0x0BB6, 77, 79), (0x0A40, 77, 48),
    (0x5832, 80 | SWITCH, 81), (0x4D1C, 88, 82), (0x438E, 89, 83), (0x3BDD, 90, 84), (0x34EE, 91, 85),
    (0x2EAE, 92, 86), (0x299A, 93, 87), (0x2516, 86, 71), (0x5570, 88 | SWITCH, 89), (0x4CA9, 95, 90),
    (0x44D9, 96, 91), (0x3E22, 97, 92), (0x3824, 99, 93), (0x32B4, 99, 94), (0x2E17, 93, 86),
    (0x56A8, 95 | SWITCH, 96), (0x4F46, 101, 97), (0x47E5, 102, 98), (0x41CF, 103, 99), (0x3C3D, 104, 100),
    (0x375E, 99, 93), (0x5231, 105, 102), (0x4C0F, 106, 103), (0x4639, 107, 104), (0x415E, 103, 99),
    (0x5627, 105 | SWITCH, 106), (0x50E7, 108, 107), (0x4B85, 109, 103), (0x5597, 110, 109), (0x504F, 111, 107),
    (0x5A10, 110 | SWITCH, 111), (0x5522, 112, 109), (0x59EB, 112 | SWITCH, 111),
]);

/// The table with the even state, filled up so that seven bits always find an entry.
const fn states(table: [(u16, u8, u8); 113]) -> [(u16, u8, u8); 128] {
    let mut all = [(0x5A1D, EVEN, EVEN); 128];
    let mut n = 0;
    while n < table.len() {
        all[n] = table[n];
        n += 1;
    }
    all
}

/// Walks through the segments of a scan.
pub(crate) struct Coder<'a> {
    file: &'a [u8],
    /// The next byte; the marker's FF where the segment has ended. Zeros follow the end, as many as
    /// are asked for: writers leave those out.
    at: usize,
    /// The part of the number line that is left; `A` in the standard.
    interval: u32,
    /// Where in it the file points; `C`.
    code: u32,
    /// Shifts until the next byte; `CT`.
    shifts: u32,
    /// The file ends inside the segment, or what was read cannot be: nothing sound comes before the
    /// next one.
    over: bool,
    /// Something was not as it should be.
    pub damaged: bool,
}

impl<'a> Coder<'a> {
    /// At the segment whose first byte is `at`.
    pub fn new(file: &'a [u8], at: usize) -> Self {
        let mut coder = Self {
            file,
            at,
            interval: 0,
            code: 0,
            shifts: 0,
            over: false,
            damaged: false,
        };
        coder.begin(at);
        coder
    }

    fn begin(&mut self, at: usize) {
        self.at = at;
        self.over = false;
        self.interval = 0x1_0000;
        self.code = self.byte() << 24;
        self.code |= self.byte() << 16;
        self.shifts = 0;
    }

    /// Where the file goes on, at a marker or before it.
    pub fn position(&self) -> usize {
        self.at
    }

    /// Gives the segment up.
    pub fn give_up(&mut self) {
        self.over = true;
    }

    fn byte(&mut self) -> u32 {
        let rest = self.file.get(self.at..).unwrap_or_default();
        let ones = rest.iter().take_while(|&&byte| byte == 0xFF).count();
        match (ones, rest.get(ones)) {
            (_, None) => {
                self.over = true;
                0
            }
            (0, Some(&byte)) => {
                self.at += 1;
                byte.into()
            }
            (_, Some(0)) => {
                self.at += ones + 1;
                0xFF
            }
            (_, Some(_)) => 0,
        }
    }

    /// A decision.
    pub fn bit(&mut self, bin: &mut Bin) -> bool {
        let state = usize::from(*bin & 0x7F);
        let (part, unlikely, likely) = STATES.get(state).copied().unwrap_or_default();
        let part = u32::from(part);
        let value = *bin & 0x80;
        self.interval = self.interval.wrapping_sub(part);
        let upper = self.code >> 16 >= self.interval;
        if !upper && self.interval >= 0x8000 {
            return value > 0;
        }
        // The likelier value has the larger part, wherever that lies.
        let exchanged = self.interval < part;
        if upper {
            self.code = self.code.wrapping_sub(self.interval << 16);
            self.interval = part;
        }
        while self.interval < 0x8000 {
            if self.shifts == 0 {
                self.code |= self.byte() << 8;
                self.shifts = 8;
            }
            self.interval <<= 1;
            self.code <<= 1;
            self.shifts -= 1;
        }
        if upper == exchanged {
            *bin = value | likely;
            value > 0
        } else {
            *bin = value ^ unlikely;
            value == 0
        }
    }

    /// A decision that is even.
    pub fn even(&mut self) -> bool {
        self.bit(&mut { EVEN })
    }
}

impl Source for Coder<'_> {
    fn ready(&mut self) {}

    fn restart(&mut self, expected: u8) {
        // Bytes that no decision asked for are no damage.
        let at = find_marker(self.file, self.at).map_or(self.file.len(), |(_, at)| at);
        match resync(self.file, at, expected, &mut self.damaged) {
            Segment::At(at) => self.begin(at),
            Segment::None(at) => {
                self.damaged = true;
                self.at = at;
                self.over = true;
            }
        }
    }

    fn spent(&self) -> bool {
        self.over
    }

    fn damage(&mut self) {
        self.damaged = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the standard, table D.5: 256 decisions of one kind in 30 bytes.
    #[test]
    fn the_example_of_the_standard() {
        const PLAIN: [u8; 32] = [
            0x00, 0x02, 0x00, 0x51, 0x00, 0x00, 0x00, 0xC0, 0x03, 0x52, 0x87, 0x2A, 0xAA, 0xAA,
            0xAA, 0xAA, 0x82, 0xC0, 0x20, 0x00, 0xFC, 0xD7, 0x9E, 0xF6, 0x74, 0xEA, 0xAB, 0xF7,
            0x69, 0x7E, 0xE7, 0x4C,
        ];
        const CODED: [u8; 32] = [
            0x65, 0x5B, 0x51, 0x44, 0xF7, 0x96, 0x9D, 0x51, 0x78, 0x55, 0xBF, 0xFF, 0x00, 0xFC,
            0x51, 0x84, 0xC7, 0xCE, 0xF9, 0x39, 0x00, 0x28, 0x7D, 0x46, 0x70, 0x8E, 0xCB, 0xC0,
            0xF6, 0xFF, 0xD9, 0x00,
        ];
        let mut coder = Coder::new(&CODED, 0);
        let mut bin = 0;
        for (n, &byte) in PLAIN.iter().enumerate() {
            let seen = (0..8).fold(0, |seen, _| seen << 1 | u8::from(coder.bit(&mut bin)));
            assert_eq!(seen, byte, "byte {n}");
        }
        assert!(!coder.spent());
        assert_eq!(
            CODED.get(coder.position()..).map(<[u8]>::len),
            Some(3),
            "at the marker"
        );
    }
}
