//! `people/portrait`: a stylised bust in soft window light; the face lies in the upper half, where a thumb crop looks.
//!
//! One distance field with a material per part; skin is lit with wrapped diffuse light per colour and reddish shadows.

use crate::bust::{Part, bust, head_space};
use crate::canvas::Canvas;
use crate::math::*;

/// Steps along a ray to the surface and to the light.
const STEPS: usize = 90;
const SHADOW_STEPS: usize = 26;

const KEY: V3 = v3(-0.62, 0.55, -0.56);
const RIM: V3 = v3(0.80, 0.28, 0.53);

fn march(o: V3, d: V3, near: f32, far: f32) -> Option<f32> {
    let mut t = near;
    for _ in 0..STEPS {
        let s = bust(o + d * t).0;
        if s < 0.0008 {
            return Some(t);
        }
        t += s * 0.85;
        if t > far {
            break;
        }
    }
    None
}

/// How much of a wide light is seen: 0 to 1.
fn shadow(p: V3, d: V3, width: f32) -> f32 {
    let (mut t, mut lit) = (0.03, 1.0_f32);
    for _ in 0..SHADOW_STEPS {
        let s = bust(p + d * t).0;
        lit = lit.min(0.5 + 0.5 * s / (width * t));
        if lit <= 0.0 || t > 3.2 {
            break;
        }
        t += s.abs().clamp(0.025, 0.22);
    }
    let l = lit.clamp(0.0, 1.0);
    l * l * (3.0 - 2.0 * l)
}

fn occlusion(p: V3, n: V3) -> f32 {
    let (mut sum, mut scale) = (0.0, 1.0);
    for i in 1..=5 {
        let reach = 0.045 * i as f32 * (1.0 + 0.3 * i as f32);
        sum += (reach - bust(p + n * reach).0).max(0.0) * scale;
        scale *= 0.66;
    }
    (1.0 - 1.15 * sum).clamp(0.0, 1.0)
}

fn normal(p: V3, e: f32) -> V3 {
    let f = |k: V3| k * bust(p + k * e).0;
    (f(v3(1.0, -1.0, -1.0))
        + f(v3(-1.0, -1.0, 1.0))
        + f(v3(-1.0, 1.0, -1.0))
        + f(v3(1.0, 1.0, 1.0)))
    .unit()
}

/// Colour of the skin: warm cheeks and nose, paler brow, lips, brows, freckles.
fn skin(q: V3) -> (V3, f32) {
    let ax = q.x.abs();
    let spot = |x: f32, y: f32, r: f32| step(r, 0.0, ((ax - x).powi(2) + (q.y - y).powi(2)).sqrt());
    let mut c = mix(hex(0xe0a686), hex(0xd29072), fbm3(q * 5.0, 4, 3));
    c = mix(
        c,
        hex(0xdc7e68),
        0.55 * spot(0.40, -0.26, 0.34) + 0.5 * spot(0.0, -0.22, 0.16),
    );
    c = mix(c, hex(0xb87466), 0.45 * spot(0.29, 0.0, 0.24));
    c = mix(c, hex(0xeab898), 0.5 * spot(0.0, 0.45, 0.4));
    let freckles = step(0.16, 0.05, cells(q.x * 17.0, q.y * 17.0, 6).0)
        * (spot(0.30, -0.20, 0.26) + spot(0.0, -0.12, 0.2));
    c = mix(c, hex(0xa86448), 0.42 * freckles.min(1.0));
    let mut gloss = 0.32;
    if q.z < -0.55 {
        // Lips: a bow above, fuller below.
        let mouth = -0.515 + 0.55 * ax * ax - 0.02 * step(0.06, 0.0, ax);
        let v = q.y - mouth;
        let upper = 0.062 * (1.0 - (ax / 0.225).powi(2)).max(0.0) - 0.016 * step(0.07, 0.0, ax);
        let lower = -0.088 * (1.0 - (ax / 0.21).powi(2)).max(0.0);
        let lips = step(-0.012, 0.012, (upper - v).min(v - lower)) * step(0.235, 0.20, ax);
        c = mix(
            c,
            mix(hex(0xb4504c), hex(0xc46860), step(0.0, -0.06, v)),
            lips * 0.9,
        );
        let line = step(0.016, 0.003, v.abs()) * step(0.245, 0.20, ax);
        c = mix(c, hex(0x5a1e1e), line * 0.85);
        gloss += 0.3 * lips;
        // Brows.
        let arch = 0.265 + 0.07 * step(0.10, 0.36, ax)
            - 0.55 * (ax - 0.36).max(0.0).powi(2)
            - 0.20 * (ax - 0.40).max(0.0);
        let thick = 0.040 * step(0.115, 0.18, ax) * step(0.55, 0.32, ax);
        let brow =
            step(thick + 0.008, thick - 0.012, (q.y - arch).abs()) * step(0.004, 0.02, thick);
        c = mix(c, hex(0x4a2616), 0.85 * brow);
        gloss *= 1.0 - 0.9 * brow;
    }
    (c, gloss)
}

fn eye(q: V3) -> V3 {
    // Looking slightly past the camera, to the left.
    let centre = v3(0.285 * q.x.signum(), 0.035, -0.60);
    let e = (q - centre).unit();
    let gaze = v3(-0.13 - 0.02 * q.x.signum(), 0.0, -1.0).unit();
    let r = (e - gaze * e.dot(gaze)).len();
    let side = e - gaze * e.dot(gaze);
    let fibre = fbm(side.y.atan2(side.x) * 9.0, r * 6.0, 3, 5);
    let iris = mix(
        hex(0x2c5a62),
        hex(0x88a88a),
        fibre * step(0.46, 0.18, r) + 0.1,
    );
    let iris =
        mix(iris, hex(0x8a6a30), step(0.30, 0.17, r) * 0.5) * (0.6 + 0.8 * step(0.2, -0.3, side.y));
    let white = mix(hex(0xeae2dc), hex(0xd09a8c), step(0.4, 0.95, r) * 0.6);
    let mut c = mix(white, iris * 0.25, step(0.50, 0.45, r));
    c = mix(c, iris, step(0.46, 0.41, r));
    mix(c, V3::all(0.006), step(0.20, 0.17, r))
}

fn surface(p: V3, d: V3) -> V3 {
    let (_, part) = bust(p);
    let mut n = normal(p, if part == Part::Skin { 0.004 } else { 0.0025 });
    let q = head_space(p);
    let (key, rim) = (KEY.unit(), RIM.unit());
    let (lit, back) = (
        shadow(p + n * 0.01, key, 0.42),
        shadow(p + n * 0.01, rim, 0.25),
    );
    let open = occlusion(p, n);
    let (key_light, rim_light) = (v3(1.78, 1.55, 1.30), v3(1.7, 1.35, 1.05));
    let fill = mix(v3(0.24, 0.19, 0.17), v3(0.36, 0.40, 0.46), 0.5 + 0.5 * n.y)
        + v3(0.20, 0.13, 0.10) * (0.5 - 0.5 * n.z) * 0.5;
    let half = (key - d).unit();
    let edge = (1.0 + d.dot(n)).clamp(0.0, 1.0);
    match part {
        Part::Skin => {
            let (albedo, gloss) = skin(q);
            let pores = fbm3(q * 48.0, 2, 8) - 0.5;
            n = (n + v3(pores, pores * 0.7, 0.0) * 0.035).unit();
            // Red light travels further under the skin: it wraps and softens shadows more.
            let wrap = |w: f32, l: V3| ((n.dot(l) + w) / (1.0 + w)).max(0.0);
            let soft = |l: f32| v3(l.powf(0.62), l.powf(0.95), l);
            let diffuse =
                v3(wrap(0.38, key), wrap(0.18, key), wrap(0.12, key)) * soft(lit) * key_light
                    + v3(wrap(0.30, rim), wrap(0.12, rim), wrap(0.08, rim))
                        * soft(back)
                        * rim_light
                        * 0.7;
            let shade = v3(open.powf(0.6), open.powf(0.95), open);
            let spec = n.dot(half).max(0.0).powi(22) * 0.34 * gloss
                + n.dot(half).max(0.0).powi(90) * 0.3 * gloss;
            albedo * (diffuse + fill * shade)
                + key_light * (spec * lit)
                + rim_light * (edge.powi(3) * 0.22 * back)
        }
        Part::Eye => {
            let c = eye(q);
            let r = d.reflect(n);
            let glint = step(0.955, 0.972, r.dot(v3(-0.50, 0.52, -0.69).unit()));
            let lid = step(0.175, 0.06, q.y - 0.0);
            c * (key_light * (n.dot(key).max(0.0) * lit * 0.75) + fill * 1.1)
                * (0.35 + 0.65 * lid * open)
                + V3::all(2.3 * glint)
                + V3::all(0.05)
        }
        Part::Lash => hex(0x1c100c) * (0.4 + 0.5 * lit),
        Part::Hair => {
            let angle = (q.x - 0.22).atan2(-q.z + 0.15);
            let strand = fbm(
                angle * 34.0 + 1.5 * noise3(q * 2.0, 7),
                q.y * 1.3 + q.z,
                4,
                9,
            );
            let albedo = mix(hex(0x2e140a), hex(0x8a441e), strand * 1.2 - 0.1);
            let down =
                (v3(0.55 * (q.x - 0.2).signum(), -1.0, 0.25) + v3(strand - 0.5, 0.0, 0.0)).unit();
            let t = (down - n * down.dot(n) + n * ((strand - 0.5) * 0.45)).unit();
            let shine = |l: V3, power: i32| {
                let s = t.dot((l - d).unit());
                (1.0 - s * s).max(0.0).sqrt().powi(power)
            };
            let wrap = |l: V3| (n.dot(l) * 0.8 + 0.2).max(0.0);
            albedo
                * (key_light * (wrap(key) * (0.15 + 0.85 * lit))
                    + rim_light * (wrap(rim) * back)
                    + fill * open)
                * (0.45 + 0.55 * open)
                + hex(0xe09a60)
                    * (shine(key, 46) * 0.34 * lit * strand + shine(rim, 26) * 0.42 * back * strand)
                    * open
        }
        Part::Knit => {
            let wool = mix(hex(0x2b4f5e), hex(0x487884), fbm3(p * 16.0, 4, 4));
            let fuzz = edge.powi(3);
            let wrap = |l: V3| ((n.dot(l) + 0.15) / 1.15).max(0.0);
            wool * (key_light * (wrap(key) * lit)
                + rim_light * (wrap(rim) * back * 0.8)
                + fill * open)
                + wool * (fuzz * 0.5) * (lit + back)
        }
        Part::Gold => {
            let r = d.reflect(n);
            hex(0xd89c3c)
                * (0.25
                    + 2.4 * step(0.3, 0.95, r.dot(key))
                    + 1.2 * step(0.5, 0.9, r.dot(rim))
                    + 0.3 * r.y.max(0.0))
                * open
        }
    }
}

/// A garden far out of focus: soft greens, warm discs of light.
fn backdrop(x: f32, y: f32) -> V3 {
    let base = mix(
        v3(0.085, 0.125, 0.085),
        v3(0.60, 0.43, 0.22),
        step(
            0.0,
            1.5,
            fbm(x * 0.7 + 3.0, y * 0.6, 3, 40) + 0.40 * y - 0.10 * x,
        ),
    );
    let mut c = mix(
        base,
        v3(0.04, 0.075, 0.06),
        step(0.35, 0.75, fbm(x * 1.1, y * 0.9 + 8.0, 3, 44)) * 0.7,
    );
    for i in 0..64 {
        let (cx, cy) = ((rand1(i, 51) - 0.5) * 3.4, (rand1(i, 52) - 0.35) * 3.2);
        let r = 0.09 + 0.15 * rand1(i, 53);
        let d = ((x - cx).powi(2) + (y - cy).powi(2)).sqrt();
        let disc = step(r, r * 0.90, d) * (0.75 + 0.35 * step(r * 0.55, r, d));
        let tint = mix(v3(0.62, 0.46, 0.20), v3(0.30, 0.46, 0.22), rand1(i, 54));
        c += tint * (disc * 0.42 * rand1(i, 55).powi(2));
    }
    c
}

/// Renders the bust.
pub fn render(w: usize, h: usize) -> Canvas {
    let eye = v3(0.0, 0.05, -7.4);
    let mut canvas = Canvas::render(w, h, |x, y| {
        let sx = (x - w as f32 * 0.5) / h as f32;
        let sy = (h as f32 * 0.5 - y) / h as f32;
        let d = v3(sx * 0.565, sy * 0.565 - 0.082, 1.0).unit();
        match march(eye, d, 5.2, 10.2) {
            Some(t) => surface(eye + d * t, d),
            None => backdrop(sx * 2.0, sy * 2.0),
        }
    });
    canvas.glow(0.75, w / 40, 0.10);
    canvas
}
