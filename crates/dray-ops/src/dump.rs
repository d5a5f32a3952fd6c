//! A drive's rows as a file: one JSON line for each row, after a line that describes the file and before a line with
//! the sums. The format is the same for both databases, so rows from one can be loaded into the other.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufRead as _, BufReader, BufWriter, Lines, Write as _};
use std::path::{Path, PathBuf};

use dray_object_store::private;
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::on_disk::on_disk;
use dray_db::dump::{TABLES, Table};
use dray_db::{Conn, Db, dump, names, trash};
use dray_drive::parts::Crc64;
use dray_drive::{Error, Result};
use dray_server::objects::Wanted;

/// What an error about a backup is about.
const BACKUP: &str = "The backup";
/// What an error about a database with another drive is about.
const DATABASE: &str = "The database";

/// Whether an error with this field says that a backup is damaged, or did not end well.
pub fn is_damage(field: &str) -> bool {
    field == BACKUP
}

/// Whether an error with this field says that a database has a drive already.
pub fn is_taken(field: &str) -> bool {
    field == DATABASE
}

/// The version of the format.
const FORMAT: u32 = 1;
/// The beginning of the last line of a dump.
const LAST_LINE: &str = "{\"rows\":";

#[derive(Serialize, Deserialize)]
struct Header {
    format: u32,
    dray: String,
    at: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct Line {
    table: String,
    row: Vec<Value>,
}

/// The number of rows, and a sum over all of them that does not depend on their order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Sum {
    pub(crate) rows: u64,
    digest: String,
}

#[derive(Default)]
struct Summing {
    rows: u64,
    digest: u128,
}

impl Summing {
    fn add(&mut self, line: &str) {
        let mut hash = [0; 16];
        blake3::Hasher::new().update(line.as_bytes()).finalize_xof().fill(&mut hash);
        (self.rows, self.digest) = (self.rows + 1, self.digest.wrapping_add(u128::from_be_bytes(hash)));
    }

    fn end(self) -> Sum {
        Sum { rows: self.rows, digest: format!("{:032x}", self.digest) }
    }
}

/// Writes the drive as it is at one moment, and returns once the file is on disk.
pub(crate) async fn write(db: &Db, path: &Path, now: Timestamp) -> Result<Sum> {
    let path = path.to_owned();
    db.read_long(move |c| {
        let on_disk = on_disk(&path);
        let mut file = BufWriter::new(private::create_file(&path).map_err(&on_disk)?);
        let mut put = |line: String| writeln!(file, "{line}").map_err(&on_disk);
        let header = Header { format: FORMAT, dray: env!("CARGO_PKG_VERSION").to_owned(), at: now };
        put(json(&header)?)?;
        let sum = each_row(c, &BTreeMap::new(), &mut put)?;
        put(json(&sum)?)?;
        let file = file.into_inner().map_err(|err| on_disk(err.into_error()))?;
        file.sync_all().map_err(&on_disk)?;
        Ok(sum)
    })
    .await
}

/// The sum that a dump of the drive would have.
pub(crate) async fn sum(db: &Db) -> Result<Sum> {
    db.read_long(|c| each_row(c, &BTreeMap::new(), &mut |_| Ok(()))).await
}

/// Passes each row to `put`. A table that `columns` names gives only its first columns, as many as named.
fn each_row(
    c: &Conn,
    columns: &BTreeMap<&'static str, usize>,
    put: &mut dyn FnMut(String) -> Result<()>,
) -> Result<Sum> {
    let mut sum = Summing::default();
    for table in &TABLES {
        let mut last: Option<Vec<Value>> = None;
        loop {
            let rows = table.page(c, last.as_deref())?;
            let Some(row) = rows.last() else { break };
            last = Some(row.clone());
            for mut row in rows {
                row.truncate(columns.get(table.name).copied().unwrap_or(usize::MAX));
                let line = json(&Line { table: table.name.to_owned(), row })?;
                sum.add(&line);
                put(line)?;
            }
        }
    }
    Ok(sum.end())
}

/// Whether the database has exactly the rows of a dump already; then their number is returned. `None` means that it is
/// empty. A database with other rows is an error.
pub(crate) async fn rows_there(db: &Db, path: &Path) -> Result<Option<Sum>> {
    let path = path.to_owned();
    db.read_long(move |c| {
        if dump::is_empty(c)? {
            return Ok(None);
        }
        let mut rows = Rows::open(&path)?;
        // A version that made rows with fewer columns did not know the last ones.
        let mut columns = BTreeMap::new();
        while let Some((table, row)) = rows.next_row()? {
            columns.entry(table.name).or_insert(row.len());
        }
        let theirs = rows.check()?;
        let ours = each_row(c, &columns, &mut |_| Ok(()))?;
        if ours == theirs { Ok(Some(theirs)) } else { Err(has_drive()) }
    })
    .await
}

fn has_drive() -> Error {
    let rule =
        "already has a drive in it; name an empty database, or the one with exactly the rows of this backup";
    Error::field(DATABASE, rule)
}

/// Loads a dump into a database without a drive: all of it, or nothing.
pub(crate) async fn load(db: &Db, path: &Path) -> Result<Sum> {
    let path = path.to_owned();
    db.write(move |c| {
        if !dump::is_empty(c)? {
            return Err(has_drive());
        }
        dump::defer_references(c)?;
        let mut rows = Rows::open(&path)?;
        while let Some((table, row)) = rows.next_row()? {
            table.insert(c, &row)?;
        }
        trash::list_all(c)?;
        // The rows may hold values that an older version derived from names.
        names::forget(c)?;
        rows.check()
    })
    .await
}

/// The rows of a dump, one after another.
pub(crate) struct Rows {
    path: PathBuf,
    /// The number of the line that was read last.
    line: u64,
    lines: Lines<BufReader<File>>,
    sum: Summing,
    said: Option<Sum>,
}

impl Rows {
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(|err| broken(format_args!("{}: {err}", path.display())))?;
        let mut lines = BufReader::new(file).lines();
        let first = lines.next().transpose().map_err(on_disk(path))?.unwrap_or_default();
        let header: Header = parse(&first, 1, path)?;
        if header.format != FORMAT {
            return Err(broken(format_args!(
                "it was made by dray {}; restore it with that version",
                header.dray
            )));
        }
        Ok(Self { path: path.to_owned(), line: 1, lines, sum: Summing::default(), said: None })
    }

    pub(crate) fn next_row(&mut self) -> Result<Option<(&'static Table, Vec<Value>)>> {
        let Some(line) = self.lines.next().transpose().map_err(on_disk(&self.path))? else { return Ok(None) };
        self.line += 1;
        if line.starts_with(LAST_LINE) {
            self.said = Some(parse(&line, self.line, &self.path)?);
            return Ok(None);
        }
        let Line { table, row } = parse(&line, self.line, &self.path)?;
        let table = Table::named(&table).ok_or_else(|| broken(format_args!("there is no table {table}")))?;
        self.sum.add(&line);
        Ok(Some((table, row)))
    }

    /// Checks that everything that was written has been read.
    pub(crate) fn check(self) -> Result<Sum> {
        let sum = self.sum.end();
        if self.said.as_ref() == Some(&sum) {
            Ok(sum)
        } else {
            Err(broken(format_args!("{} is incomplete, or was changed", self.path.display())))
        }
    }
}

/// An object that an item of a dump refers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ItemObject {
    pub(crate) key: String,
    /// The item's name, for people.
    pub(crate) name: String,
    pub(crate) mime_type: String,
    pub(crate) size_bytes: u64,
    /// The checksum of its bytes, if the drive knows it.
    pub(crate) crc64: Option<Crc64>,
}

impl ItemObject {
    /// What the store should have, if this is its checksum.
    pub(crate) fn wanted<'a>(&'a self, crc64: Option<&'a Crc64>) -> Wanted<'a> {
        Wanted { key: &self.key, size_bytes: self.size_bytes, crc64 }
    }

    /// What people read about an object.
    pub(crate) fn trouble(&self, what: impl std::fmt::Display) -> String {
        format!("{:?}: {what} ({})", self.name, self.key)
    }
}

/// The workspaces of a dump, which say whose drive it is.
pub(crate) fn workspaces(path: &Path) -> Result<BTreeSet<String>> {
    let mut rows = Rows::open(path)?;
    let mut found = BTreeSet::new();
    while let Some((table, row)) = rows.next_row()? {
        // They are the first table.
        if table.name != "workspaces" {
            break;
        }
        let id = table.column("id").and_then(|at| row.get(at)).and_then(Value::as_str);
        found.extend(id.map(str::to_owned));
    }
    Ok(found)
}

/// Every object that the items of a dump refer to.
pub(crate) fn objects(path: &Path) -> Result<Vec<ItemObject>> {
    let mut rows = Rows::open(path)?;
    let mut objects = Vec::new();
    while let Some((table, row)) = rows.next_row()? {
        let cell = |name| table.column(name).and_then(|at| row.get(at));
        let text = |name| cell(name).and_then(Value::as_str).map(str::to_owned);
        if table.name == "items"
            && let (Some(key), Some(mime_type)) = (text("object_key"), text("mime_type"))
        {
            let size_bytes = cell("size_bytes").and_then(Value::as_u64).unwrap_or(0);
            let name = text("name").unwrap_or_default();
            let crc64 = text("crc64nvme").map(Crc64::from_stored);
            objects.push(ItemObject { key, name, mime_type, size_bytes, crc64 });
        }
    }
    rows.check()?;
    Ok(objects)
}

/// Reads a line of the file at `path`.
fn parse<T: DeserializeOwned>(line: &str, number: u64, path: &Path) -> Result<T> {
    serde_json::from_str(line)
        .map_err(|err| broken(format_args!("line {number} of {}: {err}", path.display())))
}

fn json(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(Error::internal)
}

fn broken(why: impl std::fmt::Display) -> Error {
    Error::field(BACKUP, format!("cannot be read: {why}"))
}
