//! What a proxy reports about a request: its sender, its host, and whether it came over TLS. Anyone can write these
//! headers, so the server accepts them only from proxies that the operator trusts.
//!
//! This file writes the reported values where the rest of the code looks for them: the sender's address, `Host`
//! (which signatures cover), and the scheme. So nothing else needs to know about proxies. It accepts a host only if
//! it is one of the server's own or a bucket's below one, because a proxy may pass on whatever its client wrote.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::extract::{ConnectInfo, Request};
use axum::http::uri::Scheme;
use axum::http::{HeaderMap, HeaderValue, header};

use crate::config::{OwnHosts, PROXY_SHARES, TrustedProxy};

fn is_trusted(proxies: &[TrustedProxy], ip: IpAddr) -> bool {
    proxies.iter().any(|proxy| proxy.is(ip))
}

/// Headers in which proxies name their clients. They show that there is a proxy.
const NAMES_OF_CLIENTS: [&str; 3] = ["x-forwarded-for", "forwarded", "x-real-ip"];

/// Whether the log has already mentioned an untrusted proxy.
#[derive(Default)]
pub(super) struct UnknownProxy {
    is_told: AtomicBool,
}

impl UnknownProxy {
    /// Logs once that there seems to be an untrusted proxy. It is only a hint, because anyone can write these headers.
    fn notice(&self, peer: IpAddr, headers: &HeaderMap) {
        if self.is_told.load(Ordering::Relaxed) {
            return;
        }
        let Some(name) = NAMES_OF_CLIENTS.into_iter().find(|name| headers.contains_key(*name)) else {
            return;
        };
        if !self.is_told.swap(true, Ordering::Relaxed) {
            let peer = peer.to_canonical();
            tracing::warn!(
                %peer,
                header = name,
                "requests seem to come through a proxy that --trust-proxy does not name: {PROXY_SHARES}"
            );
        }
    }
}

/// Which proxies are trusted, and for which hosts.
pub(super) struct Believed {
    /// Proxies that the operator trusts.
    pub(super) proxies: Arc<[TrustedProxy]>,
    /// Hosts that a proxy may say a request was for.
    pub(super) hosts: Arc<OwnHosts>,
    /// Notices untrusted proxies.
    pub(super) unknown: UnknownProxy,
}

impl Believed {
    /// Restores the sender, host and scheme that a request had before it passed its proxies, if the server trusts them.
    pub(super) fn apply(&self, request: &mut Request) {
        let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| *peer);
        match peer {
            Some(peer) if is_trusted(&self.proxies, peer.ip()) => rewrite(self, peer, request),
            Some(peer) => self.unknown.notice(peer.ip(), request.headers()),
            None => {}
        }
    }
}

fn rewrite(believed: &Believed, peer: SocketAddr, request: &mut Request) {
    let client = client(&believed.proxies, peer.ip(), request.headers());
    let scheme = last(request.headers(), "x-forwarded-proto").and_then(|text| match text {
        "https" => Some(Scheme::HTTPS),
        "http" => Some(Scheme::HTTP),
        _ => None,
    });
    let host = last(request.headers(), "x-forwarded-host").filter(|host| believed.hosts.reaches(host));
    if let Some(host) = host.and_then(|host| host.parse().ok()) {
        request.headers_mut().insert(header::HOST, host);
    }
    let extensions = request.extensions_mut();
    extensions.insert(ConnectInfo(SocketAddr::new(client, 0)));
    if let Some(scheme) = scheme {
        extensions.insert(scheme);
    }
}

/// The sender of a request: the last named address that is not a trusted proxy. Anyone may have written the addresses
/// before it.
fn client(proxies: &[TrustedProxy], peer: IpAddr, headers: &HeaderMap) -> IpAddr {
    let mut client = peer;
    let named: Vec<&[u8]> = values(headers, "x-forwarded-for").collect();
    for text in named.into_iter().rev() {
        // Anyone may have written this entry and those before it. They prove nothing about the entries after it.
        let Some(ip) = std::str::from_utf8(text).ok().and_then(address) else { break };
        client = ip;
        if !is_trusted(proxies, ip) {
            break;
        }
    }
    client
}

/// An address, which some proxies write with a port.
fn address(text: &str) -> Option<IpAddr> {
    let with_port = || text.parse::<SocketAddr>().map(|address| address.ip()).ok();
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    text.parse().ok().or_else(with_port).or_else(bracketed)
}

/// The nearest proxy's value.
fn last<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    values(headers, name).last().and_then(|text| std::str::from_utf8(text).ok())
}

/// The entries of a list. A client can put bytes into it that are no text, and its proxy appends to it.
fn values<'a>(headers: &'a HeaderMap, name: &str) -> impl Iterator<Item = &'a [u8]> {
    let lists = headers.get_all(name).into_iter().map(HeaderValue::as_bytes);
    lists.flat_map(|list| list.split(|byte| *byte == b',')).map(<[u8]>::trim_ascii)
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::HeaderName;

    use super::*;

    fn believed(hosts: &[&str]) -> Believed {
        let proxies: Vec<TrustedProxy> = ["10.0.0.0/8", "::1"].map(|text| text.parse().unwrap()).into();
        let hosts: Vec<_> = hosts.iter().map(|host| host.parse().unwrap()).collect();
        Believed {
            proxies: proxies.into(),
            hosts: OwnHosts::new(&hosts, None).into(),
            unknown: UnknownProxy::default(),
        }
    }

    #[test]
    fn bytes_that_are_no_text_hide_nothing_that_a_proxy_appends() {
        let client_of = |list: &[u8]| {
            let headers: HeaderMap =
                [(HeaderName::from_static("x-forwarded-for"), HeaderValue::from_bytes(list).unwrap())]
                    .into_iter()
                    .collect();
            client(&believed(&[]).proxies, [10, 0, 0, 1].into(), &headers).to_string()
        };
        assert_eq!(client_of(b"\xff, 203.0.113.9"), "203.0.113.9");
        assert_eq!(client_of(b"1.1.1.1, \xff\xfe, 203.0.113.9, 10.0.0.2"), "203.0.113.9");
        assert_eq!(client_of(b"203.0.113.9, \xff"), "10.0.0.1", "what stands before it proves nothing");
        assert_eq!(client_of(b"203.0.113.9, \xff, 10.0.0.2"), "10.0.0.2");
    }

    fn request(peer: &str, headers: &[(&'static str, &str)]) -> Request {
        request_to(&["drive.example.com"], peer, headers)
    }

    fn request_to(hosts: &[&str], peer: &str, headers: &[(&'static str, &str)]) -> Request {
        let believed = believed(hosts);
        let mut request = Request::new(Body::empty());
        request.headers_mut().insert(header::HOST, "inside:8080".parse().unwrap());
        for (name, value) in headers {
            request.headers_mut().append(*name, value.parse().unwrap());
        }
        let peer = SocketAddr::new(peer.parse().unwrap(), 1);
        request.extensions_mut().insert(ConnectInfo(peer));
        if is_trusted(&believed.proxies, peer.ip()) {
            rewrite(&believed, peer, &mut request);
        }
        request
    }

    fn client_of(peer: &str, forwarded: &[&str]) -> String {
        let headers: Vec<_> = forwarded.iter().map(|text| ("x-forwarded-for", *text)).collect();
        let request = request(peer, &headers);
        request.extensions().get::<ConnectInfo<SocketAddr>>().unwrap().0.ip().to_string()
    }

    #[test]
    fn the_client_is_the_last_named_address_that_is_not_a_proxy() {
        assert_eq!(client_of("192.0.2.1", &["203.0.113.9"]), "192.0.2.1", "anyone can write the header");
        assert_eq!(client_of("10.0.0.1", &["203.0.113.9"]), "203.0.113.9");
        assert_eq!(client_of("::ffff:10.0.0.1", &["203.0.113.9"]), "203.0.113.9");
        assert_eq!(client_of("10.0.0.1", &["1.1.1.1, 203.0.113.9, 10.0.0.2"]), "203.0.113.9");
        assert_eq!(client_of("10.0.0.1", &["1.1.1.1", "203.0.113.9"]), "203.0.113.9", "in two headers");
        assert_eq!(client_of("10.0.0.1", &["203.0.113.9:4711"]), "203.0.113.9");
        assert_eq!(client_of("::1", &["[2001:db8::1]:4711"]), "2001:db8::1");
        assert_eq!(client_of("10.0.0.1", &["203.0.113.9, unknown, 10.0.0.2"]), "10.0.0.2");
        assert_eq!(client_of("10.0.0.1", &[]), "10.0.0.1");
    }

    #[test]
    fn host_and_scheme_are_the_ones_that_the_nearest_proxy_names() {
        let headers =
            [("x-forwarded-host", "evil.example, drive.example.com"), ("x-forwarded-proto", "https")];
        let believed = request("10.0.0.1", &headers);
        assert_eq!(believed.headers()[header::HOST], "drive.example.com");
        assert_eq!(believed.extensions().get::<Scheme>(), Some(&Scheme::HTTPS));
        let not_believed = request("192.0.2.1", &headers);
        assert_eq!(not_believed.headers()[header::HOST], "inside:8080");
        assert_eq!(not_believed.extensions().get::<Scheme>(), None);
    }

    #[test]
    fn an_untrusted_proxy_is_mentioned_once() {
        let unknown = UnknownProxy::default();
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, "a".parse().unwrap());
        unknown.notice(IpAddr::from([192, 0, 2, 1]), &headers);
        assert!(!unknown.is_told.load(Ordering::Relaxed));
        headers.insert(header::FORWARDED, "for=203.0.113.9".parse().unwrap());
        unknown.notice(IpAddr::from([192, 0, 2, 1]), &headers);
        assert!(unknown.is_told.load(Ordering::Relaxed));
    }

    #[test]
    fn no_proxy_can_report_a_host_that_is_not_the_servers_own() {
        let host = |own: &[&str], said: &str| {
            request_to(own, "10.0.0.1", &[("x-forwarded-host", said)]).headers()[header::HOST]
                .to_str()
                .unwrap()
                .to_owned()
        };
        assert_eq!(host(&["drive.example.com"], "evil.example"), "inside:8080");
        assert_eq!(host(&["drive.example.com"], "drive.example.com, evil.example"), "inside:8080");
        assert_eq!(host(&["drive.example.com"], "Drive.Example.com:8443"), "Drive.Example.com:8443");
        assert_eq!(host(&[], "drive.example.com"), "inside:8080", "nobody named any");
    }

    #[test]
    fn a_proxy_can_report_the_host_of_a_bucket() {
        for (said, believed) in [
            ("tools.drive.example.com", true),
            ("My.Tools.drive.example.com:8443", true),
            ("tools.example.com", false),
            ("evildrive.example.com", false),
            ("tools.drive.example.com.evil.example", false),
        ] {
            let request = request("10.0.0.1", &[("x-forwarded-host", said)]);
            let expected = if believed { said } else { "inside:8080" };
            assert_eq!(request.headers()[header::HOST], expected, "{said}");
        }
    }
}
