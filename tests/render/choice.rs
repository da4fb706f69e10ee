//! Where the format is chosen for the client: no result is much larger than a JPEG or a PNG would be.

use super::sources::{Picture, run};
use cldgate::plan::{Encode, PngKind};
use cldgate::render::can_write;
use cldgate::spec::Format;

/// Largest size beside a plain file, as documented.
const MARGIN: f64 = 1.1;

fn noise(x: u32, y: u32) -> u8 {
    let mixed = (x + 1).wrapping_mul(0x9E37_79B1) ^ (y + 1).wrapping_mul(0x85EB_CA6B);
    (mixed.wrapping_mul(0xC2B2_AE35) >> 24) as u8
}

/// What formats differ on: slopes, noise, few colours, and transparency.
fn pictures() -> Vec<(&'static str, Picture)> {
    let shade = |x: u32, y: u32| ((x * 3 + y * 2) % 256) as u8;
    vec![
        ("slopes", Picture::gradient(200, 150)),
        ("a small slope", Picture::gradient(20, 12)),
        (
            "noise",
            Picture::new(200, 150, |x, y| {
                [noise(x, y), noise(x + 999, y), noise(x, y + 999), 255]
            }),
        ),
        (
            "grey noise",
            Picture::new(200, 150, |x, y| {
                let v = noise(x, y);
                [v, v, v, 255]
            }),
        ),
        (
            "a drawing",
            Picture::new(200, 150, |x, y| match (x / 9 + y / 7) % 4 {
                0 => [255, 255, 255, 255],
                1 => [20, 20, 20, 255],
                2 => [230, 30, 40, 255],
                _ => [30, 90, 200, 255],
            }),
        ),
        ("a circle on nothing", Picture::circle(120)),
        (
            "a fading slope",
            Picture::new(160, 120, |x, y| [shade(x, y), shade(y, x), 90, shade(x, 0)]),
        ),
        ("a dot", Picture::new(1, 1, |_, _| [9, 99, 199, 255])),
    ]
}

fn how(format: Format, quality: Option<u8>) -> Encode {
    Encode {
        aim: quality.is_none().then_some(76),
        ..Encode::new(format, quality.unwrap_or(70))
    }
}

fn written(picture: &Picture, how: Encode) -> (Format, usize) {
    let made = run(&picture.png(), &[], how).unwrap();
    assert_eq!(cldgate::render::sniff(&made.body), Some(made.format));
    (made.format, made.body.len())
}

#[test]
fn no_result_is_much_larger_than_a_plain_one() {
    for format in [Format::WebP, Format::Avif, Format::Jpeg]
        .into_iter()
        .filter(|&f| can_write(f))
    {
        for (name, picture) in pictures() {
            if format == Format::Jpeg && picture.pixels.iter().any(|p| p[3] < 255) {
                continue;
            }
            for quality in [None, Some(40), Some(80), Some(95), Some(100)] {
                let chosen = Encode {
                    or_plain: true,
                    ..how(format, quality)
                };
                let (chosen, bytes) = written(&picture, chosen);
                let exact = Encode {
                    png: PngKind::PaletteIfExact,
                    ..how(Format::Png, quality)
                };
                let mut plain = Vec::new();
                let colours: std::collections::HashSet<_> = picture.pixels.iter().collect();
                if colours.len() <= 256 {
                    plain.push(written(&picture, exact).1);
                }
                if picture.pixels.iter().all(|p| p[3] == 255) && quality != Some(100) {
                    plain.push(written(&picture, how(Format::Jpeg, quality)).1);
                }
                for plain in plain {
                    assert!(
                        bytes as f64 <= plain as f64 * MARGIN,
                        "{name} at {quality:?}: {bytes} bytes of {chosen:?} for {format:?}, plain {plain}"
                    );
                }
            }
        }
    }
}

#[test]
fn drawings_become_png_and_photographs_stay() {
    let chosen = |name: &str, or_plain| {
        let pictures = pictures();
        let (_, picture) = pictures.iter().find(|(n, _)| *n == name).unwrap();
        let how = Encode {
            or_plain,
            ..how(Format::WebP, None)
        };
        written(picture, how).0
    };
    assert_eq!(chosen("a drawing", true), Format::Png);
    assert_eq!(chosen("slopes", true), Format::WebP);
    assert_eq!(chosen("a fading slope", true), Format::WebP);
    assert_eq!(
        chosen("a drawing", false),
        Format::WebP,
        "asked for by name"
    );
}
