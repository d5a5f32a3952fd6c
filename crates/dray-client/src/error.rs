//! What can go wrong, each with a line for people that says what to do. Decides no exit code and retries nothing.

use std::io;
use std::path::{Path, PathBuf};

use dray_api::{ErrorBody, ErrorCode, ItemId};

/// Why a call or a transfer failed.
///
/// No variant carries the token or a signed URL: both are secrets.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The server's address is not one.
    #[error("`{url}` is not a server's address: give one like http://127.0.0.1:8080")]
    InvalidUrl {
        /// What was given.
        url: String,
    },
    /// The server is reached over https, and signs http addresses of its store.
    #[error(
        "the server signs addresses at {store}, where bytes and signatures would go in clear text: \
             set its --public-url to its https address"
    )]
    ClearTextStore {
        /// The store's origin.
        store: String,
    },
    /// The server refused, in the API's own words.
    #[error("{} ({})", .body.message, .body.code.as_str())]
    Api {
        /// The HTTP status.
        status: u16,
        /// What the server said.
        body: Box<ErrorBody>,
    },
    /// Something that is not a Dray server answered, or a broken one.
    #[error("{server} answered {status} in a way that no Dray server does: check the server's address")]
    NotDray {
        /// The address that was asked.
        server: String,
        /// The HTTP status.
        status: u16,
    },
    /// An answer that is longer than any that is read.
    #[error("{peer} answered more than {limit} bytes, which no such answer has: check the address")]
    AnswerTooLong {
        /// Who was asked: scheme, host and port.
        peer: String,
        /// Most bytes that are read.
        limit: usize,
    },
    /// A list whose pages lead in a circle, or never end.
    #[error("the server's list has no end: it was given up after {pages} pages")]
    EndlessList {
        /// Pages that were read.
        pages: u64,
    },
    /// The object store refused.
    #[error("the object store refused {during}: {error}")]
    Store {
        /// What was being moved.
        during: String,
        /// What the store said.
        error: StoreError,
    },
    /// The object store took a part but did not say under which `ETag`.
    #[error("the object store took part {part_number} without an ETag: it is not S3-compatible enough")]
    NoETag {
        /// The part.
        part_number: u32,
    },
    /// No answer, or a connection that broke.
    #[error("{peer} does not answer ({cause}): check the address, the network and that it runs")]
    Network {
        /// Who was asked: scheme, host and port.
        peer: String,
        /// The innermost cause.
        cause: String,
        /// Whether the request can not have reached the peer.
        never_sent: bool,
    },
    /// The local file system refused.
    #[error("{}: {source}", .path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is not the one whose upload began.
    #[error("{} changed while it was uploading: nothing was saved, upload it again once it is at rest", .path.display())]
    ChangedWhileUploading {
        /// The file.
        path: PathBuf,
    },
    /// Not something that has a size and bytes to read again.
    #[error("{} is not a regular file: only files and folders can be uploaded (their size must be known)", .path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
    },
    /// A name of the local file system that is not Unicode, or no name at all.
    #[error("{} has no name that a drive can hold (UTF-8): rename it", .path.display())]
    Nameless {
        /// The path.
        path: PathBuf,
    },
    /// Another file is where the download should go.
    #[error("{} exists already: choose another name with -o, or overwrite it with --force", .path.display())]
    AlreadyExists {
        /// The path.
        path: PathBuf,
    },
    /// Something that is not a file is where the download should go.
    #[error("{} is not a regular file, so a download can not replace it: choose another name with -o", .path.display())]
    NotReplaceable {
        /// The path.
        path: PathBuf,
    },
    /// The folder that the file goes to could not be made in the drive.
    #[error("{} was not uploaded: its folder could not be made", .path.display())]
    NoFolder {
        /// The file or folder below it.
        path: PathBuf,
    },
    /// The bytes that arrived are not those that were asked for.
    #[error("the download of {item} is {received} bytes, not {expected}: nothing was saved, try again")]
    WrongSize {
        /// The item.
        item: ItemId,
        /// Bytes that it has.
        expected: u64,
        /// Bytes that arrived.
        received: u64,
    },
    /// The item's bytes were replaced while they were downloaded.
    #[error("{item} changed while it was downloading: nothing was saved, try again")]
    ChangedWhileDownloading {
        /// The item.
        item: ItemId,
    },
    /// The parts that were there of an upload that was cut off are of other bytes.
    #[error("what was sent of {} before is not what it holds now: upload it without --resume", path.display())]
    SentBeforeDiffers {
        /// The file.
        path: PathBuf,
    },
    /// The file is not the one that an upload was begun for.
    #[error("{} has {actual} bytes, and the upload was begun for a file of {expected}: name that file", .path.display())]
    OtherSize {
        /// The file.
        path: PathBuf,
        /// Its bytes.
        actual: u64,
        /// Bytes that were announced.
        expected: u64,
    },
    /// The user has none of this id, or no open one.
    #[error("there is no open upload {upload_id}: see `dray uploads list`")]
    NoUpload {
        /// What was asked for.
        upload_id: String,
    },
    /// The user called it off.
    #[error("cancelled")]
    Cancelled,
    /// An upload failed, and could not be aborted on the server.
    #[error(
        "{error}; what arrived stays on the server until it expires: go on with `dray uploads resume {upload_id} FILE`, or \
         give it up with `dray uploads abort {upload_id}`"
    )]
    LeftOpen {
        /// The upload.
        upload_id: String,
        /// Why it failed.
        error: Box<Error>,
    },
    /// The server's item is not the file that was sent.
    #[error("the server saved {saved}, not {sent}: report this to who runs the server")]
    NotWhatWasSent {
        /// Name and size that were sent.
        sent: String,
        /// Name and size that the server answered.
        saved: String,
    },
}

/// What an object store said when it refused (S3's error document).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreError {
    /// The HTTP status.
    pub status: u16,
    /// S3's code, such as `AccessDenied`; `None` if the answer had no error document.
    pub code: Option<String>,
    /// S3's message; may be empty.
    pub message: String,
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
    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { path, source }
    }

    /// The network's failure, without the URL (a signed one is a secret).
    pub(crate) fn network(peer: &str, error: reqwest::Error) -> Self {
        let error = error.without_url();
        let cause = if error.is_timeout() { "no answer in time".to_owned() } else { innermost(&error) };
        Self::Network { peer: peer.to_owned(), cause, never_sent: error.is_connect() }
    }

    /// The server's own code, if the server refused.
    pub fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Api { body, .. } => Some(body.code),
            Self::LeftOpen { error, .. } => error.code(),
            _ => None,
        }
    }
}

fn innermost(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
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
        let full = StoreError { status: 403, code: Some("AccessDenied".into()), message: "No.".into() };
        assert_eq!(full.to_string(), "403 AccessDenied, No.");
        let bare = StoreError { status: 502, code: None, message: String::new() };
        assert_eq!(bare.to_string(), "502");
    }
}
