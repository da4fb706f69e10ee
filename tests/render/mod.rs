//! Does a plan become the picture it describes, and does no file break the renderer?

mod formats;
mod hostile;
mod kinds;
mod orientation;
mod painting;
mod pool;
mod resampling;
mod sources;
