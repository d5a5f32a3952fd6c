//! The server's log on standard error: text for people, JSON for machines.

use std::io::{IsTerminal, stderr};

use tracing::Subscriber;
use tracing_log::{AsLog as _, LogTracer};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{EnvFilter, Layer, fmt, registry};

use super::traces::Traces;
use crate::args::LogFormat;

/// Starts the log, and `traces` if there are any, until the process ends.
pub(super) fn start(format: LogFormat, filter: &str, traces: Option<&Traces>) -> anyhow::Result<()> {
    let filter: EnvFilter = filter.parse()?;
    let terminal = stderr().is_terminal();
    let is_text = match format {
        LogFormat::Auto => terminal,
        LogFormat::Text => true,
        LogFormat::Json => false,
    };
    match traces {
        None => install(registry().with(filter).with(layer(is_text, terminal))),
        // The log's filter does not affect traces, and traces do not affect the log.
        Some(traces) => {
            install(registry().with(layer(is_text, terminal).with_filter(filter)).with(traces.layer()))
        }
    }
}

/// Also logs what libraries write to the `log` crate, except Postgres's client: at level `debug` it writes the
/// parameters of every statement, which include the secrets of links and the hashes of tokens.
fn install(subscriber: impl Subscriber + Send + Sync) -> anyhow::Result<()> {
    tracing::subscriber::set_global_default(subscriber)?;
    let level = LevelFilter::current().as_log();
    Ok(LogTracer::builder().with_max_level(level).ignore_crate("tokio_postgres").init()?)
}

fn layer<S>(is_text: bool, terminal: bool) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let lines = fmt::layer().with_writer(stderr).with_ansi(terminal);
    if is_text { lines.boxed() } else { lines.json().flatten_event(true).with_span_list(false).boxed() }
}
