//! Places between the steps of an operation where a test can end the process.

use std::sync::LazyLock;

/// The place that the environment names.
#[expect(clippy::disallowed_methods, reason = "no setting: it is only there for tests of debug builds")]
static CHOSEN: LazyLock<Option<String>> = LazyLock::new(|| std::env::var("DRAY_DIE_AT").ok());

/// Ends the process here, like `kill -9`, if `DRAY_DIE_AT` names this place. It does nothing in a release build.
pub fn die_at(place: &str) {
    if cfg!(debug_assertions) && CHOSEN.as_deref() == Some(place) {
        std::process::abort();
    }
}
