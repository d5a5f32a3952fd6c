//! SQLite as Dray uses it: one thread that writes and commits waiting jobs in groups, connections that read, one set
//! of outcomes, and a log that stays short. It knows nothing of what is stored.
//!
//! ```
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! use dray_sqlite::{Options, Readers, Settled, Writer, Writing};
//!
//! let folder = tempfile::tempdir().unwrap();
//! let (file, options) = (folder.path().join("notes.db"), Options::default());
//! let connection = options.open_writer(&file).unwrap();
//! connection.execute_batch("create table note (text)").unwrap();
//!
//! let writer = Writer::savepoints(connection, (), Writing::default()).unwrap();
//! let job = |db: &rusqlite::Connection| db.execute("insert into note values ('kept')", []);
//! let outcome = writer.run(job, |settled| assert_eq!(settled, Settled::Committed)).await;
//! assert_eq!(outcome.unwrap(), Ok(1));
//!
//! let readers = Readers::new(&file, options);
//! let text: Result<String, rusqlite::Error> =
//!     readers.run(|db| db.query_row("select text from note", [], |row| row.get(0)));
//! assert_eq!(text.unwrap(), "kept");
//! writer.close().await;
//! # });
//! ```

mod error;
mod job;
mod options;
mod readers;
mod wal;
mod writer;

pub use error::{Error, is_full, is_passing};
pub use job::{Outcome, Settled};
pub use options::Options;
pub use readers::Readers;
pub use wal::{WAL_CHECK_EVERY, WAL_LIMIT_BYTES, limit_wal, shrink_wal};
pub use writer::{Rerun, Savepoints, Writer, Writing};
