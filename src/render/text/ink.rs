//! Letters, lines and boxes as pixels.

use cosmic_text::{Command, LayoutRun, SwashContent, SwashImage};
use resvg::tiny_skia::{LineJoin, Paint, PathBuilder, Pixmap, Stroke, Transform};

use super::fonts::Setter;
use super::lines::Lines;
use super::{BOX_PADDING, Reason, Room, sized};
use crate::plan::{Size, Text};
use crate::render::raster::{Layout, Raster, over, scale};
use crate::spec::Colour;

/// Largest letter whose picture is kept for the next text, in pixels.
const MAX_KEPT: usize = 256 * 256;

/// How much wider than asked the pen is that draws around letters: half of it lies under them. Assumed.
const STROKE_SPREAD: f64 = 2.0;

/// A letter that is drawn: where its picture's top left corner lies, and the picture.
struct Letter {
    left: i32,
    top: i32,
    image: SwashImage,
}

/// A rectangle, in pixels.
#[derive(Clone, Copy)]
struct Area {
    left: i32,
    top: i32,
    right: i32,
    bottom: i32,
}

impl Area {
    const NOTHING: Self = Self {
        left: i32::MAX,
        top: i32::MAX,
        right: i32::MIN,
        bottom: i32::MIN,
    };

    fn with(self, other: Self) -> Self {
        Self {
            left: self.left.min(other.left),
            top: self.top.min(other.top),
            right: self.right.max(other.right),
            bottom: self.bottom.max(other.bottom),
        }
    }

    fn grown(self, by: i32) -> Self {
        Self {
            left: self.left.saturating_sub(by),
            top: self.top.saturating_sub(by),
            right: self.right.saturating_add(by),
            bottom: self.bottom.saturating_add(by),
        }
    }

    const fn is_empty(self) -> bool {
        self.right <= self.left || self.bottom <= self.top
    }
}

/// Draws lines that are set, trimmed to their ink unless the text says otherwise.
pub(super) fn draw(
    setter: &mut Setter,
    lines: &Lines,
    text: &Text,
    most: u64,
    room: &Room<'_>,
) -> Result<Raster, Reason> {
    let rules: Vec<Area> = lines
        .buffer
        .layout_runs()
        .flat_map(|run| rules(&run))
        .collect();
    // What the letters can take at most is known before one is drawn.
    let set = sized(
        f64::from(lines.width),
        f64::from(lines.height) * count(lines.count),
        most,
    )?;
    let stroke = text.stroke.map_or(0, |(width, _)| whole(width.ceil()));
    let padding = text.background.map_or(0, |_| padding(text));
    let around = 2 * u32::try_from(stroke.saturating_add(padding)).unwrap_or(0);
    let _room = room(Size::new(
        set.width.saturating_add(around),
        set.height.saturating_add(around),
    ))?;
    let letters = letters(setter, lines);
    let mut ink = Area::NOTHING;
    for letter in &letters {
        let placement = letter.image.placement;
        ink = ink.with(Area {
            left: letter.left,
            top: letter.top,
            right: letter.left.saturating_add_unsigned(placement.width),
            bottom: letter.top.saturating_add_unsigned(placement.height),
        });
    }
    for rule in &rules {
        ink = ink.with(*rule);
    }
    if !ink.is_empty() {
        ink = ink.grown(stroke);
    }
    if text.untrimmed {
        ink = ink.with(Area {
            left: 0,
            top: 0,
            right: whole(f64::from(lines.width).ceil()),
            bottom: whole((f64::from(lines.height) * count(lines.count)).ceil()),
        });
    }
    if ink.is_empty() {
        return Err("it has nothing that can be seen".into());
    }
    if text.background.is_some() {
        ink = ink.grown(padding);
    }
    let size = sized(
        f64::from(ink.right) - f64::from(ink.left),
        f64::from(ink.bottom) - f64::from(ink.top),
        most,
    )?;
    let mut sheet = Sheet {
        size,
        ink,
        pixels: vec![[0; 4]; size.width as usize * size.height as usize],
    };
    if let Some((width, colour)) = text.stroke {
        sheet.outline(setter, lines, width, colour);
    }
    sheet.fill(&letters, &rules, text);
    if let Some(background) = text.background {
        sheet.behind(background);
    }
    Raster::new(size, Layout::Rgba, sheet.pixels.into_flattened())
        .ok_or_else(|| "its size cannot be had".into())
}

#[allow(clippy::cast_precision_loss)]
fn count(lines: usize) -> f64 {
    lines as f64
}

/// Pixels between the letters and the edge of a box behind them.
fn padding(text: &Text) -> i32 {
    whole((text.size * BOX_PADDING).round()).max(1)
}

fn whole(n: f64) -> i32 {
    #[allow(clippy::cast_possible_truncation)]
    let whole = n.clamp(f64::from(i32::MIN / 4), f64::from(i32::MAX / 4)) as i32;
    whole
}

/// The pictures of all letters, each at its place.
fn letters(setter: &mut Setter, lines: &Lines) -> Vec<Letter> {
    let mut letters = Vec::new();
    let Setter {
        system,
        cache,
        cached,
    } = setter;
    for run in lines.buffer.layout_runs() {
        for glyph in run.glyphs {
            let at = glyph.physical((0.0, run.line_y.round()), 1.0);
            let new = !cache.image_cache.contains_key(&at.cache_key);
            let Some(image) = cache.get_image(system, at.cache_key).clone() else {
                continue;
            };
            if image.data.len() > MAX_KEPT {
                cache.image_cache.remove(&at.cache_key);
            } else if new {
                *cached += image.data.len();
            }
            let placement = image.placement;
            if placement.width > 0 && placement.height > 0 {
                letters.push(Letter {
                    left: at.x.saturating_add(placement.left),
                    top: at.y.saturating_sub(placement.top),
                    image,
                });
            }
        }
    }
    letters
}

/// The lines below and through a line of text.
fn rules(run: &LayoutRun<'_>) -> Vec<Area> {
    let mut rules = Vec::new();
    for span in run.decorations {
        let glyphs = run.glyphs.get(span.glyph_range.clone()).unwrap_or_default();
        let left = glyphs.iter().map(|g| g.x).fold(f32::INFINITY, f32::min);
        let right = glyphs
            .iter()
            .map(|g| g.x + g.w)
            .fold(f32::NEG_INFINITY, f32::max);
        if right <= left {
            continue;
        }
        let decoration = span.data.text_decoration;
        let mut rule = |metrics: cosmic_text::DecorationMetrics| {
            let thick = (metrics.thickness * span.font_size).round().max(1.0);
            let top = (run.line_y - metrics.offset * span.font_size).round();
            rules.push(Area {
                left: whole(f64::from(left.floor())),
                top: whole(f64::from(top)),
                right: whole(f64::from(right.ceil())),
                bottom: whole(f64::from(top + thick)),
            });
        };
        if decoration.underline != cosmic_text::UnderlineStyle::None {
            rule(span.data.underline_metrics);
        }
        if decoration.strikethrough {
            rule(span.data.strikethrough_metrics);
        }
    }
    rules
}

/// What is drawn on.
struct Sheet {
    size: Size,
    /// Where it lies in the text's own coordinates.
    ink: Area,
    pixels: Vec<[u8; 4]>,
}

impl Sheet {
    /// Letters and lines, in the text's colour.
    fn fill(&mut self, letters: &[Letter], rules: &[Area], text: &Text) {
        let Colour { r, g, b, a } = text.colour;
        for letter in letters {
            let image = &letter.image;
            let width = image.placement.width as usize;
            match image.content {
                SwashContent::Mask => {
                    for (y, row) in image.data.chunks_exact(width.max(1)).enumerate() {
                        self.row(letter.left, letter.top, y, row, |&cover| {
                            let cover = match (text.smooth, cover) {
                                (true, cover) => cover,
                                (false, 128..) => 255,
                                (false, _) => 0,
                            };
                            [r, g, b, scale(cover, a)]
                        });
                    }
                }
                SwashContent::Color => {
                    let (pixels, _) = image.data.as_chunks::<4>();
                    for (y, row) in pixels.chunks_exact(width.max(1)).enumerate() {
                        self.row(letter.left, letter.top, y, row, |&[r, g, b, own]| {
                            [r, g, b, scale(own, a)]
                        });
                    }
                }
                SwashContent::SubpixelMask => {}
            }
        }
        for rule in rules {
            let length = usize::try_from(rule.right - rule.left).unwrap_or(0);
            let row = vec![[r, g, b, a]; length];
            for y in 0..usize::try_from(rule.bottom - rule.top).unwrap_or(0) {
                self.row(rule.left, rule.top, y, &row, |&pixel| pixel);
            }
        }
    }

    /// Lays a row of pixels over what is there.
    fn row<T>(&mut self, left: i32, top: i32, y: usize, row: &[T], colour: impl Fn(&T) -> [u8; 4]) {
        let line = i64::from(top) - i64::from(self.ink.top) + i64::try_from(y).unwrap_or(0);
        let start = i64::from(left) - i64::from(self.ink.left);
        let (Ok(line), Ok(start)) = (usize::try_from(line), usize::try_from(start)) else {
            return;
        };
        let width = self.size.width as usize;
        let Some(target) = self
            .pixels
            .get_mut(line * width..(line + 1) * width)
            .and_then(|row| row.get_mut(start..))
        else {
            return;
        };
        for (below, pixel) in target.iter_mut().zip(row) {
            let top = colour(pixel);
            *below = match (top[3], below[3]) {
                (0, _) => *below,
                (255, _) | (_, 0) => top,
                _ => over(top, *below),
            };
        }
    }

    /// A colour behind everything.
    fn behind(&mut self, colour: Colour) {
        let Colour { r, g, b, a } = colour;
        for pixel in &mut self.pixels {
            *pixel = over(*pixel, [r, g, b, a]);
        }
    }

    /// A line around each letter, drawn before the letters themselves.
    fn outline(&mut self, setter: &mut Setter, lines: &Lines, width: f64, colour: Colour) {
        let Some(mut pixmap) = Pixmap::new(self.size.width, self.size.height) else {
            return;
        };
        let mut builder = PathBuilder::new();
        for run in lines.buffer.layout_runs() {
            for glyph in run.glyphs {
                let at = glyph.physical((0.0, run.line_y.round()), 1.0);
                let commands = setter
                    .cache
                    .get_outline_commands_uncached(&mut setter.system, at.cache_key);
                #[allow(clippy::cast_precision_loss)]
                let origin = (
                    (at.x - self.ink.left) as f32 + at.cache_key.x_bin.as_float(),
                    (at.y - self.ink.top) as f32 + at.cache_key.y_bin.as_float(),
                );
                trace(
                    &mut builder,
                    commands.as_deref().unwrap_or_default(),
                    origin,
                );
            }
        }
        let Some(path) = builder.finish() else {
            return;
        };
        let mut paint = Paint::default();
        paint.set_color_rgba8(colour.r, colour.g, colour.b, colour.a);
        paint.anti_alias = true;
        #[allow(clippy::cast_possible_truncation)]
        let stroke = Stroke {
            width: (width * STROKE_SPREAD) as f32,
            line_join: LineJoin::Round,
            ..Stroke::default()
        };
        pixmap.stroke_path(&path, &paint, &stroke, Transform::identity(), None);
        for (pixel, drawn) in self.pixels.iter_mut().zip(pixmap.pixels()) {
            let drawn = drawn.demultiply();
            *pixel = [drawn.red(), drawn.green(), drawn.blue(), drawn.alpha()];
        }
    }
}

/// A letter's outline, turned from the font's upward to the picture's downward lines.
fn trace(builder: &mut PathBuilder, commands: &[Command], (x, y): (f32, f32)) {
    for command in commands {
        match *command {
            Command::MoveTo(p) => builder.move_to(x + p.x, y - p.y),
            Command::LineTo(p) => builder.line_to(x + p.x, y - p.y),
            Command::QuadTo(c, p) => builder.quad_to(x + c.x, y - c.y, x + p.x, y - p.y),
            Command::CurveTo(c, d, p) => {
                builder.cubic_to(x + c.x, y - c.y, x + d.x, y - d.y, x + p.x, y - p.y)
            }
            Command::Close => builder.close(),
        }
    }
}
