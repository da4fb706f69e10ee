//! A layer that looks a little different in every picture, so that it is hard to take out again.

use super::facts::Size;
use super::raster::{Region, Step};

/// Shifts, scales and fades a layer a little, by `strength` from 0 to 1, each picture's in its own way
/// and always in the same: our own choice, for nothing is published.
pub(super) fn vary(
    strength: f64,
    size: Size,
    seed: &str,
    steps: &mut Vec<Step>,
    (left, top): (&mut i64, &mut i64),
) {
    /// Pixels, share of the size, share of the opacity at full strength.
    const MOST: (f64, f64, f64) = (6.0, 0.03, 0.15);
    let mut state = 0xcbf2_9ce4_8422_2325_u64 ^ size.pixels();
    let mut next = || {
        for byte in seed.bytes() {
            state = (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        // From -1 to 1.
        f64::from(u16::try_from(state >> 48).unwrap_or(0)) / f64::from(u16::MAX) * 2.0 - 1.0
    };
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    {
        *left += (next() * MOST.0 * strength).round() as i64;
        *top += (next() * MOST.0 * strength).round() as i64;
        let scale = 1.0 + next() * MOST.1 * strength;
        let to = Size::new(
            (f64::from(size.width) * scale).round() as u32,
            (f64::from(size.height) * scale).round() as u32,
        );
        if to != size {
            steps.push(Step::Resample {
                from: Region::whole(size),
                to,
            });
        }
        let opacity = 1.0 - next().abs() * MOST.2 * strength;
        steps.push(Step::Opacity((opacity * 255.0).round() as u8));
    }
}
