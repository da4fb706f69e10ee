//! `summer café/still life 1+1`: fruit on a table by a window, path traced.
//!
//! Each thing is a distance field inside a bounding sphere; a ray walks only through the spheres it meets.

use crate::canvas::{Canvas, each_row};
use crate::font::Text;
use crate::fruit::{Kind, Thing, arrangement, heap_in_reach};
use crate::math::*;

/// Paths per pixel.
const PATHS: u32 = 18;
/// Diffuse bounces after the first hit; what later ones would add is taken as even light of the room.
const BOUNCES: usize = 1;
/// The window: corner, two edges, radiance.
const WINDOW: (V3, V3, V3) = (v3(-6.5, 0.9, -2.6), v3(0.0, 3.9, 0.0), v3(0.0, 0.0, 3.6));
const DAYLIGHT: V3 = v3(13.0, 11.6, 9.6);
const ROOM: V3 = v3(0.30, 0.24, 0.19);
/// Lens radius and distance in focus.
const LENS: f32 = 0.055;
const FOCUS: f32 = 6.6;

/// Where a ray ended.
struct Hit {
    t: f32,
    n: V3,
    albedo: V3,
    /// Reflectance of the coat at normal incidence and its roughness.
    coat: (f32, f32),
}

struct Scene {
    things: Vec<Thing>,
    chalk: Text,
    chalk2: Text,
}

impl Scene {
    /// The first thing a ray meets; `fine` asks for the relief of its surface.
    fn hit(&self, o: V3, d: V3, fine: bool) -> Option<Hit> {
        let mut best = f32::MAX;
        let mut which = None;
        let heap = heap_in_reach(o, d);
        for (i, thing) in self.things.iter().enumerate() {
            if thing.kind == Kind::Grape && !heap {
                break;
            }
            if let Some(t) = thing.meet(o, d, best) {
                best = t;
                which = Some(i);
            }
        }
        let table = -o.y / d.y;
        let wall = (3.4 - o.z) / d.z;
        let far = |t: f32| t > 1e-3 && t < best;
        if far(wall) && (o + d * wall).y > 0.0 && !(table > 1e-3 && table < wall) {
            return Some(self.wall(o + d * wall, wall));
        }
        if far(table) {
            let p = o + d * table;
            if p.z < 3.4 && p.z > -7.0 {
                return Some(wood(p, table));
            }
        }
        let thing = self.things.get(which?)?;
        let p = o + d * best;
        let (n, albedo, coat) = thing.surface(p, fine);
        Some(Hit {
            t: best,
            n,
            albedo,
            coat,
        })
    }

    fn blocked(&self, o: V3, d: V3, far: f32) -> bool {
        let heap = heap_in_reach(o, d);
        self.things
            .iter()
            .take_while(|t| heap || t.kind != Kind::Grape)
            .any(|t| t.meet(o, d, far).is_some())
    }

    /// A plastered wall with a chalk board on it.
    fn wall(&self, p: V3, t: f32) -> Hit {
        let n = v3(0.0, 0.0, -1.0);
        let (bx, by) = (p.x - 1.55, p.y - 2.38);
        let edge = (1.42 - bx.abs()).min(0.92 - by.abs());
        let (albedo, coat) = if edge > 0.0 && edge < 0.10 {
            (
                hex(0x8a5a30) * (0.7 + 0.5 * fbm(p.x * 2.0, p.y * 14.0, 4, 3)),
                (0.03, 0.3),
            )
        } else if edge > 0.0 {
            let smear = 0.5 + fbm(p.x * 1.3, p.y * 2.2, 5, 4);
            let d = self
                .chalk
                .centred(bx, by, 0.0, 0.36, 0.25)
                .min(self.chalk2.centred(bx, by, 0.0, -0.34, 0.23));
            let line = (by + 0.03).abs().max(bx.abs() - 0.8);
            let grain = step(0.25, 0.55, fbm(p.x * 40.0, p.y * 40.0, 3, 5));
            let chalk = step(0.036, 0.014, d.min(line + 0.012)) * (0.45 + 0.55 * grain);
            (
                mix(
                    v3(0.028, 0.036, 0.034) * smear * 1.3,
                    v3(0.80, 0.78, 0.70),
                    chalk,
                ),
                (0.01, 0.5),
            )
        } else {
            let stain = fbm(p.x * 0.7, p.y * 0.7, 6, 8);
            (
                mix(hex(0x5c7470), hex(0x8a9a8c), stain)
                    * (0.75 + 0.2 * fbm(p.x * 9.0, p.y * 9.0, 4, 9)),
                (0.0, 1.0),
            )
        };
        Hit { t, n, albedo, coat }
    }
}

/// The table: boards along x with rings, pores and a worn varnish; a striped cloth lies on it.
fn wood(p: V3, t: f32) -> Hit {
    let board = (p.z / 0.92 + 0.37).floor();
    let across = (p.z / 0.92 + 0.37).fract().rem_euclid(1.0);
    let shift = rand1(board as i32, 5) * 40.0;
    let warp = fbm(p.x * 0.5 + shift, p.z * 1.6, 4, 11);
    let ring = ((p.z * 3.2 + warp * 5.5 + shift) * 3.0).sin() * 0.5 + 0.5;
    let pores = fbm(p.x * 3.0 + shift, p.z * 75.0, 4, 12);
    let mut c = mix(hex(0x6a3c1c), hex(0xb07842), 0.35 * ring + 0.65 * pores)
        * (0.75 + 0.4 * rand1(board as i32, 6));
    let gap = step(0.0, 0.016, across.min(1.0 - across));
    c = c * (0.15 + 0.85 * gap);
    let mut n = v3((pores - 0.5) * 0.03, 1.0, (ring - 0.5) * 0.03).unit();
    let mut coat = (0.04, 0.16 + 0.25 * pores);
    // Cloth: a skewed rectangle at the front left.
    let q = (p - v3(-1.75, 0.0, -1.25)).yaw(0.30);
    let fray = 0.02 * noise2(q.x * 30.0, q.z * 30.0, 3);
    if q.x.abs() < 1.55 - fray && q.z.abs() < 1.0 - fray {
        let weave = 0.82 + 0.18 * ((q.x * 240.0).sin() * (q.z * 240.0).sin());
        let s = (q.x.abs() * 5.0).fract();
        let stripe = if q.x.abs() > 0.95 && q.x.abs() < 1.4 && s > 0.35 {
            hex(0x3c6292)
        } else {
            hex(0xeae2d2)
        };
        c = stripe * weave;
        let fold = |x: f32, z: f32| fbm(x * 1.1 + 3.0, z * 0.9, 3, 19) * 0.16;
        let e = 0.01;
        n = v3(
            (fold(q.x - e, q.z) - fold(q.x + e, q.z)) / (2.0 * e),
            1.0,
            (fold(q.x, q.z - e) - fold(q.x, q.z + e)) / (2.0 * e),
        )
        .unit();
        coat = (0.0, 1.0);
    }
    Hit {
        t,
        n,
        albedo: c,
        coat,
    }
}

fn fresnel(f0: f32, cos: f32) -> f32 {
    f0 + (1.0 - f0) * (1.0 - cos.clamp(0.0, 1.0)).powi(5) * if f0 > 0.0 { 0.7 } else { 0.0 }
}

/// Light from a random point of the window that reaches `p`.
fn direct(scene: &Scene, p: V3, n: V3, rng: &mut Rng) -> V3 {
    let (corner, a, b) = WINDOW;
    let to = corner + a * rng.next() + b * rng.next() - p;
    let (dist, d) = (to.len(), to.unit());
    let (cos, cos_window) = (n.dot(d), -d.x);
    if cos <= 0.0 || cos_window >= 0.0 && p.x < corner.x || scene.blocked(p, d, dist) {
        return V3::ZERO;
    }
    DAYLIGHT * (cos * cos_window.abs() * a.len() * b.len() / (dist * dist * std::f32::consts::PI))
}

/// What a ray that leaves the scene sees: the window with its bars, or the room.
fn outside(o: V3, d: V3, lamps: bool) -> V3 {
    let (corner, a, b) = WINDOW;
    let t = (corner.x - o.x) / d.x;
    let p = o + d * t - corner;
    if t > 0.0 && inside(p.y, 0.0, a.y) && inside(p.z, 0.0, b.z) {
        let bar = (p.y / a.y * 2.0).fract().min((p.z / b.z * 2.0).fract()) < 0.06;
        return if !lamps {
            V3::ZERO
        } else if bar {
            V3::all(0.3)
        } else {
            DAYLIGHT
        };
    }
    ROOM * (0.65 + 0.5 * d.y.max(-0.4))
}

fn radiance(scene: &Scene, mut o: V3, mut d: V3, rng: &mut Rng) -> V3 {
    let (mut sum, mut weight, mut mirrored) = (V3::ZERO, V3::ONE, true);
    for bounce in 0..=BOUNCES {
        let Some(hit) = scene.hit(o, d, bounce == 0) else {
            return sum + weight * outside(o, d, mirrored);
        };
        let p = o + d * hit.t + hit.n * 0.002;
        let f = fresnel(hit.coat.0, -d.dot(hit.n));
        if bounce == 0 && f > 0.0 {
            // The coat is followed beside the body: choosing at random would speckle.
            let r = (d.reflect(hit.n) + (rng.cosine(hit.n) - hit.n) * hit.coat.1).unit();
            if r.dot(hit.n) > 0.0 {
                let seen = match scene.hit(p, r, false) {
                    Some(next) => {
                        next.albedo
                            * (direct(scene, p + r * next.t + next.n * 0.002, next.n, rng)
                                + ROOM * 0.6)
                    }
                    None => outside(p, r, true),
                };
                sum += weight * seen * f;
            }
        }
        weight = weight * hit.albedo * (1.0 - f);
        sum += weight * direct(scene, p, hit.n, rng);
        o = p;
        d = rng.cosine(hit.n);
        mirrored = false;
    }
    sum + weight * ROOM * 0.45
}

/// Renders the still life.
pub fn render(w: usize, h: usize) -> Canvas {
    let scene = Scene {
        things: arrangement(),
        chalk: Text::new("SUMMER CAFE"),
        chalk2: Text::new("LEMONADE 1+1"),
    };
    let eye = v3(0.25, 2.15, -6.4);
    let forward = (v3(0.0, 0.93, 0.0) - eye).unit();
    let right = v3(0.0, 1.0, 0.0).cross(forward).unit();
    let up = forward.cross(right);
    let mut canvas = Canvas {
        w,
        h,
        px: vec![V3::ZERO; w * h],
    };
    each_row(&mut canvas.px, w, |y, row| {
        for (x, p) in row.iter_mut().enumerate() {
            let mut rng = Rng::new((y * w + x) as u32);
            for _ in 0..PATHS {
                let sx = (x as f32 + rng.next() - w as f32 * 0.5) / h as f32 * 0.80;
                let sy = (h as f32 * 0.5 - y as f32 - rng.next()) / h as f32 * 0.80;
                let (a, r) = (rng.next() * std::f32::consts::TAU, rng.next().sqrt() * LENS);
                let from = eye + right * (r * a.cos()) + up * (r * a.sin());
                let aim = eye + (forward + right * sx + up * sy) * FOCUS;
                let c = radiance(&scene, from, (aim - from).unit(), &mut rng);
                *p += c * (4.0 / c.luma().max(4.0)) / PATHS as f32;
            }
        }
    });
    canvas.calm();
    canvas
}
