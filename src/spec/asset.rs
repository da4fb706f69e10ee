//! Which asset is meant, independent of how it was written.

use std::fmt;

use super::Format;

/// The kind of asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AssetType {
    /// Stills, animated pictures, documents that are shown as pictures.
    Image,
    /// Moving pictures and sound.
    Video,
    /// Everything else, delivered byte for byte.
    Raw,
}

impl AssetType {
    /// The word in URLs and bucket keys.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Video => "video",
            Self::Raw => "raw",
        }
    }

    /// What a file with this extension is stored as; sound is stored as video.
    #[must_use]
    pub fn of_extension(extension: &str) -> Self {
        let is = |known: &&str| extension.eq_ignore_ascii_case(known);
        if VIDEOS.iter().any(is) {
            Self::Video
        } else if Format::from_extension(extension).is_some() {
            Self::Image
        } else {
            Self::Raw
        }
    }
}

/// Extensions of files that are stored as videos, sound among them.
const VIDEOS: [&str; 25] = [
    "3g2", "3gp", "aac", "aiff", "amr", "avi", "flac", "flv", "m2ts", "m3u8", "m4a", "mkv", "mov",
    "mp3", "mp4", "mpd", "mpeg", "mts", "mxf", "ogg", "ogv", "opus", "wav", "webm", "wmv",
];

/// How an asset is reached and who may see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DeliveryType {
    /// Stored, public.
    Upload,
    /// Stored; the original needs a signature, derived pictures are public.
    Private,
    /// Stored; the original and derived pictures need a signature.
    Authenticated,
    /// A remote URL stands in the place of the public ID.
    Fetch,
    /// Any other way in (profile pictures, sprites, lists), by the word in the URL. None of these is
    /// ever in an owner's storage.
    Other(&'static str),
}

impl DeliveryType {
    /// The word in URLs and bucket keys.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Upload => "upload",
            Self::Private => "private",
            Self::Authenticated => "authenticated",
            Self::Fetch => "fetch",
            Self::Other(word) => word,
        }
    }
}

/// An asset as a URL names it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AssetRef {
    /// Image, video or raw.
    pub asset_type: AssetType,
    /// Upload, private, authenticated, fetch…
    pub delivery_type: DeliveryType,
    /// Percent-decoded public ID with its folders; without extension for image and video, with it
    /// for raw. For `Fetch` the remote URL.
    pub public_id: Box<str>,
    /// The extension behind the public ID (image and video), as written. A known format name.
    pub extension: Option<Box<str>>,
    /// The number behind `v`.
    pub version: Option<u64>,
}

impl fmt::Display for AssetRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}/{}/{}",
            self.asset_type.word(),
            self.delivery_type.word(),
            self.public_id
        )
    }
}
