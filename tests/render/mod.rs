//! Does a plan become the picture it describes, and does no file break the renderer?

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod effects;
mod formats;
mod hostile;
mod kinds;
mod look;
mod orientation;
mod painting;
mod pool;
mod resampling;
pub mod sources;
