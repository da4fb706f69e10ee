//! One picture laid over or under another, in gamma-encoded sRGB.
//!
//! Rows at a time, with the way of mixing chosen once: the loops below are what the time goes into.

use super::{Layout, Raster, mix, over, scale};
use crate::plan::{Layer, Mix};

impl Raster {
    /// Lays a picture, to which its own steps have been done, where `layer` says. It is RGBA.
    pub(in crate::render) fn overlaid(self, layer: &Layer, picture: &Self) -> Self {
        let base = self.into_colour();
        let moved = base.size != layer.canvas || layer.base != (0, 0);
        let canvas = if moved {
            base.on_clear_canvas(layer.canvas, layer.base.0, layer.base.1)
        } else {
            base
        };
        match layer.mix {
            Mix::Normal if layer.under => canvas.under(layer, picture, |_, top| top),
            Mix::Multiply if layer.under => canvas.under(layer, picture, scale),
            Mix::Screen if layer.under => canvas.under(layer, picture, screen),
            Mix::Overlay if layer.under => canvas.under(layer, picture, overlay),
            Mix::Normal => canvas.cover(layer, picture),
            Mix::Multiply => canvas.blend(layer, picture, scale),
            Mix::Screen => canvas.blend(layer, picture, screen),
            Mix::Overlay => canvas.blend(layer, picture, overlay),
            Mix::Mask => canvas.opened(layer, picture, 0, |[r, g, b, a]| scale(light(r, g, b), a)),
            Mix::Cutter => canvas.opened(layer, picture, 0, |[.., a]| a),
            Mix::CutOut => canvas.opened(layer, picture, 255, |[.., a]| 255 - a),
            Mix::Displace { x, y } => canvas.displaced(layer, picture, x, y),
        }
    }

    /// The layer over the picture, plainly.
    fn cover(mut self, layer: &Layer, picture: &Self) -> Self {
        if self.layout == Layout::Rgb {
            self.rows(layer, picture, |row: &mut [[u8; 3]], top| {
                for (below, &[r, g, b, a]) in row.iter_mut().zip(top) {
                    *below = [
                        mix(below[0], r, a),
                        mix(below[1], g, a),
                        mix(below[2], b, a),
                    ];
                }
            });
        } else {
            self.rows(layer, picture, |row: &mut [[u8; 4]], top| {
                for (below, &top) in row.iter_mut().zip(top) {
                    *below = match (top[3], below[3]) {
                        (0, _) => *below,
                        (255, _) | (_, 0) => top,
                        _ => over(top, *below),
                    };
                }
            });
        }
        self
    }

    /// The layer over the picture; `mixed` says what becomes of a colour below and one above.
    fn blend(mut self, layer: &Layer, picture: &Self, mixed: impl Fn(u8, u8) -> u8) -> Self {
        if self.layout == Layout::Rgb {
            self.rows(layer, picture, |row: &mut [[u8; 3]], top| {
                for (below, &[r, g, b, a]) in row.iter_mut().zip(top) {
                    *below = [
                        mix(below[0], mixed(below[0], r), a),
                        mix(below[1], mixed(below[1], g), a),
                        mix(below[2], mixed(below[2], b), a),
                    ];
                }
            });
        } else {
            self.rows(layer, picture, |row: &mut [[u8; 4]], top| {
                for (below, &top) in row.iter_mut().zip(top) {
                    *below = composite(top, *below, &mixed);
                }
            });
        }
        self
    }

    /// The picture over the layer.
    fn under(self, layer: &Layer, picture: &Self, mixed: impl Fn(u8, u8) -> u8) -> Self {
        let mut above = self.into_rgba();
        above.rows(layer, picture, |row: &mut [[u8; 4]], below| {
            for (above, &below) in row.iter_mut().zip(below) {
                *above = composite(*above, below, &mixed);
            }
        });
        above
    }

    /// Multiplies the picture's opacity by what the layer says; `beside` is what holds outside it.
    fn opened(
        self,
        layer: &Layer,
        picture: &Self,
        beside: u8,
        opacity: impl Fn([u8; 4]) -> u8,
    ) -> Self {
        let mut picture_of = self.into_rgba();
        let (columns, lines) = picture_of.span(layer, picture);
        let width = picture_of.size.width as usize;
        if beside != 255 {
            let (pixels, _) = picture_of.pixels.as_chunks_mut::<4>();
            for (y, row) in pixels.chunks_exact_mut(width.max(1)).enumerate() {
                let inside = lines.contains(&y);
                for (x, pixel) in row.iter_mut().enumerate() {
                    if !(inside && columns.contains(&x)) {
                        pixel[3] = scale(pixel[3], beside);
                    }
                }
            }
        }
        picture_of.rows(layer, picture, |row: &mut [[u8; 4]], top| {
            for (below, &top) in row.iter_mut().zip(top) {
                below[3] = scale(below[3], opacity(top));
            }
        });
        picture_of
    }

    /// Moves pixels by as much as the map's red and green differ from the middle.
    fn displaced(self, layer: &Layer, map: &Self, x: f64, y: f64) -> Self {
        let source = self.into_rgba();
        let mut moved = source.clone();
        let (columns, lines) = source.span(layer, map);
        let (by_x, by_y) = (x / 127.0, y / 127.0);
        let mut line = lines.start;
        moved.rows(layer, map, |row: &mut [[u8; 4]], map| {
            for (column, (pixel, &[r, g, _, a])) in row.iter_mut().zip(map).enumerate() {
                let strength = f64::from(a) / 255.0;
                let shift = |value: u8, by: f64| (127.0 - f64::from(value)) * by * strength;
                #[allow(clippy::cast_precision_loss)]
                let (at_x, at_y) = ((columns.start + column) as f64, line as f64);
                *pixel = source.sample(at_x - shift(r, by_x), at_y - shift(g, by_y));
            }
            line += 1;
        });
        moved
    }

    /// The colour at a place between pixels; beyond the edges, the nearest one's.
    fn sample(&self, x: f64, y: f64) -> [u8; 4] {
        let (width, height) = (self.size.width as usize, self.size.height as usize);
        #[allow(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss
        )]
        let split = |at: f64, side: usize| {
            let at = at.clamp(0.0, side.saturating_sub(1) as f64);
            (at as usize, at.fract())
        };
        let ((x0, fx), (y0, fy)) = (split(x, width), split(y, height));
        let (x1, y1) = (
            (x0 + 1).min(width.saturating_sub(1)),
            (y0 + 1).min(height.saturating_sub(1)),
        );
        let (pixels, _) = self.pixels.as_chunks::<4>();
        let at = |x: usize, y: usize| pixels.get(y * width + x).copied().unwrap_or([0; 4]);
        if fx == 0.0 && fy == 0.0 {
            return at(x0, y0);
        }
        let corners = [
            (at(x0, y0), (1.0 - fx) * (1.0 - fy)),
            (at(x1, y0), fx * (1.0 - fy)),
            (at(x0, y1), (1.0 - fx) * fy),
            (at(x1, y1), fx * fy),
        ];
        // Colours count as much as they are seen, so that what is transparent leaks none.
        let alpha: f64 = corners.iter().map(|(c, w)| f64::from(c[3]) * w).sum();
        let mut out = [0_u8; 4];
        if alpha <= 0.0 {
            return out;
        }
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        {
            for (channel, out) in out.iter_mut().take(3).enumerate() {
                let sum: f64 = corners
                    .iter()
                    .map(|(c, w)| {
                        f64::from(c.get(channel).copied().unwrap_or(0)) * f64::from(c[3]) * w
                    })
                    .sum();
                *out = (sum / alpha).round() as u8;
            }
            out[3] = alpha.round() as u8;
        }
        out
    }

    /// The columns and lines of this canvas that a layer reaches.
    fn span(
        &self,
        layer: &Layer,
        picture: &Self,
    ) -> (std::ops::Range<usize>, std::ops::Range<usize>) {
        if layer.tiled {
            return (0..self.size.width as usize, 0..self.size.height as usize);
        }
        let along = |at: i32, length: u32, side: u32| {
            let start = i64::from(at).clamp(0, side.into());
            let end = (i64::from(at) + i64::from(length)).clamp(0, side.into());
            let index = |n: i64| usize::try_from(n).unwrap_or(0);
            index(start)..index(end)
        };
        (
            along(layer.left, picture.size.width, self.size.width),
            along(layer.top, picture.size.height, self.size.height),
        )
    }

    /// Shows each row that the layer reaches, beside the layer's own pixels there.
    fn rows<const N: usize>(
        &mut self,
        layer: &Layer,
        picture: &Self,
        mut work: impl FnMut(&mut [[u8; N]], &[[u8; 4]]),
    ) {
        let (columns, lines) = self.span(layer, picture);
        if columns.is_empty() {
            return;
        }
        let width = self.size.width as usize;
        let (own_width, own_height) = (picture.size.width as usize, picture.size.height as usize);
        let (source, _) = picture.pixels.as_chunks::<4>();
        let (pixels, _) = self.pixels.as_chunks_mut::<N>();
        let first = lines.start;
        let mut tiles: Vec<[u8; 4]> = Vec::new();
        let rows = pixels.chunks_exact_mut(width.max(1)).enumerate();
        for (y, row) in rows.skip(first).take(lines.len()) {
            let from_top = i64::try_from(y).unwrap_or(0) - i64::from(layer.top);
            let line = wrapped(from_top, own_height);
            let Some(own) = source.get(line * own_width..(line + 1) * own_width) else {
                continue;
            };
            let seen = if layer.tiled {
                let start = wrapped(-i64::from(layer.left), own_width);
                tiles.clear();
                tiles.extend_from_slice(own.get(start..).unwrap_or_default());
                while tiles.len() < width {
                    tiles.extend_from_slice(own);
                }
                tiles.as_slice()
            } else {
                let start = i64::try_from(columns.start).unwrap_or(0) - i64::from(layer.left);
                own.get(usize::try_from(start).unwrap_or(0)..)
                    .unwrap_or_default()
            };
            if let Some(row) = row.get_mut(columns.clone()) {
                work(row, seen);
            }
        }
    }
}

/// A place inside a length that repeats.
fn wrapped(at: i64, length: usize) -> usize {
    let length = i64::try_from(length.max(1)).unwrap_or(1);
    usize::try_from(at.rem_euclid(length)).unwrap_or(0)
}

/// One straight-alpha pixel over another, the shared part mixed.
fn composite(top: [u8; 4], below: [u8; 4], mixed: impl Fn(u8, u8) -> u8) -> [u8; 4] {
    let (above, under) = (u32::from(top[3]), u32::from(below[3]));
    if above == 0 {
        return below;
    }
    if under == 0 {
        return top;
    }
    // In units of 255 squared.
    let (both, only_top, only_below) =
        (above * under, above * (255 - under), under * (255 - above));
    let alpha = both + only_top + only_below;
    let mut out = [0_u8; 4];
    for ((out, t), b) in out.iter_mut().zip(top).zip(below).take(3) {
        let sum =
            u32::from(mixed(b, t)) * both + u32::from(t) * only_top + u32::from(b) * only_below;
        *out = u8::try_from((sum + alpha / 2) / alpha).unwrap_or(255);
    }
    out[3] = u8::try_from((alpha + 127) / 255).unwrap_or(255);
    out
}

fn screen(below: u8, top: u8) -> u8 {
    255 - scale(255 - below, 255 - top)
}

fn overlay(below: u8, top: u8) -> u8 {
    let twice = |n: u8| u32::from(n) * 2;
    let part = |a: u32, b: u8| {
        let product = a * u32::from(b);
        u8::try_from((product + 127) / 255).unwrap_or(255)
    };
    if below < 128 {
        part(twice(below), top)
    } else {
        255 - part(twice(255 - below), 255 - top)
    }
}

/// How light a colour is, by the weights that gray has elsewhere.
fn light(r: u8, g: u8, b: u8) -> u8 {
    let sum = 299 * u32::from(r) + 587 * u32::from(g) + 114 * u32::from(b);
    u8::try_from((sum + 500) / 1000).unwrap_or(255)
}
