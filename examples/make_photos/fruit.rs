//! The things on the table of the still life: shapes, colours, where they stand.

use crate::math::*;

#[derive(Clone, Copy, PartialEq)]
pub enum Kind {
    Orange,
    Apple,
    Pear,
    Lemon,
    Grape,
    Bowl,
    Leaf,
}

/// One thing: its centre, bounding radius, how it is turned, and a number of its own.
pub struct Thing {
    pub kind: Kind,
    at: V3,
    bound: f32,
    turn: Turn,
    id: f32,
}

/// Angles are about x, z and y.
fn thing(kind: Kind, at: V3, bound: f32, (x, z, y): (f32, f32, f32), id: f32) -> Thing {
    Thing {
        kind,
        at,
        bound,
        turn: Turn::of(|p| p.yaw(y).pitch(x).roll(z)),
        id,
    }
}

/// A bowl of fruit, fruit on the table, a bunch of grapes.
pub fn arrangement() -> Vec<Thing> {
    use Kind::*;
    let mut all = vec![
        thing(Bowl, v3(0.45, 0.0, 0.6), 1.75, (0.0, 0.0, 0.0), 0.5),
        thing(Orange, v3(-0.05, 1.02, 0.35), 0.47, (0.3, 0.4, 0.0), 0.1),
        thing(Apple, v3(0.92, 1.02, 0.22), 0.62, (0.25, -0.25, 0.4), 0.75),
        thing(Orange, v3(1.05, 1.06, 1.05), 0.47, (1.3, 0.8, 0.0), 0.4),
        thing(Pear, v3(0.40, 1.22, 0.85), 0.98, (-0.15, 0.30, 0.3), 0.3),
        thing(Lemon, v3(-0.35, 1.10, 0.98), 0.62, (0.5, 0.5, 0.6), 0.2),
        thing(Apple, v3(-1.62, 0.42, -0.35), 0.62, (0.06, 0.14, 1.0), 0.2),
        thing(Pear, v3(-2.30, 0.46, 0.45), 0.98, (0.05, -0.10, 0.0), 0.8),
        thing(Lemon, v3(-0.55, 0.315, -1.35), 0.62, (0.0, 0.06, 0.7), 0.6),
        thing(Orange, v3(2.30, 0.445, 0.15), 0.47, (0.8, 0.2, 0.0), 0.8),
        thing(Leaf, v3(2.18, 0.93, 0.08), 0.42, (0.1, 0.35, 0.6), 0.2),
        thing(Leaf, v3(-1.45, 0.93, -0.30), 0.42, (0.2, -0.3, -0.5), 0.7),
    ];
    // Grapes: settled in a heap that narrows away from its stem.
    let mut placed: Vec<V3> = Vec::new();
    let mut i = 0;
    while placed.len() < 46 && i < 4000 {
        i += 1;
        let (a, b, c) = (rand1(i, 1), rand1(i, 2), rand1(i, 3));
        let along = a * 1.55;
        let wide = 0.42 * (1.0 - along / 1.75).sqrt();
        let p = v3(
            1.05 + along * 0.88,
            0.125 + c * c * wide * 1.15,
            -1.30 + (b - 0.5) * 2.0 * wide + along * 0.12,
        );
        if placed.iter().all(|q| (*q - p).len() > 0.215) {
            placed.push(p);
            all.push(thing(
                Grape,
                p,
                0.125 + 0.018 * rand1(i, 4),
                (c, b, a),
                rand1(i, 5),
            ));
        }
    }
    all
}

/// Whether a ray passes the ball that holds all grapes, which are last in [`arrangement`].
pub fn heap_in_reach(o: V3, d: V3) -> bool {
    let oc = o - v3(1.75, 0.35, -1.20);
    let b = oc.dot(d);
    b * b - oc.dot(oc) + 1.15 * 1.15 > 0.0
}

impl Thing {
    fn local(&self, p: V3) -> V3 {
        self.turn.apply(p - self.at)
    }

    fn distance(&self, p: V3) -> f32 {
        let q = self.local(p);
        let r = (q.x * q.x + q.z * q.z).sqrt();
        match self.kind {
            Kind::Orange => (v3(q.x, q.y * 1.05, q.z).len() - 0.455) * 0.95,
            Kind::Grape => q.len() - self.bound,
            Kind::Apple => {
                let lobes = 0.012 * (q.z.atan2(q.x) * 5.0).cos() * step(0.2, -0.4, q.y);
                let k = 1.0 + 0.16 * step(0.25, -0.45, q.y);
                let (dx, dy) = (r * k - 0.185, q.y * 1.02);
                let body = ((dx * dx + dy * dy).sqrt() - 0.315 + lobes) * 0.82;
                let bend = v3(q.x - 0.10 * (q.y - 0.1).max(0.0), 0.0, q.z).len();
                let stem = smax(
                    bend - 0.022 - 0.02 * step(0.38, 0.5, q.y),
                    (q.y - 0.30).abs() - 0.20,
                    0.02,
                );
                body.min(stem)
            }
            Kind::Pear => {
                let a = v3(q.x, q.y + 0.02, q.z).len() - 0.44;
                let b = v3(q.x - 0.03, q.y - 0.48, q.z).len() - 0.19;
                let stem = smax(
                    v3(q.x - 0.03 - 0.25 * (q.y - 0.6).max(0.0), 0.0, q.z).len() - 0.022,
                    (q.y - 0.75).abs() - 0.17,
                    0.02,
                );
                (smin(a, b, 0.42) * 0.9).min(stem)
            }
            Kind::Lemon => {
                let body = (v3(q.x * 0.78, q.y, q.z).len() - 0.325) * 0.85;
                let tip = v3((q.x - 0.46).abs().min((q.x + 0.47).abs()), q.y, q.z).len() - 0.055;
                smin(body, tip, 0.22) * 0.9
            }
            Kind::Bowl => {
                let shell = (((r * r + (q.y - 1.22) * (q.y - 1.22)).sqrt() - 1.30).abs() - 0.035)
                    .max(q.y - 0.80)
                    .max(-0.02 - q.y + 0.10);
                let foot = ((r - 0.52).abs() - 0.06).max((q.y - 0.07).abs() - 0.07);
                let lip = ((r - 1.245) * (r - 1.245) + (q.y - 0.80) * (q.y - 0.80)).sqrt() - 0.052;
                smin(smin(shell, foot, 0.08), lip, 0.03) * 0.9
            }
            Kind::Leaf => {
                let u = q.x / 0.36;
                let width = 0.17 * (1.0 - u * u).max(0.0) * (1.0 - 0.35 * u);
                let lift = q.y - 0.10 * u * u + 0.5 * q.z.abs() * q.z.abs() - 0.05 * q.z.abs();
                (lift.abs() - 0.006)
                    .max(q.z.abs() - width)
                    .max(q.x.abs() - 0.36)
                    * 0.55
            }
        }
    }

    /// The distance along a ray at which it meets the thing, below `limit`.
    pub fn meet(&self, o: V3, d: V3, limit: f32) -> Option<f32> {
        let oc = o - self.at;
        let b = oc.dot(d);
        let disc = b * b - oc.dot(oc) + self.bound * self.bound;
        if disc <= 0.0 {
            return None;
        }
        let (enter, leave) = (-b - disc.sqrt(), -b + disc.sqrt());
        if leave < 1e-3 || enter >= limit {
            return None;
        }
        if self.kind == Kind::Grape {
            return (enter > 1e-3).then_some(enter);
        }
        let (mut t, mut leave) = (enter.max(1e-3), leave);
        if self.kind == Kind::Bowl {
            // The ball is far larger than the bowl: walk only between its foot and its lip.
            let (a, b) = ((-0.01 - o.y) / d.y, (0.86 - o.y) / d.y);
            t = t.max(a.min(b));
            leave = leave.min(a.max(b));
        }
        for _ in 0..90 {
            let d = self.distance(o + d * t);
            if d < 4e-4 {
                return (t < limit).then_some(t);
            }
            t += d;
            if t > leave || t >= limit {
                return None;
            }
        }
        None
    }

    /// Normal, colour and coat (reflectance, roughness) at a point of the surface; `fine` adds its relief.
    pub fn surface(&self, p: V3, fine: bool) -> (V3, V3, (f32, f32)) {
        let e = 0.002;
        let g = |f: &dyn Fn(V3) -> f32| {
            let d = |o: V3| f(p + o);
            v3(
                d(v3(e, 0.0, 0.0)) - d(v3(-e, 0.0, 0.0)),
                d(v3(0.0, e, 0.0)) - d(v3(0.0, -e, 0.0)),
                d(v3(0.0, 0.0, e)) - d(v3(0.0, 0.0, -e)),
            )
        };
        let mut n = g(&|p| self.distance(p)).unit();
        let q = self.local(p);
        let bump = |n: V3, scale: f32, depth: f32| {
            let grad = g(&|p| fbm3(self.local(p) * scale, 2, 33));
            (n - (grad - n * grad.dot(n)) * (depth / (2.0 * e))).unit()
        };
        let (albedo, coat) = match self.kind {
            Kind::Orange => {
                if fine {
                    n = bump(n, 34.0, 0.0085);
                }
                let navel = step(0.10, 0.03, v3(q.x, 0.0, q.z).len()) * step(0.0, 0.3, q.y);
                let c = mix(hex(0xf07c10), hex(0xf79a1c), fbm3(q * 4.0, 3, 6));
                (mix(c, hex(0x4a5a1c), navel), (0.045, 0.22))
            }
            Kind::Apple if v3(q.x, 0.0, q.z).len() < 0.06 && q.y > 0.2 => {
                (hex(0x4a2e18), (0.02, 0.5))
            }
            Kind::Apple => {
                let angle = q.z.atan2(q.x);
                let streak = fbm(angle * 7.0, q.y * 1.6, 4, 21 + (self.id * 9.0) as u32);
                let blush = step(
                    0.30,
                    0.62,
                    streak * 0.55 + 0.28 + 0.22 * (angle + self.id * 6.0).cos(),
                );
                let c = mix(hex(0xc9b238), hex(0xa8141c), blush);
                let top = step(0.22, 0.05, v3(q.x, 0.0, q.z).len()) * step(0.0, 0.2, q.y);
                let freckle = step(0.14, 0.07, cells(angle * 9.0, q.y * 20.0, 7).0);
                (
                    mix(
                        mix(c, hex(0x9a9a3c), top * 0.7),
                        hex(0xd8b870),
                        freckle * 0.45,
                    ),
                    (0.05, 0.10),
                )
            }
            Kind::Pear if q.y > 0.66 => (hex(0x4c341e), (0.02, 0.5)),
            Kind::Pear => {
                let c = mix(hex(0x9a9c30), hex(0xc2b042), fbm3(q * 3.0, 4, 8));
                let blush = step(0.1, 0.9, q.x * 1.6 + 0.3);
                let dots = step(0.20, 0.10, cells(q.z.atan2(q.x) * 12.0, q.y * 26.0, 9).0);
                (
                    mix(
                        mix(c, hex(0xb06a2c), blush * 0.5),
                        hex(0x6e5a24),
                        dots * 0.4,
                    ),
                    (0.035, 0.25),
                )
            }
            Kind::Lemon => {
                if fine {
                    n = bump(n, 26.0, 0.0085);
                }
                let tip = step(0.36, 0.52, q.x.abs());
                (
                    mix(
                        mix(hex(0xf2c812), hex(0xf8dc3a), fbm3(q * 4.0, 3, 5)),
                        hex(0x9aa02c),
                        tip * 0.5,
                    ),
                    (0.045, 0.2),
                )
            }
            Kind::Grape => {
                let c = mix(hex(0x4a1a3c), hex(0x7c2c4a), self.id);
                let dust = step(0.35, 0.7, fbm3(q * 9.0 + V3::all(self.id * 50.0), 4, 6));
                (
                    mix(c, hex(0x8e86a8), dust * 0.35),
                    (0.05 - 0.02 * dust, 0.10 + 0.25 * dust),
                )
            }
            Kind::Bowl => {
                let angle = q.z.atan2(q.x);
                let wave = (q.y - 0.52 - 0.05 * (angle * 14.0).sin()).abs();
                let glaze = hex(0xe9e4d8) * (0.92 + 0.1 * fbm3(q * 5.0, 3, 2));
                let blue = hex(0x244c86);
                let band = step(0.030, 0.020, wave).max(step(0.025, 0.018, (q.y - 0.73).abs()));
                (mix(glaze, blue, band), (0.06, 0.05))
            }
            Kind::Leaf => {
                let vein = step(0.012, 0.004, q.z.abs())
                    .max(0.5 * step(0.15, 0.05, ((q.x - q.z.abs() * 0.8) * 14.0).fract()));
                (
                    mix(hex(0x2e5a20), hex(0x7ea04c), vein * 0.6 + 0.2 * self.id),
                    (0.04, 0.25),
                )
            }
        };
        (n, albedo, coat)
    }
}
