//! The grammar's tests: one binary, a module for each question.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod corpus;
