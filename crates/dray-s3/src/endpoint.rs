//! Where clients reach the store, and how a bucket and key become a host and a path. This file does not sign.

use http::{Uri, uri::Scheme};

use crate::encoding::{canonical_path, encode_path};

/// Where the bucket's name goes (AWS S3 user guide, "Virtual hosting of buckets").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressingStyle {
    /// `http://host/bucket/key`
    Path,
    /// `http://bucket.host/key`
    Virtual,
}

/// The address of an S3 store as its clients see it: scheme, host and base path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    scheme: Scheme,
    /// As in the `Host` header: lower case, and without the scheme's default port.
    host: String,
    /// Canonically encoded; empty or `/a/b`, never with a slash at its end.
    base_path: String,
    style: AddressingStyle,
}

/// Why a URL cannot be an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// Not `http://host[:port][/base]`, or `https`.
    #[error("an endpoint must be http://host[:port][/path] or https://host[:port][/path]")]
    NotAUrl,
    /// The URL has a user name, a query or a fragment, which an endpoint cannot have.
    #[error("an endpoint cannot have a user name, a query or a fragment")]
    ExtraParts,
    /// A bucket cannot become a subdomain of an IP address.
    #[error("virtual-hosted addressing needs a host name, not an IP address")]
    VirtualNeedsHostName,
}

impl Endpoint {
    /// Parses `http://host[:port][/base]` or `https://…`.
    pub fn parse(url: &str, style: AddressingStyle) -> Result<Self, EndpointError> {
        if url.contains(['#', '?', '@']) {
            return Err(EndpointError::ExtraParts);
        }
        let uri: Uri = url.parse().map_err(|_| EndpointError::NotAUrl)?;
        let scheme = uri.scheme().filter(|scheme| [Scheme::HTTP, Scheme::HTTPS].contains(scheme));
        let scheme = scheme.ok_or(EndpointError::NotAUrl)?.clone();
        let authority = uri.authority().ok_or(EndpointError::NotAUrl)?;
        let name = authority.host().to_ascii_lowercase();
        if name.is_empty()
            || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_[]:".contains(&byte))
        {
            return Err(EndpointError::NotAUrl);
        }
        if style == AddressingStyle::Virtual && is_ip_address(&name) {
            return Err(EndpointError::VirtualNeedsHostName);
        }
        if authority.as_str().len() != authority.host().len() && authority.port().is_none() {
            return Err(EndpointError::NotAUrl);
        }
        let host = match authority.port_u16() {
            Some(port) if port != default_port(&scheme) => format!("{name}:{port}"),
            _ => name,
        };
        let base_path =
            canonical_path(uri.path().trim_end_matches('/')).map_err(|_| EndpointError::NotAUrl)?;
        Ok(Self { scheme, host, base_path, style })
    }

    /// `http` or `https`.
    pub fn scheme(&self) -> &str {
        self.scheme.as_str()
    }

    /// The addressing style that URLs are made in.
    pub fn style(&self) -> AddressingStyle {
        self.style
    }

    /// The path below which the store is: empty, or `/a/b` without a slash at its end.
    pub fn base_path(&self) -> &str {
        &self.base_path
    }

    /// The `Host` header of a request to this bucket. An empty bucket stands for the service itself.
    pub fn host(&self, bucket: &str) -> String {
        match self.style {
            AddressingStyle::Virtual if !bucket.is_empty() => format!("{bucket}.{}", self.host),
            AddressingStyle::Virtual | AddressingStyle::Path => self.host.clone(),
        }
    }

    /// The encoded path of a key in a bucket, as sent and as signed. An empty key stands for the bucket,
    /// an empty bucket for the service.
    pub fn canonical_uri(&self, bucket: &str, key: &str) -> String {
        let mut uri = self.base_path.clone();
        if self.style == AddressingStyle::Path && !bucket.is_empty() {
            uri.push('/');
            uri.push_str(&encode_path(bucket));
        }
        if !key.is_empty() || uri.is_empty() {
            uri.push('/');
            uri.push_str(&encode_path(key));
        }
        uri
    }

    /// The whole URL of a key in a bucket, without a query.
    pub fn url(&self, bucket: &str, key: &str) -> String {
        format!("{}://{}{}", self.scheme, self.host(bucket), self.canonical_uri(bucket, key))
    }
}

fn default_port(scheme: &Scheme) -> u16 {
    if *scheme == Scheme::HTTPS { 443 } else { 80 }
}

fn is_ip_address(host: &str) -> bool {
    host.starts_with('[') || host.parse::<std::net::Ipv4Addr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(endpoint: &str, style: AddressingStyle) -> String {
        Endpoint::parse(endpoint, style).unwrap().url("b", "a b/ü")
    }

    #[test]
    fn the_bucket_goes_into_the_path_or_the_host() {
        use AddressingStyle::{Path, Virtual};
        assert_eq!(url("http://127.0.0.1:8080", Path), "http://127.0.0.1:8080/b/a%20b/%C3%BC");
        assert_eq!(url("https://S3.Example.com:443/", Path), "https://s3.example.com/b/a%20b/%C3%BC");
        assert_eq!(url("http://[::1]:9000/s3/", Path), "http://[::1]:9000/s3/b/a%20b/%C3%BC");
        assert_eq!(url("https://s3.example.com", Virtual), "https://b.s3.example.com/a%20b/%C3%BC");
    }

    #[test]
    fn an_empty_key_is_the_bucket_and_an_empty_bucket_the_service() {
        let path = Endpoint::parse("http://h", AddressingStyle::Path).unwrap();
        assert_eq!((path.canonical_uri("b", ""), path.canonical_uri("", "")), ("/b".into(), "/".into()));
        let hosted = Endpoint::parse("http://h", AddressingStyle::Virtual).unwrap();
        assert_eq!((hosted.canonical_uri("b", ""), hosted.host("")), ("/".into(), "h".into()));
    }

    #[test]
    fn what_is_not_an_endpoint_is_refused() {
        let parse = |url| Endpoint::parse(url, AddressingStyle::Path);
        for bad in
            ["", "h", "/h", "ftp://h", "http://", "http://h:99999", "http://h:", "http://a b", "http://h/%z"]
        {
            assert_eq!(parse(bad), Err(EndpointError::NotAUrl), "{bad}");
        }
        for bad in ["http://u@h", "http://h/?a", "http://h/#a"] {
            assert_eq!(parse(bad), Err(EndpointError::ExtraParts), "{bad}");
        }
        let hosted = Endpoint::parse("http://127.0.0.1", AddressingStyle::Virtual);
        assert_eq!(hosted, Err(EndpointError::VirtualNeedsHostName));
    }
}
