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
mod budget;
#[cfg(feature = "aom")]
mod codec_aom;
mod codec_webp;
mod encode;
mod error;
mod fair;
mod ingest;
mod metadata;
mod pool;
mod probe;
mod raster;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use bytes::Bytes;

pub use budget::{Budget, Limits};
pub use error::Error;
pub use fair::Lane;
pub use pool::{Config, Counters, Pool};
pub use probe::{probe, sniff};

use crate::plan::{Colours, Facts, Frames, Paint, RasterPlan, Region, Size, Step};
use crate::spec::Format;
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
    let start = now();
    let facts = probe(source)?;
    budget.limits().source(facts.size)?;
    if facts.size != plan.source {
        return Err(Error::Mismatch {
            planned: plan.source,
            found: facts.size,
        });
    }
    let mut size = plan.window.size;
    for step in &plan.steps {
        size = step.size_after(size);
        budget.limits().picture(size)?;
    }
    encode::check(plan.encode.format, size)?;
    budget.check()?;
    let frame = match plan.frames {
        Frames::One(frame) => frame,
        Frames::All(motion) => return animate::run(plan, motion, source, &facts, budget),
    };

    let request = request(plan, frame);
    let decoded = guarded(
        || ingest::decode(source, &facts, &request, budget),
        || Error::bad(facts.format, "the decoder crashed on it"),
    )?;
    let decode_done = now();

    let damaged = decoded.damaged;
    let Drawn { raster, profile } = transform(decoded, plan, budget)?;
    let raster = raster.without_idle_alpha();
    budget.check()?;
    let size = raster.size();
    let alpha = raster.layout() == raster::Layout::Rgba && plan.encode.format.has_alpha();
    let transform_done = now();

    let body = guarded(
        || encode::encode(raster, &plan.encode, budget),
        || Error::encoder(plan.encode.format, "it crashed"),
    )?;
    let body = metadata::carry(body, &plan.encode, source, facts.format, profile);
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

fn is_reduction(from: Region, to: Size) -> bool {
    f64::from(to.width) * f64::from(to.height) <= from.width * from.height
}

/// What the decoder is asked for.
fn request(plan: &RasterPlan, frame: u32) -> Request {
    let window = plan.window;
    let whole = window.outside(Region::whole(window.size));
    let Some(Step::Resample { from, to }) = plan.steps.first() else {
        return Request {
            frame,
            ..Request::part(plan.source, whole, 1)
        };
    };
    // The filter looks three output pixels beyond the region, and one more for rounding.
    let reach = |from: f64, to: u32| 3.0 * (from / f64::from(to)).max(1.0) + 1.0;
    let (x, y) = (reach(from.width, to.width), reach(from.height, to.height));
    let seen = Region {
        x: from.x - x,
        y: from.y - y,
        width: from.width + 2.0 * x,
        height: from.height + 2.0 * y,
    };
    let part = window.outside(seen).inside(whole);
    Request {
        frame,
        exact: Some((window.outside(*from), *to)),
        ..Request::part(plan.source, part, plan.shrink(SHRINK_MARGIN))
    }
}

/// The steps, with colours brought to those of the result where that touches the fewest pixels.
fn transform(decoded: Decoded, plan: &RasterPlan, budget: &Budget) -> Result<Drawn, Error> {
    let decoded = decoded.through(plan.window, plan.source)?;
    let place = |region: Region| decoded.place(plan.window.outside(region));
    let tone = Tone::of(plan, decoded.raster.layout());
    let profile = decoded.profile.as_deref();
    let (mut raster, rest) = match plan.steps.as_slice() {
        [Step::Resample { from, to }, rest @ ..] => {
            let step = Step::Resample {
                from: place(*from),
                to: *to,
            };
            if is_reduction(*from, *to) {
                let small = decoded.raster.apply(&step, budget)?;
                (tone.before_steps(small, profile), rest)
            } else {
                let full = tone.before_steps(decoded.raster, profile);
                (full.apply(&step, budget)?, rest)
            }
        }
        steps => (tone.before_steps(decoded.raster, profile), steps),
    };
    for step in rest {
        raster = raster.apply(step, budget)?;
    }
    Ok(Drawn {
        raster: tone.after_steps(raster, plan),
        profile: decoded.profile.filter(|_| tone == Tone::Own),
    })
}

/// What the steps give.
struct Drawn {
    raster: raster::Raster,
    /// The profile that its samples need, where they are not sRGB.
    profile: Option<Vec<u8>>,
}

/// What happens to the colours of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tone {
    /// They become sRGB.
    Srgb,
    /// They stay what they are, for the result holds them and their profile.
    Own,
    /// They become sRGB for the steps, and inks for the result.
    Inks,
}

impl Tone {
    fn of(plan: &RasterPlan, layout: raster::Layout) -> Self {
        let format = plan.encode.format;
        let inks = layout == raster::Layout::Cmyk;
        // Steps that paint know colours as light.
        let moves_only = plan
            .steps
            .iter()
            .all(|step| matches!(step, Step::Turn(_) | Step::Resample { .. }));
        match plan.encode.colours {
            Colours::Inks if format == Format::Jpeg => Self::Inks,
            Colours::KeepInks | Colours::Copy if inks => match (format, moves_only) {
                (Format::Jpeg, true) => Self::Own,
                (Format::Jpeg, false) => Self::Inks,
                _ => Self::Srgb,
            },
            Colours::Copy if matches!(format, Format::Jpeg | Format::Png | Format::WebP) => {
                Self::Own
            }
            _ => Self::Srgb,
        }
    }

    fn before_steps(self, raster: raster::Raster, profile: Option<&[u8]>) -> raster::Raster {
        match self {
            Self::Own => raster,
            Self::Srgb | Self::Inks => raster::to_srgb(raster, profile),
        }
    }

    fn after_steps(self, raster: raster::Raster, plan: &RasterPlan) -> raster::Raster {
        match self {
            Self::Own | Self::Srgb => raster,
            Self::Inks => {
                let mut behind = plan.encode.background;
                behind.a = 255;
                raster.flattened(Paint::Colour(behind)).into_inks()
            }
        }
    }
}
