//! The Huffman tables of the standard (ITU-T T.81, K.3), for files that leave theirs out.

use crate::huffman::{Class, Spec};

const LIGHT_DC: [u8; 16] = [0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0];
const COLOUR_DC: [u8; 16] = [0, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0];
const LIGHT_AC: [u8; 16] = [0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 125];
const COLOUR_AC: [u8; 16] = [0, 2, 1, 2, 4, 4, 3, 4, 7, 5, 4, 4, 0, 1, 2, 119];

/// Sizes of differences, both tables.
const SIZES: [u8; 12] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];

/// Runs and sizes by the length of their codes, up to where [`RULE`] goes on.
const LIGHT_RUNS: [u8; 37] = [
    0x01, 0x02, 0x03, 0x00, 0x04, 0x11, 0x05, 0x12, 0x21, 0x31, 0x41, 0x06, 0x13, 0x51, 0x61, 0x07,
    0x22, 0x71, 0x14, 0x32, 0x81, 0x91, 0xA1, 0x08, 0x23, 0x42, 0xB1, 0xC1, 0x15, 0x52, 0xD1, 0xF0,
    0x24, 0x33, 0x62, 0x72, 0x82,
];
const COLOUR_RUNS: [u8; 43] = [
    0x00, 0x01, 0x02, 0x03, 0x11, 0x04, 0x05, 0x21, 0x31, 0x06, 0x12, 0x41, 0x51, 0x07, 0x61, 0x71,
    0x13, 0x22, 0x32, 0x81, 0x08, 0x14, 0x42, 0x91, 0xA1, 0xB1, 0xC1, 0x09, 0x23, 0x33, 0x52, 0xF0,
    0x15, 0x62, 0x72, 0xD1, 0x0A, 0x16, 0x24, 0x34, 0xE1, 0x25, 0xF1,
];

/// The standard's table for a slot: the first for light, the second for colour. A file that writes
/// its own for progressive scans has no standard to fall back to.
pub(crate) fn standard(class: Class, slot: usize) -> Option<Spec> {
    match (class, slot) {
        (Class::Dc, 0) => Spec::new(LIGHT_DC, &SIZES),
        (Class::Dc, 1) => Spec::new(COLOUR_DC, &SIZES),
        (Class::Ac, 0) => Spec::new(LIGHT_AC, &with_rest(&LIGHT_RUNS)),
        (Class::Ac, 1) => Spec::new(COLOUR_AC, &with_rest(&COLOUR_RUNS)),
        _ => None,
    }
}

/// Behind the listed symbols come all the others, in the order of their bytes.
fn with_rest(listed: &[u8]) -> Vec<u8> {
    let rest =
        (0..=u8::MAX).filter(|byte| (1..=10).contains(&(byte & 15)) && !listed.contains(byte));
    listed.iter().copied().chain(rest).collect()
}
