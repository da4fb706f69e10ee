//! A still in motion: which part of it each frame shows.

use super::EffectStep;
use super::settle::{amount, count};
use crate::plan::facts::Size;
use crate::plan::geometry;
use crate::plan::measure::StepInput;
use crate::plan::raster::{Region, Step};
use crate::spec::{Amount, Gravity, Side, Sight as Asked};

/// A motion over a still, from one sight of it to another: zoom and middle change evenly (assumed), and
/// what would lie outside is moved inside.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Travel {
    /// Where it begins.
    pub from: Sight,
    /// Where it ends.
    pub to: Sight,
    /// Frames, at least one.
    pub frames: u32,
    /// Frames a second, above 0.
    pub rate: f64,
    /// What is kept of each frame, in shares of its sides.
    pub kept: Region,
    /// The size that it becomes.
    pub size: Size,
}

/// What of a still is shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sight {
    /// 1 shows all.
    pub zoom: f64,
    /// The middle across and down, in shares of the sides.
    pub middle: (f64, f64),
}

impl Travel {
    /// What a frame shows, frames counted from 0.
    fn sight(&self, frame: u32) -> Sight {
        let last = f64::from(self.frames.saturating_sub(1).max(1));
        let share = (f64::from(frame) / last).min(1.0);
        let between = |from: f64, to: f64| from + (to - from) * share;
        Sight {
            zoom: between(self.from.zoom, self.to.zoom),
            middle: (
                between(self.from.middle.0, self.to.middle.0),
                between(self.from.middle.1, self.to.middle.1),
            ),
        }
    }

    /// The part of a still of this size that a frame shows; always inside it.
    #[must_use]
    pub fn region(&self, frame: u32, still: Size) -> Region {
        let Sight { zoom, middle } = self.sight(frame);
        let side = 1.0 / zoom.max(1.0);
        let corner = |middle: f64| (middle - side / 2.0).clamp(0.0, 1.0 - side);
        let (x, y) = (corner(middle.0), corner(middle.1));
        let (width, height) = (f64::from(still.width), f64::from(still.height));
        let kept = self.kept;
        let part = Region {
            x: (x + kept.x * side) * width,
            y: (y + kept.y * side) * height,
            width: kept.width * side * width,
            height: kept.height * side * height,
        };
        part.inside(Region::whole(still))
    }

    /// The motion held at one of its frames.
    #[must_use]
    pub fn standing(&self, frame: u32) -> Self {
        let sight = self.sight(frame);
        Self {
            from: sight,
            to: sight,
            ..*self
        }
    }

    /// Milliseconds that a frame is shown; all together last as long as the rate says.
    #[must_use]
    pub fn delay(&self, frame: u32) -> u32 {
        let at = |frame: u32| (f64::from(frame) * 1000.0 / self.rate).round();
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a difference of two neighbours on a rate of a few frames a second"
        )]
        let delay = (at(frame.saturating_add(1)) - at(frame)) as u32;
        delay
    }

    /// The motion of which only this part is kept, at this size. `part` lies inside a frame.
    #[must_use]
    pub fn cut(&self, part: Region, to: Size) -> Self {
        let (width, height) = (f64::from(self.size.width), f64::from(self.size.height));
        Self {
            kept: Region {
                x: self.kept.x + part.x / width * self.kept.width,
                y: self.kept.y + part.y / height * self.kept.height,
                width: part.width / width * self.kept.width,
                height: part.height / height * self.kept.height,
            },
            size: to,
            ..*self
        }
    }
}

/// The motion over the picture as it is at this step.
pub(super) fn travel(
    at: &StepInput<'_>,
    (from, to): (&Asked, &Asked),
    duration: &Amount,
    rate: &Amount,
) -> Vec<Step> {
    let rate = amount(rate, 5.0, 60.0);
    let seconds = amount(duration, 1.0, 30.0);
    vec![Step::Effect(Box::new(EffectStep::Travel(Travel {
        from: sight(at, from),
        to: sight(at, to),
        frames: count(seconds * rate, 1, 1800),
        rate,
        kept: Region {
            x: 0.0,
            y: 0.0,
            width: 1.0,
            height: 1.0,
        },
        size: at.input,
    })))]
}

fn sight(at: &StepInput<'_>, asked: &Asked) -> Sight {
    let zoom = amount(&asked.zoom, 1.0, 8.0);
    let along = |length, side, whole: u32| match length {
        None => 0.5,
        Some(length) => {
            let pixels = at.distance(Some(length), side);
            #[allow(clippy::cast_precision_loss, reason = "held to a side of a picture")]
            let pixels = pixels.clamp(0, whole.into()) as f64;
            pixels / f64::from(whole.max(1))
        }
    };
    let middle = (
        along(asked.middle.x.as_ref(), Side::Width, at.input.width),
        along(asked.middle.y.as_ref(), Side::Height, at.input.height),
    );
    Sight {
        zoom,
        middle: match &asked.gravity {
            Some(Gravity::Compass(compass)) => geometry::anchor(*compass),
            Some(Gravity::Subject { subject, fallback }) => {
                let side = 1.0 / zoom;
                let found = at.seen.placed(subject, *fallback, side, side);
                found.map_or_else(
                    || geometry::anchor(fallback.compass()),
                    |(x, y)| (x + side / 2.0, y + side / 2.0),
                )
            }
            Some(Gravity::Corner | Gravity::Point | Gravity::Variable(_)) | None => middle,
        },
    }
}
