//! The drive's refusals as API errors: one exhaustive match from cause to code and message.

use dray_api::ErrorCode as Code;

use crate::drive;

/// The message for every fault of the server itself.
pub(super) const INTERNAL: &str =
    "Something went wrong in the server; its log names the cause with this answer's x-request-id.";

/// The code and the message of a refusal.
#[expect(clippy::too_many_lines, reason = "one row a cause: splitting the table would hide a gap in it")]
pub(super) fn drive_parts(err: &drive::Error) -> (Code, String) {
    use drive::Error as E;
    match err {
        E::InvalidField { field, rule } => {
            (Code::InvalidField, format!("{field} {rule}."))
        }
        E::InvalidName { field, rule } => {
            (Code::InvalidName, format!("{field} {rule}."))
        }
        E::ImpossiblePartCount(cause) => {
            (Code::ImpossiblePartCount, format!("parts: {cause}."))
        }
        E::InvalidPart { detail } => (
            Code::InvalidPart,
            format!("parts: the store does not have a listed part, or has it under another ETag. The store says: {} Send that part again, then finalize with the new ETag.", sentence(detail)),
        ),
        E::NothingStored => (
            Code::InvalidPart,
            "The store has nothing of this upload yet. Send the file to the signed URLs, then finalize again.".into(),
        ),
        E::PartTooSmall => (
            Code::PartTooSmall,
            "parts: a part other than the last is smaller than 5 MiB. Send larger parts, then finalize again.".into(),
        ),
        E::SizeMismatch { announced_bytes, detail } => (
            Code::SizeMismatch,
            format!("parts: the stored parts do not add up to the announced fileSize of {announced_bytes} bytes. The store says: {} Send the missing parts, then finalize again.", sentence(detail)),
        ),
        E::ChecksumMismatch => (Code::ChecksumMismatch,
            "checksum: the stored bytes have another checksum. Send the parts that differ (of a small file: the file) again, then finalize again. If that is no longer possible, start a new upload.".into(),
        ),
        E::DiscardedForChecksum => (Code::ChecksumMismatch,
            "checksum: the stored bytes had another checksum. Nothing was saved, and the upload has ended. Start a new upload.".into(),
        ),
        E::ChecksumUnproven => (Code::ChecksumUnproven,
            "checksum: this server's object store cannot prove the checksum. Finalize again with verify: true, so that the server reads the file back, or leave out checksum.".into(),
        ),
        E::FileTooLarge { size_bytes, limit_bytes } => (
            Code::FileTooLarge,
            format!("fileSize is {size_bytes} bytes; the limit is {limit_bytes}."),
        ),
        E::FileTypeNotAllowed => (
            Code::FileTypeNotAllowed,
            "Files of this type are not accepted here. The file extension and mimeType say which type a file has.".into(),
        ),
        E::FileTypeMismatch { announced, found } => (
            Code::FileTypeMismatch,
            format!("mimeType: the file was announced as {announced}, but its bytes are {found}. Nothing was saved. Upload it again with its real type."),
        ),
        E::GrantUsedUp { left } => (Code::GrantUsedUp, format!("The grant {left}.")),
        E::GrantNotFound => (
            Code::GrantNotFound,
            "There is no such grant, or this token cannot see it.".into(),
        ),
        E::RequestNotFound => (
            Code::RequestNotFound,
            "There is no such file request. Check the address, or ask the person who sent it to you.".into(),
        ),
        E::RequestPassword => (
            Code::RequestPassword,
            "This file request needs a password, and a missing or wrong one was sent.".into(),
        ),
        E::RequestClosed => (
            Code::RequestClosed,
            "This file request is closed. Files that have already arrived are kept.".into(),
        ),
        E::RequestFull => (
            Code::RequestFull,
            "This file request takes no more submitters. Ask the person who sent it to you.".into(),
        ),
        E::RequestOfOthers => (
            Code::RequestOfOthers,
            "Somebody else made this file request, and what arrives counts as theirs. You may only close it, set an earlier deadline or smaller limits, or set a password if it has none.".into(),
        ),
        E::RequestUsedUp { left } => (Code::GrantUsedUp, format!("The file request {left}.")),
        E::RequestFileTooLarge { size_bytes, limit_bytes } => (
            Code::FileTooLarge,
            format!("The file has {size_bytes} bytes. This file request takes files of at most {limit_bytes} bytes."),
        ),
        E::RequestBusy => (
            Code::TooManyUploads,
            "Too many uploads to this file request are unfinished. Finish or abort yours, or try again later.".into(),
        ),
        E::RequestNoRoom => (
            Code::QuotaExceeded,
            "The owner of this file request has no room for a file of this size. Tell the person who sent you the address.".into(),
        ),
        E::GrantOnlyUploads => (
            Code::WrongTokenKind,
            "A grant (cp_grant_…) works only for the uploads that it started. Send a personal access token (cp_pat_…).".into(),
        ),
        E::GrantFolderClosed => (
            Code::UploadFolderClosed,
            "The folder of this grant was removed, or the user who created the grant may no longer write to it. Ask for another grant.".into(),
        ),
        E::NotAFile => (Code::NotAFile, "The item is a folder; only files have bytes.".into()),
        E::NotAFolder { field } => {
            (Code::NotAFolder, format!("{field} is a file; only folders contain items."))
        }
        E::ItemGone => (
            Code::ItemGone,
            "The upload was finalized, and its item is no longer there, or you can no longer see it. Look in the trash, or start a new upload.".into(),
        ),
        E::TooDeep { field, limit } => (
            Code::TooDeep,
            format!("{field} is too deep: folders can be nested at most {limit} deep. Choose a place further up."),
        ),
        E::MissingToken => (
            Code::MissingToken,
            "Send a personal access token: Authorization: Bearer cp_pat_…".into(),
        ),
        E::InvalidToken => {
            (Code::InvalidToken, "The token is malformed or unknown. Check that the whole token was sent, and to the server that made it, or ask for another.".into())
        }
        E::ExpiredToken => {
            (Code::ExpiredToken, "The token or grant has expired; create a new one.".into())
        }
        E::RevokedToken => {
            (Code::RevokedToken, "The token or grant was revoked; create a new one.".into())
        }
        E::WrongTokenKind => (
            Code::WrongTokenKind,
            "An integration key (cp_key_…) cannot be used on the drive; send a personal access token (cp_pat_…).".into(),
        ),
        E::MissingScope { scope } => (
            Code::MissingScope,
            format!("The token lacks the scope {scope}; create one that has it."),
        ),
        E::NoSearchTypes => (Code::NoSearchTypes,
            "types: this server searches only driveContent. Name that type, or leave types out.".into(),
        ),
        E::ConfinedToken => (Code::ConfinedToken,
            "The token is confined to a folder, and the request is about something outside it. Name that folder or one below it, or use another token.".into(),
        ),
        E::RoleTooLow { needed } => (Code::RoleTooLow,
            format!("Your role on the item does not allow this; you need {}.", needed.as_str()),
        ),
        E::AccessWouldChange { needed } => (Code::RoleTooLow,
            format!("This would change who can reach the item, or with which role. You need {} on the item to decide that.", needed.as_str()),
        ),
        E::IntoItself => (Code::IntoItself,
            "parentId is the folder itself or below it; a folder cannot be moved there.".into(),
        ),
        E::NameTaken => (Code::NameTaken,
            "The folder already has a file with this fileName, and onConflict is fail. Rename that file and finalize again, or start a new upload with another fileName.".into(),
        ),
        E::UserNotFound => {
            (Code::UserNotFound, "The workspace has no user with this userId.".into())
        }
        E::ParticipantNotFound => (Code::ParticipantNotFound,
            "The user has no role on the item itself; a role that comes from a folder above is removed on that folder.".into(),
        ),
        E::OwnerIsFixed => (Code::OwnerIsFixed,
            "The user owns the item; that role cannot be changed or removed.".into(),
        ),
        E::LinkNotFound => (Code::LinkNotFound,
            "There is no such link, or it has expired, was revoked, or its file is gone.".into(),
        ),
        E::LinkPassword => (Code::LinkPassword,
            "The link needs its password: send it by HTTP Basic authentication, with any user name.".into(),
        ),
        E::TooManyRequests { .. } => {
            (Code::RateLimited, "Too many attempts; wait and try again.".into())
        }
        E::Busy => {
            (Code::Busy, "Too many passwords are being checked at the moment; try again.".into())
        }
        E::TokenRotated => (Code::TokenRotated,
            "Another token has already replaced this one; use that one, or create a new one.".into(),
        ),
        E::KeyReused => (Code::IdempotencyKeyReused,
            "This Idempotency-Key was used with another request before. Use a new key for each thing that you create.".into(),
        ),
        E::KeyInUse => (Code::IdempotencyKeyInUse,
            "The first request with this Idempotency-Key is still running. Send it again: you will get its answer.".into(),
        ),
        E::TokenNotFound => {
            (Code::TokenNotFound, "There is no token with this id, or it is not yours.".into())
        }
        E::QuotaExceeded { of, needed_bytes, left_bytes, open_uploads, held_bytes } => {
            let whose = match of {
                drive::QuotaOf::User => "your quota",
                drive::QuotaOf::Workspace => "the workspace's quota",
            };
            (Code::QuotaExceeded, format!("fileSize is {needed_bytes} bytes, and only {left_bytes} are left of {whose}. {open_uploads} unfinished uploads reserve {held_bytes} bytes of it, and the trash counts too. Finish or abort uploads (GET /drive/uploads lists yours, as `dray uploads list` does), remove something permanently, or ask the operator of this server."))
        }
        E::QuotaOfOthers => (Code::QuotaExceeded,
            "The owner of this place, or of the file that would be replaced, has not enough space left in their quota for this file. Ask them to free some.".into(),
        ),
        E::TooManyUploads { limit } => (Code::TooManyUploads, format!(
            "You have {limit} unfinished uploads, and this server allows no more. Finish or abort some (GET /drive/uploads lists them, as `dray uploads list` does), or wait until they expire."
        )),
        E::InvalidCursor => (Code::InvalidParameter,
            "cursor must be the nextCursor from an answer to the same request.".into(),
        ),
        E::NotFound => {
            (Code::NotFound, "There is no such item, or you may not see it.".into())
        }
        E::UploadNotFound => (
            Code::UploadNotFound,
            "There is no upload with this uploadId and fileKey, or it is not yours.".into(),
        ),
        E::FinalizedDifferently => (
            Code::FinalizedDifferently,
            "The upload is already finalized, with other parts. Its item stays as it is; start a new upload for other bytes.".into(),
        ),
        E::AlreadyFinalized => (Code::AlreadyFinalized,
            "The upload is finalized, and its item stays as it is. To be rid of it, delete the item; for other bytes, start a new upload.".into(),
        ),
        E::FinalizeInProgress => (
            Code::FinalizeInProgress,
            "The upload is being finalized at the moment.".into(),
        ),
        E::UploadAborted => {
            (Code::UploadAborted, "The upload was aborted; start a new one.".into())
        }
        E::UploadExpired => (
            Code::UploadExpired,
            "The upload has expired, because nobody continued it in time. Start a new one.".into(),
        ),
        E::UploadFolderClosed => (
            Code::UploadFolderClosed,
            "The upload was started with a token that is confined to a folder, and the upload's folder was trashed, removed, moved out of the token's folder, or closed to you. The server keeps the bytes until the upload expires: finalize again once the folder is back.".into(),
        ),
        E::FinalizePending => (
            Code::FinalizePending,
            "The upload is still being finalized. Send the same finalize again to get the item.".into(),
        ),
        E::StoreUnreachable { .. } | E::StoreRefused { .. } => (
            Code::StoreUnreachable,
            "The object store cannot be reached at the moment. Nothing is lost; try again later.".into(),
        ),
        E::StoreLacks { operation, .. } => (
            Code::StoreLacks,
            format!("This server's object store does not have {operation}, which this request needs. Trying again does not help. Tell the operator of the server: dray doctor shows what the store lacks."),
        ),
        E::DatabaseUnreachable { .. } => (
            Code::DatabaseUnreachable,
            "The database cannot be reached at the moment. Nothing is lost; try again later.".into(),
        ),
        E::NoSpace | E::DiskFull { .. } => (
            Code::NoSpace,
            "The server's disk is full. Nothing is lost; try again once there is space.".into(),
        ),
        E::BytesDamaged { .. } | E::Internal { .. } => (Code::Internal, INTERNAL.into()),
    }
}

/// What a store said, as a sentence. Stores end some of their messages with a full stop, and others without.
fn sentence(said: &str) -> String {
    let said = said.trim();
    if said.is_empty() {
        return "nothing more.".to_owned();
    }
    if said.ends_with(['.', '!', '?']) { said.to_owned() } else { format!("{said}.") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_store_said_ends_with_one_full_stop() {
        let part = |detail: &str| drive_parts(&drive::Error::InvalidPart { detail: detail.into() }).1;
        let size = |detail: &str| {
            drive_parts(&drive::Error::SizeMismatch { announced_bytes: 3, detail: detail.into() }).1
        };
        for said in ["another ETag", "another ETag.", " another ETag. "] {
            assert!(part(said).contains("The store says: another ETag. Send that part"), "{}", part(said));
            assert!(size(said).contains("The store says: another ETag. Send the missing"), "{}", size(said));
        }
        assert!(part("").contains("The store says: nothing more. Send"));
    }
}
