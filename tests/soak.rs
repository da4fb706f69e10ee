//! Does a gateway hold as much after many mixed requests as after few? `just soak` asks for ten million.

use std::sync::Arc;

use tokio::io::AsyncWriteExt;

use crate::admission::nothing_taken;
use crate::gateway::{Gateway, full};

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

#[tokio::test(flavor = "multi_thread")]
async fn memory_does_not_grow_with_requests() {
    let gateway = Arc::new(Gateway::caching("memory = \"2MiB\"", ""));
    let client = reqwest::Client::new();
    let batch = if full() { 100_000 } else { 2_000 };
    let mut held = Vec::new();
    for round in 0..5 {
        for start in (round * batch..(round + 1) * batch).step_by(32) {
            let asked = (start..start + 32).map(|n| mixed(gateway.clone(), client.clone(), n));
            futures_util::future::join_all(asked).await;
        }
        let Some((resident, _)) = gateway.memory() else {
            println!("skipped: this system does not tell what a process holds");
            return;
        };
        held.push(resident);
    }
    println!("held after each of five batches of {batch}: {held:?}");
    // The first batch fills caches and pools; what comes after must not add a tenth, nor four megabytes for what small batches have not
    // touched yet: 700 bytes a request.
    let (second, last) = (held[1], held[4]);
    assert!(last <= second + second / 10 + (4 << 20), "{held:?}");
    assert!(gateway.counter("cldgate_cache_bytes").await <= 2 << 20);
    nothing_taken(&gateway).await;
}

/// After large pictures most of what a gateway holds is what its allocator keeps for the next one.
#[tokio::test(flavor = "multi_thread")]
async fn memory_comes_back_when_nothing_is_rendered() {
    let gateway = Gateway::caching("memory = \"2MiB\"", "");
    let held = || gateway.memory().map(|(resident, _)| resident);
    let Some(fresh) = held() else {
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
    let busy = held().unwrap();
    // Ten seconds at most: the test is about whether, not when.
    let mut rested = busy;
    for _ in 0..100 {
        rested = held().unwrap();
        if rested <= fresh + (busy - fresh) / 4 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    println!("{fresh} bytes before, {busy} behind eight pictures, {rested} at rest");
    assert!(rested <= fresh + (busy - fresh) / 4);
}
