//! Is what was purged gone from every tier when the purge has answered?

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use reqwest::StatusCode;

use crate::gateway::{Gateway, caching_config, photos, scratch};

/// What `X-Cache` says, asked twice so that even the front has it.
async fn cached(gateway: &Gateway, url: &str) -> String {
    let response = gateway.get(url).await;
    assert_eq!(response.status(), StatusCode::OK, "{url}");
    let value = response.headers()["x-cache"]
        .to_str()
        .expect("text")
        .to_owned();
    gateway.get(url).await;
    value
}

const FORMS: [&str; 3] = [
    "/demo/image/upload/c_scale,w_40/sample.jpg",
    "/demo/image/upload/c_fill,w_30,h_30/v1/sample.png",
    "/demo/image/upload/c_scale,w_41,f_webp/sample",
];
const OTHER: &str = "/demo/image/upload/c_scale,w_40/folder/photo.jpg";

#[tokio::test]
async fn all_forms_in_all_tiers() {
    let store = scratch("purge");
    let gateway = Gateway::caching(&format!("store = '{}'", store.display()), "");
    for (body, others_too) in [
        (r#"{"public_ids": ["sample"]}"#, false),
        (r#"{"prefixes": ["sam"]}"#, false),
        (r#"{"prefixes": [""]}"#, true),
        (r#"{"endpoints": ["demo"]}"#, true),
    ] {
        for url in FORMS.iter().chain([&OTHER]) {
            cached(&gateway, url).await;
            assert_eq!(cached(&gateway, url).await, "hit", "{url}");
        }
        let (status, text) = gateway.purge(body).await;
        assert_eq!(status, StatusCode::OK, "{text}");
        let told: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let expected = if others_too { 4 } else { 3 };
        for tier in ["memory", "store"] {
            assert_eq!(told[tier], expected, "{body}: {text}");
        }
        for url in FORMS {
            assert_eq!(cached(&gateway, url).await, "miss", "{url} after {body}");
        }
        let other = if others_too { "miss" } else { "hit" };
        assert_eq!(cached(&gateway, OTHER).await, other, "{body}");
    }
    fs::remove_dir_all(store).expect("removed");
}

#[tokio::test]
async fn a_purge_lets_a_new_version_be_seen_at_once() {
    let bucket = scratch("versions");
    let folder = bucket.join("res/demo/image/upload/sign");
    fs::create_dir_all(&folder).expect("a folder");
    let put = |version: u32, from: &str| {
        let from = photos().join("res/demo/image/upload").join(from);
        fs::copy(from, folder.join(format!("{version}.jpg"))).expect("copied");
    };
    put(1, "sample/1312461204.jpg");
    let config =
        caching_config(&bucket, "", "").replace("folder = ", "found_for = \"1h\"\nfolder = ");
    let gateway = Gateway::start(&config);
    let url = "/demo/image/upload/c_scale,w_50/sign.jpg";
    let etag = async || gateway.get(url).await.headers()["etag"].clone();
    let first = etag().await;
    put(2, "rotated/1417392000.jpg");
    assert_eq!(etag().await, first, "the look-up is believed for an hour");
    let (status, _) = gateway.purge(r#"{"public_ids": ["sign"]}"#).await;
    assert_eq!(status, StatusCode::OK);
    assert_ne!(etag().await, first);
    fs::remove_dir_all(bucket).expect("removed");
}

#[tokio::test]
async fn what_is_no_purge_is_refused() {
    let gateway = Gateway::demo("");
    for (body, status) in [
        ("", 400),
        ("{}", 400),
        (r#"{"public_ids": "sample"}"#, 400),
        (r#"{"public_id": ["sample"]}"#, 400),
        (r#"{"endpoints": ["nobody"]}"#, 400),
        (r#"{"public_ids": ["nobody"]}"#, 200),
    ] {
        let (told, text) = gateway.purge(body).await;
        assert_eq!(told.as_u16(), status, "{body}: {text}");
    }
    let got = reqwest::get(format!("{}/purge", gateway.admin))
        .await
        .expect("an answer");
    assert_eq!(got.status(), StatusCode::METHOD_NOT_ALLOWED);
}

fn command(arguments: &[&str]) -> std::process::Output {
    Command::new(env!("CARGO_BIN_EXE_cldgate"))
        .args(arguments)
        .output()
        .expect("it runs")
}

#[tokio::test]
async fn the_command_asks_the_running_gateway() {
    let gateway = Gateway::demo("");
    cached(&gateway, FORMS[0]).await;
    let admin = gateway.admin.trim_start_matches("http://");
    let done = command(&["purge", "--admin", admin, "sample"]);
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
    assert!(String::from_utf8_lossy(&done.stdout).contains("\"memory\":1"));
    assert_eq!(cached(&gateway, FORMS[0]).await, "miss");
    for (arguments, code) in [
        (vec!["purge"], 2),
        (vec!["purge", "--admin", "127.0.0.1:1", "sample"], 1),
        (vec!["purge", "sample"], 2),
        (vec!["purge", "--admin", admin, "--endpoint", "nobody"], 1),
    ] {
        assert_eq!(
            command(&arguments).status.code(),
            Some(code),
            "{arguments:?}"
        );
    }
}

/// A configuration with a store, and a list of URLs.
fn warm_files(folder: &Path, lines: &[&str]) -> (PathBuf, PathBuf) {
    let config = folder.join("cldgate.toml");
    let cache = format!("store = '{}'", folder.join("store").display());
    fs::write(&config, caching_config(&photos(), &cache, "")).expect("written");
    let list = folder.join("urls");
    fs::write(&list, lines.join("\n")).expect("written");
    (config, list)
}

fn warm(config: &Path, list: &Path, more: &[&str]) -> (Option<i32>, String) {
    let (config, list) = (config.to_str().expect("text"), list.to_str().expect("text"));
    let mut arguments = vec!["warm", list, "--config", config];
    arguments.extend(more);
    let done = command(&arguments);
    let text = String::from_utf8_lossy(&done.stdout).into_owned();
    (done.status.code(), text)
}

#[tokio::test]
async fn a_list_is_made_ahead_of_time() {
    let folder = scratch("warm");
    let lines = [
        "# what the front page shows",
        "https://res.cloudinary.com/demo/image/upload/c_scale,w_40/sample.jpg",
        "",
        "/demo/image/upload/c_scale,w_40,f_auto/sample.jpg",
        "/demo/image/upload/sample.jpg",
        "/demo/image/upload/none/such.jpg",
    ];
    let (config, list) = warm_files(&folder, &lines);
    let (code, told) = warm(
        &config,
        &list,
        &["--accept", "image/webp", "--accept", "*/*"],
    );
    assert_eq!(code, Some(1), "one of them is missing: {told}");
    assert_eq!(
        told,
        "3 made, 1 already there, 2 sent as they are stored, 2 failed\n"
    );
    let (_, told) = warm(
        &config,
        &list,
        &[
            "--accept",
            "image/webp",
            "--accept",
            "*/*",
            "--rate",
            "1000",
        ],
    );
    assert_eq!(
        told,
        "0 made, 4 already there, 2 sent as they are stored, 2 failed\n"
    );

    let gateway = Gateway::start(&fs::read_to_string(&config).expect("a configuration"));
    for (url, accept) in [(lines[3], "image/webp"), (lines[3], "*/*")] {
        let response = gateway.ask(url, &[("accept", accept)]).await;
        assert_eq!(response.headers()["x-cache"], "hit", "{url} {accept}");
    }
    assert_eq!(gateway.counter("cldgate_renders_total").await, 0);

    // Noted lines are done.
    fs::write(folder.join("urls.warmed"), "4\n").expect("written");
    let (code, told) = warm(&config, &list, &[]);
    assert_eq!(
        told,
        "0 made, 0 already there, 1 sent as they are stored, 1 failed\n"
    );
    assert_eq!(code, Some(1));
    assert!(!folder.join("urls.warmed").exists(), "done");
    fs::remove_dir_all(folder).expect("removed");
}
