//! Orphans: objects without an item and uploads without a row. They remain when a database is restored from an older
//! backup, when a restore or a move was killed and not run again, or when a request or a part arrives very late.
//!
//! Every key names its workspace. Several drives may use one bucket, so only keys of this drive's workspaces can be its
//! orphans. Everything else is counted and never removed.

use std::collections::{BTreeMap, BTreeSet};

use dray_api::WorkspaceId;
use jiff::Timestamp;

use crate::admin::Admin;
use crate::store::Store;
use dray_db::orphans::{is_known_object, is_known_upload, workspaces};
use dray_drive as drive;
use dray_drive::item::{OBJECT_PREFIX, workspace_of_key};
use dray_drive::settings::SettingError;
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
    /// Why the store did not remove it, or did not say how large it is. Other orphans are not affected.
    pub failure: Option<String>,
}

/// What another drive has in the same bucket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Foreign {
    /// The other drive's workspace; `None` for keys that no drive has made.
    pub workspace: Option<WorkspaceId>,
    /// How many objects there are.
    pub objects: u64,
    /// How many unfinished uploads there are.
    pub uploads: u64,
    /// How many bytes the objects have.
    pub bytes: u64,
}

/// Which keys belong to this drive, and what was found of others.
struct Drive {
    workspaces: BTreeSet<WorkspaceId>,
    others: BTreeMap<Option<WorkspaceId>, Foreign>,
}

impl Drive {
    /// The counts of another drive, if the key is not one of this drive.
    fn other(&mut self, key: &str) -> Option<&mut Foreign> {
        let workspace = workspace_of_key(key);
        if workspace.is_some_and(|workspace| self.workspaces.contains(&workspace)) {
            return None;
        }
        let foreign = Foreign { workspace, ..Foreign::default() };
        Some(self.others.entry(workspace).or_insert(foreign))
    }
}

impl Store {
    /// Why something was not done with one key. If the store as a whole does not work, that is an error instead.
    async fn failure(&self, done: drive::Result<()>) -> drive::Result<Option<String>> {
        let Err(err) = done else { return Ok(None) };
        self.objects.check().await?;
        Ok(Some(err.to_string()))
    }
}

impl Admin {
    /// Lists the whole store, and reports each orphan that is older than `before`. It removes them if `remove`. Returns
    /// what belongs to other drives, which stays. An orphan that the store does not remove does not stop the others.
    ///
    /// It refuses an empty database, which knows no object of its drive. A restore fills the database at its very end, so
    /// it is empty as long as a restore runs.
    pub async fn orphans(
        &self,
        store: &Store,
        before: Timestamp,
        remove: bool,
        mut found: impl FnMut(Orphan),
    ) -> Result<Vec<Foreign>, Error> {
        let workspaces = self.own_workspaces().await?;
        let mut drive = Drive { workspaces, others: BTreeMap::new() };
        let mut from = None;
        loop {
            let (page, next) = store.objects.list(OBJECT_PREFIX, from).await?;
            let mut own = Vec::with_capacity(page.len());
            for object in page {
                match drive.other(&object.key) {
                    None => own.push(object),
                    Some(other) => {
                        other.objects += 1;
                        other.bytes += object.size_bytes;
                    }
                }
            }
            let keys: Vec<String> = own.iter().map(|object| object.key.clone()).collect();
            let known = self.db.read_long(move |c| {
                keys.iter().map(|key| Ok(is_known_object(c, key)?)).collect::<Result<Vec<_>, _>>()
            });
            let unknown = own.into_iter().zip(known.await?).filter(|(_, is_known)| !is_known);
            for (object, _) in unknown.filter(|(object, _)| object.since < before) {
                let mut failure = None;
                if remove {
                    failure = store.failure(store.objects.delete(&object.key).await).await?;
                }
                let (key, size_bytes, is_removed) =
                    (object.key, object.size_bytes, remove && failure.is_none());
                found(Orphan { key, upload_id: None, size_bytes, is_removed, failure });
            }
            from = next;
            if from.is_none() {
                break;
            }
        }
        self.stray_uploads(store, &mut drive, before, remove, found).await?;
        Ok(drive.others.into_values().collect())
    }

    /// Refuses a database without a drive.
    pub async fn check_not_empty(&self) -> Result<(), Error> {
        self.own_workspaces().await.map(drop)
    }

    /// The drive's workspaces: there is at least one.
    async fn own_workspaces(&self) -> Result<BTreeSet<WorkspaceId>, Error> {
        let workspaces = self.db.read(|c| Ok(workspaces(c)?)).await?;
        if !workspaces.is_empty() {
            return Ok(workspaces);
        }
        let rule = "must name the drive's own database: this one has no drive in it, so every object would look like an orphan, and a backup would have nothing. If a restore is running, wait until it is done";
        Err(SettingError { setting: "--database-url (or --data)", rule: rule.into() }.into())
    }

    async fn stray_uploads(
        &self,
        store: &Store,
        drive: &mut Drive,
        before: Timestamp,
        remove: bool,
        mut found: impl FnMut(Orphan),
    ) -> Result<(), Error> {
        for upload in store.objects.begun_uploads(OBJECT_PREFIX).await? {
            if let Some(other) = drive.other(&upload.key) {
                other.uploads += 1;
                continue;
            }
            let (key, id) = (upload.key.clone(), upload.upload_id.clone());
            if upload.since >= before || self.db.read(move |c| Ok(is_known_upload(c, &key, &id)?)).await? {
                continue;
            }
            let (size_bytes, mut failure) =
                match store.objects.list_parts(&upload.key, &upload.upload_id).await {
                    Ok(parts) => (parts.unwrap_or_default().iter().map(|part| part.size).sum(), None),
                    Err(err) => (0, store.failure(Err(err)).await?),
                };
            if remove {
                let aborted = store.objects.abort_upload(&upload.key, &upload.upload_id).await;
                failure = store.failure(aborted).await?;
            }
            let (key, upload_id) = (upload.key, Some(upload.upload_id));
            let is_removed = remove && failure.is_none();
            found(Orphan { key, upload_id, size_bytes, is_removed, failure });
        }
        Ok(())
    }
}
