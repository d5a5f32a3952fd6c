//! Reads: one item, the workspace and its members, and usage.

use dray_api::{Ancestors, ItemId, Member, Members, Usage, WorkspaceInfo};

use super::Service;
use crate::db::{Conn, usage, users};
use crate::drive::access::Caller;
use crate::drive::item::Item;
use crate::drive::{Error, Result, wire_time};

impl Service {
    /// The folders above the item that the caller sees.
    pub(crate) async fn ancestors(&self, caller: &Caller, id: ItemId) -> Result<Ancestors> {
        let ancestors = self.seen(caller, id).await?.ancestors;
        Ok(Ancestors { ancestors: ancestors.iter().map(Item::to_wire).collect() })
    }

    /// What the caller owns, and their quota.
    pub(crate) async fn usage(&self, caller: &Caller) -> Result<Usage> {
        caller.require_whole_drive()?;
        let caller = *caller;
        let usage = self.db.read(move |c| Ok(usage::of_user(c, caller.workspace, caller.user)?)).await?;
        usage.ok_or(Error::NotFound)
    }

    /// The caller's workspace.
    pub(crate) async fn workspace_info(&self, caller: &Caller) -> Result<WorkspaceInfo> {
        let workspace = caller.workspace;
        self.db.read(move |c| Ok(users::workspace_info(c, workspace)?)).await?.ok_or(Error::NotFound)
    }

    /// A page of the members of the caller's workspace whom the caller may see, and whose name or address contains
    /// `part`.
    pub(crate) async fn members(
        &self,
        caller: &Caller,
        part: &str,
        limit: u32,
        offset: u32,
    ) -> Result<Members> {
        let (caller, part) = (*caller, part.to_owned());
        let page = move |c: &Conn| Ok(users::members(c, &caller, &part, limit, offset)?);
        let (rows, total) = self.read_in_turn(&caller, page).await?;
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
}
