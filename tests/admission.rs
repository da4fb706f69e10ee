//! Do renderings stay within their memory, and is a crowd that does not fit told to come again?

use std::sync::Arc;

use crate::gateway::{Gateway, config_with, photos};

/// The demo's pictures, with lines for `[render]`.
pub fn configuration(render: &str) -> String {
    config_with(&photos(), &format!("[render]\n{render}"), "", "")
}

/// Statuses of renderings asked for at once, each of another size.
async fn crowd(gateway: &Arc<Gateway>, count: usize) -> Vec<(u16, bool)> {
    let tasks: Vec<_> = (0..count)
        .map(|n| {
            let gateway = gateway.clone();
            tokio::spawn(async move {
                let url = format!(
                    "/demo/image/upload/c_fill,w_{},h_200/folder/photo.jpg",
                    200 + n
                );
                let answer = gateway.get(&url).await;
                let retry = answer.headers().contains_key("retry-after");
                (answer.status().as_u16(), retry)
            })
        })
        .collect();
    let mut statuses = Vec::with_capacity(count);
    for task in tasks {
        statuses.push(task.await.unwrap());
    }
    statuses
}

/// Whether all memory of renderings is given back, soon.
pub async fn nothing_taken(gateway: &Gateway) {
    for gauge in [
        "cldgate_render_pixel_bytes",
        "cldgate_render_original_bytes",
        // A thread is done a little after its answer is there.
        "cldgate_pool_running",
    ] {
        let mut taken = 1;
        for _ in 0..400 {
            taken = gateway.counter(gauge).await;
            if taken == 0 {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        assert_eq!(taken, 0, "{gauge}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_goes_through_little_memory_one_by_one() {
    let photo = photos().join("res/demo/image/upload/folder/photo");
    let file = std::fs::read_dir(photo).unwrap().next().unwrap().unwrap();
    let bytes = file.metadata().unwrap().len();
    // Room for one original and a half.
    let memory = (3 * bytes).max(64 << 20);
    let gateway = Arc::new(Gateway::start(&configuration(&format!(
        "memory = {memory}\nqueue = 100"
    ))));
    let statuses = crowd(&gateway, 40).await;
    assert!(
        statuses.iter().all(|&(status, _)| status == 200),
        "{statuses:?}"
    );
    nothing_taken(&gateway).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_finds_no_place_in_the_line_is_told_to_come_again() {
    let gateway = Arc::new(Gateway::start(&configuration("threads = 1\nqueue = 1")));
    let statuses = crowd(&gateway, 60).await;
    let refused = statuses.iter().filter(|(status, _)| *status == 503);
    assert!(statuses.iter().any(|&(status, _)| status == 200));
    assert!(refused.clone().count() > 0, "sixty fit into a line of one");
    assert!(refused.clone().all(|&(_, retry)| retry));
    let others = statuses
        .iter()
        .filter(|(status, _)| ![200, 503].contains(status));
    assert_eq!(others.count(), 0, "{statuses:?}");
    nothing_taken(&gateway).await;
}

#[tokio::test]
async fn what_will_never_fit_is_refused_with_its_size() {
    let gateway = Gateway::start(&configuration("memory = \"64KiB\""));
    let answer = gateway
        .get("/demo/image/upload/w_100/folder/photo.jpg")
        .await;
    assert_eq!(answer.status(), 400);
    let reason = answer.headers()["x-cld-error"].to_str().unwrap().to_owned();
    assert!(reason.contains("memory of the"), "{reason}");
}

#[tokio::test]
async fn a_layer_counts_as_it_is_decoded() {
    // 4000x3000 pixels of a JPEG: 108 MB whole, a 64th of that where a small picture is made of it.
    let gateway = Gateway::start(&configuration("memory = \"128MiB\""));
    let small = "/demo/image/upload/w_100/l_folder:photo,w_50/fl_layer_apply/sample.jpg";
    assert_eq!(gateway.get(small).await.status(), 200);
    let whole = "/demo/image/upload/w_100/l_folder:photo/fl_layer_apply,fl_no_overflow/sample.jpg";
    let answer = gateway.get(whole).await;
    assert_eq!(answer.status(), 400);
    let reason = answer.headers()["x-cld-error"].to_str().unwrap().to_owned();
    assert!(reason.contains("memory of the rendering"), "{reason}");
}

#[tokio::test(flavor = "multi_thread")]
async fn hits_pass_a_crowd_of_renderings() {
    // A slow machine must not cut off who waits longest.
    let config = configuration("threads = 1\nqueue = 200\n[limits]\nrender_time = \"10m\"");
    let gateway = Arc::new(Gateway::start(&config));
    let hit = "/demo/image/upload/w_90/sample.jpg";
    assert_eq!(gateway.get(hit).await.status(), 200);
    let theirs = gateway.clone();
    let crowd = tokio::spawn(async move { crowd(&theirs, 120).await });
    while gateway.counter("cldgate_pool_queued").await < 20 {
        assert!(!crowd.is_finished(), "no queue");
        tokio::task::yield_now().await;
    }
    let before = gateway.counter("cldgate_cache_hits_total").await;
    for _ in 0..20 {
        assert_eq!(gateway.get(hit).await.status(), 200);
    }
    assert_eq!(
        gateway.counter("cldgate_cache_hits_total").await - before,
        20
    );
    assert!(
        gateway.counter("cldgate_pool_queued").await > 0,
        "the hits waited for the renderings"
    );
    assert!(
        crowd
            .await
            .unwrap()
            .iter()
            .all(|&(status, _)| status == 200)
    );
}
