//! The header form: `Authorization: AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…`.

use std::borrow::Cow;

use http::{
    HeaderMap,
    header::{AUTHORIZATION, DATE},
};
use jiff::{Timestamp, fmt::rfc2822::DateTimeParser};

use super::{
    Claim, CredentialField, MAX_CLOCK_SKEW_SECS, SignedHeaders, age_secs, signed_headers, version_2,
};
use crate::{
    ErrorCode, S3Error,
    payload::{PayloadHash, lower_hex},
    signing::{ALGORITHM, timestamp},
};

pub(super) fn claim(headers: &HeaderMap, region: &str, now: Timestamp) -> Result<Claim, S3Error> {
    let authorization = single(headers, AUTHORIZATION.as_str(), ErrorCode::AuthorizationHeaderMalformed)?
        .ok_or_else(|| malformed("The Authorization header is empty"))?;
    let fields = Fields::parse(authorization)?;
    let signed_headers = SignedHeaders::parse(fields.signed_headers).map_err(malformed)?;
    signed_headers.check_all_amz_signed(headers, false)?;

    let amz_date = signed_at(headers)?;
    let amz_date = amz_date.as_ref();
    let age_secs = age_secs(amz_date, now, ErrorCode::AccessDenied)?;
    let credential = CredentialField::parse(fields.credential)
        .ok_or_else(|| malformed("Credential must be <key id>/<yyyymmdd>/<region>/s3/aws4_request"))?;
    credential.check(amz_date, region, ErrorCode::AuthorizationHeaderMalformed)?;
    if age_secs.abs() > MAX_CLOCK_SKEW_SECS {
        let message = "The difference between the request time and the server's time is over 15 minutes";
        return Err(S3Error::new(ErrorCode::RequestTimeTooSkewed, message));
    }
    let payload_hash = single(headers, signed_headers::CONTENT_SHA256, ErrorCode::InvalidRequest)?
        .ok_or_else(|| {
            S3Error::new(ErrorCode::InvalidRequest, "Missing required header: x-amz-content-sha256")
        })?;
    Ok(Claim {
        credential,
        signed_headers,
        signature: lower_hex(fields.signature)
            .ok_or_else(|| malformed("Signature must be 64 lower-case hexadecimal digits"))?,
        amz_date: amz_date.to_owned(),
        payload_hash: payload_hash.to_owned(),
        payload: PayloadHash::parse(payload_hash)?,
        session_token: single(headers, "x-amz-security-token", ErrorCode::InvalidToken)?.map(str::to_owned),
        presigned: false,
    })
}

/// When the request was signed, in the format of `x-amz-date`. The time is in the header of that name or, without
/// one, in `Date`, as an HTTP date or in the same format (AWS S3 API reference, "Common Request Headers"). The
/// signature covers this time, so `Date` does not have to be a signed header.
fn signed_at(headers: &HeaderMap) -> Result<Cow<'_, str>, S3Error> {
    if let Some(date) = single(headers, "x-amz-date", ErrorCode::AccessDenied)? {
        return Ok(date.into());
    }
    let date = single(headers, DATE.as_str(), ErrorCode::AccessDenied)?.ok_or_else(|| {
        S3Error::new(ErrorCode::AccessDenied, "A signed request needs an x-amz-date or a Date header")
    })?;
    let http_date = DateTimeParser::new().parse_timestamp(date).ok().map(timestamp::format);
    Ok(http_date.map_or(date.into(), Cow::from))
}

struct Fields<'a> {
    credential: &'a str,
    signed_headers: &'a str,
    signature: &'a str,
}

impl<'a> Fields<'a> {
    fn parse(authorization: &'a str) -> Result<Self, S3Error> {
        if authorization.starts_with("AWS ") {
            return Err(version_2());
        }
        let fields = authorization
            .strip_prefix(ALGORITHM)
            .filter(|rest| rest.starts_with(' '))
            .ok_or_else(|| malformed("Only AWS4-HMAC-SHA256 is supported"))?;
        let (mut credential, mut signed_headers, mut signature) = (None, None, None);
        for field in fields.split(',').map(str::trim) {
            let (name, value) = field.split_once('=').unwrap_or((field, ""));
            let slot = match name {
                "Credential" => &mut credential,
                "SignedHeaders" => &mut signed_headers,
                "Signature" => &mut signature,
                _ => return Err(malformed("The Authorization header has an unknown field")),
            };
            if slot.replace(value).is_some() {
                return Err(malformed("The Authorization header has a field twice"));
            }
        }
        match (credential, signed_headers, signature) {
            (Some(credential), Some(signed_headers), Some(signature)) => {
                Ok(Self { credential, signed_headers, signature })
            }
            _ => Err(malformed("The Authorization header needs Credential, SignedHeaders and Signature")),
        }
    }
}

/// The value of a header that may occur at most once.
pub(super) fn single<'a>(
    headers: &'a HeaderMap,
    name: &str,
    code: ErrorCode,
) -> Result<Option<&'a str>, S3Error> {
    let refuse = |problem: &str| S3Error::new(code, format!("The {name} header {problem}"));
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(refuse("occurs more than once"));
    }
    value.to_str().map(|value| Some(value.trim())).map_err(|_| refuse("is not visible ASCII"))
}

fn malformed(message: &'static str) -> S3Error {
    S3Error::new(ErrorCode::AuthorizationHeaderMalformed, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(headers: &[(&'static str, &'static str)]) -> Result<String, ErrorCode> {
        let headers =
            headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        signed_at(&headers).map(Cow::into_owned).map_err(|error| error.code)
    }

    #[test]
    fn a_request_is_signed_at_its_x_amz_date_or_else_at_its_date() {
        let (iso, http) = (("date", "20130524T000000Z"), ("date", "Fri, 24 May 2013 00:00:00 GMT"));
        for headers in [&[("x-amz-date", "20130524T000000Z")] as &[_], &[iso], &[http]] {
            assert_eq!(moment(headers), Ok("20130524T000000Z".to_owned()), "{headers:?}");
        }
        assert_eq!(moment(&[("x-amz-date", "20200101T000000Z"), http]), Ok("20200101T000000Z".to_owned()));
        assert_eq!(moment(&[]), Err(ErrorCode::AccessDenied));
        // A value in neither format passes here; the later check of the time refuses it.
        assert_eq!(moment(&[("date", "yesterday")]), Ok("yesterday".to_owned()));
    }
}
