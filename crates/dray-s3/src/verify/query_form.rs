//! The query form: a presigned URL.

use http::HeaderMap;
use jiff::Timestamp;

use super::{
    Claim, CredentialField, MAX_CLOCK_SKEW_SECS, SignedHeaders, age_secs, header_form::single,
    signed_headers::CONTENT_SHA256, version_2,
};
use crate::{
    ErrorCode, MAX_EXPIRES_SECS, Query, S3Error,
    payload::{PayloadHash, lower_hex},
    signing::{ALGORITHM, UNSIGNED_PAYLOAD},
};

pub(super) const SIGNATURE: &str = "X-Amz-Signature";
const REQUIRED: [&str; 6] =
    ["X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders", SIGNATURE];

/// Whether the query contains any part of a signature.
pub(super) fn is_present(query: &Query) -> bool {
    REQUIRED.iter().any(|name| query.contains(name))
}

/// Whether the query carries the obsolete Signature Version 2.
pub(super) fn is_version_2(query: &Query) -> bool {
    query.contains("AWSAccessKeyId") || (query.contains("Signature") && query.contains("Expires"))
}

pub(super) fn claim(
    headers: &HeaderMap,
    query: &Query,
    region: &str,
    now: Timestamp,
) -> Result<Claim, S3Error> {
    if query.duplicate().is_some() {
        return Err(malformed("A presigned URL must not repeat a query parameter"));
    }
    let required = |name: &str| {
        let missing = || {
            malformed(
                "A presigned URL needs X-Amz-Algorithm, -Credential, -Date, -Expires, -SignedHeaders and -Signature",
            )
        };
        query.get(name).ok_or_else(missing)
    };
    let [algorithm, credential, amz_date, expires, signed_headers, signature] = REQUIRED.map(required);
    if algorithm? != ALGORITHM {
        return Err(version_2());
    }
    let signed_headers = SignedHeaders::parse(signed_headers?).map_err(malformed)?;
    signed_headers.check_all_amz_signed(headers, true)?;
    let credential = CredentialField::parse(credential?)
        .ok_or_else(|| malformed("X-Amz-Credential must be <key id>/<yyyymmdd>/<region>/s3/aws4_request"))?;
    let amz_date = amz_date?;
    check_life(amz_date, expires?, now)?;
    credential.check(amz_date, region, ErrorCode::AuthorizationQueryParametersError)?;
    let (payload_hash, payload) = payload(headers, query, &signed_headers)?;
    Ok(Claim {
        credential,
        signed_headers,
        signature: lower_hex(signature?)
            .ok_or_else(|| malformed("X-Amz-Signature must be 64 lower-case hexadecimal digits"))?,
        amz_date: amz_date.to_owned(),
        payload_hash,
        payload,
        session_token: query.get("X-Amz-Security-Token").map(str::to_owned),
        presigned: true,
    })
}

fn check_life(amz_date: &str, expires: &str, now: Timestamp) -> Result<(), S3Error> {
    let age_secs = age_secs(amz_date, now, ErrorCode::AuthorizationQueryParametersError)?;
    let digits = expires.bytes().all(|byte| byte.is_ascii_digit());
    let expires_secs =
        expires.parse::<u32>().ok().filter(|secs| digits && (1..=MAX_EXPIRES_SECS).contains(secs));
    let expires_secs = expires_secs.ok_or_else(|| {
        S3Error::new(ErrorCode::AccessDenied, "X-Amz-Expires must be between 1 and 604800 seconds")
    })?;
    if age_secs < -MAX_CLOCK_SKEW_SECS {
        return Err(S3Error::new(ErrorCode::AccessDenied, "Request is not valid yet"));
    }
    if age_secs > i64::from(expires_secs) {
        return Err(S3Error::new(ErrorCode::AccessDenied, "Request has expired"));
    }
    Ok(())
}

/// What the canonical request says about the body, and how the body is framed.
///
/// The hash may be in the query or in a signed header. A client may also add the header without signing it. Then the
/// body must still match it, but it is not part of the canonical request. A chain of chunk signatures needs the
/// header form.
fn payload(
    headers: &HeaderMap,
    query: &Query,
    signed_headers: &SignedHeaders,
) -> Result<(String, PayloadHash), S3Error> {
    let header = single(headers, CONTENT_SHA256, ErrorCode::InvalidRequest)?;
    let in_query = query.get("X-Amz-Content-Sha256");
    let signed_header = header.filter(|_| signed_headers.contains(CONTENT_SHA256));
    let canonical = in_query.or(signed_header).unwrap_or(UNSIGNED_PAYLOAD);
    let signed = PayloadHash::parse(canonical)?;
    let payload = match header.map(PayloadHash::parse).transpose()? {
        Some(stated) if signed == PayloadHash::Unsigned => stated,
        Some(stated) if stated != signed => {
            let message = "x-amz-content-sha256 is not the value that was signed";
            return Err(S3Error::new(ErrorCode::XAmzContentSHA256Mismatch, message));
        }
        Some(_) | None => signed,
    };
    if matches!(payload, PayloadHash::Signed | PayloadHash::SignedTrailer) {
        let message = "A presigned URL cannot carry a body signed in chunks";
        return Err(S3Error::new(ErrorCode::InvalidRequest, message));
    }
    Ok((canonical.to_owned(), payload))
}

fn malformed(message: &'static str) -> S3Error {
    S3Error::new(ErrorCode::AuthorizationQueryParametersError, message)
}
