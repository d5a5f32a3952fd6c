//! Flags of `dray serve`.

use std::path::PathBuf;
use std::time::Duration;

use bytesize::ByteSize;
use clap::{Args, ValueEnum, ValueHint};
use dray_server::{FileType, HostName, RateLimit, TrustedProxy, WebhookSecret, WebhookUrl};

use super::{InFile, log_filter, number};

/// Postgres itself has some hundred. More is a mistake.
const MOST_DATABASE_CONNECTIONS: usize = 10_000;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  dray serve
  dray serve --listen 0.0.0.0:8080 --data /var/lib/dray --public-url https://drive.example.com

SIGINT or SIGTERM stops the server once the transfers under way have ended, or after --shutdown-grace; a second signal \
stops it at once.")]
pub(crate) struct Serve {
    /// Address and port to serve on
    #[arg(long, env = "DRAY_LISTEN", value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    pub(crate) listen: String,
    /// Folder for the database and the files, unless they are elsewhere; created if it does not exist
    #[arg(long, env = "DRAY_DATA", value_name = "FOLDER", default_value = "./dray-data", value_hint = ValueHint::DirPath)]
    pub(crate) data: PathBuf,
    /// Postgres instead of the embedded database; several servers may share it
    #[arg(long, env = "DRAY_DATABASE_URL", value_name = "URL", hide_env_values = true, group = "database", value_hint = ValueHint::Url)]
    pub(crate) database_url: Option<String>,
    /// File that holds the address of Postgres, with its password
    #[arg(long, env = "DRAY_DATABASE_URL_FILE", value_name = "FILE", group = "database", value_hint = ValueHint::FilePath)]
    pub(crate) database_url_file: Option<InFile>,
    /// Connections to Postgres at once
    #[arg(long, env = "DRAY_DATABASE_CONNECTIONS", value_name = "N", default_value_t = dray_server::DATABASE_CONNECTIONS,
          value_parser = number::within(1, MOST_DATABASE_CONNECTIONS))]
    pub(crate) database_connections: usize,
    /// Address at which callers reach this server [default: the address that each caller used]
    #[arg(long, env = "DRAY_PUBLIC_URL", value_name = "URL", value_hint = ValueHint::Url)]
    pub(crate) public_url: Option<String>,
    /// Host name of this server; with a port, only that port is meant; may be repeated. URLs are signed only for these
    /// hosts and that of --public-url [default: for the host that each caller used]
    #[arg(long = "host", env = "DRAY_HOST", value_name = "NAME", value_delimiter = ',')]
    pub(crate) hosts: Vec<HostName>,
    /// Second address of this server, for stored bytes only. URLs of parts and downloads are signed for it, so that
    /// browsers keep the files of users on another origin than the page [default: the page's address]
    #[arg(long, env = "DRAY_BYTES_URL", value_name = "URL", value_hint = ValueHint::Url)]
    pub(crate) bytes_url: Option<String>,
    /// TLS certificate with its chain, as PEM; read again when the file changes
    #[arg(long, env = "DRAY_TLS_CERT", value_name = "FILE", requires = "tls_key", value_hint = ValueHint::FilePath)]
    pub(crate) tls_cert: Option<PathBuf>,
    /// Private key of the TLS certificate, as PEM
    #[arg(long, env = "DRAY_TLS_KEY", value_name = "FILE", requires = "tls_cert", value_hint = ValueHint::FilePath)]
    pub(crate) tls_key: Option<PathBuf>,
    /// Address (10.0.0.7) or network (10.0.0.0/8) of a trusted proxy. The server accepts its X-Forwarded-For and
    /// X-Forwarded-Proto, and its X-Forwarded-Host if --host or --public-url names that host; may be repeated
    /// [default: none]
    #[arg(long = "trust-proxy", env = "DRAY_TRUST_PROXY", value_name = "ADDRESS", value_delimiter = ',')]
    pub(crate) trusted_proxies: Vec<TrustedProxy>,
    /// Origin of web pages that may call this server; may be repeated [default: any]
    #[arg(long = "allow-origin", env = "DRAY_ALLOW_ORIGIN", value_name = "ORIGIN", value_delimiter = ',')]
    pub(crate) allow_origins: Vec<String>,
    /// How long a signed part URL is valid
    #[arg(long, env = "DRAY_URL_TTL", value_name = "TIME", default_value = "1h", value_parser = super::time::parse)]
    pub(crate) url_ttl: Duration,
    /// How long a signed download URL is valid, 1m to 7d; behind a public link, at most 15m
    #[arg(long, env = "DRAY_DOWNLOAD_TTL", value_name = "TIME", default_value = "3h", value_parser = super::time::parse)]
    pub(crate) download_ttl: Duration,
    /// How long an upload lives after its parts were last signed or listed
    #[arg(long, env = "DRAY_UPLOAD_LIFE", value_name = "TIME", default_value = "24h", value_parser = super::time::parse)]
    pub(crate) upload_life: Duration,
    /// How long an upload lives at most
    #[arg(long, env = "DRAY_UPLOAD_MAX_LIFE", value_name = "TIME", default_value = "7d", value_parser = super::time::parse)]
    pub(crate) upload_max_life: Duration,
    /// Largest file that is accepted, such as 20GB or 500MiB
    #[arg(long, env = "DRAY_MAX_FILE_SIZE", value_name = "SIZE", default_value = "5TiB", value_parser = super::size::parse)]
    pub(crate) max_file_size: ByteSize,
    /// How many unfinished uploads a user may have at once
    #[arg(long, env = "DRAY_MAX_OPEN_UPLOADS", value_name = "N", default_value_t = dray_server::MAX_OPEN_UPLOADS,
          value_parser = number::within(1, u32::MAX))]
    pub(crate) max_open_uploads: u32,
    /// Type of files that are accepted: a MIME type (image/png), a group (image/*) or a file extension (.pdf); may be
    /// repeated [default: any]
    #[arg(long = "allow-type", env = "DRAY_ALLOW_TYPE", value_name = "TYPE", value_delimiter = ',')]
    pub(crate) allow_types: Vec<FileType>,
    /// Type of files that are refused, in the same forms; may be repeated [default: none]
    #[arg(long = "block-type", env = "DRAY_BLOCK_TYPE", value_name = "TYPE", value_delimiter = ',')]
    pub(crate) block_types: Vec<FileType>,
    /// Look at the first bytes of each file at finalize, and refuse a file that does not have its announced type
    #[arg(long, env = "DRAY_VERIFY_TYPES")]
    pub(crate) verify_types: bool,
    /// How long items stay in the trash
    #[arg(long, env = "DRAY_TRASH_LIFE", value_name = "TIME", default_value = "30d", value_parser = super::time::parse)]
    pub(crate) trash_life: Duration,
    /// How long a stopping server waits for transfers to finish
    #[arg(long, env = "DRAY_SHUTDOWN_GRACE", value_name = "TIME", default_value = "30s", value_parser = super::time::parse)]
    pub(crate) shutdown_grace: Duration,
    /// Address and port that answer Prometheus at /metrics; anyone who reaches it can read it [default: none]
    #[arg(long, env = "DRAY_METRICS_LISTEN", value_name = "ADDRESS")]
    pub(crate) metrics_listen: Option<String>,
    /// Requests of one token, with all tokens that come from it, per second, minute or hour (100/s, 6000/m, 20000/h),
    /// or off; its grants share a second limit of this size [default: 6000/m; off if --listen is a loopback address]
    #[arg(long, env = "DRAY_RATE_LIMIT_PER_TOKEN", value_name = "RATE")]
    pub(crate) rate_limit_per_token: Option<RateLimit>,
    /// Requests that one client address (of IPv6: its /64) may make [default: 12000/m; off if --listen is a loopback
    /// address]
    #[arg(long, env = "DRAY_RATE_LIMIT_PER_ADDRESS", value_name = "RATE")]
    pub(crate) rate_limit_per_address: Option<RateLimit>,
    /// Connections at once from one client address (of IPv6: its /64), also from this machine [default: a quarter of
    /// all; the limit of open files determines the number of all]
    #[arg(long, env = "DRAY_CONNECTIONS_PER_ADDRESS", value_name = "N", value_parser = number::within(1, u32::MAX))]
    pub(crate) connections_per_address: Option<u32>,
    /// Uploads at once, and as many downloads, from one client address in the embedded store or through --s3-relay
    /// [default: 512]
    #[arg(long, env = "DRAY_TRANSFERS_PER_ADDRESS", value_name = "N", value_parser = number::within(1, u32::MAX))]
    pub(crate) transfers_per_address: Option<u32>,
    /// Address that gets a signed POST for each event; may be repeated [default: none]
    #[arg(
        long = "webhook-url",
        env = "DRAY_WEBHOOK_URL",
        value_name = "URL",
        value_delimiter = ',',
        value_hint = ValueHint::Url,
        hide_env_values = true,
        requires = "webhook_signing",
        help_heading = "Webhooks"
    )]
    pub(crate) webhook_urls: Vec<WebhookUrl>,
    /// Secret that signs the calls, as Standard Webhooks defines it: whsec_ and 24 to 64 bytes in base64. Other users
    /// of this machine can see arguments: prefer the variable or the file
    #[arg(
        long,
        env = "DRAY_WEBHOOK_SECRET",
        value_name = "SECRET",
        hide_env_values = true,
        group = "webhook_signing",
        help_heading = "Webhooks"
    )]
    pub(crate) webhook_secret: Option<WebhookSecret>,
    /// File that holds the secret of the webhooks
    #[arg(
        long,
        env = "DRAY_WEBHOOK_SECRET_FILE",
        value_name = "FILE",
        group = "webhook_signing",
        value_hint = ValueHint::FilePath,
        help_heading = "Webhooks"
    )]
    pub(crate) webhook_secret_file: Option<InFile<WebhookSecret>>,
    /// Also call addresses that are not public
    #[arg(long, env = "DRAY_WEBHOOK_ALLOW_PRIVATE", help_heading = "Webhooks")]
    pub(crate) webhook_allow_private: bool,
    /// Format of the log on standard error; auto is text on a terminal and JSON otherwise
    #[arg(
        long,
        env = "DRAY_LOG_FORMAT",
        value_name = "FORMAT",
        default_value = "auto",
        help_heading = "Log"
    )]
    pub(crate) log_format: LogFormat,
    /// What is logged: error, warn, info, debug, trace, off, or a filter such as `info,dray_server=debug`
    #[arg(long, env = "RUST_LOG", value_name = "FILTER", default_value = "info", help_heading = "Log",
          value_parser = log_filter::parse)]
    pub(crate) log_level: String,
    /// OpenTelemetry collector that gets a span for each request (OTLP over HTTP, at /v1/traces below this address);
    /// other OTEL_* variables also apply [default: none]
    #[arg(
        long,
        env = "OTEL_EXPORTER_OTLP_ENDPOINT",
        value_name = "URL",
        value_hint = ValueHint::Url,
        hide_env_values = true,
        help_heading = "Traces"
    )]
    pub(crate) otlp_endpoint: Option<String>,
    /// Complete address of the collector, for traces only; used instead of the address above
    #[arg(
        long,
        env = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
        value_name = "URL",
        value_hint = ValueHint::Url,
        hide_env_values = true,
        help_heading = "Traces"
    )]
    pub(crate) otlp_traces_endpoint: Option<String>,
    // Last, because its help heading would apply to all fields after it.
    #[command(flatten)]
    pub(crate) s3: S3,
    #[command(flatten)]
    pub(crate) s3_clients: S3Clients,
}

/// The heading of the help about external object stores.
const S3_HEADING: &str =
    "Object store (credentials: AWS_ACCESS_KEY_ID and so on, or a profile, or the machine's role)";

/// An external object store instead of the embedded one. Dray finds its credentials as AWS's tools find them.
#[derive(Debug, Args)]
#[command(next_help_heading = S3_HEADING)]
pub(crate) struct S3 {
    /// An existing bucket, instead of the embedded store
    #[arg(long = "s3-bucket", env = "DRAY_S3_BUCKET", value_name = "NAME")]
    pub(crate) bucket: Option<String>,
    /// Address at which this server reaches the store [default: AWS]
    #[arg(long = "s3-endpoint", env = "DRAY_S3_ENDPOINT", value_name = "URL", requires = "bucket", value_hint = ValueHint::Url)]
    pub(crate) endpoint: Option<String>,
    /// The store's region
    #[arg(long = "s3-region", env = "DRAY_S3_REGION", value_name = "NAME", default_value = "us-east-1")]
    pub(crate) region: String,
    /// Put the bucket's name into the path instead of the host; most stores except AWS need it
    #[arg(long = "s3-path-style", env = "DRAY_S3_PATH_STYLE")]
    pub(crate) path_style: bool,
}

/// How clients reach an external object store. Only servers need this, because only they hand out URLs.
#[derive(Debug, Args)]
#[command(next_help_heading = S3_HEADING)]
pub(crate) struct S3Clients {
    /// Address at which clients reach the store [default: the same as for this server]
    #[arg(long = "s3-public-endpoint", env = "DRAY_S3_PUBLIC_ENDPOINT", value_name = "URL", requires = "bucket", value_hint = ValueHint::Url)]
    pub(crate) public_endpoint: Option<String>,
    /// Relay transfers for clients that cannot reach the store: parts and downloads then go through this server
    /// (cannot be combined with --s3-public-endpoint)
    #[arg(long = "s3-relay", env = "DRAY_S3_RELAY")]
    pub(crate) relay: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    Auto,
    Text,
    Json,
}
