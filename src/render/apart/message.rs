//! Jobs and answers as bytes: a head of fixed numbers, the least byte first, and what it announces.
//!
//! Both sides check what they read: no length is believed beyond its bound, nothing is allocated that did not come, and a
//! head of another version or of another program is refused.

use std::borrow::Cow;
use std::io::{Error, ErrorKind, Read, Result, Write};

use super::super::budget::Limits;
use super::super::ingest::{Decoded, Packed, Picture, Request};
use super::super::raster::{Coded, ColourSpace, Layout, Raster, buffer_len};
use crate::plan::Size;
use crate::spec::{Chroma, Format, Progressive};

/// What every message begins with; the last byte is the version.
const MAGIC: [u8; 8] = *b"cldcodc\x03";
/// Most bytes of a file or of pixels.
const MOST_BYTES: u64 = 4 << 30;
/// Most bytes of a refusal's text.
const MOST_TEXT: u64 = 1 << 12;

/// What a process is asked for.
pub(super) struct Job<'a> {
    format: Format,
    pub task: Task,
    /// Pixels to write, or the file to read.
    pub bytes: Cow<'a, [u8]>,
}

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Task {
    Write {
        size: Size,
        layout: Layout,
        quality: u8,
        chroma: Chroma,
        progressive: Progressive,
    },
    Read {
        limits: Limits,
        request: Request,
    },
}

/// What a process answers.
pub(super) enum Answer {
    File(Vec<u8>),
    Picture(Decoded),
    /// Why not, in the codec's words.
    Refused(String),
}

impl<'a> Job<'a> {
    pub const fn new(format: Format, task: Task, bytes: &'a [u8]) -> Self {
        Self {
            format,
            task,
            bytes: Cow::Borrowed(bytes),
        }
    }

    pub const fn format(&self) -> Format {
        self.format
    }

    pub fn send(&self, to: &mut impl Write) -> Result<()> {
        let mut head = Vec::from(MAGIC);
        head.push(place(&FORMATS, &self.format)?);
        match self.task {
            Task::Write {
                size,
                layout,
                quality,
                chroma,
                progressive,
            } => {
                head.push(0);
                put_size(&mut head, size);
                head.push(place(&LAYOUTS, &layout)?);
                head.extend([quality, u8::from(chroma == Chroma::Half)]);
                head.push(place(&SCANS, &progressive)?);
            }
            Task::Read { limits, request } => {
                head.push(1);
                head.extend(limits.source_pixels.to_le_bytes());
                head.extend(limits.source_side.to_le_bytes());
                head.extend(limits.picture_pixels.to_le_bytes());
                for n in [request.left, request.top, request.shrink, request.frame] {
                    head.extend(n.to_le_bytes());
                }
                put_size(&mut head, request.size);
                head.push(request.keeps_colours.into());
            }
        }
        put_length(&mut head, &self.bytes);
        to.write_all(&head)?;
        to.write_all(&self.bytes)?;
        to.flush()
    }

    pub fn receive(from: &mut impl Read) -> Result<Self> {
        magic(from)?;
        let format = pick(&FORMATS, byte(from)?)?;
        let task = match byte(from)? {
            0 => Task::Write {
                size: size(from)?,
                layout: pick(&LAYOUTS, byte(from)?)?,
                quality: byte(from)?,
                chroma: if byte(from)? == 1 {
                    Chroma::Half
                } else {
                    Chroma::Full
                },
                progressive: pick(&SCANS, byte(from)?)?,
            },
            1 => {
                let limits = Limits {
                    source_pixels: long(from)?,
                    source_side: int(from)?,
                    picture_pixels: long(from)?,
                };
                let (left, top, shrink, frame) = (int(from)?, int(from)?, int(from)?, int(from)?);
                let request = Request {
                    left,
                    top,
                    size: size(from)?,
                    shrink,
                    frame,
                    exact: None,
                    keeps_colours: byte(from)? == 1,
                };
                Task::Read { limits, request }
            }
            _ => return Err(strange("unknown task")),
        };
        if let Task::Read { request, .. } = task
            && ![1, 2, 4, 8].contains(&request.shrink)
        {
            return Err(strange("unknown reduction"));
        }
        Ok(Self {
            format,
            task,
            bytes: Cow::Owned(bytes(from, MOST_BYTES)?),
        })
    }
}

impl Answer {
    pub fn send(&self, to: &mut impl Write) -> Result<()> {
        let mut head = Vec::from(MAGIC);
        let body: &[u8] = match self {
            Self::File(file) => {
                head.push(0);
                file
            }
            Self::Picture(decoded) => {
                let Picture::Packed(packed) = &decoded.picture else {
                    return Err(strange("planes are not sent"));
                };
                head.push(1);
                put_size(&mut head, packed.raster.size());
                head.push(place(&LAYOUTS, &packed.raster.layout())?);
                let (origin, scale) = (packed.origin, packed.scale);
                for n in [origin.0, origin.1, scale.0, scale.1] {
                    head.extend(n.to_le_bytes());
                }
                head.push(decoded.damaged.into());
                put_colours(&mut head, &decoded.colours)?;
                packed.raster.pixels()
            }
            Self::Refused(reason) => {
                head.push(2);
                let most = usize::try_from(MOST_TEXT).unwrap_or(usize::MAX);
                let text = reason.as_bytes();
                text.get(..most).unwrap_or(text)
            }
        };
        put_length(&mut head, body);
        to.write_all(&head)?;
        to.write_all(body)?;
        to.flush()
    }

    pub fn receive(from: &mut impl Read) -> Result<Self> {
        magic(from)?;
        match byte(from)? {
            0 => Ok(Self::File(bytes(from, MOST_BYTES)?)),
            1 => picture(from).map(Self::Picture),
            2 => {
                let text = bytes(from, MOST_TEXT)?;
                Ok(Self::Refused(String::from_utf8_lossy(&text).into_owned()))
            }
            _ => Err(strange("unknown answer")),
        }
    }
}

fn picture(from: &mut impl Read) -> Result<Decoded> {
    let size = size(from)?;
    let layout = pick(&LAYOUTS, byte(from)?)?;
    let mut number = || array(from).map(f64::from_le_bytes);
    let (origin, scale) = ((number()?, number()?), (number()?, number()?));
    let is_place = |n: f64| n.is_finite() && n >= 0.0;
    let is_scale = |n: f64| n > 0.0 && n <= 1.0;
    if ![origin.0, origin.1].into_iter().all(is_place)
        || ![scale.0, scale.1].into_iter().all(is_scale)
    {
        return Err(strange("picture lies nowhere"));
    }
    let damaged = byte(from)? == 1;
    let colours = colours(from)?;
    let most = buffer_len(size, layout).ok_or_else(|| strange("picture is too large"))?;
    let pixels = bytes(from, MOST_BYTES.min(most as u64))?;
    let raster = Raster::new(size, layout, pixels)
        .ok_or_else(|| strange("other pixels than were announced"))?;
    Ok(Decoded {
        picture: Picture::Packed(Packed {
            raster,
            origin,
            scale,
        }),
        colours,
        damaged,
    })
}

fn put_colours(head: &mut Vec<u8>, colours: &ColourSpace) -> Result<()> {
    match colours {
        ColourSpace::Srgb => head.push(0),
        ColourSpace::Icc(profile) => {
            head.push(1);
            put_length(head, profile);
            head.extend(profile);
        }
        ColourSpace::Coded(coded) => {
            head.extend([2, coded.primaries, coded.transfer]);
            head.extend(coded.peak.unwrap_or(0.0).to_le_bytes());
        }
        // Only PNG has it, which is read in the gateway.
        ColourSpace::Measured(_) => return Err(strange("measured colours are not sent")),
    }
    Ok(())
}

fn colours(from: &mut impl Read) -> Result<ColourSpace> {
    Ok(match byte(from)? {
        0 => ColourSpace::Srgb,
        1 => ColourSpace::Icc(bytes(from, MOST_BYTES)?),
        2 => {
            let (primaries, transfer) = (byte(from)?, byte(from)?);
            let peak = f32::from_le_bytes(array(from)?);
            ColourSpace::Coded(Coded {
                primaries,
                transfer,
                peak: (peak > 0.0).then_some(peak),
            })
        }
        _ => return Err(strange("unknown colours")),
    })
}

/// Formats by their place here.
const FORMATS: [Format; 4] = [Format::Avif, Format::WebP, Format::Jxl, Format::Jpeg];
/// Ways to write scans by their place here.
const SCANS: [Progressive; 4] = [
    Progressive::Off,
    Progressive::Semi,
    Progressive::On,
    Progressive::Steep,
];
/// Layouts by their place here.
const LAYOUTS: [Layout; 4] = [Layout::Grey, Layout::Rgb, Layout::Rgba, Layout::Cmyk];

fn strange(what: &'static str) -> Error {
    Error::new(ErrorKind::InvalidData, what)
}

fn place<T: PartialEq>(all: &[T], one: &T) -> Result<u8> {
    let place = all.iter().position(|other| other == one);
    let place = place.and_then(|place| u8::try_from(place).ok());
    place.ok_or_else(|| strange("not sent to processes"))
}

fn pick<T: Copy>(all: &[T], place: u8) -> Result<T> {
    let one = all.get(usize::from(place)).copied();
    one.ok_or_else(|| strange("unknown number"))
}

fn put_size(head: &mut Vec<u8>, size: Size) {
    head.extend(size.width.to_le_bytes());
    head.extend(size.height.to_le_bytes());
}

fn put_length(head: &mut Vec<u8>, bytes: &[u8]) {
    head.extend((bytes.len() as u64).to_le_bytes());
}

fn magic(from: &mut impl Read) -> Result<()> {
    if array(from)? == MAGIC {
        return Ok(());
    }
    Err(strange("no message of this version of cldgate"))
}

fn array<const N: usize>(from: &mut impl Read) -> Result<[u8; N]> {
    let mut bytes = [0; N];
    from.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn byte(from: &mut impl Read) -> Result<u8> {
    array(from).map(|[byte]| byte)
}

fn int(from: &mut impl Read) -> Result<u32> {
    array(from).map(u32::from_le_bytes)
}

fn long(from: &mut impl Read) -> Result<u64> {
    array(from).map(u64::from_le_bytes)
}

fn size(from: &mut impl Read) -> Result<Size> {
    let (width, height) = (int(from)?, int(from)?);
    if width == 0 || height == 0 {
        return Err(strange("empty picture"));
    }
    Ok(Size::new(width, height))
}

/// As many bytes as are announced, at most `most`. A length that does not come costs a reservation of address space only.
fn bytes(from: &mut impl Read, most: u64) -> Result<Vec<u8>> {
    let length = long(from)?;
    if length > most {
        return Err(strange("length over its bound"));
    }
    let room = usize::try_from(length).map_err(|_| strange("length over its bound"))?;
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(room).map_err(Error::other)?;
    if from.take(length).read_to_end(&mut bytes)? == room {
        return Ok(bytes);
    }
    Err(ErrorKind::UnexpectedEof.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sent(send: impl FnOnce(&mut Vec<u8>) -> Result<()>) -> Vec<u8> {
        let mut bytes = Vec::new();
        send(&mut bytes).unwrap();
        bytes
    }

    fn write(pixels: &[u8]) -> Job<'_> {
        let task = Task::Write {
            size: Size::new(3, 2),
            layout: Layout::Rgb,
            quality: 71,
            chroma: Chroma::Half,
            progressive: Progressive::Steep,
        };
        Job::new(Format::WebP, task, pixels)
    }

    fn read(file: &[u8]) -> Job<'_> {
        let request = Request {
            left: 5,
            top: 6,
            size: Size::new(700, 800),
            shrink: 4,
            frame: 2,
            exact: None,
            keeps_colours: true,
        };
        let limits = Limits {
            source_pixels: 1 << 40,
            source_side: 9,
            picture_pixels: 10,
        };
        Job::new(Format::Jxl, Task::Read { limits, request }, file)
    }

    fn decoded(colours: ColourSpace) -> Answer {
        let raster = Raster::new(Size::new(2, 2), Layout::Rgba, (0..16).collect()).unwrap();
        Answer::Picture(Decoded {
            picture: Picture::Packed(Packed {
                raster,
                origin: (0.5, 3.0),
                scale: (0.25, 1.0),
            }),
            colours,
            damaged: true,
        })
    }

    #[test]
    fn jobs_arrive_as_they_were_sent() {
        let pixels: Vec<u8> = (0..18).collect();
        for job in [write(&pixels), read(b"a file"), read(b"")] {
            let bytes = sent(|to| job.send(to));
            let back = Job::receive(&mut bytes.as_slice()).unwrap();
            assert_eq!((back.format, back.task), (job.format, job.task));
            assert_eq!(back.bytes, job.bytes);
        }
    }

    #[test]
    fn answers_arrive_as_they_were_sent() {
        let coded = |peak| {
            ColourSpace::Coded(Coded {
                primaries: 9,
                transfer: 16,
                peak,
            })
        };
        for colours in [
            ColourSpace::Srgb,
            ColourSpace::Icc(vec![]),
            ColourSpace::Icc(vec![1, 2, 3]),
            coded(None),
            coded(Some(400.0)),
        ] {
            let bytes = sent(|to| decoded(colours.clone()).send(to));
            let Answer::Picture(back) = Answer::receive(&mut bytes.as_slice()).unwrap() else {
                panic!("no picture");
            };
            let Picture::Packed(packed) = back.picture else {
                panic!("no pixels");
            };
            assert_eq!((back.colours, back.damaged), (colours, true));
            assert_eq!((packed.origin, packed.scale), ((0.5, 3.0), (0.25, 1.0)));
            assert_eq!(packed.raster.pixels(), (0..16).collect::<Vec<u8>>());
        }
        let long = "\u{e4}".repeat(1 + MOST_TEXT as usize / 2);
        for (reason, expected) in [("no", "no"), (&long, &long[..MOST_TEXT as usize])] {
            let bytes = sent(|to| Answer::Refused(reason.to_owned()).send(to));
            let back = Answer::receive(&mut bytes.as_slice()).unwrap();
            assert!(matches!(back, Answer::Refused(text) if text == expected));
        }
    }

    #[test]
    fn a_length_over_its_bound_is_refused_and_one_that_does_not_come_is_missed() {
        let mut bytes = sent(|to| Answer::File(vec![7]).send(to));
        let at = MAGIC.len() + 1;
        for (length, expected) in [
            (MOST_BYTES + 1, ErrorKind::InvalidData),
            (u64::MAX, ErrorKind::InvalidData),
            (2, ErrorKind::UnexpectedEof),
        ] {
            bytes[at..at + 8].copy_from_slice(&length.to_le_bytes());
            let error = Answer::receive(&mut bytes.as_slice()).err().unwrap();
            assert_eq!(error.kind(), expected, "{length}");
        }
    }

    #[test]
    fn another_version_is_refused() {
        let mut bytes = sent(|to| read(b"a file").send(to));
        bytes[MAGIC.len() - 1] += 1;
        let error = Job::receive(&mut bytes.as_slice()).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::InvalidData);
    }

    proptest! {
        #[test]
        fn nothing_that_comes_makes_it_panic(
            which in 0..4_usize,
            cut in 0..120_usize,
            at in 0..120_usize,
            with in prop::collection::vec(any::<u8>(), 0..16),
        ) {
            let mut bytes = match which {
                0 => sent(|to| write(&[9; 18]).send(to)),
                1 => sent(|to| read(b"a file").send(to)),
                2 => sent(|to| decoded(ColourSpace::Icc(vec![5; 9])).send(to)),
                _ => sent(|to| Answer::Refused("no".to_owned()).send(to)),
            };
            for (byte, other) in bytes.iter_mut().skip(at).zip(&with) {
                *byte = *other;
            }
            bytes.truncate(bytes.len().saturating_sub(cut % 7));
            // Whatever they say of it, they come back, and what they take is whole.
            if let Ok(job) = Job::receive(&mut bytes.as_slice()) {
                prop_assert!(job.bytes.len() <= bytes.len());
                let again = sent(|to| job.send(to));
                prop_assert!(Job::receive(&mut again.as_slice()).is_ok());
            }
            let _answer = Answer::receive(&mut bytes.as_slice());
        }
    }
}
