//! Colours as the source means them to sRGB.

use moxcms::{ColorProfile, DataColorSpace, Layout as Samples, TransformOptions};

use super::{Layout, Raster};

/// Brings a picture to sRGB by its embedded profile; without one, grey and RGB are taken as sRGB and
/// inks are mixed plainly. A profile that cannot be used is left aside, as viewers do.
pub(in crate::render) fn to_srgb(raster: Raster, profile: Option<&[u8]>) -> Raster {
    profile
        .and_then(|profile| converted(&raster, profile))
        .unwrap_or_else(|| raster.without_inks())
}

/// `None` when there is nothing to do or the profile does not fit the picture.
fn converted(raster: &Raster, profile: &[u8]) -> Option<Raster> {
    let profile = ColorProfile::new_from_slice(profile).ok()?;
    let (from, to, layout) = match (raster.layout, profile.color_space) {
        (Layout::Rgb, DataColorSpace::Rgb) => (Samples::Rgb, Samples::Rgb, Layout::Rgb),
        (Layout::Rgba, DataColorSpace::Rgb) => (Samples::Rgba, Samples::Rgba, Layout::Rgba),
        (Layout::Grey, DataColorSpace::Gray) => (Samples::Gray, Samples::Rgb, Layout::Rgb),
        (Layout::Cmyk, DataColorSpace::Cmyk) => (Samples::Rgba, Samples::Rgb, Layout::Rgb),
        _ => return None,
    };
    let srgb = ColorProfile::new_srgb();
    if profile.color_space == DataColorSpace::Rgb && is_srgb(&profile, &srgb) {
        return None;
    }
    let transform = profile
        .create_transform_8bit(from, &srgb, to, TransformOptions::default())
        .ok()?;
    let mut pixels = vec![0; super::buffer_len(raster.size, layout)?];
    transform.transform(&raster.pixels, &mut pixels).ok()?;
    Raster::new(raster.size, layout, pixels)
}

/// Whether a profile says what is assumed anyway: its name, and its primaries to a thousandth.
fn is_srgb(profile: &ColorProfile, srgb: &ColorProfile) -> bool {
    const NEAR: f64 = 0.002;
    let near = |a: moxcms::Xyzd, b: moxcms::Xyzd| {
        (a.x - b.x).abs() < NEAR && (a.y - b.y).abs() < NEAR && (a.z - b.z).abs() < NEAR
    };
    let named = match &profile.description {
        Some(moxcms::ProfileText::PlainString(text)) => text.contains("sRGB"),
        Some(moxcms::ProfileText::Localizable(texts)) => {
            texts.iter().any(|text| text.value.contains("sRGB"))
        }
        Some(moxcms::ProfileText::Description(text)) => {
            text.ascii_string.contains("sRGB") || text.unicode_string.contains("sRGB")
        }
        None => false,
    };
    named
        && near(profile.red_colorant, srgb.red_colorant)
        && near(profile.green_colorant, srgb.green_colorant)
        && near(profile.blue_colorant, srgb.blue_colorant)
}

impl Raster {
    /// Light as ink: black takes what all three inks share. No profile of a press is asked.
    pub(in crate::render) fn into_inks(self) -> Self {
        let picture = self.into_colour();
        if picture.layout != Layout::Rgb {
            return picture;
        }
        let (rgb, _) = picture.pixels.as_chunks::<3>();
        let pixels = super::flat(rgb.iter().map(|pixel| {
            let [c, m, y] = pixel.map(|light| 255 - light);
            let k = c.min(m).min(y);
            // What is left of the paper once black is on it.
            let rest = u32::from(255 - k);
            let ink = |n: u8| match rest {
                0 => 0,
                _ => u8::try_from((u32::from(n - k) * 255 + rest / 2) / rest).unwrap_or(255),
            };
            [ink(c), ink(m), ink(y), k]
        }));
        Self {
            layout: Layout::Cmyk,
            pixels,
            ..picture
        }
    }

    /// Ink mixed as light: each sample what its ink and the black leave of the paper.
    fn without_inks(self) -> Self {
        if self.layout != Layout::Cmyk {
            return self;
        }
        let (inks, _) = self.pixels.as_chunks::<4>();
        let pixels = super::flat(
            inks.iter()
                .map(|&[c, m, y, k]| [c, m, y].map(|ink| super::scale(255 - ink, 255 - k))),
        );
        Self {
            layout: Layout::Rgb,
            pixels,
            ..self
        }
    }
}
