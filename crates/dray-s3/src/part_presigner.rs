//! The batch presigner signs many `UploadPart` URLs, each at little more than the cost of hashing.
//!
//! The canonical requests of two parts differ only in the part number. `X-Amz-*` sorts before `partNumber`, and
//! `uploadId` after it, so everything before the number is the same. The presigner hashes this shared prefix once and
//! clones the SHA-256 state for each part. It also clones the keyed HMAC state, which has already read the constant
//! beginning of the string to sign. It allocates nothing per URL and does not use `format!`.

use std::fmt;

use hmac::Mac;
use sha2::{Digest, Sha256};

use crate::{
    PartNumber, PresignError, PresignScope,
    encoding::encode_component,
    signing::{
        Scope, SigningKey, UNSIGNED_PAYLOAD, canonical::canonical_query, key::HmacSha256, string_to_sign,
        timestamp,
    },
};

/// Bytes of a signature in hexadecimal.
const SIGNATURE_BYTES: usize = 64;

/// Signs the part URLs of one upload.
///
/// ```
/// use dray_s3::{AddressingStyle, Credentials, Endpoint, PartNumber, PartPresigner, PresignScope};
///
/// let credentials = Credentials {
///     access_key_id: "AKIAIOSFODNN7EXAMPLE".into(),
///     secret_access_key: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".into(),
///     session_token: None,
/// };
/// let scope = PresignScope {
///     credentials: &credentials,
///     region: "us-east-1",
///     endpoint: &Endpoint::parse("http://127.0.0.1:8080", AddressingStyle::Path)?,
///     bucket: "dray",
///     key: "files/a",
///     now: jiff::Timestamp::UNIX_EPOCH,
///     expires_secs: 3600,
/// };
/// let presigner = PartPresigner::new(&scope, "upload-id")?;
/// let mut urls = Vec::with_capacity(3 * presigner.max_url_bytes());
/// for part_number in PartNumber::first(3) {
///     presigner.write_url(part_number, &mut urls);
/// }
/// assert!(urls.starts_with(b"http://127.0.0.1:8080/dray/files/a?X-Amz-Algorithm=AWS4-HMAC-SHA256&"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct PartPresigner {
    any_length: Template,
    exact_length: Template,
    /// The keyed HMAC state, which has read the string to sign up to the hash of the canonical request.
    mac: HmacSha256,
    url_suffix: Vec<u8>,
}

/// The constant text for one choice of signed headers.
#[derive(Clone)]
struct Template {
    /// The hash state, which has read the canonical request up to `partNumber=`.
    hash: Sha256,
    /// The canonical request from the part number to its end, or to the content length if that is signed.
    after_number: Vec<u8>,
    /// From the content length to the end.
    after_length: Vec<u8>,
    url_prefix: Vec<u8>,
}

impl PartPresigner {
    /// Prepares to sign the parts of `upload_id`, the upload of `scope.key`.
    pub fn new(scope: &PresignScope<'_>, upload_id: &str) -> Result<Self, PresignError> {
        scope.check()?;
        if scope.key.is_empty() {
            return Err(PresignError::Key);
        }
        if upload_id.is_empty() {
            return Err(PresignError::UploadId);
        }
        let amz_date = timestamp::format(scope.now);
        let credential_scope = Scope { date: &amz_date[..8], region: scope.region };
        let key = SigningKey::derive(&scope.credentials.secret_access_key, credential_scope);
        let mut mac = key.state();
        mac.update(string_to_sign(&amz_date, credential_scope, "").as_bytes());
        let upload_id = encode_component(upload_id);
        Ok(Self {
            any_length: Template::any_length(scope, &amz_date, &upload_id),
            exact_length: Template::exact_length(scope, &amz_date, &upload_id),
            mac,
            url_suffix: format!("&uploadId={upload_id}&X-Amz-Signature=").into_bytes(),
        })
    }

    /// Appends the URL of one part. It is ASCII and needs no escaping in JSON.
    pub fn write_url(&self, part_number: PartNumber, out: &mut Vec<u8>) {
        let number = Decimal::new(u64::from(part_number.get()));
        let mut hash = self.any_length.hash.clone();
        hash.update(number.digits());
        hash.update(&self.any_length.after_number);
        self.finish(&self.any_length, &number, hash, out);
    }

    /// Like [`write_url`](Self::write_url), but also signs `content-length`: the part must have exactly this size.
    pub fn write_url_for_length(&self, part_number: PartNumber, content_length: u64, out: &mut Vec<u8>) {
        let number = Decimal::new(u64::from(part_number.get()));
        let mut hash = self.exact_length.hash.clone();
        hash.update(number.digits());
        hash.update(&self.exact_length.after_number);
        hash.update(Decimal::new(content_length).digits());
        hash.update(&self.exact_length.after_length);
        self.finish(&self.exact_length, &number, hash, out);
    }

    /// The URL of one part.
    pub fn url(&self, part_number: PartNumber) -> String {
        let mut out = Vec::with_capacity(self.max_url_bytes());
        self.write_url(part_number, &mut out);
        out.into_iter().map(char::from).collect()
    }

    /// An upper bound of a URL's length in bytes, so that a caller can allocate the memory of a batch at once.
    pub fn max_url_bytes(&self) -> usize {
        self.exact_length.url_prefix.len() + "10000".len() + self.url_suffix.len() + SIGNATURE_BYTES
    }

    fn finish(&self, template: &Template, number: &Decimal, hash: Sha256, out: &mut Vec<u8>) {
        let mut mac = self.mac.clone();
        mac.update(&hex_digits(hash.finalize().into()));
        let signature = hex_digits(mac.finalize().into_bytes().into());
        out.extend_from_slice(&template.url_prefix);
        out.extend_from_slice(number.digits());
        out.extend_from_slice(&self.url_suffix);
        out.extend_from_slice(&signature);
    }
}

impl fmt::Debug for PartPresigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PartPresigner([redacted])")
    }
}

impl Template {
    fn any_length(scope: &PresignScope<'_>, amz_date: &str, upload_id: &str) -> Self {
        let host = scope.endpoint.host(scope.bucket);
        let after_number = format!("&uploadId={upload_id}\nhost:{host}\n\nhost\n{UNSIGNED_PAYLOAD}");
        Self::new(scope, amz_date, "host", after_number, String::new())
    }

    fn exact_length(scope: &PresignScope<'_>, amz_date: &str, upload_id: &str) -> Self {
        let host = scope.endpoint.host(scope.bucket);
        let after_number = format!("&uploadId={upload_id}\ncontent-length:");
        let after_length = format!("\nhost:{host}\n\ncontent-length;host\n{UNSIGNED_PAYLOAD}");
        Self::new(scope, amz_date, "content-length;host", after_number, after_length)
    }

    fn new(
        scope: &PresignScope<'_>,
        amz_date: &str,
        signed_headers: &str,
        after_number: String,
        after_length: String,
    ) -> Self {
        let auth = scope.auth_query(amz_date, signed_headers);
        let query = canonical_query(auth.iter().map(|(name, value)| (*name, value.as_str())));
        let uri = scope.endpoint.canonical_uri(scope.bucket, scope.key);
        let url = scope.endpoint.url(scope.bucket, scope.key);
        Self {
            hash: Sha256::new_with_prefix(format!("PUT\n{uri}\n{query}&partNumber=")),
            after_number: after_number.into_bytes(),
            after_length: after_length.into_bytes(),
            url_prefix: format!("{url}?{query}&partNumber=").into_bytes(),
        }
    }
}

/// The decimal digits of a number, on the stack.
struct Decimal {
    /// Right-aligned.
    buffer: [u8; 20],
    start: usize,
}

impl Decimal {
    fn new(mut number: u64) -> Self {
        let mut buffer = [b'0'; 20];
        let mut start = buffer.len() - 1;
        loop {
            buffer[start] = b'0' + (number % 10) as u8;
            number /= 10;
            if number == 0 {
                return Self { buffer, start };
            }
            start -= 1;
        }
    }

    fn digits(&self) -> &[u8] {
        &self.buffer[self.start..]
    }
}

/// Lower-case hexadecimal. It uses arithmetic instead of a table, so that the compiler can convert all digits at once.
fn hex_digits(bytes: [u8; 32]) -> [u8; SIGNATURE_BYTES] {
    let digit = |nibble: u8| nibble + if nibble < 10 { b'0' } else { b'a' - 10 };
    let mut digits = [0; SIGNATURE_BYTES];
    for (pair, byte) in digits.chunks_exact_mut(2).zip(bytes) {
        pair[0] = digit(byte >> 4);
        pair[1] = digit(byte & 15);
    }
    digits
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::*;
    use crate::{AddressingStyle, Endpoint, presign, presign_with_headers, signing::example};

    /// Runs `test` with a scope in each addressing style.
    fn each_style(test: impl Fn(&PresignScope<'_>)) {
        let mut credentials = example::credentials();
        for style in [AddressingStyle::Path, AddressingStyle::Virtual] {
            let endpoint = Endpoint::parse("https://s3.example.com:9000/base", style).unwrap();
            let scope = PresignScope {
                credentials: &credentials,
                region: "eu-central-1",
                endpoint: &endpoint,
                bucket: "bucket",
                key: "files/a b/ü",
                now: example::now(),
                expires_secs: 3600,
            };
            test(&scope);
            credentials.session_token = Some("a/token+with==".into());
        }
    }

    #[test]
    fn every_part_url_is_the_one_of_the_general_presigner() {
        each_style(|scope| {
            let presigner = PartPresigner::new(scope, "upload/id+1").unwrap();
            for number in
                PartNumber::first(10_000).filter(|number| number.get() < 120 || number.get() % 97 < 3)
            {
                let text = number.to_string();
                let query = [("partNumber", text.as_str()), ("uploadId", "upload/id+1")];
                let general = presign(&Method::PUT, scope, &query).unwrap();
                assert_eq!(presigner.url(number), general);
                assert!(general.len() <= presigner.max_url_bytes());
            }
        });
    }

    #[test]
    fn a_pinned_length_is_the_signed_header_of_the_general_presigner() {
        each_style(|scope| {
            let presigner = PartPresigner::new(scope, "id").unwrap();
            for length in [0, 9, 10, 5 << 20, u64::MAX] {
                let mut out = Vec::new();
                presigner.write_url_for_length(PartNumber::FIRST, length, &mut out);
                let length = length.to_string();
                let query = [("partNumber", "1"), ("uploadId", "id")];
                let header = [("content-length", length.as_str())];
                let general = presign_with_headers(&Method::PUT, scope, &query, &header).unwrap();
                assert_eq!(String::from_utf8(out).unwrap(), general);
            }
        });
    }

    #[test]
    fn urls_need_no_escaping_in_json() {
        each_style(|scope| {
            let url = PartPresigner::new(scope, "quote\" back\\ line\n é").unwrap().url(PartNumber::FIRST);
            assert!(
                url.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\'),
                "{url}"
            );
        });
    }

    #[test]
    fn an_upload_needs_a_key_and_an_id() {
        each_style(|scope| {
            assert_eq!(PartPresigner::new(scope, "").unwrap_err(), PresignError::UploadId);
            let scope = PresignScope { key: "", ..*scope };
            assert_eq!(PartPresigner::new(&scope, "id").unwrap_err(), PresignError::Key);
        });
    }

    #[test]
    fn debug_shows_no_key() {
        each_style(|scope| {
            let shown = format!("{:?}", PartPresigner::new(scope, "id").unwrap());
            assert_eq!(shown, "PartPresigner([redacted])");
        });
    }
}
