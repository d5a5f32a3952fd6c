//! The one thread that writes to SQLite: a group of jobs, one transaction, one fsync.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use tokio::sync::{mpsc, oneshot};

use crate::db::query::execute;
use crate::db::{Conn, Error};
use crate::drive;

/// Jobs in one transaction at most: bounds how long the first one waits for the last.
const GROUP: usize = 64;
/// Jobs that may wait; past that, callers wait to be let in.
const QUEUE: usize = 1024;

/// Where jobs are sent. Cheap to clone; the thread ends with the last clone, or when it is closed.
#[derive(Clone)]
pub(super) struct Writer {
    queue: mpsc::Sender<Message>,
}

enum Message {
    Job(Job),
    Close(oneshot::Sender<()>),
}

/// Does its work, and says how to tell its caller.
type Job = Box<dyn FnOnce(&Conn) -> Ran + Send>;

struct Ran {
    succeeded: bool,
    /// Called once the transaction has ended: with the reason if it was not committed.
    tell: Box<dyn FnOnce(Option<drive::Error>) + Send>,
}

impl Writer {
    pub(super) fn start(connection: Conn) -> std::io::Result<Self> {
        let (queue, messages) = mpsc::channel(QUEUE);
        thread::Builder::new().name("drive-writer".to_owned()).spawn(move || serve(connection, messages))?;
        Ok(Self { queue })
    }

    pub(super) async fn run<T, F>(&self, work: F) -> drive::Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Conn) -> drive::Result<T> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            let result = work(connection);
            let succeeded = result.is_ok();
            let tell = move |not_committed: Option<drive::Error>| {
                // A caller that has gone away does not want to know.
                let _ = answer.send(not_committed.map_or(result, Err));
            };
            Ran { succeeded, tell: Box::new(tell) }
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

fn serve(connection: Conn, mut queue: mpsc::Receiver<Message>) {
    let mut messages = Vec::with_capacity(GROUP);
    while queue.blocking_recv_many(&mut messages, GROUP) > 0 {
        let mut group = Vec::with_capacity(messages.len());
        let mut closing = None;
        for message in messages.drain(..) {
            match message {
                Message::Job(job) => group.push(job),
                Message::Close(answer) => closing = Some(answer),
            }
        }
        write_group(&connection, group);
        if let Some(answer) = closing {
            if let Conn::Sqlite(connection) = connection
                && let Err((_, err)) = connection.close()
            {
                tracing::warn!(%err, "closing the database");
            }
            let _ = answer.send(());
            return;
        }
    }
}

fn write_group(connection: &Conn, group: Vec<Job>) {
    let mut ran = Vec::with_capacity(group.len());
    let failure = run_group(connection, group, &mut ran).err().map(rolled_back);
    if let Some(err) = &failure {
        tracing::error!(%err, "a write to the database was rolled back");
        // SQLite may have rolled back by itself; then this fails, and does no harm.
        let _ = execute(connection, "rollback", &[]);
    }
    for Ran { succeeded, tell } in ran {
        // A job's own error is its answer whatever became of the transaction.
        tell(failure.clone().filter(|_| succeeded));
    }
}

/// What the jobs of a transaction hear that was given up for a reason that is not theirs: ask again.
fn rolled_back(err: Error) -> drive::Error {
    match drive::Error::from(err) {
        drive::Error::NoSpace => drive::Error::NoSpace,
        other => drive::Error::DatabaseUnreachable { detail: other.to_string() },
    }
}

/// Jobs that are dropped without having run answer their callers by that: see [`Writer::run`].
fn run_group(connection: &Conn, group: Vec<Job>, ran: &mut Vec<Ran>) -> Result<(), Error> {
    if group.is_empty() {
        return Ok(());
    }
    execute(connection, "begin immediate", &[])?;
    for job in group {
        execute(connection, "savepoint job", &[])?;
        // A job that panics has no answer: its caller sees the channel close.
        let result = catch_unwind(AssertUnwindSafe(|| job(connection))).ok();
        let succeeded = result.as_ref().is_some_and(|ran| ran.succeeded);
        ran.extend(result);
        if !succeeded {
            execute(connection, "rollback to job", &[])?;
        }
        execute(connection, "release job", &[])?;
    }
    execute(connection, "commit", &[]).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::query::value;

    fn count(connection: &Conn) -> i64 {
        value(connection, "select count(*) as n from t", &[], "n").unwrap()
    }

    fn insert(connection: &Conn) -> drive::Result<()> {
        Ok(execute(connection, "insert into t values (1)", &[]).map(drop)?)
    }

    #[tokio::test]
    async fn a_job_that_fails_or_panics_undoes_its_own_work_only() {
        let connection = Conn::Sqlite(rusqlite::Connection::open_in_memory().unwrap());
        execute(&connection, "create table t (x)", &[]).unwrap();
        let writer = Writer::start(connection).unwrap();
        let good = writer.run(insert);
        let bad = writer.run(|c| insert(c).and(Err::<(), _>(drive::Error::NotFound)));
        let worse = writer.run(|c| -> drive::Result<()> {
            insert(c)?;
            panic!("a job of the test panics");
        });
        let (good, bad, worse) = tokio::join!(good, bad, worse);
        assert_eq!((good, bad), (Ok(()), Err(drive::Error::NotFound)));
        assert!(matches!(worse, Err(drive::Error::DatabaseUnreachable { .. })));
        assert_eq!(writer.run(|c| Ok(count(c))).await, Ok(1));
        writer.close().await;
        assert!(writer.run(insert).await.is_err());
    }
}
