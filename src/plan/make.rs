//! The plan of one request: every symbolic length settled, every step in order.

use super::density::{as_stored, at_density, density, sanitizes};
use super::effect::{self, EffectStep};
use super::evaluate::{Variables, View};
use super::facts::{Facts, Size};
use super::fold::fold;
use super::frames::{Film, Frames};
use super::geometry;
use super::layers::{Layers, NoLayers};
use super::measure::StepInput;
use super::negotiate::{self, Negotiated, Source, Writable};
use super::overlay::Nesting;
use super::raster::{
    Encode, OwnColours, Paint, Palette, RasterPlan, Rounding, Scaling, Step, Towards,
};
use super::seen::{Needs, Seen};
use super::settle::{self, settle};
use super::{Error, Hints, InfoPlan, Limits, Plan, Region};
use crate::spec::{
    AssetRef, Border, Colour, Corner, Derived, Effect, Fill, Format, FormatChoice, Gravity, Ink,
    Length, Op, Output, Quality, Radii, Select, Setting, Subject, Support, TransformSpec, Turn,
};

/// The owner's choices that a plan depends on.
#[derive(Clone, Debug)]
pub struct Rules {
    /// What one request may cost.
    pub limits: Limits,
    /// Where the URL says nothing about quality.
    pub quality: Quality,
    /// Formats that this build writes.
    pub writable: Writable,
    /// How far decoders may go ahead of the first resampling.
    pub scaling: Scaling,
}

/// Settles a specification for one source.
///
/// # Errors
/// [`Error::OverLimit`] when source, chain or any picture on the way is too large, before anything
/// is decoded; [`Error::EmptyRegion`] when a crop lies outside the picture; [`Error::NoSuchPage`].
pub fn make(
    spec: &TransformSpec,
    facts: &Facts,
    negotiated: &Negotiated,
    hints: &Hints,
    rules: &Rules,
) -> Result<Plan, Error> {
    make_with(spec, facts, &NoLayers, negotiated, hints, rules)
}

/// As [`make`], for a chain with layers: they are told by `layers`.
///
/// # Errors
/// Those of [`make`], and [`Error::NoLayer`] and [`Error::BadLayer`].
pub fn make_with(
    spec: &TransformSpec,
    facts: &Facts,
    layers: &dyn Layers,
    negotiated: &Negotiated,
    hints: &Hints,
    rules: &Rules,
) -> Result<Plan, Error> {
    // The only page of a still is the still.
    let still;
    let spec = if spec.select == Select::Page(1) && facts.frames <= 1 {
        still = TransformSpec {
            select: Select::Whole,
            ..spec.clone()
        };
        &still
    } else {
        spec
    };
    let facts_wanted = |setting: &Setting| matches!(setting, Setting::Switch("facts", _));
    if spec.output.settings.iter().any(facts_wanted) {
        let mut picture = spec.clone();
        picture
            .output
            .settings
            .retain(|setting| !facts_wanted(setting));
        let picture = match make_with(&picture, facts, layers, negotiated, hints, rules)? {
            Plan::Raster(plan) => Some(plan),
            Plan::Original | Plan::Sanitized | Plan::Info(_) => None,
        };
        let salient = picture.as_ref().and_then(|plan| salient(spec, plan));
        return Ok(Plan::Info(InfoPlan { picture, salient }));
    }
    let untouched = |output: &Output| match sanitizes(output, Some(facts.format)) {
        true => Plan::Sanitized,
        false => Plan::Original,
    };
    if asks_nothing(spec, Some(facts.format)) {
        return Ok(untouched(&spec.output));
    }
    let page = page(spec, facts)?;
    if let Some(page) = page
        && page > facts.frames
    {
        return Err(Error::NoSuchPage {
            page,
            pages: facts.frames,
        });
    }
    rules.limits.source(facts)?;
    rules.limits.chain(spec.ops.len())?;
    let orientation = if spec.ops.contains(&Op::IgnoreOrientation) {
        Turn::NONE
    } else {
        facts.orientation
    };
    let stored = facts.size.turned(orientation);
    let source = match density(&spec.output) {
        Some(density) if facts.format == Format::Svg => at_density(stored, density),
        _ => stored,
    };
    let needs = Needs::of(spec);
    let seen = if needs.is_none() {
        Seen::default()
    } else {
        layers.look(needs, orientation)
    };
    let mut walk = Walk {
        rules,
        hints,
        layers,
        of: None,
        faces: seen.faces.len(),
        seen,
        base: None,
        nesting: Nesting::default(),
        pages: facts.frames,
        source,
        size: source,
        variables: Variables::default(),
        output: spec.output.clone(),
        steps: Vec::with_capacity(spec.ops.len() + 2),
        ops: 0,
        works: false,
        path: None,
        played: Vec::new(),
    };
    walk.steps.extend(as_stored(&spec.output, facts));
    if orientation != Turn::NONE {
        walk.steps.push(Step::Turn(orientation));
    }
    if source != stored {
        walk.take(Step::Resample {
            from: Region::whole(stored),
            to: source,
        })?;
    }
    walk.follow(&spec.ops)?;
    let Walk {
        steps,
        size,
        output,
        works,
        path,
        played,
        ..
    } = walk.settle_output()?;
    // Conditions that do not hold, and variables alone, leave the stored bytes as they are.
    if !works && is_plain(&output, !is_page(&spec.select), Some(facts.format)) {
        return Ok(untouched(&output));
    }
    let alpha = steps
        .iter()
        .fold(facts.alpha, |alpha, step| step.alpha_after(alpha));
    let film = Film {
        page,
        select: &spec.select,
        output: &output,
        played: &played,
        travel: steps.iter().find_map(Step::travel),
    };
    let source = Source {
        format: facts.format,
        alpha,
        moving: film.moves(facts),
    };
    let format = negotiate::format(&output, negotiated, source, size, &rules.writable);
    side_fits(size, format)?;
    let written = |format| Encode {
        path,
        ..negotiate::encode(&output, format, rules.quality)
    };
    let frames = film.frames(facts, format, size, &rules.limits)?;
    let is_still = matches!(frames, Frames::One(_));
    // A drawing is none the better for being written as a photograph.
    let opaque = (alpha && is_still && facts.format != Format::Svg).then(|| {
        let source = Source {
            alpha: false,
            ..source
        };
        negotiate::format(&output, negotiated, source, size, &rules.writable)
    });
    let opaque = opaque.filter(|&opaque| opaque != format).map(written);
    let encode = Encode {
        opaque: opaque.map(Box::new),
        ..written(format)
    };
    let (window, steps) = fold(facts.size, steps);
    Ok(Plan::Raster(RasterPlan {
        source: facts.size,
        window,
        frames,
        steps,
        encode,
        scaling: rules.scaling,
    }))
}

/// The page asked for. What stands before everything else in the chain may set variables for it.
fn page(spec: &TransformSpec, facts: &Facts) -> Result<Option<u32>, Error> {
    let expr = match &spec.select {
        Select::Page(page) => return Ok(Some(*page)),
        Select::PageBy(expr) => expr,
        Select::Whole | Select::Pages(_) | Select::Named { .. } => return Ok(None),
    };
    let mut variables = Variables::default();
    fn view<'a>(variables: &'a Variables, facts: &Facts) -> View<'a> {
        View {
            variables,
            input: facts.upright(),
            source: facts.upright(),
            page: 1,
            pages: facts.frames,
            faces: 0,
        }
    }
    for op in &spec.ops {
        let Op::Let(set) = op else { break };
        let value = view(&variables, facts).value(&set.value, None)?;
        variables.set(&set.name, value);
    }
    Ok(Some(settle::page(expr, &view(&variables, facts))?))
}

/// A chain being followed: where it has come to, and what it has made so far.
pub(super) struct Walk<'a> {
    pub(super) rules: &'a Rules,
    pub(super) hints: &'a Hints,
    /// The source of the chain: a layer's number, or the picture itself.
    pub(super) of: Option<usize>,
    pub(super) layers: &'a dyn Layers,
    /// What was seen in the base picture, where it is now.
    pub(super) seen: Seen,
    /// Faces in the stored original.
    pub(super) faces: usize,
    /// Inside a layer: the size of the picture that it is laid on.
    pub(super) base: Option<Size>,
    pub(super) nesting: Nesting,
    /// Pages or frames of the source.
    pub(super) pages: u32,
    /// Size of the stored original after orientation.
    pub(super) source: Size,
    /// Size of the next step's input.
    pub(super) size: Size,
    pub(super) variables: Variables,
    pub(super) output: Output,
    pub(super) steps: Vec<Step>,
    /// Ops reached, those of branches included.
    pub(super) ops: usize,
    /// Whether anything but variables and conditions was reached.
    pub(super) works: bool,
    /// The layer whose outline is written into the file.
    pub(super) path: Option<usize>,
    /// Effects on how an animation plays, in their order.
    pub(super) played: Vec<Effect>,
}

impl Walk<'_> {
    pub(super) const fn view(&self) -> View<'_> {
        View {
            variables: &self.variables,
            input: self.size,
            source: self.source,
            page: 1,
            pages: self.pages,
            faces: self.faces,
        }
    }

    /// Follows ops in their order. Recursion is bounded by the limit on the chain's length.
    pub(super) fn follow(&mut self, ops: &[Op]) -> Result<(), Error> {
        // What the one table says is not rendered is passed over here, and only here.
        for op in ops.iter().filter(|op| op.support().is_rendered()) {
            self.ops += 1;
            self.rules.limits.chain(self.ops)?;
            match op {
                Op::Let(set) => {
                    let before = self.variables.get(&set.name).ok().cloned();
                    let value = self.view().value(&set.value, before.as_ref())?;
                    self.variables.set(&set.name, value);
                }
                Op::When(when) => {
                    let branch = if self.view().holds(&when.condition)? {
                        &when.then
                    } else {
                        &when.otherwise
                    };
                    self.output.merge(branch.output.clone());
                    self.follow(&branch.ops)?;
                }
                Op::Overlay(overlay) => {
                    self.works = true;
                    self.overlay(overlay)?;
                }
                op => {
                    self.works = true;
                    let settled = settle(op, &self.view())?;
                    self.step(&settled)?;
                }
            }
        }
        Ok(())
    }

    /// One settled op to steps.
    fn step(&mut self, op: &Op) -> Result<(), Error> {
        let at = self.input();
        let mut steps = Vec::new();
        match op {
            Op::Crop(crop) => steps.extend(geometry::crop(&at, crop)?),
            Op::Resize(resize) => steps.extend(geometry::resize(&at, resize)?),
            Op::Turn(turn) if *turn == Turn::NONE => {}
            Op::Turn(turn) => steps.push(Step::Turn(*turn)),
            Op::TurnToShape(shape) => {
                let turn = geometry::turn_to_shape(&at, shape);
                if turn != Turn::NONE {
                    steps.push(Step::Turn(turn));
                }
            }
            Op::Round(radii) => steps.push(Step::Round(rounding(radii, &at))),
            Op::Border(border) => steps.extend(line(border, &at)),
            Op::Opacity(percent) => {
                let level = (u32::from(percent.get()) * 255 + 50) / 100;
                steps.push(Step::Opacity(u8::try_from(level).unwrap_or(u8::MAX)));
            }
            Op::Background(fill) => steps.push(Step::Flatten(paint_of(fill))),
            Op::Rotate(angle) => steps.extend(effect::turned(at.input, *angle)?),
            Op::Effect(asked) => {
                steps.extend(effect::settle(&at, asked, &self.steps)?);
                if let Effect::ClippingPath { mask: Some(mask) } = &**asked {
                    self.path = Some(self.mask(mask)?);
                }
                if asked.is_of_playback() {
                    self.played.push((**asked).clone());
                }
            }
            Op::Trim(asked) => {
                let mut trim = effect::trim(asked);
                let left = self.layers.trimmed(self.of, &self.steps, &trim);
                if let EffectStep::Trim { size, .. } = &mut trim {
                    *size = left;
                }
                steps.push(Step::Effect(Box::new(trim)));
            }
            // Settled before; and what the table has filtered out.
            Op::IgnoreOrientation
            | Op::RotateBy(_)
            | Op::OpacityBy(_)
            | Op::Overlay(_)
            | Op::Clip(_)
            | Op::ResizeBy(_)
            | Op::When(_)
            | Op::Let(_) => {}
        }
        steps.into_iter().try_for_each(|step| self.take(step))
    }

    /// A picture whose outline is asked for: its number for the renderer.
    fn mask(&mut self, mask: &AssetRef) -> Result<usize, Error> {
        let (number, facts) = self.layers.picture(mask)?;
        self.rules.limits.source(&facts)?;
        self.nesting.pixels = self.nesting.pixels.saturating_add(facts.size.pixels());
        self.rules.limits.pixels(self.nesting.pixels)?;
        Ok(number)
    }

    /// Adds a step, unless the picture becomes too large by it.
    pub(super) fn take(&mut self, step: Step) -> Result<(), Error> {
        let before = self.size;
        self.size = step.size_after(before);
        self.rules.limits.picture(self.size)?;
        if !self.seen.is_empty() {
            self.seen = self.seen.after(&step, before);
        }
        self.steps.push(step);
        Ok(())
    }

    /// What the arithmetic of the next step looks at.
    pub(super) const fn input(&self) -> StepInput<'_> {
        StepInput {
            input: self.size,
            source: self.source,
            base: self.base,
            seen: &self.seen,
            hints: self.hints,
        }
    }

    /// With the settings of the output worked out.
    fn settle_output(mut self) -> Result<Self, Error> {
        let mut output = std::mem::take(&mut self.output);
        let mut quality = None;
        for setting in &mut output.settings {
            settle::setting(setting, &self.view())?;
            if let Setting::QualityBy(expr) = setting {
                quality = Some(settle::quality(expr, &self.view())?);
            }
        }
        if let Some(quality) = quality {
            output.quality = Quality::Fixed(quality);
            output
                .settings
                .retain(|setting| !matches!(setting, Setting::QualityBy(_)));
        }
        self.output = output;
        Ok(self)
    }
}

/// The part of the source that is kept, where an automatic gravity has chosen it.
fn salient(spec: &TransformSpec, plan: &RasterPlan) -> Option<Region> {
    let chosen = |gravity: &Gravity| {
        matches!(
            gravity,
            Gravity::Subject {
                subject: Subject::Salient,
                ..
            }
        )
    };
    let used = spec.ops.iter().any(|op| match op {
        Op::Crop(crop) => chosen(&crop.gravity),
        Op::Resize(resize) => chosen(&resize.gravity),
        _ => false,
    });
    let kept = match plan.steps.first() {
        Some(Step::Resample { from, .. }) => *from,
        _ => Region::whole(plan.window.size),
    };
    used.then(|| plan.window.outside(kept))
}

/// Whether the stored bytes themselves are the answer: nothing is asked of the picture, and the
/// format asked for, if any, is the stored one.
#[must_use]
pub fn is_original(spec: &TransformSpec, stored: Option<Format>) -> bool {
    asks_nothing(spec, stored) && !sanitizes(&spec.output, stored)
}

fn asks_nothing(spec: &TransformSpec, stored: Option<Format>) -> bool {
    !spec.ops.iter().any(changes) && is_plain(&spec.output, !is_page(&spec.select), stored)
}

/// Whether an op may change the picture or how it is written.
fn changes(op: &Op) -> bool {
    match op {
        Op::Let(_) => false,
        Op::When(when) => {
            let branches = [&when.then, &when.otherwise];
            branches
                .into_iter()
                .any(|branch| branch.ops.iter().any(changes) || branch.output != Output::default())
        }
        op => op.support().is_rendered(),
    }
}

const fn is_page(select: &Select) -> bool {
    matches!(
        select,
        Select::Page(_) | Select::PageBy(_) | Select::Pages(_)
    )
}

/// Whether a setting says how samples are read or written, as closely as may be.
fn is_samples(setting: &Setting) -> bool {
    matches!(
        setting,
        Setting::Switch("group4" | "ignore-mask-channels", _)
    )
}

/// Whether an output asks for nothing but the stored bytes.
fn is_plain(output: &Output, whole: bool, stored: Option<Format>) -> bool {
    let same_format = match output.format {
        FormatChoice::Stored => true,
        FormatChoice::Named(format) => Some(format) == stored,
        FormatChoice::Auto { .. } => false,
    };
    // How the file is named for saving does not change its bytes, nor does what is not rendered.
    let settings = output.settings.iter();
    let plain = Output {
        format: FormatChoice::Stored,
        attachment: None,
        settings: settings
            .filter(|setting| setting.support() == Support::Supported || is_samples(setting))
            .cloned()
            .collect(),
        ..output.clone()
    };
    same_format && whole && plain == Output::default()
}

fn side_fits(size: Size, format: Format) -> Result<(), Error> {
    let (longest, limit) = (size.width.max(size.height), format.max_side());
    if longest > limit {
        return Err(Error::OverLimit {
            what: "side in this format",
            asked: longest.into(),
            limit: limit.into(),
        });
    }
    Ok(())
}

/// Radii in pixels, each clamped to half the side; `max` is the ellipse that touches all sides.
fn rounding(radii: &Radii, at: &StepInput<'_>) -> Rounding {
    let half = |n: u32| f64::from(n) / 2.0;
    let (half_w, half_h) = (half(at.input.width), half(at.input.height));
    Rounding(radii.corners.each_ref().map(|corner| match corner {
        Corner::Max => (half_w, half_h),
        Corner::Px(n) => {
            let radius = f64::from(at.pixels(*n, &radii.dpr));
            let radius = radius.min(half_w).min(half_h);
            (radius, radius)
        }
        Corner::Expr(_) => (0.0, 0.0),
    }))
}

/// `None` where width or colour is not known, which the table filters out.
fn line(border: &Border, at: &StepInput<'_>) -> Option<Step> {
    let Length::Px(width) = border.width else {
        return None;
    };
    Some(Step::Border {
        width: at.pixels(u32::try_from(width).ok()?, &border.dpr),
        colour: border.colour.colour()?,
        corners: border.radii.as_ref().map(|radii| rounding(radii, at)),
    })
}

pub(super) fn paint(fill: Option<&Fill>) -> Paint {
    fill.map_or(Paint::Colour(Colour::TRANSPARENT), paint_of)
}

fn paint_of(fill: &Fill) -> Paint {
    match fill {
        Fill::Colour(colour) => Paint::Colour(*colour),
        Fill::EdgeColour => Paint::EdgeColour,
        Fill::Derived(derived) => Paint::Own(own_colours(derived)),
        Fill::Blurred(levels) => {
            let (strength, brightness) = &**levels;
            effect::blurred_fill(strength, brightness)
        }
        Fill::Generated(_) => Paint::Continued,
        Fill::Variable(_) => Paint::Colour(Colour::TRANSPARENT),
    }
}

fn own_colours(derived: &Derived) -> OwnColours {
    OwnColours {
        edges: derived.edges,
        contrast: derived.contrast,
        count: derived.colours,
        towards: match derived.direction.as_deref() {
            Some("vertical") => Towards::Bottom,
            Some("diagonal_desc") => Towards::BottomRight,
            Some("diagonal_asc") => Towards::TopRight,
            _ => Towards::Right,
        },
        palette: Palette::new(derived.palette.iter().filter_map(Ink::colour)),
    }
}
