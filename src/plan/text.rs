//! Texts: what is drawn, with every number settled.

use super::Error;
use super::make::Walk;
use super::measure::StepInput;
use super::overlay::name;
use super::settle::Settling;
use crate::spec::{
    self, Align, Amount, AssetRef, Colour, Decimal, Ink, Length, Side, Source, Symbolic as _,
    Symbols as _, TextPiece,
};

/// Longest text, in bytes.
const MAX_TEXT: usize = 20_000;

/// Largest letters, in pixels.
const MAX_FONT_SIZE: f64 = 2000.0;

/// Widest line around letters, in pixels.
const MAX_STROKE: i64 = 200;

/// Widest spacing between letters or lines, in pixels.
const MAX_SPACING: f64 = 2000.0;

/// A text with every number settled.
#[derive(Clone, Debug, PartialEq)]
pub struct Text {
    /// What is drawn.
    pub text: Box<str>,
    /// Family, or a font file's public ID.
    pub font: Box<str>,
    /// Where the font is stored, if it is: the first that is there counts.
    pub font_files: Box<[AssetRef]>,
    /// Pixels.
    pub size: f64,
    /// 100 to 900.
    pub weight: u16,
    /// Slanted.
    pub italic: bool,
    /// A line below.
    pub underline: bool,
    /// A line through.
    pub strikethrough: bool,
    /// How lines of different length are set.
    pub align: Align,
    /// Pixels more (or less) between letters.
    pub letter_spacing: f64,
    /// Pixels more (or less) between lines.
    pub line_spacing: f64,
    /// Of the letters.
    pub colour: Colour,
    /// Of a box behind them.
    pub background: Option<Colour>,
    /// A line around each letter: pixels and colour.
    pub stroke: Option<(f64, Colour)>,
    /// Lines end at this width, in pixels.
    pub width: Option<u32>,
    /// The last line ends at this height, in pixels.
    pub height: Option<u32>,
    /// Keeps the room that the font has around its letters.
    pub untrimmed: bool,
    /// Edges are smoothed.
    pub smooth: bool,
}

impl Walk<'_> {
    /// A text with its variables put in and every number settled.
    pub(super) fn text(&self, text: &spec::Text, source: &Source) -> Result<Text, Error> {
        let view = self.view();
        let mut settling = Settling(&view);
        let bad = |reason: &'static str| Error::BadLayer {
            layer: name(source),
            reason: reason.into(),
        };
        let mut written = String::new();
        for piece in &text.pieces {
            match piece {
                TextPiece::Literal(text) => written.push_str(text),
                TextPiece::Variable(name) => written.push_str(&self.variables.get(name)?.text()),
            }
            if written.len() > MAX_TEXT {
                return Err(Error::OverLimit {
                    what: "bytes of a text",
                    asked: written.len() as u64,
                    limit: MAX_TEXT as u64,
                });
            }
        }
        if written.trim().is_empty() {
            return Err(bad("there is no text to draw"));
        }
        let style = &text.style;
        let mut number = |amount: &Option<Amount>| -> Result<Option<f64>, Error> {
            let mut amount = amount.clone();
            amount.show(&mut settling)?;
            Ok(amount
                .and_then(|amount| amount.fixed())
                .map(Decimal::as_f64))
        };
        let size = number(&style.size)?
            .ok_or_else(|| bad("its style names no size, and no stored style has this name"))?;
        if !(1.0..=MAX_FONT_SIZE).contains(&size) {
            return Err(bad("a text's size is 1 to 2000 pixels"));
        }
        let letter_spacing = number(&style.letter_spacing)?.unwrap_or(0.0);
        let line_spacing = number(&style.line_spacing)?.unwrap_or(0.0);
        let mut colour = |ink: &Ink| -> Result<Colour, Error> {
            let mut ink = ink.clone();
            ink.show(&mut settling)?;
            Ok(ink.colour().unwrap_or(Colour::TRANSPARENT))
        };
        let background = style.background.as_ref().map(&mut colour).transpose()?;
        let stroke_colour = style
            .stroke
            .as_ref()
            .map(|(_, ink)| colour(ink))
            .transpose()?;
        let colour = colour(&style.colour)?;
        let mut wrap = text.wrap.clone();
        wrap.show(&mut settling)?;
        // Shares without a base are of the picture: a text has no size of its own before it is set.
        let at = StepInput {
            base: Some(self.size),
            ..self.input()
        };
        let one = Decimal::ONE;
        let side = |length: &Option<Length>, along| {
            length
                .as_ref()
                .and_then(|length| at.length(length, along, one))
        };
        let stroke = match (&style.stroke, stroke_colour) {
            (Some((width, _)), Some(colour)) => {
                let mut width = width.clone();
                settling.length(&mut width, 0)?;
                let pixels = at.distance(Some(&width), Side::Width).clamp(0, MAX_STROKE);
                #[allow(clippy::cast_precision_loss)]
                Some((pixels as f64, colour))
            }
            _ => None,
        };
        Ok(Text {
            text: written.into(),
            font: style.font.clone(),
            font_files: text.font_files.clone(),
            size,
            weight: style.weight,
            italic: style.italic,
            underline: style.underline,
            strikethrough: style.strikethrough,
            align: style.align,
            letter_spacing: letter_spacing.clamp(-MAX_SPACING, MAX_SPACING),
            line_spacing: line_spacing.clamp(-MAX_SPACING, MAX_SPACING),
            colour,
            background,
            stroke: stroke.filter(|(width, _)| *width > 0.0),
            width: side(&wrap.width, Side::Width),
            height: side(&wrap.height, Side::Height),
            untrimmed: text.untrimmed,
            smooth: style.antialias.as_deref() != Some("none"),
        })
    }
}
