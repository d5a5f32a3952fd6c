//! The `aws-chunked` body: chunks with sizes, optional signatures, and trailers (AWS S3 API reference,
//! "Transferring Payload in Multiple Chunks (Chunked Upload)" and "… with trailing headers").
//!
//! A push parser without IO. It never buffers a chunk: it passes data on as it arrives, hashes it on the way, and
//! checks a chunk's signature at the end of the chunk. So the caller must commit nothing before
//! [`ChunkedDecoder::finish`].

mod line;
#[cfg(test)]
mod tests;
mod trailers;

use bytes::Bytes;
use sha2::{Digest, Sha256};

use crate::{
    ErrorCode, Payload, S3Error,
    payload::{ChunkSigner, lower_hex},
};
use line::{Line, LineBuffer};
pub use trailers::Trailers;

/// The longest line, in bytes. A chunk's size and signature need under 100 bytes, a trailer's name and value under 200.
pub const MAX_LINE_BYTES: usize = 1024;
/// The maximum number of trailers; S3 knows one checksum and one signature.
pub const MAX_TRAILERS: usize = 16;

/// Decodes one `aws-chunked` body.
#[derive(Debug)]
pub struct ChunkedDecoder {
    state: State,
    line: LineBuffer,
    signing: Option<Signing>,
    with_trailers: bool,
    trailers: Trailers,
    /// Whether the last trailer ended in LF alone, so that a CRLF must follow.
    owes_crlf: bool,
    decoded_bytes: u64,
    expected_bytes: Option<u64>,
}

#[derive(Debug)]
struct Signing {
    chain: ChunkSigner,
    chunk_hash: Sha256,
    chunk_signature: [u8; 32],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    ChunkHeader,
    Data {
        remaining_bytes: u64,
    },
    DataEnd,
    Trailers,
    Done,
    /// After an error the decoder refuses everything, because it no longer knows where in the body it is.
    Failed,
}

impl ChunkedDecoder {
    /// A decoder for a body of this payload; `None` if the payload is not chunked.
    /// `decoded_length` is `x-amz-decoded-content-length`, in bytes; the body must then have exactly this size.
    pub fn new(payload: &Payload, decoded_length: Option<u64>) -> Option<Self> {
        let (chain, with_trailers) = match payload {
            Payload::Unsigned | Payload::Sha256(_) => return None,
            Payload::UnsignedTrailer => (None, true),
            Payload::Signed(chain) => (Some(chain), false),
            Payload::SignedTrailer(chain) => (Some(chain), true),
        };
        let signing = chain.cloned();
        Some(Self {
            state: State::ChunkHeader,
            line: LineBuffer::default(),
            signing: signing.map(|chain| Signing {
                chain,
                chunk_hash: Sha256::new(),
                chunk_signature: [0; 32],
            }),
            with_trailers,
            trailers: Trailers::default(),
            owes_crlf: false,
            decoded_bytes: 0,
            expected_bytes: decoded_length,
        })
    }

    /// Takes bytes from the front of `input` and returns the next data among them, never empty.
    /// `None` means that all of `input` was taken and more is needed (or the body is complete).
    pub fn decode(&mut self, input: &mut Bytes) -> Result<Option<Bytes>, S3Error> {
        let decoded = self.advance(input);
        if decoded.is_err() {
            self.state = State::Failed;
        }
        decoded
    }

    /// The trailers of a body that is complete and whose signatures all matched.
    /// `IncompleteBody` if bytes are missing.
    pub fn finish(self) -> Result<Trailers, S3Error> {
        if self.state != State::Done
            || self.expected_bytes.is_some_and(|expected| expected != self.decoded_bytes)
        {
            return Err(incomplete("The body ended before all of its chunks"));
        }
        Ok(self.trailers)
    }

    fn advance(&mut self, input: &mut Bytes) -> Result<Option<Bytes>, S3Error> {
        while !input.is_empty() {
            match self.state {
                State::Data { remaining_bytes } => return Ok(Some(self.take_data(input, remaining_bytes))),
                State::Done => return Err(malformed("There are bytes after the last chunk")),
                State::Failed => return Err(malformed("The body was already refused")),
                State::ChunkHeader | State::DataEnd | State::Trailers => {
                    if let Some(line) = self.line.take(input)? {
                        self.accept_line(&line)?;
                    }
                }
            }
        }
        Ok(None)
    }

    fn take_data(&mut self, input: &mut Bytes, remaining_bytes: u64) -> Bytes {
        let available = u64::try_from(input.len()).unwrap_or(u64::MAX);
        let size = if available < remaining_bytes { input.len() } else { usize_of(remaining_bytes) };
        let data = input.split_to(size);
        if let Some(signing) = &mut self.signing {
            signing.chunk_hash.update(&data);
        }
        let taken_bytes = available.min(remaining_bytes);
        self.decoded_bytes += taken_bytes;
        self.state = match remaining_bytes - taken_bytes {
            0 => State::DataEnd,
            remaining_bytes => State::Data { remaining_bytes },
        };
        data
    }

    fn accept_line(&mut self, line: &Line) -> Result<(), S3Error> {
        if !line.ends_in_crlf && (self.state != State::Trailers || line.text.is_empty()) {
            return Err(malformed("A line of the body does not end in CRLF"));
        }
        match self.state {
            State::ChunkHeader => self.accept_chunk_header(&line.text),
            State::DataEnd if line.text.is_empty() => self.end_chunk(State::ChunkHeader),
            State::DataEnd => Err(malformed("A chunk is longer than its size says")),
            State::Trailers => self.accept_trailer(line),
            State::Data { .. } | State::Done | State::Failed => Err(malformed("A line has no place here")),
        }
    }

    /// Takes a trailer, or the empty line after the last one.
    ///
    /// minio-go ends trailers in LF, as their signature covers them, and then sends one CRLF (minio-go,
    /// `request-signature-streaming.go` and `request-signature-streaming-unsigned-trailer.go`).
    fn accept_trailer(&mut self, line: &Line) -> Result<(), S3Error> {
        let owed = std::mem::replace(&mut self.owes_crlf, !line.ends_in_crlf);
        match (owed, line.text.is_empty()) {
            (true, true) => Ok(()),
            (true, false) if line.ends_in_crlf => {
                Err(malformed("After a trailer that ends in LF a CRLF is missing"))
            }
            (_, false) => self.trailers.add(&line.text, self.with_trailers),
            (false, true) => self.end_trailers(),
        }
    }

    fn accept_chunk_header(&mut self, line: &[u8]) -> Result<(), S3Error> {
        let line = std::str::from_utf8(line).map_err(|_| malformed("A chunk header is not ASCII"))?;
        let (size, extension) = line.split_once(';').unwrap_or((line, ""));
        let size_bytes = parse_size(size)?;
        if let Some(signing) = &mut self.signing {
            signing.chunk_signature = extension
                .strip_prefix("chunk-signature=")
                .and_then(lower_hex)
                .ok_or_else(|| malformed("A chunk of a signed body needs a chunk-signature"))?;
        }
        let end = self.decoded_bytes.checked_add(size_bytes);
        let end = end.ok_or_else(|| malformed("The chunks are longer than any object"))?;
        if self.expected_bytes.is_some_and(|expected| end > expected) {
            return Err(incomplete("The chunks are longer than x-amz-decoded-content-length"));
        }
        if size_bytes == 0 {
            return self.end_chunk(State::Trailers);
        }
        self.state = State::Data { remaining_bytes: size_bytes };
        Ok(())
    }

    fn end_chunk(&mut self, next: State) -> Result<(), S3Error> {
        self.state = next;
        let Some(signing) = &mut self.signing else { return Ok(()) };
        let hash = signing.chunk_hash.finalize_reset().into();
        let matches = signing.chain.verify_chunk(hash, &signing.chunk_signature);
        matches.then_some(()).ok_or_else(|| mismatch("The signature of a chunk does not match"))
    }

    fn end_trailers(&mut self) -> Result<(), S3Error> {
        self.state = State::Done;
        let Some(signing) = self.signing.as_mut().filter(|_| self.with_trailers) else { return Ok(()) };
        let signature = self.trailers.take_signature();
        let signature =
            signature.ok_or_else(|| trailers::malformed("The trailers of a signed body need a signature"))?;
        let matches = signing.chain.verify_trailers(self.trailers.hash(), &signature);
        matches.then_some(()).ok_or_else(|| mismatch("The signature of the trailers does not match"))
    }
}

/// Nothing is lost here: the number is at most the length of a buffer in memory.
fn usize_of(size_bytes: u64) -> usize {
    usize::try_from(size_bytes).unwrap_or(usize::MAX)
}

/// One to sixteen hexadecimal digits. A sign, which `from_str_radix` accepts, is refused.
fn parse_size(digits: &str) -> Result<u64, S3Error> {
    let valid = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let size = u64::from_str_radix(digits, 16).ok().filter(|_| valid);
    size.ok_or_else(|| malformed("A chunk's size must be hexadecimal digits"))
}

/// Chunks that cannot be read. The code is that of AWS, which reads on until the body ends too early.
fn malformed(message: &'static str) -> S3Error {
    S3Error::new(ErrorCode::IncompleteBody, message)
}

fn incomplete(message: &'static str) -> S3Error {
    S3Error::new(ErrorCode::IncompleteBody, message)
}

fn mismatch(message: &'static str) -> S3Error {
    S3Error::new(ErrorCode::SignatureDoesNotMatch, message)
}
