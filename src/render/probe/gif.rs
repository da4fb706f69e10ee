//! GIF: blocks, skipped by their lengths, to count frames.

use super::bytes::le16;
use super::{Header, size};
use crate::render::error::Error;
use crate::spec::{Format, Turn};

pub(super) fn header(bytes: &[u8]) -> Result<Header, Error> {
    let cut = || Error::bad(Format::Gif, "header is cut short");
    let width = le16(bytes, 6).ok_or_else(cut)?;
    let height = le16(bytes, 8).ok_or_else(cut)?;
    let flags = *bytes.get(10).ok_or_else(cut)?;
    let mut header = Header {
        size: size(Format::Gif, width.into(), height.into())?,
        orientation: Turn::NONE,
        alpha: false,
        frames: 0,
    };
    let mut rest = bytes.get(13 + table(flags)..).unwrap_or_default();
    while let Some(behind) = block(rest, &mut header) {
        rest = behind;
    }
    if header.frames == 0 {
        return Err(Error::bad(Format::Gif, "no frame"));
    }
    Ok(header)
}

/// Bytes of the colour table that a flag byte announces.
fn table(flags: u8) -> usize {
    if flags & 0x80 == 0 {
        0
    } else {
        6 << (flags & 7)
    }
}

/// Notes what one block tells and returns what stands behind it.
fn block<'a>(rest: &'a [u8], header: &mut Header) -> Option<&'a [u8]> {
    match *rest.first()? {
        b'!' => {
            if *rest.get(1)? == 0xF9 && rest.get(3)? & 1 == 1 {
                header.alpha = true;
            }
            skip_sub_blocks(rest.get(2..)?)
        }
        b',' => {
            let covers = le16(rest, 1)? == 0
                && le16(rest, 3)? == 0
                && u32::from(le16(rest, 5)?) >= header.size.width
                && u32::from(le16(rest, 7)?) >= header.size.height;
            // What the first frame leaves free of its canvas shows through.
            header.alpha |= header.frames == 0 && !covers;
            header.frames = header.frames.saturating_add(1);
            let flags = *rest.get(9)?;
            skip_sub_blocks(rest.get(11 + table(flags)..)?)
        }
        _ => None,
    }
}

fn skip_sub_blocks(mut rest: &[u8]) -> Option<&[u8]> {
    loop {
        let length = usize::from(*rest.first()?);
        rest = rest.get(1 + length..)?;
        if length == 0 {
            return Some(rest);
        }
    }
}
