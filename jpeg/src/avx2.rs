//! The inverse transforms in AVX2, and the door to code compiled for it.
//!
//! The only module with `unsafe`, for two reasons: calling what is compiled for instructions that not
//! every processor has, which [`Avx2`] proves to be there, and loading and storing vectors, which is done
//! on arrays of the vector's size alone. The kernels follow those of [`idct`](crate::idct) line by line
//! and give the same bytes.
#![allow(unsafe_code, reason = "see above")]

use std::arch::x86_64::{
    __m128i, __m256i, _mm_add_epi32, _mm_adds_epi16, _mm_loadu_si128, _mm_madd_epi16,
    _mm_packs_epi32, _mm_packus_epi16, _mm_set1_epi16, _mm_set1_epi32, _mm_srai_epi32,
    _mm_storeu_si128, _mm_sub_epi32, _mm_unpackhi_epi16, _mm_unpacklo_epi16, _mm256_add_epi32,
    _mm256_adds_epi16, _mm256_loadu_si256, _mm256_madd_epi16, _mm256_packs_epi32,
    _mm256_packus_epi16, _mm256_permute4x64_epi64, _mm256_permutevar8x32_epi32, _mm256_set1_epi16,
    _mm256_set1_epi32, _mm256_setr_epi8, _mm256_setr_epi32, _mm256_shuffle_epi8, _mm256_srai_epi32,
    _mm256_storeu_si256, _mm256_sub_epi32, _mm256_unpackhi_epi16, _mm256_unpackhi_epi32,
    _mm256_unpackhi_epi64, _mm256_unpacklo_epi16, _mm256_unpacklo_epi32, _mm256_unpacklo_epi64,
};

use crate::block::Coefficients;
use crate::idct::{C1, C2, C3, C5, C6, C7, FIRST_SHIFT, ONE, SECOND_SHIFT};
use crate::kernels::{Job, Kernels};

/// Proof that this processor has AVX2 and the bit instructions that came with it.
#[derive(Clone, Copy)]
pub(crate) struct Avx2(());

impl Avx2 {
    pub fn detect() -> Option<Self> {
        let there = is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("bmi1")
            && is_x86_feature_detected!("bmi2")
            && is_x86_feature_detected!("lzcnt");
        there.then_some(Self(()))
    }

    /// Does a job in code compiled for this processor.
    pub fn run<J: Job>(self, job: J) -> J::Output {
        // SAFETY: `self` proves that the features are there.
        unsafe { compiled(self, job) }
    }
}

#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt")]
fn compiled<J: Job>(kernels: Avx2, job: J) -> J::Output {
    job.run(kernels)
}

impl Kernels for Avx2 {
    #[inline(always)]
    fn full(self, coefficients: &Coefficients) -> [[u8; 8]; 8] {
        // SAFETY: `self` proves that AVX2 is there.
        unsafe { full(coefficients) }
    }

    #[inline(always)]
    fn half(self, coefficients: &Coefficients) -> [[u8; 4]; 4] {
        // SAFETY: `self` proves that AVX2 is there.
        unsafe { half(coefficients) }
    }
}

/// Two factors for a pair of 16-bit values, side by side as `madd` takes them.
const fn pair(low: i16, high: i16) -> i32 {
    (low as u16 as i32) | (high as i32) << 16
}

fn load(values: &[i16; 16]) -> __m256i {
    // SAFETY: 16 values of 16 bits are the 32 bytes that are read; any alignment will do.
    unsafe { _mm256_loadu_si256(values.as_ptr().cast()) }
}

fn load_half(values: &[i16; 8]) -> __m128i {
    // SAFETY: 8 values of 16 bits are the 16 bytes that are read; any alignment will do.
    unsafe { _mm_loadu_si128(values.as_ptr().cast()) }
}

/// Eight columns at once: pairs of rows `(0, 4)`, `(1, 5)`, `(2, 6)`, `(3, 7)` to sums for all eight
/// rows, rounded and shifted.
#[target_feature(enable = "avx2")]
#[inline]
fn eight<const SHIFT: i32>([v04, v15, v26, v37]: [__m256i; 4]) -> [__m256i; 8] {
    let madd = |v, low, high| _mm256_madd_epi16(v, _mm256_set1_epi32(pair(low, high)));
    let (add, sub) = (_mm256_add_epi32, _mm256_sub_epi32);
    let round = _mm256_set1_epi32(1 << (SHIFT - 1));
    let a = add(madd(v04, ONE, ONE), round);
    let b = add(madd(v04, ONE, -ONE), round);
    let (c, d) = (madd(v26, C2, C6), madd(v26, C6, -C2));
    let even = [add(a, c), add(b, d), sub(b, d), sub(a, c)];
    let odd = [
        add(madd(v15, C1, C5), madd(v37, C3, C7)),
        add(madd(v15, C3, -C1), madd(v37, -C7, -C5)),
        add(madd(v15, C5, C7), madd(v37, -C1, C3)),
        add(madd(v15, C7, C3), madd(v37, -C5, -C1)),
    ];
    let ([e0, e1, e2, e3], [o0, o1, o2, o3]) = (even, odd);
    [
        add(e0, o0),
        add(e1, o1),
        add(e2, o2),
        add(e3, o3),
        sub(e3, o3),
        sub(e2, o2),
        sub(e1, o1),
        sub(e0, o0),
    ]
    .map(|sum| _mm256_srai_epi32::<SHIFT>(sum))
}

/// Two rows one behind the other to their pairs.
#[target_feature(enable = "avx2")]
#[inline]
fn paired(rows: __m256i) -> __m256i {
    let weave = _mm256_setr_epi8(
        0, 1, 8, 9, 2, 3, 10, 11, 4, 5, 12, 13, 6, 7, 14, 15, 0, 1, 8, 9, 2, 3, 10, 11, 4, 5, 12,
        13, 6, 7, 14, 15,
    );
    _mm256_shuffle_epi8(_mm256_permute4x64_epi64::<0b11_01_10_00>(rows), weave)
}

#[target_feature(enable = "avx2")]
#[inline]
fn full(coefficients: &Coefficients) -> [[u8; 8]; 8] {
    let ([a, b, c, d, ..], _) = coefficients.as_chunks::<16>() else {
        return [[0; 8]; 8];
    };
    // As they are stored, rows 0 and 1, 2 and 3, ... stand behind each other.
    let (a, b, c, d) = (load(a), load(b), load(c), load(d));
    let upper = |x, y| std::arch::x86_64::_mm256_permute2x128_si256::<0x20>(x, y);
    let lower = |x, y| std::arch::x86_64::_mm256_permute2x128_si256::<0x31>(x, y);
    let rows = [upper(a, c), lower(a, c), upper(b, d), lower(b, d)];
    let [x0, x1, x2, x3, x4, x5, x6, x7] =
        eight::<{ FIRST_SHIFT as i32 }>(rows.map(|rows| paired(rows)));
    // Transposed on the way to 16 bits: columns 0 and 4 behind each other, then 1 and 5, ...
    let quarter = |x0, x1, x2, x3| {
        let (p, q) = (_mm256_packs_epi32(x0, x2), _mm256_packs_epi32(x1, x3));
        let (low, high) = (_mm256_unpacklo_epi16(p, q), _mm256_unpackhi_epi16(p, q));
        (
            _mm256_unpacklo_epi32(low, high),
            _mm256_unpackhi_epi32(low, high),
        )
    };
    let ((a, c), (b, d)) = (quarter(x0, x1, x2, x3), quarter(x4, x5, x6, x7));
    let columns = [
        _mm256_unpacklo_epi64(a, b),
        _mm256_unpackhi_epi64(a, b),
        _mm256_unpacklo_epi64(c, d),
        _mm256_unpackhi_epi64(c, d),
    ];
    let [x0, x1, x2, x3, x4, x5, x6, x7] =
        eight::<{ SECOND_SHIFT as i32 }>(columns.map(|columns| paired(columns)));
    let middle = _mm256_set1_epi16(128);
    let order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    let bytes = |x0, x1, x2, x3| {
        let p = _mm256_adds_epi16(_mm256_packs_epi32(x0, x1), middle);
        let q = _mm256_adds_epi16(_mm256_packs_epi32(x2, x3), middle);
        _mm256_permutevar8x32_epi32(_mm256_packus_epi16(p, q), order)
    };
    let mut out = [[[0; 8]; 4]; 2];
    let [upper, lower] = &mut out;
    // SAFETY: four rows of eight bytes are the 32 bytes that are written; any alignment will do.
    unsafe {
        _mm256_storeu_si256(upper.as_mut_ptr().cast(), bytes(x0, x1, x2, x3));
        _mm256_storeu_si256(lower.as_mut_ptr().cast(), bytes(x4, x5, x6, x7));
    }
    let [[a, b, c, d], [e, f, g, h]] = out;
    [a, b, c, d, e, f, g, h]
}

/// Four columns at once: rows 0 and 1 behind each other, and 2 and 3, to sums for all four.
#[target_feature(enable = "avx2")]
#[inline]
fn four<const SHIFT: i32>([v01, v23]: [__m128i; 2]) -> [__m128i; 4] {
    let madd = |v, low, high| _mm_madd_epi16(v, _mm_set1_epi32(pair(low, high)));
    let (v02, v13) = (_mm_unpacklo_epi16(v01, v23), _mm_unpackhi_epi16(v01, v23));
    let round = _mm_set1_epi32(1 << (SHIFT - 1));
    let a = _mm_add_epi32(madd(v02, ONE, ONE), round);
    let b = _mm_add_epi32(madd(v02, ONE, -ONE), round);
    let (c, d) = (madd(v13, C2, C6), madd(v13, C6, -C2));
    [
        _mm_add_epi32(a, c),
        _mm_add_epi32(b, d),
        _mm_sub_epi32(b, d),
        _mm_sub_epi32(a, c),
    ]
    .map(|sum| _mm_srai_epi32::<SHIFT>(sum))
}

#[target_feature(enable = "avx2")]
#[inline]
fn half(coefficients: &Coefficients) -> [[u8; 4]; 4] {
    let ([a, b, ..], _) = coefficients.as_chunks::<8>() else {
        return [[0; 4]; 4];
    };
    let [x0, x1, x2, x3] = four::<{ FIRST_SHIFT as i32 }>([load_half(a), load_half(b)]);
    let (p, q) = (_mm_packs_epi32(x0, x1), _mm_packs_epi32(x2, x3));
    let (low, high) = (_mm_unpacklo_epi16(p, q), _mm_unpackhi_epi16(p, q));
    let columns = [_mm_unpacklo_epi16(low, high), _mm_unpackhi_epi16(low, high)];
    let [x0, x1, x2, x3] = four::<{ SECOND_SHIFT as i32 }>(columns);
    let middle = _mm_set1_epi16(128);
    let p = _mm_adds_epi16(_mm_packs_epi32(x0, x1), middle);
    let q = _mm_adds_epi16(_mm_packs_epi32(x2, x3), middle);
    let mut out = [[0; 4]; 4];
    // SAFETY: four rows of four bytes are the 16 bytes that are written; any alignment will do.
    unsafe { _mm_storeu_si128(out.as_mut_ptr().cast(), _mm_packus_epi16(p, q)) };
    out
}
