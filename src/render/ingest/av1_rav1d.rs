//! AV1 pictures by rav1d: Rust only, no assembly.

use re_rav1d::pixel::{ColorPrimaries, MatrixCoefficients, TransferCharacteristic, YUVRange};
use re_rav1d::{PixelLayout, PlanarImageComponent, Settings};

use super::{Frame, Plane};
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
            primaries: match picture.color_primaries() {
                ColorPrimaries::BT709 => 1,
                ColorPrimaries::BT470M => 4,
                ColorPrimaries::BT470BG => 5,
                ColorPrimaries::ST170M | ColorPrimaries::ST240M => 6,
                ColorPrimaries::Film => 8,
                ColorPrimaries::BT2020 => 9,
                ColorPrimaries::ST428 => 10,
                ColorPrimaries::P3DCI => 11,
                ColorPrimaries::P3Display => 12,
                ColorPrimaries::Tech3213 => 22,
                _ => 2,
            },
            transfer: match picture.transfer_characteristic() {
                TransferCharacteristic::BT470M => 4,
                TransferCharacteristic::BT470BG => 5,
                TransferCharacteristic::ST240M => 7,
                TransferCharacteristic::Linear => 8,
                TransferCharacteristic::Logarithmic100 => 9,
                TransferCharacteristic::Logarithmic316 => 10,
                TransferCharacteristic::PerceptualQuantizer => 16,
                TransferCharacteristic::ST428 => 17,
                TransferCharacteristic::HybridLogGamma => 18,
                // Those of cameras are taken as sRGB's.
                _ => 13,
            },
            matrix: match picture.matrix_coefficients() {
                MatrixCoefficients::Identity => 0,
                MatrixCoefficients::BT709 => 1,
                MatrixCoefficients::BT470M => 4,
                MatrixCoefficients::ST240M => 7,
                MatrixCoefficients::YCgCo => 8,
                MatrixCoefficients::BT2020NonConstantLuminance => 9,
                MatrixCoefficients::ChromaticityDerivedNonConstantLuminance => 12,
                _ => 6,
            },
            planes,
        })
    }
}
