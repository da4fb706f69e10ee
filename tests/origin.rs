//! Does every kind of origin keep the same contract?

use std::fs;
use std::path::{Path, PathBuf};

use cldgate::origin::{BackupFolder, Candidate, Folder, ListingLife, Origin, VersionRule};
use cldgate::spec::{AssetRef, AssetType, DeliveryType};
use futures_util::StreamExt as _;

use crate::gateway::scratch;

fn image(id: &str, extension: Option<&str>) -> AssetRef {
    AssetRef {
        asset_type: AssetType::Image,
        delivery_type: DeliveryType::Upload,
        public_id: id.into(),
        extension: extension.map(Into::into),
        version: None,
    }
}

fn store(root: &Path, key: &str, bytes: &[u8]) {
    let path = root.join(key);
    fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
    fs::write(path, bytes).expect("written");
}

async fn read(origin: &dyn Origin, asset: &AssetRef) -> Result<Vec<u8>, cldgate::origin::Error> {
    let found = origin.find(asset).await?;
    let whole = origin.read(&found, 1 << 20).await?;
    assert_eq!(whole.len() as u64, found.bytes);
    // In pieces it is the same, whole and from anywhere inside.
    for start in [0, found.bytes / 2, found.bytes] {
        let mut pieces = origin.open(&found, start..found.bytes).await?;
        let mut joined = Vec::new();
        while let Some(piece) = pieces.next().await {
            joined.extend_from_slice(&piece?);
        }
        assert_eq!(joined, &whole[usize::try_from(start).expect("small")..]);
    }
    Ok(whole.to_vec())
}

/// What every origin must do, over one that holds `folder/photo` and `a b/c+d` as PNG files.
async fn keeps_the_contract(origin: &dyn Origin) {
    for id in ["folder/photo", "a b/c+d", "ümläut/日本"] {
        for extension in [Some("png"), Some("jpg"), None] {
            let bytes = read(origin, &image(id, extension)).await;
            assert_eq!(bytes.expect(id), id.as_bytes(), "{id} {extension:?}");
        }
    }
    let missing = origin.find(&image("no/such", Some("png"))).await;
    assert!(missing.is_err_and(|error| error.is_not_found()));
    // An ID is a name below the origin and never a way out of it.
    for id in [
        "../secret",
        "folder/../../secret",
        "/etc/passwd",
        "folder//photo",
        "..",
        "a\0b",
        "",
    ] {
        let outside = origin.find(&image(id, None)).await;
        assert!(outside.is_err_and(|error| error.is_not_found()), "{id:?}");
    }
    let found = origin
        .find(&image("folder/photo", Some("png")))
        .await
        .expect("found");
    assert_eq!(found.etag.len(), 32);
    let large = origin.read(&found, 3).await;
    assert!(
        matches!(
            large,
            Err(cldgate::origin::Error::TooLarge { limit: 3, .. })
        ),
        "{large:?}"
    );
}

fn life() -> ListingLife {
    ListingLife::default()
}

#[tokio::test]
async fn a_mirrored_backup_bucket() {
    let root = scratch("backup");
    for id in ["folder/photo", "a b/c+d", "ümläut/日本"] {
        store(
            &root,
            &format!("res/acme/image/upload/{id}/1600000000.png"),
            id.as_bytes(),
        );
    }
    store(&root, "secret", b"outside");
    for folder in [
        "res/acme",
        "/res/acme/",
        "res/acme/image/upload",
        "/res/acme/image/upload/",
    ] {
        let origin = BackupFolder::new("backup", root.clone(), folder, VersionRule::Newest, life());
        keeps_the_contract(&origin).await;
    }
    fs::remove_dir_all(root).expect("removed");
}

#[tokio::test]
async fn a_plain_folder() {
    let root = scratch("folder");
    for id in ["folder/photo", "a b/c+d", "ümläut/日本"] {
        store(&root, &format!("inner/{id}.png"), id.as_bytes());
    }
    store(&root, "secret", b"outside");
    keeps_the_contract(&Folder::new("files", root.join("inner"), life())).await;
    fs::remove_dir_all(root).expect("removed");
}

fn backup(root: &Path, rule: VersionRule) -> BackupFolder {
    BackupFolder::new("backup", PathBuf::from(root), "res/acme", rule, life())
}

#[tokio::test]
async fn the_newest_version_is_the_greatest_number() {
    let root = scratch("versions");
    let id = "res/acme/image/upload/pic";
    for (leaf, bytes) in [
        ("999.jpg", "old"),
        ("1312461204.jpg", "new"),
        ("1000000000.png", "middle"),
        ("notes.txt", "a stranger's file"),
        ("1312461204.jpg.bak", "another"),
    ] {
        store(&root, &format!("{id}/{leaf}"), bytes.as_bytes());
    }
    // `pic` is the folder of another asset too.
    store(&root, &format!("{id}/9999999999/1.jpg"), b"another asset");
    let newest = backup(&root, VersionRule::Newest);
    assert_eq!(
        read(&newest, &image("pic", Some("jpg")))
            .await
            .expect("found"),
        b"new"
    );
    let mut asked = image("pic", Some("jpg"));
    asked.version = Some(999);
    assert_eq!(read(&newest, &asked).await.expect("found"), b"new");
    let as_asked = backup(&root, VersionRule::AsAsked);
    assert_eq!(read(&as_asked, &asked).await.expect("found"), b"old");
    assert_eq!(
        read(&newest, &image("pic/9999999999", None))
            .await
            .expect("found"),
        b"another asset"
    );
    fs::remove_dir_all(root).expect("removed");
}

#[tokio::test]
async fn odd_names_are_found_however_they_were_written() {
    let root = scratch("odd");
    for (leaf, bytes) in [
        ("image%2Bexample", "encoded"),
        ("two%20words", "spaces"),
        ("three+more+words", "form"),
    ] {
        store(
            &root,
            &format!("res/acme/image/upload/{leaf}/1.jpg"),
            bytes.as_bytes(),
        );
    }
    let origin = backup(&root, VersionRule::Newest);
    for (id, bytes) in [
        ("image+example", "encoded"),
        ("two words", "spaces"),
        ("three more words", "form"),
    ] {
        assert_eq!(
            read(&origin, &image(id, Some("jpg"))).await.expect(id),
            bytes.as_bytes()
        );
    }
    fs::remove_dir_all(root).expect("removed");
}

#[tokio::test]
async fn raw_files_have_their_extension_in_the_folder() {
    let root = scratch("raw");
    store(&root, "res/acme/raw/upload/docs/a.pdf/1700000000", b"raw");
    let asset = AssetRef {
        asset_type: AssetType::Raw,
        delivery_type: DeliveryType::Upload,
        public_id: "docs/a.pdf".into(),
        extension: None,
        version: Some(3),
    };
    let origin = backup(&root, VersionRule::Newest);
    assert_eq!(read(&origin, &asset).await.expect("found"), b"raw");
    let asked = Candidate::List("res/acme/raw/upload/docs/a.pdf/".to_owned());
    assert_eq!(origin.candidates(&asset), vec![asked]);
    fs::remove_dir_all(root).expect("removed");
}

#[tokio::test]
async fn social_and_fetched_assets_are_in_no_bucket() {
    let root = scratch("social");
    for delivery_type in [DeliveryType::Fetch, DeliveryType::Other("facebook")] {
        let asset = AssetRef {
            delivery_type,
            ..image("a", None)
        };
        let origin = backup(&root, VersionRule::Newest);
        assert!(origin.candidates(&asset).is_empty());
        assert!(
            origin
                .find(&asset)
                .await
                .is_err_and(|error| error.is_not_found())
        );
    }
    fs::remove_dir_all(root).expect("removed");
}
