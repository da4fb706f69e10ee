//! Spans as OTLP/JSON, the body of a request to a collector's `/v1/traces`.
//!
//! The shape is that of `opentelemetry/proto/trace/v1`: IDs are hex digits, numbers of 64 bits are texts, kinds are numbers.

use std::time::{SystemTime, UNIX_EPOCH};

use serde::ser::{Serialize, SerializeMap as _, Serializer};

use crate::trace::{Kind, Span, Value};

/// Who sends, for every batch.
#[derive(Debug)]
pub(super) struct Resource {
    /// What the collector calls this service.
    pub(super) service: String,
    /// Tells this process from others of the same service.
    pub(super) instance: String,
}

/// The body of a request with these spans.
pub(super) fn body(resource: &Resource, spans: &[Span]) -> String {
    let attributes = [
        ("service.name", Text(&resource.service)),
        ("service.version", Text(env!("CARGO_PKG_VERSION"))),
        ("service.instance.id", Text(&resource.instance)),
    ];
    let spans: Vec<Json> = spans.iter().map(Json::of).collect();
    let request = Request {
        resource_spans: [ResourceSpans {
            resource: Described {
                attributes: attributes.map(|(key, value)| Attribute { key, value }),
            },
            scope_spans: [ScopeSpans {
                scope: Scope {
                    name: env!("CARGO_PKG_NAME"),
                    version: env!("CARGO_PKG_VERSION"),
                },
                spans,
            }],
        }],
    };
    // Texts and numbers alone; the serializer has nothing to refuse.
    serde_json::to_string(&request).unwrap_or_default()
}

#[derive(serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct Request<'a> {
    resource_spans: [ResourceSpans<'a>; 1],
}

#[derive(serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct ResourceSpans<'a> {
    resource: Described<'a>,
    scope_spans: [ScopeSpans<'a>; 1],
}

#[derive(serde::Serialize)]
struct Described<'a> {
    attributes: [Attribute<Text<'a>>; 3],
}

#[derive(serde::Serialize)]
struct ScopeSpans<'a> {
    scope: Scope,
    spans: Vec<Json<'a>>,
}

#[derive(serde::Serialize)]
struct Scope {
    name: &'static str,
    version: &'static str,
}

#[derive(serde::Serialize)]
struct Attribute<V> {
    key: &'static str,
    value: V,
}

#[derive(serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct Json<'a> {
    trace_id: String,
    span_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_span_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_state: Option<&'a str>,
    /// W3C's flags: a span that is sent is sampled.
    flags: u32,
    name: &'static str,
    kind: u8,
    start_time_unix_nano: String,
    end_time_unix_nano: String,
    attributes: Vec<Attribute<AnyValue<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Status>,
}

#[derive(serde::Serialize)]
struct Status {
    code: u8,
}

/// `STATUS_CODE_ERROR`.
const ERROR: u8 = 2;

impl<'a> Json<'a> {
    fn of(span: &'a Span) -> Self {
        let attributes = span.attributes.iter();
        Self {
            trace_id: span.trace.to_string(),
            span_id: span.id.to_string(),
            parent_span_id: span.parent.map(|parent| parent.to_string()),
            trace_state: span.state.as_deref(),
            flags: 1,
            name: span.name,
            kind: match span.kind {
                Kind::Internal => 1,
                Kind::Server => 2,
                Kind::Client => 3,
            },
            start_time_unix_nano: nanoseconds(span.start),
            end_time_unix_nano: nanoseconds(span.end),
            attributes: attributes
                .map(|(key, value)| Attribute {
                    key,
                    value: AnyValue(value),
                })
                .collect(),
            status: span.failed.then_some(Status { code: ERROR }),
        }
    }
}

fn nanoseconds(time: SystemTime) -> String {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    since.as_nanos().to_string()
}

/// `AnyValue` of a text.
struct Text<'a>(&'a str);

impl Serialize for Text<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        one(serializer, "stringValue", &self.0)
    }
}

/// `AnyValue`: an object whose one key names the type.
struct AnyValue<'a>(&'a Value);

impl Serialize for AnyValue<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Text(text) => one(serializer, "stringValue", text),
            Value::Number(number) => one(serializer, "intValue", &number.to_string()),
            Value::Flag(flag) => one(serializer, "boolValue", flag),
            Value::List(texts) => {
                let values: Vec<_> = texts.iter().map(|text| Text(text)).collect();
                one(serializer, "arrayValue", &Values { values })
            }
        }
    }
}

#[derive(serde::Serialize)]
struct Values<'a> {
    values: Vec<Text<'a>>,
}

fn one<S: Serializer, V: Serialize + ?Sized>(
    serializer: S,
    key: &'static str,
    value: &V,
) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(1))?;
    map.serialize_entry(key, value)?;
    map.end()
}
