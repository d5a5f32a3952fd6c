//! Compares the decoder of `aws-chunked` with a second one, which is simple because it has the whole body at once.
//!
//! The first byte of the input chooses how the body is signed, the second which length is announced, and the third into which
//! pieces the body is split. The rest is the body. A signature `$` in it stands for the right one, which a fuzzer cannot guess.

use std::sync::LazyLock;

use bytes::Bytes;
use dray_s3::aws_chunked::{MAX_LINE_BYTES, MAX_TRAILERS};
use dray_s3::{
    ChunkSigner, ChunkedDecoder, Credentials, Payload, PayloadHash, Query, RequestHead, SigningScope,
    authenticate, sign_request,
};
use http::{HeaderMap, Method};
use sha2::{Digest as _, Sha256};

const CHUNK_SIGNATURE: &str = "chunk-signature=";
const TRAILER_SIGNATURE: &str = "x-amz-trailer-signature";
/// The maximum memory of a decoder, in bytes, whatever the body: a line, the trailers, and their overhead.
const MOST_BYTES: usize = 64 << 10;

type Trailers = Vec<(String, String)>;
type Decoded = (Vec<u8>, Trailers);

pub(crate) fn check(input: &[u8]) {
    let Some(([kind, announced, pieces], body)) = input.split_first_chunk::<3>() else { return };
    let payload = &PAYLOADS[usize::from(*kind) % PAYLOADS.len()];
    let body = signed(payload, body);
    let length = match announced {
        0 => None,
        1 => decoded_whole(payload, &body).map(|(data, _)| data.len() as u64),
        other => Some(u64::from(other - 2)),
    };
    let expected = decoded_whole(payload, &body)
        .filter(|(data, _)| length.is_none_or(|length| length == data.len() as u64));
    let found = decoded_in_pieces(payload, length, &body, *pieces);
    assert_eq!(found, expected, "of {:?}", String::from_utf8_lossy(&body));
}

/// The ways to sign a chunked body, each from an authenticated request.
static PAYLOADS: LazyLock<[Payload; 3]> = LazyLock::new(|| {
    [PayloadHash::UnsignedTrailer, PayloadHash::Signed, PayloadHash::SignedTrailer].map(payload)
});

fn payload(hash: PayloadHash) -> Payload {
    let credentials =
        Credentials { access_key_id: "AKID".into(), secret_access_key: "secret".into(), session_token: None };
    let now = "2026-01-31T12:00:00Z".parse().unwrap();
    let scope = SigningScope { credentials: &credentials, region: "us-east-1", now };
    let uri = "http://localhost/bucket/key".parse().unwrap();
    let headers = sign_request(&scope, &Method::PUT, &uri, &HeaderMap::new(), &hash).unwrap();
    let query = Query::default();
    let head = RequestHead { method: &Method::PUT, path: uri.path(), query: &query, headers: &headers };
    authenticate(&head, "us-east-1", now, |_| Some(credentials.clone())).unwrap().payload
}

fn chain(payload: &Payload) -> Option<ChunkSigner> {
    match payload {
        Payload::Signed(chain) | Payload::SignedTrailer(chain) => Some(chain.clone()),
        Payload::Unsigned | Payload::Sha256(_) | Payload::UnsignedTrailer => None,
    }
}

fn decoded_in_pieces(payload: &Payload, length: Option<u64>, body: &[u8], pieces: u8) -> Option<Decoded> {
    let mut decoder = ChunkedDecoder::new(payload, length).unwrap();
    let (mut data, mut rest) = (Vec::with_capacity(body.len()), Bytes::copy_from_slice(body));
    let mut sizes = fastrand::Rng::with_seed(u64::from(pieces));
    while !rest.is_empty() {
        let size =
            if pieces == 0 { rest.len() } else { sizes.usize(1..=usize::from(pieces)).min(rest.len()) };
        let mut input = rest.split_to(size);
        while let Some(more) = crate::within(MOST_BYTES, || decoder.decode(&mut input)).ok()? {
            assert!(!more.is_empty());
            data.extend_from_slice(&more);
            assert!(
                length.is_none_or(|length| data.len() as u64 <= length),
                "the data is longer than announced"
            );
        }
        assert!(input.is_empty(), "the decoder takes each piece completely");
    }
    let trailers = decoder.finish().ok()?;
    Some((data, trailers.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()))
}

/// Replaces each signature `$` by the right one, as far as the body can be read.
fn signed(payload: &Payload, body: &[u8]) -> Vec<u8> {
    let Some(mut chain) = chain(payload) else { return body.to_vec() };
    let (mut out, mut rest) = (Vec::new(), body);
    while let Some((line, after)) = line(rest) {
        let Some((size, extension)) = chunk_header(line) else { break };
        let Some((chunk, after)) = after.split_at_checked(size) else { break };
        let signature = hex::encode(chain.sign_chunk(Sha256::digest(chunk).into()));
        let digits = line.split(|byte| *byte == b';').next().unwrap_or_default();
        out.extend_from_slice(digits);
        if let Some(extension) = extension {
            let is_asked = extension == format!("{CHUNK_SIGNATURE}$");
            let extension =
                if is_asked { format!("{CHUNK_SIGNATURE}{signature}") } else { extension.to_owned() };
            out.extend_from_slice(format!(";{extension}").as_bytes());
        }
        out.extend_from_slice(b"\r\n");
        out.extend_from_slice(chunk);
        rest = after;
        if size == 0 {
            rest = sign_trailers(&mut chain, rest, &mut out);
            break;
        }
        if let Some(after) = rest.strip_prefix(b"\r\n") {
            out.extend_from_slice(b"\r\n");
            rest = after;
        }
    }
    out.extend_from_slice(rest);
    out
}

/// Copies the trailers to `out`, and signs them. Returns the rest.
fn sign_trailers<'a>(chain: &mut ChunkSigner, mut rest: &'a [u8], out: &mut Vec<u8>) -> &'a [u8] {
    let mut covered = Sha256::new();
    while let Some((line, end, after)) = trailer_line(rest) {
        let Some((name, value)) = trailer(line) else { break };
        if name == TRAILER_SIGNATURE && value == "$" {
            let signature = hex::encode(chain.sign_trailers(covered.clone().finalize().into()));
            out.extend_from_slice(format!("{name}:{signature}").as_bytes());
        } else {
            out.extend_from_slice(line);
        }
        out.extend_from_slice(end);
        covered.update(format!("{name}:{value}\n"));
        rest = after;
    }
    rest
}

/// The data and the trailers; `None` if anything is wrong with the body.
fn decoded_whole(payload: &Payload, body: &[u8]) -> Option<Decoded> {
    let (mut chain, mut data, mut rest) = (chain(payload), Vec::new(), body);
    loop {
        let (line, after) = line(rest)?;
        let (size, extension) = chunk_header(line)?;
        let (chunk, after) = after.split_at_checked(size)?;
        if let Some(chain) = &mut chain {
            let signature = hex::encode(chain.sign_chunk(Sha256::digest(chunk).into()));
            (extension?.strip_prefix(CHUNK_SIGNATURE)? == signature).then_some(())?;
        }
        if size == 0 {
            return Some((data, trailers_whole(payload, chain, after)?));
        }
        data.extend_from_slice(chunk);
        rest = after.strip_prefix(b"\r\n")?;
    }
}

fn trailers_whole(payload: &Payload, chain: Option<ChunkSigner>, mut rest: &[u8]) -> Option<Trailers> {
    let mut trailers = Trailers::new();
    loop {
        let (line, _, after) = trailer_line(rest)?;
        rest = after;
        if line.is_empty() {
            break;
        }
        let (name, value) = trailer(line)?;
        if matches!(payload, Payload::Signed(_)) || trailers.iter().any(|(known, _)| *known == name) {
            return None;
        }
        trailers.push((name, value));
    }
    if !rest.is_empty() || trailers.len() > MAX_TRAILERS {
        return None;
    }
    if let (Some(mut chain), Payload::SignedTrailer(_)) = (chain, payload) {
        let (name, signature) = trailers.pop()?;
        let mut covered = Sha256::new();
        for (name, value) in &trailers {
            covered.update(format!("{name}:{value}\n"));
        }
        let is_right = signature == hex::encode(chain.sign_trailers(covered.finalize().into()));
        (name == TRAILER_SIGNATURE && is_right).then_some(())?;
    }
    Some(trailers)
}

/// A line without its CRLF, and the rest.
fn line(body: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = body.iter().position(|byte| *byte == b'\n')?;
    let line = body[..end].strip_suffix(b"\r")?;
    (end < MAX_LINE_BYTES && !line.contains(&b'\r')).then_some((line, &body[end + 1..]))
}

/// A trailer or the empty line after the trailers, its end, and the rest. A trailer may end in LF. If it does, either CRLF
/// follows, which belongs to its end, or another such trailer.
fn trailer_line(body: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    if let Some((line, rest)) = line(body) {
        return Some((line, b"\r\n", rest));
    }
    let (line, rest) = lf_line(body)?;
    if let Some(rest) = rest.strip_prefix(b"\r\n") {
        return Some((line, b"\n\r\n", rest));
    }
    lf_line(rest).map(|_| (line, &b"\n"[..], rest))
}

/// A line that is not empty and ends in LF alone, and the rest.
fn lf_line(body: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = body.iter().position(|byte| *byte == b'\n')?;
    let is_line = end > 0 && end < MAX_LINE_BYTES && !body[..end].contains(&b'\r');
    is_line.then_some((&body[..end], &body[end + 1..]))
}

fn chunk_header(line: &[u8]) -> Option<(usize, Option<&str>)> {
    let line = str::from_utf8(line).ok()?;
    let (digits, extension) =
        line.split_once(';').map_or((line, None), |(digits, more)| (digits, Some(more)));
    let is_size = !digits.is_empty() && digits.chars().all(|digit| digit.is_ascii_hexdigit());
    let size = is_size.then(|| usize::from_str_radix(digits, 16).ok())??;
    Some((size, extension))
}

fn trailer(line: &[u8]) -> Option<(String, String)> {
    let line = str::from_utf8(line).ok().filter(|line| line.is_ascii())?;
    let (name, value) = line.split_once(':')?;
    let name = name.to_ascii_lowercase();
    // A token of RFC 9110, section 5.6.2.
    let is_token = |char: char| char.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(char);
    (!name.is_empty() && name.chars().all(is_token)).then(|| (name, value.trim().to_owned()))
}
