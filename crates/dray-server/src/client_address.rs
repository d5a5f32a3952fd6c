//! The address of a request's client. Only this file decides it.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts, Request};
use axum::http::Extensions;
use axum::http::request::Parts;

use crate::drive::network::Network;

/// The bits of an IPv6 address that name a network. Hosts in the network choose the rest freely (RFC 4291, 2.5.1).
const NETWORK_V6: u128 = !0 << 64;

/// A client: one IPv4 address, or one IPv6 network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ClientAddress(IpAddr);

impl ClientAddress {
    /// The sender of a request: the other end of its connection.
    pub(crate) fn of(request: &Request) -> Self {
        Self::in_extensions(request.extensions())
    }

    /// The network of the client, by which strangers are counted.
    pub(crate) fn network(self) -> Network {
        Network::of(self.0)
    }

    /// The sender of the request that has these extensions.
    pub(crate) fn in_extensions(extensions: &Extensions) -> Self {
        let peer = extensions.get::<ConnectInfo<SocketAddr>>();
        // Every request from a socket has an address. Requests without one share one place.
        Self::at(peer.map_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED), |ConnectInfo(address)| address.ip()))
    }

    /// The address that identifies the client: its own, or the first of its network.
    pub(crate) fn address(self) -> IpAddr {
        self.0
    }

    /// The client at an address. An IPv4-mapped IPv6 address (of a socket that serves both) counts as IPv4.
    pub(crate) fn at(ip: IpAddr) -> Self {
        match ip.to_canonical() {
            IpAddr::V4(v4) => Self(IpAddr::V4(v4)),
            IpAddr::V6(v6) => Self(IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & NETWORK_V6))),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for ClientAddress {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::in_extensions(&parts.extensions))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(crate) fn at(ip: &str) -> ClientAddress {
        ClientAddress::at(ip.parse().unwrap())
    }

    #[test]
    fn hosts_of_one_ipv6_network_are_one_client() {
        assert_eq!(at("2001:db8:1:2::1"), at("2001:db8:1:2:ffff:ffff:ffff:ffff"));
        assert_ne!(at("2001:db8:1:2::1"), at("2001:db8:1:3::1"));
    }

    #[test]
    fn every_ipv4_address_is_a_client_however_it_is_written() {
        assert_ne!(at("192.0.2.1"), at("192.0.2.2"));
        assert_eq!(at("192.0.2.1"), at("::ffff:192.0.2.1"));
        assert_ne!(at("::ffff:192.0.2.1"), at("::ffff:192.0.2.2"));
    }
}
