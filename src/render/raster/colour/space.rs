//! What a file says about its colours.

use crate::render::error::Error;
use crate::render::guarded;

/// How samples become colours.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::render) enum ColourSpace {
    /// sRGB, or nothing was said.
    #[default]
    Srgb,
    /// By an ICC profile.
    Icc(Vec<u8>),
    /// By numbers of ITU-T H.273.
    Coded(Coded),
    /// By a power and measured primaries.
    Measured(Measured),
}

/// Colours by numbers of ITU-T H.273.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::render) struct Coded {
    /// The primaries, always ones that the standard defines.
    pub primaries: u8,
    /// The transfer characteristics; 1 stands for the display's side of BT.709, a power of 2.4.
    pub transfer: u8,
    /// The brightest light in the picture, in candelas a square metre, where the file names it.
    pub peak: Option<f32>,
}

/// Colours by a power and the places of primaries, as `gAMA` and `cHRM` of PNG have them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::render) struct Measured {
    /// Light is the sample to this power.
    pub power: f32,
    /// White, red, green and blue in the chromaticity diagram; those of sRGB where there is
    /// nothing.
    pub places: Option<[(f32, f32); 4]>,
}

const UNSPECIFIED: u8 = 2;
const BT709: u8 = 1;
const SRGB: u8 = 13;
const PQ: u8 = 16;
const HLG: u8 = 18;

const fn has_primaries(number: u8) -> bool {
    matches!(number, 1 | 4..=12 | 22)
}

impl Coded {
    /// Whether light may be brighter than white.
    pub const fn is_hdr(self) -> bool {
        matches!(self.transfer, PQ | HLG)
    }

    /// Whether highlights follow HLG.
    pub const fn is_hlg(self) -> bool {
        self.transfer == HLG
    }
}

impl ColourSpace {
    /// By an embedded profile, where there is one.
    pub fn of_profile(profile: Option<impl Into<Vec<u8>>>) -> Self {
        profile.map_or(Self::Srgb, |profile| Self::Icc(profile.into()))
    }

    /// Whether bytes are a profile that says something about pictures of grey or of RGB.
    pub fn is_readable(profile: &[u8]) -> bool {
        let read = || Ok(super::profile::is_of_light(profile));
        guarded(read, || Error::Crashed).unwrap_or(false)
    }

    /// As a profile for a file that keeps it, `None` where it is sRGB.
    ///
    /// # Errors
    /// Where no profile says it: light brighter than white.
    pub fn to_profile(&self) -> Result<Option<Vec<u8>>, ()> {
        match self {
            Self::Srgb => Ok(None),
            Self::Icc(profile) => Ok(Some(profile.clone())),
            hdr if hdr.is_hdr() => Err(()),
            other => super::profile::written(other).map(Some).ok_or(()),
        }
    }

    /// By the numbers in an AVIF file, as browsers take them: the curves of video cameras are
    /// sRGB's, primaries that are not named are sRGB's, and with a reserved number nothing is
    /// converted.
    pub fn of_avif(primaries: u16, transfer: u16) -> Self {
        let number = |n: u16| u8::try_from(n).unwrap_or(u8::MAX);
        let (primaries, transfer) = (number(primaries), number(transfer));
        if primaries == 0 || matches!(transfer, 0 | 3) {
            return Self::Srgb;
        }
        Self::of_numbers(
            match primaries {
                known if has_primaries(known) => known,
                _ => BT709,
            },
            match transfer {
                4 | 5 | 7..=10 | PQ | 17 | HLG => transfer,
                _ => SRGB,
            },
        )
    }

    /// By `cICP` of PNG, as browsers take it; `None` where they go on to the next chunk.
    pub fn of_png(primaries: u8, transfer: u8, full_range: bool) -> Option<Self> {
        let transfer = match transfer {
            1 | 6 | 11 | 14 | 15 => 1,
            4 | 5 | 7 | 8 | SRGB | PQ | 17 | HLG => transfer,
            _ => return None,
        };
        (full_range && has_primaries(primaries)).then(|| Self::of_numbers(primaries, transfer))
    }

    /// By the numbers of a profile or another container that means what it says.
    pub fn of_numbers(primaries: u8, transfer: u8) -> Self {
        match (primaries, transfer) {
            (0 | UNSPECIFIED | BT709, SRGB) => Self::Srgb,
            _ => Self::Coded(Coded {
                primaries,
                transfer,
                peak: None,
            }),
        }
    }

    /// By `gAMA` of PNG, the power of the camera, and `cHRM`, as browsers take them: without
    /// primaries, what is near the usual 1/2.2 is sRGB.
    pub fn of_power(encoding: f32, places: Option<[(f32, f32); 4]>) -> Self {
        const USUAL: f32 = 2.2;
        const NEAR: f32 = 0.05;
        let usual = places.is_none() && (encoding * USUAL - 1.0).abs() <= NEAR;
        if encoding <= 0.0 || usual {
            return Self::Srgb;
        }
        Self::Measured(Measured {
            power: 1.0 / encoding,
            places,
        })
    }

    /// With the brightest light that the file names.
    pub fn with_peak(self, peak: Option<f32>) -> Self {
        match self {
            Self::Coded(coded) => Self::Coded(Coded {
                peak: peak.filter(|peak| peak.is_finite() && *peak > 0.0),
                ..coded
            }),
            other => other,
        }
    }

    /// Whether it says that light may be brighter than white, which eight bits cannot hold on the
    /// way.
    pub const fn is_hdr(&self) -> bool {
        matches!(self, Self::Coded(coded) if coded.is_hdr())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_mean_srgb_are_srgb() {
        for (primaries, transfer) in [(1, 13), (1, 1), (2, 2), (1, 6), (0, 16), (9, 0), (2, 255)] {
            let space = ColourSpace::of_avif(primaries, transfer);
            assert_eq!(space, ColourSpace::Srgb, "{primaries}/{transfer}");
        }
        assert_eq!(ColourSpace::of_png(1, 13, true), Some(ColourSpace::Srgb));
    }

    #[test]
    fn unknown_numbers_in_png_leave_it_to_the_next_chunk() {
        for (primaries, transfer, full) in
            [(2, 13, true), (1, 2, true), (9, 12, true), (12, 13, false)]
        {
            assert_eq!(ColourSpace::of_png(primaries, transfer, full), None);
        }
    }

    #[test]
    fn a_power_near_the_usual_one_is_srgb_unless_primaries_are_named() {
        let places = Some([(0.3127, 0.329), (0.64, 0.33), (0.3, 0.6), (0.15, 0.06)]);
        for (encoding, places, plain) in [
            (0.45455, None, true),
            (0.4319, None, true),
            (0.4317, None, false),
            (0.4774, None, false),
            (0.45455, places, false),
            (0.0, places, true),
        ] {
            let space = ColourSpace::of_power(encoding, places);
            assert_eq!(space == ColourSpace::Srgb, plain, "{encoding}");
        }
    }
}
