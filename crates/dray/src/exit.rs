//! Exit codes. A code means the same for every command, so that scripts can act on it.

use std::process::ExitCode;

use dray_client::Error;

/// How the process ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    Ok = 0,
    Error = 1,
    Usage = 2,
    NotFound = 3,
    NotAllowed = 4,
    Conflict = 5,
    RateLimited = 6,
    /// The code that shells use for a process that a signal ended: 128 + SIGINT.
    Interrupted = 130,
    /// 128 + SIGTERM.
    Terminated = 143,
}

/// A mistake in the arguments that the parser cannot see.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Usage(pub(crate) &'static str);

/// Something that does not exist.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct NotFound(pub(crate) String);

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

impl Exit {
    /// The code for an error that ended a command.
    pub(crate) fn of(error: &anyhow::Error) -> Self {
        if let Some(error) = error.downcast_ref::<Error>() {
            return Self::of_client(error);
        }
        if let Some(error) = error.downcast_ref::<dray_server::Error>() {
            return Self::of_server(error);
        }
        if error.is::<Usage>() {
            Self::Usage
        } else if error.is::<NotFound>() {
            Self::NotFound
        } else {
            Self::Error
        }
    }

    /// The code for an error of a server, or of a transfer.
    pub(crate) fn of_client(error: &Error) -> Self {
        match error {
            Error::Api { status: 404, .. } | Error::NoUpload { .. } => Self::NotFound,
            Error::Api { status: 401 | 403, .. } => Self::NotAllowed,
            Error::Api { status: 409 | 410, .. } | Error::AlreadyExists { .. } => Self::Conflict,
            Error::Api { status: 429, .. } => Self::RateLimited,
            Error::InvalidUrl { .. } => Self::Usage,
            Error::Cancelled => Self::Interrupted,
            Error::LeftOpen { error, .. } | Error::MaybeSaved { error, .. } => Self::of_client(error),
            _ => Self::Error,
        }
    }

    fn of_server(error: &dray_server::Error) -> Self {
        match error {
            dray_server::Error::NotThere(_) => Self::NotFound,
            dray_server::Error::ThereAlready(_) => Self::Conflict,
            dray_server::Error::Drive(dray_server::DriveError::InvalidField { field, .. })
                if dray_ops::is_damage(field) =>
            {
                Self::Error
            }
            dray_server::Error::Drive(dray_server::DriveError::InvalidField { field, .. })
                if dray_ops::is_taken(field) =>
            {
                Self::Conflict
            }
            dray_server::Error::Setting(_)
            | dray_server::Error::Drive(dray_server::DriveError::InvalidField { .. }) => Self::Usage,
            _ => Self::Error,
        }
    }

    /// The code for several failures: the one they share, or [`Exit::Error`].
    pub(crate) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Ok, code) | (code, Self::Ok) => code,
            (one, other) if one == other => one,
            _ => Self::Error,
        }
    }
}

#[cfg(test)]
mod tests {
    use dray_api::{ErrorBody, ErrorCode};

    use super::*;

    #[test]
    fn every_refusal_has_its_code() {
        let of = |status| {
            let body = ErrorBody {
                status_code: status,
                error: String::new(),
                code: ErrorCode::Unknown,
                message: String::new(),
                retry_after: None,
            };
            Exit::of(&Error::Api { status, body: Box::new(body) }.into()) as u8
        };
        let codes = [400, 401, 403, 404, 405, 409, 410, 413, 429, 500, 503, 507].map(of);
        assert_eq!(codes, [1, 4, 4, 3, 1, 5, 5, 1, 6, 1, 1, 1]);
    }

    #[test]
    fn errors_that_are_not_refusals_have_codes_too() {
        assert_eq!(Exit::of(&Usage("no").into()), Exit::Usage);
        assert_eq!(Exit::of(&NotFound("no".into()).into()), Exit::NotFound);
        assert_eq!(Exit::of(&Error::AlreadyExists { path: "a".into() }.into()), Exit::Conflict);
        assert_eq!(Exit::of(&anyhow::anyhow!("no")), Exit::Error);
    }

    #[test]
    fn several_failures_with_the_same_code_keep_it() {
        assert_eq!(Exit::Ok.and(Exit::NotFound).and(Exit::Ok).and(Exit::NotFound), Exit::NotFound);
        assert_eq!(Exit::NotFound.and(Exit::Conflict), Exit::Error);
    }
}
