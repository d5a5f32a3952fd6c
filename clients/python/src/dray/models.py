"""What the API is asked with, and what it answers. Times have their zone; sizes are bytes.

Made by generate.py from the drive's OpenAPI document. Not to be edited.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

__all__ = [
    "Ancestors",
    "Checksum",
    "CreatedGrant",
    "CreatedToken",
    "DownloadUrl",
    "EmptiedTrash",
    "ErrorBody",
    "ErrorCode",
    "FileKey",
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
    "NewRole",
    "NewToken",
    "OnConflict",
    "OpenUpload",
    "OpenUploads",
    "Participant",
    "Participants",
    "PresignParts",
    "PresignedPart",
    "PresignedParts",
    "Role",
    "RotateToken",
    "SearchHits",
    "StartFiles",
    "StartUpload",
    "StartedFile",
    "StartedFiles",
    "StartedUpload",
    "StoredPart",
    "StoredParts",
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
    "WorkspaceId",
    "WorkspaceInfo",
]

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
    "confined_token",
    "role_too_low",
    "link_password",
    "not_found",
    "upload_not_found",
    "user_not_found",
    "participant_not_found",
    "link_not_found",
    "token_not_found",
    "grant_not_found",
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
    "owner_is_fixed",
    "upload_aborted",
    "upload_expired",
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
    """CRC-64/NVME of all bytes, big-endian, in base64: as S3's `x-amz-checksum-crc64nvme`."""


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
    """The phrase of the status."""

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
class FileToPut:
    """How a file is sent: one `PUT` of all its bytes to `url`, with these headers."""

    upload_id: str
    """The upload's id, for finalize."""

    file_key: str
    """The object's key in the store, for finalize."""

    parent_id: ItemId | None = None
    """The folder that the file goes to; absent at the root."""

    url: str = field(repr=False)
    """Where to `PUT` the file. It takes exactly `file_size` bytes. 412 means that the file has arrived before."""

    headers: dict[str, str]
    """The headers that the `PUT` must have, as they are; they are signed."""


@dataclass(frozen=True, kw_only=True)
class FinalizeFiles:
    """The files to finalize."""

    files: list[FileKey]
    """The files: 1 to 1,000, of any batches."""


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
    """Whether to read the file back if the store cannot prove its checksum; the embedded store always can."""


@dataclass(frozen=True, kw_only=True)
class FinalizedFile:
    """What became of a file: exactly one of these is there."""

    item: Item | None = None
    """The file."""

    error: ErrorBody | None = None
    """Why there is none. After one that may pass (503), finalize again."""


@dataclass(frozen=True, kw_only=True)
class FinalizedFiles:
    """What became of the files, in the order of the request."""

    files: list[FinalizedFile]
    """One for each file."""


@dataclass(frozen=True, kw_only=True)
class Grant:
    """A grant, without its secret."""

    id: GrantId
    """Its id, which lists its uploads and revokes it."""

    token_id: TokenId
    """The token that created it, or the one that has replaced that. The grant ends with it."""

    folder_id: ItemId | None = None
    """The folder that the files go to; absent means the root."""

    verbs: list[Verb]
    """What the holder may do."""

    max_files: int
    """How many files."""

    max_file_bytes: int | None = None
    """Most bytes of each file, if the grant limits them."""

    max_bytes: int | None = None
    """Most bytes of all files together, if the grant limits them."""

    types: list[str]
    """Which files; empty means any."""

    on_conflict: OnConflict
    """What to do if the folder has a file of the same name."""

    external_id: str | None = None
    """What your application knows this by."""

    metadata: dict[str, object] | None = None
    """Your JSON object."""

    used_files: int
    """How many files it was used for: those that are there, and those under way."""

    used_bytes: int
    """Their bytes."""

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
    """The announced size in bytes, which is the stored size once it is finalized."""

    mime_type: str
    """The announced MIME type."""

    item_id: ItemId | None = None
    """The item's id, once it was finalized."""

    item: Item | None = None
    """The item as it is now; absent if the caller sees it no longer. A token that may not read is told it as it was
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
    """The uploads, the latest first. Those that came to nothing are listed for a week, the others until a week after the
    grant's end.
    """

    next_cursor: str | None
    """The cursor of the next page; null on the last page."""


@dataclass(frozen=True, kw_only=True)
class Grants:
    """Answer of `GET /drive/grants`."""

    grants: list[Grant]
    """The grants, the latest first, ended ones included until a week after their end."""

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
    """Whether this prolongs the upload's life; absent or null means yes. `false` only looks."""


@dataclass(frozen=True, kw_only=True)
class Member:
    """A member of a workspace."""

    id: UserId = field(metadata={"wire": "_id"})
    """The user's id."""

    name: str
    """Their name, for people."""

    email: str
    """Their mail address."""

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
    """How many there are on all pages."""

    limit: int
    """The largest number of members on a page."""

    offset: int
    """How many there are before this page."""


@dataclass(frozen=True, kw_only=True)
class NewFile:
    """A file to start."""

    path: str
    """Its name, or its path below the folder, with slashes: `photos/2026/a.jpg`. Folders that are not there are made; a
    token that may only upload always gets new ones. Every segment follows the rules of names.
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
    """What the holder may do. Absent or null means `upload`, which is all there is."""

    max_files: int | None = None
    """How many files; absent or null means 10,000. A file counts from its start on; one that was aborted, expired or came
    to nothing does not.
    """

    max_file_bytes: int | None = None
    """Most bytes of each file; absent or null means as many as the server accepts."""

    max_bytes: int | None = None
    """Most bytes of all files together; absent or null means as many as the quota has room for."""

    types: list[str] | None = None
    """Which files, by MIME type (`image/png`), group (`image/*`) or end of the name (`.pdf`); absent, null or empty means
    any that the server accepts.
    """

    expires_at: datetime | None = None
    """When the grant expires, at most a year from now and not after the token that creates it: RFC 3339. Absent or null:
    in 24 hours, or with the token that creates it, whichever is earlier.
    """

    on_conflict: OnConflict | None = None
    """What to do if the folder has a file of the same name: `keep` or `rename`."""

    external_id: str | None = None
    """What your application knows this by. It comes back on each item, in webhooks and in the list of uploads. The holder
    of the grant is not told.
    """

    metadata: dict[str, object] | None = None
    """A JSON object of yours, of at most 2,048 bytes, which comes back in the same places."""


@dataclass(frozen=True, kw_only=True)
class NewLink:
    """`POST /drive/files/{id}/links`."""

    expires_at: datetime | None = None
    """When the link expires: RFC 3339. Absent or null: never."""

    password: str | None = field(default=None, repr=False)
    """A password, which the link asks for by HTTP Basic authentication with any user name. Absent or null: anyone may
    follow the link.
    """


@dataclass(frozen=True, kw_only=True)
class NewRole:
    """`PUT /drive/files/{id}/participants/{userId}`."""

    role: GivenRole
    """`viewer`, `member` or `admin`."""


@dataclass(frozen=True, kw_only=True)
class NewToken:
    """`POST /tokens`."""

    name: str
    """What the token is for, for people."""

    scopes: list[TokenScope]
    """What the token may do: `access_drive` (everything), or `drive_read` and `drive_upload`. At least one."""

    folder_id: ItemId | None = None

    expires_at: datetime | None = None
    """When the token expires, at most a year from now and not after the token that creates it: RFC 3339. Absent or null:
    in 30 days, or with the token that creates it, whichever is earlier.
    """

    rotate_until: datetime | None = None
    """The latest expiry that rotation can give to this token's successors, at most a year from now and not after that of
    the token that creates it: RFC 3339. Absent or null: `expires_at`.
    """


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
    """What to do if its folder has a file of this name when it is finalized."""

    part_size: int
    """Recommended bytes of each part but the last."""

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
class Participant:
    """A person who has a role on an item."""

    user_id: UserId
    """The person's user id."""

    name: str
    """Their name, for people."""

    email: str
    """Their mail address."""

    role: Role
    """Their role."""

    inherited_from: ItemId | None = None
    """The folder above that the role comes from; absent if it is on the item itself."""


@dataclass(frozen=True, kw_only=True)
class Participants:
    """Answer of `GET /drive/files/{id}/participants`."""

    participants: list[Participant]
    """Everybody with a role on the item or on a folder above it that the caller sees: the highest role first. A person
    with several roles is listed once for each.
    """


@dataclass(frozen=True, kw_only=True)
class PresignParts:
    """Step 2, `presigned-urls`."""

    upload_id: str
    """From `start`."""

    file_key: str
    """From `start`."""

    parts: int | None = None
    """How many parts the client cuts the file into. May be left out when `part_numbers` is given."""

    part_numbers: list[int] | None = None
    """Signs only these parts (after an expiry, or to resume), each from 1 to 10,000 and none twice."""

    content_lengths: list[int] | None = None
    """How many bytes each of these parts has, in their order; each URL then accepts exactly that many."""


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
    """Of an upload that `batch/start` began: the headers that its one `PUT` must have."""

    expires_at: datetime
    """When the addresses expire: RFC 3339 in UTC with milliseconds."""


@dataclass(frozen=True, kw_only=True)
class RotateToken:
    """`POST /tokens/rotate`."""

    expires_at: datetime | None = None
    """When the new token expires, at most `rotate_until` of the old one: RFC 3339. Absent or null: it lives as long as the
    old one was created for, within that limit.
    """

    end_old_now: bool | None = None
    """Whether to end the old token at once. Otherwise it stays valid for a day, or until its own expiry if that is
    earlier.
    """


@dataclass(frozen=True, kw_only=True)
class SearchHits:
    """Answer of `GET /drive/search`."""

    hits: list[Item]
    """The items, in the order that was asked for."""

    total_hits: int
    """How many items match; `hits` has the first of them."""

    total_is_exact: bool
    """Whether `total_hits` is exact. If not, more items match, and the search looked only at the newest of them: add words
    to narrow it.
    """

    query: str
    """The text of the search, as it was sent."""


@dataclass(frozen=True, kw_only=True)
class StartFiles:
    """The files to start."""

    parent_id: ItemId | None = None

    on_conflict: OnConflict | None = None
    """What to do if a file's folder has a file of its name when it is finalized."""

    files: list[NewFile]
    """The files: 1 to 1,000."""


@dataclass(frozen=True, kw_only=True)
class StartUpload:
    """Step 1, `start`."""

    file_name: str
    """The item's name, one path segment: no slash, backslash, control or line-breaking character, none that changes the
    direction of text around it (U+202A to U+202E, U+2066 to U+206F), not `.` or `..`, with at least one visible
    character.
    """

    file_size: int
    """Its size in bytes."""

    mime_type: str
    """Its MIME type; an empty text means `application/octet-stream`."""

    parent_id: ItemId | None = None

    on_conflict: OnConflict | None = None
    """What to do if its folder has a file of this name when it is finalized."""

    checksum: Checksum | None = None


@dataclass(frozen=True, kw_only=True)
class StartedFile:
    """What became of a file: exactly one of these is there."""

    upload: FileToPut | None = None
    """It is to be sent."""

    item: Item | None = None
    """It is there already, with the same bytes: this one."""

    error: ErrorBody | None = None
    """It is refused."""


@dataclass(frozen=True, kw_only=True)
class StartedFiles:
    """What became of the files, in the order of the request."""

    files: list[StartedFile]
    """One for each file."""

    expires_at: datetime
    """When the addresses expire: RFC 3339 in UTC with milliseconds. The uploads live longer: start them again, with the
    same `Idempotency-Key`, for new addresses.
    """


@dataclass(frozen=True, kw_only=True)
class StartedUpload:
    """Answer of `start`."""

    upload_id: str
    """The object store's multipart upload id."""

    file_key: str
    """The object's key in the store."""

    part_size: int
    """Recommended bytes of each part but the last."""

    parts: int
    """How many parts this makes."""

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
class Token:
    """A token, without its secret."""

    id: TokenId
    """Its id, which revokes it."""

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
    """The token that created it, if one did. It ends and is revoked with that token."""

    rotate_until: datetime
    """The latest expiry that rotation can give to its successors."""

    successor_id: TokenId | None = None
    """The token that replaced it, if one did."""


@dataclass(frozen=True, kw_only=True)
class Tokens:
    """Answer of `GET /tokens`."""

    tokens: list[Token]
    """The caller's tokens, oldest first, ended ones included. A token that another token created sees only itself and the
    tokens that come from it.
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
    """If truncated: the folders of this answer whose content is incomplete, to ask for next. The requested folder is never
    among them, so that following them comes to an end.
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
    """The store's `ETag`, with or without its double quotes. Absent or null: whatever the store has."""


@dataclass(frozen=True, kw_only=True)
class Usage:
    """Answer of `GET /drive/usage`: what the caller owns in the workspace, the trash included."""

    items: int
    """Files and folders."""

    used_bytes: int
    """Bytes of the files."""

    quota_bytes: int | None
    """Most bytes that the caller may own; null means no limit."""

    open_uploads: int | None = None
    """How many unfinished uploads the caller has."""

    reserved_bytes: int | None = None
    """Bytes that the unfinished uploads count towards the quota, besides `used_bytes`: their announced sizes or, if it is
    more, what the store has of them.
    """

    uploading_bytes: int | None = None
    """Bytes that the store had of the unfinished uploads when the server last looked, which it does every few minutes."""


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
    """The secret. It is shown only once: a repeat with the same `Idempotency-Key` does not have it."""


@dataclass(frozen=True, kw_only=True)
class StoredParts(OpenUpload):
    """Answer of `parts`: the upload, and what the store has of it."""

    item_id: ItemId | None = None
    """The item, once it exists."""

    parts: list[StoredPart]
    """The parts that the store has, in order of their numbers; none once the item exists."""


@dataclass(frozen=True, kw_only=True)
class TrashedItem(Item):
    """An item in the trash."""

    trashed_at: datetime
    """When it was put there: RFC 3339 in UTC with milliseconds."""

    removed_at: datetime
    """When the server removes it for good."""


@dataclass(frozen=True, kw_only=True)
class TreeNode(Item):
    """An item and its content."""

    has_children: bool
    """Whether it has content, listed here or not. False for a file."""

    children: list[TreeNode]
    """Its content, as far as this answer lists it."""
