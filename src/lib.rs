//! A gateway that answers existing Cloudinary delivery URLs from the owner's own storage.
//!
//! The floors, bottom to top; a module uses only what stands before it.

/// The language of delivery URLs: text to tree and back.
pub use cldgate_grammar as grammar;
pub mod cache;
pub mod dialect;
pub mod origin;
pub mod plan;
pub mod render;
pub mod spec;
