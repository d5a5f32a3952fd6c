//! The events, and their form on the wire.

use dray_api::{ItemId, UserId, WorkspaceId};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::access::Caller;
use crate::item::Item;
use crate::upload::Upload;
use crate::wire_time;

/// Something that happened.
pub enum Event<'a> {
    /// An upload became an item, or the new bytes of one.
    UploadFinalized(&'a Upload, &'a Item),
    /// An upload was aborted, or failed.
    UploadAborted(&'a Upload),
    /// An upload expired.
    UploadExpired(&'a Upload),
    /// Somebody created a folder.
    FolderCreated(&'a Caller, &'a Item),
    /// Somebody renamed or moved an item.
    ItemChanged(&'a Caller, &'a Item),
    /// Somebody put an item into the trash, with everything below it.
    ItemTrashed(&'a Caller, &'a Item),
    /// Somebody took an item out of the trash, with everything below it.
    ItemRestored(&'a Caller, &'a Item),
    /// Somebody removed an item permanently, with everything below it.
    ItemRemoved(&'a Caller, ItemId),
    /// Somebody removed this many items of their trash permanently.
    TrashEmptied(&'a Caller, u64),
}

impl Event<'_> {
    /// The body of the call.
    pub fn to_wire(&self, now: Timestamp) -> Value {
        let (kind, data) = match *self {
            Self::UploadFinalized(upload, item) => {
                ("upload.finalized", json!({ "upload": upload_data(upload), "item": item.to_wire() }))
            }
            Self::UploadAborted(upload) => ("upload.aborted", json!({ "upload": upload_data(upload) })),
            Self::UploadExpired(upload) => ("upload.expired", json!({ "upload": upload_data(upload) })),
            Self::FolderCreated(_, item) => ("folder.created", json!({ "item": item.to_wire() })),
            Self::ItemChanged(_, item) => ("item.changed", json!({ "item": item.to_wire() })),
            Self::ItemTrashed(_, item) => ("item.trashed", json!({ "item": item.to_wire() })),
            Self::ItemRestored(_, item) => ("item.restored", json!({ "item": item.to_wire() })),
            Self::ItemRemoved(_, id) => ("item.removed", json!({ "itemId": id })),
            Self::TrashEmptied(_, removed) => ("trash.emptied", json!({ "removed": removed })),
        };
        let mut data = data;
        let (workspace, user) = self.whose();
        data["workspaceId"] = json!(workspace);
        data["userId"] = json!(user);
        json!({ "type": kind, "timestamp": wire_time(now), "data": data })
    }

    /// The workspace, and the user who did it (or who started the upload that ended).
    fn whose(&self) -> (WorkspaceId, UserId) {
        match self {
            Self::UploadFinalized(upload, _) | Self::UploadAborted(upload) | Self::UploadExpired(upload) => {
                (upload.workspace, upload.user)
            }
            Self::FolderCreated(caller, _)
            | Self::ItemChanged(caller, _)
            | Self::ItemTrashed(caller, _)
            | Self::ItemRestored(caller, _)
            | Self::ItemRemoved(caller, _)
            | Self::TrashEmptied(caller, _) => (caller.workspace, caller.user),
        }
    }
}

fn upload_data(upload: &Upload) -> Value {
    json!({
        "uploadId": upload.store_upload_id,
        "fileKey": upload.object_key,
        "fileName": upload.name,
        "fileSize": upload.size_bytes,
        "mimeType": upload.mime_type,
        "parentId": upload.parent,
        "grantId": upload.attached.grant,
        "requestId": upload.attached.request,
        "externalId": upload.attached.external_id,
        "metadata": upload.attached.metadata_to_wire(),
    })
}
