//! Every format that can be written, read back, from every format that can be read.

use super::sources::{Picture, WRITTEN, encode, open, run, scaled};
use cldgate::plan::{Encode, Size, TiffKind};
use cldgate::render::{self, can_write};
use cldgate::spec::Format;

fn written() -> impl Iterator<Item = Format> {
    WRITTEN.into_iter().filter(|&format| can_write(format))
}

/// How far a smooth picture may be from itself: the mean, in samples of 255.
fn tolerance(format: Format) -> f64 {
    match format {
        Format::Png | Format::Bmp | Format::Tiff | Format::Ico => 0.0,
        Format::Gif => 6.0,
        _ => 2.5,
    }
}

#[test]
fn every_format_to_every_format() {
    let original = Picture::gradient(96, 64);
    for from in written() {
        let source = run(&original.png(), &[], encode(from, 95)).unwrap();
        let facts = render::probe(&source.body).unwrap();
        assert_eq!(
            (facts.format, facts.size),
            (from, original.size),
            "{from:?}"
        );
        assert_eq!(facts.bytes, source.body.len() as u64);
        for to in written() {
            let rendered = run(&source.body, &[], encode(to, 95)).unwrap();
            assert_eq!((rendered.format, rendered.size), (to, original.size));
            assert_eq!(render::sniff(&rendered.body), Some(to));
            let seen = open(&rendered.body, to);
            let off = seen.mean(&original);
            let allowed = tolerance(from) + tolerance(to);
            assert!(off <= allowed, "{from:?} to {to:?}: {off} over {allowed}");
        }
    }
}

#[test]
fn every_format_scaled() {
    let original = Picture::gradient(96, 64);
    let small = Size::new(31, 17);
    let expected = Picture::gradient(31, 17);
    for from in written() {
        let source = run(&original.png(), &[], encode(from, 95)).unwrap();
        for to in written() {
            let steps = [scaled(original.size, small)];
            let rendered = run(&source.body, &steps, encode(to, 95)).unwrap();
            assert_eq!(rendered.size, small);
            let off = open(&rendered.body, to).mean(&expected);
            let allowed = tolerance(from) + tolerance(to) + 4.0;
            assert!(off <= allowed, "{from:?} to {to:?}: {off} over {allowed}");
        }
    }
}

#[test]
fn tiff_by_lzw_is_the_same_picture_in_fewer_bytes() {
    let opaque = Picture::gradient(96, 64);
    let sheer = Picture::new(96, 64, |x, y| [x as u8, y as u8, 90, (x * 2) as u8]);
    let grey = Picture::new(70, 3, |x, _| [x as u8, x as u8, x as u8, 255]);
    for original in [opaque, sheer, grey] {
        let plain = run(&original.png(), &[], encode(Format::Tiff, 90)).unwrap();
        let how = Encode {
            tiff: TiffKind::Lzw,
            ..encode(Format::Tiff, 90)
        };
        let made = run(&original.png(), &[], how).unwrap();
        assert!(made.body.len() < plain.body.len());
        assert_eq!(open(&made.body, Format::Tiff).worst(&original), 0);
    }
}

#[test]
fn tiff_by_group_4_is_black_and_white() {
    let group4 = || Encode {
        tiff: TiffKind::Group4,
        ..encode(Format::Tiff, 90)
    };
    // Circles, stripes and every run length; transparency shows the background.
    for (width, height) in [(1, 1), (7, 5), (64, 3), (257, 120), (3000, 9)] {
        let original = Picture::new(width, height, |x, y| match (x * x + y * y * 3) / 97 % 3 {
            0 => [10, 20, 30, 255],
            1 => [0, 0, 0, 0],
            _ => [250, 240, 230, 255],
        });
        let expected = Picture::new(width, height, |x, y| match (x * x + y * y * 3) / 97 % 3 {
            0 => [0, 0, 0, 255],
            _ => [255; 4],
        });
        let made = run(&original.png(), &[], group4()).unwrap();
        let seen = run(&made.body, &[], encode(Format::Png, 90)).unwrap();
        let seen = open(&seen.body, Format::Png);
        assert_eq!(seen.worst(&expected), 0, "{width}x{height}");
    }
    let wide = Picture::new(40_000, 1, |_, _| [0, 0, 0, 255]);
    assert!(matches!(
        run(&wide.png(), &[], group4()),
        Err(render::Error::OverLimit { .. })
    ));
}

/// Two grey pages of different size and light.
fn two_pages() -> Vec<u8> {
    let mut file = b"II*\0\x08\0\0\0".to_vec();
    for (width, height, light, last) in [(4_u32, 3_u32, 200_u8, false), (6, 5, 40, true)] {
        let entries = [
            (256_u16, width),
            (257, height),
            (258, 8),
            (259, 1),
            (262, 1),
            (273, 0),
            (277, 1),
            (278, height),
            (279, width * height),
        ];
        let pixels = u32::try_from(file.len() + 2 + entries.len() * 12 + 4).unwrap();
        file.extend(u16::try_from(entries.len()).unwrap().to_le_bytes());
        for (tag, value) in entries {
            file.extend(tag.to_le_bytes());
            file.extend(4_u16.to_le_bytes());
            file.extend(1_u32.to_le_bytes());
            let value = if tag == 273 { pixels } else { value };
            file.extend(value.to_le_bytes());
        }
        let next = pixels + width * height;
        file.extend(if last { 0 } else { next }.to_le_bytes());
        file.extend(vec![light; (width * height) as usize]);
    }
    file
}

#[test]
fn pages_of_a_tiff_are_pictures_of_their_own() {
    let file = two_pages();
    let facts = render::probe(&file).unwrap();
    assert_eq!((facts.size, facts.frames), (Size::new(4, 3), 2));
    assert!(render::at_page(&file, 1).is_none());
    assert!(render::at_page(&file, 3).is_none());
    let second = render::at_page(&file, 2).unwrap();
    assert_eq!(render::probe(&second).unwrap().size, Size::new(6, 5));
    for (file, light) in [(&file, 200), (&second, 40)] {
        let made = run(file, &[], encode(Format::Png, 80)).unwrap();
        assert_eq!(
            open(&made.body, Format::Png).at(1, 1),
            [light, light, light, 255]
        );
    }
}
