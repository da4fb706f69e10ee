//! Lengths, sides and offsets in pixels, once the step is known that they are asked of.

use super::facts::Size;
use super::{Hints, Seen};
use crate::spec::{Area, Decimal, Dpr, Length, Offset, Ratio, Side};

/// Computed sides go to the nearest pixel. Floor is excluded by observation (6667x5000 limited to
/// 3840 wide is 2880 high, exactly 2879.86); that a half goes up is assumed.
const HALF_GOES_UP: bool = true;

/// `n / d` to the nearest whole number, at least 1.
pub(super) fn side(n: u128, d: u128) -> u32 {
    rounded(n, d).max(1)
}

/// `n / d` to the nearest whole number.
fn rounded(n: u128, d: u128) -> u32 {
    let d = d.max(1);
    let half = if HALF_GOES_UP {
        d / 2
    } else {
        d.saturating_sub(1) / 2
    };
    u32::try_from(n.saturating_add(half) / d).unwrap_or(u32::MAX)
}

pub(super) fn scaled(n: u32, by: u32, over: u32) -> u32 {
    side(u128::from(n) * u128::from(by), u128::from(over))
}

/// What a step's arithmetic may look at.
#[derive(Clone, Copy, Debug)]
pub(super) struct StepInput<'a> {
    /// Size of the step's input.
    pub input: Size,
    /// Size of the stored original after orientation.
    pub source: Size,
    /// Size of the picture that a layer is laid on; `None` outside of layers.
    pub base: Option<Size>,
    /// What was seen in the step's input.
    pub seen: &'a Seen,
    /// What the client says about its screen.
    pub hints: &'a Hints,
}

impl StepInput<'_> {
    pub(super) fn dpr(&self, dpr: &Dpr) -> Decimal {
        match dpr {
            Dpr::Fixed(factor) => *factor,
            Dpr::Shown => self.hints.dpr_up(),
            Dpr::Expr(_) => Decimal::ONE,
        }
    }

    /// One side in pixels, at least 1; `None` where the client's width is wanted and unknown.
    pub fn length(&self, length: &Length, along: Side, dpr: Decimal) -> Option<u32> {
        let own = along_side(self.input, along);
        let dpr = u128::try_from(dpr.billionths()).unwrap_or(0);
        let one = Decimal::SCALE.unsigned_abs().into();
        Some(match length {
            Length::Px(n) => side(u128::try_from(*n).unwrap_or(0) * dpr, one),
            Length::Share(share) => {
                let share = u128::try_from(share.billionths()).unwrap_or(0);
                side(u128::from(own) * share * dpr, one * one)
            }
            Length::OfBase(share) => {
                let share = u128::try_from(share.billionths()).unwrap_or(0);
                let base = along_side(self.base.unwrap_or(self.input), along);
                side(u128::from(base) * share * dpr, one * one)
            }
            Length::Source(Side::Width) => side(u128::from(self.source.width) * dpr, one),
            Length::Source(Side::Height) => side(u128::from(self.source.height) * dpr, one),
            Length::Shown { step, fallback } => match self.hints.width {
                // The hint counts device pixels already; what multiplies again is taken out first.
                // Assumed.
                Some(_) => {
                    let shown = self.hints.width_over(dpr, one).div_ceil((*step).max(1));
                    side(u128::from(shown) * u128::from((*step).max(1)) * dpr, one)
                }
                None => side(u128::from((*fallback)?) * dpr, one),
            },
            Length::Expr(_) => return None,
        })
    }

    /// Pixels as they are measured on the result: multiplied by a pixel ratio (assumed).
    pub(super) fn pixels(&self, n: u32, dpr: &Dpr) -> u32 {
        let dpr = u128::try_from(self.dpr(dpr).billionths()).unwrap_or(0);
        let one = Decimal::SCALE.unsigned_abs().into();
        rounded(u128::from(n) * dpr, one)
    }

    /// A distance in pixels; shares are of the input's side.
    pub fn distance(&self, length: Option<&Length>, along: Side) -> i64 {
        self.measured(length, along).length
    }

    /// An offset in pixels; shares are of the input's sides.
    pub fn offset(&self, offset: &Offset) -> (i64, i64) {
        let (x, y) = self.distances(offset);
        (x.length, y.length)
    }

    fn measured(&self, length: Option<&Length>, along: Side) -> Distance {
        match length {
            None | Some(Length::Shown { .. } | Length::Expr(_)) => Distance::default(),
            Some(Length::Px(n)) => Distance {
                length: (*n).into(),
                of_input: false,
            },
            Some(Length::Share(share) | Length::OfBase(share)) => {
                let own = along_side(self.input, along);
                let n = i128::from(own) * i128::from(share.billionths());
                let scale = i128::from(Decimal::SCALE);
                Distance {
                    length: i64::try_from((n + scale / 2).div_euclid(scale)).unwrap_or(0),
                    of_input: true,
                }
            }
            Some(Length::Source(side)) => Distance {
                length: match side {
                    Side::Width => self.source.width.into(),
                    Side::Height => self.source.height.into(),
                },
                of_input: false,
            },
        }
    }

    pub(super) fn distances(&self, offset: &Offset) -> (Distance, Distance) {
        (
            self.measured(offset.x.as_ref(), Side::Width),
            self.measured(offset.y.as_ref(), Side::Height),
        )
    }

    /// An offset in pixels of a picture that is not scaled; `dpr` multiplies what was written in pixels.
    pub(super) fn offset_shown(&self, offset: &Offset, dpr: &Dpr) -> (i64, i64) {
        let dpr = self.dpr(dpr).billionths();
        let (x, y) = self.distances(offset);
        (x.times(dpr), y.times(dpr))
    }

    /// The box asked for, with missing sides completed. `None`: no size is asked.
    pub(super) fn complete(&self, area: &Area, family: Family) -> Option<Size> {
        let Size {
            width: w,
            height: h,
        } = self.input;
        let dpr = self.dpr(&area.dpr);
        // What is not evaluated is left out, as if it were not asked for.
        let width = area
            .width
            .as_ref()
            .filter(|length| length.support().is_rendered())
            .map(|length| self.length(length, Side::Width, dpr));
        let height = area
            .height
            .as_ref()
            .filter(|length| length.support().is_rendered())
            .map(|length| self.length(length, Side::Height, dpr));
        // A width that only the client knows, and does not say, is the input's.
        let width = width.map(|known| known.unwrap_or(w));
        let height = height.map(|known| known.unwrap_or(h));
        Some(match (width, height, area.ratio) {
            (Some(width), Some(height), _) => Size::new(width, height),
            (Some(width), None, Some(ratio)) => Size::new(width, ratio_height(width, ratio)),
            (None, Some(height), Some(ratio)) => Size::new(ratio_width(height, ratio), height),
            (Some(width), None, None) => {
                let keep = area.ignore_aspect || family == Family::Crop;
                Size::new(width, if keep { h } else { scaled(h, width, w) })
            }
            (None, Some(height), None) => {
                let keep = area.ignore_aspect || family == Family::Crop;
                Size::new(if keep { w } else { scaled(w, height, h) }, height)
            }
            (None, None, Some(ratio)) => {
                let wider = u128::from(w) * u128::from(ratio.height())
                    > u128::from(h) * u128::from(ratio.width());
                match family {
                    Family::Stretch => Size::new(w, ratio_height(w, ratio)),
                    Family::Pad if wider => Size::new(w, ratio_height(w, ratio)),
                    Family::Pad => Size::new(ratio_width(h, ratio), h),
                    Family::Crop | Family::Box if wider => Size::new(ratio_width(h, ratio), h),
                    Family::Crop | Family::Box => Size::new(w, ratio_height(w, ratio)),
                }
            }
            (None, None, None) => return None,
        })
    }
}

const fn along_side(size: Size, along: Side) -> u32 {
    match along {
        Side::Width => size.width,
        Side::Height => size.height,
    }
}

/// One side of an offset.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Distance {
    /// Pixels.
    length: i64,
    /// Pixels of the input, and not of the result.
    of_input: bool,
}

impl Distance {
    /// Multiplied by a pixel ratio in billionths, unless it is a share of the input.
    pub(super) fn times(self, dpr: i64) -> i64 {
        if self.of_input || dpr == Decimal::SCALE {
            return self.length;
        }
        let scale = i128::from(Decimal::SCALE);
        let n = i128::from(self.length) * i128::from(dpr);
        i64::try_from((n + scale / 2).div_euclid(scale)).unwrap_or(0)
    }

    /// In pixels of the input, for a result that shows it scaled.
    #[allow(
        clippy::cast_precision_loss,
        reason = "far below what a float holds exactly"
    )]
    pub(super) fn in_input(self, dpr: i64, scale: f64) -> f64 {
        let length = self.times(dpr) as f64;
        if self.of_input {
            length
        } else {
            length / scale
        }
    }
}

/// How a missing side, or a ratio alone, is completed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    Stretch,
    Pad,
    Crop,
    Box,
}

fn ratio_height(width: u32, ratio: Ratio) -> u32 {
    side(
        u128::from(width) * u128::from(ratio.height()),
        ratio.width().into(),
    )
}

fn ratio_width(height: u32, ratio: Ratio) -> u32 {
    side(
        u128::from(height) * u128::from(ratio.width()),
        ratio.height().into(),
    )
}
