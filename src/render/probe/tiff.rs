//! TIFF directories, of classic files and of BigTIFF: entries by number, each page naming the next.

use super::bytes::{be16, be32, be64, le16, le32, le64};
use super::exif;
use crate::spec::Turn;

/// Most pages that are counted.
const MOST_PAGES: usize = 1000;

const ORIENTATION: u16 = 274;
const PHOTOSHOP: u16 = 34377;

/// How many pages there are, at least one.
pub(super) fn count(bytes: &[u8]) -> u32 {
    u32::try_from(directories(bytes).count()).map_or(1, |count| count.max(1))
}

/// Where row 0 and column 0 of the first page are seen.
pub(super) fn orientation(bytes: &[u8]) -> Turn {
    first(bytes)
        .and_then(|directory| directory.number(ORIENTATION))
        .and_then(|value| u16::try_from(value).ok())
        .map_or(Turn::NONE, exif::turn)
}

/// The file with a page, counted from 0, as its first; `None` when there is no such page.
pub(super) fn beginning_with(bytes: &[u8], page: usize) -> Option<Vec<u8>> {
    let directory = directories(bytes).nth(page)?;
    let header = directory.header;
    let at = u64::try_from(directory.at).ok()?;
    let mut file = bytes.to_vec();
    let width = header.offset_bytes();
    let field = file.get_mut(header.first()..)?.get_mut(..width)?;
    if header.big_endian {
        field.copy_from_slice(at.to_be_bytes().get(8 - width..)?);
    } else {
        field.copy_from_slice(at.to_le_bytes().get(..width)?);
    }
    Some(file)
}

/// Photoshop's resources of the first page.
pub(in crate::render) fn photoshop(bytes: &[u8]) -> Option<&[u8]> {
    first(bytes)?.find(PHOTOSHOP)?.bytes()
}

/// The first directory.
pub(in crate::render) fn first(bytes: &[u8]) -> Option<Directory<'_>> {
    directories(bytes).next()
}

/// Every directory. A file whose directories name one another in a circle ends at the limit.
fn directories(bytes: &[u8]) -> impl Iterator<Item = Directory<'_>> {
    let header = Header::read(bytes);
    let first = header.and_then(|header| {
        let at = header.offset(bytes, header.first())?;
        Directory::at(header, bytes, at)
    });
    std::iter::successors(first, Directory::next).take(MOST_PAGES)
}

/// How the numbers of a file are written.
#[derive(Clone, Copy, Debug)]
struct Header {
    big_endian: bool,
    /// BigTIFF: offsets and counts of 64 bits.
    wide: bool,
}

impl Header {
    fn read(bytes: &[u8]) -> Option<Self> {
        let header = |big_endian, wide| Some(Self { big_endian, wide });
        match bytes.get(..8)? {
            [b'I', b'I', 42, 0, ..] => header(false, false),
            [b'M', b'M', 0, 42, ..] => header(true, false),
            [b'I', b'I', 43, 0, 8, 0, 0, 0] => header(false, true),
            [b'M', b'M', 0, 43, 0, 8, 0, 0] => header(true, true),
            _ => None,
        }
    }

    /// Where the header names the first directory.
    const fn first(self) -> usize {
        if self.wide { 8 } else { 4 }
    }

    const fn offset_bytes(self) -> usize {
        if self.wide { 8 } else { 4 }
    }

    const fn entry_bytes(self) -> usize {
        if self.wide { 20 } else { 12 }
    }

    fn u16(self, bytes: &[u8], at: usize) -> Option<u16> {
        if self.big_endian {
            be16(bytes, at)
        } else {
            le16(bytes, at)
        }
    }

    fn u32(self, bytes: &[u8], at: usize) -> Option<u32> {
        if self.big_endian {
            be32(bytes, at)
        } else {
            le32(bytes, at)
        }
    }

    fn u64(self, bytes: &[u8], at: usize) -> Option<u64> {
        if self.big_endian {
            be64(bytes, at)
        } else {
            le64(bytes, at)
        }
    }

    fn offset(self, bytes: &[u8], at: usize) -> Option<usize> {
        let offset = if self.wide {
            self.u64(bytes, at)?
        } else {
            self.u32(bytes, at)?.into()
        };
        usize::try_from(offset).ok()
    }
}

/// A directory: what describes one page.
#[derive(Clone, Copy, Debug)]
pub(in crate::render) struct Directory<'a> {
    header: Header,
    bytes: &'a [u8],
    at: usize,
    /// Where its entries begin.
    entries: usize,
    count: usize,
}

impl<'a> Directory<'a> {
    /// `None` at offset 0, which ends the chain, and outside of the file.
    fn at(header: Header, bytes: &'a [u8], at: usize) -> Option<Self> {
        if at == 0 {
            return None;
        }
        let (count, width) = if header.wide {
            (usize::try_from(header.u64(bytes, at)?).ok()?, 8)
        } else {
            (header.u16(bytes, at)?.into(), 2)
        };
        Some(Self {
            header,
            bytes,
            at,
            entries: at.checked_add(width)?,
            count,
        })
    }

    fn next(&self) -> Option<Self> {
        let entries = self.count.checked_mul(self.header.entry_bytes())?;
        let at = self.entries.checked_add(entries)?;
        let next = self.header.offset(self.bytes, at)?;
        Self::at(self.header, self.bytes, next)
    }

    pub fn is_big_endian(&self) -> bool {
        self.header.big_endian
    }

    /// The values of an entry.
    pub fn find(&self, tag: u16) -> Option<Values<'a>> {
        let width = self.header.entry_bytes();
        let entries = self.bytes.get(self.entries..)?.chunks_exact(width);
        let entry = entries
            .take(self.count)
            .find(|entry| self.header.u16(entry, 0) == Some(tag))?;
        let kind = Kind::new(self.header.u16(entry, 2)?)?;
        let (count, inline) = if self.header.wide {
            (usize::try_from(self.header.u64(entry, 4)?).ok()?, 12)
        } else {
            (usize::try_from(self.header.u32(entry, 4)?).ok()?, 8)
        };
        let length = count.checked_mul(kind.bytes())?;
        let data = if length <= self.header.offset_bytes() {
            entry.get(inline..)?
        } else {
            let from = self.header.offset(entry, inline)?;
            self.bytes.get(from..)?
        };
        Some(Values {
            header: self.header,
            kind,
            data: data.get(..length).unwrap_or(data),
        })
    }

    /// The first value of an entry, if it is a whole number.
    pub fn number(&self, tag: u16) -> Option<u64> {
        self.find(tag)?.number(0)
    }
}

/// What the values of an entry are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Byte,
    Short,
    Long,
    Long8,
    Rational { signed: bool },
    Float,
    Double,
}

impl Kind {
    /// Signed whole numbers count as unsigned: no entry that is read here is ever negative.
    const fn new(number: u16) -> Option<Self> {
        Some(match number {
            1 | 2 | 6 | 7 => Self::Byte,
            3 | 8 => Self::Short,
            4 | 9 | 13 => Self::Long,
            5 => Self::Rational { signed: false },
            10 => Self::Rational { signed: true },
            11 => Self::Float,
            12 => Self::Double,
            16..=18 => Self::Long8,
            _ => return None,
        })
    }

    const fn bytes(self) -> usize {
        match self {
            Self::Byte => 1,
            Self::Short => 2,
            Self::Long | Self::Float => 4,
            Self::Long8 | Self::Rational { .. } | Self::Double => 8,
        }
    }
}

/// The values of an entry, as far as the file holds them.
#[derive(Clone, Copy, Debug)]
pub(in crate::render) struct Values<'a> {
    header: Header,
    kind: Kind,
    data: &'a [u8],
}

impl<'a> Values<'a> {
    pub fn len(&self) -> usize {
        self.data.len() / self.kind.bytes()
    }

    /// A whole number.
    pub fn number(&self, n: usize) -> Option<u64> {
        let at = n.checked_mul(self.kind.bytes())?;
        Some(match self.kind {
            Kind::Byte => self.data.get(at).copied()?.into(),
            Kind::Short => self.header.u16(self.data, at)?.into(),
            Kind::Long => self.header.u32(self.data, at)?.into(),
            Kind::Long8 => self.header.u64(self.data, at)?,
            Kind::Rational { .. } | Kind::Float | Kind::Double => return None,
        })
    }

    /// A number of any kind.
    #[allow(
        clippy::cast_precision_loss,
        clippy::cast_possible_wrap,
        reason = "what is read so are factors; signed fractions are written as two's complement"
    )]
    pub fn real(&self, n: usize) -> Option<f64> {
        let at = n.checked_mul(self.kind.bytes())?;
        Some(match self.kind {
            Kind::Rational { signed } => {
                let part = |at| {
                    let bits = self.header.u32(self.data, at)?;
                    Some(match signed {
                        true => f64::from(bits as i32),
                        false => f64::from(bits),
                    })
                };
                part(at)? / part(at + 4)?
            }
            Kind::Float => f32::from_bits(self.header.u32(self.data, at)?).into(),
            Kind::Double => f64::from_bits(self.header.u64(self.data, at)?),
            _ => self.number(n)? as f64,
        })
    }

    /// The bytes, where they are bytes.
    pub fn bytes(&self) -> Option<&'a [u8]> {
        (self.kind == Kind::Byte).then_some(self.data)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two directories without entries, then one that names the first again.
    #[test]
    fn directories_are_followed_and_circles_end() {
        let mut file = b"II*\0\x08\0\0\0\0\0\x0e\0\0\0\0\0\0\0\0\0".to_vec();
        assert_eq!(count(&file), 2);
        let second = beginning_with(&file, 1).unwrap();
        assert_eq!(count(&second), 1);
        assert!(beginning_with(&file, 2).is_none());
        file[16] = 8;
        assert_eq!(count(&file), 1000);
        assert_eq!(count(b"II*\0\xff\xff\xff\xff"), 1);
        assert_eq!(count(b"MM"), 1);
    }

    /// A BigTIFF of two directories, the first with an orientation.
    fn wide(big_endian: bool) -> Vec<u8> {
        let mut file = if big_endian {
            b"MM\0+\0\x08\0\0".to_vec()
        } else {
            b"II+\0\x08\0\0\0".to_vec()
        };
        let short = |n: u16| match big_endian {
            true => n.to_be_bytes(),
            false => n.to_le_bytes(),
        };
        let long = |n: u64| match big_endian {
            true => n.to_be_bytes(),
            false => n.to_le_bytes(),
        };
        file.extend(long(16));
        file.extend(long(1));
        file.extend([short(274), short(3)].concat());
        file.extend(long(1));
        file.extend([short(6), [0; 2], [0; 2], [0; 2]].concat());
        file.extend(long(52));
        file.extend([long(0), long(0)].concat());
        file
    }

    #[test]
    fn bigtiff_directories_are_followed() {
        for file in [wide(false), wide(true)] {
            assert_eq!(count(&file), 2);
            assert_eq!(orientation(&file), exif::turn(6));
            let second = beginning_with(&file, 1).unwrap();
            assert_eq!(count(&second), 1);
            assert_eq!(orientation(&second), Turn::NONE);
        }
    }

    #[test]
    fn arrays_end_with_the_file() {
        // An entry of 2^30 longs that begin in the last five bytes.
        let file = b"II*\0\x08\0\0\0\x01\0\x11\x01\x04\0\0\0\0\x40\x16\0\0\0\x01\x02\x03\x04\x05";
        let values = first(file).unwrap().find(273).unwrap();
        assert_eq!(values.len(), 1);
        assert_eq!(values.number(0), Some(0x0403_0201));
        assert_eq!(values.number(1), None);
    }
}
