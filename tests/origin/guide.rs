//! Does the guide for a backup bucket hold, step by step, over a bucket behind signatures?

use std::path::Path;

use super::ground::put;
use super::s3_server::S3Server;
use crate::gateway::{Gateway, cldgate, photos, scratch};

/// The demo's pictures and some odd ones, in a bucket.
pub fn filled() -> S3Server {
    let server = S3Server::start();
    copy(
        &photos().join("res/demo"),
        &server.bucket().join("res/acme"),
    );
    let photo = std::fs::read(newest(&photos().join("res/demo/image/upload/folder/photo")))
        .expect("a picture");
    for id in ["image%2Bexample", "two words", "caf\u{e9}"] {
        let key = format!("res/acme/image/upload/{id}/1600000000.jpg");
        put(&server.bucket(), &key, &photo);
    }
    put(
        &server.bucket(),
        "res/acme/video/upload/clips/a/1600000000.mp4",
        b"a video",
    );
    put(
        &server.bucket(),
        "res/acme/raw/upload/docs/a.txt/1600000000",
        b"a text",
    );
    server
}

fn newest(folder: &Path) -> std::path::PathBuf {
    let names = std::fs::read_dir(folder).expect("the demo's");
    names
        .map(|name| name.expect("a name").path())
        .max()
        .expect("a version")
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("a name");
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).expect("copied");
        }
    }
}

pub fn origin(server: &S3Server, name: &str, folder: &str, more: &str) -> String {
    format!(
        "[[origin]]\nname = \"{name}\"\nkind = \"cloudinary_backup\"\nfolder = \"{folder}\"\n{more}\n{}",
        server.toml()
    )
}

pub fn config(origins: &str, endpoint: &str) -> String {
    format!(
        "listen = \"127.0.0.1:0\"\nadmin = \"127.0.0.1:0\"\n{origins}\n[[endpoint]]\nname = \"e\"\n{endpoint}\n"
    )
}

#[tokio::test]
async fn all_three_forms_of_url_find_their_asset() {
    let server = filled();
    let backup = origin(&server, "backup", "/res/acme/", "");
    let photo = "c_fill,w_60,h_40/v1312461204/folder/photo.jpg";
    // With the cloud name, behind a custom domain, and without the types.
    for (endpoint, host, url) in [
        (
            "prefix = \"/acme\"\norigins = [\"backup\"]",
            None,
            format!("/acme/image/upload/{photo}"),
        ),
        (
            "hosts = [\"static.example.com\"]\norigins = [\"backup\"]",
            Some("static.example.com"),
            format!("/image/upload/{photo}"),
        ),
        (
            "prefix = \"/acme\"\norigins = [\"backup\"]",
            None,
            format!("/acme/{photo}"),
        ),
    ] {
        let gateway = Gateway::start(&config(&backup, endpoint));
        let headers: Vec<_> = host.map(|host| ("host", host)).into_iter().collect();
        let answer = gateway.ask(&url, &headers).await;
        assert_eq!(answer.status(), 200, "{url}");
        assert_eq!(answer.headers()["content-type"], "image/jpeg");
        let calls = async |call: &str| {
            let text = reqwest::get(format!("{}/metrics", gateway.admin))
                .await
                .expect("metrics");
            let text = text.text().await.expect("text");
            let name =
                format!("cldgate_origin_requests_total{{origin=\"backup\",call=\"{call}\"}} ");
            text.lines()
                .find_map(|line| line.strip_prefix(&name)?.parse().ok())
                .unwrap_or(0)
        };
        assert_eq!((calls("list").await, calls("get").await), (1, 1), "{url}");
        assert_eq!(
            gateway.ask(&url, &headers).await.headers()["x-cache"],
            "hit"
        );
        assert_eq!((calls("list").await, calls("get").await), (1, 1), "{url}");
    }
}

#[tokio::test]
async fn short_urls_find_images_videos_and_raw_files() {
    let server = filled();
    // One origin that finds all three by itself, and one origin for each as other guides have it.
    let one = origin(&server, "all", "res/acme", "");
    let three = ["image", "video", "raw"]
        .map(|kind| origin(&server, kind, &format!("res/acme/{kind}/upload"), ""));
    for (origins, names) in [
        (one, "[\"all\"]"),
        (three.concat(), "[\"image\", \"video\", \"raw\"]"),
    ] {
        let endpoint = format!("prefix = \"/acme\"\norigins = {names}");
        let gateway = Gateway::start(&config(&origins, &endpoint));
        for (url, media, body) in [
            ("/acme/clips/a.mp4", "video/mp4", Some("a video")),
            ("/acme/docs/a.txt", "text/plain", Some("a text")),
            ("/acme/w_50/folder/photo.png", "image/png", None),
            (
                "/acme/image/upload/w_50/folder/photo.png",
                "image/png",
                None,
            ),
        ] {
            let answer = gateway.get(url).await;
            assert_eq!(answer.status(), 200, "{url} {names}");
            let found = answer.headers()["content-type"]
                .to_str()
                .expect("text")
                .to_owned();
            assert!(found.starts_with(media), "{url}: {found}");
            if let Some(body) = body {
                assert_eq!(answer.text().await.expect("text"), body, "{url}");
            }
        }
        assert_eq!(gateway.get("/acme/no/such.jpg").await.status(), 404);
        // Where the type is written it counts.
        assert_eq!(
            gateway.get("/acme/image/upload/clips/a.jpg").await.status(),
            404
        );
    }
}

#[tokio::test]
async fn special_characters_need_no_second_origin() {
    let server = filled();
    let backup = origin(&server, "backup", "res/acme", "");
    let gateway = Gateway::start(&config(
        &backup,
        "prefix = \"/acme\"\norigins = [\"backup\"]",
    ));
    for url in [
        "/acme/image/upload/w_20/image+example.jpg",
        "/acme/image/upload/w_20/image%2Bexample.jpg",
        "/acme/image/upload/w_20/image%252Bexample.jpg",
        "/acme/image/upload/w_20/two%20words.jpg",
        "/acme/image/upload/w_20/caf%C3%A9.jpg",
        "/acme/image/upload/w_20/cafe%CC%81.jpg",
    ] {
        assert_eq!(gateway.get(url).await.status(), 200, "{url}");
    }
}

#[tokio::test]
async fn the_canonical_header_is_as_the_guide_shows_it() {
    let server = filled();
    let more = "canonical_base_url = \"https://www.example.com\"";
    let backup = origin(&server, "backup", "res/acme/image/upload", more);
    let gateway = Gateway::start(&config(
        &backup,
        "prefix = \"/acme\"\norigins = [\"backup\"]",
    ));
    let answer = gateway.get("/acme/w_20/folder/photo.jpg").await;
    assert_eq!(
        answer.headers()["link"],
        "<https://www.example.com/folder/photo.jpg>; rel=\"canonical\""
    );
}

#[tokio::test]
async fn a_bucket_that_may_not_be_listed_is_an_outage_and_no_missing_picture() {
    let server = filled();
    let backup = origin(&server, "backup", "res/acme", "");
    let gateway = Gateway::start(&config(
        &backup,
        "prefix = \"/acme\"\norigins = [\"backup\"]",
    ));
    server.deny("ListObjectsV2");
    let answer = gateway
        .get("/acme/image/upload/w_20/folder/photo.jpg")
        .await;
    assert_eq!(answer.status(), 502);
    assert_eq!(answer.headers()["cache-control"], "no-store");
    let log = gateway.log();
    assert!(log.contains("s3:ListBucket is needed"), "{log}");
    // It recovers by itself.
    server.allow("ListObjectsV2");
    let answer = gateway
        .get("/acme/image/upload/w_20/folder/photo.jpg")
        .await;
    assert_eq!(answer.status(), 200);
}

#[tokio::test]
async fn a_new_version_between_looking_and_reading_is_served() {
    let server = filled();
    let backup = origin(&server, "backup", "res/acme", "found_for = \"1h\"");
    let gateway = Gateway::start(&config(
        &backup,
        "prefix = \"/acme\"\norigins = [\"backup\"]",
    ));
    let url = "/acme/raw/upload/docs/a.txt";
    assert_eq!(gateway.get(url).await.text().await.expect("text"), "a text");
    let folder = server.bucket().join("res/acme/raw/upload/docs/a.txt");
    std::fs::remove_file(folder.join("1600000000")).expect("removed");
    std::fs::write(folder.join("1700000000"), "a newer text").expect("written");
    assert_eq!(
        gateway.get(url).await.text().await.expect("text"),
        "a newer text"
    );
}

#[test]
fn the_policy_allows_just_what_is_needed() {
    let folder = scratch("iam");
    let file = folder.join("cldgate.toml");
    std::fs::write(
        &file,
        r#"
[[origin]]
name = "backup"
kind = "cloudinary_backup"
bucket = "acme-backup"
folder = "/res/acme/"
region = "eu-west-1"
[[origin]]
name = "uploads"
kind = "s3"
bucket = "acme-uploads"
region = "cn-north-1"
[[origin]]
name = "library"
kind = "media_library"
bucket = "acme-library"
folder = "media"
[[endpoint]]
name = "default"
prefix = "/acme"
origins = ["backup", "uploads", "library"]
"#,
    )
    .expect("a configuration");
    let output = cldgate(&[
        "check",
        "--iam",
        "--config",
        file.to_str().expect("a plain path"),
    ]);
    assert!(output.status.success(), "{output:?}");
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../../snapshots/config");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let text = String::from_utf8(output.stdout).expect("text");
    settings.bind(|| insta::assert_snapshot!("iam", text));
    std::fs::remove_dir_all(folder).expect("removed");
}
