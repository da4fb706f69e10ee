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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Size;

    /// The equations of JFIF, in 64-bit floats.
    fn exact([r, g, b]: [u8; 3]) -> [f64; 3] {
        let [r, g, b] = [r, g, b].map(f64::from);
        [
            0.299 * r + 0.587 * g + 0.114 * b,
            128.0 - 0.168_736 * r - 0.331_264 * g + 0.5 * b,
            128.0 + 0.5 * r - 0.418_688 * g - 0.081_312 * b,
        ]
    }

    fn near(sample: u8, exact: f64) -> bool {
        // Sixteen bits of the weights are a hundredth of a step.
        (f64::from(sample) - exact.clamp(0.0, 255.0)).abs() <= 0.51
    }

    #[test]
    fn every_colour_is_converted_as_the_equations_say() {
        for n in (0..1_u32 << 24).step_by(7) {
            let [r, g, b, _] = n.to_le_bytes();
            let [light_is, blue_is, red_is] = exact([r, g, b]);
            let (blue, red) = differences([r, g, b]);
            let all = near(light(r, g, b), light_is) && near(blue, blue_is) && near(red, red_is);
            assert!(all, "{r} {g} {b}: {} {blue} {red}", light(r, g, b));
        }
    }

    #[test]
    fn halved_planes_hold_the_mean_of_the_pixels_there_are() {
        let pixel = |x: u32, y: u32| [(x * 40) as u8, (y * 50) as u8, ((x + y) * 20) as u8];
        for (width, height) in [(1, 1), (1, 4), (5, 1), (5, 3), (4, 4)] {
            let places = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
            let pixels: Vec<u8> = places.flat_map(|(x, y)| pixel(x, y)).collect();
            let raster = Raster::new(Size::new(width, height), Layout::Rgb, pixels).unwrap();
            let yuv = Yuv::new(&raster, true);
            let halves = (0..height)
                .step_by(2)
                .flat_map(|y| (0..width).step_by(2).map(move |x| (x, y)));
            for (n, (left, top)) in halves.enumerate() {
                let covered = (top..(top + 2).min(height))
                    .flat_map(|y| (left..(left + 2).min(width)).map(move |x| exact(pixel(x, y))));
                let covered: Vec<[f64; 3]> = covered.collect();
                let mean = |part: usize| {
                    covered.iter().map(|p| p[part]).sum::<f64>() / covered.len() as f64
                };
                // The mean of the colours is rounded, and then what it becomes.
                assert!(
                    (f64::from(yuv.blue[n]) - mean(1)).abs() <= 1.0,
                    "{width}x{height} at {n}"
                );
                assert!(
                    (f64::from(yuv.red[n]) - mean(2)).abs() <= 1.0,
                    "{width}x{height} at {n}"
                );
            }
            assert_eq!(
                yuv.blue.len() as u32,
                width.div_ceil(2) * height.div_ceil(2)
            );
        }
    }
}
