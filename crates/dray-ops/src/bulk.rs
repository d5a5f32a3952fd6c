//! Creates many items at once, for benchmarks that need a full drive. The caller decides where each item is. The
//! files have no bytes in the store.

use dray_api::{ItemId, Role, UserId};
use jiff::Timestamp;

use crate::admin::Admin;
use dray_db::{bulk, participants, users};
use dray_drive as drive;
use dray_drive::item::{Attached, Content, Item, MimeType, object_key};
use dray_drive::name::ItemName;

/// An item to add.
#[derive(Debug, Clone)]
pub struct NewItem {
    /// Its id, which must be unique.
    pub id: ItemId,
    /// Its folder, which must come before it and have the same owner; `None` means the root of its owner.
    pub parent: Option<ItemId>,
    /// Its owner.
    pub owner: UserId,
    /// Its name.
    pub name: String,
    /// A file's size in bytes; `None` for a folder.
    pub size_bytes: Option<u64>,
    /// When it was created.
    pub created_at: Timestamp,
}

impl Admin {
    /// Adds all of these items to workspace `default`, as if they had been created one by one.
    pub async fn add_items(&self, items: Vec<NewItem>) -> Result<(), dray_server::Error> {
        let add = self.db.write(move |c| {
            let workspace = users::default_workspace(c)?.ok_or(drive::Error::NotFound)?;
            let full = |new: &NewItem| {
                let content = new.size_bytes.map_or(Content::Folder, |size_bytes| Content::File {
                    mime_type: MimeType::UNKNOWN.to_owned(),
                    size_bytes,
                    object_key: object_key(workspace, new.id),
                });
                Ok(Item {
                    id: new.id,
                    workspace,
                    parent: new.parent,
                    owner: new.owner,
                    name: ItemName::parse("name", new.name.clone())?.into_string(),
                    content,
                    attached: Attached::default(),
                    created_at: new.created_at,
                    updated_at: new.created_at,
                })
            };
            let items = items.iter().map(full).collect::<drive::Result<Vec<_>>>()?;
            Ok(bulk::insert(c, &items)?)
        });
        Ok(add.await?)
    }

    /// Gives a user a role on an item and everything below it.
    pub async fn share(
        &self,
        item: ItemId,
        user: UserId,
        role: Role,
        now: Timestamp,
    ) -> Result<(), dray_server::Error> {
        let role = drive::access::Role::from(role);
        Ok(self.db.write(move |c| Ok(participants::put(c, item, user, role, now)?)).await?)
    }

    /// Does now the maintenance that the database would do by itself some time later.
    pub async fn settle(&self) -> Result<(), dray_server::Error> {
        Ok(self.db.read(|c| Ok(bulk::settle(c)?)).await?)
    }
}
