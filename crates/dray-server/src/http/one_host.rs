//! A request names exactly one host (RFC 9112, 3.2). Signatures cover the host, URLs are signed for it, and it decides
//! which service a request is for. If two hosts were accepted, a proxy could act on one of them and this server on the
//! other.

use axum::extract::Request;
use axum::http::uri::Authority;
use axum::http::{HeaderValue, Version, header};
use axum::response::{IntoResponse as _, Response};

use super::destination::looks_like_s3;
use super::error::Error;

/// The refusal of a request that names no host, several, or one that cannot be a host.
pub(super) fn refusal(request: &Request) -> Option<Response> {
    let rule = broken_rule(request)?;
    Some(if looks_like_s3(request) {
        dray_object_store::refuse(request, format!("The header Host {rule}"))
    } else {
        Error::InvalidParameter { name: "Host", rule: rule.into() }.into_response()
    })
}

fn broken_rule(request: &Request) -> Option<&'static str> {
    let target = request.uri().authority();
    let mut lines = request.headers().get_all(header::HOST).iter();
    let Some(line) = lines.next() else {
        // HTTP/1.0 does not have the header.
        let may_lack = request.version() < Version::HTTP_11 || target.is_some();
        return (!may_lack).then_some("is missing");
    };
    if lines.next().is_some() {
        return Some("must be sent once");
    }
    let Some(host) = host(line) else { return Some("must be a host, with or without a port") };
    target
        .is_some_and(|target| !target.as_str().eq_ignore_ascii_case(host.as_str()))
        .then_some("must be the host of the request's target")
}

fn host(line: &HeaderValue) -> Option<Authority> {
    let host: Authority = line.to_str().ok()?.parse().ok()?;
    // A port may be empty (RFC 3986, 3.2.3).
    let port = host.as_str().strip_prefix(host.host())?;
    let is_host = !host.host().is_empty() && !host.as_str().contains('@');
    (is_host && (matches!(port, "" | ":") || host.port_u16().is_some())).then_some(host)
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn rule(version: Version, target: &str, hosts: &[&str]) -> Option<&'static str> {
        let request = Request::builder().uri(target).version(version);
        let request = hosts.iter().fold(request, |request, host| request.header("host", *host));
        broken_rule(&request.body(Body::empty()).unwrap())
    }

    #[test]
    fn a_request_names_one_host() {
        for host in [
            "drive.example.com",
            "Drive.Example.com:8443",
            "127.0.0.1:8080",
            "[::1]:8080",
            "[::1]",
            "h",
            "h:",
            "[::1]:",
        ] {
            assert_eq!(rule(Version::HTTP_11, "/", &[host]), None, "{host}");
        }
        for host in [
            "", ":80", "a b", "a@b", "a/b", "a?b", "a,b:1,c", "a::", "a:x", "a:99999", "[::1", "::1",
            "a\u{e9}",
        ] {
            assert!(rule(Version::HTTP_11, "/", &[host]).is_some(), "{host}");
        }
        assert!(rule(Version::HTTP_11, "/", &[]).is_some());
        assert_eq!(rule(Version::HTTP_10, "/", &[]), None);
        assert!(rule(Version::HTTP_11, "/", &["a", "b"]).is_some());
        assert!(rule(Version::HTTP_11, "/", &["a", "a"]).is_some(), "a proxy may have joined or dropped one");
        assert!(rule(Version::HTTP_10, "/", &["a", "b"]).is_some());
    }

    #[test]
    fn a_target_with_a_host_has_that_of_the_header() {
        assert_eq!(rule(Version::HTTP_11, "http://a:80/x", &["A:80"]), None);
        assert!(rule(Version::HTTP_11, "http://a/x", &["b"]).is_some());
        assert!(rule(Version::HTTP_11, "http://u@a/x", &["a"]).is_some());
        assert_eq!(rule(Version::HTTP_2, "https://a/x", &[]), None);
    }
}
