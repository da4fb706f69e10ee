//! The distance field of the bust: head, hair, neck, pullover. The face looks toward negative z.

use crate::math::*;
use std::sync::LazyLock;

#[derive(Clone, Copy, PartialEq)]
pub enum Part {
    Skin,
    Eye,
    Lash,
    Hair,
    Knit,
    Gold,
}

/// From the scene to the head, which is turned and tilted a little.
pub fn head_space(p: V3) -> V3 {
    static TURN: LazyLock<Turn> =
        LazyLock::new(|| Turn::of(|p| p.yaw(-0.34).roll(-0.05).pitch(0.03)));
    TURN.apply(p - v3(0.0, 0.12, 0.0))
}

/// Distance to an ellipsoid, good near its surface.
fn ball(p: V3, c: V3, r: V3) -> f32 {
    let q = p - c;
    let a = v3(q.x / r.x, q.y / r.y, q.z / r.z);
    let b = v3(a.x / r.x, a.y / r.y, a.z / r.z);
    let k = a.len();
    k * (k - 1.0) / b.len().max(1e-4)
}

fn sphere(p: V3, c: V3, r: f32) -> f32 {
    (p - c).len() - r
}

/// A rod from `a` to `b` whose radius goes from `r` to `s`.
fn rod(p: V3, a: V3, b: V3, r: f32, s: f32) -> f32 {
    let (pa, ba) = (p - a, b - a);
    let t = (pa.dot(ba) / ba.dot(ba)).clamp(0.0, 1.0);
    (pa - ba * t).len() - lerp(r, s, t)
}

fn skin(q: V3, m: V3) -> f32 {
    let mut d = ball(m, v3(0.0, 0.26, 0.10), v3(0.76, 0.84, 0.86));
    d = smin(
        d,
        ball(m, v3(0.0, -0.30, -0.20), v3(0.54, 0.66, 0.56)),
        0.34,
    );
    let neck = rod(q, v3(0.0, -0.55, 0.16), v3(0.0, -1.8, 0.30), 0.34, 0.40);
    if d.min(neck) > 0.45 {
        // Far off, the features do not matter: a bound is enough.
        return d.min(neck) - 0.25;
    }
    d = smin(d, sphere(m, v3(0.0, -0.84, -0.46), 0.15), 0.26);
    d = smin(d, sphere(m, v3(0.35, -0.25, -0.47), 0.23), 0.22);
    d = smin(d, sphere(m, v3(0.27, 0.22, -0.64), 0.09), 0.18);
    // Sockets, then lids over the eyes.
    d = smax(d, -sphere(m, v3(0.29, 0.03, -0.90), 0.15), 0.18);
    let eye = v3(0.285, 0.035, -0.60);
    let lid = sphere(m, eye, 0.186);
    let slit = {
        let u = (m.x - eye.x) / 0.185;
        let top = 0.082 * (1.0 - u * u) + 0.010 * u;
        let low = -0.062 * (1.0 - u * u) + 0.012 * u;
        (m.y - eye.y - top).max(low - (m.y - eye.y)).max(m.z + 0.5)
    };
    d = smin(d, smax(lid, -slit, 0.014), 0.055);
    // Nose: bridge, tip, wings; nostrils cut below.
    d = smin(
        d,
        rod(m, v3(0.0, 0.12, -0.74), v3(0.0, -0.17, -0.93), 0.055, 0.082),
        0.13,
    );
    d = smin(d, sphere(m, v3(0.0, -0.20, -0.935), 0.088), 0.06);
    d = smin(d, sphere(m, v3(0.088, -0.235, -0.85), 0.056), 0.06);
    d = smax(d, -sphere(m, v3(0.045, -0.285, -0.90), 0.024), 0.03);
    // Lips and the dent above them.
    let bend = 0.55 * m.x * m.x;
    d = smin(
        d,
        ball(
            m,
            v3(0.055, -0.487 + bend, -0.71 + 0.7 * m.x * m.x),
            v3(0.15, 0.042, 0.075),
        ),
        0.05,
    );
    d = smin(
        d,
        ball(
            m,
            v3(0.0, -0.562 + bend, -0.70 + 0.7 * m.x * m.x),
            v3(0.15, 0.048, 0.082),
        ),
        0.05,
    );
    d = smax(
        d,
        -rod(
            m,
            v3(0.0, -0.515 + bend, -0.83),
            v3(0.21, -0.507 + bend, -0.72),
            0.010,
            0.006,
        ),
        0.02,
    );
    d = smax(
        d,
        -rod(
            m,
            v3(0.0, -0.34, -0.845),
            v3(0.0, -0.44, -0.86),
            0.015,
            0.025,
        ),
        0.06,
    );
    // Ears.
    let ear = smax(
        ball(m, v3(0.77, 0.0, 0.08), v3(0.075, 0.21, 0.14)),
        -sphere(m, v3(0.85, 0.03, 0.02), 0.085),
        0.05,
    );
    d = smin(d, ear, 0.06);
    smin(d, neck, 0.20)
}

fn hair(q: V3) -> f32 {
    let rough = (q - v3(0.0, 0.1, 0.2)).len() - 1.32;
    if rough > 0.25 {
        return rough;
    }
    let angle = (q.x - 0.22).atan2(-q.z + 0.15);
    let wave = 0.020 * (angle * 21.0 + 2.0 * q.y).sin()
        + 0.012 * (angle * 47.0 - 3.0 * q.y + 5.0 * noise3(q * 1.5, 3)).sin();
    let flare = 0.10 * step(-0.2, -0.9, q.y);
    let cap = ball(q, v3(0.0, 0.36, 0.15), v3(0.86, 0.86, 0.92));
    let bob = ball(q, v3(0.0, -0.10, 0.26), v3(0.93 + flare, 1.06, 0.80));
    let mut d = smin(cap, bob, 0.25) + wave;
    // Ends curl inward at the jaw.
    d = smax(d, -0.86 - q.y + 0.05 * (angle * 30.0).sin(), 0.22);
    // The face stays free below a parted fringe.
    let part = (q.x - 0.22).abs();
    let brow = 0.60 - 0.42 * part * part + 0.03 * (angle * 19.0).sin();
    let face = smax(
        ball(q, v3(0.0, -0.22, -0.80), v3(0.60, 1.05, 0.95)),
        q.y - brow,
        0.10,
    );
    smax(d, -face, 0.07)
}

fn knit(p: V3) -> f32 {
    if p.y > -0.5 {
        return p.y + 0.8;
    }
    let r = (p.x * p.x + (p.z - 0.22) * (p.z - 0.22)).sqrt();
    let angle = p.x.atan2(p.z - 0.22);
    let body = ball(p, v3(0.0, -2.62, 0.32), v3(1.62, 1.05, 0.80));
    let shoulders = rod(
        v3(p.x.abs(), p.y, p.z),
        v3(0.0, -1.74, 0.26),
        v3(1.08, -2.22, 0.34),
        0.52,
        0.42,
    );
    let rows = 0.016 * ((p.y * 44.0 + 1.5 * ((p.x * 46.0).sin()).abs()).sin());
    let torso = smin(body, shoulders, 0.35) + rows;
    let fold = p.y + 1.32 + 0.05 * angle.cos();
    let collar = ((r - 0.47 - 0.05 * fold).abs() - 0.075).max(fold.abs() - 0.25);
    let rib = 0.018 * (angle * 44.0).sin();
    smin(torso, collar - 0.06 + rib, 0.10)
}

/// Distance to the bust and the part that is nearest.
pub fn bust(p: V3) -> (f32, Part) {
    let q = head_space(p);
    let m = v3(q.x.abs(), q.y, q.z);
    let mut best = (skin(q, m), Part::Skin);
    let mut put = |d: f32, part: Part| {
        if d < best.0 {
            best = (d, part);
        }
    };
    let eye = v3(0.285, 0.035, -0.60);
    put(sphere(m, eye, 0.172), Part::Eye);
    // Lashes: a thin arc along the upper lid.
    let u = (m.x - eye.x) / 0.185;
    let lid = eye.y + 0.084 * (1.0 - u * u) + 0.010 * u;
    let ring = ((m - eye).len() - 0.200)
        .abs()
        .max((m.y - lid).abs() - 0.002 - 0.006 * step(-0.5, 0.9, u))
        .max(u.abs() - 1.06)
        .max(m.z + 0.5);
    put(ring - 0.008, Part::Lash);
    put(hair(q) * 0.8, Part::Hair);
    put(knit(p) * 0.85, Part::Knit);
    put(
        (((m - v3(0.80, -0.27, 0.04)).len() - 0.055).abs()).max((m.x - 0.80).abs() - 0.004) - 0.012,
        Part::Gold,
    );
    best
}
