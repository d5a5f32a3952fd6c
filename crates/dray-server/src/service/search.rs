//! Finding items by their names.

use dray_api::{SearchHits, SearchSort, SortOrder};

use super::Service;
use crate::db::{Conn, search};
use crate::drive::Result;
use crate::drive::access::Caller;
use crate::drive::item::Item;
use crate::drive::search::Words;

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
        let query = query.to_owned();
        let Some(words) = Words::parse(&query) else {
            return Ok(SearchHits { hits: Vec::new(), total_hits: 0, total_is_exact: true, query });
        };
        let caller = *caller;
        let find = move |c: &Conn| Ok(search::search(c, &caller, &words, order, limit)?);
        let found = self.read_in_turn(&caller, find).await?;
        Ok(SearchHits {
            hits: found.items.iter().map(Item::to_wire).collect(),
            total_hits: found.total,
            total_is_exact: found.is_exact,
            query,
        })
    }
}
