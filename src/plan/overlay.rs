//! Layers: where each goes, and how large the canvas becomes.

use super::Error;
use super::effect::{EffectStep, Rect};
use super::facts::{Facts, Size};
use super::make::Walk;
use super::measure::StepInput;
use super::raster::Step;
use super::region;
use super::seen::{Needs, Seen};
use super::settle::Settling;
use super::vary::vary;
use crate::spec::{
    self, Align, Amount, AssetRef, Blend, Colour, Compass, Decimal, Format, Gravity, Ink, Length,
    Offset, Op, Output, Overlay, Side, Source, Subject, Symbolic as _, Symbols as _, TextPiece,
    Turn,
};

/// Most layers of one picture, those inside layers included.
const MAX_LAYERS: usize = 64;

/// Deepest nesting of layers inside layers.
const MAX_DEPTH: usize = 6;

/// Farthest that a layer may lie from its picture, in pixels.
const FARTHEST: i64 = 65_535;

/// Farthest that a displacement moves a pixel.
const MOST_DISPLACED: i64 = 999;

/// Longest text, in bytes.
const MAX_TEXT: usize = 20_000;

/// Largest letters, in pixels.
const MAX_FONT_SIZE: f64 = 2000.0;

/// Widest line around letters, in pixels.
const MAX_STROKE: i64 = 200;

/// Widest spacing between letters or lines, in pixels.
const MAX_SPACING: f64 = 2000.0;

/// Where a plan learns what its layers are. Whoever makes a plan has fetched them.
pub trait Layers {
    /// A stored picture: its number for the renderer, and what probing tells.
    ///
    /// # Errors
    /// [`Error::NoLayer`] when it is not there, [`Error::BadLayer`] when it is no picture.
    fn picture(&self, asset: &AssetRef) -> Result<(usize, Facts), Error>;

    /// A table that maps colours: its number for the renderer.
    ///
    /// # Errors
    /// As for [`Layers::picture`].
    fn colour_table(&self, asset: &AssetRef) -> Result<usize, Error>;

    /// A text: its number for the renderer, and its size once it is drawn. `most` is the most pixels
    /// that it may have.
    ///
    /// # Errors
    /// [`Error::BadLayer`] when it cannot be drawn.
    fn text(&self, text: &Text, most: u64) -> Result<(usize, Size), Error>;

    /// The size that a trim leaves: of the picture itself (`None`) or of a layer's source, after these
    /// steps. `None` where the pixels are not at hand; the rest of the chain is then planned as if
    /// nothing were cut off.
    fn trimmed(&self, of: Option<usize>, steps: &[Step], trim: &EffectStep) -> Option<Size> {
        let _ = (of, steps, trim);
        None
    }

    /// What a look at the base picture finds, upright by `orientation`. Nothing where nobody looks.
    fn look(&self, needs: Needs, orientation: Turn) -> Seen {
        let _ = (needs, orientation);
        Seen::default()
    }
}

/// No layer is there.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoLayers;

impl Layers for NoLayers {
    fn picture(&self, asset: &AssetRef) -> Result<(usize, Facts), Error> {
        Err(Error::NoLayer(asset.clone()))
    }

    fn colour_table(&self, asset: &AssetRef) -> Result<usize, Error> {
        Err(Error::NoLayer(asset.clone()))
    }

    fn text(&self, text: &Text, _: u64) -> Result<(usize, Size), Error> {
        Err(Error::BadLayer {
            layer: text.text.chars().take(40).collect(),
            reason: "texts are not drawn here".into(),
        })
    }
}

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

/// A layer, settled: what is laid, and where.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    /// The renderer's number of its source.
    pub source: usize,
    /// Its size as stored, which its first step works on.
    pub stored: Size,
    /// The format it is stored in; `None` for a text, which is drawn while the plan is made.
    pub format: Option<Format>,
    /// Done to it first.
    pub steps: Vec<Step>,
    /// Where its left edge lies on the canvas.
    pub left: i32,
    /// Where its top edge lies on the canvas.
    pub top: i32,
    /// The canvas that holds both.
    pub canvas: Size,
    /// Where the picture's top left corner lies on it.
    pub base: (i32, i32),
    /// The canvas is larger than the picture.
    pub grown: bool,
    /// The layer lies under the picture.
    pub under: bool,
    /// How it meets the picture.
    pub mix: Mix,
    /// Repeated over the whole canvas.
    pub tiled: bool,
}

impl Layer {
    /// Whether an opaque picture may have transparent pixels after it.
    pub(super) fn may_open(&self) -> bool {
        let cuts = matches!(
            self.mix,
            Mix::Mask | Mix::Cutter | Mix::CutOut | Mix::Displace { .. }
        );
        cuts || self.grown
    }
}

/// How a layer meets the pixels below it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Mix {
    /// Covers them.
    Normal,
    /// Multiplied.
    Multiply,
    /// Multiplied in negative.
    Screen,
    /// Multiplied in the dark, screened in the light, by what lies below.
    Overlay,
    /// Its lightness becomes the picture's opacity.
    Mask,
    /// Its opacity is taken from the picture's.
    CutOut,
    /// Its opacity becomes the picture's.
    Cutter,
    /// Its red and green move the picture's pixels, by up to so many pixels.
    Displace {
        /// Right where red is missing.
        x: f64,
        /// Down where green is missing.
        y: f64,
    },
}

impl Mix {
    /// Whether the layer's own pixels are seen, so that the canvas grows for them.
    #[must_use]
    pub const fn is_seen(self) -> bool {
        matches!(
            self,
            Self::Normal | Self::Multiply | Self::Screen | Self::Overlay
        )
    }
}

/// How many layers a plan has, and how deep the walk is in them.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Nesting {
    pub count: usize,
    pub depth: usize,
    /// Pixels of all sources.
    pub pixels: u64,
    /// Pixels of all layers as they are laid: they are kept side by side.
    pub laid: u64,
}

impl Nesting {
    /// One more layer, one deeper.
    pub fn enter(&mut self) -> Result<(), Error> {
        self.count += 1;
        self.depth += 1;
        let within = |what, asked: usize, limit: usize| {
            if asked > limit {
                return Err(Error::OverLimit {
                    what,
                    asked: asked as u64,
                    limit: limit as u64,
                });
            }
            Ok(())
        };
        within("layers", self.count, MAX_LAYERS)?;
        within("layers inside layers", self.depth, MAX_DEPTH)
    }
}

/// Where a layer of a size goes on the picture: its top left corner before the canvas grows.
fn place(at: &StepInput<'_>, overlay: &Overlay, layer: Size) -> Result<(i64, i64), Error> {
    let (x, y) = at.offset(&overlay.offset);
    let far = x.unsigned_abs().max(y.unsigned_abs());
    if far > FARTHEST.unsigned_abs() {
        return Err(Error::OverLimit {
            what: "offset",
            asked: far,
            limit: FARTHEST.unsigned_abs(),
        });
    }
    if overlay.tiled {
        // Tiles begin at the top left corner, wherever a single one would lie. Assumed.
        return Ok((x, y));
    }
    Ok(match overlay.gravity {
        Gravity::Point => (
            x - i64::from(layer.width / 2),
            y - i64::from(layer.height / 2),
        ),
        Gravity::Corner => (x, y),
        ref gravity => at.placed(gravity, layer, (x, y)),
    })
}

/// A canvas, and where the picture's and the layer's corners lie on it.
type Placed = (Size, (i32, i32), (i32, i32));

/// The canvas that holds both, and where each lies on it.
fn canvas(base: Size, layer: Size, (left, top): (i64, i64), grows: bool) -> Result<Placed, Error> {
    let (w, h) = (i64::from(base.width), i64::from(base.height));
    let (x0, y0, x1, y1) = if grows {
        (
            left.min(0),
            top.min(0),
            (left + i64::from(layer.width)).max(w),
            (top + i64::from(layer.height)).max(h),
        )
    } else {
        (0, 0, w, h)
    };
    let side = |n: i64| u32::try_from(n).unwrap_or(u32::MAX);
    let offset = |n: i64| {
        i32::try_from(n).map_err(|_| Error::OverLimit {
            what: "offset",
            asked: n.unsigned_abs(),
            limit: FARTHEST.unsigned_abs(),
        })
    };
    Ok((
        Size::new(side(x1 - x0), side(y1 - y0)),
        (offset(-x0)?, offset(-y0)?),
        (offset(left - x0)?, offset(top - y0)?),
    ))
}

/// How an error names a layer.
fn name(source: &Source) -> Box<str> {
    source.to_string().chars().take(80).collect()
}

impl Walk<'_> {
    /// Lays one layer: its own chain first, then where it goes.
    pub(super) fn overlay(&mut self, overlay: &Overlay) -> Result<(), Error> {
        match &overlay.gravity {
            Gravity::Subject {
                subject: subject @ (Subject::Face | Subject::Faces),
                ..
            } => self.on_faces(overlay, *subject == Subject::Face),
            _ => self.lay(overlay, None),
        }
    }

    /// One copy, placed on the picture or on a region of it.
    pub(super) fn lay(&mut self, overlay: &Overlay, region: Option<Rect>) -> Result<(), Error> {
        self.nesting.enter()?;
        let step = self.laid(overlay, region)?;
        self.nesting.depth -= 1;
        if let Some(step) = step {
            self.take(step)?;
        }
        Ok(())
    }

    fn laid(&mut self, overlay: &Overlay, region: Option<Rect>) -> Result<Option<Step>, Error> {
        let (source, stored, format, turn, pages) = match &overlay.source {
            Source::Picture(asset) => {
                let (source, facts) = self.layers.picture(asset)?;
                self.rules.limits.source(&facts)?;
                self.nesting.pixels = self.nesting.pixels.saturating_add(facts.size.pixels());
                self.rules.limits.pixels(self.nesting.pixels)?;
                let format = Some(facts.format);
                (source, facts.size, format, facts.orientation, facts.frames)
            }
            Source::Text(text) => {
                let drawn = self.text(text, &overlay.source)?;
                let (source, size) = self.layers.text(&drawn, self.rules.limits.output_pixels)?;
                self.nesting.laid = self.nesting.laid.saturating_add(size.pixels());
                self.rules.limits.laid(self.nesting.laid)?;
                (source, size, None, Turn::NONE, 1)
            }
            Source::ColourTable(asset) => {
                let source = self.layers.colour_table(asset)?;
                return Ok(Some(Step::ColourTable { source }));
            }
            // What the one table says is not rendered does not come here.
            Source::Video(_) | Source::Sound(_) | Source::Subtitles(..) | Source::Variable(_) => {
                return Ok(None);
            }
        };
        let outer = self.of.replace(source);
        let below = match region.filter(|_| overlay.of_region) {
            Some(region) => Size::new(region.width, region.height),
            None => self.size,
        };
        let (mut steps, size) = self.inner(&overlay.ops, stored, turn, pages, below)?;
        self.of = outer;
        let mut overlay = overlay.clone();
        overlay.offset.show(&mut Settling(&self.view()))?;
        if region.is_some() {
            overlay.gravity = Gravity::Compass(Compass::Center);
        }
        let at = self.input();
        let (mut left, mut top) = match region {
            Some(region) => region::centred(place(&at, &overlay, size)?, region, self.size),
            None => place(&at, &overlay, size)?,
        };
        let mix = self.mix(&overlay, size, &mut steps, (&mut left, &mut top))?;
        let size = steps
            .iter()
            .fold(stored, |size, step| step.size_after(size));
        self.nesting.laid = self.nesting.laid.saturating_add(size.pixels());
        self.rules.limits.laid(self.nesting.laid)?;
        if let Source::Text(text) = &overlay.source
            && text.must_fit
            && (size.width > self.size.width || size.height > self.size.height)
        {
            return Err(Error::BadLayer {
                layer: name(&overlay.source),
                reason: "the text is larger than the picture".into(),
            });
        }
        let grows = !overlay.no_overflow && !overlay.tiled && mix.is_seen();
        let (canvas, base, (left, top)) = canvas(self.size, size, (left, top), grows)?;
        Ok(Some(Step::Overlay(Box::new(Layer {
            source,
            stored,
            format,
            steps,
            left,
            top,
            canvas,
            base,
            grown: canvas != self.size,
            under: overlay.under,
            mix,
            tiled: overlay.tiled,
        }))))
    }

    /// The layer's own chain. Its facts are the layer's; variables are shared with the picture's.
    fn inner(
        &mut self,
        ops: &[Op],
        stored: Size,
        turn: Turn,
        pages: u32,
        below: Size,
    ) -> Result<(Vec<Step>, Size), Error> {
        let turn = if ops.contains(&Op::IgnoreOrientation) {
            Turn::NONE
        } else {
            turn
        };
        let source = stored.turned(turn);
        let mut inner = Walk {
            pages,
            source,
            size: source,
            base: Some(below),
            // Only the base picture is looked at: a layer's subjects take their fallback.
            seen: Seen::default(),
            variables: std::mem::take(&mut self.variables),
            output: Output::default(),
            steps: Vec::with_capacity(ops.len() + 1),
            // A layer stands still.
            played: Vec::new(),
            ..*self
        };
        if turn != Turn::NONE {
            inner.steps.push(Step::Turn(turn));
        }
        let followed = inner.follow(ops);
        let Walk {
            steps,
            size,
            variables,
            nesting,
            ops,
            ..
        } = inner;
        (self.variables, self.nesting, self.ops) = (variables, nesting, ops);
        followed.map(|()| (steps, size))
    }

    fn mix(
        &self,
        overlay: &Overlay,
        size: Size,
        steps: &mut Vec<Step>,
        (left, top): (&mut i64, &mut i64),
    ) -> Result<Mix, Error> {
        Ok(match &overlay.blend {
            Blend::Normal | Blend::Style(_) | Blend::Splice(_) => Mix::Normal,
            Blend::Multiply => Mix::Multiply,
            Blend::Screen => Mix::Screen,
            Blend::Overlay => Mix::Overlay,
            Blend::Mask => Mix::Mask,
            Blend::CutOut => Mix::CutOut,
            Blend::Cutter => Mix::Cutter,
            Blend::Displace => {
                // The offset says how far pixels move; the map itself lies where its gravity says.
                let (x, y) = self.input().offset(&overlay.offset);
                let still = Overlay {
                    offset: Offset::default(),
                    ..overlay.clone()
                };
                (*left, *top) = place(&self.input(), &still, size)?;
                #[allow(clippy::cast_precision_loss)]
                Mix::Displace {
                    x: x.clamp(-MOST_DISPLACED, MOST_DISPLACED) as f64,
                    y: y.clamp(-MOST_DISPLACED, MOST_DISPLACED) as f64,
                }
            }
            Blend::AntiRemoval(level) => {
                let mut level = level.clone();
                level.show(&mut Settling(&self.view()))?;
                let level = level.fixed().map_or(0.0, Decimal::as_f64).clamp(1.0, 100.0);
                vary(
                    level / 100.0,
                    size,
                    &name(&overlay.source),
                    steps,
                    (left, top),
                );
                Mix::Normal
            }
        })
    }

    /// A text with its variables put in and every number settled.
    fn text(&self, text: &spec::Text, source: &Source) -> Result<Text, Error> {
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
