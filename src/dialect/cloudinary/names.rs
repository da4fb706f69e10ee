//! Names under which parameters are counted: the key, with the word that decides where one does.

use super::{Rules, options};
use crate::dialect::Error;
use crate::grammar::{self, ParamKey, UrlText};

/// Longest name in bytes: a value is the client's to choose.
const MAX_NAME: usize = 48;

/// Tells the name of every parameter in a URL, as often as it stands there: `w`, `c_fill`,
/// `e_sepia`, `l_text`. Stored chains are not looked into.
///
/// # Errors
/// [`Error::Syntax`] as for [`read`](super::read).
pub fn parameters(rules: &Rules, target: &str, mut tell: impl FnMut(&str)) -> Result<(), Error> {
    let text = UrlText::new(target);
    let url = grammar::parse(&text, &options(rules, target))?;
    for param in url.chain.iter().flat_map(|component| &component.params) {
        if param.key == ParamKey::Flags {
            let flags = param.text.strip_prefix("fl_").unwrap_or(param.text);
            for flag in flags.split('.') {
                tell(cut(&format!("fl_{}", head(flag))));
            }
        } else {
            tell(parameter_name(param.text));
        }
    }
    Ok(())
}

/// The name of the parameter that a note or an error tells of: `e_art` for `e_art:audrey`. Of a
/// whole component it is the one that layers and conditions begin with.
#[must_use]
pub fn parameter_name(text: &str) -> &str {
    let opens = |piece: &&str| {
        ["if_", "l_", "u_"]
            .iter()
            .any(|start| piece.starts_with(start))
    };
    let first = text.split(',').next().unwrap_or_default();
    let piece = text.split(',').find(opens).unwrap_or(first);
    if piece.starts_with('$') {
        return "$";
    }
    if piece.starts_with("s--") {
        return "signature";
    }
    let Some((key, value)) = piece.split_once('_') else {
        return cut(piece);
    };
    // Where the value's first word decides what is done, it belongs to the name.
    let word = match key {
        "c" | "e" | "f" | "fl" | "fn" => head(value),
        "l" | "u" => ["text", "fetch", "video", "subtitles", "lut"]
            .into_iter()
            .find(|kind| head(value) == *kind && value.len() > kind.len())
            .unwrap_or_default(),
        _ => "",
    };
    let length = if word.is_empty() {
        key.len()
    } else {
        key.len() + 1 + word.len()
    };
    cut(piece.get(..length).unwrap_or(piece))
}

/// What stands before the first argument.
fn head(value: &str) -> &str {
    value.split([':', '.', '$', '!']).next().unwrap_or_default()
}

fn cut(name: &str) -> &str {
    let end = (0..=MAX_NAME.min(name.len()))
        .rev()
        .find(|&end| name.is_char_boundary(end));
    name.get(..end.unwrap_or_default()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{MAX_NAME, Rules, parameter_name, parameters};

    #[test]
    fn a_name_is_the_key_and_the_word_that_decides() {
        for (text, name) in [
            ("w_300", "w"),
            ("c_fill", "c_fill"),
            ("e_art:audrey", "e_art"),
            ("f_auto:image", "f_auto"),
            ("l_text:Arial_20:Hello", "l_text"),
            ("l_badge", "l"),
            ("w_20,l_badge", "l"),
            ("if_w_gt_300,c_scale,w_20", "if"),
            ("$size_30", "$"),
            ("s--abcdefgh--", "signature"),
            ("", ""),
        ] {
            assert_eq!(parameter_name(text), name, "{text}");
        }
        let long = format!("e_{}", "é".repeat(MAX_NAME));
        assert!(parameter_name(&long).len() <= MAX_NAME);
    }

    #[test]
    fn every_parameter_is_told_as_often_as_it_stands_there() {
        let mut told = Vec::new();
        let url = "/demo/image/upload/c_fill,w_1,h_1/w_2,fl_lossy.progressive/a.jpg";
        parameters(&Rules::default(), url, |name| told.push(name.to_owned())).expect("a URL");
        assert_eq!(
            told,
            ["c_fill", "w", "h", "w", "fl_lossy", "fl_progressive"]
        );
    }
}
