// Made by generate.mjs from the drive's OpenAPI document. Not to be edited.
export interface paths {
    "/public/v1/drive/files/upload/multipart/start": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Start an upload
         * @description Answers the ids that the next steps need, and how Dray would cut the file. Any other cut that S3 takes is as
         *     good. The upload expires when nobody has signed or listed its parts for 24 hours, or after 7 days. `onConflict`
         *     says what finalize does if the folder has a file of this name by then: `fail` takes a token that may read,
         *     `replace` one with `access_drive`.
         *
         *     Scope: `drive_upload` (or `access_drive`).
         */
        post: operations["startUpload"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/public/v1/drive/files/upload/multipart/presigned-urls": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Sign an upload's parts
         * @description One URL a part: a signed S3 `UploadPart`, to which anyone may `PUT` that part's bytes until it expires. The
         *     `ETag` of the store's answer is what finalize needs. May be called again at any time before finalize; with
         *     `partNumbers` only those are signed, and with `contentLengths` each URL takes exactly so many bytes. A part has
         *     5 MiB to 5 GiB, the last one may have less.
         *
         *     Scope: `drive_upload` (or `access_drive`).
         */
        post: operations["presignParts"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/public/v1/drive/files/upload/multipart/parts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * List an upload's parts
         * @description What the store has of the caller's upload: enough to go on with it from anywhere. It keeps the upload alive, as
         *     signing does, unless `keepAlive` is false.
         *
         *     Scope: `drive_upload` (or `access_drive`).
         */
        post: operations["listParts"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/public/v1/drive/files/upload/multipart/finalize": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Finalize an upload
         * @description Makes the file, once every byte is there: the parts must add up to the announced `fileSize`. Can be repeated,
         *     from anywhere: the same list of parts answers the same item. Without a list, it takes every part that the store
         *     has. With `checksum` there is no file but of those bytes. After a refusal the upload is still open, unless it is
         *     gone (410) or its name was taken at the very last moment. If its folder does not take it any more, the file goes to
         *     the uploader's root, under a name that is free there; one that a confined token began waits instead (409). A token
         *     that only has `drive_upload` is answered the file as it was asked for.
         *
         *     Scope: `drive_upload` (or `access_drive`).
         */
        post: operations["finalizeUpload"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/public/v1/drive/files/upload/multipart/abort": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Abort an upload
         * @description Its parts are freed. Doing it again does no harm.
         *
         *     Scope: `drive_upload` (or `access_drive`).
         */
        post: operations["abortUpload"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/public/v1/drive/uploads": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the caller's open uploads
         * @description Those that have not come to their end, page by page: the latest first.
         *
         *     Scope: `drive_upload` (or `access_drive`).
         */
        get: operations["listUploads"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/public/v1/drive/files/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get an item
         * @description A file or a folder that the caller owns, or that is shared with them directly or through a folder above, and which
         *     role they have on it.
         *
         *     Scope: `drive_read` (or `access_drive`).
         */
        get: operations["getItem"];
        put?: never;
        post?: never;
        /**
         * Put an item into the trash
         * @description A folder goes with all that is below it. It can be restored until it is removed for good, by itself or by hand.
         *
         *     Scope: `access_drive`.
         */
        delete: operations["trashItem"];
        options?: never;
        head?: never;
        /**
         * Rename or move an item
         * @description What is absent stays as it is. A `parentId` of null moves the item to the root of whoever owns it, which only they
         *     may; an absent one leaves it where it is. Renaming takes the role `member` on the item, moving that role on the
         *     folder that it is in and on the one that it goes to. If other people could reach it there than can now, or with
         *     another role, moving takes `admin` on the item too; and nobody gives others, or themselves, more than they have.
         *
         *     Scope: `access_drive`.
         */
        patch: operations["changeItem"];
        trace?: never;
    };
    "/public/v1/drive/files/{id}/ancestors": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the folders above an item
         * @description Those that the caller sees, the topmost first: for a path to click on.
         *
         *     Scope: `drive_read` (or `access_drive`).
         */
        get: operations["listAncestors"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/public/v1/drive/files/{id}/download": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get a file's download URL
         * @description A signed GET of the bytes, straight from the object store, good for three hours. It takes ranges, and saves
         *     under the item's own name.
         *
         *     Scope: `drive_read` (or `access_drive`).
         */
        get: operations["getDownloadUrl"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/public/v1/drive/folders": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Make a folder
         * @description Two folders of one name in one place are two folders. Folders can be nested 100 deep.
         *
         *     Scope: `drive_upload` (or `access_drive`).
         */
        post: operations["createFolder"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/public/v1/drive/folders/{id}/children": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List what is in a folder
         * @description One level, page by page, however large it is: folders first, then files. `root` is the caller's own root and,
         *     among it, what others share with them; for a token that is confined to a folder, that folder.
         *
         *     Scope: `drive_read` (or `access_drive`).
         */
        get: operations["listChildren"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/public/v1/drive/tree": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List a folder and what is below it
         * @description Breadth first, at most 500 items. When that cuts something off, `truncated` is true and `nextParentIds` are the
         *     folders to go on from.
         *
         *     Scope: `drive_read` (or `access_drive`).
         */
        get: operations["getTree"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/public/v1/drive/search": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Find items by their names
         * @description The items that have every word of `q` in their names, or a word that begins so. Case, accents and punctuation
         *     do not count. A query without a letter or a digit finds nothing.
         *
         *     Scope: `drive_read` (or `access_drive`).
         */
        get: operations["search"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/public/v1/drive/files/{id}/restore": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Restore an item
         * @description Out of the trash, back to its folder; to its owner's root if that is gone, or the caller may not put anything there.
         *
         *     Scope: `access_drive`.
         */
        post: operations["restoreItem"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/public/v1/drive/trash/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Remove an item for good
         * @description One of the trash, with all that is below it. Only its owner may.
         *
         *     Scope: `access_drive`.
         */
        delete: operations["purgeItem"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/public/v1/drive/trash": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the trash
         * @description What the caller owns, by itself or by a folder above, and what they put there, page by page: the latest first. What
         *     is in a trashed folder is not listed beside it. The bytes that an upload replaced are there too, as an item.
         *
         *     Scope: `drive_read` (or `access_drive`).
         */
        get: operations["listTrash"];
        put?: never;
        post?: never;
        /**
         * Empty the trash
         * @description Removes all for good that is in the caller's trash and that they may remove.
         *
         *     Scope: `access_drive`.
         */
        delete: operations["emptyTrash"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/public/v1/drive/shared": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List what others share with the caller
         * @description The items on which the caller was given a role, page by page. What is in a shared folder is not listed beside it.
         *
         *     Scope: `drive_read` (or `access_drive`).
         */
        get: operations["listShared"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/public/v1/drive/files/{id}/participants": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List who has a role on an item
         * @description On the item itself, or on a folder above it that the caller sees. Each role may do all that those before it may:
         *     `viewer` reads and downloads; `member` also uploads, makes folders and changes what is there; `admin` also says who
         *     else may do what; `owner` is whoever owns the item.
         *
         *     Scope: `drive_read` (or `access_drive`).
         */
        get: operations["listParticipants"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/public/v1/drive/files/{id}/participants/{userId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Give a user a role on an item
         * @description And on all that is below it, in place of the role that they may have had. It takes the role `admin`. Nobody is made
         *     an owner.
         *
         *     Scope: `access_drive`.
         */
        put: operations["putParticipant"];
        post?: never;
        /**
         * Take a user's role on an item
         * @description It takes the role `admin`; anybody may give up their own.
         *
         *     Scope: `access_drive`.
         */
        delete: operations["removeParticipant"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/public/v1/drive/files/{id}/links": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List a file's public links
         * @description Those that have expired too. It takes the role `admin` on the file.
         *
         *     Scope: `access_drive`.
         */
        get: operations["listLinks"];
        put?: never;
        /**
         * Make a public link to a file
         * @description Anyone who has its address can download the file, without a token: until it expires, is revoked, the file is gone,
         *     or whoever made it is no `admin` of the file any more. It takes the role `admin` on the file; a file has at most 100 links.
         *
         *     Scope: `access_drive`.
         */
        post: operations["createLink"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/public/v1/drive/files/{id}/links/{linkId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Revoke a public link
         * @description It leads nowhere from now on. It takes the role `admin` on the file.
         *
         *     Scope: `access_drive`.
         */
        delete: operations["revokeLink"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/public/v1/workspace/info": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get the workspace
         * @description The one that the token is good in.
         *
         *     Scope: `drive_read` (or `access_drive`).
         */
        get: operations["getWorkspace"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/public/v1/workspace/members": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the workspace's members
         * @description A page of them, oldest first.
         *
         *     Scope: `drive_read` (or `access_drive`).
         */
        get: operations["listMembers"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/public/v1/drive/usage": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get what the caller uses
         * @description What they own in the workspace, the trash included, and how much they may.
         *
         *     Scope: `drive_read` (or `access_drive`).
         */
        get: operations["getUsage"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/public/v1/tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the caller's tokens
         * @description Without their secrets; those that have ended too. A token that was made with another knows of itself and of what comes
         *     of it: what was made with it, and what it took the place of. One that an operator made knows of all its user's.
         *
         *     Scope: `access_drive`.
         */
        get: operations["listTokens"];
        put?: never;
        /**
         * Make a token
         * @description It can do no more than the caller can: `access_drive` is everything, `drive_read` looks and downloads,
         *     `drive_upload` uploads and makes folders. With `folderId` it is confined to that folder and what is below it. It ends with
         *     the token that makes it, at the latest, and is revoked with it.
         *
         *     Scope: `access_drive`.
         */
        post: operations["createToken"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/public/v1/tokens/rotate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Rotate the token that asks
         * @description Another takes its place, with the same scopes and folder, and what was made with it goes on with the new one. The old one
         *     is good for another day at most. The new one ends at `rotateUntil` at the latest, which whoever made the first one has
         *     set; no rotation changes it. Any token may rotate itself, once.
         */
        post: operations["rotateToken"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/public/v1/tokens/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Revoke a token
         * @description One of those that the caller can list; it is good for nothing from now on, and neither is what was made with it or what it
         *     took the place of. It may be the one that asks.
         *
         *     Scope: `access_drive`.
         */
        delete: operations["revokeToken"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/l/{slug}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Follow a public link
         * @description Sends whoever has the address to the file's bytes: a signed GET in the object store, good for fifteen minutes at most.
         *     A HEAD is sent to a signed HEAD, and does not count as a download. A link's password is asked for by HTTP Basic
         *     authentication, with any user name; an address that sent many wrong ones has to wait.
         */
        get: operations["followLink"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/healthz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Whether the process is up
         * @description Says nothing of what it needs.
         */
        get: operations["isAlive"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/readyz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Whether the server can serve
         * @description Asks the database and the object store, or answers what they said within the last second.
         */
        get: operations["isReady"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/openapi.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * This document
         * @description OpenAPI 3.1, made from the routes and the types of this very server.
         */
        get: operations["getOpenApi"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description Answer of `GET /drive/files/{id}/ancestors`. */
        Ancestors: {
            /** @description The folders above the item that the caller sees, the topmost first. */
            ancestors: components["schemas"]["Item"][];
        };
        /** @description A checksum of a whole file. */
        Checksum: {
            /** @description CRC-64/NVME of all bytes, big-endian, in base64: as S3's `x-amz-checksum-crc64nvme`. */
            crc64nvme: string;
        };
        /** @description Answer of `POST /tokens` and `POST /tokens/rotate`. */
        CreatedToken: components["schemas"]["Token"] & {
            /** @description The secret. It is shown this once: a repeat by `Idempotency-Key` does not have it. */
            token?: string;
        };
        /** @description Answer of `GET /drive/files/{id}/download`. */
        DownloadUrl: {
            /**
             * Format: uri
             * @description A signed GET of the bytes that downloads under the item's own name.
             */
            url: string;
        };
        /** @description Answer of `DELETE /drive/trash`. */
        EmptiedTrash: {
            /**
             * Format: int64
             * @description How many items were in the trash, not counting what was in trashed folders.
             */
            removed: number;
        };
        /** @description The body of every answer that is not a success. */
        ErrorBody: {
            /**
             * Format: int32
             * @description The HTTP status.
             */
            statusCode: number;
            /** @description The status's phrase. */
            error: string;
            /** @description What went wrong, for programs. */
            code: components["schemas"]["ErrorCode"];
            /** @description What went wrong and what to do, for people. */
            message: string;
            /**
             * Format: int64
             * @description Seconds to wait before asking again (429 and 503).
             */
            retryAfter?: number;
        };
        /**
         * @description What went wrong, for programs. The texts never change.
         * @enum {string}
         */
        ErrorCode: "invalid_json" | "invalid_field" | "invalid_name" | "invalid_parameter" | "impossible_part_count" | "invalid_part" | "part_too_small" | "size_mismatch" | "checksum_mismatch" | "checksum_unproven" | "file_too_large" | "file_type_not_allowed" | "not_a_file" | "not_a_folder" | "too_deep" | "missing_token" | "invalid_token" | "expired_token" | "revoked_token" | "wrong_token_kind" | "missing_scope" | "confined_token" | "role_too_low" | "link_password" | "not_found" | "upload_not_found" | "user_not_found" | "participant_not_found" | "link_not_found" | "token_not_found" | "route_not_found" | "method_not_allowed" | "finalized_differently" | "already_finalized" | "finalize_in_progress" | "into_itself" | "name_taken" | "upload_folder_closed" | "token_rotated" | "idempotency_key_reused" | "idempotency_key_in_use" | "too_many_uploads" | "owner_is_fixed" | "upload_aborted" | "upload_expired" | "body_too_large" | "unsupported_media_type" | "rate_limited" | "internal" | "store_lacks_operation" | "store_unreachable" | "database_unreachable" | "busy" | "finalize_pending" | "timeout" | "quota_exceeded" | "no_space";
        /** @description Step 4, `finalize`. */
        FinalizeUpload: {
            /** @description From `start`. */
            uploadId: string;
            /** @description From `start`. */
            fileKey: string;
            /** @description Every part, in any order, none twice. Absent or null: every part that the store has. */
            parts?: components["schemas"]["UploadedPart"][] | null;
            checksum?: components["schemas"]["Checksum"] | null;
            /** @description Read the file back if the store cannot prove its checksum; the embedded store always can. */
            verify?: boolean;
        };
        /**
         * @description A role that can be given.
         * @enum {string}
         */
        GivenRole: "viewer" | "member" | "admin";
        /** @description A file or a folder. Each of `_id`/`id`, `parent`/`parentId` and `size`/`fileSize` is one value under two names. */
        Item: {
            /** @description The item's id. */
            _id: components["schemas"]["ItemId"];
            /** @description The same as `_id`. */
            id: components["schemas"]["ItemId"];
            /** @description Its name, as the person gave it. */
            name: string;
            type: components["schemas"]["ItemType"];
            /** @description The user who owns it. */
            owner: components["schemas"]["UserId"];
            /** @description The folder it is in; absent at the root. */
            parent?: components["schemas"]["ItemId"];
            /** @description The same as `parent`. */
            parentId?: components["schemas"]["ItemId"];
            /** @description MIME type; absent on a folder. */
            mimeType?: string;
            /**
             * Format: int64
             * @description Bytes; absent on a folder.
             */
            size?: number;
            /**
             * Format: int64
             * @description The same as `size`.
             */
            fileSize?: number;
            /** @description The caller's role on it, if the item was asked for by itself; absent in lists. */
            role?: components["schemas"]["Role"];
            /**
             * Format: date-time
             * @description When it was made: RFC 3339 in UTC with milliseconds.
             */
            createdAt: string;
            /**
             * Format: date-time
             * @description When it last changed: RFC 3339 in UTC with milliseconds.
             */
            updatedAt: string;
        };
        /** @description `PATCH /drive/files/{id}`: what is absent stays as it is. */
        ItemChange: {
            /** @description A new name. */
            name?: string | null;
            parentId?: components["schemas"]["ItemId"] | null;
        };
        /**
         * @description A file or a folder.
         * @example 65ba5c80c3f1a2b4d5e6f708
         */
        ItemId: string;
        /** @description A page of items: answer of `GET /drive/folders/{id}/children` and `GET /drive/shared`. */
        ItemPage: {
            /** @description The items, folders first. */
            items: components["schemas"]["Item"][];
            /** @description What to ask for the next page with; null: this is the last. */
            nextCursor: string | null;
        };
        /**
         * @description What an item is.
         * @enum {string}
         */
        ItemType: "file" | "folder";
        /** @description A public link to a file. */
        Link: {
            /** @description Its id, to revoke it by. */
            id: components["schemas"]["LinkId"];
            /**
             * Format: uri
             * @description Its address, to be given away.
             */
            url: string;
            /** @description The file. */
            itemId: components["schemas"]["ItemId"];
            /** @description Who made it. */
            createdBy: components["schemas"]["UserId"];
            /**
             * Format: date-time
             * @description When it was made: RFC 3339 in UTC with milliseconds.
             */
            createdAt: string;
            /**
             * Format: date-time
             * @description When it ends, if it does.
             */
            expiresAt?: string;
            /** @description Whether it asks for a password. */
            hasPassword: boolean;
            /**
             * Format: int64
             * @description How often it was followed to the file.
             */
            downloads: number;
        };
        /**
         * @description A public link's record.
         * @example 65ba5c80c3f1a2b4d5e6f708
         */
        LinkId: string;
        /** @description Answer of `GET /drive/files/{id}/links`. */
        Links: {
            /** @description The file's links, oldest first; those that have expired too. */
            links: components["schemas"]["Link"][];
        };
        /** @description Which upload's parts to list. */
        ListParts: {
            /** @description From `start`. */
            uploadId: string;
            /** @description From `start`. */
            fileKey: string;
            /** @description Whether somebody goes on with the upload, so that it lives longer; absent or null: yes. `false` only looks. */
            keepAlive?: boolean | null;
        };
        /** @description A user, as one of a workspace. */
        Member: {
            /** @description The user's id. */
            _id: components["schemas"]["UserId"];
            /** @description Their name, for people. */
            name: string;
            /** @description Their address. */
            email: string;
            /** @description What they are in the workspace: `owner` or `member`. */
            type: string;
            /** @description `active`: there are no other members yet, such as invited ones. */
            status: string;
            /** @description Whether they can use the workspace. */
            active: boolean;
            /**
             * Format: date-time
             * @description When they were added to it: RFC 3339 in UTC with milliseconds.
             */
            createdAt: string;
        };
        /** @description Answer of `GET /workspace/members`: one page of them, oldest first. */
        Members: {
            /** @description Those on this page. */
            members: components["schemas"]["Member"][];
            /**
             * Format: int64
             * @description How many there are on all pages.
             */
            total: number;
            /**
             * Format: int32
             * @description Most that this page could have.
             */
            limit: number;
            /**
             * Format: int64
             * @description How many there are before this page.
             */
            offset: number;
        };
        /** @description `POST /drive/folders`. */
        NewFolder: {
            /**
             * @description The folder's name, one path segment: no slash, backslash, control or line-breaking character, none that changes
             *     the direction of text around it (U+202A to U+202E, U+2066 to U+206F), not `.` or `..`, and something that can be seen.
             */
            name: string;
            parentId?: components["schemas"]["ItemId"] | null;
        };
        /** @description `POST /drive/files/{id}/links`. */
        NewLink: {
            /**
             * Format: date-time
             * @description From this moment on it leads nowhere: RFC 3339. Absent or null: it does not expire.
             */
            expiresAt?: string | null;
            /** @description Asked for by HTTP Basic authentication, with any user name. Absent or null: anyone may follow it. */
            password?: string | null;
        };
        /** @description `PUT /drive/files/{id}/participants/{userId}`. */
        NewRole: {
            /** @description `viewer`, `member` or `admin`. */
            role: components["schemas"]["GivenRole"];
        };
        /** @description `POST /tokens`. */
        NewToken: {
            /** @description What it is for, for people. */
            name: string;
            /** @description What it may do: `access_drive` (everything), or `drive_read` and `drive_upload`. At least one. */
            scopes: components["schemas"]["TokenScope"][];
            folderId?: components["schemas"]["ItemId"] | null;
            /**
             * Format: date-time
             * @description When it ends, at most a year from now and not after the token that makes it: RFC 3339. Absent or null: in 30 days,
             *     or with the token that makes it if that ends before.
             */
            expiresAt?: string | null;
            /**
             * Format: date-time
             * @description The latest end that rotation may give to what takes its place, at most a year from now and not after that of the
             *     token that makes it: RFC 3339. Absent or null: `expiresAt`.
             */
            rotateUntil?: string | null;
        };
        /**
         * @description What finalize does if there is a file of the same name in the same folder.
         * @enum {string}
         */
        OnConflict: "keep" | "rename" | "fail" | "replace";
        /** @description An upload that has not come to its end. */
        OpenUpload: {
            /** @description The object store's multipart upload id. */
            uploadId: string;
            /** @description The object's key in the store. */
            fileKey: string;
            /** @description Where it is in its life. */
            status: components["schemas"]["UploadStatus"];
            /** @description Name of the item to be. */
            fileName: string;
            /**
             * Format: int64
             * @description Its size in bytes.
             */
            fileSize: number;
            /** @description Its MIME type. */
            mimeType: string;
            /** @description The folder it goes to; absent: the root. */
            parentId?: components["schemas"]["ItemId"];
            /** @description What to do if its folder has a file of this name when it is finalized. */
            onConflict?: components["schemas"]["OnConflict"];
            /**
             * Format: int64
             * @description Recommended bytes of each part but the last.
             */
            partSize: number;
            /**
             * Format: date-time
             * @description When it was started: RFC 3339 in UTC with milliseconds.
             */
            createdAt: string;
            /**
             * Format: date-time
             * @description When it expires if it is left alone.
             */
            expiresAt: string;
        };
        /** @description Answer of `GET /drive/uploads`: the caller's own, the latest first. */
        OpenUploads: {
            /** @description The uploads. */
            uploads: components["schemas"]["OpenUpload"][];
            /** @description What to ask for the next page with; null: this is the last. */
            nextCursor: string | null;
        };
        /** @description Somebody who has a role on an item. */
        Participant: {
            /** @description Who. */
            userId: components["schemas"]["UserId"];
            /** @description Their name, for people. */
            name: string;
            /** @description Their address. */
            email: string;
            /** @description Their role. */
            role: components["schemas"]["Role"];
            /** @description The folder above that they have it from; absent if they have it on the item itself. */
            inheritedFrom?: components["schemas"]["ItemId"];
        };
        /** @description Answer of `GET /drive/files/{id}/participants`. */
        Participants: {
            /**
             * @description Everybody with a role on the item or on a folder above it that the caller sees: the highest role first, and
             *     who has several by each.
             */
            participants: components["schemas"]["Participant"][];
        };
        /** @description Step 2, `presigned-urls`. */
        PresignParts: {
            /** @description From `start`. */
            uploadId: string;
            /** @description From `start`. */
            fileKey: string;
            /**
             * Format: int64
             * @description How many parts the client cuts the file into. May be left out when `partNumbers` is given.
             */
            parts?: number | null;
            /** @description Sign only these parts (after an expiry, when resuming), each from 1 to 10,000 and none twice. */
            partNumbers?: number[] | null;
            /** @description How many bytes each of these parts has, in their order; each URL then takes exactly so many. */
            contentLengths?: number[] | null;
        };
        /** @description A signed S3 `UploadPart`. */
        PresignedPart: {
            /**
             * Format: int32
             * @description The part's number, from 1.
             */
            PartNumber: number;
            /**
             * Format: int32
             * @description The same as `PartNumber`.
             */
            partNumber: number;
            /**
             * Format: uri
             * @description Where to `PUT` its bytes.
             */
            signedUrl: string;
        };
        /** @description The signed addresses of an upload's parts, in part order. */
        PresignedParts: {
            /** @description Where to `PUT` each part's bytes. */
            urls: string[];
            /** @description The same addresses, with the numbers of their parts. */
            parts: components["schemas"]["PresignedPart"][];
            /**
             * Format: date-time
             * @description When the addresses expire: RFC 3339 in UTC with milliseconds.
             */
            expiresAt: string;
        };
        /**
         * @description What somebody may do with an item and all below it. Each role may do all that those before it may.
         * @enum {string}
         */
        Role: "viewer" | "member" | "admin" | "owner";
        /** @description `POST /tokens/rotate`. */
        RotateToken: {
            /**
             * Format: date-time
             * @description When the new one ends, at most `rotateUntil` of the old one: RFC 3339. Absent or null: it lives as long as the old
             *     one was made for, as far as that allows.
             */
            expiresAt?: string | null;
            /** @description End the old one at once. Otherwise it is good for another day, or until its own end if that is before. */
            endOldNow?: boolean;
        };
        /** @description Answer of `GET /drive/search`. */
        SearchHits: {
            /** @description The items, in the order that was asked for. */
            hits: components["schemas"]["Item"][];
            /**
             * Format: int64
             * @description How many there are, of which `hits` are the first.
             */
            totalHits: number;
            /** @description Whether that is exact. If not there are more, and these come from the newest of them: more words help. */
            totalIsExact: boolean;
            /** @description What was searched for, as it was given. */
            query: string;
        };
        /** @description Step 1, `start`. */
        StartUpload: {
            /**
             * @description Name of the item to be, one path segment: no slash, backslash, control or line-breaking character, none that changes
             *     the direction of text around it (U+202A to U+202E, U+2066 to U+206F), not `.` or `..`, and something that can be seen.
             */
            fileName: string;
            /**
             * Format: int64
             * @description Its size in bytes.
             */
            fileSize: number;
            /** @description Its MIME type; if it is empty, `application/octet-stream`. */
            mimeType: string;
            parentId?: components["schemas"]["ItemId"] | null;
            /** @description What to do if its folder has a file of this name when it is finalized. */
            onConflict?: components["schemas"]["OnConflict"];
            checksum?: components["schemas"]["Checksum"] | null;
        };
        /** @description Answer of `start`. */
        StartedUpload: {
            /** @description The object store's multipart upload id. */
            uploadId: string;
            /** @description The object's key in the store. */
            fileKey: string;
            /**
             * Format: int64
             * @description Recommended bytes of each part but the last.
             */
            partSize: number;
            /**
             * Format: int32
             * @description How many parts that makes.
             */
            parts: number;
            /**
             * Format: date-time
             * @description When the upload expires if it is left alone: RFC 3339 in UTC with milliseconds.
             */
            expiresAt: string;
        };
        /** @description A part as the store has it. */
        StoredPart: {
            /**
             * Format: int64
             * @description Its number, from 1.
             */
            partNumber: number;
            /**
             * Format: int64
             * @description Its bytes.
             */
            size: number;
            /** @description Its `ETag`, as finalize takes it. */
            eTag: string;
        };
        /** @description Answer of `parts`: the upload, and what the store has of it. */
        StoredParts: components["schemas"]["OpenUpload"] & {
            /** @description The item, once there is one. */
            itemId?: components["schemas"]["ItemId"];
            /** @description The parts that the store has, ascending; none once there is the item. */
            parts: components["schemas"]["StoredPart"][];
        };
        /** @description A token, without its secret. */
        Token: {
            /** @description Its id, to revoke it by. */
            id: components["schemas"]["TokenId"];
            /** @description What it is for, for people. */
            name: string;
            /** @description What it may do. */
            scopes: components["schemas"]["TokenScope"][];
            /** @description The folder that it is confined to, if it is. */
            folderId?: components["schemas"]["ItemId"];
            /**
             * Format: date-time
             * @description When it was made: RFC 3339 in UTC with milliseconds.
             */
            createdAt: string;
            /**
             * Format: date-time
             * @description When it ends.
             */
            expiresAt: string;
            /**
             * Format: date-time
             * @description When it was revoked, if it was.
             */
            revokedAt?: string;
            /** @description The token that it was made with, if it was made with one. It ends with that, and is revoked with it. */
            parentId?: components["schemas"]["TokenId"];
            /**
             * Format: date-time
             * @description The latest end that rotation may give to what takes its place.
             */
            rotateUntil: string;
            /** @description The token that took its place, if one did. */
            successorId?: components["schemas"]["TokenId"];
        };
        /**
         * @description An access token's record.
         * @example 65ba5c80c3f1a2b4d5e6f708
         */
        TokenId: string;
        /**
         * @description What a token may do.
         * @enum {string}
         */
        TokenScope: "access_drive" | "drive_read" | "drive_upload";
        /** @description Answer of `GET /tokens`. */
        Tokens: {
            /**
             * @description The caller's tokens, oldest first; those that have ended too. With a token that was made with another: that one and
             *     what comes of it.
             */
            tokens: components["schemas"]["Token"][];
        };
        /** @description Answer of `GET /drive/trash`: what was put there last comes first. */
        TrashPage: {
            /** @description The items. What is in a trashed folder is not listed beside it. */
            items: components["schemas"]["TrashedItem"][];
            /** @description What to ask for the next page with; null: this is the last. */
            nextCursor: string | null;
        };
        /** @description An item in the trash. */
        TrashedItem: components["schemas"]["Item"] & {
            /**
             * Format: date-time
             * @description When it was put there: RFC 3339 in UTC with milliseconds.
             */
            trashedAt: string;
            /**
             * Format: date-time
             * @description When it is removed for good by itself.
             */
            removedAt: string;
        };
        /** @description Answer of `GET /drive/tree`. */
        Tree: {
            /** @description What is in the folder that was asked for, folders first, then by name. */
            root: components["schemas"]["TreeNode"][];
            /** @description How many items this answer has, on all levels. */
            totalItems: number;
            /** @description Whether there is more within the depth that was asked for than one answer can have. */
            truncated: boolean;
            /**
             * @description When truncated: folders of this answer to ask for next, because not all in them was listed. The folder
             *     that was asked for is never among them, so that following them comes to an end.
             */
            nextParentIds: components["schemas"]["ItemId"][];
        };
        /** @description An item, and what is in it. */
        TreeNode: components["schemas"]["Item"] & {
            /** @description Whether there is something in it, listed here or not. Never in a file. */
            hasChildren: boolean;
            /** @description What is in it, as far as it was listed. */
            children: components["schemas"]["TreeNode"][];
        };
        /** @description Which upload: `abort`. */
        UploadKey: {
            /** @description From `start`. */
            uploadId: string;
            /** @description From `start`. */
            fileKey: string;
        };
        /**
         * @description Where an upload is in its life.
         * @enum {string}
         */
        UploadStatus: "open" | "finalizing" | "finalized";
        /** @description A part that the store has, in this API's spelling, in S3's, or in both if they say the same. */
        UploadedPart: {
            /** @description The part's number. */
            partNumber: number;
            /** @description The store's `ETag`, with or without its double quotes. Absent or null: whatever the store has. */
            eTag?: string | null;
        } | {
            /** @description The part's number. */
            PartNumber: number;
            /** @description The store's `ETag`, with or without its double quotes. Absent or null: whatever the store has. */
            ETag?: string | null;
        };
        /** @description Answer of `GET /drive/usage`: what the caller owns in the workspace, the trash included. */
        Usage: {
            /**
             * Format: int64
             * @description Files and folders.
             */
            items: number;
            /**
             * Format: int64
             * @description Bytes of the files.
             */
            usedBytes: number;
            /**
             * Format: int64
             * @description Most bytes that the caller may own; null: there is no limit.
             */
            quotaBytes: number | null;
            /**
             * Format: int64
             * @description Uploads of the caller that have not come to their end.
             */
            openUploads?: number;
            /**
             * Format: int64
             * @description Bytes that those count as towards the quota, besides `usedBytes`: what they were announced with or, if that is
             *     more, what the store has of them.
             */
            reservedBytes?: number;
            /**
             * Format: int64
             * @description Bytes that the store had of those when the server last looked, which it does every few minutes.
             */
            uploadingBytes?: number;
        };
        /**
         * @description A user.
         * @example 65ba5c80c3f1a2b4d5e6f708
         */
        UserId: string;
        /**
         * @description A workspace.
         * @example 65ba5c80c3f1a2b4d5e6f708
         */
        WorkspaceId: string;
        /** @description Answer of `GET /workspace/info`. */
        WorkspaceInfo: {
            /** @description The workspace's id. */
            _id: components["schemas"]["WorkspaceId"];
            /** @description Its name, for people. */
            name: string;
            /** @description Its name in addresses. */
            slug: string;
            /** @description What it is for; may be empty. */
            description: string;
            /** @description Address of a picture, if it has one. */
            picture?: string;
            /**
             * Format: int64
             * @description How many users it has.
             */
            seats: number;
            /**
             * Format: date-time
             * @description When it was made: RFC 3339 in UTC with milliseconds.
             */
            createdAt: string;
            /**
             * Format: date-time
             * @description When it last changed: RFC 3339 in UTC with milliseconds.
             */
            updatedAt: string;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    startUpload: {
        parameters: {
            query?: never;
            header?: {
                /** @description A text of the client's choice, new for each thing that is to be made (a UUID, say), in double quotes or without. A request that is sent again with the same key within a day makes nothing: it gets the answer of the first, without a secret that was shown once. Keys are each token's own; of one user the latest 10,000 are kept. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "fileName": "report.pdf",
                 *       "fileSize": 10485760,
                 *       "mimeType": "application/pdf"
                 *     }
                 */
                "application/json": components["schemas"]["StartUpload"];
            };
        };
        responses: {
            /** @description The upload is open. */
            200: {
                headers: {
                    /** @description `true` if an earlier request with the same key made what is answered. */
                    "Idempotency-Replayed"?: "true";
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "expiresAt": "2026-02-01T12:00:00.000Z",
                     *       "fileKey": "files/65ba5c80e0f1a2b3c4d5e6f7/65ba5c80c3f1a2b4d5e6f708",
                     *       "partSize": 16777216,
                     *       "parts": 1,
                     *       "uploadId": "5f1c9a7be2d048365f1c9a7be2d04836"
                     *     }
                     */
                    "application/json": components["schemas"]["StartedUpload"];
                };
            };
        };
    };
    presignParts: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "fileKey": "files/65ba5c80e0f1a2b3c4d5e6f7/65ba5c80c3f1a2b4d5e6f708",
                 *       "parts": 1,
                 *       "uploadId": "5f1c9a7be2d048365f1c9a7be2d04836"
                 *     }
                 */
                "application/json": components["schemas"]["PresignParts"];
            };
        };
        responses: {
            /** @description The signed URLs. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "expiresAt": "2026-01-31T13:00:00.000Z",
                     *       "parts": [
                     *         {
                     *           "PartNumber": 1,
                     *           "partNumber": 1,
                     *           "signedUrl": "https://drive.example.com/dray/files/65ba5c80e0f1a2b3c4d5e6f7/65ba5c80c3f1a2b4d5e6f708?partNumber=1&X-Amz-Signature=0123"
                     *         }
                     *       ],
                     *       "urls": [
                     *         "https://drive.example.com/dray/files/65ba5c80e0f1a2b3c4d5e6f7/65ba5c80c3f1a2b4d5e6f708?partNumber=1&X-Amz-Signature=0123"
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["PresignedParts"];
                };
            };
        };
    };
    listParts: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "fileKey": "files/65ba5c80e0f1a2b3c4d5e6f7/65ba5c80c3f1a2b4d5e6f708",
                 *       "keepAlive": true,
                 *       "uploadId": "5f1c9a7be2d048365f1c9a7be2d04836"
                 *     }
                 */
                "application/json": components["schemas"]["ListParts"];
            };
        };
        responses: {
            /** @description The upload and its parts. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "createdAt": "2026-01-31T12:00:00.000Z",
                     *       "expiresAt": "2026-02-01T12:00:00.000Z",
                     *       "fileKey": "files/65ba5c80e0f1a2b3c4d5e6f7/65ba5c80c3f1a2b4d5e6f708",
                     *       "fileName": "report.pdf",
                     *       "fileSize": 10485760,
                     *       "mimeType": "application/pdf",
                     *       "onConflict": "keep",
                     *       "partSize": 16777216,
                     *       "parts": [
                     *         {
                     *           "eTag": "\"9a0364b9e99bb480dd25e1f0284c8555\"",
                     *           "partNumber": 1,
                     *           "size": 10485760
                     *         }
                     *       ],
                     *       "status": "open",
                     *       "uploadId": "5f1c9a7be2d048365f1c9a7be2d04836"
                     *     }
                     */
                    "application/json": components["schemas"]["StoredParts"];
                };
            };
        };
    };
    finalizeUpload: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "fileKey": "files/65ba5c80e0f1a2b3c4d5e6f7/65ba5c80c3f1a2b4d5e6f708",
                 *       "parts": [
                 *         {
                 *           "eTag": "\"9a0364b9e99bb480dd25e1f0284c8555\"",
                 *           "partNumber": 1
                 *         }
                 *       ],
                 *       "uploadId": "5f1c9a7be2d048365f1c9a7be2d04836"
                 *     }
                 */
                "application/json": components["schemas"]["FinalizeUpload"];
            };
        };
        responses: {
            /** @description The file. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "_id": "65ba5c80c3f1a2b4d5e6f708",
                     *       "createdAt": "2026-01-31T12:00:00.000Z",
                     *       "fileSize": 10485760,
                     *       "id": "65ba5c80c3f1a2b4d5e6f708",
                     *       "mimeType": "application/pdf",
                     *       "name": "report.pdf",
                     *       "owner": "65ba5c80aa01bb02cc03dd04",
                     *       "parent": "65ba5c80a0b1c2d3e4f50617",
                     *       "parentId": "65ba5c80a0b1c2d3e4f50617",
                     *       "size": 10485760,
                     *       "type": "file",
                     *       "updatedAt": "2026-01-31T12:00:00.000Z"
                     *     }
                     */
                    "application/json": components["schemas"]["Item"];
                };
            };
        };
    };
    abortUpload: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "fileKey": "files/65ba5c80e0f1a2b3c4d5e6f7/65ba5c80c3f1a2b4d5e6f708",
                 *       "uploadId": "5f1c9a7be2d048365f1c9a7be2d04836"
                 *     }
                 */
                "application/json": components["schemas"]["UploadKey"];
            };
        };
        responses: {
            /** @description The upload is over. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    listUploads: {
        parameters: {
            query?: {
                /** @description The `nextCursor` of the page before, whose other parameters were the same; without it, the first page. */
                cursor?: string;
                /** @description Most items of this page; 100 if it is not said. */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The page. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "nextCursor": null,
                     *       "uploads": [
                     *         {
                     *           "createdAt": "2026-01-31T12:00:00.000Z",
                     *           "expiresAt": "2026-02-01T12:00:00.000Z",
                     *           "fileKey": "files/65ba5c80e0f1a2b3c4d5e6f7/65ba5c80c3f1a2b4d5e6f708",
                     *           "fileName": "report.pdf",
                     *           "fileSize": 10485760,
                     *           "mimeType": "application/pdf",
                     *           "onConflict": "keep",
                     *           "partSize": 16777216,
                     *           "status": "open",
                     *           "uploadId": "5f1c9a7be2d048365f1c9a7be2d04836"
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["OpenUploads"];
                };
            };
        };
    };
    getItem: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The item's id. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The item. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "_id": "65ba5c80c3f1a2b4d5e6f708",
                     *       "createdAt": "2026-01-31T12:00:00.000Z",
                     *       "fileSize": 10485760,
                     *       "id": "65ba5c80c3f1a2b4d5e6f708",
                     *       "mimeType": "application/pdf",
                     *       "name": "report.pdf",
                     *       "owner": "65ba5c80aa01bb02cc03dd04",
                     *       "parent": "65ba5c80a0b1c2d3e4f50617",
                     *       "parentId": "65ba5c80a0b1c2d3e4f50617",
                     *       "size": 10485760,
                     *       "type": "file",
                     *       "updatedAt": "2026-01-31T12:00:00.000Z"
                     *     }
                     */
                    "application/json": components["schemas"]["Item"];
                };
            };
        };
    };
    trashItem: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The item's id. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is in the trash. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    changeItem: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The item's id. */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "name": "report-2026.pdf",
                 *       "parentId": null
                 *     }
                 */
                "application/json": components["schemas"]["ItemChange"];
            };
        };
        responses: {
            /** @description The item, as it is now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "_id": "65ba5c80c3f1a2b4d5e6f708",
                     *       "createdAt": "2026-01-31T12:00:00.000Z",
                     *       "fileSize": 10485760,
                     *       "id": "65ba5c80c3f1a2b4d5e6f708",
                     *       "mimeType": "application/pdf",
                     *       "name": "report.pdf",
                     *       "owner": "65ba5c80aa01bb02cc03dd04",
                     *       "parent": "65ba5c80a0b1c2d3e4f50617",
                     *       "parentId": "65ba5c80a0b1c2d3e4f50617",
                     *       "size": 10485760,
                     *       "type": "file",
                     *       "updatedAt": "2026-01-31T12:00:00.000Z"
                     *     }
                     */
                    "application/json": components["schemas"]["Item"];
                };
            };
        };
    };
    listAncestors: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The item's id. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The folders. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "ancestors": [
                     *         {
                     *           "_id": "65ba5c80a0b1c2d3e4f50617",
                     *           "createdAt": "2026-01-31T12:00:00.000Z",
                     *           "id": "65ba5c80a0b1c2d3e4f50617",
                     *           "name": "Reports",
                     *           "owner": "65ba5c80aa01bb02cc03dd04",
                     *           "type": "folder",
                     *           "updatedAt": "2026-01-31T12:00:00.000Z"
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["Ancestors"];
                };
            };
        };
    };
    getDownloadUrl: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The item's id. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The URL. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "url": "https://drive.example.com/dray/files/65ba5c80e0f1a2b3c4d5e6f7/65ba5c80c3f1a2b4d5e6f708?X-Amz-Signature=0123"
                     *     }
                     */
                    "application/json": components["schemas"]["DownloadUrl"];
                };
            };
        };
    };
    createFolder: {
        parameters: {
            query?: never;
            header?: {
                /** @description A text of the client's choice, new for each thing that is to be made (a UUID, say), in double quotes or without. A request that is sent again with the same key within a day makes nothing: it gets the answer of the first, without a secret that was shown once. Keys are each token's own; of one user the latest 10,000 are kept. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "name": "Reports"
                 *     }
                 */
                "application/json": components["schemas"]["NewFolder"];
            };
        };
        responses: {
            /** @description The folder. */
            200: {
                headers: {
                    /** @description `true` if an earlier request with the same key made what is answered. */
                    "Idempotency-Replayed"?: "true";
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "_id": "65ba5c80c3f1a2b4d5e6f708",
                     *       "createdAt": "2026-01-31T12:00:00.000Z",
                     *       "fileSize": 10485760,
                     *       "id": "65ba5c80c3f1a2b4d5e6f708",
                     *       "mimeType": "application/pdf",
                     *       "name": "report.pdf",
                     *       "owner": "65ba5c80aa01bb02cc03dd04",
                     *       "parent": "65ba5c80a0b1c2d3e4f50617",
                     *       "parentId": "65ba5c80a0b1c2d3e4f50617",
                     *       "size": 10485760,
                     *       "type": "file",
                     *       "updatedAt": "2026-01-31T12:00:00.000Z"
                     *     }
                     */
                    "application/json": components["schemas"]["Item"];
                };
            };
        };
    };
    listChildren: {
        parameters: {
            query?: {
                /** @description The `nextCursor` of the page before, whose other parameters were the same; without it, the first page. */
                cursor?: string;
                /** @description Most items of this page; 100 if it is not said. */
                limit?: number;
                /** @description What to sort by; `name` if it is not said. */
                sortBy?: "name" | "size" | "createdAt" | "updatedAt";
                /** @description Which way to sort; `asc` if it is not said. */
                sortOrder?: "asc" | "desc";
            };
            header?: never;
            path: {
                /** @description The folder's id, or `root`. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The page. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "_id": "65ba5c80a0b1c2d3e4f50617",
                     *           "createdAt": "2026-01-31T12:00:00.000Z",
                     *           "id": "65ba5c80a0b1c2d3e4f50617",
                     *           "name": "Reports",
                     *           "owner": "65ba5c80aa01bb02cc03dd04",
                     *           "type": "folder",
                     *           "updatedAt": "2026-01-31T12:00:00.000Z"
                     *         },
                     *         {
                     *           "_id": "65ba5c80c3f1a2b4d5e6f708",
                     *           "createdAt": "2026-01-31T12:00:00.000Z",
                     *           "fileSize": 10485760,
                     *           "id": "65ba5c80c3f1a2b4d5e6f708",
                     *           "mimeType": "application/pdf",
                     *           "name": "report.pdf",
                     *           "owner": "65ba5c80aa01bb02cc03dd04",
                     *           "size": 10485760,
                     *           "type": "file",
                     *           "updatedAt": "2026-01-31T12:00:00.000Z"
                     *         }
                     *       ],
                     *       "nextCursor": null
                     *     }
                     */
                    "application/json": components["schemas"]["ItemPage"];
                };
            };
        };
    };
    getTree: {
        parameters: {
            query?: {
                /** @description The folder to list; without it, the root. */
                parentId?: string;
                /** @description How many levels; 3 if it is not said. */
                depth?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The items. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "nextParentIds": [],
                     *       "root": [
                     *         {
                     *           "_id": "65ba5c80a0b1c2d3e4f50617",
                     *           "children": [],
                     *           "createdAt": "2026-01-31T12:00:00.000Z",
                     *           "hasChildren": true,
                     *           "id": "65ba5c80a0b1c2d3e4f50617",
                     *           "name": "Reports",
                     *           "owner": "65ba5c80aa01bb02cc03dd04",
                     *           "type": "folder",
                     *           "updatedAt": "2026-01-31T12:00:00.000Z"
                     *         }
                     *       ],
                     *       "totalItems": 1,
                     *       "truncated": false
                     *     }
                     */
                    "application/json": components["schemas"]["Tree"];
                };
            };
        };
    };
    search: {
        parameters: {
            query: {
                /** @description Words, or how they begin. */
                q: string;
                /** @description What to sort by; `updatedAt` if it is not said. */
                sortBy?: "createdAt" | "updatedAt" | "name";
                /** @description Which way to sort; `desc` if it is not said. */
                sortOrder?: "asc" | "desc";
                /** @description Most hits; 20 if it is not said. */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The first hits, and how many there are. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "hits": [
                     *         {
                     *           "_id": "65ba5c80c3f1a2b4d5e6f708",
                     *           "createdAt": "2026-01-31T12:00:00.000Z",
                     *           "fileSize": 10485760,
                     *           "id": "65ba5c80c3f1a2b4d5e6f708",
                     *           "mimeType": "application/pdf",
                     *           "name": "report.pdf",
                     *           "owner": "65ba5c80aa01bb02cc03dd04",
                     *           "size": 10485760,
                     *           "type": "file",
                     *           "updatedAt": "2026-01-31T12:00:00.000Z"
                     *         }
                     *       ],
                     *       "query": "rep",
                     *       "totalHits": 1,
                     *       "totalIsExact": true
                     *     }
                     */
                    "application/json": components["schemas"]["SearchHits"];
                };
            };
        };
    };
    restoreItem: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The item's id. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The item, where it is now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "_id": "65ba5c80c3f1a2b4d5e6f708",
                     *       "createdAt": "2026-01-31T12:00:00.000Z",
                     *       "fileSize": 10485760,
                     *       "id": "65ba5c80c3f1a2b4d5e6f708",
                     *       "mimeType": "application/pdf",
                     *       "name": "report.pdf",
                     *       "owner": "65ba5c80aa01bb02cc03dd04",
                     *       "parent": "65ba5c80a0b1c2d3e4f50617",
                     *       "parentId": "65ba5c80a0b1c2d3e4f50617",
                     *       "size": 10485760,
                     *       "type": "file",
                     *       "updatedAt": "2026-01-31T12:00:00.000Z"
                     *     }
                     */
                    "application/json": components["schemas"]["Item"];
                };
            };
        };
    };
    purgeItem: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The item's id. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is removed. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    listTrash: {
        parameters: {
            query?: {
                /** @description The `nextCursor` of the page before, whose other parameters were the same; without it, the first page. */
                cursor?: string;
                /** @description Most items of this page; 100 if it is not said. */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The page. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "_id": "65ba5c80c3f1a2b4d5e6f708",
                     *           "createdAt": "2026-01-31T12:00:00.000Z",
                     *           "fileSize": 10485760,
                     *           "id": "65ba5c80c3f1a2b4d5e6f708",
                     *           "mimeType": "application/pdf",
                     *           "name": "report.pdf",
                     *           "owner": "65ba5c80aa01bb02cc03dd04",
                     *           "removedAt": "2026-03-03T12:00:00.000Z",
                     *           "size": 10485760,
                     *           "trashedAt": "2026-02-01T12:00:00.000Z",
                     *           "type": "file",
                     *           "updatedAt": "2026-01-31T12:00:00.000Z"
                     *         }
                     *       ],
                     *       "nextCursor": null
                     *     }
                     */
                    "application/json": components["schemas"]["TrashPage"];
                };
            };
        };
    };
    emptyTrash: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was removed. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "removed": 1
                     *     }
                     */
                    "application/json": components["schemas"]["EmptiedTrash"];
                };
            };
        };
    };
    listShared: {
        parameters: {
            query?: {
                /** @description The `nextCursor` of the page before, whose other parameters were the same; without it, the first page. */
                cursor?: string;
                /** @description Most items of this page; 100 if it is not said. */
                limit?: number;
                /** @description What to sort by; `name` if it is not said. */
                sortBy?: "name" | "size" | "createdAt" | "updatedAt";
                /** @description Which way to sort; `asc` if it is not said. */
                sortOrder?: "asc" | "desc";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The page. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "_id": "65ba5c80a0b1c2d3e4f50617",
                     *           "createdAt": "2026-01-31T12:00:00.000Z",
                     *           "id": "65ba5c80a0b1c2d3e4f50617",
                     *           "name": "Reports",
                     *           "owner": "65ba5c80aa01bb02cc03dd04",
                     *           "type": "folder",
                     *           "updatedAt": "2026-01-31T12:00:00.000Z"
                     *         },
                     *         {
                     *           "_id": "65ba5c80c3f1a2b4d5e6f708",
                     *           "createdAt": "2026-01-31T12:00:00.000Z",
                     *           "fileSize": 10485760,
                     *           "id": "65ba5c80c3f1a2b4d5e6f708",
                     *           "mimeType": "application/pdf",
                     *           "name": "report.pdf",
                     *           "owner": "65ba5c80aa01bb02cc03dd04",
                     *           "size": 10485760,
                     *           "type": "file",
                     *           "updatedAt": "2026-01-31T12:00:00.000Z"
                     *         }
                     *       ],
                     *       "nextCursor": null
                     *     }
                     */
                    "application/json": components["schemas"]["ItemPage"];
                };
            };
        };
    };
    listParticipants: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The item's id. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Who has which role. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "participants": [
                     *         {
                     *           "email": "alice@example.com",
                     *           "inheritedFrom": "65ba5c80a0b1c2d3e4f50617",
                     *           "name": "Alice",
                     *           "role": "owner",
                     *           "userId": "65ba5c80aa01bb02cc03dd04"
                     *         },
                     *         {
                     *           "email": "bob@example.com",
                     *           "name": "Bob",
                     *           "role": "member",
                     *           "userId": "65ba5c80bb02cc03dd04ee05"
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["Participants"];
                };
            };
        };
    };
    putParticipant: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The item's id. */
                id: string;
                /** @description The user's id. */
                userId: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "role": "member"
                 *     }
                 */
                "application/json": components["schemas"]["NewRole"];
            };
        };
        responses: {
            /** @description Who has the role now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "email": "bob@example.com",
                     *       "name": "Bob",
                     *       "role": "member",
                     *       "userId": "65ba5c80bb02cc03dd04ee05"
                     *     }
                     */
                    "application/json": components["schemas"]["Participant"];
                };
            };
        };
    };
    removeParticipant: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The item's id. */
                id: string;
                /** @description The user's id. */
                userId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description They have it no more. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    listLinks: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The item's id. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The links. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "links": [
                     *         {
                     *           "createdAt": "2026-01-31T12:00:00.000Z",
                     *           "createdBy": "65ba5c80aa01bb02cc03dd04",
                     *           "downloads": 3,
                     *           "expiresAt": "2026-02-28T12:00:00.000Z",
                     *           "hasPassword": true,
                     *           "id": "65ba5c80dd04ee05ff060718",
                     *           "itemId": "65ba5c80c3f1a2b4d5e6f708",
                     *           "url": "https://drive.example.com/l/Yx0dC3vQn5m1"
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["Links"];
                };
            };
        };
    };
    createLink: {
        parameters: {
            query?: never;
            header?: {
                /** @description A text of the client's choice, new for each thing that is to be made (a UUID, say), in double quotes or without. A request that is sent again with the same key within a day makes nothing: it gets the answer of the first, without a secret that was shown once. Keys are each token's own; of one user the latest 10,000 are kept. */
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description The item's id. */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "expiresAt": "2036-01-31T12:00:00Z",
                 *       "password": "correct horse"
                 *     }
                 */
                "application/json": components["schemas"]["NewLink"];
            };
        };
        responses: {
            /** @description The link. */
            200: {
                headers: {
                    /** @description `true` if an earlier request with the same key made what is answered. */
                    "Idempotency-Replayed"?: "true";
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "createdAt": "2026-01-31T12:00:00.000Z",
                     *       "createdBy": "65ba5c80aa01bb02cc03dd04",
                     *       "downloads": 3,
                     *       "expiresAt": "2026-02-28T12:00:00.000Z",
                     *       "hasPassword": true,
                     *       "id": "65ba5c80dd04ee05ff060718",
                     *       "itemId": "65ba5c80c3f1a2b4d5e6f708",
                     *       "url": "https://drive.example.com/l/Yx0dC3vQn5m1"
                     *     }
                     */
                    "application/json": components["schemas"]["Link"];
                };
            };
        };
    };
    revokeLink: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The item's id. */
                id: string;
                /** @description The link's id. */
                linkId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is revoked. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    getWorkspace: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The workspace. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "_id": "65ba5c80e0f1a2b3c4d5e6f7",
                     *       "createdAt": "2026-01-31T12:00:00.000Z",
                     *       "description": "",
                     *       "name": "Default",
                     *       "seats": 1,
                     *       "slug": "default",
                     *       "updatedAt": "2026-01-31T12:00:00.000Z"
                     *     }
                     */
                    "application/json": components["schemas"]["WorkspaceInfo"];
                };
            };
        };
    };
    listMembers: {
        parameters: {
            query?: {
                /** @description A part of their name or address. */
                q?: string;
                /** @description Most members of this page; 100 if it is not said. */
                limit?: number;
                /** @description How many to skip; 0 if it is not said. */
                offset?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The page. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "limit": 100,
                     *       "members": [
                     *         {
                     *           "_id": "65ba5c80aa01bb02cc03dd04",
                     *           "active": true,
                     *           "createdAt": "2026-01-31T12:00:00.000Z",
                     *           "email": "alice@example.com",
                     *           "name": "Alice",
                     *           "status": "active",
                     *           "type": "member"
                     *         }
                     *       ],
                     *       "offset": 0,
                     *       "total": 1
                     *     }
                     */
                    "application/json": components["schemas"]["Members"];
                };
            };
        };
    };
    getUsage: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What they use. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": 2,
                     *       "openUploads": 1,
                     *       "quotaBytes": null,
                     *       "reservedBytes": 1048576,
                     *       "uploadingBytes": 0,
                     *       "usedBytes": 10485760
                     *     }
                     */
                    "application/json": components["schemas"]["Usage"];
                };
            };
        };
    };
    listTokens: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The tokens. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "tokens": [
                     *         {
                     *           "createdAt": "2026-01-31T12:00:00.000Z",
                     *           "expiresAt": "2026-03-02T12:00:00.000Z",
                     *           "folderId": "65ba5c80a0b1c2d3e4f50617",
                     *           "id": "65ba5c80ee05ff0607182930",
                     *           "name": "backup",
                     *           "parentId": "65ba5c80c0ffee0607182930",
                     *           "rotateUntil": "2026-03-02T12:00:00.000Z",
                     *           "scopes": [
                     *             "drive_upload"
                     *           ]
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["Tokens"];
                };
            };
        };
    };
    createToken: {
        parameters: {
            query?: never;
            header?: {
                /** @description A text of the client's choice, new for each thing that is to be made (a UUID, say), in double quotes or without. A request that is sent again with the same key within a day makes nothing: it gets the answer of the first, without a secret that was shown once. Keys are each token's own; of one user the latest 10,000 are kept. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "name": "backup",
                 *       "scopes": [
                 *         "drive_upload"
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["NewToken"];
            };
        };
        responses: {
            /** @description The token. Its secret is shown this once. */
            200: {
                headers: {
                    /** @description `true` if an earlier request with the same key made what is answered. */
                    "Idempotency-Replayed"?: "true";
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "createdAt": "2026-01-31T12:00:00.000Z",
                     *       "expiresAt": "2026-03-02T12:00:00.000Z",
                     *       "folderId": "65ba5c80a0b1c2d3e4f50617",
                     *       "id": "65ba5c80ee05ff0607182930",
                     *       "name": "backup",
                     *       "parentId": "65ba5c80c0ffee0607182930",
                     *       "rotateUntil": "2026-03-02T12:00:00.000Z",
                     *       "scopes": [
                     *         "drive_upload"
                     *       ],
                     *       "token": "cp_pat_…"
                     *     }
                     */
                    "application/json": components["schemas"]["CreatedToken"];
                };
            };
        };
    };
    rotateToken: {
        parameters: {
            query?: never;
            header?: {
                /** @description A text of the client's choice, new for each thing that is to be made (a UUID, say), in double quotes or without. A request that is sent again with the same key within a day makes nothing: it gets the answer of the first, without a secret that was shown once. Keys are each token's own; of one user the latest 10,000 are kept. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "endOldNow": true
                 *     }
                 */
                "application/json": components["schemas"]["RotateToken"];
            };
        };
        responses: {
            /** @description The new token. Its secret is shown this once. */
            200: {
                headers: {
                    /** @description `true` if an earlier request with the same key made what is answered. */
                    "Idempotency-Replayed"?: "true";
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "createdAt": "2026-01-31T12:00:00.000Z",
                     *       "expiresAt": "2026-03-02T12:00:00.000Z",
                     *       "folderId": "65ba5c80a0b1c2d3e4f50617",
                     *       "id": "65ba5c80ee05ff0607182930",
                     *       "name": "backup",
                     *       "parentId": "65ba5c80c0ffee0607182930",
                     *       "rotateUntil": "2026-03-02T12:00:00.000Z",
                     *       "scopes": [
                     *         "drive_upload"
                     *       ],
                     *       "token": "cp_pat_…"
                     *     }
                     */
                    "application/json": components["schemas"]["CreatedToken"];
                };
            };
        };
    };
    revokeToken: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The id of the token's record. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is revoked. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    followLink: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description What makes the link's address a secret. */
                slug: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The file is there. */
            307: {
                headers: {
                    /** @description A signed GET of its bytes. */
                    Location?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    isAlive: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /** @example ok */
                    "text/plain": string;
                };
            };
        };
    };
    isReady: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It can. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /** @example ready */
                    "text/plain": string;
                };
            };
        };
    };
    getOpenApi: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The document. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "openapi": "3.1.0"
                     *     }
                     */
                    "application/json": Record<string, never>;
                };
            };
        };
    };
}

/** Each operation's method and path. */
export const ROUTES = {
  abortUpload: ["POST", "/public/v1/drive/files/upload/multipart/abort"],
  changeItem: ["PATCH", "/public/v1/drive/files/{id}"],
  createFolder: ["POST", "/public/v1/drive/folders"],
  createLink: ["POST", "/public/v1/drive/files/{id}/links"],
  createToken: ["POST", "/public/v1/tokens"],
  emptyTrash: ["DELETE", "/public/v1/drive/trash"],
  finalizeUpload: ["POST", "/public/v1/drive/files/upload/multipart/finalize"],
  followLink: ["GET", "/l/{slug}"],
  getDownloadUrl: ["GET", "/public/v1/drive/files/{id}/download"],
  getItem: ["GET", "/public/v1/drive/files/{id}"],
  getOpenApi: ["GET", "/openapi.json"],
  getTree: ["GET", "/public/v1/drive/tree"],
  getUsage: ["GET", "/public/v1/drive/usage"],
  getWorkspace: ["GET", "/public/v1/workspace/info"],
  isAlive: ["GET", "/healthz"],
  isReady: ["GET", "/readyz"],
  listAncestors: ["GET", "/public/v1/drive/files/{id}/ancestors"],
  listChildren: ["GET", "/public/v1/drive/folders/{id}/children"],
  listLinks: ["GET", "/public/v1/drive/files/{id}/links"],
  listMembers: ["GET", "/public/v1/workspace/members"],
  listParticipants: ["GET", "/public/v1/drive/files/{id}/participants"],
  listParts: ["POST", "/public/v1/drive/files/upload/multipart/parts"],
  listShared: ["GET", "/public/v1/drive/shared"],
  listTokens: ["GET", "/public/v1/tokens"],
  listTrash: ["GET", "/public/v1/drive/trash"],
  listUploads: ["GET", "/public/v1/drive/uploads"],
  presignParts: ["POST", "/public/v1/drive/files/upload/multipart/presigned-urls"],
  purgeItem: ["DELETE", "/public/v1/drive/trash/{id}"],
  putParticipant: ["PUT", "/public/v1/drive/files/{id}/participants/{userId}"],
  removeParticipant: ["DELETE", "/public/v1/drive/files/{id}/participants/{userId}"],
  restoreItem: ["POST", "/public/v1/drive/files/{id}/restore"],
  revokeLink: ["DELETE", "/public/v1/drive/files/{id}/links/{linkId}"],
  revokeToken: ["DELETE", "/public/v1/tokens/{id}"],
  rotateToken: ["POST", "/public/v1/tokens/rotate"],
  search: ["GET", "/public/v1/drive/search"],
  startUpload: ["POST", "/public/v1/drive/files/upload/multipart/start"],
  trashItem: ["DELETE", "/public/v1/drive/files/{id}"],
} as const satisfies Record<keyof operations, readonly [string, string]>;
