//! From what is asked and what the client can show to one format and one quality.

use std::fmt;

use smallvec::SmallVec;

use super::facts::Facts;
use super::raster::Encode;
use super::{Hints, Size, varies};
use crate::spec::{
    Chroma, Colour, Format, FormatChoice, Level, Metadata, Output, Progressive, Quality,
    TransformSpec,
};

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

/// The one format, now that the source is known.
pub(super) fn format(
    output: &Output,
    negotiated: &Negotiated,
    facts: &Facts,
    size: Size,
    writable: &Writable,
) -> Format {
    let fits = |format: &Format| {
        writable.0.contains(format) && size.width.max(size.height) <= format.max_side()
    };
    let plain = |format: Format| {
        // A format that no browser shows, or that cannot be written: the closest that every one does.
        let shown = matches!(
            format,
            Format::Jpeg | Format::Png | Format::Gif | Format::WebP | Format::Avif
        );
        if shown && fits(&format) {
            format
        } else if facts.alpha {
            Format::Png
        } else {
            Format::Jpeg
        }
    };
    match output.format {
        FormatChoice::Named(format) => format,
        FormatChoice::Stored if fits(&facts.format) => facts.format,
        FormatChoice::Stored => plain(facts.format),
        FormatChoice::Auto { fallback } => match negotiated.modern.iter().copied().find(fits) {
            Some(format) => format,
            None => {
                let stored = fallback.unwrap_or(facts.format);
                let stored = match stored {
                    // Modern formats only go to clients that named them.
                    Format::WebP | Format::Avif | Format::Jxl => {
                        if facts.alpha {
                            Format::Png
                        } else {
                            Format::Jpeg
                        }
                    }
                    other => other,
                };
                let automatic = matches!(output.quality, Quality::Auto { .. });
                if stored == Format::Png && automatic && !facts.alpha {
                    Format::Jpeg
                } else {
                    plain(stored)
                }
            }
        },
    }
}

/// The fixed qualities behind automatic levels, by format: the published calibration's neighbours,
/// assumed until a search for each picture takes their place.
#[must_use]
pub const fn level_quality(format: Format, level: Level) -> u8 {
    match (format, level) {
        (Format::Avif, Level::Best) => 65,
        (Format::Avif, Level::Good) => 55,
        (Format::Avif, Level::Eco) => 45,
        (Format::Avif, Level::Low) => 35,
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

/// What the `sensitive` notch adds. Assumed.
const SENSITIVE_ADDS: u8 = 4;

/// Above this quality colour is sampled in full unless the URL says otherwise.
const FULL_CHROMA_ABOVE: u8 = 90;

/// Every choice of writing, made.
pub(super) fn encode(output: &Output, format: Format, default_quality: Quality) -> Encode {
    let asked = if output.quality == Quality::Default {
        default_quality
    } else {
        output.quality
    };
    let (quality, automatic) = match asked {
        Quality::Fixed(q) => (q.clamp(1, 100), false),
        Quality::Auto { level, sensitive } => {
            let q = level_quality(format, level);
            (
                if sensitive {
                    q.saturating_add(SENSITIVE_ADDS).min(100)
                } else {
                    q
                },
                true,
            )
        }
        Quality::Default => (level_quality(format, Level::Good), true),
    };
    Encode {
        format,
        quality,
        chroma: output.chroma.unwrap_or(if quality > FULL_CHROMA_ABOVE {
            Chroma::Full
        } else {
            Chroma::Half
        }),
        progressive: output.progressive.unwrap_or(Progressive::Off),
        metadata: if automatic && output.metadata == Metadata::Keep {
            Metadata::Strip
        } else {
            output.metadata
        },
        background: output.background.unwrap_or(Colour::WHITE),
    }
}
