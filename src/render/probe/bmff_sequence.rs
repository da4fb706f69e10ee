//! Image sequences in an AVIF file: the tables that say where the samples of a track lie and how
//! long each is shown.
//!
//! Nothing is copied out of the tables: a walk over the samples reads them as it goes, and every
//! offset is checked against the file.

use super::super::bytes::{be32, be64};
use super::{boxes, child, is_alpha_urn};
use crate::plan::Size;

/// Bytes of an image in `stsd` before the boxes inside it.
const SAMPLE_ENTRY: usize = 78;
/// More tracks are not looked at.
const MOST_TRACKS: usize = 16;

/// Pictures that are shown one after the other.
#[derive(Debug)]
pub(in crate::render) struct Sequence<'a> {
    /// The size that the track names.
    pub size: Size,
    pub colour: Track<'a>,
    pub alpha: Option<Track<'a>>,
    /// Colours are multiplied by alpha already.
    pub premultiplied: bool,
    /// How often all are played; 0 for ever.
    pub plays: u16,
    /// Boxes that describe the samples, as properties describe an item.
    pub properties: Vec<(&'a [u8], &'a [u8])>,
}

/// The samples of one track.
#[derive(Clone, Copy, Debug)]
pub(in crate::render) struct Track<'a> {
    file: &'a [u8],
    timescale: u32,
    times: &'a [u8],
    sizes: &'a [u8],
    /// Which chunks have how many samples.
    groups: &'a [u8],
    chunks: Chunks<'a>,
    /// How many samples the tables account for.
    pub count: u32,
}

/// A picture of a track.
#[derive(Clone, Copy, Debug)]
pub(in crate::render) struct Sample<'a> {
    /// AV1 data; `None` where the file ends before they do.
    pub data: Option<&'a [u8]>,
    pub milliseconds: u32,
}

/// Offsets of chunks, in numbers of 4 or 8 bytes.
#[derive(Clone, Copy, Debug)]
struct Chunks<'a> {
    offsets: &'a [u8],
    width: usize,
}

impl<'a> Sequence<'a> {
    /// The first track of AV1 pictures that are not the alpha of others.
    pub fn read(file: &'a [u8]) -> Option<Self> {
        let movie = child(file, b"moov")?;
        let tracks: Vec<_> = boxes(movie)
            .filter(|(name, _)| *name == b"trak")
            .filter_map(|(_, body)| Header::read(body))
            .take(MOST_TRACKS)
            .collect();
        let (colour, track, properties) = tracks
            .iter()
            .filter(|header| header.refers(b"auxl").next().is_none())
            .find_map(|header| {
                let (track, properties) = Track::read(file, header.body)?;
                Some((header, track, properties))
            })?;
        let alpha = tracks
            .iter()
            .filter(|header| header.refers(b"auxl").any(|to| to == colour.id))
            .find_map(|header| {
                let (track, properties) = Track::read(file, header.body)?;
                is_alpha(&properties).then_some((header.id, track))
            });
        Some(Self {
            size: colour.size,
            colour: track,
            premultiplied: alpha
                .is_some_and(|(alpha, _)| colour.refers(b"prem").any(|to| to == alpha)),
            alpha: alpha.map(|(_, track)| track),
            plays: colour.plays(),
            properties,
        })
    }
}

/// Whether a track that belongs to another is its alpha: unless it says that it is something else,
/// depth for example.
fn is_alpha(properties: &[(&[u8], &[u8])]) -> bool {
    let kind = properties.iter().find(|(name, _)| *name == b"auxi");
    kind.is_none_or(|(_, body)| body.get(4..).is_some_and(is_alpha_urn))
}

/// What is known of a track before its tables.
struct Header<'a> {
    body: &'a [u8],
    id: u32,
    size: Size,
    /// How long it is played, `None` for ever, in units of the whole file.
    duration: Option<u64>,
}

impl<'a> Header<'a> {
    fn read(body: &'a [u8]) -> Option<Self> {
        let header = child(body, b"tkhd")?;
        let wide = *header.first()? > 0;
        let (id, duration, size) = if wide { (20, 28, 88) } else { (12, 20, 76) };
        let duration = if wide {
            Some(be64(header, duration)?).filter(|&n| n != u64::MAX)
        } else {
            Some(be32(header, duration)?)
                .filter(|&n| n != u32::MAX)
                .map(u64::from)
        };
        // Fixed point, 16 bits of fraction.
        let (width, height) = (be32(header, size)? >> 16, be32(header, size + 4)? >> 16);
        Some(Self {
            body,
            id: be32(header, id)?,
            size: (width > 0 && height > 0).then(|| Size::new(width, height))?,
            duration,
        })
    }

    /// The tracks that it names in references of a kind.
    fn refers(&self, kind: &'a [u8; 4]) -> impl Iterator<Item = u32> {
        let ids = child(self.body, b"tref").and_then(|references| child(references, kind));
        let (ids, _) = ids.unwrap_or_default().as_chunks::<4>();
        ids.iter().map(|id| u32::from_be_bytes(*id))
    }

    /// How often it is played: what its edit list says, or for ever where there is none.
    fn plays(&self) -> u16 {
        let Some(list) = child(self.body, b"edts").and_then(|edits| child(edits, b"elst")) else {
            return 0;
        };
        let repeats = list.get(3).is_some_and(|flags| flags & 1 == 1);
        if !repeats {
            return 1;
        }
        let once = match list.first() {
            Some(1) => be64(list, 8),
            _ => be32(list, 8).map(u64::from),
        };
        match (self.duration, once) {
            (Some(all), Some(once)) if once > 0 => {
                u16::try_from(all.div_ceil(once).max(1)).unwrap_or(0)
            }
            _ => 0,
        }
    }
}

impl<'a> Track<'a> {
    /// The samples of a track of AV1 pictures, and what describes them.
    #[allow(clippy::type_complexity, reason = "a track, and boxes by their names")]
    fn read(file: &'a [u8], body: &'a [u8]) -> Option<(Self, Vec<(&'a [u8], &'a [u8])>)> {
        let media = child(body, b"mdia")?;
        let times = child(media, b"mdhd")?;
        let timescale = be32(times, if *times.first()? > 0 { 20 } else { 12 })?;
        let table = child(child(media, b"minf")?, b"stbl")?;
        let kinds = child(table, b"stsd")?.get(8..)?;
        let (_, entry) = boxes(kinds).take(16).find(|(kind, _)| *kind == b"av01")?;
        let chunks = match child(table, b"stco") {
            Some(offsets) => Chunks { offsets, width: 4 },
            None => Chunks {
                offsets: child(table, b"co64")?,
                width: 8,
            },
        };
        let mut track = Self {
            file,
            timescale: (timescale > 0).then_some(timescale)?,
            times: child(table, b"stts")?,
            sizes: child(table, b"stsz")?,
            groups: child(table, b"stsc")?,
            chunks,
            count: 0,
        };
        track.count = track.reachable()?;
        let properties = boxes(entry.get(SAMPLE_ENTRY..)?).take(64).collect();
        (track.count > 0).then_some((track, properties))
    }

    /// Samples that all tables know of.
    fn reachable(&self) -> Option<u32> {
        let listed = self.sizes.get(12..).unwrap_or_default().len() / 4;
        let promised = be32(self.sizes, 8)?;
        let sized = match be32(self.sizes, 4)? {
            0 => promised.min(u32::try_from(listed).unwrap_or(u32::MAX)),
            _ => promised,
        };
        let mut group = Group::default();
        let chunks = (0..self.chunks.count()).map(|chunk| group.at(self.groups, chunk));
        Some(chunks.fold(0, u32::saturating_add).min(sized))
    }

    /// The samples in their order.
    pub fn samples(self) -> Samples<'a> {
        Samples {
            track: self,
            next: 0,
            chunk: 0,
            left: 0,
            offset: 0,
            group: Group::default(),
            run: Run::default(),
        }
    }
}

impl Chunks<'_> {
    fn count(self) -> u32 {
        let held = self.offsets.get(8..).unwrap_or_default().len() / self.width;
        let promised = be32(self.offsets, 4).unwrap_or(0);
        promised.min(u32::try_from(held).unwrap_or(u32::MAX))
    }

    fn at(self, chunk: u32) -> Option<u64> {
        let at = usize::try_from(chunk).ok()?.checked_mul(self.width)? + 8;
        match self.width {
            4 => be32(self.offsets, at).map(u64::from),
            _ => be64(self.offsets, at),
        }
    }
}

/// An entry of `stsc`, while chunks are walked in their order.
#[derive(Default)]
struct Group {
    /// Entries that begin before or at the chunk at hand.
    entries: usize,
    samples: u32,
}

impl Group {
    /// Samples in a chunk, counted from 0.
    fn at(&mut self, groups: &[u8], chunk: u32) -> u32 {
        let most = be32(groups, 4).and_then(|n| usize::try_from(n).ok());
        while self.entries < most.unwrap_or(0) {
            let at = 8 + self.entries * 12;
            match (be32(groups, at), be32(groups, at + 4)) {
                (Some(first), Some(samples)) if first <= chunk.saturating_add(1) => {
                    self.samples = samples;
                    self.entries += 1;
                }
                _ => break,
            }
        }
        self.samples
    }
}

/// An entry of `stts`: samples that are shown equally long.
#[derive(Default)]
struct Run {
    entries: usize,
    left: u32,
    delta: u32,
}

impl Run {
    /// Units of time of the next sample; those behind the last entry take as long as it says.
    fn next(&mut self, times: &[u8]) -> u32 {
        let most = be32(times, 4).and_then(|n| usize::try_from(n).ok());
        while self.left == 0 && self.entries < most.unwrap_or(0) {
            let at = 8 + self.entries * 8;
            let (Some(count), Some(delta)) = (be32(times, at), be32(times, at + 4)) else {
                break;
            };
            (self.left, self.delta) = (count, delta);
            self.entries += 1;
        }
        self.left = self.left.saturating_sub(1);
        self.delta
    }
}

/// A walk over the samples of a track.
pub(in crate::render) struct Samples<'a> {
    track: Track<'a>,
    next: u32,
    /// The chunk after the one at hand.
    chunk: u32,
    /// Samples left in the chunk at hand.
    left: u32,
    offset: u64,
    group: Group,
    run: Run,
}

impl<'a> Iterator for Samples<'a> {
    type Item = Sample<'a>;

    fn next(&mut self) -> Option<Sample<'a>> {
        let track = self.track;
        if self.next >= track.count {
            return None;
        }
        while self.left == 0 {
            self.offset = track.chunks.at(self.chunk)?;
            self.left = self.group.at(track.groups, self.chunk);
            self.chunk = self.chunk.checked_add(1)?;
        }
        let size = match be32(track.sizes, 4)? {
            0 => be32(track.sizes, 12 + usize::try_from(self.next).ok()? * 4)?,
            same => same,
        };
        let start = self.offset;
        self.offset = start.checked_add(size.into())?;
        self.left -= 1;
        self.next += 1;
        let range = usize::try_from(start).ok()?..usize::try_from(self.offset).ok()?;
        let units = u64::from(self.run.next(track.times)) * 1000;
        let timescale = u64::from(track.timescale);
        Some(Sample {
            data: track.file.get(range).filter(|data| !data.is_empty()),
            milliseconds: u32::try_from((units + timescale / 2) / timescale).unwrap_or(u32::MAX),
        })
    }
}

/// Whether a file that has tracks is shown as those, and not as the picture beside them: what its
/// first brand says, as in libavif.
pub(super) fn is_sequence(file: &[u8]) -> bool {
    let brand = boxes(file).next().and_then(|(_, body)| body.get(..4));
    match brand {
        Some(b"avis") => true,
        Some(b"avif") => false,
        _ => true,
    }
}
