//! Every integration test is a module of this one binary: one link, one question a file.

mod architecture;
mod plan;
mod render;
