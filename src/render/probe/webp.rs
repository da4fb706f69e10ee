//! WebP: RIFF chunks, skipped by their lengths.

use super::bytes::{be32, index, le16, le24, le32};
use super::{Header, exif, size};
use crate::render::error::Error;
use crate::spec::{Format, Turn};

const ALPHA: u8 = 0x10;

pub(super) fn header(bytes: &[u8]) -> Result<Header, Error> {
    let (name, body) = chunks(bytes)
        .next()
        .ok_or_else(|| Error::bad(Format::WebP, "header is cut short"))?;
    let (width, height, alpha) = match name {
        b"VP8 " => lossy(body),
        b"VP8L" => lossless(body),
        b"VP8X" => canvas(body),
        _ => None,
    }
    .ok_or_else(|| Error::bad(Format::WebP, "no frame header"))?;
    let mut header = Header {
        size: size(Format::WebP, width, height)?,
        orientation: Turn::NONE,
        alpha,
        frames: 0,
    };
    for (name, body) in chunks(bytes) {
        match name {
            b"ANMF" => header.frames = header.frames.saturating_add(1),
            b"EXIF" => {
                // Some writers keep the JPEG segment's prefix.
                let block = body.strip_prefix(b"Exif\0\0").unwrap_or(body);
                header.orientation = exif::orientation(block);
            }
            _ => {}
        }
    }
    header.frames = header.frames.max(1);
    Ok(header)
}

fn lossy(body: &[u8]) -> Option<(u32, u32, bool)> {
    if body.get(3..6)? != b"\x9D\x01\x2A" {
        return None;
    }
    // The upper two bits of each side ask for an upscale that no decoder does.
    let side = |at| le16(body, at).map(|n| u32::from(n & 0x3FFF));
    Some((side(6)?, side(8)?, false))
}

fn lossless(body: &[u8]) -> Option<(u32, u32, bool)> {
    if *body.first()? != 0x2F {
        return None;
    }
    let bits = le32(body, 1)?;
    Some((
        (bits & 0x3FFF) + 1,
        (bits >> 14 & 0x3FFF) + 1,
        bits >> 28 & 1 == 1,
    ))
}

fn canvas(body: &[u8]) -> Option<(u32, u32, bool)> {
    let flags = *body.first()?;
    Some((
        le24(body, 4)?.saturating_add(1),
        le24(body, 7)?.saturating_add(1),
        flags & ALPHA != 0,
    ))
}

/// The embedded ICC profile.
pub(in crate::render) fn profile(bytes: &[u8]) -> Option<&[u8]> {
    chunks(bytes)
        .find(|(name, _)| *name == b"ICCP")
        .map(|(_, body)| body)
}

/// Chunks by name; the last one may be cut short. Lengths are padded to even.
pub(in crate::render) fn chunks(bytes: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let mut rest = bytes.get(12..).unwrap_or_default();
    std::iter::from_fn(move || {
        be32(rest, 0)?;
        let length = index(le32(rest, 4)?);
        let name = rest.get(..4)?;
        let behind = rest.get(8..)?;
        let body = behind.get(..length).unwrap_or(behind);
        rest = length
            .checked_next_multiple_of(2)
            .and_then(|next| behind.get(next..))
            .unwrap_or_default();
        Some((name, body))
    })
}
