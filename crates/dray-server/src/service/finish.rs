//! How the work of a service ends, and what a server's loops wait for.

use std::time::Duration;

use super::Service;

impl Service {
    /// Waits until something waits to be removed for good.
    pub(crate) async fn sweep_is_wanted(&self) {
        self.sweep_soon.notified().await;
    }

    /// Ends in order, once no request comes any more: work that outlived its request has `grace` to end, then it stops
    /// where it waits. Then the lease of the sweep is given back.
    pub(crate) async fn finish(&self, grace: Duration) {
        self.tasks.close();
        if tokio::time::timeout(grace, self.tasks.wait()).await.is_err() {
            tracing::warn!(
                "finalizes that are still under way are left to the next start, or to other servers"
            );
            self.halt.cancel();
            self.tasks.wait().await;
        }
        if let Err(err) = self.end_sweep().await {
            tracing::warn!(%err, "other servers begin to sweep only when this one's lease has run out");
        }
    }

    /// Closes the database.
    pub(crate) async fn close(&self) {
        self.db.close().await;
    }
}
