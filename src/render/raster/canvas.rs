//! Putting a picture on a canvas, and the colour that continues it.

use std::collections::HashMap;

use super::{Layout, Raster};
use crate::plan::{Paint, Size};
use crate::render::budget::Budget;
use crate::render::error::Error;
use crate::spec::Colour;

impl Raster {
    /// Puts the picture on a canvas with its corner at `left`, `top`; what hangs over is cut, what is
    /// left free is filled.
    pub(super) fn on_canvas(
        self,
        size: Size,
        left: i32,
        top: i32,
        fill: Paint,
        budget: &Budget,
    ) -> Result<Self, Error> {
        let mut canvas = self.backdrop(size, (left, top), fill, budget)?;
        let picture = if canvas.layout == Layout::Rgb {
            self.into_colour()
        } else {
            self.into_rgba()
        };
        if picture.layout == Layout::Rgba {
            canvas = canvas.into_rgba();
        }
        canvas.draw(&picture, left, top);
        Ok(canvas)
    }

    /// On a canvas that is transparent where the picture is not.
    pub(super) fn on_clear_canvas(self, size: Size, left: i32, top: i32) -> Self {
        let mut canvas = Self::filled(size, Layout::Rgba, Colour::TRANSPARENT);
        if self.layout == Layout::Rgb {
            canvas.draw_opaque(&self, left, top);
        } else {
            canvas.draw(&self.into_rgba(), left, top);
        }
        canvas
    }

    /// A canvas of one colour, RGB or RGBA.
    pub(super) fn filled(size: Size, layout: Layout, colour: Colour) -> Self {
        let Colour { r, g, b, a } = colour;
        let count = size.width as usize * size.height as usize;
        let pixels = match layout {
            // Zeros come from the system for nothing.
            Layout::Rgba if a == 0 && [r, g, b] == [0; 3] => vec![0; count * 4],
            Layout::Rgba | Layout::Cmyk => vec![[r, g, b, a]; count].into_flattened(),
            Layout::Rgb => vec![[r, g, b]; count].into_flattened(),
            Layout::Grey => vec![r; count],
        };
        Self {
            size,
            layout,
            pixels,
        }
    }

    /// Replaces what lies under `picture`, which has the same layout.
    pub(super) fn draw(&mut self, picture: &Self, left: i32, top: i32) {
        let (x, skip_x, width) = overlap(left, picture.size.width, self.size.width);
        let (y, skip_y, height) = overlap(top, picture.size.height, self.size.height);
        let pixel = self.layout.bytes();
        let (to_stride, from_stride) = (self.stride(), picture.stride());
        if width == 0 || to_stride == 0 || from_stride == 0 {
            return;
        }
        let targets = self.pixels.chunks_exact_mut(to_stride).skip(y);
        let sources = picture.pixels.chunks_exact(from_stride).skip(skip_y);
        for (target, source) in targets.zip(sources).take(height) {
            let target = target.get_mut(x * pixel..(x + width) * pixel);
            let source = source.get(skip_x * pixel..(skip_x + width) * pixel);
            if let (Some(target), Some(source)) = (target, source) {
                target.copy_from_slice(source);
            }
        }
    }

    /// Replaces what lies under an RGB picture; this one is RGBA.
    fn draw_opaque(&mut self, picture: &Self, left: i32, top: i32) {
        let (x, skip_x, width) = overlap(left, picture.size.width, self.size.width);
        let (y, skip_y, height) = overlap(top, picture.size.height, self.size.height);
        let (to_stride, from_stride) = (self.stride().max(1), picture.stride().max(1));
        let targets = self.pixels.chunks_exact_mut(to_stride).skip(y);
        let sources = picture.pixels.chunks_exact(from_stride).skip(skip_y);
        for (target, source) in targets.zip(sources).take(height) {
            let target = target.get_mut(x * 4..(x + width) * 4);
            let source = source.get(skip_x * 3..(skip_x + width) * 3);
            if let (Some(target), Some(source)) = (target, source) {
                super::put_with_alpha(source, target.as_chunks_mut().0, 255);
            }
        }
    }

    /// The most common colour of the outermost pixels. Photographs repeat no colour exactly, so
    /// pixels are counted in cells of sixteen steps a channel, and the mean of the fullest cell is
    /// taken. The whole rim transparent: transparent.
    pub(super) fn edge_colour(&self) -> Colour {
        const CELL: u8 = 16;
        let mut cells: HashMap<[u8; 4], (u64, [u64; 4])> = HashMap::new();
        let mut count = |pixel: &[u8]| {
            let colour = match *pixel {
                [v] => [v, v, v, 255],
                [r, g, b] => [r, g, b, 255],
                [_, _, _, 0] => [0; 4],
                [r, g, b, a] => [r, g, b, a],
                _ => return,
            };
            let cell = cells.entry(colour.map(|v| v / CELL)).or_default();
            cell.0 += 1;
            for (sum, v) in cell.1.iter_mut().zip(colour) {
                *sum += u64::from(v);
            }
        };
        let (pixel, stride) = (self.layout.bytes(), self.stride());
        let last = self.size.height.saturating_sub(1) as usize;
        for (y, row) in self.pixels.chunks_exact(stride.max(1)).enumerate() {
            if y == 0 || y == last {
                row.chunks_exact(pixel).for_each(&mut count);
            } else {
                let mut ends = row.chunks_exact(pixel);
                ends.next().map(&mut count);
                ends.next_back().map(&mut count);
            }
        }
        // Ties go to the brightest cell, so that the answer does not depend on the map's order.
        let fullest = cells.into_iter().max_by_key(|&(cell, (n, _))| (n, cell));
        let [r, g, b, a] = fullest.map_or([255; 4], |(_, (n, sums))| {
            sums.map(|sum| u8::try_from((sum + n / 2) / n.max(1)).unwrap_or(255))
        });
        Colour { r, g, b, a }
    }
}

/// Where a picture laid at `at` begins on the canvas, how much of it is cut off before, and how much
/// of it is seen.
fn overlap(at: i32, picture: u32, canvas: u32) -> (usize, usize, usize) {
    let at = i64::from(at);
    let start = at.clamp(0, canvas.into());
    let end = (at + i64::from(picture)).clamp(0, canvas.into());
    let index = |n: i64| usize::try_from(n).unwrap_or(0);
    (index(start), index(start - at), index(end - start))
}
