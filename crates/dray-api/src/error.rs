//! Errors on the wire: one shape, and a closed list of codes, one per cause.

use serde::{Deserialize, Serialize};

/// The body of every answer that is not a success.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ErrorBody {
    /// The HTTP status.
    pub status_code: u16,
    /// The status's phrase.
    pub error: String,
    /// What went wrong, for programs.
    pub code: ErrorCode,
    /// What went wrong and what to do, for people.
    pub message: String,
    /// Seconds to wait before asking again (429 and 503).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub retry_after: Option<u64>,
}

macro_rules! codes {
    ($($(#[doc = $doc:literal])* $name:ident = $text:literal,)*) => {
        /// What went wrong, for programs. The texts never change.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum ErrorCode {
            $($(#[doc = $doc])* #[serde(rename = $text)] $name,)*
            /// A code that this version does not know (a newer server's).
            #[serde(other, rename = "unknown")]
            Unknown,
        }

        impl ErrorCode {
            /// Every code that a server of this version answers.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The text on the wire.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                    Self::Unknown => "unknown",
                }
            }

            /// The status that it comes with, and what it means.
            pub fn description(self) -> &'static str {
                match self {
                    $(Self::$name => concat!($($doc),*).trim_ascii(),)*
                    Self::Unknown => "a code that this version does not know",
                }
            }
        }
    };
}

codes! {
    /// 400: the body is not JSON.
    InvalidJson = "invalid_json",
    /// 400: a field of the body is missing, of the wrong type or out of range.
    InvalidField = "invalid_field",
    /// 400: a name that a file or folder can not have.
    InvalidName = "invalid_name",
    /// 400: a path or query parameter is not what it must be.
    InvalidParameter = "invalid_parameter",
    /// 400: S3's part rules can not carry this file in that many parts.
    ImpossiblePartCount = "impossible_part_count",
    /// 400: the store does not have a listed part, or has it with another `ETag`.
    InvalidPart = "invalid_part",
    /// 400: a part that is not the last is under 5 MiB.
    PartTooSmall = "part_too_small",
    /// 400: the stored bytes are not as many as `fileSize` said.
    SizeMismatch = "size_mismatch",
    /// 400: the stored bytes do not have the checksum that was announced.
    ChecksumMismatch = "checksum_mismatch",
    /// 400: this store does not prove checksums, and `verify` did not ask to read the file back.
    ChecksumUnproven = "checksum_unproven",
    /// 400: the file is larger than the server takes.
    FileTooLarge = "file_too_large",
    /// 400: the server does not take files of this type.
    FileTypeNotAllowed = "file_type_not_allowed",
    /// 400: a file is needed, this is a folder.
    NotAFile = "not_a_file",
    /// 400: a folder is needed, this is a file.
    NotAFolder = "not_a_folder",
    /// 400: folders can not be nested any deeper.
    TooDeep = "too_deep",
    /// 401: no token was sent.
    MissingToken = "missing_token",
    /// 401: the token is malformed or unknown.
    InvalidToken = "invalid_token",
    /// 401: the token's time is over.
    ExpiredToken = "expired_token",
    /// 401: the token was revoked.
    RevokedToken = "revoked_token",
    /// 403: an integration key, where a personal access token is needed.
    WrongTokenKind = "wrong_token_kind",
    /// 403: the token lacks a scope.
    MissingScope = "missing_scope",
    /// 403: the token is confined to a folder, and this is not in it.
    ConfinedToken = "confined_token",
    /// 403: the caller's role on the item does not let them do this.
    RoleTooLow = "role_too_low",
    /// 401: the link needs a password, and none or a wrong one was sent.
    LinkPassword = "link_password",
    /// 404: no such item, or not one that the caller may see.
    NotFound = "not_found",
    /// 404: no such upload, or not the caller's.
    UploadNotFound = "upload_not_found",
    /// 404: no such user in the workspace.
    UserNotFound = "user_not_found",
    /// 404: the user has no role on the item itself.
    ParticipantNotFound = "participant_not_found",
    /// 404: no such link, or one that has expired, was revoked or leads to nothing any more.
    LinkNotFound = "link_not_found",
    /// 404: no such token, or not the caller's.
    TokenNotFound = "token_not_found",
    /// 404: no such route.
    RouteNotFound = "route_not_found",
    /// 405: the route does not take this method.
    MethodNotAllowed = "method_not_allowed",
    /// 409: the upload was finalized with other parts.
    FinalizedDifferently = "finalized_differently",
    /// 409: the upload is finalized, so it can not be aborted.
    AlreadyFinalized = "already_finalized",
    /// 409: the upload is being finalized right now, with other parts or against an abort.
    FinalizeInProgress = "finalize_in_progress",
    /// 409: a folder can not be moved into itself or below itself.
    IntoItself = "into_itself",
    /// 409: there is a file with this name already, and the upload said `fail`.
    NameTaken = "name_taken",
    /// 409: the upload's token was confined to a folder, and the upload's folder is gone from there or closed.
    UploadFolderClosed = "upload_folder_closed",
    /// 409: another token has taken this one's place already.
    TokenRotated = "token_rotated",
    /// 409: the `Idempotency-Key` came with another request before.
    IdempotencyKeyReused = "idempotency_key_reused",
    /// 409: the first request with this `Idempotency-Key` is still under way.
    IdempotencyKeyInUse = "idempotency_key_in_use",
    /// 409: the user has as many unfinished uploads as the server lets one have.
    TooManyUploads = "too_many_uploads",
    /// 409: the role of an item's owner can be neither given nor taken.
    OwnerIsFixed = "owner_is_fixed",
    /// 410: the upload was aborted.
    UploadAborted = "upload_aborted",
    /// 410: the upload expired.
    UploadExpired = "upload_expired",
    /// 413: the body is larger than the route takes.
    BodyTooLarge = "body_too_large",
    /// 415: the body is not `application/json`.
    UnsupportedMediaType = "unsupported_media_type",
    /// 429: too many requests.
    RateLimited = "rate_limited",
    /// 500: a defect or a broken disk; the server's log has the cause under the request's id.
    Internal = "internal",
    /// 500: the object store lacks an operation that Dray needs; asking again does not help.
    StoreLacks = "store_lacks_operation",
    /// 503: the object store can not be reached or refuses the server.
    StoreUnreachable = "store_unreachable",
    /// 503: the database can not be reached or is too busy.
    DatabaseUnreachable = "database_unreachable",
    /// 503: too many passwords are being checked at once.
    Busy = "busy",
    /// 503: finalize has not come to an end yet; ask again, it is safe.
    FinalizePending = "finalize_pending",
    /// 503: the request took too long.
    Timeout = "timeout",
    /// 507: the file is over what is left of the user's quota.
    QuotaExceeded = "quota_exceeded",
    /// 507: the store is full.
    NoSpace = "no_space",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_reads_back_what_it_writes() {
        for code in ErrorCode::ALL {
            let json = serde_json::to_string(code).unwrap();
            assert_eq!(json, format!("\"{}\"", code.as_str()));
            assert_eq!(serde_json::from_str::<ErrorCode>(&json).unwrap(), *code);
        }
    }

    #[test]
    fn a_newer_servers_code_is_unknown_and_not_an_error() {
        assert_eq!(serde_json::from_str::<ErrorCode>("\"made_up_later\"").unwrap(), ErrorCode::Unknown);
    }
}
