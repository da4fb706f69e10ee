//! Kernels compiled twice: for every processor, and for those with vectors of 32 bytes.
//!
//! A kernel is a plain loop that the compiler turns into vector instructions. Which ones it may use is
//! settled when it is compiled, so [`wide`] compiles the same loop a second time with AVX2 allowed and
//! asks the processor once it runs. Both give the same bytes: no operation is reordered or fused.
//!
//! The call of a function that only some processors can run is the one thing here that needs `unsafe`.
//! Sums wrap on purpose: the ranges are proven where they are chosen, and a check on every lane would
//! keep the loop from being vectorised.

/// Declares functions over slices as kernels.
macro_rules! wide {
    ($(
        $(#[$meta:meta])*
        $vis:vis fn $name:ident $(<const $n:ident: usize>)? ($($arg:ident: $type:ty),* $(,)?) $body:block
    )*) => {$(
        $(#[$meta])*
        $vis fn $name $(<const $n: usize>)? ($($arg: $type),*) {
            #[inline(always)]
            fn plain $(<const $n: usize>)? ($($arg: $type),*) $body

            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx2")]
                fn avx2 $(<const $n: usize>)? ($($arg: $type),*) {
                    plain $(::<$n>)? ($($arg),*);
                }
                if std::arch::is_x86_feature_detected!("avx2") {
                    // SAFETY: the processor has just said that it can run the function.
                    #[allow(unsafe_code, reason = "see the head of this module")]
                    unsafe {
                        avx2 $(::<$n>)? ($($arg),*);
                    }
                    return;
                }
            }
            plain $(::<$n>)? ($($arg),*);
        }
    )*};
}

pub(super) use wide;

/// The nearest whole number between 0 and 255; what is not a number becomes 0.
#[inline(always)]
pub(super) fn byte(v: f32) -> u8 {
    // Comparisons of this shape are one instruction a vector, `f32::clamp` is not.
    let v = if v > 0.0 { v } else { 0.0 };
    let v = if v < 255.0 { v } else { 255.0 };
    // In this range the lowest bits of the sum are the number itself, rounded.
    (v + 8_388_608.0).to_bits() as u8
}

/// The high half of a product: `a * b / 65536`, cut.
#[inline(always)]
pub(super) fn share(a: u16, b: u16) -> u16 {
    ((u32::from(a) * u32::from(b)) >> 16) as u16
}

/// The high half of a signed product: `a * b / 65536`, cut towards less.
#[inline(always)]
pub(super) fn high(a: i16, b: i16) -> i16 {
    (i32::from(a).wrapping_mul(i32::from(b)) >> 16) as i16
}
