//! The one thread that writes a database. It commits waiting jobs together, so that they share one sync of the log.
//! It does not know what the jobs do.
//!
//! There are two ways to separate the jobs of a transaction: see [`Savepoints`] and [`Rerun`]. With both, no caller
//! hears of a success that is not on disk, and the failure of one job undoes no other job.

mod rerun;
mod savepoints;

use std::marker::PhantomData;
use std::sync::Arc;
use std::thread;

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use crate::error::Error;
use crate::job::{Again, Asked, Job, Once, Outcome, Settled};
use crate::wal::{WAL_CHECK_EVERY, shrink_wal};

/// How many jobs may wait for the writer before senders have to wait.
const QUEUE: usize = 1024;

/// Each job has a savepoint, and runs once.
#[derive(Clone)]
pub struct Savepoints;

/// Jobs share the transaction without savepoints. With savepoints, SQLite would copy each page that a job changes,
/// and would write out the full-text index. If a job fails after it has changed something, all jobs run again, with
/// savepoints. So a job may run twice.
#[derive(Clone)]
pub struct Rerun;

/// The settings of a writer.
#[derive(Debug, Clone, Copy)]
pub struct Writing {
    /// Name of its thread.
    pub thread: &'static str,
    /// The maximum number of jobs of one commit. It limits how long the first of them waits for the others.
    pub most_jobs: usize,
    /// Whether an orderly close empties the log. Then closing waits for readers, also those of other processes.
    pub folds_log_at_end: bool,
}

impl Default for Writing {
    fn default() -> Self {
        Self { thread: "sqlite-writer", most_jobs: 256, folds_log_at_end: false }
    }
}

/// A message to the thread.
enum Message {
    /// Do this in a transaction, with others.
    Job(Box<dyn Job>),
    /// Shorten the log between transactions, if it is too long.
    ShrinkLog,
    /// Accept no more jobs, and finish those that wait.
    Close(oneshot::Sender<()>),
}

/// Runs jobs in one transaction, or in a few, and reports each job's outcome.
type WriteGroup = fn(&Connection, &mut Vec<Box<dyn Job>>);

/// Sends jobs to the thread. It is cheap to clone. The thread ends with the last clone, or when it is closed.
#[derive(Clone)]
pub struct Writer<P> {
    queue: mpsc::Sender<Message>,
    policy: PhantomData<fn() -> P>,
}

impl Writer<Savepoints> {
    /// Starts the thread. `guard` lives as long as the thread may still write.
    pub fn savepoints<G: Send + 'static>(
        connection: Connection,
        guard: G,
        writing: Writing,
    ) -> std::io::Result<Self> {
        Self::start(connection, guard, writing, savepoints::write_group)
    }

    /// Runs `job` in a transaction and returns once it is committed. An error of the job itself undoes its changes and
    /// is returned as `Ok(Err(_))`. `after` gets the outcome on the writer's thread. Once the job is queued, it runs
    /// and `after` is called even if the caller stops waiting.
    pub async fn run<T, E, F, A>(&self, job: F, after: A) -> Outcome<T, E>
    where
        T: Send + 'static,
        E: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, E> + Send + 'static,
        A: FnOnce(Settled) + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        self.send(Box::new(Asked::new(Once(Some(job)), after, answer))).await?;
        answered.await.unwrap_or_else(|_| Err(self.lost()))
    }

    /// The same, for a thread that may block.
    pub fn run_blocking<T, E, F>(&self, job: F) -> Outcome<T, E>
    where
        T: Send + 'static,
        E: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, E> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let job = Box::new(Asked::new(Once(Some(job)), |_| (), answer));
        self.queue.blocking_send(Message::Job(job)).map_err(|_| Error::Closed)?;
        answered.blocking_recv().unwrap_or_else(|_| Err(self.lost()))
    }
}

impl Writer<Rerun> {
    /// Starts the thread.
    pub fn rerun(connection: Connection, writing: Writing) -> std::io::Result<Self> {
        Self::start(connection, (), writing, rerun::write_group)
    }

    /// Runs `job`, which may run twice, in a transaction and returns once it is committed. An error of the job itself
    /// undoes its changes and is returned as `Ok(Err(_))`.
    pub async fn run<T, E, F>(&self, job: F) -> Outcome<T, E>
    where
        T: Send + 'static,
        E: Send + 'static,
        F: Fn(&Connection) -> Result<T, E> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        self.send(Box::new(Asked::new(Again(job), |_| (), answer))).await?;
        answered.await.unwrap_or_else(|_| Err(self.lost()))
    }
}

impl<P: 'static> Writer<P> {
    fn start<G: Send + 'static>(
        connection: Connection,
        guard: G,
        writing: Writing,
        write_group: WriteGroup,
    ) -> std::io::Result<Self> {
        let (sender, queue) = mpsc::channel(QUEUE);
        thread::Builder::new().name(writing.thread.to_owned()).spawn(move || {
            let closing = serve(&connection, queue, writing.most_jobs, write_group);
            end(connection, writing.folds_log_at_end);
            drop(guard);
            // A caller that closes the writer waits until nothing writes any more. Such a caller may have stopped
            // waiting.
            for answer in closing {
                let _ = answer.send(());
            }
        })?;
        Ok(Self { queue: sender, policy: PhantomData })
    }

    async fn send(&self, job: Box<dyn Job>) -> Result<(), Error> {
        self.queue.send(Message::Job(job)).await.map_err(|_| Error::Closed)
    }

    /// Why a queued job has no answer.
    fn lost(&self) -> Error {
        if self.queue.is_closed() { Error::Closed } else { Error::Panicked }
    }

    /// Asks the thread to shorten the log if it is too long, when the thread has time.
    pub fn shrink_log(&self) {
        // A full queue contains writes, which move the log into the database themselves.
        drop(self.queue.try_send(Message::ShrinkLog));
    }

    /// Asks the thread to check its log from time to time, as long as there is a writer.
    pub fn keep_log_short(&self) -> impl Future<Output = ()> + Send + use<P> {
        let queue = self.queue.downgrade();
        async move {
            loop {
                tokio::time::sleep(WAL_CHECK_EVERY).await;
                match queue.upgrade() {
                    Some(queue) if !queue.is_closed() => drop(queue.try_send(Message::ShrinkLog)),
                    _ => return,
                }
            }
        }
    }

    /// Accepts no more jobs, and returns once the waiting ones are done and the file is closed.
    pub async fn close(&self) {
        let (answer, closed) = oneshot::channel();
        if self.queue.send(Message::Close(answer)).await.is_ok() {
            // In either case the thread has ended.
            let _ = closed.await;
        }
    }

    /// The same, for a thread that may block.
    pub fn close_blocking(&self) {
        let (answer, closed) = oneshot::channel();
        if self.queue.blocking_send(Message::Close(answer)).is_ok() {
            let _ = closed.blocking_recv();
        }
    }
}

/// Runs incoming jobs until the writer is closed, and then answers the callers that wait for the close.
fn serve(
    connection: &Connection,
    mut queue: mpsc::Receiver<Message>,
    most_jobs: usize,
    write_group: WriteGroup,
) -> Vec<oneshot::Sender<()>> {
    let (mut messages, mut jobs) = (Vec::with_capacity(most_jobs), Vec::with_capacity(most_jobs));
    let mut closing = Vec::new();
    while queue.blocking_recv_many(&mut messages, most_jobs) > 0 {
        let mut shrinks_log = false;
        for message in messages.drain(..) {
            match message {
                Message::Job(job) => jobs.push(job),
                Message::ShrinkLog => shrinks_log = true,
                Message::Close(answer) => {
                    queue.close();
                    closing.push(answer);
                }
            }
        }
        if !jobs.is_empty() {
            write_group(connection, &mut jobs);
        }
        if shrinks_log && let Err(error) = shrink_wal(connection) {
            tracing::debug!(%error, "the log of the database could not be shortened; it is tried again later");
        }
    }
    closing
}

fn end(connection: Connection, folds_log: bool) {
    if folds_log && let Err(error) = connection.execute_batch("pragma wal_checkpoint(truncate)") {
        tracing::warn!(%error, "the log of the database could not be moved into the database; the next start does it");
    }
    if let Err((_, error)) = connection.close() {
        tracing::warn!(%error, "the database could not be closed in an orderly way");
    }
}

fn begin(connection: &Connection) -> Result<(), Error> {
    // Isolation: `immediate` takes the write lock now. So the transaction waits here for other processes, and no
    // statement of a job fails later because another process holds the lock.
    execute(connection, "begin immediate").map_err(Error::from)
}

/// A failed commit leaves no changes in this connection, but it may leave some in the log.
fn commit(connection: &Connection) -> Result<(), Error> {
    let committed = execute(connection, "commit").map_err(|error| Error::Commit(Arc::new(error)));
    if committed.is_err() {
        rollback(connection);
    }
    committed
}

fn rollback(connection: &Connection) {
    // SQLite may have rolled back by itself already, as it does on a full or failing disk.
    if !connection.is_autocommit() {
        drop(execute(connection, "rollback"));
    }
}

fn execute(connection: &Connection, statement: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(statement)?.execute([]).map(drop)
}
