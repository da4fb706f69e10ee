//! How a result is written.

use super::Setting;

/// A file format that can be named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the names are the documentation")]
pub enum Format {
    Jpeg,
    Png,
    WebP,
    Avif,
    Gif,
    Jxl,
    Bmp,
    Tiff,
    Ico,
    Heic,
    Svg,
    Pdf,
    /// Known by name, never read or written here.
    Other(&'static str),
}

impl Format {
    /// The word in URLs, specs and file names.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Png => "png",
            Self::WebP => "webp",
            Self::Avif => "avif",
            Self::Gif => "gif",
            Self::Jxl => "jxl",
            Self::Bmp => "bmp",
            Self::Tiff => "tiff",
            Self::Ico => "ico",
            Self::Heic => "heic",
            Self::Svg => "svg",
            Self::Pdf => "pdf",
            Self::Other(word) => word,
        }
    }

    /// The format of a file extension or of a format name in any case; aliases are folded. `None`
    /// for a name that is no picture format.
    #[must_use]
    pub fn from_extension(extension: &str) -> Option<Self> {
        let mut lower = [0_u8; 8];
        let lower = lower.get_mut(..extension.len())?;
        lower.copy_from_slice(extension.as_bytes());
        lower.make_ascii_lowercase();
        Some(match &*lower {
            b"jpg" | b"jpe" | b"jpeg" => Self::Jpeg,
            b"png" => Self::Png,
            b"webp" => Self::WebP,
            b"avif" => Self::Avif,
            b"gif" => Self::Gif,
            b"jxl" => Self::Jxl,
            b"bmp" => Self::Bmp,
            b"tif" | b"tiff" => Self::Tiff,
            b"ico" => Self::Ico,
            b"heic" | b"heif" => Self::Heic,
            b"svg" => Self::Svg,
            b"pdf" => Self::Pdf,
            _ => return None,
        })
    }

    /// The media type for `Content-Type`.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::WebP => "image/webp",
            Self::Avif => "image/avif",
            Self::Gif => "image/gif",
            Self::Jxl => "image/jxl",
            Self::Bmp => "image/bmp",
            Self::Tiff => "image/tiff",
            Self::Ico => "image/x-icon",
            Self::Heic => "image/heic",
            Self::Svg => "image/svg+xml",
            Self::Pdf => "application/pdf",
            Self::Other(_) => "application/octet-stream",
        }
    }

    /// Whether a picture in this format may be transparent.
    #[must_use]
    pub const fn has_alpha(self) -> bool {
        !matches!(self, Self::Jpeg | Self::Bmp)
    }

    /// The longest side that is written, in pixels: what the format can hold, or less where viewers
    /// show less.
    #[must_use]
    pub const fn max_side(self) -> u32 {
        match self {
            Self::WebP => 16_383,
            // libavif's bound, and browsers'.
            Self::Avif => 32_768,
            // libjpeg's bound, and browsers'.
            Self::Jpeg => 65_500,
            Self::Gif => 65_535,
            Self::Ico => 256,
            _ => 1 << 24,
        }
    }
}

/// Which format is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum FormatChoice {
    /// As it is stored.
    #[default]
    Stored,
    /// This one.
    Named(Format),
    /// The best that the client says it can show. `fallback` is the extension's format, used where
    /// the client can show nothing better; `None`: as stored.
    Auto {
        /// For clients that name no modern format.
        fallback: Option<Format>,
    },
}

/// How good the result should be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Quality {
    /// Nothing said: the endpoint's default.
    #[default]
    Default,
    /// The encoder's own scale, 1 to 100.
    Fixed(u8),
    /// Chosen for each picture.
    Auto {
        /// How good.
        level: Level,
        /// One notch better inside the level.
        sensitive: bool,
    },
}

/// Levels of automatic quality.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Level {
    /// Hardly to be told from the original.
    Best,
    /// The balance.
    #[default]
    Good,
    /// Smaller.
    Eco,
    /// Smallest.
    Low,
}

/// How colour is sampled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Chroma {
    /// Half in both directions.
    Half,
    /// At full size.
    Full,
}

/// Whether a file can be shown while it arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Progressive {
    /// Not.
    Off,
    /// In the encoder's usual number of passes.
    On,
    /// In few passes.
    Semi,
    /// With very little detail in the first pass.
    Steep,
}

/// What of the source's metadata is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Metadata {
    /// Nothing.
    #[default]
    Strip,
    /// All.
    Keep,
    /// Author and copyright only.
    Attribution,
}

/// How a result is written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Output {
    /// The file format.
    pub format: FormatChoice,
    /// How good.
    pub quality: Quality,
    /// Colour sampling, where the format has a choice; `None`: half below a quality of 91.
    pub chroma: Option<Chroma>,
    /// `None`: the encoder's default.
    pub progressive: Option<Progressive>,
    /// A lossy way of writing is welcome (GIF, and PNG without transparency as JPEG).
    pub lossy: bool,
    /// Never a format without alpha for a picture with alpha.
    pub preserve_alpha: bool,
    /// What is kept of the source's metadata.
    pub metadata: Metadata,
    /// Behind transparency where the format has none; `None`: white.
    pub background: Option<super::Colour>,
    /// Sent for saving, under this name (empty: the asset's own), instead of for showing.
    pub attachment: Option<Box<str>>,
    /// What few results have, one of a kind.
    pub settings: Vec<Setting>,
}

impl Output {
    /// Adds a setting in the place of an earlier one of its kind, and of what it says in another way.
    pub fn set(&mut self, setting: Setting) {
        self.settings.retain(|earlier| !earlier.same_kind(&setting));
        match setting {
            Setting::Format(_) => self.format = FormatChoice::Stored,
            Setting::QualityBy(_) => self.quality = Quality::Default,
            _ => {}
        }
        self.settings.push(setting);
    }

    /// Asks for a format, whatever was asked before.
    pub fn set_format(&mut self, format: FormatChoice) {
        self.settings
            .retain(|earlier| !matches!(earlier, Setting::Format(_)));
        self.format = format;
    }

    /// Asks for a quality, whatever was asked before.
    pub fn set_quality(&mut self, quality: Quality) {
        self.settings
            .retain(|earlier| !matches!(earlier, Setting::QualityBy(_)));
        self.quality = quality;
    }

    /// Takes over what a later output says; what it leaves at its default stays as it is.
    pub fn merge(&mut self, later: Self) {
        fn over<T: Default + PartialEq>(earlier: &mut T, later: T) {
            if later != T::default() {
                *earlier = later;
            }
        }
        if later.format != FormatChoice::default() {
            self.set_format(later.format);
        }
        if later.quality != Quality::default() {
            self.set_quality(later.quality);
        }
        over(&mut self.chroma, later.chroma);
        over(&mut self.progressive, later.progressive);
        over(&mut self.metadata, later.metadata);
        over(&mut self.background, later.background);
        over(&mut self.attachment, later.attachment);
        self.lossy |= later.lossy;
        self.preserve_alpha |= later.preserve_alpha;
        for setting in later.settings {
            self.set(setting);
        }
    }
}
