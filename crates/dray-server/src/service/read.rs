//! Looking at things: one item, one workspace and who is in it, whether the service is well.

use dray_api::{ItemId, Member, Members, WorkspaceInfo};

use super::Service;
use crate::db::{access, items};
use crate::drive::access::Caller;
use crate::drive::item::Item;
use crate::drive::{Error, Result, wire_time};

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

    /// A page of the members of the caller's workspace whose name or address has `part` in it.
    pub(crate) async fn members(
        &self,
        caller: &Caller,
        part: &str,
        limit: u32,
        offset: u32,
    ) -> Result<Members> {
        let mut connection = self.db.snapshot().await?;
        let (rows, total) = access::members(&mut connection, caller.workspace, part, limit, offset).await?;
        let members = rows.into_iter().map(|user| Member {
            id: user.id,
            name: user.name,
            email: user.email,
            role: user.role,
            status: "active".into(),
            active: true,
            created_at: wire_time(user.created_at),
        });
        Ok(Members { members: members.collect(), total, limit, offset })
    }

    /// Whether database and store answer.
    pub(crate) async fn check_ready(&self) -> Result<()> {
        // The connection goes back before the store is asked: it may be long in answering.
        access::default_workspace(&mut *self.db.read().await?).await?;
        self.objects.check().await
    }
}
