//! The size that a drawing's root names, brought to what the parser understands as browsers do.

use std::ops::Range;

use resvg::usvg::roxmltree::{Attribute, Node};

/// Pixels of a side that is not named beside one that is, without a `viewBox`: the default of CSS.
const DEFAULT: [&str; 2] = ["300", "150"];

/// Pixels of a `rem`, and of a `Q`: a quarter of a millimetre.
const REM: f64 = 16.0;
const Q: f64 = 96.0 / 25.4 / 4.0;

/// The document with other sides; `None` where they are fine as they are.
pub(super) fn mended(text: &str, root: Node<'_, '_>) -> Option<String> {
    let sides = ["width", "height"].map(|name| root.attribute_node(name));
    let lengths = sides.map(|side| side.and_then(|side| length(side.value())));
    let boxed = root.has_attribute("viewBox");
    let mut changes: Vec<(Range<usize>, String)> = Vec::new();
    for n in 0..2 {
        let (side, length, other) = (sides[n], &lengths[n], &lengths[1 - n]);
        match (side, length) {
            (Some(side), Some(length)) if length != side.value() => {
                changes.push((value(side), length.clone()));
            }
            (Some(_), Some(_)) => {}
            // Shares of nothing, and what is no length, count as not named.
            (Some(side), None) if boxed => changes.push((side.range(), String::new())),
            (Some(side), None) if other.is_some() => {
                changes.push((value(side), DEFAULT[n].to_owned()));
            }
            (None, None) if !boxed && other.is_some() => {
                let name = ["width", "height"][n];
                let at = sides[1 - n].map_or(0, |other| other.range().start);
                changes.push((at..at, format!("{name}=\"{}\" ", DEFAULT[n])));
            }
            _ => {}
        }
    }
    changes.sort_by_key(|(range, _)| std::cmp::Reverse(range.start));
    let mut mended = (!changes.is_empty()).then(|| text.to_owned())?;
    for (range, with) in changes {
        // Both ends were found in this text.
        if mended.get(range.clone()).is_some() {
            mended.replace_range(range, &with);
        }
    }
    Some(mended)
}

fn value(attribute: Attribute<'_, '_>) -> Range<usize> {
    attribute.range_value()
}

/// A length in units that the parser knows. `None` for shares and for what is no length.
fn length(value: &str) -> Option<String> {
    let value = value.trim();
    let end = value
        .char_indices()
        .find(|&(at, c)| c.is_ascii_alphabetic() && !is_exponent(value, at) || c == '%')
        .map_or(value.len(), |(at, _)| at);
    let (number, unit) = value.split_at(end);
    let pixels: f64 = number.parse().ok().filter(|n: &f64| n.is_finite())?;
    match unit.to_ascii_lowercase().as_str() {
        "" | "px" | "pt" | "pc" | "mm" | "cm" | "in" | "em" | "ex" => Some(value.to_owned()),
        "rem" => Some((pixels * REM).to_string()),
        "q" => Some((pixels * Q).to_string()),
        _ => None,
    }
}

/// Whether a letter is that of a power of ten: `1e2`, and not `1em`.
fn is_exponent(value: &str, at: usize) -> bool {
    let rest = value.get(at + 1..).unwrap_or_default();
    let rest = rest.strip_prefix(['+', '-']).unwrap_or(rest);
    rest.starts_with(|c: char| c.is_ascii_digit())
}
