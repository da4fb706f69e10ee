//! Does an origin that hangs, resets or breaks off harm nobody but those who ask it, and recover by
//! itself?

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use crate::endpoints::{backup, endpoint, photo, server, start};
use crate::faults::{Reply, Server};
use crate::gate::{Gate, Way};
use crate::gateway::Gateway;
use crate::origin::s3_server::{self, S3Server};

/// Keys of a bucket's origin that is asked without patience.
const HASTY: &str = "retries = 0\nconnect_timeout = \"5s\"\nfirst_byte_timeout = \"400ms\"\n\
                     total_timeout = \"600ms\"\n";

const BREAKER: &str = "breaker_failures = 3\nbreaker_rest = \"100ms\"\n";

/// A store with a picture, and a bucket's origin of it behind an address.
fn store(name: &str, address: &str, more: &str) -> String {
    format!(
        "[[origin]]\nname = \"{name}\"\nkind = \"s3\"\n{}{HASTY}{more}\n",
        s3_server::toml(address)
    )
}

/// Many ask the bad endpoint, and while it keeps them waiting others get what they want elsewhere. Then
/// the origin is well again, and the gateway finds out by itself.
async fn harms_nobody(gateway: Gateway, gate: Gate, way: Way) {
    gate.set(way);
    let gateway = Arc::new(gateway);
    let waiting: Vec<_> = (0..100)
        .map(|n| {
            let gateway = gateway.clone();
            tokio::spawn(async move {
                let path = format!("/bad/image/upload/c_scale,w_50/{n}.jpg");
                gateway.get(&path).await.status().as_u16()
            })
        })
        .collect();
    while gate.accepted() == 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    for n in 1..20 {
        let path = format!("/good/image/upload/c_scale,w_{n}/sample.jpg");
        assert_eq!(gateway.get(&path).await.status(), 200, "{way:?}");
    }
    let mut statuses = BTreeSet::new();
    for answer in waiting {
        statuses.insert(answer.await.expect("an answer"));
    }
    assert!(
        statuses.is_subset(&[502, 504].into()),
        "{way:?}: {statuses:?}"
    );
    // It is left alone.
    let before = gate.accepted();
    for n in 0..50 {
        let answer = gateway
            .get(&format!("/bad/image/upload/later{n}.jpg"))
            .await;
        assert!(answer.status().is_server_error(), "{way:?}");
        assert_eq!(answer.headers()["cache-control"], "no-store");
    }
    let asked = gate.accepted() - before;
    assert!(asked < 50, "{way:?}: asked {asked} times");
    assert_eq!(out_of_order(&gateway, "bad").await, 1, "{way:?}");
    gate.set(Way::Pass);
    let mut back = false;
    for _ in 0..400 {
        let answer = gateway
            .get("/bad/image/upload/c_scale,w_50/sample.jpg")
            .await;
        back = answer.status() == 200;
        if back {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(back, "{way:?}: it came back by itself");
    assert_eq!(out_of_order(&gateway, "bad").await, 0, "{way:?}");
}

/// What `/metrics` says of an origin's servers.
async fn out_of_order(gateway: &Gateway, origin: &str) -> u64 {
    let row = format!("cldgate_origin_out_of_order{{origin=\"{origin}\"}}");
    gateway.counter(&row).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_web_server_out_of_order_holds_up_no_other_endpoint() {
    for way in [Way::Hang, Way::Reset, Way::Cut(10)] {
        let sound = Server::start(|_| Reply::ok(photo(), &[("content-type", "image/jpeg")])).await;
        let gate = Gate::before(sound.address).await;
        let gateway = start(&[
            backup(""),
            server("bad", &gate.base(), BREAKER),
            endpoint("bad", "prefix = \"/bad\"\norigins = [\"bad\"]"),
            endpoint("good", "prefix = \"/good\"\norigins = [\"photos\"]"),
        ]);
        harms_nobody(gateway, gate, way).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_out_of_order_holds_up_no_other_endpoint() {
    for way in [Way::Hang, Way::Reset, Way::Cut(10)] {
        let sound = S3Server::start();
        std::fs::write(sound.bucket().join("sample.jpg"), photo()).expect("written");
        let gate = Gate::before(sound.address()).await;
        // The good endpoint has the same bucket, reached another way.
        let gateway = start(&[
            store("bad", &gate.base(), BREAKER),
            store("good", &sound.endpoint, ""),
            endpoint("bad", "prefix = \"/bad\"\norigins = [\"bad\"]"),
            endpoint("good", "prefix = \"/good\"\norigins = [\"good\"]"),
        ]);
        harms_nobody(gateway, gate, way).await;
    }
}

#[tokio::test]
async fn a_bucket_that_is_not_there_is_an_outage_and_no_missing_picture() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}", nobody.local_addr().expect("an address"));
    drop(nobody);
    let gateway = start(&[
        store("gone", &address, "breaker_failures = 0"),
        endpoint("told", "prefix = \"/told\"\norigins = [\"gone\"]"),
        endpoint(
            "hidden",
            "prefix = \"/hidden\"\norigins = [\"gone\"]\norigin_errors = \"imagekit\"",
        ),
    ]);
    let told = gateway.get("/told/image/upload/a.jpg").await;
    assert_eq!(told.status(), 502);
    assert_eq!(told.headers()["cache-control"], "no-store");
    let hidden = gateway.get("/hidden/image/upload/a.jpg").await;
    assert_eq!(hidden.status(), 404);
    assert_eq!(hidden.headers()["cache-control"], "no-store");
    let code = hidden.headers()["ik-error"].to_str().expect("text");
    assert!(code.starts_with("ECONNREFUSED - "), "{code}");
    // What a client writes into a URL writes no line of the log.
    let forged = gateway
        .get("/told/image/upload/a%0AFORGED%1b%5b31m.jpg")
        .await;
    assert_eq!(forged.status(), 502);
    let log = gateway.log();
    assert!(log.contains("FORGED"), "{log}");
    assert!(!log.lines().any(|line| line.starts_with("FORGED")), "{log}");
    assert!(!log.contains('\u{1b}'), "{log}");
}

#[tokio::test]
async fn operators_are_told_which_origin_is_dead() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}", nobody.local_addr().expect("an address"));
    drop(nobody);
    let gateway = start(&[
        backup(""),
        store("bucket", &address, BREAKER),
        server("web", &address, BREAKER),
        endpoint("bucket", "prefix = \"/bucket\"\norigins = [\"bucket\"]"),
        endpoint("web", "prefix = \"/web\"\norigins = [\"web\"]"),
        endpoint("good", "prefix = \"/good\"\norigins = [\"photos\"]"),
    ]);
    for asked in 1..=3 {
        for origin in ["bucket", "web"] {
            let path = format!("/{origin}/image/upload/w_10/{asked}.jpg");
            assert_eq!(gateway.get(&path).await.status(), 502);
            // Three failures in a row, as the configuration says.
            let expected = u64::from(asked == 3);
            assert_eq!(out_of_order(&gateway, origin).await, expected, "{path}");
        }
    }
    let good = gateway.get("/good/image/upload/w_10/sample.jpg").await;
    assert_eq!(good.status(), 200);
    assert_eq!(out_of_order(&gateway, "photos").await, 0);
    assert_eq!(gateway.counter("cldgate_origin_out_of_order").await, 2);
}

#[tokio::test]
async fn what_breaks_off_on_its_way_is_cut_and_not_short() {
    let sound = S3Server::start();
    let film = vec![7; 4 << 20];
    std::fs::write(sound.bucket().join("clip.mp4"), &film).expect("written");
    let gate = Gate::before(sound.address()).await;
    let torn = Server::start(|_| Reply::Torn(1_000_000, vec![7; 500_000])).await;
    let gateway = start(&[
        // One retry: the gate may end an idle connection just after the gateway has reused it. The
        // retry opens the next connection, the one that is cut. A body is never retried.
        format!(
            "[[origin]]\nname = \"bucket\"\nkind = \"s3\"\n{}retries = 1\nbreaker_failures = 0\n",
            s3_server::toml(&gate.base())
        ),
        server("web", &torn.base(), "breaker_failures = 0"),
        endpoint("bucket", "prefix = \"/bucket\"\norigins = [\"bucket\"]"),
        endpoint("web", "prefix = \"/web\"\norigins = [\"web\"]"),
    ]);
    let path = "/bucket/video/upload/clip.mp4";
    let whole = gateway.get(path).await;
    assert_eq!(whole.bytes().await.expect("a body").len(), film.len());
    for _ in 0..2 {
        // The object is known by now, so the next connection carries its bytes.
        gate.next(&[Way::Cut(1 << 20)]);
        let cut = gateway.get(path).await;
        assert_eq!(cut.content_length(), Some(film.len() as u64));
        assert!(cut.bytes().await.is_err(), "a cut body is an error");
        let whole = gateway.get(path).await;
        assert_eq!(whole.bytes().await.expect("a body").len(), film.len());
    }
    let cut = gateway.get("/web/video/upload/clip.mp4").await;
    assert_eq!(cut.content_length(), Some(1_000_000));
    assert!(cut.bytes().await.is_err(), "a cut body is an error");
}
