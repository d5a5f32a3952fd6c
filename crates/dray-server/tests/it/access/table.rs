//! The table: every route, what it needs of a token, and what it answers to whom.

use std::collections::BTreeSet;

/// The routes of the server.
pub(super) fn routes() -> BTreeSet<(String, String)> {
    dray_server::route_table().into_iter().map(|(method, path)| (method.to_string(), path)).collect()
}

/// What a route needs of a token.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Needs {
    Nothing,
    /// A token with any scope.
    AnyToken,
    Read,
    Upload,
    /// Like `Upload`, or a grant.
    Deposit,
    /// The grant of a file request's submitter.
    Submitter,
    Everything,
}
use Needs::{AnyToken, Deposit, Everything, Nothing, Read, Submitter, Upload};

/// A request to a route. `{id}` in the path and `$id` in the body stand for the scene's thing of that name.
pub(super) struct Row {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    pub(super) needs: Needs,
    /// Where the placeholder `{id}` of the path leads: `file`, `folder`, `trashed`, `token`, `grant`, `request`.
    pub(super) about: &'static str,
    pub(super) body: &'static str,
    /// For the owner, an admin, a member, a viewer, another user, the owner in another workspace, and the owner with
    /// a token that is confined to the folder, or to another.
    pub(super) expected: [u16; 8],
}

pub(super) const WHO: [&str; 8] = [
    "owner",
    "admin",
    "member",
    "viewer",
    "other user",
    "other workspace",
    "confined inside",
    "confined outside",
];
/// The callers in [`WHO`] who may learn nothing about the scene.
pub(super) const STRANGERS: [usize; 3] = [4, 5, 7];

const fn row(
    method: &'static str,
    path: &'static str,
    needs: Needs,
    about: &'static str,
    body: &'static str,
    expected: [u16; 8],
) -> Row {
    Row { method, path, needs, about, body, expected }
}

const START: &str = r#"{"fileName":"new","fileSize":1,"mimeType":"a/b","parentId":"$folder"}"#;
const SIGN: &str = r#"{"uploadId":"$upload","fileKey":"$key","parts":1}"#;
const FINALIZE: &str = r#"{"uploadId":"$upload","fileKey":"$key","parts":[{"partNumber":1,"eTag":"$etag"}]}"#;
const UPLOAD: &str = r#"{"uploadId":"$upload","fileKey":"$key"}"#;
const START_FILES: &str =
    r#"{"files":[{"path":"new/new","fileSize":1,"mimeType":"a/b"}],"parentId":"$folder"}"#;
const FINALIZE_FILES: &str = r#"{"files":[{"uploadId":"$upload","fileKey":"$key"}]}"#;
const CHANGE: &str = r#"{"name":"other"}"#;
const MOVE: &str = r#"{"parentId":"$inner"}"#;
const ROLE: &str = r#"{"role":"member"}"#;
const FOLDER: &str = r#"{"name":"new","parentId":"$folder"}"#;
const GRANT: &str = r#"{"folderId":"$folder","maxFiles":1}"#;
const REQUEST: &str = r#"{"folderId":"$folder","title":"secret"}"#;
const CLOSE: &str = r#"{"closed":true}"#;
const TOKEN: &str = r#"{"name":"new","scopes":["drive_read"]}"#;

/// A caller may read everything that they see. Every caller may read what is only about themselves.
const SEEN: [u16; 8] = [200, 200, 200, 200, 404, 404, 200, 404];
const CHANGED: [u16; 8] = [200, 200, 200, 403, 404, 404, 200, 404];
const MANAGED: [u16; 8] = [200, 200, 403, 403, 404, 404, 200, 404];
const UNDONE: [u16; 8] = [204, 204, 403, 403, 404, 404, 204, 404];
const OF_UPLOADER: [u16; 8] = [200, 404, 404, 404, 404, 404, 200, 404];
/// The token that created a grant sees it, and so do that token's ancestors.
const OF_MAKER: [u16; 8] = [200, 404, 404, 404, 404, 404, 404, 404];
const ANYONE: [u16; 8] = [200; 8];
pub(super) const WHOLE_DRIVE: [u16; 8] = [200, 200, 200, 200, 200, 200, 403, 403];

pub(super) const ROWS: [Row; 67] = [
    row("POST", "/public/v1/drive/files/upload/multipart/start", Deposit, "", START, CHANGED),
    row("POST", "/public/v1/drive/files/upload/multipart/presigned-urls", Deposit, "", SIGN, OF_UPLOADER),
    row("POST", "/public/v1/drive/files/upload/multipart/finalize", Deposit, "", FINALIZE, OF_UPLOADER),
    row("POST", "/public/v1/drive/files/upload/multipart/parts", Deposit, "", UPLOAD, OF_UPLOADER),
    row(
        "POST",
        "/public/v1/drive/files/upload/multipart/abort",
        Deposit,
        "",
        UPLOAD,
        [204, 404, 404, 404, 404, 404, 204, 404],
    ),
    row("POST", "/public/v1/drive/files/upload/batch/start", Deposit, "", START_FILES, CHANGED),
    // Each file has its own answer, which is the same for everybody who may not know the file.
    row("POST", "/public/v1/drive/files/upload/batch/finalize", Deposit, "", FINALIZE_FILES, ANYONE),
    row("GET", "/public/v1/drive/uploads", Upload, "", "", WHOLE_DRIVE),
    row("POST", "/public/v1/drive/grants", Upload, "", GRANT, CHANGED),
    row("GET", "/public/v1/drive/grants", Upload, "", "", ANYONE),
    row("GET", "/public/v1/drive/grants/{id}", Upload, "grant", "", OF_MAKER),
    row("GET", "/public/v1/drive/grants/{id}/uploads", Upload, "grant", "", OF_MAKER),
    row(
        "DELETE",
        "/public/v1/drive/grants/{id}",
        Upload,
        "grant",
        "",
        [204, 404, 404, 404, 404, 404, 404, 404],
    ),
    row("GET", "/public/v1/drive/files/{id}", Read, "file", "", SEEN),
    row("GET", "/public/v1/drive/files/{id}", Read, "folder", "", SEEN),
    row("GET", "/public/v1/drive/files/{id}", Read, "trashed", "", [404; 8]),
    row("PATCH", "/public/v1/drive/files/{id}", Everything, "file", CHANGE, CHANGED),
    row("PATCH", "/public/v1/drive/files/{id}", Everything, "file", MOVE, CHANGED),
    row("PATCH", "/public/v1/drive/files/{id}", Everything, "trashed", CHANGE, [404; 8]),
    row(
        "DELETE",
        "/public/v1/drive/files/{id}",
        Everything,
        "file",
        "",
        [204, 204, 204, 403, 404, 404, 204, 404],
    ),
    row(
        "DELETE",
        "/public/v1/drive/files/{id}",
        Everything,
        "folder",
        "",
        [204, 403, 403, 403, 404, 404, 403, 404],
    ),
    row("GET", "/public/v1/drive/files/{id}/ancestors", Read, "file", "", SEEN),
    row(
        "POST",
        "/public/v1/drive/files/{id}/restore",
        Everything,
        "trashed",
        "{}",
        [200, 404, 404, 404, 404, 404, 403, 403],
    ),
    row("GET", "/public/v1/drive/files/{id}/participants", Read, "file", "", SEEN),
    row("PUT", "/public/v1/drive/files/{id}/participants/{userId}", Everything, "file", ROLE, MANAGED),
    row("DELETE", "/public/v1/drive/files/{id}/participants/{userId}", Everything, "file", "", UNDONE),
    row("GET", "/public/v1/drive/files/{id}/links", Everything, "file", "", MANAGED),
    row("POST", "/public/v1/drive/files/{id}/links", Everything, "file", "{}", MANAGED),
    row("DELETE", "/public/v1/drive/files/{id}/links/{linkId}", Everything, "file", "", UNDONE),
    row("GET", "/public/v1/drive/files/{id}/download", Read, "file", "", SEEN),
    row("POST", "/public/v1/drive/folders", Upload, "", FOLDER, CHANGED),
    row("GET", "/public/v1/drive/folders/{id}/children", Read, "folder", "", SEEN),
    row("GET", "/public/v1/drive/folders/{id}/children", Read, "root", "", ANYONE),
    row("GET", "/public/v1/drive/shared", Read, "", "", WHOLE_DRIVE),
    row("GET", "/public/v1/drive/trash", Read, "", "", WHOLE_DRIVE),
    row("DELETE", "/public/v1/drive/trash", Everything, "", "", WHOLE_DRIVE),
    row(
        "DELETE",
        "/public/v1/drive/trash/{id}",
        Everything,
        "trashed",
        "",
        [204, 404, 404, 404, 404, 404, 403, 403],
    ),
    row("GET", "/public/v1/drive/usage", Read, "", "", WHOLE_DRIVE),
    row("GET", "/public/v1/drive/tree", Read, "", "", ANYONE),
    row("GET", "/public/v1/drive/tree?parentId={id}", Read, "folder", "", SEEN),
    row("GET", "/public/v1/drive/search?q=zebra", Read, "", "", ANYONE),
    row("GET", "/public/v1/search?q=zebra", Read, "", "", ANYONE),
    row("GET", "/public/v1/tokens", Everything, "", "", WHOLE_DRIVE),
    row("POST", "/public/v1/tokens", Everything, "", TOKEN, WHOLE_DRIVE),
    row("POST", "/public/v1/tokens/rotate", AnyToken, "", "{}", ANYONE),
    row(
        "DELETE",
        "/public/v1/tokens/{id}",
        Everything,
        "token",
        "",
        [204, 404, 404, 404, 404, 404, 403, 403],
    ),
    row("POST", "/public/v1/drive/requests", Everything, "", REQUEST, MANAGED),
    row("GET", "/public/v1/drive/requests", Everything, "", "", WHOLE_DRIVE),
    row("GET", "/public/v1/drive/requests/{id}", Everything, "request", "", MANAGED),
    row("PATCH", "/public/v1/drive/requests/{id}", Everything, "request", CLOSE, MANAGED),
    row("GET", "/public/v1/drive/requests/{id}/submissions", Everything, "request", "", MANAGED),
    row("DELETE", "/public/v1/drive/requests/{id}", Everything, "request", "", UNDONE),
    row("GET", "/r/{slug}", Nothing, "", "", ANYONE),
    row("POST", "/r/{slug}/open", Nothing, "", "{}", ANYONE),
    row("POST", "/r/{slug}/submitters", Nothing, "", "{}", ANYONE),
    row("GET", "/r/{slug}/uploads", Submitter, "", "", [404; 8]),
    row("GET", "/public/v1/workspace/info", Read, "", "", ANYONE),
    row("GET", "/public/v1/workspace/members", Read, "", "", ANYONE),
    row("GET", "/", Nothing, "", "", ANYONE),
    row("GET", "/assets/{*path}", Nothing, "", "", [404; 8]),
    row("GET", "/kit/{*path}", Nothing, "", "", [404; 8]),
    row("GET", "/l/{slug}", Nothing, "", "", [307; 8]),
    row("GET", "/healthz", Nothing, "", "", ANYONE),
    row("GET", "/public/v1/health", Nothing, "", "", ANYONE),
    row("GET", "/openapi.json", Nothing, "", "", ANYONE),
    row("GET", "/docs", Nothing, "", "", ANYONE),
    row("GET", "/readyz", Nothing, "", "", ANYONE),
];

impl Row {
    pub(super) fn route(&self) -> (String, String) {
        let path = self.path.split('?').next().unwrap();
        (self.method.to_owned(), path.to_owned())
    }

    /// Whether an admitted caller may change what the owner sees. Routes that are only about the caller never do.
    pub(super) fn may_change(&self, who: usize) -> bool {
        let is_about_the_caller = self.expected == WHOLE_DRIVE;
        self.needs == Nothing || (self.method != "GET" && (!is_about_the_caller || who == 0))
    }
}
