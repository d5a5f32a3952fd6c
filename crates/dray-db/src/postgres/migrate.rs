//! The tables of Postgres, version by version. If several servers start at the same time, one of them migrates: each
//! version is a transaction that holds a lock.

use deadpool_postgres::{Client, Pool};
use tokio_postgres::IsolationLevel;

use crate::open_error::OpenError;
use dray_api::with_causes;

const MIGRATIONS: [&str; 23] = [
    include_str!("../../migrations/postgres/0001_drive.sql"),
    include_str!("../../migrations/postgres/0002_search.sql"),
    include_str!("../../migrations/postgres/0003_roles.sql"),
    include_str!("../../migrations/postgres/0004_token_lineage.sql"),
    include_str!("../../migrations/postgres/0005_idempotency.sql"),
    include_str!("../../migrations/postgres/0006_fairness.sql"),
    include_str!("../../migrations/postgres/0007_measured_uploads.sql"),
    include_str!("../../migrations/postgres/0008_names.sql"),
    include_str!("../../migrations/postgres/0009_relay_key.sql"),
    include_str!("../../migrations/postgres/0010_inconclusive.sql"),
    include_str!("../../migrations/postgres/0011_grants.sql"),
    include_str!("../../migrations/postgres/0012_whole_files.sql"),
    include_str!("../../migrations/postgres/0013_read_backs.sql"),
    include_str!("../../migrations/postgres/0014_makers.sql"),
    include_str!("../../migrations/postgres/0015_requests.sql"),
    include_str!("../../migrations/postgres/0016_token_lines.sql"),
    include_str!("../../migrations/postgres/0017_doors.sql"),
    include_str!("../../migrations/postgres/0018_made_with.sql"),
    include_str!("../../migrations/postgres/0019_store_marks.sql"),
    include_str!("../../migrations/postgres/0020_moved.sql"),
    include_str!("../../migrations/postgres/0021_other_objects.sql"),
    include_str!("../../migrations/postgres/0022_no_index_of_objects.sql"),
    include_str!("../../migrations/postgres/0023_watches.sql"),
];

/// The lock. `create table if not exists` can still fail when two servers do it at once, so it waits for the lock too.
const LOCK: &str = "select pg_advisory_xact_lock(hashtextextended('dray migrations', 0));
                    create table if not exists schema_version (version bigint not null)";

/// No statement here is prepared under a name, because behind a pooler another client may get the session.
const VERSION: &str = "select coalesce(max(version), 0) from schema_version";

/// The version that this program needs.
pub(super) const LATEST: usize = MIGRATIONS.len();

/// The version of the existing tables; 0 if there are none. Changes nothing.
pub(super) async fn version(client: &tokio_postgres::Client) -> Result<usize, tokio_postgres::Error> {
    let row = client.query_typed_one("select to_regclass('schema_version') is not null", &[]).await?;
    if !row.get::<_, bool>(0) {
        return Ok(0);
    }
    let row = client.query_typed_one(VERSION, &[]).await?;
    Ok(usize::try_from(row.get::<_, i64>(0)).unwrap_or(usize::MAX))
}

pub(super) async fn migrate(pool: &Pool) -> Result<(), OpenError> {
    let mut client = connection(pool).await?;
    loop {
        // The level must be read committed: after this server has waited for the lock, it must see the version that
        // another server has just committed.
        let begin = client.build_transaction().isolation_level(IsolationLevel::ReadCommitted);
        let transaction = begin.start().await?;
        transaction.batch_execute(LOCK).await?;
        let row = transaction.query_typed_one(VERSION, &[]).await?;
        let version = usize::try_from(row.get::<_, i64>(0)).unwrap_or(usize::MAX);
        if version > MIGRATIONS.len() {
            return Err(OpenError::Newer);
        }
        let Some(next) = MIGRATIONS.get(version) else { return Ok(()) };
        // To read a large table takes longer than a statement may otherwise take.
        transaction.batch_execute("set local statement_timeout = 0").await?;
        transaction.batch_execute(next).await?;
        transaction
            .batch_execute(&format!("insert into schema_version (version) values ({})", version + 1))
            .await?;
        transaction.commit().await?;
    }
}

/// A connection, or the reason why there is none.
async fn connection(pool: &Pool) -> Result<Client, OpenError> {
    pool.get().await.map_err(|err| OpenError::Pool(with_causes(&err)))
}
