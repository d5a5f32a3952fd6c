//! Which headers a signature covers, and the rule that no `x-amz-*` header may stay outside it: an unsigned
//! `x-amz-copy-source` would turn an upload URL into a read of any object.

use http::HeaderMap;

use crate::{ErrorCode, S3Error, sign_request::joined_value};

/// The only `x-amz-*` header that the user of a presigned URL may add unsigned: it says only how the body is framed.
pub(super) const CONTENT_SHA256: &str = "x-amz-content-sha256";

/// The names of `SignedHeaders`: lower case, strictly ascending, `host` among them.
pub(super) struct SignedHeaders(Vec<String>);

impl SignedHeaders {
    /// Parses `host;x-amz-date`. The error says what is malformed; each form of signature gives it its own code.
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        let names: Vec<String> = text.split(';').map(str::to_owned).collect();
        let valid = |name: &String| http::HeaderName::from_lowercase(name.as_bytes()).is_ok();
        if !names.iter().all(valid) || !names.windows(2).all(|pair| pair[0] < pair[1]) {
            return Err("SignedHeaders must be lower-case header names in ascending order, separated by ';'");
        }
        if !names.iter().any(|name| name == "host") {
            return Err("The host header must be signed");
        }
        Ok(Self(names))
    }

    pub(super) fn contains(&self, name: &str) -> bool {
        self.0.iter().any(|signed| signed == name)
    }

    /// Refuses a request with an `x-amz-*` header that is not signed.
    pub(super) fn check_all_amz_signed(&self, headers: &HeaderMap, presigned: bool) -> Result<(), S3Error> {
        let exempt = |name: &str| presigned && name == CONTENT_SHA256;
        let unsigned = headers
            .keys()
            .map(http::HeaderName::as_str)
            .find(|name| name.starts_with("x-amz-") && !exempt(name) && !self.contains(name));
        match unsigned {
            Some(name) => {
                let message =
                    format!("There were headers present in the request which were not signed: {name}");
                Err(S3Error::new(ErrorCode::AccessDenied, message))
            }
            None => Ok(()),
        }
    }

    /// The signed headers as the canonical request lists them.
    pub(super) fn canonical(&self, headers: &HeaderMap) -> Result<Vec<(String, Vec<u8>)>, S3Error> {
        if headers.get_all(http::header::HOST).iter().count() > 1 {
            return Err(S3Error::new(ErrorCode::InvalidRequest, "The request has more than one host header"));
        }
        self.0.iter().map(|name| Ok((name.clone(), canonical_of(headers, name)?))).collect()
    }
}

fn canonical_of(headers: &HeaderMap, name: &str) -> Result<Vec<u8>, S3Error> {
    if !headers.contains_key(name) {
        let message = format!("The signed header {name} is not in the request");
        return Err(S3Error::new(ErrorCode::SignatureDoesNotMatch, message));
    }
    Ok(joined_value(headers, name))
}

/// The values as some HTTP libraries sign them (those of Python and Java). These libraries send each character as one
/// byte of ISO 8859-1, but sign the characters as UTF-8. `None` if all values are ASCII, because then both are the
/// same.
pub(super) fn read_as_latin_1(canonical: &[(String, Vec<u8>)]) -> Option<Vec<(String, Vec<u8>)>> {
    let text = |bytes: &[u8]| bytes.iter().copied().map(char::from).collect::<String>().into_bytes();
    let differs = canonical.iter().any(|(_, value)| !value.is_ascii());
    differs.then(|| canonical.iter().map(|(name, value)| (name.clone(), text(value))).collect())
}
