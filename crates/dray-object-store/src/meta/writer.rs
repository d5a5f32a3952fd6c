//! The one thread that writes the database. Jobs that wait are committed together: one sync of the log pays
//! for all of them. Nothing here knows what the jobs do.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    thread, vec,
};

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use dray_sqlite::shrink_wal;

use crate::meta::MetaError;

/// Jobs that wait for the writer before senders are held back.
const QUEUE: usize = 1024;
/// Most jobs of one commit: bounds how long the first of them waits for the others.
const MAX_JOBS_PER_COMMIT: usize = 256;

/// Does the work, or learns why it cannot be begun. What it returns is called once the outcome is known.
type Job = Box<dyn FnOnce(Result<&Connection, MetaError>) -> (Keep, Answer) + Send>;
type Answer = Box<dyn FnOnce(Result<(), MetaError>) + Send>;

/// What the thread is sent.
enum Message {
    /// To be done in a transaction, with others.
    Job(Job),
    /// To be done between transactions: the log may be too long.
    ShrinkLog,
}

/// Whether a job's changes are to be committed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keep {
    Changes,
    Nothing,
}

/// What became of a job's changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Settled {
    /// They are durable.
    Committed,
    /// They did not happen.
    Undone,
    /// The commit failed: they are not visible now, but a crash may bring them back.
    Unknown,
}

/// What a job did, as its caller learns it: the outer error is the database's.
pub(crate) type Outcome<T, E> = Result<Result<T, E>, MetaError>;

/// Sends jobs to the writer thread; the thread ends when the last sender is gone.
#[derive(Clone)]
pub(crate) struct Writer {
    queue: mpsc::Sender<Message>,
}

impl Writer {
    /// Starts the thread. `guard` lives as long as the thread may still write.
    pub(crate) fn start<G: Send + 'static>(
        connection: Connection,
        guard: G,
    ) -> std::io::Result<(Self, thread::JoinHandle<()>)> {
        let (sender, queue) = mpsc::channel(QUEUE);
        let thread = thread::Builder::new().name("store-writer".to_owned()).spawn(move || {
            serve(&connection, queue);
            drop(connection);
            drop(guard);
        })?;
        Ok((Self { queue: sender }, thread))
    }

    /// Runs `job` in a transaction and returns once it is committed. An error of the job itself undoes what
    /// it did and is returned as `Ok(Err(_))`. `after` is told the outcome on the writer's thread, and `job`
    /// runs, even if the caller stops waiting once the job is queued.
    pub(crate) async fn run<T, E, F, A>(&self, job: F, after: A) -> Outcome<T, E>
    where
        T: Send + 'static,
        E: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, E> + Send + 'static,
        A: FnOnce(Settled) + Send + 'static,
    {
        let (answer, outcome) = oneshot::channel();
        self.queue.send(Message::Job(package(job, after, answer))).await.map_err(|_| MetaError::Closed)?;
        outcome.await.unwrap_or(Err(MetaError::Panicked))
    }

    /// The same, for a thread that may block.
    pub(crate) fn run_blocking<T, E, F>(&self, job: F) -> Outcome<T, E>
    where
        T: Send + 'static,
        E: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, E> + Send + 'static,
    {
        let (answer, outcome) = oneshot::channel();
        self.queue
            .blocking_send(Message::Job(package(job, |_| (), answer)))
            .map_err(|_| MetaError::Closed)?;
        outcome.blocking_recv().unwrap_or(Err(MetaError::Panicked))
    }

    /// Has the thread see to it that the log is not too long, if it has the time.
    pub(crate) fn shrink_log(&self) {
        // A queue that is full has writes in it, which fold the log in themselves.
        drop(self.queue.try_send(Message::ShrinkLog));
    }
}

fn package<T, E, F, A>(job: F, after: A, answer: oneshot::Sender<Outcome<T, E>>) -> Job
where
    T: Send + 'static,
    E: Send + 'static,
    F: FnOnce(&Connection) -> Result<T, E> + Send + 'static,
    A: FnOnce(Settled) + Send + 'static,
{
    Box::new(move |connection| {
        let result = connection.map(job);
        let keep = if matches!(result, Ok(Ok(_))) { Keep::Changes } else { Keep::Nothing };
        let finish: Answer = Box::new(move |committed| {
            let (settled, outcome) = match (result, committed) {
                (Ok(Ok(value)), Ok(())) => (Settled::Committed, Ok(Ok(value))),
                (Ok(Ok(_)), Err(error)) if error.may_have_happened() => (Settled::Unknown, Err(error)),
                (Ok(Ok(_)), Err(error)) => (Settled::Undone, Err(error)),
                (failed, _) => (Settled::Undone, failed),
            };
            after(settled);
            // The caller may have gone; the commit stands all the same.
            drop(answer.send(outcome));
        });
        (keep, finish)
    })
}

fn serve(connection: &Connection, mut queue: mpsc::Receiver<Message>) {
    let mut messages = Vec::with_capacity(MAX_JOBS_PER_COMMIT);
    let mut jobs = Vec::with_capacity(MAX_JOBS_PER_COMMIT);
    while queue.blocking_recv_many(&mut messages, MAX_JOBS_PER_COMMIT) > 0 {
        let mut shrinks_log = false;
        for message in messages.drain(..) {
            match message {
                Message::Job(job) => jobs.push(job),
                Message::ShrinkLog => shrinks_log = true,
            }
        }
        let mut waiting = jobs.drain(..);
        while waiting.len() > 0 {
            commit_together(connection, &mut waiting);
        }
        if shrinks_log && let Err(error) = shrink_wal(connection) {
            tracing::debug!(%error, "the database log stays long for now");
        }
    }
    // An orderly end leaves an empty log behind.
    if let Err(error) = connection.execute_batch("pragma wal_checkpoint(truncate)") {
        tracing::warn!(%error, "the database log could not be folded in; the next start does it");
    }
}

/// Runs the waiting jobs in one transaction and commits it. Their files are on disk already (see [`crate::disk`]), so the
/// commit, which fsyncs the log, is what makes a part or an object exist. Answers are sent only after it.
fn commit_together(connection: &Connection, jobs: &mut vec::Drain<'_, Job>) {
    if let Err(error) = execute(connection, "begin immediate") {
        let error = MetaError::from(error);
        jobs.for_each(|job| job(Err(error.clone())).1(Err(error.clone())));
        return;
    }
    let mut answers = Vec::with_capacity(jobs.len());
    for job in jobs {
        answers.extend(run_in_savepoint(connection, job));
        if connection.is_autocommit() {
            // A full disk or a failing one makes SQLite undo the whole transaction.
            for answer in answers {
                answer(Err(MetaError::Undone));
            }
            return;
        }
    }
    let committed = execute(connection, "commit").map_err(|error| MetaError::Commit(Arc::new(error)));
    if committed.is_err() && !connection.is_autocommit() {
        drop(execute(connection, "rollback"));
    }
    for answer in answers {
        answer(committed.clone());
    }
}

/// Runs one job so that its failure undoes its own changes and nobody else's. A job that panics has no
/// answer: its caller sees the channel close.
fn run_in_savepoint(connection: &Connection, job: Job) -> Option<Answer> {
    if let Err(error) = execute(connection, "savepoint job") {
        let error = MetaError::from(error);
        job(Err(error.clone())).1(Err(error));
        return None;
    }
    let ran = catch_unwind(AssertUnwindSafe(|| job(Ok(connection)))).ok();
    if ran.as_ref().is_some_and(|(keep, _)| *keep == Keep::Changes) {
        return match execute(connection, "release job") {
            Ok(()) => ran.map(|(_, answer)| answer),
            Err(error) => {
                undo(connection);
                tracing::error!(%error, "a savepoint could not be released");
                if let Some((_, answer)) = ran {
                    answer(Err(MetaError::Undone));
                }
                None
            }
        };
    }
    undo(connection);
    ran.map(|(_, answer)| answer)
}

fn undo(connection: &Connection) {
    if connection.is_autocommit() {
        return;
    }
    let undone = execute(connection, "rollback to job").and_then(|()| execute(connection, "release job"));
    if let Err(error) = undone {
        // Nothing of this transaction may be committed when one job's part of it cannot be undone.
        tracing::error!(%error, "a savepoint could not be undone");
        drop(execute(connection, "rollback"));
    }
}

fn execute(connection: &Connection, statement: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(statement)?.execute([]).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn writer() -> (tempfile::TempDir, std::path::PathBuf, Writer, thread::JoinHandle<()>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("meta.db");
        let connection = crate::meta::schema::open_writer(&path, true).unwrap();
        let (writer, thread) = Writer::start(connection, ()).unwrap();
        (folder, path, writer, thread)
    }

    fn add(connection: &Connection, name: &str) -> rusqlite::Result<()> {
        connection.execute("insert into bucket (name, created_at) values (?1, 0)", [name]).map(drop)
    }

    fn names(path: &std::path::Path) -> Vec<String> {
        let connection = crate::meta::schema::open_reader(path).unwrap();
        let mut statement = connection.prepare("select name from bucket order by name").unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }

    #[tokio::test]
    async fn a_failing_or_panicking_job_undoes_its_own_changes_only() {
        let (_folder, path, writer, thread) = writer();
        let good = writer.run(|db| add(db, "good"), |settled| assert_eq!(settled, Settled::Committed));
        let bad = writer.run(
            |db| {
                add(db, "bad").unwrap();
                Err::<(), _>("refused")
            },
            |settled| assert_eq!(settled, Settled::Undone),
        );
        let worse = writer.run(
            |db| -> Result<(), ()> {
                add(db, "worse").unwrap();
                panic!("a job of the test panics");
            },
            |_| (),
        );
        let last = writer.run(|db| add(db, "last"), |_| ());
        let (good, bad, worse, last) = tokio::join!(good, bad, worse, last);
        assert!(matches!(good, Ok(Ok(()))) && matches!(last, Ok(Ok(()))));
        assert!(matches!(bad, Ok(Err("refused"))));
        assert!(matches!(worse, Err(MetaError::Panicked)));
        assert_eq!(names(&path), ["good", "last"]);
        drop(writer);
        thread.join().unwrap();
    }

    #[tokio::test]
    async fn a_job_whose_caller_left_is_committed_and_settled() {
        let (_folder, path, writer, thread) = writer();
        let (settled, told) = std::sync::mpsc::channel();
        let (left, wait_until_left) = std::sync::mpsc::channel();
        let job = move |db: &Connection| {
            wait_until_left.recv().unwrap();
            add(db, "kept")
        };
        let mut run = Box::pin(writer.run(job, move |how| settled.send(how).unwrap()));
        tokio::select! {
            biased;
            _ = &mut run => panic!("the answer cannot be there yet"),
            () = std::future::ready(()) => {}
        }
        drop(run);
        left.send(()).unwrap();
        assert_eq!(told.recv().unwrap(), Settled::Committed);
        assert_eq!(names(&path), ["kept"]);
        drop(writer);
        thread.join().unwrap();
    }

    #[test]
    fn only_a_commit_that_may_have_reached_the_log_is_of_unknown_outcome() {
        let settled = |error: MetaError| {
            let (answer, _outcome) = oneshot::channel::<Outcome<(), ()>>();
            let (told, settled) = std::sync::mpsc::channel();
            let connection = Connection::open_in_memory().unwrap();
            package(|_| Ok(()), move |how| told.send(how).unwrap(), answer)(Ok(&connection)).1(Err(error));
            settled.recv().unwrap()
        };
        let commit = |code| {
            MetaError::Commit(Arc::new(rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), None)))
        };
        assert_eq!(settled(commit(rusqlite::ffi::SQLITE_FULL)), Settled::Undone);
        assert_eq!(settled(commit(rusqlite::ffi::SQLITE_IOERR_FSYNC)), Settled::Unknown);
        assert_eq!(settled(commit(rusqlite::ffi::SQLITE_IOERR_SHMSIZE)), Settled::Unknown);
        assert_eq!(settled(MetaError::Undone), Settled::Undone);
    }
}
