//! Signed headers whose values are not ASCII.

use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use jiff::Timestamp;

use super::*;
use crate::{PayloadHash, SigningScope, sign_request, signing::example};

const URI: &str = "https://examplebucket.s3.amazonaws.com/k";

fn values(sent: &[&[u8]], of: impl Fn(&[u8]) -> Vec<u8>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for value in sent {
        headers.append(HeaderName::from_static("x-amz-meta-a"), HeaderValue::from_bytes(&of(value)).unwrap());
    }
    headers
}

/// The outcome of a request with these values of `x-amz-meta-a`. `of` makes the bytes that are signed from those that
/// are sent.
fn outcome(sent: &[&[u8]], of: impl Fn(&[u8]) -> Vec<u8>) -> Result<(), ErrorCode> {
    let (credentials, now): (_, Timestamp) = (example::credentials(), example::now());
    let scope = SigningScope { credentials: &credentials, region: "us-east-1", now };
    let (uri, payload): (Uri, _) = (URI.parse().unwrap(), PayloadHash::of(b""));
    let mut headers = values(sent, <[u8]>::to_vec);
    headers.extend(sign_request(&scope, &Method::PUT, &uri, &values(sent, of), &payload).unwrap());
    let head = RequestHead {
        method: &Method::PUT,
        path: uri.path(),
        query: &Query::parse("").unwrap(),
        headers: &headers,
    };
    let checked = authenticate(&head, "us-east-1", now, |_| Some(credentials.clone()));
    checked.map(drop).map_err(|refusal| refusal.code)
}

#[test]
fn header_values_are_verified_as_the_bytes_that_were_sent() {
    for sent in ["Frühlingsgrüße  x".as_bytes(), b"Gr\xfc\xdfe", "\u{a0}日本".as_bytes(), b"\xff"] {
        assert_eq!(outcome(&[sent], <[u8]>::to_vec), Ok(()), "{sent:?}");
        assert_eq!(outcome(&[sent], |_| b"x".to_vec()), Err(ErrorCode::SignatureDoesNotMatch), "{sent:?}");
    }
    assert_eq!(outcome(&[b"a", "ü".as_bytes()], <[u8]>::to_vec), Ok(()), "given twice");
}

#[test]
fn header_values_sent_as_latin_1_may_be_signed_as_utf_8() {
    let as_text = |bytes: &[u8]| bytes.iter().map(|byte| char::from(*byte)).collect::<String>().into_bytes();
    assert_eq!(outcome(&[b"Hello World\xe9"], as_text), Ok(()));
    assert_eq!(outcome(&["é".as_bytes()], as_text), Ok(()));
    let other = |_: &[u8]| "è".as_bytes().to_vec();
    assert_eq!(outcome(&[b"\xe9"], other), Err(ErrorCode::SignatureDoesNotMatch));
}
