//! Headers of bitmaps, of all versions.

use super::{FILE_HEADER, bad};
use crate::plan::Size;
use crate::render::error::Error;
use crate::render::probe::{le16, le32};

/// Longest side. Windows has no more.
const LONGEST: u32 = 1 << 16;

/// A bitmap's header, and what is drawn by it.
pub(in crate::render::ingest) struct Bitmap<'a> {
    pub size: Size,
    pub top_down: bool,
    /// Bits of a pixel: 1, 2, 4, 8, 16, 24 or 32.
    pub bits: usize,
    pub coding: Coding,
    pub masks: Masks,
    pub palette: Vec<[u8; 3]>,
    /// From the first byte of the pixels to the end of the file.
    pub data: &'a [u8],
    pub profile: Option<&'a [u8]>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::render::ingest) enum Coding {
    /// Rows of pixels.
    Plain,
    /// Runs of 4, 8 or 24 bits.
    Runs,
}

impl<'a> Bitmap<'a> {
    pub fn of_file(bytes: &'a [u8]) -> Result<Self, Error> {
        let offset = le32(bytes, 10).ok_or_else(early)?;
        let offset = usize::try_from(offset).unwrap_or(usize::MAX);
        let header = bytes.get(FILE_HEADER..).ok_or_else(early)?;
        let offset = offset.saturating_sub(FILE_HEADER);
        Self::read(header, Some(offset))
    }

    /// A bitmap in an icon: its height counts the mask too.
    pub fn of_icon(bytes: &'a [u8]) -> Result<Self, Error> {
        let bitmap = Self::read(bytes, None)?;
        match bitmap.size.height / 2 {
            0 => Err(bad("header names an empty picture")),
            height => Ok(Self {
                size: Size::new(bitmap.size.width, height),
                ..bitmap
            }),
        }
    }

    /// A header with all that follows it. Pixels begin at `offset`, or else behind the palette.
    fn read(bytes: &'a [u8], offset: Option<usize>) -> Result<Self, Error> {
        let length = le32(bytes, 0).ok_or_else(early)? as usize;
        let oldest = length == 12;
        let os2 = length == 16 || length == 64;
        if !(oldest || (16..=64).contains(&length) || length == 108 || length == 124) {
            return Err(bad(format!("unknown header of {length} bytes")));
        }
        let word = |at: usize| {
            if at + 4 <= length {
                le32(bytes, at)
            } else {
                None
            }
        };
        let (width, height, bits) = if oldest {
            let side = |at| le16(bytes, at).map(i32::from);
            (side(4), side(6), le16(bytes, 10))
        } else {
            let side = |at| le32(bytes, at).map(u32::cast_signed);
            (side(4), side(8), le16(bytes, 14))
        };
        let (width, height) = width.zip(height).ok_or_else(early)?;
        let bits = usize::from(bits.ok_or_else(early)?);
        let (Ok(columns @ 1..), rows @ 1..) = (u32::try_from(width), height.unsigned_abs()) else {
            return Err(bad("header names an empty picture"));
        };
        let size = Size::new(columns, rows);
        if size.width > LONGEST || size.height > LONGEST {
            return Err(bad(
                "header names a picture of more than 65,536 pixels along a side",
            ));
        }
        let compression = if oldest { 0 } else { word(16).unwrap_or(0) };
        let (coding, masked) = match (compression, bits) {
            (0, 1 | 2 | 4 | 8 | 16 | 24 | 32) => (Coding::Plain, false),
            (1, 8) | (2, 4) => (Coding::Runs, false),
            (4, 24) if os2 => (Coding::Runs, false),
            (3 | 6, 16 | 32) => (Coding::Plain, true),
            (3, 1) if os2 => return Err(bad("unsupported: Huffman codes")),
            (4, _) => return Err(bad("unsupported: a JPEG in it")),
            (5, _) => return Err(bad("unsupported: a PNG in it")),
            _ => {
                return Err(bad(format!(
                    "unsupported: {bits} bits a pixel, coding {compression}"
                )));
            }
        };
        // A header of 40 bytes has its masks behind it, later ones inside; alpha from 56 bytes on.
        let behind = match (masked, length) {
            (true, 40) if compression == 6 => 16,
            (true, 40) => 12,
            _ => 0,
        };
        let mask = |n: usize| {
            let inside = behind > 4 * n || (n < 3 && length >= 52) || (n == 3 && length >= 56);
            inside
                .then(|| le32(bytes, 40 + 4 * n))
                .flatten()
                .unwrap_or(0)
        };
        let masks = match bits {
            16 if !masked => Masks::new([0x7c00, 0x03e0, 0x001f, 0]),
            32 if !masked => {
                // Where no masks are asked for, one for alpha says that there is alpha.
                let alpha = if offset.is_none() || mask(3) != 0 {
                    0xff00_0000
                } else {
                    0
                };
                Masks::new([0x00ff_0000, 0xff00, 0xff, alpha])
            }
            _ => Masks::new([0, 1, 2, 3].map(mask)),
        };
        let table = length + behind;
        let entry = if oldest { 3 } else { 4 };
        let used = word(32).map_or(0, |used| used as usize);
        let colours = match bits {
            // More than there can be are skipped where pixels follow the palette.
            1..=8 if used == 0 => 1 << bits,
            _ => used,
        };
        let behind_table = table.saturating_add(colours.saturating_mul(entry));
        let from = offset.filter(|&offset| offset > 0).unwrap_or(behind_table);
        let palette = match bits {
            1..=8 => bytes
                .get(table..)
                .unwrap_or_default()
                .chunks_exact(entry)
                .take(colours.min(1 << bits))
                .filter_map(|entry| entry.first_chunk().map(|&[b, g, r]| [r, g, b]))
                .collect(),
            _ => Vec::new(),
        };
        Ok(Self {
            size,
            top_down: height < 0,
            bits,
            coding,
            masks,
            palette,
            data: bytes.get(from..).unwrap_or_default(),
            profile: profile(bytes, length),
        })
    }

    /// Whether pixels may be other than opaque.
    pub const fn has_alpha(&self) -> bool {
        self.masks.has_alpha()
    }

    /// Bytes of a row: a multiple of four.
    pub fn stride(&self) -> usize {
        (self.size.width as usize * self.bits).div_ceil(32) * 4
    }

    /// A colour of the palette; black where it ends.
    pub fn colour(&self, index: u8) -> [u8; 4] {
        let colour = self.palette.get(usize::from(index));
        let [r, g, b] = colour.copied().unwrap_or_default();
        [r, g, b, 255]
    }
}

fn early() -> Error {
    bad("header ends early")
}

/// The profile of a header of version 5, if it is in the file.
fn profile(bytes: &[u8], length: usize) -> Option<&[u8]> {
    const EMBEDDED: u32 = 0x4d42_4544;
    if length != 124 || le32(bytes, 56) != Some(EMBEDDED) {
        return None;
    }
    let from = usize::try_from(le32(bytes, 112)?).ok()?;
    let count = usize::try_from(le32(bytes, 116)?).ok()?;
    bytes
        .get(from..)?
        .get(..count)
        .filter(|profile| !profile.is_empty())
}

/// Where the parts of a pixel stand in a number.
#[derive(Clone, Copy, Debug)]
pub(in crate::render::ingest) struct Masks([Mask; 4]);

#[derive(Clone, Copy, Debug)]
struct Mask {
    shift: u32,
    /// The greatest value; 0 where there is no such part.
    most: u32,
}

impl Masks {
    fn new(masks: [u32; 4]) -> Self {
        Self(masks.map(|mask| {
            let shift = mask.trailing_zeros() % 32;
            // Bits up to the first gap.
            let bits = (mask >> shift).trailing_ones();
            Mask {
                shift,
                most: u32::MAX.checked_shr(32 - bits).unwrap_or(0),
            }
        }))
    }

    const fn has_alpha(&self) -> bool {
        let [.., alpha] = self.0;
        alpha.most > 0
    }

    pub fn pixel(&self, value: u32) -> [u8; 4] {
        let part = |mask: Mask, without: u8| {
            if mask.most == 0 {
                return without;
            }
            let part = u64::from(value >> mask.shift & mask.most);
            let most = u64::from(mask.most);
            u8::try_from((part * 255 + most / 2) / most).unwrap_or(u8::MAX)
        };
        let [r, g, b, a] = self.0;
        [part(r, 0), part(g, 0), part(b, 0), part(a, 255)]
    }
}
