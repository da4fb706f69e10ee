//! Does a plan become the picture it describes, and does no file break the renderer?

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod aim;
mod animation;
mod bitmaps;
mod choice;
mod clipping;
mod colour;
mod cut;
mod drawings;
mod effects;
mod folding;
mod formats;
mod gallery;
mod hostile;
mod kinds;
mod look;
mod metadata;
mod opaque;
mod orientation;
mod painting;
mod pool;
mod resampling;
mod sequences;
mod sets;
pub mod sources;
mod tiffs;
mod travel;
mod twins;
