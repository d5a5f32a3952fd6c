//! What the drive is, without how it is stored or asked for: types and pure decisions.
//!
//! No IO, no async, no clock (time comes in as `now`), no HTTP, no SQL.

pub(crate) mod access;
pub(crate) mod error;
pub(crate) mod item;
pub(crate) mod link;
pub(crate) mod listing;
pub(crate) mod name;
pub(crate) mod parts;
pub(crate) mod path;
pub(crate) mod permit;
pub(crate) mod rules;
pub(crate) mod search;
pub(crate) mod token;
pub(crate) mod upload;

pub use error::Error;
pub(crate) use error::{QuotaOf, Result};

use jiff::Timestamp;

/// A time as the wire writes it: RFC 3339 in UTC with milliseconds.
pub(crate) fn wire_time(time: Timestamp) -> String {
    format!("{time:.3}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wire_has_milliseconds_even_when_they_are_zero() {
        let time: Timestamp = "2026-01-31T12:00:00Z".parse().unwrap();
        assert_eq!(wire_time(time), "2026-01-31T12:00:00.000Z");
    }
}
