//! `sample`: old houses on a quay, by day (the newer version) and at nightfall (the older one).
//!
//! The scene is flat things at a few depths: a row of facades, a quay, boats. A ray finds the nearest; water mirrors.

use crate::canvas::Canvas;
use crate::facades::{Row, facade};
use crate::math::*;

/// Camera place; the facades stand at z = 0, the water lies at y = 0.
const EYE: V3 = v3(0.0, 3.4, -34.0);
/// Height of the quay above the water.
const QUAY: f32 = 1.15;
/// Where the quay ends and the water begins.
const EDGE: f32 = -3.2;

/// Light and air of one hour.
pub struct Hour {
    pub night: bool,
    pub sun: V3,
    pub ambient: V3,
    zenith: V3,
    horizon: V3,
}

impl Hour {
    pub fn day() -> Hour {
        Hour {
            night: false,
            sun: v3(2.3, 1.95, 1.45),
            ambient: v3(0.36, 0.43, 0.55),
            zenith: v3(0.055, 0.19, 0.52),
            horizon: v3(0.52, 0.68, 0.86),
        }
    }

    pub fn nightfall() -> Hour {
        Hour {
            night: true,
            sun: v3(0.10, 0.055, 0.06),
            ambient: v3(0.085, 0.092, 0.165),
            zenith: v3(0.018, 0.035, 0.13),
            horizon: v3(0.95, 0.42, 0.20),
        }
    }

    fn sky(&self, d: V3) -> V3 {
        let up = (d.y / d.z.abs().max(1e-4)).max(0.0);
        let t = (up * 1.7).min(1.0).powf(0.7);
        let mut c = mix(self.horizon, self.zenith, t);
        if self.night {
            let band = mix(v3(0.42, 0.16, 0.22), self.zenith, step(0.14, 0.62, up));
            c = mix(self.horizon, band, step(0.0, 0.22, up));
        }
        let (x, y) = (d.x / (up + 0.25), 1.0 / (up + 0.25));
        let cover = |x: f32, y: f32| fbm(x * 1.1 + 4.0, y * 2.2 + 1.7, 7, 400);
        let a = cover(x, y);
        let body = step(0.50, 0.74, a);
        let rim = ((a - cover(x - 0.08, y + 0.10)) * 5.0 + 0.55).clamp(0.0, 1.0);
        let cloud = if self.night {
            mix(
                v3(0.10, 0.075, 0.15),
                v3(0.95, 0.36, 0.22),
                rim * step(0.5, 0.05, up),
            )
        } else {
            mix(v3(0.62, 0.68, 0.78), v3(1.25, 1.2, 1.12), rim)
        };
        c = mix(c, cloud, body * 0.9);
        if self.night {
            let (i, j) = ((d.x / d.z * 420.0) as i32, (up * 420.0) as i32);
            c += V3::all(
                0.5 * step(0.9985, 1.0, rand2(i, j, 71)) * step(0.3, 0.55, up) * (1.0 - body),
            );
        }
        // Hills behind the roofs.
        let ridge = 0.12 + 0.10 * fbm(d.x / d.z * 3.0 + 7.0, 0.5, 6, 9);
        if up < ridge {
            let trees = fbm(d.x / d.z * 60.0, up * 90.0, 4, 10);
            let hill = if self.night {
                v3(0.022, 0.025, 0.05)
            } else {
                mix(hex(0x4c6a58), hex(0x7c979a), 0.4) * (0.6 + 0.6 * trees)
            };
            return mix(hill, self.horizon, if self.night { 0.03 } else { 0.18 });
        }
        c
    }
}

/// A boat seen from the side: place, length of the hull, colour, height of the mast.
struct Boat(f32, f32, V3, f32);

/// The boats' colour at a point of their plane, if one is there.
fn boats(x: f32, y: f32, hour: &Hour, list: &[Boat]) -> Option<V3> {
    for Boat(at, long, paint, mast) in list {
        let u = (x - at) / long;
        let dark = |c: V3| c * (hour.sun * 0.55 + hour.ambient);
        let sheer = 0.62 + 0.55 * (u - 0.05) * (u - 0.05) * 4.0 + 0.22 * step(0.2, 0.55, u);
        let (bow, stern) = (0.5 + 0.09 * (y / sheer).min(1.2), -0.47 - 0.02 * y);
        if u < bow && u > stern && y < sheer {
            let round = 0.62 + 0.38 * step(0.55, -0.4, u.abs() * 0.8 - y * 0.3);
            let plank = 1.0 - 0.16 * step(0.90, 1.0, (y * 7.0).fract());
            let mut c = *paint * (round * plank);
            if y > sheer - 0.09 {
                c = hex(0xe8dcc4);
            } else if y > sheer - 0.20 {
                c = hex(0x5a381e);
            } else if y < 0.14 {
                c = hex(0x6a1c16) * 0.7;
            }
            return Some(dark(c * (0.85 + 0.3 * fbm(x * 3.0, y * 3.0, 4, 44))));
        }
        // Cabin with two windows.
        let (cu, cy) = (u + 0.12, y - sheer);
        if cu.abs() < 0.17 - cy * 0.05 && inside(cy, -0.1, 0.75) {
            let pane = (cu.abs() - 0.075).abs() < 0.05 && inside(cy, 0.25, 0.58);
            if pane {
                return Some(if hour.night {
                    v3(1.5, 0.85, 0.32)
                } else {
                    v3(0.06, 0.09, 0.12) + hour.ambient * 0.25
                });
            }
            let roof = if cy > 0.66 {
                hex(0x7a502c)
            } else {
                hex(0xefe9dc)
            };
            return Some(dark(roof * (0.8 + 0.2 * step(-0.17, 0.1, cu))));
        }
        // Mast, boom with a furled sail, stays.
        let m = u - 0.08;
        if (m * long).abs() < 0.055 && y < *mast && y > sheer {
            return Some(dark(
                hex(0x9c6b3a) * (0.7 + 0.5 * step(-0.05, 0.05, -m * long)),
            ));
        }
        let boom = y - sheer - 1.05 + 0.25 * u;
        if inside(u, -0.42, 0.08) && boom.abs() < 0.12 + 0.05 * (u * 50.0).sin() * 0.4 {
            return Some(dark(hex(0xd8cfb8) * (0.75 + 2.0 * boom)));
        }
        for end in [0.55_f32, -0.46] {
            let k = (y - sheer) / (mast - sheer);
            if inside(k, 0.0, 1.0) && ((lerp(end, 0.08, k) - u) * long).abs() < 0.014 {
                return Some(dark(V3::all(0.08)));
            }
        }
    }
    None
}

/// Lamps along the quay: post, arm, lantern.
const LAMPS: [f32; 5] = [-14.8, -6.75, 1.84, 10.1, 19.7];

fn lamp(x: f32, y: f32, hour: &Hour) -> Option<V3> {
    let y = y - QUAY;
    for at in LAMPS {
        let u = (x - at).abs();
        let half = 0.045 + 0.05 * step(0.5, 0.1, y) + 0.04 * step(0.08, 0.0, (y - 2.55).abs());
        if u < half && inside(y, 0.0, 2.7) || u < 0.24 - (y - 3.3) * 0.7 && inside(y, 3.28, 3.56) {
            return Some(hex(0x1d2624) * (hour.sun * 0.4 + hour.ambient) * 1.6);
        }
        if u < 0.13 + (y - 2.7) * 0.15 && inside(y, 2.7, 3.28) {
            return Some(if hour.night {
                v3(5.5, 3.5, 1.5)
            } else {
                hex(0xdfe5df) * 0.8
            });
        }
    }
    None
}

/// Light the lanterns throw on a point of the quay or the facades at night.
pub fn lamplight(x: f32, y: f32, z: f32) -> f32 {
    LAMPS
        .iter()
        .map(|at| {
            let (dx, dy, dz) = (x - at, y - QUAY - 3.0, z + 1.6);
            1.0 / (0.5 + dx * dx + dy * dy * 0.8 + dz * dz)
        })
        .sum()
}

fn quay_wall(x: f32, y: f32, hour: &Hour) -> V3 {
    let row = (y / 0.38).floor();
    let col = x / 1.1 + row * 0.5 + 0.1 * rand1(row as i32, 3);
    let tone = rand2(col.floor() as i32, row as i32, 5);
    let joint = step(
        0.0,
        0.05,
        col.fract()
            .rem_euclid(1.0)
            .min(1.0 - col.fract().rem_euclid(1.0)),
    ) * step(0.0, 0.09, (y / 0.38).fract().min(1.0 - (y / 0.38).fract()));
    let stone = mix(hex(0x6d665c), hex(0x9a9080), tone)
        * (0.55 + 0.8 * fbm(x * 5.0, y * 5.0, 5, 6))
        * (0.45 + 0.55 * joint);
    let wet = step(0.55, 0.15, y + 0.2 * (fbm(x * 1.3, 0.0, 3, 2) - 0.5));
    mix(stone, hex(0x232c1a), wet * 0.75) * (hour.sun * 0.42 + hour.ambient)
}

/// What a ray sees that does not meet the water.
fn above(o: V3, d: V3, hour: &Hour, row: &Row, fleet: &[Vec<Boat>; 2]) -> V3 {
    let hit = |z: f32| {
        let t = (z - o.z) / d.z;
        (t > 0.0).then(|| o + d * t)
    };
    for (list, z) in fleet.iter().zip([-9.0, -5.2]) {
        if let Some(c) = hit(z)
            .filter(|p| p.y > 0.0)
            .and_then(|p| boats(p.x, p.y, hour, list))
        {
            return c;
        }
    }
    if let Some(p) = hit(EDGE) {
        if inside(p.y, -0.1, QUAY) {
            return quay_wall(p.x, p.y, hour);
        }
        if let Some(c) = hit(EDGE + 0.5).and_then(|p| lamp(p.x, p.y, hour)) {
            return c;
        }
    }
    let t = (QUAY - o.y) / d.y;
    if t > 0.0 {
        let p = o + d * t;
        if inside(p.z, EDGE, 0.0) {
            let (d1, d2, id) = cells(p.x * 3.2, p.z * 3.2, 8);
            let cobble =
                mix(hex(0x777068), hex(0xa69b8a), id) * (0.45 + 0.55 * step(0.0, 0.16, d2 - d1));
            let shade = step(-0.1, -0.6, p.z) * 0.6 + 0.4;
            let night = if hour.night {
                v3(1.0, 0.62, 0.28) * (lamplight(p.x, p.y + 2.0, p.z) * 0.9)
            } else {
                V3::ZERO
            };
            return cobble * (hour.sun * (0.75 * shade) + hour.ambient + night);
        }
    }
    match hit(0.0).and_then(|p| facade(p.x, p.y - QUAY, hour, row)) {
        Some(c) => c,
        None => hour.sky(d.unit()),
    }
}

/// Renders the quay at one hour.
pub fn render(w: usize, h: usize, hour: &Hour) -> Canvas {
    let row = Row::new();
    let fleet = [
        vec![
            Boat(-11.3, 6.4, hex(0xb02e22), 7.6),
            Boat(8.9, 7.4, hex(0x1d4d7c), 9.0),
        ],
        vec![
            Boat(-2.4, 5.2, hex(0xe9e4d6), 6.4),
            Boat(-19.0, 6.5, hex(0x2f5c44), 8.0),
            Boat(17.8, 5.0, hex(0xd99a2b), 6.8),
        ],
    ];
    let mut canvas = Canvas::render(w, h, |x, y| {
        let u = (x / w as f32 - 0.5) * 40.0;
        let v = 17.6 - y / w as f32 * 40.0;
        let d = (v3(u, v, 0.0) - EYE).unit();
        let seen = above(EYE, d, hour, &row, &fleet);
        let t = -EYE.y / d.y;
        let p = EYE + d * t;
        // Whatever stands before the water's point was found at a smaller distance; boats cut the water by their planes.
        if t <= 0.0 || p.z > EDGE {
            return seen;
        }
        for (list, z) in fleet.iter().zip([-9.0_f32, -5.2]) {
            let q = EYE + d * ((z - EYE.z) / d.z);
            if z < p.z && q.y > 0.0 && boats(q.x, q.y, hour, list).is_some() {
                return seen;
            }
        }
        water(p, d, hour, &row, &fleet)
    });
    if hour.night {
        canvas.glow(0.9, w / 60, 0.30);
        canvas.glow(1.8, w / 14, 0.16);
    } else {
        canvas.glow(1.05, w / 90, 0.12);
    }
    canvas
}

fn water(p: V3, d: V3, hour: &Hour, row: &Row, fleet: &[Vec<Boat>; 2]) -> V3 {
    let wave = |x: f32, z: f32| {
        fbm(x * 0.55, z * 0.9, 3, 60) * 0.26
            + fbm(x * 1.7 + 4.0, z * 2.6, 4, 61) * 0.085
            + fbm(x * 6.0, z * 7.0, 2, 62) * 0.010
    };
    let e = 0.03;
    let near = step(4.0, 34.0, p.z - EYE.z);
    let k = 0.5 - 0.28 * near;
    let n = v3(
        (wave(p.x - e, p.z) - wave(p.x + e, p.z)) / (2.0 * e) * k,
        1.0,
        (wave(p.x, p.z - e) - wave(p.x, p.z + e)) / (2.0 * e) * k,
    )
    .unit();
    let mut r = d.reflect(n);
    r.y = r.y.abs().max(0.004);
    r.z = r.z.max(0.15);
    let mirror = above(p + v3(0.0, 0.002, 0.0), r.unit(), hour, row, fleet);
    let cos = (-d.dot(n)).clamp(0.0, 1.0);
    let fresnel = 0.04 + 0.96 * (1.0 - cos).powi(5);
    let body = if hour.night {
        v3(0.006, 0.012, 0.026)
    } else {
        v3(0.018, 0.085, 0.095)
    };
    mix(body, mirror, (fresnel * 1.15 + 0.1).min(1.0))
}
