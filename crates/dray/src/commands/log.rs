//! The server's log: standard error, text for people and JSON for machines.

use std::io::{IsTerminal, stderr};

use tracing_subscriber::EnvFilter;

use crate::args::LogFormat;

/// Starts logging, for the rest of the process.
pub(super) fn start(format: LogFormat, filter: &str) -> anyhow::Result<()> {
    let filter: EnvFilter =
        filter.parse().map_err(|error| anyhow::anyhow!("--log-level {filter:?}: {error}"))?;
    let terminal = stderr().is_terminal();
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(stderr).with_ansi(terminal);
    let text = match format {
        LogFormat::Auto => terminal,
        LogFormat::Text => true,
        LogFormat::Json => false,
    };
    if text {
        builder.init();
    } else {
        builder.json().flatten_event(true).with_span_list(false).init();
    }
    Ok(())
}
