//! Counts what is in the drive and on its way into it, for the metrics.

use super::Service;
use crate::db::usage;

impl Service {
    /// Reads it into the metrics. What cannot be read is unknown there, and the log says why.
    pub(crate) async fn take_stock(&self) {
        match self.db.read_long(|c| Ok((usage::total(c)?, usage::unfinished_uploads(c)?))).await {
            Ok(((items, size_bytes), uploads)) => self.metrics.set_stock(items, size_bytes, &uploads),
            Err(err) => {
                tracing::warn!(%err, "what the drive holds could not be read for the metrics");
                self.metrics.set_stock_unknown();
            }
        }
    }
}
