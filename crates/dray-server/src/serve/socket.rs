//! A connection's socket. It reports the bytes that move to its [`Connection`], and fails if its client reads too
//! slowly.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};

use super::bounds::{LOOK_FOR_HEADS, MIN_READER_BYTES_PER_SEC, SLOW_READER_WINDOW};
use super::connection::Connection;

/// A watched socket.
pub(super) struct Socket<S> {
    inner: S,
    connection: Arc<Connection>,
    reader: Reader,
    /// Wakes the connection to see whether its client takes too long for its next request.
    next_look: Option<Pin<Box<Sleep>>>,
}

/// How fast the client reads. Only the time spent waiting for it counts.
#[derive(Default)]
struct Reader {
    /// Since when the socket has accepted no bytes.
    held_up_since: Option<Instant>,
    /// Time spent waiting for it in this window.
    waited: Duration,
    /// Bytes that it accepted in this window.
    taken: u64,
    /// Ends the window if nothing moves.
    alarm: Option<Pin<Box<Sleep>>>,
}

impl<S> Socket<S> {
    pub(super) fn new(inner: S, connection: Arc<Connection>) -> Self {
        Self { inner, connection, reader: Reader::default(), next_look: None }
    }

    /// Fails if the client takes too long for the head of its next request. It looks now and then, so that no request has to set
    /// an alarm.
    fn awaits_head(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            let left = self.connection.time_for_head();
            if left.is_zero() {
                return Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "no request came in time")));
            }
            let alarm = self.next_look.get_or_insert_with(|| Box::pin(sleep(left.min(LOOK_FOR_HEADS))));
            if alarm.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            self.next_look = None;
        }
    }

    /// Handles the result of a write.
    fn wrote(&mut self, cx: &mut Context<'_>, wrote: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        let checked = match &wrote {
            Poll::Ready(Ok(bytes)) => {
                if self.reader.held_up_since.is_some() {
                    self.connection.writes(false);
                }
                self.connection.moves(*bytes);
                self.connection.takes(*bytes);
                self.reader.takes(*bytes as u64)
            }
            Poll::Ready(Err(_)) => Ok(()),
            Poll::Pending => {
                self.connection.writes(true);
                self.reader.waits(cx)
            }
        };
        if let Err(too_slow) = checked {
            self.connection.all.slow_reader();
            return Poll::Ready(Err(too_slow));
        }
        wrote
    }
}

impl Reader {
    fn takes(&mut self, bytes: u64) -> io::Result<()> {
        if let Some(since) = self.held_up_since.take() {
            self.waited += since.elapsed();
        }
        if self.waited > Duration::ZERO {
            self.taken += bytes;
        }
        self.check()
    }

    fn waits(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        if self.held_up_since.is_none() {
            self.held_up_since = Some(Instant::now());
            self.alarm = Some(Box::pin(sleep(SLOW_READER_WINDOW.saturating_sub(self.waited))));
        }
        while let Some(alarm) = &mut self.alarm
            && alarm.as_mut().poll(cx).is_ready()
        {
            let now = Instant::now();
            self.waited += self.held_up_since.replace(now).map_or(Duration::ZERO, |since| now - since);
            self.check()?;
            self.alarm = Some(Box::pin(sleep(SLOW_READER_WINDOW.saturating_sub(self.waited))));
        }
        Ok(())
    }

    /// At the end of a window: begins another one if the client was fast enough, and fails otherwise.
    fn check(&mut self) -> io::Result<()> {
        if self.waited < SLOW_READER_WINDOW {
            return Ok(());
        }
        let least = u128::from(MIN_READER_BYTES_PER_SEC) * self.waited.as_millis() / 1000;
        if u128::from(self.taken) < least {
            return Err(io::Error::new(io::ErrorKind::TimedOut, "the client reads too slowly"));
        }
        (self.waited, self.taken) = (Duration::ZERO, 0);
        Ok(())
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Socket<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        if Pin::new(&mut self.inner).poll_read(cx, into)?.is_pending() {
            return self.awaits_head(cx);
        }
        self.connection.reads(into.filled().len() - before);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Socket<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let wrote = Pin::new(&mut self.inner).poll_write(cx, bytes);
        self.wrote(cx, wrote)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let wrote = Pin::new(&mut self.inner).poll_write_vectored(cx, slices);
        self.wrote(cx, wrote)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
