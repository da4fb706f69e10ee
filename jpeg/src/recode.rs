//! A file written anew with Huffman tables made for it: the same picture, a few percent shorter.
//!
//! Encoders that write as they go use tables that fit no picture well. The symbols of a file are counted in a first
//! walk and written with shorter codes in a second one; coefficients are not touched.

use crate::fitted::{Counts, Fitted};
use crate::frame::Frame;
use crate::headers::Headers;
use crate::huffman::{Class, Symbol, Table};
use crate::marker::find_marker;
use crate::reader::{Bits, Reader};
use crate::scan::ScanHeader;
use crate::walk::{Visitor, Walk};

/// The same picture with tables of its own, in one scan as before. `stop` is asked before every row of MCUs whether to
/// give up.
///
/// `None` for what is not an undamaged sequential file of one scan without restart markers, when stopped, and when the file would
/// not become shorter.
#[must_use]
pub fn recode(file: &[u8], stop: &mut dyn FnMut() -> bool) -> Option<Vec<u8>> {
    let mut source = Source::open(file)?;
    let counts = source.walk(Box::new([[0; 256]; TABLES]), stop)?;
    let tables: Vec<_> = counts.iter().map(Fitted::new).collect();
    let mut out = Writer::new(tables, file.len());
    out.bytes.extend_from_slice(&file[..2]);
    for segment in &source.kept {
        out.bytes.extend_from_slice(file.get(segment.clone())?);
    }
    out.tables();
    out.bytes.extend_from_slice(file.get(source.scan.clone())?);
    let out = source.walk(out, stop)?.finish();
    (out.len() < file.len()).then_some(out)
}

/// Tables that a scan may name: four for means, four for the rest.
const TABLES: usize = 8;
/// Where those for the rest begin.
const AC: usize = 4;

/// A file's parts.
struct Source<'a> {
    file: &'a [u8],
    headers: Headers,
    frame: Frame,
    header: ScanHeader,
    /// Segments before the scan, without Huffman tables.
    kept: Vec<std::ops::Range<usize>>,
    /// The scan's header.
    scan: std::ops::Range<usize>,
}

impl<'a> Source<'a> {
    fn open(file: &'a [u8]) -> Option<Self> {
        if !file.starts_with(&[0xFF, 0xD8]) {
            return None;
        }
        let mut headers = Headers::default();
        let mut kept = Vec::new();
        let mut start = 2;
        loop {
            let (marker, at) = find_marker(file, start)?;
            let rest = file.get(at + 2..)?;
            let length = usize::from(u16::from_be_bytes(*rest.first_chunk()?));
            let payload = rest.get(2..length)?;
            let segment = at..at + 2 + length;
            start = segment.end;
            match marker {
                0xDA => {
                    let frame = headers.frame.take()?;
                    let header = ScanHeader::new(&frame, payload).ok()?;
                    let whole = header.parts.len() == frame.components.len();
                    if frame.progressive || frame.arithmetic || !whole || headers.interval > 0 {
                        return None;
                    }
                    for part in &header.parts {
                        headers.prepare(Class::Dc, part.dc).ok()?;
                        headers.prepare(Class::Ac, part.ac).ok()?;
                    }
                    return Some(Self {
                        file,
                        headers,
                        frame,
                        header,
                        kept,
                        scan: segment,
                    });
                }
                0xC4 => headers.read(marker, payload).ok()?,
                _ => {
                    headers.read(marker, payload).ok()?;
                    kept.push(segment);
                }
            }
        }
    }

    /// Gives every symbol to a sink; `None` when the scan is not whole or not the last.
    fn walk<S: Sink>(&mut self, sink: S, stop: &mut dyn FnMut() -> bool) -> Option<S> {
        let mut parts = Vec::with_capacity(self.header.parts.len());
        let mut samplings = Vec::with_capacity(self.header.parts.len());
        let mut mcus = self.frame.mcus;
        for part in &self.header.parts {
            let component = self.frame.components.get(part.index)?;
            parts.push(Part {
                dc: (part.dc, self.headers.dc(part.dc).ok()?),
                ac: (AC + part.ac, self.headers.ac(part.ac).ok()?),
            });
            samplings.push(component.sampling);
            if self.header.parts.len() == 1 {
                mcus = component.blocks;
            }
        }
        let mut reader = Reader::new(self.file);
        reader.begin(self.scan.end);
        let mut symbols = Symbols {
            parts,
            sink,
            bad: false,
        };
        Walk {
            samplings,
            mcus,
            interval: 0,
            source: &mut reader,
            stop,
        }
        .run(&mut symbols)
        .ok()?;
        let (marker, _) = find_marker(self.file, reader.position())?;
        (marker == 0xD9 && !symbols.bad && !reader.damaged).then_some(symbols.sink)
    }
}

/// Where symbols go.
trait Sink {
    /// A symbol of a table and the bits of its value.
    fn put(&mut self, table: usize, symbol: u8, value: u32, bits: u32);
}

impl Sink for Box<[Counts; TABLES]> {
    #[inline(always)]
    fn put(&mut self, table: usize, symbol: u8, _value: u32, _bits: u32) {
        if let Some(count) = self
            .get_mut(table)
            .and_then(|counts| counts.get_mut(usize::from(symbol)))
        {
            *count = count.saturating_add(1);
        }
    }
}

/// A component's tables, and which of the eight they are.
struct Part<'a> {
    dc: (usize, &'a Table),
    ac: (usize, &'a Table),
}

struct Symbols<'a, S> {
    parts: Vec<Part<'a>>,
    sink: S,
    bad: bool,
}

impl<S: Sink> Visitor<Reader<'_>> for Symbols<'_, S> {
    #[inline(always)]
    fn block(&mut self, part: usize, _column: u32, _row: u32, reader: &mut Reader<'_>) {
        let Some(part) = self.parts.get(part) else {
            return;
        };
        let data = reader.data();
        let mut bits = reader.bits;
        bits.refill(data);
        let (number, table) = part.dc;
        let mean = table.symbol(&bits, &mut self.bad);
        let value = taken(mean, &mut bits);
        self.sink.put(number, mean.size() as u8, value, mean.size());
        let (number, table) = part.ac;
        let mut at = 1;
        while at < 64 {
            bits.refill(data);
            let symbol = table.symbol(&bits, &mut self.bad);
            let size = symbol.size();
            let value = taken(symbol, &mut bits);
            // An end of block is a move of 64; a move that is too far is damage.
            let byte = if symbol.advance() == 64 {
                0
            } else {
                self.bad |= at + symbol.advance() > 63;
                (symbol.advance() as u8) << 4 | size as u8
            };
            self.sink.put(number, byte, value, size);
            at += symbol.advance() + 1;
        }
        reader.bits = bits;
    }

    fn restart(&mut self) {}
}

/// Takes a symbol's bits and gives those of its value as they are.
#[inline(always)]
fn taken(symbol: Symbol, bits: &mut Bits) -> u32 {
    bits.skip(symbol.total() - symbol.size());
    bits.take(symbol.size())
}

/// Writes symbols with fitted codes.
struct Writer {
    tables: Vec<Option<Fitted>>,
    bytes: Vec<u8>,
    /// Bits not written yet, the first at the top.
    word: u64,
    count: u32,
}

impl Writer {
    fn new(tables: Vec<Option<Fitted>>, length: usize) -> Self {
        Self {
            tables,
            bytes: Vec::with_capacity(length),
            word: 0,
            count: 0,
        }
    }

    /// The tables as a segment.
    fn tables(&mut self) {
        self.bytes.extend_from_slice(&[0xFF, 0xC4]);
        let length_at = self.bytes.len();
        self.bytes.extend_from_slice(&[0, 0]);
        for (number, table) in (0_u8..).zip(&self.tables) {
            if let Some(table) = table {
                // The class stands above the slot.
                self.bytes.push((number & 4) << 2 | number & 3);
                self.bytes.extend(table.payload());
            }
        }
        let length = (self.bytes.len() - length_at) as u16;
        if let Some(place) = self.bytes.get_mut(length_at..length_at + 2) {
            place.copy_from_slice(&length.to_be_bytes());
        }
    }

    /// Moves whole bytes out.
    #[inline(always)]
    fn drain(&mut self) {
        if self.count >= 32 {
            let [a, b, c, d, ..] = self.word.to_be_bytes();
            let four = [a, b, c, d];
            if four.contains(&0xFF) {
                four.into_iter().for_each(|byte| self.stuffed(byte));
            } else {
                self.bytes.extend_from_slice(&four);
            }
            self.word <<= 32;
            self.count -= 32;
        }
    }

    fn stuffed(&mut self, byte: u8) {
        self.bytes.push(byte);
        if byte == 0xFF {
            self.bytes.push(0);
        }
    }

    /// The last bits, filled up with ones, and the end of the picture.
    fn finish(mut self) -> Vec<u8> {
        let word = self.word | u64::MAX >> self.count;
        let whole = self.count.div_ceil(8) as usize;
        for byte in word.to_be_bytes().into_iter().take(whole) {
            self.stuffed(byte);
        }
        self.bytes.extend_from_slice(&[0xFF, 0xD9]);
        self.bytes
    }
}

impl Sink for Writer {
    #[inline(always)]
    fn put(&mut self, table: usize, symbol: u8, value: u32, bits: u32) {
        let Some(Some(table)) = self.tables.get(table) else {
            return;
        };
        let (code, length) = table.code(symbol);
        if length == 0 {
            return;
        }
        // At most 16 bits of code and 12 of value, behind at most 31 that wait.
        let together = u64::from(code) << bits | u64::from(value);
        self.count += u32::from(length) + bits;
        self.word |= together << (64 - self.count);
        self.drain();
    }
}
