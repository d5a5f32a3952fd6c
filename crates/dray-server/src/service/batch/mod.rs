//! Many small files at once: each is an upload like others, by one signed PUT of the whole file. A batch is a few transactions,
//! however many files it has, and one file's refusal hinders no other.

mod finalize;
mod folders;
mod start;

pub(crate) use start::StartedFile;
