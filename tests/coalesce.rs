//! Is one picture made once, however many ask, and not at all when nobody waits any more?

use std::sync::Arc;
use std::time::Duration;

use reqwest::StatusCode;

use crate::gateway::Gateway;

async fn all_at_once(gateway: &Arc<Gateway>, url: &'static str, count: usize) -> Vec<bytes::Bytes> {
    let client = reqwest::Client::new();
    let tasks: Vec<_> = (0..count)
        .map(|_| {
            let request = client.get(format!("{}{url}", gateway.base));
            tokio::spawn(async move {
                let response = request.send().await.expect("an answer");
                assert_eq!(response.status(), StatusCode::OK);
                response.bytes().await.expect("a body")
            })
        })
        .collect();
    let mut bodies = Vec::with_capacity(count);
    for task in tasks {
        bodies.push(task.await.expect("a request"));
    }
    bodies
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_at_once_cause_one_render() {
    let gateway = Arc::new(Gateway::demo(""));
    for (url, count) in [
        ("/demo/image/upload/c_fill,w_303,h_299/folder/photo.jpg", 64),
        (
            "/demo/image/upload/c_fill,w_304,h_299/folder/photo.jpg",
            1000,
        ),
    ] {
        let before = gateway.counter("cldgate_renders_total").await;
        let bodies = all_at_once(&gateway, url, count).await;
        assert_eq!(bodies.len(), count);
        assert!(bodies.windows(2).all(|pair| pair[0] == pair[1]));
        assert_eq!(
            gateway.counter("cldgate_renders_total").await - before,
            1,
            "{count}"
        );
    }
}

/// Waits until a gauge has a value.
async fn until(gateway: &Gateway, gauge: &str, value: u64) -> bool {
    for _ in 0..2000 {
        if gateway.counter(gauge).await == value {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    false
}

#[tokio::test(flavor = "multi_thread")]
async fn the_work_stops_when_the_last_one_leaves() {
    let gateway = Gateway::demo("");
    // Seconds of work.
    let url = "/demo/image/upload/c_scale,w_4000,f_avif,q_90/folder/photo.jpg";
    let client = reqwest::Client::new();
    let mut tasks: Vec<_> = (0..64)
        .map(|_| tokio::spawn(client.get(format!("{}{url}", gateway.base)).send()))
        .collect();
    assert!(
        until(&gateway, "cldgate_pool_running", 1).await,
        "nobody began"
    );
    let last = tasks.pop();
    for task in tasks {
        task.abort();
    }
    assert_eq!(
        gateway.counter("cldgate_flights").await,
        1,
        "one still waits"
    );
    if let Some(last) = last {
        last.abort();
    }
    assert!(until(&gateway, "cldgate_flights", 0).await);
    assert!(
        until(&gateway, "cldgate_pool_running", 0).await,
        "the work goes on"
    );
    assert_eq!(
        gateway.counter("cldgate_renders_total").await,
        0,
        "it was finished for nobody"
    );
}

#[tokio::test]
async fn what_cannot_be_made_is_tried_once() {
    let bucket = crate::gateway::scratch("failures");
    let folder = bucket.join("res/demo/image/upload/garbage");
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join("1.jpg"), b"\xff\xd8\xff\xe0 not a picture").expect("written");
    let gateway = Gateway::over(&bucket, "", "");
    for _ in 0..3 {
        let response = gateway
            .get("/demo/image/upload/c_scale,w_50/garbage.jpg")
            .await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    }
    assert_eq!(gateway.counter("cldgate_origin_reads_total").await, 1);
    assert_eq!(
        gateway.counter("cldgate_remembered_failures_total").await,
        2
    );
    std::fs::remove_dir_all(bucket).expect("removed");
}
