//! The check of the fuzz target `read` on the stable toolchain: for every line of the corpus whole and mutilated, and for
//! every find.

use std::fs;
use std::path::Path;

use cldgate::dialect;

#[path = "../fuzz/checks/read.rs"]
mod checks;

fn seeds() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/cloudinary");
    let mut seeds = Vec::new();
    for folder in [folder.clone(), folder.join("reject")] {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path
                .extension()
                .is_some_and(|extension| extension == "urls")
            {
                let text = fs::read_to_string(path).expect("a text");
                let urls = text
                    .lines()
                    .filter(|line| !line.is_empty() && !line.starts_with("# "));
                seeds.extend(urls.map(str::to_owned));
            }
        }
    }
    assert!(seeds.len() > 200);
    seeds
}

#[test]
fn every_seed_is_read_or_refused() {
    for url in seeds() {
        checks::reads_or_refuses(&url);
    }
}

/// Every seed cut at every seventh place, and with what has a meaning put there.
#[test]
fn every_mutilated_seed_is_read_or_refused() {
    for (n, url) in seeds().iter().enumerate() {
        for (at, _) in url.char_indices().skip(n % 7).step_by(7) {
            let (head, tail) = url.split_at(at);
            checks::reads_or_refuses(head);
            for piece in ["/", ",", "_", "!", ":", "$x_", "if_", "fl_layer_apply,"] {
                checks::reads_or_refuses(&format!("{head}{piece}{tail}"));
            }
        }
    }
}

#[test]
fn every_find_is_read_or_refused() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/finds/grammar");
    for entry in fs::read_dir(folder).expect("a folder") {
        let bytes = fs::read(entry.expect("an entry").path()).expect("a find");
        checks::reads_or_refuses(&String::from_utf8_lossy(&bytes));
    }
}
