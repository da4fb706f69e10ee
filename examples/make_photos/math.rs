//! Vectors, smooth steps and noise. Noise hashes integers, so a picture depends on nothing but its coordinates.

use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub};

/// A point, a direction or a colour in linear light.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct V3 {
    pub x: f32,
    pub y: f32,
    pub z: f32,
}

#[inline]
pub const fn v3(x: f32, y: f32, z: f32) -> V3 {
    V3 { x, y, z }
}

/// A colour given as sRGB hex, in linear light.
pub fn hex(rgb: u32) -> V3 {
    let lin = |shift: u32| srgb_to_linear(((rgb >> shift) & 255) as f32 / 255.0);
    v3(lin(16), lin(8), lin(0))
}

pub fn srgb_to_linear(c: f32) -> f32 {
    if c <= 0.04045 {
        c / 12.92
    } else {
        ((c + 0.055) / 1.055).powf(2.4)
    }
}

pub fn linear_to_srgb(c: f32) -> f32 {
    if c <= 0.003_130_8 {
        c.max(0.0) * 12.92
    } else {
        1.055 * c.powf(1.0 / 2.4) - 0.055
    }
}

impl V3 {
    pub const ZERO: V3 = v3(0.0, 0.0, 0.0);
    pub const ONE: V3 = v3(1.0, 1.0, 1.0);

    #[inline]
    pub const fn all(s: f32) -> V3 {
        v3(s, s, s)
    }
    #[inline]
    pub fn dot(self, o: V3) -> f32 {
        self.x * o.x + self.y * o.y + self.z * o.z
    }
    #[inline]
    pub fn cross(self, o: V3) -> V3 {
        v3(
            self.y * o.z - self.z * o.y,
            self.z * o.x - self.x * o.z,
            self.x * o.y - self.y * o.x,
        )
    }
    #[inline]
    pub fn len(self) -> f32 {
        self.dot(self).sqrt()
    }
    #[inline]
    pub fn unit(self) -> V3 {
        self * (1.0 / self.len().max(1e-20))
    }
    #[inline]
    pub fn map(self, f: impl Fn(f32) -> f32) -> V3 {
        v3(f(self.x), f(self.y), f(self.z))
    }
    #[inline]
    pub fn reflect(self, n: V3) -> V3 {
        self - n * (2.0 * self.dot(n))
    }
    /// Perceived brightness.
    #[inline]
    pub fn luma(self) -> f32 {
        self.dot(v3(0.2126, 0.7152, 0.0722))
    }
    /// Rotation about the y axis.
    #[inline]
    pub fn yaw(self, a: f32) -> V3 {
        let (s, c) = a.sin_cos();
        v3(c * self.x + s * self.z, self.y, c * self.z - s * self.x)
    }
    /// Rotation about the x axis.
    #[inline]
    pub fn pitch(self, a: f32) -> V3 {
        let (s, c) = a.sin_cos();
        v3(self.x, c * self.y - s * self.z, s * self.y + c * self.z)
    }
    /// Rotation about the z axis.
    #[inline]
    pub fn roll(self, a: f32) -> V3 {
        let (s, c) = a.sin_cos();
        v3(c * self.x - s * self.y, s * self.x + c * self.y, self.z)
    }
}

/// A rotation, kept as three rows.
pub struct Turn([V3; 3]);

impl Turn {
    /// The rotation that `f` makes; `f` must be linear.
    pub fn of(f: impl Fn(V3) -> V3) -> Turn {
        let (a, b, c) = (
            f(v3(1.0, 0.0, 0.0)),
            f(v3(0.0, 1.0, 0.0)),
            f(v3(0.0, 0.0, 1.0)),
        );
        Turn([v3(a.x, b.x, c.x), v3(a.y, b.y, c.y), v3(a.z, b.z, c.z)])
    }
    #[inline]
    pub fn apply(&self, p: V3) -> V3 {
        let [a, b, c] = &self.0;
        v3(a.dot(p), b.dot(p), c.dot(p))
    }
}

impl Add for V3 {
    type Output = V3;
    #[inline]
    fn add(self, o: V3) -> V3 {
        v3(self.x + o.x, self.y + o.y, self.z + o.z)
    }
}
impl AddAssign for V3 {
    #[inline]
    fn add_assign(&mut self, o: V3) {
        *self = *self + o;
    }
}
impl Sub for V3 {
    type Output = V3;
    #[inline]
    fn sub(self, o: V3) -> V3 {
        v3(self.x - o.x, self.y - o.y, self.z - o.z)
    }
}
impl Mul for V3 {
    type Output = V3;
    #[inline]
    fn mul(self, o: V3) -> V3 {
        v3(self.x * o.x, self.y * o.y, self.z * o.z)
    }
}
impl Mul<f32> for V3 {
    type Output = V3;
    #[inline]
    fn mul(self, s: f32) -> V3 {
        v3(self.x * s, self.y * s, self.z * s)
    }
}
impl Div<f32> for V3 {
    type Output = V3;
    #[inline]
    fn div(self, s: f32) -> V3 {
        self * (1.0 / s)
    }
}
impl Neg for V3 {
    type Output = V3;
    #[inline]
    fn neg(self) -> V3 {
        self * -1.0
    }
}

#[inline]
pub fn mix(a: V3, b: V3, t: f32) -> V3 {
    a + (b - a) * t
}
#[inline]
pub fn lerp(a: f32, b: f32, t: f32) -> f32 {
    a + (b - a) * t
}
/// 0 below `a`, 1 above `b`, smooth between; `a` may exceed `b`.
#[inline]
pub fn step(a: f32, b: f32, x: f32) -> f32 {
    let t = ((x - a) / (b - a)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}
/// 1 inside `[a, b]`, 0 outside.
#[inline]
pub fn inside(x: f32, a: f32, b: f32) -> bool {
    x >= a && x <= b
}
/// A smooth minimum: blends two distances over about `k`.
#[inline]
pub fn smin(a: f32, b: f32, k: f32) -> f32 {
    let h = (k - (a - b).abs()).max(0.0) / k;
    a.min(b) - h * h * k * 0.25
}
#[inline]
pub fn smax(a: f32, b: f32, k: f32) -> f32 {
    -smin(-a, -b, k)
}

/// A well-mixed 32-bit hash.
#[inline]
pub fn hash(mut x: u32) -> u32 {
    x ^= x >> 16;
    x = x.wrapping_mul(0x7feb_352d);
    x ^= x >> 15;
    x = x.wrapping_mul(0x846c_a68b);
    x ^ (x >> 16)
}
/// A number in 0..1 for a lattice point.
#[inline]
pub fn rand2(x: i32, y: i32, seed: u32) -> f32 {
    let h = (x as u32).wrapping_mul(0x9e37_79b1)
        ^ (y as u32).wrapping_mul(0x85eb_ca77)
        ^ seed.wrapping_mul(0xc2b2_ae3d);
    (hash(h) >> 8) as f32 / 16_777_216.0
}
#[inline]
pub fn rand1(i: i32, seed: u32) -> f32 {
    rand2(i, 7919, seed)
}

/// Value noise in 0..1.
#[inline]
pub fn noise2(x: f32, y: f32, seed: u32) -> f32 {
    let (fx, fy) = (x.floor(), y.floor());
    let (i, j) = (fx as i32, fy as i32);
    let s = |t: f32| t * t * t * (t * (t * 6.0 - 15.0) + 10.0);
    let (u, v) = (s(x - fx), s(y - fy));
    let (i1, j1) = (i.wrapping_add(1), j.wrapping_add(1));
    lerp(
        lerp(rand2(i, j, seed), rand2(i1, j, seed), u),
        lerp(rand2(i, j1, seed), rand2(i1, j1, seed), u),
        v,
    )
}
/// Value noise in 0..1 over space.
pub fn noise3(p: V3, seed: u32) -> f32 {
    let fz = p.z.floor();
    let t = p.z - fz;
    let w = t * t * (3.0 - 2.0 * t);
    let layer = |k: i32| seed.wrapping_add((k as u32).wrapping_mul(0x27d4_eb2f));
    lerp(
        noise2(p.x, p.y, layer(fz as i32)),
        noise2(p.x, p.y, layer((fz as i32).wrapping_add(1))),
        w,
    )
}
/// Octaves of turned value noise, about 0..1 with mean one half.
pub fn fbm(mut x: f32, mut y: f32, octaves: u32, seed: u32) -> f32 {
    let (mut sum, mut amp, mut total) = (0.0, 0.5, 0.0);
    for o in 0..octaves {
        sum += amp * noise2(x, y, seed.wrapping_add(o));
        total += amp;
        amp *= 0.5;
        (x, y) = (1.6 * x + 1.2 * y + 3.7, -1.2 * x + 1.6 * y - 1.9);
    }
    sum / total
}
/// Octaves of value noise over space.
pub fn fbm3(mut p: V3, octaves: u32, seed: u32) -> f32 {
    let (mut sum, mut amp, mut total) = (0.0, 0.5, 0.0);
    for o in 0..octaves {
        sum += amp * noise3(p, seed.wrapping_add(o));
        total += amp;
        amp *= 0.5;
        p = v3(1.6 * p.x + 1.2 * p.y, -1.2 * p.x + 1.6 * p.y, 2.03 * p.z) + v3(3.7, 1.3, 5.1);
    }
    sum / total
}
/// Distances to the nearest and second nearest jittered cell point, and the nearest cell's random number.
pub fn cells(x: f32, y: f32, seed: u32) -> (f32, f32, f32) {
    let (i, j) = (x.floor() as i32, y.floor() as i32);
    let (mut d1, mut d2, mut id) = (9.0_f32, 9.0_f32, 0.0);
    for a in -1..=1 {
        for b in -1..=1 {
            let (ci, cj) = (i.wrapping_add(a), j.wrapping_add(b));
            let dx = ci as f32 + rand2(ci, cj, seed) - x;
            let dy = cj as f32 + rand2(ci, cj, seed ^ 0x55) - y;
            let d = dx * dx + dy * dy;
            if d < d1 {
                d2 = d1;
                d1 = d;
                id = rand2(ci, cj, seed ^ 0xaa);
            } else if d < d2 {
                d2 = d;
            }
        }
    }
    (d1.sqrt(), d2.sqrt(), id)
}

/// A small random sequence for path tracing.
pub struct Rng(u32);

impl Rng {
    pub fn new(seed: u32) -> Rng {
        Rng(hash(seed ^ 0x9e37_79b9))
    }
    /// The next number in 0..1.
    #[inline]
    pub fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (hash(self.0) >> 8) as f32 / 16_777_216.0
    }
    /// A direction about `n`, cosine weighted.
    pub fn cosine(&mut self, n: V3) -> V3 {
        let (a, z) = (self.next() * std::f32::consts::TAU, 2.0 * self.next() - 1.0);
        let r = (1.0 - z * z).max(0.0).sqrt();
        (n * 1.001 + v3(r * a.cos(), r * a.sin(), z)).unit()
    }
}
