//! What a request says about its body before the body arrives: size, framing and checksums.

use base64::{Engine, engine::general_purpose::STANDARD};
use dray_s3::{
    ErrorCode, Payload, Trailers,
    checksum::{Algorithm, Checksum},
};
use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};

use super::digests::{Digested, Digests, Wanted};
use crate::{
    failure::{Failure, invalid_request},
    fields::Fields,
};

/// The largest part, and the largest object in one PUT (AWS S3 user guide, "Multipart upload limits").
const MAX_PUT_BYTES: u64 = 5 << 30;

/// What a request announces.
pub(crate) struct Announced {
    /// The size of the payload, without the framing of `aws-chunked`.
    pub(crate) size_bytes: u64,
    /// Whether the size is exact, or only an upper bound.
    pub(super) is_exact: bool,
    pub(crate) payload: Payload,
    md5: Option<[u8; 16]>,
    /// The checksums in headers or in the query.
    checksums: Vec<Checksum>,
    /// The algorithms of checksums that a trailer will carry.
    trailing: Vec<Algorithm>,
}

impl Announced {
    /// Reads the announcement. It refuses a body without a size, or with too large a size.
    pub(crate) fn read(fields: &Fields<'_>, payload: Payload) -> Result<Self, Failure> {
        let size_bytes = announced_size(fields, &payload)?;
        if size_bytes > MAX_PUT_BYTES {
            let message = format!("The body has {size_bytes} bytes; at most {MAX_PUT_BYTES} are allowed");
            return Err(Failure::new(ErrorCode::EntityTooLarge, message));
        }
        Ok(Self {
            size_bytes,
            is_exact: true,
            md5: announced_md5(fields)?,
            checksums: announced_checksums(fields)?,
            trailing: trailing(fields, &payload)?,
            payload,
        })
    }

    /// The announcement of a form's file, which has at most `most_bytes`. The form's fields take the place of headers.
    pub(crate) fn of_form(fields: &Fields<'_>, most_bytes: u64) -> Result<Self, Failure> {
        Ok(Self {
            size_bytes: most_bytes.min(MAX_PUT_BYTES),
            is_exact: false,
            payload: Payload::Unsigned,
            md5: announced_md5(fields)?,
            checksums: announced_checksums(fields)?,
            trailing: Vec::new(),
        })
    }

    /// The algorithms of the checksums that the request carries or will carry.
    pub(crate) fn algorithms(&self) -> impl Iterator<Item = Algorithm> {
        self.checksums.iter().map(Checksum::algorithm).chain(self.trailing.iter().copied())
    }

    /// The first of them.
    pub(crate) fn algorithm(&self) -> Option<Algorithm> {
        self.algorithms().next()
    }

    /// Everything that must be computed from the body.
    pub(super) fn digests(&self, mut wanted: Wanted) -> Digests {
        wanted.md5 |= self.md5.is_some();
        wanted.algorithms.extend(self.algorithms());
        if matches!(self.payload, Payload::Sha256(_)) {
            wanted.algorithms.push(Algorithm::Sha256);
        }
        Digests::new(&wanted)
    }

    /// The checksums that the body must have.
    pub(super) fn expected_checksums(&self, trailers: Option<&Trailers>) -> Result<Vec<Checksum>, Failure> {
        let mut expected = self.checksums.clone();
        for algorithm in &self.trailing {
            let name = algorithm.header_name();
            let value = trailers.and_then(|trailers| trailers.get(name)).ok_or_else(|| {
                invalid_request(format!(
                    "The trailer {name} was announced in x-amz-trailer but did not arrive"
                ))
            })?;
            expected.push(parse_checksum(*algorithm, value)?);
        }
        Ok(expected)
    }

    /// The error for a body with more bytes than are allowed.
    pub(crate) fn too_long(&self) -> Failure {
        if self.is_exact {
            return invalid_request("The body is longer than announced");
        }
        let message = format!("Your proposed upload is longer than the {} bytes allowed", self.size_bytes);
        Failure::new(ErrorCode::EntityTooLarge, message)
    }

    /// Checks MD5 and the signed SHA-256.
    pub(super) fn verify(&self, digested: &Digested) -> Result<(), Failure> {
        if self.md5.is_some() && self.md5 != digested.digest.md5() {
            let message = "The Content-MD5 you specified did not match what we received";
            return Err(Failure::new(ErrorCode::BadDigest, message));
        }
        if let Payload::Sha256(signed) = &self.payload {
            let computed = digested.checksum(Algorithm::Sha256);
            if computed.as_ref().map(Checksum::as_bytes) != Some(signed) {
                let message = "The SHA-256 of the body is not the signed x-amz-content-sha256";
                return Err(Failure::new(ErrorCode::XAmzContentSHA256Mismatch, message));
            }
        }
        Ok(())
    }
}

fn announced_size(fields: &Fields<'_>, payload: &Payload) -> Result<u64, Failure> {
    let name = if payload.is_chunked() { "x-amz-decoded-content-length" } else { CONTENT_LENGTH.as_str() };
    let missing = || Failure::new(ErrorCode::MissingContentLength, format!("You must provide {name}"));
    let value = fields.get(name)?.ok_or_else(missing)?;
    if !payload.is_chunked() && fields.has(TRANSFER_ENCODING.as_str()) {
        return Err(missing());
    }
    let digits = value.bytes().all(|byte| byte.is_ascii_digit());
    let size = value.parse().ok().filter(|_| digits);
    size.ok_or_else(|| crate::failure::invalid_argument(format!("{name} must be a number of bytes")))
}

pub(crate) fn announced_md5(fields: &Fields<'_>) -> Result<Option<[u8; 16]>, Failure> {
    let parse = |value: &str| {
        let md5 = STANDARD.decode(value).ok().and_then(|bytes| bytes.try_into().ok());
        md5.ok_or_else(|| {
            Failure::new(ErrorCode::InvalidDigest, "The Content-MD5 you specified is not valid")
        })
    };
    fields.get("content-md5")?.map(parse).transpose()
}

/// The checksums in headers and query.
pub(crate) fn announced_checksums(fields: &Fields<'_>) -> Result<Vec<Checksum>, Failure> {
    let given = Algorithm::ALL.into_iter().filter_map(|algorithm| {
        let value = fields.get(algorithm.header_name()).transpose()?;
        Some(value.and_then(|value| parse_checksum(algorithm, value)))
    });
    given.collect()
}

fn parse_checksum(algorithm: Algorithm, value: &str) -> Result<Checksum, Failure> {
    let invalid = || invalid_request(format!("Value for {} header is invalid", algorithm.header_name()));
    Checksum::from_base64(algorithm, value).ok_or_else(invalid)
}

fn trailing(fields: &Fields<'_>, payload: &Payload) -> Result<Vec<Algorithm>, Failure> {
    let Some(names) = fields.list("x-amz-trailer")? else {
        return Ok(Vec::new());
    };
    if !payload.is_chunked() {
        return Err(invalid_request("x-amz-trailer needs a STREAMING-…-TRAILER x-amz-content-sha256"));
    }
    let parse = |name: &str| {
        Algorithm::from_header_name(name.trim()).ok_or_else(|| {
            invalid_request("The value specified in the x-amz-trailer header is not supported")
        })
    };
    names.split(',').map(parse).collect()
}
