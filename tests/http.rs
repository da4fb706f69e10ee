//! Does the whole gateway, asked over HTTP, answer as a delivery service does?

use reqwest::StatusCode;

use crate::gateway::{Gateway, photos, scratch};

fn header<'a>(response: &'a reqwest::Response, name: &str) -> &'a str {
    response
        .headers()
        .get(name)
        .map_or("", |value| value.to_str().expect("text"))
}

/// Format and size as another program's decoder sees them.
fn look(bytes: &[u8]) -> (&'static str, usize, usize) {
    if bytes.starts_with(&[0xff, 0xd8]) {
        let mut decoder =
            zune_jpeg::JpegDecoder::new(zune_jpeg::zune_core::bytestream::ZCursor::new(bytes));
        decoder.decode().expect("a whole JPEG");
        let (width, height) = decoder.dimensions().expect("its size");
        ("jpg", width, height)
    } else if bytes.starts_with(b"\x89PNG") {
        let mut reader = png::Decoder::new(std::io::Cursor::new(bytes))
            .read_info()
            .expect("a PNG");
        let mut pixels = vec![0; reader.output_buffer_size().expect("a size")];
        let info = reader.next_frame(&mut pixels).expect("a whole PNG");
        ("png", info.width as usize, info.height as usize)
    } else if bytes.get(8..12) == Some(b"WEBP") {
        let facts = cldgate::render::probe(bytes).expect("a WebP");
        (
            "webp",
            facts.size.width as usize,
            facts.size.height as usize,
        )
    } else if bytes.get(4..12) == Some(b"ftypavif") {
        let facts = cldgate::render::probe(bytes).expect("an AVIF");
        (
            "avif",
            facts.size.width as usize,
            facts.size.height as usize,
        )
    } else {
        panic!("no known picture: {:02x?}", bytes.get(..12))
    }
}

#[tokio::test]
async fn pictures_have_the_size_and_type_asked_for() {
    let gateway = Gateway::demo("");
    for (url, accept, expected) in [
        ("/demo/image/upload/sample.jpg", "*/*", ("jpg", 1920, 1080)),
        ("/demo/image/upload/sample", "*/*", ("jpg", 1920, 1080)),
        (
            "/demo/image/upload/v1300000000/sample.jpg",
            "*/*",
            ("jpg", 1920, 1080),
        ),
        (
            "/demo/image/upload/c_fill,w_300,h_300/folder/photo.jpg",
            "*/*",
            ("jpg", 300, 300),
        ),
        (
            "/demo/image/upload/w_300%2Ch_300%2Cc_fill/v1/folder/photo.jpg",
            "*/*",
            ("jpg", 300, 300),
        ),
        (
            "/demo/image/upload/c_limit,w_800/f_auto/q_auto/sample.jpg",
            "*/*",
            ("jpg", 800, 450),
        ),
        (
            "/demo/image/upload/c_limit,w_800/f_auto/q_auto/sample.jpg",
            "image/webp,*/*",
            ("webp", 800, 450),
        ),
        (
            "/demo/image/upload/c_thumb,g_north,w_200,h_200,r_max/people/portrait.png",
            "*/*",
            ("png", 200, 200),
        ),
        (
            "/demo/image/upload/c_scale,w_120/logo.webp",
            "*/*",
            ("webp", 120, 40),
        ),
        (
            "/demo/image/upload/c_pad,w_200,h_200,b_white/logo.jpg",
            "*/*",
            ("jpg", 200, 200),
        ),
        (
            "/demo/image/upload/a_90/c_scale,w_90/sample.png",
            "*/*",
            ("png", 90, 160),
        ),
        // The orientation tag is applied before anything else.
        (
            "/demo/image/upload/c_scale,w_108/rotated.jpg",
            "*/*",
            ("jpg", 108, 144),
        ),
        (
            "/demo/image/upload/c_scale,w_135/release-1.2.jpg",
            "*/*",
            ("jpg", 135, 90),
        ),
        (
            "/demo/image/upload/c_scale,w_135/release-1.2",
            "*/*",
            ("jpg", 135, 90),
        ),
        (
            "/demo/image/upload/c_scale,w_120/summer%20caf%C3%A9/still%20life%201%2B1.jpg",
            "*/*",
            ("jpg", 120, 90),
        ),
        (
            "/demo/image/upload/c_scale,w_90/animated/lighthouse.png",
            "*/*",
            ("png", 90, 68),
        ),
        (
            "/demo/image/upload/c_scale,w_100,dpr_2.0/sample.jpg",
            "*/*",
            ("jpg", 200, 113),
        ),
    ] {
        let response = gateway.ask(url, &[("accept", accept)]).await;
        assert_eq!(response.status(), StatusCode::OK, "{url}");
        let media = header(&response, "content-type").to_owned();
        let length: usize = header(&response, "content-length")
            .parse()
            .expect("a length");
        let body = response.bytes().await.expect("a body");
        assert_eq!(body.len(), length, "{url}");
        assert_eq!(look(&body), expected, "{url}");
        let word = if expected.0 == "jpg" {
            "jpeg"
        } else {
            expected.0
        };
        assert_eq!(media, format!("image/{word}"), "{url}");
    }
}

#[tokio::test]
async fn avif_goes_to_those_who_name_it() {
    let gateway = Gateway::demo("f_auto = [\"avif\", \"webp\"]");
    let url = "/demo/image/upload/c_scale,w_64,f_auto/sample.jpg";
    let response = gateway
        .ask(url, &[("accept", "image/avif,image/webp,*/*")])
        .await;
    assert_eq!(header(&response, "vary"), "Accept");
    assert_eq!(header(&response, "content-type"), "image/avif");
    assert_eq!(
        look(&response.bytes().await.expect("a body")),
        ("avif", 64, 36)
    );
}

#[tokio::test]
async fn an_old_version_number_shows_the_newest_version() {
    let gateway = Gateway::demo("");
    let bytes = async |url| gateway.get(url).await.bytes().await.expect("a body");
    let newest = bytes("/demo/image/upload/sample.jpg").await;
    assert_eq!(
        newest,
        bytes("/demo/image/upload/v1300000000/sample.jpg").await
    );
    let on_disk = photos().join("res/demo/image/upload/sample/1312461204.jpg");
    assert_eq!(newest, std::fs::read(on_disk).expect("the newest version"));
}

#[tokio::test]
async fn an_owner_may_serve_the_version_asked_for() {
    let gateway = Gateway::over(&photos(), "version = \"as_asked\"", "");
    let bytes = async |url| gateway.get(url).await.bytes().await.expect("a body");
    let old = bytes("/demo/image/upload/v1300000000/sample.jpg").await;
    let on_disk = photos().join("res/demo/image/upload/sample/1300000000.jpg");
    assert_eq!(old, std::fs::read(on_disk).expect("the older version"));
    // A number that nothing was stored under is only a cache key.
    let unknown = bytes("/demo/image/upload/v1/sample.jpg").await;
    assert_eq!(unknown, bytes("/demo/image/upload/sample.jpg").await);
}

#[tokio::test]
async fn originals_are_sent_whole_and_in_ranges() {
    let gateway = Gateway::demo("");
    let url = "/demo/raw/upload/docs/readme.txt";
    let whole = gateway.get(url).await;
    assert_eq!(
        header(&whole, "content-type").split(';').next(),
        Some("text/plain")
    );
    assert_eq!(header(&whole, "accept-ranges"), "bytes");
    assert_eq!(header(&whole, "x-cache"), "bypass");
    let whole = whole.bytes().await.expect("a body");
    let total = whole.len();
    for (range, expected, told) in [
        ("bytes=0-9", &whole[..10], format!("bytes 0-9/{total}")),
        (
            "bytes=10-",
            &whole[10..],
            format!("bytes 10-{}/{total}", total - 1),
        ),
        (
            "bytes=-5",
            &whole[total - 5..],
            format!("bytes {}-{}/{total}", total - 5, total - 1),
        ),
    ] {
        let part = gateway.ask(url, &[("range", range)]).await;
        assert_eq!(part.status(), StatusCode::PARTIAL_CONTENT, "{range}");
        assert_eq!(header(&part, "content-range"), told);
        assert_eq!(part.bytes().await.expect("a body"), expected, "{range}");
    }
    let beyond = gateway.ask(url, &[("range", "bytes=99999999-")]).await;
    assert_eq!(beyond.status(), StatusCode::RANGE_NOT_SATISFIABLE);
    assert_eq!(header(&beyond, "content-range"), format!("bytes */{total}"));
}

#[tokio::test]
async fn what_a_client_has_is_not_sent_again() {
    let gateway = Gateway::demo("");
    for url in [
        "/demo/image/upload/sample.jpg",
        "/demo/image/upload/c_scale,w_50/sample.jpg",
    ] {
        let first = gateway.get(url).await;
        let etag = header(&first, "etag").to_owned();
        assert_eq!(etag.len(), 34, "32 hex digits in quotes: {etag}");
        let again = gateway.ask(url, &[("if-none-match", &etag)]).await;
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
        assert_eq!(header(&again, "etag"), etag);
        assert!(!header(&again, "cache-control").is_empty());
        assert!(again.bytes().await.expect("no body").is_empty());
        let other = gateway
            .ask(
                url,
                &[("if-none-match", "\"00000000000000000000000000000000\"")],
            )
            .await;
        assert_eq!(other.status(), StatusCode::OK);
        let head = reqwest::Client::new()
            .head(format!("{}{url}", gateway.base))
            .send()
            .await;
        let head = head.expect("an answer");
        assert_eq!(header(&head, "etag"), etag);
        assert_eq!(
            header(&head, "content-length"),
            header(&first, "content-length")
        );
    }
}

#[tokio::test]
async fn successes_carry_the_headers_that_clients_read() {
    let gateway = Gateway::demo("");
    let response = gateway
        .get("/demo/image/upload/c_fill,w_60,h_40/sample.jpg")
        .await;
    for (name, expected) in [
        (
            "cache-control",
            "public, no-transform, immutable, max-age=2592000",
        ),
        ("access-control-allow-origin", "*"),
        ("timing-allow-origin", "*"),
        ("x-content-type-options", "nosniff"),
        ("server", "cldgate"),
        ("x-cache", "miss"),
        ("x-cldgate-notes", ""),
        ("vary", ""),
    ] {
        assert_eq!(header(&response, name), expected, "{name}");
    }
    let timing = header(&response, "server-timing");
    assert!(
        timing.starts_with("content-info;desc=\"width=60,height=40,bytes="),
        "{timing}"
    );
    assert!(timing.contains("owidth=1920,oheight=1080"), "{timing}");
    let again = gateway
        .get("/demo/image/upload/h_40,c_fill,w_60/sample.jpg")
        .await;
    assert_eq!(
        header(&again, "x-cache"),
        "hit",
        "the order inside a component means nothing"
    );
}

#[tokio::test]
async fn bad_requests_are_told_why() {
    let gateway = Gateway::demo("");
    for (url, status, error) in [
        (
            "/demo/image/upload/w_abc/sample.jpg",
            400,
            "Invalid width in transformation: abc",
        ),
        (
            "/demo/image/upload/c_fil,w_10/sample.jpg",
            400,
            "Invalid crop in transformation: fil",
        ),
        ("/demo/image/upload/e_sepya/sample.jpg", 400, "sepya"),
        (
            "/demo/image/upload/c_scale,w_60000,h_60000/sample.jpg",
            400,
            "over the limit",
        ),
        (
            "/demo/image/upload/c_crop,w_9,h_9,x_9999/sample.jpg",
            400,
            "outside the picture",
        ),
        (
            "/demo/image/upload/t_nobody/sample.jpg",
            400,
            "Unknown transformation nobody",
        ),
        ("/demo/image/uplod/sample.jpg", 400, ""),
        (
            "/demo/image/upload/none/such.jpg",
            404,
            "Resource not found - none/such",
        ),
        (
            "/demo/image/upload/..%2F..%2Fetc%2Fpasswd",
            404,
            "Resource not found",
        ),
        (
            "/elsewhere/image/upload/sample.jpg",
            404,
            "Resource not found",
        ),
        ("/demo/image/authenticated/sample.jpg", 401, ""),
        ("/demo/image/private/sample.jpg", 401, ""),
    ] {
        let response = gateway.get(url).await;
        assert_eq!(response.status().as_u16(), status, "{url}");
        let told = header(&response, "x-cld-error");
        assert!(!told.is_empty() && told.contains(error), "{url}: {told}");
        let control = "private, no-cache, max-age=0";
        assert_eq!(header(&response, "cache-control"), control, "{url}");
    }
    let post =
        reqwest::Client::new().post(format!("{}/demo/image/upload/sample.jpg", gateway.base));
    let post = post.send().await.expect("an answer");
    assert_eq!(post.status(), StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn a_broken_picture_hurts_nobody_else() {
    let bucket = scratch("broken");
    let asset = |id: &str| {
        let folder = bucket.join("res/demo/image/upload").join(id);
        std::fs::create_dir_all(&folder).expect("a folder");
        folder
    };
    std::fs::write(
        asset("garbage").join("1.jpg"),
        b"\xff\xd8\xff\xe0 not a picture",
    )
    .expect("written");
    std::fs::write(asset("empty").join("1.png"), b"").expect("written");
    let photo = photos().join("res/demo/image/upload/sample/1312461204.jpg");
    std::fs::copy(photo, asset("sound").join("1.jpg")).expect("copied");
    let gateway = Gateway::over(&bucket, "", "");
    for id in ["garbage.jpg", "empty.png"] {
        let response = gateway
            .get(&format!("/demo/image/upload/c_scale,w_50/{id}"))
            .await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{id}");
        assert!(!header(&response, "x-cld-error").is_empty(), "{id}");
        let sound = gateway
            .get("/demo/image/upload/c_scale,w_50/sound.jpg")
            .await;
        assert_eq!(sound.status(), StatusCode::OK);
    }
    std::fs::remove_dir_all(bucket).expect("removed");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_at_once_cause_one_render() {
    let gateway = Gateway::demo("");
    let before = gateway.counter("cldgate_renders_total").await;
    let client = reqwest::Client::new();
    // Takes long enough for all to come while it is made.
    let path = "/demo/image/upload/c_fill,w_801,h_799,e_oil_paint:50/folder/photo.jpg";
    let requests: Vec<_> = (0..64)
        .map(|_| {
            let request = client.get(format!("{}{path}", gateway.base));
            tokio::spawn(async move {
                let response = request.send().await.expect("an answer");
                (response.status(), response.bytes().await.expect("a body"))
            })
        })
        .collect();
    let mut bodies = Vec::new();
    for request in requests {
        let (status, body) = request.await.expect("a request");
        assert_eq!(status, StatusCode::OK);
        bodies.push(body);
    }
    assert!(bodies.windows(2).all(|pair| pair[0] == pair[1]));
    assert_eq!(gateway.counter("cldgate_renders_total").await - before, 1);
    let shared = gateway.counter("cldgate_coalesced_total").await;
    assert!(shared > 0, "none of 64 requests waited for another");
    assert!(gateway.counter("cldgate_requests_total").await >= 64);
}

#[tokio::test]
async fn signatures_are_checked_where_there_is_a_secret() {
    // The secret is named by a file beside the configuration, as an owner would.
    let folder = scratch("secret");
    let file = folder.join("secret");
    std::fs::write(&file, "b\n").expect("written");
    let gateway = Gateway::demo(&format!(
        "signing_secret = {{ file = '{}' }}",
        file.display()
    ));
    // Signature of `sample.jpg` with the secret `b`, from the SDKs' own tests.
    let signed = gateway
        .get("/demo/image/upload/s--v2fTPYTu--/sample.jpg")
        .await;
    assert_eq!(signed.status(), StatusCode::OK);
    let wrong = gateway
        .get("/demo/image/upload/s--v2fTPYTx--/sample.jpg")
        .await;
    assert_eq!(wrong.status(), StatusCode::UNAUTHORIZED);
    let none = gateway.get("/demo/image/upload/sample.jpg").await;
    assert_eq!(none.status(), StatusCode::OK);
    drop(gateway);
    let unchecked = Gateway::demo("");
    let response = unchecked
        .get("/demo/image/upload/s--v2fTPYTx--/sample.jpg")
        .await;
    assert_eq!(response.status(), StatusCode::OK);
    assert!(header(&response, "x-cldgate-notes").contains("signature"));
    std::fs::remove_dir_all(folder).expect("removed");
}

#[tokio::test]
async fn what_cannot_be_rendered_is_told_or_refused_as_the_owner_says() {
    let url = "/demo/image/upload/c_scale,w_40/e_gen_remove:prompt_cup/sample.jpg";
    let lenient = Gateway::demo("");
    let response = lenient.get(url).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert!(header(&response, "x-cldgate-notes").contains("e_gen_remove"));
    drop(lenient);
    let strict = Gateway::demo("on_unsupported = \"error\"");
    assert_eq!(strict.get(url).await.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn operators_are_answered_on_their_own_listener() {
    let gateway = Gateway::demo("");
    for (path, contains) in [
        ("/healthz", ""),
        ("/readyz", ""),
        ("/metrics", "cldgate_requests_total"),
        (
            "/explain?url=/demo/image/upload/w_10/sample.jpg",
            "\"status\":\"supported\"",
        ),
    ] {
        let response = reqwest::get(format!("{}{path}", gateway.admin))
            .await
            .expect("an answer");
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        assert!(
            response.text().await.expect("text").contains(contains),
            "{path}"
        );
    }
    let public = gateway.get("/metrics").await;
    assert_eq!(
        public.status(),
        StatusCode::NOT_FOUND,
        "never on the public listener"
    );
}
