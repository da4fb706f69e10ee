//! Chunks that are JPEG streams, with their tables in the directory.

use std::io::Cursor;

use super::bad;
use super::chunk::{Chunk, Given};
use super::page::{Colour, Page};
use crate::plan::{Facts, Region, Size};
use crate::render::budget::Budget;
use crate::render::error::Error;
use crate::render::ingest::{Decoded, Request, jpeg};
use crate::render::probe::{TiffValues, probe};
use crate::render::raster::Layout;
use crate::spec::Format;

/// The largest unit of blocks, in pixels along a side.
const BLOCKS: u32 = 64;

const START: &[u8] = b"\xFF\xD8";
const END: &[u8] = b"\xFF\xD9";

/// A chunk whose tables may stand in the directory.
pub(super) fn in_tables<'a>(
    page: &Page<'_>,
    bytes: &[u8],
    chunk: Size,
    budget: &Budget,
) -> Result<Chunk<'a>, Error> {
    let tables = page.jpeg_tables.unwrap_or_default();
    let tables = tables.strip_prefix(START).unwrap_or_default();
    let tables = tables.strip_suffix(END).unwrap_or(tables);
    let scans = without_applications(bytes.strip_prefix(START).unwrap_or(bytes));
    let colours = matches!(page.colour, Colour::YCbCr(_)) && !page.planar;
    piece(page, &[tables, scans], colours, chunk, budget)
}

/// A chunk as TIFF 6.0 had it at first: coefficients alone, with tables anywhere in the file.
pub(super) fn old_piece<'a>(
    page: &Page<'_>,
    file: &[u8],
    bytes: &[u8],
    chunk: Size,
    budget: &Budget,
) -> Result<Chunk<'a>, Error> {
    let head =
        old_head(page, file, chunk).ok_or_else(|| bad("old-style JPEG without its tables"))?;
    // Colours come by the formula of the directory, not of JFIF.
    piece(page, &[&head, bytes, END], false, chunk, budget)
}

/// A chunk from the parts of its stream behind the first mark, in colours or as it is stored.
fn piece<'a>(
    page: &Page<'_>,
    parts: &[&[u8]],
    colours: bool,
    chunk: Size,
    budget: &Budget,
) -> Result<Chunk<'a>, Error> {
    if page.bits != 8 {
        return Err(bad("unsupported: JPEG of other than 8 bits"));
    }
    let file = stream(parts, colours);
    let facts = facts(&file)?;
    let (width, height) = (chunk.width as usize, facts.size.height as usize);
    // Filled up to whole blocks by some writers; much larger ones would cost much for little.
    let (least, most) = (chunk.width, chunk.width.saturating_add(BLOCKS));
    if !(least..most).contains(&facts.size.width)
        || facts.size.height >= page.chunk.height.saturating_add(BLOCKS)
    {
        return Err(bad("a JPEG in it has another size than its tile or strip"));
    }
    budget.limits().source(facts.size)?;
    let whole = Request::part(facts.size, Region::whole(facts.size), 1);
    let decoded = jpeg::decode(&file, &facts, &whole, budget)?;
    let raster = decoded.picture.into_packed(budget)?.raster;
    let samples = raster.layout().bytes();
    if raster.size() != facts.size || samples != page.chunk_samples_a_pixel() {
        return Err(bad("a JPEG in it has another number of components"));
    }
    let stored = raster.size().width as usize;
    let inks = raster.layout() == Layout::Cmyk;
    let mut pixels = raster.into_pixels();
    if inks {
        // Adobe's marker turns inks round; here they are stored as they are.
        pixels.iter_mut().for_each(|ink| *ink = 255 - *ink);
    }
    if stored > width {
        for row in 0..height {
            let from = row * stored * samples;
            pixels.copy_within(from..from + width * samples, row * width * samples);
        }
        pixels.truncate(height * width * samples);
    }
    Ok(Chunk {
        rows: Box::new(Cursor::new(pixels)),
        given: if colours { Given::Rgb } else { Given::Stored },
        damaged: decoded.damaged,
    })
}

/// A whole picture in one stream, as early writers had it; `None` where it is in pieces.
pub(super) fn old_whole(
    page: &Page<'_>,
    bytes: &[u8],
    request: &Request,
    budget: &Budget,
) -> Option<Result<Decoded, Error>> {
    let at = usize::try_from(page.old_jpeg.at?).ok()?;
    let file = bytes.get(at..).filter(|file| file.starts_with(START))?;
    let facts = facts(file).ok().filter(|facts| facts.size == page.size)?;
    Some(jpeg::decode(file, &facts, request, budget))
}

fn facts(file: &[u8]) -> Result<Facts, Error> {
    match probe(file) {
        Ok(facts) if facts.format == Format::Jpeg => Ok(facts),
        _ => Err(bad("a JPEG in it has no header")),
    }
}

/// One file of tables and scans. Adobe's marker says what its components mean, for the directory
/// says it and the stream does not.
fn stream(parts: &[&[u8]], colours: bool) -> Vec<u8> {
    let marker = b"\xFF\xEE\0\x0EAdobe\0\x64\0\0\0\0";
    [START, marker, &[u8::from(colours)], &parts.concat()].concat()
}

/// What follows the segments of applications at the beginning: the directory knows better.
fn without_applications(mut stream: &[u8]) -> &[u8] {
    while let [0xFF, 0xE0..=0xEF, high, low, ..] = *stream {
        let length = 2 + usize::from(u16::from_be_bytes([high, low]));
        stream = stream.get(length..).unwrap_or_default();
    }
    stream
}

/// Tables, frame and scan of a chunk whose coefficients stand alone.
fn old_head(page: &Page<'_>, file: &[u8], chunk: Size) -> Option<Vec<u8>> {
    let components = page.chunk_samples_a_pixel();
    let mut head = Vec::new();
    let [steps, dc, ac] = &page.old_jpeg.tables;
    let place = |values: &Option<TiffValues<'_>>, n| {
        file.get(usize::try_from(values.as_ref()?.number(n)?).ok()?..)
    };
    for n in 0..components {
        let number = u8::try_from(n).ok()?;
        segment(&mut head, 0xDB, &[&[number], place(steps, n)?.get(..64)?])?;
        for (class, values) in [(0, dc), (0x10, ac)] {
            let table = place(values, n)?;
            let symbols = table
                .get(..16)?
                .iter()
                .map(|&n| usize::from(n))
                .sum::<usize>();
            segment(
                &mut head,
                0xC4,
                &[&[class | number], table.get(..16 + symbols)?],
            )?;
        }
    }
    if let Ok(restart @ 1..) = u16::try_from(page.old_jpeg.restart) {
        segment(&mut head, 0xDD, &[&restart.to_be_bytes()])?;
    }
    let (mut frame, mut scan) = (Vec::new(), Vec::new());
    for n in 0..u8::try_from(components).ok()? {
        let sampling = match (n, page.subsampling) {
            (0, (across, down)) if components > 1 => u8::try_from(across << 4 | down).ok()?,
            _ => 0x11,
        };
        frame.extend([n + 1, sampling, n]);
        scan.extend([n + 1, n << 4 | n]);
    }
    let count = [u8::try_from(components).ok()?];
    let side = |side: u32| Some(u16::try_from(side).ok()?.to_be_bytes());
    let (height, width) = (side(chunk.height)?, side(chunk.width)?);
    segment(&mut head, 0xC0, &[&[8], &height, &width, &count, &frame])?;
    segment(&mut head, 0xDA, &[&count, &scan, &[0, 63, 0]])?;
    Some(head)
}

fn segment(into: &mut Vec<u8>, marker: u8, parts: &[&[u8]]) -> Option<()> {
    let body = parts.concat();
    into.extend([0xFF, marker]);
    into.extend(u16::try_from(body.len() + 2).ok()?.to_be_bytes());
    into.extend(body);
    Some(())
}
