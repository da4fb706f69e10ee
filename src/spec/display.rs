//! The one-line canonical text of a specification.

use std::fmt::{self, Display, Formatter, Write as _};

use super::{
    Amount, Angle, Area, Border, Chroma, Clip, Colour, Compass, Corner, Crop, Decimal, Direction,
    Dpr, Fill, FormatChoice, Frame, Gravity, Ink, Length, Level, Metadata, Offset, Op, Otherwise,
    Output, Percent, Progressive, Quality, Radii, Ratio, Resize, Select, Side, Subject, Time,
    TransformSpec, Turn, When,
};

impl Display for TransformSpec {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut line = OnOneLine(f);
        if self.select != Select::Whole {
            write!(line, "{} | ", self.select)?;
        }
        for op in &self.ops {
            write!(line, "{op} | ")?;
        }
        write!(line, "{}", self.output)?;
        match &self.default_image {
            Some(asset) => write!(line, " | default {asset}"),
            None => Ok(()),
        }
    }
}

/// Keeps a specification on its line: IDs and words are the client's, and may hold what ends one.
struct OnOneLine<'a, 'f>(&'a mut Formatter<'f>);

impl fmt::Write for OnOneLine<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut rest = text;
        while let Some(at) = rest.find(char::is_control) {
            let (plain, after) = rest.split_at(at);
            self.0.write_str(plain)?;
            let mut after = after.chars();
            if let Some(control) = after.next() {
                write!(self.0, "{}", control.escape_unicode())?;
            }
            rest = after.as_str();
        }
        self.0.write_str(rest)
    }
}

/// A text of a client's or a server's for a log or a terminal: what would end the line or steer the
/// terminal is escaped.
#[derive(Clone, Copy, Debug)]
pub struct OneLine<'a>(pub &'a str);

impl Display for OneLine<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        fmt::Write::write_str(&mut OnOneLine(f), self.0)
    }
}

impl Display for Select {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let comma = |at: usize| if at == 0 { " " } else { "," };
        match self {
            Self::Whole => f.write_str("whole"),
            Self::Page(page) => write!(f, "page {page}"),
            Self::Pages(ranges) => {
                f.write_str("pages")?;
                for (at, (first, last)) in ranges.iter().enumerate() {
                    write!(f, "{}{first}", comma(at))?;
                    match last {
                        Some(last) if last == first => {}
                        Some(last) => write!(f, "..{last}")?,
                        None => f.write_str("..")?,
                    }
                }
                Ok(())
            }
            Self::Named { embedded, names } => {
                f.write_str(if *embedded { "embedded" } else { "layers" })?;
                names
                    .iter()
                    .enumerate()
                    .try_for_each(|(at, name)| write!(f, "{}{name:?}", comma(at)))
            }
            Self::PageBy(expr) => write!(f, "page {{{expr}}}"),
        }
    }
}

impl Display for Op {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Crop(crop) => crop.fmt(f),
            Self::Resize(resize) => resize.fmt(f),
            Self::Turn(turn) => turn.fmt(f),
            Self::Rotate(angle) => write!(f, "rotate {angle}"),
            Self::Round(radii) => write!(f, "round {radii}"),
            Self::Border(border) => border.fmt(f),
            Self::Opacity(percent) => write!(f, "opacity {percent}"),
            Self::Background(fill) => write!(f, "background {fill}"),
            Self::IgnoreOrientation => f.write_str("ignore-orientation"),
            Self::RotateBy(expr) => write!(f, "rotate {{{expr}}}"),
            Self::TurnToShape(turn) => {
                let way = if turn.clockwise { "right" } else { "left" };
                write!(f, "turn-to-shape {} {way}", turn.area)
            }
            Self::OpacityBy(expr) => write!(f, "opacity {{{expr}}}%"),
            Self::Trim(trim) => {
                write!(f, "trim {}%", trim.tolerance)?;
                trim.colour
                    .as_ref()
                    .map_or(Ok(()), |colour| write!(f, " {colour}"))
            }
            Self::Effect(effect) => effect.fmt(f),
            Self::Overlay(overlay) => overlay.fmt(f),
            Self::Clip(clip) => clip.fmt(f),
            Self::ResizeBy(resize) => write!(f, "resize {} ${}", resize.area, resize.mode),
            Self::When(when) => when.fmt(f),
            Self::Let(set) => write!(f, "let ${} = {}", set.name, set.value),
        }
    }
}

impl Display for When {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "when {} [{}]", self.condition, self.then)?;
        if self.otherwise == TransformSpec::default() {
            Ok(())
        } else {
            write!(f, " else [{}]", self.otherwise)
        }
    }
}

impl Display for Clip {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("clip")?;
        for (word, time) in [
            (" from ", &self.start),
            (" to ", &self.end),
            (" for ", &self.duration),
        ] {
            if let Some(time) = time {
                write!(f, "{word}{time}")?;
            }
        }
        Ok(())
    }
}

impl Display for Time {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Seconds(seconds) => write!(f, "{seconds}s"),
            Self::Share(percent) => write!(f, "{percent}%"),
            Self::Auto => f.write_str("auto"),
        }
    }
}

impl Display for Ink {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Colour(colour) => colour.fmt(f),
            Self::Variable(name) => write!(f, "${name}"),
        }
    }
}

impl Display for Offset {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let side = |f: &mut Formatter<'_>, length: &Option<Length>| match length {
            Some(length) => length.fmt(f),
            None => f.write_str("0"),
        };
        f.write_str("+")?;
        side(f, &self.x)?;
        f.write_str(",")?;
        side(f, &self.y)
    }
}

impl Display for Crop {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "crop {}", self.area)?;
        placed(f, &self.gravity, &self.offset, self.zoom.as_ref())
    }
}

impl Display for Resize {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let frame = match self.frame {
            Frame::Stretch => "stretch",
            Frame::Inside => "inside",
            Frame::Outside => "outside",
            Frame::Cover => "cover",
            Frame::Pad => "pad",
            Frame::CoverPad => "cover-pad",
        };
        write!(f, "resize {} {frame}", self.area)?;
        match self.direction {
            Direction::Any => {}
            Direction::Down => f.write_str(" down")?,
            Direction::Up => f.write_str(" up")?,
        }
        // The place of the box means nothing where the whole picture is scaled.
        if matches!(self.frame, Frame::Cover | Frame::Pad | Frame::CoverPad) {
            placed(f, &self.gravity, &self.offset, self.zoom.as_ref())?;
        }
        if let (Frame::Pad | Frame::CoverPad, Some(fill)) = (self.frame, &self.background) {
            write!(f, " on {fill}")?;
        }
        Ok(())
    }
}

fn placed(
    f: &mut Formatter<'_>,
    gravity: &Gravity,
    offset: &Offset,
    zoom: Option<&Amount>,
) -> fmt::Result {
    write!(f, " {gravity}")?;
    if !offset.is_empty() {
        write!(f, " {offset}")?;
    }
    match zoom {
        Some(zoom) => write!(f, " zoom={zoom}"),
        None => Ok(()),
    }
}

impl Display for Area {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let side = |f: &mut Formatter<'_>, length: &Option<Length>| match length {
            Some(length) => length.fmt(f),
            None => f.write_str("-"),
        };
        side(f, &self.width)?;
        f.write_str("x")?;
        side(f, &self.height)?;
        if let Some(ratio) = self.ratio {
            write!(f, " ratio={ratio}")?;
        }
        if let Some(expr) = &self.ratio_by {
            write!(f, " ratio={{{expr}}}")?;
        }
        if self.ignore_aspect {
            f.write_str(" ignore-aspect")?;
        }
        self.dpr.fmt(f)
    }
}

impl Display for Dpr {
    /// With a space in front, and nothing where it is one.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(Decimal::ONE) => Ok(()),
            Self::Fixed(dpr) => write!(f, " dpr={dpr}"),
            Self::Shown => f.write_str(" dpr=shown"),
            Self::Expr(expr) => write!(f, " dpr={{{expr}}}"),
        }
    }
}

impl Display for Gravity {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Compass(compass) => write!(f, "@{compass}"),
            Self::Corner => f.write_str("@corner"),
            Self::Point => f.write_str("@point"),
            Self::Subject { subject, fallback } => {
                let word = match subject {
                    Subject::Salient => "salient",
                    Subject::Face => "face",
                    Subject::Faces => "faces",
                    Subject::Named(name) => name,
                };
                match fallback {
                    Otherwise::Compass(compass) => write!(f, "@{word}/{compass}"),
                    Otherwise::Salient => write!(f, "@{word}/salient"),
                }
            }
            Self::Variable(name) => write!(f, "@${name}"),
        }
    }
}

impl Display for Compass {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NorthWest => "north_west",
            Self::North => "north",
            Self::NorthEast => "north_east",
            Self::West => "west",
            Self::Center => "center",
            Self::East => "east",
            Self::SouthWest => "south_west",
            Self::South => "south",
            Self::SouthEast => "south_east",
        })
    }
}

impl Display for Turn {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match (*self, self.mirror) {
            (Self::FLIP, _) => f.write_str("flip"),
            (Self::MIRROR, _) => f.write_str("mirror"),
            (_, false) => write!(f, "turn {}", u32::from(self.quarters) * 90),
            (_, true) => write!(f, "mirror turn {}", u32::from(self.quarters) * 90),
        }
    }
}

impl Display for Radii {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let [first, rest @ ..] = &self.corners;
        first.fmt(f)?;
        if rest.iter().any(|corner| corner != first) {
            for corner in rest {
                write!(f, ":{corner}")?;
            }
        }
        self.dpr.fmt(f)
    }
}

impl Display for Corner {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Px(n) => n.fmt(f),
            Self::Max => f.write_str("max"),
            Self::Expr(expr) => write!(f, "{{{expr}}}"),
        }
    }
}

impl Display for Border {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "border {} {}{}", self.width, self.colour, self.dpr)?;
        match &self.radii {
            Some(radii) => write!(f, " round {radii}"),
            None => Ok(()),
        }
    }
}

impl Display for Fill {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Colour(colour) => colour.fmt(f),
            Self::EdgeColour => f.write_str("edge-colour"),
            Self::Derived(derived) => {
                let contrast = if derived.contrast { "contrast-" } else { "" };
                let from = if derived.edges { "edge" } else { "common" };
                match derived.colours {
                    1 => write!(f, "{contrast}{from}-colour")?,
                    n => write!(f, "{contrast}{from}-gradient:{n}")?,
                }
                if let Some(direction) = &derived.direction {
                    write!(f, ":{direction}")?;
                }
                for (at, ink) in derived.palette.iter().enumerate() {
                    write!(f, "{}{ink}", if at == 0 { " of " } else { "," })?;
                }
                Ok(())
            }
            Self::Blurred(levels) => write!(f, "blurred:{}:{}", levels.0, levels.1),
            Self::Generated(options) if options.is_empty() => f.write_str("generated"),
            Self::Generated(options) => write!(f, "generated={options:?}"),
            Self::Variable(name) => write!(f, "${name}"),
        }
    }
}

impl Display for Colour {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if *self == Self::TRANSPARENT {
            return f.write_str("transparent");
        }
        write!(f, "#{:02x}{:02x}{:02x}", self.r, self.g, self.b)?;
        if self.a == u8::MAX {
            Ok(())
        } else {
            write!(f, "{:02x}", self.a)
        }
    }
}

impl Display for Length {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Px(n) => n.fmt(f),
            // A share always shows its point, so that one pixel and one whole never look the same.
            Self::Share(share) if share.billionths() % Decimal::SCALE == 0 => {
                write!(f, "{share}.0")
            }
            Self::Share(share) => share.fmt(f),
            Self::OfBase(share) => write!(f, "{share}-of-base"),
            Self::Source(Side::Width) => f.write_str("source-width"),
            Self::Source(Side::Height) => f.write_str("source-height"),
            Self::Shown {
                step,
                fallback: None,
            } => write!(f, "shown/{step}"),
            Self::Shown {
                step,
                fallback: Some(fallback),
            } => write!(f, "shown/{step}/{fallback}"),
            Self::Expr(expr) => write!(f, "{{{expr}}}"),
        }
    }
}

impl Display for Decimal {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let n = self.billionths();
        let (whole, part) = (
            n.unsigned_abs() / 1_000_000_000,
            n.unsigned_abs() % 1_000_000_000,
        );
        if n < 0 {
            f.write_str("-")?;
        }
        if part == 0 {
            return whole.fmt(f);
        }
        let digits = format!("{part:09}");
        write!(f, "{whole}.{}", digits.trim_end_matches('0'))
    }
}

impl Display for Ratio {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.width(), self.height())
    }
}

impl Display for Percent {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", self.get())
    }
}

impl Display for Angle {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        Decimal::from_billionths(i64::from(self.0) * 1_000_000).fmt(f)
    }
}

impl Display for Output {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.format {
            FormatChoice::Stored => f.write_str("encode stored")?,
            FormatChoice::Named(format) => write!(f, "encode {}", format.word())?,
            FormatChoice::Auto { fallback: None } => f.write_str("encode auto")?,
            FormatChoice::Auto {
                fallback: Some(format),
            } => write!(f, "encode auto/{}", format.word())?,
        }
        match self.quality {
            Quality::Default => {}
            Quality::Fixed(q) => write!(f, " q={q}")?,
            Quality::Auto { level, sensitive } => {
                let level = match level {
                    Level::Best => "best",
                    Level::Good => "good",
                    Level::Eco => "eco",
                    Level::Low => "low",
                };
                write!(f, " q=auto:{level}{}", if sensitive { "+" } else { "" })?;
            }
        }
        match self.chroma {
            None => {}
            Some(Chroma::Half) => f.write_str(" chroma=420")?,
            Some(Chroma::Full) => f.write_str(" chroma=444")?,
        }
        match self.progressive {
            None => {}
            Some(Progressive::Off) => f.write_str(" progressive=off")?,
            Some(Progressive::On) => f.write_str(" progressive")?,
            Some(Progressive::Semi) => f.write_str(" progressive=semi")?,
            Some(Progressive::Steep) => f.write_str(" progressive=steep")?,
        }
        for (set, word) in [
            (self.lossy, " lossy"),
            (self.preserve_alpha, " preserve-alpha"),
        ] {
            if set {
                f.write_str(word)?;
            }
        }
        match self.metadata {
            Metadata::Strip => {}
            Metadata::Keep => f.write_str(" keep-metadata")?,
            Metadata::Attribution => f.write_str(" keep-attribution")?,
        }
        if let Some(colour) = self.background {
            write!(f, " on {colour}")?;
        }
        match &self.attachment {
            None => {}
            Some(name) if name.is_empty() => f.write_str(" attachment")?,
            Some(name) => write!(f, " attachment={name:?}")?,
        }
        self.settings
            .iter()
            .try_for_each(|setting| write!(f, " {setting}"))
    }
}
