//! Layers: what is laid over or under the picture, and how.

use std::fmt::{self, Display, Formatter};

use super::{Amount, Area, AssetRef, Clip, Gravity, Ink, Length, Offset, Op, Select};

/// Something laid over or under the picture at this place of a chain. Where it reaches outside, the
/// canvas grows.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Overlay {
    /// What is laid.
    pub source: Source,
    /// Under the picture instead of over it.
    pub under: bool,
    /// Which part of the layer's source is meant.
    pub select: Select,
    /// What is done to the layer first. Facts in it are the layer's.
    pub ops: Vec<Op>,
    /// Where it goes; a subject that the picture does not show drops the layer.
    pub gravity: Gravity,
    /// Moves it from there, pointing inward; shares are of the picture below.
    pub offset: Offset,
    /// How it meets the pixels below.
    pub blend: Blend,
    /// Its sizes are of the region that the gravity finds, one copy for each.
    pub of_region: bool,
    /// Repeated over the whole picture.
    pub tiled: bool,
    /// What reaches outside is cut, instead of making the canvas larger.
    pub no_overflow: bool,
    /// When it is seen, on the picture's time.
    pub clip: Clip,
}

/// What a layer is made of.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// A stored picture, or a remote one by its URL.
    Picture(AssetRef),
    /// A stored video.
    Video(AssetRef),
    /// A stored sound.
    Sound(AssetRef),
    /// A text.
    Text(Box<Text>),
    /// A stored file of captions, in a style.
    Subtitles(AssetRef, Box<Style>),
    /// A stored table that maps colours; it has no place.
    ColourTable(AssetRef),
    /// A variable that holds one of these.
    Variable(Box<str>),
}

impl Source {
    /// The asset that must be fetched for it.
    #[must_use]
    pub const fn asset(&self) -> Option<&AssetRef> {
        match self {
            Self::Picture(asset)
            | Self::Video(asset)
            | Self::Sound(asset)
            | Self::Subtitles(asset, _)
            | Self::ColourTable(asset) => Some(asset),
            Self::Text(_) | Self::Variable(_) => None,
        }
    }
}

/// A text to draw, trimmed to its ink.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Text {
    /// The pieces to draw one after the other; empty: the stored style's own text.
    pub pieces: Box<[TextPiece]>,
    /// How it looks.
    pub style: Style,
    /// Wraps at the width, and ends at the height, of this box; empty: one line.
    pub wrap: Area,
    /// Keeps the room that the font has around its letters.
    pub untrimmed: bool,
    /// A text larger than the picture is refused.
    pub must_fit: bool,
    /// Where the font is stored, if its name is that of a file: the first that is there counts.
    pub font_files: Box<[AssetRef]>,
}

/// A piece of a text.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum TextPiece {
    /// These characters.
    Literal(Box<str>),
    /// The value of a variable.
    Variable(Box<str>),
}

/// How a text looks.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Style {
    /// The family, a font file's public ID, or the name of a stored style where there is no size. A
    /// variable's `$name` where it holds the style.
    pub font: Box<str>,
    /// Pixels.
    pub size: Option<Amount>,
    /// 100 to 900; 400 is normal.
    pub weight: u16,
    /// Slanted.
    pub italic: bool,
    /// A line below.
    pub underline: bool,
    /// A line through.
    pub strikethrough: bool,
    /// How lines of different length are set.
    pub align: Align,
    /// Pixels more (or less) between letters.
    pub letter_spacing: Option<Amount>,
    /// Pixels more (or less) between lines.
    pub line_spacing: Option<Amount>,
    /// Colour of the letters; default black (assumed; white for subtitles).
    pub colour: Ink,
    /// A box behind the text, a little larger than it.
    pub background: Option<Ink>,
    /// A line around each letter: pixels and colour.
    pub stroke: Option<(Length, Ink)>,
    /// How edges are smoothed, as written; `None`: the renderer's way.
    pub antialias: Option<Box<str>>,
    /// How letters are fitted to pixels, as written; `None`: the renderer's way.
    pub hinting: Option<Box<str>>,
}

/// How lines of different length are set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names are the documentation")]
pub enum Align {
    #[default]
    Left,
    Center,
    Right,
    /// Where reading begins.
    Start,
    /// Where reading ends.
    End,
    Justify,
}

/// How a layer meets the pixels below it, in gamma-encoded sRGB.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Blend {
    /// Over (or under) them.
    #[default]
    Normal,
    /// Multiplied.
    Multiply,
    /// Multiplied in negative.
    Screen,
    /// Multiplied in the dark, screened in the light.
    Overlay,
    /// Its lightness becomes the picture's opacity.
    Mask,
    /// Its opacity is taken from the picture's.
    CutOut,
    /// Its opacity becomes the picture's; outside it nothing is left.
    Cutter,
    /// Its red and green move the picture's pixels, by up to as many pixels as the offset says.
    Displace,
    /// Varied a little in place, size and opacity, 1 to 100; default 50.
    AntiRemoval(Amount),
    /// Its style is put on the picture by a model; the arguments as written.
    Style(Box<str>),
    /// Joined after the picture's end (or before its beginning, where it is shown from 0 on), with a
    /// transition as written.
    Splice(Box<str>),
}

impl Display for Overlay {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let place = if self.under { "underlay" } else { "overlay" };
        write!(f, "{place} {}", self.source)?;
        if self.select != Select::Whole || !self.ops.is_empty() {
            f.write_str(" [")?;
            let mut separator = "";
            if self.select != Select::Whole {
                self.select.fmt(f)?;
                separator = " | ";
            }
            for op in &self.ops {
                write!(f, "{separator}{op}")?;
                separator = " | ";
            }
            f.write_str("]")?;
        }
        write!(f, " {}", self.gravity)?;
        if !self.offset.is_empty() {
            write!(f, " {}", self.offset)?;
        }
        self.blend.fmt(f)?;
        for (set, word) in [
            (self.of_region, " of-region"),
            (self.tiled, " tiled"),
            (self.no_overflow, " no-overflow"),
        ] {
            if set {
                f.write_str(word)?;
            }
        }
        if self.clip.is_empty() {
            Ok(())
        } else {
            write!(f, " {}", self.clip)
        }
    }
}

impl Display for Source {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Picture(asset) | Self::Video(asset) => asset.fmt(f),
            Self::Sound(asset) => write!(f, "sound {asset}"),
            Self::Text(text) => text.fmt(f),
            Self::Subtitles(asset, style) => write!(f, "subtitles {asset} ({style})"),
            Self::ColourTable(asset) => write!(f, "colour-table {asset}"),
            Self::Variable(name) => write!(f, "${name}"),
        }
    }
}

impl Display for Text {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("text ")?;
        for (at, piece) in self.pieces.iter().enumerate() {
            if at > 0 {
                f.write_str("+")?;
            }
            match piece {
                TextPiece::Literal(text) => write!(f, "{text:?}")?,
                TextPiece::Variable(name) => write!(f, "${name}")?,
            }
        }
        write!(f, " ({}", self.style)?;
        if !self.wrap.is_empty() {
            write!(f, " wrap={}", self.wrap)?;
        }
        for (set, word) in [(self.untrimmed, " untrimmed"), (self.must_fit, " must-fit")] {
            if set {
                f.write_str(word)?;
            }
        }
        f.write_str(")")
    }
}

impl Display for Style {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.font)?;
        if let Some(size) = &self.size {
            write!(f, " {size}px")?;
        }
        if self.weight != 400 {
            write!(f, " weight={}", self.weight)?;
        }
        for (set, word) in [
            (self.italic, " italic"),
            (self.underline, " underline"),
            (self.strikethrough, " strikethrough"),
        ] {
            if set {
                f.write_str(word)?;
            }
        }
        f.write_str(match self.align {
            Align::Left => "",
            Align::Center => " center",
            Align::Right => " right",
            Align::Start => " start",
            Align::End => " end",
            Align::Justify => " justify",
        })?;
        for (word, spacing) in [
            ("letter", &self.letter_spacing),
            ("line", &self.line_spacing),
        ] {
            if let Some(spacing) = spacing {
                write!(f, " {word}-spacing={spacing}")?;
            }
        }
        write!(f, " {}", self.colour)?;
        if let Some(background) = &self.background {
            write!(f, " on {background}")?;
        }
        if let Some((width, colour)) = &self.stroke {
            write!(f, " stroke={width},{colour}")?;
        }
        for (word, choice) in [("antialias", &self.antialias), ("hinting", &self.hinting)] {
            if let Some(choice) = choice {
                write!(f, " {word}={choice}")?;
            }
        }
        Ok(())
    }
}

impl Display for Blend {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let words = |f: &mut Formatter<'_>, word: &str, options: &str| match options {
            "" => f.write_str(word),
            options => write!(f, "{word}={options:?}"),
        };
        match self {
            Self::Normal => Ok(()),
            Self::Multiply => f.write_str(" multiply"),
            Self::Screen => f.write_str(" screen"),
            Self::Overlay => f.write_str(" blend-overlay"),
            Self::Mask => f.write_str(" mask"),
            Self::CutOut => f.write_str(" cut-out"),
            Self::Cutter => f.write_str(" cutter"),
            Self::Displace => f.write_str(" displace"),
            Self::AntiRemoval(level) => write!(f, " anti-removal={level}"),
            Self::Style(options) => words(f, " style", options),
            Self::Splice(options) => words(f, " splice", options),
        }
    }
}
