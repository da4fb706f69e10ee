//! HTTP/1.1, HTTP/2 with and without TLS, and clients that are slow or many.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use reqwest::{Certificate, Client, StatusCode, Version};

use crate::gateway::{Gateway, caching_config, photos, scratch};

const URL: &str = "/demo/image/upload/c_scale,w_40/sample.jpg";

fn pem(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/tls")
        .join(name)
}

/// A client that trusts one certificate alone.
fn trusting(name: &str) -> Client {
    let certificate = fs::read(pem(name)).expect("a certificate");
    let certificate = Certificate::from_pem(&certificate).expect("PEM");
    Client::builder()
        .tls_certs_only([certificate])
        .build()
        .expect("a client")
}

#[tokio::test]
async fn http_2_without_tls() {
    let gateway = Gateway::demo("");
    let client = Client::builder()
        .http2_prior_knowledge()
        .build()
        .expect("a client");
    for _ in 0..3 {
        let request = client.get(format!("{}{URL}", gateway.base));
        let response = request.send().await.expect("an answer");
        assert_eq!(response.version(), Version::HTTP_2);
        assert_eq!(response.status(), StatusCode::OK);
        assert!(
            response
                .headers()
                .get("strict-transport-security")
                .is_none()
        );
        let length: usize = response.headers()["content-length"]
            .to_str()
            .expect("text")
            .parse()
            .expect("a number");
        assert_eq!(response.bytes().await.expect("a body").len(), length);
    }
}

#[tokio::test]
async fn tls_with_a_certificate_that_is_renewed() {
    let folder = scratch("tls");
    let place = |name: &str| folder.join(name);
    let install = |which: &str| {
        for part in ["cert", "key"] {
            let to = place(&format!("{part}.pem"));
            fs::copy(pem(&format!("{which}-{part}.pem")), to).expect("copied");
        }
    };
    install("first");
    let tls = format!(
        "[tls]\nlisten = \"127.0.0.1:0\"\ncertificate = '{}'\nkey = '{}'\n",
        place("cert.pem").display(),
        place("key.pem").display()
    );
    let config = caching_config(&photos(), "", "");
    let gateway = Gateway::start(&config.replace("[cache]\n", &tls));
    let secure = gateway.secure.clone().expect("an address");
    let get = async |client: &Client| client.get(format!("{secure}{URL}")).send().await;

    let (first, second) = (trusting("first-cert.pem"), trusting("second-cert.pem"));
    let response = get(&first).await.expect("an answer");
    assert_eq!(
        (response.status(), response.version()),
        (StatusCode::OK, Version::HTTP_2)
    );
    let policy = &response.headers()["strict-transport-security"];
    assert_eq!(policy, "max-age=604800");
    assert!(
        get(&second).await.is_err(),
        "another certificate is trusted"
    );
    let plain = gateway.get(URL).await;
    assert!(plain.headers().get("strict-transport-security").is_none());

    let reloads = async || {
        gateway.counter("cldgate_reloads_total").await
            + gateway.counter("cldgate_reloads_refused_total").await
    };
    let reload = async || {
        let before = reloads().await;
        let sent = Command::new("kill")
            .args(["-HUP", &gateway.pid().to_string()])
            .status();
        assert!(sent.expect("kill").success());
        while reloads().await == before {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    install("second");
    reload().await;
    let mut renewed = false;
    for _ in 0..100 {
        renewed = get(&trusting("second-cert.pem")).await.is_ok();
        if renewed {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(renewed, "{}", gateway.log());
    // One that cannot be used is refused, and the one in force stays.
    fs::write(place("cert.pem"), "nothing").expect("written");
    reload().await;
    assert!(get(&trusting("second-cert.pem")).await.is_ok());
    fs::remove_dir_all(folder).expect("removed");
}

#[test]
fn a_certificate_that_cannot_be_read_is_told_at_the_start() {
    let folder = scratch("tls-broken");
    let file = folder.join("cldgate.toml");
    let tls =
        "[tls]\nlisten = \"127.0.0.1:0\"\ncertificate = 'none.pem'\nkey = 'none.pem'\n[cache]\n";
    fs::write(
        &file,
        caching_config(&photos(), "", "").replace("[cache]\n", tls),
    )
    .expect("written");
    let done = Command::new(env!("CARGO_BIN_EXE_cldgate"))
        .args(["serve", "--config"])
        .arg(&file)
        .output();
    let done = done.expect("it runs");
    assert_eq!(done.status.code(), Some(2));
    let told = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(told.contains("none.pem"), "{told}");
    fs::remove_dir_all(folder).expect("removed");
}

/// A gateway with lines for `[server]`.
fn with_server(lines: &str) -> Gateway {
    let config = caching_config(&photos(), "", "");
    Gateway::start(&config.replace("[cache]\n", &format!("[server]\n{lines}\n[cache]\n")))
}

fn connect(gateway: &Gateway) -> TcpStream {
    let address = gateway.base.trim_start_matches("http://");
    let stream = TcpStream::connect(address).expect("a connection");
    stream
        .set_read_timeout(Some(Duration::from_secs(60)))
        .expect("set");
    stream
}

#[test]
fn a_head_that_does_not_come_is_not_waited_for() {
    let gateway = with_server("header_timeout = \"1s\"");
    for begin in [
        "",
        "GET",
        "GET / HTTP/1.1\r\nhost: a\r\n",
        "PRI * HTTP/2.0\r\n",
    ] {
        let mut stream = connect(&gateway);
        stream.write_all(begin.as_bytes()).expect("sent");
        let mut rest = Vec::new();
        stream
            .read_to_end(&mut rest)
            .expect("closed by the gateway");
    }
}

#[test]
fn heads_are_bounded() {
    let gateway = with_server("header_bytes = \"8KiB\"");
    let mut stream = connect(&gateway);
    let long = "x".repeat(64 << 10);
    // It may close before everything is sent.
    let _sent =
        stream.write_all(format!("GET / HTTP/1.1\r\nhost: a\r\nx: {long}\r\n\r\n").as_bytes());
    let mut answer = String::new();
    let _read = stream.read_to_string(&mut answer);
    assert!(
        answer.is_empty() || answer.starts_with("HTTP/1.1 431"),
        "{answer}"
    );
}

#[test]
fn connections_are_bounded() {
    let gateway = with_server("connections = 2");
    let ask = |stream: &mut TcpStream| {
        let sent = format!("HEAD {URL} HTTP/1.1\r\nhost: a\r\n\r\n");
        stream.write_all(sent.as_bytes()).expect("sent");
    };
    let answered = |stream: &mut TcpStream| {
        let mut first = [0; 12];
        stream.read_exact(&mut first).is_ok() && &first == b"HTTP/1.1 200"
    };
    let mut held: Vec<_> = (0..2).map(|_| connect(&gateway)).collect();
    for stream in &mut held {
        ask(stream);
        assert!(answered(stream));
    }
    let mut third = connect(&gateway);
    ask(&mut third);
    third
        .set_read_timeout(Some(Duration::from_millis(300)))
        .expect("set");
    assert!(!answered(&mut third), "a third connection is served");
    third
        .set_read_timeout(Some(Duration::from_secs(60)))
        .expect("set");
    held.pop();
    assert!(answered(&mut third), "room was made");
}

#[test]
fn a_client_that_takes_nothing_is_given_up() {
    let bucket = scratch("slow");
    let folder = bucket.join("res/demo/raw/upload/large.bin");
    fs::create_dir_all(&folder).expect("a folder");
    // More than the system's buffers hold; takes no room on the disk.
    let length: u64 = 64 << 20;
    let file = fs::File::create(folder.join("1")).expect("a file");
    file.set_len(length).expect("as long as that");
    let config = caching_config(&bucket, "", "");
    let config = config.replace("[cache]\n", "[server]\nstall_timeout = \"1s\"\n[cache]\n");
    let gateway = Gateway::start(&config);
    let ask = || {
        let mut stream = connect(&gateway);
        let sent =
            b"GET /demo/raw/upload/large.bin HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
        stream.write_all(sent).expect("sent");
        stream
    };
    let take = |mut stream: TcpStream| {
        let mut taken = Vec::new();
        let _cut = stream.read_to_end(&mut taken);
        taken.len() as u64
    };
    assert!(take(ask()) > length, "who takes it gets all of it");
    let sleepy = ask();
    std::thread::sleep(Duration::from_secs(3));
    assert!(
        take(sleepy) < length,
        "who takes nothing for long is cut off"
    );
    fs::remove_dir_all(bucket).expect("removed");
}
