//! Does `check --connect` tell of every kind of origin what will go wrong in service?

use super::guide::{config, filled, origin};
use super::s3_server::SECRET_KEY;
use crate::faults::{Reply, Server};
use crate::gateway::{cldgate, photos, scratch};

#[test]
fn check_tells_what_is_allowed_and_what_is_not() {
    let server = filled();
    let folder = scratch("check");
    let file = folder.join("cldgate.toml");
    let backup = origin(&server, "backup", "/res/acme/", "version = \"as_asked\"");
    let text = config(&backup, "prefix = \"/acme\"\norigins = [\"backup\"]");
    std::fs::write(&file, text).expect("a configuration");
    let file = file.to_str().expect("a plain path");
    let check = |more: &[&str]| {
        let output = cldgate(&[&["check", "--config", file], more].concat());
        let told = [output.stdout, output.stderr].concat();
        let told = String::from_utf8(told).expect("text");
        assert!(!told.contains(SECRET_KEY));
        (output.status.code(), told)
    };
    let (code, told) = check(&["--connect", "--sample", "folder/photo.jpg"]);
    assert_eq!(code, Some(0), "{told}");
    for line in [
        "  list   ok: ",
        "  get    ok: res/acme/",
        "  find   ok: backup has res/acme/image/upload/folder/photo/",
    ] {
        assert!(told.contains(line), "{line}: {told}");
    }
    for sample in [
        "image/upload/folder/photo.jpg",
        "raw/docs/a.txt",
        "clips/a.mp4",
        "/acme/image/upload/w_20/folder/photo.jpg",
        "https://res.cloudinary.com/acme/image/upload/w_20/folder/photo.jpg",
    ] {
        let (code, told) = check(&["--connect", "--sample", sample]);
        assert_eq!(code, Some(0), "{sample}: {told}");
    }
    let (code, told) = check(&["--connect", "--sample", "no/such"]);
    assert_eq!(code, Some(1), "{told}");

    server.deny("ListObjectsV2");
    let (code, told) = check(&["--connect"]);
    assert_eq!(code, Some(1));
    assert!(
        told.contains("list   FAILED") && told.contains("s3:ListBucket is needed"),
        "{told}"
    );
    // What a URL with version and extension names can be read all the same.
    let (_, told) = check(&["--connect", "--sample", "v1600000000/clips/a.mp4"]);
    assert!(
        told.contains("find   ok: backup has res/acme/video/upload/clips/a/1600000000.mp4"),
        "{told}"
    );
    server.allow("ListObjectsV2");
    server.deny("GetObject");
    let (code, told) = check(&["--connect"]);
    assert_eq!(code, Some(1));
    assert!(
        told.contains("list   ok") && told.contains("get    FAILED"),
        "{told}"
    );
    std::fs::remove_dir_all(folder).expect("removed");
}

#[tokio::test]
async fn servers_are_reached_and_asked_for_the_sample() {
    let server = Server::start(|asked| {
        let known = asked.header("authorization") == Some("Bearer right");
        match asked.target.as_str() {
            "/acme/image/upload/folder/pic.jpg" if known => Reply::ok("here", &[]),
            "/media/a.jpg" => Reply::ok("here", &[]),
            "/broken" => Reply::status(503),
            // A folder that may not be listed.
            "/acme" if known => Reply::status(403),
            _ if known => Reply::status(404),
            _ => Reply::status(401),
        }
    })
    .await;
    let base = server.base();
    let folder = scratch("reach");
    let file = folder.join("cldgate.toml");
    for (name, token) in [("right", "right"), ("wrong", "wrong")] {
        std::fs::write(folder.join(name), token).expect("a token");
    }
    let live = |path: &str, token: &str| {
        format!(
            "[[origin]]\nname = \"live\"\nkind = \"web_server\"\nbase_url = \"{base}{path}\"\n\
             retries = 0\nbearer = {{ file = '{}' }}\n",
            folder.join(token).display()
        )
    };
    let check = async |origins: String, more: &'static [&'static str]| {
        // One more, which no endpoint names and which is asked all the same.
        let library = format!(
            "[[origin]]\nname = \"photos\"\nkind = \"cloudinary_backup\"\npath = '{}'\n\
             folder = \"res/demo\"\n",
            photos().display()
        );
        let text = config(&(origins + &library), "origins = [\"live\"]");
        std::fs::write(&file, text).expect("a configuration");
        let file = file.to_str().expect("a plain path").to_owned();
        let asked = tokio::task::spawn_blocking(move || {
            cldgate(&[&["check", "--config", &file, "--connect"], more].concat())
        });
        let output = asked.await.expect("an answer");
        let told = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(told).expect("text"))
    };
    let (code, told) = check(live("/acme", "right"), &[]).await;
    assert_eq!(code, Some(0), "{told}");
    for line in [
        format!("  reach  ok: {base}/acme answers, status 403\n"),
        "  get    none: not tried".to_owned(),
        "photos: backup in folder".to_owned(),
    ] {
        assert!(told.contains(&line), "{line}: {told}");
    }
    let sample = &["--sample", "folder/pic.jpg"];
    let (code, told) = check(live("/acme", "right"), sample).await;
    assert_eq!(code, Some(0), "{told}");
    for line in [
        format!("  find   ok: live has {base}/acme/image/upload/folder/pic.jpg, 4 bytes\n"),
        "  find   none: photos has no such asset\n".to_owned(),
    ] {
        assert!(told.contains(&line), "{line}: {told}");
    }
    let (code, told) = check(live("/acme", "wrong"), sample).await;
    assert_eq!(code, Some(1), "{told}");
    for line in [
        "  reach  FAILED: origin live: access to",
        "  find   FAILED: origin live: access to",
    ] {
        assert!(told.contains(line), "{line}: {told}");
    }
    let (code, told) = check(live("/broken", "right"), &[]).await;
    assert_eq!(code, Some(1), "{told}");
    assert!(
        told.contains("reach  FAILED") && told.contains("503"),
        "{told}"
    );
    // Nowhere is no success.
    let (code, told) = check(live("/acme", "right"), &["--sample", "no/such"]).await;
    assert_eq!(code, Some(1), "{told}");
    assert!(
        told.contains("find   FAILED: no origin has such an asset"),
        "{told}"
    );
    // Folders that stand for URLs are asked, hosts of pictures are not.
    let remote = format!(
        "[[origin]]\nname = \"live\"\nkind = \"fetch\"\nhosts = [\"images.example.com\"]\nretries = 0\n\
         [origin.auto_upload]\nremote = \"{base}/media/\"\n"
    );
    let (code, told) = check(remote.clone(), &["--sample", "remote/a.jpg"]).await;
    assert_eq!(code, Some(1), "{told}");
    assert!(
        told.contains("reach  FAILED"),
        "its root is refused: {told}"
    );
    assert!(
        told.contains(&format!(
            "  find   ok: live has {base}/media/a.jpg, 4 bytes\n"
        )),
        "{told}"
    );
    std::fs::remove_dir_all(folder).expect("removed");
}
