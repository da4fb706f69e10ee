//! Layers: where each goes, and how large the canvas becomes.

use super::Error;
use super::effect::Rect;
use super::facts::Size;
use super::make::Walk;
use super::measure::StepInput;
use super::raster::Step;
use super::region;
use super::seen::Seen;
use super::settle::Settling;
use super::vary::vary;
use crate::spec::{
    Blend, Compass, Decimal, Format, Gravity, Offset, Op, Output, Overlay, Source, Subject,
    Symbolic as _, Turn,
};

/// Most layers of one picture, those inside layers included.
const MAX_LAYERS: usize = 64;

/// Deepest nesting of layers inside layers.
const MAX_DEPTH: usize = 6;

/// Farthest that a layer may lie from its picture, in pixels.
const FARTHEST: i64 = 65_535;

/// Farthest that a displacement moves a pixel.
const MOST_DISPLACED: i64 = 999;

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
pub(super) fn name(source: &Source) -> Box<str> {
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
}
