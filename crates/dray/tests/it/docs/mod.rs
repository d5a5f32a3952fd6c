//! The documentation is true: its links lead somewhere, its commands exist, its examples run, its reference is complete.
//!
//! To say that an example cannot be run by a test, its fence is `sh,norun`. Every other `sh` example runs.

mod examples;
mod help;
mod links;
mod page;
mod reference;
mod words;
