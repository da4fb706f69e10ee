//! Are the versions of a backup bucket found as its guide describes them, and at what cost?

use cldgate::origin::{Backup, Call, Candidate, ListingLife, Origin, VersionRule};
use cldgate::spec::{AssetRef, AssetType, DeliveryType};

use super::ground::{Ground, Kind, asset, image, life, put, versioned};
use super::{is_missing, text};
use crate::gateway::full;

const BOTH: [Kind; 2] = [Kind::BackupFolder, Kind::BackupBucket];

fn backup(ground: &Ground, folder: &str, rule: VersionRule) -> Backup {
    Backup::new(ground.store(), folder, rule, life())
}

#[tokio::test]
async fn the_newest_version_is_the_greatest_number() {
    for kind in BOTH {
        let ground = Ground::new(kind);
        let id = "res/acme/image/upload/pic";
        for (leaf, bytes) in [
            ("999.jpg", "old"),
            ("1312461204.jpg", "new"),
            ("1000000000.png", "middle"),
            ("notes.txt", "a stranger's file"),
            ("1312461204.jpg.bak", "another"),
            ("0000000000001.jpg", "zeros"),
        ] {
            put(&ground.root, &format!("{id}/{leaf}"), bytes.as_bytes());
        }
        // `pic` is the folder of another asset too.
        put(
            &ground.root,
            &format!("{id}/9999999999/1.jpg"),
            b"another asset",
        );
        let newest = backup(&ground, "res/acme", VersionRule::Newest);
        let as_asked = backup(&ground, "res/acme", VersionRule::AsAsked);
        for (version, by_newest, by_asked) in [
            (999, "new", "old"),
            (1_000_000_000, "new", "middle"),
            (1_312_461_204, "new", "new"),
            // Numbers that no version has, and 1, which stands for none.
            (1_312_461_205, "new", "new"),
            (5, "new", "new"),
            (1, "new", "new"),
        ] {
            let asked = versioned("pic", Some("jpg"), version);
            assert_eq!(text(&newest, &asked).await, by_newest, "{version}");
            assert_eq!(text(&as_asked, &asked).await, by_asked, "{version}");
        }
        let found = newest.find(&image("pic", None)).await.expect("found");
        assert_eq!(found.version, Some(1_312_461_204));
        let other = image("pic/9999999999", None);
        assert_eq!(text(&newest, &other).await, "another asset");
    }
}

#[tokio::test]
async fn the_folder_may_be_written_in_every_way() {
    for kind in BOTH {
        let ground = Ground::new(kind);
        put(
            &ground.root,
            "res/acme/image/upload/a/1600000000.png",
            b"in a folder",
        );
        put(
            &ground.root,
            "deep/er/res/acme/image/upload/a/1600000000.png",
            b"deep",
        );
        put(
            &ground.root,
            "image/upload/a/1600000000.png",
            b"at the root",
        );
        for (folder, bytes) in [
            ("res/acme", "in a folder"),
            ("/res/acme/", "in a folder"),
            ("/res/acme", "in a folder"),
            ("res/acme/image/upload", "in a folder"),
            ("/res/acme/image/upload/", "in a folder"),
            ("/deep/er/res/acme/", "deep"),
            ("", "at the root"),
            ("/", "at the root"),
            ("image/upload", "at the root"),
        ] {
            let origin = backup(&ground, folder, VersionRule::Newest);
            let a = image("a", Some("png"));
            assert_eq!(text(&origin, &a).await, bytes, "{folder:?}");
            // A folder that ends in the types holds no others.
            let video = asset(AssetType::Video, "a", Some("mp4"));
            assert!(is_missing(&origin, &video).await, "{folder:?}");
            assert_eq!(
                origin.candidates(&video).is_empty(),
                folder.contains("upload")
            );
        }
    }
}

#[tokio::test]
async fn raw_files_have_their_extension_in_the_folder_and_access_types_are_kept_apart() {
    for kind in BOTH {
        let ground = Ground::new(kind);
        put(
            &ground.root,
            "res/acme/raw/upload/docs/a.pdf/1700000000",
            b"raw",
        );
        put(
            &ground.root,
            "res/acme/raw/upload/docs/a.pdf/1600000000",
            b"older",
        );
        put(
            &ground.root,
            "res/acme/image/private/x/1700000000.jpg",
            b"private",
        );
        put(
            &ground.root,
            "res/acme/image/authenticated/x/17.png",
            b"authenticated",
        );
        put(
            &ground.root,
            "res/acme/.wellknown/cloudinary/acme",
            b"marker",
        );
        let origin = backup(&ground, "res/acme", VersionRule::Newest);
        let raw = AssetRef {
            version: Some(3),
            ..asset(AssetType::Raw, "docs/a.pdf", None)
        };
        assert_eq!(text(&origin, &raw).await, "raw");
        let asked = Candidate::List("res/acme/raw/upload/docs/a.pdf/".to_owned());
        assert_eq!(origin.candidates(&raw), vec![asked]);
        let as_asked = backup(&ground, "res/acme", VersionRule::AsAsked);
        let older = AssetRef {
            version: Some(1_600_000_000),
            ..raw.clone()
        };
        assert_eq!(text(&as_asked, &older).await, "older");
        for (delivery_type, bytes) in [
            (DeliveryType::Private, "private"),
            (DeliveryType::Authenticated, "authenticated"),
        ] {
            let x = AssetRef {
                delivery_type,
                ..image("x", Some("jpg"))
            };
            assert_eq!(text(&origin, &x).await, bytes);
        }
        assert!(is_missing(&origin, &image("x", Some("jpg"))).await);
    }
}

#[tokio::test]
async fn more_versions_than_a_page_holds_are_all_looked_at() {
    let ground = Ground::new(Kind::BackupBucket);
    let id = "res/acme/image/upload/pic";
    // In the order of their bytes the newest, `10000.jpg`, comes second.
    for version in 8_000..10_001 {
        put(
            &ground.root,
            &format!("{id}/{version}.jpg"),
            version.to_string().as_bytes(),
        );
    }
    let origin = backup(&ground, "res/acme", VersionRule::Newest);
    assert_eq!(text(&origin, &image("pic", Some("jpg"))).await, "10000");
    assert_eq!(ground.calls.get(Call::List), 3);
}

#[tokio::test]
async fn an_asset_that_is_the_folder_of_thousands_costs_one_page() {
    let ground = Ground::new(Kind::BackupBucket);
    let id = "res/acme/image/upload/pic";
    put(&ground.root, &format!("{id}/1600000000.jpg"), b"pic");
    for n in 0..1_500 {
        put(&ground.root, &format!("{id}/sub{n}/1600000000.jpg"), b"sub");
    }
    let origin = backup(&ground, "res/acme", VersionRule::Newest);
    assert_eq!(text(&origin, &image("pic", Some("jpg"))).await, "pic");
    assert_eq!(ground.calls.get(Call::List), 1);
}

#[tokio::test]
async fn a_url_with_version_and_extension_needs_no_listing() {
    let ground = Ground::new(Kind::BackupBucket);
    let id = "res/acme/image/upload/pic";
    put(&ground.root, &format!("{id}/1500000000.jpg"), b"old");
    put(&ground.root, &format!("{id}/1600000000.jpg"), b"new");
    let origin = backup(&ground, "res/acme", VersionRule::AsAsked);
    let old = versioned("pic", Some("jpg"), 1_500_000_000);
    let found = origin.find(&old).await.expect("found");
    assert_eq!(origin.read(&found, 99).await.expect("read"), "old");
    let calls = |call| ground.calls.get(call);
    assert_eq!(
        (calls(Call::List), calls(Call::Head), calls(Call::Get)),
        (0, 1, 1)
    );
    assert_eq!(
        origin.candidates(&old),
        vec![
            Candidate::Get(format!("{id}/1500000000.jpg")),
            Candidate::List(format!("{id}/")),
        ]
    );
    // Stored in another format than the one asked for: the listing tells.
    let converted = versioned("pic", Some("webp"), 1_500_000_000);
    assert_eq!(text(&origin, &converted).await, "old");
    assert_eq!(calls(Call::List), 1);
    // Warm, nothing is asked but bytes.
    let asked = ground.asked();
    for asset in [&old, &converted] {
        assert!(origin.find(asset).await.is_ok());
    }
    assert_eq!(ground.asked(), asked);
}

#[tokio::test]
async fn the_spelling_that_worked_is_tried_first() {
    let ground = Ground::new(Kind::BackupBucket);
    for name in ["one", "two", "three"] {
        let key = format!("res/acme/image/upload/{name}%2B{name}/1600000000.jpg");
        put(&ground.root, &key, name.as_bytes());
    }
    let origin = backup(&ground, "res/acme", VersionRule::Newest);
    let lists = || ground.calls.get(Call::List);
    assert_eq!(text(&origin, &image("one+one", Some("jpg"))).await, "one");
    assert_eq!(lists(), 2);
    assert_eq!(text(&origin, &image("two+two", Some("jpg"))).await, "two");
    assert_eq!(lists(), 3);
    assert_eq!(
        text(&origin, &image("three+three", Some("jpg"))).await,
        "three"
    );
    assert_eq!(lists(), 4);
}

#[tokio::test]
async fn a_cold_asset_costs_one_listing_and_one_read_and_a_warm_one_nothing() {
    let (assets, requests) = if full() { (10_000, 1_000) } else { (300, 100) };
    let ground = Ground::new(Kind::BackupBucket);
    for n in 0..assets {
        for version in [1_500_000_000, 1_600_000_000, 1_700_000_000] {
            // Spread, as real buckets are: the server under test reads whole folders.
            let id = format!("folder{}/asset{n}", n % 100);
            let key = format!("res/acme/image/upload/{id}/{version}.jpg");
            put(&ground.root, &key, format!("{n} {version}").as_bytes());
        }
    }
    let server = ground.server.as_ref().expect("a server");
    let origin = Backup::new(
        ground.store(),
        "/res/acme/",
        VersionRule::Newest,
        ListingLife {
            found: std::time::Duration::from_secs(3600),
            ..life()
        },
    );
    let mut random = 1_u64;
    let mut known = std::collections::BTreeSet::new();
    for request in 0..requests {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let n = (random >> 33) % assets;
        let id = format!("folder{}/asset{n}", n % 100);
        let extension = ["jpg", "webp", "png"][request % 3];
        let before = server.calls("");
        let found = origin
            .find(&image(&id, Some(extension)))
            .await
            .expect("found");
        let bytes = origin.read(&found, 1 << 20).await.expect("read");
        assert_eq!(bytes, format!("{n} 1700000000"));
        let cost = server.calls("") - before;
        let warm = !known.insert(n);
        assert_eq!(cost, if warm { 1 } else { 2 }, "asset {n}");
    }
    let before = server.calls("");
    for n in &known {
        let id = format!("folder{}/asset{n}", n % 100);
        assert!(origin.find(&image(&id, Some("avif"))).await.is_ok());
    }
    assert_eq!(server.calls(""), before, "warm look-ups ask nothing");
    assert_eq!(server.calls("HeadObject"), 0);
    println!(
        "{requests} requests for {} of {assets} assets: {} listings, {} reads",
        known.len(),
        server.calls("ListObjectsV2"),
        server.calls("GetObject"),
    );
}
