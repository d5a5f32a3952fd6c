//! `ListMultipartUploads`: the uploads of a bucket that are under way, by key and then by age.

use axum::response::Response;
use dray_s3::xml;

use super::{
    Call, answer,
    list_objects::{delimiter, encoding_type, limit},
};
use crate::{
    failure::{Failure, invalid_argument},
    ids::UploadId,
    meta::{
        buckets,
        listing::{self, Listing, Page, Position, Sorted},
        uploads::{self, Upload},
    },
};

impl Sorted for Upload {
    fn key(&self) -> &str {
        &self.key
    }

    fn position(&self) -> Position {
        Position::After(self.key.clone(), self.id.set.0)
    }
}

pub(super) async fn list(call: &Call) -> Result<Response, Failure> {
    let (limit, encoding_type) = (limit(call, "max-uploads")?, encoding_type(call)?);
    let key_marker = call.query.get("key-marker").unwrap_or_default();
    let id_marker = call.query.get("upload-id-marker").filter(|_| !key_marker.is_empty()).unwrap_or_default();
    let page = page(call, key_marker, start(key_marker, id_marker)?, usize::from(limit)).await?;

    let ids: Vec<String> = page.items.iter().map(|upload| upload.id.to_string()).collect();
    let uploads = page.items.iter().zip(&ids).map(|(upload, id)| xml::ListedUpload {
        key: &upload.key,
        upload_id: id,
        initiated: answer::timestamp(upload.created_at),
        checksum: Some((upload.checksum.algorithm, upload.checksum.checksum_type)),
    });
    // After a common prefix there is no upload to continue from.
    let last_id = page.items.last().zip(ids.last()).filter(|(last, _)| Some(&last.key) == page.next.as_ref());
    let document = xml::ListMultipartUploadsResult {
        bucket: &call.target.bucket,
        key_marker,
        upload_id_marker: id_marker,
        next_marker: page.next.as_deref().map(|key| (key, last_id.map_or("", |(_, id)| id.as_str()))),
        prefix: call.query.get("prefix").unwrap_or_default(),
        delimiter: delimiter(call),
        max_uploads: limit,
        owner: call.store.owner(),
        uploads: uploads.collect(),
        common_prefixes: page.prefixes.iter().map(String::as_str).collect(),
        encoding_type,
    };
    Ok(answer::xml(document.to_xml()))
}

/// Where to continue: after an upload of a key, or after all uploads of it.
fn start(key_marker: &str, id_marker: &str) -> Result<Position, Failure> {
    let key = key_marker.to_owned();
    if key.is_empty() {
        return Ok(Position::From(key));
    }
    if id_marker.is_empty() {
        return Ok(Position::After(key, i64::MAX));
    }
    let id = UploadId::parse(id_marker).ok_or_else(|| invalid_argument("Invalid uploadId marker"))?;
    Ok(Position::After(key, id.set.0))
}

async fn page(call: &Call, marker: &str, start: Position, limit: usize) -> Result<Page<Upload>, Failure> {
    let name = call.target.bucket.clone();
    let asked = Listing {
        prefix: call.query.get("prefix").unwrap_or_default().to_owned(),
        delimiter: delimiter(call).map(str::to_owned),
        marker: marker.to_owned(),
        limit,
    };
    let read = call.store.meta().read(move |db| {
        let bucket = buckets::find(db, &name)?;
        listing::page(&asked, start, |position, count| {
            let after = match position {
                Position::From(key) => (key.as_str(), -1),
                Position::After(key, set) => (key.as_str(), *set),
            };
            Ok::<_, Failure>(uploads::after(db, bucket, after, count)?)
        })
    });
    read.await
}
