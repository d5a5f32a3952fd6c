//! A method a route. Each says whether repeating it is safe; the rest is in `client.rs`.

use dray_api::upload::{FinalizeUpload, PresignParts, PresignedParts, StartUpload, StartedUpload};
use dray_api::{DownloadUrl, Item, ItemId, Members, NewFolder, SearchHits, Tree, WorkspaceInfo};

use crate::client::Client;
use crate::error::Error;
use crate::retry::Repeat;

const UPLOAD: &str = "/drive/files/upload/multipart";

impl Client {
    /// Step 1 of an upload. Repeated only if the server can not have begun it.
    pub async fn start_upload(&self, body: &StartUpload) -> Result<StartedUpload, Error> {
        self.call(Repeat::MakesAnother, || self.post(&format!("{UPLOAD}/start")).json(body)).await
    }

    /// Step 2: signed URLs for parts.
    pub async fn presign_parts(&self, body: &PresignParts) -> Result<PresignedParts, Error> {
        self.call(Repeat::Safe, || self.post(&format!("{UPLOAD}/presigned-urls")).json(body)).await
    }

    /// Step 4: the item, once every byte is there. The server answers a repeat with the same item.
    pub async fn finalize_upload(&self, body: &FinalizeUpload) -> Result<Item, Error> {
        self.call(Repeat::Safe, || self.post(&format!("{UPLOAD}/finalize")).json(body)).await
    }

    /// An item, file or folder.
    pub async fn item(&self, id: ItemId) -> Result<Item, Error> {
        self.call(Repeat::Safe, || self.get(&format!("/drive/files/{id}"))).await
    }

    /// A signed URL of a file's bytes.
    pub async fn download_url(&self, id: ItemId) -> Result<DownloadUrl, Error> {
        self.call(Repeat::Safe, || self.get(&format!("/drive/files/{id}/download"))).await
    }

    /// Makes a folder. Repeated only if the server can not have begun it.
    pub async fn create_folder(&self, body: &NewFolder) -> Result<Item, Error> {
        self.call(Repeat::MakesAnother, || self.post("/drive/folders").json(body)).await
    }

    /// What is in a folder (`None`: at the root), `depth` levels down (1 to 10), at most 500 items.
    pub async fn tree(&self, parent: Option<ItemId>, depth: u32) -> Result<Tree, Error> {
        let parent = parent.map(|id| ("parentId", id.to_string()));
        self.call(Repeat::Safe, || {
            self.get("/drive/tree").query(parent.as_slice()).query(&[("depth", depth)])
        })
        .await
    }

    /// The first `limit` (1 to 50) items that have the words of `query` in their names, the latest changed
    /// first.
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

    /// A page of at most `limit` (1 to 500) members of that workspace, of those whose name or address has
    /// `part` in it; `offset` of them are before the page.
    pub async fn members(&self, part: &str, limit: u32, offset: u32) -> Result<Members, Error> {
        self.call(Repeat::Safe, || {
            self.get("/workspace/members")
                .query(&[("q", part)])
                .query(&[("limit", limit), ("offset", offset)])
        })
        .await
    }
}
