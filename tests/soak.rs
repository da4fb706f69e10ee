//! Does a gateway hold as much after many mixed requests as after few? `just soak` asks for ten million.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncWriteExt;

use crate::admission::nothing_taken;
use crate::gateway::{Gateway, caching_config, full, photos};

const HIT: &str = "/demo/image/upload/w_80,h_60,c_fill/sample.jpg";

/// Hits, 304, ranges, HEAD, new pictures, missing ones, broken URLs, and clients that leave in the midst of an answer.
async fn mixed(gateway: Arc<Gateway>, client: reqwest::Client, n: usize) {
    let base = &gateway.base;
    let fresh = format!(
        "{base}/demo/image/upload/c_fill,w_{},h_40,x_{n}/sample.jpg",
        20 + n % 80
    );
    let request = match n % 20 {
        0..8 => client.get(format!("{base}{HIT}")),
        8 | 9 => client
            .get(format!("{base}{HIT}"))
            .header("if-modified-since", "Fri, 31 Dec 2100 00:00:00 GMT"),
        10 | 11 => client
            .get(format!("{base}{HIT}"))
            .header("range", "bytes=10-99"),
        12 => client.head(format!("{base}{HIT}")),
        13 => client.get(fresh),
        14 => client.get(format!(
            "{base}/demo/image/upload/w_{}/sample.jpg",
            20 + n % 97
        )),
        15 | 16 => client.get(format!("{base}/demo/image/upload/w_10/none{n}.jpg")),
        17 | 18 => client.get(format!("{base}/demo/image/upload/w_none{n}/sample.jpg")),
        _ => {
            let host = base.trim_start_matches("http://");
            let mut leaver = tokio::net::TcpStream::connect(host).await.unwrap();
            let path = fresh.strip_prefix(base).unwrap();
            let head = format!("GET {path} HTTP/1.1\r\nhost: {host}\r\n\r\n");
            leaver.write_all(head.as_bytes()).await.unwrap();
            return;
        }
    };
    let expected = match n % 20 {
        8 | 9 => 304,
        10 | 11 => 206,
        15 | 16 => 404,
        17 | 18 => 400,
        _ => 200,
    };
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status().as_u16(), expected, "request {n}");
    answer.bytes().await.unwrap();
}

/// The least that a gateway holds while nothing is asked of it, within some seconds or as soon as that is no more than `enough`. While it works
/// its allocator keeps what it is about to want again, and how much depends on the machine.
async fn at_rest(gateway: &Gateway, enough: u64) -> Option<u64> {
    let mut least = u64::MAX;
    for _ in 0..60 {
        let (resident, _) = gateway.memory()?;
        least = least.min(resident);
        if least <= enough {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Some(least)
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_does_not_grow_with_requests() {
    let gateway = Arc::new(Gateway::caching("memory = \"2MiB\"", ""));
    let client = reqwest::Client::new();
    let batch = if full() { 100_000 } else { 8_000 };
    let ask = async |requests: Range<usize>| {
        for start in requests.step_by(32) {
            let asked = (start..start + 32).map(|n| mixed(gateway.clone(), client.clone(), n));
            futures_util::future::join_all(asked).await;
        }
    };
    // The first batch fills caches and pools.
    ask(0..batch).await;
    let Some(first) = at_rest(&gateway, 0).await else {
        println!("skipped: this system does not tell what a process holds");
        return;
    };
    ask(batch..5 * batch).await;
    // What comes after must not add a tenth, nor 16 MiB for what small batches have not touched yet and what the allocator's pages hold beside
    // what is used (9 MB have been seen): 500 bytes a request.
    let most = first + first / 10 + (16 << 20);
    let last = at_rest(&gateway, most).await.unwrap();
    println!(
        "{first} bytes at rest after {batch} requests, {last} after five times as many, {most} allowed"
    );
    assert!(last <= most);
    assert!(gateway.counter("cldgate_cache_bytes").await <= 2 << 20);
    nothing_taken(&gateway).await;
}

/// After large pictures most of what a gateway holds is what its allocator keeps for the next one: here for ten minutes, so that what comes back
/// is what the gateway gives.
#[tokio::test(flavor = "multi_thread")]
async fn memory_comes_back_when_nothing_is_rendered() {
    let gateway = Gateway::start_with(
        &caching_config(&photos(), "memory = \"2MiB\"", ""),
        &[("MIMALLOC_PURGE_DELAY", "600000")],
    );
    let Some((fresh, _)) = gateway.memory() else {
        println!("skipped: this system does not tell what a process holds");
        return;
    };
    let client = reqwest::Client::new();
    let asked = (0..8).map(|n| {
        let path = format!(
            "demo/image/upload/c_scale,w_{}/e_blur:300/f_bmp/folder/photo.jpg",
            2000 + n
        );
        let request = client.get(format!("{}/{path}", gateway.base));
        async { request.send().await.unwrap().bytes().await.unwrap() }
    });
    futures_util::future::join_all(asked).await;
    // The most it has held: on a slow machine some of it is back before the last answer is read.
    let (_, busy) = gateway.memory().unwrap();
    let most = fresh + (busy - fresh) / 2;
    let rested = at_rest(&gateway, most).await.unwrap();
    println!("{fresh} bytes before, {busy} at most, {rested} at rest, {most} allowed");
    assert!(rested <= most);
}
