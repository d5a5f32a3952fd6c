//! The store as other crates use it: how it is opened, wired and closed.

use std::{
    fs::{File, TryLockError},
    io,
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::{SyncSender, sync_channel},
    },
    thread::JoinHandle,
    time::Duration,
};

use dray_s3::{Credentials, ErrorCode};
use dray_sqlite::{Settled, is_full};
use rusqlite::Connection;

use crate::{
    Config, CorsOrigins, OpenError,
    allowance::Allowances,
    bucket_name::is_bucket_name,
    clock,
    collector::Collector,
    disk::{Disk, SharedDisk},
    failure::{Failure, no_space},
    keys::{self, KeyRing},
    meta::{self, Meta, SchemaError, complete::Limits, schema},
    pins::Pins,
    private,
    reserve::{Reserve, Spending},
    transfers::{TransferStock, Transfers},
};

/// The minimum size, in bytes, of every part except the last (AWS S3 user guide, "Multipart upload limits").
const MIN_PART_BYTES: u64 = 5 << 20;
/// The owner's id and name in listings. Keys change, but the owner stays the same.
const OWNER: &str = "dray";

/// An open store. Clones share it. It closes when the last clone is dropped, or in an orderly way by
/// [`ObjectStore::close`].
#[derive(Clone)]
pub struct ObjectStore(Arc<Inner>);

struct Inner {
    config: Config,
    min_part_bytes: u64,
    keys: KeyRing,
    meta: Arc<Meta>,
    disk: SharedDisk,
    pins: Pins,
    transfers: Transfers,
    allowances: Arc<Allowances>,
    reserve: Arc<Reserve>,
    wake_collector: SyncSender<()>,
    stop_collector: Arc<AtomicBool>,
    collector: Mutex<Option<JoinHandle<()>>>,
}

impl ObjectStore {
    /// Opens the store in `config.root`. The first start creates it. It blocks for some milliseconds.
    pub fn open(config: Config) -> Result<Self, OpenError> {
        Self::open_with_min_part_bytes(config, MIN_PART_BYTES)
    }

    /// For tests of many small parts.
    #[doc(hidden)]
    pub fn open_with_min_part_bytes(config: Config, min_part_bytes: u64) -> Result<Self, OpenError> {
        if !is_bucket_name(&config.bucket) {
            return Err(OpenError::BucketName { name: config.bucket });
        }
        let root = config.root.clone();
        let unwritable = |source| OpenError::Unwritable { path: root.clone(), source };
        private::make_folder(&root).map_err(unwritable)?;
        private::tighten_folder(&root).map_err(unwritable)?;
        let lock = lock(&root)?;
        let keys = keys::open(&root)?;
        let disk = Disk::open(&root.join("parts"), config.durable, config.when_short.clone());
        let disk = Arc::new(disk.map_err(unwritable)?);
        let path = root.join(meta::FILE);
        // SQLite creates its other files with the same mode.
        private::ensure_file(&path).map_err(unwritable)?;
        let now = clock::now().as_millisecond();
        let reserve = Arc::new(Reserve::new(root.join("reserve")));
        let lock = Arc::new(lock);
        let open = || Meta::open(&path, config.durable, &config.bucket, now, Arc::clone(&lock));
        let opened = match open() {
            Err(SchemaError::Sqlite(error)) if is_full(&error) => {
                reserve.release();
                open()
            }
            opened => opened,
        };
        let opened = opened.map_err(|error| database_error(error, &root, &path))?;
        reserve.refill();
        if !opened.closed_cleanly {
            disk.require_scan();
        }

        let meta = Arc::new(opened.meta);
        let (wake_collector, woken) = sync_channel(1);
        let pins = Pins::new(wake_collector.clone());
        let stop_collector = Arc::new(AtomicBool::new(false));
        let allowances = Arc::new(Allowances::new(min_part_bytes));
        let collector = Collector {
            allowances: Arc::clone(&allowances),
            meta: Arc::clone(&meta),
            disk: Arc::clone(&disk),
            pins: pins.clone(),
            reserve: Arc::clone(&reserve),
            stop: Arc::clone(&stop_collector),
        };
        let collector = collector.start(woken, !opened.closed_cleanly).map_err(unwritable)?;
        let collector = Mutex::new(Some(collector));
        let transfers = Transfers::new(config.transfers_per_caller);
        let inner = Inner {
            config,
            min_part_bytes,
            keys,
            meta,
            disk,
            pins,
            transfers,
            allowances,
            reserve,
            wake_collector,
            stop_collector,
            collector,
        };
        Ok(Self(Arc::new(inner)))
    }

    /// The server's key, which signs URLs and its own requests. It changes with a rotation.
    pub fn credentials(&self) -> Credentials {
        self.0.keys.server(clock::now().as_millisecond())
    }

    /// Whether a bucket of this name exists. The answer comes from memory.
    pub fn has_bucket(&self, name: &str) -> bool {
        self.0.meta.bucket_names().contains(name)
    }

    /// The bucket that always exists.
    pub fn bucket(&self) -> &str {
        &self.0.config.bucket
    }

    /// The region that requests must be signed for.
    pub fn region(&self) -> &str {
        &self.0.config.region
    }

    /// Commits what is under way and ends the store's threads. The store answers later requests with 503.
    pub async fn close(&self) {
        let inner = Arc::clone(&self.0);
        let closed = tokio::task::spawn_blocking(move || inner.close()).await;
        if let Err(error) = closed {
            tracing::error!(%error, "the store could not be closed in an orderly way");
        }
    }

    pub(crate) fn meta(&self) -> &Meta {
        &self.0.meta
    }

    pub(crate) fn shared_meta(&self) -> Arc<Meta> {
        Arc::clone(&self.0.meta)
    }

    pub(crate) fn disk(&self) -> &SharedDisk {
        &self.0.disk
    }

    /// The transfers under way, and those that were refused.
    pub fn transfers(&self) -> TransferStock {
        self.0.transfers.stock()
    }

    pub(crate) fn transfers_under_way(&self) -> &Transfers {
        &self.0.transfers
    }

    pub(crate) fn pins(&self) -> &Pins {
        &self.0.pins
    }

    pub(crate) fn allowances(&self) -> &Allowances {
        &self.0.allowances
    }

    /// Who owns every bucket and object, as listings name it.
    #[expect(clippy::unused_self, reason = "a property of the store, the same for all")]
    pub(crate) fn owner(&self) -> &'static str {
        OWNER
    }

    pub(crate) fn keys(&self) -> &KeyRing {
        &self.0.keys
    }

    /// Whether a bucket may not have this name, because the server has another path there.
    pub(crate) fn is_reserved(&self, name: &str) -> bool {
        self.0.config.reserved_names.iter().any(|reserved| reserved == name)
    }

    pub(crate) fn idle_timeout(&self) -> Duration {
        self.0.config.idle_timeout
    }

    pub(crate) fn hidden_metadata(&self) -> Option<&str> {
        self.0.config.hidden_metadata.as_deref()
    }

    pub(crate) fn cors_origins(&self) -> &CorsOrigins {
        &self.0.config.cors_origins
    }

    pub(crate) fn limits(&self) -> Limits {
        Limits { min_part_bytes: self.0.min_part_bytes, max_object_bytes: self.0.config.max_object_bytes }
    }

    pub(crate) fn check_object_size(&self, size_bytes: u64) -> Result<(), Failure> {
        let max = self.0.config.max_object_bytes;
        if size_bytes <= max {
            return Ok(());
        }
        let message = format!("The object would have {size_bytes} bytes; at most {max} are allowed");
        Err(Failure::new(ErrorCode::EntityTooLarge, message))
    }

    /// Commits a job that releases space. If the disk is full, it uses the reserve.
    pub(crate) async fn write_freeing<T: Send + 'static>(
        &self,
        job: impl Fn(&Connection) -> Result<T, Failure> + Clone + Send + 'static,
    ) -> Result<T, Failure> {
        self.write_freeing_then(job, |_| ()).await
    }

    /// Like [`ObjectStore::write_freeing`]. `after` gets the outcome of each try, even if the caller stops waiting.
    pub(crate) async fn write_freeing_then<T: Send + 'static>(
        &self,
        job: impl Fn(&Connection) -> Result<T, Failure> + Clone + Send + 'static,
        after: impl Fn(Settled) + Clone + Send + 'static,
    ) -> Result<T, Failure> {
        let mut result = self.0.meta.write_then(job.clone(), after.clone()).await;
        if result.as_ref().is_err_and(Failure::is_full) {
            let _spending = self.0.reserve.spend();
            result = self.0.meta.write_then(job, after).await;
        }
        self.collect_garbage();
        result
    }

    /// Releases the reserved space, so that the owner of this store can free space on a full disk. The store accepts
    /// nothing new until it has reserved as much again, which it does not before the answer is dropped.
    pub fn spend_reserve(&self) -> Spending {
        self.0.reserve.spend()
    }

    /// Refuses new data while the reserve is released. The collector restores the reserve.
    pub(crate) fn check_space(&self) -> Result<(), Failure> {
        if self.0.reserve.is_held() {
            return Ok(());
        }
        self.collect_garbage();
        Err(no_space())
    }

    /// Tells the collector that a commit made garbage.
    pub(crate) fn collect_garbage(&self) {
        // If the channel is full, the collector will run anyway.
        let _ = self.0.wake_collector.try_send(());
    }
}

impl Inner {
    fn close(&self) {
        self.stop_collector.store(true, Ordering::Release);
        let _ = self.wake_collector.try_send(());
        let collector = self.collector.lock().unwrap_or_else(PoisonError::into_inner).take();
        if collector.is_some_and(|collector| collector.join().is_err()) {
            tracing::error!("the collector panicked");
        }
        self.meta.close(self.disk.is_settled());
    }
}

/// Without an orderly close the threads end by themselves soon, and the next start scans.
impl Drop for Inner {
    fn drop(&mut self) {
        self.stop_collector.store(true, Ordering::Release);
        let _ = self.wake_collector.try_send(());
    }
}

/// Takes the folder's lock. The system releases it when the file is closed, also by a crash.
fn lock(root: &Path) -> Result<File, OpenError> {
    let path = root.join("lock");
    let file = private::ensure_file(&path);
    let file = file.map_err(|source| OpenError::Unwritable { path: path.clone(), source })?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::Locked { path: root.to_owned() }),
        Err(TryLockError::Error(source)) => Err(OpenError::Unwritable { path, source }),
    }
}

fn database_error(error: SchemaError, root: &Path, path: &Path) -> OpenError {
    match error {
        SchemaError::Newer(found) => {
            OpenError::NewerVersion { path: root.to_owned(), found, known: schema::known_version() }
        }
        SchemaError::Sqlite(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::CannotOpen) => {
            OpenError::Unwritable { path: path.to_owned(), source: io::Error::other(error) }
        }
        SchemaError::Sqlite(error) => {
            OpenError::Database { path: path.to_owned(), message: error.to_string() }
        }
    }
}
