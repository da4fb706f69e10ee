//! What does an audit read out of a log, and what does it count?

use std::io::{Cursor, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use cldgate::cli::audit::count::{Sketch, hash};
use cldgate::cli::audit::log::{Line, Lines, MAX_LINE, next_line};
use cldgate::cli::audit::report::{Report, Tally};
use cldgate::config;
use cldgate::deliver::Gateway;
use cldgate::server::explain::explain;
use proptest::prelude::{Strategy as _, any, proptest};

const FORMATS: [&str; 5] = ["urls", "combined", "cloudfront", "other", "json"];

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/audit/{name}.log"))
}

fn gateway() -> Gateway {
    let text = r#"
[[origin]]
name = "photos"
kind = "cloudinary_backup"
path = "examples/photos"
folder = "res/demo/"

[[endpoint]]
name = "default"
prefix = "/demo"
origins = ["photos"]
"#;
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let config = config::read("cldgate.toml", text, root)
        .result
        .unwrap_or_else(|problems| panic!("{problems}"));
    let shared = config::shared(&config).expect("threads");
    config::gateway(&config, shared).expect("a gateway")
}

fn command(arguments: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_cldgate"))
        .arg("audit")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary");
    // A command that ends without reading closes the pipe.
    let _written = child.stdin.take().expect("a pipe").write_all(input);
    child.wait_with_output().expect("its end")
}

fn settings() -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../snapshots/audit");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings
}

fn lines(text: &str) -> Vec<Line<'_>> {
    let mut lines = Lines::default();
    text.lines().map(|line| lines.read(line)).collect()
}

fn counted(tally: &mut Tally, gateway: &Gateway, urls: impl IntoIterator<Item = String>) {
    for url in urls {
        tally.take(gateway, &url);
    }
}

#[test]
fn each_format_gives_up_its_urls() {
    let mut told = String::new();
    for format in FORMATS {
        let text = std::fs::read_to_string(fixture(format)).expect("a fixture");
        told.push_str(&format!("{format}\n"));
        for line in lines(&text) {
            told.push_str(&match line {
                Line::Url(url) => format!("  {url}\n"),
                other => format!("  ({other:?})\n"),
            });
        }
    }
    settings().bind(|| insta::assert_snapshot!("lines", told));
}

#[test]
fn the_report_is_json_and_a_table() {
    let log = fixture("urls");
    let log = log.to_str().expect("a path");
    for (name, arguments) in [
        ("json", vec!["--json", log]),
        ("table", vec![log]),
        ("lookup", vec!["--lookup", log]),
    ] {
        let output = command(&arguments, b"");
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        let mut text = String::from_utf8(output.stdout).expect("text");
        if name == "json" {
            let value: serde_json::Value = serde_json::from_str(&text).expect("one JSON object");
            text = serde_json::to_string_pretty(&value).expect("JSON");
        }
        settings().bind(|| insta::assert_snapshot!(name, text));
    }
}

#[test]
fn standard_input_is_a_log_too() {
    let output = command(&["--json", "-"], b"/demo/image/upload/sample.jpg\n");
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(report["requests"], 1);
    assert_eq!(report["supported"]["distinct_urls"], 1);
}

#[test]
fn wrong_use_is_told_by_the_exit_code() {
    for arguments in [
        &["no/such/file.log"][..],
        &[],
        &["--config", "no/such/cldgate.toml", "-"],
    ] {
        let output = command(arguments, b"");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(!output.stderr.is_empty(), "{arguments:?}");
    }
}

#[test]
fn audit_and_explain_never_disagree() {
    let gateway = gateway();
    let mut compared = 0;
    for format in FORMATS {
        let text = std::fs::read_to_string(fixture(format)).expect("a fixture");
        for line in lines(&text) {
            if let Line::Url(url) = line {
                let mut tally = Tally::default();
                tally.take(&gateway, &url);
                let report = serde_json::to_value(tally.report()).expect("JSON");
                let word = explain(&gateway, &url).status.word();
                assert_eq!(report[word]["requests"], 1, "{url} is {word}: {report}");
                compared += 1;
            }
        }
    }
    assert!(compared > 20, "only {compared} URLs were compared");
}

#[test]
fn a_long_line_is_passed_over_and_the_next_one_read() {
    let mut input = vec![b'/'; MAX_LINE + 10];
    input.extend_from_slice(b"\n/demo/image/upload/a.jpg");
    let mut input = Cursor::new(input);
    let mut line = Vec::new();
    assert_eq!(
        next_line(&mut input, &mut line).expect("bytes"),
        Some(false)
    );
    assert_eq!(next_line(&mut input, &mut line).expect("bytes"), Some(true));
    assert_eq!(line, b"/demo/image/upload/a.jpg");
    assert_eq!(next_line(&mut input, &mut line).expect("bytes"), None);
}

#[test]
fn estimates_stay_within_three_percent() {
    for count in [0, 1, 100, 5_000, 40_000, 70_000, 300_000, 1_000_000_u64] {
        let mut sketch = Sketch::default();
        for n in 0..count {
            let hash = hash(&format!("/demo/image/upload/{n}.jpg"));
            sketch.insert(hash);
            sketch.insert(hash);
        }
        let estimate = sketch.estimate();
        let off = estimate.abs_diff(count);
        assert!(off * 100 <= count * 3, "{estimate} of {count}");
    }
}

#[test]
fn counts_are_exact_up_to_the_limit_and_estimated_beyond() {
    let gateway = gateway();
    let count = |exact: usize| -> Report {
        let mut tally = Tally::new(exact);
        for _ in 0..2 {
            let urls = (0..3000).map(|n| format!("/demo/image/upload/w_{}/{n}.jpg", n % 7 + 1));
            counted(&mut tally, &gateway, urls);
        }
        counted(&mut tally, &gateway, (0..50).map(|n| format!("/{n}.ico")));
        tally.report()
    };
    let exact = count(10_000);
    assert!(!exact.estimated);
    assert_eq!(exact.distinct_urls, 3050);
    assert_eq!(exact.invalid.distinct_urls, 50);

    let estimated = count(1000);
    assert!(estimated.estimated);
    assert!(estimated.supported.distinct_urls.abs_diff(3000) <= 90);
    assert!(estimated.invalid.distinct_urls.abs_diff(50) <= 1);
    // Requests are counted, not estimated.
    assert_eq!(estimated.requests, 6050);
    assert_eq!(estimated.supported.requests, exact.supported.requests);
    assert_eq!(estimated.by_parameter, exact.by_parameter);
    assert_eq!(estimated.examples, exact.examples);
}

#[test]
fn memory_is_bounded_whatever_is_asked_for() {
    let gateway = gateway();
    let mut tally = Tally::new(100);
    let urls = (0..5000).map(|n| format!("/demo/image/upload/t_{n}/u{n}/{}", "é".repeat(400)));
    counted(&mut tally, &gateway, urls);
    let report = tally.report();
    assert_eq!(report.requests, 5000);
    assert!(report.examples.len() <= 501 && report.by_parameter.len() <= 1001);
    for problem in &report.examples {
        assert!(problem.urls.len() <= 5);
        assert!(problem.urls.iter().all(|url| url.chars().count() <= 301));
    }
}

proptest! {
    #[test]
    fn no_line_stops_an_audit(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let mut reader = Lines::default();
        reader.read("#Fields: cs-uri-stem x cs-method");
        reader.read(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn no_piece_of_a_log_stops_an_audit(
        pieces in proptest::collection::vec(
            proptest::sample::select(vec![
                "\"", "\\", " ", "\t", "GET", "POST", "/", "é", "https://", "=", "] \"", "[",
                "{\"url\":\"", "\"}", "#Fields:", "cs-uri-stem", "HTTP/1.1", "-", "image/upload",
                "%", "\u{feff}", "\r",
            ]),
            0..20,
        ).prop_map(|pieces| pieces.concat()),
    ) {
        let mut reader = Lines::default();
        reader.read(&pieces);
        reader.read("/demo/image/upload/a.jpg");
        reader.read(&pieces);
    }
}
