//! PQ and HLG on screens that show no light brighter than white.
//!
//! Highlights are brought down as browsers do it, by the reference white tone mapping of SMPTE ST
//! 2094-50 (annex on it): the brightest of red, green and blue in BT.2020 decides by how much all
//! three are dimmed. Up to the reference white of 203 candelas that is a constant, above it a
//! quadratic Bézier curve leads to the brightest light of the picture, which becomes white.

use std::sync::LazyLock;

use moxcms::Matrix3d;

use super::profile::{encoded, primaries};
use super::space::Coded;

/// Candelas a square metre that count as 1 here (ITU-R BT.2408).
const REFERENCE_WHITE: f32 = 203.0;
/// The brightest light of a picture that does not name it.
const USUAL_PEAK: f32 = 1000.0;
const BT2020: u8 = 9;
const BT709: u8 = 1;

/// Three sums of three products.
type Matrix = [[f32; 3]; 3];

/// What brings samples of PQ or HLG to sRGB.
pub(super) struct Hdr {
    /// Light by the sample: of the screen, or of the scene where `scene` is there.
    light: &'static [f32],
    /// The weights of the three colours in the light of a scene by HLG.
    scene: Option<[f32; 3]>,
    to_bt2020: Matrix,
    to_srgb: Matrix,
    shoulder: Shoulder,
}

impl Hdr {
    /// `None` for primaries that there are not.
    pub fn new(coded: Coded) -> Option<Self> {
        let own = primaries(coded.primaries)?;
        let wide = primaries(BT2020)?.to_d50()?;
        let (to_bt2020, to_srgb) = (
            wide.inverse() * own.to_d50()?,
            primaries(BT709)?.to_d50()?.inverse() * wide,
        );
        Some(Self {
            light: if coded.is_hlg() { &HLG } else { &PQ },
            scene: match coded.is_hlg() {
                true => Some(single(own.to_xyz()?)[1]),
                false => None,
            },
            to_bt2020: single(to_bt2020),
            to_srgb: single(to_srgb),
            shoulder: Shoulder::new(coded.peak.unwrap_or(USUAL_PEAK)),
        })
    }

    /// A pixel of 16 bits a sample.
    pub fn pixel(&self, samples: [u16; 3]) -> [u8; 3] {
        let mut light = samples.map(|n| self.light.get(usize::from(n)).copied().unwrap_or(0.0));
        if let Some(weights) = self.scene {
            // The light of the screen that HLG is meant for: 1,000 candelas, a system gamma of 1.2.
            let [r, g, b] = light;
            let all = r * weights[0] + g * weights[1] + b * weights[2];
            let gain = all.max(0.0).powf(0.2) * (1000.0 / REFERENCE_WHITE);
            light = light.map(|n| n * gain);
        }
        let light = times(&self.to_bt2020, light);
        let [r, g, b] = light;
        let gain = self.shoulder.gain(r.max(g).max(b));
        times(&self.to_srgb, light.map(|n| n * gain)).map(byte)
    }
}

fn times(matrix: &Matrix, [r, g, b]: [f32; 3]) -> [f32; 3] {
    matrix.map(|[x, y, z]| x * r + y * g + z * b)
}

#[allow(
    clippy::cast_possible_truncation,
    reason = "numbers of a few digits before the point"
)]
fn single(matrix: Matrix3d) -> Matrix {
    matrix.v.map(|row| row.map(|n| n as f32))
}

/// The curve that brings light down.
struct Shoulder {
    /// Light that becomes white; 1 where none is brighter than the reference.
    peak: f32,
    /// What the reference white becomes.
    white: f32,
    /// The curve behind it by its parameter: coefficients of the square and of the first power.
    across: [f32; 2],
    up: [f32; 2],
}

impl Shoulder {
    /// How far the middle point of the curve lies towards its end.
    const BEND: f32 = 0.65;

    fn new(candelas: f32) -> Self {
        let peak = (candelas / REFERENCE_WHITE).max(1.0);
        let headroom = peak.log2() / (USUAL_PEAK / REFERENCE_WHITE).log2();
        let white = 1.0 - 0.5 * headroom.min(1.0);
        let (x, y) = (
            1.0 - Self::BEND + Self::BEND / white,
            (1.0 - Self::BEND) * white + Self::BEND,
        );
        Self {
            peak,
            white,
            across: [1.0 - 2.0 * x + peak, 2.0 * x - 2.0],
            up: [white - 2.0 * y + 1.0, 2.0 * y - 2.0 * white],
        }
    }

    /// What light is multiplied by whose brightest colour is this.
    fn gain(&self, brightest: f32) -> f32 {
        if brightest <= 1.0 || self.peak <= 1.0 {
            return self.white;
        }
        if brightest >= self.peak {
            return 1.0 / brightest;
        }
        let [a, b] = self.across;
        let over = brightest - 1.0;
        // The parameter at which the curve is so far across; written so that `a` may be nothing.
        let t = 2.0 * over / (b + (b * b + 4.0 * a * over).max(0.0).sqrt());
        let [c, d] = self.up;
        (self.white + t * (d + t * c)) / brightest
    }
}

const SAMPLES: usize = 1 << 16;

fn table(light: impl Fn(f64) -> f64) -> Box<[f32]> {
    #[allow(
        clippy::cast_possible_truncation,
        reason = "light up to some thousands"
    )]
    (0..SAMPLES)
        .map(|n| light(n as f64 / (SAMPLES - 1) as f64) as f32)
        .collect()
}

/// Light of PQ (SMPTE ST 2084), 1 for the reference white.
static PQ: LazyLock<Box<[f32]>> = LazyLock::new(|| {
    const M1: f64 = 2610.0 / 16384.0;
    const M2: f64 = 2523.0 / 4096.0 * 128.0;
    const C1: f64 = 3424.0 / 4096.0;
    const C2: f64 = 2413.0 / 4096.0 * 32.0;
    const C3: f64 = 2392.0 / 4096.0 * 32.0;
    table(|sample| {
        let power = sample.powf(1.0 / M2);
        let share = ((power - C1).max(0.0) / (C2 - C3 * power)).powf(1.0 / M1);
        share * 10_000.0 / f64::from(REFERENCE_WHITE)
    })
});

/// Light of a scene by HLG (ITU-R BT.2100), up to 1.
static HLG: LazyLock<Box<[f32]>> = LazyLock::new(|| {
    const A: f64 = 0.178_832_77;
    const B: f64 = 1.0 - 4.0 * A;
    let c = 0.5 - A * (4.0 * A).ln();
    table(|sample| match sample <= 0.5 {
        true => sample * sample / 3.0,
        false => (((sample - c) / A).exp() + B) / 12.0,
    })
});

/// Steps of light in [`BYTES`]: near black a step of sRGB is five of them.
const STEPS: u16 = 1 << 14;

static BYTES: LazyLock<Box<[u8]>> = LazyLock::new(|| {
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the cast saturates, which is the clamp wanted"
    )]
    (0..=STEPS)
        .map(|n| (encoded(f32::from(n) / f32::from(STEPS)) * 255.0 + 0.5) as u8)
        .collect()
});

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast saturates, which is the clamp wanted"
)]
fn byte(light: f32) -> u8 {
    let step = (light * f32::from(STEPS) + 0.5) as usize;
    BYTES.get(step).copied().unwrap_or(255)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grey(transfer: u8, peak: Option<f32>, sample: u16) -> u8 {
        let coded = Coded {
            primaries: BT2020,
            transfer,
            peak,
        };
        let [r, g, b] = Hdr::new(coded).unwrap().pixel([sample << 6; 3]);
        assert!(r.abs_diff(g) <= 1 && g.abs_diff(b) <= 1);
        g
    }

    /// What headless Chromium 156 shows of greys of ten bits.
    #[test]
    fn greys_are_what_a_browser_shows() {
        for (sample, expected) in [
            (0, 0),
            (120, 4),
            (240, 26),
            (360, 61),
            (480, 113),
            (552, 157),
            (600, 192),
            (648, 216),
            (696, 233),
            (744, 248),
            (768, 255),
            (1008, 255),
        ] {
            let seen = grey(16, None, sample);
            assert!(
                seen.abs_diff(expected) <= 1,
                "{sample}: {seen}, not {expected}"
            );
        }
    }

    #[test]
    fn a_picture_no_brighter_than_white_is_not_dimmed() {
        // 203 candelas are 0.5807 of PQ.
        assert!(grey(16, Some(203.0), 594) >= 254);
        assert!(grey(16, Some(100.0), 594) >= 254);
        assert!(grey(16, Some(1000.0), 594).abs_diff(188) <= 1);
    }
}
