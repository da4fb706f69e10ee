//! Are answers those of a delivery service, header by header, for every row of the documented tables?

use reqwest::{Method, StatusCode};

use crate::gateway::Gateway;

const IMMUTABLE: &str = "public, no-transform, immutable, max-age=2592000";
const NOT_KEPT: &str = "private, no-cache, max-age=0";
const EXPOSED: &str = "Content-Length, ETag, Server-Timing, X-Content-Type-Options, X-Cld-Error, \
                       X-Cache, X-Cldgate-Notes, X-Request-Id";
const BROWSER: &str = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8";

const DERIVED: &str = "/demo/image/upload/c_fill,w_60,h_40/sample.jpg";
const AUTOMATIC: &str = "/demo/image/upload/c_fill,w_60,h_40,f_auto/sample.jpg";
const ORIGINAL: &str = "/demo/image/upload/sample.jpg";
const RAW: &str = "/demo/raw/upload/docs/readme.txt";

fn header<'a>(response: &'a reqwest::Response, name: &str) -> Option<&'a str> {
    let value = response.headers().get(name)?;
    Some(value.to_str().expect("text"))
}

async fn send(
    gateway: &Gateway,
    method: Method,
    url: &str,
    headers: &[(&str, &str)],
) -> reqwest::Response {
    let mut request = reqwest::Client::new().request(method, format!("{}{url}", gateway.base));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.expect("an answer")
}

fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[tokio::test]
async fn every_success_carries_what_clients_read() {
    let gateway = Gateway::demo("");
    for (url, media, cache, vary, timing) in [
        (
            ORIGINAL,
            "image/jpeg",
            "bypass",
            None,
            "content-info;desc=\"bytes=",
        ),
        (
            RAW,
            "text/plain",
            "bypass",
            None,
            "content-info;desc=\"bytes=",
        ),
        (
            DERIVED,
            "image/jpeg",
            "miss",
            None,
            "content-info;desc=\"width=60,height=40,bytes=",
        ),
        (
            DERIVED,
            "image/jpeg",
            "hit",
            None,
            "content-info;desc=\"width=60,height=40,bytes=",
        ),
        (
            DERIVED,
            "image/jpeg",
            "hit",
            None,
            "content-info;desc=\"width=60,height=40,bytes=",
        ),
        (
            AUTOMATIC,
            "image/jpeg",
            "miss",
            Some("Accept"),
            "content-info;desc=\"width=60,height=40,bytes=",
        ),
        (
            AUTOMATIC,
            "image/jpeg",
            "hit",
            Some("Accept"),
            "content-info;desc=\"width=60,height=40,bytes=",
        ),
    ] {
        let response = gateway.get(url).await;
        assert_eq!(response.status(), StatusCode::OK, "{url}");
        for (name, expected) in [
            ("cache-control", Some(IMMUTABLE)),
            ("content-type", Some(media)),
            ("accept-ranges", Some("bytes")),
            ("access-control-allow-origin", Some("*")),
            ("timing-allow-origin", Some("*")),
            ("access-control-expose-headers", Some(EXPOSED)),
            ("x-content-type-options", Some("nosniff")),
            ("strict-transport-security", None),
            ("server", Some("cldgate")),
            ("vary", vary),
            ("x-cache", Some(cache)),
            ("x-cld-error", None),
            ("content-disposition", None),
        ] {
            assert_eq!(header(&response, name), expected, "{url}: {name}");
        }
        let etag = header(&response, "etag").expect("an ETag");
        let bare = etag.trim_matches('"');
        assert!(is_hex(bare, 32) && etag.len() == 34, "{url}: {etag}");
        let modified = header(&response, "last-modified").expect("a date");
        assert!(
            httpdate::parse_http_date(modified).is_ok(),
            "{url}: {modified}"
        );
        assert!(header(&response, "date").is_some());
        assert!(is_hex(
            header(&response, "x-request-id").expect("an ID"),
            32
        ));
        let told = header(&response, "server-timing")
            .expect("timings")
            .to_owned();
        assert!(told.starts_with(timing), "{url}: {told}");
        assert_eq!(
            told.contains("transform;dur="),
            cache == "miss",
            "{url}: {told}"
        );
        let length: usize = header(&response, "content-length")
            .expect("a length")
            .parse()
            .expect("a number");
        assert_eq!(
            response.bytes().await.expect("a body").len(),
            length,
            "{url}"
        );
    }
}

#[tokio::test]
async fn content_info_tells_both_files() {
    let gateway = Gateway::demo("");
    let response = gateway.get(DERIVED).await;
    let timing = header(&response, "server-timing")
        .expect("timings")
        .to_owned();
    let bytes = response.bytes().await.expect("a body").len();
    let original = gateway
        .get(ORIGINAL)
        .await
        .bytes()
        .await
        .expect("a body")
        .len();
    let info = format!(
        "content-info;desc=\"width=60,height=40,bytes={bytes},format=\\\"jpg\\\",\
         owidth=1920,oheight=1080,obytes={original},oformat=\\\"jpg\\\"\""
    );
    assert!(timing.starts_with(&info), "{timing}\n{info}");
}

#[tokio::test]
async fn vary_names_just_what_the_answer_depends_on() {
    let gateway = Gateway::demo("");
    for (chain, vary) in [
        ("c_fill,w_60,h_40", None),
        ("c_fill,w_60,h_40,f_webp", None),
        ("c_fill,w_60,h_40,f_auto", Some("Accept")),
        ("c_fill,w_60,h_40,dpr_auto", Some("Sec-CH-DPR, DPR")),
        ("c_scale,w_auto", Some("Sec-CH-Width, Width")),
        (
            "c_scale,w_auto,dpr_auto,f_auto",
            Some("Accept, Sec-CH-DPR, DPR, Sec-CH-Width, Width"),
        ),
    ] {
        let url = format!("/demo/image/upload/{chain}/sample.jpg");
        for _ in 0..2 {
            let response = gateway.get(&url).await;
            assert_eq!(header(&response, "vary"), vary, "{chain}");
            let etag = header(&response, "etag").expect("an ETag").to_owned();
            let again = gateway.ask(&url, &[("if-none-match", &etag)]).await;
            assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
            assert_eq!(header(&again, "vary"), vary, "{chain}: 304");
        }
    }
    // One URL, two clients, two answers that no cache confuses, in any order.
    for _ in 0..3 {
        for (accept, media) in [("*/*", "image/jpeg"), ("image/webp,*/*", "image/webp")] {
            let response = gateway.ask(AUTOMATIC, &[("accept", accept)]).await;
            assert_eq!(header(&response, "content-type"), Some(media));
        }
    }
}

#[tokio::test]
async fn conditions_hold_for_every_body_fresh_and_cached() {
    let gateway = Gateway::demo("");
    for url in [ORIGINAL, RAW, DERIVED, AUTOMATIC] {
        for round in ["made", "kept", "in front"] {
            let whole = gateway.get(url).await;
            let (etag, modified) = (
                header(&whole, "etag").expect("an ETag").to_owned(),
                header(&whole, "last-modified").expect("a date").to_owned(),
            );
            let length = header(&whole, "content-length")
                .expect("a length")
                .to_owned();
            let whole = whole.bytes().await.expect("a body");
            let weak = format!("W/{etag}");
            for (name, value, status) in [
                ("if-none-match", etag.as_str(), 304),
                ("if-none-match", weak.as_str(), 304),
                ("if-none-match", "*", 304),
                ("if-none-match", "\"other\"", 200),
                ("if-modified-since", modified.as_str(), 304),
                ("if-modified-since", "Sun, 06 Nov 1994 08:49:37 GMT", 200),
                ("if-modified-since", "nonsense", 200),
            ] {
                for method in [Method::GET, Method::HEAD] {
                    let response = send(&gateway, method, url, &[(name, value)]).await;
                    assert_eq!(
                        response.status().as_u16(),
                        status,
                        "{url} {round} {name}: {value}"
                    );
                    assert_eq!(header(&response, "etag"), Some(etag.as_str()));
                    assert_eq!(header(&response, "cache-control"), Some(IMMUTABLE));
                    if status == 304 {
                        for name in ["content-type", "content-length", "server-timing"] {
                            assert_eq!(header(&response, name), None, "{url}: {name}");
                        }
                    }
                }
            }
            let head = send(&gateway, Method::HEAD, url, &[]).await;
            assert_eq!(
                header(&head, "content-length"),
                Some(length.as_str()),
                "{url}"
            );
            assert!(head.bytes().await.expect("no body").is_empty());
            ranges(&gateway, url, &whole, &etag, &modified).await;
        }
    }
}

async fn ranges(gateway: &Gateway, url: &str, whole: &[u8], etag: &str, modified: &str) {
    let n = whole.len();
    let old = "Sun, 06 Nov 1994 08:49:37 GMT";
    for (range, condition, part) in [
        ("bytes=0-9", None, Some(0..10)),
        ("bytes=5-", None, Some(5..n)),
        ("bytes=-7", None, Some(n - 7..n)),
        ("bytes=3-99999999", None, Some(3..n)),
        ("bytes=0-9", Some(etag), Some(0..10)),
        ("bytes=0-9", Some(modified), Some(0..10)),
        ("bytes=0-9", Some("\"other\""), None),
        ("bytes=0-9", Some(old), None),
        // Several at once are answered whole, as RFC 9110 allows.
        ("bytes=0-1,4-5", None, None),
        ("lines=0-1", None, None),
    ] {
        let mut asked = vec![("range", range)];
        asked.extend(condition.map(|condition| ("if-range", condition)));
        let response = gateway.ask(url, &asked).await;
        match part {
            Some(part) => {
                assert_eq!(
                    response.status(),
                    StatusCode::PARTIAL_CONTENT,
                    "{url} {range}"
                );
                let told = format!("bytes {}-{}/{n}", part.start, part.end - 1);
                assert_eq!(header(&response, "content-range"), Some(told.as_str()));
                assert_eq!(header(&response, "etag"), Some(etag));
                assert_eq!(
                    response.bytes().await.expect("a body"),
                    whole[part],
                    "{url} {range}"
                );
            }
            None => {
                assert_eq!(
                    response.status(),
                    StatusCode::OK,
                    "{url} {range} {condition:?}"
                );
                assert_eq!(
                    response.bytes().await.expect("a body"),
                    whole,
                    "{url} {range}"
                );
            }
        }
    }
    let beyond = gateway.ask(url, &[("range", "bytes=99999999-")]).await;
    assert_eq!(beyond.status(), StatusCode::RANGE_NOT_SATISFIABLE, "{url}");
    let told = format!("bytes */{n}");
    assert_eq!(header(&beyond, "content-range"), Some(told.as_str()));
}

#[tokio::test]
async fn other_methods() {
    let gateway = Gateway::demo("");
    let asked = [
        ("origin", "https://example.com"),
        ("access-control-request-method", "GET"),
    ];
    let preflight = send(&gateway, Method::OPTIONS, DERIVED, &asked).await;
    assert_eq!(preflight.status(), StatusCode::NO_CONTENT);
    for (name, expected) in [
        ("access-control-allow-origin", "*"),
        ("access-control-allow-methods", "GET, HEAD, OPTIONS"),
        ("access-control-allow-headers", "*"),
        ("access-control-max-age", "86400"),
        ("allow", "GET, HEAD, OPTIONS"),
    ] {
        assert_eq!(header(&preflight, name), Some(expected), "{name}");
    }
    for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH] {
        let response = send(&gateway, method, DERIVED, &[]).await;
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(header(&response, "allow"), Some("GET, HEAD, OPTIONS"));
    }
}

/// The service stores no longer names; who has them elsewhere is served.
#[tokio::test]
async fn a_name_that_is_too_long_is_no_missing_picture() {
    let gateway = Gateway::demo("");
    for (letters, status, told) in [
        (
            "x".repeat(255),
            StatusCode::NOT_FOUND,
            "Resource not found - ",
        ),
        (
            "x".repeat(256),
            StatusCode::BAD_REQUEST,
            "public_id is too long",
        ),
        // Characters count, not bytes.
        (
            "%C3%A9".repeat(200),
            StatusCode::NOT_FOUND,
            "Resource not found - ",
        ),
    ] {
        let path = format!("/demo/image/upload/w_10/{letters}.jpg");
        let response = gateway.get(&path).await;
        assert_eq!(response.status(), status, "{letters}");
        let said = header(&response, "x-cld-error").unwrap();
        assert!(said.starts_with(told), "{said}");
    }
}

#[tokio::test]
async fn every_error_says_why_in_its_header_and_in_a_body_for_its_reader() {
    let gateway = Gateway::demo("");
    let missing = "/demo/image/upload/none/such.jpg";
    let told = "Resource not found - none/such";
    for (accept, media) in [
        (BROWSER, "image/gif"),
        (
            "text/html,application/xhtml+xml,image/avif,*/*;q=0.8",
            "text/plain; charset=utf-8",
        ),
        ("*/*", "text/plain; charset=utf-8"),
        ("application/json", "application/json"),
    ] {
        let response = gateway.ask(missing, &[("accept", accept)]).await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND);
        for (name, expected) in [
            ("x-cld-error", told),
            ("cache-control", NOT_KEPT),
            ("content-type", media),
            ("vary", "Accept"),
            ("access-control-allow-origin", "*"),
            ("access-control-expose-headers", EXPOSED),
            ("x-content-type-options", "nosniff"),
        ] {
            assert_eq!(header(&response, name), Some(expected), "{accept}: {name}");
        }
        assert_eq!(header(&response, "etag"), None);
        let body = response.bytes().await.expect("a body");
        match media {
            "image/gif" => assert!(body.starts_with(b"GIF89a")),
            "application/json" => {
                let json: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
                assert_eq!(json["error"]["message"], told);
            }
            _ => assert_eq!(body, format!("{told}\n")),
        }
    }
    for (url, status, told) in [
        (
            "/demo/image/upload/w_abc/sample.jpg",
            400,
            "Invalid width in transformation: abc",
        ),
        (
            "/demo/image/upload/zz_top,w_10/sample.jpg",
            400,
            "Invalid transformation component - ",
        ),
        (
            "/demo/image/upload/t_nobody/sample.jpg",
            400,
            "Unknown transformation nobody",
        ),
        (
            "/demo/image/upload/c_scale,g_auto,w_10/sample.jpg",
            400,
            "Use auto gravity only with crop, fill, lfill, fill_pad or thumb",
        ),
        (
            "/demo/image/authenticated/sample.jpg",
            401,
            "deny or ACL failure",
        ),
        (
            "/elsewhere/image/upload/sample.jpg",
            404,
            "Resource not found",
        ),
    ] {
        let response = gateway.get(url).await;
        assert_eq!(response.status().as_u16(), status, "{url}");
        let header = header(&response, "x-cld-error").expect("a reason");
        assert!(header.starts_with(told), "{url}: {header}");
    }
}

#[tokio::test]
async fn a_picture_for_saving_says_its_name() {
    let gateway = Gateway::demo("");
    for (flag, expected) in [
        ("fl_attachment", "attachment; filename=\"sample.jpg\""),
        (
            "fl_attachment:summer",
            "attachment; filename=\"summer.jpg\"",
        ),
    ] {
        let url = format!("/demo/image/upload/{flag},c_scale,w_40/sample.jpg");
        for _ in 0..3 {
            let response = gateway.get(&url).await;
            assert_eq!(
                header(&response, "content-disposition"),
                Some(expected),
                "{flag}"
            );
        }
    }
}

#[tokio::test]
async fn an_owner_says_how_long_answers_are_kept() {
    let lines =
        "cache_control = \"public, max-age=60\"\ncache_control_versioned = \"public, immutable\"";
    let gateway = Gateway::demo(lines);
    for (url, expected) in [
        (
            "/demo/image/upload/c_scale,w_40/sample.jpg",
            "public, max-age=60",
        ),
        (
            "/demo/image/upload/c_scale,w_40/v1/sample.jpg",
            "public, max-age=60",
        ),
        (
            "/demo/image/upload/c_scale,w_40/v1312461204/sample.jpg",
            "public, immutable",
        ),
        (
            "/demo/image/upload/v1312461204/sample.jpg",
            "public, immutable",
        ),
        (RAW, "public, max-age=60"),
    ] {
        let response = gateway.get(url).await;
        assert_eq!(header(&response, "cache-control"), Some(expected), "{url}");
    }
}
