//! A call that the store did not answer with success, and the drive's error for it. `proof.rs` decides what such an
//! answer proves.

use std::time::Duration;

use dray_api::with_causes;
use dray_s3::ErrorCode;
use dray_s3::xml::ErrorAnswer;
use http::StatusCode;

use super::Completion;
use super::proof::{Proof, proof};
use crate::drive::Error;

/// Why a request to the store failed.
#[derive(Debug)]
pub(super) enum Failed {
    /// The store answered with an error.
    Said {
        /// The operation, as S3 calls it.
        operation: &'static str,
        status: StatusCode,
        /// S3's code, or one of the store's own; empty if there was none.
        code: String,
        message: String,
        /// Whether the request was sent before, with an answer that proved nothing.
        is_repeat: bool,
    },
    /// There was no connection to the store, or it broke.
    Silent { operation: &'static str, detail: String },
    /// The store did not answer in time, or answered only with errors after which another try may help.
    TooLate { operation: &'static str, waited: Duration, last: Option<Box<Failed>> },
    /// The request was not sent: the cause is on this machine.
    Local { detail: String },
    /// The request was not sent: the store was not proven to be the drive's.
    Unproven(Error),
}

impl Failed {
    pub(super) fn said(operation: &'static str, status: StatusCode, error: Option<ErrorAnswer>) -> Self {
        let ErrorAnswer { code, message } =
            error.unwrap_or_else(|| ErrorAnswer { code: String::new(), message: String::new() });
        Self::Said { operation, status, code, message, is_repeat: false }
    }

    /// The same failure, marked if the request was sent before.
    pub(super) fn repeated(self, was_asked: bool) -> Self {
        match self {
            Self::Said { operation, status, code, message, .. } => {
                Self::Said { operation, status, code, message, is_repeat: was_asked }
            }
            other => other,
        }
    }

    /// An error in the body of an answer that began with the status of a success.
    pub(super) fn late(operation: &'static str, error: ErrorAnswer) -> Self {
        let code = ErrorCode::parse(&error.code).unwrap_or(ErrorCode::InternalError);
        Self::said(operation, code.status(), Some(error))
    }

    pub(super) fn silent(
        operation: &'static str,
        err: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::Silent { operation, detail: with_causes(&*err.into()) }
    }

    pub(super) fn local(err: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Local { detail: with_causes(&*err.into()) }
    }

    /// Whether it may help to send the request again at once.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            Self::Said { .. } if proof(self) == Proof::Damaged => false,
            Self::Said { status, .. } => {
                self.code() == Some(ErrorCode::RequestTimeout)
                    || matches!(status.as_u16(), 408 | 429 | 500 | 502 | 503 | 504)
            }
            Self::Silent { .. } => true,
            Self::TooLate { .. } | Self::Local { .. } | Self::Unproven(_) => false,
        }
    }

    /// Whether it proves that the requested thing is not there.
    pub(super) fn is_gone(&self) -> bool {
        proof(self) == Proof::Gone
    }

    /// S3's code, if Dray knows it.
    pub(super) fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Said { code, .. } => ErrorCode::parse(code),
            Self::Silent { .. } | Self::TooLate { .. } | Self::Local { .. } | Self::Unproven(_) => None,
        }
    }

    /// The store's message, or why there is none.
    pub(super) fn detail(self) -> String {
        match self {
            Self::Said { status, code, message, .. } => {
                let said = [code, message].into_iter().filter(|text| !text.is_empty());
                let said = said.collect::<Vec<_>>().join(", ");
                format!("it answered {} {said}", status.as_u16()).trim_end().to_owned()
            }
            Self::Silent { detail, .. } | Self::Local { detail } => detail,
            Self::Unproven(err) => err.to_string(),
            Self::TooLate { waited, last, .. } => {
                let last = last.map(|last| format!("; before, {}", last.detail())).unwrap_or_default();
                format!("no answer within {} s{last}", waited.as_secs_f32())
            }
        }
    }
}

/// The error for a call that should have worked: the store is down or full, refuses the server, or does not have the
/// operation.
impl From<Failed> for Error {
    fn from(failed: Failed) -> Self {
        if let Failed::Unproven(err) = failed {
            return err;
        }
        if failed.code() == Some(ErrorCode::InsufficientStorage) {
            return Self::NoSpace;
        }
        match (proof(&failed), &failed) {
            (_, Failed::Local { .. }) => Self::internal(failed.detail()),
            (Proof::Lacking, Failed::Said { operation, .. }) => {
                Self::StoreLacks { operation, detail: failed.detail() }
            }
            (Proof::Damaged, _) => Self::BytesDamaged { detail: failed.detail() },
            (Proof::Refused | Proof::Gone, _) => Self::StoreRefused { detail: failed.detail() },
            _ => Self::StoreUnreachable { detail: failed.detail() },
        }
    }
}

/// What an error answer to Complete says about the upload.
pub(super) fn refusal(failed: Failed, size_bytes: u64) -> Completion {
    let (code, detail) = match &failed {
        Failed::Said { message, .. } => (failed.code(), message.clone()),
        _ => (None, String::new()),
    };
    match code {
        Some(ErrorCode::InvalidPart | ErrorCode::InvalidPartOrder) => {
            return Completion::Refused(Error::InvalidPart { detail });
        }
        Some(ErrorCode::EntityTooSmall) => return Completion::Refused(Error::PartTooSmall),
        Some(ErrorCode::BadDigest) => return Completion::Refused(Error::ChecksumMismatch),
        Some(ErrorCode::InvalidRequest) => {
            return Completion::Refused(Error::SizeMismatch { announced_bytes: size_bytes, detail });
        }
        _ => {}
    }
    match proof(&failed) {
        Proof::Gone => {
            Completion::NoSuchUpload { is_settled: matches!(failed, Failed::Said { is_repeat: false, .. }) }
        }
        Proof::Lacking => Completion::Refused(failed.into()),
        Proof::Refused | Proof::WillPass | Proof::Damaged | Proof::Nothing => {
            Completion::Unknown(failed.into())
        }
    }
}

/// What an error answer to a copy says. As with a Complete, the object may exist nevertheless. If the source of the
/// copy is gone or has changed, the store did nothing. But if the copy was sent before, the answer is about the last one
/// only, and an earlier one may still be under way.
pub(super) fn copy_refusal(failed: Failed) -> Completion {
    if matches!(failed, Failed::Said { is_repeat: true, .. }) && proof(&failed) != Proof::Lacking {
        return Completion::Unknown(Error::FinalizePending);
    }
    if failed.code() == Some(ErrorCode::PreconditionFailed) {
        let detail = "The file was sent again in the meantime.".into();
        return Completion::Refused(Error::InvalidPart { detail });
    }
    match proof(&failed) {
        Proof::Gone => Completion::NoSuchUpload { is_settled: true },
        Proof::Lacking | Proof::Refused => Completion::Refused(failed.into()),
        Proof::WillPass => Completion::NotYet(failed.into()),
        Proof::Damaged | Proof::Nothing => Completion::Unknown(failed.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(status: StatusCode, code: &str) -> Failed {
        Failed::said("ListParts", status, Some(ErrorAnswer { code: code.into(), message: "m".into() }))
    }

    #[test]
    fn the_stores_message_is_reported() {
        let told = |failed: Failed| Error::from(failed).to_string();
        assert!(
            told(said(StatusCode::FORBIDDEN, "AccessDenied")).contains("it answered 403 AccessDenied, m")
        );
        assert!(told(Failed::said("ListParts", StatusCode::BAD_GATEWAY, None)).ends_with("it answered 502"));
        let last = Some(Box::new(Failed::said("ListParts", StatusCode::BAD_GATEWAY, None)));
        let late = Failed::TooLate { operation: "ListParts", waited: Duration::from_millis(1400), last };
        assert!(told(late).contains("no answer within 1.4 s; before, it answered 502"));
    }

    #[test]
    fn a_refusal_of_a_repeated_copy_proves_nothing_about_the_first_one() {
        for (status, code) in [
            (StatusCode::PRECONDITION_FAILED, "PreconditionFailed"),
            (StatusCode::NOT_FOUND, "NoSuchKey"),
            (StatusCode::FORBIDDEN, "AccessDenied"),
        ] {
            let copy = || {
                let said = ErrorAnswer { code: code.into(), message: "m".into() };
                Failed::said("CopyObject", status, Some(said))
            };
            assert!(!matches!(copy_refusal(copy()), Completion::Unknown(_)), "{code}");
            let repeated = copy_refusal(copy().repeated(true));
            assert!(matches!(repeated, Completion::Unknown(Error::FinalizePending)), "{code}");
        }
    }

    #[test]
    fn only_temporary_failures_are_repeated() {
        for (failed, may_pass) in [
            (said(StatusCode::SERVICE_UNAVAILABLE, "SlowDown"), true),
            (said(StatusCode::INSUFFICIENT_STORAGE, "InsufficientStorage"), false),
            (said(StatusCode::NOT_FOUND, "NoSuchUpload"), false),
            (said(StatusCode::NOT_IMPLEMENTED, "NotImplemented"), false),
            (said(StatusCode::BAD_REQUEST, "RequestTimeout"), true),
            (said(StatusCode::BAD_REQUEST, "InvalidPart"), false),
            (Failed::late("ListParts", ErrorAnswer { code: "Odd".into(), message: String::new() }), true),
            (
                Failed::late(
                    "ListParts",
                    ErrorAnswer { code: "NoSuchUpload".into(), message: String::new() },
                ),
                false,
            ),
        ] {
            assert_eq!(failed.may_pass(), may_pass, "{failed:?}");
        }
    }
}
