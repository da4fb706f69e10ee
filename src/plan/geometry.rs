//! Exact sizes and rectangles. Pure integer arithmetic up to the region a resampling reads from.
//!
//! `input` is always the size of a step's input, `source` that of the stored original after
//! orientation. Rules and their standing (documented, observed, assumed) are listed in
//! `docs/compatibility.md`; the assumptions that may change are the named constants here.

use super::facts::Size;
use super::raster::{Region, Step};
use super::{Error, Hints};
use crate::spec::{
    Area, Compass, Crop, Decimal, Direction, Dpr, Frame, Gravity, Length, Offset, Ratio, Resize,
    Side, Turn, TurnToShape,
};

/// Computed sides go to the nearest pixel. Floor is excluded by observation (6667x5000 limited to
/// 3840 wide is 2880 high, exactly 2879.86); that a half goes up is assumed.
const HALF_GOES_UP: bool = true;

/// A box placed by a compass gravity in an odd rest lies half a pixel to the left and top. Assumed.
const ODD_REST_GOES_RIGHT: bool = true;

/// How much of a side of the picture is cut at most where a mode may both cut and pad. Assumed: only
/// "little" is published.
const MOST_CUT: (u32, u32) = (1, 3);

/// `n / d` to the nearest whole number, at least 1.
fn side(n: u128, d: u128) -> u32 {
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

fn scaled(n: u32, by: u32, over: u32) -> u32 {
    side(u128::from(n) * u128::from(by), u128::from(over))
}

/// What a step's arithmetic may look at.
#[derive(Clone, Copy, Debug)]
pub(super) struct StepInput<'a> {
    /// Size of the step's input.
    pub input: Size,
    /// Size of the stored original after orientation.
    pub source: Size,
    /// What the client says about its screen.
    pub hints: &'a Hints,
}

impl StepInput<'_> {
    fn dpr(&self, dpr: &Dpr) -> Decimal {
        match dpr {
            Dpr::Fixed(factor) => *factor,
            Dpr::Shown => self.hints.dpr_up(),
            Dpr::Expr(_) => Decimal::ONE,
        }
    }

    /// One side in pixels, at least 1; `None` where the client's width is wanted and unknown.
    fn length(&self, length: &Length, along: Side, dpr: Decimal) -> Option<u32> {
        let own = match along {
            Side::Width => self.input.width,
            Side::Height => self.input.height,
        };
        let dpr = u128::try_from(dpr.billionths()).unwrap_or(0);
        let one = Decimal::SCALE.unsigned_abs().into();
        Some(match length {
            Length::Px(n) => side(u128::try_from(*n).unwrap_or(0) * dpr, one),
            Length::Share(share) => {
                let share = u128::try_from(share.billionths()).unwrap_or(0);
                side(u128::from(own) * share * dpr, one * one)
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

    fn distance(&self, length: Option<&Length>, along: Side) -> Distance {
        match length {
            None | Some(Length::Shown { .. } | Length::Expr(_)) => Distance::default(),
            Some(Length::Px(n)) => Distance {
                length: (*n).into(),
                of_input: false,
            },
            Some(Length::Share(share)) => {
                let own = match along {
                    Side::Width => self.input.width,
                    Side::Height => self.input.height,
                };
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

    fn distances(&self, offset: &Offset) -> (Distance, Distance) {
        (
            self.distance(offset.x.as_ref(), Side::Width),
            self.distance(offset.y.as_ref(), Side::Height),
        )
    }

    /// An offset in pixels of a picture that is not scaled; `dpr` multiplies what was written in pixels.
    fn offset(&self, offset: &Offset, dpr: &Dpr) -> (i64, i64) {
        let dpr = self.dpr(dpr).billionths();
        let (x, y) = self.distances(offset);
        (x.times(dpr), y.times(dpr))
    }

    /// The box asked for, with missing sides completed. `None`: no size is asked.
    fn complete(&self, area: &Area, family: Family) -> Option<Size> {
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

/// One side of an offset.
#[derive(Clone, Copy, Debug, Default)]
struct Distance {
    /// Pixels.
    length: i64,
    /// Pixels of the input, and not of the result.
    of_input: bool,
}

impl Distance {
    /// Multiplied by a pixel ratio in billionths, unless it is a share of the input.
    fn times(self, dpr: i64) -> i64 {
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
    fn in_input(self, dpr: i64, scale: f64) -> f64 {
        let length = self.times(dpr) as f64;
        if self.of_input {
            length
        } else {
            length / scale
        }
    }
}

/// The turn that a shape asks for: none where the input already lies or stands as the shape does, and
/// none for a square or where no shape is asked.
pub(super) fn turn_to_shape(at: &StepInput<'_>, op: &TurnToShape) -> Turn {
    let asked = match (&op.area.width, &op.area.height, op.area.ratio) {
        (Some(_), Some(_), _) | (_, _, Some(_)) => at.complete(&op.area, Family::Crop),
        _ => None,
    };
    let differs = asked.is_some_and(|asked| {
        let lies = |size: Size| size.width.cmp(&size.height);
        lies(asked).is_ne() && lies(asked) == lies(at.input).reverse()
    });
    match (differs, op.clockwise) {
        (false, _) => Turn::NONE,
        (true, true) => Turn::quarters(1),
        (true, false) => Turn::quarters(-1),
    }
}

/// How a missing side, or a ratio alone, is completed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Family {
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

/// The largest size of `input`'s shape inside `area`; the side that binds is exactly the box's.
fn fitted(input: Size, area: Size) -> Size {
    let by_width = u64::from(area.width) * u64::from(input.height);
    let by_height = u64::from(area.height) * u64::from(input.width);
    if by_width <= by_height {
        Size::new(area.width, scaled(input.height, area.width, input.width))
    } else {
        Size::new(scaled(input.width, area.height, input.height), area.height)
    }
}

/// The smallest size of `input`'s shape that holds `area`.
fn covering(input: Size, area: Size) -> Size {
    let by_width = u64::from(area.width) * u64::from(input.height);
    let by_height = u64::from(area.height) * u64::from(input.width);
    if by_width >= by_height {
        Size::new(area.width, scaled(input.height, area.width, input.width))
    } else {
        Size::new(scaled(input.width, area.height, input.height), area.height)
    }
}

fn allowed(direction: Direction, input: Size, target: Size) -> bool {
    let enlarges = target.width > input.width || target.height > input.height;
    let reduces = target.width < input.width || target.height < input.height;
    match direction {
        Direction::Any => true,
        Direction::Down => !enlarges,
        Direction::Up => !reduces,
    }
}

/// The steps of a resize, in order; none when the picture is already right.
pub(super) fn resize(at: &StepInput<'_>, resize: &Resize) -> Result<Vec<Step>, Error> {
    let input = at.input;
    let family = match resize.frame {
        Frame::Stretch => Family::Stretch,
        Frame::Pad => Family::Pad,
        Frame::Cover | Frame::CoverPad => Family::Crop,
        Frame::Inside | Frame::Outside => Family::Box,
    };
    // A single side of a cover is a plain resize, not a cut: only a lone ratio cuts.
    let family = if family == Family::Crop && resize.area.ratio.is_none() {
        Family::Box
    } else {
        family
    };
    let Some(area) = at.complete(&resize.area, family) else {
        return Ok(Vec::new());
    };
    let whole = Region::whole(input);
    Ok(match resize.frame {
        Frame::Stretch => resample(input, whole, area),
        Frame::Inside | Frame::Outside => {
            let target = if resize.frame == Frame::Inside {
                fitted(input, area)
            } else {
                covering(input, area)
            };
            if allowed(resize.direction, input, target) {
                resample(input, whole, target)
            } else {
                Vec::new()
            }
        }
        Frame::Cover => cover(at, resize, area),
        Frame::Pad => pad(at, resize, area)?,
        Frame::CoverPad => cover_pad(at, resize, area)?,
    })
}

fn cover(at: &StepInput<'_>, resize: &Resize, area: Size) -> Vec<Step> {
    let input = at.input;
    let enlarges = area.width >= input.width || area.height >= input.height;
    let scale = (f64::from(area.width) / f64::from(input.width))
        .max(f64::from(area.height) / f64::from(input.height));
    let (scale, area) = match resize.direction {
        // Nothing is scaled, only cut.
        Direction::Down if enlarges => (
            1.0,
            Size::new(area.width.min(input.width), area.height.min(input.height)),
        ),
        Direction::Up if !enlarges => return Vec::new(),
        _ => (scale, area),
    };
    resample(input, placed(at, resize, area, scale), area)
}

/// Covers the box as far as no more of a side is cut than [`MOST_CUT`], and pads the rest of it.
fn cover_pad(at: &StepInput<'_>, resize: &Resize, area: Size) -> Result<Vec<Step>, Error> {
    let input = at.input;
    let (cut, of) = MOST_CUT;
    // What must stay of a side shows at least at the size of the box.
    let kept = |n: u32| f64::from(n) * f64::from(of - cut) / f64::from(of);
    let by = |n: u32, side: f64| f64::from(n) / side;
    let (w, h) = (f64::from(input.width), f64::from(input.height));
    let cover = by(area.width, w).max(by(area.height, h));
    let inside = by(area.width, w).min(by(area.height, h));
    let most = by(area.width, kept(input.width)).min(by(area.height, kept(input.height)));
    let scale = cover.min(most).max(inside);
    let shown = |n: u32, most: u32| nearest(f64::from(n) * scale).clamp(1, most);
    let drawn = Size::new(
        shown(input.width, area.width),
        shown(input.height, area.height),
    );
    let mut steps = resample(input, placed(at, resize, drawn, scale), drawn);
    if drawn != area {
        steps.push(Step::Canvas {
            size: area,
            left: i32::try_from((area.width - drawn.width) / 2).unwrap_or(0),
            top: i32::try_from((area.height - drawn.height) / 2).unwrap_or(0),
            fill: super::paint(resize.background.as_ref()),
        });
    }
    Ok(steps)
}

/// The part of the input that a box of this size shows at this scale, placed by gravity and offset and
/// kept inside the picture. Where nothing is scaled it lies on whole pixels.
fn placed(at: &StepInput<'_>, resize: &Resize, area: Size, scale: f64) -> Region {
    let (w, h) = (f64::from(at.input.width), f64::from(at.input.height));
    // One side is exactly the input's where that side binds.
    let width = (f64::from(area.width) / scale).min(w);
    let height = (f64::from(area.height) / scale).min(h);
    let (rest_x, rest_y) = (w - width, h - height);
    let (dx, dy) = at.distances(&resize.offset);
    let (x, y) = match &resize.gravity {
        // A point of the input, whatever the pixel ratio.
        Gravity::Point => (
            dx.in_input(Decimal::SCALE, 1.0) - width / 2.0,
            dy.in_input(Decimal::SCALE, 1.0) - height / 2.0,
        ),
        gravity => {
            let compass = compass(gravity);
            let dpr = at.dpr(&resize.area.dpr).billionths();
            let (right, down) = inward(compass);
            let (ax, ay) = anchor(compass);
            (
                rest_x * ax + right * dx.in_input(dpr, scale),
                rest_y * ay + down * dy.in_input(dpr, scale),
            )
        }
    };
    let (x, y) = (x.clamp(0.0, rest_x.max(0.0)), y.clamp(0.0, rest_y.max(0.0)));
    let whole = scale == 1.0;
    Region {
        x: if whole { x.floor() } else { x },
        y: if whole { y.floor() } else { y },
        width,
        height,
    }
}

/// The nearest whole number of pixels to a length that is known to be one side of a picture.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a conversion saturates at the ends"
)]
fn nearest(length: f64) -> u32 {
    (length + 0.5).floor() as u32
}

fn pad(at: &StepInput<'_>, resize: &Resize, area: Size) -> Result<Vec<Step>, Error> {
    let input = at.input;
    let (drawn, canvas) = match resize.direction {
        Direction::Any => (fitted(input, area), area),
        Direction::Down => {
            let target = fitted(input, area);
            (
                if allowed(Direction::Down, input, target) {
                    target
                } else {
                    input
                },
                area,
            )
        }
        // Never scales, only widens: every side is the larger of both.
        Direction::Up => (
            input,
            Size::new(area.width.max(input.width), area.height.max(input.height)),
        ),
    };
    let mut steps = resample(input, Region::whole(input), drawn);
    if drawn == canvas {
        return Ok(steps);
    }
    let rest_x = i64::from(canvas.width) - i64::from(drawn.width);
    let rest_y = i64::from(canvas.height) - i64::from(drawn.height);
    let (dx, dy) = match resize.gravity {
        Gravity::Point => (0, 0),
        _ => at.offset(&resize.offset, &resize.area.dpr),
    };
    let compass = compass(&resize.gravity);
    let (right, down) = inward(compass);
    let (ax, ay) = anchor(compass);
    let left = share_of(rest_x, ax) + signed(dx, right);
    let top = share_of(rest_y, ay) + signed(dy, down);
    let too_far = || Error::OverLimit {
        what: "offset",
        asked: dx.unsigned_abs().max(dy.unsigned_abs()),
        limit: 65_535,
    };
    if left.abs() > 1 << 20 || top.abs() > 1 << 20 {
        return Err(too_far());
    }
    steps.push(Step::Canvas {
        size: canvas,
        left: i32::try_from(left).map_err(|_| too_far())?,
        top: i32::try_from(top).map_err(|_| too_far())?,
        fill: super::paint(resize.background.as_ref()),
    });
    Ok(steps)
}

/// The cut of a crop; `None` when the whole picture is kept.
pub(super) fn crop(at: &StepInput<'_>, crop: &Crop) -> Result<Vec<Step>, Error> {
    let input = at.input;
    let Some(area) = at.complete(&crop.area, Family::Crop) else {
        return Ok(Vec::new());
    };
    let (w, h) = (i64::from(input.width), i64::from(input.height));
    let (bw, bh) = (
        i64::from(area.width.min(input.width)),
        i64::from(area.height.min(input.height)),
    );
    let (dx, dy) = at.offset(&crop.offset, &crop.area.dpr);
    let (x, y, width, height) = match &crop.gravity {
        Gravity::Corner => {
            let (x, y) = (dx.max(0), dy.max(0));
            if x >= w || y >= h {
                return Err(Error::EmptyRegion {
                    x,
                    y,
                    width: input.width,
                    height: input.height,
                });
            }
            (
                x,
                y,
                i64::from(area.width).min(w - x),
                i64::from(area.height).min(h - y),
            )
        }
        Gravity::Point => (dx - bw / 2, dy - bh / 2, bw, bh),
        gravity => {
            let compass = compass(gravity);
            let (right, down) = inward(compass);
            let (ax, ay) = anchor(compass);
            (
                share_of(w - bw, ax) + signed(dx, right),
                share_of(h - bh, ay) + signed(dy, down),
                bw,
                bh,
            )
        }
    };
    let (x, y) = (x.clamp(0, w - width), y.clamp(0, h - height));
    let size = Size::new(
        u32::try_from(width).unwrap_or(1),
        u32::try_from(height).unwrap_or(1),
    );
    #[allow(clippy::cast_precision_loss)]
    let from = Region {
        x: x as f64,
        y: y as f64,
        width: width as f64,
        height: height as f64,
    };
    Ok(resample(input, from, size))
}

fn resample(input: Size, from: Region, to: Size) -> Vec<Step> {
    if to == input && from == Region::whole(input) {
        Vec::new()
    } else {
        vec![Step::Resample { from, to }]
    }
}

const fn compass(gravity: &Gravity) -> Compass {
    match gravity {
        Gravity::Compass(compass) => *compass,
        Gravity::Subject { fallback, .. } => *fallback,
        Gravity::Corner | Gravity::Point | Gravity::Variable(_) => Compass::Center,
    }
}

/// The share of the rest that lies left of and above a box.
const fn anchor(compass: Compass) -> (f64, f64) {
    let x = match compass {
        Compass::NorthWest | Compass::West | Compass::SouthWest => 0.0,
        Compass::North | Compass::Center | Compass::South => 0.5,
        Compass::NorthEast | Compass::East | Compass::SouthEast => 1.0,
    };
    let y = match compass {
        Compass::NorthWest | Compass::North | Compass::NorthEast => 0.0,
        Compass::West | Compass::Center | Compass::East => 0.5,
        Compass::SouthWest | Compass::South | Compass::SouthEast => 1.0,
    };
    (x, y)
}

/// In which direction a positive offset moves: `(1, 1)` is right and down. Offsets point inward.
const fn inward(compass: Compass) -> (f64, f64) {
    match compass {
        Compass::Center | Compass::NorthWest | Compass::North | Compass::West => (1.0, 1.0),
        Compass::NorthEast | Compass::East => (-1.0, 1.0),
        Compass::SouthEast => (-1.0, -1.0),
        Compass::South | Compass::SouthWest => (1.0, -1.0),
    }
}

fn share_of(rest: i64, share: f64) -> i64 {
    if share == 0.0 {
        0
    } else if share == 1.0 {
        rest
    } else if ODD_REST_GOES_RIGHT {
        rest.div_euclid(2)
    } else {
        rest - rest.div_euclid(2)
    }
}

const fn signed(distance: i64, direction: f64) -> i64 {
    if direction < 0.0 {
        distance.saturating_neg()
    } else {
        distance
    }
}
