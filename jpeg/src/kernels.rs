//! The choice between code for this processor and code for any.

use crate::block::Coefficients;
use crate::idct;

/// The inverse transforms that are worth vector instructions.
pub(crate) trait Kernels: Copy {
    fn full(self, coefficients: &Coefficients) -> [[u8; 8]; 8];
    fn half(self, coefficients: &Coefficients) -> [[u8; 4]; 4];
}

/// For any processor.
#[derive(Clone, Copy)]
pub(crate) struct Scalar;

impl Kernels for Scalar {
    #[inline(always)]
    fn full(self, coefficients: &Coefficients) -> [[u8; 8]; 8] {
        idct::full(coefficients)
    }

    #[inline(always)]
    fn half(self, coefficients: &Coefficients) -> [[u8; 4]; 4] {
        idct::half(coefficients)
    }
}

/// A piece of work whose inner loops are compiled once for each set of kernels. `run` must be
/// `inline(always)`, with all that it spends time in.
pub(crate) trait Job {
    type Output;
    fn run<K: Kernels>(self, kernels: K) -> Self::Output;
}

/// Does a job with the best kernels there are, or, `portable`, with those for any processor.
pub(crate) fn dispatch<J: Job>(job: J, portable: bool) -> J::Output {
    #[cfg(target_arch = "x86_64")]
    if !portable && let Some(avx2) = crate::avx2::Avx2::detect() {
        return avx2.run(job);
    }
    job.run(Scalar)
}
