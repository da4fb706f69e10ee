//! One binary, one module per question.

mod architecture;
mod plan;
//! Every integration test is a module of this one binary: one link, one question a file.

mod render;
