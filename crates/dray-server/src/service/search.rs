//! Finding items by their names.

use dray_api::{SearchHits, SearchOrder, SearchSort};

use super::Service;
use crate::db::{Conn, search};
use crate::drive::Result;
use crate::drive::access::Caller;
use crate::drive::item::Item;
use crate::drive::search::Words;

impl Service {
    /// The items that have every word of `query` in their names, or a word that begins so. A query without
    /// words finds nothing.
    pub(crate) async fn search(
        &self,
        caller: &Caller,
        query: &str,
        sort: SearchSort,
        order: SearchOrder,
        limit: u32,
    ) -> Result<SearchHits> {
        let (items, total_hits) = match Words::parse(query) {
            None => (Vec::new(), 0),
            Some(words) => {
                let caller = caller.clone();
                let find = move |c: &Conn| Ok(search::search(c, &caller, &words, sort, order, limit)?);
                self.db.read_long(find).await?
            }
        };
        let hits = items.iter().map(Item::to_wire).collect();
        Ok(SearchHits { hits, total_hits, query: query.to_owned() })
    }
}
