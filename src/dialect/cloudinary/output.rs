//! How the result is written: `f_ q_ fl_`, and the default image.

use super::component::{Reader, nearest};
use super::expression::{argument, boxed};
use super::variables::with_param;
use super::{stored, video};
use crate::dialect::{Error, NoteLevel};
use crate::grammar::params::FlagName;
use crate::grammar::value::{
    Arg, Expr, Flag, Operand, Quality as WrittenQuality, QualityBase, Words, decode_again,
};
use crate::grammar::{Component, KeySet, Number, ParamKey, Value};
use crate::spec::{
    AssetType, Chroma, DeliveryType, Format, FormatChoice, Level, Metadata, Progressive, Quality,
    Setting, Support,
};

/// Reads what a component says about writing.
pub(super) fn read(reader: &mut Reader<'_, '_>) -> Result<(), Error> {
    format(reader);
    quality(reader)?;
    flags(reader);
    video::settings(reader);
    default_image(reader);
    reader.note_key(
        ParamKey::Prefix,
        NoteLevel::Ignored,
        "only sprites have a prefix",
    );
    Ok(())
}

/// The first parameter of some components that says how a result is written.
pub(super) fn first<'u>(components: &[Component<'u>]) -> Option<&'u str> {
    let find = |keys: KeySet| {
        let mut params = components.iter().flat_map(|component| &component.params);
        params
            .find(|param| keys.has(param.key))
            .map(|param| param.text)
    };
    let coding = KeySet::of(&[ParamKey::Format, ParamKey::Quality]);
    find(coding.and(KeySet::of(video::SETTINGS))).or_else(|| find(KeySet::of(&[ParamKey::Flags])))
}

fn default_image(reader: &mut Reader<'_, '_>) {
    let Some(param) = reader.param(ParamKey::DefaultImage) else {
        return;
    };
    if let Value::AssetId(id) = &param.value {
        // Documented: a public asset of type upload.
        let asset = stored(AssetType::Image, DeliveryType::Upload, id);
        reader.spec.default_image = Some(Box::new(asset));
        reader.judge(Support::DEFAULT_IMAGE, param.text);
    }
}

fn set(reader: &mut Reader<'_, '_>, setting: Setting, parameter: &str) {
    reader.judge(setting.support(), parameter);
    reader.spec.output.set(setting);
}

fn format(reader: &mut Reader<'_, '_>) {
    let Some(param) = reader.param(ParamKey::Format) else {
        return;
    };
    let held = match &param.value {
        Value::Expr(Expr::Operand(Operand::Variable(name))) => reader.texts.get(name),
        _ => None,
    };
    held.and_then(|text| with_param("f", text, |held| format_of(reader, &held.value, param.text)))
        .unwrap_or_else(|| format_of(reader, &param.value, param.text));
}

fn format_of(reader: &mut Reader<'_, '_>, value: &Value<'_>, parameter: &str) {
    match value {
        Value::Auto(words) => {
            reader
                .spec
                .output
                .set_format(FormatChoice::Auto { fallback: None });
            match words.first() {
                "" | "image" => {}
                "animated" => set(reader, Setting::Animated(None), parameter),
                "video" => set(reader, Setting::Switch("moving", None), parameter),
                _ => unknown_option(reader, parameter),
            }
            if words.iter().nth(1).is_some() {
                unknown_option(reader, parameter);
            }
        }
        Value::Format(name) => match Format::from_extension(name) {
            Some(format) => {
                reader.judge(format.support(), parameter);
                reader.spec.output.set_format(FormatChoice::Named(format));
            }
            None => set(
                reader,
                Setting::Format(name.to_ascii_lowercase().into()),
                parameter,
            ),
        },
        _ => reader.judge(Support::UNKNOWN_CHOICE, parameter),
    }
}

fn unknown_option(reader: &mut Reader<'_, '_>, parameter: &str) {
    let message = "an option is not known: left out";
    reader.note(NoteLevel::Ignored, parameter, message);
}

fn quality(reader: &mut Reader<'_, '_>) -> Result<(), Error> {
    let Some(param) = reader.param(ParamKey::Quality) else {
        return Ok(());
    };
    let (text, Value::Quality(written)) = (param.text, &param.value) else {
        return Ok(());
    };
    match &written.base {
        QualityBase::Level(number) => {
            // `q_0.4` is seen in the wild and read as 40.
            let share = number.dotted && number.to_f64() < 1.0;
            let factor = if share { 100 } else { 1 };
            let level = nearest(Number {
                mantissa: number.mantissa.saturating_mul(factor),
                ..*number
            });
            if !(1..=100).contains(&level) {
                return Err(Error::Conflict {
                    parameter: text.into(),
                    reason: "quality goes from 1 to 100".into(),
                });
            }
            let level = u8::try_from(level).unwrap_or(100);
            reader.spec.output.set_quality(Quality::Fixed(level));
        }
        QualityBase::Auto => reader.spec.output.set_quality(automatic(written)),
        QualityBase::JpegMini => {
            let level = match written.options.first() {
                "2" => Level::Eco,
                "1" => Level::Good,
                _ => Level::Best,
            };
            reader.spec.output.set_quality(Quality::Auto {
                level,
                sensitive: false,
            });
            reader.note(
                NoteLevel::Approximated,
                text,
                "rendered as automatic quality",
            );
        }
        QualityBase::Expr(expr) => set(reader, Setting::QualityBy(boxed(expr, None)), text),
    }
    reader.spec.output.chroma = chroma(written.options);
    let mut options = written.options.iter();
    let jpegmini = matches!(written.base, QualityBase::JpegMini);
    match options.find(|option| is_left_out(option)) {
        Some("411" | "422") => {
            let message = "only 420 and 444 are written: left out";
            reader.note(NoteLevel::Approximated, text, message);
        }
        Some(_) if !jpegmini => unknown_option(reader, text),
        _ => {}
    }
    let bound = written
        .options
        .iter()
        .find_map(|option| option.strip_prefix("qmax_"));
    if let Some(bound) = bound.and_then(|value| argument(&Arg { name: None, value })) {
        set(reader, Setting::Quantiser(bound), text);
    }
    Ok(())
}

fn automatic(written: &WrittenQuality<'_>) -> Quality {
    let has = |word: &str| written.options.iter().any(|option| option == word);
    let levels = [
        ("best", Level::Best),
        ("eco", Level::Eco),
        ("low", Level::Low),
    ];
    let level = levels
        .into_iter()
        .find(|(word, _)| has(word))
        .map_or(Level::Good, |(_, level)| level);
    Quality::Auto {
        level,
        sensitive: has("sensitive"),
    }
}

/// Whether an option is a number that says nothing here.
fn is_left_out(option: &str) -> bool {
    option.starts_with(|c: char| c.is_ascii_digit()) && !matches!(option, "420" | "444")
}

fn chroma(options: Words<'_>) -> Option<Chroma> {
    options.iter().find_map(|option| match option {
        "420" => Some(Chroma::Half),
        "444" => Some(Chroma::Full),
        _ => None,
    })
}

fn flags(reader: &mut Reader<'_, '_>) {
    let component = reader.component;
    for param in component.all(ParamKey::Flags) {
        let Value::Flags(flags) = &param.value else {
            continue;
        };
        for flag in flags.iter() {
            switch(reader, &flag);
        }
    }
}

fn switch(reader: &mut Reader<'_, '_>, flag: &Flag<'_>) {
    let written = || format!("fl_{}", flag.word);
    let Some(name) = flag.name else {
        return reader.note(NoteLevel::Ignored, &written(), "this flag is not known");
    };
    let output = &mut reader.spec.output;
    match name {
        FlagName::Lossy => output.lossy = true,
        FlagName::Progressive => {
            output.progressive = Some(match flag.argument {
                Some("none") => Progressive::Off,
                Some("semi") => Progressive::Semi,
                Some("steep") => Progressive::Steep,
                _ => Progressive::On,
            });
            if flag.argument.is_some() && output.progressive == Some(Progressive::On) {
                unknown_option(reader, &written());
            }
        }
        FlagName::PreserveTransparency => output.preserve_alpha = true,
        FlagName::KeepIptc | FlagName::KeepAttribution => {
            output.metadata = match name {
                FlagName::KeepIptc => Metadata::Keep,
                _ => Metadata::Attribution,
            };
            let support = output.metadata.support();
            reader.judge(support, &written());
        }
        FlagName::Attachment | FlagName::StreamingAttachment => {
            output.attachment = Some(decode_again(flag.argument.unwrap_or_default()).into());
        }
        // Read with the box; or what happens here in any case.
        FlagName::IgnoreAspectRatio
        | FlagName::StripProfile
        | FlagName::ForceStrip
        | FlagName::ImmutableCache
        | FlagName::LayerApply => {}
        FlagName::C2pa | FlagName::Draco | FlagName::Original | FlagName::Rasterize => {
            reader.note(NoteLevel::Ignored, &written(), "without effect here");
        }
        FlagName::Relative
        | FlagName::RegionRelative
        | FlagName::NoOverflow
        | FlagName::Tiled
        | FlagName::Cutter
        | FlagName::Splice
        | FlagName::TextNoTrim
        | FlagName::TextDisallowOverflow => {
            // A layer has read its own.
            if !reader.layer {
                let message = "without a layer this flag does nothing";
                reader.note(NoteLevel::Ignored, &written(), message);
            }
        }
        other => {
            if let Some(setting) = rare(other, flag.argument) {
                set(reader, setting, &written());
            }
        }
    }
}

/// Flags that few results have.
fn rare(name: FlagName, argument: Option<&str>) -> Option<Setting> {
    let word = match name {
        FlagName::Animated => return Some(Setting::Animated(None)),
        FlagName::Awebp => return Some(Setting::Animated(Some("webp"))),
        FlagName::Apng => return Some(Setting::Animated(Some("png"))),
        FlagName::Png8 => "palette",
        FlagName::Png24 => "true-colour",
        FlagName::Png32 => "rgba",
        FlagName::AnyFormat => "any-format",
        FlagName::ForceIcc => "profile",
        FlagName::Alternate => "alternate-sound",
        FlagName::Clip => "clip-path",
        FlagName::ClipEvenodd => "clip-path-evenodd",
        FlagName::Getinfo => "facts",
        FlagName::Group4 => "group4",
        FlagName::Hlsv3 => "whole-segments",
        FlagName::IgnoreMaskChannels => "ignore-mask-channels",
        FlagName::KeepDar => "keep-display-ratio",
        FlagName::Mono => "mono",
        FlagName::NoStream => "complete",
        FlagName::ReplaceImage => "replace-embedded",
        FlagName::Sanitize => "sanitize",
        FlagName::Tiff8Lzw => "tiff8-lzw",
        FlagName::TruncateTs => "edit-list",
        FlagName::Waveform => "waveform",
        _ => return None,
    };
    Some(Setting::Switch(word, argument.map(Into::into)))
}
