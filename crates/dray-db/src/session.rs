//! One connection to Postgres in use. If sessions stay whole, each statement is prepared once. If a pooler splits
//! sessions, each statement is sent in one message with everything it needs. This file knows nothing of transactions.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio_postgres::Row;
use tokio_postgres::types::{ToSql, Type};

use crate::error::{Error, is_lost_session};
use crate::value::Param;

/// The longest wait for the answer to a statement. Postgres ends statements earlier, so a later answer never comes.
const NO_ANSWER: Duration = Duration::from_secs(28);
/// A connection in use, on a thread that may block.
pub struct Session {
    /// `Some` until the session ends.
    pub(crate) client: Option<deadpool_postgres::Object>,
    pub(crate) runtime: Handle,
    /// Whether there is a pooler in between that keeps no prepared statements.
    pub(crate) is_pooled: Arc<AtomicBool>,
}

impl Session {
    pub(crate) fn execute(&self, sql: &str, params: &[&dyn Param]) -> Result<u64, Error> {
        self.wait_for(async {
            if self.is_pooled() {
                return self.client().execute_typed(sql, &typed(params)).await;
            }
            let statement = self.client().prepare_cached(sql).await?;
            self.client().execute(&statement, &values(params)).await
        })
    }

    pub(crate) fn query(&self, sql: &str, params: &[&dyn Param]) -> Result<Vec<Row>, Error> {
        self.wait_for(async {
            if self.is_pooled() {
                return self.client().query_typed(sql, &typed(params)).await;
            }
            let statement = self.client().prepare_cached(sql).await?;
            self.client().query(&statement, &values(params)).await
        })
    }

    pub(crate) fn batch(&self, sql: &str) -> Result<(), Error> {
        self.wait_for(self.client().batch_execute(sql))
    }

    fn is_pooled(&self) -> bool {
        self.is_pooled.load(Ordering::Relaxed)
    }

    fn wait_for<T>(
        &self,
        answer: impl Future<Output = Result<T, tokio_postgres::Error>>,
    ) -> Result<T, Error> {
        let answer = self.runtime.block_on(async { tokio::time::timeout(NO_ANSWER, answer).await });
        answer.map_err(|_| Error::NoAnswer)?.map_err(|err| self.noted(err))
    }

    /// Handles the error that a prepared statement is missing, or that another session prepared it. It means that
    /// there is a pooler that the start did not notice.
    fn noted(&self, err: tokio_postgres::Error) -> Error {
        if err.code().is_some_and(is_lost_session) && !self.is_pooled.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                "Postgres turns out to be behind a pooler: from now on statements are not kept prepared"
            );
        }
        Error::Postgres(err)
    }

    #[expect(clippy::expect_used, reason = "taken only as the session ends")]
    fn client(&self) -> &deadpool_postgres::Object {
        self.client.as_ref().expect("a session has a client until it ends")
    }
}

fn values<'a>(params: &[&'a dyn Param]) -> Vec<&'a (dyn ToSql + Sync)> {
    params.iter().map(|param| *param as &(dyn ToSql + Sync)).collect()
}

/// The parameters with their types, so that the types need no question to Postgres.
fn typed<'a>(params: &[&'a dyn Param]) -> Vec<(&'a (dyn ToSql + Sync), Type)> {
    params.iter().map(|param| (*param as &(dyn ToSql + Sync), param.kind())).collect()
}
