//! How long an origin may take, and how often it is asked: the same keys for web servers and buckets.

use serde::Serialize;

use super::problem::Fault;
use super::section::Section;
use super::unit::Time;
use super::value as v;
use crate::origin;
use crate::origin::breaker::BreakerRule;

/// The keys, for what needs to know whether one is given.
pub(super) const KEYS: [&str; 7] = [
    "connect_timeout",
    "first_byte_timeout",
    "total_timeout",
    "retries",
    "requests_at_once",
    "breaker_failures",
    "breaker_rest",
];

/// How long a server may take, and how often it is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Patience {
    /// For a connection.
    pub connect_timeout: Time,
    /// For the head of an answer, and for a pause inside a body.
    pub first_byte_timeout: Time,
    /// For everything but streaming, repetitions included.
    pub total_timeout: Time,
    /// Repetitions of a request that broke off.
    pub retries: u64,
    /// Requests to one host or bucket at the same time.
    pub requests_at_once: u64,
    /// Failures in a row after which the server is left alone; 0: never.
    pub breaker_failures: u64,
    /// How long it is left alone at first.
    pub breaker_rest: Time,
}

impl Patience {
    pub(super) fn build(&self) -> origin::Patience {
        let small = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
        origin::Patience {
            connect: self.connect_timeout.0,
            first_byte: self.first_byte_timeout.0,
            total: self.total_timeout.0,
            retries: small(self.retries),
            at_once: usize::try_from(self.requests_at_once).unwrap_or(usize::MAX),
            breaker: BreakerRule {
                failures: small(self.breaker_failures),
                rest: self.breaker_rest.0,
                ..BreakerRule::default()
            },
        }
    }
}

/// Reads the keys, all of which have defaults.
pub(super) fn read(section: &mut Section<'_, '_>, default: origin::Patience) -> Patience {
    let patience = Patience {
        connect_timeout: section.or(
            "connect_timeout",
            |value| v::time(value, 0, 3600),
            Time(default.connect),
        ),
        first_byte_timeout: section.or(
            "first_byte_timeout",
            |value| v::time(value, 0, 3600),
            Time(default.first_byte),
        ),
        total_timeout: section.or(
            "total_timeout",
            |value| v::time(value, 0, 3600),
            Time(default.total),
        ),
        retries: section.or(
            "retries",
            |value| v::number(value, 0, 10),
            default.retries.into(),
        ),
        requests_at_once: section.or(
            "requests_at_once",
            |value| v::number(value, 1, 100_000),
            default.at_once as u64,
        ),
        breaker_failures: section.or(
            "breaker_failures",
            |value| v::number(value, 0, 1000),
            default.breaker.failures.into(),
        ),
        breaker_rest: section.or(
            "breaker_rest",
            |value| v::time(value, 0, 30),
            Time(default.breaker.rest),
        ),
    };
    let times = [
        ("connect_timeout", patience.connect_timeout),
        ("first_byte_timeout", patience.first_byte_timeout),
        ("total_timeout", patience.total_timeout),
    ];
    for (key, time) in times {
        if time == Time::seconds(0) {
            section.wrong(
                Some(key),
                Fault::new(format!("`{key}` must be more than 0s")),
            );
        }
    }
    if patience.total_timeout < patience.first_byte_timeout {
        let fault = Fault::new("`total_timeout` is shorter than `first_byte_timeout`");
        let given = ["total_timeout", "first_byte_timeout"];
        let key = given.into_iter().find(|key| section.has(key));
        section.wrong(
            key,
            fault.hint("the whole cannot be over before its first byte"),
        );
    }
    patience
}
