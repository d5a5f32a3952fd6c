//! The limits of the API, each in one place. S3's own limits are from the AWS reference
//! ("Amazon S3 multipart upload limits").

/// Bytes in a mebibyte.
pub const MIB: u64 = 1024 * 1024;

/// The maximum number of parts of one upload (S3).
pub const MAX_PARTS: u32 = 10_000;
/// The minimum number of bytes of a part that is not the last (S3).
pub const MIN_PART_BYTES: u64 = 5 * MIB;
/// The maximum number of bytes of a part (S3).
pub const MAX_PART_BYTES: u64 = 5 * 1024 * MIB;
/// The largest whole number that a database and JavaScript can hold exactly: the most bytes that several files together may be
/// limited to.
pub const MAX_EXACT: u64 = (1 << 53) - 1;
/// The maximum number of bytes of a file (S3's long-standing object limit, 5 TiB).
pub const MAX_FILE_BYTES: u64 = 5 * 1024 * 1024 * MIB;

/// The maximum number of characters (Unicode scalar values) of a file or folder name.
pub const MAX_NAME_CHARS: usize = 255;
/// The maximum number of bytes of a MIME type (RFC 6838, 4.2: two names of 127 and the slash).
pub const MAX_MIME_TYPE_BYTES: usize = 255;
/// The maximum number of files of one `batch/start` or `batch/finalize`.
pub const MAX_BATCH_FILES: usize = 1000;
/// The maximum size, in bytes, of a file that a client sends whole, with `batch/start`. Clients send files up to this
/// size in this way.
pub const MAX_WHOLE_FILE_BYTES: u64 = 8 * MIB;
/// The maximum number of folders that one `batch/start` creates for the paths of its files.
pub const MAX_BATCH_FOLDERS: usize = 1000;
/// The maximum number of different folders that the paths of one `batch/start` name. Each is looked up in one transaction, for
/// which other people wait.
pub const MAX_BATCH_LOOKUPS: usize = 5000;
/// The maximum number of bytes of a file's path.
pub const MAX_PATH_BYTES: usize = 8192;
/// The maximum number of bytes of an ETag as a client sends it back.
pub const MAX_ETAG_BYTES: usize = 128;
/// The maximum number of bytes of a JSON request body. 10,000 parts with long `ETag`s fit into it.
pub const MAX_BODY_BYTES: usize = 2 * 1024 * 1024;
/// The maximum number of bytes of an upload id or a file key as a client sends them back (an S3 key's limit).
pub const MAX_KEY_BYTES: usize = 1024;
/// The maximum number of levels of folders.
pub const MAX_FOLDER_DEPTH: u32 = 100;
/// The maximum number of items of one answer of `GET /drive/tree`.
pub const MAX_TREE_ITEMS: usize = 500;
/// The maximum number of levels of one answer of `GET /drive/tree`.
pub const MAX_TREE_DEPTH: u32 = 10;
/// Levels of `GET /drive/tree`, if the request does not say how many.
pub const DEFAULT_TREE_DEPTH: u32 = 3;
/// The maximum number of characters (Unicode scalar values) of a search: as many as a name can have.
pub const MAX_QUERY_CHARS: usize = 255;
/// The maximum number of hits of one answer of `GET /drive/search`.
pub const MAX_SEARCH_HITS: u32 = 50;
/// Hits of `GET /drive/search`, if the request does not say how many.
pub const DEFAULT_SEARCH_HITS: u32 = 20;
/// The maximum number of hits of one answer of `GET /search`.
pub const MAX_WORKSPACE_HITS: u32 = 100;
/// Hits of `GET /search`, if the request does not say how many.
pub const DEFAULT_WORKSPACE_HITS: u32 = 50;
/// The maximum number of members of one answer of `GET /workspace/members`.
pub const MAX_MEMBERS: u32 = 500;
/// Members of `GET /workspace/members`, if the request does not say how many.
pub const DEFAULT_MEMBERS: u32 = 100;
/// The maximum number of items of one page of `GET /drive/folders/{id}/children` and similar routes.
pub const MAX_PAGE_ITEMS: u32 = 1000;
/// Items of a page, if the request does not say how many.
pub const DEFAULT_PAGE_ITEMS: u32 = 100;
/// The maximum number of characters of a cursor.
pub const MAX_CURSOR_CHARS: usize = 4096;
/// The maximum number of characters of a token's name.
pub const MAX_TOKEN_NAME_CHARS: usize = 100;
/// The maximum number of tokens of a user at once, not counting those that have ended.
pub const MAX_TOKENS: u32 = 1000;
/// The maximum number of tokens at once that come from one token which another token created, so that such a token cannot
/// use up its user's [`MAX_TOKENS`].
pub const MAX_TOKENS_OF_A_TOKEN: u32 = 100;
/// How often the tokens of one chain can replace each other within 24 hours.
pub const MAX_ROTATIONS: u32 = 24;
/// The maximum number of tokens in a chain in which each token created the next, including the first.
pub const MAX_TOKEN_DEPTH: u32 = 16;
/// The maximum number of grants of a token at once, not counting those that have ended.
pub const MAX_GRANTS: u32 = 10_000;
/// The maximum number of files that one grant may allow; also the default.
pub const MAX_GRANT_FILES: u32 = 10_000;
/// The maximum number of file types that a grant may name.
pub const MAX_GRANT_TYPES: usize = 100;
/// The maximum number of characters of a file type: a MIME type is never longer.
pub const MAX_FILE_TYPE_CHARS: usize = 255;
/// The maximum number of characters of a grant's `externalId`.
pub const MAX_EXTERNAL_ID_CHARS: usize = 255;
/// The maximum number of bytes of a grant's metadata, as JSON without white space.
pub const MAX_METADATA_BYTES: usize = 2048;
/// How deep a grant's metadata may be nested, counting the object itself. Answers contain it some levels deeper, and readers
/// of JSON limit the depth of the whole (.NET to 64, Dray's own clients to 128).
pub const MAX_METADATA_DEPTH: usize = 16;
/// The maximum number of file requests of a user, closed ones included.
pub const MAX_REQUESTS: u32 = 1000;
/// The maximum number of file requests that tokens confined to the same folder may create, so that such a token cannot use up
/// its user's [`MAX_REQUESTS`].
pub const MAX_REQUESTS_OF_A_FOLDER: u32 = 100;
/// The maximum number of submitters of a file request.
pub const MAX_SUBMITTERS: u32 = 10_000;
/// The maximum number of files of all submitters of a file request together, if it has such a limit.
pub const MAX_REQUEST_FILES: u32 = 1_000_000;
/// The maximum number of characters of a file request's title.
pub const MAX_TITLE_CHARS: usize = 200;
/// The maximum number of characters of a file request's message.
pub const MAX_MESSAGE_CHARS: usize = 4000;
/// The maximum number of characters of a submitter's name.
pub const MAX_SUBMITTER_NAME_CHARS: usize = 100;
/// The maximum number of characters of an email address (RFC 5321, 4.5.3.1.3, without the angle brackets).
pub const MAX_EMAIL_CHARS: usize = 254;
/// The maximum number of characters of an `Idempotency-Key`.
pub const MAX_KEY_CHARS: usize = 255;
/// The maximum number of links of a file.
pub const MAX_LINKS: u32 = 100;
/// The minimum number of characters of a link's password. Links from older versions keep their shorter passwords.
pub const MIN_PASSWORD_CHARS: usize = 8;
/// The maximum number of characters of a link's password.
pub const MAX_PASSWORD_CHARS: usize = 200;
/// The maximum number of participants of an item, not counting those of folders above it.
pub const MAX_PARTICIPANTS: u32 = 1000;

/// The whole numbers in the bodies of requests: where each stands (`[]` is any place in a list), the least and the most. A test
/// compares them with the OpenAPI document.
pub const NUMBERS: &[(&str, u64, u64)] = &[
    ("fileSize", 0, MAX_FILE_BYTES),
    ("files[].fileSize", 0, MAX_WHOLE_FILE_BYTES),
    ("parts", 1, MAX_PARTS as u64),
    ("partNumbers[]", 1, MAX_PARTS as u64),
    ("contentLengths[]", 0, MAX_PART_BYTES),
    ("parts[].partNumber", 1, MAX_PARTS as u64),
    ("parts[].PartNumber", 1, MAX_PARTS as u64),
    ("maxFiles", 1, MAX_GRANT_FILES as u64),
    ("maxFileBytes", 0, MAX_FILE_BYTES),
    ("maxBytes", 0, MAX_EXACT),
    ("maxSubmitters", 1, MAX_SUBMITTERS as u64),
    ("maxTotalFiles", 1, MAX_REQUEST_FILES as u64),
    ("maxTotalBytes", 0, MAX_EXACT),
];
