//! Do a real nginx and a real Varnish in front keep, tell apart and revalidate as intended?

use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use reqwest::StatusCode;

use crate::gateway::{Gateway, scratch};

/// A proxy in front of a gateway; stopped when dropped.
struct Proxy {
    process: Child,
    base: String,
    folder: PathBuf,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // Asked to stop, so that it takes its workers along.
        let _ = Command::new("kill")
            .arg(self.process.id().to_string())
            .status();
        let _ = self.process.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A port that was free a moment ago.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("its number").port()
}

fn is_there(program: &str, version: &str) -> bool {
    let there = Command::new(program).arg(version).output().is_ok();
    if !there {
        println!("skipped: {program} is not installed");
    }
    there
}

async fn answers(base: &str) -> bool {
    for _ in 0..200 {
        if reqwest::get(base).await.is_ok() {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    false
}

async fn nginx(gateway: &Gateway) -> Option<Proxy> {
    if !is_there("nginx", "-v") {
        return None;
    }
    let folder = scratch("nginx");
    let (path, port) = (folder.display(), free_port());
    let user = if fs::metadata("/proc/self").is_ok_and(|meta| {
        use std::os::unix::fs::MetadataExt as _;
        meta.uid() == 0
    }) {
        "user root;"
    } else {
        ""
    };
    let config = format!(
        "daemon off; worker_processes 1; {user} pid {path}/pid; error_log {path}/log;\n\
         events {{ worker_connections 256; }}\n\
         http {{\n\
           access_log off;\n\
           client_body_temp_path {path}/t1; proxy_temp_path {path}/t2; fastcgi_temp_path {path}/t3;\n\
           uwsgi_temp_path {path}/t4; scgi_temp_path {path}/t5;\n\
           proxy_cache_path {path}/cache keys_zone=pictures:1m;\n\
           server {{\n\
             listen 127.0.0.1:{port};\n\
             location / {{\n\
               proxy_pass {base};\n\
               proxy_http_version 1.1;\n\
               proxy_cache pictures;\n\
               proxy_cache_revalidate on;\n\
               add_header X-Proxy $upstream_cache_status always;\n\
             }}\n\
           }}\n\
         }}\n",
        base = gateway.base
    );
    fs::write(folder.join("nginx.conf"), config).expect("written");
    let mut command = Command::new("nginx");
    command
        .arg("-p")
        .arg(&folder)
        .arg("-c")
        .arg(folder.join("nginx.conf"));
    command.arg("-e").arg(folder.join("log"));
    let process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let proxy = Proxy {
        process: process.expect("it starts"),
        base: format!("http://127.0.0.1:{port}"),
        folder,
    };
    let log = || fs::read_to_string(proxy.folder.join("log")).unwrap_or_default();
    assert!(answers(&proxy.base).await, "{}", log());
    Some(proxy)
}

async fn varnish(gateway: &Gateway) -> Option<Proxy> {
    if !is_there("varnishd", "-V") {
        return None;
    }
    let folder = scratch("varnish");
    let port = free_port();
    let backend = gateway.base.trim_start_matches("http://");
    let mut command = Command::new("varnishd");
    command
        .arg("-F")
        .arg("-n")
        .arg(&folder)
        .args(["-b", backend, "-s", "malloc,16m"]);
    command.args(["-a", &format!("127.0.0.1:{port}"), "-j", "none"]);
    // What has run out is kept for a conditional request, and not told meanwhile.
    command.args(["-p", "default_grace=0", "-p", "default_keep=60"]);
    let log = fs::File::create(folder.join("log")).expect("a log");
    let process = command.stdout(Stdio::null()).stderr(log).spawn();
    let proxy = Proxy {
        process: process.expect("it starts"),
        base: format!("http://127.0.0.1:{port}"),
        folder,
    };
    if answers(&proxy.base).await {
        return Some(proxy);
    }
    let log = fs::read_to_string(proxy.folder.join("log")).unwrap_or_default();
    println!("skipped: Varnish does not start here: {log}");
    None
}

async fn get(base: &str, url: &str, accept: &str) -> reqwest::Response {
    let request = reqwest::Client::new().get(format!("{base}{url}"));
    request
        .header("accept", accept)
        .send()
        .await
        .expect("an answer")
}

fn media(response: &reqwest::Response) -> String {
    response.headers()["content-type"]
        .to_str()
        .expect("text")
        .to_owned()
}

const AUTOMATIC: &str = "/demo/image/upload/c_scale,w_60,f_auto/sample.jpg";
const PLAIN: &str = "/demo/image/upload/c_scale,w_61/sample.jpg";

/// How often the gateway is asked, by what a client in front of the proxy does.
async fn keeps_and_tells_apart(gateway: &Gateway, base: &str) {
    let asked = async || gateway.counter("cldgate_requests_total").await;
    let start = asked().await;
    for _ in 0..5 {
        for (accept, expected) in [("*/*", "image/jpeg"), ("image/webp,*/*", "image/webp")] {
            assert_eq!(
                media(&get(base, AUTOMATIC, accept).await),
                expected,
                "{accept}"
            );
        }
    }
    assert_eq!(asked().await - start, 2, "one for each of two clients");
    // Not dependent on the client: one for all.
    let start = asked().await;
    for accept in ["*/*", "image/webp,*/*", "image/avif"] {
        assert_eq!(media(&get(base, PLAIN, accept).await), "image/jpeg");
    }
    assert_eq!(asked().await - start, 1, "the same for all clients");
    // What is missing is asked for each time.
    let start = asked().await;
    for _ in 0..3 {
        let response = get(base, "/demo/image/upload/none/such.jpg", "*/*").await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND);
    }
    assert_eq!(asked().await - start, 3, "a 404 is not kept");
}

/// With an age of one second: what has run out costs a conditional request and no body.
async fn revalidates(gateway: &Gateway, base: &str) {
    let body = get(base, PLAIN, "*/*").await.bytes().await.expect("a body");
    let not_modified = async || gateway.counter("cldgate_not_modified_total").await;
    let before = not_modified().await;
    for _ in 0..40 {
        tokio::time::sleep(Duration::from_millis(250)).await;
        let again = get(base, PLAIN, "*/*").await;
        assert_eq!(again.status(), StatusCode::OK);
        assert_eq!(again.bytes().await.expect("a body"), body);
        if not_modified().await > before {
            return;
        }
    }
    panic!("what had run out was never revalidated");
}

const SHORT: &str = "cache_control = \"public, max-age=1\"";

#[tokio::test]
async fn nginx_in_front() {
    let gateway = Gateway::demo("");
    if let Some(proxy) = nginx(&gateway).await {
        keeps_and_tells_apart(&gateway, &proxy.base).await;
    }
    let gateway = Gateway::demo(SHORT);
    if let Some(proxy) = nginx(&gateway).await {
        revalidates(&gateway, &proxy.base).await;
    }
}

#[tokio::test]
async fn varnish_in_front() {
    let gateway = Gateway::demo("");
    if let Some(proxy) = varnish(&gateway).await {
        keeps_and_tells_apart(&gateway, &proxy.base).await;
    }
    let gateway = Gateway::demo(SHORT);
    if let Some(proxy) = varnish(&gateway).await {
        revalidates(&gateway, &proxy.base).await;
    }
}
