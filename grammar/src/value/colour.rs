//! Colours: names, `rgb:` with three to eight hexadecimal digits, variables.

use std::fmt;

use super::{Read, expression, misspelt};
use crate::params::colours::{NAMES, find};

/// A colour as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour<'a> {
    /// An entry of the [table of names](NAMES).
    Named(u16),
    /// Red, green, blue and alpha; three and four digits are doubled, without alpha it is 255.
    Rgb([u8; 4]),
    /// `transparent` or `none`.
    Transparent,
    /// A variable, without its `$`.
    Variable(&'a str),
}

impl Colour<'_> {
    /// Red, green, blue, alpha; `None` for a variable.
    #[must_use]
    pub fn rgba(&self) -> Option<[u8; 4]> {
        match *self {
            Self::Named(index) => NAMES
                .get(usize::from(index))
                .map(|&(_, [r, g, b])| [r, g, b, 255]),
            Self::Rgb(rgba) => Some(rgba),
            Self::Transparent => Some([0, 0, 0, 0]),
            Self::Variable(_) => None,
        }
    }

    /// Reads a colour by itself: an effect's argument, or the value of a variable.
    #[must_use]
    pub fn read(text: &str) -> Option<Colour<'_>> {
        colour(text).ok()
    }
}

impl fmt::Display for Colour<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(index) => {
                f.write_str(NAMES.get(usize::from(*index)).map_or("", |(name, _)| name))
            }
            Self::Rgb([r, g, b, 255]) => write!(f, "rgb:{r:02x}{g:02x}{b:02x}"),
            Self::Rgb([r, g, b, a]) => write!(f, "rgb:{r:02x}{g:02x}{b:02x}{a:02x}"),
            Self::Transparent => f.write_str("transparent"),
            Self::Variable(name) => write!(f, "${name}"),
        }
    }
}

/// `colour = ("rgb:" / "rgb_") hex / ["#"] hex / "transparent" / "none" / variable / name`
///
/// Bare digits are documented for effects only, and read everywhere.
pub(crate) fn colour(text: &str) -> Read<'_, Colour<'_>> {
    const EXPECTED: &str = "a colour name, or `rgb:` and 3, 4, 6 or 8 hexadecimal digits";
    let digits = text.strip_prefix("rgb:");
    // Nuxt's image module writes an underscore.
    if let Some(digits) = digits.or_else(|| text.strip_prefix("rgb_")) {
        if let Some(name) = digits
            .strip_prefix('$')
            .filter(|name| expression::is_variable_name(name))
        {
            return Ok(Colour::Variable(name));
        }
        return match hex(digits.strip_prefix('#').unwrap_or(digits)) {
            Some(rgba) => Ok(Colour::Rgb(rgba)),
            None => super::wrong(digits, EXPECTED),
        };
    }
    if let Some(name) = text
        .strip_prefix('$')
        .filter(|name| expression::is_variable_name(name))
    {
        return Ok(Colour::Variable(name));
    }
    if text.eq_ignore_ascii_case("transparent") || text.eq_ignore_ascii_case("none") {
        return Ok(Colour::Transparent);
    }
    if let Some(index) = find(text) {
        return Ok(Colour::Named(index));
    }
    match hex(text.strip_prefix('#').unwrap_or(text)) {
        Some(rgba) => Ok(Colour::Rgb(rgba)),
        None => misspelt("", text, EXPECTED, NAMES.iter().map(|&(name, _)| name)),
    }
}

/// Three, four, six or eight hexadecimal digits.
fn hex(digits: &str) -> Option<[u8; 4]> {
    let mut nibbles = [0xfu8; 8];
    for (digit, nibble) in digits.bytes().zip(nibbles.iter_mut()) {
        *nibble = u8::try_from(char::from(digit).to_digit(16)?).ok()?;
    }
    let [a, b, c, d, e, f, g, h] = nibbles;
    let byte = |high: u8, low: u8| high << 4 | low;
    match digits.len() {
        3 | 4 => Some([byte(a, a), byte(b, b), byte(c, c), byte(d, d)]),
        6 | 8 => Some([byte(a, b), byte(c, d), byte(e, f), byte(g, h)]),
        _ => None,
    }
}
