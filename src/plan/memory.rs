//! What following a plan takes of memory at most, told before anything is decoded.

use super::facts::{Facts, Size};
use super::fold::fold;
use super::frames::Frames;
use super::playback::Order;
use super::raster::{Encode, RasterPlan, Scaling, Step, Window, shrink};
use crate::spec::{Format, Progressive};

/// Bytes for each pixel of a source while it is decoded: in a codec's process as the system counted them at 12 megapixels, rounded
/// up; three planes of a JPEG, and for progressive files the coefficients behind them.
const fn decoder_bytes(format: Format) -> u64 {
    match format {
        Format::Jpeg => 9,
        Format::Avif => 16,
        Format::Jxl => 30,
        // The canvas, places in the palette, and a copy of the canvas.
        Format::Gif => 10,
        Format::WebP | Format::Bmp | Format::Ico | Format::Svg => 8,
        // A JPEG in one strip; what has other codings is unpacked row by row, whatever its depth.
        Format::Tiff => 10,
        _ => 4,
    }
}

/// Bytes for each pixel that an encoder keeps, counted in the same way: planes, tokens, the file.
const fn encoder_bytes(how: &Encode) -> u64 {
    match how.format {
        Format::Avif => 22,
        Format::WebP if how.quality >= 100 => 20,
        // Three coefficients of two bytes at most, and the pixels once more in its process.
        Format::Jpeg if !matches!(how.progressive, Progressive::Off) => 14,
        _ => 8,
    }
}

/// Bytes for each pixel that go to a codec's process or come from it, and are there twice meanwhile. Small pictures are not sent;
/// what is counted for them is little.
const fn sent_bytes(format: Format) -> u64 {
    match format {
        Format::Avif | Format::WebP | Format::Jxl => 4,
        _ => 0,
    }
}

/// Bytes for each pixel that a decoder of AVIF keeps while it plays: the eight pictures that others
/// may build on, twice where there is alpha, and what it knows of their blocks. Counted at 12
/// megapixels, 10 bits and full colour.
const AVIF_REFERENCES: u64 = 90;
/// Canvases that an animation keeps beside the frame at hand: the source's, and two of the result's.
const CANVASES: u64 = 3;
/// Bytes for each pixel that a step reads or makes.
const STEP_BYTES: u64 = 4;
/// Buffers of an effect beside its picture.
const EFFECT_BUFFERS: u64 = 2;
/// What is there for the smallest picture.
const LEAST: u64 = 1 << 20;

/// Bytes that decoding a stored picture and following some steps takes at most, when nothing is
/// encoded.
///
/// This is the cost of an inspection before planning: only a few numbers of its result are kept.
#[must_use]
pub fn inspection_memory(facts: &Facts, steps: &[Step]) -> u64 {
    let (making, _) = making(facts.size, Some(facts.format), steps);
    let moving = if facts.frames > 1 {
        facts.size.pixels() * STEP_BYTES * CANVASES
    } else {
        0
    };
    LEAST + making + moving
}

/// Bytes that following some steps from a drawn picture takes at most.
#[must_use]
pub fn drawn_memory(size: Size, steps: &[Step]) -> u64 {
    LEAST + making(size, None, steps).0
}

impl RasterPlan {
    /// Bytes that following the plan takes at most beside the files themselves, roughly.
    ///
    /// Layers are made first, one after the other, and kept until the last is laid: what they take
    /// is the more of what making them takes and of what all of them take beside the picture. Their
    /// sizes and formats are known by now, for a plan is made of what probing told. Inspection
    /// before the plan is complete is counted apart ([`inspection_memory`]).
    #[must_use]
    pub fn memory(&self, facts: &Facts) -> u64 {
        let pixels = |size: Size| size.pixels();
        let reduction = self.shrink(self.scaling.margin());
        let decoded = decoded(facts.size, Some(facts.format), reduction);
        let (work, size) = work(self.window.size, &self.steps);
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
        let references = match (facts.format, &self.frames) {
            // The first picture stands alone.
            (Format::Avif, frames) if facts.frames > 1 && *frames != Frames::One(0) => {
                pixels(facts.size) * AVIF_REFERENCES
            }
            _ => 0,
        };
        let encode = &self.encode;
        let writing = |how: &Encode| pixels(size) * (encoder_bytes(how) + sent_bytes(how.format));
        let encoded = writing(encode).max(encode.opaque.as_deref().map_or(0, writing));
        let own = decoded + moving + references + held + work.max(encoded);
        let layers = Layers::among(&self.steps);
        LEAST + layers.made.max(layers.kept + own)
    }
}

/// Bytes for the layers of a chain.
#[derive(Default)]
struct Layers {
    /// While they are made: the most at any time.
    made: u64,
    /// Once they are made: all of them.
    kept: u64,
}

impl Layers {
    /// Of the layers among some steps, which are made in their order. Layers inside them are within the plan's limits in number and depth.
    fn among(steps: &[Step]) -> Self {
        let layers = steps.iter().filter_map(|step| match step {
            Step::Overlay(layer) => Some(&**layer),
            _ => None,
        });
        layers.fold(Self::default(), |before, layer| {
            let (making, finished) = making(layer.stored, layer.format, &layer.steps);
            Self {
                made: before.made.max(before.kept + making),
                kept: before.kept + finished,
            }
        })
    }
}

/// Bytes that following some steps takes, and those of the finished picture. `format` is that of a
/// stored file; `None` for a drawn picture.
fn making(stored: Size, format: Option<Format>, steps: &[Step]) -> (u64, u64) {
    let (window, steps) = match format {
        Some(_) => fold(stored, steps.to_vec()),
        // Pixels from the beginning, which take their steps as they are.
        None => (Window::whole(stored), steps.to_vec()),
    };
    let reduction = match format {
        Some(_) => shrink(&steps, Scaling::Quality.margin()),
        None => 1,
    };
    let decoded = decoded(stored, format, reduction);
    let (work, size) = work(window.size, &steps);
    let finished = size.pixels() * STEP_BYTES;
    let inside = Layers::among(&steps);
    let own = decoded + work.max(finished);
    // A text stays as it was drawn, for the plan may lay it once more.
    let drawn = if format.is_none() { decoded } else { 0 };
    (
        inside.made.max(inside.kept + own),
        finished.saturating_add(drawn),
    )
}

/// Bytes of a decoded picture, of which the decoder may make a smaller one itself. `None`: a drawn one.
fn decoded(size: Size, format: Option<Format>, reduction: u32) -> u64 {
    let Some(format) = format else {
        return size.pixels() * STEP_BYTES;
    };
    let reduction = match format {
        Format::Jpeg => u64::from(reduction),
        _ => 1,
    };
    size.pixels() / (reduction * reduction) * (decoder_bytes(format) + sent_bytes(format))
}

/// Bytes that the costliest of some steps reads and makes, and the size after the last.
fn work(from: Size, steps: &[Step]) -> (u64, Size) {
    steps.iter().fold((0, from), |(most, size), step| {
        let after = step.size_after(size);
        let buffers = match step {
            Step::Resample { .. } => after.pixels(),
            Step::Effect(_) => (size.pixels() + after.pixels()) * EFFECT_BUFFERS,
            _ => size.pixels() + after.pixels(),
        };
        (most.max(buffers * STEP_BYTES), after)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Layer, Mix, Motion, Region};

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

    /// Laid over a picture of `canvas`, after a resize to `laid`.
    fn layer(format: Option<Format>, stored: Size, laid: Size, canvas: Size) -> Step {
        let from = Region::whole(stored);
        Step::Overlay(Box::new(Layer {
            source: 0,
            stored,
            format,
            steps: vec![Step::Resample { from, to: laid }],
            left: 0,
            top: 0,
            canvas,
            base: (0, 0),
            grown: false,
            under: false,
            mix: Mix::Normal,
            tiled: false,
        }))
    }

    /// What a small picture takes with these layers, in bytes above what it takes without.
    fn more(layers: Vec<Step>) -> u64 {
        let base = Size::new(300, 300);
        let mut with = plan(base, base);
        let facts = facts(Format::Png, base);
        let without = with.memory(&facts);
        with.steps.extend(layers);
        with.memory(&facts) - without
    }

    #[test]
    fn a_layer_takes_what_decoding_it_takes() {
        let (large, small) = (Size::new(4000, 3000), Size::new(100, 75));
        let base = Size::new(300, 300);
        let png = more(vec![layer(Some(Format::Png), large, small, base)]);
        assert!((46_000_000..60_000_000).contains(&png), "{png}");
        // The decoder makes a smaller picture itself.
        let jpeg = more(vec![layer(Some(Format::Jpeg), large, small, base)]);
        assert!((500_000..12_000_000).contains(&jpeg), "{jpeg}");
        let whole = more(vec![layer(Some(Format::Jpeg), large, large, base)]);
        assert!(whole > 100_000_000, "{whole}");
        let text = more(vec![layer(None, large, small, base)]);
        assert!(text >= 48_000_000, "{text}");
    }

    #[test]
    fn layers_are_kept_side_by_side_and_made_one_by_one() {
        let (stored, laid) = (Size::new(2000, 2000), Size::new(500, 500));
        let base = Size::new(300, 300);
        let one = || layer(Some(Format::Png), stored, laid, base);
        let (first, tenth) = (more(vec![one()]), more((0..10).map(|_| one()).collect()));
        assert_eq!(
            tenth - first,
            9 * 1_000_000,
            "a finished layer has a megabyte"
        );
    }

    #[test]
    fn layers_inside_layers_count() {
        let (large, small) = (Size::new(3000, 3000), Size::new(100, 100));
        let mut outer = layer(Some(Format::Png), small, small, small);
        let inner = layer(Some(Format::Png), large, small, small);
        if let Step::Overlay(outer) = &mut outer {
            outer.steps.push(inner);
        }
        let taken = more(vec![outer]);
        assert!(taken > 34_000_000, "{taken}");
    }

    #[test]
    fn what_is_sent_to_a_process_is_there_twice() {
        let size = Size::new(4000, 3000);
        let small = Size::new(10, 10);
        // Peaks of `cldgate codec`, without what the program takes itself, at this size.
        for (from, to, process) in [
            (Format::Bmp, Format::Avif, 250_000_000),
            (Format::Bmp, Format::WebP, 60_000_000),
            (Format::Avif, Format::Bmp, 187_000_000),
            (Format::Jxl, Format::Bmp, 343_000_000),
        ] {
            let out = if from == Format::Bmp { size } else { small };
            let mut plan = plan(size, out);
            plan.encode = Encode::new(to, 80);
            let picture = size.pixels() * 3;
            let told = plan.memory(&facts(from, size));
            assert!(told >= process + picture, "{from:?} {to:?} {told}");
        }
    }

    #[test]
    fn playing_avif_takes_more_than_its_first_picture() {
        let size = Size::new(4000, 3000);
        let facts = Facts {
            frames: 8,
            ..facts(Format::Avif, size)
        };
        // Peaks of `cldgate render`, less those for a tiny picture: 10 bits, full colour, alpha.
        for (frames, peak) in [
            (Frames::One(0), 294_000_000),
            (Frames::One(5), 1_197_000_000),
            (Frames::All(Motion::default()), 1_433_000_000),
        ] {
            let mut plan = plan(size, Size::new(100, 75));
            plan.frames = frames;
            let told = plan.memory(&facts);
            assert!(
                (peak..peak * 3 / 2).contains(&told),
                "{:?} {told}",
                plan.frames
            );
        }
    }

    #[test]
    fn a_large_result_takes_as_much_as_it_is() {
        let source = Size::new(100, 100);
        let large = plan(source, Size::new(5000, 5000)).memory(&facts(Format::Png, source));
        assert!(large >= 200_000_000, "{large}");
    }
}
