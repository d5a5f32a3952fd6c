//! The documentation is true: its links work, its commands exist, its examples run, and its reference is complete.
//!
//! An example that a test cannot run has the fence `sh,norun`. Every other `sh` example runs.

mod examples;
mod help;
mod links;
mod page;
mod reference;
mod words;
