//! `animated/lighthouse`: a lighthouse turning its beam over a night sea, a poster in flat colours that loops.

use crate::canvas::Canvas;
use crate::math::*;
use std::f32::consts::TAU;

/// Frames of one turn.
pub const FRAMES: usize = 24;

/// The lantern, in picture heights from the left and from the bottom.
const LAMP: (f32, f32) = (0.92, 0.735);

fn cliff(x: f32) -> f32 {
    0.27 + 0.10 * step(0.55, 0.80, x) - 0.30 * step(0.58, 0.40, x)
        + 0.020 * (x * 31.0).sin() * step(0.5, 0.6, x)
        + 0.012 * (x * 83.0).sin()
}

fn tower(x: f32, y: f32) -> Option<V3> {
    let (u, base) = (x - LAMP.0, 0.33);
    let half = lerp(0.070, 0.043, (y - base) / 0.36);
    let side = step(-0.06, 0.05, u);
    if inside(y, base, 0.69) && u.abs() < half {
        let stripe = ((y - base) / 0.072) as i32 % 2 == 0;
        let window = u.abs() < 0.009 && ((y - base) / 0.115).fract() > 0.72;
        let c = if window {
            hex(0xffd97a)
        } else if stripe {
            hex(0xc83636)
        } else {
            hex(0xf2e9dc)
        };
        return Some(if window {
            c
        } else {
            c * (0.20 + 0.22 * (1.0 - side).round())
        });
    }
    if inside(y, 0.69, 0.705) && u.abs() < 0.062
        || inside(y, 0.705, 0.727) && (u.abs() < 0.058 && (u * 70.0).fract().rem_euclid(1.0) < 0.22)
    {
        return Some(hex(0x1a2036));
    }
    if inside(y, 0.775, 0.83) && u.abs() < 0.045 * (0.83 - y) / 0.055 {
        return Some(hex(0x7c222c));
    }
    (inside(y, 0.705, 0.775) && (u.abs() < 0.034)).then_some(hex(0xffe28c))
}

fn stars(x: f32, y: f32, turn: f32) -> f32 {
    let (i, j) = ((x * 26.0).floor() as i32, (y * 26.0).floor() as i32);
    if rand2(i, j, 1) < 0.86 {
        return 0.0;
    }
    let (dx, dy) = (
        (x * 26.0).fract() - 0.2 - 0.6 * rand2(i, j, 2),
        (y * 26.0).fract() - 0.2 - 0.6 * rand2(i, j, 3),
    );
    let twinkle = if rand2(i, j, 5) > 0.6 {
        ((turn + rand2(i, j, 4)) * 2.0).fract().round() * 0.5 + 0.5
    } else {
        1.0
    };
    step(0.10, 0.04, dx.hypot(dy)) * twinkle
}

/// The two beams at a point: 0..1 in flat steps. The turn runs 0..1.
fn beam(x: f32, y: f32, turn: f32) -> f32 {
    let mut sum = 0.0_f32;
    for half in [0.0, 0.5] {
        let (s, c) = ((turn + half) * TAU).sin_cos();
        // Seen from the front a beam gets short and wide as it turns toward the eye.
        let (dx, dy) = (
            (x - LAMP.0) * c.signum(),
            (y - LAMP.1) + 0.05 * s * (x - LAMP.0).abs(),
        );
        let reach = 1.35 * c.abs();
        let wide = 0.018 + dx.max(0.0) * (0.075 + 0.10 * s.max(0.0));
        if dx > 0.0 && dx < reach && dy.abs() < wide {
            sum = sum.max(
                if dy.abs() < wide * 0.5 { 1.0 } else { 0.55 }
                    * (1.0 - (dx / reach * 4.0).floor() * 0.22),
            );
        }
    }
    sum
}

fn flash(turn: f32) -> f32 {
    [0.0, 0.5]
        .iter()
        .map(|h| ((turn + h) * TAU).sin().max(0.0).powi(6))
        .fold(0.0, f32::max)
}

fn scene(x: f32, y: f32, turn: f32) -> V3 {
    let glow = flash(turn);
    let lamp = (x - LAMP.0).hypot(y - LAMP.1);
    if let Some(c) = tower(x, y) {
        return mix(c, v3(1.0, 0.9, 0.6), glow * step(0.10, 0.03, lamp));
    }
    let bands = [
        0x0b1030, 0x121a46, 0x1d265c, 0x33346e, 0x5c467c, 0x935c7c, 0xc87a70, 0xeba268,
    ];
    if y < cliff(x) {
        let grass = cliff(x) - y < 0.022;
        let facet = cells(x * 15.0, y * 19.0, 3).2;
        return mix(
            if grass {
                hex(0x2c4a3a)
            } else {
                mix(hex(0x17182c), hex(0x2a2840), (facet * 3.0).round() / 3.0)
            },
            hex(0xd8b070),
            0.12 * glow * step(0.35, 0.1, lamp),
        );
    }
    if y < 0.24 {
        // Waves: rows of scallops that drift; nearer rows are larger and faster.
        let near = 1.0 - y / 0.24;
        let row = (near * near * 7.0 + 0.0).floor();
        let drift = turn * if row as i32 % 2 == 0 { 1.0 } else { -1.0 };
        let crest = (near * near * 7.0).fract()
            + 0.22
                * ((x * (16.0 - row * 1.3) + drift + row * 0.37) * TAU * 0.5)
                    .sin()
                    .abs();
        let deep = mix(hex(0x24346c), hex(0x08102a), row / 7.0);
        let lit = beam(x, 0.70 - (0.24 - y) * 0.2, turn) * 0.16;
        let c = if crest > 0.98 && crest < 1.08 {
            mix(deep, hex(0x8fa4d0), 0.45)
        } else {
            deep
        };
        let path = ((x - 0.27).abs() < 0.035 + 0.05 * near)
            && ((y * 60.0 + (x * 9.0 + turn * TAU).sin()).fract() > 0.55);
        return mix(
            mix(c, hex(0xf3e6b8), if path { 0.5 } else { 0.0 }),
            hex(0xffe9a8),
            lit,
        );
    }
    let band = ((1.0 - (y - 0.24) / 0.76) * 7.99 + 0.25 * (x * 4.0).sin()).clamp(0.0, 7.0) as usize;
    let mut c = hex(bands.get(band).copied().unwrap_or(0));
    c = mix(c, hex(0xfff6dc), stars(x, y, turn) * step(0.55, 0.7, y));
    let moon = (x - 0.27).hypot(y - 0.80);
    if moon < 0.062 {
        c = if (x - 0.245).hypot(y - 0.82) < 0.020 || (x - 0.292).hypot(y - 0.778) < 0.013 {
            hex(0xe2d2a0)
        } else {
            hex(0xf6eac0)
        };
    } else if moon < 0.085 {
        c = mix(c, hex(0xf6eac0), 0.16);
    }
    // One gull, wings up and down twice a turn.
    let (gx, gy) = (
        x - 0.52 - 0.02 * (turn * TAU).cos(),
        y - 0.62 - 0.012 * (turn * TAU).sin(),
    );
    let wing = gx.abs() * (0.5 + 0.45 * (turn * 2.0 * TAU).sin()) - 2.5 * gx * gx;
    if gx.abs() < 0.05 && (gy - wing).abs() < 0.0065 - 0.09 * gx.abs() * 0.8 * 0.5 {
        c = hex(0x0a0e24);
    }
    c = mix(c, hex(0xffe9a8), beam(x, y, turn) * 0.52);
    let halo = if lamp < 0.06 + 0.10 * glow {
        0.55
    } else if lamp < 0.10 + 0.22 * glow {
        0.22
    } else {
        0.0
    };
    mix(c, hex(0xfff0c0), halo * (0.35 + 0.65 * glow))
}

/// One frame as sRGB bytes.
fn frame(w: usize, h: usize, turn: f32) -> Vec<[u8; 3]> {
    let canvas = Canvas::render(w, h, |x, y| scene(x / h as f32, 1.0 - y / h as f32, turn));
    let byte = |v: f32| (linear_to_srgb(v) * 255.0 + 0.5).clamp(0.0, 255.0) as u8;
    canvas
        .px
        .iter()
        .map(|p| [byte(p.x), byte(p.y), byte(p.z)])
        .collect()
}

/// The palette and the frames as indices into it.
pub fn render(w: usize, h: usize) -> (Vec<u8>, Vec<Vec<u8>>) {
    let frames: Vec<_> = (0..FRAMES)
        .map(|i| frame(w, h, i as f32 / FRAMES as f32))
        .collect();
    let palette = palette(frames.iter().flatten().copied(), 128);
    let mut known = std::collections::HashMap::new();
    let mut nearest = |c: [u8; 3]| {
        *known.entry(c).or_insert_with(|| {
            let apart = |p: &[u8; 3]| {
                p.iter()
                    .zip(c)
                    .map(|(a, b)| (i32::from(*a) - i32::from(b)).pow(2))
                    .sum::<i32>()
            };
            palette
                .iter()
                .enumerate()
                .min_by_key(|(_, p)| apart(p))
                .map_or(0, |(i, _)| i as u8)
        })
    };
    let indexed = frames
        .iter()
        .map(|f| f.iter().map(|c| nearest(*c)).collect())
        .collect();
    (palette.concat(), indexed)
}

/// At most `most` colours by median cut: the box with the widest spread is halved until there are enough.
fn palette(all: impl Iterator<Item = [u8; 3]>, most: usize) -> Vec<[u8; 3]> {
    let mut counts = std::collections::BTreeMap::new();
    for c in all {
        *counts.entry(c).or_insert(0_u64) += 1;
    }
    let mut boxes: Vec<Vec<([u8; 3], u64)>> = vec![counts.into_iter().collect()];
    let spread = |b: &[([u8; 3], u64)], k: usize| {
        let values = || b.iter().map(|(c, _)| c.get(k).copied().unwrap_or(0));
        u64::from(values().max().unwrap_or(0) - values().min().unwrap_or(0))
    };
    while boxes.len() < most {
        let worth = |b: &[([u8; 3], u64)]| {
            let pixels: u64 = b.iter().map(|(_, n)| n).sum();
            (0..3).map(|k| spread(b, k)).max().unwrap_or(0) * (pixels as f64).powf(0.4) as u64
        };
        let Some(widest) = (0..boxes.len()).max_by_key(|&i| boxes.get(i).map_or(0, |b| worth(b)))
        else {
            break;
        };
        let mut half = boxes.swap_remove(widest);
        let axis = (0..3).max_by_key(|&k| spread(&half, k)).unwrap_or(0);
        half.sort_by_key(|(c, _)| c.get(axis).copied().unwrap_or(0));
        let other = half.split_off(half.len() / 2);
        if half.is_empty() || other.is_empty() {
            boxes.push(other);
            break;
        }
        boxes.extend([half, other]);
    }
    boxes
        .iter()
        .map(|b| {
            let total = b.iter().map(|(_, n)| n).sum::<u64>().max(1);
            [0, 1, 2].map(|k| {
                (b.iter()
                    .map(|(c, n)| u64::from(c.get(k).copied().unwrap_or(0)) * n)
                    .sum::<u64>()
                    / total) as u8
            })
        })
        .collect()
}
