//! Looking into a picture between its pixels: a bicubic filter over the sixteen pixels around.
//!
//! Places are in 256ths of a pixel, so that the filter's weights stand in a table. The sums are written
//! twice: once plainly, and once for processors with vectors of 32 bytes, which hold the sixteen pixels of
//! four rows at once. The compiler makes no such thing of the plain one. Both give the same bytes.

use std::sync::LazyLock;

use super::simd::{byte, high};

/// Steps of a place in one pixel, as a power of two.
pub(super) const STEPS: u32 = 8;
/// A place from which nothing is seen.
pub(super) const NOWHERE: i32 = i32::MIN;

/// Weights of four neighbours in 16384ths, together one; and each of them four times, for the channels of
/// its pixel.
struct Phase {
    four: [i16; 4],
    sixteen: [i64; 4],
}

static PHASES: LazyLock<Vec<Phase>> = LazyLock::new(|| {
    (0..1_u16 << STEPS)
        .map(|n| {
            let mut four = cubic(f32::from(n) / 256.0).map(|w| (w * 16384.0).round() as i16);
            // What rounding took or gave, where it shows least.
            let sum: i16 = four.iter().sum();
            four[if n < 128 { 1 } else { 2 }] += 16384 - sum;
            let sixteen = four.map(|w| i64::from(w as u16).wrapping_mul(0x0001_0001_0001_0001));
            Phase { four, sixteen }
        })
        .collect()
});

/// A picture to look into.
pub(super) struct View<'a> {
    /// RGBA.
    pub pixels: &'a [u8],
    /// The same, colours multiplied by alpha, in 64ths; empty where all is opaque.
    pub weighed: &'a [u16],
    pub width: i32,
    pub height: i32,
}

/// The sixteen pixels around a place, and their weights.
struct Around<'a, T> {
    rows: [&'a [T; 16]; 4],
    across: &'a Phase,
    down: &'a Phase,
}

impl View<'_> {
    /// The colours at the places, pixel by pixel; outside all is transparent.
    pub fn gather(&self, x: &[i32], y: &[i32], out: &mut [[u8; 4]]) {
        let phases = PHASES.as_slice();
        #[cfg(target_arch = "x86_64")]
        if std::arch::is_x86_feature_detected!("avx2") {
            // SAFETY: the processor has just said that it can run the function.
            #[allow(
                unsafe_code,
                reason = "the call of a function that only some processors can run"
            )]
            unsafe {
                wide::gather(self, phases, x, y, out);
            }
            return;
        }
        self.gather_plainly(phases, x, y, out);
    }

    fn gather_plainly(&self, phases: &[Phase], x: &[i32], y: &[i32], out: &mut [[u8; 4]]) {
        for ((out, &x), &y) in out.iter_mut().zip(x).zip(y) {
            *out = if self.weighed.is_empty() {
                match self.around(self.pixels, phases, x, y) {
                    None => self.beyond(x, y),
                    Some(around) => narrowed(weigh(&around, |v| i16::from(*v).wrapping_shl(6))),
                }
            } else {
                match self.around(self.weighed, phases, x, y) {
                    None => self.beyond(x, y),
                    Some(around) => divided(weigh(&around, |v| *v as i16)),
                }
            };
        }
    }

    /// The sixteen pixels around a place, if all of them are there.
    #[inline(always)]
    fn around<'a, T>(
        &self,
        samples: &'a [T],
        phases: &'a [Phase],
        x: i32,
        y: i32,
    ) -> Option<Around<'a, T>> {
        let (left, top) = ((x >> STEPS).wrapping_sub(1), (y >> STEPS).wrapping_sub(1));
        let inside = left >= 0
            && top >= 0
            && left < self.width.wrapping_sub(3)
            && top < self.height.wrapping_sub(3);
        if !inside {
            return None;
        }
        let stride = (self.width as usize).wrapping_mul(4);
        let start = (top as usize)
            .wrapping_mul(stride)
            .wrapping_add((left as usize).wrapping_mul(4));
        let row = |n: usize| {
            samples
                .get(start.wrapping_add(stride.wrapping_mul(n))..)?
                .first_chunk()
        };
        Some(Around {
            rows: [row(0)?, row(1)?, row(2)?, row(3)?],
            across: phases.get((x & 255) as usize)?,
            down: phases.get((y & 255) as usize)?,
        })
    }

    /// The colour at a place where some of the sixteen pixels around lie outside, or all.
    #[inline(always)]
    fn beyond(&self, x: i32, y: i32) -> [u8; 4] {
        let (left, top) = ((x >> STEPS).wrapping_sub(1), (y >> STEPS).wrapping_sub(1));
        if left < -3 || top < -3 || left >= self.width || top >= self.height {
            return [0; 4];
        }
        self.at_edge(x, y)
    }

    #[inline(never)]
    fn at_edge(&self, x: i32, y: i32) -> [u8; 4] {
        let (left, top) = ((x >> STEPS).wrapping_sub(1), (y >> STEPS).wrapping_sub(1));
        let part = |v: i32| cubic((v & 255) as f32 / 256.0);
        let (across, down) = (part(x), part(y));
        let mut sum = [0.0_f32; 4];
        for (y, down) in (top..).zip(down) {
            for (x, across) in (left..).zip(across) {
                if x < 0 || x >= self.width || y < 0 || y >= self.height {
                    continue;
                }
                let at = (y as usize * self.width as usize + x as usize) * 4;
                let Some(&[r, g, b, a]) = self.pixels.get(at..at + 4) else {
                    continue;
                };
                let share = across * down * f32::from(a) * (1.0 / 255.0);
                for (sum, v) in sum.iter_mut().zip([r, g, b, 255]) {
                    *sum += share * f32::from(v);
                }
            }
        }
        let [r, g, b, a] = sum;
        if a < 0.5 {
            return [0; 4];
        }
        let by = 255.0 / a;
        [byte(r * by), byte(g * by), byte(b * by), byte(a)]
    }
}

/// Four channels in 16ths out of four rows of four pixels in 64ths. Each product is cut to 16ths, which
/// takes half of one at the mean: two are given back for every four.
fn weigh<T>(around: &Around<'_, T>, fine: impl Fn(&T) -> i16) -> [i16; 4] {
    let mut column = [2_i16; 16];
    for (row, weight) in around.rows.iter().zip(around.down.four) {
        for (sum, v) in column.iter_mut().zip(*row) {
            *sum = sum.wrapping_add(high(fine(v), weight));
        }
    }
    let mut sum = [2_i16; 4];
    for (pixel, weight) in column.as_chunks::<4>().0.iter().zip(around.across.four) {
        for (sum, v) in sum.iter_mut().zip(pixel) {
            *sum = sum.wrapping_add(high(v.wrapping_shl(2), weight));
        }
    }
    sum
}

/// Sixteenths as bytes.
fn narrowed(sum: [i16; 4]) -> [u8; 4] {
    sum.map(|v| (v.wrapping_add(8) >> 4).clamp(0, 255) as u8)
}

/// Sixteenths as bytes, colours divided by alpha.
#[inline(always)]
fn divided(sum: [i16; 4]) -> [u8; 4] {
    let [r, g, b, a] = [sum[0], sum[1], sum[2], sum[3]].map(f32::from);
    if a < 8.0 {
        return [0; 4];
    }
    let by = 255.0 / a;
    [
        byte(r * by),
        byte(g * by),
        byte(b * by),
        byte(a * (1.0 / 16.0)),
    ]
}

/// The weights of four neighbours in a row, the point lying `t` behind the second: Catmull and Rom's.
fn cubic(t: f32) -> [f32; 4] {
    let (t2, t3) = (t * t, t * t * t);
    [
        -0.5 * t3 + t2 - 0.5 * t,
        1.5 * t3 - 2.5 * t2 + 1.0,
        -1.5 * t3 + 2.0 * t2 + 0.5 * t,
        0.5 * t3 - 0.5 * t2,
    ]
}

/// The same sums, a row of four pixels in one vector.
#[cfg(target_arch = "x86_64")]
mod wide {
    use std::arch::x86_64::{
        __m128i, __m256i, _mm_add_epi16, _mm_cvtsi128_si32, _mm_cvtsi128_si64, _mm_packus_epi16,
        _mm_set_epi64x, _mm_set1_epi16, _mm_srai_epi16, _mm_srli_si128, _mm256_add_epi16,
        _mm256_castsi256_si128, _mm256_cvtepu8_epi16, _mm256_extracti128_si256, _mm256_mulhi_epi16,
        _mm256_set_epi64x, _mm256_set1_epi16, _mm256_slli_epi16,
    };

    use super::{Phase, View, divided};

    #[target_feature(enable = "avx2")]
    pub(super) fn gather(
        view: &View<'_>,
        phases: &[Phase],
        x: &[i32],
        y: &[i32],
        out: &mut [[u8; 4]],
    ) {
        if view.weighed.is_empty() {
            for ((out, &x), &y) in out.iter_mut().zip(x).zip(y) {
                *out = match view.around(view.pixels, phases, x, y) {
                    None => view.beyond(x, y),
                    Some(around) => {
                        let [a, b, c, d] = around.rows;
                        let rows = [bytes(a), bytes(b), bytes(c), bytes(d)];
                        let sum = weigh(rows, around.across, around.down);
                        let sum = _mm_srai_epi16::<4>(_mm_add_epi16(sum, _mm_set1_epi16(8)));
                        _mm_cvtsi128_si32(_mm_packus_epi16(sum, sum)).to_le_bytes()
                    }
                };
            }
            return;
        }
        for ((out, &x), &y) in out.iter_mut().zip(x).zip(y) {
            *out = match view.around(view.weighed, phases, x, y) {
                None => view.beyond(x, y),
                Some(around) => {
                    let [a, b, c, d] = around.rows;
                    let rows = [fine(a), fine(b), fine(c), fine(d)];
                    let sum = weigh(rows, around.across, around.down);
                    let sum = _mm_cvtsi128_si64(sum) as u64;
                    let part = |n: u32| (sum >> n) as u16 as i16;
                    divided([part(0), part(16), part(32), part(48)])
                }
            };
        }
    }

    /// Four pixels of bytes in 64ths.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn bytes(row: &[u8; 16]) -> __m256i {
        let v = u128::from_le_bytes(*row);
        let v = _mm_set_epi64x((v >> 64) as i64, v as i64);
        _mm256_slli_epi16::<6>(_mm256_cvtepu8_epi16(v))
    }

    /// Four pixels that are in 64ths already.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn fine(row: &[u16; 16]) -> __m256i {
        let word = |at: usize| {
            let part = |n: usize| u64::from(row[at.wrapping_add(n)]) << n.wrapping_mul(16);
            (part(0) | part(1) | part(2) | part(3)) as i64
        };
        _mm256_set_epi64x(word(12), word(8), word(4), word(0))
    }

    /// As the function of this name outside, in the low half of the result.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn weigh(rows: [__m256i; 4], across: &Phase, down: &Phase) -> __m128i {
        let mut column = _mm256_set1_epi16(2);
        for (row, weight) in rows.into_iter().zip(down.four) {
            let part = _mm256_mulhi_epi16(row, _mm256_set1_epi16(weight));
            column = _mm256_add_epi16(column, part);
        }
        let [a, b, c, d] = across.sixteen;
        let across = _mm256_set_epi64x(d, c, b, a);
        let parts = _mm256_mulhi_epi16(_mm256_slli_epi16::<2>(column), across);
        let low = _mm256_castsi256_si128(parts);
        let halves = _mm_add_epi16(low, _mm256_extracti128_si256::<1>(parts));
        let sum = _mm_add_epi16(halves, _mm_srli_si128::<8>(halves));
        _mm_add_epi16(sum, _mm_set1_epi16(2))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the processor takes and the plain sums give the same bytes, and a flat picture stays flat.
    #[test]
    fn both_ways_are_the_same() {
        let side = 24;
        let mut n = 7_u32;
        let mut next = || {
            n = n.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            n >> 24
        };
        let noise: Vec<u8> = (0..side * side * 4).map(|_| next() as u8).collect();
        let weighed: Vec<u16> = noise.iter().map(|&v| u16::from(v) * 64).collect();
        let flat = vec![255; noise.len()];
        let places: Vec<i32> = (0..4000).map(|_| (next() * 30) as i32 - 500).collect();
        let (x, y) = places.split_at(2000);
        for (pixels, weighed) in [(&noise, &[][..]), (&noise, &weighed), (&flat, &[])] {
            let view = View {
                pixels,
                weighed,
                width: side,
                height: side,
            };
            let (mut one, mut other) = (vec![[0; 4]; 2000], vec![[0; 4]; 2000]);
            view.gather(x, y, &mut one);
            view.gather_plainly(&PHASES, x, y, &mut other);
            assert_eq!(one, other);
            let inside = |v: i32| (256..256 * (side - 3)).contains(&v);
            for ((colour, &x), &y) in one.iter().zip(x).zip(y) {
                if pixels == &flat && inside(x) && inside(y) {
                    assert_eq!(*colour, [255; 4]);
                }
            }
        }
    }
}
