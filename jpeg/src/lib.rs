//! A JPEG decoder for making pictures smaller.
//!
//! [`decode`] gives the planes of a part of a picture at 1/1, 1/2, 1/4 or 1/8 of its size, each component at
//! its own resolution, without the steps that such a picture does not need: coefficients that the scale
//! cannot show are passed by several at a time, columns outside the part are not transformed, and nothing is
//! read behind its last row. Sequential files take no memory beside the planes; progressive ones that for
//! the coefficients which the scale shows.
//!
//! ```text
//! file ─marker, frame─▶ tables, frame ─reader─▶ bits ─huffman, block─▶ coefficients ─idct─▶ plane
//! ```
//!
//! Eight-bit frames of one, three or four components are decoded: baseline, extended and
//! progressive, Huffman and arithmetic coding. That is what browsers show; anything else is
//! [`Error::Unsupported`]. Damaged files are shown as far as they go, as libjpeg does it.
//!
//! [`recode`] writes a sequential file anew with Huffman tables made for it.

// Numbers here are counted in bits and checked against sizes; casts between them lose nothing, or are the
// truncation that the format asks for.
#![allow(
    clippy::inline_always,
    reason = "the inner loops are compiled twice, once for AVX2: what is not inlined stays behind"
)]

mod arithmetic;
#[cfg(target_arch = "x86_64")]
mod avx2;
mod block;
mod decoder;
mod error;
mod fitted;
mod frame;
mod headers;
mod huffman;
mod idct;
mod kernels;
mod marker;
mod picture;
mod plane;
mod progressive;
mod reader;
mod recode;
mod scale;
mod scan;
mod sequential;
mod standard;
mod walk;

pub use decoder::{decode, decode_portable};
pub use error::Error;
pub use picture::{Model, Picture, Request};
pub use plane::Plane;
pub use recode::recode;
pub use scale::Scale;
