//! The quality at which this picture looks as good as was asked: a model of what encoders do to it, without
//! encoding.
//!
//! A quality is a step of rounding, and the same step spoils one picture more than another: leaves hide it, a face
//! or a sky shows it. So blocks of the picture are taken to frequencies, rounded as the encoder would, and what that
//! loses is set against what the block holds: one minus the structural similarity of the block. A line
//! fitted over photographs turns its mean, the colour that half-size planes would lose and how busy the picture is into a
//! score on the scale of SSIMULACRA2. The least quality whose score is high enough is taken.
//!
//! The fit: photographs of Debian's packages of wallpapers at 400 and 800 pixels, 52 pictures for JPEG and WebP and 73 for AVIF, each
//! written at seven or eight qualities; `just bench-quality` prints what it reaches. Left to itself a quality scatters by 4 to 7
//! points (standard deviation), aimed at by 2 to 4.

use std::f32::consts::PI;

use crate::plan::Encode;
use crate::render::raster::{Layout, Raster};
use crate::spec::{Chroma, Format};

/// Pixels along a block's sides.
const SIDE: usize = 8;
/// Blocks that are looked at, at most; they lie all over the picture.
const BLOCKS: usize = 400;
/// Spreads the blocks: a multiplier far from all simple fractions of 2^32.
const SPREAD: u64 = 2_654_435_761;

/// What a format's encoder is taken for, and the line through its scores.
struct Model {
    /// The qualities among which is chosen: where the line was fitted.
    range: (u8, u8),
    /// Rounds a frequency's step for a quality from the one that the luminance table of the JPEG standard
    /// has at quality 50, or from one.
    step: fn(f32) -> Step,
    /// Of one, `z`, its square and its cube, where `z` is the quality less 70 in units of 20.
    quality: [f32; 4],
    /// Of the logarithm of what the blocks lose.
    loss: f32,
    /// Of the logarithm of the colour that half-size planes lose.
    colour: f32,
    /// Of the mean logarithm of the blocks' variance.
    busy: f32,
}

/// How a frequency is rounded.
enum Step {
    /// To the nearest multiple of the table's entry times this, at least one.
    Table(f32),
    /// To a multiple of this, towards zero unless it is past three fifths of the way.
    Flat(f32),
    /// As flat for the mean; up to four times as coarse for the highest frequency, in proportion to the sum of its two numbers.
    Steep(f32),
}

const JPEG: Model = Model {
    range: (40, 90),
    step: |quality| {
        Step::Table(if quality < 50.0 {
            50.0 / quality
        } else {
            2.0 - quality / 50.0
        })
    },
    quality: [48.8051, 6.8350, -0.4925, 0.0],
    loss: -5.7770,
    colour: -1.0745,
    busy: 1.2900,
};

const WEBP: Model = Model {
    range: (35, 93),
    step: |quality| Step::Flat(finest(quality)),
    quality: [42.1051, 5.2803, 1.5004, 0.0],
    loss: -6.8775,
    colour: -0.7408,
    busy: 0.8373,
};

const AVIF: Model = Model {
    range: (30, 92),
    step: |quality| Step::Steep(finest(quality)),
    quality: [43.4851, 5.4817, -1.9613, 0.3343],
    loss: -7.8747,
    colour: -0.9421,
    busy: 1.5872,
};

fn finest(quality: f32) -> f32 {
    (150.0 * (-0.035 * quality).exp()).max(2.0)
}

/// The luminance table of the JPEG standard (ITU-T T.81, annex K), row by row.
#[rustfmt::skip]
const TABLE: [f32; SIDE * SIDE] = [
    16., 11., 10., 16.,  24.,  40.,  51.,  61.,
    12., 12., 14., 19.,  26.,  58.,  60.,  55.,
    14., 13., 16., 24.,  40.,  57.,  69.,  56.,
    14., 17., 22., 29.,  51.,  87.,  80.,  62.,
    18., 22., 37., 56.,  68., 109., 103.,  77.,
    24., 35., 55., 64.,  81., 104., 113.,  92.,
    49., 64., 78., 87., 103., 121., 120., 101.,
    72., 92., 95., 98., 112., 100., 103.,  99.,
];

/// How much coarser a frequency is rounded than the mean where steps are steep.
const STEEP: [f32; SIDE * SIDE] = {
    let mut times = [0.0; SIDE * SIDE];
    let mut n = 0;
    while n < times.len() {
        times[n] = 1.0 + 3.0 * (n / SIDE + n % SIDE) as f32 / 14.0;
        n += 1;
    }
    times
};

/// The quality to write a picture with: the one asked for, or the least that comes up to the score aimed at.
pub(super) fn quality(raster: &Raster, how: &Encode) -> u8 {
    let model = match how.format {
        Format::Jpeg => &JPEG,
        Format::WebP => &WEBP,
        Format::Avif => &AVIF,
        _ => return how.quality,
    };
    let Some(aim) = how.aim else {
        return how.quality;
    };
    let Some(picture) = Picture::of(raster, how.chroma) else {
        return how.quality;
    };
    let good_enough = |quality: u8| picture.score(model, quality) >= f32::from(aim);
    let (mut low, mut high) = model.range;
    while low < high {
        let middle = low.midpoint(high);
        if good_enough(middle) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    high
}

/// What is known of a picture.
struct Picture {
    /// The frequencies of blocks of its light, the mean left out.
    blocks: Vec<[f32; SIDE * SIDE]>,
    /// The logarithm of the mean square of what colour loses in half-size planes.
    colour: f32,
    /// The mean logarithm of the blocks' variance.
    busy: f32,
}

impl Picture {
    /// Looks at a picture; nothing of one without a whole block.
    fn of(raster: &Raster, chroma: Chroma) -> Option<Self> {
        let (width, height) = (raster.size().width as usize, raster.size().height as usize);
        let (columns, rows) = (width / SIDE, height / SIDE);
        let count = columns * rows;
        let basis = basis();
        let mut blocks = Vec::with_capacity(count.min(BLOCKS));
        let mut lost = 0.0;
        for n in 0..count.min(BLOCKS) {
            let at = usize::try_from((n as u64 * SPREAD) % count as u64).ok()?;
            let corner = (at % columns * SIDE, at / columns * SIDE);
            let pixels = pixels(raster, corner)?;
            blocks.push(frequencies(&pixels.map(light), &basis));
            if chroma == Chroma::Half && raster.layout() != Layout::Grey {
                lost += colour_lost(&pixels);
            }
        }
        if blocks.is_empty() {
            return None;
        }
        let taken = blocks.len() as f32;
        let variance = |block: &[f32; SIDE * SIDE]| energy(block) / (SIDE * SIDE) as f32;
        let busy: f32 = blocks.iter().map(|b| variance(b).ln_1p()).sum();
        Some(Self {
            colour: (lost / taken + 0.01).ln(),
            busy: busy / taken,
            blocks,
        })
    }

    /// The score that a quality is expected to have.
    fn score(&self, model: &Model, quality: u8) -> f32 {
        let quality = f32::from(quality);
        let step = (model.step)(quality);
        let lost: f32 = self.blocks.iter().map(|block| loss(block, &step)).sum();
        let lost = (lost / self.blocks.len() as f32).max(1e-6);
        let z = (quality - 70.0) / 20.0;
        let [one, line, square, cube] = model.quality;
        one + z * (line + z * (square + z * cube))
            + model.loss * lost.ln()
            + model.colour * self.colour
            + model.busy * self.busy
    }
}

/// Red, green and blue of a block's pixels.
fn pixels(raster: &Raster, (left, top): (usize, usize)) -> Option<[[f32; 3]; SIDE * SIDE]> {
    let bytes = raster.layout().bytes();
    let width = raster.size().width as usize;
    let mut block = [[0.0; 3]; SIDE * SIDE];
    for (y, row) in block.chunks_exact_mut(SIDE).enumerate() {
        let start = ((top + y) * width + left) * bytes;
        let stored = raster.pixels().get(start..start + SIDE * bytes)?;
        for (pixel, samples) in row.iter_mut().zip(stored.chunks_exact(bytes)) {
            *pixel = match *samples {
                [r, g, b] | [r, g, b, _] => [r, g, b].map(f32::from),
                [grey, ..] => [f32::from(grey); 3],
                [] => continue,
            };
        }
    }
    Some(block)
}

/// ITU-R BT.601, as JPEG has it.
fn light([r, g, b]: [f32; 3]) -> f32 {
    0.299 * r + 0.587 * g + 0.114 * b
}

/// The mean square of what the two differences of colour lose when each four pixels share one.
fn colour_lost(pixels: &[[f32; 3]; SIDE * SIDE]) -> f32 {
    let differences = pixels.map(|pixel| {
        let light = light(pixel);
        let [r, _, b] = pixel;
        [(b - light) * 0.564, (r - light) * 0.713]
    });
    let mut sum = 0.0;
    for rows in differences.chunks_exact(2 * SIDE) {
        let (upper, lower) = rows.split_at(SIDE);
        for (upper, lower) in upper.chunks_exact(2).zip(lower.chunks_exact(2)) {
            let four = || upper.iter().chain(lower);
            for part in 0..2 {
                let value = |pixel: &[f32; 2]| pixel.get(part).copied().unwrap_or(0.0);
                let mean = four().map(value).sum::<f32>() / 4.0;
                sum += four().map(|p| (value(p) - mean).powi(2)).sum::<f32>();
            }
        }
    }
    sum / (SIDE * SIDE) as f32
}

/// The cosines of the transform: `[frequency][place]`, so scaled that it keeps lengths.
fn basis() -> [[f32; SIDE]; SIDE] {
    std::array::from_fn(|frequency| {
        let scale = if frequency == 0 {
            0.125_f32.sqrt()
        } else {
            0.5
        };
        std::array::from_fn(|place| {
            scale * ((2 * place + 1) as f32 * frequency as f32 * PI / 16.0).cos()
        })
    })
}

/// The transform, along rows and then along columns, without the mean.
fn frequencies(light: &[f32; SIDE * SIDE], basis: &[[f32; SIDE]; SIDE]) -> [f32; SIDE * SIDE] {
    let mut halfway = [0.0; SIDE * SIDE];
    for (from, to) in light.chunks_exact(SIDE).zip(halfway.chunks_exact_mut(SIDE)) {
        for (to, wave) in to.iter_mut().zip(basis) {
            *to = from.iter().zip(wave).map(|(a, b)| a * b).sum();
        }
    }
    let mut out = [0.0; SIDE * SIDE];
    for (to, wave) in out.chunks_exact_mut(SIDE).zip(basis) {
        for (from, weight) in halfway.chunks_exact(SIDE).zip(wave) {
            for (to, from) in to.iter_mut().zip(from) {
                *to += from * weight;
            }
        }
    }
    if let Some(mean) = out.first_mut() {
        *mean = 0.0;
    }
    out
}

fn energy(block: &[f32; SIDE * SIDE]) -> f32 {
    block.iter().map(|c| c * c).sum()
}

/// One minus the structural similarity of a block and what is left of it: the part about contrast, with the usual
/// constant of (0.03 · 255)².
fn loss(block: &[f32; SIDE * SIDE], step: &Step) -> f32 {
    const STEADY: f32 = 58.5225 * (SIDE * SIDE) as f32;
    let left = |c: f32, step: f32, round: f32| {
        let size = c.abs();
        // Towards zero by way of a whole number: one instruction, where `floor` is a call.
        let times = (size / step + round) as i32;
        (size - times as f32 * step).powi(2)
    };
    let lost: f32 = match *step {
        Step::Table(times) => {
            let entries = block.iter().zip(&TABLE);
            entries
                .map(|(&c, entry)| left(c, (entry * times).max(1.0), 0.5))
                .sum()
        }
        Step::Flat(step) => block.iter().map(|&c| left(c, step, 0.4)).sum(),
        Step::Steep(step) => {
            let entries = block.iter().zip(&STEEP);
            entries.map(|(&c, times)| left(c, step * times, 0.4)).sum()
        }
    };
    lost / (2.0 * energy(block) + STEADY)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Size;

    fn picture(sample: impl Fn(u32, u32) -> u8) -> Raster {
        let size = Size::new(160, 120);
        let pixels = (0..size.height)
            .flat_map(|y| (0..size.width).map(move |x| (x, y)))
            .flat_map(|(x, y)| [sample(x, y); 3])
            .collect();
        Raster::new(size, Layout::Rgb, pixels).unwrap()
    }

    fn aimed(format: Format, raster: &Raster, aim: u8) -> u8 {
        let mut how = Encode::new(format, 77);
        how.aim = Some(aim);
        quality(raster, &how)
    }

    #[test]
    fn a_higher_aim_is_a_higher_quality() {
        let busy = picture(|x, y| (x.wrapping_mul(7919) ^ y.wrapping_mul(104_729)) as u8 / 2);
        for format in [Format::Jpeg, Format::WebP, Format::Avif] {
            let at = [64, 70, 76, 81].map(|aim| aimed(format, &busy, aim));
            assert!(at.is_sorted(), "{format:?} {at:?}");
            assert!(at[0] < at[3], "{format:?} {at:?}");
        }
    }

    #[test]
    fn without_an_aim_the_quality_stays() {
        let grey = picture(|x, _| x as u8);
        assert_eq!(quality(&grey, &Encode::new(Format::Jpeg, 33)), 33);
        assert_eq!(aimed(Format::Png, &grey, 81), 77);
    }

    #[test]
    fn a_picture_smaller_than_a_block_has_the_usual_quality() {
        let dot = Raster::new(Size::new(7, 200), Layout::Grey, vec![9; 1400]).unwrap();
        assert_eq!(aimed(Format::Jpeg, &dot, 81), 77);
    }

    #[test]
    fn the_transform_keeps_lengths() {
        let mut light: [f32; 64] = std::array::from_fn(|n| (n * n % 61) as f32);
        let mean = light.iter().sum::<f32>() / 64.0;
        light = light.map(|sample| sample - mean);
        let there = frequencies(&light, &basis());
        assert!((energy(&there) / energy(&light) - 1.0).abs() < 1e-4);
    }
}
