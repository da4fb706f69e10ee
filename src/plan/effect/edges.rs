//! Effects that follow the edges of a picture: fades and shadows.

use super::settle::{amount, count, effect, signed};
use super::{EffectStep, Fade, Rect};
use crate::plan::facts::Size;
use crate::plan::measure::StepInput;
use crate::plan::raster::Step;
use crate::spec::{Amount, Colour, FadeMode, Hundredths, Offset};

/// Strength of a shadow for each pixel of standard deviation. Assumed.
const SHADOW_STRENGTH_PER_PIXEL: f64 = 10.0;
/// Standard deviations that the canvas leaves for a shadow's edge. Assumed.
const SHADOW_REACH: f64 = 2.0;
/// How much a dropped shadow is flattened by the view from above, and the standard deviation at full
/// spread for each pixel of height. Assumed.
const GROUND_FLATTENS: f64 = 0.5;
const SPREAD_AT_FULL: f64 = 0.06;
/// The strength of a fade at which opacity rises evenly. Documented as the default; the power is
/// assumed.
const FADE_EVEN: f64 = 20.0;

/// Positive distances fade in from the left and top, negative ones from the right and bottom; the
/// symmetric modes from both sides.
pub(super) fn fade(
    at: &StepInput<'_>,
    level: &Hundredths,
    mode: FadeMode,
    offset: &Offset,
    before: &[Step],
) -> Vec<Step> {
    let power = signed(level, 0.0, 100.0) * 100.0 / FADE_EVEN;
    let (x, y) = at.offset(offset);
    let ends = |n: i64, side: u32| {
        #[allow(clippy::cast_precision_loss, reason = "far below the limit")]
        let depth = n.unsigned_abs().min(side.into()) as f64;
        match (mode, n < 0) {
            (FadeMode::Edge, false) => (depth, 0.0),
            (FadeMode::Edge, true) => (0.0, depth),
            // A share of the whole side would reach past the middle.
            _ => (
                depth.min(f64::from(side) / 2.0),
                depth.min(f64::from(side) / 2.0),
            ),
        }
    };
    // Into padding: the picture's own place on the canvas that it was just put on.
    let area = match before.last() {
        Some(&Step::Canvas {
            size, left, top, ..
        }) if mode == FadeMode::SymmetricPad => {
            placed(before, size, left, top).unwrap_or(Rect::whole(at.input))
        }
        _ => Rect::whole(at.input),
    };
    let (left, right) = ends(x, area.width);
    let (top, bottom) = ends(y, area.height);
    effect(EffectStep::Fade(Fade {
        area,
        depth: [left, top, right, bottom],
        power,
        into_padding: mode == FadeMode::SymmetricPad,
    }))
}

/// Where the picture lies on the canvas that the last step put it on; `None` when its size is not
/// known from the step before, or nothing of it is seen.
fn placed(before: &[Step], canvas: Size, left: i32, top: i32) -> Option<Rect> {
    let picture = match before.iter().rev().nth(1)? {
        Step::Resample { to, .. } => *to,
        _ => return None,
    };
    let span = |at: i32, length: u32, side: u32| {
        let start = i64::from(at).clamp(0, side.into());
        let end = (i64::from(at) + i64::from(length)).clamp(0, side.into());
        let length = u32::try_from(end - start).ok().filter(|&n| n > 0)?;
        Some((u32::try_from(start).ok()?, length))
    };
    let (left, width) = span(left, picture.width, canvas.width)?;
    let (top, height) = span(top, picture.height, canvas.height)?;
    Some(Rect {
        left,
        top,
        width,
        height,
    })
}

pub(super) fn shadow(
    at: &StepInput<'_>,
    level: &Hundredths,
    shade: Colour,
    offset: &Offset,
) -> Vec<Step> {
    const FARTHEST: i64 = 30_000;
    let sigma = signed(level, 0.0, 100.0) * 100.0 / SHADOW_STRENGTH_PER_PIXEL;
    let (x, y) = at.offset(offset);
    let held = |n: i64| i32::try_from(n.clamp(-FARTHEST, FARTHEST)).unwrap_or(0);
    let (x, y) = (held(x), held(y));
    let reach = i64::from(count((sigma * SHADOW_REACH).ceil(), 0, 1000));
    let grow = |n: i64| u32::try_from((n + reach).max(0)).unwrap_or(0);
    effect(EffectStep::Shadow {
        sigma,
        colour: shade,
        offset: (x, y),
        grow: [
            grow(-i64::from(x)),
            grow(-i64::from(y)),
            grow(x.into()),
            grow(y.into()),
        ],
    })
}

/// The light stands at `azimuth`, clockwise from behind the picture, and `elevation` above the ground;
/// the shadow falls away from it.
pub(super) fn drop_shadow(azimuth: &Amount, elevation: &Amount, spread: &Amount) -> Vec<Step> {
    const LOWEST: f64 = 5.0;
    let azimuth = amount(azimuth, 0.0, 360.0).to_radians();
    let elevation = amount(elevation, LOWEST, 90.0).to_radians();
    let length = 1.0 / elevation.tan();
    effect(EffectStep::DropShadow {
        cast: (
            -azimuth.sin() * length,
            azimuth.cos() * length * GROUND_FLATTENS,
        ),
        spread: amount(spread, 0.0, 100.0) / 100.0 * SPREAD_AT_FULL,
    })
}
