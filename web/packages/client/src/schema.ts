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
         * @description Returns the ids that the next steps need, and how Dray recommends to cut the file. Any other cut that S3 accepts
         *     works as well. The upload expires when nobody has signed or listed its parts for 24 hours, or after 7 days.
         *     `onConflict` says what finalize does if the folder has a file of this name by then: `fail` needs a token that may
         *     read, `replace` a token with `access_drive`. With a grant (`cp_grant_…`) as bearer token, the grant says where the
         *     file goes and what happens if the name is taken.
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
         * @description One URL for each part: a signed S3 `UploadPart`. Until the URL expires, anyone who has it can `PUT` that part's
         *     bytes. Finalize needs the `ETag` of the store's answer. This call may be repeated at any time before finalize.
         *     With `partNumbers` the server signs only those parts, and with `contentLengths` each URL accepts exactly that many
         *     bytes. A part has 5 MiB to 5 GiB; the last one may have less.
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
         * @description What the store has of the caller's upload. It is enough to continue the upload from anywhere. The call extends the
         *     upload's expiry, as signing does, unless `keepAlive` is false.
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
         * @description Creates the file once every byte is there: the parts must add up to the announced `fileSize`. It can be repeated
         *     from anywhere: the same list of parts returns the same item. Without a list, it takes every part that the store
         *     has. With `checksum`, the server creates the file only if its bytes have that checksum. After a refusal the upload
         *     is still open, unless it is gone (410) or its name was taken at the last moment. If its folder is gone or closed
         *     to the uploader, the file goes to the uploader's root, under a free name; an upload of a confined token waits
         *     instead (409). A token that has only `drive_upload` gets the file as it was announced.
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
         * @description The store removes its parts. Aborting again changes nothing.
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
    "/public/v1/drive/files/upload/batch/start": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Start many small files
         * @description Up to 1,000 files of up to 8 MiB, each with its name or its path. In one transaction, the missing folders of the
         *     paths are created, and every file gets its own upload with one signed URL. Send the whole file with one `PUT` to
         *     this URL, with exactly the headers of the answer; then `batch/finalize` creates the files. Once a file is
         *     finalized, its URL changes nothing any more.
         *
         *     If the answer has a `pipeline`, the store also takes many of these `PUT`s in the body of one `POST`, which saves the
         *     cost of a request for each file.
         *
         *     A file that cannot be started gets an `error`, and the others are started all the same. If a file has a `checksum`,
         *     and the caller already has a file with the same name, place and bytes, the answer is that file's `item`. A repeat
         *     with the same `Idempotency-Key` answers the same uploads with new URLs, and tries the refused files again.
         *
         *     With a grant, each file is started if it fits into what the grant has left, in the order of the request. Its path
         *     must be a name, because a grant creates no folders.
         *
         *     Scope: `drive_upload` (or `access_drive`).
         */
        post: operations["startFiles"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/public/v1/drive/files/upload/batch/finalize": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Finalize many small files
         * @description Creates the files whose bytes have arrived. Each file gets its own `item` or `error`: some may succeed while
         *     others fail. It can be repeated from any machine, with the files grouped in any way: for a file that was already
         *     finalized, the answer is its item again. A file whose `PUT` has not arrived is refused with `invalid_part`, and
         *     its upload stays open. For each file, names, folders and tokens are treated as `multipart/finalize` describes.
         *
         *     Scope: `drive_upload` (or `access_drive`).
         */
        post: operations["finalizeFiles"];
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
         * List the caller's unfinished uploads
         * @description The caller's unfinished uploads, page by page, the latest first.
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
    "/public/v1/drive/grants": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List grants
         * @description Page by page, the latest first: the grants that the caller's token created, and those of the tokens that come from
         *     it. A token that an operator created sees all grants of its user, if it may read and is not confined to a folder.
         *
         *     Scope: `drive_upload` (or `access_drive`).
         */
        get: operations["listGrants"];
        put?: never;
        /**
         * Create a grant
         * @description A backend creates one grant for one person's page. The page sends it as its bearer token in the five calls of an
         *     upload (`start`, `presigned-urls`, `parts`, `finalize`, `abort`). A grant works only for the uploads that it
         *     started. The server checks its limits twice: at `start`, which reserves the announced bytes, and at finalize, for
         *     the stored bytes. A grant has no more rights, folders or lifetime than the token that creates it, and ends with
         *     that token. Its holder learns nothing about other files: answers repeat the name that the holder gave.
         *
         *     Scope: `drive_upload` (or `access_drive`).
         */
        post: operations["createGrant"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/public/v1/drive/grants/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get a grant
         * @description What the grant allows, and how much of it is used.
         *
         *     Scope: `drive_upload` (or `access_drive`).
         */
        get: operations["getGrant"];
        put?: never;
        post?: never;
        /**
         * Revoke a grant
         * @description The grant is invalid at once, and the server aborts its unfinished uploads. Its finished files stay.
         *
         *     Scope: `drive_upload` (or `access_drive`).
         */
        delete: operations["revokeGrant"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/public/v1/drive/grants/{id}/uploads": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List a grant's uploads
         * @description Every upload that was started with the grant, page by page, the latest first. Each comes with its state, its item,
         *     and the grant's `externalId` and `metadata`. A backend that missed a webhook finds here what it needs.
         *
         *     Scope: `drive_upload` (or `access_drive`).
         */
        get: operations["listGrantUploads"];
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
         * @description A file or a folder that the caller owns, or that is shared with the caller directly or through a folder above it.
         *     The answer includes the caller's role.
         *
         *     Scope: `drive_read` (or `access_drive`).
         */
        get: operations["getItem"];
        put?: never;
        post?: never;
        /**
         * Put an item into the trash
         * @description Everything below a folder goes with it. The item can be restored until the server or a person removes it permanently.
         *
         *     Scope: `access_drive`.
         */
        delete: operations["trashItem"];
        options?: never;
        head?: never;
        /**
         * Rename or move an item
         * @description Absent fields stay as they are. A `parentId` of null moves the item to its owner's root, which only the owner may
         *     do. Renaming needs the role `member` on the item. Moving needs that role on the folder that the item is in and on
         *     the folder that it goes to. If the move changes who can reach the item, or with which role, it also needs `admin`
         *     on the item. Nobody can give others, or themselves, a higher role than their own.
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
         * @description Only those that the caller can see, the topmost first.
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
         * @description A signed GET of the bytes, directly from the object store. It accepts ranges, and browsers save the file under the
         *     item's own name. It is valid for three hours, unless the operator sets another time.
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
         * Create a folder
         * @description Two folders in one place may have the same name. Folders can be nested 100 deep.
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
         * @description One level, page by page, whatever the folder's size: folders first, then files. `root` is the caller's own root
         *     together with what others share with them. For a token that is confined to a folder, `root` is that folder.
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
         * @description Breadth first, at most 500 items. If there are more, `truncated` is true and `nextParentIds` has the folders to
         *     continue with.
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
         * @description The items whose names have every word of `q`, or a word that begins with it. Case, accents and punctuation do not
         *     matter. A query without a letter or a digit finds nothing.
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
         * @description The item goes back to its folder, or to its owner's root if the folder is gone or closed to the caller.
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
         * Remove an item permanently
         * @description Removes an item of the trash, and everything below it. Only its owner may do this.
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
         * @description What the caller owns, directly or through a folder above, and what the caller put into the trash, page by page,
         *     the latest first. The content of a trashed folder is not listed. Bytes that an upload replaced are in the trash
         *     too, as an item.
         *
         *     Scope: `drive_read` (or `access_drive`).
         */
        get: operations["listTrash"];
        put?: never;
        post?: never;
        /**
         * Empty the trash
         * @description Removes permanently everything in the caller's trash that the caller may remove.
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
         * @description The items on which the caller was given a role, page by page. The content of a shared folder is not listed.
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
         * @description The roles on the item itself, and on folders above it that the caller can see. Each role includes those before it:
         *     `viewer` reads and downloads; `member` also uploads, creates folders and changes items; `admin` also decides who
         *     else has a role; `owner` is the item's owner.
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
         * @description The role also holds for everything below the item. It replaces the role that the user had on the item. This needs
         *     the role `admin`. The role `owner` cannot be given.
         *
         *     Scope: `access_drive`.
         */
        put: operations["putParticipant"];
        post?: never;
        /**
         * Take a user's role on an item away
         * @description This needs the role `admin`; anybody may give up their own role.
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
         * @description Expired ones included. This needs the role `admin` on the file.
         *
         *     Scope: `access_drive`.
         */
        get: operations["listLinks"];
        put?: never;
        /**
         * Create a public link to a file
         * @description Anyone who has its address can download the file, without a token, until the link expires, is revoked, the file is gone,
         *     or its creator is no longer an `admin` of the file. This needs the role `admin` on the file; a file has at most 100 links.
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
         * @description It stops working at once. This needs the role `admin` on the file.
         *
         *     Scope: `access_drive`.
         */
        delete: operations["revokeLink"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/public/v1/drive/requests": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List file requests
         * @description The requests that the caller's user has created, or with `folderId` all requests to that folder, page by page, the
         *     latest first. Closed ones are included. `folderId` needs the role `admin` on the folder.
         *
         *     Scope: `access_drive`.
         */
        get: operations["listRequests"];
        put?: never;
        /**
         * Create a file request
         * @description Creates an address at which people without an account can upload files into a folder. The files belong to the user
         *     who created the request. It works until its deadline, until somebody closes it, or until that user is no longer an
         *     `admin` of the folder. This needs the role `admin` on the folder; a user has at most 1,000 requests.
         *
         *     Scope: `access_drive`.
         */
        post: operations["createRequest"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/public/v1/drive/requests/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get a file request
         * @description This needs the role `admin` on its folder, or to have created it.
         *
         *     Scope: `access_drive`.
         */
        get: operations["getRequest"];
        put?: never;
        post?: never;
        /**
         * Delete a file request
         * @description Also deletes the list of its submitters, and aborts unfinished uploads. Files that have arrived stay. Once files have
         *     arrived, only an owner of the folder may delete the request, because the list says who sent what; everybody else can
         *     close it. Before, this needs the role `admin` on its folder, or to have created it.
         *
         *     Scope: `access_drive`.
         */
        delete: operations["deleteRequest"];
        options?: never;
        head?: never;
        /**
         * Change, close or reopen a file request
         * @description Fields that the body does not have stay as they are. Closing a request aborts its unfinished uploads; files that
         *     have arrived stay. After a change of the password, submitters must enter the new one before they can start another
         *     upload. Only whoever created the request may change everything. Another `admin` of its folder may close it, set an
         *     earlier deadline or smaller limits, and set a password if it has none. Whoever created it and is no longer an `admin` of
         *     its folder may only close it.
         *
         *     Scope: `access_drive`.
         */
        patch: operations["changeRequest"];
        trace?: never;
    };
    "/public/v1/drive/requests/{id}/submissions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the uploads to a file request
         * @description Every upload with its submitter, finished or not, page by page, the latest first. Aborted uploads are left out. This
         *     needs the role `admin` on its folder.
         *
         *     Scope: `access_drive`.
         */
        get: operations["listSubmissions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/public/v1/search": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Find things of the workspace
         * @description Like `GET /drive/search`, in the form that the published clients of the Copera API read: files and folders are things of
         *     one type, "driveContent", and times are numbers.
         *
         *     Scope: `drive_read` (or `access_drive`).
         */
        get: operations["searchWorkspace"];
        put?: never;
        post?: never;
        delete?: never;
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
         * @description The workspace that the token belongs to.
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
         * @description One page, oldest members first.
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
         * Get the caller's usage
         * @description How much the caller stores in the workspace, the trash included, and their quota.
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
         * @description Without their secrets, including those that have ended. A token that another token created sees only itself and
         *     the tokens that come from it: those that it created, and those that it replaced. A token that an operator created
         *     sees all tokens of its user.
         *
         *     Scope: `access_drive`.
         */
        get: operations["listTokens"];
        put?: never;
        /**
         * Create a token
         * @description The new token can do no more than the caller's token: `access_drive` allows everything, `drive_read` reads and
         *     downloads, `drive_upload` uploads and creates folders. With `folderId` it is confined to that folder and what is
         *     below it. It ends when the token that creates it ends, and is revoked with it. If that token is rotated, the new token
         *     belongs to its replacement, and revoking the replaced one does not end it: see `withReplacements` of `DELETE /tokens/{id}`.
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
         * Rotate the caller's token
         * @description A new token replaces it, with the same scopes and folder. Tokens that the old one created belong to the new one.
         *     The old one stays valid for a day at most. The new one ends at `rotateUntil` at the latest. The creator of the
         *     first token set that time, and rotation does not change it. Any token may rotate itself, once.
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
         * @description One of the tokens that the caller can list. It is invalid at once, and so are the tokens that it created and those
         *     that it replaced. A token may revoke itself. If the token was replaced by rotation, its replacement goes on, with
         *     what the token created: `withReplacements=true` ends these as well, for example after a secret has leaked, because
         *     whoever had it may have replaced it. The caller must be able to list the replacement.
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
         * @description Redirects to the file's bytes: a signed GET in the object store, valid for fifteen minutes at most.
         *     A HEAD is redirected to a signed HEAD, and does not count as a download. The link asks for its password, if it has one, by HTTP Basic
         *     authentication, with any user name. An address that sent many wrong passwords has to wait.
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
    "/r/{slug}/open": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Open a file request
         * @description Returns what the page of the request shows. No token is needed, only the address and, if there is one, the password.
         *     A submitter can send their grant as the bearer instead of the password. A client that has sent many wrong passwords
         *     has to wait.
         */
        post: operations["openRequest"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/r/{slug}/submitters": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Become a submitter of a file request
         * @description Returns a grant, which is the bearer for the calls of an upload, within the limits of the request. No token is
         *     needed. Dray forgets submitters who start no upload within an hour. A client that becomes a submitter very often has
         *     to wait.
         */
        post: operations["addSubmitter"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/r/{slug}/uploads": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the files that a submitter has sent
         * @description The files of this submitter that have arrived, page by page, the latest first. The bearer is the submitter's grant;
         *     it reads this list also after the request is closed.
         */
        get: operations["listSentFiles"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/public/v1/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Whether the process is up, as published clients ask
         * @description The same as `/healthz`, where the published clients of the Copera API ask for it.
         */
        get: operations["getHealth"];
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
         * @description It does not check the database or the store.
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
         * @description Checks the database and the object store. The result of the last second is used again. A second line says if this
         *     machine's clock is wrong: the server then uses the drive's time, and removes nothing because of its age.
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
         * @description OpenAPI 3.1, made from the routes and types of this server.
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
        /**
         * @description Whether a submitter is asked for something.
         * @enum {string}
         */
        Asks: "no" | "optional" | "required";
        /** @description A checksum of a whole file. */
        Checksum: {
            /** @description CRC-64/NVME of all bytes, big-endian, in base64, as in S3's `x-amz-checksum-crc64nvme`. */
            crc64nvme: string;
        };
        /** @description Answer of `POST /drive/grants`. */
        CreatedGrant: components["schemas"]["Grant"] & {
            /**
             * @description The secret for the page, `cp_grant_…`: its bearer token. It is shown only once: a repeat with the same
             *     `Idempotency-Key` does not have it.
             */
            grant?: string;
        };
        /** @description Answer of `POST /r/{slug}/submitters`. */
        CreatedSubmitter: {
            /**
             * @description The submitter's bearer: `cp_grant_…`. It is valid for the calls of an upload and for `GET /r/{slug}/uploads`. It
             *     is shown only once.
             */
            grant: string;
            /**
             * Format: date-time
             * @description When the bearer expires.
             */
            expiresAt: string;
        };
        /** @description Answer of `POST /tokens` and `POST /tokens/rotate`. */
        CreatedToken: components["schemas"]["Token"] & {
            /**
             * @description The secret. The server shows it only once: the answer to a repeat with the same `Idempotency-Key` does not
             *     have it.
             */
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
             * @description How many items were in the trash, not counting the content of trashed folders.
             */
            removed: number;
        };
        /**
         * @description What `GET /search` finds.
         * @enum {string}
         */
        EntityType: "driveContent";
        /** @description The body of every answer that is not a success. */
        ErrorBody: {
            /**
             * Format: int32
             * @description The HTTP status.
             */
            statusCode: number;
            /** @description The reason phrase of the status. */
            error: string;
            /** @description What went wrong, for programs. */
            code: components["schemas"]["ErrorCode"];
            /** @description What went wrong and what to do, for people. */
            message: string;
            /**
             * Format: int64
             * @description How many seconds to wait before asking again (429 and 503).
             */
            retryAfter?: number;
        };
        /**
         * @description What went wrong, for programs. The texts never change.
         * @enum {string}
         */
        ErrorCode: "invalid_json" | "invalid_field" | "invalid_name" | "invalid_parameter" | "impossible_part_count" | "invalid_part" | "part_too_small" | "size_mismatch" | "checksum_mismatch" | "checksum_unproven" | "file_too_large" | "file_type_not_allowed" | "file_type_mismatch" | "not_a_file" | "not_a_folder" | "too_deep" | "missing_token" | "invalid_token" | "expired_token" | "revoked_token" | "wrong_token_kind" | "missing_scope" | "no_search_types" | "confined_token" | "role_too_low" | "link_password" | "request_password" | "request_of_others" | "not_found" | "upload_not_found" | "user_not_found" | "participant_not_found" | "link_not_found" | "token_not_found" | "grant_not_found" | "request_not_found" | "route_not_found" | "method_not_allowed" | "finalized_differently" | "already_finalized" | "finalize_in_progress" | "into_itself" | "name_taken" | "upload_folder_closed" | "token_rotated" | "idempotency_key_reused" | "idempotency_key_in_use" | "too_many_uploads" | "grant_used_up" | "request_full" | "owner_is_fixed" | "upload_aborted" | "upload_expired" | "item_gone" | "request_closed" | "body_too_large" | "unsupported_media_type" | "rate_limited" | "internal" | "store_lacks_operation" | "store_unreachable" | "database_unreachable" | "busy" | "finalize_pending" | "timeout" | "quota_exceeded" | "no_space";
        /** @description A file to finalize. */
        FileKey: {
            /** @description From `batch/start`. */
            uploadId: string;
            /** @description From `batch/start`. */
            fileKey: string;
            checksum?: components["schemas"]["Checksum"] | null;
        };
        /** @description A file request. */
        FileRequest: {
            /** @description Its id. */
            id: components["schemas"]["RequestId"];
            /**
             * Format: uri
             * @description The address for submitters.
             */
            url: string;
            /** @description The folder that the files go to. */
            folderId: components["schemas"]["ItemId"];
            /** @description The user who created the request and owns the files. */
            createdBy: components["schemas"]["UserId"];
            /** @description The title of the page. */
            title: string;
            /** @description A text below the title, which may have several lines. */
            message: string;
            /**
             * Format: date-time
             * @description When the request closes by itself; absent means never.
             */
            deadline?: string;
            /**
             * Format: date-time
             * @description When somebody closed the request; absent if nobody did.
             */
            closedAt?: string;
            /** @description Whether submitters must enter a password. */
            hasPassword: boolean;
            /** @description Whether the page asks submitters for their name. */
            asksName: components["schemas"]["Asks"];
            /** @description Whether the page asks submitters for their email address. */
            asksEmail: components["schemas"]["Asks"];
            /** @description Whether each submitter gets a folder of their own. */
            folderEach: boolean;
            /**
             * Format: int32
             * @description The maximum number of submitters.
             */
            maxSubmitters: number;
            /**
             * Format: int32
             * @description The maximum number of files of each submitter.
             */
            maxFiles: number;
            /**
             * Format: int64
             * @description The maximum number of bytes of each file, if the request limits them.
             */
            maxFileBytes?: number;
            /**
             * Format: int64
             * @description The maximum number of bytes of all files of one submitter, if the request limits them.
             */
            maxBytes?: number;
            /**
             * Format: int32
             * @description The maximum number of files of all submitters together, if the request limits them.
             */
            maxTotalFiles?: number;
            /**
             * Format: int64
             * @description The maximum number of bytes of all files of all submitters together, if the request limits them.
             */
            maxTotalBytes?: number;
            /** @description The accepted types of files; empty means any. */
            types: string[];
            /** @description What to do if the folder has a file of the same name. */
            onConflict: components["schemas"]["OnConflict"];
            /**
             * Format: int64
             * @description How many submitters have an upload that is unfinished or finished.
             */
            submitters: number;
            /**
             * Format: date-time
             * @description When the request was created: RFC 3339 in UTC with milliseconds.
             */
            createdAt: string;
        };
        /** @description Answer of `GET /drive/requests`. */
        FileRequests: {
            /** @description The requests, the latest first. */
            requests: components["schemas"]["FileRequest"][];
            /** @description The cursor of the next page; null on the last page. */
            nextCursor: string | null;
        };
        /** @description How a file is sent: one `PUT` of all its bytes to `url`, with these headers. */
        FileToPut: {
            /** @description The upload's id, for finalize. */
            uploadId: string;
            /** @description The object's key in the store, for finalize. */
            fileKey: string;
            /** @description The folder that the file goes to. Absent if it goes to the root. */
            parentId?: components["schemas"]["ItemId"];
            /**
             * @description Where to `PUT` the file. The URL accepts exactly `fileSize` bytes. An answer 412 means that the file has already
             *     arrived.
             */
            url: string;
            /** @description The headers that the `PUT` must have, unchanged, because they are signed. */
            headers: {
                [key: string]: string;
            };
        };
        /** @description The files to finalize. */
        FinalizeFiles: {
            /** @description The files: 1 to 1,000. They may come from different batches. */
            files: components["schemas"]["FileKey"][];
        };
        /** @description Step 4, `finalize`. */
        FinalizeUpload: {
            /** @description From `start`. */
            uploadId: string;
            /** @description From `start`. */
            fileKey: string;
            /** @description Every part, in any order, none twice. Absent or null means every part that the store has. */
            parts?: components["schemas"]["UploadedPart"][] | null;
            checksum?: components["schemas"]["Checksum"] | null;
            /** @description Whether the server reads the file back if the store cannot prove its checksum. The embedded store always can. */
            verify?: boolean;
        };
        /** @description The result for a file. It has exactly one of these fields. */
        FinalizedFile: {
            /** @description The file's item. */
            item?: components["schemas"]["Item"];
            /** @description Why there is no item. After an error that may pass (503), finalize the file again. */
            error?: components["schemas"]["ErrorBody"];
        };
        /** @description The results for the files, in the order of the request. */
        FinalizedFiles: {
            /** @description One result for each file. */
            files: components["schemas"]["FinalizedFile"][];
        };
        /**
         * @description A role that can be given.
         * @enum {string}
         */
        GivenRole: "viewer" | "member" | "admin";
        /** @description A grant, without its secret. */
        Grant: {
            /** @description Its id, which lists its uploads and revokes it. */
            id: components["schemas"]["GrantId"];
            /** @description The token that created it, or that token's replacement. The grant ends when this token ends. */
            tokenId: components["schemas"]["TokenId"];
            /** @description The folder that the files go to; absent means the root, or that the folder was removed permanently, which ends the grant. */
            folderId?: components["schemas"]["ItemId"];
            /** @description What the holder may do. */
            verbs: components["schemas"]["Verb"][];
            /**
             * Format: int32
             * @description How many files the holder may upload.
             */
            maxFiles: number;
            /**
             * Format: int64
             * @description The largest file, in bytes, if the grant limits it.
             */
            maxFileBytes?: number;
            /**
             * Format: int64
             * @description The maximum size of all files together, in bytes, if the grant limits it.
             */
            maxBytes?: number;
            /** @description Which types of files the holder may upload; empty means every type. */
            types: string[];
            /** @description What to do if the folder has a file of the same name. */
            onConflict: components["schemas"]["OnConflict"];
            /** @description The name by which your application knows this grant's uploads. */
            externalId?: string;
            /** @description Your JSON object. */
            metadata?: {
                [key: string]: unknown;
            };
            /**
             * Format: int64
             * @description How many files count against `maxFiles`: the finished ones and those whose upload is open.
             */
            usedFiles: number;
            /**
             * Format: int64
             * @description The bytes of those files.
             */
            usedBytes: number;
            /**
             * Format: date-time
             * @description When it was created: RFC 3339 in UTC with milliseconds.
             */
            createdAt: string;
            /**
             * Format: date-time
             * @description When it expires.
             */
            expiresAt: string;
            /**
             * Format: date-time
             * @description When it was revoked, if it was.
             */
            revokedAt?: string;
        };
        /**
         * @description A grant's record.
         * @example 65ba5c80c3f1a2b4d5e6f708
         */
        GrantId: string;
        /** @description An upload that was started with a grant. */
        GrantUpload: {
            /** @description The object store's multipart upload id; absent if the store never answered. */
            uploadId?: string;
            /** @description The object's key in the store. */
            fileKey: string;
            /** @description Its state. */
            state: components["schemas"]["GrantUploadState"];
            /** @description The name that the holder gave. */
            fileName: string;
            /**
             * Format: int64
             * @description The announced size in bytes. After finalize, the stored size is the same.
             */
            fileSize: number;
            /** @description The announced MIME type. */
            mimeType: string;
            /** @description The item's id, after finalize. */
            itemId?: components["schemas"]["ItemId"];
            /**
             * @description The item as it is now; absent if the caller can no longer see it. A token that may not read gets the item as
             *     it was announced.
             */
            item?: components["schemas"]["Item"];
            /** @description `externalId` of the grant. */
            externalId?: string;
            /** @description `metadata` of the grant. */
            metadata?: {
                [key: string]: unknown;
            };
            /**
             * Format: date-time
             * @description When it was started: RFC 3339 in UTC with milliseconds.
             */
            createdAt: string;
        };
        /**
         * @description The state of a grant's upload.
         * @enum {string}
         */
        GrantUploadState: "open" | "finalizing" | "finalized" | "aborted" | "expired";
        /** @description Answer of `GET /drive/grants/{id}/uploads`. */
        GrantUploads: {
            /**
             * @description The uploads, the latest first. Aborted and expired ones are listed for a week, all others until a week after
             *     the grant's end.
             */
            uploads: components["schemas"]["GrantUpload"][];
            /** @description The cursor of the next page; null on the last page. */
            nextCursor: string | null;
        };
        /** @description Answer of `GET /drive/grants`. */
        Grants: {
            /** @description The grants, the latest first. A grant that has ended stays in the list for a week. */
            grants: components["schemas"]["Grant"][];
            /** @description The cursor of the next page; null on the last page. */
            nextCursor: string | null;
        };
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
            /** @description The caller's role on it; absent in lists. */
            role?: components["schemas"]["Role"];
            /** @description The grant that it was uploaded with, if it was. */
            grantId?: components["schemas"]["GrantId"];
            /** @description The file request that it was uploaded to, if it was. `grantId` is then the id of its submitter. */
            requestId?: components["schemas"]["RequestId"];
            /** @description `externalId` of that grant. */
            externalId?: string;
            /** @description `metadata` of that grant. */
            metadata?: {
                [key: string]: unknown;
            };
            /**
             * Format: date-time
             * @description When it was created: RFC 3339 in UTC with milliseconds.
             */
            createdAt: string;
            /**
             * Format: date-time
             * @description When it last changed: RFC 3339 in UTC with milliseconds.
             */
            updatedAt: string;
        };
        /** @description `PATCH /drive/files/{id}`: absent fields stay as they are. */
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
            /** @description The cursor of the next page; null on the last page. */
            nextCursor: string | null;
        };
        /**
         * @description The kind of an item.
         * @enum {string}
         */
        ItemType: "file" | "folder";
        /** @description A public link to a file. */
        Link: {
            /** @description Its id, which revokes it. */
            id: components["schemas"]["LinkId"];
            /**
             * Format: uri
             * @description Its address, to give to others.
             */
            url: string;
            /** @description The file. */
            itemId: components["schemas"]["ItemId"];
            /** @description Who made it. */
            createdBy: components["schemas"]["UserId"];
            /**
             * Format: date-time
             * @description When it was created: RFC 3339 in UTC with milliseconds.
             */
            createdAt: string;
            /**
             * Format: date-time
             * @description When it expires, if it does.
             */
            expiresAt?: string;
            /** @description Whether it asks for a password. */
            hasPassword: boolean;
            /**
             * Format: int64
             * @description How often the file was downloaded through it.
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
            /** @description The file's links, oldest first, expired ones included. */
            links: components["schemas"]["Link"][];
        };
        /** @description Which upload's parts to list. */
        ListParts: {
            /** @description From `start`. */
            uploadId: string;
            /** @description From `start`. */
            fileKey: string;
            /** @description Whether this request extends the upload's expiry. Absent or null means yes; `false` only reads. */
            keepAlive?: boolean | null;
        };
        /** @description A member of a workspace. */
        Member: {
            /** @description The user's id. */
            _id: components["schemas"]["UserId"];
            /** @description Their name, for people. */
            name: string;
            /** @description Their email address. */
            email: string;
            /** @description Their role in the workspace: `owner` or `member`. */
            type: string;
            /** @description Always `active`: a member is a user who can sign in. */
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
            /** @description The members on this page. */
            members: components["schemas"]["Member"][];
            /**
             * Format: int64
             * @description How many members there are on all pages.
             */
            total: number;
            /**
             * Format: int32
             * @description The largest number of members on a page.
             */
            limit: number;
            /**
             * Format: int64
             * @description How many members come before this page.
             */
            offset: number;
        };
        /** @description A file to start. */
        NewFile: {
            /**
             * @description Its name, or its path below the folder, with slashes: `photos/2026/a.jpg`. Folders of the path that do not exist
             *     are created. For a token that may only upload, all of them are created anew. Each part of the path follows the
             *     rules for names.
             */
            path: string;
            /**
             * Format: int64
             * @description Its size in bytes: at most 8 MiB.
             */
            fileSize: number;
            /** @description Its MIME type; an empty text means `application/octet-stream`. */
            mimeType: string;
            parentId?: components["schemas"]["ItemId"] | null;
            checksum?: components["schemas"]["Checksum"] | null;
        };
        /** @description `POST /drive/folders`. */
        NewFolder: {
            /**
             * @description The folder's name, one path segment: no slash, backslash, control or line-breaking character, none that changes
             *     the direction of text around it (U+202A to U+202E, U+2066 to U+206F), not `.` or `..`, with at least one visible
             *     character.
             */
            name: string;
            parentId?: components["schemas"]["ItemId"] | null;
        };
        /** @description `POST /drive/grants`. */
        NewGrant: {
            folderId?: components["schemas"]["ItemId"] | null;
            /** @description What the holder may do. Absent or null means `upload`, the only verb so far. */
            verbs?: components["schemas"]["Verb"][] | null;
            /**
             * Format: int32
             * @description How many files the holder may upload. Absent or null means 10,000. A file counts from the start of its upload.
             *     An upload that was aborted or expired, or that made no file, no longer counts.
             */
            maxFiles?: number | null;
            /**
             * Format: int64
             * @description The largest file, in bytes. Absent or null means the server's own limit.
             */
            maxFileBytes?: number | null;
            /**
             * Format: int64
             * @description The maximum size of all files together, in bytes. Absent or null means that only the quota limits them.
             */
            maxBytes?: number | null;
            /**
             * @description Which types of files the holder may upload: a MIME type (`image/png`), a group (`image/*`) or a file extension
             *     (`.pdf`). Absent, null or empty means every type that the server accepts.
             */
            types?: string[] | null;
            /**
             * Format: date-time
             * @description When the grant expires (RFC 3339): at most a year from now, and not after the token that creates it. Absent or
             *     null means in 24 hours, or together with that token if it expires sooner.
             */
            expiresAt?: string | null;
            /** @description What to do if the folder has a file of the same name: `keep` or `rename`. */
            onConflict?: components["schemas"]["OnConflict"];
            /**
             * @description The name by which your application knows this grant's uploads. It comes back on each item, in webhooks and in
             *     the list of uploads. The holder of the grant does not see it.
             */
            externalId?: string | null;
            /**
             * @description A JSON object of your own, at most 2,048 bytes long and nested at most 16 levels deep, counting the object itself.
             *     It comes back in the same places as `externalId`.
             */
            metadata?: {
                [key: string]: unknown;
            } | null;
        };
        /** @description `POST /drive/files/{id}/links`. */
        NewLink: {
            /**
             * Format: date-time
             * @description When the link expires: RFC 3339. Absent or null means never.
             */
            expiresAt?: string | null;
            /**
             * @description A password. Whoever follows the link sends it by HTTP Basic authentication, with any user name. Absent or null
             *     means that the link needs no password.
             */
            password?: string | null;
        };
        /** @description `POST /drive/requests`. */
        NewRequest: {
            /** @description The folder that the files go to. */
            folderId: components["schemas"]["ItemId"];
            /** @description The title of the page. */
            title: string;
            /** @description A text below the title, which may have several lines. */
            message?: string | null;
            /**
             * Format: date-time
             * @description When the request closes by itself: RFC 3339. Absent or null means never. Uploads that are unfinished then cannot
             *     be finished.
             */
            deadline?: string | null;
            /** @description A password that submitters must enter. */
            password?: string | null;
            /** @description Whether the page asks submitters for their name. */
            asksName?: components["schemas"]["Asks"];
            /** @description Whether the page asks submitters for their email address. Dray checks its form only. */
            asksEmail?: components["schemas"]["Asks"];
            /**
             * @description Whether each submitter gets a folder of their own below `folderId`. It is created with their first file, and its
             *     name is their name (or email address) and the time.
             */
            folderEach?: boolean;
            /**
             * Format: int32
             * @description The maximum number of submitters; absent or null means 1,000. Those who have no upload that is unfinished or
             *     finished do not count.
             */
            maxSubmitters?: number | null;
            /**
             * Format: int32
             * @description The maximum number of files of each submitter; absent or null means 10,000.
             */
            maxFiles?: number | null;
            /**
             * Format: int64
             * @description The maximum number of bytes of each file; absent or null means the limit of the server.
             */
            maxFileBytes?: number | null;
            /**
             * Format: int64
             * @description The maximum number of bytes of all files of one submitter; absent or null means no limit except your quota.
             */
            maxBytes?: number | null;
            /**
             * Format: int32
             * @description The maximum number of files of all submitters together; absent or null means no limit.
             */
            maxTotalFiles?: number | null;
            /**
             * Format: int64
             * @description The maximum number of bytes of all files of all submitters together. Absent or null means no limit except your
             *     quota. Unfinished uploads to file requests never reserve more than half of what is free of it.
             */
            maxTotalBytes?: number | null;
            /** @description The accepted types of files, in the form that grants have; absent or empty means any. */
            types?: string[] | null;
            /** @description What to do if the folder has a file of the same name: `keep` or `rename`. */
            onConflict?: components["schemas"]["OnConflict"];
        };
        /** @description `PUT /drive/files/{id}/participants/{userId}`. */
        NewRole: {
            /** @description `viewer`, `member` or `admin`. */
            role: components["schemas"]["GivenRole"];
        };
        /** @description `POST /r/{slug}/submitters`. */
        NewSubmitter: {
            /** @description The request's password, if it has one. */
            password?: string | null;
            /** @description The submitter's name, if the request asks for it. It is ignored otherwise. */
            name?: string | null;
            /** @description The submitter's email address, if the request asks for it. It is ignored otherwise. */
            email?: string | null;
        };
        /** @description `POST /tokens`. */
        NewToken: {
            /** @description What the token is for, for people. */
            name: string;
            /** @description What the token may do: `access_drive` (everything), or one or both of `drive_read` and `drive_upload`. */
            scopes: components["schemas"]["TokenScope"][];
            folderId?: components["schemas"]["ItemId"] | null;
            /**
             * Format: date-time
             * @description When the token expires (RFC 3339): at most a year from now, and not after the token that creates it. Absent or
             *     null means in 30 days, or together with that token if it expires sooner.
             */
            expiresAt?: string | null;
            /**
             * Format: date-time
             * @description The latest expiry that rotation can give to this token's successors (RFC 3339): at most a year from now, and
             *     not after that of the token that creates it. Absent or null means `expiresAt`.
             */
            rotateUntil?: string | null;
        };
        /**
         * @description What finalize does if the folder has a file with the same name.
         * @enum {string}
         */
        OnConflict: "keep" | "rename" | "fail" | "replace";
        /** @description `POST /r/{slug}/open`. */
        OpenRequest: {
            /** @description The request's password, if it has one. */
            password?: string | null;
        };
        /** @description An unfinished upload. */
        OpenUpload: {
            /** @description The object store's multipart upload id. */
            uploadId: string;
            /** @description The object's key in the store. */
            fileKey: string;
            /** @description Its state. */
            status: components["schemas"]["UploadStatus"];
            /** @description The item's name. */
            fileName: string;
            /**
             * Format: int64
             * @description Its size in bytes.
             */
            fileSize: number;
            /** @description Its MIME type. */
            mimeType: string;
            /** @description The folder it goes to; absent means the root. */
            parentId?: components["schemas"]["ItemId"];
            /** @description What to do if the folder already has a file of this name when finalize creates the file. */
            onConflict?: components["schemas"]["OnConflict"];
            /**
             * Format: int64
             * @description The recommended size, in bytes, of each part except the last.
             */
            partSize: number;
            /**
             * Format: date-time
             * @description When it was started: RFC 3339 in UTC with milliseconds.
             */
            createdAt: string;
            /**
             * Format: date-time
             * @description When it expires if nobody continues it.
             */
            expiresAt: string;
        };
        /** @description Answer of `GET /drive/uploads`: the caller's own, the latest first. */
        OpenUploads: {
            /** @description The uploads. */
            uploads: components["schemas"]["OpenUpload"][];
            /** @description The cursor of the next page; null on the last page. */
            nextCursor: string | null;
        };
        /** @description Answer of `POST /r/{slug}/open`: what the page shows to submitters. */
        OpenedRequest: {
            /** @description The title. */
            title: string;
            /** @description The message. */
            message: string;
            /**
             * Format: date-time
             * @description When the request closes by itself; absent means never.
             */
            deadline?: string;
            /** @description Whether to ask the submitter for their name. */
            asksName: components["schemas"]["Asks"];
            /** @description Whether to ask the submitter for their email address. */
            asksEmail: components["schemas"]["Asks"];
            /**
             * Format: int32
             * @description The maximum number of files of one submitter.
             */
            maxFiles: number;
            /**
             * Format: int64
             * @description The maximum number of bytes of each file, if there is a limit.
             */
            maxFileBytes?: number;
            /**
             * Format: int64
             * @description The maximum number of bytes of all files, if there is a limit.
             */
            maxBytes?: number;
            /** @description The accepted types of files; empty means any. */
            types: string[];
        };
        /** @description A user who has a role on an item. */
        Participant: {
            /** @description The user's id. */
            userId: components["schemas"]["UserId"];
            /** @description Their name, for people. */
            name: string;
            /** @description Their email address. */
            email: string;
            /** @description Their role. */
            role: components["schemas"]["Role"];
            /** @description The folder above that the role comes from; absent if it is on the item itself. */
            inheritedFrom?: components["schemas"]["ItemId"];
        };
        /** @description Answer of `GET /drive/files/{id}/participants`. */
        Participants: {
            /**
             * @description Every user with a role on the item or on a folder above it that the caller sees, the highest role first. A
             *     user with several roles is listed once for each.
             */
            participants: components["schemas"]["Participant"][];
        };
        /**
         * @description Where many files can be sent in one request: a `POST` of the files' own `PUT` requests, one after the other, as
         *     `application/http` (RFC 9112, section 10.2). It saves the cost of a request for each file. A client need not use it.
         */
        Pipeline: {
            /**
             * @description Where to send the `POST`. Each `PUT` in it must be a whole HTTP/1.1 request: the path and query of the file's `url`,
             *     its `Host`, its `headers`, and a `Content-Length`.
             */
            url: string;
            /**
             * Format: int32
             * @description The maximum number of files in one request.
             */
            maxFiles: number;
            /**
             * Format: int64
             * @description The maximum number of bytes of one request.
             */
            maxBytes: number;
        };
        /** @description Step 2, `presigned-urls`. */
        PresignParts: {
            /** @description From `start`. */
            uploadId: string;
            /** @description From `start`. */
            fileKey: string;
            /**
             * Format: int64
             * @description How many parts the client cuts the file into. Optional if `partNumbers` is given.
             */
            parts?: number | null;
            /**
             * @description Sign only these parts, for example after their URLs expired or to resume. Each number is from 1 to 10,000,
             *     none twice.
             */
            partNumbers?: number[] | null;
            /** @description How many bytes each of these parts has, in the same order. Each URL then accepts exactly that many bytes. */
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
            /** @description The headers that the one `PUT` must have, for an upload that `batch/start` began. */
            headers?: {
                [key: string]: string;
            };
            /**
             * Format: date-time
             * @description When the addresses expire: RFC 3339 in UTC with milliseconds.
             */
            expiresAt: string;
        };
        /** @description `PATCH /drive/requests/{id}`: absent fields stay as they are. */
        RequestChange: {
            /** @description The title of the page. */
            title?: string | null;
            /** @description A text below the title, which may have several lines. */
            message?: string | null;
            /**
             * Format: date-time
             * @description When the request closes by itself; null (`Some(None)`) means never.
             */
            deadline?: string | null;
            /**
             * @description A new password, which everybody must enter before their next upload starts; null (`Some(None)`) removes the
             *     password.
             */
            password?: string | null;
            /**
             * @description `true` closes the request: unfinished uploads are aborted, and files that have arrived stay. `false` opens it
             *     again.
             */
            closed?: boolean | null;
            /**
             * Format: int32
             * @description The maximum number of submitters.
             */
            maxSubmitters?: number | null;
            /**
             * Format: int32
             * @description The maximum number of files of all submitters together; null (`Some(None)`) means no limit.
             */
            maxTotalFiles?: number | null;
            /**
             * Format: int64
             * @description The maximum number of bytes of all files of all submitters together; null (`Some(None)`) means no limit.
             */
            maxTotalBytes?: number | null;
        };
        /**
         * @description A file request's record.
         * @example 65ba5c80c3f1a2b4d5e6f708
         */
        RequestId: string;
        /**
         * @description What a person may do with an item and everything below it. Each role includes those before it.
         * @enum {string}
         */
        Role: "viewer" | "member" | "admin" | "owner";
        /** @description `POST /tokens/rotate`. */
        RotateToken: {
            /**
             * Format: date-time
             * @description When the new token expires (RFC 3339): `rotateUntil` of the old one at the latest. Absent or null means that
             *     it lives as long as the old one was created for, but not beyond `rotateUntil`.
             */
            expiresAt?: string | null;
            /** @description Whether to end the old token at once. Otherwise it stays valid for a day, or until its own expiry if that is earlier. */
            endOldNow?: boolean;
        };
        /** @description Answer of `GET /drive/search`. */
        SearchHits: {
            /** @description The items, in the requested order. */
            hits: components["schemas"]["Item"][];
            /**
             * Format: int64
             * @description How many items match. `hits` has only the first of them.
             */
            totalHits: number;
            /**
             * @description Whether `totalHits` is exact. If it is not, more items match than the search looked at, and it looked at the
             *     newest ones. Add words to narrow the search.
             */
            totalIsExact: boolean;
            /** @description The text of the search, as it was sent. */
            query: string;
        };
        /** @description A file that has arrived, as its submitter may know it. */
        SentFile: {
            /** @description The name that the submitter gave it. */
            fileName: string;
            /**
             * Format: int64
             * @description Its size in bytes.
             */
            fileSize: number;
            /**
             * Format: date-time
             * @description When its upload was started: RFC 3339 in UTC with milliseconds.
             */
            createdAt: string;
        };
        /** @description Answer of `GET /r/{slug}/uploads`. */
        SentFiles: {
            /** @description The files of this submitter that have arrived, the latest first. */
            files: components["schemas"]["SentFile"][];
            /** @description The cursor of the next page; null on the last page. */
            nextCursor: string | null;
        };
        /** @description The files to start. */
        StartFiles: {
            parentId?: components["schemas"]["ItemId"] | null;
            /** @description What to do if, when a file is finalized, its folder already has a file with its name. */
            onConflict?: components["schemas"]["OnConflict"];
            /** @description The files: 1 to 1,000. */
            files: components["schemas"]["NewFile"][];
        };
        /** @description Step 1, `start`. */
        StartUpload: {
            /**
             * @description The item's name, one path segment. It has no slash, no backslash, no control or line-breaking character, and
             *     none that changes the direction of the text around it (U+202A to U+202E, U+2066 to U+206F). It is not `.` or
             *     `..`, and it has at least one visible character.
             */
            fileName: string;
            /**
             * Format: int64
             * @description Its size in bytes.
             */
            fileSize: number;
            /** @description Its MIME type; an empty text means `application/octet-stream`. */
            mimeType: string;
            parentId?: components["schemas"]["ItemId"] | null;
            /** @description What to do if the folder already has a file of this name when finalize creates the file. */
            onConflict?: components["schemas"]["OnConflict"];
            checksum?: components["schemas"]["Checksum"] | null;
        };
        /** @description The result for a file. It has exactly one of these fields. */
        StartedFile: {
            /** @description The file is to be sent, in this way. */
            upload?: components["schemas"]["FileToPut"];
            /** @description The drive already has the file, with the same bytes: this item. */
            item?: components["schemas"]["Item"];
            /** @description The file is refused, for this reason. */
            error?: components["schemas"]["ErrorBody"];
        };
        /** @description The results for the files, in the order of the request. */
        StartedFiles: {
            /** @description One result for each file. */
            files: components["schemas"]["StartedFile"][];
            /** @description How to send many of the files in one request. Absent if no file is to be sent, or if the store does not accept this. */
            pipeline?: components["schemas"]["Pipeline"];
            /**
             * Format: date-time
             * @description When the URLs expire: RFC 3339 in UTC with milliseconds. The uploads live longer: for new URLs, send the request
             *     again with the same `Idempotency-Key`.
             */
            expiresAt: string;
        };
        /** @description Answer of `start`. */
        StartedUpload: {
            /** @description The object store's multipart upload id. */
            uploadId: string;
            /** @description The object's key in the store. */
            fileKey: string;
            /**
             * Format: int64
             * @description The recommended size, in bytes, of each part except the last.
             */
            partSize: number;
            /**
             * Format: int32
             * @description How many parts of this size the file has.
             */
            parts: number;
            /**
             * Format: date-time
             * @description When the upload expires if nobody continues it: RFC 3339 in UTC with milliseconds.
             */
            expiresAt: string;
        };
        /** @description A part in the store. */
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
            /** @description Its `ETag`, as finalize accepts it. */
            eTag: string;
        };
        /** @description Answer of `parts`: the upload, and what the store has of it. */
        StoredParts: components["schemas"]["OpenUpload"] & {
            /** @description The item, once it exists. */
            itemId?: components["schemas"]["ItemId"];
            /** @description The parts that the store has, in order of their numbers. Empty once the item exists. */
            parts: components["schemas"]["StoredPart"][];
        };
        /** @description An upload to a request, finished or not. */
        Submission: {
            /** @description Who sends it. */
            submitter: components["schemas"]["Submitter"];
            /** @description The upload. */
            upload: components["schemas"]["GrantUpload"];
        };
        /** @description Answer of `GET /drive/requests/{id}/submissions`. */
        Submissions: {
            /** @description The uploads, the latest first. */
            submissions: components["schemas"]["Submission"][];
            /** @description The cursor of the next page; null on the last page. */
            nextCursor: string | null;
        };
        /** @description Somebody who uploads files to a request. */
        Submitter: {
            /** @description The submitter's id. Their uploads and items have it as `grantId`. */
            id: components["schemas"]["GrantId"];
            /** @description The name that they gave. */
            name?: string;
            /** @description The email address that they gave. */
            email?: string;
            /**
             * Format: date-time
             * @description When they opened the request: RFC 3339 in UTC with milliseconds.
             */
            createdAt: string;
        };
        /** @description A token, without its secret. */
        Token: {
            /** @description Its id. Revoking it needs this id. */
            id: components["schemas"]["TokenId"];
            /** @description What the token is for, for people. */
            name: string;
            /** @description What it may do. */
            scopes: components["schemas"]["TokenScope"][];
            /** @description The folder that it is confined to, if any. */
            folderId?: components["schemas"]["ItemId"];
            /**
             * Format: date-time
             * @description When it was created: RFC 3339 in UTC with milliseconds.
             */
            createdAt: string;
            /**
             * Format: date-time
             * @description When it expires.
             */
            expiresAt: string;
            /**
             * Format: date-time
             * @description When it was revoked, if it was.
             */
            revokedAt?: string;
            /** @description The token that created it, if one did. This token ends when that one ends or is revoked. */
            parentId?: components["schemas"]["TokenId"];
            /**
             * Format: date-time
             * @description The latest expiry that rotation can give to its successors.
             */
            rotateUntil: string;
            /** @description The token that replaced it, if one did. */
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
             * @description The caller's tokens, oldest first, including those that have ended. A token that another token created sees
             *     only itself and the tokens that come from it.
             */
            tokens: components["schemas"]["Token"][];
        };
        /** @description Answer of `GET /drive/trash`: the latest first. */
        TrashPage: {
            /** @description The items. The content of a trashed folder is not listed. */
            items: components["schemas"]["TrashedItem"][];
            /** @description The cursor of the next page; null on the last page. */
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
             * @description When the server removes it permanently.
             */
            removedAt: string;
        };
        /** @description Answer of `GET /drive/tree`. */
        Tree: {
            /** @description The content of the folder, folders first, then by name. */
            root: components["schemas"]["TreeNode"][];
            /** @description How many items this answer has on all levels. */
            totalItems: number;
            /** @description Whether the requested depth has more items than one answer can hold. */
            truncated: boolean;
            /**
             * @description If truncated: the folders of this answer whose content is incomplete. Ask for these next. The requested folder
             *     is never among them, so asking for them one after the other comes to an end.
             */
            nextParentIds: components["schemas"]["ItemId"][];
        };
        /** @description An item and its content. */
        TreeNode: components["schemas"]["Item"] & {
            /** @description Whether it has content, listed here or not. False for a file. */
            hasChildren: boolean;
            /** @description Its content, as far as this answer lists it. */
            children: components["schemas"]["TreeNode"][];
        };
        /** @description Which upload to abort. */
        UploadKey: {
            /** @description From `start`. */
            uploadId: string;
            /** @description From `start`. */
            fileKey: string;
        };
        /**
         * @description The state of an upload.
         * @enum {string}
         */
        UploadStatus: "open" | "finalizing" | "finalized";
        /** @description A part that the store has, in this API's spelling, in S3's, or in both if they say the same. */
        UploadedPart: {
            /** @description The part's number. */
            partNumber: number;
            /** @description The store's `ETag`, with or without its double quotes. Absent or null means the `ETag` that the store has. */
            eTag?: string | null;
        } | {
            /** @description The part's number. */
            PartNumber: number;
            /** @description The store's `ETag`, with or without its double quotes. Absent or null means the `ETag` that the store has. */
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
             * @description The maximum size, in bytes, of everything that the caller may own. Null means no limit.
             */
            quotaBytes: number | null;
            /**
             * Format: int64
             * @description How many unfinished uploads the caller has.
             */
            openUploads?: number;
            /**
             * Format: int64
             * @description Bytes that unfinished uploads reserve in the quota, besides `usedBytes`. An upload reserves its announced
             *     size, or what the store already has of it if that is more.
             */
            reservedBytes?: number;
            /**
             * Format: int64
             * @description Bytes of unfinished uploads in the store, as of the server's last look. It looks every few minutes.
             */
            uploadingBytes?: number;
        };
        /**
         * @description A user.
         * @example 65ba5c80c3f1a2b4d5e6f708
         */
        UserId: string;
        /**
         * @description What a grant lets its holder do.
         * @enum {string}
         */
        Verb: "upload";
        /** @description A hit of `GET /search`. */
        WorkspaceHit: {
            /** @description What it is. */
            entityType: components["schemas"]["EntityType"];
            /** @description The item's id. */
            _id: components["schemas"]["ItemId"];
            /** @description Its workspace. */
            workspace: components["schemas"]["WorkspaceId"];
            /** @description Its name. */
            name: string;
            /** @description File or folder. */
            type: components["schemas"]["ItemType"];
            /** @description Its MIME type; absent on folders. */
            mimeType?: string;
            /**
             * Format: int64
             * @description Its size in bytes; absent on folders.
             */
            size?: number;
            /** @description Its owner. */
            user: components["schemas"]["UserId"];
            /**
             * Format: int64
             * @description When it was created, in milliseconds since 1970.
             */
            createdAt: number;
            /**
             * Format: int64
             * @description When it last changed, in milliseconds since 1970.
             */
            updatedAt: number;
        };
        /** @description Answer of `GET /search`. */
        WorkspaceHits: {
            /** @description The text of the search, as it was sent. */
            query: string;
            /**
             * Format: int64
             * @description How many items match. `hits` has only the first of them.
             */
            totalHits: number;
            /**
             * Format: int64
             * @description How long the search took, in milliseconds.
             */
            processingTimeMs: number;
            /** @description What was found, in the requested order. */
            hits: components["schemas"]["WorkspaceHit"][];
        };
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
             * @description When it was created: RFC 3339 in UTC with milliseconds.
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
                /** @description A text that the client chooses, for example a UUID, with or without double quotes: a new one for each thing to create. A request that repeats a key within a day creates nothing: it gets the answer of the first request, without secrets, which are shown only once. A key belongs to the token and the route: elsewhere, the same text is another key. The server keeps the latest 10,000 keys of a token. */
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
                    /** @description `true` if an earlier request with the same key created what is returned. */
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
            /** @description The upload is aborted. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    startFiles: {
        parameters: {
            query?: never;
            header?: {
                /** @description A text that the client chooses, for example a UUID, with or without double quotes: a new one for each thing to create. A request that repeats a key within a day creates nothing: it gets the answer of the first request, without secrets, which are shown only once. A key belongs to the token and the route: elsewhere, the same text is another key. The server keeps the latest 10,000 keys of a token. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "files": [
                 *         {
                 *           "fileSize": 20480,
                 *           "mimeType": "image/jpeg",
                 *           "path": "photos/a.jpg"
                 *         },
                 *         {
                 *           "checksum": {
                 *             "crc64nvme": "M3eFcAZSQlc="
                 *           },
                 *           "fileSize": 5,
                 *           "mimeType": "text/plain",
                 *           "path": "notes.txt"
                 *         }
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["StartFiles"];
            };
        };
        responses: {
            /** @description An upload, an item or an error for each file. */
            200: {
                headers: {
                    /** @description `true` if an earlier request with the same key created what is returned. */
                    "Idempotency-Replayed"?: "true";
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "expiresAt": "2026-01-31T13:00:00.000Z",
                     *       "files": [
                     *         {
                     *           "upload": {
                     *             "fileKey": "files/65ba5c80e0f1a2b3c4d5e6f7/65ba5c80c3f1a2b4d5e6f708",
                     *             "headers": {
                     *               "content-type": "image/jpeg",
                     *               "if-none-match": "*",
                     *               "x-amz-meta-dray-upload": "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
                     *             },
                     *             "parentId": "65ba5c80a0b1c2d3e4f50617",
                     *             "uploadId": "65ba5c80c3f1a2b4d5e6f799",
                     *             "url": "https://drive.example.com/dray/files/65ba5c80e0f1a2b3c4d5e6f7/65ba5c80c3f1a2b4d5e6f708?X-Amz-Signature=0123"
                     *           }
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["StartedFiles"];
                };
            };
        };
    };
    finalizeFiles: {
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
                 *       "files": [
                 *         {
                 *           "fileKey": "files/65ba5c80e0f1a2b3c4d5e6f7/65ba5c80c3f1a2b4d5e6f708",
                 *           "uploadId": "65ba5c80c3f1a2b4d5e6f799"
                 *         }
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["FinalizeFiles"];
            };
        };
        responses: {
            /** @description An item or an error for each file. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "files": [
                     *         {
                     *           "item": {
                     *             "_id": "65ba5c80c3f1a2b4d5e6f708",
                     *             "createdAt": "2026-01-31T12:00:00.000Z",
                     *             "fileSize": 20480,
                     *             "id": "65ba5c80c3f1a2b4d5e6f708",
                     *             "mimeType": "image/jpeg",
                     *             "name": "a.jpg",
                     *             "owner": "65ba5c80aa01bb02cc03dd04",
                     *             "parent": "65ba5c80a0b1c2d3e4f50617",
                     *             "parentId": "65ba5c80a0b1c2d3e4f50617",
                     *             "size": 20480,
                     *             "type": "file",
                     *             "updatedAt": "2026-01-31T12:00:00.000Z"
                     *           }
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["FinalizedFiles"];
                };
            };
        };
    };
    listUploads: {
        parameters: {
            query?: {
                /**
                 * @description The `nextCursor` of the previous page. All other parameters must be the same as for that page. Without it, the
                 *     answer is the first page.
                 */
                cursor?: string;
                /** @description The maximum number of items of this page; 100 by default. */
                limit?: number;
            };
            header?: {
                /** @description The `ETag` of an answer that the caller has, or several: if it is still the same, the answer is a 304 without a body. */
                "If-None-Match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The page. */
            200: {
                headers: {
                    /** @description A weak tag of this answer, unless it is longer than 1 MiB. */
                    ETag?: string;
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
            /** @description The caller has this answer already. */
            304: {
                headers: {
                    /** @description A weak tag of this answer, unless it is longer than 1 MiB. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    listGrants: {
        parameters: {
            query?: {
                /**
                 * @description The `nextCursor` of the previous page. All other parameters must be the same as for that page. Without it, the
                 *     answer is the first page.
                 */
                cursor?: string;
                /** @description The maximum number of items of this page; 100 by default. */
                limit?: number;
            };
            header?: {
                /** @description The `ETag` of an answer that the caller has, or several: if it is still the same, the answer is a 304 without a body. */
                "If-None-Match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The page. */
            200: {
                headers: {
                    /** @description A weak tag of this answer, unless it is longer than 1 MiB. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "grants": [
                     *         {
                     *           "createdAt": "2026-01-31T12:00:00.000Z",
                     *           "expiresAt": "2026-02-01T12:00:00.000Z",
                     *           "id": "65ba5c80b7a6958473625140",
                     *           "maxFiles": 3,
                     *           "onConflict": "keep",
                     *           "tokenId": "65ba5c80d4c3b2a190817263",
                     *           "types": [],
                     *           "usedBytes": 0,
                     *           "usedFiles": 0,
                     *           "verbs": [
                     *             "upload"
                     *           ]
                     *         }
                     *       ],
                     *       "nextCursor": null
                     *     }
                     */
                    "application/json": components["schemas"]["Grants"];
                };
            };
            /** @description The caller has this answer already. */
            304: {
                headers: {
                    /** @description A weak tag of this answer, unless it is longer than 1 MiB. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    createGrant: {
        parameters: {
            query?: never;
            header?: {
                /** @description A text that the client chooses, for example a UUID, with or without double quotes: a new one for each thing to create. A request that repeats a key within a day creates nothing: it gets the answer of the first request, without secrets, which are shown only once. A key belongs to the token and the route: elsewhere, the same text is another key. The server keeps the latest 10,000 keys of a token. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "externalId": "application-4711",
                 *       "folderId": "65ba5c80a0b1c2d3e4f50617",
                 *       "maxBytes": 209715200,
                 *       "maxFileBytes": 104857600,
                 *       "maxFiles": 3,
                 *       "metadata": {
                 *         "form": "passport"
                 *       },
                 *       "onConflict": "rename",
                 *       "types": [
                 *         "image/*",
                 *         ".pdf"
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["NewGrant"];
            };
        };
        responses: {
            /** @description The grant. The server shows its secret only once. */
            200: {
                headers: {
                    /** @description `true` if an earlier request with the same key created what is returned. */
                    "Idempotency-Replayed"?: "true";
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "createdAt": "2026-01-31T12:00:00.000Z",
                     *       "expiresAt": "2026-02-01T12:00:00.000Z",
                     *       "externalId": "application-4711",
                     *       "folderId": "65ba5c80a0b1c2d3e4f50617",
                     *       "grant": "cp_grant_…",
                     *       "id": "65ba5c80b7a6958473625140",
                     *       "maxBytes": 209715200,
                     *       "maxFileBytes": 104857600,
                     *       "maxFiles": 3,
                     *       "metadata": {
                     *         "form": "passport"
                     *       },
                     *       "onConflict": "rename",
                     *       "tokenId": "65ba5c80d4c3b2a190817263",
                     *       "types": [
                     *         "image/*",
                     *         ".pdf"
                     *       ],
                     *       "usedBytes": 0,
                     *       "usedFiles": 0,
                     *       "verbs": [
                     *         "upload"
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["CreatedGrant"];
                };
            };
        };
    };
    getGrant: {
        parameters: {
            query?: never;
            header?: {
                /** @description The `ETag` of an answer that the caller has, or several: if it is still the same, the answer is a 304 without a body. */
                "If-None-Match"?: string;
            };
            path: {
                /** @description The id of the grant's record. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The grant. */
            200: {
                headers: {
                    /** @description A weak tag of this answer, unless it is longer than 1 MiB. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "createdAt": "2026-01-31T12:00:00.000Z",
                     *       "expiresAt": "2026-02-01T12:00:00.000Z",
                     *       "externalId": "application-4711",
                     *       "folderId": "65ba5c80a0b1c2d3e4f50617",
                     *       "id": "65ba5c80b7a6958473625140",
                     *       "maxFiles": 3,
                     *       "onConflict": "keep",
                     *       "tokenId": "65ba5c80d4c3b2a190817263",
                     *       "types": [],
                     *       "usedBytes": 10485760,
                     *       "usedFiles": 1,
                     *       "verbs": [
                     *         "upload"
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["Grant"];
                };
            };
            /** @description The caller has this answer already. */
            304: {
                headers: {
                    /** @description A weak tag of this answer, unless it is longer than 1 MiB. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    revokeGrant: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The id of the grant's record. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The grant is revoked. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    listGrantUploads: {
        parameters: {
            query?: {
                /**
                 * @description The `nextCursor` of the previous page. All other parameters must be the same as for that page. Without it, the
                 *     answer is the first page.
                 */
                cursor?: string;
                /** @description The maximum number of items of this page; 100 by default. */
                limit?: number;
            };
            header?: {
                /** @description The `ETag` of an answer that the caller has, or several: if it is still the same, the answer is a 304 without a body. */
                "If-None-Match"?: string;
            };
            path: {
                /** @description The id of the grant's record. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The page. */
            200: {
                headers: {
                    /** @description A weak tag of this answer, unless it is longer than 1 MiB. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "nextCursor": null,
                     *       "uploads": [
                     *         {
                     *           "createdAt": "2026-01-31T12:00:00.000Z",
                     *           "externalId": "application-4711",
                     *           "fileKey": "files/65ba5c80e0f1a2b3c4d5e6f7/65ba5c80c3f1a2b4d5e6f708",
                     *           "fileName": "report.pdf",
                     *           "fileSize": 10485760,
                     *           "item": {
                     *             "_id": "65ba5c80c3f1a2b4d5e6f708",
                     *             "createdAt": "2026-01-31T12:00:00.000Z",
                     *             "externalId": "application-4711",
                     *             "fileSize": 10485760,
                     *             "grantId": "65ba5c80b7a6958473625140",
                     *             "id": "65ba5c80c3f1a2b4d5e6f708",
                     *             "metadata": {
                     *               "form": "passport"
                     *             },
                     *             "mimeType": "application/pdf",
                     *             "name": "report.pdf",
                     *             "owner": "65ba5c80aa01bb02cc03dd04",
                     *             "size": 10485760,
                     *             "type": "file",
                     *             "updatedAt": "2026-01-31T12:00:00.000Z"
                     *           },
                     *           "itemId": "65ba5c80c3f1a2b4d5e6f708",
                     *           "metadata": {
                     *             "form": "passport"
                     *           },
                     *           "mimeType": "application/pdf",
                     *           "state": "finalized",
                     *           "uploadId": "5f1c9a7be2d048365f1c9a7be2d04836"
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["GrantUploads"];
                };
            };
            /** @description The caller has this answer already. */
            304: {
                headers: {
                    /** @description A weak tag of this answer, unless it is longer than 1 MiB. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    getItem: {
        parameters: {
            query?: never;
            header?: {
                /** @description The `ETag` of an answer that the caller has, or several: if it is still the same, the answer is a 304 without a body. */
                "If-None-Match"?: string;
            };
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
                    /** @description A weak tag of this answer, unless it is longer than 1 MiB. */
                    ETag?: string;
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
            /** @description The caller has this answer already. */
            304: {
                headers: {
                    /** @description A weak tag of this answer, unless it is longer than 1 MiB. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content?: never;
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
            /** @description The item is in the trash. */
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
            /** @description The item after the change. */
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
            header?: {
                /** @description The `ETag` of an answer that the caller has, or several: if it is still the same, the answer is a 304 without a body. */
                "If-None-Match"?: string;
            };
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
                    /** @description A weak tag of this answer, unless it is longer than 1 MiB. */
                    ETag?: string;
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
            /** @description The caller has this answer already. */
            304: {
                headers: {
                    /** @description A weak tag of this answer, unless it is longer than 1 MiB. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    getDownloadUrl: {
        parameters: {
            query?: never;
            header?: {
                /** @description The `ETag` of an answer that the caller has, or several: if it is still the same, the answer is a 304 without a body. */
                "If-None-Match"?: string;
            };
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
                    /** @description A weak tag of this answer, unless it is longer than 1 MiB. */
                    ETag?: string;
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
            /** @description The caller has this answer already. */
            304: {
                headers: {
                    /** @description A weak tag of this answer, unless it is longer than 1 MiB. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    createFolder: {
        parameters: {
            query?: never;
            header?: {
                /** @description A text that the client chooses, for example a UUID, with or without double quotes: a new one for each thing to create. A request that repeats a key within a day creates nothing: it gets the answer of the first request, without secrets, which are shown only once. A key belongs to the token and the route: elsewhere, the same text is another key. The server keeps the latest 10,000 keys of a token. */
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
                    /** @description `true` if an earlier request with the same key created what is returned. */
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
                /**
                 * @description The `nextCursor` of the previous page. All other parameters must be the same as for that page. Without it, the
                 *     answer is the first page.
                 */
                cursor?: string;
                /** @description The maximum number of items of this page; 100 by default. */
                limit?: number;
                /** @description What to sort by; `name` by default. */
                sortBy?: "name" | "size" | "createdAt" | "updatedAt";
                /** @description The direction; `asc` by default. */
                sortOrder?: "asc" | "desc";
            };
            header?: {
                /** @description The `ETag` of an answer that the caller has, or several: if it is still the same, the answer is a 304 without a body. */
                "If-None-Match"?: string;
            };
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
                    /** @description A weak tag of this answer, unless it is longer than 1 MiB. */
                    ETag?: string;
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
            /** @description The caller has this answer already. */
            304: {
                headers: {
                    /** @description A weak tag of this answer, unless it is longer than 1 MiB. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    getTree: {
        parameters: {
            query?: {
                /** @description The folder to list; the root by default. */
                parentId?: string;
                /** @description How many levels; 3 by default. */
                depth?: number;
            };
            header?: {
                /** @description The `ETag` of an answer that the caller has, or several: if it is still the same, the answer is a 304 without a body. */
                "If-None-Match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The items. */
            200: {
                headers: {
                    /** @description A weak tag of this answer, unless it is longer than 1 MiB. */
                    ETag?: string;
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
            /** @description The caller has this answer already. */
            304: {
                headers: {
                    /** @description A weak tag of this answer, unless it is longer than 1 MiB. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    search: {
        parameters: {
            query: {
                /** @description Words, or beginnings of words. */
                q: string;
                /** @description What to sort by; `updatedAt` by default. */
                sortBy?: "createdAt" | "updatedAt" | "name";
                /** @description The direction; `desc` by default. */
                sortOrder?: "asc" | "desc";
                /** @description The maximum number of hits; 20 by default. */
                limit?: number;
            };
            header?: {
                /** @description The `ETag` of an answer that the caller has, or several: if it is still the same, the answer is a 304 without a body. */
                "If-None-Match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The first hits, and how many items match. */
            200: {
                headers: {
                    /** @description A weak tag of this answer, unless it is longer than 1 MiB. */
                    ETag?: string;
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
            /** @description The caller has this answer already. */
            304: {
                headers: {
                    /** @description A weak tag of this answer, unless it is longer than 1 MiB. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content?: never;
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
            /** @description The item is removed. */
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
                /**
                 * @description The `nextCursor` of the previous page. All other parameters must be the same as for that page. Without it, the
                 *     answer is the first page.
                 */
                cursor?: string;
                /** @description The maximum number of items of this page; 100 by default. */
                limit?: number;
            };
            header?: {
                /** @description The `ETag` of an answer that the caller has, or several: if it is still the same, the answer is a 304 without a body. */
                "If-None-Match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The page. */
            200: {
                headers: {
                    /** @description A weak tag of this answer, unless it is longer than 1 MiB. */
                    ETag?: string;
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
            /** @description The caller has this answer already. */
            304: {
                headers: {
                    /** @description A weak tag of this answer, unless it is longer than 1 MiB. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content?: never;
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
                /**
                 * @description The `nextCursor` of the previous page. All other parameters must be the same as for that page. Without it, the
                 *     answer is the first page.
                 */
                cursor?: string;
                /** @description The maximum number of items of this page; 100 by default. */
                limit?: number;
                /** @description What to sort by; `name` by default. */
                sortBy?: "name" | "size" | "createdAt" | "updatedAt";
                /** @description The direction; `asc` by default. */
                sortOrder?: "asc" | "desc";
            };
            header?: {
                /** @description The `ETag` of an answer that the caller has, or several: if it is still the same, the answer is a 304 without a body. */
                "If-None-Match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The page. */
            200: {
                headers: {
                    /** @description A weak tag of this answer, unless it is longer than 1 MiB. */
                    ETag?: string;
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
            /** @description The caller has this answer already. */
            304: {
                headers: {
                    /** @description A weak tag of this answer, unless it is longer than 1 MiB. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    listParticipants: {
        parameters: {
            query?: never;
            header?: {
                /** @description The `ETag` of an answer that the caller has, or several: if it is still the same, the answer is a 304 without a body. */
                "If-None-Match"?: string;
            };
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
                    /** @description A weak tag of this answer, unless it is longer than 1 MiB. */
                    ETag?: string;
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
            /** @description The caller has this answer already. */
            304: {
                headers: {
                    /** @description A weak tag of this answer, unless it is longer than 1 MiB. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content?: never;
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
            /** @description The user and the new role. */
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
            /** @description The user no longer has the role. */
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
            header?: {
                /** @description The `ETag` of an answer that the caller has, or several: if it is still the same, the answer is a 304 without a body. */
                "If-None-Match"?: string;
            };
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
                    /** @description A weak tag of this answer, unless it is longer than 1 MiB. */
                    ETag?: string;
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
            /** @description The caller has this answer already. */
            304: {
                headers: {
                    /** @description A weak tag of this answer, unless it is longer than 1 MiB. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    createLink: {
        parameters: {
            query?: never;
            header?: {
                /** @description A text that the client chooses, for example a UUID, with or without double quotes: a new one for each thing to create. A request that repeats a key within a day creates nothing: it gets the answer of the first request, without secrets, which are shown only once. A key belongs to the token and the route: elsewhere, the same text is another key. The server keeps the latest 10,000 keys of a token. */
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
                    /** @description `true` if an earlier request with the same key created what is returned. */
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
            /** @description The link is revoked. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    listRequests: {
        parameters: {
            query?: {
                /** @description The folder whose requests to list. */
                folderId?: string;
                /**
                 * @description The `nextCursor` of the previous page. All other parameters must be the same as for that page. Without it, the
                 *     answer is the first page.
                 */
                cursor?: string;
                /** @description The maximum number of items of this page; 100 by default. */
                limit?: number;
            };
            header?: {
                /** @description The `ETag` of an answer that the caller has, or several: if it is still the same, the answer is a 304 without a body. */
                "If-None-Match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The page. */
            200: {
                headers: {
                    /** @description A weak tag of this answer, unless it is longer than 1 MiB. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "nextCursor": null,
                     *       "requests": []
                     *     }
                     */
                    "application/json": components["schemas"]["FileRequests"];
                };
            };
            /** @description The caller has this answer already. */
            304: {
                headers: {
                    /** @description A weak tag of this answer, unless it is longer than 1 MiB. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    createRequest: {
        parameters: {
            query?: never;
            header?: {
                /** @description A text that the client chooses, for example a UUID, with or without double quotes: a new one for each thing to create. A request that repeats a key within a day creates nothing: it gets the answer of the first request, without secrets, which are shown only once. A key belongs to the token and the route: elsewhere, the same text is another key. The server keeps the latest 10,000 keys of a token. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "asksName": "required",
                 *       "deadline": "2026-02-28T22:00:00Z",
                 *       "folderEach": true,
                 *       "folderId": "65ba5c80a0b1c2d3e4f50617",
                 *       "maxFiles": 50,
                 *       "message": "Thank you for sending what you have.",
                 *       "title": "Photos of the harbour festival",
                 *       "types": [
                 *         "image/*",
                 *         "video/*"
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["NewRequest"];
            };
        };
        responses: {
            /** @description The request. */
            200: {
                headers: {
                    /** @description `true` if an earlier request with the same key created what is returned. */
                    "Idempotency-Replayed"?: "true";
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "asksEmail": "no",
                     *       "asksName": "required",
                     *       "createdAt": "2026-01-31T12:00:00.000Z",
                     *       "createdBy": "65ba5c80aa01bb02cc03dd04",
                     *       "folderEach": true,
                     *       "folderId": "65ba5c80a0b1c2d3e4f50617",
                     *       "hasPassword": false,
                     *       "id": "65ba5c80e7d6c5b4a3928170",
                     *       "maxFiles": 50,
                     *       "maxSubmitters": 1000,
                     *       "message": "",
                     *       "onConflict": "keep",
                     *       "submitters": 0,
                     *       "title": "Photos of the harbour festival",
                     *       "types": [
                     *         "image/*",
                     *         "video/*"
                     *       ],
                     *       "url": "https://drive.example.com/r/0123456789abcdef0123456789abcdef"
                     *     }
                     */
                    "application/json": components["schemas"]["FileRequest"];
                };
            };
        };
    };
    getRequest: {
        parameters: {
            query?: never;
            header?: {
                /** @description The `ETag` of an answer that the caller has, or several: if it is still the same, the answer is a 304 without a body. */
                "If-None-Match"?: string;
            };
            path: {
                /** @description The request's id. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The request. */
            200: {
                headers: {
                    /** @description A weak tag of this answer, unless it is longer than 1 MiB. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "asksEmail": "no",
                     *       "asksName": "required",
                     *       "createdAt": "2026-01-31T12:00:00.000Z",
                     *       "createdBy": "65ba5c80aa01bb02cc03dd04",
                     *       "folderEach": true,
                     *       "folderId": "65ba5c80a0b1c2d3e4f50617",
                     *       "hasPassword": false,
                     *       "id": "65ba5c80e7d6c5b4a3928170",
                     *       "maxFiles": 50,
                     *       "maxSubmitters": 1000,
                     *       "message": "",
                     *       "onConflict": "keep",
                     *       "submitters": 0,
                     *       "title": "Photos of the harbour festival",
                     *       "types": [
                     *         "image/*",
                     *         "video/*"
                     *       ],
                     *       "url": "https://drive.example.com/r/0123456789abcdef0123456789abcdef"
                     *     }
                     */
                    "application/json": components["schemas"]["FileRequest"];
                };
            };
            /** @description The caller has this answer already. */
            304: {
                headers: {
                    /** @description A weak tag of this answer, unless it is longer than 1 MiB. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    deleteRequest: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The request's id. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The request is deleted. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    changeRequest: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The request's id. */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "closed": true
                 *     }
                 */
                "application/json": components["schemas"]["RequestChange"];
            };
        };
        responses: {
            /** @description The request as it is now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "asksEmail": "no",
                     *       "asksName": "required",
                     *       "createdAt": "2026-01-31T12:00:00.000Z",
                     *       "createdBy": "65ba5c80aa01bb02cc03dd04",
                     *       "folderEach": true,
                     *       "folderId": "65ba5c80a0b1c2d3e4f50617",
                     *       "hasPassword": false,
                     *       "id": "65ba5c80e7d6c5b4a3928170",
                     *       "maxFiles": 50,
                     *       "maxSubmitters": 1000,
                     *       "message": "",
                     *       "onConflict": "keep",
                     *       "submitters": 0,
                     *       "title": "Photos of the harbour festival",
                     *       "types": [
                     *         "image/*",
                     *         "video/*"
                     *       ],
                     *       "url": "https://drive.example.com/r/0123456789abcdef0123456789abcdef"
                     *     }
                     */
                    "application/json": components["schemas"]["FileRequest"];
                };
            };
        };
    };
    listSubmissions: {
        parameters: {
            query?: {
                /**
                 * @description The `nextCursor` of the previous page. All other parameters must be the same as for that page. Without it, the
                 *     answer is the first page.
                 */
                cursor?: string;
                /** @description The maximum number of items of this page; 100 by default. */
                limit?: number;
            };
            header?: {
                /** @description The `ETag` of an answer that the caller has, or several: if it is still the same, the answer is a 304 without a body. */
                "If-None-Match"?: string;
            };
            path: {
                /** @description The request's id. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The page. */
            200: {
                headers: {
                    /** @description A weak tag of this answer, unless it is longer than 1 MiB. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "nextCursor": null,
                     *       "submissions": [
                     *         {
                     *           "submitter": {
                     *             "createdAt": "2026-01-31T12:00:00.000Z",
                     *             "id": "65ba5c80b7a6958473625140",
                     *             "name": "Ada"
                     *           },
                     *           "upload": {
                     *             "createdAt": "2026-01-31T12:00:00.000Z",
                     *             "fileKey": "files/65ba5c80e0f1a2b3c4d5e6f7/65ba5c80c3f1a2b4d5e6f708",
                     *             "fileName": "harbour.jpg",
                     *             "fileSize": 10485760,
                     *             "mimeType": "image/jpeg",
                     *             "state": "open",
                     *             "uploadId": "5f1c9a7be2d048365f1c9a7be2d04836"
                     *           }
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["Submissions"];
                };
            };
            /** @description The caller has this answer already. */
            304: {
                headers: {
                    /** @description A weak tag of this answer, unless it is longer than 1 MiB. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    searchWorkspace: {
        parameters: {
            query: {
                /** @description Words, or beginnings of words. */
                q: string;
                /** @description The types of things to find, with commas between them; the parameter may be repeated. Types other than driveContent are left out; without `types`, all are searched. */
                types?: string;
                /** @description What to sort by, `createdAt` or `updatedAt`; `updatedAt` by default. */
                sortBy?: string;
                /** @description The direction; `desc` by default. */
                sortOrder?: "asc" | "desc";
                /** @description The maximum number of hits; 50 by default. */
                limit?: number;
            };
            header?: {
                /** @description The `ETag` of an answer that the caller has, or several: if it is still the same, the answer is a 304 without a body. */
                "If-None-Match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The first hits, and how many things match. */
            200: {
                headers: {
                    /** @description A weak tag of this answer, unless it is longer than 1 MiB. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "hits": [
                     *         {
                     *           "_id": "65ba5c80c3f1a2b4d5e6f708",
                     *           "createdAt": 1769860800000,
                     *           "entityType": "driveContent",
                     *           "mimeType": "application/pdf",
                     *           "name": "report.pdf",
                     *           "size": 10485760,
                     *           "type": "file",
                     *           "updatedAt": 1769860800000,
                     *           "user": "65ba5c80aa01bb02cc03dd04",
                     *           "workspace": "65ba5c80e0f1a2b3c4d5e6f7"
                     *         }
                     *       ],
                     *       "processingTimeMs": 3,
                     *       "query": "rep",
                     *       "totalHits": 1
                     *     }
                     */
                    "application/json": components["schemas"]["WorkspaceHits"];
                };
            };
            /** @description The caller has this answer already. */
            304: {
                headers: {
                    /** @description A weak tag of this answer, unless it is longer than 1 MiB. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    getWorkspace: {
        parameters: {
            query?: never;
            header?: {
                /** @description The `ETag` of an answer that the caller has, or several: if it is still the same, the answer is a 304 without a body. */
                "If-None-Match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The workspace. */
            200: {
                headers: {
                    /** @description A weak tag of this answer, unless it is longer than 1 MiB. */
                    ETag?: string;
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
            /** @description The caller has this answer already. */
            304: {
                headers: {
                    /** @description A weak tag of this answer, unless it is longer than 1 MiB. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    listMembers: {
        parameters: {
            query?: {
                /** @description Part of a name or email address. */
                q?: string;
                /** @description The maximum number of members on this page; 100 by default. */
                limit?: number;
                /** @description How many to skip; 0 by default. */
                offset?: number;
            };
            header?: {
                /** @description The `ETag` of an answer that the caller has, or several: if it is still the same, the answer is a 304 without a body. */
                "If-None-Match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The page. */
            200: {
                headers: {
                    /** @description A weak tag of this answer, unless it is longer than 1 MiB. */
                    ETag?: string;
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
            /** @description The caller has this answer already. */
            304: {
                headers: {
                    /** @description A weak tag of this answer, unless it is longer than 1 MiB. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    getUsage: {
        parameters: {
            query?: never;
            header?: {
                /** @description The `ETag` of an answer that the caller has, or several: if it is still the same, the answer is a 304 without a body. */
                "If-None-Match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The usage and the quota. */
            200: {
                headers: {
                    /** @description A weak tag of this answer, unless it is longer than 1 MiB. */
                    ETag?: string;
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
            /** @description The caller has this answer already. */
            304: {
                headers: {
                    /** @description A weak tag of this answer, unless it is longer than 1 MiB. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    listTokens: {
        parameters: {
            query?: never;
            header?: {
                /** @description The `ETag` of an answer that the caller has, or several: if it is still the same, the answer is a 304 without a body. */
                "If-None-Match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The tokens. */
            200: {
                headers: {
                    /** @description A weak tag of this answer, unless it is longer than 1 MiB. */
                    ETag?: string;
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
            /** @description The caller has this answer already. */
            304: {
                headers: {
                    /** @description A weak tag of this answer, unless it is longer than 1 MiB. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    createToken: {
        parameters: {
            query?: never;
            header?: {
                /** @description A text that the client chooses, for example a UUID, with or without double quotes: a new one for each thing to create. A request that repeats a key within a day creates nothing: it gets the answer of the first request, without secrets, which are shown only once. A key belongs to the token and the route: elsewhere, the same text is another key. The server keeps the latest 10,000 keys of a token. */
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
            /** @description The token. The server shows its secret only once. */
            200: {
                headers: {
                    /** @description `true` if an earlier request with the same key created what is returned. */
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
                /** @description A text that the client chooses, for example a UUID, with or without double quotes: a new one for each thing to create. A request that repeats a key within a day creates nothing: it gets the answer of the first request, without secrets, which are shown only once. A key belongs to the token and the route: elsewhere, the same text is another key. The server keeps the latest 10,000 keys of a token. */
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
            /** @description The new token. The server shows its secret only once. */
            200: {
                headers: {
                    /** @description `true` if an earlier request with the same key created what is returned. */
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
            query?: {
                /** @description Whether the tokens that have replaced it end too, one after the other, with the tokens that they created; `false` by default. */
                withReplacements?: boolean;
            };
            header?: never;
            path: {
                /** @description The id of the token's record. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The token is revoked. */
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
                /** @description The secret part of the link's address. */
                slug: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The file's bytes are at `Location`. */
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
    openRequest: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The secret part of the request's address. */
                slug: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "password": "correct horse"
                 *     }
                 */
                "application/json": components["schemas"]["OpenRequest"];
            };
        };
        responses: {
            /** @description What the page shows. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "asksEmail": "no",
                     *       "asksName": "required",
                     *       "maxFiles": 50,
                     *       "message": "",
                     *       "title": "Photos of the harbour festival",
                     *       "types": [
                     *         "image/*",
                     *         "video/*"
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["OpenedRequest"];
                };
            };
        };
    };
    addSubmitter: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The secret part of the request's address. */
                slug: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "name": "Ada"
                 *     }
                 */
                "application/json": components["schemas"]["NewSubmitter"];
            };
        };
        responses: {
            /** @description The submitter's grant. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "expiresAt": "2026-03-02T12:00:00.000Z",
                     *       "grant": "cp_grant_…"
                     *     }
                     */
                    "application/json": components["schemas"]["CreatedSubmitter"];
                };
            };
        };
    };
    listSentFiles: {
        parameters: {
            query?: {
                /** @description The `nextCursor` of the page before. */
                cursor?: string;
            };
            header?: {
                /** @description The `ETag` of an answer that the caller has, or several: if it is still the same, the answer is a 304 without a body. */
                "If-None-Match"?: string;
            };
            path: {
                /** @description The secret part of the request's address. */
                slug: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The files. */
            200: {
                headers: {
                    /** @description A weak tag of this answer, unless it is longer than 1 MiB. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "files": [
                     *         {
                     *           "createdAt": "2026-01-31T12:00:00.000Z",
                     *           "fileName": "harbour.jpg",
                     *           "fileSize": 10485760
                     *         }
                     *       ],
                     *       "nextCursor": null
                     *     }
                     */
                    "application/json": components["schemas"]["SentFiles"];
                };
            };
            /** @description The caller has this answer already. */
            304: {
                headers: {
                    /** @description A weak tag of this answer, unless it is longer than 1 MiB. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    getHealth: {
        parameters: {
            query?: never;
            header?: {
                /** @description The `ETag` of an answer that the caller has, or several: if it is still the same, the answer is a 304 without a body. */
                "If-None-Match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The process is up. */
            200: {
                headers: {
                    /** @description A weak tag of this answer, unless it is longer than 1 MiB. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "status": "ok"
                     *     }
                     */
                    "application/json": Record<string, never>;
                };
            };
            /** @description The caller has this answer already. */
            304: {
                headers: {
                    /** @description A weak tag of this answer, unless it is longer than 1 MiB. */
                    ETag?: string;
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
            /** @description The process is up. */
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
            /** @description The server can serve. */
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
            header?: {
                /** @description The `ETag` of an answer that the caller has, or several: if it is still the same, the answer is a 304 without a body. */
                "If-None-Match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The document. */
            200: {
                headers: {
                    /** @description A weak tag of this answer, unless it is longer than 1 MiB. */
                    ETag?: string;
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
            /** @description The caller has this answer already. */
            304: {
                headers: {
                    /** @description A weak tag of this answer, unless it is longer than 1 MiB. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
}

/** Each operation's method and path. */
export const ROUTES = {
  abortUpload: ["POST", "/public/v1/drive/files/upload/multipart/abort"],
  addSubmitter: ["POST", "/r/{slug}/submitters"],
  changeItem: ["PATCH", "/public/v1/drive/files/{id}"],
  changeRequest: ["PATCH", "/public/v1/drive/requests/{id}"],
  createFolder: ["POST", "/public/v1/drive/folders"],
  createGrant: ["POST", "/public/v1/drive/grants"],
  createLink: ["POST", "/public/v1/drive/files/{id}/links"],
  createRequest: ["POST", "/public/v1/drive/requests"],
  createToken: ["POST", "/public/v1/tokens"],
  deleteRequest: ["DELETE", "/public/v1/drive/requests/{id}"],
  emptyTrash: ["DELETE", "/public/v1/drive/trash"],
  finalizeFiles: ["POST", "/public/v1/drive/files/upload/batch/finalize"],
  finalizeUpload: ["POST", "/public/v1/drive/files/upload/multipart/finalize"],
  followLink: ["GET", "/l/{slug}"],
  getDownloadUrl: ["GET", "/public/v1/drive/files/{id}/download"],
  getGrant: ["GET", "/public/v1/drive/grants/{id}"],
  getHealth: ["GET", "/public/v1/health"],
  getItem: ["GET", "/public/v1/drive/files/{id}"],
  getOpenApi: ["GET", "/openapi.json"],
  getRequest: ["GET", "/public/v1/drive/requests/{id}"],
  getTree: ["GET", "/public/v1/drive/tree"],
  getUsage: ["GET", "/public/v1/drive/usage"],
  getWorkspace: ["GET", "/public/v1/workspace/info"],
  isAlive: ["GET", "/healthz"],
  isReady: ["GET", "/readyz"],
  listAncestors: ["GET", "/public/v1/drive/files/{id}/ancestors"],
  listChildren: ["GET", "/public/v1/drive/folders/{id}/children"],
  listGrantUploads: ["GET", "/public/v1/drive/grants/{id}/uploads"],
  listGrants: ["GET", "/public/v1/drive/grants"],
  listLinks: ["GET", "/public/v1/drive/files/{id}/links"],
  listMembers: ["GET", "/public/v1/workspace/members"],
  listParticipants: ["GET", "/public/v1/drive/files/{id}/participants"],
  listParts: ["POST", "/public/v1/drive/files/upload/multipart/parts"],
  listRequests: ["GET", "/public/v1/drive/requests"],
  listSentFiles: ["GET", "/r/{slug}/uploads"],
  listShared: ["GET", "/public/v1/drive/shared"],
  listSubmissions: ["GET", "/public/v1/drive/requests/{id}/submissions"],
  listTokens: ["GET", "/public/v1/tokens"],
  listTrash: ["GET", "/public/v1/drive/trash"],
  listUploads: ["GET", "/public/v1/drive/uploads"],
  openRequest: ["POST", "/r/{slug}/open"],
  presignParts: ["POST", "/public/v1/drive/files/upload/multipart/presigned-urls"],
  purgeItem: ["DELETE", "/public/v1/drive/trash/{id}"],
  putParticipant: ["PUT", "/public/v1/drive/files/{id}/participants/{userId}"],
  removeParticipant: ["DELETE", "/public/v1/drive/files/{id}/participants/{userId}"],
  restoreItem: ["POST", "/public/v1/drive/files/{id}/restore"],
  revokeGrant: ["DELETE", "/public/v1/drive/grants/{id}"],
  revokeLink: ["DELETE", "/public/v1/drive/files/{id}/links/{linkId}"],
  revokeToken: ["DELETE", "/public/v1/tokens/{id}"],
  rotateToken: ["POST", "/public/v1/tokens/rotate"],
  search: ["GET", "/public/v1/drive/search"],
  searchWorkspace: ["GET", "/public/v1/search"],
  startFiles: ["POST", "/public/v1/drive/files/upload/batch/start"],
  startUpload: ["POST", "/public/v1/drive/files/upload/multipart/start"],
  trashItem: ["DELETE", "/public/v1/drive/files/{id}"],
} as const satisfies Record<keyof operations, readonly [string, string]>;
