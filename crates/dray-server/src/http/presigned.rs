//! The answer of `presigned-urls`, written without a serializer: thousands of URLs go directly from the presigner into the
//! body. Up to [`WHOLE`] parts are signed once and copied once. Longer lists are signed while they are sent, so that they
//! are never in memory as a whole, however slowly their client reads.

use std::convert::Infallible;

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use dray_s3::PartNumber;
use futures_util::{StreamExt as _, stream};

use crate::drive::wire_time;
use crate::service::SignedParts;

/// Bytes of a part in the answer besides its two URLs.
const BYTES_AROUND: usize = 80;
/// The largest number of parts whose answer is written at once.
const WHOLE: usize = 1000;
/// How many parts are written at once in a longer answer.
const AT_ONCE: usize = 64;

/// `{ "urls": […], "parts": [{ "PartNumber", "partNumber", "signedUrl" }, …], "expiresAt" }`, and `headers` if there
/// are any. A URL needs no escaping in JSON (`PartPresigner::write_url`).
pub(super) fn answer(signed: SignedParts) -> Response {
    let body = if signed.parts.len() > WHOLE {
        // Others run between two pieces, however fast the client reads.
        let pieces = stream::iter(pieces(signed)).then(|piece| async {
            tokio::task::yield_now().await;
            Ok::<Bytes, Infallible>(piece)
        });
        Body::from_stream(pieces)
    } else {
        write(&signed).into()
    };
    ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], body).into_response()
}

fn write(signed: &SignedParts) -> Vec<u8> {
    let count = signed.parts.len();
    let mut body = Vec::with_capacity(count * (2 * signed.urls.max_url_bytes() + BYTES_AROUND) + 128);
    let mut urls = Vec::with_capacity(count);
    body.extend_from_slice(BEFORE_URLS);
    for (at, (number, length)) in signed.parts.iter().enumerate() {
        body.extend_from_slice(if at == 0 { b"\"" } else { b",\"" });
        let start = body.len();
        signed.urls.write(*number, *length, &mut body);
        urls.push(start..body.len());
        body.push(b'"');
    }
    body.extend_from_slice(BEFORE_PARTS);
    for (at, ((number, _), url)) in signed.parts.iter().zip(urls).enumerate() {
        begin_part(at, *number, &mut body);
        body.extend_from_within(url);
        body.extend_from_slice(b"\"}");
    }
    end(signed, &mut body);
    body
}

const BEFORE_URLS: &[u8] = b"{\"urls\":[";
const BEFORE_PARTS: &[u8] = b"],\"parts\":[";

fn begin_part(at: usize, number: PartNumber, body: &mut Vec<u8>) {
    let comma = if at == 0 { "" } else { "," };
    let head = format!("{comma}{{\"PartNumber\":{number},\"partNumber\":{number},\"signedUrl\":\"");
    body.extend_from_slice(head.as_bytes());
}

fn end(signed: &SignedParts, body: &mut Vec<u8>) {
    body.push(b']');
    if !signed.headers.is_empty() {
        let headers: serde_json::Map<_, _> =
            signed.headers.iter().map(|(name, value)| ((*name).to_owned(), value.as_str().into())).collect();
        body.extend_from_slice(format!(",\"headers\":{}", serde_json::Value::Object(headers)).as_bytes());
    }
    body.extend_from_slice(format!(",\"expiresAt\":\"{}\"}}", wire_time(signed.expires_at)).as_bytes());
}

/// The same bytes as [`write`], in pieces. Each URL is signed twice.
fn pieces(signed: SignedParts) -> impl Iterator<Item = Bytes> + Send {
    let count = signed.parts.len();
    let starts = [false, true].into_iter();
    let starts = starts.flat_map(move |is_parts| (0..count).step_by(AT_ONCE).map(move |at| (is_parts, at)));
    starts.map(move |(is_parts, first)| {
        let mut piece = Vec::with_capacity(AT_ONCE * (signed.urls.max_url_bytes() + BYTES_AROUND) + 128);
        let here = signed.parts.iter().enumerate().skip(first).take(AT_ONCE);
        if first == 0 {
            piece.extend_from_slice(if is_parts { BEFORE_PARTS } else { BEFORE_URLS });
        }
        for (at, (number, length)) in here {
            if is_parts {
                begin_part(at, *number, &mut piece);
            } else {
                piece.extend_from_slice(if at == 0 { b"\"" } else { b",\"" });
            }
            signed.urls.write(*number, *length, &mut piece);
            piece.extend_from_slice(if is_parts { b"\"}" } else { b"\"" });
        }
        if is_parts && first + AT_ONCE >= count {
            end(&signed, &mut piece);
        }
        piece.into()
    })
}

#[cfg(test)]
mod tests {
    use dray_api::upload::PresignedParts;
    use dray_s3::{AddressingStyle, Credentials, Endpoint, PartPresigner, PresignScope};

    use super::*;
    use crate::service::PartUrls;

    fn signed(numbers: &[u64]) -> SignedParts {
        let credentials = Credentials {
            access_key_id: "AKIAIOSFODNN7EXAMPLE".into(),
            secret_access_key: "secret".into(),
            session_token: None,
        };
        let endpoint = Endpoint::parse("http://127.0.0.1:8080", AddressingStyle::Path).unwrap();
        let now = "2026-01-31T12:00:00Z".parse().unwrap();
        let scope = PresignScope {
            credentials: &credentials,
            region: "us-east-1",
            endpoint: &endpoint,
            bucket: "dray",
            key: "files/a/b",
            now,
            expires_secs: 3600,
        };
        SignedParts {
            urls: PartUrls::Parts(Box::new(PartPresigner::new(&scope, "an upload").unwrap())),
            headers: Vec::new(),
            parts: numbers.iter().map(|n| (PartNumber::try_from(*n).unwrap(), None)).collect(),
            expires_at: now,
        }
    }

    #[test]
    fn both_spellings_carry_the_same_urls_in_part_order() {
        let signed = signed(&[1, 3, 10_000]);
        let body = write(&signed);
        let json: serde_json::Value = serde_json::from_slice(&body).unwrap();
        let urls: Vec<&str> = json["urls"].as_array().unwrap().iter().map(|v| v.as_str().unwrap()).collect();
        let ours: PresignedParts = serde_json::from_slice(&body).unwrap();
        assert_eq!(ours.parts.iter().map(|p| p.part_number).collect::<Vec<_>>(), [1, 3, 10_000]);
        for ((part, url), number) in ours.parts.iter().zip(&urls).zip(&signed.parts) {
            assert_eq!(part.signed_url, *url);
            let mut alone = Vec::new();
            signed.urls.write(number.0, None, &mut alone);
            assert_eq!(url.as_bytes(), alone);
        }
        assert_eq!(json["parts"][1]["PartNumber"], 3);
        assert_eq!(json["expiresAt"], "2026-01-31T12:00:00.000Z");
    }

    #[test]
    fn a_long_list_in_pieces_has_the_same_bytes() {
        for count in [1, 63, 64, 65, 1001, 10_000] {
            let signed = signed(&(1..=count).collect::<Vec<_>>());
            let whole = write(&signed);
            let pieces: Vec<Bytes> = pieces(signed).collect();
            assert!(pieces.iter().all(|piece| piece.len() < 64 << 10), "{count}");
            assert_eq!(pieces.concat(), whole, "{count}");
        }
    }
}
