//! What does a collector learn of a request, and does a gateway care whether there is one?

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::endpoints::{endpoint, photo, server};
use crate::faults::{Reply, Server};
use crate::gateway::{Gateway, scratch};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER: &str = "00f067aa0ba902b7";

/// A collector: takes OTLP over HTTP and keeps the bodies.
struct Collector {
    base: String,
    bodies: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A span as it came.
#[derive(Debug)]
struct Span {
    trace: String,
    id: String,
    parent: Option<String>,
    name: String,
    kind: u64,
    state: Option<String>,
    failed: bool,
    start: u64,
    end: u64,
    attributes: BTreeMap<String, Value>,
}

impl Span {
    /// Reads a span as the protocol defines it; anything else is a panic.
    fn read(span: &Value) -> Self {
        let text = |key: &str| span[key].as_str().map(str::to_owned);
        let id = |key: &str, digits: usize| {
            let id = text(key).expect(key);
            assert!(id.len() == digits && id.bytes().all(|byte| byte.is_ascii_hexdigit()));
            id
        };
        let time = |key: &str| {
            text(key)
                .expect(key)
                .parse()
                .expect("nanoseconds as a text")
        };
        let attributes = span["attributes"].as_array().expect("attributes").iter();
        Self {
            trace: id("traceId", 32),
            id: id("spanId", 16),
            parent: span.get("parentSpanId").map(|_| id("parentSpanId", 16)),
            name: text("name").expect("a name"),
            kind: span["kind"].as_u64().expect("a kind"),
            state: text("traceState"),
            failed: span["status"]["code"] == 2,
            start: time("startTimeUnixNano"),
            end: time("endTimeUnixNano"),
            attributes: attributes.map(attribute).collect(),
        }
    }

    fn text(&self, key: &str) -> &str {
        self.attributes
            .get(key)
            .and_then(Value::as_str)
            .unwrap_or_default()
    }
}

fn attribute(attribute: &Value) -> (String, Value) {
    let key = attribute["key"].as_str().expect("a key").to_owned();
    let value = attribute["value"].as_object().expect("a value");
    assert_eq!(value.len(), 1, "one type: {value:?}");
    let (kind, value) = value.iter().next().expect("a type");
    let sound = match kind.as_str() {
        "stringValue" => value.is_string(),
        "intValue" => value
            .as_str()
            .is_some_and(|text| text.parse::<i64>().is_ok()),
        "boolValue" => value.is_boolean(),
        "arrayValue" => value["values"].is_array(),
        _ => false,
    };
    assert!(sound, "{kind}: {value}");
    (key, value.clone())
}

impl Collector {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        let bodies = Arc::<Mutex<Vec<String>>>::default();
        let kept = bodies.clone();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(receive(stream, kept.clone()));
            }
        });
        Self { base, bodies, task }
    }

    fn configuration(&self, more: &str) -> String {
        format!("[telemetry]\nendpoint = \"{}\"\n{more}\n", self.base)
    }

    /// Everything that came, as it came.
    fn text(&self) -> String {
        self.bodies.lock().expect("bodies").concat()
    }

    fn spans(&self) -> Vec<Span> {
        let bodies = self.bodies.lock().expect("bodies");
        let mut spans = Vec::new();
        for body in bodies.iter() {
            let body: Value = serde_json::from_str(body).expect("JSON");
            for resource in body["resourceSpans"].as_array().expect("resources") {
                let own = resource["resource"]["attributes"].as_array().expect("own");
                let own: BTreeMap<_, _> = own.iter().map(attribute).collect();
                assert_eq!(own["service.name"], "pictures");
                for scope in resource["scopeSpans"].as_array().expect("scopes") {
                    let all = scope["spans"].as_array().expect("spans");
                    spans.extend(all.iter().map(Span::read));
                }
            }
        }
        spans
    }
}

async fn receive(mut stream: TcpStream, kept: Arc<Mutex<Vec<String>>>) {
    let mut head = Vec::new();
    loop {
        while !head.ends_with(b"\r\n\r\n") {
            match stream.read_u8().await {
                Ok(byte) => head.push(byte),
                Err(_) => return,
            }
        }
        let text = String::from_utf8_lossy(&head).to_lowercase();
        assert!(text.starts_with("post /v1/traces http/1.1\r\n"), "{text}");
        assert!(
            text.contains("content-type: application/json\r\n"),
            "{text}"
        );
        let length = text.split("content-length: ").nth(1).expect("a length");
        let length = length
            .lines()
            .next()
            .expect("a line")
            .parse()
            .expect("a number");
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await.expect("the whole body");
        kept.lock()
            .expect("bodies")
            .push(String::from_utf8(body).expect("UTF-8"));
        let answer = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
        stream.write_all(answer.as_bytes()).await.expect("answered");
        head.clear();
    }
}

/// The gateway over a web server, with a store, and lines for the whole file.
fn over(live: &Server, more: &str) -> Gateway {
    let store = scratch("traces");
    Gateway::start(&format!(
        "listen = \"127.0.0.1:0\"\nadmin = \"127.0.0.1:0\"\n{more}[cache]\nstore = '{}'\n{}{}",
        store.display(),
        server("live", &live.base(), ""),
        endpoint("demo", "prefix = \"/demo\"\norigins = [\"live\"]"),
    ))
    .owning(store)
}

async fn photographs() -> Server {
    Server::start(|asked| match asked.target.contains("none") {
        true => Reply::status(404),
        false => Reply::ok(
            photo(),
            &[("content-type", "image/jpeg"), ("etag", "\"1\"")],
        ),
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_one_trace_with_all_that_it_waited_for() {
    let (live, collector) = (photographs().await, Collector::start().await);
    let gateway = over(
        &live,
        &collector.configuration("service_name = \"pictures\""),
    );
    let path = "/demo/image/upload/s--Ab12Cd34--/c_scale,w_50/e_grayscale/sample.jpg";
    let secret = "?__cld_token__=exp=99~hmac=c0ffee";
    let answer = gateway
        .ask(
            &format!("{path}{secret}"),
            &[
                ("traceparent", &format!("00-{TRACE}-{CALLER}-01")),
                ("tracestate", "vendor=1"),
            ],
        )
        .await;
    assert_eq!(answer.status(), 200);
    let id = answer.headers()["x-request-id"]
        .to_str()
        .expect("text")
        .to_owned();
    answer.bytes().await.expect("a body");
    // One that is there already, and one that nobody has.
    assert_eq!(gateway.get(path).await.headers()["x-cache"], "hit");
    assert_eq!(
        gateway.get("/demo/image/upload/none.jpg").await.status(),
        404
    );
    // What was not sent until now is sent before it ends.
    gateway.stop();

    let spans = collector.spans();
    let ours: Vec<_> = spans.iter().filter(|span| span.trace == TRACE).collect();
    let named = |name: &str| {
        let mut all = ours
            .iter()
            .filter(|span| span.name == name && span.kind == 1);
        let first = all.next().unwrap_or_else(|| panic!("no {name}: {ours:#?}"));
        assert!(all.next().is_none(), "{name} twice");
        *first
    };
    let root = ours
        .iter()
        .find(|span| span.kind == 2)
        .expect("the request");
    assert_eq!(root.name, "GET");
    assert_eq!(root.parent.as_deref(), Some(CALLER));
    assert_eq!(root.text("http.request.method"), "GET");
    assert_eq!(root.text("url.path"), path.replace("Ab12Cd34", "***"));
    assert_eq!(root.text("url.scheme"), "http");
    assert_eq!(root.text("http.response.status_code"), "200");
    assert_eq!(root.text("cldgate.endpoint"), "demo");
    assert_eq!(root.text("cldgate.cache"), "miss");
    assert_eq!(root.text("cldgate.request_id"), id);
    for name in [
        "locate",
        "store read",
        "room for originals",
        "fetch",
        "queue",
        "plan",
        "room for pixels",
        "render",
        "store write",
    ] {
        assert_eq!(named(name).parent.as_ref(), Some(&root.id), "{name}");
        assert!(named(name).start >= root.start, "{name}");
    }
    let render = named("render");
    let words: Vec<_> = render.attributes["cldgate.ops"]["values"]
        .as_array()
        .expect("ops")
        .iter()
        .map(|word| word["stringValue"].as_str().expect("a word"))
        .collect();
    assert_eq!(words, ["resize", "grayscale"]);
    for name in ["decode", "transform", "encode"] {
        let stage = named(name);
        assert_eq!(stage.parent.as_ref(), Some(&render.id));
        assert!(
            stage.start >= render.start && stage.end <= render.end,
            "{name}"
        );
    }
    for span in &ours {
        assert!(span.start <= span.end, "{span:?}");
        assert!(!span.failed, "{span:?}");
        assert_eq!(span.state.as_deref(), Some("vendor=1"));
    }

    // The web server was told which span asks.
    let calls: Vec<_> = ours.iter().filter(|span| span.kind == 3).collect();
    for call in &calls {
        let around = call.parent.as_ref();
        assert!(
            [&named("locate").id, &named("fetch").id]
                .map(Some)
                .contains(&around)
        );
    }
    let asked = live.asked();
    let told = asked.iter().filter_map(|asked| {
        let told = asked.header("traceparent").expect("told");
        told.contains(TRACE)
            .then_some((told, asked.header("tracestate")))
    });
    let told: Vec<_> = told.collect();
    assert!(!told.is_empty());
    for (parent, state) in told {
        let asks = |id: &str| parent == format!("00-{TRACE}-{id}-01");
        assert!(calls.iter().any(|call| asks(&call.id)), "{parent}");
        assert_eq!(state, Some("vendor=1"));
    }

    // The others are traces of their own.
    let roots = spans
        .iter()
        .filter(|span| span.kind == 2 && span.trace != TRACE);
    let roots: Vec<_> = roots
        .map(|root| {
            assert_eq!(root.parent, None);
            (
                root.text("cldgate.cache"),
                root.text("http.response.status_code"),
                root.failed,
            )
        })
        .collect();
    assert_eq!(roots, [("hit", "200", false), ("", "404", false)]);

    let all = collector.text();
    for secret in ["Ab12Cd34", "c0ffee", "hmac", "__cld_token__"] {
        assert!(!all.contains(secret), "{secret} in {all}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_caller_decides_and_then_the_share() {
    let (live, collector) = (photographs().await, Collector::start().await);
    let config = collector.configuration("service_name = \"pictures\"\nsample = 0");
    let gateway = over(&live, &config);
    for (n, flags) in [None, Some("00"), Some("01")].into_iter().enumerate() {
        let path = format!("/demo/image/upload/w_{}/sample.jpg", 10 + n);
        let parent = flags.map(|flags| format!("00-{TRACE}-{CALLER}-{flags}"));
        let headers = parent.as_deref().map(|parent| ("traceparent", parent));
        let answer = gateway.ask(&path, headers.as_slice()).await;
        assert_eq!(answer.status(), 200);
    }
    gateway.stop();
    let spans = collector.spans();
    let roots: Vec<_> = spans.iter().filter(|span| span.kind == 2).collect();
    assert_eq!(roots.len(), 1, "{roots:?}");
    assert!(roots[0].text("url.path").contains("w_12"));
    // A trace that nobody records here is one that others may record.
    let told = live.asked();
    let told: Vec<_> = told
        .iter()
        .map(|asked| asked.header("traceparent"))
        .collect();
    assert!(told.iter().all(Option::is_some), "{told:?}");
    let foreign = told.iter().flatten().filter(|told| told.contains(TRACE));
    assert!(
        foreign.clone().any(|told| told.ends_with("-00")),
        "{told:?}"
    );
    assert!(
        foreign.clone().any(|told| told.ends_with("-01")),
        "{told:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_is_dead_disturbs_nothing() {
    let live = photographs().await;
    let nobody = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = nobody.local_addr().expect("an address");
    drop(nobody);
    let gateway = over(
        &live,
        &format!("[telemetry]\nendpoint = \"http://{address}\"\n"),
    );
    for n in 0..20 {
        let path = format!("/demo/image/upload/w_{}/sample.jpg", 10 + n % 10);
        assert_eq!(gateway.get(&path).await.status(), 200);
    }
    while gateway.counter("cldgate_trace_spans_dropped_total").await < 20 {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(gateway.counter("cldgate_trace_spans_sent_total").await, 0);
    let log = gateway.log();
    assert_eq!(log.matches("collector does not take").count(), 1, "{log}");
    gateway.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_hangs_does_not_hold_up_the_end() {
    let live = photographs().await;
    // Connections are accepted by the system, and nobody ever answers.
    let silent = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = silent.local_addr().expect("an address");
    let gateway = over(
        &live,
        &format!("[server]\ndrain = \"1s\"\n[telemetry]\nendpoint = \"http://{address}\"\n"),
    );
    assert_eq!(
        gateway
            .get("/demo/image/upload/w_10/sample.jpg")
            .await
            .status(),
        200
    );
    let log = gateway.stop_and_tell();
    assert!(
        log.contains("stopped with traces that are not sent"),
        "{log}"
    );
}

#[tokio::test]
async fn without_a_collector_nothing_is_told() {
    let live = photographs().await;
    let gateway = over(&live, "");
    let parent = format!("00-{TRACE}-{CALLER}-01");
    let headers = [("traceparent", parent.as_str())];
    let answer = gateway
        .ask("/demo/image/upload/w_10/sample.jpg", &headers)
        .await;
    assert_eq!(answer.status(), 200);
    let told = live.asked();
    assert!(
        told.iter()
            .all(|asked| asked.header("traceparent").is_none())
    );
    let metrics = reqwest::get(format!("{}/metrics", gateway.admin))
        .await
        .expect("metrics");
    let metrics = metrics.text().await.expect("text");
    assert!(!metrics.contains("cldgate_trace"), "{metrics}");
}
