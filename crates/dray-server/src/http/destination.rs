//! Decides which of the two services on the port a request is for: the drive (page and API) or S3 (the embedded
//! store, or the relay to an external one). Only this file decides it. It looks at the host, the path and the
//! signature, never at who the caller is or at the user agent.

use std::borrow::Cow;
use std::sync::Arc;

use axum::extract::{MatchedPath, Request};
use axum::http::header::{AUTHORIZATION, HOST};
use axum::http::uri::Authority;
use dray_api::BASE_PATH;
use dray_object_store::BucketIn;
use dray_s3::{Endpoint, decode_path};

use crate::config::{HostName, OwnHosts};
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
    bytes: Option<BytesHost>,
    /// The host of `--public-url`, if that is an `https` address.
    over_tls: OwnHosts,
    drives_segments: Arc<[String]>,
}

impl Sorter {
    pub(super) fn new(
        store: Storefront,
        bucket: &'static str,
        own_hosts: Arc<OwnHosts>,
        bytes: Option<&Endpoint>,
        public_url: Option<&str>,
    ) -> Self {
        let drives_segments = super::first_segments().into();
        let bytes = bytes.and_then(BytesHost::of);
        let over_tls = OwnHosts::new(&[], public_url.filter(|url| url.starts_with("https://")));
        Self { store, bucket, own_hosts, bytes, over_tls, drives_segments }
    }

    /// The service that `request` is for. The caller looks up the routes first, so that this function knows whether
    /// the drive has one.
    pub(super) fn sort(&self, request: &Request) -> Destination {
        let host = host(request);
        let bytes = self.bytes.as_ref().filter(|bytes| bytes.is_named_by(host));
        let place = bucket_in(host, &self.own_hosts, bytes.is_some(), |name| self.store.has_bucket(name));
        let is_stores = match &place {
            _ if bytes.is_some() => true,
            // A host below the server's own whose first label is not a bucket is another name for the page.
            BucketIn::Host(bucket) => self.store.has_bucket(bucket) || looks_like_s3(request),
            BucketIn::Path | BucketIn::Unclear => self.is_stores_path(request),
        };
        if is_stores { Destination::Store(place) } else { Destination::Drive }
    }

    /// Whether the settings say that clients reach the host of this request over TLS, which then ends before this
    /// server.
    pub(super) fn is_over_tls(&self, request: &Request) -> bool {
        let host = host(request);
        host.is_some_and(|host| self.over_tls.reaches(host))
            || self.bytes.as_ref().is_some_and(|bytes| bytes.is_https && bytes.is_named_by(host))
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

/// The host that serves only stored bytes.
#[derive(Clone)]
struct BytesHost {
    host: HostName,
    is_https: bool,
}

impl BytesHost {
    fn of(endpoint: &Endpoint) -> Option<Self> {
        Some(Self { host: endpoint.host("").parse().ok()?, is_https: endpoint.scheme() == "https" })
    }

    /// Whether a request with this `Host` is for this host. The default port of its scheme may be absent.
    fn is_named_by(&self, host: Option<&str>) -> bool {
        let port = |host: &HostName| host.port().unwrap_or(if self.is_https { 443 } else { 80 });
        let is_it = |host: HostName| host.name() == self.host.name() && port(&host) == port(&self.host);
        host.is_some_and(|host| host.parse().is_ok_and(is_it))
    }
}

/// The host that a request names: in its header, which is what the signature covers, or in its target (HTTP/2).
fn host(request: &Request) -> Option<&str> {
    match request.headers().get(HOST) {
        Some(host) => host.to_str().ok(),
        None => request.uri().authority().map(Authority::as_str),
    }
}

/// Where a request to this host names its bucket. `is_own` says that the host is the server's, whatever its name.
///
/// An IP address, a single label and `localhost` always belong to the server, because no bucket can be before them.
///
/// A host can have several readings: it is the server's own, or has a bucket before one of the server's hosts, or another
/// bucket before a shorter one. The reading with the longest of the server's hosts counts. But if another reading names a
/// bucket that exists, nobody knows which of the two the sender means.
fn bucket_in(host: Option<&str>, own: &OwnHosts, is_own: bool, is_bucket: impl Fn(&str) -> bool) -> BucketIn {
    let Some(host) = host else { return BucketIn::Path };
    let Ok(host) = host.parse::<HostName>() else { return BucketIn::Unclear };
    let buckets = own.buckets_in(&host);
    let is_own = is_own || own.covers(&host) || host.is_address() || !host.name().contains('.');
    let (place, others) = match &buckets[..] {
        others if is_own => (BucketIn::Path, others),
        // Without a named host, only `localhost` has buckets before it. Any other name is the server's.
        others if own.is_empty() && !host.name().ends_with(".localhost") => (BucketIn::Path, others),
        [bucket, others @ ..] => (BucketIn::Host((*bucket).to_owned()), others),
        [] => return BucketIn::Unclear,
    };
    if others.iter().any(|bucket| is_bucket(bucket)) { BucketIn::Unclear } else { place }
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
pub(super) fn looks_like_s3(request: &Request) -> bool {
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
    use dray_s3::AddressingStyle;

    use super::*;
    fn place(host: &str, own: &[&str]) -> BucketIn {
        let hosts: Vec<HostName> = own.iter().map(|host| host.parse().unwrap()).collect();
        bucket_in(Some(host), &OwnHosts::new(&hosts, None), false, |name| {
            ["tools", "my.tools", "tools.s4", "s5", "localhost"].contains(&name)
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
            ("my.tools.drive.example.com", BucketIn::Unclear),
        ] {
            assert_eq!(place(host, &[]), expected, "{host}");
        }
        assert_eq!(bucket_in(None, &OwnHosts::default(), false, |_| true), BucketIn::Path);
    }

    #[test]
    fn a_host_with_two_readings_is_unclear_if_the_less_likely_one_names_a_bucket() {
        let own = ["example.com", "s3.example.com", "s4.example.com", "s5.example.com", "tools.localhost"];
        for (host, expected) in [
            ("s3.example.com", BucketIn::Path),
            ("s5.example.com", BucketIn::Unclear),
            ("tools.localhost", BucketIn::Unclear),
            ("tools.s3.example.com", in_host("tools")),
            ("new.s4.example.com", in_host("new")),
            ("tools.s4.example.com", BucketIn::Unclear),
        ] {
            assert_eq!(place(host, &own), expected, "{host}");
        }
    }

    #[test]
    fn the_host_of_stored_bytes_is_the_same_with_a_final_dot_and_its_default_port() {
        let bytes = |url| BytesHost::of(&Endpoint::parse(url, AddressingStyle::Path).unwrap()).unwrap();
        let (default, other) = (bytes("https://bytes.example.com"), bytes("http://bytes.example.com:8080"));
        for host in ["bytes.example.com", "Bytes.example.com.", "bytes.example.com:443", "bytes.example.com:"]
        {
            assert!(default.is_named_by(Some(host)) && !other.is_named_by(Some(host)), "{host}");
        }
        assert!(other.is_named_by(Some("bytes.example.com.:8080")) && !other.is_named_by(None));
        for (bucket, expected) in [("bytes", BucketIn::Unclear), ("tools", BucketIn::Path)] {
            for own in [&["example.com".parse().unwrap()][..], &[]] {
                let own = OwnHosts::new(own, None);
                let place = bucket_in(Some("bytes.example.com."), &own, true, |name| name == bucket);
                assert_eq!(place, expected, "{bucket}");
            }
        }
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
