//! PNG, held against a second decoder with an inflate of its own.

use std::collections::BTreeSet;

use super::{Alpha, Dice, difference, picture};
use crate::render::sources::{Picture, encode, open, png_of, run};
use cldgate::plan::{Encode, PngKind, Size};
use cldgate::spec::Format;

/// A file through the second decoder.
pub fn decoded(file: &[u8]) -> Picture {
    let header = minipng::decode_png_header(file).unwrap();
    let mut buffer = vec![
        0;
        header
            .required_bytes_rgba8bpc()
            .max(header.required_bytes())
    ];
    let mut image = minipng::decode_png(file, &mut buffer).unwrap();
    image.convert_to_rgba8bpc().unwrap();
    let size = Size::new(image.width(), image.height());
    let length = size.pixels() as usize * 4;
    Picture {
        size,
        pixels: image.pixels()[..length].as_chunks::<4>().0.to_vec(),
    }
}

pub fn colours(picture: &Picture) -> usize {
    let seen = |&pixel: &[u8; 4]| if pixel[3] == 0 { [0; 4] } else { pixel };
    picture
        .pixels
        .iter()
        .map(seen)
        .collect::<BTreeSet<_>>()
        .len()
}

#[test]
fn every_kind_is_written_without_loss() {
    let kinds = [
        PngKind::AsIs,
        PngKind::Colour,
        PngKind::Rgba,
        PngKind::Palette,
        PngKind::PaletteIfExact,
    ];
    for seed in 0..250 {
        let mut dice = Dice::new(4000 + seed);
        let original = picture(&mut dice, 150, Alpha::Any);
        for png in kinds {
            if png == PngKind::Palette && colours(&original) > 256 {
                continue;
            }
            let how = Encode {
                png,
                ..encode(Format::Png, 90)
            };
            let made = run(&original.plain_png(), &[], how).unwrap().body;
            assert_eq!(
                difference(&decoded(&made), &original),
                None,
                "{seed} {png:?}"
            );
        }
    }
}

#[test]
fn every_depth_is_read_as_another_decoder_reads_it() {
    use png::{BitDepth, ColorType};
    for seed in 0..300 {
        let mut dice = Dice::new(5000 + seed);
        let size = Size::new(1 + dice.below(40), 1 + dice.below(20));
        let (colour, depth) = dice.of(&[
            (ColorType::Grayscale, BitDepth::One),
            (ColorType::Grayscale, BitDepth::Two),
            (ColorType::Grayscale, BitDepth::Four),
            (ColorType::Grayscale, BitDepth::Eight),
            (ColorType::GrayscaleAlpha, BitDepth::Eight),
            (ColorType::Rgb, BitDepth::Eight),
            (ColorType::Rgba, BitDepth::Eight),
            (ColorType::Indexed, BitDepth::One),
            (ColorType::Indexed, BitDepth::Two),
            (ColorType::Indexed, BitDepth::Four),
            (ColorType::Indexed, BitDepth::Eight),
        ]);
        let row = (size.width as usize * colour.samples() * depth as usize).div_ceil(8);
        let data: Vec<u8> = (0..row * size.height as usize)
            .map(|_| dice.byte())
            .collect();
        let count = 1_usize << depth as usize;
        let palette: Vec<u8> = (0..count * 3).map(|_| dice.byte()).collect();
        let alpha: Vec<u8> = (0..dice.below(count as u32 + 1))
            .map(|_| dice.byte())
            .collect();
        let file = png_of(size, colour, depth, &data, |info| {
            if colour == ColorType::Indexed {
                info.palette = Some(palette.into());
                info.trns = (!alpha.is_empty()).then(|| alpha.into());
            }
        });
        let seen = run(&file, &[], encode(Format::Png, 90)).unwrap().body;
        let seen = open(&seen, Format::Png);
        assert_eq!(
            difference(&seen, &decoded(&file)),
            None,
            "{seed} {colour:?} {depth:?}"
        );
    }
}
