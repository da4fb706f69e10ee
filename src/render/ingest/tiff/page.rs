//! What a directory says of its page, checked.

use super::bad;
use crate::plan::Size;
use crate::render::budget::Limits;
use crate::render::error::Error;
use crate::render::probe::{TiffDirectory, TiffValues, first_in_tiff};
use crate::render::raster::Layout;

mod tag {
    pub const WIDTH: u16 = 256;
    pub const HEIGHT: u16 = 257;
    pub const BITS: u16 = 258;
    pub const COMPRESSION: u16 = 259;
    pub const PHOTOMETRIC: u16 = 262;
    pub const FILL_ORDER: u16 = 266;
    pub const STRIP_OFFSETS: u16 = 273;
    pub const SAMPLES: u16 = 277;
    pub const ROWS_PER_STRIP: u16 = 278;
    pub const STRIP_COUNTS: u16 = 279;
    pub const PLANAR: u16 = 284;
    pub const GROUP3_OPTIONS: u16 = 292;
    pub const PREDICTOR: u16 = 317;
    pub const COLOUR_MAP: u16 = 320;
    pub const TILE_WIDTH: u16 = 322;
    pub const TILE_HEIGHT: u16 = 323;
    pub const TILE_OFFSETS: u16 = 324;
    pub const TILE_COUNTS: u16 = 325;
    pub const EXTRA_SAMPLES: u16 = 338;
    pub const SAMPLE_FORMAT: u16 = 339;
    pub const JPEG_TABLES: u16 = 347;
    pub const JPEG_AT: u16 = 513;
    pub const JPEG_RESTART: u16 = 515;
    pub const JPEG_STEPS: u16 = 519;
    pub const JPEG_DC: u16 = 520;
    pub const JPEG_AC: u16 = 521;
    pub const COEFFICIENTS: u16 = 529;
    pub const SUBSAMPLING: u16 = 530;
    pub const REFERENCES: u16 = 532;
    pub const PROFILE: u16 = 34675;
}

/// Most samples of a pixel.
const MOST_SAMPLES: usize = 64;

/// Most bytes of a row of a chunk, unpacked.
const MOST_ROW: usize = 1 << 26;

/// What the numbers of samples are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Whole numbers. Signed ones are taken as unsigned, as libtiff does for pictures.
    Whole,
    /// 0 to 1.
    Float,
}

/// What the samples of a pixel mean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Colour {
    Grey {
        white_is_zero: bool,
    },
    Rgb,
    /// Indices into [`Page::map`].
    Palette,
    Cmyk,
    YCbCr(YCbCr),
    Lab {
        signed: bool,
    },
}

impl Colour {
    pub const fn samples(self) -> usize {
        match self {
            Self::Grey { .. } | Self::Palette => 1,
            Self::Rgb | Self::YCbCr(_) | Self::Lab { .. } => 3,
            Self::Cmyk => 4,
        }
    }
}

/// How brightness and two colour differences make colours.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct YCbCr {
    /// Shares of red, green and blue in brightness.
    pub shares: [f32; 3],
    /// Values of black and white, of 255, for each of the three samples.
    pub references: [[f32; 2]; 3],
}

/// How alpha is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Alpha {
    /// Which sample it is.
    pub sample: usize,
    /// Colours are multiplied by it.
    pub associated: bool,
}

/// What is said of a JPEG as TIFF 6.0 had it at first.
pub(super) struct OldJpeg<'a> {
    /// Where a whole stream begins.
    pub at: Option<u64>,
    /// Units between two restart marks.
    pub restart: u64,
    /// Places of the tables of each component: quantisation, DC and AC codes.
    pub tables: [Option<TiffValues<'a>>; 3],
}

/// A page.
pub(super) struct Page<'a> {
    pub size: Size,
    pub bits: usize,
    pub samples: usize,
    pub kind: Kind,
    pub colour: Colour,
    pub alpha: Option<Alpha>,
    /// Colours of a palette.
    pub map: Vec<[u8; 3]>,
    pub compression: u64,
    pub predictor: u64,
    pub big_endian: bool,
    /// The last bit of a byte comes first.
    pub reversed: bool,
    /// Each sample has chunks of its own.
    pub planar: bool,
    /// Chunks are tiles: as large at the edges as inside.
    pub tiled: bool,
    /// Columns and rows of a strip or a tile.
    pub chunk: Size,
    /// Columns and rows of pixels for each pair of colour differences.
    pub subsampling: (usize, usize),
    pub group3_options: u64,
    pub jpeg_tables: Option<&'a [u8]>,
    pub old_jpeg: OldJpeg<'a>,
    pub profile: Option<&'a [u8]>,
    offsets: TiffValues<'a>,
    counts: Option<TiffValues<'a>>,
}

impl<'a> Page<'a> {
    /// The first page of a file.
    pub fn read(bytes: &'a [u8], limits: &Limits) -> Result<Self, Error> {
        let directory = first_in_tiff(bytes).ok_or_else(|| bad("no directory"))?;
        let number = |tag, default| directory.number(tag).unwrap_or(default);
        let size = Size::new(
            side(&directory, tag::WIDTH)?,
            side(&directory, tag::HEIGHT)?,
        );
        let listed = directory
            .find(tag::BITS)
            .map_or(1, |bits| bits.len() as u64);
        let samples = number(tag::SAMPLES, listed);
        let samples = small(samples, MOST_SAMPLES, "samples of a pixel")?;
        let bits = small(
            equal(&directory, tag::BITS, samples)?.unwrap_or(1),
            64,
            "bits of a sample",
        )?;
        let compression = number(tag::COMPRESSION, 1);
        let colour = colour(&directory, samples, compression)?;
        let kind = kind(&directory, samples, colour, bits)?;
        let (chunk, offsets, counts) = chunks(&directory, size)?;
        let planar = number(tag::PLANAR, 1) == 2 && samples > 1;
        let subsampling = match (colour, directory.find(tag::SUBSAMPLING)) {
            (Colour::YCbCr(_), None) => (2, 2),
            (Colour::YCbCr(_), Some(values)) => {
                let side = |n| match values.number(n) {
                    Some(side @ (1 | 2 | 4)) => Ok(if side == 1 { 1 } else { side as usize }),
                    _ => Err(bad("unknown subsampling")),
                };
                (side(0)?, side(1)?)
            }
            _ => (1, 1),
        };
        let page = Self {
            size,
            bits,
            samples,
            kind,
            colour,
            alpha: alpha(&directory, samples, colour),
            map: map(&directory, colour, bits)?,
            compression,
            predictor: number(tag::PREDICTOR, 1),
            big_endian: directory.is_big_endian(),
            reversed: number(tag::FILL_ORDER, 1) == 2,
            planar,
            tiled: directory.find(tag::TILE_WIDTH).is_some(),
            chunk,
            subsampling,
            group3_options: number(tag::GROUP3_OPTIONS, 0),
            jpeg_tables: directory.find(tag::JPEG_TABLES).and_then(|v| v.bytes()),
            old_jpeg: OldJpeg {
                at: directory.number(tag::JPEG_AT),
                restart: number(tag::JPEG_RESTART, 0),
                tables: [tag::JPEG_STEPS, tag::JPEG_DC, tag::JPEG_AC].map(|t| directory.find(t)),
            },
            profile: directory.find(tag::PROFILE).and_then(|v| v.bytes()),
            offsets,
            counts,
        };
        if page.row_bytes() > MOST_ROW || page.chunk_samples() > MOST_ROW {
            return Err(Error::OverLimit {
                what: "row of a strip or tile in bytes",
                value: page.row_bytes().max(page.chunk_samples()) as u64,
                limit: MOST_ROW as u64,
            });
        }
        limits.source(page.size)?;
        // A tile may be larger than its picture; it is unpacked as a whole.
        if page.tiled {
            limits.source(page.chunk)?;
        }
        Ok(page)
    }

    /// What the picture becomes. Alpha of inks is left out.
    pub fn layout(&self) -> Layout {
        match (self.colour, self.alpha) {
            (Colour::Cmyk, _) => Layout::Cmyk,
            (_, Some(_)) => Layout::Rgba,
            (Colour::Grey { .. }, None) => Layout::Grey,
            (_, None) => Layout::Rgb,
        }
    }

    /// Samples of a pixel in one chunk.
    pub const fn chunk_samples_a_pixel(&self) -> usize {
        if self.planar { 1 } else { self.samples }
    }

    /// Samples of a row of a chunk.
    fn chunk_samples(&self) -> usize {
        (self.chunk.width as usize).saturating_mul(self.chunk_samples_a_pixel())
    }

    /// Bytes of a row of a chunk, unpacked.
    pub fn row_bytes(&self) -> usize {
        self.chunk_samples().saturating_mul(self.bits).div_ceil(8)
    }

    /// Chunks beside and below one another.
    pub const fn grid(&self) -> (u32, u32) {
        (
            self.size.width.div_ceil(self.chunk.width),
            self.size.height.div_ceil(self.chunk.height),
        )
    }

    /// The bytes of a chunk of a plane, or what the file has of them.
    pub fn chunk_bytes(&self, bytes: &'a [u8], plane: usize, chunk: usize) -> Option<&'a [u8]> {
        let (columns, rows) = self.grid();
        let per_plane = (columns as usize).checked_mul(rows as usize)?;
        let n = per_plane.checked_mul(plane)?.checked_add(chunk)?;
        let from = usize::try_from(self.offsets.number(n)?).ok()?;
        let from = bytes.get(from..).filter(|from| !from.is_empty())?;
        // Uncompressed chunks are as long as their size says, whatever is counted.
        let count = self.counts.and_then(|counts| counts.number(n));
        match count.and_then(|count| usize::try_from(count).ok()) {
            Some(count) if count > 0 && self.compression != 1 => {
                Some(from.get(..count).unwrap_or(from))
            }
            _ if self.compression == 1 && self.subsampling == (1, 1) => {
                let most = self.row_bytes().saturating_mul(self.chunk.height as usize);
                Some(from.get(..most).unwrap_or(from))
            }
            _ => Some(from),
        }
    }
}

fn side(directory: &TiffDirectory<'_>, tag: u16) -> Result<u32, Error> {
    match directory.number(tag).map(u32::try_from) {
        Some(Ok(side)) if side > 0 => Ok(side),
        Some(Ok(_)) => Err(bad("header names an empty picture")),
        _ => Err(bad("header names no size")),
    }
}

fn small(value: u64, most: usize, what: &str) -> Result<usize, Error> {
    usize::try_from(value)
        .ok()
        .filter(|value| (1..=most).contains(value))
        .ok_or_else(|| bad(format!("unsupported number of {what}: {value}")))
}

/// A value that all samples share.
fn equal(directory: &TiffDirectory<'_>, tag: u16, samples: usize) -> Result<Option<u64>, Error> {
    let Some(values) = directory.find(tag) else {
        return Ok(None);
    };
    let first = values.number(0);
    let same = (1..values.len().min(samples)).all(|n| values.number(n) == first);
    if same {
        Ok(first)
    } else {
        Err(bad("samples of a pixel differ in kind"))
    }
}

fn kind(
    directory: &TiffDirectory<'_>,
    samples: usize,
    colour: Colour,
    bits: usize,
) -> Result<Kind, Error> {
    // What the samples of these mean says how they are written, whatever else is said.
    if matches!(colour, Colour::Lab { .. } | Colour::Palette) {
        return Ok(Kind::Whole);
    }
    match equal(directory, tag::SAMPLE_FORMAT, samples)?.unwrap_or(1) {
        1 | 2 | 4 => Ok(Kind::Whole),
        3 if matches!(bits, 16 | 32 | 64) => Ok(Kind::Float),
        3 => Err(bad("floating-point samples of unusual size")),
        _ => Err(bad("complex samples are no picture")),
    }
}

fn colour(
    directory: &TiffDirectory<'_>,
    samples: usize,
    compression: u64,
) -> Result<Colour, Error> {
    let grey = |white_is_zero| Colour::Grey { white_is_zero };
    let colour = match directory.number(tag::PHOTOMETRIC) {
        Some(0) => grey(true),
        Some(1 | 4) => grey(false),
        Some(2) => Colour::Rgb,
        Some(3) => Colour::Palette,
        Some(5) => Colour::Cmyk,
        Some(6) => Colour::YCbCr(ycbcr(directory)),
        Some(8) => Colour::Lab { signed: true },
        Some(9) => Colour::Lab { signed: false },
        Some(other) => return Err(bad(format!("unsupported colour model {other}"))),
        // libtiff guesses in the same way.
        None if samples >= 3 => Colour::Rgb,
        None => grey(matches!(compression, 2..=4)),
    };
    if samples < colour.samples() {
        return Err(bad("too few samples for its colour model"));
    }
    Ok(colour)
}

#[allow(clippy::cast_possible_truncation, reason = "factors of a few digits")]
fn ycbcr(directory: &TiffDirectory<'_>) -> YCbCr {
    let reals = |tag, defaults: &[f32]| -> Vec<f32> {
        let values = directory.find(tag);
        let value = |n| Some(values?.real(n)? as f32).filter(|value: &f32| value.is_finite());
        (0..defaults.len())
            .map(value)
            .collect::<Option<_>>()
            .unwrap_or_else(|| defaults.to_vec())
    };
    let shares = reals(tag::COEFFICIENTS, &[0.299, 0.587, 0.114]);
    let references = reals(tag::REFERENCES, &[0.0, 255.0, 128.0, 255.0, 128.0, 255.0]);
    let (pairs, _) = references.as_chunks::<2>();
    YCbCr {
        shares: *shares.first_chunk().unwrap_or(&[0.299, 0.587, 0.114]),
        references: *pairs.first_chunk().unwrap_or(&[[0.0, 255.0]; 3]),
    }
}

/// The first extra sample that is alpha. A single one of unknown kind behind grey or RGB counts
/// too.
fn alpha(directory: &TiffDirectory<'_>, samples: usize, colour: Colour) -> Option<Alpha> {
    let first = colour.samples();
    let extra = samples - first;
    match directory.find(tag::EXTRA_SAMPLES) {
        Some(kinds) => {
            let place = (0..extra).find(|&n| matches!(kinds.number(n), Some(1 | 2)))?;
            Some(Alpha {
                sample: first + place,
                associated: kinds.number(place) == Some(1),
            })
        }
        None => {
            (extra == 1 && matches!(colour, Colour::Grey { .. } | Colour::Rgb)).then_some(Alpha {
                sample: first,
                associated: false,
            })
        }
    }
}

/// Colours of a palette, brought to 8 bits: all reds, then all greens, then all blues.
fn map(directory: &TiffDirectory<'_>, colour: Colour, bits: usize) -> Result<Vec<[u8; 3]>, Error> {
    if colour != Colour::Palette {
        return Ok(Vec::new());
    }
    let values = directory
        .find(tag::COLOUR_MAP)
        .ok_or_else(|| bad("palette without colours"))?;
    if bits > 16 {
        return Err(bad("palette with too many colours"));
    }
    let count = 1usize << bits;
    let entry = |n| values.number(n).unwrap_or(0);
    // Some writers put 8 bits where 16 belong; others leave the lower byte 0, so it is not read.
    let narrow = (0..3 * count).all(|n| entry(n) < 256);
    let level = |n| {
        let value = entry(n);
        u8::try_from(if narrow { value } else { value >> 8 }).unwrap_or(u8::MAX)
    };
    Ok((0..count)
        .map(|n| [n, n + count, n + 2 * count].map(level))
        .collect())
}

type Chunks<'a> = (Size, TiffValues<'a>, Option<TiffValues<'a>>);

fn chunks<'a>(directory: &TiffDirectory<'a>, size: Size) -> Result<Chunks<'a>, Error> {
    let either = |tile, strip| directory.find(tile).or_else(|| directory.find(strip));
    let offsets = either(tag::TILE_OFFSETS, tag::STRIP_OFFSETS)
        .ok_or_else(|| bad("neither strips nor tiles"))?;
    // Some writers name the places of tiles as those of strips.
    if directory.find(tag::TILE_WIDTH).is_some() {
        let tile = Size::new(
            side(directory, tag::TILE_WIDTH)?,
            side(directory, tag::TILE_HEIGHT)?,
        );
        let counts = either(tag::TILE_COUNTS, tag::STRIP_COUNTS);
        return Ok((tile, offsets, counts));
    }
    let rows = directory.number(tag::ROWS_PER_STRIP);
    let rows = rows
        .and_then(|rows| u32::try_from(rows).ok())
        .filter(|&rows| rows > 0)
        .map_or(size.height, |rows| rows.min(size.height));
    Ok((
        Size::new(size.width, rows),
        offsets,
        directory.find(tag::STRIP_COUNTS),
    ))
}
