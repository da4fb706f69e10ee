//! BMP, held against a reader written from its documentation, and ICO against a second PNG decoder.

use super::png::decoded;
use super::{Alpha, Dice, difference, picture};
use crate::render::sources::{Picture, encode, open, run};
use cldgate::plan::Size;
use cldgate::spec::Format;

/// A BMP of 8 or 24 bits, read as its header says.
fn bitmap(file: &[u8]) -> Picture {
    let at = |n: usize| u32::from_le_bytes(file[n..n + 4].try_into().unwrap()) as usize;
    assert_eq!((&file[..2], at(2), at(30)), (&b"BM"[..], file.len(), 0));
    let (width, height, bits) = (at(18), at(22), usize::from(file[28]));
    let (colours, row) = (14 + at(14), (width * bits / 8).next_multiple_of(4));
    let pixels = &file[at(10)..];
    Picture::new(width as u32, height as u32, |x, y| {
        let start = (height - 1 - y as usize) * row + x as usize * bits / 8;
        let bgr = match bits {
            8 => &file[colours + usize::from(pixels[start]) * 4..],
            24 => &pixels[start..],
            other => panic!("{other} bits"),
        };
        [bgr[2], bgr[1], bgr[0], 255]
    })
}

/// Transparent pixels on white, by arithmetic.
fn on_white(picture: &Picture) -> Picture {
    let mix = |sample: u8, alpha: u8| {
        let sum = u32::from(sample) * u32::from(alpha) + 255 * u32::from(255 - alpha);
        ((sum * 2 + 255) / 510) as u8
    };
    Picture::new(picture.size.width, picture.size.height, |x, y| {
        let [r, g, b, a] = picture.at(x, y);
        [mix(r, a), mix(g, a), mix(b, a), 255]
    })
}

#[test]
fn bitmaps_are_written_without_loss() {
    for seed in 0..200 {
        let mut dice = Dice::new(6000 + seed);
        let picture = picture(&mut dice, 120, Alpha::Any);
        let made = run(&picture.plain_png(), &[], encode(Format::Bmp, 90))
            .unwrap()
            .body;
        assert_eq!(
            difference(&bitmap(&made), &on_white(&picture)),
            None,
            "{seed}"
        );
    }
}

/// A BMP written by hand: 24 bits, from the bottom up or from the top down.
fn hand_written(picture: &Picture, down: bool) -> Vec<u8> {
    let (width, height) = (picture.size.width, picture.size.height);
    let row = (width * 3).next_multiple_of(4) as usize;
    let mut file = b"BM".to_vec();
    file.extend((54 + row as u32 * height).to_le_bytes());
    file.extend([0, 0, 0, 0, 54, 0, 0, 0, 40, 0, 0, 0]);
    file.extend(width.to_le_bytes());
    let tall = height as i32;
    file.extend(if down { -tall } else { tall }.to_le_bytes());
    file.extend([1, 0, 24, 0]);
    file.extend([0; 24]);
    for n in 0..height {
        let y = if down { n } else { height - 1 - n };
        let line: Vec<u8> = (0..width)
            .map(|x| picture.at(x, y))
            .flat_map(|[r, g, b, _]| [b, g, r])
            .collect();
        file.extend(&line);
        file.extend(vec![0; row - line.len()]);
    }
    file
}

#[test]
fn bitmaps_are_read_as_they_are() {
    for seed in 0..200 {
        let mut dice = Dice::new(7000 + seed);
        let picture = picture(&mut dice, 120, Alpha::Opaque);
        let file = hand_written(&picture, dice.below(2) == 0);
        let seen = run(&file, &[], encode(Format::Png, 90)).unwrap().body;
        assert_eq!(
            difference(&open(&seen, Format::Png), &picture),
            None,
            "{seed}"
        );
    }
}

#[test]
fn icons_are_written_without_loss() {
    for seed in 0..150 {
        let mut dice = Dice::new(8000 + seed);
        let picture = picture(&mut dice, 256, Alpha::Any);
        let made = run(&picture.plain_png(), &[], encode(Format::Ico, 90))
            .unwrap()
            .body;
        // One entry: the sides, 0 for 256, and where its PNG stands.
        assert_eq!(&made[..6], [0, 0, 1, 0, 1, 0]);
        let side = |n: u8| if n == 0 { 256 } else { u32::from(n) };
        assert_eq!(
            Size::new(side(made[6]), side(made[7])),
            picture.size,
            "{seed}"
        );
        let at = |n: usize| u32::from_le_bytes(made[n..n + 4].try_into().unwrap()) as usize;
        let inside = &made[at(18)..at(18) + at(14)];
        assert_eq!(difference(&decoded(inside), &picture), None, "{seed}");
        let seen = run(&made, &[], encode(Format::Png, 90)).unwrap().body;
        assert_eq!(
            difference(&open(&seen, Format::Png), &picture),
            None,
            "{seed}"
        );
    }
}
