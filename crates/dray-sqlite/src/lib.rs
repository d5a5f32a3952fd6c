//! SQLite as this project uses it. Knows nothing of what is stored.

mod wal;

pub use wal::{WAL_CHECK_EVERY, WAL_LIMIT_BYTES, limit_wal, shrink_wal};
