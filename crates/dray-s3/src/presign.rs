//! Presigned URLs: Signature Version 4 in the query (AWS S3 API reference, "Authenticating Requests: Using
//! Query Parameters"). It signs any request, one at a time; `part_presigner` signs the parts of an upload.

use http::{HeaderName, Method};
use jiff::Timestamp;

use crate::{
    AddressingStyle, Credentials, Endpoint,
    signing::{
        ALGORITHM, CanonicalRequest, Scope, SigningKey, UNSIGNED_PAYLOAD,
        canonical::{canonical_query, canonical_value, signed_headers},
        string_to_sign, timestamp,
    },
};

/// The longest object key, in bytes of UTF-8 (AWS S3 user guide, "Naming Amazon S3 objects").
pub const MAX_KEY_BYTES: usize = 1024;
/// The longest life of a presigned URL: seven days.
pub const MAX_EXPIRES_SECS: u32 = 604_800;
/// Longer than any region's name; limits what is hashed.
const MAX_REGION_BYTES: usize = 64;

/// The values that all URLs of one object at one time share.
#[derive(Debug, Clone, Copy)]
pub struct PresignScope<'a> {
    /// Who signs. A session token becomes part of the URL.
    pub credentials: &'a Credentials,
    /// E.g. `us-east-1`.
    pub region: &'a str,
    /// Where *clients* reach the store.
    pub endpoint: &'a Endpoint,
    /// The bucket's name.
    pub bucket: &'a str,
    /// The object's key; empty for a request on the bucket itself.
    pub key: &'a str,
    /// When the URL begins to be valid.
    pub now: Timestamp,
    /// How long it is valid: 1 to [`MAX_EXPIRES_SECS`].
    pub expires_secs: u32,
}

/// Why a URL cannot be signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PresignError {
    /// `expires_secs` is 0 or over [`MAX_EXPIRES_SECS`].
    #[error("a presigned URL is valid for 1 to 604800 seconds")]
    Expires,
    /// The region is empty, too long, or has other characters than letters, digits, `-` and `_`.
    #[error("the region is not a valid region name")]
    Region,
    /// The access key id is empty or has characters that a credential scope cannot hold.
    #[error("the access key id is not usable in a credential scope")]
    AccessKeyId,
    /// The bucket is empty, or must be part of the host name and cannot be.
    #[error("the bucket's name cannot be part of an address")]
    Bucket,
    /// The key is over [`MAX_KEY_BYTES`], or empty where an object is needed.
    #[error("an object key is 1 to 1024 bytes long")]
    Key,
    /// A header to sign is `host`, or its name is not a header name in lower case.
    #[error("a header to sign must have a lower-case header name, and must not be host")]
    Header,
    /// The upload id is empty.
    #[error("the upload id is empty")]
    UploadId,
}

impl PresignScope<'_> {
    pub(crate) fn check(&self) -> Result<(), PresignError> {
        let id = &self.credentials.access_key_id;
        let rules = [
            ((1..=MAX_EXPIRES_SECS).contains(&self.expires_secs), PresignError::Expires),
            (is_region(self.region), PresignError::Region),
            (!id.is_empty() && id.bytes().all(|byte| byte.is_ascii_graphic()), PresignError::AccessKeyId),
            (is_addressable(self.bucket, self.endpoint.style()), PresignError::Bucket),
            (self.key.len() <= MAX_KEY_BYTES, PresignError::Key),
        ];
        rules.into_iter().find(|(holds, _)| !holds).map_or(Ok(()), |(_, error)| Err(error))
    }

    /// The `X-Amz-*` parameters without the signature. In canonical order they come before every lower-case name.
    pub(crate) fn auth_query(&self, amz_date: &str, signed_headers: &str) -> Vec<(&'static str, String)> {
        let scope = Scope { date: &amz_date[..8], region: self.region };
        let mut query = vec![
            ("X-Amz-Algorithm", ALGORITHM.to_owned()),
            ("X-Amz-Credential", format!("{}/{scope}", self.credentials.access_key_id)),
            ("X-Amz-Date", amz_date.to_owned()),
            ("X-Amz-Expires", self.expires_secs.to_string()),
            ("X-Amz-SignedHeaders", signed_headers.to_owned()),
        ];
        query.extend(self.credentials.session_token.clone().map(|token| ("X-Amz-Security-Token", token)));
        query
    }
}

/// Whether the text can be the region of a credential scope: letters, digits, `-` and `_`.
pub fn is_region(region: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=MAX_REGION_BYTES).contains(&region.len()) && region.bytes().all(allowed)
}

fn is_addressable(bucket: &str, style: AddressingStyle) -> bool {
    let in_host =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'.';
    match style {
        AddressingStyle::Path => !bucket.is_empty() && !bucket.contains('/'),
        AddressingStyle::Virtual => !bucket.is_empty() && bucket.bytes().all(in_host),
    }
}

/// A presigned URL. The signature covers method, host, path and `query`, but not the body.
/// The URL is ASCII and needs no escaping in JSON.
pub fn presign(
    method: &Method,
    scope: &PresignScope<'_>,
    query: &[(&str, &str)],
) -> Result<String, PresignError> {
    presign_with_headers(method, scope, query, &[])
}

/// Like [`presign`], but the signature also covers these headers: the request must have them with these values.
/// `host` is always covered and must not be among them. Names must be in lower case; otherwise the error is
/// [`PresignError::Header`].
pub fn presign_with_headers(
    method: &Method,
    scope: &PresignScope<'_>,
    query: &[(&str, &str)],
    headers: &[(&str, &str)],
) -> Result<String, PresignError> {
    scope.check()?;
    let bindable = |name: &str| name != "host" && HeaderName::from_lowercase(name.as_bytes()).is_ok();
    if !headers.iter().all(|(name, _)| bindable(name)) {
        return Err(PresignError::Header);
    }
    let mut bound = vec![("host".to_owned(), scope.endpoint.host(scope.bucket).into_bytes())];
    bound.extend(headers.iter().map(|(name, value)| ((*name).to_owned(), canonical_value(value.as_bytes()))));
    bound.sort_unstable();

    let amz_date = timestamp::format(scope.now);
    let auth = scope.auth_query(&amz_date, &signed_headers(&bound));
    let all = query.iter().copied().chain(auth.iter().map(|(name, value)| (*name, value.as_str())));
    let query = canonical_query(all);
    let request = CanonicalRequest {
        method: method.as_str(),
        uri: &scope.endpoint.canonical_uri(scope.bucket, scope.key),
        query: &query,
        headers: &bound,
        payload_hash: UNSIGNED_PAYLOAD,
    };
    let credential_scope = Scope { date: &amz_date[..8], region: scope.region };
    let key = SigningKey::derive(&scope.credentials.secret_access_key, credential_scope);
    let signature = key.sign(&string_to_sign(&amz_date, credential_scope, &request.hash()));
    let url = scope.endpoint.url(scope.bucket, scope.key);
    Ok(format!("{url}?{query}&X-Amz-Signature={}", hex::encode(signature)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signing::example;

    /// Runs `test` with the example of the reference, in the addressing style that the example uses.
    fn with_example(test: impl FnOnce(PresignScope<'_>)) {
        let credentials = example::credentials();
        let endpoint = Endpoint::parse("https://s3.amazonaws.com", AddressingStyle::Virtual).unwrap();
        test(PresignScope {
            credentials: &credentials,
            region: "us-east-1",
            endpoint: &endpoint,
            bucket: "examplebucket",
            key: "test.txt",
            now: example::now(),
            expires_secs: 86_400,
        });
    }

    #[test]
    fn presigned_url_example_of_the_s3_reference() {
        let published = "https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256\
            &X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request\
            &X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host\
            &X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404";
        with_example(|scope| assert_eq!(presign(&Method::GET, &scope, &[]).unwrap(), published));
    }

    #[test]
    fn a_request_that_cannot_be_signed_is_refused() {
        with_example(|good| {
            let spaced = Credentials { access_key_id: "a b".into(), ..good.credentials.clone() };
            let long = "k".repeat(MAX_KEY_BYTES + 1);
            let bad = [
                (PresignScope { expires_secs: 0, ..good }, PresignError::Expires),
                (PresignScope { expires_secs: MAX_EXPIRES_SECS + 1, ..good }, PresignError::Expires),
                (PresignScope { region: "a/b", ..good }, PresignError::Region),
                (PresignScope { region: "", ..good }, PresignError::Region),
                (PresignScope { credentials: &spaced, ..good }, PresignError::AccessKeyId),
                (PresignScope { bucket: "", ..good }, PresignError::Bucket),
                (PresignScope { bucket: "a_b", ..good }, PresignError::Bucket),
                (PresignScope { key: &long, ..good }, PresignError::Key),
            ];
            for (scope, error) in bad {
                assert_eq!(presign(&Method::GET, &scope, &[]), Err(error));
            }
            for name in ["host", "Range", "a b", ""] {
                let bound = presign_with_headers(&Method::GET, &good, &[], &[(name, "v")]);
                assert_eq!(bound, Err(PresignError::Header), "{name}");
            }
        });
    }

    #[test]
    fn a_session_token_and_overrides_are_part_of_the_query() {
        let mut credentials = example::credentials();
        credentials.session_token = Some("to/ken==".into());
        let endpoint = Endpoint::parse("http://127.0.0.1:9000", AddressingStyle::Path).unwrap();
        let scope = PresignScope {
            credentials: &credentials,
            region: "us-east-1",
            endpoint: &endpoint,
            bucket: "b",
            key: "a b",
            now: example::now(),
            expires_secs: 60,
        };
        let query = [("response-content-disposition", "attachment; filename=\"x\"")];
        let url = presign(&Method::GET, &scope, &query).unwrap();
        let (head, signature) = url.rsplit_once("&X-Amz-Signature=").unwrap();
        let expected = "http://127.0.0.1:9000/b/a%20b?X-Amz-Algorithm=AWS4-HMAC-SHA256\
            &X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request\
            &X-Amz-Date=20130524T000000Z&X-Amz-Expires=60&X-Amz-Security-Token=to%2Fken%3D%3D\
            &X-Amz-SignedHeaders=host&response-content-disposition=attachment%3B%20filename%3D%22x%22";
        assert_eq!((head, signature.len()), (expected, 64));
    }
}
