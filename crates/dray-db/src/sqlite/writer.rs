//! The one thread that writes to SQLite: a group of jobs, one transaction, one fsync.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use dray_sqlite::{WAL_CHECK_EVERY, shrink_wal};
use tokio::sync::{mpsc, oneshot};

use crate::query::execute;
use crate::{Conn, Error};
use dray_drive as drive;

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
    Job(Box<dyn Job>),
    /// To be done between transactions: the log may be too long.
    ShrinkLog,
    Close(oneshot::Sender<()>),
}

/// Work to do, and whom to tell.
trait Job: Send {
    /// Does the work, or does it again; whether it succeeded.
    fn run(&mut self, connection: &Conn) -> bool;

    /// Tells the caller, once the transaction has ended: with the reason if it was not committed.
    fn tell(self: Box<Self>, not_committed: Option<drive::Error>);
}

struct Asked<T, F> {
    work: F,
    /// The result; nothing if the job panicked.
    result: Option<drive::Result<T>>,
    answer: oneshot::Sender<drive::Result<T>>,
}

impl<T, F> Job for Asked<T, F>
where
    T: Send,
    F: Fn(&Conn) -> drive::Result<T> + Send,
{
    fn run(&mut self, connection: &Conn) -> bool {
        self.result = catch_unwind(AssertUnwindSafe(|| (self.work)(connection))).ok();
        matches!(self.result, Some(Ok(_)))
    }

    fn tell(self: Box<Self>, not_committed: Option<drive::Error>) {
        // A job's own error is its answer whatever became of the transaction.
        let answer = match (self.result, not_committed) {
            (Some(Ok(_)), Some(err)) => Err(err),
            (Some(result), _) => result,
            // Its caller learns that by the channel, which closes.
            (None, _) => return,
        };
        // A caller that has gone away does not want to know.
        let _ = self.answer.send(answer);
    }
}

impl Writer {
    pub(super) fn start(connection: Conn) -> std::io::Result<Self> {
        let (queue, messages) = mpsc::channel(QUEUE);
        thread::Builder::new().name("drive-writer".to_owned()).spawn(move || serve(connection, messages))?;
        tokio::spawn(keep_log_short(queue.downgrade()));
        Ok(Self { queue })
    }

    pub(super) async fn run<T, F>(&self, work: F) -> drive::Result<T>
    where
        T: Send + 'static,
        F: Fn(&Conn) -> drive::Result<T> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let job = Box::new(Asked { work, result: None, answer });
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

/// Has the writer look at its log from time to time, until there is no writer.
async fn keep_log_short(queue: mpsc::WeakSender<Message>) {
    loop {
        tokio::time::sleep(WAL_CHECK_EVERY).await;
        match queue.upgrade() {
            // A queue that is full has writes in it, which fold the log in themselves.
            Some(queue) if !queue.is_closed() => drop(queue.try_send(Message::ShrinkLog)),
            _ => return,
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
        let (mut closing, mut shrinks_log) = (None, false);
        for message in messages.drain(..) {
            match message {
                Message::Job(job) => group.push(job),
                Message::ShrinkLog => shrinks_log = true,
                Message::Close(answer) => closing = Some(answer),
            }
        }
        write_group(&connection, group);
        if shrinks_log
            && let Conn::Sqlite(connection) = &connection
            && let Err(err) = shrink_wal(connection)
        {
            tracing::debug!(%err, "the log of the database stays long for now");
        }
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

fn write_group(connection: &Conn, mut group: Vec<Box<dyn Job>>) {
    if group.is_empty() {
        return;
    }
    let committed = match run_together(connection, &mut group) {
        Ok(false) => run_apart(connection, &mut group),
        outcome => outcome.map(drop),
    };
    let failure = committed.err().map(rolled_back);
    if let Some(err) = &failure {
        tracing::error!(%err, "a write to the database was rolled back");
        undo(connection);
    }
    for job in group {
        job.tell(failure.clone());
    }
}

fn undo(connection: &Conn) {
    // SQLite may have rolled back by itself; then this fails, and does no harm.
    let _ = execute(connection, "rollback", &[]);
}

/// The answer to jobs whose transaction was rolled back for a reason that is not theirs: ask again.
fn rolled_back(err: Error) -> drive::Error {
    match drive::Error::from(err) {
        drive::Error::NoSpace => drive::Error::NoSpace,
        other => drive::Error::DatabaseUnreachable { detail: other.to_string() },
    }
}

/// Runs all in one transaction. `false`: one failed that had changed something already, so that nothing is committed.
///
/// That is rare: most find out first that they cannot. It spares the others a savepoint each, for which SQLite copies
/// every page that is changed and writes out the full-text index.
fn run_together(connection: &Conn, group: &mut [Box<dyn Job>]) -> Result<bool, Error> {
    if group.is_empty() {
        return Ok(true);
    }
    // Immediate: the write lock is taken before the first read. A deferred transaction that reads first could not become a
    // writer if another process (a `dray` command on the same folder) had committed meanwhile.
    execute(connection, "begin immediate", &[])?;
    for job in group {
        let before = changes(connection);
        let succeeded = job.run(connection);
        let after = changes(connection);
        if after.is_none() || (!succeeded && after != before) {
            undo(connection);
            return Ok(false);
        }
    }
    execute(connection, "commit", &[])?;
    Ok(true)
}

/// Runs each so that it can be undone alone, all in one transaction.
fn run_apart(connection: &Conn, group: &mut [Box<dyn Job>]) -> Result<(), Error> {
    execute(connection, "begin immediate", &[])?;
    for job in group {
        execute(connection, "savepoint job", &[])?;
        if !job.run(connection) {
            execute(connection, "rollback to job", &[])?;
        }
        execute(connection, "release job", &[])?;
    }
    execute(connection, "commit", &[]).map(drop)
}

/// Grows with every row that is inserted, changed or deleted; none if SQLite has rolled the transaction back.
fn changes(connection: &Conn) -> Option<u64> {
    match connection {
        Conn::Sqlite(connection) if !connection.is_autocommit() => Some(connection.total_changes()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::query::value;

    fn count(connection: &Conn) -> i64 {
        value(connection, "select count(*) as n from t", &[], "n").unwrap()
    }

    fn insert(connection: &Conn) -> drive::Result<()> {
        Ok(execute(connection, "insert into t values (1)", &[]).map(drop)?)
    }

    /// Writes these as one group; what each is told, and how often any of them ran.
    fn told(
        connection: &Conn,
        works: [fn(&Conn) -> drive::Result<()>; 3],
    ) -> ([drive::Result<()>; 3], usize) {
        let runs = Arc::<AtomicUsize>::default();
        let mut group = Vec::<Box<dyn Job>>::new();
        let answers = works.map(|work| {
            let ((answer, answered), runs) = (oneshot::channel(), Arc::clone(&runs));
            let work = move |c: &Conn| {
                runs.fetch_add(1, Ordering::Relaxed);
                work(c)
            };
            group.push(Box::new(Asked { work, result: None, answer }));
            answered
        });
        write_group(connection, group);
        (answers.map(|mut answer| answer.try_recv().unwrap()), runs.load(Ordering::Relaxed))
    }

    #[test]
    fn a_group_is_run_again_only_if_a_job_failed_that_had_changed_something() {
        let connection = Conn::Sqlite(rusqlite::Connection::open_in_memory().unwrap());
        execute(&connection, "create table t (x)", &[]).unwrap();
        let refused = |_: &Conn| Err(drive::Error::NotFound);
        let outcome = [Ok(()), Err(drive::Error::NotFound), Ok(())];
        assert_eq!(told(&connection, [insert, refused, insert]), (outcome.clone(), 3));
        assert_eq!(count(&connection), 2);
        let half = |c: &Conn| insert(c).and(Err(drive::Error::NotFound));
        assert_eq!(told(&connection, [insert, half, insert]), (outcome, 5), "the third had not run yet");
        assert_eq!(count(&connection), 4);
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
