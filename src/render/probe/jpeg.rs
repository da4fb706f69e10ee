//! JPEG: segments up to the frame header.

use super::bytes::be16;
use super::{Header, exif, size};
use crate::render::error::Error;
use crate::spec::{Format, Turn};

const APP1: u8 = 0xE1;

/// One segment: its marker and what stands behind its length.
struct Segments<'a> {
    rest: &'a [u8],
}

impl<'a> Segments<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self {
            rest: bytes.get(2..).unwrap_or_default(),
        }
    }
}

impl<'a> Iterator for Segments<'a> {
    type Item = (u8, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            // Decoders skip what stands between segments, and so do we.
            let start = self.rest.iter().position(|&b| b == 0xFF)?;
            let marked = self.rest.get(start..)?;
            let fill = marked.iter().position(|&b| b != 0xFF)?;
            let marker = *marked.get(fill)?;
            let body = marked.get(fill + 1..)?;
            match marker {
                // Stand alone: stuffing, TEM, restart markers, a second start of image.
                0x00 | 0x01 | 0xD0..=0xD8 => self.rest = body,
                // Entropy-coded data or the end: no header stands behind it.
                0xD9 | 0xDA => return None,
                _ => {
                    let length = usize::from(be16(body, 0)?).max(2);
                    let payload = body.get(2..length).or_else(|| body.get(2..))?;
                    self.rest = body.get(length..).unwrap_or_default();
                    return Some((marker, payload));
                }
            }
        }
    }
}

/// The segments in front of the picture's data: markers and bodies.
pub(in crate::render) fn segments(bytes: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    Segments::new(bytes)
}

pub(super) fn header(bytes: &[u8]) -> Result<Header, Error> {
    let mut orientation = Turn::NONE;
    for (marker, body) in Segments::new(bytes) {
        match marker {
            APP1 => {
                if let Some(block) = body.strip_prefix(b"Exif\0\0") {
                    orientation = exif::orientation(block);
                }
            }
            // Frame headers; C4, C8 and CC in the same range are tables.
            0xC0..=0xC3 | 0xC5..=0xC7 | 0xC9..=0xCB | 0xCD..=0xCF => {
                let (Some(height), Some(width)) = (be16(body, 1), be16(body, 3)) else {
                    break;
                };
                return Ok(Header {
                    size: size(Format::Jpeg, width.into(), height.into())?,
                    orientation,
                    alpha: false,
                    frames: 1,
                });
            }
            _ => {}
        }
    }
    Err(Error::bad(Format::Jpeg, "no frame header"))
}
