//! Traces: what a review was spent on, sent to a collector over OTLP.
//!
//! The collector never holds anything up. Spans wait in a queue of bounded length; what does not fit, or cannot be sent,
//! is lost and said so in the log.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::WithExportConfig as _;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanData, SpanExporter};
use tracing::{Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::registry::LookupSpan;
use url::Url;

/// The target of every span. It is not a prefix of that of log lines, so neither sees what belongs to the other.
pub const TARGET: &str = "traces";

/// How long the last spans may take to be sent when the program ends.
const LAST_WORDS: Duration = Duration::from_secs(3);
/// How long a collector may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Sends what is left when it is dropped.
pub struct Traces(SdkTracerProvider);

impl Drop for Traces {
    fn drop(&mut self) {
        if let Err(error) = self.0.shutdown_with_timeout(LAST_WORDS) {
            tracing::warn!(%error, "the last traces were not sent");
        }
    }
}

impl Traces {
    /// Sends to the collector at this address, to which `/v1/traces` is added as OTLP has it.
    ///
    /// Headers, sampling and attributes of the service come from the environment, by the names that OpenTelemetry gives
    /// them: <https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/>.
    ///
    /// # Errors
    /// An address or a variable that the exporter does not take.
    pub fn to(collector: &Url) -> anyhow::Result<Self> {
        let endpoint = format!("{}/v1/traces", collector.as_str().trim_end_matches('/'));
        let exporter = opentelemetry_otlp::SpanExporter::builder()
            .with_http()
            .with_endpoint(endpoint)
            .with_timeout(PATIENCE)
            .build()
            .context("traces cannot be sent")?;
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(Audible { exporter, failing: AtomicBool::new(false) })
            .with_resource(resource())
            .build();
        Ok(Self(provider))
    }

    /// What turns spans into what is sent.
    pub(super) fn layer<S: Subscriber + for<'span> LookupSpan<'span>>(&self) -> impl Layer<S> + use<S> {
        tracing_opentelemetry::layer()
            .with_tracer(self.0.tracer("holdpoint"))
            .with_location(false)
            .with_threads(false)
            .with_tracked_inactivity(false)
            .with_filter(Targets::new().with_target(TARGET, Level::INFO))
    }
}

/// A name given by the environment is kept.
fn resource() -> Resource {
    let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
    let named = std::env::var_os("OTEL_SERVICE_NAME").is_some()
        || std::env::var("OTEL_RESOURCE_ATTRIBUTES").is_ok_and(|text| text.contains("service.name="));
    let resource = Resource::builder().with_attribute(version);
    if named { resource.build() } else { resource.with_service_name("holdpoint").build() }
}

/// Says when traces begin to be lost, and when they no longer are.
#[derive(Debug)]
struct Audible<E> {
    exporter: E,
    failing: AtomicBool,
}

impl<E: SpanExporter> SpanExporter for Audible<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let spans = batch.len();
        let result = self.exporter.export(batch).await;
        let failed_before = self.failing.swap(result.is_err(), Ordering::Relaxed);
        match (&result, failed_before) {
            (Err(error), false) => tracing::warn!(%error, spans, "traces are lost: the collector does not take them"),
            (Ok(()), true) => tracing::warn!("the collector takes traces again"),
            (Err(_), true) | (Ok(()), false) => {}
        }
        result
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.exporter.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}
