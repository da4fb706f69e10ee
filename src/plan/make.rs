//! The plan of one request: every symbolic length settled, every step in order.

use super::effect;
use super::facts::{Facts, Size};
use super::geometry::{self, StepInput};
use super::negotiate::{self, Negotiated, Writable};
use super::raster::{OwnColours, Paint, Palette, RasterPlan, Rounding, Step, Towards};
use super::{Error, Hints, Limits, Plan};
use crate::spec::{
    Border, Colour, Corner, Derived, Dpr, Fill, Format, FormatChoice, Ink, Length, Op, Output,
    Quality, Radii, Select, Support, TransformSpec, Turn,
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
    if is_original(spec, Some(facts.format)) {
        return Ok(Plan::Original);
    }
    if let Select::Page(page) = spec.select
        && page > facts.frames
    {
        return Err(Error::NoSuchPage {
            page,
            pages: facts.frames,
        });
    }
    rules.limits.source(facts)?;
    rules.limits.chain(spec.ops.len())?;
    let mut steps = Vec::with_capacity(spec.ops.len() + 2);
    let ignored = spec.ops.contains(&Op::IgnoreOrientation);
    let orientation = if ignored {
        Turn::NONE
    } else {
        facts.orientation
    };
    if orientation != Turn::NONE {
        steps.push(Step::Turn(orientation));
    }
    let source = facts.size.turned(orientation);
    let mut size = source;
    // What the one table says is not rendered is passed over here, and only here.
    for op in spec.ops.iter().filter(|op| op.support().is_rendered()) {
        let at = StepInput {
            input: size,
            source,
            hints,
        };
        let start = steps.len();
        match op {
            Op::Crop(crop) => steps.extend(geometry::crop(&at, crop)?),
            Op::Resize(resize) => steps.extend(geometry::resize(&at, resize)?),
            Op::Turn(turn) if *turn == Turn::NONE => {}
            Op::Turn(turn) => steps.push(Step::Turn(*turn)),
            Op::Round(radii) => steps.push(Step::Round(rounding(radii, size))),
            Op::Border(border) => steps.extend(line(border, size)),
            Op::Opacity(percent) => {
                let level = (u32::from(percent.get()) * 255 + 50) / 100;
                steps.push(Step::Opacity(u8::try_from(level).unwrap_or(u8::MAX)));
            }
            Op::Background(fill) => steps.push(Step::Flatten(paint_of(fill))),
            Op::Rotate(angle) => steps.extend(effect::turned(size, *angle)?),
            Op::Effect(asked) => {
                let settled = effect::settle(&at, asked, &steps)?;
                steps.extend(settled);
            }
            Op::Trim(asked) => steps.push(effect::trim(asked)),
            // Settled above; and what the table has filtered out.
            Op::IgnoreOrientation
            | Op::RotateBy(_)
            | Op::TurnToShape(_)
            | Op::OpacityBy(_)
            | Op::Overlay(_)
            | Op::Clip(_)
            | Op::ResizeBy(_)
            | Op::When(_)
            | Op::Let(_) => {}
        }
        for step in steps.get(start..).unwrap_or_default() {
            size = step.size_after(size);
            rules.limits.picture(size)?;
        }
    }
    // What the steps make transparent counts where a format is chosen.
    let facts = &Facts {
        alpha: steps
            .iter()
            .fold(facts.alpha, |alpha, step| step.alpha_after(alpha)),
        ..*facts
    };
    let format = negotiate::format(&spec.output, negotiated, facts, size, &rules.writable);
    side_fits(size, format)?;
    let encode = negotiate::encode(&spec.output, format, rules.quality);
    Ok(Plan::Raster(RasterPlan {
        source: facts.size,
        steps,
        encode,
    }))
}

/// Whether the stored bytes themselves are the answer: nothing is asked of the picture, and the
/// format asked for, if any, is the stored one.
#[must_use]
pub fn is_original(spec: &TransformSpec, stored: Option<Format>) -> bool {
    let same_format = match spec.output.format {
        FormatChoice::Stored => true,
        FormatChoice::Named(format) => Some(format) == stored,
        FormatChoice::Auto { .. } => false,
    };
    // How the file is named for saving does not change its bytes, nor does what is not rendered.
    let settings = spec.output.settings.iter();
    let plain = Output {
        format: FormatChoice::Stored,
        attachment: None,
        settings: settings
            .filter(|setting| setting.support() == Support::Supported)
            .cloned()
            .collect(),
        ..spec.output.clone()
    };
    same_format
        && !spec.ops.iter().any(|op| op.support().is_rendered())
        && !matches!(spec.select, Select::Page(_))
        && plain == Output::default()
}

/// What about the client an answer depends on: what `Vary` must name, and the cache key must hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Varies {
    /// The formats that it can show.
    pub accept: bool,
    /// The pixel ratio of its screen.
    pub dpr: bool,
    /// The width at which it will show the picture.
    pub width: bool,
}

/// What about the client the answer to a specification depends on.
#[must_use]
pub fn varies(spec: &TransformSpec) -> Varies {
    let shown = |length: &Option<Length>| matches!(length, Some(Length::Shown { .. }));
    let sizes = spec.ops.iter().filter_map(|op| match op {
        Op::Resize(resize) => Some(&resize.area),
        Op::Crop(crop) => Some(&crop.area),
        _ => None,
    });
    let accept = matches!(spec.output.format, FormatChoice::Auto { .. });
    sizes.fold(
        Varies {
            accept,
            ..Varies::default()
        },
        |varies, area| Varies {
            accept,
            dpr: varies.dpr || area.dpr == Dpr::Shown,
            width: varies.width || shown(&area.width) || shown(&area.height),
        },
    )
}

/// The hints that this specification looks at, and no others: part of the cache key.
#[must_use]
pub fn relevant(spec: &TransformSpec, hints: &Hints) -> Hints {
    let varies = varies(spec);
    Hints {
        accepts: smallvec::SmallVec::new(),
        dpr: hints.dpr.filter(|_| varies.dpr).map(|_| hints.dpr_up()),
        width: hints.width.filter(|_| varies.width),
    }
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
fn rounding(radii: &Radii, size: Size) -> Rounding {
    let (half_w, half_h) = (f64::from(size.width) / 2.0, f64::from(size.height) / 2.0);
    Rounding(radii.0.each_ref().map(|corner| match corner {
        Corner::Max => (half_w, half_h),
        Corner::Px(n) => {
            let radius = f64::from(*n).min(half_w).min(half_h);
            (radius, radius)
        }
        Corner::Expr(_) => (0.0, 0.0),
    }))
}

/// `None` where width or colour is not known, which the table filters out.
fn line(border: &Border, size: Size) -> Option<Step> {
    let Length::Px(width) = border.width else {
        return None;
    };
    Some(Step::Border {
        width: u32::try_from(width).ok()?,
        colour: border.colour.colour()?,
        corners: border.radii.as_ref().map(|radii| rounding(radii, size)),
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
