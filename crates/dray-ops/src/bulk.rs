//! Creates many items at once, for benchmarks, which need a full drive. The caller says what is where; the files
//! have no bytes in the store.

use dray_api::{ItemId, Role, UserId};
use jiff::Timestamp;

use crate::admin::Admin;
use dray_db::{bulk, participants, users};
use dray_drive as drive;
use dray_drive::item::{Attached, Content, Item, MimeType, object_key};
use dray_drive::name::ItemName;

/// An item to be added.
#[derive(Debug, Clone)]
pub struct NewItem {
    /// Its id, which nothing else has.
    pub id: ItemId,
    /// The folder it is in, which comes before it and is of the same owner; `None`: its owner's root.
    pub parent: Option<ItemId>,
    /// Whose it is.
    pub owner: UserId,
    /// Its name.
    pub name: String,
    /// A file's size in bytes; `None`: a folder.
    pub size_bytes: Option<u64>,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Admin {
    /// Adds all of these items to workspace `default`, as if they had been made one by one.
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

    /// Gives a user a role on an item and all below it.
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

    /// Brings the database to the state in which its own upkeep would have it some time later.
    pub async fn settle(&self) -> Result<(), dray_server::Error> {
        Ok(self.db.read(|c| Ok(bulk::settle(c)?)).await?)
    }
}
