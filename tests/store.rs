//! Does the derived store outlive whatever ends the process, and is nothing torn ever served from it?

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use cldgate::cache::{DerivedKey, Disk, KeyParts, Owner, Purge, Record};
use reqwest::StatusCode;

use crate::gateway::{Gateway, caching_config, full, photos, scratch};

fn cached(response: &reqwest::Response) -> &str {
    let value = response.headers().get("x-cache");
    value.map_or("", |value| value.to_str().expect("text"))
}

fn store_line(store: &Path) -> String {
    format!("store = '{}'", store.display())
}

/// All files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found
}

const URL: &str = "/demo/image/upload/c_fill,w_90,h_60/sample.jpg";

#[tokio::test]
async fn a_result_outlives_a_restart() {
    let store = scratch("store");
    let first = Gateway::caching(&store_line(&store), "");
    let made = first.get(URL).await;
    assert_eq!(cached(&made), "miss");
    let (etag, modified) = (
        made.headers()["etag"].clone(),
        made.headers()["last-modified"].clone(),
    );
    let body = made.bytes().await.expect("a body");
    // What is asked for first when it stops is written before it has stopped.
    first.stop();

    let second = Gateway::caching(&store_line(&store), "");
    let kept = second.get(URL).await;
    assert_eq!(cached(&kept), "hit");
    assert_eq!(kept.headers()["etag"], etag);
    assert_eq!(kept.headers()["last-modified"], modified);
    let timing = kept.headers()["server-timing"]
        .to_str()
        .expect("text")
        .to_owned();
    assert!(
        timing.contains("width=90,height=60") && timing.contains("owidth=1920"),
        "{timing}"
    );
    assert_eq!(kept.bytes().await.expect("a body"), body);
    assert_eq!(second.counter("cldgate_renders_total").await, 0);
    assert_eq!(second.counter("cldgate_store_hits_total").await, 1);
    // From memory now.
    assert_eq!(cached(&second.get(URL).await), "hit");
    assert_eq!(second.counter("cldgate_store_hits_total").await, 1);
    fs::remove_dir_all(store).expect("removed");
}

#[tokio::test]
async fn damage_is_found_removed_and_made_anew() {
    let store = scratch("damage");
    let first = Gateway::caching(&store_line(&store), "");
    let body = first.get(URL).await.bytes().await.expect("a body");
    first.stop();
    let file = files(&store).pop().expect("a record");
    let whole = fs::read(&file).expect("readable");
    for (what, damaged) in [
        ("cut short", whole[..whole.len() / 2].to_vec()),
        ("empty", Vec::new()),
        ("longer", [&whole[..], b"x"].concat()),
        ("one bit", {
            let mut bytes = whole.clone();
            *bytes.last_mut().expect("a byte") ^= 1;
            bytes
        }),
    ] {
        fs::write(&file, damaged).expect("written");
        let gateway = Gateway::caching(&store_line(&store), "");
        let response = gateway.get(URL).await;
        assert_eq!(
            (response.status(), cached(&response)),
            (StatusCode::OK, "miss"),
            "{what}"
        );
        assert_eq!(response.bytes().await.expect("a body"), body, "{what}");
        assert_eq!(
            gateway.counter("cldgate_store_damaged_total").await,
            1,
            "{what}"
        );
        gateway.stop();
    }
    fs::remove_dir_all(store).expect("removed");
}

#[tokio::test]
async fn the_store_stays_within_its_size() {
    let store = scratch("size");
    let cache = format!(
        "{}\nstore_size = \"64KiB\"\nmemory = \"0\"",
        store_line(&store)
    );
    let gateway = Gateway::caching(&cache, "");
    for width in 100..140 {
        let url = format!("/demo/image/upload/c_fill,w_{width},h_100/sample.jpg");
        assert_eq!(gateway.get(&url).await.status(), StatusCode::OK);
    }
    let evicted = gateway.counter("cldgate_store_evicted_total").await;
    assert!(evicted > 0, "nothing was evicted");
    gateway.stop();
    let bytes: u64 = files(&store)
        .iter()
        .map(|file| fs::metadata(file).expect("a file").len())
        .sum();
    assert!(bytes > 0 && bytes <= 64 << 10, "{bytes} bytes are left");
    fs::remove_dir_all(store).expect("removed");
}

/// A gateway in a namespace of its own, in which `mount` has run. `None` where the system forbids it.
fn in_namespace(mount: &str, config: &str) -> Option<Gateway> {
    let possible = Command::new("unshare")
        .args(["-Urm", "sh", "-c", &format!("{mount} && exit 0")])
        .output();
    if !possible.is_ok_and(|done| done.status.success()) {
        println!("skipped: no file system of one's own can be mounted here");
        return None;
    }
    let mut command = Command::new("unshare");
    command.args(["-Urm", "sh", "-c"]);
    command.arg(format!("{mount} && exec \"$@\""));
    command.args(["sh", env!("CARGO_BIN_EXE_cldgate")]);
    Some(Gateway::start_by(command, config))
}

/// Requests succeed, uncached by the store; counted, and told once.
async fn goes_on_without(gateway: &Gateway) {
    for width in 60..120 {
        let url = format!("/demo/image/upload/c_fill,w_{width},h_300/sample.jpg");
        let response = gateway.get(&url).await;
        assert_eq!(response.status(), StatusCode::OK, "{width}");
        assert!(!response.bytes().await.expect("a body").is_empty());
    }
    // Written in the background.
    for _ in 0..100 {
        if gateway.counter("cldgate_store_waiting").await == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let errors = gateway.counter("cldgate_store_write_errors_total").await;
    assert!(errors > 0, "no failure was counted");
    let told = gateway
        .log()
        .lines()
        .filter(|line| line.contains("derived store"))
        .count();
    assert_eq!(told, 1, "{}", gateway.log());
}

#[tokio::test]
async fn a_full_disk_is_no_error_to_clients() {
    let store = scratch("full");
    let mount = format!("mount -t tmpfs -o size=100k none '{}'", store.display());
    let config = caching_config(&photos(), &store_line(&store), "");
    if let Some(gateway) = in_namespace(&mount, &config) {
        goes_on_without(&gateway).await;
    }
    fs::remove_dir_all(store).expect("removed");
}

#[tokio::test]
async fn a_store_that_may_not_be_written_is_no_error_to_clients() {
    let store = scratch("read-only");
    let mount = format!("mount -t tmpfs -o ro none '{}'", store.display());
    let config = caching_config(&photos(), &store_line(&store), "");
    if let Some(gateway) = in_namespace(&mount, &config) {
        goes_on_without(&gateway).await;
    }
    // A folder that cannot be there at all: no name space is needed for it.
    let file = store.join("file");
    fs::write(&file, "").expect("written");
    let gateway = Gateway::caching(&store_line(&file.join("below")), "");
    goes_on_without(&gateway).await;
    fs::remove_dir_all(store).expect("removed");
}

/// Asks for pictures until the gateway dies; every answer that arrives whole must be the picture.
async fn load(base: String, known: Arc<Mutex<BTreeMap<String, u64>>>, seed: u64) -> usize {
    let client = reqwest::Client::new();
    let mut whole = 0;
    for n in 0.. {
        let width = 20 + (seed * 7919 + n * 104_729) % 160;
        let url = format!("/demo/image/upload/c_scale,w_{width}/logo.png");
        let Ok(response) = client.get(format!("{base}{url}")).send().await else {
            break;
        };
        let status = response.status();
        let Ok(body) = response.bytes().await else {
            break;
        };
        assert_eq!(status, StatusCode::OK, "{url}");
        let sum = xxhash_rust::xxh3::xxh3_64(&body);
        let first = *known
            .lock()
            .expect("unpoisoned")
            .entry(url.clone())
            .or_insert(sum);
        assert_eq!(
            sum,
            first,
            "{url} has {} bytes of another picture",
            body.len()
        );
        whole += 1;
    }
    whole
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_it_writes_it_never_serves_a_torn_picture() {
    let store = scratch("killed");
    let rounds = if full() { 200 } else { 4 };
    let known = Arc::new(Mutex::new(BTreeMap::new()));
    let (mut answers, mut hits, mut damaged) = (0, 0, 0);
    let mut slowest = Duration::ZERO;
    for round in 0..rounds {
        // Every answer comes from the store or is made: nothing stays in memory.
        let cache = format!(
            "{}\nmemory = \"0\"\nstore_size = \"300KiB\"",
            store_line(&store)
        );
        let start = Instant::now();
        let gateway = Gateway::caching(&cache, "");
        assert_eq!(gateway.get(URL).await.status(), StatusCode::OK);
        slowest = slowest.max(start.elapsed());
        let tasks: Vec<_> = (0..4)
            .map(|n| tokio::spawn(load(gateway.base.clone(), known.clone(), round * 4 + n)))
            .collect();
        tokio::time::sleep(Duration::from_millis(60 + round * 37 % 200)).await;
        hits += gateway.counter("cldgate_store_hits_total").await;
        damaged += gateway.counter("cldgate_store_damaged_total").await;
        gateway.kill();
        for task in tasks {
            answers += task.await.expect("every answer is the picture");
        }
    }
    println!(
        "{rounds} kills: {answers} whole answers, {hits} from the store, {damaged} damaged files removed, \
         slowest start to first answer {slowest:?}"
    );
    assert!(
        answers > 0 && hits > 0,
        "{answers} answers, {hits} from the store"
    );
    fs::remove_dir_all(store).expect("removed");
}

fn key(n: u64) -> DerivedKey {
    DerivedKey::new(&KeyParts {
        public_id: &format!("photos/{}", n / 10),
        origin: "photos",
        object: &format!("photos/{}/1.jpg", n / 10),
        etag: "e",
        others: &[],
        spec: &n.to_string(),
        client: "",
        rules: "",
    })
}

fn record(n: u64) -> (DerivedKey, Record) {
    let (key, id) = (key(n), format!("photos/{}", n / 10));
    let owner = Owner {
        endpoint: "demo",
        public_ids: vec![&id],
    };
    let record = Record::new(&key, std::time::SystemTime::now(), &owner, b"", &[7; 400]);
    (key, record)
}

/// Lays records into a folder as the store does, without waiting for the disk.
fn fill(store: &Path, count: u64) {
    for n in 0..count {
        let (key, record) = record(n);
        let shard = store.join(&key.etag()[..2]);
        if n < 5000 {
            fs::create_dir_all(&shard).expect("a folder");
        }
        fs::write(shard.join(key.name()), record.as_bytes()).expect("written");
    }
}

fn resident(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.unwrap_or(0) * 1024
}

#[tokio::test]
async fn a_large_store_is_open_at_once() {
    let count = if full() { 100_000 } else { 3_000 };
    let store = scratch("large");
    fill(&store, count);
    let empty = Gateway::caching("", "");
    assert_eq!(empty.get(URL).await.status(), StatusCode::OK);
    let alone = resident(empty.pid());
    drop(empty);

    let start = Instant::now();
    let gateway = Gateway::caching(&store_line(&store), "");
    let answer = gateway.get("/demo/image/upload/logo.png").await;
    let first = start.elapsed();
    assert_eq!(answer.status(), StatusCode::OK);
    while gateway.counter("cldgate_store_entries").await < count {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let walked = start.elapsed();
    assert_eq!(gateway.get(URL).await.status(), StatusCode::OK);
    let bytes = resident(gateway.pid()).saturating_sub(alone) / count;
    println!(
        "{count} entries: first answer after {first:?}, all counted after {walked:?}, \
         {bytes} bytes of memory each"
    );
    if full() {
        assert!(bytes <= 200, "{bytes} bytes of memory an entry");
    }
    gateway.kill();
    fs::remove_dir_all(store).expect("removed");
}

#[test]
fn what_is_purged_is_gone_when_it_says_so() {
    let folder = scratch("purge");
    let disk = Disk::open(folder.clone(), 1 << 30).expect("a store");
    for n in 0..100 {
        let (key, record) = record(n);
        disk.put(key, record);
    }
    let by = |public_ids: &[&str], prefixes: &[&str], endpoints: &[&str]| {
        let boxed = |list: &[&str]| list.iter().map(|text| (*text).into()).collect();
        Purge {
            public_ids: boxed(public_ids),
            prefixes: boxed(prefixes),
            endpoints: boxed(endpoints),
        }
    };
    // Some are written already, some still wait: both go.
    assert_eq!(
        disk.purge(&by(&["photos/3"], &[], &[])).expect("purged"),
        10
    );
    disk.flush();
    assert_eq!(files(&folder).len(), 90);
    assert_eq!(
        disk.purge(&by(&["photos/3", "photos"], &[], &[]))
            .expect("purged"),
        0
    );
    assert_eq!(
        disk.purge(&by(&[], &["photos/1"], &[])).expect("purged"),
        10
    );
    assert_eq!(disk.purge(&by(&[], &[], &["other"])).expect("purged"), 0);
    assert_eq!(disk.counters().held.expect("counted").entries, 80);
    assert_eq!(disk.purge(&by(&[], &[], &["demo"])).expect("purged"), 80);
    assert!(files(&folder).is_empty());
    fs::remove_dir_all(folder).expect("removed");
}

#[test]
fn what_is_at_hand_is_whole_small_and_in_use() {
    let folder = scratch("at-hand");
    let disk = Disk::open(folder.clone(), 1 << 30).expect("a store");
    for n in 0..4 {
        let (key, record) = record(n);
        disk.put(key, record);
    }
    disk.flush();
    let place = |n: u64| folder.join(&key(n).etag()[..2]).join(key(n).name());
    let spoil = |n: u64, change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = fs::read(place(n)).expect("read");
        change(&mut bytes);
        fs::write(place(n), bytes).expect("written");
    };
    spoil(1, &|bytes| bytes[200] ^= 1);
    spoil(2, &|bytes| bytes.truncate(100));
    // Used long ago: that it is used again has to be written down.
    let old = std::time::SystemTime::now() - Duration::from_secs(3600);
    let file = fs::File::options()
        .append(true)
        .open(place(3))
        .expect("a file");
    file.set_modified(old).expect("changed");
    match disk.get_at_once(&key(0)) {
        Some(found) => assert_eq!(found.as_bytes(), record_like(&found, 0).as_bytes()),
        // It may refuse wherever it would have to wait; some file systems always do.
        None => println!("nothing is ever at hand on this file system"),
    }
    for n in 1..5 {
        assert!(disk.get_at_once(&key(n)).is_none(), "{n}");
    }
    // Damage is left to those who remove it.
    assert!(place(1).exists());
    assert_eq!(disk.counters().damaged, 0);
    fs::remove_dir_all(folder).expect("removed");
}

/// What was written as this record, at the time that it tells.
fn record_like(found: &Record, n: u64) -> Record {
    let id = format!("photos/{}", n / 10);
    let owner = Owner {
        endpoint: "demo",
        public_ids: vec![&id],
    };
    Record::new(&key(n), found.made(), &owner, b"", &[7; 400])
}
