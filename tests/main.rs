//! Every integration test is a module of this one binary: one link, one question a file.

mod architecture;
mod config;
mod gateway;
mod http;
mod origin;
mod plan;
mod render;
