//! From what is asked and what the client can show to one format and one quality.

use std::fmt;

use smallvec::SmallVec;

use super::density::{density, is_set};
use super::raster::{Colours, Encode, PngKind, TiffKind};
use super::{Hints, Size, varies};
use crate::spec::{Format, FormatChoice, Level, Metadata, Output, Quality, Setting, TransformSpec};

/// Formats in which a result may be written, best first, before facts about the source are known.
/// Part of the cache key: two clients with the same list share a result.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Negotiated {
    /// Modern formats that the client named, in the owner's order. Empty unless the choice is
    /// automatic.
    pub modern: SmallVec<[Format; 4]>,
}

impl fmt::Display for Negotiated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for format in &self.modern {
            write!(f, "{} ", format.word())?;
        }
        Ok(())
    }
}

/// The formats allowed for this client. `order` is the owner's preference, best first. A branch that
/// may turn out to choose by itself counts too.
#[must_use]
pub fn negotiate(spec: &TransformSpec, hints: &Hints, order: &[Format]) -> Negotiated {
    if !varies(spec).accept {
        return Negotiated::default();
    }
    Negotiated {
        modern: order
            .iter()
            .copied()
            .filter(|f| hints.accepts.contains(f))
            .collect(),
    }
}

/// Formats that results can be written in; what else is asked for becomes one of these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Writable(pub SmallVec<[Format; 8]>);

/// What the choice of a format looks at in the picture to be written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Source {
    /// The stored format.
    pub format: Format,
    /// Something may be transparent after the last step.
    pub alpha: bool,
    /// All frames of an animation are wanted.
    pub moving: bool,
}

impl Source {
    /// What every client can show.
    fn plain(self, size: Size) -> Format {
        if self.alpha || !holds(Format::Jpeg, size) {
            Format::Png
        } else {
            Format::Jpeg
        }
    }
}

/// Whether a format holds a picture of this size.
const fn holds(format: Format, size: Size) -> bool {
    size.width <= format.max_side() && size.height <= format.max_side()
}

/// The one format, now that the source is known.
pub(super) fn format(
    output: &Output,
    negotiated: &Negotiated,
    source: Source,
    size: Size,
    writable: &Writable,
) -> Format {
    let fits = |format: &Format| writable.0.contains(format) && holds(*format, size);
    let plain = |format: Format| {
        // A format that no browser shows, or that cannot be written: the closest that every one does.
        let shown = matches!(
            format,
            Format::Jpeg | Format::Png | Format::Gif | Format::WebP | Format::Avif
        );
        if shown && fits(&format) {
            format
        } else {
            source.plain(size)
        }
    };
    let format = match output.format {
        FormatChoice::Named(format) => format,
        FormatChoice::Stored if fits(&source.format) => source.format,
        FormatChoice::Stored => plain(source.format),
        FormatChoice::Auto { fallback } => {
            // Of the modern formats only WebP is written with all frames.
            let shows = |format: &Format| !source.moving || *format == Format::WebP;
            let modern = negotiated.modern.iter().copied();
            match modern.filter(shows).find(fits) {
                Some(format) => format,
                None => {
                    let stored = match fallback.unwrap_or(source.format) {
                        // Modern formats only go to clients that named them.
                        Format::WebP | Format::Avif | Format::Jxl if source.moving => Format::Gif,
                        Format::WebP | Format::Avif | Format::Jxl => source.plain(size),
                        other => other,
                    };
                    let automatic = matches!(output.quality, Quality::Auto { .. });
                    if stored == Format::Png && automatic {
                        source.plain(size)
                    } else {
                        plain(stored)
                    }
                }
            }
        }
    };
    match format {
        Format::Png if output.lossy && !source.moving => source.plain(size),
        opaque if output.preserve_alpha && source.alpha && !opaque.has_alpha() => Format::Png,
        format => format,
    }
}

/// The fixed qualities behind automatic levels, by format, where an encoder has no way to look at the picture: animations.
/// The published calibration's neighbours, assumed.
const fn level_quality(format: Format, level: Level) -> u8 {
    match (format, level) {
        (Format::Avif, Level::Best) => 85,
        (Format::Avif, Level::Good) => 77,
        (Format::Avif, Level::Eco) => 63,
        (Format::Avif, Level::Low) => 54,
        (Format::WebP, Level::Best) => 85,
        (Format::WebP, Level::Good) => 75,
        (Format::WebP, Level::Eco) => 65,
        (Format::WebP, Level::Low) => 55,
        (_, Level::Best) => 88,
        (_, Level::Good) => 80,
        (_, Level::Eco) => 70,
        (_, Level::Low) => 60,
    }
}

/// How good a picture of a level shall look, on the scale of SSIMULACRA2, whatever the format. Assumed, after the published
/// calibration: the sizes of one photograph as JPEG, 174 KB at best, 144 at good, 113 at eco and 95 at low beside 108 at a
/// quality of 60, are those of our encoder at 82, 76, 63 and 51, which on average reaches about these scores.
const fn level_aim(level: Level) -> u8 {
    match level {
        Level::Best => 80,
        Level::Good => 76,
        Level::Eco => 70,
        Level::Low => 64,
    }
}

/// What the `sensitive` notch adds to a quality and to an aim: 102 KB beside 95 in the same calibration. Assumed.
const SENSITIVE_ADDS: (u8, u8) = (4, 2);

/// Every choice of writing, made.
pub(super) fn encode(output: &Output, format: Format, default_quality: Quality) -> Encode {
    let asked = if output.quality == Quality::Default {
        default_quality
    } else {
        output.quality
    };
    let (quality, aim) = match asked {
        Quality::Fixed(q) => (q.clamp(1, 100), None),
        Quality::Auto { level, sensitive } => {
            let more = if sensitive { SENSITIVE_ADDS } else { (0, 0) };
            (
                level_quality(format, level).saturating_add(more.0).min(100),
                Some(level_aim(level) + more.1),
            )
        }
        Quality::Default => (
            level_quality(format, Level::Good),
            Some(level_aim(Level::Good)),
        ),
    };
    let automatic = aim.is_some();
    let plain = Encode::new(format, quality);
    let setting = |wanted: &str| is_set(output, wanted);
    Encode {
        aim,
        chroma: output.chroma.unwrap_or(plain.chroma),
        progressive: output.progressive.unwrap_or(plain.progressive),
        metadata: if automatic && output.metadata == Metadata::Keep {
            Metadata::Strip
        } else {
            output.metadata
        },
        background: output.background.unwrap_or(plain.background),
        colours: colours(output),
        profile: setting("profile"),
        png: if setting("palette") {
            PngKind::Palette
        } else if setting("rgba") {
            PngKind::Rgba
        } else if setting("true-colour") {
            PngKind::Colour
        } else if setting("any-format") && automatic {
            PngKind::PaletteIfExact
        } else {
            PngKind::AsIs
        },
        tiff: if setting("group4") {
            TiffKind::Group4
        } else if setting("tiff8-lzw") {
            TiffKind::Lzw
        } else {
            TiffKind::Plain
        },
        lossy: output.lossy,
        density: density(output),
        or_plain: matches!(output.format, FormatChoice::Auto { .. })
            && matches!(format, Format::WebP | Format::Avif | Format::Jpeg),
        ..plain
    }
}

/// The colours asked for; by default sRGB, which every client shows alike.
fn colours(output: &Output) -> Colours {
    let word = output.settings.iter().find_map(|setting| match setting {
        Setting::ColourSpace(word) => Some(word.to_ascii_lowercase()),
        _ => None,
    });
    match word.as_deref() {
        Some("cmyk") => Colours::Inks,
        Some("keep_cmyk") => Colours::KeepInks,
        Some("copy") => Colours::Copy,
        _ => Colours::Srgb,
    }
}
