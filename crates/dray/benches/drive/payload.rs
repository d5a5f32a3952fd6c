//! A request body of a known length that costs the load almost nothing: one buffer, sent again and again.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

/// Bytes passed to the connection at once.
const FRAME_BYTES: usize = 256 * 1024;

type Gate = Pin<Box<dyn Future<Output = ()> + Send>>;

/// `left` bytes, made by repeating `buffer`. With a gate, only the first frame is sent before the gate opens.
pub(crate) struct Payload {
    buffer: Bytes,
    at: usize,
    left: u64,
    gate: Option<Gate>,
    gated: bool,
}

impl Payload {
    /// No body.
    pub(crate) fn empty() -> Self {
        Self::whole(Bytes::new())
    }

    /// These bytes.
    pub(crate) fn whole(bytes: impl Into<Bytes>) -> Self {
        let buffer = bytes.into();
        let left = buffer.len() as u64;
        Self::repeated(buffer, left)
    }

    /// `length` bytes made by repeating `buffer`, which must not be empty unless `length` is 0.
    pub(crate) fn repeated(buffer: Bytes, length: u64) -> Self {
        Self { buffer, at: 0, left: length, gate: None, gated: false }
    }

    /// Sends one frame, then waits for `gate` with the request open.
    pub(crate) fn behind(mut self, gate: impl Future<Output = ()> + Send + 'static) -> Self {
        self.gate = Some(Box::pin(gate));
        self
    }

    fn next_frame(&mut self) -> Bytes {
        let room = usize::try_from(self.left).unwrap_or(usize::MAX).min(FRAME_BYTES);
        let end = self.buffer.len().min(self.at + room);
        let frame = self.buffer.slice(self.at..end);
        self.at = if end == self.buffer.len() { 0 } else { end };
        self.left -= frame.len() as u64;
        frame
    }
}

impl Body for Payload {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        if self.gated
            && let Some(gate) = &mut self.gate
        {
            ready!(gate.as_mut().poll(context));
            self.gate = None;
        }
        self.gated = true;
        Poll::Ready(Some(Ok(Frame::data(self.next_frame()))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

/// Bytes that no disk and no server can compress or share.
pub(crate) fn random(length: usize) -> anyhow::Result<Bytes> {
    let mut buffer = vec![0; length];
    std::io::Read::read_exact(&mut std::fs::File::open("/dev/urandom")?, &mut buffer)?;
    Ok(buffer.into())
}
