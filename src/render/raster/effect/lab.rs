//! CIE L*a*b* (D65), where distances are as large as they look.

use std::sync::LazyLock;

use super::simd::byte;

/// Lightness 0 to 100, green to red, blue to yellow.
pub(in crate::render::raster) type Lab = [f32; 3];

/// Steps of the table of cube roots.
const STEPS: usize = 4096;

/// What a conversion looks up: light of a sample, and the curve that lightness follows over it.
struct Tables {
    linear: [f32; 256],
    curve: Vec<f32>,
    /// Samples by light, the way back.
    samples: Vec<f32>,
}

static TABLES: LazyLock<Tables> = LazyLock::new(|| {
    let mut linear = [0.0; 256];
    for (n, v) in (0..=255_u8).zip(&mut linear) {
        let s = f64::from(n) / 255.0;
        *v = if s <= 0.040_45 {
            s / 12.92
        } else {
            ((s + 0.055) / 1.055).powf(2.4)
        } as f32;
    }
    let curve = (0..=STEPS + 1)
        .map(|n| {
            let t = n as f32 / STEPS as f32;
            if t > 0.008_856 {
                t.cbrt()
            } else {
                7.787 * t + 16.0 / 116.0
            }
        })
        .collect();
    let samples = (0..=STEPS + 1)
        .map(|n| {
            let v = n as f32 / STEPS as f32;
            if v <= 0.003_130_8 {
                255.0 * 12.92 * v
            } else {
                255.0 * (1.055 * v.powf(1.0 / 2.4) - 0.055)
            }
        })
        .collect();
    Tables {
        linear,
        curve,
        samples,
    }
});

impl Tables {
    fn curve(&self, t: f32) -> f32 {
        between(&self.curve, t)
    }
}

/// The value of a table at a share of its length.
fn between(table: &[f32], t: f32) -> f32 {
    let at = (t * STEPS as f32).clamp(0.0, STEPS as f32);
    let n = at as usize;
    let (low, high) = (table[n], table[n + 1]);
    low + (high - low) * (at - n as f32)
}

/// From sRGB.
pub(in crate::render::raster) fn lab([r, g, b]: [u8; 3]) -> Lab {
    let tables = &*TABLES;
    let [r, g, b] = [r, g, b].map(|v| tables.linear[usize::from(v)]);
    let x = (0.412_456 * r + 0.357_576 * g + 0.180_437 * b) / 0.950_47;
    let y = 0.212_673 * r + 0.715_152 * g + 0.072_175 * b;
    let z = (0.019_334 * r + 0.119_192 * g + 0.950_304 * b) / 1.088_83;
    let [x, y, z] = [x, y, z].map(|v| tables.curve(v));
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}

/// To sRGB; what lies outside goes to its edge.
pub(super) fn rgb([l, a, b]: Lab) -> [u8; 3] {
    let tables = &*TABLES;
    let y = (l + 16.0) / 116.0;
    let back = |t: f32| {
        if t > 0.206_893 {
            t * t * t
        } else {
            (t - 16.0 / 116.0) / 7.787
        }
    };
    let x = back(y + a / 500.0) * 0.950_47;
    let z = back(y - b / 200.0) * 1.088_83;
    let y = back(y);
    [
        3.240_454 * x - 1.537_139 * y - 0.498_531 * z,
        -0.969_266 * x + 1.876_011 * y + 0.041_556 * z,
        0.055_643 * x - 0.204_026 * y + 1.057_225 * z,
    ]
    .map(|v| byte(between(&tables.samples, v)))
}

/// How different two colours look: 2.3 is just seen, 100 is black and white.
pub(in crate::render::raster) fn distance(a: Lab, b: Lab) -> f32 {
    let [dl, da, db] = [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
    (dl * dl + da * da + db * db).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_colour_comes_back() {
        for r in (0..=255).step_by(15) {
            for g in (0..=255).step_by(15) {
                for b in (0..=255).step_by(15) {
                    let back = rgb(lab([r, g, b]));
                    let off = [
                        back[0].abs_diff(r),
                        back[1].abs_diff(g),
                        back[2].abs_diff(b),
                    ];
                    assert!(off.iter().all(|&n| n <= 1), "{r} {g} {b}: {back:?}");
                }
            }
        }
    }

    #[test]
    fn known_colours() {
        // Published values of the sRGB primaries.
        let near = |a: Lab, b: Lab| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 0.2);
        assert!(near(lab([255, 255, 255]), [100.0, 0.0, 0.0]));
        assert!(near(lab([255, 0, 0]), [53.24, 80.09, 67.2]));
        assert!(near(lab([0, 0, 255]), [32.3, 79.19, -107.86]));
    }
}
