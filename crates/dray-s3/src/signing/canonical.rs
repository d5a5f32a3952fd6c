//! Stage 1: the canonical request (AWS S3 API reference, "Task 1: Create a Canonical Request").

use sha2::{Digest, Sha256};

use crate::encoding::encode_component;

/// The parts of a canonical request, each already in its canonical form.
pub(crate) struct CanonicalRequest<'a> {
    pub(crate) method: &'a str,
    pub(crate) uri: &'a str,
    pub(crate) query: &'a str,
    /// Lower-case names with canonical values, sorted by name.
    pub(crate) headers: &'a [(String, Vec<u8>)],
    pub(crate) payload_hash: &'a str,
}

impl CanonicalRequest<'_> {
    /// Returns bytes and not text, because a header's value may not be UTF-8, and the signature covers the bytes that are sent.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let Self { method, uri, query, headers, payload_hash } = self;
        let mut bytes = format!("{method}\n{uri}\n{query}\n").into_bytes();
        for (name, value) in *headers {
            for piece in [name.as_bytes(), b":", value, b"\n"] {
                bytes.extend_from_slice(piece);
            }
        }
        bytes.extend(format!("\n{}\n{payload_hash}", signed_headers(headers)).into_bytes());
        bytes
    }

    /// Hex of the SHA-256 of the canonical request.
    pub(crate) fn hash(&self) -> String {
        hex::encode(Sha256::digest(self.bytes()))
    }
}

/// `host;x-amz-date`
pub(crate) fn signed_headers(headers: &[(String, Vec<u8>)]) -> String {
    headers.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(";")
}

/// Encodes and sorts the parameters of a query.
pub(crate) fn canonical_query<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut encoded: Vec<_> =
        pairs.map(|(name, value)| (encode_component(name), encode_component(value))).collect();
    encoded.sort_unstable();
    encoded.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

/// Trims a header's value and folds each run of spaces into one.
pub(crate) fn canonical_value(value: &[u8]) -> Vec<u8> {
    let words = value.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(&b' ')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signing::EMPTY_SHA256;

    #[test]
    fn get_object_example_of_the_s3_reference() {
        let headers = [
            ("host", "examplebucket.s3.amazonaws.com"),
            ("range", "bytes=0-9"),
            ("x-amz-content-sha256", EMPTY_SHA256),
            ("x-amz-date", "20130524T000000Z"),
        ]
        .map(|(name, value)| (name.to_owned(), value.as_bytes().to_owned()));
        let request = CanonicalRequest {
            method: "GET",
            uri: "/test.txt",
            query: "",
            headers: &headers,
            payload_hash: EMPTY_SHA256,
        };
        assert_eq!(request.hash(), "7344ae5b7ee6c3e7e6b0fe0640412a37625d1fbfff95c48bbb2dc43964946972");
    }

    #[test]
    fn queries_are_sorted_after_encoding() {
        let pairs = [("prefix", "J"), ("max-keys", "2"), ("a b", "é&"), ("a", "2"), ("a", "1")];
        assert_eq!(canonical_query(pairs.into_iter()), "a=1&a=2&a%20b=%C3%A9%26&max-keys=2&prefix=J");
    }

    #[test]
    fn values_are_trimmed_and_runs_of_spaces_folded() {
        assert_eq!(canonical_value(b"  a   b \t c "), b"a b c");
        assert_eq!(canonical_value(" ü \u{a0} ".as_bytes()), "ü \u{a0}".as_bytes());
        assert_eq!(canonical_value(b"\xfc  \xe4"), b"\xfc \xe4");
    }
}
