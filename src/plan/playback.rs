//! The order in which frames of an animation are shown, and how often its file is read for it.
//!
//! Files are read forwards. An order that goes back is cut into passes: each reads the file from its
//! beginning and holds few finished frames, so that memory does not grow with their number.

use std::collections::BTreeSet;
use std::ops::Range;

use super::effect::Travel;
use super::facts::{Facts, Size};
use super::{Error, Limits};
use crate::spec::{Amount, Decimal, Effect, Select};

/// Bytes of finished frames that are held for an order that goes back; one frame always is.
const HELD_BYTES: u64 = 64 << 20;
/// Frames of an order, at most.
const MOST_SHOWN: u64 = 10_000;

/// Frames in the order in which they are shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    frames: Vec<u32>,
    hold: usize,
}

/// A stretch of an order that one reading of the file gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pass {
    /// Where in the order it lies.
    pub shown: Range<usize>,
    /// Its frames are collected before the first is shown; otherwise they come as they are read.
    pub held: bool,
}

impl Order {
    /// Frames, counted from 0, of which at most `hold` and at least one are held at a time.
    #[must_use]
    pub fn new(frames: Vec<u32>, hold: usize) -> Self {
        Self {
            frames,
            hold: hold.max(1),
        }
    }

    /// The frames, counted from 0; any may be named more than once.
    #[must_use]
    pub fn frames(&self) -> &[u32] {
        &self.frames
    }

    /// Finished frames that are held at a time, at most.
    #[must_use]
    pub fn held(&self) -> usize {
        if self.passes().iter().any(|pass| pass.held) {
            self.hold.min(self.frames.len())
        } else {
            0
        }
    }

    /// How the file is read: all passes one after the other show the whole order.
    #[must_use]
    pub fn passes(&self) -> Vec<Pass> {
        let mut passes = Vec::new();
        let mut at = 0;
        while let Some(rest) = self.frames.get(at..).filter(|rest| !rest.is_empty()) {
            let rises = rest
                .windows(2)
                .take_while(|pair| pair.is_sorted_by(|a, b| a < b));
            let run = 1 + rises.count();
            let held = run < self.hold && run < rest.len();
            let length = if held { self.holdable(rest) } else { run };
            passes.push(Pass {
                shown: at..at + length,
                held,
            });
            at += length;
        }
        passes
    }

    /// How many of these can be shown while no more frames are held than may be.
    fn holdable(&self, frames: &[u32]) -> usize {
        let mut distinct = BTreeSet::new();
        let fits = frames.iter().take_while(|frame| {
            distinct.insert(**frame);
            distinct.len() <= self.hold
        });
        fits.count()
    }

    /// Frames that are decoded in all passes together.
    fn decoded(&self) -> u64 {
        let last = |pass: Pass| self.frames.get(pass.shown)?.iter().max().copied();
        let passes = self.passes().into_iter();
        passes
            .filter_map(last)
            .map(|last| u64::from(last) + 1)
            .sum()
    }
}

/// The order that pages and effects ask for; `None`: as stored. `size` is the result's.
///
/// # Errors
/// [`Error::NoSuchPage`]; [`Error::OverLimit`] when too much would be decoded or shown.
pub(super) fn order(
    select: &Select,
    played: &[Effect],
    facts: &Facts,
    size: Size,
    limits: &Limits,
) -> Result<Option<Order>, Error> {
    let frames = match select {
        Select::Pages(ranges) => Some(chosen(ranges, facts, limits)?),
        _ => None,
    };
    let Some(frames) = replayed(frames, played, (facts.frames, facts.size), limits)? else {
        return Ok(None);
    };
    let frame_bytes = size.pixels().saturating_mul(4).max(1);
    let hold = usize::try_from(HELD_BYTES / frame_bytes).unwrap_or(usize::MAX);
    let order = Order::new(frames, hold);
    limits.frame_pixels(facts.size.pixels().saturating_mul(order.decoded()))?;
    Ok(Some(order))
}

/// The order of the frames of a still in motion, each of which can be made at any time.
///
/// # Errors
/// [`Error::OverLimit`] when too much would be shown.
pub(super) fn over(
    travel: &Travel,
    played: &[Effect],
    size: Size,
    limits: &Limits,
) -> Result<Option<Order>, Error> {
    shown(travel.frames.into(), size, limits)?;
    let frames = replayed(None, played, (travel.frames, size), limits)?;
    Ok(frames.map(|frames| Order::new(frames, usize::MAX)))
}

/// Frames after the effects that show them in another order; `None`: as stored. So many frames of this
/// size are stored.
fn replayed(
    mut frames: Option<Vec<u32>>,
    played: &[Effect],
    (stored, size): (u32, Size),
    limits: &Limits,
) -> Result<Option<Vec<u32>>, Error> {
    for effect in played {
        if matches!(effect, Effect::Reverse | Effect::Boomerang) {
            let all = frames.get_or_insert_with(|| (0..stored).collect());
            if matches!(effect, Effect::Reverse) {
                all.reverse();
            } else {
                shown(2 * all.len() as u64, size, limits)?;
                let back: Vec<u32> = all.iter().rev().copied().collect();
                all.extend(back);
            }
        }
    }
    Ok(frames)
}

/// Thousandths of the stored speed; `None`: as stored.
pub(super) fn pace(played: &[Effect]) -> Option<u32> {
    let levels = played.iter().filter_map(|effect| match effect {
        Effect::Accelerate { level } => match &level.0 {
            Amount::Fixed(percent) => Some(percent.billionths() / 1_000_000),
            Amount::Expr(_) => None,
        },
        _ => None,
    });
    levels
        // From half to double speed, each.
        .map(|level| u64::try_from(100_000 + level.clamp(-50_000, 100_000)).unwrap_or(100_000))
        .reduce(|all, one| (all * one / 100_000).clamp(1_000, 10_000_000))
        .and_then(|pace| u32::try_from(pace / 100).ok())
}

/// Milliseconds of each fade; negative at the end.
pub(super) fn fades(played: &[Effect]) -> Vec<i32> {
    let fades = played.iter().filter_map(|effect| match effect {
        Effect::Fade {
            level: Amount::Fixed(ms),
        } => i32::try_from(ms.billionths() / Decimal::SCALE).ok(),
        _ => None,
    });
    fades.filter(|ms| *ms != 0).collect()
}

/// The first page that is named.
pub(super) fn first(select: &Select) -> Option<u32> {
    match select {
        Select::Pages(ranges) => ranges.first().map(|(first, _)| *first),
        _ => None,
    }
}

/// The frames that ranges of pages name, counted from 0.
fn chosen(
    ranges: &[(u32, Option<u32>)],
    facts: &Facts,
    limits: &Limits,
) -> Result<Vec<u32>, Error> {
    let mut frames = Vec::new();
    for &(first, last) in ranges {
        let last = last.unwrap_or(facts.frames.max(first));
        let there = 1..=facts.frames;
        if let Some(page) = [first, last].into_iter().find(|page| !there.contains(page)) {
            return Err(Error::NoSuchPage {
                page,
                pages: facts.frames,
            });
        }
        let more = u64::from(last.saturating_sub(first)) + 1;
        shown(frames.len() as u64 + more, facts.size, limits)?;
        frames.extend((first..=last).map(|page| page - 1));
    }
    Ok(frames)
}

fn shown(frames: u64, size: Size, limits: &Limits) -> Result<(), Error> {
    if frames > MOST_SHOWN {
        return Err(Error::OverLimit {
            what: "frames of an animation",
            asked: frames,
            limit: MOST_SHOWN,
        });
    }
    limits.frame_pixels(size.pixels().saturating_mul(frames))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every pass gives what the order says, holds no more than it may, and all give the whole.
    #[test]
    fn passes_cover_an_order() {
        let back: Vec<u32> = (0..10).rev().collect();
        let there_and_back: Vec<u32> = (0..10).chain((0..10).rev()).collect();
        // Frames, how many may be held, passes, frames decoded.
        for (frames, hold, passes, decoded) in [
            ((0..10).collect(), 3, 1, 10),
            (vec![1, 2, 6], 3, 1, 7),
            (back.clone(), 100, 1, 10),
            (back.clone(), 3, 4, 10 + 7 + 4 + 1),
            (back, 1, 10, 55),
            (there_and_back.clone(), 100, 1, 10),
            (there_and_back, 4, 4, 10 + 10 + 6 + 2),
            (vec![5, 5, 5, 5], 1, 4, 24),
            (vec![5, 5, 5, 5], 2, 1, 6),
        ] {
            let order = Order::new(frames.clone(), hold);
            let made = order.passes();
            let mut at = 0;
            for pass in &made {
                assert_eq!(pass.shown.start, at);
                at = pass.shown.end;
                let part = &frames[pass.shown.clone()];
                let distinct: BTreeSet<_> = part.iter().collect();
                assert!(if pass.held {
                    distinct.len() <= hold
                } else {
                    part.is_sorted_by(|a, b| a < b)
                });
            }
            assert_eq!(
                (at, made.len(), order.decoded()),
                (frames.len(), passes, decoded),
                "{frames:?} by {hold}"
            );
        }
    }
}
