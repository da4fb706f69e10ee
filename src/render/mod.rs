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

mod animate;
mod apart;
mod budget;
mod clip;
#[cfg(feature = "aom")]
mod codec_aom;
mod codec_webp;
mod draw;
mod encode;
mod error;
mod fades;
mod fair;
mod gain_map;
mod idle;
mod ingest;
mod ledger;
mod look;
mod metadata;
mod photoshop;
mod pool;
mod probe;
mod raster;
mod sources;
mod text;
mod travel;
mod watched;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use bytes::Bytes;

pub use apart::{COMMAND as CODEC_COMMAND, WorkerCounters, Workers, work as codec_process};
pub use budget::{Budget, Limits};
pub use clip::has_clipping_path;
pub use error::Error;
pub use fair::Lane;
pub use gain_map::has_gain_map;
pub use idle::{Idle, when_idle};
pub use ledger::{Ledger, Share};
pub use look::look;
pub use pool::{Config, Counters, Pool};
pub use probe::{at_page, probe, sniff};
pub use sources::Sources;
pub use text::{FontFile, Fonts, is_font};

use crate::plan::{Encode, Facts, Frames, RasterPlan, Size};
use crate::spec::Format;
use budget::now;
use draw::{Drawn, Scene};

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

impl Rendered {
    /// The stored bytes as they are.
    #[must_use]
    pub fn untouched(source: &Bytes, facts: &Facts) -> Self {
        Self {
            body: source.clone(),
            format: facts.format,
            size: facts.upright(),
            alpha: facts.alpha,
            damaged: false,
            timings: Timings::default(),
        }
    }
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
    let clipped = clip::filled(plan, source);
    let plan = clipped.as_ref().unwrap_or(plan);
    let mut size = plan.window.size;
    for step in &plan.steps {
        size = step.size_after(size);
        budget.limits().picture(size)?;
    }
    encode::check(plan.encode.format, size)?;
    budget.check()?;
    let layers = draw::layers(&plan.steps, sources, budget)?;
    let scene = Scene::from(plan);
    let film = animate::Film {
        scene,
        source,
        facts: &facts,
        layers: &layers,
        sources,
    };
    let frame = match &plan.frames {
        Frames::One(frame) => *frame,
        Frames::All(motion) => return animate::run(&film, plan, motion, budget),
        Frames::Over(frame, motion) => return travel::run(&film, plan, (*frame, motion), budget),
    };
    let request = scene.request(frame);
    let decoded = guarded(
        || ingest::decode(source, &facts, &request, budget),
        || Error::bad(facts.format, "the decoder crashed on it"),
    )?;
    let decode_done = now();

    let damaged = decoded.damaged;
    let Drawn { raster, profile } = scene.transform(decoded, &layers, sources, budget)?;
    let raster = raster.without_idle_alpha();
    budget.check()?;
    let size = raster.size();
    let clear = raster.layout() == raster::Layout::Rgba;
    let how = match &plan.encode.opaque {
        Some(opaque) if !clear => opaque,
        _ => &plan.encode,
    };
    let alpha = clear && how.format.has_alpha();
    let transform_done = now();

    let written = guarded(
        || encode::encode(raster, how, budget),
        || Error::encoder(how.format, "it crashed"),
    )?;
    let how = Encode {
        format: written.format,
        ..how.clone()
    };
    let path = match how.path {
        Some(mask) if how.format == Format::Jpeg => metadata::of_mask(mask, sources, budget)?,
        _ => None,
    };
    let made = metadata::Made { profile, path };
    let body = metadata::carry(written.file, &how, source, facts.format, made);
    Ok(Rendered {
        body: body.into(),
        format: how.format,
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

/// A drawing written anew with nothing in it but shapes and pictures: no script, no event, no reference
/// outside of the file, no text that needs a font.
///
/// # Errors
/// [`Error::BadSource`] when it is no drawing, [`Error::OverLimit`] when it is too large.
pub fn sanitized(source: &[u8], budget: &Budget) -> Result<Rendered, Error> {
    let start = now();
    let (body, size) = ingest::sanitized_svg(source)?;
    budget.check()?;
    let timings = Timings {
        decode: now().saturating_duration_since(start),
        ..Timings::default()
    };
    Ok(Rendered {
        body: body.into(),
        format: Format::Svg,
        size,
        alpha: true,
        damaged: false,
        timings,
    })
}

/// What a drawing asks for that is not drawn, or otherwise than asked, a sentence each; of other
/// files nothing.
#[must_use]
pub fn lacks(source: &[u8]) -> Vec<&'static str> {
    match sniff(source) {
        Some(Format::Svg) => ingest::lacks_of_svg(source),
        _ => Vec::new(),
    }
}

/// Runs a codec so that its panic is one picture's error and not the worker's end.
fn guarded<T>(
    work: impl FnOnce() -> Result<T, Error>,
    crashed: impl FnOnce() -> Error,
) -> Result<T, Error> {
    // A codec works on buffers of its own, which are gone after a panic.
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(crashed()))
}
