//! The TIFF block of EXIF: made upright, or cut down to who made the picture.

use crate::render::probe::{be16, be32, le16, le32};

const ORIENTATION: u16 = 0x0112;
const ARTIST: u16 = 0x013B;
const COPYRIGHT: u16 = 0x8298;
const ASCII: u16 = 2;
const SHORT: u16 = 3;
/// Bytes of a directory's entry.
const ENTRY: usize = 12;

/// A block being read, in its byte order.
struct Block<'a> {
    bytes: &'a [u8],
    big: bool,
}

impl<'a> Block<'a> {
    fn new(bytes: &'a [u8]) -> Option<Self> {
        let big = match bytes.get(..4)? {
            b"II*\0" => false,
            b"MM\0*" => true,
            _ => return None,
        };
        Some(Self { bytes, big })
    }

    fn u16(&self, at: usize) -> Option<u16> {
        if self.big {
            be16(self.bytes, at)
        } else {
            le16(self.bytes, at)
        }
    }

    fn u32(&self, at: usize) -> Option<usize> {
        let n = if self.big {
            be32(self.bytes, at)
        } else {
            le32(self.bytes, at)
        };
        usize::try_from(n?).ok()
    }

    /// Where the first directory's entries begin, and how many there are.
    fn directory(&self) -> Option<(usize, usize)> {
        let at = self.u32(4)?;
        Some((at.checked_add(2)?, self.u16(at)?.into()))
    }

    /// Where the entry of a tag stands.
    fn entry(&self, tag: u16) -> Option<usize> {
        let (start, count) = self.directory()?;
        (0..count)
            .map_while(|n| start.checked_add(n * ENTRY))
            .find(|&at| self.u16(at) == Some(tag))
    }

    /// A text.
    fn text(&self, tag: u16) -> Option<&'a [u8]> {
        let at = self.entry(tag)?;
        if self.u16(at + 2)? != ASCII {
            return None;
        }
        let length = self.u32(at + 4)?;
        let start = if length <= 4 {
            at + 8
        } else {
            self.u32(at + 8)?
        };
        let text = self.bytes.get(start..start.checked_add(length)?)?;
        text.iter().any(|&b| b != 0).then_some(text)
    }
}

/// The block for a picture that stands upright: its orientation says so, and the preview, which shows
/// another picture now, is no longer linked.
pub(super) fn upright(bytes: Vec<u8>) -> Vec<u8> {
    let Some(block) = Block::new(&bytes) else {
        return bytes;
    };
    let big = block.big;
    let orientation = block
        .entry(ORIENTATION)
        .filter(|&at| block.u16(at + 2) == Some(SHORT));
    let next = block
        .directory()
        .and_then(|(start, count)| start.checked_add(count * ENTRY));
    let mut bytes = bytes;
    if let Some(value) = orientation.and_then(|at| bytes.get_mut(at + 8..at + 10)) {
        value.copy_from_slice(&if big { [0, 1] } else { [1, 0] });
    }
    if let Some(link) = next.and_then(|at| bytes.get_mut(at..at.checked_add(4)?)) {
        link.fill(0);
    }
    bytes
}

/// A block with author and copyright alone; `None` where neither is named.
pub(super) fn attribution(bytes: &[u8]) -> Option<Vec<u8>> {
    let block = Block::new(bytes)?;
    let texts: Vec<(u16, &[u8])> = [ARTIST, COPYRIGHT]
        .into_iter()
        .filter_map(|tag| Some((tag, block.text(tag)?)))
        .collect();
    if texts.is_empty() {
        return None;
    }
    let mut head = b"MM\0*\0\0\0\x08".to_vec();
    let mut tail = Vec::new();
    head.extend(u16::try_from(texts.len()).ok()?.to_be_bytes());
    let behind = head.len() + texts.len() * ENTRY + 4;
    for (tag, text) in texts {
        head.extend(tag.to_be_bytes());
        head.extend(ASCII.to_be_bytes());
        head.extend(u32::try_from(text.len()).ok()?.to_be_bytes());
        if text.len() <= 4 {
            let mut short = [0; 4];
            short.get_mut(..text.len())?.copy_from_slice(text);
            head.extend(short);
        } else {
            head.extend(u32::try_from(behind + tail.len()).ok()?.to_be_bytes());
            tail.extend_from_slice(text);
            if text.len() % 2 == 1 {
                tail.push(0);
            }
        }
    }
    head.extend([0; 4]);
    head.extend(tail);
    Some(head)
}
