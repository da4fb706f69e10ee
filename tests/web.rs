//! What do origins that are asked over HTTP do, when servers behave and when they do not?

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use cldgate::origin::breaker::BreakerRule;
use cldgate::origin::guard::HostEntry;
use cldgate::origin::{
    Candidate, Error, Fetch, FetchRules, Found, HeaderMap, ListingLife, Mapping, Origin, Patience,
    Url, WebRules, WebServer, secret_header,
};
use cldgate::spec::{AssetRef, AssetType, DeliveryType};
use futures_util::StreamExt as _;

use crate::faults::{Asked, Reply, Server, byte_at};

fn image(id: &str, extension: Option<&str>) -> AssetRef {
    AssetRef {
        asset_type: AssetType::Image,
        delivery_type: DeliveryType::Upload,
        public_id: id.into(),
        extension: extension.map(Into::into),
        version: None,
    }
}

/// Short enough for a test, and long enough for a busy machine where an answer is expected.
fn hasty() -> Patience {
    Patience {
        connect: Duration::from_secs(5),
        first_byte: Duration::from_millis(500),
        total: Duration::from_secs(2),
        retries: 0,
        breaker: BreakerRule {
            failures: 0,
            ..BreakerRule::default()
        },
        ..Patience::default()
    }
}

fn rules(base: &str) -> WebRules {
    WebRules {
        base: Url::parse(base).expect("a URL"),
        forward_host: false,
        headers: HeaderMap::new(),
        patience: Patience::default(),
        life: ListingLife::default(),
    }
}

fn open(rules: WebRules) -> WebServer {
    WebServer::new("live", rules).expect("an origin")
}

/// No look-up is believed.
fn forgetful() -> ListingLife {
    ListingLife {
        found: Duration::ZERO,
        missing: Duration::ZERO,
        ..ListingLife::default()
    }
}

async fn read(origin: &dyn Origin, asset: &AssetRef) -> Result<Vec<u8>, Error> {
    let found = origin.find(asset).await?;
    Ok(origin.read(&found, 1 << 20).await?.to_vec())
}

async fn part(
    origin: &dyn Origin,
    found: &Found,
    range: std::ops::Range<u64>,
) -> Result<Vec<u8>, Error> {
    let mut pieces = origin.open(found, range).await?;
    let mut joined = Vec::new();
    while let Some(piece) = pieces.next().await {
        joined.extend_from_slice(&piece?);
    }
    Ok(joined)
}

#[tokio::test]
async fn the_asset_alone_is_asked_for() {
    let mut versioned = image("folder/photo", Some("jpg"));
    versioned.version = Some(1_312_461_204);
    let raw = AssetRef {
        asset_type: AssetType::Raw,
        ..image("docs/a.pdf", None)
    };
    let fetched = AssetRef {
        delivery_type: DeliveryType::Fetch,
        ..image("https://example.com/a.jpg", None)
    };
    let host = "https://res.example.com";
    for (base, asset, path) in [
        (
            "/acme",
            image("photo", Some("jpg")),
            "/acme/image/upload/photo.jpg",
        ),
        ("/acme/", image("photo", None), "/acme/image/upload/photo"),
        (
            "",
            versioned.clone(),
            "/image/upload/v1312461204/folder/photo.jpg",
        ),
        ("/acme", raw, "/acme/raw/upload/docs/a.pdf"),
        (
            "/acme/image/upload",
            versioned,
            "/acme/image/upload/v1312461204/folder/photo.jpg",
        ),
        (
            "",
            image("a b/c+d,e", Some("png")),
            "/image/upload/a%20b/c%2Bd%2Ce.png",
        ),
        (
            "",
            image("image%2Bexample", Some("jpg")),
            "/image/upload/image%252Bexample.jpg",
        ),
        (
            "",
            image("ümläut/日本", None),
            "/image/upload/%C3%BCml%C3%A4ut/%E6%97%A5%E6%9C%AC",
        ),
        ("", image("a?b#c", None), "/image/upload/a%3Fb%23c"),
        (
            "",
            image("c_fill,w_100/photo", None),
            "/image/upload/c_fill%2Cw_100/photo",
        ),
        ("", image("../secret", None), ""),
        ("", fetched, ""),
        ("/acme/raw/upload", image("photo", None), ""),
    ] {
        let origin = open(rules(&format!("{host}{base}")));
        let expected = match path {
            "" => Vec::new(),
            path => vec![Candidate::Get(format!("{host}{path}"))],
        };
        assert_eq!(origin.candidates(&asset), expected, "{base} {asset}");
    }
}

#[tokio::test]
async fn a_cold_picture_costs_one_request_and_a_warm_one_none() {
    let server = Server::start(|asked| match asked.target.as_str() {
        "/image/upload/photo.jpg" => Reply::ok("bytes", &[("content-type", "image/jpeg")]),
        _ => Reply::status(404),
    })
    .await;
    let origin = open(rules(&server.base()));
    let found = origin
        .find(&image("photo", Some("jpg")))
        .await
        .expect("found");
    assert_eq!((found.bytes, found.extension.as_deref()), (5, Some("jpg")));
    assert_eq!(found.etag.len(), 32);
    assert_eq!(origin.read(&found, 5).await.expect("read"), "bytes");
    assert_eq!(server.hits(), 1);
    let again = origin
        .find(&image("photo", Some("jpg")))
        .await
        .expect("found");
    assert_eq!(again, found);
    let missing = origin.find(&image("none", None)).await;
    assert!(missing.is_err_and(|error| error.is_not_found()));
    let missing = origin.find(&image("none", None)).await;
    assert!(missing.is_err_and(|error| error.is_not_found()));
    assert_eq!(server.hits(), 2, "what is known is not asked again");
    let large = origin.read(&found, 4).await;
    assert!(
        matches!(large, Err(Error::TooLarge { limit: 4, .. })),
        "{large:?}"
    );
    assert_eq!(server.hits(), 2, "what is too large is not asked for");
}

#[tokio::test]
async fn many_who_ask_at_once_cause_one_request() {
    let server = Server::start(|_| Reply::ok("bytes", &[("etag", "\"1\"")])).await;
    let origin = Arc::new(open(rules(&server.base())));
    let asked = (0..50).map(|_| {
        let origin = origin.clone();
        async move { origin.find(&image("photo", Some("jpg"))).await }
    });
    for found in futures_util::future::join_all(asked).await {
        assert_eq!(found.expect("found").bytes, 5);
    }
    assert_eq!(server.hits(), 1);
}

#[tokio::test]
async fn what_is_known_is_asked_for_on_condition() {
    let etag = Arc::new(std::sync::Mutex::new("\"1\""));
    let now = etag.clone();
    let server = Server::start(move |asked| {
        let etag = *now.lock().expect("a tag");
        if asked.header("if-none-match") == Some(etag) {
            return Reply::status(304);
        }
        Reply::ok(etag, &[("etag", etag), ("content-type", "image/png")])
    })
    .await;
    let origin = open(WebRules {
        life: forgetful(),
        ..rules(&server.base())
    });
    let asset = image("photo", Some("png"));
    let first = origin.find(&asset).await.expect("found");
    let second = origin.find(&asset).await.expect("found");
    assert_eq!(first, second);
    assert_eq!(server.asked()[1].header("if-none-match"), Some("\"1\""));
    *etag.lock().expect("a tag") = "\"2\"";
    let third = origin.find(&asset).await.expect("found");
    assert_ne!(first.etag, third.etag, "other bytes, another identity");
    assert_eq!(origin.read(&third, 9).await.expect("read"), "\"2\"");
    // What was found before cannot be read any more, and nothing else is passed off for it.
    let changed = origin.read(&first, 9).await;
    assert!(matches!(changed, Err(Error::Changed { .. })), "{changed:?}");
}

#[tokio::test]
async fn ranges_are_passed_on_or_cut_out() {
    for knows_ranges in [true, false] {
        let server = Server::start(move |_| match knows_ranges {
            true => Reply::File(100_000, "\"1\""),
            false => {
                let bytes: Vec<u8> = (0..100_000).map(byte_at).collect();
                Reply::ok(bytes, &[("etag", "\"1\"")])
            }
        })
        .await;
        let origin = open(rules(&server.base()));
        let found = origin.find(&image("clip", None)).await.expect("found");
        assert_eq!(found.bytes, 100_000);
        for range in [0..100_000, 0..1, 99_999..100_000, 70_000..80_001, 5..5] {
            let bytes = part(&origin, &found, range.clone()).await.expect("a part");
            let expected: Vec<u8> = range.clone().map(byte_at).collect();
            assert!(bytes == expected, "{range:?}, ranges {knows_ranges}");
        }
        let last = server.asked().pop().expect("a request");
        assert_eq!(
            last.header("if-range"),
            None,
            "nothing is asked for an empty range"
        );
        assert!(server.asked().iter().any(|asked| {
            asked.header("range") == Some("bytes=70000-80000")
                && asked.header("if-range") == Some("\"1\"")
        }));
    }
}

fn raw(text: &str) -> Reply {
    Reply::Raw(text.replace('\n', "\r\n").into_bytes())
}

#[tokio::test]
async fn servers_that_lie_break_off_or_hang_are_errors() {
    let faults = |asked: &Asked| match asked.target.rsplit('/').next().unwrap_or_default() {
        "hang" => Reply::Hang,
        "reset" => Reply::Reset,
        "drip" => Reply::Drip,
        "endless" => Reply::Endless,
        "nothing" => raw(""),
        "garbage" => raw("this is no HTTP\n\n"),
        "short" => raw("HTTP/1.1 200 OK\ncontent-length: 1000\n\nonly this"),
        "chunks" => raw("HTTP/1.1 200 OK\ntransfer-encoding: chunked\n\n5\nhello\n"),
        "untold" => raw("HTTP/1.1 200 OK\n\nwho knows whether this is all"),
        "twice" => raw("HTTP/1.1 200 OK\ncontent-length: 4\ncontent-length: 9\n\nfour"),
        "zipped" => raw("HTTP/1.1 200 OK\ncontent-encoding: gzip\ncontent-length: 4\n\nfour"),
        "partial" => {
            raw("HTTP/1.1 206 Part\ncontent-range: bytes 0-3/9\ncontent-length: 4\n\nfour")
        }
        "unasked" => Reply::status(304),
        "loop" => Reply::redirect("loop"),
        "nowhere" => Reply::status(302),
        "500" => Reply::status(500),
        "503" => Reply::status(503),
        "403" => Reply::status(403),
        "401" => Reply::status(401),
        "400" => Reply::status(400),
        "404" => Reply::status(404),
        "410" => Reply::status(410),
        "504" => Reply::status(504),
        "metadata" => Reply::redirect("http://169.254.169.254/latest/meta-data/"),
        "private" => Reply::redirect("http://10.0.0.1/"),
        "loopback" => Reply::redirect("http://localhost/"),
        "mapped" => Reply::redirect("http://[::ffff:127.0.0.1]/"),
        "port" => Reply::redirect("http://127.0.0.1:22/"),
        "file" => Reply::redirect("file:///etc/passwd"),
        other => panic!("{other}"),
    };
    let server = Server::start(faults).await;
    let origin = open(WebRules {
        patience: hasty(),
        ..rules(&server.base())
    });
    for (id, expected) in [
        ("hang", "timeout"),
        ("reset", "upstream"),
        ("drip", "timeout"),
        ("endless", "too large"),
        ("nothing", "upstream"),
        ("garbage", "upstream"),
        ("short", "upstream"),
        ("chunks", "upstream"),
        ("untold", "upstream"),
        ("twice", "upstream"),
        ("zipped", "upstream"),
        ("partial", "upstream"),
        ("unasked", "upstream"),
        ("loop", "upstream"),
        ("nowhere", "upstream"),
        ("500", "upstream"),
        ("503", "upstream"),
        ("403", "denied"),
        ("401", "denied"),
        ("400", "upstream"),
        ("404", "not found"),
        ("410", "not found"),
        ("504", "timeout"),
        ("metadata", "forbidden"),
        ("private", "forbidden"),
        ("loopback", "forbidden"),
        ("mapped", "forbidden"),
        ("port", "forbidden"),
        ("file", "forbidden"),
    ] {
        let error = read(&origin, &image(id, None)).await.expect_err(id);
        let kind = kind(&error);
        assert_eq!(kind, expected, "{id}: {error}");
    }
}

fn kind(error: &Error) -> &'static str {
    match error {
        Error::NotFound { .. } => "not found",
        Error::Denied { .. } => "denied",
        Error::Forbidden { .. } => "forbidden",
        Error::TooLarge { .. } => "too large",
        Error::Upstream { .. } => "upstream",
        Error::Unreachable { .. } => "unreachable",
        Error::Changed { .. } => "changed",
        Error::Timeout { .. } => "timeout",
    }
}

#[tokio::test]
async fn a_stream_that_breaks_off_ends_in_an_error() {
    for (id, bytes) in [("short", 1000), ("drip", 1_000_000)] {
        let server = Server::start(move |_| match id {
            "short" => raw("HTTP/1.1 200 OK\ncontent-length: 1000\n\nonly this"),
            _ => Reply::Drip,
        })
        .await;
        let mut patience = hasty();
        patience.first_byte = Duration::from_millis(300);
        let origin = open(WebRules {
            patience,
            ..rules(&server.base())
        });
        let found = origin.find(&image(id, None)).await.expect("found");
        assert_eq!(found.bytes, bytes);
        let streamed = part(&origin, &found, 0..bytes).await;
        assert!(streamed.is_err(), "{id}");
    }
}

#[tokio::test]
async fn what_cannot_be_reached_is_told() {
    // A port that was free a moment ago.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let plain = Server::start(|_| Reply::status(200)).await;
    for base in [
        format!("http://{address}"),
        // No encryption where it is expected.
        format!("https://{}", plain.address),
        "http://no-such-host.invalid".to_owned(),
    ] {
        let origin = open(WebRules {
            patience: hasty(),
            ..rules(&base)
        });
        let error = origin
            .find(&image("a", None))
            .await
            .expect_err("nothing there");
        assert!(
            matches!(error, Error::Unreachable { .. } | Error::Timeout { .. }),
            "{base}: {error:?}"
        );
    }
}

#[tokio::test]
async fn what_broke_off_is_asked_again() {
    let server = {
        let count = std::sync::atomic::AtomicUsize::new(0);
        Server::start(move |_| match count.fetch_add(1, Ordering::SeqCst) {
            0 => Reply::Reset,
            1 => Reply::status(503),
            _ => Reply::ok("bytes", &[]),
        })
        .await
    };
    let origin = open(rules(&server.base()));
    let bytes = read(&origin, &image("photo", Some("jpg"))).await;
    assert_eq!(bytes.expect("the third time"), b"bytes");
    assert_eq!(server.hits(), 3);
}

#[tokio::test]
async fn a_server_that_fails_is_left_alone_and_comes_back_by_itself() {
    let sound = Arc::new(AtomicBool::new(false));
    let now = sound.clone();
    let server = Server::start(move |_| match now.load(Ordering::SeqCst) {
        true => Reply::ok("bytes", &[]),
        false => Reply::status(500),
    })
    .await;
    let rest = Duration::from_millis(50);
    let origin = open(WebRules {
        patience: Patience {
            breaker: BreakerRule {
                failures: 3,
                rest,
                longest: rest,
            },
            ..hasty()
        },
        ..rules(&server.base())
    });
    let mut refused = 0;
    for n in 0..200 {
        let error = origin.find(&image(&format!("{n}"), None)).await;
        let error = error.expect_err("it fails");
        refused += usize::from(matches!(error, Error::Unreachable { .. }));
    }
    assert_eq!(refused + server.hits(), 200);
    assert!(
        server.hits() < 100,
        "left alone, but asked {} times",
        server.hits()
    );
    sound.store(true, Ordering::SeqCst);
    // It may rest for a moment still.
    for _ in 0..1000 {
        if read(&origin, &image("photo", None)).await.is_ok() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    for n in 0..20 {
        let id = format!("sound-{n}");
        assert_eq!(
            read(&origin, &image(&id, None)).await.expect("back"),
            b"bytes"
        );
    }
}

#[tokio::test]
async fn a_server_of_ones_own_gets_its_secrets_and_the_host() {
    let server = Server::start(|asked| match asked.target.as_str() {
        "/old/image/upload/photo" => Reply::redirect("/new"),
        _ => Reply::ok("bytes", &[]),
    })
    .await;
    let headers = [
        ("authorization", "Bearer s3cret"),
        ("x-req-from", "cldgate"),
    ];
    let headers = headers.map(|(name, value)| secret_header(name, value).expect("a header"));
    let rules = WebRules {
        headers: headers.into_iter().collect(),
        forward_host: true,
        ..rules(&format!("{}/old", server.base()))
    };
    assert!(!format!("{rules:?}").contains("s3cret"));
    let origin = open(rules);
    assert!(origin.for_host(None).is_none());
    let asset = image("photo", None);
    let mut tags = Vec::new();
    for host in [
        "static.example.com",
        "STATIC.example.com",
        "other.example.com",
    ] {
        let view = origin.for_host(Some(host)).expect("a view");
        let found = view.find(&asset).await.expect("found");
        assert_eq!(view.read(&found, 9).await.expect("read"), "bytes");
        tags.push(found.etag);
    }
    assert_eq!(
        server.hits(),
        6,
        "a look for each host name and one read, two hops each"
    );
    for (asked, host) in server.asked().iter().zip([
        "static.example.com",
        "static.example.com",
        "static.example.com",
        "static.example.com",
        "other.example.com",
        "other.example.com",
    ]) {
        assert_eq!(asked.header("host"), Some(host));
        assert_eq!(asked.header("authorization"), Some("Bearer s3cret"));
        assert_eq!(asked.header("x-req-from"), Some("cldgate"));
    }
}

fn remote(url: &str) -> AssetRef {
    AssetRef {
        delivery_type: DeliveryType::Fetch,
        ..image(url, None)
    }
}

fn fetch(hosts: &[&str], private_addresses: bool, mappings: Vec<Mapping>) -> Fetch {
    let hosts = hosts
        .iter()
        .map(|host| HostEntry::read(host).expect("an entry"));
    let rules = FetchRules {
        hosts: hosts.collect(),
        private_addresses,
        mappings,
        patience: hasty(),
        life: ListingLife::default(),
    };
    Fetch::new("remote", rules).expect("an origin")
}

#[tokio::test]
async fn only_listed_hosts_are_fetched_from() {
    let server = Server::start(|asked| match asked.target.as_str() {
        "/pic.png?size=2&x=a%20b" => Reply::ok("bytes", &[("content-type", "image/png")]),
        "/page" => Reply::ok("<script>", &[("content-type", "text/html")]),
        "/away" => Reply::redirect("http://169.254.169.254/"),
        "/other" => Reply::redirect("http://example.org/pic.png"),
        _ => Reply::status(404),
    })
    .await;
    let base = server.base();
    let listed = server.address.to_string();
    let origin = fetch(&[&listed], true, Vec::new());
    let found = origin
        .find(&remote(&format!("{base}/pic.png?size=2&x=a b#part")))
        .await;
    let found = found.expect("found");
    assert_eq!(found.extension.as_deref(), Some("png"));
    assert_eq!(origin.read(&found, 9).await.expect("read"), "bytes");
    let page = origin
        .find(&remote(&format!("{base}/page")))
        .await
        .expect("found");
    assert_eq!(
        page.extension, None,
        "it is looked into before it goes out as a picture"
    );
    let missing = origin.find(&remote(&format!("{base}/none.png"))).await;
    assert!(missing.is_err_and(|error| error.is_not_found()));
    for url in [
        format!("{base}/away"),
        format!("{base}/other"),
        "http://example.org/pic.png".to_owned(),
        "http://localhost/pic.png".to_owned(),
        "ftp://example.org/pic.png".to_owned(),
        "file:///etc/passwd".to_owned(),
        "https://".to_owned(),
        "nonsense".to_owned(),
    ] {
        let error = origin.find(&remote(&url)).await.expect_err("refused");
        assert!(matches!(error, Error::Forbidden { .. }), "{url}: {error:?}");
    }
    let hits = server.hits();
    let public_only = fetch(&[&listed], false, Vec::new());
    let nothing = fetch(&[], true, Vec::new());
    for origin in [public_only, nothing] {
        let error = origin
            .find(&remote(&format!("{base}/pic.png")))
            .await
            .expect_err("refused");
        assert!(matches!(error, Error::Forbidden { .. }), "{error:?}");
    }
    assert_eq!(server.hits(), hits, "what is refused is not asked for");
}

#[tokio::test]
async fn a_folder_may_stand_for_a_url() {
    let server = Server::start(|_| Reply::ok("bytes", &[])).await;
    let mapping = |folder: &str, path: &str| Mapping {
        folder: folder.into(),
        url: Url::parse(&format!("{}{path}", server.base())).expect("a URL"),
    };
    let mappings = vec![
        mapping("remote", "/short/"),
        mapping("remote/media", "/long"),
    ];
    let origin = fetch(&[], false, mappings);
    for (id, extension, path) in [
        ("remote/a/b c", Some("jpg"), "/short/a/b%20c.jpg"),
        ("remote/media/a", Some("png"), "/long/a.png"),
        ("remote/mediamogul/a", None, "/short/mediamogul/a"),
    ] {
        let bytes = read(&origin, &image(id, extension)).await;
        assert_eq!(bytes.expect(id), b"bytes");
        let last = server.asked().pop().expect("a request");
        assert_eq!(last.target, path);
    }
    let hits = server.hits();
    for id in ["remote", "remotes/a", "other/a", "remote/../secret"] {
        let missing = origin.find(&image(id, None)).await;
        assert!(missing.is_err_and(|error| error.is_not_found()), "{id}");
    }
    // The mapped place is no listed host.
    let direct = origin
        .find(&remote(&format!("{}/short/a", server.base())))
        .await;
    assert!(matches!(direct, Err(Error::Forbidden { .. })), "{direct:?}");
    assert_eq!(server.hits(), hits);
}
