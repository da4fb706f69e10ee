//! Environment variables that stand for keys of the file: `CLDGATE__SECTION__KEY`.
//!
//! ```text
//! CLDGATE__LISTEN=0.0.0.0:8080             listen = "0.0.0.0:8080"
//! CLDGATE__CACHE__MEMORY=1GiB              [cache] memory = "1GiB"
//! CLDGATE__ORIGIN__BACKUP__BUCKET=acme     bucket of the [[origin]] with name = "backup"
//! ```
//!
//! A value is read as TOML where it is TOML (`true`, `8`, `["a", "b"]`, `{ env = "NAME" }`) and as a
//! plain text elsewhere. Names of origins and endpoints are written in capitals, with `_` for every
//! character that is no letter or digit. The variables win over the file, and are checked as it is.

use std::borrow::Cow;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::problem::{Fault, Sink};

/// What every such variable begins with.
pub(super) const PREFIX: &str = "CLDGATE__";

/// Sections that are lists, with members told apart by their names.
const LISTS: [&str; 2] = ["origin", "endpoint"];

/// One variable that is set.
pub(super) struct Override {
    /// Its whole name.
    pub(super) name: String,
    /// Its value.
    pub(super) value: String,
}

/// The variables of this process, in the order of their names. What is no UTF-8 is passed over.
pub(super) fn from_environment() -> Vec<Override> {
    let mut all: Vec<_> = std::env::vars_os()
        .filter_map(|(name, value)| {
            let (name, value) = (name.into_string().ok()?, value.into_string().ok()?);
            name.starts_with(PREFIX).then_some(Override { name, value })
        })
        .collect();
    all.sort_by(|a, b| a.name.cmp(&b.name));
    all
}

/// Puts the variables into the table as if they had been written there.
pub(super) fn apply<'t>(table: &mut DeTable<'t>, overrides: &'t [Override], sink: &Sink<'_>) {
    for (n, given) in overrides.iter().enumerate() {
        let place = sink.place_of_override(n);
        let path = given.name.get(PREFIX.len()..).unwrap_or_default();
        let mut parts: Vec<String> = path.split("__").map(str::to_lowercase).collect();
        let key = parts.pop().unwrap_or_default();
        let parent = match parts.as_slice() {
            [] => Some(&mut *table),
            [list, name] if LISTS.contains(&list.as_str()) => member(table, list, name),
            [list, name, below] if LISTS.contains(&list.as_str()) => {
                member(table, list, name).and_then(|member| section(member, below, &place))
            }
            [name] if !LISTS.contains(&name.as_str()) => section(table, name, &place),
            _ => None,
        };
        match parent {
            Some(parent) if !key.is_empty() => {
                let value = Spanned::new(place.clone(), value(&given.value));
                let key: Cow<'t, str> = Cow::Owned(key);
                // A key in the file keeps its place in the map; the value is what counts.
                parent.remove(key.as_ref());
                parent.insert(Spanned::new(place, key), value);
            }
            _ => sink.add(
                place.start,
                Fault::new("names no section of the configuration")
                    .hint("write CLDGATE__SECTION__KEY, CLDGATE__ORIGIN__NAME__KEY or CLDGATE__ENDPOINT__NAME__KEY"),
            ),
        }
    }
}

/// The table below a key, made where it is missing; `None` where something else stands there.
fn section<'a, 't>(
    table: &'a mut DeTable<'t>,
    name: &str,
    place: &Range<usize>,
) -> Option<&'a mut DeTable<'t>> {
    if !table.contains_key(name) {
        table.insert(
            Spanned::new(place.clone(), Cow::Owned(name.to_owned())),
            Spanned::new(place.clone(), DeValue::Table(DeTable::new())),
        );
    }
    match table.get_mut(name)?.get_mut() {
        DeValue::Table(inner) => Some(inner),
        _ => None,
    }
}

/// The `[[list]]` section whose `name` is this one.
fn member<'a, 't>(
    table: &'a mut DeTable<'t>,
    list: &str,
    name: &str,
) -> Option<&'a mut DeTable<'t>> {
    let DeValue::Array(items) = table.get_mut(list)?.get_mut() else {
        return None;
    };
    items.iter_mut().find_map(|item| match item.get_mut() {
        DeValue::Table(inner) => {
            let own = inner.get("name")?.get_ref().as_str().map(spelled)?;
            (own == name).then_some(inner)
        }
        _ => None,
    })
}

/// A name as variables write it, in small letters.
fn spelled(name: &str) -> String {
    name.chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_lowercase()
            } else {
                '_'
            }
        })
        .collect()
}

/// A value that is TOML as what it says, anything else as text. An address or a size is no TOML
/// value, and a bare word is a text.
fn value(text: &str) -> DeValue<'_> {
    match DeValue::parse(text.trim()) {
        Ok(value) => value.into_inner(),
        Err(_) => DeValue::String(Cow::Borrowed(text)),
    }
}
