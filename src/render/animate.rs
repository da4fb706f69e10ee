//! An animation: the plan's steps on one frame after the other.
//!
//! At any time there is one canvas of the source, one frame on its way and one finished frame: memory
//! does not grow with the number of frames, only the file does.

use std::time::{Duration, Instant};

use super::budget::{Budget, now};
use super::draw::Scene;
use super::encode::animated::{Animator, Settings};
use super::error::Error;
use super::ingest::{self, Decoded};
use super::raster::{Layout, Raster};
use super::sources::Sources;
use super::{Rendered, Timings, guarded, metadata};
use crate::plan::{Facts, Motion, RasterPlan, Size};
use crate::spec::Format;

/// Frames that are looked at, evenly spread, before a palette for all of them is made.
const LOOKED_AT: u32 = 6;

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
    motion: Motion,
    budget: &Budget,
) -> Result<Rendered, Error> {
    let facts = film.facts;
    let mut spent = Timings::default();
    let size = plan.output();
    let looked_at = if plan.encode.format == Format::Gif {
        look(film, budget, &mut spent)?
    } else {
        Vec::new()
    };
    let mut reel = Reel::open(film, budget)?;
    let mut animator = None;
    let mut damaged = false;
    loop {
        let frame = match reel.next(budget, &mut spent) {
            Ok(frame) => frame,
            // As viewers do: what has been read is played.
            Err(Error::BadSource { .. }) if animator.is_some() => {
                damaged = true;
                None
            }
            Err(error) => return Err(error),
        };
        let Some((raster, delay)) = frame else { break };
        let start = now();
        let animator = match &mut animator {
            Some(animator) => animator,
            none => none.insert(Animator::new(
                Settings {
                    size,
                    plays: motion.plays.unwrap_or_else(|| reel.animation.plays()),
                    frames: facts.frames,
                },
                &plan.encode,
                &looked_at,
            )?),
        };
        let delay = motion.delay.unwrap_or(delay);
        guarded(
            || animator.add(&raster, delay, budget),
            || Error::encoder(plan.encode.format, "it crashed"),
        )?;
        add(&mut spent.encode, start);
    }
    let start = now();
    let animator = animator.ok_or_else(|| Error::bad(facts.format, "no frame"))?;
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

/// Some finished frames, for a palette that fits all.
fn look(film: &Film<'_>, budget: &Budget, spent: &mut Timings) -> Result<Vec<Raster>, Error> {
    let frames = film.facts.frames;
    let apart = frames.div_ceil(LOOKED_AT).max(1);
    let mut reel = Reel::open(film, budget)?;
    let mut seen = Vec::new();
    for n in 0..frames {
        let frame = if n % apart == 0 {
            reel.next(budget, spent)
        } else {
            reel.skip(budget, spent).map(|()| None)
        };
        match frame {
            Ok(Some((raster, _))) => seen.push(raster),
            Ok(None) => {}
            Err(Error::BadSource { .. }) if !seen.is_empty() => break,
            Err(error) => return Err(error),
        }
    }
    Ok(seen)
}

/// Frames with the steps of the plan done on them.
struct Reel<'a> {
    animation: Box<dyn ingest::Animation + 'a>,
    film: &'a Film<'a>,
}

impl<'a> Reel<'a> {
    fn open(film: &'a Film<'a>, budget: &Budget) -> Result<Self, Error> {
        Ok(Self {
            animation: ingest::animation(film.source, film.facts, budget)?,
            film,
        })
    }

    fn skip(&mut self, budget: &Budget, spent: &mut Timings) -> Result<(), Error> {
        budget.check()?;
        let start = now();
        let format = self.film.facts.format;
        let next = guarded(
            || self.animation.next().map(|_| ()),
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
