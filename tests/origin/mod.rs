//! Does every kind of origin keep the same contract?

mod backup;
mod check;
mod faults;
mod ground;
mod guide;
mod hostile;
mod index;
mod library;
mod loopback;
mod moto;
pub mod s3_server;
mod walkthrough;
mod web_store;

use std::fs;

use cldgate::origin::{Error, Origin};
use cldgate::spec::{AssetRef, AssetType, DeliveryType};
use futures_util::{FutureExt as _, StreamExt as _};

use ground::{Ground, Kind, forgetful, life, put};

/// Finds and reads, and checks that reading in pieces gives the same.
async fn read(origin: &dyn Origin, asset: &AssetRef) -> Result<Vec<u8>, Error> {
    let found = origin.find(asset).await?;
    let whole = origin.read(&found, 1 << 20).await?;
    assert_eq!(whole.len() as u64, found.bytes);
    let half = found.bytes / 2;
    for range in [
        0..found.bytes,
        half..found.bytes,
        0..half,
        half..half,
        found.bytes..found.bytes,
        found.bytes.saturating_sub(1)..found.bytes,
    ] {
        let mut pieces = origin.open(&found, range.clone()).await?;
        let mut joined = Vec::new();
        while let Some(piece) = pieces.next().await {
            joined.extend_from_slice(&piece?);
        }
        let at = |n: u64| usize::try_from(n).expect("small");
        assert_eq!(joined, &whole[at(range.start)..at(range.end)], "{range:?}");
    }
    Ok(whole.to_vec())
}

async fn text(origin: &dyn Origin, asset: &AssetRef) -> String {
    let bytes = read(origin, asset).await;
    String::from_utf8(bytes.unwrap_or_else(|error| panic!("{asset}: {error}"))).expect("text")
}

async fn is_missing(origin: &dyn Origin, asset: &AssetRef) -> bool {
    origin
        .find(asset)
        .await
        .is_err_and(|error| error.is_not_found())
}

/// Each case of the contract, on new ground for each kind.
macro_rules! contract {
    ($($case:ident)*) => {
        mod folder { $(#[tokio::test] async fn $case() { super::$case(super::Kind::Folder).await; })* }
        mod s3 { $(#[tokio::test] async fn $case() { super::$case(super::Kind::S3).await; })* }
        mod backup_folder { $(#[tokio::test] async fn $case() { super::$case(super::Kind::BackupFolder).await; })* }
        mod backup_bucket { $(#[tokio::test] async fn $case() { super::$case(super::Kind::BackupBucket).await; })* }
        mod library_folder { $(#[tokio::test] async fn $case() { super::$case(super::Kind::LibraryFolder).await; })* }
        mod library_bucket { $(#[tokio::test] async fn $case() { super::$case(super::Kind::LibraryBucket).await; })* }
        mod web_server { $(#[tokio::test] async fn $case() { super::$case(super::Kind::WebServer).await; })* }
        mod fetch_url { $(#[tokio::test] async fn $case() { super::$case(super::Kind::FetchUrl).await; })* }
        mod fetch_folder { $(#[tokio::test] async fn $case() { super::$case(super::Kind::FetchFolder).await; })* }
    };
}

contract! {
    an_asset_is_found_in_every_format
    an_id_is_a_name_below_the_origin
    raw_and_video_have_places_of_their_own
    the_format_asked_for_wins_over_others
    a_dot_may_belong_to_the_id
    an_asset_may_be_the_folder_of_others
    what_changed_is_never_taken_for_what_was_found
    a_limit_is_kept_before_reading
    a_known_asset_costs_nothing
    many_who_ask_at_once_cost_one_look_up
    a_new_asset_is_seen_when_the_memory_is_old
    odd_names_are_found_however_they_are_spelt
    what_is_never_stored_is_never_found
}

async fn an_asset_is_found_in_every_format(kind: Kind) {
    let ground = Ground::new(kind);
    for id in ["folder/photo", "a b/c+d", "ümläut/日本"] {
        ground.put(AssetType::Image, id, "png", id.as_bytes());
    }
    let origin = ground.origin(life());
    for id in ["folder/photo", "a b/c+d", "ümläut/日本"] {
        for extension in [Some("png"), Some("jpg"), None] {
            assert_eq!(text(&*origin, &ground.image(id, extension)).await, id);
        }
        // A number in the URL is no other asset.
        let numbered = AssetRef {
            version: Some(7),
            ..ground.image(id, Some("png"))
        };
        assert_eq!(text(&*origin, &numbered).await, id);
    }
    assert!(is_missing(&*origin, &ground.image("no/such", Some("png"))).await);
    assert!(is_missing(&*origin, &ground.image("folder", Some("png"))).await);
    assert!(is_missing(&*origin, &ground.image("folder/phot", None)).await);
    let found = origin
        .find(&ground.image("folder/photo", Some("jpg")))
        .await;
    let found = found.expect("found");
    assert_eq!(found.etag.len(), 32);
    assert_eq!(found.extension.as_deref(), Some("png"));
    assert!(found.modified.is_some());
    assert_eq!(found.version.is_some(), kind.is_backup());
    assert!(
        !origin
            .candidates(&ground.image("folder/photo", None))
            .is_empty()
    );
}

async fn an_id_is_a_name_below_the_origin(kind: Kind) {
    let ground = Ground::new(kind);
    put(&ground.root, "secret", b"outside");
    put(&ground.root, "secret.png", b"outside");
    ground.put(AssetType::Image, "folder/photo", "png", b"inside");
    let origin = ground.origin(life());
    // In a URL these are other spellings of a plain path, and its server's business.
    let is_spelling =
        |id: &str| kind == Kind::FetchUrl && (id.contains('\\') || id.contains("/./"));
    for id in [
        "../secret",
        "../../../secret",
        "folder/../../secret",
        "%2e%2e/secret",
        "/etc/passwd",
        "folder//photo",
        "folder/./photo",
        "..",
        "a\0b",
        "folder\\photo",
        "",
    ] {
        if is_spelling(id) {
            continue;
        }
        assert!(
            is_missing(&*origin, &ground.image(id, None)).await,
            "{id:?}"
        );
        assert!(
            is_missing(&*origin, &ground.image(id, Some("png"))).await,
            "{id:?}"
        );
        let raw = ground.asset(AssetType::Raw, id, None);
        assert!(is_missing(&*origin, &raw).await, "{id:?}");
    }
    // Longer than any key.
    assert!(is_missing(&*origin, &ground.image(&"x".repeat(3000), Some("png"))).await);
    assert!(is_missing(&*origin, &ground.image(&"x".repeat(300), Some("png"))).await);
}

async fn raw_and_video_have_places_of_their_own(kind: Kind) {
    let ground = Ground::new(kind);
    ground.put(AssetType::Raw, "docs/a.pdf", "", b"raw");
    ground.put(AssetType::Video, "clips/a", "mov", b"video");
    let origin = ground.origin(life());
    assert_eq!(
        text(&*origin, &ground.asset(AssetType::Raw, "docs/a.pdf", None)).await,
        "raw"
    );
    for extension in [Some("mov"), Some("mp4"), None] {
        let video = ground.asset(AssetType::Video, "clips/a", extension);
        assert_eq!(text(&*origin, &video).await, "video");
    }
    assert!(is_missing(&*origin, &ground.asset(AssetType::Raw, "docs/a", None)).await);
    assert!(is_missing(&*origin, &ground.asset(AssetType::Raw, "docs/a.pd", None)).await);
}

async fn the_format_asked_for_wins_over_others(kind: Kind) {
    let ground = Ground::new(kind);
    for format in ["gif", "jpg", "png"] {
        ground.put(AssetType::Image, "pic", format, format.as_bytes());
    }
    let origin = ground.origin(life());
    for format in ["gif", "jpg", "png"] {
        assert_eq!(
            text(&*origin, &ground.image("pic", Some(format))).await,
            format
        );
    }
    // Any other format gets the same one every time.
    let first = text(&*origin, &ground.image("pic", Some("webp"))).await;
    assert_eq!(text(&*origin, &ground.image("pic", None)).await, first);
    assert_eq!(first, "gif");
}

async fn a_dot_may_belong_to_the_id(kind: Kind) {
    let ground = Ground::new(kind);
    ground.put(AssetType::Image, "photo.v2", "png", b"second");
    ground.put(AssetType::Image, "logo.gif", "png", b"named like a file");
    let origin = ground.origin(life());
    assert_eq!(
        text(&*origin, &ground.image("photo.v2", Some("png"))).await,
        "second"
    );
    assert_eq!(
        text(&*origin, &ground.image("photo.v2", None)).await,
        "second"
    );
    let whole = ground.image("logo.gif", Some("png"));
    assert_eq!(text(&*origin, &whole).await, "named like a file");
    if kind.is_backup() {
        // `logo.gif` asked for without its format: what looks like the format is part of the ID.
        let cut = ground.image("logo", Some("gif"));
        assert_eq!(text(&*origin, &cut).await, "named like a file");
    }
    assert!(is_missing(&*origin, &ground.image("photo", Some("png"))).await);
}

async fn an_asset_may_be_the_folder_of_others(kind: Kind) {
    let ground = Ground::new(kind);
    ground.put(AssetType::Image, "a", "jpg", b"a");
    ground.put(AssetType::Image, "a/b", "jpg", b"a/b");
    ground.put(AssetType::Image, "a/1700000001", "jpg", b"a number");
    ground.put(AssetType::Image, "ab", "jpg", b"ab");
    let origin = ground.origin(life());
    for (id, bytes) in [
        ("a", "a"),
        ("a/b", "a/b"),
        ("a/1700000001", "a number"),
        ("ab", "ab"),
    ] {
        assert_eq!(text(&*origin, &ground.image(id, Some("jpg"))).await, bytes);
        assert_eq!(text(&*origin, &ground.image(id, Some("webp"))).await, bytes);
    }
    assert!(is_missing(&*origin, &ground.image("a/c", None)).await);
}

async fn what_changed_is_never_taken_for_what_was_found(kind: Kind) {
    let ground = Ground::new(kind);
    let pic = ground.image("pic", Some("jpg"));
    ground.put(AssetType::Image, "pic", "jpg", b"before");
    let origin = ground.origin(life());
    let before = origin.find(&pic).await.expect("found");
    assert_eq!(origin.find(&pic).await.expect("found"), before);
    assert_eq!(origin.read(&before, 1 << 20).await.expect("read"), "before");
    ground.put(AssetType::Image, "pic", "jpg", b"afterwards");
    // The look-up is remembered, but what is read is held against it.
    let read = origin.read(&before, 1 << 20).await;
    assert!(matches!(read, Err(Error::Changed { .. })), "{read:?}");
    for range in [0..before.bytes, 1..before.bytes] {
        let opened = origin.open(&before, range).await.map(|_| ());
        assert!(matches!(opened, Err(Error::Changed { .. })), "{opened:?}");
    }
    origin.forget(&pic);
    let after = origin.find(&pic).await.expect("found");
    assert_ne!(after.etag, before.etag);
    assert_eq!(text(&*origin, &pic).await, "afterwards");
    let key = ground.key(AssetType::Image, "pic", "jpg", 1_600_000_000);
    fs::remove_file(ground.root.join(key)).expect("removed");
    let gone = origin.read(&after, 1 << 20).await;
    assert!(gone.is_err_and(|error| error.is_not_found()));
    origin.forget(&pic);
    assert!(is_missing(&*origin, &pic).await);
}

async fn a_limit_is_kept_before_reading(kind: Kind) {
    let ground = Ground::new(kind);
    ground.put(AssetType::Image, "pic", "jpg", b"four");
    let origin = ground.origin(life());
    let found = origin
        .find(&ground.image("pic", Some("jpg")))
        .await
        .expect("found");
    let asked = ground.asked();
    let large = origin.read(&found, 3).await;
    assert!(
        matches!(
            large,
            Err(Error::TooLarge {
                limit: 3,
                bytes: 4,
                ..
            })
        ),
        "{large:?}"
    );
    assert_eq!(ground.asked(), asked);
    assert!(origin.read(&found, 4).await.is_ok());
}

async fn a_known_asset_costs_nothing(kind: Kind) {
    let ground = Ground::new(kind);
    ground.put(AssetType::Image, "pic", "jpg", b"pic");
    let origin = ground.origin(life());
    let pic = ground.image("pic", Some("jpg"));
    let missing = ground.image("none", Some("jpg"));
    assert!(origin.find(&pic).await.is_ok());
    assert!(is_missing(&*origin, &missing).await);
    let asked = ground.asked();
    // A server is told the number: it may keep old versions.
    let versions = match kind.is_remote() {
        true => [None; 3],
        false => [None, Some(3), Some(9)],
    };
    for version in versions {
        let pic = AssetRef {
            version,
            ..pic.clone()
        };
        assert!(origin.find(&pic).await.is_ok());
        assert!(is_missing(&*origin, &missing).await);
    }
    assert_eq!(ground.asked(), asked);
    origin.forget(&pic);
    assert!(origin.find(&pic).await.is_ok());
    assert!(ground.asked() > asked);
}

async fn many_who_ask_at_once_cost_one_look_up(kind: Kind) {
    let ground = Ground::new(kind);
    ground.put(AssetType::Image, "pic", "jpg", b"pic");
    let pic = ground.image("pic", Some("jpg"));
    let alone = ground.origin(forgetful());
    assert!(alone.find(&pic).await.is_ok());
    let cost = ground.asked();
    ground.delay(std::time::Duration::from_millis(20));
    let origin = ground.origin(life());
    let all = futures_util::future::join_all((0..50).map(|_| origin.find(&pic))).await;
    assert!(all.iter().all(Result::is_ok));
    assert_eq!(ground.asked(), 2 * cost);
    // One who goes away in the middle takes nothing with him.
    origin.forget(&pic);
    let _given_up = origin.find(&pic).now_or_never();
    assert!(origin.find(&pic).await.is_ok());
}

async fn a_new_asset_is_seen_when_the_memory_is_old(kind: Kind) {
    let ground = Ground::new(kind);
    let origin = ground.origin(cldgate::origin::ListingLife {
        found: ground::SHORT,
        missing: ground::SHORT,
        ..life()
    });
    let pic = ground.image("pic", Some("jpg"));
    assert!(is_missing(&*origin, &pic).await);
    ground.put(AssetType::Image, "pic", "jpg", b"pic");
    tokio::time::sleep(2 * ground::SHORT).await;
    assert_eq!(text(&*origin, &pic).await, "pic");
}

async fn odd_names_are_found_however_they_are_spelt(kind: Kind) {
    let ground = Ground::new(kind);
    if kind.is_remote() {
        // A server spells its own names: it is asked for the ID and nothing else.
        let origin = ground.origin(life());
        for id in [
            "image+example",
            "two words",
            "caf\u{e9}/x",
            "a,b(c)!",
            "a;b=c&d@e",
        ] {
            ground.put(AssetType::Image, id, "jpg", id.as_bytes());
            for format in ["jpg", "png"] {
                assert_eq!(text(&*origin, &ground.image(id, Some(format))).await, id);
            }
        }
        return;
    }
    for (stored, bytes) in [
        ("image%2Bexample", "encoded"),
        ("two%20words", "spaces"),
        ("three+more+words", "form"),
        ("caf\u{e9}/composed", "composed"),
        ("cafe\u{301}/decomposed", "decomposed"),
        ("plain & simple", "decoded"),
        ("100%25", "percent"),
    ] {
        ground.put(AssetType::Image, stored, "jpg", bytes.as_bytes());
    }
    let origin = ground.origin(life());
    for (id, bytes) in [
        ("image+example", "encoded"),
        ("two words", "spaces"),
        ("three more words", "form"),
        ("cafe\u{301}/composed", "composed"),
        ("caf\u{e9}/decomposed", "decomposed"),
        ("plain%20%26%20simple", "decoded"),
        ("100%", "percent"),
    ] {
        assert_eq!(
            text(&*origin, &ground.image(id, Some("jpg"))).await,
            bytes,
            "{id}"
        );
        assert_eq!(
            text(&*origin, &ground.image(id, Some("png"))).await,
            bytes,
            "{id}"
        );
    }
    assert!(is_missing(&*origin, &ground.image("image-example", Some("jpg"))).await);
}

async fn what_is_never_stored_is_never_found(kind: Kind) {
    let ground = Ground::new(kind);
    ground.put(AssetType::Image, "a", "jpg", b"a");
    let origin = ground.origin(life());
    if !kind.is_backup() {
        return;
    }
    for delivery_type in [DeliveryType::Fetch, DeliveryType::Other("facebook")] {
        let social = AssetRef {
            delivery_type,
            ..ground.image("a", None)
        };
        assert!(origin.candidates(&social).is_empty());
        assert!(is_missing(&*origin, &social).await);
    }
    assert_eq!(ground.asked(), 0);
}
