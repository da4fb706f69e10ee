//! Do large files go through whole, in ranges, and without filling the memory?

use std::io::Write as _;
use std::sync::Arc;

use futures_util::StreamExt as _;
use reqwest::StatusCode;

use crate::faults::{Reply, Server, byte_at};
use crate::gateway::{Gateway, full};
use crate::origin::s3_server::S3Server;

/// Bytes of the large file: a gigabyte, or enough to show in the memory if it were kept.
fn large() -> u64 {
    if full() { 1 << 30 } else { 128 << 20 }
}

/// How much the gateway's memory may grow meanwhile.
const GROWTH: u64 = 32 << 20;

/// Bytes of the file that ranges are read from.
const RANGED: u64 = 24 << 20;

/// The endpoints, each over another kind of place with the same videos.
const PLACES: [&str; 3] = ["mirror", "bucket", "web"];

/// Over a bucket with a large video (a sparse file) and one whose bytes tell their place, over its folder
/// as a mirror, and over a web server with the same.
async fn all_places() -> (Gateway, Server, S3Server) {
    let store = S3Server::start();
    let bucket = store.bucket();
    let asset = |id: &str| {
        let folder = bucket.join("res/demo/video/upload").join(id);
        std::fs::create_dir_all(&folder).expect("a folder");
        std::fs::File::create(folder.join("1.mp4")).expect("a file")
    };
    asset("large").set_len(large()).expect("room");
    let mut ranged = std::io::BufWriter::new(asset("ranged"));
    for n in 0..RANGED {
        ranged.write_all(&[byte_at(n)]).expect("written");
    }
    drop(ranged);
    let server = Server::start(|asked| match asked.target.as_str() {
        "/video/upload/large.mp4" => Reply::File(large(), "\"large\""),
        "/video/upload/ranged.mp4" => Reply::File(RANGED, "\"ranged\""),
        _ => Reply::status(404),
    })
    .await;
    let gateway = Gateway::start(&format!(
        "listen = \"127.0.0.1:0\"\nadmin = \"127.0.0.1:0\"\n\
         [[origin]]\nname = \"mirror\"\nkind = \"cloudinary_backup\"\npath = '{}'\nfolder = \"res/demo\"\n\
         [[origin]]\nname = \"bucket\"\nkind = \"cloudinary_backup\"\nfolder = \"res/demo\"\n{}\
         [[origin]]\nname = \"web\"\nkind = \"web_server\"\nbase_url = \"{}\"\n\
         [[endpoint]]\nname = \"bucket\"\nprefix = \"/bucket\"\norigins = [\"bucket\"]\n\
         [[endpoint]]\nname = \"mirror\"\nprefix = \"/mirror\"\norigins = [\"mirror\"]\n\
         [[endpoint]]\nname = \"web\"\nprefix = \"/web\"\norigins = [\"web\"]\n",
        bucket.display(),
        store.toml(),
        server.base(),
    ));
    (gateway, server, store)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_video_streams_at_constant_memory() {
    let (gateway, _server, _store) = all_places().await;
    for place in PLACES {
        // What a first request allocates once and for all is not counted.
        let range = [("range", "bytes=0-1000000")];
        let warm = gateway
            .ask(&format!("/{place}/video/upload/large.mp4"), &range)
            .await;
        assert_eq!(warm.bytes().await.expect("a body").len(), 1_000_001);
        let before = gateway.memory();
        let response = gateway
            .get(&format!("/{place}/video/upload/large.mp4"))
            .await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.content_length(), Some(large()));
        let mut body = response.bytes_stream();
        let mut bytes = 0;
        while let Some(piece) = body.next().await {
            bytes += piece.expect("a piece").len() as u64;
        }
        assert_eq!(bytes, large(), "{place}");
        if let (Some((now, _)), Some((_, peak))) = (before, gateway.memory()) {
            let growth = peak.saturating_sub(now);
            println!(
                "{place}: {bytes} bytes, memory grew by {} KiB",
                growth >> 10
            );
            assert!(growth < GROWTH, "{place}: grew by {growth} bytes");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_readers_get_the_ranges_they_ask_for() {
    let (gateway, _server, _store) = all_places().await;
    let gateway = Arc::new(gateway);
    for place in PLACES {
        let readers: Vec<_> = (0..50_u64)
            .map(|n| {
                let gateway = gateway.clone();
                tokio::spawn(async move {
                    let (from, length) = (n * 300_007, 2 << 20);
                    let last = from + length - 1;
                    let path = format!("/{place}/video/upload/ranged.mp4");
                    let range = format!("bytes={from}-{last}");
                    let response = gateway.ask(&path, &[("range", &range)]).await;
                    assert_eq!(response.status(), StatusCode::PARTIAL_CONTENT);
                    let told = response.headers()["content-range"].to_str().expect("text");
                    assert_eq!(told, format!("bytes {from}-{last}/{RANGED}"));
                    let body = response.bytes().await.expect("a body");
                    assert_eq!(body.len() as u64, length);
                    assert!(
                        body.iter().zip(from..).all(|(byte, n)| *byte == byte_at(n)),
                        "{n}"
                    );
                })
            })
            .collect();
        for reader in readers {
            reader.await.expect(place);
        }
    }
}

#[tokio::test]
async fn ranges_follow_the_rules() {
    let (gateway, _server, _store) = all_places().await;
    for place in PLACES {
        let path = format!("/{place}/video/upload/ranged.mp4");
        let head = gateway.ask(&path, &[("range", "bytes=0-0")]).await;
        let etag = head.headers()["etag"].to_str().expect("text").to_owned();
        let last = RANGED - 1;
        for (range, condition, status, told) in [
            (
                "bytes=-500",
                "",
                206,
                format!("bytes {}-{last}/{RANGED}", RANGED - 500),
            ),
            (
                "bytes=5000000-",
                "",
                206,
                format!("bytes 5000000-{last}/{RANGED}"),
            ),
            (
                "bytes=0-99",
                etag.as_str(),
                206,
                format!("bytes 0-99/{RANGED}"),
            ),
            ("bytes=0-99", "\"another\"", 200, String::new()),
            ("bytes=99999999999-", "", 416, format!("bytes */{RANGED}")),
        ] {
            let mut headers = vec![("range", range)];
            if !condition.is_empty() {
                headers.push(("if-range", condition));
            }
            let response = gateway.ask(&path, &headers).await;
            assert_eq!(response.status().as_u16(), status, "{place} {range}");
            let found = response.headers().get("content-range");
            let found = found.map_or("", |value| value.to_str().expect("text"));
            assert_eq!(found, told, "{place} {range}");
            assert_eq!(
                response.headers()["content-type"],
                if status == 416 {
                    "text/plain; charset=utf-8"
                } else {
                    "video/mp4"
                }
            );
        }
        for (flag, expected) in [
            ("fl_attachment", "attachment; filename=\"ranged.mp4\""),
            (
                "fl_attachment:summer",
                "attachment; filename=\"summer.mp4\"",
            ),
        ] {
            let path = format!("/{place}/video/upload/{flag}/ranged.mp4");
            let response = gateway.ask(&path, &[("range", "bytes=0-9")]).await;
            assert_eq!(response.status().as_u16(), 206, "{path}");
            assert_eq!(
                response.headers()["content-disposition"],
                expected,
                "{path}"
            );
        }
    }
}

#[tokio::test]
async fn what_breaks_off_is_cut_and_not_short() {
    let server = Server::start(|_| {
        Reply::Raw(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\nonly this".to_vec())
    })
    .await;
    let gateway = Gateway::start(&format!(
        "listen = \"127.0.0.1:0\"\nadmin = \"127.0.0.1:0\"\n\
         [[origin]]\nname = \"web\"\nkind = \"web_server\"\nbase_url = \"{}\"\n\
         [[endpoint]]\nname = \"web\"\nprefix = \"/web\"\norigins = [\"web\"]\n",
        server.base(),
    ));
    let response = gateway.get("/web/video/upload/clip.mp4").await;
    assert_eq!(response.content_length(), Some(1_000_000));
    assert!(response.bytes().await.is_err(), "a cut body is an error");
}
