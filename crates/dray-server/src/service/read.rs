//! Looking at things: one item, one workspace, whether the service is well.

use dray_api::{ItemId, WorkspaceInfo};

use super::Service;
use crate::db::{access, items};
use crate::drive::access::Caller;
use crate::drive::item::Item;
use crate::drive::{Error, Result};

impl Service {
    /// The item, if the caller may see it.
    pub(crate) async fn get_item(&self, caller: &Caller, id: ItemId) -> Result<Item> {
        let mut connection = self.db.read().await?;
        items::visible(&mut connection, caller, id).await?.ok_or(Error::NotFound)
    }

    /// The caller's workspace.
    pub(crate) async fn workspace_info(&self, caller: &Caller) -> Result<WorkspaceInfo> {
        let mut connection = self.db.read().await?;
        access::workspace_info(&mut connection, caller.workspace).await?.ok_or(Error::NotFound)
    }

    /// Whether database and store answer.
    pub(crate) async fn check_ready(&self) -> Result<()> {
        let mut connection = self.db.read().await?;
        access::default_workspace(&mut connection).await?;
        self.objects.check().await
    }
}
