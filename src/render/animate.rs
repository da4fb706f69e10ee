//! An animation: the plan's steps on one frame after the other.
//!
//! At any time there is one canvas of the source, one frame on its way and one finished frame: memory
//! does not grow with the number of frames, only the file does. An order that goes back holds as many
//! finished frames as its plan allows.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use super::budget::{Budget, now};
use super::draw::Scene;
use super::encode::animated::{Animator, Settings};
use super::error::Error;
use super::ingest::{self, Decoded};
use super::raster::{Layout, Raster};
use super::sources::Sources;
use super::{Rendered, Timings, guarded, metadata};
use crate::plan::{Facts, Motion, Pass, RasterPlan, Size};
use crate::spec::Format;

/// Frames that are looked at, evenly spread, before a palette for all of them is made.
const LOOKED_AT: usize = 6;

/// What every frame is made from.
pub(super) struct Film<'a> {
    pub scene: Scene<'a>,
    pub source: &'a [u8],
    pub facts: &'a Facts,
    pub layers: &'a [Raster],
    pub sources: &'a Sources<'a>,
}

/// Follows a plan on all frames.
///
/// # Errors
/// As [`super::run`]. What can be read of a file that ends early is played, if it is a frame at least.
pub(super) fn run(
    film: &Film<'_>,
    plan: &RasterPlan,
    motion: &Motion,
    budget: &Budget,
) -> Result<Rendered, Error> {
    let facts = film.facts;
    let mut spent = Timings::default();
    let size = plan.output();
    let whole: Vec<u32>;
    let (order, passes) = match &motion.order {
        Some(order) => (order.frames(), order.passes()),
        None => {
            whole = (0..facts.frames).collect();
            let once = Pass {
                shown: 0..whole.len(),
                held: false,
            };
            (&*whole, vec![once])
        }
    };
    let looked_at = if plan.encode.format == Format::Gif {
        look(film, order, budget, &mut spent)?
    } else {
        Vec::new()
    };
    let mut writer = Writer {
        plan,
        motion,
        frames: u32::try_from(order.len()).unwrap_or(u32::MAX),
        looked_at: &looked_at,
        animator: None,
    };
    let mut broken = None;
    for pass in passes {
        let order = order.get(pass.shown).unwrap_or_default();
        let read = if pass.held {
            held(film, order, &mut writer, budget, &mut spent)
        } else {
            streamed(film, order, &mut writer, budget, &mut spent)
        };
        match read {
            Ok(()) => {}
            // As viewers do: what has been read is played.
            Err(error @ Error::BadSource { .. }) => broken = Some(error),
            Err(error) => return Err(error),
        }
    }
    let start = now();
    let damaged = broken.is_some();
    let animator = writer
        .animator
        .ok_or_else(|| broken.unwrap_or_else(|| Error::bad(facts.format, "no frame")))?;
    let (body, alpha) = animator.finish(budget)?;
    let body = metadata::carry(body, &plan.encode, film.source, facts.format, None);
    add(&mut spent.encode, start);
    Ok(Rendered {
        body: body.into(),
        format: plan.encode.format,
        size,
        alpha,
        damaged,
        timings: spent,
    })
}

/// Shows frames whose numbers rise, as they are read.
fn streamed(
    film: &Film<'_>,
    order: &[u32],
    writer: &mut Writer<'_>,
    budget: &Budget,
    spent: &mut Timings,
) -> Result<(), Error> {
    let mut reel = Reel::open(film, budget)?;
    for &frame in order {
        let Some((raster, delay)) = reel.at(frame, budget, spent)? else {
            break;
        };
        writer.add(&raster, delay, reel.animation.plays(), budget, spent)?;
    }
    Ok(())
}

/// Shows frames in any order: all are read before the first is shown.
fn held(
    film: &Film<'_>,
    order: &[u32],
    writer: &mut Writer<'_>,
    budget: &Budget,
    spent: &mut Timings,
) -> Result<(), Error> {
    let mut reel = Reel::open(film, budget)?;
    let wanted: BTreeSet<u32> = order.iter().copied().collect();
    let mut found = BTreeMap::new();
    let mut read = Ok(());
    for frame in wanted {
        match reel.at(frame, budget, spent) {
            Ok(Some(shown)) => found.insert(frame, shown),
            Ok(None) => break,
            Err(error) => {
                read = Err(error);
                break;
            }
        };
    }
    let plays = reel.animation.plays();
    for (raster, delay) in order.iter().filter_map(|frame| found.get(frame)) {
        writer.add(raster, *delay, plays, budget, spent)?;
    }
    read
}

/// Some finished frames, for a palette that fits all.
fn look(
    film: &Film<'_>,
    order: &[u32],
    budget: &Budget,
    spent: &mut Timings,
) -> Result<Vec<Raster>, Error> {
    let shown: BTreeSet<u32> = order.iter().copied().collect();
    let apart = shown.len().div_ceil(LOOKED_AT).max(1);
    let mut reel = Reel::open(film, budget)?;
    let mut seen = Vec::new();
    for frame in shown.into_iter().step_by(apart) {
        match reel.at(frame, budget, spent) {
            Ok(Some((raster, _))) => seen.push(raster),
            Ok(None) => break,
            Err(Error::BadSource { .. }) if !seen.is_empty() => break,
            Err(error) => return Err(error),
        }
    }
    Ok(seen)
}

/// Takes finished frames; the file is begun with the first.
struct Writer<'a> {
    plan: &'a RasterPlan,
    motion: &'a Motion,
    /// Frames that are to come.
    frames: u32,
    looked_at: &'a [Raster],
    animator: Option<Animator>,
}

impl Writer<'_> {
    /// Adds a frame that is stored with a delay, of a file that is played so often.
    fn add(
        &mut self,
        raster: &Raster,
        delay: u32,
        plays: u16,
        budget: &Budget,
        spent: &mut Timings,
    ) -> Result<(), Error> {
        budget.check()?;
        let start = now();
        let encode = &self.plan.encode;
        let animator = match &mut self.animator {
            Some(animator) => animator,
            none => none.insert(Animator::new(
                Settings {
                    size: self.plan.output(),
                    plays: self.motion.plays.unwrap_or(plays),
                    frames: self.frames,
                },
                encode,
                self.looked_at,
            )?),
        };
        let delay = self.motion.shown_for(delay);
        guarded(
            || animator.add(raster, delay, budget),
            || Error::encoder(encode.format, "it crashed"),
        )?;
        add(&mut spent.encode, start);
        Ok(())
    }
}

/// Frames with the steps of the plan done on them.
struct Reel<'a> {
    animation: Box<dyn ingest::Animation + 'a>,
    film: &'a Film<'a>,
    /// Frames that have been read.
    at: u32,
}

impl<'a> Reel<'a> {
    fn open(film: &'a Film<'a>, budget: &Budget) -> Result<Self, Error> {
        Ok(Self {
            animation: ingest::animation(film.source, film.facts, budget)?,
            film,
            at: 0,
        })
    }

    /// A frame by its number, counted from 0; not before those that have been read. `None` where there
    /// are fewer.
    fn at(
        &mut self,
        frame: u32,
        budget: &Budget,
        spent: &mut Timings,
    ) -> Result<Option<(Raster, u32)>, Error> {
        while self.at < frame {
            self.at += 1;
            if !self.skip(budget, spent)? {
                return Ok(None);
            }
        }
        self.at += 1;
        self.next(budget, spent)
    }

    /// Reads a frame; `false` behind the last.
    fn skip(&mut self, budget: &Budget, spent: &mut Timings) -> Result<bool, Error> {
        budget.check()?;
        let start = now();
        let format = self.film.facts.format;
        let next = guarded(
            || self.animation.next().map(|shown| shown.is_some()),
            || Error::bad(format, "the decoder crashed on it"),
        );
        add(&mut spent.decode, start);
        next
    }

    /// The next frame and the milliseconds that it is shown.
    fn next(
        &mut self,
        budget: &Budget,
        spent: &mut Timings,
    ) -> Result<Option<(Raster, u32)>, Error> {
        budget.check()?;
        let start = now();
        let Facts { size, format, .. } = *self.film.facts;
        let next = guarded(
            || {
                let shown = self.animation.next()?;
                Ok(shown.map(|shown| (picture(shown.canvas, size), shown.delay)))
            },
            || Error::bad(format, "the decoder crashed on it"),
        );
        add(&mut spent.decode, start);
        let Some((picture, delay)) = next? else {
            return Ok(None);
        };
        let raster = picture.ok_or_else(|| {
            Error::bad(
                format,
                "the decoder gave another number of pixels than it said",
            )
        })?;
        let start = now();
        let decoded = Decoded::whole(raster, self.animation.profile());
        let Film {
            scene,
            layers,
            sources,
            ..
        } = self.film;
        let drawn = scene.transform(decoded, layers, sources, budget)?;
        add(&mut spent.transform, start);
        Ok(Some((drawn.raster, delay)))
    }
}

fn add(spent: &mut Duration, since: Instant) {
    *spent += now().saturating_duration_since(since);
}

/// A copy of the canvas, without alpha where nothing is transparent.
fn picture(canvas: &[[u8; 4]], size: Size) -> Option<Raster> {
    if canvas.iter().all(|&[.., a]| a == 255) {
        let rgb: Vec<[u8; 3]> = canvas.iter().map(|&[r, g, b, _]| [r, g, b]).collect();
        return Raster::new(size, Layout::Rgb, rgb.into_flattened());
    }
    Raster::new(size, Layout::Rgba, canvas.as_flattened().to_vec())
}
