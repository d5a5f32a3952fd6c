//! Errors on the wire: one shape, and a closed list of codes, one per cause.

use serde::{Deserialize, Serialize};

/// The body of every answer that is not a success.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ErrorBody {
    /// The HTTP status.
    pub status_code: u16,
    /// The reason phrase of the status.
    pub error: String,
    /// What went wrong, for programs.
    pub code: ErrorCode,
    /// What went wrong and what to do, for people.
    pub message: String,
    /// How many seconds to wait before asking again (429 and 503).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub retry_after: Option<u64>,
}

macro_rules! codes {
    ($($(#[doc = $doc:literal])* $name:ident = $text:literal,)*) => {
        /// What went wrong, for programs. These texts never change.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum ErrorCode {
            $($(#[doc = $doc])* #[serde(rename = $text)] $name,)*
            /// A code from a newer server, which this version does not know.
            #[serde(other, rename = "unknown")]
            Unknown,
        }

        impl ErrorCode {
            /// Every code that a server of this version can return.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The text on the wire.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                    Self::Unknown => "unknown",
                }
            }

            /// The status that the code comes with, and the code's meaning.
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
    /// 400: a name that a file or folder cannot have.
    InvalidName = "invalid_name",
    /// 400: a path or query parameter is invalid.
    InvalidParameter = "invalid_parameter",
    /// 400: S3's rules do not allow this number of parts for this file.
    ImpossiblePartCount = "impossible_part_count",
    /// 400: the store does not have a listed part, or has it under another `ETag`.
    InvalidPart = "invalid_part",
    /// 400: a part other than the last is smaller than 5 MiB.
    PartTooSmall = "part_too_small",
    /// 400: the number of stored bytes is not `fileSize`.
    SizeMismatch = "size_mismatch",
    /// 400: the stored bytes do not have the announced checksum.
    ChecksumMismatch = "checksum_mismatch",
    /// 400: this store cannot prove checksums, and `verify` does not ask to read the file back.
    ChecksumUnproven = "checksum_unproven",
    /// 400: the file is larger than the server, or the grant, accepts.
    FileTooLarge = "file_too_large",
    /// 400: the server, or the grant, does not accept files of this type.
    FileTypeNotAllowed = "file_type_not_allowed",
    /// 400: the stored bytes are of another type than the file was announced as.
    FileTypeMismatch = "file_type_mismatch",
    /// 400: this is a folder, and the route needs a file.
    NotAFile = "not_a_file",
    /// 400: this is a file, and the route needs a folder.
    NotAFolder = "not_a_folder",
    /// 400: folders cannot be nested deeper.
    TooDeep = "too_deep",
    /// 401: no token was sent.
    MissingToken = "missing_token",
    /// 401: the token is malformed or unknown.
    InvalidToken = "invalid_token",
    /// 401: the token has expired.
    ExpiredToken = "expired_token",
    /// 401: the token was revoked.
    RevokedToken = "revoked_token",
    /// 403: this is an integration key, or a grant on a route that is not about its own uploads; the route needs a personal access token.
    WrongTokenKind = "wrong_token_kind",
    /// 403: the token lacks a scope.
    MissingScope = "missing_scope",
    /// 403: the search named only types that are not searched here.
    NoSearchTypes = "no_search_types",
    /// 403: the token is confined to a folder, and the item is not in it.
    ConfinedToken = "confined_token",
    /// 403: the caller's role on the item does not allow this.
    RoleTooLow = "role_too_low",
    /// 401: the link needs a password, and none or a wrong one was sent.
    LinkPassword = "link_password",
    /// 403: the file request needs a password, and none or a wrong one was sent.
    RequestPassword = "request_password",
    /// 403: only the creator of the file request may relax it.
    RequestOfOthers = "request_of_others",
    /// 404: there is no such item, or the caller may not see it.
    NotFound = "not_found",
    /// 404: there is no such upload, or it is not the caller's.
    UploadNotFound = "upload_not_found",
    /// 404: the workspace has no such user.
    UserNotFound = "user_not_found",
    /// 404: the user has no role on the item itself.
    ParticipantNotFound = "participant_not_found",
    /// 404: there is no such link, or it has expired, was revoked, or its file is gone.
    LinkNotFound = "link_not_found",
    /// 404: there is no such token, or it is not the caller's.
    TokenNotFound = "token_not_found",
    /// 404: there is no such grant, or the caller's token does not know of it.
    GrantNotFound = "grant_not_found",
    /// 404: there is no such file request, or the caller does not manage its folder.
    RequestNotFound = "request_not_found",
    /// 404: there is no such route.
    RouteNotFound = "route_not_found",
    /// 405: the route does not have this method.
    MethodNotAllowed = "method_not_allowed",
    /// 409: the upload was finalized with a different list of parts.
    FinalizedDifferently = "finalized_differently",
    /// 409: the upload is finalized, so it cannot be aborted, and takes no more parts.
    AlreadyFinalized = "already_finalized",
    /// 409: the upload is being finalized at the moment, so it cannot be aborted or finalized with other parts.
    FinalizeInProgress = "finalize_in_progress",
    /// 409: a folder cannot be moved into itself or below itself.
    IntoItself = "into_itself",
    /// 409: the folder has a file with this name, and the upload said `fail`.
    NameTaken = "name_taken",
    /// 409: the upload's token was confined to a folder, and the upload's folder is no longer in it or no longer writable.
    UploadFolderClosed = "upload_folder_closed",
    /// 409: another token has already replaced this one.
    TokenRotated = "token_rotated",
    /// 409: the `Idempotency-Key` was used with another request before.
    IdempotencyKeyReused = "idempotency_key_reused",
    /// 409: the first request with this `Idempotency-Key` is still running.
    IdempotencyKeyInUse = "idempotency_key_in_use",
    /// 409: the user has as many unfinished uploads as the server allows.
    TooManyUploads = "too_many_uploads",
    /// 409: the grant or the file request allows no more files, or fewer bytes in all than this file has.
    GrantUsedUp = "grant_used_up",
    /// 409: the file request takes no more submitters.
    RequestFull = "request_full",
    /// 409: the role of an item's owner cannot be given or taken away.
    OwnerIsFixed = "owner_is_fixed",
    /// 410: the upload was aborted.
    UploadAborted = "upload_aborted",
    /// 410: the upload expired.
    UploadExpired = "upload_expired",
    /// 410: the upload was finalized, and its item was trashed or removed since, or the caller no longer sees it.
    ItemGone = "item_gone",
    /// 410: the file request is closed.
    RequestClosed = "request_closed",
    /// 413: the body is larger than the route accepts.
    BodyTooLarge = "body_too_large",
    /// 415: the body is not `application/json`.
    UnsupportedMediaType = "unsupported_media_type",
    /// 429: too many requests.
    RateLimited = "rate_limited",
    /// 500: a defect or a broken disk; the server's log names the cause with the request's id.
    Internal = "internal",
    /// 500: the object store does not have an operation that Dray needs; asking again does not help.
    StoreLacks = "store_lacks_operation",
    /// 503: the object store cannot be reached, or refuses the server's requests.
    StoreUnreachable = "store_unreachable",
    /// 503: the database cannot be reached or is too busy.
    DatabaseUnreachable = "database_unreachable",
    /// 503: too many passwords are being checked at once, or an address has too many connections.
    Busy = "busy",
    /// 503: finalize is not finished yet; it is safe to send it again.
    FinalizePending = "finalize_pending",
    /// 503: the request took too long.
    Timeout = "timeout",
    /// 507: the file does not fit into what is left of the user's quota.
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
