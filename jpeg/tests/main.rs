//! The decoder against a second one, itself at other scales, and files that are broken.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod broken;
mod compare;
mod fuzz_replay;
mod kinds;
mod programs;
mod recode;
mod sources;
