//! The named looks: each a short chain of adjustments.
//!
//! The service publishes their names and sample pictures, not their recipes; these are our own,
//! in the spirit of the names.

use super::{EffectStep, Point};
use crate::plan::raster::Step;
use crate::spec::Colour;

/// One look.
struct Look {
    name: &'static str,
    /// HSL saturation multiplied.
    saturation: f64,
    /// Steepness of the contrast curve; negative flattens.
    contrast: f64,
    gamma: f64,
    /// Added to red, green and blue.
    shift: [f64; 3],
    /// Mixed in, by a share.
    wash: (Colour, f64),
    /// Darkness of the corners.
    vignette: f64,
}

const fn look(
    name: &'static str,
    saturation: f64,
    contrast: f64,
    gamma: f64,
    shift: [f64; 3],
    wash: (Colour, f64),
    vignette: f64,
) -> Look {
    Look {
        name,
        saturation,
        contrast,
        gamma,
        shift,
        wash,
        vignette,
    }
}

const fn wash(r: u8, g: u8, b: u8, share: f64) -> (Colour, f64) {
    (Colour::rgb(r, g, b), share)
}

const NO_WASH: (Colour, f64) = wash(0, 0, 0, 0.0);
const LEVEL: [f64; 3] = [0.0; 3];

#[rustfmt::skip]
const LOOKS: &[Look] = &[
    look("al_dente",   1.35, 3.0,  1.05, [0.03, 0.01, -0.03],  NO_WASH, 0.0),
    look("athena",     0.80, 2.0,  1.15, [0.02, 0.02, 0.00],   wash(255, 244, 214, 0.12), 0.0),
    look("audrey",     0.00, 3.5,  1.05, LEVEL,                wash(236, 220, 196, 0.08), 0.15),
    look("aurora",     1.15, 2.0,  1.05, [-0.02, 0.02, 0.06],  wash(120, 90, 210, 0.12), 0.0),
    look("daguerre",   0.00, 2.5,  0.90, [0.05, 0.02, -0.03],  wash(112, 94, 70, 0.18), 0.45),
    look("eucalyptus", 0.85, 1.5,  1.05, [-0.03, 0.03, -0.01], wash(120, 170, 140, 0.12), 0.0),
    look("fes",        1.20, 2.5,  1.00, [0.06, 0.02, -0.05],  wash(220, 140, 70, 0.10), 0.10),
    look("frost",      0.60, 1.5,  1.15, [-0.03, 0.01, 0.06],  wash(214, 232, 255, 0.14), 0.0),
    look("hairspray",  0.90, -2.0, 1.15, [0.04, 0.00, 0.02],   wash(255, 190, 200, 0.14), 0.0),
    look("hokusai",    0.90, 3.0,  0.95, [-0.04, 0.00, 0.07],  wash(30, 66, 120, 0.14), 0.10),
    look("incognito",  0.15, 4.5,  0.85, LEVEL,                wash(24, 28, 36, 0.08), 0.40),
    look("linen",      0.65, -1.5, 1.15, [0.03, 0.02, -0.01],  wash(246, 236, 218, 0.18), 0.0),
    look("peacock",    1.45, 2.5,  1.00, [-0.04, 0.03, 0.04],  wash(0, 110, 130, 0.08), 0.0),
    look("primavera",  1.25, -1.0, 1.20, [0.03, 0.03, -0.02],  wash(255, 240, 170, 0.10), 0.0),
    look("quartz",     0.75, 1.5,  1.10, [0.04, -0.01, 0.04],  wash(232, 190, 220, 0.12), 0.0),
    look("red_rock",   1.15, 3.0,  0.95, [0.08, -0.01, -0.05], wash(180, 70, 30, 0.12), 0.15),
    look("refresh",    1.25, 2.0,  1.15, [-0.01, 0.02, 0.03],  NO_WASH, 0.0),
    look("sizzle",     1.55, 4.0,  1.00, [0.05, 0.01, -0.04],  NO_WASH, 0.10),
    look("sonnet",     0.00, 2.0,  1.10, [0.00, 0.01, 0.03],   wash(200, 206, 222, 0.10), 0.20),
    look("ukulele",    0.90, -1.5, 1.10, [0.06, 0.03, -0.06],  wash(240, 190, 110, 0.16), 0.20),
    look("zorro",      0.00, 6.0,  0.90, LEVEL,                NO_WASH, 0.35),
];

/// The steps of a look; none for a name that is not one.
pub(super) fn steps(name: &str) -> Vec<Step> {
    let Some(look) = LOOKS.iter().find(|look| look.name == name) else {
        return Vec::new();
    };
    let mut points = Vec::new();
    points.push(if look.saturation > 0.0 {
        Point::Saturation(look.saturation)
    } else {
        Point::Grey
    });
    points.push(Point::Gamma(look.gamma));
    points.push(Point::Sigmoid {
        strength: look.contrast.abs(),
        flatten: look.contrast < 0.0,
    });
    if look.shift != LEVEL {
        points.push(Point::Offset(look.shift));
    }
    let (colour, share) = look.wash;
    if share > 0.0 {
        points.push(Point::Mix { colour, share });
    }
    let mut steps: Vec<Step> = points
        .into_iter()
        .map(|point| Step::Effect(Box::new(EffectStep::Point(point))))
        .collect();
    if look.vignette > 0.0 {
        steps.push(Step::Effect(Box::new(EffectStep::Vignette {
            level: look.vignette,
        })));
    }
    steps
}

/// What red and green differ in, shown as blue against yellow and as light: for eyes that do not tell
/// red from green. A turn of the opponent axes; our own numbers.
pub(super) fn shifted_colours() -> Point {
    Point::matrix([[0.80, 0.20, 0.00], [0.25, 0.75, 0.00], [-0.70, 0.70, 1.00]])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::Effect;

    #[test]
    fn every_name_of_the_language_has_a_recipe() {
        assert_eq!(Effect::LOOKS.len(), LOOKS.len());
        for name in Effect::LOOKS {
            assert!(!steps(name).is_empty(), "{name}");
        }
    }
}
