//! The address of an object, as answers name it. It is the address that the client itself used, below which path and
//! over TLS or not.

use dray_s3::encode_path;
use http::{
    header,
    request::Parts,
    uri::{Authority, Scheme},
};

use super::place::sent_path;

/// The address that this request was sent to, without its query; with `key`, the address of that object below it.
/// The code that owns the socket adds the extension [`Scheme`] if the request came over TLS. The address is only a path if
/// the request names no host.
pub(super) fn location(head: &Parts, key: Option<&str>) -> String {
    let path = sent_path(head);
    let below = key.map_or_else(String::new, |key| {
        let slash = if path.ends_with('/') { "" } else { "/" };
        format!("{slash}{}", encode_path(key))
    });
    let named = head.headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let host = named.or_else(|| head.uri.authority().map(Authority::as_str));
    match host.filter(|host| !host.is_empty()) {
        Some(host) => {
            let scheme = head.extensions.get().unwrap_or(&Scheme::HTTP);
            format!("{scheme}://{host}{path}{below}")
        }
        None => format!("{path}{below}"),
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderValue, Request};

    use super::*;
    use crate::SentPath;

    fn head(uri: &str, host: Option<&'static str>) -> Parts {
        let (mut head, ()) = Request::builder().uri(uri).body(()).unwrap().into_parts();
        head.headers.extend(host.map(|host| (header::HOST, HeaderValue::from_static(host))));
        head
    }

    #[test]
    fn an_object_is_where_the_client_sent_its_request() {
        let mut sent = head("/b/a%2Fb?uploadId=u", Some("drive.example.com:8080"));
        assert_eq!(location(&sent, None), "http://drive.example.com:8080/b/a%2Fb");
        sent.extensions.insert(Scheme::HTTPS);
        assert_eq!(location(&sent, None), "https://drive.example.com:8080/b/a%2Fb");
        sent.extensions.insert(SentPath("/drive/b/a%2Fb".to_owned()));
        assert_eq!(location(&sent, None), "https://drive.example.com:8080/drive/b/a%2Fb");
        assert_eq!(location(&head("http://h/b/k", None), None), "http://h/b/k");
        assert_eq!(location(&head("/b/k", None), None), "/b/k");
    }

    #[test]
    fn the_object_of_a_form_is_below_the_address_of_its_bucket() {
        for (sent, expected) in [("/b", "/b/a/%C3%BC"), ("/b/", "/b/a/%C3%BC"), ("/", "/a/%C3%BC")] {
            let found = location(&head(sent, Some("h")), Some("a/ü"));
            assert_eq!(found, format!("http://h{expected}"));
        }
        let mut below = head("/b", Some("h"));
        below.extensions.insert(SentPath("/drive/b".to_owned()));
        assert_eq!(location(&below, Some("k")), "http://h/drive/b/k");
    }
}
