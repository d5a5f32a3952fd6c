//! Places between the steps of an operation where a test can have the process end.

use std::sync::LazyLock;

/// The place that was chosen, by the environment.
#[expect(clippy::disallowed_methods, reason = "no setting: it is only there for tests of debug builds")]
static CHOSEN: LazyLock<Option<String>> = LazyLock::new(|| std::env::var("DRAY_DIE_AT").ok());

/// Ends the process here, as hard as `kill -9`, if `DRAY_DIE_AT` names this place. Nothing in a release build.
pub fn die_at(place: &str) {
    if cfg!(debug_assertions) && CHOSEN.as_deref() == Some(place) {
        std::process::abort();
    }
}
