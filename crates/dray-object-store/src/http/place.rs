//! Where a request names its bucket and key: in its path, or the bucket in its host. The server that mounts the router
//! knows which hosts are its own and below which path it is served. It passes both on in extensions of the request.

use std::borrow::Cow;

use dray_s3::decode_path;
use http::request::Parts;

use super::{Target, access::Caller};
use crate::{
    ObjectStore,
    failure::{Failure, invalid_request},
};

/// Where a request names its bucket; an extension of the request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum BucketIn {
    /// In the path: `/{bucket}/{key}`.
    #[default]
    Path,
    /// In the host, as this bucket; the path is `/{key}`. The bucket need not exist.
    Host(String),
    /// The host could name either a bucket or the server, or either of two buckets. The store then serves only requests that the server itself
    /// signed, because they never have a bucket in the host. Any other request might write to another place than its
    /// sender means.
    Unclear,
}

/// The path that a request was sent with, if the store is served below a base path and the server removed that from
/// the request's path. It is an extension of the request. The signature covers this path.
#[derive(Debug, Clone)]
pub struct SentPath(pub String);

/// The path that the request was sent with, which its signature covers.
pub(super) fn sent_path(head: &Parts) -> &str {
    head.extensions.get().map_or(head.uri.path(), |SentPath(path)| path)
}

/// The bucket and key that the request names. With the bucket in the host, the whole path that was sent is the key: a
/// key may begin like the base path.
pub(super) fn target(store: &ObjectStore, head: &Parts, caller: Caller) -> Result<Target, Failure> {
    match place(store, head, caller)? {
        place @ BucketIn::Host(_) => Target::parse(&place, sent_path(head)),
        place @ (BucketIn::Path | BucketIn::Unclear) => {
            if !caller.is_server() {
                refuse_two_readings(store, head)?;
            }
            Target::parse(&place, head.uri.path())
        }
    }
}

/// Where the request names its bucket. The server signs its URLs with the bucket in the path, so the store accepts them on
/// any host that is not the name of a bucket.
fn place(store: &ObjectStore, head: &Parts, caller: Caller) -> Result<BucketIn, Failure> {
    match head.extensions.get::<BucketIn>() {
        None | Some(BucketIn::Path) => Ok(BucketIn::Path),
        Some(BucketIn::Host(bucket)) if caller.is_server() && !store.has_bucket(bucket) => Ok(BucketIn::Path),
        Some(BucketIn::Host(bucket)) => Ok(BucketIn::Host(bucket.clone())),
        Some(BucketIn::Unclear) if caller.is_server() => Ok(BucketIn::Path),
        Some(BucketIn::Unclear) => {
            let host = head.headers.get(http::header::HOST).map(|host| host.as_bytes().escape_ascii());
            let host = host.map_or_else(String::new, |host| format!(" {host}"));
            Err(invalid_request(format!(
                "This server does not know which bucket the host{host} means: the host may be the server's own, or name \
                 one of several buckets. Put the bucket into the path, at a host or an address that only the server has; \
                 or, if the server's settings do not name this host, name it there"
            )))
        }
    }
}

/// Refuses a path whose first segment is both the base path's and a bucket's name: nobody knows which of the two its
/// sender means. No new bucket gets such a name. The server reads its own URLs only below the base path.
fn refuse_two_readings(store: &ObjectStore, head: &Parts) -> Result<(), Failure> {
    let Some(SentPath(sent)) = head.extensions.get() else { return Ok(()) };
    let first = sent.split('/').nth(1).unwrap_or_default();
    let first = decode_path(first).unwrap_or(Cow::Borrowed(first));
    if !store.has_bucket(&first) {
        return Ok(());
    }
    Err(invalid_request(format!(
        "The first segment of this path, {first}, is both the path below which this server is served and the name of a \
         bucket: put the bucket into the host, or send the request to an address of the server without that path"
    )))
}
