//! Where the lines of a text end.

use cosmic_text::{Attrs, Buffer, Family, Metrics, Shaping, Style, UnderlineStyle, Weight, Wrap};

use super::fonts::Setter;
use super::{MAX_LINES, Reason};
use crate::plan::Text;
use crate::spec::Align;

/// How the last line says that more would follow. Assumed.
const ELLIPSIS: char = '…';

/// Smallest height of a line, in pixels: spacing may be negative.
const LEAST_LINE: f32 = 1.0;

/// Lines that are set.
pub(super) struct Lines {
    pub(super) buffer: Buffer,
    /// Of a line, in pixels.
    pub(super) height: f32,
    /// Of the widest line, in pixels.
    pub(super) width: f32,
    pub(super) count: usize,
}

/// Sets a text in lines.
pub(super) fn set(setter: &mut Setter, text: &Text, family: &str) -> Result<Lines, Reason> {
    let words = clean(&text.text);
    #[allow(clippy::cast_possible_truncation)]
    let size = text.size as f32;
    let attrs = attrs(text, family);
    let mut buffer = Buffer::new(&mut setter.system, Metrics::new(size, size));
    #[allow(clippy::cast_precision_loss)]
    let width = text.width.map(|width| width as f32);
    buffer.set_wrap(if width.is_some() {
        Wrap::WordOrGlyph
    } else {
        Wrap::None
    });
    buffer.set_size(width, None);
    let mut set = |words: &str, buffer: &mut Buffer| {
        buffer.set_text(words, &attrs, Shaping::Advanced, None);
        buffer.shape_until_scroll(&mut setter.system, false);
    };
    set(&words, &mut buffer);
    let line = line_height(&buffer, size, text);
    if let Some(height) = text.height {
        cut(&mut buffer, &words, fitting(height, line), &mut set);
    }
    let mut lines = Lines {
        height: line,
        width: 0.0,
        count: 0,
        buffer,
    };
    for run in lines.buffer.layout_runs() {
        lines.width = lines.width.max(run.line_w);
        lines.count += 1;
    }
    if lines.count > MAX_LINES {
        return Err(format!("it has more than {MAX_LINES} lines").into());
    }
    // Now that the widest line is known, every line is set against it.
    let edge = width.unwrap_or(lines.width);
    let align = align(text.align);
    for line in &mut lines.buffer.lines {
        line.set_align(Some(align));
    }
    lines.buffer.set_metrics(Metrics::new(size, line));
    if lines.count > 1 || width.is_some() {
        lines.buffer.set_size(Some(edge.ceil()), None);
    }
    lines.buffer.shape_until_scroll(&mut setter.system, false);
    Ok(lines)
}

fn attrs<'a>(text: &Text, family: &'a str) -> Attrs<'a> {
    let mut attrs = Attrs::new()
        .family(Family::Name(family))
        .weight(Weight(text.weight));
    if text.italic {
        attrs = attrs.style(Style::Italic);
    }
    if text.underline {
        attrs = attrs.underline(UnderlineStyle::Single);
    }
    if text.strikethrough {
        attrs = attrs.strikethrough();
    }
    if text.letter_spacing != 0.0 {
        #[allow(clippy::cast_possible_truncation)]
        let share = (text.letter_spacing / text.size) as f32;
        attrs = attrs.letter_spacing(share);
    }
    attrs
}

const fn align(align: Align) -> cosmic_text::Align {
    match align {
        Align::Left | Align::Start => cosmic_text::Align::Left,
        Align::Center => cosmic_text::Align::Center,
        Align::Right => cosmic_text::Align::Right,
        Align::End => cosmic_text::Align::End,
        Align::Justify => cosmic_text::Align::Justified,
    }
}

/// Line ends of every kind, `\n` written out among them, as one; other control characters left out.
fn clean(text: &str) -> String {
    let text = text
        .replace("\\n", "\n")
        .replace("\r\n", "\n")
        .replace('\r', "\n");
    text.chars()
        .filter(|c| !c.is_control() || matches!(c, '\n' | '\t'))
        .collect()
}

/// What the font itself keeps between lines, and the spacing asked for.
fn line_height(buffer: &Buffer, size: f32, text: &Text) -> f32 {
    let mut natural = 0.0_f32;
    for line in &buffer.lines {
        for layout in line.layout_opt().into_iter().flatten() {
            natural = natural.max(layout.max_ascent + layout.max_descent);
        }
    }
    if natural <= 0.0 {
        natural = size * 1.2;
    }
    #[allow(clippy::cast_possible_truncation)]
    let spacing = text.line_spacing as f32;
    (natural + spacing).max(LEAST_LINE)
}

/// Lines that a height has room for; one in any case.
fn fitting(height: u32, line: f32) -> usize {
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss
    )]
    let count = (height as f32 / line).floor() as usize;
    count.max(1)
}

/// Leaves out what the lines have no room for, and says so at the end.
fn cut(buffer: &mut Buffer, words: &str, most: usize, set: &mut impl FnMut(&str, &mut Buffer)) {
    /// Letters taken away one by one until the ellipsis fits.
    const MOST_TRIES: usize = 64;
    if buffer.layout_runs().count() <= most {
        return;
    }
    let Some(run) = buffer.layout_runs().nth(most - 1) else {
        return;
    };
    let last = run.glyphs.iter().map(|glyph| glyph.end).max().unwrap_or(0);
    let before: usize = words
        .split('\n')
        .take(run.line_i)
        .map(|line| line.len() + 1)
        .sum();
    let mut kept = words.get(..before + last).unwrap_or(words).to_owned();
    for _ in 0..MOST_TRIES {
        kept.truncate(kept.trim_end().len());
        kept.push(ELLIPSIS);
        set(&kept, buffer);
        if buffer.layout_runs().count() <= most {
            return;
        }
        kept.pop();
        if kept.pop().is_none() {
            return;
        }
    }
}
