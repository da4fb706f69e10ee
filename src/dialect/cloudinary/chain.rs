//! Components in order: what is a layer's, what is a condition's, what stands for a stored chain.

use super::component::{Reader, note_of};
use super::expression::expr;
use super::layer::{self, Frame};
use super::variables::Texts;
use super::{output, size};
use crate::dialect::{Error, Note, NoteLevel, Notes, Rules};
use crate::grammar::{
    self, BranchScope, Component, KeySet, LayerScope, Limits, ParamKey, UrlText, Value,
};
use crate::spec::{Dpr, Format, FormatChoice, Let, Op, Output, TransformSpec, When};

/// What gives a component a size; a stored chain may.
const SIZED: KeySet = KeySet::of(&[
    ParamKey::AspectRatio,
    ParamKey::Height,
    ParamKey::Transformation,
    ParamKey::Width,
]);
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
        named: Vec::new(),
        unknown: None,
        texts: Texts::default(),
        inside: false,
        leading: leading(chain),
    };
    walk.part(chain, 0, chain.len(), &mut Target { spec, notes })?;
    Ok(walk.unknown)
}

struct Walk<'a> {
    rules: &'a Rules,
    /// The stored chains that are being read, outermost first.
    named: Vec<Box<str>>,
    /// The first name that stands for nothing.
    unknown: Option<Error>,
    /// What variables hold where the walk is.
    texts: Texts,
    /// The walk is between the components that open and close a layer.
    inside: bool,
    /// A pixel ratio that stands before all sizes.
    leading: Option<Dpr>,
}

/// The pixel ratio of `dpr_2/w_300`: real URLs put it before the sizes that it is for. One of a layer, or behind a
/// condition, is not looked for.
fn leading(chain: &[Component<'_>]) -> Option<Dpr> {
    let mut found = None;
    let mut at = 0;
    while let Some(component) = chain.get(at) {
        if let LayerScope::Opens { close } = component.layer {
            at = index(close).max(at);
        } else if component.keys.meets(SIZED) || component.branch != BranchScope::None {
            return found.map(size::dpr_of);
        } else if let (None, Some(param)) = (found, component.last(ParamKey::Dpr)) {
            found = Some(&param.value);
        }
        at += 1;
    }
    None
}

/// Where a part of a chain is read into.
struct Target<'a> {
    spec: &'a mut TransformSpec,
    notes: &'a mut Notes,
}

impl Walk<'_> {
    /// Reads the components from `at` up to `end`. Recursion is bounded by the grammar's limit on
    /// nesting.
    fn part(
        &mut self,
        chain: &[Component<'_>],
        mut at: usize,
        end: usize,
        into: &mut Target<'_>,
    ) -> Result<(), Error> {
        while at < end
            && let Some(component) = chain.get(at)
        {
            at = match component.branch {
                BranchScope::If {
                    inline,
                    otherwise,
                    end,
                } => {
                    let inline = inline.then_some(at);
                    let (otherwise, end) = (otherwise.map(index), index(end));
                    self.when(chain, component, (at, inline, otherwise, end), into)?
                }
                // Reached only behind the branch that it ends.
                BranchScope::Else { .. } => at + 1,
                BranchScope::None | BranchScope::End { .. } => {
                    self.component(chain, component, at, into)?
                }
            };
        }
        Ok(())
    }

    /// A condition with its branches; answers where to go on.
    fn when<'u>(
        &mut self,
        chain: &[Component<'u>],
        component: &Component<'u>,
        (at, inline, otherwise, end): (usize, Option<usize>, Option<usize>, usize),
        into: &mut Target<'_>,
    ) -> Result<usize, Error> {
        let before = self.texts.clone();
        let mut inner = Notes::new();
        let mut next = end.max(at + 1);
        let mut then = TransformSpec::default();
        let mut branch = Target {
            spec: &mut then,
            notes: &mut inner,
        };
        match inline {
            Some(at) => next = next.max(self.component(chain, component, at, &mut branch)?),
            None => self.part(chain, at + 1, otherwise.unwrap_or(end), &mut branch)?,
        }
        let taken = std::mem::replace(&mut self.texts, before);
        let mut alternative = TransformSpec::default();
        let mut branch = Target {
            spec: &mut alternative,
            notes: &mut inner,
        };
        if let Some(at) = otherwise
            && let Some(component) = chain.get(at)
        {
            next = next.max(match component.branch {
                BranchScope::Else {
                    inline: false, end, ..
                } => {
                    self.part(chain, at + 1, index(end), &mut branch)?;
                    index(end)
                }
                _ => self.component(chain, component, at, &mut branch)?,
            });
        }
        self.texts = std::mem::take(&mut self.texts).join(&taken);
        let condition = match component.last(ParamKey::If).map(|param| &param.value) {
            Some(Value::Condition(condition)) => expr(condition, None),
            _ => return Ok(next),
        };
        let op = Op::When(Box::new(When {
            condition,
            then,
            otherwise: alternative,
        }));
        finish(op, component.text, inner, into);
        Ok(next)
    }

    /// A component that is no condition, or what is left of it, or the layer that it opens; answers
    /// where to go on.
    fn component<'u>(
        &mut self,
        chain: &[Component<'u>],
        component: &Component<'u>,
        at: usize,
        into: &mut Target<'_>,
    ) -> Result<usize, Error> {
        if let (BranchScope::None, Some(param)) = (component.branch, component.last(ParamKey::If)) {
            into.notes.push(Note {
                level: NoteLevel::Ignored,
                parameter: param.text.into(),
                message: "no condition is open here".into(),
            });
        }
        for param in component.all(ParamKey::Variable) {
            if let Value::Assignment(set) = &param.value {
                self.texts.set(set.name, &set.value);
                let op = Op::Let(Box::new(Let {
                    name: set.name.into(),
                    value: expr(&set.value, None),
                }));
                into.notes.extend(note_of(op.support(), param.text));
                into.spec.ops.push(op);
            }
        }
        if let LayerScope::Opens { close } = component.layer {
            let close = index(close).max(at);
            self.layer(chain, component, (at, close), into)?;
            return Ok(close + 1);
        }
        self.named(component, into)?;
        let before = into.spec.ops.len();
        Reader {
            component,
            hidden: KeySet::default(),
            layer: self.inside,
            texts: &self.texts,
            leading: self.leading.as_ref().filter(|_| !self.inside),
            spec: into.spec,
            notes: into.notes,
        }
        .read()?;
        if self.inside && layer::is_relative(component) {
            layer::relate(into.spec.ops.get_mut(before..).unwrap_or_default());
        }
        Ok(at + 1)
    }

    fn layer<'u>(
        &mut self,
        chain: &[Component<'u>],
        opening: &Component<'u>,
        (open, close): (usize, usize),
        into: &mut Target<'_>,
    ) -> Result<(), Error> {
        let frame = Frame {
            opening,
            closing: chain.get(close).unwrap_or(opening),
            inner: chain.get(open + 1..close).unwrap_or_default(),
            first: open + 1,
            alone: open == close,
        };
        let Some((param, layer, under)) = frame.named() else {
            return Ok(());
        };
        let mut notes = Notes::new();
        let mut spec = TransformSpec::default();
        let source = frame.source(param, layer, self.rules, &self.texts, &mut notes)?;
        let mut inner = Target {
            spec: &mut spec,
            notes: &mut notes,
        };
        self.own(&frame, opening, &mut inner)?;
        // Settings of the result beside a layer are the whole picture's; inside it they say nothing.
        // Assumed.
        let settings = std::mem::take(&mut inner.spec.output);
        into.spec.output.merge(settings);
        if !frame.alone {
            let outside = std::mem::replace(&mut self.inside, true);
            self.part(chain, open + 1, close, &mut inner)?;
            self.inside = outside;
            if std::mem::take(&mut inner.spec.output) != Output::default() {
                into.notes.push(Note {
                    level: NoteLevel::Ignored,
                    parameter: output::first(frame.inner).unwrap_or(opening.text).into(),
                    message: "how a result is written means nothing inside a layer".into(),
                });
            }
            self.own(&frame, frame.closing, &mut inner)?;
            let settings = std::mem::take(&mut inner.spec.output);
            into.spec.output.merge(settings);
        }
        if let Some(asset) = spec.default_image.take() {
            into.spec.default_image = Some(asset);
        }
        let overlay = frame.overlay(source, under, spec, &self.texts, &mut notes);
        finish(Op::Overlay(Box::new(overlay)), opening.text, notes, into);
        Ok(())
    }

    /// A component that opens or closes a layer, as far as it works on the layer itself.
    fn own<'u>(
        &mut self,
        frame: &Frame<'_, 'u>,
        component: &Component<'u>,
        into: &mut Target<'_>,
    ) -> Result<(), Error> {
        self.named(component, into)?;
        let before = into.spec.ops.len();
        Reader {
            component,
            hidden: frame.hidden(component),
            layer: true,
            texts: &self.texts,
            leading: None,
            spec: into.spec,
            notes: into.notes,
        }
        .read()?;
        if frame.is_relative() {
            layer::relate(into.spec.ops.get_mut(before..).unwrap_or_default());
        }
        Ok(())
    }

    fn named(&mut self, component: &Component<'_>, into: &mut Target<'_>) -> Result<(), Error> {
        for key in [ParamKey::Baseline, ParamKey::Transformation] {
            if let Some(param) = component.last(key)
                && let Value::Names(names) = &param.value
            {
                self.expand(names.as_str(), param.text, into)?;
            }
        }
        Ok(())
    }

    /// Reads stored chains in the place of their names. What stands beside the name in its component
    /// is read after it, so the URL's own values win.
    fn expand(&mut self, names: &str, written: &str, into: &mut Target<'_>) -> Result<(), Error> {
        // A stored name may itself contain a dot.
        let whole = self.rules.named.contains_key(names);
        let names: Vec<&str> = if whole {
            vec![names]
        } else {
            names.split('.').collect()
        };
        for name in names {
            let Some(stored) = self.rules.named.get(name) else {
                into.notes.push(Note {
                    level: NoteLevel::Unsupported,
                    parameter: written.into(),
                    message: "no named transformation of this name is configured".into(),
                });
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
            self.part(&chain.components, 0, chain.components.len(), into)?;
            if let Some(format) = chain.extension.and_then(Format::from_extension) {
                into.spec.output.set_format(FormatChoice::Named(format));
            }
            self.named.pop();
        }
        Ok(())
    }
}

/// Adds an op that holds others: where it is left out as a whole, one note says so for all.
fn finish(op: Op, parameter: &str, inner: Notes, into: &mut Target<'_>) {
    let support = op.support();
    into.notes.extend(note_of(support, parameter));
    if support.is_rendered() {
        into.notes.extend(inner);
    }
    into.spec.ops.push(op);
}

fn index(written: u32) -> usize {
    usize::try_from(written).unwrap_or(usize::MAX)
}
