//! PNG: chunks, skipped by their lengths.

use super::bytes::{be32, index};
use super::{Header, exif, size};
use crate::render::error::Error;
use crate::spec::{Format, Turn};

pub(super) fn header(bytes: &[u8]) -> Result<Header, Error> {
    let cut = || Error::bad(Format::Png, "header is cut short");
    let ihdr = chunks(bytes)
        .next()
        .filter(|(name, _)| *name == b"IHDR")
        .map(|(_, body)| body)
        .ok_or_else(cut)?;
    let width = be32(ihdr, 0).ok_or_else(cut)?;
    let height = be32(ihdr, 4).ok_or_else(cut)?;
    let kind = *ihdr.get(9).ok_or_else(cut)?;
    let mut header = Header {
        size: size(Format::Png, width, height)?,
        orientation: Turn::NONE,
        // Colour types 4 and 6 carry an alpha sample.
        alpha: kind & 4 != 0,
        frames: 1,
    };
    for (name, body) in chunks(bytes).skip(1) {
        match name {
            b"tRNS" => header.alpha = true,
            b"acTL" => header.frames = be32(body, 0).unwrap_or(1).max(1),
            b"eXIf" => header.orientation = exif::orientation(body),
            b"IEND" => break,
            _ => {}
        }
    }
    Ok(header)
}

/// Chunks by name; the last one may be cut short.
pub(in crate::render) fn chunks(bytes: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let mut rest = bytes.get(8..).unwrap_or_default();
    std::iter::from_fn(move || {
        let length = index(be32(rest, 0)?);
        let name = rest.get(4..8)?;
        let behind = rest.get(8..)?;
        let body = behind.get(..length).unwrap_or(behind);
        rest = length
            .checked_add(4)
            .and_then(|next| behind.get(next..))
            .unwrap_or_default();
        Some((name, body))
    })
}
