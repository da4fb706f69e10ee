//! What is rendered: the one table.
//!
//! Notes of the dialect, the statuses of `explain` and `docs/parameters.md`, and the plan, which skips
//! what is unsupported, all ask here. Whoever renders another op moves its arm.

use super::{
    Amount, Area, Blend, Corner, Crop, Dpr, Effect, Expr, Fact, Fill, Format, Gravity, Length,
    Metadata, Op, Overlay, Radii, Resize, Select, Setting, Sight, Source, Subject,
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

const CURVE: &str = "the service's own curve is not published: a common one is used";
const METHOD: &str = "the service's own method is not published: ours may look different";
const MODEL: &str = "this effect needs a trained model: left out";
const ADD_ON: &str = "this effect needs an add-on service: left out";
const MODEL_3D: &str = "3D models are not rendered: left out";
const VIDEO: &str = "video is not rendered";
const VARIABLE: &str =
    "what a variable decides must be a text set in this URL, outside of conditions: left out";
const NO_FACES: &str = "only faces that look to the front are counted";
const NO_RECORD: &str = "tags and records of assets are not kept here: taken as empty";
const NO_FACT: &str = "this value is not known here: taken as 0";
const UNTRIMMED: &str = "taken as the ratio before trimming";
const PAGES: &str = "frames of an animation; of other files the first page named alone";
const FIRST_PAGE: &str = "only the first page is rendered";
const FOUND_FACES: &str = "faces are found by our own detector, where they look to the front; without one nothing is done";
const FACES: &str = "found by our own detector, of faces that look to the front; without one the documented fallback is used";
const SALIENT: &str = "placed by a classical measure of what draws the eye, and by faces";
const REGION: &str = "this region is not known here: the centre is used";

impl Support {
    /// [`TransformSpec::default_image`](super::TransformSpec::default_image).
    pub const DEFAULT_IMAGE: Self = Supported;
    /// What only a video can have.
    pub const VIDEO: Self = Unsupported(VIDEO);
    /// A choice that hangs on a variable of which nothing is known in time.
    pub const UNKNOWN_CHOICE: Self = Unsupported(VARIABLE);

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
                    let found = matches!(
                        (self, gravity),
                        (
                            Self::Crop(_),
                            Gravity::Subject {
                                subject: Subject::Face | Subject::Faces,
                                ..
                            }
                        )
                    );
                    return if found {
                        Approximated(FACES)
                    } else {
                        Unsupported("cropping to this region is not rendered: left out")
                    };
                }
                match area.support() {
                    nothing @ Unsupported(_) => nothing,
                    sized => sized.with(gravity.support()).with(shift),
                }
            }
            Self::Turn(_)
            | Self::TurnToShape(_)
            | Self::Rotate(_)
            | Self::Opacity(_)
            | Self::Trim(_)
            | Self::IgnoreOrientation => Supported,
            Self::Round(radii) => radii.support(),
            Self::Border(border) => {
                let corners = border.radii.as_ref().map_or(Supported, Radii::support);
                border
                    .width
                    .support()
                    .with(corners)
                    .with(border.dpr.support())
            }
            Self::Background(fill) => fill.support(),
            Self::RotateBy(by) | Self::OpacityBy(by) => by.support(),
            Self::Effect(effect) => effect.support(),
            Self::Overlay(overlay) => overlay.support(),
            Self::Clip(_) => Unsupported(VIDEO),
            Self::ResizeBy(_) => Unsupported(VARIABLE),
            Self::Let(set) => set.value.support(),
            // What its branches hold is noted by itself.
            Self::When(when) => when.condition.support(),
        }
    }
}

impl Overlay {
    /// Whether it is rendered. What is done to the layer itself is noted by itself.
    #[must_use]
    pub fn support(&self) -> Support {
        let source = match &self.source {
            Source::Picture(_) | Source::ColourTable(_) => Supported,
            Source::Text(text) if text.style.font.starts_with('$') => Unsupported(VARIABLE),
            Source::Text(text) if text.style.size.is_none() => {
                Unsupported("no text style of this name is configured: the text is left out")
            }
            Source::Text(_) => Supported,
            Source::Video(_) | Source::Sound(_) => Unsupported(VIDEO),
            Source::Subtitles(..) => Unsupported("captions are not rendered: left out"),
            Source::Variable(_) => Unsupported(VARIABLE),
        };
        let blend = match &self.blend {
            Blend::Style(_) => Unsupported(MODEL),
            Blend::Splice(_) => Unsupported(VIDEO),
            Blend::AntiRemoval(_) => {
                Approximated("varied in place, size and opacity in our own way")
            }
            _ => Supported,
        };
        let place = match &self.gravity {
            Gravity::Subject {
                subject: Subject::Face | Subject::Faces,
                ..
            } => Approximated(FOUND_FACES),
            Gravity::Subject {
                subject: Subject::Named(_),
                ..
            } => Unsupported(
                "the region that this layer belongs to is not found: the layer is left out",
            ),
            gravity => gravity.support(),
        };
        match (source, blend, place) {
            (Unsupported(reason), _, _)
            | (_, Unsupported(reason), _)
            | (_, _, Unsupported(reason)) => Unsupported(reason),
            _ => source.with(blend).with(place).with(self.select.support()),
        }
    }
}

impl Effect {
    /// Whether it is rendered.
    #[must_use]
    pub fn support(&self) -> Support {
        match self {
            Self::Arc { .. }
            | Self::BlackWhite { .. }
            | Self::Blue { .. }
            | Self::Blur { .. }
            | Self::BrightnessHsb { .. }
            | Self::Colourize { .. }
            | Self::Contrast { .. }
            | Self::Gamma { .. }
            | Self::GradientFade { .. }
            | Self::Grayscale
            | Self::Green { .. }
            | Self::Hue { .. }
            | Self::KeyBackground { .. }
            | Self::MakeTransparent { .. }
            | Self::Morphology { .. }
            | Self::Negate
            | Self::OilPaint { .. }
            | Self::OpacityThreshold { .. }
            | Self::OrderedDither { .. }
            | Self::Outline { .. }
            | Self::Pixelate { .. }
            | Self::Red { .. }
            | Self::ReplaceColour { .. }
            | Self::Saturation { .. }
            | Self::Sepia { .. }
            | Self::Shadow { .. }
            | Self::Sharpen { .. }
            | Self::Shear { .. }
            | Self::SimulateColourVision { .. }
            | Self::Tint { .. }
            | Self::UnsharpMask { .. }
            | Self::Vibrance { .. }
            | Self::Vignette { .. } => Supported,
            Self::Distort { corners } => match corners.len() {
                8 => Supported,
                _ => Unsupported("a shape has four corners, eight numbers: left out"),
            },
            Self::Recolour { matrix } => match matrix.len() {
                9 | 16 => Supported,
                _ => Unsupported("a matrix has nine or sixteen numbers: left out"),
            },
            Self::BlurRegion { region, .. } | Self::PixelateRegion { region, .. } => {
                match region.subject.as_deref() {
                    None => Supported,
                    Some("face" | "faces") => Approximated(FOUND_FACES),
                    Some(_) => Unsupported("this region is not found: left out"),
                }
            }
            Self::BlurFaces { .. } | Self::PixelateFaces { .. } => Approximated(FOUND_FACES),
            Self::Brightness { .. }
            | Self::AutoBrightness { .. }
            | Self::AutoColour { .. }
            | Self::AutoContrast { .. }
            | Self::Improve { .. }
            | Self::FillLight { .. } => Approximated(CURVE),
            Self::AssistColourVision { .. }
            | Self::Cartoon { .. }
            | Self::DropShadow { .. }
            | Self::Theme { .. } => Approximated(METHOD),
            Self::Art { level } => {
                if Self::LOOKS.contains(&&**level) {
                    Approximated("the recipes of looks are not published: our own are used")
                } else {
                    Unsupported("no look of this name is known: left out")
                }
            }
            Self::RedEye { .. } => {
                Approximated("eyes are not looked for: small round spots of red lose their colour")
            }
            Self::Vectorize { .. } => {
                Approximated("few colours in smooth areas, as pixels and not as outlines")
            }
            Self::Upscale => Approximated("enlarged by a filter, not by a trained model"),
            Self::AutoEnhance { .. } | Self::Enhance | Self::Restore | Self::Correct { .. } => {
                Approximated("colour and contrast are balanced instead, without a trained model")
            }
            Self::Extract { .. }
            | Self::GenerateBackground { .. }
            | Self::GenerateFill { .. }
            | Self::GenerateRecolour { .. }
            | Self::GenerateRemove { .. }
            | Self::GenerateReplace { .. }
            | Self::RemoveBackground { .. } => Unsupported(MODEL),
            Self::Lightroom { .. } => Unsupported(ADD_ON),
            Self::Camera { .. } | Self::Light { .. } | Self::SwapImage { .. } => {
                Unsupported(MODEL_3D)
            }
            Self::Deshake { .. }
            | Self::Noise { .. }
            | Self::Preview { .. }
            | Self::Progress { .. }
            | Self::Transition { .. }
            | Self::Volume { .. } => Unsupported(VIDEO),
            Self::Accelerate { .. } | Self::Boomerang | Self::Loop { .. } | Self::Reverse => {
                Supported
            }
            Self::Fade { .. } => Approximated("of animations alone, from and to black"),
            Self::Zoompan { from, to, .. } => {
                let gravity = |sight: &Sight| {
                    let gravity = sight.gravity.as_ref();
                    gravity.map_or(Supported, Gravity::support)
                };
                gravity(from).with(gravity(to))
            }
            Self::ClippingPath { mask: None } => Unsupported(VARIABLE),
            Self::ClippingPath { mask: Some(_) } => {
                Approximated("written into JPEG alone; along the mask's pixels, in straight lines")
            }
            Self::Function { .. } => Unsupported("custom functions are not run: left out"),
            Self::Variable { .. } => Unsupported(VARIABLE),
        }
    }
}

impl Area {
    /// Whether its sides are known.
    #[must_use]
    pub fn support(&self) -> Support {
        let ratio = self.ratio_by.as_ref().map_or(Supported, |by| by.support());
        [&self.width, &self.height]
            .into_iter()
            .flatten()
            .fold(Supported, |all, length| all.with(length.support()))
            .with(ratio)
            .with(self.dpr.support())
    }
}

impl Expr {
    /// Whether everything that it looks at is known.
    #[must_use]
    pub fn support(&self) -> Support {
        match self {
            Self::Number(_)
            | Self::Ratio(_)
            | Self::Text(_)
            | Self::Variable(_)
            | Self::Picture(_)
            | Self::Current
            | Self::Defined(..) => Supported,
            Self::Context(_) | Self::Metadata(_) => Approximated(NO_RECORD),
            Self::Fact(fact) => fact.support(),
            Self::Binary(binary) => binary.left.support().with(binary.right.support()),
            Self::Whole(inner) | Self::Numeric(inner) => inner.support(),
        }
    }
}

impl Fact {
    /// Whether it is known.
    #[must_use]
    pub const fn support(self) -> Support {
        match self {
            Self::Width
            | Self::Height
            | Self::Ratio
            | Self::SourceWidth
            | Self::SourceHeight
            | Self::SourceRatio
            | Self::Page
            | Self::Pages
            | Self::X
            | Self::Y => Supported,
            Self::TrimmedRatio => Approximated(UNTRIMMED),
            Self::Faces => Approximated(NO_FACES),
            Self::Tags | Self::ContextKeys | Self::MetadataFields => Approximated(NO_RECORD),
            Self::PageX
            | Self::PageY
            | Self::CustomBoxes
            | Self::Regions
            | Self::RegionNames
            | Self::PageNames
            | Self::SourceDensity
            | Self::Illustration
            | Self::Duration
            | Self::SourceDuration
            | Self::PreviewDuration
            | Self::SourceSampleRate
            | Self::FrameRate
            | Self::SourceFrameRate => Approximated(NO_FACT),
        }
    }
}

impl Length {
    /// Whether it is known.
    #[must_use]
    pub fn support(&self) -> Support {
        match self {
            Self::Px(_)
            | Self::Share(_)
            | Self::OfBase(_)
            | Self::Source(_)
            | Self::Shown { .. } => Supported,
            Self::Expr(by) => by.support(),
        }
    }
}

impl Dpr {
    /// Whether it is known.
    #[must_use]
    pub fn support(&self) -> Support {
        match self {
            Self::Fixed(_) | Self::Shown => Supported,
            Self::Expr(by) => by.support(),
        }
    }
}

impl Radii {
    fn support(&self) -> Support {
        self.corners
            .iter()
            .fold(self.dpr.support(), |all, corner| match corner {
                Corner::Px(_) | Corner::Max => all,
                Corner::Expr(by) => all.with(by.support()),
            })
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
            Self::Colour(_) | Self::EdgeColour | Self::Variable(_) => Supported,
            Self::Derived(_) => Approximated("how colours are chosen is not published"),
            Self::Blurred(_) => {
                Approximated("documented for video alone: done here for pictures too")
            }
            Self::Generated(_) => {
                Approximated("the edges are carried on and blurred, without a trained model")
            }
        }
    }
}

impl Select {
    /// Whether the part can be taken out.
    #[must_use]
    pub const fn support(&self) -> Support {
        match self {
            Self::Whole | Self::Page(_) | Self::PageBy(_) => Supported,
            Self::Pages(_) => Approximated(PAGES),
            Self::Named { .. } => Unsupported(FIRST_PAGE),
        }
    }
}

impl Format {
    /// Whether a result can be written in it.
    #[must_use]
    pub const fn support(self) -> Support {
        match self {
            Self::Jpeg
            | Self::Png
            | Self::WebP
            | Self::Avif
            | Self::Gif
            | Self::Bmp
            | Self::Tiff
            | Self::Ico => Supported,
            Self::Svg => {
                Unsupported("drawings are not written: only an unchanged one is delivered")
            }
            Self::Jxl | Self::Heic | Self::Pdf | Self::Other(_) => {
                Unsupported("this format is not written: only an unchanged file is delivered")
            }
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
            Self::QualityBy(by) => by.support(),
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
                Amount::Expr(by) => by.support(),
            },
            Self::Animated(_) => Supported,
            Self::Sampling { .. }
            | Self::VideoCodec(_)
            | Self::AudioCodec(_)
            | Self::SampleRate(_)
            | Self::BitRate { .. }
            | Self::SoundBitRate(_)
            | Self::FrameRate { .. }
            | Self::KeyframeInterval(_)
            | Self::Quantiser(_)
            | Self::DynamicRange(_)
            | Self::Stream(_) => Unsupported(VIDEO),
            Self::Switch("sanitize", _) => Approximated(
                "the drawing is written anew, texts as outlines: what is left can only show",
            ),
            Self::Switch("group4", _) => {
                Approximated("what is lighter than the middle becomes white, the rest black")
            }
            Self::Switch("ignore-mask-channels", _) => {
                Approximated("a mask is not told from alpha: neither is applied")
            }
            Self::Switch("moving", _) => Approximated("a still picture is delivered"),
            Self::Switch(
                "clip-path" | "clip-path-evenodd" | "tiff8-lzw" | "palette" | "profile" | "facts"
                | "any-format" | "true-colour" | "rgba",
                _,
            ) => Supported,
            Self::Switch("replace-embedded", _) => {
                Unsupported("documents with pictures in them are not written: left out")
            }
            // All others are of videos and their sound.
            Self::Switch(..) => Unsupported(VIDEO),
        }
    }
}
