//! In builds without the feature `traces`, asking for them is an error.

use dray_server::SettingError;
use tracing::level_filters::LevelFilter;

/// Spans on their way to a collector. This type has no values, because such a build sends none.
pub(super) enum Traces {}

impl Traces {
    /// `None`, or an error that says which build has traces.
    pub(super) fn start(endpoint: Option<&str>, of_traces: Option<&str>) -> anyhow::Result<Option<Self>> {
        for (setting, address) in [("--otlp-endpoint", endpoint), ("--otlp-traces-endpoint", of_traces)] {
            if address.is_some_and(|address| !address.is_empty()) {
                let rule =
                    "is not available in this quick build: `make dist` makes a build that sends traces"
                        .into();
                return Err(dray_server::Error::from(SettingError { setting, rule }).into());
            }
        }
        Ok(None)
    }

    pub(super) fn layer(&self) -> LevelFilter {
        match *self {}
    }

    #[expect(clippy::unused_async, reason = "builds with traces wait for the collector")]
    pub(super) async fn stop(self) {
        match self {}
    }
}
