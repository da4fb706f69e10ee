//! PNG and GIF files that are cut, bent or odd, and what Chromium 156 shows of them.
//!
//! Pixels are stored without compression, so that arithmetic says which of them are left.

use super::animation::play;
use super::sources::{Picture, encode, open, plan, run};
use cldgate::plan::{Frames, Motion, RasterPlan, Size};
use cldgate::render::{self, Budget, Rendered};
use cldgate::spec::Format;

const SIDE: u32 = 16;

fn chunk(name: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let named = [name, body].concat();
    let mut sum = flate2::Crc::new();
    sum.update(&named);
    let length = u32::try_from(body.len()).unwrap().to_be_bytes();
    [&length[..], &named, &sum.sum().to_be_bytes()].concat()
}

/// Raw rows, each with its filter byte, as a stored zlib stream.
fn stored(rows: &[u8]) -> Vec<u8> {
    let mut body = vec![0x78, 0x01];
    let mut blocks = rows.chunks(100).peekable();
    while let Some(block) = blocks.next() {
        let length = u16::try_from(block.len()).unwrap();
        body.push(u8::from(blocks.peek().is_none()));
        body.extend(length.to_le_bytes());
        body.extend((!length).to_le_bytes());
        body.extend(block);
    }
    let (mut a, mut b) = (1_u32, 0_u32);
    for &byte in rows {
        a = (a + u32::from(byte)) % 65521;
        b = (b + a) % 65521;
    }
    body.extend((b << 16 | a).to_be_bytes());
    body
}

/// A PNG of these parts, and where its pixels begin.
fn png(width: u32, height: u32, kind: [u8; 3], before: &[u8], pixels: &[u8]) -> (Vec<u8>, usize) {
    let [depth, colour, interlaced] = kind;
    let mut header = [width.to_be_bytes(), height.to_be_bytes()].concat();
    header.extend([depth, colour, 0, 0, interlaced]);
    let head = [b"\x89PNG\r\n\x1A\n", &chunk(b"IHDR", &header)[..], before].concat();
    let file = [&head[..], &chunk(b"IDAT", pixels), &chunk(b"IEND", b"")].concat();
    (file, head.len() + 8)
}

fn colour(x: u32, y: u32) -> [u8; 4] {
    [x as u8 * 16, y as u8 * 16, 200, 255]
}

fn rgb() -> (Vec<u8>, usize) {
    let rows: Vec<u8> = (0..SIDE)
        .flat_map(|y| {
            std::iter::once(0).chain((0..SIDE).flat_map(move |x| colour(x, y)[..3].to_vec()))
        })
        .collect();
    png(SIDE, SIDE, [8, 2, 0], &[], &stored(&rows))
}

fn rendered(file: &[u8]) -> Rendered {
    run(file, &[], encode(Format::Png, 80)).unwrap()
}

fn seen(file: &[u8]) -> (Picture, bool) {
    let made = rendered(file);
    (open(&made.body, Format::Png), made.damaged)
}

fn whole() -> Picture {
    Picture::new(SIDE, SIDE, colour)
}

#[test]
fn png_without_its_end_is_whole() {
    let (file, _) = rgb();
    // Without IEND, without the checksum of IDAT, without that of zlib.
    for missing in [1, 12, 16, 20] {
        let (picture, damaged) = seen(&file[..file.len() - missing]);
        assert_eq!(
            (picture, damaged),
            (whole(), false),
            "{missing} bytes missing"
        );
    }
    let longer = [&file[..], b"some more"].concat();
    assert_eq!(seen(&longer), (whole(), false));
}

#[test]
fn cut_png_shows_its_rows_and_nothing_below() {
    let (file, start) = rgb();
    let row = SIDE as usize * 3 + 1;
    for rows in [1, 5, 15] {
        // Two bytes of zlib's head, five before each block of 100.
        let bytes = rows * row + 2;
        let bytes = 2 + bytes + 5 * bytes.div_ceil(100);
        let (picture, damaged) = seen(&file[..start + bytes]);
        let expected = Picture::new(SIDE, SIDE, |x, y| {
            if y < rows as u32 {
                colour(x, y)
            } else {
                [0; 4]
            }
        });
        assert!(damaged);
        assert_eq!(picture, expected, "{rows} rows");
    }
    assert!(
        run(&file[..start + 5], &[], encode(Format::Png, 80)).is_err(),
        "no row"
    );
}

#[test]
fn part_of_a_cut_png_is_where_it_belongs() {
    let (file, start) = rgb();
    let cut = &file[..start + 2 + 450];
    let from = cldgate::plan::Region {
        x: 4.0,
        y: 6.0,
        width: 8.0,
        height: 8.0,
    };
    let step = cldgate::plan::Step::Resample {
        from,
        to: Size::new(8, 8),
    };
    let made = run(cut, &[step], encode(Format::Png, 80)).unwrap();
    let (part, (all, _)) = (open(&made.body, Format::Png), seen(cut));
    let expected = Picture::new(8, 8, |x, y| all.at(x + 4, y + 6));
    assert!(made.damaged);
    assert_eq!(part, expected);
    assert_eq!((part.at(0, 0)[3], part.at(0, 7)[3]), (255, 0));
}

#[test]
fn pixels_of_a_cut_interlaced_png_stand_for_those_around_them() {
    // Grey, 16 by 16: the first pass has four pixels in two rows, the second as many.
    let mut rows = Vec::new();
    for (pass, (width, height)) in [(2, 2), (2, 2), (4, 2), (4, 4), (8, 4), (8, 8), (16, 8)]
        .into_iter()
        .enumerate()
    {
        for y in 0..height {
            rows.push(0);
            rows.extend((0..width).map(|x| (pass * 32 + y * 8 + x) as u8));
        }
    }
    let (file, start) = png(SIDE, SIDE, [8, 0, 1], &[], &stored(&rows));
    let head = 2 + 5;
    // One row of the first pass: the lower half is not there.
    let (picture, damaged) = seen(&file[..start + head + 3 + 2]);
    assert!(damaged);
    let expected = Picture::new(SIDE, SIDE, |x, y| match (x / 8, y / 8) {
        (column, 0) => {
            let v = column as u8;
            [v, v, v, 255]
        }
        _ => [0; 4],
    });
    assert_eq!(picture, expected);
    // Both of the first pass and one of the second.
    let (picture, _) = seen(&file[..start + head + 9 + 2]);
    let grey = |x, y| picture.at(x, y)[0];
    assert_eq!(
        [grey(0, 0), grey(3, 7), grey(4, 0), grey(7, 7)],
        [0, 0, 32, 32]
    );
    assert_eq!(
        [grey(0, 8), grey(7, 15), grey(8, 8), grey(15, 15)],
        [8, 8, 9, 9]
    );
    let (picture, damaged) = seen(&file);
    assert!(!damaged);
    assert_eq!(picture.at(15, 15)[0], (6 * 32 + 7 * 8 + 15) as u8);
}

#[test]
fn wrong_checksums_do_not_hide_a_png() {
    let bent = |file: &[u8], name: &[u8]| {
        let at = file.windows(4).position(|part| part == name).unwrap();
        let length = u32::from_be_bytes(file[at - 4..at].try_into().unwrap()) as usize;
        let mut file = file.to_vec();
        file[at + 4 + length] ^= 0x55;
        file
    };
    let (file, start) = rgb();
    assert_eq!(seen(&bent(&file, b"IDAT")).0, whole());
    assert_eq!(seen(&bent(&file, b"IEND")), (whole(), false));
    let gamma = chunk(b"tEXt", b"a\0b");
    let with_text = [&file[..start - 8], &gamma, &file[start - 8..]].concat();
    assert_eq!(seen(&bent(&with_text, b"tEXt")), (whole(), false));
    // In the first of two parts: Chromium shows an empty picture, we what there is.
    let pixels = &file[start..file.len() - 16];
    let (one, two) = pixels.split_at(300);
    let split = [
        &file[..start - 8],
        &chunk(b"IDAT", one),
        &chunk(b"IDAT", two),
        &chunk(b"IEND", b""),
    ]
    .concat();
    assert_eq!(seen(&split), (whole(), false));
    assert_eq!(seen(&bent(&split, b"IDAT")), (whole(), true));
    assert!(run(&bent(&file, b"IHDR"), &[], encode(Format::Png, 80)).is_err());
}

#[test]
fn transparent_grey_of_a_png_has_no_more_bits_than_its_samples() {
    // 0x00FF at one bit is white (PNG specification, 11.3.2.1; Pillow reads it so).
    let grey = |value: [u8; 2]| {
        let trns = chunk(b"tRNS", &value);
        png(8, 1, [1, 0, 0], &trns, &stored(&[0, 0b1010_0000])).0
    };
    for (value, clear) in [
        ([0x00, 0xFF], 0),
        ([0, 1], 0),
        ([0xFF, 0xFE], 1),
        ([0, 0], 1),
    ] {
        let (picture, _) = seen(&grey(value));
        for x in 0..4 {
            let alpha = if x % 2 == clear { 0 } else { 255 };
            assert_eq!(picture.at(x, 0)[3], alpha, "{value:?} at {x}");
        }
    }
}

fn frames_of(file: &[u8], format: Format) -> Rendered {
    let facts = render::probe(file).unwrap();
    let plan = RasterPlan {
        frames: Frames::All(Motion::default()),
        ..plan(facts.size, &[], encode(format, 100))
    };
    render::run(&plan, file, &Budget::unlimited()).unwrap()
}

#[test]
fn cut_apng_plays_the_frames_that_are_there() {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, SIDE, SIDE);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_animated(3, 0).unwrap();
    encoder.set_compression(png::Compression::NoCompression);
    let mut writer = encoder.write_header().unwrap();
    for n in 0..3 {
        writer
            .write_image_data(&[n * 50, 9, 99, 255].repeat(256))
            .unwrap();
    }
    writer.finish().unwrap();
    let made = frames_of(&file[..file.len() * 5 / 6], Format::WebP);
    assert!(made.damaged);
    let (shown, _) = play(&made.body, Format::WebP);
    assert_eq!(shown.len(), 2);
    assert_eq!(shown[1].picture.at(9, 9), [50, 9, 99, 255]);
    // Not even the first is whole.
    let made = frames_of(&file[..file.len() / 5], Format::WebP);
    assert!(made.damaged);
    let (shown, _) = play(&made.body, Format::WebP);
    assert_eq!(shown.len(), 1);
    let first = &shown[0].picture;
    assert_eq!((first.at(0, 0), first.at(0, 15)), ([0, 9, 99, 255], [0; 4]));
}

/// Places in a palette as GIF data that begin anew every hundred pixels and so never need wider
/// codes.
fn lzw(indices: &[u8]) -> Vec<u8> {
    let mut packed = Vec::new();
    let (mut bits, mut count) = (0_u32, 0);
    let clear = |n| n == 0 || n % 100 == 0;
    let codes = indices.iter().enumerate().flat_map(|(n, &index)| {
        clear(n)
            .then_some(256)
            .into_iter()
            .chain([u32::from(index)])
    });
    for code in codes.chain([257]) {
        bits |= code << count;
        count += 9;
        while count >= 8 {
            packed.push(bits as u8);
            bits >>= 8;
            count -= 8;
        }
    }
    packed.push(bits as u8);
    let mut blocks = vec![8];
    for block in packed.chunks(255) {
        blocks.push(block.len() as u8);
        blocks.extend(block);
    }
    blocks.push(0);
    blocks
}

/// Red grows with the place, green falls.
fn palette(colours: u8) -> Vec<u8> {
    (0..colours)
        .flat_map(|n| [n * 8, 255 - n * 8, 77])
        .collect()
}

fn shade(n: u8) -> [u8; 4] {
    [n * 8, 255 - n * 8, 77, 255]
}

fn screen(width: u16, height: u16, colours: Option<&[u8]>) -> Vec<u8> {
    let mut file = b"GIF89a".to_vec();
    file.extend([width.to_le_bytes(), height.to_le_bytes()].concat());
    // A palette has a power of two of colours.
    file.push(colours.map_or(0, |c| 0x80 | ((c.len() / 3).ilog2() as u8 - 1)));
    file.extend([0, 0]);
    file.extend(colours.unwrap_or_default());
    file
}

fn frame(left: u16, top: u16, size: (u16, u16), flags: u8, data: &[u8]) -> Vec<u8> {
    let mut frame = vec![b','];
    for n in [left, top, size.0, size.1] {
        frame.extend(n.to_le_bytes());
    }
    frame.push(flags);
    frame.extend(data);
    frame
}

/// Rows in the colours of their numbers.
fn rows_of(width: u16, height: u16) -> Vec<u8> {
    (0..height)
        .flat_map(|y| vec![y as u8; width.into()])
        .collect()
}

#[test]
fn gif_screen_is_as_large_as_its_first_frame_needs_it() {
    let colours = palette(16);
    let data = lzw(&rows_of(10, 8));
    for ((width, height), (left, top), expected) in [
        ((0, 0), (0, 0), (10, 8)),
        ((0, 0), (3, 2), (13, 10)),
        ((4, 4), (0, 0), (10, 8)),
        ((20, 4), (1, 1), (20, 9)),
        ((20, 30), (15, 0), (25, 30)),
    ] {
        let size = Size::new(expected.0, expected.1);
        let second = frame(9, 9, (10, 8), 0, &data);
        let first = frame(left, top, (10, 8), 0, &data);
        let head = screen(width, height, Some(&colours));
        let still = [&head[..], &first, b";"].concat();
        let moving = [&head[..], &first, &second, b";"].concat();
        assert_eq!(render::probe(&moving).unwrap().size, size);
        let (picture, damaged) = seen(&still);
        assert_eq!((picture.size, damaged), (size, false), "{width}x{height}");
        assert_eq!(picture.at(left.into(), u32::from(top) + 7), shade(7));
        let whole = size == Size::new(10, 8);
        assert_eq!(render::probe(&still).unwrap().alpha, !whole);
    }
}

#[test]
fn cut_gif_shows_its_rows_and_nothing_below() {
    let head = screen(10, 8, Some(&palette(16)));
    let file = [
        &head[..],
        &frame(0, 0, (10, 8), 0, &lzw(&rows_of(10, 8))),
        b";",
    ]
    .concat();
    assert_eq!(
        seen(&file[..file.len() - 1]),
        (seen(&file).0, false),
        "no trailer"
    );
    let start = head.len() + 10 + 2;
    // 45 codes of nine bits are 44 pixels: four rows and four pixels.
    let (picture, damaged) = seen(&file[..start + 51]);
    assert!(damaged);
    for y in 0..8 {
        for x in 0..10 {
            let there = y * 10 + x < 44;
            let expected = if there { shade(y as u8) } else { [0; 4] };
            assert_eq!(picture.at(x, y), expected, "{x} {y}");
        }
    }
    // The data of a frame end early, and the file goes on.
    let short = frame(0, 0, (10, 8), 0, &lzw(&rows_of(10, 3)));
    let whole = frame(0, 0, (10, 8), 0, &lzw(&rows_of(10, 8)));
    let made = frames_of(&[&head[..], &short, &whole, b";"].concat(), Format::Gif);
    let (shown, _) = play(&made.body, Format::Gif);
    assert_eq!((shown.len(), made.damaged), (2, true));
    assert_eq!(
        (shown[0].picture.at(0, 2), shown[0].picture.at(0, 3)),
        (shade(2), [0; 4])
    );
    assert_eq!(shown[1].picture.at(0, 7), shade(7));
}

#[test]
fn rows_of_a_cut_interlaced_gif_stand_for_those_below() {
    let head = screen(10, 16, Some(&palette(16)));
    let order = [0_u16, 8, 4, 12, 2, 6, 10, 14, 1, 3, 5, 7, 9, 11, 13, 15];
    let rows: Vec<u8> = order.iter().flat_map(|&y| [y as u8; 10]).collect();
    // Three rows, in their places 0, 8 and 4.
    let few = lzw(&rows[..30]);
    let cut = [&head[..], &frame(0, 0, (10, 16), 0x40, &few), b";"].concat();
    let (picture, damaged) = seen(&cut);
    assert!(damaged);
    let column: Vec<_> = (0..16).map(|y| picture.at(5, y)).collect();
    let expected = [0, 0, 0, 0, 4, 4, 4, 4, 8, 8, 8, 8, 8, 8, 8, 8].map(shade);
    assert_eq!(column, expected);
    // Where something is transparent they do not.
    let control = b"!\xF9\x04\x01\0\0\x0F\0";
    let cut = [&head[..], control, &frame(0, 0, (10, 16), 0x40, &few), b";"].concat();
    let (picture, _) = seen(&cut);
    assert_eq!((picture.at(5, 4), picture.at(5, 5)), (shade(4), [0; 4]));
}

#[test]
fn gif_colours_that_are_missing_are_black() {
    let black = [0, 0, 0, 255];
    let data = lzw(&rows_of(4, 8));
    let few = [
        &screen(4, 8, Some(&palette(4)))[..],
        &frame(0, 0, (4, 8), 0, &data),
        b";",
    ]
    .concat();
    let (picture, _) = seen(&few);
    assert_eq!((picture.at(0, 3), picture.at(0, 4)), (shade(3), black));
    let none = [
        &screen(4, 8, None)[..],
        &frame(0, 0, (4, 8), 0, &data),
        b";",
    ]
    .concat();
    assert_eq!(seen(&none).0.at(0, 3), black);
}

#[test]
fn unknown_extension_of_a_gif_is_skipped() {
    let head = screen(4, 8, Some(&palette(16)));
    let image = frame(0, 0, (4, 8), 0, &lzw(&rows_of(4, 8)));
    let file = [&head[..], b"!\x42\x03abc\0", &image, b";"].concat();
    assert_eq!(seen(&file).0.at(3, 7), shade(7));
}
