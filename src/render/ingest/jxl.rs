//! JPEG XL, read whole.

use jxl_oxide::color::TransferFunction;
use jxl_oxide::{
    AllocTracker, EnumColourEncoding, ImageStream, JxlImage, JxlThreadPool, RenderingIntent,
};

use super::{Decoded, Request, buffer, raster};
use crate::plan::{Facts, Size};
use crate::render::budget::Budget;
use crate::render::error::Error;
use crate::render::raster::{ColourSpace, Layout, narrow, to_srgb};
use crate::spec::Format;

/// The most memory that one picture may take: about four samples of 32 bits in six buffers for each of
/// a hundred million pixels is far above it, so that large pictures are refused and no machine falls.
const MOST_MEMORY: usize = 2 << 30;

fn bad(error: impl std::fmt::Display) -> Error {
    Error::bad(Format::Jxl, error)
}

fn open(bytes: &[u8]) -> Result<JxlImage, Error> {
    JxlImage::builder()
        .pool(JxlThreadPool::none())
        .alloc_tracker(AllocTracker::with_limit(MOST_MEMORY))
        .read(bytes)
        .map_err(bad)
}

/// Size upright, alpha and frames; the decoder turns the picture itself.
pub(in crate::render) fn describe(bytes: &[u8]) -> Result<(Size, bool, u32), Error> {
    let describe = || {
        let picture = open(bytes)?;
        let size = Size::new(picture.width(), picture.height());
        let frames = match picture.image_header().metadata.animation {
            Some(_) => u32::try_from(picture.num_loaded_keyframes()).unwrap_or(u32::MAX),
            None => 1,
        };
        Ok((size, picture.pixel_format().has_alpha(), frames.max(1)))
    };
    crate::render::guarded(describe, || bad("the decoder crashed on its header"))
}

/// Rows between two looks at the budget.
const BAND: usize = 64;

pub(super) fn decode(
    bytes: &[u8],
    facts: &Facts,
    request: &Request,
    budget: &Budget,
) -> Result<Decoded, Error> {
    let mut picture = open(bytes)?;
    if Size::new(picture.width(), picture.height()) != facts.size {
        return Err(bad("size differs between headers"));
    }
    if picture.num_loaded_keyframes() <= request.frame as usize {
        return Err(bad("file ends before its frame"));
    }
    let colours = colours(&mut picture);
    let format = picture.pixel_format();
    let render = picture.render_frame(request.frame as usize).map_err(bad)?;
    budget.check()?;
    let mut stream = render.stream();
    let (width, channels) = (stream.width() as usize, stream.channels() as usize);
    let size = Size::new(stream.width(), stream.height());
    if format.has_black() {
        return inks(&mut stream, format.has_alpha(), &colours);
    }
    let (grey, alpha) = (format.is_grayscale(), format.has_alpha());
    if channels != usize::from(alpha) + if grey { 1 } else { 3 } {
        return Err(bad("channels beyond colour and alpha are not read"));
    }
    let associated = picture.image_header().metadata.ec_info.iter();
    let associated = associated
        .filter_map(|extra| extra.alpha_associated())
        .next()
        == Some(true);
    let mut deep = match request.keeps_colours && !colours.is_hdr() {
        true => None,
        false => colours.deep(grey),
    };
    let left = match deep {
        Some(_) => ColourSpace::Srgb,
        None => colours,
    };
    let layout = match (alpha, grey && deep.is_none()) {
        (true, _) => Layout::Rgba,
        (false, true) => Layout::Grey,
        (false, false) => Layout::Rgb,
    };
    let mut pixels = buffer(Format::Jxl, size, layout)?;
    let mut row = vec![0_f32; width * channels];
    let mut samples = vec![0_u16; width * 3];
    let mut seen = vec![0_u8; width * 3];
    let stride = (width * layout.bytes()).max(1);
    for (y, out) in pixels.chunks_exact_mut(stride).enumerate() {
        if y % BAND == 0 {
            budget.check()?;
        }
        stream.write_to_buffer(&mut row);
        let pixels = row.chunks_exact(channels);
        for (to, pixel) in samples
            .as_chunks_mut::<3>()
            .0
            .iter_mut()
            .zip(pixels.clone())
        {
            let alpha = pixel.last().copied().filter(|_| alpha && associated);
            let stored = pixel.iter().take(if grey { 1 } else { 3 }).cycle();
            for (to, from) in to.iter_mut().zip(stored) {
                *to = sample(match alpha {
                    Some(alpha) if alpha > 0.0 => from / alpha,
                    _ => *from,
                });
            }
        }
        match &mut deep {
            Some(deep) => deep.row(&samples, &mut seen),
            None => seen
                .iter_mut()
                .zip(&samples)
                .for_each(|(to, from)| *to = narrow(*from)),
        }
        let seen = seen.as_chunks::<3>().0.iter();
        for ((out, seen), pixel) in out.chunks_exact_mut(layout.bytes()).zip(seen).zip(pixels) {
            let alpha = pixel.last().map(|alpha| narrow(sample(*alpha)));
            for (to, from) in out.iter_mut().zip(seen.iter().copied().chain(alpha)) {
                *to = from;
            }
        }
    }
    Ok(Decoded::whole(
        raster(Format::Jxl, size, layout, pixels)?,
        left,
    ))
}

/// What the decoder's samples mean. Where they are stored as they are shown they come as they are;
/// what is stored as XYB comes in sRGB's primaries, for the decoder cuts it off at those on the way
/// to others.
fn colours(picture: &mut JxlImage) -> ColourSpace {
    const SRGB: u8 = 13;
    const PQ: u8 = 16;
    if picture.image_header().metadata.xyb_encoded {
        let (grey, bright) = (
            picture.pixel_format().is_grayscale(),
            picture.hdr_type().is_some(),
        );
        let mut asked = match grey {
            true => EnumColourEncoding::gray_srgb(RenderingIntent::Relative),
            false => EnumColourEncoding::srgb(RenderingIntent::Relative),
        };
        if bright {
            asked.tf = TransferFunction::Pq;
        }
        picture.request_color_encoding(asked);
        return match bright {
            true => ColourSpace::of_numbers(1, PQ),
            false => ColourSpace::Srgb,
        };
    }
    const HLG: u8 = 18;
    // The numbers leave the white point out: P3 is 11 there, with the white of cinemas.
    const CINEMA: u8 = 11;
    const SCREEN: u8 = 12;
    match picture.rendered_cicp() {
        Some([CINEMA, transfer @ (PQ | HLG), ..]) => ColourSpace::of_numbers(SCREEN, transfer),
        Some([primaries, transfer @ (PQ | HLG), ..]) => {
            ColourSpace::of_numbers(primaries, transfer)
        }
        Some([1, SRGB, ..]) => ColourSpace::Srgb,
        _ => ColourSpace::Icc(picture.rendered_icc()),
    }
}

/// A picture of inks, of which the samples say how much of the paper is left.
fn inks(
    stream: &mut ImageStream<'_>,
    alpha: bool,
    colours: &ColourSpace,
) -> Result<Decoded, Error> {
    const INKS: usize = 4;
    let size = Size::new(stream.width(), stream.height());
    let channels = stream.channels() as usize;
    if channels != INKS + usize::from(alpha) {
        return Err(bad("channels beyond inks and alpha are not read"));
    }
    let mut pixels = buffer(Format::Jxl, size, Layout::Cmyk)?;
    let mut opacity = Vec::new();
    let width = size.width as usize;
    let mut row = vec![0_u8; width * channels];
    for out in pixels.chunks_exact_mut((width * INKS).max(1)) {
        stream.write_to_buffer(&mut row);
        for (out, stored) in out
            .as_chunks_mut::<INKS>()
            .0
            .iter_mut()
            .zip(row.chunks_exact(channels))
        {
            for (ink, paper) in out.iter_mut().zip(stored) {
                *ink = 255 - paper;
            }
            opacity.extend(stored.get(INKS));
        }
    }
    let inks = raster(Format::Jxl, size, Layout::Cmyk, pixels)?;
    if !alpha {
        return Ok(Decoded::whole(inks, colours.clone()));
    }
    // No layout has both inks and alpha.
    let rgb = to_srgb(inks, colours).into_pixels();
    let rgb = rgb.as_chunks::<3>().0.iter();
    let pixels: Vec<[u8; 4]> = rgb
        .zip(opacity)
        .map(|(&[r, g, b], a)| [r, g, b, a])
        .collect();
    Ok(Decoded::whole(
        raster(Format::Jxl, size, Layout::Rgba, pixels.into_flattened())?,
        ColourSpace::Srgb,
    ))
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast saturates, which is the clamp wanted"
)]
fn sample(share: f32) -> u16 {
    (share * 65535.0 + 0.5) as u16
}
