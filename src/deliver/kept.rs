//! A result in use, and the description by which it comes back out of a cache.

use std::borrow::Cow;
use std::time::SystemTime;

use bytes::Bytes;

use crate::cache::{DerivedKey, Owner, Record};
use crate::dialect::{Note, NoteLevel, Notes};
use crate::plan::{Facts, Size};
use crate::render::Timings;
use crate::spec::Format;

/// A result that is kept.
#[derive(Clone, Debug)]
#[allow(
    clippy::large_enum_variant,
    reason = "always behind an `Arc`, and nearly always the large one"
)]
pub enum Kept {
    /// The stored bytes are the answer.
    Original,
    /// A picture of ours.
    Rendered(Rendered),
}

/// A finished picture.
#[derive(Clone, Debug)]
pub struct Rendered {
    /// The file.
    pub body: Bytes,
    /// The body is not the file but facts about it, as JSON.
    pub info: bool,
    /// Its format.
    pub format: Format,
    /// Its size in pixels.
    pub size: Size,
    /// The source it was made from.
    pub source: Source,
    /// When it was finished.
    pub made: SystemTime,
    /// What it took; nothing when it comes from a cache.
    pub timings: Timings,
    /// What only planning could tell.
    pub notes: Notes,
}

/// What clients are told about the source of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source {
    /// Its format.
    pub format: Format,
    /// Its size as stored.
    pub size: Size,
    /// Bytes of its file.
    pub bytes: u64,
}

impl From<Facts> for Source {
    fn from(facts: Facts) -> Self {
        Self {
            format: facts.format,
            size: facts.size,
            bytes: facts.bytes,
        }
    }
}

/// First byte of a description.
const ORIGINAL: u8 = 0;
const RENDERED: u8 = 1;
/// As [`RENDERED`], with facts instead of the file.
const INFO: u8 = 2;

impl Kept {
    /// The result in its buffer.
    pub(super) fn record(&self, key: &DerivedKey, owner: &Owner<'_>, made: SystemTime) -> Record {
        let mut out = Writer(Vec::with_capacity(64));
        match self {
            Self::Original => {
                out.byte(ORIGINAL);
                Record::new(key, made, owner, &out.0, &[])
            }
            Self::Rendered(rendered) => {
                out.byte(if rendered.info { INFO } else { RENDERED });
                out.picture(rendered.format, rendered.size);
                out.picture(rendered.source.format, rendered.source.size);
                out.number(rendered.source.bytes);
                for note in &rendered.notes {
                    out.byte(match note.level {
                        NoteLevel::Ignored => 0,
                        NoteLevel::Approximated => 1,
                        NoteLevel::Unsupported => 2,
                    });
                    out.text(&note.parameter);
                    out.text(&note.message);
                }
                Record::new(key, rendered.made, owner, &out.0, &rendered.body)
            }
        }
    }

    /// The result out of its buffer; `None` where the description is of another make.
    pub(super) fn of(record: &Record) -> Option<Self> {
        let mut description = Reader(record.description());
        match description.byte()? {
            ORIGINAL => Some(Self::Original),
            kind @ (RENDERED | INFO) => {
                let (format, size) = description.picture()?;
                let (source_format, source_size) = description.picture()?;
                Some(Self::Rendered(Rendered {
                    body: record.body(),
                    info: kind == INFO,
                    format,
                    size,
                    source: Source {
                        format: source_format,
                        size: source_size,
                        bytes: description.number()?,
                    },
                    made: record.made(),
                    timings: Timings::default(),
                    notes: description.notes()?,
                }))
            }
            _ => None,
        }
    }
}

/// A description that grows: numbers in as few bytes as they need.
struct Writer(Vec<u8>);

impl Writer {
    fn byte(&mut self, byte: u8) {
        self.0.push(byte);
    }

    /// Seven bits a byte, the lowest first; the highest bit says that more follow.
    fn number(&mut self, mut number: u64) {
        while number > 0x7f {
            self.byte((number & 0x7f) as u8 | 0x80);
            number >>= 7;
        }
        self.byte(number as u8);
    }

    fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.0.extend_from_slice(text.as_bytes());
    }

    fn picture(&mut self, format: Format, size: Size) {
        self.text(format.word());
        self.number(size.width.into());
        self.number(size.height.into());
    }
}

/// A description that is read; `None` wherever it ends early or says what cannot be.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn byte(&mut self) -> Option<u8> {
        let (byte, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*byte)
    }

    fn number(&mut self) -> Option<u64> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f).checked_shl(shift)?;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    fn text(&mut self) -> Option<&'a str> {
        let length = usize::try_from(self.number()?).ok()?;
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        std::str::from_utf8(text).ok()
    }

    fn picture(&mut self) -> Option<(Format, Size)> {
        let format = Format::from_extension(self.text()?)?;
        let width = u32::try_from(self.number()?).ok()?;
        let height = u32::try_from(self.number()?).ok()?;
        Some((format, Size::new(width, height)))
    }

    fn notes(&mut self) -> Option<Notes> {
        let mut notes = Notes::new();
        while !self.0.is_empty() {
            notes.push(Note {
                level: match self.byte()? {
                    0 => NoteLevel::Ignored,
                    1 => NoteLevel::Approximated,
                    2 => NoteLevel::Unsupported,
                    _ => return None,
                },
                parameter: self.text()?.into(),
                message: Cow::Owned(self.text()?.to_owned()),
            });
        }
        Some(notes)
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;
    use crate::cache::KeyParts;

    fn round_trip(kept: &Kept) -> Option<Kept> {
        let key = DerivedKey::new(&KeyParts {
            public_id: "a",
            origin: "",
            object: "",
            etag: "",
            others: &[],
            spec: "",
            client: "",
            rules: "",
        });
        let owner = Owner {
            endpoint: "demo",
            public_ids: vec!["a"],
        };
        let record = kept.record(&key, &owner, UNIX_EPOCH + Duration::from_secs(1));
        Kept::of(&Record::open(&key, record.as_bytes().clone())?)
    }

    #[test]
    fn a_result_comes_back_as_it_was() {
        assert!(matches!(round_trip(&Kept::Original), Some(Kept::Original)));
        let rendered = Rendered {
            body: Bytes::from_static(b"file"),
            info: true,
            format: Format::WebP,
            size: Size::new(1, 65_535),
            source: Source {
                format: Format::Jpeg,
                size: Size::new(8000, 6000),
                bytes: u64::MAX,
            },
            made: UNIX_EPOCH + Duration::from_millis(1_700_000_000_001),
            timings: Timings::default(),
            notes: [Note {
                level: NoteLevel::Approximated,
                parameter: "gif".into(),
                message: "animated source: the first frame is shown".into(),
            }]
            .into_iter()
            .collect(),
        };
        let Some(Kept::Rendered(back)) = round_trip(&Kept::Rendered(rendered.clone())) else {
            panic!("no picture came back");
        };
        assert_eq!((back.body, back.info), (rendered.body, rendered.info));
        assert_eq!((back.format, back.size), (rendered.format, rendered.size));
        assert_eq!(back.source, rendered.source);
        assert_eq!((back.made, back.notes), (rendered.made, rendered.notes));
    }
}
