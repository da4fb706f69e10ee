//! The decoder against a second one, itself at other scales, and files that are broken.

mod broken;
mod compare;
mod sources;
