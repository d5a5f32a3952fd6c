//! Everything that can go wrong in the drive, one variant for each cause. This file does not know HTTP:
//! `http/error.rs` and `http/refusals.rs` give each its status, code and message.

use std::borrow::Cow;

use dray_api::plan::ImpossiblePartCount;

use crate::role::Role;

/// A result of the drive.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Whose quota a file exceeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuotaOf {
    /// The user's.
    User,
    /// The quota of the whole workspace.
    Workspace,
}

/// What went wrong, for a caller of the drive.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A value breaks its rule; `field` is its name on the wire.
    #[error("{field}: {rule}")]
    InvalidField {
        /// Name on the wire, with its place in a list (`parts[3].partNumber`).
        field: String,
        /// The rule, as the end of a sentence that starts with the field.
        rule: String,
    },
    /// A name that no file or folder can have.
    #[error("{field}: {rule}")]
    InvalidName {
        /// Name of the field on the wire.
        field: &'static str,
        /// The rule that is broken, as the end of a sentence that starts with the field.
        rule: Cow<'static, str>,
    },
    /// S3's part rules do not allow this cut of the file.
    #[error(transparent)]
    ImpossiblePartCount(#[from] ImpossiblePartCount),
    /// A listed part is missing in the store or has another `ETag` there.
    #[error("the store does not have a listed part, or has it under another ETag: {detail}")]
    InvalidPart {
        /// The store's answer.
        detail: String,
    },
    /// Finalize names no parts and takes all that the store has, and the store has none.
    #[error("the store has nothing of the upload yet")]
    NothingStored,
    /// A part that is not the last is too small.
    #[error("a part other than the last is smaller than 5 MiB")]
    PartTooSmall,
    /// The number of stored bytes is not the announced one.
    #[error("the parts do not add up to the announced {announced_bytes} bytes: {detail}")]
    SizeMismatch {
        /// `fileSize` of `start`.
        announced_bytes: u64,
        /// The store's answer.
        detail: String,
    },
    /// The stored bytes do not have the announced checksum.
    #[error("the stored bytes do not have the announced checksum")]
    ChecksumMismatch,
    /// As before, and the upload has ended, because its bytes cannot be sent again.
    #[error("the stored bytes did not have the announced checksum, and were discarded")]
    DiscardedForChecksum,
    /// The store does not prove checksums, and the client did not ask to read the file back.
    #[error("the store does not prove checksums")]
    ChecksumUnproven,
    /// The file is larger than this server accepts.
    #[error("a file of {size_bytes} bytes is over the limit of {limit_bytes}")]
    FileTooLarge {
        /// The announced size.
        size_bytes: u64,
        /// The allowed size.
        limit_bytes: u64,
    },
    /// The server does not accept files of this type.
    #[error("files of this type are not allowed here")]
    FileTypeNotAllowed,
    /// The stored bytes are of another type than was announced.
    #[error("the file was announced as {announced} and is {found}")]
    FileTypeMismatch {
        /// What it was announced as.
        announced: String,
        /// What its bytes are, for people.
        found: String,
    },
    /// The grant allows no more files, or fewer bytes.
    #[error("the grant is used up: {left}")]
    GrantUsedUp {
        /// What is left of it, as the end of a sentence that begins with "The grant".
        left: String,
    },
    /// There is no such grant, or the caller's token may not see it.
    #[error("no such grant")]
    GrantNotFound,
    /// The caller sent a grant on a route that is not about the grant's own uploads.
    #[error("a grant works only for its own uploads")]
    GrantOnlyUploads,
    /// No such file request, or the caller does not manage its folder.
    #[error("no such file request")]
    RequestNotFound,
    /// The file request needs a password, and a missing or wrong one was sent.
    #[error("the file request's password is missing or wrong")]
    RequestPassword,
    /// The file request is closed.
    #[error("the file request is closed")]
    RequestClosed,
    /// The file request takes no more submitters.
    #[error("the file request is full")]
    RequestFull,
    /// Somebody else made the file request, and the change would make it take more, or show something else.
    #[error("the file request belongs to somebody else")]
    RequestOfOthers,
    /// The file request, or a submitter's share of it, has no room for the file.
    #[error("the file request {left}")]
    RequestUsedUp {
        /// What is left, as a predicate of "the file request".
        left: String,
    },
    /// The file is larger than the file request allows.
    #[error("{size_bytes} bytes are over the file request's limit of {limit_bytes}")]
    RequestFileTooLarge {
        /// Size of the file in bytes.
        size_bytes: u64,
        /// The limit in bytes.
        limit_bytes: u64,
    },
    /// The uploads to file requests that are unfinished leave no place for another one of this submitter.
    #[error("too many uploads to the file request are unfinished")]
    RequestBusy,
    /// The quota of the file request's owner has no room for the file.
    #[error("the owner of the file request has no room for the file")]
    RequestNoRoom,
    /// The grant's folder is gone, or its maker may no longer write there.
    #[error("the folder of the grant is gone or closed")]
    GrantFolderClosed,
    /// The request needs a file, but the item is a folder.
    #[error("the item is a folder")]
    NotAFile,
    /// The request needs a folder, but the item is a file.
    #[error("{field} is a file")]
    NotAFolder {
        /// What the request calls it.
        field: &'static str,
    },
    /// The upload was finalized, and the caller no longer sees its item: it was trashed, removed or moved away.
    #[error("the item of the upload is gone")]
    ItemGone,
    /// The store does not have an operation that Dray needs, so asking again does not help.
    #[error("the object store does not have {operation}: {detail}")]
    StoreLacks {
        /// The operation, as S3 calls it.
        operation: &'static str,
        /// The store's answer.
        detail: String,
    },
    /// Folders cannot be nested deeper.
    #[error("{field} is too deep: folders can be nested at most {limit} deep")]
    TooDeep {
        /// What the request calls the place.
        field: &'static str,
        /// The limit.
        limit: u32,
    },
    /// The request has no token.
    #[error("no token")]
    MissingToken,
    /// The token is malformed or unknown.
    #[error("the token is malformed or unknown")]
    InvalidToken,
    /// The token has expired.
    #[error("the token has expired")]
    ExpiredToken,
    /// The token was revoked.
    #[error("the token was revoked")]
    RevokedToken,
    /// The token is an integration key, and the route needs a personal access token.
    #[error("an integration key cannot be used here")]
    WrongTokenKind,
    /// The token lacks a scope.
    #[error("the token lacks the scope {scope}")]
    MissingScope {
        /// The scope that the request needs.
        scope: &'static str,
    },
    /// A search names types of things, and none that is searched.
    #[error("none of these types is searched")]
    NoSearchTypes,
    /// The token is confined to a folder, and the item is not in it.
    #[error("the token is confined to a folder")]
    ConfinedToken,
    /// The caller sees the item, but their role on it does not allow this.
    #[error("the role {} is needed", needed.as_str())]
    RoleTooLow {
        /// The lowest role that is enough.
        needed: Role,
    },
    /// The move would change who can reach the item, or with which role, and the caller's role
    /// does not allow them to decide that.
    #[error("the move would change who can reach the item, which needs the role {}", needed.as_str())]
    AccessWouldChange {
        /// The lowest role that is enough.
        needed: Role,
    },
    /// A folder cannot be moved into itself or below itself.
    #[error("a folder cannot be moved into itself")]
    IntoItself,
    /// There is a file with this name already.
    #[error("the name is taken")]
    NameTaken,
    /// The workspace has no such user.
    #[error("no such user")]
    UserNotFound,
    /// The user has no role on the item itself.
    #[error("no such participant")]
    ParticipantNotFound,
    /// The owner's role cannot be given or taken away.
    #[error("the owner's role cannot be changed")]
    OwnerIsFixed,
    /// There is no such link, or it has ended.
    #[error("no such link")]
    LinkNotFound,
    /// The link needs a password, and the request has none or a wrong one.
    #[error("the link's password is missing or wrong")]
    LinkPassword,
    /// Too many wrong passwords, or too many requests.
    #[error("too many requests")]
    TooManyRequests {
        /// Seconds to wait.
        retry_after_secs: u64,
    },
    /// Too many other requests wait for work that needs much CPU time.
    #[error("too many requests wait for the CPU")]
    Busy,
    /// Another token has replaced this one.
    #[error("the token was rotated")]
    TokenRotated,
    /// The key was used with another request before.
    #[error("the idempotency key was used with another request before")]
    KeyReused,
    /// The first request with this key is still running.
    #[error("the first request with this idempotency key is still running")]
    KeyInUse,
    /// There is no such token, or it is not the caller's.
    #[error("no such token")]
    TokenNotFound,
    /// The file does not fit into what is left of the user's or the workspace's quota.
    #[error("{needed_bytes} bytes are over the quota")]
    QuotaExceeded {
        /// Whose quota it is.
        of: QuotaOf,
        /// Bytes of the file.
        needed_bytes: u64,
        /// Bytes that are left.
        left_bytes: u64,
        /// Unfinished uploads that count towards the quota.
        open_uploads: u64,
        /// Bytes that these reserve.
        held_bytes: u64,
    },
    /// The file does not fit into a quota whose figures do not concern the caller: they may only upload, or they would
    /// replace somebody else's file.
    #[error("the file does not fit into a quota that is not the caller's")]
    QuotaOfOthers,
    /// The user has as many unfinished uploads as the server allows.
    #[error("the user has {limit} unfinished uploads")]
    TooManyUploads {
        /// The limit.
        limit: u32,
    },
    /// The cursor does not belong to this list.
    #[error("the cursor does not belong to this list")]
    InvalidCursor,
    /// There is no such item, or the caller may not see it.
    #[error("no such item")]
    NotFound,
    /// There is no such upload, or it is not the caller's.
    #[error("no such upload")]
    UploadNotFound,
    /// The upload was finalized with other parts.
    #[error("the upload was finalized with other parts")]
    FinalizedDifferently,
    /// The upload is finalized, so it cannot be aborted.
    #[error("the upload is finalized")]
    AlreadyFinalized,
    /// The upload is being finalized with other parts.
    #[error("the upload is being finalized with other parts")]
    FinalizeInProgress,
    /// The upload was aborted.
    #[error("the upload was aborted")]
    UploadAborted,
    /// The upload has expired.
    #[error("the upload expired")]
    UploadExpired,
    /// The token that started the upload was confined to a folder, and the upload's folder is no longer available to it.
    #[error("the folder of a confined upload is gone or closed")]
    UploadFolderClosed,
    /// Finalize is not finished yet.
    #[error("finalize is not finished")]
    FinalizePending,
    /// The object store cannot be reached.
    #[error("the object store cannot be reached: {detail}")]
    StoreUnreachable {
        /// For the log; never shown to callers.
        detail: String,
    },
    /// The object store refuses the server: its keys, its bucket or Dray's settings are wrong.
    #[error("the object store refuses the server: {detail}")]
    StoreRefused {
        /// For the log; never shown to callers.
        detail: String,
    },
    /// The store has the object, but its bytes are damaged there. Asking again does not help.
    #[error("the stored bytes are damaged: {detail}")]
    BytesDamaged {
        /// For the log; never shown to callers.
        detail: String,
    },
    /// The database cannot be reached, or is too busy.
    #[error("the database cannot be reached: {detail}")]
    DatabaseUnreachable {
        /// For the log; never shown to callers.
        detail: String,
    },
    /// The store or the database is full.
    #[error("the disk of the drive's database or of its store is full: free space there")]
    NoSpace,
    /// The disk of a file that an operator's command writes is full.
    #[error("the disk is full at {path}: free space there, and run the same command again")]
    DiskFull {
        /// The file or folder.
        path: String,
    },
    /// A defect, or a broken disk.
    #[error("{detail}")]
    Internal {
        /// For the log; never shown to callers.
        detail: String,
    },
}

impl Error {
    /// Whether the same request may succeed a little later, when the store or the database works again.
    pub fn is_passing(&self) -> bool {
        matches!(
            self,
            Self::StoreUnreachable { .. }
                | Self::DatabaseUnreachable { .. }
                | Self::FinalizePending
                | Self::NoSpace
                | Self::DiskFull { .. }
        )
    }

    /// Whether the cause is the server, its database or its disk, and not the request.
    pub fn is_fault(&self) -> bool {
        matches!(
            self,
            Self::DatabaseUnreachable { .. } | Self::NoSpace | Self::DiskFull { .. } | Self::Internal { .. }
        )
    }

    /// An [`Error::InvalidField`].
    pub fn field(field: impl Into<String>, rule: impl Into<String>) -> Self {
        Self::InvalidField { field: field.into(), rule: rule.into() }
    }

    /// An [`Error::Internal`], with its cause for the log.
    pub fn internal(detail: impl std::fmt::Display) -> Self {
        Self::Internal { detail: detail.to_string() }
    }
}
