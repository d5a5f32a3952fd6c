//! Commits a group of jobs without savepoints. If a job fails after it has changed something, all run again, with
//! savepoints.

use rusqlite::Connection;

use super::{begin, commit, execute, rollback};
use crate::error::Error;
use crate::job::Job;

pub(super) fn write_group(connection: &Connection, jobs: &mut Vec<Box<dyn Job>>) {
    let committed = match run_together(connection, jobs) {
        Ok(false) => run_apart(connection, jobs),
        outcome => outcome.map(drop),
    };
    if let Err(error) = &committed {
        tracing::error!(%error, "a write to the database was rolled back");
        rollback(connection);
    }
    jobs.drain(..).for_each(|job| job.tell(committed.clone()));
}

/// Runs all jobs in one transaction. `false` means that a job failed after it had changed something, so nothing was
/// committed.
///
/// That is rare, because most jobs find out before their first change that they cannot succeed. Without savepoints,
/// SQLite does not have to copy every changed page and write out the full-text index.
fn run_together(connection: &Connection, jobs: &mut [Box<dyn Job>]) -> Result<bool, Error> {
    begin(connection)?;
    for job in jobs {
        let before = changes(connection);
        let succeeded = job.run(connection);
        let after = changes(connection);
        if after.is_none() || (!succeeded && after != before) {
            rollback(connection);
            return Ok(false);
        }
    }
    commit(connection)?;
    Ok(true)
}

/// Runs all jobs in one transaction, each with a savepoint, so that each can be undone alone.
fn run_apart(connection: &Connection, jobs: &mut [Box<dyn Job>]) -> Result<(), Error> {
    begin(connection)?;
    for job in jobs {
        execute(connection, "savepoint job")?;
        if !job.run(connection) {
            execute(connection, "rollback to job")?;
        }
        execute(connection, "release job")?;
    }
    commit(connection)
}

/// A number that grows with every row that is inserted, changed or deleted; `None` if SQLite has rolled back the
/// transaction.
fn changes(connection: &Connection) -> Option<u64> {
    (!connection.is_autocommit()).then(|| connection.total_changes())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::sync::oneshot;

    use super::*;
    use crate::job::{Again, Asked};
    use crate::writer::{Rerun, Writer, Writing};

    /// The error of a failing job in a test.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    struct Refused;

    type Told = Result<(), Refused>;

    fn database() -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("create table t (x)").unwrap();
        connection
    }

    fn count(connection: &Connection) -> i64 {
        connection.query_row("select count(*) from t", [], |row| row.get(0)).unwrap()
    }

    fn insert(connection: &Connection) -> Result<(), Refused> {
        connection.execute("insert into t values (1)", []).map(drop).map_err(|_| Refused)
    }

    /// Writes these jobs as one group. Returns what each was told, and how many times jobs ran in total.
    fn told(connection: &Connection, works: [fn(&Connection) -> Told; 3]) -> ([Told; 3], usize) {
        let runs = Arc::<AtomicUsize>::default();
        let mut group = Vec::<Box<dyn Job>>::new();
        let answers = works.map(|work| {
            let ((answer, answered), runs) = (oneshot::channel(), Arc::clone(&runs));
            let work = move |db: &Connection| {
                runs.fetch_add(1, Ordering::Relaxed);
                work(db)
            };
            group.push(Box::new(Asked::new(Again(work), |_| (), answer)));
            answered
        });
        write_group(connection, &mut group);
        (answers.map(|mut answer| answer.try_recv().unwrap().unwrap()), runs.load(Ordering::Relaxed))
    }

    #[test]
    fn a_group_runs_again_only_if_a_job_failed_after_a_change() {
        let connection = database();
        let refused = |_: &Connection| Err(Refused);
        let outcome = [Ok(()), Err(Refused), Ok(())];
        assert_eq!(told(&connection, [insert, refused, insert]), (outcome, 3));
        assert_eq!(count(&connection), 2);
        let half = |db: &Connection| insert(db).and(Err(Refused));
        assert_eq!(told(&connection, [insert, half, insert]), (outcome, 5), "the third had not run yet");
        assert_eq!(count(&connection), 4);
    }

    #[tokio::test]
    async fn a_failing_or_panicking_job_undoes_only_its_own_work() {
        let writer = Writer::<Rerun>::rerun(database(), Writing::default()).unwrap();
        let good = writer.run(insert);
        let bad = writer.run(|db| insert(db).and(Err::<(), _>(Refused)));
        let worse = writer.run(|db| -> Result<(), Refused> {
            insert(db)?;
            panic!("a job of the test panics");
        });
        let (good, bad, worse) = tokio::join!(good, bad, worse);
        assert_eq!((good.unwrap(), bad.unwrap()), (Ok(()), Err(Refused)));
        assert!(matches!(worse, Err(Error::Panicked)));
        assert_eq!(writer.run(|db| Ok::<_, Refused>(count(db))).await.unwrap(), Ok(1));
        writer.close().await;
        assert!(matches!(writer.run(insert).await, Err(Error::Closed)));
    }
}
