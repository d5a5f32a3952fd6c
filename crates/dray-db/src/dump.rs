//! All rows of a drive, as values that are the same for both databases. Backups write them, and restores read them.
//!
//! A dump leaves out everything that concerns only work under way: leases, tombstones, measures, idempotency keys,
//! unfinished uploads, and the key of relayed URLs, which are short-lived. It leaves out what concerns one database and one
//! store: the mark of the store and the time that was seen last. It also leaves out what can be derived: in
//! whose trash an item is listed.
//!
//! New columns come last in their table. A row of an older backup lacks them, and a restore gives them their defaults.

use serde_json::Value;

use super::{Column, Conn, Error, Param, Row, execute, find, list};

/// How many rows are read at once.
const PAGE: i64 = 1000;

/// A table. The columns of its key come first.
pub struct Table {
    /// Its name in both databases.
    pub name: &'static str,
    keys: usize,
    columns: &'static [(&'static str, Type)],
    /// Which rows belong to the dump.
    filter: &'static str,
}

/// The type of a column, which may also be null.
#[derive(Clone, Copy)]
enum Type {
    Text,
    Integer,
    Boolean,
}
use Type::{Boolean, Integer, Text};

/// The tables, each after those that its rows refer to.
#[rustfmt::skip] // A column is a word.
pub const TABLES: [Table; 13] = [
    Table { name: "workspaces", keys: 1, filter: "true", columns: &[
        ("id", Text), ("name", Text), ("slug", Text), ("description", Text), ("picture", Text), ("quota_bytes", Integer),
        ("created_at", Integer), ("updated_at", Integer),
    ] },
    Table { name: "users", keys: 1, filter: "true", columns: &[
        ("id", Text), ("email", Text), ("name", Text), ("created_at", Integer),
    ] },
    Table { name: "memberships", keys: 2, filter: "true", columns: &[
        ("workspace_id", Text), ("user_id", Text), ("role", Text), ("quota_bytes", Integer), ("created_at", Integer),
    ] },
    Table { name: "usage", keys: 2, filter: "true", columns: &[
        ("workspace_id", Text), ("user_id", Text), ("items", Integer), ("size_bytes", Integer),
    ] },
    Table { name: "uploads", keys: 1, filter: "state = 'completed'", columns: &[
        ("id", Text), ("workspace_id", Text), ("user_id", Text), ("parent_id", Text), ("item_id", Text),
        ("name", Text), ("mime_type", Text), ("size_bytes", Integer), ("on_conflict", Text), ("crc64nvme", Text),
        ("finalize_crc64nvme", Text), ("verify", Boolean), ("object_key", Text), ("store_token", Text),
        ("store_upload_id", Text), ("state", Text), ("digest", Text), ("lease_holder", Text),
        ("lease_until", Integer), ("parts_freed_at", Integer), ("created_at", Integer), ("expires_at", Integer),
        ("confined_to", Text), ("only_uploads", Boolean),
        ("tries", Integer), ("next_try_at", Integer), ("attempted_at", Integer), ("proven_crc64nvme", Text),
        ("inconclusive", Integer), ("grant_id", Text), ("external_id", Text), ("metadata", Text), ("put_key", Text), ("put_until", Integer),
        ("token_id", Text), ("request_id", Text),
    ] },
    Table { name: "items", keys: 1, filter: "true", columns: &[
        ("id", Text), ("workspace_id", Text), ("owner_id", Text), ("host_id", Text), ("parent_id", Text),
        ("kind", Integer), ("name", Text), ("name_key", Text), ("words", Text), ("mime_type", Text),
        ("size_bytes", Integer), ("object_key", Text), ("upload_id", Text), ("created_at", Integer),
        ("updated_at", Integer), ("trashed_at", Integer), ("trashed_by", Text), ("purged_at", Integer),
        ("grant_id", Text), ("external_id", Text), ("metadata", Text), ("crc64nvme", Text), ("request_id", Text),
    ] },
    Table { name: "tokens", keys: 1, filter: "true", columns: &[
        ("id", Text), ("hash", Text), ("workspace_id", Text), ("user_id", Text), ("name", Text), ("scopes", Text),
        ("folder_id", Text), ("created_at", Integer), ("expires_at", Integer), ("revoked_at", Integer),
        ("parent_id", Text), ("rotate_until", Integer), ("successor_id", Text), ("line_id", Text),
    ] },
    Table { name: "grants", keys: 1, filter: "true", columns: &[
        ("id", Text), ("max_files", Integer), ("max_file_bytes", Integer), ("max_bytes", Integer), ("types", Text),
        ("on_conflict", Text), ("external_id", Text), ("metadata", Text), ("forgotten_uploads", Integer),
    ] },
    Table { name: "requests", keys: 1, filter: "true", columns: &[
        ("id", Text), ("slug", Text), ("title", Text), ("message", Text), ("deadline", Integer), ("password_hash", Text),
        ("password_changed_at", Integer), ("asks_name", Text), ("asks_email", Text), ("folder_each", Boolean),
        ("max_submitters", Integer), ("max_files", Integer), ("max_file_bytes", Integer), ("max_bytes", Integer),
        ("max_total_files", Integer), ("max_total_bytes", Integer), ("types", Text), ("on_conflict", Text), ("created_at", Integer), ("confined_to", Text), ("made_with", Text),
        ("password_generation", Integer),
    ] },
    Table { name: "submitters", keys: 1, filter: "true", columns: &[
        ("id", Text), ("request_id", Text), ("name", Text), ("email", Text), ("created_at", Integer), ("sent_at", Integer),
        ("password_generation", Integer), ("network", Text),
    ] },
    Table { name: "participants", keys: 2, filter: "true", columns: &[
        ("item_id", Text), ("user_id", Text), ("role", Text), ("created_at", Integer),
    ] },
    Table { name: "links", keys: 1, filter: "true", columns: &[
        ("id", Text), ("item_id", Text), ("slug", Text), ("password_hash", Text), ("created_by", Text),
        ("created_at", Integer), ("expires_at", Integer), ("downloads", Integer), ("confined_to", Text), ("made_with", Text),
    ] },
    Table { name: "outbox", keys: 2, filter: "true", columns: &[
        ("url", Text), ("event", Text), ("body", Text), ("attempts", Integer), ("next_at", Integer),
        ("created_at", Integer),
    ] },
];

impl Table {
    /// The table with this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        TABLES.iter().find(|table| table.name == name)
    }

    /// Reads a page of rows, in the order of their keys, starting after the row with this key.
    pub fn page(&self, c: &Conn, after: Option<&[Value]>) -> Result<Vec<Vec<Value>>, Error> {
        let keys = self.names(self.keys);
        let mut params: Vec<Box<dyn Param>> = vec![Box::new(PAGE)];
        let mut filter = self.filter.to_owned();
        if let Some(row) = after {
            filter = format!("{filter} and ({keys}) > ({})", placeholders(2, self.keys));
            for (cell, (_, kind)) in row.iter().zip(self.columns).take(self.keys) {
                params.push(kind.param(cell)?);
            }
        }
        let (columns, name) = (self.names(self.columns.len()), self.name);
        let sql = format!("select {columns} from {name} where {filter} order by {keys} limit $1");
        let params: Vec<&dyn Param> = params.iter().map(AsRef::as_ref).collect();
        list(c, &sql, &params, |row| self.columns.iter().map(|(name, kind)| kind.read(row, name)).collect())
    }

    /// Inserts a row. A row of an older version lacks the newest columns, which come last and get their defaults.
    pub fn insert(&self, c: &Conn, row: &[Value]) -> Result<(), Error> {
        if row.len() > self.columns.len() {
            return Err(broken(self.name));
        }
        let params: Vec<Box<dyn Param>> = row
            .iter()
            .zip(self.columns)
            .map(|(cell, (_, kind))| kind.param(cell))
            .collect::<Result<_, _>>()?;
        let params: Vec<&dyn Param> = params.iter().map(AsRef::as_ref).collect();
        let (name, columns) = (self.name, self.names(row.len()));
        let sql = format!("insert into {name} ({columns}) values ({})", placeholders(1, row.len()));
        execute(c, &sql, &params).map(drop)
    }

    /// The position of a column in a row.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|(column, _)| *column == name)
    }

    fn names(&self, count: usize) -> String {
        self.columns[..count].iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
    }
}

impl Type {
    fn read(self, row: &Row<'_>, column: &str) -> Result<Value, Error> {
        match self {
            Self::Text => cell::<String>(row, column),
            Self::Integer => cell::<i64>(row, column),
            Self::Boolean => cell::<bool>(row, column),
        }
    }

    fn param(self, cell: &Value) -> Result<Box<dyn Param>, Error> {
        let is_null = cell.is_null();
        let param: Option<Box<dyn Param>> = match self {
            Self::Text => cell.as_str().map(|text| Box::new(text.to_owned()) as _),
            Self::Integer => cell.as_i64().map(|number| Box::new(number) as _),
            Self::Boolean => cell.as_bool().map(|is_so| Box::new(is_so) as _),
        };
        match (param, self) {
            (Some(param), _) => Ok(param),
            (None, Self::Text) if is_null => Ok(Box::new(None::<String>)),
            (None, Self::Integer) if is_null => Ok(Box::new(None::<i64>)),
            (None, Self::Boolean) if is_null => Ok(Box::new(None::<bool>)),
            _ => Err(broken("a column")),
        }
    }
}

fn cell<T: Column + Into<Value>>(row: &Row<'_>, column: &str) -> Result<Value, Error>
where
    Option<T>: Column,
{
    Ok(row.get::<Option<T>>(column)?.map_or(Value::Null, Into::into))
}

fn placeholders(first: usize, count: usize) -> String {
    (first..first + count).map(|number| format!("${number}")).collect::<Vec<_>>().join(", ")
}

fn broken(what: &str) -> Error {
    Error::value(std::io::Error::other(format!("{what} does not match the tables of this version")))
}

/// Whether the database has never had a drive.
pub fn is_empty(c: &Conn) -> Result<bool, Error> {
    Ok(find(c, "select id from workspaces limit 1", &[], |_| Ok(()))?.is_none())
}

/// Until the transaction ends, a row may be inserted before the rows that it refers to.
pub fn defer_references(c: &Conn) -> Result<(), Error> {
    let sql = match c {
        Conn::Sqlite(_) => "pragma defer_foreign_keys = on",
        Conn::Postgres(_) => "set constraints all deferred",
    };
    execute(c, sql, &[]).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_column_that_is_not_computed_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let db = crate::Db::open_file(&folder.path().join("drive.db")).await.unwrap();
        let left_out = [
            "leases",
            "tombstones",
            "trash_lists",
            "idempotency_keys",
            "measured_uploads",
            "read_backs",
            "name_rules",
            "relay_key",
            "store_mark",
            "clock_seen",
            "watches",
        ];
        let found = db.read(move |c| {
            let sql = "select name from sqlite_schema where type = 'table' and name not like 'item_words%'
                       and name not like 'sqlite_%'";
            let tables = list(c, sql, &[], |row| row.get::<String>("name"))?;
            for name in tables.iter().filter(|name| !left_out.contains(&name.as_str())) {
                let sql = format!(
                    "select name from pragma_table_xinfo('{name}') where hidden = 0 and name <> 'doc'"
                );
                let mut columns = list(c, &sql, &[], |row| row.get::<String>("name"))?;
                let table =
                    Table::named(name).unwrap_or_else(|| panic!("the dump does not have the table {name}"));
                let mut named: Vec<_> =
                    table.columns.iter().map(|(column, _)| (*column).to_owned()).collect();
                columns.sort();
                named.sort();
                assert_eq!(named, columns, "of {name}");
            }
            Ok(tables.len())
        });
        assert_eq!(found.await.unwrap(), TABLES.len() + left_out.len());
    }
}
