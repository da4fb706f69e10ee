//! Samples of 16 bits to sRGB, for decoders that have more than eight: what a curve spreads must
//! not be rounded before.

use std::sync::Arc;

use moxcms::{ColorProfile, DataColorSpace, Layout, Transform16BitExecutor, TransformOptions};

use super::Means;
use super::hdr::Hdr;
use super::space::ColourSpace;
use crate::render::error::Error;
use crate::render::guarded;

/// What brings rows of RGB, 16 bits a sample, to sRGB.
pub(in crate::render) struct Deep(Kind);

enum Kind {
    Hdr(Hdr),
    Rgb(Arc<Transform16BitExecutor>, Vec<u16>),
    /// Of grey pictures, which come as RGB: a table for all samples.
    Grey(Vec<[u16; 3]>),
}

impl ColourSpace {
    /// `None` where samples are sRGB, or the colour space cannot be used. `grey` pictures come as
    /// RGB of three equal samples.
    pub fn deep(&self, grey: bool) -> Option<Deep> {
        if *self == Self::Srgb {
            return None;
        }
        // Profiles come from anywhere: a panic of the library is a profile that cannot be used.
        let build = || {
            Ok(match Means::of(self) {
                Some(Means::Hdr(hdr)) => Some(Deep(Kind::Hdr(hdr))),
                Some(Means::Profile(profile)) => Kind::of(&profile, grey).map(Deep),
                None => None,
            })
        };
        guarded(build, || Error::Crashed).ok().flatten()
    }
}

impl Kind {
    fn of(profile: &ColorProfile, grey: bool) -> Option<Self> {
        let srgb = ColorProfile::new_srgb();
        let from = match profile.color_space {
            DataColorSpace::Rgb => Layout::Rgb,
            DataColorSpace::Gray if grey => Layout::Gray,
            _ => return None,
        };
        let options = TransformOptions::default();
        let transform = profile
            .create_transform_16bit(from, &srgb, Layout::Rgb, options)
            .ok()?;
        if from == Layout::Rgb {
            return Some(Self::Rgb(transform, Vec::new()));
        }
        let ramp: Vec<u16> = (0..=u16::MAX).collect();
        let mut table = vec![[0; 3]; ramp.len()];
        transform.transform(&ramp, table.as_flattened_mut()).ok()?;
        Some(Self::Grey(table))
    }
}

impl Deep {
    /// A row, to bytes of sRGB. Both have three samples a pixel.
    pub fn row(&mut self, samples: &[u16], out: &mut [u8]) {
        let (pixels, _) = samples.as_chunks::<3>();
        let (out_pixels, _) = out.as_chunks_mut::<3>();
        match &mut self.0 {
            Kind::Hdr(hdr) => {
                for (out, pixel) in out_pixels.iter_mut().zip(pixels) {
                    *out = hdr.pixel(*pixel);
                }
            }
            Kind::Grey(table) => {
                for (out, [v, ..]) in out_pixels.iter_mut().zip(pixels) {
                    let seen = table.get(usize::from(*v)).copied().unwrap_or_default();
                    *out = seen.map(narrow);
                }
            }
            Kind::Rgb(transform, seen) => {
                seen.resize(samples.len(), 0);
                if transform.transform(samples, seen).is_err() {
                    seen.copy_from_slice(samples);
                }
                for (out, sample) in out.iter_mut().zip(seen.iter()) {
                    *out = narrow(*sample);
                }
            }
        }
    }
}

/// A sample of 16 bits as one of eight, rounded.
pub(in crate::render) fn narrow(sample: u16) -> u8 {
    u8::try_from((u32::from(sample) + 128) / 257).unwrap_or(255)
}
