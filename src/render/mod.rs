//! A plan and a source's bytes to a finished file.
//!
//! [`probe`] tells what the bytes are without decoding them; [`run`] follows a plan made from those
//! facts. Both are plain functions that block and that survive any input; [`Pool`] is the place to
//! call them from, for async threads never decode or compress.
//!
//! ```text
//! bytes ─ingest─▶ Raster ─raster─▶ Raster ─encode─▶ file
//!        one file per format    one file per kind of step    one file per format
//! ```
//!
//! Every decoder answers the same question ([`ingest::decode`]): the part of the picture that the
//! first resampling needs, at least as large as it needs it. A decoder that can do with less work
//! does; one that cannot decodes everything, and the result is the same picture.

mod budget;
#[cfg(feature = "aom")]
mod codec_aom;
mod codec_webp;
mod encode;
mod error;
mod fair;
mod ingest;
mod look;
mod pool;
mod probe;
mod raster;
mod sources;
mod text;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use bytes::Bytes;

pub use budget::{Budget, Limits};
pub use error::Error;
pub use fair::Lane;
pub use look::look;
pub use pool::{Config, Counters, Pool};
pub use probe::{probe, sniff};
pub use sources::Sources;
pub use text::{FontFile, Fonts, is_font};

use crate::plan::{self, Layer, RasterPlan, Region, Size, Step};
use crate::spec::{Format, Turn};
use budget::now;
use ingest::{Decoded, Request};

/// What is left for the first resampling when a decoder reduces: at least this many source pixels
/// for every pixel made, along each side. Two keeps the quality of a full decode within a point of
/// SSIMULACRA2; one would save a third of the time and lose about ten.
const SHRINK_MARGIN: f64 = 2.0;

/// A finished file.
#[derive(Clone, Debug)]
pub struct Rendered {
    /// The file.
    pub body: Bytes,
    /// Its format.
    pub format: Format,
    /// Its size in pixels.
    pub size: Size,
    /// Whether the picture as encoded has transparent pixels.
    pub alpha: bool,
    /// The source ended early or was damaged, and what could be read of it was rendered.
    pub damaged: bool,
    /// Where the time went.
    pub timings: Timings,
}

/// Wall time of one job by stage.
#[derive(Clone, Copy, Debug, Default)]
pub struct Timings {
    /// Probing and decoding.
    pub decode: Duration,
    /// Colour conversion and the steps of the plan.
    pub transform: Duration,
    /// Writing the file.
    pub encode: Duration,
}

/// Whether this build can write a format.
#[must_use]
pub fn can_write(format: Format) -> bool {
    encode::can_write(format)
}

/// Follows a plan.
///
/// Blocks for as long as the work takes; the budget is looked at between stages and steps and inside
/// the longer codecs.
///
/// # Errors
///
/// [`Error::OverLimit`] and [`Error::NoCodec`] before any pixel is touched, [`Error::Mismatch`] when
/// the plan was made for a source of another size, [`Error::BadSource`] when the bytes do not decode,
/// [`Error::Timeout`] and [`Error::Cancelled`] from the budget.
pub fn run(plan: &RasterPlan, source: &[u8], budget: &Budget) -> Result<Rendered, Error> {
    let fonts = Fonts::default();
    run_with(plan, source, &Sources::new(&[], &fonts, budget), budget)
}

/// As [`run`], for a plan with layers, made with these sources.
///
/// # Errors
///
/// Those of [`run`], for the picture and its layers.
pub fn run_with(
    plan: &RasterPlan,
    source: &[u8],
    sources: &Sources<'_>,
    budget: &Budget,
) -> Result<Rendered, Error> {
    let start = now();
    let facts = probe(source)?;
    budget.limits().source(facts.size)?;
    if facts.size != plan.source {
        return Err(Error::Mismatch {
            planned: plan.source,
            found: facts.size,
        });
    }
    let mut size = plan.source;
    for step in &plan.steps {
        size = step.size_after(size);
        budget.limits().picture(size)?;
    }
    encode::check(plan.encode.format, size)?;
    budget.check()?;

    let layers = layers(&plan.steps, sources, budget)?;
    let steps = resample_first(plan.source, &plan.steps);
    let request = request(plan.source, &steps);
    let decoded = guarded(
        || ingest::decode(source, &facts, &request, budget),
        || Error::bad(facts.format, "the decoder crashed on it"),
    )?;
    let decode_done = now();

    let damaged = decoded.damaged;
    let raster = transform(decoded, &steps, &layers, sources, budget)?.without_idle_alpha();
    budget.check()?;
    let size = raster.size();
    let alpha = raster.layout() == raster::Layout::Rgba && plan.encode.format.has_alpha();
    let transform_done = now();

    let body = guarded(
        || encode::encode(raster, &plan.encode, budget),
        || Error::encoder(plan.encode.format, "it crashed"),
    )?;
    Ok(Rendered {
        body: body.into(),
        format: plan.encode.format,
        size,
        alpha,
        damaged,
        timings: Timings {
            decode: decode_done.saturating_duration_since(start),
            transform: transform_done.saturating_duration_since(decode_done),
            encode: now().saturating_duration_since(transform_done),
        },
    })
}

/// Runs a codec so that its panic is one picture's error and not the worker's end.
fn guarded<T>(
    work: impl FnOnce() -> Result<T, Error>,
    crashed: impl FnOnce() -> Error,
) -> Result<T, Error> {
    // A codec works on buffers of its own, which are gone after a panic.
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(crashed()))
}

/// The plan's steps with quarter turns moved behind the resampling that follows them: turning few
/// pixels is cheaper than turning many, and a decoder can then reduce in its own direction.
fn resample_first(stored: Size, steps: &[Step]) -> Vec<Step> {
    let mut turn = Turn::NONE;
    let mut rest = steps;
    while let [Step::Turn(next), tail @ ..] = rest {
        turn = turn.then(*next);
        rest = tail;
    }
    if turn == Turn::NONE {
        return rest.to_vec();
    }
    match rest {
        [Step::Resample { from, to }, tail @ ..] if is_reduction(*from, *to) => {
            let from = raster::unturned(*from, stored, turn);
            let to = to.turned(turn);
            [Step::Resample { from, to }, Step::Turn(turn)]
                .into_iter()
                .chain(tail.iter().cloned())
                .collect()
        }
        _ => std::iter::once(Step::Turn(turn))
            .chain(rest.iter().cloned())
            .collect(),
    }
}

fn is_reduction(from: Region, to: Size) -> bool {
    f64::from(to.width) * f64::from(to.height) <= from.width * from.height
}

/// What the decoder is asked for.
fn request(stored: Size, steps: &[Step]) -> Request {
    let Some(Step::Resample { from, to }) = steps.first() else {
        return Request::whole(stored);
    };
    // The filter looks three output pixels beyond the region, and one more for rounding.
    let reach = |from: f64, to: u32| 3.0 * (from / f64::from(to)).max(1.0) + 1.0;
    let (x, y) = (reach(from.width, to.width), reach(from.height, to.height));
    Request::part(
        stored,
        Region {
            x: from.x - x,
            y: from.y - y,
            width: from.width + 2.0 * x,
            height: from.height + 2.0 * y,
        },
        plan::shrink(steps, SHRINK_MARGIN),
    )
}

/// The steps, with colours brought to sRGB where that touches the fewest pixels.
fn transform(
    decoded: Decoded,
    steps: &[Step],
    layers: &[raster::Raster],
    sources: &Sources<'_>,
    budget: &Budget,
) -> Result<raster::Raster, Error> {
    let profile = decoded.profile.as_deref();
    let (raster, rest) = match steps {
        [Step::Resample { from, to }, rest @ ..] => {
            let (from, to) = (*from, *to);
            if is_reduction(from, to) {
                let small = decoded.picture.resampled(from, to, budget)?;
                (raster::to_srgb(small, profile), rest)
            } else {
                let packed = decoded.picture.into_packed()?;
                let from = packed.place(from);
                let full = raster::to_srgb(packed.raster, profile);
                (full.apply(&Step::Resample { from, to }, budget)?, rest)
            }
        }
        _ => {
            let packed = decoded.picture.into_packed()?;
            (raster::to_srgb(packed.raster, profile), steps)
        }
    };
    follow(raster, rest, layers, sources, budget)
}

/// The steps one after the other. `layers` are the pictures of the overlays among them, in their order.
fn follow(
    mut raster: raster::Raster,
    steps: &[Step],
    layers: &[raster::Raster],
    sources: &Sources<'_>,
    budget: &Budget,
) -> Result<raster::Raster, Error> {
    let mut layers = layers.iter();
    let mut rest = steps;
    while let Some((step, tail)) = rest.split_first() {
        let (step, others) = match step {
            Step::Overlay(_) | Step::ColourTable { .. } => (step, tail),
            _ => {
                let plain = rest
                    .iter()
                    .position(|step| matches!(step, Step::Overlay(_) | Step::ColourTable { .. }));
                let (plain, others) = rest.split_at(plain.unwrap_or(rest.len()));
                raster = raster.apply_all(plain, budget)?;
                rest = others;
                continue;
            }
        };
        rest = others;
        raster = match step {
            Step::Overlay(layer) => {
                budget.check()?;
                budget.limits().picture(layer.canvas)?;
                match layers.next() {
                    Some(picture) => raster.overlaid(layer, picture),
                    None => raster,
                }
            }
            Step::ColourTable { source } => sources.mapped(raster, *source),
            step => raster.apply(step, budget)?,
        };
    }
    Ok(raster)
}

/// The pictures of a chain's overlays, RGBA, each with its own chain done. They are the same for every
/// frame.
fn layers(
    steps: &[Step],
    sources: &Sources<'_>,
    budget: &Budget,
) -> Result<Vec<raster::Raster>, Error> {
    let overlays = steps.iter().filter_map(|step| match step {
        Step::Overlay(layer) => Some(&**layer),
        _ => None,
    });
    overlays
        .map(|layer| Ok(layer_of(layer, sources, budget)?.into_rgba()))
        .collect()
}

/// A source after some steps.
fn stepped(
    bytes: &[u8],
    steps: &[Step],
    sources: &Sources<'_>,
    budget: &Budget,
) -> Result<raster::Raster, Error> {
    let facts = probe(bytes)?;
    budget.limits().source(facts.size)?;
    let inner = layers(steps, sources, budget)?;
    let steps = resample_first(facts.size, steps);
    let request = request(facts.size, &steps);
    let decoded = guarded(
        || ingest::decode(bytes, &facts, &request, budget),
        || Error::bad(facts.format, "the decoder crashed on it"),
    )?;
    transform(decoded, &steps, &inner, sources, budget)
}

/// A layer's picture. Recursion is bounded by the plan's limit on layers inside layers.
fn layer_of(
    layer: &Layer,
    sources: &Sources<'_>,
    budget: &Budget,
) -> Result<raster::Raster, Error> {
    budget.check()?;
    let inner = layers(&layer.steps, sources, budget)?;
    let bytes = match sources.get(layer.source) {
        Some(sources::Source::Drawn(raster)) => {
            return follow(raster, &layer.steps, &inner, sources, budget);
        }
        Some(sources::Source::Stored(bytes)) => bytes,
        None => return Err(Error::Crashed),
    };
    let facts = probe(bytes)?;
    budget.limits().source(facts.size)?;
    if facts.size != layer.stored {
        return Err(Error::Mismatch {
            planned: layer.stored,
            found: facts.size,
        });
    }
    let steps = resample_first(layer.stored, &layer.steps);
    let request = request(layer.stored, &steps);
    let decoded = guarded(
        || ingest::decode(bytes, &facts, &request, budget),
        || Error::bad(facts.format, "the decoder crashed on it"),
    )?;
    transform(decoded, &steps, &inner, sources, budget)
}
