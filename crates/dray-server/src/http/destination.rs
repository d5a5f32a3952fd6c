//! Decides which of the two services on the port a request is for: the drive (page and API) or S3 (the embedded
//! store, or the relay to an external one). Only this file decides it. It looks at the host, the path and the
//! signature, never at who the caller is or at the user agent.

use std::borrow::Cow;
use std::net::Ipv4Addr;
use std::sync::Arc;

use axum::extract::{MatchedPath, Request};
use axum::http::header::{AUTHORIZATION, HOST};
use axum::http::uri::Authority;
use dray_api::BASE_PATH;
use dray_object_store::BucketIn;
use dray_s3::{Endpoint, decode_path};

use crate::config::OwnHosts;
use crate::storefront::Storefront;

/// Query parameters that only S3 has. A request with one is for S3 wherever the drive has no route
/// (AWS S3 API reference, "Actions").
const SUBRESOURCES: [&str; 24] = [
    "accelerate",
    "acl",
    "attributes",
    "cors",
    "delete",
    "encryption",
    "legal-hold",
    "lifecycle",
    "list-type",
    "location",
    "logging",
    "notification",
    "object-lock",
    "partNumber",
    "policy",
    "replication",
    "requestPayment",
    "retention",
    "tagging",
    "uploadId",
    "uploads",
    "versionId",
    "versioning",
    "versions",
];
/// The host name of this machine, which no DNS resolves (RFC 6761, 6.3).
const LOCALHOST: &str = "localhost";

/// The service that a request is for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Destination {
    Drive,
    Store(BucketIn),
}

/// What decides whether a request is for S3: the bucket, the server's own hosts, and the host for stored bytes.
#[derive(Clone)]
pub(super) struct Sorter {
    store: Storefront,
    bucket: &'static str,
    own_hosts: Arc<OwnHosts>,
    /// The host that serves only stored bytes, if there is one.
    bytes: Option<Endpoint>,
    /// The host of `--public-url`, if that is an `https` address.
    over_tls: OwnHosts,
    drives_segments: Arc<[String]>,
}

impl Sorter {
    pub(super) fn new(
        store: Storefront,
        bucket: &'static str,
        own_hosts: Arc<OwnHosts>,
        bytes: Option<Endpoint>,
        public_url: Option<&str>,
    ) -> Self {
        let drives_segments = super::first_segments().into();
        let over_tls = OwnHosts::new(&[], public_url.filter(|url| url.starts_with("https://")));
        Self { store, bucket, own_hosts, bytes, over_tls, drives_segments }
    }

    /// The service that `request` is for. The caller looks up the routes first, so that this function knows whether
    /// the drive has one.
    pub(super) fn sort(&self, request: &Request) -> Destination {
        if self.is_at_bytes(request) {
            return Destination::Store(BucketIn::Path);
        }
        let place = bucket_in(host(request), &self.own_hosts, |name| self.store.has_bucket(name));
        let is_stores = match &place {
            // A host below the server's own whose first label is not a bucket is another name for the page.
            BucketIn::Host(bucket) => self.store.has_bucket(bucket) || looks_like_s3(request),
            BucketIn::Path | BucketIn::Unclear => self.is_stores_path(request),
        };
        if is_stores { Destination::Store(place) } else { Destination::Drive }
    }

    /// Whether the settings say that clients reach the host of this request over TLS, which then ends before this
    /// server.
    pub(super) fn is_over_tls(&self, request: &Request) -> bool {
        let is_named = |host| self.over_tls.contains(host) || self.over_tls.label_below(host).is_some();
        host(request).is_some_and(is_named)
            || (self.bytes.as_ref().is_some_and(|bytes| bytes.scheme() == "https")
                && self.is_at_bytes(request))
    }

    fn is_at_bytes(&self, request: &Request) -> bool {
        let Some(bytes) = &self.bytes else { return false };
        let host = host(request).unwrap_or_default();
        let default_port = if bytes.scheme() == "https" { ":443" } else { ":80" };
        host.strip_suffix(default_port).unwrap_or(host).eq_ignore_ascii_case(&bytes.host(""))
    }

    fn is_stores_path(&self, request: &Request) -> bool {
        let path = request.uri().path();
        // A signature by the store's keys gives no access to the API, and no bucket has the name of the API's first
        // segment.
        if path.strip_prefix(BASE_PATH).is_some_and(|rest| rest.starts_with('/')) {
            return false;
        }
        let first = first_segment(path);
        if first == self.bucket || looks_like_s3(request) {
            return true;
        }
        let is_drives = request.extensions().get::<MatchedPath>().is_some()
            || self.drives_segments.iter().any(|segment| *segment == first);
        !is_drives && (self.store.has_bucket(&first) || has_subresource(request))
    }
}

/// The host that a request names: in its header, which is what the signature covers, or in its target (HTTP/2).
fn host(request: &Request) -> Option<&str> {
    match request.headers().get(HOST) {
        Some(host) => host.to_str().ok(),
        None => request.uri().authority().map(Authority::as_str),
    }
}

/// Where a request to this host names its bucket.
///
/// A bucket's name cannot come before an IP address, a single label or `localhost`. So these hosts are always the
/// server's own, whatever the server is called.
fn bucket_in(host: Option<&str>, own: &OwnHosts, is_bucket: impl Fn(&str) -> bool) -> BucketIn {
    let Some(host) = host else { return BucketIn::Path };
    if own.contains(host) {
        return BucketIn::Path;
    }
    if let Some(bucket) = own.label_below(host) {
        return BucketIn::Host(bucket);
    }
    let Some(name) = name_of(host) else { return BucketIn::Unclear };
    if name.starts_with('[') || name.parse::<Ipv4Addr>().is_ok() {
        return BucketIn::Path;
    }
    let Some((first, rest)) = name.split_once('.') else { return BucketIn::Path };
    if let Some((bucket, LOCALHOST)) = name.rsplit_once('.') {
        return BucketIn::Host(bucket.to_owned());
    }
    if own.is_empty() && !is_bucket(first) && !rest.is_empty() { BucketIn::Path } else { BucketIn::Unclear }
}

/// The name in a host, in lower case, without port and final dot. `None` if it is not a name.
fn name_of(host: &str) -> Option<String> {
    let host: crate::config::HostName = host.parse().ok()?;
    Some(host.name().to_owned())
}

/// The first segment of a path, as the store reads it.
fn first_segment(path: &str) -> Cow<'_, str> {
    let segment = path.strip_prefix('/').unwrap_or(path).split('/').next().unwrap_or_default();
    if !segment.contains('%') {
        return Cow::Borrowed(segment);
    }
    decode_path(segment).unwrap_or(Cow::Borrowed(segment))
}

/// Whether a request has something that only S3 requests have: a signature of either version, complete or not, or S3's
/// headers. With an `Authorization` of another scheme it is for the drive, unless the query is signed: browsers keep
/// sending a link's password when they are redirected to a signed URL.
fn looks_like_s3(request: &Request) -> bool {
    if has_signed_query(request.uri().query().unwrap_or_default()) {
        return true;
    }
    // An empty header counts as absent, as it does for the store.
    match request.headers().get(AUTHORIZATION).filter(|value| !value.is_empty()) {
        Some(value) => value.as_bytes().starts_with(b"AWS"),
        // AWS's content delivery network adds `x-amz-cf-…` headers for whatever server is behind it.
        None => request
            .headers()
            .keys()
            .any(|name| name.as_str().strip_prefix("x-amz-").is_some_and(|rest| !rest.starts_with("cf-"))),
    }
}

fn has_signed_query(query: &str) -> bool {
    let has = |name: &str| names(query).any(|known| known == name);
    let is_version_4 = |name: &str| name.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("x-amz-"));
    names(query).any(is_version_4) || has("AWSAccessKeyId") || (has("Signature") && has("Expires"))
}

fn has_subresource(request: &Request) -> bool {
    names(request.uri().query().unwrap_or_default()).any(|name| SUBRESOURCES.contains(&name))
}

/// The names of a raw query's parameters.
fn names(query: &str) -> impl Iterator<Item = &str> {
    query.split('&').map(|pair| pair.split('=').next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;
    use crate::config::HostName;

    fn place(host: &str, own: &[&str]) -> BucketIn {
        let hosts: Vec<HostName> = own.iter().map(|host| host.parse().unwrap()).collect();
        bucket_in(Some(host), &OwnHosts::new(&hosts, None), |name| {
            ["tools", "my.tools", "localhost"].contains(&name)
        })
    }

    fn in_host(bucket: &str) -> BucketIn {
        BucketIn::Host(bucket.to_owned())
    }

    #[test]
    fn a_bucket_is_the_label_before_a_host_that_is_named_as_the_servers_own() {
        let own = ["drive.example.com", "s3.drive.example.com"];
        for (host, expected) in [
            ("drive.example.com", BucketIn::Path),
            ("DRIVE.example.com.:8443", BucketIn::Path),
            ("Tools.drive.example.com:8443", in_host("tools")),
            ("new.drive.example.com", in_host("new")),
            ("my.tools.drive.example.com", in_host("my.tools")),
            ("tools.s3.drive.example.com", in_host("tools")),
            ("drive.example.org", BucketIn::Unclear),
            ("tools.example.com", BucketIn::Unclear),
            ("example.com", BucketIn::Unclear),
        ] {
            assert_eq!(place(host, &own), expected, "{host}");
        }
    }

    #[test]
    fn an_address_a_single_label_and_localhost_always_belong_to_the_server() {
        for own in [&[][..], &["drive.example.com"][..]] {
            for host in [
                "127.0.0.1",
                "127.0.0.1:8080",
                "[::1]:8080",
                "localhost",
                "LOCALHOST:1",
                "dray:8080",
                "tools",
            ] {
                assert_eq!(place(host, own), BucketIn::Path, "{host}");
            }
            assert_eq!(place("tools.localhost:8080", own), in_host("tools"));
            assert_eq!(place("my.tools.localhost", own), in_host("my.tools"));
            for host in ["", "a b", "user@drive", "tools..localhost", "::1"] {
                assert_eq!(place(host, own), BucketIn::Unclear, "{host}");
            }
        }
    }

    #[test]
    fn with_no_named_host_any_name_is_the_servers_unless_it_begins_with_a_bucket() {
        for (host, expected) in [
            ("drive.example.com", BucketIn::Path),
            ("tools.example.com", BucketIn::Unclear),
            ("tools.drive.example.com", BucketIn::Unclear),
        ] {
            assert_eq!(place(host, &[]), expected, "{host}");
        }
        assert_eq!(bucket_in(None, &OwnHosts::default(), |_| true), BucketIn::Path);
    }

    #[test]
    fn what_is_signed_or_has_s3s_headers_is_s3s() {
        let looks = |uri: &str, headers: &[(&'static str, &'static str)]| {
            let mut request = Request::new(Body::empty());
            *request.uri_mut() = uri.parse().unwrap();
            for (name, value) in headers {
                request.headers_mut().insert(*name, value.parse().unwrap());
            }
            looks_like_s3(&request)
        };
        for uri in [
            "/a?X-Amz-Algorithm=x",
            "/a?b&x-amz-signature",
            "/a?AWSAccessKeyId=a",
            "/a?Expires=1&Signature=s",
        ] {
            assert!(looks(uri, &[]) && looks(uri, &[("authorization", "Basic eDp5")]), "{uri}");
        }
        for value in ["AWS4-HMAC-SHA256 Credential=x", "AWS a:b", "AWS4-ECDSA-P256-SHA256 x", "AWS"] {
            assert!(looks("/a", &[("authorization", value)]), "{value}");
        }
        assert!(looks("/a", &[("x-amz-date", "x")]) && looks("/", &[("x-amz-content-sha256", "x")]));
        for headers in [
            &[("authorization", "Bearer x"), ("x-amz-date", "x")][..],
            &[("x-amz-cf-id", "x"), ("x-amzn-trace-id", "x")],
            &[("user-agent", "aws-cli/2")],
        ] {
            assert!(!looks("/public/v1/drive/usage?Expires=1", headers), "{headers:?}");
        }
    }
}
