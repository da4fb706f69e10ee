//! TIFF as other programs write it. What files show is known from the numbers that they were made
//! of.

use super::sources::{Picture, encode, open, run};
use cldgate::render;
use cldgate::spec::Format;

/// The one entry whose values are bytes.
const PROFILE: u16 = 34675;

/// Bytes of a file whose entries are numbers, each of a tag and its values, in the byte order and
/// width asked for.
struct File {
    big_endian: bool,
    wide: bool,
}

const CLASSIC: File = File {
    big_endian: false,
    wide: false,
};

impl File {
    fn number(&self, value: u64, bytes: usize) -> Vec<u8> {
        if self.big_endian {
            value.to_be_bytes()[8 - bytes..].to_vec()
        } else {
            value.to_le_bytes()[..bytes].to_vec()
        }
    }

    /// One strip or tile for each of `chunks`.
    fn with(&self, entries: &[(u16, &[u64])], chunks: &[&[u8]]) -> Vec<u8> {
        let offset = if self.wide { 8 } else { 4 };
        let mut file = match self.big_endian {
            true => b"MM".to_vec(),
            false => b"II".to_vec(),
        };
        file.extend(self.number(if self.wide { 43 } else { 42 }, 2));
        if self.wide {
            file.extend([self.number(8, 2), self.number(0, 2)].concat());
        }
        let header = file.len();
        file.extend(vec![0; offset]);
        let places: Vec<u64> = chunks
            .iter()
            .map(|chunk| {
                let at = file.len() as u64;
                file.extend_from_slice(chunk);
                at
            })
            .collect();
        let counts: Vec<u64> = chunks.iter().map(|chunk| chunk.len() as u64).collect();
        let tiled = entries.iter().any(|(tag, _)| *tag == 322);
        let (at, count) = if tiled { (324, 325) } else { (273, 279) };
        let mut all = entries.to_vec();
        all.extend([(at, places.as_slice()), (count, counts.as_slice())]);
        all.sort_by_key(|(tag, _)| *tag);
        let values: Vec<Vec<u8>> = all
            .iter()
            .map(|(tag, values)| {
                let width = if *tag == PROFILE { 1 } else { 4 };
                let mut bytes = values
                    .iter()
                    .flat_map(|&v| self.number(v, width))
                    .collect::<Vec<_>>();
                if bytes.len() > offset {
                    let at = file.len() as u64;
                    file.append(&mut bytes);
                    self.number(at, offset)
                } else {
                    bytes.resize(offset, 0);
                    bytes
                }
            })
            .collect();
        let directory = self.number(file.len() as u64, offset);
        file[header..header + offset].copy_from_slice(&directory);
        file.extend(self.number(all.len() as u64, if self.wide { 8 } else { 2 }));
        for ((tag, numbers), value) in all.iter().zip(values) {
            let kind = if *tag == PROFILE { 7 } else { 4 };
            file.extend([self.number(u64::from(*tag), 2), self.number(kind, 2)].concat());
            file.extend(self.number(numbers.len() as u64, offset));
            file.extend(value);
        }
        file.extend(vec![0; offset]);
        file
    }
}

fn seen(file: &[u8]) -> Picture {
    let rendered = run(file, &[], encode(Format::Png, 80)).unwrap();
    assert!(!rendered.damaged);
    open(&rendered.body, Format::Png)
}

/// A row of four pixels.
fn row(more: &[(u16, &[u64])], data: &[u8]) -> Picture {
    let mut entries: Vec<(u16, &[u64])> = vec![(256, &[4]), (257, &[1])];
    entries.extend(more);
    seen(&CLASSIC.with(&entries, &[data]))
}

#[test]
fn associated_alpha_is_divided_out() {
    // Half of a red that is there for a half is all of it: arithmetic, and what Pillow shows.
    let rgba = |kind, bits: u64, data: &[u8]| {
        let depth = [bits; 4];
        row(
            &[
                (258, &depth),
                (262, &[2]),
                (277, &[4]),
                (338, &[kind]),
                (339, &[if bits == 32 { 3 } else { 1 }]),
            ],
            data,
        )
    };
    let eight = [
        100, 50, 0, 128, 0, 0, 0, 0, 7, 8, 9, 255, 200, 200, 200, 100,
    ];
    let multiplied = rgba(1, 8, &eight);
    assert_eq!(
        multiplied.pixels,
        [
            [199, 100, 0, 128],
            [0; 4],
            [7, 8, 9, 255],
            [255, 255, 255, 100]
        ]
    );
    assert_eq!(rgba(2, 8, &eight).at(0, 0), [100, 50, 0, 128]);
    // Samples that nothing is said of are no alpha.
    assert_eq!(rgba(0, 8, &eight).at(0, 0), [100, 50, 0, 255]);
    let sixteen: Vec<u8> = eight.iter().flat_map(|&v| [v, v]).collect();
    assert_eq!(rgba(1, 16, &sixteen).pixels, multiplied.pixels);
    let floats: Vec<u8> = eight
        .iter()
        .flat_map(|&v| (f32::from(v) / 255.0).to_le_bytes())
        .collect();
    assert_eq!(rgba(1, 32, &floats).pixels, multiplied.pixels);
    let grey = row(
        &[(258, &[8, 8]), (262, &[1]), (277, &[2]), (338, &[1])],
        &[50, 100, 0, 0, 9, 255, 8, 8],
    );
    assert_eq!(grey.at(0, 0), [128, 128, 128, 100]);
}

#[test]
fn palettes_of_any_depth_are_looked_up() {
    for bits in [1, 2, 4, 8_u64] {
        let count = 1_u64 << bits;
        // Sixteen bits whose lower byte says nothing.
        let map: Vec<u64> = (0..3)
            .flat_map(|channel| {
                (0..count).map(move |n| (n * 255 / (count - 1) * (channel + 1) / 3) << 8)
            })
            .collect();
        let data: &[u8] = match bits {
            1 => &[0b0110_0000],
            2 => &[0b0001_1011],
            4 => &[0x0f, 0x31],
            _ => &[0, 255, 3, 1],
        };
        let index = match bits {
            1 => [0, 1, 1, 0],
            2 => [0, 1, 2, 3],
            4 => [0, 15, 3, 1],
            _ => [0, 255, 3, 1_u64],
        };
        let shown = row(&[(258, &[bits]), (262, &[3]), (320, &map)], data);
        let expected = index.map(|n| {
            let level = |channel: u64| u8::try_from(n * 255 / (count - 1) * channel / 3).unwrap();
            [level(1), level(2), level(3), 255]
        });
        assert_eq!(shown.pixels, expected, "{bits} bits");
    }
}

#[test]
fn samples_of_unusual_widths_are_brought_to_eight_bits() {
    let grey = |bits: u64, format: u64, photometric: u64, data: &[u8]| {
        let shown = row(
            &[(258, &[bits]), (262, &[photometric]), (339, &[format])],
            data,
        );
        shown
            .pixels
            .iter()
            .map(|pixel| pixel[0])
            .collect::<Vec<_>>()
    };
    assert_eq!(grey(2, 1, 1, &[0b0001_1011]), [0, 85, 170, 255]);
    assert_eq!(grey(4, 1, 1, &[0x07, 0x8f]), [0, 119, 136, 255]);
    assert_eq!(grey(4, 1, 0, &[0x07, 0x8f]), [255, 136, 119, 0]);
    assert_eq!(
        grey(12, 1, 1, &[0x00, 0x07, 0xff, 0x80, 0x0f, 0xff]),
        [0, 127, 128, 255]
    );
    let floats = [-1.0_f32, 0.25, 1.0, f32::NAN]
        .map(f32::to_le_bytes)
        .concat();
    assert_eq!(grey(32, 3, 1, &floats), [0, 64, 255, 0]);
    let halves = [0x0000_u16, 0x3400, 0x3c00, 0x7c00]
        .map(u16::to_le_bytes)
        .concat();
    assert_eq!(grey(16, 3, 1, &halves), [0, 64, 255, 255]);
    let long = [0, 1 << 31, u32::MAX, 1 << 30]
        .map(u32::to_le_bytes)
        .concat();
    assert_eq!(grey(32, 1, 1, &long), [0, 128, 255, 64]);
    // libtiff and Pillow take signed bytes as unsigned.
    assert_eq!(grey(8, 2, 1, &[0, 127, 128, 255]), [0, 127, 128, 255]);
}

#[test]
fn lab_inks_and_brightness_become_colours() {
    let three = |photometric: u64, data: &[u8]| {
        row(
            &[
                (258, &[8, 8, 8]),
                (262, &[photometric]),
                (277, &[3]),
                (530, &[1, 1]),
            ],
            data,
        )
    };
    // L* of 0, 50, 100; and a red. ICC has a* and b* moved up by 128. Values of a colour
    // calculator.
    let lab = three(8, &[0, 0, 0, 128, 0, 0, 255, 0, 0, 136, 80, 67]);
    let icc = three(
        9,
        &[0, 128, 128, 128, 128, 128, 255, 128, 128, 136, 208, 195],
    );
    assert_eq!(lab.pixels, icc.pixels);
    assert_eq!(
        lab.pixels[..3],
        [[0, 0, 0, 255], [119, 119, 119, 255], [255, 255, 255, 255]]
    );
    let red = lab.at(3, 0);
    assert!(red[0] > 245 && red[1] < 30 && red[2] < 40, "{red:?}");
    // JFIF's formulas.
    let bright = three(6, &[0, 128, 128, 255, 128, 128, 76, 85, 255, 29, 255, 107]);
    let near = |seen: [u8; 4], r: u8, g: u8, b: u8| {
        seen.iter()
            .zip([r, g, b, 255])
            .all(|(a, b)| a.abs_diff(b) <= 2)
    };
    assert!(near(bright.at(0, 0), 0, 0, 0) && near(bright.at(1, 0), 255, 255, 255));
    assert!(near(bright.at(2, 0), 254, 0, 0), "{:?}", bright.at(2, 0));
    let inks = row(
        &[(258, &[8; 4]), (262, &[5]), (277, &[4])],
        &[0, 0, 0, 0, 255, 0, 0, 0, 0, 128, 0, 0, 9, 9, 9, 255],
    );
    assert_eq!(
        inks.pixels,
        [
            [255; 4],
            [0, 255, 255, 255],
            [255, 127, 255, 255],
            [0, 0, 0, 255]
        ]
    );
}

#[test]
fn colour_differences_at_another_size_are_spread() {
    // Two blocks of 2x2 pixels: four of brightness, then both differences.
    let data = [10, 20, 30, 40, 128, 128, 50, 60, 70, 80, 128, 128];
    let entries: [(u16, &[u64]); 6] = [
        (256, &[3]),
        (257, &[2]),
        (258, &[8, 8, 8]),
        (262, &[6]),
        (277, &[3]),
        (530, &[2, 2]),
    ];
    let shown = seen(&CLASSIC.with(&entries, &[&data]));
    let light: Vec<u8> = shown.pixels.iter().map(|pixel| pixel[0]).collect();
    assert_eq!(light, [10, 20, 50, 30, 40, 70]);
}

#[test]
fn tiles_planes_and_both_are_put_together() {
    // Tiles of 2x2 for 3x3 pixels, a plane for each colour.
    let tile = |base: u8| [base, base + 1, base + 2, base + 3];
    let tiles: Vec<[u8; 4]> = (0..12).map(|n| tile(n * 10)).collect();
    let chunks: Vec<&[u8]> = tiles.iter().map(<[u8; 4]>::as_slice).collect();
    let entries: [(u16, &[u64]); 8] = [
        (256, &[3]),
        (257, &[3]),
        (258, &[8, 8, 8]),
        (262, &[2]),
        (277, &[3]),
        (284, &[2]),
        (322, &[2]),
        (323, &[2]),
    ];
    let file = |big_endian, wide| File { big_endian, wide }.with(&entries, &chunks);
    let shown = seen(&file(false, false));
    assert_eq!(shown.at(0, 0), [0, 40, 80, 255]);
    assert_eq!(shown.at(1, 1), [3, 43, 83, 255]);
    assert_eq!(shown.at(2, 0), [10, 50, 90, 255]);
    assert_eq!(shown.at(2, 2), [30, 70, 110, 255]);
    for (big_endian, wide) in [(true, false), (false, true), (true, true)] {
        let file = file(big_endian, wide);
        assert_eq!(render::sniff(&file), Some(Format::Tiff));
        assert_eq!(seen(&file), shown, "{big_endian} {wide}");
    }
}

#[test]
fn bits_in_the_other_order_are_turned() {
    let entries: [(u16, &[u64]); 6] = [
        (256, &[8]),
        (257, &[1]),
        (258, &[1]),
        (262, &[1]),
        (266, &[2]),
        (277, &[1]),
    ];
    let shown = seen(&CLASSIC.with(&entries, &[&[0b0000_0111]]));
    let light: Vec<u8> = shown.pixels.iter().map(|pixel| pixel[0]).collect();
    assert_eq!(light, [255, 255, 255, 0, 0, 0, 0, 0]);
}

#[test]
fn files_of_other_programs_are_read() {
    // Made by `scripts/kinds-campaign --fixtures`: tifffile, libtiff's tiffcp and imagecodecs.
    let formula = Picture::new(24, 17, |x, y| {
        [x * 10, y * 14, (x + y) * 5]
            .map(|v| u8::try_from(v).unwrap())
            .into_iter()
            .chain([255])
            .collect::<Vec<_>>()
            .try_into()
            .unwrap()
    });
    for (name, file) in [
        ("zstd", &include_bytes!("../fixtures/tiff/zstd.tif")[..]),
        ("lzma", include_bytes!("../fixtures/tiff/lzma.tif")),
        ("webp", include_bytes!("../fixtures/tiff/webp.tif")),
        (
            "floats over their neighbours",
            include_bytes!("../fixtures/tiff/float.tif"),
        ),
        (
            "BigTIFF of tiles in planes",
            include_bytes!("../fixtures/tiff/planar-tiles.tif"),
        ),
    ] {
        assert_eq!(seen(file), formula, "{name}");
    }
    let chequered = Picture::new(24, 17, |x, y| match (x / 3 + y / 2) % 2 {
        0 => [0, 0, 0, 255],
        _ => [255; 4],
    });
    for (name, file) in [
        (
            "group 3",
            &include_bytes!("../fixtures/tiff/group3.tif")[..],
        ),
        (
            "group 3 in two dimensions",
            include_bytes!("../fixtures/tiff/group3-2d.tif"),
        ),
        (
            "group 4, lowest bits first",
            include_bytes!("../fixtures/tiff/group4.tif"),
        ),
    ] {
        assert_eq!(seen(file), chequered, "{name}");
    }
    // Tiles of JPEG with colours at half the size, as Pillow (libtiff) shows them.
    let jpeg = seen(include_bytes!("../fixtures/tiff/jpeg.tif"));
    for ((x, y), expected) in [
        ((0, 0), [0, 1, 0]),
        ((12, 8), [119, 113, 99]),
        ((20, 3), [201, 41, 115]),
    ] {
        let pixel = jpeg.at(x, y);
        assert!(
            pixel.iter().zip(expected).all(|(a, b)| a.abs_diff(b) <= 12),
            "{x} {y} {pixel:?}"
        );
    }
    assert!(jpeg.mean(&formula) < 6.0, "{}", jpeg.mean(&formula));
}

#[test]
fn profiles_longer_than_the_picture_are_followed() {
    let profile = moxcms::ColorProfile::new_display_p3().encode().unwrap();
    let profile: Vec<u64> = profile.into_iter().map(u64::from).collect();
    let entries: [(u16, &[u64]); 6] = [
        (256, &[1]),
        (257, &[1]),
        (258, &[8, 8, 8]),
        (262, &[2]),
        (277, &[3]),
        (PROFILE, &profile),
    ];
    let shown = seen(&CLASSIC.with(&entries, &[&[128, 190, 100]])).at(0, 0);
    // By the matrices of both spaces and their curve.
    let off = shown
        .iter()
        .zip([108, 192, 87, 255])
        .map(|(a, b)| a.abs_diff(b))
        .max();
    assert!(off <= Some(2), "{shown:?}");
}

#[test]
fn hostile_numbers_are_refused() {
    let refuse = |entries: &[(u16, &[u64])]| {
        let file = CLASSIC.with(entries, &[&[0; 16]]);
        let made = run(&file, &[], encode(Format::Png, 80));
        assert!(made.is_err(), "{entries:?}");
        assert!(
            !made.unwrap_err().to_string().contains("crashed"),
            "{entries:?}"
        );
    };
    let huge = u64::from(u32::MAX);
    refuse(&[(256, &[huge]), (257, &[huge]), (258, &[8]), (262, &[1])]);
    refuse(&[(256, &[0]), (257, &[1])]);
    refuse(&[
        (256, &[4]),
        (257, &[4]),
        (258, &[64]),
        (262, &[1]),
        (277, &[huge]),
    ]);
    refuse(&[
        (256, &[4]),
        (257, &[4]),
        (258, &[8]),
        (262, &[1]),
        (322, &[huge]),
        (323, &[huge]),
    ]);
    refuse(&[
        (256, &[4]),
        (257, &[4]),
        (258, &[8]),
        (262, &[1]),
        (322, &[0]),
        (323, &[0]),
    ]);
    refuse(&[(256, &[4]), (257, &[4]), (258, &[8]), (262, &[3])]);
    refuse(&[
        (256, &[4]),
        (257, &[4]),
        (258, &[8]),
        (262, &[1]),
        (259, &[7]),
    ]);
    refuse(&[
        (256, &[4]),
        (257, &[4]),
        (258, &[8]),
        (262, &[1]),
        (259, &[6]),
    ]);
    refuse(&[
        (256, &[60_000]),
        (257, &[60_000]),
        (258, &[1]),
        (262, &[1]),
        (259, &[4]),
    ]);
}
