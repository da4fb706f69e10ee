//! A strip or a tile, unpacked as it is read.

use std::borrow::Cow;
use std::io::{self, BufReader, Cursor, Read};

use super::page::Page;
use super::{bad, fax, jpeg, webp};
use crate::plan::Size;
use crate::render::budget::Budget;
use crate::render::error::Error;

/// Most KiB that LZMA may take; Zstandard's decoder has the same bound.
const MOST_DICTIONARY: u32 = 128 << 10;

/// A chunk of one plane, unpacked as it is read.
pub(super) struct Chunk<'a> {
    pub rows: Box<dyn Read + 'a>,
    /// What its samples are once unpacked: a JPEG gives whole bytes and may give colours.
    pub given: Given,
    pub damaged: bool,
}

/// What a chunk holds once it is unpacked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Given {
    /// What the page says.
    Stored,
    /// Samples of 8 bits in RGB instead of brightness and colour differences.
    Rgb,
}

pub(super) fn open<'a>(
    page: &Page<'_>,
    file: &[u8],
    bytes: &'a [u8],
    chunk: Size,
    budget: &Budget,
) -> Result<Chunk<'a>, Error> {
    let plain = |rows: Box<dyn Read + 'a>| Chunk {
        rows,
        given: Given::Stored,
        damaged: false,
    };
    let subsampled = page.subsampling != (1, 1);
    let rows = match page.compression {
        6 => return jpeg::old_piece(page, file, bytes, chunk, budget),
        7 => return jpeg::in_tables(page, bytes, chunk, budget),
        50001 => return webp::open(page, bytes, chunk, budget).map(plain),
        _ => unpacked(page, bytes)?,
    };
    if !subsampled {
        return Ok(plain(rows));
    }
    if page.planar || page.bits != 8 || page.samples != 3 {
        return Err(bad(
            "colour differences at another size, in planes or with more samples",
        ));
    }
    Ok(plain(Box::new(Spread::new(
        rows,
        chunk.width as usize,
        page.subsampling,
    ))))
}

/// Rows of bytes of the codings that know nothing of pictures, and of fax.
fn unpacked<'a>(page: &Page<'_>, bytes: &'a [u8]) -> Result<Box<dyn Read + 'a>, Error> {
    let data = if page.reversed {
        Cow::Owned(bytes.iter().map(|byte| byte.reverse_bits()).collect())
    } else {
        Cow::Borrowed(bytes)
    };
    let data = Cursor::new(data);
    Ok(match page.compression {
        1 => Box::new(data),
        2..=4 => Box::new(fax::Rows::new(page, data.into_inner())?),
        // Pieces larger than rows: weezl has lost bytes where it was given room for a few.
        5 => Box::new(BufReader::new(Lzw::new(data.into_inner()))),
        8 | 32946 => Box::new(flate2::read::ZlibDecoder::new(data)),
        32773 => Box::new(PackBits::new(data)),
        50000 => Box::new(ruzstd::decoding::StreamingDecoder::new(data).map_err(bad)?),
        34925 => Box::new(lzma_rust2::XzReader::new_mem_limit(
            data,
            false,
            MOST_DICTIONARY,
        )),
        other => {
            let name = match other {
                32766 => "NeXT",
                32809 => "ThunderScan",
                33003 | 33005 | 34712 => "JPEG 2000",
                34661 => "JBIG",
                34676 | 34677 => "SGI LogLuv",
                34887 => "LERC",
                50002 | 52546 => "JPEG XL",
                _ => return Err(bad(format!("unsupported compression {other}"))),
            };
            return Err(bad(format!("unsupported compression: {name}")));
        }
    })
}

/// LZW as TIFF has it, and as the first writers had it by mistake: lowest bits first.
struct Lzw<'a> {
    decoder: weezl::decode::Decoder,
    data: Cow<'a, [u8]>,
    at: usize,
}

impl<'a> Lzw<'a> {
    fn new(data: Cow<'a, [u8]>) -> Self {
        use weezl::BitOrder::{Lsb, Msb};
        use weezl::decode::Configuration;
        let first = matches!(*data, [0, second, ..] if second & 1 == 1);
        let configuration = if first {
            Configuration::new(Lsb, 8)
        } else {
            Configuration::with_tiff_size_switch(Msb, 8)
        };
        Self {
            decoder: configuration.build(),
            data,
            at: 0,
        }
    }
}

impl Read for Lzw<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            let left = self.data.get(self.at..).unwrap_or_default();
            let result = self.decoder.decode_bytes(left, into);
            self.at += result.consumed_in;
            // What was unpacked before damage is kept; the damage comes back with the next call.
            if result.consumed_out > 0 {
                return Ok(result.consumed_out);
            }
            // No bytes in and none out is no end: codes may wait inside the decoder.
            match result.status.map_err(io::Error::other)? {
                weezl::LzwStatus::Ok => {}
                weezl::LzwStatus::NoProgress | weezl::LzwStatus::Done => return Ok(0),
            }
        }
    }
}

/// Runs and literal bytes.
struct PackBits<'a> {
    data: Cursor<Cow<'a, [u8]>>,
    left: usize,
    /// The byte of a run; `None` in literal bytes.
    run: Option<u8>,
}

impl<'a> PackBits<'a> {
    const fn new(data: Cursor<Cow<'a, [u8]>>) -> Self {
        Self {
            data,
            left: 0,
            run: None,
        }
    }

    fn byte(&mut self) -> Option<u8> {
        let mut byte = [0];
        self.data.read_exact(&mut byte).ok()?;
        Some(byte[0])
    }
}

impl Read for PackBits<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.left == 0 {
            let Some(head) = self.byte() else {
                return Ok(0);
            };
            match head {
                0..128 => (self.left, self.run) = (usize::from(head) + 1, None),
                128 => {}
                129.. => {
                    self.run = self.byte();
                    self.left = if self.run.is_some() {
                        257 - usize::from(head)
                    } else {
                        0
                    };
                }
            }
        }
        let length = into.len().min(self.left);
        let into = into.get_mut(..length).unwrap_or_default();
        let read = match self.run {
            Some(byte) => {
                into.fill(byte);
                length
            }
            None => self.data.read(into)?,
        };
        self.left = if read == 0 { 0 } else { self.left - read };
        Ok(read)
    }
}

/// Colour differences at another size, given a pixel at a time. They are stored in blocks: the
/// brightness of each pixel, then two differences for all of them.
struct Spread<'a> {
    from: Box<dyn Read + 'a>,
    width: usize,
    block: (usize, usize),
    stored: Vec<u8>,
    rows: Vec<u8>,
    at: usize,
}

impl<'a> Spread<'a> {
    fn new(from: Box<dyn Read + 'a>, width: usize, block: (usize, usize)) -> Self {
        let blocks = width.div_ceil(block.0);
        Self {
            from,
            width,
            block,
            stored: vec![0; blocks * (block.0 * block.1 + 2)],
            rows: Vec::new(),
            at: 0,
        }
    }
}

impl Read for Spread<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.at == self.rows.len() {
            self.from.read_exact(&mut self.stored)?;
            let (across, down) = self.block;
            let light = across * down;
            self.rows.clear();
            for y in 0..down {
                for x in 0..self.width {
                    let block = &self.stored[x / across * (light + 2)..];
                    let inside = y * across + x % across;
                    self.rows
                        .extend([block[inside], block[light], block[light + 1]]);
                }
            }
            self.at = 0;
        }
        let left = self.rows.get(self.at..).unwrap_or_default();
        let length = left.len().min(into.len());
        if let (Some(into), Some(left)) = (into.get_mut(..length), left.get(..length)) {
            into.copy_from_slice(left);
        }
        self.at += length;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packbits_unpacks_apples_example() {
        // From Apple's Technical Note TN1023.
        let packed = [
            0xFE, 0xAA, 0x02, 0x80, 0x00, 0x2A, 0xFD, 0xAA, 0x03, 0x80, 0x00, 0x2A, 0x22, 0xF7,
            0xAA,
        ];
        let mut unpacked = Vec::new();
        let mut reader = PackBits::new(Cursor::new(Cow::Borrowed(&packed[..])));
        reader.read_to_end(&mut unpacked).unwrap();
        assert_eq!(
            unpacked,
            [
                0xAA, 0xAA, 0xAA, 0x80, 0x00, 0x2A, 0xAA, 0xAA, 0xAA, 0xAA, 0x80, 0x00, 0x2A, 0x22,
                0xAA, 0xAA, 0xAA, 0xAA, 0xAA, 0xAA, 0xAA, 0xAA, 0xAA, 0xAA
            ]
        );
    }
}
