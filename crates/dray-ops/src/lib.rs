//! What an operator does with a drive from the command line: users and tokens, backups, moves, orphans, and `dray doctor`.
//!
//! It works on the same data folder, database and store as the server, whether the server is running or not. It does
//! not know the terminal.

mod admin;
mod backup;
mod bulk;
pub mod doctor;
mod dump;
mod each;
mod inventory;
mod left_out;
mod migrate;
mod on_disk;
mod orphans;
mod outcome;
mod restore;
mod store;
mod unlisted;

pub use admin::{Admin, AlsoEnds, CreatedToken, MAX_TOKEN_LIFE, OWNER_EMAIL};
pub use backup::Bytes;
pub use bulk::NewItem;
pub use dray_db::made_with::MadeWith;
pub use dump::{is_damage, is_taken};
pub use left_out::OtherBucket;
pub use orphans::{Foreign, Orphan};
pub use outcome::{Copied, Told};
pub use store::Store;
