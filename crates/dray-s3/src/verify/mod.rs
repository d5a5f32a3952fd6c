//! Verifies a request's signature, for servers: parse → check the rules → look up the key → compare.
//! It decides who the caller is and what proves the body. It never decides what the caller may do.

#[cfg(test)]
mod bytes_tests;
mod credential;
mod header_form;
mod query_form;
mod signed_headers;
#[cfg(test)]
mod tests;

use http::{HeaderMap, Method, header::AUTHORIZATION};
use jiff::Timestamp;
use subtle::ConstantTimeEq;

use crate::{
    Credentials, ErrorCode, Payload, Query, S3Error,
    encoding::canonical_path,
    payload::{ChunkSigner, PayloadHash},
    signing::{CanonicalRequest, Scope, SigningKey, canonical::canonical_query, string_to_sign, timestamp},
};
pub(crate) use credential::CredentialField;
use signed_headers::SignedHeaders;

/// The largest allowed difference between a request's clock and the server's: 15 minutes either way.
pub const MAX_CLOCK_SKEW_SECS: i64 = 900;

/// The head of a request as it came over the wire.
#[derive(Debug, Clone, Copy)]
pub struct RequestHead<'a> {
    /// The method.
    pub method: &'a Method,
    /// The path, raw: not decoded, not normalised.
    pub path: &'a str,
    /// The query, parsed once by the receiver of the request.
    pub query: &'a Query,
    /// All headers. `host` must be among them (in HTTP/2 the caller puts `:authority` there).
    pub headers: &'a HeaderMap,
}

/// A request whose signature is right.
#[derive(Debug, Clone)]
pub struct Authenticated {
    /// Whose key signed it.
    pub access_key_id: String,
    /// How the body is framed, and what proves its bytes.
    pub payload: Payload,
    /// Whether the signature was in the query (a presigned URL).
    pub presigned: bool,
}

/// What a signature of either form claims, after its own rules were checked.
struct Claim {
    credential: CredentialField,
    signed_headers: SignedHeaders,
    signature: [u8; 32],
    amz_date: String,
    /// The value that the canonical request contains.
    payload_hash: String,
    payload: PayloadHash,
    session_token: Option<String>,
    presigned: bool,
}

/// Checks the signature of a request (`SigV4`, header or query form) against the keys that `lookup` knows.
///
/// # Errors
/// The error to answer the request with; see [`ErrorCode`].
pub fn authenticate(
    head: &RequestHead<'_>,
    region: &str,
    now: Timestamp,
    lookup: impl Fn(&str) -> Option<Credentials>,
) -> Result<Authenticated, S3Error> {
    let query = head.query;
    let uri = canonical_path(head.path).map_err(|_| invalid_uri())?;
    let claim = claim(head, region, now)?;
    let canonical_headers = claim.signed_headers.canonical(head.headers)?;

    let credentials = lookup(&claim.credential.access_key_id).ok_or_else(|| {
        S3Error::new(ErrorCode::InvalidAccessKeyId, "The access key id you provided does not exist")
    })?;
    check_session_token(&credentials, claim.session_token.as_deref())?;

    let signed_query = query.iter().filter(|(name, _)| !(claim.presigned && *name == query_form::SIGNATURE));
    let canonical_query = canonical_query(signed_query);
    let hash = |headers: &[(String, Vec<u8>)]| {
        let (method, payload_hash) = (head.method.as_str(), claim.payload_hash.as_str());
        CanonicalRequest { method, uri: &uri, query: &canonical_query, headers, payload_hash }.hash()
    };
    let as_sent = hash(&canonical_headers);
    let otherwise = || signed_headers::read_as_latin_1(&canonical_headers).map(|headers| hash(&headers));
    let key = verify(&claim, &credentials, region, &as_sent, otherwise)?;
    Ok(authenticated(claim, key, region))
}

/// Reads the one signature of a request, in the header or in the query.
fn claim(head: &RequestHead<'_>, region: &str, now: Timestamp) -> Result<Claim, S3Error> {
    let query = head.query;
    // An empty header counts as absent.
    let authorization = head.headers.get(AUTHORIZATION).filter(|value| !value.is_empty());
    // If the query is signed, an `Authorization` of another scheme is not meant for the store: a client that follows a
    // redirect from a page with a password to the same host also sends the password.
    let in_header = authorization
        .is_some_and(|value| !query_form::is_present(query) || value.as_bytes().starts_with(b"AWS"));
    if query_form::is_version_2(query) {
        return Err(version_2());
    }
    match (in_header, query_form::is_present(query)) {
        (true, true) => {
            let message = "Only one auth mechanism allowed: the query or the Authorization header";
            Err(S3Error::new(ErrorCode::InvalidArgument, message))
        }
        (true, false) => header_form::claim(head.headers, region, now),
        (false, true) => query_form::claim(head.headers, query, region, now),
        (false, false) => Err(S3Error::new(ErrorCode::AccessDenied, "The request is not signed")),
    }
}

/// The key that signed the request, if the signature matches `canonical_hash` or the hash `otherwise`.
fn verify(
    claim: &Claim,
    credentials: &Credentials,
    region: &str,
    canonical_hash: &str,
    otherwise: impl Fn() -> Option<String>,
) -> Result<SigningKey, S3Error> {
    let scope = Scope { date: &claim.amz_date[..8], region };
    let key = SigningKey::derive(&credentials.secret_access_key, scope);
    let signs = |hash: &str| {
        let expected = key.sign(&string_to_sign(&claim.amz_date, scope, hash));
        bool::from(expected.ct_eq(&claim.signature))
    };
    if signs(canonical_hash) || otherwise().is_some_and(|hash| signs(&hash)) {
        return Ok(key);
    }
    let message = "The signature does not match: check the secret key, the method, the host and the path";
    Err(S3Error::new(ErrorCode::SignatureDoesNotMatch, message))
}

fn authenticated(claim: Claim, key: SigningKey, region: &str) -> Authenticated {
    let scope = Scope { date: &claim.amz_date[..8], region }.to_string();
    let chain = ChunkSigner::new(key, claim.amz_date, scope, claim.signature);
    Authenticated {
        access_key_id: claim.credential.access_key_id,
        payload: claim.payload.payload(chain),
        presigned: claim.presigned,
    }
}

pub(crate) fn check_session_token(credentials: &Credentials, given: Option<&str>) -> Result<(), S3Error> {
    let matches = match (&credentials.session_token, given) {
        (None, None) => true,
        (Some(expected), Some(given)) => expected.as_bytes().ct_eq(given.as_bytes()).into(),
        (Some(_), None) | (None, Some(_)) => false,
    };
    let refused = || S3Error::new(ErrorCode::InvalidToken, "The session token is missing or wrong");
    matches.then_some(()).ok_or_else(refused)
}

/// Parses an `X-Amz-Date`, and returns by how many seconds `now` is later.
fn age_secs(amz_date: &str, now: Timestamp, malformed: ErrorCode) -> Result<i64, S3Error> {
    let signed_at = timestamp::parse(amz_date)
        .ok_or_else(|| S3Error::new(malformed, "X-Amz-Date must be in the form 20130524T000000Z"))?;
    Ok(now.as_second() - signed_at.as_second())
}

fn version_2() -> S3Error {
    let message =
        "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.";
    S3Error::new(ErrorCode::InvalidRequest, message)
}

fn invalid_uri() -> S3Error {
    S3Error::new(ErrorCode::InvalidURI, "The path or query is not validly percent-encoded UTF-8")
}
