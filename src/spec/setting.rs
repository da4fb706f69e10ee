//! Settings of an output that few results have: animation, documents, video.

use std::fmt::{self, Display, Formatter};

use super::{Amount, Expr};

/// One setting. Of two of a kind the later counts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Setting {
    /// Quality, 1 to 100, known when the chain is done.
    QualityBy(Box<Expr>),
    /// A format that is known by name only.
    Format(Box<str>),
    /// A colour space other than sRGB, by its word, or a stored profile.
    ColourSpace(Box<str>),
    /// Dots per inch: of the pages or vectors that become pixels, and noted in the file.
    Density(Amount),
    /// Milliseconds between frames.
    Delay(Amount),
    /// All frames, in this kind of file or in any.
    Animated(Option<&'static str>),
    /// How frames are taken from a video: so many in all, or one each so many seconds.
    Sampling {
        /// Frames or seconds.
        amount: Amount,
        /// `amount` counts seconds.
        seconds: bool,
    },
    /// The codec of a video with profile and level as written; `none` drops the picture.
    VideoCodec(Box<str>),
    /// The codec of the sound; `none` drops it.
    AudioCodec(Box<str>),
    /// Samples a second of the sound, at most.
    SampleRate(Amount),
    /// Bits a second: at most, or exactly.
    BitRate {
        /// Bits a second.
        bits: Amount,
        /// Exactly that.
        constant: bool,
    },
    /// Bits a second of the sound alone, at most.
    SoundBitRate(Amount),
    /// Frames a second: the source's, held between these ends.
    FrameRate {
        /// At least.
        low: Option<Amount>,
        /// At most.
        high: Option<Amount>,
    },
    /// Seconds between frames that stand alone.
    KeyframeInterval(Amount),
    /// How coarse a video may become, 0 to 100.
    Quantiser(Amount),
    /// `high`: colours beyond the usual range are kept.
    DynamicRange(Box<str>),
    /// Renditions of an adaptive stream, as written.
    Stream(Box<str>),
    /// A switch that few results have, by its word, and its argument.
    Switch(&'static str, Option<Box<str>>),
}

impl Setting {
    /// Whether two settings are of a kind, so that the later counts.
    #[must_use]
    pub fn same_kind(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Switch(one, _), Self::Switch(other, _)) => one == other,
            _ => std::mem::discriminant(self) == std::mem::discriminant(other),
        }
    }
}

impl Display for Setting {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::QualityBy(expr) => write!(f, "q={{{expr}}}"),
            Self::Format(word) => write!(f, "format={word}"),
            Self::ColourSpace(word) => write!(f, "colour-space={word}"),
            Self::Density(dpi) => write!(f, "density={dpi}"),
            Self::Delay(ms) => write!(f, "delay={ms}ms"),
            Self::Animated(None) => f.write_str("animated"),
            Self::Animated(Some(format)) => write!(f, "animated={format}"),
            Self::Sampling { amount, seconds } => {
                write!(f, "frames={amount}{}", if *seconds { "s" } else { "" })
            }
            Self::VideoCodec(word) => write!(f, "video={word}"),
            Self::AudioCodec(word) => write!(f, "audio={word}"),
            Self::SampleRate(hertz) => write!(f, "sample-rate={hertz}"),
            Self::BitRate { bits, constant } => {
                write!(f, "bit-rate={bits}{}", if *constant { "!" } else { "" })
            }
            Self::SoundBitRate(bits) => write!(f, "sound-bit-rate={bits}"),
            Self::FrameRate { low, high } => {
                f.write_str("frame-rate=")?;
                if let Some(low) = low {
                    low.fmt(f)?;
                }
                if low != high {
                    f.write_str("..")?;
                    if let Some(high) = high {
                        high.fmt(f)?;
                    }
                }
                Ok(())
            }
            Self::KeyframeInterval(seconds) => write!(f, "keyframes={seconds}s"),
            Self::Quantiser(level) => write!(f, "quantiser={level}"),
            Self::DynamicRange(word) => write!(f, "dynamic-range={word}"),
            Self::Stream(words) => write!(f, "stream={words}"),
            Self::Switch(word, None) => f.write_str(word),
            Self::Switch(word, Some(argument)) => write!(f, "{word}={argument:?}"),
        }
    }
}
