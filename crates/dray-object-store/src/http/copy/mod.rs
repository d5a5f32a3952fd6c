//! `CopyObject` and `UploadPartCopy`. They copy no bytes: the new parts are pieces that name the files of the source
//! (see `meta/pieces.rs`). They read bytes only to compute a checksum that is not known, and in the first and last
//! block of a range that cuts a block.
//!
//! A copy must be signed in the `Authorization` header. A presigned PUT does not cover headers that its signer did
//! not sign. If the store accepted `x-amz-copy-source` there, anybody could use an upload URL to read any object.

mod object;
mod part;
mod source;

pub(super) use self::{object::copy, part::copy_part};

use dray_s3::Query;
use http::HeaderMap;

use crate::failure::{Failure, not_implemented, slow_down};

/// The header that makes a PUT a copy.
pub(super) const COPY_SOURCE: &str = "x-amz-copy-source";

/// How often a copy starts again because its source was replaced meanwhile.
const MAX_ATTEMPTS: usize = 8;

/// Whether the request asks for a copy. `NotImplemented` if it asks anywhere but in a header of a request that is
/// signed in its `Authorization` header.
pub(crate) fn is_asked(headers: &HeaderMap, query: &Query) -> Result<bool, Failure> {
    let is_copy = |name: &str| name.get(..17).is_some_and(|start| start.eq_ignore_ascii_case(COPY_SOURCE));
    let in_query = query.iter().any(|(name, _)| is_copy(name));
    let in_headers = headers.keys().any(|name| is_copy(name.as_str()));
    let is_signed = headers.contains_key(http::header::AUTHORIZATION);
    if in_query || (in_headers && (!is_signed || query.contains("X-Amz-Signature"))) {
        return Err(not_implemented(
            "copies (x-amz-copy-source) that are not signed in the Authorization header",
        ));
    }
    Ok(in_headers)
}

/// The error if the source was replaced again and again.
fn source_changes() -> Failure {
    slow_down("The source of the copy was replaced again and again; try again")
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn a_copy_is_refused_wherever_no_authorization_header_signs_it() {
        let (none, mut headers) = (Query::default(), HeaderMap::new());
        assert!(!is_asked(&headers, &none).unwrap());
        let in_query = Query::parse("X-Amz-Copy-Source=/b/k").unwrap();
        assert!(is_asked(&headers, &in_query).is_err());
        headers.insert("x-amz-copy-source-range", HeaderValue::from_static("bytes=0-1"));
        assert!(is_asked(&headers, &none).is_err());
        headers.insert("authorization", HeaderValue::from_static("AWS4-HMAC-SHA256 Credential=x"));
        assert!(is_asked(&headers, &none).unwrap());
        assert!(is_asked(&headers, &in_query).is_err());
        assert!(is_asked(&headers, &Query::parse("X-Amz-Signature=0").unwrap()).is_err());
    }
}
