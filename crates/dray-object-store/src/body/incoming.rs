//! The frames of a request body as they arrive, freed of `aws-chunked`, with a limit on waiting.

use std::time::Duration;

use axum::body::{Body, HttpBody as _};
use bytes::Bytes;
use dray_s3::{ChunkedDecoder, ErrorCode, Trailers};
use http::{HeaderValue, header::CONNECTION};
use http_body_util::BodyExt;

use super::Announced;
use crate::failure::Failure;

/// A body being read.
pub(crate) struct Incoming<'a> {
    body: &'a mut Body,
    decoder: Option<ChunkedDecoder>,
    undecoded: Bytes,
    idle_timeout: Duration,
}

impl<'a> Incoming<'a> {
    pub(crate) fn new(body: &'a mut Body, announced: &Announced, idle_timeout: Duration) -> Self {
        let decoder = ChunkedDecoder::new(&announced.payload, Some(announced.size_bytes));
        Self { body, decoder, undecoded: Bytes::new(), idle_timeout }
    }

    /// The next bytes of the payload, never empty; `None` at its end.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, Failure> {
        loop {
            if let Some(decoder) = &mut self.decoder
                && let Some(data) = decoder.decode(&mut self.undecoded)?
            {
                return Ok(Some(data));
            }
            let Some(frame) = next_frame(self.body, self.idle_timeout).await? else {
                return Ok(None);
            };
            match self.decoder {
                Some(_) => self.undecoded = frame,
                None if frame.is_empty() => {}
                None => return Ok(Some(frame)),
            }
        }
    }

    /// The trailers, if the framing has any; checks that the framing is complete.
    pub(crate) fn finish(self) -> Result<Option<Trailers>, Failure> {
        Ok(self.decoder.map(ChunkedDecoder::finish).transpose()?)
    }
}

/// Reads a body that must be at most `max_bytes` long: the XML of a control request.
pub(crate) async fn read_whole(
    body: &mut Body,
    max_bytes: usize,
    idle_timeout: Duration,
) -> Result<Vec<u8>, Failure> {
    let too_long = || {
        let message = format!("The body of this request may have {max_bytes} bytes");
        Failure::new(ErrorCode::MaxMessageLengthExceeded, message)
    };
    if usize::try_from(body.size_hint().lower()).map_or(true, |announced| announced > max_bytes) {
        return Err(too_long());
    }
    let mut whole = Vec::new();
    while let Some(frame) = next_frame(body, idle_timeout).await? {
        if whole.len() + frame.len() > max_bytes {
            return Err(too_long());
        }
        whole.extend_from_slice(&frame);
    }
    Ok(whole)
}

async fn next_frame(body: &mut Body, idle_timeout: Duration) -> Result<Option<Bytes>, Failure> {
    loop {
        let frame =
            tokio::time::timeout(idle_timeout, body.frame()).await.map_err(|_| too_slow(idle_timeout))?;
        match frame {
            None => return Ok(None),
            Some(Err(_)) => return Err(incomplete()),
            // HTTP trailers carry nothing that S3 knows.
            Some(Ok(frame)) => {
                if let Ok(data) = frame.into_data() {
                    return Ok(Some(data));
                }
            }
        }
    }
}

fn too_slow(idle_timeout: Duration) -> Failure {
    let message = format!("Nothing arrived for {} s", idle_timeout.as_secs_f32());
    let close = HeaderValue::from_static("close");
    Failure::new(ErrorCode::RequestTimeout, message).with_header(CONNECTION, Some(close))
}

pub(super) fn incomplete() -> Failure {
    Failure::new(
        ErrorCode::IncompleteBody,
        "You did not provide the number of bytes that the request announced",
    )
}
