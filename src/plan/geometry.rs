//! Exact sizes and rectangles. Pure integer arithmetic up to the region a resampling reads from.
//!
//! `input` is always the size of a step's input, `source` that of the stored original after
//! orientation. Rules and their standing (documented, observed, assumed) are listed in
//! `docs/compatibility.md`; the assumptions that may change are the named constants here.

use super::Error;
use super::facts::Size;
use super::measure::{Family, StepInput, scaled};
use super::raster::{Region, Step};
use crate::spec::{
    Amount, Compass, Crop, Decimal, Direction, Frame, Gravity, Resize, Turn, TurnToShape,
};

/// A box placed by a compass gravity in an odd rest lies half a pixel to the left and top. Assumed.
const ODD_REST_GOES_RIGHT: bool = true;

/// How much of a side of the picture is cut at most where a mode may both cut and pad. Assumed: only
/// "little" is published.
const MOST_CUT: (u32, u32) = (1, 3);

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
        Frame::Cover => match tight(at, &resize.gravity, resize.zoom.as_ref(), area) {
            Some(from) => resample(input, from, area),
            None => cover(at, resize, area),
        },
        Frame::Pad => pad(at, resize, area)?,
        Frame::CoverPad => cover_pad(at, resize, area)?,
    })
}

/// The region of a tight crop (`zoom` is given) where its subject was found.
fn tight(
    at: &StepInput<'_>,
    gravity: &Gravity,
    zoom: Option<&Amount>,
    shape: Size,
) -> Option<Region> {
    match (gravity, zoom) {
        (Gravity::Subject { subject, .. }, Some(zoom)) => {
            at.seen.tight(subject, zoom.fixed()?, shape, at.input)
        }
        _ => None,
    }
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
    let dpr = at.dpr(&resize.area.dpr).billionths();
    let seen = match &resize.gravity {
        Gravity::Subject { subject, fallback } => {
            at.seen.placed(subject, *fallback, width / w, height / h)
        }
        _ => None,
    };
    let (x, y) = match (&resize.gravity, seen) {
        // A point of the input, whatever the pixel ratio.
        (Gravity::Point, _) => (
            dx.in_input(Decimal::SCALE, 1.0) - width / 2.0,
            dy.in_input(Decimal::SCALE, 1.0) - height / 2.0,
        ),
        (_, Some((x, y))) => (
            x * w + dx.in_input(dpr, scale),
            y * h + dy.in_input(dpr, scale),
        ),
        (gravity, None) => {
            let compass = compass(gravity);
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
        _ => at.offset_shown(&resize.offset, &resize.area.dpr),
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
        // No size at all: the subject's own box, where it was found.
        let shape = match &crop.gravity {
            Gravity::Subject { subject, .. } => at.seen.area(subject).map(|area| {
                Size::new(
                    whole_pixels(area.width * f64::from(input.width)),
                    whole_pixels(area.height * f64::from(input.height)),
                )
            }),
            _ => None,
        };
        let found = shape.and_then(|shape| tight(at, &crop.gravity, crop.zoom.as_ref(), shape));
        return Ok(found.map_or_else(Vec::new, |from| {
            let to = Size::new(whole_pixels(from.width), whole_pixels(from.height));
            resample(input, from, to)
        }));
    };
    let (w, h) = (i64::from(input.width), i64::from(input.height));
    let (bw, bh) = (
        i64::from(area.width.min(input.width)),
        i64::from(area.height.min(input.height)),
    );
    let (dx, dy) = at.offset_shown(&crop.offset, &crop.area.dpr);
    let seen = match &crop.gravity {
        Gravity::Subject { subject, fallback } => {
            at.seen
                .placed(subject, *fallback, share(bw, w), share(bh, h))
        }
        _ => None,
    };
    let (x, y, width, height) = match (&crop.gravity, seen) {
        (Gravity::Corner, _) => {
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
        (Gravity::Point, _) => (dx - bw / 2, dy - bh / 2, bw, bh),
        (_, Some((x, y))) => {
            let place = |share: f64, all: u32| i64::from(whole_pixels(share * f64::from(all)));
            (
                place(x, input.width) + dx,
                place(y, input.height) + dy,
                bw,
                bh,
            )
        }
        (gravity, None) => {
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

impl StepInput<'_> {
    /// Where a box of a size lies by a gravity, moved inward from there by an offset in pixels.
    pub fn placed(&self, gravity: &Gravity, size: Size, (dx, dy): (i64, i64)) -> (i64, i64) {
        let compass = compass(gravity);
        let (right, down) = inward(compass);
        let (ax, ay) = anchor(compass);
        let rest = |whole: u32, part: u32| i64::from(whole) - i64::from(part);
        (
            share_of(rest(self.input.width, size.width), ax) + signed(dx, right),
            share_of(rest(self.input.height, size.height), ay) + signed(dy, down),
        )
    }
}

/// Pixels of a side that is inside a picture.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "inside a picture, whose sides are 32-bit"
)]
fn whole_pixels(length: f64) -> u32 {
    length.round().max(0.0) as u32
}

#[allow(clippy::cast_precision_loss, reason = "sides of pictures")]
fn share(part: i64, of: i64) -> f64 {
    part as f64 / of as f64
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
        Gravity::Subject { fallback, .. } => fallback.compass(),
        Gravity::Corner | Gravity::Point | Gravity::Variable(_) => Compass::Center,
    }
}

/// The share of the rest that lies left of and above a box.
pub(super) const fn anchor(compass: Compass) -> (f64, f64) {
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
