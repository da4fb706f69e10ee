//! How the result is written: `f_ q_ fl_ cs_` and the parameters that only have a note.

use super::component::{Reader, nearest};
use crate::dialect::{Error, NoteLevel};
use crate::grammar::params::FlagName;
use crate::grammar::value::{Flag, Quality as WrittenQuality, QualityBase, Words};
use crate::grammar::{Number, ParamKey, Value};
use crate::spec::{Chroma, Format, FormatChoice, Level, Metadata, Progressive, Quality};

/// Reads what a component says about writing.
pub(super) fn read(reader: &mut Reader<'_, '_>) -> Result<(), Error> {
    format(reader);
    quality(reader)?;
    flags(reader);
    colour_space(reader);
    for (key, level, message) in NOTED {
        reader.note_key(*key, *level, message);
    }
    Ok(())
}

/// Parameters that are understood and do nothing here, with the reason.
const NOTED: &[(ParamKey, NoteLevel, &str)] = &[
    (
        ParamKey::DefaultImage,
        NoteLevel::Unsupported,
        "default images are not looked up",
    ),
    (
        ParamKey::Delay,
        NoteLevel::Unsupported,
        "animation is not rendered",
    ),
    (
        ParamKey::Density,
        NoteLevel::Ignored,
        "density is not written into the result",
    ),
    (
        ParamKey::Prefix,
        NoteLevel::Ignored,
        "only sprites have a prefix",
    ),
    (ParamKey::AudioCodec, NoteLevel::Unsupported, VIDEO),
    (ParamKey::AudioFrequency, NoteLevel::Unsupported, VIDEO),
    (ParamKey::BitRate, NoteLevel::Unsupported, VIDEO),
    (ParamKey::DynamicRange, NoteLevel::Unsupported, VIDEO),
    (ParamKey::Duration, NoteLevel::Unsupported, VIDEO),
    (ParamKey::EndOffset, NoteLevel::Unsupported, VIDEO),
    (ParamKey::FrameRate, NoteLevel::Unsupported, VIDEO),
    (ParamKey::KeyframeInterval, NoteLevel::Unsupported, VIDEO),
    (ParamKey::StartOffset, NoteLevel::Unsupported, VIDEO),
    (ParamKey::StreamingProfile, NoteLevel::Unsupported, VIDEO),
    (ParamKey::VideoCodec, NoteLevel::Unsupported, VIDEO),
    (ParamKey::VideoSampling, NoteLevel::Unsupported, VIDEO),
];

const VIDEO: &str = "video is not rendered";

fn format(reader: &mut Reader<'_, '_>) {
    let Some(param) = reader.param(ParamKey::Format) else {
        return;
    };
    match &param.value {
        Value::Auto(words) => {
            let picture = matches!(words.as_str(), "" | "image");
            reader.spec.output.format = FormatChoice::Auto { fallback: None };
            if !picture {
                reader.note_key(
                    ParamKey::Format,
                    NoteLevel::Approximated,
                    "a still picture is delivered",
                );
            }
        }
        Value::Format(name) => match Format::from_extension(name) {
            Some(format) => reader.spec.output.format = FormatChoice::Named(format),
            None => reader.note_key(
                ParamKey::Format,
                NoteLevel::Unsupported,
                "this format cannot be written: the stored one is kept",
            ),
        },
        _ => {}
    }
}

fn quality(reader: &mut Reader<'_, '_>) -> Result<(), Error> {
    let Some(param) = reader.param(ParamKey::Quality) else {
        return Ok(());
    };
    let (text, Value::Quality(written)) = (param.text, param.value.clone()) else {
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
            reader.spec.output.quality = Quality::Fixed(u8::try_from(level).unwrap_or(100));
        }
        QualityBase::Auto => reader.spec.output.quality = automatic(&written),
        QualityBase::JpegMini => {
            let level = match written.options.first() {
                "2" => Level::Eco,
                "1" => Level::Good,
                _ => Level::Best,
            };
            reader.spec.output.quality = Quality::Auto {
                level,
                sensitive: false,
            };
            reader.note(
                NoteLevel::Approximated,
                text,
                "rendered as automatic quality",
            );
        }
        QualityBase::Expr(_) => {
            reader.note(
                NoteLevel::Unsupported,
                text,
                "expressions are not evaluated",
            );
        }
    }
    reader.spec.output.chroma = chroma(written.options).or(reader.spec.output.chroma);
    if written
        .options
        .iter()
        .any(|option| option.starts_with("qmax"))
    {
        reader.note(
            NoteLevel::Ignored,
            text,
            "the quantiser's bound is for video only",
        );
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

fn chroma(options: Words<'_>) -> Option<Chroma> {
    options.iter().find_map(|option| match option {
        "420" => Some(Chroma::Half),
        "444" => Some(Chroma::Full),
        _ => None,
    })
}

fn colour_space(reader: &mut Reader<'_, '_>) {
    let Some(param) = reader.param(ParamKey::ColourSpace) else {
        return;
    };
    let srgb = ["srgb", "tinysrgb", "no_cmyk"]
        .iter()
        .any(|word| param.value_text().eq_ignore_ascii_case(word));
    if !srgb {
        reader.note_key(
            ParamKey::ColourSpace,
            NoteLevel::Approximated,
            "the result is always sRGB",
        );
    }
}

fn flags(reader: &mut Reader<'_, '_>) {
    let component = reader.component;
    for param in component.all(ParamKey::Flags) {
        let Value::Flags(flags) = &param.value else {
            continue;
        };
        for flag in flags.iter() {
            if let Err((level, message)) = switch(reader, &flag) {
                let written = format!("fl_{}", flag.word);
                reader.note(level, &written, message);
            }
        }
    }
}

fn switch(reader: &mut Reader<'_, '_>, flag: &Flag<'_>) -> Result<(), (NoteLevel, &'static str)> {
    use NoteLevel::{Approximated, Ignored, Unsupported};
    let output = &mut reader.spec.output;
    let Some(name) = flag.name else {
        return Err((Ignored, "this flag is not known"));
    };
    match name {
        FlagName::Lossy => output.lossy = true,
        FlagName::Progressive => {
            output.progressive = Some(match flag.argument {
                Some("none") => Progressive::Off,
                Some("semi") => Progressive::Semi,
                Some("steep") => Progressive::Steep,
                _ => Progressive::On,
            });
        }
        FlagName::PreserveTransparency => output.preserve_alpha = true,
        FlagName::KeepIptc => {
            output.metadata = Metadata::Keep;
            return Err((Approximated, "metadata is not copied into the result"));
        }
        FlagName::KeepAttribution => {
            output.metadata = Metadata::Attribution;
            return Err((Approximated, "metadata is not copied into the result"));
        }
        FlagName::Attachment | FlagName::StreamingAttachment => {
            output.attachment = Some(flag.argument.unwrap_or_default().into());
        }
        // Read with the box; or what happens here in any case.
        FlagName::IgnoreAspectRatio
        | FlagName::StripProfile
        | FlagName::ForceStrip
        | FlagName::ImmutableCache
        | FlagName::Png24
        | FlagName::Png32
        | FlagName::LayerApply => {}
        FlagName::AnyFormat => return Err((Ignored, "PNG-8 is not chosen by itself")),
        FlagName::Png8 => return Err((Approximated, "written with full colours")),
        FlagName::Awebp | FlagName::Apng | FlagName::Animated => {
            return Err((Approximated, "the first frame is delivered"));
        }
        FlagName::Relative | FlagName::RegionRelative | FlagName::NoOverflow | FlagName::Tiled => {
            return Err((Ignored, "without a layer this flag does nothing"));
        }
        FlagName::C2pa | FlagName::Draco | FlagName::Original | FlagName::Rasterize => {
            return Err((Ignored, "without effect here"));
        }
        FlagName::ForceIcc => {
            return Err((
                Approximated,
                "no colour profile is written: the result is sRGB",
            ));
        }
        FlagName::Alternate
        | FlagName::Clip
        | FlagName::ClipEvenodd
        | FlagName::Cutter
        | FlagName::Getinfo
        | FlagName::Group4
        | FlagName::Hlsv3
        | FlagName::IgnoreMaskChannels
        | FlagName::KeepDar
        | FlagName::Mono
        | FlagName::NoStream
        | FlagName::ReplaceImage
        | FlagName::Sanitize
        | FlagName::Splice
        | FlagName::TextDisallowOverflow
        | FlagName::TextNoTrim
        | FlagName::Tiff8Lzw
        | FlagName::TruncateTs
        | FlagName::Waveform => return Err((Unsupported, "this flag is not rendered")),
    }
    Ok(())
}
