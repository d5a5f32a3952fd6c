//! Checks whether a proxy that the settings do not name is in front of the server.

use std::net::SocketAddr;

use super::Finding;
use dray_drive::settings::{self as config, Config};

const PROXY: (&str, &str) =
    ("proxy", "limits apply to each client address, and all clients of an unknown proxy share one address");

/// Looks for signs of a proxy in the settings, and checks whether the hosts are set that a trusted proxy may report.
/// `listen` is the address that the server listens on. The server itself logs requests that show an unknown proxy.
pub(super) fn examine(config: &Config, listen: &str) -> Finding {
    let (check, why) = PROXY;
    let is_local = listen.parse::<SocketAddr>().is_ok_and(|address| address.ip().is_loopback());
    if let Some(sign) = config.sign_of_unknown_proxy(is_local) {
        let found = format!("there seems to be a proxy that the settings do not name: {sign}");
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
    let found = "the server accepts the client's address and the named hosts from trusted proxies";
    Finding::ok(check, why, found)
}
