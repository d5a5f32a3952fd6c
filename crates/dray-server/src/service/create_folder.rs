//! Creates a folder.

use dray_api::limits::MAX_FOLDER_DEPTH;
use dray_api::{ItemId, NewFolder};
use jiff::Timestamp;

use super::{Made, Once, Service, target};
use crate::db::items;
use crate::drive::access::Caller;
use crate::drive::event::Event;
use crate::drive::item::{Attached, Content, Item};
use crate::drive::name::ItemName;
use crate::drive::{Error, Result};
use crate::random;

impl Service {
    /// Creates a folder. Two folders in one place may have the same name.
    pub(crate) async fn create_folder(
        &self,
        caller: &Caller,
        request: NewFolder,
        once: Once,
        now: Timestamp,
    ) -> Result<Made<dray_api::Item>> {
        let name = ItemName::parse("name", request.name)?;
        let folder = Item {
            id: random::id(now, ItemId::new)?,
            workspace: caller.workspace,
            parent: request.parent_id,
            owner: caller.user,
            name: name.into_string(),
            content: Content::Folder,
            attached: Attached::default(),
            created_at: now,
            updated_at: now,
        };
        let (service, caller) = (self.clone(), *caller);
        self.db
            .write(move |c| {
                once.make(c, &caller, now, || {
                    if let Some(parent) = target(c, &caller, "parentId", folder.parent)?
                        && items::depth(c, parent.item.id)? >= i64::from(MAX_FOLDER_DEPTH)
                    {
                        return Err(Error::TooDeep { field: "parentId", limit: MAX_FOLDER_DEPTH });
                    }
                    items::insert(c, &folder, None)?;
                    service.webhooks.note(c, &Event::FolderCreated(&caller, &folder), now)?;
                    Ok(folder.to_wire())
                })
            })
            .await
    }
}
