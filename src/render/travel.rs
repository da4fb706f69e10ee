//! A still in motion: it is drawn once, as far as it stands still, and every frame shows another part of it.

use super::animate::{self, Film, Reels, Shots};
use super::budget::{Budget, now};
use super::draw::{self, Drawn};
use super::error::Error;
use super::raster::Raster;
use super::sources::Sources;
use super::{Rendered, Timings, guarded, ingest};
use crate::plan::{Motion, RasterPlan, Step, Travel};

/// Follows a plan on one frame of the source, in motion.
///
/// # Errors
/// As [`super::run`].
pub(super) fn run(
    film: &Film<'_>,
    plan: &RasterPlan,
    (frame, motion): (u32, &Motion),
    budget: &Budget,
) -> Result<Rendered, Error> {
    let Some((scene, travel, behind)) = film.scene.before_travel() else {
        return Err(Error::Crashed);
    };
    let laid = draw::overlays(scene.steps).count();
    let (under, over) = film.layers.split_at_checked(laid).ok_or(Error::Crashed)?;
    let mut spent = Timings::default();
    let start = now();
    let decoded = guarded(
        || ingest::decode(film.source, film.facts, &scene.request(frame), budget),
        || Error::bad(film.facts.format, "the decoder crashed on it"),
    )?;
    animate::add(&mut spent.decode, start);
    let start = now();
    let Drawn { raster, .. } = scene.transform(decoded, under, film.sources, budget)?;
    animate::add(&mut spent.transform, start);
    let still = raster.without_idle_alpha();
    let reels = Reels {
        open: &|| {
            Ok(Box::new(Still {
                picture: &still,
                travel,
                behind,
                layers: over,
                sources: film.sources,
            }))
        },
        frames: travel.frames,
        source: film.source,
        stored: film.facts.format,
    };
    animate::filmed(&reels, plan, motion, budget, spent)
}

/// Frames of a still.
struct Still<'a> {
    picture: &'a Raster,
    travel: &'a Travel,
    /// What is done to each frame.
    behind: &'a [Step],
    /// Of the overlays among that.
    layers: &'a [Raster],
    sources: &'a Sources<'a>,
}

impl Shots for Still<'_> {
    fn at(
        &mut self,
        frame: u32,
        budget: &Budget,
        spent: &mut Timings,
    ) -> Result<Option<(Raster, u32)>, Error> {
        budget.check()?;
        budget.limits().picture(self.travel.size)?;
        let start = now();
        let from = self.travel.region(frame, self.picture.size());
        let shown = self.picture.glimpse(from, self.travel.size)?;
        // A second motion goes on beside the first.
        let behind: Vec<Step>;
        let steps = if self.behind.iter().any(|step| step.travel().is_some()) {
            behind = self
                .behind
                .iter()
                .map(|step| step.standing(frame))
                .collect();
            &*behind
        } else {
            self.behind
        };
        let drawn = draw::follow(shown, steps, self.layers, self.sources, budget)?;
        animate::add(&mut spent.transform, start);
        Ok(Some((drawn, self.travel.delay(frame))))
    }

    fn delay(
        &mut self,
        frame: u32,
        _budget: &Budget,
        _spent: &mut Timings,
    ) -> Result<Option<u32>, Error> {
        Ok(Some(self.travel.delay(frame)))
    }

    /// Once, as a video does (assumed); `e_loop` says otherwise.
    fn plays(&self) -> u16 {
        1
    }
}
