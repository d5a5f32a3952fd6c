//! Signing in the header form, for clients (AWS S3 API reference, "Authenticating Requests: Using the
//! Authorization Header").

use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Uri,
    header::{AUTHORIZATION, CONNECTION, EXPECT, HOST, TE, TRANSFER_ENCODING, UPGRADE, USER_AGENT},
};
use jiff::Timestamp;

use crate::{
    Credentials, Query,
    encoding::canonical_path,
    presign::is_region,
    signing::{
        ALGORITHM, CanonicalRequest, Scope, SigningKey,
        canonical::{canonical_query, canonical_value, signed_headers},
        string_to_sign, timestamp,
    },
};

pub use crate::payload::PayloadHash;

/// Headers that are never signed, because proxies on the way may change them.
const UNSIGNED_HEADERS: [HeaderName; 7] =
    [AUTHORIZATION, CONNECTION, EXPECT, TE, TRANSFER_ENCODING, UPGRADE, USER_AGENT];

/// The key, place and time of a signature.
#[derive(Debug, Clone, Copy)]
pub struct SigningScope<'a> {
    /// Who signs. A session token is sent as a signed header.
    pub credentials: &'a Credentials,
    /// E.g. `us-east-1`.
    pub region: &'a str,
    /// The time of the request. A server accepts a difference of 15 minutes.
    pub now: Timestamp,
}

/// Why a request cannot be signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// The URI has no host and there is no `host` header.
    #[error("the request names no host")]
    NoHost,
    /// The path or query is not validly percent-encoded.
    #[error("the URI is not validly percent-encoded")]
    Uri,
    /// The access key id or the session token is not visible ASCII.
    #[error("a header's value is not visible ASCII")]
    HeaderValue,
    /// The region is not a valid region name.
    #[error("the region is not a valid region name")]
    Region,
}

/// Signs a request, and returns the headers to add (or to replace): `host` unless it is given, `x-amz-date`,
/// `x-amz-content-sha256`, `x-amz-security-token` for temporary credentials, and `authorization`.
///
/// It signs every given header, except those that proxies may change (`connection`, `user-agent`, …).
pub fn sign_request(
    scope: &SigningScope<'_>,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    payload: &PayloadHash,
) -> Result<HeaderMap, SignError> {
    if !is_region(scope.region) {
        return Err(SignError::Region);
    }
    let amz_date = timestamp::format(scope.now);
    let mut added = added_headers(scope, uri, headers, &amz_date, payload)?;
    let canonical_headers = canonical_headers(headers, &added);
    let query = Query::parse(uri.query().unwrap_or_default()).map_err(|_| SignError::Uri)?;
    let request = CanonicalRequest {
        method: method.as_str(),
        uri: &canonical_path(uri.path()).map_err(|_| SignError::Uri)?,
        query: &canonical_query(query.iter()),
        headers: &canonical_headers,
        payload_hash: &payload.header_value(),
    };
    let credential_scope = Scope { date: &amz_date[..8], region: scope.region };
    let key = SigningKey::derive(&scope.credentials.secret_access_key, credential_scope);
    let signature = hex::encode(key.sign(&string_to_sign(&amz_date, credential_scope, &request.hash())));
    let (id, signed) = (&scope.credentials.access_key_id, signed_headers(&canonical_headers));
    let authorization = format!(
        "{ALGORITHM} Credential={id}/{credential_scope}, SignedHeaders={signed}, Signature={signature}"
    );
    added.insert(AUTHORIZATION, header_value(&authorization)?);
    Ok(added)
}

fn added_headers(
    scope: &SigningScope<'_>,
    uri: &Uri,
    headers: &HeaderMap,
    amz_date: &str,
    payload: &PayloadHash,
) -> Result<HeaderMap, SignError> {
    let mut added = HeaderMap::new();
    if !headers.contains_key(HOST) {
        let authority = uri.authority().ok_or(SignError::NoHost)?;
        added.insert(HOST, header_value(authority.as_str())?);
    }
    added.insert("x-amz-date", header_value(amz_date)?);
    added.insert("x-amz-content-sha256", header_value(&payload.header_value())?);
    if let Some(token) = &scope.credentials.session_token {
        added.insert("x-amz-security-token", header_value(token)?);
    }
    Ok(added)
}

fn header_value(text: &str) -> Result<HeaderValue, SignError> {
    HeaderValue::from_str(text).map_err(|_| SignError::HeaderValue)
}

/// The headers to sign, canonical and sorted. An added header replaces a given one.
fn canonical_headers(given: &HeaderMap, added: &HeaderMap) -> Vec<(String, Vec<u8>)> {
    let kept = given.keys().filter(|name| !added.contains_key(*name) && !UNSIGNED_HEADERS.contains(name));
    let mut canonical = Vec::with_capacity(given.keys_len() + added.keys_len());
    for (map, name) in kept.map(|name| (given, name)).chain(added.keys().map(|name| (added, name))) {
        canonical.push((name.as_str().to_owned(), joined_value(map, name.as_str())));
    }
    canonical.sort_unstable();
    canonical
}

/// The canonical value of a header: its values joined by commas, as the bytes on the wire, which may be UTF-8.
pub(crate) fn joined_value(headers: &HeaderMap, name: &str) -> Vec<u8> {
    let mut values = headers.get_all(name).iter().map(|value| canonical_value(value.as_bytes()));
    let mut joined = values.next().unwrap_or_default();
    for value in values {
        joined.push(b',');
        joined.extend(value);
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signing::example;

    /// The signed headers and signature of a request with the account and time of the S3 reference's examples.
    fn authorization(method: &Method, path: &str, headers: &[(&'static str, &str)], body: &[u8]) -> String {
        let credentials = example::credentials();
        let scope = SigningScope { credentials: &credentials, region: "us-east-1", now: example::now() };
        let uri = format!("https://examplebucket.s3.amazonaws.com{path}").parse().unwrap();
        let headers = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap()));
        let headers = headers.collect();
        let signed = sign_request(&scope, method, &uri, &headers, &PayloadHash::of(body)).unwrap();
        signed[AUTHORIZATION].to_str().unwrap().replace(
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, ",
            "",
        )
    }

    #[test]
    fn get_object_example_of_the_s3_reference() {
        let signed = authorization(&Method::GET, "/test.txt", &[("range", "bytes=0-9")], b"");
        let published = "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, \
            Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41";
        assert_eq!(signed, published);
    }

    #[test]
    fn put_object_example_of_the_s3_reference() {
        let headers =
            [("date", "Fri, 24 May 2013 00:00:00 GMT"), ("x-amz-storage-class", "REDUCED_REDUNDANCY")];
        let signed = authorization(&Method::PUT, "/test$file.text", &headers, b"Welcome to Amazon S3.");
        let published = "SignedHeaders=date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class, \
            Signature=98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd";
        assert_eq!(signed, published);
    }

    #[test]
    fn get_bucket_lifecycle_example_of_the_s3_reference() {
        let published = "SignedHeaders=host;x-amz-content-sha256;x-amz-date, \
            Signature=fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543";
        assert_eq!(authorization(&Method::GET, "/?lifecycle", &[], b""), published);
    }

    #[test]
    fn list_objects_example_of_the_s3_reference() {
        let published = "SignedHeaders=host;x-amz-content-sha256;x-amz-date, \
            Signature=34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7";
        assert_eq!(authorization(&Method::GET, "/?max-keys=2&prefix=J", &[], b""), published);
    }

    #[test]
    fn a_request_that_cannot_be_signed_is_refused() {
        let credentials = example::credentials();
        let scope = SigningScope { credentials: &credentials, region: "us-east-1", now: example::now() };
        let sign = |scope: &SigningScope<'_>, uri: &str| {
            let (uri, none) = (uri.parse().unwrap(), HeaderMap::new());
            sign_request(scope, &Method::GET, &uri, &none, &PayloadHash::Unsigned)
        };
        assert_eq!(sign(&scope, "/no-host"), Err(SignError::NoHost));
        assert_eq!(sign(&scope, "http://h/%zz"), Err(SignError::Uri));
        assert_eq!(sign(&SigningScope { region: "a b", ..scope }, "http://h/"), Err(SignError::Region));
        let newline = Credentials { access_key_id: "a\nb".into(), ..credentials.clone() };
        let scope = SigningScope { credentials: &newline, ..scope };
        assert_eq!(sign(&scope, "http://h/"), Err(SignError::HeaderValue));
    }
}
