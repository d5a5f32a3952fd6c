//! The clocks of a world, and starts that are refused.

use std::sync::atomic::{AtomicI64, Ordering};

use dray_ops::Store;
use dray_server::{Clock, Config, S3Config};
use jiff::{SignedDuration, Timestamp};

use super::{World, real_now, wait_for};

impl World {
    /// Why the server does not start with these settings.
    pub(crate) async fn refuses(&mut self, change: impl FnOnce(&mut Config)) -> String {
        self.launch(change).await;
        self.server.take().unwrap().await.unwrap().unwrap_err().to_string()
    }

    pub(crate) fn now(&self) -> Timestamp {
        shifted(&self.passed_ms, &self.clock_off_ms)
    }

    /// Lets time pass for the servers and their database. The object store's clock does not move.
    pub(crate) async fn pass(&self, time: SignedDuration) {
        let millis = i64::try_from(time.as_millis()).unwrap();
        let database = self.database.to_pass().await;
        let passed = self.passed_ms.fetch_add(millis, Ordering::SeqCst) + millis;
        if let Some(database) = database {
            let sql = format!("update test_time set passed_ms = {passed}");
            database.batch_execute(&sql).await.unwrap();
        }
    }

    /// Sets this machine's clock wrong by this time.
    pub(crate) fn set_clock_off(&self, time: SignedDuration) {
        self.clock_off_ms.store(i64::try_from(time.as_millis()).unwrap(), Ordering::SeqCst);
    }

    /// Makes this the store of the drive, although its files are elsewhere.
    pub(crate) async fn adopt(&self, s3: &S3Config) {
        let (admin, store) =
            (self.admin().await, Store::open_alone(self.data.path(), Some(s3)).await.unwrap());
        admin.adopt(&store, &Clock::from_fn(real_now)).await.unwrap();
        store.close().await;
        admin.close().await;
    }

    /// Waits until the server has swept: it removes what somebody removed permanently, whatever its clock says.
    pub(crate) async fn see_a_sweep(&self) {
        let owner = self.owner();
        let file = owner.folder("swept", None).await;
        owner.trash(&file).await;
        owner.purge(&file).await;
        wait_for(async || self.count("items where purged_at is not null").await == 0).await;
    }
}

pub(super) fn shifted(passed_ms: &AtomicI64, off_ms: &AtomicI64) -> Timestamp {
    let shift = passed_ms.load(Ordering::SeqCst) + off_ms.load(Ordering::SeqCst);
    real_now() + SignedDuration::from_millis(shift)
}
