//! Is a media library written as it is documented, and looked at before everything else?

use cldgate::origin::{Error, Library};
use cldgate::spec::{AssetRef, AssetType};

use super::ground::{Ground, Kind, asset, forgetful, image, put};
use super::s3_server::S3Server;
use super::{is_missing, text};
use crate::gateway::{Gateway, cldgate, full, photos, scratch};

#[tokio::test]
async fn an_asset_is_one_file_that_people_can_read() {
    for kind in [Kind::LibraryFolder, Kind::LibraryBucket] {
        let ground = Ground::new(kind);
        let library = Library::new(ground.store(), "/inner/");
        let origin = ground.origin(forgetful());
        let upload = scratch("upload");
        put(&upload, "one.jpg", b"first");
        put(&upload, "two.PNG", b"second");
        put(&upload, "empty.jpg", b"");
        let pic = image("folder/a pic", Some("jpg"));
        let key = library
            .put(&pic, &upload.join("one.jpg"))
            .await
            .expect("put");
        assert_eq!(key, "inner/image/upload/folder/a pic.jpg");
        assert_eq!(text(&*origin, &pic).await, "first");
        // Another format takes the place of the first.
        let png = image("folder/a pic", Some("PNG"));
        let key = library
            .put(&png, &upload.join("two.PNG"))
            .await
            .expect("put");
        assert_eq!(key, "inner/image/upload/folder/a pic.png");
        assert_eq!(text(&*origin, &pic).await, "second");
        // Its neighbours stay.
        let neighbour = image("folder/a pic.x", Some("jpg"));
        library
            .put(&neighbour, &upload.join("one.jpg"))
            .await
            .expect("put");
        library
            .put(&pic, &upload.join("one.jpg"))
            .await
            .expect("put");
        assert_eq!(text(&*origin, &neighbour).await, "first");
        let raw = asset(AssetType::Raw, "docs/a.pdf", None);
        library
            .put(&raw, &upload.join("one.jpg"))
            .await
            .expect("put");
        let (all, next) = library
            .page("", cldgate::origin::Begin::First)
            .await
            .expect("a page");
        assert!(next.is_none());
        let keys: Vec<_> = all.iter().map(|object| object.key.as_str()).collect();
        assert_eq!(
            keys,
            [
                "image/upload/folder/a pic.jpg",
                "image/upload/folder/a pic.x.jpg",
                "raw/upload/docs/a.pdf",
            ]
        );
        assert_eq!(
            library
                .remove(&image("folder/a pic", None))
                .await
                .expect("removed")
                .len(),
            1
        );
        assert!(is_missing(&*origin, &pic).await);
        assert_eq!(text(&*origin, &neighbour).await, "first");
        assert!(
            library
                .remove(&pic)
                .await
                .is_err_and(|error| error.is_not_found())
        );
        assert_eq!(text(&*origin, &raw).await, "first");
        for id in ["../out", "a//b", "", "/etc/x"] {
            let outside = AssetRef {
                public_id: id.into(),
                ..pic.clone()
            };
            let refused = library.put(&outside, &upload.join("one.jpg")).await;
            assert!(
                matches!(refused, Err(Error::Forbidden { .. })),
                "{id}: {refused:?}"
            );
        }
        std::fs::remove_dir_all(upload).expect("removed");
    }
}

#[tokio::test]
async fn what_is_put_there_is_served_before_the_backup() {
    let server = S3Server::start();
    let local = scratch("library");
    let config = scratch("media-config");
    for (name, place) in [
        ("bucket", server.toml()),
        ("folder", format!("path = '{}'\n", local.display())),
    ] {
        let text = format!(
            "listen = \"127.0.0.1:0\"\nadmin = \"127.0.0.1:0\"\n\
             [[origin]]\nname = \"photos\"\nkind = \"cloudinary_backup\"\npath = '{}'\nfolder = \"res/demo\"\n\
             [[origin]]\nname = \"own\"\nkind = \"media_library\"\neverywhere = true\nfound_for = \"0s\"\n{place}\
             [[endpoint]]\nname = \"demo\"\nprefix = \"/demo\"\norigins = [\"photos\"]\ntell_origin = true\n",
            photos().display()
        );
        let file = config.join(format!("{name}.toml"));
        std::fs::write(&file, &text).expect("a configuration");
        let file = file.to_str().expect("a plain path");
        let gateway = Gateway::start(&text);
        let url = "/demo/image/upload/folder/photo.jpg";
        let origin = async |url: &str| {
            let answer = gateway.get(url).await;
            let header = answer.headers().get("x-cldgate-origin").cloned();
            header.map(|value| value.to_str().expect("text").to_owned())
        };
        assert_eq!(origin(url).await.as_deref(), Some("photos"));
        let picture = std::fs::read_dir(photos().join("res/demo/image/upload/sample"))
            .expect("the demo's")
            .next()
            .expect("a version")
            .expect("a name")
            .path();
        let picture = picture.to_str().expect("a plain path");
        let put = cldgate(&["media", "put", picture, "folder/new", "--config", file]);
        assert!(put.status.success(), "{put:?}");
        assert_eq!(
            String::from_utf8_lossy(&put.stdout),
            "image/upload/folder/new.jpg\n"
        );
        assert_eq!(
            origin("/demo/image/upload/folder/new.jpg").await.as_deref(),
            Some("own")
        );
        let listed = cldgate(&["media", "list", "image/", "--config", file]);
        let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
        assert!(
            listed.starts_with("image/upload/folder/new.jpg\t"),
            "{listed}"
        );
        let removed = cldgate(&["media", "rm", "folder/new", "--config", file]);
        assert!(removed.status.success(), "{removed:?}");
        let again = cldgate(&["media", "rm", "folder/new", "--config", file]);
        assert_eq!(again.status.code(), Some(1), "{again:?}");
        assert_eq!(
            gateway
                .get("/demo/image/upload/folder/new.jpg")
                .await
                .status(),
            404
        );
    }
    let none = cldgate(&["media", "list"]);
    assert_eq!(none.status.code(), Some(2));
    for folder in [local, config] {
        std::fs::remove_dir_all(folder).expect("removed");
    }
}

/// A file of this length that takes no room; its bytes are zeros but for the last.
fn large(folder: &std::path::Path, bytes: u64) -> std::path::PathBuf {
    use std::os::unix::fs::FileExt as _;
    let path = folder.join("large.mp4");
    let file = std::fs::File::create(&path).expect("a file");
    file.set_len(bytes).expect("room");
    file.write_all_at(b"end", bytes - 3).expect("written");
    path
}

/// Bytes that a process may have in memory while it sends a large file.
const MEMORY: u64 = 64 << 20;

#[test]
fn a_large_file_goes_in_parts_and_is_never_held() {
    let server = S3Server::start();
    let folder = scratch("large");
    // More than a process may hold.
    let bytes: u64 = if full() { 1 << 30 } else { 100 << 20 };
    let film = large(&folder, bytes);
    let config = folder.join("cldgate.toml");
    let text = format!(
        "[[origin]]\nname = \"own\"\nkind = \"media_library\"\n{}\
         [[endpoint]]\nname = \"e\"\norigins = [\"own\"]\n",
        server.toml()
    );
    std::fs::write(&config, text).expect("a configuration");
    let put = || {
        let mut command = crate::gateway::command();
        command.args(["media", "put"]).arg(&film).arg("clips/film");
        command.arg("--config").arg(&config);
        let mut process = command
            .stdout(std::process::Stdio::null())
            .spawn()
            .expect("the binary runs");
        let mut peak = 0;
        let status = loop {
            peak = peak.max(crate::gateway::peak(process.id()).unwrap_or(0));
            if let Some(status) = process.try_wait().expect("a process") {
                break status;
            }
            std::thread::sleep(std::time::Duration::from_millis(5));
        };
        (status, peak)
    };
    let (status, peak) = put();
    assert!(status.success(), "{status}");
    println!("{bytes} bytes put, at most {} KiB in memory", peak >> 10);
    assert!(peak < MEMORY, "{peak} bytes in memory");
    let stored = server.bucket().join("video/upload/clips/film.mp4");
    let same = std::process::Command::new("cmp")
        .arg(&film)
        .arg(&stored)
        .status();
    assert!(same.expect("cmp").success(), "every byte is there");
    assert_eq!(server.calls("UploadPart"), bytes.div_ceil(16 << 20));
    assert_eq!(server.calls("PutObject"), 0);

    // What is not through leaves nothing behind: neither a part, nor another file in its place.
    std::fs::write(&film, vec![1; 40 << 20]).expect("written");
    server.deny("UploadPart");
    let (status, _) = put();
    assert_eq!(status.code(), Some(1));
    assert_eq!(server.calls("AbortMultipartUpload"), 1);
    assert_eq!(
        std::fs::metadata(&stored).expect("the old one").len(),
        bytes
    );
    std::fs::remove_dir_all(folder).expect("removed");
}
