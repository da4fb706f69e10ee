//! What do gateways share that keep their results in one bucket, and do they get on without it?

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use cldgate::cache::{Bucket, DerivedKey, KeyParts, Owner, Purge, Record};
use reqwest::StatusCode;

use crate::gate::{Gate, Way};
use crate::gateway::{Gateway, caching_config, photos};
use crate::origin::s3_server::{self, BUCKET, S3Server};

/// Lines of `[cache]` for a store behind an address.
fn store_lines(endpoint: &str) -> String {
    let bucket = format!("bucket = \"{BUCKET}\"");
    let store = format!("store = \"s3://{BUCKET}/derived\"");
    s3_server::toml(endpoint).replace(&bucket, &store)
}

fn gateway(endpoint: &str, more: &str) -> Gateway {
    Gateway::start(&caching_config(
        &photos(),
        &(store_lines(endpoint) + more),
        "",
    ))
}

/// For tests that are not about time: a busy machine is no store that fails.
const PATIENT: &str = "first_byte_timeout = \"20s\"\ntotal_timeout = \"30s\"\n";

/// All records in the bucket.
fn records(server: &S3Server) -> Vec<PathBuf> {
    fn below(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                below(&path, found);
            } else {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    below(&server.bucket().join("derived/results"), &mut found);
    found
}

async fn settled(gateway: &Gateway, server: &S3Server, count: usize) {
    for _ in 0..500 {
        if gateway.counter("cldgate_store_waiting").await == 0 && records(server).len() >= count {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!(
        "{} of {count} records\n{}",
        records(server).len(),
        gateway.log()
    );
}

/// What `X-Cache` says, and the body.
async fn ask(gateway: &Gateway, url: &str) -> (String, bytes::Bytes) {
    let response = gateway.get(url).await;
    assert_eq!(response.status(), StatusCode::OK, "{url}");
    let cached = response.headers()["x-cache"]
        .to_str()
        .expect("text")
        .to_owned();
    (cached, response.bytes().await.expect("a body"))
}

const FORMS: [&str; 3] = [
    "/demo/image/upload/c_scale,w_40/sample.jpg",
    "/demo/image/upload/c_fill,w_30,h_30/v1/sample.png",
    "/demo/image/upload/c_scale,w_41,f_webp/sample",
];
const OTHER: &str = "/demo/image/upload/c_scale,w_40/folder/photo.jpg";
const LAYERED: &str =
    "/demo/image/upload/c_scale,w_80/l_sample,w_20/fl_layer_apply/folder/photo.jpg";

#[tokio::test]
async fn three_gateways_render_once_purge_together_and_lose_nothing() {
    let server = S3Server::start();
    let [a, b, c] = [(); 3].map(|()| gateway(&server.endpoint, PATIENT));
    let urls: Vec<&str> = FORMS.into_iter().chain([OTHER, LAYERED]).collect();
    let mut bodies = Vec::new();
    for url in &urls {
        let (cached, body) = ask(&a, url).await;
        assert_eq!(cached, "miss", "{url}");
        bodies.push(body);
    }
    settled(&a, &server, urls.len()).await;
    // Rendered once: who did not render it reads it.
    for other in [&b, &c] {
        for (url, body) in urls.iter().zip(&bodies) {
            assert_eq!(
                ask(other, url).await,
                ("hit".to_owned(), body.clone()),
                "{url}"
            );
        }
        assert_eq!(other.counter("cldgate_renders_total").await, 0);
        assert_eq!(
            other.counter("cldgate_store_hits_total").await,
            urls.len() as u64
        );
    }

    // A purge on one is done in the store when it answers, and soon in the memory of all.
    let (status, told) = b.purge(r#"{"public_ids": ["sample"]}"#).await;
    assert_eq!(status, StatusCode::OK, "{told}");
    let told: serde_json::Value = serde_json::from_str(&told).expect("JSON");
    assert_eq!(
        (&told["store"], &told["memory"]),
        (&4.into(), &4.into()),
        "{told}"
    );
    assert_eq!(records(&server).len(), 1, "{:?}", records(&server));
    assert_eq!(ask(&b, FORMS[0]).await.0, "miss");
    // Each is asked for another: what is made anew on one is in the store for all.
    for (other, url) in [(&a, FORMS[1]), (&c, FORMS[2])] {
        let mut purged = false;
        for _ in 0..400 {
            // It is in no store any more: only a memory can answer with it.
            let (cached, _) = ask(other, url).await;
            purged = cached == "miss";
            if purged {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert!(purged, "{}", other.log());
        assert_eq!(ask(other, OTHER).await.0, "hit", "others stay");
    }

    // What a gateway has made outlives it.
    // Those of the purged asset may still be taken back by who wrote them meanwhile: they are not counted.
    let of_photo = || {
        let all = records(&server);
        let names = all
            .iter()
            .filter_map(|path| path.strip_prefix(server.bucket()).ok());
        names
            .filter(|name| name.to_string_lossy().contains("photo"))
            .count()
    };
    let before = of_photo();
    let mut kept = None;
    // What is made while a purge is still on its way through a gateway is kept nowhere: the next one is.
    for width in 55..60 {
        let last = format!("/demo/image/upload/c_scale,w_{width}/folder/photo.jpg");
        let (_, body) = ask(&a, &last).await;
        for _ in 0..200 {
            if of_photo() > before {
                kept = Some((last, body));
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        if kept.is_some() {
            break;
        }
    }
    assert_eq!(of_photo(), before + 1, "{}", a.log());
    let (last, body) = kept.expect("what is made after a purge is kept");
    settled(&a, &server, 1).await;
    a.kill();
    assert_eq!(ask(&c, &last).await, ("hit".to_owned(), body.clone()));
    let d = gateway(&server.endpoint, PATIENT);
    assert_eq!(ask(&d, &last).await, ("hit".to_owned(), body));
    for gateway in [&b, &c, &d] {
        for kind in ["read", "write"] {
            let errors = format!("cldgate_store_{kind}_errors_total");
            assert_eq!(gateway.counter(&errors).await, 0, "{}", gateway.log());
        }
    }
}

#[tokio::test]
async fn who_makes_the_same_at_the_same_time_is_in_nobodys_way() {
    let server = S3Server::start();
    let gateways = [(); 3].map(|()| gateway(&server.endpoint, PATIENT));
    for width in 50..60 {
        let url = format!("/demo/image/upload/c_scale,w_{width}/sample.jpg");
        let [a, b, c] = &gateways;
        let (a, b, c) = tokio::join!(ask(a, &url), ask(b, &url), ask(c, &url));
        assert!(a.1 == b.1 && b.1 == c.1, "{url}");
    }
    for gateway in &gateways {
        settled(gateway, &server, 10).await;
        assert_eq!(gateway.counter("cldgate_store_write_errors_total").await, 0);
    }
    assert_eq!(records(&server).len(), 10);
}

#[tokio::test]
async fn a_torn_or_foreign_object_is_never_served_and_is_replaced() {
    let server = S3Server::start();
    let first = gateway(&server.endpoint, PATIENT);
    let mut bodies = Vec::new();
    for url in FORMS.iter().chain([&OTHER]) {
        bodies.push(ask(&first, url).await.1);
    }
    settled(&first, &server, 4).await;
    drop(first);
    let spoilt = records(&server);
    let whole = fs::read(&spoilt[3]).expect("read");
    for (file, n) in spoilt.iter().zip(0..) {
        let bytes = fs::read(file).expect("read");
        match n {
            0 => fs::write(file, &bytes[..bytes.len() / 2]),
            1 => fs::write(file, [&bytes[..bytes.len() - 1], b"!"].concat()),
            // Another result's record under this key.
            2 => fs::write(file, &whole),
            // Longer than any record, and no longer than a server reads through in no time when it has lost
            // the sum that belongs to it.
            _ => fs::File::create(file).and_then(|file| file.set_len((64 << 20) + 1)),
        }
        .expect("spoilt");
    }
    let second = gateway(&server.endpoint, PATIENT);
    for (url, body) in FORMS.iter().chain([&OTHER]).zip(&bodies) {
        assert_eq!(
            ask(&second, url).await,
            ("miss".to_owned(), body.clone()),
            "{url}"
        );
    }
    assert_eq!(second.counter("cldgate_store_damaged_total").await, 4);
    assert_eq!(second.counter("cldgate_store_read_errors_total").await, 0);
    settled(&second, &server, 4).await;
    let third = gateway(&server.endpoint, PATIENT);
    let mut hits = 0;
    for (url, body) in FORMS.iter().chain([&OTHER]).zip(&bodies) {
        let (cached, again) = ask(&third, url).await;
        assert_eq!(&again, body, "{url}");
        hits += u32::from(cached == "hit");
    }
    assert_eq!(hits, 4, "{}", third.log());
}

/// Requests succeed without the store; counted, and told once.
async fn goes_on_without(gateway: &Gateway, what: &str) {
    for width in 60..100 {
        let url = format!("/demo/image/upload/c_fill,w_{width},h_30/sample.jpg");
        assert_eq!(ask(gateway, &url).await.0, "miss", "{what}: {url}");
    }
    for kind in ["read", "write"] {
        let mut errors = 0;
        for _ in 0..1000 {
            errors = gateway
                .counter(&format!("cldgate_store_{kind}_errors_total"))
                .await;
            if errors > 0 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert!(errors > 0, "{what}: no failure to {kind} was counted");
    }
    let log = gateway.log();
    let told = log.lines().filter(|line| line.contains("derived store"));
    assert_eq!(told.count(), 1, "{what}: {log}");
}

#[tokio::test]
async fn a_store_that_is_down_is_no_error_to_clients() {
    let server = S3Server::start();
    for way in [Way::Reset, Way::Hang, Way::Cut(40)] {
        let gate = Gate::before(server.address()).await;
        gate.set(way);
        let gateway = gateway(&gate.base(), "first_byte_timeout = \"200ms\"\n");
        goes_on_without(&gateway, &format!("{way:?}")).await;
        let asked = gate.accepted();
        assert!(asked < 400, "{way:?}: {asked} connections");
        let out_of_order = async || gateway.counter("cldgate_store_out_of_order").await;
        assert!(out_of_order().await > 0, "{way:?}: and it says so");
        // A purge that does not reach the store does not say that it did.
        if way == Way::Reset {
            let (status, told) = gateway.purge(r#"{"public_ids": ["sample"]}"#).await;
            assert_eq!(status, StatusCode::BAD_GATEWAY, "{told}");
            assert_eq!(ask(&gateway, FORMS[0]).await.0, "miss");
        }
        // It comes back by itself.
        gate.set(Way::Pass);
        let mut kept = false;
        for width in 100..900 {
            let url = format!("/demo/image/upload/c_fill,w_{width},h_20/sample.jpg");
            ask(&gateway, &url).await;
            kept = !records(&server).is_empty();
            if kept {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert!(kept, "{way:?}: {}", gateway.log());
        for width in 100..900 {
            if out_of_order().await == 0 {
                break;
            }
            let url = format!("/demo/image/upload/c_fill,w_{width},h_21/sample.jpg");
            ask(&gateway, &url).await;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert_eq!(out_of_order().await, 0, "{way:?}: and says that it is back");
        for file in records(&server) {
            fs::remove_file(file).expect("removed");
        }
    }
}

#[tokio::test]
async fn a_store_that_is_slow_is_left_alone() {
    let server = S3Server::start();
    server.delay(Duration::from_secs(30));
    let gateway = gateway(&server.endpoint, "first_byte_timeout = \"200ms\"\n");
    goes_on_without(&gateway, "slow").await;
}

#[tokio::test]
async fn a_store_that_may_not_be_written_or_read_is_no_error_to_clients() {
    let server = S3Server::start();
    server.deny("PutObject");
    server.deny("GetObject");
    let gateway = gateway(&server.endpoint, "");
    goes_on_without(&gateway, "denied").await;
}

/// A record of an asset of `demo`, with layers.
fn record(id: &str, n: u32, layers: &[&str]) -> (DerivedKey, Record) {
    let spec = n.to_string();
    let others: Vec<_> = layers.iter().map(|layer| (*layer, "etag")).collect();
    let key = DerivedKey::new(&KeyParts {
        public_id: id,
        origin: "o",
        object: id,
        etag: "e",
        others: &others,
        spec: &spec,
        client: "",
        rules: "",
    });
    let owner = Owner {
        endpoint: if n.is_multiple_of(2) { "even" } else { "odd" },
        public_ids: std::iter::once(id).chain(layers.iter().copied()).collect(),
    };
    let body = format!("{id} {n}").repeat(10);
    (
        key,
        Record::new(&key, SystemTime::now(), &owner, b"", body.as_bytes()),
    )
}

fn by(ids: &[&str], prefixes: &[&str], endpoints: &[&str]) -> Purge {
    let owned = |list: &[&str]| list.iter().map(|text| (*text).into()).collect();
    Purge {
        public_ids: owned(ids),
        prefixes: owned(prefixes),
        endpoints: owned(endpoints),
    }
}

async fn flushed(bucket: &Arc<Bucket>) {
    let bucket = bucket.clone();
    tokio::task::spawn_blocking(move || bucket.flush())
        .await
        .expect("flushed");
}

#[tokio::test]
async fn a_purge_lists_what_it_means_and_no_more() {
    let server = S3Server::start();
    let store = Bucket::open(server.config(), "d").expect("a store");
    let long = "shop/".to_owned() + &"é".repeat(300);
    let ids = [
        "shop/2019/a",
        "shop/2019/ab",
        "shop/2020/a",
        "żaba é!",
        &long,
    ];
    let mut all = Vec::new();
    for id in ids {
        for n in 0..4 {
            all.push((id, record(id, n, &[])));
        }
    }
    for n in 0..2 {
        all.push(("other", record("other", n, &["logo", "shop/2020/a"])));
    }
    let refill = async || {
        for (_, (key, record)) in &all {
            store.put(*key, record.clone());
        }
        flushed(&store).await;
        assert_eq!(store.counters().write_errors, 0);
    };
    let cases = [
        (by(&["shop/2019/a"], &[], &[]), 4, vec!["shop/2019/a"], 4),
        (by(&["logo"], &[], &[]), 2, vec!["other"], 4),
        (
            by(&["shop/2020/a"], &[], &[]),
            6,
            vec!["shop/2020/a", "other"],
            4,
        ),
        (by(&[&long], &[], &[]), 4, vec![&*long], 4),
        (by(&["nobody"], &[], &[]), 0, vec![], 4),
        (
            by(&[], &["shop/2019/a"], &[]),
            8,
            vec!["shop/2019/a", "shop/2019/ab"],
            6,
        ),
        (
            by(&[], &["shop/"], &[]),
            18,
            vec!["shop/2019/a", "shop/2019/ab", "shop/2020/a", &long, "other"],
            6,
        ),
        (by(&[], &["ż"], &[]), 4, vec!["żaba é!"], 6),
        (by(&[], &[], &["nobody"]), 0, vec![], 3),
        (
            by(&[], &[], &["even", "odd"]),
            22,
            ids.into_iter().chain(["other"]).collect(),
            3,
        ),
        (
            by(&[], &[""], &[]),
            22,
            ids.into_iter().chain(["other"]).collect(),
            4,
        ),
    ];
    for (purge, count, gone, listings) in cases {
        refill().await;
        let before = server.calls("ListObjectsV2");
        let purged = store.purge(&purge).await.expect("purged");
        // One more may be a look for purges.
        let listed = server.calls("ListObjectsV2") - before;
        assert!(listed <= listings, "{purge:?}: {listed} listings");
        // Two that are meant twice may be counted twice.
        assert!((count..=count + 2).contains(&purged), "{purge:?}: {purged}");
        for (id, (key, _)) in &all {
            let found = store.get(key, id).await.is_some();
            assert_eq!(found, !gone.contains(id), "{purge:?}: {id}");
        }
    }
    assert_eq!(store.counters().damaged, 0);
}

#[tokio::test]
async fn one_store_takes_another_ones_purge_back() {
    let server = S3Server::start();
    let [first, second] = [(); 2].map(|()| Bucket::open(server.config(), "d").expect("a store"));
    // The second has not looked since it wrote this, and the purge of the first misses it.
    let purge = by(&["late"], &[], &[]);
    first.purge(&purge).await.expect("purged");
    let (key, late) = record("late", 1, &[]);
    second.put(key, late);
    flushed(&second).await;
    let mut heard = Vec::new();
    // Before it began, and when it was done.
    for _ in 0..2 {
        let told = second.heard().await;
        assert_eq!(told.purge, purge);
        heard.push(second.take_back(&told.purge).await.expect("taken back"));
    }
    assert_eq!(heard, [1, 0]);
    assert!(first.get(&key, "late").await.is_none());
}

#[tokio::test]
async fn the_commands_know_the_store() {
    let server = S3Server::start();
    let folder = crate::gateway::scratch("shared");
    let file = folder.join("cldgate.toml");
    let config = caching_config(&photos(), &store_lines(&server.endpoint), "");
    fs::write(&file, config).expect("written");
    let file = file.display().to_string();
    let said = |arguments: &[&str]| {
        let output = crate::gateway::cldgate(arguments);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        (
            output.status.code(),
            text + &String::from_utf8_lossy(&output.stderr),
        )
    };
    let (code, told) = said(&["check", "--config", &file, "--connect"]);
    assert_eq!(code, Some(0), "{told}");
    for line in [
        "derived store: bucket acme-backup at",
        "put    ok: derived/.cldgate-check",
        "delete ok",
    ] {
        assert!(told.contains(line), "{line}: {told}");
    }
    server.deny("DeleteObject");
    let (code, told) = said(&["check", "--config", &file, "--connect"]);
    assert_eq!(code, Some(1), "{told}");
    assert!(
        told.contains("delete FAILED") && told.contains("s3:DeleteObject"),
        "{told}"
    );
    server.allow("DeleteObject");
    let (code, policy) = said(&["check", "--config", &file, "--iam"]);
    assert_eq!(code, Some(0), "{policy}");
    let policy: serde_json::Value = serde_json::from_str(&policy).expect("JSON");
    let [list, keep] = policy["Statement"]
        .as_array()
        .expect("statements")
        .as_slice()
    else {
        panic!("{policy}");
    };
    assert_eq!(list["Condition"]["StringLike"]["s3:prefix"], "derived/*");
    assert_eq!(keep["Resource"], "arn:aws:s3:::acme-backup/derived/*");
    let actions = serde_json::json!(["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]);
    assert_eq!(keep["Action"], actions);

    // What is warmed into the store, a gateway finds there.
    let list = folder.join("urls");
    fs::write(&list, FORMS.join("\n")).expect("written");
    let list = list.display().to_string();
    let (code, told) = said(&["warm", &list, "--config", &file]);
    assert_eq!(
        (code, told.lines().last()),
        (
            Some(0),
            Some("3 made, 0 already there, 0 sent as they are stored, 0 failed")
        ),
        "{told}"
    );
    assert_eq!(records(&server).len(), 3);
    let gateway = gateway(&server.endpoint, "");
    let response = gateway.ask(FORMS[0], &[("accept", "*/*")]).await;
    assert_eq!(response.headers()["x-cache"], "hit");
    fs::remove_dir_all(folder).expect("removed");
}
