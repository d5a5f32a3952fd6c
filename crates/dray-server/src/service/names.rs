//! At a start: updates the values derived from names (for sorting, comparing and finding) to the rules of this
//! version, before any request is answered from them.

use super::Service;
use crate::db::names;
use crate::drive::Result;

impl Service {
    /// After an update, reads every item once, in small transactions. At any other start it reads one row. If it is
    /// interrupted, the next start continues.
    pub(crate) async fn renew_names(&self) -> Result<()> {
        if self.db.read(|c| Ok(names::are_renewed(c)?)).await? {
            return Ok(());
        }
        tracing::info!(
            "updating all names once, because this version sorts and finds some of them differently"
        );
        while self.db.write(|c| Ok(names::renew_some(c)?)).await? {}
        Ok(())
    }
}
