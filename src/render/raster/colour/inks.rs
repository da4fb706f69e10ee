//! Inks and light without a profile of a press.

use super::super::{Layout, Raster, flat, scale};

impl Raster {
    /// Light as ink: black takes what all three inks share. No profile of a press is asked.
    pub(in crate::render) fn into_inks(self) -> Self {
        let picture = self.into_colour();
        if picture.layout != Layout::Rgb {
            return picture;
        }
        let (rgb, _) = picture.pixels.as_chunks::<3>();
        let pixels = flat(rgb.iter().map(|pixel| {
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
    pub(super) fn without_inks(self) -> Self {
        if self.layout != Layout::Cmyk {
            return self;
        }
        let (inks, _) = self.pixels.as_chunks::<4>();
        let pixels = flat(
            inks.iter()
                .map(|&[c, m, y, k]| [c, m, y].map(|ink| scale(255 - ink, 255 - k))),
        );
        Self {
            layout: Layout::Rgb,
            pixels,
            ..self
        }
    }
}
