//! Pictures made by others to try decoders with: those inside the sources of crates, and those in the folder
//! that `CLDGATE_SETS` names (PngSuite, for one, comes inside the source package of pypng).

use std::path::{Path, PathBuf};

use super::sources::{encode, open, run};
use cldgate::render::{self, Error};
use cldgate::spec::Format;

/// Pictures below a folder.
fn below(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            below(&path, found);
        } else if path
            .extension()
            .and_then(|extension| Format::from_extension(extension.to_str()?))
            .is_some_and(|format| format != Format::Pdf)
        {
            found.push(path);
        }
    }
}

/// The sources of the crates of codecs, where cargo has unpacked them.
fn crates() -> Vec<PathBuf> {
    const CODECS: [&str; 7] = [
        "jpeg-decoder-",
        "tiff-",
        "resvg-",
        "usvg-",
        "png-",
        "gif-",
        "libwebp-sys-",
    ];
    let home = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| {
            let home = std::env::var_os("HOME")?;
            Some(Path::new(&home).join(".cargo"))
        });
    let Some(home) = home else { return Vec::new() };
    let indexes = std::fs::read_dir(home.join("registry/src"))
        .into_iter()
        .flatten()
        .flatten();
    indexes
        .flat_map(|index| {
            std::fs::read_dir(index.path())
                .into_iter()
                .flatten()
                .flatten()
        })
        .filter(|entry| {
            let name = entry.file_name();
            CODECS
                .iter()
                .any(|codec| name.to_string_lossy().starts_with(codec))
        })
        .map(|entry| entry.path())
        .collect()
}

#[test]
fn pictures_of_others_are_rendered_or_refused() {
    let mut files = Vec::new();
    let folders = std::env::var_os("CLDGATE_SETS").map(PathBuf::from);
    for folder in crates().into_iter().chain(folders) {
        below(&folder, &mut files);
    }
    if files.is_empty() {
        println!("skipped: no crate sources here, and CLDGATE_SETS names no folder");
        return;
    }
    let (mut rendered, mut refused) = (0, Vec::new());
    for path in &files {
        let file = std::fs::read(path).expect("a file");
        match run(&file, &[], encode(Format::Png, 80)) {
            Ok(made) => {
                assert_eq!(open(&made.body, Format::Png).size, made.size, "{path:?}");
                rendered += 1;
            }
            Err(
                error @ (Error::BadSource { .. }
                | Error::UnknownFormat
                | Error::NoCodec { .. }
                | Error::OverLimit { .. }),
            ) => refused.push(format!("{path:?}: {error}")),
            Err(error) => panic!("{path:?}: {error}"),
        }
    }
    println!(
        "{rendered} rendered, {} refused: {}",
        refused.len(),
        refused.join("; ")
    );
    assert!(rendered > 0);
}

/// PngSuite has pictures twice, interlaced and not.
#[test]
fn interlaced_twins_are_equal() {
    let mut files = Vec::new();
    let Some(folder) = std::env::var_os("CLDGATE_SETS") else {
        println!("skipped: CLDGATE_SETS names no folder");
        return;
    };
    below(Path::new(&folder), &mut files);
    for path in &files {
        let name = path
            .file_name()
            .map_or("", |name| name.to_str().unwrap_or_default());
        let twin = path.with_file_name(name.replacen("basi", "basn", 1));
        if !name.starts_with("basi") || !twin.exists() {
            continue;
        }
        let [one, other] = [path, &twin].map(|path| {
            let file = std::fs::read(path).expect("a file");
            assert!(render::probe(&file).is_ok(), "{path:?}");
            let made = run(&file, &[], encode(Format::Png, 80)).expect("a picture");
            open(&made.body, Format::Png)
        });
        assert_eq!(one, other, "{name}");
    }
}
