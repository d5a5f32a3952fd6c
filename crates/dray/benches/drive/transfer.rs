//! Puts the parts of one upload, several at once, and reads a file back by ranges.

use std::sync::Arc;

use anyhow::Context;
use bytes::Bytes;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::connection::Connection;
use crate::payload::Payload;
use crate::target::Target;

/// How the parts of an upload are sent.
#[derive(Clone)]
pub(crate) struct Sending {
    /// The bytes of a part, repeated until it is full.
    pub(crate) buffer: Bytes,
    /// Size of every part.
    pub(crate) part_bytes: u64,
    /// Parts sent at once, each on a connection of its own.
    pub(crate) at_once: usize,
    /// Whether every connection begins its part and then waits until all of them have begun theirs.
    pub(crate) hold: bool,
}

impl Sending {
    /// Opens the connections before the measurement begins.
    pub(crate) async fn connect(&self, target: &Target) -> anyhow::Result<Vec<Connection>> {
        let mut connections = Vec::new();
        for _ in 0..self.at_once {
            connections.push(target.connect().await?);
        }
        Ok(connections)
    }

    /// Puts every part. Returns the `ETag`s, in part order.
    pub(crate) async fn put(
        &self,
        connections: Vec<Connection>,
        paths: Vec<String>,
    ) -> anyhow::Result<Vec<String>> {
        let mut etags = vec![String::new(); paths.len()];
        let queue = Arc::new(std::sync::Mutex::new(paths.into_iter().enumerate()));
        let barrier = Arc::new(Barrier::new(self.at_once));
        let mut workers = JoinSet::new();
        for mut connection in connections {
            let (queue, sending, barrier) = (Arc::clone(&queue), self.clone(), Arc::clone(&barrier));
            workers.spawn(async move {
                let mut done = Vec::new();
                while let Some((at, path)) = next(&queue)? {
                    done.push((at, connection.put(&path, sending.part(&barrier)).await?));
                }
                anyhow::Ok(done)
            });
        }
        while let Some(worker) = workers.join_next().await {
            for (at, etag) in worker?? {
                etags[at] = etag;
            }
        }
        Ok(etags)
    }

    fn part(&self, barrier: &Arc<Barrier>) -> Payload {
        let part = Payload::repeated(self.buffer.clone(), self.part_bytes);
        if !self.hold {
            return part;
        }
        let barrier = Arc::clone(barrier);
        part.behind(async move {
            barrier.wait().await;
        })
    }
}

fn next<T>(queue: &std::sync::Mutex<impl Iterator<Item = T>>) -> anyhow::Result<Option<T>> {
    Ok(queue.lock().ok().context("another connection failed")?.next())
}

/// Reads `size_bytes` at `path`, an equal range on each connection, and discards the bytes.
pub(crate) async fn read(connections: Vec<Connection>, path: &str, size_bytes: u64) -> anyhow::Result<()> {
    let each = size_bytes.div_ceil(connections.len() as u64);
    let mut readers = JoinSet::new();
    for (at, mut connection) in (0..).zip(connections) {
        let (path, first) = (path.to_owned(), at * each);
        let last = (first + each).min(size_bytes) - 1;
        readers.spawn(async move { connection.read_range(&path, first, last).await });
    }
    while let Some(reader) = readers.join_next().await {
        reader??;
    }
    Ok(())
}
