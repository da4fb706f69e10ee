//! Does the index answer what a listing would, in how many bytes and how fast, and what when it is old?

use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use cldgate::origin::index::{Index, Source, Stored, Walk, Watched, Writer};
use cldgate::origin::{Backup, Call, Object, Origin, VersionRule, s3};

use super::ground::{Ground, Kind, image, life, put, versioned};
use super::s3_server::BUCKET;
use super::{is_missing, text};
use crate::gateway::{full, scratch};

const DAY: Duration = Duration::from_secs(86_400);

fn client(ground: &Ground) -> s3::Client {
    let server = ground.server.as_ref().expect("a server");
    s3::Client::new("backup", server.config())
}

fn backup(ground: &Ground, index: PathBuf, life_of_index: Duration) -> Backup {
    let watched = Watched::new(index, BUCKET, "res/acme/", life_of_index);
    Backup::new(ground.store(), "res/acme", VersionRule::Newest, life()).with_index(watched)
}

async fn walk(ground: &Ground, path: &std::path::Path, began: SystemTime) -> (u64, u64) {
    let walk = Walk::begin(path, BUCKET, "/res/acme/", began).expect("a beginning");
    let (progress, _) = walk
        .run(&client(ground), |_| {})
        .await
        .expect("a walk to the end");
    (progress.assets, progress.keys)
}

#[tokio::test]
async fn what_is_in_the_index_needs_no_listing() {
    let ground = Ground::new(Kind::BackupBucket);
    for (key, bytes) in [
        ("image/upload/a/1500000000.jpg", "old"),
        ("image/upload/a/1600000000.jpg", "new"),
        ("image/upload/a/1600000000.png", "as png"),
        // Between the versions of `a` lie those of its neighbours.
        ("image/upload/a/15/7.jpg", "a/15"),
        ("image/upload/a/b/7.jpg", "a/b"),
        ("image/upload/a-b/7.jpg", "a-b"),
        ("image/upload/ü x/0000000009.jpg", "odd"),
        ("raw/upload/doc.pdf/1600000000", "raw"),
        ("video/upload/clip/1600000000.mp4", "video"),
        ("image/upload/a/notes.txt", "strange"),
        ("1600000000.jpg", "strange"),
    ] {
        put(&ground.root, &format!("res/acme/{key}"), bytes.as_bytes());
    }
    put(
        &ground.root,
        "res/acme2/image/upload/a/1900000000.jpg",
        b"of another",
    );
    let folder = scratch("index");
    let path = folder.join("backup.index");
    assert_eq!(walk(&ground, &path, SystemTime::now()).await, (7, 11));
    let origin = backup(&ground, path, DAY);
    for (id, extension, bytes) in [
        ("a", Some("jpg"), "new"),
        ("a", Some("png"), "as png"),
        ("a/15", Some("jpg"), "a/15"),
        ("a/b", Some("jpg"), "a/b"),
        ("a-b", None, "a-b"),
        ("ü x", Some("webp"), "odd"),
    ] {
        assert_eq!(text(&origin, &image(id, extension)).await, bytes, "{id}");
    }
    assert_eq!(ground.calls.get(Call::List), 0);
    // What is found is the same as without an index.
    let plain = Backup::new(ground.store(), "res/acme", VersionRule::Newest, life());
    for id in ["a", "a/15", "a/b", "a-b", "ü x"] {
        let asset = image(id, Some("jpg"));
        assert_eq!(origin.find(&asset).await, plain.find(&asset).await, "{id}");
    }
    std::fs::remove_dir_all(folder).expect("removed");
}

#[tokio::test]
async fn what_the_index_does_not_know_is_listed() {
    let ground = Ground::new(Kind::BackupBucket);
    let id = "res/acme/image/upload/pic";
    put(&ground.root, &format!("{id}/1500000000.jpg"), b"indexed");
    put(
        &ground.root,
        "res/acme/image/upload/lost/1500000000.jpg",
        b"lost",
    );
    let folder = scratch("index");
    let path = folder.join("backup.index");
    walk(&ground, &path, SystemTime::now()).await;
    put(
        &ground.root,
        &format!("{id}/1600000000.jpg"),
        b"uploaded later",
    );
    put(
        &ground.root,
        "res/acme/image/upload/late/1600000000.jpg",
        b"late",
    );
    std::fs::remove_dir_all(ground.root.join("res/acme/image/upload/lost")).expect("removed");
    let origin = backup(&ground, path.clone(), DAY);
    let lists = || ground.calls.get(Call::List);
    // An asset that is new.
    assert_eq!(text(&origin, &image("late", Some("jpg"))).await, "late");
    assert_eq!(lists(), 1);
    // A version that is new is seen by the number in its URL.
    assert_eq!(text(&origin, &image("pic", Some("jpg"))).await, "indexed");
    assert_eq!(
        text(&origin, &versioned("pic", Some("jpg"), 7)).await,
        "indexed"
    );
    assert_eq!(lists(), 1);
    let newer = versioned("pic", Some("jpg"), 1_600_000_000);
    assert_eq!(text(&origin, &newer).await, "uploaded later");
    assert_eq!(
        text(&origin, &image("pic", Some("jpg"))).await,
        "uploaded later"
    );
    assert_eq!(lists(), 2);
    // An object that has gone: reading tells, and the next look-up does not believe the index.
    let lost = image("lost", Some("jpg"));
    let found = origin.find(&lost).await.expect("in the index");
    let read = origin.read(&found, 99).await.expect_err("it has gone");
    assert!(read.is_outdated(), "{read}");
    origin.forget(&lost);
    assert!(is_missing(&origin, &lost).await);
    // Old, damaged, of another place or not there: as if there were none.
    for (name, wrong) in [
        ("old", backup(&ground, path.clone(), Duration::ZERO)),
        ("none", backup(&ground, folder.join("none"), DAY)),
    ] {
        let before = lists();
        assert_eq!(
            text(&wrong, &image("pic", Some("jpg"))).await,
            "uploaded later",
            "{name}"
        );
        assert_eq!(lists(), before + 1, "{name}");
    }
    let whole = std::fs::read(&path).expect("the index");
    for at in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[at] ^= 1;
        std::fs::write(&path, &damaged).expect("written");
        // Never a panic; at most an entry less.
        let answer = Index::open(&path).and_then(|index| index.get("image/upload/pic"));
        let same = answer.as_ref().is_ok_and(|found| {
            found.is_empty()
                || found
                    .iter()
                    .all(|stored| stored.leaf.version == 1_500_000_000)
        });
        assert!(same || answer.is_err(), "byte {at}: {answer:?}");
    }
    std::fs::remove_dir_all(folder).expect("removed");
}

#[tokio::test]
async fn a_walk_that_was_broken_off_goes_on_where_it_was() {
    let ground = Ground::new(Kind::BackupBucket);
    for n in 0..2_500 {
        let key = format!("res/acme/image/upload/id{n}/1600000000.jpg");
        put(&ground.root, &key, n.to_string().as_bytes());
    }
    let folder = scratch("index");
    let path = folder.join("backup.index");
    let server = ground.server.as_ref().expect("a server");
    let began = UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let mut pages = 0;
    let broken = Walk::begin(&path, BUCKET, "res/acme", began)
        .expect("a beginning")
        .run(&client(&ground), |_| {
            pages += 1;
            if pages == 2 {
                server.deny("ListObjectsV2");
            }
        })
        .await;
    assert!(broken.is_err());
    assert!(!path.exists());
    server.allow("ListObjectsV2");
    let before = server.calls("ListObjectsV2");
    let again = Walk::begin(&path, BUCKET, "res/acme", SystemTime::now()).expect("a beginning");
    assert!(again.is_resumed());
    let (progress, bytes) = again.run(&client(&ground), |_| {}).await.expect("the end");
    assert_eq!((progress.assets, progress.pages), (2_500, 3));
    assert_eq!(server.calls("ListObjectsV2"), before + 1);
    let index = Index::open(&path).expect("an index");
    assert_eq!(index.entries(), 2_500);
    assert_eq!(std::fs::metadata(&path).expect("a file").len(), bytes);
    // It is as old as its first half.
    assert_eq!(index.source().began, 1_700_000_000);
    for n in 0..2_500 {
        let found = index.get(&format!("image/upload/id{n}")).expect("read");
        assert_eq!(found.len(), 1, "{n}");
        assert_eq!(found[0].bytes, n.to_string().len() as u64);
    }
    // A walk of another place begins anew.
    let other = Walk::begin(&path, BUCKET, "res/other", SystemTime::now()).expect("a beginning");
    assert!(!other.is_resumed());
    let left: Vec<_> = std::fs::read_dir(&folder).expect("a folder").collect();
    assert_eq!(left.len(), 2, "the index and the new walk's part: {left:?}");
    std::fs::remove_dir_all(folder).expect("removed");
}

#[test]
fn a_million_assets_are_small_and_quick() {
    let assets: u64 = if full() { 1_000_000 } else { 50_000 };
    let folder = scratch("index");
    let path = folder.join("backup.index");
    let source = Source {
        bucket: BUCKET.to_owned(),
        folder: "res/acme/".to_owned(),
        began: 0,
    };
    let id = |n: u64| {
        let (shop, product) = (n / 10_000, n % 10_000);
        format!("image/upload/shops/shop-{shop:04}/products/product-{product:06}-front")
    };
    let mut writer = Writer::create(&path, &source).expect("a file");
    for n in 0..assets {
        let object = Object {
            key: format!("{}/{}.jpg", id(n), 1_600_000_000 + n % 1000),
            bytes: 100_000 + n,
            modified: UNIX_EPOCH.checked_add(Duration::from_secs(1_600_000_001)),
            etag: Some(format!("\"{n:032x}\"")),
            keeping: None,
        };
        let stored = Stored::read(&object, &format!("{}/", id(n))).expect("a version");
        writer.add(&id(n), &stored).expect("added");
    }
    let bytes = writer.finish().expect("a whole file");
    assert!(bytes < 150 * assets, "{bytes} bytes for {assets} assets");

    let index = Index::open(&path).expect("an index");
    assert_eq!(index.entries(), assets);
    let mut random = 1_u64;
    let began = Instant::now();
    let asked = 20_000_u32;
    for _ in 0..asked {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        let n = (random >> 33) % assets;
        let found = index.get(&id(n)).expect("read");
        assert_eq!(found.first().map(|stored| stored.bytes), Some(100_000 + n));
    }
    let each = began.elapsed() / asked;
    assert!(index.get(&id(assets)).expect("read").is_empty());
    assert!(index.get("").expect("read").is_empty());
    println!("{assets} assets: {bytes} bytes, {each:?} a look-up");
    std::fs::remove_dir_all(folder).expect("removed");
}
