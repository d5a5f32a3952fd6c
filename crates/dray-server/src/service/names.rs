//! At a start: brings the values derived from names (for sorting, comparing and finding) to the rules of this
//! version, before any request is answered from them.

use super::Service;
use crate::db::names;
use crate::drive::Result;

impl Service {
    /// Reads every item once after an update, in small transactions; at any other start, one row. If it is cut off, the
    /// next start goes on.
    pub(crate) async fn renew_names(&self) -> Result<()> {
        if self.db.read(|c| Ok(names::are_renewed(c)?)).await? {
            return Ok(());
        }
        tracing::info!(
            "looking through all names once, as this version sorts and finds some of them otherwise"
        );
        while self.db.write(|c| Ok(names::renew_some(c)?)).await? {}
        Ok(())
    }
}
