//! The frames of a request body as they arrive, without the framing of `aws-chunked`. Each wait has a limit.

use std::time::Duration;

use axum::body::{Body, HttpBody};
use bytes::Bytes;
use dray_s3::{ChunkedDecoder, ErrorCode, S3Error, Trailers};
use futures_util::{Stream, stream};
use http::{HeaderValue, header::CONNECTION};
use http_body_util::BodyExt;
use tokio::time::{Instant, timeout};

use super::Announced;
use crate::failure::Failure;

/// The slowest rate that is accepted, averaged over [`Frames::idle_timeout`]. A body holds a buffer while it arrives.
/// Even the slowest mobile networks are faster than this.
const MIN_BYTES_PER_SEC: u64 = 8 << 10;

/// A body that is being read.
pub(crate) struct Incoming<'a> {
    frames: Frames<&'a mut Body>,
    decoder: Option<ChunkedDecoder>,
    undecoded: Bytes,
}

impl<'a> Incoming<'a> {
    pub(crate) fn new(body: &'a mut Body, announced: &Announced, idle_timeout: Duration) -> Self {
        let decoder = ChunkedDecoder::new(&announced.payload, Some(announced.size_bytes));
        Self { frames: Frames::new(body, idle_timeout), decoder, undecoded: Bytes::new() }
    }

    /// The next bytes of the payload, never empty; `None` at its end.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, Failure> {
        loop {
            if let Some(decoder) = &mut self.decoder
                && let Some(data) = decoder.decode(&mut self.undecoded)?
            {
                return Ok(Some(data));
            }
            let Some(frame) = self.frames.next().await? else {
                return Ok(None);
            };
            match self.decoder {
                Some(_) => self.undecoded = frame,
                None if frame.is_empty() => {}
                None => return Ok(Some(frame)),
            }
        }
    }

    /// The trailers, if the framing has any. It checks that the framing is complete.
    pub(crate) fn finish(self) -> Result<Option<Trailers>, Failure> {
        Ok(self.decoder.map(ChunkedDecoder::finish).transpose()?)
    }
}

/// The frames of a body as a stream, one frame at a time, for a parser that would otherwise read everything that is ready.
pub(crate) fn frames(
    body: &mut Body,
    idle_timeout: Duration,
) -> impl Stream<Item = Result<Bytes, S3Error>> + Send + '_ {
    stream::unfold(Some(Frames::new(body, idle_timeout)), |frames| async {
        let mut frames = frames?;
        tokio::task::yield_now().await;
        match frames.next().await {
            Ok(frame) => frame.map(|frame| (Ok(frame), Some(frames))),
            Err(failure) => Some((Err(failure.error), None)),
        }
    })
}

/// Reads a body that must be at most `max_bytes` long: the XML of a control request.
pub(crate) async fn read_whole(
    body: &mut Body,
    max_bytes: usize,
    idle_timeout: Duration,
) -> Result<Vec<u8>, Failure> {
    let too_long = || {
        let message = format!("The body of this request may have at most {max_bytes} bytes");
        Failure::new(ErrorCode::MaxMessageLengthExceeded, message)
    };
    if usize::try_from(body.size_hint().lower()).map_or(true, |announced| announced > max_bytes) {
        return Err(too_long());
    }
    let mut whole = Vec::new();
    let mut frames = Frames::new(body, idle_timeout);
    while let Some(frame) = frames.next().await? {
        if whole.len() + frame.len() > max_bytes {
            return Err(too_long());
        }
        whole.extend_from_slice(&frame);
    }
    Ok(whole)
}

/// The frames of a body. Only the time spent waiting for the client counts, because a slow disk is not the client's fault.
pub(crate) struct Frames<B> {
    body: B,
    /// The longest wait for one frame, and the time over which the rate is averaged.
    idle_timeout: Duration,
    /// The time spent waiting since the average was last checked.
    waited: Duration,
    arrived_bytes: u64,
}

impl<B: HttpBody<Data = Bytes> + Unpin> Frames<B> {
    pub(crate) fn new(body: B, idle_timeout: Duration) -> Self {
        Self { body, idle_timeout, waited: Duration::ZERO, arrived_bytes: 0 }
    }

    /// The bytes of the next frame, which may be empty; `None` at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, Failure> {
        loop {
            let began = Instant::now();
            let frame = timeout(self.idle_timeout, self.body.frame()).await;
            let frame = frame.map_err(|_| nothing_came(self.idle_timeout))?;
            self.waited += began.elapsed();
            match frame {
                None => return Ok(None),
                Some(Err(_)) => return Err(incomplete()),
                // S3 defines no HTTP trailers.
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        self.check_rate(data.len() as u64)?;
                        return Ok(Some(data));
                    }
                }
            }
        }
    }

    fn check_rate(&mut self, arrived_bytes: u64) -> Result<(), Failure> {
        self.arrived_bytes += arrived_bytes;
        if self.waited < self.idle_timeout {
            return Ok(());
        }
        let least = u128::from(MIN_BYTES_PER_SEC) * self.waited.as_millis() / 1000;
        if u128::from(self.arrived_bytes) < least {
            return Err(too_slow());
        }
        (self.waited, self.arrived_bytes) = (Duration::ZERO, 0);
        Ok(())
    }
}

fn nothing_came(idle_timeout: Duration) -> Failure {
    timed_out(format!("Nothing arrived for {} s", idle_timeout.as_secs_f32()))
}

fn too_slow() -> Failure {
    timed_out(format!("The body arrives too slowly; at least {MIN_BYTES_PER_SEC} bytes a second are needed"))
}

fn timed_out(message: String) -> Failure {
    let close = HeaderValue::from_static("close");
    Failure::new(ErrorCode::RequestTimeout, message).with_header(CONNECTION, Some(close))
}

/// The error for a body that ends before the announced number of bytes.
pub(crate) fn incomplete() -> Failure {
    Failure::new(
        ErrorCode::IncompleteBody,
        "You did not provide the number of bytes that the request announced",
    )
}

#[cfg(test)]
mod tests {
    use futures_util::stream;

    use super::*;

    const WINDOW: Duration = Duration::from_mins(1);

    /// A body that brings one frame of this size every second.
    fn body(frame_bytes: usize, frames: usize) -> Body {
        Body::from_stream(stream::unfold(0, move |sent| async move {
            if sent == frames {
                return None;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
            Some((Ok::<_, std::io::Error>(Bytes::from(vec![0; frame_bytes])), sent + 1))
        }))
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_trickles_in_is_given_up_after_one_window() {
        let began = Instant::now();
        let failure = read_whole(&mut body(8000, 1000), usize::MAX, WINDOW).await.unwrap_err();
        assert_eq!(failure.error.code, ErrorCode::RequestTimeout);
        assert_eq!(failure.headers, [(CONNECTION, HeaderValue::from_static("close"))]);
        assert_eq!(began.elapsed().as_secs(), 60);
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_body_above_the_minimum_rate_is_accepted() {
        let whole = read_whole(&mut body(8192, 1000), usize::MAX, WINDOW).await.unwrap();
        assert_eq!(whole.len(), 8_192_000);
    }

    #[tokio::test(start_paused = true)]
    async fn a_short_body_may_arrive_slowly() {
        assert_eq!(read_whole(&mut body(1, 50), usize::MAX, WINDOW).await.unwrap().len(), 50);
    }

    #[tokio::test(start_paused = true)]
    async fn time_in_which_nobody_reads_the_body_does_not_count() {
        let mut body =
            Body::from_stream(stream::repeat_with(|| Ok::<_, std::io::Error>(Bytes::from_static(b"x"))));
        let mut frames = Frames::new(&mut body, WINDOW);
        for _ in 0..5 {
            assert!(frames.next().await.is_ok());
            tokio::time::advance(WINDOW).await;
        }
    }
}
