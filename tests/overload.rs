//! What happens when far more new pictures are asked for than can be rendered? `just overload` measures it for a minute.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::admission::{configuration, nothing_taken};
use crate::gateway::{Gateway, peak};

const HIT: &str = "/demo/image/upload/w_90/sample.jpg";

/// Renderings at once, and waiting.
const THREADS: u64 = 24;
const QUEUE: u64 = 4;

/// Clients that ask again at once, whatever the answer was: ten for each place that there is.
const CLIENTS: u64 = 10 * (THREADS + QUEUE);

/// Bytes for renderings: half of it for pixels, of which one of these takes 24 MB. As many as there are threads would take three times the whole; four
/// may.
const BUDGET: u64 = 192 << 20;

/// The load goes on until so many have been rendered and so many refused.
const RENDERED: u64 = 12;
const REFUSED: u64 = 120;

#[derive(Default)]
struct Seen {
    asked: AtomicU64,
    rendered: AtomicU64,
    refused: AtomicU64,
    hits: AtomicU64,
}

impl Seen {
    fn is_enough(&self) -> bool {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        count(&self.rendered) >= RENDERED && count(&self.refused) >= REFUSED
    }
}

/// A picture that nobody has asked for yet.
fn fresh(n: u64) -> String {
    let (width, height) = (900 + n % 100, 500 + n / 100 % 500);
    format!("/demo/image/upload/c_fill,w_{width},h_{height},x_{n}/sample.jpg")
}

async fn ask(client: &reqwest::Client, gateway: &Gateway, path: &str) -> reqwest::Response {
    let request = client.get(format!("{}{path}", gateway.base));
    request.send().await.expect("an answer")
}

/// Asks for one new picture after the other.
async fn insist(client: reqwest::Client, gateway: Arc<Gateway>, seen: Arc<Seen>) {
    while !seen.is_enough() {
        let n = seen.asked.fetch_add(1, Ordering::Relaxed);
        let answer = ask(&client, &gateway, &fresh(n)).await;
        match answer.status().as_u16() {
            200 => seen.rendered.fetch_add(1, Ordering::Relaxed),
            503 => {
                let wait = answer.headers()["retry-after"].to_str().expect("text");
                assert!(wait.parse::<u64>().is_ok_and(|wait| wait > 0), "{wait}");
                assert_eq!(answer.headers()["cache-control"], "no-store");
                seen.refused.fetch_add(1, Ordering::Relaxed)
            }
            other => panic!("picture {n}: {other}"),
        };
        answer.bytes().await.expect("the whole body");
    }
}

/// Asks for what is in memory.
async fn hit(client: reqwest::Client, gateway: Arc<Gateway>, seen: Arc<Seen>) {
    while !seen.is_enough() {
        let answer = ask(&client, &gateway, HIT).await;
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["x-cache"], "hit");
        answer.bytes().await.expect("the whole body");
        seen.hits.fetch_add(1, Ordering::Relaxed);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_much_is_refused_and_the_rest_goes_on() {
    let config = configuration(&format!(
        "threads = {THREADS}\nqueue = {QUEUE}\nmemory = {BUDGET}"
    ));
    // What is taken is measured, not what the allocator keeps of it for a while.
    let at_once = [("MIMALLOC_PURGE_DELAY", "10")];
    let gateway = Arc::new(Gateway::start_with(&config, &at_once));
    let client = reqwest::Client::new();
    assert_eq!(ask(&client, &gateway, HIT).await.status(), 200);
    let seen = Arc::new(Seen::default());
    let crowd = (0..CLIENTS)
        .map(|_| tokio::spawn(insist(client.clone(), gateway.clone(), seen.clone())))
        .chain((0..2).map(|_| tokio::spawn(hit(client.clone(), gateway.clone(), seen.clone()))));
    for one in crowd.collect::<Vec<_>>() {
        one.await.expect("no answer that it does not know");
    }
    let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    let (rendered, refused) = (count(&seen.rendered), count(&seen.refused));
    println!(
        "{} asked for, {rendered} rendered, {refused} refused, {} hits",
        count(&seen.asked),
        count(&seen.hits)
    );
    assert!(count(&seen.hits) > 0);
    // Nobody who left with an answer is still worked for, and who asks now is answered.
    nothing_taken(&gateway).await;
    assert_eq!(ask(&client, &gateway, &fresh(99_999)).await.status(), 200);
    nothing_taken(&gateway).await;

    // Every request is in one counter or the other; two pictures came before and after.
    let told = async |name: &str| gateway.counter(name).await;
    assert_eq!(told("cldgate_renders_total").await, rendered + 2);
    assert_eq!(told("cldgate_pool_done_total").await, rendered + 2);
    let refusals =
        told("cldgate_pool_refused_total").await + told("cldgate_originals_refused_total").await;
    assert_eq!(refusals, refused);
    let status = r#"cldgate_requests_total{endpoint="demo",status="5xx"}"#;
    assert_eq!(told(status).await, refused);
    assert_eq!(rendered + refused, count(&seen.asked));
    for gauge in ["queued", "running"] {
        assert_eq!(told(&format!("cldgate_pool_{gauge}")).await, 0);
    }
    match peak(gateway.pid()) {
        Some(most) => {
            println!("{} MB at most", most / 1_000_000);
            assert!(most <= BUDGET + BUDGET / 5, "{most} bytes");
        }
        None => println!("this system does not tell what a process holds"),
    }
}
