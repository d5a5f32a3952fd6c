//! The bodies of a request and of its answer. They report their progress to their [`Connection`].

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use axum::body::{Body, Bytes};
use hyper::body::{Frame, Incoming, SizeHint};
use tokio::sync::oneshot;

use super::connection::Connection;

/// The body of a request while it arrives.
pub(super) struct Arriving {
    /// `None` once it has been handed on.
    body: Option<Incoming>,
    connection: Arc<Connection>,
    /// Who deals with what nobody has read; `None` once the body has ended.
    left: Option<oneshot::Sender<Left>>,
    /// Whether anyone has asked for it, if that matters.
    is_asked_for: Option<Arc<AtomicBool>>,
}

/// What is left of a body when nobody reads it any more, unless it was read to its end.
pub(super) enum Left {
    /// The rest of it.
    Rest(Incoming),
    /// It was not framed as HTTP, or its client is gone. Nothing after it can be understood.
    Broken,
}

impl Arriving {
    /// The body, and what will be left of it. The receiver fails once the body was read to its end.
    pub(super) fn new(
        body: Incoming,
        connection: Arc<Connection>,
        is_asked_for: Option<Arc<AtomicBool>>,
    ) -> (Self, oneshot::Receiver<Left>) {
        let (left, receiver) = oneshot::channel();
        (Self { body: Some(body), connection, left: Some(left), is_asked_for }, receiver)
    }

    /// The rest of a body.
    pub(super) fn rest(body: Incoming, connection: Arc<Connection>) -> Self {
        Self { body: Some(body), connection, left: None, is_asked_for: None }
    }

    /// Reports that the body ended, in the way that HTTP says or not.
    fn ends(&mut self, is_broken: bool) {
        if let Some(left) = self.left.take().filter(|_| is_broken) {
            // Without a receiver, the request has been answered.
            let _ = left.send(Left::Broken);
        }
    }
}

impl Drop for Arriving {
    fn drop(&mut self) {
        if let (Some(left), Some(body)) = (self.left.take(), self.body.take()) {
            let _ = left.send(Left::Rest(body));
        }
    }
}

impl hyper::body::Body for Arriving {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        if let Some(is_asked_for) = &self.is_asked_for {
            is_asked_for.store(true, Ordering::Relaxed);
        }
        let Some(body) = &mut self.body else { return Poll::Ready(None) };
        let frame = Pin::new(&mut *body).poll_frame(cx);
        let is_last = body.is_end_stream();
        match &frame {
            Poll::Pending => self.connection.waits(),
            Poll::Ready(Some(Ok(frame))) => {
                let bytes = frame.data_ref().map_or(0, Bytes::len);
                self.connection.delivers(bytes, is_last);
                if is_last {
                    self.ends(false);
                }
            }
            Poll::Ready(ended) => {
                self.connection.delivers(0, true);
                let is_broken = ended.is_some();
                self.ends(is_broken);
            }
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(hyper::body::Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map(hyper::body::Body::size_hint).unwrap_or_default()
    }
}

/// The body of a request that is collected in memory. Its bytes count until the request is answered.
pub(crate) struct Collected {
    body: Body,
    connection: Arc<Connection>,
}

impl Collected {
    pub(crate) fn new(body: Body, connection: Arc<Connection>) -> Self {
        Self { body, connection }
    }
}

impl hyper::body::Body for Collected {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        if let Some(Ok(frame)) = &frame {
            self.connection.holds(frame.data_ref().map_or(0, Bytes::len));
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The body of an answer, and what is held until it has been sent.
pub(crate) struct Held<T> {
    body: Body,
    _held: T,
}

impl<T> Held<T> {
    pub(crate) fn new(body: Body, held: T) -> Self {
        Self { body, _held: held }
    }
}

impl<T: Unpin> hyper::body::Body for Held<T> {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A request under way on a connection. It ends when this is dropped.
pub(super) struct UnderWay(pub(super) Arc<Connection>);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.ends();
    }
}
