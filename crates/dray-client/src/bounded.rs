//! Limits on how much of an answer is read. A server or a store that never stops sending must not fill this machine's
//! memory or make its user wait forever.

use std::time::Duration;

use reqwest::Response;
use tokio::time::Instant;

use crate::error::Error;

/// The maximum number of bytes of an answer of the API. The longest is a page of 1,000 items with the longest names.
pub(crate) const MAX_ANSWER_BYTES: usize = 16 * 1024 * 1024;
/// The maximum number of bytes of an error body, from the API or the store.
pub(crate) const MAX_REFUSAL_BYTES: usize = 64 * 1024;
/// How long a store may take to send the body of an error, or a body that nobody needs.
const REFUSAL_TIMEOUT: Duration = Duration::from_secs(10);

/// How long the server may take to answer a call, with the time in which a slow line carries the call's bytes on top. The
/// server's own limit is shorter.
const CALL_TIMEOUT: Duration = Duration::from_secs(75);
/// The speed, in bytes per second, that every line has. A peer that sends more slowly is cut off.
const SLOWEST_BYTES_PER_SEC: u64 = 4 * 1024;

/// How long a call may still take.
pub(crate) struct Pace {
    deadline: Instant,
}

impl Pace {
    /// For a call that begins now and sends this many bytes.
    pub(crate) fn new(sent_bytes: usize) -> Self {
        let mut pace = Self { deadline: Instant::now() + CALL_TIMEOUT };
        pace.moved(sent_bytes);
        pace
    }

    fn moved(&mut self, bytes: usize) {
        self.deadline += Duration::from_micros(bytes as u64 * 1_000_000 / SLOWEST_BYTES_PER_SEC);
    }

    /// Runs one step of the call.
    pub(crate) async fn step<T>(
        &self,
        peer: &str,
        step: impl Future<Output = reqwest::Result<T>>,
    ) -> Result<T, Error> {
        match tokio::time::timeout_at(self.deadline, step).await {
            Ok(done) => done.map_err(|error| Error::network(peer, error)),
            Err(_) => Err(Error::Network {
                peer: peer.to_owned(),
                cause: "no answer in time".to_owned(),
                never_sent: false,
            }),
        }
    }
}

/// The whole body; an error if it is longer than `limit`, or comes too slowly.
pub(crate) async fn whole(
    mut response: Response,
    limit: usize,
    peer: &str,
    mut pace: Pace,
) -> Result<Vec<u8>, Error> {
    let too_long = || Error::AnswerTooLong { peer: peer.to_owned(), limit };
    if response.content_length().is_some_and(|length| length > limit as u64) {
        return Err(too_long());
    }
    let mut bytes = Vec::new();
    while let Some(chunk) = pace.step(peer, response.chunk()).await? {
        pace.moved(chunk.len());
        if bytes.len() + chunk.len() > limit {
            return Err(too_long());
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// The beginning of a body, as far as it arrives in time. After a body is read to its end, its connection can be used again.
pub(crate) async fn beginning(mut response: Response) -> Vec<u8> {
    let mut bytes = Vec::new();
    let read = async {
        while bytes.len() < MAX_REFUSAL_BYTES {
            match response.chunk().await {
                Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
                Ok(None) | Err(_) => break,
            }
        }
    };
    // Use what has arrived until then.
    let _ = tokio::time::timeout(REFUSAL_TIMEOUT, read).await;
    bytes.truncate(MAX_REFUSAL_BYTES);
    bytes
}
