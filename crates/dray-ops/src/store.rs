//! A drive's object store, as the operator's commands reach it: an external store at its address; the embedded store
//! through the running server or, if none runs, by opening it.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use dray_object_store::{KeyKind, WhenShort};

use crate::admin::Admin;
use crate::dump::ItemObject;
use crate::outcome::Told;
use dray_drive as drive;
use dray_drive::clock::Clock;
use dray_drive::item::OBJECT_PREFIX;
use dray_drive::settings::{BUCKET, Config, REGION, S3Config, store_folder};
use dray_server::Error;
use dray_server::belonging::{self, Marking, NotOurs};
use dray_server::embedded::EmbeddedStore;
use dray_server::metrics::Metrics;
use dray_server::objects::{Embedded, Objects, Way};

/// The store of a drive.
pub struct Store {
    pub(crate) objects: Objects,
    opened: Option<EmbeddedStore>,
}

impl Store {
    /// Opens the store of the drive `of`, and fails if it is another drive's: the external store that `s3` names or, without
    /// it, the embedded one in `data`. If a server has the embedded store open, the commands reach it at `server_url`.
    pub async fn open(
        of: &Admin,
        data: &Path,
        s3: Option<&S3Config>,
        server_url: &str,
    ) -> Result<Self, Error> {
        // Opening a store creates its folder. A drive that has a store elsewhere needs none.
        if s3.is_none() && !store_folder(data).exists() && !belonging::is_without_store(&of.db).await? {
            let folder = store_folder(data);
            let detail = format!(
                "this drive's files are not in the embedded store: {} does not exist",
                folder.display()
            );
            return Err(NotOurs::Other(detail).into());
        }
        let store = Self::open_new(data, s3, Some(server_url)).await?;
        store.proven(of, Marking::Never).await
    }

    /// Opens a store to which a drive is restored or moved, or which becomes its own. No server may have the embedded store
    /// open.
    pub async fn open_alone(data: &Path, s3: Option<&S3Config>) -> Result<Self, Error> {
        Self::open_new(data, s3, None).await
    }

    /// Opens any store. If a server has the embedded store open, the store is reached at `server_url`; without an address,
    /// that is an error.
    pub async fn open_new(
        data: &Path,
        s3: Option<&S3Config>,
        server_url: Option<&str>,
    ) -> Result<Self, Error> {
        let metrics = Arc::new(Metrics::off());
        let store = match s3 {
            Some(s3) => Self { objects: Objects::other(s3, None, &metrics).await?, opened: None },
            None => Self::embedded(data, server_url, &metrics).await?,
        };
        store.objects.check().await.map_err(|source| match (s3, &store.opened, server_url) {
            (None, None, Some(url)) => Error::NoServerAt { url: url.to_owned(), source },
            _ => Error::StoreRefused(source),
        })?;
        Ok(store)
    }

    /// The same store, proven to be that of the drive `of`.
    pub async fn proven(self, of: &Admin, marking: Marking) -> Result<Self, Error> {
        let objects = belonging::prove(&of.db, &self.objects, marking, &Clock::system()).await?;
        Ok(Self { objects, ..self })
    }

    async fn embedded(data: &Path, server_url: Option<&str>, metrics: &Arc<Metrics>) -> Result<Self, Error> {
        match (open_embedded(data, metrics).await, server_url) {
            (Ok((opened, objects)), _) => Ok(Self { objects, opened: Some(opened) }),
            (Err(Error::Store(dray_object_store::OpenError::Locked { .. })), Some(server_url)) => {
                let key = dray_object_store::key_of(&store_folder(data), KeyKind::Writer)?;
                let objects = Objects::embedded(Embedded {
                    way: Way::Url(server_url.trim_end_matches('/').to_owned()),
                    keys: Arc::new(move || key.clone()),
                    region: REGION.to_owned(),
                    bucket: BUCKET.to_owned(),
                    metrics: metrics.clone(),
                })?;
                Ok(Self { objects, opened: None })
            }
            (Err(err), _) => Err(err),
        }
    }

    /// Aborts the uploads that an earlier run, which was killed, has begun for these objects: they hold parts, and nothing
    /// else knows them. Items have no other uploads. Only a store that cannot be reached is an error: what a store does not
    /// list or abort stays, and no object is affected.
    pub(crate) async fn abort_begun(
        &self,
        objects: &[ItemObject],
        tell: &mut impl FnMut(Told<'_>),
    ) -> drive::Result<()> {
        let keys: BTreeSet<_> = objects.iter().map(|object| object.key.as_str()).collect();
        let aborted = async {
            for upload in self.objects.begun_uploads(OBJECT_PREFIX).await? {
                if keys.contains(upload.key.as_str()) {
                    self.objects.abort_upload(&upload.key, &upload.upload_id).await?;
                }
            }
            Ok::<(), drive::Error>(())
        };
        match aborted.await {
            Err(err) if !err.is_passing() => {
                tell(Told::Trouble(&format!(
                    "the store may keep parts of files that an earlier run was copying when it was killed: {err}"
                )));
                Ok(())
            }
            aborted => aborted,
        }
    }

    /// Closes the store.
    pub async fn close(self) {
        if let Some(opened) = self.opened {
            opened.close().await;
        }
    }
}

impl Admin {
    /// Makes `store` the store of this drive, whatever it has. Returns how many of some sampled files it has, and how many
    /// were looked for.
    pub async fn adopt(&self, store: &Store, clock: &Clock) -> Result<(usize, usize), Error> {
        Ok(belonging::adopt(&self.db, &store.objects, clock).await?)
    }
}

async fn open_embedded(data: &Path, metrics: &Arc<Metrics>) -> Result<(EmbeddedStore, Objects), Error> {
    let config = Config { data: data.to_owned(), ..Config::default() };
    EmbeddedStore::open(&config, metrics, WhenShort::default()).await
}
