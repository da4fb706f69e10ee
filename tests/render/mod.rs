//! Does a plan become the picture it describes, and does no file break the renderer?

mod formats;
mod sources;
