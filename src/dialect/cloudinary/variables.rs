//! Variables that decide what is done: an effect's name, a crop mode, a gravity, a layer, a style.
//!
//! Numbers and colours wait for the picture. What decides the very kind of a step must be known as
//! soon as the URL is read, so that what cannot be rendered is noted and layers can be fetched: such a
//! variable counts where the text that it holds is plain from the URL alone.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::grammar::value::{Expr, Operand};
use crate::grammar::{self, Limits, Param, UrlText};

/// The texts that variables hold at a place of the chain; `None` for a value that only the picture or
/// a condition settles.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Texts(BTreeMap<Box<str>, Option<Box<str>>>);

impl Texts {
    /// Takes over an assignment.
    pub(super) fn set(&mut self, name: &str, value: &Expr<'_>) {
        let text = match value {
            Expr::Operand(Operand::Text(text) | Operand::Word(text) | Operand::Reference(text)) => {
                Some((*text).into())
            }
            Expr::Operand(Operand::Variable(other)) => self.get(other).map(Into::into),
            _ => None,
        };
        self.0.insert(name.into(), text);
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_deref()
    }

    /// Behind a condition: what both branches agree on.
    pub(super) fn join(self, other: &Self) -> Self {
        let mut joined = self;
        for (name, text) in &mut joined.0 {
            if other.0.get(name) != Some(text) {
                *text = None;
            }
        }
        for name in other.0.keys() {
            joined.0.entry(name.clone()).or_insert(None);
        }
        joined
    }

    /// A text with each argument that is a known variable replaced; arguments stand between colons.
    pub(super) fn replaced<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if !text.contains('$') {
            return Cow::Borrowed(text);
        }
        let mut replaced = String::with_capacity(text.len());
        for (at, piece) in text.split(':').enumerate() {
            if at > 0 {
                replaced.push(':');
            }
            let known = piece.strip_prefix('$').and_then(|name| self.get(name));
            replaced.push_str(known.unwrap_or(piece));
        }
        Cow::Owned(replaced)
    }
}

/// Reads one parameter from a text of its own; `None` where the text is none.
pub(super) fn with_param<R>(
    key: &str,
    value: &str,
    read: impl FnOnce(&Param<'_>) -> R,
) -> Option<R> {
    // These would begin another parameter or component.
    if value.contains([',', '/']) {
        return None;
    }
    let text = format!("{key}_{value}");
    let text = UrlText::chain(&text);
    let chain = grammar::parse_chain(&text, &Limits::default()).ok()?;
    let [component] = chain.components.as_slice() else {
        return None;
    };
    component.params.first().map(read)
}
