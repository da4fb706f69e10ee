//! `rotated`: a street after rain, neon signs and an umbrella. Stored lying on its side with EXIF orientation 6.

use crate::canvas::Canvas;
use crate::font::Text;
use crate::math::*;

/// Half the street between the facades, in metres.
const HALF: f32 = 5.6;
const EYE: V3 = v3(0.5, 1.75, 0.0);

/// A neon sign across the pavement: distance, side, reach from the wall, middle height, half height, colour, text.
struct Sign {
    z: f32,
    x: (f32, f32),
    y: f32,
    half: f32,
    glow: V3,
    text: Text,
    size: f32,
    upright: bool,
}

fn sign(z: f32, left: bool, y: f32, glow: V3, text: &str, size: f32, upright: bool) -> Sign {
    let count = text.chars().count() as f32;
    let lay = if upright {
        Text::vertical(text)
    } else {
        Text::new(text)
    };
    let (wide, half) = if upright {
        (size * 1.5, count * 1.35 * size * 0.5 + 0.18 * size)
    } else {
        (lay.width * size + 0.9 * size, size * 0.95)
    };
    let x = if left {
        (-HALF + 0.15, -HALF + 0.15 + wide)
    } else {
        (HALF - 0.15 - wide, HALF - 0.15)
    };
    Sign {
        z,
        x,
        y,
        half,
        glow,
        text: lay,
        size,
        upright,
    }
}

fn signs() -> Vec<Sign> {
    let (red, cyan, amber, pink, green, blue) = (
        v3(2.6, 0.28, 0.20),
        v3(0.20, 1.7, 2.1),
        v3(2.6, 1.25, 0.22),
        v3(2.5, 0.30, 1.25),
        v3(0.35, 2.1, 0.55),
        v3(0.40, 0.65, 2.9),
    );
    vec![
        sign(9.0, true, 5.3, pink, "HOTEL", 0.62, true),
        sign(11.0, false, 4.6, cyan, "NOODLES", 0.52, true),
        sign(15.0, true, 3.6, amber, "OPEN 24", 0.50, false),
        sign(17.5, false, 8.8, red, "CINEMA", 0.86, true),
        sign(22.0, true, 9.0, green, "GARDEN", 0.80, true),
        sign(25.0, false, 3.7, pink, "JAZZ BAR", 0.62, false),
        sign(31.0, true, 5.0, blue, "RECORDS", 0.78, true),
        sign(37.0, false, 8.0, amber, "TEA ROOM", 0.85, true),
        sign(46.0, true, 12.0, red, "RADIO", 1.3, true),
        sign(58.0, false, 11.0, cyan, "AQUA", 1.5, true),
    ]
}

impl Sign {
    fn colour(&self, x: f32, y: f32) -> V3 {
        let (w, cx) = ((self.x.1 - self.x.0) * 0.5, (self.x.0 + self.x.1) * 0.5);
        let (u, v) = (x - cx, y - self.y);
        let d = if self.upright {
            self.text.distance(
                u / self.size,
                (v - self.half + 0.35 * self.size) / self.size,
            ) * self.size
        } else {
            self.text.centred(u, v, 0.0, 0.0, self.size)
        };
        let frame = ((w - u.abs()).min(self.half - v.abs()) - 0.09 * self.size).abs();
        let tube =
            |d: f32, r: f32| step(r * 1.25, r * 0.75, d) * 1.5 + 0.5 * (-d / (r * 2.6)).exp();
        let other = v3(self.glow.z, self.glow.x, self.glow.y) * 0.6 + self.glow * 0.3;
        let core = step(self.size * 0.035, 0.0, d);
        self.glow * tube(d, self.size * 0.066)
            + V3::all(0.9 * core)
            + other * (0.7 * tube(frame, self.size * 0.030))
            + self.glow * 0.035
            + V3::all(0.01)
    }

    /// Light that falls on a point beside the sign.
    fn spill(&self, p: V3) -> V3 {
        let c = v3((self.x.0 + self.x.1) * 0.5, self.y, self.z);
        let q = p - c;
        let dy = (q.y.abs() - self.half).max(0.0);
        self.glow * (self.half * self.size * 0.62 / (0.9 + q.x * q.x + dy * dy + q.z * q.z))
    }
}

fn sky(d: V3) -> V3 {
    let up = (d.y / d.z).max(0.0);
    mix(
        v3(0.34, 0.17, 0.24),
        v3(0.020, 0.028, 0.075),
        step(-0.1, 1.0, up),
    ) * (0.8 + 0.5 * fbm(d.x / d.z * 3.0, up * 3.0, 5, 2))
}

fn fog(c: V3, t: f32) -> V3 {
    mix(c, v3(0.105, 0.066, 0.125), 1.0 - (-t * 0.0115).exp())
}

/// A side of the street; nothing above its roofs.
fn front(p: V3, side: i32, list: &[Sign]) -> Option<V3> {
    let block = (p.z / 11.0 + 0.3 * side as f32).floor() as i32;
    let along = (p.z / 11.0 + 0.3 * side as f32).fract().rem_euclid(1.0) * 11.0;
    let roof = 17.0 + 22.0 * rand2(block, side, 3) + p.z * 0.10;
    if p.y > roof || p.y < 0.0 {
        return None;
    }
    let spill = list.iter().fold(V3::ZERO, |s, l| s + l.spill(p));
    let tint = mix(hex(0x5a403a), hex(0x4c5466), rand2(block, side, 4));
    let mut wall = tint * (0.55 + 0.6 * fbm(p.z * 1.5, p.y * 1.5, 5, 6));
    if along < 0.35 || (roof - p.y) < 0.5 {
        wall = wall * 0.5;
    }
    if p.y < 4.0 {
        // Shops: a glowing window, a sill, a lit fascia.
        let shop = (p.z / 3.7).floor() as i32;
        let u = (p.z / 3.7).fract().rem_euclid(1.0);
        let warm = mix(
            v3(1.9, 1.05, 0.42),
            v3(0.75, 1.15, 1.45),
            step(0.62, 0.75, rand2(shop, side, 8)),
        );
        if inside(u, 0.07, 0.93) && inside(p.y, 0.5, 2.7) {
            let (d1, _, id) = cells(p.z * 2.4, p.y * 2.1, 9 + side.unsigned_abs());
            let goods = 0.35 + 0.75 * id * step(0.62, 0.2, d1);
            let bars = if (u * 4.0).fract() < 0.035 { 0.1 } else { 1.0 };
            return Some(
                warm * (goods * bars * (0.35 + 0.75 * rand2(shop, side, 10)) * step(0.3, 0.9, p.y)),
            );
        }
        if inside(p.y, 2.8, 3.3) && u > 0.05 {
            return Some(
                wall * 0.4
                    + warm
                        * (0.10
                            + 0.5
                                * step(0.2, 0.05, (p.y - 3.05).abs())
                                * step(0.35, 0.6, noise2(p.z * 6.0, 1.0, 5)))
                    + wall * spill,
            );
        }
    } else {
        let (fu, fv) = (p.z / 1.55, (p.y - 4.0) / 2.9);
        let (i, j) = (fu.floor() as i32, fv.floor() as i32);
        let (u, v) = (fu.fract().rem_euclid(1.0), fv.fract());
        if inside(u, 0.2, 0.82) && inside(v, 0.2, 0.78) {
            let id = rand2(i, j, 20 + side.unsigned_abs() * 7 + (side < 0) as u32);
            let frame = (u - 0.51).abs() < 0.03 || (v - 0.52).abs() < 0.012;
            if id > 0.60 && !frame {
                let tone = mix(
                    v3(1.25, 0.72, 0.28),
                    v3(0.55, 0.72, 1.0),
                    step(0.85, 0.9, id),
                );
                let blind = if v > 0.78 - 0.5 * rand2(j, i, 5) {
                    0.55
                } else {
                    1.0
                };
                return Some(
                    tone * (0.30 + 0.55 * rand2(i, j, 31))
                        * blind
                        * (0.7 + 0.4 * noise2(u * 6.0 + id * 99.0, v * 5.0, 4)),
                );
            }
            return Some(v3(0.018, 0.022, 0.034) + spill * 0.05);
        }
        // Air conditioners and pipes.
        if rand2(i, j, 40) > 0.72 && inside(u, 0.3, 0.75) && v < 0.17 {
            wall = V3::all(0.20) * if (u * 60.0).fract() < 0.4 { 0.6 } else { 1.0 };
        } else if (along - 5.5).abs() < 0.07 {
            wall = wall * 0.35;
        }
    }
    Some(wall * (spill + v3(0.055, 0.05, 0.085)))
}

/// Someone with an umbrella, seen from behind.
fn walker(x: f32, y: f32) -> Option<V3> {
    let dome = (x / 0.78).powi(2) + ((y - 1.62) / 0.52).powi(2);
    let rim = 1.66 + 0.035 * ((x / 0.78 * 2.5 * std::f32::consts::PI).cos()).abs();
    if dome < 1.0 && y > rim {
        let rib = (x / (0.78 * (1.0 - ((y - 1.62) / 0.52).powi(2)).max(0.02).sqrt()) * 2.5)
            .fract()
            .rem_euclid(1.0);
        let seam = step(0.0, 0.06, rib.min(1.0 - rib));
        return Some(
            v3(0.80, 0.075, 0.05)
                * ((0.35 + 0.75 * step(-0.6, 0.7, x + y - 1.8)) * (0.55 + 0.45 * seam)),
        );
    }
    if x.abs() < 0.014 && inside(y, 2.1, 2.24) {
        return Some(V3::all(0.05));
    }
    let head = (x / 0.12).powi(2) + ((y - 1.56) / 0.15).powi(2) < 1.0;
    let coat = x.abs() < 0.235 + 0.10 * step(1.3, 0.45, y) - 0.14 * step(1.30, 1.45, y)
        && inside(y, 0.48, 1.45);
    let legs =
        (x.abs() - 0.10 - 0.02 * (y < 0.1) as u32 as f32).abs() < 0.068 && inside(y, 0.0, 0.5);
    let edge = 0.05 + 0.5 * step(0.13, 0.30, x.abs());
    (head || coat || legs).then(|| {
        if coat {
            mix(
                v3(0.022, 0.022, 0.034),
                v3(0.42, 0.13, 0.12),
                edge * step(0.0, 0.3, x) * 0.5,
            )
        } else {
            v3(0.018, 0.014, 0.016)
        }
    })
}

fn above(o: V3, d: V3, list: &[Sign]) -> V3 {
    let mut best = (300.0_f32, fog(sky(d), 20.0));
    let side = d.x.signum();
    let t = (HALF * side - o.x) / d.x;
    if t > 0.0 && t < best.0 {
        let p = o + d * t;
        if p.z < 170.0
            && let Some(c) = front(p, side as i32, list)
        {
            best = (t, fog(c, t));
        }
    }
    // A tower closes the street.
    let t = (170.0 - o.z) / d.z;
    if t > 0.0 && t < best.0 {
        let p = o + d * t;
        if p.x.abs() < 9.0 && p.y < 74.0 - 20.0 * step(3.0, 3.2, p.x.abs()) {
            let id = rand2((p.x / 1.3).floor() as i32, (p.y / 2.2).floor() as i32, 60);
            let pane = (p.x / 1.3).fract().abs() > 0.3 && (p.y / 2.2).fract() > 0.4;
            best = (
                t,
                fog(
                    if pane && id > 0.55 {
                        v3(1.6, 1.2, 0.7) * id
                    } else {
                        v3(0.02, 0.025, 0.05)
                    },
                    t * 0.6,
                ),
            );
        }
    }
    for s in list {
        let t = (s.z - o.z) / d.z;
        if t > 0.0 && t < best.0 {
            let p = o + d * t;
            if inside(p.x, s.x.0, s.x.1) && (p.y - s.y).abs() < s.half {
                best = (t, fog(s.colour(p.x, p.y), t * 0.7));
            }
        }
    }
    let t = (13.0 - o.z) / d.z;
    if t > 0.0 && t < best.0 {
        let p = o + d * t;
        if let Some(c) = walker(p.x + 0.55, p.y) {
            best = (t, c);
        }
    }
    // Cars far away: lights only.
    for i in 0..9 {
        let (z, lane) = (34.0 + 13.0 * i as f32, if i % 2 == 0 { -1.7 } else { 1.9 });
        let t = (z - o.z) / d.z;
        if t > 0.0 && t < best.0 {
            let p = o + d * t;
            let r = (((p.x - lane).abs() - 0.62).powi(2) + (p.y - 0.72).powi(2)).sqrt();
            let glow = if lane < 0.0 {
                v3(3.0, 2.6, 2.0)
            } else {
                v3(2.4, 0.16, 0.10)
            };
            best.1 += glow * (step(0.24, 0.12, r) * 1.2 + 0.25 * (-r * 3.2).exp());
        }
    }
    best.1
}

fn ground(p: V3, d: V3, t: f32, list: &[Sign]) -> V3 {
    let walk = p.x.abs() > 3.9;
    let grit = fbm(p.x * 9.0, p.z * 9.0, 4, 14);
    let pool =
        step(0.44, 0.58, fbm(p.x * 0.55 + 2.0, p.z * 0.35, 4, 15)) * if walk { 0.5 } else { 1.0 };
    let paint = !walk
        && (inside(p.z, 6.2, 8.4) && (p.x / 0.95).rem_euclid(1.0) < 0.5
            || (p.x - 0.1).abs() < 0.07 && (p.z / 4.0).fract() < 0.55);
    let slab = walk && ((p.z / 0.9).fract() < 0.03 || (p.x / 0.9).rem_euclid(1.0) < 0.03);
    let mut base = V3::all(if walk { 0.16 } else { 0.07 }) * (0.5 + grit);
    if paint {
        base = V3::all(0.42) * (0.35 + 0.65 * step(0.35, 0.6, grit));
    }
    if slab || (p.x.abs() - 3.9).abs() < 0.05 {
        base = base * 0.4;
    }
    let spill = list.iter().fold(v3(0.05, 0.045, 0.07), |s, l| {
        s + l.spill(v3(p.x, p.y + 1.2, p.z)) * 0.7
    });
    // Wet ground stretches lights toward the eye; pools mirror them cleanly.
    let rough = lerp(0.075, 0.010, pool);
    let mut mirror = V3::ZERO;
    for i in 0..5 {
        let k = (i as f32 - 2.0) * 0.5;
        let n = v3(
            (fbm(p.x * 14.0, p.z * 5.0, 3, 70) - 0.5) * rough * 2.2,
            1.0,
            (fbm(p.x * 11.0, p.z * 4.0, 3, 71) - 0.5) * rough * 3.0 + k * rough,
        )
        .unit();
        let mut r = d.reflect(n);
        r.y = r.y.abs() + 0.002;
        mirror += above(p + v3(0.0, 0.01, 0.0), r.unit(), list) * 0.2;
    }
    let fresnel = 0.05 + 0.95 * (1.0 + d.y).clamp(0.0, 1.0).powi(4);
    fog(base * spill * (1.0 - 0.5 * pool), t) + mirror * (fresnel * (0.45 + 0.45 * pool))
}

/// Renders the street upright.
pub fn render(w: usize, h: usize) -> Canvas {
    let list = signs();
    let mut canvas = Canvas::render(w, h, |x, y| {
        let sx = (x - w as f32 * 0.5) / h as f32;
        let sy = (h as f32 * 0.60 - y) / h as f32;
        let d = v3(sx * 1.28 - 0.03, sy * 1.28, 1.0).unit();
        let t = -EYE.y / d.y;
        if t > 0.0 {
            let p = EYE + d * t;
            // Feet stand before what lies behind them.
            let q = EYE + d * (13.0 / d.z);
            let hidden = p.z > 13.0 && walker(q.x + 0.55, q.y).is_some();
            if !hidden && p.x.abs() < HALF {
                return ground(p, d, t, &list);
            }
        }
        above(EYE, d, &list)
    });
    canvas.glow(0.75, w / 70, 0.40);
    canvas.glow(0.9, w / 12, 0.28);
    canvas
}

/// The picture turned a quarter to the left, so that orientation 6 shows it upright.
pub fn lay_down(rgb: &[u8], w: usize, h: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(rgb.len());
    for row in 0..w {
        for column in 0..h {
            let at = (column * w + (w - 1 - row)) * 3;
            out.extend_from_slice(rgb.get(at..at + 3).unwrap_or(&[0; 3]));
        }
    }
    out
}
