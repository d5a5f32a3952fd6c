//! The tables of Postgres, version by version. Servers that start together migrate once: each version is a
//! transaction that holds a lock.

use deadpool_postgres::Pool;

use crate::db::OpenError;

const MIGRATIONS: [&str; 2] = [
    include_str!("../../../migrations/postgres/0001_drive.sql"),
    include_str!("../../../migrations/postgres/0002_search.sql"),
];

/// `create table if not exists` can still fail when two do it at once, so it waits for the lock too.
const LOCK: &str = "select pg_advisory_xact_lock(hashtextextended('dray migrations', 0));
                    create table if not exists schema_version (version bigint not null)";

pub(super) async fn migrate(pool: &Pool) -> Result<(), OpenError> {
    let mut client = pool.get().await.map_err(|err| OpenError::Pool(with_sources(&err)))?;
    loop {
        let transaction = client.transaction().await?;
        transaction.batch_execute(LOCK).await?;
        let row = transaction.query_one("select coalesce(max(version), 0) from schema_version", &[]).await?;
        let version = usize::try_from(row.get::<_, i64>(0)).unwrap_or(usize::MAX);
        if version > MIGRATIONS.len() {
            return Err(OpenError::Newer);
        }
        let Some(next) = MIGRATIONS.get(version) else { return Ok(()) };
        transaction.batch_execute(next).await?;
        transaction
            .execute(
                "insert into schema_version values ($1)",
                &[&(i64::try_from(version + 1).unwrap_or(i64::MAX))],
            )
            .await?;
        transaction.commit().await?;
    }
}

fn with_sources(err: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(err.source(), |cause| cause.source());
    causes.fold(err.to_string(), |text, cause| format!("{text}: {cause}"))
}
