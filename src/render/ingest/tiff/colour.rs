//! Samples to pixels of 8 bits.

use super::chunk::Given;
use super::page::{Alpha, Colour, Kind, Page, YCbCr};
use crate::render::raster::Layout;

/// Pixels of a row, from samples that stand pixel by pixel.
pub(super) fn pixels(page: &Page<'_>, given: Given, samples: &[f32], into: &mut [u8]) {
    let layout = page.layout();
    if keeps_order(page, given) {
        for (byte, &light) in into.iter_mut().zip(samples) {
            *byte = level(light);
        }
        return;
    }
    let rows = samples
        .chunks_exact(page.samples)
        .zip(into.chunks_exact_mut(layout.bytes()));
    for (samples, pixel) in rows {
        let mut colour = match (page.colour, given) {
            (Colour::Grey { .. }, _) => [at(samples, 0); 4],
            (Colour::Rgb, _) | (Colour::YCbCr(_), Given::Rgb) => {
                [at(samples, 0), at(samples, 1), at(samples, 2), 1.0]
            }
            (Colour::Cmyk, _) => [0, 1, 2, 3].map(|n| at(samples, n)),
            (Colour::Palette, _) => palette(page, at(samples, 0)),
            (Colour::YCbCr(how), Given::Stored) => ycbcr(how, samples),
            (Colour::Lab { signed }, _) => lab(page.bits, signed, samples),
        };
        let alpha = page.alpha.map(|Alpha { sample, associated }| {
            let alpha = at(samples, sample);
            if associated && alpha > 0.0 {
                colour = colour.map(|light| light / alpha);
            }
            alpha
        });
        if matches!(
            page.colour,
            Colour::Grey {
                white_is_zero: true
            }
        ) {
            colour = colour.map(|light| 1.0 - light);
        }
        if layout == Layout::Rgba {
            colour[3] = alpha.unwrap_or(1.0);
        }
        for (byte, light) in pixel.iter_mut().zip(colour) {
            *byte = level(light);
        }
    }
}

/// Whether rows are pixels as they are stored.
pub(super) fn is_plain(page: &Page<'_>, given: Given) -> bool {
    page.kind == Kind::Whole && page.bits == 8 && !page.planar && keeps_order(page, given)
}

/// Whether samples are those of pixels in their order, none more or less.
fn keeps_order(page: &Page<'_>, given: Given) -> bool {
    let straight = page.alpha.is_none_or(|alpha| !alpha.associated);
    let direct = match page.colour {
        Colour::Grey { white_is_zero } => !white_is_zero,
        Colour::Rgb | Colour::Cmyk => true,
        _ => given == Given::Rgb,
    };
    direct && straight && page.samples == page.layout().bytes()
}

fn at(samples: &[f32], n: usize) -> f32 {
    samples.get(n).copied().unwrap_or(0.0)
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "casts of numbers out of range saturate, and no number becomes 0"
)]
fn level(light: f32) -> u8 {
    (light * 255.0 + 0.5) as u8
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "indices of 16 bits at most, as whole numbers"
)]
fn palette(page: &Page<'_>, index: f32) -> [f32; 4] {
    let [r, g, b] = page.map.get(index as usize).copied().unwrap_or([0; 3]);
    let light = |level: u8| f32::from(level) / 255.0;
    [light(r), light(g), light(b), 1.0]
}

/// Brightness and colour differences, by the shares and references of the file.
fn ycbcr(how: YCbCr, samples: &[f32]) -> [f32; 4] {
    let part = |n: usize, range: f32| {
        let [black, white] = how.references.get(n).copied().unwrap_or([0.0, 255.0]);
        let span = if white == black { 1.0 } else { white - black };
        (at(samples, n) * 255.0 - black) * range / span
    };
    let (y, cb, cr) = (part(0, 255.0), part(1, 127.0), part(2, 127.0));
    let [red, green, blue] = how.shares;
    let r = y + cr * (2.0 - 2.0 * red);
    let b = y + cb * (2.0 - 2.0 * blue);
    let g = (y - blue * b - red * r) / if green == 0.0 { 1.0 } else { green };
    [r / 255.0, g / 255.0, b / 255.0, 1.0]
}

/// CIE L*a*b* of D50, as printing has it, in sRGB.
fn lab(bits: usize, signed: bool, samples: &[f32]) -> [f32; 4] {
    // Colours count in steps of 1 in 8 bits; more bits are fractions of a step.
    let (full, middle) = match bits {
        8 => (255.0, 128.0),
        _ => (65535.0 / 256.0, 128.0),
    };
    let axis = |n| {
        let value = at(samples, n) * full;
        match signed {
            // Two's complement, read as if it were not.
            true if value >= middle => value - if bits == 8 { 256.0 } else { full + 1.0 / 256.0 },
            true => value,
            false => value - middle,
        }
    };
    let (lightness, a, b) = (at(samples, 0) * 100.0, axis(1), axis(2));
    let y = (lightness + 16.0) / 116.0;
    let light = |f: f32| {
        const EDGE: f32 = 6.0 / 29.0;
        if f > EDGE {
            f * f * f
        } else {
            3.0 * EDGE * EDGE * (f - 4.0 / 29.0)
        }
    };
    let xyz = [
        light(y + a / 500.0) * 0.964_22,
        light(y),
        light(y - b / 200.0) * 0.825_21,
    ];
    // D50 to sRGB by Bradford's adaptation.
    const TO_RGB: [[f32; 3]; 3] = [
        [3.133_856, -1.616_866_7, -0.490_614_6],
        [-0.978_768_4, 1.916_141_5, 0.033_454],
        [0.071_945_3, -0.228_991_4, 1.405_242_7],
    ];
    let [r, g, b] = TO_RGB.map(|row| {
        let linear: f32 = row.iter().zip(xyz).map(|(share, n)| share * n).sum();
        if linear <= 0.003_130_8 {
            linear * 12.92
        } else {
            1.055 * linear.powf(1.0 / 2.4) - 0.055
        }
    });
    [r, g, b, 1.0]
}
