//! The headers that are stored with an object and returned with it, as JSON: `[["content-type","…"],…]`.
//! Values are bytes on the wire. Each byte is stored as the character with that number.

use std::{borrow::Cow, collections::BTreeMap};

use base64::{Engine, engine::general_purpose::STANDARD};
use dray_s3::{ErrorCode, Query};
use http::{HeaderMap, HeaderName, HeaderValue, header};

use super::acl;
use crate::failure::{Failure, invalid_argument, not_implemented};
use crate::fields::Fields;

/// Headers that are stored unchanged, and whether they are lists, which may have several lines.
const KEPT: [(HeaderName, bool); 6] = [
    (header::CACHE_CONTROL, true),
    (header::CONTENT_DISPOSITION, false),
    (header::CONTENT_ENCODING, true),
    (header::CONTENT_LANGUAGE, true),
    (header::CONTENT_TYPE, false),
    (header::EXPIRES, false),
];
/// Those of them that the server itself never stores.
const OF_TOOLS: [HeaderName; 4] =
    [header::CACHE_CONTROL, header::CONTENT_ENCODING, header::CONTENT_LANGUAGE, header::EXPIRES];
const METADATA: &str = "x-amz-meta-";
/// The maximum number of bytes of the names and values of user metadata together (AWS S3 user guide, "Working with
/// object metadata").
const MAX_METADATA_BYTES: usize = 2048;
/// The maximum number of bytes of any other header.
const MAX_VALUE_BYTES: usize = 4096;
/// The type of an object that was sent without one, as on AWS.
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

/// The headers of a `CreateMultipartUpload` or `PutObject` that describe its object, as JSON.
pub(super) fn collect(fields: &Fields<'_>) -> Result<String, Failure> {
    refuse_what_is_not_kept(fields)?;
    let mut kept: Vec<(String, String)> = Vec::new();
    for (name, is_list) in KEPT {
        let value = if is_list { fields.list_bytes(name.as_str()) } else { fields.bytes(name.as_str())? };
        let Some(value) = value else { continue };
        let mut text = characters(&value);
        if name == header::CONTENT_ENCODING {
            text = codings_of_object(text);
        }
        if text.len() > MAX_VALUE_BYTES {
            return Err(invalid_argument(format!(
                "The header {name} may have at most {MAX_VALUE_BYTES} bytes"
            )));
        }
        if !text.is_empty() {
            kept.push((name.as_str().to_owned(), text));
        }
    }
    kept.extend(metadata(fields)?);
    serde_json::to_string(&kept).map_err(Failure::internal)
}

/// As [`collect`], for a presigned URL that anybody may hold: it stores only signed headers, and refuses others that it
/// would store. Whoever holds the URL of an upload must not decide how others decode or cache its object.
///
/// `Cache-Control` is not refused, because it also means the request itself: browsers add it while their cache is turned off.
pub(super) fn collect_signed(headers: &HeaderMap, query: &Query) -> Result<String, Failure> {
    let signed = query.get("X-Amz-SignedHeaders").unwrap_or_default();
    let is_unsigned = |name: &HeaderName| {
        headers.contains_key(name) && !signed.split(';').any(|signed| signed == name.as_str())
    };
    let mut stored = Cow::Borrowed(headers);
    if is_unsigned(&header::CACHE_CONTROL) {
        stored.to_mut().remove(header::CACHE_CONTROL);
    }
    match KEPT.iter().find(|(name, _)| stored.contains_key(name) && is_unsigned(name)) {
        Some((name, _)) => {
            let message = format!("There were headers present in the request which were not signed: {name}");
            Err(Failure::new(ErrorCode::AccessDenied, message))
        }
        None => collect(&Fields::new(&stored, query)),
    }
}

/// The codings of the object: the given ones without `aws-chunked`, which is the framing of the request.
fn codings_of_object(text: String) -> String {
    let is_framing = |coding: &str| coding.eq_ignore_ascii_case("aws-chunked");
    let codings = text.split(',').map(str::trim);
    if !codings.clone().any(is_framing) {
        return text;
    }
    codings.filter(|coding| !is_framing(coding)).collect::<Vec<_>>().join(", ")
}

/// The user metadata by name. If a name is given more than once, its values are joined by commas, as on AWS.
fn metadata(fields: &Fields<'_>) -> Result<BTreeMap<String, String>, Failure> {
    let mut metadata: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in fields.starting_with(METADATA) {
        let value = characters(value.trim_ascii());
        metadata.entry(name).and_modify(|before| *before = format!("{before},{value}")).or_insert(value);
    }
    // One character is one byte.
    let bytes = |(name, value): (&String, &String)| name.len() - METADATA.len() + value.chars().count();
    let size: usize = metadata.iter().map(bytes).sum();
    if size > MAX_METADATA_BYTES {
        let message = format!("The metadata has {size} bytes; at most {MAX_METADATA_BYTES} are allowed");
        return Err(Failure::new(ErrorCode::MetadataTooLarge, message));
    }
    Ok(metadata)
}

/// Adds the stored headers to an answer. Headers that the query overrides have the values of the query.
///
/// Answers to URLs that the server signed (`by_server`) leave out how the object is coded and cached. The server never
/// stores that; earlier versions let the holder of an upload URL store it.
pub(super) fn restore(
    json: &str,
    query: &Query,
    by_server: bool,
    headers: &mut HeaderMap,
) -> Result<(), Failure> {
    headers.insert(header::CONTENT_TYPE, DEFAULT_TYPE);
    let kept: Vec<(String, String)> = serde_json::from_str(json).map_err(Failure::internal)?;
    for (name, value) in kept {
        let name = HeaderName::from_bytes(name.as_bytes());
        let Ok(name) = name else { continue };
        if by_server && OF_TOOLS.contains(&name) {
            continue;
        }
        if name.as_str().starts_with(METADATA) {
            headers.extend(HeaderValue::from_bytes(&mail_safe(bytes(&value))).map(|value| (name, value)));
        } else if let Ok(value) = HeaderValue::from_bytes(&bytes(&value)) {
            headers.insert(name, value);
        }
    }
    apply_overrides(query, headers)
}

/// Sets the headers that the query of a signed request overrides.
pub(crate) fn apply_overrides(query: &Query, headers: &mut HeaderMap) -> Result<(), Failure> {
    for (parameter, name) in OVERRIDES {
        let Some(value) = query.get(parameter) else { continue };
        let value = HeaderValue::from_str(value)
            .map_err(|_| invalid_argument(format!("{parameter} cannot be a header's value")))?;
        headers.insert(name, value);
    }
    Ok(())
}

/// Refuses headers that ask for features of S3 that this store does not have, because ignoring them would break a
/// promise. Two kinds are accepted without effect. The first are values that every object has anyway (its owner's
/// rights, the one storage class). The second is encryption with the store's own keys, which is the task of the disk:
/// [`not_encrypted`] tells the client.
pub(super) fn refuse_what_is_not_kept(fields: &Fields<'_>) -> Result<(), Failure> {
    let refused = [
        "x-amz-server-side-encryption-",
        "x-amz-grant-",
        "x-amz-object-lock-",
        "x-amz-website-redirect-location",
        "x-amz-write-offset-bytes",
    ];
    for prefix in refused {
        if let Some((name, _)) = fields.starting_with(prefix).next() {
            return Err(not_implemented(&format!("the header {name}")));
        }
    }
    acl::check_canned(fields)?;
    let only = [
        (OWNERSHIP, ["BucketOwnerEnforced"].as_slice(), ErrorCode::NotImplemented),
        (STORAGE_CLASS, ["STANDARD"].as_slice(), ErrorCode::InvalidStorageClass),
        (ENCRYPTION, ["AES256"].as_slice(), ErrorCode::NotImplemented),
    ];
    for (name, values, code) in only {
        if fields.get(name)?.is_some_and(|given| !values.contains(&given)) {
            let values = values.join(" and ");
            return Err(Failure::new(
                code,
                format!("This store accepts only these values of {name}: {values}"),
            ));
        }
    }
    Ok(())
}

const OWNERSHIP: &str = "x-amz-object-ownership";
const STORAGE_CLASS: &str = "x-amz-storage-class";
const ENCRYPTION: &str = "x-amz-server-side-encryption";

/// Tells a client that asked for encryption that there is none. AWS's header would claim that there is.
pub(super) fn not_encrypted(fields: &Fields<'_>, headers: &mut HeaderMap) {
    if fields.has(ENCRYPTION) {
        headers.insert(
            HeaderName::from_static("x-dray-encryption"),
            HeaderValue::from_static(
                "none; x-amz-server-side-encryption has no effect here: encrypt the disk",
            ),
        );
    }
}

/// User metadata in S3's form: ASCII unchanged, everything else as one encoded word of RFC 2047 (AWS S3 user guide,
/// "User-defined object metadata"). Bytes that are not UTF-8 count as ISO 8859-1.
fn mail_safe(value: Vec<u8>) -> Vec<u8> {
    if value.is_ascii() {
        return value;
    }
    let text = String::from_utf8(value).unwrap_or_else(|error| characters(error.as_bytes()));
    format!("=?UTF-8?B?{}?=", STANDARD.encode(text)).into_bytes()
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
    fn stored_headers_are_returned() {
        let sent = request(&[
            ("content-type", b"text/html"),
            ("content-encoding", b"aws-chunked, gzip"),
            ("x-amz-meta-name", "Ünïcode".as_bytes()),
            ("x-other", b"not kept"),
        ]);
        let query = Query::parse("X-Amz-Meta-Moved=a%20b").unwrap();
        let json = collect(&Fields::new(&sent, &query)).unwrap();
        let mut answered = HeaderMap::new();
        restore(&json, &Query::default(), false, &mut answered).unwrap();
        let expected = request(&[
            ("content-type", b"text/html"),
            ("content-encoding", b"gzip"),
            ("x-amz-meta-name", b"=?UTF-8?B?w5xuw69jb2Rl?="),
            ("x-amz-meta-moved", b"a b"),
        ]);
        assert_eq!(answered, expected);
    }

    #[test]
    fn metadata_that_is_not_ascii_is_answered_as_an_encoded_word() {
        let answered = |sent: &HeaderMap| {
            let json = collect(&Fields::new(sent, &Query::default())).unwrap();
            let mut answered = HeaderMap::new();
            restore(&json, &Query::default(), false, &mut answered).unwrap();
            answered["x-amz-meta-a"].as_bytes().to_vec()
        };
        for (sent, expected) in [
            ("Grüße".as_bytes(), "=?UTF-8?B?R3LDvMOfZQ==?="),
            (b"Gr\xfc\xdfe", "=?UTF-8?B?R3LDvMOfZQ==?="),
            (b"=?UTF-8?Q?Gr=C3=BC?=", "=?UTF-8?Q?Gr=C3=BC?="),
            (b"  a  b ", "a  b"),
            (b"", ""),
        ] {
            assert_eq!(answered(&request(&[("x-amz-meta-a", sent)])), expected.as_bytes());
        }
        let mut twice = request(&[("x-amz-meta-a", b"1")]);
        twice.append("x-amz-meta-a", "ü".parse().unwrap());
        assert_eq!(answered(&twice), b"=?UTF-8?B?MSzDvA==?=");
    }

    #[test]
    fn other_headers_are_returned_byte_for_byte() {
        let disposition = "attachment; filename=\"Grüße.txt\"".as_bytes();
        let sent = request(&[("content-disposition", disposition)]);
        let json = collect(&Fields::new(&sent, &Query::default())).unwrap();
        let mut answered = HeaderMap::new();
        restore(&json, &Query::default(), false, &mut answered).unwrap();
        assert_eq!(answered["content-disposition"].as_bytes(), disposition);
    }

    #[test]
    fn content_codings_stay_as_given_without_the_framing_of_the_request() {
        for (given, kept) in [
            ("gzip", Some("gzip")),
            ("deflate,  gzip", Some("deflate,  gzip")),
            ("gzip,aws-chunked", Some("gzip")),
            ("AWS-Chunked, deflate,gzip", Some("deflate, gzip")),
            ("aws-chunked", None),
            ("aws-chunked, aws-chunked", None),
        ] {
            let sent = request(&[("content-encoding", given.as_bytes())]);
            let json = collect(&Fields::new(&sent, &Query::default())).unwrap();
            let mut answered = HeaderMap::new();
            restore(&json, &Query::default(), false, &mut answered).unwrap();
            let answered = answered.get(header::CONTENT_ENCODING).map(|value| value.to_str().unwrap());
            assert_eq!(answered, kept, "{given}");
        }
    }

    #[test]
    fn a_query_overrides_stored_headers() {
        let mut answered = HeaderMap::new();
        let query = Query::parse("response-content-type=text/plain&response-expires=0").unwrap();
        restore(r#"[["content-type","text/html"]]"#, &query, false, &mut answered).unwrap();
        assert_eq!(answered, request(&[("content-type", b"text/plain"), ("expires", b"0")]));
        let split = Query::parse("response-content-type=a%0d%0ab").unwrap();
        assert!(restore("[]", &split, false, &mut answered).is_err());
    }

    #[test]
    fn headers_for_features_that_the_store_lacks_are_refused() {
        for (name, value) in [
            ("x-amz-server-side-encryption", "aws:kms"),
            ("x-amz-server-side-encryption-customer-key", "k"),
            ("x-amz-acl", "public-read"),
            ("x-amz-acl", "made-up"),
            ("x-amz-object-ownership", "ObjectWriter"),
            ("x-amz-storage-class", "GLACIER"),
            ("x-amz-object-lock-mode", "GOVERNANCE"),
        ] {
            let sent = request(&[(name, value.as_bytes())]);
            assert!(collect(&Fields::new(&sent, &Query::default())).is_err(), "{name}");
        }
        for (value, is_taken) in [
            ("x".repeat(2047), true),
            ("x".repeat(2048), false),
            ("ü".repeat(1023), true),
            ("ü".repeat(1024), false),
        ] {
            let sent = request(&[("x-amz-meta-a", value.as_bytes())]);
            let collected = collect(&Fields::new(&sent, &Query::default()));
            let refused = collected.err().map(|failure| failure.error.code);
            assert_eq!(refused, (!is_taken).then_some(ErrorCode::MetadataTooLarge), "{}", value.len());
        }
    }
}
