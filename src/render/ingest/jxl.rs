//! JPEG XL, read whole.

use jxl_oxide::{AllocTracker, EnumColourEncoding, JxlImage, JxlThreadPool, RenderingIntent};

use super::{Decoded, raster};
use crate::plan::{Facts, Size};
use crate::render::error::Error;
use crate::render::raster::Layout;
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

/// Size upright and alpha; the decoder turns the picture itself.
pub(in crate::render) fn describe(bytes: &[u8]) -> Result<(Size, bool), Error> {
    let describe = || {
        let picture = open(bytes)?;
        let size = Size::new(picture.width(), picture.height());
        Ok((size, picture.pixel_format().has_alpha()))
    };
    crate::render::guarded(describe, || bad("the decoder crashed on its header"))
}

pub(super) fn decode(bytes: &[u8], facts: &Facts) -> Result<Decoded, Error> {
    let mut picture = open(bytes)?;
    if Size::new(picture.width(), picture.height()) != facts.size {
        return Err(bad("size differs between headers"));
    }
    picture.request_color_encoding(EnumColourEncoding::srgb(RenderingIntent::Relative));
    if !picture.is_loading_done() && picture.num_loaded_keyframes() == 0 {
        return Err(bad("file ends early"));
    }
    let render = picture.render_frame(0).map_err(bad)?;
    let mut stream = render.stream();
    let channels = stream.channels();
    let size = Size::new(stream.width(), stream.height());
    let samples = usize::try_from(size.pixels())
        .ok()
        .and_then(|pixels| pixels.checked_mul(channels as usize))
        .ok_or_else(|| bad("picture does not fit into memory"))?;
    let mut pixels = vec![0_u8; samples];
    stream.write_to_buffer(&mut pixels);
    let (layout, pixels) = match channels {
        1 => (Layout::Grey, pixels),
        2 => {
            let (pairs, _) = pixels.as_chunks::<2>();
            let wide: Vec<[u8; 4]> = pairs.iter().map(|&[v, a]| [v, v, v, a]).collect();
            (Layout::Rgba, wide.into_flattened())
        }
        3 => (Layout::Rgb, pixels),
        4 if picture.pixel_format().has_alpha() => (Layout::Rgba, pixels),
        _ => return Err(bad("channels beyond colour and alpha are not read")),
    };
    Ok(Decoded::whole(
        raster(Format::Jxl, size, layout, pixels)?,
        None,
    ))
}
