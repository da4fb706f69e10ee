//! A table of the file, read key by key. Every key that is asked for is known; what is left over at
//! the end was a mistake.

use std::cell::RefCell;
use std::collections::BTreeSet;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::problem::{Fault, Sink, nearest};

/// A value, as the toml crate reads it.
pub(super) type Value<'t> = DeValue<'t>;

/// Where problems and asked keys are gathered for the whole file.
pub(super) struct Context<'t> {
    pub(super) sink: Sink<'t>,
    /// Every key that was asked for, as `section.key`: the shape of the configuration.
    pub(super) asked: RefCell<BTreeSet<String>>,
}

/// One table.
pub(super) struct Section<'t, 'c> {
    context: &'c Context<'t>,
    /// As messages name it: empty for the whole file.
    name: &'static str,
    table: Option<&'c DeTable<'t>>,
    /// Its first byte.
    at: usize,
    asked: Vec<&'static str>,
}

impl<'t, 'c> Section<'t, 'c> {
    /// The whole file.
    pub(super) const fn root(context: &'c Context<'t>, table: &'c DeTable<'t>) -> Self {
        Self {
            context,
            name: "",
            table: Some(table),
            at: 0,
            asked: Vec::new(),
        }
    }

    fn child(&self, name: &'static str, table: Option<&'c DeTable<'t>>, at: usize) -> Self {
        Self {
            context: self.context,
            name,
            table,
            at,
            asked: Vec::new(),
        }
    }

    fn ask(&mut self, key: &'static str) -> Option<&'c Spanned<Value<'t>>> {
        self.asked.push(key);
        let path = if self.name.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.name)
        };
        self.context.asked.borrow_mut().insert(path);
        self.table?.get(key)
    }

    /// The value of a key, if it is there and can be read; if it cannot, that is a problem.
    pub(super) fn get<T>(
        &mut self,
        key: &'static str,
        read: impl FnOnce(&Value<'t>) -> Result<T, Fault>,
    ) -> Option<T> {
        let value = self.ask(key)?;
        match read(value.get_ref()) {
            Ok(value) => Some(value),
            Err(mut fault) => {
                fault.message = format!("`{key}` {}", fault.message);
                self.context.sink.add(value.span().start, fault);
                None
            }
        }
    }

    /// As [`Section::get`]; without the key, or when it is wrong, the default.
    pub(super) fn or<T>(
        &mut self,
        key: &'static str,
        read: impl FnOnce(&Value<'t>) -> Result<T, Fault>,
        default: T,
    ) -> T {
        self.get(key, read).unwrap_or(default)
    }

    /// As [`Section::get`]; a missing key is a problem too.
    pub(super) fn need<T>(
        &mut self,
        key: &'static str,
        read: impl FnOnce(&Value<'t>) -> Result<T, Fault>,
        example: &str,
    ) -> Option<T> {
        if !self.has(key) {
            self.ask(key);
            self.wrong(
                None,
                Fault::new(format!("{} needs `{key}`", self.title())).hint(example),
            );
            return None;
        }
        self.get(key, read)
    }

    /// Whether the key is written.
    pub(super) fn has(&self, key: &str) -> bool {
        self.table.is_some_and(|table| table.contains_key(key))
    }

    /// The section that a key holds. Without it an empty one, so that defaults are read in one way.
    pub(super) fn table(&mut self, key: &'static str, name: &'static str) -> Self {
        let Some(value) = self.ask(key) else {
            return self.child(name, None, self.at);
        };
        let at = value.span().start;
        let table = value.get_ref().as_table();
        if table.is_none() {
            self.wrong(
                Some(key),
                Fault::new(format!("`{key}` must be a section, [{name}]")),
            );
        }
        self.child(name, table, at)
    }

    /// The sections that a key holds, `[[key]]` each.
    pub(super) fn tables(&mut self, key: &'static str) -> Vec<Self> {
        let Some(value) = self.ask(key) else {
            return Vec::new();
        };
        let items = value.get_ref().as_array();
        let tables: Option<Vec<_>> = items.map(|items| {
            items
                .iter()
                .filter_map(|item| {
                    let table = item.get_ref().as_table()?;
                    Some(self.child(key, Some(table), item.span().start))
                })
                .collect()
        });
        let whole = items.map(|items| items.iter().count()) == tables.as_ref().map(Vec::len);
        if !whole || tables.is_none() {
            self.wrong(
                Some(key),
                Fault::new(format!("`{key}` must be written as [[{key}]] sections")),
            );
        }
        tables.unwrap_or_default()
    }

    /// Keys that the owner chooses, each with its value and place.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&'c str, &'c Value<'t>, usize)> {
        self.table.into_iter().flatten().map(|(key, value)| {
            let name: &str = key.get_ref();
            (name, value.get_ref(), key.span().start)
        })
    }

    /// A problem at a key's value, or at the section itself.
    pub(super) fn wrong(&self, key: Option<&str>, fault: Fault) {
        let place = key.and_then(|key| self.table?.get(key));
        let at = place.map_or(self.at, |value| value.span().start);
        self.context.sink.add(at, fault);
    }

    /// A problem at a byte of the text.
    pub(super) fn wrong_at(&self, at: usize, fault: Fault) {
        self.context.sink.add(at, fault);
    }

    /// How messages name the section.
    pub(super) fn title(&self) -> String {
        match self.name {
            "" => "the file".to_owned(),
            name @ ("origin" | "endpoint") => format!("[[{name}]]"),
            name => format!("[{name}]"),
        }
    }

    /// Reports every key that nobody asked for.
    pub(super) fn finish(self) {
        for (key, _, at) in self.entries() {
            if self.asked.contains(&key) {
                continue;
            }
            let key: String = key.chars().take(60).collect();
            let mut fault = Fault::new(format!("unknown key `{key}` in {}", self.title()));
            fault.hint = nearest(&key, self.asked.iter().copied());
            self.context.sink.add(at, fault);
        }
    }
}
