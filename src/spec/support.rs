//! What is rendered: the one table.
//!
//! Notes of the dialect, the statuses of `explain` and `docs/parameters.md`, and the plan, which skips
//! what is unsupported, all ask here. Whoever renders another op moves its arm.

use super::{
    Amount, Area, Corner, Crop, Dpr, Effect, Fill, Gravity, Length, Metadata, Op, Radii, Resize,
    Select, Setting, Subject,
};

/// Whether something in a specification is rendered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Support {
    /// As documented.
    Supported,
    /// Rendered, and may differ; why.
    Approximated(&'static str),
    /// Left out; why.
    Unsupported(&'static str),
}

use Support::{Approximated, Supported, Unsupported};

const EFFECT: &str = "effects are not rendered: left out";
const MODEL: &str = "this effect needs a trained model: left out";
const ADD_ON: &str = "this effect needs an add-on service: left out";
const MODEL_3D: &str = "3D models are not rendered: left out";
const VIDEO: &str = "video is not rendered";
const EXPRESSION: &str = "expressions are not evaluated: left out";
const VARIABLE: &str = "variables are not evaluated";
const FIRST_PAGE: &str = "only the first page is rendered";
const FACES: &str = "faces are not detected yet: the documented fallback is used";
const SALIENT: &str = "regions of interest are not detected yet: the centre is used";
const REGION: &str = "this region is not known here: the centre is used";

impl Support {
    /// [`TransformSpec::default_image`](super::TransformSpec::default_image).
    pub const DEFAULT_IMAGE: Self = Unsupported("default images are not looked up");

    /// Whether anything of it is rendered.
    #[must_use]
    pub const fn is_rendered(self) -> bool {
        !matches!(self, Unsupported(_))
    }

    /// Why it is not all that was asked.
    #[must_use]
    pub const fn reason(self) -> Option<&'static str> {
        match self {
            Supported => None,
            Approximated(reason) | Unsupported(reason) => Some(reason),
        }
    }

    /// The word in tables.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Supported => "supported",
            Approximated(_) => "approximated",
            Unsupported(_) => "unsupported",
        }
    }

    /// What a whole is when one part of it can be left out and the rest done.
    const fn with(self, part: Self) -> Self {
        match (self, part) {
            (Supported, Approximated(reason) | Unsupported(reason)) => Approximated(reason),
            _ => self,
        }
    }
}

impl Op {
    /// Whether it is rendered.
    #[must_use]
    pub fn support(&self) -> Support {
        match self {
            Self::Crop(Crop {
                area,
                gravity,
                offset,
                ..
            })
            | Self::Resize(Resize {
                area,
                gravity,
                offset,
                ..
            }) => {
                let shift = [&offset.x, &offset.y]
                    .into_iter()
                    .flatten()
                    .fold(Supported, |all, length| all.with(length.support()));
                if area.is_empty() {
                    return Unsupported("cropping to a detected region is not rendered: left out");
                }
                match area.support() {
                    nothing @ Unsupported(_) => nothing,
                    sized => sized.with(gravity.support()).with(shift),
                }
            }
            Self::Turn(_) | Self::TurnToShape(_) | Self::Opacity(_) | Self::IgnoreOrientation => {
                Supported
            }
            Self::Round(radii) => radii.support(),
            Self::Border(border) => match (&border.width, &border.radii, border.colour.colour()) {
                (Length::Expr(_), _, _) => Unsupported(EXPRESSION),
                (_, _, None) => Unsupported(VARIABLE),
                (_, Some(radii), _) => radii.support().with(border.dpr.support()),
                _ => border.dpr.support(),
            },
            Self::Background(fill) => fill.support(),
            Self::Rotate(_) => Unsupported("only quarter turns are rendered: left out"),
            Self::RotateBy(_) | Self::OpacityBy(_) => Unsupported(EXPRESSION),
            Self::Trim(_) => Unsupported(EFFECT),
            Self::Effect(effect) => effect.support(),
            Self::Overlay(_) => Unsupported("layers are not rendered: the layer is left out"),
            Self::Clip(_) => Unsupported(VIDEO),
            Self::ResizeBy(_) | Self::Let(_) => Unsupported(VARIABLE),
            Self::When(_) => {
                Unsupported("conditions are not evaluated: the whole condition is left out")
            }
        }
    }
}

impl Effect {
    /// Whether it is rendered.
    #[must_use]
    pub const fn support(&self) -> Support {
        match self {
            Self::Arc { .. }
            | Self::Art { .. }
            | Self::AssistColourVision { .. }
            | Self::AutoBrightness { .. }
            | Self::AutoColour { .. }
            | Self::AutoContrast { .. }
            | Self::BlackWhite { .. }
            | Self::Blue { .. }
            | Self::Blur { .. }
            | Self::BlurRegion { .. }
            | Self::Brightness { .. }
            | Self::BrightnessHsb { .. }
            | Self::Cartoon { .. }
            | Self::Colourize { .. }
            | Self::Contrast { .. }
            | Self::Distort { .. }
            | Self::DropShadow { .. }
            | Self::FillLight { .. }
            | Self::Gamma { .. }
            | Self::GradientFade { .. }
            | Self::Grayscale
            | Self::Green { .. }
            | Self::Hue { .. }
            | Self::Improve { .. }
            | Self::KeyBackground { .. }
            | Self::MakeTransparent { .. }
            | Self::Morphology { .. }
            | Self::Negate
            | Self::OilPaint { .. }
            | Self::OpacityThreshold { .. }
            | Self::OrderedDither { .. }
            | Self::Outline { .. }
            | Self::Pixelate { .. }
            | Self::PixelateRegion { .. }
            | Self::Recolour { .. }
            | Self::Red { .. }
            | Self::ReplaceColour { .. }
            | Self::Saturation { .. }
            | Self::Sepia { .. }
            | Self::Shadow { .. }
            | Self::Sharpen { .. }
            | Self::Shear { .. }
            | Self::SimulateColourVision { .. }
            | Self::Theme { .. }
            | Self::Tint { .. }
            | Self::UnsharpMask { .. }
            | Self::Vectorize { .. }
            | Self::Vibrance { .. }
            | Self::Vignette { .. } => Unsupported(EFFECT),
            Self::AutoEnhance { .. }
            | Self::BlurFaces { .. }
            | Self::Enhance
            | Self::Extract { .. }
            | Self::GenerateBackground { .. }
            | Self::GenerateFill { .. }
            | Self::GenerateRecolour { .. }
            | Self::GenerateRemove { .. }
            | Self::GenerateReplace { .. }
            | Self::PixelateFaces { .. }
            | Self::RedEye { .. }
            | Self::RemoveBackground { .. }
            | Self::Restore
            | Self::Upscale => Unsupported(MODEL),
            Self::Correct { .. } | Self::Lightroom { .. } => Unsupported(ADD_ON),
            Self::Camera { .. } | Self::Light { .. } | Self::SwapImage { .. } => {
                Unsupported(MODEL_3D)
            }
            Self::Accelerate { .. }
            | Self::Boomerang
            | Self::Deshake { .. }
            | Self::Fade { .. }
            | Self::Noise { .. }
            | Self::Preview { .. }
            | Self::Progress { .. }
            | Self::Reverse
            | Self::Transition { .. }
            | Self::Volume { .. } => Unsupported(VIDEO),
            Self::Loop { level } => match level {
                None | Some(Amount::Fixed(_)) => Supported,
                Some(Amount::Expr(_)) => Unsupported(EXPRESSION),
            },
            Self::Zoompan { .. } => Unsupported("stills are not brought to motion"),
            Self::ClippingPath { .. } => Unsupported("clipping paths are not written"),
            Self::Function { .. } => Unsupported("custom functions are not run: left out"),
            Self::Variable { .. } => Unsupported(VARIABLE),
        }
    }
}

impl Area {
    /// Whether its sides are settled by facts alone. One side that is not is left out; where no side is
    /// left, the whole is.
    #[must_use]
    pub fn support(&self) -> Support {
        let sides = [&self.width, &self.height];
        let settled = |side: &&Option<Length>| {
            side.as_ref()
                .is_some_and(|length| length.support().is_rendered())
        };
        let asked = sides.iter().any(|side| side.is_some()) || self.ratio_by.is_some();
        if asked && !sides.iter().any(settled) && self.ratio.is_none() {
            return Unsupported(EXPRESSION);
        }
        let ratio = self
            .ratio_by
            .as_ref()
            .map_or(Supported, |_| Unsupported(EXPRESSION));
        sides
            .into_iter()
            .flatten()
            .fold(Supported, |all, length| all.with(length.support()))
            .with(ratio)
            .with(self.dpr.support())
    }
}

impl Length {
    /// Whether it is settled by facts alone.
    #[must_use]
    pub const fn support(&self) -> Support {
        match self {
            Self::Px(_) | Self::Share(_) | Self::Source(_) | Self::Shown { .. } => Supported,
            Self::Expr(_) => Unsupported(EXPRESSION),
        }
    }
}

impl Dpr {
    /// Whether it is settled by facts alone.
    #[must_use]
    pub const fn support(&self) -> Support {
        match self {
            Self::Fixed(_) | Self::Shown => Supported,
            Self::Expr(_) => Unsupported(EXPRESSION),
        }
    }
}

impl Radii {
    fn support(&self) -> Support {
        if self
            .corners
            .iter()
            .any(|corner| matches!(corner, Corner::Expr(_)))
        {
            Unsupported(EXPRESSION)
        } else {
            self.dpr.support()
        }
    }
}

impl Gravity {
    /// Whether the place can be found.
    #[must_use]
    pub const fn support(&self) -> Support {
        match self {
            Self::Compass(_) | Self::Corner | Self::Point => Supported,
            Self::Subject { subject, .. } => Approximated(match subject {
                Subject::Salient => SALIENT,
                Subject::Face | Subject::Faces => FACES,
                Subject::Named(_) => REGION,
            }),
            Self::Variable(_) => Unsupported(VARIABLE),
        }
    }
}

impl Fill {
    /// Whether it can be made.
    #[must_use]
    pub const fn support(&self) -> Support {
        match self {
            Self::Colour(_) | Self::EdgeColour => Supported,
            Self::Derived(_) => Approximated("the most common colour of the edge is used"),
            Self::Blurred(_) | Self::Generated(_) => Unsupported("this background cannot be made"),
            Self::Variable(_) => Unsupported(VARIABLE),
        }
    }
}

impl Select {
    /// Whether the part can be taken out.
    #[must_use]
    pub const fn support(&self) -> Support {
        match self {
            Self::Whole | Self::Page(_) => Supported,
            Self::Pages(_) | Self::Named { .. } => Unsupported(FIRST_PAGE),
            Self::PageBy(_) => Unsupported(EXPRESSION),
        }
    }
}

impl Metadata {
    /// Whether a result has it.
    #[must_use]
    pub const fn support(self) -> Support {
        match self {
            Self::Strip | Self::Keep => Supported,
            Self::Attribution => Approximated("author and copyright are looked for in Exif only"),
        }
    }
}

impl Setting {
    /// Whether a result follows it.
    #[must_use]
    pub fn support(&self) -> Support {
        match self {
            Self::QualityBy(_) => Unsupported(EXPRESSION),
            Self::Format(_) => Unsupported("this format cannot be written: the stored one is kept"),
            Self::ColourSpace(word) => {
                let known = ["cmyk", "keep_cmyk", "copy"];
                if known.iter().any(|known| word.eq_ignore_ascii_case(known)) {
                    Supported
                } else {
                    Approximated("stored profiles are not applied: the result is sRGB")
                }
            }
            Self::Density(amount) | Self::Delay(amount) => match amount {
                Amount::Fixed(_) => Supported,
                Amount::Expr(_) => Unsupported(EXPRESSION),
            },
            Self::Animated(_) => Supported,
            Self::Sampling { .. }
            | Self::VideoCodec(_)
            | Self::AudioCodec(_)
            | Self::SampleRate(_)
            | Self::BitRate { .. }
            | Self::FrameRate { .. }
            | Self::KeyframeInterval(_)
            | Self::Quantiser(_)
            | Self::DynamicRange(_)
            | Self::Stream(_) => Unsupported(VIDEO),
            Self::Switch("moving", _) => Approximated("a still picture is delivered"),
            Self::Switch(
                "palette" | "profile" | "facts" | "any-format" | "true-colour" | "rgba",
                _,
            ) => Supported,
            Self::Switch(..) => Unsupported("this flag is not rendered"),
        }
    }
}
