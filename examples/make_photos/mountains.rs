//! `folder/photo`: a mountain lake in the morning, at 12 MP, the picture to measure with.
//!
//! A height field seen by a level camera: along a column of the picture, from the bottom up, hits only move away, so
//! each ray starts where the one below it ended and the whole column costs one walk to the horizon.

use crate::canvas::{Canvas, each_row};
use crate::math::*;

/// Samples per pixel along a column.
const COLUMN_SAMPLES: usize = 2;
/// Height of the camera above the lake, in metres.
const EYE: f32 = 13.0;
/// Half the width of the view at distance 1.
const HALF_WIDTH: f32 = 0.62;
/// Where the horizon lies, as a part of the picture's height from the top.
const HORIZON: f32 = 0.62;
/// As far as the ground is followed, in metres.
const FAR: f32 = 15_000.0;
/// Cells of the shadow map, and metres per cell.
const SHADOW_CELLS: usize = 1536;
const SHADOW_METRES: f32 = 9.0;

fn sun() -> V3 {
    v3(-0.84, 0.50, -0.12).unit()
}

/// Ridged noise whose octaves fade on slopes, so that valleys are smooth and crests are sharp.
fn ridges(x: f32, z: f32, octaves: u32) -> f32 {
    let (mut px, mut pz, mut amp, mut sum, mut carry) = (x, z, 0.5, 0.0, 1.0_f32);
    for o in 0..octaves {
        let n = 1.0 - (noise2(px, pz, 31 + o) * 2.0 - 1.0).abs();
        let n = n * n;
        sum += n * amp * carry;
        carry = (n * 1.35).clamp(0.12, 1.0);
        amp *= 0.47;
        (px, pz) = (1.62 * px + 1.18 * pz + 11.3, -1.18 * px + 1.62 * pz + 5.7);
    }
    sum
}

/// Height of the ground without trees; the lake lies at 0.
fn ground(x: f32, z: f32, octaves: u32) -> f32 {
    let valley = 240.0 * (z * 0.0011 + 0.6).sin() + 60.0 * (z * 0.0031).sin();
    let side = (x - valley).abs();
    let rise = step(150.0, 2600.0, side) + 1.25 * step(3300.0, 7600.0, z);
    let mut h = ridges(x * 0.000_42 + 3.3, z * 0.000_42 + 1.9, octaves) * 2350.0 * rise.min(1.25);
    h += (fbm(x * 0.004, z * 0.004, octaves.min(6), 7) - 0.5)
        * 70.0
        * step(0.0, 600.0, side + z * 0.15);
    h += step(2900.0, 4300.0, z) * 130.0 - 16.0 + step(170.0, 900.0, side) * 65.0;
    // A tongue of meadow on the near left and rocks on the right.
    h += 26.0 * step(120.0, 10.0, z) * (step(-6.0, -70.0, x) + 0.8 * step(20.0, 80.0, x));
    h
}

/// How much forest stands here, 0..1.
fn forest(x: f32, z: f32, h: f32) -> f32 {
    let line = 520.0 + 260.0 * (fbm(x * 0.0016, z * 0.0016, 4, 91) - 0.5);
    let clearings = step(0.36, 0.46, fbm(x * 0.0042 + 9.0, z * 0.0042, 4, 17) + 0.06);
    step(2.0, 5.0, h) * step(line, line - 190.0, h) * clearings
}

/// Height of tree tops above the ground, and the number of the tree.
fn trees(x: f32, z: f32, density: f32) -> (f32, f32) {
    let (mut best, mut which) = (0.0_f32, 0.0);
    if density <= 0.02 {
        return (best, which);
    }
    for (layer, size) in [(0_u32, 6.5_f32), (1, 8.5)] {
        let (px, pz) = (x / size, z / size);
        let (i, j) = (px.floor() as i32, pz.floor() as i32);
        for a in -1..=1 {
            for b in -1..=1 {
                let (ci, cj) = (i + a, j + b);
                let id = rand2(ci, cj, 40 + layer);
                if id > density {
                    continue;
                }
                let dx = (ci as f32 + 0.2 + 0.6 * rand2(ci, cj, 50 + layer)) * size - x;
                let dz = (cj as f32 + 0.2 + 0.6 * rand2(ci, cj, 60 + layer)) * size - z;
                let tall = 11.0 + 15.0 * rand2(ci, cj, 70 + layer);
                let r = (dx * dx + dz * dz).sqrt() / (tall * 0.19);
                if r < 1.0 {
                    // Tiers of branches: each juts out, then falls; ragged around the trunk.
                    let ragged =
                        noise2(x * 1.7, z * 1.7, 77) + 0.5 * noise2(x * 4.3, z * 4.3, 78) - 0.75;
                    let q = (r * 6.0 + ragged * 1.1).max(0.0);
                    let tier = (q.floor() + q.fract().powf(2.2)) / 6.0;
                    let top = tall * (1.0 - tier).max(0.0).powf(0.9);
                    if top > best {
                        (best, which) = (top, (id * 977.0).fract());
                    }
                }
            }
        }
    }
    (best, which)
}

/// Sunlight on a grid over the valley: 1 in the sun, 0 in shadow, soft between.
struct Light(Vec<f32>);

impl Light {
    fn new() -> Light {
        let n = SHADOW_CELLS;
        let place = |i: usize, j: usize| {
            (
                (i as f32 - n as f32 * 0.5) * SHADOW_METRES,
                j as f32 * SHADOW_METRES,
            )
        };
        let mut heights = vec![0.0_f32; n * n];
        each_row(&mut heights, n, |j, row| {
            for (i, h) in row.iter_mut().enumerate() {
                let (x, z) = place(i, j);
                *h = ground(x, z, 8).max(0.0);
            }
        });
        let at = |x: f32, z: f32| {
            let (i, j) = (
                (x / SHADOW_METRES + n as f32 * 0.5) as usize,
                (z / SHADOW_METRES) as usize,
            );
            heights
                .get(j.min(n - 1) * n + i.min(n - 1))
                .copied()
                .unwrap_or(0.0)
        };
        let (s, mut lit) = (sun(), vec![1.0_f32; n * n]);
        each_row(&mut lit, n, |j, row| {
            for (i, l) in row.iter_mut().enumerate() {
                let (x, z) = place(i, j);
                let h = at(x, z) + 4.0;
                let mut t = 25.0;
                while t < 4200.0 && *l > 0.0 {
                    let gap = h + s.y * t - at(x + s.x * t, (z + s.z * t).max(0.0));
                    *l = l.min((gap / (t * 0.045) + 0.35).clamp(0.0, 1.0));
                    t *= 1.05;
                }
            }
        });
        Light(lit)
    }

    fn at(&self, x: f32, z: f32) -> f32 {
        let n = SHADOW_CELLS;
        let (u, v) = (x / SHADOW_METRES + n as f32 * 0.5, z / SHADOW_METRES);
        let cell = |i: f32, j: f32| {
            let (i, j) = (
                i.clamp(0.0, n as f32 - 1.0) as usize,
                j.clamp(0.0, n as f32 - 1.0) as usize,
            );
            self.0.get(j * n + i).copied().unwrap_or(1.0)
        };
        let (i, j) = (u.floor(), v.floor());
        lerp(
            lerp(cell(i, j), cell(i + 1.0, j), u - i),
            lerp(cell(i, j + 1.0), cell(i + 1.0, j + 1.0), u - i),
            v - j,
        )
    }
}

fn sky(d: V3) -> V3 {
    let up = d.y.max(0.0);
    let mut c = mix(
        v3(0.62, 0.70, 0.80),
        v3(0.075, 0.20, 0.50),
        (up * 1.75).min(1.0).powf(0.6),
    );
    let toward = d.dot(sun()).max(0.0);
    c +=
        v3(1.0, 0.72, 0.42) * (0.35 * toward.powi(6)) + v3(1.0, 0.9, 0.7) * (0.4 * toward.powi(60));
    // Clouds on a plane, lit from the side the sun is on.
    if up > 0.01 {
        let (x, z) = (d.x / (up + 0.09) * 1.15, d.z / (up + 0.09) * 1.15);
        let cover = |x: f32, z: f32| fbm(x + fbm(x * 2.0, z * 2.0, 3, 5) * 0.5, z * 1.25, 7, 77);
        let a = cover(x, z);
        let density = step(0.44, 0.70, a) * step(0.02, 0.12, up);
        let lit = 0.62 + 2.6 * (a - cover(x - 0.13, z + 0.07));
        c = mix(
            c,
            mix(
                v3(0.50, 0.55, 0.64),
                v3(1.18, 1.08, 0.98),
                lit.clamp(0.0, 1.0),
            ),
            density * 0.93,
        );
    }
    c
}

/// Air between the eye and a point at distance `t`.
fn haze(c: V3, d: V3, t: f32, y: f32) -> V3 {
    let thick = 1.0 - (-t * 0.000_085 * (0.35 + 0.65 * (-y * 0.0011).exp())).exp();
    let toward = d.dot(sun()).max(0.0);
    mix(
        c,
        v3(0.50, 0.61, 0.76) + v3(0.75, 0.48, 0.22) * toward.powi(4) * 0.8,
        thick,
    )
}

fn shade(x: f32, z: f32, h: f32, tree: (f32, f32), t: f32, light: &Light) -> V3 {
    let octaves = (14.0 - (t * 0.004).max(1.0).log2()).clamp(7.0, 13.0) as u32;
    let e = (t * 0.0009).max(0.12);
    let g = ground(x, z, octaves);
    let slope = v3(
        g - ground(x + e, z, octaves),
        e,
        g - ground(x, z + e, octaves),
    )
    .unit();
    let s = sun();
    let lit = light.at(x, z);
    let detail = fbm(x * 0.13, z * 0.13, 5, 3);
    let grain = fbm(x * 2.3, z * 2.3, 4, 8);
    let (albedo, n) = if tree.0 > 0.3 {
        let d = 0.5;
        let top = |x: f32, z: f32| trees(x, z, forest(x, z, h)).0;
        let here = tree.0;
        let n = v3(here - top(x + d, z), 1.1, here - top(x, z + d)).unit();
        let green = mix(hex(0x243a1c), hex(0x4f6328), tree.1);
        let autumn = step(0.86, 0.97, tree.1 + 0.25 * (detail - 0.5));
        let c = mix(green, hex(0xa87622), autumn * 0.75) * (0.55 + 0.9 * grain);
        let needles = 0.45
            + 1.1
                * noise2((x + z) * 3.1, here * 3.7, 9)
                * (0.5 + noise2((x - z) * 1.3, here * 1.1, 10));
        (
            c * (needles * (0.25 + 0.75 * step(0.0, 14.0, here))),
            mix(n, slope, 0.25).unit(),
        )
    } else {
        let rock = mix(
            hex(0x6c6660),
            hex(0x9a9084),
            fbm(x * 0.02, z * 0.02 + h * 0.05, 5, 61),
        ) * (0.6 + 0.8 * detail);
        let grass = mix(hex(0x58622c), hex(0x938744), detail) * (0.55 + 0.9 * grain);
        let steep = step(0.86, 0.72, slope.y + 0.12 * (detail - 0.5));
        let mut c = mix(
            grass,
            rock,
            steep.max(step(470.0, 640.0, h + 190.0 * (detail - 0.5))),
        );
        let shore = step(3.2, 0.4, h);
        c = mix(
            c,
            hex(0x8d8270) * (0.45 + 1.1 * cells(x * 0.9, z * 0.9, 4).0),
            shore,
        );
        let line = 690.0 + 340.0 * (fbm(x * 0.003, z * 0.003, 5, 21) - 0.5);
        let snow = step(line, line + 130.0, h) * step(0.50, 0.70, slope.y + 0.16 * (detail - 0.5));
        (mix(c, v3(0.86, 0.89, 0.94), snow), slope)
    };
    let direct = n.dot(s).max(0.0) * lit;
    let bounce = 0.5 + 0.5 * n.y;
    albedo
        * (v3(2.55, 2.1, 1.55) * direct
            + v3(0.30, 0.40, 0.58) * bounce
            + v3(0.16, 0.13, 0.09) * (1.0 - lit * 0.5))
}

/// The picture above the water for one column, top first, at `COLUMN_SAMPLES` per pixel.
fn column(dx: f32, h: usize, scale: f32, light: &Light, out: &mut [V3]) {
    let rows = h * COLUMN_SAMPLES;
    let (mut t, mut close) = (14.0_f32, false);
    for r in (0..rows).rev() {
        let dy = (HORIZON - (r as f32 + 0.5) / rows as f32) * scale;
        let mut colour = None;
        while t < FAR {
            let (x, z, y) = (dx * t, t, EYE + dy * t);
            let rough = if close { y } else { ground(x, z, 7) };
            if y < rough + 320.0 {
                let octaves = (14.0 - (t * 0.004).max(1.0).log2()).clamp(7.0, 12.0) as u32;
                let g = ground(x, z, octaves);
                let tree = if g > 1.0 && t > 60.0 && y > g && y < g + 27.0 {
                    trees(x, z, forest(x, z, g))
                } else {
                    (0.0, 0.0)
                };
                let top = g + tree.0;
                if y <= 0.0 && top <= 0.0 {
                    // Water: coloured later from what it mirrors. A negative red holds the distance.
                    colour = Some(v3(-t, g, 0.0));
                    break;
                }
                if y <= top {
                    let c = shade(x, z, g, tree, t, light);
                    colour = Some(haze(c, v3(dx, dy, 1.0).unit(), t, y));
                    break;
                }
                close = y - top < 200.0;
                t += ((y - top) * 0.22).clamp((t * 0.0005).max(0.06), 0.002 * t + 1.0);
            } else {
                t += (y - rough - 250.0).max(2.0) * 0.4;
            }
        }
        let d = v3(dx, dy, 1.0).unit();
        if let Some(p) = out.get_mut(r) {
            *p = colour.unwrap_or_else(|| haze(sky(d), d, 6000.0 * step(0.12, 0.0, d.y), 400.0));
        }
    }
}

/// Renders the lake.
pub fn render(w: usize, h: usize) -> Canvas {
    let light = Light::new();
    let scale = 2.0 * HALF_WIDTH * h as f32 / w as f32;
    let rows = h * COLUMN_SAMPLES;
    // Columns are kept as rows until the end: one walk fills one.
    let mut columns = vec![V3::ZERO; w * rows];
    each_row(&mut columns, rows, |x, out| {
        let dx = ((x as f32 + 0.5) / w as f32 * 2.0 - 1.0) * HALF_WIDTH;
        column(dx, h, scale, &light, out);
    });
    let get = |x: f32, r: f32| {
        let (x, r) = (
            x.clamp(0.0, w as f32 - 1.0) as usize,
            r.clamp(0.0, rows as f32 - 1.0) as usize,
        );
        columns.get(x * rows + r).copied().unwrap_or_default()
    };
    let mut canvas = Canvas {
        w,
        h,
        px: vec![V3::ZERO; w * h],
    };
    each_row(&mut canvas.px, w, |y, row| {
        for (x, p) in row.iter_mut().enumerate() {
            for s in 0..COLUMN_SAMPLES {
                let r = (y * COLUMN_SAMPLES + s) as f32 + 0.5;
                let mut c = get(x as f32, r);
                if c.x < 0.0 {
                    c = water(x as f32, r, -c.x, c.y, (w, rows, scale), &get);
                }
                *p += c / COLUMN_SAMPLES as f32;
            }
        }
    });
    canvas
}

/// Water at distance `t`, `bed` metres deep (negative): mirrors the picture about the horizon, disturbed by ripples.
fn water(
    x: f32,
    r: f32,
    t: f32,
    bed: f32,
    (w, rows, scale): (usize, usize, f32),
    get: &impl Fn(f32, f32) -> V3,
) -> V3 {
    let dx = ((x + 0.5) / w as f32 * 2.0 - 1.0) * HALF_WIDTH;
    let (px, pz) = (dx * t, t);
    // Wind roughens the water in long patches.
    let wind = 0.25 + 1.4 * step(0.45, 0.7, fbm(px * 0.004, pz * 0.0016, 4, 12));
    let wave = |s: u32| fbm(px * 0.8, pz * 0.42, 5, s) - 0.5;
    let fade = 1.0 / (1.0 + t * 0.004);
    let (wx, wy) = (
        wave(200) * 0.02 * wind * fade,
        wave(300) * 0.055 * wind * fade,
    );
    let dy = (HORIZON - r / rows as f32) * scale;
    let up = (-dy + wy * 0.8).abs().max(0.002);
    let row = (HORIZON - up / scale) * rows as f32;
    let mut mirror = get(x + wx * w as f32 * 0.5, row.max(0.0));
    for k in 1..4 {
        if mirror.x >= 0.0 {
            break;
        }
        mirror = get(x, row - k as f32 * rows as f32 * 0.012);
    }
    let mirror = if mirror.x < 0.0 {
        v3(0.3, 0.36, 0.4)
    } else {
        mirror
    };
    let cos = (up / (1.0 + up * up).sqrt()).clamp(0.0, 1.0);
    let fresnel = 0.03 + 0.97 * (1.0 - cos).powi(5);
    let stones = mix(
        hex(0x5a5240),
        hex(0x8a8068),
        cells(px * 0.8, pz * 0.8, 14).2,
    ) * 0.6;
    let deep = mix(
        stones,
        v3(0.010, 0.042, 0.050),
        1.0 - (bed * 0.55).min(0.0).exp(),
    );
    mix(deep, mirror * 0.92, fresnel.clamp(0.0, 1.0))
}
