//! The eight ways a stored picture may have to be laid down.

use super::sources::{Picture, encode, open, run, scaled, through_png};
use cldgate::plan::{Size, Step};
use cldgate::render;
use cldgate::spec::{Format, Turn};

/// An EXIF block that names one orientation.
pub fn exif(value: u8, big: bool) -> Vec<u8> {
    if big {
        [
            &b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0"[..],
            &[value, 0, 0, 0, 0, 0, 0],
        ]
        .concat()
    } else {
        [
            &b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0"[..],
            &[value, 0, 0, 0, 0, 0, 0, 0],
        ]
        .concat()
    }
}

fn chunk(name: &[u8; 4], body: &[u8]) -> Vec<u8> {
    // The check sum is not looked at in this chunk by either decoder.
    [
        &u32::try_from(body.len()).unwrap().to_be_bytes()[..],
        name,
        body,
        &crc(name, body),
    ]
    .concat()
}

fn crc(name: &[u8], body: &[u8]) -> [u8; 4] {
    let mut sum = u32::MAX;
    for &byte in name.iter().chain(body) {
        sum ^= u32::from(byte);
        for _ in 0..8 {
            sum = if sum & 1 == 1 {
                sum >> 1 ^ 0xEDB8_8320
            } else {
                sum >> 1
            };
        }
    }
    (!sum).to_be_bytes()
}

/// The picture as EXIF says it is to be seen: which stored row and column come first.
fn seen(stored: &Picture, value: u8) -> Picture {
    let Size {
        width: w,
        height: h,
    } = stored.size;
    let (x_side, y_side) = if value >= 5 { (h, w) } else { (w, h) };
    Picture::new(x_side, y_side, |x, y| match value {
        1 => stored.at(x, y),
        2 => stored.at(w - 1 - x, y),
        3 => stored.at(w - 1 - x, h - 1 - y),
        4 => stored.at(x, h - 1 - y),
        5 => stored.at(y, x),
        6 => stored.at(y, h - 1 - x),
        7 => stored.at(w - 1 - y, h - 1 - x),
        _ => stored.at(w - 1 - y, x),
    })
}

#[test]
fn png_is_turned_exactly() {
    let stored = Picture::gradient(13, 7);
    for value in 1..=8 {
        for big in [false, true] {
            let mut file = stored.png();
            let _ = file.splice(33..33, chunk(b"eXIf", &exif(value, big)));
            let facts = render::probe(&file).unwrap();
            assert_eq!(facts.size, stored.size);
            let how = encode(Format::Png, 80);
            let rendered = run(&file, &[Step::Turn(facts.orientation)], how).unwrap();
            let expected = seen(&stored, value);
            assert_eq!(facts.upright(), expected.size);
            assert_eq!(
                open(&rendered.body, Format::Png),
                expected,
                "orientation {value}"
            );
        }
    }
}

#[test]
fn jpeg_is_turned_and_scaled_in_either_order() {
    let stored = Picture::gradient(160, 96);
    let plain = run(&stored.png(), &[], encode(Format::Jpeg, 95))
        .unwrap()
        .body;
    for value in 1..=8 {
        let block = [b"Exif\0\0".as_slice(), &exif(value, true)].concat();
        let length = u16::try_from(block.len() + 2).unwrap().to_be_bytes();
        let mut file = plain.to_vec();
        let _ = file.splice(2..2, [&[0xFF, 0xE1][..], &length, &block].concat());
        let facts = render::probe(&file).unwrap();
        let expected = seen(&stored, value);
        // Small enough that the decoder reduces, large enough to tell corners apart.
        let small = Size::new(expected.size.width / 5, expected.size.height / 5);
        let steps = [Step::Turn(facts.orientation), scaled(expected.size, small)];
        let rendered = run(&file, &steps, encode(Format::Png, 80)).unwrap();
        let expected = through_png(&expected, &[scaled(expected.size, small)]);
        let off = open(&rendered.body, Format::Png).mean(&expected);
        assert!(off < 3.0, "orientation {value}: {off}");
    }
}

#[test]
fn webp_and_tiff_name_their_orientation() {
    let body = exif(6, false);
    let webp = run(
        &Picture::gradient(8, 6).png(),
        &[],
        encode(Format::WebP, 90),
    )
    .unwrap()
    .body;
    let mut extended = webp.to_vec();
    extended.extend(b"EXIF");
    extended.extend(u32::try_from(body.len()).unwrap().to_le_bytes());
    extended.extend(&body);
    let quarter = Turn {
        mirror: false,
        quarters: 1,
    };
    assert_eq!(render::probe(&extended).unwrap().orientation, quarter);
}

#[test]
fn nonsense_stands_upright() {
    let mut file = Picture::gradient(4, 4).png();
    let _ = file.splice(33..33, chunk(b"eXIf", &exif(77, true)));
    assert_eq!(render::probe(&file).unwrap().orientation, Turn::NONE);
}
