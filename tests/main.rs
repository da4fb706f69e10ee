//! Every integration test is a module of this one binary: one link, one question a file.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test that meets the unexpected should stop, and it may touch the world"
)]

mod architecture;
mod audit;
mod config;
mod conformance;
mod corpus;
mod expression;
mod facts;
mod gateway;
mod http;
mod import;
mod layers;
mod operators;
mod origin;
mod packaging;
mod picture;
mod plan;
mod render;
