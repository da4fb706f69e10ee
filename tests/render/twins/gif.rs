//! GIF, held against a reader written from the specification.

use std::collections::BTreeSet;

use super::gif_spec::play;
use super::{
    Alpha, Dice, Dispose, Part, assert_alike, composed, difference, moved, parts, picture,
};
use crate::render::animation;
use crate::render::sources::{Picture, encode, open, run};
use cldgate::spec::Format;

fn visible(pictures: &[&Picture]) -> Vec<[u8; 4]> {
    let pixels = pictures.iter().flat_map(|picture| &picture.pixels);
    let all: BTreeSet<[u8; 4]> = pixels.filter(|pixel| pixel[3] == 255).copied().collect();
    all.into_iter().collect()
}

/// Parts as a file by the `gif` crate, each with its own colours; nothing where they are too many.
fn file(dice: &mut Dice, (width, height): (u32, u32), parts: &[Part]) -> Option<Vec<u8>> {
    let mut file = Vec::new();
    let mut encoder = gif::Encoder::new(&mut file, width as u16, height as u16, &[]).unwrap();
    encoder.set_repeat(gif::Repeat::Finite(4)).unwrap();
    for part in parts {
        let colours = visible(&[&part.picture]);
        if colours.len() > 255 {
            return None;
        }
        let place = |pixel: &[u8; 4]| colours.binary_search(pixel).unwrap_or(colours.len()) as u8;
        let places: Vec<u8> = part.picture.pixels.iter().map(place).collect();
        let (wide, high) = (part.picture.size.width, part.picture.size.height);
        let interlaced = dice.below(2) == 0;
        let rows: Vec<&[u8]> = places.chunks(wide as usize).collect();
        let order: Vec<usize> = if interlaced {
            let passes = [(0, 8), (4, 8), (2, 4), (1, 2)];
            passes
                .iter()
                .flat_map(|&(first, apart)| (first..high as usize).step_by(apart))
                .collect()
        } else {
            (0..high as usize).collect()
        };
        let stored: Vec<u8> = order.iter().flat_map(|&row| rows[row]).copied().collect();
        let mut rgb: Vec<u8> = colours.iter().flat_map(|c| [c[0], c[1], c[2]]).collect();
        rgb.extend([9, 9, 9]);
        let frame = gif::Frame {
            left: part.left as u16,
            top: part.top as u16,
            width: wide as u16,
            height: high as u16,
            delay: (part.milliseconds / 10) as u16,
            dispose: match part.dispose {
                Dispose::Keep => gif::DisposalMethod::Keep,
                Dispose::Clear => gif::DisposalMethod::Background,
                Dispose::Restore => gif::DisposalMethod::Previous,
            },
            transparent: Some(colours.len() as u8),
            palette: Some(rgb),
            interlaced,
            buffer: stored.into(),
            ..gif::Frame::default()
        };
        encoder.write_frame(&frame).unwrap();
    }
    drop(encoder);
    Some(file)
}

#[test]
fn animations_are_read_as_the_specification_says() {
    let mut read = 0;
    for seed in 0..300 {
        let mut dice = Dice::new(seed);
        let (width, height, parts) = parts(&mut dice, Alpha::Binary, false, false);
        let Some(file) = file(&mut dice, (width, height), &parts) else {
            continue;
        };
        let (expected, plays) = play(&file);
        assert_alike(
            expected.clone(),
            composed(width, height, &parts),
            0.0,
            "the test's own reader",
        );
        let made = moved(&file, Format::Png, 90).unwrap();
        assert!(!made.damaged, "{seed}");
        let (shown, again) = animation::play(&made.body, Format::Png);
        assert_eq!((plays, again), (5, 5), "{seed}");
        assert_alike(shown, expected, 0.0, &format!("seed {seed}"));
        read += 1;
    }
    assert!(read > 200, "only {read}");
}

#[test]
fn animations_of_a_palette_are_written_without_loss() {
    let mut written = 0;
    for seed in 0..300 {
        let mut dice = Dice::new(1000 + seed);
        let (width, height, parts) = parts(&mut dice, Alpha::Binary, false, false);
        let shown = composed(width, height, &parts);
        let pictures: Vec<&Picture> = shown.iter().map(|shown| &shown.picture).collect();
        let Some(file) = file(&mut dice, (width, height), &parts) else {
            continue;
        };
        if visible(&pictures).len() > 255 {
            continue;
        }
        let made = moved(&file, Format::Gif, 90).unwrap();
        let (got, plays) = play(&made.body);
        assert_eq!(plays, 5, "{seed}");
        assert_alike(got, shown, 0.0, &format!("seed {seed}"));
        written += 1;
    }
    assert!(written > 100, "only {written}");
}

#[test]
fn stills_of_a_palette_are_written_without_loss() {
    let mut written = 0;
    for seed in 0..200 {
        let mut dice = Dice::new(2000 + seed);
        let picture = picture(&mut dice, 150, Alpha::Binary);
        if visible(&[&picture]).len() > 255 {
            continue;
        }
        let made = run(&picture.png(), &[], encode(Format::Gif, 90)).unwrap();
        let (shown, _) = play(&made.body);
        assert_eq!(difference(&shown[0].picture, &picture), None, "{seed}");
        let seen = run(&made.body, &[], encode(Format::Png, 90)).unwrap();
        assert_eq!(
            difference(&open(&seen.body, Format::Png), &picture),
            None,
            "{seed}"
        );
        written += 1;
    }
    assert!(written > 100, "only {written}");
}

/// Pillow shows black where 256 greys stand beside the frame.
#[test]
fn the_palette_of_a_still_stands_in_the_head() {
    let greys = Picture::new(16, 16, |x, y| {
        let v = (y * 16 + x) as u8;
        [v, v, v, 255]
    });
    let made = run(&greys.plain_png(), &[], encode(Format::Gif, 90))
        .unwrap()
        .body;
    assert_eq!(difference(&play(&made).0[0].picture, &greys), None);
    // Flags: a table of 256 colours; behind it the control block and the frame, which has none.
    assert_eq!(made[10], 0xF7);
    let frame = 13 + 768 + 8;
    assert_eq!((made[frame], made[frame + 9] & 0x80), (b',', 0));
}

/// The `gif` crate fills the rows of an interlaced frame one by one, and misses those that one code
/// covers behind the last byte.
#[test]
fn a_code_over_several_rows_ends_an_interlaced_frame() {
    for (width, height) in [(3, 4), (3, 14), (31, 45), (300, 200)] {
        for interlaced in [false, true] {
            let mut file = Vec::new();
            let mut encoder =
                gif::Encoder::new(&mut file, width, height, &[200, 30, 40, 0, 0, 0]).unwrap();
            let frame = gif::Frame {
                width,
                height,
                interlaced,
                buffer: vec![0; usize::from(width) * usize::from(height)].into(),
                ..gif::Frame::default()
            };
            encoder.write_frame(&frame).unwrap();
            drop(encoder);
            let made = run(&file, &[], encode(Format::Png, 90)).unwrap();
            assert!(!made.damaged);
            let expected = Picture::new(width.into(), height.into(), |_, _| [200, 30, 40, 255]);
            assert_eq!(difference(&open(&made.body, Format::Png), &expected), None);
        }
    }
}

/// Viewers show a frame of one hundredth of a second for ten.
#[test]
fn a_short_delay_does_not_become_one_that_viewers_lengthen() {
    let frames: Vec<Part> = (0..8)
        .map(|n| Part {
            left: 0,
            top: 0,
            picture: Picture::new(4, 4, |x, _| [(n * 20 + x) as u8, 0, 0, 255]),
            milliseconds: if n == 7 { 500 } else { 16 },
            dispose: Dispose::Keep,
            over: false,
        })
        .collect();
    let source = super::apng::file(4, 4, &frames, false);
    let (shown, _) = play(&moved(&source, Format::Gif, 90).unwrap().body);
    let times: Vec<u32> = shown.iter().map(|shown| shown.milliseconds).collect();
    assert_eq!(times, [20, 20, 20, 20, 20, 20, 20, 500]);
}
