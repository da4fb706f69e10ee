//! What do origins that are asked over HTTP do when servers lie, break off, hang or are not there?

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use cldgate::origin::breaker::BreakerRule;
use cldgate::origin::{Error, Origin, Patience, WebRules};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::{hasty, image, open, part, read, rules};
use crate::faults::{Asked, Reply, Server};
use crate::gate::{Gate, Way};

fn raw(text: &str) -> Reply {
    Reply::Raw(text.replace('\n', "\r\n").into_bytes())
}

#[tokio::test]
async fn servers_that_lie_break_off_or_hang_are_errors() {
    let faults = |asked: &Asked| match asked.target.rsplit('/').next().unwrap_or_default() {
        "hang" => Reply::Hang,
        "reset" => Reply::Reset,
        "drip" => Reply::Drip,
        "torn" => Reply::Torn(1000, b"only this".to_vec()),
        "endless" => Reply::Endless(200),
        "head" => Reply::EndlessHead,
        "negative" => raw("HTTP/1.1 200 OK\ncontent-length: -4\n\nfour"),
        "overflow" => raw("HTTP/1.1 200 OK\ncontent-length: 99999999999999999999\n\nfour"),
        "huge" => raw("HTTP/1.1 200 OK\ncontent-length: 9999999999999999\n\nfour"),
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
        ("torn", "upstream"),
        ("endless", "too large"),
        ("head", "upstream"),
        ("negative", "upstream"),
        ("overflow", "upstream"),
        ("huge", "too large"),
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
    for (id, bytes) in [("short", 1000), ("torn", 1000), ("drip", 1_000_000)] {
        let server = Server::start(move |_| match id {
            "short" => raw("HTTP/1.1 200 OK\ncontent-length: 1000\n\nonly this"),
            "torn" => Reply::Torn(1000, b"only this".to_vec()),
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
async fn another_range_than_the_one_asked_for_is_an_error() {
    for (told, body, expected) in [
        ("bytes 2-4/10", "cde", Some("cde")),
        // More than was asked for holds it, too.
        ("bytes 0-9/10", "abcdefghij", Some("cde")),
        ("bytes 3-5/10", "def", None),
        ("bytes 0-2/10", "abc", None),
        ("bytes 2-4/11", "cde", None),
        ("bytes 2-4/*", "cde", None),
        ("bytes 2-3/10", "cd", None),
    ] {
        let server = Server::start(move |asked| match asked.header("range") {
            None => Reply::ok("abcdefghij", &[("etag", "\"1\"")]),
            Some(_) => {
                let headers = vec![
                    ("etag", "\"1\"".to_owned()),
                    ("content-range", told.to_owned()),
                ];
                Reply::Whole(206, headers, body.into())
            }
        })
        .await;
        let origin = open(rules(&server.base()));
        let found = origin.find(&image("clip", None)).await.expect("found");
        let read = part(&origin, &found, 2..5).await;
        assert_eq!(read.ok(), expected.map(Into::into), "{told}");
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

/// Accepts encrypted connections with a certificate that nobody vouches for.
pub async fn unvouched() -> std::net::SocketAddr {
    let pem = |name: &str| {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tls");
        folder.join(name)
    };
    let certificate = CertificateDer::from_pem_file(pem("first-cert.pem")).expect("a certificate");
    let key = PrivateKeyDer::from_pem_file(pem("first-key.pem")).expect("a key");
    let provider = Arc::new(aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .expect("a pair");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let _refused = acceptor.accept(stream).await;
        }
    });
    address
}

#[tokio::test]
async fn no_agreement_on_encryption_is_no_connection() {
    let reset = Server::start(|_| Reply::Reset).await;
    let gate = Gate::before(reset.address).await;
    gate.set(Way::Reset);
    let stranger = unvouched().await;
    for (base, word) in [
        (format!("https://{stranger}"), "certificate"),
        // Named in the certificate, and still nobody's.
        (
            format!("https://localhost:{}", stranger.port()),
            "certificate",
        ),
        (format!("https://{}", gate.address), "reset"),
    ] {
        let origin = open(WebRules {
            patience: hasty(),
            ..rules(&base)
        });
        let error = origin.find(&image("a", None)).await.expect_err("refused");
        assert!(
            matches!(error, Error::Unreachable { .. }),
            "{base}: {error:?}"
        );
        assert!(error.to_string().contains(word), "{base}: {error}");
    }
}

#[tokio::test]
async fn repetitions_end_with_the_total_time() {
    let server = Server::start(|_| Reply::Reset).await;
    let gate = Gate::before(server.address).await;
    gate.set(Way::Reset);
    let origin = open(WebRules {
        patience: Patience {
            total: Duration::from_millis(300),
            retries: 1000,
            ..hasty()
        },
        ..rules(&gate.base())
    });
    let error = origin.find(&image("a", None)).await.expect_err("resets");
    assert!(matches!(error, Error::Upstream { .. }), "{error:?}");
    let asked = gate.accepted();
    assert!((2..500).contains(&asked), "asked {asked} times");
}

#[tokio::test]
async fn what_broke_off_is_asked_again() {
    let server = {
        let count = AtomicUsize::new(0);
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
