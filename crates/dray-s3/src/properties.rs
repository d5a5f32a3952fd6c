//! Properties over arbitrary requests: verifying accepts what Dray signs, and nothing else.

use crate::{
    AddressingStyle, Credentials, Endpoint, ErrorCode, PartNumber, PartPresigner, PayloadHash, PresignScope,
    Query, RequestHead, SigningScope, authenticate, decode_path, presign, sign_request,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use proptest::prelude::*;

const REGION: &str = "eu-central-1";

fn now() -> jiff::Timestamp {
    "2026-01-31T12:00:00Z".parse().unwrap()
}

fn credentials() -> Credentials {
    Credentials { access_key_id: "AKID".into(), secret_access_key: "secret".into(), session_token: None }
}

/// A request as bytes on the wire, any of which may be changed.
#[derive(Debug, Clone, PartialEq)]
struct Wire {
    method: String,
    path: String,
    query: String,
    /// All headers are signed, except `authorization`.
    headers: Vec<(String, String)>,
}

impl Wire {
    fn of_url(url: &str) -> Self {
        let uri: Uri = url.parse().unwrap();
        let host = uri.authority().unwrap().to_string();
        Self {
            method: "PUT".into(),
            path: uri.path().into(),
            query: uri.query().unwrap().into(),
            headers: vec![("host".into(), host)],
        }
    }

    fn header_map(&self) -> Option<HeaderMap> {
        let pair = |(name, value): &(String, String)| {
            Some((HeaderName::try_from(name).ok()?, HeaderValue::from_str(value).ok()?))
        };
        self.headers.iter().map(pair).collect()
    }

    /// The outcome of verifying; `None` if this is not an HTTP request at all.
    fn verdict(&self) -> Option<Result<(), ErrorCode>> {
        let (method, headers) = (self.method.parse::<Method>().ok()?, self.header_map()?);
        let Ok(query) = Query::parse(&self.query) else { return Some(Err(ErrorCode::InvalidURI)) };
        let head = RequestHead { method: &method, path: &self.path, query: &query, headers: &headers };
        let lookup = |id: &str| (id == "AKID").then(credentials);
        Some(authenticate(&head, REGION, now(), lookup).map(|_| ()).map_err(|error| error.code))
    }

    /// What the request means. Two spellings with one meaning are canonically the same request: escapes are
    /// decoded, parameters sorted, and runs of spaces in values folded.
    fn meaning(&self) -> Option<impl PartialEq + use<>> {
        let mut query: Vec<_> =
            Query::parse(&self.query).ok()?.iter().map(|(a, b)| (a.to_owned(), b.to_owned())).collect();
        query.sort();
        let folded = |text: &str| text.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
        let headers: Vec<_> =
            self.headers.iter().map(|(name, value)| (name.clone(), folded(value))).collect();
        Some((self.method.clone(), decode_path(&self.path).ok()?.into_owned(), query, headers))
    }

    /// The same request with one byte replaced, counted over method, path, query and the headers' values.
    fn with_byte(&self, at: usize, byte: u8) -> Option<Self> {
        let mut changed = self.clone();
        let values = changed.headers.iter_mut().map(|(_, value)| value);
        let mut fields: Vec<&mut String> = vec![&mut changed.method, &mut changed.path, &mut changed.query];
        fields.extend(values);
        let total: usize = fields.iter().map(|field| field.len()).sum();
        let mut at = at % total;
        for field in fields {
            if at < field.len() {
                let mut bytes = std::mem::take(field).into_bytes();
                bytes[at] = byte;
                *field = String::from_utf8(bytes).ok()?;
                break;
            }
            at -= field.len();
        }
        Some(changed)
    }
}

fn keys() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9/._~ +%&=é\"$-]{1,60}"
}

fn endpoints() -> impl Strategy<Value = Endpoint> {
    let urls =
        prop::sample::select(vec!["http://127.0.0.1:9000", "https://s3.example.com", "http://[::1]/base"]);
    let hosted = Just(Endpoint::parse("https://s3.example.com:8443", AddressingStyle::Virtual).unwrap());
    prop_oneof![urls.prop_map(|url| Endpoint::parse(url, AddressingStyle::Path).unwrap()), hosted]
}

fn with_scope<T>(endpoint: &Endpoint, key: &str, test: impl FnOnce(&PresignScope<'_>) -> T) -> T {
    let credentials = credentials();
    test(&PresignScope {
        credentials: &credentials,
        region: REGION,
        endpoint,
        bucket: "bucket",
        key,
        now: now(),
        expires_secs: 60,
    })
}

/// A request signed in the header form.
fn signed(key: &str, query: &str, value: &str) -> Wire {
    let endpoint = Endpoint::parse("http://127.0.0.1:9000", AddressingStyle::Path).unwrap();
    let uri: Uri = format!("{}?prefix={query}&uploads", endpoint.url("bucket", key)).parse().unwrap();
    let credentials = credentials();
    let scope = SigningScope { credentials: &credentials, region: REGION, now: now() };
    let mut headers = HeaderMap::new();
    headers.insert("x-amz-meta-a", HeaderValue::from_str(value).unwrap());
    let added = sign_request(&scope, &Method::PUT, &uri, &headers, &PayloadHash::Unsigned).unwrap();
    headers.extend(added);
    let headers = headers.iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
    Wire {
        method: "PUT".into(),
        path: uri.path().into(),
        query: uri.query().unwrap().into(),
        headers: headers.collect(),
    }
}

/// Checks that a changed request is refused, unless it means the same.
fn check_change(original: &Wire, at: usize, byte: u8) -> Result<(), TestCaseError> {
    prop_assert_eq!(original.verdict(), Some(Ok(())));
    let Some(changed) = original.with_byte(at, byte) else { return Ok(()) };
    let same = changed.meaning().is_some_and(|meaning| Some(meaning) == original.meaning());
    if let Some(verdict) = changed.verdict().filter(|_| !same) {
        prop_assert!(verdict.is_err(), "accepted {:?}", changed);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn presigned_requests_verify_and_any_change_is_refused(
        endpoint in endpoints(), key in keys(), value in "\\PC{0,20}", at in any::<usize>(), byte in 0x20_u8..0x7f,
    ) {
        let query = [("response-content-disposition", value.as_str())];
        let url = with_scope(&endpoint, &key, |scope| presign(&Method::PUT, scope, &query).unwrap());
        check_change(&Wire::of_url(&url), at, byte)?;
    }

    #[test]
    fn part_urls_verify_for_every_number_and_any_change_is_refused(
        endpoint in endpoints(), key in keys(), upload_id in "\\PC{1,150}", number in 1_u64..=10_000,
        at in any::<usize>(), byte in 0x20_u8..0x7f,
    ) {
        let number = PartNumber::try_from(number).unwrap();
        let text = number.to_string();
        let query = [("partNumber", text.as_str()), ("uploadId", upload_id.as_str())];
        let (url, general) = with_scope(&endpoint, &key, |scope| {
            let url = PartPresigner::new(scope, &upload_id).unwrap().url(number);
            (url, presign(&Method::PUT, scope, &query).unwrap())
        });
        prop_assert_eq!(&url, &general);
        check_change(&Wire::of_url(&url), at, byte)?;
    }

    #[test]
    fn requests_signed_in_headers_verify_and_any_change_is_refused(
        key in keys(), query in "[a-zA-Z0-9._~+/-]{0,20}", value in "[!-~]{1,10}( {1,3}[!-~]{1,10})?",
        at in any::<usize>(), byte in 0x20_u8..0x7f,
    ) {
        check_change(&signed(&key, &query, &value), at, byte)?;
    }

    #[test]
    fn arbitrary_requests_never_panic(
        path in "\\PC{0,40}",
        query in "(X-Amz-(Algorithm|Credential|Date|Expires|SignedHeaders|Signature)=|AWS4-HMAC-SHA256|20130524T000000Z|AKID/20130524/r/s3/aws4_request|[&=;%/]|\\PC){0,20}",
        authorization in prop::option::of("(AWS4-HMAC-SHA256 |AWS |Credential=|SignedHeaders=|Signature=|host|[,;/=]|[ -~]){0,12}"),
        date in prop::option::of("[0-9TZé]{0,16}"),
    ) {
        let mut headers = vec![("host".to_owned(), "h".to_owned())];
        headers.extend(authorization.map(|value| ("authorization".to_owned(), value)));
        headers.extend(date.map(|value| ("x-amz-date".to_owned(), value)));
        let wire = Wire { method: "GET".into(), path, query, headers };
        if let Some(verdict) = wire.verdict() {
            prop_assert!(verdict.is_err());
        }
    }
}

/// Every one of the 10,000 URLs verifies in both forms, and no two URLs are equal.
#[test]
fn all_10000_part_urls_verify() {
    let endpoint = Endpoint::parse("http://127.0.0.1:9000", AddressingStyle::Path).unwrap();
    let presigner = with_scope(&endpoint, "key", |scope| PartPresigner::new(scope, "upload").unwrap());
    for number in PartNumber::first(10_000) {
        let wire = Wire::of_url(&presigner.url(number));
        assert_eq!(wire.verdict(), Some(Ok(())), "{number}");
        let mut out = Vec::new();
        presigner.write_url_for_length(number, u64::from(number.get()) << 20, &mut out);
        let mut pinned = Wire::of_url(std::str::from_utf8(&out).unwrap());
        assert_eq!(
            pinned.verdict(),
            Some(Err(ErrorCode::SignatureDoesNotMatch)),
            "{number} without a length"
        );
        let length = (u64::from(number.get()) << 20).to_string();
        pinned.headers.push(("content-length".into(), length));
        assert_eq!(pinned.verdict(), Some(Ok(())), "{number}");
    }
}
