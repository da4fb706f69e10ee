//! BMP and ICO as others write them, and as Chromium shows them.

use super::sources::{Picture, encode, open, run};
use cldgate::plan::Size;
use cldgate::render;
use cldgate::spec::Format;

fn seen(file: &[u8]) -> Picture {
    let rendered = run(file, &[], encode(Format::Png, 80)).unwrap();
    assert!(!rendered.damaged);
    open(&rendered.body, Format::Png)
}

fn words(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|n| n.to_le_bytes()).collect()
}

/// A header of so many bytes, with masks inside it where there is room.
fn header(
    bytes: u32,
    (width, height): (i32, i32),
    bits: u32,
    coding: u32,
    masks: &[u32],
) -> Vec<u8> {
    let fields = [
        width.cast_unsigned(),
        height.cast_unsigned(),
        1 | bits << 16,
        coding,
        0,
        0,
        0,
        0,
        0,
    ];
    let mut header = words(&[&[bytes], &fields[..], masks].concat());
    // The oldest of these has its masks behind it.
    let length = if bytes == 40 {
        40 + 4 * masks.len()
    } else {
        bytes as usize
    };
    header.resize(length, 0);
    if bytes >= 108 {
        header[56..60].copy_from_slice(b"BGRs");
    }
    header
}

fn bmp(header: &[u8], palette: &[u8], pixels: &[u8]) -> Vec<u8> {
    let offset = u32::try_from(14 + header.len() + palette.len()).unwrap();
    [b"BM", &words(&[0, 0, offset])[..], header, palette, pixels].concat()
}

#[test]
fn headers_of_every_version_are_read() {
    // Two pixels over two, the lower row first.
    let palette = [1, 2, 3, 0, 40, 50, 60, 0].to_vec();
    let pixels = [0b0100_0000, 0, 0, 0, 0b1000_0000, 0, 0, 0];
    let expected = [
        [60, 50, 40, 255],
        [3, 2, 1, 255],
        [3, 2, 1, 255],
        [60, 50, 40, 255],
    ];
    for bytes in [16, 40, 52, 56, 64, 108, 124] {
        let file = bmp(&header(bytes, (2, 2), 1, 0, &[]), &palette, &pixels);
        assert_eq!(render::sniff(&file), Some(Format::Bmp), "{bytes}");
        assert_eq!(seen(&file).pixels, expected, "{bytes}");
        let turned = bmp(&header(bytes, (2, -2), 1, 0, &[]), &palette, &pixels);
        assert_eq!(seen(&turned).at(0, 0), [3, 2, 1, 255], "{bytes}");
    }
    let oldest = [words(&[12]), [2, 0, 2, 0, 1, 0, 1, 0].to_vec()].concat();
    let file = bmp(&oldest, &[1, 2, 3, 40, 50, 60], &pixels);
    assert_eq!(seen(&file).pixels, expected);
}

#[test]
fn masks_place_colours_and_alpha() {
    let argb = [0x00ff_0000, 0xff00, 0xff, 0xff00_0000];
    let pixel = [10, 20, 30, 128];
    // With the masks in the header, behind it, and where only the header's alpha says that there is
    // any.
    for (bytes, coding) in [(56, 3), (108, 3), (124, 3), (40, 6), (124, 0)] {
        let file = bmp(&header(bytes, (1, 1), 32, coding, &argb), &[], &pixel);
        assert_eq!(seen(&file).pixels, [[30, 20, 10, 128]], "{bytes} {coding}");
        assert!(render::probe(&file).unwrap().alpha);
    }
    // The fourth byte of the plain kind says nothing.
    let plain = bmp(&header(40, (1, 1), 32, 0, &[]), &[], &pixel);
    assert_eq!(seen(&plain).pixels, [[30, 20, 10, 255]]);
    let narrow = bmp(
        &header(124, (1, 1), 16, 3, &[0x0f00, 0xf0, 0xf, 0xf000]),
        &[],
        &[0xf8, 0x50, 0, 0],
    );
    assert_eq!(seen(&narrow).pixels, [[0, 255, 136, 85]]);
    let wide = bmp(
        &header(40, (1, 1), 32, 3, &[0x3ff0_0000, 0xffc00, 0x3ff]),
        &[],
        &words(&[0x2008_01ff]),
    );
    assert_eq!(seen(&wide).pixels, [[128, 128, 127, 255]]);
}

#[test]
fn runs_are_drawn() {
    let palette = |count: usize| {
        let mut colours: Vec<u8> = (0..16_u8).flat_map(|n| [n, n * 2, n * 3, 0]).collect();
        colours.resize(4 * count, 0);
        colours
    };
    let level = |n: u8| [n * 3, n * 2, n, 255];
    let black = [0, 0, 0, 255];
    // Three of 1 and 2 in turn; a literal of three; the end of the row is left out, as is a step of
    // one.
    let four = [3, 0x12, 0, 3, 0x45, 0x60, 0, 0, 0, 2, 1, 0, 2, 0x77, 0, 1];
    let file = bmp(&header(40, (7, 2), 4, 2, &[]), &palette(16), &four);
    let shown = seen(&file);
    let lower = [1, 2, 1, 4, 5, 6].map(level);
    assert_eq!(shown.pixels[7..13], lower);
    assert_eq!(shown.pixels[13], black);
    assert_eq!(shown.pixels[..4], [black, level(7), level(7), black]);
    let eight = [2, 5, 0, 3, 1, 2, 3, 0, 0, 0, 4, 9, 0, 1];
    let shown = seen(&bmp(&header(40, (5, 2), 8, 1, &[]), &palette(256), &eight));
    assert_eq!(shown.pixels[5..], [5, 5, 1, 2, 3].map(level));
    assert_eq!(
        shown.pixels[..5],
        [level(9), level(9), level(9), level(9), black]
    );
    // OS/2 has runs of whole colours.
    let whole = [
        2, 1, 2, 3, 0, 0, 0, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0, 0, 1,
    ];
    let shown = seen(&bmp(&header(64, (3, 2), 24, 4, &[]), &[], &whole));
    assert_eq!(shown.pixels[3..], [[3, 2, 1, 255], [3, 2, 1, 255], black]);
    assert_eq!(
        shown.pixels[..3],
        [[6, 5, 4, 255], [9, 8, 7, 255], [12, 11, 10, 255]]
    );
}

#[test]
fn missing_rows_of_a_bitmap_are_transparent() {
    let pixels = [1, 2, 3, 0, 4, 5, 6, 0];
    let file = bmp(&header(40, (1, 3), 24, 0, &[]), &[], &pixels);
    let rendered = run(&file, &[], encode(Format::Png, 80)).unwrap();
    assert!(rendered.damaged);
    let shown = open(&rendered.body, Format::Png);
    assert_eq!(shown.pixels, [[0; 4], [6, 5, 4, 255], [3, 2, 1, 255]]);
}

/// An icon of these pictures, each with the bits that its entry names.
fn icon(pictures: &[(u8, u16, &[u8])]) -> Vec<u8> {
    let count = u8::try_from(pictures.len()).unwrap();
    let mut file = vec![0, 0, 1, 0, count, 0];
    let mut at = 6 + 16 * pictures.len();
    for (side, bits, body) in pictures {
        file.extend([*side, *side, 0, 0, 1, 0]);
        file.extend(bits.to_le_bytes());
        file.extend(words(&[
            u32::try_from(body.len()).unwrap(),
            u32::try_from(at).unwrap(),
        ]));
        at += body.len();
    }
    pictures
        .iter()
        .fold(file, |file, (.., body)| [&file, *body].concat())
}

#[test]
fn icons_of_any_png_are_shown() {
    let grey = super::sources::png_of(
        Size::new(2, 1),
        png::ColorType::Grayscale,
        png::BitDepth::Eight,
        &[7, 200],
        |_| {},
    );
    assert_eq!(
        seen(&icon(&[(2, 32, &grey)])).pixels,
        [[7, 7, 7, 255], [200, 200, 200, 255]]
    );
    let rgb = super::sources::png_of(
        Size::new(1, 1),
        png::ColorType::Rgb,
        png::BitDepth::Eight,
        &[1, 2, 3],
        |_| {},
    );
    let file = icon(&[(1, 32, &rgb)]);
    assert_eq!(seen(&file).pixels, [[1, 2, 3, 255]]);
    assert!(!render::probe(&file).unwrap().alpha);
}

#[test]
fn masks_of_icons_are_followed_where_there_is_no_alpha() {
    // Two pixels and their mask: the right one is left out.
    let mask = [0b0100_0000, 0, 0, 0];
    let square = |bits, row: &[u8]| {
        [
            header(40, (2, 4), bits, 0, &[]),
            row.repeat(2),
            mask.repeat(2),
        ]
        .concat()
    };
    let opaque = square(24, &[1, 2, 3, 4, 5, 6, 0, 0]);
    let shown = seen(&icon(&[(2, 24, &opaque)]));
    assert_eq!(shown.at(0, 0), [3, 2, 1, 255]);
    assert_eq!(shown.at(1, 0)[3], 0);
    // Chromium follows the alpha where the mask says otherwise, and the mask where alpha is 0
    // throughout.
    let with_alpha = |alpha: u8| square(32, &[1, 2, 3, alpha, 4, 5, 6, alpha]);
    let shown = seen(&icon(&[(2, 32, &with_alpha(128))]));
    assert_eq!(shown.pixels[..2], [[3, 2, 1, 128], [6, 5, 4, 128]]);
    let shown = seen(&icon(&[(2, 32, &with_alpha(0))]));
    assert_eq!((shown.at(0, 0), shown.at(1, 0)[3]), ([3, 2, 1, 255], 0));
}

#[test]
fn the_largest_and_deepest_picture_of_an_icon_is_shown() {
    let one = |light: u8, side: i32| {
        let row = [light; 8];
        let rows = usize::try_from(side).unwrap();
        let pixels = row.repeat(rows);
        [
            header(40, (side, 2 * side), 24, 0, &[]),
            pixels,
            vec![0; 4 * rows],
        ]
        .concat()
    };
    let (a, b, c) = (one(10, 1), one(20, 2), one(30, 2));
    let light = |file: &[u8]| seen(file).at(0, 0)[0];
    assert_eq!(light(&icon(&[(1, 32, &a), (2, 8, &b)])), 20);
    assert_eq!(light(&icon(&[(2, 8, &b), (2, 24, &c)])), 30);
    assert_eq!(light(&icon(&[(2, 24, &b), (2, 24, &c)])), 20);
    // One that cannot be read gives way to the next.
    assert_eq!(light(&icon(&[(2, 24, b"nothing"), (1, 24, &a)])), 10);
}
