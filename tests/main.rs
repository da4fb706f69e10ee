//! Every integration test is a module of this one binary: one link, one question a file.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test that meets the unexpected should stop, and it may touch the world"
)]

mod access;
mod admission;
mod allocations;
mod answers;
mod architecture;
mod audit;
mod coalesce;
mod codecs;
mod config;
mod conformance;
mod connections;
mod corpus;
mod endpoints;
mod expression;
mod facts;
mod faults;
mod fuzz_replay;
mod gate;
mod gateway;
mod http;
mod import;
mod language;
mod layers;
mod memory;
mod operators;
mod origin;
mod outages;
mod overload;
mod packaging;
mod picture;
mod plan;
mod policy;
mod proxies;
mod purge;
mod render;
mod sdk;
mod shared;
mod soak;
mod stale;
mod store;
mod streaming;
mod traces;
mod web;
