//! GIF: blocks, skipped by their lengths, to count frames.
//!
//! A screen is at least as large as its first frame needs it, as in browsers: some writers leave
//! its size at 0.

use super::bytes::le16;
use super::{Header, size};
use crate::plan::Size;
use crate::render::error::Error;
use crate::spec::{Format, Turn};

pub(super) fn header(bytes: &[u8]) -> Result<Header, Error> {
    let cut = || Error::bad(Format::Gif, "header is cut short");
    let width = u32::from(le16(bytes, 6).ok_or_else(cut)?);
    let height = u32::from(le16(bytes, 8).ok_or_else(cut)?);
    let flags = *bytes.get(10).ok_or_else(cut)?;
    let mut header = Header {
        size: Size { width, height },
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
    header.size = size(Format::Gif, header.size.width, header.size.height)?;
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
            let side = |at| le16(rest, at).map(u32::from);
            let (left, top, width, height) = (side(1)?, side(3)?, side(5)?, side(7)?);
            if header.frames == 0 {
                let screen = &mut header.size;
                screen.width = screen.width.max(left + width);
                screen.height = screen.height.max(top + height);
                // What the first frame leaves free of its canvas shows through.
                header.alpha |= *screen != Size { width, height } || (left, top) != (0, 0);
            }
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
