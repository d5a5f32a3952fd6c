//! Flags of `dray serve`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum, ValueHint};
use dray_server::RateLimit;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dray serve
  dray serve --listen 0.0.0.0:8080 --data /var/lib/dray --public-url https://drive.example.com

Stops on SIGINT or SIGTERM once the transfers under way have ended (at most --shutdown-grace); a second signal \
stops it at once.")]
pub(crate) struct Serve {
    /// Address and port to serve on
    #[arg(long, env = "DRAY_LISTEN", value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    pub(crate) listen: String,
    /// Folder that holds everything that is not elsewhere; made if it is not there
    #[arg(long, env = "DRAY_DATA", value_name = "FOLDER", default_value = "./dray-data", value_hint = ValueHint::DirPath)]
    pub(crate) data: PathBuf,
    /// Postgres in place of the embedded database; may be shared by several servers
    #[arg(long, env = "DRAY_DATABASE_URL", value_name = "URL", hide_env_values = true, value_hint = ValueHint::Url)]
    pub(crate) database_url: Option<String>,
    /// Connections to Postgres at once
    #[arg(long, env = "DRAY_DATABASE_CONNECTIONS", value_name = "N", default_value_t = dray_server::DATABASE_CONNECTIONS)]
    pub(crate) database_connections: usize,
    /// Address that callers reach this server at [default: the one that each caller used]
    #[arg(long, env = "DRAY_PUBLIC_URL", value_name = "URL", value_hint = ValueHint::Url)]
    pub(crate) public_url: Option<String>,
    /// Origin of pages that may talk to this server; may be repeated [default: any]
    #[arg(long = "allow-origin", env = "DRAY_ALLOW_ORIGIN", value_name = "ORIGIN", value_delimiter = ',')]
    pub(crate) allow_origins: Vec<String>,
    /// How long a signed part URL is good
    #[arg(long, env = "DRAY_URL_TTL", value_name = "TIME", default_value = "1h", value_parser = humantime::parse_duration)]
    pub(crate) url_ttl: Duration,
    /// How long items stay in the trash
    #[arg(long, env = "DRAY_TRASH_LIFE", value_name = "TIME", default_value = "30d", value_parser = humantime::parse_duration)]
    pub(crate) trash_life: Duration,
    /// How long a stopping server lets transfers finish
    #[arg(long, env = "DRAY_SHUTDOWN_GRACE", value_name = "TIME", default_value = "30s", value_parser = humantime::parse_duration)]
    pub(crate) shutdown_grace: Duration,
    /// Address and port to answer Prometheus on, at /metrics; anybody who reaches it may read it [default: none]
    #[arg(long, env = "DRAY_METRICS_LISTEN", value_name = "ADDRESS")]
    pub(crate) metrics_listen: Option<String>,
    /// Requests of a token: a number a second, minute or hour (100/s, 6000/m, 20000/h), or off [default:
    /// 6000/m; off if --listen is a loopback address]
    #[arg(long, env = "DRAY_RATE_LIMIT_PER_TOKEN", value_name = "RATE")]
    pub(crate) rate_limit_per_token: Option<RateLimit>,
    /// Requests of a client's address (of IPv6: its /64) [default: 12000/m; off if --listen is a loopback
    /// address]
    #[arg(long, env = "DRAY_RATE_LIMIT_PER_ADDRESS", value_name = "RATE")]
    pub(crate) rate_limit_per_address: Option<RateLimit>,
    /// How the log on standard error is written; auto is text on a terminal and JSON elsewhere
    #[arg(
        long,
        env = "DRAY_LOG_FORMAT",
        value_name = "FORMAT",
        default_value = "auto",
        help_heading = "Log"
    )]
    pub(crate) log_format: LogFormat,
    /// What is logged: error, warn, info, debug, trace, or a filter such as `info,dray_server=debug`
    #[arg(long, env = "RUST_LOG", value_name = "FILTER", default_value = "info", help_heading = "Log")]
    pub(crate) log_level: String,
    /// OpenTelemetry collector that gets a span a request (OTLP over HTTP, at /v1/traces below this address);
    /// other OTEL_* variables apply [default: none]
    #[arg(
        long,
        env = "OTEL_EXPORTER_OTLP_ENDPOINT",
        value_name = "URL",
        value_hint = ValueHint::Url,
        hide_env_values = true,
        help_heading = "Traces"
    )]
    pub(crate) otlp_endpoint: Option<String>,
    /// The same for traces alone, as the whole address
    #[arg(
        long,
        env = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
        value_name = "URL",
        value_hint = ValueHint::Url,
        hide_env_values = true,
        help_heading = "Traces"
    )]
    pub(crate) otlp_traces_endpoint: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    Auto,
    Text,
    Json,
}
