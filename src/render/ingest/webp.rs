//! WebP, cropped and reduced inside the decoder where the plan allows.

use super::{Decoded, Packed, Request, buffer, raster};
use crate::plan::{Facts, Size};
use crate::render::codec_webp::{self, Part};
use crate::render::error::Error;
use crate::render::probe::webp_profile;
use crate::render::raster::Layout;
use crate::spec::Format;

pub(super) fn decode(bytes: &[u8], facts: &Facts, request: &Request) -> Result<Decoded, Error> {
    let profile = webp_profile(bytes).map(<[u8]>::to_vec);
    let bad = |reason| Error::bad(Format::WebP, reason);
    let features = codec_webp::features(bytes).map_err(bad)?;
    if features.size != facts.size {
        return Err(Error::bad(Format::WebP, "size differs between headers"));
    }
    if features.animated {
        let pixels = codec_webp::first_frame(bytes, facts.size).map_err(bad)?;
        let raster = raster(Format::WebP, facts.size, Layout::Rgba, pixels)?;
        return Ok(Decoded::whole(raster.without_idle_alpha(), profile));
    }
    // The decoder cuts at even edges, where the halved colour planes have whole samples.
    let (left, top) = (request.left & !1, request.top & !1);
    let cut = Size::new(
        request.size.width + (request.left - left),
        request.size.height + (request.top - top),
    );
    let out = Size::new(
        cut.width.div_ceil(request.shrink),
        cut.height.div_ceil(request.shrink),
    );
    let layout = if features.alpha {
        Layout::Rgba
    } else {
        Layout::Rgb
    };
    let mut pixels = buffer(Format::WebP, out, layout)?;
    let part = Part {
        left,
        top,
        size: cut,
    };
    codec_webp::decode(bytes, part, out, features.alpha, &mut pixels).map_err(bad)?;
    let scale = |out: u32, cut: u32| f64::from(out) / f64::from(cut);
    let packed = Packed {
        raster: raster(Format::WebP, out, layout, pixels)?,
        origin: (left.into(), top.into()),
        scale: (scale(out.width, cut.width), scale(out.height, cut.height)),
    };
    Ok(Decoded::packed(packed, profile))
}
