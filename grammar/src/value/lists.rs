//! Values that are lists: split again when they are walked, so that they cost nothing when they are not.

use super::{Expr, Number, Read, expression, misspelt, number, wrong};
use crate::params::FlagName;
use crate::text::cut;

/// Words joined by colons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Words<'a> {
    text: &'a str,
}

impl<'a> Words<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text }
    }

    /// As written.
    #[must_use]
    pub fn as_str(&self) -> &'a str {
        self.text
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// The words; none for an empty text.
    pub fn iter(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let skip = usize::from(self.text.is_empty());
        self.text.split(':').skip(skip)
    }

    /// The first word, or an empty text.
    #[must_use]
    pub fn first(&self) -> &'a str {
        self.iter().next().unwrap_or("")
    }
}

/// Names joined by dots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Names<'a> {
    text: &'a str,
}

impl<'a> Names<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text }
    }

    /// As written. A stored name may itself have a dot: a look-up tries the whole first.
    #[must_use]
    pub fn as_str(&self) -> &'a str {
        self.text
    }

    /// The names.
    pub fn iter(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.text.split('.').filter(|name| !name.is_empty())
    }
}

/// Turns and flips, from left to right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Angle<'a> {
    text: &'a str,
}

/// One step of an [`Angle`].
#[derive(Debug, Clone, PartialEq)]
pub enum AngleStep<'a> {
    /// Degrees, clockwise.
    Degrees(Number),
    /// A word.
    Word(AngleWord),
    /// A variable or arithmetic.
    Expr(Expr<'a>),
}

/// The words of an angle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AngleWord {
    /// `auto`
    Auto,
    /// `auto_left`
    AutoLeft,
    /// `auto_right`
    AutoRight,
    /// `exif`
    Exif,
    /// `hflip`
    HorizontalFlip,
    /// `ignore`
    Ignore,
    /// `vflip`
    VerticalFlip,
}

const ANGLE_WORDS: &[(&str, AngleWord)] = &[
    ("auto", AngleWord::Auto),
    ("auto_left", AngleWord::AutoLeft),
    ("auto_right", AngleWord::AutoRight),
    ("exif", AngleWord::Exif),
    ("hflip", AngleWord::HorizontalFlip),
    ("ignore", AngleWord::Ignore),
    ("vflip", AngleWord::VerticalFlip),
];

impl<'a> Angle<'a> {
    /// The steps, at least one.
    pub fn steps(&self) -> impl Iterator<Item = AngleStep<'a>> + use<'a> {
        let text = self.text;
        // `10.5` is half a degree more than ten, not ten degrees and then five; so are numbers inside arithmetic.
        let single = angle_step(text, usize::MAX).ok();
        let pieces = if single.is_some() { "" } else { text };
        single.into_iter().chain(
            pieces
                .split(JOINTS)
                .filter_map(|piece| angle_step(piece, usize::MAX).ok()),
        )
    }
}

/// What stands between steps: a dot, and in what some SDKs write a colon.
const JOINTS: [char; 2] = ['.', ':'];

/// `angle = step *(("." / ":") step)`
pub(super) fn angle(text: &str, limit: usize) -> Read<'_, Angle<'_>> {
    if angle_step(text, limit).is_err() {
        for piece in text.split(JOINTS) {
            angle_step(piece, limit)?;
        }
    }
    Ok(Angle { text })
}

fn angle_step(text: &str, limit: usize) -> Read<'_, AngleStep<'_>> {
    const EXPECTED: &str =
        "degrees, `hflip`, `vflip`, `ignore`, `auto_left` or `auto_right`, joined by dots";
    if let Some(number) = number::whole(text) {
        return Ok(AngleStep::Degrees(number));
    }
    if let Some(&(_, word)) = ANGLE_WORDS.iter().find(|(spelling, _)| *spelling == text) {
        return Ok(AngleStep::Word(word));
    }
    if (text.starts_with('$') || text.contains('_'))
        && let Ok(expr) = expression::value(text, limit, EXPECTED)
    {
        return Ok(AngleStep::Expr(expr));
    }
    misspelt(
        "a_",
        text,
        EXPECTED,
        ANGLE_WORDS.iter().map(|(spelling, _)| *spelling),
    )
}

/// One to four rounded corners.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Radius<'a> {
    text: &'a str,
}

/// One corner of a [`Radius`].
#[derive(Debug, Clone, PartialEq)]
pub enum Corner<'a> {
    /// As round as possible.
    Max,
    /// Pixels.
    Pixels(Number),
    /// A variable or arithmetic.
    Expr(Expr<'a>),
}

impl<'a> Radius<'a> {
    /// One to four corners, in the order written.
    pub fn corners(&self) -> impl Iterator<Item = Corner<'a>> + use<'a> {
        self.text
            .split(':')
            .filter_map(|piece| corner(piece, usize::MAX).ok())
    }
}

/// `radius = corner *3(":" corner)`
pub(super) fn radius(text: &str, limit: usize) -> Read<'_, Radius<'_>> {
    let mut count = 0;
    for piece in text.split(':') {
        corner(piece, limit)?;
        count += 1;
        if count > 4 {
            return wrong(text, "one to four corners");
        }
    }
    Ok(Radius { text })
}

fn corner(text: &str, limit: usize) -> Read<'_, Corner<'_>> {
    const EXPECTED: &str = "pixels or `max`";
    match number::whole(text) {
        _ if text == "max" => Ok(Corner::Max),
        Some(number) if number.mantissa >= 0 => Ok(Corner::Pixels(number)),
        Some(_) => wrong(text, "a radius not below zero"),
        None => expression::value(text, limit, EXPECTED).map(Corner::Expr),
    }
}

/// Switches joined by dots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flags<'a> {
    text: &'a str,
}

/// One switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flag<'a> {
    /// Which one; `None` for a word that is no known flag.
    pub name: Option<FlagName>,
    /// The word as written.
    pub word: &'a str,
    /// What follows its colon: `photo` in `attachment:photo`.
    pub argument: Option<&'a str>,
}

impl<'a> Flags<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text }
    }

    /// As written.
    #[must_use]
    pub fn as_str(&self) -> &'a str {
        self.text
    }

    /// Whether a flag is set.
    #[must_use]
    pub fn has(&self, name: FlagName) -> bool {
        self.iter().any(|flag| flag.name == Some(name))
    }

    /// The flags in the order written. A dot inside an argument belongs to it: one in parentheses, and one before a
    /// word that is no flag (`attachment:report.final`).
    pub fn iter(&self) -> impl Iterator<Item = Flag<'a>> + use<'a> {
        let mut rest = self.text;
        std::iter::from_fn(move || {
            while !rest.is_empty() {
                let piece = take_flag(&mut rest);
                if !piece.is_empty() {
                    let (word, argument) = match cut(piece, b':') {
                        Some((word, argument)) => (word, Some(argument)),
                        None => (piece, None),
                    };
                    return Some(Flag {
                        name: FlagName::from_word(word),
                        word,
                        argument,
                    });
                }
            }
            None
        })
    }
}

/// Cuts the first flag with its argument off.
fn take_flag<'a>(rest: &mut &'a str) -> &'a str {
    let text = *rest;
    let mut depth = 0usize;
    let mut has_argument = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            b':' => has_argument = true,
            b'.' if depth == 0 => {
                let after = text.get(at + 1..).unwrap_or("");
                let word = after.split(['.', ':']).next().unwrap_or("");
                if !has_argument || FlagName::from_word(word).is_some() {
                    *rest = after;
                    return text.get(..at).unwrap_or("");
                }
            }
            _ => {}
        }
    }
    *rest = "";
    text
}

/// Pages, layers or frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pages<'a> {
    text: &'a str,
}

/// One item of [`Pages`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageItem<'a> {
    /// One page, counted from one.
    One(u32),
    /// A range; the last page where there is no second number.
    Range(u32, Option<u32>),
    /// The name of a layer, an embedded object, or an expression.
    Name(&'a str),
}

impl<'a> Pages<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text }
    }

    /// As written.
    #[must_use]
    pub fn as_str(&self) -> &'a str {
        self.text
    }

    /// `embedded` or `name` where the items are such.
    #[must_use]
    pub fn kind(&self) -> Option<&'a str> {
        self.text
            .split_once(':')
            .map(|(kind, _)| kind)
            .filter(|kind| matches!(*kind, "embedded" | "name"))
    }

    /// The items.
    pub fn iter(&self) -> impl Iterator<Item = PageItem<'a>> + use<'a> {
        let named = self.kind().is_some();
        let items = if named {
            self.text.split_once(':').map_or("", |(_, items)| items)
        } else {
            self.text
        };
        items.split(';').filter(|item| !item.is_empty()).map(page)
    }
}

fn page(item: &str) -> PageItem<'_> {
    if let Ok(number) = item.parse() {
        return PageItem::One(number);
    }
    let range = item.split_once('-').and_then(|(low, high)| {
        let high = if high.is_empty() {
            None
        } else {
            Some(high.parse().ok()?)
        };
        Some(PageItem::Range(low.parse().ok()?, high))
    });
    range.unwrap_or(PageItem::Name(item))
}
