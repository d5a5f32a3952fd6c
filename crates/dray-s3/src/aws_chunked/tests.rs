//! The examples of the S3 reference, and bodies cut, changed or split anywhere.

use proptest::prelude::*;

use super::*;
use crate::{
    PayloadHash,
    signing::{Scope, SigningKey, example},
};

const SIGNED_SEED: &str = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9";
const TRAILER_SEED: &str = "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e";

fn chain(seed: &str) -> ChunkSigner {
    let scope = Scope { date: "20130524", region: "us-east-1" };
    let key = SigningKey::derive(&example::credentials().secret_access_key, scope);
    ChunkSigner::new(key, "20130524T000000Z".into(), scope.to_string(), lower_hex(seed).unwrap())
}

fn payload(kind: PayloadHash) -> Payload {
    kind.payload(chain(if kind == PayloadHash::Signed { SIGNED_SEED } else { TRAILER_SEED }))
}

/// 64 KiB and 1 KiB of `a`, as in the examples.
fn example_body(signatures: [&str; 3], trailers: &str) -> Vec<u8> {
    let [first, second, last] = signatures;
    let (big, small) = ("a".repeat(65_536), "a".repeat(1024));
    format!(
        "10000;chunk-signature={first}\r\n{big}\r\n400;chunk-signature={second}\r\n{small}\r\n\
         0;chunk-signature={last}\r\n{trailers}\r\n"
    )
    .into_bytes()
}

fn signed_example() -> Vec<u8> {
    let signatures = [
        "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
        "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
        "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
    ];
    example_body(signatures, "")
}

fn trailer_example() -> Vec<u8> {
    let signatures = [
        "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2",
        "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7",
        "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992",
    ];
    let trailers = "x-amz-checksum-crc32c:sOO8/Q==\r\nx-amz-trailer-signature:\
                    d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n";
    example_body(signatures, trailers)
}

/// Decodes a body given in pieces: its data and trailers, or the code of the refusal.
fn decode<'a>(
    kind: PayloadHash,
    length: Option<u64>,
    pieces: impl Iterator<Item = &'a [u8]>,
) -> Result<(Vec<u8>, Trailers), ErrorCode> {
    let mut decoder = ChunkedDecoder::new(&payload(kind), length).unwrap();
    let mut data = Vec::new();
    for piece in pieces {
        let mut input = Bytes::copy_from_slice(piece);
        while let Some(more) = decoder.decode(&mut input).map_err(|error| error.code)? {
            assert!(!more.is_empty());
            data.extend_from_slice(&more);
        }
        assert!(input.is_empty());
    }
    decoder.finish().map(|trailers| (data, trailers)).map_err(|error| error.code)
}

fn decode_whole(kind: PayloadHash, body: &[u8]) -> Result<(Vec<u8>, Trailers), ErrorCode> {
    decode(kind, None, std::iter::once(body))
}

#[test]
fn signed_example_of_the_s3_reference() {
    let body = signed_example();
    assert_eq!(body.len(), 66_824);
    let (data, trailers) = decode(PayloadHash::Signed, Some(66_560), std::iter::once(&body[..])).unwrap();
    assert_eq!((data, trailers), (vec![b'a'; 66_560], Trailers::default()));
}

#[test]
fn signed_trailer_example_of_the_s3_reference() {
    let (data, trailers) = decode_whole(PayloadHash::SignedTrailer, &trailer_example()).unwrap();
    assert_eq!(data.len(), 66_560);
    assert_eq!(trailers.iter().collect::<Vec<_>>(), [("x-amz-checksum-crc32c", "sOO8/Q==")]);
}

#[test]
fn unsigned_body_with_a_trailer() {
    let body = b"5\r\nhello\r\n1\r\n!\r\n0\r\nX-Amz-Checksum-Crc32: abc=\r\n\r\n";
    let (data, trailers) = decode_whole(PayloadHash::UnsignedTrailer, body).unwrap();
    assert_eq!((data.as_slice(), trailers.get("x-amz-checksum-crc32")), (&b"hello!"[..], Some("abc=")));
}

/// A body as minio-go sends it: its trailers end in LF, and one CRLF follows them.
fn of_minio_go(body: &[u8]) -> Vec<u8> {
    let body = String::from_utf8(body.to_vec()).unwrap();
    body.replace("sOO8/Q==\r\n", "sOO8/Q==\n\r\n").into_bytes()
}

#[test]
fn trailers_that_end_in_lf_and_then_one_crlf_are_read_however_the_body_is_split() {
    let signed = of_minio_go(&trailer_example());
    let unsigned = b"5\r\nhello\r\n0\r\nx-amz-checksum-crc32c:sOO8/Q==\n\r\n\r\n".to_vec();
    let two = b"5\r\nhello\r\n0\r\nx-a:1\nx-amz-checksum-crc32c:sOO8/Q==\n\r\n\r\n".to_vec();
    for (kind, body) in [
        (PayloadHash::SignedTrailer, signed),
        (PayloadHash::UnsignedTrailer, unsigned),
        (PayloadHash::UnsignedTrailer, two),
    ] {
        let (data, trailers) = decode_whole(kind, &body).unwrap();
        assert_eq!(trailers.get("x-amz-checksum-crc32c"), Some("sOO8/Q=="));
        for at in (0..100.min(body.len())).chain(body.len().saturating_sub(300)..body.len()) {
            let split = decode(kind, None, [&body[..at], &body[at..]].into_iter());
            assert_eq!(split, Ok((data.clone(), trailers.clone())), "{kind:?} split at {at}");
            let cut = decode_whole(kind, &body[..at]);
            assert_eq!(cut, Err(ErrorCode::IncompleteBody), "{kind:?} cut at {at}");
        }
        let tail = &body[body.len().saturating_sub(300)..];
        let bytes = tail.chunks(1);
        let split = decode(kind, None, std::iter::once(&body[..body.len() - tail.len()]).chain(bytes));
        assert_eq!(split, Ok((data, trailers)), "{kind:?} byte by byte");
    }
}

#[test]
fn an_empty_body_is_the_last_chunk_alone() {
    assert_eq!(decode_whole(PayloadHash::UnsignedTrailer, b"0\r\n\r\n"), Ok((vec![], Trailers::default())));
}

#[test]
fn a_payload_that_is_not_chunked_has_no_decoder() {
    for kind in [PayloadHash::Unsigned, PayloadHash::of(b"")] {
        assert!(!payload(kind).is_chunked());
        assert!(ChunkedDecoder::new(&payload(kind), None).is_none());
    }
}

#[test]
fn any_changed_byte_of_a_signed_body_is_refused() {
    for (kind, body) in
        [(PayloadHash::Signed, signed_example()), (PayloadHash::SignedTrailer, trailer_example())]
    {
        let (head, tail) = (0..200, body.len() - 1400..body.len());
        for at in head.chain(tail) {
            let mut changed = body.clone();
            changed[at] ^= 1;
            assert!(decode_whole(kind, &changed).is_err(), "{kind:?} byte {at} of {}", body.len());
        }
    }
}

#[test]
fn a_body_that_ends_early_is_incomplete() {
    let (signed, trailer) = (signed_example(), trailer_example());
    for (kind, body) in [(PayloadHash::Signed, signed), (PayloadHash::SignedTrailer, trailer)] {
        for size in (0..100).chain(body.len() - 600..body.len()) {
            assert_eq!(decode_whole(kind, &body[..size]), Err(ErrorCode::IncompleteBody), "{size}");
        }
    }
}

#[test]
fn a_length_other_than_the_announced_one_is_incomplete() {
    for length in [0, 4, 6, u64::MAX] {
        let body = b"5\r\nhello\r\n0\r\n\r\n";
        let decoded = decode(PayloadHash::UnsignedTrailer, Some(length), std::iter::once(&body[..]));
        assert_eq!(decoded, Err(ErrorCode::IncompleteBody), "{length}");
    }
}

#[test]
fn malformed_bodies_are_refused() {
    let long = format!("5;{}\r\nhello\r\n0\r\n\r\n", "x".repeat(MAX_LINE_BYTES));
    let many: String = (0..=MAX_TRAILERS).map(|n| format!("x-{n}:v\r\n")).collect::<Vec<_>>().concat();
    let many = format!("0\r\n{many}\r\n");
    let bad = [
        "+5\r\nhello\r\n0\r\n\r\n",
        " 5\r\nhello\r\n0\r\n\r\n",
        "\r\nhello\r\n0\r\n\r\n",
        "5\nhello\n0\n\n",
        "5\n\r\nhello\r\n0\r\n\r\n",
        "5\r\nhello\n\r\n0\r\n\r\n",
        "5\r\nhello\r\n0\n\r\n\r\n",
        "0\r\nx:1\n\n",
        "0\r\nx:1\n\r\n\n",
        "0\r\nx:1\n\ny:2\r\n\r\n",
        "0\r\nx:1\ny:2\r\n\r\n",
        "0\r\nx:1\r\r\n\r\n",
        "5\r\nhelloX\r\n0\r\n\r\n",
        "5\r\nhello0\r\n\r\n",
        "1ffffffffffffffff\r\n",
        "1\r\na\r\nffffffffffffffff\r\n",
        "0\r\n\r\nmore",
        "0\r\nnocolon\r\n\r\n",
        "0\r\nx:1\r\nX:2\r\n\r\n",
        "0\r\na b:1\r\n\r\n",
        "0\r\na\"b:1\r\n\r\n",
        &long,
        &many,
    ];
    for body in bad {
        let refused = decode_whole(PayloadHash::UnsignedTrailer, body.as_bytes()).unwrap_err();
        let codes = [ErrorCode::IncompleteBody, ErrorCode::MalformedTrailerError];
        assert!(codes.contains(&refused), "{body:.40} {refused:?}");
    }
}

#[test]
fn a_signed_body_needs_its_signatures_and_no_unannounced_trailers() {
    let unsigned = decode_whole(PayloadHash::Signed, b"5\r\nhello\r\n0\r\n\r\n");
    assert_eq!(unsigned, Err(ErrorCode::IncompleteBody));
    let mut body = signed_example();
    body.truncate(body.len() - 2);
    body.extend_from_slice(b"x-amz-checksum-crc32c:sOO8/Q==\r\n\r\n");
    assert_eq!(decode_whole(PayloadHash::Signed, &body), Err(ErrorCode::MalformedTrailerError));
    let body = String::from_utf8(trailer_example()).unwrap();
    let unsigned = body.split("x-amz-trailer-signature").next().unwrap().to_owned() + "\r\n";
    assert_eq!(
        decode_whole(PayloadHash::SignedTrailer, unsigned.as_bytes()),
        Err(ErrorCode::MalformedTrailerError)
    );
}

#[test]
fn after_a_refusal_nothing_is_decoded() {
    let mut decoder = ChunkedDecoder::new(&payload(PayloadHash::UnsignedTrailer), None).unwrap();
    assert!(decoder.decode(&mut Bytes::from_static(b"zz\r\n")).is_err());
    assert!(decoder.decode(&mut Bytes::from_static(b"0\r\n\r\n")).is_err());
    assert!(decoder.finish().is_err());
}

/// Cuts a body into pieces of these sizes, again and again.
fn cut<'a>(mut body: &'a [u8], sizes: &'a [usize]) -> impl Iterator<Item = &'a [u8]> {
    sizes.iter().cycle().map_while(move |size| {
        let (piece, rest) = body.split_at((*size).min(body.len()));
        body = rest;
        (!piece.is_empty()).then_some(piece)
    })
}

proptest! {
    #[test]
    fn the_answer_is_the_same_however_the_body_is_split(sizes in prop::collection::vec(1_usize..3000, 1..8)) {
        for (kind, body) in [(PayloadHash::Signed, signed_example()), (PayloadHash::SignedTrailer, trailer_example())] {
            prop_assert_eq!(decode(kind, Some(66_560), cut(&body, &sizes)), decode_whole(kind, &body));
        }
    }

    #[test]
    fn broken_bodies_are_refused_the_same_however_they_are_split(
        body in "([0-9a-f]{1,2}|[\r\n;:]|\r\n|5\r\nhello\r\n|0\r\n|x-a:b\r\n|x-c:d\n\r\n|\\PC){0,12}",
        sizes in prop::collection::vec(1_usize..9, 1..8),
    ) {
        let whole = decode_whole(PayloadHash::UnsignedTrailer, body.as_bytes());
        prop_assert_eq!(decode(PayloadHash::UnsignedTrailer, None, cut(body.as_bytes(), &sizes)), whole);
    }

    #[test]
    fn arbitrary_bytes_never_panic(body in prop::collection::vec(any::<u8>(), 0..400), length in any::<Option<u64>>()) {
        for kind in [PayloadHash::UnsignedTrailer, PayloadHash::Signed, PayloadHash::SignedTrailer] {
            let _ = decode(kind, length, std::iter::once(&body[..]));
        }
    }
}
