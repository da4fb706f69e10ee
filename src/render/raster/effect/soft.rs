//! Gaussian blur, its cost independent of its radius.
//!
//! Rows become 16-bit samples in 64ths, colours multiplied by their alpha. A small blur is a direct
//! convolution, first over rows in a ring and then along the row, so that the picture is read and
//! written once. A large one is made small first: halving by the binomial filter 1 3 3 1 and doubling by
//! its mirror each are a blur of known variance, and what is missing is done in between, on few
//! pixels. Against a true Gaussian the result is off by less than one step of 255 on edges.

use super::pairs::{every_second, in_turns, threes_in_turns};
use super::simd::{byte, share, wide};
use super::{Layout, Raster};
use crate::plan::{Rect, Size};
use crate::render::budget::Budget;
use crate::render::error::Error;

/// Steps of a sample in one step of a byte.
const FINE: u16 = 64;

/// Above this standard deviation a picture is halved first; above the second one again, and again.
const DIRECT: f64 = 1.9;
const DIRECT_WHEN_SMALL: f64 = 3.0;

/// A kernel reaches this many standard deviations.
const REACH: f64 = 3.0;

/// Below this standard deviation nothing would change.
const LEAST: f64 = 0.12;

/// What halving and doubling again blur by: the variance, in pixels of the larger picture.
const HALVING: f64 = 1.5;

/// Samples that are summed up together.
const LANES: usize = 64;

/// Rows between two looks at the budget.
pub(super) const ROWS_A_LOOK: usize = 32;

/// Samples in 64ths, channels interleaved, rows without padding.
pub(super) struct Soft {
    width: usize,
    height: usize,
    channels: usize,
    samples: Vec<u16>,
}

/// Half of a symmetric kernel in 65536ths, from the middle outwards; all of it sums to one.
pub(super) struct Taps(Vec<u16>);

impl Taps {
    pub fn gaussian(sigma: f64) -> Self {
        let radius = (sigma * REACH).ceil().clamp(1.0, 64.0) as usize;
        let weight = |n: usize| {
            // The mean of the bell over the pixel, which for narrow ones is not its middle.
            let at = |x: f64| (-x * x / (2.0 * sigma * sigma)).exp();
            let n = n as f64;
            (at(n - 0.375) + at(n - 0.125) + at(n + 0.125) + at(n + 0.375)) / 4.0
        };
        let weights: Vec<f64> = (0..=radius).map(weight).collect();
        let sum: f64 = weights.iter().skip(1).sum::<f64>() * 2.0 + weights[0];
        let mut taps: Vec<u16> = weights
            .iter()
            .map(|w| (w / sum * 65536.0).round().min(65535.0) as u16)
            .collect();
        let others: u32 = taps.iter().skip(1).map(|&w| u32::from(w) * 2).sum();
        if let Some(middle) = taps.first_mut() {
            *middle = u16::try_from(65536_u32.saturating_sub(others)).unwrap_or(u16::MAX);
        }
        Self(taps)
    }

    fn radius(&self) -> usize {
        self.0.len() - 1
    }

    /// What cutting each product loses, given back.
    fn bias(&self) -> u16 {
        (self.0.len() / 2) as u16
    }
}

/// Where rows come from.
pub(super) trait Rows {
    /// Width in pixels, height, channels.
    fn shape(&self) -> (usize, usize, usize);
    /// Reads a row that exists.
    fn row(&self, y: usize, out: &mut [u16]);
}

/// What can be blurred where it lies: a row is written after all that need it have been read.
pub(super) trait Rewritten: Rows {
    /// Writes a row that exists.
    fn rewrite(&mut self, y: usize, row: &[u16]);
    /// Writes a row of pixels that lie in turns in the one and in the other.
    fn rewrite_in_turns(&mut self, y: usize, pixels: [&[u16]; 2], room: &mut Room);
}

/// Room for a row that is put together.
#[derive(Default)]
pub(super) struct Room {
    samples: Vec<u16>,
    bytes: [Vec<u8>; 3],
}

impl Rows for Soft {
    fn shape(&self) -> (usize, usize, usize) {
        (self.width, self.height, self.channels)
    }

    fn row(&self, y: usize, out: &mut [u16]) {
        let stride = self.width * self.channels;
        out.copy_from_slice(&self.samples[y * stride..(y + 1) * stride]);
    }
}

impl Rewritten for Soft {
    fn rewrite(&mut self, y: usize, row: &[u16]) {
        let stride = self.width * self.channels;
        self.samples[y * stride..(y + 1) * stride].copy_from_slice(row);
    }

    fn rewrite_in_turns(&mut self, y: usize, [left, right]: [&[u16]; 2], room: &mut Room) {
        let out = &mut room.samples;
        out.resize(left.len() + right.len(), 0);
        match self.channels {
            1 => in_turns::<1, u16>(left, right, out),
            3 => in_turns::<3, u16>(left, right, out),
            _ => in_turns::<4, u16>(left, right, out),
        }
        let stride = self.width * self.channels;
        self.rewrite(y, &out[..stride]);
    }
}

impl Rewritten for Raster {
    fn rewrite(&mut self, y: usize, row: &[u16]) {
        let stride = self.stride();
        narrow(
            self.layout,
            row,
            &mut self.pixels[y * stride..(y + 1) * stride],
        );
    }

    fn rewrite_in_turns(&mut self, y: usize, [left, right]: [&[u16]; 2], room: &mut Room) {
        let stride = self.stride();
        let [one, other, both] = &mut room.bytes;
        one.resize(left.len(), 0);
        other.resize(right.len(), 0);
        narrow(self.layout, left, one);
        narrow(self.layout, right, other);
        let row = &mut self.pixels[y * stride..(y + 1) * stride];
        // Of an odd number of pixels the last one has no other.
        let odd = left.len() + right.len() > stride;
        if odd {
            both.resize(left.len() + right.len(), 0);
        }
        let out = if odd { both.as_mut_slice() } else { &mut *row };
        match self.layout {
            Layout::Grey => in_turns::<1, u8>(one, other, out),
            Layout::Rgb => threes_in_turns(one, other, out),
            _ => in_turns::<4, u8>(one, other, out),
        }
        if odd {
            row.copy_from_slice(&both[..stride]);
        }
    }
}

impl Rows for Raster {
    fn shape(&self) -> (usize, usize, usize) {
        (
            self.size.width as usize,
            self.size.height as usize,
            self.layout.bytes(),
        )
    }

    fn row(&self, y: usize, out: &mut [u16]) {
        let stride = self.stride();
        let bytes = &self.pixels[y * stride..(y + 1) * stride];
        if self.layout == Layout::Rgba {
            multiplied(bytes.as_chunks::<4>().0, out.as_chunks_mut::<4>().0);
        } else {
            widened(bytes, out);
        }
    }
}

impl Raster {
    /// Blurs by a standard deviation in pixels. Beyond the edges the outermost pixels go on.
    pub(in crate::render::raster) fn blurred(
        mut self,
        sigma: f64,
        budget: &Budget,
    ) -> Result<Self, Error> {
        if sigma < LEAST {
            return Ok(self);
        }
        blur(&mut self, sigma, budget)?;
        Ok(self)
    }

    /// The same by the bell curve itself, whose cost grows with the radius: for what looks at the difference of
    /// two blurs.
    pub(super) fn blurred_exactly(mut self, sigma: f64, budget: &Budget) -> Result<Self, Error> {
        smooth(&mut self, sigma.clamp(LEAST, 16.0), budget)?;
        Ok(self)
    }

    /// Does something to a part of the picture, which must keep its size.
    pub(super) fn within(
        self,
        area: Rect,
        work: impl FnOnce(Self) -> Result<Self, Error>,
    ) -> Result<Self, Error> {
        let part = self.part(area);
        let part = work(part)?;
        let mut picture = if part.layout == self.layout {
            self
        } else {
            self.into_colour()
        };
        picture.draw(
            &part,
            i32::try_from(area.left).unwrap_or(i32::MAX),
            i32::try_from(area.top).unwrap_or(i32::MAX),
        );
        Ok(picture)
    }

    /// A copy of a part, as far as it lies inside.
    pub(super) fn part(&self, area: Rect) -> Self {
        let left = area.left.min(self.size.width - 1);
        let top = area.top.min(self.size.height - 1);
        let size = Size::new(
            area.width.min(self.size.width - left),
            area.height.min(self.size.height - top),
        );
        let bytes = self.layout.bytes();
        let (from, length) = (left as usize * bytes, size.width as usize * bytes);
        let rows = self.pixels.chunks_exact(self.stride());
        let mut pixels = Vec::with_capacity(length * size.height as usize);
        for row in rows.skip(top as usize).take(size.height as usize) {
            pixels.extend_from_slice(&row[from..from + length]);
        }
        Self {
            size,
            layout: self.layout,
            pixels,
        }
    }

    /// The light of every pixel, alpha left aside.
    pub(super) fn light(&self) -> Self {
        let pixels = match self.layout {
            Layout::Grey => self.pixels.clone(),
            Layout::Rgb => lights::<3>(&self.pixels),
            _ => lights::<4>(&self.pixels),
        };
        Self {
            size: self.size,
            layout: Layout::Grey,
            pixels,
        }
    }
}

/// All samples of an RGBA picture in 64ths, colours multiplied by their alpha.
pub(super) fn premultiplied(picture: &Raster, budget: &Budget) -> Result<Vec<u16>, Error> {
    let mut out = vec![0; picture.pixels.len()];
    let band = picture.stride().max(1) * ROWS_A_LOOK;
    for (out, bytes) in out.chunks_mut(band).zip(picture.pixels.chunks(band)) {
        budget.check()?;
        multiplied(bytes.as_chunks::<4>().0, out.as_chunks_mut::<4>().0);
    }
    Ok(out)
}

fn lights<const N: usize>(bytes: &[u8]) -> Vec<u8> {
    let mut light = vec![0; bytes.len() / N];
    super::point::light_of::<N>(bytes.as_chunks::<N>().0, &mut light);
    light
}

/// Blurs a picture where it lies.
fn blur(picture: &mut impl Rewritten, sigma: f64, budget: &Budget) -> Result<(), Error> {
    if sigma <= DIRECT {
        return smooth(picture, sigma, budget);
    }
    // Halve until what is missing is a small blur.
    let mut levels = vec![halved(picture, budget)?];
    let mut left = (sigma * sigma - HALVING) / 4.0;
    while left.sqrt() > DIRECT_WHEN_SMALL
        && let Some(last) = levels.last()
        && last.width.min(last.height) > 1
    {
        let next = halved(last, budget)?;
        levels.push(next);
        left = (left - HALVING) / 4.0;
    }
    let Some(mut soft) = levels.pop() else {
        return Ok(());
    };
    // A picture of a few pixels may be left with more than a kernel holds: it is flat by then.
    smooth(&mut soft, left.sqrt().min(16.0), budget)?;
    for mut level in levels.into_iter().rev() {
        doubled(&soft, &mut level, budget)?;
        soft = level;
    }
    doubled(&soft, picture, budget)
}

fn smooth(picture: &mut impl Rewritten, sigma: f64, budget: &Budget) -> Result<(), Error> {
    let taps = Taps::gaussian(sigma);
    convolve(picture, &taps, budget, |picture, y, row| {
        picture.rewrite(y, row);
    })
}

impl Soft {
    fn new(width: usize, height: usize, channels: usize) -> Self {
        Self {
            width,
            height,
            channels,
            samples: vec![0; width * height * channels],
        }
    }
}

/// Convolves in both directions and hands out each row, from top to bottom, with the picture, where it
/// may be written.
pub(super) fn convolve<P: Rows>(
    picture: &mut P,
    taps: &Taps,
    budget: &Budget,
    mut emit: impl FnMut(&mut P, usize, &[u16]),
) -> Result<(), Error> {
    let (width, height, channels) = picture.shape();
    let (stride, radius) = (width * channels, taps.radius());
    let mut ring = Ring::new(picture, radius);
    let edge = radius * channels;
    let mut line = vec![0; stride + 2 * edge];
    let mut out = vec![0; stride];
    for y in 0..height {
        if y % ROWS_A_LOOK == 0 {
            budget.check()?;
        }
        ring.reach(picture, y);
        let row = |offset: isize| ring.row(y as isize + offset);
        weigh(&mut line[edge..edge + stride], row, taps);
        continue_edges(&mut line, edge, channels);
        let along = |offset: isize| {
            let start = (edge as isize + offset * channels as isize) as usize;
            &line[start..start + stride]
        };
        weigh(&mut out, along, taps);
        emit(picture, y, &out);
    }
    Ok(())
}

/// The sum of rows at both sides of the middle, each pair by its weight.
fn weigh<'a>(out: &mut [u16], row: impl Fn(isize) -> &'a [u16], taps: &Taps) {
    let pairs: Vec<[&[u16]; 2]> = (1..taps.0.len() as isize)
        .map(|n| [row(-n), row(n)])
        .collect();
    weighed(out, row(0), &pairs, &taps.0, taps.bias());
}

/// Samples from a place on.
#[inline(always)]
fn chunk(samples: &[u16], at: usize) -> Option<&[u16; LANES]> {
    samples.get(at..)?.first_chunk()
}

/// The outermost pixels of a row go on.
fn continue_edges(line: &mut [u16], edge: usize, channels: usize) {
    let end = line.len() - edge;
    for at in (0..edge).rev() {
        line[at] = line[at + channels];
    }
    for at in end..line.len() {
        line[at] = line[at - channels];
    }
}

/// The rows around the one at hand.
struct Ring {
    rows: Vec<Vec<u16>>,
    radius: usize,
    /// One more than the last row that has been read.
    read: usize,
    height: usize,
}

impl Ring {
    fn new(rows: &impl Rows, radius: usize) -> Self {
        let (width, height, channels) = rows.shape();
        // No more rows than there are.
        let kept = (2 * radius + 1).min(height);
        Self {
            rows: vec![vec![0; width * channels]; kept],
            radius,
            read: 0,
            height,
        }
    }

    /// Reads what is needed around row `y`.
    fn reach(&mut self, rows: &impl Rows, y: usize) {
        let wanted = (y + self.radius + 1).min(self.height);
        while self.read < wanted {
            let kept = self.rows.len();
            rows.row(self.read, &mut self.rows[self.read % kept]);
            self.read += 1;
        }
    }

    /// A row; above and below the picture its outermost ones go on.
    fn row(&self, y: isize) -> &[u16] {
        let y = y.clamp(0, self.height as isize - 1) as usize;
        &self.rows[y % self.rows.len()]
    }
}

/// Half the size, rounded up, through the filter 1 3 3 1.
fn halved(rows: &impl Rows, budget: &Budget) -> Result<Soft, Error> {
    let (width, height, channels) = rows.shape();
    let mut out = Soft::new(width.div_ceil(2), height.div_ceil(2), channels);
    let stride = width * channels;
    let mut ring = Ring::new(rows, 2);
    let edge = 2 * channels;
    let mut line = vec![0; stride + 2 * edge];
    let mut smooth = vec![0; stride];
    let small = out.width * channels;
    for (y, target) in out.samples.chunks_exact_mut(small).enumerate() {
        if y % ROWS_A_LOOK == 0 {
            budget.check()?;
        }
        let y = 2 * y as isize;
        ring.reach(rows, y as usize);
        binomial(
            &mut line[edge..edge + stride],
            ring.row(y),
            ring.row(y + 1),
            ring.row(y - 1),
            ring.row(y + 2),
        );
        continue_edges(&mut line, edge, channels);
        let along = |n: usize| &line[n * channels..n * channels + stride];
        binomial(&mut smooth, along(2), along(3), along(1), along(4));
        match channels {
            1 => every_second::<1>(&smooth, target),
            3 => every_second::<3>(&smooth, target),
            _ => every_second::<4>(&smooth, target),
        }
    }
    Ok(out)
}

/// Twice the size (or one less along a side), the mirror of [`halved`].
fn doubled(soft: &Soft, to: &mut impl Rewritten, budget: &Budget) -> Result<(), Error> {
    let (_, height, _) = to.shape();
    let channels = soft.channels;
    let stride = soft.width * channels;
    let mut line = vec![0; stride + 2 * channels];
    let (mut left, mut right) = (vec![0; stride], vec![0; stride]);
    let mut room = Room::default();
    let row = |y: usize| {
        let y = y.min(soft.height - 1);
        &soft.samples[y * stride..(y + 1) * stride]
    };
    for y in 0..height {
        if y % ROWS_A_LOOK == 0 {
            budget.check()?;
        }
        let near = y / 2;
        let far = if y % 2 == 0 {
            near.saturating_sub(1)
        } else {
            near + 1
        };
        three_to_one(&mut line[channels..channels + stride], row(near), row(far));
        continue_edges(&mut line, channels, channels);
        let middle = &line[channels..channels + stride];
        three_to_one(&mut left, middle, &line[..stride]);
        three_to_one(&mut right, middle, &line[2 * channels..]);
        to.rewrite_in_turns(y, [&left, &right], &mut room);
    }
    Ok(())
}

/// Samples back to bytes, colours divided by their alpha.
pub(super) fn narrow(layout: Layout, row: &[u16], bytes: &mut [u8]) {
    if layout == Layout::Rgba {
        divided(row.as_chunks::<4>().0, bytes.as_chunks_mut::<4>().0);
    } else {
        narrowed(row, bytes);
    }
}

wide! {
    fn widened(bytes: &[u8], out: &mut [u16]) {
        for (out, v) in out.iter_mut().zip(bytes) {
            *out = u16::from(*v).wrapping_mul(FINE);
        }
    }

    fn narrowed(row: &[u16], bytes: &mut [u8]) {
        for (out, v) in bytes.iter_mut().zip(row) {
            *out = (v.wrapping_add(FINE / 2) / FINE) as u8;
        }
    }

    // 16449 is 64 / 255 in 65536ths, rounded up so that all of 255 gives all of 64 times 255.
    fn multiplied(pixels: &[[u8; 4]], out: &mut [[u16; 4]]) {
        for (out, pixel) in out.iter_mut().zip(pixels) {
            let a = u16::from(pixel[3]);
            out[0] = share(u16::from(pixel[0]).wrapping_mul(a), 16449);
            out[1] = share(u16::from(pixel[1]).wrapping_mul(a), 16449);
            out[2] = share(u16::from(pixel[2]).wrapping_mul(a), 16449);
            out[3] = a.wrapping_mul(FINE);
        }
    }

    fn divided(row: &[[u16; 4]], pixels: &mut [[u8; 4]]) {
        for (out, v) in pixels.iter_mut().zip(row) {
            let a = f32::from(v[3]);
            let by = 255.0 / if a > 1.0 { a } else { 1.0 };
            out[0] = byte(f32::from(v[0]) * by);
            out[1] = byte(f32::from(v[1]) * by);
            out[2] = byte(f32::from(v[2]) * by);
            out[3] = byte(a * (1.0 / 64.0));
        }
    }

    // Two samples of at most 255 * 64 fit 16 bits together; so does any mean of such. A few samples at a
    // time, so that their sums stay in registers while all the rows are gone through.
    fn weighed(out: &mut [u16], middle: &[u16], pairs: &[[&[u16]; 2]], weights: &[u16], bias: u16) {
        let Some((&own, weights)) = weights.split_first() else {
            return;
        };
        let (blocks, tail) = out.as_chunks_mut::<LANES>();
        let mut at = 0_usize;
        for block in blocks {
            let Some(v) = chunk(middle, at) else { return };
            for (out, v) in block.iter_mut().zip(v) {
                *out = share(*v, own).wrapping_add(bias);
            }
            let mut sum = *block;
            for ([a, b], weight) in pairs.iter().zip(weights) {
                let (Some(a), Some(b)) = (chunk(a, at), chunk(b, at)) else {
                    return;
                };
                for ((sum, a), b) in sum.iter_mut().zip(a).zip(b) {
                    *sum = sum.wrapping_add(share(a.wrapping_add(*b), *weight));
                }
            }
            *block = sum;
            at = at.wrapping_add(LANES);
        }
        for (n, out) in (at..).zip(tail) {
            let sample = |row: &[u16]| row.get(n).copied().unwrap_or(0);
            let mut sum = share(sample(middle), own).wrapping_add(bias);
            for ([a, b], weight) in pairs.iter().zip(weights) {
                sum = sum.wrapping_add(share(sample(a).wrapping_add(sample(b)), *weight));
            }
            *out = sum;
        }
    }

    // Three eighths of each of the inner two, one of each of the outer.
    fn binomial(out: &mut [u16], a: &[u16], b: &[u16], c: &[u16], d: &[u16]) {
        for ((((out, a), b), c), d) in out.iter_mut().zip(a).zip(b).zip(c).zip(d) {
            *out = share(a.wrapping_add(*b), 24576)
                .wrapping_add(share(c.wrapping_add(*d), 8192))
                .wrapping_add(1);
        }
    }

    // 3 * 255 * 64 + 255 * 64 + 2 fits 16 bits.
    fn three_to_one(out: &mut [u16], near: &[u16], far: &[u16]) {
        for ((out, near), far) in out.iter_mut().zip(near).zip(far) {
            *out = near.wrapping_mul(3).wrapping_add(*far).wrapping_add(2) >> 2;
        }
    }
}
