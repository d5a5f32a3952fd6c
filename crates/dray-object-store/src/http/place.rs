//! Where a request names its bucket: in its path or in its host. Which hosts are the server's own is known to whoever
//! mounts the router, and told in an extension of the request.

/// Where a request names its bucket; an extension of the request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum BucketIn {
    /// In the path: `/{bucket}/{key}`.
    #[default]
    Path,
    /// In the host, as this bucket; the path is `/{key}`. The bucket need not exist.
    Host(String),
    /// The host may name a bucket or the server. Only what the server itself has signed is served, as it never has a
    /// bucket in the host: anything else might be meant for another place than it would be put.
    Unclear,
}
