//! Counts, for the metrics, what is in the drive and which uploads are unfinished.

use super::Service;
use crate::db::usage;

impl Service {
    /// Reads the counts into the metrics. If they cannot be read, the metrics have no value, and the log says why.
    pub(crate) async fn take_stock(&self) {
        match self.db.read_long(|c| Ok((usage::total(c)?, usage::unfinished_uploads(c)?))).await {
            Ok(((items, size_bytes), uploads)) => self.metrics.set_stock(items, size_bytes, &uploads),
            Err(err) => {
                tracing::warn!(%err, "the content of the drive could not be counted for the metrics");
                self.metrics.set_stock_unknown();
            }
        }
    }
}
