//! What does a configuration get that is wrong, and what does one that is right mean?

use std::path::Path;
use std::process::{Command, Output};

use cldgate::config::{self, Config, Reading};

/// Reads a text as if it lay in the root of the repository.
fn read(text: &str) -> Reading {
    config::read("cldgate.toml", text, Path::new(env!("CARGO_MANIFEST_DIR")))
}

fn problems(text: &str) -> String {
    read(text)
        .result
        .expect_err("a broken configuration")
        .to_string()
}

fn sound(text: &str) -> Config {
    read(text)
        .result
        .unwrap_or_else(|problems| panic!("{problems}"))
}

/// The least that is a configuration.
const LEAST: &str = r#"
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

fn snapshot(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../snapshots/config");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    // A checkout may lie anywhere.
    let text = text.replace(env!("CARGO_MANIFEST_DIR"), "<checkout>");
    settings.bind(|| insta::assert_snapshot!(name, text));
}

#[test]
fn three_mistakes_are_three_problems_with_their_lines() {
    snapshot(
        "three_mistakes",
        &problems(
            r#"
listen = "localhost:8080"

[cache]
memmory = "256MiB"

[[origin]]
name = "photos"
kind = "folder"
path = "/no/such/folder"

[[endpoint]]
name = "default"
origins = ["photos"]
"#,
        ),
    );
}

#[test]
fn every_kind_of_mistake_is_told() {
    snapshot(
        "many_mistakes",
        &problems(
            r#"
listen = "127.0.0.1:8080"
admin = "127.0.0.1:8080"
adimn = "127.0.0.1:8081"
[server]
drain = 10
header_timeout = "2 fortnights"
header_bytes = "1GiB"
[log]
format = "xml"
access = "yes"
[limits]
source_bytes = "lots"
source_pixels = 0
[render]
threads = -1
[[origin]]
name = "photos"
kind = "folder"
path = "examples/photos"
bucket = "acme"
[[origin]]
name = "photos"
kind = "cloudinary_backup"
path = "Cargo.toml"
version = "latest"
missing_for = "2m"
[[origin]]
kind = "folders"
[[origin]]
name = "both"
kind = "cloudinary_backup"
bucket = "acme"
path = "examples/photos"
[[origin]]
name = "region"
kind = "cloudinary_backup"
region = "eu-west-1"
path = "examples/photos"
[[endpoint]]
name = "a"
prefix = "demo/"
hosts = ["https://example.com/"]
origins = ["photo"]
quality = "auto:great"
f_auto = ["avif", "gif"]
cache_control = "public\nX-Evil: 1"
[[endpoint]]
name = "b"
prefix = "/demo"
origins = []
signing_secret = "hunter2"
[[endpoint]]
name = "c"
prefix = "/demo"
origins = ["photos"]
signing_secret = { env = "CLDGATE_TEST_NOT_SET", file = "x" }
[[endpoint]]
name = "d"
prefix = "/d"
cloud_name = "d"
origins = ["photos"]
signing_secret = { env = "CLDGATE_TEST_NOT_SET" }
named_transformations = { thumb = 3 }
"#,
        ),
    );
}

/// Everything that the contract of the configuration shows, a shared store included.
const FULL: &str = r#"
listen = "0.0.0.0:8080"
admin  = "127.0.0.1:8081"
[[origin]]
name   = "backup"
kind   = "cloudinary_backup"
bucket = "acme-backup"
folder = "/res/acme/"
region = "eu-west-1"
access_key = { env = "PATH" }
secret_key = { env = "PATH" }
endpoint = "http://127.0.0.1:9000"
path_style = true
version  = "newest"
canonical_base_url = "https://www.example.com"
[[origin]]
name = "cloudinary"
kind = "web_server"
base_url = "https://res.cloudinary.com/acme"
[[endpoint]]
name    = "default"
prefix  = "/acme"
hosts   = ["static.example.com"]
dialect = "cloudinary"
origins = ["backup", "cloudinary"]
on_unsupported = "upstream"
upstream = "cloudinary"
strict_transformations = false
[endpoint.named_transformations]
thumb = "c_thumb,g_face,w_200,h_200/r_max"
[cache]
memory = "256MiB"
store  = "s3://acme-derived/v1"
region = "eu-west-1"
endpoint = "http://127.0.0.1:9000"
path_style = true
access_key = { env = "PATH" }
secret_key = { env = "PATH" }
total_timeout = "2s"
"#;

#[test]
fn a_full_configuration_is_sound_and_dumped_as_it_was_written() {
    let config = sound(FULL);
    let dump = config.dump();
    assert!(dump.contains("store = \"s3://acme-derived/v1\""), "{dump}");
    assert!(!dump.contains("store_size"), "{dump}");
    assert_eq!(sound(&dump), config, "{dump}");
}

#[test]
fn what_is_wrong_with_a_store_is_told() {
    let all: Vec<String> = [
        "store = \"\"",
        "store = \"gs://acme/v1\"",
        "store = \"s3://Acme/v1\"",
        "store = \"s3://acme/a//b\"",
        "store = \"s3://acme/../b\"",
        "store = \"s3://acme/v1\"\nstore_size = \"1GiB\"",
        "store = \"s3://acme/v1\"\naccess_key = { env = \"PATH\" }",
        "store = \"/var/cache\"\nregion = \"eu-west-1\"",
        "endpoint = \"http://127.0.0.1:9000\"",
    ]
    .into_iter()
    .map(|lines| problems(&format!("{LEAST}\n[cache]\n{lines}\n")))
    .collect();
    snapshot("stores", &all.join("\n"));
}

/// Every key of origins that are asked over HTTP, and of the endpoints over them.
const HTTP: &str = r#"
[[origin]]
name = "live"
kind = "web_server"
base_url = "https://res.cloudinary.com/acme/"
forward_host = true
bearer = { file = "Cargo.toml" }
connect_timeout = "500ms"
first_byte_timeout = "5s"
total_timeout = "20s"
retries = 1
requests_at_once = 64
breaker_failures = 10
breaker_rest = "250ms"
canonical_base_url = "https://www.example.com/"
[origin.headers]
X-Req-From = "cldgate"
X-Api-Key = { file = "deny.toml" }

[[origin]]
name = "remote"
kind = "fetch"
hosts = ["Images.example.com", "*.cdn.example.com", "127.0.0.1:8080"]
private_addresses = true
[origin.auto_upload]
remote_media = "https://media.example.com/originals/"

[[endpoint]]
name = "default"
origins = ["live", "remote"]
on_unsupported = "upstream"
upstream = "live"
default_image = "placeholders/none.png"
fallback_on = ["denied", "timeout", "failure"]
origin_errors = "imagekit"
# Whose default is another one without libaom.
f_auto = ["avif", "webp"]
"#;

#[test]
fn origins_over_http_are_dumped_as_they_were_written() {
    // The two files hold no secrets, only lines that no header can carry.
    let text = HTTP.replace("file = \"Cargo.toml\"", "env = \"PATH\"");
    let text = text.replace("file = \"deny.toml\"", "env = \"PATH\"");
    let config = sound(&text);
    let dump = config.dump();
    assert_eq!(sound(&dump), config, "{dump}");
    snapshot("http", &dump[dump.find("[[origin]]").expect("an origin")..]);
}

#[test]
fn origins_over_http_are_checked() {
    snapshot("http_secrets", &problems(HTTP));
    snapshot(
        "http_mistakes",
        &problems(
            r#"
[[origin]]
name = "a"
kind = "web_server"
base_url = "res.cloudinary.com/acme"
first_byte_timeout = "20s"
total_timeout = "10s"
connect_timeout = "0s"
retries = 100
hosts = ["a.example"]
[origin.headers]
Host = "a.example"
X-Key = 3
"X Key" = "blank"
X-Gone = { env = "CLDGATE_TEST_NOT_SET" }
[[origin]]
name = "b"
kind = "web_server"
base_url = "https://user:pass@a.example/"
bearer = "hunter2"
[[origin]]
name = "c"
kind = "fetch"
[[origin]]
name = "d"
kind = "fetch"
hosts = ["https://a.example/", "a.*.example"]
[origin.auto_upload]
media = "ftp://a.example/"
"/" = "https://a.example/"
[[origin]]
name = "e"
kind = "folder"
path = "examples/photos"
[[endpoint]]
name = "a"
prefix = "/a"
origins = ["e"]
upstream = "e"
on_unsupported = "upstream"
fallback_on = ["outage"]
origin_errors = "hidden"
default_image = "../none.png"
[[endpoint]]
name = "b"
prefix = "/b"
origins = ["e"]
on_unsupported = "upstream"
[[endpoint]]
name = "c"
prefix = "/c"
origins = ["e"]
upstream = "a"
"#,
        ),
    );
}

#[test]
fn what_is_no_toml_is_told_with_its_line() {
    snapshot(
        "no_toml",
        &problems("listen = \"127.0.0.1:8080\nadmin = \n[cache\nmemory = 1\n"),
    );
    snapshot("empty", &problems(""));
    snapshot(
        "wrong_shapes",
        &problems("cache = 3\norigin = {}\nendpoint = [1]\nlog = []\n"),
    );
}

const EXAMPLE: &str = include_str!("../cldgate.example.toml");

#[test]
fn the_example_is_sound_and_its_values_are_the_defaults() {
    assert_eq!(sound(EXAMPLE), sound(LEAST));
}

#[test]
fn the_example_names_every_key() {
    let mut keys = read(EXAMPLE).keys;
    keys.extend(read(HTTP).keys);
    assert!(keys.len() > 60, "{keys:?}");
    let mut section = String::new();
    let mut named = std::collections::BTreeSet::new();
    for line in EXAMPLE.lines() {
        // An alternative is commented; its key counts.
        let line = line.strip_prefix("# ").unwrap_or(line).trim_start();
        if let Some(header) = line.strip_prefix('[') {
            let header = header.trim_start_matches('[').split(']').next().unwrap();
            named.insert(header.to_owned());
            section = format!("{header}.");
        } else if let Some((key, _)) = line.split_once('=') {
            named.insert(format!("{section}{}", key.trim()));
        }
    }
    let missing: Vec<_> = keys.difference(&named).collect();
    assert!(missing.is_empty(), "the example lacks {missing:?}");
}

#[test]
fn the_effective_configuration_is_a_configuration() {
    let config = sound(EXAMPLE);
    let dump = config.dump();
    assert_eq!(sound(&dump), config, "{dump}");
}

fn cldgate(arguments: &[&str], secret: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_cldgate"))
        .args(arguments)
        .env("CLDGATE_TEST_SECRET", secret)
        .output()
        .expect("the binary runs")
}

/// A file that is removed again.
struct File(std::path::PathBuf);

impl File {
    fn new(name: &str, text: &str) -> Self {
        let name = format!("cldgate-test-{}-{name}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, text).expect("a file for the test");
        Self(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().expect("a plain path")
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _removed = std::fs::remove_file(&self.0);
    }
}

#[test]
fn no_output_tells_a_secret() {
    const SECRET: &str = "correct horse battery staple";
    let photos = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/photos");
    let in_file = File::new("secret", SECRET);
    let base = LEAST.replace("examples/photos", photos);
    let by_env = "signing_secret = { env = \"CLDGATE_TEST_SECRET\" }\n";
    let by_file = format!("signing_secret = {{ file = {:?} }}\n", in_file.path());
    let written = format!("signing_secret = {SECRET:?}\n");
    for (name, line, code) in [
        ("env", by_env, 0),
        ("file", by_file.as_str(), 0),
        ("written", &written, 2),
    ] {
        let file = File::new(name, &format!("{base}{line}"));
        for arguments in [
            &["check", "--config", file.path(), "--dump"][..],
            &["check", "--config", file.path()],
        ] {
            let output = cldgate(arguments, SECRET);
            let told = [output.stdout, output.stderr].concat();
            let told = String::from_utf8_lossy(&told);
            assert_eq!(output.status.code(), Some(code), "{name}: {told}");
            assert!(!told.contains("horse"), "{name}: {told}");
            assert!(
                code != 0 || arguments.len() < 4 || told.contains("signing_secret"),
                "{told}"
            );
        }
    }
}

#[test]
fn check_ends_with_two_and_the_number_of_problems() {
    let file = File::new("broken", "lisen = 1\n[cache]\nmemory = true\n");
    let output = cldgate(&["check", "--config", file.path()], "");
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2));
    assert!(told.ends_with("\n3 problems\n"), "{told}");
    assert!(output.stdout.is_empty());
    assert_eq!(
        cldgate(&["check", "--config", "/no/such/file"], "")
            .status
            .code(),
        Some(2)
    );
    assert_eq!(cldgate(&["check"], "").status.code(), Some(0));
}

#[test]
fn environment_variables_are_checked_as_the_file_is() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |variables: &[(&str, &str)]| {
        config::read_with("cldgate.toml", LEAST, folder, variables).result
    };
    let config = read(&[
        ("CLDGATE__LISTEN", "127.0.0.1:1234"),
        ("CLDGATE__CACHE__MEMORY", "1MiB"),
        ("CLDGATE__RENDER__THREADS", "3"),
        ("CLDGATE__ORIGIN__PHOTOS__VERSION", "as_asked"),
        ("CLDGATE__ENDPOINT__DEFAULT__HOSTS", "[\"a.example\"]"),
        (
            "CLDGATE__ENDPOINT__DEFAULT__NAMED_TRANSFORMATIONS__SMALL",
            "w_50",
        ),
    ]);
    let config = config.unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(config.listen, "127.0.0.1:1234".parse().unwrap());
    assert_eq!(config.cache.memory.0, 1 << 20);
    assert_eq!(config.render.threads, 3);
    let endpoint = config.endpoints.first().unwrap();
    assert_eq!(endpoint.hosts, ["a.example"]);
    assert_eq!(endpoint.named_transformations["small"], "w_50");
    assert!(config.dump().contains("as_asked"));

    let problems = read(&[
        ("CLDGATE__CACHE__MEMMORY", "1MiB"),
        ("CLDGATE__LISTEN", "localhost:80"),
        ("CLDGATE__ORIGIN__OTHER__PATH", "/srv"),
    ]);
    snapshot("environment", &problems.unwrap_err().to_string());
}
