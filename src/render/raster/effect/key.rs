//! Colours found by likeness: replaced, made transparent, cut off at the edges.

use std::collections::{HashMap, VecDeque};

use super::balance::is_seen;
use super::lab::{self, Lab};
use super::simd::{byte, wide};
use super::soft::ROWS_A_LOOK;
use super::{Layout, Raster, Table};
use crate::plan::{Rect, Size};
use crate::render::budget::Budget;
use crate::render::error::Error;
use crate::spec::Colour;

/// From this tolerance on colours change so slowly that a table of some of them serves for all.
const LEAST_TABLED: f32 = 16.0;
/// Distances from a uniform background: nothing of a pixel is kept below, all above. Assumed.
const KEY_NEAR: f32 = 6.0;
const KEY_FAR: f32 = 18.0;
/// Parts of a flat picture: squares of so many pixels a side, with at most so many tones at the default
/// sensitivity. Assumed.
const TILE: usize = 16;
const TILE_TONES: f64 = 256.0;
/// Red eyes: how much redder, at most which part of the shorter side, how round. Assumed.
const EYE_RED: f64 = 1.5;
const EYE_LEAST_RED: u8 = 80;
const EYE_SIDE: usize = 20;
const EYE_FILLED: f64 = 0.5;

impl Raster {
    /// One colour to another: hue is replaced and lightness moved, so that shading stays. Colours near
    /// the old one follow by how near they are.
    pub(super) fn recoloured(
        self,
        to: Colour,
        from: Option<Colour>,
        tolerance: f64,
        budget: &Budget,
    ) -> Result<Self, Error> {
        let Some(from) = from.or_else(|| self.prominent_colour()) else {
            return Ok(self);
        };
        let (to_lab, from_lab) = (lab_of(to), lab_of(from));
        let tolerance = (tolerance as f32).max(0.5);
        let clear = to.a < 255;
        let picture = if clear {
            self.into_rgba()
        } else {
            self.into_colour()
        };
        // How far a colour follows, and what it becomes.
        let followed = |here: Lab| {
            let near = 1.0 - lab::distance(here, from_lab) / tolerance;
            let weight = near.clamp(0.0, 1.0);
            let weight = weight * weight * (3.0 - 2.0 * weight);
            let mixed = |n: usize| here[n] + (to_lab[n] - here[n]) * weight;
            let l = here[0] + (to_lab[0] - from_lab[0]) * weight;
            (weight, [l, mixed(1), mixed(2)])
        };
        let near_cells = cells_near(from_lab, tolerance);
        if tolerance >= LEAST_TABLED && !clear {
            let table = Table::of(|[r, g, b]| {
                if !near_cells[cell_of(r, g, b)] {
                    return None;
                }
                let (weight, colour) = followed(lab::lab([r, g, b]));
                (weight > 0.0).then(|| lab::rgb(colour))
            });
            if let Ok(table) = table {
                return picture.each_colour(budget, |pixel| {
                    if let [r, g, b, ..] = pixel
                        && near_cells[cell_of(*r, *g, *b)]
                    {
                        [*r, *g, *b] = table.map([*r, *g, *b]);
                    }
                });
            }
        }
        // Flat pictures have few colours, each of them many times.
        let mut known = ([256_u16; 3], 0.0, [0; 3]);
        picture.each_colour(budget, |pixel| {
            let [r, g, b, rest @ ..] = pixel else { return };
            if !near_cells[cell_of(*r, *g, *b)] {
                return;
            }
            let own = [*r, *g, *b].map(u16::from);
            if known.0 != own {
                let (weight, colour) = followed(lab::lab([*r, *g, *b]));
                known = (own, weight, lab::rgb(colour));
            }
            let (_, weight, colour) = known;
            if weight <= 0.0 {
                return;
            }
            [*r, *g, *b] = colour;
            if let ([a], true) = (rest, clear) {
                let left = 1.0 - weight * (1.0 - f32::from(to.a) / 255.0);
                *a = byte(f32::from(*a) * left);
            }
        })
    }

    /// Transparent wherever a pixel is within a tolerance of a colour.
    pub(super) fn without_colour(
        self,
        colour: Option<Colour>,
        tolerance: f64,
        budget: &Budget,
    ) -> Result<Self, Error> {
        let key = colour.unwrap_or_else(|| self.edge_colour());
        let limit = square_limit(tolerance);
        let mut picture = self.into_rgba();
        budget.check()?;
        let pixels = picture.pixels.as_chunks_mut().0;
        hide_near(pixels, [key.r, key.g, key.b], limit);
        Ok(picture)
    }

    /// Transparent as far as a uniform background reaches in from the edges; of a lit screen everywhere.
    pub(super) fn without_background(
        self,
        colour: Option<Colour>,
        screen: bool,
        budget: &Budget,
    ) -> Result<Self, Error> {
        let key = colour.unwrap_or_else(|| self.edge_colour());
        let picture = self.into_rgba();
        if screen {
            return picture.without_screen(key, budget);
        }
        picture.flooded(key, budget)
    }

    /// How much of the screen's channel stands above the others says how much of it shines through.
    fn without_screen(self, key: Colour, budget: &Budget) -> Result<Self, Error> {
        let above = |r: u8, g: u8, b: u8, blue: bool| {
            let (own, others) = if blue { (b, r.max(g)) } else { (g, r.max(b)) };
            f32::from(own) - f32::from(others)
        };
        let blue = key.b > key.g;
        let full = above(key.r, key.g, key.b, blue).max(32.0);
        self.each_colour(budget, |pixel| {
            let [r, g, b, a] = pixel else { return };
            let over = above(*r, *g, *b, blue);
            if over <= 0.0 {
                return;
            }
            let share = (over / full).clamp(0.0, 1.0);
            // The last third is noise of the screen.
            let left = ((1.0 - share) * 1.5).min(1.0);
            let left = if share > 0.9 { 0.0 } else { left };
            *a = (f32::from(*a) * left).round() as u8;
            if blue {
                *b = (*r).max(*g);
            } else {
                *g = (*r).max(*b);
            }
        })
    }

    fn flooded(mut self, key: Colour, budget: &Budget) -> Result<Self, Error> {
        let key = lab_of(key);
        let (width, height) = (self.size.width as usize, self.size.height as usize);
        let (pixels, _) = self.pixels.as_chunks_mut::<4>();
        let mut reached = vec![false; pixels.len()];
        let mut queue = VecDeque::new();
        let mut visit = |at: usize, pixels: &[[u8; 4]], queue: &mut VecDeque<usize>| {
            let (Some(seen), Some(&[r, g, b, a])) = (reached.get_mut(at), pixels.get(at)) else {
                return;
            };
            if *seen {
                return;
            }
            if a == 0 || lab::distance(lab::lab([r, g, b]), key) < KEY_FAR {
                *seen = true;
                queue.push_back(at);
            }
        };
        for x in 0..width {
            visit(x, pixels, &mut queue);
            visit((height - 1) * width + x, pixels, &mut queue);
        }
        for y in 0..height {
            visit(y * width, pixels, &mut queue);
            visit(y * width + width - 1, pixels, &mut queue);
        }
        let mut done = 0;
        while let Some(at) = queue.pop_front() {
            done += 1;
            if done % (1 << 16) == 0 {
                budget.check()?;
            }
            let Some([r, g, b, a]) = pixels.get_mut(at) else {
                continue;
            };
            let far = lab::distance(lab::lab([*r, *g, *b]), key);
            let share = ((far - KEY_NEAR) / (KEY_FAR - KEY_NEAR)).clamp(0.0, 1.0);
            let soft = share * share * (3.0 - 2.0 * share);
            *a = (f32::from(*a) * soft).round() as u8;
            // A pixel of the soft edge ends the flood.
            if share > 0.0 {
                continue;
            }
            let x = at % width;
            if x > 0 {
                visit(at - 1, pixels, &mut queue);
            }
            if x + 1 < width {
                visit(at + 1, pixels, &mut queue);
            }
            if at >= width {
                visit(at - width, pixels, &mut queue);
            }
            visit(at + width, pixels, &mut queue);
        }
        Ok(self)
    }

    /// Edges of one colour, and transparent ones, cut off. A picture of nothing else stays as it is.
    pub(super) fn trimmed(self, colour: Option<Colour>, tolerance: f64) -> Self {
        let Some(content) = self.content(colour, tolerance) else {
            return self;
        };
        self.part(content)
    }

    /// What is left within edges of one colour; `None` when nothing is.
    pub(in crate::render) fn content(
        &self,
        colour: Option<Colour>,
        tolerance: f64,
    ) -> Option<Rect> {
        let key = colour.unwrap_or_else(|| self.corner_colour());
        let limit = square_limit(tolerance);
        let samples = self.layout.bytes();
        let counts = |pixel: &[u8]| {
            let rgb = match *pixel {
                [r, g, b, ..] => [r, g, b],
                [v, ..] => [v; 3],
                [] => return false,
            };
            is_seen(pixel) && (key.a == 0 || square(rgb, key) > limit)
        };
        let rows = || self.pixels.chunks_exact(self.stride());
        let has = |row: &[u8]| row.chunks_exact(samples).any(counts);
        let top = rows().position(has)?;
        let bottom = rows().rposition(has)?;
        let (mut left, mut right) = (usize::MAX, 0);
        for row in rows().take(bottom + 1).skip(top) {
            let mut pixels = row.chunks_exact(samples);
            if let Some(first) = pixels.clone().take(left).position(counts) {
                left = left.min(first);
            }
            if let Some(last) = pixels.rposition(counts) {
                right = right.max(last);
            }
        }
        Some(Rect {
            left: u32::try_from(left).ok()?,
            top: u32::try_from(top).ok()?,
            width: u32::try_from(right.checked_sub(left)? + 1).ok()?,
            height: u32::try_from(bottom.checked_sub(top)? + 1).ok()?,
        })
    }

    /// The colour that most corners have; of four different ones that of the top left.
    fn corner_colour(&self) -> Colour {
        let Size { width, height } = self.size;
        let samples = self.layout.bytes();
        let at = |x: u32, y: u32| {
            let start = (y as usize * width as usize + x as usize) * samples;
            match self.pixels.get(start..start + samples) {
                Some(&[r, g, b, a]) => Colour { r, g, b, a },
                Some(&[r, g, b]) => Colour::rgb(r, g, b),
                Some(&[v]) => Colour::rgb(v, v, v),
                _ => Colour::WHITE,
            }
        };
        let corners = [
            at(0, 0),
            at(width - 1, 0),
            at(width - 1, height - 1),
            at(0, height - 1),
        ];
        let near =
            |a: Colour, b: Colour| a.a.abs_diff(b.a) < 16 && square([a.r, a.g, a.b], b) < 300;
        let alike = |a: &Colour| corners.iter().filter(|b| near(*a, **b)).count();
        // Of equally many the first, which `max_by_key` would not give.
        corners
            .into_iter()
            .rev()
            .max_by_key(alike)
            .unwrap_or(Colour::WHITE)
    }

    /// The most common colour, pale ones counting little.
    fn prominent_colour(&self) -> Option<Colour> {
        let mut cells: HashMap<[u8; 3], (u64, u64, [u64; 3])> = HashMap::new();
        for pixel in self.pixels.chunks_exact(self.layout.bytes()) {
            let &[r, g, b, ..] = pixel else { continue };
            if !is_seen(pixel) {
                continue;
            }
            let chroma = u64::from(r.max(g).max(b) - r.min(g).min(b));
            let cell = cells.entry([r, g, b].map(|v| v / 16)).or_default();
            cell.0 += chroma;
            cell.1 += 1;
            for (sum, v) in cell.2.iter_mut().zip([r, g, b]) {
                *sum += u64::from(v);
            }
        }
        let (_, (_, count, sums)) = cells.into_iter().max_by_key(|&(cell, (n, ..))| (n, cell))?;
        let [r, g, b] = sums.map(|sum| u8::try_from(sum / count.max(1)).unwrap_or(255));
        Some(Colour::rgb(r, g, b))
    }

    /// Flat parts with their background brought to a colour, light and dark exchanged where needed.
    pub(super) fn themed(
        self,
        colour: Colour,
        sensitivity: f64,
        budget: &Budget,
    ) -> Result<Self, Error> {
        let background = lab_of(self.edge_colour());
        let wanted = lab_of(colour);
        let mut picture = self.into_colour();
        let most = TILE_TONES * (1.0 - sensitivity / 2.0).max(0.0).powi(3);
        let samples = picture.layout.bytes();
        let stride = picture.stride();
        let columns = (picture.size.width as usize).div_ceil(TILE);
        let mut known: HashMap<[u8; 3], [u8; 3]> = HashMap::new();
        for band in picture.pixels.chunks_mut(stride * TILE) {
            budget.check()?;
            // The memory of colours stays small on photographs.
            if known.len() > 1 << 16 {
                known.clear();
            }
            for column in 0..columns {
                let from = column * TILE * samples;
                let to = (from + TILE * samples).min(stride);
                let mut tones = std::collections::HashSet::new();
                for row in band.chunks_exact(stride) {
                    for pixel in row[from..to].chunks_exact(samples) {
                        tones.insert([pixel[0] / 8, pixel[1] / 8, pixel[2] / 8]);
                    }
                }
                if tones.len() as f64 > most {
                    continue;
                }
                for row in band.chunks_exact_mut(stride) {
                    for pixel in row[from..to].chunks_exact_mut(samples) {
                        let [r, g, b, ..] = pixel else { continue };
                        let new = *known.entry([*r, *g, *b]).or_insert_with_key(|rgb| {
                            lab::rgb(rethemed(lab::lab(*rgb), background, wanted))
                        });
                        [*r, *g, *b] = new;
                    }
                }
            }
        }
        Ok(picture)
    }

    /// Small round spots of strong red lose their colour.
    pub(super) fn without_red_eyes(mut self, budget: &Budget) -> Result<Self, Error> {
        if self.layout == Layout::Grey {
            return Ok(self);
        }
        let samples = self.layout.bytes();
        let width = self.size.width as usize;
        let most = (self.size.width.min(self.size.height) as usize / EYE_SIDE).max(3);
        let is_red = |pixel: &[u8]| match *pixel {
            [r, g, b, ..] => r > EYE_LEAST_RED && f64::from(r) > EYE_RED * f64::from(g.max(b)),
            _ => false,
        };
        let mut red: Vec<bool> = self.pixels.chunks_exact(samples).map(is_red).collect();
        let mut spot = Vec::new();
        for start in 0..red.len() {
            if start % (1 << 18) == 0 {
                budget.check()?;
            }
            if !red[start] {
                continue;
            }
            spot.clear();
            spot.push(start);
            red[start] = false;
            let mut next = 0;
            let (mut left, mut right, mut bottom) = (start % width, start % width, start / width);
            let top = bottom;
            while let Some(&at) = spot.get(next) {
                next += 1;
                let (x, y) = (at % width, at / width);
                (left, right, bottom) = (left.min(x), right.max(x), bottom.max(y));
                let around = [
                    (x > 0).then(|| at.wrapping_sub(1)),
                    (x + 1 < width).then_some(at + 1),
                    at.checked_sub(width),
                    Some(at + width),
                ];
                for at in around.into_iter().flatten() {
                    if red.get(at) == Some(&true) {
                        red[at] = false;
                        spot.push(at);
                    }
                }
            }
            let (wide, high) = (right - left + 1, bottom - top + 1);
            let filled = spot.len() as f64 / (wide * high) as f64;
            let round = wide <= 2 * high && high <= 2 * wide && filled > EYE_FILLED;
            if !round || wide > most || high > most || spot.len() < 4 {
                continue;
            }
            for &at in &spot {
                if let Some([r, g, b, ..]) = self.pixels.get_mut(at * samples..(at + 1) * samples) {
                    let dark = u8::midpoint(*g, *b);
                    [*r, *g, *b] = [dark; 3];
                }
            }
        }
        Ok(self)
    }

    /// Changes every visible pixel, grey ones as colours.
    fn each_colour(
        self,
        budget: &Budget,
        mut change: impl FnMut(&mut [u8]),
    ) -> Result<Self, Error> {
        let mut picture = self.into_colour();
        let samples = picture.layout.bytes();
        let stride = picture.stride();
        for band in picture.pixels.chunks_mut(stride * ROWS_A_LOOK) {
            budget.check()?;
            for pixel in band.chunks_exact_mut(samples) {
                if is_seen(pixel) {
                    change(pixel);
                }
            }
        }
        Ok(picture)
    }
}

wide! {
    fn hide_near(pixels: &mut [[u8; 4]], key: [u8; 3], limit: u32) {
        for pixel in pixels {
            let part = |n: usize| {
                let far = u32::from(pixel[n].abs_diff(key[n]));
                far.wrapping_mul(far)
            };
            let far = part(0).wrapping_add(part(1)).wrapping_add(part(2));
            pixel[3] = if far <= limit { 0 } else { pixel[3] };
        }
    }
}

/// A colour's cell among 32 by 32 by 32.
fn cell_of(r: u8, g: u8, b: u8) -> usize {
    usize::from(r >> 3) << 10 | usize::from(g >> 3) << 5 | usize::from(b >> 3)
}

/// The cells in which a colour may lie within a distance: most pixels are in none of them.
fn cells_near(colour: Lab, distance: f32) -> Vec<bool> {
    // No colour of a cell is farther from its middle.
    const CELL_REACH: f32 = 16.0;
    (0..1_u32 << 15)
        .map(|n| {
            let middle = [n >> 10, n >> 5 & 31, n & 31].map(|v| (v << 3 | 4) as u8);
            lab::distance(lab::lab(middle), colour) < distance + CELL_REACH
        })
        .collect()
}

fn lab_of(colour: Colour) -> Lab {
    lab::lab([colour.r, colour.g, colour.b])
}

/// The square of the distance of two colours in sRGB.
fn square([r, g, b]: [u8; 3], key: Colour) -> u32 {
    let part = |a: u8, b: u8| u32::from(a.abs_diff(b)).pow(2);
    part(r, key.r) + part(g, key.g) + part(b, key.b)
}

/// The square of a share of the largest distance there is.
fn square_limit(tolerance: f64) -> u32 {
    (tolerance * tolerance * 3.0 * 255.0 * 255.0).round() as u32
}

/// A colour of a flat picture on another background: lightness stretched between the background's and
/// the ends of the scale, turned over where the background changes sides; what is near the background
/// takes the new one's hue.
fn rethemed(here: Lab, background: Lab, wanted: Lab) -> Lab {
    let turned = (background[0] < 50.0) != (wanted[0] < 50.0);
    let above = here[0] - background[0];
    let above = if turned { -above } else { above };
    // How far the lightness could go on this side, before and after.
    let room = |base: f32, up: bool| if up { 100.0 - base } else { base };
    let up = above > 0.0;
    let before = room(background[0], up != turned).max(1.0);
    let after = room(wanted[0], up);
    let l = wanted[0] + above * after / before;
    let near = (1.0 - lab::distance(here, background) / 60.0).max(0.0);
    let shifted = |n: usize| here[n] + (wanted[n] - background[n]) * near;
    [l, shifted(1), shifted(2)]
}
