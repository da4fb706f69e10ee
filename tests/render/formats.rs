//! Every format that can be written, read back, from every format that can be read.

use super::sources::{Picture, encode, open, run, scaled};
use cldgate::plan::Size;
use cldgate::render::{self, can_write};
use cldgate::spec::Format;

const ALL: [Format; 8] = [
    Format::Jpeg,
    Format::Png,
    Format::WebP,
    Format::Avif,
    Format::Gif,
    Format::Bmp,
    Format::Tiff,
    Format::Ico,
];

fn written() -> impl Iterator<Item = Format> {
    ALL.into_iter().filter(|&format| can_write(format))
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
