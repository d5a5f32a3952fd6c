//! The one task that writes to SQLite: a group of jobs, one transaction, one fsync.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use sqlx::Connection as _;
use sqlx::sqlite::SqliteConnection;
use tokio::sync::{mpsc, oneshot};

use super::Conn;
use crate::drive;

/// Jobs in one transaction at most: bounds how long the first one waits for the last.
const GROUP: usize = 64;
/// Jobs that may wait; past that, callers wait to be let in.
const QUEUE: usize = 1024;

/// Where jobs are sent. Cheap to clone.
#[derive(Clone)]
pub(super) struct Writer {
    queue: mpsc::Sender<Message>,
}

enum Message {
    Job(Job),
    Close(oneshot::Sender<()>),
}

/// Does its work, and says how to tell its caller.
type Job = Box<dyn for<'c> FnOnce(&'c mut Conn) -> BoxFuture<'c, Ran> + Send>;

struct Ran {
    succeeded: bool,
    /// Called once the transaction has ended: with the reason if it was not committed.
    tell: Box<dyn FnOnce(Option<drive::Error>) + Send>,
}

impl Writer {
    pub(super) fn start(connection: SqliteConnection) -> Self {
        let (queue, jobs) = mpsc::channel(QUEUE);
        tokio::spawn(write_groups(connection, jobs));
        Self { queue }
    }

    pub(super) async fn run<T, F>(&self, work: F) -> drive::Result<T>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut Conn) -> BoxFuture<'c, drive::Result<T>> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            Box::pin(async move {
                let result = work(connection).await;
                let succeeded = result.is_ok();
                let tell = move |not_committed: Option<drive::Error>| {
                    // A caller that has gone away does not want to know.
                    let _ = answer.send(not_committed.map_or(result, Err));
                };
                Ran { succeeded, tell: Box::new(tell) }
            })
        });
        self.queue.send(Message::Job(job)).await.map_err(|_| closed())?;
        answered.await.map_err(|_| not_run())?
    }

    pub(super) async fn close(&self) {
        let (answer, answered) = oneshot::channel();
        if self.queue.send(Message::Close(answer)).await.is_ok() {
            let _ = answered.await;
        }
    }
}

fn closed() -> drive::Error {
    drive::Error::DatabaseUnreachable { detail: "the database was closed".into() }
}

fn not_run() -> drive::Error {
    drive::Error::DatabaseUnreachable { detail: "the transaction could not be begun or was given up".into() }
}

async fn write_groups(mut connection: SqliteConnection, mut jobs: mpsc::Receiver<Message>) {
    let mut messages = Vec::with_capacity(GROUP);
    while jobs.recv_many(&mut messages, GROUP).await > 0 {
        let mut group = Vec::with_capacity(messages.len());
        let mut closing = None;
        for message in messages.drain(..) {
            match message {
                Message::Job(job) => group.push(job),
                Message::Close(answer) => closing = Some(answer),
            }
        }
        write_group(&mut connection, group).await;
        if let Some(answer) = closing {
            if let Err(err) = connection.close().await {
                tracing::warn!(%err, "closing the database");
            }
            let _ = answer.send(());
            return;
        }
    }
}

async fn write_group(connection: &mut Conn, group: Vec<Job>) {
    let mut ran = Vec::with_capacity(group.len());
    let failure = run_group(connection, group, &mut ran).await.err().map(rolled_back);
    if let Some(err) = &failure {
        tracing::error!(%err, "a write to the database was rolled back");
        // SQLite may have rolled back by itself; then this fails, and does no harm.
        let _ = execute(connection, "rollback").await;
    }
    for Ran { succeeded, tell } in ran {
        // A job's own error is its answer whatever became of the transaction.
        tell(failure.clone().filter(|_| succeeded));
    }
}

/// What the jobs of a transaction hear that was given up for a reason that is not theirs: ask again.
fn rolled_back(err: sqlx::Error) -> drive::Error {
    match drive::Error::from(err) {
        drive::Error::NoSpace => drive::Error::NoSpace,
        other => drive::Error::DatabaseUnreachable { detail: other.to_string() },
    }
}

/// A job that panics takes its transaction with it, and nothing else.
async fn run_job(job: Job, connection: &mut Conn) -> Result<Ran, sqlx::Error> {
    let ran = AssertUnwindSafe(job(connection)).catch_unwind().await;
    ran.map_err(|_| sqlx::Error::Protocol("a job panicked".into()))
}

/// Jobs that are dropped without having run answer their callers by that: see [`Writer::run`].
async fn run_group(connection: &mut Conn, group: Vec<Job>, ran: &mut Vec<Ran>) -> Result<(), sqlx::Error> {
    if group.is_empty() {
        return Ok(());
    }
    execute(connection, "begin immediate").await?;
    let alone = group.len() == 1;
    for job in group {
        if alone {
            let result = run_job(job, connection).await?;
            let end = if result.succeeded { "commit" } else { "rollback" };
            ran.push(result);
            return execute(connection, end).await;
        }
        execute(connection, "savepoint job").await?;
        let result = run_job(job, connection).await?;
        let succeeded = result.succeeded;
        ran.push(result);
        if !succeeded {
            execute(connection, "rollback to job").await?;
        }
        execute(connection, "release job").await?;
    }
    execute(connection, "commit").await
}

async fn execute(connection: &mut Conn, sql: &'static str) -> Result<(), sqlx::Error> {
    sqlx::query(sql).execute(connection).await.map(|_| ())
}
