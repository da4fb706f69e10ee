//! Does an access token open what needs a signature, end to end, and does a wrong one not?

use std::time::{SystemTime, UNIX_EPOCH};

use cldgate::dialect::token::{self, Grant, Key};
use reqwest::StatusCode;

use super::gateway::{Gateway, photos, scratch};

const KEY: &str = "00112233FF99";
const PATH: &str = "/demo/image/authenticated/secret.jpg";

/// A bucket with one authenticated picture.
fn bucket() -> std::path::PathBuf {
    let bucket = scratch("access");
    let folder = bucket.join("res/demo/image/authenticated/secret");
    std::fs::create_dir_all(&folder).expect("folders");
    let source = photos().join("res/demo/image/upload/folder/photo");
    let picture = std::fs::read_dir(source)
        .expect("the demo")
        .map(|entry| entry.expect("an entry").path())
        .find(|path| path.is_file())
        .expect("a picture");
    std::fs::copy(picture, folder.join("1700000000.jpg")).expect("copied");
    bucket
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.expect("after 1970").as_secs()
}

async fn status(gateway: &Gateway, target: &str, cookie: Option<&str>) -> (StatusCode, String) {
    let mut request = reqwest::Client::new().get(format!("{}{target}", gateway.base));
    if let Some(cookie) = cookie {
        request = request.header("cookie", cookie);
    }
    let response = request.send().await.expect("an answer");
    let reason = response.headers().get("x-cld-error");
    let reason = reason
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    (response.status(), reason.to_owned())
}

#[tokio::test]
async fn a_token_opens_what_needs_a_signature() {
    let bucket = bucket();
    let key_file = bucket.join("token-key");
    std::fs::write(&key_file, KEY).expect("written");
    let gateway = Gateway::over(
        &bucket,
        "",
        &format!("token_key = {{ file = '{}' }}", key_file.display()),
    );
    let key = Key::from_hex(KEY).expect("a key");
    let for_path = Grant {
        expires: now() + 600,
        ..Grant::default()
    };
    let for_folder = Grant {
        acl: vec!["/demo/image/*".to_owned()],
        ..for_path.clone()
    };
    let for_us = Grant {
        ip: Some("127.0.0.1".to_owned()),
        ..for_folder.clone()
    };
    let (by_path, by_folder) = (
        token::sign(&key, &for_path, PATH),
        token::sign(&key, &for_folder, ""),
    );
    let derived = "/demo/image/authenticated/c_scale,w_40/secret.jpg";
    for (target, cookie) in [
        (format!("{PATH}?__cld_token__={by_path}"), None),
        (format!("{PATH}?_a=BAMA&__cld_token__={by_folder}"), None),
        (
            format!("{PATH}?__cld_token__={}", token::sign(&key, &for_us, "")),
            None,
        ),
        (
            PATH.to_owned(),
            Some(format!("a=b; __cld_token__={by_folder}")),
        ),
        (
            derived.to_owned(),
            Some(format!("__cld_token__={by_folder}; c=d")),
        ),
    ] {
        let (status, reason) = status(&gateway, &target, cookie.as_deref()).await;
        assert_eq!(status, StatusCode::OK, "{target} {cookie:?}: {reason}");
    }
    let late = Grant {
        expires: now() - 1,
        ..for_folder.clone()
    };
    let early = Grant {
        start: Some(now() + 500),
        ..for_folder.clone()
    };
    let elsewhere = Grant {
        acl: vec!["/demo/video/*".to_owned()],
        ..for_folder.clone()
    };
    let other_client = Grant {
        ip: Some("192.0.2.1".to_owned()),
        ..for_folder.clone()
    };
    let other_key = Key::from_hex("00").expect("a key");
    for target in [
        PATH.to_owned(),
        format!("{PATH}?__cld_token__="),
        format!("{derived}?__cld_token__={by_path}"),
        format!("{PATH}?__cld_token__={}", token::sign(&key, &late, "")),
        format!("{PATH}?__cld_token__={}", token::sign(&key, &early, "")),
        format!("{PATH}?__cld_token__={}", token::sign(&key, &elsewhere, "")),
        format!(
            "{PATH}?__cld_token__={}",
            token::sign(&key, &other_client, "")
        ),
        format!(
            "{PATH}?__cld_token__={}",
            token::sign(&other_key, &for_folder, "")
        ),
    ] {
        let (status, reason) = status(&gateway, &target, None).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{target}");
        assert_eq!(reason, "deny or ACL failure", "{target}");
    }
    drop(gateway);
    // Without a key no token opens anything.
    let gateway = Gateway::over(&bucket, "", "");
    let target = format!("{PATH}?__cld_token__={by_path}");
    assert_eq!(
        status(&gateway, &target, None).await.0,
        StatusCode::UNAUTHORIZED
    );
    drop(gateway);
    std::fs::remove_dir_all(bucket).expect("removed");
}
