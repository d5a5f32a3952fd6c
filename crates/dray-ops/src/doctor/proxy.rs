//! Whether a proxy stands in front of the server that it has not been told of.

use std::net::SocketAddr;

use super::Finding;
use dray_drive::settings::{self as config, Config};

const PROXY: (&str, &str) =
    ("proxy", "limits hold for each client's address, and behind an unknown proxy all clients have one");

/// Looks at what the settings say of it, and whether what a trusted one says of the host can be believed; `listen` is the address that the server listens on. The server itself says in its
/// log when requests show one.
pub(super) fn examine(config: &Config, listen: &str) -> Finding {
    let (check, why) = PROXY;
    let is_local = listen.parse::<SocketAddr>().is_ok_and(|address| address.ip().is_loopback());
    if let Some(sign) = config.sign_of_unknown_proxy(is_local) {
        let found = format!("a proxy seems to be in front that the server does not know of: {sign}");
        let remedy = "name the proxy's address with --trust-proxy, and have it set X-Forwarded-For";
        return Finding::warn(check, why, found, remedy);
    }
    if config.trusted_proxies.is_empty() {
        return Finding::ok(check, why, "none is expected, and nothing in the settings speaks of one");
    }
    if config.own_hosts().is_empty() {
        let remedy = "name the server's hosts with --host, or its address with --public-url";
        return Finding::warn(check, why, config::UNNAMED, remedy);
    }
    let found = "what trusted proxies say of the client, and of the hosts that are named, is believed";
    Finding::ok(check, why, found)
}
