//! The mark of a drive's store: an object whose key has an id that only the drive's database and its store know. Several
//! drives may use one bucket, each with a mark of its own.

use futures_util::future::BoxFuture;
use http::Method;

use super::gate::{Gate, Mark};
use super::request::Request;
use super::{MARK_PREFIX, Objects};
use crate::drive::{Error, Result};

/// What people read who look into the bucket. Some stores refuse empty objects.
const TEXT: &str = "A Dray drive keeps its files in this bucket. Its servers do not start without this object: do not remove it.\n";

fn mark_key(id: &str) -> String {
    format!("{MARK_PREFIX}{id}")
}

impl Objects {
    /// The same bucket, to which nothing is sent until `prove` has succeeded.
    #[must_use]
    pub fn proven_by(
        &self,
        prove: impl Fn() -> BoxFuture<'static, Result<Mark>> + Send + Sync + 'static,
    ) -> Self {
        self.through(Gate::closed(prove))
    }

    /// The same bucket, which was seen to have this mark.
    #[must_use]
    pub fn proven(&self, mark: Mark) -> Self {
        self.through(Gate::open(mark))
    }

    fn through(&self, gate: Gate) -> Self {
        Self { client: self.client.through(gate.into()).into(), ..self.clone() }
    }

    /// Whether the bucket has the mark with this id. `false` is proof.
    pub async fn has_mark(&self, id: &str) -> Result<bool> {
        if self.head(&mark_key(id)).await?.is_some() {
            return Ok(true);
        }
        self.check().await.map(|()| false)
    }

    /// Puts the mark with this id into the bucket.
    pub async fn put_mark(&self, id: &str) -> Result<()> {
        let key = mark_key(id);
        let request = Request::new("PutObject", Method::PUT, &key).header("content-type", "text/plain");
        self.client.ask(request.body(TEXT)).await?;
        Ok(())
    }

    /// Removes the mark with this id.
    pub async fn remove_mark(&self, id: &str) -> Result<()> {
        self.delete(&mark_key(id)).await
    }

    /// Whether this is still the drive's store, which its mark proves. For a store that cannot be marked, whether the bucket
    /// answers.
    pub(super) async fn check_mark(&self) -> Result<()> {
        let Some(id) = self.client.gate.mark() else { return self.check().await };
        if self.has_mark(id).await? {
            return Ok(());
        }
        let detail = format!("it no longer has the drive's mark ({})", mark_key(id));
        Err(Error::StoreRefused { detail })
    }
}
