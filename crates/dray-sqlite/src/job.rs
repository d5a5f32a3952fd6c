//! A job for the writer thread, and its outcome. It does not know transactions.

use std::panic::{AssertUnwindSafe, catch_unwind};

use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::error::Error;

/// What happened to a job's changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// They are durable.
    Committed,
    /// They did not happen.
    Undone,
    /// The commit failed. The changes are not visible now, but a crash may bring them back.
    Unknown,
}

/// The result of a job for its caller. The outer error is the database's.
pub type Outcome<T, E> = Result<Result<T, E>, Error>;

/// Work to do in a transaction, and the caller that gets the outcome.
pub(crate) trait Job: Send {
    /// Does the work, possibly a second time. Returns whether to keep its changes.
    fn run(&mut self, connection: &Connection) -> bool;

    /// Reports the outcome once the transaction has ended, with the reason if it was not committed.
    fn tell(self: Box<Self>, committed: Result<(), Error>);
}

/// The progress of a job.
enum Progress<T, E> {
    Waiting,
    Ran(Result<T, E>),
    Panicked,
}

/// Work that runs once and may consume what it holds.
pub(crate) struct Once<W>(pub(crate) Option<W>);

/// Work that may run twice.
pub(crate) struct Again<W>(pub(crate) W);

/// The work of a job.
pub(crate) trait Work<T, E>: Send {
    /// Does the work; `None` if the work has run already and cannot run again.
    fn call(&mut self, connection: &Connection) -> Option<Result<T, E>>;
}

impl<T, E, W: FnOnce(&Connection) -> Result<T, E> + Send> Work<T, E> for Once<W> {
    fn call(&mut self, connection: &Connection) -> Option<Result<T, E>> {
        self.0.take().map(|work| work(connection))
    }
}

impl<T, E, W: Fn(&Connection) -> Result<T, E> + Send> Work<T, E> for Again<W> {
    fn call(&mut self, connection: &Connection) -> Option<Result<T, E>> {
        Some((self.0)(connection))
    }
}

/// A job whose caller waits for the outcome.
pub(crate) struct Asked<T, E, W, A> {
    work: W,
    progress: Progress<T, E>,
    after: A,
    answer: oneshot::Sender<Outcome<T, E>>,
}

impl<T, E, W, A> Asked<T, E, W, A> {
    /// A job. `after` gets the outcome on the writer's thread, and then `answer` sends it to the caller.
    pub(crate) fn new(work: W, after: A, answer: oneshot::Sender<Outcome<T, E>>) -> Self {
        Self { work, progress: Progress::Waiting, after, answer }
    }
}

impl<T, E, W, A> Job for Asked<T, E, W, A>
where
    T: Send,
    E: Send,
    W: Work<T, E>,
    A: FnOnce(Settled) + Send,
{
    fn run(&mut self, connection: &Connection) -> bool {
        let ran = catch_unwind(AssertUnwindSafe(|| self.work.call(connection)));
        self.progress = ran.ok().flatten().map_or(Progress::Panicked, Progress::Ran);
        matches!(self.progress, Progress::Ran(Ok(_)))
    }

    fn tell(self: Box<Self>, committed: Result<(), Error>) {
        let Self { progress, after, answer, .. } = *self;
        let (settled, outcome) = match (progress, committed) {
            (Progress::Ran(Ok(value)), Ok(())) => (Settled::Committed, Ok(Ok(value))),
            (Progress::Ran(Ok(_)), Err(error)) if error.may_have_happened() => (Settled::Unknown, Err(error)),
            (Progress::Ran(Ok(_)) | Progress::Waiting, Err(error)) => (Settled::Undone, Err(error)),
            // If the job itself failed, its error is the answer, whatever happened to the transaction.
            (Progress::Ran(Err(error)), _) => (Settled::Undone, Ok(Err(error))),
            // The caller notices this because the channel closes.
            (Progress::Panicked, _) | (Progress::Waiting, Ok(())) => return,
        };
        after(settled);
        // The caller may be gone; the commit is valid nevertheless.
        drop(answer.send(outcome));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn the_outcome_is_unknown_only_if_the_commit_may_have_reached_the_log() {
        let settled = |error: Error| {
            let (answer, _outcome) = oneshot::channel::<Outcome<(), ()>>();
            let (told, settled) = std::sync::mpsc::channel();
            let connection = Connection::open_in_memory().unwrap();
            let work = Once(Some(|_: &Connection| Ok(())));
            let mut job = Box::new(Asked::new(work, move |how| told.send(how).unwrap(), answer));
            assert!(job.run(&connection));
            job.tell(Err(error));
            settled.recv().unwrap()
        };
        let commit = |code| {
            Error::Commit(Arc::new(rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), None)))
        };
        assert_eq!(settled(commit(rusqlite::ffi::SQLITE_FULL)), Settled::Undone);
        assert_eq!(settled(commit(rusqlite::ffi::SQLITE_IOERR_FSYNC)), Settled::Unknown);
        assert_eq!(settled(commit(rusqlite::ffi::SQLITE_IOERR_SHMSIZE)), Settled::Unknown);
        assert_eq!(settled(Error::Undone), Settled::Undone);
    }
}
