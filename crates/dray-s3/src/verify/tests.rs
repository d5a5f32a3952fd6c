//! Each rule of verifying, on requests that are valid except for one thing.

use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::{
    AddressingStyle, Endpoint, PresignScope, SigningScope, presign_with_headers, sign_request,
    signing::{EMPTY_SHA256, example},
};

const HOST: &str = "examplebucket.s3.amazonaws.com";

/// A request that a test changes before it is sent.
#[derive(Clone)]
struct Request {
    method: Method,
    path: String,
    query: String,
    headers: HeaderMap,
    credentials: Credentials,
}

impl Request {
    /// Signed in the header form, with these headers.
    fn signed(path_and_query: &str, headers: &[(&str, &str)], payload: PayloadHash) -> Self {
        Self::signed_by(&example::credentials(), path_and_query, headers, payload)
    }

    fn signed_by(
        credentials: &Credentials,
        path_and_query: &str,
        headers: &[(&str, &str)],
        payload: PayloadHash,
    ) -> Self {
        let uri: Uri = format!("https://{HOST}{path_and_query}").parse().unwrap();
        let scope = SigningScope { credentials, region: "us-east-1", now: example::now() };
        let mut all = HeaderMap::new();
        all.extend(headers.iter().copied().map(pair));
        all.extend(sign_request(&scope, &Method::PUT, &uri, &all, &payload).unwrap());
        let (path, query) = (uri.path().to_owned(), uri.query().unwrap_or_default().to_owned());
        Self { method: Method::PUT, path, query, headers: all, credentials: credentials.clone() }
    }

    /// Presigned for an hour, with these parameters and bound headers.
    fn presigned(query: &[(&str, &str)], headers: &[(&str, &str)]) -> Self {
        Self::presigned_by(&example::credentials(), query, headers)
    }

    fn presigned_by(credentials: &Credentials, query: &[(&str, &str)], headers: &[(&str, &str)]) -> Self {
        let endpoint = Endpoint::parse("https://s3.amazonaws.com", AddressingStyle::Virtual).unwrap();
        let scope = PresignScope {
            credentials,
            region: "us-east-1",
            endpoint: &endpoint,
            bucket: "examplebucket",
            key: "a b/ü",
            now: example::now(),
            expires_secs: 3600,
        };
        let url = presign_with_headers(&Method::PUT, &scope, query, headers).unwrap();
        let (path, query) = url.strip_prefix(&format!("https://{HOST}")).unwrap().split_once('?').unwrap();
        let mut all = HeaderMap::new();
        all.insert("host", HeaderValue::from_static(HOST));
        all.extend(headers.iter().copied().map(pair));
        let (path, query) = (path.to_owned(), query.to_owned());
        Self { method: Method::PUT, path, query, headers: all, credentials: credentials.clone() }
    }

    fn header(mut self, name: &str, value: &str) -> Self {
        let (name, value) = pair((name, value));
        self.headers.insert(name, value);
        self
    }

    fn without(mut self, name: &str) -> Self {
        self.headers.remove(name);
        self
    }

    fn query(mut self, change: impl Fn(&str) -> String) -> Self {
        self.query = change(&self.query);
        self
    }

    fn authorization(self, from: &str, to: &str) -> Self {
        let changed = self.headers["authorization"].to_str().unwrap().replace(from, to);
        self.header("authorization", &changed)
    }

    fn at(&self, seconds: i64) -> Result<Authenticated, S3Error> {
        self.authenticate("us-east-1", example::now() + SignedDuration::from_secs(seconds))
    }

    fn authenticate(&self, region: &str, now: Timestamp) -> Result<Authenticated, S3Error> {
        let query = Query::parse(&self.query).map_err(|_| invalid_uri())?;
        let head =
            RequestHead { method: &self.method, path: &self.path, query: &query, headers: &self.headers };
        let id = &self.credentials.access_key_id;
        authenticate(&head, region, now, |asked| (asked == id).then(|| self.credentials.clone()))
    }

    /// The code of the refusal.
    fn refusal(&self) -> ErrorCode {
        self.at(0).expect_err("must be refused").code
    }
}

fn pair((name, value): (&str, &str)) -> (HeaderName, HeaderValue) {
    (HeaderName::try_from(name).unwrap(), HeaderValue::from_str(value).unwrap())
}

fn signed() -> Request {
    Request::signed("/a%20b/%C3%BC?partNumber=1", &[("x-amz-meta-a", "1  2")], PayloadHash::of(b""))
}

fn presigned() -> Request {
    Request::presigned(&[("partNumber", "1"), ("uploadId", "u")], &[])
}

#[test]
fn a_verified_signed_request_says_who_sent_it_and_how_its_body_is_framed() {
    let authenticated = signed().at(0).unwrap();
    assert_eq!(authenticated.access_key_id, "AKIAIOSFODNN7EXAMPLE");
    assert!(!authenticated.presigned);
    assert!(matches!(authenticated.payload, Payload::Sha256(hash) if hex::encode(hash) == EMPTY_SHA256));
}

#[test]
fn a_verified_presigned_request_says_who_signed_it_and_how_its_body_is_framed() {
    let authenticated = presigned().at(0).unwrap();
    assert!(authenticated.presigned && matches!(authenticated.payload, Payload::Unsigned));
}

#[test]
fn put_object_example_of_the_s3_reference_verifies() {
    let headers = [("date", "Fri, 24 May 2013 00:00:00 GMT"), ("x-amz-storage-class", "REDUCED_REDUNDANCY")];
    let payload = PayloadHash::of(b"Welcome to Amazon S3.");
    let request = Request::signed("/test$file.text", &headers, payload).header(
        "authorization",
        "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,\
         SignedHeaders=date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class,\
         Signature=98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
    );
    request.at(0).unwrap();
}

#[test]
fn presigned_example_of_the_s3_reference_verifies() {
    let mut request = presigned();
    request.method = Method::GET;
    request.path = "/test.txt".into();
    request.query =
        "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1\
        %2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host\
        &X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
            .into();
    request.at(86_400).unwrap();
    assert_eq!(request.at(86_401).unwrap_err().code, ErrorCode::AccessDenied);
}

/// The seed of the chunked upload example leads to the signature of its first chunk.
#[test]
fn chunked_upload_example_of_the_s3_reference_starts_the_chain() {
    let headers = [
        ("host", "s3.amazonaws.com"),
        ("content-encoding", "aws-chunked"),
        ("content-length", "66824"),
        ("x-amz-decoded-content-length", "66560"),
        ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
    ];
    let request = Request::signed("/examplebucket/chunkObject.txt", &headers, PayloadHash::Signed);
    let authorization = request.headers["authorization"].to_str().unwrap();
    let seed = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9";
    assert!(authorization.ends_with(seed), "{authorization}");
    let Payload::Signed(mut chain) = request.at(0).unwrap().payload else { panic!("a signed payload") };
    let PayloadHash::Sha256(hash) = PayloadHash::of("a".repeat(65_536).as_bytes()) else { unreachable!() };
    let first = "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648";
    assert_eq!(hex::encode(chain.sign_chunk(hash)), first);
}

#[test]
fn spellings_of_the_same_request_are_the_same_request() {
    let same = [
        presigned().query(|query| query.split('&').rev().collect::<Vec<_>>().join("&")),
        presigned().query(|query| query.replace("uploadId", "%75ploadId")),
        presigned().query(|query| format!("&{query}&")),
        signed().header("x-amz-meta-a", " 1 2 "),
        signed().authorization(", ", ","),
        signed().header("user-agent", "other").header("accept", "*/*"),
    ];
    for request in same {
        request.at(0).unwrap();
    }
    let mut lower = presigned();
    lower.path = lower.path.replace("%C3%BC", "%c3%bc").replace("a%20b", "%61%20b");
    lower.at(0).unwrap();
}

#[test]
fn paths_are_not_normalised() {
    for path in ["/a%20b//%C3%BC", "/a%20b/./%C3%BC", "/x/../a%20b/%C3%BC", "/a+b/%C3%BC"] {
        let mut request = presigned();
        request.path = path.into();
        assert_eq!(request.refusal(), ErrorCode::SignatureDoesNotMatch, "{path}");
    }
}

#[test]
fn broken_escapes_are_an_invalid_uri() {
    for path in ["/%", "/%zz", "/a%2"] {
        let mut request = presigned();
        request.path = path.into();
        assert_eq!(request.refusal(), ErrorCode::InvalidURI, "{path}");
    }
    for more in ["&a=%", "&a=%ff", "&%zz"] {
        assert_eq!(presigned().query(|query| format!("{query}{more}")).refusal(), ErrorCode::InvalidURI);
    }
}

#[test]
fn a_request_without_a_signature_is_denied() {
    assert_eq!(signed().without("authorization").refusal(), ErrorCode::AccessDenied);
    assert_eq!(presigned().query(|_| "partNumber=1".into()).refusal(), ErrorCode::AccessDenied);
}

#[test]
fn two_signatures_are_refused() {
    let both = signed().query(|query| format!("{query}&X-Amz-Signature=0"));
    assert_eq!(both.refusal(), ErrorCode::InvalidArgument);
    let both = presigned().header("authorization", signed().headers["authorization"].to_str().unwrap());
    assert_eq!(both.refusal(), ErrorCode::InvalidArgument);
}

#[test]
fn signature_version_2_is_refused() {
    let header = signed().header("authorization", "AWS AKIAIOSFODNN7EXAMPLE:c2lnbmF0dXJl");
    assert_eq!(header.refusal(), ErrorCode::InvalidRequest);
    for query in ["AWSAccessKeyId=a&Expires=1&Signature=s", "Expires=1&Signature=s"] {
        assert_eq!(presigned().query(|_| query.into()).refusal(), ErrorCode::InvalidRequest, "{query}");
    }
    let other = presigned().query(|query| query.replace("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA1"));
    assert_eq!(other.refusal(), ErrorCode::InvalidRequest);
}

#[test]
fn malformed_authorization_headers_are_refused() {
    let bad = [
        ("AWS4-HMAC-SHA256 ", "Bearer "),
        ("AWS4-HMAC-SHA256 ", "AWS4-HMAC-SHA256"),
        ("Credential=", "credential="),
        ("Credential=AKIAIOSFODNN7EXAMPLE/", "Credential="),
        ("/s3/", "/ec2/"),
        ("aws4_request", "aws4"),
        ("20130524", "20130525"),
        ("us-east-1", "eu-west-1"),
        ("SignedHeaders=host;", "SignedHeaders="),
        ("SignedHeaders=host;", "SignedHeaders=Host;"),
        ("SignedHeaders=host;", "SignedHeaders=;host;"),
        ("SignedHeaders=host;", "SignedHeaders=host;host;"),
        ("host;x-amz-content-sha256", "x-amz-content-sha256;host"),
        ("Signature=", "Signature=g"),
        ("Signature=", "Signature=00"),
        (", Signature=", ", Extra=1, Signature="),
        (", Signature=", ", Signature=1, Signature="),
        (", Signature=", ", "),
    ];
    for (from, to) in bad {
        let refusal = signed().authorization(from, to).refusal();
        assert_eq!(refusal, ErrorCode::AuthorizationHeaderMalformed, "{from} → {to}");
    }
    let mut twice = signed();
    twice.headers.append("authorization", HeaderValue::from_static("AWS4-HMAC-SHA256 x"));
    assert_eq!(twice.refusal(), ErrorCode::AuthorizationHeaderMalformed);
}

#[test]
fn a_life_outside_of_1_to_604800_seconds_is_refused() {
    for life in ["0", "604801", "-1", "%2B1", "1.5", "", "99999999999999999999"] {
        let refusal = presigned()
            .query(|query| query.replace("X-Amz-Expires=3600", &format!("X-Amz-Expires={life}")))
            .refusal();
        assert_eq!(refusal, ErrorCode::AccessDenied, "{life}");
    }
}

#[test]
fn malformed_presigned_queries_are_refused() {
    let bad = [
        ("X-Amz-Expires=3600&", ""),
        ("X-Amz-Date=20130524T000000Z", "X-Amz-Date=20130524"),
        ("X-Amz-Date=20130524T000000Z", "X-Amz-Date=20130523T235959Z"),
        ("us-east-1", "eu-west-1"),
        ("%2Fs3%2F", "%2Fec2%2F"),
        ("X-Amz-SignedHeaders=host", "X-Amz-SignedHeaders=range"),
        ("X-Amz-SignedHeaders=host", "X-Amz-SignedHeaders="),
        ("X-Amz-Signature=", "X-Amz-Signature=ff"),
        ("partNumber=1", "partNumber=1&partNumber=1"),
        ("partNumber=1", "partNumber=1&%70artNumber=2"),
        ("X-Amz-Date=", "X-Amz-Date=20130524T000000Z&X-Amz-Date="),
    ];
    for (from, to) in bad {
        let refusal = presigned().query(|query| query.replace(from, to)).refusal();
        assert_eq!(refusal, ErrorCode::AuthorizationQueryParametersError, "{from} → {to}");
    }
}

#[test]
fn a_store_of_another_region_refuses_both_forms_and_names_its_own() {
    let elsewhere = |request: Request| {
        let refusal = request.authenticate("eu-west-1", example::now()).unwrap_err();
        (refusal.code, refusal.region)
    };
    let expected = |code| (code, Some("eu-west-1".to_owned()));
    assert_eq!(elsewhere(signed()), expected(ErrorCode::AuthorizationHeaderMalformed));
    assert_eq!(elsewhere(presigned()), expected(ErrorCode::AuthorizationQueryParametersError));
    let also_late = signed().authorization("20130524", "20130525");
    assert_eq!(elsewhere(also_late), expected(ErrorCode::AuthorizationHeaderMalformed));
}

#[test]
fn clocks_may_differ_by_15_minutes() {
    for seconds in [-900, 900] {
        signed().at(seconds).unwrap();
    }
    for seconds in [-901, 901, 86_400 * 365 * 100] {
        assert_eq!(signed().at(seconds).unwrap_err().code, ErrorCode::RequestTimeTooSkewed, "{seconds}");
    }
}

#[test]
fn a_presigned_request_is_valid_until_it_expires() {
    for seconds in [-900, 0, 3600] {
        presigned().at(seconds).unwrap();
    }
    for (seconds, message) in [(-901, "Request is not valid yet"), (3601, "Request has expired")] {
        let expected = S3Error::new(ErrorCode::AccessDenied, message);
        assert_eq!(presigned().at(seconds).unwrap_err(), expected, "{seconds}");
    }
}

#[test]
fn an_x_amz_header_that_is_not_signed_is_refused() {
    for name in ["x-amz-copy-source", "x-amz-acl", "X-Amz-Meta-B", "x-amz-security-token", "x-amz-date"] {
        assert_eq!(presigned().header(name, "x").refusal(), ErrorCode::AccessDenied, "{name}");
    }
    assert_eq!(signed().header("x-amz-copy-source", "/b/secret").refusal(), ErrorCode::AccessDenied);
    let unsigned_date = signed().authorization(";x-amz-date;", ";");
    assert_eq!(unsigned_date.refusal(), ErrorCode::AccessDenied);
}

#[test]
fn a_signed_header_must_be_there_as_signed() {
    assert_eq!(signed().without("x-amz-meta-a").refusal(), ErrorCode::SignatureDoesNotMatch);
    assert_eq!(signed().without("host").refusal(), ErrorCode::SignatureDoesNotMatch);
    assert_eq!(signed().header("host", "other").refusal(), ErrorCode::SignatureDoesNotMatch);
    let mut twice = signed();
    twice.headers.append("host", HeaderValue::from_static("other"));
    assert_eq!(twice.refusal(), ErrorCode::InvalidRequest);
    let listed = signed().authorization("x-amz-date;x-amz-meta-a", "x-amz-date;x-amz-meta-a;x-unknown");
    assert_eq!(listed.refusal(), ErrorCode::SignatureDoesNotMatch);
}

#[test]
fn a_signed_content_length_pins_the_size() {
    let pinned = Request::presigned(&[("partNumber", "1")], &[("content-length", "5")]);
    pinned.at(0).unwrap();
    let longer = pinned.clone().header("content-length", "6");
    assert_eq!(longer.refusal(), ErrorCode::SignatureDoesNotMatch);
    assert_eq!(pinned.without("content-length").refusal(), ErrorCode::SignatureDoesNotMatch);
}

#[test]
fn a_signed_request_needs_its_date_and_content_hash() {
    let undated = signed().without("x-amz-date").authorization("x-amz-date;", "");
    assert_eq!(undated.refusal(), ErrorCode::AccessDenied);
    let unhashed = signed().without("x-amz-content-sha256").authorization("x-amz-content-sha256;", "");
    assert_eq!(unhashed.refusal(), ErrorCode::InvalidRequest);
    let hash = signed().header("x-amz-content-sha256", "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD");
    assert_eq!(hash.refusal(), ErrorCode::InvalidArgument);
}

#[test]
fn an_unknown_key_and_a_wrong_secret_have_different_errors() {
    let mut request = signed();
    request.credentials.access_key_id = "other".into();
    assert_eq!(request.refusal(), ErrorCode::InvalidAccessKeyId);
    for mut request in [signed(), presigned()] {
        request.credentials.secret_access_key.push('x');
        assert_eq!(request.refusal(), ErrorCode::SignatureDoesNotMatch);
    }
}

#[test]
fn a_password_that_a_client_sends_along_after_a_redirect_is_not_a_second_signature() {
    presigned().header("authorization", "Basic OnNlY3JldA==").at(0).unwrap();
    assert_eq!(
        presigned().header("authorization", "AWS key:signature").refusal(),
        ErrorCode::InvalidArgument
    );
}

#[test]
fn a_session_token_must_be_the_one_of_the_credentials() {
    let temporary = Credentials { session_token: Some("token".into()), ..example::credentials() };
    let requests = [
        Request::signed_by(&temporary, "/k", &[], PayloadHash::Unsigned),
        Request::presigned_by(&temporary, &[], &[]),
    ];
    for request in requests {
        request.at(0).unwrap();
        for token in [Some("other".to_owned()), None] {
            let mut changed = request.clone();
            changed.credentials.session_token = token;
            assert_eq!(changed.refusal(), ErrorCode::InvalidToken);
        }
    }
    for mut request in [signed(), presigned()] {
        request.credentials.session_token = Some("token".into());
        assert_eq!(request.refusal(), ErrorCode::InvalidToken);
    }
}

#[test]
fn a_presigned_body_may_be_framed_or_bound_by_an_unsigned_hash_header() {
    let with = |value: &str| presigned().header("x-amz-content-sha256", value);
    assert!(matches!(with(EMPTY_SHA256).at(0).unwrap().payload, Payload::Sha256(_)));
    let framed = with("STREAMING-UNSIGNED-PAYLOAD-TRAILER").at(0).unwrap();
    assert!(matches!(framed.payload, Payload::UnsignedTrailer));
    assert_eq!(with("STREAMING-AWS4-HMAC-SHA256-PAYLOAD").refusal(), ErrorCode::InvalidRequest);
    assert_eq!(with("x").refusal(), ErrorCode::InvalidArgument);
}

#[test]
fn a_hash_in_the_query_is_part_of_the_signature() {
    let unsigned = Request::presigned(&[("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD")], &[]);
    assert!(matches!(unsigned.at(0).unwrap().payload, Payload::Unsigned));
    let changed = unsigned.query(|query| query.replace("UNSIGNED-PAYLOAD", EMPTY_SHA256));
    assert_eq!(changed.refusal(), ErrorCode::SignatureDoesNotMatch);
    let other = PayloadHash::of(b"other").header_value();
    assert_eq!(
        changed.header("x-amz-content-sha256", &other).refusal(),
        ErrorCode::XAmzContentSHA256Mismatch
    );
}
