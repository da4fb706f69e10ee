//! Which frames of a source become the result, and how they play.

use super::facts::Facts;
use super::{Error, Limits};
use crate::spec::{
    Amount, Decimal, Effect, Format, FormatChoice, Op, Select, Setting, TransformSpec,
};

/// Which frames of a source become the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frames {
    /// One, counted from 0.
    One(u32),
    /// All, one after the other.
    All(Motion),
}

/// How frames play.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Motion {
    /// Milliseconds that each is shown; `None`: as stored.
    pub delay: Option<u32>,
    /// How often all are played, 0 for ever; `None`: as stored.
    pub plays: Option<u16>,
}

/// The longest that one frame may be told to stand, in milliseconds: what every format can say.
const LONGEST_DELAY: i64 = 655_350;

/// What of an animated source is wanted, before the format is known.
pub(super) fn moving(spec: &TransformSpec, facts: &Facts) -> bool {
    facts.frames > 1 && matches!(spec.select, Select::Whole)
}

/// Whether a format is asked for as an animation, for a source that is one. GIF always is; WebP and PNG
/// where a flag or the automatic choice asks for it, and where the source is of that format itself
/// (assumed).
fn asked_as_animation(spec: &TransformSpec, facts: &Facts, format: Format) -> bool {
    let settings = || spec.output.settings.iter();
    let flagged = settings().any(|setting| match setting {
        Setting::Animated(None) => true,
        Setting::Animated(Some(word)) => *word == format.word(),
        _ => false,
    });
    match format {
        Format::Gif => true,
        Format::WebP | Format::Png => {
            let automatic = matches!(spec.output.format, FormatChoice::Auto { .. });
            flagged || facts.format == format || (automatic && format == Format::WebP)
        }
        _ => false,
    }
}

/// The frames that a result in this format has.
///
/// # Errors
/// [`Error::OverLimit`] when all of them together are too many pixels.
pub(super) fn frames(
    spec: &TransformSpec,
    facts: &Facts,
    format: Format,
    limits: &Limits,
) -> Result<Frames, Error> {
    if let Select::Page(page) = spec.select {
        return Ok(Frames::One(page.saturating_sub(1)));
    }
    if !moving(spec, facts) || !asked_as_animation(spec, facts, format) {
        return Ok(Frames::One(0));
    }
    limits.frames(facts)?;
    let delay = spec
        .output
        .settings
        .iter()
        .find_map(|setting| match setting {
            Setting::Delay(Amount::Fixed(ms)) => {
                u32::try_from(whole(*ms).clamp(0, LONGEST_DELAY)).ok()
            }
            _ => None,
        });
    let plays = spec.ops.iter().rev().find_map(|op| match op {
        Op::Effect(effect) => match &**effect {
            Effect::Loop { level: None } => Some(0),
            // Played once, and again as often as it says.
            Effect::Loop {
                level: Some(Amount::Fixed(again)),
            } => u16::try_from(whole(*again).saturating_add(1).max(1)).ok(),
            _ => None,
        },
        _ => None,
    });
    Ok(Frames::All(Motion { delay, plays }))
}

/// The whole part of a number that is not negative.
const fn whole(number: Decimal) -> i64 {
    number.billionths() / Decimal::SCALE
}
