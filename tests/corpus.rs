//! What does each URL of the corpus mean, and what is said about what it does not do?

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use cldgate::dialect::{self, Rules};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/cloudinary")
}

/// The topics of a folder, sorted, each with its text.
fn topics(folder: &Path) -> Vec<(String, String)> {
    let mut topics: Vec<_> = fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|found| found == "urls"))
        .map(|path| {
            let topic = path.file_stem().expect("a name").to_string_lossy();
            let text = fs::read_to_string(&path).expect("a text");
            (topic.into_owned(), text)
        })
        .collect();
    topics.sort();
    topics
}

fn is_url(line: &&str) -> bool {
    !line.is_empty() && !line.starts_with("# ")
}

/// Stored chains that the corpus names.
fn rules() -> Rules {
    Rules {
        named: [
            ("a", "c_fill,w_100,h_100"),
            ("b", "f_webp"),
            ("named", "w_50"),
        ]
        .map(|(name, chain)| (name.into(), chain.into()))
        .into(),
        ..Rules::default()
    }
}

#[test]
fn meanings() {
    let mut settings = insta::Settings::new();
    settings.set_snapshot_path("../snapshots/dialect");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let mut read = 0;
    for (topic, text) in topics(&folder()) {
        let mut shown = String::new();
        for line in text.lines() {
            writeln!(shown, "{line}").expect("memory");
            if is_url(&line) {
                shown.push_str(&meaning(line));
                read += 1;
            }
        }
        settings.bind(|| insta::assert_snapshot!(topic, shown));
    }
    assert!(read > 200, "only {read} lines were read");
}

/// The specification, then what is said about it.
fn meaning(line: &str) -> String {
    let (delivery, refusal) = match dialect::interpret(&rules(), line) {
        Ok(read) => read,
        Err(error) => return format!("  ! {error}\n"),
    };
    let mut shown = format!("  {}\n", delivery.spec);
    for note in &delivery.notes {
        let (word, parameter) = (note.level.word(), &note.parameter);
        writeln!(shown, "  - {word} {parameter}: {}", note.message).expect("memory");
    }
    if let Some(refusal) = refusal {
        writeln!(shown, "  ! {refusal}").expect("memory");
    }
    shown
}

#[test]
fn what_must_fail_fails() {
    for (_, text) in topics(&folder().join("reject")) {
        for line in text.lines().filter(is_url) {
            assert!(
                dialect::interpret(&Rules::default(), line).is_err(),
                "{line} should be refused"
            );
        }
    }
}

/// Parts of real lines that the service refuses as well, with the reason.
const WRONG_VALUES: &[&str] = &[
    // A test of its error message.
    "w_abc",
    // Options of a video codec and of tag helpers, taken from tests for transformations.
    "b_frames",
    "h_height:250",
    "w_width:100",
    // The inside of a slideshow's fn_render, cut out of it.
    "w_352;h_240;",
];

/// Documented refusals of meaning: automatic gravity without cropping, quality outside 1 to 100.
fn is_documented(error: &dialect::Error) -> bool {
    matches!(
        error,
        dialect::Error::AutoGravity { .. } | dialect::Error::Conflict { .. }
    )
}

/// `CLDGATE_CORPUS` names a folder of real URLs; they are not ours to keep in the repository.
#[test]
fn real_urls_are_read() {
    let Some(folder) = std::env::var_os("CLDGATE_CORPUS").map(PathBuf::from) else {
        println!("skipped: CLDGATE_CORPUS is not set");
        return;
    };
    let mut read = 0;
    for name in ["urls-dev.txt", "urls-dev-rest.txt", "urls-dev-cname.txt"] {
        let text = fs::read_to_string(folder.join(name)).expect("a list of URLs");
        for line in text.lines().filter(is_url) {
            read += 1;
            let Err(error) = dialect::interpret(&Rules::default(), line) else {
                continue;
            };
            assert!(
                is_documented(&error) || WRONG_VALUES.iter().any(|wrong| line.contains(wrong)),
                "{line}\n{error}"
            );
        }
    }
    let text = fs::read_to_string(folder.join("transformations-dev.txt")).expect("a list");
    for line in text.lines().filter(is_url) {
        read += 1;
        let url = format!("/demo/image/upload/{line}/sample");
        let Err(error) = dialect::interpret(&Rules::default(), &url) else {
            continue;
        };
        assert!(
            is_documented(&error) || WRONG_VALUES.iter().any(|wrong| line.starts_with(wrong)),
            "{line}\n{error}"
        );
    }
    assert!(read > 1000, "only {read} lines were read");
}
