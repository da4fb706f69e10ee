//! Packed samples of any width to numbers.

use super::page::{Colour, Kind, Page};

/// A row of samples, each from 0 to 1; palette indices as they are.
pub(super) fn unpack(page: &Page<'_>, raw: &[u8], big_endian: bool, into: &mut [f32]) {
    match page.kind {
        Kind::Float => floats(page.bits, raw, big_endian, into),
        Kind::Whole => {
            let scale = match page.colour {
                Colour::Palette => 1.0,
                _ => 1.0 / most(page.bits),
            };
            whole(page.bits, raw, big_endian, into, |value| {
                (as_f64(value) * scale) as f32
            });
        }
    }
}

#[allow(clippy::cast_precision_loss, reason = "a few bits of 64 do not show")]
const fn as_f64(value: u64) -> f64 {
    value as f64
}

/// The greatest value of so many bits.
const fn most(bits: usize) -> f64 {
    as_f64(u64::MAX >> (64 - bits))
}

fn whole(bits: usize, raw: &[u8], big_endian: bool, into: &mut [f32], level: impl Fn(u64) -> f32) {
    match bits {
        8 => {
            for (to, &value) in into.iter_mut().zip(raw) {
                *to = level(value.into());
            }
        }
        16 if big_endian => {
            for (to, value) in into.iter_mut().zip(raw.as_chunks().0) {
                *to = level(u16::from_be_bytes(*value).into());
            }
        }
        16 => {
            for (to, value) in into.iter_mut().zip(raw.as_chunks().0) {
                *to = level(u16::from_le_bytes(*value).into());
            }
        }
        24 | 32 | 40 | 48 | 56 | 64 => {
            for (to, value) in into.iter_mut().zip(raw.chunks_exact(bits / 8)) {
                let add = |sum: u64, &byte: &u8| sum << 8 | u64::from(byte);
                *to = level(if big_endian {
                    value.iter().fold(0, add)
                } else {
                    value.iter().rev().fold(0, add)
                });
            }
        }
        // Bits run on from byte to byte, the highest first, in either byte order.
        _ => {
            let mut bytes = raw.iter();
            let (mut held, mut count) = (0u128, 0);
            for to in into {
                while count < bits {
                    held = held << 8 | u128::from(bytes.next().copied().unwrap_or(0));
                    count += 8;
                }
                count -= bits;
                let value = held >> count;
                held &= (1 << count) - 1;
                *to = level(u64::try_from(value).unwrap_or(u64::MAX));
            }
        }
    }
}

#[allow(
    clippy::cast_possible_truncation,
    reason = "doubles are more than is shown"
)]
fn floats(bits: usize, raw: &[u8], big_endian: bool, into: &mut [f32]) {
    for (to, bytes) in into.iter_mut().zip(raw.chunks_exact(bits / 8)) {
        let mut value = [0; 8];
        for (to, from) in value.iter_mut().zip(bytes) {
            *to = *from;
        }
        if big_endian && let Some(value) = value.get_mut(..bits / 8) {
            value.reverse();
        }
        let number = u64::from_le_bytes(value);
        let number = match bits {
            16 => half::f16::from_bits(number as u16).to_f32(),
            32 => f32::from_bits(number as u32),
            _ => f64::from_bits(number) as f32,
        };
        *to = if number.is_nan() { 0.0 } else { number };
    }
}

/// Undoes differences between neighbours. `Err` names what is asked for and not known.
pub(super) fn sum_differences(
    page: &Page<'_>,
    row: &mut [u8],
    big_endian: bool,
) -> Result<(), &'static str> {
    let samples = page.chunk_samples_a_pixel();
    let bytes = page.bits / 8;
    if !matches!(page.bits, 8 | 16 | 24 | 32 | 64) {
        return Err("differences of samples that are no whole bytes");
    }
    let step = samples * bytes;
    if bytes == 1 {
        for n in step..row.len() {
            row[n] = row[n].wrapping_add(row[n - step]);
        }
        return Ok(());
    }
    if bytes == 2 {
        sum_words(row, samples, big_endian);
        return Ok(());
    }
    for at in (step..row.len()).step_by(bytes) {
        let mut carry = 0;
        for n in 0..bytes {
            let place = at + if big_endian { bytes - 1 - n } else { n };
            let sum = u16::from(row[place]) + u16::from(row[place - step]) + carry;
            row[place] = (sum & 0xff) as u8;
            carry = sum >> 8;
        }
    }
    Ok(())
}

fn sum_words(row: &mut [u8], samples: usize, big_endian: bool) {
    let (words, _) = row.as_chunks_mut::<2>();
    let number = |word: [u8; 2]| match big_endian {
        true => u16::from_be_bytes(word),
        false => u16::from_le_bytes(word),
    };
    for n in samples..words.len() {
        let sum = number(words[n]).wrapping_add(number(words[n - samples]));
        words[n] = if big_endian {
            sum.to_be_bytes()
        } else {
            sum.to_le_bytes()
        };
    }
}

/// Undoes differences between bytes of floating-point samples: all first bytes come first.
/// The row is big-endian then.
pub(super) fn sum_float_differences(page: &Page<'_>, row: &mut [u8], spare: &mut Vec<u8>) {
    let samples = page.chunk_samples_a_pixel();
    let bytes = page.bits / 8;
    for n in samples..row.len() {
        row[n] = row[n].wrapping_add(row[n - samples]);
    }
    spare.clear();
    spare.extend_from_slice(row);
    let count = row.len() / bytes;
    for (n, sample) in row.chunks_exact_mut(bytes).enumerate() {
        for (place, byte) in sample.iter_mut().enumerate() {
            *byte = spare[place * count + n];
        }
    }
}
