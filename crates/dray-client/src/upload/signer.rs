//! Signed URLs of one upload's parts. They are fetched in batches and late, so that on a slow connection they do not
//! expire before their parts are sent.

use std::collections::BTreeMap;

use dray_api::upload::{PresignParts, UploadKey};
use tokio::sync::Mutex;

use crate::client::Client;
use crate::error::Error;

/// Parts that are signed by one call.
const BATCH: u32 = 100;

pub(crate) struct Signer<'a> {
    client: &'a Client,
    upload: &'a UploadKey,
    parts: u32,
    ahead: Mutex<BTreeMap<u32, String>>,
}

impl<'a> Signer<'a> {
    /// A signer for `upload`, which has `parts` parts.
    pub(crate) fn new(client: &'a Client, upload: &'a UploadKey, parts: u32) -> Self {
        Self { client, upload, parts, ahead: Mutex::default() }
    }

    /// The URL for a part's first try. The same call signs the next parts too.
    pub(crate) async fn url(&self, part_number: u32) -> Result<String, Error> {
        let mut ahead = self.ahead.lock().await;
        if let Some(url) = ahead.remove(&part_number) {
            return Ok(url);
        }
        let last = self.parts.min(part_number.saturating_add(BATCH - 1));
        ahead.extend(self.sign(part_number..=last).await?);
        ahead.remove(&part_number).ok_or_else(|| self.not_signed())
    }

    /// A new URL for a part whose last one failed.
    pub(crate) async fn new_url(&self, part_number: u32) -> Result<String, Error> {
        let mut signed = self.sign(part_number..=part_number).await?;
        signed.remove(&part_number).ok_or_else(|| self.not_signed())
    }

    /// Drops the URLs that were signed ahead, because one of the same age has expired.
    pub(crate) async fn forget(&self) {
        self.ahead.lock().await.clear();
    }

    async fn sign(
        &self,
        part_numbers: std::ops::RangeInclusive<u32>,
    ) -> Result<BTreeMap<u32, String>, Error> {
        let body = PresignParts {
            upload_id: self.upload.upload_id.clone(),
            file_key: self.upload.file_key.clone(),
            parts: Some(u64::from(self.parts)),
            part_numbers: Some(part_numbers.map(u64::from).collect()),
            content_lengths: None,
        };
        let signed = self.client.presign_parts(&body).await?;
        Ok(signed.parts.into_iter().map(|part| (part.part_number, part.signed_url)).collect())
    }

    fn not_signed(&self) -> Error {
        self.client.not_dray(200)
    }
}
