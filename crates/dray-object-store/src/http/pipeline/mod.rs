//! Many PUTs in one request: the body is a pipeline of HTTP/1.1 requests (media type `application/http`, RFC 9112, 10.2), as
//! they would arrive on a socket. It saves the cost of a request for each small file, which is high in browsers.
//!
//! Each request in it goes to the same dispatcher as a request from a socket, so it needs its own signature and meets the
//! same rules. [`check`] adds that it is a signed PUT of a whole object. This file knows no objects.
//!
//! Bodies stream on: at any time, one request receives its bytes, and the ones before it are being stored. So a pipeline
//! needs no more memory than as many single PUTs.

mod inner;
mod outcome;
mod reader;

use std::{io, pin::Pin};

use axum::{
    body::{Body, HttpBody},
    extract::Request,
    response::Response,
};
use bytes::Bytes;
use dray_s3::ErrorCode;
use futures_util::stream;
use http::{HeaderValue, Method, Uri, header, request::Parts};
use tokio::{
    sync::{OwnedSemaphorePermit, mpsc, oneshot},
    task::JoinSet,
};

use self::{
    inner::{InPipeline, Inner},
    outcome::{Outcome, Outcomes},
    reader::Reader,
};
use super::Operation;
use crate::{
    body::{Announced, Frames},
    failure::{Failure, invalid_request},
    transfers::Transfers,
};

/// The query parameter of a pipeline's address.
pub const PARAMETER: &str = "dray-pipeline";
/// The maximum number of requests in a pipeline. Those after it are not read.
pub const MAX_FILES: u32 = 256;
/// The maximum number of bytes of a pipeline, with the heads of its requests.
pub const MAX_BYTES: u64 = 16 << 20;
/// How many requests of one pipeline are in work at once. The reader waits while there are as many.
const AT_ONCE: usize = 16;

/// Answers a request as if it came from a socket.
pub(crate) type Dispatch = Box<dyn Fn(Request) -> Dispatched + Send + Sync>;
pub(crate) type Dispatched = Pin<Box<dyn Future<Output = Response> + Send>>;

/// Whether a request is a pipeline, if the store accepts it.
pub(super) fn is_one(method: &Method, uri: &Uri) -> bool {
    let mut names = uri.query().unwrap_or_default().split('&').map(|pair| pair.split('=').next());
    *method == Method::POST && names.any(|name| name == Some(PARAMETER))
}

/// Refuses what a pipeline may not carry: it carries only presigned PUTs of whole objects.
pub(crate) fn check(head: &Parts, operation: Operation, is_presigned: bool) -> Result<(), Failure> {
    if head.extensions.get::<InPipeline>().is_none() || (is_presigned && operation == Operation::PutObject) {
        return Ok(());
    }
    Err(invalid_request("A pipeline takes only PUTs of whole objects by signed URLs"))
}

/// Refuses a pipeline that is too long, or whose length is not announced.
pub(crate) fn check_size(announced: &Announced) -> Result<(), Failure> {
    if announced.payload.is_chunked() {
        return Err(invalid_request("A pipeline has a plain body"));
    }
    if announced.size_bytes > MAX_BYTES {
        let message =
            format!("The pipeline has {} bytes; at most {MAX_BYTES} are allowed", announced.size_bytes);
        return Err(Failure::new(ErrorCode::EntityTooLarge, message));
    }
    Ok(())
}

/// Answers the requests in a body, which came by the request `outer`. The answer has an outcome for each request that was
/// read, and why the rest was not read, if there is a rest.
pub(crate) async fn carry<B>(
    outer: &Parts,
    frames: Frames<B>,
    transfers: &Transfers,
    dispatch: Dispatch,
) -> Response
where
    B: HttpBody<Data = Bytes> + Unpin,
{
    let work = Work { dispatch, transfers: transfers.clone(), begun: 0, running: JoinSet::new(), last: None };
    let mut pipeline = Pipeline { reader: Reader::new(frames), work, outcomes: Outcomes::default() };
    let stopped = pipeline.run(outer).await.err();
    let Pipeline { mut work, mut outcomes, .. } = pipeline;
    while let Some(done) = work.running.join_next().await {
        outcomes.note(done);
    }
    let is_too_slow = stopped.as_ref().is_some_and(|why| why.error.code == ErrorCode::RequestTimeout);
    let mut response = outcomes.answer(work.begun, stopped);
    if is_too_slow {
        transfers.too_slow();
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

struct Pipeline<B> {
    reader: Reader<B>,
    work: Work,
    outcomes: Outcomes,
}

impl<B: HttpBody<Data = Bytes> + Unpin> Pipeline<B> {
    /// Reads to the end of the body. Fails if what follows cannot be read, or is not read.
    async fn run(&mut self, outer: &Parts) -> Result<(), Failure> {
        while let Some(head) = self.reader.head().await? {
            if self.work.begun == MAX_FILES as usize {
                let message =
                    format!("A pipeline has at most {MAX_FILES} requests; the others were not read");
                return Err(invalid_request(message));
            }
            let Inner { head, length } = Inner::parse(&head, outer)?;
            self.work.make_room(&mut self.outcomes).await;
            let (sender, body) = passed_on();
            match head {
                Ok(head) => self.work.begin(Request::from_parts(head, body)),
                Err(refusal) => {
                    // Nobody waits for its bytes, so they must not fill the channel.
                    drop(body);
                    self.outcomes.refuse(self.work.next(), refusal);
                }
            }
            self.pass_on(length, &sender).await?;
        }
        Ok(())
    }

    /// Passes on the bytes of one request. It reads over those of a request that was answered before it had all of them.
    async fn pass_on(
        &mut self,
        length: u64,
        sender: &mpsc::Sender<io::Result<Bytes>>,
    ) -> Result<(), Failure> {
        let mut left = length;
        while left > 0 {
            match self.reader.take(left).await {
                Ok(bytes) => {
                    left -= bytes.len() as u64;
                    let _ = sender.send(Ok(bytes)).await;
                }
                Err(failure) => {
                    let cut = io::Error::other(failure.error.to_string());
                    let _ = sender.send(Err(cut)).await;
                    return Err(failure);
                }
            }
        }
        Ok(())
    }
}

/// A body, and what feeds it.
fn passed_on() -> (mpsc::Sender<io::Result<Bytes>>, Body) {
    let (sender, receiver) = mpsc::channel(1);
    let pieces = stream::unfold(receiver, |mut receiver: mpsc::Receiver<_>| async {
        Some((receiver.recv().await?, receiver))
    });
    (sender, Body::from_stream(pieces))
}

/// The requests of a pipeline that are in work.
struct Work {
    dispatch: Dispatch,
    transfers: Transfers,
    begun: usize,
    running: JoinSet<(usize, Outcome)>,
    /// The request that was begun last, to which a place can be given.
    last: Option<oneshot::Sender<OwnedSemaphorePermit>>,
}

impl Work {
    /// The position of the next request.
    fn next(&mut self) -> usize {
        self.begun += 1;
        self.begun - 1
    }

    fn begin(&mut self, request: Request) {
        let at = self.next();
        let answer = (self.dispatch)(request);
        let (last, place) = oneshot::channel();
        self.last = Some(last);
        self.running.spawn(async move {
            // If it gets a place, it holds it until it is answered.
            let _place = place;
            (at, Outcome::of(answer.await).await)
        });
    }

    /// Waits until another request may begin. A request that has all its bytes needs a place among those of all pipelines
    /// while another one receives its own. So clients that send slowly hold no places, and a pipeline without a place goes
    /// on with one request at a time.
    async fn make_room(&mut self, outcomes: &mut Outcomes) {
        while let Some(done) = self.running.try_join_next() {
            outcomes.note(done);
        }
        let Some(last) = self.last.take() else { return };
        while !last.is_closed() {
            if self.running.len() < AT_ONCE
                && let Some(place) = self.transfers.place_in_pipelines()
            {
                let _ = last.send(place);
                return;
            }
            match self.running.join_next().await {
                Some(done) => outcomes.note(done),
                None => return,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{
            Arc,
            atomic::{AtomicUsize, Ordering::SeqCst},
        },
        time::Duration,
    };

    use axum::body::to_bytes;
    use http::StatusCode;

    use super::*;

    /// How many requests of a pipeline were in work at once, at most. Each takes a second.
    async fn most_at_once(transfers: &Transfers) -> usize {
        let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let counted = Arc::clone(&most);
        let dispatch = move |request: Request| -> Dispatched {
            let (now, most) = (Arc::clone(&now), Arc::clone(&counted));
            Box::pin(async move {
                most.fetch_max(now.fetch_add(1, SeqCst) + 1, SeqCst);
                let body = to_bytes(request.into_body(), 10).await.unwrap();
                assert_eq!(body, "ab");
                tokio::time::sleep(Duration::from_secs(1)).await;
                now.fetch_sub(1, SeqCst);
                Response::builder().status(StatusCode::CREATED).body(Body::empty()).unwrap()
            })
        };
        let outer = Request::post("/dray").header("host", "h").body(()).unwrap().into_parts().0;
        let one = "PUT /dray/a HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nab";
        let frames = Frames::new(Body::from(one.repeat(100)), Duration::from_secs(1));
        let answer = carry(&outer, frames, transfers, Box::new(dispatch)).await;
        let answer = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
        let answer: serde_json::Value = serde_json::from_slice(&answer).unwrap();
        let answers = answer["answers"].as_array().unwrap();
        assert_eq!(answers.iter().filter(|answer| answer["status"] == 201).count(), 100, "{answer}");
        most.load(SeqCst)
    }

    #[tokio::test(start_paused = true)]
    async fn a_pipeline_has_a_bounded_number_of_requests_in_work_and_one_if_there_is_no_place() {
        let transfers = Transfers::new(1000);
        assert_eq!(most_at_once(&transfers).await, AT_ONCE);
        let mut places: Vec<_> = std::iter::from_fn(|| transfers.place_in_pipelines()).collect();
        assert_eq!(places.len(), 512, "all places were given back");
        assert_eq!(most_at_once(&transfers).await, 1);
        places.truncate(509);
        assert_eq!(most_at_once(&transfers).await, 4);
    }

    /// A request that is not looked at, and one that is answered before its bytes have arrived.
    #[tokio::test(start_paused = true)]
    async fn the_bytes_of_a_refused_request_are_read_over() {
        let outer = Request::post("/dray").header("host", "h").body(()).unwrap().into_parts().0;
        let dispatch = |_| -> Dispatched { Box::pin(async { Response::new(Body::empty()) }) };
        let one = |method: &str| {
            let bytes = "x".repeat(100_000);
            format!("{method} /dray/a HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n{bytes}")
        };
        let body = [one("GET"), one("PUT"), one("PUT")].concat().into_bytes();
        let pieces: Vec<_> =
            body.chunks(1000).map(|piece| Ok::<_, io::Error>(Bytes::copy_from_slice(piece))).collect();
        let frames = Frames::new(Body::from_stream(stream::iter(pieces)), Duration::from_secs(1));
        let transfers = Transfers::new(10);
        let carried = carry(&outer, frames, &transfers, Box::new(dispatch));
        let answer = tokio::time::timeout(Duration::from_secs(10), carried).await.unwrap();
        let answer = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
        let answer: serde_json::Value = serde_json::from_slice(&answer).unwrap();
        let statuses: Vec<_> =
            answer["answers"].as_array().unwrap().iter().map(|answer| answer["status"].as_u64()).collect();
        assert_eq!((statuses, answer.get("stopped")), (vec![Some(405), Some(200), Some(200)], None));
    }

    #[tokio::test]
    async fn a_request_that_panics_is_answered_and_the_others_too() {
        let outer = Request::post("/dray").header("host", "h").body(()).unwrap().into_parts().0;
        let dispatch = |request: Request| -> Dispatched {
            Box::pin(async move {
                assert_ne!(request.uri().path(), "/dray/bad", "this one panics");
                Response::new(Body::empty())
            })
        };
        let one = |key: &str| format!("PUT /dray/{key} HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nab");
        let body = [one("a"), one("bad"), one("b")].concat();
        let frames = Frames::new(Body::from(body), Duration::from_secs(1));
        let answer = carry(&outer, frames, &Transfers::new(10), Box::new(dispatch)).await;
        let answer = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
        assert_eq!(answer, r#"{"answers":[{"status":200},{"status":500},{"status":200}]}"#);
    }
}
