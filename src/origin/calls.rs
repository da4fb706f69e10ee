//! How often each origin was asked, by kind of call: what a bill and a rate limit count.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

/// A kind of call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// Keys below a prefix; each page is one call.
    List,
    /// What is known of one object, without its bytes.
    Head,
    /// An object's bytes, or a range of them.
    Get,
    /// An object written.
    Put,
    /// An object removed.
    Delete,
}

impl Call {
    /// All of them, in the order in which they are told.
    pub const ALL: [Self; 5] = [Self::List, Self::Head, Self::Get, Self::Put, Self::Delete];

    /// The word in metrics.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Head => "head",
            Self::Get => "get",
            Self::Put => "put",
            Self::Delete => "delete",
        }
    }
}

/// Calls to one origin since the start. An attempt that is repeated counts once.
#[derive(Debug, Default)]
pub struct Calls([AtomicU64; Call::ALL.len()]);

impl Calls {
    /// One call more.
    pub fn count(&self, call: Call) {
        if let Some(counter) = self.0.get(call as usize) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// So many calls of this kind.
    #[must_use]
    pub fn get(&self, call: Call) -> u64 {
        self.0
            .get(call as usize)
            .map_or(0, |counter| counter.load(Ordering::Relaxed))
    }
}

/// The counters of all origins by name. They outlive a reload of the configuration.
#[derive(Debug, Default)]
pub struct CallBook(RwLock<BTreeMap<Box<str>, Arc<Calls>>>);

impl CallBook {
    /// The counters of one origin; new ones where there are none yet.
    pub fn of(&self, origin: &str) -> Arc<Calls> {
        let mut book = self.0.write().unwrap_or_else(PoisonError::into_inner);
        book.entry(origin.into()).or_default().clone()
    }

    /// All counters, by the origin's name.
    #[must_use]
    pub fn all(&self) -> Vec<(Box<str>, Arc<Calls>)> {
        let book = self.0.read().unwrap_or_else(PoisonError::into_inner);
        book.iter()
            .map(|(origin, calls)| (origin.clone(), calls.clone()))
            .collect()
    }
}
