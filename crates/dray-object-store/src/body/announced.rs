//! What a request says about its body before the body arrives: size, framing and checksums.

use base64::{Engine, engine::general_purpose::STANDARD};
use dray_s3::{
    ErrorCode, Payload, Trailers,
    checksum::{Algorithm, Checksum},
};
use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};

use super::digests::{Digested, Digests, Wanted};
use crate::{
    failure::{Failure, invalid_argument, invalid_request, not_implemented},
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
    /// The checksum in a header or in the query.
    checksum: Option<Checksum>,
    /// The algorithm of the checksum that a trailer will carry.
    trailing: Option<Algorithm>,
}

impl Announced {
    /// Reads the announcement. It refuses a body without a size, or with too large a size.
    pub(crate) fn read(fields: &Fields<'_>, payload: Payload) -> Result<Self, Failure> {
        let size_bytes = announced_size(fields, &payload)?;
        if size_bytes > MAX_PUT_BYTES {
            let message = format!("The body has {size_bytes} bytes; at most {MAX_PUT_BYTES} are allowed");
            return Err(Failure::new(ErrorCode::EntityTooLarge, message));
        }
        let (checksum, trailing) = (announced_checksum(fields)?, trailing(fields, &payload)?);
        if checksum.is_some() && trailing.is_some() {
            return Err(several_checksums());
        }
        let announced =
            Self { size_bytes, is_exact: true, md5: announced_md5(fields)?, checksum, trailing, payload };
        announced.check_sdk_algorithm(fields)?;
        Ok(announced)
    }

    /// The announcement of a form's file, which has at most `most_bytes`. The form's fields take the place of headers.
    pub(crate) fn of_form(fields: &Fields<'_>, most_bytes: u64) -> Result<Self, Failure> {
        Ok(Self {
            size_bytes: most_bytes.min(MAX_PUT_BYTES),
            is_exact: false,
            payload: Payload::Unsigned,
            md5: announced_md5(fields)?,
            checksum: announced_checksum(fields)?,
            trailing: None,
        })
    }

    /// The algorithm of the checksum that the request carries or will carry.
    pub(crate) fn algorithm(&self) -> Option<Algorithm> {
        self.checksum.as_ref().map(Checksum::algorithm).or(self.trailing)
    }

    /// Refuses a request whose SDK says that it sends another checksum than it sends (AWS S3 API reference, `PutObject`).
    /// The name alone is ignored, because SDKs write it into presigned URLs, whose bodies they do not know.
    fn check_sdk_algorithm(&self, fields: &Fields<'_>) -> Result<(), Failure> {
        const NAME: &str = "x-amz-sdk-checksum-algorithm";
        let Some(said) = fields.get(NAME)? else { return Ok(()) };
        match self.algorithm() {
            Some(sent) if Algorithm::from_name(said) != Some(sent) => Err(invalid_value(NAME)),
            _ => Ok(()),
        }
    }

    /// The check of a body that is not kept here. `None` if nothing was announced to check it against.
    pub(crate) fn checking(&self) -> Option<Checking> {
        let is_announced =
            self.md5.is_some() || matches!(self.payload, Payload::Sha256(_)) || self.algorithm().is_some();
        is_announced.then(|| Checking(self.digests(Wanted::default())))
    }

    /// Everything that must be computed from the body.
    pub(super) fn digests(&self, mut wanted: Wanted) -> Digests {
        wanted.md5 |= self.md5.is_some();
        wanted.algorithms.extend(self.algorithm());
        if matches!(self.payload, Payload::Sha256(_)) {
            wanted.algorithms.push(Algorithm::Sha256);
        }
        Digests::new(&wanted)
    }

    /// The checksum that the body must have. The trailers must be the one that was announced, and no other.
    fn expected_checksum(&self, trailers: Option<&Trailers>) -> Result<Option<Checksum>, Failure> {
        let sent: Vec<(&str, &str)> = trailers.map(|trailers| trailers.iter().collect()).unwrap_or_default();
        match (self.trailing, &sent[..]) {
            (None, []) => Ok(self.checksum),
            (Some(algorithm), [(name, value)]) if *name == algorithm.header_name() => {
                parse_checksum(algorithm, value).map(Some)
            }
            _ => Err(Failure::new(
                ErrorCode::MalformedTrailerError,
                "The trailers of the body are not the one that x-amz-trailer announces",
            )),
        }
    }

    /// The error for a body with more bytes than are allowed.
    pub(crate) fn too_long(&self) -> Failure {
        if self.is_exact {
            return invalid_request("The body is longer than announced");
        }
        let message = format!("Your proposed upload is longer than the {} bytes allowed", self.size_bytes);
        Failure::new(ErrorCode::EntityTooLarge, message)
    }

    /// Checks everything that was announced about a body that has arrived completely.
    pub(super) fn verify(&self, digested: &Digested, trailers: Option<&Trailers>) -> Result<(), Failure> {
        let expected = self.expected_checksum(trailers)?;
        self.verify_digests(digested)?;
        verify_checksum(digested, expected)
    }

    /// Checks MD5 and the signed SHA-256.
    fn verify_digests(&self, digested: &Digested) -> Result<(), Failure> {
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

/// The digests of a body that passes through, and is not kept here.
pub(crate) struct Checking(Digests);

impl Checking {
    /// Adds the next bytes.
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Checks the whole body against what was announced, which had no trailers.
    pub(crate) fn finish(self, announced: &Announced) -> Result<(), Failure> {
        announced.verify(&self.0.finish(), None)
    }
}

fn verify_checksum(digested: &Digested, expected: Option<Checksum>) -> Result<(), Failure> {
    match expected {
        Some(checksum) if digested.checksum(checksum.algorithm()) != expected => {
            let name = checksum.algorithm().header_name();
            Err(Failure::new(
                ErrorCode::BadDigest,
                format!("The {name} you specified does not match the body"),
            ))
        }
        _ => Ok(()),
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
    let invalid = || invalid_argument(format!("{name} must be a number of bytes"));
    // AWS treats a length of chunks that cannot be read as none.
    size.ok_or_else(|| if payload.is_chunked() { missing() } else { invalid() })
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

/// The checksum in the headers or in the query.
pub(crate) fn announced_checksum(fields: &Fields<'_>) -> Result<Option<Checksum>, Failure> {
    let given = checksum_header(fields)?;
    given.map(|(algorithm, value)| parse_checksum(algorithm, value)).transpose()
}

/// The header with a checksum, if there is one. `InvalidRequest` for several, as on AWS, and `NotImplemented` for an
/// algorithm that this store does not have: a checksum that nobody compares must not look verified.
pub(crate) fn checksum_header<'a>(fields: &Fields<'a>) -> Result<Option<(Algorithm, &'a str)>, Failure> {
    const PREFIX: &str = "x-amz-checksum-";
    let mut found = None;
    for name in fields.names().filter(|name| name.starts_with(PREFIX)) {
        if matches!(&name[PREFIX.len()..], "algorithm" | "mode" | "type") {
            continue;
        }
        let algorithm = Algorithm::from_header_name(&name)
            .ok_or_else(|| not_implemented(&format!("the checksum {name}")))?;
        let before = found.replace(algorithm);
        if before.is_some_and(|before| before != algorithm) {
            return Err(several_checksums());
        }
    }
    let Some(algorithm) = found else { return Ok(None) };
    Ok(fields.get(algorithm.header_name())?.map(|value| (algorithm, value)))
}

fn several_checksums() -> Failure {
    invalid_request("Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.")
}

/// The error for a header that does not have the form of its value.
pub(crate) fn invalid_value(name: &str) -> Failure {
    invalid_request(format!("Value for {name} header is invalid"))
}

fn parse_checksum(algorithm: Algorithm, value: &str) -> Result<Checksum, Failure> {
    Checksum::from_base64(algorithm, value).ok_or_else(|| invalid_value(algorithm.header_name()))
}

fn trailing(fields: &Fields<'_>, payload: &Payload) -> Result<Option<Algorithm>, Failure> {
    let Some(name) = fields.list("x-amz-trailer")? else {
        return Ok(None);
    };
    if !payload.is_chunked() {
        return Err(invalid_request("x-amz-trailer needs a STREAMING-…-TRAILER x-amz-content-sha256"));
    }
    let unsupported = || invalid_request("The value specified in the x-amz-trailer header is not supported");
    Algorithm::from_header_name(name.trim()).ok_or_else(unsupported).map(Some)
}
