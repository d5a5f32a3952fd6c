//! Requests as OpenTelemetry spans, sent to a collector that the test runs.

use std::sync::mpsc;
use std::thread;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, Span};
use prost::Message as _;

use crate::drive::Drive;
use crate::operation::http_get;

const TRACE_ID: u128 = 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736;
const PARENT_ID: u64 = 0x00f0_67aa_0ba9_02b7;
const NOWHERE: &str = "65a1b2c3d4e5f60718293a4b";

/// Receives what exporters send (OTLP/HTTP, protobuf).
pub(crate) struct Collector {
    pub(crate) url: String,
    received: mpsc::Receiver<Export>,
}

struct Export {
    path: String,
    content_type: String,
    body: Bytes,
}

impl Collector {
    pub(crate) fn start() -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        listener.set_nonblocking(true).unwrap();
        let (sender, received) = mpsc::channel();
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(serve(listener, sender));
        });
        Self { url, received }
    }

    /// The spans received so far, and all of it as text.
    pub(crate) fn spans(&self) -> (Vec<ResourceSpans>, String) {
        let mut all = Vec::new();
        for Export { path, content_type, body } in self.received.try_iter() {
            assert_eq!((&*path, &*content_type), ("/v1/traces", "application/x-protobuf"));
            all.extend(ExportTraceServiceRequest::decode(body).unwrap().resource_spans);
        }
        let text = format!("{all:?}");
        (all, text)
    }
}

async fn serve(listener: std::net::TcpListener, sender: mpsc::Sender<Export>) {
    let listener = tokio::net::TcpListener::from_std(listener).unwrap();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let sender = sender.clone();
        let service = service_fn(move |request| take(request, sender.clone()));
        tokio::spawn(
            hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service),
        );
    }
}

async fn take(
    request: Request<Incoming>,
    sender: mpsc::Sender<Export>,
) -> Result<Response<Full<Bytes>>, hyper::Error> {
    let path = request.uri().path().to_owned();
    let content_type = request.headers()["content-type"].to_str().unwrap().to_owned();
    let body = request.into_body().collect().await?.to_bytes();
    // A test that has seen enough no longer receives.
    let _ = sender.send(Export { path, content_type, body });
    Ok(Response::new(Full::default()))
}

fn text(attributes: &[KeyValue], key: &str) -> String {
    let value =
        attributes.iter().find(|attribute| attribute.key == key).and_then(|found| found.value.as_ref());
    match value {
        Some(AnyValue { value: Some(Value::StringValue(text)) }) => text.clone(),
        Some(AnyValue { value: Some(Value::IntValue(number)) }) => number.to_string(),
        other => format!("{other:?}"),
    }
}

fn service_name(spans: &[ResourceSpans]) -> String {
    text(&spans[0].resource.as_ref().unwrap().attributes, "service.name")
}

#[track_caller]
fn find<'a>(spans: &'a [ResourceSpans], name: &str) -> &'a Span {
    let all = spans.iter().flat_map(|of| &of.scope_spans).flat_map(|scope| &scope.spans);
    let names: Vec<_> = all.clone().map(|span| &*span.name).collect();
    all.clone().find(|span| span.name == name).unwrap_or_else(|| panic!("no {name} in {names:?}"))
}

#[test]
fn a_request_is_a_span_of_its_callers_trace() {
    let collector = Collector::start();
    let mut drive = Drive::start_with(|serve| serve.env("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url));
    let caller = format!(
        "traceparent: 00-{TRACE_ID:032x}-{PARENT_ID:016x}-01\r\nauthorization: Bearer {}\r\n",
        drive.token
    );
    let path = format!("/public/v1/drive/files/{NOWHERE}");
    let answer = http_get(drive.address(), &format!("{path}?a=in-the-query"), &caller);
    assert!(answer.starts_with("HTTP/1.1 404 "), "{answer}");
    drive.ok(&["mkdir", "f"]);
    assert_eq!(drive.stop(), Some(0), "what is left is sent before the end");

    let (spans, all) = collector.spans();
    assert_eq!(service_name(&spans), "dray");
    let span = find(&spans, "GET /public/v1/drive/files/{id}");
    assert_eq!(u128::from_be_bytes(span.trace_id[..].try_into().unwrap()), TRACE_ID);
    assert_eq!(u64::from_be_bytes(span.parent_span_id[..].try_into().unwrap()), PARENT_ID);
    assert_eq!(span.kind(), SpanKind::Server);
    for (key, value) in [
        ("http.request.method", "GET"),
        ("http.route", "/public/v1/drive/files/{id}"),
        ("http.response.status_code", "404"),
        ("path", &*path),
    ] {
        assert_eq!(text(&span.attributes, key), value, "{key}");
    }
    let other = find(&spans, "POST /public/v1/drive/folders");
    assert_eq!(text(&other.attributes, "http.response.status_code"), "200");
    assert_ne!(other.trace_id, span.trace_id, "who sends no trace begins one");
    for secret in ["cp_pat_", "in-the-query"] {
        assert!(!all.contains(secret), "{all}");
    }
}

#[test]
fn the_variables_of_opentelemetry_are_obeyed() {
    let collector = Collector::start();
    let mut drive = Drive::start_with(|serve| {
        serve.env("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9");
        serve.env("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", format!("{}/v1/traces", collector.url));
        serve.env("OTEL_SERVICE_NAME", "our-drive")
    });
    drive.ok(&["mkdir", "f"]);
    assert_eq!(drive.stop(), Some(0));
    assert_eq!(service_name(&collector.spans().0), "our-drive");
}

#[test]
fn an_absent_collector_disturbs_nobody() {
    let mut drive = Drive::start_with(|serve| serve.env("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9"));
    drive.ok(&["mkdir", "f"]);
    let began = std::time::Instant::now();
    assert_eq!(drive.stop(), Some(0));
    assert!(began.elapsed() < std::time::Duration::from_secs(20), "{:?}", began.elapsed());
}
