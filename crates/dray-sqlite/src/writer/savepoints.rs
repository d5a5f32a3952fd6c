//! Commits a group of jobs, each with a savepoint: a job's failure undoes only its own changes.

use std::vec;

use rusqlite::Connection;

use super::{begin, commit, execute, rollback};
use crate::error::Error;
use crate::job::Job;

pub(super) fn write_group(connection: &Connection, jobs: &mut Vec<Box<dyn Job>>) {
    let mut waiting = jobs.drain(..);
    while waiting.len() > 0 {
        commit_together(connection, &mut waiting);
    }
}

/// Runs jobs in one transaction and commits it.
fn commit_together(connection: &Connection, waiting: &mut vec::Drain<'_, Box<dyn Job>>) {
    if let Err(error) = begin(connection) {
        tell_all(waiting.collect(), &Err(error));
        return;
    }
    let mut done = Vec::with_capacity(waiting.len());
    for job in waiting {
        done.extend(run_in_savepoint(connection, job));
        if connection.is_autocommit() {
            // On a full or failing disk, SQLite undoes the whole transaction.
            tell_all(done, &Err(Error::Undone));
            return;
        }
    }
    let committed = commit(connection);
    tell_all(done, &committed);
}

fn tell_all(done: Vec<Box<dyn Job>>, committed: &Result<(), Error>) {
    for job in done {
        job.tell(committed.clone());
    }
}

/// Runs one job. Returns it if it still has to learn how the transaction ended.
fn run_in_savepoint(connection: &Connection, mut job: Box<dyn Job>) -> Option<Box<dyn Job>> {
    if let Err(error) = execute(connection, "savepoint job") {
        job.tell(Err(error.into()));
        return None;
    }
    if !job.run(connection) {
        undo(connection);
        return Some(job);
    }
    match execute(connection, "release job") {
        Ok(()) => Some(job),
        Err(error) => {
            undo(connection);
            tracing::error!(%error, "a savepoint could not be released");
            job.tell(Err(Error::Undone));
            None
        }
    }
}

fn undo(connection: &Connection) {
    if connection.is_autocommit() {
        return;
    }
    let undone = execute(connection, "rollback to job").and_then(|()| execute(connection, "release job"));
    if let Err(error) = undone {
        // If one job's changes cannot be undone, no part of this transaction may be committed.
        tracing::error!(%error, "a savepoint could not be undone");
        rollback(connection);
    }
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::*;
    use crate::job::Settled;
    use crate::options::Options;
    use crate::writer::{Savepoints, Writer, Writing};

    fn writer() -> (tempfile::TempDir, PathBuf, Writer<Savepoints>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("meta.db");
        let connection = Options::default().open_writer(&path).unwrap();
        connection.execute_batch("create table bucket (name)").unwrap();
        (folder, path, Writer::savepoints(connection, (), Writing::default()).unwrap())
    }

    fn add(connection: &Connection, name: &str) -> rusqlite::Result<()> {
        connection.execute("insert into bucket (name) values (?1)", [name]).map(drop)
    }

    fn names(path: &Path) -> Vec<String> {
        let connection = Options::default().open_reader(path).unwrap();
        let mut statement = connection.prepare("select name from bucket order by name").unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }

    #[tokio::test]
    async fn a_failing_or_panicking_job_undoes_only_its_own_changes() {
        let (_folder, path, writer) = writer();
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
        assert!(matches!(worse, Err(Error::Panicked)));
        assert_eq!(names(&path), ["good", "last"]);
        writer.close().await;
    }

    #[tokio::test]
    async fn a_job_whose_caller_left_is_committed_and_settled() {
        let (_folder, path, writer) = writer();
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
        writer.close().await;
    }

    #[tokio::test]
    async fn a_closed_writer_does_the_waiting_jobs_and_accepts_no_more() {
        let (_folder, path, writer) = writer();
        let (waiting, closing) = tokio::join!(writer.run(|db| add(db, "waited"), |_| ()), writer.close());
        assert_eq!((waiting.unwrap(), closing), (Ok(()), ()));
        assert!(matches!(writer.run(|db| add(db, "late"), |_| ()).await, Err(Error::Closed)));
        assert_eq!(names(&path), ["waited"]);
    }
}
