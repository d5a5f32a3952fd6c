//! Many small files at once. Each is an upload like any other, but is sent with one signed PUT of the whole file. A
//! batch needs only a few transactions, however many files it has, and an error of one file does not affect the
//! others.

mod finalize;
mod folders;
mod outage;
mod staged;
mod start;
mod starting;
mod there;

pub(crate) use start::StartedFile;
