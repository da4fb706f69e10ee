//! One AV1 picture as planes, whichever decoder makes it.

#[cfg(all(feature = "rav1e", not(feature = "aom")))]
#[path = "av1_rav1d.rs"]
mod decoder;
#[cfg(feature = "aom")]
#[path = "av1_aom.rs"]
mod decoder;

#[path = "av1_sizes.rs"]
mod sizes;

pub(super) use decoder::Decoder;

use crate::plan::Size;
use crate::render::budget::Budget;
use crate::render::error::Error;

/// Decodes a picture that stands alone.
pub(super) fn decode(data: &[u8], budget: &Budget) -> Result<Frame, Error> {
    Decoder::open(budget)?.picture(data)
}

/// A decoded picture: one plane (light) or three (light and two colour differences).
pub(super) struct Frame {
    pub size: Size,
    /// Bits a sample. Above 8 a sample is two bytes, in native order.
    pub depth: usize,
    /// Whether colour planes have half the width, half the height.
    pub halved: (bool, bool),
    /// Whether samples use all values, or the narrower range of video.
    pub full: bool,
    /// Colour primaries, transfer characteristics and matrix coefficients by their numbers in ITU-T
    /// H.273.
    pub primaries: u16,
    pub transfer: u16,
    pub matrix: u16,
    pub planes: Vec<Plane>,
}

/// Samples of one kind, in rows of `stride` bytes.
pub(super) struct Plane {
    pub bytes: Vec<u8>,
    pub stride: usize,
}
