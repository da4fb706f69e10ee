//! From coefficients to samples, at every scale.
//!
//! A picture at 1/2 or 1/4 is the inverse transform of as many points, over the lowest frequencies: the
//! same picture without those that it cannot show. Coefficients stand column by column, as
//! [`Scale::places`](crate::scale::Scale::places) lays them.
//!
//! The scalar kernels are the definition; those of [`avx2`](crate::avx2) give the same bytes.

use crate::block::Coefficients;

/// Bits behind the point of the constants.
pub(crate) const FRACTION: u32 = 13;
/// Bits behind the point that are kept between the two passes.
const KEPT: u32 = 2;
/// What the first pass leaves off.
pub(crate) const FIRST_SHIFT: u32 = FRACTION - KEPT;
/// What the second pass leaves off: with the division by 8 that both transforms share.
pub(crate) const SECOND_SHIFT: u32 = FRACTION + KEPT + 3;

/// One, and the square root of two times the cosine of `k` sixteenths of a half circle.
pub(crate) const ONE: i16 = 1 << FRACTION;
pub(crate) const C1: i16 = 11_363;
pub(crate) const C2: i16 = 10_703;
pub(crate) const C3: i16 = 9_633;
pub(crate) const C5: i16 = 6_437;
pub(crate) const C6: i16 = 4_433;
pub(crate) const C7: i16 = 2_260;

/// A sum of products, as far as 32 bits hold it: more comes only from files that lie.
fn sum<const N: usize>(factors: [i16; N], values: [i16; N]) -> i32 {
    factors
        .iter()
        .zip(values)
        .fold(0, |sum: i32, (&factor, value)| {
            sum.wrapping_add(i32::from(factor) * i32::from(value))
        })
}

fn rounded(sum: i32, shift: u32) -> i16 {
    let value = sum.wrapping_add(1 << (shift - 1)) >> shift;
    value.clamp(i16::MIN.into(), i16::MAX.into()) as i16
}

/// Around the middle of the range of a byte.
fn sample(value: i16) -> u8 {
    value.saturating_add(128).clamp(0, 255) as u8
}

fn eight(v: [i16; 8], shift: u32) -> [i16; 8] {
    let [v0, v1, v2, v3, v4, v5, v6, v7] = v;
    let odd = [v1, v3, v5, v7];
    let (a, b) = (sum([ONE, ONE], [v0, v4]), sum([ONE, -ONE], [v0, v4]));
    let (c, d) = (sum([C2, C6], [v2, v6]), sum([C6, -C2], [v2, v6]));
    let even = [
        a.wrapping_add(c),
        b.wrapping_add(d),
        b.wrapping_sub(d),
        a.wrapping_sub(c),
    ];
    let odd = [
        sum([C1, C3, C5, C7], odd),
        sum([C3, -C7, -C1, -C5], odd),
        sum([C5, -C1, C7, C3], odd),
        sum([C7, -C5, C3, -C1], odd),
    ];
    let mut out = [0; 8];
    for (n, (e, o)) in even.into_iter().zip(odd).enumerate() {
        if let [first, .., last] = &mut out[n..8 - n] {
            *first = rounded(e.wrapping_add(o), shift);
            *last = rounded(e.wrapping_sub(o), shift);
        }
    }
    out
}

fn four([v0, v1, v2, v3]: [i16; 4], shift: u32) -> [i16; 4] {
    let even = [sum([ONE, ONE], [v0, v2]), sum([ONE, -ONE], [v0, v2])];
    let odd = [sum([C2, C6], [v1, v3]), sum([C6, -C2], [v1, v3])];
    let ([a, b], [c, d]) = (even, odd);
    [
        rounded(a.wrapping_add(c), shift),
        rounded(b.wrapping_add(d), shift),
        rounded(b.wrapping_sub(d), shift),
        rounded(a.wrapping_sub(c), shift),
    ]
}

/// A transform of `N` points along both sides: along the stored columns' order first, then across.
fn square<const N: usize>(
    coefficients: &Coefficients,
    pass: impl Fn([i16; N], u32) -> [i16; N],
) -> [[u8; N]; N] {
    let mut middle = [[0_i16; N]; N];
    for row in 0..N {
        let line = std::array::from_fn(|n| coefficients[(n * N + row) & 127]);
        middle[row] = pass(line, FIRST_SHIFT);
    }
    let mut out = [[0; N]; N];
    for column in 0..N {
        let line = std::array::from_fn(|row| middle[row][column]);
        for (row, value) in pass(line, SECOND_SHIFT).into_iter().enumerate() {
            out[row][column] = sample(value);
        }
    }
    out
}

/// A block of 8x8.
pub(crate) fn full(coefficients: &Coefficients) -> [[u8; 8]; 8] {
    square(coefficients, eight)
}

/// A block as 4x4.
pub(crate) fn half(coefficients: &Coefficients) -> [[u8; 4]; 4] {
    square(coefficients, four)
}

/// A block as 2x2.
#[inline(always)]
pub(crate) fn quarter(&[a, down, right, both, ..]: &Coefficients) -> [[u8; 2]; 2] {
    let [a, down, right, both] = [a, down, right, both].map(i32::from);
    let (left, right) = ((a + right, down + both), (a - right, down - both));
    let byte = |sum: i32| (((sum + 4) >> 3) + 128).clamp(0, 255) as u8;
    [
        [byte(left.0 + left.1), byte(right.0 + right.1)],
        [byte(left.0 - left.1), byte(right.0 - right.1)],
    ]
}

/// The mean of a block.
#[inline(always)]
pub(crate) fn mean(&[dc, ..]: &Coefficients) -> u8 {
    (((i32::from(dc) + 4) >> 3) + 128).clamp(0, 255) as u8
}

#[cfg(all(test, target_arch = "x86_64"))]
mod tests {
    use proptest::prelude::*;

    use super::{full, half, mean};
    use crate::avx2::Avx2;
    use crate::kernels::Kernels;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3000))]

        /// Any values at all, those of hostile files too.
        #[test]
        fn vectors_give_the_same_bytes(
            wild in prop::collection::vec(any::<i16>(), 64),
            shift in 0_u32..13,
            zeros: u64,
        ) {
            let Some(avx2) = Avx2::detect() else {
                println!("skipped: no AVX2 on this processor");
                return Ok(());
            };
            let mut block = [0; 128];
            for (k, (coefficient, value)) in block.iter_mut().zip(wild).enumerate() {
                *coefficient = if zeros >> k & 1 == 1 { 0 } else { value >> shift };
            }
            prop_assert_eq!(full(&block), avx2.full(&block));
            prop_assert_eq!(half(&block), avx2.half(&block));
        }
    }

    #[test]
    fn a_block_of_one_mean_is_flat() {
        for dc in -1100..1100 {
            let mut block = [0; 128];
            block[0] = dc;
            assert_eq!(full(&block), [[mean(&block); 8]; 8]);
            assert_eq!(half(&block), [[mean(&block); 4]; 4]);
            assert_eq!(super::quarter(&block), [[mean(&block); 2]; 2]);
        }
    }

    /// Against the definition, in floating point.
    #[test]
    fn the_transform_is_that_of_the_standard() {
        let mut noise = 7_u32;
        for _ in 0..50 {
            let mut block = [0_i16; 128];
            for coefficient in block.iter_mut().take(64) {
                noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                *coefficient = (noise >> 24) as i16 - 128;
            }
            let exact = |n: usize, x: usize, y: usize| {
                let mut sum = 0.0;
                for u in 0..n {
                    for v in 0..n {
                        let scale = |k| if k == 0 { 0.5_f64.sqrt() } else { 1.0 };
                        let wave = |k: usize, at: usize| {
                            let angle = (2 * at + 1) as f64 * k as f64 / (2 * n) as f64;
                            (angle * std::f64::consts::PI).cos()
                        };
                        sum += scale(u)
                            * scale(v)
                            * wave(u, x)
                            * wave(v, y)
                            * f64::from(block[u * n + v]);
                    }
                }
                (sum / 4.0 + 128.0).clamp(0.0, 255.0)
            };
            for (y, row) in full(&block).iter().enumerate() {
                for (x, &sample) in row.iter().enumerate() {
                    assert!((f64::from(sample) - exact(8, x, y)).abs() < 1.0);
                }
            }
            for (y, row) in half(&block).iter().enumerate() {
                for (x, &sample) in row.iter().enumerate() {
                    assert!((f64::from(sample) - exact(4, x, y)).abs() < 1.0);
                }
            }
        }
    }
}
