//! A second S3 server, of another make and another language, so that one crate is not tested against
//! itself: moto's, from Python's package index. Skipped where it is not installed.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use cldgate::origin::{
    Backup, Begin, Call, Calls, Depth, Layout, Library, Origin, Plain, Store, VersionRule, s3,
};
use cldgate::spec::AssetType;

use super::ground::{asset, image, life, put, versioned};
use super::{is_missing, text};
use crate::gateway::scratch;

/// A running server; stopped when it is dropped.
struct Moto {
    process: Child,
    endpoint: String,
}

impl Moto {
    /// `None` where Python or moto is missing.
    fn start() -> Option<Self> {
        let has = Command::new("python3")
            .args(["-c", "import moto.server"])
            .stderr(Stdio::null())
            .status();
        if !has.is_ok_and(|status| status.success()) {
            return None;
        }
        // A port that is free now; the server takes no socket that is open already.
        let port = TcpListener::bind("127.0.0.1:0")
            .ok()?
            .local_addr()
            .ok()?
            .port();
        let mut process = Command::new("python3")
            .args([
                "-m",
                "moto.server",
                "-H",
                "127.0.0.1",
                "-p",
                &port.to_string(),
            ])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .ok()?;
        let lines = BufReader::new(process.stderr.take()?).lines();
        let (tell, told) = std::sync::mpsc::channel();
        // Reads to the end, so that the server never waits for a reader.
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let _heard = tell.send(line.contains("Running on"));
            }
        });
        while !told
            .recv_timeout(Duration::from_secs(120))
            .expect("moto starts")
        {}
        Some(Self {
            process,
            endpoint: format!("http://127.0.0.1:{port}"),
        })
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ended = self.process.kill();
        let _ended = self.process.wait();
    }
}

#[tokio::test]
async fn another_make_of_server_says_the_same() {
    let Some(moto) = Moto::start() else {
        println!("skipped: pip install 'moto[server]' for a second S3 server");
        return;
    };
    let config = s3::Config {
        endpoint: Some(moto.endpoint.clone()),
        path_style: true,
        region: Some("us-east-1".to_owned()),
        keys: Some(s3::Keys {
            access: "test".to_owned(),
            secret: "test".to_owned(),
        }),
        ..s3::Config::new("acme-backup")
    };
    let client = || s3::Client::new("backup", config.clone());
    let made = client();
    made.sdk()
        .await
        .create_bucket()
        .bucket("acme-backup")
        .send()
        .await
        .expect("a bucket");
    let fill = async |key: &str, bytes: &str| {
        made.put(key, Bytes::from(bytes.to_owned()))
            .await
            .expect(key);
    };
    for (id, bytes) in [
        ("folder/photo", "plain"),
        ("image%2Bexample", "encoded"),
        ("a b/ü", "odd"),
    ] {
        fill(&format!("res/acme/image/upload/{id}/999.jpg"), "old").await;
        fill(&format!("res/acme/image/upload/{id}/1600000000.png"), bytes).await;
    }
    fill("res/acme/raw/upload/docs/a.pdf/1600000000", "raw").await;
    for n in 0..1_005 {
        fill(
            &format!("res/acme/image/upload/many/{}.jpg", 9_000 + n),
            &n.to_string(),
        )
        .await;
    }

    let calls: Arc<Calls> = Arc::default();
    let store = Store::bucket(client(), calls.clone());
    let origin = Backup::new(store, "/res/acme/", VersionRule::AsAsked, life());
    for (id, bytes) in [
        ("folder/photo", "plain"),
        ("image+example", "encoded"),
        ("a b/ü", "odd"),
    ] {
        assert_eq!(text(&origin, &image(id, Some("jpg"))).await, bytes);
    }
    let found = origin
        .find(&image("folder/photo", None))
        .await
        .expect("found");
    assert_eq!(found.version, Some(1_600_000_000));
    let lists = calls.get(Call::List);
    assert_eq!(
        text(&origin, &versioned("folder/photo", Some("jpg"), 999)).await,
        "old"
    );
    assert_eq!(calls.get(Call::List), lists);
    assert_eq!(
        text(&origin, &asset(AssetType::Raw, "docs/a.pdf", None)).await,
        "raw"
    );
    assert_eq!(text(&origin, &image("many", None)).await, "1004");
    assert!(is_missing(&origin, &image("folder", None)).await);

    let library = Library::new(Store::bucket(client(), Arc::default()), "media");
    let upload = scratch("moto");
    put(&upload, "a.png", b"own");
    library
        .put(&image("own/pic", Some("png")), &upload.join("a.png"))
        .await
        .expect("put");
    let own = Plain::new(
        Store::bucket(client(), Arc::default()),
        "media",
        Layout::Typed,
        life(),
    );
    assert_eq!(text(&own, &image("own/pic", Some("webp"))).await, "own");
    library
        .remove(&image("own/pic", None))
        .await
        .expect("removed");
    let left = made
        .list("media/", Depth::All, &Begin::First)
        .await
        .expect("a list");
    assert!(left.objects.is_empty());
    // In parts.
    let film = upload.join("film.mp4");
    std::fs::write(&film, vec![7; (33 << 20) + 1]).expect("written");
    let clip = asset(AssetType::Video, "clips/film", Some("mp4"));
    let key = library.put(&clip, &film).await.expect("put");
    let stored = made.head(&key).await.expect("a head");
    assert_eq!(stored.bytes, (33 << 20) + 1);
    library.remove(&clip).await.expect("removed");
    std::fs::remove_dir_all(upload).expect("removed");

    let elsewhere = s3::Config {
        bucket: "no-such-bucket".to_owned(),
        ..config.clone()
    };
    let elsewhere = Store::bucket(s3::Client::new("elsewhere", elsewhere), Arc::default());
    let nowhere = Backup::new(elsewhere, "", VersionRule::Newest, life());
    let error = nowhere
        .find(&image("a", None))
        .await
        .expect_err("no bucket");
    assert!(
        error.to_string().contains("no bucket no-such-bucket"),
        "{error}"
    );
}
