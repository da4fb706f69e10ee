//! Time, animation, sound and video: settings of the result, and the stretch of time that is kept.

use super::component::Reader;
use super::expression::{amount, amount_of, boxed, saturated};
use crate::grammar::value::BitRate;
use crate::grammar::{KeySet, ParamKey, Value};
use crate::spec::{Amount, Clip, Decimal, Fact, Op, Setting, Time};

/// Colour spaces that are the result's own in any case.
const SRGB: &[&str] = &["srgb", "tinysrgb", "no_cmyk", "srgb:truecolor"];

/// The keys of settings, in the order in which they are read.
pub(super) const SETTINGS: &[ParamKey] = &[
    ParamKey::ColourSpace,
    ParamKey::Density,
    ParamKey::Delay,
    ParamKey::VideoSampling,
    ParamKey::VideoCodec,
    ParamKey::AudioCodec,
    ParamKey::AudioFrequency,
    ParamKey::BitRate,
    ParamKey::FrameRate,
    ParamKey::KeyframeInterval,
    ParamKey::DynamicRange,
    ParamKey::StreamingProfile,
];

/// Reads the settings of a component, each by its own parameter.
pub(super) fn settings(reader: &mut Reader<'_, '_>) {
    if !reader.has_any(KeySet::of(SETTINGS)) {
        return;
    }
    for &key in SETTINGS {
        let Some(param) = reader.param(key) else {
            continue;
        };
        if let Value::BitRates(rates) = &param.value {
            let video = rates.video.map(|rate| bits(&rate));
            let audio = rates
                .audio
                .map(|rate| Setting::SoundBitRate(per_second(&rate)));
            for setting in video.into_iter().chain(audio) {
                reader.judge(setting.support(), param.text);
                reader.spec.output.set(setting);
            }
        } else if let Some(setting) = setting(key, &param.value, param.value_text()) {
            reader.judge(setting.support(), param.text);
            reader.spec.output.set(setting);
        }
    }
}

fn setting(key: ParamKey, value: &Value<'_>, text: &str) -> Option<Setting> {
    Some(match key {
        ParamKey::ColourSpace if SRGB.iter().any(|word| text.eq_ignore_ascii_case(word)) => {
            return None;
        }
        ParamKey::ColourSpace => Setting::ColourSpace(text.into()),
        ParamKey::Density => Setting::Density(amount(value)?),
        ParamKey::Delay => Setting::Delay(amount(value)?),
        ParamKey::VideoSampling => match value {
            Value::Seconds(number) => Setting::Sampling {
                amount: Amount::Fixed(saturated(*number)),
                seconds: true,
            },
            value => Setting::Sampling {
                amount: amount(value)?,
                seconds: false,
            },
        },
        ParamKey::VideoCodec => Setting::VideoCodec(text.into()),
        ParamKey::AudioCodec => Setting::AudioCodec(text.into()),
        ParamKey::AudioFrequency => Setting::SampleRate(amount(value)?),
        ParamKey::BitRate => match value {
            Value::BitRate(rate) => bits(rate),
            value => Setting::BitRate {
                bits: amount(value)?,
                constant: false,
            },
        },
        ParamKey::FrameRate => match value {
            Value::Range(range) => Setting::FrameRate {
                low: range.low.as_ref().map(|low| amount_of(low, None)),
                high: range.high.as_ref().map(|high| amount_of(high, None)),
            },
            value => Setting::FrameRate {
                low: amount(value),
                high: amount(value),
            },
        },
        ParamKey::KeyframeInterval => Setting::KeyframeInterval(amount(value)?),
        ParamKey::DynamicRange => Setting::DynamicRange(text.into()),
        ParamKey::StreamingProfile => Setting::Stream(text.into()),
        _ => return None,
    })
}

fn bits(rate: &BitRate) -> Setting {
    Setting::BitRate {
        bits: per_second(rate),
        constant: rate.constant,
    }
}

fn per_second(rate: &BitRate) -> Amount {
    let number = saturated(rate.number).billionths();
    Amount::Fixed(Decimal::from_billionths(
        number.saturating_mul(rate.unit.into()),
    ))
}

/// Reads `so_ eo_ du_` as a step of the chain: several compose on the time left by the one before.
pub(super) fn clip(reader: &mut Reader<'_, '_>) {
    let clip = Clip {
        start: time(reader, ParamKey::StartOffset),
        end: time(reader, ParamKey::EndOffset),
        duration: time(reader, ParamKey::Duration),
    };
    if clip.is_empty() {
        return;
    }
    let op = Op::Clip(Box::new(clip));
    for key in [
        ParamKey::StartOffset,
        ParamKey::EndOffset,
        ParamKey::Duration,
    ] {
        if let Some(param) = reader.param(key) {
            reader.judge(op.support(), param.text);
        }
    }
    reader.spec.ops.push(op);
}

fn time(reader: &Reader<'_, '_>, key: ParamKey) -> Option<Time> {
    time_of(&reader.param(key)?.value)
}

/// Seconds, a share of the duration, or `auto`.
pub(super) fn time_of(value: &Value<'_>) -> Option<Time> {
    Some(match value {
        Value::Number(number) => Time::Seconds(Amount::Fixed(saturated(*number))),
        Value::Percent(number) => Time::Share(saturated(*number)),
        Value::Auto(_) => Time::Auto,
        Value::Expr(expr) => Time::Seconds(Amount::Expr(boxed(expr, Some(Fact::Duration)))),
        _ => return None,
    })
}
