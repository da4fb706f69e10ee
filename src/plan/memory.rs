//! What following a plan takes of memory at most, told before anything is decoded.

use super::facts::{Facts, Size};
use super::frames::Frames;
use super::playback::Order;
use super::raster::{RasterPlan, Step};
use crate::spec::Format;

/// Bytes for each pixel of a JPEG as decoded: three planes, and for progressive files the coefficients behind them.
const JPEG_BYTES: u64 = 9;
/// Bytes for each pixel of other formats as decoded.
const OTHER_BYTES: u64 = 4;
/// Canvases that an animation keeps beside the frame at hand: the source's, and two of the result's.
const CANVASES: u64 = 3;
/// Bytes for each pixel that a step reads or makes.
const STEP_BYTES: u64 = 4;
/// Buffers of an effect beside its picture.
const EFFECT_BUFFERS: u64 = 2;
/// Bytes for each pixel that an encoder keeps: planes, tokens, the file.
const ENCODE_BYTES: u64 = 8;
/// What is there for the smallest picture.
const LEAST: u64 = 1 << 20;

impl RasterPlan {
    /// Bytes that following the plan takes at most beside the source's own, roughly: an upper bound for pictures without layers, whose own
    /// pixels come on top.
    #[must_use]
    pub fn memory(&self, facts: &Facts) -> u64 {
        let pixels = |size: Size| size.pixels();
        let decoded = if facts.format == Format::Jpeg {
            let shrink = u64::from(self.shrink(self.scaling.margin()));
            pixels(facts.size) / (shrink * shrink) * JPEG_BYTES
        } else {
            pixels(facts.size) * OTHER_BYTES
        };
        let mut size = self.window.size;
        let mut work = 0;
        for step in &self.steps {
            let after = step.size_after(size);
            let buffers = match step {
                Step::Resample { .. } => pixels(after),
                Step::Effect(_) => (pixels(size) + pixels(after)) * EFFECT_BUFFERS,
                _ => pixels(size) + pixels(after),
            };
            work = work.max(buffers * STEP_BYTES);
            size = after;
        }
        let held = match &self.frames {
            Frames::All(motion) => motion.order.as_ref().map_or(0, Order::held),
            // Its frames are made as they are shown.
            Frames::Over(..) | Frames::One(_) => 0,
        };
        let held = pixels(size).saturating_mul(STEP_BYTES * held as u64);
        let moving = if facts.frames > 1 || matches!(self.frames, Frames::Over(..)) {
            (pixels(facts.size) + pixels(size)) * STEP_BYTES * CANVASES
        } else {
            0
        };
        LEAST + decoded + moving + held + work.max(pixels(size) * ENCODE_BYTES)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Encode, Region, Scaling, Window};

    fn plan(source: Size, to: Size) -> RasterPlan {
        let from = Region {
            x: 0.0,
            y: 0.0,
            width: source.width.into(),
            height: source.height.into(),
        };
        RasterPlan {
            source,
            window: Window::whole(source),
            frames: Frames::One(0),
            steps: vec![Step::Resample { from, to }],
            encode: Encode::new(Format::Jpeg, 80),
            scaling: Scaling::default(),
        }
    }

    fn facts(format: Format, size: Size) -> Facts {
        Facts {
            format,
            size,
            orientation: crate::spec::Turn::NONE,
            alpha: false,
            frames: 1,
            bytes: 1_000_000,
        }
    }

    #[test]
    fn a_small_picture_of_a_large_jpeg_takes_little() {
        let source = Size::new(4000, 3000);
        let small = plan(source, Size::new(300, 225));
        let jpeg = small.memory(&facts(Format::Jpeg, source));
        let png = small.memory(&facts(Format::Png, source));
        assert!(jpeg < 12_000_000, "{jpeg}");
        assert!((48_000_000..60_000_000).contains(&png), "{png}");
    }

    #[test]
    fn a_large_result_takes_as_much_as_it_is() {
        let source = Size::new(100, 100);
        let large = plan(source, Size::new(5000, 5000)).memory(&facts(Format::Png, source));
        assert!(large >= 200_000_000, "{large}");
    }
}
