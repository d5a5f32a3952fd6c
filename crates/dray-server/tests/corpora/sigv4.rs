//! Compares authentication with a second implementation of the signature, which shares no code with Dray's (AWS S3 API
//! reference, "Authenticating Requests (AWS Signature Version 4)").
//!
//! The input is a request: a line with method and target, then a line for each header. A signature `$` stands for the right one.

use dray_s3::{Credentials, ErrorCode, MAX_CLOCK_SKEW_SECS, PayloadHash, Query, RequestHead, SigningScope};
use dray_s3::{authenticate, sign_request};
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

const REGION: &str = "us-east-1";
const KEY_ID: &str = "AKID";
const SECRET: &str = "secret";
const NOW: &str = "2026-01-31T12:00:00Z";
const SIGNATURE: &str = "X-Amz-Signature";

pub(crate) fn check(input: &[u8]) {
    let Some(mut request) = Request::parse(input) else { return };
    // The verifier holds each name and value in a few spellings.
    let most_bytes = (64 << 10) + 64 * input.len();
    let asks_for_the_right_one = request.put_signature();
    let verdict = crate::within(most_bytes, || request.verdict());
    match verdict {
        Ok(presigned) => request.must_be_signed(presigned),
        Err(code) => assert!(
            !(asks_for_the_right_one && code == ErrorCode::SignatureDoesNotMatch),
            "the reference signs {request:?} otherwise"
        ),
    }
    request.what_dray_signs_it_verifies();
}

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

fn credentials() -> Credentials {
    Credentials { access_key_id: KEY_ID.into(), secret_access_key: SECRET.into(), session_token: None }
}

#[derive(Debug)]
struct Request {
    method: Method,
    path: String,
    query: String,
    headers: HeaderMap,
}

impl Request {
    /// Parses what an HTTP server would accept.
    fn parse(input: &[u8]) -> Option<Self> {
        let mut lines = input.split(|byte| *byte == b'\n');
        let (method, target) = str::from_utf8(lines.next()?).ok()?.split_once(' ')?;
        let target: Uri = target.parse().ok().filter(|target: &Uri| target.path().starts_with('/'))?;
        let mut headers = HeaderMap::new();
        for line in lines {
            let colon = line.iter().position(|byte| *byte == b':')?;
            let value = HeaderValue::from_bytes(line[colon + 1..].trim_ascii()).ok()?;
            headers.append(HeaderName::from_bytes(&line[..colon]).ok()?, value);
        }
        let (path, query) = (target.path().to_owned(), target.query().unwrap_or_default().to_owned());
        Some(Self { method: method.parse().ok()?, path, query, headers })
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok().map(str::trim)
    }

    /// Authenticates the request. Returns whether it was presigned.
    fn verdict(&self) -> Result<bool, ErrorCode> {
        let query = Query::parse(&self.query).map_err(|_| ErrorCode::InvalidURI)?;
        let head =
            RequestHead { method: &self.method, path: &self.path, query: &query, headers: &self.headers };
        let lookup = |id: &str| (id == KEY_ID).then(credentials);
        let verdict = authenticate(&head, REGION, now(), lookup).map_err(|error| error.code)?;
        assert_eq!(verdict.access_key_id, KEY_ID);
        Ok(verdict.presigned)
    }

    /// Replaces a signature `$` by the right one. Returns whether there was one.
    fn put_signature(&mut self) -> bool {
        let placeholder = format!("{SIGNATURE}=$");
        if self.query.split('&').any(|pair| pair == placeholder) {
            let Some(signature) = self.signature(true, false) else { return false };
            let right = format!("{SIGNATURE}={signature}");
            let pair = |pair| if pair == placeholder { right.as_str() } else { pair };
            self.query = self.query.split('&').map(pair).collect::<Vec<_>>().join("&");
            return true;
        }
        let authorization = self.header("authorization").filter(|value| value.ends_with("Signature=$"));
        let Some(authorization) = authorization.map(|value| value.trim_end_matches('$').to_owned()) else {
            return false;
        };
        let Some(signature) = self.signature(false, false) else { return false };
        self.headers.insert("authorization", format!("{authorization}{signature}").parse().unwrap());
        true
    }

    /// Checks a request that was accepted: its signature is right, it came in time, and everything that matters is signed.
    fn must_be_signed(&self, presigned: bool) {
        let stated = self.stated(presigned).unwrap();
        let given = if presigned { self.parameter(SIGNATURE) } else { self.field("Signature=") };
        let right = [false, true].map(|latin_1| self.signature(presigned, latin_1));
        assert!(right.contains(&given), "{self:?} is accepted and its signature is wrong");
        for name in self.headers.keys().map(HeaderName::as_str) {
            let may_be_unsigned =
                !name.starts_with("x-amz-") || (presigned && name == "x-amz-content-sha256");
            assert!(may_be_unsigned || stated.signs(name), "{name} of {self:?} is not signed");
        }
        assert!(stated.signs("host"));
        let signed_at = jiff::fmt::strtime::parse("%Y%m%dT%H%M%SZ", &stated.date).unwrap();
        let signed_at = signed_at.to_datetime().unwrap().to_zoned(jiff::tz::TimeZone::UTC).unwrap();
        let age_secs = now().as_second() - signed_at.timestamp().as_second();
        let life_secs = if presigned {
            self.parameter("X-Amz-Expires").unwrap().parse().unwrap()
        } else {
            MAX_CLOCK_SKEW_SECS
        };
        assert!((-MAX_CLOCK_SKEW_SECS..=life_secs).contains(&age_secs), "{age_secs} s");
    }

    /// A field of the `Authorization` header. `name` ends with `=`.
    fn field(&self, name: &str) -> Option<String> {
        let fields = self.header("authorization")?.strip_prefix("AWS4-HMAC-SHA256 ")?;
        fields.split(',').find_map(|field| field.trim().strip_prefix(name)).map(str::to_owned)
    }

    fn parameters(&self) -> Option<Vec<(Vec<u8>, Vec<u8>)>> {
        let pairs = self.query.split('&').filter(|pair| !pair.is_empty());
        let pair = |pair: &str| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((decoded(&name.replace('+', " "))?, decoded(&value.replace('+', " "))?))
        };
        pairs.map(pair).collect()
    }

    fn parameter(&self, name: &str) -> Option<String> {
        let (_, value) = self.parameters()?.into_iter().find(|(known, _)| known == name.as_bytes())?;
        String::from_utf8(value).ok()
    }

    fn stated(&self, presigned: bool) -> Option<Stated> {
        let [signed_headers, credential, date, payload_hash] = if presigned {
            let names = ["X-Amz-SignedHeaders", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Content-Sha256"];
            names.map(|name| self.parameter(name))
        } else {
            let date = self.header("x-amz-date").map(str::to_owned).or_else(|| self.date());
            let hash = self.header("x-amz-content-sha256").map(str::to_owned);
            [self.field("SignedHeaders="), self.field("Credential="), date, hash]
        };
        let signed_headers = signed_headers?.split(';').map(str::to_owned).collect();
        let mut stated =
            Stated { signed_headers, credential: credential?, date: date?, payload_hash: String::new() };
        let header = self.header("x-amz-content-sha256").filter(|_| stated.signs("x-amz-content-sha256"));
        stated.payload_hash =
            payload_hash.or(header.map(str::to_owned)).unwrap_or_else(|| "UNSIGNED-PAYLOAD".to_owned());
        Some(stated)
    }

    /// The `Date` header in the spelling of `x-amz-date`. It may be an HTTP date, or have that spelling already.
    fn date(&self) -> Option<String> {
        let date = self.header("date")?;
        let moment = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(date);
        let utc = moment.map(|moment| moment.strftime("%Y%m%dT%H%M%SZ").to_string());
        Some(utc.unwrap_or_else(|_| date.to_owned()))
    }

    /// The right signature. With `latin_1`, as clients make it that sign UTF-8 and send ISO 8859-1.
    fn signature(&self, presigned: bool, latin_1: bool) -> Option<String> {
        let stated = self.stated(presigned)?;
        let mut canonical =
            format!("{}\n{}\n", self.method, encoded(&decoded(&self.path)?, "/")).into_bytes();
        let mut pairs = self.parameters()?;
        pairs.retain(|(name, _)| !presigned || name != SIGNATURE.as_bytes());
        let mut pairs: Vec<_> =
            pairs.iter().map(|(name, value)| (encoded(name, ""), encoded(value, ""))).collect();
        pairs.sort();
        let pairs: Vec<_> = pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        canonical.extend(format!("{}\n", pairs.join("&")).into_bytes());
        for name in &stated.signed_headers {
            let value = self.canonical_header(name)?;
            let value =
                if latin_1 { value.into_iter().map(char::from).collect::<String>().into() } else { value };
            canonical.extend([name.as_bytes(), b":", &value, b"\n"].concat());
        }
        canonical
            .extend(format!("\n{}\n{}", stated.signed_headers.join(";"), stated.payload_hash).into_bytes());
        let day = stated.date.get(..8)?;
        let scope = format!("{day}/{REGION}/s3/aws4_request");
        let hash = hex::encode(Sha256::digest(&canonical));
        let text = format!("AWS4-HMAC-SHA256\n{}\n{scope}\n{hash}", stated.date);
        let mut key = format!("AWS4{SECRET}").into_bytes();
        for step in [day, REGION, "s3", "aws4_request"] {
            key = hmac(&key, step.as_bytes());
        }
        (stated.credential == format!("{KEY_ID}/{scope}")).then(|| hex::encode(hmac(&key, text.as_bytes())))
    }

    /// The values of a header, each trimmed and with single spaces, joined by commas.
    fn canonical_header(&self, name: &str) -> Option<Vec<u8>> {
        let one = |value: &HeaderValue| {
            let words = value.as_bytes().split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
            words.collect::<Vec<_>>().join(&b' ')
        };
        let name = HeaderName::from_lowercase(name.as_bytes()).ok()?;
        let values: Vec<_> = self.headers.get_all(name).iter().map(one).collect();
        (!values.is_empty()).then(|| values.join(&b','))
    }

    /// Dray accepts the same request when Dray has signed it.
    fn what_dray_signs_it_verifies(mut self) {
        for name in ["authorization", "host", "x-amz-security-token"] {
            self.headers.remove(name);
        }
        let says_of_signatures = |(name, _): &(Vec<u8>, Vec<u8>)| {
            let name = name.to_ascii_lowercase();
            name.starts_with(b"x-amz-")
                || ["awsaccesskeyid", "signature"].map(str::as_bytes).contains(&&*name)
        };
        let readable = self.parameters().filter(|_| Query::parse(&self.query).is_ok());
        if readable.is_none_or(|pairs| pairs.iter().any(says_of_signatures)) {
            return;
        }
        let uri = Uri::builder().scheme("http").authority("localhost:9000");
        let Ok(uri) = uri.path_and_query(format!("{}?{}", self.path, self.query)).build() else { return };
        let (credentials, payload) = (credentials(), PayloadHash::of(b""));
        let scope = SigningScope { credentials: &credentials, region: REGION, now: now() };
        let Ok(added) = sign_request(&scope, &self.method, &uri, &self.headers, &payload) else {
            assert!(decoded(&self.path).is_none(), "{self:?} cannot be signed");
            return;
        };
        self.headers.extend(added);
        assert_eq!(self.verdict(), Ok(false), "{self:?}");
    }
}

/// What a request says about its signature.
struct Stated {
    signed_headers: Vec<String>,
    credential: String,
    date: String,
    payload_hash: String,
}

impl Stated {
    fn signs(&self, name: &str) -> bool {
        self.signed_headers.iter().any(|signed| signed == name)
    }
}

fn hmac(key: &[u8], text: &[u8]) -> Vec<u8> {
    Hmac::<Sha256>::new_from_slice(key).unwrap().chain_update(text).finalize().into_bytes().to_vec()
}

/// Decodes percent-encoding; `None` if an escape is broken.
fn decoded(text: &str) -> Option<Vec<u8>> {
    let mut pieces = text.split('%');
    let mut bytes = pieces.next()?.as_bytes().to_vec();
    for piece in pieces {
        let piece = piece.as_bytes();
        bytes.extend(hex::decode(piece.get(..2)?).ok()?);
        bytes.extend_from_slice(&piece[2..]);
    }
    Some(bytes)
}

fn encoded(bytes: &[u8], also_plain: &str) -> String {
    let one = |byte: &u8| match char::from(*byte) {
        char if char.is_ascii_alphanumeric() || "-._~".contains(char) || also_plain.contains(char) => {
            char.to_string()
        }
        _ => format!("%{byte:02X}"),
    };
    bytes.iter().map(one).collect()
}
