//! Effects as specified to effects with every number settled.
//!
//! Ranges and defaults are published; what a number means in pixels or in powers mostly is not. Each
//! such choice is a named constant here, listed in `docs/compatibility.md`.

use super::{Balance, EffectStep, Point, Rect, Veil, edges, look, travel, warp};
use crate::plan::Error;
use crate::plan::facts::Size;
use crate::plan::measure::StepInput;
use crate::plan::raster::{Paint, Region as Part, Step};
use crate::spec::{
    Amount, Colour, Curve, Decimal, Effect, Hundredths, Ink, Region, Scene, Side, Stop, Trim,
};

/// A blur's strength for each pixel of standard deviation. Assumed.
const BLUR_STRENGTH_PER_PIXEL: f64 = 50.0;
/// Standard deviations of the two sharpenings, in pixels. Assumed.
const SHARPEN_SIGMA: f64 = 1.0;
const UNSHARP_SIGMA: f64 = 2.0;
/// Strength of a sharpening that doubles what the blur takes away. Assumed.
const SHARPEN_STRENGTH: f64 = 100.0;
/// Half a turn of hue at level 100. Assumed.
const HUE_DEGREES: f64 = 1.8;
/// Steepness of the contrast curve at level 100. Assumed.
const SIGMOID_AT_FULL: f64 = 10.0;
/// Squares of a pixelation without a number: this part of the shorter side, at least that. Assumed.
const CELLS_A_SIDE: u32 = 50;
const LEAST_CELL: u32 = 5;
/// Radius of an oil painting at strength 100, in pixels. Assumed.
const OIL_RADIUS: f64 = 10.0;
/// Tones of a cartoon: two, and one more for each step of reduction below 100. Assumed.
const CARTOON_STEP: f64 = 6.0;
/// An oval around a face is larger than the face by this share on each side. Assumed.
const BLURRED_AROUND: f64 = 0.25;
/// Blur of an outline for each pixel of standard deviation. Assumed.
const OUTLINE_BLUR_PER_PIXEL: f64 = 20.0;
/// Largest picture that is enlarged fourfold, in pixels. Documented.
const UPSCALE_PIXELS: u64 = 4_200_000;
const UPSCALE: u32 = 4;
/// Longer side of a picture that outlines are made of, in pixels. Documented.
const VECTOR_SIDE: u32 = 1000;
/// Smoothing before few colours are chosen, in pixels, at detail 0. Assumed.
const VECTOR_SMOOTHING: f64 = 3.0;

/// The one place where a number of a specification becomes a number of a plan. What an expression
/// gives is held to the effect's range here; a literal already is.
pub(super) fn amount(amount: &Amount, least: f64, most: f64) -> f64 {
    amount
        .fixed()
        .map_or(0.0, Decimal::as_f64)
        .clamp(least, most)
}

fn share(level: &Hundredths) -> f64 {
    signed(level, -100.0, 100.0)
}

pub(super) fn signed(level: &Hundredths, least: f64, most: f64) -> f64 {
    amount(&level.0, least, most) / 100.0
}

fn colour(ink: &Ink) -> Colour {
    ink.colour().unwrap_or(Colour::TRANSPARENT)
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "held to the range by the clamp"
)]
pub(super) fn count(n: f64, least: u32, most: u32) -> u32 {
    n.round().clamp(f64::from(least), f64::from(most)) as u32
}

fn point(point: Point) -> Vec<Step> {
    effect(EffectStep::Point(point))
}

pub(super) fn effect(step: EffectStep) -> Vec<Step> {
    vec![Step::Effect(Box::new(step))]
}

/// The steps of an effect, in order; none where it changes nothing. `before` are the steps already
/// planned.
///
/// # Errors
/// [`Error::OverLimit`] where an effect has a limit of its own.
#[allow(
    clippy::too_many_lines,
    reason = "a table: one arm for each effect that is rendered"
)]
pub(in crate::plan) fn settle(
    at: &StepInput<'_>,
    asked: &Effect,
    before: &[Step],
) -> Result<Vec<Step>, Error> {
    Ok(match asked {
        Effect::Grayscale => point(Point::Grey),
        Effect::Negate => point(Point::Negate),
        Effect::BlackWhite { level } => point(Point::BlackWhite(share(level))),
        Effect::Brightness { level } => point(Point::Lightness(1.0 + share(level))),
        Effect::BrightnessHsb { level } => point(Point::Value(1.0 + share(level))),
        Effect::Saturation { level } => point(Point::Saturation(1.0 + share(level))),
        Effect::Vibrance { level } => point(Point::Vibrance(share(level))),
        Effect::Hue { level } => point(Point::Hue(share(level) * 100.0 * HUE_DEGREES)),
        Effect::Red { level } => point(Point::Offset([share(level), 0.0, 0.0])),
        Effect::Green { level } => point(Point::Offset([0.0, share(level), 0.0])),
        Effect::Blue { level } => point(Point::Offset([0.0, 0.0, share(level)])),
        Effect::Gamma { level } => point(Point::Gamma(1.0 + signed(level, -50.0, 150.0))),
        Effect::Contrast { level, curve } => contrast(level, *curve),
        Effect::Colourize {
            level,
            colour: mixed,
        } => point(Point::Mix {
            colour: colour(mixed),
            share: share(level),
        }),
        Effect::Recolour { matrix } => recolour(matrix),
        Effect::SimulateColourVision { level } => point(Point::sight(*level)),
        Effect::AssistColourVision { level } => match level {
            Some(strength) => effect(EffectStep::Stripes {
                strength: amount(strength, 1.0, 100.0) / 100.0,
            }),
            None => point(look::shifted_colours()),
        },
        Effect::OpacityThreshold { level } => {
            let least = (signed(level, 1.0, 100.0) * 255.0).ceil();
            let least = count(least, 1, 255);
            point(Point::OpacityThreshold(
                u8::try_from(least).unwrap_or(u8::MAX),
            ))
        }
        Effect::Art { level } => look::steps(level),
        Effect::Sepia { level } => effect(EffectStep::Sepia {
            level: signed(level, 1.0, 100.0),
        }),
        Effect::Tint {
            level,
            equalize,
            stops,
        } => effect(EffectStep::Tint {
            share: share(level),
            equalize: *equalize,
            gradient: gradient(stops),
        }),
        Effect::AutoBrightness { level } => balance(Balance::Brightness, level),
        Effect::AutoColour { level } => balance(Balance::Colour, level),
        Effect::AutoContrast { level } => balance(Balance::Contrast, level),
        Effect::Improve { level, scene } => balance(Balance::All(*scene), level),
        // Stand-ins for models and services, as the table of support says.
        Effect::AutoEnhance { .. } | Effect::Enhance | Effect::Restore | Effect::Correct { .. } => {
            effect(EffectStep::Balance {
                what: Balance::All(Scene::Outdoor),
                share: 1.0,
            })
        }
        Effect::FillLight { level, bias } => effect(EffectStep::FillLight {
            share: share(level),
            bias: amount(bias, -100.0, 100.0) / 100.0,
        }),
        Effect::Blur { level } => blur(level, None),
        Effect::BlurRegion { level, region } => match &region.subject {
            Some(subject) => veil(at, &**subject == "face", Veil::Blur(blur_sigma(level))),
            None => rect(at, region).map_or_else(Vec::new, |area| blur(level, Some(area))),
        },
        Effect::BlurFaces { level } => veil(at, false, Veil::Blur(blur_sigma(level))),
        Effect::Sharpen { level } => sharpen(level, SHARPEN_SIGMA),
        Effect::UnsharpMask { level } => sharpen(level, UNSHARP_SIGMA),
        Effect::Pixelate { level } => pixelate(at, level.as_ref(), None),
        Effect::PixelateRegion { level, region } => match &region.subject {
            Some(subject) => {
                let cells = Veil::Cells(cell(at, level.as_ref()));
                veil(at, &**subject == "face", cells)
            }
            None => rect(at, region)
                .map_or_else(Vec::new, |area| pixelate(at, level.as_ref(), Some(area))),
        },
        Effect::PixelateFaces { level } => veil(at, false, Veil::Cells(cell(at, level.as_ref()))),
        Effect::OilPaint { level } => match share(level) {
            strength if strength > 0.0 => effect(EffectStep::OilPaint {
                radius: count(strength * OIL_RADIUS, 1, 10),
            }),
            _ => Vec::new(),
        },
        Effect::Cartoon {
            level,
            reduction,
            mono,
        } => {
            let lines = share(level);
            let reduction = reduction.as_ref().map_or(lines, share);
            let tones = 2.0 + (1.0 - reduction) * 100.0 / CARTOON_STEP;
            effect(EffectStep::Cartoon {
                lines,
                tones: (!mono).then(|| count(tones, 2, 64)),
            })
        }
        Effect::Morphology {
            method,
            iterations,
            kernel,
            radius,
        } => effect(EffectStep::Morphology {
            method: *method,
            iterations: count(amount(iterations, 1.0, 5.0), 1, 5),
            kernel: *kernel,
            radius: amount(radius, 0.0, 100.0),
        }),
        Effect::OrderedDither { level } => {
            let pattern = count(amount(level, 0.0, 18.0), 0, 18);
            effect(EffectStep::Dither {
                pattern: u8::try_from(pattern).unwrap_or(0),
            })
        }
        Effect::Vectorize {
            colours,
            detail,
            despeckle,
            ..
        } => drawn(
            at.input,
            EffectStep::Posterize {
                colours: count(amount(colours, 2.0, 30.0), 2, 30),
                speckle: count(amount(despeckle, 0.0, 100.0), 0, 100),
                sigma: VECTOR_SMOOTHING * (1.0 - amount(detail, 0.0, 1000.0) / 1000.0),
            },
        ),
        Effect::Vignette { level } => effect(EffectStep::Vignette {
            level: share(level),
        }),
        Effect::GradientFade {
            level,
            mode,
            offset,
        } => edges::fade(at, level, *mode, offset, before),
        Effect::ReplaceColour {
            to,
            tolerance,
            from,
        } => effect(EffectStep::ReplaceColour {
            to: colour(to),
            from: from.as_ref().map(colour),
            tolerance: amount(tolerance, 0.0, 100.0),
        }),
        Effect::MakeTransparent {
            level,
            colour: keyed,
        } => effect(EffectStep::MakeTransparent {
            colour: keyed.as_ref().map(colour),
            tolerance: share(level),
        }),
        Effect::KeyBackground {
            screen,
            colour: keyed,
        } => effect(EffectStep::KeyBackground {
            colour: keyed.as_ref().map(colour),
            screen: *screen,
        }),
        Effect::Theme {
            colour: wanted,
            sensitivity,
        } => effect(EffectStep::Theme {
            colour: colour(wanted),
            sensitivity: amount(sensitivity, 0.0, 200.0) / 100.0,
        }),
        Effect::RedEye { .. } => effect(EffectStep::RedEye),
        Effect::Outline {
            mode,
            width,
            blur,
            colour: line,
        } => effect(EffectStep::Outline {
            mode: *mode,
            width: count(amount(width, 1.0, 100.0), 1, 100),
            sigma: amount(blur, 0.0, 2000.0) / OUTLINE_BLUR_PER_PIXEL,
            colour: colour(line),
        }),
        Effect::Shadow {
            level,
            colour: shade,
            offset,
        } => edges::shadow(at, level, colour(shade), offset),
        Effect::DropShadow {
            azimuth,
            elevation,
            spread,
        } => edges::drop_shadow(azimuth, elevation, spread),
        Effect::Distort { corners } => warp::distorted(at, corners)?,
        Effect::Arc { level } => warp::arced(at.input, amount(level, -360.0, 360.0))?,
        Effect::Shear { x, y } => {
            warp::sheared(at.input, amount(x, -359.0, 359.0), amount(y, -359.0, 359.0))?
        }
        Effect::Upscale => upscale(at.input)?,
        Effect::Zoompan {
            from,
            to,
            duration,
            rate,
        } => travel::travel(at, (from, to), duration, rate),
        // What the table of support filters out.
        _ => Vec::new(),
    })
}

/// The picture itself behind the picture.
pub(in crate::plan) fn blurred_fill(strength: &Amount, brightness: &Amount) -> Paint {
    Paint::Blurred {
        sigma: amount(strength, 1.0, 2000.0) / BLUR_STRENGTH_PER_PIXEL,
        light: (1.0 + amount(brightness, -300.0, 100.0) / 100.0).max(0.0),
    }
}

/// The step of a trim.
pub(in crate::plan) fn trim(asked: &Trim) -> EffectStep {
    EffectStep::Trim {
        colour: asked.colour.as_ref().map(colour),
        tolerance: amount(&asked.tolerance, 0.0, 100.0) / 100.0,
        size: None,
    }
}

fn contrast(level: &Hundredths, curve: Curve) -> Vec<Step> {
    match curve {
        Curve::Linear => point(Point::Slope(signed(level, 1.0, 200.0))),
        Curve::Sigmoidal => match share(level) {
            0.0 => Vec::new(),
            level => point(Point::Sigmoid {
                strength: level.abs() * SIGMOID_AT_FULL,
                flatten: level < 0.0,
            }),
        },
    }
}

/// Nine numbers for red, green and blue, sixteen with alpha; any other count changes nothing.
fn recolour(matrix: &[Amount]) -> Vec<Step> {
    let numbers: Vec<f64> = matrix.iter().map(|n| amount(n, -1000.0, 1000.0)).collect();
    match *numbers.as_slice() {
        [a, b, c, d, e, f, g, h, i] => point(Point::matrix([[a, b, c], [d, e, f], [g, h, i]])),
        [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] => point(Point::Matrix(Box::new([
            [a, b, c, d, 0.0],
            [e, f, g, h, 0.0],
            [i, j, k, l, 0.0],
            [m, n, o, p, 0.0],
        ]))),
        _ => Vec::new(),
    }
}

fn balance(what: Balance, level: &Hundredths) -> Vec<Step> {
    effect(EffectStep::Balance {
        what,
        share: signed(level, 0.0, 100.0),
    })
}

/// Black, the colours at their places, white. Colours without a place are spread evenly.
fn gradient(stops: &[Stop]) -> Box<[(f64, Colour)]> {
    let parts = f64::from(u32::try_from(stops.len()).unwrap_or(u32::MAX)) + 1.0;
    let mut placed: Vec<(f64, Colour)> = (1_u32..)
        .zip(stops)
        .map(|(n, stop)| {
            let at = stop
                .at
                .as_ref()
                .map_or(f64::from(n) / parts, |at| signed(at, 0.0, 100.0));
            (at, colour(&stop.colour))
        })
        .collect();
    placed.sort_by(|a, b| a.0.total_cmp(&b.0));
    if placed.first().is_none_or(|first| first.0 > 0.0) {
        placed.insert(0, (0.0, Colour::BLACK));
    }
    if placed.last().is_none_or(|last| last.0 < 1.0) {
        placed.push((1.0, Colour::WHITE));
    }
    placed.into()
}

fn blur(level: &Amount, area: Option<Rect>) -> Vec<Step> {
    effect(EffectStep::Blur {
        sigma: blur_sigma(level),
        area,
    })
}

fn blur_sigma(level: &Amount) -> f64 {
    amount(level, 1.0, 2000.0) / BLUR_STRENGTH_PER_PIXEL
}

/// Faces made unrecognizable: all of them, or the largest.
fn veil(at: &StepInput<'_>, only_largest: bool, veil: Veil) -> Vec<Step> {
    let grow = match veil {
        Veil::Blur(_) => BLURRED_AROUND,
        Veil::Cells(_) => 0.0,
    };
    let areas = at.seen.faces_in(at.input, only_largest, grow);
    if areas.is_empty() {
        return Vec::new();
    }
    effect(EffectStep::Veil {
        veil,
        areas: areas.into(),
    })
}

fn sharpen(level: &Amount, sigma: f64) -> Vec<Step> {
    effect(EffectStep::Sharpen {
        sigma,
        amount: amount(level, 1.0, 2000.0) / SHARPEN_STRENGTH,
    })
}

fn pixelate(at: &StepInput<'_>, level: Option<&Amount>, area: Option<Rect>) -> Vec<Step> {
    let cell = cell(at, level);
    if cell <= 1 {
        return Vec::new();
    }
    effect(EffectStep::Pixelate { cell, area })
}

/// The side of a square, in pixels.
fn cell(at: &StepInput<'_>, level: Option<&Amount>) -> u32 {
    let shorter = at.input.width.min(at.input.height);
    let own = shorter.saturating_add(CELLS_A_SIDE / 2) / CELLS_A_SIDE;
    match level {
        Some(level) => count(amount(level, 1.0, 200.0), 1, 200),
        None => own.max(LEAST_CELL),
    }
}

/// The part of the picture that a region names; `None` when nothing of it is inside.
fn rect(at: &StepInput<'_>, region: &Region) -> Option<Rect> {
    let (x, y) = at.offset(&region.offset);
    let span = |start: i64, length: Option<i64>, side: u32| {
        let side = i64::from(side);
        let end = length.map_or(side, |length| start.saturating_add(length).min(side));
        let start = start.clamp(0, side);
        let length = u32::try_from(end - start).ok().filter(|&n| n > 0)?;
        Some((u32::try_from(start).ok()?, length))
    };
    let width = region.width.as_ref();
    let height = region.height.as_ref();
    let width = width.map(|length| at.distance(Some(length), Side::Width));
    let height = height.map(|length| at.distance(Some(length), Side::Height));
    let (left, width) = span(x, width, at.input.width)?;
    let (top, height) = span(y, height, at.input.height)?;
    Some(Rect {
        left,
        top,
        width,
        height,
    })
}

/// An effect on a picture reduced to what drawings are made of, and enlarged again.
fn drawn(input: Size, step: EffectStep) -> Vec<Step> {
    let step = Step::Effect(Box::new(step));
    let small = input.reduced_to(VECTOR_SIDE);
    if small == input {
        return vec![step];
    }
    let scaled = |from: Size, to: Size| Step::Resample {
        from: Part::whole(from),
        to,
    };
    vec![scaled(input, small), step, scaled(small, input)]
}

fn upscale(input: Size) -> Result<Vec<Step>, Error> {
    if input.pixels() > UPSCALE_PIXELS {
        return Err(Error::OverLimit {
            what: "picture to enlarge, in pixels",
            asked: input.pixels(),
            limit: UPSCALE_PIXELS,
        });
    }
    Ok(vec![Step::Resample {
        from: Part::whole(input),
        to: Size::new(
            input.width.saturating_mul(UPSCALE),
            input.height.saturating_mul(UPSCALE),
        ),
    }])
}
