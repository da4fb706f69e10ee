//! The one-line canonical text of a specification.
