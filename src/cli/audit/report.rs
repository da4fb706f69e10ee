//! What was counted: verdicts, parameters, problems.
//!
//! Memory is bounded whatever a log holds: URLs are kept as hashes up to [`EXACT`] of them and as
//! sketches beyond; parameters, problems and their examples have fixed numbers of places.

use std::collections::HashMap;
use std::sync::Arc;

use serde::Serialize;

use super::count::{Sketch, hash};
use crate::deliver::{Endpoint, Gateway};
use crate::dialect;
use crate::grammar::ErrorKind;
use crate::server::explain::{self, Reading, Status};
use crate::spec::AssetRef;

/// Different URLs up to which they are counted exactly.
pub const EXACT: usize = 200_000;

/// Different parameters that are counted by name.
const MAX_PARAMETERS: usize = 1000;
/// Different problems that are told apart.
const MAX_PROBLEMS: usize = 500;
/// URLs that show a problem.
const MAX_EXAMPLES: usize = 5;
/// Longest URL and message that is shown, in characters.
const MAX_SHOWN: usize = 300;
/// Different verdicts that are remembered.
const MAX_VERDICTS: usize = 1 << 16;
/// URLs beyond the exactly counted whose verdicts are remembered; a newer one takes the place.
const RECENT: usize = 1 << 16;

/// A verdict that is not remembered.
const FORGOTTEN: u32 = u32::MAX;

/// Requests and different URLs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[allow(missing_docs, reason = "the fields are those of `audit --json`")]
pub struct Share {
    pub requests: u64,
    pub distinct_urls: u64,
}

/// What `audit --json` prints; the names are a fixed contract.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Requests whose URL was read, whatever it was.
    pub requests: u64,
    /// Different URLs among them.
    pub distinct_urls: u64,
    /// Whether the numbers of different URLs are estimates (standard error 0.8 %).
    pub estimated: bool,
    /// Answered exactly.
    pub supported: Share,
    /// Answered, and may look different.
    pub approximated: Share,
    /// Understood, and cannot be rendered here.
    pub unsupported: Share,
    /// Would be refused: no delivery URL, or a wrong value in it.
    pub invalid: Share,
    /// Lines without a URL.
    pub unread_lines: u64,
    /// Lines of other methods than `GET` and `HEAD`: not counted as requests.
    pub other_methods: u64,
    /// Most used first.
    pub by_parameter: Vec<Parameter>,
    /// Most requested first.
    pub examples: Vec<Problem>,
    /// With `--lookup`: how the look-up went.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lookup: Option<Lookup>,
    /// With `--lookup`: assets that no origin has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing_assets: Option<Vec<Missing>>,
}

/// A parameter that occurs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Parameter {
    /// Its key, with the word that decides: `c_fill`.
    pub parameter: Box<str>,
    /// Requests that have it.
    pub count: u64,
    /// The worst that was made of it.
    pub status: Status,
}

/// Something that keeps URLs from being answered exactly.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// What it makes of a URL.
    pub status: Status,
    /// Whose fault it is; `url` for the URL as a whole.
    pub parameter: Box<str>,
    /// Why.
    pub message: Box<str>,
    /// Requests that have it.
    pub requests: u64,
    /// The first different ones.
    pub urls: Vec<Box<str>>,
}

/// How asking the origins went, in different assets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Lookup {
    /// Some origin of the endpoint has it.
    pub found: u64,
    /// None has it.
    pub missing: u64,
    /// An origin could not be asked.
    pub failed: u64,
    /// No endpoint answers for the URL, or there were too many assets to remember.
    pub not_asked: u64,
}

/// An asset that no origin has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Missing {
    /// As an origin is asked for it.
    pub asset: Box<str>,
    /// The first URL that wants it.
    pub url: Box<str>,
}

/// What an origin could be asked after a URL was read.
#[derive(Debug)]
pub struct Wanted<'g> {
    /// The endpoint that answers; `None`: none does.
    pub endpoint: Option<&'g Arc<Endpoint>>,
    /// The asset.
    pub asset: AssetRef,
    /// What else a URL without types may mean.
    pub others: Vec<AssetRef>,
}

/// What is made of a URL, for all URLs of which the same is made. Numbers are places in the tally.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Verdict {
    status: Status,
    parameters: Box<[u16]>,
    problems: Box<[u16]>,
}

/// Counts, one URL after the other.
#[derive(Debug)]
pub struct Tally {
    exact: usize,
    requests: [u64; Status::ALL.len()],
    distinct: [u64; Status::ALL.len()],
    sketches: [Sketch; Status::ALL.len()],
    /// Verdicts by hash of URL, until there are `exact`.
    seen: HashMap<u64, u32>,
    /// Verdicts by hash of URL after that: hash and verdict, at a place that the hash chooses.
    recent: Vec<(u64, u32)>,
    verdicts: Vec<(Arc<Verdict>, u64)>,
    verdict_places: HashMap<Arc<Verdict>, u32>,
    parameters: Vec<Parameter>,
    parameter_places: HashMap<Box<str>, u16>,
    problems: Vec<Problem>,
    problem_places: HashMap<(Status, Box<str>, Box<str>), u16>,
    /// Lines without a URL.
    pub unread_lines: u64,
    /// Lines of other methods.
    pub other_methods: u64,
}

impl Default for Tally {
    fn default() -> Self {
        Self::new(EXACT)
    }
}

impl Tally {
    /// Counts exactly up to `exact` different URLs.
    #[must_use]
    pub fn new(exact: usize) -> Self {
        Self {
            exact,
            requests: Default::default(),
            distinct: Default::default(),
            sketches: Default::default(),
            seen: HashMap::new(),
            recent: Vec::new(),
            verdicts: Vec::new(),
            verdict_places: HashMap::new(),
            parameters: Vec::new(),
            parameter_places: HashMap::new(),
            problems: Vec::new(),
            problem_places: HashMap::new(),
            unread_lines: 0,
            other_methods: 0,
        }
    }

    /// Counts a request. Answers the asset when the URL was read for the first time, and now and
    /// then when there are too many URLs to remember.
    pub fn take<'g>(&mut self, gateway: &'g Gateway, url: &str) -> Option<Wanted<'g>> {
        let hash = hash(url);
        if let Some(&known) = self.seen.get(&hash) {
            if self.again(known) {
                return None;
            }
            let (verdict, wanted) = self.read(gateway, url);
            self.add(&verdict, 1);
            return wanted;
        }
        let place = usize::try_from(hash).unwrap_or_default() % RECENT;
        if let Some(&(recent, known)) = self.recent.get(place)
            && recent == hash
            && self.again(known)
        {
            return None;
        }
        let (verdict, wanted) = self.read(gateway, url);
        let status = verdict.status as usize;
        if let Some(sketch) = self.sketches.get_mut(status) {
            sketch.insert(hash);
        }
        let known = self.remember(verdict);
        if self.recent.is_empty() && self.seen.len() < self.exact {
            self.seen.insert(hash, known);
            if let Some(distinct) = self.distinct.get_mut(status) {
                *distinct += 1;
            }
        } else {
            // Zero is no sign of an empty place, but that of a verdict which is forgotten is.
            self.recent.resize(RECENT, (0, FORGOTTEN));
            if let Some(slot) = self.recent.get_mut(place) {
                *slot = (hash, known);
            }
        }
        wanted
    }

    /// Counts a verdict once more, when it is remembered.
    fn again(&mut self, known: u32) -> bool {
        let place = usize::try_from(known).unwrap_or(usize::MAX);
        let Some((_, times)) = self.verdicts.get_mut(place) else {
            return false;
        };
        *times += 1;
        true
    }

    /// Counts a verdict, and keeps it while there is room.
    fn remember(&mut self, verdict: Verdict) -> u32 {
        if let Some(&known) = self.verdict_places.get(&verdict) {
            self.again(known);
            return known;
        }
        if self.verdicts.len() >= MAX_VERDICTS {
            self.add(&verdict, 1);
            return FORGOTTEN;
        }
        let known = u32::try_from(self.verdicts.len()).unwrap_or(FORGOTTEN);
        let verdict = Arc::new(verdict);
        self.verdict_places.insert(verdict.clone(), known);
        self.verdicts.push((verdict, 1));
        known
    }

    /// Counts a verdict in the totals.
    fn add(&mut self, verdict: &Verdict, times: u64) {
        if let Some(requests) = self.requests.get_mut(verdict.status as usize) {
            *requests += times;
        }
        for place in &verdict.parameters {
            if let Some(parameter) = self.parameters.get_mut(usize::from(*place)) {
                parameter.count += times;
            }
        }
        for place in &verdict.problems {
            if let Some(problem) = self.problems.get_mut(usize::from(*place)) {
                problem.requests += times;
            }
        }
    }

    /// Reads a URL as `explain` does.
    fn read<'g>(&mut self, gateway: &'g Gateway, url: &str) -> (Verdict, Option<Wanted<'g>>) {
        let (endpoint, rules) = explain::rules(gateway, url);
        let reading = dialect::interpret(rules, url);
        let status = Status::of(&reading);

        let mut parameters = Vec::new();
        if reading.is_ok() {
            // What could be read once can be read again.
            let _read = dialect::parameters(rules, url, |name| {
                parameters.push(self.parameter(name, Status::Supported));
            });
        }
        let mut problems = Vec::new();
        for fault in faults(&reading) {
            if fault.is_parameter {
                parameters.push(self.parameter(fault.parameter, fault.status));
            }
            problems.push(self.problem(&fault, url));
        }
        let places = |mut list: Vec<u16>| {
            list.sort_unstable();
            list.dedup();
            list.into_boxed_slice()
        };
        let verdict = Verdict {
            status,
            parameters: places(parameters),
            problems: places(problems),
        };
        let wanted = reading.ok().map(|(delivery, _)| Wanted {
            endpoint,
            asset: delivery.asset,
            others: delivery.others,
        });
        (verdict, wanted)
    }

    fn parameter(&mut self, name: &str, status: Status) -> u16 {
        let full = self.parameters.len() >= MAX_PARAMETERS;
        let known = self.parameter_places.get(name).copied();
        let place = match known {
            Some(place) => place,
            None if full && name != OTHER => return self.parameter(OTHER, status),
            None => {
                let place = u16::try_from(self.parameters.len()).unwrap_or(u16::MAX);
                self.parameter_places.insert(name.into(), place);
                self.parameters.push(Parameter {
                    parameter: name.into(),
                    count: 0,
                    status,
                });
                place
            }
        };
        if let Some(parameter) = self.parameters.get_mut(usize::from(place)) {
            parameter.status = parameter.status.max(status);
        }
        place
    }

    fn problem(&mut self, fault: &Fault<'_>, url: &str) -> u16 {
        let full = self.problems.len() >= MAX_PROBLEMS;
        let (name, message) = (fault.parameter, shown(&fault.message));
        let key = (fault.status, name.into(), message.clone());
        let place = match self.problem_places.get(&key) {
            Some(place) => *place,
            None if full && name != OTHER => {
                let other = Fault {
                    parameter: OTHER,
                    message: "too many different problems to tell each".to_owned(),
                    ..*fault
                };
                return self.problem(&other, url);
            }
            None => {
                let place = u16::try_from(self.problems.len()).unwrap_or(u16::MAX);
                self.problem_places.insert(key, place);
                self.problems.push(Problem {
                    status: fault.status,
                    parameter: name.into(),
                    message,
                    requests: 0,
                    urls: Vec::new(),
                });
                place
            }
        };
        if let Some(problem) = self.problems.get_mut(usize::from(place))
            && problem.urls.len() < MAX_EXAMPLES
        {
            let url = shown(url);
            if !problem.urls.contains(&url) {
                problem.urls.push(url);
            }
        }
        place
    }

    /// What was counted.
    #[must_use]
    pub fn report(mut self) -> Report {
        for (verdict, times) in std::mem::take(&mut self.verdicts) {
            self.add(&verdict, times);
        }
        let estimated = !self.recent.is_empty();
        let share = |status: Status| {
            let place = status as usize;
            let exact = self.distinct.get(place).copied().unwrap_or_default();
            Share {
                requests: self.requests.get(place).copied().unwrap_or_default(),
                distinct_urls: match self.sketches.get(place) {
                    // There were at least those that were counted.
                    Some(sketch) if estimated => sketch.estimate().max(exact),
                    _ => exact,
                },
            }
        };
        let shares = Status::ALL.map(share);
        let [supported, approximated, unsupported, invalid] = shares;
        self.parameters
            .sort_by(|a, b| (b.count, &a.parameter).cmp(&(a.count, &b.parameter)));
        self.problems.sort_by(|a, b| {
            let names = (&a.parameter, &a.message).cmp(&(&b.parameter, &b.message));
            (b.requests.cmp(&a.requests)).then(names)
        });
        Report {
            requests: shares.iter().map(|share| share.requests).sum(),
            distinct_urls: shares.iter().map(|share| share.distinct_urls).sum(),
            estimated,
            supported,
            approximated,
            unsupported,
            invalid,
            unread_lines: self.unread_lines,
            other_methods: self.other_methods,
            by_parameter: self.parameters,
            examples: self.problems,
            lookup: None,
            missing_assets: None,
        }
    }
}

/// Stands for what has no place of its own any more.
const OTHER: &str = "(other)";

/// Something wrong with a URL.
#[derive(Clone, Debug)]
struct Fault<'r> {
    status: Status,
    parameter: &'r str,
    /// Whether the parameter stands in the transformation.
    is_parameter: bool,
    /// Without what differs from URL to URL, so that the same fault is the same text.
    message: String,
}

fn faults(reading: &Reading) -> Vec<Fault<'_>> {
    match reading {
        Ok((delivery, refusal)) => {
            let refusal = match refusal {
                Some(error @ (dialect::Error::Signature(_) | dialect::Error::Token(_))) => {
                    Some(fault(error))
                }
                // The others have their notes.
                _ => None,
            };
            let notes = delivery.notes.iter().filter_map(|note| {
                let status = Status::of_note(note.level);
                (status != Status::Supported).then(|| Fault {
                    status,
                    parameter: dialect::parameter_name(&note.parameter),
                    is_parameter: true,
                    message: note.message.to_string(),
                })
            });
            notes.chain(refusal).collect()
        }
        Err(error) => vec![fault(error)],
    }
}

fn fault(error: &dialect::Error) -> Fault<'_> {
    let (parameter, message) = match error {
        dialect::Error::Syntax(syntax) => {
            let key = syntax.key().map(|key| key.spelling());
            let message = match syntax.kind() {
                ErrorKind::UnknownEffect => "unknown effect".to_owned(),
                // Some kinds say what should stand there, the others what is wrong.
                _ => {
                    let expected = format!("expected {}", syntax.expected());
                    if syntax.message().ends_with(&expected) {
                        expected
                    } else {
                        syntax.expected().to_owned()
                    }
                }
            };
            (key, message)
        }
        dialect::Error::Unsupported { parameter, reason }
        | dialect::Error::Conflict { parameter, reason } => {
            (Some(dialect::parameter_name(parameter)), reason.to_string())
        }
        dialect::Error::AutoGravity { parameter } => (
            Some(dialect::parameter_name(parameter)),
            "auto gravity goes with cropping only".to_owned(),
        ),
        dialect::Error::UnknownTransformation { .. } => {
            (Some("t"), "no named transformation of this name".to_owned())
        }
        dialect::Error::Signature(_)
        | dialect::Error::Token(_)
        | dialect::Error::UnknownEndpoint { .. } => (None, error.to_string()),
    };
    Fault {
        status: Status::of_error(error),
        parameter: parameter.unwrap_or("url"),
        is_parameter: parameter.is_some(),
        message,
    }
}

/// Short, and without what a terminal would obey.
pub(super) fn shown(text: &str) -> Box<str> {
    let mut shown: String = text
        .chars()
        .take(MAX_SHOWN)
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect();
    if text.chars().nth(MAX_SHOWN).is_some() {
        shown.push('…');
    }
    shown.into()
}
