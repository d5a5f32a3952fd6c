//! At a start, updates the values that are derived from names (for sorting, comparing and finding) to the rules of
//! this version, before the server answers any request from them.

use super::Service;
use crate::db::names;
use crate::drive::Result;

impl Service {
    /// After an update or a restore, reads every item once, in small transactions. At the first start of an empty drive it
    /// writes one row, and at any other start it reads that row. If it is interrupted, the next start continues.
    pub(crate) async fn renew_names(&self) -> Result<()> {
        if self.db.read(|c| Ok(names::are_renewed(c)?)).await? {
            return Ok(());
        }
        if !self.db.read(|c| Ok(names::is_without_items(c)?)).await? {
            tracing::info!(
                "checking the sort and search values of all names once, because this version may derive some of them differently"
            );
        }
        while self.db.write(|c| Ok(names::renew_some(c)?)).await? {}
        Ok(())
    }
}
