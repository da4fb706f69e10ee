//! `e_`: an effect's arguments, in either notation, with the documented defaults.

use super::arguments::Arguments;
use super::component::Reader;
use super::expression::{argument, ink, length};
use super::layer;
use super::size;
use super::variables::{Texts, with_param};
use crate::dialect::NoteLevel;
use crate::grammar::params::{Args, EffectName};
use crate::grammar::value::{Effect as Written, EffectHead};
use crate::grammar::{Component, ParamKey, Value};
use crate::spec::{
    Amount, Blend, Colour, ColourVision, Compass, Effect, Fact, Gravity, Hundredths, Ink, Length,
    Offset, Op, Region, Scene, Subject,
};

/// Where a shadow falls without `x_` and `y_`: right and down by as many pixels. Assumed.
const SHADOW_OFFSET: i32 = 10;
/// `co_` where the component has none, for `e_colorize` and `e_shadow`.
const GRAY: Colour = Colour::rgb(128, 128, 128);
/// `co_` where the component has none, for `e_tint` and `e_progressbar`.
pub(super) const RED: Colour = Colour::rgb(255, 0, 0);

/// What the effect of a component is.
enum Read {
    Op(Op),
    Effect(Effect),
    /// It says how a layer meets the picture: nothing to do without one.
    Blend,
}

/// Whether the effect takes the sides of its component as its region: then they are no resize.
pub(super) fn takes_region(component: &Component<'_>) -> bool {
    matches!(
        component.last(ParamKey::Effect).map(|param| &param.value),
        Some(Value::Effect(effect)) if matches!(
            effect.name(),
            Some(EffectName::BlurRegion | EffectName::PixelateRegion)
        )
    )
}

/// Whether `x_` and `y_` of its component are the effect's where the picture is padded: a picture moved out
/// of the middle would get nothing from a fade into both sides, or from a shadow moved with it. Assumed.
pub(super) fn takes_offset(component: &Component<'_>) -> bool {
    matches!(
        component.last(ParamKey::Effect).map(|param| &param.value),
        Some(Value::Effect(effect)) if matches!(
            effect.name(),
            Some(EffectName::GradientFade | EffectName::Shadow)
        )
    )
}

/// How a layer's component says that it meets the picture, if it does.
pub(super) fn blend(component: &Component<'_>) -> Option<Blend> {
    match &component.last(ParamKey::Effect)?.value {
        Value::Effect(effect) => blend_of(effect),
        _ => None,
    }
}

/// Whether the effect is to be done before the component's resize.
pub(super) fn is_trim(component: &Component<'_>) -> bool {
    matches!(
        component.last(ParamKey::Effect).map(|param| &param.value),
        Some(Value::Effect(effect)) if effect.name() == Some(EffectName::Trim)
    )
}

/// Reads the component's effect: the last one counts.
pub(super) fn read(reader: &mut Reader<'_, '_>) {
    let component = reader.component;
    let Some(param) = reader.param(ParamKey::Effect) else {
        return;
    };
    for earlier in component.all(ParamKey::Effect) {
        if earlier.text != param.text {
            let message = "of several effects in one component only the last is done";
            reader.note(NoteLevel::Ignored, earlier.text, message);
        }
    }
    let Value::Effect(written) = &param.value else {
        return;
    };
    let read = match resolved(written, reader.texts) {
        Some(text) => with_param("e", &text, |known| match &known.value {
            Value::Effect(known) => read_as(reader, known, param.text),
            _ => read_as(reader, written, param.text),
        }),
        None => None,
    }
    .unwrap_or_else(|| read_as(reader, written, param.text));
    match read {
        Read::Op(op) => reader.push(op, param.text),
        Read::Effect(effect) if reader.layer && effect.is_of_result() => {
            let message = "of the whole result: without effect inside a layer";
            reader.note(NoteLevel::Ignored, param.text, message);
        }
        Read::Effect(effect) => reader.push(Op::Effect(Box::new(effect)), param.text),
        Read::Blend => {
            let message = "without a layer this effect does nothing";
            reader.note(NoteLevel::Ignored, param.text, message);
        }
    }
}

/// The effect as text, where a variable in it holds a known one.
fn resolved(written: &Written<'_>, texts: &Texts) -> Option<String> {
    let name = match written.head {
        EffectHead::Variable(name) => texts.get(name)?,
        EffectHead::Known(name) if written.text.contains('$') => name.as_str(),
        EffectHead::Known(_) | EffectHead::Computed(_) => return None,
    };
    let arguments = texts.replaced(written.text);
    Some(match &*arguments {
        "" => name.to_owned(),
        arguments => format!("{name}:{arguments}"),
    })
}

fn read_as(reader: &mut Reader<'_, '_>, written: &Written<'_>, parameter: &str) -> Read {
    let mut args = Arguments::of(written);
    let read = args.read(reader);
    if args.held {
        let message = "held to the documented range";
        reader.note(NoteLevel::Approximated, parameter, message);
    }
    let single = matches!(
        written.name().map(EffectName::args),
        Some(Args::Level { .. })
    );
    if single && written.text.contains([':', ';']) && written.args().nth(1).is_some() {
        let message = "this effect takes one argument: the rest is left out";
        reader.note(NoteLevel::Approximated, parameter, message);
    } else if args.has_unread() && !matches!(read, Read::Blend) {
        let message = "an argument says nothing to this effect: left out";
        reader.note(NoteLevel::Approximated, parameter, message);
    }
    read
}

fn blend_of(written: &Written<'_>) -> Option<Blend> {
    Some(match written.name()? {
        EffectName::Multiply => Blend::Multiply,
        EffectName::Screen => Blend::Screen,
        EffectName::Overlay => Blend::Overlay,
        EffectName::Mask => Blend::Mask,
        EffectName::CutOut => Blend::CutOut,
        EffectName::Displace => Blend::Displace,
        EffectName::StyleTransfer => Blend::Style(written.text.into()),
        EffectName::AntiRemoval => Blend::AntiRemoval(
            written
                .positional(0)
                .and_then(|arg| argument(&arg))
                .unwrap_or(Amount::whole(50)),
        ),
        _ => return None,
    })
}

impl Arguments<'_, '_> {
    #[allow(
        clippy::too_many_lines,
        reason = "a table: one arm for each effect that is documented"
    )]
    fn read(&mut self, reader: &mut Reader<'_, '_>) -> Read {
        if blend_of(self.written).is_some() {
            return Read::Blend;
        }
        let name = match self.written.head {
            EffectHead::Known(name) => name,
            EffectHead::Variable(name) => {
                return Read::Effect(Effect::Variable {
                    name: format!("${name}").into(),
                    options: self.options(),
                });
            }
            EffectHead::Computed(text) => {
                return Read::Effect(Effect::Variable {
                    name: text.into(),
                    options: self.options(),
                });
            }
        };
        Read::Effect(match name {
            EffectName::Trim => return Read::Op(self.trim()),
            EffectName::Accelerate => Effect::Accelerate {
                level: self.percent(0),
            },
            EffectName::Art => Effect::Art {
                level: self.said(self.positional(0)).unwrap_or_default().into(),
            },
            EffectName::AssistColorblind => Effect::AssistColourVision {
                level: (!self.has("xray")).then(|| self.amount(self.positional(0), (1, 100), 10)),
            },
            EffectName::AutoBrightness => Effect::AutoBrightness {
                level: self.percent(100),
            },
            EffectName::AutoColor => Effect::AutoColour {
                level: self.percent(100),
            },
            EffectName::AutoContrast => Effect::AutoContrast {
                level: self.percent(100),
            },
            EffectName::AutoEnhance => Effect::AutoEnhance {
                colours: self.named_is("enhance-colors", "true", "false"),
            },
            EffectName::BackgroundRemoval => Effect::RemoveBackground {
                fine: self.named_is("fineedges", "y", "n"),
                hints: self.said(self.named("hints")).map(Into::into),
            },
            EffectName::Bgremoval => Effect::KeyBackground {
                screen: self.has("screen"),
                colour: self.colour_argument(),
            },
            EffectName::Blackwhite => Effect::BlackWhite {
                level: self.percent(50),
            },
            EffectName::Blue => Effect::Blue {
                level: self.percent(0),
            },
            EffectName::Blur => Effect::Blur {
                level: self.level(100),
            },
            EffectName::BlurFaces => Effect::BlurFaces {
                level: self.level(500),
            },
            EffectName::BlurRegion => Effect::BlurRegion {
                level: self.level(100),
                region: region(reader),
            },
            EffectName::Boomerang => Effect::Boomerang,
            EffectName::Brightness => Effect::Brightness {
                level: self.percent(80),
            },
            EffectName::BrightnessHsb => Effect::BrightnessHsb {
                level: self.percent(80),
            },
            EffectName::Camera => Effect::Camera {
                options: self.options(),
            },
            EffectName::Cartoonify => Effect::Cartoon {
                level: Hundredths(self.amount(self.number(0), (0, 100), 50)),
                reduction: self
                    .number(1)
                    .map(|arg| Hundredths(self.amount(Some(arg), (0, 100), 50))),
                mono: self.has("bw"),
            },
            EffectName::Colorize => Effect::Colourize {
                level: self.percent(100),
                colour: colour(reader).unwrap_or(Ink::Colour(GRAY)),
            },
            EffectName::Contrast => self.contrast(),
            EffectName::Deshake => Effect::Deshake {
                level: self.level(16),
            },
            EffectName::Distort => self.distort(),
            EffectName::Dropshadow => Effect::DropShadow {
                azimuth: self.amount(self.find("azimuth", 0), (0, 360), 215),
                elevation: self.amount(self.find("elevation", 1), (0, 90), 45),
                spread: self.amount(self.find("spread", 2), (0, 100), 50),
            },
            EffectName::EmbedClippingPath => Effect::ClippingPath {
                mask: self
                    .said(self.find("mask", 0))
                    .and_then(|value| layer::referred(value, reader.texts))
                    .map(Box::new),
            },
            EffectName::Enhance => Effect::Enhance,
            EffectName::Extract => Effect::Extract {
                options: self.options(),
            },
            EffectName::Fade => Effect::Fade {
                level: self.level(1000),
            },
            EffectName::FillLight => Effect::FillLight {
                level: Hundredths(self.amount(self.number(0), (0, 100), 100)),
                bias: self.amount(self.number(1), (-100, 100), 0),
            },
            EffectName::Gamma => Effect::Gamma {
                level: self.percent(0),
            },
            EffectName::GenBackgroundReplace => Effect::GenerateBackground {
                options: self.options(),
            },
            EffectName::GenFill => Effect::GenerateFill {
                options: self.options(),
            },
            EffectName::GenRecolor => Effect::GenerateRecolour {
                options: self.options(),
            },
            EffectName::GenRemove => Effect::GenerateRemove {
                options: self.options(),
            },
            EffectName::GenReplace => Effect::GenerateReplace {
                options: self.options(),
            },
            EffectName::GenRestore => Effect::Restore,
            EffectName::GradientFade => self.gradient_fade(reader),
            EffectName::Grayscale => Effect::Grayscale,
            EffectName::Green => Effect::Green {
                level: self.percent(0),
            },
            EffectName::Hue => Effect::Hue {
                level: self.percent(80),
            },
            EffectName::Improve => Effect::Improve {
                level: Hundredths(self.amount(
                    self.named("blend").or(self.number(0)),
                    (0, 100),
                    100,
                )),
                scene: match (self.has("indoor"), self.has("outdoor")) {
                    (true, _) => Scene::Indoor,
                    (false, _) => Scene::Outdoor,
                },
            },
            EffectName::Light => Effect::Light {
                options: self.options(),
            },
            EffectName::Lightroom => Effect::Lightroom {
                options: self.options(),
            },
            EffectName::Loop => Effect::Loop {
                level: self.optional_level(),
            },
            EffectName::MakeTransparent => Effect::MakeTransparent {
                level: self.percent(10),
                colour: colour(reader),
            },
            EffectName::Morphology => self.morphology(),
            EffectName::Negate => Effect::Negate,
            EffectName::Noise => Effect::Noise {
                level: self.percent(0),
            },
            EffectName::OilPaint => Effect::OilPaint {
                level: self.percent(30),
            },
            EffectName::OpacityThreshold => Effect::OpacityThreshold {
                level: self.percent(50),
            },
            EffectName::OrderedDither => Effect::OrderedDither {
                level: self.level(0),
            },
            EffectName::Outline => self.outline(reader),
            EffectName::Pixelate => Effect::Pixelate {
                level: self.optional_level(),
            },
            EffectName::PixelateFaces => Effect::PixelateFaces {
                level: self.optional_level(),
            },
            EffectName::PixelateRegion => Effect::PixelateRegion {
                level: self.optional_level(),
                region: region(reader),
            },
            EffectName::Preview => Effect::Preview {
                duration: self.amount(self.find("duration", 0), (0, 3600), 5),
                parts: self.amount(self.find("max_seg", 1), (1, 1000), 1),
                part: self.amount(
                    self.named("min_seg_dur")
                        .or_else(|| self.find("min_seg", 2)),
                    (0, 3600),
                    5,
                ),
            },
            EffectName::Progressbar => Effect::Progress {
                frame: self.has("frame") && !self.has("bar"),
                colour: self
                    .named("color")
                    .and_then(|arg| self.coloured(&arg))
                    .or_else(|| self.colour_argument())
                    .unwrap_or(Ink::Colour(RED)),
                width: self.amount(self.named("width").or(self.number(0)), (1, 10_000), 10),
            },
            EffectName::Recolor => Effect::Recolour {
                matrix: self.each(argument).collect(),
            },
            EffectName::Red => Effect::Red {
                level: self.percent(0),
            },
            EffectName::Redeye => Effect::RedEye { model: false },
            EffectName::AdvRedeye => Effect::RedEye { model: true },
            EffectName::ReplaceColor => Effect::ReplaceColour {
                to: self
                    .colour_at(0)
                    .unwrap_or(Ink::Colour(Colour::TRANSPARENT)),
                tolerance: self.amount(self.positional(1), (0, 100), 50),
                from: self.colour_at(2),
            },
            EffectName::Reverse => Effect::Reverse,
            EffectName::Saturation => Effect::Saturation {
                level: self.percent(80),
            },
            EffectName::Sepia => Effect::Sepia {
                level: self.percent(80),
            },
            EffectName::Shadow => Effect::Shadow {
                level: self.percent(40),
                colour: colour(reader).unwrap_or(Ink::Colour(GRAY)),
                offset: Some(size::offset(reader))
                    .filter(|offset| !offset.is_empty())
                    .unwrap_or(Offset {
                        x: Some(Length::Px(SHADOW_OFFSET)),
                        y: Some(Length::Px(SHADOW_OFFSET)),
                    }),
            },
            EffectName::Sharpen => Effect::Sharpen {
                level: self.level(100),
            },
            EffectName::Shear => Effect::Shear {
                x: self.amount(self.number(0), (-359, 359), 0),
                y: self.amount(self.number(1), (-359, 359), 0),
            },
            EffectName::SimulateColorblind => Effect::SimulateColourVision {
                level: ColourVision::ALL
                    .iter()
                    .copied()
                    .find(|vision| self.has(vision.word()))
                    .unwrap_or(ColourVision::Deuteranopia),
            },
            EffectName::SwapImage => Effect::SwapImage {
                options: self.options(),
            },
            EffectName::Theme => Effect::Theme {
                colour: self
                    .find("color", 0)
                    .and_then(|arg| self.coloured(&arg))
                    .unwrap_or(Ink::Colour(Colour::BLACK)),
                sensitivity: self.amount(
                    self.named("photosensitivity").or(self.number(0)),
                    (0, 200),
                    100,
                ),
            },
            EffectName::Tint => self.tint(),
            EffectName::Transition => Effect::Transition {
                options: self.options(),
            },
            EffectName::UnsharpMask => Effect::UnsharpMask {
                level: self.level(100),
            },
            EffectName::Upscale => Effect::Upscale,
            EffectName::Vectorize => Effect::Vectorize {
                colours: self.amount(self.find("colors", 0), (2, 30), 10),
                detail: self.share(self.find("detail", 1), 1000, 300),
                despeckle: self.share(self.find("despeckle", 2), 100, 2),
                paths: self.amount(self.find("paths", 3), (0, 100), 100),
                corners: self.amount(self.find("corners", 4), (0, 100), 25),
            },
            EffectName::Vibrance => Effect::Vibrance {
                level: self.percent(20),
            },
            EffectName::ViesusCorrect => Effect::Correct {
                options: self.options(),
            },
            EffectName::Vignette => Effect::Vignette {
                level: self.percent(20),
            },
            EffectName::Volume => Effect::Volume {
                level: self.loudness(),
            },
            EffectName::Zoompan => self.zoompan(reader),
            // Read above as ways to blend a layer.
            EffectName::AntiRemoval
            | EffectName::CutOut
            | EffectName::Displace
            | EffectName::Mask
            | EffectName::Multiply
            | EffectName::Overlay
            | EffectName::Screen
            | EffectName::StyleTransfer => return Read::Blend,
        })
    }
}

/// The component's `co_`.
pub(super) fn colour(reader: &Reader<'_, '_>) -> Option<Ink> {
    match &reader.param(ParamKey::Colour)?.value {
        Value::Colour(colour) => Some(ink(colour)),
        _ => None,
    }
}

/// The rectangle that the component's `x_ y_ w_ h_` or its gravity name.
fn region(reader: &mut Reader<'_, '_>) -> Region {
    let subject = match size::gravity_of(reader) {
        Some(Gravity::Subject { subject, .. }) => Some(match subject {
            Subject::Salient => "salient".into(),
            Subject::Face => "face".into(),
            Subject::Faces => "faces".into(),
            Subject::Named(name) => name,
        }),
        Some(Gravity::Compass(Compass::Center)) | None => None,
        Some(place) => Some(place.to_string().trim_start_matches('@').into()),
    };
    let sized = takes_region(reader.component) && reader.param(ParamKey::Crop).is_none();
    let side = |key, current| {
        let param = reader.param(key).filter(|_| sized)?;
        length(&param.value, current)
    };
    Region {
        width: side(ParamKey::Width, Fact::Width),
        height: side(ParamKey::Height, Fact::Height),
        offset: size::offset(reader),
        subject,
    }
}
