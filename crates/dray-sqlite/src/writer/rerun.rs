//! A group in which jobs have no savepoints, unless one fails that had changed something: then all run again, with them.

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

/// Runs all in one transaction. `false` means that one failed that had changed something already, so that nothing is committed.
///
/// That is rare: most find out first that they cannot. It spares the others a savepoint each, for which SQLite copies
/// every page that is changed and writes out the full-text index.
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

/// Runs each so that it can be undone alone, all in one transaction.
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

/// Grows with every row that is inserted, changed or deleted; `None` means that SQLite has rolled the transaction back.
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

    /// Why a job of a test fails.
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

    /// Writes these as one group; what each is told, and how often any of them ran.
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
    fn a_group_is_run_again_only_if_a_job_failed_that_had_changed_something() {
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
    async fn a_job_that_fails_or_panics_undoes_its_own_work_only() {
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
