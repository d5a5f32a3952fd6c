//! What `x-amz-content-sha256` says about a body, and the chain of signatures of a body that is signed in chunks
//! (AWS S3 API reference, "Transferring Payload in Multiple Chunks"). `aws_chunked` reads the body.

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::{
    ErrorCode, S3Error,
    signing::{EMPTY_SHA256, SigningKey, UNSIGNED_PAYLOAD},
};

const UNSIGNED_TRAILER: &str = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";
const SIGNED: &str = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
const SIGNED_TRAILER: &str = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER";

/// How the body of an authenticated request is framed, and what proves its bytes.
#[derive(Debug, Clone)]
pub enum Payload {
    /// The plain body; nothing proves its bytes.
    Unsigned,
    /// The plain body. If it has another SHA-256, the answer is `XAmzContentSHA256Mismatch`.
    Sha256([u8; 32]),
    /// `aws-chunked` without signatures, with trailers at the end.
    UnsignedTrailer,
    /// `aws-chunked`, each chunk signed.
    Signed(ChunkSigner),
    /// `aws-chunked`, each chunk and the trailers signed.
    SignedTrailer(ChunkSigner),
}

impl Payload {
    /// Whether the body is `aws-chunked`: then [`ChunkedDecoder`](crate::ChunkedDecoder) reads it.
    pub fn is_chunked(&self) -> bool {
        match self {
            Self::Unsigned | Self::Sha256(_) => false,
            Self::UnsignedTrailer | Self::Signed(_) | Self::SignedTrailer(_) => true,
        }
    }
}

/// A parsed `x-amz-content-sha256`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PayloadHash {
    /// `UNSIGNED-PAYLOAD`
    Unsigned,
    /// The SHA-256 of the body.
    Sha256([u8; 32]),
    /// `STREAMING-UNSIGNED-PAYLOAD-TRAILER`
    UnsignedTrailer,
    /// `STREAMING-AWS4-HMAC-SHA256-PAYLOAD`
    Signed,
    /// `STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER`
    SignedTrailer,
}

impl PayloadHash {
    /// The hash of these bytes.
    pub fn of(body: &[u8]) -> Self {
        Self::Sha256(Sha256::digest(body).into())
    }

    /// The value in the header and in the canonical request.
    pub fn header_value(&self) -> String {
        match self {
            Self::Unsigned => UNSIGNED_PAYLOAD.to_owned(),
            Self::Sha256(hash) => hex::encode(hash),
            Self::UnsignedTrailer => UNSIGNED_TRAILER.to_owned(),
            Self::Signed => SIGNED.to_owned(),
            Self::SignedTrailer => SIGNED_TRAILER.to_owned(),
        }
    }

    pub(crate) fn parse(value: &str) -> Result<Self, S3Error> {
        match value {
            UNSIGNED_PAYLOAD => Ok(Self::Unsigned),
            UNSIGNED_TRAILER => Ok(Self::UnsignedTrailer),
            SIGNED => Ok(Self::Signed),
            SIGNED_TRAILER => Ok(Self::SignedTrailer),
            other => lower_hex(other).map(Self::Sha256).ok_or_else(|| {
                let message = "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, \
                               STREAMING-AWS4-HMAC-SHA256-PAYLOAD[-TRAILER] or a SHA-256 in lower-case hexadecimal";
                S3Error::new(ErrorCode::InvalidArgument, message)
            }),
        }
    }

    /// What proves the body of a request. The request's own signature starts the chain.
    pub(crate) fn payload(self, chain: ChunkSigner) -> Payload {
        match self {
            Self::Unsigned => Payload::Unsigned,
            Self::Sha256(hash) => Payload::Sha256(hash),
            Self::UnsignedTrailer => Payload::UnsignedTrailer,
            Self::Signed => Payload::Signed(chain),
            Self::SignedTrailer => Payload::SignedTrailer(chain),
        }
    }
}

/// The running state of a chain of chunk signatures: each signature covers the one before it.
#[derive(Debug, Clone)]
pub struct ChunkSigner {
    key: SigningKey,
    amz_date: String,
    scope: String,
    previous: [u8; 32],
}

impl ChunkSigner {
    pub(crate) fn new(key: SigningKey, amz_date: String, scope: String, seed: [u8; 32]) -> Self {
        Self { key, amz_date, scope, previous: seed }
    }

    /// Signs the next chunk, which has this SHA-256. The next signature continues from this one.
    pub fn sign_chunk(&mut self, chunk_hash: [u8; 32]) -> [u8; 32] {
        let (date, scope, previous) = (&self.amz_date, &self.scope, hex::encode(self.previous));
        let hash = hex::encode(chunk_hash);
        let text = format!("AWS4-HMAC-SHA256-PAYLOAD\n{date}\n{scope}\n{previous}\n{EMPTY_SHA256}\n{hash}");
        self.previous = self.key.sign(&text);
        self.previous
    }

    /// Signs the trailers (each as `name:value\n`), which have this SHA-256.
    pub fn sign_trailers(&mut self, trailers_hash: [u8; 32]) -> [u8; 32] {
        let (date, scope, previous) = (&self.amz_date, &self.scope, hex::encode(self.previous));
        let hash = hex::encode(trailers_hash);
        self.previous =
            self.key.sign(&format!("AWS4-HMAC-SHA256-TRAILER\n{date}\n{scope}\n{previous}\n{hash}"));
        self.previous
    }

    pub(crate) fn verify_chunk(&mut self, chunk_hash: [u8; 32], signature: &[u8; 32]) -> bool {
        self.sign_chunk(chunk_hash).ct_eq(signature).into()
    }

    pub(crate) fn verify_trailers(&mut self, trailers_hash: [u8; 32], signature: &[u8; 32]) -> bool {
        self.sign_trailers(trailers_hash).ct_eq(signature).into()
    }
}

/// Reads 32 bytes from 64 lower-case hexadecimal digits. Signatures and hashes have no other spelling.
pub(crate) fn lower_hex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    let lower = text.bytes().all(|byte| !byte.is_ascii_uppercase());
    (lower && hex::decode_to_slice(text, &mut bytes).is_ok()).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_values_parse_back_and_others_are_refused() {
        for hash in [
            PayloadHash::Unsigned,
            PayloadHash::of(b""),
            PayloadHash::UnsignedTrailer,
            PayloadHash::Signed,
            PayloadHash::SignedTrailer,
        ] {
            assert_eq!(PayloadHash::parse(&hash.header_value()), Ok(hash));
        }
        assert_eq!(PayloadHash::of(b"").header_value(), EMPTY_SHA256);
        for bad in ["", "abc", "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD", &EMPTY_SHA256.to_uppercase()] {
            assert_eq!(PayloadHash::parse(bad).unwrap_err().code, ErrorCode::InvalidArgument, "{bad}");
        }
    }
}
