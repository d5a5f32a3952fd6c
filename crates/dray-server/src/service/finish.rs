//! Stopping a service, and the signal that the sweeper's loop waits for.

use std::time::Duration;

use super::Service;

impl Service {
    /// Waits until there is something to remove permanently.
    pub(crate) async fn sweep_is_wanted(&self) {
        self.sweep_soon.notified().await;
    }

    /// Stops the service once no request comes any more. Work that outlived its request has `grace` to end. After
    /// that it stops at the point where it waits. At last, this gives back the lease of the sweep.
    pub(crate) async fn finish(&self, grace: Duration) {
        self.tasks.close();
        if tokio::time::timeout(grace, self.tasks.wait()).await.is_err() {
            tracing::warn!(
                "the server stops before some finalizes have ended; other servers, or the next start, continue them"
            );
            self.halt.cancel();
            self.tasks.wait().await;
        }
        if let Err(err) = self.end_sweep().await {
            tracing::warn!(%err, "the sweeper's lease could not be given back; other servers sweep only after it has expired");
        }
    }

    /// Closes the database.
    pub(crate) async fn close(&self) {
        self.db.close().await;
    }
}
