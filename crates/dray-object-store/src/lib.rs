//! An S3 object store in one folder: durable, streaming, multipart. It knows nothing of drives.
//!
//! ```text
//! root/lock         one process at a time
//! root/keys.json    the access keys, random: the server's from the first start on, tools' when they are asked for (0600)
//! root/meta.db      buckets, uploads, parts, objects: SQLite, one writer thread that commits in groups
//! root/reserve      4 MiB that are released so that a full disk can be emptied
//! root/parts/ab/…   the bytes of parts over 16 KiB; immutable, randomly named; smaller ones live in meta.db
//! ```
//!
//! A request is authenticated, parsed and authorised before the store acts on it (`http/`). Bodies stream block by
//! block through aligned buffers to the disk (`body/`, `disk/`), and become visible by one database commit (`meta/`).
//! Each block of a download is compared with its stored CRC (`read.rs`). The collector later removes what nothing
//! refers to (`collector.rs`), but never while somebody reads it (`pins.rs`).
//!
//! Beside the store there is a [`Relay`] to another store. It shares the code that verifies, limits and answers
//! requests.

mod allowance;
mod body;
mod bucket_name;
mod clock;
mod collector;
mod config;
mod crc64;
mod disk;
mod failpoints;
mod failure;
mod fields;
mod http;
mod ids;
mod keys;
mod meta;
mod open_error;
mod pins;
pub mod private;
mod read;
mod relay;
mod reserve;
mod store;
mod transfers;

pub use config::{Config, CorsOrigins, WhenShort};
pub use failpoints::die_at;
pub use http::{BucketIn, SentPath, is_streamed, pipeline, refuse};
pub use keys::{KeyKind, key_of, read_keys, rotate_key, tools_may_have_the_servers_key};
pub use meta::{has_bucket_in, has_object_in};
pub use open_error::OpenError;
pub use relay::{Asking, Probing, RELAYED_SIZE, Relay, RelayConfig, Relayed, Unanswered, Upstream};
pub use reserve::Spending;
pub use store::ObjectStore;
pub use transfers::{Caller, TransferStock};
