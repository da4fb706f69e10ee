//! The container of AVIF (ISO BMFF and HEIF): boxes down to the coded pictures.
//!
//! Every offset is looked up with a checked range, lists are only ever walked as far as bytes back
//! them, and pieces of a picture are joined only up to the length of the file.

#[path = "bmff_grid.rs"]
#[cfg_attr(
    not(any(feature = "rav1e", feature = "aom")),
    allow(dead_code, reason = "only a decoder wants the tiles")
)]
mod grid;
#[path = "bmff_sequence.rs"]
#[cfg_attr(
    not(any(feature = "rav1e", feature = "aom")),
    allow(dead_code, reason = "only a decoder wants the pictures")
)]
mod sequence;

use std::borrow::Cow;

pub(in crate::render) use grid::Grid;
#[cfg(any(feature = "rav1e", feature = "aom"))]
pub(in crate::render) use sequence::Samples;
pub(in crate::render) use sequence::Sequence;

use super::bytes::{be16, be32, be64, index};
use crate::plan::Size;
use crate::render::error::Error;
use crate::spec::{Format, Turn};

/// The picture of an AVIF file: a still, or pictures that are shown one after the other.
#[derive(Debug)]
pub(in crate::render) struct Avif<'a> {
    /// The size before `turn`, without what is cut off on the right and below.
    pub size: Size,
    /// The size as coded.
    #[cfg_attr(
        not(any(feature = "rav1e", feature = "aom")),
        allow(dead_code, reason = "only a decoder wants it")
    )]
    pub coded: Size,
    /// How it is to be laid down (`irot`, then `imir`).
    pub turn: Turn,
    /// Pictures of a sequence; 1 for a still.
    pub frames: u32,
    /// The picture, or the first of a sequence.
    #[cfg_attr(
        not(any(feature = "rav1e", feature = "aom")),
        allow(dead_code, reason = "only a decoder wants the data")
    )]
    pub colour: Coded<'a>,
    /// Its alpha plane.
    pub alpha: Option<Coded<'a>>,
    /// All pictures, where there are several.
    #[cfg_attr(
        not(any(feature = "rav1e", feature = "aom")),
        allow(dead_code, reason = "only a decoder wants it")
    )]
    pub sequence: Option<Sequence<'a>>,
    /// What a decoder wants to know beside the data.
    #[cfg_attr(
        not(any(feature = "rav1e", feature = "aom")),
        allow(dead_code, reason = "only a decoder wants it")
    )]
    pub colours: Colours<'a>,
}

/// Where the samples of a picture come from.
#[derive(Debug)]
#[cfg_attr(
    not(any(feature = "rav1e", feature = "aom")),
    allow(dead_code, reason = "only a decoder wants the data")
)]
pub(in crate::render) enum Coded<'a> {
    /// AV1 data.
    Whole(Cow<'a, [u8]>),
    Grid(Grid<'a>),
    /// Nothing that can be read here, and why.
    Not(&'static str),
}

/// How samples become colours, as the container says it.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::render) struct Colours<'a> {
    /// Colours are multiplied by alpha already.
    pub premultiplied: bool,
    /// Matrix coefficients (ITU-T H.273) and whether samples use the full range.
    pub matrix: Option<(u16, bool)>,
    /// Colour primaries and transfer characteristics (ITU-T H.273).
    pub numbers: Option<(u16, u16)>,
    /// An embedded ICC profile.
    pub profile: Option<&'a [u8]>,
    /// The brightest light in the picture and of the screen it was made on, in candelas a square
    /// metre.
    pub peak: (Option<f32>, Option<f32>),
}

/// The format of a file that starts with an `ftyp` box.
pub(super) fn brand(bytes: &[u8]) -> Option<Format> {
    let (_, body) = boxes(bytes).next()?;
    let major = body.get(..4)?;
    let listed = body.get(8..).unwrap_or_default();
    let mut brands = std::iter::once(major).chain(listed.chunks_exact(4).take(64));
    let mut heic = false;
    for brand in &mut brands {
        match brand {
            b"avif" | b"avis" => return Some(Format::Avif),
            b"heic" | b"heix" | b"heim" | b"heis" | b"hevc" | b"hevx" | b"mif1" => heic = true,
            _ => {}
        }
    }
    heic.then_some(Format::Heic)
}

impl<'a> Avif<'a> {
    pub fn read(bytes: &'a [u8]) -> Result<Self, Error> {
        Self::find(bytes).ok_or_else(|| Error::bad(Format::Avif, "no picture in the container"))
    }

    fn find(bytes: &'a [u8]) -> Option<Self> {
        let moving = || Self::moving(Sequence::read(bytes)?);
        if sequence::is_sequence(bytes) {
            moving().or_else(|| Self::still(bytes))
        } else {
            Self::still(bytes).or_else(moving)
        }
    }

    /// The pictures of a track.
    fn moving(sequence: Sequence<'a>) -> Option<Self> {
        let first = |track: sequence::Track<'a>| {
            let data = track.samples().next().and_then(|sample| sample.data);
            data.map_or(Coded::Not("first frame is not in the file"), |data| {
                Coded::Whole(Cow::Borrowed(data))
            })
        };
        let described = Self::described(sequence.properties.iter().copied())?;
        let mut colours = described.colours;
        colours.premultiplied = sequence.premultiplied;
        Some(Self {
            size: described.shown(sequence.size),
            coded: sequence.size,
            turn: described.turn,
            frames: sequence.colour.count,
            colour: first(sequence.colour),
            alpha: sequence.alpha.map(first),
            sequence: Some(sequence),
            colours,
        })
    }

    /// The primary picture.
    fn still(bytes: &'a [u8]) -> Option<Self> {
        let meta = Meta::read(bytes)?;
        let primary = meta.primary;
        let described = Self::described(meta.properties(primary))?;
        let (width, height) = described.size.filter(|&(w, h)| w > 0 && h > 0)?;
        let coded = Size::new(width, height);
        let mut colours = described.colours;
        let alpha = meta.alpha(primary);
        colours.premultiplied = alpha.is_some_and(|alpha| meta.refers(b"prem", primary, alpha));
        let colour = meta.coded(bytes, primary)?;
        let alpha = match alpha {
            Some(item) => meta.coded(bytes, item),
            None if matches!(colour, Coded::Grid(_)) => {
                Grid::alpha_of_tiles(&meta, bytes, primary).map(Coded::Grid)
            }
            None => None,
        };
        Some(Self {
            size: described.shown(coded),
            coded,
            turn: described.turn,
            frames: 1,
            colour,
            // What is no picture of AV1 is left out, as before.
            alpha: alpha.filter(|alpha| !matches!(alpha, Coded::Not(_))),
            sequence: None,
            colours,
        })
    }

    /// What properties say.
    fn described(
        properties: impl IntoIterator<Item = (&'a [u8], &'a [u8])>,
    ) -> Option<Described<'a>> {
        let mut size = None;
        let mut aperture = None;
        let mut turn = Turn::NONE;
        let mut colours = Colours::default();
        for (name, body) in properties {
            match name {
                b"ispe" => size = Some((be32(body, 4)?, be32(body, 8)?)),
                b"clap" => aperture = Some(body),
                // Counter-clockwise quarter turns.
                b"irot" => turn = turn.then(Turn::quarters(-i32::from(body.first()? & 3))),
                b"imir" if body.first()? & 1 == 0 => turn = turn.then(Turn::FLIP),
                b"imir" => turn = turn.then(Turn::MIRROR),
                b"colr" => match body.get(..4)? {
                    b"nclx" => {
                        colours.matrix = Some((be16(body, 8)?, body.get(10)? & 0x80 != 0));
                        colours.numbers = Some((be16(body, 4)?, be16(body, 6)?));
                    }
                    b"prof" | b"rICC" => colours.profile = body.get(4..),
                    _ => {}
                },
                b"clli" => colours.peak.0 = be16(body, 0).map(f32::from),
                b"mdcv" => colours.peak.1 = be32(body, 16).map(|n| n as f32 / 10_000.0),
                _ => {}
            }
        }
        Some(Described {
            size,
            aperture,
            turn,
            colours,
        })
    }
}

/// What the properties of a picture say.
struct Described<'a> {
    size: Option<(u32, u32)>,
    aperture: Option<&'a [u8]>,
    turn: Turn,
    colours: Colours<'a>,
}

impl Described<'_> {
    /// What is shown of a picture: as in Chrome, a clean aperture counts where it begins at the top
    /// left.
    fn shown(&self, coded: Size) -> Size {
        let clean = self.aperture.and_then(|clap| {
            let side = |at: usize, coded: u32| {
                let number = |at| be32(clap, at).map(i64::from);
                let (length, of) = (number(at)?, number(at + 4)?);
                let offset = i64::from(be32(clap, at + 16)?.cast_signed());
                let offset_of = number(at + 20)?;
                if of == 0 || offset_of == 0 || length % of != 0 {
                    return None;
                }
                let length = u32::try_from(length / of).ok();
                let length = length.filter(|length| (1..=coded).contains(length))?;
                // The middles of both lie so far apart.
                let apart = i64::from(length) - i64::from(coded);
                let begins = i128::from(2 * offset) == i128::from(apart) * i128::from(offset_of);
                begins.then_some(length)
            };
            Some(Size::new(side(0, coded.width)?, side(8, coded.height)?))
        });
        // All of it is decoded: the size that is shown must tell what that costs.
        let clean = clean.filter(|clean| clean.pixels() >= coded.pixels().div_ceil(4));
        clean.unwrap_or(coded)
    }
}

/// Whether one of the items is derived by a gain map from the others.
pub(in crate::render) fn has_gain_map(bytes: &[u8]) -> bool {
    Meta::read(bytes).is_some_and(|meta| meta.has_kind(b"tmap"))
}

/// The parts of a `meta` box that lead to a picture.
struct Meta<'a> {
    primary: u32,
    locations: &'a [u8],
    infos: &'a [u8],
    references: &'a [u8],
    property_list: &'a [u8],
    associations: Vec<&'a [u8]>,
    data: &'a [u8],
}

impl<'a> Meta<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let meta = child(bytes, b"meta")?.get(4..)?;
        let pitm = child(meta, b"pitm")?;
        let iprp = child(meta, b"iprp")?;
        Some(Self {
            primary: match *pitm.first()? {
                0 => be16(pitm, 4)?.into(),
                _ => be32(pitm, 4)?,
            },
            locations: child(meta, b"iloc")?,
            infos: child(meta, b"iinf")?,
            references: child(meta, b"iref").unwrap_or_default(),
            property_list: child(iprp, b"ipco")?,
            associations: boxes(iprp)
                .filter(|(name, _)| *name == b"ipma")
                .map(|(_, body)| body)
                .take(16)
                .collect(),
            data: child(meta, b"idat").unwrap_or_default(),
        })
    }

    /// Items and the four letters of their types.
    fn kinds(&self) -> impl Iterator<Item = (u32, &'a [u8])> {
        let head = match self.infos.first() {
            Some(0) => 6,
            _ => 8,
        };
        boxes(self.infos.get(head..).unwrap_or_default())
            .filter(|(name, _)| *name == b"infe")
            .filter_map(|(_, body)| {
                let wide = *body.first()? > 2;
                let id = if wide {
                    be32(body, 4)?
                } else {
                    be16(body, 4)?.into()
                };
                let at = if wide { 10 } else { 8 };
                Some((id, body.get(at..at + 4)?))
            })
    }

    /// The four letters of an item's type.
    fn kind(&self, item: u32) -> Option<&'a [u8]> {
        self.kinds()
            .find(|(id, _)| *id == item)
            .map(|(_, kind)| kind)
    }

    fn has_kind(&self, kind: &[u8; 4]) -> bool {
        self.kinds().any(|(_, other)| other == kind)
    }

    /// References of one kind as `(from, to)`.
    fn links(&self, kind: &'a [u8; 4]) -> impl Iterator<Item = (u32, u32)> {
        let wide = self.references.first().is_some_and(|&version| version > 0);
        boxes(self.references.get(4..).unwrap_or_default())
            .filter(move |(name, _)| *name == kind)
            .flat_map(move |(_, body)| {
                let mut ids = Fields(body);
                let width = if wide { 4 } else { 2 };
                let from = ids.number(width);
                let count = ids.number(2).unwrap_or(0);
                (0..count).map_while(move |_| Some((narrow(from?), narrow(ids.number(width)?))))
            })
    }

    fn refers(&self, kind: &'a [u8; 4], from: u32, to: u32) -> bool {
        self.links(kind).any(|link| link == (from, to))
    }

    /// Where the samples of an item come from.
    fn coded(&self, file: &'a [u8], item: u32) -> Option<Coded<'a>> {
        Some(match self.kind(item)? {
            b"av01" => Coded::Whole(self.data(file, item)?),
            b"grid" => Grid::read(self, file, item)
                .map_or(Coded::Not("grid of tiles is damaged"), Coded::Grid),
            b"iovl" => Coded::Not("picture is an overlay of others, which is not supported"),
            _ => Coded::Not("picture is derived from others in a way that is not supported"),
        })
    }

    /// Bytes that finding an item may walk.
    fn table_bytes(&self) -> usize {
        let associations = self.associations.iter().map(|body| body.len());
        [
            self.infos.len(),
            self.locations.len(),
            self.references.len(),
            self.property_list.len(),
        ]
        .into_iter()
        .chain(associations)
        .fold(0, usize::saturating_add)
    }

    /// The item that is the alpha plane of another.
    fn alpha(&self, of: u32) -> Option<u32> {
        self.links(b"auxl")
            .filter(|&(_, to)| to == of)
            .map(|(from, _)| from)
            .take(8)
            .find(|&item| {
                self.properties(item)
                    .iter()
                    .any(|(name, body)| *name == b"auxC" && body.get(4..).is_some_and(is_alpha_urn))
            })
    }

    /// The properties of an item, in the order in which they apply.
    fn properties(&self, item: u32) -> Vec<(&'a [u8], &'a [u8])> {
        let list: Vec<_> = boxes(self.property_list).take(1024).collect();
        self.associations
            .iter()
            .filter_map(|body| indices(body, item))
            .flatten()
            .filter_map(|n| list.get(n.checked_sub(1)?).copied())
            .collect()
    }

    /// The bytes of an item, joined if they lie in pieces.
    fn data(&self, file: &'a [u8], item: u32) -> Option<Cow<'a, [u8]>> {
        let (in_meta, pieces) = locate(self.locations, item)?;
        let source = if in_meta { self.data } else { file };
        let slices: Option<Vec<&[u8]>> = pieces
            .into_iter()
            .map(|(offset, length)| {
                let behind = source.get(offset..)?;
                // A length of zero means all there is.
                if length == 0 {
                    Some(behind)
                } else {
                    behind.get(..length)
                }
            })
            .collect();
        match slices?.as_slice() {
            [] => None,
            [one] => Some(Cow::Borrowed(*one)),
            many => {
                let total = many
                    .iter()
                    .try_fold(0_usize, |sum, piece| sum.checked_add(piece.len()))?;
                (total <= source.len()).then(|| Cow::Owned(many.concat()))
            }
        }
    }
}

/// Whether the name of a kind of auxiliary picture is alpha's.
fn is_alpha_urn(urn: &[u8]) -> bool {
    const KINDS: [&[u8]; 2] = [
        b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha",
        b"urn:mpeg:hevc:2015:auxid:1",
    ];
    KINDS.iter().any(|kind| urn.starts_with(kind))
}

/// The one-based property numbers of an item in an `ipma` box.
fn indices(body: &[u8], item: u32) -> Option<Vec<usize>> {
    let wide_id = *body.first()? > 0;
    let wide_index = body.get(3)? & 1 == 1;
    let mut fields = Fields(body.get(4..)?);
    for _ in 0..fields.number(4)? {
        let id = fields.number(if wide_id { 4 } else { 2 })?;
        let count = fields.number(1)?;
        let width = if wide_index { 2 } else { 1 };
        let mask = if wide_index { 0x7FFF } else { 0x7F };
        if id == u64::from(item) {
            return (0..count)
                .map(|_| usize::try_from(fields.number(width)? & mask).ok())
                .collect();
        }
        fields.skip(count, width)?;
    }
    None
}

/// Where an item lies: whether inside `idat`, and its pieces as offset and length.
fn locate(iloc: &[u8], item: u32) -> Option<(bool, Vec<(usize, usize)>)> {
    const MOST_PIECES: u64 = 1024;
    let version = *iloc.first()?;
    let sizes = be16(iloc, 4)?;
    let nibble = |shift: u16| usize::from(sizes >> shift & 15);
    let (offset_size, length_size, base_size) = (nibble(12), nibble(8), nibble(4));
    let index_size = if version > 0 { nibble(0) } else { 0 };
    let id_size = if version < 2 { 2 } else { 4 };
    let mut fields = Fields(iloc.get(6..)?);
    for _ in 0..fields.number(id_size)? {
        let id = fields.number(id_size)?;
        let method = if version > 0 {
            fields.number(2)? & 15
        } else {
            0
        };
        let _data_reference = fields.number(2)?;
        let base = fields.number(base_size)?;
        let count = fields.number(2)?;
        if id != u64::from(item) {
            fields.skip(count, index_size + offset_size + length_size)?;
            continue;
        }
        if method > 1 || count > MOST_PIECES {
            return None;
        }
        let pieces: Option<Vec<_>> = (0..count)
            .map(|_| {
                fields.number(index_size)?;
                let offset = base.checked_add(fields.number(offset_size)?)?;
                let length = fields.number(length_size)?;
                Some((usize::try_from(offset).ok()?, usize::try_from(length).ok()?))
            })
            .collect();
        return Some((method == 1, pieces?));
    }
    None
}

/// The body of the first box of a name.
fn child<'a>(bytes: &'a [u8], name: &[u8; 4]) -> Option<&'a [u8]> {
    boxes(bytes).find(|(n, _)| *n == name).map(|(_, body)| body)
}

/// Boxes by name; the last one may be cut short.
fn boxes(bytes: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let name = rest.get(4..8)?;
        let (head, length) = match be32(rest, 0)? {
            0 => (8, rest.len()),
            1 => (16, usize::try_from(be64(rest, 8)?).unwrap_or(usize::MAX)),
            n => (8, index(n)),
        };
        let length = length.max(head);
        let whole = rest.get(..length).unwrap_or(rest);
        let body = whole.get(head..)?;
        rest = rest.get(length..).unwrap_or_default();
        Some((name, body))
    })
}

fn narrow(n: u64) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// Big-endian numbers of varying width, one after the other.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    /// The next number of 0 to 8 bytes.
    fn number(&mut self, width: usize) -> Option<u64> {
        let (head, rest) = self.0.split_at_checked(width.min(8))?;
        self.0 = rest;
        Some(head.iter().fold(0, |n, &byte| n << 8 | u64::from(byte)))
    }

    fn skip(&mut self, count: u64, width: usize) -> Option<()> {
        let length = usize::try_from(count).ok()?.checked_mul(width)?;
        self.0 = self.0.get(length..)?;
        Some(())
    }
}
