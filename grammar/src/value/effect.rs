//! Effects: a name and arguments in either of two notations, positional or named.

use super::{Colour, Expr, Number, Read, Wrong, expression, misspelt, number};
use crate::error::ErrorKind;
use crate::params::{ART_FILTERS, Args, EFFECTS, EffectName, nearest};

/// Most arguments of one effect. The longest documented ones have two dozen; readers look for each by its name.
const MAX_ARGUMENTS: usize = 64;

/// `e_name:arguments`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effect<'a> {
    /// Which effect.
    pub head: EffectHead<'a>,
    /// What follows the name's colon, as written.
    pub text: &'a str,
}

/// The name of an effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EffectHead<'a> {
    /// A row of the table.
    Known(EffectName),
    /// A variable that holds the name, without its `$`.
    Variable(&'a str),
    /// Arithmetic in place of a name, as written: some SDKs take every value for an expression.
    Computed(&'a str),
}

/// One argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arg<'a> {
    /// Its name, where it was written with one that the effect knows.
    pub name: Option<&'a str>,
    /// Its value; a list in parentheses is kept as it is.
    pub value: &'a str,
}

impl<'a> Arg<'a> {
    /// The value as a number; `20p` and `20%` too.
    #[must_use]
    pub fn number(&self) -> Option<Number> {
        number::whole(self.value.strip_suffix(['p', '%']).unwrap_or(self.value))
    }

    /// The value as a colour, with or without `rgb:`.
    #[must_use]
    pub fn colour(&self) -> Option<Colour<'a>> {
        Colour::read(self.value)
    }

    /// The value as an expression.
    #[must_use]
    pub fn expr(&self) -> Option<Expr<'a>> {
        expression::value(self.value, usize::MAX, "").ok()
    }

    /// The items of a list in parentheses, or the value itself.
    pub fn items(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let inner = self
            .value
            .strip_prefix('(')
            .and_then(|rest| rest.strip_suffix(')'))
            .unwrap_or(self.value);
        Pieces {
            rest: Some(inner),
            separators: b";",
        }
    }
}

impl<'a> Effect<'a> {
    /// The effect's name, unless a variable or an expression stands for it.
    #[must_use]
    pub fn name(&self) -> Option<EffectName> {
        match self.head {
            EffectHead::Known(name) => Some(name),
            EffectHead::Variable(_) | EffectHead::Computed(_) => None,
        }
    }

    /// The arguments in the order written, whatever the separators.
    pub fn args(&self) -> ArgIter<'a> {
        let keys = match self.head {
            EffectHead::Known(name) => match name.args() {
                Args::Named(keys) => keys,
                _ => &[],
            },
            EffectHead::Variable(_) | EffectHead::Computed(_) => &[],
        };
        let rest = (!self.text.is_empty()).then_some(self.text);
        ArgIter {
            pieces: Pieces {
                rest,
                separators: b":;",
            },
            keys,
        }
    }

    /// The value of a named argument.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<Arg<'a>> {
        self.args().find(|arg| arg.name == Some(name))
    }

    /// The value of an argument without a name, counted among those.
    #[must_use]
    pub fn positional(&self, index: usize) -> Option<Arg<'a>> {
        self.args().filter(|arg| arg.name.is_none()).nth(index)
    }
}

/// The arguments of an [`Effect`].
#[derive(Debug, Clone)]
pub struct ArgIter<'a> {
    pieces: Pieces<'a>,
    keys: &'static [&'static str],
}

impl<'a> Iterator for ArgIter<'a> {
    type Item = Arg<'a>;

    fn next(&mut self) -> Option<Arg<'a>> {
        let piece = self.pieces.next()?;
        if piece == "rgb" {
            // A colour's own colon: its digits say as much alone.
            return Some(Arg {
                name: None,
                value: self.pieces.next().unwrap_or(""),
            });
        }
        for &key in self.keys {
            if let Some(after) = piece.strip_prefix(key) {
                if let Some(value) = after.strip_prefix('_') {
                    let value = if value == "rgb" {
                        self.pieces.next().unwrap_or("")
                    } else {
                        value
                    };
                    return Some(Arg {
                        name: Some(key),
                        value,
                    });
                }
                if after.is_empty() {
                    // `colors:15`, the older notation.
                    return Some(Arg {
                        name: Some(key),
                        value: self.pieces.next().unwrap_or(""),
                    });
                }
            }
        }
        Some(Arg {
            name: None,
            value: piece,
        })
    }
}

/// Pieces between separators that stand outside parentheses and `!…!`.
#[derive(Debug, Clone)]
struct Pieces<'a> {
    rest: Option<&'a str>,
    separators: &'static [u8],
}

impl<'a> Iterator for Pieces<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let text = self.rest?;
        let mut depth = 0usize;
        let mut quoted = false;
        for (at, byte) in text.bytes().enumerate() {
            match byte {
                b'!' => quoted = !quoted,
                b'(' if !quoted => depth += 1,
                b')' if !quoted => depth = depth.saturating_sub(1),
                _ if depth == 0 && !quoted && self.separators.contains(&byte) => {
                    self.rest = text.get(at + 1..);
                    return text.get(..at);
                }
                _ => {}
            }
        }
        self.rest = None;
        Some(text)
    }
}

/// `effect = name [":" argument *((":" / ";") argument)]`
pub(super) fn effect(text: &str, limit: usize) -> Read<'_, Effect<'_>> {
    // `e_contrast;type_linear`: an SDK leaves the colon out where the first argument is missing.
    let end = text
        .bytes()
        .position(|byte| matches!(byte, b':' | b';'))
        .unwrap_or(text.len());
    let word = text.get(..end).unwrap_or(text);
    let args = text.get(end + 1..).unwrap_or("");
    if let Some(name) = word
        .strip_prefix('$')
        .filter(|name| expression::is_variable_name(name))
    {
        return Ok(Effect {
            head: EffectHead::Variable(name),
            text: args,
        });
    }
    let Some(name) = EffectName::from_word(word) else {
        if let Ok(Expr::Binary(_)) = expression::value(word, limit, "") {
            return Ok(Effect {
                head: EffectHead::Computed(word),
                text: args,
            });
        }
        let known = || EFFECTS.iter().map(|row| row.spelling);
        let hint = nearest(&word.to_ascii_lowercase(), known()).or_else(|| part_of(word, known()));
        return Err(Box::new(Wrong {
            kind: ErrorKind::UnknownEffect,
            at: word,
            expected: "the name of an effect",
            hint: hint.map(|word| format!("did you mean `e_{word}`?")),
        }));
    };
    let effect = Effect {
        head: EffectHead::Known(name),
        text: args,
    };
    check(name, &effect, limit)?;
    Ok(effect)
}

/// The only name that a word is a part of: `dither` of `ordered_dither`.
fn part_of<'w>(word: &str, names: impl Iterator<Item = &'w str>) -> Option<&'w str> {
    let mut longer = names.filter(|name| name.split('_').any(|part| part == word));
    longer.next().filter(|_| longer.next().is_none())
}

/// Refuses arguments of the wrong kind. Ranges are left to the reader: the service clamps many of them.
fn check<'a>(name: EffectName, effect: &Effect<'a>, limit: usize) -> Read<'a, ()> {
    let refuse = |at, expected| {
        Err(Box::new(Wrong {
            kind: ErrorKind::InvalidArgument,
            at,
            expected,
            hint: None,
        }))
    };
    let is_number =
        |arg: &Arg<'a>| arg.number().is_some() || expression::value(arg.value, limit, "").is_ok();
    if effect.text.len() > MAX_ARGUMENTS
        && let Some(arg) = effect.args().nth(MAX_ARGUMENTS)
    {
        return refuse(arg.value, "fewer arguments");
    }
    match name.args() {
        Args::None | Args::Named(_) => Ok(()),
        Args::Level { .. } => match effect.args().next() {
            Some(arg) if !arg.value.is_empty() && !is_number(&arg) => {
                refuse(arg.value, "a number or an expression")
            }
            _ => Ok(()),
        },
        Args::Numbers => match effect
            .args()
            .find(|arg| !arg.value.is_empty() && !is_number(arg))
        {
            Some(arg) => refuse(arg.value, "a number or an expression"),
            None => Ok(()),
        },
        Args::Filter => match effect.args().next() {
            Some(arg) if arg.value.starts_with('$') || ART_FILTERS.contains(&arg.value) => Ok(()),
            Some(arg) => misspelt(
                "e_art:",
                arg.value,
                "the name of a look",
                ART_FILTERS.iter().copied(),
            ),
            None => refuse(effect.text, "the name of a look after `e_art:`"),
        },
    }
}
