//! Places between the steps of an operation where a test can have the process end. Only with the feature `failpoints`,
//! which nothing that is shipped has.

/// Ends the process here, as hard as `kill -9`, if the program that has the store has set up `fail` to.
#[cfg(feature = "failpoints")]
macro_rules! die_here {
    ($name:literal) => {
        fail::fail_point!($name, |_| std::process::abort())
    };
}

/// Nothing: this is not a build for tests.
#[cfg(not(feature = "failpoints"))]
macro_rules! die_here {
    ($name:literal) => {};
}

pub(crate) use die_here;
