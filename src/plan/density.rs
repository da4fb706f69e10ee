//! Settings of a result that are looked up by their word: what they do before everything else, and the
//! density of drawings.

use super::effect::{EffectStep, Outline, Point};
use super::raster::Step;
use super::{Facts, Size};
use crate::spec::{Amount, Decimal, Format, Output, Setting};

/// The density at which drawings have the size that they say. Assumed: it is the documented default, and
/// a drawing without a density has been seen at its own size.
const OWN_DENSITY: u32 = 150;

/// Dots per inch asked for.
pub(super) fn density(output: &Output) -> Option<u16> {
    output.settings.iter().find_map(|setting| match setting {
        Setting::Density(Amount::Fixed(dpi)) => u16::try_from(dpi.billionths() / Decimal::SCALE)
            .ok()
            .filter(|dpi| *dpi > 0),
        _ => None,
    })
}

/// A drawing's size in pixels at a density.
pub(super) fn at_density(own: Size, density: u16) -> Size {
    let side = |n: u32| {
        let n = u64::from(n) * u64::from(density) + u64::from(OWN_DENSITY / 2);
        u32::try_from(n / u64::from(OWN_DENSITY)).unwrap_or(u32::MAX)
    };
    Size::new(side(own.width), side(own.height))
}

/// Whether a switch is set.
pub(super) fn is_set(output: &Output, wanted: &str) -> bool {
    let named = |setting: &Setting| matches!(setting, Setting::Switch(word, _) if *word == wanted);
    output.settings.iter().any(named)
}

/// What is done to a picture as it is stored, before it is turned upright.
pub(super) fn as_stored(output: &Output, facts: &Facts) -> Vec<Step> {
    let mut steps = Vec::new();
    // Alpha is not told from a mask: both are dropped.
    if facts.format == Format::Tiff && facts.alpha && is_set(output, "ignore-mask-channels") {
        steps.push(EffectStep::Point(Point::OpacityThreshold(0)));
    }
    let even_odd = is_set(output, "clip-path-evenodd");
    let paths = matches!(facts.format, Format::Jpeg | Format::Tiff);
    if paths && (even_odd || is_set(output, "clip-path")) {
        steps.push(EffectStep::Clip(Outline {
            even_odd,
            ..Outline::default()
        }));
    }
    steps
        .into_iter()
        .map(|step| Step::Effect(Box::new(step)))
        .collect()
}

/// Whether a drawing that stays one is to be cleaned. A source of which nothing is known may be a drawing.
pub(super) fn sanitizes(output: &Output, stored: Option<Format>) -> bool {
    stored.is_none_or(|format| format == Format::Svg) && is_set(output, "sanitize")
}
