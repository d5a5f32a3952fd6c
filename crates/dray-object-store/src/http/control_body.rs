//! The bodies of control requests: XML, small, read whole and checked before it is parsed.

use axum::body::Body;
use bytes::Bytes;
use dray_s3::{
    ChunkedDecoder, ErrorCode, Payload,
    checksum::{Algorithm, Checksum},
};
use md5::{Digest, Md5};

use super::Call;
use crate::{
    body::{announced_checksum, announced_md5, read_whole},
    failure::Failure,
};

/// Room for the framing of `aws-chunked` around a body.
const FRAMING_BYTES: usize = 64 << 10;

/// What the checksum headers describe.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Checksums {
    /// `x-amz-checksum-*` are checksums of the body.
    OfBody,
    /// `x-amz-checksum-*` are checksums of the object (`CompleteMultipartUpload`).
    OfObject,
}

/// Reads a body of at most `max_bytes`.
pub(super) async fn read(
    call: &Call,
    body: &mut Body,
    max_bytes: usize,
    checksums: Checksums,
) -> Result<Vec<u8>, Failure> {
    let raw = read_whole(body, max_bytes + FRAMING_BYTES, call.store.idle_timeout()).await?;
    let whole = decode(call, raw)?;
    let fields = call.fields();
    if let Payload::Sha256(signed) = &call.payload
        && Checksum::of(Algorithm::Sha256, &whole).as_bytes() != signed
    {
        let message = "The SHA-256 of the body is not the signed x-amz-content-sha256";
        return Err(Failure::new(ErrorCode::XAmzContentSHA256Mismatch, message));
    }
    let md5_differs = announced_md5(&fields)?.is_some_and(|md5| md5 != <[u8; 16]>::from(Md5::digest(&whole)));
    let given = if checksums == Checksums::OfBody { announced_checksum(&fields)? } else { None };
    if md5_differs || given.is_some_and(|given| Checksum::of(given.algorithm(), &whole) != given) {
        return Err(Failure::new(ErrorCode::BadDigest, "The checksum you specified does not match the body"));
    }
    Ok(whole)
}

fn decode(call: &Call, raw: Vec<u8>) -> Result<Vec<u8>, Failure> {
    let Some(mut decoder) = ChunkedDecoder::new(&call.payload, None) else {
        return Ok(raw);
    };
    let (mut raw, mut whole) = (Bytes::from(raw), Vec::new());
    while let Some(data) = decoder.decode(&mut raw)? {
        whole.extend_from_slice(&data);
    }
    let trailers = decoder.finish()?;
    for (name, value) in trailers.iter() {
        let Some(algorithm) = Algorithm::from_header_name(name) else { continue };
        if Checksum::from_base64(algorithm, value) != Some(Checksum::of(algorithm, &whole)) {
            return Err(Failure::new(
                ErrorCode::BadDigest,
                "The checksum in the trailer does not match the body",
            ));
        }
    }
    Ok(whole)
}
