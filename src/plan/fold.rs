//! One pass: neighbouring resizes, cuts and turns become one, so that a chain of them reads the decoded
//! source once and rounds once.
//!
//! What is joined gives the picture that the single steps give, but for rounding:
//!
//! - turns, always: they move samples and change none;
//! - a cut and what follows it: the cut becomes the [`Window`] through which the source is seen. Nothing
//!   outside it is ever looked at, as if it had been cut in a step of its own;
//! - a resize and a cut of its result: the same samples, fewer of them made;
//! - a motion over a still and what is cut or scaled of its frames;
//! - two reductions: one filter of the joint width. Reducing and then enlarging is left alone, for the
//!   detail that the first step drops must stay dropped; and so is enlarging twice.
//!
//! No step moves across one of another kind.

use super::effect::EffectStep;
use super::facts::Size;
use super::raster::{Region, Step, Window};
use crate::spec::Turn;

/// Joins what can be joined. The sizes before the first and after the last step stay what they were.
#[must_use]
pub fn fold(source: Size, steps: Vec<Step>) -> (Window, Vec<Step>) {
    let mut folded = Folded {
        source,
        steps: Vec::with_capacity(steps.len()),
    };
    for step in steps {
        folded.push(step);
    }
    let steps = folded.steps;
    match steps.first().and_then(cut) {
        Some(window) => (window, steps.into_iter().skip(1).collect()),
        None => (Window::whole(source), steps),
    }
}

struct Folded {
    source: Size,
    steps: Vec<Step>,
}

impl Folded {
    /// The size of the picture once all but the last `without` steps are done.
    fn size(&self, without: usize) -> Size {
        let done = self.steps.len().saturating_sub(without);
        self.steps
            .iter()
            .take(done)
            .fold(self.source, |size, step| step.size_after(size))
    }

    /// Adds a step. Each round either ends or has one step less to add to, so this ends.
    fn push(&mut self, step: Step) {
        if is_nothing(&step, self.size(0)) {
            return;
        }
        match (self.steps.last(), &step) {
            (Some(Step::Turn(first)), Step::Turn(second)) => {
                let both = first.then(*second);
                self.steps.pop();
                self.push(Step::Turn(both));
            }
            (Some(Step::Turn(turn)), Step::Resample { from, to }) if reduces(*from, *to) => {
                // Few samples are turned faster than many.
                let turn = *turn;
                let before = self.size(1);
                let earlier = Step::Resample {
                    from: unturned(*from, before, turn),
                    to: to.turned(turn),
                };
                self.steps.pop();
                self.push(earlier);
                self.push(Step::Turn(turn));
            }
            (Some(first), second) => {
                if let Some(both) = joined(first, second) {
                    self.steps.pop();
                    self.push(both);
                } else {
                    self.steps.push(step);
                }
            }
            (None, _) => self.steps.push(step),
        }
    }
}

/// Whether a step leaves a picture of this size as it is.
fn is_nothing(step: &Step, size: Size) -> bool {
    match step {
        Step::Turn(turn) => *turn == Turn::NONE,
        Step::Resample { from, to } => *to == size && *from == Region::whole(size),
        _ => false,
    }
}

/// Two resamplings as one, where that gives the same; and what is kept of a still in motion, so that each
/// of its frames is made at once.
fn joined(first: &Step, second: &Step) -> Option<Step> {
    if let (Step::Effect(effect), Step::Resample { from, to }) = (first, second)
        && let EffectStep::Travel(travel) = &**effect
    {
        let cut = EffectStep::Travel(travel.cut(*from, *to));
        return Some(Step::Effect(Box::new(cut)));
    }
    let (Step::Resample { from: a, to: ta }, Step::Resample { from: b, to: tb }) = (first, second)
    else {
        return None;
    };
    let cuts_first = cut(first).is_some();
    let cuts_second = cut(second).is_some();
    let joins = match (cuts_first, cuts_second) {
        (_, true) => true,
        (true, false) => false,
        (false, false) => shrinks(*a, *ta) && shrinks(*b, *tb),
    };
    if !joins {
        return None;
    }
    let (x, y) = (
        a.width / f64::from(ta.width),
        a.height / f64::from(ta.height),
    );
    Some(Step::Resample {
        from: Region {
            x: a.x + b.x * x,
            y: a.y + b.y * y,
            width: b.width * x,
            height: b.height * y,
        },
        to: *tb,
    })
}

/// The whole pixels that a step cuts out without scaling them.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "whole, not negative and inside a picture, by the test before"
)]
fn cut(step: &Step) -> Option<Window> {
    let Step::Resample { from, to } = step else {
        return None;
    };
    let whole = |n: f64| n >= 0.0 && n == n.round();
    let same = from.width == f64::from(to.width) && from.height == f64::from(to.height);
    (same && whole(from.x) && whole(from.y)).then_some(Window {
        left: from.x as u32,
        top: from.y as u32,
        size: *to,
    })
}

/// Whether neither side is enlarged.
fn shrinks(from: Region, to: Size) -> bool {
    f64::from(to.width) <= from.width && f64::from(to.height) <= from.height
}

/// Whether the result has no more pixels than what it is made from.
fn reduces(from: Region, to: Size) -> bool {
    f64::from(to.width) * f64::from(to.height) <= from.width * from.height
}

/// The part of a picture of size `before` that a region of the turned picture shows.
fn unturned(region: Region, before: Size, turn: Turn) -> Region {
    let (w, h) = (f64::from(before.width), f64::from(before.height));
    let Region {
        x,
        y,
        width,
        height,
    } = region;
    let mut back = match turn.quarters % 4 {
        0 => region,
        1 => Region {
            x: y,
            y: h - (x + width),
            width: height,
            height: width,
        },
        2 => Region {
            x: w - (x + width),
            y: h - (y + height),
            width,
            height,
        },
        _ => Region {
            x: w - (y + height),
            y: x,
            width: height,
            height: width,
        },
    };
    if turn.mirror {
        back.x = w - (back.x + back.width);
    }
    back
}
