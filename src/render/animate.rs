//! Results with frames: the plan's steps on one frame after the other.
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
use super::fades::Fades;
use super::ingest::{self, Decoded};
use super::metadata::{self, Made};
use super::raster::{Layout, Raster};
use super::sources::Sources;
use super::{Rendered, Timings, guarded};
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

/// Where finished frames come from.
pub(super) trait Shots {
    /// A frame by its number, counted from 0, and the milliseconds that it is shown. `None` where there
    /// are fewer.
    fn at(
        &mut self,
        frame: u32,
        budget: &Budget,
        spent: &mut Timings,
    ) -> Result<Option<(Raster, u32)>, Error>;

    /// The milliseconds alone, without making the frame.
    fn delay(
        &mut self,
        frame: u32,
        budget: &Budget,
        spent: &mut Timings,
    ) -> Result<Option<u32>, Error>;

    /// How often all are played, 0 for ever.
    fn plays(&self) -> u16;

    /// Whether something was missing in a frame so far.
    fn damaged(&self) -> bool {
        false
    }
}

/// Opens what frames come from, at its beginning: their numbers rise until it is opened again.
pub(super) type Open<'a> = dyn Fn() -> Result<Box<dyn Shots + 'a>, Error> + 'a;

/// What becomes a file of frames.
pub(super) struct Reels<'a> {
    pub open: &'a Open<'a>,
    /// Frames that there are.
    pub frames: u32,
    pub source: &'a [u8],
    pub stored: Format,
}

/// Follows a plan on all frames of an animation.
///
/// # Errors
/// As [`super::run`]. What can be read of a file that ends early is played, if it is a frame at least.
pub(super) fn run(
    film: &Film<'_>,
    plan: &RasterPlan,
    motion: &Motion,
    budget: &Budget,
) -> Result<Rendered, Error> {
    let reels = Reels {
        open: &|| Ok(Box::new(Reel::open(film, budget)?)),
        frames: film.facts.frames,
        source: film.source,
        stored: film.facts.format,
    };
    filmed(&reels, plan, motion, budget, Timings::default())
}

/// Writes frames one after the other. `spent` is the time that they have taken so far.
///
/// # Errors
/// Those of what the frames come from, and of the encoder.
pub(super) fn filmed(
    reels: &Reels<'_>,
    plan: &RasterPlan,
    motion: &Motion,
    budget: &Budget,
    mut spent: Timings,
) -> Result<Rendered, Error> {
    let size = plan.output();
    let whole: Vec<u32>;
    let (order, passes) = match &motion.order {
        Some(order) => (order.frames(), order.passes()),
        None => {
            whole = (0..reels.frames).collect();
            let once = Pass {
                shown: 0..whole.len(),
                held: false,
            };
            (&*whole, vec![once])
        }
    };
    let (fades, looked_at) = look_ahead(
        reels,
        order,
        (motion, plan.encode.format),
        budget,
        &mut spent,
    )?;
    let mut writer = Writer {
        plan,
        motion,
        frames: u32::try_from(order.len()).unwrap_or(u32::MAX),
        looked_at: &looked_at,
        fades: &fades,
        place: 0,
        animator: None,
        damaged: false,
    };
    let mut broken = None;
    for pass in passes {
        let order = order.get(pass.shown).unwrap_or_default();
        let read = if pass.held {
            held(reels, order, &mut writer, budget, &mut spent)
        } else {
            streamed(reels, order, &mut writer, budget, &mut spent)
        };
        match read {
            Ok(()) => {}
            // As viewers do: what has been read is played.
            Err(error @ Error::BadSource { .. }) => broken = Some(error),
            Err(error) => return Err(error),
        }
    }
    let start = now();
    let damaged = broken.is_some() || writer.damaged;
    let animator = writer
        .animator
        .ok_or_else(|| broken.unwrap_or_else(|| Error::bad(reels.stored, "no frame")))?;
    let (body, alpha) = animator.finish(budget)?;
    let body = metadata::carry(
        body,
        &plan.encode,
        reels.source,
        reels.stored,
        Made::default(),
    );
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
    reels: &Reels<'_>,
    order: &[u32],
    writer: &mut Writer<'_>,
    budget: &Budget,
    spent: &mut Timings,
) -> Result<(), Error> {
    let mut reel = (reels.open)()?;
    for &frame in order {
        let Some((raster, delay)) = reel.at(frame, budget, spent)? else {
            break;
        };
        writer.damaged |= reel.damaged();
        writer.add(&raster, delay, reel.plays(), budget, spent)?;
    }
    Ok(())
}

/// Shows frames in any order: all are read before the first is shown.
fn held(
    reels: &Reels<'_>,
    order: &[u32],
    writer: &mut Writer<'_>,
    budget: &Budget,
    spent: &mut Timings,
) -> Result<(), Error> {
    let mut reel = (reels.open)()?;
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
    let plays = reel.plays();
    writer.damaged |= reel.damaged();
    for (raster, delay) in order.iter().filter_map(|frame| found.get(frame)) {
        writer.add(raster, *delay, plays, budget, spent)?;
    }
    read
}

/// What must be known of all frames before the first is written: how dark each is where the animation fades, and for a palette
/// that fits all of them some finished frames. Read once for both.
fn look_ahead(
    reels: &Reels<'_>,
    order: &[u32],
    (motion, format): (&Motion, Format),
    budget: &Budget,
    spent: &mut Timings,
) -> Result<(Fades, Vec<Raster>), Error> {
    let (has_palette, fades) = (format == Format::Gif, !motion.fades.is_empty());
    if !has_palette && !fades {
        return Ok(Default::default());
    }
    let shown: BTreeSet<u32> = order.iter().copied().collect();
    let apart = shown.len().div_ceil(LOOKED_AT).max(1);
    let mut reel = (reels.open)()?;
    let (mut seen, mut delays) = (Vec::new(), BTreeMap::new());
    for (n, &frame) in shown.iter().enumerate() {
        let delay = if has_palette && n % apart == 0 {
            reel.at(frame, budget, spent).map(|found| {
                found.map(|(raster, delay)| {
                    seen.push((frame, raster));
                    delay
                })
            })
        } else if fades {
            reel.delay(frame, budget, spent)
        } else {
            continue;
        };
        match delay {
            Ok(Some(delay)) => delays.insert(frame, motion.shown_for(delay)),
            Ok(None) => break,
            // As viewers do: what can be read is played.
            Err(Error::BadSource { .. }) if !delays.is_empty() => break,
            Err(error) => return Err(error),
        };
    }
    let delays = order.iter().map_while(|frame| delays.get(frame).copied());
    let fades = Fades::new(&motion.fades, &delays.collect::<Vec<_>>());
    let seen = seen.into_iter().map(|(frame, raster)| {
        let place = order.iter().position(|shown| *shown == frame);
        let shown = fades.shown(&raster, place.unwrap_or(0), budget)?;
        Ok(shown.into_owned())
    });
    let seen = seen.collect::<Result<_, Error>>()?;
    Ok((fades, seen))
}

/// Takes finished frames; the file is begun with the first.
struct Writer<'a> {
    plan: &'a RasterPlan,
    motion: &'a Motion,
    /// Frames that are to come.
    frames: u32,
    looked_at: &'a [Raster],
    fades: &'a Fades,
    /// Frames that have come.
    place: usize,
    animator: Option<Animator>,
    damaged: bool,
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
        let shown = self.fades.shown(raster, self.place, budget)?;
        self.place += 1;
        guarded(
            || animator.add(&shown, delay, budget),
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
    fn open(film: &'a Film<'a>, budget: &'a Budget) -> Result<Self, Error> {
        Ok(Self {
            animation: ingest::animation(film.source, film.facts, budget)?,
            film,
            at: 0,
        })
    }

    /// Reads a frame; the milliseconds that it is shown. `None` behind the last.
    fn skip(&mut self, budget: &Budget, spent: &mut Timings) -> Result<Option<u32>, Error> {
        budget.check()?;
        let start = now();
        let format = self.film.facts.format;
        let next = guarded(
            || Ok(self.animation.next()?.map(|shown| shown.delay)),
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
        let decoded = Decoded::whole(raster, self.animation.colours());
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

impl Shots for Reel<'_> {
    fn at(
        &mut self,
        frame: u32,
        budget: &Budget,
        spent: &mut Timings,
    ) -> Result<Option<(Raster, u32)>, Error> {
        while self.at < frame {
            self.at += 1;
            if self.skip(budget, spent)?.is_none() {
                return Ok(None);
            }
        }
        self.at += 1;
        self.next(budget, spent)
    }

    fn delay(
        &mut self,
        frame: u32,
        budget: &Budget,
        spent: &mut Timings,
    ) -> Result<Option<u32>, Error> {
        let mut delay = None;
        while self.at <= frame {
            self.at += 1;
            delay = self.skip(budget, spent)?;
            if delay.is_none() {
                break;
            }
        }
        Ok(delay)
    }

    fn plays(&self) -> u16 {
        self.animation.plays()
    }

    fn damaged(&self) -> bool {
        self.animation.damaged()
    }
}

pub(super) fn add(spent: &mut Duration, since: Instant) {
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
