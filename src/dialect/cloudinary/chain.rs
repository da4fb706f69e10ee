//! Components in order: what is a layer's, what is a condition's, what stands for a stored chain.

use super::component::Reader;
use crate::dialect::{Error, Note, NoteLevel, Notes, Rules};
use crate::grammar::{self, BranchScope, Component, LayerScope, Limits, ParamKey, UrlText, Value};
use crate::spec::{Format, FormatChoice, TransformSpec};

/// How deep stored chains may name each other.
const MAX_NAMED_DEPTH: usize = 8;

/// Reads a chain into a specification that may already hold earlier ops. Answers why the whole may not
/// be delivered, if something in it is not known here.
pub(super) fn read(
    chain: &[Component<'_>],
    rules: &Rules,
    spec: &mut TransformSpec,
    notes: &mut Notes,
) -> Result<Option<Error>, Error> {
    let mut walk = Walk {
        rules,
        spec,
        notes,
        named: Vec::new(),
        unknown: None,
    };
    walk.chain(chain)?;
    Ok(walk.unknown)
}

struct Walk<'a> {
    rules: &'a Rules,
    spec: &'a mut TransformSpec,
    notes: &'a mut Notes,
    /// The stored chains that are being read, outermost first.
    named: Vec<Box<str>>,
    /// The first name that stands for nothing.
    unknown: Option<Error>,
}

impl Walk<'_> {
    fn chain(&mut self, chain: &[Component<'_>]) -> Result<(), Error> {
        let mut next = 0;
        while let Some(component) = chain.get(next) {
            next = self.component(component, next)?;
        }
        Ok(())
    }

    /// Reads the component at `at`, or passes over what it opens; answers where to go on.
    fn component(&mut self, component: &Component<'_>, at: usize) -> Result<usize, Error> {
        let after = |index: u32| {
            usize::try_from(index)
                .unwrap_or(usize::MAX)
                .saturating_add(1)
        };
        if let BranchScope::If { end, .. } = component.branch {
            self.unsupported(
                component,
                "conditions are not evaluated: the whole condition is left out",
            );
            return Ok(usize::try_from(end).unwrap_or(usize::MAX).max(at + 1));
        }
        if let LayerScope::Opens { close } = component.layer {
            self.unsupported(component, "layers are not rendered: the layer is left out");
            return Ok(after(close).max(at + 1));
        }
        if matches!(
            component.branch,
            BranchScope::Else { .. } | BranchScope::End { .. }
        ) {
            return Ok(at + 1);
        }
        for param in component
            .params
            .iter()
            .filter(|param| param.key == ParamKey::Variable)
        {
            self.note(
                NoteLevel::Unsupported,
                param.text,
                "variables are not evaluated",
            );
        }
        for key in [ParamKey::Baseline, ParamKey::Transformation] {
            if let Some(param) = component.last(key)
                && let Value::Names(names) = &param.value
            {
                self.expand(names.as_str(), param.text)?;
            }
        }
        Reader {
            component,
            spec: self.spec,
            notes: self.notes,
        }
        .read()?;
        Ok(at + 1)
    }

    /// Reads stored chains in the place of their names. What stands beside the name in its component
    /// is read after it, so the URL's own values win.
    fn expand(&mut self, names: &str, written: &str) -> Result<(), Error> {
        // A stored name may itself contain a dot.
        let whole = self.rules.named.contains_key(names);
        let names: Vec<&str> = if whole {
            vec![names]
        } else {
            names.split('.').collect()
        };
        for name in names {
            let Some(stored) = self.rules.named.get(name) else {
                self.note(
                    NoteLevel::Unsupported,
                    written,
                    "no named transformation of this name is configured",
                );
                self.unknown
                    .get_or_insert(Error::UnknownTransformation { name: name.into() });
                continue;
            };
            if self.named.len() >= MAX_NAMED_DEPTH
                || self.named.iter().any(|outer| **outer == *name)
            {
                return Err(Error::Conflict {
                    parameter: written.into(),
                    reason: "named transformations name each other in a circle, or too deep".into(),
                });
            }
            self.named.push(name.into());
            let text = UrlText::chain(stored);
            let chain = grammar::parse_chain(&text, &Limits::default())?;
            self.chain(&chain.components)?;
            if let Some(format) = chain.extension.and_then(Format::from_extension) {
                self.spec.output.format = FormatChoice::Named(format);
            }
            self.named.pop();
        }
        Ok(())
    }

    fn unsupported(&mut self, component: &Component<'_>, message: &'static str) {
        self.note(NoteLevel::Unsupported, component.text, message);
    }

    fn note(&mut self, level: NoteLevel, parameter: &str, message: &'static str) {
        self.notes.push(Note {
            level,
            parameter: parameter.into(),
            message: message.into(),
        });
    }
}
