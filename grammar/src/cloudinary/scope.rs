//! Which component closes which: layers and conditions, in one walk with a stack.

use smallvec::SmallVec;

use super::{Limits, fault};
use crate::ast::{BranchScope, Component, LayerScope};
use crate::error::{ErrorKind, Parsed};
use crate::params::{FlagName, ParamKey};
use crate::text::offset;
use crate::value::Value;

/// Something open, by the index of its component.
enum Open {
    Layer(usize),
    /// A condition whose branch is made of components.
    Block(usize),
}

/// What a component says about conditions.
enum Word {
    If,
    Else,
    End,
}

fn word(component: &Component<'_>) -> Option<Word> {
    component.last(ParamKey::If).map(|param| match param.value {
        Value::Else => Word::Else,
        Value::End => Word::End,
        _ => Word::If,
    })
}

/// Fills in [`Component::layer`] and [`Component::branch`].
///
/// Each `fl_layer_apply` closes the nearest open layer; a layer that nothing closes stands alone. A condition without
/// `if_end` goes to the end of the chain, or of the layer that it is in; an `if_end` without a condition ends nothing.
pub(super) fn link(chain: &mut [Component<'_>], limits: &Limits) -> Parsed<()> {
    // More ends than blocks: some close conditions of one component, which need none.
    let (mut blocks, mut ends) = (0usize, 0usize);
    for component in &*chain {
        match word(component) {
            Some(Word::If) if component.params.len() == 1 => blocks += 1,
            Some(Word::End) => ends += 1,
            _ => {}
        }
    }
    let mut spare_ends = ends.saturating_sub(blocks);
    let mut open: SmallVec<[Open; 8]> = SmallVec::new();
    // The condition of one component that the next may belong to.
    let mut inline: Option<usize> = None;
    for at in 0..chain.len() {
        let Some(component) = chain.get(at) else {
            break;
        };
        let span = component.span;
        let is_layer = component
            .params
            .iter()
            .any(|param| matches!(param.key, ParamKey::Overlay | ParamKey::Underlay));
        let applies = component.all(ParamKey::Flags).any(
            |param| matches!(&param.value, Value::Flags(flags) if flags.has(FlagName::LayerApply)),
        );
        let alone = component.params.len() == 1;
        let before = inline.take();
        match word(component) {
            Some(Word::If) if alone => {
                open.push(Open::Block(at));
                set(
                    chain,
                    at,
                    BranchScope::If {
                        inline: false,
                        otherwise: None,
                        end: 0,
                    },
                );
            }
            Some(Word::If) => {
                inline = Some(at);
                set(
                    chain,
                    at,
                    BranchScope::If {
                        inline: true,
                        otherwise: None,
                        end: offset(at + 1),
                    },
                );
            }
            Some(Word::Else) => match before {
                Some(condition) if !has_else(chain, condition) => {
                    // The alternative of a condition of one component: one component too, or a block with an end of its own.
                    let inline_else = !alone;
                    if inline_else {
                        inline = Some(condition);
                    } else {
                        open.push(Open::Block(condition));
                        spare_ends = spare_ends.saturating_sub(1);
                    }
                    set(
                        chain,
                        condition,
                        BranchScope::If {
                            inline: true,
                            otherwise: Some(offset(at)),
                            end: offset(at + 1),
                        },
                    );
                    set(
                        chain,
                        at,
                        BranchScope::Else {
                            inline: inline_else,
                            open: offset(condition),
                            end: offset(at + 1),
                        },
                    );
                }
                _ => {
                    let Some(condition) = innermost_block(&mut open) else {
                        return fault(
                            ErrorKind::ElseWithoutIf,
                            span,
                            "if_else",
                            "no condition is open here",
                        );
                    };
                    match chain
                        .get_mut(condition)
                        .map(|component| &mut component.branch)
                    {
                        Some(BranchScope::If {
                            otherwise: otherwise @ None,
                            ..
                        }) => *otherwise = Some(offset(at)),
                        _ => {
                            return fault(
                                ErrorKind::ElseWithoutIf,
                                span,
                                "if_else",
                                "the condition has an alternative already",
                            );
                        }
                    }
                    set(
                        chain,
                        at,
                        BranchScope::Else {
                            inline: false,
                            open: offset(condition),
                            end: 0,
                        },
                    );
                }
            },
            Some(Word::End) => {
                let condition = match before {
                    Some(condition) if spare_ends > 0 => {
                        spare_ends -= 1;
                        Some(condition)
                    }
                    _ => {
                        let condition = innermost_block(&mut open);
                        if condition.is_some() {
                            open.pop();
                        }
                        condition
                    }
                };
                if let Some(condition) = condition {
                    close(chain, condition, at);
                    let open = offset(condition);
                    set(chain, at, BranchScope::End { open });
                }
            }
            None => {}
        }
        if is_layer {
            set_layer(chain, at, LayerScope::Opens { close: offset(at) });
            if !applies {
                open.push(Open::Layer(at));
            }
        } else if applies {
            let Some(depth) = open.iter().rposition(|open| matches!(open, Open::Layer(_))) else {
                return fault(
                    ErrorKind::ApplyWithoutLayer,
                    span,
                    "fl_layer_apply",
                    "no layer is open here",
                );
            };
            let mut layer = at;
            for inner in open.drain(depth..) {
                match inner {
                    Open::Layer(opened) => layer = opened,
                    // A condition left open inside the layer ends with it.
                    Open::Block(condition) => close(chain, condition, at),
                }
            }
            set_layer(chain, layer, LayerScope::Opens { close: offset(at) });
            set_layer(
                chain,
                at,
                LayerScope::Closes {
                    open: offset(layer),
                },
            );
        }
        if open.len() > limits.nesting {
            return fault(
                ErrorKind::TooDeep,
                span,
                "",
                "layers and conditions are nested deeper than allowed",
            );
        }
    }
    let end = chain.len();
    for left in open {
        if let Open::Block(condition) = left {
            close(chain, condition, end);
        }
    }
    Ok(())
}

/// The nearest open block. Layers opened inside it and not closed stand alone.
fn innermost_block(open: &mut SmallVec<[Open; 8]>) -> Option<usize> {
    let depth = open
        .iter()
        .rposition(|open| matches!(open, Open::Block(_)))?;
    open.truncate(depth + 1);
    match open.last() {
        Some(Open::Block(condition)) => Some(*condition),
        _ => None,
    }
}

fn has_else(chain: &[Component<'_>], condition: usize) -> bool {
    matches!(
        chain.get(condition).map(|component| component.branch),
        Some(BranchScope::If {
            otherwise: Some(_),
            ..
        })
    )
}

fn close(chain: &mut [Component<'_>], condition: usize, at: usize) {
    let mut alternative = None;
    if let Some(BranchScope::If { otherwise, end, .. }) = chain
        .get_mut(condition)
        .map(|component| &mut component.branch)
    {
        *end = offset(at);
        alternative = *otherwise;
    }
    let alternative = alternative
        .and_then(|at| usize::try_from(at).ok())
        .and_then(|at| chain.get_mut(at));
    if let Some(BranchScope::Else { end, .. }) = alternative.map(|component| &mut component.branch)
    {
        *end = offset(at);
    }
}

fn set(chain: &mut [Component<'_>], at: usize, branch: BranchScope) {
    if let Some(component) = chain.get_mut(at) {
        component.branch = branch;
    }
}

fn set_layer(chain: &mut [Component<'_>], at: usize, layer: LayerScope) {
    if let Some(component) = chain.get_mut(at) {
        component.layer = layer;
    }
}
