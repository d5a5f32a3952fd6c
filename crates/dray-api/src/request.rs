//! File requests: addresses where people without an account upload files into a folder.

use serde::{Deserialize, Serialize};

use crate::grant::GrantUpload;
use crate::id::{GrantId, ItemId, RequestId, UserId};
use crate::upload::OnConflict;

/// Whether a submitter is asked for something.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Asks {
    /// The page does not ask for it.
    #[default]
    No,
    /// The page asks for it, and submitters may leave it out.
    Optional,
    /// The page asks for it, and nobody can submit without it.
    Required,
}

/// `POST /drive/requests`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewRequest {
    /// The folder that the files go to.
    pub folder_id: ItemId,
    /// The title of the page.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 200))]
    pub title: String,
    /// A text below the title, which may have several lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(max_length = 4000))]
    pub message: Option<String>,
    /// When the request closes by itself: RFC 3339. Absent or null means never. Uploads that are unfinished then cannot
    /// be finished.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(format = DateTime))]
    pub deadline: Option<String>,
    /// A password that submitters must enter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(min_length = 8, max_length = 200))]
    pub password: Option<String>,
    /// Whether the page asks submitters for their name.
    #[serde(default)]
    pub asks_name: Asks,
    /// Whether the page asks submitters for their email address. Dray checks its form only.
    #[serde(default)]
    pub asks_email: Asks,
    /// Whether each submitter gets a folder of their own below `folderId`. It is created with their first file, and its
    /// name is their name (or email address) and the time.
    #[serde(default)]
    pub folder_each: bool,
    /// The maximum number of submitters; absent or null means 1,000. Those who have no upload that is unfinished or
    /// finished do not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 10_000))]
    pub max_submitters: Option<u32>,
    /// The maximum number of files of each submitter; absent or null means 10,000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 10_000))]
    pub max_files: Option<u32>,
    /// The maximum number of bytes of each file; absent or null means the limit of the server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(maximum = 5_497_558_138_880_i64))]
    pub max_file_bytes: Option<u64>,
    /// The maximum number of bytes of all files of one submitter; absent or null means no limit except your quota.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(maximum = 9_007_199_254_740_991_i64))]
    pub max_bytes: Option<u64>,
    /// The maximum number of files of all submitters together; absent or null means no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 1_000_000))]
    pub max_total_files: Option<u32>,
    /// The maximum number of bytes of all files of all submitters together. Absent or null means no limit except your
    /// quota. Unfinished uploads to file requests never reserve more than half of what is free of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(maximum = 9_007_199_254_740_991_i64))]
    pub max_total_bytes: Option<u64>,
    /// The accepted types of files, in the form that grants have; absent or empty means any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(max_items = 100))]
    pub types: Option<Vec<String>>,
    /// What to do if the folder has a file of the same name: `keep` or `rename`.
    #[serde(default)]
    pub on_conflict: OnConflict,
}

/// `PATCH /drive/requests/{id}`: absent fields stay as they are.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestChange {
    /// The title of the page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 200))]
    pub title: Option<String>,
    /// A text below the title, which may have several lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(max_length = 4000))]
    pub message: Option<String>,
    /// When the request closes by itself; null (`Some(None)`) means never.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::item::present")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub deadline: Option<Option<String>>,
    /// A new password, which everybody must enter before their next upload starts; null (`Some(None)`) removes the
    /// password.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::item::present")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, min_length = 8, max_length = 200))]
    pub password: Option<Option<String>>,
    /// `true` closes the request: unfinished uploads are aborted, and files that have arrived stay. `false` opens it
    /// again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed: Option<bool>,
    /// The maximum number of submitters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 10_000))]
    pub max_submitters: Option<u32>,
    /// The maximum number of files of all submitters together; null (`Some(None)`) means no limit.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::item::present")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<u32>, minimum = 1, maximum = 1_000_000))]
    pub max_total_files: Option<Option<u32>>,
    /// The maximum number of bytes of all files of all submitters together; null (`Some(None)`) means no limit.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::item::present")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<u64>, maximum = 9_007_199_254_740_991_i64))]
    pub max_total_bytes: Option<Option<u64>>,
}

/// A file request.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FileRequest {
    /// Its id.
    pub id: RequestId,
    /// The address for submitters.
    #[cfg_attr(feature = "openapi", schema(format = "uri"))]
    pub url: String,
    /// The folder that the files go to.
    pub folder_id: ItemId,
    /// The user who created the request and owns the files.
    pub created_by: UserId,
    /// The title of the page.
    pub title: String,
    /// A text below the title, which may have several lines.
    pub message: String,
    /// When the request closes by itself; absent means never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(format = DateTime, nullable = false))]
    pub deadline: Option<String>,
    /// When somebody closed the request; absent if nobody did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(format = DateTime, nullable = false))]
    pub closed_at: Option<String>,
    /// Whether submitters must enter a password.
    pub has_password: bool,
    /// Whether the page asks submitters for their name.
    pub asks_name: Asks,
    /// Whether the page asks submitters for their email address.
    pub asks_email: Asks,
    /// Whether each submitter gets a folder of their own.
    pub folder_each: bool,
    /// The maximum number of submitters.
    pub max_submitters: u32,
    /// The maximum number of files of each submitter.
    pub max_files: u32,
    /// The maximum number of bytes of each file, if the request limits them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub max_file_bytes: Option<u64>,
    /// The maximum number of bytes of all files of one submitter, if the request limits them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub max_bytes: Option<u64>,
    /// The maximum number of files of all submitters together, if the request limits them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub max_total_files: Option<u32>,
    /// The maximum number of bytes of all files of all submitters together, if the request limits them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub max_total_bytes: Option<u64>,
    /// The accepted types of files; empty means any.
    pub types: Vec<String>,
    /// What to do if the folder has a file of the same name.
    pub on_conflict: OnConflict,
    /// How many submitters have an upload that is unfinished or finished.
    pub submitters: u64,
    /// When the request was created: RFC 3339 in UTC with milliseconds.
    #[cfg_attr(feature = "openapi", schema(format = DateTime))]
    pub created_at: String,
}

/// Answer of `GET /drive/requests`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FileRequests {
    /// The requests, the latest first.
    pub requests: Vec<FileRequest>,
    /// The cursor of the next page; null on the last page.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub next_cursor: Option<String>,
}

/// Somebody who uploads files to a request.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Submitter {
    /// The submitter's id. Their uploads and items have it as `grantId`.
    pub id: GrantId,
    /// The name that they gave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub name: Option<String>,
    /// The email address that they gave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub email: Option<String>,
    /// When they opened the request: RFC 3339 in UTC with milliseconds.
    #[cfg_attr(feature = "openapi", schema(format = DateTime))]
    pub created_at: String,
}

/// An upload to a request, finished or not.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Submission {
    /// Who sends it.
    pub submitter: Submitter,
    /// The upload.
    pub upload: GrantUpload,
}

/// Answer of `GET /drive/requests/{id}/submissions`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Submissions {
    /// The uploads, the latest first.
    pub submissions: Vec<Submission>,
    /// The cursor of the next page; null on the last page.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub next_cursor: Option<String>,
}

/// `POST /r/{slug}/open`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct OpenRequest {
    /// The request's password, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(max_length = 200))]
    pub password: Option<String>,
}

/// Answer of `POST /r/{slug}/open`: what the page shows to submitters.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OpenedRequest {
    /// The title.
    pub title: String,
    /// The message.
    pub message: String,
    /// When the request closes by itself; absent means never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(format = DateTime, nullable = false))]
    pub deadline: Option<String>,
    /// Whether to ask the submitter for their name.
    pub asks_name: Asks,
    /// Whether to ask the submitter for their email address.
    pub asks_email: Asks,
    /// The maximum number of files of one submitter.
    pub max_files: u32,
    /// The maximum number of bytes of each file, if there is a limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub max_file_bytes: Option<u64>,
    /// The maximum number of bytes of all files, if there is a limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(nullable = false))]
    pub max_bytes: Option<u64>,
    /// The accepted types of files; empty means any.
    pub types: Vec<String>,
}

/// `POST /r/{slug}/submitters`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct NewSubmitter {
    /// The request's password, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(max_length = 200))]
    pub password: Option<String>,
    /// The submitter's name, if the request asks for it. It is ignored otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(max_length = 100))]
    pub name: Option<String>,
    /// The submitter's email address, if the request asks for it. It is ignored otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(max_length = 254))]
    pub email: Option<String>,
}

/// Answer of `POST /r/{slug}/submitters`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreatedSubmitter {
    /// The submitter's bearer: `cp_grant_…`. It is valid for the calls of an upload and for `GET /r/{slug}/uploads`. It
    /// is shown only once.
    pub grant: String,
    /// When the bearer expires.
    #[cfg_attr(feature = "openapi", schema(format = DateTime))]
    pub expires_at: String,
}

/// A file that has arrived, as its submitter may know it.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SentFile {
    /// The name that the submitter gave it.
    pub file_name: String,
    /// Its size in bytes.
    pub file_size: u64,
    /// When its upload was started: RFC 3339 in UTC with milliseconds.
    #[cfg_attr(feature = "openapi", schema(format = DateTime))]
    pub created_at: String,
}

/// Answer of `GET /r/{slug}/uploads`.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SentFiles {
    /// The files of this submitter that have arrived, the latest first.
    pub files: Vec<SentFile>,
    /// The cursor of the next page; null on the last page.
    #[cfg_attr(feature = "openapi", schema(required = true))]
    pub next_cursor: Option<String>,
}
