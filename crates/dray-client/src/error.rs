//! The errors of calls and transfers. Each has one line for people that says what to do. This file decides no exit
//! codes and retries nothing.

use std::io;
use std::path::{Path, PathBuf};

use dray_api::{ErrorBody, ErrorCode, ItemId, innermost_cause};

use crate::refusal;

/// Why a call or a transfer failed.
///
/// No variant carries the token or a signed URL: both are secrets.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The text is not the address of a server.
    #[error("`{url}` is not the address of a server: give one such as http://127.0.0.1:8080")]
    InvalidUrl {
        /// The given text.
        url: String,
    },
    /// The client reaches the server over https, but the server signs http addresses of its store.
    #[error(
        "the server signs addresses at {store}, to which bytes and signatures would go unencrypted: \
             set its --public-url to its https address"
    )]
    ClearTextStore {
        /// The store's origin.
        store: String,
    },
    /// The server refused the request. The text is the server's, as far as it means something to people without the API;
    /// `body.message` has it unchanged.
    #[error("{} ({})", refusal::told(.body), .body.code.as_str())]
    Api {
        /// The HTTP status.
        status: u16,
        /// The server's error body.
        body: Box<ErrorBody>,
    },
    /// Something that is not a Dray server answered, or a server with a fault.
    #[error("{server} answered {status}, but not as a Dray server does: check the server's address")]
    NotDray {
        /// The address of the request.
        server: String,
        /// The HTTP status.
        status: u16,
        /// Seconds to wait before the request is repeated, if the answer says so.
        retry_after: Option<u64>,
    },
    /// An answer is longer than the client reads.
    #[error("{peer} answered more than {limit} bytes, which is too long for this answer: check the address")]
    AnswerTooLong {
        /// The server or store that was asked: scheme, host and port.
        peer: String,
        /// The maximum number of bytes that are read.
        limit: usize,
    },
    /// The pages of a list lead in a circle, or never end.
    #[error("the server's list does not end: stopped after {pages} pages")]
    EndlessList {
        /// Pages that were read.
        pages: u64,
    },
    /// The object store refused a request.
    #[error("the object store refused {during}: {error}")]
    Store {
        /// What was being transferred.
        during: String,
        /// The store's error.
        error: StoreError,
    },
    /// The object store accepted a part but did not return its `ETag`.
    #[error("the object store accepted part {part_number} but returned no ETag, which S3 requires")]
    NoETag {
        /// The part.
        part_number: u32,
    },
    /// No answer arrived, or the connection broke.
    #[error(
        "{peer} does not answer ({cause}): check the address and the network, and that the server is running"
    )]
    Network {
        /// The server or store that was asked: scheme, host and port.
        peer: String,
        /// The innermost cause.
        cause: String,
        /// Whether the request cannot have reached the peer.
        never_sent: bool,
    },
    /// The local file system refused.
    #[error("{}: {source}", .path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// The file changed after its upload began.
    #[error("{} changed while it was uploaded: nothing was saved. Upload it again when nothing writes to it", .path.display())]
    ChangedWhileUploading {
        /// The file.
        path: PathBuf,
    },
    /// The path is not a regular file, which has a size and can be read again.
    #[error("{} is not a regular file: only files and folders can be uploaded (their size must be known)", .path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
    },
    /// The path's name is not Unicode, or it has no name.
    #[error("the name of {} is not UTF-8, so the drive cannot store it: rename it", .path.display())]
    Nameless {
        /// The path.
        path: PathBuf,
    },
    /// A file exists at the path of the download.
    #[error("{} already exists: choose another name with -o, or overwrite it with --force", .path.display())]
    AlreadyExists {
        /// The path.
        path: PathBuf,
    },
    /// Something that is not a file exists at the path of the download.
    #[error("{} is not a regular file, so a download cannot replace it: choose another name with -o", .path.display())]
    NotReplaceable {
        /// The path.
        path: PathBuf,
    },
    /// The file's folder could not be created in the drive.
    #[error("{} was not uploaded: its folder could not be created", .path.display())]
    NoFolder {
        /// The file or folder below it.
        path: PathBuf,
    },
    /// The download has another size than the item.
    #[error("the download of {item} is {received} bytes, not {expected}: nothing was saved, try again")]
    WrongSize {
        /// The item.
        item: ItemId,
        /// Bytes that it has.
        expected: u64,
        /// Bytes that arrived.
        received: u64,
    },
    /// Somebody replaced the item's bytes during the download.
    #[error("{item} changed while it was downloaded: nothing was saved, try again")]
    ChangedWhileDownloading {
        /// The item.
        item: ItemId,
    },
    /// The parts of the interrupted upload have other bytes than the file.
    #[error("{} differs from what was sent before: nothing was saved. Name the file that the upload was started for, or send this one with `dray upload`", path.display())]
    SentBeforeDiffers {
        /// The file.
        path: PathBuf,
    },
    /// What the store has is not what was sent.
    #[error("the store has other bytes of {} than were sent: nothing was saved. Upload it again", path.display())]
    StoredDiffers {
        /// The file.
        path: PathBuf,
    },
    /// The file is not the one that the upload was started for.
    #[error("{} has {actual} bytes, but the upload was started for a file of {expected} bytes: name that file", .path.display())]
    OtherSize {
        /// The file.
        path: PathBuf,
        /// Its bytes.
        actual: u64,
        /// Bytes that were announced.
        expected: u64,
    },
    /// The user has no open upload with this id.
    #[error("there is no open upload {upload_id}: see `dray uploads list`")]
    NoUpload {
        /// The requested id.
        upload_id: String,
    },
    /// The user cancelled.
    #[error("cancelled")]
    Cancelled,
    /// An upload failed, and the client could not tell the server to abort it.
    #[error(
        "{error}; the server keeps what has arrived until the upload expires: continue with `dray uploads resume {upload_id} FILE`, or \
         abort it with `dray uploads abort {upload_id}`"
    )]
    LeftOpen {
        /// The upload.
        upload_id: String,
        /// Why it failed.
        error: Box<Error>,
    },
    /// The server was finalizing an upload when the client stopped asking for the item.
    #[error(
        "{error}; the server has the whole file and was saving it: look whether it is in the drive before you upload it again (upload {upload_id})"
    )]
    MaybeSaved {
        /// The upload.
        upload_id: String,
        /// The last answer.
        error: Box<Error>,
    },
    /// The server's item is not the file that was sent.
    #[error("the server saved {saved}, not {sent}: report this to the operator of the server")]
    NotWhatWasSent {
        /// Name and size that were sent.
        sent: String,
        /// Name and size in the server's answer.
        saved: String,
    },
}

/// An object store's refusal (S3's error document).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreError {
    /// The HTTP status.
    pub status: u16,
    /// S3's code, such as `AccessDenied`; `None` if the answer had no error document.
    pub code: Option<String>,
    /// S3's message; may be empty.
    pub message: String,
    /// Seconds to wait before the request is repeated, if the store says so.
    pub retry_after: Option<u64>,
}

impl std::fmt::Display for StoreError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.status)?;
        if let Some(code) = &self.code {
            write!(f, " {code}")?;
        }
        if !self.message.is_empty() {
            write!(f, ", {}", self.message)?;
        }
        Ok(())
    }
}

impl Error {
    /// A copy of the error, for each file of a request that was about several files.
    pub(crate) fn again(&self) -> Self {
        match self {
            Self::Api { status, body } => Self::Api { status: *status, body: body.clone() },
            Self::NotDray { server, status, retry_after } => {
                Self::NotDray { server: server.clone(), status: *status, retry_after: *retry_after }
            }
            Self::AnswerTooLong { peer, limit } => Self::AnswerTooLong { peer: peer.clone(), limit: *limit },
            Self::Cancelled => Self::Cancelled,
            Self::Network { peer, cause, never_sent } => {
                Self::Network { peer: peer.clone(), cause: cause.clone(), never_sent: *never_sent }
            }
            other => Self::Network { peer: "the server".into(), cause: other.to_string(), never_sent: false },
        }
    }

    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { path, source }
    }

    /// The network's failure, without the URL, because a signed URL is a secret.
    pub(crate) fn network(peer: &str, error: reqwest::Error) -> Self {
        let error = error.without_url();
        let cause = if error.is_timeout() { "no answer in time".to_owned() } else { innermost_cause(&error) };
        Self::Network { peer: peer.to_owned(), cause, never_sent: error.is_connect() }
    }

    /// The server's own code, if the server refused.
    pub fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Api { body, .. } => Some(body.code),
            Self::LeftOpen { error, .. } | Self::MaybeSaved { error, .. } => error.code(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_reads_as_the_server_put_it() {
        let body = ErrorBody {
            status_code: 404,
            error: "Not Found".into(),
            code: ErrorCode::NotFound,
            message: "There is no such item.".into(),
            retry_after: None,
        };
        let error = Error::Api { status: 404, body: Box::new(body) };
        assert_eq!(error.to_string(), "There is no such item. (not_found)");
        assert_eq!(error.code(), Some(ErrorCode::NotFound));
    }

    #[test]
    fn a_stores_refusal_names_status_code_and_message() {
        let full = StoreError {
            status: 403,
            code: Some("AccessDenied".into()),
            message: "No.".into(),
            retry_after: None,
        };
        assert_eq!(full.to_string(), "403 AccessDenied, No.");
        let bare = StoreError { status: 502, code: None, message: String::new(), retry_after: None };
        assert_eq!(bare.to_string(), "502");
    }
}
