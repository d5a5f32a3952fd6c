//! Finding items by their names.

use dray_api::{EntityType, SearchHits, SearchSort, SortOrder, WorkspaceHit, WorkspaceHits};
use tokio::time::Instant;

use super::Service;
use crate::db::search::Found;
use crate::db::{Conn, search};
use crate::drive::access::Caller;
use crate::drive::item::Item;
use crate::drive::search::Words;
use crate::drive::{Error, Result};

impl Service {
    /// The items whose names have every word of `query`, or a word that begins with it. A query without
    /// words finds nothing.
    pub(crate) async fn search(
        &self,
        caller: &Caller,
        query: &str,
        order: (SearchSort, SortOrder),
        limit: usize,
    ) -> Result<SearchHits> {
        let found = self.find(caller, query, order, limit).await?;
        Ok(SearchHits {
            hits: found.items.iter().map(Item::to_wire).collect(),
            total_hits: found.total,
            total_is_exact: found.is_exact,
            query: query.to_owned(),
        })
    }

    /// As [`Service::search`], in the form that is the same for all types of things. `types` has those that are asked for, or
    /// none for all; types that are not searched are left out.
    pub(crate) async fn search_workspace(
        &self,
        caller: &Caller,
        query: &str,
        types: &[&str],
        order: (SearchSort, SortOrder),
        limit: usize,
    ) -> Result<WorkspaceHits> {
        if !types.is_empty() && !types.contains(&EntityType::DRIVE_CONTENT) {
            return Err(Error::NoSearchTypes);
        }
        let begun = Instant::now();
        let found = self.find(caller, query, order, limit).await?;
        Ok(WorkspaceHits {
            query: query.to_owned(),
            total_hits: found.total,
            processing_time_ms: u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
            hits: found.items.iter().map(hit).collect(),
        })
    }

    async fn find(
        &self,
        caller: &Caller,
        query: &str,
        order: (SearchSort, SortOrder),
        limit: usize,
    ) -> Result<Found> {
        let Some(words) = Words::parse(query) else {
            return Ok(Found { items: Vec::new(), total: 0, is_exact: true });
        };
        let caller = *caller;
        let find = move |c: &Conn| Ok(search::search(c, &caller, &words, order, limit)?);
        self.read_in_turn(&caller, find).await
    }
}

fn hit(item: &Item) -> WorkspaceHit {
    let wire = item.to_wire();
    WorkspaceHit {
        entity_type: EntityType::DriveContent,
        id: item.id,
        workspace: item.workspace,
        name: wire.name,
        r#type: wire.kind,
        mime_type: wire.mime_type,
        size: wire.file_size,
        user: item.owner,
        created_at: item.created_at.as_millisecond(),
        updated_at: item.updated_at.as_millisecond(),
    }
}
