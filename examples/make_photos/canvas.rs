//! A picture in linear light: rendering it on two threads, smoothing edges, tone and glow.

use crate::math::{V3, linear_to_srgb, rand2, v3};
use std::sync::{Mutex, PoisonError};

/// Threads that render.
const THREADS: usize = 2;
/// Extra samples for a pixel that differs from its neighbours.
const EDGE_SAMPLES: i32 = 5;
/// The difference, in sRGB steps of 0..1, from which a pixel is sampled again.
const EDGE: f32 = 0.05;

/// Rows of colours in linear light.
pub struct Canvas {
    pub w: usize,
    pub h: usize,
    pub px: Vec<V3>,
}

/// Calls `row(y, pixels)` for every row, on [`THREADS`] threads.
pub fn each_row<T: Send>(px: &mut [T], w: usize, row: impl Fn(usize, &mut [T]) + Sync) {
    let rows = Mutex::new(px.chunks_mut(w.max(1)).enumerate());
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                loop {
                    let next = rows.lock().unwrap_or_else(PoisonError::into_inner).next();
                    let Some((y, pixels)) = next else { break };
                    row(y, pixels);
                }
            });
        }
    });
}

impl Canvas {
    /// One call of `colour(x, y)` per pixel centre, more where the picture changes quickly.
    /// Coordinates are in pixels; a glossy or noisy scene is refined everywhere it needs it.
    pub fn render(w: usize, h: usize, colour: impl Fn(f32, f32) -> V3 + Sync) -> Canvas {
        let mut px = vec![V3::ZERO; w * h];
        each_row(&mut px, w, |y, row| {
            for (x, p) in row.iter_mut().enumerate() {
                *p = colour(x as f32 + 0.5, y as f32 + 0.5);
            }
        });
        let tone: Vec<f32> = px
            .iter()
            .map(|p| linear_to_srgb(p.luma().min(4.0)))
            .collect();
        let at = |x: usize, y: usize| {
            tone.get(y.min(h - 1) * w + x.min(w - 1))
                .copied()
                .unwrap_or(0.0)
        };
        each_row(&mut px, w, |y, row| {
            for (x, p) in row.iter_mut().enumerate() {
                let near = [
                    at(x.saturating_sub(1), y),
                    at(x + 1, y),
                    at(x, y.saturating_sub(1)),
                    at(x, y + 1),
                ];
                if near.iter().all(|n| (n - at(x, y)).abs() < EDGE) {
                    continue;
                }
                let mut sum = clip(*p);
                for s in 0..EDGE_SAMPLES {
                    // A rank-1 lattice spreads any number of points evenly.
                    let (sx, sy) = (
                        (s as f32 * 0.754_877_7 + 0.5).fract(),
                        (s as f32 * 0.569_840_3 + 0.5).fract(),
                    );
                    sum += clip(colour(x as f32 + sx, y as f32 + sy));
                }
                *p = sum / (EDGE_SAMPLES + 1) as f32;
            }
        });
        Canvas { w, h, px }
    }

    /// The colour at a pixel, clamped to the border.
    #[inline]
    pub fn at(&self, x: i64, y: i64) -> V3 {
        let (x, y) = (
            x.clamp(0, self.w as i64 - 1) as usize,
            y.clamp(0, self.h as i64 - 1) as usize,
        );
        self.px.get(y * self.w + x).copied().unwrap_or_default()
    }

    /// Lets what is brighter than `threshold` bleed over about `radius` pixels, as a lens does.
    pub fn glow(&mut self, threshold: f32, radius: usize, amount: f32) {
        // Blurred at a quarter of the size: a wide blur has no detail to lose.
        let (w, h) = (self.w.div_ceil(4), self.h.div_ceil(4));
        let mut small = vec![V3::ZERO; w * h];
        for (i, s) in small.iter_mut().enumerate() {
            let (x0, y0) = ((i % w * 4) as i64, (i / w * 4) as i64);
            for k in 0..16 {
                let p = self.at(x0 + k % 4, y0 + k / 4);
                let l = p.luma();
                if l > threshold {
                    *s += p * ((l - threshold) / l).min(1.0) * (1.0 / 16.0);
                }
            }
        }
        for _ in 0..3 {
            small = transpose(&box_blur(&small, w, (radius / 4).max(1)), w, h);
            small = transpose(&box_blur(&small, h, (radius / 4).max(1)), h, w);
        }
        let blurred = Canvas { w, h, px: small };
        let width = self.w;
        each_row(&mut self.px, width, |y, row| {
            for (x, p) in row.iter_mut().enumerate() {
                *p += blurred.bilinear(x as f32 / 4.0 - 0.375, y as f32 / 4.0 - 0.375) * amount;
            }
        });
    }

    /// Takes the grain of path tracing out of even areas and leaves edges: neighbours count as they resemble the pixel.
    pub fn calm(&mut self) {
        let tone = Canvas {
            w: self.w,
            h: self.h,
            px: self
                .px
                .iter()
                .map(|p| p.map(|c| c.max(0.0).sqrt()))
                .collect(),
        };
        let width = self.w;
        each_row(&mut self.px, width, |y, row| {
            for (x, p) in row.iter_mut().enumerate() {
                let here = tone.at(x as i64, y as i64);
                let (mut sum, mut total) = (V3::ZERO, 0.0);
                for dy in -2..=2_i64 {
                    for dx in -2..=2_i64 {
                        let there = tone.at(x as i64 + dx, y as i64 + dy);
                        let (apart, far) = (there - here, (dx * dx + dy * dy) as f32);
                        let weight = (-apart.dot(apart) * 220.0 - far * 0.18).exp();
                        sum += there * weight;
                        total += weight;
                    }
                }
                *p = (sum / total).map(|c| c * c);
            }
        });
    }

    /// The colour between pixels, in pixel indices.
    pub fn bilinear(&self, x: f32, y: f32) -> V3 {
        let (fx, fy) = (x.floor(), y.floor());
        let (i, j, u, v) = (fx as i64, fy as i64, x - fx, y - fy);
        let top = self.at(i, j) * (1.0 - u) + self.at(i + 1, j) * u;
        let low = self.at(i, j + 1) * (1.0 - u) + self.at(i + 1, j + 1) * u;
        top * (1.0 - v) + low * v
    }

    /// 8-bit sRGB through a film-like curve, with a slight vignette and fine dither against banding.
    pub fn develop(&self, exposure: f32, vignette: f32) -> Vec<u8> {
        let mut out = vec![0_u8; self.w * self.h * 3];
        let (cx, cy) = (self.w as f32 * 0.5, self.h as f32 * 0.5);
        each_row(&mut out, self.w * 3, |y, row| {
            for (x, rgb) in row.as_chunks_mut::<3>().0.iter_mut().enumerate() {
                let (dx, dy) = ((x as f32 - cx) / cx, (y as f32 - cy) / cy);
                let fall = 1.0 - vignette * 0.5 * (dx * dx + dy * dy);
                let c = self.at(x as i64, y as i64) * (exposure * fall);
                let dither = rand2(x as i32, y as i32, 99) - 0.5;
                for (v, lin) in rgb.iter_mut().zip([c.x, c.y, c.z]) {
                    *v = (linear_to_srgb(film(lin)) * 255.0 + 0.5 + dither * 0.7).clamp(0.0, 255.0)
                        as u8;
                }
            }
        });
        out
    }
}

/// A film-like curve: a little toe, lifted middle tones, a long shoulder for highlights.
fn film(x: f32) -> f32 {
    let x = x.max(0.0);
    ((x * (2.3 * x + 0.14)) / (x * (2.1 * x + 0.72) + 0.14)).min(1.0)
}

/// Keeps one very bright sample from spoiling its pixel.
fn clip(c: V3) -> V3 {
    v3(c.x.min(6.0), c.y.min(6.0), c.z.min(6.0))
}

fn box_blur(px: &[V3], w: usize, r: usize) -> Vec<V3> {
    let mut out = Vec::with_capacity(px.len());
    for row in px.chunks(w.max(1)) {
        let get = |i: i64| {
            row.get(i.clamp(0, row.len() as i64 - 1) as usize)
                .copied()
                .unwrap_or_default()
        };
        let r = r as i64;
        let mut sum = (-r..=r).fold(V3::ZERO, |s, i| s + get(i));
        for x in 0..row.len() as i64 {
            out.push(sum / (2 * r + 1) as f32);
            sum += get(x + r + 1) - get(x - r);
        }
    }
    out
}

fn transpose(px: &[V3], w: usize, h: usize) -> Vec<V3> {
    (0..w)
        .flat_map(|x| (0..h).map(move |y| (x, y)))
        .map(|(x, y)| px.get(y * w + x).copied().unwrap_or_default())
        .collect()
}
