//! Turning by any angle, shearing, moving corners, bending: maps of the plane and the canvas that
//! holds the result.

use super::{Arc, EffectStep, Warp};
use crate::plan::Error;
use crate::plan::facts::Size;
use crate::plan::measure::StepInput;
use crate::plan::raster::{Region, Step};
use crate::spec::{Angle, Length, Side};

/// A picture with a side above this is scaled down to it before it is turned by an angle. Documented.
const LONGEST_TURNED: u32 = 3000;
/// Most pixels along a side of a bent or skewed picture, far above every limit on pictures.
const LONGEST: f64 = 1e6;
/// A degree within which an angle counts as a right one.
const RIGHT: f64 = 1e-6;

type Matrix = [[f64; 3]; 3];

/// Turns clockwise; the canvas is the bounding box, and what lies outside the picture is transparent.
pub(in crate::plan) fn turned(input: Size, angle: Angle) -> Result<Vec<Step>, Error> {
    let degrees = f64::from(angle.0) / 1000.0;
    if degrees.rem_euclid(360.0) < RIGHT {
        return Ok(Vec::new());
    }
    let mut steps = Vec::new();
    let mut size = input;
    let longest = input.width.max(input.height);
    if longest > LONGEST_TURNED {
        let scaled = |side: u32| {
            let side = u64::from(side) * u64::from(LONGEST_TURNED) + u64::from(longest) / 2;
            u32::try_from(side / u64::from(longest)).unwrap_or(LONGEST_TURNED)
        };
        size = Size::new(scaled(input.width), scaled(input.height));
        steps.push(Step::Resample {
            from: Region::whole(input),
            to: size,
        });
    }
    let (sin, cos) = degrees.to_radians().sin_cos();
    let (w, h) = (f64::from(size.width), f64::from(size.height));
    let canvas = canvas(w * cos.abs() + h * sin.abs(), w * sin.abs() + h * cos.abs())?;
    // The middle stays the middle.
    let (x, y) = (
        f64::from(canvas.width) / 2.0,
        f64::from(canvas.height) / 2.0,
    );
    let back = [
        [cos, sin, w / 2.0 - cos * x - sin * y],
        [-sin, cos, h / 2.0 + sin * x - cos * y],
        [0.0, 0.0, 1.0],
    ];
    steps.push(warp(canvas, back));
    Ok(steps)
}

/// Slides rows to the right towards the top by `x` degrees, then columns down towards the right by
/// `y` degrees.
pub(super) fn sheared(input: Size, x: f64, y: f64) -> Result<Vec<Step>, Error> {
    let (tan_x, tan_y) = (x.to_radians().tan(), y.to_radians().tan());
    let forward = product(
        [[1.0, 0.0, 0.0], [tan_y, 1.0, 0.0], [0.0, 0.0, 1.0]],
        [[1.0, -tan_x, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
    );
    bounded(input, forward, false)
}

/// Moves the corners, clockwise from the top left, to other places.
pub(super) fn distorted(at: &StepInput<'_>, corners: &[Length]) -> Result<Vec<Step>, Error> {
    #[allow(clippy::cast_precision_loss, reason = "pixels")]
    let place = |length, along| at.distance(Some(length), along) as f64;
    let [x1, y1, x2, y2, x3, y3, x4, y4] = corners else {
        return Ok(Vec::new());
    };
    let to = [(x1, y1), (x2, y2), (x3, y3), (x4, y4)]
        .map(|(x, y)| (place(x, Side::Width), place(y, Side::Height)));
    let (w, h) = (f64::from(at.input.width), f64::from(at.input.height));
    let Some(forward) = projection([(0.0, 0.0), (w, 0.0), (w, h), (0.0, h)], to) else {
        // Corners on one line: nothing of the picture would be seen.
        return Ok(Vec::new());
    };
    bounded(at.input, forward, true)
}

/// Bends so that rows become arcs of `degrees`; negative ones hang down.
pub(super) fn arced(input: Size, degrees: f64) -> Result<Vec<Step>, Error> {
    let angle = degrees.abs().to_radians();
    if angle < 1e-3 {
        return Ok(Vec::new());
    }
    let (w, h) = (f64::from(input.width), f64::from(input.height));
    // The middle row keeps its length; a circle too small for the height begins at its centre.
    let middle = (w / angle).max(h / 2.0);
    let (outer, inner) = (middle + h / 2.0, middle - h / 2.0);
    let half = angle / 2.0;
    let widest = if half >= std::f64::consts::FRAC_PI_2 {
        outer
    } else {
        outer * half.sin()
    };
    let lowest = if half > std::f64::consts::FRAC_PI_2 {
        -outer * half.cos()
    } else {
        -inner * half.cos()
    };
    let canvas = canvas(2.0 * widest, outer + lowest)?;
    Ok(vec![Step::Effect(Box::new(EffectStep::Arc(Arc {
        size: canvas,
        centre: (f64::from(canvas.width) / 2.0, outer),
        radius: outer,
        angle,
        hanging: degrees < 0.0,
    })))])
}

fn warp(size: Size, back: Matrix) -> Step {
    Step::Effect(Box::new(EffectStep::Warp(Box::new(Warp { size, back }))))
}

/// Maps the picture forward onto the bounding box of where its corners go (and of the origin).
fn bounded(input: Size, forward: Matrix, origin: bool) -> Result<Vec<Step>, Error> {
    let (w, h) = (f64::from(input.width), f64::from(input.height));
    let corners = [(0.0, 0.0), (w, 0.0), (w, h), (0.0, h)].map(|corner| mapped(&forward, corner));
    let start = if origin { 0.0 } else { f64::INFINITY };
    let end = if origin { 0.0 } else { f64::NEG_INFINITY };
    let (left, right) = corners
        .iter()
        .fold((start, end), |(a, b), &(x, _)| (x.min(a), x.max(b)));
    let (top, bottom) = corners
        .iter()
        .fold((start, end), |(a, b), &(_, y)| (y.min(a), y.max(b)));
    let canvas = canvas(right - left, bottom - top)?;
    let Some(inverse) = inverse(&forward) else {
        return Ok(Vec::new());
    };
    let back = product(
        inverse,
        [[1.0, 0.0, left], [0.0, 1.0, top], [0.0, 0.0, 1.0]],
    );
    Ok(vec![warp(canvas, back)])
}

/// The nearest whole size.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "between 0 and the longest, by the test before"
)]
fn canvas(width: f64, height: f64) -> Result<Size, Error> {
    let longest = width.max(height);
    // What is not a number is not inside either.
    if !(longest <= LONGEST && width >= 0.0 && height >= 0.0) {
        return Err(Error::OverLimit {
            what: "side of the picture in pixels",
            asked: longest.min(1e18) as u64,
            limit: LONGEST as u64,
        });
    }
    Ok(Size::new(width.round() as u32, height.round() as u32))
}

fn mapped(matrix: &Matrix, (x, y): (f64, f64)) -> (f64, f64) {
    let [u, v, w] = matrix.map(|[a, b, c]| a * x + b * y + c);
    (u / w, v / w)
}

fn product(a: Matrix, b: Matrix) -> Matrix {
    let [b0, b1, b2] = b;
    a.map(|[x, y, z]| {
        let mut row = [0.0; 3];
        for (((out, p), q), r) in row.iter_mut().zip(b0).zip(b1).zip(b2) {
            *out = x * p + y * q + z * r;
        }
        row
    })
}

fn inverse(matrix: &Matrix) -> Option<Matrix> {
    let [[a, b, c], [d, e, f], [g, h, i]] = *matrix;
    let adjugate = [
        [e * i - f * h, c * h - b * i, b * f - c * e],
        [f * g - d * i, a * i - c * g, c * d - a * f],
        [d * h - e * g, b * g - a * h, a * e - b * d],
    ];
    let determinant = a * (e * i - f * h) + b * (f * g - d * i) + c * (d * h - e * g);
    (determinant.is_finite() && determinant.abs() > 1e-12)
        .then(|| adjugate.map(|row| row.map(|n| n / determinant)))
}

/// The projective map that takes four points to four others; `None` where three of them lie on one
/// line.
fn projection(from: [(f64, f64); 4], to: [(f64, f64); 4]) -> Option<Matrix> {
    Some(product(from_square(to)?, inverse(&from_square(from)?)?))
}

/// The map that takes the corners of the unit square, clockwise from the origin, to four points.
fn from_square([p0, p1, p2, p3]: [(f64, f64); 4]) -> Option<Matrix> {
    let (dx1, dy1) = (p1.0 - p2.0, p1.1 - p2.1);
    let (dx2, dy2) = (p3.0 - p2.0, p3.1 - p2.1);
    let (sx, sy) = (p0.0 - p1.0 + p2.0 - p3.0, p0.1 - p1.1 + p2.1 - p3.1);
    let det = dx1 * dy2 - dx2 * dy1;
    if det.abs() < 1e-9 {
        return None;
    }
    let g = (sx * dy2 - dx2 * sy) / det;
    let h = (dx1 * sy - sx * dy1) / det;
    let matrix = [
        [p1.0 - p0.0 + g * p1.0, p3.0 - p0.0 + h * p3.0, p0.0],
        [p1.1 - p0.1 + g * p1.1, p3.1 - p0.1 + h * p3.1, p0.1],
        [g, h, 1.0],
    ];
    inverse(&matrix).map(|_| matrix)
}
