//! Are the URLs that the official SDKs write answered, with our host in their configuration?
//!
//! `scripts/sdks`, which `./test` runs, installs them; a test whose SDK is not there says so and
//! passes.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::gateway::Gateway;

const SECRET: &str = "an API secret for tests";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The SDKs that are here: a word for messages, a program, and where the SDK is looked for.
fn sdks() -> Vec<(&'static str, &'static str, PathBuf, &'static str, PathBuf)> {
    let node = root().join("target/sdk/node/node_modules");
    let python = root().join("target/sdk/python");
    let script = |name: &str| root().join("tests/sdk").join(name);
    [
        ("Node", "node", script("urls.cjs"), "NODE_PATH", node),
        ("Python", "python3", script("urls.py"), "PYTHONPATH", python),
    ]
    .into_iter()
    .filter(|(name, _, _, _, path)| {
        let here = path.join("cloudinary").exists();
        if !here {
            println!("skipped: the {name} SDK is not installed; ./scripts/sdks does that");
        }
        here
    })
    .collect()
}

/// The path of each URL that an SDK writes, with the host it put before it.
fn urls(
    (name, program, script, variable, path): &(&str, &str, PathBuf, &str, PathBuf),
    setup: &Value,
    sets: &[Value],
) -> Vec<(String, String)> {
    let mut process = Command::new(program)
        .arg(script)
        .env(variable, path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{name}: {error}"));
    let given = json!({"cloudinary": setup, "sets": sets}).to_string();
    let mut input = process.stdin.take().expect("its input");
    input.write_all(given.as_bytes()).expect("written");
    drop(input);
    let output = process.wait_with_output().expect("its output");
    assert!(output.status.success(), "{name}");
    let text = String::from_utf8(output.stdout).expect("text");
    let lines = text.lines().map(|line| {
        let (_, url) = line.split_once('\t').expect("a name and a URL");
        let rest = url.strip_prefix("https://").expect("https");
        let (host, path) = rest.split_once('/').expect("a path");
        (host.to_owned(), format!("/{path}"))
    });
    let urls: Vec<_> = lines.collect();
    assert_eq!(urls.len(), sets.len(), "{name}");
    urls
}

async fn are_answered(gateway: &Gateway, setup: &Value, private: bool) {
    let text = std::fs::read_to_string(root().join("tests/sdk/options.json")).expect("the sets");
    let sets: Vec<Value> = serde_json::from_str(&text).expect("a list");
    let sets: Vec<Value> = sets
        .into_iter()
        .filter(|set| private || set["private_only"].is_null())
        .collect();
    assert!(sets.len() >= 10);
    for sdk in sdks() {
        for ((host, path), set) in urls(&sdk, setup, &sets).iter().zip(&sets) {
            let what = format!("{}, {}: {path}", sdk.0, set["name"]);
            assert_eq!(host, "static.example.com", "{what}");
            let accept = set["accept"].as_str().unwrap_or("*/*");
            let response = gateway
                .ask(path, &[("accept", accept), ("host", host)])
                .await;
            let told = response.headers().clone();
            let header = |name: &str| {
                told.get(name)
                    .map_or("", |value| value.to_str().expect("text"))
            };
            assert_eq!(
                response.status().as_u16(),
                200,
                "{what}: {}",
                header("x-cld-error")
            );
            let media = header("content-type");
            assert!(
                media.starts_with(set["type"].as_str().expect("a type")),
                "{what}: {media}"
            );
            let saved = header("content-disposition").starts_with("attachment");
            assert_eq!(
                saved,
                set["disposition"].as_bool().unwrap_or(false),
                "{what}"
            );
            let body = response.bytes().await.expect("a body");
            if let Some([width, height]) = set["size"].as_array().map(Vec::as_slice) {
                let facts = cldgate::render::probe(&body).expect("a picture");
                let size = (u64::from(facts.size.width), u64::from(facts.size.height));
                assert_eq!(
                    (Some(size.0), Some(size.1)),
                    (width.as_u64(), height.as_u64()),
                    "{what}"
                );
            }
        }
    }
}

fn gateway(place: &str) -> Gateway {
    let folder = crate::gateway::scratch("sdk");
    let secret = folder.join("secret");
    std::fs::write(&secret, SECRET).expect("a secret");
    Gateway::start(&format!(
        "listen = \"127.0.0.1:0\"\nadmin = \"127.0.0.1:0\"\n\
         [[origin]]\nname = \"photos\"\nkind = \"cloudinary_backup\"\npath = '{}'\n\
         folder = \"res/demo\"\n\
         [[endpoint]]\nname = \"sdk\"\norigins = [\"photos\"]\n{place}\n\
         signing_secret = {{ file = '{}' }}\n\
         [endpoint.named_transformations]\nsmall = \"c_fill,w_50,h_50\"\n",
        crate::gateway::photos().display(),
        secret.display(),
    ))
    .owning(folder)
}

fn setup(private: bool) -> Value {
    json!({
        "cloud_name": "demo",
        "api_key": "1",
        "api_secret": SECRET,
        "secure": true,
        "secure_distribution": "static.example.com",
        "private_cdn": private,
    })
}

#[tokio::test]
async fn urls_for_a_host_of_ones_own() {
    let gateway = gateway("hosts = [\"static.example.com\"]");
    are_answered(&gateway, &setup(true), true).await;
}

#[tokio::test]
async fn urls_with_the_cloud_name() {
    let gateway = gateway("prefix = \"/demo\"");
    are_answered(&gateway, &setup(false), false).await;
}
