//! Files written anew with tables of their own.

use cldgate_jpeg::{Request, Scale, decode, recode};
use jpeg_encoder::ColorType;
use zune_jpeg::zune_core::{bytestream::ZCursor, options::DecoderOptions};

use super::sources::{SAMPLINGS, SIDES, slopes, waves};

const COLOURS: [ColorType; 4] = [
    ColorType::Luma,
    ColorType::Ycbcr,
    ColorType::Rgb,
    ColorType::CmykAsYcck,
];

fn never() -> bool {
    false
}

/// The pixels that the other decoder shows.
fn other(file: &[u8]) -> Vec<u8> {
    let options = DecoderOptions::default();
    zune_jpeg::JpegDecoder::new_with_options(ZCursor::new(file), options)
        .decode()
        .unwrap()
}

/// Shows the same, in another decoder too, and is shorter; by how many thousandths.
fn saved(file: &[u8]) -> Option<usize> {
    let recoded = recode(file, &mut never)?;
    let shown = |file| decode(file, &Request::whole(Scale::Full), &mut never).unwrap();
    assert!(shown(&recoded) == shown(file));
    assert!(!shown(&recoded).damaged);
    assert!(other(&recoded) == other(file), "in the other decoder");
    Some(1000 - 1000 * recoded.len() / file.len())
}

#[test]
fn pictures_stay_and_files_shrink() {
    for sampling in SAMPLINGS {
        for side in SIDES {
            for colours in COLOURS {
                for quality in [30, 80, 100] {
                    let file = waves(side, 70 - side, colours)
                        .file(quality, |encoder| encoder.set_sampling_factor(sampling));
                    // Some samplings are written in several scans.
                    if file.windows(2).filter(|pair| *pair == [0xFF, 0xDA]).count() == 1 {
                        let saved = saved(&file);
                        assert!(saved.is_some_and(|saved| saved > 10), "{saved:?}");
                    }
                }
            }
        }
    }
}

#[test]
fn a_second_time_saves_nothing() {
    let file = waves(200, 150, ColorType::Ycbcr).file(80, |_| {});
    let once = recode(&file, &mut never).unwrap();
    assert_eq!(recode(&once, &mut never), None);
}

#[test]
fn what_stands_before_the_scan_is_kept() {
    let file = slopes(90, 60, ColorType::Ycbcr).file(80, |encoder| {
        encoder
            .add_app_segment(1, b"Exif\0\0words".to_vec())
            .unwrap();
    });
    let recoded = recode(&file, &mut never).unwrap();
    assert!(recoded.windows(5).any(|part| part == b"words"));
}

#[test]
fn what_cannot_be_recoded_is_left() {
    let picture = waves(64, 48, ColorType::Ycbcr);
    let sound = picture.file(80, |_| {});
    assert!(recode(&sound, &mut never).is_some());
    assert_eq!(recode(&sound, &mut || true), None, "stopped");
    for (what, file) in [
        ("progressive", picture.file(80, |e| e.set_progressive(true))),
        ("restarts", picture.file(80, |e| e.set_restart_interval(2))),
        (
            "a scan for each component",
            picture.file(80, |e| e.set_optimized_huffman_tables(true)),
        ),
        ("no end", sound[..sound.len() - 2].to_vec()),
        ("half", sound[..sound.len() / 2].to_vec()),
        ("headers alone", sound[..100].to_vec()),
        ("no JPEG file", b"GIF89a".to_vec()),
        ("nothing", Vec::new()),
    ] {
        assert_eq!(recode(&file, &mut never), None, "{what}");
    }
}

#[test]
fn any_damaged_byte_is_survived() {
    let sound = waves(40, 30, ColorType::Ycbcr).file(60, |_| {});
    for at in 0..sound.len() {
        for change in [0xFF, 0x01, 0x80] {
            let mut file = sound.clone();
            file[at] ^= change;
            if let Some(recoded) = recode(&file, &mut never) {
                assert!(recoded.len() < file.len());
            }
        }
    }
}
