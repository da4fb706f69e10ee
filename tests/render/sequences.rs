//! AVIF files that are more than one coded picture: sequences, grids of tiles, and pictures of
//! which a part is shown.
//!
//! The files are Pillow's 13.0 (`moving.avif`, libavif 1.4.2) and avifenc's 0.11.1; the grid's size
//! was lowered by hand, so that its tiles hang over. Colours and delays are those that Pillow
//! gives.

use super::animation::{Shown, play};
use super::sources::{Picture, encode, open, plan, run, run_frame};
use cldgate::plan::{Frames, Motion, RasterPlan, Size};
use cldgate::render::{self, Budget, Rendered};
use cldgate::spec::{Format, Turn};

pub const MOVING: &[u8] = include_bytes!("../fixtures/avif/moving.avif");
pub const GRID: &[u8] = include_bytes!("../fixtures/avif/grid.avif");
const CLAP: &[u8] = include_bytes!("../fixtures/avif/clap.avif");
const CLAP_IN_THE_MIDDLE: &[u8] = include_bytes!("../fixtures/avif/clap_middle.avif");

const DELAYS: [u32; 4] = [100, 70, 333, 1000];
const COLOURS: [[u8; 4]; 4] = [
    [211, 40, 30, 255],
    [30, 179, 61, 255],
    [40, 70, 219, 255],
    [230, 200, 41, 255],
];

fn near(seen: [u8; 4], expected: [u8; 4]) -> bool {
    (seen[3] == 0 && expected[3] == 0) || seen.iter().zip(expected).all(|(a, b)| a.abs_diff(b) <= 3)
}

fn moved(file: &[u8], format: Format) -> Rendered {
    let facts = render::probe(file).unwrap();
    let plan = RasterPlan {
        frames: Frames::All(Motion::default()),
        ..plan(facts.size, &[], encode(format, 100))
    };
    render::run(&plan, file, &Budget::unlimited()).unwrap()
}

fn check_frame(picture: &Picture, frame: usize) {
    let n = frame as u32;
    let right = if n.is_multiple_of(2) {
        [128; 4]
    } else {
        [0; 4]
    };
    assert_eq!(picture.size, Size::new(48, 32));
    for ((x, y), expected) in [
        ((1, 1), COLOURS[frame]),
        ((8 + n * 6, 12), [250, 250, 250, 255]),
        ((40, 16), right),
    ] {
        let seen = picture.at(x, y);
        assert!(
            near(seen, expected),
            "frame {frame}, {x} {y}: {seen:?}, not {expected:?}"
        );
    }
}

fn with(file: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let at = file
        .windows(from.len())
        .position(|part| part == from)
        .unwrap();
    let mut file = file.to_vec();
    file[at..at + to.len()].copy_from_slice(to);
    file
}

#[test]
fn avif_sequence_plays_as_every_moving_format() {
    let facts = render::probe(MOVING).unwrap();
    assert_eq!((facts.frames, facts.alpha), (4, true));
    for format in [Format::Png, Format::WebP] {
        let made = moved(MOVING, format);
        assert!(!made.damaged);
        let (shown, plays) = play(&made.body, format);
        assert_eq!(plays, 0, "{format:?}");
        let delays: Vec<_> = shown.iter().map(|shown| shown.milliseconds).collect();
        assert_eq!(delays, DELAYS, "{format:?}");
        for (n, Shown { picture, .. }) in shown.iter().enumerate() {
            check_frame(picture, n);
        }
    }
    let (shown, _) = play(&moved(MOVING, Format::Gif).body, Format::Gif);
    assert_eq!(shown.len(), 4);
    // In hundredths of a second.
    assert_eq!(shown.iter().map(|s| s.milliseconds).sum::<u32>(), 1500);
}

#[test]
fn any_frame_of_an_avif_sequence_is_a_still() {
    for frame in 0..4 {
        let still = run_frame(MOVING, frame as u32, &[], encode(Format::Png, 80)).unwrap();
        check_frame(&open(&still.body, Format::Png), frame);
    }
    assert!(run_frame(MOVING, 4, &[], encode(Format::Png, 80)).is_err());
}

#[test]
fn avif_sequence_without_a_primary_picture_is_shown() {
    let bare = with(MOVING, b"meta", b"free");
    assert_eq!(render::probe(&bare).unwrap().frames, 4);
    let still = run(&bare, &[], encode(Format::Png, 80)).unwrap();
    check_frame(&open(&still.body, Format::Png), 0);
    assert_eq!(
        play(&moved(&bare, Format::Png).body, Format::Png).0.len(),
        4
    );
}

#[test]
fn avif_is_a_still_where_its_first_brand_says_so() {
    let still = with(MOVING, b"ftypavis", b"ftypavif");
    assert_eq!(render::probe(&still).unwrap().frames, 1);
    let still = run(&still, &[], encode(Format::Png, 80)).unwrap();
    check_frame(&open(&still.body, Format::Png), 0);
}

#[test]
fn edit_list_of_an_avif_sequence_says_how_often_it_is_played() {
    // The flag of `elst` that repeats; without it the list is played once.
    let at = MOVING.windows(4).position(|part| part == b"elst").unwrap() + 4;
    let mut once = MOVING.to_vec();
    assert_eq!(once[at + 3], 1);
    once[at + 3] = 0;
    assert_eq!(play(&moved(&once, Format::Png).body, Format::Png).1, 1);
}

#[test]
fn cut_avif_sequence_is_played_as_far_as_it_goes() {
    let made = moved(&MOVING[..MOVING.len() - 20], Format::WebP);
    assert!(made.damaged);
    let (shown, _) = play(&made.body, Format::WebP);
    assert!((1..4).contains(&shown.len()), "{}", shown.len());
    check_frame(&shown[0].picture, 0);
}

#[test]
fn tables_of_an_avif_sequence_that_lie_are_refused_or_played() {
    let boxes: [&[u8]; 8] = [
        b"stsz", b"stco", b"stsc", b"stts", b"tkhd", b"mdhd", b"elst", b"stsd",
    ];
    for name in boxes {
        let at = MOVING.windows(4).position(|part| part == name).unwrap() + 4;
        for offset in 0..24 {
            for value in [0, 1, 0x7F, 0xFF] {
                let mut file = MOVING.to_vec();
                file[at + offset] = value;
                let Ok(facts) = render::probe(&file) else {
                    continue;
                };
                if facts.frames > 64 || facts.size.pixels() > 1 << 16 {
                    continue;
                }
                let plan = RasterPlan {
                    frames: Frames::All(Motion::default()),
                    ..plan(facts.size, &[], encode(Format::Png, 80))
                };
                let _any = render::run(&plan, &file, &Budget::unlimited());
            }
        }
    }
}

#[test]
fn avif_grid_is_put_together_and_cut() {
    let facts = render::probe(GRID).unwrap();
    assert_eq!(
        (facts.size, facts.alpha, facts.frames),
        (Size::new(100, 90), true, 1)
    );
    let seen = open(
        &run(GRID, &[], encode(Format::Png, 80)).unwrap().body,
        Format::Png,
    );
    for ((x, y), expected) in [
        ((1, 1), [210, 41, 30, 255]),
        ((99, 1), [30, 179, 61, 200]),
        ((1, 89), [40, 70, 217, 100]),
        ((99, 89), [229, 200, 43, 50]),
        ((60, 60), [210, 41, 30, 255]),
        ((68, 60), [30, 179, 61, 200]),
        ((60, 68), [40, 70, 217, 100]),
    ] {
        let got = seen.at(x, y);
        let close = got.iter().zip(expected).all(|(a, b)| a.abs_diff(b) <= 6);
        assert!(close, "{x} {y}: {got:?}, not {expected:?}");
    }
}

#[test]
fn avif_grid_that_its_tiles_do_not_cover_is_refused() {
    for (width, height) in [(130, 90), (100, 129), (64, 90), (100, 64)] {
        let size = |bytes: [u8; 2]| bytes;
        let from = [0, 100, 0, 90];
        let to = [
            size(u16::to_be_bytes(width)),
            size(u16::to_be_bytes(height)),
        ]
        .concat();
        let file = with(GRID, &from, &to);
        let wide = [
            u32::to_be_bytes(width.into()),
            u32::to_be_bytes(height.into()),
        ]
        .concat();
        let file = with(&file, &[0, 0, 0, 100, 0, 0, 0, 90], &wide);
        let error = run(&file, &[], encode(Format::Png, 80))
            .unwrap_err()
            .to_string();
        assert!(error.contains("do not cover"), "{width} {height}: {error}");
    }
}

#[test]
fn clean_aperture_counts_where_it_begins_at_the_top_left() {
    // As Chromium 156 has it, with and without.
    for (file, size) in [
        (CLAP, Size::new(20, 16)),
        (CLAP_IN_THE_MIDDLE, Size::new(32, 24)),
    ] {
        let facts = render::probe(file).unwrap();
        assert_eq!((facts.size, facts.orientation), (size, Turn::NONE));
        let seen = open(
            &run(file, &[], encode(Format::Png, 80)).unwrap().body,
            Format::Png,
        );
        assert_eq!(seen.size, size);
        assert!(near(seen.at(0, 0), [211, 40, 30, 255]));
        assert!(near(
            seen.at(size.width - 1, size.height - 1),
            [30, 180, 59, 255]
        ));
    }
}
