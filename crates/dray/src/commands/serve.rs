//! `dray serve`: opens the socket, creates the first token, then serves until a signal arrives.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use anyhow::anyhow;
use dray_ops::{Admin, OWNER_EMAIL};
use dray_server::{
    Clock, Config, DatabaseUrl, S3Config, Server, Sockets, TlsFiles, UploadRules, WebhookSettings,
    check_settings,
};
use tokio::net::TcpListener;

use super::log;
use super::traces::Traces;
use crate::args::{S3, Serve, either};
use crate::exit::Exit;
use crate::signals::Signals;
use crate::{clock, output};

pub(super) async fn serve(args: Serve) -> anyhow::Result<Exit> {
    let traces = Traces::start(args.otlp_endpoint.as_deref(), args.otlp_traces_endpoint.as_deref())?;
    log::start(args.log_format, &args.log_level, traces.as_ref())?;
    let mut signals = Signals::new()?;
    let listener = bind("--listen", &args.listen).await?;
    let metrics = match &args.metrics_listen {
        Some(address) => Some(bind("--metrics-listen", address).await?),
        None => None,
    };
    let address = args.public_url.clone().unwrap_or_else(|| local_url(&listener, args.tls_cert.is_some()));
    let config = config(args, traces.is_some());
    // Before the first token is made and shown.
    check_settings(&config).await?;
    // Alone, because a new drive must not begin in a database that a command is filling.
    let admin = Admin::open_alone(&config.data, config.database_url.as_ref()).await?;
    let token = admin.bootstrap(clock::now()).await?;
    admin.close().await;
    // Show a new token even if the start fails, because it is never shown again.
    let started = Server::start(config, Sockets { drive: listener, metrics }).await;
    if started.is_ok() || token.is_some() {
        output::print(&greeting(&program(), &address, token.as_deref()))?;
    }
    let server = started?;

    let (stop, stopped) = tokio::sync::oneshot::channel();
    tokio::spawn(async move {
        signals.next().await;
        // If the server has already ended by itself, nobody receives this.
        let _ = stop.send(());
        let exit = signals.next().await;
        std::process::exit(exit as i32);
    });
    let shutdown = async move {
        let _ = stopped.await;
    };
    server.run(shutdown).await;
    if let Some(traces) = traces {
        traces.stop().await;
    }
    Ok(Exit::Ok)
}

/// The server's settings, from the flags.
pub(super) fn config(args: Serve, traces: bool) -> Config {
    let (urls, allow_private) = (args.webhook_urls, args.webhook_allow_private);
    let secret = either(args.webhook_secret.as_ref(), args.webhook_secret_file.as_ref());
    let webhooks = secret.map(|secret| WebhookSettings { urls, secret, allow_private });
    let tls = args.tls_cert.zip(args.tls_key).map(|(cert, key)| TlsFiles { cert, key });
    Config {
        data: args.data,
        database_url: either(args.database_url.as_ref(), args.database_url_file.as_ref())
            .map(DatabaseUrl::new),
        database_connections: args.database_connections.max(1),
        s3_relay: args.s3_clients.relay,
        s3: s3(args.s3, args.s3_clients.public_endpoint),
        public_url: args.public_url,
        hosts: args.hosts,
        bytes_url: args.bytes_url,
        allow_origins: args.allow_origins,
        url_ttl: args.url_ttl,
        download_ttl: args.download_ttl,
        uploads: UploadRules {
            idle_life: args.upload_life,
            whole_life: args.upload_max_life,
            max_file_bytes: args.max_file_size.as_u64(),
            max_open_uploads: args.max_open_uploads,
            allowed_types: args.allow_types,
            blocked_types: args.block_types,
            verify_types: args.verify_types,
        },
        trash_life: args.trash_life,
        shutdown_grace: args.shutdown_grace,
        max_connections: max_connections(),
        connections_per_address: args.connections_per_address.map(|most| most as usize),
        transfers_per_address: args.transfers_per_address.map(|most| most as usize),
        rate_limit_per_token: args.rate_limit_per_token,
        rate_limit_per_address: args.rate_limit_per_address,
        traces,
        trusted_proxies: args.trusted_proxies,
        tls,
        webhooks,
        clock: Clock::from_fn(clock::now),
        steady_clock: None,
    }
}

/// The external store that the flags name, and where clients reach it.
pub(super) fn s3(args: S3, public_endpoint: Option<String>) -> Option<S3Config> {
    let S3 { bucket, endpoint, region, path_style } = args;
    bucket.map(|bucket| S3Config { endpoint, public_endpoint, bucket, region, path_style, credentials: None })
}

/// Opens the socket that `flag` names.
async fn bind(flag: &str, address: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| match error.kind() {
        ErrorKind::AddrInUse => {
            anyhow!("another program listens on {address}: stop it, or choose another port with {flag}")
        }
        ErrorKind::PermissionDenied => {
            anyhow!("this user may not listen on {address}: choose a port above 1023 with {flag}")
        }
        _ => anyhow!("cannot listen on {address}: {error}; give {flag} an address of this machine and a port, like 127.0.0.1:8080"),
    })
}

/// How many connections there can be: each takes two file descriptors, and some are kept for other files.
fn max_connections() -> usize {
    const MOST: u64 = 8192;
    const ALWAYS_OPEN: u64 = 128;
    let descriptors = rlimit::increase_nofile_limit(2 * MOST + ALWAYS_OPEN).unwrap_or(1024);
    usize::try_from(descriptors.saturating_sub(ALWAYS_OPEN) / 2).unwrap_or(usize::MAX).clamp(16, 8192)
}

/// The address at which this machine reaches the server.
fn local_url(listener: &TcpListener, has_tls: bool) -> String {
    let scheme = if has_tls { "https" } else { "http" };
    match listener.local_addr() {
        Ok(address) => format!("{scheme}://{}", reachable(address)),
        Err(error) => format!("an unknown address ({error})"),
    }
}

/// A server on all interfaces is reached at the loopback address.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
}

/// How this program was called, so that the commands it suggests work as they are.
fn program() -> String {
    std::env::args().next().unwrap_or_else(|| "dray".to_owned())
}

fn greeting(program: &str, address: &str, first_token: Option<&str>) -> String {
    match first_token {
        Some(token) => format!(
            "Dray is at {address}

This is the first start, and this is your token. It is shown once:

  {token}

In another terminal:

  export DRAY_URL={address}
  export DRAY_TOKEN={token}
  {program} upload FILE

Or open {address} in a browser and paste the token.
"
        ),
        None => {
            format!(
                "Dray is at {address}\nLost the token? Create another: {program} token create --user {OWNER_EMAIL}"
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_greeting_shows_the_token_and_what_to_type() {
        insta::assert_snapshot!(greeting("dray", "http://127.0.0.1:8080", Some("cp_pat_x")));
    }

    #[test]
    fn every_interface_is_shown_as_one_that_can_be_typed() {
        for (bound, shown) in
            [("0.0.0.0:80", "127.0.0.1:80"), ("[::]:80", "[::1]:80"), ("10.0.0.1:80", "10.0.0.1:80")]
        {
            assert_eq!(reachable(bound.parse().unwrap()).to_string(), shown);
        }
    }
}
