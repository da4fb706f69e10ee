//! Bounds that are checked before any work is done or memory taken.

use super::Error;
use super::facts::{Facts, Size};

/// What one request may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a source.
    pub source_bytes: u64,
    /// Pixels of a source, all frames that are decoded together.
    pub source_pixels: u64,
    /// Pixels of the result and of every picture on the way to it.
    pub output_pixels: u64,
    /// Pixels of all frames of an animation together.
    pub frame_pixels: u64,
    /// Steps of a chain.
    pub ops: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            source_bytes: 128 << 20,
            source_pixels: 200_000_000,
            output_pixels: 100_000_000,
            frame_pixels: 400_000_000,
            ops: 200,
        }
    }
}

impl Limits {
    pub(super) fn source(&self, facts: &Facts) -> Result<(), Error> {
        at_most("source bytes", facts.bytes, self.source_bytes)?;
        at_most("source pixels", facts.size.pixels(), self.source_pixels)
    }

    pub(super) fn frames(&self, facts: &Facts) -> Result<(), Error> {
        self.frame_pixels(facts.size.pixels().saturating_mul(facts.frames.into()))
    }

    /// All frames that are decoded, or shown.
    pub(super) fn frame_pixels(&self, pixels: u64) -> Result<(), Error> {
        at_most("pixels of all frames", pixels, self.frame_pixels)
    }

    pub(super) fn picture(&self, size: Size) -> Result<(), Error> {
        at_most("output pixels", size.pixels(), self.output_pixels)
    }

    /// All pictures that are decoded for one result.
    pub(super) fn pixels(&self, pixels: u64) -> Result<(), Error> {
        at_most("pixels of all layers", pixels, self.source_pixels)
    }

    /// All layers as they are laid.
    pub(super) fn laid(&self, pixels: u64) -> Result<(), Error> {
        at_most("pixels of all layers", pixels, self.output_pixels)
    }

    pub(super) fn chain(&self, ops: usize) -> Result<(), Error> {
        at_most("chain length", ops as u64, self.ops as u64)
    }
}

fn at_most(what: &'static str, asked: u64, limit: u64) -> Result<(), Error> {
    if asked > limit {
        Err(Error::OverLimit { what, asked, limit })
    } else {
        Ok(())
    }
}
