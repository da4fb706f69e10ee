//! Every integration test is a module of this one binary: one link, one question a file.

mod architecture;
mod audit;
mod config;
mod plan;
mod render;
