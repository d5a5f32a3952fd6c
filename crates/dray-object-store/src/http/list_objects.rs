//! `ListObjects`, versions 1 and 2, and the query parameters that all listings share.

use axum::response::Response;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use dray_s3::xml::{self, EncodingType};

use super::{Call, answer};
use crate::{
    failure::{Failure, invalid_argument},
    meta::{
        buckets,
        listing::{self, Listing, Page, Position, Sorted},
        objects::{self, Listed},
    },
};

/// The maximum number of entries of a page of any listing.
pub(super) const MAX_ENTRIES: u16 = 1000;

impl Sorted for Listed {
    fn key(&self) -> &str {
        &self.key
    }

    fn position(&self) -> Position {
        Position::After(self.key.clone(), i64::MAX)
    }
}

/// This parameter allows Ceph's gateway to list in any order. This store ignores it, because it always lists in order.
const ALLOW_UNORDERED: &str = "allow-unordered";

pub(super) async fn version_1(call: &Call) -> Result<Response, Failure> {
    let (limit, encoding_type) = (limit(call, "max-keys")?, encoding_type(call)?);
    let marker = call.query.get("marker").unwrap_or_default();
    let page = page(call, marker, limit).await?;
    let document = xml::ListBucketResult {
        listing: listing(call, &page, limit, encoding_type, Some(call.store.owner())),
        marker,
        next_marker: page.next.as_deref(),
    };
    Ok(answer::xml(document.to_xml()))
}

pub(super) async fn version_2(call: &Call) -> Result<Response, Failure> {
    let (limit, encoding_type) = (limit(call, "max-keys")?, encoding_type(call)?);
    let token = call.query.get("continuation-token");
    let start_after = call.query.get("start-after");
    // AWS refuses an empty token. Ceph and MinIO begin at the first page, as clients in a loop expect.
    let marker = match token.filter(|token| !token.is_empty()) {
        Some(token) => continued(token)?,
        None => start_after.unwrap_or_default().to_owned(),
    };
    let page = page(call, &marker, limit).await?;
    let next = page.next.as_ref().map(|next| URL_SAFE_NO_PAD.encode(next));
    let owner = (call.query.get("fetch-owner") == Some("true")).then(|| call.store.owner());
    let document = xml::ListBucketResultV2 {
        listing: listing(call, &page, limit, encoding_type, owner),
        continuation_token: token,
        next_continuation_token: next.as_deref(),
        start_after,
    };
    Ok(answer::xml(document.to_xml()))
}

/// `ListObjectVersions`: each object has one version.
pub(super) async fn versions(call: &Call) -> Result<Response, Failure> {
    let (limit, encoding_type) = (limit(call, "max-keys")?, encoding_type(call)?);
    let key_marker = call.query.get("key-marker").unwrap_or_default();
    let page = page(call, key_marker, limit).await?;
    let document = xml::ListVersionsResult {
        listing: listing(call, &page, limit, encoding_type, Some(call.store.owner())),
        key_marker,
        version_id_marker: call.query.get("version-id-marker").unwrap_or_default(),
        next_key_marker: page.next.as_deref(),
    };
    Ok(answer::xml(document.to_xml()))
}

/// The key, common prefix or bucket at which an earlier page ended.
pub(super) fn continued(token: &str) -> Result<String, Failure> {
    let key = URL_SAFE_NO_PAD.decode(token).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    key.ok_or_else(|| invalid_argument("The continuation token provided is incorrect"))
}

async fn page(call: &Call, marker: &str, limit: u16) -> Result<Page<Listed>, Failure> {
    if call.query.contains(ALLOW_UNORDERED) && delimiter(call).is_some() {
        return Err(invalid_argument("An unordered listing cannot have a delimiter"));
    }
    let name = call.target.bucket.clone();
    let asked = Listing {
        prefix: call.query.get("prefix").unwrap_or_default().to_owned(),
        delimiter: delimiter(call).map(str::to_owned),
        marker: marker.to_owned(),
        limit: usize::from(limit),
    };
    let read = call.store.meta().read(move |db| {
        let bucket = buckets::find(db, &name)?;
        let start = Position::After(asked.marker.clone(), i64::MAX);
        listing::page(&asked, start, |position, count| {
            Ok::<_, Failure>(match position {
                Position::From(key) => objects::from(db, bucket, key, count)?,
                // The string that follows `key` in byte order.
                Position::After(key, _) if !key.is_empty() => {
                    objects::from(db, bucket, &format!("{key}\0"), count)?
                }
                Position::After(..) => objects::from(db, bucket, "", count)?,
            })
        })
    });
    read.await
}

fn listing<'a>(
    call: &'a Call,
    page: &'a Page<Listed>,
    limit: u16,
    encoding_type: EncodingType,
    owner: Option<&'a str>,
) -> xml::Listing<'a> {
    let objects = page.items.iter().map(|object| xml::ListedObject {
        key: &object.key,
        last_modified: answer::timestamp(object.modified_at),
        etag: &object.etag,
        size_bytes: object.size_bytes,
        checksum: Some((object.checksum.algorithm, object.checksum.checksum_type)),
        owner,
    });
    xml::Listing {
        bucket: &call.target.bucket,
        prefix: call.query.get("prefix").unwrap_or_default(),
        delimiter: delimiter(call),
        max_keys: limit,
        objects: objects.collect(),
        common_prefixes: page.prefixes.iter().map(String::as_str).collect(),
        encoding_type,
    }
}

/// How many entries a page may have.
pub(super) fn limit(call: &Call, name: &str) -> Result<u16, Failure> {
    Ok(page_size(number_parameter(call, name, MAX_ENTRIES.into())?, MAX_ENTRIES))
}

/// How many entries a page has if this many were asked for.
pub(super) fn page_size(asked: u32, most: u16) -> u16 {
    u16::try_from(asked).map_or(most, |asked| asked.min(most))
}

/// A numeric parameter.
pub(super) fn number_parameter(call: &Call, name: &str, default: u32) -> Result<u32, Failure> {
    number_or(name, call.query.get(name), default)
}

/// The number in a parameter or header; `default` without one.
pub(super) fn number_or(name: &str, text: Option<&str>, default: u32) -> Result<u32, Failure> {
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        return Ok(default);
    };
    let number: Option<u32> = text.parse().ok().filter(|number| *number <= u32::MAX >> 1);
    number.ok_or_else(|| invalid_argument(format!("{name} must be an integer from 0 to 2147483647")))
}

/// The delimiter; an empty one counts as absent.
pub(super) fn delimiter(call: &Call) -> Option<&str> {
    call.query.get("delimiter").filter(|delimiter| !delimiter.is_empty())
}

pub(super) fn encoding_type(call: &Call) -> Result<EncodingType, Failure> {
    match call.query.get("encoding-type") {
        None | Some("") => Ok(EncodingType::None),
        Some("url") => Ok(EncodingType::Url),
        Some(_) => Err(invalid_argument("Invalid Encoding Method specified in Request")),
    }
}
