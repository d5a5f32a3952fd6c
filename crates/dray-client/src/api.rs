//! One method for each route, which also says whether repeating the request is safe. Sending is in `client.rs`.

use dray_api::batch::{FinalizeFiles, FinalizedFiles, StartFiles, StartedFiles};
use dray_api::request::{FileRequests, Submissions};
use dray_api::upload::{
    FinalizeUpload, ListParts, OpenUpload, OpenUploads, PresignParts, PresignedParts, StartUpload,
    StartedUpload, StoredParts, UploadKey,
};
use dray_api::{
    CreatedGrant, CreatedToken, DownloadUrl, EmptiedTrash, FileRequest, GrantId, GrantUploads, Grants, Item,
    ItemChange, ItemId, ItemPage, Link, LinkId, Links, ListSort, Members, NewFolder, NewGrant, NewLink,
    NewRequest, NewRole, Participant, Participants, RequestChange, RequestId, Role, RotateToken, SearchHits,
    SortOrder, TrashPage, Tree, Usage, UserId, WorkspaceInfo,
};
use reqwest::Method;

use crate::client::Client;
use crate::error::Error;
use crate::pages::Pages;
use crate::retry::Repeat;

const UPLOAD: &str = "/drive/files/upload/multipart";
const BATCH: &str = "/drive/files/upload/batch";

impl Client {
    /// Step 1 of an upload.
    pub async fn start_upload(&self, body: &StartUpload) -> Result<StartedUpload, Error> {
        self.make(|| self.post(&format!("{UPLOAD}/start")).json(body)).await
    }

    /// Step 2: signed URLs for parts.
    pub async fn presign_parts(&self, body: &PresignParts) -> Result<PresignedParts, Error> {
        self.call(Repeat::Safe, || self.post(&format!("{UPLOAD}/presigned-urls")).json(body)).await
    }

    /// Step 4: the item, once every byte is there. The server answers a repeat with the same item.
    pub async fn finalize_upload(&self, body: &FinalizeUpload) -> Result<Item, Error> {
        self.call(Repeat::Safe, || self.post(&format!("{UPLOAD}/finalize")).json(body)).await
    }

    /// Starts many small files: an upload, an item or an error for each.
    pub async fn start_files(&self, body: &StartFiles) -> Result<StartedFiles, Error> {
        self.make(|| self.post(&format!("{BATCH}/start")).json(body)).await
    }

    /// Finalizes many small files: an item or an error for each. A repeat gets the same items.
    pub async fn finalize_files(&self, body: &FinalizeFiles) -> Result<FinalizedFiles, Error> {
        self.call(Repeat::Safe, || self.post(&format!("{BATCH}/finalize")).json(body)).await
    }

    /// An upload, and what the store has of it.
    pub async fn stored_parts(&self, body: &ListParts) -> Result<StoredParts, Error> {
        self.call(Repeat::Safe, || self.post(&format!("{UPLOAD}/parts")).json(body)).await
    }

    /// Aborts an upload. Aborting it again changes nothing.
    pub async fn abort_upload(&self, body: &UploadKey) -> Result<(), Error> {
        self.call(Repeat::Abort, || self.post(&format!("{UPLOAD}/abort")).json(body)).await
    }

    /// The user's unfinished upload with this id.
    pub async fn open_upload(&self, upload_id: &str) -> Result<OpenUpload, Error> {
        let mut pages = Pages::default();
        loop {
            let page = self.uploads(pages.cursor()).await?;
            if let Some(found) = page.uploads.into_iter().find(|upload| upload.upload_id == upload_id) {
                return Ok(found);
            }
            if !pages.go_on(page.next_cursor)? {
                return Err(Error::NoUpload { upload_id: upload_id.to_owned() });
            }
        }
    }

    /// A page of the user's unfinished uploads, the latest first.
    pub async fn uploads(&self, cursor: Option<&str>) -> Result<OpenUploads, Error> {
        let cursor = cursor.map(|cursor| ("cursor", cursor));
        self.call(Repeat::Safe, || self.get("/drive/uploads").query(cursor.as_slice())).await
    }

    /// An item, file or folder.
    pub async fn item(&self, id: ItemId) -> Result<Item, Error> {
        self.call(Repeat::Safe, || self.get(&format!("/drive/files/{id}"))).await
    }

    /// A signed URL of a file's bytes.
    pub async fn download_url(&self, id: ItemId) -> Result<DownloadUrl, Error> {
        self.call(Repeat::Safe, || self.get(&format!("/drive/files/{id}/download"))).await
    }

    /// Creates a folder.
    pub async fn create_folder(&self, body: &NewFolder) -> Result<Item, Error> {
        self.make(|| self.post("/drive/folders").json(body)).await
    }

    /// A page of a folder; `None` means the root. `cursor` is the `next_cursor` of the page before.
    pub async fn children(
        &self,
        folder: Option<ItemId>,
        sort: ListSort,
        order: SortOrder,
        cursor: Option<&str>,
    ) -> Result<ItemPage, Error> {
        let folder = folder.map_or_else(|| "root".to_owned(), |id| id.to_string());
        let path = format!("/drive/folders/{folder}/children");
        let sort = ListSort::ALL.iter().find(|(_, each)| *each == sort).map(|(text, _)| ("sortBy", *text));
        let order =
            SortOrder::ALL.iter().find(|(_, each)| *each == order).map(|(text, _)| ("sortOrder", *text));
        let cursor = cursor.map(|cursor| ("cursor", cursor));
        let query: Vec<_> = [Some(("limit", "1000")), sort, order, cursor].into_iter().flatten().collect();
        self.call(Repeat::Safe, || self.get(&path).query(&query)).await
    }

    /// A page of what others share with the user.
    pub async fn shared(&self, cursor: Option<&str>) -> Result<ItemPage, Error> {
        let cursor = cursor.map(|cursor| ("cursor", cursor));
        self.call(Repeat::Safe, || self.get("/drive/shared").query(cursor.as_slice())).await
    }

    /// Renames or moves an item.
    pub async fn change_item(&self, id: ItemId, change: &ItemChange) -> Result<Item, Error> {
        let path = format!("/drive/files/{id}");
        self.call(Repeat::Safe, || self.request(Method::PATCH, &path).json(change)).await
    }

    /// Puts an item into the trash, a folder with everything in it.
    pub async fn trash_item(&self, id: ItemId) -> Result<(), Error> {
        self.delete(&format!("/drive/files/{id}")).await
    }

    /// A page of the trash.
    pub async fn trash(&self, cursor: Option<&str>) -> Result<TrashPage, Error> {
        let cursor = cursor.map(|cursor| ("cursor", cursor));
        self.call(Repeat::Safe, || self.get("/drive/trash").query(cursor.as_slice())).await
    }

    /// Takes an item out of the trash.
    pub async fn restore_item(&self, id: ItemId) -> Result<Item, Error> {
        self.call(Repeat::MakesAnother, || self.post(&format!("/drive/files/{id}/restore"))).await
    }

    /// Removes an item of the trash permanently.
    pub async fn remove_item(&self, id: ItemId) -> Result<(), Error> {
        self.delete(&format!("/drive/trash/{id}")).await
    }

    /// Removes everything in the trash permanently.
    pub async fn empty_trash(&self) -> Result<EmptiedTrash, Error> {
        self.call(Repeat::MakesAnother, || self.request(Method::DELETE, "/drive/trash")).await
    }

    /// Who has which role on an item.
    pub async fn participants(&self, id: ItemId) -> Result<Participants, Error> {
        self.call(Repeat::Safe, || self.get(&format!("/drive/files/{id}/participants"))).await
    }

    /// Gives a user a role on an item and everything below it.
    pub async fn put_participant(&self, id: ItemId, user: UserId, role: Role) -> Result<Participant, Error> {
        let path = format!("/drive/files/{id}/participants/{user}");
        self.call(Repeat::Safe, || self.request(Method::PUT, &path).json(&NewRole { role })).await
    }

    /// Takes a user's role on an item.
    pub async fn remove_participant(&self, id: ItemId, user: UserId) -> Result<(), Error> {
        self.delete(&format!("/drive/files/{id}/participants/{user}")).await
    }

    /// Replaces this client's token. If the first answer is lost, the answer to the repeat has no secret.
    pub async fn rotate_token(&self, body: &RotateToken) -> Result<CreatedToken, Error> {
        self.make(|| self.post("/tokens/rotate").json(body)).await
    }

    /// Creates a public link to a file.
    pub async fn create_link(&self, id: ItemId, link: &NewLink) -> Result<Link, Error> {
        let path = format!("/drive/files/{id}/links");
        self.make(|| self.post(&path).json(link)).await
    }

    /// The links of a file.
    pub async fn links(&self, id: ItemId) -> Result<Links, Error> {
        self.call(Repeat::Safe, || self.get(&format!("/drive/files/{id}/links"))).await
    }

    /// Revokes a link.
    pub async fn revoke_link(&self, id: ItemId, link: LinkId) -> Result<(), Error> {
        self.delete(&format!("/drive/files/{id}/links/{link}")).await
    }

    /// Creates a grant, with which somebody else's page can upload into a folder. If the first answer is lost, the
    /// answer to the repeat does not have the secret.
    pub async fn create_grant(&self, body: &NewGrant) -> Result<CreatedGrant, Error> {
        self.make(|| self.post("/drive/grants").json(body)).await
    }

    /// A page of the grants that this token may see, the latest first.
    pub async fn grants(&self, cursor: Option<&str>) -> Result<Grants, Error> {
        let cursor = cursor.map(|cursor| ("cursor", cursor));
        self.call(Repeat::Safe, || self.get("/drive/grants").query(cursor.as_slice())).await
    }

    /// A page of all uploads of a grant, the latest first.
    pub async fn grant_uploads(&self, id: GrantId, cursor: Option<&str>) -> Result<GrantUploads, Error> {
        let (path, cursor) = (format!("/drive/grants/{id}/uploads"), cursor.map(|cursor| ("cursor", cursor)));
        self.call(Repeat::Safe, || self.get(&path).query(cursor.as_slice())).await
    }

    /// Revokes a grant. Revoking it again changes nothing.
    pub async fn revoke_grant(&self, id: GrantId) -> Result<(), Error> {
        let path = format!("/drive/grants/{id}");
        self.call(Repeat::Safe, || self.request(Method::DELETE, &path)).await
    }

    /// Creates a file request to a folder.
    pub async fn create_request(&self, body: &NewRequest) -> Result<FileRequest, Error> {
        self.make(|| self.post("/drive/requests").json(body)).await
    }

    /// A page of the file requests that the user has created, or of those to `folder`, the latest first.
    pub async fn requests(
        &self,
        folder: Option<ItemId>,
        cursor: Option<&str>,
    ) -> Result<FileRequests, Error> {
        let folder = folder.map(|id| ("folderId", id.to_string()));
        let cursor = cursor.map(|cursor| ("cursor", cursor));
        let get = || self.get("/drive/requests").query(folder.as_slice()).query(cursor.as_slice());
        self.call(Repeat::Safe, get).await
    }

    /// Changes, closes or reopens a file request.
    pub async fn change_request(&self, id: RequestId, body: &RequestChange) -> Result<FileRequest, Error> {
        let path = format!("/drive/requests/{id}");
        self.call(Repeat::Safe, || self.request(Method::PATCH, &path).json(body)).await
    }

    /// Deletes a file request. Files that have arrived stay.
    pub async fn delete_request(&self, id: RequestId) -> Result<(), Error> {
        self.delete(&format!("/drive/requests/{id}")).await
    }

    /// A page of the uploads to a file request, the latest first, each with its submitter.
    pub async fn submissions(&self, id: RequestId, cursor: Option<&str>) -> Result<Submissions, Error> {
        let (path, cursor) =
            (format!("/drive/requests/{id}/submissions"), cursor.map(|cursor| ("cursor", cursor)));
        self.call(Repeat::Safe, || self.get(&path).query(cursor.as_slice())).await
    }

    /// How much the user stores, and their quota.
    pub async fn usage(&self) -> Result<Usage, Error> {
        self.call(Repeat::Safe, || self.get("/drive/usage")).await
    }

    /// Sends a delete. The answer to a repeat would be "not found", so this repeats only if the server cannot have
    /// begun the first request.
    async fn delete(&self, path: &str) -> Result<(), Error> {
        self.call(Repeat::MakesAnother, || self.request(Method::DELETE, path)).await
    }

    /// What is in a folder (`None` means the root), `depth` levels down (1 to 10), at most 500 items.
    pub async fn tree(&self, parent: Option<ItemId>, depth: u32) -> Result<Tree, Error> {
        let parent = parent.map(|id| ("parentId", id.to_string()));
        self.call(Repeat::Safe, || {
            self.get("/drive/tree").query(parent.as_slice()).query(&[("depth", depth)])
        })
        .await
    }

    /// The first `limit` (1 to 50) items whose names have the words of `query`, the most recently changed first.
    pub async fn search(&self, query: &str, limit: u32) -> Result<SearchHits, Error> {
        self.call(Repeat::Safe, || {
            self.get("/drive/search").query(&[("q", query)]).query(&[("limit", limit)])
        })
        .await
    }

    /// The workspace that the token belongs to.
    pub async fn workspace(&self) -> Result<WorkspaceInfo, Error> {
        self.call(Repeat::Safe, || self.get("/workspace/info")).await
    }

    /// A page of at most `limit` (1 to 500) members of that workspace whose name or address contains `part`. The page
    /// skips the first `offset` of them.
    pub async fn members(&self, part: &str, limit: u32, offset: u32) -> Result<Members, Error> {
        self.call(Repeat::Safe, || {
            self.get("/workspace/members")
                .query(&[("q", part)])
                .query(&[("limit", limit), ("offset", offset)])
        })
        .await
    }
}
