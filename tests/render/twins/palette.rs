//! Palettes of many colours, held against Pillow's: the mean difference of a sample as it is seen.

use super::gif_spec::play;
use super::png::decoded;
use crate::render::sources::{Picture, encode, run};
use cldgate::plan::{Encode, PngKind};
use cldgate::spec::Format;

/// Pictures that need no file, and the least mean difference that Pillow 13 comes to with 256
/// colours and without dithering (fast octree, median cut or maximum coverage).
fn pictures() -> [(&'static str, Picture, f64); 4] {
    let wave = |n: u32, over: f64| ((f64::from(n) / over).sin() * 100.0 + 128.0) as u8;
    [
        (
            "gradient",
            Picture::new(160, 120, |x, y| {
                [
                    (x * 255 / 159) as u8,
                    (y * 255 / 119) as u8,
                    (255 - (x + y) * 255 / 278) as u8,
                    255,
                ]
            }),
            GRADIENT,
        ),
        (
            "waves",
            Picture::new(150, 150, |x, y| {
                [wave(x, 20.0), wave(y, 15.0), wave(x + y, 30.0), 255]
            }),
            WAVES,
        ),
        // Few pixels, nearly each of its own colour.
        (
            "small",
            Picture::new(18, 16, |x, y| {
                [(x * 14) as u8, (y * 15) as u8, (x * y) as u8, 255]
            }),
            SMALL,
        ),
        (
            "sheer",
            Picture::new(128, 64, |x, y| {
                [wave(x, 20.0), wave(y, 9.0), 90, (x * 2) as u8]
            }),
            SHEER,
        ),
    ]
}

const GRADIENT: f64 = 2.743;
const WAVES: f64 = 4.896;
const SMALL: f64 = 0.420;
const SHEER: f64 = 2.946;

/// Squares are what is made small, which is not quite the mean.
const CLOSE: f64 = 1.05;

fn mean(got: &Picture, want: &Picture) -> f64 {
    let seen = |pixel: &[u8; 4]| {
        let alpha = f64::from(pixel[3]);
        [0, 1, 2]
            .map(|n| f64::from(pixel[n]) * alpha / 255.0)
            .into_iter()
            .chain([alpha])
            .collect::<Vec<_>>()
    };
    let pairs = got.pixels.iter().zip(&want.pixels);
    let off = pairs.flat_map(|(a, b)| seen(a).into_iter().zip(seen(b)).map(|(a, b)| (a - b).abs()));
    off.sum::<f64>() / (want.pixels.len() * 4) as f64
}

#[test]
fn palettes_are_as_near_as_those_of_pillow() {
    for (name, picture, pillow) in pictures() {
        let how = Encode {
            png: PngKind::Palette,
            ..encode(Format::Png, 90)
        };
        let made = run(&picture.plain_png(), &[], how).unwrap().body;
        let off = mean(&decoded(&made), &picture);
        assert!(
            off <= pillow * CLOSE,
            "{name} as PNG: {off}, Pillow {pillow}"
        );
        if picture.pixels.iter().all(|pixel| pixel[3] == 255) {
            let made = run(&picture.plain_png(), &[], encode(Format::Gif, 90))
                .unwrap()
                .body;
            let (shown, _) = play(&made);
            let off = mean(&shown[0].picture, &picture);
            assert!(
                off <= pillow * CLOSE,
                "{name} as GIF: {off}, Pillow {pillow}"
            );
        }
    }
}

#[test]
fn a_colour_of_few_pixels_is_kept_beside_many() {
    // A red dot on a field of 4,000 greens and blues.
    let picture = Picture::new(100, 100, |x, y| match (x, y) {
        (48..52, 48..52) => [255, 0, 0, 255],
        _ => [0, (x * 2) as u8, (y * 2) as u8, 255],
    });
    for format in [Format::Gif, Format::Png] {
        let how = Encode {
            png: PngKind::Palette,
            ..encode(format, 90)
        };
        let made = run(&picture.plain_png(), &[], how).unwrap().body;
        let seen = match format {
            Format::Gif => play(&made).0[0].picture.clone(),
            _ => decoded(&made),
        };
        let [r, g, b, _] = seen.at(50, 50);
        assert!(r > 250 && g < 6 && b < 6, "{format:?}: {:?}", [r, g, b]);
    }
}
