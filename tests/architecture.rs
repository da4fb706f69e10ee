//! Does each floor use only what stands below it?

use std::fs;
use std::path::{Path, PathBuf};

/// Bottom to top.
const FLOORS: &[&str] = &[
    "grammar", "spec", "dialect", "plan", "trace", "origin", "render", "cache", "deliver",
    "config", "server", "cli",
];

/// Words that only the floors about vendors may say, besides the two that configuration spells.
const VENDORS: &[&str] = &["cloudinary", "imagekit"];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn sources(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The files of a floor: `src/<floor>.rs` and everything below `src/<floor>/`.
fn floor_files(floor: &str) -> Vec<PathBuf> {
    let src = root().join("src");
    let mut found = Vec::new();
    sources(&src.join(floor), &mut found);
    let single = src.join(format!("{floor}.rs"));
    if single.exists() {
        found.push(single);
    }
    found
}

#[test]
fn floors_use_only_what_is_below_them() {
    let mut upward = Vec::new();
    let mut read = 0;
    for (height, floor) in FLOORS.iter().enumerate().skip(1) {
        for file in floor_files(floor) {
            read += 1;
            let text = fs::read_to_string(&file).expect("a source file");
            for above in &FLOORS[height + 1..] {
                for (number, line) in text.lines().enumerate() {
                    let code = line.split("//").next().unwrap_or_default();
                    let direct = code.contains(&format!("crate::{above}"));
                    let grouped =
                        code.trim_start().starts_with("use crate::{") && mentions(code, above);
                    if direct || grouped {
                        upward.push(format!(
                            "{}:{}: {floor} uses {above}",
                            file.display(),
                            number + 1
                        ));
                    }
                }
            }
        }
    }
    assert!(read > 20, "only {read} files were read");
    assert!(upward.is_empty(), "\n{}", upward.join("\n"));
}

fn mentions(code: &str, module: &str) -> bool {
    code.split(|c: char| !c.is_alphanumeric() && c != '_')
        .any(|word| word == module)
}

#[test]
fn every_folder_of_the_source_is_a_floor() {
    for entry in fs::read_dir(root().join("src")).expect("src").flatten() {
        let name = entry.file_name().into_string().expect("a name");
        let stem = name.trim_end_matches(".rs");
        assert!(
            FLOORS.contains(&stem) || ["lib", "main"].contains(&stem),
            "{name} is on no floor"
        );
    }
}

#[test]
fn only_the_dialect_knows_vendors() {
    let mut named = Vec::new();
    for floor in FLOORS
        .iter()
        .filter(|floor| !["grammar", "dialect"].contains(floor))
    {
        for file in floor_files(floor) {
            let text = fs::read_to_string(&file).expect("a source file");
            for (number, line) in text.lines().enumerate() {
                let code = line.split("//").next().unwrap_or_default().to_lowercase();
                // An origin's kind and a dialect's name are words of the configuration.
                let code = code
                    .replace("cloudinary_backup", "")
                    .replace("\"cloudinary\"", "");
                let allowed = ["config", "cli"].contains(floor);
                if !allowed && VENDORS.iter().any(|vendor| code.contains(vendor)) {
                    named.push(format!("{}:{}", file.display(), number + 1));
                }
            }
        }
    }
    assert!(named.is_empty(), "\n{}", named.join("\n"));
}

#[test]
fn files_stay_readable() {
    let mut long = Vec::new();
    for floor in FLOORS {
        for file in floor_files(floor) {
            let lines = fs::read_to_string(&file)
                .expect("a source file")
                .lines()
                .count();
            if lines > 600 {
                long.push(format!("{} has {lines} lines", file.display()));
            }
        }
    }
    assert!(long.is_empty(), "\n{}", long.join("\n"));
}
