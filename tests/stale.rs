//! What is told while an origin fails or is asked anew, and how soon a new version is seen?

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::StatusCode;

use crate::gateway::{Gateway, caching_config, photos, scratch};

const URL: &str = "/demo/image/upload/c_scale,w_50/sign.jpg";

/// A bucket with one asset, and its folder.
fn bucket(name: &str) -> (PathBuf, PathBuf) {
    let bucket = scratch(name);
    let folder = bucket.join("res/demo/image/upload/sign");
    fs::create_dir_all(&folder).expect("a folder");
    put(&folder, 1, "sample/1312461204.jpg");
    (bucket, folder)
}

fn put(folder: &Path, version: u32, from: &str) {
    let from = photos().join("res/demo/image/upload").join(from);
    fs::copy(from, folder.join(format!("{version}.jpg"))).expect("copied");
}

fn gateway(bucket: &Path, cache: &str, origin: &str) -> Gateway {
    let config = caching_config(bucket, cache, "");
    Gateway::start(&config.replace("folder = ", &format!("{origin}\nfolder = ")))
}

async fn ask(gateway: &Gateway) -> (StatusCode, String, String) {
    let response = gateway.get(URL).await;
    let text = |name: &str| {
        let value = response.headers().get(name);
        value
            .map_or("", |value| value.to_str().expect("text"))
            .to_owned()
    };
    (response.status(), text("x-cache"), text("etag"))
}

/// Longer than answers in front and the look-ups of these tests live.
async fn wait() {
    tokio::time::sleep(Duration::from_millis(1200)).await;
}

#[tokio::test]
async fn a_new_version_is_seen_when_the_look_up_has_aged() {
    let (bucket, folder) = bucket("revalidated");
    let gateway = gateway(&bucket, "", "found_for = \"1s\"");
    let (_, _, first) = ask(&gateway).await;
    assert_eq!(ask(&gateway).await.1, "hit");
    put(&folder, 2, "rotated/1417392000.jpg");
    // Not before its time, and after it with the first request.
    wait().await;
    wait().await;
    let (status, cache, second) = ask(&gateway).await;
    assert_eq!((status, cache.as_str()), (StatusCode::OK, "miss"));
    assert_ne!(second, first);
    fs::remove_dir_all(bucket).expect("removed");
}

#[tokio::test]
async fn the_old_version_is_told_while_the_new_one_is_looked_for() {
    let (bucket, folder) = bucket("background");
    let cache = "stale_while_revalidate = \"1h\"";
    let gateway = gateway(&bucket, cache, "found_for = \"1s\"");
    let (_, _, mut first) = ask(&gateway).await;
    let mut told = false;
    for version in 2..40 {
        put(&folder, version, "rotated/1417392000.jpg");
        wait().await;
        let (status, cache, etag) = ask(&gateway).await;
        assert_eq!(status, StatusCode::OK);
        told = cache == "stale";
        if told {
            assert_eq!(etag, first);
            break;
        }
        // A local origin may have answered before anyone had to wait for it: as good.
        first = etag;
    }
    assert!(told, "the old version is never told");
    let mut seen = false;
    for _ in 0..200 {
        tokio::time::sleep(Duration::from_millis(20)).await;
        let (_, _, etag) = ask(&gateway).await;
        seen = etag != first;
        if seen {
            break;
        }
    }
    assert!(seen, "the new version is never told");
    assert!(gateway.counter("cldgate_cache_stale_total").await > 0);
    fs::remove_dir_all(bucket).expect("removed");
}

/// Makes a folder unreadable in a way that holds for root too: a loop of links.
fn break_folder(folder: &Path) {
    let aside = folder.with_extension("aside");
    fs::rename(folder, aside).expect("moved");
    std::os::unix::fs::symlink(folder, folder).expect("a loop");
}

#[tokio::test]
async fn an_origin_that_fails_is_covered_for_a_while() {
    for (window, covered) in [("1h", true), ("0s", false)] {
        let (bucket, folder) = bucket("failing");
        let cache = format!("stale_if_error = \"{window}\"");
        let gateway = gateway(&bucket, &cache, "found_for = \"1s\"");
        let (_, _, etag) = ask(&gateway).await;
        break_folder(&folder);
        wait().await;
        for _ in 0..3 {
            let (status, cache, told) = ask(&gateway).await;
            if covered {
                assert_eq!(
                    (status, cache.as_str(), &told),
                    (StatusCode::OK, "stale", &etag)
                );
            } else {
                assert_eq!(status, StatusCode::BAD_GATEWAY);
            }
        }
        fs::remove_dir_all(bucket).expect("removed");
    }
}

#[tokio::test]
async fn what_was_deleted_is_not_told_for_longer() {
    let (bucket, folder) = bucket("deleted");
    let cache = "stale_if_error = \"1h\"";
    let gateway = gateway(&bucket, cache, "found_for = \"1s\"\nmissing_for = \"1s\"");
    assert_eq!(ask(&gateway).await.0, StatusCode::OK);
    fs::remove_dir_all(&folder).expect("removed");
    wait().await;
    wait().await;
    assert_eq!(ask(&gateway).await.0, StatusCode::NOT_FOUND);
    // An upload is seen when the look-up of the missing asset has aged.
    fs::create_dir_all(&folder).expect("a folder");
    put(&folder, 3, "sample/1312461204.jpg");
    let mut seen = StatusCode::NOT_FOUND;
    for _ in 0..60 {
        tokio::time::sleep(Duration::from_millis(250)).await;
        seen = ask(&gateway).await.0;
        if seen == StatusCode::OK {
            break;
        }
    }
    assert_eq!(seen, StatusCode::OK);
    fs::remove_dir_all(bucket).expect("removed");
}
