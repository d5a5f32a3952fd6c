//! Which proxies an operator trusts.

use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;

/// The address or network of a trusted proxy, such as `10.0.0.7` or `10.0.0.0/8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrustedProxy(IpNet);

/// A text that is neither an address nor a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be an address (10.0.0.7, ::1) or a network (10.0.0.0/8)")]
pub struct InvalidTrustedProxy;

impl FromStr for TrustedProxy {
    type Err = InvalidTrustedProxy;

    fn from_str(text: &str) -> Result<Self, InvalidTrustedProxy> {
        let net = text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
        net.map(Self).map_err(|_| InvalidTrustedProxy)
    }
}

impl TrustedProxy {
    /// Whether the proxy is at this address.
    pub fn is(&self, ip: IpAddr) -> bool {
        self.0.contains(&ip.to_canonical())
    }
}
