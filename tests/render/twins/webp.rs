//! WebP, held against a second decoder and exact composition.

use super::{Alpha, Dice, Dispose, assert_alike, composed, difference, far, moved, parts, picture};
use crate::render::animation;
use crate::render::sources::{Picture, encode, open, run};
use cldgate::plan::{Region, Size, Step};
use cldgate::spec::Format;

#[test]
fn stills_are_written_without_loss() {
    for seed in 0..80 {
        let mut dice = Dice::new(10_000 + seed);
        let picture = picture(&mut dice, 100, Alpha::Any);
        let made = run(&picture.plain_png(), &[], encode(Format::WebP, 100))
            .unwrap()
            .body;
        assert_eq!(
            difference(&open(&made, Format::WebP), &picture),
            None,
            "{seed}"
        );
        let seen = run(&made, &[], encode(Format::Png, 90)).unwrap().body;
        assert_eq!(
            difference(&open(&seen, Format::Png), &picture),
            None,
            "{seed}"
        );
    }
}

/// Colour is spread over the edge of a cut as it is in the whole picture.
#[test]
fn a_cut_shows_the_pixels_of_the_whole() {
    for seed in 0..80 {
        let mut dice = Dice::new(11_000 + seed);
        let original = picture(&mut dice, 90, Alpha::Opaque);
        let mut how = encode(Format::WebP, 60);
        how.chroma = cldgate::spec::Chroma::Half;
        let file = run(&original.plain_png(), &[], how).unwrap().body;
        let whole = open(&file, Format::WebP);
        let (width, height) = (original.size.width, original.size.height);
        let (left, top) = (dice.below(width), dice.below(height));
        let (wide, high) = (1 + dice.below(width - left), 1 + dice.below(height - top));
        let cut = Step::Resample {
            from: Region {
                x: left.into(),
                y: top.into(),
                width: wide.into(),
                height: high.into(),
            },
            to: Size::new(wide, high),
        };
        let seen = run(&file, &[cut], encode(Format::Png, 90)).unwrap().body;
        let expected = Picture::new(wide, high, |x, y| whole.at(x + left, y + top));
        let seen = open(&seen, Format::Png);
        assert_eq!(
            difference(&seen, &expected),
            None,
            "{seed}: {wide}x{high} at {left},{top} of {width}x{height}"
        );
    }
}

/// Frames as our own stills, in a container written by hand.
fn file(width: u32, height: u32, parts: &[super::Part]) -> Vec<u8> {
    let le24 = |n: u32| n.to_le_bytes()[..3].to_vec();
    let mut body = Vec::new();
    for part in parts {
        let size = part.picture.size;
        let still = run(&part.picture.plain_png(), &[], encode(Format::WebP, 100))
            .unwrap()
            .body;
        let data = match &still[12..16] {
            b"VP8X" => &still[30..],
            _ => &still[12..],
        };
        body.extend(b"ANMF");
        body.extend((16 + data.len() as u32).to_le_bytes());
        for n in [
            part.left / 2,
            part.top / 2,
            size.width - 1,
            size.height - 1,
            part.milliseconds,
        ] {
            body.extend(le24(n));
        }
        body.push(u8::from(part.dispose == Dispose::Clear) | if part.over { 0 } else { 2 });
        body.extend(data);
        body.extend(vec![0; data.len() % 2]);
    }
    let mut file = b"RIFF".to_vec();
    file.extend((4 + 18 + 14 + body.len() as u32).to_le_bytes());
    file.extend(b"WEBPVP8X\x0A\0\0\0\x12\0\0\0");
    file.extend(le24(width - 1));
    file.extend(le24(height - 1));
    file.extend(b"ANIM\x06\0\0\0\x10\x20\x30\xFF\x02\0");
    file.extend(body);
    file
}

#[test]
fn animations_are_read_and_written_as_the_specification_says() {
    for seed in 0..60 {
        let mut dice = Dice::new(12_000 + seed);
        let (width, height, mut parts) = parts(&mut dice, Alpha::Any, true, false);
        for part in &mut parts {
            part.over = dice.below(2) == 0;
            if part.dispose == Dispose::Restore {
                part.dispose = Dispose::Keep;
            }
        }
        let file = file(width, height, &parts);
        let expected = composed(width, height, &parts);
        for format in [Format::Png, Format::WebP] {
            let made = moved(&file, format, 100).unwrap();
            let (shown, plays) = match format {
                Format::Png => super::apng::play(&made.body),
                format => animation::play(&made.body, format),
            };
            assert_eq!(plays, 2, "{seed}");
            if format == Format::Png {
                // libwebp's blend rounds more often.
                assert_alike(shown, expected.clone(), 4.0, &format!("seed {seed}"));
                continue;
            }
            // Frames that look the same have become one.
            let last = (shown.last().unwrap(), expected.last().unwrap());
            assert!(far(&last.0.picture, &last.1.picture) <= 4.0, "{seed}");
            let total =
                |all: &[animation::Shown]| all.iter().map(|shown| shown.milliseconds).sum::<u32>();
            assert_eq!(total(&shown), total(&expected), "{seed}");
        }
    }
}

#[test]
fn animations_are_written_without_loss() {
    for seed in 0..60 {
        let mut dice = Dice::new(13_000 + seed);
        let (width, height, mut parts) = parts(&mut dice, Alpha::Any, false, true);
        // Nothing is blended, so that all is exact.
        parts.iter_mut().for_each(|part| part.over = false);
        let source = super::apng::file(width, height, &parts, false);
        let made = moved(&source, Format::WebP, 100).unwrap();
        let (shown, plays) = animation::play(&made.body, Format::WebP);
        assert_eq!(plays, 3, "{seed}");
        assert_alike(
            shown,
            composed(width, height, &parts),
            0.0,
            &format!("seed {seed}"),
        );
    }
}
