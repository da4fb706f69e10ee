//! The fuzz targets' checks on the stable toolchain: for every line of the corpus, and for every find.

use std::path::Path;

#[path = "../../fuzz/checks/grammar.rs"]
pub mod checks;

use super::corpus::{accepted, rejected};

#[test]
fn seeds_hold() {
    for url in accepted().into_iter().chain(rejected()) {
        checks::parses_or_points(&url);
        checks::prints_and_parses(&url);
    }
}

#[test]
fn finds_hold() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/finds/grammar");
    for entry in std::fs::read_dir(folder).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        let url = String::from_utf8_lossy(&bytes);
        checks::parses_or_points(&url);
        checks::prints_and_parses(&url);
    }
}

/// Every seed cut anywhere, and with any one byte replaced by one that has a meaning.
#[test]
fn mutilated_seeds_hold() {
    for url in accepted() {
        for (at, _) in url.char_indices() {
            let (head, tail) = url.split_at(at);
            checks::parses_or_points(head);
            let after: String = tail.chars().skip(1).collect();
            for byte in ["/", ",", "_", "%", "!", ":"] {
                let changed = format!("{head}{byte}{after}");
                checks::parses_or_points(&changed);
                checks::prints_and_parses(&changed);
            }
        }
    }
}
