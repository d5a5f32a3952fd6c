//! Buckets: listing them, finding their region, and creating them.

use jiff::Timestamp;

use super::{
    reader::{Cursor, malformed, once},
    writer::Writer,
};
use crate::S3Error;

/// The longest body of `CreateBucket`, in bytes.
const MAX_BODY_BYTES: usize = 16 << 10;

/// The body of a `CreateBucket` request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CreateBucketConfiguration {
    /// The requested region; `None` means the store's own.
    pub location_constraint: Option<String>,
}

impl CreateBucketConfiguration {
    /// Parses a body, which may be empty. Anything except a `LocationConstraint` is `MalformedXML`.
    pub fn parse(body: &[u8]) -> Result<Self, S3Error> {
        if body.is_empty() {
            return Ok(Self::default());
        }
        let mut cursor = Cursor::root(body, "CreateBucketConfiguration", MAX_BODY_BYTES)?;
        let mut location_constraint = None;
        while let Some(name) = cursor.child()? {
            match name.as_str() {
                "LocationConstraint" => once(&mut location_constraint, cursor.text()?.trim().to_owned())?,
                _ => return Err(malformed()),
            }
        }
        cursor.finish()?;
        Ok(Self { location_constraint: location_constraint.filter(|region| !region.is_empty()) })
    }
}

/// The answer to `GetBucketLocation`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LocationConstraint<'a> {
    /// The bucket's region.
    pub region: &'a str,
}

impl LocationConstraint<'_> {
    /// The body of the answer. It leaves `us-east-1` empty, as AWS does.
    pub fn to_xml(&self) -> String {
        let region = if self.region == "us-east-1" { "" } else { self.region };
        Writer::text_document("LocationConstraint", region)
    }
}

/// The answer to `ListBuckets`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListAllMyBucketsResult<'a> {
    /// The id of the caller.
    pub owner: &'a str,
    /// The buckets, by name.
    pub buckets: Vec<Bucket<'a>>,
    /// Where the next page begins; `None` after the last bucket.
    pub continuation_token: Option<&'a str>,
    /// The requested prefix.
    pub prefix: Option<&'a str>,
}

/// A bucket in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket<'a> {
    /// Its name.
    pub name: &'a str,
    /// When it was created.
    pub created_at: Timestamp,
    /// Its region. Only answers in pages contain it, as on AWS.
    pub region: Option<&'a str>,
}

impl ListAllMyBucketsResult<'_> {
    /// The body of the answer.
    pub fn to_xml(&self) -> String {
        Writer::document("ListAllMyBucketsResult", |out| {
            out.owner("Owner", self.owner);
            out.nested("Buckets", |out| {
                for bucket in &self.buckets {
                    out.nested("Bucket", |out| {
                        out.text("Name", bucket.name);
                        out.time("CreationDate", bucket.created_at);
                        if let Some(region) = bucket.region {
                            out.text("BucketRegion", region);
                        }
                    });
                }
            });
            for (name, value) in [("ContinuationToken", self.continuation_token), ("Prefix", self.prefix)] {
                if let Some(value) = value {
                    out.text(name, value);
                }
            }
        })
    }
}

/// The answer to `GetBucketAcl` and `GetObjectAcl`: the owner has every right, and nobody else has any.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccessControlPolicy<'a> {
    /// Who owns the bucket or object.
    pub owner: &'a str,
}

impl AccessControlPolicy<'_> {
    /// The body of the answer.
    pub fn to_xml(&self) -> String {
        Writer::document("AccessControlPolicy", |out| {
            out.owner("Owner", self.owner);
            out.nested("AccessControlList", |out| {
                out.nested("Grant", |out| {
                    out.grantee(self.owner);
                    out.text("Permission", "FULL_CONTROL");
                });
            });
        })
    }
}

/// A bucket configuration that nobody has set: a document without elements, or with one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EmptyConfiguration {
    /// The root element.
    pub root: &'static str,
    /// Name and text of the element in it.
    pub element: Option<(&'static str, &'static str)>,
}

impl EmptyConfiguration {
    /// The body of the answer.
    pub fn to_xml(&self) -> String {
        Writer::document(self.root, |out| {
            if let Some((name, text)) = self.element {
                out.text(name, text);
            }
        })
    }
}
