//! One request of a pipeline: its head, and what it may not be before its signature is even looked at.

use dray_s3::ErrorCode;
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Request, Uri, Version, header, request::Parts,
    uri::PathAndQuery,
};

use crate::{
    SentPath,
    failure::{Failure, invalid_request},
    http::place::sent_path,
};

/// The maximum number of headers of a request: as many as on a socket.
const MAX_HEADERS: usize = 100;

/// Marks a request that came in a pipeline; an extension of the request.
#[derive(Debug, Clone, Copy)]
pub(super) struct InPipeline;

/// A request of a pipeline, whose body is `length` bytes long.
pub(super) struct Inner {
    /// Why it is refused, if it is.
    pub(super) head: Result<Parts, Failure>,
    pub(super) length: u64,
}

impl Inner {
    /// Reads a head. An error means that nobody knows where the next request begins.
    pub(super) fn parse(head: &[u8], outer: &Parts) -> Result<Self, Failure> {
        let mut lines = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let mut parsed = httparse::Request::new(&mut lines);
        if !parsed.parse(head).is_ok_and(|status| status.is_complete()) || parsed.version != Some(1) {
            return Err(malformed("is not one of HTTP/1.1"));
        }
        let mut headers = HeaderMap::with_capacity(parsed.headers.len());
        for line in &*parsed.headers {
            let name = HeaderName::from_bytes(line.name.as_bytes());
            let (Ok(name), Ok(value)) = (name, HeaderValue::from_bytes(line.value)) else {
                return Err(malformed("has a header that is not valid"));
            };
            headers.append(name, value);
        }
        let length = length(&headers)?;
        let (method, target) = (parsed.method.unwrap_or_default(), parsed.path.unwrap_or_default());
        Ok(Self { head: checked(method, target, headers, outer), length })
    }
}

/// The length of the body. A second length, or another framing, could hide a request (RFC 9112, 6.3 and 11.2).
fn length(headers: &HeaderMap) -> Result<u64, Failure> {
    if headers.contains_key(header::TRANSFER_ENCODING) {
        return Err(malformed("has a Transfer-Encoding; its body needs a Content-Length instead"));
    }
    let mut lines = headers.get_all(header::CONTENT_LENGTH).iter();
    let (Some(length), None) = (lines.next(), lines.next()) else {
        return Err(malformed("must have one Content-Length"));
    };
    let digits = length.to_str().ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    digits
        .and_then(|digits| digits.parse().ok())
        .ok_or_else(|| malformed("has a Content-Length that is no number"))
}

fn malformed(what: &str) -> Failure {
    invalid_request(format!("A request in the pipeline {what}; it and those after it were not read"))
}

/// The head as the dispatcher gets it. It must be for the same host and bucket as the pipeline, because the server has
/// chosen the store by them.
fn checked(method: &str, target: &str, headers: HeaderMap, outer: &Parts) -> Result<Parts, Failure> {
    if method != Method::PUT.as_str() {
        let message = "A pipeline takes only PUTs";
        return Err(Failure::new(ErrorCode::MethodNotAllowed, message));
    }
    if headers.contains_key(header::AUTHORIZATION) {
        return Err(invalid_request(
            "A request in a pipeline is signed in its URL, not by an Authorization header",
        ));
    }
    let mut hosts = headers.get_all(header::HOST).iter();
    if hosts.next() != outer.headers.get(header::HOST) || hosts.next().is_some() {
        return Err(invalid_request("A request in a pipeline must have the pipeline's own Host"));
    }
    let invalid =
        |_| Failure::new(ErrorCode::InvalidURI, "The address of a request in the pipeline is not valid");
    let sent: PathAndQuery = target.parse().map_err(invalid)?;
    let bucket = sent_path(outer).trim_end_matches('/');
    if !sent.path().strip_prefix(bucket).is_some_and(|key| key.starts_with('/')) {
        return Err(invalid_request("A request in a pipeline must be for the pipeline's own bucket"));
    }
    let mut head = Request::new(()).into_parts().0;
    (head.method, head.version, head.headers) = (Method::PUT, Version::HTTP_11, headers);
    head.extensions = outer.extensions.clone();
    head.extensions.insert(InPipeline);
    head.uri = Uri::from(sent.clone());
    if let Some(SentPath(outer_path)) = outer.extensions.get() {
        let base = outer_path.strip_suffix(outer.uri.path()).unwrap_or_default();
        let served: PathAndQuery = sent.as_str()[base.len()..].parse().map_err(invalid)?;
        head.uri = Uri::from(served);
        head.extensions.insert(SentPath(sent.path().to_owned()));
    }
    Ok(head)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outer(uri: &str, sent: Option<&str>) -> Parts {
        let request = Request::builder().method("POST").uri(uri).header("host", "drive.example.com");
        let mut head = request.body(()).unwrap().into_parts().0;
        head.extensions.extend(
            sent.map(|sent| SentPath(sent.into()))
                .map(|sent| {
                    let mut extensions = http::Extensions::new();
                    extensions.insert(sent);
                    extensions
                })
                .unwrap_or_default(),
        );
        head
    }

    /// The address that the store sees and the one that was sent, or why the request is refused.
    fn parse(text: &str, outer: &Parts) -> Result<(Uri, Option<String>), String> {
        let inner =
            Inner::parse(text.as_bytes(), outer).map_err(|why| format!("stop: {}", why.error.message))?;
        let head = inner.head.map_err(|why| why.error.message.to_string())?;
        Ok((head.uri.clone(), head.extensions.get().map(|SentPath(path)| path.clone())))
    }

    const REST: &str = "Host: drive.example.com\r\nContent-Length: 3\r\n\r\n";

    #[test]
    fn a_put_below_the_pipelines_bucket_is_passed_on_without_the_base_path() {
        let text = |path: &str| format!("PUT {path} HTTP/1.1\r\n{REST}");
        let plain = outer("/dray?dray-pipeline", None);
        assert_eq!(parse(&text("/dray/a?b=c"), &plain), Ok(("/dray/a?b=c".parse().unwrap(), None)));
        let below = outer("/dray?dray-pipeline", Some("/x/dray"));
        let sent = Some("/x/dray/a".to_owned());
        assert_eq!(parse(&text("/x/dray/a?b=c"), &below), Ok(("/dray/a?b=c".parse().unwrap(), sent)));
        for (path, outer) in [
            ("/other/a", &plain),
            ("/drayer/a", &plain),
            ("/dray", &plain),
            ("/", &plain),
            ("/dray/a", &below),
            ("/x/other/a", &below),
        ] {
            let refused = parse(&text(path), outer).unwrap_err();
            assert!(refused.contains("the pipeline's own bucket"), "{path}: {refused}");
        }
        for path in ["http://drive.example.com/dray/a", "*", "dray/a"] {
            assert!(parse(&text(path), &plain).is_err(), "{path}");
        }
    }

    #[test]
    fn what_is_no_plain_put_is_refused_and_what_cannot_be_framed_ends_the_pipeline() {
        let outer = outer("/dray?dray-pipeline", None);
        let refused = |text: &str| parse(text, &outer).unwrap_err();
        for text in [
            format!("POST /dray/a HTTP/1.1\r\n{REST}"),
            format!("put /dray/a HTTP/1.1\r\n{REST}"),
            format!("PUT /dray/a HTTP/1.1\r\nAuthorization: x\r\n{REST}"),
            "PUT /dray/a HTTP/1.1\r\nContent-Length: 3\r\n\r\n".to_owned(),
            "PUT /dray/a HTTP/1.1\r\nHost: other\r\nContent-Length: 3\r\n\r\n".to_owned(),
            format!("PUT /dray/a HTTP/1.1\r\nHost: drive.example.com\r\n{REST}"),
        ] {
            assert!(!refused(&text).starts_with("stop"), "{text}");
        }
        for text in [
            "\r\n\r\n".to_owned(),
            "x\r\n\r\n".to_owned(),
            format!("PUT /dray/a HTTP/1.0\r\n{REST}"),
            format!("PUT /dray/a HTTP/2\r\n{REST}"),
            format!("PUT /dray/a HTTP/1.1\r\nContent-Length: 3\r\n{REST}"),
            format!("PUT /dray/a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n{REST}"),
            "PUT /dray/a HTTP/1.1\r\nHost: drive.example.com\r\n\r\n".to_owned(),
            "PUT /dray/a HTTP/1.1\r\nHost: drive.example.com\r\nContent-Length: +3\r\n\r\n".to_owned(),
            "PUT /dray/a HTTP/1.1\r\nHost: drive.example.com\r\nContent-Length: 3, 3\r\n\r\n".to_owned(),
            format!("PUT /dray/a HTTP/1.1\r\n{}{REST}", "a: b\r\n".repeat(99)),
            format!("PUT /dray/a HTTP/1.1\r\na : b\r\n{REST}"),
        ] {
            assert!(refused(&text).starts_with("stop"), "{text}");
        }
    }
}
