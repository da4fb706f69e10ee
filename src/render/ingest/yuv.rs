//! Light and colour differences to RGB.

use super::av1::{Frame, Plane};
use crate::render::budget::Budget;
use crate::render::error::Error;
use crate::render::raster::{Deep, luminance};

/// The matrix whose weights are those of the primaries, by its number in ITU-T H.273.
pub(super) const BY_PRIMARIES: u16 = 12;

/// How light and colour differences become red, green and blue.
#[derive(Clone, Copy)]
enum Matrix {
    /// The planes are green, blue and red.
    Identity,
    /// By lifting, without weights.
    YCgCo,
    /// The weights of red and blue in light.
    Weights(f32, f32),
}

impl Matrix {
    /// By the number in ITU-T H.273; BT.601 where nothing is said or nothing better is known, as
    /// other decoders have it.
    fn of(frame: &Frame) -> Self {
        if frame.planes.len() < 3 {
            // Light alone is grey under any weights, and never one of three planes of colour.
            return Self::Weights(0.299, 0.114);
        }
        match frame.matrix {
            0 => Self::Identity,
            1 => Self::Weights(0.2126, 0.0722),
            4 => Self::Weights(0.30, 0.11),
            7 => Self::Weights(0.212, 0.087),
            8 => Self::YCgCo,
            9 => Self::Weights(0.2627, 0.0593),
            BY_PRIMARIES => match luminance(frame.primaries) {
                [red, _, blue] => Self::Weights(red, blue),
            },
            _ => Self::Weights(0.299, 0.114),
        }
    }
}

/// How stored samples become shares of one.
#[derive(Clone, Copy)]
struct Range {
    black: f32,
    light: f32,
    middle: f32,
    colour: f32,
}

impl Range {
    fn new(frame: &Frame) -> Self {
        // Sample values have at most 12 bits, which a 32-bit float holds exactly.
        let bits = u16::try_from(frame.depth.clamp(8, 12)).unwrap_or(8);
        let step = f32::from(1_u16 << (bits - 8));
        let most = f32::from((1_u16 << bits) - 1);
        let middle = 128.0 * step;
        if frame.full {
            Self {
                black: 0.0,
                light: 1.0 / most,
                middle,
                colour: 1.0 / most,
            }
        } else {
            Self {
                black: 16.0 * step,
                light: 1.0 / (219.0 * step),
                middle,
                colour: 1.0 / (224.0 * step),
            }
        }
    }
}

/// The samples of a row as floats.
fn row(plane: &Plane, y: usize, wide: bool, out: &mut [f32]) {
    let bytes = y
        .checked_mul(plane.stride)
        .and_then(|start| plane.bytes.get(start..))
        .unwrap_or_default();
    if wide {
        let (samples, _) = bytes.as_chunks::<2>();
        for (out, &sample) in out.iter_mut().zip(samples) {
            *out = f32::from(u16::from_ne_bytes(sample));
        }
    } else {
        for (out, &sample) in out.iter_mut().zip(bytes) {
            *out = f32::from(sample);
        }
    }
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast saturates, which is the clamp wanted"
)]
fn byte(share: f32) -> u8 {
    (share * 255.0 + 0.5) as u8
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast saturates, which is the clamp wanted"
)]
fn wide(share: f32) -> u16 {
    (share * 65535.0 + 0.5) as u16
}

/// One plane as bytes of light, scaled to the full range.
pub(super) fn light(frame: &Frame, plane: usize) -> Vec<u8> {
    let range = Range::new(frame);
    let (width, height) = (frame.size.width as usize, frame.size.height as usize);
    let Some(plane) = frame.planes.get(plane) else {
        return vec![0; width * height];
    };
    let mut samples = vec![0.0; width];
    let mut out = Vec::with_capacity(width * height);
    for y in 0..height {
        row(plane, y, frame.depth > 8, &mut samples);
        out.extend(
            samples
                .iter()
                .map(|&n| byte((n - range.black) * range.light)),
        );
    }
    out
}

/// The alpha of a picture.
pub(super) struct Alpha<'a> {
    pub frame: &'a Frame,
    /// Colours are multiplied by it already.
    pub premultiplied: bool,
}

/// Rows between two looks at the budget.
const BAND: usize = 64;

/// RGB, or RGBA with straight alpha. `deep` brings samples to sRGB before they are rounded.
pub(super) fn rgb(
    frame: &Frame,
    alpha: Option<Alpha<'_>>,
    mut deep: Option<&mut Deep>,
    budget: &Budget,
) -> Result<Vec<u8>, Error> {
    let premultiplied = alpha.as_ref().is_some_and(|alpha| alpha.premultiplied);
    let alpha = alpha.map(|alpha| light(alpha.frame, 0));
    let (width, height) = (frame.size.width as usize, frame.size.height as usize);
    let bytes = if alpha.is_some() { 4 } else { 3 };
    let mut out = vec![255; width * height * bytes];
    let mut lines = Lines::new(frame);
    let mut samples = vec![0; if deep.is_some() { width * 3 } else { 0 }];
    let mut seen = vec![0; samples.len()];
    for (y, row) in out.chunks_exact_mut((width * bytes).max(1)).enumerate() {
        if y % BAND == 0 {
            budget.check()?;
        }
        lines.read(frame, y);
        let alpha = alpha.as_ref().and_then(|alpha| alpha.get(y * width..));
        let straight = |x: usize| match alpha.and_then(|alpha| alpha.get(x)) {
            Some(0) => [0.0; 3],
            Some(&alpha) => lines.pixel(x).map(|share| share * 255.0 / f32::from(alpha)),
            None => lines.pixel(x),
        };
        let colour = |x: usize| match premultiplied {
            true => straight(x),
            false => lines.pixel(x),
        };
        if let Some(deep) = deep.as_deref_mut() {
            for (x, pixel) in samples.as_chunks_mut::<3>().0.iter_mut().enumerate() {
                *pixel = colour(x).map(wide);
            }
            deep.row(&samples, &mut seen);
            for (out, seen) in row.chunks_exact_mut(bytes).zip(seen.as_chunks::<3>().0) {
                out.iter_mut()
                    .zip(seen)
                    .for_each(|(out, seen)| *out = *seen);
            }
        } else {
            for (x, pixel) in row.chunks_exact_mut(bytes).enumerate() {
                for (out, share) in pixel.iter_mut().zip(colour(x)) {
                    *out = byte(share);
                }
            }
        }
        if let Some(alpha) = alpha {
            let (pixels, _) = row.as_chunks_mut::<4>();
            for ([.., a], &alpha) in pixels.iter_mut().zip(alpha) {
                *a = alpha;
            }
        }
    }
    Ok(out)
}

/// A row of colour differences, as wide as the picture. What is stored at half the size lies in the
/// middle of the pixels it stands for, and between two such places on the line, as browsers have
/// it.
fn spread(plane: &Plane, frame: &Frame, y: usize, stored: &mut [Vec<f32>; 2], out: &mut [f32]) {
    let wide = frame.depth > 8;
    let (across, down) = frame.halved;
    if !across && !down {
        return row(plane, y, wide, out);
    }
    let between = |near: f32, far: f32| 0.75 * near + 0.25 * far;
    let [near, far] = stored;
    let at = if down { y / 2 } else { y };
    row(plane, at, wide, near);
    if down {
        let last = (frame.size.height as usize).div_ceil(2).saturating_sub(1);
        let beside = if y.is_multiple_of(2) {
            at.saturating_sub(1)
        } else {
            (at + 1).min(last)
        };
        row(plane, beside, wide, far);
        for (near, far) in near.iter_mut().zip(far.iter()) {
            *near = between(*near, *far);
        }
    }
    if !across {
        return out.copy_from_slice(near);
    }
    let width = out.len().div_ceil(2);
    let near = near.get(..width).unwrap_or_default();
    let (befores, afters) = (
        near.first().into_iter().chain(near),
        near.iter().skip(1).chain(near.last()),
    );
    for (((pair, here), before), after) in out.chunks_mut(2).zip(near).zip(befores).zip(afters) {
        for (out, beside) in pair.iter_mut().zip([before, after]) {
            *out = between(*here, *beside);
        }
    }
}

/// The rows of the planes that a row of pixels is made from, each as wide as the picture.
struct Lines {
    range: Range,
    matrix: Matrix,
    light: Vec<f32>,
    blue: Vec<f32>,
    red: Vec<f32>,
    /// Two rows of a plane as they are stored.
    stored: [Vec<f32>; 2],
}

impl Lines {
    fn new(frame: &Frame) -> Self {
        let width = frame.size.width as usize;
        let range = Range::new(frame);
        Self {
            range,
            matrix: Matrix::of(frame),
            light: vec![0.0; width],
            // A picture of one plane has no colour.
            blue: vec![range.middle; width],
            red: vec![range.middle; width],
            stored: [vec![0.0; width], vec![0.0; width]],
        }
    }

    fn read(&mut self, frame: &Frame, y: usize) {
        if let [light, rest @ ..] = frame.planes.as_slice() {
            row(light, y, frame.depth > 8, &mut self.light);
            if let [blue, red] = rest {
                spread(blue, frame, y, &mut self.stored, &mut self.blue);
                spread(red, frame, y, &mut self.stored, &mut self.red);
            }
        }
    }

    /// Red, green and blue as shares of one.
    fn pixel(&self, x: usize) -> [f32; 3] {
        let at = |line: &[f32], x: usize| line.get(x).copied().unwrap_or(0.0);
        let range = self.range;
        let light = (at(&self.light, x) - range.black) * range.light;
        let (blue, red) = (at(&self.blue, x), at(&self.red, x));
        let (cb, cr) = (
            (blue - range.middle) * range.colour,
            (red - range.middle) * range.colour,
        );
        match self.matrix {
            Matrix::Identity => {
                // Green, blue and red, each with the range of light.
                let share = |n: f32| (n - range.black) * range.light;
                [share(red), light, share(blue)]
            }
            Matrix::YCgCo => {
                let rest = light - cb;
                [rest + cr, light + cb, rest - cr]
            }
            Matrix::Weights(kr, kb) => {
                let kg = 1.0 - kr - kb;
                let r = light + 2.0 * (1.0 - kr) * cr;
                let b = light + 2.0 * (1.0 - kb) * cb;
                [r, (light - kr * r - kb * b) / kg, b]
            }
        }
    }
}
