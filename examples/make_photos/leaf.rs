//! `release-1.2`: dew on a leaf against the light, seen through a macro lens.

use crate::canvas::{Canvas, each_row};
use crate::math::*;

/// Samples of the lens blur per pixel.
const LENS_SAMPLES: i32 = 36;

/// A drop: place and radius in leaf units.
struct Drop(f32, f32, f32);

fn drops() -> Vec<Drop> {
    let mut list: Vec<Drop> = Vec::new();
    for i in 0..2600 {
        let big = if i < 12 {
            0.075 + 0.075 * rand1(i, 3)
        } else {
            0.007 + 0.045 * rand1(i, 3).powi(4)
        };
        let (x, y) = (rand1(i, 1) * 2.7 - 1.35, rand1(i, 2) * 1.7 - 0.85);
        if y.abs() > 0.03 + big
            && y.abs() < margin(x) - big * 1.2
            && list
                .iter()
                .all(|d| (d.0 - x).hypot(d.1 - y) > d.2 + big * 1.25)
            && list.len() < 330
        {
            list.push(Drop(x, y, big));
        }
    }
    list
}

/// Distance to the nearest side vein, in leaf units, and how far along it lies.
fn side_vein(s: f32, t: f32) -> f32 {
    let bend = s - 0.62 * t.abs()
        + 0.22 * t * t
        + 0.02 * noise2(s * 4.0, t * 4.0, 2)
        + if t < 0.0 { 0.11 } else { 0.0 };
    ((bend / 0.235).fract().rem_euclid(1.0) - 0.5).abs() * 0.235
}

/// Relief of the leaf: cushions between veins.
fn relief(s: f32, t: f32) -> f32 {
    let (a, b, _) = cells(s * 17.0, t * 17.0, 5);
    let (c, d, _) = cells(s * 52.0, t * 52.0, 6);
    let side = side_vein(s, t);
    0.030 * step(0.0, 0.085, side)
        + 0.055 * step(0.0, 0.16, t.abs())
        + 0.0075 * step(0.0, 0.22, b - a)
        + 0.0016 * step(0.0, 0.3, d - c)
        + 0.03 * fbm(s * 2.0, t * 2.0, 2, 9)
}

/// The leaf without drops, lit from behind and from the upper left.
fn blade(s: f32, t: f32) -> V3 {
    let e = 0.003;
    let n = v3(
        (relief(s - e, t) - relief(s + e, t)) / (2.0 * e),
        (relief(s, t - e) - relief(s, t + e)) / (2.0 * e),
        1.0,
    )
    .unit();
    let side = side_vein(s, t);
    let rib = 0.016 * (1.25 - 0.35 * s);
    let main = step(rib * 1.5, rib * 0.6, t.abs());
    let vein = step(0.0085, 0.002, side) * 0.85;
    let (a, b, id) = cells(s * 17.0, t * 17.0, 5);
    let net = step(0.10, 0.0, b - a) * 0.42;
    let flesh = mix(
        hex(0x2c6a14),
        hex(0x629a1c),
        0.55 * fbm(s * 3.0, t * 3.0, 4, 12) + 0.25 * id + 0.2 * fbm(s * 30.0, t * 30.0, 3, 13),
    );
    let c = mix(flesh, hex(0xb4d05c), main.max(vein).max(net));
    let light = v3(-0.42, 0.55, 0.72).unit();
    let through = 0.55 + 0.55 * step(-1.2, 1.2, s * 0.7 + t);
    let gloss = n.dot((light + v3(0.0, 0.0, 1.0)).unit()).max(0.0).powi(26);
    c * (v3(1.05, 1.0, 0.80) * (n.dot(light).max(0.0) * 1.0)
        + v3(0.75, 0.95, 0.25) * (0.62 * through)
        + V3::all(0.10))
        + v3(0.75, 0.85, 0.95) * (gloss * 0.14 * (1.0 - main))
}

fn garden(x: f32, y: f32) -> V3 {
    let mut c = mix(
        v3(0.022, 0.075, 0.035),
        v3(0.34, 0.46, 0.13),
        step(0.25, 0.85, fbm(x * 0.8, y * 0.8 + 2.0, 2, 20) + 0.22 * y),
    );
    for i in 0..46 {
        let (cx, cy, r) = (
            rand1(i, 31) * 3.6 - 1.8,
            rand1(i, 32) * 2.4 - 0.7,
            0.07 + 0.13 * rand1(i, 33),
        );
        let d = (x - cx).hypot(y - cy);
        let disc = step(r, r * 0.93, d) * (0.65 + 0.45 * step(r * 0.6, r, d));
        c += mix(v3(0.95, 0.85, 0.42), v3(0.55, 0.85, 0.50), rand1(i, 34))
            * (disc * 0.40 * rand1(i, 35).powi(2));
    }
    c
}

/// From the screen to the leaf, which recedes to the upper left.
fn to_leaf(x: f32, y: f32) -> (f32, f32) {
    let depth = 1.0 / (1.0 - 0.26 * y - 0.05 * x);
    let (u, v) = (x * depth, (y + 0.12) * depth * 1.18);
    let (s, c) = 0.36_f32.sin_cos();
    (u * c + v * s, v * c - u * s)
}

/// Half the width of the leaf at `s`, with a toothed edge.
fn margin(s: f32) -> f32 {
    let tooth = (s * 9.0).fract().rem_euclid(1.0);
    let half = 0.80 * (1.0 - ((s + 0.35) / 1.85).powi(2)).max(0.0).sqrt();
    half + 0.028 * tooth * step(0.0, 0.2, half)
}

fn sample(x: f32, y: f32, list: &[Drop]) -> V3 {
    let (s, t) = to_leaf(x, y);
    if t.abs() > margin(s) {
        return garden(x, y);
    }
    let mut c = blade(s, t);
    let rim = step(0.018, 0.004, margin(s) - t.abs());
    c = mix(c, hex(0xc0d86a), rim * 0.7);
    for &Drop(cx, cy, r) in list {
        let (dx, dy) = (s - cx, t - cy);
        if dx.abs() > r * 2.2 || dy.abs() > r * 2.2 {
            continue;
        }
        let wobble = 1.0 + 0.05 * (dy.atan2(dx) * 2.0 + cx * 30.0).sin();
        let k = dx.hypot(dy) / (r * wobble);
        if k < 1.0 {
            let h = (1.0 - k * k).sqrt();
            // The drop is a lens: it shows the leaf enlarged and, near its rim, bent inward.
            let bend = 0.55 + 0.45 * k * k * k;
            let inner = blade(cx + dx * bend, cy + dy * bend);
            let n = v3(dx / (r * wobble), dy / (r * wobble), h).unit();
            let toward = (-0.55 * n.x + 0.70 * n.y).clamp(-1.0, 1.0);
            // Light gathers on the side away from the sun, the near side is dark.
            let gather = step(0.15, -0.85, toward) * step(1.02, 0.75, k);
            c = inner * (0.62 - 0.38 * toward * k) + v3(0.95, 1.1, 0.45) * (gather * 0.55);
            c = mix(c, v3(0.75, 0.88, 0.92), 0.55 * k.powi(9));
            c = mix(
                c,
                inner * 0.25,
                step(0.90, 0.985, k) * step(-0.2, 0.6, toward) * 0.7,
            );
            // A window's reflection and a small sparkle below.
            let (wx, wy) = (n.x + 0.40, n.y - 0.46);
            let pane = (1.0 - step(0.13, 0.17, (wx * 0.8 + wy * 0.4).abs()))
                * (1.0 - step(0.16, 0.21, (wy * 0.8 - wx * 0.4).abs()));
            c += V3::all(2.3 * pane)
                + V3::all(0.8 * step(0.10, 0.03, (n.x - 0.52).hypot(n.y + 0.55)));
            return c;
        }
        // Outside: a soft shadow toward the lower right with a caustic in it.
        let (sx, sy) = (dx - 0.30 * r, dy + 0.38 * r);
        let shade = step(1.25, 0.75, sx.hypot(sy) / r);
        c = c * (1.0 - 0.62 * shade)
            + v3(0.65, 0.85, 0.20)
                * (0.5 * step(0.55, 0.05, (sx - 0.32 * r).hypot(sy + 0.38 * r) / r));
    }
    c
}

/// Renders the leaf, then blurs what is out of focus.
pub fn render(w: usize, h: usize) -> Canvas {
    let list = drops();
    let place = |x: f32, y: f32| {
        (
            (x - w as f32 * 0.5) / h as f32 * 2.0,
            (h as f32 * 0.5 - y) / h as f32 * 2.0,
        )
    };
    let sharp = Canvas::render(w, h, |x, y| {
        let (x, y) = place(x, y);
        sample(x, y, &list)
    });
    let mut canvas = Canvas {
        w,
        h,
        px: vec![V3::ZERO; w * h],
    };
    each_row(&mut canvas.px, w, |py, row| {
        for (px, p) in row.iter_mut().enumerate() {
            let (x, y) = place(px as f32, py as f32);
            // In focus along a band; the far end and the very near edge swim.
            let blur = ((y + 0.16 - 0.10 * x).abs() - 0.34).max(0.0) * 0.020 * h as f32;
            if blur < 0.4 {
                *p = sharp.at(px as i64, py as i64);
                continue;
            }
            let turn = rand2(px as i32, py as i32, 3) * std::f32::consts::TAU;
            for i in 0..LENS_SAMPLES {
                let (a, r) = (
                    i as f32 * 2.399_963 + turn,
                    ((i as f32 + 0.5) / LENS_SAMPLES as f32).sqrt() * blur,
                );
                let c = sharp.bilinear(px as f32 + a.cos() * r, py as f32 + a.sin() * r);
                *p += c.map(|v| v.min(3.0)) / LENS_SAMPLES as f32;
            }
        }
    });
    canvas.glow(0.8, w / 50, 0.18);
    canvas
}
