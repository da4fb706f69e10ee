//! Do listings and refusals that make no sense stay bounded, and never become another asset?

use std::sync::Arc;

use cldgate::origin::{Backup, Error, Origin, Store, VersionRule, s3};

use super::faults::{liar, says};
use super::ground::{forgetful, image};
use crate::faults::{Reply, Server};

fn backup(config: s3::Config) -> Backup {
    let store = Store::bucket(s3::Client::new("backup", config), Arc::default());
    Backup::new(store, "res/acme", VersionRule::Newest, forgetful())
}

const PREFIX: &str = "res/acme/image/upload/pic/";

fn entry(leaf: &str, bytes: &str) -> String {
    format!(
        "<Contents><Key>{PREFIX}{leaf}</Key><LastModified>2020-09-13T12:26:40.000Z</LastModified>\
         <ETag>&quot;1&quot;</ETag><Size>{bytes}</Size></Contents>"
    )
}

/// A page as a store sends it.
fn page(more: &str, entries: &str) -> String {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><ListBucketResult>{more}{entries}</ListBucketResult>"
    );
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/xml\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

const LAST: &str = "<IsTruncated>false</IsTruncated>";

#[tokio::test]
async fn strange_names_and_numbers_are_no_versions() {
    let long = format!("7.{}", "x".repeat(1000));
    let entries = [
        entry("1500000000.jpg", "10"),
        entry("1600000000.jpg", "20"),
        // Larger than any number, negative, with a sign, with a line break, of other digits.
        entry("99999999999999999999999999.jpg", "1"),
        entry("-1700000000.jpg", "1"),
        entry("+1700000000.jpg", "1"),
        entry("1700000000.jpg\n", "1"),
        entry("1700000000\n.jpg", "1"),
        entry("1700000000&#10;.jpg", "1"),
        entry("١٧٠٠٠٠٠٠٠٠.jpg", "1"),
        entry("1700000000.j/../pg", "1"),
        entry("1700000000.", "1"),
        entry("1.7e9.jpg", "1"),
        entry(&long, "1"),
    ];
    let (_server, config) = says(page(LAST, &entries.concat())).await;
    let origin = backup(config);
    let found = origin.find(&image("pic", Some("jpg"))).await;
    let found = found.expect("found");
    assert_eq!((found.version, found.bytes), (Some(1_600_000_000), 20));
    // The largest number there is stands for itself.
    let entries = entry("18446744073709551615.jpg", "-5");
    let (_server, config) = says(page(LAST, &entries)).await;
    let found = backup(config).find(&image("pic", Some("jpg"))).await;
    let found = found.expect("found");
    assert_eq!((found.version, found.bytes), (Some(u64::MAX), 0));
}

#[tokio::test]
async fn keys_that_xml_cannot_hold_are_asked_for_encoded() {
    let encoded = page(
        &format!("{LAST}<EncodingType>url</EncodingType>"),
        &[
            entry("1500000000.jpg", "1"),
            entry("17%0A00.jpg", "1"),
            entry("x%1By.jpg", "1"),
        ]
        .concat(),
    );
    let plain = page(
        LAST,
        &[entry("1500000000.jpg", "1"), entry("x\u{1b}y.jpg", "1")].concat(),
    );
    let server = Server::start(move |asked| {
        let answer = match asked.target.contains("encoding-type=url") {
            true => encoded.clone(),
            false => plain.clone(),
        };
        Reply::Raw(answer.into_bytes())
    })
    .await;
    let (_other, config) = says(String::new()).await;
    let origin = backup(s3::Config {
        endpoint: Some(server.base()),
        ..config
    });
    let found = origin.find(&image("pic", Some("jpg"))).await;
    assert_eq!(found.expect("found").version, Some(1_500_000_000));
}

#[tokio::test]
async fn listings_beyond_all_measure_are_errors() {
    // The largest page that there can be.
    let name = "9".repeat(1024 - PREFIX.len());
    let full: String = (0..999).map(|_| entry(&name, "1")).collect();
    let full = format!("{full}{}", entry("7.jpg", "1"));
    let (_server, config) = says(page(LAST, &full)).await;
    let found = backup(config).find(&image("pic", Some("jpg"))).await;
    assert_eq!(found.expect("found").version, Some(7));

    let million: String = (0..100_000_u32)
        .map(|n| entry(&n.to_string(), "1"))
        .collect();
    for (answer, word) in [
        (says(page(LAST, &million)).await, "longer than any should be"),
        (liar(|| Reply::Endless(200)).await, "longer than any should be"),
        (liar(|| Reply::Endless(403)).await, "longer than any should be"),
        (liar(|| Reply::Endless(500)).await, "longer than any should be"),
        (liar(|| Reply::EndlessHead).await, ""),
        // Never through, with a token that changes or stays.
        (
            says(page(
                "<IsTruncated>true</IsTruncated><NextContinuationToken>again</NextContinuationToken>",
                &entry("7.jpg", "1"),
            ))
            .await,
            "does not go on",
        ),
    ] {
        let (_server, config) = answer;
        let error = backup(config).find(&image("pic", Some("jpg"))).await;
        let error = error.expect_err("an error");
        assert!(matches!(error, Error::Upstream { .. }), "{error}");
        assert!(error.to_string().contains(word), "{error}");
        assert!(error.to_string().len() < 1000, "{error}");
    }
}

#[tokio::test]
async fn a_listing_without_end_is_given_up() {
    let count = std::sync::atomic::AtomicU64::new(0);
    let server = Server::start(move |_| {
        let n = count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let more = format!(
            "<IsTruncated>true</IsTruncated><NextContinuationToken>{n}</NextContinuationToken>"
        );
        Reply::Raw(page(&more, &entry("7.jpg", "1")).into_bytes())
    })
    .await;
    let (_other, config) = says(String::new()).await;
    let origin = backup(s3::Config {
        endpoint: Some(server.base()),
        ..config
    });
    let error = origin.find(&image("pic", Some("jpg"))).await;
    let error = error.expect_err("an error");
    // By the number of pages, or on a slow machine by the time.
    let bounded = matches!(error, Error::Upstream { .. } | Error::Timeout { .. });
    assert!(
        bounded && server.hits() <= 101,
        "{error}, {}",
        server.hits()
    );
}
