//! The fuzz targets' checks on the stable toolchain: for small files of every kind, and for every find.

use std::path::Path;

#[path = "../../fuzz/checks/jpeg.rs"]
pub mod checks;

fn files(folder: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| std::fs::read(entry.path()).unwrap())
        .collect()
}

#[test]
fn finds_and_files_survive() {
    let samples = files("tests/files");
    assert!(!samples.is_empty());
    for file in samples.into_iter().chain(files("../fuzz/finds/jpeg_bytes")) {
        checks::survives(&file);
    }
}

#[test]
fn finds_and_settings_agree() {
    for settings in 0..=255_u8 {
        for sampling in 0..6 {
            checks::agrees(&[
                settings.wrapping_mul(7),
                39,
                80,
                sampling,
                settings,
                settings,
                9,
                200,
                30,
            ]);
        }
    }
    for find in files("../fuzz/finds/jpeg_pictures") {
        checks::agrees(&find);
    }
}

/// Files made of coefficients: scripts with every precision, runs of ended blocks, restarts, odd
/// codes.
#[test]
fn progressive_files_show_their_sequential_twins() {
    let mut state = 1_u32;
    for _ in 0..600 {
        let bytes: Vec<u8> = (0..60)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 24) as u8
            })
            .collect();
        checks::twins_agree(&bytes);
    }
}
