//! Checks whether there is a proxy in front of the server that the settings do not name.

use std::net::SocketAddr;

use super::Finding;
use dray_drive::settings::{self as config, Config};

const PROXY: (&str, &str) =
    ("proxy", "limits apply to each client address, and all clients of an unknown proxy share one address");

/// Looks at what the settings say of it, and whether what a trusted one says of the host can be believed; `listen` is the address that the server listens on. The server itself says in its
/// log when requests show one.
pub(super) fn examine(config: &Config, listen: &str) -> Finding {
    let (check, why) = PROXY;
    let is_local = listen.parse::<SocketAddr>().is_ok_and(|address| address.ip().is_loopback());
    if let Some(sign) = config.sign_of_unknown_proxy(is_local) {
        let found = format!("there seems to be a proxy that the server does not know of: {sign}");
        let remedy = "name the proxy's address with --trust-proxy, and let the proxy set X-Forwarded-For";
        return Finding::warn(check, why, found, remedy);
    }
    if config.trusted_proxies.is_empty() {
        return Finding::ok(check, why, "no setting suggests a proxy");
    }
    if config.own_hosts().is_empty() {
        let remedy = "name the server's hosts with --host, or its address with --public-url";
        return Finding::warn(check, why, config::UNNAMED, remedy);
    }
    let found = "trusted proxies are believed about the client's address, and about the hosts that are named";
    Finding::ok(check, why, found)
}
