//! What does a bucket's origin say when the store refuses, fails or lies?

use std::sync::Arc;
use std::time::Duration;

use cldgate::origin::{Backup, Calls, Error, Layout, Origin, Plain, Store, VersionRule, s3};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::ground::{forgetful, image, put, versioned};
use super::s3_server::{S3Server, SECRET_KEY};

fn plain(config: s3::Config) -> Plain {
    let store = Store::bucket(s3::Client::new("files", config), Arc::default());
    Plain::new(store, "", Layout::Any, forgetful())
}

fn backup(config: s3::Config, rule: VersionRule) -> Backup {
    let calls: Arc<Calls> = Arc::default();
    let store = Store::bucket(s3::Client::new("backup", config), calls);
    Backup::new(store, "res/acme", rule, forgetful())
}

async fn failure(origin: &dyn Origin) -> Error {
    let asset = versioned("pic", Some("jpg"), 1_600_000_000);
    origin.find(&asset).await.expect_err("a failure")
}

#[tokio::test]
async fn without_the_right_to_list_a_missing_key_is_told_apart_from_a_lost_one() {
    let server = S3Server::start();
    put(&server.bucket(), "photo.jpg", b"here");
    put(
        &server.bucket(),
        "res/acme/image/upload/pic/1600000000.jpg",
        b"pic",
    );
    server.deny("ListObjectsV2");
    // What is asked for by its very key needs no listing.
    let files = plain(server.config());
    let photo = files
        .find(&image("photo", Some("jpg")))
        .await
        .expect("found");
    assert_eq!(files.read(&photo, 99).await.expect("read"), "here");
    let asked = backup(server.config(), VersionRule::AsAsked);
    let pic = versioned("pic", Some("jpg"), 1_600_000_000);
    assert!(asked.find(&pic).await.is_ok());
    // Else nobody can know, and the message says what to do.
    for error in [
        failure(&files).await,
        failure(&backup(server.config(), VersionRule::Newest)).await,
    ] {
        assert!(matches!(error, Error::Denied { .. }), "{error}");
        assert!(error.to_string().contains("s3:ListBucket"), "{error}");
    }
}

#[tokio::test]
async fn an_object_that_may_not_be_read_is_denied_and_not_missing() {
    let server = S3Server::start();
    put(&server.bucket(), "pic.jpg", b"here");
    server.deny("GetObject");
    let files = plain(server.config());
    let found = files.find(&image("pic", Some("jpg"))).await.expect("found");
    let read = files.read(&found, 99).await;
    assert!(matches!(read, Err(Error::Denied { .. })), "{read:?}");
    server.deny("HeadObject");
    let denied = failure(&files).await;
    assert!(matches!(denied, Error::Denied { .. }), "{denied}");
    // What is not there is missing all the same, for a listing tells.
    let none = files.find(&image("none", Some("jpg"))).await;
    assert!(none.is_err_and(|error| error.is_not_found()));
}

#[tokio::test]
async fn wrong_keys_and_wrong_buckets_are_told_without_secrets() {
    let server = S3Server::start();
    let keys = |access: &str, secret: &str| s3::Config {
        keys: Some(s3::Keys {
            access: access.to_owned(),
            secret: secret.to_owned(),
        }),
        ..server.config()
    };
    let right = server.config().keys.expect("keys");
    for (config, word) in [
        (keys(&right.access, "hunter2hunter2"), "secret key is wrong"),
        (keys("AKIANOBODY", "hunter2hunter2"), "AKIANOBODY"),
    ] {
        let error = failure(&backup(config.clone(), VersionRule::Newest)).await;
        assert!(matches!(error, Error::Denied { .. }), "{error}");
        let told = format!("{error} {error:?} {config:?}");
        assert!(!told.contains("hunter2"), "{told}");
        assert!(word == "AKIANOBODY" || told.contains(word), "{told}");
    }
    let elsewhere = s3::Config {
        bucket: "no-such-bucket".to_owned(),
        ..server.config()
    };
    assert!(!format!("{elsewhere:?}").contains(SECRET_KEY));
    let error = failure(&backup(elsewhere, VersionRule::Newest)).await;
    assert!(matches!(error, Error::Upstream { .. }), "{error}");
    assert!(
        error.to_string().contains("no bucket no-such-bucket"),
        "{error}"
    );
}

/// A server that answers every request with the same bytes, and then says nothing more.
async fn liar(answer: String) -> s3::Config {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        loop {
            let (mut socket, _) = listener.accept().await.expect("a connection");
            let answer = answer.clone();
            tokio::spawn(async move {
                let mut head = [0_u8; 8192];
                let read = socket.read(&mut head).await;
                if read.is_ok() && !answer.is_empty() {
                    let _sent = socket.write_all(answer.as_bytes()).await;
                    let _closed = socket.shutdown().await;
                } else {
                    tokio::time::sleep(Duration::from_secs(60)).await;
                }
            });
        }
    });
    s3::Config {
        endpoint: Some(format!("http://{address}")),
        path_style: true,
        keys: Some(s3::Keys {
            access: "AKIA".to_owned(),
            secret: "secret".to_owned(),
        }),
        timeouts: s3::Timeouts {
            connect: Duration::from_secs(1),
            first_byte: Duration::from_millis(300),
            total: Duration::from_secs(2),
        },
        attempts: 2,
        ..s3::Config::new("bucket")
    }
}

#[tokio::test]
async fn silence_is_a_timeout() {
    let error = failure(&backup(liar(String::new()).await, VersionRule::Newest)).await;
    assert!(matches!(error, Error::Timeout { .. }), "{error}");
}

#[tokio::test]
async fn nobody_there_is_no_missing_asset() {
    let mut config = liar(String::new()).await;
    let closed = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = closed.local_addr().expect("an address");
    drop(closed);
    config.endpoint = Some(format!("http://{address}"));
    let error = failure(&backup(config, VersionRule::Newest)).await;
    assert!(matches!(error, Error::Upstream { .. }), "{error}");
    assert!(error.to_string().contains("refused"), "{error}");
}

#[tokio::test]
async fn servers_out_of_order_and_nonsense_are_upstream_errors() {
    let page = |status: &str, body: &str| {
        format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/xml\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    for (answer, word) in [
        (page("500 Internal Server Error", ""), "500"),
        (
            page("503 Slow Down", "<Error><Code>SlowDown</Code></Error>"),
            "SlowDown",
        ),
        (page("200 OK", "<html>a portal's page"), "cannot be read"),
        (page("200 OK", "<ListBucketResult><Contents>"), "breaks off"),
        ("SSH-2.0-OpenSSH_9\r\n".to_owned(), ""),
        (
            "HTTP/1.1 301 Moved\r\nx-amz-bucket-region: eu-west-1\r\ncontent-length: 0\r\n\r\n"
                .to_owned(),
            "region = \"eu-west-1\"",
        ),
    ] {
        let error = failure(&backup(liar(answer.clone()).await, VersionRule::Newest)).await;
        assert!(matches!(error, Error::Upstream { .. }), "{answer}: {error}");
        assert!(error.to_string().contains(word), "{answer}: {error}");
    }
}

#[tokio::test]
async fn a_body_that_is_cut_short_is_an_error() {
    let object = |announced: usize, body: &str| {
        format!(
            "HTTP/1.1 200 OK\r\netag: \"x\"\r\nlast-modified: Wed, 21 Oct 2015 07:28:00 GMT\r\n\
             content-length: {announced}\r\n\r\n{body}"
        )
    };
    let server = liar(object(10, "five.")).await;
    let files = plain(server.clone());
    let found = cldgate::origin::Object {
        key: "pic.jpg".to_owned(),
        bytes: 10,
        modified: None,
        etag: Some("\"x\"".to_owned()),
    }
    .found();
    let read = files.read(&found, 99).await;
    assert!(matches!(read, Err(Error::Upstream { .. })), "{read:?}");
    let pieces = files.open(&found, 0..10).await.expect("it begins well");
    let all: Vec<_> = futures_util::StreamExt::collect(pieces).await;
    assert!(all.last().is_some_and(Result::is_err), "{all:?}");
    // A whole where a range was asked for is no range.
    let ranged = files.open(&found, 2..5).await.map(|_| ());
    assert!(matches!(ranged, Err(Error::Upstream { .. })), "{ranged:?}");
}
