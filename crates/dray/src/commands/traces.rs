//! Sends a span for each request to an OpenTelemetry collector: OTLP as protobuf over HTTP, in batches, from a thread
//! of the SDK. The address is a setting of Dray. Everything else (the service's name, headers, sampling, time limits,
//! batches) comes from the variables that OpenTelemetry specifies.

use dray_server::SettingError;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry::{Key, global};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::registry::LookupSpan;

const SERVICE_NAME: &str = "dray";
const PATH: &str = "/v1/traces";

/// Spans on their way to a collector.
pub(super) struct Traces(SdkTracerProvider);

impl Traces {
    /// Starts sending to the collector at `endpoint`, or at the complete address `of_traces`; `None` if neither is set.
    pub(super) fn start(endpoint: Option<&str>, of_traces: Option<&str>) -> anyhow::Result<Option<Self>> {
        let Some(address) = address(endpoint, of_traces).map_err(dray_server::Error::from)? else {
            return Ok(None);
        };
        // The exporter's HTTP client needs a TLS provider even for http. An error means that there is one already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let exporter = SpanExporter::builder()
            .with_http()
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(address)
            .build()?;
        let provider = SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource());
        global::set_text_map_propagator(TraceContextPropagator::new());
        Ok(Some(Self(provider.build())))
    }

    /// The layer that turns the server's spans into traces, independently of the log's filter.
    pub(super) fn layer<S>(&self) -> impl Layer<S>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        tracing_opentelemetry::layer()
            .with_tracer(self.0.tracer(SERVICE_NAME))
            .with_location(false)
            .with_target(false)
            .with_threads(false)
            .with_tracked_inactivity(false)
            .with_filter(Targets::new().with_target("dray", LevelFilter::INFO))
    }

    /// Sends the spans that are left.
    pub(super) async fn stop(self) {
        // This waits for the collector. The SDK logs what it could not send.
        let _ = tokio::task::spawn_blocking(move || self.0.shutdown()).await;
    }
}

/// The address to send spans to. An empty setting counts as unset (as OpenTelemetry specifies).
fn address(endpoint: Option<&str>, of_traces: Option<&str>) -> Result<Option<String>, SettingError> {
    let checked = |setting, url: &str| {
        let is_http = url.starts_with("http://") || url.starts_with("https://");
        let rule = "must be an address such as http://localhost:4318".into();
        if is_http { Ok(()) } else { Err(SettingError { setting, rule }) }
    };
    if let Some(url) = of_traces.filter(|url| !url.is_empty()) {
        checked("--otlp-traces-endpoint", url)?;
        return Ok(Some(url.to_owned()));
    }
    let Some(url) = endpoint.filter(|url| !url.is_empty()) else { return Ok(None) };
    checked("--otlp-endpoint", url)?;
    Ok(Some(format!("{}{PATH}", url.trim_end_matches('/'))))
}

/// The service's name: `OTEL_SERVICE_NAME` or `OTEL_RESOURCE_ATTRIBUTES`, otherwise `dray`.
fn resource() -> Resource {
    let of_environment = Resource::builder().build();
    let name = of_environment.get(&Key::from_static_str("service.name")).map(|name| name.to_string());
    let version = opentelemetry::KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
    let named = Resource::builder().with_attribute(version);
    match name {
        Some(name) if !name.starts_with("unknown_service") => named.build(),
        _ => named.with_service_name(SERVICE_NAME).build(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_endpoint_of_traces_takes_precedence_and_an_empty_one_counts_as_unset() {
        let of = |endpoint, of_traces| address(endpoint, of_traces).unwrap();
        assert_eq!(of(None, None), None);
        assert_eq!(of(Some(""), Some("")), None);
        assert_eq!(of(Some("http://c:4318"), None).as_deref(), Some("http://c:4318/v1/traces"));
        assert_eq!(of(Some("http://c:4318/"), Some("")).as_deref(), Some("http://c:4318/v1/traces"));
        assert_eq!(of(Some("http://c:4318"), Some("https://d/in")).as_deref(), Some("https://d/in"));
    }

    #[test]
    fn an_error_about_an_invalid_endpoint_names_its_setting() {
        for (endpoint, of_traces, setting) in
            [(Some("localhost:4318"), None, "--otlp-endpoint"), (None, Some("c"), "--otlp-traces-endpoint")]
        {
            let error = address(endpoint, of_traces).unwrap_err().to_string();
            assert!(error.starts_with(setting), "{error}");
        }
    }
}
