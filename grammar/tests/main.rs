//! The grammar's tests: one binary, a module for each question.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(
    clippy::disallowed_methods,
    reason = "tests look for the corpus in the environment"
)]

mod corpus;
mod errors;
mod fuzz_replay;
mod layers;
mod printing;
mod real_urls;
mod speed;
mod tables;
