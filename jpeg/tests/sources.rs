//! Pictures, and files of every kind made from them.

use jpeg_encoder::{ColorType, Encoder, SamplingFactor};

/// Interleaved samples.
pub struct Source {
    pub width: u16,
    pub height: u16,
    pub colours: ColorType,
    pub samples: Vec<u8>,
}

fn channels(colours: ColorType) -> u16 {
    match colours {
        ColorType::Luma => 1,
        ColorType::Rgb | ColorType::Ycbcr => 3,
        _ => 4,
    }
}

/// Waves of several lengths and a little noise: something in every frequency, no two corners alike.
pub fn waves(width: u16, height: u16, colours: ColorType) -> Source {
    let mut noise = 1_u32;
    let mut samples = Vec::new();
    for y in 0..height {
        for x in 0..width {
            for channel in 0..channels(colours) {
                let (fx, fy) = (f64::from(x), f64::from(y));
                let phase = f64::from(channel);
                noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let wave = 128.0
                    + 50.0 * (fx / 17.0 + phase).sin()
                    + 40.0 * (fy / 11.0 - phase).cos()
                    + 12.0 * ((fx + fy) / 3.0).sin()
                    + f64::from(noise >> 29);
                samples.push(wave.clamp(0.0, 255.0) as u8);
            }
        }
    }
    Source {
        width,
        height,
        colours,
        samples,
    }
}

/// Slopes alone: what every way of scaling agrees on.
pub fn slopes(width: u16, height: u16, colours: ColorType) -> Source {
    let part = |n: u16, of: u16| (u32::from(n) * 200 / u32::from(of.max(2) - 1)) as u8 + 20;
    let mut samples = Vec::new();
    for y in 0..height {
        for x in 0..width {
            for channel in 0..channels(colours) {
                samples.push(match channel {
                    0 => part(x, width),
                    1 => part(y, height),
                    _ => 240 - part(x, width) / 2 - part(y, height) / 2,
                });
            }
        }
    }
    Source {
        width,
        height,
        colours,
        samples,
    }
}

impl Source {
    /// As a file, with what `settings` changes.
    pub fn file(&self, quality: u8, settings: impl Fn(&mut Encoder<&mut Vec<u8>>)) -> Vec<u8> {
        let mut file = Vec::new();
        let mut encoder = Encoder::new(&mut file, quality);
        settings(&mut encoder);
        encoder
            .encode(&self.samples, self.width, self.height, self.colours)
            .unwrap();
        file
    }
}

/// Every sampling that the encoder writes.
pub const SAMPLINGS: [SamplingFactor; 8] = [
    SamplingFactor::F_1_1,
    SamplingFactor::F_2_1,
    SamplingFactor::F_1_2,
    SamplingFactor::F_2_2,
    SamplingFactor::F_4_1,
    SamplingFactor::F_4_2,
    SamplingFactor::F_1_4,
    SamplingFactor::F_2_4,
];

/// Sides around the edges of blocks and MCUs.
pub const SIDES: [u16; 9] = [1, 2, 7, 8, 9, 15, 16, 17, 67];
