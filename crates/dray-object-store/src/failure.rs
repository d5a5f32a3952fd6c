//! Why a request fails: an S3 error, the headers that go with it and, for the log, its cause. Only this file decides how
//! database and disk errors are answered; `http/answer.rs` writes the answer.

use std::{borrow::Cow, io};

use dray_s3::{ErrorCode, PartNumberError, S3Error};
use http::{HeaderName, HeaderValue};

/// A failed request.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) error: S3Error,
    /// For the log only.
    pub(crate) cause: Option<Box<dyn std::error::Error + Send + Sync>>,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
}

impl Failure {
    pub(crate) fn new(code: ErrorCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self { error: S3Error::new(code, message), cause: None, headers: Vec::new() }
    }

    /// A fault of the store itself. The log has its cause; the answer has no details.
    pub(crate) fn internal(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        let mut failure = Self::new(ErrorCode::InternalError, "The store failed; retrying may help");
        failure.cause = Some(cause.into());
        failure
    }

    pub(crate) fn with_header(mut self, name: HeaderName, value: Option<HeaderValue>) -> Self {
        self.headers.extend(value.map(|value| (name, value)));
        self
    }

    /// Why it failed, for the log.
    pub(crate) fn told(&self) -> String {
        self.cause.as_ref().map_or_else(|| self.error.message.to_string(), ToString::to_string)
    }

    /// Whether the disk is full.
    pub(crate) fn is_full(&self) -> bool {
        self.error.code == ErrorCode::InsufficientStorage
    }

    /// The machine lacks something at the moment (descriptors, memory, a lock). Nothing was stored.
    fn passing(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        let message = "The store cannot do this at the moment; try again";
        let mut failure = Self::new(ErrorCode::ServiceUnavailable, message);
        failure.cause = Some(cause.into());
        failure
    }

    /// The stored bytes of an object are not those that were received, or are gone.
    pub(crate) fn damaged(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        let message = "The stored bytes of this object are damaged; the store's log says where";
        let mut failure = Self::new(ErrorCode::ObjectDamaged, message);
        failure.cause = Some(cause.into());
        failure
    }

    fn full(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        let message = "The store's disk is full; nothing was stored";
        let mut failure = Self::new(ErrorCode::InsufficientStorage, message);
        failure.cause = Some(cause.into());
        failure
    }
}

impl From<S3Error> for Failure {
    fn from(error: S3Error) -> Self {
        Self { error, cause: None, headers: Vec::new() }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::full(error),
            _ if is_passing(&error) => Self::passing(error),
            _ => Self::internal(error),
        }
    }
}

/// Whether the cause may end by itself: the process or the machine has no file descriptor or memory left.
fn is_passing(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EMFILE | libc::ENFILE | libc::ENOMEM))
}

impl From<dray_sqlite::Error> for Failure {
    fn from(error: dray_sqlite::Error) -> Self {
        if error.is_full() {
            return Self::full(error);
        }
        match error {
            dray_sqlite::Error::Closed | dray_sqlite::Error::Undone => {
                Self::new(ErrorCode::ServiceUnavailable, "The store cannot write at the moment; try again")
            }
            error if error.is_passing() => Self::passing(error),
            error => Self::internal(error),
        }
    }
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        dray_sqlite::Error::from(error).into()
    }
}

impl From<PartNumberError> for Failure {
    fn from(error: PartNumberError) -> Self {
        Self::new(ErrorCode::InvalidArgument, error.to_string())
    }
}

/// The disk is so full that the store accepts nothing new.
pub(crate) fn no_space() -> Failure {
    Failure::new(ErrorCode::InsufficientStorage, "The store's disk is full; nothing was stored")
}

/// The error for more requests at once than are allowed, or than there is memory for.
pub(crate) fn slow_down(message: &'static str) -> Failure {
    Failure::new(ErrorCode::SlowDown, message)
}

/// The error if all buffers were in use for longer than a client may wait.
pub(crate) fn no_buffer() -> Failure {
    slow_down("The store is serving too many transfers at the moment; try again")
}

pub(crate) fn no_such_bucket() -> Failure {
    Failure::new(ErrorCode::NoSuchBucket, "The specified bucket does not exist")
}

pub(crate) fn no_such_key() -> Failure {
    Failure::new(ErrorCode::NoSuchKey, "The specified key does not exist")
}

pub(crate) fn no_such_upload() -> Failure {
    let message = "The specified upload does not exist. The upload id may be invalid, or the upload may have \
                   been aborted or completed";
    Failure::new(ErrorCode::NoSuchUpload, message)
}

pub(crate) fn invalid_argument(message: impl Into<Cow<'static, str>>) -> Failure {
    Failure::new(ErrorCode::InvalidArgument, message)
}

pub(crate) fn invalid_request(message: impl Into<Cow<'static, str>>) -> Failure {
    Failure::new(ErrorCode::InvalidRequest, message)
}

pub(crate) fn not_implemented(what: &str) -> Failure {
    Failure::new(ErrorCode::NotImplemented, format!("This store does not offer {what}"))
}

#[cfg(test)]
mod tests {
    use rusqlite::ffi;

    use super::*;

    fn of_sqlite(code: i32) -> ErrorCode {
        Failure::from(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None)).error.code
    }

    #[test]
    fn what_the_machine_lacks_at_the_moment_is_told_as_passing_and_a_full_disk_as_full() {
        for (errno, code) in [
            (libc::EMFILE, ErrorCode::ServiceUnavailable),
            (libc::ENFILE, ErrorCode::ServiceUnavailable),
            (libc::ENOMEM, ErrorCode::ServiceUnavailable),
            (libc::ENOSPC, ErrorCode::InsufficientStorage),
            (libc::EDQUOT, ErrorCode::InsufficientStorage),
            (libc::EACCES, ErrorCode::InternalError),
        ] {
            assert_eq!(Failure::from(io::Error::from_raw_os_error(errno)).error.code, code, "{errno}");
        }
        for (failed, code) in [
            (ffi::SQLITE_CANTOPEN, ErrorCode::ServiceUnavailable),
            (ffi::SQLITE_NOMEM, ErrorCode::ServiceUnavailable),
            (ffi::SQLITE_IOERR_SHMOPEN, ErrorCode::ServiceUnavailable),
            (ffi::SQLITE_FULL, ErrorCode::InsufficientStorage),
            (ffi::SQLITE_CORRUPT, ErrorCode::InternalError),
        ] {
            assert_eq!(of_sqlite(failed), code, "{failed}");
        }
    }
}
