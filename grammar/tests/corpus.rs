//! Our own corpus: the trees of what must parse, the messages of what must not.

use std::path::{Path, PathBuf};

use cldgate_grammar::{Options, UrlText, parse};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/corpus/cloudinary")
}

/// The topics of a folder, sorted, each with its lines.
fn topics(folder: &Path) -> Vec<(String, Vec<String>)> {
    let mut topics: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "urls")
        })
        .map(|path| {
            let text = std::fs::read_to_string(&path).unwrap();
            (
                path.file_stem().unwrap().to_str().unwrap().to_owned(),
                text.lines().map(str::to_owned).collect(),
            )
        })
        .collect();
    topics.sort();
    topics
}

pub fn is_url(line: &str) -> bool {
    !line.is_empty() && !line.starts_with("# ")
}

pub fn accepted() -> Vec<String> {
    topics(&folder())
        .into_iter()
        .flat_map(|(_, lines)| lines)
        .filter(|line| is_url(line))
        .collect()
}

pub fn rejected() -> Vec<String> {
    topics(&folder().join("reject"))
        .into_iter()
        .flat_map(|(_, lines)| lines)
        .filter(|line| is_url(line))
        .collect()
}

fn snapshot(name: &str, text: &str) {
    let mut settings = insta::Settings::new();
    settings.set_snapshot_path("../../snapshots/grammar");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

#[test]
fn trees() {
    for (topic, lines) in topics(&folder()) {
        let mut shown = String::new();
        for line in &lines {
            shown.push_str(line);
            shown.push('\n');
            if is_url(line) {
                let text = UrlText::new(line);
                let tree =
                    parse(&text, &Options::default()).unwrap_or_else(|error| panic!("{error:#}"));
                for row in tree.tree().lines() {
                    shown.push_str(&format!("  {row}\n"));
                }
            }
        }
        snapshot(&topic, &shown);
    }
}

#[test]
fn refusals() {
    for (topic, lines) in topics(&folder().join("reject")) {
        let mut shown = String::new();
        for line in lines.iter().filter(|line| is_url(line)) {
            let text = UrlText::new(line);
            match parse(&text, &Options::default()) {
                Ok(tree) => panic!("{line} should be refused:\n{}", tree.tree()),
                Err(error) => shown.push_str(&format!("{}\n{error}\n\n", error.caret())),
            }
        }
        snapshot(&format!("reject_{topic}"), &shown);
    }
}
