//! AV1 pictures by rav1d: Rust only, no assembly.

use re_rav1d::pixel::YUVRange;
use re_rav1d::{PixelLayout, PlanarImageComponent, Settings};

use super::{Frame, Plane, sizes};
use crate::plan::Size;
use crate::render::budget::Budget;
use crate::render::error::Error;
use crate::spec::Format;

pub(in crate::render::ingest) struct Decoder<'a> {
    rav1d: re_rav1d::Decoder,
    budget: &'a Budget,
}

fn bad(error: re_rav1d::Error) -> Error {
    Error::bad(Format::Avif, error)
}

impl<'a> Decoder<'a> {
    pub fn open(budget: &'a Budget) -> Result<Self, Error> {
        let mut settings = Settings::new();
        settings.set_n_threads(1);
        settings.set_max_frame_delay(1);
        settings.set_all_layers(false);
        let most = u32::try_from(budget.limits().source_pixels).unwrap_or(u32::MAX);
        settings.set_frame_size_limit(most);
        let rav1d = re_rav1d::Decoder::with_settings(&settings).map_err(bad)?;
        Ok(Self { rav1d, budget })
    }

    /// The picture that comes next.
    pub fn picture(&mut self, data: &[u8]) -> Result<Frame, Error> {
        self.budget.check()?;
        if sizes::too_many_frames(data) {
            return Err(Error::bad(Format::Avif, "too many frames in one picture"));
        }
        self.rav1d
            .send_data(data.to_vec(), None, None, None)
            .map_err(bad)?;
        let picture = self.rav1d.get_picture().map_err(bad)?;
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
            // All three are numbered as in ITU-T H.273.
            primaries: picture.color_primaries() as u16,
            transfer: picture.transfer_characteristic() as u16,
            matrix: picture.matrix_coefficients() as u16,
            planes,
        })
    }
}
