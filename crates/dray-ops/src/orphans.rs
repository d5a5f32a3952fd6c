//! Orphans: objects without an item and uploads without a row. They remain when a database is restored from an older
//! backup, or when a part arrives after its upload was aborted.

use jiff::Timestamp;

use crate::admin::Admin;
use crate::store::Store;
use dray_db::orphans::{is_known_object, is_known_upload};
use dray_drive::item::OBJECT_PREFIX;
use dray_server::Error;

/// An object or upload in the store that belongs to nothing in the drive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Orphan {
    /// Its key.
    pub key: String,
    /// The upload id, if it is an upload that was never completed.
    pub upload_id: Option<String>,
    /// How many bytes it takes.
    pub size_bytes: u64,
    /// Whether it is removed now.
    pub is_removed: bool,
}

impl Admin {
    /// Lists the whole store, and reports each orphan that is older than `before`. It removes them if `remove`.
    pub async fn orphans(
        &self,
        store: &Store,
        before: Timestamp,
        remove: bool,
        mut found: impl FnMut(Orphan),
    ) -> Result<(), Error> {
        let mut from = None;
        loop {
            let (page, next) = store.objects.list(OBJECT_PREFIX, from).await?;
            let keys: Vec<String> = page.iter().map(|object| object.key.clone()).collect();
            let known = self.db.read_long(move |c| {
                keys.iter().map(|key| Ok(is_known_object(c, key)?)).collect::<Result<Vec<_>, _>>()
            });
            let unknown = page.into_iter().zip(known.await?).filter(|(_, is_known)| !is_known);
            for (object, _) in unknown.filter(|(object, _)| object.since < before) {
                if remove {
                    store.objects.delete(&object.key).await?;
                }
                let (key, size_bytes) = (object.key, object.size_bytes);
                found(Orphan { key, upload_id: None, size_bytes, is_removed: remove });
            }
            from = next;
            if from.is_none() {
                break;
            }
        }
        self.stray_uploads(store, before, remove, found).await
    }

    async fn stray_uploads(
        &self,
        store: &Store,
        before: Timestamp,
        remove: bool,
        mut found: impl FnMut(Orphan),
    ) -> Result<(), Error> {
        let begun = store.objects.begun_uploads(OBJECT_PREFIX).await?;
        for upload in begun.into_iter().filter(|upload| upload.since < before) {
            let (key, id) = (upload.key.clone(), upload.upload_id.clone());
            if self.db.read(move |c| Ok(is_known_upload(c, &key, &id)?)).await? {
                continue;
            }
            let parts = store.objects.list_parts(&upload.key, &upload.upload_id).await?;
            let size_bytes = parts.unwrap_or_default().iter().map(|part| part.size).sum();
            if remove {
                store.objects.abort_upload(&upload.key, &upload.upload_id).await?;
            }
            let (key, upload_id) = (upload.key, Some(upload.upload_id));
            found(Orphan { key, upload_id, size_bytes, is_removed: remove });
        }
        Ok(())
    }
}
