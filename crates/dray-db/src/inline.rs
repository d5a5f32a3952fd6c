//! The database of simulated servers. It is in memory, several servers may share it, and jobs run in the caller's
//! thread, so that a schedule can be repeated. It uses SQLite's own statements, tables and transactions. Its gate
//! decides which calls and answers are late or lost. For tests: compiled only with the feature `memory`.

#![expect(clippy::unwrap_used, reason = "a test that cannot continue fails")]

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use dray_api::{UserId, WorkspaceId};
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use tokio::time::Instant;

use super::clock::SteadyClock;
use super::query::{execute, list, size};
use super::{Conn, Db, Error, Kind, sqlite, users};
use dray_drive as drive;

/// Statements that remove everything that a schedule leaves behind, in an order that foreign keys allow.
const LEFT: [&str; 12] = [
    "delete from measured_uploads",
    "delete from read_backs",
    "delete from trash_lists",
    "delete from items",
    "delete from uploads",
    "delete from tombstones",
    "delete from leases",
    "delete from outbox",
    "delete from idempotency_keys",
    "delete from clock_seen",
    "delete from watches",
    "update usage set items = 0, size_bytes = 0",
];

/// Stands between a server and its database.
pub trait Gate: Send + Sync {
    /// Returns when a call comes through; an error means that it never does.
    fn arrive(&self) -> BoxFuture<'_, drive::Result<()>>;

    /// Called for each committed transaction that changed something. A server asked for the transaction at `asked_at`.
    fn committed(&self, c: &Conn, asked_at: Instant);

    /// Returns when the answer is back; an error means that it is lost.
    fn leave(&self) -> BoxFuture<'_, drive::Result<()>>;
}

/// A database in memory. It is cheap to clone.
#[derive(Clone)]
pub struct Memory(Arc<Mutex<rusqlite::Connection>>);

/// One server's connection to such a database.
#[derive(Clone)]
pub struct Inline {
    memory: Memory,
    gate: Arc<dyn Gate>,
    is_shared: bool,
}

impl Memory {
    /// A database with this user and nothing else.
    ///
    /// # Panics
    /// If SQLite fails.
    pub fn new(workspace: WorkspaceId, user: UserId) -> Self {
        let connection = sqlite::in_memory().unwrap();
        let conn = Conn::Sqlite(&connection);
        users::insert_default_workspace(&conn, workspace, Timestamp::UNIX_EPOCH).unwrap();
        let (email, name, role) = ("a@b".to_owned(), "a".to_owned(), "owner".to_owned());
        let row = users::UserRow { id: user, email, name, role, created_at: Timestamp::UNIX_EPOCH };
        assert!(users::insert_user(&conn, workspace, &row).unwrap());
        Self(Arc::new(Mutex::new(connection)))
    }

    /// Removes everything that a schedule has left.
    ///
    /// # Panics
    /// If SQLite fails.
    pub fn clear(&self) {
        let connection = self.conn();
        let c = Conn::Sqlite(&connection);
        execute(&c, "begin immediate", &[]).unwrap();
        for sql in LEFT {
            execute(&c, sql, &[]).unwrap();
        }
        execute(&c, "commit", &[]).unwrap();
    }

    /// Reads the database from outside.
    ///
    /// # Panics
    /// If SQLite fails.
    pub fn look<T>(&self, look: impl FnOnce(&Conn) -> Result<T, Error>) -> T {
        look(&Conn::Sqlite(&self.conn())).unwrap()
    }

    fn conn(&self) -> MutexGuard<'_, rusqlite::Connection> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inline {
    pub(super) fn is_shared(&self) -> bool {
        self.is_shared
    }

    pub(super) async fn read<T>(&self, work: impl FnOnce(&Conn) -> drive::Result<T>) -> drive::Result<T> {
        self.gate.arrive().await?;
        let result = work(&Conn::Sqlite(&self.memory.conn()));
        self.gate.leave().await?;
        result
    }

    pub(super) async fn write<T>(&self, work: impl Fn(&Conn) -> drive::Result<T>) -> drive::Result<T> {
        let asked_at = Instant::now();
        self.gate.arrive().await?;
        let result = self.transact(work, asked_at);
        self.gate.leave().await?;
        result
    }

    fn transact<T>(&self, work: impl Fn(&Conn) -> drive::Result<T>, asked_at: Instant) -> drive::Result<T> {
        let connection = self.memory.conn();
        let c = Conn::Sqlite(&connection);
        let before = changes(&c);
        execute(&c, "begin immediate", &[])?;
        let result = work(&c);
        execute(&c, if result.is_ok() { "commit" } else { "rollback" }, &[])?;
        if result.is_ok() && changes(&c) != before {
            self.gate.committed(&c, asked_at);
        }
        result
    }
}

/// How many rows were changed so far.
fn changes(c: &Conn) -> u64 {
    match c {
        Conn::Sqlite(c) => c.total_changes(),
        Conn::Postgres(_) => 0,
    }
}

impl Db {
    /// A server's view of a database in memory. If `is_shared`, servers believe that other servers use it too.
    pub fn of_memory(memory: &Memory, gate: Arc<dyn Gate>, is_shared: bool, clock: SteadyClock) -> Self {
        let inline = Inline { memory: memory.clone(), gate, is_shared };
        Self::with_clock(Kind::Inline(inline), clock)
    }
}

/// An upload, as a test sees it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct UploadSeen {
    /// The key of its object.
    pub key: String,
    /// Its state, as the column spells it.
    pub state: String,
    /// The store's upload id.
    pub store_id: Option<String>,
    /// Who holds its lease, or held it last.
    pub holder: Option<String>,
    /// When its lease ends, in milliseconds since 1970 by the clock of leases.
    pub lease_until: Option<i64>,
    /// Whether a Complete may have been sent.
    pub is_attempted: bool,
    /// When the store removed its parts, in milliseconds since 1970; 0 means that there were none.
    pub parts_freed_at: Option<i64>,
}

/// All uploads, by their ids.
pub fn uploads_seen(c: &Conn) -> Result<Vec<UploadSeen>, Error> {
    let sql = "select object_key, state, store_upload_id, lease_holder, lease_until, attempted_at is not null as attempted,
                      parts_freed_at
               from uploads order by id";
    list(c, sql, &[], |row| {
        Ok(UploadSeen {
            key: row.get("object_key")?,
            state: row.get("state")?,
            store_id: row.get("store_upload_id")?,
            holder: row.get("lease_holder")?,
            lease_until: row.get("lease_until")?,
            is_attempted: row.get("attempted")?,
            parts_freed_at: row.get("parts_freed_at")?,
        })
    })
}

/// The leases of work that one server does for all: name, holder, and end.
pub fn leases_seen(c: &Conn) -> Result<Vec<(String, String, i64)>, Error> {
    let sql = "select name, holder, held_until from leases order by name";
    list(c, sql, &[], |row| Ok((row.get("name")?, row.get("holder")?, row.get("held_until")?)))
}

/// An item, as a test sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemSeen {
    /// Its id.
    pub id: String,
    /// The key of its object.
    pub key: String,
    /// The upload that made it.
    pub upload: Option<String>,
    /// Its size in bytes.
    pub size_bytes: u64,
    /// Whether it is in the trash.
    pub is_trashed: bool,
}

/// All items.
pub fn items_seen(c: &Conn) -> Result<Vec<ItemSeen>, Error> {
    let sql = "select id, object_key, upload_id, size_bytes, trashed_at is not null as trashed from items order by id";
    list(c, sql, &[], |row| {
        Ok(ItemSeen {
            id: row.get("id")?,
            key: row.get("object_key")?,
            upload: row.get("upload_id")?,
            size_bytes: size(row, "size_bytes")?,
            is_trashed: row.get("trashed")?,
        })
    })
}

/// Objects that the store must still remove.
pub fn tombstones_seen(c: &Conn) -> Result<Vec<String>, Error> {
    list(c, "select object_key from tombstones order by object_key", &[], |row| row.get("object_key"))
}

/// The counted usage of the user: items and bytes.
pub fn usage_seen(c: &Conn) -> Result<(i64, i64), Error> {
    let found = list(c, "select items, size_bytes from usage", &[], |row| {
        Ok((row.get("items")?, row.get("size_bytes")?))
    })?;
    Ok(found.first().copied().unwrap_or_default())
}
