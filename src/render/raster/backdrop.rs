//! What lies behind a picture: colours of its own, gradients of them, or the picture itself.

use std::collections::HashMap;

use super::effect::lab;
use super::{Layout, Raster, over};
use crate::plan::{OwnColours, Paint, Region, Size, Towards};
use crate::render::budget::Budget;
use crate::render::error::Error;
use crate::spec::Colour;

/// Two colours nearer than this count as one where several are looked for. Assumed.
const SAME: f32 = 12.0;
/// Edges that are carried on are blurred by this part of the longer side. Assumed.
const CONTINUED_BLUR: f64 = 1.0 / 60.0;

impl Raster {
    /// What a canvas shows where the picture, with its corner at `place`, is not.
    pub(super) fn backdrop(
        &self,
        size: Size,
        place: (i32, i32),
        paint: Paint,
        budget: &Budget,
    ) -> Result<Self, Error> {
        match paint {
            Paint::Own(own) if own.count > 1 => {
                gradient(size, &self.own_colours(&own), own, budget)
            }
            Paint::Blurred { sigma, light } => {
                let cover = cover(self.size, size);
                let behind = self
                    .clone()
                    .resampled(cover, size)?
                    .blurred(sigma, budget)?;
                Ok(behind.dimmed(light))
            }
            Paint::Continued => {
                let longer = f64::from(size.width.max(size.height));
                self.carried_on(size, place)
                    .blurred(longer * CONTINUED_BLUR, budget)
            }
            one => {
                let colour = self.paint(one);
                let layout = if colour.a == 255 {
                    Layout::Rgb
                } else {
                    Layout::Rgba
                };
                Ok(Self::filled(size, layout, colour))
            }
        }
    }

    /// The picture over a paint of its own size.
    pub(super) fn on_paint(self, paint: Paint, budget: &Budget) -> Result<Self, Error> {
        if self.layout != Layout::Rgba {
            return Ok(self);
        }
        if matches!(paint, Paint::Colour(_) | Paint::EdgeColour) {
            return Ok(self.flattened(paint));
        }
        let mut behind = self.backdrop(self.size, (0, 0), paint, budget)?.into_rgba();
        let (under, _) = behind.pixels.as_chunks_mut::<4>();
        let (top, _) = self.pixels.as_chunks::<4>();
        for (under, top) in under.iter_mut().zip(top) {
            *under = over(*top, *under);
        }
        Ok(behind.without_idle_alpha())
    }

    /// Light multiplied.
    fn dimmed(mut self, light: f64) -> Self {
        let samples = self.layout.bytes();
        for pixel in self.pixels.chunks_exact_mut(samples) {
            for v in pixel.iter_mut().take(3) {
                *v = (f64::from(*v) * light).round().min(255.0) as u8;
            }
        }
        self
    }

    /// Every pixel of the canvas from the nearest of the picture.
    fn carried_on(&self, size: Size, (left, top): (i32, i32)) -> Self {
        let samples = self.layout.bytes();
        let nearest = |at: u32, start: i32, side: u32| {
            let inside = i64::from(at) - i64::from(start);
            usize::try_from(inside.clamp(0, i64::from(side) - 1)).unwrap_or(0)
        };
        let columns: Vec<usize> = (0..size.width)
            .map(|x| nearest(x, left, self.size.width) * samples)
            .collect();
        let mut pixels = Vec::with_capacity(size.width as usize * size.height as usize * samples);
        for y in 0..size.height {
            let start = nearest(y, top, self.size.height) * self.stride();
            let row = self.pixels.get(start..start + self.stride());
            let row = row.unwrap_or_default();
            for &at in &columns {
                pixels.extend_from_slice(row.get(at..at + samples).unwrap_or_default());
            }
        }
        Self {
            size,
            layout: self.layout,
            pixels,
        }
    }

    /// Colours found in the picture, as many as are asked for.
    pub(super) fn own_colours(&self, own: &OwnColours) -> Vec<Colour> {
        let Size { width, height } = self.size;
        let rim = |x: u32, y: u32| x == 0 || y == 0 || x + 1 == width || y + 1 == height;
        let common = |wanted: &dyn Fn(u32, u32) -> bool| {
            let found = self.common(&|x, y| (!own.edges || rim(x, y)) && wanted(x, y));
            found.into_iter().map(|(_, colour)| colour)
        };
        let first =
            |wanted: &dyn Fn(u32, u32) -> bool| common(wanted).next().unwrap_or(Colour::WHITE);
        let (right, low) = (|x: u32| x >= width / 2, |y: u32| y >= height / 2);
        let found = match (own.edges, own.count, own.towards) {
            (_, 0 | 1, _) => vec![first(&|_, _| true)],
            // Each end of a gradient has the colour of the edges on its side.
            (true, 2, Towards::Right) => {
                vec![first(&|x, _| !right(x)), first(&|x, _| right(x))]
            }
            (true, 2, Towards::Bottom) => {
                vec![first(&|_, y| !low(y)), first(&|_, y| low(y))]
            }
            (true, 2, Towards::BottomRight) => vec![
                first(&|x, y| !right(x) && !low(y)),
                first(&|x, y| right(x) && low(y)),
            ],
            (true, 2, Towards::TopRight) => vec![
                first(&|x, y| !right(x) && low(y)),
                first(&|x, y| right(x) && !low(y)),
            ],
            (true, ..) => vec![
                first(&|x, y| !right(x) && !low(y)),
                first(&|x, y| right(x) && !low(y)),
                first(&|x, y| right(x) && low(y)),
                first(&|x, y| !right(x) && low(y)),
            ],
            (false, count, _) => unlike(common(&|_, _| true), usize::from(count)),
        };
        let all: Vec<Colour> = common(&|_, _| true).take(64).collect();
        let palette = own.palette.colours();
        found
            .into_iter()
            .map(|colour| match (own.contrast, palette) {
                (false, []) => colour,
                (false, palette) => nearest(palette, colour),
                (true, []) => {
                    let ends = [Colour::BLACK, Colour::WHITE];
                    let known = all.iter().chain(&ends).copied();
                    farthest(known, colour)
                }
                (true, palette) => farthest(palette.iter().copied(), colour),
            })
            .collect()
    }

    /// The colours of some pixels in cells of sixteen steps, the most common first.
    fn common(&self, wanted: &dyn Fn(u32, u32) -> bool) -> Vec<(u64, Colour)> {
        const CELL: u8 = 16;
        let mut cells: HashMap<[u8; 3], (u64, [u64; 3])> = HashMap::new();
        let samples = self.layout.bytes();
        let width = self.size.width;
        for (y, row) in (0..).zip(self.pixels.chunks_exact(self.stride().max(1))) {
            for (x, pixel) in (0..width).zip(row.chunks_exact(samples)) {
                let rgb = match *pixel {
                    [v] => [v; 3],
                    [r, g, b] => [r, g, b],
                    [r, g, b, a] if a > 0 => [r, g, b],
                    _ => continue,
                };
                if !wanted(x, y) {
                    continue;
                }
                let cell = cells.entry(rgb.map(|v| v / CELL)).or_default();
                cell.0 += 1;
                for (sum, v) in cell.1.iter_mut().zip(rgb) {
                    *sum += u64::from(v);
                }
            }
        }
        let mut found: Vec<_> = cells.into_iter().collect();
        // Ties go to the brightest cell, so that the answer does not depend on the map's order.
        found.sort_by_key(|&(cell, (n, _))| std::cmp::Reverse((n, cell)));
        found
            .into_iter()
            .map(|(_, (n, sums))| {
                let [r, g, b] =
                    sums.map(|sum| u8::try_from((sum + n / 2) / n.max(1)).unwrap_or(255));
                (n, Colour::rgb(r, g, b))
            })
            .collect()
    }
}

fn far(a: Colour, b: Colour) -> f32 {
    lab::distance(lab::lab([a.r, a.g, a.b]), lab::lab([b.r, b.g, b.b]))
}

fn nearest(all: &[Colour], to: Colour) -> Colour {
    let best = all
        .iter()
        .min_by(|a, b| far(**a, to).total_cmp(&far(**b, to)));
    best.copied().unwrap_or(to)
}

fn farthest(all: impl Iterator<Item = Colour>, from: Colour) -> Colour {
    all.max_by(|a, b| far(*a, from).total_cmp(&far(*b, from)))
        .unwrap_or(from)
}

/// The first colours that differ; the last again where there are no more.
fn unlike(all: impl Iterator<Item = Colour>, count: usize) -> Vec<Colour> {
    let mut found: Vec<Colour> = Vec::with_capacity(count);
    for colour in all {
        if found.len() == count {
            break;
        }
        if found.iter().all(|other| far(*other, colour) > SAME) {
            found.push(colour);
        }
    }
    let last = found.last().copied().unwrap_or(Colour::WHITE);
    found.resize(count, last);
    found
}

/// The largest part of a picture that has the shape of a canvas.
fn cover(picture: Size, canvas: Size) -> Region {
    let (w, h) = (f64::from(picture.width), f64::from(picture.height));
    let scale = (w / f64::from(canvas.width)).min(h / f64::from(canvas.height));
    let (width, height) = (
        f64::from(canvas.width) * scale,
        f64::from(canvas.height) * scale,
    );
    Region {
        x: (w - width) / 2.0,
        y: (h - height) / 2.0,
        width,
        height,
    }
}

/// Two colours along a direction, or four from corner to corner, clockwise from the top left.
fn gradient(
    size: Size,
    colours: &[Colour],
    own: OwnColours,
    budget: &Budget,
) -> Result<Raster, Error> {
    let part = |n: u32, side: u32| (f64::from(n) + 0.5) / f64::from(side);
    let mut pixels = Vec::with_capacity(size.width as usize * size.height as usize);
    for y in 0..size.height {
        if y % 64 == 0 {
            budget.check()?;
        }
        let down = part(y, size.height);
        for x in 0..size.width {
            let across = part(x, size.width);
            pixels.push(match *colours {
                [a, b, c, d] => {
                    let (top, bottom) = (between(a, b, across), between(d, c, across));
                    between(top, bottom, down)
                }
                [a, b] => {
                    let at = match own.towards {
                        Towards::Right => across,
                        Towards::Bottom => down,
                        Towards::BottomRight => f64::midpoint(across, down),
                        Towards::TopRight => f64::midpoint(across, 1.0 - down),
                    };
                    between(a, b, at)
                }
                _ => Colour::WHITE,
            });
        }
    }
    Ok(Raster {
        size,
        layout: Layout::Rgb,
        pixels: super::flat(pixels.iter().map(|c| [c.r, c.g, c.b])),
    })
}

fn between(a: Colour, b: Colour, at: f64) -> Colour {
    let mixed = |a: u8, b: u8| (f64::from(a) + (f64::from(b) - f64::from(a)) * at).round() as u8;
    Colour::rgb(mixed(a.r, b.r), mixed(a.g, b.g), mixed(a.b, b.b))
}
