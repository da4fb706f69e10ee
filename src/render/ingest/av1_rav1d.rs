//! AV1 pictures by rav1d: Rust only, no assembly.

use re_rav1d::pixel::{MatrixCoefficients, YUVRange};
use re_rav1d::{Decoder, PixelLayout, PlanarImageComponent, Settings};

use super::{Frame, Plane};
use crate::plan::Size;
use crate::render::budget::Budget;
use crate::render::error::Error;
use crate::spec::Format;

pub(in crate::render::ingest) fn decode(data: &[u8], budget: &Budget) -> Result<Frame, Error> {
    let bad = |error: re_rav1d::Error| Error::bad(Format::Avif, error);
    let mut settings = Settings::new();
    settings.set_n_threads(1);
    settings.set_max_frame_delay(1);
    settings.set_all_layers(false);
    settings.set_frame_size_limit(u32::try_from(budget.limits().source_pixels).unwrap_or(u32::MAX));
    let mut decoder = Decoder::with_settings(&settings).map_err(bad)?;
    decoder
        .send_data(data.to_vec(), None, None, None)
        .map_err(bad)?;
    let picture = decoder.get_picture().map_err(bad)?;
    let wide = picture.bit_depth() > 8;
    let size = Size::new(picture.width(), picture.height());
    let halved = match picture.pixel_layout() {
        PixelLayout::I400 | PixelLayout::I444 => (false, false),
        PixelLayout::I422 => (true, false),
        PixelLayout::I420 => (true, true),
    };
    let components: &[_] = match picture.pixel_layout() {
        PixelLayout::I400 => &[PlanarImageComponent::Y],
        _ => &[
            PlanarImageComponent::Y,
            PlanarImageComponent::U,
            PlanarImageComponent::V,
        ],
    };
    let planes = components
        .iter()
        .map(|&component| Plane {
            stride: picture.stride(component) as usize,
            bytes: picture.plane(component).to_vec(),
        })
        .collect();
    Ok(Frame {
        size,
        depth: if wide { picture.bit_depth() } else { 8 },
        halved,
        full: picture.color_range() == YUVRange::Full,
        matrix: match picture.matrix_coefficients() {
            MatrixCoefficients::Identity => 0,
            MatrixCoefficients::BT709 => 1,
            MatrixCoefficients::BT2020NonConstantLuminance => 9,
            _ => 6,
        },
        planes,
    })
}
