//! The windows of an upload in which a crash leaves something behind (`W1` to `W10`), as places where a test can have
//! the process end. Only with the feature `failpoints`, which nothing that is shipped has.

/// Ends the process here, as hard as `kill -9`, if `FAILPOINTS` says so: `FAILPOINTS=W4=return`.
#[cfg(feature = "failpoints")]
macro_rules! window {
    ($name:literal) => {
        fail::fail_point!($name, |_| std::process::abort())
    };
}

/// Nothing: this is not a build for tests.
#[cfg(not(feature = "failpoints"))]
macro_rules! window {
    ($name:literal) => {};
}

pub(crate) use window;

/// Reads `FAILPOINTS`, once a process.
#[cfg(feature = "failpoints")]
pub(crate) fn arm() {
    static ARMED: std::sync::Once = std::sync::Once::new();
    ARMED.call_once(|| std::mem::forget(fail::FailScenario::setup()));
}

/// Nothing: this is not a build for tests.
#[cfg(not(feature = "failpoints"))]
pub(crate) fn arm() {}
