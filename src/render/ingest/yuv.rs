//! Light and colour differences to RGB.

use super::av1::{Frame, Plane};

/// The weights of red and blue in light, by the number of the matrix; BT.601 where nothing is said,
/// as other decoders have it.
fn weights(matrix: u16) -> (f32, f32) {
    match matrix {
        1 => (0.2126, 0.0722),
        9 => (0.2627, 0.0593),
        _ => (0.299, 0.114),
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

/// RGB, or RGBA with straight alpha. Each colour sample stands for the pixels it covers.
pub(super) fn rgb(frame: &Frame, alpha: Option<&Frame>, premultiplied: bool) -> Vec<u8> {
    let alpha = alpha.map(|alpha| light(alpha, 0));
    let (width, height) = (frame.size.width as usize, frame.size.height as usize);
    let pixel = if alpha.is_some() { 4 } else { 3 };
    let mut out = vec![255; width * height * pixel];
    let mut lines = Lines::new(frame);
    for (y, row) in out.chunks_exact_mut((width * pixel).max(1)).enumerate() {
        lines.read(frame, y);
        for (x, pixel) in row.chunks_exact_mut(pixel).enumerate() {
            let colour = lines.pixel(x);
            for (out, share) in pixel.iter_mut().zip(colour) {
                *out = byte(share);
            }
        }
        let Some(alpha) = alpha.as_ref().and_then(|alpha| alpha.get(y * width..)) else {
            continue;
        };
        let (pixels, _) = row.as_chunks_mut::<4>();
        for ([r, g, b, a], &alpha) in pixels.iter_mut().zip(alpha) {
            *a = alpha;
            if premultiplied {
                for sample in [r, g, b] {
                    *sample = straight(*sample, alpha);
                }
            }
        }
    }
    out
}

/// A sample that was multiplied by its alpha, as it was before.
fn straight(sample: u8, alpha: u8) -> u8 {
    let (sample, alpha) = (u16::from(sample), u16::from(alpha));
    let full = (sample * 255 + alpha / 2).checked_div(alpha).unwrap_or(0);
    u8::try_from(full).unwrap_or(255)
}

/// The rows of the planes that a row of pixels is made from.
struct Lines {
    range: Range,
    weights: (f32, f32),
    identity: bool,
    halved: bool,
    light: Vec<f32>,
    blue: Vec<f32>,
    red: Vec<f32>,
}

impl Lines {
    fn new(frame: &Frame) -> Self {
        let width = frame.size.width as usize;
        let range = Range::new(frame);
        Self {
            range,
            weights: weights(frame.matrix),
            identity: frame.matrix == 0,
            halved: frame.halved.0,
            light: vec![0.0; width],
            // A picture of one plane has no colour.
            blue: vec![range.middle; width],
            red: vec![range.middle; width],
        }
    }

    fn read(&mut self, frame: &Frame, y: usize) {
        let wide = frame.depth > 8;
        let colour_y = if frame.halved.1 { y / 2 } else { y };
        if let [light, rest @ ..] = frame.planes.as_slice() {
            row(light, y, wide, &mut self.light);
            if let [blue, red] = rest {
                row(blue, colour_y, wide, &mut self.blue);
                row(red, colour_y, wide, &mut self.red);
            }
        }
    }

    /// Red, green and blue as shares of one.
    fn pixel(&self, x: usize) -> [f32; 3] {
        let colour_x = if self.halved { x / 2 } else { x };
        let at = |line: &[f32], x: usize| line.get(x).copied().unwrap_or(0.0);
        let range = self.range;
        let light = (at(&self.light, x) - range.black) * range.light;
        let (blue, red) = (at(&self.blue, colour_x), at(&self.red, colour_x));
        if self.identity {
            // Green, blue and red, each with the range of light.
            let share = |n: f32| (n - range.black) * range.light;
            return [share(red), light, share(blue)];
        }
        let (cb, cr) = (
            (blue - range.middle) * range.colour,
            (red - range.middle) * range.colour,
        );
        let (kr, kb) = self.weights;
        let kg = 1.0 - kr - kb;
        let r = light + 2.0 * (1.0 - kr) * cr;
        let b = light + 2.0 * (1.0 - kb) * cb;
        [r, (light - kr * r - kb * b) / kg, b]
    }
}
