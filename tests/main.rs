//! Every integration test is a module of this one binary: one link, one question a file.

mod architecture;
mod config;
mod conformance;
mod corpus;
mod plan;
mod render;
