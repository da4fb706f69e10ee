//! What does a bucket's origin say when the store refuses, fails or lies?

use std::sync::Arc;
use std::time::Duration;

use cldgate::origin::breaker::BreakerRule;
use cldgate::origin::{
    Backup, Calls, Error, Layout, Origin, Patience, Plain, Store, VersionRule, s3,
};
use tokio::net::TcpListener;

use super::ground::{forgetful, image, life, put, versioned};
use super::s3_server::{S3Server, SECRET_KEY};
use crate::faults::{Reply, Server};
use crate::gate::{Gate, Way};

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

/// A bucket behind a server that answers every request in one way.
pub async fn liar(answer: impl Fn() -> Reply + Send + Sync + 'static) -> (Server, s3::Config) {
    let server = Server::start(move |_| answer()).await;
    let config = s3::Config {
        endpoint: Some(server.base()),
        path_style: true,
        keys: Some(s3::Keys {
            access: "AKIA".to_owned(),
            secret: "secret".to_owned(),
        }),
        patience: hasty(),
        ..s3::Config::new("bucket")
    };
    (server, config)
}

/// A server that says these bytes, whatever it is asked.
pub async fn says(answer: String) -> (Server, s3::Config) {
    liar(move || Reply::Raw(answer.clone().into_bytes())).await
}

fn hasty() -> Patience {
    Patience {
        connect: Duration::from_secs(1),
        first_byte: Duration::from_millis(300),
        total: Duration::from_secs(2),
        retries: 1,
        ..Patience::of_buckets()
    }
}

#[tokio::test]
async fn silence_is_a_timeout() {
    let (_server, config) = liar(|| Reply::Hang).await;
    let error = failure(&backup(config, VersionRule::Newest)).await;
    assert!(matches!(error, Error::Timeout { .. }), "{error}");
}

#[tokio::test]
async fn nobody_there_is_no_missing_asset() {
    let (_server, mut config) = liar(|| Reply::Hang).await;
    let closed = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = closed.local_addr().expect("an address");
    drop(closed);
    config.endpoint = Some(format!("http://{address}"));
    let error = failure(&backup(config, VersionRule::Newest)).await;
    assert!(matches!(error, Error::Unreachable { .. }), "{error}");
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
        let (_server, config) = says(answer.clone()).await;
        let error = failure(&backup(config, VersionRule::Newest)).await;
        assert!(matches!(error, Error::Upstream { .. }), "{answer}: {error}");
        assert!(error.to_string().contains(word), "{answer}: {error}");
    }
}

/// What a look-up would have said of an object of ten bytes.
fn ten_bytes() -> cldgate::origin::Found {
    cldgate::origin::Object {
        key: "pic.jpg".to_owned(),
        bytes: 10,
        modified: None,
        etag: Some("\"x\"".to_owned()),
        keeping: None,
    }
    .found()
}

#[tokio::test]
async fn a_body_that_is_cut_short_is_an_error() {
    let object = |announced: usize, body: &str| {
        format!(
            "HTTP/1.1 200 OK\r\netag: \"x\"\r\nlast-modified: Wed, 21 Oct 2015 07:28:00 GMT\r\n\
             content-length: {announced}\r\n\r\n{body}"
        )
    };
    let (_server, config) = says(object(10, "five.")).await;
    let files = plain(config);
    let found = ten_bytes();
    let read = files.read(&found, 99).await;
    assert!(matches!(read, Err(Error::Upstream { .. })), "{read:?}");
    let pieces = files.open(&found, 0..10).await.expect("it begins well");
    let all: Vec<_> = futures_util::StreamExt::collect(pieces).await;
    assert!(all.last().is_some_and(Result::is_err), "{all:?}");
    // A whole where a range was asked for is no range.
    let ranged = files.open(&found, 2..5).await.map(|_| ());
    assert!(matches!(ranged, Err(Error::Upstream { .. })), "{ranged:?}");
}

#[tokio::test]
async fn another_range_than_the_one_asked_for_is_an_error() {
    for (told, is_right) in [
        ("bytes 2-4/10", true),
        ("bytes 3-5/10", false),
        ("bytes 0-2/10", false),
        ("bytes 2-9/10", false),
        ("bytes 2-4", false),
        ("items 2-4/10", false),
        ("bytes 2-4/11", false),
        ("bytes 2-4/*", true),
        ("", false),
    ] {
        let (_server, config) = says(format!(
            "HTTP/1.1 206 Partial Content\r\netag: \"x\"\r\ncontent-length: 3\r\n\
             content-range: {told}\r\n\r\nabc"
        ))
        .await;
        let found = ten_bytes();
        let opened = plain(config).open(&found, 2..5).await.map(|_| ());
        assert_eq!(opened.is_ok(), is_right, "{told}: {opened:?}");
    }
}

#[tokio::test]
async fn no_agreement_on_encryption_is_no_connection() {
    let (_server, config) = says(String::new()).await;
    let stranger = crate::web::faults::unvouched().await;
    let config = s3::Config {
        endpoint: Some(format!("https://{stranger}")),
        ..config
    };
    let error = failure(&plain(config)).await;
    assert!(matches!(error, Error::Unreachable { .. }), "{error}");
    assert!(error.to_string().contains("certificate"), "{error}");
}

/// A real store behind a gate, asked with this patience.
async fn gated(patience: Patience) -> (S3Server, Gate, s3::Config) {
    let server = S3Server::start();
    let gate = Gate::before(server.address()).await;
    let config = s3::Config {
        patience,
        ..server.config_at(&gate.base())
    };
    (server, gate, config)
}

#[tokio::test]
async fn a_store_that_fails_is_left_alone_and_comes_back_by_itself() {
    let rest = Duration::from_millis(100);
    let (server, gate, config) = gated(Patience {
        retries: 0,
        breaker: BreakerRule {
            failures: 3,
            rest,
            longest: rest,
        },
        ..hasty()
    })
    .await;
    put(&server.bucket(), "pic.jpg", b"here");
    let files = plain(config);
    let pic = image("pic", Some("jpg"));
    for way in [Way::Reset, Way::Hang, Way::Cut(10)] {
        gate.set(way);
        let before = gate.accepted();
        for _ in 0..100 {
            let error = files.find(&pic).await.expect_err("it fails");
            let is_outage = matches!(
                error,
                Error::Upstream { .. } | Error::Unreachable { .. } | Error::Timeout { .. }
            );
            assert!(is_outage, "{way:?}: {error}");
        }
        let asked = gate.accepted() - before;
        assert!(asked < 50, "{way:?}: asked {asked} times");
        gate.set(Way::Pass);
        // It may rest for a moment still.
        let mut back = false;
        for _ in 0..500 {
            back = files.find(&pic).await.is_ok();
            if back {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert!(back, "{way:?}");
        for _ in 0..10 {
            assert!(files.find(&pic).await.is_ok(), "{way:?}");
        }
    }
}

#[tokio::test]
async fn a_refusal_is_no_outage() {
    let server = S3Server::start();
    put(&server.bucket(), "pic.jpg", b"here");
    let files = plain(s3::Config {
        patience: Patience {
            breaker: BreakerRule {
                failures: 1,
                rest: Duration::from_secs(60),
                longest: Duration::from_secs(60),
            },
            ..Patience::of_buckets()
        },
        ..server.config()
    });
    server.deny("HeadObject");
    for n in 0..3 {
        let missing = files.find(&image("none", Some("jpg"))).await;
        assert!(missing.is_err_and(|error| error.is_not_found()), "{n}");
    }
    server.deny("ListObjectsV2");
    for n in 0..3 {
        let error = failure(&files).await;
        assert!(matches!(error, Error::Denied { .. }), "{n}: {error}");
    }
    server.allow("HeadObject");
    server.allow("ListObjectsV2");
    assert!(files.find(&image("pic", Some("jpg"))).await.is_ok());
}

#[tokio::test]
async fn what_broke_off_is_asked_again() {
    let (server, gate, config) = gated(Patience {
        retries: 2,
        ..hasty()
    })
    .await;
    let large = vec![7; 1 << 20];
    put(&server.bucket(), "pic.jpg", &large);
    let files = plain(config);
    let pic = image("pic", Some("jpg"));
    gate.next(&[Way::Reset, Way::Cut(20)]);
    let found = files.find(&pic).await.expect("the third time");
    assert_eq!(gate.accepted(), 3);
    // In the middle of a body, too.
    gate.next(&[Way::Cut(1 << 19), Way::Cut(1 << 10)]);
    let read = files.read(&found, 2 << 20).await.expect("the third time");
    assert!(read == large);
    assert_eq!(server.calls("GetObject"), 3);
    // Not for ever.
    gate.set(Way::Cut(1 << 19));
    let error = files.read(&found, 2 << 20).await.expect_err("cut");
    assert!(matches!(error, Error::Upstream { .. }), "{error}");
    assert_eq!(server.calls("GetObject"), 6);
}

#[tokio::test]
async fn repetitions_end_with_the_total_time() {
    for (way, most) in [(Way::Hang, 10), (Way::Reset, 60)] {
        let (_server, gate, config) = gated(Patience {
            first_byte: Duration::from_millis(200),
            total: Duration::from_secs(1),
            retries: 100,
            ..hasty()
        })
        .await;
        gate.set(way);
        let error = failure(&plain(config)).await;
        let asked = gate.accepted();
        assert!(
            (2..most).contains(&asked),
            "{way:?}: {asked} times, {error}"
        );
    }
}

#[tokio::test]
async fn a_look_up_of_many_calls_ends_with_the_total_time() {
    let server = S3Server::start();
    // Each answer is in time, and there are eight spellings to ask for.
    server.delay(Duration::from_millis(150));
    let config = s3::Config {
        patience: Patience {
            total: Duration::from_millis(400),
            ..hasty()
        },
        ..server.config()
    };
    let store = Store::bucket(s3::Client::new("slow", config), Arc::default());
    let origin = Backup::new(store, "res/acme", VersionRule::Newest, life());
    let error = origin.find(&image("a b+e\u{301}%41", Some("jpg"))).await;
    assert!(matches!(error, Err(Error::Timeout { .. })), "{error:?}");
    assert!(server.calls("ListObjectsV2") <= 4);
}
