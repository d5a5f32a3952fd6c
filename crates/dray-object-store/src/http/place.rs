//! Where a request names its bucket: in its path or in its host. The server that mounts the router knows which hosts
//! are its own. It passes the answer on in an extension of the request.

/// Where a request names its bucket; an extension of the request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum BucketIn {
    /// In the path: `/{bucket}/{key}`.
    #[default]
    Path,
    /// In the host, as this bucket; the path is `/{key}`. The bucket need not exist.
    Host(String),
    /// The host could name either a bucket or the server. The store then serves only requests that the server itself
    /// signed, because they never have a bucket in the host. Any other request might write to another place than its
    /// sender means.
    Unclear,
}
