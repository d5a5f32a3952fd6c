//! What a backup does not contain: the buckets of the embedded store that do not belong to the drive. They belong to
//! other tools.

use serde::Serialize;

use crate::store::Store;
use dray_server::Error;

/// A bucket that does not belong to the drive.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct OtherBucket {
    /// Its name.
    pub bucket: String,
    /// How many objects are in it.
    pub objects: u64,
    /// How many bytes they have.
    pub bytes: u64,
}

impl Store {
    /// The other buckets of the embedded store. None for an external store, because its other buckets do not concern
    /// Dray.
    pub async fn other_buckets(&self) -> Result<Vec<OtherBucket>, Error> {
        let mut others = Vec::new();
        if !self.objects.checks_what_it_completes() {
            return Ok(others);
        }
        for bucket in self.objects.buckets().await? {
            if bucket == self.objects.bucket() {
                continue;
            }
            let objects = self.objects.in_bucket(&bucket);
            let (mut other, mut from) = (OtherBucket { bucket, ..OtherBucket::default() }, None);
            loop {
                let (page, next) = objects.list("", from).await?;
                other.objects += page.len() as u64;
                other.bytes += page.iter().map(|object| object.size_bytes).sum::<u64>();
                from = next;
                if from.is_none() {
                    break;
                }
            }
            others.push(other);
        }
        Ok(others)
    }
}
