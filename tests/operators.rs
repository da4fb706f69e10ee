//! Can an operator change, limit and watch a gateway that goes on answering?

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use crate::gateway::{Gateway, config_with, photos};

const PICTURE: &str = "/demo/image/upload/c_fill,w_60,h_40/sample.jpg";

fn configuration(server: &str, endpoint: &str) -> String {
    config_with(&photos(), &format!("[server]\n{server}"), "", endpoint)
}

#[tokio::test]
async fn a_client_that_asks_too_often_is_told_when_to_come_again() {
    let gateway = Gateway::start(&configuration(
        "client_rate = { per_second = 1, burst = 2 }\nclient_header = \"X-Real-IP\"",
        "",
    ));
    let (one, other) = ([("x-real-ip", "192.0.2.1")], [("x-real-ip", "192.0.2.2")]);
    assert_eq!(gateway.ask(PICTURE, &one).await.status(), 200);
    assert_eq!(gateway.ask(PICTURE, &one).await.status(), 200);
    let refused = gateway.ask(PICTURE, &one).await;
    assert_eq!(refused.status(), 429);
    assert_eq!(refused.headers()["x-cld-error"], "too many requests");
    let wait: u64 = refused.headers()["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((1..=2).contains(&wait), "{wait}");
    let answer = gateway.ask(PICTURE, &other).await;
    assert_eq!(answer.status(), 200, "another client");
}

#[tokio::test]
async fn a_reload_takes_effect_and_a_broken_one_does_not() {
    let gateway = Gateway::start(&configuration("", ""));
    let named = "/demo/image/upload/t_small/sample.jpg";
    assert_eq!(gateway.get(named).await.status(), 400);

    let with_name = configuration("", "[endpoint.named_transformations]\nsmall = \"w_50\"");
    std::fs::write(gateway.file(), with_name).unwrap();
    assert_eq!(gateway.reload().await, (200, "reloaded\n".to_owned()));
    assert_eq!(gateway.get(named).await.status(), 200);

    std::fs::write(gateway.file(), configuration("drain = 10", "qualty = 80")).unwrap();
    let (status, problems) = gateway.reload().await;
    assert_eq!(status, 409);
    for part in [
        "`drain` must be a time",
        "unknown key `qualty`",
        "did you mean `quality`?",
    ] {
        assert!(problems.contains(part), "{part} is not in:\n{problems}");
    }
    assert_eq!(gateway.get(named).await.status(), 200, "the old one stays");
    assert_eq!(gateway.counter("cldgate_reloads_total").await, 1);
    assert_eq!(gateway.counter("cldgate_reloads_refused_total").await, 1);
}

#[tokio::test]
async fn what_only_a_restart_changes_is_named() {
    let gateway = Gateway::start(&configuration("", ""));
    std::fs::write(gateway.file(), configuration("drain = \"1s\"", "")).unwrap();
    let (status, text) = gateway.reload().await;
    assert_eq!(
        (status, &*text),
        (200, "reloaded; after a restart: [server]\n")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reloading_under_load_drops_no_request() {
    let gateway = Arc::new(Gateway::start(&configuration("", "")));
    let (stop, asked) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicU64::new(0)),
    );
    let clients: Vec<_> = (0..4)
        .map(|_| {
            let (gateway, stop, asked) = (gateway.clone(), stop.clone(), asked.clone());
            tokio::spawn(async move {
                let client = reqwest::Client::new();
                let url = format!("{}{PICTURE}", gateway.base);
                while !stop.load(Ordering::Relaxed) {
                    let response = client.get(&url).send().await.expect("an answer");
                    assert_eq!(response.status(), 200);
                    assert!(!response.bytes().await.expect("a whole body").is_empty());
                    asked.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    for n in 0..20 {
        let quality = format!("quality = {}", 50 + n);
        std::fs::write(gateway.file(), configuration("", &quality)).unwrap();
        let before = asked.load(Ordering::Relaxed);
        assert_eq!(gateway.reload().await.0, 200);
        // Requests are answered between any two reloads, however slow the machine is.
        while asked.load(Ordering::Relaxed) == before {
            assert!(clients.iter().all(|client| !client.is_finished()));
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    stop.store(true, Ordering::Relaxed);
    for client in clients {
        client.await.expect("no request was dropped");
    }
}

#[tokio::test]
async fn an_environment_variable_wins_over_the_file() {
    let variables = [
        (
            "CLDGATE__ENDPOINT__DEMO__CACHE_CONTROL",
            "public, max-age=7",
        ),
        ("CLDGATE__ENDPOINT__DEMO__TELL_ORIGIN", "true"),
    ];
    let gateway = Gateway::start_with(&configuration("", ""), &variables);
    let response = gateway.get(PICTURE).await;
    assert_eq!(response.headers()["cache-control"], "public, max-age=7");
    assert_eq!(response.headers()["x-cldgate-origin"], "photos");
}

#[tokio::test]
async fn stages_and_requests_are_timed() {
    let gateway = Gateway::start(&configuration("", ""));
    assert_eq!(gateway.get(PICTURE).await.status(), 200);
    let text = reqwest::get(format!("{}/metrics", gateway.admin))
        .await
        .unwrap();
    let text = text.text().await.unwrap();
    for line in [
        "cldgate_request_seconds_count{endpoint=\"demo\"} 1",
        "cldgate_render_seconds_count{stage=\"queue\"} 1",
        "cldgate_render_seconds_bucket{stage=\"encode\",le=\"+Inf\"} 1",
    ] {
        assert!(
            text.lines().any(|own| own == line),
            "{line} is not in:\n{text}"
        );
    }
}
