//! Decoded pixels to finished ones: the part of the source that is seen, the steps in their order, the
//! layers among them, and what becomes of the colours.

use super::budget::Budget;
use super::error::Error;
use super::ingest::{self, Decoded, Request};
use super::raster::{self, ColourSpace, Raster};
use super::sources::{self, Sources};
use super::{guarded, probe};
use crate::plan::{
    self, Colours, Encode, Layer, Paint, RasterPlan, Region, Scaling, Size, Step, Travel, Window,
};
use crate::spec::Format;

/// What is done to one source, the whole picture's or a layer's.
#[derive(Clone, Copy)]
pub(super) struct Scene<'a> {
    /// The size of the source as stored.
    pub source: Size,
    /// The part of it that the first step works on.
    pub window: Window,
    pub steps: &'a [Step],
    /// How the result is written; a layer is not.
    pub encode: Option<&'a Encode>,
    /// How far the decoder may go ahead of the first resampling.
    pub scaling: Scaling,
}

impl<'a> From<&'a RasterPlan> for Scene<'a> {
    fn from(plan: &'a RasterPlan) -> Self {
        Self {
            source: plan.source,
            window: plan.window,
            steps: &plan.steps,
            encode: Some(&plan.encode),
            scaling: plan.scaling,
        }
    }
}

impl<'a> Scene<'a> {
    /// Up to the first step that brings a still to motion, that one, and the steps behind it.
    pub fn before_travel(self) -> Option<(Self, &'a Travel, &'a [Step])> {
        let at = self.steps.iter().position(|step| step.travel().is_some())?;
        let (before, behind) = self.steps.split_at(at);
        let (step, behind) = behind.split_first()?;
        let before = Self {
            steps: before,
            ..self
        };
        Some((before, step.travel()?, behind))
    }
}

impl Scene<'_> {
    /// What the decoder is asked for, of one frame.
    pub fn request(&self, frame: u32) -> Request {
        let window = self.window;
        let whole = window.outside(Region::whole(window.size));
        let keeps_colours = self.tone(false) == Tone::Own;
        let Some(Step::Resample { from, to }) = self.steps.first() else {
            return Request {
                frame,
                keeps_colours,
                ..Request::part(self.source, whole, 1)
            };
        };
        // The filter looks three output pixels beyond the region, and one more for rounding.
        let reach = |from: f64, to: u32| 3.0 * (from / f64::from(to)).max(1.0) + 1.0;
        let (x, y) = (reach(from.width, to.width), reach(from.height, to.height));
        let seen = Region {
            x: from.x - x,
            y: from.y - y,
            width: from.width + 2.0 * x,
            height: from.height + 2.0 * y,
        };
        let part = window.outside(seen).inside(whole);
        Request {
            frame,
            exact: Some((window.outside(*from), *to)),
            keeps_colours,
            ..Request::part(
                self.source,
                part,
                plan::shrink(self.steps, self.scaling.margin()),
            )
        }
    }

    /// The steps, with colours brought to those of the result where that touches the fewest pixels.
    /// `layers` are the pictures of the overlays among the steps, in their order.
    pub fn transform(
        &self,
        decoded: Decoded,
        layers: &[Raster],
        sources: &Sources<'_>,
        budget: &Budget,
    ) -> Result<Drawn, Error> {
        let colours = decoded.colours;
        let (tone, profile) = match self.tone(decoded.picture.is_inks()) {
            Tone::Own => match colours.to_profile() {
                Ok(profile) => (Tone::Own, profile),
                Err(()) => (Tone::Srgb, None),
            },
            tone => (tone, None),
        };
        let picture = decoded.picture.through(self.window, self.source, budget)?;
        let (raster, rest) = match self.steps {
            [Step::Resample { from, to }, rest @ ..] => {
                let (region, to) = (self.window.outside(*from), *to);
                if is_reduction(*from, to) {
                    let small = picture.resampled(region, to, budget)?;
                    (tone.before_steps(small, &colours), rest)
                } else {
                    let packed = picture.into_packed(budget)?;
                    let from = packed.place(region);
                    let full = tone.before_steps(packed.raster, &colours);
                    (full.apply(&Step::Resample { from, to }, budget)?, rest)
                }
            }
            steps => {
                let packed = picture.into_packed(budget)?;
                (tone.before_steps(packed.raster, &colours), steps)
            }
        };
        let raster = follow(raster, rest, layers, sources, budget)?;
        Ok(Drawn {
            raster: match (tone, self.encode) {
                (Tone::Inks, Some(encode)) => inked(raster, encode),
                _ => raster,
            },
            profile,
        })
    }

    /// What happens to the colours of a source, which has inks or light.
    fn tone(&self, inks: bool) -> Tone {
        let Some(encode) = self.encode else {
            return Tone::Srgb;
        };
        // Steps that paint know colours as light.
        let moves_only = self
            .steps
            .iter()
            .all(|step| matches!(step, Step::Turn(_) | Step::Resample { .. }));
        match encode.colours {
            Colours::Inks if encode.format == Format::Jpeg => Tone::Inks,
            Colours::KeepInks | Colours::Copy if inks => match (encode.format, moves_only) {
                (Format::Jpeg, true) => Tone::Own,
                (Format::Jpeg, false) => Tone::Inks,
                _ => Tone::Srgb,
            },
            Colours::Copy => match encode.format {
                Format::Jpeg | Format::Png | Format::WebP => Tone::Own,
                _ => Tone::Srgb,
            },
            _ => Tone::Srgb,
        }
    }
}

/// What the steps give.
pub(super) struct Drawn {
    pub raster: Raster,
    /// The profile that its samples need, where they are not sRGB.
    pub profile: Option<Vec<u8>>,
}

/// What happens to the colours of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tone {
    /// They become sRGB.
    Srgb,
    /// They stay what they are, for the result holds them and their profile.
    Own,
    /// They become sRGB for the steps, and inks for the result.
    Inks,
}

impl Tone {
    fn before_steps(self, raster: Raster, colours: &ColourSpace) -> Raster {
        match self {
            Self::Own => raster,
            Self::Srgb | Self::Inks => raster::to_srgb(raster, colours),
        }
    }
}

/// A finished picture in inks, which know no transparency.
fn inked(raster: Raster, encode: &Encode) -> Raster {
    let mut behind = encode.background;
    behind.a = 255;
    raster.flattened(Paint::Colour(behind)).into_inks()
}

fn is_reduction(from: Region, to: Size) -> bool {
    f64::from(to.width) * f64::from(to.height) <= from.width * from.height
}

/// The steps one after the other. `layers` are the pictures of the overlays among them, in their order.
pub(super) fn follow(
    mut raster: Raster,
    steps: &[Step],
    layers: &[Raster],
    sources: &Sources<'_>,
    budget: &Budget,
) -> Result<Raster, Error> {
    let mut layers = layers.iter();
    let mut rest = steps;
    while let Some((step, tail)) = rest.split_first() {
        let (step, others) = match step {
            Step::Overlay(_) | Step::ColourTable { .. } => (step, tail),
            _ => {
                let plain = rest
                    .iter()
                    .position(|step| matches!(step, Step::Overlay(_) | Step::ColourTable { .. }));
                let (plain, others) = rest.split_at(plain.unwrap_or(rest.len()));
                raster = raster.apply_all(plain, budget)?;
                rest = others;
                continue;
            }
        };
        rest = others;
        raster = match step {
            Step::Overlay(layer) => {
                budget.check()?;
                budget.limits().picture(layer.canvas)?;
                match layers.next() {
                    Some(picture) => raster.overlaid(layer, picture),
                    None => raster,
                }
            }
            Step::ColourTable { source } => sources.mapped(raster, *source, budget)?,
            step => raster.apply(step, budget)?,
        };
    }
    Ok(raster)
}

/// The pictures of a chain's overlays, RGBA, each with its own chain done. They are the same for every
/// frame.
pub(super) fn layers(
    steps: &[Step],
    sources: &Sources<'_>,
    budget: &Budget,
) -> Result<Vec<Raster>, Error> {
    overlays(steps)
        .map(|layer| Ok(layer_of(layer, sources, budget)?.into_rgba()))
        .collect()
}

/// The overlays among steps.
pub(super) fn overlays(steps: &[Step]) -> impl Iterator<Item = &Layer> {
    steps.iter().filter_map(|step| match step {
        Step::Overlay(layer) => Some(&**layer),
        _ => None,
    })
}

/// A source after some steps, at any place of a chain.
pub(super) fn stepped(
    bytes: &[u8],
    steps: &[Step],
    sources: &Sources<'_>,
    budget: &Budget,
) -> Result<Raster, Error> {
    let facts = probe(bytes)?;
    budget.limits().source(facts.size)?;
    let inner = layers(steps, sources, budget)?;
    let (window, steps) = plan::fold(facts.size, steps.to_vec());
    let scene = Scene {
        source: facts.size,
        window,
        steps: &steps,
        encode: None,
        scaling: Scaling::Quality,
    };
    let request = scene.request(0);
    let decoded = guarded(
        || ingest::decode(bytes, &facts, &request, budget),
        || Error::bad(facts.format, "the decoder crashed on it"),
    )?;
    Ok(scene.transform(decoded, &inner, sources, budget)?.raster)
}

/// A layer's picture. Recursion is bounded by the plan's limit on layers inside layers.
fn layer_of(layer: &Layer, sources: &Sources<'_>, budget: &Budget) -> Result<Raster, Error> {
    budget.check()?;
    let bytes = match sources.get(layer.source) {
        Some(sources::Source::Drawn(raster)) => {
            let inner = layers(&layer.steps, sources, budget)?;
            return follow(raster, &layer.steps, &inner, sources, budget);
        }
        Some(sources::Source::Stored(bytes)) => bytes,
        None => return Err(Error::Crashed),
    };
    let found = probe(bytes)?.size;
    if found != layer.stored {
        return Err(Error::Mismatch {
            planned: layer.stored,
            found,
        });
    }
    stepped(bytes, &layer.steps, sources, budget)
}
