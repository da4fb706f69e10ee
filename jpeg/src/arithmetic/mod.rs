//! Arithmetic coding (ITU-T T.81, annexes D, F.2.4 and G.2): the same coefficients as with Huffman
//! codes, taken from the bytes by an adaptive binary coder.
//!
//! ```text
//! bytes ─coder─▶ decisions ─models─▶ differences, coefficients ─scans─▶ planes or stores
//! ```

mod coder;
mod models;
mod scans;

pub(crate) use coder::Coder;
pub(crate) use models::{Conditioning, Models};
pub(crate) use scans::{Details, Means, Part, Scan};
