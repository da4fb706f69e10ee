//! The sizes that AV1 data name, before a decoder makes room for them.

use crate::plan::Size;

const SEQUENCE_HEADER: u8 = 1;
/// Units that begin a frame: its header alone, or with all of it.
const FRAME_HEADER: u8 = 3;
const FRAME: u8 = 6;

/// Most frames in the data of one picture: layers, and frames that others refer to and that are not
/// shown. Decoders work through all of them in one call that cannot be stopped.
const MOST_FRAMES: usize = 64;

/// Whether the data of a picture have more frames than any picture needs.
pub(super) fn too_many_frames(data: &[u8]) -> bool {
    let mut rest = data;
    let kinds = std::iter::from_fn(|| {
        let (kind, _, behind) = unit(rest)?;
        rest = behind;
        Some(kind)
    });
    let frames = kinds.filter(|kind| matches!(*kind, FRAME_HEADER | FRAME));
    frames.take(MOST_FRAMES + 1).count() > MOST_FRAMES
}

#[cfg_attr(
    not(feature = "aom"),
    allow(dead_code, reason = "the other decoder has a limit of its own")
)]
/// The largest size of each sequence that begins in the data of a picture. What cannot be read is
/// left to the decoder, which reads no further than there either.
pub(super) fn named(data: &[u8]) -> impl Iterator<Item = Size> {
    let mut rest = data;
    std::iter::from_fn(move || {
        loop {
            let (kind, body, behind) = unit(rest)?;
            rest = behind;
            if kind == SEQUENCE_HEADER {
                return size(&mut Bits { bytes: body, at: 0 });
            }
        }
    })
}

/// The first unit: its kind, its body, and what stands behind it.
fn unit(data: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&head, mut rest) = data.split_first()?;
    if head & 4 != 0 {
        rest = rest.get(1..)?;
    }
    let length = if head & 2 == 0 {
        rest.len()
    } else {
        let (length, bytes) = leb128(rest)?;
        rest = rest.get(bytes..)?;
        length
    };
    let (body, behind) = rest.split_at_checked(length)?;
    Some((head >> 3 & 15, body, behind))
}

/// A number in groups of seven bits, the lowest first, and its bytes.
fn leb128(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut number = 0_u64;
    for (n, &byte) in bytes.iter().enumerate().take(8) {
        number |= u64::from(byte & 0x7F) << (7 * n);
        if byte & 0x80 == 0 {
            return Some((usize::try_from(number).ok()?, n + 1));
        }
    }
    None
}

/// The largest frame of a sequence header (AV1 specification, 5.5.1).
fn size(bits: &mut Bits<'_>) -> Option<Size> {
    bits.skip(4)?;
    if bits.flag()? {
        bits.skip(5)?;
    } else {
        operating_points(bits)?;
    }
    let (wide, high) = (bits.number(4)? + 1, bits.number(4)? + 1);
    let (width, height) = (bits.number(wide)?, bits.number(high)?);
    Some(Size::new(width + 1, height + 1))
}

/// Reads past timing and operating points.
fn operating_points(bits: &mut Bits<'_>) -> Option<()> {
    let mut delay_bits = None;
    if bits.flag()? {
        bits.skip(64)?;
        if bits.flag()? {
            bits.exp_golomb()?;
        }
        if bits.flag()? {
            delay_bits = Some(bits.number(5)? + 1);
            bits.skip(42)?;
        }
    }
    let has_display_delay = bits.flag()?;
    for _ in 0..=bits.number(5)? {
        bits.skip(12)?;
        if bits.number(5)? > 7 {
            bits.skip(1)?;
        }
        if let Some(delay) = delay_bits
            && bits.flag()?
        {
            bits.skip(2 * delay + 1)?;
        }
        if has_display_delay && bits.flag()? {
            bits.skip(4)?;
        }
    }
    Some(())
}

struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    fn flag(&mut self) -> Option<bool> {
        let byte = self.bytes.get(self.at / 8)?;
        let bit = byte >> (7 - self.at % 8) & 1;
        self.at += 1;
        Some(bit == 1)
    }

    /// At most 32 bits.
    fn number(&mut self, bits: u32) -> Option<u32> {
        (0..bits).try_fold(0, |number, _| Some(number << 1 | u32::from(self.flag()?)))
    }

    fn skip(&mut self, bits: u32) -> Option<()> {
        (0..bits).try_for_each(|_| self.flag().map(drop))
    }

    /// As many bits again as there are zeros before the first one.
    fn exp_golomb(&mut self) -> Option<()> {
        let mut zeros = 0;
        while !self.flag()? {
            zeros += 1;
        }
        // 32 zeros and more stand for the largest number, without bits.
        if zeros < 32 {
            self.skip(zeros)
        } else {
            Some(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_of_many_frames_are_refused() {
        // Empty units that say their length: a frame header each.
        let frames = |count: usize| [0x1A, 0].repeat(count);
        assert!(!too_many_frames(&frames(MOST_FRAMES)));
        assert!(too_many_frames(&frames(MOST_FRAMES + 1)));
    }

    #[test]
    fn sizes_are_those_that_encoders_were_given() {
        let cases: [(&[u8], (u32, u32)); 4] = [
            // libaom, a sequence.
            (
                b"\x12\0\x0A\x0A\0\0\0\x02\xAF\xF7\x9B\x5F\x25\x40",
                (64, 48),
            ),
            (b"\x0A\x0A\0\0\0\x03\x2E\x0F\x0D\xAF\x92\xA0", (97, 61)),
            // libaom, a still: the short form.
            (b"\x0A\x09\x38\x19\xBF\xFF\x63\x01\x0D\x06\x90", (128, 128)),
            (
                b"\x0A\x0A\x3F\xF8\xFF\xFF\xFB\x08\x08\x68\x34\x80",
                (32_768, 16),
            ),
        ];
        for (data, (width, height)) in cases {
            assert_eq!(named(data).next(), Some(Size::new(width, height)));
        }
    }

    #[test]
    fn timing_and_operating_points_are_skipped() {
        let fields: [(u64, usize); 21] = [
            (0, 5),
            // Timing: units, scale, equal intervals of one; a model with delays of 10 bits.
            (1, 1),
            (1, 32),
            (25, 32),
            (0b1_1, 2),
            (1, 1),
            (9, 5),
            (1, 32),
            (7, 5),
            (8, 5),
            // Display delays; one point: its level above 7 has a tier.
            (1, 1),
            (0, 5),
            (0, 12),
            (8, 5),
            (1, 1),
            (1, 1),
            (0, 21),
            (0b1_0011, 5),
            // Sizes in 11 and 10 bits.
            (0b1010_1001, 8),
            (1919, 11),
            (799, 10),
        ];
        let bits = fields
            .iter()
            .flat_map(|&(value, bits)| (0..bits).rev().map(move |bit| (value >> bit & 1) as u8));
        let bits: Vec<u8> = bits.collect();
        let body: Vec<u8> = bits
            .chunks(8)
            .map(|byte| {
                byte.iter()
                    .enumerate()
                    .fold(0, |n, (at, bit)| n | bit << (7 - at))
            })
            .collect();
        let mut data = vec![0x0A, body.len() as u8];
        data.extend(&body);
        assert_eq!(named(&data).next(), Some(Size::new(1920, 800)));
        // A second sequence behind it counts as well.
        data.extend(b"\x0A\x0A\0\0\0\x02\xAF\xF7\x9B\x5F\x25\x40");
        let sizes: Vec<_> = named(&data).collect();
        assert_eq!(sizes, [Size::new(1920, 800), Size::new(64, 48)]);
        for cut in 0..data.len() {
            let _any = named(&data[..cut]).count();
        }
    }
}
