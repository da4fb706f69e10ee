//! What is wrong with a configuration: everything at once, each with its line.

use std::cell::RefCell;
use std::fmt;
use std::ops::Range;

use super::overrides::Override;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Line in the file, from 1; 0 for what an environment variable says.
    pub line: usize,
    /// What is wrong, naming the key. Never a secret's value.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

/// Everything that is wrong with one configuration, in the order of its lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems {
    /// Name of the file as it was given.
    pub file: String,
    /// Never empty.
    pub list: Vec<Problem>,
}

impl fmt::Display for Problems {
    /// A line for each problem, as compilers write them, and an indented one for its hint.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, problem) in self.list.iter().enumerate() {
            if n > 0 {
                f.write_str("\n")?;
            }
            match problem.line {
                0 => write!(f, "{}", problem.message)?,
                line => write!(f, "{}:{line}: {}", self.file, problem.message)?,
            }
            if let Some(hint) = &problem.hint {
                write!(f, "\n    hint: {hint}")?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

/// A message with a hint, before its place is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) message: String,
    pub(super) hint: Option<String>,
}

impl Fault {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hint: None,
        }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// Collects problems by their place in the text.
pub(super) struct Sink<'t> {
    text: &'t str,
    /// Variables that stand for keys; they lie behind the text, a byte each.
    overrides: &'t [Override],
    list: RefCell<Vec<Problem>>,
}

impl<'t> Sink<'t> {
    pub(super) const fn new(text: &'t str, overrides: &'t [Override]) -> Self {
        Self {
            text,
            overrides,
            list: RefCell::new(Vec::new()),
        }
    }

    /// Where the value of a variable lies: behind the text, where no key of the file can be.
    pub(super) const fn place_of_override(&self, n: usize) -> Range<usize> {
        let at = self.text.len() + 1 + n;
        at..at + 1
    }

    /// Adds a problem at a byte of the text, or at a variable.
    pub(super) fn add(&self, at: usize, fault: Fault) {
        let behind = at.checked_sub(self.text.len() + 1);
        if let Some(given) = behind.and_then(|n| self.overrides.get(n)) {
            self.list.borrow_mut().push(Problem {
                line: 0,
                message: format!("environment variable {}: {}", given.name, fault.message),
                hint: fault.hint,
            });
            return;
        }
        let before = self.text.as_bytes().get(..at).unwrap_or_default();
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        self.list.borrow_mut().push(Problem {
            line,
            message: fault.message,
            hint: fault.hint,
        });
    }

    /// All problems in the order of their lines.
    pub(super) fn into_list(self) -> Vec<Problem> {
        let mut list = self.list.into_inner();
        list.sort();
        list.dedup();
        list
    }
}

/// "did you mean" for a word among those that are known; `None` when none is near.
pub(super) fn nearest<'k>(word: &str, known: impl Iterator<Item = &'k str>) -> Option<String> {
    let lower = word.to_lowercase();
    known
        .map(|key| (strsim::damerau_levenshtein(&lower, key), key))
        .min()
        .filter(|(distance, key)| *distance <= 1 + key.len() / 4)
        .map(|(_, key)| format!("did you mean `{key}`?"))
}
