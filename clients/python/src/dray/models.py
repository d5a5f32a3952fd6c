"""What the API is asked with, and what it answers. Times have their zone; sizes are bytes.

Made by generate.py from the drive's OpenAPI document. Not to be edited.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

__all__ = [
    "Ancestors",
    "Asks",
    "Checksum",
    "CreatedGrant",
    "CreatedSubmitter",
    "CreatedToken",
    "DownloadUrl",
    "EmptiedTrash",
    "EntityType",
    "ErrorBody",
    "ErrorCode",
    "FileKey",
    "FileRequest",
    "FileRequests",
    "FileToPut",
    "FinalizeFiles",
    "FinalizeUpload",
    "FinalizedFile",
    "FinalizedFiles",
    "GivenRole",
    "Grant",
    "GrantId",
    "GrantUpload",
    "GrantUploadState",
    "GrantUploads",
    "Grants",
    "Item",
    "ItemChange",
    "ItemId",
    "ItemPage",
    "ItemType",
    "Link",
    "LinkId",
    "Links",
    "ListParts",
    "Member",
    "Members",
    "NewFile",
    "NewFolder",
    "NewGrant",
    "NewLink",
    "NewRequest",
    "NewRole",
    "NewSubmitter",
    "NewToken",
    "OnConflict",
    "OpenRequest",
    "OpenUpload",
    "OpenUploads",
    "OpenedRequest",
    "Participant",
    "Participants",
    "Pipeline",
    "PresignParts",
    "PresignedPart",
    "PresignedParts",
    "RequestChange",
    "RequestId",
    "Role",
    "RotateToken",
    "SearchHits",
    "SentFile",
    "SentFiles",
    "StartFiles",
    "StartUpload",
    "StartedFile",
    "StartedFiles",
    "StartedUpload",
    "StoredPart",
    "StoredParts",
    "Submission",
    "Submissions",
    "Submitter",
    "Token",
    "TokenId",
    "TokenScope",
    "Tokens",
    "TrashPage",
    "TrashedItem",
    "Tree",
    "TreeNode",
    "UploadKey",
    "UploadStatus",
    "UploadedPart",
    "Usage",
    "UserId",
    "Verb",
    "WorkspaceHit",
    "WorkspaceHits",
    "WorkspaceId",
    "WorkspaceInfo",
]

Asks = Literal["no", "optional", "required"]
"""Whether a submitter is asked for something."""

EntityType = Literal["driveContent"]
"""What `GET /search` finds."""

ErrorCode = Literal[
    "invalid_json",
    "invalid_field",
    "invalid_name",
    "invalid_parameter",
    "impossible_part_count",
    "invalid_part",
    "part_too_small",
    "size_mismatch",
    "checksum_mismatch",
    "checksum_unproven",
    "file_too_large",
    "file_type_not_allowed",
    "file_type_mismatch",
    "not_a_file",
    "not_a_folder",
    "too_deep",
    "missing_token",
    "invalid_token",
    "expired_token",
    "revoked_token",
    "wrong_token_kind",
    "missing_scope",
    "no_search_types",
    "confined_token",
    "role_too_low",
    "link_password",
    "request_password",
    "request_of_others",
    "not_found",
    "upload_not_found",
    "user_not_found",
    "participant_not_found",
    "link_not_found",
    "token_not_found",
    "grant_not_found",
    "request_not_found",
    "route_not_found",
    "method_not_allowed",
    "finalized_differently",
    "already_finalized",
    "finalize_in_progress",
    "into_itself",
    "name_taken",
    "upload_folder_closed",
    "token_rotated",
    "idempotency_key_reused",
    "idempotency_key_in_use",
    "too_many_uploads",
    "grant_used_up",
    "request_full",
    "owner_is_fixed",
    "upload_aborted",
    "upload_expired",
    "item_gone",
    "request_closed",
    "body_too_large",
    "unsupported_media_type",
    "rate_limited",
    "internal",
    "store_lacks_operation",
    "store_unreachable",
    "database_unreachable",
    "busy",
    "finalize_pending",
    "timeout",
    "quota_exceeded",
    "no_space",
]
"""What went wrong, for programs. The texts never change."""

GivenRole = Literal["viewer", "member", "admin"]
"""A role that can be given."""

GrantId = str
"""A grant's record."""

GrantUploadState = Literal["open", "finalizing", "finalized", "aborted", "expired"]
"""The state of a grant's upload."""

ItemId = str
"""A file or a folder."""

ItemType = Literal["file", "folder"]
"""The kind of an item."""

LinkId = str
"""A public link's record."""

OnConflict = Literal["keep", "rename", "fail", "replace"]
"""What finalize does if the folder has a file with the same name."""

RequestId = str
"""A file request's record."""

Role = Literal["viewer", "member", "admin", "owner"]
"""What a person may do with an item and everything below it. Each role includes those before it."""

TokenId = str
"""An access token's record."""

TokenScope = Literal["access_drive", "drive_read", "drive_upload"]
"""What a token may do."""

UploadStatus = Literal["open", "finalizing", "finalized"]
"""The state of an upload."""

UserId = str
"""A user."""

Verb = Literal["upload"]
"""What a grant lets its holder do."""

WorkspaceId = str
"""A workspace."""


@dataclass(frozen=True, kw_only=True)
class Ancestors:
    """Answer of `GET /drive/files/{id}/ancestors`."""

    ancestors: list[Item]
    """The folders above the item that the caller sees, the topmost first."""


@dataclass(frozen=True, kw_only=True)
class Checksum:
    """A checksum of a whole file."""

    crc64nvme: str
    """CRC-64/NVME of all bytes, big-endian, in base64, as in S3's `x-amz-checksum-crc64nvme`."""


@dataclass(frozen=True, kw_only=True)
class CreatedSubmitter:
    """Answer of `POST /r/{slug}/submitters`."""

    grant: str = field(repr=False)
    """The submitter's bearer: `cp_grant_…`. It is valid for the calls of an upload and for `GET /r/{slug}/uploads`. It is
    shown only once.
    """

    expires_at: datetime
    """When the bearer expires."""


@dataclass(frozen=True, kw_only=True)
class DownloadUrl:
    """Answer of `GET /drive/files/{id}/download`."""

    url: str = field(repr=False)
    """A signed GET of the bytes that downloads under the item's own name."""


@dataclass(frozen=True, kw_only=True)
class EmptiedTrash:
    """Answer of `DELETE /drive/trash`."""

    removed: int
    """How many items were in the trash, not counting the content of trashed folders."""


@dataclass(frozen=True, kw_only=True)
class ErrorBody:
    """The body of every answer that is not a success."""

    status_code: int
    """The HTTP status."""

    error: str
    """The reason phrase of the status."""

    code: ErrorCode
    """What went wrong, for programs."""

    message: str
    """What went wrong and what to do, for people."""

    retry_after: int | None = None
    """How many seconds to wait before asking again (429 and 503)."""


@dataclass(frozen=True, kw_only=True)
class FileKey:
    """A file to finalize."""

    upload_id: str
    """From `batch/start`."""

    file_key: str
    """From `batch/start`."""

    checksum: Checksum | None = None


@dataclass(frozen=True, kw_only=True)
class FileRequest:
    """A file request."""

    id: RequestId
    """Its id."""

    url: str = field(repr=False)
    """The address for submitters."""

    folder_id: ItemId
    """The folder that the files go to."""

    created_by: UserId
    """The user who created the request and owns the files."""

    title: str
    """The title of the page."""

    message: str
    """A text below the title, which may have several lines."""

    deadline: datetime | None = None
    """When the request closes by itself; absent means never."""

    closed_at: datetime | None = None
    """When somebody closed the request; absent if nobody did."""

    has_password: bool
    """Whether submitters must enter a password."""

    asks_name: Asks
    """Whether the page asks submitters for their name."""

    asks_email: Asks
    """Whether the page asks submitters for their email address."""

    folder_each: bool
    """Whether each submitter gets a folder of their own."""

    max_submitters: int
    """The maximum number of submitters."""

    max_files: int
    """The maximum number of files of each submitter."""

    max_file_bytes: int | None = None
    """The maximum number of bytes of each file, if the request limits them."""

    max_bytes: int | None = None
    """The maximum number of bytes of all files of one submitter, if the request limits them."""

    max_total_files: int | None = None
    """The maximum number of files of all submitters together, if the request limits them."""

    max_total_bytes: int | None = None
    """The maximum number of bytes of all files of all submitters together, if the request limits them."""

    types: list[str]
    """The accepted types of files; empty means any."""

    on_conflict: OnConflict
    """What to do if the folder has a file of the same name."""

    submitters: int
    """How many submitters have an upload that is unfinished or finished."""

    created_at: datetime
    """When the request was created: RFC 3339 in UTC with milliseconds."""


@dataclass(frozen=True, kw_only=True)
class FileRequests:
    """Answer of `GET /drive/requests`."""

    requests: list[FileRequest]
    """The requests, the latest first."""

    next_cursor: str | None
    """The cursor of the next page; null on the last page."""


@dataclass(frozen=True, kw_only=True)
class FileToPut:
    """How a file is sent: one `PUT` of all its bytes to `url`, with these headers."""

    upload_id: str
    """The upload's id, for finalize."""

    file_key: str
    """The object's key in the store, for finalize."""

    parent_id: ItemId | None = None
    """The folder that the file goes to. Absent if it goes to the root."""

    url: str = field(repr=False)
    """Where to `PUT` the file. The URL accepts exactly `file_size` bytes. An answer 412 means that the file has already
    arrived.
    """

    headers: dict[str, str]
    """The headers that the `PUT` must have, unchanged, because they are signed."""


@dataclass(frozen=True, kw_only=True)
class FinalizeFiles:
    """The files to finalize."""

    files: list[FileKey]
    """The files: 1 to 1,000. They may come from different batches."""


@dataclass(frozen=True, kw_only=True)
class FinalizeUpload:
    """Step 4, `finalize`."""

    upload_id: str
    """From `start`."""

    file_key: str
    """From `start`."""

    parts: list[UploadedPart] | None = None
    """Every part, in any order, none twice. Absent or null means every part that the store has."""

    checksum: Checksum | None = None

    verify: bool | None = None
    """Whether the server reads the file back if the store cannot prove its checksum. The embedded store always can."""


@dataclass(frozen=True, kw_only=True)
class FinalizedFile:
    """The result for a file. It has exactly one of these fields."""

    item: Item | None = None
    """The file's item."""

    error: ErrorBody | None = None
    """Why there is no item. After an error that may pass (503), finalize the file again."""


@dataclass(frozen=True, kw_only=True)
class FinalizedFiles:
    """The results for the files, in the order of the request."""

    files: list[FinalizedFile]
    """One result for each file."""


@dataclass(frozen=True, kw_only=True)
class Grant:
    """A grant, without its secret."""

    id: GrantId
    """Its id, which lists its uploads and revokes it."""

    token_id: TokenId
    """The token that created it, or that token's replacement. The grant ends when this token ends."""

    folder_id: ItemId | None = None
    """The folder that the files go to; absent means the root, or that the folder was removed permanently, which ends the
    grant.
    """

    verbs: list[Verb]
    """What the holder may do."""

    max_files: int
    """How many files the holder may upload."""

    max_file_bytes: int | None = None
    """The largest file, in bytes, if the grant limits it."""

    max_bytes: int | None = None
    """The maximum size of all files together, in bytes, if the grant limits it."""

    types: list[str]
    """Which types of files the holder may upload; empty means every type."""

    on_conflict: OnConflict
    """What to do if the folder has a file of the same name."""

    external_id: str | None = None
    """The name by which your application knows this grant's uploads."""

    metadata: dict[str, object] | None = None
    """Your JSON object."""

    used_files: int
    """How many files count against `max_files`: the finished ones and those whose upload is open."""

    used_bytes: int
    """The bytes of those files."""

    created_at: datetime
    """When it was created: RFC 3339 in UTC with milliseconds."""

    expires_at: datetime
    """When it expires."""

    revoked_at: datetime | None = None
    """When it was revoked, if it was."""


@dataclass(frozen=True, kw_only=True)
class GrantUpload:
    """An upload that was started with a grant."""

    upload_id: str | None = None
    """The object store's multipart upload id; absent if the store never answered."""

    file_key: str
    """The object's key in the store."""

    state: GrantUploadState
    """Its state."""

    file_name: str
    """The name that the holder gave."""

    file_size: int
    """The announced size in bytes. After finalize, the stored size is the same."""

    mime_type: str
    """The announced MIME type."""

    item_id: ItemId | None = None
    """The item's id, after finalize."""

    item: Item | None = None
    """The item as it is now; absent if the caller can no longer see it. A token that may not read gets the item as it was
    announced.
    """

    external_id: str | None = None
    """`external_id` of the grant."""

    metadata: dict[str, object] | None = None
    """`metadata` of the grant."""

    created_at: datetime
    """When it was started: RFC 3339 in UTC with milliseconds."""


@dataclass(frozen=True, kw_only=True)
class GrantUploads:
    """Answer of `GET /drive/grants/{id}/uploads`."""

    uploads: list[GrantUpload]
    """The uploads, the latest first. Aborted and expired ones are listed for a week, all others until a week after the
    grant's end.
    """

    next_cursor: str | None
    """The cursor of the next page; null on the last page."""


@dataclass(frozen=True, kw_only=True)
class Grants:
    """Answer of `GET /drive/grants`."""

    grants: list[Grant]
    """The grants, the latest first. A grant that has ended stays in the list for a week."""

    next_cursor: str | None
    """The cursor of the next page; null on the last page."""


@dataclass(frozen=True, kw_only=True)
class Item:
    """A file or a folder. Each of `_id`/`id`, `parent`/`parent_id` and `size`/`file_size` is one value under two names."""

    id: ItemId
    """The item's id."""

    name: str
    """Its name, as the person gave it."""

    type: ItemType

    owner: UserId
    """The user who owns it."""

    parent_id: ItemId | None = None
    """The folder it is in; absent at the root."""

    mime_type: str | None = None
    """MIME type; absent on a folder."""

    size: int | None = None
    """Bytes; absent on a folder."""

    role: Role | None = None
    """The caller's role on it; absent in lists."""

    grant_id: GrantId | None = None
    """The grant that it was uploaded with, if it was."""

    request_id: RequestId | None = None
    """The file request that it was uploaded to, if it was. `grant_id` is then the id of its submitter."""

    external_id: str | None = None
    """`external_id` of that grant."""

    metadata: dict[str, object] | None = None
    """`metadata` of that grant."""

    created_at: datetime
    """When it was created: RFC 3339 in UTC with milliseconds."""

    updated_at: datetime
    """When it last changed: RFC 3339 in UTC with milliseconds."""


@dataclass(frozen=True, kw_only=True)
class ItemChange:
    """`PATCH /drive/files/{id}`: absent fields stay as they are."""

    name: str | None = None
    """A new name."""

    parent_id: ItemId | None = None


@dataclass(frozen=True, kw_only=True)
class ItemPage:
    """A page of items: answer of `GET /drive/folders/{id}/children` and `GET /drive/shared`."""

    items: list[Item]
    """The items, folders first."""

    next_cursor: str | None
    """The cursor of the next page; null on the last page."""


@dataclass(frozen=True, kw_only=True)
class Link:
    """A public link to a file."""

    id: LinkId
    """Its id, which revokes it."""

    url: str = field(repr=False)
    """Its address, to give to others."""

    item_id: ItemId
    """The file."""

    created_by: UserId
    """Who made it."""

    created_at: datetime
    """When it was created: RFC 3339 in UTC with milliseconds."""

    expires_at: datetime | None = None
    """When it expires, if it does."""

    has_password: bool
    """Whether it asks for a password."""

    downloads: int
    """How often the file was downloaded through it."""


@dataclass(frozen=True, kw_only=True)
class Links:
    """Answer of `GET /drive/files/{id}/links`."""

    links: list[Link]
    """The file's links, oldest first, expired ones included."""


@dataclass(frozen=True, kw_only=True)
class ListParts:
    """Which upload's parts to list."""

    upload_id: str
    """From `start`."""

    file_key: str
    """From `start`."""

    keep_alive: bool | None = None
    """Whether this request extends the upload's expiry. Absent or null means yes; `false` only reads."""


@dataclass(frozen=True, kw_only=True)
class Member:
    """A member of a workspace."""

    id: UserId = field(metadata={"wire": "_id"})
    """The user's id."""

    name: str
    """Their name, for people."""

    email: str
    """Their email address."""

    type: str
    """Their role in the workspace: `owner` or `member`."""

    status: str
    """Always `active`: a member is a user who can sign in."""

    active: bool
    """Whether they can use the workspace."""

    created_at: datetime
    """When they were added to it: RFC 3339 in UTC with milliseconds."""


@dataclass(frozen=True, kw_only=True)
class Members:
    """Answer of `GET /workspace/members`: one page of them, oldest first."""

    members: list[Member]
    """The members on this page."""

    total: int
    """How many members there are on all pages."""

    limit: int
    """The largest number of members on a page."""

    offset: int
    """How many members come before this page."""


@dataclass(frozen=True, kw_only=True)
class NewFile:
    """A file to start."""

    path: str
    """Its name, or its path below the folder, with slashes: `photos/2026/a.jpg`. Folders of the path that do not exist are
    created. For a token that may only upload, all of them are created anew. Each part of the path follows the rules for
    names.
    """

    file_size: int
    """Its size in bytes: at most 8 MiB."""

    mime_type: str
    """Its MIME type; an empty text means `application/octet-stream`."""

    parent_id: ItemId | None = None

    checksum: Checksum | None = None


@dataclass(frozen=True, kw_only=True)
class NewFolder:
    """`POST /drive/folders`."""

    name: str
    """The folder's name, one path segment: no slash, backslash, control or line-breaking character, none that changes the
    direction of text around it (U+202A to U+202E, U+2066 to U+206F), not `.` or `..`, with at least one visible
    character.
    """

    parent_id: ItemId | None = None


@dataclass(frozen=True, kw_only=True)
class NewGrant:
    """`POST /drive/grants`."""

    folder_id: ItemId | None = None

    verbs: list[Verb] | None = None
    """What the holder may do. Absent or null means `upload`, the only verb so far."""

    max_files: int | None = None
    """How many files the holder may upload. Absent or null means 10,000. A file counts from the start of its upload. An
    upload that was aborted or expired, or that made no file, no longer counts.
    """

    max_file_bytes: int | None = None
    """The largest file, in bytes. Absent or null means the server's own limit."""

    max_bytes: int | None = None
    """The maximum size of all files together, in bytes. Absent or null means that only the quota limits them."""

    types: list[str] | None = None
    """Which types of files the holder may upload: a MIME type (`image/png`), a group (`image/*`) or a file extension
    (`.pdf`). Absent, null or empty means every type that the server accepts.
    """

    expires_at: datetime | None = None
    """When the grant expires (RFC 3339): at most a year from now, and not after the token that creates it. Absent or null
    means in 24 hours, or together with that token if it expires sooner.
    """

    on_conflict: OnConflict | None = None
    """What to do if the folder has a file of the same name: `keep` or `rename`."""

    external_id: str | None = None
    """The name by which your application knows this grant's uploads. It comes back on each item, in webhooks and in the
    list of uploads. The holder of the grant does not see it.
    """

    metadata: dict[str, object] | None = None
    """A JSON object of your own, at most 2,048 bytes long and nested at most 16 levels deep, counting the object itself.
    It comes back in the same places as `external_id`.
    """


@dataclass(frozen=True, kw_only=True)
class NewLink:
    """`POST /drive/files/{id}/links`."""

    expires_at: datetime | None = None
    """When the link expires: RFC 3339. Absent or null means never."""

    password: str | None = field(default=None, repr=False)
    """A password. Whoever follows the link sends it by HTTP Basic authentication, with any user name. Absent or null means
    that the link needs no password.
    """


@dataclass(frozen=True, kw_only=True)
class NewRequest:
    """`POST /drive/requests`."""

    folder_id: ItemId
    """The folder that the files go to."""

    title: str
    """The title of the page."""

    message: str | None = None
    """A text below the title, which may have several lines."""

    deadline: datetime | None = None
    """When the request closes by itself: RFC 3339. Absent or null means never. Uploads that are unfinished then cannot be
    finished.
    """

    password: str | None = field(default=None, repr=False)
    """A password that submitters must enter."""

    asks_name: Asks | None = None
    """Whether the page asks submitters for their name."""

    asks_email: Asks | None = None
    """Whether the page asks submitters for their email address. Dray checks its form only."""

    folder_each: bool | None = None
    """Whether each submitter gets a folder of their own below `folder_id`. It is created with their first file, and its
    name is their name (or email address) and the time.
    """

    max_submitters: int | None = None
    """The maximum number of submitters; absent or null means 1,000. Those who have no upload that is unfinished or
    finished do not count.
    """

    max_files: int | None = None
    """The maximum number of files of each submitter; absent or null means 10,000."""

    max_file_bytes: int | None = None
    """The maximum number of bytes of each file; absent or null means the limit of the server."""

    max_bytes: int | None = None
    """The maximum number of bytes of all files of one submitter; absent or null means no limit except your quota."""

    max_total_files: int | None = None
    """The maximum number of files of all submitters together; absent or null means no limit."""

    max_total_bytes: int | None = None
    """The maximum number of bytes of all files of all submitters together. Absent or null means no limit except your
    quota. Unfinished uploads to file requests never reserve more than half of what is free of it.
    """

    types: list[str] | None = None
    """The accepted types of files, in the form that grants have; absent or empty means any."""

    on_conflict: OnConflict | None = None
    """What to do if the folder has a file of the same name: `keep` or `rename`."""


@dataclass(frozen=True, kw_only=True)
class NewRole:
    """`PUT /drive/files/{id}/participants/{userId}`."""

    role: GivenRole
    """`viewer`, `member` or `admin`."""


@dataclass(frozen=True, kw_only=True)
class NewSubmitter:
    """`POST /r/{slug}/submitters`."""

    password: str | None = field(default=None, repr=False)
    """The request's password, if it has one."""

    name: str | None = None
    """The submitter's name, if the request asks for it. It is ignored otherwise."""

    email: str | None = None
    """The submitter's email address, if the request asks for it. It is ignored otherwise."""


@dataclass(frozen=True, kw_only=True)
class NewToken:
    """`POST /tokens`."""

    name: str
    """What the token is for, for people."""

    scopes: list[TokenScope]
    """What the token may do: `access_drive` (everything), or one or both of `drive_read` and `drive_upload`."""

    folder_id: ItemId | None = None

    expires_at: datetime | None = None
    """When the token expires (RFC 3339): at most a year from now, and not after the token that creates it. Absent or null
    means in 30 days, or together with that token if it expires sooner.
    """

    rotate_until: datetime | None = None
    """The latest expiry that rotation can give to this token's successors (RFC 3339): at most a year from now, and not
    after that of the token that creates it. Absent or null means `expires_at`.
    """


@dataclass(frozen=True, kw_only=True)
class OpenRequest:
    """`POST /r/{slug}/open`."""

    password: str | None = field(default=None, repr=False)
    """The request's password, if it has one."""


@dataclass(frozen=True, kw_only=True)
class OpenUpload:
    """An unfinished upload."""

    upload_id: str
    """The object store's multipart upload id."""

    file_key: str
    """The object's key in the store."""

    status: UploadStatus
    """Its state."""

    file_name: str
    """The item's name."""

    file_size: int
    """Its size in bytes."""

    mime_type: str
    """Its MIME type."""

    parent_id: ItemId | None = None
    """The folder it goes to; absent means the root."""

    on_conflict: OnConflict | None = None
    """What to do if the folder already has a file of this name when finalize creates the file."""

    part_size: int
    """The recommended size, in bytes, of each part except the last."""

    created_at: datetime
    """When it was started: RFC 3339 in UTC with milliseconds."""

    expires_at: datetime
    """When it expires if nobody continues it."""


@dataclass(frozen=True, kw_only=True)
class OpenUploads:
    """Answer of `GET /drive/uploads`: the caller's own, the latest first."""

    uploads: list[OpenUpload]
    """The uploads."""

    next_cursor: str | None
    """The cursor of the next page; null on the last page."""


@dataclass(frozen=True, kw_only=True)
class OpenedRequest:
    """Answer of `POST /r/{slug}/open`: what the page shows to submitters."""

    title: str
    """The title."""

    message: str
    """The message."""

    deadline: datetime | None = None
    """When the request closes by itself; absent means never."""

    asks_name: Asks
    """Whether to ask the submitter for their name."""

    asks_email: Asks
    """Whether to ask the submitter for their email address."""

    max_files: int
    """The maximum number of files of one submitter."""

    max_file_bytes: int | None = None
    """The maximum number of bytes of each file, if there is a limit."""

    max_bytes: int | None = None
    """The maximum number of bytes of all files, if there is a limit."""

    types: list[str]
    """The accepted types of files; empty means any."""


@dataclass(frozen=True, kw_only=True)
class Participant:
    """A user who has a role on an item."""

    user_id: UserId
    """The user's id."""

    name: str
    """Their name, for people."""

    email: str
    """Their email address."""

    role: Role
    """Their role."""

    inherited_from: ItemId | None = None
    """The folder above that the role comes from; absent if it is on the item itself."""


@dataclass(frozen=True, kw_only=True)
class Participants:
    """Answer of `GET /drive/files/{id}/participants`."""

    participants: list[Participant]
    """Every user with a role on the item or on a folder above it that the caller sees, the highest role first. A user with
    several roles is listed once for each.
    """


@dataclass(frozen=True, kw_only=True)
class Pipeline:
    """Where many files can be sent in one request: a `POST` of the files' own `PUT` requests, one after the other, as
    `application/http` (RFC 9112, section 10.2). It saves the cost of a request for each file. A client need not use it.
    """

    url: str = field(repr=False)
    """Where to send the `POST`. Each `PUT` in it must be a whole HTTP/1.1 request: the path and query of the file's `url`,
    its `Host`, its `headers`, and a `Content-Length`.
    """

    max_files: int
    """The maximum number of files in one request."""

    max_bytes: int
    """The maximum number of bytes of one request."""


@dataclass(frozen=True, kw_only=True)
class PresignParts:
    """Step 2, `presigned-urls`."""

    upload_id: str
    """From `start`."""

    file_key: str
    """From `start`."""

    parts: int | None = None
    """How many parts the client cuts the file into. Optional if `part_numbers` is given."""

    part_numbers: list[int] | None = None
    """Sign only these parts, for example after their URLs expired or to resume. Each number is from 1 to 10,000, none
    twice.
    """

    content_lengths: list[int] | None = None
    """How many bytes each of these parts has, in the same order. Each URL then accepts exactly that many bytes."""


@dataclass(frozen=True, kw_only=True)
class PresignedPart:
    """A signed S3 `UploadPart`."""

    part_number: int
    """The part's number, from 1."""

    signed_url: str = field(repr=False)
    """Where to `PUT` its bytes."""


@dataclass(frozen=True, kw_only=True)
class PresignedParts:
    """The signed addresses of an upload's parts, in part order."""

    urls: list[str] = field(repr=False)
    """Where to `PUT` each part's bytes."""

    parts: list[PresignedPart]
    """The same addresses, with the numbers of their parts."""

    headers: dict[str, str] | None = None
    """The headers that the one `PUT` must have, for an upload that `batch/start` began."""

    expires_at: datetime
    """When the addresses expire: RFC 3339 in UTC with milliseconds."""


@dataclass(frozen=True, kw_only=True)
class RequestChange:
    """`PATCH /drive/requests/{id}`: absent fields stay as they are."""

    title: str | None = None
    """The title of the page."""

    message: str | None = None
    """A text below the title, which may have several lines."""

    deadline: datetime | None = None
    """When the request closes by itself; null (`Some(None)`) means never."""

    password: str | None = field(default=None, repr=False)
    """A new password, which everybody must enter before their next upload starts; null (`Some(None)`) removes the
    password.
    """

    closed: bool | None = None
    """`true` closes the request: unfinished uploads are aborted, and files that have arrived stay. `false` opens it again."""

    max_submitters: int | None = None
    """The maximum number of submitters."""

    max_total_files: int | None = None
    """The maximum number of files of all submitters together; null (`Some(None)`) means no limit."""

    max_total_bytes: int | None = None
    """The maximum number of bytes of all files of all submitters together; null (`Some(None)`) means no limit."""


@dataclass(frozen=True, kw_only=True)
class RotateToken:
    """`POST /tokens/rotate`."""

    expires_at: datetime | None = None
    """When the new token expires (RFC 3339): `rotate_until` of the old one at the latest. Absent or null means that it
    lives as long as the old one was created for, but not beyond `rotate_until`.
    """

    end_old_now: bool | None = None
    """Whether to end the old token at once. Otherwise it stays valid for a day, or until its own expiry if that is
    earlier.
    """


@dataclass(frozen=True, kw_only=True)
class SearchHits:
    """Answer of `GET /drive/search`."""

    hits: list[Item]
    """The items, in the requested order."""

    total_hits: int
    """How many items match. `hits` has only the first of them."""

    total_is_exact: bool
    """Whether `total_hits` is exact. If it is not, more items match than the search looked at, and it looked at the newest
    ones. Add words to narrow the search.
    """

    query: str
    """The text of the search, as it was sent."""


@dataclass(frozen=True, kw_only=True)
class SentFile:
    """A file that has arrived, as its submitter may know it."""

    file_name: str
    """The name that the submitter gave it."""

    file_size: int
    """Its size in bytes."""

    created_at: datetime
    """When its upload was started: RFC 3339 in UTC with milliseconds."""


@dataclass(frozen=True, kw_only=True)
class SentFiles:
    """Answer of `GET /r/{slug}/uploads`."""

    files: list[SentFile]
    """The files of this submitter that have arrived, the latest first."""

    next_cursor: str | None
    """The cursor of the next page; null on the last page."""


@dataclass(frozen=True, kw_only=True)
class StartFiles:
    """The files to start."""

    parent_id: ItemId | None = None

    on_conflict: OnConflict | None = None
    """What to do if, when a file is finalized, its folder already has a file with its name."""

    files: list[NewFile]
    """The files: 1 to 1,000."""


@dataclass(frozen=True, kw_only=True)
class StartUpload:
    """Step 1, `start`."""

    file_name: str
    """The item's name, one path segment. It has no slash, no backslash, no control or line-breaking character, and none
    that changes the direction of the text around it (U+202A to U+202E, U+2066 to U+206F). It is not `.` or `..`, and it
    has at least one visible character.
    """

    file_size: int
    """Its size in bytes."""

    mime_type: str
    """Its MIME type; an empty text means `application/octet-stream`."""

    parent_id: ItemId | None = None

    on_conflict: OnConflict | None = None
    """What to do if the folder already has a file of this name when finalize creates the file."""

    checksum: Checksum | None = None


@dataclass(frozen=True, kw_only=True)
class StartedFile:
    """The result for a file. It has exactly one of these fields."""

    upload: FileToPut | None = None
    """The file is to be sent, in this way."""

    item: Item | None = None
    """The drive already has the file, with the same bytes: this item."""

    error: ErrorBody | None = None
    """The file is refused, for this reason."""


@dataclass(frozen=True, kw_only=True)
class StartedFiles:
    """The results for the files, in the order of the request."""

    files: list[StartedFile]
    """One result for each file."""

    pipeline: Pipeline | None = None
    """How to send many of the files in one request. Absent if no file is to be sent, or if the store does not accept this."""

    expires_at: datetime
    """When the URLs expire: RFC 3339 in UTC with milliseconds. The uploads live longer: for new URLs, send the request
    again with the same `Idempotency-Key`.
    """


@dataclass(frozen=True, kw_only=True)
class StartedUpload:
    """Answer of `start`."""

    upload_id: str
    """The object store's multipart upload id."""

    file_key: str
    """The object's key in the store."""

    part_size: int
    """The recommended size, in bytes, of each part except the last."""

    parts: int
    """How many parts of this size the file has."""

    expires_at: datetime
    """When the upload expires if nobody continues it: RFC 3339 in UTC with milliseconds."""


@dataclass(frozen=True, kw_only=True)
class StoredPart:
    """A part in the store."""

    part_number: int
    """Its number, from 1."""

    size: int
    """Its bytes."""

    e_tag: str
    """Its `ETag`, as finalize accepts it."""


@dataclass(frozen=True, kw_only=True)
class Submission:
    """An upload to a request, finished or not."""

    submitter: Submitter
    """Who sends it."""

    upload: GrantUpload
    """The upload."""


@dataclass(frozen=True, kw_only=True)
class Submissions:
    """Answer of `GET /drive/requests/{id}/submissions`."""

    submissions: list[Submission]
    """The uploads, the latest first."""

    next_cursor: str | None
    """The cursor of the next page; null on the last page."""


@dataclass(frozen=True, kw_only=True)
class Submitter:
    """Somebody who uploads files to a request."""

    id: GrantId
    """The submitter's id. Their uploads and items have it as `grant_id`."""

    name: str | None = None
    """The name that they gave."""

    email: str | None = None
    """The email address that they gave."""

    created_at: datetime
    """When they opened the request: RFC 3339 in UTC with milliseconds."""


@dataclass(frozen=True, kw_only=True)
class Token:
    """A token, without its secret."""

    id: TokenId
    """Its id. Revoking it needs this id."""

    name: str
    """What the token is for, for people."""

    scopes: list[TokenScope]
    """What it may do."""

    folder_id: ItemId | None = None
    """The folder that it is confined to, if any."""

    created_at: datetime
    """When it was created: RFC 3339 in UTC with milliseconds."""

    expires_at: datetime
    """When it expires."""

    revoked_at: datetime | None = None
    """When it was revoked, if it was."""

    parent_id: TokenId | None = None
    """The token that created it, if one did. This token ends when that one ends or is revoked."""

    rotate_until: datetime
    """The latest expiry that rotation can give to its successors."""

    successor_id: TokenId | None = None
    """The token that replaced it, if one did."""


@dataclass(frozen=True, kw_only=True)
class Tokens:
    """Answer of `GET /tokens`."""

    tokens: list[Token]
    """The caller's tokens, oldest first, including those that have ended. A token that another token created sees only
    itself and the tokens that come from it.
    """


@dataclass(frozen=True, kw_only=True)
class TrashPage:
    """Answer of `GET /drive/trash`: the latest first."""

    items: list[TrashedItem]
    """The items. The content of a trashed folder is not listed."""

    next_cursor: str | None
    """The cursor of the next page; null on the last page."""


@dataclass(frozen=True, kw_only=True)
class Tree:
    """Answer of `GET /drive/tree`."""

    root: list[TreeNode]
    """The content of the folder, folders first, then by name."""

    total_items: int
    """How many items this answer has on all levels."""

    truncated: bool
    """Whether the requested depth has more items than one answer can hold."""

    next_parent_ids: list[ItemId]
    """If truncated: the folders of this answer whose content is incomplete. Ask for these next. The requested folder is
    never among them, so asking for them one after the other comes to an end.
    """


@dataclass(frozen=True, kw_only=True)
class UploadKey:
    """Which upload to abort."""

    upload_id: str
    """From `start`."""

    file_key: str
    """From `start`."""


@dataclass(frozen=True, kw_only=True)
class UploadedPart:
    """A part that the store has, in this API's spelling, in S3's, or in both if they say the same."""

    part_number: int
    """The part's number."""

    e_tag: str | None = None
    """The store's `ETag`, with or without its double quotes. Absent or null means the `ETag` that the store has."""


@dataclass(frozen=True, kw_only=True)
class Usage:
    """Answer of `GET /drive/usage`: what the caller owns in the workspace, the trash included."""

    items: int
    """Files and folders."""

    used_bytes: int
    """Bytes of the files."""

    quota_bytes: int | None
    """The maximum size, in bytes, of everything that the caller may own. Null means no limit."""

    open_uploads: int | None = None
    """How many unfinished uploads the caller has."""

    reserved_bytes: int | None = None
    """Bytes that unfinished uploads reserve in the quota, besides `used_bytes`. An upload reserves its announced size, or
    what the store already has of it if that is more.
    """

    uploading_bytes: int | None = None
    """Bytes of unfinished uploads in the store, as of the server's last look. It looks every few minutes."""


@dataclass(frozen=True, kw_only=True)
class WorkspaceHit:
    """A hit of `GET /search`."""

    entity_type: EntityType
    """What it is."""

    id: ItemId = field(metadata={"wire": "_id"})
    """The item's id."""

    workspace: WorkspaceId
    """Its workspace."""

    name: str
    """Its name."""

    type: ItemType
    """File or folder."""

    mime_type: str | None = None
    """Its MIME type; absent on folders."""

    size: int | None = None
    """Its size in bytes; absent on folders."""

    user: UserId
    """Its owner."""

    created_at: int
    """When it was created, in milliseconds since 1970."""

    updated_at: int
    """When it last changed, in milliseconds since 1970."""


@dataclass(frozen=True, kw_only=True)
class WorkspaceHits:
    """Answer of `GET /search`."""

    query: str
    """The text of the search, as it was sent."""

    total_hits: int
    """How many items match. `hits` has only the first of them."""

    processing_time_ms: int
    """How long the search took, in milliseconds."""

    hits: list[WorkspaceHit]
    """What was found, in the requested order."""


@dataclass(frozen=True, kw_only=True)
class WorkspaceInfo:
    """Answer of `GET /workspace/info`."""

    id: WorkspaceId = field(metadata={"wire": "_id"})
    """The workspace's id."""

    name: str
    """Its name, for people."""

    slug: str = field(repr=False)
    """Its name in addresses."""

    description: str
    """What it is for; may be empty."""

    picture: str | None = None
    """Address of a picture, if it has one."""

    seats: int
    """How many users it has."""

    created_at: datetime
    """When it was created: RFC 3339 in UTC with milliseconds."""

    updated_at: datetime
    """When it last changed: RFC 3339 in UTC with milliseconds."""


@dataclass(frozen=True, kw_only=True)
class CreatedGrant(Grant):
    """Answer of `POST /drive/grants`."""

    grant: str | None = field(default=None, repr=False)
    """The secret for the page, `cp_grant_…`: its bearer token. It is shown only once: a repeat with the same
    `Idempotency-Key` does not have it.
    """


@dataclass(frozen=True, kw_only=True)
class CreatedToken(Token):
    """Answer of `POST /tokens` and `POST /tokens/rotate`."""

    token: str | None = field(default=None, repr=False)
    """The secret. The server shows it only once: the answer to a repeat with the same `Idempotency-Key` does not have it."""


@dataclass(frozen=True, kw_only=True)
class StoredParts(OpenUpload):
    """Answer of `parts`: the upload, and what the store has of it."""

    item_id: ItemId | None = None
    """The item, once it exists."""

    parts: list[StoredPart]
    """The parts that the store has, in order of their numbers. Empty once the item exists."""


@dataclass(frozen=True, kw_only=True)
class TrashedItem(Item):
    """An item in the trash."""

    trashed_at: datetime
    """When it was put there: RFC 3339 in UTC with milliseconds."""

    removed_at: datetime
    """When the server removes it permanently."""


@dataclass(frozen=True, kw_only=True)
class TreeNode(Item):
    """An item and its content."""

    has_children: bool
    """Whether it has content, listed here or not. False for a file."""

    children: list[TreeNode]
    """Its content, as far as this answer lists it."""
