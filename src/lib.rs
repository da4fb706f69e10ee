//! A gateway that answers existing Cloudinary delivery URLs from the owner's own storage.
//!
//! The road a request takes: text → [`grammar`] tree → [`dialect`] → [`spec`] → [`plan`] →
//! [`render`] → response; [`origin`] supplies the bytes, [`cache`] keeps results, [`deliver`] is the
//! road as one function; [`trace`] tells operators what a request waited for. The floors follow, bottom to top; a module uses only what stands before it.

/// The language of delivery URLs: text to tree and back. No I/O, no meaning.
pub use cldgate_grammar as grammar;

pub mod spec;

pub mod dialect;

pub mod plan;

pub mod trace;

pub mod origin;

pub mod render;

pub mod cache;

pub mod deliver;

pub mod config;

pub mod server;

pub mod cli;
