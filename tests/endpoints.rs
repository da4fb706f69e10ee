//! Which endpoint and which origin answer, and what do clients see when one cannot?

use crate::faults::{Reply, Server};
use crate::gateway::{Gateway, photos};

const LISTEN: &str = "listen = \"127.0.0.1:0\"\nadmin = \"127.0.0.1:0\"\n";

/// The demo's pictures as an origin named `photos`.
pub fn backup(more: &str) -> String {
    format!(
        "[[origin]]\nname = \"photos\"\nkind = \"cloudinary_backup\"\npath = '{}'\n\
         folder = \"res/demo\"\n{more}\n",
        photos().display()
    )
}

/// A web server that is asked without patience.
pub fn server(name: &str, base: &str, more: &str) -> String {
    format!(
        "[[origin]]\nname = \"{name}\"\nkind = \"web_server\"\nbase_url = \"{base}\"\nretries = 0\n\
         connect_timeout = \"5s\"\nfirst_byte_timeout = \"400ms\"\nfound_for = \"0s\"\n\
         missing_for = \"0s\"\n{more}\n"
    )
}

pub fn endpoint(name: &str, more: &str) -> String {
    format!("[[endpoint]]\nname = \"{name}\"\n{more}\n")
}

pub fn start(parts: &[String]) -> Gateway {
    Gateway::start(&format!("{LISTEN}{}", parts.concat()))
}

fn header<'a>(response: &'a reqwest::Response, name: &str) -> &'a str {
    response
        .headers()
        .get(name)
        .map_or("", |value| value.to_str().expect("text"))
}

pub fn photo() -> Vec<u8> {
    std::fs::read(photos().join("res/demo/image/upload/sample/1312461204.jpg")).expect("a photo")
}

#[tokio::test]
async fn the_longest_prefix_answers_and_own_hosts_first() {
    let origins = "origins = [\"photos\"]\ncache_control";
    let gateway = start(&[
        backup(""),
        endpoint("default", &format!("{origins} = \"default\"")),
        endpoint("demo", &format!("prefix = \"/demo\"\n{origins} = \"demo\"")),
        endpoint(
            "deep",
            &format!("prefix = \"/cdn/demo\"\n{origins} = \"deep\""),
        ),
        endpoint(
            "own",
            &format!(
                "hosts = [\"static.example.com\"]\ncloud_name = \"acme\"\n{origins} = \"own\""
            ),
        ),
    ]);
    for (host, path, expected) in [
        ("x.example", "/image/upload/sample.jpg", ""),
        ("x.example", "/demo/image/upload/sample.jpg", "demo"),
        ("x.example", "/other/image/upload/sample.jpg", "default"),
        (
            "x.example",
            "/demolition/image/upload/sample.jpg",
            "default",
        ),
        ("x.example", "/cdn/demo/image/upload/sample.jpg", "deep"),
        ("static.example.com", "/image/upload/sample.jpg", "own"),
        ("STATIC.example.com:8080", "/image/upload/sample.jpg", "own"),
        ("static.example.com", "/acme/image/upload/sample.jpg", "own"),
        (
            "acme-res.cloudinary.com",
            "/image/upload/sample.jpg",
            "default",
        ),
    ] {
        let response = gateway.ask(path, &[("host", host)]).await;
        let answered = match response.status().as_u16() {
            200 => header(&response, "cache-control"),
            _ => "",
        };
        if expected.is_empty() {
            continue;
        }
        assert_eq!(
            answered,
            expected,
            "{host}{path}: {}",
            header(&response, "x-cld-error")
        );
    }
}

#[tokio::test]
async fn what_one_origin_does_not_have_the_next_is_asked_for() {
    let live = Server::start(|asked| match asked.target.as_str() {
        "/acme/image/upload/v7/only/here.jpg" => Reply::ok(
            photo(),
            &[("content-type", "image/jpeg"), ("etag", "\"7\"")],
        ),
        _ => Reply::status(404),
    })
    .await;
    let gateway = start(&[
        backup("canonical_base_url = \"https://www.example.com\""),
        server(
            "live",
            &format!("{}/acme", live.base()),
            "canonical_base_url = \"https://live.example.com\"",
        ),
        endpoint(
            "demo",
            "prefix = \"/demo\"\norigins = [\"photos\", \"live\"]\ntell_origin = true",
        ),
    ]);
    let here = gateway
        .get("/demo/image/upload/c_scale,w_50/folder/photo.jpg")
        .await;
    assert_eq!(
        (here.status().as_u16(), header(&here, "x-cldgate-origin")),
        (200, "photos")
    );
    // A URL that leaves the types out may mean a picture, a video or a file: an origin is asked for all
    // three before the next one is.
    let raw = gateway.get("/demo/docs/readme.txt").await;
    assert_eq!(
        (raw.status().as_u16(), header(&raw, "x-cldgate-origin")),
        (200, "photos")
    );
    assert_eq!(live.hits(), 0);
    assert_eq!(
        header(&here, "link"),
        "<https://www.example.com/folder/photo.jpg>; rel=\"canonical\""
    );
    let there = gateway
        .get("/demo/image/upload/c_scale,w_50/v7/only/here.jpg")
        .await;
    assert_eq!(
        (there.status().as_u16(), header(&there, "x-cldgate-origin")),
        (200, "live")
    );
    assert_eq!(
        header(&there, "link"),
        "<https://live.example.com/only/here.jpg>; rel=\"canonical\""
    );
    assert_eq!(header(&there, "content-type"), "image/jpeg");
    assert_eq!(live.hits(), 1);
    let again = gateway
        .get("/demo/image/upload/c_scale,w_50/v7/only/here.jpg")
        .await;
    assert_eq!(header(&again, "x-cache"), "hit");
    let nowhere = gateway
        .get("/demo/image/upload/c_scale,w_50/no/where.jpg")
        .await;
    assert_eq!(nowhere.status().as_u16(), 404);
    assert_eq!(
        header(&nowhere, "x-cld-error"),
        "Resource not found - no/where"
    );
    assert_eq!(header(&nowhere, "link"), "");
}

#[tokio::test]
async fn the_canonical_link_is_that_of_the_guide() {
    let gateway = start(&[
        backup("canonical_base_url = \"https://www.example.com/\""),
        endpoint("demo", "prefix = \"/demo\"\norigins = [\"photos\"]"),
    ]);
    for (path, link) in [
        (
            "image/upload/c_scale,w_50/v1/folder/photo.jpg",
            "folder/photo.jpg",
        ),
        ("image/upload/sample.jpg", "sample.jpg"),
        ("image/upload/f_auto/sample", "sample"),
        ("raw/upload/docs/readme.txt", "docs/readme.txt"),
        (
            "image/upload/summer%20caf%C3%A9/still%20life%201%2B1.jpg",
            "summer%20caf%C3%A9/still%20life%201+1.jpg",
        ),
    ] {
        let response = gateway.get(&format!("/demo/{path}")).await;
        let expected = format!("<https://www.example.com/{link}>; rel=\"canonical\"");
        assert_eq!(header(&response, "link"), expected, "{path}");
    }
}

#[tokio::test]
async fn an_outage_is_never_a_missing_picture() {
    let bad = Server::start(
        |asked| match asked.target.rsplit('/').next().unwrap_or_default() {
            "denied.jpg" => Reply::status(403),
            "hang.jpg" => Reply::Hang,
            "broken.jpg" => Reply::status(500),
            "reset.jpg" => Reply::Reset,
            "away.jpg" => Reply::redirect("http://169.254.169.254/"),
            _ => Reply::status(404),
        },
    )
    .await;
    let origins = "origins = [\"bad\", \"photos\"]";
    let gateway = start(&[
        backup(""),
        server("bad", &bad.base(), "breaker_failures = 0"),
        server("gone", "http://127.0.0.1:9", "breaker_failures = 0"),
        endpoint("strict", &format!("prefix = \"/strict\"\n{origins}")),
        endpoint(
            "lenient",
            &format!(
                "prefix = \"/lenient\"\n{origins}\nfallback_on = [\"denied\", \"timeout\", \"failure\"]"
            ),
        ),
        endpoint(
            "some",
            &format!("prefix = \"/some\"\n{origins}\nfallback_on = [\"timeout\"]"),
        ),
        endpoint(
            "kit",
            &format!("prefix = \"/kit\"\n{origins}\norigin_errors = \"imagekit\""),
        ),
        endpoint(
            "gone",
            "prefix = \"/gone\"\norigins = [\"gone\"]\norigin_errors = \"imagekit\"",
        ),
    ]);
    for (path, status, kit) in [
        ("/strict/image/upload/denied.jpg", 502, ""),
        ("/strict/image/upload/hang.jpg", 504, ""),
        ("/strict/image/upload/broken.jpg", 502, ""),
        ("/strict/image/upload/reset.jpg", 502, ""),
        ("/strict/image/upload/away.jpg", 401, ""),
        ("/strict/image/upload/none.jpg", 404, ""),
        ("/strict/image/upload/sample.jpg", 200, ""),
        // Nobody has it, and one could not be asked: that is no 404.
        ("/lenient/image/upload/denied.jpg", 502, ""),
        ("/lenient/image/upload/hang.jpg", 504, ""),
        ("/some/image/upload/broken.jpg", 502, ""),
        (
            "/kit/image/upload/none.jpg",
            404,
            "ENOENT - Resource not found - none",
        ),
        (
            "/kit/image/upload/denied.jpg",
            404,
            "EACCES - origin refuses access",
        ),
        (
            "/kit/image/upload/hang.jpg",
            404,
            "UNIDENTIFIED - origin did not answer in time",
        ),
        (
            "/gone/image/upload/a.jpg",
            404,
            "ECONNREFUSED - origin cannot be reached",
        ),
        (
            "/kit/image/upload/c_scale,w_60000,h_60000/sample.jpg",
            400,
            "ELIMIT - ",
        ),
    ] {
        let response = gateway.get(path).await;
        assert_eq!(response.status().as_u16(), status, "{path}");
        let told = header(&response, "ik-error");
        assert!(
            told.starts_with(kit) && told.is_empty() == kit.is_empty(),
            "{path}: {told}"
        );
        let outage =
            status >= 500 || (!kit.is_empty() && status == 404 && !kit.starts_with("ENOENT"));
        if outage {
            assert_eq!(header(&response, "cache-control"), "no-store", "{path}");
        }
        if status != 200 {
            assert!(!header(&response, "x-cld-error").is_empty(), "{path}");
            assert!(
                !header(&response, "x-cld-error").contains("127.0.0.1"),
                "{path}"
            );
        }
    }
}

#[tokio::test]
async fn a_default_image_stands_in_for_a_missing_one() {
    let gateway = start(&[
        backup(""),
        endpoint("plain", "prefix = \"/plain\"\norigins = [\"photos\"]"),
        endpoint(
            "kind",
            "prefix = \"/kind\"\norigins = [\"photos\"]\ndefault_image = \"people/portrait.png\"",
        ),
        endpoint(
            "lost",
            "prefix = \"/lost\"\norigins = [\"photos\"]\ndefault_image = \"no/such.png\"",
        ),
    ]);
    for (path, status, error) in [
        (
            "/plain/image/upload/c_fill,w_40,h_30,d_people:portrait.png/none.jpg",
            200,
            "Resource not found - none",
        ),
        (
            "/plain/image/upload/d_folder:photo.jpg/c_fill,w_40,h_30/none.jpg",
            200,
            "Resource not found - none",
        ),
        (
            "/plain/image/upload/c_fill,w_40,h_30,d_people:portrait.png/sample.jpg",
            200,
            "",
        ),
        (
            "/plain/image/upload/c_fill,w_40,h_30/none.jpg",
            404,
            "Resource not found - none",
        ),
        (
            "/plain/image/upload/c_fill,w_40,h_30,d_no:such.png/none.jpg",
            400,
            "Unknown or invalid referenced image no/such of type upload",
        ),
        (
            "/kind/image/upload/c_fill,w_40,h_30/none.jpg",
            200,
            "Resource not found - none",
        ),
        (
            "/kind/raw/upload/none.txt",
            404,
            "Resource not found - none.txt",
        ),
        (
            "/lost/image/upload/c_fill,w_40,h_30/none.jpg",
            404,
            "Resource not found - none",
        ),
    ] {
        let response = gateway.get(path).await;
        assert_eq!(response.status().as_u16(), status, "{path}");
        assert_eq!(header(&response, "x-cld-error"), error, "{path}");
        assert_eq!(header(&response, "x-cldgate-notes"), "", "{path}");
        if status == 200 {
            let control = header(&response, "cache-control").to_owned();
            assert_eq!(
                control == "private, max-age=60",
                !error.is_empty(),
                "{path}: {control}"
            );
            let facts = cldgate::render::probe(&response.bytes().await.expect("a body"));
            let size = facts.expect("a picture").size;
            assert_eq!((size.width, size.height), (40, 30), "{path}");
        }
    }
}

#[tokio::test]
async fn remote_pictures_are_fetched_from_listed_hosts_alone() {
    let remote = Server::start(|asked| match asked.target.as_str() {
        "/a/photo.jpg?size=1" | "/a/photo.jpg" => {
            Reply::ok(photo(), &[("content-type", "image/jpeg")])
        }
        "/page" => Reply::ok("<script>", &[("content-type", "text/html")]),
        "/denied" => Reply::status(403),
        "/broken" => Reply::status(500),
        _ => Reply::status(404),
    })
    .await;
    let base = remote.base();
    let gateway = start(&[
        backup(""),
        format!(
            "[[origin]]\nname = \"remote\"\nkind = \"fetch\"\nhosts = [\"{}\"]\nretries = 0\n\
             private_addresses = true\n[origin.auto_upload]\nremote_media = \"{base}/a/\"\n",
            remote.address
        ),
        endpoint(
            "open",
            "prefix = \"/open\"\norigins = [\"photos\", \"remote\"]",
        ),
        endpoint("shut", "prefix = \"/shut\"\norigins = [\"photos\"]"),
    ]);
    let escaped = base.replace(':', "%3A").replace('/', "%2F");
    for (path, status, error) in [
        (
            format!("/open/image/fetch/c_scale,w_50/{base}/a/photo.jpg"),
            200,
            String::new(),
        ),
        (
            format!("/open/image/fetch/c_scale,w_50/{escaped}/a/photo.jpg%3Fsize=1"),
            200,
            String::new(),
        ),
        (
            format!("/open/image/fetch/{base}/a/photo.jpg?size=1&_a=BA"),
            200,
            String::new(),
        ),
        (
            format!("/open/image/fetch/{}/a/photo.jpg", base.replace("//", "/")),
            200,
            String::new(),
        ),
        (
            "/open/image/upload/c_scale,w_50/remote_media/photo.jpg".to_owned(),
            200,
            String::new(),
        ),
        (
            "/open/image/upload/remote_media/none.jpg".to_owned(),
            404,
            "Resource not found - remote_media/none".to_owned(),
        ),
        (
            format!("/open/image/fetch/{base}/none.jpg"),
            404,
            format!("Error in loading - {base}/none.jpg"),
        ),
        (
            format!("/open/image/fetch/{base}/denied"),
            400,
            format!("Error in loading - {base}/denied"),
        ),
        (
            format!("/open/image/fetch/{base}/broken"),
            502,
            format!("Error in loading - {base}/broken"),
        ),
        (
            "/open/image/fetch/https://elsewhere.example/a.jpg".to_owned(),
            401,
            "remote host is not on the list of allowed hosts".to_owned(),
        ),
        (
            "/open/image/fetch/http://169.254.169.254/latest".to_owned(),
            401,
            "remote host is not on the list of allowed hosts".to_owned(),
        ),
        (
            format!("/shut/image/fetch/{base}/a/photo.jpg"),
            401,
            "remote pictures are not fetched here".to_owned(),
        ),
    ] {
        let response = gateway.get(&path).await;
        assert_eq!(response.status().as_u16(), status, "{path}");
        assert_eq!(header(&response, "x-cld-error"), error, "{path}");
    }
    // What is no picture never goes out as a page.
    let page = gateway.get(&format!("/open/image/fetch/{base}/page")).await;
    assert_eq!(page.status().as_u16(), 400);
    assert!(header(&page, "content-type").starts_with("text/plain"));
}

#[tokio::test]
async fn what_cannot_be_rendered_is_asked_of_the_service_itself() {
    let live = Server::start(|asked| {
        let path = asked.target.split('?').next().unwrap_or_default();
        match path.rsplit('/').next().unwrap_or_default() {
            "photo.jpg" | "elsewhere.jpg" => Reply::ok(
                photo(),
                &[("content-type", "image/jpeg"), ("etag", "\"1\"")],
            ),
            "clip.mp4" => Reply::ok("film", &[("content-type", "video/mp4")]),
            "broken.jpg" => Reply::status(500),
            _ => Reply::status(404),
        }
    })
    .await;
    let gateway = start(&[
        backup(""),
        server("live", &format!("{}/acme", live.base()), ""),
        endpoint(
            "demo",
            "prefix = \"/demo\"\norigins = [\"photos\"]\non_unsupported = \"upstream\"\nupstream = \"live\"",
        ),
    ]);
    let mut hits = 0;
    for (path, accept, status, kept) in [
        (
            "image/upload/e_background_removal/c_scale,w_50/v1/folder/photo.jpg?_a=BA",
            "*/*",
            200,
            true,
        ),
        (
            "image/upload/e_background_removal,f_auto/folder/photo.jpg",
            "image/webp,*/*",
            200,
            true,
        ),
        // A name that only the service knows.
        ("image/upload/t_nobody/folder/photo.jpg", "*/*", 200, true),
        // An asset that only the service has.
        (
            "image/upload/e_background_removal/elsewhere.jpg",
            "*/*",
            200,
            true,
        ),
        (
            "image/upload/e_background_removal/none.jpg",
            "*/*",
            404,
            false,
        ),
        (
            "image/upload/e_background_removal/broken.jpg",
            "*/*",
            502,
            false,
        ),
    ] {
        let first = gateway
            .ask(&format!("/demo/{path}"), &[("accept", accept)])
            .await;
        assert_eq!(first.status().as_u16(), status, "{path}");
        let asked = live.asked().pop().expect("a request");
        assert_eq!(asked.target, format!("/acme/{path}"), "as it was sent");
        if path.contains("f_auto") {
            assert_eq!(header(&first, "vary"), "Accept");
            let accept = asked.header("accept").unwrap_or_default();
            assert!(accept.starts_with("image/webp,"), "{accept}");
        }
        if !kept {
            continue;
        }
        let notes = header(&first, "x-cldgate-notes").to_owned();
        assert!(
            notes.contains("rendered by the origin live"),
            "{path}: {notes}"
        );
        assert_eq!(header(&first, "x-cache"), "miss", "{path}");
        assert_eq!(header(&first, "content-type"), "image/jpeg");
        let etag = header(&first, "etag").to_owned();
        assert!(first.bytes().await.expect("a body") == photo(), "{path}");
        let again = gateway
            .ask(&format!("/demo/{path}"), &[("accept", accept)])
            .await;
        assert_eq!(header(&again, "x-cache"), "hit", "{path}");
        assert_eq!(header(&again, "etag"), etag);
        hits += 1;
    }
    let film = gateway.get("/demo/video/upload/e_reverse/clip.mp4").await;
    assert_eq!(
        (film.status().as_u16(), header(&film, "content-type")),
        (200, "video/mp4")
    );
    assert_eq!(film.bytes().await.expect("a body"), "film");
    assert_eq!(gateway.counter("cldgate_upstream_total").await, hits + 1);
    // What can be rendered is rendered here.
    let before = live.hits();
    let own = gateway
        .get("/demo/image/upload/c_scale,w_50/folder/photo.jpg")
        .await;
    assert_eq!(
        (own.status().as_u16(), header(&own, "x-cldgate-notes")),
        (200, "")
    );
    assert_eq!(live.hits(), before);
}

#[tokio::test]
async fn an_origin_says_how_long_its_pictures_are_kept() {
    const TAG: &str = "\"1\"";
    let said = |leaf: &str| match leaf {
        "a.jpg" => vec![(
            "cache-control",
            "public, max-age=300, stale-while-revalidate=9",
        )],
        "b.jpg" => vec![("cache-control", "private"), ("cache-control", "max-age=5")],
        "c.jpg" => vec![("cache-control", "no-store")],
        "d.jpg" => vec![
            ("expires", "Sun, 06 Nov 1994 09:49:37 GMT"),
            ("date", "Sun, 06 Nov 1994 08:49:37 GMT"),
        ],
        "f.jpg" => vec![("cache-control", "max-age=999999999")],
        _ => Vec::new(),
    };
    let server = Server::start(move |asked| {
        let leaf = asked.target.rsplit('/').next().unwrap_or_default();
        let mut headers = vec![("etag", TAG), ("content-type", "image/jpeg")];
        if asked.header("if-none-match") == Some(TAG) {
            // What is changed is only how long it may be kept.
            let told = vec![("cache-control", "max-age=77".to_owned())];
            let told = if leaf == "a.jpg" { told } else { Vec::new() };
            return Reply::Whole(304, told, Vec::new());
        }
        headers.extend(said(leaf));
        Reply::ok(photo(), &headers)
    })
    .await;
    let lines = "prefix = \"/demo\"\norigins = [\"live\", \"photos\"]\ncache_control = \"public, max-age=60\"\n\
         cache_control_of_origin = true\ncache_control_least = \"10s\"\ncache_control_most = \"1d\"";
    let gateway = start(&[server_of(&server), backup(""), endpoint("demo", lines)]);
    for (leaf, expected) in [
        ("a.jpg", "public, max-age=300"),
        ("b.jpg", "private, max-age=10"),
        ("c.jpg", "no-store"),
        ("d.jpg", "public, max-age=3600"),
        ("e.jpg", "public, max-age=60"),
        ("f.jpg", "public, max-age=86400"),
    ] {
        for way in ["", "c_scale,w_40/", "f_png,w_30/"] {
            let response = gateway
                .get(&format!("/demo/image/upload/{way}{leaf}"))
                .await;
            assert_eq!(response.status(), 200, "{way}{leaf}");
            // Asked the second time, the server only says that nothing has changed.
            let told = header(&response, "cache-control").to_owned();
            let later = leaf == "a.jpg" && !way.is_empty();
            let expected = if later {
                "public, max-age=77"
            } else {
                expected
            };
            assert_eq!(told, expected, "{way}{leaf}");
        }
    }
}

fn server_of(live: &Server) -> String {
    server("live", &live.base(), "")
}
