//! Stored transformations as the service's own interface for administrators lists them, to chains in
//! the URL language.
//!
//! A definition is a list of components; each is either the text of a chain (`raw_transformation`) or
//! an object whose keys are long names (`width`) or those of the URL (`w`).

use serde_json::{Map, Value};

use crate::grammar::params::PARAMS;
use crate::grammar::{self, Limits, UrlText};

/// A stored chain, or why it cannot be had from this text.
pub type Definition = (String, Result<String, String>);

/// Deepest list inside a definition.
const MAX_DEPTH: usize = 4;

/// The named transformations in an answer: one object or a list of them, with or without the list's
/// envelope, or plain names with chains.
///
/// # Errors
/// What is wrong where the text is no such answer.
pub fn named_transformations(json: &str) -> Result<Vec<Definition>, String> {
    let value: Value = serde_json::from_str(json).map_err(|error| error.to_string())?;
    let list = match &value {
        Value::Array(list) => list.iter().collect(),
        Value::Object(object) => match object.get("transformations") {
            Some(Value::Array(list)) => list.iter().collect(),
            _ if object.contains_key("name") => vec![&value],
            _ if !object.is_empty() && object.values().all(Value::is_string) => {
                return Ok(object
                    .iter()
                    .map(|(name, chain)| {
                        (
                            plain(name),
                            checked(chain.as_str().unwrap_or_default().into()),
                        )
                    })
                    .collect());
            }
            _ => {
                return Err(
                    "expected an object with `transformations`, or with `name` and `info`".into(),
                );
            }
        },
        _ => return Err("expected an object or a list".into()),
    };
    let mut found = Vec::new();
    for item in list {
        let Some(name) = item.get("name").and_then(Value::as_str) else {
            found.push((String::new(), Err("it has no `name`".into())));
            continue;
        };
        // Every chain that was ever used is in the list; most are nobody's name.
        if item.get("named") == Some(&Value::Bool(false)) {
            continue;
        }
        let definition = match (item.get("info"), item.get("transformation")) {
            (Some(info), _) | (None, Some(info)) => chain(info, 0).and_then(checked),
            (None, None) => {
                Err("it has no `info`: the list leaves it out, ask for this name alone".into())
            }
        };
        found.push((plain(name), definition));
    }
    Ok(found)
}

/// Lists show names as URLs do.
fn plain(name: &str) -> String {
    name.strip_prefix("t_").unwrap_or(name).to_owned()
}

/// A chain that can be read.
fn checked(chain: String) -> Result<String, String> {
    if chain.is_empty() {
        return Err("it is empty".into());
    }
    check_chain(&chain)?;
    Ok(chain)
}

/// Whether a chain can be read, as named transformations are stored.
///
/// # Errors
/// What is wrong with it.
pub fn check_chain(chain: &str) -> Result<(), String> {
    grammar::parse_chain(&UrlText::chain(chain), &Limits::default())
        .map(|_| ())
        .map_err(|error| error.to_string())
}

fn chain(info: &Value, depth: usize) -> Result<String, String> {
    match info {
        Value::String(text) => Ok(text.trim_matches('/').to_owned()),
        Value::Array(list) if depth < MAX_DEPTH => {
            let parts: Result<Vec<_>, _> = list.iter().map(|item| chain(item, depth + 1)).collect();
            Ok(parts?.join("/"))
        }
        Value::Object(object) => component(object, depth),
        other => Err(format!("{other} is no transformation")),
    }
}

fn component(object: &Map<String, Value>, depth: usize) -> Result<String, String> {
    if let Some(raw) = object.get("raw_transformation")
        && object.len() == 1
    {
        return chain(raw, depth);
    }
    let mut params = Vec::new();
    for (key, value) in object {
        match key.as_str() {
            "raw_transformation" => params.push(text(key, value)?),
            "variables" => {
                for pair in value.as_array().into_iter().flatten() {
                    let (Some(name), Some(value)) = (pair.get(0), pair.get(1)) else {
                        return Err(format!("{pair} is no variable"));
                    };
                    let name = text(key, name)?;
                    params.push(format!(
                        "${}_{}",
                        name.trim_start_matches('$'),
                        text(key, value)?
                    ));
                }
            }
            "transformation" => params.push(format!("t_{}", text(key, value)?)),
            "offset" => {
                let [start, end] = value.as_array().map_or(&[][..], Vec::as_slice) else {
                    return Err("`offset` has no start and end".into());
                };
                params.push(format!("so_{},eo_{}", text(key, start)?, text(key, end)?));
            }
            name if name.starts_with('$') => params.push(format!("{name}_{}", text(key, value)?)),
            _ => params.push(format!("{}_{}", spelling(key)?, text(key, value)?)),
        }
    }
    // Variables stand before what uses them, and a condition before its branch.
    params.sort_by_key(|param| (!param.starts_with('$'), !param.starts_with("if_")));
    Ok(params.join(","))
}

/// Long names that SDKs write beside those of messages.
const ALIASES: &[(&str, &str)] = &[("fetch_format", "f"), ("flags", "fl"), ("page", "pg")];

fn spelling(key: &str) -> Result<&'static str, String> {
    if let Some((_, spelling)) = ALIASES.iter().find(|(alias, _)| *alias == key) {
        return Ok(spelling);
    }
    PARAMS
        .iter()
        .find(|row| row.long_name == key || row.spelling == key)
        .map(|row| row.spelling)
        .ok_or_else(|| format!("`{key}` is no parameter"))
}

fn text(key: &str, value: &Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        // Flags, names and corners; what is joined otherwise comes joined.
        Value::Array(list) => {
            let separator = if key == "radius" || key == "effect" {
                ":"
            } else {
                "."
            };
            let parts: Result<Vec<_>, _> = list.iter().map(|item| text(key, item)).collect();
            Ok(parts?.join(separator))
        }
        other => Err(format!("`{key}`: {other} is no value")),
    }
}
