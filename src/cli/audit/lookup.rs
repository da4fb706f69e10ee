//! Asking the origins for assets, many at once and each once.

use std::collections::HashSet;
use std::sync::Arc;

use futures_util::stream::{self, StreamExt as _};
use tokio::runtime::Runtime;

use super::count::hash;
use super::report::{Lookup, Missing, Wanted, shown};
use crate::deliver::{self, Endpoint};
use crate::spec::AssetRef;

/// Different assets that are asked for.
const MAX_ASSETS: usize = 200_000;
/// Missing assets that are told by name.
const MAX_MISSING: usize = 10_000;
/// Assets gathered before the origins are asked.
const BATCH: usize = 512;
/// Assets asked for at the same time.
const AT_ONCE: usize = 16;

/// An endpoint, an asset, what else its URL may mean, and the URL.
type Waiting = (Arc<Endpoint>, AssetRef, Vec<AssetRef>, Box<str>);

/// Gathers assets and asks for them.
#[derive(Debug)]
pub(super) struct Lookups {
    runtime: Runtime,
    /// Hashes of those that were asked for.
    known: HashSet<u64>,
    /// Those still to be asked for, each with the first URL that wants it.
    waiting: Vec<Waiting>,
    counts: Lookup,
    missing: Vec<Missing>,
}

impl Lookups {
    pub(super) fn new(runtime: Runtime) -> Self {
        Self {
            runtime,
            known: HashSet::new(),
            waiting: Vec::new(),
            counts: Lookup::default(),
            missing: Vec::new(),
        }
    }

    /// Asks for an asset, now or together with those that come.
    pub(super) fn want(&mut self, wanted: Wanted<'_>, url: &str) {
        let name = wanted.endpoint.map_or("", |endpoint| &endpoint.name);
        let identity = hash(&format!("{name}\n{}", wanted.asset));
        if self.known.contains(&identity) {
            return;
        }
        if self.known.len() >= MAX_ASSETS {
            self.counts.not_asked += 1;
            return;
        }
        self.known.insert(identity);
        let Some(endpoint) = wanted.endpoint else {
            self.counts.not_asked += 1;
            return;
        };
        let asked = (endpoint.clone(), wanted.asset, wanted.others, shown(url));
        self.waiting.push(asked);
        if self.waiting.len() >= BATCH {
            self.ask();
        }
    }

    fn ask(&mut self) {
        let waiting = std::mem::take(&mut self.waiting);
        let answers = stream::iter(waiting).map(async |(endpoint, asset, others, url)| {
            let answer = deliver::Lookups::locate(&endpoint, &asset, &others, None).await;
            (answer.map(|_| ()), url)
        });
        // In the order of the log, so that the same log gives the same report.
        let answers: Vec<_> = self.runtime.block_on(answers.buffered(AT_ONCE).collect());
        for (answer, url) in answers {
            match answer {
                Ok(()) => self.counts.found += 1,
                Err(deliver::Error::NotFound(asset)) => {
                    self.counts.missing += 1;
                    if self.missing.len() < MAX_MISSING {
                        let asset = shown(&asset.to_string());
                        self.missing.push(Missing { asset, url });
                    }
                }
                Err(_) => self.counts.failed += 1,
            }
        }
    }

    /// Asks for the rest.
    pub(super) fn finish(mut self) -> (Lookup, Vec<Missing>) {
        self.ask();
        (self.counts, self.missing)
    }
}
