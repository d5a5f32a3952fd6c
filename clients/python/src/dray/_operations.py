"""Every operation of the API as a method. Sending is in `_http.py`.

Made by generate.py from the drive's OpenAPI document. Not to be edited.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Coroutine, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, TypeVar

from . import models
from ._http import Route
from ._pages import Pages
from ._wire import UNSET, Unset

T = TypeVar("T")


def _said(fields: dict[str, object]) -> dict[str, object]:
    """Returns the fields that were given."""
    return {name: value for name, value in fields.items() if value is not None}


ABORT_UPLOAD: Route[None] = Route(
    "POST", "/public/v1/drive/files/upload/multipart/abort", type(None), repeatable=True, takes_key=False
)

CHANGE_ITEM: Route[models.Item] = Route(
    "PATCH", "/public/v1/drive/files/{id}", models.Item, repeatable=True, takes_key=False
)

CHANGE_REQUEST: Route[models.FileRequest] = Route(
    "PATCH", "/public/v1/drive/requests/{id}", models.FileRequest, repeatable=True, takes_key=False
)

CREATE_FOLDER: Route[models.Item] = Route(
    "POST", "/public/v1/drive/folders", models.Item, repeatable=False, takes_key=True
)

CREATE_GRANT: Route[models.CreatedGrant] = Route(
    "POST", "/public/v1/drive/grants", models.CreatedGrant, repeatable=False, takes_key=True
)

CREATE_LINK: Route[models.Link] = Route(
    "POST", "/public/v1/drive/files/{id}/links", models.Link, repeatable=False, takes_key=True
)

CREATE_REQUEST: Route[models.FileRequest] = Route(
    "POST", "/public/v1/drive/requests", models.FileRequest, repeatable=False, takes_key=True
)

CREATE_TOKEN: Route[models.CreatedToken] = Route(
    "POST", "/public/v1/tokens", models.CreatedToken, repeatable=False, takes_key=True
)

DELETE_REQUEST: Route[None] = Route(
    "DELETE", "/public/v1/drive/requests/{id}", type(None), repeatable=False, takes_key=False
)

EMPTY_TRASH: Route[models.EmptiedTrash] = Route(
    "DELETE", "/public/v1/drive/trash", models.EmptiedTrash, repeatable=False, takes_key=False
)

FINALIZE_FILES: Route[models.FinalizedFiles] = Route(
    "POST", "/public/v1/drive/files/upload/batch/finalize", models.FinalizedFiles, repeatable=True, takes_key=False
)

FINALIZE_UPLOAD: Route[models.Item] = Route(
    "POST", "/public/v1/drive/files/upload/multipart/finalize", models.Item, repeatable=True, takes_key=False
)

GET_DOWNLOAD_URL: Route[models.DownloadUrl] = Route(
    "GET", "/public/v1/drive/files/{id}/download", models.DownloadUrl, repeatable=True, takes_key=False
)

GET_GRANT: Route[models.Grant] = Route(
    "GET", "/public/v1/drive/grants/{id}", models.Grant, repeatable=True, takes_key=False
)

GET_HEALTH: Route[dict[str, object]] = Route(
    "GET", "/public/v1/health", dict[str, object], repeatable=True, takes_key=False
)

GET_ITEM: Route[models.Item] = Route(
    "GET", "/public/v1/drive/files/{id}", models.Item, repeatable=True, takes_key=False
)

GET_REQUEST: Route[models.FileRequest] = Route(
    "GET", "/public/v1/drive/requests/{id}", models.FileRequest, repeatable=True, takes_key=False
)

GET_TREE: Route[models.Tree] = Route(
    "GET", "/public/v1/drive/tree", models.Tree, repeatable=True, takes_key=False
)

GET_USAGE: Route[models.Usage] = Route(
    "GET", "/public/v1/drive/usage", models.Usage, repeatable=True, takes_key=False
)

GET_WORKSPACE: Route[models.WorkspaceInfo] = Route(
    "GET", "/public/v1/workspace/info", models.WorkspaceInfo, repeatable=True, takes_key=False
)

LIST_ANCESTORS: Route[models.Ancestors] = Route(
    "GET", "/public/v1/drive/files/{id}/ancestors", models.Ancestors, repeatable=True, takes_key=False
)

LIST_CHILDREN: Route[models.ItemPage] = Route(
    "GET", "/public/v1/drive/folders/{id}/children", models.ItemPage, repeatable=True, takes_key=False
)

LIST_GRANT_UPLOADS: Route[models.GrantUploads] = Route(
    "GET", "/public/v1/drive/grants/{id}/uploads", models.GrantUploads, repeatable=True, takes_key=False
)

LIST_GRANTS: Route[models.Grants] = Route(
    "GET", "/public/v1/drive/grants", models.Grants, repeatable=True, takes_key=False
)

LIST_LINKS: Route[models.Links] = Route(
    "GET", "/public/v1/drive/files/{id}/links", models.Links, repeatable=True, takes_key=False
)

LIST_MEMBERS: Route[models.Members] = Route(
    "GET", "/public/v1/workspace/members", models.Members, repeatable=True, takes_key=False
)

LIST_PARTICIPANTS: Route[models.Participants] = Route(
    "GET", "/public/v1/drive/files/{id}/participants", models.Participants, repeatable=True, takes_key=False
)

LIST_PARTS: Route[models.StoredParts] = Route(
    "POST", "/public/v1/drive/files/upload/multipart/parts", models.StoredParts, repeatable=True, takes_key=False
)

LIST_REQUESTS: Route[models.FileRequests] = Route(
    "GET", "/public/v1/drive/requests", models.FileRequests, repeatable=True, takes_key=False
)

LIST_SHARED: Route[models.ItemPage] = Route(
    "GET", "/public/v1/drive/shared", models.ItemPage, repeatable=True, takes_key=False
)

LIST_SUBMISSIONS: Route[models.Submissions] = Route(
    "GET", "/public/v1/drive/requests/{id}/submissions", models.Submissions, repeatable=True, takes_key=False
)

LIST_TOKENS: Route[models.Tokens] = Route(
    "GET", "/public/v1/tokens", models.Tokens, repeatable=True, takes_key=False
)

LIST_TRASH: Route[models.TrashPage] = Route(
    "GET", "/public/v1/drive/trash", models.TrashPage, repeatable=True, takes_key=False
)

LIST_UPLOADS: Route[models.OpenUploads] = Route(
    "GET", "/public/v1/drive/uploads", models.OpenUploads, repeatable=True, takes_key=False
)

PRESIGN_PARTS: Route[models.PresignedParts] = Route(
    "POST", "/public/v1/drive/files/upload/multipart/presigned-urls", models.PresignedParts, repeatable=True, takes_key=False
)

PURGE_ITEM: Route[None] = Route(
    "DELETE", "/public/v1/drive/trash/{id}", type(None), repeatable=False, takes_key=False
)

PUT_PARTICIPANT: Route[models.Participant] = Route(
    "PUT", "/public/v1/drive/files/{id}/participants/{userId}", models.Participant, repeatable=True, takes_key=False
)

REMOVE_PARTICIPANT: Route[None] = Route(
    "DELETE", "/public/v1/drive/files/{id}/participants/{userId}", type(None), repeatable=False, takes_key=False
)

RESTORE_ITEM: Route[models.Item] = Route(
    "POST", "/public/v1/drive/files/{id}/restore", models.Item, repeatable=False, takes_key=False
)

REVOKE_GRANT: Route[None] = Route(
    "DELETE", "/public/v1/drive/grants/{id}", type(None), repeatable=False, takes_key=False
)

REVOKE_LINK: Route[None] = Route(
    "DELETE", "/public/v1/drive/files/{id}/links/{linkId}", type(None), repeatable=False, takes_key=False
)

REVOKE_TOKEN: Route[None] = Route(
    "DELETE", "/public/v1/tokens/{id}", type(None), repeatable=False, takes_key=False
)

ROTATE_TOKEN: Route[models.CreatedToken] = Route(
    "POST", "/public/v1/tokens/rotate", models.CreatedToken, repeatable=False, takes_key=True
)

SEARCH: Route[models.SearchHits] = Route(
    "GET", "/public/v1/drive/search", models.SearchHits, repeatable=True, takes_key=False
)

SEARCH_WORKSPACE: Route[models.WorkspaceHits] = Route(
    "GET", "/public/v1/search", models.WorkspaceHits, repeatable=True, takes_key=False
)

START_FILES: Route[models.StartedFiles] = Route(
    "POST", "/public/v1/drive/files/upload/batch/start", models.StartedFiles, repeatable=False, takes_key=True
)

START_UPLOAD: Route[models.StartedUpload] = Route(
    "POST", "/public/v1/drive/files/upload/multipart/start", models.StartedUpload, repeatable=False, takes_key=True
)

TRASH_ITEM: Route[None] = Route(
    "DELETE", "/public/v1/drive/files/{id}", type(None), repeatable=False, takes_key=False
)


class AsyncOperations:
    """The whole API, for asyncio: each operation is one method."""

    async def _call(
        self,
        route: Route[T],
        *,
        path: Mapping[str, str] | None = None,
        query: Mapping[str, object] | None = None,
        body: object = None,
        key: str | None = None,
    ) -> T:
        raise NotImplementedError

    async def abort_upload(self, upload_id: str, file_key: str) -> None:
        """Abort an upload.

        The store removes its parts. Aborting again changes nothing.

        Scope: `drive_upload` (or `access_drive`).
        """
        return await self._call(ABORT_UPLOAD, body={"uploadId": upload_id, "fileKey": file_key})

    async def change_item(
        self,
        id: str,
        *,
        name: str | None | Unset = UNSET,
        parent_id: models.ItemId | None | Unset = UNSET,
    ) -> models.Item:
        """Rename or move an item.

        Absent fields stay as they are. A `parent_id` of null moves the item to its owner's root, which only the owner
        may do. Renaming needs the role `member` on the item. Moving needs that role on the folder that the item is in
        and on the folder that it goes to. If the move changes who can reach the item, or with which role, it also needs
        `admin` on the item. Nobody can give others, or themselves, a higher role than their own.

        Scope: `access_drive`.
        """
        return await self._call(CHANGE_ITEM, path={"id": id}, body={"name": name, "parentId": parent_id})

    async def change_request(
        self,
        id: str,
        *,
        title: str | None | Unset = UNSET,
        message: str | None | Unset = UNSET,
        deadline: datetime | None | Unset = UNSET,
        password: str | None | Unset = UNSET,
        closed: bool | None | Unset = UNSET,
        max_submitters: int | None | Unset = UNSET,
        max_total_files: int | None | Unset = UNSET,
        max_total_bytes: int | None | Unset = UNSET,
    ) -> models.FileRequest:
        """Change, close or reopen a file request.

        Fields that the body does not have stay as they are. Closing a request aborts its unfinished uploads; files that
        have arrived stay. After a change of the password, submitters must enter the new one before they can start
        another upload. Only whoever created the request may change everything. Another `admin` of its folder may close
        it, set an earlier deadline or smaller limits, and set a password if it has none. Whoever created it and is no
        longer an `admin` of its folder may only close it.

        Scope: `access_drive`.
        """
        return await self._call(
            CHANGE_REQUEST,
            path={"id": id},
            body={
                "title": title,
                "message": message,
                "deadline": deadline,
                "password": password,
                "closed": closed,
                "maxSubmitters": max_submitters,
                "maxTotalFiles": max_total_files,
                "maxTotalBytes": max_total_bytes,
            },
        )

    async def create_folder(
        self,
        name: str,
        *,
        parent_id: models.ItemId | None = None,
        idempotency_key: str | None = None,
    ) -> models.Item:
        """Create a folder.

        Two folders in one place may have the same name. Folders can be nested 100 deep.

        Scope: `drive_upload` (or `access_drive`).
        """
        return await self._call(CREATE_FOLDER, body=_said({"name": name, "parentId": parent_id}), key=idempotency_key)

    async def create_grant(
        self,
        *,
        folder_id: models.ItemId | None = None,
        verbs: Sequence[models.Verb] | None = None,
        max_files: int | None = None,
        max_file_bytes: int | None = None,
        max_bytes: int | None = None,
        types: Sequence[str] | None = None,
        expires_at: datetime | None = None,
        on_conflict: models.OnConflict | None = None,
        external_id: str | None = None,
        metadata: dict[str, object] | None = None,
        idempotency_key: str | None = None,
    ) -> models.CreatedGrant:
        """Create a grant.

        A backend creates one grant for one person's page. The page sends it as its bearer token in the five calls of an
        upload (`start`, `presigned-urls`, `parts`, `finalize`, `abort`). A grant works only for the uploads that it
        started. The server checks its limits twice: at `start`, which reserves the announced bytes, and at finalize,
        for the stored bytes. A grant has no more rights, folders or lifetime than the token that creates it, and ends
        with that token. Its holder learns nothing about other files: answers repeat the name that the holder gave.

        Scope: `drive_upload` (or `access_drive`).
        """
        return await self._call(
            CREATE_GRANT,
            body=_said({
                "folderId": folder_id,
                "verbs": verbs,
                "maxFiles": max_files,
                "maxFileBytes": max_file_bytes,
                "maxBytes": max_bytes,
                "types": types,
                "expiresAt": expires_at,
                "onConflict": on_conflict,
                "externalId": external_id,
                "metadata": metadata,
            }),
            key=idempotency_key,
        )

    async def create_link(
        self,
        id: str,
        *,
        expires_at: datetime | None = None,
        password: str | None = None,
        idempotency_key: str | None = None,
    ) -> models.Link:
        """Create a public link to a file.

        Anyone who has its address can download the file, without a token, until the link expires, is revoked, the file
        is gone, or its creator is no longer an `admin` of the file. This needs the role `admin` on the file; a file has
        at most 100 links.

        Scope: `access_drive`.
        """
        return await self._call(
            CREATE_LINK,
            path={"id": id},
            body=_said({"expiresAt": expires_at, "password": password}),
            key=idempotency_key,
        )

    async def create_request(
        self,
        folder_id: models.ItemId,
        title: str,
        *,
        message: str | None = None,
        deadline: datetime | None = None,
        password: str | None = None,
        asks_name: models.Asks | None = None,
        asks_email: models.Asks | None = None,
        folder_each: bool | None = None,
        max_submitters: int | None = None,
        max_files: int | None = None,
        max_file_bytes: int | None = None,
        max_bytes: int | None = None,
        max_total_files: int | None = None,
        max_total_bytes: int | None = None,
        types: Sequence[str] | None = None,
        on_conflict: models.OnConflict | None = None,
        idempotency_key: str | None = None,
    ) -> models.FileRequest:
        """Create a file request.

        Creates an address at which people without an account can upload files into a folder. The files belong to the
        user who created the request. It works until its deadline, until somebody closes it, or until that user is no
        longer an `admin` of the folder. This needs the role `admin` on the folder; a user has at most 1,000 requests.

        Scope: `access_drive`.
        """
        return await self._call(
            CREATE_REQUEST,
            body=_said({
                "folderId": folder_id,
                "title": title,
                "message": message,
                "deadline": deadline,
                "password": password,
                "asksName": asks_name,
                "asksEmail": asks_email,
                "folderEach": folder_each,
                "maxSubmitters": max_submitters,
                "maxFiles": max_files,
                "maxFileBytes": max_file_bytes,
                "maxBytes": max_bytes,
                "maxTotalFiles": max_total_files,
                "maxTotalBytes": max_total_bytes,
                "types": types,
                "onConflict": on_conflict,
            }),
            key=idempotency_key,
        )

    async def create_token(
        self,
        name: str,
        scopes: Sequence[models.TokenScope],
        *,
        folder_id: models.ItemId | None = None,
        expires_at: datetime | None = None,
        rotate_until: datetime | None = None,
        idempotency_key: str | None = None,
    ) -> models.CreatedToken:
        """Create a token.

        The new token can do no more than the caller's token: `access_drive` allows everything, `drive_read` reads and
        downloads, `drive_upload` uploads and creates folders. With `folder_id` it is confined to that folder and what
        is below it. It ends when the token that creates it ends, and is revoked with it. If that token is rotated, the
        new token belongs to its replacement, and revoking the replaced one does not end it: see `with_replacements` of
        `DELETE /tokens/{id}`.

        Scope: `access_drive`.
        """
        return await self._call(
            CREATE_TOKEN,
            body=_said({
                "name": name,
                "scopes": scopes,
                "folderId": folder_id,
                "expiresAt": expires_at,
                "rotateUntil": rotate_until,
            }),
            key=idempotency_key,
        )

    async def delete_request(self, id: str) -> None:
        """Delete a file request.

        Also deletes the list of its submitters, and aborts unfinished uploads. Files that have arrived stay. Once files
        have arrived, only an owner of the folder may delete the request, because the list says who sent what; everybody
        else can close it. Before, this needs the role `admin` on its folder, or to have created it.

        Scope: `access_drive`.
        """
        return await self._call(DELETE_REQUEST, path={"id": id})

    async def empty_trash(self) -> models.EmptiedTrash:
        """Empty the trash.

        Removes permanently everything in the caller's trash that the caller may remove.

        Scope: `access_drive`.
        """
        return await self._call(EMPTY_TRASH)

    async def finalize_files(self, files: Sequence[models.FileKey]) -> models.FinalizedFiles:
        """Finalize many small files.

        Creates the files whose bytes have arrived. Each file gets its own `item` or `error`: some may succeed while
        others fail. It can be repeated from any machine, with the files grouped in any way: for a file that was already
        finalized, the answer is its item again. A file whose `PUT` has not arrived is refused with `invalid_part`, and
        its upload stays open. For each file, names, folders and tokens are treated as `multipart/finalize` describes.

        Scope: `drive_upload` (or `access_drive`).
        """
        return await self._call(FINALIZE_FILES, body={"files": files})

    async def finalize_upload(
        self,
        upload_id: str,
        file_key: str,
        *,
        parts: Sequence[models.UploadedPart] | None = None,
        checksum: models.Checksum | None = None,
        verify: bool | None = None,
    ) -> models.Item:
        """Finalize an upload.

        Creates the file once every byte is there: the parts must add up to the announced `file_size`. It can be
        repeated from anywhere: the same list of parts returns the same item. Without a list, it takes every part that
        the store has. With `checksum`, the server creates the file only if its bytes have that checksum. After a
        refusal the upload is still open, unless it is gone (410) or its name was taken at the last moment. If its
        folder is gone or closed to the uploader, the file goes to the uploader's root, under a free name; an upload of
        a confined token waits instead (409). A token that has only `drive_upload` gets the file as it was announced.

        Scope: `drive_upload` (or `access_drive`).
        """
        return await self._call(
            FINALIZE_UPLOAD,
            body=_said({
                "uploadId": upload_id,
                "fileKey": file_key,
                "parts": parts,
                "checksum": checksum,
                "verify": verify,
            }),
        )

    async def get_download_url(self, id: str) -> models.DownloadUrl:
        """Get a file's download URL.

        A signed GET of the bytes, directly from the object store. It accepts ranges, and browsers save the file under
        the item's own name. It is valid for three hours, unless the operator sets another time.

        Scope: `drive_read` (or `access_drive`).
        """
        return await self._call(GET_DOWNLOAD_URL, path={"id": id})

    async def get_grant(self, id: str) -> models.Grant:
        """Get a grant.

        What the grant allows, and how much of it is used.

        Scope: `drive_upload` (or `access_drive`).
        """
        return await self._call(GET_GRANT, path={"id": id})

    async def get_health(self) -> dict[str, object]:
        """Whether the process is up, as published clients ask.

        The same as `/healthz`, where the published clients of the Copera API ask for it.
        """
        return await self._call(GET_HEALTH)

    async def get_item(self, id: str) -> models.Item:
        """Get an item.

        A file or a folder that the caller owns, or that is shared with the caller directly or through a folder above
        it. The answer includes the caller's role.

        Scope: `drive_read` (or `access_drive`).
        """
        return await self._call(GET_ITEM, path={"id": id})

    async def get_request(self, id: str) -> models.FileRequest:
        """Get a file request.

        This needs the role `admin` on its folder, or to have created it.

        Scope: `access_drive`.
        """
        return await self._call(GET_REQUEST, path={"id": id})

    async def get_tree(
        self,
        *,
        parent_id: str | None = None,
        depth: int | None = None,
    ) -> models.Tree:
        """List a folder and what is below it.

        Breadth first, at most 500 items. If there are more, `truncated` is true and `next_parent_ids` has the folders
        to continue with.

        Scope: `drive_read` (or `access_drive`).
        """
        return await self._call(GET_TREE, query={"parentId": parent_id, "depth": depth})

    async def get_usage(self) -> models.Usage:
        """Get the caller's usage.

        How much the caller stores in the workspace, the trash included, and their quota.

        Scope: `drive_read` (or `access_drive`).
        """
        return await self._call(GET_USAGE)

    async def get_workspace(self) -> models.WorkspaceInfo:
        """Get the workspace.

        The workspace that the token belongs to.

        Scope: `drive_read` (or `access_drive`).
        """
        return await self._call(GET_WORKSPACE)

    async def list_ancestors(self, id: str) -> models.Ancestors:
        """List the folders above an item.

        Only those that the caller can see, the topmost first.

        Scope: `drive_read` (or `access_drive`).
        """
        return await self._call(LIST_ANCESTORS, path={"id": id})

    async def list_children(
        self,
        id: str,
        *,
        cursor: str | None = None,
        limit: int | None = None,
        sort_by: Literal["name", "size", "createdAt", "updatedAt"] | None = None,
        sort_order: Literal["asc", "desc"] | None = None,
    ) -> models.ItemPage:
        """List what is in a folder.

        One level, page by page, whatever the folder's size: folders first, then files. `root` is the caller's own root
        together with what others share with them. For a token that is confined to a folder, `root` is that folder.

        Scope: `drive_read` (or `access_drive`).
        """
        return await self._call(
            LIST_CHILDREN,
            path={"id": id},
            query={"cursor": cursor, "limit": limit, "sortBy": sort_by, "sortOrder": sort_order},
        )

    async def iter_children(
        self,
        id: str,
        *,
        limit: int | None = None,
        sort_by: Literal["name", "size", "createdAt", "updatedAt"] | None = None,
        sort_order: Literal["asc", "desc"] | None = None,
    ) -> AsyncIterator[models.Item]:
        """All that `list_children` lists, page by page."""
        pages = Pages()
        while pages.has_more:
            page = await self.list_children(
                id,
                limit=limit,
                sort_by=sort_by,
                sort_order=sort_order,
                cursor=pages.cursor,
            )
            pages.turn(page.next_cursor)
            for item in page.items:
                yield item

    async def list_grant_uploads(
        self,
        id: str,
        *,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> models.GrantUploads:
        """List a grant's uploads.

        Every upload that was started with the grant, page by page, the latest first. Each comes with its state, its
        item, and the grant's `external_id` and `metadata`. A backend that missed a webhook finds here what it needs.

        Scope: `drive_upload` (or `access_drive`).
        """
        return await self._call(LIST_GRANT_UPLOADS, path={"id": id}, query={"cursor": cursor, "limit": limit})

    async def iter_grant_uploads(self, id: str, *, limit: int | None = None) -> AsyncIterator[models.GrantUpload]:
        """All that `list_grant_uploads` lists, page by page."""
        pages = Pages()
        while pages.has_more:
            page = await self.list_grant_uploads(id, limit=limit, cursor=pages.cursor)
            pages.turn(page.next_cursor)
            for item in page.uploads:
                yield item

    async def list_grants(
        self,
        *,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> models.Grants:
        """List grants.

        Page by page, the latest first: the grants that the caller's token created, and those of the tokens that come
        from it. A token that an operator created sees all grants of its user, if it may read and is not confined to a
        folder.

        Scope: `drive_upload` (or `access_drive`).
        """
        return await self._call(LIST_GRANTS, query={"cursor": cursor, "limit": limit})

    async def iter_grants(self, *, limit: int | None = None) -> AsyncIterator[models.Grant]:
        """All that `list_grants` lists, page by page."""
        pages = Pages()
        while pages.has_more:
            page = await self.list_grants(limit=limit, cursor=pages.cursor)
            pages.turn(page.next_cursor)
            for item in page.grants:
                yield item

    async def list_links(self, id: str) -> models.Links:
        """List a file's public links.

        Expired ones included. This needs the role `admin` on the file.

        Scope: `access_drive`.
        """
        return await self._call(LIST_LINKS, path={"id": id})

    async def list_members(
        self,
        *,
        q: str | None = None,
        limit: int | None = None,
        offset: int | None = None,
    ) -> models.Members:
        """List the workspace's members.

        One page, oldest members first.

        Scope: `drive_read` (or `access_drive`).
        """
        return await self._call(LIST_MEMBERS, query={"q": q, "limit": limit, "offset": offset})

    async def list_participants(self, id: str) -> models.Participants:
        """List who has a role on an item.

        The roles on the item itself, and on folders above it that the caller can see. Each role includes those before
        it: `viewer` reads and downloads; `member` also uploads, creates folders and changes items; `admin` also decides
        who else has a role; `owner` is the item's owner.

        Scope: `drive_read` (or `access_drive`).
        """
        return await self._call(LIST_PARTICIPANTS, path={"id": id})

    async def list_parts(
        self,
        upload_id: str,
        file_key: str,
        *,
        keep_alive: bool | None = None,
    ) -> models.StoredParts:
        """List an upload's parts.

        What the store has of the caller's upload. It is enough to continue the upload from anywhere. The call extends
        the upload's expiry, as signing does, unless `keep_alive` is false.

        Scope: `drive_upload` (or `access_drive`).
        """
        return await self._call(
            LIST_PARTS,
            body=_said({"uploadId": upload_id, "fileKey": file_key, "keepAlive": keep_alive}),
        )

    async def list_requests(
        self,
        *,
        folder_id: str | None = None,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> models.FileRequests:
        """List file requests.

        The requests that the caller's user has created, or with `folder_id` all requests to that folder, page by page,
        the latest first. Closed ones are included. `folder_id` needs the role `admin` on the folder.

        Scope: `access_drive`.
        """
        return await self._call(LIST_REQUESTS, query={"folderId": folder_id, "cursor": cursor, "limit": limit})

    async def iter_requests(
        self,
        *,
        folder_id: str | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[models.FileRequest]:
        """All that `list_requests` lists, page by page."""
        pages = Pages()
        while pages.has_more:
            page = await self.list_requests(folder_id=folder_id, limit=limit, cursor=pages.cursor)
            pages.turn(page.next_cursor)
            for item in page.requests:
                yield item

    async def list_shared(
        self,
        *,
        cursor: str | None = None,
        limit: int | None = None,
        sort_by: Literal["name", "size", "createdAt", "updatedAt"] | None = None,
        sort_order: Literal["asc", "desc"] | None = None,
    ) -> models.ItemPage:
        """List what others share with the caller.

        The items on which the caller was given a role, page by page. The content of a shared folder is not listed.

        Scope: `drive_read` (or `access_drive`).
        """
        return await self._call(
            LIST_SHARED,
            query={"cursor": cursor, "limit": limit, "sortBy": sort_by, "sortOrder": sort_order},
        )

    async def iter_shared(
        self,
        *,
        limit: int | None = None,
        sort_by: Literal["name", "size", "createdAt", "updatedAt"] | None = None,
        sort_order: Literal["asc", "desc"] | None = None,
    ) -> AsyncIterator[models.Item]:
        """All that `list_shared` lists, page by page."""
        pages = Pages()
        while pages.has_more:
            page = await self.list_shared(limit=limit, sort_by=sort_by, sort_order=sort_order, cursor=pages.cursor)
            pages.turn(page.next_cursor)
            for item in page.items:
                yield item

    async def list_submissions(
        self,
        id: str,
        *,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> models.Submissions:
        """List the uploads to a file request.

        Every upload with its submitter, finished or not, page by page, the latest first. Aborted uploads are left out.
        This needs the role `admin` on its folder.

        Scope: `access_drive`.
        """
        return await self._call(LIST_SUBMISSIONS, path={"id": id}, query={"cursor": cursor, "limit": limit})

    async def iter_submissions(self, id: str, *, limit: int | None = None) -> AsyncIterator[models.Submission]:
        """All that `list_submissions` lists, page by page."""
        pages = Pages()
        while pages.has_more:
            page = await self.list_submissions(id, limit=limit, cursor=pages.cursor)
            pages.turn(page.next_cursor)
            for item in page.submissions:
                yield item

    async def list_tokens(self) -> models.Tokens:
        """List the caller's tokens.

        Without their secrets, including those that have ended. A token that another token created sees only itself and
        the tokens that come from it: those that it created, and those that it replaced. A token that an operator
        created sees all tokens of its user.

        Scope: `access_drive`.
        """
        return await self._call(LIST_TOKENS)

    async def list_trash(
        self,
        *,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> models.TrashPage:
        """List the trash.

        What the caller owns, directly or through a folder above, and what the caller put into the trash, page by page,
        the latest first. The content of a trashed folder is not listed. Bytes that an upload replaced are in the trash
        too, as an item.

        Scope: `drive_read` (or `access_drive`).
        """
        return await self._call(LIST_TRASH, query={"cursor": cursor, "limit": limit})

    async def iter_trash(self, *, limit: int | None = None) -> AsyncIterator[models.TrashedItem]:
        """All that `list_trash` lists, page by page."""
        pages = Pages()
        while pages.has_more:
            page = await self.list_trash(limit=limit, cursor=pages.cursor)
            pages.turn(page.next_cursor)
            for item in page.items:
                yield item

    async def list_uploads(
        self,
        *,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> models.OpenUploads:
        """List the caller's unfinished uploads.

        The caller's unfinished uploads, page by page, the latest first.

        Scope: `drive_upload` (or `access_drive`).
        """
        return await self._call(LIST_UPLOADS, query={"cursor": cursor, "limit": limit})

    async def iter_uploads(self, *, limit: int | None = None) -> AsyncIterator[models.OpenUpload]:
        """All that `list_uploads` lists, page by page."""
        pages = Pages()
        while pages.has_more:
            page = await self.list_uploads(limit=limit, cursor=pages.cursor)
            pages.turn(page.next_cursor)
            for item in page.uploads:
                yield item

    async def presign_parts(
        self,
        upload_id: str,
        file_key: str,
        *,
        parts: int | None = None,
        part_numbers: Sequence[int] | None = None,
        content_lengths: Sequence[int] | None = None,
    ) -> models.PresignedParts:
        """Sign an upload's parts.

        One URL for each part: a signed S3 `UploadPart`. Until the URL expires, anyone who has it can `PUT` that part's
        bytes. Finalize needs the `ETag` of the store's answer. This call may be repeated at any time before finalize.
        With `part_numbers` the server signs only those parts, and with `content_lengths` each URL accepts exactly that
        many bytes. A part has 5 MiB to 5 GiB; the last one may have less.

        Scope: `drive_upload` (or `access_drive`).
        """
        return await self._call(
            PRESIGN_PARTS,
            body=_said({
                "uploadId": upload_id,
                "fileKey": file_key,
                "parts": parts,
                "partNumbers": part_numbers,
                "contentLengths": content_lengths,
            }),
        )

    async def purge_item(self, id: str) -> None:
        """Remove an item permanently.

        Removes an item of the trash, and everything below it. Only its owner may do this.

        Scope: `access_drive`.
        """
        return await self._call(PURGE_ITEM, path={"id": id})

    async def put_participant(self, id: str, user_id: str, role: models.GivenRole) -> models.Participant:
        """Give a user a role on an item.

        The role also holds for everything below the item. It replaces the role that the user had on the item. This
        needs the role `admin`. The role `owner` cannot be given.

        Scope: `access_drive`.
        """
        return await self._call(PUT_PARTICIPANT, path={"id": id, "userId": user_id}, body={"role": role})

    async def remove_participant(self, id: str, user_id: str) -> None:
        """Take a user's role on an item away.

        This needs the role `admin`; anybody may give up their own role.

        Scope: `access_drive`.
        """
        return await self._call(REMOVE_PARTICIPANT, path={"id": id, "userId": user_id})

    async def restore_item(self, id: str) -> models.Item:
        """Restore an item.

        The item goes back to its folder, or to its owner's root if the folder is gone or closed to the caller.

        Scope: `access_drive`.
        """
        return await self._call(RESTORE_ITEM, path={"id": id})

    async def revoke_grant(self, id: str) -> None:
        """Revoke a grant.

        The grant is invalid at once, and the server aborts its unfinished uploads. Its finished files stay.

        Scope: `drive_upload` (or `access_drive`).
        """
        return await self._call(REVOKE_GRANT, path={"id": id})

    async def revoke_link(self, id: str, link_id: str) -> None:
        """Revoke a public link.

        It stops working at once. This needs the role `admin` on the file.

        Scope: `access_drive`.
        """
        return await self._call(REVOKE_LINK, path={"id": id, "linkId": link_id})

    async def revoke_token(self, id: str, *, with_replacements: bool | None = None) -> None:
        """Revoke a token.

        One of the tokens that the caller can list. It is invalid at once, and so are the tokens that it created and
        those that it replaced. A token may revoke itself. If the token was replaced by rotation, its replacement goes
        on, with what the token created: `withReplacements=true` ends these as well, for example after a secret has
        leaked, because whoever had it may have replaced it. The caller must be able to list the replacement.

        Scope: `access_drive`.
        """
        return await self._call(REVOKE_TOKEN, path={"id": id}, query={"withReplacements": with_replacements})

    async def rotate_token(
        self,
        *,
        expires_at: datetime | None = None,
        end_old_now: bool | None = None,
        idempotency_key: str | None = None,
    ) -> models.CreatedToken:
        """Rotate the caller's token.

        A new token replaces it, with the same scopes and folder. Tokens that the old one created belong to the new one.
        The old one stays valid for a day at most. The new one ends at `rotate_until` at the latest. The creator of the
        first token set that time, and rotation does not change it. Any token may rotate itself, once.
        """
        return await self._call(
            ROTATE_TOKEN,
            body=_said({"expiresAt": expires_at, "endOldNow": end_old_now}),
            key=idempotency_key,
        )

    async def search(
        self,
        q: str,
        *,
        sort_by: Literal["createdAt", "updatedAt", "name"] | None = None,
        sort_order: Literal["asc", "desc"] | None = None,
        limit: int | None = None,
    ) -> models.SearchHits:
        """Find items by their names.

        The items whose names have every word of `q`, or a word that begins with it. Case, accents and punctuation do
        not matter. A query without a letter or a digit finds nothing.

        Scope: `drive_read` (or `access_drive`).
        """
        return await self._call(SEARCH, query={"q": q, "sortBy": sort_by, "sortOrder": sort_order, "limit": limit})

    async def search_workspace(
        self,
        q: str,
        *,
        types: str | None = None,
        sort_by: str | None = None,
        sort_order: Literal["asc", "desc"] | None = None,
        limit: int | None = None,
    ) -> models.WorkspaceHits:
        """Find things of the workspace.

        Like `GET /drive/search`, in the form that the published clients of the Copera API read: files and folders are
        things of one type, "driveContent", and times are numbers.

        Scope: `drive_read` (or `access_drive`).
        """
        return await self._call(
            SEARCH_WORKSPACE,
            query={
                "q": q,
                "types": types,
                "sortBy": sort_by,
                "sortOrder": sort_order,
                "limit": limit,
            },
        )

    async def start_files(
        self,
        files: Sequence[models.NewFile],
        *,
        parent_id: models.ItemId | None = None,
        on_conflict: models.OnConflict | None = None,
        idempotency_key: str | None = None,
    ) -> models.StartedFiles:
        """Start many small files.

        Up to 1,000 files of up to 8 MiB, each with its name or its path. In one transaction, the missing folders of the
        paths are created, and every file gets its own upload with one signed URL. Send the whole file with one `PUT` to
        this URL, with exactly the headers of the answer; then `batch/finalize` creates the files. Once a file is
        finalized, its URL changes nothing any more.

        If the answer has a `pipeline`, the store also takes many of these `PUT`s in the body of one `POST`, which saves
        the cost of a request for each file.

        A file that cannot be started gets an `error`, and the others are started all the same. If a file has a
        `checksum`, and the caller already has a file with the same name, place and bytes, the answer is that file's
        `item`. A repeat with the same `Idempotency-Key` answers the same uploads with new URLs, and tries the refused
        files again.

        With a grant, each file is started if it fits into what the grant has left, in the order of the request. Its
        path must be a name, because a grant creates no folders.

        Scope: `drive_upload` (or `access_drive`).
        """
        return await self._call(
            START_FILES,
            body=_said({"parentId": parent_id, "onConflict": on_conflict, "files": files}),
            key=idempotency_key,
        )

    async def start_upload(
        self,
        file_name: str,
        file_size: int,
        mime_type: str,
        *,
        parent_id: models.ItemId | None = None,
        on_conflict: models.OnConflict | None = None,
        checksum: models.Checksum | None = None,
        idempotency_key: str | None = None,
    ) -> models.StartedUpload:
        """Start an upload.

        Returns the ids that the next steps need, and how Dray recommends to cut the file. Any other cut that S3 accepts
        works as well. The upload expires when nobody has signed or listed its parts for 24 hours, or after 7 days.
        `on_conflict` says what finalize does if the folder has a file of this name by then: `fail` needs a token that
        may read, `replace` a token with `access_drive`. With a grant (`cp_grant_…`) as bearer token, the grant says
        where the file goes and what happens if the name is taken.

        Scope: `drive_upload` (or `access_drive`).
        """
        return await self._call(
            START_UPLOAD,
            body=_said({
                "fileName": file_name,
                "fileSize": file_size,
                "mimeType": mime_type,
                "parentId": parent_id,
                "onConflict": on_conflict,
                "checksum": checksum,
            }),
            key=idempotency_key,
        )

    async def trash_item(self, id: str) -> None:
        """Put an item into the trash.

        Everything below a folder goes with it. The item can be restored until the server or a person removes it
        permanently.

        Scope: `access_drive`.
        """
        return await self._call(TRASH_ITEM, path={"id": id})


class Operations:
    """The whole API, for code without asyncio: each operation is one method."""

    _drive: AsyncOperations

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        raise NotImplementedError

    def _each(self, items: AsyncIterator[T]) -> Iterator[T]:
        raise NotImplementedError

    def abort_upload(self, upload_id: str, file_key: str) -> None:
        """Abort an upload.

        The store removes its parts. Aborting again changes nothing.

        Scope: `drive_upload` (or `access_drive`).
        """
        return self._wait(self._drive.abort_upload(upload_id, file_key))

    def change_item(
        self,
        id: str,
        *,
        name: str | None | Unset = UNSET,
        parent_id: models.ItemId | None | Unset = UNSET,
    ) -> models.Item:
        """Rename or move an item.

        Absent fields stay as they are. A `parent_id` of null moves the item to its owner's root, which only the owner
        may do. Renaming needs the role `member` on the item. Moving needs that role on the folder that the item is in
        and on the folder that it goes to. If the move changes who can reach the item, or with which role, it also needs
        `admin` on the item. Nobody can give others, or themselves, a higher role than their own.

        Scope: `access_drive`.
        """
        return self._wait(self._drive.change_item(id, name=name, parent_id=parent_id))

    def change_request(
        self,
        id: str,
        *,
        title: str | None | Unset = UNSET,
        message: str | None | Unset = UNSET,
        deadline: datetime | None | Unset = UNSET,
        password: str | None | Unset = UNSET,
        closed: bool | None | Unset = UNSET,
        max_submitters: int | None | Unset = UNSET,
        max_total_files: int | None | Unset = UNSET,
        max_total_bytes: int | None | Unset = UNSET,
    ) -> models.FileRequest:
        """Change, close or reopen a file request.

        Fields that the body does not have stay as they are. Closing a request aborts its unfinished uploads; files that
        have arrived stay. After a change of the password, submitters must enter the new one before they can start
        another upload. Only whoever created the request may change everything. Another `admin` of its folder may close
        it, set an earlier deadline or smaller limits, and set a password if it has none. Whoever created it and is no
        longer an `admin` of its folder may only close it.

        Scope: `access_drive`.
        """
        return self._wait(self._drive.change_request(
            id,
            title=title,
            message=message,
            deadline=deadline,
            password=password,
            closed=closed,
            max_submitters=max_submitters,
            max_total_files=max_total_files,
            max_total_bytes=max_total_bytes,
        ))

    def create_folder(
        self,
        name: str,
        *,
        parent_id: models.ItemId | None = None,
        idempotency_key: str | None = None,
    ) -> models.Item:
        """Create a folder.

        Two folders in one place may have the same name. Folders can be nested 100 deep.

        Scope: `drive_upload` (or `access_drive`).
        """
        return self._wait(self._drive.create_folder(name, parent_id=parent_id, idempotency_key=idempotency_key))

    def create_grant(
        self,
        *,
        folder_id: models.ItemId | None = None,
        verbs: Sequence[models.Verb] | None = None,
        max_files: int | None = None,
        max_file_bytes: int | None = None,
        max_bytes: int | None = None,
        types: Sequence[str] | None = None,
        expires_at: datetime | None = None,
        on_conflict: models.OnConflict | None = None,
        external_id: str | None = None,
        metadata: dict[str, object] | None = None,
        idempotency_key: str | None = None,
    ) -> models.CreatedGrant:
        """Create a grant.

        A backend creates one grant for one person's page. The page sends it as its bearer token in the five calls of an
        upload (`start`, `presigned-urls`, `parts`, `finalize`, `abort`). A grant works only for the uploads that it
        started. The server checks its limits twice: at `start`, which reserves the announced bytes, and at finalize,
        for the stored bytes. A grant has no more rights, folders or lifetime than the token that creates it, and ends
        with that token. Its holder learns nothing about other files: answers repeat the name that the holder gave.

        Scope: `drive_upload` (or `access_drive`).
        """
        return self._wait(self._drive.create_grant(
            folder_id=folder_id,
            verbs=verbs,
            max_files=max_files,
            max_file_bytes=max_file_bytes,
            max_bytes=max_bytes,
            types=types,
            expires_at=expires_at,
            on_conflict=on_conflict,
            external_id=external_id,
            metadata=metadata,
            idempotency_key=idempotency_key,
        ))

    def create_link(
        self,
        id: str,
        *,
        expires_at: datetime | None = None,
        password: str | None = None,
        idempotency_key: str | None = None,
    ) -> models.Link:
        """Create a public link to a file.

        Anyone who has its address can download the file, without a token, until the link expires, is revoked, the file
        is gone, or its creator is no longer an `admin` of the file. This needs the role `admin` on the file; a file has
        at most 100 links.

        Scope: `access_drive`.
        """
        return self._wait(self._drive.create_link(
            id,
            expires_at=expires_at,
            password=password,
            idempotency_key=idempotency_key,
        ))

    def create_request(
        self,
        folder_id: models.ItemId,
        title: str,
        *,
        message: str | None = None,
        deadline: datetime | None = None,
        password: str | None = None,
        asks_name: models.Asks | None = None,
        asks_email: models.Asks | None = None,
        folder_each: bool | None = None,
        max_submitters: int | None = None,
        max_files: int | None = None,
        max_file_bytes: int | None = None,
        max_bytes: int | None = None,
        max_total_files: int | None = None,
        max_total_bytes: int | None = None,
        types: Sequence[str] | None = None,
        on_conflict: models.OnConflict | None = None,
        idempotency_key: str | None = None,
    ) -> models.FileRequest:
        """Create a file request.

        Creates an address at which people without an account can upload files into a folder. The files belong to the
        user who created the request. It works until its deadline, until somebody closes it, or until that user is no
        longer an `admin` of the folder. This needs the role `admin` on the folder; a user has at most 1,000 requests.

        Scope: `access_drive`.
        """
        return self._wait(self._drive.create_request(
            folder_id,
            title,
            message=message,
            deadline=deadline,
            password=password,
            asks_name=asks_name,
            asks_email=asks_email,
            folder_each=folder_each,
            max_submitters=max_submitters,
            max_files=max_files,
            max_file_bytes=max_file_bytes,
            max_bytes=max_bytes,
            max_total_files=max_total_files,
            max_total_bytes=max_total_bytes,
            types=types,
            on_conflict=on_conflict,
            idempotency_key=idempotency_key,
        ))

    def create_token(
        self,
        name: str,
        scopes: Sequence[models.TokenScope],
        *,
        folder_id: models.ItemId | None = None,
        expires_at: datetime | None = None,
        rotate_until: datetime | None = None,
        idempotency_key: str | None = None,
    ) -> models.CreatedToken:
        """Create a token.

        The new token can do no more than the caller's token: `access_drive` allows everything, `drive_read` reads and
        downloads, `drive_upload` uploads and creates folders. With `folder_id` it is confined to that folder and what
        is below it. It ends when the token that creates it ends, and is revoked with it. If that token is rotated, the
        new token belongs to its replacement, and revoking the replaced one does not end it: see `with_replacements` of
        `DELETE /tokens/{id}`.

        Scope: `access_drive`.
        """
        return self._wait(self._drive.create_token(
            name,
            scopes,
            folder_id=folder_id,
            expires_at=expires_at,
            rotate_until=rotate_until,
            idempotency_key=idempotency_key,
        ))

    def delete_request(self, id: str) -> None:
        """Delete a file request.

        Also deletes the list of its submitters, and aborts unfinished uploads. Files that have arrived stay. Once files
        have arrived, only an owner of the folder may delete the request, because the list says who sent what; everybody
        else can close it. Before, this needs the role `admin` on its folder, or to have created it.

        Scope: `access_drive`.
        """
        return self._wait(self._drive.delete_request(id))

    def empty_trash(self) -> models.EmptiedTrash:
        """Empty the trash.

        Removes permanently everything in the caller's trash that the caller may remove.

        Scope: `access_drive`.
        """
        return self._wait(self._drive.empty_trash())

    def finalize_files(self, files: Sequence[models.FileKey]) -> models.FinalizedFiles:
        """Finalize many small files.

        Creates the files whose bytes have arrived. Each file gets its own `item` or `error`: some may succeed while
        others fail. It can be repeated from any machine, with the files grouped in any way: for a file that was already
        finalized, the answer is its item again. A file whose `PUT` has not arrived is refused with `invalid_part`, and
        its upload stays open. For each file, names, folders and tokens are treated as `multipart/finalize` describes.

        Scope: `drive_upload` (or `access_drive`).
        """
        return self._wait(self._drive.finalize_files(files))

    def finalize_upload(
        self,
        upload_id: str,
        file_key: str,
        *,
        parts: Sequence[models.UploadedPart] | None = None,
        checksum: models.Checksum | None = None,
        verify: bool | None = None,
    ) -> models.Item:
        """Finalize an upload.

        Creates the file once every byte is there: the parts must add up to the announced `file_size`. It can be
        repeated from anywhere: the same list of parts returns the same item. Without a list, it takes every part that
        the store has. With `checksum`, the server creates the file only if its bytes have that checksum. After a
        refusal the upload is still open, unless it is gone (410) or its name was taken at the last moment. If its
        folder is gone or closed to the uploader, the file goes to the uploader's root, under a free name; an upload of
        a confined token waits instead (409). A token that has only `drive_upload` gets the file as it was announced.

        Scope: `drive_upload` (or `access_drive`).
        """
        return self._wait(self._drive.finalize_upload(
            upload_id,
            file_key,
            parts=parts,
            checksum=checksum,
            verify=verify,
        ))

    def get_download_url(self, id: str) -> models.DownloadUrl:
        """Get a file's download URL.

        A signed GET of the bytes, directly from the object store. It accepts ranges, and browsers save the file under
        the item's own name. It is valid for three hours, unless the operator sets another time.

        Scope: `drive_read` (or `access_drive`).
        """
        return self._wait(self._drive.get_download_url(id))

    def get_grant(self, id: str) -> models.Grant:
        """Get a grant.

        What the grant allows, and how much of it is used.

        Scope: `drive_upload` (or `access_drive`).
        """
        return self._wait(self._drive.get_grant(id))

    def get_health(self) -> dict[str, object]:
        """Whether the process is up, as published clients ask.

        The same as `/healthz`, where the published clients of the Copera API ask for it.
        """
        return self._wait(self._drive.get_health())

    def get_item(self, id: str) -> models.Item:
        """Get an item.

        A file or a folder that the caller owns, or that is shared with the caller directly or through a folder above
        it. The answer includes the caller's role.

        Scope: `drive_read` (or `access_drive`).
        """
        return self._wait(self._drive.get_item(id))

    def get_request(self, id: str) -> models.FileRequest:
        """Get a file request.

        This needs the role `admin` on its folder, or to have created it.

        Scope: `access_drive`.
        """
        return self._wait(self._drive.get_request(id))

    def get_tree(
        self,
        *,
        parent_id: str | None = None,
        depth: int | None = None,
    ) -> models.Tree:
        """List a folder and what is below it.

        Breadth first, at most 500 items. If there are more, `truncated` is true and `next_parent_ids` has the folders
        to continue with.

        Scope: `drive_read` (or `access_drive`).
        """
        return self._wait(self._drive.get_tree(parent_id=parent_id, depth=depth))

    def get_usage(self) -> models.Usage:
        """Get the caller's usage.

        How much the caller stores in the workspace, the trash included, and their quota.

        Scope: `drive_read` (or `access_drive`).
        """
        return self._wait(self._drive.get_usage())

    def get_workspace(self) -> models.WorkspaceInfo:
        """Get the workspace.

        The workspace that the token belongs to.

        Scope: `drive_read` (or `access_drive`).
        """
        return self._wait(self._drive.get_workspace())

    def list_ancestors(self, id: str) -> models.Ancestors:
        """List the folders above an item.

        Only those that the caller can see, the topmost first.

        Scope: `drive_read` (or `access_drive`).
        """
        return self._wait(self._drive.list_ancestors(id))

    def list_children(
        self,
        id: str,
        *,
        cursor: str | None = None,
        limit: int | None = None,
        sort_by: Literal["name", "size", "createdAt", "updatedAt"] | None = None,
        sort_order: Literal["asc", "desc"] | None = None,
    ) -> models.ItemPage:
        """List what is in a folder.

        One level, page by page, whatever the folder's size: folders first, then files. `root` is the caller's own root
        together with what others share with them. For a token that is confined to a folder, `root` is that folder.

        Scope: `drive_read` (or `access_drive`).
        """
        return self._wait(self._drive.list_children(
            id,
            cursor=cursor,
            limit=limit,
            sort_by=sort_by,
            sort_order=sort_order,
        ))

    def iter_children(
        self,
        id: str,
        *,
        limit: int | None = None,
        sort_by: Literal["name", "size", "createdAt", "updatedAt"] | None = None,
        sort_order: Literal["asc", "desc"] | None = None,
    ) -> Iterator[models.Item]:
        """All that `list_children` lists, page by page."""
        return self._each(self._drive.iter_children(id, limit=limit, sort_by=sort_by, sort_order=sort_order))

    def list_grant_uploads(
        self,
        id: str,
        *,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> models.GrantUploads:
        """List a grant's uploads.

        Every upload that was started with the grant, page by page, the latest first. Each comes with its state, its
        item, and the grant's `external_id` and `metadata`. A backend that missed a webhook finds here what it needs.

        Scope: `drive_upload` (or `access_drive`).
        """
        return self._wait(self._drive.list_grant_uploads(id, cursor=cursor, limit=limit))

    def iter_grant_uploads(self, id: str, *, limit: int | None = None) -> Iterator[models.GrantUpload]:
        """All that `list_grant_uploads` lists, page by page."""
        return self._each(self._drive.iter_grant_uploads(id, limit=limit))

    def list_grants(
        self,
        *,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> models.Grants:
        """List grants.

        Page by page, the latest first: the grants that the caller's token created, and those of the tokens that come
        from it. A token that an operator created sees all grants of its user, if it may read and is not confined to a
        folder.

        Scope: `drive_upload` (or `access_drive`).
        """
        return self._wait(self._drive.list_grants(cursor=cursor, limit=limit))

    def iter_grants(self, *, limit: int | None = None) -> Iterator[models.Grant]:
        """All that `list_grants` lists, page by page."""
        return self._each(self._drive.iter_grants(limit=limit))

    def list_links(self, id: str) -> models.Links:
        """List a file's public links.

        Expired ones included. This needs the role `admin` on the file.

        Scope: `access_drive`.
        """
        return self._wait(self._drive.list_links(id))

    def list_members(
        self,
        *,
        q: str | None = None,
        limit: int | None = None,
        offset: int | None = None,
    ) -> models.Members:
        """List the workspace's members.

        One page, oldest members first.

        Scope: `drive_read` (or `access_drive`).
        """
        return self._wait(self._drive.list_members(q=q, limit=limit, offset=offset))

    def list_participants(self, id: str) -> models.Participants:
        """List who has a role on an item.

        The roles on the item itself, and on folders above it that the caller can see. Each role includes those before
        it: `viewer` reads and downloads; `member` also uploads, creates folders and changes items; `admin` also decides
        who else has a role; `owner` is the item's owner.

        Scope: `drive_read` (or `access_drive`).
        """
        return self._wait(self._drive.list_participants(id))

    def list_parts(
        self,
        upload_id: str,
        file_key: str,
        *,
        keep_alive: bool | None = None,
    ) -> models.StoredParts:
        """List an upload's parts.

        What the store has of the caller's upload. It is enough to continue the upload from anywhere. The call extends
        the upload's expiry, as signing does, unless `keep_alive` is false.

        Scope: `drive_upload` (or `access_drive`).
        """
        return self._wait(self._drive.list_parts(upload_id, file_key, keep_alive=keep_alive))

    def list_requests(
        self,
        *,
        folder_id: str | None = None,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> models.FileRequests:
        """List file requests.

        The requests that the caller's user has created, or with `folder_id` all requests to that folder, page by page,
        the latest first. Closed ones are included. `folder_id` needs the role `admin` on the folder.

        Scope: `access_drive`.
        """
        return self._wait(self._drive.list_requests(folder_id=folder_id, cursor=cursor, limit=limit))

    def iter_requests(
        self,
        *,
        folder_id: str | None = None,
        limit: int | None = None,
    ) -> Iterator[models.FileRequest]:
        """All that `list_requests` lists, page by page."""
        return self._each(self._drive.iter_requests(folder_id=folder_id, limit=limit))

    def list_shared(
        self,
        *,
        cursor: str | None = None,
        limit: int | None = None,
        sort_by: Literal["name", "size", "createdAt", "updatedAt"] | None = None,
        sort_order: Literal["asc", "desc"] | None = None,
    ) -> models.ItemPage:
        """List what others share with the caller.

        The items on which the caller was given a role, page by page. The content of a shared folder is not listed.

        Scope: `drive_read` (or `access_drive`).
        """
        return self._wait(self._drive.list_shared(cursor=cursor, limit=limit, sort_by=sort_by, sort_order=sort_order))

    def iter_shared(
        self,
        *,
        limit: int | None = None,
        sort_by: Literal["name", "size", "createdAt", "updatedAt"] | None = None,
        sort_order: Literal["asc", "desc"] | None = None,
    ) -> Iterator[models.Item]:
        """All that `list_shared` lists, page by page."""
        return self._each(self._drive.iter_shared(limit=limit, sort_by=sort_by, sort_order=sort_order))

    def list_submissions(
        self,
        id: str,
        *,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> models.Submissions:
        """List the uploads to a file request.

        Every upload with its submitter, finished or not, page by page, the latest first. Aborted uploads are left out.
        This needs the role `admin` on its folder.

        Scope: `access_drive`.
        """
        return self._wait(self._drive.list_submissions(id, cursor=cursor, limit=limit))

    def iter_submissions(self, id: str, *, limit: int | None = None) -> Iterator[models.Submission]:
        """All that `list_submissions` lists, page by page."""
        return self._each(self._drive.iter_submissions(id, limit=limit))

    def list_tokens(self) -> models.Tokens:
        """List the caller's tokens.

        Without their secrets, including those that have ended. A token that another token created sees only itself and
        the tokens that come from it: those that it created, and those that it replaced. A token that an operator
        created sees all tokens of its user.

        Scope: `access_drive`.
        """
        return self._wait(self._drive.list_tokens())

    def list_trash(
        self,
        *,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> models.TrashPage:
        """List the trash.

        What the caller owns, directly or through a folder above, and what the caller put into the trash, page by page,
        the latest first. The content of a trashed folder is not listed. Bytes that an upload replaced are in the trash
        too, as an item.

        Scope: `drive_read` (or `access_drive`).
        """
        return self._wait(self._drive.list_trash(cursor=cursor, limit=limit))

    def iter_trash(self, *, limit: int | None = None) -> Iterator[models.TrashedItem]:
        """All that `list_trash` lists, page by page."""
        return self._each(self._drive.iter_trash(limit=limit))

    def list_uploads(
        self,
        *,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> models.OpenUploads:
        """List the caller's unfinished uploads.

        The caller's unfinished uploads, page by page, the latest first.

        Scope: `drive_upload` (or `access_drive`).
        """
        return self._wait(self._drive.list_uploads(cursor=cursor, limit=limit))

    def iter_uploads(self, *, limit: int | None = None) -> Iterator[models.OpenUpload]:
        """All that `list_uploads` lists, page by page."""
        return self._each(self._drive.iter_uploads(limit=limit))

    def presign_parts(
        self,
        upload_id: str,
        file_key: str,
        *,
        parts: int | None = None,
        part_numbers: Sequence[int] | None = None,
        content_lengths: Sequence[int] | None = None,
    ) -> models.PresignedParts:
        """Sign an upload's parts.

        One URL for each part: a signed S3 `UploadPart`. Until the URL expires, anyone who has it can `PUT` that part's
        bytes. Finalize needs the `ETag` of the store's answer. This call may be repeated at any time before finalize.
        With `part_numbers` the server signs only those parts, and with `content_lengths` each URL accepts exactly that
        many bytes. A part has 5 MiB to 5 GiB; the last one may have less.

        Scope: `drive_upload` (or `access_drive`).
        """
        return self._wait(self._drive.presign_parts(
            upload_id,
            file_key,
            parts=parts,
            part_numbers=part_numbers,
            content_lengths=content_lengths,
        ))

    def purge_item(self, id: str) -> None:
        """Remove an item permanently.

        Removes an item of the trash, and everything below it. Only its owner may do this.

        Scope: `access_drive`.
        """
        return self._wait(self._drive.purge_item(id))

    def put_participant(self, id: str, user_id: str, role: models.GivenRole) -> models.Participant:
        """Give a user a role on an item.

        The role also holds for everything below the item. It replaces the role that the user had on the item. This
        needs the role `admin`. The role `owner` cannot be given.

        Scope: `access_drive`.
        """
        return self._wait(self._drive.put_participant(id, user_id, role))

    def remove_participant(self, id: str, user_id: str) -> None:
        """Take a user's role on an item away.

        This needs the role `admin`; anybody may give up their own role.

        Scope: `access_drive`.
        """
        return self._wait(self._drive.remove_participant(id, user_id))

    def restore_item(self, id: str) -> models.Item:
        """Restore an item.

        The item goes back to its folder, or to its owner's root if the folder is gone or closed to the caller.

        Scope: `access_drive`.
        """
        return self._wait(self._drive.restore_item(id))

    def revoke_grant(self, id: str) -> None:
        """Revoke a grant.

        The grant is invalid at once, and the server aborts its unfinished uploads. Its finished files stay.

        Scope: `drive_upload` (or `access_drive`).
        """
        return self._wait(self._drive.revoke_grant(id))

    def revoke_link(self, id: str, link_id: str) -> None:
        """Revoke a public link.

        It stops working at once. This needs the role `admin` on the file.

        Scope: `access_drive`.
        """
        return self._wait(self._drive.revoke_link(id, link_id))

    def revoke_token(self, id: str, *, with_replacements: bool | None = None) -> None:
        """Revoke a token.

        One of the tokens that the caller can list. It is invalid at once, and so are the tokens that it created and
        those that it replaced. A token may revoke itself. If the token was replaced by rotation, its replacement goes
        on, with what the token created: `withReplacements=true` ends these as well, for example after a secret has
        leaked, because whoever had it may have replaced it. The caller must be able to list the replacement.

        Scope: `access_drive`.
        """
        return self._wait(self._drive.revoke_token(id, with_replacements=with_replacements))

    def rotate_token(
        self,
        *,
        expires_at: datetime | None = None,
        end_old_now: bool | None = None,
        idempotency_key: str | None = None,
    ) -> models.CreatedToken:
        """Rotate the caller's token.

        A new token replaces it, with the same scopes and folder. Tokens that the old one created belong to the new one.
        The old one stays valid for a day at most. The new one ends at `rotate_until` at the latest. The creator of the
        first token set that time, and rotation does not change it. Any token may rotate itself, once.
        """
        return self._wait(self._drive.rotate_token(
            expires_at=expires_at,
            end_old_now=end_old_now,
            idempotency_key=idempotency_key,
        ))

    def search(
        self,
        q: str,
        *,
        sort_by: Literal["createdAt", "updatedAt", "name"] | None = None,
        sort_order: Literal["asc", "desc"] | None = None,
        limit: int | None = None,
    ) -> models.SearchHits:
        """Find items by their names.

        The items whose names have every word of `q`, or a word that begins with it. Case, accents and punctuation do
        not matter. A query without a letter or a digit finds nothing.

        Scope: `drive_read` (or `access_drive`).
        """
        return self._wait(self._drive.search(q, sort_by=sort_by, sort_order=sort_order, limit=limit))

    def search_workspace(
        self,
        q: str,
        *,
        types: str | None = None,
        sort_by: str | None = None,
        sort_order: Literal["asc", "desc"] | None = None,
        limit: int | None = None,
    ) -> models.WorkspaceHits:
        """Find things of the workspace.

        Like `GET /drive/search`, in the form that the published clients of the Copera API read: files and folders are
        things of one type, "driveContent", and times are numbers.

        Scope: `drive_read` (or `access_drive`).
        """
        return self._wait(self._drive.search_workspace(
            q,
            types=types,
            sort_by=sort_by,
            sort_order=sort_order,
            limit=limit,
        ))

    def start_files(
        self,
        files: Sequence[models.NewFile],
        *,
        parent_id: models.ItemId | None = None,
        on_conflict: models.OnConflict | None = None,
        idempotency_key: str | None = None,
    ) -> models.StartedFiles:
        """Start many small files.

        Up to 1,000 files of up to 8 MiB, each with its name or its path. In one transaction, the missing folders of the
        paths are created, and every file gets its own upload with one signed URL. Send the whole file with one `PUT` to
        this URL, with exactly the headers of the answer; then `batch/finalize` creates the files. Once a file is
        finalized, its URL changes nothing any more.

        If the answer has a `pipeline`, the store also takes many of these `PUT`s in the body of one `POST`, which saves
        the cost of a request for each file.

        A file that cannot be started gets an `error`, and the others are started all the same. If a file has a
        `checksum`, and the caller already has a file with the same name, place and bytes, the answer is that file's
        `item`. A repeat with the same `Idempotency-Key` answers the same uploads with new URLs, and tries the refused
        files again.

        With a grant, each file is started if it fits into what the grant has left, in the order of the request. Its
        path must be a name, because a grant creates no folders.

        Scope: `drive_upload` (or `access_drive`).
        """
        return self._wait(self._drive.start_files(
            files,
            parent_id=parent_id,
            on_conflict=on_conflict,
            idempotency_key=idempotency_key,
        ))

    def start_upload(
        self,
        file_name: str,
        file_size: int,
        mime_type: str,
        *,
        parent_id: models.ItemId | None = None,
        on_conflict: models.OnConflict | None = None,
        checksum: models.Checksum | None = None,
        idempotency_key: str | None = None,
    ) -> models.StartedUpload:
        """Start an upload.

        Returns the ids that the next steps need, and how Dray recommends to cut the file. Any other cut that S3 accepts
        works as well. The upload expires when nobody has signed or listed its parts for 24 hours, or after 7 days.
        `on_conflict` says what finalize does if the folder has a file of this name by then: `fail` needs a token that
        may read, `replace` a token with `access_drive`. With a grant (`cp_grant_…`) as bearer token, the grant says
        where the file goes and what happens if the name is taken.

        Scope: `drive_upload` (or `access_drive`).
        """
        return self._wait(self._drive.start_upload(
            file_name,
            file_size,
            mime_type,
            parent_id=parent_id,
            on_conflict=on_conflict,
            checksum=checksum,
            idempotency_key=idempotency_key,
        ))

    def trash_item(self, id: str) -> None:
        """Put an item into the trash.

        Everything below a folder goes with it. The item can be restored until the server or a person removes it
        permanently.

        Scope: `access_drive`.
        """
        return self._wait(self._drive.trash_item(id))
