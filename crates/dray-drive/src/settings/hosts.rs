//! Which host names belong to this server. A request's `Host` is compared with them. This file knows nothing of requests or settings.

use std::net::Ipv6Addr;
use std::str::FromStr;

/// Advice for an operator who trusts proxies but names no host: how to make the server accept the hosts that they report.
pub const UNNAMED: &str = "the server ignores X-Forwarded-Host, and signs URLs for the Host that the proxy passes on: \
     name the server's hosts with --host or --public-url";

/// The maximum number of characters of a host name (RFC 1035, 2.3.4).
const MAX_NAME_CHARS: usize = 253;
/// The host name of this machine, which no DNS resolves (RFC 6761, 6.3).
const LOCALHOST: &str = "localhost";

/// A host: `drive.example.com`, `10.0.0.7`, `[::1]`, each with or without a port. In names, upper and lower case
/// count as the same, and a dot at the end is ignored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostName {
    /// In lower case, an IPv6 address in brackets.
    name: String,
    /// `None` means any port.
    port: Option<u16>,
}

/// A text that is not a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be a host name or address (drive.example.com, 10.0.0.7, [::1]), with a port if only that port is meant"
)]
pub struct InvalidHostName;

impl FromStr for HostName {
    type Err = InvalidHostName;

    fn from_str(text: &str) -> Result<Self, InvalidHostName> {
        let (name, port) = split_port(text).ok_or(InvalidHostName)?;
        Ok(Self { name: normal(name).ok_or(InvalidHostName)?, port })
    }
}

impl HostName {
    /// The name in lower case, without the port; an IPv6 address is in brackets.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The port, if the text named one.
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    /// Whether this is an IP address.
    pub fn is_address(&self) -> bool {
        is_address(&self.name)
    }

    /// What is before each of its dots, and what is after it. The shortest beginning comes first.
    fn cuts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.name.match_indices('.').map(|(at, _)| (&self.name[..at], &self.name[at + 1..]))
    }

    /// Whether a request's host is this one. If this one has no port, any port matches.
    fn covers(&self, host: &Self) -> bool {
        self.name == host.name && (self.port.is_none() || self.port == host.port)
    }
}

/// The hosts that the operator names as this server's own (`--host`, `--public-url`). Empty if the operator named none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OwnHosts(Vec<HostName>);

impl OwnHosts {
    /// The hosts of `--host`, and the host of `--public-url` on any port.
    pub fn new(hosts: &[HostName], public_url: Option<&str>) -> Self {
        let public = public_url.and_then(|url| {
            let (_, rest) = url.split_once("://")?;
            let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
            let host: HostName = authority.parse().ok()?;
            Some(HostName { port: None, ..host })
        });
        Self(hosts.iter().cloned().chain(public).collect())
    }

    /// Whether the operator named none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &HostName> {
        self.0.iter()
    }

    /// Whether `host`, as a request names it (with a port or without), is one of them.
    pub fn contains(&self, host: &str) -> bool {
        !self.is_empty() && host.parse().is_ok_and(|host| self.covers(&host))
    }

    /// Whether `host` is one of them or below one of them.
    pub fn reaches(&self, host: &str) -> bool {
        let is_own = |host: HostName| self.covers(&host) || host.cuts().any(|cut| self.is_above(&host, cut));
        !self.is_empty() && host.parse().is_ok_and(is_own)
    }

    /// Whether `host` is one of them.
    pub fn covers(&self, host: &HostName) -> bool {
        self.0.iter().any(|own| own.covers(host))
    }

    /// Every bucket that a client can mean with this host: what is before one of the server's hosts, or before
    /// `localhost`. `tools` in `tools.drive.example.com`, in lower case. The bucket before the longest host comes first. If
    /// the operator named no host, any name may be the server's, so the bucket can end at any dot.
    pub fn buckets_in<'a>(&self, host: &'a HostName) -> Vec<&'a str> {
        if host.is_address() {
            return Vec::new();
        }
        let is_local = host.cuts().any(|(_, rest)| rest == LOCALHOST);
        let can_end_here = |cut: &(&str, &str)| {
            cut.1 == LOCALHOST || (self.is_empty() && !is_local) || self.is_above(host, *cut)
        };
        host.cuts().filter(can_end_here).map(|(bucket, _)| bucket).collect()
    }

    /// Whether the end of `host` is one of them. Nothing can be before an address.
    fn is_above(&self, host: &HostName, (_, rest): (&str, &str)) -> bool {
        !is_address(rest)
            && self.0.iter().any(|own| own.name == rest && (own.port.is_none() || own.port == host.port))
    }
}

/// The name and the port of `host:port`; an IPv6 address must be in brackets.
fn split_port(text: &str) -> Option<(&str, Option<u16>)> {
    let name_end =
        if text.starts_with('[') { text.find(']')? + 1 } else { text.find(':').unwrap_or(text.len()) };
    let (name, rest) = text.split_at(name_end);
    match rest.strip_prefix(':') {
        None if rest.is_empty() => Some((name, None)),
        // An empty port counts as none (RFC 3986, 3.2.3).
        Some("") => Some((name, None)),
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            digits.parse().ok().map(|port| (name, Some(port)))
        }
        _ => None,
    }
}

/// The canonical form of a name; `None` if the text is not a name.
fn normal(name: &str) -> Option<String> {
    if let Some(inner) = name.strip_prefix('[') {
        let address: Ipv6Addr = inner.strip_suffix(']')?.parse().ok()?;
        return Some(format!("[{address}]"));
    }
    let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    let is_label = |label: &str| {
        !label.is_empty()
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    (name.len() <= MAX_NAME_CHARS && name.split('.').all(is_label)).then_some(name)
}

fn is_address(name: &str) -> bool {
    name.starts_with('[') || name.parse::<std::net::Ipv4Addr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(hosts: &[&str], public_url: Option<&str>) -> OwnHosts {
        let hosts: Vec<HostName> = hosts.iter().map(|host| host.parse().unwrap()).collect();
        OwnHosts::new(&hosts, public_url)
    }

    #[test]
    fn a_named_host_is_own_whatever_its_case_and_its_port() {
        let own = own(&["Drive.Example.com", "10.0.0.7", "[::1]"], None);
        for host in
            ["drive.example.com", "DRIVE.example.COM:8443", "drive.example.com.", "10.0.0.7:80", "[0::1]:1"]
        {
            assert!(own.contains(host), "{host}");
        }
        for host in
            ["example.com", "x.drive.example.com", "drive.example.com.evil.example", "", "::1", "10.0.0.70"]
        {
            assert!(!own.contains(host), "{host}");
        }
    }

    #[test]
    fn only_a_named_port_is_own() {
        assert_eq!("drive.example.com:".parse(), "drive.example.com".parse::<HostName>());
        let own = own(&["drive.example.com:8443"], None);
        assert!(own.contains("drive.example.com:8443"));
        assert!(!own.contains("drive.example.com") && !own.contains("drive.example.com:443"));
    }

    #[test]
    fn the_host_of_the_public_url_is_own_on_any_port() {
        for url in [
            "https://Drive.example.com",
            "https://drive.example.com:8443/base?x",
            "https://drive.example.com/",
        ] {
            assert!(own(&[], Some(url)).contains("drive.example.com:9"), "{url}");
        }
        assert!(own(&[], Some("no address")).is_empty());
        assert!(OwnHosts::default().is_empty() && !OwnHosts::default().contains("localhost"));
    }

    #[test]
    fn a_bucket_is_the_label_before_an_own_name() {
        let own = own(&["drive.example.com", "s3.drive.example.com", "dray:8080", "10.0.0.7"], None);
        for (host, buckets) in [
            ("Tools.drive.example.com:443", &["tools"][..]),
            ("my.tools.drive.example.com", &["my.tools"]),
            ("s3.drive.example.com", &["s3"]),
            ("tools.s3.drive.example.com", &["tools", "tools.s3"]),
            ("tools.dray:8080", &["tools"]),
            ("my.tools.localhost", &["my.tools"]),
            ("drive.example.com", &[]),
            ("tools.dray", &[]),
            ("tools.10.0.0.7", &[]),
            ("tools.example.com", &[]),
        ] {
            assert_eq!(own.buckets_in(&host.parse().unwrap()), buckets, "{host}");
            let is_below = !buckets.is_empty() && !host.ends_with("localhost");
            assert_eq!(own.reaches(host), is_below || own.contains(host), "{host}");
        }
        assert!(!own.reaches(".drive.example.com"));
    }

    #[test]
    fn without_a_named_host_a_bucket_can_end_at_any_dot() {
        let own = OwnHosts::default();
        for (host, buckets) in [
            ("my.tools.example.com", &["my", "my.tools", "my.tools.example"][..]),
            ("my.tools.localhost", &["my.tools"]),
            ("127.0.0.1", &[]),
            ("dray", &[]),
        ] {
            assert_eq!(own.buckets_in(&host.parse().unwrap()), buckets, "{host}");
        }
        assert!(!own.reaches("tools.example.com"));
    }

    #[test]
    fn a_text_that_is_no_host_is_refused() {
        let long = "a".repeat(254);
        for text in [
            "", ":80", ":", "a:x", "a:65536", "a:+1", "[::1", "[x]", "::1", "a b", "a/b", "u@a", "a..b", "é",
            &long,
        ] {
            assert_eq!(text.parse::<HostName>(), Err(InvalidHostName), "{text}");
        }
    }
}
