//! The one place of the binary that reads the clock.

use jiff::Timestamp;

/// The current time.
#[expect(clippy::disallowed_methods, reason = "the one place of the binary that reads the clock")]
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}
