//! The network of a client. What strangers may use up is counted by it, because one person can have very many addresses of it.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

/// The bits of an IPv6 address that name a site. Providers give a site a /48 or less of them (RFC 6177), and whoever has the
/// site chooses the other bits freely.
const SITE_V6: u128 = !0 << 80;

/// One IPv4 address, or one IPv6 /48.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Network(IpAddr);

impl Network {
    /// The network of an address. An IPv4-mapped IPv6 address counts as IPv4.
    pub fn of(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V4(v4) => v4.into(),
            IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & SITE_V6).into(),
        })
    }

    /// The first of its addresses.
    pub fn first(self) -> IpAddr {
        self.0
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            IpAddr::V4(v4) => v4.fmt(f),
            IpAddr::V6(v6) => write!(f, "{v6}/48"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(address: &str) -> String {
        Network::of(address.parse().unwrap()).to_string()
    }

    #[test]
    fn all_addresses_of_one_ipv6_site_are_one_network_and_every_ipv4_address_is_one() {
        assert_eq!(of("2001:db8:1:2::9"), "2001:db8:1::/48");
        assert_eq!(of("2001:db8:1:ffff:ffff:ffff:ffff:ffff"), "2001:db8:1::/48");
        assert_eq!(of("2001:db8:2::1"), "2001:db8:2::/48");
        assert_eq!(of("192.0.2.1"), "192.0.2.1");
        assert_eq!(of("::ffff:192.0.2.1"), "192.0.2.1");
    }
}
