//! Each pixel by its own colour alone: any number of such effects in one pass.
//!
//! Pixels are taken in blocks, each block apart into its channels, every effect goes over the channels
//! while they are close at hand, and the block is put together again. What is done to a block is
//! settled before the first one: tables, a matrix or one of a few formulas.

use super::hue::{self, Hue};
use super::simd::{byte, wide};
use super::tone::{self, Tables};
use super::{Layout, Raster};
use crate::plan::{EffectStep, Point, Step};
use crate::render::budget::Budget;
use crate::render::error::Error;

/// Pixels of a block: all four channels stay in the first-level cache.
pub(super) const BLOCK: usize = 1024;

/// Blocks between two looks at the budget.
const BLOCKS_A_LOOK: usize = 64;

/// One channel of a block.
pub(super) type Channel = [u8; BLOCK];

/// Pixels apart into channels.
pub(super) struct Block {
    pub r: Channel,
    pub g: Channel,
    pub b: Channel,
    pub a: Channel,
}

/// What is done to a block.
pub(super) enum Kernel {
    /// Each channel through a table of its own.
    Tables(Box<Tables>),
    /// Light through three tables.
    Light(Box<Tables>),
    /// Rows for red, green, blue and alpha from those and one.
    Matrix(Box<[[f32; 5]; 4]>),
    /// Something about hue, saturation or lightness.
    Hue(Hue),
    /// Alpha through a table.
    Alpha(Box<[u8; 256]>),
}

/// The effects at the head of the steps that look at one pixel at a time.
pub(super) fn leading(steps: &[Step]) -> Vec<&Point> {
    steps
        .iter()
        .map_while(|step| match step {
            Step::Effect(effect) => match &**effect {
                EffectStep::Point(point) => Some(point),
                _ => None,
            },
            _ => None,
        })
        .collect()
}

impl Raster {
    /// Does the effects in their order, in one pass.
    pub(super) fn pointed(self, points: &[&Point], budget: &Budget) -> Result<Self, Error> {
        let kernels = points.iter().map(|point| kernel(point));
        let alpha = points.iter().any(|point| point.makes_alpha());
        self.passed(kernels.collect(), alpha, budget)
    }

    /// Sends every pixel through the kernels; `alpha`: an opaque picture gets an alpha channel first.
    pub(super) fn passed(
        self,
        kernels: Vec<Kernel>,
        alpha: bool,
        budget: &Budget,
    ) -> Result<Self, Error> {
        let kernels = joined(kernels);
        if self.layout == Layout::Grey && !alpha {
            return Ok(self.grey_passed(&kernels));
        }
        let mut picture = if alpha {
            self.into_rgba()
        } else {
            self.into_colour()
        };
        // Opaque and without colour from here on: a third of the bytes.
        if let ([Kernel::Light(tables)], Layout::Rgb) = (kernels.as_slice(), picture.layout)
            && let [r, g, b] = &**tables
            && r == g
            && g == b
        {
            return picture.light_alone(r, budget);
        }
        if let ([Kernel::Light(tables)], Layout::Rgb) = (kernels.as_slice(), picture.layout) {
            let colours = tone::woven(tables);
            for band in picture.pixels.chunks_mut(BLOCK * BLOCKS_A_LOOK * 3) {
                budget.check()?;
                let mut light = [0; BLOCK];
                for pixels in band.chunks_mut(BLOCK * 3) {
                    light_of::<3>(pixels.as_chunks().0, &mut light);
                    tone::look_up_colours(pixels, &light, &colours);
                }
            }
            return Ok(picture);
        }
        // One table for all: no need to take channels apart.
        if let ([Kernel::Tables(tables)], Layout::Rgb) = (kernels.as_slice(), picture.layout)
            && let [r, g, b] = &**tables
            && r == g
            && g == b
        {
            for band in picture.pixels.chunks_mut(BLOCK * BLOCKS_A_LOOK) {
                budget.check()?;
                if r.iter().rev().zip(0..=255).all(|(&v, n)| v == n) {
                    invert(band);
                } else {
                    tone::look_up(band, r);
                }
            }
            return Ok(picture);
        }
        match picture.layout {
            Layout::Rgb => run::<3>(&mut picture.pixels, &kernels, budget)?,
            _ => run::<4>(&mut picture.pixels, &kernels, budget)?,
        }
        Ok(picture)
    }

    /// Every grey there is goes through the kernels; the picture then through the table of results.
    fn grey_passed(self, kernels: &[Kernel]) -> Self {
        let mut block = Block::new();
        for (n, ((r, g), b)) in
            (0..=255).zip(block.r.iter_mut().zip(&mut block.g).zip(&mut block.b))
        {
            (*r, *g, *b) = (n, n, n);
        }
        block.pass(kernels);
        let results = block.r.iter().zip(&block.g).zip(&block.b).take(256);
        let table: Vec<[u8; 3]> = results.map(|((&r, &g), &b)| [r, g, b]).collect();
        let at = |v: &u8| table.get(usize::from(*v)).copied().unwrap_or_default();
        let grey = table.iter().all(|[r, g, b]| r == g && g == b);
        let (layout, pixels) = if grey {
            let light = self.pixels.iter().map(|v| at(v)[0]).collect();
            (Layout::Grey, light)
        } else {
            (Layout::Rgb, super::super::flat(self.pixels.iter().map(at)))
        };
        Self {
            layout,
            pixels,
            ..self
        }
    }

    /// RGB to grey through a table.
    fn light_alone(self, table: &[u8; 256], budget: &Budget) -> Result<Self, Error> {
        let mut pixels = vec![0; self.pixels.len() / 3];
        let (colours, _) = self.pixels.as_chunks::<3>();
        let band = BLOCK * BLOCKS_A_LOOK;
        let identity = table.iter().zip(0..=255).all(|(&v, n)| v == n);
        for (light, colours) in pixels.chunks_mut(band).zip(colours.chunks(band)) {
            budget.check()?;
            light_of::<3>(colours, light);
            if !identity {
                tone::look_up(light, table);
            }
        }
        Ok(Self {
            layout: Layout::Grey,
            pixels,
            ..self
        })
    }
}

impl Block {
    pub const fn new() -> Self {
        Self {
            r: [0; BLOCK],
            g: [0; BLOCK],
            b: [0; BLOCK],
            a: [255; BLOCK],
        }
    }

    fn pass(&mut self, kernels: &[Kernel]) {
        for kernel in kernels {
            match kernel {
                Kernel::Tables(tables) => {
                    let [r, g, b] = &**tables;
                    tone::look_up(&mut self.r, r);
                    tone::look_up(&mut self.g, g);
                    tone::look_up(&mut self.b, b);
                }
                Kernel::Light(tables) => {
                    let mut light = [0; BLOCK];
                    light_of_block(self, &mut light);
                    let [r, g, b] = &**tables;
                    tone::look_up_to(&mut self.r, &light, r);
                    tone::look_up_to(&mut self.g, &light, g);
                    tone::look_up_to(&mut self.b, &light, b);
                }
                Kernel::Matrix(rows) => multiply(self, rows),
                Kernel::Hue(hue) => hue::run(self, *hue),
                Kernel::Alpha(table) => tone::look_up(&mut self.a, table),
            }
        }
    }
}

fn run<const N: usize>(bytes: &mut [u8], kernels: &[Kernel], budget: &Budget) -> Result<(), Error> {
    let (pixels, _) = bytes.as_chunks_mut::<N>();
    let mut block = Block::new();
    for band in pixels.chunks_mut(BLOCK * BLOCKS_A_LOOK) {
        budget.check()?;
        for pixels in band.chunks_mut(BLOCK) {
            apart::<N>(pixels, &mut block);
            block.pass(kernels);
            together::<N>(pixels, &block);
        }
    }
    Ok(())
}

wide! {
    fn apart<const N: usize>(pixels: &[[u8; N]], block: &mut Block) {
        let channels = block.r.iter_mut().zip(&mut block.g).zip(&mut block.b).zip(&mut block.a);
        for (pixel, (((r, g), b), a)) in pixels.iter().zip(channels) {
            *r = pixel[0];
            *g = pixel[1];
            *b = pixel[2];
            if N == 4 {
                *a = pixel[N - 1];
            }
        }
    }

    fn together<const N: usize>(pixels: &mut [[u8; N]], block: &Block) {
        let channels = block.r.iter().zip(&block.g).zip(&block.b).zip(&block.a);
        for (pixel, (((r, g), b), a)) in pixels.iter_mut().zip(channels) {
            pixel[0] = *r;
            pixel[1] = *g;
            pixel[2] = *b;
            if N == 4 {
                pixel[N - 1] = *a;
            }
        }
    }

    fn invert(samples: &mut [u8]) {
        for v in samples {
            *v = !*v;
        }
    }

    /// Light by the weights of Rec. 601, in 256ths: at most 255.5, so the sum fits 16 bits.
    pub(super) fn light_of<const N: usize>(pixels: &[[u8; N]], light: &mut [u8]) {
        for (pixel, light) in pixels.iter().zip(light) {
            *light = weighed(pixel[0], pixel[1], pixel[2]);
        }
    }

    fn light_of_block(block: &Block, light: &mut Channel) {
        let channels = block.r.iter().zip(&block.g).zip(&block.b);
        for (((r, g), b), light) in channels.zip(light) {
            *light = weighed(*r, *g, *b);
        }
    }

    fn multiply(block: &mut Block, rows: &[[f32; 5]; 4]) {
        let channels = block.r.iter_mut().zip(&mut block.g).zip(&mut block.b).zip(&mut block.a);
        for (((r, g), b), a) in channels {
            let from = [f32::from(*r), f32::from(*g), f32::from(*b), f32::from(*a)];
            let sum = |row: &[f32; 5]| {
                byte(row[0] * from[0] + row[1] * from[1] + row[2] * from[2] + row[3] * from[3] + row[4] * 255.0)
            };
            *r = sum(&rows[0]);
            *g = sum(&rows[1]);
            *b = sum(&rows[2]);
            *a = sum(&rows[3]);
        }
    }
}

#[inline(always)]
pub(super) fn weighed(r: u8, g: u8, b: u8) -> u8 {
    let sum = u16::from(r)
        .wrapping_mul(77)
        .wrapping_add(u16::from(g).wrapping_mul(150))
        .wrapping_add(u16::from(b).wrapping_mul(29))
        .wrapping_add(128);
    (sum >> 8) as u8
}

fn kernel(point: &Point) -> Kernel {
    match point {
        Point::Grey => Kernel::Light(tone::same(|v| v)),
        Point::BlackWhite(level) => Kernel::Light(tone::same(|v| {
            if v >= *level && *level < 1.0 {
                1.0
            } else {
                0.0
            }
        })),
        Point::Negate => Kernel::Tables(tone::same(|v| 1.0 - v)),
        Point::Gamma(gamma) => Kernel::Tables(tone::same(|v| v.powf(1.0 / gamma.max(1e-3)))),
        Point::Slope(slope) => Kernel::Tables(tone::same(|v| (v - 0.5) * slope + 0.5)),
        Point::Sigmoid { strength, flatten } => {
            Kernel::Tables(tone::same(tone::sigmoid(*strength, *flatten)))
        }
        Point::Offset(shares) => Kernel::Tables(tone::each(*shares, |v, share| v + share)),
        Point::Mix { colour, share } => {
            let to = [colour.r, colour.g, colour.b].map(|v| f64::from(v) / 255.0);
            Kernel::Tables(tone::each(to, |v, to| v + (to - v) * share))
        }
        Point::OpacityThreshold(least) => {
            let mut table = Box::new([0; 256]);
            for (n, v) in (0..=255_u8).zip(table.iter_mut()) {
                *v = if n >= *least { 255 } else { 0 };
            }
            Kernel::Alpha(table)
        }
        Point::Matrix(rows) => Kernel::Matrix(Box::new(rows.map(|row| row.map(|n| n as f32)))),
        Point::Lightness(factor) => Kernel::Hue(Hue::Lightness(*factor as f32)),
        Point::Value(factor) => Kernel::Hue(Hue::Value(*factor as f32)),
        Point::Saturation(factor) => Kernel::Hue(Hue::Saturation(*factor as f32)),
        Point::Vibrance(strength) => Kernel::Hue(Hue::Vibrance(*strength as f32)),
        Point::Hue(degrees) => Kernel::Hue(Hue::Turn((degrees.rem_euclid(360.0) / 60.0) as f32)),
    }
}

/// Tables that follow one another become one.
fn joined(kernels: Vec<Kernel>) -> Vec<Kernel> {
    let mut out: Vec<Kernel> = Vec::with_capacity(kernels.len());
    for kernel in kernels {
        match (out.last_mut(), kernel) {
            (Some(Kernel::Tables(first) | Kernel::Light(first)), Kernel::Tables(next)) => {
                for (first, next) in first.iter_mut().zip(next.iter()) {
                    tone::look_up(first, next);
                }
            }
            (_, kernel) => out.push(kernel),
        }
    }
    out
}
