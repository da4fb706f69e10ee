//! What can go wrong.

use std::fmt;

/// Why there is no picture. A file that is damaged behind its headers is no error: see
/// [`Picture::damaged`](crate::Picture::damaged).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The file is of a kind that is not decoded here; another decoder may read it.
    Unsupported(&'static str),
    /// The headers contradict each other or end early.
    Malformed(&'static str),
    /// The picture would take more memory than is allowed.
    TooLarge,
    /// The caller said to stop.
    Stopped,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsupported(what) => write!(f, "{what} is not supported"),
            Self::Malformed(what) => f.write_str(what),
            Self::TooLarge => f.write_str("picture takes more memory than allowed"),
            Self::Stopped => f.write_str("decoding was stopped"),
        }
    }
}

impl std::error::Error for Error {}
