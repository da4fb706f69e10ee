//! `[fonts]`: what texts are drawn with.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use serde::Serialize;

use super::Error;
use super::problem::Fault;
use super::section::Section;
use super::value as v;
use crate::render::{FontFile, is_font};

/// Bytes of one font file; a larger one is a mistake.
const MAX_FILE: u64 = 64 << 20;

/// Most font files, folders below included.
const MAX_FILES: usize = 2000;

/// Deepest folder below the fonts' own.
const MAX_DEPTH: usize = 4;

/// `[fonts]`: what texts are drawn with, beside what comes along.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fonts {
    /// The owner's font files; `None`: there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub folder: Option<PathBuf>,
    /// The system's fonts too.
    pub system: bool,
}

/// Reads the section. A relative folder starts at `base`.
pub(super) fn read(mut section: Section<'_, '_>, base: &Path) -> Fonts {
    let folder = section.get("folder", v::text).map(|path| base.join(path));
    if let Some(folder) = &folder
        && !folder.is_dir()
    {
        let fault = Fault::new(format!("`folder` is not a folder: {}", folder.display()));
        section.wrong(
            Some("folder"),
            fault.hint("a relative path starts at the folder of this file"),
        );
    }
    let fonts = Fonts {
        folder,
        system: section.or("system", v::flag, true),
    };
    if let Err(error) = files(&fonts)
        && fonts.folder.as_ref().is_some_and(|folder| folder.is_dir())
    {
        section.wrong(Some("folder"), Fault::new(format!("`folder`: {error}")));
    }
    section.finish();
    fonts
}

/// The owner's files, in the order of their names.
///
/// # Errors
/// [`Error::Fonts`] when the folder or a file in it cannot be read.
pub(super) fn files(fonts: &Fonts) -> Result<Vec<FontFile>, Error> {
    let mut files = Vec::new();
    if let Some(folder) = &fonts.folder {
        gather(folder, String::new(), 0, &mut files)?;
    }
    files.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(files)
}

fn gather(
    folder: &Path,
    prefix: String,
    depth: usize,
    files: &mut Vec<FontFile>,
) -> Result<(), Error> {
    let failed = |path: &Path, reason: String| Error::Fonts {
        path: path.to_owned(),
        reason,
    };
    let entries = std::fs::read_dir(folder).map_err(|error| failed(folder, error.to_string()))?;
    for entry in entries {
        let entry = entry.map_err(|error| failed(folder, error.to_string()))?;
        let path = entry.path();
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        let meta = std::fs::metadata(&path).map_err(|error| failed(&path, error.to_string()))?;
        if meta.is_dir() {
            if depth < MAX_DEPTH {
                gather(&path, format!("{name}/"), depth + 1, files)?;
            }
            continue;
        }
        let lower = name.to_lowercase();
        if ![".ttf", ".otf", ".ttc"]
            .iter()
            .any(|kind| lower.ends_with(kind))
        {
            continue;
        }
        if meta.len() > MAX_FILE {
            return Err(failed(&path, "too large for a font".to_owned()));
        }
        if files.len() >= MAX_FILES {
            return Err(failed(folder, format!("more than {MAX_FILES} font files")));
        }
        let bytes = std::fs::read(&path).map_err(|error| failed(&path, error.to_string()))?;
        let bytes = Bytes::from(bytes);
        if !is_font(&bytes) {
            return Err(failed(&path, "no font can be read from it".to_owned()));
        }
        files.push(FontFile {
            name: name.into(),
            bytes,
        });
    }
    Ok(())
}

/// What the pictures of texts depend on, for the key of a result.
pub(super) fn fingerprint(fonts: &Fonts, files: &[FontFile]) -> String {
    use sha2::{Digest as _, Sha256};

    let mut hash = Sha256::new();
    for file in files {
        hash.update((file.name.len() as u64).to_le_bytes());
        hash.update(file.name.as_bytes());
        hash.update((file.bytes.len() as u64).to_le_bytes());
        hash.update(&file.bytes);
    }
    let digest: String = hash
        .finalize()
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("fonts {digest} system {}", fonts.system)
}
