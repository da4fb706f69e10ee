//! Colours as the source means them to sRGB: the one place where that is worked out.
//!
//! | module | what |
//! | --- | --- |
//! | [`space`] | what a file says about its colours |
//! | [`profile`] | that as an ICC profile, and whether it is sRGB anyway |
//! | [`hdr`] | PQ and HLG, tone-mapped |
//! | [`deep`] | samples of 16 bits, for decoders |
//! | [`inks`] | CMYK without a profile |

mod deep;
mod hdr;
mod inks;
mod profile;
mod space;

use moxcms::{ColorProfile, DataColorSpace, Layout as Samples, TransformOptions};

pub(in crate::render) use deep::{Deep, narrow};
pub(in crate::render) use profile::luminance;
pub(in crate::render) use space::{Coded, ColourSpace};

use super::{Layout, Raster, flat};
use crate::render::error::Error;
use crate::render::guarded;
use hdr::Hdr;

/// Brings a picture to sRGB. A colour space that cannot be used is left aside, as browsers do: grey
/// and RGB are taken as sRGB then, and inks are mixed plainly.
pub(in crate::render) fn to_srgb(raster: Raster, space: &ColourSpace) -> Raster {
    converted(&raster, space).unwrap_or_else(|| raster.without_inks())
}

/// `None` when there is nothing to do or the colour space does not fit the picture.
fn converted(raster: &Raster, space: &ColourSpace) -> Option<Raster> {
    if *space == ColourSpace::Srgb {
        return None;
    }
    // Profiles come from anywhere: a panic of the library is a profile that cannot be used.
    let convert = || {
        Ok(match Means::of(space) {
            Some(Means::Hdr(hdr)) => by_hdr(raster, &hdr),
            Some(Means::Profile(profile)) => by_profile(raster, &profile),
            None => None,
        })
    };
    guarded(convert, || Error::Crashed).ok().flatten()
}

/// How a colour space is brought to sRGB.
enum Means {
    Hdr(Hdr),
    Profile(Box<ColorProfile>),
}

impl Means {
    /// `None` where it cannot be used, or says what is assumed anyway.
    fn of(space: &ColourSpace) -> Option<Self> {
        if let ColourSpace::Coded(coded) = space
            && coded.is_hdr()
        {
            return Hdr::new(*coded).map(Self::Hdr);
        }
        let profile = profile::of(space)?;
        if let Some(coded) = profile::hdr(&profile) {
            return Hdr::new(coded).map(Self::Hdr);
        }
        (!profile::is_srgb(&profile)).then(|| Self::Profile(Box::new(profile)))
    }
}

fn by_hdr(raster: &Raster, hdr: &Hdr) -> Option<Raster> {
    let wide = |sample: u8| u16::from(sample) * 257;
    let (layout, pixels) = match raster.layout {
        Layout::Grey => {
            let table: Vec<_> = (0..=255).map(|v| hdr.pixel([wide(v); 3])).collect();
            return mapped(raster, &table);
        }
        Layout::Rgb => {
            let (pixels, _) = raster.pixels.as_chunks::<3>();
            let pixels = pixels.iter().map(|pixel| hdr.pixel(pixel.map(wide)));
            (Layout::Rgb, flat(pixels))
        }
        Layout::Rgba => {
            let (pixels, _) = raster.pixels.as_chunks::<4>();
            let pixels = pixels.iter().map(|&[r, g, b, a]| {
                let [r, g, b] = hdr.pixel([r, g, b].map(wide));
                [r, g, b, a]
            });
            (Layout::Rgba, flat(pixels))
        }
        Layout::Cmyk => return None,
    };
    Raster::new(raster.size, layout, pixels)
}

fn by_profile(raster: &Raster, profile: &ColorProfile) -> Option<Raster> {
    let (from, to, layout) = match (raster.layout, profile.color_space) {
        (Layout::Rgb, DataColorSpace::Rgb) => (Samples::Rgb, Samples::Rgb, Layout::Rgb),
        (Layout::Rgba, DataColorSpace::Rgb) => (Samples::Rgba, Samples::Rgba, Layout::Rgba),
        (Layout::Cmyk, DataColorSpace::Cmyk) => (Samples::Rgba, Samples::Rgb, Layout::Rgb),
        (Layout::Grey, DataColorSpace::Gray | DataColorSpace::Rgb) => {
            return mapped(raster, &greys(profile)?);
        }
        // Grey with alpha is RGBA here.
        (Layout::Rgba, DataColorSpace::Gray) if is_grey(raster) => {
            return mapped(raster, &greys(profile)?);
        }
        _ => return None,
    };
    let srgb = ColorProfile::new_srgb();
    let transform = profile
        .create_transform_8bit(from, &srgb, to, TransformOptions::default())
        .ok()?;
    let mut pixels = vec![0; super::buffer_len(raster.size, layout)?];
    transform.transform(&raster.pixels, &mut pixels).ok()?;
    Raster::new(raster.size, layout, pixels)
}

/// What every grey sample becomes.
fn greys(profile: &ColorProfile) -> Option<Vec<[u8; 3]>> {
    let (samples, ramp): (_, Vec<u8>) = match profile.color_space {
        DataColorSpace::Gray => (Samples::Gray, (0..=255).collect()),
        _ => (Samples::Rgb, (0..=255).flat_map(|v| [v; 3]).collect()),
    };
    let srgb = ColorProfile::new_srgb();
    let options = TransformOptions::default();
    let transform = profile
        .create_transform_8bit(samples, &srgb, Samples::Rgb, options)
        .ok()?;
    let mut table = vec![[0; 3]; 256];
    transform.transform(&ramp, table.as_flattened_mut()).ok()?;
    Some(table)
}

fn is_grey(raster: &Raster) -> bool {
    let (pixels, _) = raster.pixels.as_chunks::<4>();
    pixels.iter().all(|[r, g, b, _]| r == g && g == b)
}

/// Each grey sample as a table of 256 has it. It stays one sample where the table has no colour.
fn mapped(raster: &Raster, table: &[[u8; 3]]) -> Option<Raster> {
    let table: &[[u8; 3]; 256] = table.try_into().ok()?;
    let of = |sample: u8| table[usize::from(sample)];
    let (layout, pixels) = match raster.layout {
        Layout::Grey if table.iter().all(|[r, g, b]| r == g && g == b) => {
            let greys = raster.pixels.iter().map(|&v| of(v)[0]);
            (Layout::Grey, greys.collect())
        }
        Layout::Grey => (Layout::Rgb, flat(raster.pixels.iter().map(|&v| of(v)))),
        Layout::Rgba => {
            let (pixels, _) = raster.pixels.as_chunks::<4>();
            let pixels = pixels.iter().map(|&[v, .., a]| {
                let [r, g, b] = of(v);
                [r, g, b, a]
            });
            (Layout::Rgba, flat(pixels))
        }
        Layout::Rgb | Layout::Cmyk => return None,
    };
    Raster::new(raster.size, layout, pixels)
}
