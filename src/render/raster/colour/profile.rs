//! Colour spaces as ICC profiles.

use moxcms::{
    Chromaticity, CicpColorPrimaries, ColorPrimaries, ColorProfile, DataColorSpace, Matrix3d,
    ToneReprCurve, TransferCharacteristics, Xyzd, adapt_to_d50_d,
};

use super::space::{Coded, ColourSpace, Measured};

/// A colour space as a profile; `None` where it cannot be used.
pub(super) fn of(space: &ColourSpace) -> Option<ColorProfile> {
    match space {
        ColourSpace::Srgb => Some(ColorProfile::new_srgb()),
        ColourSpace::Icc(bytes) => ColorProfile::new_from_slice(bytes).ok(),
        ColourSpace::Coded(coded) => with(primaries(coded.primaries)?, curve(coded.transfer)?),
        ColourSpace::Measured(Measured { power, places }) => {
            let primaries = match *places {
                None => primaries(1)?,
                Some(places) => {
                    let [white, red, green, blue] = places.map(|(x, y)| Chromaticity { x, y });
                    Primaries {
                        colours: ColorPrimaries { red, green, blue },
                        white,
                    }
                }
            };
            with(primaries, ToneReprCurve::Parametric(vec![*power]))
        }
    }
}

/// A colour space as the bytes of a profile.
pub(super) fn written(space: &ColourSpace) -> Option<Vec<u8>> {
    of(space)?.encode().ok()
}

/// Whether bytes are a profile of grey or of RGB.
pub(super) fn is_of_light(bytes: &[u8]) -> bool {
    ColorProfile::new_from_slice(bytes).is_ok_and(|profile| {
        matches!(
            profile.color_space,
            DataColorSpace::Rgb | DataColorSpace::Gray
        )
    })
}

/// What a profile says by numbers, where its light may be brighter than white.
pub(super) fn hdr(profile: &ColorProfile) -> Option<Coded> {
    let numbers = profile.cicp?;
    let space = ColourSpace::of_numbers(
        numbers.color_primaries as u8,
        numbers.transfer_characteristics as u8,
    );
    match space {
        ColourSpace::Coded(coded) if coded.is_hdr() => Some(coded),
        _ => None,
    }
}

/// The places of primaries and of white.
#[derive(Clone, Copy)]
pub(super) struct Primaries {
    colours: ColorPrimaries,
    white: Chromaticity,
}

impl Primaries {
    /// Light of the three to XYZ under their own white.
    pub fn to_xyz(self) -> Option<Matrix3d> {
        let matrix = self.colours.transform_to_xyz_d(self.white);
        is_sound(&matrix).then_some(matrix)
    }

    /// Light of the three to XYZ as profiles have it, under D50.
    pub fn to_d50(self) -> Option<Matrix3d> {
        let matrix = adapt_to_d50_d(self.to_xyz()?, self.white.to_xyyb());
        is_sound(&matrix).then_some(matrix)
    }
}

/// The weights of red, green and blue in light, by the number of the primaries in ITU-T H.273;
/// those of BT.709 for a number that names none.
pub(in crate::render) fn luminance(number: u16) -> [f32; 3] {
    let number = u8::try_from(number).unwrap_or(0);
    let matrix = primaries(number).and_then(Primaries::to_xyz);
    #[allow(clippy::cast_possible_truncation, reason = "shares of one")]
    matrix.map_or([0.2126, 0.7152, 0.0722], |matrix| {
        matrix.v[1].map(|n| n as f32)
    })
}

/// Whether a matrix leads anywhere and back.
fn is_sound(matrix: &Matrix3d) -> bool {
    const LEAST: f64 = 1e-6;
    matrix.v.as_flattened().iter().all(|n| n.is_finite())
        && matrix.determinant().is_some_and(|d| d.abs() > LEAST)
}

/// Primaries by their number in ITU-T H.273.
pub(super) fn primaries(number: u8) -> Option<Primaries> {
    const ILLUMINANT_C: Chromaticity = Chromaticity { x: 0.31, y: 0.316 };
    let equal = 1.0 / 3.0;
    Some(Primaries {
        colours: CicpColorPrimaries::try_from(number)
            .and_then(ColorPrimaries::try_from)
            .ok()?,
        white: match number {
            4 | 8 => ILLUMINANT_C,
            10 => Chromaticity { x: equal, y: equal },
            11 => Chromaticity { x: 0.314, y: 0.351 },
            _ => Chromaticity {
                x: 0.3127,
                y: 0.329,
            },
        },
    })
}

/// Curves from samples to light, by their number in ITU-T H.273.
fn curve(number: u8) -> Option<ToneReprCurve> {
    let parameters = match number {
        // What displays make of BT.709 and its likes (BT.1886).
        1 => vec![2.4],
        4 => vec![2.2],
        5 => vec![2.8],
        7 => vec![1.0 / 0.45, 1.0 / 1.1115, 0.1115 / 1.1115, 0.25, 0.0913],
        8 => vec![1.0],
        13 => vec![2.4, 1.0 / 1.055, 0.055 / 1.055, 1.0 / 12.92, 0.04045],
        // SMPTE ST 428-1: 52.37 / 48 of the sample to the power of 2.6.
        17 => vec![2.6, (52.37_f32 / 48.0).powf(1.0 / 2.6), 0.0],
        _ => {
            let transfer = TransferCharacteristics::try_from(number).ok()?;
            return transfer.try_into().ok();
        }
    };
    Some(ToneReprCurve::Parametric(parameters))
}

fn with(primaries: Primaries, curve: ToneReprCurve) -> Option<ColorProfile> {
    let Matrix3d { v: [x, y, z] } = primaries.to_d50()?;
    let column = |n: usize| {
        Some(Xyzd {
            x: *x.get(n)?,
            y: *y.get(n)?,
            z: *z.get(n)?,
        })
    };
    let mut profile = ColorProfile::new_srgb();
    profile.red_colorant = column(0)?;
    profile.green_colorant = column(1)?;
    profile.blue_colorant = column(2)?;
    profile.red_trc = Some(curve.clone());
    profile.green_trc = Some(curve.clone());
    profile.blue_trc = Some(curve);
    profile.cicp = None;
    profile.description = None;
    profile.media_white_point = None;
    Some(profile)
}

/// Whether a profile does what is assumed anyway: its curves at some samples, to a step of eight
/// bits, and its primaries to a thousandth. What it is called does not count.
pub(super) fn is_srgb(profile: &ColorProfile) -> bool {
    const NEAR: f64 = 0.002;
    const STEPS: u8 = 24;
    let near = |a: Xyzd, b: Xyzd| {
        (a.x - b.x).abs() < NEAR && (a.y - b.y).abs() < NEAR && (a.z - b.z).abs() < NEAR
    };
    let tables = [
        &profile.lut_a_to_b_perceptual,
        &profile.lut_a_to_b_colorimetric,
        &profile.lut_a_to_b_saturation,
    ];
    let srgb = ColorProfile::new_srgb();
    let curves = [&profile.red_trc, &profile.green_trc, &profile.blue_trc];
    profile.color_space == DataColorSpace::Rgb
        && profile.pcs == DataColorSpace::Xyz
        && tables.into_iter().all(Option::is_none)
        && near(profile.red_colorant, srgb.red_colorant)
        && near(profile.green_colorant, srgb.green_colorant)
        && near(profile.blue_colorant, srgb.blue_colorant)
        && curves.into_iter().all(|curve| {
            let curve = curve
                .as_ref()
                .and_then(|curve| curve.make_linear_evaluator().ok());
            curve.is_some_and(|curve| {
                (0..=STEPS).all(|n| {
                    let sample = f32::from(n) / f32::from(STEPS);
                    let seen = encoded(curve.evaluate_value(sample));
                    (seen - sample).abs() * 255.0 < 0.75
                })
            })
        })
}

/// Light as a sample of sRGB, both up to 1.
pub(super) fn encoded(light: f32) -> f32 {
    if light <= 0.003_130_8 {
        light.max(0.0) * 12.92
    } else {
        1.055 * light.min(1.0).powf(1.0 / 2.4) - 0.055
    }
}
