//! Reads the heads of requests, and their bodies, from the frames of one body.

use axum::body::HttpBody;
use bytes::{Bytes, BytesMut};

use crate::{
    body::{Frames, incomplete},
    failure::{Failure, invalid_request},
};

/// The maximum number of bytes of a request's head.
const MAX_HEAD_BYTES: usize = 16 << 10;
const END_OF_HEAD: &[u8] = b"\r\n\r\n";

pub(super) struct Reader<B> {
    frames: Frames<B>,
    /// Bytes that were received and not read yet.
    received: BytesMut,
}

impl<B: HttpBody<Data = Bytes> + Unpin> Reader<B> {
    pub(super) fn new(frames: Frames<B>) -> Self {
        Self { frames, received: BytesMut::new() }
    }

    /// The next head, with its empty line; `None` at the end of the body.
    pub(super) async fn head(&mut self) -> Result<Option<Bytes>, Failure> {
        let mut searched = 0;
        loop {
            let window = &self.received[searched..];
            if let Some(at) = window.windows(END_OF_HEAD.len()).position(|four| four == END_OF_HEAD) {
                let length = searched + at + END_OF_HEAD.len();
                return if length <= MAX_HEAD_BYTES {
                    Ok(Some(self.received.split_to(length).freeze()))
                } else {
                    Err(too_long())
                };
            }
            if self.received.len() > MAX_HEAD_BYTES {
                return Err(too_long());
            }
            searched = self.received.len().saturating_sub(END_OF_HEAD.len() - 1);
            match self.frames.next().await? {
                Some(frame) => self.received.extend_from_slice(&frame),
                None if self.received.is_empty() => return Ok(None),
                None => return Err(incomplete()),
            }
        }
    }

    /// The next bytes of a body: at least one, and at most `most`, which is not 0.
    pub(super) async fn take(&mut self, most: u64) -> Result<Bytes, Failure> {
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        while self.received.is_empty() {
            let mut frame = self.frames.next().await?.ok_or_else(incomplete)?;
            if frame.len() > most {
                self.received.extend_from_slice(&frame.split_off(most));
            }
            if !frame.is_empty() {
                return Ok(frame);
            }
        }
        Ok(self.received.split_to(most.min(self.received.len())).freeze())
    }
}

fn too_long() -> Failure {
    invalid_request(format!("The head of a request in a pipeline has at most {MAX_HEAD_BYTES} bytes"))
}

#[cfg(test)]
mod tests {
    use std::{convert::Infallible, time::Duration};

    use dray_s3::ErrorCode;
    use futures_util::stream;
    use http_body::Frame;
    use http_body_util::StreamBody;

    use super::*;

    type Pieces = Vec<Result<Frame<Bytes>, Infallible>>;

    /// A reader of this text, which arrives in pieces of `size`.
    fn reader(text: &'static str, size: usize) -> Reader<impl HttpBody<Data = Bytes> + Unpin> {
        let pieces: Pieces =
            text.as_bytes().chunks(size).map(|piece| Ok(Frame::data(piece.into()))).collect();
        Reader::new(Frames::new(StreamBody::new(stream::iter(pieces)), Duration::from_secs(1)))
    }

    #[tokio::test]
    async fn heads_and_bodies_are_the_same_however_the_bytes_arrive() {
        for size in 1..40 {
            let mut reader = reader("A\r\nb: c\r\n\r\n12345B\r\n\r\n\r\n\r\n", size);
            assert_eq!(reader.head().await.unwrap().unwrap(), "A\r\nb: c\r\n\r\n");
            let mut body = Vec::new();
            while body.len() < 5 {
                let piece = reader.take(5 - body.len() as u64).await.unwrap();
                assert!(!piece.is_empty());
                body.extend_from_slice(&piece);
            }
            assert_eq!(body, b"12345");
            assert_eq!(reader.head().await.unwrap().unwrap(), "B\r\n\r\n");
            assert_eq!(reader.head().await.unwrap().unwrap(), "\r\n\r\n");
            assert!(reader.head().await.unwrap().is_none());
        }
    }

    #[tokio::test]
    async fn a_head_that_does_not_end_is_refused_and_a_body_that_ends_early_is_incomplete() {
        let long: &'static str = "x".repeat(2 * MAX_HEAD_BYTES).leak();
        for size in [1000, MAX_HEAD_BYTES, 2 * MAX_HEAD_BYTES] {
            assert_eq!(reader(long, size).head().await.unwrap_err().error.code, ErrorCode::InvalidRequest);
        }
        let mut short = reader("A\r\n\r\n12", 3);
        assert!(short.head().await.unwrap().is_some());
        assert_eq!(short.take(1).await.unwrap(), "1");
        assert_eq!(short.take(5).await.unwrap(), "2");
        assert_eq!(short.take(4).await.unwrap_err().error.code, ErrorCode::IncompleteBody);
        assert_eq!(reader("A\r\n", 3).head().await.unwrap_err().error.code, ErrorCode::IncompleteBody);
    }
}
