//! The headers that are stored with an object and answered with it, as JSON: `[["content-type","…"],…]`.
//! Values are bytes on the wire; each byte is kept as the character of that number.

use dray_s3::Query;
use http::{HeaderMap, HeaderName, HeaderValue, header};

use super::Fields;
use crate::failure::{Failure, invalid_argument, not_implemented};

/// Stored as they are given.
const KEPT: [HeaderName; 6] = [
    header::CACHE_CONTROL,
    header::CONTENT_DISPOSITION,
    header::CONTENT_ENCODING,
    header::CONTENT_LANGUAGE,
    header::CONTENT_TYPE,
    header::EXPIRES,
];
const METADATA: &str = "x-amz-meta-";
/// Names and values of user metadata together (AWS S3 user guide, "Working with object metadata").
const MAX_METADATA_BYTES: usize = 2048;
/// Any one of the other headers.
const MAX_VALUE_BYTES: usize = 4096;
/// The type of an object that came without one, as on AWS.
const DEFAULT_TYPE: HeaderValue = HeaderValue::from_static("binary/octet-stream");

/// Query parameters by which a signed request overrides stored headers.
const OVERRIDES: [(&str, HeaderName); 6] = [
    ("response-cache-control", header::CACHE_CONTROL),
    ("response-content-disposition", header::CONTENT_DISPOSITION),
    ("response-content-encoding", header::CONTENT_ENCODING),
    ("response-content-language", header::CONTENT_LANGUAGE),
    ("response-content-type", header::CONTENT_TYPE),
    ("response-expires", header::EXPIRES),
];

/// The JSON of what a `CreateMultipartUpload` or `PutObject` says of its object.
pub(super) fn collect(headers: &HeaderMap, fields: &Fields<'_>) -> Result<String, Failure> {
    refuse_what_is_not_kept(fields)?;
    let mut kept: Vec<(String, String)> = Vec::new();
    for name in KEPT {
        let Some(value) = headers.get(&name) else { continue };
        let mut text = characters(value.as_bytes());
        if name == header::CONTENT_ENCODING {
            // The framing of the request, not of the object.
            text = text
                .split(',')
                .map(str::trim)
                .filter(|coding| *coding != "aws-chunked")
                .collect::<Vec<_>>()
                .join(",");
        }
        if text.len() > MAX_VALUE_BYTES {
            return Err(invalid_argument(format!("The header {name} may have {MAX_VALUE_BYTES} bytes")));
        }
        if !text.is_empty() {
            kept.push((name.as_str().to_owned(), text));
        }
    }
    let metadata: Vec<_> = fields.starting_with(METADATA).collect();
    let size: usize = metadata.iter().map(|(name, value)| name.len() - METADATA.len() + value.len()).sum();
    if size > MAX_METADATA_BYTES {
        return Err(invalid_argument(format!(
            "The metadata has {size} bytes; at most {MAX_METADATA_BYTES} are allowed"
        )));
    }
    kept.extend(metadata.into_iter().map(|(name, value)| (name, characters(value))));
    serde_json::to_string(&kept).map_err(Failure::internal)
}

/// Adds the stored headers to an answer, those overridden by the query with their new values.
pub(super) fn restore(json: &str, query: &Query, headers: &mut HeaderMap) -> Result<(), Failure> {
    headers.insert(header::CONTENT_TYPE, DEFAULT_TYPE);
    let kept: Vec<(String, String)> = serde_json::from_str(json).map_err(Failure::internal)?;
    for (name, value) in kept {
        let name = HeaderName::from_bytes(name.as_bytes());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_bytes(&bytes(&value))) {
            headers.append(&name, value.clone());
            if !name.as_str().starts_with(METADATA) {
                headers.insert(name, value);
            }
        }
    }
    for (parameter, name) in OVERRIDES {
        let Some(value) = query.get(parameter) else { continue };
        let value = HeaderValue::from_str(value)
            .map_err(|_| invalid_argument(format!("{parameter} cannot be a header's value")))?;
        headers.insert(name, value);
    }
    Ok(())
}

/// Headers that ask for what this store does not have; to ignore them would break a promise.
fn refuse_what_is_not_kept(fields: &Fields<'_>) -> Result<(), Failure> {
    let refused = ["x-amz-server-side-encryption", "x-amz-grant-", "x-amz-object-lock-", "x-amz-tagging"];
    for prefix in refused {
        if let Some((name, _)) = fields.starting_with(prefix).next() {
            return Err(not_implemented(&format!("the header {name}")));
        }
    }
    let only = [("x-amz-acl", "private"), ("x-amz-storage-class", "STANDARD")];
    for (name, value) in only {
        if fields.get(name).is_some_and(|given| given != value) {
            return Err(not_implemented(&format!("{name} other than {value}")));
        }
    }
    let never = ["x-amz-website-redirect-location", "x-amz-write-offset-bytes"];
    match never.into_iter().find(|name| fields.get(name).is_some()) {
        Some(name) => Err(not_implemented(&format!("the header {name}"))),
        None => Ok(()),
    }
}

fn characters(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

fn bytes(characters: &str) -> Vec<u8> {
    characters.chars().filter_map(|character| u8::try_from(character).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(pairs: &[(&str, &[u8])]) -> HeaderMap {
        let pair = |(name, value): &(&str, &[u8])| {
            (name.parse::<HeaderName>().unwrap(), HeaderValue::from_bytes(value).unwrap())
        };
        pairs.iter().map(pair).collect()
    }

    #[test]
    fn headers_come_back_byte_for_byte() {
        let sent = request(&[
            ("content-type", b"text/html"),
            ("content-encoding", b"aws-chunked, gzip"),
            ("x-amz-meta-name", "Ünïcode".as_bytes()),
            ("x-other", b"not kept"),
        ]);
        let query = Query::parse("X-Amz-Meta-Moved=a%20b").unwrap();
        let json = collect(&sent, &Fields::new(&sent, &query)).unwrap();
        let mut answered = HeaderMap::new();
        restore(&json, &Query::default(), &mut answered).unwrap();
        let expected = request(&[
            ("content-type", b"text/html"),
            ("content-encoding", b"gzip"),
            ("x-amz-meta-name", "Ünïcode".as_bytes()),
            ("x-amz-meta-moved", b"a b"),
        ]);
        assert_eq!(answered, expected);
    }

    #[test]
    fn a_query_overrides_what_is_stored() {
        let mut answered = HeaderMap::new();
        let query = Query::parse("response-content-type=text/plain&response-expires=0").unwrap();
        restore(r#"[["content-type","text/html"]]"#, &query, &mut answered).unwrap();
        assert_eq!(answered, request(&[("content-type", b"text/plain"), ("expires", b"0")]));
        let split = Query::parse("response-content-type=a%0d%0ab").unwrap();
        assert!(restore("[]", &split, &mut answered).is_err());
    }

    #[test]
    fn what_the_store_does_not_have_is_refused() {
        for (name, value) in [
            ("x-amz-server-side-encryption", "AES256"),
            ("x-amz-server-side-encryption-customer-key", "k"),
            ("x-amz-acl", "public-read"),
            ("x-amz-storage-class", "GLACIER"),
            ("x-amz-tagging", "a=b"),
            ("x-amz-object-lock-mode", "GOVERNANCE"),
        ] {
            let sent = request(&[(name, value.as_bytes())]);
            assert!(collect(&sent, &Fields::new(&sent, &Query::default())).is_err(), "{name}");
        }
        let long = "x".repeat(2048);
        let sent = request(&[("x-amz-meta-a", long.as_bytes())]);
        assert!(collect(&sent, &Fields::new(&sent, &Query::default())).is_err());
    }
}
