//! TIFF, held against a reader written from the specification (TIFF 6.0) and strips of libtiff's.

use super::{Alpha, Dice, difference, picture};
use crate::render::sources::{Picture, encode, open, run};
use cldgate::plan::{Encode, Size, TiffKind};
use cldgate::spec::Format;

/// A directory's values by their tag, and the strips.
struct Tiff<'a> {
    file: &'a [u8],
    entries: Vec<(u16, Vec<u32>)>,
}

impl<'a> Tiff<'a> {
    fn open(file: &'a [u8]) -> Self {
        assert_eq!(&file[..4], b"II*\0");
        let u16_at = |at: usize| u32::from(u16::from_le_bytes([file[at], file[at + 1]]));
        let u32_at = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().unwrap());
        let at = u32_at(4) as usize;
        let entries = (0..u16_at(at) as usize).map(|n| {
            let entry = at + 2 + n * 12;
            let (kind, count) = (u16_at(entry + 2), u32_at(entry + 4) as usize);
            let size = match kind {
                3 => 2,
                5 => 8,
                _ => 4,
            };
            let start = if count * size <= 4 {
                entry + 8
            } else {
                u32_at(entry + 8) as usize
            };
            let value = |n: usize| {
                if size == 2 {
                    u16_at(start + n * 2)
                } else {
                    u32_at(start + n * size)
                }
            };
            (u16_at(entry) as u16, (0..count).map(value).collect())
        });
        Self {
            entries: entries.collect(),
            file,
        }
    }

    fn all(&self, tag: u16) -> &[u32] {
        let entry = self.entries.iter().find(|(found, _)| *found == tag);
        entry.map_or(&[], |(_, values)| values)
    }

    fn one(&self, tag: u16, otherwise: u32) -> u32 {
        self.all(tag).first().copied().unwrap_or(otherwise)
    }

    fn strips(&self) -> impl Iterator<Item = &'a [u8]> {
        let places = self.all(273).iter().zip(self.all(279));
        places.map(|(&at, &length)| &self.file[at as usize..(at + length) as usize])
    }

    /// Grey, RGB or RGBA of 8 bits, plain or by LZW, with or without differences.
    fn picture(&self) -> Picture {
        let size = Size::new(self.one(256, 0), self.one(257, 0));
        let samples = self.one(277, 1) as usize;
        assert!(self.all(258).iter().all(|&bits| bits == 8));
        assert_eq!(self.one(262, 9), if samples == 1 { 1 } else { 2 });
        // Alpha is straight.
        assert_eq!(self.all(338), if samples == 4 { &[2][..] } else { &[] });
        let mut data: Vec<u8> = match self.one(259, 1) {
            1 => self.strips().flatten().copied().collect(),
            5 => self.strips().flat_map(unpacked).collect(),
            other => panic!("compression {other}"),
        };
        if self.one(317, 1) == 2 {
            for row in data.chunks_mut(size.width as usize * samples) {
                for n in samples..row.len() {
                    row[n] = row[n].wrapping_add(row[n - samples]);
                }
            }
        }
        let pixel = |p: &[u8]| match *p {
            [v] => [v, v, v, 255],
            [r, g, b] => [r, g, b, 255],
            [r, g, b, a] => [r, g, b, a],
            _ => panic!("{samples} samples"),
        };
        Picture {
            size,
            pixels: data.chunks(samples).map(pixel).collect(),
        }
    }
}

/// LZW, section 13: codes from the high bits down, one bit longer an entry early.
fn unpacked(data: &[u8]) -> Vec<u8> {
    let (mut out, mut table): (Vec<u8>, Vec<Vec<u8>>) = (Vec::new(), Vec::new());
    let (mut held, mut bits, mut width) = (0_u64, 0, 9);
    let mut last: Option<Vec<u8>> = None;
    let mut bytes = data.iter();
    loop {
        while bits < width {
            held = held << 8 | u64::from(*bytes.next().expect("codes up to the end code"));
            bits += 8;
        }
        bits -= width;
        let code = (held >> bits) as usize & ((1 << width) - 1);
        held &= (1 << bits) - 1;
        match code {
            257 => return out,
            256 => {
                table = (0..258)
                    .map(|n| if n < 256 { vec![n as u8] } else { Vec::new() })
                    .collect();
                (width, last) = (9, None);
                continue;
            }
            _ => {}
        }
        let string = match (&last, table.get(code)) {
            (_, Some(known)) => known.clone(),
            (Some(last), None) => [&last[..], &last[..1]].concat(),
            _ => panic!("code {code}"),
        };
        if let Some(last) = last {
            table.push([&last[..], &string[..1]].concat());
        }
        width = match table.len() {
            2047.. => 12,
            1023.. => 11,
            511.. => 10,
            _ => 9,
        };
        out.extend(&string);
        last = Some(string);
    }
}

fn made(picture: &Picture, tiff: TiffKind) -> Vec<u8> {
    let how = Encode {
        tiff,
        ..encode(Format::Tiff, 90)
    };
    run(&picture.plain_png(), &[], how).unwrap().body.to_vec()
}

#[test]
fn pictures_are_written_without_loss() {
    for seed in 0..200 {
        let mut dice = Dice::new(9000 + seed);
        let picture = picture(&mut dice, 120, Alpha::Any);
        for kind in [TiffKind::Plain, TiffKind::Lzw] {
            let file = made(&picture, kind);
            assert_eq!(
                difference(&Tiff::open(&file).picture(), &picture),
                None,
                "{seed} {kind:?}"
            );
            let seen = run(&file, &[], encode(Format::Png, 90)).unwrap().body;
            assert_eq!(
                difference(&open(&seen, Format::Png), &picture),
                None,
                "{seed} {kind:?}"
            );
        }
    }
}

/// Group 4 leaves an encoder no choice: the same picture has the same bits, padding aside.
#[test]
fn strips_of_group_4_are_those_of_libtiff() {
    // Width, height and the CRC-32 of what `tiffcp -c g4` wrote (libtiff 4.7).
    for (seed, &(width, height, expected)) in LIBTIFF.iter().enumerate() {
        let picture = black_and_white(seed as u64, width, height);
        let file = made(&picture, TiffKind::Group4);
        let tiff = Tiff::open(&file);
        let strip: Vec<u8> = tiff.strips().flatten().copied().collect();
        assert_eq!((tiff.one(259, 0), tiff.one(262, 9)), (4, 0));
        let crc = strip.iter().fold(u32::MAX, |crc, &byte| {
            (0..8).fold(crc ^ u32::from(byte), |crc, _| {
                crc >> 1 ^ if crc & 1 == 1 { 0xEDB8_8320 } else { 0 }
            })
        });
        assert_eq!(!crc, expected, "{width}x{height}");
    }
}

/// Runs of every length; of three rows the second repeats the first, and the third is moved aside
/// by up to three pixels.
fn black_and_white(seed: u64, width: u32, height: u32) -> Picture {
    let mut dice = Dice::new(seed);
    let longest = 1 + dice.below(width * 2);
    let mut rows: Vec<Vec<bool>> = Vec::new();
    for y in 0..height {
        let row = match (y % 3, rows.last()) {
            (1, Some(above)) => above.clone(),
            (2, Some(above)) => {
                let mut moved = above.clone();
                moved.rotate_left((dice.below(7) % width) as usize);
                moved
            }
            _ => {
                let (mut left, mut light) = (0, false);
                let next = |_| {
                    if left == 0 {
                        (left, light) = (1 + dice.below(longest), !light);
                    }
                    left -= 1;
                    light
                };
                (0..width).map(next).collect()
            }
        };
        rows.push(row);
    }
    Picture::new(width, height, |x, y| {
        let v = if rows[y as usize][x as usize] { 255 } else { 0 };
        [v, v, v, 255]
    })
}

const LIBTIFF: &[(u32, u32, u32)] = &[
    (1, 1, 0x2FB6_BBBF),
    (1, 9, 0x02B4_5432),
    (9, 1, 0x6155_D74E),
    (7, 5, 0x7220_3D30),
    (8, 8, 0x78AB_8EF4),
    (64, 3, 0x2358_8B13),
    (65, 40, 0x0718_400D),
    (100, 100, 0x1473_FFA3),
    (257, 120, 0x1013_49A5),
    (640, 64, 0xDBF1_D134),
    (1728, 60, 0x74CC_A3DD),
    (3000, 9, 0x6C93_A240),
    (2561, 12, 0x91E1_85EB),
    (6000, 6, 0x54E4_8926),
    (33, 200, 0x4B94_7D59),
    (500, 33, 0x80DF_CFBD),
];
