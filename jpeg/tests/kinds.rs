//! Rarer kinds of file that browsers show, against files of the same coefficients in the usual
//! form.

use cldgate_jpeg::{Model, Request, Scale};
use jpeg_encoder::ColorType;

use super::compare::decoded;
use super::fuzz_replay::checks::coefficients::{Coefficients, Noise, Scan};
use super::sources::{slopes, waves};

fn fixture(name: &str) -> Vec<u8> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files");
    std::fs::read(folder.join(name)).unwrap()
}

/// The same planes at every scale, whole and in part, neither damaged.
fn assert_alike(a: &[u8], b: &[u8], what: &str) {
    for scale in Scale::ALL {
        for columns in [(0, u32::MAX), (9, 20)] {
            for colour_alike in [false, true] {
                let request = Request {
                    columns,
                    colour_alike,
                    ..Request::whole(scale)
                };
                let (a, b) = (decoded(a, &request), decoded(b, &request));
                assert!(!a.damaged && !b.damaged, "{what} {scale:?}: damaged");
                assert!(a == b, "{what} {scale:?}: samples differ");
            }
        }
    }
}

/// Segments of this marker cut out, the first `keep` of them not.
fn without(file: &[u8], marker: u8, keep: usize) -> Vec<u8> {
    let (mut out, mut at, mut seen) = (file[..2].to_vec(), 2, 0);
    while file[at + 1] != 0xDA {
        let length = 2 + usize::from(u16::from_be_bytes([file[at + 2], file[at + 3]]));
        let drop = file[at + 1] == marker && seen >= keep;
        seen += usize::from(file[at + 1] == marker);
        if !drop {
            out.extend(&file[at..at + length]);
        }
        at += length;
    }
    out.extend(&file[at..]);
    out
}

/// Made of the sequential ones by `jpegtran -arithmetic`; the last by libjpeg-turbo with other
/// conditioning.
#[test]
fn arithmetic_coded_files_show_their_huffman_coded_twins() {
    for (arithmetic, plain) in [
        ("arithmetic-420", "sequential-420"),
        ("arithmetic-422", "sequential-422"),
        ("arithmetic-grey", "sequential-grey"),
        ("arithmetic-progressive-420", "sequential-420"),
        ("arithmetic-progressive-444", "sequential-444"),
        ("arithmetic-progressive-grey", "sequential-grey"),
        ("arithmetic-conditioned", "sequential-conditioned"),
    ] {
        let read = |name: &str| fixture(&format!("{name}.jpg"));
        assert_alike(&read(arithmetic), &read(plain), arithmetic);
    }
}

#[test]
fn an_arithmetic_coded_file_that_ends_early_is_damaged_and_shown_as_far_as_it_goes() {
    for name in ["arithmetic-grey.jpg", "arithmetic-progressive-grey.jpg"] {
        let file = fixture(name);
        let whole = decoded(&file, &Request::whole(Scale::Full));
        let cut = decoded(&file[..file.len() * 2 / 3], &Request::whole(Scale::Full));
        assert!(cut.damaged && !whole.damaged, "{name}");
        let rows = if name.contains("progressive") { 0 } else { 8 };
        let (seen, all) = (&cut.planes[0], &whole.planes[0].samples);
        assert_eq!(seen.samples[..seen.width * rows], all[..seen.width * rows]);
    }
}

#[test]
fn files_without_huffman_tables_use_those_of_the_standard() {
    for colours in [ColorType::Luma, ColorType::Rgb, ColorType::Cmyk] {
        let file = waves(67, 45, colours).file(85, |_| {});
        for keep in 0..4 {
            let bare = without(&file, 0xC4, keep);
            assert_alike(&bare, &file, &format!("{colours:?}, {keep} kept"));
        }
    }
}

/// The gradient that `cjpeg -sample` got; its own decoder is at most 10 away from it in RGB.
#[test]
fn three_samples_for_one_of_colour() {
    let part = |n: usize, of: usize| (n * 255 / (of - 1)) as i32;
    for (name, step) in [
        ("gradient-3x1.jpg", (3, 1)),
        ("gradient-1x3.jpg", (1, 3)),
        ("gradient-3x2.jpg", (3, 2)),
    ] {
        let picture = decoded(&fixture(name), &Request::whole(Scale::Full));
        let [light, blue, red] = picture.planes.as_slice() else {
            panic!("{name}: planes");
        };
        assert!(!picture.damaged);
        assert_eq!((light.width, light.height, light.step), (61, 45, (1, 1)));
        for plane in [blue, red] {
            assert_eq!(plane.step, step);
            let size = (61_u32.div_ceil(step.0), 45_u32.div_ceil(step.1));
            assert_eq!(
                (plane.width, plane.height),
                (size.0 as usize, size.1 as usize)
            );
        }
        for y in 0..45 {
            for x in 0..61 {
                let (r, g) = (part(x, 61), part(y, 45));
                let b = 255 - r / 2 - g / 2;
                let expected = (299 * r + 587 * g + 114 * b) / 1000;
                let seen = i32::from(light.samples[y * 61 + x]);
                assert!(
                    (seen - expected).abs() <= 4,
                    "{name}: {seen} for {expected}"
                );
            }
        }
        // The middle of the picture, far from edges: colour differences of the pixel under the
        // sample.
        let (x, y) = (30 / step.0 as usize, 22 / step.1 as usize);
        let (r, g) = (part(30, 61), part(22, 45));
        let b = 255 - r / 2 - g / 2;
        let difference = (-169 * r - 331 * g + 500 * b) / 1000 + 128;
        let seen = i32::from(blue.samples[y * blue.width + x]);
        assert!(
            (seen - difference).abs() <= 4,
            "{name}: {seen} for {difference}"
        );
    }
}

#[test]
fn components_come_in_any_order_and_under_any_name() {
    let mut noise = Noise(5);
    let samplings = [(2, 1), (1, 1), (1, 1)];
    let mut picture = Coefficients::new((61, 40), &samplings, [9; 64]);
    for component in &mut picture.components {
        for block in &mut component.blocks {
            block[0] = noise.below(60) as i16 - 30;
            block[1 + noise.below(63) as usize] = noise.below(9) as i16 - 4;
        }
    }
    let usual = picture.sequential(&picture.scans(), 0, &mut noise);
    for order in [vec![vec![2, 0, 1]], vec![vec![1, 2], vec![0]]] {
        let other = picture.sequential(&order, 3, &mut noise);
        assert_alike(&other, &usual, &format!("{order:?}"));
    }
    // All of one name: each stands for the next one.
    let mut same = usual.clone();
    let at = |marker: u8| {
        usual
            .windows(2)
            .position(|pair| pair == [0xFF, marker])
            .unwrap()
    };
    for n in 0..3 {
        same[at(0xC1) + 10 + 3 * n] = 7;
        same[at(0xDA) + 5 + 2 * n] = 7;
    }
    assert_alike(&same, &usual, "one name");
}

/// 33,280 blocks, of which few have more than a mean: runs are cut where they cannot be longer, at
/// 32,767.
#[test]
fn runs_of_ended_blocks_are_as_long_as_they_can_be() {
    let mut noise = Noise(6);
    let mut picture = Coefficients::new((2048, 1040), &[(1, 1)], [3; 64]);
    for block in &mut picture.components[0].blocks {
        if noise.rarely(1500) {
            block[3] = 40;
        }
    }
    let blocks = &mut picture.components[0].blocks;
    blocks.last_mut().unwrap()[2] = 1;
    let plain = picture.sequential(&picture.scans(), 0, &mut noise);
    let band = |band, low, refining| Scan {
        parts: vec![0],
        band,
        low,
        refining,
    };
    let script = [
        band((0, 0), 0, false),
        band((1, 63), 2, false),
        band((1, 63), 1, true),
        band((1, 63), 0, true),
    ];
    for seed in 0..4 {
        let file = picture.progressive(&script, 0, &mut Noise(seed));
        let request = Request::whole(Scale::Full);
        let (a, b) = (decoded(&file, &request), decoded(&plain, &request));
        assert!(!a.damaged && a == b, "{seed}");
    }
}

/// As libjpeg reads them.
#[test]
fn segments_that_leave_out_their_length_are_empty() {
    let file = waves(40, 30, ColorType::Rgb).file(85, |_| {});
    for length in 0..2 {
        let mut odd = file.clone();
        odd.splice(2..2, [0xFF, 0xE5, 0, length, 0xFF, 0xFE, 0, length]);
        assert_alike(&odd, &file, "a segment of no length");
    }
}

/// Some writers' tables have a code for every byte, those of values that no picture has as well.
#[test]
fn codes_for_values_that_no_picture_has_do_no_harm() {
    let file = waves(67, 45, ColorType::Luma).file(85, |_| {});
    // The last symbol of the standard's table, fifteen zeros and a value of ten bits, is in no
    // usual picture.
    let place = file.iter().position(|&byte| byte == 0xFA).unwrap();
    assert_eq!(file[place - 3..=place], [0xF7, 0xF8, 0xF9, 0xFA]);
    for symbol in [0x0D, 0x0F, 0xFF] {
        let mut wide = file.clone();
        wide[place] = symbol;
        assert_alike(&wide, &file, "a code for a larger value");
    }
}

/// libjpeg takes an unknown transform of four components for YCCK, and files without Adobe's marker
/// for inks as they are.
#[test]
fn four_components_are_inks_by_libjpegs_rules() {
    for (colours, adobe, model) in [
        (ColorType::Cmyk, Some(0), Model::Cmyk),
        (ColorType::Cmyk, Some(1), Model::Ycck),
        (ColorType::Cmyk, Some(2), Model::Ycck),
        (ColorType::CmykAsYcck, None, Model::Cmyk),
    ] {
        let mut file = slopes(20, 20, colours).file(90, |_| {});
        let at = file.windows(5).position(|word| word == b"Adobe").unwrap();
        match adobe {
            Some(transform) => file[at + 11] = transform,
            None => file = without(&file, 0xEE, 0),
        }
        let picture = decoded(&file, &Request::whole(Scale::Full));
        assert_eq!(picture.model, model, "{adobe:?}");
    }
}
