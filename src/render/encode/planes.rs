//! RGB to light and colour differences: full range, BT.601, as JPEG has them.

use std::borrow::Cow;

use crate::render::raster::{Layout, Raster};

/// Planes without padding.
pub(super) struct Yuv {
    pub light: Vec<u8>,
    pub blue: Vec<u8>,
    pub red: Vec<u8>,
}

impl Yuv {
    /// Planes of an RGB or RGBA picture; colour differences at half the size of light where `halved`,
    /// each the mean of the pixels it covers.
    pub fn new(raster: &Raster, halved: bool) -> Self {
        let width = raster.size().width as usize;
        let pixels: Cow<'_, [[u8; 3]]> = match raster.layout() {
            Layout::Rgba => {
                let (rgba, _) = raster.pixels().as_chunks::<4>();
                rgba.iter().map(|&[r, g, b, _]| [r, g, b]).collect()
            }
            _ => Cow::Borrowed(raster.pixels().as_chunks::<3>().0),
        };
        let light = pixels.iter().map(|&[r, g, b]| light(r, g, b)).collect();
        let (blue, red) = if halved {
            let small = halves(&pixels, width);
            small.into_iter().map(differences).unzip()
        } else {
            pixels.iter().copied().map(differences).unzip()
        };
        Self { light, blue, red }
    }
}

/// Means of two by two pixels; at odd edges of those there are.
fn halves(pixels: &[[u8; 3]], width: usize) -> Vec<[u8; 3]> {
    let mut out = Vec::with_capacity(pixels.len() / 4 + width);
    for rows in pixels.chunks(2 * width.max(1)) {
        let (upper, lower) = rows.split_at(width.min(rows.len()));
        let lower = if lower.is_empty() { upper } else { lower };
        for (a, b) in upper.chunks(2).zip(lower.chunks(2)) {
            let mut sums = [0_u16; 3];
            let mut count = 0;
            for pixel in a.iter().chain(b) {
                count += 1;
                for (sum, &sample) in sums.iter_mut().zip(pixel) {
                    *sum += u16::from(sample);
                }
            }
            let mean = |sum: u16| {
                u8::try_from((sum + count / 2).checked_div(count).unwrap_or(0)).unwrap_or(255)
            };
            out.push(sums.map(mean));
        }
    }
    out
}

/// Sixteen bits behind the point.
const HALF: i32 = 1 << 15;

fn light(r: u8, g: u8, b: u8) -> u8 {
    let sum = 19_595 * i32::from(r) + 38_470 * i32::from(g) + 7_471 * i32::from(b) + HALF;
    u8::try_from(sum >> 16).unwrap_or(255)
}

fn differences([r, g, b]: [u8; 3]) -> (u8, u8) {
    let (r, g, b) = (i32::from(r), i32::from(g), i32::from(b));
    let byte = |sum: i32| u8::try_from(((sum + HALF) >> 16) + 128).unwrap_or(255);
    (
        byte(-11_059 * r - 21_709 * g + 32_768 * b),
        byte(32_768 * r - 27_439 * g - 5_329 * b),
    )
}
