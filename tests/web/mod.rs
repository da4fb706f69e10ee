//! What do origins that are asked over HTTP do when servers behave? When they do not, `faults`.

pub mod faults;
mod fetch;

use std::sync::Arc;
use std::time::Duration;

use cldgate::origin::breaker::BreakerRule;
use cldgate::origin::{
    Candidate, Error, Found, HeaderMap, ListingLife, Origin, Patience, Url, WebRules, WebServer,
    secret_header,
};
use cldgate::spec::{AssetRef, AssetType, DeliveryType};
use futures_util::StreamExt as _;

use crate::faults::{Reply, Server, byte_at};

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
        // Left out, as URLs do with them, these would make it the name of another asset.
        (
            "",
            image("a\nb\tc", Some("jpg")),
            "/image/upload/a%0Ab%09c.jpg",
        ),
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
